"""The tables of a plan: where every value starts, should go and is predicted to end, and what its levers rest on."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from causalvalues.numerals import MINUS, number
from causalvalues.planning.nouns import Plan
from causalvalues.tables.arguments import PLAN, needed
from causalvalues.tables.naming import Naming, cell, limits
from causalvalues.tables.nouns import Cell, Column, Table
from causalvalues.theories.theory import ValueTheory

PROFILE = (
    Column("value", "Value"),
    Column("start", "Start", "number"),
    Column("target", "Target", "number"),
    Column("mean", "Predicted", "number"),
    Column("interval", "90% interval", "interval"),
)
LEVERS = (
    Column("lever", "Lever"),
    Column("dose", "Dose", "number"),
    Column("cost", "Cost", "number", rank=1),
    Column("basis", "Basis"),
    Column("rests_on", "Rests on"),
)


def plan_table(plan: Plan, theory: ValueTheory | None = None, labels: Mapping[str, str] | None = None) -> Table:
    """Return the profile of a plan: start, target and prediction of every value.

    Parameters
    ----------
    plan : Plan
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown of values and levers; they win over the theory's.

    Returns
    -------
    Table
        Columns ``value, start, target, mean, interval``; values with a target first. The note holds levers with
        doses, status, chance and what each lever's part rests on.

    Raises
    ------
    FigureError
        If it is no plan.
    """
    plan = needed(plan, Plan, "A table of a plan", PLAN)
    naming = Naming(theory, labels or {})
    return profile_table(plan.predicted, plan.ledger, naming, plan_words(plan))


def plan_levers_table(plan: Plan, labels: Mapping[str, str] | None = None) -> Table:
    """Return the levers of a plan with dose, cost and what their part of the prediction rests on.

    Parameters
    ----------
    plan : Plan
    labels : mapping of str to str, optional
        Names as shown.

    Returns
    -------
    Table
        Columns ``lever, dose, cost, basis, rests_on``, one row a lever of ``plan.ledger``.

    Raises
    ------
    FigureError
        If it is no plan.
    """
    plan = needed(plan, Plan, "A table of the levers of a plan", PLAN)
    return levers_table(plan.ledger, Naming(None, labels or {}), plan_words(plan))


def profile_table(predicted: pd.DataFrame, ledger: pd.DataFrame, naming: Naming, words: str = "") -> Table:
    """Return the table of `plan_table` from the tables of a plan, as they stand in a run folder."""
    rows: list[tuple[Cell, ...]] = []
    for name in naming.ordered(predicted.index):
        start, target, mean, lower, upper = (
            predicted.loc[name, each] for each in ("start", "target", "mean", "lower", "upper")
        )
        rows.append((naming.shown(name), cell(start), cell(target), cell(mean), limits(lower, upper)))
    rows.sort(key=lambda row: row[2] is None)
    levers = ", ".join(
        f"{naming.shown(str(row['lever']))} \u00d7 {_short(float(row['dose']))} ({row['basis']})"
        for row in ledger.to_dict("records")
    )
    free = " A dash: no target." if any(row[2] is None for row in rows) else ""
    said = [
        f"Predicted mean with 90% predictive interval, in score units.{free}",
        f"Levers, with dose and what their part rests on: {levers or 'none'}.",
        words,
    ]
    return Table("Predicted profile of the plan", PROFILE, tuple(rows), " ".join(said).strip(), "plan")


def levers_table(ledger: pd.DataFrame, naming: Naming, words: str = "") -> Table:
    """Return the table of `plan_levers_table` from the ledger of a plan, as it stands in a run folder."""
    rows = tuple(
        (
            naming.shown(str(row["lever"])),
            cell(row["dose"]),
            cell(row["cost"]),
            str(row["basis"]),
            str(row["rests_on"]),
        )
        for row in ledger.to_dict("records")
    )
    return Table("Levers of the plan", LEVERS, rows, words, "plan-levers")


def plan_words(plan: Plan) -> str:
    """Return how a plan ended and its chance, as sentences for a note."""
    said = [f"Status: {plan.status.value.partition(':')[0]}."]
    if math.isfinite(plan.chance):
        said.append(f"Chance that every part of the target holds ({plan.chance_of}): {number(plan.chance)}.")
    if math.isfinite(plan.chance_cross_fitted):
        said.append(f"Chosen on one half of the data and judged by the other: {number(plan.chance_cross_fitted)}.")
    return " ".join(said)


def _short(dose: float) -> str:
    return f"{dose:.3g}".replace("-", MINUS)
