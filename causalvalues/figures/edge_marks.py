"""The marks of edges: lines, heads, circles and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.figures.labelling_rooms import Spot
from causalvalues.frozen import FloatArray
from causalvalues.scene.edge_style import (
    RING,
    EndMark,
    arrow_head,
    edge_width,
    end_marks,
    head_length,
    hollow,
    mark_scale,
    sign_colour,
    sign_dash,
)
from causalvalues.scene.geometry import Box, cut_end, disc, path_of, polygon, shape_box, tidy
from causalvalues.scene.nouns import Edge, Mark, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, PAPER, QUIET


@dataclass(frozen=True)
class DrawnEdge:
    """The marks of an edge, the curves that a label may sit on, and the boxes of the marks at its ends."""

    marks: tuple[Shape, ...]
    curves: tuple[FloatArray, ...]
    heads: tuple[Box, ...] = ()

    @property
    def head(self) -> Box | None:
        """The box of the mark at the effect's end, if there is one."""
        return self.heads[-1] if self.heads else None


def drawn_edge(edge: Edge, curves: Sequence[FloatArray], scale: float = 1.0) -> DrawnEdge:
    """Return the marks of an edge along its route, from cause to effect.

    Parameters
    ----------
    edge : Edge
    curves : sequence of array (4, 2)
        Joined cubic curves that stop at the outlines of the two nodes.
    scale : float, default 1
        Thickness of lines on the page, as `page_scale` has it; heads and dashes follow.
    """
    width, colour = edge_width(edge, scale), sign_colour(edge)
    route = [np.asarray(curve) for curve in curves]
    caps: list[Shape] = []
    for mark in end_marks(edge)[::-1]:  # the effect's end first, then, turned round, the cause's
        if mark != "tail":
            route, cap = _capped(edge, mark, route, scale)
            caps.insert(0, cap)
        route = [curve[::-1] for curve in reversed(route)]
    line = Shape(edge.part, "line", path_of(route), stroke=colour, stroke_width=width, dash=sign_dash(edge, scale))
    return DrawnEdge((line, *caps), tuple(route), tuple(shape_box(cap) for cap in caps))


def _capped(edge: Edge, mark: EndMark, route: Sequence[FloatArray], scale: float) -> tuple[list[FloatArray], Shape]:
    """Cut a route at the back of the mark at its end; return it with the mark."""
    part, width, colour, size = edge.part, edge_width(edge, scale), sign_colour(edge), mark_scale(scale)
    tip = route[-1][3]
    length = head_length(width, scale) if mark == "arrow" else 2 * RING * size
    back = cut_end(route[-1], length)[3]
    rest = [*route[:-1], cut_end(route[-1], length - (0.5 if mark == "arrow" else 0.0))]
    if mark == "circle":
        x, y = (tip + back) / 2
        return rest, Shape(part, "circle", disc(tidy(x), tidy(y), tidy(RING * size)), PAPER, colour, tidy(0.9 * size))
    if not hollow(edge):
        path = arrow_head((tip[0], tip[1]), (back[0], back[1]), width, scale)
        return rest, Shape(part, "head", path, fill=colour)
    inset = 0.9 * size * (back - tip) / max(float(np.hypot(*(back - tip))), 1e-9)
    path = arrow_head((tip[0] + inset[0], tip[1] + inset[1]), (back[0], back[1]), width, scale)
    return rest, Shape(part, "head", path, fill=PAPER, stroke=colour, stroke_width=tidy(0.9 * size))


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
        sure = edge.directed or edge.mean is None or bool(edge.change)
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
