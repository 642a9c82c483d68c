"""A mixed graph: each end of an edge carries its own mark, so that what is not known stays visible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray
from causalvalues.graph.dag import Dag, topological_order
from causalvalues.graph.equivalence import EquivalenceClass

NOTHING, CIRCLE, ARROW, TAIL = 0, 1, 2, 3
"""The mark at one end of an edge; `NOTHING` where there is no edge."""

MARKS = ("", "circle", "arrow", "tail")
LEFT, RIGHT = ("", "o", "<", "-"), ("", "o", ">", "-")
FRAME_COLUMNS = ("first", "edge", "second", "first_mark", "second_mark", "meaning")

MarkArray = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class MixedGraph:
    """A graph whose edges have a mark at either end.

    An arrow at b on the edge between a and b says that b does not cause a; a tail at a says that a causes b; a circle
    says that the data leave it open. With hidden causes allowed (a partial ancestral graph, Zhang 2008), "causes"
    means through any directed path, and a <-> b means that neither causes the other, so that something hidden
    moves both. Without hidden causes (a partially directed graph) "causes" means directly, o-o is an edge of open
    direction, written ``--``, and a <-> b is a conflict: the tests ask for both directions.

    Two graphs are equal when they have the same nodes, edges and marks, whatever the order of the names.

    Parameters
    ----------
    names : tuple of str, length p
    marks : array (p, p) of int8
        [i, j] is the mark at names[j] on the edge between names[i] and names[j]: 0 no edge, 1 circle, 2 arrow, 3 tail.
        So a -> b has ARROW at [a, b] and TAIL at [b, a].
    hidden_causes : bool, default False
        Whether hidden common causes are allowed for.

    Raises
    ------
    ModelError
        If a name repeats, a mark is unknown, an edge has a mark at one end only, or two tails meet.

    Examples
    --------
    >>> graph = MixedGraph.from_edges(["a", "b", "c"], [("a", "o->", "b"), ("c", "<->", "b")], hidden_causes=True)
    >>> graph.edges
    (('a', 'o->', 'b'), ('b', '<->', 'c'))
    """

    names: tuple[str, ...]
    marks: MarkArray
    hidden_causes: bool = False

    def __post_init__(self) -> None:
        names, p = tuple(self.names), len(self.names)
        marks = np.array(self.marks, dtype=np.int8)
        if len(set(names)) < p:
            raise ModelError(f"Node names must differ: {names}.")
        if marks.shape != (p, p) or not np.isin(marks, (NOTHING, CIRCLE, ARROW, TAIL)).all() or marks.diagonal().any():
            raise ModelError(
                f"`marks` must be {p} x {p}, hold 0 (no edge), 1 (circle), 2 (arrow), 3 (tail), and 0 on the diagonal."
            )
        wrong = ((marks != NOTHING) != (marks.T != NOTHING)) | ((marks == TAIL) & (marks.T == TAIL))
        if wrong.any():
            i, j = (int(place) for place in np.argwhere(wrong)[0])
            raise ModelError(
                f"The edge between {names[i]!r} and {names[j]!r} needs a mark at both ends, and not two tails."
            )
        marks.setflags(write=False)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "marks", marks)

    @classmethod
    def from_edges(
        cls, names: Iterable[str], edges: Iterable[tuple[str, str, str]], hidden_causes: bool = False
    ) -> MixedGraph:
        """Build a graph from (a, edge, b), where the edge is one of ``-> <- <-> o-> <-o o-o --``."""
        names = tuple(names)
        place = {name: i for i, name in enumerate(names)}
        marks = np.zeros((len(names), len(names)), dtype=np.int8)
        known = {"--": (CIRCLE, CIRCLE)} | {
            f"{LEFT[a]}-{RIGHT[b]}": (a, b) for a in (1, 2, 3) for b in (1, 2, 3) if (a, b) != (TAIL, TAIL)
        }
        known |= {"->": (TAIL, ARROW), "<-": (ARROW, TAIL)}
        for first, edge, second in edges:
            for node in (first, second):
                if node not in place:
                    raise ModelError(f"An edge names the unknown node {node!r}." + did_you_mean(node, names))
            if edge not in known:
                raise ModelError(f"{edge!r} is no edge. Use one of {', '.join(sorted(known))}.")
            marks[place[second], place[first]], marks[place[first], place[second]] = known[edge]
        return cls(names, marks, hidden_causes)

    @classmethod
    def from_class(cls, graph: EquivalenceClass | Dag) -> MixedGraph:
        """Return an equivalence class or a graph in this notation; open edges get two circles."""
        if isinstance(graph, Dag):
            graph = EquivalenceClass(graph.names, graph.adjacency, np.zeros_like(graph.adjacency))
        marks = np.where(graph.undirected, CIRCLE, NOTHING) + np.where(graph.directed, ARROW, NOTHING)
        return cls(graph.names, marks + np.where(graph.directed.T, TAIL, NOTHING))

    @property
    def edges(self) -> tuple[tuple[str, str, str], ...]:
        """All edges as (a, edge, b), once each, in the order of the names; a -> b stands with its cause first."""
        rows = []
        for i, j in np.argwhere(np.triu(self.marks)):
            a, b = (j, i) if self.marks[j, i] == ARROW and self.marks[i, j] != ARROW else (i, j)
            rows.append((self.names[a], self._edge(int(a), int(b)), self.names[b]))
        return tuple(rows)

    def edge(self, first: str, second: str) -> str:
        """Return the edge between two nodes, read from the first to the second; "" where there is none."""
        return self._edge(self._place(first), self._place(second))

    def frame(self) -> pd.DataFrame:
        """Return one row an edge: ``first, edge, second``, the mark at each end, and what it says in words."""
        rows = []
        for first, edge, second in self.edges:
            i, j = self._place(first), self._place(second)
            marks = (MARKS[self.marks[j, i]], MARKS[self.marks[i, j]])
            rows.append((first, edge, second, *marks, self._meaning(first, edge, second)))
        return pd.DataFrame(rows, columns=list(FRAME_COLUMNS))

    def definite_causes(self, name: str) -> tuple[str, ...]:
        """Nodes with a directed path (tail to arrow throughout) to this one: causes in every graph of the class."""
        return self._reaching(name, (self.marks == ARROW) & (self.marks.T == TAIL))

    def possible_causes(self, name: str) -> tuple[str, ...]:
        """Nodes with a path to this one on which no mark excludes that each causes the next; includes definite ones."""
        forward = (self.marks != NOTHING) & (self.marks != TAIL) & (self.marks.T != ARROW)
        return self._reaching(name, forward)

    @property
    def conflicts(self) -> tuple[tuple[str, str], ...]:
        """Pairs whose edge the tests want in both directions; empty where hidden causes are allowed for."""
        both = np.triu((self.marks == ARROW) & (self.marks.T == ARROW))
        if self.hidden_causes:
            return ()
        return tuple((self.names[i], self.names[j]) for i, j in np.argwhere(both))

    def equivalence_class(self) -> EquivalenceClass:
        """Return the same graph as an `EquivalenceClass`.

        Raises
        ------
        ModelError
            If hidden causes are allowed for, edges are in conflict, or no directed acyclic graph fits.
        """
        if self.hidden_causes:
            raise ModelError("A graph that allows for hidden common causes is no class of directed acyclic graphs.")
        if self.conflicts:
            raise ModelError(f"The tests ask for both directions of {self.conflicts}. Decide them by knowledge first.")
        directed = (self.marks == ARROW) & (self.marks.T != ARROW)
        topological_order(directed, self.names)
        found = EquivalenceClass(self.names, directed, (self.marks == CIRCLE) & (self.marks.T == CIRCLE))
        found.member()
        return found

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise ModelError(f"There is no node {name!r}." + did_you_mean(name, self.names))
        return self.names.index(name)

    def _edge(self, i: int, j: int) -> str:
        at_i, at_j = int(self.marks[j, i]), int(self.marks[i, j])
        if not at_j:
            return ""
        if not self.hidden_causes and at_i == at_j == CIRCLE:
            return "--"
        text = f"{LEFT[at_i]}-{RIGHT[at_j]}"
        return {"-->": "->", "<--": "<-"}.get(text, text)

    def _meaning(self, first: str, edge: str, second: str) -> str:
        if edge == "->":
            return f"{first} causes {second}" + (", perhaps through others" if self.hidden_causes else " directly")
        if edge == "<->":
            if self.hidden_causes:
                return "a hidden cause moves both; neither causes the other"
            return "conflict: the tests ask for both directions"
        if edge == "--":
            return "joined; the direction is open"
        if edge == "o->":
            return f"{second} does not cause {first}; {first} causes {second}, or a hidden cause moves both"
        return "either may cause the other, or a hidden cause moves both"

    def _reaching(self, name: str, forward: BoolArray) -> tuple[str, ...]:
        goal = self._place(name)
        found, waiting = set[int](), [goal]
        while waiting:
            for cause in np.flatnonzero(forward[:, waiting.pop()]):
                if int(cause) not in found and cause != goal:
                    found.add(int(cause))
                    waiting.append(int(cause))
        return tuple(self.names[i] for i in sorted(found))

    @cached_property
    def _content(self) -> tuple[tuple[str, ...], bytes, bool]:
        order = sorted(range(len(self.names)), key=lambda i: self.names[i])
        return tuple(sorted(self.names)), self.marks[np.ix_(order, order)].tobytes(), self.hidden_causes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MixedGraph) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)
