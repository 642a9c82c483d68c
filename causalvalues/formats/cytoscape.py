"""Cytoscape JSON of a graph scene: for Cytoscape, Cytoscape.js and networkx."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from causalvalues.formats.attributes import need_graph, numbers_of, warning_of, words_of
from causalvalues.formats.stand_ins import stand_ins
from causalvalues.scene.nouns import Scene


def cytoscape_text(scene: Scene) -> str:
    """Return a graph scene as Cytoscape JSON.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    str
        ASCII; all names, ends, words, numbers and places (points, y downwards, as Cytoscape has them). The identifier
        of a node is its name; an empty name, which Cytoscape does not take, has a stand-in there and stays under
        ``name``. The graph is called directed, and ``ends`` of an edge says what is: ``---`` is no arrow.
        A warning is ``note`` of the graph's data.

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    need_graph(scene, "Cytoscape JSON")
    ids = stand_ins([node.name for node in scene.nodes], bool)
    pairs = Counter((edge.cause, edge.effect) for edge in scene.edges)
    nodes: list[dict[str, Any]] = []
    for node in scene.nodes:
        data = {"id": ids[node.name], "value": ids[node.name], "name": node.name, "label": node.label}
        data |= {"kind": node.kind} | ({"group": node.group} if node.group else {})
        nodes.append({"data": data, "position": {"x": node.x, "y": node.y}})
    edges: list[dict[str, Any]] = []
    for number, edge in enumerate(scene.edges):
        said: dict[str, Any] = {"id": f"edge-{number}", "key": number, "ends": edge.ends, "interaction": edge.ends}
        said |= {"source": ids[edge.cause], "target": ids[edge.effect]}
        edges.append({"data": said | dict(words_of(edge)) | dict(numbers_of(edge))})
    warning = warning_of(scene)
    held = {
        "data": {"name": scene.title} | ({"note": warning} if warning else {}),
        "directed": True,
        "multigraph": any(count > 1 for count in pairs.values()),
        "elements": {"nodes": nodes, "edges": edges},
    }
    return json.dumps(held, indent=1, allow_nan=False) + "\n"
