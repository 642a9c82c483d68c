"""Which independences a graph implies, and which of them the evidence contradicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.graph.dag import Dag
from causalvalues.graph.equivalence import ancestors
from causalvalues.model.partial_correlations import PairTests, ValueMoments, value_moments

NOT_A_TEST = "not a test: the graph was learned from these rows"


@dataclass(frozen=True, eq=False)
class ImpliedIndependences:
    """The local Markov conditions of a graph, tested.

    Parameters
    ----------
    table : DataFrame
        One row for each value and each value that is neither its descendant nor its parent: ``value, other, given``
        (the parents of the value), ``r`` (partial correlation), ``freedom`` (1 / variance of atanh r), ``p`` and
        ``violated``. A pair may stand twice, once from each end.
    level : float
        A condition is violated when p <= level.
    """

    table: pd.DataFrame
    level: float

    def __repr__(self) -> str:
        return f"ImpliedIndependences({self.violations} of {len(self.table)} violated at level {self.level:g})"

    @property
    def violations(self) -> int:
        """Number of violated conditions."""
        return int(self.table["violated"].sum())

    @property
    def share(self) -> float:
        """Violated conditions over all conditions; 0 when the graph implies none."""
        return self.violations / max(len(self.table), 1)


def implied_independences(dag: Dag, evidence: Evidence, level: float = 0.05) -> ImpliedIndependences:
    """Test every local Markov condition of a graph: a value is independent of its non-descendants given its parents.

    All conditions are tested in one batch from the correlations (lever design columns partialled out) and the effective
    number of rows.

    Parameters
    ----------
    dag : Dag
        Over the values of `evidence`.
    evidence : Evidence
        Of rows that the graph was not learned from; else the result is no test.
    level : float, default 0.05

    Returns
    -------
    ImpliedIndependences

    Raises
    ------
    ModelError
        If the graph and the evidence have different values.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from causalvalues.evidence import summarise
    >>> rng = np.random.default_rng(0)
    >>> a = rng.normal(size=500)
    >>> data = pd.DataFrame({"a": a, "b": a + rng.normal(size=500), "c": a + rng.normal(size=500)})
    >>> implied_independences(Dag.from_edges("abc", [("a", "b"), ("a", "c")]), summarise(data))
    ImpliedIndependences(0 of 2 violated at level 0.05)
    >>> implied_independences(Dag.from_edges("abc", [("a", "b")]), summarise(data)).violations
    3
    """
    moments = value_moments(evidence)
    graph = sorted_adjacency(dag, moments)
    tests = moments.given(graph.T)
    implied = local_markov(graph[None])[0]
    place = {name: i for i, name in enumerate(moments.names)}
    rows = []
    for value in dag.names:
        v = place[value]
        for other in dag.names:
            w = place[other]
            if implied[v, w]:
                found = (float(what[v, v, w]) for what in (tests.r, tests.freedom, tests.p_value))
                rows.append((value, other, dag.parents(value), *found))
    table = pd.DataFrame(rows, columns=["value", "other", "given", "r", "freedom", "p"])
    table["violated"] = table["p"].astype(float) <= level
    return ImpliedIndependences(table, level)


def sorted_adjacency(dag: Dag, moments: ValueMoments) -> BoolArray:
    """Return the adjacency (p, p) in the order of the moments; raise `ModelError` when the values differ."""
    if set(dag.names) != set(moments.names):
        odd = sorted(set(dag.names) ^ set(moments.names))
        raise ModelError(f"The graph and the evidence differ in the values {', '.join(odd)}. Use the same values.")
    place = [dag.names.index(name) for name in moments.names]
    return np.asarray(dag.adjacency[np.ix_(place, place)])


def local_markov(graphs: BoolArray) -> BoolArray:
    """Return (s, p, p): True at [graph, v, w] when w is neither v, nor its parent, nor its descendant."""
    below = ancestors(graphs)
    return ~(below | graphs.transpose(0, 2, 1) | np.eye(graphs.shape[1], dtype=bool))


@dataclass(frozen=True, eq=False)
class Violations:
    """Violated and implied local Markov conditions of s graphs, each an array (s,)."""

    violated: IntArray
    implied: IntArray

    @property
    def share(self) -> FloatArray:
        """Violated over implied, 0 where nothing is implied."""
        return np.asarray(self.violated / np.maximum(self.implied, 1))


def count_violations(graphs: BoolArray, moments: ValueMoments, level: float) -> Violations:
    """Count the violated local Markov conditions of many graphs, each distinct set of parents solved once.

    Parameters
    ----------
    graphs : array (s, p, p) of bool
        In the order of `moments.names`.
    moments : ValueMoments
    level : float
    """
    s, p = graphs.shape[:2]
    parents = graphs.transpose(0, 2, 1).reshape(s * p, p)
    packed = np.packbits(parents, axis=1)
    _, first, back = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    tests: PairTests = moments.given(parents[first])
    bad = tests.p_value <= level
    of_node = bad[back.reshape(s, p), np.arange(p)[None, :], :]
    implied = local_markov(graphs)
    return Violations((of_node & implied).sum(axis=(1, 2)), implied.sum(axis=(1, 2)))
