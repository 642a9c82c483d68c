"""Dots, intervals and ceilings of skill figures, and what they mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from causalvalues.figures.legend import Item
from causalvalues.figures.row_frame import RowFrame
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, tidy
from causalvalues.scene.nouns import Mark, Shape
from causalvalues.scene.palette import INK, NEGATIVE, PAPER, POSITIVE, QUIET

ROW = 14.0
HEAD = 20.0
"""Height of a row, and of the line above the rows of a split, in points."""
LOWEST = -0.5
"""R2 below this is drawn at the left edge, with an arrow head."""
KINDS = {"simple": "without structural equations", "mechanism": "fitted mechanism", "graph": "model with a graph"}
CEILING = "ceiling: error of the answers"


@dataclass(frozen=True)
class SkillRow:
    """R2 of one predictor with its interval."""

    split: str
    name: str
    kind: str
    value: float
    lower: float
    upper: float


def first_rows(rows: Sequence[SkillRow]) -> list[int]:
    """Return the places where a new split begins."""
    return [place for place, row in enumerate(rows) if place == 0 or row.split != rows[place - 1].split]


def with_heads(frame: RowFrame, rows: Sequence[SkillRow]) -> RowFrame:
    """Return a frame with room for the name of each split above its rows."""
    firsts = first_rows(rows)
    down = [HEAD * sum(first <= place for first in firsts) for place in range(len(rows))]
    edges = [tidy(edge + by) for edge, by in zip(frame.edges, [*down, down[-1]], strict=True)]
    middles = [tidy(middle + by) for middle, by in zip(frame.middles, down, strict=True)]
    return replace(frame, edges=tuple(edges), middles=tuple(middles))


def skill_axis(rows: Sequence[SkillRow], ceilings: Sequence[float], ends: tuple[float, float]) -> Axis:
    """Return a scale between two places that holds zero, all rows as far as `LOWEST`, and the ceilings."""
    numbers = [0.0, *(each for each in ceilings if math.isfinite(each))]
    for row in rows:
        numbers += [each for each in (row.value, row.lower, row.upper) if math.isfinite(each)]
    return Axis.around([min(max(each, LOWEST), 1.0) for each in numbers], *ends)


def row_marks(part: str, row: SkillRow, axis: Axis, y: float) -> list[Mark]:
    """Return the dot and the interval of a row, or an arrow head where the dot lies to the left of the scale."""
    if row.value < axis.low:
        x = axis.left
        return [Shape(part, "beyond", polygon([(x, y), (x + 5, y - 3), (x + 5, y + 3)]), fill=_colour(row.kind))]
    marks: list[Mark] = []
    if math.isfinite(row.lower) and math.isfinite(row.upper):
        line = polygon([(axis.x(max(row.lower, axis.low)), y), (axis.x(max(row.upper, axis.low)), y)], closed=False)
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


def legend_items(rows: Sequence[SkillRow], ceiling: bool) -> list[Item]:
    """Return the items of the legend: of the kinds of predictors that are there, and of the ceiling."""
    kinds = [kind for kind in KINDS if any(row.kind == kind for row in rows)]
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
