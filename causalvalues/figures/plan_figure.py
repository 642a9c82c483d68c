"""The picture of a plan: where each value starts, where it should go, and where it is predicted to end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import estimate, number
from causalvalues.planning.nouns import Plan
from causalvalues.planning.targets import Target
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, PAPER, POSITIVE, QUIET, RULE, blend
from causalvalues.theories.theory import ValueTheory

WIDTH = 468.0
ROW = 18.0
BAND = blend(INK, 0.10)


@dataclass(frozen=True)
class _Row:
    name: str
    label: str
    start: float
    target: float | None
    mean: float
    lower: float
    upper: float
    band: tuple[float, float] | None


def plan_figure(
    plan: Plan, target: Target | None = None, theory: ValueTheory | None = None, labels: Mapping[str, str] | None = None
) -> Scene:
    """Draw a plan as a dot plot with its numbers beside it.

    Parameters
    ----------
    plan : Plan
        ``plan.predicted`` is drawn: start, target, mean and 90% interval of every value.
    target : Target, optional
        Gives the tolerance about wanted scores and the bounds, which are drawn as grey bands.
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown of values and levers; they win over the theory's.

    Returns
    -------
    Scene
        Values with a target first, free values below a line.

    Raises
    ------
    FigureError
        If the plan predicts nothing.
    """
    if plan.predicted.empty:
        raise FigureError("There is nothing to draw: the plan predicts no value.")
    rows = _rows(plan, target, theory, labels or {})
    named = [row for row in rows if row.target is not None or row.band is not None]
    free = [row for row in rows if row not in named]
    left = MARGIN + 8 + max(text_width(line, NAME_SIZE) for row in rows for line in wrap(row.label, 130, NAME_SIZE, 1))
    texts = [estimate(row.mean, row.lower, row.upper) for row in rows]
    wide = max(text_width(text, LABEL_SIZE) for text in [*texts, "Predicted [90%]"])
    right = WIDTH - MARGIN - wide - 78
    head = _heading(plan, labels or {})
    axis = Axis.around(_scores(rows), left, right)
    top = MARGIN + 13 * len(head) + 20
    tops = _tops(len(named), len(free), top)
    bottom = (max(tops) if tops else top) + ROW + 2
    marks: list[Mark] = _title_lines(head)
    marks += axis.marks(top - 2, bottom, "score")
    marks += _column_heads((right, wide), top - 8)
    for number_of, (row, y) in enumerate(zip([*named, *free], tops, strict=True)):
        marks += _row_marks(f"row-{number_of}", row, axis, y + ROW / 2)
        marks += _row_texts(f"row-{number_of}", row, (left, right, wide), y + ROW / 2)
    if named and free:
        between = tops[len(named)] - 5
        ends = [(MARGIN, between), (WIDTH - MARGIN, between)]
        marks.append(Shape("divider", "rule", polygon(ends, closed=False), stroke=RULE, stroke_width=0.6))
    legend, below = _legend(named, bottom + 32)
    return Scene(
        kind="plan",
        width=WIDTH,
        height=tidy(bottom + 32 + below),
        marks=(*marks, *legend),
        title="Plan",
        caption=_caption(plan, target),
        alt=_alt(plan, rows),
        columns=("value", "start", "target", "mean", "lower", "upper"),
        rows=tuple((row.name, *_cells(row)) for row in [*named, *free]),
        provenance={"status": plan.status.name, "chance of hitting": number(plan.chance)},
    )


def _rows(plan: Plan, target: Target | None, theory: ValueTheory | None, labels: Mapping[str, str]) -> list[_Row]:
    known = {} if theory is None else theory.labels
    rows = []
    for name in value_order([str(name) for name in plan.predicted.index], theory):
        start, wanted, mean, lower, upper = (
            float(plan.predicted.loc[name, column])  # type: ignore[arg-type]
            for column in ("start", "target", "mean", "lower", "upper")
        )
        goal = wanted if math.isfinite(wanted) else None
        band = None
        if target is not None and name in target.profile:
            band = target.box[name]
        elif target is not None and name in target.bounds:
            band = target.bounds[name]
        rows.append(_Row(name, labels.get(name, known.get(name, name)), start, goal, mean, lower, upper, band))
    return rows


def _scores(rows: Sequence[_Row]) -> list[float]:
    found = [
        score for row in rows for score in (row.start, row.mean, row.lower, row.upper, row.target, *(row.band or ()))
    ]
    return [score for score in found if score is not None and math.isfinite(score)] or [0.0]


def _tops(named: int, free: int, top: float) -> list[float]:
    gap = 10.0 if named and free else 0.0
    return [tidy(top + ROW * i + (gap if i >= named else 0.0)) for i in range(named + free)]


def _heading(plan: Plan, labels: Mapping[str, str]) -> list[str]:
    chosen = ", ".join(f"{labels.get(node, node)} \u00d7 {number(dose)}" for node, dose in sorted(plan.doses.items()))
    said = [f"Levers: {chosen or 'none'}"]
    if math.isfinite(plan.chance):
        said.append(f"chance that all targets are met: {number(plan.chance)}")
    line = "; ".join(said)
    return list(wrap(line, WIDTH - 2 * MARGIN, NAME_SIZE, 4))


def _title_lines(lines: Sequence[str]) -> list[Mark]:
    return [
        Text("heading", "heading", MARGIN, tidy(MARGIN + 8 + 12 * k), line, NAME_SIZE) for k, line in enumerate(lines)
    ]


def _column_heads(columns: tuple[float, float], y: float) -> list[Mark]:
    right, wide = columns
    return [
        Text("heads", "head-text", tidy(right + 36), tidy(y), "Start", LABEL_SIZE, "end", colour=QUIET),
        Text("heads", "head-text", tidy(right + 68), tidy(y), "Target", LABEL_SIZE, "end", colour=QUIET),
        Text(
            "heads", "head-text", tidy(right + 78 + wide), tidy(y), "Predicted [90%]", LABEL_SIZE, "end", colour=QUIET
        ),
    ]


def _row_texts(part: str, row: _Row, columns: tuple[float, float, float], y: float) -> list[Mark]:
    left, right, wide = columns
    base = tidy(y + 0.36 * NAME_SIZE)
    label = wrap(row.label, 130, NAME_SIZE, 1)[0]
    target = "" if row.target is None else number(row.target)
    cells = (
        (right + 36, number(row.start)),
        (right + 68, target),
        (right + 78 + wide, estimate(row.mean, row.lower, row.upper)),
    )
    marks: list[Mark] = [Text(part, "name", tidy(left - 8), base, label, NAME_SIZE, "end")]
    for x, text in cells:
        if text:
            marks.append(
                Text(part, "number", tidy(x), base, text, LABEL_SIZE, "end", bold=_missed(row) and x > right + 70)
            )
    return marks


def _row_marks(part: str, row: _Row, axis: Axis, y: float) -> list[Mark]:
    marks: list[Mark] = []
    if row.band is not None:
        low, high = max(row.band[0], axis.low), min(row.band[1], axis.high)
        box = rectangle(axis.x(low), y - 6, axis.x(high) - axis.x(low), 12)
        marks.append(Shape(part, "band", box, fill=BAND))
    if row.target is not None:
        x = axis.x(row.target)
        marks.append(
            Shape(part, "target", polygon([(x, y - 6), (x, y + 6)], closed=False), stroke=INK, stroke_width=1.4)
        )
    if all(math.isfinite(score) for score in (row.lower, row.upper)):
        ends = [(axis.x(row.lower), y), (axis.x(row.upper), y)]
        marks.append(Shape(part, "interval", polygon(ends, closed=False), stroke=POSITIVE, stroke_width=1.3))
    if math.isfinite(row.start):
        marks.append(Shape(part, "start", disc(axis.x(row.start), y, 2.7), fill=PAPER, stroke=QUIET, stroke_width=0.9))
    if math.isfinite(row.mean):
        marks.append(Shape(part, "mean", disc(axis.x(row.mean), y, 2.9), fill=POSITIVE))
    return marks


def _missed(row: _Row) -> bool:
    return row.band is not None and not row.band[0] <= row.mean <= row.band[1]


def _legend(named: Sequence[_Row], top: float) -> tuple[list[Mark], float]:
    """Return one row: only the signs that occur."""
    items = ["start", "mean"]
    items += ["target"] if any(row.target is not None for row in named) else []
    items += ["band"] if any(row.band is not None for row in named) else []
    items += ["bold"] if any(_missed(row) for row in named) else []
    words = {
        "start": "start",
        "mean": "predicted mean with 90% interval",
        "target": "target",
        "band": "tolerance or bounds",
        "bold": "bold: mean outside",
    }
    samples = {"start": 6.0, "mean": 20.0, "target": 4.0, "band": 14.0, "bold": -4.0}
    lengths = [samples[item] + 4 + text_width(words[item], LABEL_SIZE) for item in items]
    x, y = (WIDTH - sum(lengths) - 18 * (len(items) - 1)) / 2, top + 6
    marks: list[Mark] = []
    for item, length in zip(items, lengths, strict=True):
        middle = x + samples[item] / 2
        if item == "start":
            marks.append(Shape("legend", "start", disc(middle, y, 2.7), fill=PAPER, stroke=QUIET, stroke_width=0.9))
        elif item == "mean":
            marks.append(
                Shape(
                    "legend",
                    "interval",
                    polygon([(x, y), (x + 20, y)], closed=False),
                    stroke=POSITIVE,
                    stroke_width=1.3,
                )
            )
            marks.append(Shape("legend", "mean", disc(middle, y, 2.9), fill=POSITIVE))
        elif item == "target":
            ends = [(middle, y - 5), (middle, y + 5)]
            marks.append(Shape("legend", "target", polygon(ends, closed=False), stroke=INK, stroke_width=1.4))
        elif item == "band":
            marks.append(Shape("legend", "band", rectangle(x, y - 5, 14, 10), fill=BAND))
        at = (tidy(x + samples[item] + 4), tidy(y + 0.36 * LABEL_SIZE))
        marks.append(Text("legend", "legend", *at, words[item], LABEL_SIZE, colour=QUIET))
        x += length + 18
    return marks, 12 + 2 * MARGIN


def _caption(plan: Plan, target: Target | None) -> str:
    said = ["Start, target and predicted score of every value with 90% predictive interval. Below the line: no target."]
    if target is not None and target.profile:
        said.append(
            f"Grey: within {number(target.tolerance)}{_points(target)} of the target; a predicted mean outside it is "
            "printed bold."
        )
    said.append(f"Status: {plan.status.value}.")
    if math.isfinite(plan.chance):
        said.append(f"Predictive chance that all targets are met: {number(plan.chance)}.")
    if math.isfinite(plan.chance_cross_fitted):
        said.append(f"Cross-fitted: {number(plan.chance_cross_fitted)}.")
    return " ".join(said)


def _points(target: Target) -> str:
    return " points of priority" if target.priorities else ""


def _alt(plan: Plan, rows: Sequence[_Row]) -> str:
    phrases = []
    for row in rows:
        goal = "" if row.target is None else f" (target {number(row.target)})"
        phrases.append(f"{row.label} from {number(row.start)} to {estimate(row.mean, row.lower, row.upper)}{goal}")
    return f"Dot plot of a plan with {len(plan.doses)} levers: " + "; ".join(phrases) + "."


def _cells(row: _Row) -> tuple[Cell, ...]:
    numbers = (row.start, row.target, row.mean, row.lower, row.upper)
    return tuple(None if x is None or not math.isfinite(x) else round(x, 9) + 0.0 for x in numbers)
