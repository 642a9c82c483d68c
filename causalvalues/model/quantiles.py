"""Quantiles of weighted draws."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import ModelError
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
    last = np.ascontiguousarray(np.moveaxis(draws, 0, -1))
    if np.ptp(weights) <= 1e-12 * weights.max():
        places = [min(int(np.ceil(share * s - 1e-9)), s) - 1 for share in shares]
        return np.moveaxis(np.sort(last, axis=-1)[..., places], -1, 0)
    order = np.argsort(last, axis=-1)
    reached = np.cumsum(weights[order], axis=-1)
    picked = [np.minimum((reached < share - 1e-9).sum(axis=-1), s - 1) for share in shares]
    rank = np.stack(picked, axis=-1)
    chosen = np.take_along_axis(last, np.take_along_axis(order, rank, axis=-1), axis=-1)
    return np.moveaxis(chosen, -1, 0)


def interval_shares(level: float) -> tuple[float, float]:
    """Return the two tail shares of a central interval; raise `ModelError` when the level is not inside (0, 1)."""
    if not 0 < level < 1:
        raise ModelError(f"The level of an interval is {level}. Give a number between 0 and 1.")
    return (1 - level) / 2, (1 + level) / 2
