"""Every choice of levers that the target editor ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.explorer.run_files import Run
from causalvalues.interventions import Lever
from causalvalues.model import StructuralModel, intervene
from causalvalues.planning import Enumerate, Target
from causalvalues.planning.choice_table import choice_table
from causalvalues.planning.choices import count_choices
from causalvalues.planning.pose import pose
from causalvalues.planning.problem import Problem

MOST = 20_000
"""Choices that a page holds at most."""


@dataclass(frozen=True, eq=False)
class Menu:
    """Levers that may be used, and every admissible choice among them.

    Parameters
    ----------
    levers : tuple of Lever
    max_levers : int
        Of one choice.
    choices : tuple of tuple of (node, dose)
        Fewest levers first; the first is to do nothing.
    costs : tuple of float
    note : str
        What was left out, or "".
    untried, budget
        Rules of the study: whether combinations that nobody tried may be chosen, and the largest cost.
    """

    levers: tuple[Lever, ...]
    max_levers: int
    choices: tuple[tuple[tuple[str, float], ...], ...]
    costs: tuple[float, ...]
    note: str = ""
    untried: bool = False
    budget: float = math.inf


def menu_of(run: Run) -> Menu | None:
    """Return the choices that the plans of a study allow; without plans, up to two levers at dose 1.

    Where the plans differ, a lever may be used at every dose that one of them lists, and as many together as the most
    generous allows; limits on cost, exclusions and prerequisites are those of the first plan. Levers that were never
    seen in the data are left out, as are continuous doses but for their ends. None where nothing can be moved.

    Parameters
    ----------
    run : Run
    """
    plans = [each for each in run.settings.get("plan") or [] if isinstance(each, dict)]
    levers = tuple(lever for lever in _levers(plans, run.model) if _acts(run.model, lever))
    if not levers:
        return None
    first = plans[0] if plans else {}
    method = Enumerate(
        max_levers=max((int(each.get("max_levers", 3)) for each in plans), default=2),
        untried=any(bool(each.get("untried")) for each in plans),
        budget=float(first.get("budget", math.inf)) if len(plans) == 1 else math.inf,
    )
    wanted = method.max_levers
    problem = _problem(run.model, levers, method)
    while problem is not None and count_choices(problem) > MOST and method.max_levers > 1:
        method = replace(method, max_levers=method.max_levers - 1)
        problem = _problem(run.model, levers, method)
    if problem is None or count_choices(problem) > MOST:
        return None
    table = choice_table(problem)
    rows = sorted(range(len(table)), key=lambda row: (len(table.choice(row)), float(table.costs[row]), row))
    nodes = [lever.node for lever in problem.levers]
    choices = tuple(tuple((nodes[i], float(dose)) for i, dose in table.choice(row)) for row in rows)
    note = (
        ""
        if method.max_levers == wanted
        else (
            f"The study allows {wanted} levers together; this page holds the choices of up to {method.max_levers}. "
            "Ask the engine for the rest."
        )
    )
    costs = tuple(float(table.costs[row]) for row in rows)
    return Menu(problem.levers, method.max_levers, choices, costs, note, method.untried, method.budget)


def _problem(model: StructuralModel, levers: tuple[Lever, ...], method: Enumerate) -> Problem | None:
    start = intervene(model).summary()["mean"]
    try:
        return pose(model, None, Target({model.values[0]: float(start[model.values[0]])}), levers, method)
    except PlanError:
        return None


def _acts(model: StructuralModel, lever: Lever) -> bool:
    return lever.node in model.values or bool(model.coefficients[:, model.place(lever.node)].any())


def _levers(plans: list[dict[str, Any]], model: StructuralModel) -> tuple[Lever, ...]:
    """Return the levers of all plans, each with every dose that a plan lists."""
    known = {*model.values, *model.levers}
    found: dict[str, Lever] = {}
    for asked in plans or [{}]:
        for each in asked.get("levers") or _default(model):
            lever = _lever({"node": each} if isinstance(each, str) else each)
            if lever is None or lever.node not in known:
                continue
            if lever.node in found:
                doses = tuple(sorted({*found[lever.node].doses, *lever.doses}))
                lever = replace(found[lever.node], doses=doses)
            found[lever.node] = lever
    offered = set(found)
    return tuple(
        replace(each, excludes=each.excludes & known, requires=each.requires)
        for each in found.values()
        if each.requires <= offered
    )


def _lever(asked: Mapping[str, Any]) -> Lever | None:
    """Return a lever of a study file; None when its settings are not understood, or it has a stated effect."""
    interval = asked.get("interval") or []
    doses = [float(end) for end in (interval or asked.get("doses") or [1.0]) if float(end) != 0]
    if asked.get("prior") or not doses:
        return None
    try:
        return Lever(
            node=str(asked.get("node", "")),
            doses=tuple(sorted(set(doses))),
            cost=float(asked.get("cost", 1.0)),
            excludes=frozenset(map(str, asked.get("excludes") or ())),
            requires=frozenset(map(str, asked.get("requires") or ())),
            label=str(asked.get("label") or ""),
        )
    except (PlanError, TypeError, ValueError):
        return None


def _default(model: StructuralModel) -> list[dict[str, Any]]:
    """Return every lever at dose 1; without levers, a push of each value by one standard deviation."""
    if model.levers:
        return [{"node": name} for name in model.levers]
    spread = intervene(model).summary()["sd"]
    sizes = {name: float(np.round(spread[name], 6)) for name in model.values}
    return [{"node": name, "doses": [-size, size]} for name, size in sizes.items() if size > 0]
