"""Which choices end inside the tolerance, and what holds the others back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.planning.constraints import Rows, box_rows, contradiction
from causalvalues.planning.methods import PlanMethod
from causalvalues.planning.nouns import Status
from causalvalues.planning.problem import Choice, Problem, Scored, Search, cost_of, excess, mean_over_draws, reached_by
from causalvalues.planning.targets import Target


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
    asked, box = problem.constraints, box_rows(target, problem.values)
    both = Rows(
        np.concatenate([asked.matrix, box.matrix]), np.concatenate([asked.right, box.right]), asked.names + box.names
    )
    return replace(problem, constraints=both)


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
    reached = mean_over_draws(problem, reached_by(problem, choice))
    found = []
    for name, (low, high) in sorted(target.box.items()):
        score = float(reached[problem.values.index(name)])
        if low - problem.slack <= score <= high + problem.slack:
            continue
        end, wanted = float(target.in_units(name, np.array(score))), target.asked[name]
        side, beyond = "below" if score < low else "above", abs(end - wanted) - target.tolerance
        ends = f"priority {end:.3g}" if target.priorities else f"{end:.3g}"
        found.append(
            f"{name!r} ends at {ends}, {abs(end - wanted):.3g} {side} its target {wanted:g}: "
            f"{beyond:.3g} outside the tolerance {target.tolerance:g}."
        )
    return tuple(found)


def broken(problem: Problem, choice: Choice) -> tuple[str, ...]:
    """Return one sentence for each constraint that the choice breaks."""
    over = excess(problem, mean_over_draws(problem, reached_by(problem, choice)))
    named = zip(problem.constraints.names, over, strict=True)
    return tuple(f"The constraint {name} is missed by {by:.3g}." for name, by in named if by > 0)


def clash_with_profile(problem: Problem, target: Target) -> tuple[str, ...]:
    """Return one sentence when no profile at all could meet both the tolerance and the constraints."""
    clash = contradiction(boxed(problem, target).constraints)
    if not clash:
        return ()
    return (f"No profile at all can meet these together, whatever the levers: {'; '.join(clash)}.",)


def at_limit(problem: Problem, choice: Choice) -> tuple[str, ...]:
    """Return which levers are at their largest dose, and whether the number of levers or the budget binds."""
    found = []
    for place, dose in choice:
        doses = problem.levers[place].doses
        if len(doses) > 1 and dose in (min(doses), max(doses)):
            found.append(f"Lever {problem.levers[place].node!r} is at the end of its doses ({dose:g}).")
    if len(choice) == problem.max_levers < len(problem.levers):
        found.append(f"All {problem.max_levers} levers that `max_levers` allows are used.")
    if problem.budget > 0 and math.isfinite(problem.budget):
        found.append(f"The plan costs {cost_of(problem, choice):g} of the budget {problem.budget:g}.")
    return tuple(found)


def in_words(problem: Problem, scored: Scored) -> str:
    """Return a choice as text, such as ``a x 1, b x 0.5``."""
    return ", ".join(f"{problem.levers[place].node} x {dose:g}" for place, dose in scored.choice) or "no lever"


def inside_sentence(problem: Problem, best: Scored, inside: Scored) -> str:
    """Return which other choice ends inside the tolerance, and what it costs in expected error."""
    return (
        f"Another choice ends inside the tolerance: {in_words(problem, inside)}, with {problem.aim.words} "
        f"{inside.objective:.3g} against {best.objective:.3g}; it is the first of `alternatives`."
    )
