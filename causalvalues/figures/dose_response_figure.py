"""Dose-response curves: what a lever does to its aim and to the other values, what it costs, and where it breaks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.curve_panel import Panel, Point
from causalvalues.figures.dose_grid import (
    BELOW,
    BETWEEN,
    HEAD_LINE,
    LINE,
    ROWS_APART,
    DoseGrid,
    break_lines,
    dose_grid,
    head_lines,
    loss_places,
)
from causalvalues.figures.dose_response_words import dose_alt, dose_caption, dose_rows
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import checked_width, shown_names
from causalvalues.leakage.dose_curves import DoseResponse
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Scene, Shape, Text
from causalvalues.scene.palette import ASIDE, INK, LABEL_SIZE, MARGIN, NAME_SIZE, NEGATIVE, POSITIVE, QUIET, blend
from causalvalues.theories.theory import ValueTheory

DASHES: tuple[tuple[float, ...], ...] = ((), (4.0, 1.5), (1.5, 1.5), (6.0, 1.5, 1.5, 1.5))


def dose_response_figure(
    found: DoseResponse | Sequence[DoseResponse],
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw effects against doses, one panel a lever, with the guardrails below and the dose where it breaks.

    Parameters
    ----------
    found : DoseResponse or sequence of DoseResponse
        Several have common scales, and the same guardrails.
    theory : ValueTheory, optional
        Names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        The aim is a strong line with its interval as a band, other values are thin and grey. The lower part has the
        loss of the guardrails: of one in its own unit, of several as a share of what is allowed; the line across is
        what is allowed. A dashed upright line is the dose where the lever breaks, the bar at it its interval.

    Raises
    ------
    FigureError
        If there is nothing to draw, guardrails or levels differ, or the width leaves no room.
    """
    each = (found,) if isinstance(found, DoseResponse) else tuple(found)
    _check(each)
    names = [one.lever for one in each] + [str(name) for name in each[0].effect.columns]
    shown = shown_names(names, theory, labels)
    grid = dose_grid(each, [shown[one.lever] for one in each], checked_width(width))
    marks: list[Mark] = []
    top = MARGIN + 2.0
    for start in range(0, len(each), grid.columns):
        row = each[start : start + grid.columns]
        last = start + grid.columns >= len(each)
        for place, one in enumerate(row):
            under = last or start + place + grid.columns >= len(each)
            marks += _lever(one, shown, grid, (start + place, place, top, under))
        top += grid.row + (20.0 if start + 2 * grid.columns > len(each) else BELOW)
    rows_end = top - 8.0
    marks.append(_across(grid, rows_end))
    legend, below = legend_rows(_legend(each, shown), width, rows_end + 8.0)
    return Scene(
        kind="dose_response",
        width=width,
        height=tidy(rows_end + 8.0 + below),
        marks=(*marks, *legend),
        title="Dose response",
        caption=dose_caption(each, shown, grid.unit),
        alt=dose_alt(each, shown),
        columns=("lever", "dose", "column", "role", "effect", "lower", "upper"),
        rows=dose_rows(each),
        provenance={"level": f"{each[0].level:g}"},
    )


def _check(each: Sequence[DoseResponse]) -> None:
    if not each:
        raise FigureError("There is no dose response to draw. Give one or more.")
    first = each[0]
    for one in each:
        if not isinstance(one, DoseResponse):
            raise FigureError(f"A {type(one).__name__} is no dose response. Give what `dose_response` returns.")
        if dict(one.guardrails) != dict(first.guardrails) or one.level != first.level:
            raise FigureError(
                f"The levers {first.lever!r} and {one.lever!r} have other guardrails or levels. Measure them alike."
            )
    if len({one.lever for one in each}) < len(each):
        raise FigureError("A lever is there twice. Give each lever once.")


def _lever(
    one: DoseResponse, shown: Mapping[str, str], grid: DoseGrid, where: tuple[int, int, float, bool]
) -> list[Mark]:
    """Return the head, the effects and the losses of one lever; `where`: number, column, top, numbers below."""
    number, column, top, under = where
    left = grid.left + column * (grid.wide + BETWEEN)
    part = f"panel-{number}"
    start = top + grid.head
    upper = Panel(part, tidy(left), tidy(start), tidy(left + grid.wide), tidy(start + grid.high), grid.across, grid.up)
    panels = [upper]
    if grid.low:
        low = upper.bottom + ROWS_APART
        ends = tidy(low), upper.right, tidy(low + grid.low)
        panels.append(
            Panel(f"{part}-low", upper.left, *ends, grid.across, grid.loss, loss_places(one, grid.unit, grid.loss))
        )
    marks = _head(part, one, shown[one.lever], (upper, grid))
    marks += _break_marks(one, panels)
    for panel in panels:
        last = panel is panels[-1]
        marks += panel.frame((last and under, column == 0))
    marks += _effects(one, upper)
    if grid.low:
        marks += _losses(one, panels[1], grid)
    if column == 0:
        marks += _titles(panels, grid)
    return marks


def _head(part: str, one: DoseResponse, name: str, where: tuple[Panel, DoseGrid]) -> list[Mark]:
    """Return the name of the lever and where it breaks, the last lines of all levers of a row level."""
    panel, grid = where
    lines, broken = head_lines(name, grid.wide), break_lines(one, grid.wide)
    base = panel.top - 7.0 - LINE * (grid.lines[1] - 1)
    marks: list[Mark] = [
        Text(f"{part}-head", "break", panel.left, tidy(base + LINE * k), line, LABEL_SIZE, colour=QUIET)
        for k, line in enumerate(broken)
    ]
    first = base - LINE - HEAD_LINE * (len(lines) - 1) - 0.5
    return [
        *(
            Text(f"{part}-head", "head", panel.left, tidy(first + HEAD_LINE * k), line, NAME_SIZE, bold=True)
            for k, line in enumerate(lines)
        ),
        *marks,
    ]


def _titles(panels: Sequence[Panel], grid: DoseGrid) -> list[Mark]:
    """Return what the scales count, reading upwards on the left."""
    said = ("effect", "change" if grid.unit else "of allowed")
    marks: list[Mark] = []
    for panel, text in zip(panels, said, strict=False):
        y = tidy((panel.top + panel.bottom) / 2)
        fits = text if text_width(text, LABEL_SIZE) <= panel.bottom - panel.top + 8 else "change"
        place = tidy(panel.left - grid.numbers - 8.0)
        marks.append(Text("axis", "axis-title", place, y, fits, LABEL_SIZE, "middle", colour=QUIET, angle=-90.0))
    return marks


def _across(grid: DoseGrid, y: float) -> Text:
    middle = tidy(grid.left + (grid.columns * (grid.wide + BETWEEN) - BETWEEN) / 2)
    return Text("axis", "axis-title", middle, tidy(y + 7), "dose", LABEL_SIZE, "middle", colour=QUIET)


def _points(one: DoseResponse, table: pd.DataFrame, name: str, scale: float = 1.0) -> list[Point]:
    """Return dose and number of a column, with nothing at the dose zero."""
    found = [(dose, float(x) / scale) for dose, x in zip(one.doses, table[name], strict=True)]
    return sorted([*found, (0.0, 0.0)])


def _effects(one: DoseResponse, panel: Panel) -> list[Mark]:
    marks: list[Mark] = [*panel.band(_points(one, one.lower, one.aim), _points(one, one.upper, one.aim), BAND)]
    for name in one.values:
        if name != one.aim:
            marks += panel.line(_points(one, one.effect, name), (ASIDE, 0.6, ()))
    aim = _points(one, one.effect, one.aim)
    marks += panel.line(aim, (POSITIVE, 1.8, ()))
    dots = [(a, b) for a, b in aim if a != 0 and math.isfinite(b)]
    marks += [Shape(panel.part, "dot", disc(panel.x(a), panel.y(b), 1.9), fill=POSITIVE) for a, b in dots]
    return marks


BAND = blend(POSITIVE, 0.22)
LOSS_BAND = blend(NEGATIVE, 0.18)


def _losses(one: DoseResponse, panel: Panel, grid: DoseGrid) -> list[Mark]:
    marks: list[Mark] = []
    for k, (name, allowed) in enumerate(one.guardrails.items()):
        scale = 1.0 if grid.unit else allowed
        if len(one.guardrails) == 1:
            lower, upper = (_points(one, table, name, scale) for table in (one.lower, one.upper))
            marks += panel.band(lower, upper, LOSS_BAND)
        points = _cut([(a, b) for a, b in _points(one, one.effect, name, scale)], grid.loss[0])
        marks += panel.line(points, (NEGATIVE, 1.2, DASHES[k % len(DASHES)]))
    y = panel.y(-one.guardrails[grid.unit] if grid.unit else -1.0)
    line = polygon([(panel.left, y), (panel.right, y)], closed=False)
    return [*marks, Shape(panel.part, "allowed", line, stroke=INK, stroke_width=0.8)]


def _cut(points: Sequence[Point], least: float) -> list[Point]:
    """Return a curve up to where it leaves the panel below."""
    kept: list[Point] = []
    for a, b in points:
        if math.isfinite(b) and b < least:
            if kept and kept[-1][1] > least:
                share = (kept[-1][1] - least) / (kept[-1][1] - b)
                kept.append((kept[-1][0] + share * (a - kept[-1][0]), least))
            break
        kept.append((a, b))
    return kept


def _break_marks(one: DoseResponse, panels: Sequence[Panel]) -> list[Mark]:
    """Return the upright line where the lever breaks, and a ground that spans its interval."""
    side = 1.0 if max(one.doses) > 0 else -1.0
    marks: list[Mark] = []
    for panel in panels:
        low, high = (min(end, one.breaks.largest) for end in (one.breaks.lower, one.breaks.upper))
        if math.isfinite(one.breaks.lower):
            ends = sorted((panel.x(side * low), panel.x(side * high)))
            box = rectangle(ends[0], panel.top, tidy(ends[1] - ends[0]), tidy(panel.bottom - panel.top))
            marks.append(Shape(panel.part, "ground", box, fill=SPAN))
        if math.isfinite(one.breaks.dose):
            x = panel.x(side * one.breaks.dose)
            line = polygon([(x, panel.top), (x, panel.bottom)], closed=False)
            marks.append(Shape(f"{panel.part}-break", "break", line, stroke=INK, stroke_width=0.9, dash=(3.0, 2.0)))
    return marks


SPAN = "#EFEFEF"


def _legend(each: Sequence[DoseResponse], shown: Mapping[str, str]) -> list[Item]:
    def across(colour: str, wide: float, dash: tuple[float, ...] = ()) -> Shape:
        line = polygon([(0, 0), (16, 0)], closed=False)
        return Shape("legend", "line", line, stroke=colour, stroke_width=wide, dash=dash)

    band = Shape("legend", "band", rectangle(0, -4, 16, 8), fill=BAND)
    aim = shown[each[0].aim] if len(each) == 1 else "aim of the lever"
    items: list[Item] = [(16.0, f"{aim}, with interval", (band, across(POSITIVE, 1.8)))]
    if len(each[0].values) > 1:
        items.append((16.0, "other values", (across(ASIDE, 0.6),)))
    for k, name in enumerate(each[0].guardrails):
        items.append((16.0, shown[name], (across(NEGATIVE, 1.2, DASHES[k % len(DASHES)]),)))
    if each[0].guardrails:
        items.append((16.0, "largest loss allowed", (across(INK, 0.8),)))
    if any(math.isfinite(one.breaks.lower) for one in each):
        upright = polygon([(8, -5), (8, 5)], closed=False)
        span = Shape("legend", "ground", rectangle(2, -5, 12, 10), fill=SPAN)
        line = Shape("legend-break", "break", upright, stroke=INK, stroke_width=0.9, dash=(3.0, 2.0))
        items.append((16.0, "breaks, with interval", (span, line)))
    return items
