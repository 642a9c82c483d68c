"""Linear relations between columns, from their correlations: duplicates, collinear sets and ipsative scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from causalvalues.frozen import FloatArray

EXACT = 1e-5
"""Smallest eigenvalue of a correlation matrix that is not taken for an exact relation."""

ROUNDED = 1e-3
"""The same for relations with weights of one sign: centred scores that were rounded to two decimals."""

Kind = Literal["duplicate", "collinear", "ipsative", "nearly ipsative"]


LITTLE = 1e-10
"""Spread, relative to the mean, below which the digits of a number no longer carry the differences between rows."""

CONSTANT = 2e-15
"""The same, below which a column is one number and the rest is rounding."""

LARGEST, SMALLEST = 1e100, 1e-100
"""Spreads beyond which sums of squares and products overflow or vanish."""


def unit_columns(rows: FloatArray) -> FloatArray:
    """Return the columns (n, p) minus their means and with length 1, whatever their size; 0 where one is constant."""
    size = np.abs(rows).max(axis=0, initial=0.0)
    small = rows / np.where(size > 0, size, 1.0)
    small = small - small.mean(axis=0)
    size = np.abs(small).max(axis=0, initial=0.0)
    small = small / np.where(size > 0, size, 1.0)
    length = np.sqrt((small**2).sum(axis=0))
    return np.asarray(small / np.where(length > 0, length, 1.0))


@dataclass(frozen=True)
class Relation:
    """Columns whose weighted sum is (nearly) constant.

    Parameters
    ----------
    kind : {"duplicate", "collinear", "ipsative", "nearly ipsative"}
    members : tuple of int
        Positions of the columns.
    share : float
        Smallest eigenvalue of the correlations involved: 0 for an exact relation, about 1 for unrelated columns.
    """

    kind: Kind
    members: tuple[int, ...]
    share: float


def linear_relations(correlation: FloatArray) -> tuple[Relation, ...]:
    """Find exact relations, and the near relation that centring on a mean of partly unscored items leaves.

    Parameters
    ----------
    correlation : array (p, p)
        Of columns that vary.

    Returns
    -------
    tuple of Relation
        A relation of two columns is a duplicate (of either sign). One of three or more columns whose weights have the
        same sign is ipsative: the scores of each row add up to a constant, as they do when each person's mean was
        subtracted, or when shares of a whole are given. Others are collinear.

    Notes
    -----
    Nearly ipsative: at least six columns, smallest eigenvalue below .3 and below .6 of the next, its eigenvector of
    one sign with weights within a factor of 4 (5 in raw units), and a sum of the columns with less than .35 of the
    variance that it would have if they were unrelated. Scores of SVS-57, centred on all 57 items of which 46 are
    scored, show eigenvalues of .07 to .17 with weights within a factor of 2.5.
    """
    p = len(correlation)
    if p < 2 or not np.isfinite(correlation).all():
        return ()
    values, vectors = np.linalg.eigh(correlation)
    exact = values <= EXACT
    rounded = values <= ROUNDED
    if exact.any():
        space = vectors[:, exact]
    elif rounded.any() and _one_sign(vectors[:, 0], 1e-6):
        space = vectors[:, :1]
    else:
        return _nearly_ipsative(correlation, values, vectors)
    found = []
    for weights in _reduced(space):
        members = tuple(int(j) for j in np.flatnonzero(np.abs(weights) > 0.02 * np.abs(weights).max()))
        found.append(Relation(_kind(weights[list(members)]), members, float(max(values[0], 0.0))))
    return tuple(found)


def _kind(weights: FloatArray) -> Kind:
    if len(weights) <= 2:
        return "duplicate"
    return "ipsative" if _one_sign(weights, 0.0) else "collinear"


def _one_sign(weights: FloatArray, least: float) -> bool:
    """Return whether all weights have one sign and none is smaller than a share of the largest."""
    turned = weights * np.sign(weights.sum())
    return bool((turned > least * turned.max()).all())


def _nearly_ipsative(correlation: FloatArray, values: FloatArray, vectors: FloatArray) -> tuple[Relation, ...]:
    p = len(correlation)
    if p < 6 or values[0] >= 0.3 or values[0] >= 0.6 * values[1] or correlation.sum() / p >= 0.35:
        return ()
    if not _one_sign(vectors[:, 0], 0.25):
        return ()
    return (Relation("nearly ipsative", tuple(range(p)), float(values[0])),)


def _reduced(space: FloatArray) -> FloatArray:
    """Return the relations (k, p) that span the same space, each with as few columns as row reduction gives."""
    rows = np.array(space.T)
    k = len(rows)
    pivots: list[int] = []
    for i in range(k):
        free = [j for j in range(rows.shape[1]) if j not in pivots]
        r, c = divmod(int(np.argmax(np.abs(rows[i:][:, free]))), len(free))
        column = free[c]
        pivots.append(column)
        rows[[i, i + r]] = rows[[i + r, i]]
        rows[i] /= rows[i, column]
        for other in range(k):
            if other != i:
                rows[other] -= rows[other, column] * rows[i]
    return rows
