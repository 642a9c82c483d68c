"""A matrix on a page of any width: names at two sides, cells as wide as there is room, a scale of colours below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from causalvalues.numerals import scale_number
from causalvalues.scene.geometry import disc, moved, polygon, rectangle, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, ELLIPSIS, LEADING, longest_word, text_width, wrap
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import FAINT, LABEL_SIZE, NAME_SIZE, NEGATIVE, POSITIVE, QUIET, blend, readable_ink

LARGEST_CELL, HIGHEST_CELL = 40.0, 26.0
LONGEST_NAME, LONGEST_HEAD = 100.0, 116.0
NAME_SHARE = 0.4
DEEPEST = 0.92
SCALE_STEPS = 41
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


def cell_colour(value: float, largest: float) -> str:
    """Return the fill of a cell: white at zero, full colour at plus or minus `largest`."""
    share = min(abs(value) / largest, 1.0) * DEEPEST
    return blend(POSITIVE if value > 0 else NEGATIVE, share)


def sign_mark(part: str, at: tuple[float, float], value: float, fill: str) -> Shape:
    """Return a plus or a minus in a cell that has no room for its number."""
    x, y = at
    across = polygon([(x - 2.2, y), (x + 2.2, y)], closed=False)
    upright = polygon([(x, y - 2.2), (x, y + 2.2)], closed=False) if value > 0 else ()
    return Shape(part, "sign", (*across, *upright), stroke=readable_ink(fill), stroke_width=0.8)


def colour_scale(left: float, top: float, largest: float, length: float = 110.0) -> list[Mark]:
    """Return the scale of colours from minus to plus `largest`, with numbers below; it is 17 points high."""
    marks: list[Mark] = []
    for k in range(SCALE_STEPS):
        value = largest * (2 * k / (SCALE_STEPS - 1) - 1)
        more = 0.2 if k < SCALE_STEPS - 1 else 0.0
        box = rectangle(left + length * k / SCALE_STEPS, top, length / SCALE_STEPS + more, 7.0)
        marks.append(Shape("scale", "scale", box, fill=cell_colour(value, largest)))
    marks.append(Shape("scale", "frame", rectangle(left, top, length, 7.0), stroke=FAINT, stroke_width=0.4))
    for share, value in ((0.0, -largest), (0.5, 0.0), (1.0, largest)):
        text, x = scale_number(value), tidy(left + share * length)
        marks.append(Text("scale", "tick", x, tidy(top + 17), text, LABEL_SIZE, "middle", colour=QUIET))
    return marks


@dataclass(frozen=True)
class Note:
    """One line of the legend: a sign of `wide` points, drawn about (0, 0) to the right, and what it means."""

    text: str
    shapes: tuple[Shape, ...] = ()
    wide: float = 0.0


def notes_beside(
    notes: Sequence[Note], place: tuple[float, float], right: float, below: float
) -> tuple[list[Mark], float]:
    """Set notes in lines, beside the scale where they have room, else below it.

    Parameters
    ----------
    notes : sequence of Note
    place : (x, y)
        Where they begin beside the scale: left end, and middle of the first line.
    right : float
        Right end of the page's room.
    below : float
        Left end below the scale.

    Returns
    -------
    (marks, float)
        And how far they reach below the upper end of the scale.
    """
    x, y = place
    beside = all(text_width(note.text, LABEL_SIZE) + note.wide + 3 <= right - x for note in notes)
    start, first = (x, y) if beside else (below, y + 24)
    marks: list[Mark] = []
    line = 0
    for note in notes:
        shift = note.wide + 3 if note.shapes else 0.0
        for k, text in enumerate(wrap(note.text, right - start - shift, LABEL_SIZE, 3)):
            middle = first + 10 * line
            if k == 0:
                marks += [replace(shape, path=moved(shape.path, start, middle)) for shape in note.shapes]
            at = (tidy(start + shift), tidy(middle + 0.36 * LABEL_SIZE))
            marks.append(Text("note", "legend", *at, text, LABEL_SIZE, colour=QUIET))
            line += 1
    return marks, max(first + 10 * (line - 1) + 6 - (y - 3.5), 19.0)


def small_ring(part: str, x: float, y: float) -> Shape:
    """Return the ring that marks an effect that is shown to be small."""
    return Shape(part, "still", disc(tidy(x), tidy(y), 2.0), stroke=QUIET, stroke_width=0.7)


def cross(part: str, at: tuple[float, float], ink: str) -> Shape:
    """Return the cross that marks a wrong sign."""
    x, y = at
    one, two = ([(x - 2.2, y - 2.2), (x + 2.2, y + 2.2)], [(x - 2.2, y + 2.2), (x + 2.2, y - 2.2)])
    path = (*polygon(one, closed=False), *polygon(two, closed=False))
    return Shape(part, "wrong", path, stroke=ink, stroke_width=0.9)


def finite_most(values: Sequence[float]) -> float:
    """Return the largest size among finite values, 1 where there is none."""
    sizes = [abs(value) for value in values if math.isfinite(value)]
    return max(sizes, default=1.0) or 1.0
