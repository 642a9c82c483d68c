"""What a page may ask the engine, and what it is told: plain JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from causalvalues.errors import PlanError
from causalvalues.explorer.choices import Menu, menu_of
from causalvalues.explorer.claims import finite
from causalvalues.explorer.run_files import Run
from causalvalues.interventions import Intervention, Set, Shift
from causalvalues.model import counterfactual
from causalvalues.planning import Enumerate, Plan, Target, plan

SECONDS = 30.0
"""Longest search for one plan; what explains it afterwards may take as long again."""
Score = Annotated[FiniteFloat, Field(ge=-1e9, le=1e9)]
Named = dict[Annotated[str, Field(max_length=1000)], Score]


@dataclass(frozen=True, eq=False)
class Engine:
    """A run, and the levers and rules with which its study plans (None where nothing can be moved)."""

    run: Run
    menu: Menu | None


def engine_of(run: Run) -> Engine:
    """Return what answers questions about a run: its structural model, and the levers of its study."""
    return Engine(run, menu_of(run))


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlanQuestion(_Question):
    """A target: wanted scores, weights, the tolerance, a start (none: a new unit), and how many levers at most."""

    wanted: Named
    weights: Named = {}
    tolerance: float = Field(default=0.25, gt=0, le=1e6)
    start: Named | None = None
    max_levers: int = Field(default=2, ge=1, le=6)


class UnitQuestion(_Question):
    """The answers of one unit (values, and doses of the levers that were in use), and what is set and shifted."""

    row: Named
    set: Named = {}
    shift: Named = {}


def answer_plan(engine: Engine, asked: PlanQuestion) -> dict[str, Any]:
    """Return the plan of the structural model for a target.

    Parameters
    ----------
    engine : Engine
    asked : PlanQuestion

    Returns
    -------
    dict
        ``status, doses, predicted, objective, lower_bound, cost, chance, chance_of, alternatives, limits, notes,
        ledger``; numbers that are not known are None.

    Raises
    ------
    PlanError, ModelError
        As `plan`.
    """
    menu = engine.menu
    if menu is None:
        raise PlanError("There is no lever and no value that could be pushed, so there is nothing to plan with.")
    target = Target(dict(asked.wanted), tolerance=asked.tolerance, weights=dict(asked.weights))
    method = Enumerate(max_levers=asked.max_levers, untried=menu.untried, budget=menu.budget, time_limit=SECONDS)
    return _told(plan(engine.run.model, asked.start, target, menu.levers, method))


def _told(found: Plan) -> dict[str, Any]:
    return {
        "status": found.status.value,
        "doses": dict(found.doses),
        "predicted": _rows(found.predicted),
        "objective": finite(found.objective),
        "lower_bound": finite(found.lower_bound),
        "cost": finite(found.cost),
        "chance": finite(found.chance),
        "chance_of": found.chance_of,
        "alternatives": [
            {"doses": dict(row["doses"]), "objective": finite(row["objective"]), "inside": bool(row["inside"])}
            for row in found.alternatives.to_dict("records")
        ],
        "limits": list(found.limits),
        "notes": list(found.notes),
        "ledger": [{str(key): _cell(cell) for key, cell in row.items()} for row in found.ledger.to_dict("records")],
    }


def answer_unit(engine: Engine, asked: UnitQuestion) -> dict[str, Any]:
    """Return what a unit would have answered.

    Parameters
    ----------
    engine : Engine
    asked : UnitQuestion

    Returns
    -------
    dict
        ``predicted``: value -> ``fact, mean, lower, upper`` (90% interval over the draws).

    Raises
    ------
    ModelError
        As `counterfactual`.
    """
    interventions: list[Intervention] = [Set(node, x) for node, x in asked.set.items()]
    interventions += [Shift(node, x) for node, x in asked.shift.items()]
    found = counterfactual(engine.run.model, pd.Series(dict(asked.row), dtype=float), interventions)
    lower, upper = found.interval(0.9)
    columns = {"fact": found.facts[0], "mean": found.mean().iloc[0], "lower": lower.iloc[0], "upper": upper.iloc[0]}
    return {"predicted": _rows(pd.DataFrame(columns, index=list(found.nodes)))}


def _rows(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(name): _cells(row) for name, row in table.to_dict("index").items()}


def _cells(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): _cell(cell) for key, cell in row.items()}


def _cell(cell: Any) -> Any:
    return finite(cell) if isinstance(cell, int | float) else str(cell)
