"""Five ways to rank actions by several values at once; four of them by pymcdm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from causalvalues.frozen import FloatArray

SUM, PRODUCT, PROMETHEE, TOPSIS, FLOW = "weighted sum", "weighted product", "PROMETHEE II", "TOPSIS", "sigmoid flow"
METHODS = (SUM, PRODUCT, PROMETHEE, TOPSIS, FLOW)
STEEP = 10.0


def central_tendency(preferences: FloatArray) -> FloatArray:
    """Return preferences pulled away from the middle, 1 / (1 + exp(-10 (p - 0.5))).

    Examples
    --------
    >>> central_tendency(np.array([0.2, 0.5, 0.9])).round(3).tolist()
    [0.047, 0.5, 0.982]
    """
    return np.asarray(1 / (1 + np.exp(-STEEP * (np.asarray(preferences, dtype=np.float64) - 0.5))))


def ratings(scores: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Return where scores lie among the units without lever: Phi((score - mean) / sd), between 0 and 1.

    All methods then see the same positive numbers, and none depends on which other actions are offered for its scale.
    """
    from scipy.special import ndtr

    return np.asarray(np.clip(ndtr((scores - mean) / sd), 1e-9, 1.0))


def worths(table: FloatArray, weights: FloatArray, method: str) -> FloatArray:
    """Return the worth of each action; higher is better.

    Parameters
    ----------
    table : array (m, c)
        Ratings of m actions on c values, in (0, 1].
    weights : array (c,)
        Not negative, sum 1.
    method : str
        One of `METHODS`. "sigmoid flow" is the net flow of ValuePilot, with the preference 1 / (1 + exp(-(r - r')))
        of one action over another; PROMETHEE II has the preference r - r' where it is positive (the linear one, whose
        net flow ranks as the weighted sum does unless preference is capped; here it is capped at a quarter).

    Returns
    -------
    array (m,)
    """
    if method == FLOW:
        return sigmoid_flow(table, weights)
    if method in (PROMETHEE, TOPSIS) and not np.ptp(table[:, weights > 0], axis=0).any():
        return np.zeros(len(table))  # all the same: distances and flows are 0 / 0
    ones = np.ones(table.shape[1])
    # its validation warns of an action that is best or worst in everything, which is what one looks for here
    found = _pymcdm(method, table.shape[1])(table, weights, ones, validation=False)
    return np.asarray(found, dtype=np.float64)


CAP = 0.25
"""Difference of two ratings from which one action is fully preferred in PROMETHEE II."""


def _pymcdm(method: str, criteria: int) -> Callable[..., FloatArray]:
    """Return a fresh method of pymcdm: the preference functions of its PROMETHEE serve one call only."""
    from pymcdm import methods

    if method == PROMETHEE:
        return methods.PROMETHEE_II("vshape", p=[CAP] * criteria)  # type: ignore[no-any-return]
    kinds = {SUM: methods.WSM, PRODUCT: methods.WPM, TOPSIS: methods.TOPSIS}
    return kinds[method](_as_they_are)  # type: ignore[no-any-return]


def _as_they_are(column: FloatArray, cost: bool = False) -> FloatArray:
    """Leave a column of ratings as it is: they are between 0 and 1 already."""
    return 1 - column if cost else column


def sigmoid_flow(table: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the net flow: mean over the other actions of the preference for one less that against it."""
    apart = table[:, None, :] - table[None, :, :]
    preferred = np.einsum("ijc,c->ij", 1 / (1 + np.exp(-apart)), weights)
    np.fill_diagonal(preferred, 0.0)
    return np.asarray((preferred.sum(axis=1) - preferred.sum(axis=0)) / max(len(table) - 1, 1))


def ranks(worth: FloatArray) -> FloatArray:
    """Return ranks, 1 for the highest worth; ties share the mean rank.

    Examples
    --------
    >>> ranks(np.array([0.2, 0.9, 0.2])).tolist()
    [2.5, 1.0, 2.5]
    """
    import pandas as pd

    return np.asarray(pd.Series(-np.round(worth, 12)).rank().to_numpy(), dtype=np.float64)
