"""Markov equivalence: which directions the data can decide (compelled edges), and the graphs of one class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, frozen_bools
from causalvalues.graph.dag import Dag
from causalvalues.graph.targets import separated_pairs


@dataclass(frozen=True, eq=False)
class EquivalenceClass:
    """All directed acyclic graphs with the same independences, as one partially directed graph.

    Two classes are equal when they have the same nodes and the same edges, whatever the order of the names.

    Parameters
    ----------
    names : tuple of str, length p
    directed : array (p, p) of bool
        True at [i, j] when names[i] -> names[j] in every member (compelled, or given by knowledge).
    undirected : array (p, p) of bool, symmetric
        True where the direction is open.

    Raises
    ------
    ModelError
        If `undirected` is not symmetric, or an edge is given twice.

    Examples
    --------
    >>> chain = Dag.from_edges(["a", "b", "c"], [("a", "b"), ("b", "c")])
    >>> EquivalenceClass.from_dag(chain).edges
    (('a', '--', 'b'), ('b', '--', 'c'))
    >>> collider = Dag.from_edges(["a", "b", "c"], [("a", "b"), ("c", "b")])
    >>> EquivalenceClass.from_dag(collider).edges
    (('a', '->', 'b'), ('c', '->', 'b'))
    """

    names: tuple[str, ...]
    directed: BoolArray
    undirected: BoolArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        p = len(self.names)
        for what in ("directed", "undirected"):
            object.__setattr__(self, what, frozen_bools(getattr(self, what), (p, p), what))
        if (self.undirected != self.undirected.T).any() or self.undirected.diagonal().any():
            raise ModelError(
                "`undirected` must be symmetric with an empty diagonal. Set [i, j] and [j, i] for an open edge."
            )
        twice = self.directed & (self.directed.T | self.undirected)
        if twice.any():
            i, j = (int(place) for place in np.argwhere(twice)[0])
            raise ModelError(
                f"The edge between {self.names[i]!r} and {self.names[j]!r} is given twice. Keep one of the two."
            )

    @classmethod
    def from_dag(cls, dag: Dag, targets: Iterable[Iterable[str]] = ()) -> EquivalenceClass:
        """Return the class of a graph, or its class under perfect interventions.

        Parameters
        ----------
        dag : Dag
        targets : iterable of iterables of str, default ()
            The values that were forced together in each condition. The result is then the interventional essential
            graph of Hauser and Bühlmann (2012): it also directs each edge of which some condition forced one end, and
            what follows from that.
        """
        directed = compelled_given(dag.adjacency[None], separated_pairs(dag.names, targets))[0]
        either = dag.adjacency & ~directed
        return cls(dag.names, directed, either | either.T)

    @property
    def edges(self) -> tuple[tuple[str, str, str], ...]:
        """All edges as (a, "->", b) or (a, "--", b), in the order of the names; an open edge is listed once."""
        both = self.directed | np.triu(self.undirected)
        marks = {True: "->", False: "--"}
        return tuple(
            (self.names[i], marks[bool(self.directed[i, j])], self.names[j])
            for i, j in zip(*np.nonzero(both), strict=True)
        )

    def member(self) -> Dag:
        """Return one graph of the class, the same one whatever the order of the names.

        Open edges are oriented along a maximum-cardinality search (Tarjan and Yannakakis 1984) with ties by name, then
        closed under the rules of Meek (1995).

        Raises
        ------
        ModelError
            If no directed acyclic graph has exactly these directed and open edges.
        """
        from causalvalues.graph.equivalence_kernels import extend

        order = self._by_name
        back = np.argsort(order)
        box = np.ix_(order, order)
        graph = extend(self.directed[box], self.undirected[box], np.arange(len(order)))
        return self._checked(graph[np.ix_(back, back)])

    def members(self, limit: int = 1000) -> tuple[Dag, ...]:
        """Return the graphs of the class, at most `limit` of them, in a fixed order.

        Each open edge is tried both ways, followed by the rules of Meek (1995), which leave no dead ends. When `limit`
        graphs come back, there may be more.

        Parameters
        ----------
        limit : int, default 1000
            At least 1.
        """
        if limit < 1:
            raise ModelError(f"`limit` is {limit}. Ask for at least one member.")
        graphs = islice(_orientations(np.array(self.directed), np.array(self.undirected)), limit)
        return tuple(self._checked(graph) for graph in graphs)

    @property
    def _by_name(self) -> list[int]:
        return sorted(range(len(self.names)), key=lambda i: self.names[i])

    def _checked(self, graph: BoolArray) -> Dag:
        from causalvalues.graph.equivalence_kernels import order_of

        adjacent = self.directed | self.directed.T | self.undirected
        acyclic = order_of(graph)[1] == len(graph)
        if not acyclic or (_colliders(graph, adjacent) != _colliders(self.directed, adjacent)).any():
            raise ModelError("No directed acyclic graph has these directed and open edges without a new collider.")
        return Dag(self.names, graph)

    @cached_property
    def _content(self) -> tuple[tuple[str, ...], bytes, bytes]:
        box = np.ix_(self._by_name, self._by_name)
        return tuple(sorted(self.names)), self.directed[box].tobytes(), self.undirected[box].tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EquivalenceClass) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)


def compelled_edges(draws: BoolArray) -> BoolArray:
    """Return, for each graph, the edges that have the same direction in every graph of its equivalence class.

    Parameters
    ----------
    draws : array (s, p, p) of bool
        Directed acyclic graphs, [draw, cause, effect].

    Returns
    -------
    array (s, p, p) of bool
        Edges of the completed partially directed graph that are directed (Chickering 1995, "Label-Edges").

    Raises
    ------
    ModelError
        If a draw has a cycle.

    Examples
    --------
    >>> compelled_edges(np.array([[[0, 0, 1], [0, 0, 1], [0, 0, 0]]], dtype=bool)).sum()
    np.int64(2)
    """
    from causalvalues.graph.equivalence_kernels import compelled_of_all

    out, cyclic = compelled_of_all(_stack(draws))
    if cyclic >= 0:
        raise ModelError(f"Draw {cyclic} has a cycle. Every draw must be acyclic.")
    return np.asarray(out)


def compelled_given(draws: BoolArray, fixed: BoolArray, lever_draws: BoolArray | None = None) -> BoolArray:
    """Return, for each graph, the edges that equivalent graphs cannot turn once some directions are known.

    Equivalent graphs have the same adjacencies and colliders, lever edges included; known are the directions in `fixed`
    and that of every edge from a lever to a value. An edge is returned when all equivalent graphs that respect what is
    known agree on it: the completed graph with levers as further nodes, plus what is known, closed under the four rules
    of Meek (1995, theorem 4). For levers this is the equivalence of interventions with known targets of Yang, Katcoff
    and Uhler (2018).

    Parameters
    ----------
    draws : array (s, p, p) of bool
        Directed acyclic graphs, [draw, cause, effect].
    fixed : array (p, p) of bool
        True at [i, j] when an edge between i and j can only be i -> j. True at [i, j] and [j, i] when it has the
        direction that the draw gives it, for certain (some intervention forced one of the two; see
        `causalvalues.graph.targets.separated_pairs`).
    lever_draws : array (s, k, p) of bool, optional
        Which levers act directly on which values; nothing acts on a lever. Leave out levers that act on all values.

    Returns
    -------
    array (s, p, p) of bool
        Without fixed edges and levers the same as `compelled_edges`.

    Raises
    ------
    ModelError
        If a draw has a cycle.

    Examples
    --------
    A lever on the first of two joined values settles their direction:

    >>> pair = np.array([[[0, 1], [0, 0]]], dtype=bool)
    >>> compelled_edges(pair).any(), compelled_given(pair, np.zeros((2, 2), dtype=bool), [[[True, False]]])[0, 0, 1]
    (np.False_, np.True_)
    """
    from causalvalues.graph.equivalence_kernels import close_all_under_meek

    values = _stack(draws)
    s, p = values.shape[:2]
    levers = np.zeros((s, 0, p), dtype=bool) if lever_draws is None else np.asarray(lever_draws, dtype=bool)
    if not levers.any() and not fixed.any():
        return compelled_edges(values)
    m = p + levers.shape[1]
    graphs, known = np.zeros((s, m, m), dtype=bool), np.ones((m, m), dtype=bool)
    graphs[:, :p, :p], graphs[:, p:, :p], known[:p, :p] = values, levers, fixed
    directed = compelled_edges(graphs) | (graphs & known)
    undirected = graphs & ~directed
    undirected |= undirected.transpose(0, 2, 1)
    close_all_under_meek(directed, undirected)
    return directed[:, :p, :p]


def ancestors(draws: BoolArray) -> BoolArray:
    """Return, for each graph, who is an ancestor of whom: the transitive closure, without the node itself.

    Parameters
    ----------
    draws : array (s, p, p) of bool
        Directed acyclic graphs, [draw, cause, effect].

    Returns
    -------
    array (s, p, p) of bool
        True at [draw, i, j] when there is a directed path from i to j.

    Raises
    ------
    ModelError
        If a draw has a cycle.
    """
    from causalvalues.graph.equivalence_kernels import ancestors_of_all

    out, cyclic = ancestors_of_all(_stack(draws))
    if cyclic >= 0:
        raise ModelError(f"Draw {cyclic} has a cycle. Every draw must be acyclic.")
    return np.asarray(out)


def random_member(draw: BoolArray, fixed: BoolArray, generator: np.random.Generator) -> BoolArray:
    """Return a random graph of the equivalence class of one graph, within what knowledge allows.

    A maximum-cardinality search with random ties orients the open edges. It is uniform over the members when the open
    edges form trees or cliques and knowledge fixes none of them, and close to it otherwise.

    Parameters
    ----------
    draw : array (p, p) of bool
        A directed acyclic graph.
    fixed : array (p, p) of bool
        Edges that, where `draw` has them, keep their direction (required, or the reverse is forbidden).
    generator : numpy.random.Generator

    Returns
    -------
    array (p, p) of bool
    """
    from causalvalues.graph.equivalence_kernels import extend

    directed = compelled_edges(draw[None])[0] | (draw & fixed)
    either = draw & ~directed
    return np.asarray(extend(directed, either | either.T, generator.permutation(len(draw))))


def _stack(draws: BoolArray) -> BoolArray:
    stack = np.ascontiguousarray(draws, dtype=np.bool_)
    if stack.ndim != 3 or stack.shape[1] != stack.shape[2]:
        raise ModelError(f"Draws of graphs have the shape (draws, nodes, nodes); this array has {stack.shape}.")
    return stack


def _orientations(directed: BoolArray, undirected: BoolArray) -> Iterator[BoolArray]:
    from causalvalues.graph.equivalence_kernels import close_under_meek

    close_under_meek(directed, undirected)
    open_edges = np.argwhere(np.triu(undirected))
    if not len(open_edges):
        yield directed
        return
    i, j = open_edges[0]
    for cause, effect in ((i, j), (j, i)):
        graph, rest = directed.copy(), undirected.copy()
        graph[cause, effect] = True
        rest[cause, effect] = rest[effect, cause] = False
        yield from _orientations(graph, rest)


def _colliders(directed: BoolArray, adjacent: BoolArray) -> BoolArray:
    """Return (p, p, p): True at [i, j, k] when i -> k <- j, with i and j not adjacent."""
    apart = ~(adjacent | np.eye(len(adjacent), dtype=bool))
    return directed[:, None, :] & directed[None, :, :] & apart[:, :, None]
