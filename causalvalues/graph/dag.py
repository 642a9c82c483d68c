"""A directed acyclic graph over named nodes: edges as a boolean matrix, [cause, effect]."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx
import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray, frozen_bools


@dataclass(frozen=True, eq=False)
class Dag:
    """A directed acyclic graph.

    Parameters
    ----------
    names : tuple of str, length p
    adjacency : array (p, p) of bool
        True at [i, j] for the edge names[i] -> names[j].

    Raises
    ------
    ModelError
        If a name repeats or the edges form a cycle.
    """

    names: tuple[str, ...]
    adjacency: BoolArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        p = len(self.names)
        object.__setattr__(self, "adjacency", frozen_bools(self.adjacency, (p, p), "adjacency"))
        if len(set(self.names)) < p:
            raise ModelError(f"Node names must differ: {self.names}.")
        topological_order(self.adjacency, self.names)

    @classmethod
    def from_edges(cls, names: Iterable[str], edges: Iterable[tuple[str, str]]) -> Dag:
        """Build a graph from node names and (cause, effect) pairs.

        Examples
        --------
        >>> Dag.from_edges(["a", "b"], [("a", "b")]).edges
        (('a', 'b'),)
        """
        names = tuple(names)
        place = {name: i for i, name in enumerate(names)}
        adjacency = np.zeros((len(names), len(names)), dtype=bool)
        for cause, effect in edges:
            for node in (cause, effect):
                if node not in place:
                    edge = f"{cause!r} -> {effect!r}"
                    raise ModelError(f"The edge {edge} names the unknown node {node!r}." + did_you_mean(node, names))
            adjacency[place[cause], place[effect]] = True
        return cls(names, adjacency)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The edges as (cause, effect), in the order of the names."""
        return tuple((self.names[i], self.names[j]) for i, j in zip(*np.nonzero(self.adjacency), strict=True))

    @property
    def order(self) -> tuple[str, ...]:
        """A topological order, causes first; ties by name order."""
        return tuple(self.names[i] for i in topological_order(self.adjacency, self.names))

    def parents(self, name: str) -> tuple[str, ...]:
        """Direct causes of a node."""
        column = self.adjacency[:, self.names.index(name)]
        return tuple(self.names[i] for i in np.flatnonzero(column))

    def networkx(self) -> nx.DiGraph[str]:
        """Return the same graph as a `networkx.DiGraph`."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.names)
        graph.add_edges_from(self.edges)
        return graph


def topological_order(adjacency: BoolArray, names: tuple[str, ...]) -> list[int]:
    """Return node indices, causes first, ties by name; raise `ModelError` that names a cycle when there is one."""
    p = len(names)
    waiting = adjacency.sum(axis=0).astype(int)
    by_name = sorted(range(p), key=lambda i: names[i])
    order: list[int] = []
    done = np.zeros(p, dtype=bool)
    while len(order) < p:
        free = next((i for i in by_name if not done[i] and waiting[i] == 0), None)
        if free is None:
            cycle = " -> ".join(_cycle(adjacency, names))
            raise ModelError(f"The edges form a cycle: {cycle}. Remove one of them.")
        done[free] = True
        order.append(free)
        waiting = waiting - adjacency[free]
    return order


def _cycle(adjacency: BoolArray, names: tuple[str, ...]) -> list[str]:
    graph = nx.from_numpy_array(adjacency.astype(int), create_using=nx.DiGraph)
    nodes = [int(edge[0]) for edge in nx.find_cycle(graph)]
    return [names[i] for i in [*nodes, nodes[0]]]
