"""What a file of a graph holds: nodes, edges with a mark at either end, their numbers, and what was left aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from causalvalues.errors import DataError, ModelError
from causalvalues.graph.dag import Dag
from causalvalues.graph.mixed import MixedGraph
from causalvalues.scene.metrics import printable
from causalvalues.scene.nouns import Edge, Ends, Node, Scene, Text

MOST_NODES = 5_000
MOST_EDGES = 100_000
LONGEST_WARNING = 1_000
_MARGIN = 36.0
MIXED_MARKS: Mapping[Ends, str] = {"-->": "->", "---": "--", "o->": "o->", "o-o": "o-o", "<->": "<->"}
"""Ends of an edge of a scene -> the same in a `MixedGraph`."""


@dataclass(frozen=True)
class GraphFile:
    """A graph as a file holds it.

    Parameters
    ----------
    names : tuple of str
        Exact names of the nodes, in the order of the file.
    nodes : tuple of Node
        In the order of `names`. Where the file has no places, they stand on a circle.
    edges : tuple of Edge
        In the order of the file. Two nodes may have an arrow and a two-headed edge (a common cause) at once.
    format : str
        Name of the format, for example ``"DAGitty"``.
    notes : tuple of str, default ()
        One sentence for each thing in the file that a graph cannot hold and that was left aside.
    placed : bool, default False
        Whether the file gives every node a place (points, y downwards).
    warning : str, default ""
        What must be said wherever the graph is shown, for example that no edge may be claimed from it. Pictures of the
        graph show it and writers write it.

    Raises
    ------
    DataError
        If a name repeats, an edge joins unknown nodes or a node to itself, or the graph is too large.

    Examples
    --------
    >>> from causalvalues.formats.reading import graph_from_text
    >>> graph = graph_from_text("dag { a -> b  b -> c }", ".dagitty")
    >>> graph.dag().order
    ('a', 'b', 'c')
    """

    names: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    format: str
    notes: tuple[str, ...] = ()
    placed: bool = False
    warning: str = ""

    def __post_init__(self) -> None:
        for field in ("names", "nodes", "edges", "notes"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        if self.names != tuple(node.name for node in self.nodes):
            raise DataError("The names of a graph must be those of its nodes, in the same order.")
        if len(self.names) > MOST_NODES or len(self.edges) > MOST_EDGES:
            raise DataError(
                f"This graph has {len(self.names)} nodes and {len(self.edges)} edges; at most {MOST_NODES} and "
                f"{MOST_EDGES} are read. Keep the part that you need."
            )
        known = set(self.names)
        if len(known) < len(self.names):
            twice = min(name for name in known if self.names.count(name) > 1)
            raise DataError(f"Two nodes are named {shown(twice)}. Rename one of them.")
        for edge in self.edges:
            if edge.cause not in known or edge.effect not in known:
                raise DataError(f"The edge {edge_words(edge)} joins a node that is not in the file. Add the node.")
            if edge.cause == edge.effect:
                raise DataError(f"The edge {edge_words(edge)} joins a node to itself. Take it out of the file.")

    def __repr__(self) -> str:
        return f"GraphFile({self.format}: {len(self.names)} nodes, {len(self.edges)} edges, {len(self.notes)} notes)"

    def dag(self) -> Dag:
        """Return the graph as a directed acyclic graph.

        Raises
        ------
        ModelError
            If an edge is no arrow, or the arrows form a cycle; the message names the edge or the cycle.
        """
        for edge in self.edges:
            if not edge.directed:
                raise ModelError(
                    f"The edge {edge_words(edge)} is no arrow, so this is no directed acyclic graph. "
                    "Take `.mixed()`, or give the edge a direction in the file."
                )
        return Dag.from_edges(self.names, [(edge.cause, edge.effect) for edge in self.edges])

    def mixed(self) -> MixedGraph:
        """Return the graph with the marks at the ends of its edges.

        Hidden causes are allowed for when an edge has a circle or two heads; ``---`` is then refused, because two
        tails would speak of selection.

        Raises
        ------
        ModelError
            If two nodes have more than one edge, or ``---`` stands beside circles or two heads.
        """
        pairs: set[frozenset[str]] = set()
        for edge in self.edges:
            if frozenset((edge.cause, edge.effect)) in pairs:
                raise ModelError(
                    f"{shown(edge.cause)} and {shown(edge.effect)} are joined by two edges, and a mixed graph has one. "
                    "Keep one of them in the file."
                )
            pairs.add(frozenset((edge.cause, edge.effect)))
        hidden = any(edge.ends not in ("-->", "---") for edge in self.edges)
        for edge in self.edges:
            if hidden and edge.ends == "---":
                raise ModelError(
                    f"The edge {edge_words(edge)} has no marks, and other edges have circles or two heads. "
                    "Write it as o-o if both its ends are open."
                )
        rows = [(edge.cause, MIXED_MARKS[edge.ends], edge.effect) for edge in self.edges]
        return MixedGraph.from_edges(self.names, rows, hidden_causes=hidden)


def with_warning(graph: GraphFile, found: object) -> GraphFile:
    """Return a graph with the warning that was found in its file, as one line of at most 1,000 characters."""
    text = " ".join(found[:LONGEST_WARNING].split()) if isinstance(found, str) else ""
    return replace(graph, warning=printable(text)[:LONGEST_WARNING]) if text else graph


def graph_scene(graph: GraphFile, title: str = "Graph") -> Scene:
    """Return a graph as a scene for the writers of text formats; of marks it has the warning only.

    Parameters
    ----------
    graph : GraphFile
    title : str, default "Graph"
    """
    width, height = (
        round(max((getattr(node, side) for node in graph.nodes), default=0.0) + _MARGIN, 3) for side in ("x", "y")
    )
    return Scene(
        kind="graph",
        width=width,
        height=height,
        marks=(Text("note", "note", width / 2, height, graph.warning, 7.0, "middle"),) if graph.warning else (),
        title=title,
        nodes=graph.nodes,
        edges=graph.edges,
        provenance={"format": graph.format},
    )


def shown(text: object) -> str:
    """Return a name in quotes for a message, shortened."""
    return repr(text if not isinstance(text, str) or len(text) <= 60 else text[:57] + "...")


def edge_words(edge: Edge) -> str:
    """Return an edge for a message, as in ``'a' o-> 'b'``."""
    return f"{shown(edge.cause)} {edge.ends} {shown(edge.effect)}"
