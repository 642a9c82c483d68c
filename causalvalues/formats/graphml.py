"""GraphML of a graph scene: for networkx, Gephi, yEd and igraph."""

from __future__ import annotations

import json

from causalvalues.formats.attributes import NUMBERS, need_graph, numbers_of, warning_of, words_of
from causalvalues.scene.nouns import Scene
from causalvalues.scene.xml_text import allowed, content

_NODE_KEYS = (("name", "string"), ("name_json", "string"), ("label", "string"), ("kind", "string"), ("group", "string"))
_EDGE_KEYS = (("kind", "string"), ("ends", "string"), ("arrow", "boolean"), ("verdict", "string"), ("change", "string"))


def graphml_text(scene: Scene) -> str:
    """Return a graph scene as GraphML.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    str
        Nodes are ``n0, n1, ...`` with their exact name under ``name`` (and, where XML cannot hold it, as JSON under
        ``name_json``), places under ``x`` and ``y`` in points. ``ends`` of an edge is one of ``--- --> o-> o-o <->``;
        those that are no arrow have ``arrow`` false, and the more probable cause as source: networkx reads no graphs
        with both kinds of edges. A warning is ``note`` of the graph.

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    need_graph(scene, "GraphML")
    ids = {node.name: f"n{number}" for number, node in enumerate(scene.nodes)}
    warning = warning_of(scene)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        *([_key("graph", "note", "string")] if warning else []),
        *(_key("node", name, kind) for name, kind in (*_NODE_KEYS, ("x", "double"), ("y", "double"))),
        *(_key("edge", name, kind) for name, kind in _EDGE_KEYS),
        *(_key("edge", name, "double") for name in NUMBERS),
        '<graph id="G" edgedefault="directed">',
        *([_data("graph", [("note", warning)])] if warning else []),
    ]
    for node in scene.nodes:
        said: list[tuple[str, str]] = [("name", node.name)]
        if not allowed(node.name):
            said.append(("name_json", json.dumps(node.name)))
        said += [
            ("label", node.label),
            ("kind", node.kind),
            ("group", node.group),
            ("x", repr(node.x)),
            ("y", repr(node.y)),
        ]
        lines.append(f'<node id="{ids[node.name]}">{_data("node", said)}</node>')
    for number, edge in enumerate(scene.edges):
        said = [("ends", edge.ends), ("arrow", "true" if edge.directed else "false"), *words_of(edge)]
        said += [(key, repr(value)) for key, value in numbers_of(edge)]
        ends = f'source="{ids[edge.cause]}" target="{ids[edge.effect]}"'
        lines.append(f'<edge id="e{number}" {ends}>{_data("edge", said)}</edge>')
    return "\n".join([*lines, "</graph>", "</graphml>"]) + "\n"


def _key(owner: str, name: str, kind: str) -> str:
    return f'<key id="{owner}_{name}" for="{owner}" attr.name="{name}" attr.type="{kind}"/>'


def _data(owner: str, pairs: list[tuple[str, str]]) -> str:
    return "".join(f'<data key="{owner}_{key}">{content(value)}</data>' for key, value in pairs)
