"""What a plan would win if one rule were dropped."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from causalvalues.errors import PlanError
from causalvalues.planning.constraints import Rows
from causalvalues.planning.methods import PlanMethod
from causalvalues.planning.nouns import Status
from causalvalues.planning.problem import Problem, Scored, Search
from causalvalues.planning.reach import Reach, best_inside, in_words, out_of_reach
from causalvalues.planning.targets import Target

_MOST = 12


def helpful_relaxations(
    problem: Problem, target: Target, found: Search, status: Status, method: PlanMethod
) -> tuple[str, ...]:
    """Return what a single relaxation would win, one sentence each; or that none helps.

    Parameters
    ----------
    problem : Problem
    target : Target
    found : Search
        Proven.
    status : Status
        Of `found`: when it is UNREACHABLE, a relaxation also helps that brings any choice inside the tolerance.
    method : PlanMethod
    """
    every = list(_relaxations(problem, found.feasible))
    tasks, settled, sentences = every[:_MOST], len(every) <= _MOST, []
    for what, relaxed in tasks:
        try:
            answer = method.search(relaxed, 1, 0.5 / len(tasks))
        except PlanError:
            sentences.append(f"{what}: not looked at, there are too many choices for this method.")
            continue
        settled = settled and answer.proven
        if not found.feasible:
            sentences += [f"{what} makes the rest feasible: {in_words(relaxed, answer.best[0])}."] * answer.feasible
            continue
        reach = Reach(None)
        if status is Status.UNREACHABLE:
            reach = best_inside(relaxed, target, answer, method, 0.5 / len(tasks))
        settled = settled and reach.settled
        won = _won(relaxed, target, found.best[0], answer, reach)
        sentences += [f"{what} {won}."] if won else []
    if len(every) > _MOST:
        sentences.append(f"{len(every) - _MOST} more relaxations were not looked at.")
    return tuple(sentences) or (_nothing(status, settled),)


def _won(relaxed: Problem, target: Target, now: Scored, answer: Search, reach: Reach) -> str:
    """Return in words what a relaxation wins: a smaller expected error, a choice inside the tolerance; "" for neither.

    `reach` is empty when a choice was inside before.
    """
    then, found = answer.best[0], []
    hits = not out_of_reach(relaxed, target, then.choice)
    if then.objective < now.objective - 100 * relaxed.fine:
        change = f"from {now.objective:.3g} to {then.objective:.3g}{' and reaches the target' if hits else ''}"
        found.append(f"lowers the {relaxed.aim.words} {change}: {in_words(relaxed, then)}")
    if reach.inside is not None and not (found and hits):
        error = f"{relaxed.aim.words} {reach.inside.objective:.3g}"
        found.append(f"brings a choice inside the tolerance: {in_words(relaxed, reach.inside)} ({error})")
    return "; it ".join(found)


def _nothing(status: Status, settled: bool) -> str:
    if not settled:
        return "No single relaxation of these rules was found to help, but the search was stopped before it was done."
    if status is Status.UNREACHABLE:
        return "No single relaxation of these rules helps: these levers do not reach further."
    if status is Status.INFEASIBLE:
        return "No single relaxation of these rules makes the rest feasible."
    return "No single relaxation of these rules lowers the objective."


def _relaxations(problem: Problem, feasible: bool) -> Iterator[tuple[str, Problem]]:
    if problem.max_levers < len(problem.levers):
        more = problem.max_levers + 1
        yield f"One more lever (max_levers={more})", replace(problem, max_levers=more)
    if math.isfinite(problem.budget):
        yield "No budget", replace(problem, budget=math.inf)
    if problem.cells is not None and sum(problem.is_node) > 1 and problem.max_levers > 1:
        yield "Combining levers that were never tried together (untried=True)", replace(problem, cells=None)
    if not feasible:
        asked = problem.constraints
        for i, name in enumerate(asked.names):
            keep = [j for j in range(len(asked.names)) if j != i]
            rest = Rows(asked.matrix[keep], asked.right[keep], tuple(asked.names[j] for j in keep))
            yield f"Dropping the constraint {name}", replace(problem, constraints=rest)
    for pair in sorted(problem.excluded):
        a, b = (problem.levers[place].node for place in pair)
        yield f"Allowing {a!r} together with {b!r}", replace(problem, excluded=problem.excluded - {pair})
    for pair in sorted(problem.required):
        a, b = (problem.levers[place].node for place in pair)
        yield f"Using {a!r} without {b!r}", replace(problem, required=problem.required - {pair})
