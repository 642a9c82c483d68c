"""A check of drawings: which texts, nodes and lines lie on one another, and what leaves the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box, boxes_meet, outline, shape_box, text_box
from causalvalues.scene.nouns import Mark, Scene, Shape, Text

LONGEST_GAP = 2.0
"""Length of a line, in type sizes, that a label of another edge may hide.

The white ground of a label is 1.1 type sizes high, so that a line which crosses it at 34 degrees or more has a smaller
gap. At smaller angles, and where the line runs along beneath the label, readers lose it (crossing angles: Huang, Hong
and Eades 2008, PacificVis, "Effects of crossing angles").
"""
NODE_ROLES = frozenset({"disc", "box"})


@dataclass(frozen=True)
class Overlap:
    """Two parts of a picture that should not meet.

    Parameters
    ----------
    kind : {"text on text", "text on node", "line through node", "line through name", "head on text", "off the page"}
    first, second : str
        The parts, for example ``"edge-3-label"`` and ``"node-1"``; `second` is "" for the page.
    """

    kind: Literal[
        "text on text", "text on node", "line through node", "line through name", "head on text", "off the page"
    ]
    first: str
    second: str


def overlaps(scene: Scene, slack: float = 0.3) -> list[Overlap]:
    """Find what a reader would see as a collision.

    Parameters
    ----------
    scene : Scene
    slack : float, default 0.3
        Points by which boxes may touch.

    Returns
    -------
    list of Overlap
        Empty for a clean picture. A line that passes beneath the white ground of another edge's label is no collision;
        a line that passes through a node or a name that is not its own is one.
    """
    texts = [(text, text_box(text).grown(-slack)) for text in scene.marks if isinstance(text, Text)]
    shapes = [mark for mark in scene.marks if isinstance(mark, Shape)]
    nodes = [(shape, shape_box(shape).grown(-slack)) for shape in shapes if shape.role in NODE_ROLES]
    found = _texts(texts, nodes)
    found += _lines(scene, shapes, texts, nodes)
    framed: list[tuple[Mark, Box]] = [*texts, *nodes]
    for mark, box in framed:
        corners = box.grown(slack).corners()
        if corners.min() < 0 or corners[:, 0].max() > scene.width or corners[:, 1].max() > scene.height:
            found.append(Overlap("off the page", mark.part, ""))
    return sorted(set(found), key=lambda overlap: (overlap.kind, overlap.first, overlap.second))


def hidden_length(line: FloatArray, box: Box) -> float:
    """Return how much of a line (k, 2) lies inside a box, in points."""
    inside = box.holds(line).astype(bool)
    return float(np.hypot(*np.diff(line, axis=0).T)[inside[1:] & inside[:-1]].sum())


def owner(part: str) -> str:
    """Return the node or edge that a part belongs to: ``node-3-name`` to ``node-3``."""
    return part.removesuffix("-name").removesuffix("-label")


def _texts(texts: Sequence[tuple[Text, Box]], nodes: Sequence[tuple[Shape, Box]]) -> list[Overlap]:
    found = [
        Overlap("text on text", one.part, two.part) for (one, a), (two, b) in combinations(texts, 2) if boxes_meet(a, b)
    ]
    for text, box in texts:
        for node, outline_box in nodes:
            if owner(text.part) != node.part and boxes_meet(box, outline_box):
                found.append(Overlap("text on node", text.part, node.part))
    return found


def _lines(
    scene: Scene, shapes: Sequence[Shape], texts: Sequence[tuple[Text, Box]], nodes: Sequence[tuple[Shape, Box]]
) -> list[Overlap]:
    part_of = {node.name: node.part for node in scene.nodes}
    ends = {edge.part: (part_of[edge.cause], part_of[edge.effect]) for edge in scene.edges}
    found = []
    for shape in shapes:
        if shape.part not in ends or shape.role not in ("line", "head"):
            continue
        points = outline(shape)
        for node, box in nodes:
            inner = box.grown(-1.0) if node.part in ends[shape.part] else box
            if inner.holds(points).any():
                found.append(Overlap("line through node", shape.part, node.part))
        for text, box in texts:
            inside_node = owner(text.part) in ends[shape.part]
            if text.role in ("name", "group") and not inside_node and box.holds(points).any():
                found.append(Overlap("line through name", shape.part, text.part))
            if text.role == "label" and shape.role == "head" and boxes_meet(box, shape_box(shape)):
                found.append(Overlap("head on text", shape.part, text.part))
    return found
