"""One graph from many: a consensus graph, and distances between graphs."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import DiscoveryError, ModelError, did_you_mean
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.graph import Dag, EquivalenceClass, GraphPosterior, Knowledge

EXACT_UP_TO = 14
"""Nodes up to which the best directions are found by trying all orders (2^p subsets)."""

REQUIRED = 1e6  # weight of a direction that knowledge requires


def consensus_dag(posterior: GraphPosterior, knowledge: Knowledge | None = None, threshold: float | None = None) -> Dag:
    """Return one acyclic graph that sums up many: the frequent adjacencies, in the directions that most draws have.

    Pairs whose P(adjacent) exceeds the threshold are joined. Among all acyclic graphs on these pairs that obey
    knowledge, the one with the largest sum of P(i -> j) is returned: found exactly by dynamic programming over subsets
    up to 14 values, above that by adding edges in the order of their frequency and then moving single nodes in the
    order while the sum grows. A pair is left out when its only allowed direction would close a cycle.

    It is a picture, not an estimate: a direction that the equivalence classes leave open is settled by chance or by a
    tie (the order of the names). `GraphPosterior.pairs` says which directions are compelled.

    Parameters
    ----------
    posterior : GraphPosterior
        Of any kind. What its `prior_edge` says is impossible or certain is obeyed.
    knowledge : Knowledge, optional
        Obeyed besides.
    threshold : float, optional
        Default: `posterior.threshold`, which for bootstraps is that of Scutari and Nagarajan (2013).

    Returns
    -------
    Dag
        Over `posterior.names`.

    Raises
    ------
    DiscoveryError
        If the threshold is not within [0, 1].
    KnowledgeError
        If knowledge names unknown values.
    """
    least = posterior.threshold if threshold is None else float(threshold)
    if not 0 <= least <= 1:
        raise DiscoveryError(f"`threshold` is {threshold}. Give a frequency from 0 to 1, or None.")
    names = tuple(sorted(posterior.names))
    places = np.array([posterior.names.index(name) for name in names])
    edge, prior = (matrix[np.ix_(places, places)] for matrix in (posterior.edge, posterior.prior_edge))
    known = Knowledge() if knowledge is None else knowledge
    must = known.must(names) | (np.nan_to_num(prior, nan=0.0) >= 1 - 1e-12)
    allowed = known.allowed(names) & (np.nan_to_num(prior, nan=1.0) > 1e-12) & ~must.T
    joined = (edge + edge.T > least) | must | must.T
    weights = np.where(joined & allowed, np.round(edge, 12), 0.0) + REQUIRED * must
    order = _best_order(weights) if len(names) <= EXACT_UP_TO else _good_order(weights)
    place = np.argsort(order)
    graph = joined & allowed & (place[:, None] < place[None, :])
    back = np.argsort(places)
    return Dag(posterior.names, graph[np.ix_(back, back)])


def structural_hamming_distance(one: Dag | EquivalenceClass, other: Dag | EquivalenceClass) -> int:
    """Return in how many pairs of nodes the equivalence classes of two graphs differ.

    A pair differs when one class has no edge, an edge i -> j, j -> i, or i -- j there, and the other class another one
    of these four. Each differing pair counts 1 (Tsamardinos, Brown and Aliferis 2006, Machine Learning 65, 31-78, on
    completed partially directed graphs), so a turned arrow counts 1, and equivalent graphs have the distance 0.

    Parameters
    ----------
    one, other : Dag or EquivalenceClass
        Over the same names, in any order. A graph stands for its class.

    Returns
    -------
    int
        From 0 to p (p - 1) / 2.

    Raises
    ------
    ModelError
        If the names differ.

    Examples
    --------
    >>> chain = Dag.from_edges("abc", [("a", "b"), ("b", "c")])
    >>> structural_hamming_distance(chain, Dag.from_edges("abc", [("b", "a"), ("b", "c")]))
    0
    >>> structural_hamming_distance(chain, Dag.from_edges("abc", [("a", "b"), ("c", "b")]))
    2
    """
    places = _same_names(one.names, other.names)
    a, b = _class_of(one), _class_of(other)
    directed, undirected = b.directed[np.ix_(places, places)], b.undirected[np.ix_(places, places)]
    differs = (a.directed != directed) | (a.undirected != undirected)
    return int(np.triu(differs | differs.T, 1).sum())


def structural_intervention_distance(truth: Dag, guess: Dag) -> int:
    """Return for how many ordered pairs (i, j) the guess gives the wrong effect of setting i on j, if `truth` is true.

    The effect is read from the guess by adjusting for the parents of i in it; it is right when that set is a valid
    adjustment for (i, j) in the truth, or, where j is such a parent, when i is no cause of j in the truth.

    Parameters
    ----------
    truth, guess : Dag
        Over the same names, in any order.

    Returns
    -------
    int
        From 0 to p (p - 1). It is not symmetric, and 0 whenever all edges of the truth are in the guess.

    Raises
    ------
    ModelError
        If the names differ.

    References
    ----------
    Peters, J. and Bühlmann, P. (2015). Structural intervention distance for evaluating causal graphs. Neural
    Computation 27, 771-799, proposition 6.
    """
    from causalvalues.discovery.intervention_distance_kernels import intervention_distances

    places = _same_names(truth.names, guess.names)
    other = guess.adjacency[np.ix_(places, places)]
    return int(intervention_distances(truth.adjacency[None], other[None])[0])


def _class_of(graph: Dag | EquivalenceClass) -> EquivalenceClass:
    return graph if isinstance(graph, EquivalenceClass) else EquivalenceClass.from_dag(graph)


def _same_names(names: tuple[str, ...], others: tuple[str, ...]) -> IntArray:
    """Return the places of the names among the others; refuse graphs over different nodes."""
    for name in sorted({*names} ^ {*others}):
        rest = others if name in names else names
        hint = did_you_mean(name, rest)
        raise ModelError(f"{name!r} is a node of one graph only. Compare graphs over the same nodes.{hint}")
    return np.array([others.index(name) for name in names], dtype=np.int64)


def _best_order(weights: FloatArray) -> IntArray:
    """Return the order with the largest sum of weights[earlier, later], by dynamic programming over subsets."""
    p = len(weights)
    masks = np.arange(2**p)
    into = np.zeros((p, 2**p))  # sum of weights from a subset into a node
    for u in range(p):
        into[:, 2**u : 2 ** (u + 1)] = into[:, : 2**u] + weights[u][:, None]
    size = sum((masks >> v) & 1 for v in range(p))
    best, last = np.full(2**p, -np.inf), np.zeros(2**p, dtype=np.int64)
    best[0] = 0.0
    for count in range(1, p + 1):
        level = masks[size == count]
        for v in range(p):
            inside = level[(level >> v) & 1 == 1]
            before = inside ^ (1 << v)
            value = best[before] + into[v, before]
            better = value > best[inside] + 1e-9
            best[inside[better]], last[inside[better]] = value[better], v
    order, left = [], 2**p - 1
    while left:
        order.append(int(last[left]))
        left ^= 1 << order[-1]
    return np.array(order[::-1], dtype=np.int64)


def _good_order(weights: FloatArray) -> IntArray:
    """Return an order with a large sum of weights[earlier, later]: greedy edges, then moves of single nodes."""
    p = len(weights)
    graph, reach = np.zeros((p, p), dtype=bool), np.eye(p, dtype=bool)
    pairs = np.argwhere(weights > 0)
    for i, j in pairs[np.argsort(-weights[pairs[:, 0], pairs[:, 1]], kind="stable")]:
        if not reach[j, i]:
            graph[i, j] = True
            reach |= reach[:, i][:, None] & reach[j][None, :]
    order = np.array(sorted(range(p), key=lambda v: (int(reach[:, v].sum()), v)), dtype=np.int64)
    moved = True
    while moved:
        moved = False
        for v in range(p):
            rest = order[order != v]
            gains = np.concatenate([[0.0], np.cumsum(weights[rest, v] - weights[v, rest])])
            now, best = int(np.flatnonzero(order == v)[0]), int(np.argmax(gains))
            if gains[best] > gains[now] + 1e-9:
                order, moved = np.insert(rest, best, v), True
    return order
