"""Compiled loops of the order search: orders, and moves of one node to its best position (BOSS, FLOP)."""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.discovery.order_kernels import COLLINEAR, EPS, gain_of, grow_shrink
from causalvalues.discovery.order_state import OrderState, OrderTask
from causalvalues.frozen import BoolArray, FloatArray, IntArray


@njit(cache=True)
def respect(order: IntArray, must: BoolArray) -> IntArray:
    """Return the order with every node moved behind the causes that it is required to have, and no further."""
    p = order.shape[0]
    out = np.empty(p, np.int64)
    placed = np.zeros(p, np.bool_)
    for place in range(p):
        for node in order:
            if placed[node]:
                continue
            ready = True
            for u in range(p):
                if must[u, node] and not placed[u]:
                    ready = False
                    break
            if ready:
                out[place] = node
                placed[node] = True
                break
    return out


@njit(cache=True)
def pivoted_order(R: FloatArray) -> IntArray:
    """Return the order in which each next node has the smallest variance given the earlier ones (pivoted Cholesky)."""
    p = R.shape[0]
    left = np.ones(p)
    rows = np.zeros((p, p))
    taken = np.zeros(p, np.bool_)
    order = np.empty(p, np.int64)
    for place in range(p):
        best = -1
        for u in range(p):
            if not taken[u] and (best < 0 or left[u] < left[best] * (1 - 1e-9)):
                best = u
        taken[best] = True
        order[place] = best
        if left[best] <= COLLINEAR:
            continue
        scale = 1.0 / np.sqrt(left[best])
        for j in range(p):
            entry = R[best, j]
            for i in range(place):
                entry -= rows[i, best] * rows[i, j]
            rows[place, j] = entry * scale
        for j in range(p):
            left[j] -= rows[place, j] ** 2
    return order


@njit(cache=True)
def _candidates(v: int, task: OrderTask) -> None:
    before, allowed, candidate = task.before, task.allowed, task.candidate
    for u in range(before.shape[0]):
        candidate[u] = before[u] and allowed[u, v]


@njit(cache=True)
def refit(state: OrderState, task: OrderTask) -> None:
    """Give every node parents that fit the order, starting from those of its parents that still come before it."""
    p = state.order.shape[0]
    for u in range(p):
        task.before[u] = False
    for v in state.order:
        parents = state.parents[v]
        k = int(np.int64(0))
        for place in range(state.counts[v]):
            u = parents[place]
            if place < task.fixed[v] or task.before[u]:
                parents[k] = u
                k += 1
        _candidates(v, task)
        state.counts[v], state.scores[v] = grow_shrink(v, k, parents, task)
        task.before[v] = True


@njit(cache=True)
def _lose(v: int, u: int, k: int, parents: IntArray, task: OrderTask) -> tuple[int, float]:
    """Adapt the k parents of `v`, in place, when `u` may no longer be one; (-1, 0) when nothing changes."""
    kept = int(np.int64(0))
    for place in range(k):
        if parents[place] != u:
            parents[kept] = parents[place]
            kept += 1
    if kept == k:
        return -1, 0.0
    _candidates(v, task)
    return grow_shrink(v, kept, parents, task)


@njit(cache=True)
def _gain(v: int, u: int, k: int, parents: IntArray, task: OrderTask) -> tuple[int, float]:
    """Adapt the k parents of `v`, in place, when `u` may be one from now on; (-1, 0) when nothing changes."""
    if not task.allowed[u, v] or k >= parents.shape[0] or gain_of(u, v, k, parents, task) <= EPS:
        return -1, 0.0
    parents[k] = u
    _candidates(v, task)
    task.candidate[u] = True
    return grow_shrink(v, k + 1, parents, task)


@njit(cache=True)
def _sweep(start: int, stop: int, commit: bool, state: OrderState, task: OrderTask) -> tuple[int, float]:
    """Carry the node at `start` to `stop` by swaps with its neighbours; return the best place on the way and its gain.

    A swap changes the candidates of two nodes only: one loses the other as a candidate, the other gains it. Nothing in
    `state` is changed unless `commit` is set.
    """
    order, before = state.order, task.before
    v = order[start]
    own, other = state.parents[v].copy(), state.parents[v].copy()
    k, own_score = state.counts[v], state.scores[v]
    for u in range(order.shape[0]):
        before[u] = False
    for place in range(start):
        before[order[place]] = True
    step = -1 if stop < start else 1
    best, most, others = start, 0.0, 0.0
    place = start
    while place != stop:
        place += step
        u = order[place]
        if (step < 0 and task.must[u, v]) or (step > 0 and task.must[v, u]):
            break
        for i in range(state.counts[u]):
            other[i] = state.parents[u, i]
        if step < 0:
            before[u] = False
            new, score = _lose(v, u, k, own, task)
            new_u, score_u = _gain(u, v, state.counts[u], other, task)
        else:
            new, score = _gain(v, u, k, own, task)
            new_u, score_u = _lose(u, v, state.counts[u], other, task)
            before[u] = True
        if new >= 0:
            k, own_score = new, score
        if new_u >= 0:
            others += score_u - state.scores[u]
        if commit:
            order[place - step], order[place] = u, v
            if new_u >= 0:
                state.counts[u], state.scores[u] = new_u, score_u
                for i in range(new_u):
                    state.parents[u, i] = other[i]
        gain = others + own_score - state.scores[v]
        if gain > most + EPS:
            best, most = place, gain
    if commit:
        state.counts[v], state.scores[v] = k, own_score
        for i in range(k):
            state.parents[v, i] = own[i]
    return best, most


@njit(cache=True)
def move_nodes(nodes: IntArray, state: OrderState, task: OrderTask) -> int:
    """Carry each of the nodes to its best position, in place; return how many of the last nodes did not move."""
    first, last = int(np.int64(0)), state.order.shape[0] - 1  # typed, so that one version is compiled
    looking, moving = bool(np.bool_(False)), bool(np.bool_(True))
    still = 0
    for v in nodes:
        start = 0
        while state.order[start] != v:
            start += 1
        left, gain_left = _sweep(start, first, looking, state, task)
        right, gain_right = _sweep(start, last, looking, state, task)
        if max(gain_left, gain_right) <= 2 * EPS:
            still += 1
            continue
        _sweep(start, left if gain_left >= gain_right - EPS else right, moving, state, task)
        still = 0
    return still
