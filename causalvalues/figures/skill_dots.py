"""The picture of a skill report: how well each predictor foresees changes, with the ceiling that noise sets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.legend import legend_rows
from causalvalues.figures.number_columns import NO_ROOM
from causalvalues.figures.row_frame import RowFrame, checked_width, row_frame
from causalvalues.figures.skill_marks import (
    LOWEST,
    ROW,
    SkillRow,
    first_rows,
    legend_items,
    row_marks,
    skill_axis,
    with_heads,
)
from causalvalues.numerals import estimate, number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE
from causalvalues.skill.report import SkillReport
from causalvalues.skill.tables import column_of, named_rows, numbers_of, of_split, splits_of

MEASURES = {
    "micro_r2": ("lower", "upper", "micro", "R2 of changes"),
    "effects_r2": ("effects_lower", "effects_upper", "effects", "R2 of mean changes of lever sets"),
}


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
    frame = with_heads(row_frame([row.name for row in rows], beside, (checked_width(width), MARGIN, -10.0), ROW), rows)
    axis = skill_axis(rows, list(ceilings.values()), (frame.left, frame.right))
    said = f"{title}, about each value's mean change"
    marks: list[Mark] = [*frame.marks(axis, said), *_heads(rows, ceilings, frame, axis)]
    for place, row in enumerate(rows):
        marks += row_marks(f"row-{place}", row, axis, frame.middles[place])
    shown_ceiling = any(math.isfinite(ceilings[row.split]) for row in rows)
    legend, below = legend_rows(legend_items(rows, shown_ceiling), width, frame.below(said))
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


def _rows(table: pd.DataFrame, columns: tuple[str, str, str]) -> list[SkillRow]:
    """Return the predictors of each split, the best first."""
    rows: list[SkillRow] = []
    for split in splits_of(table):
        here = of_split(table, split)
        known = column_of(here, columns[0])
        for name in sorted(known, key=lambda each: -known[each]):
            value, lower, upper = (numbers_of(here, name)[column] for column in columns)
            rows.append(SkillRow(split, name, str(here[name]["kind"]), value, lower, upper))
    if not rows:
        raise FigureError("There is nothing to draw: no R2 is known.")
    return rows


def _heads(rows: Sequence[SkillRow], ceilings: Mapping[str, float], frame: RowFrame, axis: Axis) -> list[Mark]:
    """Return the name of each split, its ceiling at the right of the same line, and the line of the ceiling."""
    marks: list[Mark] = []
    firsts = first_rows(rows)
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


def _caption(found: SkillReport, title: str, narrow: bool) -> str:
    said = (
        f"{title}: 1 is perfect, 0 as good as each value's mean change over the rows that are foreseen. Dots with 90% "
        "intervals (the left-out groups are drawn again). Every prediction is made without the lever, the set of "
        f"levers or the unit that is named. An arrow head: below {number(LOWEST)}."
    )
    how = [note for note in found.notes if note.startswith("Error:")]
    said += f" {NO_ROOM}" if narrow else ""
    return " ".join([said, *(f"Ceiling: the best that the error of the answers allows. {note}" for note in how)])


def _alt(rows: Sequence[SkillRow], ceilings: dict[str, float], title: str) -> str:
    phrases = []
    for split, ceiling in ceilings.items():
        if not any(row.split == split for row in rows):
            continue
        told = ", ".join(f"{row.name} {number(row.value)}" for row in rows if row.split == split)
        phrases.append(f"{split}: {told}" + (f" (ceiling {number(ceiling)})" if math.isfinite(ceiling) else ""))
    return f"Dot plot, {title}. " + "; ".join(phrases) + "."


def _cells(row: SkillRow, ceiling: float) -> tuple[Cell, ...]:
    numbers = (row.value, row.lower, row.upper, ceiling)
    return (row.split, row.name, row.kind, *map(number_cell, numbers))
