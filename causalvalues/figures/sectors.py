"""Higher-order groups on a circle: soft sectors behind the nodes, and their names outside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from causalvalues.figures.ring import Ring, Sizes
from causalvalues.scene.geometry import Box, boxes_meet, path_of, text_box, tidy
from causalvalues.scene.metrics import ASCENT, LEADING, text_width, wrap
from causalvalues.scene.nouns import Segment, Shape, Text
from causalvalues.scene.palette import QUIET, SECTOR

NEAR = 7.0
"""Difference in height, in points, up to which two names of groups are brought to one height."""
OUTSIDE = 60.0
"""How far outside the ring no label of an edge may stand, in points: it would read as part of a name."""


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


def sector(part: str, run: tuple[str, float, float], ring: Ring, band: float) -> Shape:
    """Return the segment of the band of a ring that a run covers."""
    length = math.hypot(*np.subtract(ring.at(run[1] + 0.01), ring.at(run[1]))) * 100
    gap = 1.6 / length
    outer = ring.band(run[1] + gap, run[2] - gap, band)
    inner = ring.band(run[2] - gap, run[1] + gap, -band)
    path: list[Segment] = list(path_of(outer))
    path.append(("L", (tidy(inner[0][0, 0]), tidy(inner[0][0, 1]))))
    path += path_of(inner)[1:]
    return Shape(part, "sector", (*path, ("Z", ())), fill=SECTOR)


def ring_boxes(ring: Ring, band: float) -> tuple[Box, ...]:
    """Return boxes that cover the band of sectors and the room of the names outside it."""
    count, reach = 60, (band + OUTSIDE) / 2
    boxes = []
    for k in range(count):
        slot = ring.n * k / count
        (x, y), (ux, uy) = ring.at(slot, reach - band), ring.normal(slot)
        half = math.dist(ring.at(slot + 0.5 * ring.n / count), ring.at(slot - 0.5 * ring.n / count)) / 2
        boxes.append(Box(x, y, reach, half, math.degrees(math.atan2(uy, ux))))
    return tuple(boxes)


def disc_room(at: tuple[float, float], sizes: Sizes) -> Box:
    """Return the room that a disc keeps free of group names, which would else read as its own name."""
    return Box(*at, sizes.disc + sizes.clear, sizes.disc + sizes.clear)


def group_names(
    runs: Sequence[tuple[str, float, float]], ring: Ring, sizes: Sizes, page: tuple[float, list[Box]]
) -> tuple[Text, ...] | None:
    """Set the names of sectors beyond the names of nodes, as near to the middle of their arc as there is room.

    `page` is the half width that may be used and what is taken; None when some name finds no room.
    """
    room, taken = page[0], list(page[1])
    notes: list[Text] = []
    for k, run in enumerate(runs):
        found = _group_name(f"sector-{k}-name", run, ring, sizes, (room, taken))
        if found is None:
            return None
        notes += found
        taken += [text_box(text).grown(3) for text in found]
    return _aligned(notes, page[1])


def _aligned(notes: Sequence[Text], taken: Sequence[Box]) -> tuple[Text, ...]:
    """Bring names that stand nearly at one height to that of the outer one, where there is room."""
    found = list(notes)
    for i, note in enumerate(found):
        near = [
            other.y for other in found if other is not note and abs(other.y - note.y) < NEAR and note.y * other.y > 0
        ]
        moved = replace(note, y=max([note.y, *near], key=abs))
        if not any(boxes_meet(text_box(moved).grown(2), box) for box in taken):
            found[i] = moved
    return tuple(found)


def _group_name(
    part: str, run: tuple[str, float, float], ring: Ring, sizes: Sizes, page: tuple[float, list[Box]]
) -> list[Text] | None:
    room, taken = page
    group, first, last = run
    lines = wrap(group, 84.0, sizes.name, lines=2)
    height = sizes.name * (1 + (len(lines) - 1) * LEADING)
    widest = max(text_width(line, sizes.name, bold=True) for line in lines)
    choices = []
    for out in np.arange(sizes.gap, 110.0, 4.0):
        for share in (0.0, 0.2, -0.2, 0.4, -0.4, 0.6, -0.6, 0.8, -0.8):
            choices.append((float(out) + 45 * abs(share), abs(share), share, float(out)))
    for _, _, share, out in sorted(choices):
        slot = (first + last) / 2 + share * (last - first) / 2
        (x, y), (ux, uy) = ring.at(slot, out), ring.normal(slot)
        x, y = x + ux * widest / 2, y + uy * height / 2
        box = Box(x, y, widest / 2 + 4, height / 2 + 4)
        if abs(x) + widest / 2 > room or any(boxes_meet(box, other) for other in taken):
            continue
        top = y - height / 2 + ASCENT * sizes.name
        return [
            Text(part, "group", x, top + k * LEADING * sizes.name, line, sizes.name, "middle", True, colour=QUIET)
            for k, line in enumerate(lines)
        ]
    return None
