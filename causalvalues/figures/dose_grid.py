"""How the panels of dose-response curves share a page: their scales, sizes and places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from causalvalues.figures.curve_panel import Panel
from causalvalues.leakage.dose_curves import DoseResponse
from causalvalues.scene.geometry import tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.palette import LABEL_SIZE, MARGIN, NAME_SIZE

LEAST_PANEL, WIDEST_PANEL = 72.0, 260.0
LOWEST = 34.0
CUT = 2.6
"""Losses beyond so many times what is allowed leave the panel."""
BETWEEN, ROWS_APART, BELOW = 12.0, 9.0, 13.0
TALLEST = 585.0
"""Height that all rows should not exceed, so that they fit the pages of venues."""
LEAST_HIGH, LEAST_LOW = 36.0, 26.0
"""Least heights of the parts of a panel."""
HIGH, LOW = 0.75, 0.38
"""Height of the upper and of the lower part of a panel, as shares of its width."""
LINE, HEAD_LINE = 9.0, 9.6
NAME_SHARE = 0.3


@dataclass(frozen=True)
class DoseGrid:
    """What all panels share: their scales, sizes and places.

    `lines` counts those of names and of where levers break, `numbers` is how wide the numbers of the scales are, and
    `unit` is the guardrail whose own unit the lower scale has; "" where losses are shares of what is allowed.
    """

    width: float
    columns: int
    left: float
    wide: float
    high: float
    low: float
    across: tuple[float, float]
    up: tuple[float, float]
    loss: tuple[float, float]
    unit: str
    lines: tuple[int, int]
    numbers: float = 0.0

    @property
    def row(self) -> float:
        """Height of a row of panels."""
        return self.head + self.high + (ROWS_APART + self.low if self.low else 0.0)

    @property
    def head(self) -> float:
        """Height of the name and of where it breaks, above a panel."""
        return HEAD_LINE * self.lines[0] + LINE * self.lines[1] + 7.0


def dose_grid(each: Sequence[DoseResponse], heads: Sequence[str], width: float) -> DoseGrid:
    """Return common scales, and as many columns as panels of readable width stand side by side."""
    guards = list(each[0].guardrails)
    unit = guards[0] if len(guards) == 1 else ""
    across, up, loss = _scales(each, unit)
    named = max(text_width(head, NAME_SIZE, bold=True) for head in heads) + 2
    least = max(LEAST_PANEL, min(named, NAME_SHARE * width))
    columns, (left, numbers), wide = _columns(
        len(each), (width, least), (across, up), loss_places(each[0], unit, loss) if guards else ()
    )
    low = max(LOW * wide, LOWEST) if guards else 0.0
    lines = max(len(head_lines(head, wide)) for head in heads)
    broken = max(len(break_lines(one, wide)) for one in each)
    grid = DoseGrid(width, columns, left, wide, HIGH * wide, low, across, up, loss, unit, (lines, broken), numbers)
    rows = math.ceil(len(each) / columns)
    excess = (rows * (grid.row + BELOW) - TALLEST) / rows
    if excess <= 0:
        return grid
    shorter = max(grid.high - excess, min(grid.high, LEAST_HIGH))
    return replace(grid, high=shorter, low=min(grid.low, max(grid.low - excess + grid.high - shorter, LEAST_LOW)))


def _scales(each: Sequence[DoseResponse], unit: str) -> tuple[tuple[float, float], ...]:
    """Return the ends of the scales of doses, effects and losses; losses far beyond what is allowed are cut off."""
    doses = [0.0, *(dose for one in each for dose in one.doses)]
    effects, losses, least = [0.0], [0.0], 0.0
    for one in each:
        effects += _known(one.effect[list(one.values)]) + _known(one.lower[[one.aim]]) + _known(one.upper[[one.aim]])
        for name, allowed in one.guardrails.items():
            scale = 1.0 if unit else allowed
            losses += [x / scale for x in _known(one.effect[[name]])] + [-allowed / scale]
            least = min(least, -CUT * allowed / scale)
    up, loss = _with_room(min(effects), max(effects)), _with_room(max(min(losses), least), max(losses))
    return (min(doses), max(doses)), up, loss


def _columns(
    levers: int, page: tuple[float, float], scales: tuple[tuple[float, float], ...], losses: tuple[float, ...]
) -> tuple[int, tuple[float, float], float]:
    """Return columns, where the first begins with how wide its numbers are, and how wide a panel is.

    `page` is the width of the page and the least width of a panel.
    """
    (width, least), (across, up) = page, scales
    wide, columns, left, room, numbers = least, 1, 0.0, 0.0, 0.0
    for _ in range(3):  # the numbers of the scales depend on the size of the panels, and the reverse
        texts = Panel("", 0, 0, wide, HIGH * wide, across, up).ticks_up()[1]
        texts += Panel("", 0, 0, wide, wide, across, up, losses).ticks_up()[1] if losses else []
        numbers = max([numbers, *(text_width(text, LABEL_SIZE) for text in texts)])
        left = MARGIN + 16.0 + numbers
        room = width - MARGIN - 4.0 - left
        columns = max(1, min(levers, int((room + BETWEEN) / (least + BETWEEN))))
        columns = math.ceil(levers / math.ceil(levers / columns))
        wide = min((room - BETWEEN * (columns - 1)) / columns, WIDEST_PANEL)
    spare = room - columns * wide - BETWEEN * (columns - 1)
    return columns, (tidy(left + spare / 2), numbers), wide


def _with_room(low: float, high: float) -> tuple[float, float]:
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def _known(table: pd.DataFrame) -> list[float]:
    return [float(x) for x in table.to_numpy(dtype=float).ravel() if math.isfinite(x)]


def loss_places(one: DoseResponse, unit: str, scale: tuple[float, float]) -> tuple[float, ...]:
    """Return the numbers of the scale of losses: none, what is allowed, twice that, as far as they are on it."""
    allowed = one.guardrails[unit] if unit else 1.0
    return tuple(-times * allowed for times in (2, 1, 0) if -times * allowed >= scale[0])


def break_lines(one: DoseResponse, wide: float) -> tuple[str, ...]:
    """Return where a lever breaks, in lines of a width."""
    return wrap(str(one.breaks), wide, LABEL_SIZE, 3)


def head_lines(name: str, wide: float) -> tuple[str, ...]:
    """Return the name of a lever, in lines of a width."""
    return wrap(name, wide / 1.1, NAME_SIZE, 2)
