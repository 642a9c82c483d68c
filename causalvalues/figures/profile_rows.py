"""A predicted profile as rows of a dot plot: start, target, predicted mean and interval of every value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import Beside, heading_lines, row_frame, shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import estimate, number
from causalvalues.planning.targets import Target
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.nouns import Cell, Mark, Shape, Text, number_cell
from causalvalues.scene.palette import INK, MARGIN, PAPER, POSITIVE, QUIET, blend
from causalvalues.theories.theory import ValueTheory

ROW = 18.0
COLUMNS = ("start", "target", "mean", "lower", "upper")
BAND = blend(INK, 0.10)


@dataclass(frozen=True)
class ProfileRow:
    """A value of a profile; a number that is not known is NaN, a value without target has None."""

    name: str
    label: str
    start: float
    target: float | None
    mean: float
    lower: float
    upper: float
    band: tuple[float, float] | None = None

    @property
    def missed(self) -> bool:
        """Whether the predicted mean lies outside the band."""
        return self.band is not None and not self.band[0] <= self.mean <= self.band[1]

    @property
    def wanted(self) -> bool:
        """Whether something is wanted of it."""
        return self.target is not None or self.band is not None

    def cells(self) -> tuple[Cell, ...]:
        """Return the numbers of `COLUMNS` for the scene's table."""
        numbers = (self.start, self.target, self.mean, self.lower, self.upper)
        return tuple(None if x is None else number_cell(x) for x in numbers)

    def scores(self) -> list[float]:
        """Return every number that is drawn."""
        given = (self.start, self.mean, self.lower, self.upper, self.target, *(self.band or ()))
        return [score for score in given if score is not None and math.isfinite(score)]


@dataclass(frozen=True)
class ProfileDots:
    """What is drawn: marks, their height in points, and which numbers had room (0: all, 1: predicted, 2: none)."""

    marks: tuple[Mark, ...]
    height: float
    shorter: int


def profile_rows(
    predicted: pd.DataFrame, target: Target | None, theory: ValueTheory | None, labels: Mapping[str, str] | None
) -> list[ProfileRow]:
    """Return the values of a profile in the theory's order.

    Parameters
    ----------
    predicted : DataFrame
        Indexed by value, columns ``start, target, mean, lower, upper``; ``mean`` must be there, the others may not.
    target : Target or None
        Gives tolerance and bounds.
    theory : ValueTheory or None
    labels : mapping of str to str or None

    Raises
    ------
    FigureError
        If there is no value, a value stands in two rows, or the column ``mean`` is missing.
    """
    if predicted.empty:
        raise FigureError("There is nothing to draw: no value is predicted.")
    if "mean" not in predicted.columns:
        raise FigureError(f"A profile needs the column 'mean'; it has {', '.join(map(str, predicted.columns))}.")
    table = predicted.rename(index=str)
    if not table.index.is_unique:
        raise FigureError(f"{table.index[table.index.duplicated()][0]!r} stands in two rows of the profile.")
    names = value_order(list(table.index), theory)
    shown = shown_names(names, theory, labels)
    rows = []
    for name in names:
        start, wanted, mean, lower, upper = (
            float(table.loc[name, column]) if column in table.columns else math.nan  # type: ignore[arg-type]
            for column in COLUMNS
        )
        goal = wanted if math.isfinite(wanted) else None
        rows.append(ProfileRow(name, shown[name], start, goal, mean, lower, upper, _band(name, target)))
    return rows


def _band(name: str, target: Target | None) -> tuple[float, float] | None:
    if target is None:
        return None
    return target.box[name] if name in target.profile else target.bounds.get(name)


def wanted_first(rows: Sequence[ProfileRow]) -> list[ProfileRow]:
    """Return the rows with a target or bounds, then the others."""
    return sorted(rows, key=lambda row: not row.wanted)


def profile_dots(rows: Sequence[ProfileRow], heading: str, width: float) -> ProfileDots:
    """Draw rows in their order; a gap parts the values with a target from those without (`wanted_first`).

    Parameters
    ----------
    rows : sequence of ProfileRow
    heading : str
        A line above the plot, or "".
    width : float
        Page width in points.
    """
    above, high = heading_lines(heading, width)
    named = sum(row.wanted for row in rows)
    frame = row_frame([row.label for row in rows], _beside(rows), (width, MARGIN, high), ROW, [named] if named else [])
    axis = Axis.around([score for row in rows for score in row.scores()] or [0.0], frame.left, frame.right)
    marks: list[Mark] = [*above, *(_strong(mark, rows) for mark in frame.marks(axis, "score"))]
    for place, row in enumerate(rows):
        marks += _row_marks(f"row-{place}", row, axis, frame.middles[place])
    legend, below = legend_rows(_legend(rows, frame.shorter < 2), width, frame.below("score"))
    return ProfileDots((*marks, *legend), tidy(frame.below("score") + below), frame.shorter)


def _beside(rows: Sequence[ProfileRow]) -> list[Beside]:
    """Return the numbers beside the rows: all, the predicted ones, or none."""
    columns: list[tuple[str, list[str]]] = []
    if any(math.isfinite(row.start) for row in rows):
        columns.append(("Start", [number(row.start) for row in rows]))
    if any(row.target is not None for row in rows):
        columns.append(("Target", ["" if row.target is None else number(row.target) for row in rows]))
    head = "Predicted [90%]" if any(math.isfinite(row.lower) for row in rows) else "Predicted"
    predicted = (head, [estimate(row.mean, row.lower, row.upper) for row in rows])
    return [[*columns, predicted], [predicted], []]


def _strong(mark: Mark, rows: Sequence[ProfileRow]) -> Mark:
    """Return the predicted number of a value that misses its target in bold, other marks as they are."""
    if isinstance(mark, Text) and mark.role == "number" and mark.text.endswith("]"):
        return replace(mark, bold=rows[int(mark.part.removeprefix("row-"))].missed)
    return mark


def _row_marks(part: str, row: ProfileRow, axis: Axis, y: float) -> list[Mark]:
    marks: list[Mark] = []
    if row.band is not None:
        low, high = max(row.band[0], axis.low), min(row.band[1], axis.high)
        box = rectangle(axis.x(low), y - 6, axis.x(high) - axis.x(low), 12)
        marks.append(Shape(part, "band", box, fill=BAND))
    if row.target is not None:
        x = axis.x(row.target)
        tick = polygon([(x, y - 6), (x, y + 6)], closed=False)
        marks.append(Shape(part, "target", tick, stroke=INK, stroke_width=1.4))
    if math.isfinite(row.lower) and math.isfinite(row.upper):
        ends = polygon([(axis.x(row.lower), y), (axis.x(row.upper), y)], closed=False)
        marks.append(Shape(part, "interval", ends, stroke=POSITIVE, stroke_width=1.3))
    if math.isfinite(row.start):
        marks.append(Shape(part, "start", disc(axis.x(row.start), y, 2.7), fill=PAPER, stroke=QUIET, stroke_width=0.9))
    if math.isfinite(row.mean):
        marks.append(Shape(part, "mean", disc(axis.x(row.mean), y, 2.9), fill=POSITIVE))
    return marks


def _legend(rows: Sequence[ProfileRow], numbers: bool) -> list[Item]:
    """Return the signs that occur."""
    start = Shape("legend", "start", disc(3, 0, 2.7), fill=PAPER, stroke=QUIET, stroke_width=0.9)
    line = Shape("legend", "interval", polygon([(0, 0), (20, 0)], closed=False), stroke=POSITIVE, stroke_width=1.3)
    mean = Shape("legend", "mean", disc(10, 0, 2.9), fill=POSITIVE)
    target = Shape("legend", "target", polygon([(2, -5), (2, 5)], closed=False), stroke=INK, stroke_width=1.4)
    items: list[Item] = [(6.0, "start", (start,))] if any(math.isfinite(row.start) for row in rows) else []
    if any(math.isfinite(row.lower) for row in rows):
        items.append((20.0, "predicted mean with 90% interval", (line, mean)))
    else:
        items.append((20.0, "predicted mean", (mean,)))
    items += [(4.0, "target", (target,))] if any(row.target is not None for row in rows) else []
    if any(row.band is not None for row in rows):
        box = Shape("legend", "band", rectangle(0, -5, 14, 10), fill=BAND)
        items.append((14.0, "tolerance or bounds", (box,)))
    return [*items, (0.0, "bold: mean outside", ())] if numbers and any(row.missed for row in rows) else items
