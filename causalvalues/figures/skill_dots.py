"""The picture of a skill report: how well each predictor foresees changes, with the ceiling that noise sets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.number_columns import NO_ROOM
from causalvalues.figures.row_frame import RowFrame, checked_width, row_frame
from causalvalues.numerals import estimate, number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, NEGATIVE, PAPER, POSITIVE, QUIET
from causalvalues.skill.report import SkillReport
from causalvalues.skill.tables import column_of, named_rows, numbers_of, of_split, splits_of

ROW = 14.0
HEAD = 20.0
LOWEST = -0.5
"""R2 below this is drawn at the left edge, with an arrow head."""
KINDS = {"simple": "without structural equations", "mechanism": "fitted mechanism", "graph": "model with a graph"}
CEILING = "ceiling: error of the answers"
MEASURES = {
    "micro_r2": ("lower", "upper", "micro", "R2 of changes"),
    "effects_r2": ("effects_lower", "effects_upper", "effects", "R2 of mean changes of lever sets"),
}


@dataclass(frozen=True)
class _Row:
    split: str
    name: str
    kind: str
    value: float
    lower: float
    upper: float


def skill_figure(found: SkillReport, measure: str = "micro_r2", *, width: float = 468.0) -> Scene:
    """Draw R2 of every predictor under every split as dots with 90% intervals, and the ceiling as a line.

    Parameters
    ----------
    found : SkillReport
    measure : {"micro_r2", "effects_r2"}, default "micro_r2"
        Of the changes of rows, or of the mean changes of lever sets.
    width : float, default 468
        Points; where there is no room for the numbers, the caption says so.

    Returns
    -------
    Scene
        Predictors are sorted within each split, the best first.

    Raises
    ------
    FigureError
        If the measure is unknown, no number is known, or the width leaves no room.
    """
    if measure not in MEASURES:
        raise FigureError(f"There is no measure {measure!r} to draw. Choose {' or '.join(MEASURES)}.")
    low, high, top, title = MEASURES[measure]
    rows = _rows(found.table, (measure, low, high))
    ceilings = {split: numbers_of(named_rows(found.ceiling), split)[top] for split in splits_of(found.table)}
    beside = [[("", [estimate(row.value, row.lower, row.upper) for row in rows])], []]
    frame = _with_heads(row_frame([row.name for row in rows], beside, (checked_width(width), MARGIN, -10.0), ROW), rows)
    axis = _axis(rows, list(ceilings.values()), frame)
    said = f"{title}, about each value's mean change"
    marks: list[Mark] = [*frame.marks(axis, said), *_heads(rows, ceilings, frame, axis)]
    for place, row in enumerate(rows):
        marks += _marks(f"row-{place}", row, axis, frame.middles[place])
    kinds = [kind for kind in KINDS if any(row.kind == kind for row in rows)]
    shown_ceiling = any(math.isfinite(ceilings[row.split]) for row in rows)
    legend, below = legend_rows(_legend(kinds, shown_ceiling), width, frame.below(said))
    return Scene(
        kind="skill",
        width=width,
        height=tidy(frame.below(said) + below),
        marks=(*marks, *legend),
        title="How well are changes foreseen?",
        caption=_caption(found, title, frame.shorter == 1),
        alt=_alt(rows, ceilings, title),
        columns=("split", "predictor", "kind", measure, "lower", "upper", "ceiling"),
        rows=tuple(_cells(row, ceilings[row.split]) for row in rows),
    )


def _rows(table: pd.DataFrame, columns: tuple[str, str, str]) -> list[_Row]:
    """Return the predictors of each split, the best first."""
    rows: list[_Row] = []
    for split in splits_of(table):
        here = of_split(table, split)
        known = column_of(here, columns[0])
        for name in sorted(known, key=lambda each: -known[each]):
            value, lower, upper = (numbers_of(here, name)[column] for column in columns)
            rows.append(_Row(split, name, str(here[name]["kind"]), value, lower, upper))
    if not rows:
        raise FigureError("There is nothing to draw: no R2 is known.")
    return rows


def _first_rows(rows: Sequence[_Row]) -> list[int]:
    return [place for place, row in enumerate(rows) if place == 0 or row.split != rows[place - 1].split]


def _with_heads(frame: RowFrame, rows: Sequence[_Row]) -> RowFrame:
    """Return a frame with room for the name of each split above its rows."""
    firsts = _first_rows(rows)
    down = [HEAD * sum(first <= place for first in firsts) for place in range(len(rows))]
    edges = [tidy(edge + by) for edge, by in zip(frame.edges, [*down, down[-1]], strict=True)]
    middles = [tidy(middle + by) for middle, by in zip(frame.middles, down, strict=True)]
    return replace(frame, edges=tuple(edges), middles=tuple(middles))


def _axis(rows: Sequence[_Row], ceilings: Sequence[float], frame: RowFrame) -> Axis:
    numbers = [0.0, *(each for each in ceilings if math.isfinite(each))]
    for row in rows:
        numbers += [each for each in (row.value, row.lower, row.upper) if math.isfinite(each)]
    return Axis.around([min(max(each, LOWEST), 1.0) for each in numbers], frame.left, frame.right)


def _heads(rows: Sequence[_Row], ceilings: Mapping[str, float], frame: RowFrame, axis: Axis) -> list[Mark]:
    """Return the name of each split, its ceiling at the right of the same line, and the line of the ceiling."""
    marks: list[Mark] = []
    firsts = _first_rows(rows)
    for first, stop in zip(firsts, [*firsts[1:], len(rows)], strict=True):
        split, base = rows[first].split, tidy(frame.edges[first] - 5)
        room = frame.width - 2 * MARGIN
        if math.isfinite(ceilings[split]):
            x, text = axis.x(ceilings[split]), f"ceiling {number(ceilings[split])}"
            low = frame.middles[stop - 1] + 6
            line = polygon([(x, frame.edges[first] + 1), (x, low)], closed=False)
            marks.append(Shape("ceiling", "line", line, stroke=INK, stroke_width=1.0, dash=(4, 2)))
            end = tidy(frame.width - MARGIN)
            marks.append(Text("ceiling", "ceiling", end, base, text, LABEL_SIZE, "end", colour=INK))
            room -= text_width(text, LABEL_SIZE) + 8
        name = wrap(split.capitalize(), room / 1.1, NAME_SIZE, 1)[0]
        marks.append(Text("splits", "head", MARGIN, base, name, NAME_SIZE, bold=True))
    return marks


def _marks(part: str, row: _Row, axis: Axis, y: float) -> list[Mark]:
    if row.value < axis.low:
        x = axis.left
        return [Shape(part, "beyond", polygon([(x, y), (x + 5, y - 3), (x + 5, y + 3)]), fill=_colour(row.kind))]
    marks: list[Mark] = []
    if math.isfinite(row.lower) and math.isfinite(row.upper):
        line = polygon([(axis.x(max(row.lower, axis.low)), y), (axis.x(row.upper), y)], closed=False)
        marks.append(Shape(part, "interval", line, stroke=_colour(row.kind), stroke_width=1.2))
    return [*marks, _dot(part, axis.x(row.value), y, row.kind)]


def _colour(kind: str) -> str:
    return {"graph": POSITIVE, "mechanism": NEGATIVE}.get(kind, QUIET)


def _dot(part: str, x: float, y: float, kind: str) -> Shape:
    """Return a ring for simple predictors, a diamond for mechanisms, a disc for graphs: grey tells them apart too."""
    if kind == "mechanism":
        corners = polygon([(x, y - 3.4), (x + 3.4, y), (x, y + 3.4), (x - 3.4, y)])
        return Shape(part, "dot", corners, fill=_colour(kind), stroke=_colour(kind), stroke_width=0.5)
    fill = PAPER if kind == "simple" else _colour(kind)
    return Shape(part, "dot", disc(x, y, 2.7), fill=fill, stroke=_colour(kind), stroke_width=1.0)


def _legend(kinds: Sequence[str], ceiling: bool) -> list[Item]:
    ends = polygon([(0, 0), (18, 0)], closed=False)
    items: list[Item] = [
        (
            18.0,
            KINDS[kind],
            (Shape("legend", "interval", ends, stroke=_colour(kind), stroke_width=1.2), _dot("legend", 9, 0, kind)),
        )
        for kind in kinds
    ]
    line = Shape("legend", "line", ends, stroke=INK, stroke_width=1.0, dash=(4, 2))
    return [*items, (18.0, CEILING, (line,))] if ceiling else items


def _caption(found: SkillReport, title: str, narrow: bool) -> str:
    said = (
        f"{title}: 1 is perfect, 0 as good as each value's mean change over the rows that are foreseen. Dots with 90% "
        "intervals (the left-out groups are drawn again). Every prediction is made without the lever, the set of "
        f"levers or the unit that is named. An arrow head: below {number(LOWEST)}."
    )
    how = [note for note in found.notes if note.startswith("Error:")]
    said += f" {NO_ROOM}" if narrow else ""
    return " ".join([said, *(f"Ceiling: the best that the error of the answers allows. {note}" for note in how)])


def _alt(rows: Sequence[_Row], ceilings: dict[str, float], title: str) -> str:
    phrases = []
    for split, ceiling in ceilings.items():
        if not any(row.split == split for row in rows):
            continue
        told = ", ".join(f"{row.name} {number(row.value)}" for row in rows if row.split == split)
        phrases.append(f"{split}: {told}" + (f" (ceiling {number(ceiling)})" if math.isfinite(ceiling) else ""))
    return f"Dot plot, {title}. " + "; ".join(phrases) + "."


def _cells(row: _Row, ceiling: float) -> tuple[Cell, ...]:
    numbers = (row.value, row.lower, row.upper, ceiling)
    return (row.split, row.name, row.kind, *map(number_cell, numbers))
