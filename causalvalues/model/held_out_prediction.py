"""Whether a graph foresees rows that it never saw better than the correlations alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtr

from causalvalues.errors import ModelError
from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.learnable import require_learnable
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.sums import free_clusters, sorted_sums, varying
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.graph.dag import Dag
from causalvalues.model.implied_independences import local_markov, sorted_adjacency
from causalvalues.model.partial_correlations import ValueMoments, value_moments

GRAPH = "graph"
CORRELATION = "correlation only"
EMPTY = "no edges"
FULL = "all edges"

SAME = 1e-7
"""Differences of log densities with less spread than this are rounding: the two models are one."""


def held_out_prediction(dag: Dag, learning: Evidence, test: Evidence, level: float = 0.05) -> pd.DataFrame:
    """Compare the graph with the undirected graph of the largest correlations, on rows that neither saw.

    Every model is Gaussian with its parameters fitted to `learning`: the graph's equations; *correlation only*, an
    undirected graph with as many edges as the graph, those of the largest |correlations| in `learning` (covariance
    selection); no edges; all edges. Levers are partialled out of both sets by themselves.

    Parameters
    ----------
    dag : Dag
    learning, test : Evidence
        Of different rows with the same values; `test` with cluster sums.
    level : float, default 0.05
        Level of each test of an implied independence.

    Returns
    -------
    DataFrame
        Indexed by model: ``edges``; ``log_density`` of a row of `test`, about its own mean, in nats with values in
        standard deviations of `learning`; ``difference`` of the graph's less this one, with ``se`` over clusters and
        one-sided ``p`` (t with clusters less strata degrees of freedom; 1 where two models say the same);
        ``violated``, the share of the implied independences that `test`
        violates (of an undirected graph: of each value and each non-neighbour given the neighbours).

    Raises
    ------
    ModelError
        If the values differ or `test` holds no cluster sums.
    CheckError
        If values are constant, collinear or ipsative in `learning`.

    References
    ----------
    Dempster (1972), Biometrics 28, 157-175 (covariance selection); Hastie, Tibshirani and Friedman (2009), algorithm
    17.1.
    """
    if test.clusters is None:
        raise ModelError("The held-out evidence holds no cluster sums. Use the one that `summarise` made.")
    require_learnable(learning)
    known, new = value_moments(learning), value_moments(test)
    graph = sorted_adjacency(dag, known)
    sorted_adjacency(dag, new)
    p, edges = len(graph), int(graph.sum())
    undirected = strongest(known.correlation, edges)
    models = {
        GRAPH: (edges, implied_correlation(graph, known.correlation), graph.T),
        CORRELATION: (edges, covariance_selection(undirected, known.correlation), undirected),
        EMPTY: (0, np.eye(p), np.zeros((p, p), dtype=bool)),
        FULL: (p * (p - 1) // 2, known.correlation, ~np.eye(p, dtype=bool)),
    }
    products, weight = cluster_products(test, known.scale)
    strata = test.clusters.strata
    densities = {name: _log_densities(sigma, products, weight) for name, (_, sigma, _) in models.items()}
    rows = []
    for name, (size, _, given) in models.items():
        difference, se = _mean_and_error(densities[GRAPH] - densities[name], weight, strata)
        p_value = float(stdtr(free_clusters(len(weight), strata), -difference / se)) if se > SAME else 1.0
        share = _share_violated(graph if name == GRAPH else None, given, new, level)
        rows.append((size, densities[name].sum() / weight.sum(), difference, se, p_value, share))
    columns = ["edges", "log_density", "difference", "se", "p", "violated"]
    return pd.DataFrame(rows, index=list(models), columns=columns)


def equations(graph: BoolArray, correlation: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slopes (p, p), [cause, effect], and residual variances (p,) of standardised values on their parents."""
    p = len(graph)
    slopes, variance = np.zeros((p, p)), np.ones(p)
    for v in range(p):
        parents = np.flatnonzero(graph[:, v])
        if len(parents):
            slopes[parents, v] = np.linalg.solve(correlation[np.ix_(parents, parents)], correlation[parents, v])
            variance[v] = correlation[v, v] - slopes[parents, v] @ correlation[parents, v]
    return slopes, variance


def implied_correlation(graph: BoolArray, correlation: FloatArray) -> FloatArray:
    """Return the correlations (p, p) that the fitted equations of a graph imply: (I - B')^-1 D (I - B)^-1."""
    slopes, variance = equations(graph, correlation)
    total = np.linalg.inv(np.eye(len(graph)) - slopes)
    return np.asarray(total.T @ (variance[:, None] * total))


def strongest(correlation: FloatArray, edges: int) -> BoolArray:
    """Return the undirected graph (p, p) of the pairs with the largest |correlations|."""
    first, second = np.triu_indices(len(correlation), 1)
    order = np.argsort(-np.abs(correlation[first, second]), kind="stable")[:edges]
    graph = np.zeros(correlation.shape, dtype=bool)
    graph[first[order], second[order]] = True
    return graph | graph.T


def covariance_selection(graph: BoolArray, correlation: FloatArray, sweeps: int = 500) -> FloatArray:
    """Return the maximum-likelihood covariance (p, p) whose inverse is zero where the undirected graph has no edge."""
    p = len(graph)
    w = np.array(correlation)
    for _ in range(sweeps):
        before = w.copy()
        for j in range(p):
            near = np.flatnonzero(graph[j])
            rest = np.flatnonzero(np.arange(p) != j)
            slopes = np.linalg.solve(w[np.ix_(near, near)], correlation[near, j]) if len(near) else np.zeros(0)
            w[rest, j] = w[j, rest] = w[np.ix_(rest, near)] @ slopes
        if np.abs(w - before).max() < 1e-10:
            break
    return w


def cluster_products(evidence: Evidence, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the second moments (G, p, p) of each cluster in units of `scale`, in name order, and its rows (G,)."""
    sums, order = sorted_sums(evidence)
    maker = residual_maker(np.ascontiguousarray(evidence.scatter[np.ix_(order, order)]), len(scale))
    row = maker / scale[:, None]
    return row @ sums.second @ row.T, np.asarray(sums.weight)


def _log_densities(sigma: FloatArray, products: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the summed log density (G,) of the rows of each cluster."""
    p = len(sigma)
    constant = p * np.log(2 * np.pi) + np.linalg.slogdet(sigma)[1]
    quadratic = np.einsum("gij,ij->g", products, np.linalg.inv(sigma))
    return np.asarray(-0.5 * (weight * constant + quadratic))


def _mean_and_error(sums: FloatArray, weight: FloatArray, strata: IntArray | None) -> tuple[float, float]:
    total = float(weight.sum())
    mean = float(sums.sum() / total)
    return mean, float(np.sqrt(np.square(varying(sums - weight * mean, strata)).sum()) / total)


def _share_violated(graph: BoolArray | None, given: BoolArray, new: ValueMoments, level: float) -> float:
    """Return the share of implied independences of a directed graph, or of an undirected one, that are violated."""
    p = len(given)
    implied = ~(given | np.eye(p, dtype=bool)) if graph is None else local_markov(graph[None])[0]
    bad = new.given(given).p_value[np.arange(p), np.arange(p)] <= level
    return float((bad & implied).sum() / max(int(implied.sum()), 1))
