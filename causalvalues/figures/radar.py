"""The ground of a radar chart: equal spokes on one scale, faint circles and their scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.figures.profile_rows import ProfileRow
from causalvalues.numerals import scale_number, ticks
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import FAINT, LABEL_SIZE, PAPER, QUIET, RULE

CENTRE = 0.16
"""Share of a spoke's length that lies between the centre and the lowest score, so that spokes do not meet there."""


@dataclass(frozen=True)
class Spokes:
    """The centre of a radar, the radius of its rim, its angles clockwise from the top, and its scale."""

    x: float
    y: float
    rim: float
    n: int
    low: float
    high: float

    def radius(self, score: float) -> float:
        """Return how far from the centre a score stands, in points; scores beyond the scale stand at its ends."""
        share = (min(max(score, self.low), self.high) - self.low) / (self.high - self.low)
        return self.rim * (CENTRE + (1 - CENTRE) * share)

    def at(self, spoke: float, radius: float) -> tuple[float, float]:
        """Return the place on a spoke, or between two, at a radius."""
        turn = 2 * math.pi * (spoke + 0.5) / self.n
        return tidy(self.x + radius * math.sin(turn)), tidy(self.y - radius * math.cos(turn))


def radar_grid(spokes: Spokes) -> list[Mark]:
    """Return the spokes, a faint circle at each round score, and the rim."""
    marks: list[Mark] = []
    for spoke in range(spokes.n):
        ends = (spokes.at(spoke, spokes.radius(spokes.low)), spokes.at(spoke, spokes.rim))
        marks.append(Shape("axis", "grid", polygon(ends, closed=False), stroke=RULE, stroke_width=0.5))
    for score in ticks(spokes.low, spokes.high, 5):
        path = disc(spokes.x, spokes.y, spokes.radius(score))
        dash = () if score == 0 else (1.0, 2.0)
        marks.append(Shape("axis", "grid", path, stroke=RULE, stroke_width=0.5, dash=dash))
    for radius in (spokes.radius(spokes.low), spokes.rim):
        marks.append(Shape("axis", "rim", disc(spokes.x, spokes.y, radius), stroke=FAINT, stroke_width=0.6))
    return marks


def radar_ticks(rows: Sequence[ProfileRow], spokes: Spokes) -> tuple[list[Mark], list[Mark]]:
    """Return white grounds and scores of the faint circles, between the two spokes where they cover least of lines."""
    shown: list[float] = []
    for score in ticks(spokes.low, spokes.high, 5):
        radius = spokes.radius(score)
        apart = not shown or radius - spokes.radius(shown[-1]) >= LABEL_SIZE + 2
        if apart and 5 < radius < spokes.rim - 8:
            shown.append(score)
    radii = [spokes.radius(score) for score in shown]
    free = [
        min((abs(a - b) for a in _crossings(rows, spokes, k) for b in radii), default=9.0) for k in range(len(rows))
    ]
    slot = max(range(len(rows)), key=lambda k: (min(free[k], 8.0), -k))
    grounds: list[Mark] = []
    texts: list[Mark] = []
    clear = [
        (score, radius) for score, radius in zip(shown, radii, strict=True) if _is_clear(rows, spokes, slot, radius)
    ]
    decimals = 0 if all(score == round(score) for score in shown) else 1 if _tenths(shown) else 2
    for score, radius in clear:
        x, y = spokes.at(slot - 0.5, radius)
        said = scale_number(score, decimals)
        wide = text_width(said, LABEL_SIZE)
        ground = rectangle(x - wide / 2 - 1, y - 4, wide + 2, 8)
        grounds.append(Shape("axis", "ground", ground, fill=PAPER))
        texts.append(Text("axis", "tick", x, tidy(y + 0.36 * LABEL_SIZE), said, LABEL_SIZE, "middle", colour=QUIET))
    return grounds, texts


def _is_clear(rows: Sequence[ProfileRow], spokes: Spokes, slot: int, radius: float) -> bool:
    """Say whether a number at this radius covers neither a line nor, where spokes are dense, a sign."""
    near = _crossings(rows, spokes, slot)
    if 2 * math.pi * radius / spokes.n < 24:
        near = near + [spokes.radius(score) for row in (rows[slot - 1], rows[slot]) for score in row.scores()]
    return all(abs(other - radius) >= 6 for other in near)


def _tenths(scores: Sequence[float]) -> bool:
    return all(abs(10 * score - round(10 * score)) < 1e-9 for score in scores)


def _crossings(rows: Sequence[ProfileRow], spokes: Spokes, slot: int) -> list[float]:
    """Return where lines between two neighbours cross the middle between their spokes: 2 a b cos(h) / (a + b)."""
    ends = rows[slot - 1], rows[slot]
    half = math.cos(math.pi / spokes.n)
    found = []
    for scores in ([row.start for row in ends], [row.target for row in ends], [row.mean for row in ends]):
        known = [spokes.radius(score) for score in scores if score is not None and math.isfinite(score)]
        if len(known) == 2:
            found.append(2 * known[0] * known[1] * half / sum(known))
    return found
