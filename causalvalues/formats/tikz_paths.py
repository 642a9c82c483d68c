"""Paths in TikZ: circles and rectangles by their names, straight curves as lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import FigureError
from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import Box
from causalvalues.scene.nouns import Segment

NEAR = 0.02


@dataclass(frozen=True)
class Figure:
    """A path that has a name: "circle" (of radius `box.half_width`), "ellipse", or "rectangle", its corners rounded."""

    name: str
    box: Box
    corner: float = 0.0


def plain(value: float) -> str:
    """Return a number with at most two decimals (a hundredth of a point), without an exponent."""
    if not abs(value) < 16000:
        raise FigureError(f"The length {value} does not fit a LaTeX page. Use lengths within 16000 points.")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def point(x: float, y: float) -> str:
    """Return a coordinate.

    Examples
    --------
    >>> point(1.5, -0.001)
    '(1.5,0)'
    """
    return f"({plain(x)},{plain(y)})"


def path_tokens(path: tuple[Segment, ...]) -> Iterator[str]:
    """Return a path, piece by piece."""
    known = recognised(path)
    if known is None:
        yield from _steps(path)
    elif known.name == "circle":
        yield f"{point(known.box.x, known.box.y)} circle[radius={plain(known.box.half_width)}bp]"
    elif known.name == "ellipse":
        radii = f"x radius={plain(known.box.half_width)}bp, y radius={plain(known.box.half_height)}bp"
        yield f"{point(known.box.x, known.box.y)} ellipse[{radii}]"
    else:
        box = known.box
        round_corners = f"[rounded corners={plain(known.corner)}bp] " if known.corner else ""
        first = point(box.x - box.half_width, box.y - box.half_height)
        yield f"{round_corners}{first} rectangle {point(box.x + box.half_width, box.y + box.half_height)}"


def _steps(path: tuple[Segment, ...]) -> Iterator[str]:
    here = start = np.zeros(2)
    for command, numbers in path:
        pairs = np.array(numbers).reshape(-1, 2)
        if command == "Z":
            here = start
            yield "-- cycle"
            continue
        if command == "M":
            start = pairs[0]
            yield point(*start)
        elif command == "L":
            yield f"-- {point(*pairs[0])}"
        else:
            yield from curve_tokens(np.vstack([here, pairs]), point(*pairs[2]))
        here = pairs[-1]


def curve_tokens(curve: FloatArray, end: str, origins: tuple[FloatArray, FloatArray] | None = None) -> Iterator[str]:
    """Return one cubic curve (4, 2) from where the path is to the coordinate `end`, a straight one as a line.

    With `origins`, the two control points are given as seen from these points, so that ends may be moved.
    """
    if is_straight(curve):
        yield f"-- {end}"
        return
    out, into = (curve[1] - origins[0], curve[2] - origins[1]) if origins else (curve[1], curve[2])
    sign = "+" if origins else ""
    yield f".. controls {sign}{point(*out)} and {sign}{point(*into)} .. {end}"


def is_straight(curve: FloatArray) -> bool:
    """Say whether a cubic curve (4, 2) is a straight line between its ends."""
    along = curve[3] - curve[0]
    length = float(np.hypot(*along))
    if length < NEAR:
        return False
    off = np.abs((curve[1:3] - curve[0]) @ np.array([-along[1], along[0]])) / length
    on = (curve[1:3] - curve[0]) @ along / length
    return bool(off.max() < NEAR and on.min() > -NEAR and on.max() < length + NEAR)


def recognised(path: tuple[Segment, ...]) -> Figure | None:
    """Return what a closed path is, if it is a circle, an upright ellipse or an upright rectangle."""
    commands = "".join(command for command, _ in path)
    corners = np.array([numbers[-2:] for command, numbers in path if command != "Z"])
    low, high = corners.min(axis=0), corners.max(axis=0)
    box = Box(*((low + high) / 2), *((high - low) / 2))
    if commands == "MLLLZ" and _upright(corners):
        return Figure("rectangle", box)
    if commands == "MLCLCLCLCZ":
        return Figure("rectangle", box, float(corners[0][0] - low[0])) if _rounded(path, box) else None
    if commands == "M" + "C" * (len(commands) - 2) + "Z" and len(commands) > 5 and _round(path, box):
        return Figure("circle" if abs(box.half_width - box.half_height) < NEAR else "ellipse", box)
    return None


def _upright(corners: FloatArray) -> bool:
    steps = np.abs(np.diff(np.vstack([corners, corners[:1]]), axis=0))
    flat = steps < NEAR
    return bool((flat.sum(axis=1) == 1).all() and (flat[0::2, 0] == flat[0, 0]).all() and flat[0, 0] != flat[1, 0])


def _rounded(path: tuple[Segment, ...], box: Box) -> bool:
    from causalvalues.scene.geometry import rounded

    radius = path[0][1][0] - (box.x - box.half_width)
    wanted = rounded(box, radius)
    return all(
        len(a) == len(b) and all(abs(x - y) < NEAR for x, y in zip(a, b, strict=True))
        for (_, a), (_, b) in zip(path, wanted, strict=True)
    )


def _round(path: tuple[Segment, ...], box: Box) -> bool:
    """Whether the ends and the middles of all curves lie on the ellipse that fills the box."""
    if min(box.half_width, box.half_height) < NEAR:
        return False
    here, reach = np.array(path[0][1]), []
    centre, half = np.array([box.x, box.y]), np.array([box.half_width, box.half_height])
    for _, numbers in path[1:-1]:
        b, c, d = np.array(numbers).reshape(3, 2)
        middle = (here + 3 * b + 3 * c + d) / 8
        reach += [float(np.hypot(*((each - centre) / half))) for each in (middle, d)]
        here = d
    near = (max(reach) - min(reach)) * max(box.half_width, box.half_height) < 2 * NEAR
    return near and bool(np.hypot(*(here - np.array(path[0][1]))) < NEAR)
