"""Where the ranks of several groups stand: columns in one panel or in panels below each other, names at their sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.row_frame import TEXT_LINE
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.palette import LABEL_SIZE, MARGIN, NAME_SIZE

SLOT = 14.0
SIGN = 4.0
GAP = 3.0
LEAST_LINE, SHORTEST_LINE = 14.0, 8.0
HEAD_LINE = 9.0
HIGHEST = 640.0
"""Panels that would be higher than this together are not parted."""
Lines = tuple[str, ...]


@dataclass(frozen=True)
class RankLayout:
    """How ranks are laid out.

    Parameters
    ----------
    panels : tuple of tuple of int
        Groups of each panel.
    left : float
        Place of the first column's signs.
    step : float
        From one column to the next; 0 where there is only one.
    beside : float
        Room for the texts right of a sign, 0 for none.
    names : tuple of tuple of str
        Lines of the name of every value, at the left of each panel.
    ends : bool
        Whether the names stand at the right too.
    heads : tuple of tuple of str
        Lines of the name above every column.
    numbered : bool
        Whether the columns have numbers, which a key explains.
    flush : bool
        Whether a column's name starts at its signs, else stands in the middle above them.
    slot : float
        Height of a rank.
    width : float
        Page width.
    """

    panels: tuple[tuple[int, ...], ...]
    left: float
    step: float
    beside: float
    names: tuple[Lines, ...]
    ends: bool
    heads: tuple[Lines, ...]
    numbered: bool
    flush: bool
    slot: float
    width: float

    def x(self, place: int) -> float:
        """Return where the signs of the column at this place of its panel stand."""
        return self.left + self.step * place

    @property
    def texts(self) -> bool:
        """Whether intervals are written beside the signs."""
        return self.beside > 0

    @property
    def head(self) -> float:
        """Height of the names above a panel."""
        return HEAD_LINE * max(len(lines) for lines in self.heads) + 8.0

    def panel(self, n: int) -> float:
        """Return the height of a panel of `n` values."""
        return self.head + self.slot * n + 6.0


def rank_layout(values: Sequence[str], groups: Sequence[str], intervals: Sequence[str], width: float) -> RankLayout:
    """Choose the fullest layout that fits a page.

    Parameters
    ----------
    values, groups : sequence of str
        As shown.
    intervals : sequence of str
        What stands right of the signs; empty for nothing.
    width : float
        Page width in points.

    Returns
    -------
    RankLayout
        Names at both sides and intervals; else names at the left and intervals, in as few panels as it takes; else
        names at the left and no intervals.

    Raises
    ------
    FigureError
        If not even that fits.
    """
    beside = GAP + max((text_width(text, LABEL_SIZE) for text in intervals), default=-GAP)
    parted = range(1, len(groups) + 1)
    offers = [(1, beside, True), *((panels, beside, False) for panels in parted)]
    for panels, texts, ends in [*offers, *((panels, 0.0, False) for panels in parted)]:
        found = _fitted(values, groups, (panels, texts, ends), width)
        if found is not None and (panels == 1 or not texts or panels * found.panel(len(values)) <= HIGHEST):
            return found
    raise FigureError(f"{len(groups)} groups do not fit into {width:g} points. Give a wider page or fewer groups.")


def _fitted(
    values: Sequence[str], groups: Sequence[str], how: tuple[int, float, bool], width: float
) -> RankLayout | None:
    count, beside, ends = how
    across = math.ceil(len(groups) / count)
    count = math.ceil(len(groups) / across)
    measure = (0.24 if ends else 0.30) * width
    names = tuple(wrap(value, measure, NAME_SIZE, 3) for value in values)
    if ends and max(map(len, names)) > 1:
        return None
    wide = max(text_width(line, NAME_SIZE) for lines in names for line in lines)
    scale = text_width(str(len(values)), LABEL_SIZE) + 2 * GAP
    left = MARGIN + scale + wide + GAP + SIGN
    right = width - MARGIN - (wide + 2 * GAP if ends else 0.0) - SIGN - beside
    least = 2 * SIGN + (beside + LEAST_LINE if beside else SHORTEST_LINE)
    step = (right - left) / (across - 1) if across > 1 else 0.0
    if step < least if across > 1 else right < left:
        return None
    step = min(step, 130.0)
    last = left + step * (across - 1)
    flush = beside > 0
    room = width - MARGIN - last + SIGN if flush else 2 * (width - MARGIN - last)
    shared = (step + room) / 2 - 4.0 if flush else room  # a name above the last column may begin left of its signs
    heads, numbered = _heads(groups, min(step - 4.0, shared) if across > 1 else width - 2 * MARGIN)
    panels = tuple(tuple(range(first, min(first + across, len(groups)))) for first in range(0, len(groups), across))
    slot = max(SLOT, TEXT_LINE * max(map(len, names)) + 3.0)
    return RankLayout(panels, left, step, beside, names, ends, heads, numbered, flush and not numbered, slot, width)


def _heads(groups: Sequence[str], cell: float) -> tuple[tuple[Lines, ...], bool]:
    """Return the names above columns that are `cell` wide, or their numbers where a name would need to be cut."""
    heads = tuple(wrap(group, cell, LABEL_SIZE, 4) for group in groups)
    whole = all(
        "".join("".join(lines).split()) == "".join(group.split()) for lines, group in zip(heads, groups, strict=True)
    )
    unbroken = all(text_width(word, LABEL_SIZE) <= cell for group in groups for word in group.split())
    if whole and unbroken and max(map(len, heads)) <= 3:
        return heads, False
    return tuple((str(k + 1),) for k in range(len(groups))), True
