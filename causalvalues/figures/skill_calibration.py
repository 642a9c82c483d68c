"""The picture of calibration: predicted against observed changes, in groups of equal size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from causalvalues.errors import FigureError, did_you_mean
from causalvalues.figures.row_frame import checked_width
from causalvalues.frozen import FloatArray
from causalvalues.numerals import number, ticks
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, tidy
from causalvalues.scene.metrics import wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, POSITIVE, QUIET, RULE, blend
from causalvalues.skill.foreseen import Foreseen
from causalvalues.skill.report import SkillReport
from causalvalues.skill.tables import best_of, of_split

LARGEST, SMALLEST = 148.0, 100.0
"""Side of a panel, in points."""
GAP = 22.0
LEFT = 44.0
BELOW = 30.0
GROUPS = 20
MOST = 3
"""Panels of one figure."""


@dataclass(frozen=True)
class _Bin:
    """Mean predicted change, and the mean, fifth and 95th percentile of the observed ones."""

    predicted: float
    observed: float
    low: float
    high: float


def calibration_figure(
    found: SkillReport, split: str = "", predictors: Sequence[str] = (), *, width: float = 468.0
) -> Scene:
    """Draw mean observed changes against mean predicted ones, a panel a predictor.

    Parameters
    ----------
    found : SkillReport
    split : str, default ""
        One of ``found.predictions``; empty: the last one.
    predictors : sequence of str, default ()
        At most three; by default the best simple one, the best mechanism and the best with a graph.
    width : float, default 468
        Points; panels that have no room side by side stand below each other.

    Returns
    -------
    Scene
        Changes are put into twenty groups of equal size by what was predicted. On the diagonal, what is predicted is
        what comes on average; a flat curve exaggerates.

    Raises
    ------
    FigureError
        If the split or a predictor is unknown, nothing was foreseen, or the width leaves no room.
    """
    split = split or list(found.predictions)[-1]
    bins = _chosen(found, split, predictors)
    ends = [x for some in bins.values() for each in some for x in (each.predicted, each.low, each.high)]
    across, side = _grid(len(bins), checked_width(width))
    left = (width - LEFT - across * (side + GAP) + GAP + MARGIN) / 2 + LEFT - MARGIN
    marks: list[Mark] = [
        Text("split", "head", MARGIN, tidy(MARGIN + 8), _head(split, width), NAME_SIZE, bold=True),
    ]
    for place, (name, some) in enumerate(bins.items()):
        row, column = divmod(place, across)
        x, top = left + column * (side + GAP), MARGIN + 26.0 + row * (side + BELOW + GAP)
        marks += _panel(f"panel-{place}", (name, some), Axis.around(ends, x, x + side), (top, column == 0))
    rows = math.ceil(len(bins) / across)
    return Scene(
        kind="calibration",
        width=width,
        height=tidy(MARGIN + 26.0 + rows * (side + BELOW) + (rows - 1) * GAP + MARGIN),
        marks=tuple(marks),
        title="Does what is predicted come?",
        caption=f"Observed against predicted changes in score units, {split}. Changes are put into groups of equal "
        "size by what was predicted: dots are means of the observed changes, bars hold 90% of them. On the diagonal, "
        "the prediction comes true on average; where the dots run flatter than it, the predictor exaggerates.",
        alt=_alt(bins, split),
        columns=("predictor", "predicted", "observed", "lower", "upper"),
        rows=tuple(_cells(name, each) for name, some in bins.items() for each in some),
    )


def _grid(panels: int, width: float) -> tuple[int, float]:
    """Return how many panels stand side by side, and their side."""
    for across in range(min(panels, MOST), 0, -1):
        side = (width - LEFT - MARGIN - GAP * (across - 1)) / across
        if side >= SMALLEST:
            break
    return across, min(side, LARGEST)


def _head(split: str, width: float) -> str:
    return wrap(split.capitalize(), (width - 2 * MARGIN) / 1.1, NAME_SIZE, 1)[0]


def _chosen(found: SkillReport, split: str, predictors: Sequence[str]) -> dict[str, tuple[_Bin, ...]]:
    if split not in found.predictions:
        raise FigureError(f"There is no split {split!r}." + did_you_mean(split, found.predictions))
    told = found.predictions[split]
    chosen = tuple(predictors) or _best(found, split)
    for name in chosen:
        if name not in told.predicted:
            raise FigureError(f"{name!r} foresaw nothing in {split!r}." + did_you_mean(name, told.predicted))
    if not 1 <= len(chosen) <= MOST:
        raise FigureError(f"{len(chosen)} predictors were asked for; a row holds one to {MOST}.")
    return {name: calibration_bins(told, name) for name in chosen}


def calibration_bins(told: Foreseen, name: str, groups: int = GROUPS) -> tuple[_Bin, ...]:
    """Return groups of equal size by predicted change, ties kept together as far as quantiles do."""
    predicted, observed = told.predicted[name].mean, told.observed
    known = np.isfinite(observed) & np.isfinite(predicted)
    x, y = predicted[known], observed[known]
    if not len(x):
        raise FigureError(f"Nothing is known of what {name!r} foresaw.")
    edges = np.unique(np.quantile(x, np.linspace(0, 1, min(groups, len(x)) + 1)))
    if len(edges) < 2:
        return (_bin(x, y),)
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    return tuple(_bin(x[place == i], y[place == i]) for i in range(len(edges) - 1) if (place == i).any())


def _bin(x: FloatArray, y: FloatArray) -> _Bin:
    low, high = np.quantile(y, [0.05, 0.95])
    return _Bin(float(x.mean()), float(y.mean()), float(low), float(high))


def _best(found: SkillReport, split: str) -> tuple[str, ...]:
    best = (best_of(of_split(found.table, split), "micro_r2", kind) for kind in ("simple", "mechanism", "graph"))
    names = tuple(name for name in best if name is not None)
    if not names:
        raise FigureError(f"Nothing was foreseen in {split!r}.")
    return names


def _panel(part: str, told: tuple[str, Sequence[_Bin]], axis: Axis, at: tuple[float, bool]) -> list[Mark]:
    (name, bins), (top, first) = told, at
    side = axis.right - axis.left
    bottom = top + side

    def y(score: float) -> float:
        return tidy(bottom - (score - axis.low) / (axis.high - axis.low) * side)

    marks: list[Mark] = axis.marks(top, bottom, "predicted change")
    marks.append(
        Text(part, "name", tidy(axis.left), tidy(top - 5), wrap(name, side + GAP - 6, NAME_SIZE, 1)[0], NAME_SIZE)
    )
    places = ticks(axis.low, axis.high)
    decimals = 1 if all(abs(score * 10 - round(score * 10)) < 1e-9 for score in places) else 2
    for score in places:
        across = polygon([(axis.left, y(score)), (axis.right, y(score))], closed=False)
        marks.append(Shape(part, "rule", across, stroke=RULE, stroke_width=0.4, dash=() if score == 0 else (1, 2)))
        if first:
            said = "0" if score == 0 else number(score, decimals)
            where = tidy(axis.left - 4), tidy(y(score) + 0.36 * LABEL_SIZE)
            marks.append(Text(part, "tick", *where, said, LABEL_SIZE, "end", colour=QUIET))
    if first:
        where = tidy(axis.left - 30), tidy(top + side / 2)
        marks.append(Text(part, "axis-title", *where, "observed change", LABEL_SIZE, "middle", colour=QUIET, angle=-90))
    diagonal = polygon([(axis.left, bottom), (axis.right, top)], closed=False)
    marks.append(Shape(part, "diagonal", diagonal, stroke=INK, stroke_width=0.7, dash=(4, 2)))
    for each in bins:
        x = axis.x(each.predicted)
        bar = polygon([(x, y(each.low)), (x, y(each.high))], closed=False)
        marks.append(Shape(part, "spread", bar, stroke=blend(POSITIVE, 0.7), stroke_width=1.0))
    line = [(axis.x(each.predicted), y(each.observed)) for each in bins]
    marks += [
        Shape(part, "line", polygon(ends, closed=False), stroke=POSITIVE, stroke_width=0.8) for ends in pairwise(line)
    ]
    marks += [Shape(part, "mean", disc(*point, 2.3), fill=POSITIVE) for point in line]
    return marks


def _alt(bins: dict[str, tuple[_Bin, ...]], split: str) -> str:
    phrases = []
    for name, some in bins.items():
        first, last = some[0], some[-1]
        phrases.append(
            f"{name}: lowest group predicted {number(first.predicted)}, observed {number(first.observed)}; highest "
            f"predicted {number(last.predicted)}, observed {number(last.observed)}"
        )
    return f"Predicted against observed changes, {split}. " + ". ".join(phrases) + "."


def _cells(name: str, each: _Bin) -> tuple[Cell, ...]:
    numbers = (each.predicted, each.observed, each.low, each.high)
    return (name, *map(number_cell, numbers))
