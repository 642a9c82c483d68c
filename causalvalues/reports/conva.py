"""The report ``conva``: least shifts, a gate, leakage from value to value, and doses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from causalvalues.errors import StudyError
from causalvalues.model import LeverEffects, lever_effects
from causalvalues.reports.aims import named_values, refuse_without_levers
from causalvalues.reports.conva_detectors import Detector
from causalvalues.reports.conva_forced import forced_of, forced_table
from causalvalues.reports.conva_leaks import by_distance, dose_table, leakage_table, leaks_per_unit
from causalvalues.reports.conva_shifts import detectors, shift_table, unit_table
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.respondents import Population, population
from causalvalues.reports.settings import ConvaSettings
from causalvalues.study.tables import csv_text


@dataclass(frozen=True, eq=False)
class Conva:
    """What the report found.

    Parameters
    ----------
    asked : ConvaSettings
    people : Population
    found : mapping of value to Detector
    how : str
        How the detectors were made.
    effects : LeverEffects
    own : mapping of lever to value
    shifts, units, leaks, circle, doses, forced : DataFrame
        Of `shift_table`, `unit_table`, `leakage_table`, `by_distance`, `dose_table`, `forced_table`; the last is empty
        without forced answers.
    """

    asked: ConvaSettings
    people: Population
    found: Mapping[str, Detector]
    how: str
    effects: LeverEffects
    own: Mapping[str, str]
    shifts: pd.DataFrame
    units: pd.DataFrame
    leaks: pd.DataFrame
    circle: pd.DataFrame
    doses: pd.DataFrame
    forced: pd.DataFrame


def report(given: Given) -> Made:
    """Make the report.

    Raises
    ------
    StudyError
        If there are no levers, none is known to steer a value, or a judge's label is not understood.
    """
    from causalvalues.reports.conva_blocks import conva_blocks

    found = conva(given)
    page = conva_blocks(given, found)
    tables = {
        "shifts": found.shifts,
        "units": found.units,
        "leakage": found.leaks,
        "circle": found.circle,
        "doses": found.doses,
        "forced_doses": found.forced,
    }
    files = {f"tables/{name}.csv": csv_text(table) for name, table in tables.items() if len(table)}
    return Made(page.title, page.blocks, files)


def conva(given: Given) -> Conva:
    """Compute everything that the report shows."""
    asked, matrix = given.asked(ConvaSettings), given.answers.matrix
    refuse_without_levers(matrix, "conva")
    own = named_values(matrix, asked.own)
    if not own:
        raise StudyError(
            'No lever is known to steer a value. Say so: [report.conva] own = { LEVER = "VALUE" }, or name levers '
            "do_VALUE."
        )
    people = population(matrix)
    found, how = detectors(given.answers, asked, people)
    effects = lever_effects(matrix, given.level)
    sd = people.sd
    forced = forced_of(given, asked)
    return Conva(
        asked=asked,
        people=people,
        found=found,
        how=how,
        effects=effects,
        own=own,
        shifts=shift_table(found, people, asked, leaks_per_unit(effects, own, sd)),
        units=unit_table(found, people, asked),
        leaks=leakage_table(matrix, effects, own, sd, given.seed),
        circle=by_distance(effects, own, sd, given.answers.theory),
        doses=dose_table(effects, own, sd),
        forced=pd.DataFrame() if forced is None else forced_table(forced, sd, given.level),
    )
