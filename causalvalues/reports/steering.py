"""The report ``steering``: what levers inside a model do to every value, dose by dose, and what it is like inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.leakage import (
    CircleLeakage,
    DoseResponse,
    InsideOutside,
    LeakageMatrix,
    LeakageOptions,
    StatementEffects,
    dose_responses,
    inside_outside,
    leakage_by_distance,
    measure_leakage,
    read_cosines,
    statement_effects,
)
from causalvalues.model import own_values
from causalvalues.prediction import PairedRows, paired_rows
from causalvalues.reports.aims import refuse_without_levers
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.settings import SteeringReportSettings
from causalvalues.reports.steering_graph import Behaviour, behaviour_of
from causalvalues.skill.single_effects import aims as named_aims
from causalvalues.skill.single_effects import named_random
from causalvalues.steering import read_levers
from causalvalues.study.answers import Answers, read_answers
from causalvalues.study.tables import csv_text

RANDOM = "random"
PROMPT = "do_"
"""How levers begin that are taken for prompts where no file says which levers are inside the model."""


@dataclass(frozen=True, eq=False)
class Steering:
    """What the report found.

    Parameters
    ----------
    asked : SteeringReportSettings
    rows : PairedRows
        With the guardrails of the key among the values.
    aims : mapping of lever to value
    inside : frozenset of str
        Levers inside the model; the others are prompts.
    chance : frozenset of str
        Levers that push in a random direction: made so, as the file of levers says, or named so.
    leaks : LeakageMatrix
    circle : CircleLeakage, optional
        With a circular theory.
    doses : tuple of DoseResponse
        Of levers that were tried at two doses or more.
    likeness : InsideOutside, optional
        Where cosines of value vectors were given.
    behaviour : Behaviour, optional
        The graph that stands for the answers in the likeness, and the rows that it was learned from.
    statements : StatementEffects, optional
        Effects on single statements; None where the columns are no statements.
    """

    asked: SteeringReportSettings
    rows: PairedRows
    aims: Mapping[str, str]
    inside: frozenset[str]
    chance: frozenset[str]
    leaks: LeakageMatrix
    circle: CircleLeakage | None
    doses: tuple[DoseResponse, ...]
    likeness: InsideOutside | None
    behaviour: Behaviour | None
    statements: StatementEffects | None


def report(given: Given) -> Made:
    """Make the report.

    Raises
    ------
    StudyError
        If there are no levers, or none is known to aim at a value.
    DataError, SteeringError
        If the files of levers or cosines cannot be read.
    """
    from causalvalues.reports.steering_blocks import steering_blocks

    found = steering(given)
    page = steering_blocks(given, found)
    files = {f"tables/{name}.csv": csv_text(table) for name, table in _tables(found).items()}
    return Made(page.title, page.blocks, files)


def steering(given: Given) -> Steering:
    """Compute everything that the report shows."""
    asked = given.asked(SteeringReportSettings)
    given.say("read the answers with their guardrails")
    answers = read_answers(given.settings.data, given.folder, guardrails=True)
    refuse_without_levers(answers.matrix, "steering")
    rails = () if answers.key is None else tuple(answers.key.guardrails)
    rows = paired_rows(answers.matrix)
    levers = read_levers(given.folder / asked.levers) if asked.levers else ()
    inside = frozenset(lever.name for lever in levers)
    made = {lever.name for lever in levers if lever.method == RANDOM}
    known = {lever.name: lever.value for lever in levers if lever.value and lever.name not in made}
    chance = frozenset(made | {lever for lever in rows.levers if named_random(lever)} - {*known, *asked.own})
    matrix = given.answers.matrix
    named = named_aims(matrix.levers, matrix.names)
    found = {**named, **known, **own_values(matrix.levers, matrix.names, asked.own)}
    aims = {lever: value for lever, value in found.items() if lever in rows.levers and lever not in chance}
    if not aims:
        raise StudyError(
            'No lever is known to aim at a value. Give [report.steering] levers = "levers.csv", or own = '
            '{ LEVER = "VALUE" }.'
        )
    for name in asked.allowed:
        if name not in rails:
            known_rails = ", ".join(rails) or "none"
            raise StudyError(
                f"[report.steering] allowed names {name!r}; the guardrails of the key are {known_rails}."
                + did_you_mean(name, rails)
            )
    given.say("measure leakage and doses")
    options = LeakageOptions(dose=asked.dose, level=given.level)
    leaks = measure_leakage(rows, aims, rails, options, given.seed)
    theory = given.answers.theory
    circular = theory is not None and theory.circular
    dosed = {lever: aims[lever] for lever in _dosed(rows) if lever in aims}
    doses = dose_responses(rows, dosed, asked.allowed, level=given.level, seed=given.seed) if dosed else ()
    prompts = {lever for lever in rows.levers if lever.startswith(PROMPT)}
    inner = inside | chance if inside else frozenset(rows.levers) - prompts
    likeness, behaviour = _likeness(given, asked, inner) if asked.cosines else (None, None)
    return Steering(
        asked=asked,
        rows=rows,
        aims=aims,
        inside=inside,
        chance=chance,
        leaks=leaks,
        circle=leakage_by_distance(leaks, theory, given.seed) if circular and theory is not None else None,
        doses=tuple(doses),
        likeness=likeness,
        behaviour=behaviour,
        statements=_statements(answers, aims, options),
    )


def _statements(answers: Answers, aims: Mapping[str, str], options: LeakageOptions) -> StatementEffects | None:
    """Return effects on statements; None where the columns are dimensions, or a formula makes scores of items."""
    items, key = answers.items, answers.key
    if items is None or key is None or key.level == "group" or key.combine == "sum":
        return None
    return statement_effects(items, key, aims, options, answers.matrix.centring)


def _dosed(rows: PairedRows) -> list[str]:
    """Return the levers that act alone at two doses or more."""
    alone = (rows.doses != 0).sum(axis=1) == 1
    found = []
    for place, lever in enumerate(rows.levers):
        doses = set(rows.doses[alone, place].tolist()) - {0.0}
        if len(doses) > 1:
            found.append(lever)
    return found


def _likeness(given: Given, asked: SteeringReportSettings, inside: frozenset[str]) -> tuple[InsideOutside, Behaviour]:
    """Hold the graph of the answers without levers inside against the cosines of value vectors."""
    path = given.folder / asked.cosines
    cosines = read_cosines(path)
    given.say("hold the graph against the value vectors")
    names = set(given.answers.matrix.names)
    if set(cosines.index) != names or set(cosines.columns) != names:
        odd = sorted(set(map(str, cosines.index)) ^ names)
        raise StudyError(f"{path} and the answers differ in the values {', '.join(odd)}. Give both over the same ones.")
    behaviour = behaviour_of(given, inside)
    return inside_outside(behaviour.signed, cosines, given.answers.theory, given.seed), behaviour


def _tables(found: Steering) -> dict[str, pd.DataFrame]:
    leaks = found.leaks
    parts = {name: getattr(leaks, name) for name in ("effect", "lower", "upper", "p", "adjusted", "units")}
    tables = {
        "leakage": _long(parts, "lever"),
        "levers": leaks.levers.rename_axis("lever").reset_index(),
    }
    if found.statements is not None:
        told = found.statements
        tables["statements"] = _long({"effect": told.effect}, "lever").rename(columns={"dimension": "statement"})
        tables["levers_over_statements"] = told.levers.rename_axis("lever").reset_index()
    if found.circle is not None:
        tables["circle"] = found.circle.by_distance.reset_index()
    if found.doses:
        tables["doses"] = pd.concat([_curve(one) for one in found.doses], ignore_index=True)
        tables["breaks"] = pd.DataFrame(
            [{"lever": one.lever, "aim": one.aim, **vars(one.breaks)} for one in found.doses]
        )
    if found.likeness is not None:
        tables["inside_outside"] = found.likeness.table.rename_axis("pair").reset_index()
    return tables


def _curve(one: DoseResponse) -> pd.DataFrame:
    table = _long({name: getattr(one, name) for name in ("effect", "lower", "upper")}, "dose")
    table.insert(0, "lever", one.lever)
    return table


def _long(parts: Mapping[str, pd.DataFrame], rows: str) -> pd.DataFrame:
    """Return tables [row, dimension] of the same shape as one with a line for each cell."""
    first = next(iter(parts.values()))
    cells = [
        {rows: row, "dimension": column, **{name: table.iloc[i, j] for name, table in parts.items()}}
        for i, row in enumerate(first.index)
        for j, column in enumerate(first.columns)
    ]
    return pd.DataFrame(cells)
