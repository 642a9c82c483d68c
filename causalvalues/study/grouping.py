"""Groups of rows side by side: what they measure, their moments, their graphs, and the circle of their theory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from causalvalues.discovery import discover
from causalvalues.errors import CheckError, DataError, did_you_mean
from causalvalues.evidence import Evidence, check, refuse, summarise
from causalvalues.graph import GraphPosterior
from causalvalues.model import (
    Comparison,
    Exchange,
    ExchangeTest,
    Invariance,
    MomentEquality,
    at_equal_n,
    compare,
    compare_patterns,
    equal_moments,
    measurement_invariance,
    same_structure,
)
from causalvalues.model.comparison import UNEQUAL
from causalvalues.responses import ResponseMatrix
from causalvalues.study.answers import Answers
from causalvalues.study.attempts import tried
from causalvalues.theories import ValueTheory

FILE = "file"
"""Label of the groups when each is a file of its own."""


@dataclass(frozen=True, eq=False)
class GroupFindings:
    """What groups have in common, each part None where it cannot be had.

    Parameters
    ----------
    graphs : Comparison
        Each group learned from all its rows.
    equal : Comparison or None
        Each group learned from as many effective rows as the smallest; None where groups are about equal in size.
    invariance : Invariance or None
        Of the items, in rows without lever; None without items.
    moments : MomentEquality or None
        Of the covariances.
    structure : ExchangeTest or None
        Of the correlations.
    circle : DataFrame or None
        See `compare_patterns`; None without a circular theory.
    skipped : tuple of str
        What could not be done, and why.
    """

    graphs: Comparison
    equal: Comparison | None = None
    invariance: Invariance | None = None
    moments: MomentEquality | None = None
    structure: ExchangeTest | None = None
    circle: pd.DataFrame | None = None
    skipped: tuple[str, ...] = ()


def compare_groups(answers: Answers, by: str, exchange: Exchange | None = None, seed: int = 0) -> GroupFindings:
    """Compare the groups of a label, the more basic questions first.

    Parameters
    ----------
    answers : Answers
    by : str
        Label of the groups.
    exchange : Exchange, optional
        How labels are exchanged; default: within clusters that have rows in several groups, else between them.
    seed : int, default 0

    Returns
    -------
    GroupFindings

    Raises
    ------
    DataError, CheckError
        As `evidence_of_groups`.
    """
    matrix, skipped = answers.matrix, list[str]()
    evidences = evidence_of_groups(matrix, by)
    exchange = Exchange(within=units_in_several(matrix, by)) if exchange is None else exchange
    n = [evidence.n_score for evidence in evidences.values()]
    equal = None
    if max(n) > UNEQUAL * min(n):
        evened = at_equal_n(evidences, seed)
        equal = tried("graphs at equal n", skipped, lambda: compare(graphs_of_groups(evened, seed), evened, seed=seed))
    circle = None
    if answers.theory is not None and answers.theory.circular:
        circle = tried("the circle", skipped, partial(_circle, evidences, answers.theory, seed))
    return GroupFindings(
        graphs=compare(graphs_of_groups(evidences, seed), evidences, seed=seed),
        equal=equal,
        invariance=tried("measurement invariance", skipped, lambda: _invariance(answers, by)),
        moments=tried("equal covariances", skipped, lambda: equal_moments(matrix, by, exchange=exchange, seed=seed)),
        structure=tried(
            "equal correlations", skipped, lambda: same_structure(matrix, by, exchange=exchange, seed=seed)
        ),
        circle=circle,
        skipped=tuple(skipped),
    )


def evidence_of_groups(matrix: ResponseMatrix, by: str) -> dict[str, Evidence]:
    """Summarise the rows of each group, in sorted order of the groups.

    Parameters
    ----------
    matrix : ResponseMatrix
    by : str
        A label.

    Raises
    ------
    DataError
        If there is no such label, or it has one group, or a group cannot be summarised.
    CheckError
        If a group cannot be learned from.
    """
    if by not in matrix.labels:
        raise DataError(f"There is no label {by!r}." + did_you_mean(by, matrix.labels))
    held = np.array(matrix.labels[by], dtype=object)
    names = sorted(set(matrix.labels[by]))
    if len(names) < 2:
        raise DataError(f"The label {by!r} has one group, {names[0]!r}. Comparing takes two or more.")
    found = {}
    for name in names:
        try:
            rows = matrix.rows(held == name)
            refuse(check(rows))
            found[name] = summarise(rows)
        except (DataError, CheckError) as error:
            raise type(error)(f"Group {name!r} of {by!r}: {error}") from None
    return found


def graphs_of_groups(evidences: Mapping[str, Evidence], seed: int) -> dict[str, GraphPosterior]:
    """Learn the graphs of each group with the default method."""
    return {name: discover(evidence, seed=seed) for name, evidence in evidences.items()}


def units_in_several(matrix: ResponseMatrix, by: str) -> str:
    """Return the label of clusters when some of them have rows in several groups, else nothing."""
    if not matrix.cluster_by:
        return ""
    pairs = set(zip(matrix.labels[matrix.cluster_by], matrix.labels[by], strict=True))
    return matrix.cluster_by if len(pairs) > len({cluster for cluster, _ in pairs}) else ""


def stacked(parts: Mapping[str, Answers]) -> Answers:
    """Put the rows of several files under each other, with the label ``file``.

    Parameters
    ----------
    parts : mapping of str to Answers
        By the name of the group.

    Raises
    ------
    DataError
        If the files differ in their columns or levers.
    """
    first = next(iter(parts.values()))
    whole = _stack({name: part.matrix for name, part in parts.items()})
    items = {name: part.items for name, part in parts.items() if part.items is not None}
    together = _stack(items) if len(items) == len(parts) else None
    return replace(first, matrix=whole, items=together, source=", ".join(part.source for part in parts.values()))


def _stack(parts: Mapping[str, ResponseMatrix]) -> ResponseMatrix:
    (label, first), *rest = parts.items()
    for other, matrix in rest:
        for kind, mine, theirs in (("columns", first.names, matrix.names), ("levers", first.levers, matrix.levers)):
            odd = sorted(set(mine) ^ set(theirs))
            if odd:
                raise DataError(f"{label} and {other} differ in their {kind}: {', '.join(odd)}. Drop these from both.")
    matrices = list(parts.values())
    order = [[matrix.names.index(name) for name in first.names] for matrix in matrices]
    doses = [[matrix.levers.index(name) for name in first.levers] for matrix in matrices]
    kept = [name for name in first.labels if all(name in matrix.labels for matrix in matrices)]
    labels = {name: [each for matrix in matrices for each in matrix.labels[name]] for name in kept}
    labels[FILE] = [name for name, matrix in parts.items() for _ in range(len(matrix))]
    return replace(
        first,
        scores=np.vstack([matrix.scores[:, place] for matrix, place in zip(matrices, order, strict=True)]),
        status=np.vstack([matrix.status[:, place] for matrix, place in zip(matrices, order, strict=True)]),
        doses=np.vstack([matrix.doses[:, place] for matrix, place in zip(matrices, doses, strict=True)]),
        weights=np.concatenate([matrix.weights for matrix in matrices]),
        unit_ids=tuple(unit for matrix in matrices for unit in matrix.unit_ids),
        labels={name: tuple(column) for name, column in labels.items()},
        notes=tuple(dict.fromkeys(note for matrix in matrices for note in matrix.notes)),
    )


def _invariance(answers: Answers, by: str) -> Invariance | None:
    if answers.items is None or answers.key is None:
        return None
    plain = (answers.items.doses == 0).all(axis=1)
    return measurement_invariance(answers.items.rows(plain), answers.key, by)


def _circle(evidences: Mapping[str, Evidence], theory: ValueTheory, seed: int) -> pd.DataFrame:
    return compare_patterns(evidences, theory, seed)
