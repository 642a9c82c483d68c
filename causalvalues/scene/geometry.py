"""Plane geometry for scenes: boxes that may be turned, cubic curves, and the outlines of marks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.scene.metrics import ASCENT, DESCENT, text_width
from causalvalues.scene.nouns import Segment, Shape, Text

CIRCLE = 0.5522847498307936


def tidy(value: float) -> float:
    """Round to a thousandth of a point, without negative zeros, so that files do not depend on the last bits."""
    return round(float(value), 3) + 0.0


@dataclass(frozen=True)
class Box:
    """A rectangle about (x, y), turned clockwise by `angle` degrees; half sizes in points."""

    x: float
    y: float
    half_width: float
    half_height: float
    angle: float = 0.0

    def corners(self) -> FloatArray:
        """Return the four corners, (4, 2)."""
        turn = math.radians(self.angle)
        along = np.array([math.cos(turn), math.sin(turn)]) * self.half_width
        across = np.array([-math.sin(turn), math.cos(turn)]) * self.half_height
        centre = np.array([self.x, self.y])
        return np.array(
            [centre - along - across, centre + along - across, centre + along + across, centre - along + across]
        )

    def grown(self, by: float) -> Box:
        """Return the box with `by` points more on each side."""
        return Box(self.x, self.y, self.half_width + by, self.half_height + by, self.angle)

    def holds(self, points: FloatArray) -> FloatArray:
        """Return for each point (k, 2) whether it lies inside."""
        turn = math.radians(self.angle)
        dx, dy = points[:, 0] - self.x, points[:, 1] - self.y
        along = np.abs(dx * math.cos(turn) + dy * math.sin(turn))
        across = np.abs(-dx * math.sin(turn) + dy * math.cos(turn))
        return np.asarray((along < self.half_width) & (across < self.half_height))


def boxes_meet(first: Box, second: Box) -> bool:
    """Say whether two turned boxes share inner points (separating axis theorem)."""
    reach = math.hypot(first.half_width, first.half_height) + math.hypot(second.half_width, second.half_height)
    if math.hypot(first.x - second.x, first.y - second.y) >= reach:
        return False
    one, two = first.corners(), second.corners()
    for angle in (first.angle, first.angle + 90, second.angle, second.angle + 90):
        axis = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
        a, b = one @ axis, two @ axis
        if a.max() <= b.min() + 1e-9 or b.max() <= a.min() + 1e-9:
            return False
    return True


class Obstacles:
    """Many boxes, against which one is tried: far ones are set aside at once."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._boxes = tuple(boxes)
        self._centres = np.array([(box.x, box.y) for box in boxes]).reshape(-1, 2)
        self._reach = np.array([math.hypot(box.half_width, box.half_height) for box in boxes])

    def meet(self, box: Box) -> bool:
        """Say whether any of the boxes shares inner points with this one."""
        distance = np.hypot(self._centres[:, 0] - box.x, self._centres[:, 1] - box.y)
        near = np.flatnonzero(distance < self._reach + math.hypot(box.half_width, box.half_height))
        return any(boxes_meet(box, self._boxes[i]) for i in near)


def text_box(text: Text) -> Box:
    """Return the box that a line of text fills, from its ascenders to its descenders."""
    width = text_width(text.text, text.size, text.bold, text.italic)
    along = {"start": width / 2, "middle": 0.0, "end": -width / 2}[text.anchor]
    down = (DESCENT - ASCENT) * text.size / 2
    turn = math.radians(text.angle)
    x = text.x + along * math.cos(turn) - down * math.sin(turn)
    y = text.y + along * math.sin(turn) + down * math.cos(turn)
    return Box(x, y, width / 2, (ASCENT + DESCENT) * text.size / 2, text.angle)


def outline(shape: Shape, step: float = 1.5) -> FloatArray:
    """Return points along the path of a shape, (k, 2), about `step` points apart."""
    points: list[FloatArray] = []
    here = start = np.zeros(2)
    for command, numbers in shape.path:
        pairs = np.array(numbers).reshape(-1, 2)
        if command == "M":
            here = start = pairs[0]
            points.append(pairs[:1])
        elif command == "C":
            points.append(curve_points(np.vstack([here, pairs]), step))
            here = pairs[-1]
        else:
            end = start if command == "Z" else pairs[0]
            count = max(int(np.hypot(*(end - here)) / step), 1)
            points.append(here + np.linspace(0, 1, count + 1)[1:, None] * (end - here))
            here = end
    return np.vstack(points)


def shape_box(shape: Shape) -> Box:
    """Return the upright bounding box of a shape."""
    points = outline(shape)
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (low + high) / 2
    w, h = (high - low) / 2
    return Box(float(x), float(y), float(w), float(h))


def curve_points(curve: FloatArray, step: float = 1.5) -> FloatArray:
    """Return points of one cubic curve (4, 2), its end included and its start not."""
    length = float(np.hypot(*np.diff(curve, axis=0).T).sum())
    t = np.linspace(0, 1, max(int(length / step), 2) + 1)[1:, None]
    a, b, c, d = curve
    return np.asarray((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)


def split(curve: FloatArray, t: float) -> tuple[FloatArray, FloatArray]:
    """Cut a cubic curve (4, 2) at t (de Casteljau's algorithm)."""
    a, b, c, d = curve
    ab, bc, cd = a + t * (b - a), b + t * (c - b), c + t * (d - c)
    abc, bcd = ab + t * (bc - ab), bc + t * (cd - bc)
    middle = abc + t * (bcd - abc)
    return np.array([a, ab, abc, middle]), np.array([middle, bcd, cd, d])


def cut_start(curve: FloatArray, distance: float) -> FloatArray:
    """Return the rest of a cubic curve after it has come `distance` away from its start."""
    low, high = 0.0, 1.0
    for _ in range(40):
        t = (low + high) / 2
        point = split(curve, t)[0][3]
        low, high = (t, high) if np.hypot(*(point - curve[0])) < distance else (low, t)
    return split(curve, high)[1]


def cut_end(curve: FloatArray, distance: float) -> FloatArray:
    """Return a cubic curve without the stretch that lies within `distance` of its end."""
    return cut_start(curve[::-1], distance)[::-1]


def path_of(curves: Iterable[FloatArray]) -> tuple[Segment, ...]:
    """Return the path of joined cubic curves, each (4, 2)."""
    path: list[Segment] = []
    for curve in curves:
        if not path:
            path.append(("M", (tidy(curve[0, 0]), tidy(curve[0, 1]))))
        path.append(("C", tuple(tidy(number) for number in curve[1:].ravel())))
    return tuple(path)


def polygon(points: Iterable[tuple[float, float]], closed: bool = True) -> tuple[Segment, ...]:
    """Return the path through corners."""
    path: list[Segment] = [("M" if i == 0 else "L", (tidy(x), tidy(y))) for i, (x, y) in enumerate(points)]
    return (*path, ("Z", ())) if closed else tuple(path)


def rectangle(x: float, y: float, width: float, height: float) -> tuple[Segment, ...]:
    """Return the path of a rectangle with its upper left corner at (x, y)."""
    return polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])


def rounded(box: Box, radius: float) -> tuple[Segment, ...]:
    """Return the path of an upright box with rounded corners."""
    left, right = box.x - box.half_width, box.x + box.half_width
    top, low = box.y - box.half_height, box.y + box.half_height
    k = radius * (1 - CIRCLE)
    steps: list[tuple[str, tuple[float, ...]]] = [
        ("M", (left + radius, top)),
        ("L", (right - radius, top)),
        ("C", (right - k, top, right, top + k, right, top + radius)),
        ("L", (right, low - radius)),
        ("C", (right, low - k, right - k, low, right - radius, low)),
        ("L", (left + radius, low)),
        ("C", (left + k, low, left, low - k, left, low - radius)),
        ("L", (left, top + radius)),
        ("C", (left, top + k, left + k, top, left + radius, top)),
    ]
    return (*((command, tuple(tidy(n) for n in numbers)) for command, numbers in steps), ("Z", ()))


def arc(x: float, y: float, radius: float, start: float, stop: float) -> list[FloatArray]:
    """Return cubic curves along a circle about (x, y), from `start` to `stop` degrees clockwise from the right."""
    pieces = max(math.ceil(abs(stop - start) / 45), 1)
    angles = np.radians(np.linspace(start, stop, pieces + 1))
    reach = 4 / 3 * math.tan((angles[1] - angles[0]) / 4) * radius
    curves = []
    for a, b in pairwise(angles):
        p = np.array([x + radius * math.cos(a), y + radius * math.sin(a)])
        q = np.array([x + radius * math.cos(b), y + radius * math.sin(b)])
        lead = reach * np.array([-math.sin(a), math.cos(a)])
        trail = reach * np.array([-math.sin(b), math.cos(b)])
        curves.append(np.array([p, p + lead, q - trail, q]))
    return curves


def disc(x: float, y: float, radius: float) -> tuple[Segment, ...]:
    """Return the path of a circle."""
    return (*path_of(arc(x, y, radius, 0, 360)), ("Z", ()))


def moved(path: tuple[Segment, ...], dx: float, dy: float) -> tuple[Segment, ...]:
    """Return a path `dx` further to the right and `dy` further down."""
    return tuple(
        (command, tuple(tidy(n + (dy if i % 2 else dx)) for i, n in enumerate(numbers))) for command, numbers in path
    )
