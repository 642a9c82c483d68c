"""The report ``couple``: a profile of priorities as the target, and each unit's way there."""

from __future__ import annotations

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.interventions import Lever
from causalvalues.planning import BySpread, Heterogeneity, priority_scale
from causalvalues.prediction import LeverResponse
from causalvalues.reports.aims import named_values, refuse_without_levers
from causalvalues.reports.couple_blocks import couple_blocks
from causalvalues.reports.couple_priorities import check_target
from causalvalues.reports.couple_records import records, schema
from causalvalues.reports.couple_relations import conflicts, relations
from causalvalues.reports.couple_tables import Couple, unit_table
from causalvalues.reports.couple_units import Way, journey
from causalvalues.reports.frame import Given, Made, json_text
from causalvalues.reports.lever_models import Model, lever_model
from causalvalues.reports.respondents import chosen_units, population
from causalvalues.reports.settings import CoupleSettings
from causalvalues.responses import ResponseMatrix
from causalvalues.study.questions import heterogeneity
from causalvalues.study.tables import csv_text


def report(given: Given) -> Made:
    """Make the report.

    Raises
    ------
    StudyError
        If there are no levers, the target names an unknown value or leaves the scale, or a unit is unknown.
    """
    found = couple(given)
    blocks = couple_blocks(given, found)
    texts = given.answers.lever_texts
    held = records(found.way, list(found.journeys), found.related, texts, found.blocked)
    files = {
        "couple_records.json": json_text(held),
        "couple_schema.json": json_text(schema()),
        "tables/units.csv": csv_text(unit_table(found)),
        "tables/relations.csv": csv_text(found.related),
    }
    return Made(blocks.title, blocks.blocks, files)


def couple(given: Given) -> Couple:
    """Compute everything that the report shows."""
    asked, matrix = given.asked(CoupleSettings), given.answers.matrix
    refuse_without_levers(matrix, "couple")
    check_target(asked.target, matrix.names)
    people = population(matrix, asked.where)
    chosen = chosen_units(given, asked, people)
    levers = _levers(given, asked, matrix)
    results = given.results
    response = lever_model(given, asked.model)
    way = Way(
        results.model,
        response,
        priority_scale(matrix, BySpread(asked.step)),
        asked,
        named_values(matrix, {}),
        levers,
        _spread(response, matrix),
        given.seed,
        given.level,
    )
    given.say("bring units to the target")
    journeys = tuple(journey(way, unit, scores, matrix, people.where) for unit, scores in chosen.items())
    typical = journey(way, "a typical unit", people.mean, matrix, people.where)
    related = relations(results.model, asked.relation)
    wanted = {name: at - typical.observed[name] for name, at in asked.target.items()}
    return Couple(way, journeys, typical, related, tuple(conflicts(related, wanted)), results.checks.blocked)


def _spread(response: Model, matrix: ResponseMatrix) -> Heterogeneity | None:
    """Return how units differ in what levers do; a fitted response holds that itself."""
    return None if isinstance(response, LeverResponse) else heterogeneity(matrix)


def _levers(given: Given, asked: CoupleSettings, matrix: ResponseMatrix) -> tuple[Lever, ...]:
    texts = given.answers.lever_texts
    for name in asked.levers:
        if name not in matrix.levers:
            raise StudyError(
                f"[report.couple] `levers` names {name!r}, which is not a lever of these answers."
                + did_you_mean(name, matrix.levers)
            )
    names = asked.levers or list(matrix.levers)
    doses = {lever: matrix.doses[:, matrix.levers.index(lever)] for lever in names}
    return tuple(
        Lever(lever, tuple(sorted(set(column[column != 0].tolist()))), label=texts.get(lever, ""))
        for lever, column in doses.items()
    )
