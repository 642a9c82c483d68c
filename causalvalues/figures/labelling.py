"""Places for edge labels: along their edges, off every node, name and other label."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.figures.labelling_rooms import Places, Spot, box_rows, rows_meet, settled
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.scene.geometry import Box, curve_points, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, text_width
from causalvalues.scene.overlap import LONGEST_GAP, hidden_length

PAD = 1.4
STEP = 1.5
CELL = 1.5
BESIDE, LEVEL, SHORTER = 20.0, 26.0, 34.0  # what a place costs, in points of covered line
SLOPE, SAG = 0.1, 2.0  # the same, for a degree of slope, and for a point by which the line bends under the label
ALONE = 6.0
"""A label beside its line has no other line so near, in points: it would seem to belong to that one."""
MOST_COVERED = 45.0
"""Length of lines that a label may cover on a page of `WIDE`, both in points; with more, lines are hard to follow."""
WIDE = 468.0
_SHARES = (0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7, 0.25, 0.75, 0.2, 0.8, 0.15, 0.85)


@dataclass(frozen=True)
class Wish:
    """A label that looks for a place.

    Parameters
    ----------
    part : str
        The edge.
    texts : tuple of str
        What it may say, best first; shorter ones are used when there is no room.
    size : float
        Type size in points.
    """

    part: str
    texts: tuple[str, ...]
    size: float


@dataclass(frozen=True)
class _Page:
    """The page, the boxes that are taken (m, 5), the lines, and how many of their points lie in each cell."""

    width: float
    height: float
    taken: FloatArray
    lines: Mapping[str, FloatArray]
    ink: FloatArray

    @classmethod
    def of(cls, size: tuple[float, float], taken: Sequence[Box], lines: Mapping[str, FloatArray]) -> _Page:
        page = cls(*size, box_rows(taken), lines, np.zeros((int(size[1] / CELL) + 2, int(size[0] / CELL) + 2)))
        for line in lines.values():
            page.ink[...] += page.drawn(line)
        return page

    def drawn(self, line: FloatArray) -> FloatArray:
        """Return how many points of a line lie in each cell."""
        count = np.zeros_like(self.ink)
        np.add.at(count, self.cells(line), 1.0)
        return count

    def cells(self, points: FloatArray) -> tuple[IntArray, IntArray]:
        """Return the row and the column of each point."""
        x, y = np.moveaxis(np.asarray(points) / CELL, -1, 0).astype(int)
        rows, columns = self.ink.shape
        return np.clip(y, 0, rows - 1), np.clip(x, 0, columns - 1)


def place_labels(
    wishes: Sequence[Wish],
    routes: Mapping[str, Sequence[FloatArray]],
    taken: Sequence[Box],
    width: float,
    height: float,
) -> dict[str, Spot]:
    """Find a place for each label: `label_places`, then `settled`.

    Parameters
    ----------
    wishes : sequence of Wish
    routes : mapping of part to cubic curves, each (4, 2)
    taken : sequence of Box
        Boxes that no label may touch.
    width, height : float
        Page size in points.

    Returns
    -------
    dict
        Part -> Spot. A label for which there is no room is left out.
    """
    return settled(label_places(wishes, routes, taken, (width, height)))


def label_places(
    wishes: Sequence[Wish],
    routes: Mapping[str, Sequence[FloatArray]],
    taken: Sequence[Box],
    page: tuple[float, float],
) -> Places:
    """Return all places at which each label may stand.

    Every place along the edge is tried, along the line and level, on it and beside it. A place that meets a node, a
    name or the rim of the page is out, and one that hides another line for too long; of the others those are best that
    cover least of other edges and lie nearest to the middle of their edge. Short edges choose first.
    """
    lines = {part: np.vstack([curve_points(curve, STEP) for curve in curves]) for part, curves in routes.items()}
    made = _Page.of(page, taken, lines)
    order = sorted(wishes, key=lambda wish: (len(lines[wish.part]), wish.part))
    return {wish.part: _choices(wish, made) for wish in order}


def _choices(wish: Wish, page: _Page) -> tuple[list[Spot], FloatArray]:
    """Return all places that meet no node, name or rim, the best first, and their boxes (k, 5)."""
    others = page.ink - page.drawn(page.lines[wish.part])
    most = MOST_COVERED * min(page.width / WIDE, 1.0) ** 2
    longest = LONGEST_GAP * wish.size - 1.0
    ranked: list[tuple[float, int, Spot]] = []
    for shorter, text in enumerate(wish.texts):
        tried = _attempts(wish, text, page.lines[wish.part])
        boxes = box_rows([attempt.box for attempt in tried])
        free = np.flatnonzero(_inside(boxes, page) & ~rows_meet(boxes, page.taken))
        if not len(free):
            continue
        beside = np.array([tried[i].beside for i in free])
        wider = boxes[free] + np.array([0, 0, ALONE, ALONE, 0])
        crowded = beside & (_covered(wider, others, page) > ALONE)
        covered = np.where(beside, _covered(boxes[free], page.ink, page), _covered(boxes[free], others, page))
        for i, ink, crowd in zip(free, covered, crowded, strict=True):
            one = tried[i]
            if ink <= most and not crowd and not (ink > longest and _hides(one.box, wish.part, page, longest)):
                spot = Spot(wish.part, text, tidy(one.x), tidy(one.y), tidy(one.box.angle), one.box)
                ranked.append((round(one.cost + SHORTER * shorter + float(ink), 6), len(ranked), spot))
    found = [spot for _, _, spot in sorted(ranked, key=lambda item: item[:2])]
    return found, box_rows([spot.box for spot in found])


def _hides(box: Box, part: str, page: _Page, longest: float) -> bool:
    """Say whether a box hides another line than that of its own edge for longer than `longest` points."""
    return any(hidden_length(line, box) > longest for other, line in page.lines.items() if other != part)


@dataclass(frozen=True)
class _Attempt:
    x: float
    y: float
    box: Box
    cost: float
    beside: bool


def _attempts(wish: Wish, text: str, line: FloatArray) -> list[_Attempt]:
    width, size = text_width(text, wish.size), wish.size
    above, aside = size * 0.5 + 3.0, width / 2 + 4.0
    found = []
    for share in _SHARES:
        far = 14 * abs(share - 0.5)
        centre, angle, sag = _point(line, share, width)
        turn, bent = math.radians(angle), SLOPE * abs(angle) + SAG * sag
        for shift in (0.0, -above, above):
            at = (centre[0] - shift * math.sin(turn), centre[1] + shift * math.cos(turn))
            cost = far + bent + (BESIDE if shift else 0.0)
            found.append(_attempt(at, angle, (width, size), cost, bool(shift)))
        middle = line[round(share * (len(line) - 1))]
        for dx, dy in ((0.0, 0.0), (aside, 0.0), (-aside, 0.0), (0.0, -above), (0.0, above)):
            at = (middle[0] + dx, middle[1] + dy)
            cost = far + LEVEL * (abs(angle) > 8) + (BESIDE if dx or dy else 0.0)
            found.append(_attempt(at, 0.0, (width, size), cost, bool(dx or dy)))
    return found


def _attempt(at: tuple[float, float], angle: float, extent: tuple[float, float], cost: float, beside: bool) -> _Attempt:
    width, size = extent
    turn, down = math.radians(angle), (ASCENT - DESCENT) / 2 * size
    box = Box(float(at[0]), float(at[1]), width / 2 + PAD, size * (ASCENT + DESCENT) / 2 + 0.4, angle)
    return _Attempt(at[0] - down * math.sin(turn), at[1] + down * math.cos(turn), box, cost, beside)


def _point(line: FloatArray, share: float, width: float) -> tuple[FloatArray, float, float]:
    """Return the place on a line (k, 2) at a share of its length, the readable angle of the line there, and its sag."""
    middle = round(share * (len(line) - 1))
    half = max(int(width / 2 / STEP), 1)
    first, last = line[max(middle - half, 0)], line[min(middle + half, len(line) - 1)]
    angle = math.degrees(math.atan2(last[1] - first[1], last[0] - first[0]))
    angle = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle
    sag = line[middle] - (first + last) / 2
    return np.asarray(line[middle] - 0.35 * sag), round(angle, 2), float(np.hypot(*sag))


def _inside(boxes: FloatArray, page: _Page) -> BoolArray:
    """Say of each box (k, 5) whether it stands on the page."""
    x, y, half_width, half_height, angle = boxes.T
    cos, sin = np.abs(np.cos(np.radians(angle))), np.abs(np.sin(np.radians(angle)))
    wide, high = half_width * cos + half_height * sin, half_width * sin + half_height * cos
    return np.asarray((x - wide >= 2) & (y - high >= 2) & (x + wide <= page.width - 2) & (y + high <= page.height - 2))


def _covered(boxes: FloatArray, ink: FloatArray, page: _Page) -> FloatArray:
    """Return about how many points of length of lines each of k boxes of one size would cover."""
    half_width, half_height = boxes[0, 2:4]
    along = np.arange(-half_width + CELL / 2, half_width, CELL)[None, :, None]
    across = np.arange(-half_height + CELL / 2, half_height, CELL)[None, None, :]
    x, y, turn = (boxes[:, i, None, None] for i in (0, 1, 4))
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    points = np.stack([x + along * cos - across * sin, y + along * sin + across * cos], axis=-1)
    return np.asarray(STEP * ink[page.cells(points)].sum(axis=(1, 2)))
