"""Quantiles of weighted draws."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray


def weighted_quantiles(draws: FloatArray, weights: FloatArray, shares: tuple[float, ...]) -> FloatArray:
    """Return, for each share q, the smallest draw whose cumulative weight reaches q (the inverted distribution).

    Parameters
    ----------
    draws : array (s, ...)
    weights : array (s,)
        Sum 1.
    shares : tuple of float
        Each in (0, 1).

    Returns
    -------
    array (len(shares), ...)

    Examples
    --------
    >>> weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.5, 0.3]), (0.5, 0.75)).tolist()
    [1.0, 2.0]
    """
    s = len(draws)
    if s == 1:
        return np.repeat(draws, len(shares), axis=0)
    if np.ptp(weights) <= 1e-12 * weights.max():
        places = [min(int(np.ceil(share * s - 1e-9)), s) - 1 for share in shares]
        return np.partition(draws, sorted(set(places)), axis=0)[places]
    order = np.argsort(draws, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0)
    picked = [np.minimum((reached < share - 1e-9).sum(axis=0), s - 1) for share in shares]
    rank = np.stack(picked)
    return np.take_along_axis(draws, np.take_along_axis(order, rank, axis=0), axis=0)


def interval_shares(level: float) -> tuple[float, float]:
    """Return the two tail shares of a central interval; raise `ValueError` when the level is not inside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval is {level}. Give a number between 0 and 1.")
    return (1 - level) / 2, (1 + level) / 2
