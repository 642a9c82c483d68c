"""Circle layout: discs in the theory's order, names outside, higher-order groups as soft sectors behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from causalvalues.errors import FigureError
from causalvalues.figures.chords import chords
from causalvalues.figures.layout import Layout, Place
from causalvalues.figures.node_marks import node_disc
from causalvalues.figures.ring import Ring, Sizes
from causalvalues.figures.sectors import disc_room, group_names, group_runs, ring_boxes, sector
from causalvalues.scene.geometry import Box, polygon, text_box, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, ELLIPSIS, LEADING, longest_word, text_width, wrap
from causalvalues.scene.nouns import NodeKind, Shape, Text
from causalvalues.scene.palette import FAINT, MARGIN

WIDEST_NAME = 84.0
TALLEST = 290.0
STRETCHES = (1.0, 1.15, 1.3, 1.4, 1.5, 1.75, 2.0, 2.35, 2.75, 3.25, 3.9, 4.7, 5.6)
ROOM = 900.0
"""Area inside the ring, in square points, that an edge asks for where the page is narrow."""
TALLER = 2.0
"""Most by which the ring is made longer than wide for the sake of its edges."""
LEADER = 7.0
"""Points by which a name may stand further out than the others before a line leads to it."""


@dataclass(frozen=True)
class _Nodes:
    """What is to be placed: nodes in their order, their names and kinds, and the groups."""

    order: tuple[str, ...]
    labels: Mapping[str, str]
    kinds: Mapping[str, NodeKind]
    groups: Mapping[str, Sequence[str]]


def circle_layout(
    order: Sequence[str],
    labels: Mapping[str, str],
    groups: Mapping[str, Sequence[str]],
    edges: Mapping[str, tuple[str, str]],
    width: float,
    *,
    kinds: Mapping[str, NodeKind] | None = None,
) -> Layout:
    """Place nodes on a circle, clockwise from the top.

    Parameters
    ----------
    order : sequence of str
        Nodes in circle order.
    labels : mapping of str to str
        Name as shown, for every node.
    groups : mapping of str to sequence of str
        Higher-order groups; only runs of neighbours become sectors.
    edges : mapping of part to (cause, effect)
    width : float
        Page width in points.
    kinds : mapping of str to str, optional
        Node -> kind, where it is no value.

    Returns
    -------
    Layout
        With the largest circle for which all names fit on the page and none touches another; where none does, with an
        upright ellipse, as little longer than wide as need be.
    """
    nodes = _Nodes(tuple(order), labels, kinds or {}, groups)
    sizes = Sizes.on(width)
    for ring, push in _rings((len(order), len(edges)), width, sizes):
        names = _names_around(nodes, ring, sizes, (width / 2 - sizes.margin, push))
        if names is not None:
            return _laid_out(nodes, ring, names, edges, width)
    raise FigureError(
        f"{len(order)} names do not fit on a circle {width:.0f} points wide. Give shorter labels or more width."
    )


def _rings(counts: tuple[int, int], width: float, sizes: Sizes) -> Iterator[tuple[Ring, float]]:
    """Yield rings, the best first, and how far names may be pushed outwards; narrow ones only when need be.

    `counts` are those of nodes and edges. On a narrow page many edges make the ring an ellipse with more room inside.
    """
    count, edges = counts
    largest = min(width / 2 - 70, 165 if count > 7 else 120) if sizes.name > 7 else width / 2 - 40
    for least, push in ((100.0, 16.0), (40.0, 40.0)) if sizes.name > 7 else ((42.0, 14.0), (30.0, 40.0)):
        wanted = 1.0 if sizes.name > 7 else min(ROOM * edges / (math.pi * largest**2), TALLER)
        for stretch in (stretch for stretch in STRETCHES if stretch >= wanted):
            for a in np.arange(largest, least - 1, -4):
                b = float(a) * stretch
                apart = math.pi * (1.5 * (a + b) - math.sqrt(a * b)) / max(count, 1)
                if b <= TALLEST and apart >= 2 * sizes.disc + sizes.clear + 4 and a * a / b >= 1.3 * sizes.band:
                    yield Ring(0.0, 0.0, float(a), b, count), push


def _laid_out(
    nodes: _Nodes,
    ring: Ring,
    names: Mapping[str, tuple[Text, ...]],
    edges: Mapping[str, tuple[str, str]],
    width: float,
) -> Layout:
    """Return the page, with the ring moved to its place."""
    n, sizes = len(nodes.order), Sizes.on(width)
    runs = group_runs(nodes.order, nodes.groups)
    taken = [text_box(text) for texts in names.values() for text in texts]
    rooms = [disc_room(ring.at(i + 0.5), sizes) for i in range(n)]
    found = group_names(runs, ring, sizes, (width / 2 - sizes.margin, taken + rooms))
    notes = found or ()
    boxes = taken + [text_box(text) for text in notes]
    out = sizes.band if runs else sizes.disc
    top = min([box.y - box.half_height for box in boxes] + [-ring.b - out])
    bottom = max([box.y + box.half_height for box in boxes] + [ring.b + out])
    dx, dy = width / 2, MARGIN - top
    placed = ring.moved(dx, dy)
    places, inward = {}, {}
    for i, name in enumerate(nodes.order):
        x, y = placed.at(i + 0.5)
        body, *over = node_disc(f"node-{i}", nodes.kinds.get(name, "value"), x, y, sizes.disc)
        texts = tuple(replace(text, x=tidy(text.x + dx), y=tidy(text.y + dy)) for text in names[name])
        places[name] = Place(tidy(x), tidy(y), body, texts, tuple(over))
        inward[name] = -np.array(placed.normal(i + 0.5))
    ground = tuple(sector(f"sector-{k}", run, placed, sizes.band) for k, run in enumerate(runs))
    leaders = tuple(line for i, place in enumerate(places.values()) for line in _leader(i, place, placed, sizes))
    return Layout(
        width,
        bottom - top + 2 * MARGIN,
        places,
        (*ground, *leaders),
        tuple(replace(text, x=tidy(text.x + dx), y=tidy(text.y + dy)) for text in notes),
        chords(places, edges, inward, sizes.disc),
        ring_boxes(placed, sizes.band if runs and sizes.name > 7 else 0.0),
        (_groups_in_words(runs),) if found is None else (),
    )


def _groups_in_words(runs: Sequence[tuple[str, float, float]]) -> str:
    listed = ", ".join(group for group, _, _ in sorted(runs, key=lambda run: (run[1] + run[2]) / 2))
    return f"grey arcs, clockwise from the top: {listed}"


def _leader(number: int, place: Place, ring: Ring, sizes: Sizes) -> tuple[Shape, ...]:
    """Return a line from a disc to its name where the name had to move away."""
    boxes = [text_box(text) for text in place.names]
    near = [
        (min(max(place.x, b.x - b.half_width), b.x + b.half_width), min(max(place.y, b.y - 2), b.y + 2)) for b in boxes
    ]
    end = min(near, key=lambda point: math.dist(point, (place.x, place.y)))
    ux, uy = ring.normal(number + 0.5)
    start = place.x + (sizes.band + 1.5) * ux, place.y + (sizes.band + 1.5) * uy
    box = boxes[near.index(end)]
    end = (end[0], end[1] + math.copysign(box.half_height - 2.5, place.y - box.y))
    if math.dist(start, end) < LEADER + sizes.gap - sizes.band:
        return ()
    return (Shape(f"node-{number}-name", "leader", polygon([start, end], False), stroke=FAINT, stroke_width=0.5),)


@lru_cache(maxsize=4096)
def _broken(label: str, measure: float, size: float, whole: bool) -> tuple[str, ...] | None:
    """Break a name; None when a word is too long, or, where the `whole` name is asked for, when it is cut short."""
    if longest_word(label, WIDEST_NAME, size) > measure:
        return None
    lines = wrap(label, measure, size)
    cut = whole and measure < WIDEST_NAME - 3 and lines[-1].endswith(ELLIPSIS)
    return None if cut else lines


def _names_around(
    nodes: _Nodes, ring: Ring, sizes: Sizes, limits: tuple[float, float]
) -> dict[str, tuple[Text, ...]] | None:
    """Set names about a ring around (0, 0), sides first; names near the poles move outwards until they are free."""
    room, push = limits
    placed: dict[str, tuple[Text, ...]] = {}
    taken: list[Box] = []
    slots = {name: i + 0.5 for i, name in enumerate(nodes.order)}
    normals = {name: ring.normal(slot) for name, slot in slots.items()}
    for name in sorted(nodes.order, key=lambda name: (round(abs(normals[name][1]), 9), slots[name])):
        for out in np.arange(0.0, push + 0.1, 2.0):
            place = ring.at(slots[name], sizes.gap + float(out)), normals[name]
            texts = _name(name, nodes, place, sizes, (room, push < 20))
            if texts is None:
                return None
            boxes = [text_box(text).grown(1.2) for text in texts]
            inside = all(abs(box.x) + box.half_width <= room + 1.3 for box in boxes)
            if inside and not any(_upright_meet(box, other) for box in boxes for other in taken):
                placed[name] = texts
                taken += boxes
                break
        else:
            return None
    return placed


def _upright_meet(a: Box, b: Box) -> bool:
    return abs(a.x - b.x) < a.half_width + b.half_width and abs(a.y - b.y) < a.half_height + b.half_height


def _name(
    name: str,
    nodes: _Nodes,
    place: tuple[tuple[float, float], tuple[float, float]],
    sizes: Sizes,
    limits: tuple[float, bool],
) -> tuple[Text, ...] | None:
    """Set the lines of a name so that the block touches a point from the side to which (ux, uy) leads."""
    (px, py), (ux, uy) = place
    room, whole = limits
    lean = max(-1.0, min(1.0, ux * 2.2))
    measure = min((room - abs(px)) / (0.5 + 0.5 * abs(lean)), WIDEST_NAME)
    lines = _broken(nodes.labels[name], measure // 3 * 3, sizes.name, whole) if measure > 12 else None
    if lines is None:
        return None
    height = sizes.name * (ASCENT + DESCENT + (len(lines) - 1) * LEADING)
    anchor = "middle" if abs(ux) < 0.1 else "start" if ux > 0 else "end"
    widest = max(text_width(line, sizes.name) for line in lines)
    centre, middle = px + lean * widest / 2, py + max(-1.0, min(1.0, uy * 1.4)) * height / 2
    x = centre + {"start": -widest / 2, "middle": 0.0, "end": widest / 2}[anchor]
    first = middle - height / 2 + ASCENT * sizes.name
    part = f"node-{nodes.order.index(name)}-name"
    return tuple(
        Text(part, "name", x, first + k * LEADING * sizes.name, line, sizes.name, anchor)  # type: ignore[arg-type]
        for k, line in enumerate(lines)
    )
