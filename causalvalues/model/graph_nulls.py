"""How much better a graph's independences fit the evidence than those of graphs that know nothing of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.graph.dag import Dag
from causalvalues.graph.equivalence import compelled_edges
from causalvalues.model.implied_independences import (
    NOT_A_TEST,
    ImpliedIndependences,
    count_violations,
    implied_independences,
    sorted_adjacency,
)
from causalvalues.model.partial_correlations import value_moments
from causalvalues.randomness import stream


@dataclass(frozen=True)
class GraphNulls:
    """What a graph is held against.

    Parameters
    ----------
    permutations : int, default 1000
        Permutations of the node labels; all p! of them when that is not more.
    random_graphs : int, default 1000
        Random graphs with the same number of edges.
    level : float, default 0.05
        For each test of an independence, and for the verdict.
    """

    permutations: int = 1000
    random_graphs: int = 1000
    level: float = 0.05

    def __post_init__(self) -> None:
        if self.permutations < 1 or self.random_graphs < 1:
            raise ModelError("Ask for at least one permutation and one random graph.")
        if not 0 < self.level < 1:
            raise ModelError(f"The level is {self.level}; it lies between 0 and 1.")


@dataclass(frozen=True, eq=False)
class GraphTest:
    """A graph's implied independences against two nulls.

    Parameters
    ----------
    independences : ImpliedIndependences
        Of the graph itself.
    permuted : array (b,) of int
        Violations of the graph with permuted node labels.
    permutation_p : float
        Share of permutations with no more violations than the graph: the chance that a graph of this shape that knows
        nothing fits as well. The graph itself counts as one of them.
    equivalent : float
        Share of permutations that imply the same independences as the graph. Above the level the graph says too little
        for this test.
    exact : bool
        Whether all permutations were taken.
    random_share : array (c,)
        Share of violated independences of random graphs with the same number of edges.
    random_p : float
        Share of random graphs that violate no larger share than the graph; the graph counts as one of them.
    level : float
    seen : bool
        Whether the graph was learned from these rows.
    """

    independences: ImpliedIndependences
    permuted: IntArray
    permutation_p: float
    equivalent: float
    exact: bool
    random_share: FloatArray
    random_p: float
    level: float
    seen: bool

    def __repr__(self) -> str:
        return f"GraphTest({self.verdict})"

    @property
    def informative(self) -> bool:
        """Whether the graph implies some independence and few permutations imply the same ones."""
        return bool(len(self.independences.table)) and self.equivalent <= self.level

    @property
    def rejected(self) -> bool:
        """Whether the graph is no better than chance although it could be; never True of `seen` rows."""
        return not self.seen and self.informative and self.permutation_p > self.level

    @property
    def verdict(self) -> str:
        """One sentence."""
        table = self.independences.table
        if not len(table):
            return "the graph joins all values, so it implies no independence that could fail"
        facts = (
            f"{self.independences.violations} of {len(table)} implied independences are violated; "
            f"node permutation p = {self.permutation_p:.3g}, random graphs p = {self.random_p:.3g}"
        )
        if self.seen:
            return f"{facts}; {NOT_A_TEST}"
        if not self.informative:
            return f"{facts}; {self.equivalent:.0%} of the permutations say the same, so this decides nothing"
        return (
            f"{facts}; the graph {'is rejected: no better than chance' if self.rejected else 'is better than chance'}"
        )


def graph_test(
    dag: Dag, evidence: Evidence, nulls: GraphNulls | None = None, seed: int = 0, seen: bool = False
) -> GraphTest:
    """Hold the independences that a graph implies against those of permuted and of random graphs.

    Parameters
    ----------
    dag : Dag
        Over the values of `evidence`.
    evidence : Evidence
        Best of rows that learning never saw; `falsify` arranges that.
    nulls : GraphNulls, default ``GraphNulls()``
    seed : int, default 0
    seen : bool, default False
        Say True when the graph was learned from these rows: then the numbers are marked as no test. (Any learner
        fits the rows that it saw: a graph learned from a single common cause passes on them nearly always.)

    Returns
    -------
    GraphTest

    Raises
    ------
    ModelError
        If the graph and the evidence have different values.

    References
    ----------
    Eulig, Mastakouri, Blöbaum, Hardt and Janzing (2023), arXiv:2305.09565 (statistic and null; with all permutations
    the same as ``dowhy.gcm.falsify.falsify_graph``, otherwise the graph is counted among its permutations).
    """
    nulls = GraphNulls() if nulls is None else nulls
    moments = value_moments(evidence)
    graph = sorted_adjacency(dag, moments)
    own = implied_independences(dag, evidence, nulls.level)
    p = len(graph)
    exact = math.factorial(p) <= nulls.permutations
    labels = node_permutations(p, nulls.permutations, seed)
    permuted = graph[labels[:, :, None], labels[:, None, :]]
    counts = count_violations(permuted, moments, nulls.level)
    random = random_graphs(p, int(graph.sum()), nulls.random_graphs, seed)
    shares = count_violations(random, moments, nulls.level).share
    same = _equivalent(graph, permuted)
    no_worse = counts.violated <= own.violations
    extra = 0 if exact else 1
    return GraphTest(
        independences=own,
        permuted=counts.violated,
        permutation_p=float((no_worse.sum() + extra) / (len(labels) + extra)),
        equivalent=float(same.mean()),
        exact=exact,
        random_share=shares,
        random_p=float(((shares <= own.share + 1e-12).sum() + 1) / (len(shares) + 1)),
        level=nulls.level,
        seen=seen,
    )


def node_permutations(p: int, number: int, seed: int) -> IntArray:
    """Return permutations (b, p) of p labels: all p! of them when that is at most `number`, else `number` random ones.

    Examples
    --------
    >>> node_permutations(3, 10, seed=0).shape
    (6, 3)
    """
    if math.factorial(p) <= number:
        return np.array(list(permutations(range(p))), dtype=np.int64).reshape(-1, p)
    random = stream(seed, "node permutations")
    return np.argsort(random.random((number, p)), axis=1).astype(np.int64)


def random_graphs(p: int, edges: int, number: int, seed: int) -> BoolArray:
    """Return random directed acyclic graphs (number, p, p): a random order, then `edges` random pairs in that order."""
    random = stream(seed, "random graphs", edges)
    order = np.argsort(random.random((number, p)), axis=1)
    first, second = np.triu_indices(p, 1)
    chosen = np.argsort(random.random((number, len(first))), axis=1)[:, :edges]
    graphs = np.zeros((number, p, p), dtype=bool)
    draw = np.arange(number)[:, None]
    graphs[draw, order[draw, first[chosen]], order[draw, second[chosen]]] = True
    return graphs


def _equivalent(graph: BoolArray, others: BoolArray) -> BoolArray:
    """Return which of the other graphs (b, p, p) imply the same independences: skeleton and compelled edges agree."""
    same = ((others | others.transpose(0, 2, 1)) == (graph | graph.T)).all(axis=(1, 2))
    compelled = compelled_edges(graph[None])[0]
    found = np.flatnonzero(same)
    same[found] = (compelled_edges(others[found]) == compelled).all(axis=(1, 2))
    return np.asarray(same)
