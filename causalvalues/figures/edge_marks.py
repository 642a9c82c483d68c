"""The marks of edges: lines, heads and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.figures.labelling import Spot
from causalvalues.frozen import FloatArray
from causalvalues.scene.edge_style import arrow_head, head_length, line_width, sign_colour, sign_dash
from causalvalues.scene.geometry import Box, cut_end, path_of, polygon, shape_box
from causalvalues.scene.nouns import Edge, Mark, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, PAPER, QUIET


@dataclass(frozen=True)
class DrawnEdge:
    """The marks of an edge, the curve that a label may sit on, and the box of its head."""

    marks: tuple[Shape, ...]
    curves: tuple[FloatArray, ...]
    head: Box | None


def drawn_edge(edge: Edge, curves: Sequence[FloatArray]) -> DrawnEdge:
    """Return the marks of an edge along its route, from cause to effect.

    Parameters
    ----------
    edge : Edge
    curves : sequence of array (4, 2)
        Joined cubic curves that stop at the outlines of the two nodes.
    """
    width, colour = line_width(edge.adjacent), sign_colour(edge)
    if not edge.directed:
        line = Shape(edge.part, "line", path_of(curves), stroke=colour, stroke_width=width, dash=sign_dash(edge))
        return DrawnEdge((line,), tuple(curves), None)
    length = head_length(width)
    tip = curves[-1][3]
    shorter = cut_end(curves[-1], length)
    back = shorter[3]
    to_back = cut_end(curves[-1], length - 0.5)
    line = Shape(
        edge.part, "line", path_of([*curves[:-1], to_back]), stroke=colour, stroke_width=width, dash=sign_dash(edge)
    )
    head = Shape(edge.part, "head", arrow_head((tip[0], tip[1]), (back[0], back[1]), width), fill=colour)
    return DrawnEdge((line, head), (*curves[:-1], shorter), shape_box(head))


def label_marks(edges: Sequence[Edge], spots: Mapping[str, Spot]) -> tuple[Mark, ...]:
    """Return the labels with the white ground that lifts them off the lines."""
    marks: list[Mark] = []
    for edge in edges:
        spot = spots.get(edge.part)
        if spot is None:
            continue
        part = f"{edge.part}-label"
        corners = [(float(x), float(y)) for x, y in spot.box.corners()]
        marks.append(Shape(part, "label-ground", polygon(corners), fill=PAPER))
        sure = edge.directed or edge.mean is None
        marks.append(
            Text(
                part,
                "label",
                spot.x,
                spot.y,
                spot.text,
                LABEL_SIZE,
                "middle",
                italic=not sure,
                colour=INK if sure else QUIET,
                angle=spot.angle,
            )
        )
    return tuple(marks)


def straight(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a straight line as a cubic curve (4, 2)."""
    return np.array([a, a + (b - a) / 3, a + 2 * (b - a) / 3, b])
