"""What a plan rests on and what its chance covers: ledger and notes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.model.ledger import Basis
from causalvalues.planning.outlook import Outlook, central
from causalvalues.planning.problem import Choice, Problem, cost_of, effect_of, mean_over_draws

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
        For each lever node, whether it acts directly on every value in every draw (a saturated lever model).
    """
    nodes = tuple(lever for lever, _ in choice if problem.is_node[lever])
    extrapolated = len(nodes) > 1 and nodes not in problem.combinations
    together = _together(problem, choice, nodes) if nodes in problem.combinations else ""
    rows = []
    for place, dose in choice:
        lever = problem.levers[place]
        basis, rests_on = _basis(problem, place, extrapolated, direct)
        if nodes in problem.combinations and place in nodes:
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


def chance_of(outlook: Outlook, choice: Choice, new_unit: bool) -> str:
    """Return what the chance and the interval are about."""
    if new_unit:
        return NEW_UNIT
    problem = outlook.problem
    if not choice:
        return A_UNIT if any(outlook.heterogeneity.repeat.get(name, 0.0) for name in problem.values) else AVERAGE
    return A_UNIT if len(outlook.heterogeneity.covers(problem, choice)) == len(choice) else AVERAGE


def coverage_note(outlook: Outlook, choice: Choice, new_unit: bool) -> str:
    """Return what the interval and the chance cover, what they leave out, and what they are about."""
    problem = outlook.problem
    s = len(problem.weights)
    inside = [f"parameters and graph ({s} draws)"] if s > 1 else []
    outside = [] if s > 1 else ["parameters and graph (one draw)"]
    if new_unit:
        inside.append(
            "the residual of a new unit (it holds how units differ in the effect of the levers and the noise of an "
            "answer, so no heterogeneity is added; being pooled over all rows, it is too narrow for a lever that makes "
            "units differ more than they do without it)"
        )
        return _covers(inside, outside)
    known = outlook.heterogeneity.covers(problem, choice)
    if known:
        inside.append("how units differ in the effect of " + ", ".join(known))
    elif any(outlook.heterogeneity.repeat.get(name, 0.0) for name in problem.values):
        inside.append("the noise of a repeated answer")
    else:
        outside.append("the noise of a repeated answer")
    unknown = [problem.levers[lever].node for lever, _ in choice if problem.levers[lever].node not in known]
    if unknown:
        outside.append("how units differ in the effect of " + ", ".join(unknown) + " (give `heterogeneity`)")
    text = _covers(inside, outside)
    if chance_of(outlook, choice, new_unit) == AVERAGE:
        text += (
            " It is the chance that the AVERAGE effect hits; one unit differs more: give "
            "`heterogeneity=Heterogeneity.from_answers(matrix)` to the method."
        )
    return text


def _covers(inside: list[str], outside: list[str]) -> str:
    text = "The interval and the chance cover " + (", ".join(inside) or "nothing but the point prediction")
    return text + ("; they leave out " + ", ".join(outside) if outside else "") + "."


def directness(coefficients: np.ndarray, values: int, levers: tuple[str, ...]) -> dict[str, bool]:
    """Say for each lever node whether it has a direct effect on every value in every draw."""
    block = coefficients[:, values : values + len(levers), :values]
    return {lever: bool((block[:, i] != 0).all()) for i, lever in enumerate(levers)}
