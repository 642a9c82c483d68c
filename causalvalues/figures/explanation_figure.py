"""The picture of an explanation: what each lever contributes to the change of each value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.explaining.explanation import TOGETHER, Explanation
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import TEXT_LINE, checked_width, name_lines, shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import estimate, number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, NEGATIVE, POSITIVE, QUIET, RULE, blend
from causalvalues.theories.theory import ValueTheory

ROW = 17.0
BETWEEN = 13.0
LEAST_PANEL = 50.0
NAMES, NAME_SHARE = 120.0, 0.36
MOST_LEVERS = 5


@dataclass(frozen=True)
class _Panel:
    """One lever, or all together: its name as shown, what it does to the error, and a share for each value."""

    name: str
    title: tuple[str, ...]
    below: str
    shares: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True)
class _Layout:
    """Names and places of the values, the panels side by side, and how wide each is."""

    names: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    left: float
    across: int
    wide: float
    width: float

    @property
    def row(self) -> float:
        """Height of a row."""
        return max(ROW, TEXT_LINE * max(map(len, self.lines)) + 4)

    def y(self, top: float, place: int) -> float:
        """Middle of a row below `top`."""
        return top + self.row * (place + 0.5)


def explanation_figure(
    explanation: Explanation,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw the Shapley shares of an explanation: one panel a lever and one for all together, one row a value.

    Parameters
    ----------
    explanation : Explanation
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown of values and levers; they win over the theory's.
    width : float, default 468
        Points; panels that have no room side by side stand below each other.

    Returns
    -------
    Scene
        Bars from zero with 90% intervals; the panels of a row add up to its last one, in which the wanted change of a
        value with a target is marked.

    Raises
    ------
    FigureError
        If no lever is used, or more than five, or the width leaves no room.
    """
    levers = list(explanation.doses)
    if not levers:
        raise FigureError("There is nothing to draw: the plan uses no lever.")
    if len(levers) > MOST_LEVERS:
        raise FigureError(f"{len(levers)} levers do not fit side by side; print `explanation.table` instead.")
    names = value_order([str(name) for name in explanation.change.index], theory)
    shown = shown_names([*names, *levers], theory, labels)
    layout = _layout([shown[name] for name in names], names, len(levers) + 1, checked_width(width))
    panels, wanted = _panels(explanation, shown, layout.wide), _wanted(explanation)
    ends = [0.0, *wanted.values(), *(end for panel in panels for share in panel.shares.values() for end in share)]
    marks: list[Mark] = []
    bottom = 0.0
    for first in range(0, len(panels), layout.across):
        more, bottom = _line_of_panels(layout, (panels, first), (ends, wanted), bottom)
        marks += more
    legend, below = legend_rows(_legend(bool(wanted)), width, bottom)
    return Scene(
        kind="explanation",
        width=width,
        height=tidy(bottom + below),
        marks=(*marks, *legend),
        title="What each lever contributes",
        caption=_caption(explanation, bool(wanted)),
        alt=_alt(explanation, names, shown),
        columns=("value", "lever", "mean", "lower", "upper"),
        rows=_rows(names, panels),
        provenance={"levers": ", ".join(f"{node} x {dose:g}" for node, dose in explanation.doses.items())},
    )


def _layout(shown: Sequence[str], names: Sequence[str], panels: int, width: float) -> _Layout:
    """Put as many panels side by side as have room, and as many into each line."""
    measure = min(NAMES, NAME_SHARE * (width - 2 * MARGIN))
    lines = tuple(wrap(name, measure, NAME_SIZE, 3) for name in shown)
    left = MARGIN + 8 + max(text_width(line, NAME_SIZE) for each in lines for line in each)
    room = width - MARGIN - left
    most = max(min(panels, int((room + BETWEEN) / (LEAST_PANEL + BETWEEN))), 1)
    across = math.ceil(panels / math.ceil(panels / most))
    return _Layout(tuple(names), lines, tidy(left), across, (room - BETWEEN * (across - 1)) / across, width)


def _line_of_panels(
    layout: _Layout, which: tuple[Sequence[_Panel], int], scores: tuple[Sequence[float], Mapping[str, float]], y: float
) -> tuple[list[Mark], float]:
    """Draw the panels that stand side by side from height `y` on; return the marks and where they end."""
    (panels, first), (ends, wanted) = which, scores
    here = panels[first : first + layout.across]
    high = max(len(panel.title) for panel in here)
    top = y + MARGIN + 10 * high + (12 if any(panel.below for panel in here) else 0) + 12
    bottom = top + layout.row * len(layout.names) + 2
    marks = _stripes(layout, f"line-{first}", top)
    for place, panel in enumerate(here):
        begin = layout.left + place * (layout.wide + BETWEEN)
        axis = Axis.around(ends, begin, begin + layout.wide)
        marks += _panel(f"panel-{first + place}", panel, (axis, y + 10 * high), (layout, top, bottom))
        if panel.name == TOGETHER:
            marks += _targets(layout, wanted, axis, top)
    return marks, tidy(bottom + 20)


def _panels(explanation: Explanation, shown: Mapping[str, str], wide: float) -> list[_Panel]:
    found = []
    for lever in (*explanation.doses, TOGETHER):
        if lever == TOGETHER:
            rows = explanation.change
            title: tuple[str, ...] = ("Together",)
        else:
            rows = explanation.shares[explanation.shares["lever"] == lever].set_index("value")
            dose = explanation.doses[lever]
            title = wrap(
                shown[lever] + ("" if dose == 1 else f" \u00d7 {number(dose)}"),
                (wide + BETWEEN) / 1.12 - 4,
                NAME_SIZE,
                4,
            )
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


def _stripes(layout: _Layout, part: str, top: float) -> list[Mark]:
    """Return the names of the values, and a faint ground beneath every other row."""
    marks: list[Mark] = []
    for place, lines in enumerate(layout.lines):
        y = top + layout.row * place
        if place % 2 == 0:
            ground = rectangle(MARGIN, tidy(y), layout.width - 2 * MARGIN, layout.row)
            marks.append(Shape(part, "ground", ground, fill=blend(INK, 0.04)))
        marks += name_lines(f"row-{place}", lines, layout.left - 8, y + layout.row / 2)
    return marks


def _panel(part: str, panel: _Panel, head: tuple[Axis, float], where: tuple[_Layout, float, float]) -> list[Mark]:
    (axis, last), (layout, top, bottom) = head, where
    middle = tidy((axis.left + axis.right) / 2)
    marks: list[Mark] = []
    for above, line in enumerate(reversed(panel.title)):
        base = tidy(MARGIN - 2 + last - 10 * above)
        marks.append(Text(part, "heading", middle, base, line, NAME_SIZE, "middle", bold=True))
    if panel.below:
        base = tidy(MARGIN + last + 10)
        marks.append(Text(part, "head-text", middle, base, panel.below, LABEL_SIZE, "middle", colour=QUIET))
    marks += _scale(part, axis, (top, bottom))
    for place, name in enumerate(layout.names):
        mean, lower, upper = panel.shares[name]
        y = layout.y(top, place)
        colour = POSITIVE if mean >= 0 else NEGATIVE
        begin, end = sorted((axis.x(0.0), axis.x(mean)))
        bar = rectangle(begin, tidy(y - 4.2), max(end - begin, 0.2), 8.4)
        marks.append(Shape(part, "bar", bar, fill=blend(colour, 0.45 if panel.name != TOGETHER else 0.8)))
        line_ends = [(axis.x(lower), y), (axis.x(upper), y)]
        marks.append(Shape(part, "interval", polygon(line_ends, closed=False), stroke=INK, stroke_width=0.9))
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


def _targets(layout: _Layout, wanted: Mapping[str, float], axis: Axis, top: float) -> list[Mark]:
    marks: list[Mark] = []
    for place, name in enumerate(layout.names):
        if name in wanted:
            y, x = layout.y(top, place), axis.x(wanted[name])
            line = polygon([(x, y - 6.5), (x, y + 6.5)], closed=False)
            marks.append(Shape("targets", "target", line, stroke=INK, stroke_width=1.8))
    return marks


def _legend(targets: bool) -> list[Item]:
    bar = Shape("legend", "bar", rectangle(0, -4, 14, 8), fill=blend(POSITIVE, 0.45))
    line = Shape("legend", "interval", polygon([(8, 0), (20, 0)], closed=False), stroke=INK, stroke_width=0.9)
    mean = Shape("legend", "mean", disc(14, 0, 1.5), fill=INK)
    items: list[Item] = [(20.0, "share of the change, with 90% interval", (bar, line, mean))]
    if targets:
        tick = polygon([(2, -6), (2, 6)], closed=False)
        items.append((4.0, "wanted change", (Shape("legend", "target", tick, stroke=INK, stroke_width=1.8),)))
    return items


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
