"""Value priorities of several models or groups: their mean scores side by side, or their ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from causalvalues.evidence.profiles import Profiles
from causalvalues.figures.group_tables import GroupTables, Refusals, group_tables
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import checked_width, row_frame
from causalvalues.figures.signs import MOST, sign
from causalvalues.numerals import estimate, number, percent
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.nouns import Mark, Scene, Shape
from causalvalues.scene.palette import MARGIN, QUIET
from causalvalues.theories.theory import ValueTheory

APART = 6.6
SAMPLE = 20.0
REFUSALS = Refusals(MOST, "cannot be told apart in one figure", "mean")


def priorities_figure(
    profiles: Profiles | pd.DataFrame,
    units: str = "mean score",
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw the mean scores of several models or groups.

    Parameters
    ----------
    profiles : Profiles or DataFrame
        `group_profiles` of answers; or means with a row a model and a column a value (up to six rows).
    units : str, default "mean score"
        For the scale.
    theory : ValueTheory, optional
        Order and names of the values.
    labels : mapping of str to str, optional
        Names as shown of values and groups; they win over the theory's.
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        A row a value; a sign of its own shape and fill a model, with its interval where there is one.

    Raises
    ------
    FigureError
        If there are no or more than six groups, no number is known, or the width leaves no room.
    """
    found = profiles if isinstance(profiles, Profiles) else Profiles(profiles)
    drawn = group_tables((found.mean, found.lower, found.upper), theory, labels, REFUSALS)
    groups, values = drawn.groups, drawn.values
    with_ends = drawn.lower is not None
    step = max(16.0, APART * len(groups) + 6.0) if with_ends or len(groups) > 1 else 16.0
    frame = row_frame(
        [drawn.shown[value] for value in values], _beside(drawn), (checked_width(width), MARGIN, 0.0), step
    )
    known = [each for group in groups for value in values for each in drawn.at(group, value) if math.isfinite(each)]
    axis = Axis.around(known, frame.left, frame.right)
    marks: list[Mark] = frame.marks(axis, units)
    for row, value in enumerate(values):
        for place, group in enumerate(groups):
            y = frame.middles[row] + APART * (place - (len(groups) - 1) / 2)
            marks += _estimate_marks(f"row-{row}", place, [axis.x(each) for each in drawn.at(group, value)], y)
    legend, below = legend_rows(_legend(drawn), width, frame.below(units))
    return Scene(
        kind="priorities",
        width=width,
        height=tidy(frame.below(units) + below),
        marks=(*marks, *legend),
        title="Value priorities",
        caption=_caption(drawn, units, found.level),
        alt=_alt(drawn, units),
        columns=("value", *(f"{group}{end}" for group in groups for end in ("", " lower", " upper"))),
        rows=tuple(drawn.cells(value) for value in values),
    )


def _beside(drawn: GroupTables) -> list[list[tuple[str, list[str]]]]:
    """Return the numbers of up to three groups beside the rows, or none."""
    heads = [drawn.groups_shown[group] for group in drawn.groups]
    full = [[estimate(*drawn.at(group, value)) for value in drawn.values] for group in drawn.groups]
    short = [[number(drawn.at(group, value)[0]) for value in drawn.values] for group in drawn.groups]
    offered = [list(zip(heads, texts, strict=True)) for texts in (full, short)] if len(heads) <= 3 else []
    return [*offered, []]


def _estimate_marks(part: str, place: int, at: Sequence[float], y: float) -> list[Mark]:
    """Return the sign of a group with its interval; `at` are places of mean, lower and upper, NaN for none."""
    mean, lower, upper = at
    if not math.isfinite(mean):
        return []
    marks: list[Mark] = []
    if math.isfinite(lower) and math.isfinite(upper):
        ends = polygon([(lower, y), (upper, y)], closed=False)
        marks.append(Shape(part, "interval", ends, stroke=QUIET, stroke_width=1.0))
    return [*marks, sign(part, place, mean, tidy(y))]


def _legend(drawn: GroupTables) -> list[Item]:
    ends = (0.0, SAMPLE) if drawn.lower is not None else (math.nan, math.nan)
    wide = SAMPLE if drawn.lower is not None else 7.0
    items: list[Item] = []
    for place, group in enumerate(drawn.groups):
        marks = _estimate_marks("legend", place, (wide / 2, *ends), 0.0)
        items.append((wide, drawn.groups_shown[group], tuple(mark for mark in marks if isinstance(mark, Shape))))
    return items


def _caption(drawn: GroupTables, units: str, level: float) -> str:
    order = ", ".join(drawn.groups_shown[group] for group in drawn.groups)
    said = f"Value priorities of {order}: {units} of each value"
    if drawn.lower is None:
        return f"{said}."
    return (
        f"{said}, with {percent(level)} intervals of the mean. Intervals that overlap do not show that "
        "two means are equal, nor do apart ones count how many pairs were looked at."
    )


def _alt(drawn: GroupTables, units: str) -> str:
    phrases = []
    for group in drawn.groups:
        means = {value: drawn.at(group, value)[0] for value in drawn.values}
        ranked = sorted((v for v in means if math.isfinite(means[v])), key=lambda v: (-means[v], v))
        told = [f"{drawn.shown[value]} {number(means[value])}" for value in ranked]
        said = ", ".join(told if len(told) < 7 else [*told[:3], "...", *told[-3:]])
        phrases.append(f"{drawn.groups_shown[group]}, from highest to lowest: {said}")
    return f"Dot plot of {len(drawn.values)} values, {units}. {'. '.join(phrases)}."
