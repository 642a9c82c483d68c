"""Compiled loops of the order search: orders, and moves of one node to its best position (BOSS, FLOP)."""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.discovery.order_kernels import BORROWED, COLLINEAR, grow_shrink, note_shares
from causalvalues.discovery.order_state import OrderState, OrderTask
from causalvalues.frozen import BoolArray, FloatArray, IntArray

EPS = 1e-7  # smallest gain in log score that counts, so that rounding decides nothing


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(**BORROWED)
def _candidates(v: int, task: OrderTask) -> None:
    before, allowed, candidate = task.before, task.allowed, task.candidate
    for u in range(before.shape[0]):
        candidate[u] = before[u] and allowed[u, v]


@njit(**BORROWED)
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
        note_shares(v, task.basis, state.shares[v])
        task.before[v] = True


@njit(**BORROWED)
def _adapt(v: int, k: int, parents: IntArray, code: int, task: OrderTask) -> tuple[int, float]:
    """Return what `grow_shrink` does to the k parents of `v`; `code` stands for the nodes of `task.before`."""
    memo = task.memo
    code ^= memo.codes[v, 1]
    for place in range(k):
        code ^= memo.codes[parents[place], 2]
    slot = code & (memo.keys.shape[0] - 1)
    if memo.keys[slot] == code:
        count = memo.counts[slot]
        for place in range(count):
            parents[place] = memo.parents[slot, place]
        return count, memo.scores[slot]
    _candidates(v, task)
    k, score = grow_shrink(v, k, parents, task)
    if k <= memo.parents.shape[1]:
        memo.keys[slot], memo.counts[slot], memo.scores[slot] = code, k, score
        for place in range(k):
            memo.parents[slot, place] = parents[place]
    return k, score


@njit(**BORROWED)
def _without(u: int, k: int, parents: IntArray) -> int:
    """Take `u` out of the k parents, in place, if it is one of them; return how many are left."""
    kept = int(np.int64(0))
    for place in range(k):
        if parents[place] != u:
            parents[kept] = parents[place]
            kept += 1
    return kept


@njit(**BORROWED)
def _worth(v: int, u: int, k: int, share: float, task: OrderTask) -> bool:
    """Whether `u`, which explains this share of the residual variance of `v`, may and should join its k parents."""
    return task.rule[v, 2] < share < 1.0 and task.allowed[u, v] and k < task.own.shape[0]


@njit(**BORROWED)
def _start(v: int, start: int, state: OrderState, task: OrderTask) -> int:
    """Fill the scratch for carrying `v` from `start`; return the code of the nodes before it."""
    code = int(np.int64(0))
    for u in range(state.order.shape[0]):
        task.before[u] = False
    for place in range(start):
        u = state.order[place]
        task.before[u] = True
        code ^= task.memo.codes[u, 0]
    for place in range(state.counts[v]):
        task.own[place] = state.parents[v, place]
    for u in range(state.order.shape[0]):
        task.shares[u] = state.shares[v, u]
    return code


@njit(**BORROWED)
def _set(v: int, k: int, parents: IntArray, state: OrderState, task: OrderTask) -> None:
    """Give `v` these k parents, which fit `task.before`, in the state."""
    for place in range(k):
        state.parents[v, place] = parents[place]
    _candidates(v, task)
    state.counts[v], state.scores[v] = grow_shrink(v, k, state.parents[v], task)
    note_shares(v, task.basis, state.shares[v])


@njit(**BORROWED)
def _sweep(start: int, stop: int, state: OrderState, task: OrderTask) -> tuple[int, float]:
    """Carry the node at `start` to `stop` by swaps with its neighbours; return the best place on the way and its gain.

    A swap changes the candidates of two nodes only: one loses the other as a candidate, the other gains it. Nothing in
    `state` is changed.
    """
    order, before, codes = state.order, task.before, task.memo.codes
    v = order[start]
    own, other, shares = task.own, task.other, task.shares
    code = _start(v, start, state, task)
    k, own_score = state.counts[v], state.scores[v]
    step = -1 if stop < start else 1
    best, most, others = start, 0.0, 0.0
    place = start
    while place != stop:
        place += step
        u = order[place]
        if (step < 0 and task.must[u, v]) or (step > 0 and task.must[v, u]):
            break
        count = state.counts[u]
        for i in range(count):
            other[i] = state.parents[u, i]
        if step < 0:
            before[u] = False
            code ^= codes[u, 0]
            kept = _without(u, k, own)
            if kept < k:
                k, own_score = _adapt(v, kept, own, code, task)
            if _worth(u, v, count, state.shares[u, v], task):
                other[count] = v
                before[v] = True
                score = _adapt(u, count + 1, other, code ^ codes[v, 0], task)[1]
                before[v] = False
                others += score - state.scores[u]
        else:
            kept = _without(v, count, other)
            if kept < count:
                others += _adapt(u, kept, other, code, task)[1] - state.scores[u]
            before[u] = True
            code ^= codes[u, 0]
            if _worth(v, u, k, shares[u], task):
                own[k] = u
                _candidates(v, task)
                k, own_score = grow_shrink(v, k + 1, own, task)
                note_shares(v, task.basis, shares)
        gain = others + own_score - state.scores[v]
        if gain > most + EPS:
            best, most = place, gain
    return best, most


@njit(**BORROWED)
def _carry(start: int, stop: int, state: OrderState, task: OrderTask) -> None:
    """Carry the node at `start` to `stop` in the state, as `_sweep` does on paper."""
    order, before, codes, own, other = state.order, task.before, task.memo.codes, task.own, task.other
    v = order[start]
    code = _start(v, start, state, task)
    k = state.counts[v]
    step = -1 if stop < start else 1
    place = start
    while place != stop:
        place += step
        u = order[place]
        order[place - step], order[place] = u, v
        count = state.counts[u]
        for i in range(count):
            other[i] = state.parents[u, i]
        if step < 0:
            before[u] = False
            code ^= codes[u, 0]
            kept = _without(u, k, own)
            if kept < k:
                k = _adapt(v, kept, own, code, task)[0]
            if _worth(u, v, count, state.shares[u, v], task):
                other[count] = v
                before[v] = True
                _set(u, count + 1, other, state, task)
                before[v] = False
        else:
            kept = _without(v, count, other)
            if kept < count:
                _set(u, kept, other, state, task)
            before[u] = True
            code ^= codes[u, 0]
            if _worth(v, u, k, task.shares[u], task):
                own[k] = u
                _candidates(v, task)
                k = grow_shrink(v, k + 1, own, task)[0]
                note_shares(v, task.basis, task.shares)
    _set(v, k, own, state, task)


@njit(**BORROWED)
def _move(v: int, state: OrderState, task: OrderTask) -> bool:
    """Carry one node to its best position, in place; return whether it moved."""
    first, last = int(np.int64(0)), state.order.shape[0] - 1  # typed, so that one version is compiled
    start = 0
    while state.order[start] != v:
        start += 1
    left, gain_left = _sweep(start, first, state, task)
    right, gain_right = _sweep(start, last, state, task)
    if max(gain_left, gain_right) <= 2 * EPS:
        return False
    _carry(start, left if gain_left >= gain_right - EPS else right, state, task)
    return True


@njit(**BORROWED)
def move_nodes(nodes: IntArray, state: OrderState, task: OrderTask, progress: IntArray, highest: FloatArray) -> None:
    """Carry one node after the other to its best position, in place, until none of them moves any more.

    Parameters
    ----------
    nodes : array (p,) of int
        The order in which nodes are visited, again and again.
    state : OrderState
    task : OrderTask
    progress : array (3,) of int
        Changed in place: the place in `nodes` to go on from, how many of the last nodes did not move (p: finished),
        and how many nodes may still be visited in this call.
    highest : array (1,)
        Changed in place: the highest score so far. A move that does not exceed it (ties between causes can be broken
        in another way than foreseen) counts as none, so the climb always ends.
    """
    p = nodes.shape[0]
    while progress[1] < p and progress[2] > 0:
        progress[1] += 1
        if _move(nodes[progress[0]], state, task):
            score = 0.0
            for v in range(p):
                score += state.scores[v]
            if score > highest[0] + EPS:
                highest[0] = score
                progress[1] = 0
        progress[0] = (progress[0] + 1) % p
        progress[2] -= 1


@njit(cache=True, nogil=True)
def perturb(pairs: IntArray, state: OrderState, task: OrderTask) -> None:
    """Swap each of the pairs (m, 2) of places in the order, and give the nodes parents that fit, in place."""
    order = state.order
    for i in range(pairs.shape[0]):
        a, b = pairs[i, 0], pairs[i, 1]
        order[a], order[b] = order[b], order[a]
    order[:] = respect(order, task.must)
    refit(state, task)
