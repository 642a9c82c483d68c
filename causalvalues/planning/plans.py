"""The verb: choose levers and doses that bring a profile as near to a target as they can, and say how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from causalvalues.interventions import Intervention, Lever, Set, Shift
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.explain import (
    at_limit,
    broken,
    coverage_note,
    directness,
    helpful_relaxations,
    ledger_table,
    out_of_reach,
)
from causalvalues.planning.methods import Enumerate, PlanMethod
from causalvalues.planning.nouns import Plan, Status, Target
from causalvalues.planning.outlook import Outlook, look_ahead, predicted_table, side_effect_table
from causalvalues.planning.pose import Start, pose
from causalvalues.planning.problem import Choice, Problem, Search, score

_LEAST_DRAWS = 20
_DEFAULT = Enumerate()


def plan(
    model: StructuralModel,
    start: Start,
    target: Target,
    levers: Sequence[Lever],
    method: PlanMethod = _DEFAULT,
) -> Plan:
    """Choose levers and doses with the least expected weighted sum of absolute errors, with a proof.

    The reached profile of each draw is start + sum over levers of dose * total effect, plus, for each combination of
    levers that was tried, the product of its doses * its own effect. A lever node is set to its dose; a lever on a
    value adds its dose to it (`Shift`). The objective is the mean over the weighted draws of
    sum_i w_i |reached_i - wanted_i|; the profile's weights are 1 unless given. When the target has no profile (only a
    ranking or bounds), the wanted profile is the start itself with weight 1 for every value: the smallest change that
    meets the constraints. Ranking and bounds constrain the mean reached profile. Ties go to fewer levers, then
    lower cost, then names.

    Parameters
    ----------
    model : StructuralModel
    start : mapping of str to float, Series or None
        Scores of one unit without any lever, for every value; the unit keeps what the model does not explain about it.
        None: a new unit from the population; each draw starts from its own mean without levers, and the predictive
        interval then includes the unit's residual.
    target : Target
    levers : sequence of Lever
        Each acts on a lever node or on a value of the model.
    method : PlanMethod, default ``Enumerate()``
        `Enumerate` or `MixedInteger`, with the rules of the plan.

    Returns
    -------
    Plan

    Raises
    ------
    PlanError
        If the target or the start names an unknown value; a lever acts on an unknown node, on a combination, twice, or
        without any effect; an exclusion names an unknown lever; or there are too many choices for `Enumerate`.

    Notes
    -----
    Cross-fitting: the plan is chosen again on the even and on the odd draws and judged by the other half. This takes
    out the optimism of choosing among draws, not the error that all draws share because they come from the same rows.

    Examples
    --------
    >>> effects = [[0, 0.5, 0], [0, 0, 0], [1, 0, 0]]
    >>> model = StructuralModel.from_coefficients(["a", "b", "push"], effects, levers=["push"])
    >>> levers = [Lever("push"), Lever("b", (0.25,))]
    >>> found = plan(model, {"a": 0, "b": 0}, Target({"b": 0.5}, tolerance=0.1), levers)
    >>> found.doses, round(found.objective, 6)
    ({'push': 1.0}, 0.0)
    """
    problem = pose(model, start, target, levers, method)
    found = method.search(problem, 1 + method.alternatives)
    outlook = look_ahead(model, problem, target, start is None, (method.heterogeneity, method.seed))
    chosen = found.best[0]
    status = _status(problem, target, found)
    in_sample = outlook.chance(chosen.choice)
    crossed = _cross_fit(problem, outlook, method)
    direct = directness(model.coefficients, len(model.values), model.levers)
    return Plan(
        status=status,
        doses={problem.levers[lever].node: dose for lever, dose in chosen.choice},
        interventions=_interventions(problem, chosen.choice),
        predicted=predicted_table(outlook, chosen.choice, model.values),
        objective=chosen.objective,
        lower_bound=found.lower_bound,
        chance=in_sample if np.isnan(crossed.chance) else crossed.chance,
        chance_in_sample=in_sample,
        chance_cross_fitted=crossed.chance,
        side_effects=side_effect_table(outlook, chosen.choice, model.values),
        cost=chosen.cost,
        alternatives=_alternatives(problem, found),
        limits=_limits(problem, target, found, status, method),
        ledger=ledger_table(problem, chosen.choice, direct),
        notes=(coverage_note(outlook, chosen.choice, start is None), *crossed.sentences()),
        predicted_error=crossed.predicted,
        achieved_error=crossed.achieved,
    )


def _status(problem: Problem, target: Target, found: Search) -> Status:
    if not found.proven:
        return Status.TIME_LIMIT
    if not found.feasible:
        return Status.INFEASIBLE
    return Status.UNREACHABLE if out_of_reach(problem, target, found.best[0].choice) else Status.OPTIMAL


def _interventions(problem: Problem, choice: Choice) -> tuple[Intervention, ...]:
    return tuple(
        Set(problem.levers[lever].node, dose) if problem.is_node[lever] else Shift(problem.levers[lever].node, dose)
        for lever, dose in choice
    )


def _alternatives(problem: Problem, found: Search) -> pd.DataFrame:
    rows = [
        {
            "doses": {problem.levers[lever].node: dose for lever, dose in item.choice},
            "objective": item.objective,
            "cost": item.cost,
        }
        for item in found.best[1:]
    ]
    return pd.DataFrame(rows, columns=["doses", "objective", "cost"])


def _limits(problem: Problem, target: Target, found: Search, status: Status, method: PlanMethod) -> tuple[str, ...]:
    choice = found.best[0].choice
    held = (*broken(problem, choice), *out_of_reach(problem, target, choice))
    if status is Status.OPTIMAL:
        return ()
    if status is Status.TIME_LIMIT:
        return (*held, "The time limit ended the search; what would help was not looked at. Allow more time.")
    return (*held, *at_limit(problem, choice), *helpful_relaxations(problem, target, found, method))


class _CrossFit(NamedTuple):
    """Chosen on one half of the draws, judged by the other, both ways round."""

    chance: float
    predicted: float
    achieved: float

    def sentences(self) -> tuple[str, ...]:
        if np.isnan(self.chance):
            return (
                f"There are fewer than {_LEAST_DRAWS} draws, so nothing is cross-fitted and the chance is in sample.",
            )
        return (
            f"Chosen on one half of the draws and judged by the other: predicted error {self.predicted:.3f}, "
            f"achieved {self.achieved:.3f}, chance {self.chance:.0%}.",
        )


def _cross_fit(problem: Problem, outlook: Outlook, method: PlanMethod) -> _CrossFit:
    s = len(problem.weights)
    halves = np.arange(0, s, 2), np.arange(1, s, 2)
    if s < _LEAST_DRAWS or any(problem.weights[half].sum() <= 0 for half in halves):
        return _CrossFit(np.nan, np.nan, np.nan)
    chances, predicted, achieved = [], [], []
    for chooser, judge in (halves, halves[::-1]):
        best = method.search(problem.on(chooser), 1, 0.5).best[0]
        predicted.append(best.objective)
        achieved.append(score(problem.on(judge), best.choice).objective)
        chances.append(outlook.on(judge).chance(best.choice))
    return _CrossFit(float(np.mean(chances)), float(np.mean(predicted)), float(np.mean(achieved)))
