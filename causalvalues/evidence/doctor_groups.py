"""Checks across groups of rows: unequal gaps, one group that decides all, and signs that depend on pooling."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

from causalvalues.evidence.finding import Finding
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix

GROUP_LABELS = ("model", "country", "source", "wave", "language", "gender", "instrument")
STEERING = re.compile(r"steer|lever|interven|dose|treat|condition|prompt_id", re.IGNORECASE)
MOST_GROUPS = 60


def missing_by_group(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV301: gaps that are more frequent in some groups (difference above 10 points and beyond chance)."""
    gaps = np.isnan(matrix.scores)
    if not gaps.any():
        return
    for label, groups, codes in _groupings(matrix):
        sizes = np.bincount(codes)
        worst: tuple[float, str, str, str, float, float] | None = None
        columns = 0
        for j, name in enumerate(matrix.names):
            rates = np.bincount(codes, gaps[:, j]) / sizes
            overall = float(gaps[:, j].mean())
            error = np.sqrt(np.maximum(overall * (1 - overall), 1e-12) / sizes)
            far = (sizes >= 5) & (np.abs(rates - overall) > 4 * error)
            spread = float(np.ptp(rates[sizes >= 5])) if (sizes >= 5).any() else 0.0
            if far.any() and spread > 0.1:
                columns += 1
                high, low = int(np.argmax(rates)), int(np.argmin(rates))
                if worst is None or spread > worst[0]:
                    worst = (spread, name, groups[high], groups[low], float(rates[high]), float(rates[low]))
        if worst:
            _, name, high_group, low_group, high_rate, low_rate = worst
            yield Finding(
                "CV301",
                "warning",
                f"label {label!r}",
                f"{columns} column(s) have unequal gaps; most in {name!r}: {high_rate:.0%} missing in {high_group!r}, "
                f"{low_rate:.0%} in {low_group!r}. Complete rows then over-represent some groups.",
                f"Analyse groups apart or within (`summarise(matrix, within={label!r})`), and find out why answers "
                "were lost (`matrix.status`).",
            )


def dominating_groups(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV302: a group with more than half of the rows (more than 60% when there are two groups)."""
    for label, groups, codes in _groupings(matrix):
        share = np.bincount(codes) / len(codes)
        top = int(np.argmax(share))
        if share[top] > (0.5 if len(groups) > 2 else 0.6):
            yield Finding(
                "CV302",
                "warning",
                f"label {label!r}",
                f"{groups[top]!r} has {share[top]:.0%} of the rows, so pooled results describe mostly this group.",
                "Give rows weights that balance the groups, or analyse the groups apart.",
            )


def sign_changes(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV303: pairs whose correlation has one sign pooled and the other within groups, both beyond chance."""
    complete = np.isfinite(matrix.scores).all(axis=1)
    rows = matrix.scores[complete]
    p = len(matrix.names)
    if p < 2 or p > 300 or len(rows) < p + 10:
        return
    for label, groups, codes in _groupings(matrix):
        inside = codes[complete]
        if len(rows) - len(groups) < p + 5:
            continue
        pooled, within = _correlation(rows, np.zeros(len(rows), dtype=np.int64)), _correlation(rows, inside)
        chance = 2.0 / np.sqrt(len(rows) - len(groups))
        pairs = [
            (i, j)
            for i in range(p)
            for j in range(i + 1, p)
            if pooled[i, j] * within[i, j] < 0 and min(abs(pooled[i, j]), abs(within[i, j])) > chance
        ]
        if pairs:
            i, j = max(pairs, key=lambda pair: min(abs(pooled[pair]), abs(within[pair])))
            yield Finding(
                "CV303",
                "warning",
                f"label {label!r}",
                f"{len(pairs)} of {p * (p - 1) // 2} correlations change sign between pooled and within groups "
                f"({matrix.names[i]!r} and {matrix.names[j]!r}: {pooled[i, j]:+.2f} pooled, {within[i, j]:+.2f} "
                "within). A pooled graph then describes differences between groups, not within them.",
                f"Use `summarise(matrix, within={label!r})`.",
            )


def pooled_steering(matrix: ResponseMatrix) -> Iterator[Finding]:
    """CV304: a label that looks like an experimental condition while no lever is declared."""
    if matrix.levers:
        return
    for label, values in sorted(matrix.labels.items()):
        kinds = Counter(values)
        if STEERING.search(label) and 1 < len(kinds) <= len(values) / 2 and label != matrix.cluster_by:
            yield Finding(
                "CV304",
                "warning",
                f"label {label!r}",
                f"It looks like a condition set by the experimenter ({len(kinds)} kinds) and no lever is declared, so "
                "steered and unsteered rows are pooled as if they were the same.",
                f"Declare the levers when reading, or remove the differences: `summarise(matrix, within={label!r})`.",
            )


def _groupings(matrix: ResponseMatrix) -> Iterator[tuple[str, list[str], IntArray]]:
    """Yield each label that splits the rows into a few groups: its name, the groups and the code of each row."""
    labels = sorted({name for name in GROUP_LABELS if name in matrix.labels} | ({matrix.group_by} - {""}))
    for label in labels:
        groups, codes = np.unique(np.array(matrix.labels[label], dtype=object), return_inverse=True)
        if 1 < len(groups) <= min(MOST_GROUPS, len(matrix) / 2):
            yield label, [str(group) for group in groups], codes.astype(np.int64)


def _correlation(rows: FloatArray, codes: IntArray) -> FloatArray:
    largest = np.abs(rows).max(axis=0, initial=0.0)
    rows = rows / np.where(largest > 0, largest, 1.0)
    sizes = np.bincount(codes)
    means = np.column_stack([np.bincount(codes, rows[:, j]) / sizes for j in range(rows.shape[1])])
    centred = rows - means[codes]
    length = np.sqrt((centred**2).sum(axis=0))
    length = np.where(length > 0, length, 1.0)
    return np.asarray(centred.T @ centred / np.outer(length, length))
