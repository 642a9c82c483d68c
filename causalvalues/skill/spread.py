"""Intervals about a prediction from the errors that the predictor made on the rows that it learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.prediction.predictors import LEVEL

FEWEST = 10
"""Errors that a quantile needs; rarer kinds of rows share the errors of all."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Quantiles of errors for each kind of row, such as the number of levers that act.

    Parameters
    ----------
    ends : mapping of int to array (2, p)
        Lower and upper end, to be added to the prediction; the key -1 holds those of all rows together.
    """

    ends: Mapping[int, FloatArray]

    @classmethod
    def of(cls, errors: FloatArray, kinds: IntArray, level: float = LEVEL) -> Spread:
        """Take the quantiles of observed minus predicted (r, p), NaN where unknown, for rows of each kind (r,)."""
        whole = _ends(errors, level, 1)
        ends = {-1: whole}
        for kind in sorted(set(kinds.tolist())):
            own = _ends(errors[kinds == kind], level, FEWEST)
            ends[int(kind)] = np.where(np.isnan(own), whole, own)
        return cls(ends)

    def about(self, mean: FloatArray, kinds: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return both ends (m, p) of the intervals about predictions (m, p)."""
        lower, upper = np.array(mean), np.array(mean)
        for kind in sorted(set(kinds.tolist())):
            rows = kinds == kind
            low, high = self.ends.get(int(kind), self.ends[-1])
            lower[rows] += low
            upper[rows] += high
        return lower, upper


def _ends(errors: FloatArray, level: float, fewest: int) -> FloatArray:
    ends = np.full((2, errors.shape[1]), np.nan)
    for j in range(errors.shape[1]):
        known = errors[np.isfinite(errors[:, j]), j]
        if len(known) >= fewest:
            ends[:, j] = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return ends
