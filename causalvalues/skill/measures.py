"""How good predicted changes are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.prediction.predictors import LEVEL


def mean_absolute_error(change: FloatArray, predicted: FloatArray) -> float:
    """Return the mean |observed - predicted| over cells (r, p) that are known in both."""
    errors = np.abs(change - predicted)
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else np.nan


def rank_correlation(change: FloatArray, predicted: FloatArray) -> float:
    """Return Spearman's correlation over all known cells (r, p) pooled; NaN where one side is constant."""
    known = np.isfinite(change) & np.isfinite(predicted)
    return float(_spearman(change[known][None], predicted[known][None])[0])


def row_rank_correlation(change: FloatArray, predicted: FloatArray) -> float:
    """Return Spearman's correlation over the values of a row, averaged over rows.

    Does a predictor know which values rise most? Rows with fewer than three known values, or constant on one side, are
    left out; NaN where none is left.
    """
    known = np.isfinite(change) & np.isfinite(predicted)
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    found = []
    for number, pattern in enumerate(patterns):
        if pattern.sum() >= 3:
            rows = which.reshape(-1) == number
            found.append(_spearman(change[rows][:, pattern], predicted[rows][:, pattern]))
    each = np.concatenate(found) if found else np.zeros(0)
    return float(np.nanmean(each)) if np.isfinite(each).any() else np.nan


def coverage(change: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Return the share of known cells (r, p) inside their interval."""
    known = np.isfinite(change) & np.isfinite(lower) & np.isfinite(upper)
    inside = (change >= lower) & (change <= upper)
    return float(inside[known].mean()) if known.any() else np.nan


def interval_score(change: FloatArray, lower: FloatArray, upper: FloatArray, level: float = LEVEL) -> float:
    """Return the mean interval score over known cells (r, p); lower is better.

    (u - l) + 2 / a (l - y) [y < l] + 2 / a (y - u) [y > u] with a = 1 - level: the width, and a fine for each miss.

    References
    ----------
    Gneiting and Raftery (2007), JASA 102, 359-378, equation 43.

    Examples
    --------
    >>> round(interval_score(np.array([[0.0, 2.0]]), np.zeros((1, 2)), np.ones((1, 2))), 9)
    11.0
    """
    fine = 2 / (1 - level)
    score = (upper - lower) + fine * np.maximum(lower - change, 0) + fine * np.maximum(change - upper, 0)
    return float(np.nanmean(score)) if np.isfinite(score).any() else np.nan


def cell_means(array: FloatArray, cells: Sequence[str]) -> FloatArray:
    """Return the mean over known rows of each lever set, in name order (c, p); NaN where none is known."""
    names, which = np.unique(np.array(cells, dtype=object), return_inverse=True)
    known = np.isfinite(array)
    top, bottom = np.zeros((len(names), array.shape[1])), np.zeros((len(names), array.shape[1]))
    np.add.at(top, which, np.where(known, array, 0.0))
    np.add.at(bottom, which, known.astype(float))
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)


def _spearman(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return Spearman's correlation of each row (r,); NaN for rows that are constant."""
    from scipy.stats import rankdata

    ranks = [rankdata(side, axis=1) for side in (first, second)]
    apart = [side - side.mean(axis=1, keepdims=True) for side in ranks]
    top = (apart[0] * apart[1]).sum(axis=1)
    bottom = np.sqrt(np.square(apart[0]).sum(axis=1) * np.square(apart[1]).sum(axis=1))
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
