"""Two numbers for a lever: what it gains on its aim over the other values, and how much of it leaks to them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from causalvalues.frozen import FloatArray
from causalvalues.leakage.ratios import UNKNOWN, Ratio, root_ratio
from causalvalues.leakage.unit_changes import flip_p_values, mean_change, squared_means

FEWEST_UNITS = 3
"""Units behind every effect of a lever, below which it has no leakage."""
LEVER_COLUMNS = (
    "units",
    "gain",
    "gain_lower",
    "gain_upper",
    "gain_p",
    "leakage",
    "leakage_lower",
    "leakage_upper",
    "uncorrected",
    "size",
    "any_gain",
)


def lever_scores(changes: FloatArray, aim: int, level: float, seed: int) -> tuple[float, ...]:
    """Return the numbers of one lever, in the order of `LEVER_COLUMNS`.

    Parameters
    ----------
    changes : array (G, p)
        Change of each unit; NaN where it is not known.
    aim : int
        Column of its aim; -1 for a control, which has no gain and no leakage.
    level : float
    seed : int
        Of the sign flips.
    """
    seen = changes[~np.isnan(changes).all(axis=1)]
    units = float(len(seen))
    size = _root(squared_means(seen)[0].mean())
    any_gain = _root(squared_means(_contrasts(seen))[0].mean())
    if aim < 0:
        return (units, *[math.nan] * 8, size, any_gain)
    gain = _gain(seen, aim, level, seed)
    found = mean_change(seen, level)
    mean = found.mean
    ratio = overall_leakage(seen[:, None], [aim], level, (abs(float(mean[aim])), float(found.se[aim])))
    others = np.delete(mean, aim)
    uncorrected = float(np.sqrt(np.square(others).mean()) / abs(mean[aim])) if mean[aim] != 0 else math.nan
    return (units, *gain, ratio.value, ratio.lower, ratio.upper, uncorrected, size, any_gain)


def overall_leakage(
    changes: FloatArray, aims: Sequence[int], level: float, below: tuple[float, float] | None = None
) -> Ratio:
    """Return root mean square effect off aim over root mean square effect on aim, both less their noise.

    Parameters
    ----------
    changes : array (G, levers, p)
    aims : sequence of int
        Column of each lever's aim.
    level : float
    below : (float, float), optional
        Of one lever: size of the effect on its aim, and its standard error.
    """
    seen = changes[~np.isnan(changes).all(axis=(1, 2))]
    if len(aims) == 0 or len(seen) < FEWEST_UNITS:
        return UNKNOWN
    whole, without = squared_means(seen)
    off = np.ones(whole.shape, dtype=bool)
    off[np.arange(len(aims)), list(aims)] = False
    squares = np.array([whole[off].mean(), whole[~off].mean()])
    left_out = np.column_stack([without[:, off].mean(axis=1), without[:, ~off].mean(axis=1)])
    return root_ratio(squares, left_out, level, below)


def _gain(seen: FloatArray, aim: int, level: float, seed: int) -> tuple[float, float, float, float]:
    """Return effect on the aim less mean effect on the others, its ends, and p.

    A unit u adds x_ua / n_a - mean over j of x_uj / n_j to the gain; its error is that of the sum of these parts about
    what each unit would add at the means. With complete answers this is the t interval of the units' own gains.
    """
    known = ~np.isnan(seen)
    count = known.sum(axis=0)
    p = seen.shape[1]
    share = np.full(p, -1.0 / (p - 1))
    share[aim] = 1.0
    if (count == 0).any():
        return math.nan, math.nan, math.nan, math.nan
    mean = np.nansum(seen, axis=0) / count
    parts = (np.where(known, seen, 0.0) * share / count).sum(axis=1)
    apart = (np.where(known, seen - mean, 0.0) * share / count).sum(axis=1)
    gain, freedom = float((mean * share).sum()), int(count.min()) - 1
    p_value = float(flip_p_values(parts[:, None], seed)[0])
    if freedom < 1:
        return gain, math.nan, math.nan, p_value
    least = freedom + 1
    half = float(np.sqrt(least / freedom * np.square(apart).sum()) * stdtrit(freedom, (1 + level) / 2))
    return gain, gain - half, gain + half, p_value


def _contrasts(changes: FloatArray) -> FloatArray:
    """Return each change less the mean change of the other known values of the unit."""
    known = ~np.isnan(changes)
    count = known.sum(axis=1, keepdims=True)
    total = np.nansum(changes, axis=1, keepdims=True)
    others = np.divide(total - changes, count - 1, out=np.full(changes.shape, np.nan), where=count > 1)
    return np.asarray(changes - others)


def _root(square: float) -> float:
    return math.sqrt(max(float(square), 0.0)) if math.isfinite(square) else math.nan
