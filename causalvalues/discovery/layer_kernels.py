"""Sums over all directed acyclic graphs, each counted once, by root layers; and independent draws from them.

Every DAG splits in one way into layers: layer 1 has no parents, and each node of a later layer has its parents in
the layers before, at least one of them in the layer just before (Kuipers and Moffa 2017, partitions by outpoints). The
state after some layers is (U, J): the nodes so far and the last layer. With alpha[v, U] = sum of scores of v over
parent sets inside U, node v may follow with weight alpha[v, U] - alpha[v, U - J]. There are 3^p states and 4^p steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.discovery.subset_kernels import ZERO, add, normal, ratio, squeeze
from causalvalues.frozen import BoolArray, FloatArray

Wide = tuple[FloatArray, np.ndarray]


@njit(cache=True)
def ternary_places(p: int) -> np.ndarray:
    """For each mask the sum of 3^i over its bits: state (U, J) is stored at places[U] + places[J]."""
    places = np.zeros(1 << p, dtype=np.int64)
    for s in range(1, 1 << p):
        low, power = 0, 1
        while not s >> low & 1:
            low += 1
            power *= 3
        places[s] = places[s & (s - 1)] + power
    return places


@njit(cache=True)
def wide_minus(m1: float, e1: int, m2: float, e2: int) -> tuple[float, int]:
    """Subtract two wide numbers; a negative result of rounding is zero."""
    if m2 <= 0.0:
        return m1, e1
    m, e = add(m1, e1, -m2, e2)
    return normal(m, e)


@njit(cache=True)
def step_weight(alpha: Wide, v: int, u: int, j: int) -> tuple[float, int]:
    """Weight of v in the layer after state (u, j): its parents lie in u, at least one of them in j."""
    i = squeeze(u, v)
    if j == 0:
        return alpha[0][v, i], alpha[1][v, i]
    k = squeeze(u & ~j, v)
    return wide_minus(alpha[0][v, i], alpha[1][v, i], alpha[0][v, k], alpha[1][v, k])


@njit(cache=True)
def _layer_weights(
    alpha: Wide, u: int, j: int, p: int, nodes: np.ndarray, masks: np.ndarray, m: FloatArray, e: np.ndarray
) -> int:
    """Fill the mask and the product of node weights of every layer outside u; return the number of nodes outside."""
    r = 0
    m[0], e[0], masks[0] = 1.0, 0, 0
    for v in range(p):
        if u >> v & 1:
            continue
        wm, we = step_weight(alpha, v, u, j)
        size = 1 << r
        for i in range(size):
            m[size + i], e[size + i] = normal(m[i] * wm, e[i] + we)
            masks[size + i] = masks[i] | (1 << v)
        nodes[r] = v
        r += 1
    return r


@njit(cache=True, nogil=True)
def layer_forward(alpha: Wide, p: int) -> Wide:
    """Return the weight of all ways to reach each state (U, J)."""
    full = 1 << p
    places = ternary_places(p)
    fm, fe = np.zeros(3**p), np.full(3**p, ZERO, dtype=np.int32)
    nodes, masks = np.empty(p, dtype=np.int64), np.empty(full, dtype=np.int64)
    m, e = np.empty(full), np.empty(full, dtype=np.int32)
    for u in range(full - 1):
        j = u
        while True:
            state = places[u] + places[j]
            start_m, start_e = (1.0, 0) if u == 0 else (fm[state], fe[state])
            if start_m > 0.0:
                r = _layer_weights(alpha, u, j, p, nodes, masks, m, e)
                for i in range(1, 1 << r):
                    if m[i] > 0.0:
                        k = masks[i]
                        to = places[u | k] + places[k]
                        fm[to], fe[to] = normal(*add(fm[to], fe[to], start_m * m[i], start_e + e[i]))
            if j == 0:
                break
            j = (j - 1) & u
            if j == 0:
                break
    return fm, fe


@njit(cache=True)
def layer_total(forward: Wide, p: int) -> tuple[float, int]:
    """Return the sum of the scores of all DAGs."""
    full = (1 << p) - 1
    places = ternary_places(p)
    m, e = 0.0, ZERO
    for j in range(1, full + 1):
        state = places[full] + places[j]
        m, e = normal(*add(m, e, forward[0][state], forward[1][state]))
    return m, e


@njit(cache=True, nogil=True)
def layer_edges(alpha: Wide, forward: Wide, p: int) -> FloatArray:
    """Edge probabilities [cause, effect] under the uniform prior over DAGs, by a backward pass over the states."""
    full = 1 << p
    places = ternary_places(p)
    total_m, total_e = layer_total(forward, p)
    bm, be = np.zeros(3**p), np.full(3**p, ZERO, dtype=np.int32)
    for j in range(1, full):
        bm[places[full - 1] + places[j]], be[places[full - 1] + places[j]] = 1.0, 0
    nodes, masks = np.empty(p, dtype=np.int64), np.empty(full, dtype=np.int64)
    m, e = np.empty(full), np.empty(full, dtype=np.int32)
    mass = np.empty(full)
    edges = np.zeros((p, p))
    for u in range(full - 2, -1, -1):
        j = u
        while True:
            state = places[u] + places[j]
            start_m, start_e = (1.0, 0) if u == 0 else (forward[0][state], forward[1][state])
            if start_m > 0.0:
                r = _layer_weights(alpha, u, j, p, nodes, masks, m, e)
                sum_m, sum_e = 0.0, ZERO
                mass[0] = 0.0
                for i in range(1, 1 << r):
                    to = places[u | masks[i]] + places[masks[i]]
                    m[i], e[i] = normal(m[i] * bm[to], e[i] + be[to])
                    sum_m, sum_e = add(sum_m, sum_e, m[i], e[i])
                    if m[i] > 0.0:
                        xm, xe = normal(start_m * m[i], start_e + e[i])
                        mass[i] = ratio(xm, xe, total_m, total_e)
                    else:
                        mass[i] = 0.0
                bm[state], be[state] = normal(sum_m, sum_e)
                if u:
                    _credit_parents(alpha, u, j, r, nodes, mass, edges)
            if j == 0:
                break
            j = (j - 1) & u
            if j == 0:
                break
    return edges


@njit(cache=True)
def _credit_parents(
    alpha: Wide, u: int, j: int, r: int, nodes: np.ndarray, mass: FloatArray, edges: FloatArray
) -> None:
    """Share the probability that each node follows state (u, j) among its possible parents in u; `mass` is used up."""
    size = 1 << r
    p = edges.shape[0]
    for bit in range(r - 1, -1, -1):
        size >>= 1
        here = 0.0
        for i in range(size):
            here += mass[size + i]
            mass[i] += mass[size + i]
        if here <= 0.0:
            continue
        v = nodes[bit]
        wm, we = step_weight(alpha, v, u, j)
        for parent in range(p):
            if u >> parent & 1:
                without = u & ~(1 << parent)
                lm, le = step_weight(alpha, v, without, j & ~(1 << parent)) if j & ~(1 << parent) else (0.0, ZERO)
                sm, se = wide_minus(wm, we, lm, le)
                edges[parent, v] += here * min(ratio(sm, se, wm, we), 1.0)


@njit(cache=True)
def pick(m: FloatArray, e: np.ndarray, count: int, uniform: float) -> int:
    """Return an index with probability proportional to the wide weights."""
    total_m, total_e = 0.0, ZERO
    for i in range(count):
        total_m, total_e = add(total_m, total_e, m[i], e[i])
    total_m, total_e = normal(total_m, total_e)
    reached, last = 0.0, -1
    for i in range(count):
        if m[i] > 0.0:
            reached += ratio(m[i], e[i], total_m, total_e)
            last = i
            if reached > uniform:
                return i
    return last


@njit(cache=True, nogil=True)
def layer_draws(score: Wide, alpha: Wide, forward: Wide, uniforms: FloatArray) -> BoolArray:
    """Draw independent DAGs from the posterior: the last layer first, then the layers before it, then parent sets.

    `uniforms` is (s, 2 p); each draw uses one row.
    """
    s = uniforms.shape[0]
    p = score[0].shape[0]
    full = 1 << p
    places = ternary_places(p)
    out = np.zeros((s, p, p), dtype=np.bool_)
    m, e = np.empty(full), np.empty(full, dtype=np.int32)
    sets = np.empty(full, dtype=np.int64)
    for draw in range(s):
        used = 0
        u = full - 1
        count = 0
        for j in range(1, full):
            state = places[u] + places[j]
            sets[count], m[count], e[count] = j, forward[0][state], forward[1][state]
            count += 1
        layer = sets[pick(m, e, count, uniforms[draw, used])]
        used += 1
        while u != layer:
            before = u & ~layer
            count = 0
            j = before
            while j:
                state = places[before] + places[j]
                xm, xe = forward[0][state], forward[1][state]
                for v in range(p):
                    if layer >> v & 1 and xm > 0.0:
                        wm, we = step_weight(alpha, v, before, j)
                        xm, xe = normal(xm * wm, xe + we)
                sets[count], m[count], e[count] = j, xm, xe
                count += 1
                j = (j - 1) & before
            last = sets[pick(m, e, count, uniforms[draw, used])]
            used += 1
            for v in range(p):
                if layer >> v & 1:
                    parents = _draw_parents(score, v, before, last, m, e, sets, uniforms[draw, p + v])
                    for parent in range(p):
                        out[draw, parent, v] = parents >> parent & 1
            u, layer = before, last
    return out


@njit(cache=True)
def _draw_parents(
    score: Wide, v: int, u: int, j: int, m: FloatArray, e: np.ndarray, sets: np.ndarray, uniform: float
) -> int:
    count = 0
    parents = u
    while True:
        if parents & j:
            i = squeeze(parents, v)
            sets[count], m[count], e[count] = parents, score[0][v, i], score[1][v, i]
            count += 1
        if parents == 0:
            break
        parents = (parents - 1) & u
    return sets[pick(m, e, count, uniform)]
