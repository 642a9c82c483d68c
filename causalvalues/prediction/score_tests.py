"""Does a further set of terms explain anything? Score test with signs drawn by unit."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.prediction.mechanism_errors import unit_blocks
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.randomness import stream

SMALL = 1e-9
LEAST_LEFT = 1e-6
"""Less than this of a unit's residual left by the null model counts as none."""


def basis_of(null: FloatArray) -> FloatArray:
    """Return an orthonormal basis (r, rank) of columns (r, a)."""
    left, sizes, _ = np.linalg.svd(null, full_matrices=False)
    return np.asarray(left[:, sizes > SMALL * max(float(sizes[0]), 1e-300)])


def _without(basis: FloatArray, target: FloatArray) -> FloatArray:
    return np.asarray(target - basis @ (basis.T @ target))


def _restored(basis: FloatArray, error: FloatArray, block: IntArray) -> FloatArray:
    """Return (I - H)^(-1/2) e of units with equally many rows, (units, rows, p); H is the hat matrix of a unit."""
    hat = np.einsum("uaq,ubq->uab", basis[block], basis[block], optimize=True)
    roots, vectors = np.linalg.eigh(np.eye(block.shape[1]) - hat)
    power = np.where(roots > LEAST_LEFT, 1 / np.sqrt(np.maximum(roots, LEAST_LEFT)), 0.0)
    rotated = np.einsum("uab,uap->ubp", vectors, error[block], optimize=True)
    return np.asarray(np.einsum("uab,ub,ubp->uap", vectors, power, rotated, optimize=True))


def score_test(rows: PairedRows, null: FloatArray, further: FloatArray, pooled: bool, given: tuple[int, int]) -> float:
    """Return the p-value of "the further columns have no coefficient".

    The scores of the further columns, orthogonal to the null's, are summed by unit; the statistic adds the squares of
    their totals, each over its sum of squares by unit. Its distribution under the null comes from giving all rows of a
    unit the same random sign (the wild cluster bootstrap of Cameron, Gelbach and Miller 2008 on scores: Kline and
    Santos 2012, sec. 2), so rows of a unit may hang together in any way and values may be correlated. The residuals
    that are given signs are those of Bell and McCaffrey (2002), (I - H)^(-1/2) e: the fit makes residuals too small.

    Parameters
    ----------
    rows : PairedRows
        Rows with a lost answer are left out.
    null : array (r, a)
        Columns of the null model, the same for each value.
    further : array (r, b) or (r, b, p)
        Further columns, the same for each value or its own for each.
    pooled : bool
        Whether the scores of the values are added first: then the test has one direction.
    given : (int, int)
        Seed and number of draws.

    Returns
    -------
    float
        1 if the further columns hold nothing new.
    """
    whole = np.asarray(np.isfinite(rows.reached).all(axis=1))
    kept, root = rows.on(whole), np.sqrt(rows.weights[whole])
    size = kept.start.std(axis=0)
    basis = basis_of(null[whole] * root[:, None])
    error = _without(basis, kept.change / np.where(size > 0, size, 1.0) * root[:, None])
    more = (further[whole].T * root).T
    new = _without(basis, more.reshape(len(more), -1))
    largest = np.abs(more).reshape(len(more), -1).max(axis=0)
    new = np.where(np.abs(new).max(axis=0) > SMALL * largest, new, 0.0).reshape(more.shape)
    variance = np.maximum((error**2).mean(axis=0), 1e-300) if pooled else np.ones(error.shape[1])
    seen, by_unit = _scores(new, error, variance).sum(axis=0), []
    for block in unit_blocks(kept.units):
        part = _scores(new[block.ravel()], _restored(basis, error, block).reshape(block.size, -1), variance)
        by_unit.append(part.reshape(*block.shape, -1).sum(axis=1))
    scores = np.concatenate(by_unit)
    if pooled:
        seen, scores = seen.sum(axis=1), scores.reshape(len(scores), -1, len(variance)).sum(axis=2)
    return _share_above(seen.ravel(), scores, given)


def _scores(new: FloatArray, error: FloatArray, variance: FloatArray) -> FloatArray:
    """Products of further columns and residuals, (r, b, p)."""
    columns = new[:, :, None] if new.ndim == 2 else new
    return np.asarray(columns * (error / variance)[:, None, :])


def _share_above(seen: FloatArray, scores: FloatArray, given: tuple[int, int]) -> float:
    """Return the share of sign draws whose statistic is at least the one seen, the seen one counted."""
    squares = (scores**2).sum(axis=0)
    kept = squares > 0
    if not kept.any():
        return 1.0
    size = np.sqrt(squares[kept])
    seed, draws = given
    signs = stream(seed, "signs by unit").choice([-1.0, 1.0], size=(draws, len(scores)))
    statistic = float(((seen[kept] / size) ** 2).sum())
    scaled = scores[:, kept] / size
    drawn = np.concatenate([((part @ scaled) ** 2).sum(axis=1) for part in np.array_split(signs, 10)])
    return float((1 + (drawn >= statistic * (1 - 1e-12)).sum()) / (1 + draws))
