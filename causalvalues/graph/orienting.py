"""Ways to orient part of an equivalence class: all of them, once each, by Meek's rules."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray
from causalvalues.graph.equivalence import EquivalenceClass

MOST_WAYS = 100_000
"""Ways to orient the edges at some nodes that are listed before the class is refused as too large."""


def orientations_around(graph: EquivalenceClass, nodes: tuple[str, ...]) -> tuple[EquivalenceClass, ...]:
    """Return every way to orient the open edges at some nodes, each closed under the rules of Meek (1995).

    The rules leave no dead ends, so each way has at least one member, and every member belongs to exactly one way. With
    one node these are its possible sets of parents: those of Maathuis, Kalisch and Buhlmann (2009), and with background
    knowledge those of the semi-local search of Perkovic, Kalisch and Maathuis (2017).

    Parameters
    ----------
    graph : EquivalenceClass
        Directed edges may come from knowledge.
    nodes : tuple of str

    Raises
    ------
    ModelError
        If a node is unknown, the class is empty, or there are more than 100,000 ways.

    Examples
    --------
    >>> from causalvalues.graph import Dag
    >>> chain = EquivalenceClass.from_dag(Dag.from_edges(["a", "b", "c"], [("a", "b"), ("b", "c")]))
    >>> [way.edges for way in orientations_around(chain, ("a",))]
    [(('a', '->', 'b'), ('b', '->', 'c')), (('b', '->', 'a'), ('b', '--', 'c'))]
    """
    for node in nodes:
        if node not in graph.names:
            raise ModelError(f"{node!r} is no node of the graph." + did_you_mean(node, graph.names))
    graph.member()
    order = sorted(range(len(graph.names)), key=lambda i: graph.names[i])
    box, back = np.ix_(order, order), np.argsort(order)
    inside = [place for place, i in enumerate(order) if graph.names[i] in nodes]
    put_back = np.ix_(back, back)
    return tuple(
        EquivalenceClass(graph.names, directed[put_back], undirected[put_back])
        for directed, undirected in ways_around(graph.directed[box], graph.undirected[box], inside)
    )


def ways_around(directed: BoolArray, undirected: BoolArray, nodes: list[int]) -> Iterator[tuple[BoolArray, BoolArray]]:
    """Yield the ways of `orientations_around` as arrays (p, p), for a class that is known to have a member."""
    from causalvalues.graph.equivalence_kernels import close_under_meek

    waiting = [(np.array(directed), np.array(undirected))]
    ways = 0
    while waiting:
        arrows, rest = waiting.pop()
        close_under_meek(arrows, rest)
        rows, columns = np.nonzero(rest[nodes])
        if not len(rows):
            ways += 1
            if ways > MOST_WAYS:
                raise ModelError(
                    f"There are more than {MOST_WAYS:,} ways to orient the edges at these nodes. Give knowledge that "
                    "settles some of them, or ask about fewer causes at once."
                )
            yield arrows, rest
            continue
        i, j = nodes[int(rows[0])], int(columns[0])
        for cause, effect in ((j, i), (i, j)):
            turned, left = arrows.copy(), rest.copy()
            turned[cause, effect] = True
            left[i, j] = left[j, i] = False
            waiting.append((turned, left))
