"""The picture of an explanation: what each lever contributes to the change of each value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.explaining.explanation import TOGETHER, Explanation
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import estimate, number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, NEGATIVE, POSITIVE, QUIET, RULE, blend
from causalvalues.theories.theory import ValueTheory

WIDTH = 468.0
ROW = 17.0
BETWEEN = 13.0
MOST_LEVERS = 5


@dataclass(frozen=True)
class _Panel:
    """One lever, or all together: its name as shown, what it does to the error, and a share for each value."""

    name: str
    title: tuple[str, ...]
    below: str
    shares: Mapping[str, tuple[float, float, float]]


def explanation_figure(
    explanation: Explanation, theory: ValueTheory | None = None, labels: Mapping[str, str] | None = None
) -> Scene:
    """Draw the Shapley shares of an explanation: one panel a lever and one for all together, one row a value.

    Parameters
    ----------
    explanation : Explanation
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown of values and levers; they win over the theory's.

    Returns
    -------
    Scene
        Bars from zero with 90% intervals; the panels of a row add up to its last one, in which the wanted change of a
        value with a target is marked.

    Raises
    ------
    FigureError
        If no lever is used, or more than five.
    """
    levers = list(explanation.doses)
    if not levers:
        raise FigureError("There is nothing to draw: the plan uses no lever.")
    if len(levers) > MOST_LEVERS:
        raise FigureError(f"{len(levers)} levers do not fit side by side; print `explanation.table` instead.")
    known = {} if theory is None else theory.labels
    names = value_order([str(name) for name in explanation.change.index], theory)
    shown = {name: (labels or {}).get(name, known.get(name, name)) for name in (*names, *levers)}
    left = MARGIN + 8 + max(text_width(wrap(shown[name], 120, NAME_SIZE, 1)[0], NAME_SIZE) for name in names)
    wide = (WIDTH - MARGIN - left - BETWEEN * len(levers)) / (len(levers) + 1)
    panels = _panels(explanation, shown, wide)
    ends = [end for panel in panels for share in panel.shares.values() for end in share]
    wanted = _wanted(explanation)
    high = max(len(panel.title) for panel in panels)
    top = MARGIN + 10 * high + (12 if any(panel.below for panel in panels) else 0) + 12
    bottom = top + ROW * len(names) + 2
    marks = _stripes(names, shown, left, top)
    for place, panel in enumerate(panels):
        begin = left + place * (wide + BETWEEN)
        axis = Axis.around([0.0, *ends, *wanted.values()], begin, begin + wide)
        marks += _panel(f"panel-{place}", panel, (axis, high), (names, top, bottom))
        if panel.name == TOGETHER:
            marks += _targets(names, wanted, axis, top)
    legend = _legend(bool(wanted), bottom + 34)
    return Scene(
        kind="plan",
        width=WIDTH,
        height=tidy(bottom + 34 + 6 + 2 * MARGIN),
        marks=(*marks, *legend),
        title="What each lever contributes",
        caption=_caption(explanation, bool(wanted)),
        alt=_alt(explanation, names, shown),
        columns=("value", "lever", "mean", "lower", "upper"),
        rows=_rows(names, panels),
        provenance={"levers": ", ".join(f"{node} x {dose:g}" for node, dose in explanation.doses.items())},
    )


def _panels(explanation: Explanation, shown: Mapping[str, str], wide: float) -> list[_Panel]:
    found = []
    for lever in (*explanation.doses, TOGETHER):
        if lever == TOGETHER:
            rows = explanation.change
            title: tuple[str, ...] = ("Together",)
        else:
            rows = explanation.shares[explanation.shares["lever"] == lever].set_index("value")
            dose = explanation.doses[lever]
            title = wrap(shown[lever] + ("" if dose == 1 else f" \u00d7 {number(dose)}"), wide + 6, NAME_SIZE, 2)
        ends = {column: rows[column].to_dict() for column in ("mean", "lower", "upper")}
        shares = {str(name): (ends["mean"][name], ends["lower"][name], ends["upper"][name]) for name in rows.index}
        below = ""
        if len(explanation.error):
            below = f"error {number(-float(explanation.error['mean'].loc[lever]))}"
        found.append(_Panel(lever, title, below, shares))
    return found


def _wanted(explanation: Explanation) -> dict[str, float]:
    gaps = explanation.change["target"] - explanation.change["start"]
    return {str(name): float(gap) for name, gap in gaps.items() if math.isfinite(gap)}


def _stripes(names: Sequence[str], shown: Mapping[str, str], left: float, top: float) -> list[Mark]:
    """Return the names of the values, and a faint ground beneath every other row."""
    marks: list[Mark] = []
    for place, name in enumerate(names):
        y = top + ROW * place
        if place % 2 == 0:
            ground = rectangle(MARGIN, tidy(y), WIDTH - 2 * MARGIN, ROW)
            marks.append(Shape("stripes", "ground", ground, fill=blend(INK, 0.04)))
        text = wrap(shown[name], 120, NAME_SIZE, 1)[0]
        base = tidy(y + ROW / 2 + 0.36 * NAME_SIZE)
        marks.append(Text(f"row-{place}", "name", tidy(left - 8), base, text, NAME_SIZE, "end"))
    return marks


def _panel(part: str, panel: _Panel, head: tuple[Axis, int], where: tuple[Sequence[str], float, float]) -> list[Mark]:
    (axis, high), (names, top, bottom) = head, where
    middle = tidy((axis.left + axis.right) / 2)
    marks: list[Mark] = [
        Text(
            part,
            "heading",
            middle,
            tidy(MARGIN + 8 + 10 * (high - len(panel.title) + k)),
            line,
            NAME_SIZE,
            "middle",
            bold=True,
        )
        for k, line in enumerate(panel.title)
    ]
    if panel.below:
        base = tidy(MARGIN + 10 * high + 10)
        marks.append(Text(part, "head-text", middle, base, panel.below, LABEL_SIZE, "middle", colour=QUIET))
    marks += _scale(part, axis, (top, bottom))
    for place, name in enumerate(names):
        mean, lower, upper = panel.shares[name]
        y = top + ROW * (place + 0.5)
        colour = POSITIVE if mean >= 0 else NEGATIVE
        begin, end = sorted((axis.x(0.0), axis.x(mean)))
        bar = rectangle(begin, tidy(y - 4.2), max(end - begin, 0.2), 8.4)
        marks.append(Shape(part, "bar", bar, fill=blend(colour, 0.45 if panel.name != TOGETHER else 0.8)))
        line = [(axis.x(lower), y), (axis.x(upper), y)]
        marks.append(Shape(part, "interval", polygon(line, closed=False), stroke=INK, stroke_width=0.9))
        marks.append(Shape(part, "mean", disc(axis.x(mean), tidy(y), 1.5), fill=INK))
    return marks


def _scale(part: str, axis: Axis, ends: tuple[float, float]) -> list[Mark]:
    """Return the line at zero and three numbers at most, so that they fit under a narrow panel."""
    top, bottom = ends
    marks: list[Mark] = [
        Shape(
            part,
            "rule",
            polygon([(axis.x(0.0), top - 2), (axis.x(0.0), bottom)], closed=False),
            stroke=QUIET,
            stroke_width=0.7,
        )
    ]
    largest = max(abs(axis.low), abs(axis.high))
    step = 10.0 ** math.floor(math.log10(largest)) if largest > 0 else 1.0
    step = next(size for size in (5 * step, 2 * step, step, step / 2) if size <= largest * 0.9)
    decimals = max(0, -math.floor(math.log10(step)))
    for score in (-step, 0.0, step):
        if axis.low <= score <= axis.high:
            x = axis.x(score)
            if score:
                line = polygon([(x, top - 2), (x, bottom)], closed=False)
                marks.append(Shape(part, "rule", line, stroke=RULE, stroke_width=0.4, dash=(1, 2)))
            text = "0" if score == 0 else number(score, decimals)
            marks.append(Text(part, "tick", x, tidy(bottom + 10), text, LABEL_SIZE, "middle", colour=QUIET))
    return marks


def _targets(names: Sequence[str], wanted: Mapping[str, float], axis: Axis, top: float) -> list[Mark]:
    marks: list[Mark] = []
    for place, name in enumerate(names):
        if name in wanted:
            y, x = top + ROW * (place + 0.5), axis.x(wanted[name])
            line = polygon([(x, y - 6.5), (x, y + 6.5)], closed=False)
            marks.append(Shape("targets", "target", line, stroke=INK, stroke_width=1.8))
    return marks


def _legend(targets: bool, y: float) -> list[Mark]:
    words = ["share of the change, with 90% interval"] + (["wanted change"] if targets else [])
    samples = [20.0, 4.0]
    lengths = [samples[i] + 4 + text_width(text, LABEL_SIZE) for i, text in enumerate(words)]
    x = (WIDTH - sum(lengths) - 20 * (len(words) - 1)) / 2
    marks: list[Mark] = []
    for i, text in enumerate(words):
        if i == 0:
            marks.append(Shape("legend", "bar", rectangle(tidy(x), y - 4, 14, 8), fill=blend(POSITIVE, 0.45)))
            line = polygon([(x + 8, y), (x + 20, y)], closed=False)
            marks.append(Shape("legend", "interval", line, stroke=INK, stroke_width=0.9))
            marks.append(Shape("legend", "mean", disc(tidy(x + 14), y, 1.5), fill=INK))
        else:
            line = polygon([(x + 2, y - 6), (x + 2, y + 6)], closed=False)
            marks.append(Shape("legend", "target", line, stroke=INK, stroke_width=1.8))
        base = tidy(y + 0.36 * LABEL_SIZE)
        marks.append(Text("legend", "legend", tidy(x + samples[i] + 4), base, text, LABEL_SIZE, colour=QUIET))
        x += lengths[i] + 20
    return marks


def _caption(explanation: Explanation, targets: bool) -> str:
    said = (
        "Shapley share of each lever in the change of each value (score units), with 90% intervals over the draws of "
        "the model; the shares of a row add up to its bar under Together."
    )
    if targets:
        said += " The thick line marks the wanted change."
    if len(explanation.error):
        before, after = explanation.errors
        said += (
            f" Above each panel: its share in the change of the sum of absolute errors, from {number(before)} to "
            f"{number(after)}."
        )
    return said


def _alt(explanation: Explanation, names: Sequence[str], shown: Mapping[str, str]) -> str:
    ends = {column: explanation.change[column].to_dict() for column in ("mean", "lower", "upper")}
    phrases = [
        f"{shown[name]} {estimate(ends['mean'][name], ends['lower'][name], ends['upper'][name])}" for name in names
    ]
    return (
        f"Bars of the shares of {len(explanation.doses)} levers in the change of {len(names)} values; together: "
        f"{'; '.join(phrases)}."
    )


def _rows(names: Sequence[str], panels: Sequence[_Panel]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (name, panel.name, *(round(end, 9) + 0.0 for end in panel.shares[name])) for name in names for panel in panels
    )
