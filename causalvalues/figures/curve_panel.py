"""A small panel for curves: two scales, ticks, lines, bands and points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from causalvalues.numerals import scale_number, ticks
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import FAINT, LABEL_SIZE, QUIET, RULE

Point = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """A rectangle of a page with a scale in both directions.

    Parameters
    ----------
    part : str
        The part that its marks carry.
    left, top, right, bottom : float
        Ends in points.
    across, up : (low, high)
        Ends of the scales.
    places : tuple of float, default ()
        Numbers to print upwards; by default round ones.
    """

    part: str
    left: float
    top: float
    right: float
    bottom: float
    across: tuple[float, float]
    up: tuple[float, float]
    places: tuple[float, ...] = ()

    def x(self, number: float) -> float:
        """Return the place of a number across."""
        low, high = self.across
        return tidy(self.left + (number - low) / (high - low) * (self.right - self.left))

    def y(self, number: float) -> float:
        """Return the place of a number upwards."""
        low, high = self.up
        return tidy(self.bottom - (number - low) / (high - low) * (self.bottom - self.top))

    def frame(self, numbers: tuple[bool, bool]) -> list[Mark]:
        """Return faint lines at round numbers upwards, both scales, and the numbers below and on the left if wanted."""
        marks: list[Mark] = []
        for place, text in zip(*self.ticks_up(), strict=True):
            line = polygon([(self.left, self.y(place)), (self.right, self.y(place))], closed=False)
            dash = () if place == 0 else (1.0, 2.0)
            marks.append(Shape(self.part, "grid", line, stroke=RULE, stroke_width=0.5, dash=dash))
            if numbers[1]:
                y = tidy(self.y(place) + 0.36 * LABEL_SIZE)
                marks.append(Text(self.part, "tick", tidy(self.left - 4), y, text, LABEL_SIZE, "end", colour=QUIET))
        corner = polygon([(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)], closed=False)
        marks.append(Shape(self.part, "rule", corner, stroke=FAINT, stroke_width=0.6))
        for place, text in zip(*self.ticks_across(), strict=True):
            x = self.x(place)
            foot = polygon([(x, self.bottom), (x, self.bottom + 2)], closed=False)
            marks.append(Shape(self.part, "rule", foot, stroke=FAINT, stroke_width=0.6))
            if numbers[0]:
                y = tidy(self.bottom + 10)
                marks.append(Text(self.part, "tick", x, y, text, LABEL_SIZE, "middle", colour=QUIET))
        return marks

    def ticks_up(self) -> tuple[tuple[float, ...], list[str]]:
        """Return round numbers upwards and their texts, as many as stand above each other."""
        if self.places:
            return self.places, _texts(self.places)
        wanted = max(2, min(6, int((self.bottom - self.top) / 15) + 1))
        places = ticks(*self.up, wanted)
        return places, _texts(places)

    def ticks_across(self) -> tuple[tuple[float, ...], list[str]]:
        """Return round numbers across and their texts, as many as stand side by side."""
        for wanted in (6, 5, 4, 3, 2):
            places = ticks(*self.across, wanted)
            texts = _texts(places)
            wide = max((text_width(text, LABEL_SIZE) for text in texts), default=0.0) + 5
            if len(places) < 2 or all(self.x(two) - self.x(one) >= wide for one, two in pairwise(places)):
                break
        return places, texts

    def line(self, points: Sequence[Point], look: tuple[str, float, tuple[float, ...]]) -> list[Shape]:
        """Return lines through points in order, broken where one is not known. `look`: colour, width, dashes."""
        colour, width, dash = look
        marks = []
        for run in _runs(points):
            if len(run) > 1:
                path = polygon([(self.x(a), self.y(b)) for a, b in run], closed=False)
                marks.append(Shape(self.part, "line", path, stroke=colour, stroke_width=width, dash=dash))
        return marks

    def band(self, lower: Sequence[Point], upper: Sequence[Point], fill: str) -> list[Shape]:
        """Return the area between two lines, cut off at the panel's ends."""
        known = [(a, b) for a, b in zip(lower, upper, strict=True) if math.isfinite(a[1]) and math.isfinite(b[1])]
        if len(known) < 2:
            return []
        edge = [(self.x(a), self._inside(b)) for (a, b), _ in known]
        edge += [(self.x(a), self._inside(b)) for _, (a, b) in reversed(known)]
        return [Shape(self.part, "band", polygon(edge), fill=fill)]

    def _inside(self, number: float) -> float:
        return self.y(min(max(number, self.up[0]), self.up[1]))


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    runs: list[list[Point]] = [[]]
    for point in points:
        if math.isfinite(point[1]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return runs


def _texts(places: Sequence[float]) -> list[str]:
    step = min((abs(b - a) for a, b in pairwise(places)), default=1.0)
    decimals = next((d for d in range(6) if abs(step * 10**d - round(step * 10**d)) < 1e-6), 6)
    return [scale_number(place, decimals) for place in places]
