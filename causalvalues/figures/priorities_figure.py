"""Value priorities of several models or groups: their mean scores side by side, or their ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.evidence.profiles import Profiles
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import checked_width, row_frame, shown_names
from causalvalues.figures.signs import MOST, sign
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import estimate, number, percent
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, number_cell
from causalvalues.scene.palette import MARGIN, QUIET
from causalvalues.theories.theory import ValueTheory

APART = 6.6
SAMPLE = 20.0


@dataclass(frozen=True)
class _Drawn:
    """Profiles in the order in which they are drawn, and every name as shown."""

    profiles: Profiles
    groups: tuple[str, ...]
    values: tuple[str, ...]
    shown: Mapping[str, str]
    groups_shown: Mapping[str, str]

    def at(self, group: str, value: str) -> tuple[float, float, float]:
        """Return mean, lower and upper; NaN where they are not known."""
        tables = (self.profiles.mean, self.profiles.lower, self.profiles.upper)
        mean, lower, upper = (math.nan if table is None else float(table.loc[group, value]) for table in tables)  # type: ignore[arg-type]
        return mean, lower, upper


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
    drawn = _drawn(profiles, theory, labels)
    groups, values = drawn.groups, drawn.values
    with_ends = drawn.profiles.lower is not None
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
        caption=_caption(drawn, units),
        alt=_alt(drawn, units),
        columns=("value", *(f"{group}{end}" for group in groups for end in ("", " lower", " upper"))),
        rows=tuple(_cells(drawn, value) for value in values),
    )


def _drawn(profiles: Profiles | pd.DataFrame, theory: ValueTheory | None, labels: Mapping[str, str] | None) -> _Drawn:
    found = profiles if isinstance(profiles, Profiles) else Profiles(profiles)
    groups = tuple(str(name) for name in found.mean.index)
    if not 1 <= len(groups) <= MOST:
        raise FigureError(
            f"{len(groups)} groups cannot be told apart in one figure. Give 1 to {MOST}, or draw several figures."
        )
    found = _named_by_text(found)
    if not np.isfinite(found.mean.to_numpy(dtype=float)).any():
        raise FigureError("There is nothing to draw: no mean is known.")
    values = tuple(value_order(list(found.mean.columns), theory))
    return _Drawn(found, groups, values, shown_names(values, theory, labels), shown_names(groups, None, labels))


def _named_by_text(profiles: Profiles) -> Profiles:
    lower, upper = (
        None if table is None else table.rename(index=str, columns=str) for table in (profiles.lower, profiles.upper)
    )
    return Profiles(profiles.mean.rename(index=str, columns=str), lower, upper, profiles.level)


def _beside(drawn: _Drawn) -> list[list[tuple[str, list[str]]]]:
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


def _legend(drawn: _Drawn) -> list[Item]:
    ends = (0.0, SAMPLE) if drawn.profiles.lower is not None else (math.nan, math.nan)
    wide = SAMPLE if drawn.profiles.lower is not None else 7.0
    items: list[Item] = []
    for place, group in enumerate(drawn.groups):
        marks = _estimate_marks("legend", place, (wide / 2, *ends), 0.0)
        items.append((wide, drawn.groups_shown[group], tuple(mark for mark in marks if isinstance(mark, Shape))))
    return items


def _caption(drawn: _Drawn, units: str) -> str:
    order = ", ".join(drawn.groups_shown[group] for group in drawn.groups)
    said = f"Value priorities of {order}: {units} of each value"
    if drawn.profiles.lower is None:
        return f"{said}."
    return (
        f"{said}, with {percent(drawn.profiles.level)} intervals of the mean. Intervals that overlap do not show that "
        "two means are equal, nor do apart ones count how many pairs were looked at."
    )


def _alt(drawn: _Drawn, units: str) -> str:
    phrases = []
    for group in drawn.groups:
        means = {value: drawn.at(group, value)[0] for value in drawn.values}
        ranked = sorted((v for v in means if math.isfinite(means[v])), key=lambda v: (-means[v], v))
        told = [f"{drawn.shown[value]} {number(means[value])}" for value in ranked]
        said = ", ".join(told if len(told) < 7 else [*told[:3], "...", *told[-3:]])
        phrases.append(f"{drawn.groups_shown[group]}, from highest to lowest: {said}")
    return f"Dot plot of {len(drawn.values)} values, {units}. {'. '.join(phrases)}."


def _cells(drawn: _Drawn, value: str) -> tuple[Cell, ...]:
    numbers = [each for group in drawn.groups for each in drawn.at(group, value)]
    return (value, *map(number_cell, numbers))
