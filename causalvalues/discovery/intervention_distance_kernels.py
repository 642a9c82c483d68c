"""Structural intervention distance of many pairs of graphs, compiled (Peters and Buhlmann 2015, proposition 6)."""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.frozen import BoolArray, IntArray


@njit(cache=True)
def intervention_distances(truths: BoolArray, guesses: BoolArray) -> IntArray:
    """Return for each pair of DAGs (s, p, p) how many effects of i on j the guess's parents of i adjust wrongly."""
    s = truths.shape[0]
    out = np.zeros(s, dtype=np.int64)
    for k in range(s):
        out[k] = _distance(truths[k], guesses[k])
    return out


@njit(cache=True)
def _distance(truth: BoolArray, guess: BoolArray) -> int:
    p = truth.shape[0]
    below = _descendants(truth)
    wrong = 0
    for i in range(p):
        given = guess[:, i]
        same = True
        for v in range(p):
            same = same and truth[v, i] == given[v]
        if same:
            continue
        for j in range(p):
            if j == i:
                continue
            if given[j]:
                wrong += below[i, j]
            elif not _valid(truth, below, given, i, j):
                wrong += 1
    return wrong


@njit(cache=True)
def _descendants(graph: BoolArray) -> BoolArray:
    p = graph.shape[0]
    below = graph.copy()
    for k in range(p):
        for i in range(p):
            if below[i, k]:
                for j in range(p):
                    below[i, j] |= below[k, j]
    return below


@njit(cache=True)
def _valid(graph: BoolArray, below: BoolArray, given: BoolArray, i: int, j: int) -> bool:
    """Whether a set is a valid adjustment for the effect of i on j (Shpitser, VanderWeele and Robins 2010)."""
    p = graph.shape[0]
    between = np.zeros(p, dtype=np.bool_)
    for v in range(p):
        between[v] = below[i, v] and (v == j or below[v, j])
        if between[v]:
            if given[v]:
                return False
            for w in range(p):
                if below[v, w] and given[w]:
                    return False
    opens = given.copy()  # colliders that are given or have a given descendant
    for v in range(p):
        for w in range(p):
            opens[v] |= below[v, w] and given[w]
    seen = np.zeros((2, p), dtype=np.bool_)  # reached against an arrow (0), along an arrow (1)
    waiting = np.empty(4 * p * p + 2, dtype=np.int64)
    waiting[0], count = i, 1
    while count:
        count -= 1
        along, v = divmod(waiting[count], p)
        if seen[along, v]:
            continue
        seen[along, v] = True
        if v == j:
            return False
        if not given[v]:
            for w in range(p):
                if graph[v, w] and not (v == i and between[w]) and not seen[1, w]:
                    waiting[count] = p + w
                    count += 1
        if opens[v] if along else not given[v]:
            for w in range(p):
                if graph[w, v] and not (w == i and between[v]) and not seen[0, w]:
                    waiting[count] = w
                    count += 1
    return True
