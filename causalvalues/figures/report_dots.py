"""A dot plot of named rows with intervals, for reports: one scale, a few kinds of dots, a number beside each row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.axis import Axis
from causalvalues.figures.geometry import disc, polygon, rectangle, tidy
from causalvalues.figures.metrics import printable, text_width, wrap
from causalvalues.figures.palette import (
    INK,
    LABEL_SIZE,
    MARGIN,
    NAME_SIZE,
    NEGATIVE,
    PAPER,
    POSITIVE,
    QUIET,
    RULE,
    blend,
)
from causalvalues.figures.scene import Cell, Mark, Scene, Shape, Text
from causalvalues.numerals import estimate

WIDTH = 468.0
ROW = 16.0
NAMES = 200.0
FILLED, HOLLOW, BAND = "filled", "hollow", "band"


@dataclass(frozen=True)
class Dots:
    """One kind of dots: a number for each row.

    Parameters
    ----------
    name : str
        For the legend.
    style : {"filled", "hollow", "band"}
        A blue dot, an orange ring, or a grey band from `lower` to `upper` without a dot (what chance gives).
    values, lower, upper : tuple of float, one for each row
        NaN draws nothing; without `lower` and `upper` no interval is drawn.
    """

    name: str
    style: str
    values: tuple[float, ...]
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()

    def at(self, place: int) -> tuple[float, float, float]:
        """Return value, lower and upper of a row."""
        ends = (self.lower[place], self.upper[place]) if self.lower and self.upper else (math.nan, math.nan)
        return self.values[place], *ends


@dataclass(frozen=True)
class DotText:
    """The words of a dot plot.

    Parameters
    ----------
    title : str
        What it shows; used by reports and screen readers.
    axis : str
        What the scale counts.
    caption : str
    beside : str
        Heading of the numbers beside the rows.
    """

    title: str
    axis: str
    caption: str
    beside: str = ""


def report_dots(rows: Sequence[str], kinds: Sequence[Dots], words: DotText, beside: Sequence[str] = ()) -> Scene:
    """Draw rows of dots on one scale.

    Parameters
    ----------
    rows : sequence of str
        Names, from above to below.
    kinds : sequence of Dots
        Painted in their order; bands should come first.
    words : DotText
    beside : sequence of str, optional
        A short text for each row, set flush right beside it.

    Returns
    -------
    Scene

    Raises
    ------
    FigureError
        If there is no row, no finite number, or a kind has another number of rows.
    """
    ends = [end for kind in kinds for place in range(len(rows)) for end in _at(kind, place, len(rows))]
    known = [end for end in ends if math.isfinite(end)]
    if not rows or not known:
        raise FigureError("There is nothing to draw: no row has a number.")
    names = [wrap(printable(row), NAMES, NAME_SIZE, 1)[0] for row in rows]
    left = tidy(MARGIN + 8 + max(text_width(name, NAME_SIZE) for name in names))
    numbers = max((text_width(text, LABEL_SIZE) for text in (*beside, words.beside)), default=0.0)
    right = tidy(WIDTH - MARGIN - (numbers + 12 if numbers else 8))
    axis = Axis.around([0.0, *known], left, right)
    top = MARGIN + 16
    bottom = top + ROW * len(rows) + 2
    marks: list[Mark] = axis.marks(top - 2, bottom, wrap(words.axis, WIDTH - 2 * MARGIN, LABEL_SIZE, 1)[0])
    if words.beside:
        head = (WIDTH - MARGIN, tidy(top - 6))
        marks.append(Text("heads", "head-text", *head, words.beside, LABEL_SIZE, "end", colour=QUIET))
    for place, name in enumerate(names):
        y = top + ROW * (place + 0.5)
        marks += _row(f"row-{place}", name, axis, y)
        for kind in kinds:
            marks += _dot(f"row-{place}", kind.style, [axis.x(at) for at in _at(kind, place, len(rows))], y)
        if beside:
            at = (WIDTH - MARGIN, tidy(y + 0.36 * LABEL_SIZE))
            marks.append(Text(f"row-{place}", "number", *at, beside[place], LABEL_SIZE, "end", colour=INK))
    marks += _legend(kinds, bottom + 34)
    return Scene(
        kind="report_dots",
        width=WIDTH,
        height=tidy(bottom + 34 + 6 + 2 * MARGIN),
        marks=tuple(marks),
        title=words.title,
        caption=words.caption,
        alt=_alt(rows, kinds, words),
        columns=("row", *(f"{kind.name}{part}" for kind in kinds for part in ("", " lower", " upper"))),
        rows=tuple(_cells(row, kinds, place) for place, row in enumerate(rows)),
    )


def _at(kind: Dots, place: int, size: int) -> tuple[float, float, float]:
    if len(kind.values) != size or any(each and len(each) != size for each in (kind.lower, kind.upper)):
        raise FigureError(f"{kind.name!r} has {len(kind.values)} numbers for {size} rows. Give one for each row.")
    return kind.at(place)


def _row(part: str, name: str, axis: Axis, y: float) -> list[Mark]:
    high = tidy(y - ROW / 2)
    rule = polygon([(MARGIN, high), (WIDTH - MARGIN, high)], closed=False)
    at = (tidy(axis.left - 6), tidy(y + 0.36 * NAME_SIZE))
    return [
        Shape(part, "rule", rule, stroke=RULE, stroke_width=0.25),
        Text(part, "name", *at, name, NAME_SIZE, "end"),
    ]


def _dot(part: str, style: str, at: Sequence[float], y: float) -> list[Mark]:
    x, low, high = at
    ranged = math.isfinite(low) and math.isfinite(high)
    if style == BAND:
        box = rectangle(low, y - 4.5, max(high - low, 0.6), 9.0) if ranged else ()
        return [Shape(part, "band", box, fill=blend(INK, 0.14))] if ranged else []
    colour = POSITIVE if style == FILLED else NEGATIVE
    marks: list[Mark] = []
    if ranged:
        ends = polygon([(low, y), (high, y)], closed=False)
        marks.append(Shape(part, "interval", ends, stroke=colour, stroke_width=1.2))
    if math.isfinite(x):
        if style == FILLED:
            marks.append(Shape(part, "mean", disc(x, y, 2.8), fill=colour))
        else:
            marks.append(Shape(part, "ring", disc(x, y, 2.6), fill=PAPER, stroke=colour, stroke_width=1.1))
    return marks


def _legend(kinds: Sequence[Dots], y: float) -> list[Mark]:
    lengths = [24 + text_width(kind.name, LABEL_SIZE) for kind in kinds]
    x = max((WIDTH - sum(lengths) - 18 * (len(kinds) - 1)) / 2, MARGIN)
    marks: list[Mark] = []
    for kind, length in zip(kinds, lengths, strict=True):
        middle = math.nan if kind.style == BAND else x + 10
        marks += _dot("legend", kind.style, (middle, x, x + 20), y)
        at = (tidy(x + 24), tidy(y + 0.36 * LABEL_SIZE))
        marks.append(Text("legend", "legend", *at, kind.name, LABEL_SIZE, colour=QUIET))
        x += length + 18
    return marks


def _alt(rows: Sequence[str], kinds: Sequence[Dots], words: DotText) -> str:
    said = []
    for kind in kinds:
        if kind.style == BAND:
            continue
        found = [(place, kind.at(place)) for place in range(len(rows)) if math.isfinite(kind.at(place)[0])]
        listed = "; ".join(
            f"{printable(rows[place])} {estimate(value, lower, upper)}" for place, (value, lower, upper) in found[:8]
        )
        said.append(f"{kind.name}: {listed}{'; ...' if len(found) > 8 else ''}")
    return f"Dot plot of {len(rows)} rows, {words.axis}. {'. '.join(said)}."


def _cells(row: str, kinds: Sequence[Dots], place: int) -> tuple[Cell, ...]:
    numbers = [number for kind in kinds for number in kind.at(place)]
    return (row, *(round(each, 9) + 0.0 if math.isfinite(each) else None for each in numbers))
