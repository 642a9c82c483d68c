"""Slow, obvious references for the sums over graphs; they share no code with the package."""

from __future__ import annotations

import itertools
from math import lgamma, log, pi

import numpy as np


def all_dags(p: int) -> list[np.ndarray]:
    """Every directed acyclic graph on p nodes as a 0/1 matrix [cause, effect]."""
    found = []
    parent_sets = [[s for s in range(1 << p) if not s >> v & 1] for v in range(p)]
    for choice in itertools.product(*parent_sets):
        left = set(range(p))
        while left:
            free = [v for v in left if not any(choice[v] >> u & 1 for u in left)]
            if not free:
                break
            left -= set(free)
        if not left:
            found.append(np.array([[choice[v] >> u & 1 for v in range(p)] for u in range(p)]))
    return found


def topological_orders(graph: np.ndarray) -> int:
    """Number of orders of the nodes that put causes first."""
    p = len(graph)
    return sum(
        all(order.index(u) < order.index(v) for u in range(p) for v in range(p) if graph[u, v])
        for order in itertools.permutations(range(p))
    )


def bge_marginal(correlation: np.ndarray, n: float, nodes: list[int], m: int) -> float:
    """Log marginal likelihood of some columns (Kuipers, Moffa and Heckerman 2014), alpha_mu 1, alpha_w m + 2, N = n."""
    size = len(nodes)
    if size == 0:
        return 0.0
    alpha_w, t = m + 2.0, 0.5
    freedom = alpha_w - m + size
    r = t * np.eye(m) + n * correlation
    block = r[np.ix_(nodes, nodes)]

    def multigamma(x: float) -> float:
        return size * (size - 1) / 4 * log(pi) + sum(lgamma(x + (1 - j) / 2) for j in range(1, size + 1))

    return (
        multigamma((n + freedom) / 2)
        - multigamma(freedom / 2)
        - n * size / 2 * log(pi)
        + freedom / 2 * size * log(t)
        - (n + freedom) / 2 * np.linalg.slogdet(block)[1]
    )


def bge_local(correlation: np.ndarray, n: float, v: int, parents: list[int], m: int) -> float:
    """Log score of a node given its parents as a ratio of two marginal likelihoods."""
    return bge_marginal(correlation, n, [*parents, v], m) - bge_marginal(correlation, n, parents, m)


def bic_local(correlation: np.ndarray, n: float, v: int, parents: list[int]) -> float:
    """Standard Gaussian BIC from the residual variance of a regression."""
    block = correlation[np.ix_(parents, parents)]
    slope = np.linalg.solve(block, correlation[parents, v]) if parents else np.zeros(0)
    residual = correlation[v, v] - slope @ correlation[parents, v]
    return -n / 2 * log(residual) - len(parents) / 2 * log(n)


def posterior(graphs: list[np.ndarray], logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normalised weights, and the probability of each edge."""
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    return weights, np.tensordot(weights, np.array(graphs, dtype=float), axes=1)
