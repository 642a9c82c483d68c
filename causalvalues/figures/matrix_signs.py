"""What the cells of a matrix say: colours with their scale, signs where numbers have no room, and notes on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from causalvalues.numerals import scale_number
from causalvalues.scene.geometry import disc, moved, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import FAINT, LABEL_SIZE, NEGATIVE, POSITIVE, QUIET, blend, readable_ink

DEEPEST = 0.92
SCALE_STEPS = 41


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
