"""Circle layout: discs in the theory's order, names outside, higher-order groups as soft sectors behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from causalvalues.errors import FigureError
from causalvalues.figures.chords import chords
from causalvalues.figures.layout import Layout, Place
from causalvalues.figures.sectors import DISC, NAME_GAP, RING, disc_room, group_names, group_runs, ring_boxes, sector
from causalvalues.scene.geometry import Box, boxes_meet, disc, text_box, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, LEADING, longest_word, text_width, wrap
from causalvalues.scene.nouns import Shape, Text
from causalvalues.scene.palette import INK, MARGIN, NAME_SIZE, PAPER

WIDEST_NAME = 84.0


def circle_layout(
    order: Sequence[str],
    labels: Mapping[str, str],
    groups: Mapping[str, Sequence[str]],
    edges: Mapping[str, tuple[str, str]],
    width: float,
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

    Returns
    -------
    Layout
        With the largest circle for which all names fit on the page and none touches another.
    """
    largest = min(width / 2 - 70, 165 if len(order) > 7 else 120)
    for radius in np.arange(largest, 39, -4):
        found = _try_radius(order, labels, groups, width, float(radius))
        if found is not None:
            places, notes, ground, height = found
            middle = float(np.mean([place.y for place in places.values()]))
            rim = ring_boxes(width / 2, middle, float(radius)) if ground else ()
            return Layout(width, height, places, ground, notes, chords(places, edges), rim)
    raise FigureError(
        f"{len(order)} names do not fit on a circle {width:.0f} points wide. Give shorter labels or more width."
    )


def _angles(n: int) -> list[float]:
    return [-90 + (i + 0.5) * 360 / n for i in range(n)]


def _try_radius(
    order: Sequence[str], labels: Mapping[str, str], groups: Mapping[str, Sequence[str]], width: float, radius: float
) -> tuple[dict[str, Place], tuple[Text, ...], tuple[Shape, ...], float] | None:
    angles = dict(zip(order, _angles(len(order)), strict=True))
    names = _names_around(order, angles, labels, radius, width)
    if names is None:
        return None
    runs = group_runs(order, groups)
    taken = [text_box(text) for texts in names.values() for text in texts]
    discs = [disc_room(radius, angle) for angle in angles.values()]
    notes = group_names(runs, len(order), radius, (width, taken + discs))
    if notes is None:
        return None
    boxes = taken + [text_box(text) for text in notes]
    top = min([box.y - box.half_height for box in boxes] + [-radius - RING])
    bottom = max([box.y + box.half_height for box in boxes] + [radius + RING])
    dx, dy = width / 2, MARGIN - top
    places = {}
    for i, name in enumerate(order):
        turn = math.radians(angles[name])
        x, y = dx + radius * math.cos(turn), dy + radius * math.sin(turn)
        body = Shape(f"node-{i}", "disc", disc(x, y, DISC), fill=PAPER, stroke=INK, stroke_width=1.1)
        places[name] = Place(tidy(x), tidy(y), body, tuple(_moved(text, dx, dy) for text in names[name]))
    ground = tuple(sector(f"sector-{k}", run, len(order), (dx, dy, radius)) for k, run in enumerate(runs))
    return places, tuple(_moved(text, dx, dy) for text in notes), ground, bottom - top + 2 * MARGIN


def _moved(text: Text, dx: float, dy: float) -> Text:
    return Text(**{**text.__dict__, "x": tidy(text.x + dx), "y": tidy(text.y + dy)})


def _names_around(
    order: Sequence[str],
    angles: Mapping[str, float],
    labels: Mapping[str, str],
    radius: float,
    width: float,
) -> dict[str, tuple[Text, ...]] | None:
    """Set names about a circle around (0, 0), sides first; names near the poles move outwards until they are free."""
    placed: dict[str, tuple[Text, ...]] = {}
    taken: list[Box] = []
    numbers = {name: i for i, name in enumerate(order)}
    measure = min(width / 2 - radius - NAME_GAP - MARGIN, WIDEST_NAME)
    if max(longest_word(labels[name], WIDEST_NAME, NAME_SIZE) for name in order) > measure:
        return None
    for name in sorted(order, key=lambda name: (abs(math.sin(math.radians(angles[name]))), numbers[name])):
        lines = wrap(labels[name], measure, NAME_SIZE)
        for gap in np.arange(NAME_GAP, NAME_GAP + 40, 2.0):
            texts = _block(f"node-{numbers[name]}-name", lines, angles[name], radius + float(gap))
            boxes = [text_box(text).grown(1.2) for text in texts]
            inside = all(abs(box.x) + box.half_width <= width / 2 - MARGIN + 1.3 for box in boxes)
            if inside and not any(boxes_meet(box, other) for box in boxes for other in taken):
                placed[name] = texts
                taken += boxes
                break
        else:
            return None
    return placed


def _block(part: str, lines: Sequence[str], angle: float, reach: float) -> tuple[Text, ...]:
    """Set lines of text so that the block touches the circle of radius `reach` from outside."""
    ux, uy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    height = NAME_SIZE * (ASCENT + DESCENT + (len(lines) - 1) * LEADING)
    anchor = "middle" if abs(ux) < 0.1 else "start" if ux > 0 else "end"
    widest = max(text_width(line, NAME_SIZE) for line in lines)
    lean = max(-1.0, min(1.0, ux * 2.2))
    centre_x, middle = reach * ux + lean * widest / 2, reach * uy + max(-1.0, min(1.0, uy * 1.4)) * height / 2
    x = centre_x + {"start": -widest / 2, "middle": 0.0, "end": widest / 2}[anchor]
    first = middle - height / 2 + ASCENT * NAME_SIZE
    return tuple(
        Text(part, "name", x, first + k * LEADING * NAME_SIZE, line, NAME_SIZE, anchor)  # type: ignore[arg-type]
        for k, line in enumerate(lines)
    )
