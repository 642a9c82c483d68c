"""Rows with names on the left, a scale in the middle and numbers on the right, on a page of any width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.figures.arguments import width_within
from causalvalues.figures.number_columns import LINE, Column, column_heads, column_row, number_columns
from causalvalues.scene.axis import TITLE_LINE, Axis
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.metrics import ASCENT, DESCENT, LEADING, printable, text_width, wrap
from causalvalues.scene.nouns import Mark, Shape, Text
from causalvalues.scene.palette import LABEL_SIZE, MARGIN, NAME_SIZE, RULE
from causalvalues.theories.names import as_shown, known_labels, known_theory
from causalvalues.theories.theory import ValueTheory

NARROWEST, WIDEST = 200.0, 1440.0
LEAST_SCALE = 72.0
SCALE_SHARE = 0.28
NAMES = 200.0
NAME_SHARE = 0.36
LINES = 4
TEXT_LINE = NAME_SIZE * LEADING
Beside = Sequence[tuple[str, Sequence[str]]]
Name = str | tuple[str, ...]


@dataclass(frozen=True)
class RowFrame:
    """Where the rows of a plot stand.

    Parameters
    ----------
    width : float
        Page width in points.
    left, right : float
        Ends of the scale.
    edges : tuple of float
        Upper end of each row, and the lower end of the last one.
    middles : tuple of float
        Middle of each row.
    names : tuple of tuple of str
        Lines of each name, flush right at the scale.
    columns : tuple of Column
        Numbers beside the rows.
    shorter : int
        Which of the offered numbers had room: 0 for the fullest.
    start : float
        Where names begin.
    """

    width: float
    left: float
    right: float
    edges: tuple[float, ...]
    middles: tuple[float, ...]
    names: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    shorter: int
    start: float

    @property
    def top(self) -> float:
        """Upper end of the first row."""
        return self.edges[0]

    @property
    def bottom(self) -> float:
        """Lower end of the scale."""
        return tidy(self.edges[-1] + 2)

    def title_lines(self, title: str) -> tuple[str, ...]:
        """Return the title of the scale, broken so that it stays on the page below the middle of the scale."""
        middle = (self.left + self.right) / 2
        return wrap(title, 2 * min(middle - MARGIN, self.width - MARGIN - middle), LABEL_SIZE, 3)

    def below(self, title: str) -> float:
        """Return where the scale's title ends: the upper end of the legend."""
        return tidy(self.bottom + 23 + TITLE_LINE * (len(self.title_lines(title)) - 1))

    def marks(self, axis: Axis, title: str) -> list[Mark]:
        """Return the scale, the rules, the names and the numbers of all rows, the scale first."""
        marks = axis.marks(self.top - 2, self.bottom, self.title_lines(title))
        marks += column_heads(self.columns, self.top - 6)
        for row, (lines, y, high) in enumerate(zip(self.names, self.middles, self.edges[:-1], strict=True)):
            part = f"row-{row}"
            ends = [(self.start, high), (self.width - MARGIN, high)]
            marks.append(Shape(part, "rule", polygon(ends, closed=False), stroke=RULE, stroke_width=0.25))
            marks += name_lines(part, lines, self.left - 6, y)
            marks += column_row(part, self.columns, row, y)
        return marks


def row_frame(
    names: Sequence[Name],
    beside: Sequence[Beside],
    place: tuple[float, float, float],
    step: float = 16.0,
    gaps: Sequence[int] = (),
) -> RowFrame:
    """Divide a page among names, scale and numbers.

    Parameters
    ----------
    names : sequence of str or of tuple of str
        From top to bottom; broken into up to four lines. The pieces of a tuple share a line or have lines of their
        own, up to three each.
    beside : sequence of columns, each a sequence of (heading, texts)
        Numbers from the fullest to the shortest; the first that leave room for the scale are shown.
    place : (width, start, top)
        Page width, where names may begin, and what is free above the headings, in points.
    step : float, default 16
        Least height of a row.
    gaps : sequence of int, default ()
        Rows above which some room is left.

    Returns
    -------
    RowFrame
    """
    width, start, top = place
    room = width - MARGIN - start
    measure = min(NAMES, NAME_SHARE * room)
    broken = tuple(_broken(name, measure) for name in names)
    left = start + 8 + max((text_width(line, NAME_SIZE) for lines in broken for line in lines), default=0.0)
    columns: tuple[Column, ...] = ()
    chosen, right = len(beside), width - MARGIN - 8
    for shorter, given in enumerate(beside):
        columns = number_columns(given, width - MARGIN, width)
        end = columns[0].end - columns[0].width - 12 if columns else width - MARGIN - 8
        if end - left >= max(LEAST_SCALE, SCALE_SHARE * room) or shorter == len(beside) - 1:
            chosen, right = shorter, end
            break
    heads = LINE * max((len(column.head) for column in columns), default=0)
    edges = [tidy(MARGIN + top + heads + 6)]
    middles = []
    for row, lines in enumerate(broken):
        gap = 9.0 if row in gaps and row else 0.0
        high = max(step, TEXT_LINE * len(lines) + 5)
        edges[-1] = tidy(edges[-1] + gap)
        middles.append(tidy(edges[-1] + high / 2))
        edges.append(tidy(edges[-1] + high))
    return RowFrame(width, tidy(left), tidy(right), tuple(edges), tuple(middles), broken, columns, chosen, tidy(start))


def _broken(name: Name, measure: float) -> tuple[str, ...]:
    if isinstance(name, str):
        return wrap(name, measure, NAME_SIZE, LINES)
    whole = printable(" ".join(name))
    if text_width(whole, NAME_SIZE) <= measure:
        return (whole,)
    return tuple(line for piece in name for line in wrap(piece, measure, NAME_SIZE, 3))


def name_lines(part: str, lines: Sequence[str], right: float, y: float) -> list[Mark]:
    """Return a name of one or more lines, flush right at `right`, about the height `y`."""
    first = y - TEXT_LINE * (len(lines) - 1) / 2 + (ASCENT - DESCENT) / 2 * NAME_SIZE * 1.36
    return [
        Text(part, "name", tidy(right), tidy(first + TEXT_LINE * k), line, NAME_SIZE, "end")
        for k, line in enumerate(lines)
    ]


def heading_lines(said: str, width: float, most: int = 4) -> tuple[list[Mark], float]:
    """Return lines of text above a plot, and their height."""
    lines = wrap(said, width - 2 * MARGIN, NAME_SIZE, most) if said else ()
    marks: list[Mark] = [
        Text("heading", "heading", MARGIN, tidy(MARGIN + 8 + 12 * k), line, NAME_SIZE) for k, line in enumerate(lines)
    ]
    return marks, (12.0 * len(lines) + 5 if lines else 0.0)


def shown_names(names: Sequence[str], theory: ValueTheory | None, labels: Mapping[str, str] | None) -> dict[str, str]:
    """Return each name as it is shown: the user's label, else the theory's, else the name itself."""
    given, found = known_labels(labels), known_theory(theory)
    return {name: as_shown(name, found, given) for name in names}


def checked_width(width: float) -> float:
    """Return the page width; raise `FigureError` when no figure can be laid out in it."""
    return width_within(width, NARROWEST, WIDEST)
