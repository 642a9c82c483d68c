"""Orientation rules for graphs with hidden common causes: R1-R4 and R8-R10 of Zhang (2008), no selection.

Marks are [i, j] = mark at j on the edge between i and j. Only circles are ever replaced.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from causalvalues.discovery.separation import Skeleton
from causalvalues.frozen import BoolArray
from causalvalues.graph.mixed import ARROW, CIRCLE, NOTHING, TAIL, MarkArray


def close_ancestral(marks: MarkArray, skeleton: Skeleton, unclear: BoolArray) -> None:
    """Apply the rules in place until none changes a mark.

    Parameters
    ----------
    marks : array (p, p) of int8
        After colliders and knowledge; in sorted order of the names.
    skeleton : Skeleton
        With the separating sets, which rule R4 reads.
    unclear : array (p, p, p) of bool
        True at [i, k, j] when it is not known whether i - k - j collides; such triples start no rule.
    """
    changed = True
    while changed:
        changed = False
        for a, b in np.argwhere(marks == CIRCLE).tolist():
            if marks[a, b] != CIRCLE:
                continue
            if _r2(marks, a, b) or _r3(marks, unclear, a, b):  # a *-o b becomes a *-> b
                marks[a, b] = ARROW
                changed = True
            elif _r1(marks, unclear, b, a):  # b o-* a becomes b -> a
                _put(marks, b, a)
                changed = True
            else:
                changed |= _r4(marks, skeleton, b, a)
        if changed:
            continue
        for b, a in np.argwhere((marks == CIRCLE) & (marks.T == ARROW)).tolist():
            if _r8(marks, a, b) or _r9(marks, unclear, a, b) or _r10(marks, unclear, a, b):  # a o-> b becomes a -> b
                marks[b, a] = TAIL
                changed = True


def _put(marks: MarkArray, cause: int, effect: int) -> None:
    if marks[effect, cause] == CIRCLE:
        marks[effect, cause] = TAIL
    if marks[cause, effect] == CIRCLE:
        marks[cause, effect] = ARROW


def _r1(marks: MarkArray, unclear: BoolArray, b: int, c: int) -> bool:
    """Whether a *-> b o-* c with a and c apart, for some a."""
    return bool(((marks[:, b] == ARROW) & (marks[:, c] == NOTHING) & ~unclear[:, b, c] & _others(marks, b, c)).any())


def _r2(marks: MarkArray, a: int, c: int) -> bool:
    """Whether a -> b *-> c or a *-> b -> c beside a *-o c, for some b."""
    into = (marks[a] == ARROW) & (marks[:, c] == ARROW)
    return bool((into & ((marks[:, a] == TAIL) | (marks[c] == TAIL))).any())


def _r3(marks: MarkArray, unclear: BoolArray, d: int, b: int) -> bool:
    """Whether a *-> b <-* c, a *-o d o-* c and d *-o b, with a and c apart, for some a and c."""
    ends = np.flatnonzero((marks[:, b] == ARROW) & (marks[:, d] == CIRCLE)).tolist()
    return any(marks[a, c] == NOTHING and not unclear[a, d, c] for a, c in combinations(ends, 2))


def _r4(marks: MarkArray, skeleton: Skeleton, b: int, c: int) -> bool:
    """Orient b o-* c by a discriminating path (d, ..., a, b, c) for b, if there is one; return whether it did."""
    for d, a in _discriminating(marks, b, c):
        separator = skeleton.separator(d, c)
        if separator is None:
            continue
        if b in separator:
            _put(marks, b, c)
        else:
            for i, j in ((b, a), (a, b), (b, c), (c, b)):
                if marks[i, j] == CIRCLE:
                    marks[i, j] = ARROW
        return True
    return False


def _discriminating(marks: MarkArray, b: int, c: int) -> Iterator[tuple[int, int]]:
    """Yield (d, a) of the discriminating paths (d, ..., a, b, c), shortest first.

    Every node between d and b is a collider on the path and a parent of c; d and c are apart.
    """
    parent = (marks[:, c] == ARROW) & (marks[c] == TAIL)
    for a in np.flatnonzero(parent & (marks[b] == ARROW)).tolist():
        waiting, seen = deque([a]), {a, b, c}
        while waiting:
            here = waiting.popleft()
            for before in np.flatnonzero(marks[:, here] == ARROW).tolist():
                if before in seen:
                    continue
                seen.add(before)
                if marks[before, c] == NOTHING:
                    yield before, a
                elif parent[before] and marks[here, before] == ARROW:
                    waiting.append(before)


def _r8(marks: MarkArray, a: int, c: int) -> bool:
    """Whether a -> b -> c beside a o-> c, for some b."""
    return bool(((marks[a] == ARROW) & (marks[:, a] == TAIL) & (marks[:, c] == ARROW) & (marks[c] == TAIL)).any())


def _r9(marks: MarkArray, unclear: BoolArray, a: int, c: int) -> bool:
    """Whether an uncovered possibly directed path (a, b, ..., c), with b and c apart, stands beside a o-> c."""
    starts = np.flatnonzero(_forward(marks)[a] & (marks[c] == NOTHING) & ~unclear[:, a, c]).tolist()
    return any(_uncovered(marks, unclear, (a, b), c) for b in starts if b != c)


def _r10(marks: MarkArray, unclear: BoolArray, a: int, c: int) -> bool:
    """Whether b -> c <- d stand beside a o-> c, with uncovered possibly directed paths from a that part at once.

    The first nodes after a on the paths to b and to d differ and are apart.
    """
    parents = [b for b in np.flatnonzero((marks[:, c] == ARROW) & (marks[c] == TAIL)).tolist() if b != a]
    if len(parents) < 2:
        return False
    starts = [x for x in np.flatnonzero(_forward(marks)[a]).tolist() if x != c]
    to = {b: [x for x in starts if x == b or _uncovered(marks, unclear, (a, x), b)] for b in parents}
    return any(
        x != y and marks[x, y] == NOTHING and not unclear[x, a, y]
        for b, d in combinations(parents, 2)
        for x in to[b]
        for y in to[d]
    )


def _uncovered(marks: MarkArray, unclear: BoolArray, first: tuple[int, int], goal: int) -> bool:
    """Whether an uncovered possibly directed path (first two nodes, ..., goal) exists: neighbours-but-one are apart."""
    forward = _forward(marks)
    waiting: list[tuple[int, ...]] = [first]
    while waiting:
        path = waiting.pop()
        for node in np.flatnonzero(forward[path[-1]] & (marks[path[-2]] == NOTHING) & ~unclear[path[-2], path[-1]]):
            after = int(node)
            if after in path:
                continue
            if after == goal:
                return True
            waiting.append((*path, after))
    return False


def _forward(marks: MarkArray) -> np.ndarray:
    """Return True at [i, j] when the edge i - j may be i -> j: no arrow at i and no tail at j."""
    return np.asarray((marks != NOTHING) & (marks != TAIL) & (marks.T != ARROW))


def _others(marks: MarkArray, *nodes: int) -> np.ndarray:
    keep = np.ones(len(marks), dtype=bool)
    keep[list(nodes)] = False
    return keep
