"""GML (Himsolt, 1997, a portable graph file format) of a graph scene: for networkx, Gephi, Cytoscape and igraph."""

from __future__ import annotations

import json
import re
from collections import Counter

from causalvalues.formats.attributes import need_graph, numbers_of, words_of
from causalvalues.formats.stand_ins import stand_ins
from causalvalues.scene.nouns import Scene

_READ_AS_LISTS = ("()", "[]")
"""Texts that networkx takes for an empty tuple or list."""


def gml_text(scene: Scene) -> str:
    """Return a graph scene as GML.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    str
        ASCII; all names, ends, words, numbers and places. The label of a node is its exact name (and ``caption`` the
        name as shown); the two names that networkx takes for lists have a stand-in, and their exact form under
        ``name_json``. The graph is called directed, and ``ends`` of an edge says what is: ``---`` is no arrow.

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    need_graph(scene, "GML")
    names = [node.name for node in scene.nodes]
    ids = {name: number for number, name in enumerate(names)}
    labels = stand_ins(names, lambda name: name not in _READ_AS_LISTS)
    pairs = Counter((edge.cause, edge.effect) for edge in scene.edges)
    lines = ["graph [", "  directed 1"]
    lines += ["  multigraph 1"] if any(count > 1 for count in pairs.values()) else []
    for node in scene.nodes:
        lines += ["  node [", f"    id {ids[node.name]}", f"    label {quoted(labels[node.name])}"]
        lines += [f"    name_json {quoted(json.dumps(node.name))}"] if labels[node.name] != node.name else []
        lines += [f"    caption {quoted(node.label)}"] if node.label not in _READ_AS_LISTS else []
        lines += [f"    kind {quoted(node.kind)}"]
        lines += [f"    group {quoted(node.group)}"] if node.group and node.group not in _READ_AS_LISTS else []
        lines += [f"    graphics [ x {real(node.x)} y {real(node.y)} ]", "  ]"]
    for edge in scene.edges:
        lines += ["  edge [", f"    source {ids[edge.cause]}", f"    target {ids[edge.effect]}"]
        lines += [f"    {key} {quoted(word)}" for key, word in (("ends", edge.ends), *words_of(edge))]
        lines += [f"    {key} {real(number)}" for key, number in numbers_of(edge)]
        lines.append("  ]")
    return "\n".join([*lines, "]"]) + "\n"


def quoted(text: str) -> str:
    """Return a text as a GML string; what is no plain ASCII is a character reference.

    Examples
    --------
    >>> quoted('R&D "β"')
    '"R&#38;D &#34;&#946;&#34;"'
    """
    return '"' + re.sub(r'[^ -~]|[&"]', lambda match: f"&#{ord(match[0])};", text) + '"'


def real(number: float) -> str:
    """Return a number as GML writes reals: with a point, and a capital E.

    Examples
    --------
    >>> real(1e-05), real(2)
    ('1.0E-05', '2.0')
    """
    text = repr(float(number)).upper()
    return text.replace("E", ".0E") if "E" in text and "." not in text else text
