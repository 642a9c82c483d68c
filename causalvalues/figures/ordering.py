"""Order and height of nodes within the columns of a layered drawing: few crossings, straight lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Link = tuple[int, int]


def ordered_columns(columns: Sequence[Sequence[int]], links: Sequence[Link], rounds: int = 24) -> list[list[int]]:
    """Order each column by barycentres, swept to and fro; the order with the fewest crossings is kept.

    Parameters
    ----------
    columns : sequence of sequences of int
        Nodes of each column in their first order.
    links : sequence of (left, right)
        Between neighbouring columns, or inside one.
    rounds : int, default 24

    Returns
    -------
    list of list of int
    """
    beside: dict[int, list[int]] = {node: [] for column in columns for node in column}
    for a, b in links:
        beside[a].append(b)
        beside[b].append(a)
    current = [list(column) for column in columns]
    best, fewest = [list(column) for column in current], crossings(current, links)
    for turn in range(rounds):
        sweep = range(len(current)) if turn % 2 == 0 else range(len(current) - 1, -1, -1)
        for c in sweep:
            place = {node: (i + 0.5) / len(column) for column in current for i, node in enumerate(column)}
            weight = {node: np.mean([place[other] for other in beside[node]] or [place[node]]) for node in current[c]}
            current[c].sort(key=lambda node: (round(float(weight[node]), 9), place[node]))
        found = crossings(current, links)
        if found < fewest:
            best, fewest = [list(column) for column in current], found
    return _swapped(best, links)


def _swapped(columns: list[list[int]], links: Sequence[Link]) -> list[list[int]]:
    """Exchange neighbours as long as that removes crossings."""
    fewest = crossings(columns, links)
    improved = True
    while improved:
        improved = False
        for column in columns:
            for i in range(len(column) - 1):
                column[i], column[i + 1] = column[i + 1], column[i]
                found = crossings(columns, links)
                if found < fewest:
                    fewest, improved = found, True
                else:
                    column[i], column[i + 1] = column[i + 1], column[i]
    return columns


def crossings(columns: Sequence[Sequence[int]], links: Sequence[Link]) -> int:
    """Count crossings of links between neighbouring columns, and what links inside a column jump over."""
    column = {node: c for c, nodes in enumerate(columns) for node in nodes}
    place = {node: i for nodes in columns for i, node in enumerate(nodes)}
    count = 0
    for c in range(len(columns) - 1):
        ends = np.array([(place[a], place[b]) for a, b in links if column[a] == c and column[b] == c + 1])
        if len(ends) > 1:
            left, right = ends[:, 0], ends[:, 1]
            count += int(((left[:, None] < left) & (right[:, None] > right)).sum())
    return count + sum(abs(place[a] - place[b]) - 1 for a, b in links if column[a] == column[b])


def heights(
    columns: Sequence[Sequence[int]], links: Sequence[Link], half: Mapping[int, float], gap: float, linked_gap: float
) -> dict[int, float]:
    """Give each node a height: near the mean of its neighbours, in order, without touching.

    Parameters
    ----------
    columns : sequence of sequences of int
        In order from top to bottom.
    links : sequence of (left, right)
    half : mapping of int to float
        Half the height of each node, in points.
    gap : float
        Least distance between nodes, in points.
    linked_gap : float
        The same for neighbours in a column that are linked, so that a line fits between them.

    Returns
    -------
    dict
        Node -> y of its centre; the smallest upper end is 0. Each column is the least-squares fit to the wished
        heights under the order (pool-adjacent-violators).
    """
    beside: dict[int, list[int]] = {node: [] for column in columns for node in column}
    for a, b in links:
        beside[a].append(b)
        beside[b].append(a)
    offsets: dict[int, float] = {}
    for column in columns:
        at = 0.0
        for i, node in enumerate(column):
            if i:
                at += half[column[i - 1]] + (linked_gap if column[i - 1] in beside[node] else gap)
            at += half[node]
            offsets[node] = at
    y = {node: offsets[node] - offsets[column[-1]] / 2 for column in columns for node in column}
    for turn in range(30):
        for column in columns if turn % 2 == 0 else columns[::-1]:
            wishes = [
                float(np.mean([y[other] for other in beside[node]])) if beside[node] else y[node] for node in column
            ]
            fitted = monotone([wish - offsets[node] for wish, node in zip(wishes, column, strict=True)])
            for node, base in zip(column, fitted, strict=True):
                y[node] = base + offsets[node]
    top = min((y[node] - half[node] for node in y), default=0.0)
    return {node: at - top for node, at in y.items()}


def monotone(wishes: Sequence[float]) -> list[float]:
    """Return the non-decreasing sequence nearest to the wishes in squares (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for wish in wishes:
        blocks.append((wish, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m), (b, n) = blocks[-2], blocks[-1]
            blocks[-2:] = [((a * m + b * n) / (m + n), m + n)]
    return [mean for mean, count in blocks for _ in range(count)]
