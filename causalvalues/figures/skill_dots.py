"""The picture of a skill report: how well each predictor foresees changes, with the ceiling that noise sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.numerals import estimate, number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, NEGATIVE, PAPER, POSITIVE, QUIET, RULE
from causalvalues.skill.report import SkillReport
from causalvalues.skill.tables import column_of, named_rows, numbers_of, of_split, splits_of

WIDTH = 504.0
ROW = 14.0
HEAD = 25.0
NAMES = 170.0
NUMBERS = 88.0
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
    y: float


def skill_figure(found: SkillReport, measure: str = "micro_r2") -> Scene:
    """Draw R2 of every predictor under every split as dots with 90% intervals, and the ceiling as a line.

    Parameters
    ----------
    found : SkillReport
    measure : {"micro_r2", "effects_r2"}, default "micro_r2"
        Of the changes of rows, or of the mean changes of lever sets.

    Returns
    -------
    Scene
        Predictors are sorted within each split, the best first.

    Raises
    ------
    FigureError
        If the measure is unknown or no number is known.
    """
    if measure not in MEASURES:
        raise FigureError(f"There is no measure {measure!r} to draw. Choose {' or '.join(MEASURES)}.")
    low, high, top, title = MEASURES[measure]
    rows, heads, bottom = _placed(found.table, (measure, low, high))
    ceilings = {split: numbers_of(named_rows(found.ceiling), split)[top] for split, _, _ in heads}
    axis = _axis(rows, [each for each in ceilings.values() if math.isfinite(each)])
    marks: list[Mark] = axis.marks(MARGIN + 6, bottom, f"{title}, about each value's mean change")
    for split, start, stop in heads:
        marks += _head(split, start, stop, ceilings[split], axis)
    for place, row in enumerate(rows):
        marks += _marks(f"row-{place}", row, axis)
    some = [kind for kind in KINDS if any(row.kind == kind for row in rows)]
    marks += _legend(some, any(math.isfinite(each) for each in ceilings.values()), bottom + 36)
    return Scene(
        kind="skill",
        width=WIDTH,
        height=tidy(bottom + 36 + 8 + 2 * MARGIN),
        marks=tuple(marks),
        title="How well are changes foreseen?",
        caption=_caption(found, title),
        alt=_alt(rows, ceilings, title),
        columns=("split", "predictor", "kind", measure, "lower", "upper", "ceiling"),
        rows=tuple(_cells(row, ceilings[row.split]) for row in rows),
    )


def _placed(
    table: pd.DataFrame, columns: tuple[str, str, str]
) -> tuple[list[_Row], list[tuple[str, float, float]], float]:
    """Return rows with their heights, the splits with where they begin and end, and the lower end of all."""
    rows: list[_Row] = []
    heads: list[tuple[str, float, float]] = []
    y = MARGIN + 6.0
    for split in splits_of(table):
        here = of_split(table, split)
        known = column_of(here, columns[0])
        if not known:
            continue
        start = y
        y += HEAD
        for name in sorted(known, key=lambda each: -known[each]):
            value, lower, upper = (numbers_of(here, name)[column] for column in columns)
            rows.append(_Row(split, name, str(here[name]["kind"]), value, lower, upper, y))
            y += ROW
        heads.append((split, start, y))
    if not rows:
        raise FigureError("There is nothing to draw: no R2 is known.")
    return rows, heads, y


def _axis(rows: Sequence[_Row], ceilings: Sequence[float]) -> Axis:
    numbers = [0.0, *ceilings]
    for row in rows:
        numbers += [each for each in (row.value, row.lower, row.upper) if math.isfinite(each)]
    left = MARGIN + NAMES + 8
    return Axis.around([min(max(each, LOWEST), 1.0) for each in numbers], left, WIDTH - MARGIN - NUMBERS)


def _head(split: str, start: float, stop: float, ceiling: float, axis: Axis) -> list[Mark]:
    rule = polygon([(MARGIN, start + 3), (WIDTH - MARGIN, start + 3)], closed=False)
    marks: list[Mark] = [
        Shape("splits", "rule", rule, stroke=RULE, stroke_width=0.4),
        Text("splits", "head", MARGIN, tidy(start + 14), split.capitalize(), NAME_SIZE, bold=True),
    ]
    if math.isfinite(ceiling):
        x = axis.x(ceiling)
        line = polygon([(x, start + HEAD - 9), (x, stop - 5)], closed=False)
        marks.append(Shape("ceiling", "line", line, stroke=INK, stroke_width=1.0, dash=(4, 2)))
        said = f"ceiling {number(ceiling)}"
        marks.append(Text("ceiling", "ceiling", x, tidy(start + HEAD - 12), said, LABEL_SIZE, "middle", colour=INK))
    return marks


def _marks(part: str, row: _Row, axis: Axis) -> list[Mark]:
    base = tidy(row.y + 0.36 * NAME_SIZE)
    name = wrap(row.name, NAMES, NAME_SIZE, 1)[0]
    said = estimate(row.value, row.lower, row.upper)
    marks: list[Mark] = [
        Text(part, "name", tidy(MARGIN + NAMES), base, name, NAME_SIZE, "end"),
        Text(part, "number", tidy(WIDTH - MARGIN), base, said, LABEL_SIZE, "end", colour=QUIET),
    ]
    if row.value < axis.low:
        x = axis.left
        head = polygon([(x, row.y), (x + 5, row.y - 3), (x + 5, row.y + 3)])
        return [*marks, Shape(part, "beyond", head, fill=_colour(row.kind))]
    if math.isfinite(row.lower) and math.isfinite(row.upper):
        ends = [(axis.x(max(row.lower, axis.low)), row.y), (axis.x(row.upper), row.y)]
        line = polygon(ends, closed=False)
        marks.append(Shape(part, "interval", line, stroke=_colour(row.kind), stroke_width=1.2))
    return [*marks, _dot(part, axis.x(row.value), row.y, row.kind)]


def _colour(kind: str) -> str:
    return {"graph": POSITIVE, "mechanism": NEGATIVE}.get(kind, QUIET)


def _dot(part: str, x: float, y: float, kind: str) -> Shape:
    fill = PAPER if kind == "simple" else _colour(kind)
    return Shape(part, "dot", disc(x, y, 2.7), fill=fill, stroke=_colour(kind), stroke_width=1.0)


def _legend(kinds: Sequence[str], ceiling: bool, y: float) -> list[Mark]:
    words = [KINDS[kind] for kind in kinds] + ([CEILING] if ceiling else [])
    lengths = [22 + text_width(word, LABEL_SIZE) for word in words]
    x = (WIDTH - sum(lengths) - 16 * (len(words) - 1)) / 2
    marks: list[Mark] = []
    for place, (word, length) in enumerate(zip(words, lengths, strict=True)):
        ends = polygon([(x, y), (x + 18, y)], closed=False)
        if place < len(kinds):
            marks.append(Shape("legend", "interval", ends, stroke=_colour(kinds[place]), stroke_width=1.2))
            marks.append(_dot("legend", x + 9, y, kinds[place]))
        else:
            marks.append(Shape("legend", "line", ends, stroke=INK, stroke_width=1.0, dash=(4, 2)))
        at = (tidy(x + 22), tidy(y + 0.36 * LABEL_SIZE))
        marks.append(Text("legend", "legend", *at, word, LABEL_SIZE, colour=QUIET))
        x += length + 16
    return marks


def _caption(found: SkillReport, title: str) -> str:
    said = (
        f"{title}: 1 is perfect, 0 as good as each value's mean change over the rows that are foreseen. Dots with 90% "
        "intervals (the left-out groups are drawn again). Every prediction is made without the lever, the set of "
        f"levers or the unit that is named. An arrow head: below {number(LOWEST)}."
    )
    how = [note for note in found.notes if note.startswith("Error:")]
    return " ".join([said, *(f"Ceiling: the best that the error of the answers allows. {note}" for note in how)])


def _alt(rows: Sequence[_Row], ceilings: dict[str, float], title: str) -> str:
    phrases = []
    for split, ceiling in ceilings.items():
        told = ", ".join(f"{row.name} {number(row.value)}" for row in rows if row.split == split)
        phrases.append(f"{split}: {told}" + (f" (ceiling {number(ceiling)})" if math.isfinite(ceiling) else ""))
    return f"Dot plot, {title}. " + "; ".join(phrases) + "."


def _cells(row: _Row, ceiling: float) -> tuple[Cell, ...]:
    numbers = (row.value, row.lower, row.upper, ceiling)
    return (row.split, row.name, row.kind, *(round(x, 9) + 0.0 if math.isfinite(x) else None for x in numbers))
