"""The report ``kang``: expected and unexpected changes under levers, with nulls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.discovery import consensus_dag
from causalvalues.errors import ModelError, StudyError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.graph import Dag
from causalvalues.model import LeverEffects, SteeredChanges, lever_effects
from causalvalues.reports.aims import refuse_without_levers, steered_values
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.kang_changes import UnitChanges, change_table, unit_changes, verdicts
from causalvalues.reports.kang_tests import (
    AS_PUBLISHED,
    BY_OWN,
    MOVED,
    SIZE,
    Graph,
    Movement,
    lever_table,
    movement,
    over_draws,
    published_rows,
    steered_rows,
)
from causalvalues.reports.settings import KangSettings
from causalvalues.study.tables import csv_text


@dataclass(frozen=True, eq=False)
class Kang:
    """What the report found.

    Parameters
    ----------
    changes : UnitChanges
    effects : LeverEffects
    own : mapping of lever to (value, how that is known)
    table : DataFrame
        Of `change_table`, with ``verdict``.
    graph : Dag
        The consensus graph.
    tests : tuple of Movement
    draws : array
        Difference (expected less unexpected, share that changed, what the lever steers) of draws of the posterior.
    levers : DataFrame
        Of `lever_table`.
    skipped : tuple of str
        What could not be tested, and why.
    blocked : bool
        Whether measurement error forbids claims about paths between values.
    """

    changes: UnitChanges
    effects: LeverEffects
    own: Mapping[str, tuple[str, str]]
    table: pd.DataFrame
    graph: Dag
    tests: tuple[Movement, ...]
    draws: FloatArray
    levers: pd.DataFrame
    skipped: tuple[str, ...]
    blocked: bool

    @property
    def main(self) -> Movement | None:
        """The test of the consensus graph on what levers steer, by the share that changed; None where not defined."""
        for each in self.tests:
            if (each.graph, each.pushed, each.what) == (LEARNED, BY_OWN, MOVED):
                return each
        return None


LEARNED, REFERENCE = "learned", "reference"


def report(given: Given) -> Made:
    """Make the report.

    Raises
    ------
    StudyError
        If there are no levers, no unit was asked with and without one, or the reference names unknown values.
    """
    from causalvalues.reports.kang_blocks import kang_blocks

    found = kang(given)
    page = kang_blocks(given, found)
    tests = pd.DataFrame([_test_row(each) for each in found.tests])
    files = {
        "tables/changes.csv": csv_text(found.table),
        "tables/levers.csv": csv_text(found.levers),
        "tables/tests.csv": csv_text(tests),
        "tables/graph.csv": csv_text(pd.DataFrame(found.graph.edges, columns=["cause", "effect"])),
    }
    return Made(page.title, page.blocks, files)


def kang(given: Given) -> Kang:
    """Compute everything that the report shows."""
    asked, matrix = given.asked(KangSettings), given.answers.matrix
    refuse_without_levers(matrix, "kang")
    reference = _reference(asked.reference, matrix.names)
    effects = lever_effects(matrix, given.level)
    changes = unit_changes(matrix, effects, asked.same)
    if not len(changes.levers):
        raise StudyError(
            "No unit was asked both with a single lever and without, so nothing changed within a unit. Ask the same "
            "units both ways, or name the label of the units ([data] cluster_by)."
        )
    own = steered_values(matrix, asked.own, effects)
    results = given.results
    graph = consensus_dag(results.posterior)
    given.say("test what moved")
    table = change_table(changes, effects, own, given.level)
    how = (asked.permutations, given.seed)
    graphs: dict[str, Graph] = {LEARNED: graph} | ({} if reference is None else {REFERENCE: reference})
    tests, skipped = _tests(changes, own, graphs, how)
    return Kang(
        changes=changes,
        effects=effects,
        own=own,
        table=table.assign(verdict=verdicts(table, asked.fdr)),
        graph=graph,
        tests=tests,
        draws=over_draws(results.posterior, steered_rows(changes, own, MOVED), asked.draws),
        levers=lever_table(changes, own, graph, how),
        skipped=skipped,
        blocked=results.checks.blocked,
    )


def _tests(
    changes: UnitChanges, own: Mapping[str, tuple[str, str]], graphs: Mapping[str, Graph], how: tuple[int, int]
) -> tuple[tuple[Movement, ...], tuple[str, ...]]:
    rows: dict[tuple[str, str], SteeredChanges] = {
        (BY_OWN, MOVED): steered_rows(changes, own, MOVED),
        (BY_OWN, SIZE): steered_rows(changes, own, SIZE),
    }
    skipped: list[str] = []
    try:
        rows[AS_PUBLISHED, MOVED] = published_rows(changes)
    except ModelError as error:
        skipped.append(f"As published: {error}")
    tests = []
    for name, graph in graphs.items():
        for words, each in rows.items():
            try:
                tests.append(movement(name, graph, each, words, how))
            except ModelError as error:
                skipped.append(f"The {name} graph, {words[0]}: {error}")
    return tuple(tests), tuple(dict.fromkeys(skipped))


def _reference(edges: list[list[str]], values: tuple[str, ...]) -> pd.DataFrame | None:
    if not edges:
        return None
    names = sorted(values)
    table = pd.DataFrame(np.zeros((len(names), len(names))), index=names, columns=names)
    for edge in edges:
        if len(edge) != 2:
            raise StudyError(f"[report.kang] `reference` holds {edge}. An edge is a pair: [cause, effect].")
        for name in edge:
            if name not in names:
                raise StudyError(
                    f"[report.kang] `reference` names {name!r}, which is not a value of these answers."
                    + did_you_mean(name, names)
                )
        table.loc[edge[0], edge[1]] = 1.0
    return table


def _test_row(each: Movement) -> dict[str, object]:
    return {
        "graph": each.graph,
        "pushed": each.pushed,
        "what": each.what,
        "expected": each.expected,
        "unexpected": each.unexpected,
        "difference": each.test.difference,
        "p_labels": each.test.p,
        "p_random_graphs": each.random_p,
    }
