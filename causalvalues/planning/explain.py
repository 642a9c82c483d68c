"""What a plan rests on and what holds it back: ledger, limits, relaxations, notes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError
from causalvalues.model.ledger import Basis
from causalvalues.planning.methods import PlanMethod
from causalvalues.planning.nouns import Target
from causalvalues.planning.outlook import Outlook
from causalvalues.planning.problem import Choice, Problem, Scored, Search, cost_of, effect_of, excess, mean_over_draws

_MOST_RELAXATIONS = 12


def ledger_table(problem: Problem, choice: Choice, direct: dict[str, bool]) -> pd.DataFrame:
    """Return one row a chosen lever: how its part of the prediction is identified.

    Parameters
    ----------
    problem : Problem
    choice : Choice
    direct : dict of str to bool
        For each lever node, whether it acts directly on every value in every draw (a saturated lever model).
    """
    nodes = tuple(lever for lever, _ in choice if problem.is_node[lever])
    extrapolated = len(nodes) > 1 and nodes not in problem.combinations
    rows = []
    for place, dose in choice:
        lever = problem.levers[place]
        basis, rests_on = _basis(problem, place, extrapolated, direct)
        if problem.is_node[place] and dose != 1:
            rests_on += (
                f"; dose {dose:g} as {dose:g} times dose 1, since the model does not hold which doses were tried"
            )
        row = {"lever": lever.node, "dose": dose, "cost": cost_of(problem, ((place, dose),)), "label": lever.label}
        rows.append({**row, "basis": basis, "rests_on": rests_on})
    return pd.DataFrame(rows, columns=["lever", "dose", "cost", "label", "basis", "rests_on"])


def _basis(problem: Problem, place: int, extrapolated: bool, direct: dict[str, bool]) -> tuple[str, str]:
    """Return the weakest basis that the prediction for a lever stands on, and a sentence."""
    if not problem.is_node[place]:
        what = "the arrows out of this value, no hidden common cause, and a push that moves this value alone"
        return Basis.GRAPH.value, what
    if extrapolated:
        what = "these levers were never tried together; their effects are added up, which may be too much"
        return Basis.EXTRAPOLATED.value, what
    if direct[problem.levers[place].node]:
        return Basis.DESIGN.value, "the contrast with and without the lever"
    what = "the contrast for the values that the lever acts on directly, the graph for the others"
    return Basis.GRAPH.value, what


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


def helpful_relaxations(problem: Problem, target: Target, found: Search, method: PlanMethod) -> tuple[str, ...]:
    """Return what a single relaxation would win, one sentence each; or that none helps."""
    now = found.best[0]
    sentences = []
    tasks = list(islice(_relaxations(problem, found.feasible), _MOST_RELAXATIONS))
    for what, relaxed in tasks:
        try:
            answer = method.search(relaxed, 1, 1.0 / len(tasks))
        except PlanError:
            sentences.append(f"{what}: not looked at, there are too many choices for this method.")
            continue
        then = answer.best[0]
        better = then.objective < now.objective - 100 * problem.slack
        if found.feasible and answer.feasible and better:
            reaches = "" if out_of_reach(relaxed, target, then.choice) else " and reaches the target"
            change = f"from {now.objective:.3g} to {then.objective:.3g}{reaches}"
            sentences.append(f"{what} lowers the expected error {change}: {in_words(relaxed, then)}.")
        if not found.feasible and answer.feasible:
            sentences.append(f"{what} makes the rest feasible: {in_words(relaxed, then)}.")
    return tuple(sentences) or ("No single relaxation of these rules helps: these levers do not reach further.",)


def _relaxations(problem: Problem, feasible: bool) -> Iterator[tuple[str, Problem]]:
    if problem.max_levers < len(problem.levers):
        more = problem.max_levers + 1
        yield f"One more lever (max_levers={more})", replace(problem, max_levers=more)
    if math.isfinite(problem.budget):
        yield "No budget", replace(problem, budget=math.inf)
    if problem.cells is not None and sum(problem.is_node) > 1 and problem.max_levers > 1:
        yield "Combining levers that were never tried together (untried=True)", replace(problem, cells=None)
    if not feasible:
        for i, name in enumerate(problem.row_names):
            keep = [j for j in range(len(problem.row_names)) if j != i]
            names = tuple(problem.row_names[j] for j in keep)
            without = replace(problem, rows=problem.rows[keep], right=problem.right[keep], row_names=names)
            yield f"Dropping the constraint {name}", without
    for pair in sorted(problem.excluded):
        a, b = (problem.levers[place].node for place in pair)
        yield f"Allowing {a!r} together with {b!r}", replace(problem, excluded=problem.excluded - {pair})


def in_words(problem: Problem, scored: Scored) -> str:
    """Return a choice as text, such as ``a x 1, b x 0.5``."""
    return ", ".join(f"{problem.levers[place].node} x {dose:g}" for place, dose in scored.choice) or "no lever"


def coverage_note(outlook: Outlook, choice: Choice, new_unit: bool) -> str:
    """Return one sentence on what the interval and the chance cover and what they leave out."""
    problem = outlook.problem
    s = len(problem.weights)
    inside = [f"parameters and graph ({s} draws)"] if s > 1 else []
    outside = [] if s > 1 else ["parameters and graph (one draw)"]
    if new_unit:
        inside.append("the residual of a new unit")
    known = outlook.heterogeneity.covers(problem, choice)
    if known:
        inside.append("how units differ in the effect of " + ", ".join(known))
    elif any(outlook.heterogeneity.repeat.get(name, 0.0) for name in problem.values):
        inside.append("the noise of a repeated answer")
    elif not new_unit:
        outside.append("the noise of a repeated answer")
    unknown = [problem.levers[lever].node for lever, _ in choice if problem.levers[lever].node not in known]
    if unknown:
        outside.append("how units differ in the effect of " + ", ".join(unknown) + " (give `heterogeneity`)")
    text = "The interval and the chance cover " + (", ".join(inside) or "nothing but the point prediction")
    return text + ("; they leave out " + ", ".join(outside) if outside else "") + "."


def directness(coefficients: np.ndarray, values: int, levers: tuple[str, ...]) -> dict[str, bool]:
    """Say for each lever node whether it has a direct effect on every value in every draw."""
    block = coefficients[:, values : values + len(levers), :values]
    return {lever: bool((block[:, i] != 0).all()) for i, lever in enumerate(levers)}
