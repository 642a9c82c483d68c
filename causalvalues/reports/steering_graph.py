"""The graph of the answers that value vectors are held against: of rows in which no lever inside the model acts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.discovery import discover
from causalvalues.errors import CheckError, DataError, DiscoveryError
from causalvalues.evidence import check, refuse
from causalvalues.leakage import signed_adjacency
from causalvalues.reports.frame import Given, essential
from causalvalues.study.answers import Answers, read_answers
from causalvalues.study.conditions import conditions_of, is_told, with_unknown_targets
from causalvalues.study.learning import knowledge_of, learner
from causalvalues.study.moments import evidence_of

FEWEST = 5
"""Rows for each value, below which no graph is learned from the rows without levers inside alone."""


@dataclass(frozen=True, eq=False)
class Behaviour:
    """What the answers say about pairs of values.

    Parameters
    ----------
    signed : DataFrame (p, p)
        P(adjacent) with the sign of the partial correlation.
    rows : int
        That it was learned from.
    why_all : str
        "" where no lever inside the model acts in these rows; else why all rows were taken all the same.
    """

    signed: pd.DataFrame
    rows: int
    why_all: str = ""

    def __repr__(self) -> str:
        return f"Behaviour({len(self.signed)} values from {self.rows} rows{', all rows' if self.why_all else ''})"


def behaviour_of(given: Given, inside: Collection[str]) -> Behaviour:
    """Learn the graph from the rows without levers inside; from all rows where those are too few.

    A value vector that acts moves the values that it is near to. So a graph that has seen rows under value vectors is
    like them in part because they made its rows.

    Parameters
    ----------
    given : Given
    inside : collection of str
        Levers inside the model.

    Raises
    ------
    CausalValuesError
        As a study of all rows.
    """
    answers = read_answers(given.settings.data, given.folder)
    outside = rows_without(answers, inside)
    count, values = len(outside.matrix), len(answers.matrix.names)
    if count == len(answers.matrix):
        return Behaviour(_of_all(given), count)
    if count < FEWEST * values:
        return Behaviour(_of_all(given), len(answers.matrix), f"only {count} rows are without them")
    try:
        return Behaviour(_of(given, outside), count)
    except (CheckError, DataError, DiscoveryError) as error:
        return Behaviour(_of_all(given), len(answers.matrix), f"nothing can be learned from the others: {error}")


def rows_without(answers: Answers, levers: Collection[str]) -> Answers:
    """Return the rows in which none of the levers acts, without their columns."""
    matrix = answers.matrix
    gone = np.array([lever in levers for lever in matrix.levers], dtype=bool)
    found = answers.rows(~(matrix.doses[:, gone] != 0).any(axis=1))
    used = tuple(lever for lever, out in zip(matrix.levers, gone, strict=True) if not out)
    kept = replace(found.matrix, levers=used, doses=found.matrix.doses[:, ~gone])
    items = found.items
    if items is not None and items.levers == matrix.levers:
        items = replace(items, levers=used, doses=items.doses[:, ~gone])
    return replace(found, matrix=kept, items=items)


def _of_all(given: Given) -> pd.DataFrame:
    """Return the graph of the study itself."""
    results = given.results
    names = list(results.posterior.names)
    return signed_adjacency(results.posterior, results.evidence.correlation.loc[names, names])


def _of(given: Given, answers: Answers) -> pd.DataFrame:
    """Learn a graph from these answers as the study does, without what comes after it."""
    settings, answers = with_unknown_targets(essential(given.settings), answers)
    refuse(tuple(found for found in check(answers.matrix) if not is_told(settings, found)))
    evidence = evidence_of(answers, settings.evidence)
    conditions = conditions_of(settings, answers)
    learned_from = evidence if conditions is None else conditions.environments
    method = learner(settings.discovery, evidence)
    posterior = discover(learned_from, method, knowledge_of(settings.knowledge), settings.seed)
    names = list(posterior.names)
    return signed_adjacency(posterior, evidence.correlation.loc[names, names])
