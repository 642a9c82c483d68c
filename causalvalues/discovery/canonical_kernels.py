"""Draws of DAGs through nearly unique orders, and how many such orders a DAG has.

An order is admitted when each descent (a node followed by one with a smaller label) is an edge of the DAG:
otherwise the two neighbours could be exchanged. Every DAG has at least one (the lexicographically smallest topological
order) and usually few, so the weight 1 / number of admitted orders varies far less than 1 / number of all
topological orders. The state of the sum is (nodes so far, last node): p 2^(p-1) states.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.discovery.layer_kernels import pick, wide_minus
from causalvalues.discovery.order_draw_kernels import parents_within
from causalvalues.discovery.subset_kernels import ZERO, add, normal, squeeze
from causalvalues.frozen import BoolArray, FloatArray

Wide = tuple[FloatArray, np.ndarray]


@njit(cache=True)
def _weight_after(alpha: Wide, v: int, before: int, last: int) -> tuple[float, int]:
    """Weight of v with parents in `before`, which must contain `last` when v has the smaller label."""
    i = squeeze(before, v)
    if last < v:
        return alpha[0][v, i], alpha[1][v, i]
    k = squeeze(before & ~(1 << last), v)
    return wide_minus(alpha[0][v, i], alpha[1][v, i], alpha[0][v, k], alpha[1][v, k])


@njit(cache=True)
def canonical_forward(alpha: Wide, p: int) -> Wide:
    """Return the weight of the admitted orders of each node set that end in v, at [v, set without v]."""
    half = 1 << (p - 1)
    fm, fe = np.zeros((p, half)), np.full((p, half), ZERO, dtype=np.int32)
    for v in range(p):
        fm[v, 0], fe[v, 0] = normal(alpha[0][v, 0], alpha[1][v, 0])
    for nodes in range(1, 1 << p):
        for v in range(p):
            before = nodes & ~(1 << v)
            if before in (nodes, 0):
                continue
            i = squeeze(before, v)
            m, e = 0.0, ZERO
            for last in range(v):
                if before >> last & 1:
                    k = squeeze(before & ~(1 << last), last)
                    m, e = add(m, e, fm[last, k], fe[last, k])
            m, e = normal(m, e)
            m, e = m * alpha[0][v, i], e + alpha[1][v, i]
            for last in range(v + 1, p):
                if before >> last & 1:
                    k = squeeze(before & ~(1 << last), last)
                    if fm[last, k] > 0.0:
                        wm, we = _weight_after(alpha, v, before, last)
                        m, e = add(m, e, wm * fm[last, k], we + fe[last, k])
            fm[v, i], fe[v, i] = normal(m, e)
    return fm, fe


@njit(cache=True)
def canonical_draws(score: Wide, alpha: Wide, forward: Wide, ranked: np.ndarray, uniforms: FloatArray) -> BoolArray:
    """Draw DAGs, each with its weight times its number of admitted orders; `uniforms` is (s, 2 p)."""
    s = uniforms.shape[0]
    p = score[0].shape[0]
    out = np.zeros((s, p, p), dtype=np.bool_)
    m, e = np.empty(p), np.empty(p, dtype=np.int32)
    for draw in range(s):
        nodes = (1 << p) - 1
        for v in range(p):
            k = squeeze(nodes & ~(1 << v), v)
            m[v], e[v] = forward[0][v, k], forward[1][v, k]
        v = pick(m, e, p, uniforms[draw, 0])
        for place in range(1, p):
            before = nodes & ~(1 << v)
            for last in range(p):
                m[last], e[last] = 0.0, ZERO
                if before >> last & 1:
                    k = squeeze(before & ~(1 << last), last)
                    wm, we = _weight_after(alpha, v, before, last)
                    m[last], e[last] = normal(wm * forward[0][last, k], we + forward[1][last, k])
            last = pick(m, e, p, uniforms[draw, place])
            total = _weight_after(alpha, v, before, last)
            need = 0 if last < v else 1 << last
            parents = parents_within(score, total, ranked, v, (before, need), uniforms[draw, p + v])
            for u in range(p):
                out[draw, u, v] = parents >> u & 1
            nodes, v = before, last
    return out


@njit(cache=True)
def log_admitted_orders(draws: BoolArray) -> FloatArray:
    """Logarithm of the number of admitted orders of each DAG, over the states that can be reached (hashed)."""
    s, p = draws.shape[0], draws.shape[1]
    room = 1 << 22
    keys, ways = np.zeros(room, dtype=np.int64), np.zeros(room)
    stamp = np.full(room, -1, dtype=np.int64)
    now, later = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    out = np.zeros(s)
    for draw in range(s):
        parents = np.zeros(p, dtype=np.int64)
        for v in range(p):
            for u in range(p):
                if draws[draw, u, v]:
                    parents[v] |= 1 << u
        count = 0
        for v in range(p):
            if parents[v] == 0:
                now[count] = _slot(keys, stamp, draw, ((1 << v) << 5) | v)
                stamp[now[count]], keys[now[count]], ways[now[count]] = draw, ((1 << v) << 5) | v, 1.0
                count += 1
        for _ in range(p - 1):
            found = 0
            for a in range(count):
                nodes, last = keys[now[a]] >> 5, keys[now[a]] & 31
                for v in range(p):
                    if (
                        nodes >> v & 1
                        or (parents[v] & nodes) != parents[v]
                        or (v < last and not parents[v] >> last & 1)
                    ):
                        continue
                    key = ((nodes | (1 << v)) << 5) | v
                    slot = _slot(keys, stamp, draw, key)
                    if stamp[slot] != draw:
                        stamp[slot], keys[slot], ways[slot] = draw, key, 0.0
                        later[found] = slot
                        found += 1
                    ways[slot] += ways[now[a]]
            now, later = later, now
            count = found
        total = 0.0
        for a in range(count):
            total += ways[now[a]]
        out[draw] = np.log(total)
    return out


@njit(cache=True)
def _slot(keys: np.ndarray, stamp: np.ndarray, draw: int, key: int) -> int:
    h = ((key * 2654435761) >> 7) & (keys.size - 1)
    while stamp[h] == draw and keys[h] != key:
        h = (h + 1) & (keys.size - 1)
    return h
