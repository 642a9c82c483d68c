"""What a plan rests on and what its chance covers: ledger and notes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.model.ledger import Basis
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.mechanisms import Model
from causalvalues.planning.outlook import central, doses_of
from causalvalues.planning.problem import Choice, Problem, cost_of, effect_of, mean_over_draws
from causalvalues.planning.targets import Target

A_UNIT, AVERAGE, NEW_UNIT = "a unit", "the average effect", "a new unit"
_FEW = 2.0
"""A combination whose interval is this many times as wide as those of its levers is called measured on fewer rows."""


def ledger_table(problem: Problem, choice: Choice, direct: dict[str, bool]) -> pd.DataFrame:
    """Return one row a chosen lever: how its part of the prediction is identified.

    Parameters
    ----------
    problem : Problem
    choice : Choice
    direct : dict of str to bool
        For each lever node of a structural model, whether it acts directly on every value in every draw (a saturated
        lever model); empty for a response to levers.
    """
    nodes = tuple(lever for lever, _ in choice if problem.is_node[lever])
    extrapolated = len(nodes) > 1 and nodes not in problem.tried
    together = _together(problem, choice, nodes) if nodes in problem.tried else ""
    rows = []
    for place, dose in choice:
        lever = problem.levers[place]
        basis, rests_on = _basis(problem, place, extrapolated, direct)
        if nodes in problem.tried and place in nodes:
            rests_on += together
        if problem.is_node[place] and dose != 1:
            rests_on += (
                f"; dose {dose:g} as {dose:g} times dose 1, since the model does not hold which doses were tried"
            )
        row = {"lever": lever.node, "dose": dose, "cost": cost_of(problem, ((place, dose),)), "label": lever.label}
        rows.append({**row, "basis": basis, "rests_on": rests_on})
    return pd.DataFrame(rows, columns=["lever", "dose", "cost", "label", "basis", "rests_on"])


def _basis(problem: Problem, place: int, extrapolated: bool, direct: dict[str, bool]) -> tuple[str, str]:
    """Return the weakest basis that the prediction for a lever stands on, and a sentence."""
    lever = problem.levers[place]
    if lever.prior:
        said = ", ".join(f"{name} {mean:+.3g} (sd {sd:.3g})" for name, (mean, sd) in sorted(lever.prior.items()))
        return Basis.PRIOR.value, f"stated by the user, never seen in the data: dose 1 adds {said}, and nothing else"
    if not problem.is_node[place]:
        what = "the arrows out of this value, no hidden common cause, and a push that moves this value alone"
        return Basis.GRAPH.value, what
    if extrapolated:
        what = "these levers were never tried together; their effects are added up, which may be too much"
        if problem.mechanism.by_strength:
            what = "these levers were never tried together; how effects combine is fitted on other combinations"
        return Basis.EXTRAPOLATED.value, what
    if problem.mechanism.by_strength:
        return Basis.DESIGN.value, "answers of the same units with and without it, whoever sets it at will"
    if direct[problem.levers[place].node]:
        return Basis.DESIGN.value, "the contrast with and without the lever"
    what = "the contrast for the values that the lever acts on directly, the graph for the others"
    return Basis.GRAPH.value, what


def _together(problem: Problem, choice: Choice, nodes: tuple[int, ...]) -> str:
    """Return how sure the effect of a tried combination is: the 90% interval over the draws where it is widest."""
    if len(problem.weights) < 2:
        return ""
    cell = tuple(part for part in choice if part[0] in nodes)
    effect = effect_of(problem, cell)
    low, high = central(effect, problem.weights)
    value = int(np.argmax((high - low) * (problem.error_weights > 0)))
    alone = [central(effect_of(problem, (part,)), problem.weights) for part in cell]
    widest = max(float(above[value] - below[value]) for below, above in alone)
    mean, width = float(mean_over_draws(problem, effect)[value]), float(high[value] - low[value])
    text = (
        f"; used together they change {problem.values[value]!r} by {mean:.2g} "
        f"(90% interval {low[value]:.2g} to {high[value]:.2g})"
    )
    if width > _FEW * widest > 0:
        text += f", {width / widest:.1f} times as wide as for a lever alone, as when few rows had this combination"
    return text


def chance_of(problem: Problem, choice: Choice, new_unit: bool) -> str:
    """Return what the chance and the interval are about."""
    if new_unit:
        return NEW_UNIT
    if problem.noise.answer is not None:
        return A_UNIT
    if not choice:
        return A_UNIT if any(problem.noise.heterogeneity.repeat.get(name, 0.0) for name in problem.values) else AVERAGE
    return A_UNIT if len(problem.noise.heterogeneity.covers(doses_of(problem, choice))) == len(choice) else AVERAGE


def coverage_note(problem: Problem, choice: Choice, new_unit: bool) -> str:
    """Return what the interval and the chance cover, what they leave out, and what they are about."""
    s = len(problem.weights)
    what = "parameters" if problem.noise.answer is not None else "parameters and graph"
    inside = [f"{what} ({s} draws)"] if s > 1 else []
    outside = [] if s > 1 else [f"{what} (one draw)"]
    if problem.noise.answer is not None:
        inside.append("how units differ in what levers do and the noise of an answer, as the response holds them")
        if new_unit:
            inside.append("the start of a new unit (values as if they differed independently of each other)")
        return _covers(inside, outside)
    if new_unit:
        inside.append(
            "the residual of a new unit (it holds how units differ in the effect of the levers and the noise of an "
            "answer, so no heterogeneity is added; being pooled over all rows, it is too narrow for a lever that makes "
            "units differ more than they do without it)"
        )
        return _covers(inside, outside)
    heterogeneity = problem.noise.heterogeneity
    known = heterogeneity.covers(doses_of(problem, choice))
    if known:
        inside.append("how units differ in the effect of " + ", ".join(known))
    elif any(heterogeneity.repeat.get(name, 0.0) for name in problem.values):
        inside.append("the noise of a repeated answer")
    else:
        outside.append("the noise of a repeated answer")
    unknown = [problem.levers[lever].node for lever, _ in choice if problem.levers[lever].node not in known]
    if unknown:
        outside.append("how units differ in the effect of " + ", ".join(unknown) + " (give `heterogeneity`)")
    text = _covers(inside, outside)
    if chance_of(problem, choice, new_unit) == AVERAGE:
        text += (
            " It is the chance that the AVERAGE effect hits; one unit differs more: give "
            "`heterogeneity=Heterogeneity.from_answers(matrix)` to the method."
        )
    return text


def _covers(inside: list[str], outside: list[str]) -> str:
    text = "The interval and the chance cover " + (", ".join(inside) or "nothing but the point prediction")
    return text + ("; they leave out " + ", ".join(outside) if outside else "") + "."


def directness(model: Model) -> dict[str, bool]:
    """Say for each lever node of a structural model whether it acts directly on every value in every draw."""
    if not isinstance(model, StructuralModel):
        return {}
    p = len(model.values)
    block = model.coefficients[:, p : p + len(model.levers), :p]
    return {lever: bool((block[:, i] != 0).all()) for i, lever in enumerate(model.levers)}


def budget_note(problem: Problem) -> tuple[str, ...]:
    """Say plainly what a budget of zero allows."""
    if problem.budget > 0:
        return ()
    free = [lever.node for lever in problem.levers if lever.cost == 0]
    left = f"only levers without cost may be used: {', '.join(map(repr, free))}" if free else "so no lever can be used"
    return (f"The budget is zero, {left}.",)


def scale_note(problem: Problem, target: Target, mean: pd.Series) -> tuple[str, ...]:
    """Say which predicted means leave the scale of the scores."""
    if target.limits is None:
        return ()
    low, high = target.limits
    out = sorted(str(name) for name, score in mean.items() if not low - problem.slack <= score <= high + problem.slack)
    if not out:
        return ()
    return (
        f"Predicted to leave the scale from {low:g} to {high:g}, which cannot happen: {', '.join(map(repr, out))}.",
    )
