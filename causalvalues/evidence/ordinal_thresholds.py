"""Margins: thresholds of ordinal columns and regressions of continuous ones, given the design.

The answer to an ordinal column is the category that a latent variable x b + e falls in, with e standard normal: an
ordinal probit, whose thresholds are the normal quantiles of the cumulative shares where there is no design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.relations import CONSTANT
from causalvalues.frozen import BoolArray, FloatArray, IntArray

SLOPE_SPREAD = 5.0
"""Spread of the normal prior on a design effect (in latent standard deviations, for a design column of spread 1). It
decides only where the answers set no bound, as when all rows of a cell give the highest answer."""

STEPS = 50


@dataclass(frozen=True, eq=False)
class Cells:
    """The distinct rows of the design, standardised over all rows.

    Parameters
    ----------
    codes : array (n,) of int
        Which cell each row is in.
    columns : array (C, q)
        Design columns (and indicators of groups) of each cell.
    spread : array (q,)
        Standard deviation of each column over rows, by which `columns` are divided.
    """

    codes: IntArray
    columns: FloatArray
    spread: FloatArray


@dataclass(frozen=True, eq=False)
class Ordinal:
    """An ordinal column.

    Parameters
    ----------
    codes : array (n,) of int
        Category of each row, -1 where there is no answer.
    thresholds : array (A - 1,)
        Of the latent variable at the mean of the design.
    shifted : array (C, A - 1)
        Thresholds of the residual in each cell: thresholds less x b.
    effects : array (q,)
        b, in latent standard deviations, of the standardised design columns.
    influence : array (C, A, A - 1 + q)
        What one answer adds to the estimates of the thresholds and effects.
    """

    codes: IntArray
    thresholds: FloatArray
    shifted: FloatArray
    effects: FloatArray
    influence: FloatArray

    @property
    def answered(self) -> BoolArray:
        """Which rows (n,) hold an answer."""
        return np.asarray(self.codes >= 0)


@dataclass(frozen=True, eq=False)
class Continuous:
    """A continuous column, standardised within design cells.

    Parameters
    ----------
    z : array (n,)
        Residual divided by `scale`; NaN where there is no answer.
    scale, level : float
        Standard deviation of the residual; value at the mean of the design.
    effects : array (q,)
        Of the standardised design columns, in units of `scale`.
    inverse : array (1 + q, 1 + q)
        Inverse of the cross products of [1, design] over the answered rows.
    """

    z: FloatArray
    scale: float
    level: float
    effects: FloatArray
    inverse: FloatArray

    @property
    def answered(self) -> BoolArray:
        """Which rows (n,) hold an answer."""
        return np.asarray(~np.isnan(self.z))


Margin = Ordinal | Continuous


def design_cells(columns: FloatArray, weights: FloatArray) -> Cells:
    """Find the distinct rows of the design columns (n, q)."""
    n = len(columns)
    if columns.shape[1] == 0:
        return Cells(np.zeros(n, dtype=np.int64), np.zeros((1, 0)), np.zeros(0))
    distinct, codes = np.unique(columns, axis=0, return_inverse=True)
    centre = weights @ columns / weights.sum()
    spread = np.sqrt(weights @ (columns - centre) ** 2 / weights.sum())
    return Cells(np.asarray(codes.ravel(), dtype=np.int64), (distinct - centre) / spread, spread)


def refuse_unanswered(names: Sequence[str], columns: FloatArray) -> None:
    """Refuse columns (n, p) that nobody answered.

    Raises
    ------
    DataError
        Naming them.
    """
    empty = [name for name, column in zip(names, columns.T, strict=True) if np.isnan(column).all()]
    if empty:
        raise DataError(
            f"No row answers {', '.join(map(repr, empty))}, so nothing is known of it. Drop it "
            f"(`matrix.drop({empty!r})`)."
        )


def ordinal_margin(scores: FloatArray, weights: FloatArray, cells: Cells, name: str) -> Ordinal:
    """Estimate the thresholds and design effects of one column by maximum likelihood.

    Parameters
    ----------
    scores : array (n,)
        Category labels; NaN where there is no answer. Categories that nobody chose do not exist.
    weights : array (n,)
    cells : Cells
    name : str
        For the error.

    Returns
    -------
    Ordinal

    Raises
    ------
    DataError
        If fewer than two categories were chosen.

    References
    ----------
    McCullagh (1980), Journal of the Royal Statistical Society B 42, 109-142 (probit link).
    """
    there = ~np.isnan(scores)
    labels, found = np.unique(scores[there], return_inverse=True)
    if len(labels) < 2:
        raise DataError(
            f"Column {name!r} holds one value in all rows that answered it, so it has no threshold. Drop it "
            f"(`matrix.drop([{name!r}])`) or ask with a wider set of personas."
        )
    codes = np.full(len(scores), -1, dtype=np.int64)
    codes[there] = found
    size = (len(cells.columns), len(labels))
    place = cells.codes[there] * size[1] + found
    counts = np.bincount(place, weights[there], minlength=size[0] * size[1]).reshape(size).astype(np.float64)
    tau, b = _probit(counts, cells)
    shifted = tau - (cells.columns @ b)[:, None]
    score, _, information = _probit_score(counts, shifted, cells.columns)
    information += _ridge(len(tau), cells)
    return Ordinal(codes, tau, shifted, b, score @ np.linalg.inv(information))


def continuous_margin(scores: FloatArray, weights: FloatArray, cells: Cells) -> Continuous:
    """Regress one column on the design by least squares, and standardise what is left."""
    there = ~np.isnan(scores)
    x = np.hstack([np.ones((int(there.sum()), 1)), cells.columns[cells.codes[there]]])
    w = weights[there]
    cross = (x.T * w) @ x
    ridge = 1e-12 * np.trace(cross) / len(cross) * np.eye(len(cross))
    inverse = np.linalg.inv(cross + ridge)
    level = float(w @ scores[there] / w.sum())
    slopes = inverse @ (x.T @ (w * (scores[there] - level)))
    left = scores[there] - level - x @ slopes
    scale = float(np.sqrt(w @ left**2 / w.sum()))
    spread = float(np.sqrt(w @ (scores[there] - level) ** 2 / w.sum()))
    if scale <= max(1e-10 * spread, CONSTANT * float(np.abs(scores[there]).max())):
        scale = 0.0  # what is left is rounding
    z = np.full(len(scores), np.nan)
    z[there] = left / scale if scale > 0 else 0.0
    return Continuous(z, scale, level + float(slopes[0]), slopes[1:] / (scale or 1.0), inverse)


def _probit(counts: FloatArray, cells: Cells) -> tuple[FloatArray, FloatArray]:
    """Scoring steps from the quantiles of the pooled shares; a step that loses likelihood is halved."""
    from scipy.special import ndtri

    share = np.cumsum(counts.sum(axis=0))[:-1] / counts.sum()
    tau, b = ndtri(share), np.zeros(cells.columns.shape[1])
    if not len(b):
        return tau, b
    ridge = _ridge(len(tau), cells)
    theta = np.concatenate([tau, b])
    value, step = _probit_step(counts, cells, theta, ridge)
    for _ in range(STEPS):
        while True:
            new = theta + step
            if (np.diff(new[: len(tau)]) > 0).all():
                better, following = _probit_step(counts, cells, new, ridge)
                if better >= value or np.abs(step).max() < 1e-9:
                    break
            step = step / 2
        theta, value = new, better
        if np.abs(step).max() < 1e-9:
            break
        step = following
    return theta[: len(tau)], theta[len(tau) :]


def _probit_step(counts: FloatArray, cells: Cells, theta: FloatArray, ridge: FloatArray) -> tuple[float, FloatArray]:
    k = counts.shape[1] - 1
    shifted = theta[:k] - (cells.columns @ theta[k:])[:, None]
    score, chance, information = _probit_score(counts, shifted, cells.columns)
    value = float((counts * np.log(chance)).sum() - theta @ ridge @ theta / 2)
    slope = np.einsum("ca,cad->d", counts, score) - ridge @ theta
    return value, np.linalg.solve(information + ridge, slope)


def _ridge(thresholds: int, cells: Cells) -> FloatArray:
    """Return the curvature of the prior: none for thresholds."""
    return np.diag(np.concatenate([np.zeros(thresholds), np.full(len(cells.spread), SLOPE_SPREAD**-2)]))


def _probit_score(
    counts: FloatArray, shifted: FloatArray, columns: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the score (C, A, d) of each category, its probability (C, A), and the expected information (d, d)."""
    from scipy.special import ndtr

    c, k = shifted.shape
    edges = np.hstack([np.zeros((c, 1)), ndtr(shifted), np.ones((c, 1))])
    chance = np.maximum(np.diff(edges, axis=1), 1e-15)
    density = np.exp(-(shifted**2) / 2) / np.sqrt(2 * np.pi)
    change = np.zeros((c, k + 1, k + columns.shape[1]))
    for j in range(k):
        change[:, j, j] = density[:, j]
        change[:, j + 1, j] = -density[:, j]
    shift = np.diff(np.hstack([np.zeros((c, 1)), density, np.zeros((c, 1))]), axis=1)
    change[:, :, k:] = -shift[:, :, None] * columns[:, None, :]
    score = change / chance[:, :, None]
    information = np.einsum("c,cad,cae->de", counts.sum(axis=1), change, score)
    return score, chance, information
