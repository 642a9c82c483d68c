"""The picture of a target's feasibility: what is wanted, what can be reached, and how near the levers come."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from causalvalues.explaining.feasibility import Feasibility
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.number_columns import NO_ROOM
from causalvalues.figures.row_frame import Beside, RowFrame, checked_width, heading_lines, row_frame
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import number
from causalvalues.planning.profiles import doses_in_words
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import INK, MARGIN, NAME_SIZE, NEGATIVE, PAPER, POSITIVE, QUIET, blend
from causalvalues.theories.names import as_shown
from causalvalues.theories.theory import ValueTheory

ROW = 18.0
REACH = blend(POSITIVE, 0.18)
CONFLICT = "#A84A00"
"""Vermillion, dark enough for text (a contrast of 4.5 on white)."""
COLUMNS = ("start", "target", "mean", "lower", "upper", "gap", "least", "most")


@dataclass(frozen=True)
class _Row:
    name: str
    label: str
    numbers: Mapping[str, float]
    conflict: bool

    @property
    def wanted(self) -> bool:
        """Whether the value has a target."""
        return math.isfinite(self.numbers["target"])


def feasibility_figure(
    found: Feasibility,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw for each value its start, its target, the range that the levers reach, and the nearest choice.

    Parameters
    ----------
    found : Feasibility
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    width : float, default 468
        Points; where there is no room for the numbers, the caption says so.

    Returns
    -------
    Scene
        Values in the order of the theory; those of the conflict in vermillion and bold, with what is left to go beside
        them.

    Raises
    ------
    FigureError
        If the width leaves no room.
    """
    rows = _rows(found, theory, labels or {})
    heading, high = heading_lines(_heading(found), checked_width(width))
    frame = _frame(rows, width, high)
    scores = [row.numbers[column] for row in rows for column in COLUMNS if column != "gap"]
    axis = Axis.around([score for score in scores if math.isfinite(score)], frame.left, frame.right)
    marks: list[Mark] = [*heading, *(_strong(mark, rows) for mark in frame.marks(axis, "score"))]
    for place, row in enumerate(rows):
        marks += _row(f"row-{place}", row, axis, frame.middles[place])
    legend, below = legend_rows(_legend(rows), width, frame.below("score"))
    return Scene(
        kind="plan",
        width=width,
        height=tidy(frame.below("score") + below),
        marks=(*marks, *legend),
        title="Can the target be reached?",
        caption=_caption(found, frame.shorter == 1),
        alt=_alt(found, rows),
        columns=("value", *COLUMNS),
        rows=tuple((row.name, *_cells(row)) for row in rows),
        provenance={"choices": str(found.choices), "P(unreachable)": number(found.unreachable)},
    )


def _rows(found: Feasibility, theory: ValueTheory | None, labels: Mapping[str, str]) -> list[_Row]:
    table = {column: found.profile[column].to_dict() for column in COLUMNS}
    rows = []
    for name in value_order([str(name) for name in found.profile.index], theory):
        numbers = {column: float(table[column][name]) for column in COLUMNS}
        clash = any(repr(name) in wish for wish in found.conflict)
        rows.append(_Row(name, as_shown(name, theory, labels), numbers, clash))
    return rows


def _heading(found: Feasibility) -> str:
    verdict = "Some choice of levers ends inside" if found.inside else "No choice of levers reaches"
    nearest = f"nearest: {doses_in_words(found.nearest)}; probability that none reaches it: {number(found.unreachable)}"
    return f"{verdict} the target; {nearest}"


def _frame(rows: Sequence[_Row], width: float, high: float) -> RowFrame:
    """Divide the page so that names fit that are printed bold."""
    names = [row.label for row in rows]
    frame = row_frame(names, _beside(rows), (width, MARGIN, high), ROW)
    bold = [line for row, lines in zip(rows, frame.names, strict=True) if row.conflict for line in lines]
    lacking = max((text_width(line, NAME_SIZE, bold=True) for line in bold), default=0.0) - (frame.left - 6 - MARGIN)
    return frame if lacking <= 0 else row_frame(names, _beside(rows), (width, tidy(MARGIN + lacking), high), ROW)


def _beside(rows: Sequence[_Row]) -> list[Beside]:
    return [[("Left to go", [number(row.numbers["gap"]) if row.wanted else "" for row in rows])], []]


def _strong(mark: Mark, rows: Sequence[_Row]) -> Mark:
    """Return name and number of a value of the conflict in bold vermillion, other marks as they are."""
    if isinstance(mark, Text) and mark.role in ("name", "number") and rows[int(mark.part[4:])].conflict:
        return replace(mark, bold=True, colour=CONFLICT)
    return mark


def _row(part: str, row: _Row, axis: Axis, y: float) -> list[Mark]:
    numbers = row.numbers
    low, high = axis.x(numbers["least"]), axis.x(numbers["most"])
    reach = rectangle(low, tidy(y - 5), max(tidy(high - low), 0.5), 10)
    marks: list[Mark] = [Shape(part, "band", reach, fill=REACH)]
    if row.wanted:
        marks += _target(part, axis.x(numbers["target"]), y, row.conflict)
    ends = polygon([(axis.x(numbers["lower"]), y), (axis.x(numbers["upper"]), y)], closed=False)
    marks.append(Shape(part, "interval", ends, stroke=POSITIVE, stroke_width=1.3))
    start = disc(axis.x(numbers["start"]), tidy(y), 2.7)
    marks.append(Shape(part, "start", start, fill=PAPER, stroke=QUIET, stroke_width=0.9))
    marks.append(Shape(part, "mean", disc(axis.x(numbers["mean"]), tidy(y), 2.9), fill=POSITIVE))
    return marks


def _target(part: str, x: float, y: float, conflict: bool) -> list[Mark]:
    """Return the line at a target; that of a wish that cannot be met with the others has a bar at both ends."""
    colour = NEGATIVE if conflict else INK
    path = polygon([(x, y - 7), (x, y + 7)], closed=False)
    for end in (y - 7, y + 7) if conflict else ():
        path = (*path, *polygon([(x - 2, end), (x + 2, end)], closed=False))
    return [Shape(part, "target", path, stroke=colour, stroke_width=1.6)]


def _legend(rows: Sequence[_Row]) -> list[Item]:
    start = Shape("legend", "start", disc(3, 0, 2.7), fill=PAPER, stroke=QUIET, stroke_width=0.9)
    line = Shape("legend", "interval", polygon([(0, 0), (20, 0)], closed=False), stroke=POSITIVE, stroke_width=1.3)
    mean = Shape("legend", "mean", disc(10, 0, 2.9), fill=POSITIVE)
    band = Shape("legend", "band", rectangle(0, -5, 14, 10), fill=REACH)
    items: list[Item] = [
        (6.0, "start", (start,)),
        (20.0, "nearest choice, 90%", (line, mean)),
        (14.0, "range of all choices", (band,)),
    ]
    for conflict, words in ((False, "target"), (True, "cannot be met together")):
        if any(row.wanted and row.conflict == conflict for row in rows):
            sign = tuple(mark for mark in _target("legend", 2, 0, conflict) if isinstance(mark, Shape))
            items.append((4.0, words, sign))
    return items


def _caption(found: Feasibility, narrow: bool) -> str:
    said = (
        f"Start, target and the nearest of {found.choices:,} choices of levers (filled, with its 90% predictive "
        "interval). Pale: the range of the mean scores over all choices, each value by itself."
    )
    if found.conflict:
        wishes = "; ".join(found.conflict)
        said += f" In vermillion, the fewest wishes that no choice meets together: {wishes}."
    beside = NO_ROOM if narrow else "Left to go: target minus the mean of the nearest choice."
    return f"{said} {beside} {' '.join(found.sentences[:2])}"


def _alt(found: Feasibility, rows: Sequence[_Row]) -> str:
    phrases = []
    for row in rows:
        goal = f", target {number(row.numbers['target'])}" if row.wanted else ""
        phrases.append(f"{row.label} from {number(row.numbers['start'])} to {number(row.numbers['mean'])}{goal}")
    verdict = "Reachable" if found.inside else "Not reachable"
    return f"{verdict}. Dot plot of {len(rows)} values: {'; '.join(phrases)}."


def _cells(row: _Row) -> tuple[Cell, ...]:
    numbers = (row.numbers[column] for column in COLUMNS)
    return tuple(map(number_cell, numbers))
