"""Higher-order groups on a circle: soft sectors behind the nodes, and their names outside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from causalvalues.scene.geometry import Box, arc, boxes_meet, path_of, text_box, tidy
from causalvalues.scene.metrics import ASCENT, LEADING, text_width, wrap
from causalvalues.scene.nouns import Segment, Shape, Text
from causalvalues.scene.palette import MARGIN, NAME_SIZE, QUIET, SECTOR

DISC = 5.0
RING = 7.5
NAME_GAP = 13.5


def group_runs(order: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[tuple[str, float, float]]:
    """Return runs of neighbours of one group: (group, first edge, last edge), counted in slots of the circle.

    A node of two groups is shared half and half; a node of none interrupts the ring.
    """
    n = len(order)
    halves: list[str | None] = []
    of = {name: [group for group, members in groups.items() if name in members] for name in order}
    for i, name in enumerate(order):
        before, after = of[order[i - 1]], of[order[(i + 1) % n]]
        mine = of[name]
        if len(mine) < 2:
            halves += [mine[0] if mine else None] * 2
        else:
            left = next((group for group in mine if group in before), mine[0])
            right = next((group for group in mine if group in after and group != left), None)
            halves += [left, right or left]
    if n < 2 or len(set(halves)) < 2:
        return []
    start = next(i for i in range(2 * n) if halves[i] != halves[i - 1])
    runs, i = [], 0
    while i < 2 * n:
        group, first = halves[(start + i) % (2 * n)], start + i
        while i < 2 * n and halves[(start + i) % (2 * n)] == group:
            i += 1
        if group is not None:
            runs.append((group, first / 2, (start + i) / 2))
    return runs


def _slot_angle(slot: float, n: int) -> float:
    return -90 + slot * 360 / n


def sector(part: str, run: tuple[str, float, float], n: int, circle: tuple[float, float, float]) -> Shape:
    """Return the ring segment of a run on a circle (x, y, radius)."""
    x, y, radius = circle
    gap = math.degrees(1.6 / radius)
    start, stop = _slot_angle(run[1], n) + gap, _slot_angle(run[2], n) - gap
    outer = arc(x, y, radius + RING, start, stop)
    inner = arc(x, y, radius - RING, stop, start)
    path: list[Segment] = list(path_of(outer))
    path.append(("L", (tidy(inner[0][0, 0]), tidy(inner[0][0, 1]))))
    path += path_of(inner)[1:]
    return Shape(part, "sector", (*path, ("Z", ())), fill=SECTOR)


def ring_boxes(x: float, y: float, radius: float) -> tuple[Box, ...]:
    """Return boxes that cover the ring of sectors."""
    half = radius * math.tan(math.radians(3))
    turns = [(turn, math.radians(turn)) for turn in range(0, 360, 6)]
    return tuple(Box(x + radius * math.cos(r), y + radius * math.sin(r), RING, half, float(turn)) for turn, r in turns)


def disc_room(radius: float, angle: float) -> Box:
    """Return the room that a disc keeps free of group names, which would else read as its own name."""
    turn = math.radians(angle)
    return Box(radius * math.cos(turn), radius * math.sin(turn), DISC + 17, DISC + 17)


def group_names(
    runs: Sequence[tuple[str, float, float]],
    n: int,
    radius: float,
    page: tuple[float, list[Box]],
) -> tuple[Text, ...] | None:
    """Set the names of sectors beyond the names of nodes, as near to the middle of their arc as there is room."""
    width, taken = page[0], list(page[1])
    notes: list[Text] = []
    for k, (group, first, last) in enumerate(runs):
        found = _group_name(
            f"sector-{k}-name", group, (_slot_angle(first, n), _slot_angle(last, n)), radius, (width, taken)
        )
        if found is None:
            return None
        notes += found
        taken += [text_box(text).grown(3) for text in found]
    return tuple(notes)


def _group_name(
    part: str, group: str, span: tuple[float, float], radius: float, page: tuple[float, list[Box]]
) -> list[Text] | None:
    width, taken = page
    lines = wrap(group, 84.0, NAME_SIZE, lines=2)
    height = NAME_SIZE * (1 + (len(lines) - 1) * LEADING)
    widest = max(text_width(line, NAME_SIZE, bold=True) for line in lines)
    middle, half = (span[0] + span[1]) / 2, (span[1] - span[0]) / 2
    choices = []
    for reach in np.arange(radius + NAME_GAP, radius + 110, 4.0):
        for share in (0.0, 0.2, -0.2, 0.4, -0.4, 0.6, -0.6, 0.8, -0.8):
            choices.append((float(reach) + 45 * abs(share), abs(share), share, float(reach)))
    for _, _, share, reach in sorted(choices):
        turn = math.radians(middle + share * half)
        ux, uy = math.cos(turn), math.sin(turn)
        x, y = reach * ux + ux * widest / 2, reach * uy + uy * height / 2
        box = Box(x, y, widest / 2 + 4, height / 2 + 4)
        if abs(x) + widest / 2 > width / 2 - MARGIN or any(boxes_meet(box, other) for other in taken):
            continue
        top = y - height / 2 + ASCENT * NAME_SIZE
        return [
            Text(part, "group", x, top + k * LEADING * NAME_SIZE, line, NAME_SIZE, "middle", bold=True, colour=QUIET)
            for k, line in enumerate(lines)
        ]
    return None
