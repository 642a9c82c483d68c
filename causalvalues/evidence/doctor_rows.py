"""Checks of rows: how many there are, whether they are independent, and whether the levers were varied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from causalvalues.evidence.design import independent_columns
from causalvalues.evidence.finding import Finding
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.responses.matrix import ResponseMatrix

UNIT_LABELS = ("persona_id", "respondent_id", "person_id", "participant_id", "subject_id", "respondent", "player_name")


def row_numbers(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV201, CV202, CV207: rows with answers against columns."""
    n, p = len(matrix), len(matrix.names)
    some = ~np.isnan(matrix.scores).all(axis=0)
    answered = ~np.isnan(matrix.scores).all(axis=1)
    complete = int((answered & (matrix.weights > 0)).sum())
    weighted = " with a positive weight" if complete < int(answered.sum()) else ""
    full = p + p * (p - 1) // 2
    if complete < p + 2:
        yield Finding(
            "CV201",
            "blocking",
            f"{complete} rows with answers{weighted}",
            f"{p} columns need at least {p + 2} rows; with fewer their covariance matrix is singular.",
            "Correct the weights, or add rows."
            if weighted
            else "Add rows, drop columns with gaps, or score items into fewer dimensions.",
        )
    elif complete < full:
        yield Finding(
            "CV202",
            "warning",
            f"{complete} rows with answers",
            f"A full linear model of {p} columns has {full} coefficients and variances, more than there are rows.",
            "Add rows or merge dimensions, and read edge probabilities with their prior beside them.",
        )
    holes = int(np.isnan(matrix.scores[:, some]).any(axis=1).sum())
    if n and holes > 0.2 * n:
        yield Finding(
            "CV207",
            "warning",
            f"{holes} of {n} rows",
            "These rows lack an answer. Moments are then estimated by maximum likelihood over all rows, which is right "
            "when what is missing depends on the given answers only; where refusals depend on what would have been "
            "said, it is biased.",
            "See which columns have gaps (`matrix.status`), and drop those or ask again.",
        )


def uneven_weights(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV208: an effective number of rows by weights below half of the rows (Kish, 1965, Survey Sampling, 11.7)."""
    weights = matrix.weights[_used(matrix)]
    p = len(matrix.names)
    if len(weights) < p + 2:
        return
    shares = weights / weights.max()
    effective = float(shares.sum() ** 2 / (shares**2).sum())
    if effective < 0.5 * len(weights):
        yield Finding(
            "CV208",
            "blocking" if effective < p + 2 else "warning",
            "row weights",
            f"A few rows hold most of the weight (the largest {1 / float(shares.sum()):.0%}): {len(weights)} rows are "
            f"worth {effective:.1f} rows of equal weight.",
            "Correct or trim the weights, or read the file without them.",
        )


def _used(matrix: ResponseMatrix) -> BoolArray:
    """Return which rows (n,) learning uses: complete on the columns that have answers, with a positive weight."""
    some = ~np.isnan(matrix.scores).all(axis=0)
    return np.asarray(~np.isnan(matrix.scores[:, some]).any(axis=1) & (matrix.weights > 0))


def repeated_units(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV203, CV204: one unit in many rows without a cluster label, or in several clusters."""
    sources = {"unit_ids": matrix.unit_ids}
    sources |= {name: matrix.labels[name] for name in UNIT_LABELS if name in matrix.labels}
    for name, units in sources.items():
        count = Counter(unit for unit in units if unit)
        repeated = {unit for unit, times in count.items() if times > 1}
        if not repeated:
            continue
        example = min(repeated)
        if not matrix.cluster_by:
            known = name if name in matrix.labels else "a label that repeats"
            yield Finding(
                "CV203",
                "blocking",
                f"label {name!r}",
                f"{len(repeated)} units stand in more than one row ({example!r}: {count[example]} rows) and the rows "
                "are taken as independent, so far too many edges look certain.",
                f"Set `cluster_by={known!r}` when reading, or keep one row for each unit.",
            )
            return
        pairs = {
            (unit, cluster) for unit, cluster in zip(units, matrix.clusters or (), strict=True) if unit in repeated
        }
        torn = len(pairs) - len(repeated)
        if torn and name != matrix.cluster_by:
            yield Finding(
                "CV204",
                "warning",
                f"label {name!r}",
                f"Some units stand in several clusters of {matrix.cluster_by!r}, so clusters are not independent.",
                f"Set `cluster_by={name!r}`, or a label that holds both.",
            )


def cluster_trouble(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV205: fewer than 20 clusters."""
    if matrix.clusters is None or not len(matrix):
        return
    number = len(set(matrix.clusters))
    if number < 20:
        yield Finding(
            "CV205",
            "blocking" if number == 1 else "warning",
            f"label {matrix.cluster_by!r}",
            f"{number} cluster(s): how much clusters differ is itself hardly known, and intervals come out too short.",
            "Add clusters (personas, models); more rows of the same ones do not help.",
        )


def identical_rows(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV206: rows that repeat all answers of another row, more often than unrelated columns would by chance."""
    complete = ~np.isnan(matrix.scores).any(axis=1)
    rows = np.hstack([matrix.scores, matrix.doses])[complete]
    if len(rows) < 20 or not len(matrix.names):
        return
    groups, counts = np.unique(rows, axis=0, return_counts=True)
    extra = len(rows) - len(groups)
    chance = len(rows) ** 2 / 2 * float(np.prod([_chance_of_a_tie(column) for column in rows.T]))
    if extra > max(0.05 * len(rows), 5 * chance):
        yield Finding(
            "CV206",
            "note",
            f"{extra} of {len(rows)} rows",
            f"They repeat another row in every answer (one profile occurs {counts.max()} times). Answers of a model at "
            "temperature 0 do that; they carry no new information.",
            "Keep one row for each distinct question, or set `cluster_by` to what repeats.",
        )


def _chance_of_a_tie(column: FloatArray) -> float:
    shares = np.unique(column, return_counts=True)[1] / len(column)
    return float((shares**2).sum())


def lever_trouble(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV501, CV502, CV503: levers never varied or not to be told apart, and design cells of fewer than five rows."""
    yield from _same_levers(matrix)
    for lever, doses in zip(matrix.levers, matrix.doses.T, strict=True):
        if len(doses) and np.ptp(doses) == 0:
            used = "was never used" if doses[0] == 0 else f"has the dose {doses[0]:g} in every row"
            yield Finding(
                "CV501",
                "warning",
                f"lever {lever!r}",
                f"It {used}, so its effect cannot be seen.",
                "Leave it out of `levers`, or add rows with and without it.",
            )
    cells = Counter(cell for cell in matrix.cells if cell)
    small = sorted(cell for cell, rows in cells.items() if rows < 5)
    if small:
        shown = ", ".join(repr("+".join(cell)) for cell in small[:6]) + (", ..." if len(small) > 6 else "")
        yield Finding(
            "CV502",
            "note",
            f"design cells {shown}",
            f"{len(small)} combinations of levers have fewer than 5 rows; their own effects are hardly known.",
            "Ask with these combinations again, or read their effects with their intervals.",
        )


def _same_levers(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV503: levers whose doses follow from those of levers before them, in sorted order."""
    order = sorted(range(len(matrix.levers)), key=lambda j: matrix.levers[j])
    doses = matrix.doses[_used(matrix)][:, order]
    largest = np.abs(doses).max(axis=0, initial=0.0)
    doses = doses / np.where(largest > 0, largest, 1.0)
    varies = np.array([len(doses) > 0 and np.ptp(column) > 0 for column in doses.T], dtype=bool)
    names = [matrix.levers[j] for j, moves in zip(order, varies, strict=True) if moves]
    separate = independent_columns(doses[:, varies], None)
    bad = [name for name, new in zip(names, separate, strict=True) if not new]
    if bad:
        shown = ", ".join(repr(name) for name in bad[:6]) + (f", ... ({len(bad)} in all)" if len(bad) > 6 else "")
        others = [name for name in names if name not in bad]
        rest = ", ".join(repr(name) for name in others[:6]) + (", ..." if len(others) > 6 else "")
        yield Finding(
            "CV503",
            "blocking",
            f"lever{'s' if len(bad) > 1 else ''} {shown}",
            f"The doses follow exactly from those of {rest}, so the effects cannot be told apart.",
            "Merge them into one lever, or leave out the one that is the baseline.",
        )
