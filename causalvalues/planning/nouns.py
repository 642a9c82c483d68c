"""What came out of planning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import pandas as pd

from causalvalues.interventions import Intervention


class Status(Enum):
    """How planning ended; the text is advice."""

    OPTIMAL = "optimal: no choice of these levers and doses has a smaller objective"
    TRADE_OFF = (
        "trade-off: the choice with the smallest objective ends outside the tolerance, but another choice ends "
        "inside; it is the first of `alternatives`"
    )
    UNREACHABLE = "unreachable: no choice of these levers and doses ends inside the tolerance; see `limits`"
    INFEASIBLE = "infeasible: no choice meets the ranking and bounds; relax one of the constraints in `limits`"
    TIME_LIMIT = "stopped at the time limit: the best plan so far, with its lower bound"


@dataclass(frozen=True, eq=False)
class Plan:
    """The chosen levers and what they are predicted to do.

    Parameters
    ----------
    status : Status
    doses : mapping of str to float
        Lever node -> dose, only levers that are used.
    interventions : tuple of Set or Shift
        The same as interventions on the model.
    predicted : DataFrame
        Indexed by value (all p of the model), columns ``start, target, mean, lower, upper`` (target NaN when free;
        90% predictive interval).
    objective : float
        What was minimised (`aim` says what): by default the expected weighted sum of absolute errors over the draws
        (plus the side-effect penalty when asked).
    lower_bound : float
        Proven lower bound of `objective` over all admissible choices; NaN when infeasible.
    chance : float
        Predictive probability that everything that the target asks for holds (every named value within the tolerance,
        ranking, bounds): the cross-fitted one when there is one, else the one in sample.
    chance_in_sample : float
        The same judged by the model that chose the plan: not corrected for the choice, so optimistic.
    chance_cross_fitted : float
        Chosen with a model of one half of the data, judged by a model of the other, averaged over both ways round; NaN
        when the method has no `halves`.
    side_effects : DataFrame
        Indexed by untargeted value: ``mean, lower, upper, positive``.
    cost : float
    alternatives : DataFrame
        Next best choices: ``doses`` (mapping of lever node to dose), ``objective``, ``cost``, ``inside`` (whether the
        mean profile ends within the tolerance). When the status is TRADE_OFF, the best choice inside comes first.
    limits : tuple of str
        Sentences: which levers are at their limit, which values are out of reach and by how much.
    ledger : DataFrame
        One row a chosen lever, columns ``lever, dose, cost, label, basis, rests_on``: how each part of the prediction
        is identified (``by design``, ``by graph``, ``extrapolated``).
    notes : tuple of str
        Sentences: what the interval and the chance cover and leave out, and whether the chance is corrected for the
        choice among candidates.
    predicted_error, achieved_error : float
        Expected error of the plan chosen with a model of one half of the data: by that model, and by the model of the
        other half, each averaged over both ways round; NaN when the method has no `halves`.
    chance_of : {"a unit", "the average effect", "a new unit"}
        What `chance` and the intervals are about: one given unit, only the average effect on it (how units differ in
        the effect is not known for every lever of the plan), or a new unit from the population.
    error_sum, error_mean : float
        Expected absolute error over the draws, without weights: sum and mean over the values of the profile (without a
        profile, the expected absolute change over all values), in `units`.
    rank_correlation : float
        Spearman's correlation of the mean predicted with the wanted scores of the profile; NaN with fewer than two
        values or without differences.
    units : {"score units", "points of priority"}
        Of errors and tolerance.
    aim : str
        What was minimised, in words.
    """

    status: Status
    doses: Mapping[str, float]
    interventions: tuple[Intervention, ...]
    predicted: pd.DataFrame
    objective: float
    lower_bound: float
    chance: float
    chance_in_sample: float
    chance_cross_fitted: float
    side_effects: pd.DataFrame
    cost: float
    alternatives: pd.DataFrame
    limits: tuple[str, ...]
    ledger: pd.DataFrame
    notes: tuple[str, ...] = ()
    predicted_error: float = float("nan")
    achieved_error: float = float("nan")
    chance_of: str = "a unit"
    error_sum: float = float("nan")
    error_mean: float = float("nan")
    rank_correlation: float = float("nan")
    units: str = "score units"
    aim: str = "expected error"

    def __repr__(self) -> str:
        chosen = ", ".join(f"{node} x {dose:g}" for node, dose in self.doses.items()) or "no lever"
        said = [f"{self.aim} {self.objective:.3f}"]
        if not math.isnan(self.error_sum):
            where = " points of priority" if self.units == "points of priority" else ""
            said.append(f"absolute error {self.error_sum:.3f} in sum and {self.error_mean:.3f} in mean{where}")
        if not math.isnan(self.rank_correlation):
            said.append(f"rank correlation {self.rank_correlation:.2f}")
        said.append(f"chance of hitting {self.chance:.0%} ({self.chance_of})")
        return f"Plan({self.status.name}: {chosen}; {', '.join(said)})"
