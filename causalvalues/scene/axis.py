"""A small scale for dot plots: score to points, with ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from causalvalues.numerals import scale_number, ticks
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import FAINT, LABEL_SIZE, QUIET, RULE

TITLE_LINE = 9.0


@dataclass(frozen=True)
class Axis:
    """A horizontal scale from score `low` at `left` points to score `high` at `right` points."""

    low: float
    high: float
    left: float
    right: float

    @classmethod
    def around(cls, scores: Sequence[float], left: float, right: float) -> Axis:
        """Return a scale that holds all scores with a little room at both ends."""
        low, high = min(scores), max(scores)
        room = 0.04 * (high - low) or 0.5
        return cls(low - room, high + room, left, right)

    def x(self, score: float) -> float:
        """Return the place of a score."""
        return tidy(self.left + (score - self.low) / (self.high - self.low) * (self.right - self.left))

    def marks(self, top: float, bottom: float, title: str | Sequence[str]) -> list[Mark]:
        """Return faint lines at round scores from `top` to `bottom`, the numbers and the title (or its lines) below."""
        places, texts = self._ticks()
        marks: list[Mark] = []
        for score, text in zip(places, texts, strict=True):
            ends = [(self.x(score), top), (self.x(score), bottom)]
            marks.append(
                Shape(
                    "axis",
                    "rule",
                    polygon(ends, closed=False),
                    stroke=RULE,
                    stroke_width=0.4,
                    dash=() if score == 0 else (1, 2),
                )
            )
            marks.append(
                Text("axis", "tick", self.x(score), tidy(bottom + 10), text, LABEL_SIZE, "middle", colour=QUIET)
            )
        ends = [(self.left, bottom), (self.right, bottom)]
        marks.append(Shape("axis", "rule", polygon(ends, closed=False), stroke=FAINT, stroke_width=0.6))
        middle = tidy((self.left + self.right) / 2)
        for k, line in enumerate((title,) if isinstance(title, str) else title):
            base = tidy(bottom + 21 + TITLE_LINE * k)
            marks.append(Text("axis", "axis-title", middle, base, line, LABEL_SIZE, "middle", colour=QUIET))
        return marks

    def _ticks(self) -> tuple[tuple[float, ...], list[str]]:
        """Return round scores and their texts, as many as stand side by side, with the decimals that they need."""
        places: tuple[float, ...] = ()
        texts: list[str] = []
        for wanted in (6, 5, 4, 3, 2):
            places = ticks(self.low, self.high, wanted)
            step = min((b - a for a, b in pairwise(places)), default=1.0)
            decimals = next((d for d in range(6) if abs(step * 10**d - round(step * 10**d)) < 1e-6), 6)
            texts = [scale_number(score, decimals) for score in places]
            room = step / (self.high - self.low) * (self.right - self.left)
            if max((text_width(text, LABEL_SIZE) for text in texts), default=0.0) + 3 <= room:
                break
        return places, texts
