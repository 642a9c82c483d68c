"""The verb: choose levers and doses that bring a profile as near to a target as they can, and say how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from causalvalues.interventions import Intervention, Lever, Set, Shift
from causalvalues.planning.crossfit import choice_note, cross_fit
from causalvalues.planning.explain import (
    budget_note,
    chance_of,
    coverage_note,
    directness,
    ledger_table,
    scale_note,
)
from causalvalues.planning.mechanisms import Model, Start
from causalvalues.planning.methods import Enumerate, PlanMethod
from causalvalues.planning.nouns import Plan, Status
from causalvalues.planning.outlook import chance, predicted_table, side_effect_table
from causalvalues.planning.pose import pose
from causalvalues.planning.problem import Choice, Problem, Search, mean_over_draws, reached_by
from causalvalues.planning.ranks import spearman
from causalvalues.planning.reach import (
    Reach,
    at_limit,
    best_inside,
    broken,
    clash_with_profile,
    inside_sentence,
    out_of_reach,
    status_of,
)
from causalvalues.planning.relaxations import helpful_relaxations
from causalvalues.planning.targets import Target

_DEFAULT = Enumerate()


def plan(
    model: Model,
    start: Start,
    target: Target,
    levers: Sequence[Lever],
    method: PlanMethod = _DEFAULT,
) -> Plan:
    """Choose levers and doses with the least expected weighted sum of absolute errors, with a proof.

    By a structural model the reached profile of each draw is start + sum over levers of dose * total effect, plus, for
    each combination of levers that was tried, the product of its doses * its own effect. A lever node is set to its
    dose; a lever on a value adds its dose to it (`Shift`). By a response to levers the profile is as the response says:
    effects, and what a unit keeps of its start, depend on the sum of absolute doses, so that choices of each such sum
    are searched by themselves, and the best of all wins.

    The objective is the mean over the weighted draws of sum_i w_i |reached_i - wanted_i|, unless the method has another
    objective or risk; the profile's weights are 1 unless given. When the target has no profile (only a ranking, bounds
    or changes), the wanted profile is the start itself with weight 1 for every value: the smallest change that
    meets the constraints. Ranking, bounds and changes constrain the mean reached profile. Ties go to fewer levers, then
    lower cost, then names.

    Parameters
    ----------
    model : StructuralModel or LeverResponse
    start : mapping of str to float, Series or None
        Scores of one unit without any lever, for every value; the unit keeps what the model does not explain about it
        (by a response, as much of it as the response says). None: a new unit from the population, at its mean without
        levers, whose predictive interval includes what sets one unit apart.
    target : Target
    levers : sequence of Lever
        Each acts on a lever node or on a value of the model, or has a stated prior.
    method : PlanMethod, default ``Enumerate()``
        `Enumerate` or `MixedInteger`, with the rules and the objective of the plan.

    Returns
    -------
    Plan

    Raises
    ------
    PlanError
        If the target or the start names an unknown value; the constraints contradict each other (the smallest
        contradiction is named); a lever acts on an unknown node (and has no prior), on a combination, twice, or without
        any effect; an exclusion or prerequisite names an unknown lever; there are too many choices for `Enumerate`, or
        a continuous dose; or the method's `halves` have other nodes than the model.

    Notes
    -----
    Cross-fitting: among many candidates the one that looks best does so partly by luck, and all draws of one model
    share that luck, because they come from the same rows. With `halves` of the method, two models of two disjoint
    halves of the data, the plan is chosen with one and judged by the other, both ways round.

    Examples
    --------
    >>> from causalvalues import StructuralModel
    >>> effects = [[0, 0.5, 0], [0, 0, 0], [1, 0, 0]]
    >>> model = StructuralModel.from_coefficients(["a", "b", "push"], effects, levers=["push"])
    >>> levers = [Lever("push"), Lever("b", (0.25,))]
    >>> found = plan(model, {"a": 0, "b": 0}, Target({"b": 0.5}, tolerance=0.1), levers)
    >>> found.doses, round(found.objective, 6)
    ({'push': 1.0}, 0.0)
    """
    problem = pose(model, start, target, levers, method)
    found = method.search(problem, 1 + method.alternatives)
    chosen = found.best[0]
    reach = best_inside(problem, target, found, method) if found.proven else Reach(None, settled=False)
    status = status_of(problem, target, found, reach)
    in_sample = chance(problem, chosen.choice)
    crossed = cross_fit(model, start, target, levers, method)
    predicted = predicted_table(problem, target, chosen.choice, model.values)
    error_sum, error_mean = _errors(problem, target, chosen.choice)
    return Plan(
        status=status,
        doses={problem.levers[lever].node: dose for lever, dose in chosen.choice},
        interventions=_interventions(problem, chosen.choice),
        predicted=predicted,
        objective=chosen.objective,
        lower_bound=found.lower_bound,
        chance=in_sample if np.isnan(crossed.chance) else crossed.chance,
        chance_in_sample=in_sample,
        chance_cross_fitted=crossed.chance,
        side_effects=side_effect_table(problem, target, chosen.choice, model.values),
        cost=chosen.cost,
        alternatives=_alternatives(problem, target, found, reach),
        limits=_limits(problem, target, (found, reach), status, method),
        ledger=ledger_table(problem, chosen.choice, directness(model)),
        notes=(
            coverage_note(problem, chosen.choice, start is None),
            choice_note(problem, crossed),
            *budget_note(problem),
            *scale_note(problem, target, predicted["mean"]),
        ),
        predicted_error=crossed.predicted,
        achieved_error=crossed.achieved,
        chance_of=chance_of(problem, chosen.choice, start is None),
        error_sum=error_sum,
        error_mean=error_mean,
        rank_correlation=_rank_correlation(problem, target, chosen.choice),
        units=target.units,
        aim=problem.aim.words,
    )


def _errors(problem: Problem, target: Target, choice: Choice) -> tuple[float, float]:
    """Return the sum and the mean, over the values of the profile, of the expected absolute error."""
    reached = reached_by(problem, choice)
    errors = []
    for place in problem.named:
        name = problem.values[place]
        ends = target.in_units(name, reached[:, place])
        wanted = target.asked[name] if name in target.asked else problem.wanted[:, place]
        errors.append(float(mean_over_draws(problem, np.abs(ends - wanted))))
    return math.fsum(errors), math.fsum(errors) / len(errors)


def _rank_correlation(problem: Problem, target: Target, choice: Choice) -> float:
    """Return Spearman's correlation of the mean predicted with the wanted profile, in the units of the target."""
    names = [problem.values[place] for place in problem.named]
    if len(set(target.asked.values())) < 2:
        return math.nan
    mean = mean_over_draws(problem, reached_by(problem, choice))
    ends = [float(target.in_units(n, mean[p])) for n, p in zip(names, problem.named, strict=True)]
    return float(spearman(np.array(ends), np.array([target.asked[name] for name in names])))


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
    held = (*broken(problem, choice), *out_of_reach(problem, target, choice), *clash_with_profile(problem, target))
    if status is Status.TIME_LIMIT:
        left = "what would help" if not found.proven else "whether another choice ends inside the tolerance"
        return (*held, f"The time limit ended the search; {left} was not looked at. Allow more time.")
    if reach.inside is not None:
        held = (inside_sentence(problem, found.best[0], reach.inside), *held)
    return (*held, *at_limit(problem, choice), *helpful_relaxations(problem, target, found, status, method))
