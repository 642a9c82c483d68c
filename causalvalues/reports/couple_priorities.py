"""How far priorities from 1 to 5 are from those that were wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.planning import PriorityScale
from causalvalues.planning.priorities import LEAST, MOST


def priorities_of(scale: PriorityScale, scores: Mapping[str, float] | pd.Series) -> dict[str, float]:
    """Return the priority of each score, not rounded, and never outside 1 to 5."""
    found = {str(name): scale.priority(str(name), float(score)) for name, score in scores.items()}
    return {name: float(min(max(each, LEAST), MOST)) for name, each in found.items()}


@dataclass(frozen=True)
class PriorityError:
    """How far priorities are from those that were wanted, over the named values only.

    Parameters
    ----------
    total, mean : float
        Sum and mean of |wanted - reached|.
    rank : float
        Spearman rank correlation; NaN where all wanted or all reached priorities are equal.
    """

    total: float
    mean: float
    rank: float


def priority_error(wanted: Mapping[str, float], reached: Mapping[str, float]) -> PriorityError:
    """Compare reached with wanted priorities.

    Examples
    --------
    >>> priority_error({"a": 5, "b": 1, "c": 3}, {"a": 4, "b": 2, "c": 3})
    PriorityError(total=2.0, mean=0.6666666666666666, rank=1.0)
    """
    names = sorted(wanted)
    x, y = (np.array([float(each[name]) for name in names]) for each in (wanted, reached))
    apart = np.abs(x - y)
    return PriorityError(float(apart.sum()), float(apart.mean()), spearman(x, y))


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Return the correlation of average ranks; NaN where one side is constant."""
    first, second = (pd.Series(np.round(each, 12)).rank().to_numpy() for each in (x, y))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def check_target(target: Mapping[str, float], values: tuple[str, ...]) -> None:
    """Refuse a target that is empty, names an unknown value, or leaves the scale.

    Raises
    ------
    StudyError
        Naming the value and the remedy.
    """
    place = "[report.couple] `target`"
    if not target:
        raise StudyError(f"{place} is empty. Give priorities from 1 to 5, such as target = {{ {values[0]} = 5 }}.")
    for name, priority in target.items():
        if name not in values:
            raise StudyError(
                f"{place} names {name!r}, which is not a value of these answers." + did_you_mean(name, values)
            )
        if not LEAST <= priority <= MOST:
            raise StudyError(f"{place} gives {name!r} the priority {priority:g}. Priorities run from 1 to 5.")
