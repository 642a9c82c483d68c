"""Draws of (order, DAG) from the order-modular posterior, and the number of orders of each DAG.

The order-modular posterior gives a DAG its weight times the number of its linear extensions, so the weight 1 / number
corrects a draw to the uniform prior over DAGs (Ellis and Wong 2008; He, Tian and Wu 2016).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.discovery.subset_kernels import members, normal, ratio, squeeze, unsqueeze
from causalvalues.frozen import BoolArray, FloatArray

Wide = tuple[FloatArray, np.ndarray]
LISTED = 12


@njit(cache=True)
def order_draws(score: Wide, alpha: Wide, forward: Wide, ranked: np.ndarray, uniforms: FloatArray) -> BoolArray:
    """Draw DAGs from the order-modular posterior.

    `ranked` (p, 2^(p-1)) lists the parent sets of each node, best first; `uniforms` is (s, 2 p).
    """
    s = uniforms.shape[0]
    p = score[0].shape[0]
    out = np.zeros((s, p, p), dtype=np.bool_)
    for draw in range(s):
        left = (1 << p) - 1
        for place in range(p):
            v = _last_of(left, alpha, forward, uniforms[draw, place])
            left &= ~(1 << v)
            i = squeeze(left, v)
            total = (alpha[0][v, i], alpha[1][v, i])
            parents = parents_within(score, total, ranked, v, (left, 0), uniforms[draw, p + v])
            for u in range(p):
                out[draw, u, v] = parents >> u & 1
    return out


@njit(cache=True)
def _last_of(nodes: int, alpha: Wide, forward: Wide, uniform: float) -> int:
    reached, last = 0.0, -1
    for v in range(alpha[0].shape[0]):
        if nodes >> v & 1:
            rest = nodes & ~(1 << v)
            i = squeeze(rest, v)
            m, e = normal(forward[0][rest] * alpha[0][v, i], forward[1][rest] + alpha[1][v, i])
            if m > 0.0:
                reached += ratio(m, e, forward[0][nodes], forward[1][nodes])
                last = v
                if reached > uniform:
                    break
    return last


@njit(cache=True)
def parents_within(
    score: Wide, total: tuple[float, int], ranked: np.ndarray, v: int, sets: tuple[int, int], uniform: float
) -> int:
    """Draw a parent set of v inside `sets[0]` that contains `sets[1]`; `total` is the sum of the scores of all of them.

    Few candidates are listed one by one; many are met best first, which seldom goes far.
    """
    inside, need = sets
    free = inside & ~need
    reached, found = 0.0, need
    if members(free) <= LISTED:
        part = free
        while True:
            i = squeeze(part | need, v)
            if score[0][v, i] > 0.0:
                reached += ratio(score[0][v, i], score[1][v, i], total[0], total[1])
                found = part | need
                if reached > uniform:
                    break
            if part == 0:
                break
            part = (part - 1) & free
        return found
    for k in range(ranked.shape[1]):
        i = ranked[v, k]
        parents = unsqueeze(i, v)
        if parents & ~inside or (parents & need) != need:
            continue
        reached += ratio(score[0][v, i], score[1][v, i], total[0], total[1])
        found = parents
        if reached > uniform:
            break
    return found


@njit(cache=True)
def log_linear_extensions(draws: BoolArray) -> FloatArray:
    """Logarithm of the number of topological orders of each DAG, by counting down-sets of each connected part."""
    s, p = draws.shape[0], draws.shape[1]
    out = np.zeros(s)
    ways = np.zeros(1 << p)
    stamp = np.full(1 << p, -1, dtype=np.int64)
    now, later = np.empty(1 << p, dtype=np.int32), np.empty(1 << p, dtype=np.int32)
    part = np.empty(p, dtype=np.int64)
    tag = 0
    for draw in range(s):
        graph = draws[draw]
        seen = np.zeros(p, dtype=np.bool_)
        placed = 0
        for root in range(p):
            if seen[root]:
                continue
            size = _component(graph, root, seen, part)
            tag += 1
            out[draw] += np.log(_count_orders(graph, part, size, ways, stamp, tag, now, later))
            for i in range(size):  # interleave this part with the parts before it
                placed += 1
                out[draw] += np.log(placed) - np.log(i + 1.0)
    return out


@njit(cache=True)
def _component(graph: BoolArray, root: int, seen: BoolArray, part: np.ndarray) -> int:
    part[0], size, at = root, 1, 0
    seen[root] = True
    while at < size:
        v = part[at]
        at += 1
        for u in range(graph.shape[0]):
            if not seen[u] and (graph[u, v] or graph[v, u]):
                seen[u] = True
                part[size] = u
                size += 1
    return size


@njit(cache=True)
def _count_orders(
    graph: BoolArray,
    part: np.ndarray,
    size: int,
    ways: FloatArray,
    stamp: np.ndarray,
    tag: int,
    now: np.ndarray,
    later: np.ndarray,
) -> float:
    parents = np.zeros(size, dtype=np.int64)
    for i in range(size):
        for j in range(size):
            if graph[part[j], part[i]]:
                parents[i] |= 1 << j
    now[0], count = 0, 1
    ways[0], stamp[0] = 1.0, tag
    for _ in range(size):
        found = 0
        for k in range(count):
            below = now[k]
            for i in range(size):
                if not below >> i & 1 and (parents[i] & below) == parents[i]:
                    above = below | (1 << i)
                    if stamp[above] != tag:
                        stamp[above], ways[above] = tag, 0.0
                        later[found] = above
                        found += 1
                    ways[above] += ways[below]
        for k in range(found):
            now[k] = later[k]
        count = found
    return ways[(1 << size) - 1]
