"""GML (Himsolt, 1997, a portable graph file format) of a graph scene: for networkx, Gephi, Cytoscape and igraph."""

from __future__ import annotations

import json
import re
from collections import Counter

from causalvalues.formats.attributes import need_graph, numbers_of, warning_of, words_of
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
        ASCII; all names, ends, words, numbers and places. The label of a node is its name as shown, because that is
        what other programs show; ``name`` and ``name_json`` hold the exact one where it is another, and ``caption`` the
        name as shown where two nodes share it (the label is the exact name then: networkx wants labels that differ).
        The two texts that networkx takes for lists have a stand-in. The graph is called directed, and ``ends`` of an
        edge says what is: ``---`` is no arrow. A warning is ``note`` of the graph. Read it with
        ``networkx.read_gml(path, label="id")`` to have both names as attributes.

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    need_graph(scene, "GML")
    names = [node.name for node in scene.nodes]
    ids = {name: number for number, name in enumerate(names)}
    labels = _labels(scene)
    pairs = Counter((edge.cause, edge.effect) for edge in scene.edges)
    lines = ["graph [", "  directed 1"]
    lines += ["  multigraph 1"] if any(count > 1 for count in pairs.values()) else []
    warning = warning_of(scene)
    lines += [f"  note {quoted(warning)}"] if warning else []
    for node in scene.nodes:
        lines += ["  node [", f"    id {ids[node.name]}", f"    label {quoted(labels[node.name])}"]
        if labels[node.name] != node.name:
            lines += [f"    name {quoted(node.name)}"] if node.name not in _READ_AS_LISTS else []
            lines += [f"    name_json {quoted(json.dumps(node.name))}"]
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


def _labels(scene: Scene) -> dict[str, str]:
    """Return the label of each node: its name as shown, or the exact name where another node could have the same."""
    exact = stand_ins([node.name for node in scene.nodes], lambda name: name not in _READ_AS_LISTS)
    shown = Counter(node.label for node in scene.nodes)
    taken = set(exact.values())
    return {
        node.name: node.label
        if node.label and shown[node.label] == 1 and node.label not in (*taken, *_READ_AS_LISTS)
        else exact[node.name]
        for node in scene.nodes
    }


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
