"""Names beside points of a map: each as near to its point as there is room."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from causalvalues.scene.geometry import Box, boxes_meet, polygon, text_box, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, LEADING, text_width, wrap
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import NAME_SIZE, QUIET

REACHES = (5.5, 8.0, 11.0, 15.0, 20.0, 26.0)
TURNS = (0, 20, -20, 40, -40, 60, -60, 80, -80, 105, -105, 130, -130, 155, -155, 180)
LEADER = 9.0
WIDEST = 92.0


def point_names(
    points: Mapping[str, tuple[float, float]],
    labels: Mapping[str, str],
    taken: Sequence[Box],
    page: tuple[float, float, float, float],
) -> list[Mark] | None:
    """Set names beside points, outwards from the middle where there is room.

    Parameters
    ----------
    points : mapping of part to (x, y)
    labels : mapping of part to str
    taken : sequence of Box
        What no name may touch, the points included.
    page : (left, top, right, bottom)
        What no name may leave.

    Returns
    -------
    list of Mark or None
        Names, and a line to the point of those that stand far from it; None when some name finds no room.
    """
    middle = (sum(x for x, _ in points.values()) / len(points), sum(y for _, y in points.values()) / len(points))
    crowd = {part: sum(math.dist(at, other) < 40 for other in points.values()) for part, at in points.items()}
    boxes = list(taken)
    found: dict[str, list[Mark]] = {}
    for part in sorted(points, key=lambda part: (-crowd[part], part)):
        free = [
            texts
            for texts in _choices(part, _lines(labels[part]), points[part], middle)
            if _is_free([text_box(text).grown(0.8) for text in texts], boxes, page)
        ]
        if not free:
            return None
        texts = next((texts for texts in free if _is_own(texts, part, points)), free[0])
        own = [text_box(text).grown(0.8) for text in texts]
        boxes += own
        found[part] = [*_leader(part, points[part], own), *texts]
    return [mark for part in points for mark in found[part]]


def _is_free(own: Sequence[Box], taken: Sequence[Box], page: tuple[float, float, float, float]) -> bool:
    return all(_inside(box, page) and not any(boxes_meet(box, other) for other in taken) for box in own)


def _is_own(texts: Sequence[Text], part: str, points: Mapping[str, tuple[float, float]]) -> bool:
    """Say whether no other point lies nearer to the name than its own."""
    boxes = [text_box(text) for text in texts]
    away = {name: min(math.dist(_nearest(box, at), at) for box in boxes) for name, at in points.items()}
    return all(away[part] + 1.5 <= away[name] for name in points if name != part)


def _lines(label: str) -> tuple[str, ...]:
    return wrap(label, WIDEST, NAME_SIZE, 2)


def _choices(
    part: str, lines: tuple[str, ...], at: tuple[float, float], middle: tuple[float, float]
) -> list[list[Text]]:
    outward = math.degrees(math.atan2(at[1] - middle[1], at[0] - middle[0]))
    return [_block(part, lines, at, (reach, outward + turn)) for reach in REACHES for turn in TURNS]


def _block(part: str, lines: tuple[str, ...], at: tuple[float, float], away: tuple[float, float]) -> list[Text]:
    """Return a block of lines that touches, from outside, a circle about the point."""
    reach, angle = away
    ux, uy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    wide = max(text_width(line, NAME_SIZE) for line in lines)
    high = NAME_SIZE * (ASCENT + DESCENT + (len(lines) - 1) * LEADING)
    x = at[0] + reach * ux + max(-1.0, min(1.0, 2.2 * ux)) * wide / 2
    y = at[1] + reach * uy + max(-1.0, min(1.0, 1.6 * uy)) * high / 2
    first = y - high / 2 + ASCENT * NAME_SIZE
    return [
        Text(f"{part}-name", "name", tidy(x), tidy(first + k * LEADING * NAME_SIZE), line, NAME_SIZE, "middle")
        for k, line in enumerate(lines)
    ]


def _leader(part: str, at: tuple[float, float], boxes: Sequence[Box]) -> list[Mark]:
    """Return a line from the point to its name where the two are far apart."""
    near = min((_nearest(box, at) for box in boxes), key=lambda end: math.dist(end, at))
    if math.dist(near, at) < LEADER:
        return []
    return [Shape(f"{part}-name", "leader", polygon([at, near], closed=False), stroke=QUIET, stroke_width=0.5)]


def _nearest(box: Box, at: tuple[float, float]) -> tuple[float, float]:
    """Return the point of an upright box that is nearest to a place."""
    x = min(max(at[0], box.x - box.half_width), box.x + box.half_width)
    return x, min(max(at[1], box.y - box.half_height), box.y + box.half_height)


def _inside(box: Box, page: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = page
    return (
        box.x - box.half_width >= left
        and box.x + box.half_width <= right
        and box.y - box.half_height >= top
        and box.y + box.half_height <= bottom
    )
