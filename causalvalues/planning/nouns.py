"""What is wanted (Target) and what came out (Plan)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError
from causalvalues.interventions import Intervention


@dataclass(frozen=True)
class Target:
    """A wanted state of some value dimensions; dimensions that are not named may move freely and are side effects.

    Parameters
    ----------
    profile : mapping of str to float, default {}
        Wanted score of each named value, in score units.
    tolerance : float, default 0.25
        A plan hits when every named value ends within this distance of `profile`.
    weights : mapping of str to float, default {}
        Weight of each value in the sum of absolute errors; 1 when not named.
    ranking : sequence of str, default ()
        Values that must come in this order, highest first.
    margin : float, default 0.0
        Least distance between neighbours of `ranking`.
    bounds : mapping of str to (low, high), default {}
        Hard limits on reached mean scores; use ``-inf`` and ``inf`` for one side.
    """

    profile: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = 0.25
    weights: Mapping[str, float] = field(default_factory=dict)
    ranking: tuple[str, ...] = ()
    margin: float = 0.0
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "profile", {str(k): float(v) for k, v in self.profile.items()})
        object.__setattr__(self, "weights", {str(k): float(v) for k, v in self.weights.items()})
        object.__setattr__(self, "ranking", tuple(self.ranking))
        object.__setattr__(
            self, "bounds", {str(k): (float(low), float(high)) for k, (low, high) in self.bounds.items()}
        )
        if not self.profile and not self.ranking and not self.bounds:
            raise PlanError("The target is empty. Give a profile, a ranking or bounds.")
        for name, wanted in self.profile.items():
            if not np.isfinite(wanted):
                raise PlanError(f"The target for {name!r} is {wanted}. Give a finite score.")
        if not self.tolerance > 0:
            raise PlanError(f"The tolerance is {self.tolerance}. Give a positive number in score units.")
        if self.margin < 0:
            raise PlanError(f"The margin is {self.margin}. Give zero or more.")
        if len(set(self.ranking)) < len(self.ranking):
            raise PlanError(f"The ranking names a value twice: {self.ranking}.")
        for name, weight in self.weights.items():
            if name not in self.profile:
                raise PlanError(
                    f"There is a weight for {name!r}, which is not in the profile. Add it there or drop the weight."
                )
            if not np.isfinite(weight) or weight < 0:
                raise PlanError(f"The weight of {name!r} is {weight}. Give zero or a positive number.")
        for name, (low, high) in self.bounds.items():
            if not low <= high:
                raise PlanError(f"The bounds of {name!r} are [{low}, {high}]; the lower one is the larger.")

    @property
    def named(self) -> tuple[str, ...]:
        """Every value that the target speaks of, in name order."""
        return tuple(sorted({*self.profile, *self.ranking, *self.bounds}))


class Status(Enum):
    """How planning ended; the text is advice."""

    OPTIMAL = "optimal: no choice of these levers and doses has a smaller expected error"
    TRADE_OFF = (
        "trade-off: the choice with the smallest expected error ends outside the tolerance, but another choice ends "
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
        Expected weighted sum of absolute errors over the draws (plus side-effect penalty when asked).
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

    def __repr__(self) -> str:
        chosen = ", ".join(f"{node} x {dose:g}" for node, dose in self.doses.items()) or "no lever"
        outcome = f"expected error {self.objective:.3f}, chance of hitting {self.chance:.0%} ({self.chance_of})"
        return f"Plan({self.status.name}: {chosen}; {outcome})"
