"""How good prediction intervals are: coverage, and the interval score against intervals of one width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.numerals import number
from causalvalues.prediction.left_out import LeftOut
from causalvalues.prediction.predictors import LEVEL


def interval_score(reached: FloatArray, lower: FloatArray, upper: FloatArray, level: float = LEVEL) -> float:
    """Return the mean interval score; lower is better.

    (u - l) + 2 / a (l - y) [y < l] + 2 / a (y - u) [y > u], a = 1 - level (Gneiting and Raftery 2007, eq. 43). Its
    expectation is least for the true quantiles, so it rewards narrow intervals and fines misses.

    Parameters
    ----------
    reached, lower, upper : array
        Of one shape, score units; cells with NaN are left out.
    level : float, default .9

    Examples
    --------
    >>> import numpy as np
    >>> round(interval_score(np.array([0.0, 3.0]), np.array([-1.0, -1.0]), np.array([1.0, 1.0])), 6)
    22.0
    """
    fine = 2 / (1 - level)
    score = (upper - lower) + fine * (np.maximum(lower - reached, 0) + np.maximum(reached - upper, 0))
    return float(np.nanmean(score))


@dataclass(frozen=True, eq=False)
class IntervalReport:
    """What 90% intervals of left-out predictions are worth.

    Parameters
    ----------
    coverage : float
        Share of answers inside, all cells pooled.
    by_value : Series (p,)
        The same for each value.
    score : float
        Mean interval score, score units.
    constant, constant_by_value : float
        Interval scores of intervals of one width around the same predictions: one width for all values, and one for
        each value; each width is the best one for the *other* groups, so that it has not seen what it is scored on.
    best_constant : float
        Interval score of the one width, for all values, that is best in hindsight.
    """

    coverage: float
    by_value: pd.Series
    score: float
    constant: float
    constant_by_value: float
    best_constant: float

    def __str__(self) -> str:
        low, high = number(self.by_value.min()), number(self.by_value.max())
        better = "below" if self.score < self.best_constant else "not below"
        return (
            f"90% intervals hold {number(self.coverage)} of the answers ({low} to {high} by value); interval score "
            f"{number(self.score, 4)}, {better} {number(self.best_constant, 4)} of the best constant width."
        )


def interval_report(predicted: LeftOut) -> IntervalReport:
    """Score the intervals of left-out predictions.

    Parameters
    ----------
    predicted : LeftOut

    Returns
    -------
    IntervalReport
    """
    reached, mean = predicted.rows.reached, predicted.mean
    seen = np.isfinite(reached) & np.isfinite(predicted.lower) & np.isfinite(predicted.upper)
    inside = np.where(seen, (predicted.lower <= reached) & (reached <= predicted.upper), np.nan)
    size = np.where(seen, np.abs(reached - mean), np.nan)
    groups = np.array(predicted.groups)
    one, each = np.full(size.shape, np.nan), np.full(size.shape, np.nan)
    for group in sorted(set(predicted.groups)):
        out = groups == group
        one[out] = np.nanquantile(size[~out], LEVEL)
        each[out] = np.nanquantile(size[~out], LEVEL, axis=0)
    best = np.nanquantile(size, LEVEL)
    return IntervalReport(
        float(np.nanmean(inside)),
        pd.Series(np.nanmean(inside, axis=0), index=list(predicted.rows.values), name="coverage"),
        interval_score(np.where(seen, reached, np.nan), predicted.lower, predicted.upper),
        interval_score(reached, mean - one, mean + one),
        interval_score(reached, mean - each, mean + each),
        interval_score(reached, mean - best, mean + best),
    )
