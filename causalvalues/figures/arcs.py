"""Layers on a narrow page: one column of boxes, causes above effects, edges as arcs on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.figures.layout import Layout
from causalvalues.figures.node_marks import boxed
from causalvalues.figures.ring import Sizes
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box, tidy
from causalvalues.scene.metrics import LEADING, text_width, wrap
from causalvalues.scene.nouns import Edge, NodeKind
from causalvalues.scene.palette import MARGIN

WIDEST = 76.0
GAP, LINKED_GAP = 8.0, 23.0
PORT = 4.4
"""Least distance of arcs at the side of a box, in points: as much as a head needs on a narrow page."""
TOUCH = 1.0
LEAST = 13.0


@dataclass(frozen=True)
class _Column:
    """Boxes from top to bottom, and the side on which each arc runs: 1 right, -1 left, 0 straight to the neighbour."""

    boxes: Mapping[str, Box]
    place: Mapping[str, int]
    links: Mapping[str, tuple[str, str]]
    sides: Mapping[str, int]


def arc_layout(
    order: Sequence[str],
    labels: Mapping[str, str],
    links: Mapping[str, tuple[str, str]],
    edges: Sequence[Edge],
    width: float,
    *,
    kinds: Mapping[str, NodeKind],
) -> Layout:
    """Place nodes in one column.

    Parameters
    ----------
    order : sequence of str
        Nodes from top to bottom.
    labels : mapping of str to str
    links : mapping of part to (upper, lower)
    edges : sequence of Edge
    width : float
        Page width in points.
    kinds : mapping of str to str

    Returns
    -------
    Layout
        Arcs are shared out to both sides so that few lie above one another.
    """
    size = Sizes.on(width).name
    measure = min(WIDEST, width * 0.36)
    lines = {name: wrap(labels[name], measure - 8, size) for name in order}
    place = {name: i for i, name in enumerate(order)}
    sides = _sides(links, place)
    half_width = max((text_width(line, size) for texts in lines.values() for line in texts), default=20.0) / 2 + 5
    boxes: dict[str, Box] = {}
    y = MARGIN + 2
    for name in order:
        text = size * (1 + (len(lines[name]) - 1) * LEADING) / 2 + 3.5
        busy = max(sum(name in links[part] for part, side in sides.items() if side == way) for way in (-1, 1))
        high = max(text, (busy - 1) * PORT / 2 + 3.5)
        y += 0.0 if not boxes else LINKED_GAP if _joined(place[name], links, place) else GAP
        boxes[name] = Box(width / 2, y + high, half_width, high)
        y += 2 * high
    column = _Column(boxes, place, links, sides)
    ports = _ports(column)
    room = width / 2 - half_width - MARGIN - 3
    bow = _bows(column, room)
    routes = {}
    for edge in edges:
        curve = _arc(edge.part, column, ports, bow)
        straight = (edge.cause, edge.effect) == links[edge.part]
        routes[edge.part] = (curve if straight else curve[::-1],)
    places = {
        name: boxed(f"node-{i}", kinds.get(name, "value"), boxes[name], lines[name], size)
        for i, name in enumerate(order)
    }
    return Layout(width, tidy(y + MARGIN), places, (), (), routes)


def _joined(place: int, links: Mapping[str, tuple[str, str]], places: Mapping[str, int]) -> bool:
    return any({places[a], places[b]} == {place - 1, place} for a, b in links.values())


def _span(link: tuple[str, str], place: Mapping[str, int]) -> tuple[int, int]:
    first, last = sorted(place[name] for name in link)
    return first, last


def _sides(links: Mapping[str, tuple[str, str]], place: Mapping[str, int]) -> dict[str, int]:
    """Share arcs out, short ones first, each to the side where it lies above fewer others."""
    spans = {part: _span(link, place) for part, link in links.items()}
    sides: dict[str, int] = {}
    for part in sorted(spans, key=lambda part: (spans[part][1] - spans[part][0], spans[part], part)):
        first, last = spans[part]
        if last - first == 1:
            sides[part] = 0
            continue
        load = {1: 0, -1: 0}
        for other, side in sides.items():
            if side and spans[other][0] < last and spans[other][1] > first:
                load[side] += 1
        sides[part] = 1 if load[1] <= load[-1] else -1
    return sides


def _ports(column: _Column) -> dict[tuple[str, str], float]:
    """Spread the arcs over the sides of their boxes so that those of one box do not cross: (part, node) -> y."""
    met: dict[tuple[str, int], list[tuple[bool, float, str]]] = {}
    for part, side in column.sides.items():
        for name, other in (column.links[part], column.links[part][::-1]):
            if side:
                down = column.place[other] > column.place[name]
                met.setdefault((name, side), []).append((down, -column.boxes[other].y, part))
    ports = {}
    for (name, _), arcs in met.items():
        box = column.boxes[name]
        step = min(7.0, (2 * box.half_height - 6) / max(len(arcs) - 1, 1))
        for i, (_, _, part) in enumerate(sorted(arcs)):
            ports[part, name] = box.y + (i - (len(arcs) - 1) / 2) * step
    return ports


def _bows(column: _Column, room: float) -> dict[str, float]:
    """Return how far each arc reaches out: the longest over the whole room, the shorter the nearer."""
    tall = {part: abs(column.boxes[a].y - column.boxes[b].y) for part, (a, b) in column.links.items()}
    longest = max((size for part, size in tall.items() if column.sides[part]), default=1.0)
    least = min(LEAST, room)
    return {part: least + (room - least) * min(size / max(longest, 120.0), 1.0) ** 0.8 for part, size in tall.items()}


def _arc(part: str, column: _Column, ports: Mapping[tuple[str, str], float], bow: Mapping[str, float]) -> FloatArray:
    upper, lower = (column.boxes[name] for name in column.links[part])
    side = column.sides[part]
    if not side:
        way = 1 if upper.y < lower.y else -1
        a = np.array([upper.x, upper.y + way * (upper.half_height + TOUCH)])
        b = np.array([lower.x, lower.y - way * (lower.half_height + TOUCH)])
        return np.array([a, a + (b - a) / 3, a + 2 * (b - a) / 3, b])
    x, out = upper.x + side * (upper.half_width + TOUCH), side * bow[part] / 0.75
    start, stop = (ports[part, name] for name in column.links[part])
    return np.array([(x, start), (x + out, start), (x + out, stop), (x, stop)])
