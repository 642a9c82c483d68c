"""Places for edge labels: along their edges, off every node, name and other label."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.scene.geometry import Box, Obstacles, curve_points, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, text_width

PAD = 1.4
STEP = 1.5
BESIDE, LEVEL, SHORTER = 9.0, 26.0, 34.0  # what a place costs, in points of covered line
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
class Spot:
    """A place found: the text, its anchor (middle of the baseline), its angle and its box."""

    part: str
    text: str
    x: float
    y: float
    angle: float
    box: Box


@dataclass(frozen=True)
class _Page:
    width: float
    height: float
    taken: Obstacles
    lines: Mapping[str, FloatArray]
    points: FloatArray
    owners: IntArray


def place_labels(
    wishes: Sequence[Wish],
    routes: Mapping[str, Sequence[FloatArray]],
    taken: Sequence[Box],
    width: float,
    height: float,
) -> dict[str, Spot]:
    """Find a place for each label.

    Every place along the edge is tried, along the line and level, on it and beside it. A place that meets a node, a
    name, another label or the rim of the page is out; of the others the one wins that covers least of other edges
    and lies nearest to the middle of its edge. Short edges choose first; two rounds of second thoughts follow.

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
    lines = {part: np.vstack([curve_points(curve, STEP) for curve in curves]) for part, curves in routes.items()}
    points = np.vstack([np.zeros((0, 2)), *lines.values()])
    owners = np.repeat(np.arange(len(lines)), [len(line) for line in lines.values()])
    page = _Page(width, height, Obstacles(taken), lines, points, owners)
    order = sorted(wishes, key=lambda wish: (len(lines[wish.part]), wish.part))
    choices = {wish.part: _choices(wish, page) for wish in order}
    spots: dict[str, Spot] = {}
    for _ in range(3):
        for wish in order:
            spots.pop(wish.part, None)
            others = Obstacles([spot.box for spot in spots.values()])
            best = next((spot for spot in choices[wish.part] if not others.meet(spot.box)), None)
            if best is not None:
                spots[wish.part] = best
    return {wish.part: spots[wish.part] for wish in wishes if wish.part in spots}


def _choices(wish: Wish, page: _Page) -> list[Spot]:
    """Return all places that meet no node, name or rim, the best first."""
    found: list[tuple[float, int, Spot]] = []
    for shorter, text in enumerate(wish.texts):
        for attempt in _attempts(wish, text, page.lines[wish.part]):
            if not _inside(attempt.box, page) or page.taken.meet(attempt.box):
                continue
            cost = attempt.cost + SHORTER * shorter + _covered(attempt, wish.part, page)
            spot = Spot(wish.part, text, tidy(attempt.x), tidy(attempt.y), tidy(attempt.box.angle), attempt.box)
            found.append((round(cost, 6), len(found), spot))
    return [spot for _, _, spot in sorted(found, key=lambda item: item[:2])]


@dataclass(frozen=True)
class _Attempt:
    x: float
    y: float
    box: Box
    cost: float
    beside: bool


def _attempts(wish: Wish, text: str, line: FloatArray) -> Iterator[_Attempt]:
    width, size = text_width(text, wish.size), wish.size
    above, aside = size * 0.5 + 3.0, width / 2 + 4.0
    for share in _SHARES:
        far = 14 * abs(share - 0.5)
        centre, angle = _point(line, share, width)
        for shift in (0.0, -above, above):
            turn = math.radians(angle)
            at = (centre[0] - shift * math.sin(turn), centre[1] + shift * math.cos(turn))
            yield _attempt(at, angle, (width, size), far + (BESIDE if shift else 0.0), bool(shift))
        middle = line[round(share * (len(line) - 1))]
        for dx, dy in ((0.0, 0.0), (aside, 0.0), (-aside, 0.0), (0.0, -above), (0.0, above)):
            at = (middle[0] + dx, middle[1] + dy)
            cost = far + LEVEL * (abs(angle) > 8) + (BESIDE if dx or dy else 0.0)
            yield _attempt(at, 0.0, (width, size), cost, bool(dx or dy))


def _attempt(at: tuple[float, float], angle: float, extent: tuple[float, float], cost: float, beside: bool) -> _Attempt:
    width, size = extent
    turn, down = math.radians(angle), (ASCENT - DESCENT) / 2 * size
    box = Box(float(at[0]), float(at[1]), width / 2 + PAD, size * (ASCENT + DESCENT) / 2 + 0.4, angle)
    return _Attempt(at[0] - down * math.sin(turn), at[1] + down * math.cos(turn), box, cost, beside)


def _point(line: FloatArray, share: float, width: float) -> tuple[FloatArray, float]:
    """Return the place on a line (k, 2) at a share of its length, and the readable angle of the line there."""
    middle = round(share * (len(line) - 1))
    half = max(int(width / 2 / STEP), 1)
    first, last = line[max(middle - half, 0)], line[min(middle + half, len(line) - 1)]
    angle = math.degrees(math.atan2(last[1] - first[1], last[0] - first[0]))
    angle = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle
    sag = line[middle] - (first + last) / 2
    return np.asarray(line[middle] - 0.35 * sag), round(angle, 2)


def _inside(box: Box, page: _Page) -> bool:
    corners = box.corners()
    low, high = corners.min(axis=0), corners.max(axis=0)
    return bool(low[0] >= 2 and low[1] >= 2 and high[0] <= page.width - 2 and high[1] <= page.height - 2)


def _covered(attempt: _Attempt, part: str, page: _Page) -> float:
    """Return how many points of length of other edges (and, beside it, of its own edge) the label would cover."""
    box = attempt.box
    reach = math.hypot(box.half_width, box.half_height)
    near = np.flatnonzero((np.abs(page.points[:, 0] - box.x) < reach) & (np.abs(page.points[:, 1] - box.y) < reach))
    inside = near[box.holds(page.points[near])]
    if not attempt.beside:
        inside = inside[page.owners[inside] != list(page.lines).index(part)]
    return STEP * len(inside)
