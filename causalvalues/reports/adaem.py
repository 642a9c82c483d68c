"""The report ``adaem``: which questions tell respondents apart, and a priming check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.model import lever_effects
from causalvalues.model.levers import clusters_of
from causalvalues.reports.adaem_items import Groups, information, separation, verdicts
from causalvalues.reports.adaem_priming import holds, priming_table
from causalvalues.reports.adaem_set import short_set
from causalvalues.reports.aims import named_values
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.respondents import population
from causalvalues.reports.settings import AdaemSettings
from causalvalues.responses import ResponseMatrix
from causalvalues.study.tables import csv_text

LEVERS = "levers"


@dataclass(frozen=True, eq=False)
class Adaem:
    """What the report found.

    Parameters
    ----------
    asked : AdaemSettings
    by : str
        The label of the groups, or "levers".
    groups : Groups
    items : DataFrame
        Indexed by item, most informative first: the columns of `separation` and `information`, and ``verdict``.
    priming : DataFrame
        Of `priming_table`; empty where it cannot be done.
    pattern : DataFrame
        Of `holds`.
    skipped : str
        Why there is no priming check, or "".
    chosen : DataFrame
        Of `short_set`; empty where it cannot be done.
    unchosen : str
        Why, or "".
    """

    asked: AdaemSettings
    by: str
    groups: Groups
    items: pd.DataFrame
    priming: pd.DataFrame
    pattern: pd.DataFrame
    skipped: str
    chosen: pd.DataFrame
    unchosen: str


def report(given: Given) -> Made:
    """Make the report.

    Raises
    ------
    StudyError
        If there are fewer than two groups.
    """
    from causalvalues.reports.adaem_blocks import adaem_blocks

    found = adaem(given)
    page = adaem_blocks(given, found)
    files = {"tables/items.csv": csv_text(found.items.rename_axis("item").reset_index())}
    if len(found.chosen):
        files["tables/short_set.csv"] = csv_text(found.chosen)
    if len(found.priming):
        files["tables/priming.csv"] = csv_text(found.priming)
    return Made(page.title, page.blocks, files)


def adaem(given: Given) -> Adaem:
    """Compute everything that the report shows."""
    asked, answers = given.asked(AdaemSettings), given.answers
    whole = answers.key is not None and answers.items is not None and len(answers.items) == len(answers.matrix)
    items = answers.items if whole and answers.items is not None else answers.matrix
    key = answers.key if whole else None
    if key is not None:
        items = items.drop([name for name in items.names if name not in key.items])
    by = asked.by or answers.matrix.group_by or LEVERS
    groups = groups_of(answers.matrix, by)
    given.say("look at every item")
    apart = separation(items, groups, (asked.bins, asked.permutations, given.seed))
    plain = np.flatnonzero(~(answers.matrix.doses != 0).any(axis=1))
    table = apart.join(information(items, key, plain if len(plain) else np.arange(len(items))))
    table = table.assign(verdict=verdicts(table, asked.fdr))
    table = table.iloc[np.lexsort((table.index.to_numpy(dtype=str), -table["beyond"].to_numpy(dtype=float)))]
    priming, skipped = _priming(given, asked)
    chosen, unchosen = short_set(items, groups, asked.chosen)
    return Adaem(asked, by, groups, table, priming, holds(priming), skipped, chosen, unchosen)


def groups_of(matrix: ResponseMatrix, by: str) -> Groups:
    """Return the groups: texts of a label (rows without lever), or "levers" (rows under each single lever).

    Raises
    ------
    StudyError
        If there is no such label, or there are fewer than two groups.
    """
    used = matrix.doses != 0
    if by == LEVERS and by not in matrix.labels:
        rows = np.flatnonzero(used.sum(axis=1) == 1)
        said = np.array([matrix.levers[int(np.flatnonzero(row)[0])] for row in used[rows]], dtype=object)
        kind = "single levers"
    else:
        if by not in matrix.labels:
            known = [*matrix.labels, LEVERS]
            raise StudyError(f"[report.adaem] `by`: there is no label {by!r}." + did_you_mean(by, known))
        rows = np.flatnonzero(~used.any(axis=1))
        said = np.array(matrix.labels[by], dtype=object)[rows]
        kind = f"texts of the label {by!r} in rows without lever"
    names = sorted({str(each) for each in said})
    if len(names) < 2:
        raise StudyError(
            f"There are {len(names)} {kind}, so there is nothing to tell apart. Name the label of the respondents, "
            'such as the model: [report.adaem] by = "model".'
        )
    clusters = clusters_of(matrix)
    codes = np.array([names.index(str(each)) for each in said], dtype=np.int64)
    return Groups(tuple(names), rows, codes, tuple(clusters[int(row)] for row in rows))


def _priming(given: Given, asked: AdaemSettings) -> tuple[pd.DataFrame, str]:
    matrix, theory = given.answers.matrix, given.answers.theory
    own = named_values(matrix, asked.own) if matrix.levers else {}
    empty = pd.DataFrame(columns=["lever", "value", "scale", "side", "units", "effect", "lower", "upper"])
    if not own:
        return empty, "No lever is known to steer a value, so the priming check was not made."
    if theory is None or not theory.circular or len(theory.groups) < 2:
        return empty, "The values have no circle with groups (a theory), so there is no opposite side."
    people = population(matrix)
    return priming_table(matrix, lever_effects(matrix, given.level), own, theory, people.sd), ""
