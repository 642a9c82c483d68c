"""Sums over rows from which a mechanism is fitted, for any saturation, without touching the rows again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.prediction.mechanism_terms import KEPT, Terms
from causalvalues.prediction.paired_rows import PairedRows

MOST_TOTALS = 8
"""With more distinct total doses than this the sums are made anew for each saturation."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Normal equations of the values.

    Parameters
    ----------
    gram : array (v, q, q)
        v is 1 where all values share it, else p.
    cross : array (q, p)
    squares, counts : array (p,)
        Weighted sum of squared changes, and rows with an answer.
    """

    gram: FloatArray
    cross: FloatArray
    squares: FloatArray
    counts: FloatArray


@dataclass(frozen=True, eq=False)
class RowSums:
    """Rows in standard units, with their sums for each total dose.

    Parameters
    ----------
    terms : Terms
    columns : array (r, q)
        Before scaling by saturation.
    change : array (r, p)
        In standard units; 0 where an answer was lost.
    weights : array (r, p)
        0 where an answer was lost.
    totals : array (r,)
        Sum of absolute doses.
    own : bool
        Whether each value keeps only of itself: the other starts are masked from its equations.
    parts : tuple of Sums
        One for each distinct total; empty where there are many.
    """

    terms: Terms
    columns: FloatArray
    change: FloatArray
    weights: FloatArray
    totals: FloatArray
    own: bool
    parts: tuple[tuple[float, Sums], ...]

    def at(self, shape: tuple[float, float]) -> Sums:
        """Return the normal equations under saturation w and w'."""
        if not self.parts:
            scaled = self.columns * self.terms.factors(self.totals, shape)
            return _summed(scaled, self.change, self.weights, self.mask)
        totals = np.array([total for total, _ in self.parts])
        factors = self.terms.factors(totals, shape)
        gram = sum(part.gram * f[:, None] * f[None, :] for f, (_, part) in zip(factors, self.parts, strict=True))
        cross = sum(part.cross * f[:, None] for f, (_, part) in zip(factors, self.parts, strict=True))
        squares = sum(part.squares for _, part in self.parts)
        return Sums(np.asarray(gram), np.asarray(cross), np.asarray(squares), (self.weights > 0).sum(axis=0) * 1.0)

    @property
    def mask(self) -> FloatArray | None:
        """Which columns each value may use, (p, q), where these differ."""
        return own_mask(self.terms) if self.own else None


def own_mask(terms: Terms) -> FloatArray:
    """Return which columns (q) each value (p) may use when it keeps only of itself, (p, q) of 0 and 1."""
    mask = np.ones((len(terms.values), len(terms.kinds)))
    kept = np.flatnonzero(terms.kinds == KEPT)
    mask[:, kept] = np.eye(len(terms.values))[:, : len(kept)]
    return mask


def row_sums(terms: Terms, rows: PairedRows, own: bool) -> RowSums:
    """Sum the rows, once for each total dose."""
    columns = terms.columns(rows.start, rows.doses)
    lost = np.isnan(rows.reached)
    change = np.where(lost, 0.0, rows.change / terms.spread)
    weights = np.where(lost, 0.0, rows.weights[:, None])
    totals = np.abs(rows.doses).sum(axis=1)
    distinct = np.unique(np.round(totals, 12))
    parts = []
    mask = own_mask(terms) if own else None
    if len(distinct) <= MOST_TOTALS:
        for total in distinct.tolist():
            here = np.round(totals, 12) == total
            parts.append((float(total), _summed(columns[here], change[here], weights[here], mask)))
        shared = all(len(part.gram) == 1 for _, part in parts)
        if not shared:
            parts = [(total, _for_each_value(part, len(terms.values))) for total, part in parts]
    return RowSums(terms, columns, change, weights, totals, own, tuple(parts))


def _summed(columns: FloatArray, change: FloatArray, weights: FloatArray, mask: FloatArray | None) -> Sums:
    cross = columns.T @ (weights * change)
    squares = (weights * change**2).sum(axis=0)
    if mask is not None:
        cross = cross * mask.T
    if mask is None and (weights == weights[:, :1]).all():
        gram = ((columns * weights[:, :1]).T @ columns)[None]
    else:
        gram = np.stack([(columns * weights[:, j : j + 1]).T @ columns for j in range(change.shape[1])])
        gram = gram if mask is None else gram * mask[:, :, None] * mask[:, None, :]
    return Sums(gram, cross, squares, (weights > 0).sum(axis=0) * 1.0)


def _for_each_value(part: Sums, p: int) -> Sums:
    gram = np.broadcast_to(part.gram, (p, *part.gram.shape[1:]))
    return Sums(gram, part.cross, part.squares, part.counts)
