"""Reading DOT through Graphviz's own parser (pygraphviz): our files with all they say, others with what they draw."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from causalvalues.errors import DataError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled, exact_name
from causalvalues.formats.graph_file import GraphFile, shown, with_warning

if TYPE_CHECKING:
    import pygraphviz

_LOOKS = re.findall(
    r"\w+",
    "arrowhead arrowsize arrowtail bgcolor charset class color colorscheme constraint decorate dir edgetooltip "
    "fillcolor fixedsize fontcolor fontname fontsize headlabel headport height href id image key labelangle "
    "labeldistance labelfontcolor labelfontname labelfontsize layer len lhead lp ltail margin minlen name "
    "name_json ordering orientation penwidth peripheries pos rank regular samehead sametail shape sides skew "
    "style tailport taillabel tooltip URL vertices weight width xlabel xlp z _draw_ _ldraw_ _hdraw_ _tdraw_ "
    "_hldraw_ _tldraw_ ",
)
_DEEPEST = 100
_OPEN = ("none", "inv")
_CIRCLES = ("odot", "dot", "circle")


def dot_graph(text: str) -> GraphFile:
    """Read a graph in DOT.

    Parameters
    ----------
    text : str
        Of a file of ours, or of any other: the ends of an edge follow from ``dir``, ``arrowhead`` and ``arrowtail``
        (``odot`` and ``dot`` are circles), in a ``graph`` they are without marks. ``group_name``, ``kind``, ``label``
        and ``pos`` of nodes are read, as are all our numbers; how something looks is passed over.

    Raises
    ------
    DataError
        If pygraphviz is missing, or the text is no DOT.
    """
    if _depth(text) > _DEEPEST:
        raise DataError(f"This DOT has more than {_DEEPEST} open braces. Write subgraphs less deeply.")
    graph = _parsed(text)
    try:
        nodes, edges = _found(graph)
        warning = _plain(dict(graph.graph_attr).get("note") or "")
    except DataError:
        raise
    except Exception as error:  # names that are no text, and whatever else pygraphviz meets
        raise _unreadable(error) from None
    finally:
        graph.close()
    return with_warning(assembled(nodes, edges, "DOT", looks=_LOOKS), warning)


def _found(graph: pygraphviz.AGraph) -> tuple[list[FoundNode], list[FoundEdge]]:
    height = _height(graph)
    nodes = {str(node): _node(str(node), dict(node.attr), height) for node in graph.nodes()}
    if len({node.name for node in nodes.values()}) < len(nodes):
        nodes = {key: FoundNode(key, node.said) for key, node in nodes.items()}
    directed = bool(graph.is_directed())
    edges = [
        _edge(nodes[str(first)].name, nodes[str(second)].name, dict(edge.attr), directed)
        for edge in graph.edges()
        for first, second in [edge[:2]]
    ]
    return list(nodes.values()), edges


def _parsed(text: str) -> pygraphviz.AGraph:
    try:
        import pygraphviz
    except ImportError as error:
        raise DataError(
            f"DOT is read by pygraphviz, which cannot be loaded here ({error}). Install it with "
            "`pip install pygraphviz`, or give the graph as .graphml, .gml or .dagitty."
        ) from None
    try:
        return pygraphviz.AGraph(string=text, encoding="UTF-8")
    except Exception as error:  # its errors have no common class
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> DataError:
    said = str(error).split("\n", maxsplit=1)[0][:160]
    return DataError(f"Graphviz cannot read this DOT: {said}. Correct the text there.")


def _depth(text: str) -> int:
    """Return how many braces are open at once, strings aside."""
    depth = deepest = 0
    for sign in re.findall(r'"(?:\\.|[^"\\])*(?:"|\Z)|[{}]', text, flags=re.DOTALL):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        deepest = max(deepest, depth)
    return deepest


def _height(graph: pygraphviz.AGraph) -> float:
    """Return the height of the page, from the box that Graphviz knows it by."""
    box = dict(graph.graph_attr).get("bb") or ""
    numbers = re.fullmatch(r"(?:\s*-?\d+(?:\.\d*)?\s*,){3}\s*(-?\d{1,9}(?:\.\d*)?)\s*", box)
    return float(numbers[1]) if numbers else 0.0


def _node(written: str, held: Mapping[str, Any], height: float) -> FoundNode:
    name = exact_name({"name_json": _plain(held.get("name_json") or "")}, _plain(written))
    said = {key: value for key, value in held.items() if value and key not in ("label", "pos", "group_name", "group")}
    label = _shown(held, written)
    said |= {} if label is None else {"label": label}
    said |= {"group": _plain(held["group_name"])} if held.get("group_name") else {}
    place = re.fullmatch(r"\s*([-+\d.eE]+),([-+\d.eE]+)(?:,[-+\d.eE]+)?!?\s*", held.get("pos") or "")
    if place:
        try:
            said |= {"x": float(place[1]), "y": height - float(place[2])}
        except ValueError:
            raise DataError(f'The place of {shown(name)} is {shown(held["pos"])}. Write it as pos="1,2".') from None
    return FoundNode(name, said)


def _shown(held: Mapping[str, Any], written: str) -> str | None:
    """Return the label of a node; None where it is the name."""
    label = held.get("xlabel") or held.get("label") or ""
    if not label or label in ("\\N", written) or (label[0], label[-1]) == ("<", ">"):
        return None
    return _plain(label).replace("&amp;", "&")


def _plain(text: str) -> str:
    return text.replace("\\\\", "\\")


def _edge(first: str, second: str, held: Mapping[str, Any], directed: bool) -> FoundEdge:
    said = {key: value for key, value in held.items() if value and key not in ("ends", "label")}
    ends = held.get("ends") or _drawn(held, directed)
    return FoundEdge(first, ends, second, said)


def _drawn(held: Mapping[str, Any], directed: bool) -> str:
    """Return the ends that an edge is drawn with."""
    way = held.get("dir") or ("forward" if directed else "none")
    tail = _mark(held.get("arrowtail") or "normal", "<") if way in ("back", "both") else "-"
    head = _mark(held.get("arrowhead") or "normal", ">") if way in ("forward", "both") else "-"
    return f"{tail}-{head}"


def _mark(arrow: str, head: str) -> str:
    return "-" if arrow in _OPEN else "o" if arrow in _CIRCLES else head
