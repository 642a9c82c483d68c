"""Moments of the items of some dimensions in several groups, for a factor analysis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.model.factor_layout import GroupMoments
from causalvalues.responses.codes import blank_codes
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.theories import ScoringKey


def items_of_dimensions(
    matrix: ResponseMatrix, key: ScoringKey, dimensions: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Return the items of the dimensions that are tested, and these dimensions.

    Raises
    ------
    ModelError
        If a dimension has too few items.
    """
    there = [name for name in matrix.names if key.knows(name) and key.canonical(name) in key.items]
    measured = [d for d in key.dimensions if any(key.items[key.canonical(item)].dimension == d for item in there)]
    chosen = measured if dimensions is None else list(dimensions)
    for name in chosen:
        if name not in measured:
            raise ModelError(f"No item of {name!r} is in the matrix." + did_you_mean(name, measured))
    place = {key.canonical(item): item for item in there}
    items = [place[item] for d in chosen for item in key.items_of(d) if item in place]
    for name in chosen:
        count = sum(key.items[key.canonical(item)].dimension == name for item in items)
        least = 3 if len(chosen) == 1 else 2
        if count < least:
            raise ModelError(
                f"{name!r} has {count} items; {least} are needed to test its loadings. Leave it out"
                + (", or test several dimensions together." if least == 3 else ".")
            )
    return items, chosen


def item_moments(
    matrix: ResponseMatrix, key: ScoringKey, items: list[str], group_by: str
) -> tuple[GroupMoments, FloatArray, tuple[str, ...], list[str]]:
    """Return the moments of items in units of their spread, these spreads, the groups, and what was left out.

    Raises
    ------
    ModelError
        If a label is unknown, there is one group or cluster, or a group has too few rows or items that do not vary.
    """
    if group_by not in matrix.labels:
        raise ModelError(f"There is no label {group_by!r}." + did_you_mean(group_by, matrix.labels))
    matrix = blank_codes(matrix, key)
    answers = np.column_stack([matrix.column(item) for item in items])
    signs = np.array([key.items[key.canonical(item)].sign for item in items]) * (-1 if key.most == "low" else 1)
    answers = answers * signs
    if np.isinf(answers).any():
        raise ModelError(
            f"Item {items[int(np.argmax(np.isinf(answers).any(axis=0)))]!r} holds infinity. Mark it missing."
        )
    complete = ~np.isnan(answers).any(axis=1) & (matrix.weights > 0)
    labels = np.array(matrix.labels[group_by], dtype=str)
    groups = tuple(str(label) for label in np.unique(labels))
    if len(groups) < 2:
        raise ModelError(f"All rows belong to the group {groups[0]!r} of {group_by!r}. Give rows of two groups.")
    clusters = np.arange(len(matrix)) if matrix.clusters is None else np.unique(matrix.clusters, return_inverse=True)[1]
    if len(np.unique(clusters[complete])) == 1:
        raise ModelError("All complete rows belong to one cluster, so nothing says how much another would differ.")
    answers, spread = _standardised(answers, complete)
    n, means, covariances, rows = [], [], [], []
    for group in groups:
        mine = complete & (labels == group)
        if mine.sum() < 2 * len(items):
            raise ModelError(
                f"The group {group!r} has {int(mine.sum())} complete rows; {2 * len(items)} are needed for "
                f"{len(items)} items. Leave it out, or test fewer dimensions."
            )
        x = answers[mine]
        z = x - x.mean(axis=0)
        still = np.flatnonzero(np.ptp(z, axis=0) == 0)
        if len(still):
            raise ModelError(f"All answers to {items[still[0]]!r} are the same in the group {group!r}. Leave it out.")
        _refuse_dependent(group, items, z)
        n.append(float(len(x)))
        means.append(x.mean(axis=0))
        covariances.append(z.T @ z / len(x))
        rows.append((z, clusters[mine].astype(np.int64)))
    lost = int((~complete).sum())
    notes = (
        [f"{lost} of {len(matrix)} rows without complete answers to {len(items)} items were left out"] if lost else []
    )
    if np.ptp(matrix.weights[complete]) > 0:
        notes.append("row weights were not used: every complete row counts the same")
    moments = GroupMoments(np.array(n), np.array(means), np.array(covariances), tuple(rows))
    return moments, spread, groups, notes


def _standardised(answers: FloatArray, complete: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return answers in units of their spread over all complete rows, and the spread.

    Equalities over groups stay what they are.
    """
    if not complete.any():
        return answers, np.ones(answers.shape[1])
    centred = answers - answers[complete].mean(axis=0)
    size = np.abs(centred[complete]).max(axis=0)
    centred = centred / np.where(size > 0, size, 1.0)
    spread = np.sqrt(np.square(centred[complete]).mean(axis=0))
    spread = np.where(spread > 0, spread, 1.0)
    return np.asarray(centred / spread), np.asarray(spread * np.where(size > 0, size, 1.0))


def _refuse_dependent(group: str, items: list[str], z: FloatArray) -> None:
    spread = np.sqrt(np.square(z).mean(axis=0))
    values, vectors = np.linalg.eigh(z.T @ z / len(z) / np.outer(spread, spread))
    if values[0] < 1e-10:
        bound = [item for item, share in zip(items, vectors[:, 0], strict=True) if abs(share) > 1e-3]
        raise ModelError(f"In the group {group!r} the answers to {bound} follow from each other. Drop one of them.")
