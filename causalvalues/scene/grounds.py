"""What lies beneath a point of a scene: the colour that a text or a line is seen against."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.scene.geometry import outline
from causalvalues.scene.nouns import Scene, Shape
from causalvalues.scene.palette import PAPER


class Grounds:
    """The filled shapes of a scene; asked for the colour at a point beneath a mark."""

    def __init__(self, scene: Scene) -> None:
        filled = [
            (place, mark) for place, mark in enumerate(scene.marks) if isinstance(mark, Shape) and mark.fill != "none"
        ]
        self._shapes = [shape for _, shape in filled]
        self._places = np.array([place for place, _ in filled], dtype=int)
        ends = [_ends(shape) for shape in self._shapes]
        self._low = np.array([low for low, _ in ends]).reshape(-1, 2)
        self._high = np.array([high for _, high in ends]).reshape(-1, 2)

    def colour(self, x: float, y: float, place: int) -> str:
        """Return the colour at (x, y) of all that is painted before the mark at `place`."""
        point = np.array([x, y])
        near = (self._low <= point).all(axis=1) & (self._high >= point).all(axis=1) & (self._places < place)
        above: list[Shape] = []
        for i in np.flatnonzero(near)[::-1]:
            shape = self._shapes[i]
            if _inside(shape, x, y):
                above.append(shape)
                if shape.opacity == 1:
                    break
        colour = PAPER
        for shape in reversed(above):
            colour = seen_through(shape.fill, shape.opacity, colour)
        return colour


def seen_through(colour: str, opacity: float, ground: str) -> str:
    """Return what a paint of this opacity on a ground looks like."""
    if opacity == 1:
        return colour
    pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(opacity * over + (1 - opacity) * under):02X}" for over, under in pairs)


def _ends(shape: Shape) -> tuple[FloatArray, FloatArray]:
    points = np.array([pair for _, numbers in shape.path for pair in zip(numbers[::2], numbers[1::2], strict=True)])
    return points.min(axis=0), points.max(axis=0)


@lru_cache(maxsize=4096)
def _corners(shape: Shape) -> FloatArray:
    return outline(shape, 3.0)


def _inside(shape: Shape, x: float, y: float) -> bool:
    """Say whether a point lies inside the outline (even-odd rule)."""
    points = _corners(shape)
    (x0, y0), (x1, y1) = points.T, np.roll(points, -1, axis=0).T
    crosses = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return bool(np.count_nonzero(crosses & (x < at)) % 2)
