"""Is one predictor better than another? Paired bootstrap of left-out R2 over pairs or personas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.numerals import estimate
from causalvalues.prediction.left_out import LeftOut
from causalvalues.randomness import require_whole, stream

DRAWS = 2000
Measure = Literal["micro", "macro"]


@dataclass(frozen=True)
class Difference:
    """Difference of two R2 by left-out groups, with a 90% interval.

    Parameters
    ----------
    first, second : str
        Names of the predictors.
    measure : str
        ``"micro"`` or ``"macro"``; see `micro_r2` and `macro_r2`.
    by : str
    values : (float, float)
        R2 of each.
    lower, upper : float
        Ends of the 90% percentile interval of first minus second.
    """

    first: str
    second: str
    measure: str
    by: str
    values: tuple[float, float]
    lower: float
    upper: float

    @property
    def mean(self) -> float:
        """First minus second."""
        return self.values[0] - self.values[1]

    @property
    def verdict(self) -> str:
        """``"better"`` or ``"worse"`` if the interval leaves zero out, else ``"equal"``."""
        if self.lower > 0:
            return "better"
        return "worse" if self.upper < 0 else "equal"

    def __str__(self) -> str:
        than = {"better": "better than", "worse": "worse than", "equal": "equal to"}[self.verdict]
        change = estimate(self.mean, self.lower, self.upper, 3)
        return f"By left-out {self.by}, {self.first} is {than} {self.second}: {self.measure} R2 differs by {change}."


def r2_difference(first: LeftOut, second: LeftOut, measure: Measure, seed: int, draws: int = DRAWS) -> Difference:
    """Compare two predictors on the same left-out rows.

    Groups (pairs of levers, levers or personas) are drawn with replacement, the same for both predictors, and R2 is
    computed anew, means of changes included.

    Parameters
    ----------
    first, second : LeftOut
        Of the same rows and groups.
    measure : {"micro", "macro"}
    seed : int
    draws : int, default 2000

    Raises
    ------
    ModelError
        If the two predicted different rows, or the measure is unknown.
    """
    require_whole("draws", draws)
    if measure not in ("micro", "macro"):
        raise ModelError(f"`measure` is {measure!r}. Choose 'micro' or 'macro'.")
    same = first.groups == second.groups and np.array_equal(first.rows.reached, second.rows.reached, equal_nan=True)
    if not same:
        raise ModelError("The two predictors were not scored on the same rows and groups. Use the same rows and seed.")
    seen = np.isfinite(first.rows.reached) & np.isfinite(first.mean) & np.isfinite(second.mean)
    names = sorted(set(first.groups))
    belongs = np.array([[group == name for group in first.groups] for name in names], dtype=float)
    change = np.where(seen, first.rows.change, 0.0)
    sums = [belongs @ seen, belongs @ change, belongs @ change**2]
    losses = [belongs @ np.where(seen, one.mean - one.rows.reached, 0.0) ** 2 for one in (first, second)]
    shares = np.full(len(names), 1 / len(names))
    counts = stream(seed, "paired bootstrap").multinomial(len(names), shares, size=draws)
    drawn = [_r2(loss, sums, np.asarray(counts, dtype=float), measure) for loss in losses]
    found = [float(_r2(loss, sums, np.ones((1, len(names)), dtype=np.float64), measure)[0]) for loss in losses]
    lower, upper = np.nanquantile(drawn[0] - drawn[1], [0.05, 0.95])
    return Difference(first.name, second.name, measure, first.by, (found[0], found[1]), float(lower), float(upper))


def _r2(loss: FloatArray, sums: list[FloatArray], counts: FloatArray, measure: str) -> FloatArray:
    """R2 for each draw of groups, (draws,)."""
    number, total, squares = (counts @ part for part in sums)
    errors, spread = counts @ loss, squares - total**2 / np.maximum(number, 1.0)
    if measure == "micro":
        return np.asarray(1 - errors.sum(axis=1) / np.maximum(spread.sum(axis=1), 1e-300))
    moved = spread > 1e-12 * np.maximum(squares, 1e-300)
    shares = np.where(moved, errors / np.where(moved, spread, 1.0), np.nan)
    return np.asarray(1 - np.nanmean(shares, axis=1))
