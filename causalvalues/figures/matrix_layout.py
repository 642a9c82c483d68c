"""A matrix on a page of any width: names at two sides, cells as wide as there is room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.scene.geometry import rectangle, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, ELLIPSIS, LEADING, longest_word, text_width, wrap
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import LABEL_SIZE, NAME_SIZE

LARGEST_CELL, HIGHEST_CELL = 40.0, 26.0
LONGEST_NAME, LONGEST_HEAD = 100.0, 116.0
NAME_SHARE = 0.4
Lines = tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """Where cells and names stand.

    Parameters
    ----------
    left, top : float
        Upper left corner of the first cell.
    wide, high : float
        Size of a cell.
    rows, columns : tuple of tuple of str
        Lines of each name.
    size : float
        Type size of the names.
    """

    left: float
    top: float
    wide: float
    high: float
    rows: tuple[Lines, ...]
    columns: tuple[Lines, ...]
    size: float

    @property
    def right(self) -> float:
        """Right end of the cells."""
        return tidy(self.left + self.wide * len(self.columns))

    @property
    def bottom(self) -> float:
        """Lower end of the cells."""
        return tidy(self.top + self.high * len(self.rows))

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """Return the middle of a cell."""
        return tidy(self.left + (column + 0.5) * self.wide), tidy(self.top + (row + 0.5) * self.high)

    def cell(self, part: str, place: tuple[int, int], fill: str, edge: str) -> Shape:
        """Return the ground of a cell."""
        x, y = self.left + place[1] * self.wide, self.top + place[0] * self.high
        return Shape(part, "cell", rectangle(x, y, self.wide, self.high), fill=fill, stroke=edge, stroke_width=0.7)

    def names(self) -> list[Mark]:
        """Return the names of rows (to the left, flush right) and columns (above, reading upwards)."""
        marks: list[Mark] = []
        for i, lines in enumerate(self.rows):
            for k, line in enumerate(lines):
                y = self.middle(i, 0)[1] - _block(lines, self.size) / 2 + (ASCENT + k * LEADING) * self.size
                marks.append(Text(f"row-{i}", "name", tidy(self.left - 5), tidy(y), line, self.size, "end"))
        for j, lines in enumerate(self.columns):
            for k, line in enumerate(lines):
                x = self.middle(0, j)[0] - _block(lines, self.size) / 2 + (ASCENT + k * LEADING) * self.size
                marks.append(Text(f"column-{j}", "name", tidy(x), tidy(self.top - 5), line, self.size, angle=-90.0))
        return marks


def matrix_layout(
    rows: Sequence[str], columns: Sequence[str], ends: tuple[float, float], top: float, needed: float
) -> Matrix:
    """Divide the room between two ends among names and cells.

    Parameters
    ----------
    rows, columns : sequence of str
        Names as shown.
    ends : (left, right)
        Of names and cells together, in points.
    top : float
        Upper end of the names of the columns.
    needed : float
        Width that a cell would like to have; names are broken into up to three lines for it.

    Returns
    -------
    Matrix
    """
    left, right = ends
    room = (right - left - 5, len(columns))
    longest = min(LONGEST_NAME, NAME_SHARE * (right - left))
    size = NAME_SIZE
    broken, wide = _rows(rows, (longest, size), room, needed)
    if wide < 1.06 * size:
        size = LABEL_SIZE
        broken, wide = _rows(rows, (longest, size), room, needed)
    wide = min(wide, LARGEST_CELL)
    most = 2 if wide >= 2 * LEADING * size else 1
    heads = tuple(wrap(name, LONGEST_HEAD, size, most) for name in columns)
    taken = max(text_width(line, size) for lines in broken for line in lines) + 5
    spare = max(right - left - taken - wide * len(columns), 0) / 2
    above = max(text_width(line, size) for lines in heads for line in lines) + 5
    high = max(min(wide, HIGHEST_CELL), *(_block(lines, size) + 1 for lines in broken))
    return Matrix(tidy(left + taken + spare), tidy(top + above), tidy(wide), tidy(high), broken, heads, size)


def _rows(
    names: Sequence[str], measure: tuple[float, float], room: tuple[float, int], needed: float
) -> tuple[tuple[Lines, ...], float]:
    """Break the names into as few lines as leave the width that cells need; return them and the width of a cell.

    `measure` is the widest line and the type size, `room` the width for names and cells and the number of columns.
    """
    longest, size = measure
    least = max(longest_word(name, longest, size) for name in names)
    broken: tuple[Lines, ...] = ()
    wide = 0.0
    for most in (1, 2, 3):
        trial = tuple(wrap(name, longest, size, most) for name in names)
        cut = sum(_is_cut(lines) for lines in trial)
        for tried in range(math.ceil(least), int(longest), 4):
            narrower = tuple(wrap(name, tried, size, most) for name in names)
            if sum(map(_is_cut, narrower)) <= cut:
                trial = narrower
                break
        rest = (room[0] - max(text_width(line, size) for lines in trial for line in lines)) / room[1]
        if not broken or rest > wide * 1.02 or any(map(_is_cut, broken)):
            broken, wide = trial, rest
        if wide >= needed and not any(map(_is_cut, broken)):
            break
    return broken, wide


def _is_cut(lines: Lines) -> bool:
    return lines[-1].endswith(ELLIPSIS)


def _block(lines: Lines, size: float) -> float:
    return size * (ASCENT + DESCENT + (len(lines) - 1) * LEADING)
