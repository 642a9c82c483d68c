"""The terms of the mechanism: which column stands for which coefficient, and how each grows with the total dose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.prediction.paired_rows import PairedRows

EFFECT, OFFSET, STEP, KEPT, COMPANY, PAIR, MODERATED, OWN = range(8)
"""Kinds of coefficients; those of one kind share a penalty (`OWN` is what a value keeps of itself)."""


def saturation(total: FloatArray | float, w: float) -> FloatArray:
    """Return s(n) = (1 + w) / (1 + w n), the share of each effect that is left when doses sum to n.

    Parameters
    ----------
    total : array or float
        n, the sum of absolute doses.
    w : float
        0 is additive.

    Examples
    --------
    >>> [float(saturation(n, 1.0)) for n in (1, 3)]
    [1.0, 0.5]
    """
    return np.asarray((1 + w) / (1 + w * np.asarray(total, dtype=float)))


def pull(total: FloatArray | float, w: float) -> FloatArray:
    """Return phi(n) = n (1 + w) / (1 + w n): 0 at no dose, 1 at one full lever.

    Examples
    --------
    >>> [float(pull(n, 1.0)) for n in (0, 1, 3)]
    [0.0, 1.0, 1.5]
    """
    return np.asarray(np.asarray(total, dtype=float) * saturation(total, w))


def step(total: FloatArray | float) -> FloatArray:
    """Return min(n, 1): 0 at no dose, 1 from one full lever on."""
    return np.asarray(np.minimum(np.asarray(total, dtype=float), 1.0))


@dataclass(frozen=True, eq=False)
class Terms:
    """What the mechanism is made of, in standard units (every value divided by the spread of its starts).

    Parameters
    ----------
    values, levers : tuple of str
    pairs : tuple of (int, int)
        Levers tried together in some row, each with an interaction.
    centre, spread : array (p,)
        Mean and standard deviation of the units' starts.
    kept, moderated : bool
        Whether starts enter, and whether each lever moves different starts differently.
    """

    values: tuple[str, ...]
    levers: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    centre: FloatArray
    spread: FloatArray
    kept: bool
    moderated: bool

    @property
    def kinds(self) -> IntArray:
        """Kind of each of the q columns."""
        p, k = len(self.values), len(self.levers)
        company = k if self.pairs else 0
        counts = (k, 1, 1, p if self.kept else 0, company, len(self.pairs), k * p if self.moderated else 0)
        return np.repeat(np.arange(7), counts)

    def columns(self, start: FloatArray, doses: FloatArray) -> FloatArray:
        """Return the design (m, q) before it is scaled by `factors`."""
        x = (start - self.centre) / self.spread
        parts = [doses, np.ones((len(doses), 2))]
        if self.kept:
            parts.append(x)
        if self.pairs:
            i, j = np.array(self.pairs).T
            parts.append(doses * (doses.sum(axis=1, keepdims=True) - doses))
            parts.append(doses[:, i] * doses[:, j])
        if self.moderated:
            parts.append((doses[:, :, None] * x[:, None, :]).reshape(len(doses), -1))
        return np.concatenate(parts, axis=1)

    def factors(self, total: FloatArray, shape: tuple[float, float]) -> FloatArray:
        """Return what multiplies each column at each total dose, (m, q), given w and w'."""
        s, phi = saturation(total, shape[0]), pull(total, shape[1])
        one = np.ones_like(s)
        by_kind = np.stack([s, phi, step(total), phi, one, one, s], axis=1)
        return np.asarray(by_kind[:, self.kinds])

    def design(self, start: FloatArray, doses: FloatArray, shape: tuple[float, float]) -> FloatArray:
        """Return the design (m, q) that multiplies the coefficients."""
        return self.columns(start, doses) * self.factors(np.abs(doses).sum(axis=1), shape)


def terms_of(rows: PairedRows, kept: bool, pairs: bool, moderated: bool) -> Terms:
    """Read from the rows which terms a mechanism can have."""
    centre, spread = _starts(rows)
    return Terms(rows.values, rows.levers, tried_pairs(rows.doses) if pairs else (), centre, spread, kept, moderated)


def tried_pairs(doses: FloatArray) -> tuple[tuple[int, int], ...]:
    """Return the pairs of levers that act together in some row, in order."""
    on = (doses != 0).astype(float)
    together = on.T @ on
    first, second = np.nonzero(np.triu(together, 1))
    return tuple(zip(first.tolist(), second.tolist(), strict=True))


def _starts(rows: PairedRows) -> tuple[FloatArray, FloatArray]:
    """Mean and spread of the starts, every unit once."""
    first = {unit: i for i, unit in reversed(list(enumerate(rows.units)))}
    starts = rows.start[[first[unit] for unit in sorted(first)]]
    spread = starts.std(axis=0)
    change = np.nanstd(rows.change, axis=0) if len(rows) else np.ones(len(rows.values))
    change = np.where(change > 0, change, 1.0)
    return starts.mean(axis=0), np.where(spread > 1e-9 * change, spread, change)
