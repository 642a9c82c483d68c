"""The ring of a circle layout: a circle, or an upright ellipse where the page is narrow, with slots along its rim."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from causalvalues.frozen import FloatArray

COMPACT = 390.0
"""Width in points below which discs, gaps and names are set smaller."""


@dataclass(frozen=True)
class Sizes:
    """Sizes in points: of discs, of half the band of sectors, of the gap before names, and of their type."""

    disc: float = 5.0
    band: float = 7.5
    gap: float = 13.5
    name: float = 8.0
    clear: float = 17.0
    margin: float = 6.0

    @classmethod
    def on(cls, width: float) -> Sizes:
        """Return the sizes for a page of this width."""
        return cls(3.8, 3.0, 7.4, 7.0, 8.0, 2.5) if width < COMPACT else cls()


@dataclass(frozen=True)
class Ring:
    """An ellipse about (x, y), half axes `a` (across) and `b` (down), with n slots of equal length from the top."""

    x: float
    y: float
    a: float
    b: float
    n: int

    @cached_property
    def _lengths(self) -> tuple[FloatArray, FloatArray]:
        turns = np.linspace(0, 2 * math.pi, 1441)
        steps = np.hypot(np.diff(self.a * np.sin(turns)), np.diff(self.b * np.cos(turns)))
        return turns, np.concatenate([[0.0], np.cumsum(steps)])

    def turn(self, slot: float) -> float:
        """Return the parameter of a slot: radians clockwise from the top."""
        if self.a == self.b:
            return 2 * math.pi * slot / self.n
        turns, lengths = self._lengths
        whole, rest = divmod(slot / self.n, 1.0)
        return float(2 * math.pi * whole + np.interp(rest * lengths[-1], lengths, turns))

    def at(self, slot: float, out: float = 0.0) -> tuple[float, float]:
        """Return the point of a slot, `out` points outside the rim."""
        turn = self.turn(slot)
        ux, uy = self._normal(turn)
        return (
            self.x + self.a * math.sin(turn) + out * ux,
            self.y - self.b * math.cos(turn) + out * uy,
        )

    def normal(self, slot: float) -> tuple[float, float]:
        """Return the direction outwards at a slot."""
        return self._normal(self.turn(slot))

    def _normal(self, turn: float) -> tuple[float, float]:
        x, y = self.b * math.sin(turn), -self.a * math.cos(turn)
        length = math.hypot(x, y)
        return x / length, y / length

    def moved(self, dx: float, dy: float) -> Ring:
        """Return the same ring elsewhere."""
        return Ring(self.x + dx, self.y + dy, self.a, self.b, self.n)

    def band(self, first: float, last: float, out: float) -> list[FloatArray]:
        """Return cubic curves along the rim, `out` points outside it, from slot `first` to slot `last`."""
        pieces = max(math.ceil(abs(last - first) / self.n * 32), 1)
        slots = np.linspace(first, last, pieces + 1)
        points = np.array([self.at(float(slot), out) for slot in slots])
        small = 1e-3 * (last - first) / pieces
        ways = np.array([np.subtract(self.at(float(s) + small, out), self.at(float(s) - small, out)) for s in slots])
        ways *= (slots[1] - slots[0]) / (2 * small) / 3
        return [
            np.array([points[i], points[i] + ways[i], points[i + 1] - ways[i + 1], points[i + 1]])
            for i in range(pieces)
        ]
