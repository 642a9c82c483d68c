"""The picture of a skill report by kind of lever: one panel a kind, the same predictors in every panel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.legend import legend_rows
from causalvalues.figures.row_frame import RowFrame, checked_width, name_lines, row_frame
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
from causalvalues.numerals import number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, QUIET, RULE
from causalvalues.skill.lever_kinds import parts_of
from causalvalues.skill.report import SkillReport
from causalvalues.skill.tables import column_of, numbers_of, of_split, splits_of

GAP = 14.0
LEAST_PANEL = 72.0
HEADING = 14.0
AXIS_TITLE = "R2 of changes, about each value's mean change in the rows of the kind"


@dataclass(frozen=True)
class _Panel:
    """What one kind of lever shows: rows by split and predictor, and by split the ceiling and the number of rows."""

    kind: str
    rows: Mapping[tuple[str, str], SkillRow]
    ceilings: Mapping[str, float]
    counts: Mapping[str, int]


def skill_kinds_figure(found: SkillReport, *, width: float = 468.0) -> Scene:
    """Draw R2 of every predictor under every split as dots with 90% intervals, one panel a kind of lever.

    Parameters
    ----------
    found : SkillReport
        Made with ``SkillSettings.kinds``.
    width : float, default 468
        Points; panels that have no room side by side stand below each other.

    Returns
    -------
    Scene
        Within each split the predictors stand in the same order in all panels: the best over all rows first.

    Raises
    ------
    FigureError
        If the report has no kinds, no number is known, or the width leaves no room.
    """
    panels = _panels(found)
    rows = _order(found, panels)
    every = [row for panel in panels for row in panel.rows.values()]
    ceilings = [each for panel in panels for each in panel.ceilings.values()]
    across, side = _grid(len(panels), _frame(rows, checked_width(width), 0.0))
    marks: list[Mark] = []
    top = bottom = 0.0
    for first in range(0, len(panels), across):
        beside = panels[first : first + across]
        shown = [row for row in rows if any(row.split in panel.counts for panel in beside)]
        frame = _frame(shown, width, top)
        marks += _names(frame, shown)
        for place, panel in enumerate(beside):
            left = tidy(frame.left + place * (side + GAP))
            axis = skill_axis(every, ceilings, (left, tidy(left + side)))
            marks += _panel(f"panel-{first + place}", panel, shown, (frame, axis))
        marks += _title(frame)
        bottom = frame.below(AXIS_TITLE)
        top = bottom + 8.0
    legend, below = legend_rows(legend_items(every, any(map(math.isfinite, ceilings))), width, bottom)
    return Scene(
        kind="skill",
        width=width,
        height=tidy(bottom + below),
        marks=(*marks, *legend),
        title="How well are changes foreseen under each kind of lever?",
        caption=_caption(found),
        alt=_alt(panels),
        columns=("split", "kind", "predictor", "predictor_kind", "micro_r2", "lower", "upper", "ceiling", "rows"),
        rows=tuple(_cells(panel, row) for panel in panels for row in panel.rows.values()),
    )


def _panels(found: SkillReport) -> list[_Panel]:
    parts = parts_of(found.by_kind)
    panels = []
    for kind in dict.fromkeys(kind for _, kind in parts):
        mine = {split: here for (split, of), here in parts.items() if of == kind}
        first = {split: numbers_of(here, next(iter(here))) for split, here in mine.items()}
        rows = {}
        for split, here in mine.items():
            for name in column_of(here, "micro_r2"):
                value, lower, upper = (numbers_of(here, name)[column] for column in ("micro_r2", "lower", "upper"))
                rows[split, name] = SkillRow(split, name, str(here[name]["kind"]), value, lower, upper)
        ceilings = {split: row["ceiling"] for split, row in first.items()}
        panels.append(_Panel(kind, rows, ceilings, {split: int(row["rows"]) for split, row in first.items()}))
    panels = [panel for panel in panels if panel.rows]
    if not panels:
        raise FigureError("There is nothing to draw by kind of lever. Make the report with `SkillSettings.kinds`.")
    return panels


def _order(found: SkillReport, panels: Sequence[_Panel]) -> list[SkillRow]:
    """Return one row for each split and predictor: splits in order, the best predictor over all rows first."""
    known = {key: row for panel in panels for key, row in panel.rows.items()}
    rows: list[SkillRow] = []
    for split in splits_of(found.table):
        here = column_of(of_split(found.table, split), "micro_r2")
        names = [name for at, name in known if at == split]
        rows += [known[split, name] for name in sorted(names, key=lambda each: -here.get(each, -math.inf))]
    return rows


def _frame(rows: Sequence[SkillRow], width: float, top: float) -> RowFrame:
    return with_heads(row_frame([row.name for row in rows], [[]], (width, MARGIN, top + HEADING - 10.0), ROW), rows)


def _grid(panels: int, frame: RowFrame) -> tuple[int, float]:
    """Return how many panels stand side by side, and their width."""
    room = frame.right - frame.left
    for across in range(panels, 0, -1):
        side = (room - GAP * (across - 1)) / across
        if side >= LEAST_PANEL:
            break
    return across, side


def _names(frame: RowFrame, rows: Sequence[SkillRow]) -> list[Mark]:
    """Return the names of splits and predictors, and a rule above each row."""
    marks: list[Mark] = []
    for place, (lines, y, high) in enumerate(zip(frame.names, frame.middles, frame.edges[:-1], strict=True)):
        ends = polygon([(frame.start, high), (frame.right, high)], closed=False)
        marks.append(Shape(f"row-{place}", "rule", ends, stroke=RULE, stroke_width=0.25))
        marks += name_lines(f"row-{place}", lines, frame.left - 6, y)
    for first in first_rows(rows):
        name = wrap(rows[first].split.capitalize(), (frame.left - MARGIN) / 1.1, NAME_SIZE, 1)[0]
        marks.append(Text("splits", "head", MARGIN, tidy(frame.edges[first] - 5), name, NAME_SIZE, bold=True))
    return marks


def _panel(part: str, panel: _Panel, rows: Sequence[SkillRow], where: tuple[RowFrame, Axis]) -> list[Mark]:
    frame, axis = where
    name = wrap(panel.kind.capitalize(), (axis.right - axis.left) / 1.1, NAME_SIZE, 1)[0]
    marks: list[Mark] = [Text(part, "head", axis.left, tidy(frame.edges[0] - 23), name, NAME_SIZE, bold=True)]
    firsts = first_rows(rows)
    for first, stop in zip(firsts, [*firsts[1:], len(rows)], strict=True):
        last = stop == len(rows)
        scale = axis.marks(frame.edges[first], frame.bottom if last else frame.middles[stop - 1] + ROW / 2, ())
        marks += scale if last else [mark for mark in scale[:-1] if isinstance(mark, Shape)]
        marks += _split(part, panel, rows[first].split, (frame.edges[first], frame.middles[stop - 1]), axis)
    for place, row in enumerate(rows):
        mine = panel.rows.get((row.split, row.name))
        if mine is not None:
            marks += row_marks(f"{part}-row-{place}", mine, axis, frame.middles[place])
    return marks


def _split(part: str, panel: _Panel, split: str, ends: tuple[float, float], axis: Axis) -> list[Mark]:
    """Return the number of rows of a split and the ceiling, as words and as a line."""
    base, ceiling = tidy(ends[0] - 5), panel.ceilings.get(split, float("nan"))
    count = panel.counts.get(split, 0)
    said = f"{count:,} rows" if count else "no such rows"
    marks: list[Mark] = [Text(part, "count", axis.left, base, said, LABEL_SIZE, colour=QUIET, italic=not count)]
    if math.isfinite(ceiling):
        x = axis.x(ceiling)
        line = polygon([(x, ends[0] + 1), (x, ends[1] + 6)], closed=False)
        marks.append(Shape("ceiling", "line", line, stroke=INK, stroke_width=1.0, dash=(4, 2)))
        text = number(ceiling)
        half = text_width(text, LABEL_SIZE) / 2
        middle = max(min(x, axis.right - half), axis.left + text_width(said, LABEL_SIZE) + 4 + half)
        marks.append(Text("ceiling", "ceiling", tidy(middle), base, text, LABEL_SIZE, "middle", colour=INK))
    return marks


def _title(frame: RowFrame) -> list[Mark]:
    middle = tidy((frame.left + frame.right) / 2)
    return [
        Text("axis", "axis-title", middle, tidy(frame.bottom + 21 + 9 * k), line, LABEL_SIZE, "middle", colour=QUIET)
        for k, line in enumerate(frame.title_lines(AXIS_TITLE))
    ]


def _caption(found: SkillReport) -> str:
    said = (
        "R2 of changes by the levers that act in a row: 1 is perfect, 0 as good as each value's mean change over the "
        "rows of the kind. Dots with 90% intervals (the left-out groups of the whole split are drawn again). Every "
        "prediction is made without the lever, the set of levers or the unit that is named; predictors learn from "
        f"levers of all kinds. An arrow head: below {number(LOWEST)}."
    )
    how = [note for note in found.notes if note.startswith("Error:")]
    ceiling = "Ceiling (dashed, with its number above): the best that the error of the answers allows."
    return " ".join([said, *(f"{ceiling} {note}" for note in how)])


def _alt(panels: Sequence[_Panel]) -> str:
    phrases = []
    for panel in panels:
        for split, ceiling in panel.ceilings.items():
            mine = [row for row in panel.rows.values() if row.split == split]
            told = ", ".join(f"{row.name} {number(row.value)}" for row in sorted(mine, key=lambda row: -row.value))
            top = f" (ceiling {number(ceiling)})" if math.isfinite(ceiling) else ""
            phrases.append(f"{panel.kind}, {split}: {told or 'not known'}{top}")
    return f"Dot plots, R2 of changes by kind of lever. {'; '.join(phrases)}."


def _cells(panel: _Panel, row: SkillRow) -> tuple[Cell, ...]:
    numbers = map(number_cell, (row.value, row.lower, row.upper, panel.ceilings[row.split]))
    return (row.split, panel.kind, row.name, row.kind, *numbers, panel.counts[row.split])
