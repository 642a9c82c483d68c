"""Which choices end inside the tolerance, and what holds the others back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.planning.methods import PlanMethod
from causalvalues.planning.nouns import Status, Target
from causalvalues.planning.problem import Choice, Problem, Scored, Search, cost_of, effect_of, excess, mean_over_draws


@dataclass(frozen=True)
class Reach:
    """The best choice whose mean profile ends inside the tolerance.

    Parameters
    ----------
    inside : Scored or None
        None when there is none, or none was found.
    settled : bool
        False when time ran out before it was known whether there is one.
    """

    inside: Scored | None
    settled: bool = True


def boxed(problem: Problem, target: Target) -> Problem:
    """Return the problem with the tolerance of each named value as two more constraints on the mean profile."""
    rows, right, names = [problem.rows], [problem.right], list(problem.row_names)
    for name, wanted in sorted(target.profile.items()):
        row = np.zeros((1, len(problem.values)))
        row[0, problem.values.index(name)] = 1.0
        rows += [row, -row]
        right.append(np.array([wanted + target.tolerance, target.tolerance - wanted]))
        names += [f"{name!r} within {target.tolerance:g} of {wanted:g}"] * 2
    return replace(problem, rows=np.concatenate(rows), right=np.concatenate(right), row_names=tuple(names))


def best_inside(problem: Problem, target: Target, found: Search, method: PlanMethod, share: float = 1.0) -> Reach:
    """Return the choice with the least expected error of those inside the tolerance that meet the constraints.

    Parameters
    ----------
    problem : Problem
    target : Target
    found : Search
        What the method found; searched again only when none of its best choices is inside.
    method : PlanMethod
    share : float, default 1.0
        Of the method's time limit.
    """
    if not found.feasible:
        return Reach(None)
    for item in found.best:
        if not out_of_reach(problem, target, item.choice):
            return Reach(item)
    again = method.search(boxed(problem, target), 1, share)
    return Reach(replace(again.best[0], violation=0.0) if again.feasible else None, again.proven)


def status_of(problem: Problem, target: Target, found: Search, reach: Reach) -> Status:
    """Return how planning ended."""
    if not found.proven:
        return Status.TIME_LIMIT
    if not found.feasible:
        return Status.INFEASIBLE
    if not out_of_reach(problem, target, found.best[0].choice):
        return Status.OPTIMAL
    if reach.inside is not None:
        return Status.TRADE_OFF
    return Status.UNREACHABLE if reach.settled else Status.TIME_LIMIT


def out_of_reach(problem: Problem, target: Target, choice: Choice) -> tuple[str, ...]:
    """Return one sentence for each value whose expected score ends outside the tolerance."""
    reached = mean_over_draws(problem, problem.start + effect_of(problem, choice))
    found = []
    for name, wanted in sorted(target.profile.items()):
        end = float(reached[problem.values.index(name)])
        if abs(end - wanted) > target.tolerance + problem.slack:
            side = "below" if end < wanted else "above"
            beyond = abs(end - wanted) - target.tolerance
            found.append(
                f"{name!r} ends at {end:.3g}, {abs(end - wanted):.3g} {side} its target {wanted:g}: "
                f"{beyond:.3g} outside the tolerance {target.tolerance:g}."
            )
    return tuple(found)


def broken(problem: Problem, choice: Choice) -> tuple[str, ...]:
    """Return one sentence for each constraint that the choice breaks."""
    over = excess(problem, mean_over_draws(problem, problem.start + effect_of(problem, choice)))
    named = zip(problem.row_names, over, strict=True)
    return tuple(f"The constraint {name} is missed by {by:.3g}." for name, by in named if by > 0)


def at_limit(problem: Problem, choice: Choice) -> tuple[str, ...]:
    """Return which levers are at their largest dose, and whether the number of levers or the budget binds."""
    found = []
    for place, dose in choice:
        doses = problem.levers[place].doses
        if len(doses) > 1 and dose in (min(doses), max(doses)):
            found.append(f"Lever {problem.levers[place].node!r} is at the end of its doses ({dose:g}).")
    if len(choice) == problem.max_levers < len(problem.levers):
        found.append(f"All {problem.max_levers} levers that `max_levers` allows are used.")
    if math.isfinite(problem.budget):
        found.append(f"The plan costs {cost_of(problem, choice):g} of the budget {problem.budget:g}.")
    return tuple(found)


def in_words(problem: Problem, scored: Scored) -> str:
    """Return a choice as text, such as ``a x 1, b x 0.5``."""
    return ", ".join(f"{problem.levers[place].node} x {dose:g}" for place, dose in scored.choice) or "no lever"


def inside_sentence(problem: Problem, best: Scored, inside: Scored) -> str:
    """Return which other choice ends inside the tolerance, and what it costs in expected error."""
    return (
        f"Another choice ends inside the tolerance: {in_words(problem, inside)}, with expected error "
        f"{inside.objective:.3g} against {best.objective:.3g}; it is the first of `alternatives`."
    )
