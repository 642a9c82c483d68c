"""Priorities from 1 to 5, and the scores that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix

LEAST, MOST = 1.0, 5.0
"""Ends of the scale of priorities: not important at all, very important (as in COUPLE, Guo et al., 2025)."""

_STEPS = np.arange(LEAST, MOST + 1)


@dataclass(frozen=True)
class PriorityScale:
    """For each value the scores of the priorities 1, 2, 3, 4, 5; straight between them, and on beyond 1 and 5.

    Parameters
    ----------
    knots : mapping of str to five floats
        Scores that rise with the priority.
    made : str, default ""
        How the map was made, in words.

    Raises
    ------
    PlanError
        If a value has not five finite scores that rise.

    Examples
    --------
    >>> scale = PriorityScale({"power": (1, 2, 3, 4, 6)})
    >>> scale.score("power", 4.5), scale.priority("power", 5)
    (5.0, 4.5)
    """

    knots: Mapping[str, tuple[float, ...]]
    made: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "knots", {str(name): tuple(map(float, found)) for name, found in self.knots.items()})
        for name, found in self.knots.items():
            if len(found) != len(_STEPS) or not np.isfinite(found).all() or not (np.diff(found) > 0).all():
                raise PlanError(f"The scores of the priorities 1 to 5 of {name!r} are {found}. Give five that rise.")

    def score(self, name: str, priority: float) -> float:
        """Return the score that a priority stands for."""
        return float(_through(np.asarray([priority], dtype=float), _STEPS, self._of(name))[0])

    def priority(self, name: str, score: float) -> float:
        """Return the priority that a score stands for; below 1 or above 5 for extreme scores."""
        return float(self.priorities(name, np.asarray([score], dtype=float))[0])

    def priorities(self, name: str, scores: FloatArray) -> FloatArray:
        """Return the priorities of an array of scores of one value."""
        return _through(scores, self._of(name), _STEPS)

    def unit(self, name: str, priority: float) -> float:
        """Return the score units of one point of priority, over half a point to each side."""
        return self.score(name, priority + 0.5) - self.score(name, priority - 0.5)

    def _of(self, name: str) -> FloatArray:
        if name not in self.knots:
            raise PlanError(f"The priority scale does not know {name!r}." + did_you_mean(name, self.knots))
        return np.asarray(self.knots[name])


@dataclass(frozen=True)
class BySpread:
    """Priority 3 is the mean of the rows without levers; one point is so many of their standard deviations.

    Parameters
    ----------
    sds : float, default 1.0
    """

    sds: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.sds < np.inf:
            raise PlanError(f"One point of priority is {self.sds} standard deviations. Give a positive number.")


@dataclass(frozen=True)
class ByQuantiles:
    """Priorities 1 to 5 are quantiles of the rows without levers.

    Parameters
    ----------
    shares : five floats, default (0.1, 0.3, 0.5, 0.7, 0.9)
        The middles of five equal parts of the rows.
    """

    shares: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)

    def __post_init__(self) -> None:
        given = np.asarray(self.shares, dtype=float)
        if len(given) != len(_STEPS) or not (np.diff(given) > 0).all() or given[0] < 0 or given[-1] > 1:
            raise PlanError(
                f"The quantiles of the priorities are {self.shares}. Give five shares from 0 to 1 that rise."
            )


_BY_SPREAD = BySpread()


def priority_scale(matrix: ResponseMatrix, by: BySpread | ByQuantiles = _BY_SPREAD) -> PriorityScale:
    """Return what priorities from 1 to 5 mean in scores, from the rows without levers.

    Parameters
    ----------
    matrix : ResponseMatrix
        Scores of values. Rows count by their weights; missing scores are left out value by value.
    by : BySpread or ByQuantiles, default ``BySpread()``
        Mean and standard deviation (a straight map), or quantiles.

    Returns
    -------
    PriorityScale

    Raises
    ------
    PlanError
        If there are fewer than two rows without levers, a value does not vary, or quantiles coincide.

    Examples
    --------
    >>> matrix = ResponseMatrix(names=["a"], scores=[[1.0], [3.0]], unit_ids=["x", "y"])
    >>> priority_scale(matrix).knots["a"]
    (0.0, 1.0, 2.0, 3.0, 4.0)
    """
    plain = np.flatnonzero(~(matrix.doses != 0).any(axis=1))
    knots = {}
    for place, name in enumerate(matrix.names):
        scores, weights = matrix.scores[plain, place], matrix.weights[plain]
        there = np.isfinite(scores) & (weights > 0)
        scores, weights = scores[there], weights[there]
        if len(scores) < 2:
            raise PlanError(f"{name!r} has {len(scores)} scores in rows without levers. A scale needs two or more.")
        if np.ptp(scores) == 0:
            raise PlanError(f"{name!r} is {scores[0]:g} in all rows without levers, so it has no scale of priorities.")
        knots[name] = _knots(name, scores, weights / weights.sum(), by)
    said = "mean and standard deviation" if isinstance(by, BySpread) else "quantiles"
    return PriorityScale(knots, f"{said} of {len(plain)} rows without levers")


def _knots(name: str, scores: FloatArray, weights: FloatArray, by: BySpread | ByQuantiles) -> tuple[float, ...]:
    if isinstance(by, BySpread):
        mean = float(np.einsum("n,n->", weights, scores))
        sd = float(np.sqrt(np.einsum("n,n->", weights, (scores - mean) ** 2)))
        return tuple(float(score) for score in mean + (_STEPS - 3) * by.sds * sd)
    found = np.quantile(scores, by.shares, weights=weights, method="inverted_cdf")
    if not (np.diff(found) > 0).all():
        raise PlanError(f"Quantiles of {name!r} coincide: {found.tolist()}. Use `BySpread()` or other shares.")
    return tuple(float(score) for score in found)


def _through(x: FloatArray, at: FloatArray, to: FloatArray) -> FloatArray:
    """Return the straight lines through points (at, to), the outer ones carried on."""
    place = np.clip(np.searchsorted(at, x, side="right") - 1, 0, len(at) - 2)
    return np.asarray(to[place] + (x - at[place]) * (to[place + 1] - to[place]) / (at[place + 1] - at[place]))
