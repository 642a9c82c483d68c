"""Compiled sums for groups that share a causal order: families of all groups together, by root layers.

A family of node v is one parent set for each of K groups. It is *shared* (the same set P in all groups, with weight
product over g of s_g(v, P)) or *free* (any sets, weight product over g of s_g(v, P_g)). With S(U) and A_g(U) the sums
over sets inside U, families whose parents all lie in U weigh share S(U) + rest prod_g A_g(U), and so the kernels for
root layers (`layer_kernels`) sum over all tuples of graphs whose union is acyclic, each tuple counted once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.discovery.layer_kernels import layer_total, step_weight, ternary_places, wide_minus
from causalvalues.discovery.subset_kernels import ZERO, add, normal, ratio, squeeze
from causalvalues.frozen import BoolArray, FloatArray

Wide = tuple[FloatArray, np.ndarray]


@njit(cache=True)
def _part(m: FloatArray, e: np.ndarray, v: int, i: int, bit: int, code: int) -> tuple[float, int]:
    """Sum over parent sets inside U (index i), of those with (1), without (-1), or whatever (0) the bit."""
    if code == 0 or not i >> bit & 1:
        return (0.0, ZERO) if code == 1 else (m[v, i], e[v, i])
    j = i & ~(1 << bit)
    if code == -1:
        return m[v, j], e[v, j]
    return wide_minus(m[v, i], e[v, i], m[v, j], e[v, j])


@njit(cache=True)
def family_sums(
    together: Wide, apart: Wide, rates: tuple[Wide, Wide], codes: np.ndarray, u: int
) -> tuple[FloatArray, np.ndarray]:
    """Weights [v, U] of the families inside U in which u is a parent of v in some groups and not in others.

    `together` is S (p, half) and `apart` A (K, p, half) as wide numbers; `rates` are the weights (1,) of shared and of
    free families; `codes` (K,) says for each group 1 (u is a parent), -1 (it is not) or 0 (either).
    """
    p, half = together[0].shape
    groups = codes.size
    with_u, without_u = (codes == 1).any(), (codes == -1).any()
    out_m, out_e = np.zeros((p, half)), np.full((p, half), ZERO, dtype=np.int32)
    for v in range(p):
        bit = u if u < v else u - 1
        own = u == v
        for i in range(half):
            m, e = 0.0, ZERO
            if not (with_u and (without_u or own)):
                code = 1 if with_u else (-1 if without_u and not own else 0)
                sm, se = _part(together[0], together[1], v, i, bit, code)
                m, e = normal(sm * rates[0][0][0], se + rates[0][1][0])
            if not (with_u and own):
                fm, fe = rates[1][0][0], rates[1][1][0]
                for g in range(groups):
                    gm, ge = _part(apart[0][g], apart[1][g], v, i, bit, 0 if own else codes[g])
                    fm, fe = normal(fm * gm, fe + ge)
                m, e = normal(*add(m, e, fm, fe))
            out_m[v, i], out_e[v, i] = m, e
    return out_m, out_e


@njit(cache=True)
def state_masses(alpha: Wide, forward: Wide, p: int) -> FloatArray:
    """Return P(v follows state (U, J)) for each node and state, (p, 3^p); state 0 is the start."""
    full = 1 << p
    places = ternary_places(p)
    total_m, total_e = layer_total(forward, p)
    bm, be = np.zeros(3**p), np.full(3**p, ZERO, dtype=np.int32)
    for j in range(1, full):
        bm[places[full - 1] + places[j]], be[places[full - 1] + places[j]] = 1.0, 0
    out = np.zeros((p, 3**p))
    nodes, masks = np.empty(p, dtype=np.int64), np.empty(full, dtype=np.int64)
    m, e, mass = np.empty(full), np.empty(full, dtype=np.int32), np.empty(full)
    for u in range(full - 2, -1, -1):
        j = u
        while True:
            state = places[u] + places[j]
            start_m, start_e = (1.0, 0) if u == 0 else (forward[0][state], forward[1][state])
            if start_m > 0.0:
                r = 0
                m[0], e[0], masks[0], mass[0] = 1.0, 0, 0, 0.0
                for v in range(p):
                    if u >> v & 1:
                        continue
                    wm, we = step_weight(alpha, v, u, j)
                    for i in range(1 << r):
                        m[(1 << r) + i], e[(1 << r) + i] = normal(m[i] * wm, e[i] + we)
                        masks[(1 << r) + i] = masks[i] | (1 << v)
                    nodes[r] = v
                    r += 1
                sum_m, sum_e = 0.0, ZERO
                for i in range(1, 1 << r):
                    to = places[u | masks[i]] + places[masks[i]]
                    m[i], e[i] = normal(m[i] * bm[to], e[i] + be[to])
                    sum_m, sum_e = add(sum_m, sum_e, m[i], e[i])
                    xm, xe = normal(start_m * m[i], start_e + e[i])
                    mass[i] = ratio(xm, xe, total_m, total_e)
                bm[state], be[state] = normal(sum_m, sum_e)
                _sum_by_node(mass, r, nodes, out, state)
            j = (j - 1) & u
            if j == 0:
                break
    return out


@njit(cache=True)
def _sum_by_node(mass: FloatArray, r: int, nodes: np.ndarray, out: FloatArray, state: int) -> None:
    """Add up, for each node, the mass of the layers that hold it; `mass` is used up."""
    size = 1 << r
    for bit in range(r - 1, -1, -1):
        size >>= 1
        here = 0.0
        for i in range(size):
            here += mass[size + i]
            mass[i] += mass[size + i]
        out[nodes[bit], state] = here


@njit(cache=True)
def family_shares(masses: FloatArray, alpha: Wide, event: Wide, p: int) -> FloatArray:
    """Return P(event) for each node (p,): `event` holds the weights of the families inside U for which it is true."""
    full = 1 << p
    places = ternary_places(p)
    out = np.zeros(p)
    for u in range(full):
        j = u
        while True:
            state = places[u] + places[j]
            for v in range(p):
                mass = masses[v, state]
                if mass > 0.0:
                    wm, we = step_weight(alpha, v, u, j)
                    em, ee = step_weight(event, v, u, j)
                    out[v] += mass * min(ratio(em, ee, wm, we), 1.0)
            j = (j - 1) & u
            if j == 0 or u == 0:
                break
    return out


@njit(cache=True)
def layers_of(graph: BoolArray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each node of a DAG the masks (p,) of all nodes in the layers before its own, and of the last one."""
    p = graph.shape[0]
    layer = np.zeros(p, dtype=np.int64)
    for _ in range(p):
        for v in range(p):
            for w in range(p):
                if graph[w, v]:
                    layer[v] = max(layer[v], layer[w] + 1)
    before, last = np.zeros(p, dtype=np.int64), np.zeros(p, dtype=np.int64)
    for v in range(p):
        for w in range(p):
            if layer[w] < layer[v]:
                before[v] |= 1 << w
            if layer[w] == layer[v] - 1:
                last[v] |= 1 << w
    return before, last


@njit(cache=True)
def draw_families(
    scores: Wide, shared: Wide, sums: tuple[Wide, Wide], rates: tuple[Wide, Wide], draws: tuple[BoolArray, FloatArray]
) -> tuple[BoolArray, BoolArray]:
    """Draw the families of all groups given layers: graphs (K, s, p, p), and which families are shared (s, p).

    `scores` (K, p, half) and `shared` (p, half) are single weights, `sums` their sums over subsets (S, A). `draws` are
    DAGs that stand for their layers, and uniforms (s, p, K + 1).
    """
    together, apart = sums
    graphs, uniforms = draws
    groups, p = scores[0].shape[0], scores[0].shape[1]
    s = len(graphs)
    out, same = np.zeros((groups, s, p, p), dtype=np.bool_), np.zeros((s, p), dtype=np.bool_)
    for draw in range(s):
        before, last = layers_of(graphs[draw])
        for v in range(p):
            u, j = before[v], last[v]
            row = uniforms[draw, v]
            sm, se = step_weight(together, v, u, j)
            sm, se = normal(sm * rates[0][0][0], se + rates[0][1][0])
            fm, fe = _free_weight(apart, v, u, j, 0)
            fm, fe = normal(fm * rates[1][0][0], fe + rates[1][1][0])
            tm, te = normal(*add(sm, se, fm, fe))
            if row[groups] < ratio(sm, se, tm, te):
                parents = _inside((shared[0][v], shared[1][v]), v, u, j, row[0])
                same[draw, v] = True
                for g in range(groups):
                    _put(out[g, draw], v, parents)
                continue
            need = j
            for g in range(groups):
                one = (scores[0][g, v], scores[1][g, v])
                parents = _next_set(one, apart, (g, v, u, need), row[g])
                if parents & need:
                    need = 0
                _put(out[g, draw], v, parents)
    return out, same


@njit(cache=True)
def _free_weight(apart: Wide, v: int, u: int, j: int, first: int) -> tuple[float, int]:
    """Weight of the free families of groups `first`, `first` + 1, ...: inside u, some parent in j unless j is empty."""
    i = squeeze(u, v)
    k = squeeze(u & ~j, v)
    am, ae, bm, be = 1.0, 0, 1.0, 0
    for g in range(first, apart[0].shape[0]):
        am, ae = normal(am * apart[0][g, v, i], ae + apart[1][g, v, i])
        bm, be = normal(bm * apart[0][g, v, k], be + apart[1][g, v, k])
    if j == 0:
        return am, ae
    return wide_minus(am, ae, bm, be)


@njit(cache=True)
def _next_set(score: Wide, apart: Wide, where: tuple[int, int, int, int], uniform: float) -> int:
    """Draw the parent set of one group, the groups after it being free; `where` is group, node, U and what J needs."""
    g, v, u, need = where
    tm, te = _free_weight(apart, v, u, need, g)
    any_m, any_e = _free_weight(apart, v, u, 0, g + 1)
    must_m, must_e = _free_weight(apart, v, u, need, g + 1) if g + 1 < apart[0].shape[0] else (0.0, ZERO)
    if need == 0:
        must_m, must_e = any_m, any_e
    reached, found, part = 0.0, 0, u
    while True:
        i = squeeze(part, v)
        xm, xe = (any_m, any_e) if part & need else (must_m, must_e)
        if score[0][i] > 0.0 and xm > 0.0:
            ym, ye = normal(score[0][i] * xm, score[1][i] + xe)
            reached += ratio(ym, ye, tm, te)
            found = part
            if reached > uniform:
                break
        if part == 0:
            break
        part = (part - 1) & u
    return found


@njit(cache=True)
def _inside(score: Wide, v: int, u: int, j: int, uniform: float) -> int:
    tm, te = 0.0, ZERO
    for turn in range(2):
        reached, found, part = 0.0, 0, u
        while True:
            i = squeeze(part, v)
            if (part & j or j == 0) and score[0][i] > 0.0:
                if turn == 0:
                    tm, te = normal(*add(tm, te, score[0][i], score[1][i]))
                else:
                    reached += ratio(score[0][i], score[1][i], tm, te)
                    found = part
                    if reached > uniform:
                        break
            if part == 0:
                break
            part = (part - 1) & u
    return found


@njit(cache=True)
def _put(graph: BoolArray, v: int, parents: int) -> None:
    for w in range(graph.shape[0]):
        graph[w, v] = parents >> w & 1 == 1
