"""A dot plot of named rows with intervals: one scale, a few kinds of dots, numbers beside the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError, did_you_mean
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.number_columns import NO_ROOM
from causalvalues.figures.row_frame import Beside, checked_width, row_frame
from causalvalues.numerals import estimate
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import printable
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, number_cell
from causalvalues.scene.palette import INK, MARGIN, NEGATIVE, PAPER, POSITIVE, QUIET, blend

ROW = 16.0
APART = 7.2
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

    Raises
    ------
    FigureError
        If the style is not known, or `values`, `lower` and `upper` differ in length.
    """

    name: str
    style: str
    values: tuple[float, ...]
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        styles = (FILLED, HOLLOW, BAND)
        if self.style not in styles:
            raise FigureError(f"{self.style!r} is not a style of dots.{did_you_mean(self.style, styles)}")
        ends = {len(self.lower), len(self.upper)}
        if len(ends) > 1 or not ends <= {0, len(self.values)}:
            raise FigureError(f"{self.name!r} has other numbers of ends than of values. Give both ends of each row.")

    def at(self, place: int) -> tuple[float, float, float]:
        """Return value, lower and upper of a row."""
        ends = (self.lower[place], self.upper[place]) if self.lower else (math.nan, math.nan)
        return self.values[place], *ends

    def seen(self, place: int) -> tuple[float, ...]:
        """Return the numbers of a row that are drawn: a value with or without two ends, or the ends of a band."""
        value, *ends = self.at(place)
        whole = tuple(ends) if all(map(math.isfinite, ends)) else ()
        if self.style == BAND:
            return whole
        return (value, *whole) if math.isfinite(value) else ()


@dataclass(frozen=True)
class DotText:
    """The words and numbers of a dot plot.

    Parameters
    ----------
    title : str
        What it shows; used by reports and screen readers.
    axis : str
        What the scale counts, with its unit.
    caption : str
    beside : str, default ""
        Heading of the texts beside the rows.
    decimals : int, default 2
        Of the numbers.
    line : float, optional
        A value that is marked from top to bottom by a dashed line.
    zero : bool, default True
        Whether the scale must hold zero.
    numbers : bool, default False
        Whether the values and intervals of each kind (but of bands) stand beside the rows; not with other texts.
    """

    title: str
    axis: str
    caption: str
    beside: str = ""
    decimals: int = 2
    line: float | None = None
    zero: bool = True
    numbers: bool = False


def dot_plot(
    rows: Sequence[str],
    kinds: Sequence[Dots],
    words: DotText,
    beside: Sequence[str] = (),
    *,
    width: float = 468.0,
) -> Scene:
    """Draw rows of dots on one scale.

    Parameters
    ----------
    rows : sequence of str
        Names, from top to bottom; long ones are broken into up to three lines.
    kinds : sequence of Dots
        Painted in their order; bands should come first. Kinds with intervals in the same row are set a little apart,
        the first one above.
    words : DotText
    beside : sequence of str, optional
        A short text for each row, set flush right beside it.
    width : float, default 468
        Points; where there is no room for what stands beside the rows, the caption says so.

    Returns
    -------
    Scene

    Raises
    ------
    FigureError
        If there is no row or no finite number, a kind or `beside` has another number of rows, or the width leaves no
        room.
    """
    _check(rows, kinds, words, beside)
    known = [each for kind in kinds for place in range(len(rows)) for each in kind.seen(place)]
    known += [0.0] if words.zero else []
    known += [words.line] if words.line is not None and math.isfinite(words.line) else []
    heights = _heights(kinds, len(rows))
    step = max(ROW, 12.8 + max(heights) - min(heights))
    offered = _beside(kinds, words, beside)
    frame = row_frame([printable(row) for row in rows], offered, (checked_width(width), MARGIN, 0.0), step)
    axis = Axis.around(known, frame.left, frame.right)
    marks: list[Mark] = [*frame.marks(axis, words.axis), *_line(words.line, axis, frame.top - 2, frame.bottom)]
    for place, y in enumerate(frame.middles):
        for kind, height in zip(kinds, heights, strict=True):
            seen = [axis.x(each) for each in kind.seen(place)]
            marks += _dot(f"row-{place}", kind.style, seen, (y + height, step - 7 if step > ROW else 9.0))
    legend, below = legend_rows(_legend(kinds), width, frame.below(words.axis))
    return Scene(
        kind="dots",
        width=width,
        height=tidy(frame.below(words.axis) + below),
        marks=(*marks, *legend),
        title=words.title,
        caption=f"{words.caption} {NO_ROOM}" if offered[frame.shorter] != offered[0] else words.caption,
        alt=_alt(rows, kinds, words),
        columns=("row", *(f"{kind.name}{part}" for kind in kinds for part in ("", " lower", " upper"))),
        rows=tuple(_cells(row, kinds, place) for place, row in enumerate(rows)),
    )


def _check(rows: Sequence[str], kinds: Sequence[Dots], words: DotText, beside: Sequence[str]) -> None:
    for kind in kinds:
        if len(kind.values) != len(rows):
            raise FigureError(
                f"{kind.name!r} has {len(kind.values)} numbers for {len(rows)} rows. Give one for each row."
            )
    if beside and len(beside) != len(rows):
        raise FigureError(f"There are {len(beside)} texts beside {len(rows)} rows. Give one for each row.")
    if words.numbers and beside:
        raise FigureError("Numbers and other texts cannot both stand beside the rows. Leave out one of them.")
    if not any(kind.seen(place) for kind in kinds for place in range(len(rows))):
        raise FigureError("There is nothing to draw: no row has a number.")


def _beside(kinds: Sequence[Dots], words: DotText, beside: Sequence[str]) -> list[Beside]:
    """Return what may stand beside the rows: the given texts or the numbers of each kind, the first of them, none."""
    given: list[tuple[str, Sequence[str]]] = [(words.beside, beside)] if beside else []
    for kind in kinds if words.numbers else ():
        if kind.style != BAND:
            texts = [estimate(*kind.at(place), words.decimals) for place in range(len(kind.values))]
            given.append((kind.name, texts))
    return [given, given[:1], []] if given else [[]]


def _heights(kinds: Sequence[Dots], size: int) -> tuple[float, ...]:
    """Return how far below the middle of a row each kind lies: 0, but where intervals would cover each other."""
    ranged = [i for i, kind in enumerate(kinds) if kind.style != BAND and kind.lower]
    shared = any(sum(len(kinds[i].seen(place)) == 3 for i in ranged) > 1 for place in range(size))
    if not shared:
        return (0.0,) * len(kinds)
    return tuple(APART * (ranged.index(i) - (len(ranged) - 1) / 2) if i in ranged else 0.0 for i in range(len(kinds)))


def _line(at: float | None, axis: Axis, top: float, bottom: float) -> list[Mark]:
    if at is None or not math.isfinite(at):
        return []
    ends = polygon([(axis.x(at), top), (axis.x(at), bottom)], closed=False)
    return [Shape("line", "reference", ends, stroke=QUIET, stroke_width=0.9, dash=(3, 2))]


def _dot(part: str, style: str, seen: Sequence[float], where: tuple[float, float]) -> list[Mark]:
    """Draw the places of `Dots.seen`; `where` is the middle of what is drawn and the height of a band."""
    if not seen:
        return []
    y, high = where
    if style == BAND:
        box = rectangle(seen[0], y - high / 2, max(seen[1] - seen[0], 0.6), high)
        return [Shape(part, "band", box, fill=blend(INK, 0.10))]
    colour = POSITIVE if style == FILLED else NEGATIVE
    marks: list[Mark] = []
    if len(seen) > 1:
        ends = polygon([(seen[1], y), (seen[2], y)], closed=False)
        marks.append(Shape(part, "interval", ends, stroke=colour, stroke_width=1.5 if style == FILLED else 0.9))
    if style == FILLED:
        return [*marks, Shape(part, "mean", disc(seen[0], y, 2.8), fill=colour)]
    return [*marks, Shape(part, "ring", disc(seen[0], y, 2.6), fill=PAPER, stroke=colour, stroke_width=1.1)]


def _legend(kinds: Sequence[Dots]) -> list[Item]:
    items: list[Item] = []
    for kind in kinds:
        ends = (0.0, 20.0) if kind.lower or kind.style == BAND else ()
        sample = _dot("legend", kind.style, ends if kind.style == BAND else (10.0, *ends), (0.0, 9.0))
        items.append((20.0, kind.name, tuple(mark for mark in sample if isinstance(mark, Shape))))
    return items


def _alt(rows: Sequence[str], kinds: Sequence[Dots], words: DotText) -> str:
    said = []
    for kind in kinds:
        if kind.style == BAND:
            continue
        found = [place for place in range(len(rows)) if kind.seen(place)]
        texts = [f"{printable(rows[place])} {estimate(*kind.at(place), words.decimals)}" for place in found[:8]]
        said.append(f"{kind.name}: {'; '.join(texts)}{'; ...' if len(found) > 8 else ''}")
    return f"Dot plot of {len(rows)} rows, {words.axis}. {'. '.join(said)}."


def _cells(row: str, kinds: Sequence[Dots], place: int) -> tuple[Cell, ...]:
    numbers = [number for kind in kinds for number in kind.at(place)]
    return (row, *map(number_cell, numbers))
