"""How to plan: settings that all methods share, and the two methods, both exact."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.given import as_number
from causalvalues.planning.choices import count_choices
from causalvalues.planning.heterogeneity import Heterogeneity
from causalvalues.planning.mechanisms import Model
from causalvalues.planning.objectives import AbsoluteError, Expectation, HitChance, Objective, Risk
from causalvalues.planning.problem import Problem, Search


@dataclass(frozen=True, kw_only=True)
class PlanMethod(ABC):
    """What a plan may use and what it minimises; a method adds the way of searching.

    Parameters
    ----------
    objective : Objective, default ``AbsoluteError()``
        `AbsoluteError`, `SquaredError`, `WorstDimension`, `RankCorrelation` or `HitChance`.
    risk : Risk, default ``Expectation()``
        What counts of the objective over the draws: `Expectation`, `CVaR` or `WorstDraw`.
    max_levers : int, default 3
        At most this many levers together.
    budget : float, default inf
        Most that the plan may cost: sum of cost * |dose|.
    untried : bool, default False
        Whether lever nodes may be combined that were never tried together. Their effects are then added up (or combined
        as a fitted response says), which over-predicts when levers saturate, and the plan is marked as extrapolated.
        Pushes on values may always be combined: their sum follows from the graph.
    side_effect_weight : float, default 0.0
        Weight of the error reached - start of each value that the target does not name.
    heterogeneity : Heterogeneity or None, default None
        How units differ in what levers do to them; needed for the chance of one given unit. Not used for a new unit,
        whose residual holds it already, nor for a response to levers, which holds the noise of its answers.
    halves : tuple of two models, or None, default None
        Models of two disjoint halves of the data (`half_models` makes them), over the same nodes as the model: a plan
        chosen with one is judged by the other, which takes the optimism of the choice out of the chance.
    alternatives : int, default 5
        How many next best choices to return.
    seed : int, default 0
        For the predictive interval and the chance; the choice draws nothing, unless the chance is the objective or a
        lever has a stated prior.
    """

    objective: Objective = field(default_factory=AbsoluteError)
    risk: Risk = field(default_factory=Expectation)
    max_levers: int = 3
    budget: float = math.inf
    untried: bool = False
    side_effect_weight: float = 0.0
    heterogeneity: Heterogeneity | None = None
    halves: tuple[Model, Model] | None = None
    alternatives: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_kinds()
        if self.max_levers < 1:
            raise PlanError(f"`max_levers` is {self.max_levers}. Allow at least one lever.")
        if math.isnan(self.budget) or self.budget < 0:
            raise PlanError(f"The budget is {self.budget}. Give zero or a positive number.")
        if not math.isfinite(self.side_effect_weight) or self.side_effect_weight < 0:
            raise PlanError(f"`side_effect_weight` is {self.side_effect_weight}. Give zero or a positive number.")
        if self.halves is not None and len(self.halves) != 2:
            raise PlanError(f"There are {len(self.halves)} models in `halves`. Give two, or make them: `half_models`.")
        if self.alternatives < 0:
            raise PlanError(f"`alternatives` is {self.alternatives}. Give zero or a positive number.")
        if self.seed < 0:
            raise PlanError(f"The seed is {self.seed}. Give zero or a positive integer.")
        if isinstance(self.objective, HitChance) and not isinstance(self.risk, Expectation):
            raise PlanError(
                "The chance of hitting is already taken over all draws. Use `Expectation()`, or another objective."
            )
        if self.side_effect_weight > 0 and not self.objective.convex:
            raise PlanError(
                f"The {self.objective.words} has no part for side effects, so `side_effect_weight` means nothing. "
                "Limit them: `Target(..., keep_within=...)`."
            )

    def _check_kinds(self) -> None:
        """Refuse settings of another kind than is written above."""
        put = object.__setattr__
        for name in ("max_levers", "alternatives", "seed"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int | np.integer):
                raise PlanError(f"`{name}` is {number!r}. Give a whole number.")
            put(self, name, int(number))
        for name in ("budget", "side_effect_weight"):
            put(self, name, as_number(getattr(self, name), f"`{name}`"))
        for name, kind, example in (("objective", Objective, "AbsoluteError()"), ("risk", Risk, "CVaR(0.9)")):
            if not isinstance(getattr(self, name), kind):
                raise PlanError(f"`{name}` is {getattr(self, name)!r}. Give an object, such as {example}.")

    @abstractmethod
    def search(self, problem: Problem, keep: int, share: float = 1.0) -> Search:
        """Return the `keep` best choices within a share of the time limit."""


@dataclass(frozen=True, kw_only=True)
class Enumerate(PlanMethod):
    """Look at every choice: bounds rule most of them out, the rest are scored over all draws.

    For every objective and risk, with listed doses. Objectives without bounds (`RankCorrelation`, `HitChance`) score
    every choice over all draws, which takes about a tenth of a millisecond and a millisecond each.

    Parameters
    ----------
    most_choices : int, default 2000000
        Refuse larger problems (`MixedInteger` takes them).
    time_limit : float, default inf
        Seconds for the search of the plan; the best plan so far then comes with its bound.
    """

    most_choices: int = 2_000_000
    time_limit: float = math.inf

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_time(self.time_limit)

    def search(self, problem: Problem, keep: int, share: float = 1.0) -> Search:
        """Return the `keep` best choices; raise `PlanError` for continuous doses or too many choices."""
        from causalvalues.planning.enumeration import search_all

        check_enumerable(problem, self.most_choices)
        return search_all(problem, keep, self.time_limit * share)


@dataclass(frozen=True, kw_only=True)
class MixedInteger(PlanMethod):
    """Mixed-integer linear programs (HiGHS) over the mean profile, tightened by cuts that bring in all draws.

    For continuous doses, and for problems that are too large for `Enumerate`, which is much the faster of the two below
    its limit. The optimum is proven to 1e-6 of the size of the numbers; ties that are closer are broken only among the
    choices that were seen. For convex objectives (`AbsoluteError`, `SquaredError`, `WorstDimension`) under any risk.

    Parameters
    ----------
    time_limit : float, default 60.0
        Seconds for the search of the plan; the search for a choice inside the tolerance, for relaxations, and
        cross-fitting may take as long again each.
    """

    time_limit: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_time(self.time_limit)
        if not self.objective.convex:
            raise PlanError(
                f"The {self.objective.words} cannot be written as a mixed-integer linear program. "
                "Plan with `Enumerate(...)`, or with another objective."
            )

    def search(self, problem: Problem, keep: int, share: float = 1.0) -> Search:
        """Return the best choices found within `share` of the time limit, with HiGHS's own bound."""
        from causalvalues.planning.mixed_integer import branch_and_cut

        return branch_and_cut(problem, keep, self.time_limit * share)


def check_enumerable(problem: Problem, most: int) -> None:
    """Raise `PlanError` when a dose is continuous or there are more than `most` choices."""
    for lever in problem.levers:
        if lever.interval is not None:
            raise PlanError(
                f"Lever {lever.node!r} has a continuous dose, which cannot be listed. Plan with `MixedInteger(...)`, "
                "or list doses."
            )
    count = count_choices(problem)
    if count > most:
        raise PlanError(
            f"There are {count:,} choices of levers and doses, more than {most:,}. "
            "Lower `max_levers`, offer fewer doses, or plan with `MixedInteger(...)`."
        )


def _check_time(seconds: float) -> None:
    if not as_number(seconds, "The time limit") > 0:
        raise PlanError(f"The time limit is {seconds}. Give a positive number of seconds.")
