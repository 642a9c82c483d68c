"""Model strings of bnlearn (R): ``[a][b|a][c|a:b]``."""

from __future__ import annotations

import re

from causalvalues.errors import DataError, FigureError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled
from causalvalues.formats.attributes import need_graph
from causalvalues.formats.graph_file import MOST_NODES, GraphFile, edge_words, shown
from causalvalues.graph.dag import Dag
from causalvalues.scene.nouns import Scene

_BLOCK = re.compile(r"\[([^\[\]|]*)(?:\|([^\[\]|]*))?\]")


def bnlearn_text(scene: Scene) -> str:
    """Return a graph scene as a model string, causes before effects.

    Parameters
    ----------
    scene : Scene
        With nodes, and all its edges arrows.

    Returns
    -------
    str
        One line for ``bnlearn::model2network``. Names and arrows only; a model string holds no numbers, kinds, places.

    Raises
    ------
    FigureError
        If the scene is no graph, an edge is no arrow, or a name has one of ``[ ] | :``, a line break or space at an
        end.
    ModelError
        If the arrows form a cycle.
    """
    need_graph(scene, "A model string of bnlearn")
    for edge in scene.edges:
        if not edge.directed:
            raise FigureError(
                f"A model string of bnlearn holds arrows only, and {edge_words(edge)} is none. Decide its direction by "
                "knowledge, or write .tetrad, .dagitty or .graphml, which keep it."
            )
    for node in scene.nodes:
        if not node.name.strip() or node.name != node.name.strip() or re.search(r"[\[\]|:\x00-\x1f\x7f]", node.name):
            raise FigureError(
                f"A model string of bnlearn cannot hold the name {shown(node.name)}: it has one of [ ] | :, a line "
                "break or a space at its end, or is empty. Rename the node, or write .graphml."
            )
    dag = Dag.from_edges([node.name for node in scene.nodes], [(edge.cause, edge.effect) for edge in scene.edges])
    blocks = ((name, dag.parents(name)) for name in dag.order)
    return "".join(f"[{name}|{':'.join(held)}]" if held else f"[{name}]" for name, held in blocks) + "\n"


def bnlearn_graph(text: str) -> GraphFile:
    """Read a model string.

    Parameters
    ----------
    text : str
        Every node in brackets, its parents after ``|``, separated by ``:`` (documentation of bnlearn's
        ``modelstring``). Line breaks between blocks are allowed.

    Raises
    ------
    DataError
        If it is no model string, or a parent has no block of its own.
    """
    found: list[FoundNode] = []
    edges: list[FoundEdge] = []
    place = 0
    text = text.strip()
    if not text:
        raise DataError("This file is empty. A model string looks like [a][b|a].")
    while place < len(text):
        match = _BLOCK.match(text, place)
        where = f"line {text.count(chr(10), 0, place) + 1}"
        if len(found) > MOST_NODES:
            raise DataError(f"Line {where[5:]}: there are more than {MOST_NODES} nodes. Keep the part that you need.")
        if match is None or not match[1].strip():
            raise DataError(f"Line {where[5:]}: {shown(text[place : place + 30])} is no block such as [b|a].")
        name = match[1].strip()
        found.append(FoundNode(name, where=where))
        parents = [] if match[2] is None else [parent.strip() for parent in match[2].split(":")]
        if "" in parents:
            raise DataError(f"Line {where[5:]}: the block of {shown(name)} names an empty parent. Take out the sign.")
        edges += [FoundEdge(parent, "-->", name, where=where) for parent in parents]
        place = match.end()
        while place < len(text) and text[place].isspace():
            place += 1
    known = {node.name for node in found}
    for edge in edges:
        if edge.first not in known:
            raise DataError(f"The parent {shown(edge.first)} of {shown(edge.second)} has no block. Add [{edge.first}].")
    return assembled(found, edges, "bnlearn")
