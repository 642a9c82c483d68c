"""The verb: choose levers and doses that bring a profile as near to a target as they can, and say how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from causalvalues.interventions import Intervention, Lever, Set, Shift
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.crossfit import choice_note, cross_fit
from causalvalues.planning.explain import chance_of, coverage_note, directness, ledger_table
from causalvalues.planning.methods import Enumerate, PlanMethod
from causalvalues.planning.nouns import Plan, Status, Target
from causalvalues.planning.outlook import look_ahead, predicted_table, side_effect_table
from causalvalues.planning.pose import Start, pose
from causalvalues.planning.problem import Choice, Problem, Search
from causalvalues.planning.reach import (
    Reach,
    at_limit,
    best_inside,
    broken,
    inside_sentence,
    out_of_reach,
    status_of,
)
from causalvalues.planning.relaxations import helpful_relaxations

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
        interval then includes the unit's residual, which holds how units differ (no heterogeneity is added).
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
        without any effect; an exclusion names an unknown lever; there are too many choices for `Enumerate`; or the
        method's `halves` have other nodes than the model.

    Notes
    -----
    Cross-fitting: among many candidates the one that looks best does so partly by luck, and all draws of one model
    share that luck, because they come from the same rows. With `halves` of the method, two models of two disjoint
    halves of the data, the plan is chosen with one and judged by the other, both ways round.

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
    reach = best_inside(problem, target, found, method) if found.proven else Reach(None, settled=False)
    status = status_of(problem, target, found, reach)
    in_sample = outlook.chance(chosen.choice)
    crossed = cross_fit(model, start, target, levers, method)
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
        alternatives=_alternatives(problem, target, found, reach),
        limits=_limits(problem, target, (found, reach), status, method),
        ledger=ledger_table(problem, chosen.choice, direct),
        notes=(coverage_note(outlook, chosen.choice, start is None), choice_note(problem, crossed)),
        predicted_error=crossed.predicted,
        achieved_error=crossed.achieved,
        chance_of=chance_of(outlook, chosen.choice, start is None),
    )


def _interventions(problem: Problem, choice: Choice) -> tuple[Intervention, ...]:
    return tuple(
        Set(problem.levers[lever].node, dose) if problem.is_node[lever] else Shift(problem.levers[lever].node, dose)
        for lever, dose in choice
    )


def _alternatives(problem: Problem, target: Target, found: Search, reach: Reach) -> pd.DataFrame:
    """Return the next best choices; when the best ends outside the tolerance, the best one inside comes first."""
    following = list(found.best[1:])
    if reach.inside is not None and reach.inside.choice != found.best[0].choice:
        following = [reach.inside, *(item for item in following if item.choice != reach.inside.choice)]
    rows = [
        {
            "doses": {problem.levers[lever].node: dose for lever, dose in item.choice},
            "objective": item.objective,
            "cost": item.cost,
            "inside": not out_of_reach(problem, target, item.choice),
        }
        for item in following
    ]
    return pd.DataFrame(rows, columns=["doses", "objective", "cost", "inside"])


def _limits(
    problem: Problem, target: Target, seen: tuple[Search, Reach], status: Status, method: PlanMethod
) -> tuple[str, ...]:
    if status is Status.OPTIMAL:
        return ()
    found, reach = seen
    choice = found.best[0].choice
    held = (*broken(problem, choice), *out_of_reach(problem, target, choice))
    if status is Status.TIME_LIMIT:
        left = "what would help" if not found.proven else "whether another choice ends inside the tolerance"
        return (*held, f"The time limit ended the search; {left} was not looked at. Allow more time.")
    if reach.inside is not None:
        held = (inside_sentence(problem, found.best[0], reach.inside), *held)
    return (*held, *at_limit(problem, choice), *helpful_relaxations(problem, target, found, status, method))
