"""Compiled loops over draws: orders, completed partially directed graphs, transitive closures, Meek's rules."""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.frozen import BoolArray, IntArray


@njit(cache=True)
def order_of(graph: BoolArray) -> tuple[IntArray, int]:
    """Return a topological order (p,) of one graph, lowest index first, and how many nodes it holds (p if acyclic)."""
    p = graph.shape[0]
    waiting = np.zeros(p, np.int64)
    for i in range(p):
        for j in range(p):
            if graph[i, j]:
                waiting[j] += 1
    order = np.empty(p, np.int64)
    count = 0
    for j in range(p):
        if waiting[j] == 0:
            order[count] = j
            count += 1
    done = 0
    while done < count:
        node = order[done]
        done += 1
        for j in range(p):
            if graph[node, j]:
                waiting[j] -= 1
                if waiting[j] == 0:
                    order[count] = j
                    count += 1
    return order, count


@njit(cache=True)
def _label_edges_into(y: int, parents: IntArray, graph: BoolArray, compelled: BoolArray, known: BoolArray) -> None:
    """Label the edges into one node, its parents being sorted latest first (Chickering 1995, "Label-Edges")."""
    p = graph.shape[0]
    for x in parents:
        if known[x, y]:
            continue
        all_compelled = False
        for w in range(p):
            if compelled[w, x]:
                if not graph[w, y]:
                    all_compelled = True
                    break
                compelled[w, y] = True
                known[w, y] = True
        if not all_compelled:
            for z in parents:
                if z != x and not graph[z, x]:
                    all_compelled = True
                    break
        for z in parents:
            if not known[z, y]:
                compelled[z, y] = all_compelled
                known[z, y] = True
            elif all_compelled and z == x:
                compelled[z, y] = True


@njit(cache=True)
def compelled_of(graph: BoolArray, compelled: BoolArray) -> bool:
    """Mark the compelled edges (p, p) of one graph; return whether it is acyclic."""
    p = graph.shape[0]
    order, count = order_of(graph)
    if count < p:
        return False
    known = np.zeros((p, p), np.bool_)
    parents = np.empty(p, np.int64)
    for place in range(p):
        y = order[place]
        k = 0
        for earlier in range(place - 1, -1, -1):
            if graph[order[earlier], y]:
                parents[k] = order[earlier]
                k += 1
        _label_edges_into(y, parents[:k], graph, compelled, known)
    return True


@njit(cache=True)
def compelled_of_all(draws: BoolArray) -> tuple[BoolArray, int]:
    """Return `compelled_of` for each draw, and the number of the first cyclic draw (-1: none)."""
    out = np.zeros_like(draws)
    for s in range(draws.shape[0]):
        if not compelled_of(draws[s], out[s]):
            return out, s
    return out, -1


@njit(cache=True)
def ancestors_of_all(draws: BoolArray) -> tuple[BoolArray, int]:
    """Return the transitive closure of each draw, and the number of the first cyclic draw (-1: none)."""
    out = np.zeros_like(draws)
    p = draws.shape[1]
    for s in range(draws.shape[0]):
        order, count = order_of(draws[s])
        if count < p:
            return out, s
        for place in range(p - 1, -1, -1):
            i = order[place]
            for j in range(p):
                if draws[s, i, j]:
                    out[s, i, j] = True
                    for k in range(p):
                        if out[s, j, k]:
                            out[s, i, k] = True
    return out, -1


@njit(cache=True)
def _must_point(a: int, b: int, directed: BoolArray, undirected: BoolArray) -> bool:
    """Whether one of Meek's (1995) four rules turns the open edge a - b into a -> b."""
    p = directed.shape[0]
    for c in range(p):
        into_b_only = directed[c, a] and not (directed[c, b] or directed[b, c] or undirected[c, b])  # rule 1
        if into_b_only or (directed[a, c] and directed[c, b]):  # rule 2
            return True
        if not (directed[c, b] and c != a):
            continue
        if undirected[a, c]:
            for d in range(c):  # rule 3: a - c -> b, a - d -> b, c and d not adjacent
                if undirected[a, d] and directed[d, b] and not (directed[c, d] or directed[d, c] or undirected[c, d]):
                    return True
        if undirected[a, c] or directed[a, c] or directed[c, a]:
            for d in range(p):  # rule 4: a - d -> c -> b, d and b not adjacent, a and c adjacent
                if undirected[a, d] and directed[d, c] and not (directed[d, b] or directed[b, d] or undirected[d, b]):
                    return True
    return False


@njit(cache=True)
def close_under_meek(directed: BoolArray, undirected: BoolArray) -> None:
    """Orient, in place, every open edge that Meek's rules decide, until none is left."""
    p = directed.shape[0]
    changed = True
    while changed:
        changed = False
        for a in range(p):
            for b in range(p):
                if undirected[a, b] and _must_point(a, b, directed, undirected):
                    undirected[a, b] = False
                    undirected[b, a] = False
                    directed[a, b] = True
                    changed = True


@njit(cache=True)
def close_all_under_meek(directed: BoolArray, undirected: BoolArray) -> None:
    """Close each graph of two stacks (s, p, p) in place."""
    for s in range(directed.shape[0]):
        close_under_meek(directed[s], undirected[s])


@njit(cache=True)
def cardinality_order(undirected: BoolArray, rank: IntArray) -> IntArray:
    """Return a maximum-cardinality search order of the open edges; ties go to the lowest `rank`."""
    p = undirected.shape[0]
    seen = np.zeros(p, np.int64)
    taken = np.zeros(p, np.bool_)
    order = np.empty(p, np.int64)
    for place in range(p):
        best = -1
        for i in range(p):
            if taken[i]:
                continue
            if best < 0 or seen[i] > seen[best] or (seen[i] == seen[best] and rank[i] < rank[best]):
                best = i
        taken[best] = True
        order[place] = best
        for i in range(p):
            if undirected[best, i]:
                seen[i] += 1
    return order


@njit(cache=True)
def extend(directed: BoolArray, undirected: BoolArray, rank: IntArray) -> BoolArray:
    """Return one directed graph that keeps every directed edge and orients the open ones along a cardinality order."""
    graph = directed.copy()
    rest = undirected.copy()
    close_under_meek(graph, rest)
    order = cardinality_order(rest, rank)
    p = graph.shape[0]
    for place in range(p):
        for later in range(place + 1, p):
            a, b = order[place], order[later]
            if rest[a, b]:
                rest[a, b] = False
                rest[b, a] = False
                graph[a, b] = True
                close_under_meek(graph, rest)
    return graph
