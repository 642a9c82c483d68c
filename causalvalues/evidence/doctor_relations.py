"""Checks of columns against each other: duplicates, collinear sets, ipsative scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causalvalues.evidence.finding import Finding, columns
from causalvalues.evidence.relations import Relation, linear_relations, unit_columns
from causalvalues.evidence.remedies import IPSATIVE_REMEDY
from causalvalues.frozen import FloatArray
from causalvalues.responses.matrix import ResponseMatrix

MOST_COLUMNS = 1000
"""Beyond this many columns only exact copies are looked for."""


def related_columns(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV104, CV105, CV106, CV401, CV402: linear relations between columns."""
    names, rows = _complete_columns(matrix)
    if len(rows) < len(names) + 2 or len(names) > MOST_COLUMNS:
        yield from _copies(matrix)
        yield from _declared_centring(matrix, ())
        return
    order = sorted(range(len(names)), key=lambda j: names[j])
    names = [names[j] for j in order]
    unit = unit_columns(rows[:, order])
    correlation = unit.T @ unit
    np.fill_diagonal(correlation, 1.0)
    relations = linear_relations(correlation)
    for relation in relations:
        yield _finding(relation, [names[j] for j in relation.members])
    yield from _declared_centring(matrix, relations)
    if not relations and len(names) > 1:
        share = 1.0 / np.diag(np.linalg.inv(correlation))
        near = [name for name, left in zip(names, share, strict=True) if left < 0.05]
        if near:
            yield Finding(
                "CV106",
                "warning",
                columns(near),
                "More than 95% of the variance follows from the other columns, so which of them is a direct cause "
                "rests on very few differences between rows.",
                "Merge dimensions that mean the same, or keep one of them.",
            )


def _finding(relation: Relation, members: list[str]) -> Finding:
    where = columns(members, most=20)
    if relation.kind == "duplicate":
        return Finding(
            "CV104",
            "blocking",
            where,
            "The same numbers up to scale and sign; a learner cannot tell them apart and splits effects between them.",
            f"Drop one: `matrix.drop([{members[-1]!r}])`.",
        )
    if relation.kind == "collinear":
        return Finding(
            "CV105",
            "blocking",
            where,
            f"Each column follows from the others (smallest eigenvalue of the correlations {relation.share:.2g}).",
            "Drop one of them; keep the parts rather than their sum.",
        )
    nearly = relation.kind == "nearly ipsative"
    degree = "nearly " if nearly else ""
    return Finding(
        "CV402" if nearly else "CV401",
        "blocking",
        where,
        f"The columns of each row add up to {degree}the same number (smallest eigenvalue of the correlations "
        f"{relation.share:.2g}), as they do after each person's mean was subtracted. Every column then follows {degree}"
        "from the others, and learners find many edges in pure noise.",
        IPSATIVE_REMEDY,
    )


def _declared_centring(matrix: ResponseMatrix, relations: tuple[Relation, ...]) -> Iterator[Finding]:
    seen = any(relation.kind in ("ipsative", "nearly ipsative") for relation in relations)
    if matrix.centring == "person_mean" and not seen:
        yield Finding(
            "CV402",
            "blocking",
            columns(list(matrix.names), most=20),
            "The scores were centred on each person's mean (`centring`), so they carry a built-in negative relation, "
            "even though it is not exact here.",
            IPSATIVE_REMEDY,
        )


def _complete_columns(matrix: ResponseMatrix) -> tuple[list[str], FloatArray]:
    """Return the columns that vary and are mostly answered, and the rows complete on them."""
    finite = np.where(np.isinf(matrix.scores), np.nan, matrix.scores)
    there = ~np.isnan(finite)
    keep = []
    for j in range(len(matrix.names)):
        column = finite[there[:, j], j]
        if len(column) > len(finite) / 2 and len(column) and np.ptp(column) > 0:
            keep.append(j)
    rows = finite[there[:, keep].all(axis=1)][:, keep]
    moves = np.array([len(rows) > 0 and np.ptp(rows[:, i]) > 0 for i in range(len(keep))], dtype=bool)
    return [matrix.names[j] for j, moving in zip(keep, moves, strict=True) if moving], rows[:, moves]


def _copies(matrix: ResponseMatrix) -> Iterator[Finding]:
    first: dict[bytes, str] = {}
    for j, name in enumerate(matrix.names):
        column = matrix.scores[:, j] + 0.0
        if np.isnan(column).all() or np.nanmin(column) == np.nanmax(column):
            continue
        key = column.tobytes()
        if key in first:
            yield _finding(Relation("duplicate", (), 0.0), [first[key], name])
        else:
            first[key] = name
