"""Holm's step-down method: many hypotheses, one bound on the chance of any wrong rejection."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray


def holm_adjusted(p_values: FloatArray) -> FloatArray:
    """Return Holm's adjusted p-values, in the order given.

    Parameters
    ----------
    p_values : array of any shape
        NaN where there is no hypothesis; it stays NaN and is not counted.

    Returns
    -------
    array of float, of the same shape
        The least bound on the probability of one wrong rejection or more at which each hypothesis is rejected.

    References
    ----------
    Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm_adjusted(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    flat = np.asarray(p_values, dtype=float).ravel()
    found = np.full(len(flat), np.nan)
    known = np.flatnonzero(~np.isnan(flat))
    order = known[np.argsort(flat[known], kind="stable")]
    steps = np.maximum.accumulate(flat[order] * np.arange(len(order), 0, -1))
    found[order] = np.minimum(steps, 1.0)
    return found.reshape(np.shape(p_values))


def holm_rejected(p_values: FloatArray, alpha: float) -> BoolArray:
    """Return which hypotheses Holm's method rejects.

    Parameters
    ----------
    p_values : array of any shape
        NaN where there is no hypothesis.
    alpha : float
        Bound on the probability of one wrong rejection or more, in (0, 1).

    Returns
    -------
    array of bool, of the same shape
    """
    return np.asarray(holm_adjusted(p_values) <= alpha)
