"""A dot plot of estimates with intervals: one row a thing, up to two series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.axis import Axis
from causalvalues.figures.geometry import disc, polygon, tidy
from causalvalues.figures.metrics import printable, text_width, wrap
from causalvalues.figures.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, NEGATIVE, PAPER, POSITIVE, QUIET, RULE
from causalvalues.figures.scene import Cell, Mark, Scene, Shape, Text
from causalvalues.numerals import estimate

WIDTH = 468.0
ROW = 20.0
APART = 3.6
NAMES = 150.0
COLOURS = (POSITIVE, NEGATIVE)

Estimated = tuple[float, float, float]
"""Estimate, lower and upper end."""


@dataclass(frozen=True)
class IntervalPlot:
    """What is drawn.

    Parameters
    ----------
    rows : tuple of str
        Names, from top to bottom.
    series : mapping of str to sequence of (estimate, lower, upper)
        One or two, each as long as `rows`; NaN draws nothing. The first is filled, the second hollow.
    axis : str
        What the scale means, with its unit.
    title, caption : str
    decimals : int, default 3
    line : float, optional
        A value that is marked from top to bottom.
    """

    rows: tuple[str, ...]
    series: Mapping[str, Sequence[Estimated]]
    axis: str
    title: str
    caption: str
    decimals: int = 3
    line: float | None = None

    def __post_init__(self) -> None:
        if not self.rows or not 1 <= len(self.series) <= 2:
            raise FigureError("An interval plot needs rows, and one or two series.")
        if any(len(each) != len(self.rows) for each in self.series.values()):
            raise FigureError("A series of an interval plot has not as many estimates as there are rows.")


def interval_plot(plot: IntervalPlot) -> Scene:
    """Draw estimates with intervals, their numbers beside them.

    Parameters
    ----------
    plot : IntervalPlot

    Returns
    -------
    Scene

    Raises
    ------
    FigureError
        If no estimate is a number.
    """
    held = [each for series in plot.series.values() for row in series for each in row if math.isfinite(each)]
    if not held:
        raise FigureError("There is nothing to draw: no estimate is a number.")
    names = [wrap(printable(row), NAMES, NAME_SIZE, 1)[0] for row in plot.rows]
    left = tidy(MARGIN + 8 + max(text_width(name, NAME_SIZE) for name in names))
    texts = {name: [estimate(*each, plot.decimals) for each in series] for name, series in plot.series.items()}
    wides = [max(text_width(text, LABEL_SIZE) for text in (*column, name)) for name, column in texts.items()]
    ends = [WIDTH - MARGIN - sum(wides[place + 1 :]) - 10 * (len(wides) - 1 - place) for place in range(len(wides))]
    axis = Axis.around(held, left, tidy(ends[0] - wides[0] - 14))
    top, bottom = MARGIN + 14, MARGIN + 14 + ROW * len(plot.rows) + 2
    marks: list[Mark] = axis.marks(top - 2, bottom, wrap(plot.axis, axis.right - axis.left + 40, LABEL_SIZE, 1)[0])
    if plot.line is not None and axis.low <= plot.line <= axis.high:
        x = axis.x(plot.line)
        ends_of = polygon([(x, top - 2), (x, bottom)], closed=False)
        marks.append(Shape("line", "reference", ends_of, stroke=QUIET, stroke_width=0.9, dash=(3, 2)))
    for end, name in zip(ends, plot.series, strict=True):
        if len(plot.series) > 1:
            marks.append(Text("heads", "head-text", tidy(end), top - 6, name, LABEL_SIZE, "end", colour=QUIET))
    for place, name in enumerate(names):
        y = top + ROW * (place + 0.5)
        marks += _row(f"row-{place}", (plot, place), axis, y)
        marks.append(Text(f"row-{place}", "name", tidy(left - 8), tidy(y + 0.36 * NAME_SIZE), name, NAME_SIZE, "end"))
        for end, column in zip(ends, texts.values(), strict=True):
            base = tidy(y + 0.36 * LABEL_SIZE)
            marks.append(Text(f"row-{place}", "number", tidy(end), base, column[place], LABEL_SIZE, "end", colour=INK))
    if len(plot.series) > 1:
        marks += _legend(tuple(plot.series), bottom + 34)
    return Scene(
        kind="interval_plot",
        width=WIDTH,
        height=tidy(bottom + (34 + 6 if len(plot.series) > 1 else 22) + 2 * MARGIN),
        marks=tuple(marks),
        title=plot.title,
        caption=plot.caption,
        alt=_alt(plot, texts),
        columns=("row", *(f"{name}{end}" for name in plot.series for end in ("", " lower", " upper"))),
        rows=tuple(_cells(plot, place) for place in range(len(plot.rows))),
        provenance={"rows": str(len(plot.rows))},
    )


def _row(part: str, what: tuple[IntervalPlot, int], axis: Axis, y: float) -> list[Mark]:
    plot, place = what
    high = tidy(y - ROW / 2)
    rule = polygon([(MARGIN, high), (WIDTH - MARGIN, high)], closed=False)
    marks: list[Mark] = [Shape(part, "rule", rule, stroke=RULE, stroke_width=0.25)]
    for number_of, series in enumerate(plot.series.values()):
        value, lower, upper = series[place]
        if not math.isfinite(value):
            continue
        height = y if len(plot.series) == 1 else y + (APART if number_of else -APART)
        if math.isfinite(lower) and math.isfinite(upper):
            marks.append(_line(part, [(axis.x(lower), height), (axis.x(upper), height)], number_of))
        marks.append(_dot(part, axis.x(value), height, number_of))
    return marks


def _line(part: str, ends: Sequence[tuple[float, float]], number_of: int) -> Shape:
    path = polygon(ends, closed=False)
    return Shape(part, "interval", path, stroke=COLOURS[number_of], stroke_width=0.9 if number_of else 1.3)


def _dot(part: str, x: float, y: float, number_of: int) -> Shape:
    if not number_of:
        return Shape(part, "mean", disc(x, y, 2.9), fill=COLOURS[0])
    return Shape(part, "second", disc(x, y, 2.6), fill=PAPER, stroke=COLOURS[1], stroke_width=1.1)


def _legend(names: Sequence[str], y: float) -> list[Mark]:
    lengths = [24 + text_width(name, LABEL_SIZE) for name in names]
    x = (WIDTH - sum(lengths) - 22 * (len(names) - 1)) / 2
    marks: list[Mark] = []
    for number_of, (name, length) in enumerate(zip(names, lengths, strict=True)):
        marks.append(_line("legend", [(x, y), (x + 20, y)], number_of))
        marks.append(_dot("legend", x + 10, y, number_of))
        marks.append(
            Text("legend", "legend", tidy(x + 24), tidy(y + 0.36 * LABEL_SIZE), name, LABEL_SIZE, colour=QUIET)
        )
        x += length + 22
    return marks


def _alt(plot: IntervalPlot, texts: Mapping[str, Sequence[str]]) -> str:
    said = [
        f"{printable(row)} {', '.join(f'{column[place]} ({name})' for name, column in texts.items())}"
        for place, row in enumerate(plot.rows)
    ]
    return f"Dot plot, {printable(plot.axis)}: {'; '.join(said)}."


def _cells(plot: IntervalPlot, place: int) -> tuple[Cell, ...]:
    found: list[Cell] = [plot.rows[place]]
    for series in plot.series.values():
        found += [round(each, 9) + 0.0 if math.isfinite(each) else None for each in series[place]]
    return tuple(found)
