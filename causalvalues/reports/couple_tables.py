"""What the report ``couple`` found, and its tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.planning.profiles import doses_in_words
from causalvalues.reports.couple_priorities import PriorityError
from causalvalues.reports.couple_units import BY_NAME, PLANNED, RAW, Journey, Way

WAYS = (RAW, BY_NAME, PLANNED)


@dataclass(frozen=True, eq=False)
class Couple:
    """What the report found.

    Parameters
    ----------
    way : Way
    journeys : tuple of Journey
        One a unit.
    typical : Journey
        Of a unit at the mean of all.
    related : DataFrame
        Of `relations`.
    conflicts : tuple of str
        Pairs of values that the target asks for against their relation.
    blocked : bool
        Whether measurement error forbids claims about paths between values.
    """

    way: Way
    journeys: tuple[Journey, ...]
    typical: Journey
    related: pd.DataFrame
    conflicts: tuple[str, ...]
    blocked: bool

    def average(self, way: str, what: Callable[[PriorityError], float]) -> float:
        """Return the mean over units of a part of the predicted error; units without it do not count."""
        return _mean([what(each.errors[way]) for each in self.journeys])

    def answered(self, way: str) -> tuple[int, float, float]:
        """Return how many units were really asked in this way, and their mean predicted and answered error (mean)."""
        there = [each for each in self.journeys if way in each.answered]
        predicted = _mean([each.errors[way].mean for each in there])
        return len(there), predicted, _mean([each.answered[way].mean for each in there])


def _mean(found: list[float]) -> float:
    kept = [each for each in found if np.isfinite(each)]
    return float(np.mean(kept)) if kept else float("nan")


def unit_table(found: Couple) -> pd.DataFrame:
    """Return one row a unit and way: what is done, predicted and answered errors in priorities."""
    rows = []
    for each in (*found.journeys, found.typical):
        for way in WAYS:
            error, seen = each.errors[way], each.answered.get(way)
            rows.append(
                {
                    "unit": each.unit,
                    "way": way,
                    "doses": doses_in_words(each.doses[way]),
                    "status": each.plan.status.name if way == PLANNED and each.plan is not None else "",
                    "error_sum": error.total,
                    "error_mean": error.mean,
                    "spearman": error.rank,
                    "answered_sum": np.nan if seen is None else seen.total,
                    "answered_mean": np.nan if seen is None else seen.mean,
                    "answered_spearman": np.nan if seen is None else seen.rank,
                }
            )
    return pd.DataFrame(rows)
