"""DOT (Graphviz) of a graph scene: every number as an attribute, the drawn positions pinned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from causalvalues.formats.attributes import need_graph, numbers_of, warning_of, words_of
from causalvalues.scene.edge_style import label_texts, line_width, sign_colour
from causalvalues.scene.metrics import printable
from causalvalues.scene.nouns import Edge, Ends, Node, Scene
from causalvalues.scene.xml_text import allowed

if TYPE_CHECKING:
    from graphviz import Source


def dot_text(scene: Scene) -> str:
    """Return a graph scene in the DOT language.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    str
        Node identifiers are the names, always quoted, with every backslash doubled (as pygraphviz returns them). A
        name that Graphviz cannot hold (control characters, a leading %) has a stand-in, and its exact form is the JSON
        attribute ``name_json``. ``ends`` of an edge is one of ``--- --> o-> o-o <->``, and ``dir`` with its arrows
        draws the same: an edge whose direction is open has ``dir=none``. ``neato -n2`` keeps the positions. Levers and
        values are boxes or discs, latent nodes ellipses, outcomes boxes with two lines. A warning is ``note`` of the
        graph and its label, so that Graphviz shows it.

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    need_graph(scene, "DOT")
    ids = dot_ids(scene)
    warning = warning_of(scene)
    said = f", note={quoted(warning)}, label={_label(warning)}" if warning else ""
    lines = [
        f"digraph {quoted(scene.title)} {{",
        '  graph [charset="UTF-8", splines=true, outputorder=edgesfirst, '
        f'bb="0,0,{scene.width:.3f},{scene.height:.3f}"{said}];',
        '  node [fontname="DejaVu Sans", fontsize=8];',
        '  edge [fontname="DejaVu Sans", fontsize=7];',
    ]
    lines += [f"  {quoted(ids[node.name])} [{_node(node, scene)}];" for node in scene.nodes]
    lines += [f"  {quoted(ids[edge.cause])} -> {quoted(ids[edge.effect])} [{_edge(edge)}];" for edge in scene.edges]
    return "\n".join([*lines, "}"]) + "\n"


def graphviz_source(scene: Scene) -> Source:
    """Return a graph scene as a `graphviz.Source`, for those who have Graphviz and want its own drawing of it.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    graphviz.Source
        Holds `dot_text(scene)` for the engine ``neato``; nothing is run until it is rendered.

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    import graphviz

    return graphviz.Source(dot_text(scene), engine="neato")


def dot_ids(scene: Scene) -> dict[str, str]:
    """Return an identifier for every node: its name, or a printable stand-in that no other node has."""
    names = {node.name for node in scene.nodes}
    ids: dict[str, str] = {}
    for node in scene.nodes:
        stand_in = node.name
        if not _holds(node.name):
            stand_in = "_" + printable(node.name)
            while stand_in in names or stand_in in ids.values():
                stand_in += "'"
        ids[node.name] = stand_in
    return ids


def _holds(name: str) -> bool:
    """Say whether Graphviz keeps a name: not empty, no control characters, not its own mark of anonymous nodes (%)."""
    return (
        bool(name)
        and name[0] != "%"
        and allowed(name)
        and not any((ord(c) < 0x20 and c != "\n") or ord(c) == 0x7F for c in name)
    )


def quoted(text: str) -> str:
    r"""Return a text as a double-quoted DOT string.

    Examples
    --------
    >>> print(quoted('a "b" \\ c'))
    "a \"b\" \\ c"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(text: str) -> str:
    """Return a text as a label: Graphviz reads entities such as ``&lt;`` in labels, so the sign & is one itself."""
    return quoted(printable(text).replace("&", "&amp;"))


def _node(node: Node, scene: Scene) -> str:
    shape = {"latent": "ellipse", "outcome": "box, peripheries=2"}.get(node.kind, "box")
    shape = "circle, width=0.14, fixedsize=true" if _is_disc(node, scene) else shape
    outside = f"xlabel={_label(node.label)}, label=" + '""' if _is_disc(node, scene) else f"label={_label(node.label)}"
    said = [f"shape={shape}", outside, f'pos="{node.x:.3f},{scene.height - node.y:.3f}!"', f'kind="{node.kind}"']
    if node.group:
        said.append(f"group_name={quoted(node.group)}")
    if not _holds(node.name):
        said.append(f"name_json={quoted(json.dumps(node.name))}")
    return ", ".join(said)


def _is_disc(node: Node, scene: Scene) -> bool:
    return any(mark.part == node.part and mark.role == "disc" for mark in scene.marks)


_ENDS: Mapping[Ends, tuple[str, ...]] = {
    "-->": ("dir=forward",),
    "---": ("dir=none",),
    "o->": ("dir=both", "arrowtail=odot"),
    "o-o": ("dir=both", "arrowtail=odot", "arrowhead=odot"),
    "<->": ("dir=both",),
}


def _edge(edge: Edge) -> str:
    said = [
        f'color="{sign_colour(edge)}"',
        f"penwidth={line_width(edge.adjacent):g}",
        *_ENDS[edge.ends],
        f"style={'dashed' if edge.mean is not None and edge.mean < 0 else 'solid'}",
    ]
    texts = label_texts(edge, intervals=True)
    if texts:
        said.append(f"label={_label(texts[0])}")
    said.append(f'ends="{edge.ends}"')
    said += [f'{key}="{word}"' for key, word in words_of(edge)]
    said += [f'{key}="{number!r}"' for key, number in numbers_of(edge)]
    return ", ".join(said)
