"""How to plan: settings that all methods share, and the two methods, both exact."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from causalvalues.errors import PlanError
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.choices import count_choices
from causalvalues.planning.heterogeneity import Heterogeneity
from causalvalues.planning.problem import Problem, Search


@dataclass(frozen=True, kw_only=True)
class PlanMethod(ABC):
    """What a plan may use and what it minimises; a method adds the way of searching.

    Parameters
    ----------
    max_levers : int, default 3
        At most this many levers together.
    budget : float, default inf
        Most that the plan may cost: sum of cost * |dose|.
    untried : bool, default False
        Whether lever nodes may be combined that were never tried together. Their effects are then added up, which
        over-predicts when levers saturate, and the plan is marked as extrapolated. Pushes on values may always
        be combined: their sum follows from the graph.
    side_effect_weight : float, default 0.0
        Weight of E|reached - start| of each value that the target does not name.
    heterogeneity : Heterogeneity or None, default None
        How units differ in what levers do to them; needed for the chance of one given unit. Not used for a new unit,
        whose residual holds it already.
    halves : tuple of two StructuralModel, or None, default None
        Models of two disjoint halves of the data (`half_models` makes them), over the same nodes as the model: a plan
        chosen with one is judged by the other, which takes the optimism of the choice out of the chance.
    alternatives : int, default 5
        How many next best choices to return.
    seed : int, default 0
        For the predictive interval and the chance; the choice itself draws nothing.
    """

    max_levers: int = 3
    budget: float = math.inf
    untried: bool = False
    side_effect_weight: float = 0.0
    heterogeneity: Heterogeneity | None = None
    halves: tuple[StructuralModel, StructuralModel] | None = None
    alternatives: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
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

    @abstractmethod
    def search(self, problem: Problem, keep: int, share: float = 1.0) -> Search:
        """Return the `keep` best choices within a share of the time limit."""


@dataclass(frozen=True, kw_only=True)
class Enumerate(PlanMethod):
    """Look at every choice: a bound rules most of them out, the rest are scored over all draws.

    Parameters
    ----------
    most_choices : int, default 200000
        Refuse larger problems (`MixedInteger` takes them).
    """

    most_choices: int = 200_000

    def search(self, problem: Problem, keep: int, share: float = 1.0) -> Search:  # noqa: ARG002
        """Return the `keep` best choices, proven; raise `PlanError` when there are too many choices."""
        from causalvalues.planning.enumeration import search_all

        count = count_choices(problem)
        if count > self.most_choices:
            raise PlanError(
                f"There are {count:,} choices of levers and doses, more than {self.most_choices:,}. "
                "Lower `max_levers`, offer fewer doses, or plan with `MixedInteger(...)`."
            )
        return search_all(problem, keep)


@dataclass(frozen=True, kw_only=True)
class MixedInteger(PlanMethod):
    """Mixed-integer linear programs (HiGHS) over the mean profile, tightened by cuts that bring in all draws.

    For problems that are too large for `Enumerate`, which is much the faster of the two below its limit. The optimum is
    proven to 1e-6 of the size of the numbers; ties that are closer are broken only among the choices that were seen.

    Parameters
    ----------
    time_limit : float, default 60.0
        Seconds for the search of the plan; the search for a choice inside the tolerance, for relaxations, and
        cross-fitting may take as long again each.
    """

    time_limit: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.time_limit > 0:
            raise PlanError(f"The time limit is {self.time_limit}. Give a positive number of seconds.")

    def search(self, problem: Problem, keep: int, share: float = 1.0) -> Search:
        """Return the best choices found within `share` of the time limit, with HiGHS's own bound."""
        from causalvalues.planning.mixed_integer import branch_and_cut

        return branch_and_cut(problem, keep, self.time_limit * share)
