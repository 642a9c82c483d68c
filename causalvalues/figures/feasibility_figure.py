"""The picture of a target's feasibility: what is wanted, what can be reached, and how near the levers come."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.explaining.feasibility import Feasibility
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import number
from causalvalues.planning.profiles import doses_in_words
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import (
    INK,
    LABEL_SIZE,
    MARGIN,
    NAME_SIZE,
    NEGATIVE,
    PAPER,
    POSITIVE,
    QUIET,
    blend,
)
from causalvalues.theories.theory import ValueTheory

WIDTH = 468.0
ROW = 18.0
REACH = blend(POSITIVE, 0.18)
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
    found: Feasibility, theory: ValueTheory | None = None, labels: Mapping[str, str] | None = None
) -> Scene:
    """Draw for each value its start, its target, the range that the levers reach, and the nearest choice.

    Parameters
    ----------
    found : Feasibility
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.

    Returns
    -------
    Scene
        Values in the order of the theory; those of the conflict in vermillion, with what is left to go beside them.
    """
    rows = _rows(found, theory, labels or {})
    heading = _heading(found)
    widths = [text_width(wrap(row.label, 130, NAME_SIZE, 1)[0], NAME_SIZE, row.conflict) for row in rows]
    left = MARGIN + 8 + max(widths)
    right = WIDTH - MARGIN - 60
    scores = [row.numbers[column] for row in rows for column in COLUMNS if column != "gap"]
    axis = Axis.around([score for score in scores if math.isfinite(score)], left, right)
    top = MARGIN + 12 * len(heading) + 22
    bottom = top + ROW * len(rows) + 2
    marks: list[Mark] = [
        Text("heading", "heading", MARGIN, tidy(MARGIN + 8 + 12 * k), line, NAME_SIZE, bold=k == 0)
        for k, line in enumerate(heading)
    ]
    marks += axis.marks(top - 2, bottom, "score")
    ends = tidy(WIDTH - MARGIN)
    marks.append(Text("heads", "head-text", ends, tidy(top - 8), "Left to go", LABEL_SIZE, "end", colour=QUIET))
    for place, row in enumerate(rows):
        marks += _row(f"row-{place}", row, axis, top + ROW * (place + 0.5))
    return Scene(
        kind="plan",
        width=WIDTH,
        height=tidy(bottom + 34 + 6 + 2 * MARGIN),
        marks=(*marks, *_legend(rows, bottom + 34)),
        title="Can the target be reached?",
        caption=_caption(found),
        alt=_alt(found, rows),
        columns=("value", *COLUMNS),
        rows=tuple((row.name, *_cells(row)) for row in rows),
        provenance={"choices": str(found.choices), "P(unreachable)": number(found.unreachable)},
    )


def _rows(found: Feasibility, theory: ValueTheory | None, labels: Mapping[str, str]) -> list[_Row]:
    known = {} if theory is None else theory.labels
    table = {column: found.profile[column].to_dict() for column in COLUMNS}
    rows = []
    for name in value_order([str(name) for name in found.profile.index], theory):
        numbers = {column: float(table[column][name]) for column in COLUMNS}
        clash = any(repr(name) in wish for wish in found.conflict)
        rows.append(_Row(name, labels.get(name, known.get(name, name)), numbers, clash))
    return rows


def _heading(found: Feasibility) -> tuple[str, ...]:
    verdict = (
        "Some choice of levers ends inside the target" if found.inside else "No choice of levers reaches the target"
    )
    nearest = f"nearest: {doses_in_words(found.nearest)}; probability that none reaches it: {number(found.unreachable)}"
    return (verdict, *wrap(nearest, WIDTH - 2 * MARGIN, NAME_SIZE, 2))


def _row(part: str, row: _Row, axis: Axis, y: float) -> list[Mark]:
    numbers = row.numbers
    colour = NEGATIVE if row.conflict else INK
    base = tidy(y + 0.36 * NAME_SIZE)
    name = wrap(row.label, 130, NAME_SIZE, 1)[0]
    low, high = axis.x(numbers["least"]), axis.x(numbers["most"])
    reach = rectangle(low, tidy(y - 5), max(tidy(high - low), 0.5), 10)
    marks: list[Mark] = [
        Text(part, "name", tidy(axis.left - 8), base, name, NAME_SIZE, "end", bold=row.conflict, colour=colour),
        Shape(part, "band", reach, fill=REACH),
    ]
    if row.wanted:
        x = axis.x(numbers["target"])
        line = polygon([(x, y - 7), (x, y + 7)], closed=False)
        marks.append(Shape(part, "target", line, stroke=colour, stroke_width=1.6))
        text = number(numbers["gap"])
        marks.append(
            Text(part, "number", tidy(WIDTH - MARGIN), base, text, LABEL_SIZE, "end", bold=row.conflict, colour=colour)
        )
    ends = polygon([(axis.x(numbers["lower"]), y), (axis.x(numbers["upper"]), y)], closed=False)
    marks.append(Shape(part, "interval", ends, stroke=POSITIVE, stroke_width=1.3))
    start = disc(axis.x(numbers["start"]), tidy(y), 2.7)
    marks.append(Shape(part, "start", start, fill=PAPER, stroke=QUIET, stroke_width=0.9))
    marks.append(Shape(part, "mean", disc(axis.x(numbers["mean"]), tidy(y), 2.9), fill=POSITIVE))
    return marks


def _legend(rows: Sequence[_Row], y: float) -> list[Mark]:
    items = [("start", 6.0, "start"), ("mean", 20.0, "nearest choice, 90%"), ("band", 14.0, "range of all choices")]
    items += [("target", 4.0, "target")] if any(row.wanted for row in rows) else []
    items += [("conflict", 4.0, "cannot be met together")] if any(row.conflict for row in rows) else []
    lengths = [sample + 4 + text_width(words, LABEL_SIZE) for _, sample, words in items]
    x = (WIDTH - sum(lengths) - 14 * (len(items) - 1)) / 2
    marks: list[Mark] = []
    for (kind, sample, words), length in zip(items, lengths, strict=True):
        marks += _sample(kind, x, y, sample)
        base = tidy(y + 0.36 * LABEL_SIZE)
        marks.append(Text("legend", "legend", tidy(x + sample + 4), base, words, LABEL_SIZE, colour=QUIET))
        x += length + 14
    return marks


def _sample(kind: str, x: float, y: float, sample: float) -> list[Mark]:
    middle = tidy(x + sample / 2)
    across = polygon([(x, y), (x + sample, y)], closed=False)
    if kind == "start":
        return [Shape("legend", "start", disc(middle, y, 2.7), fill=PAPER, stroke=QUIET, stroke_width=0.9)]
    if kind == "mean":
        line = Shape("legend", "interval", across, stroke=POSITIVE, stroke_width=1.3)
        return [line, Shape("legend", "mean", disc(middle, y, 2.9), fill=POSITIVE)]
    if kind == "band":
        return [Shape("legend", "band", rectangle(tidy(x), y - 5, sample, 10), fill=REACH)]
    tick = polygon([(middle, y - 6), (middle, y + 6)], closed=False)
    colour = NEGATIVE if kind == "conflict" else INK
    return [Shape("legend", "target", tick, stroke=colour, stroke_width=1.6)]


def _caption(found: Feasibility) -> str:
    said = (
        f"Start, target and the nearest of {found.choices:,} choices of levers (filled, with its 90% predictive "
        "interval). Pale: the range of the mean scores over all choices, each value by itself."
    )
    if found.conflict:
        wishes = "; ".join(found.conflict)
        said += f" In vermillion, the fewest wishes that no choice meets together: {wishes}."
    return f"{said} Left to go: target minus the mean of the nearest choice. {' '.join(found.sentences[:2])}"


def _alt(found: Feasibility, rows: Sequence[_Row]) -> str:
    phrases = []
    for row in rows:
        goal = f", target {number(row.numbers['target'])}" if row.wanted else ""
        phrases.append(f"{row.label} from {number(row.numbers['start'])} to {number(row.numbers['mean'])}{goal}")
    verdict = "Reachable" if found.inside else "Not reachable"
    return f"{verdict}. Dot plot of {len(rows)} values: {'; '.join(phrases)}."


def _cells(row: _Row) -> tuple[Cell, ...]:
    numbers = (row.numbers[column] for column in COLUMNS)
    return tuple(round(each, 9) + 0.0 if math.isfinite(each) else None for each in numbers)
