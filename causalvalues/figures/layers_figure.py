"""How well values are read from the states behind each layer of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.curve_panel import Panel, Point
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import checked_width
from causalvalues.numerals import estimate, number
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import FAINT, INK, LABEL_SIZE, MARGIN, NEGATIVE, PAPER, POSITIVE, QUIET, blend

HIGH, WIDEST = 150.0, 340.0
LEFT = 30.0
TITLE = "Reading values, layer by layer"
LOOKS = ((POSITIVE, 1.6, ()), (NEGATIVE, 1.6, (4.0, 1.5)), (INK, 1.0, (1.5, 1.5)), (QUIET, 1.0, (6.0, 1.5, 1.5, 1.5)))


@dataclass(frozen=True)
class Curve:
    """One measure of every layer.

    Parameters
    ----------
    name : str
        For the legend.
    values : tuple of float, one for each layer
        Between 0 and 1 as a rule.
    lower, upper : tuple of float, optional
        Ends of intervals.
    chance : float, optional
        What guessing would give.
    """

    name: str
    values: tuple[float, ...]
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    chance: float | None = None


def layers_figure(layers: Sequence[int], curves: Sequence[Curve], *, width: float = 468.0) -> Scene:
    """Draw measures against the layer, each with its interval as a band and its chance as a thin line.

    Parameters
    ----------
    layers : sequence of int
        Ascending.
    curves : sequence of Curve
        Up to four.
    width : float, default 468
        Points.

    Returns
    -------
    Scene

    Raises
    ------
    FigureError
        If there is no layer or no curve, there are more than four, a curve has another number of layers, or the width
        leaves no room.
    """
    _check(layers, curves)
    panel = _panel(layers, curves, checked_width(width))
    marks: list[Mark] = [*_grid(panel), *_across(panel, layers)]
    for curve, (colour, _, _) in zip(curves, LOOKS, strict=False):
        if curve.lower:
            lower, upper = (_points(layers, each) for each in (curve.lower, curve.upper))
            marks += panel.band(lower, upper, blend(colour, 0.16))
    marks += _chances(panel, curves)
    for k, curve in enumerate(curves):
        marks += _curve(panel, layers, curve, k)
    legend, below = legend_rows(_legend(curves), width, panel.bottom + 22.0)
    rows = [(layer, *(number_cell(x[k]) for x in _columns(curves))) for k, layer in enumerate(layers)]
    return Scene(
        kind="layers",
        width=width,
        height=tidy(panel.bottom + 22.0 + below),
        marks=(*marks, *legend),
        title=TITLE,
        caption=_caption(curves),
        alt=_alt(layers, curves),
        columns=(
            "layer",
            *(f"{c.name}{end}" for c in curves for end in ("", " lower", " upper")[: 3 if c.lower else 1]),
        ),
        rows=tuple(rows),
    )


def _check(layers: Sequence[int], curves: Sequence[Curve]) -> None:
    if not layers or not curves or len(curves) > len(LOOKS):
        raise FigureError(
            f"There are {len(layers)} layers and {len(curves)} curves. Give a layer or more, and 1 to {len(LOOKS)} "
            "curves."
        )
    for curve in curves:
        if {len(each) for each in (curve.values, curve.lower, curve.upper) if each} != {len(layers)}:
            raise FigureError(f"{curve.name!r} has not one number for each of the {len(layers)} layers.")


def _columns(curves: Sequence[Curve]) -> list[tuple[float, ...]]:
    return [each for curve in curves for each in (curve.values, curve.lower, curve.upper) if each]


def _panel(layers: Sequence[int], curves: Sequence[Curve], width: float) -> Panel:
    known = [x for column in _columns(curves) for x in column if math.isfinite(x)]
    low, high = min(0.0, *known), max(1.0, *known)
    edge = 0.03 * (layers[-1] - layers[0]) or 1.0
    chances = [text_width(_said(curve.chance), LABEL_SIZE) + 4 for curve in curves if curve.chance is not None]
    room = width - 2 * MARGIN - LEFT - max(chances, default=0.0)
    wide = min(room, WIDEST)
    left = tidy(MARGIN + LEFT + (room - wide) / 2)
    return Panel(
        "panel",
        left,
        MARGIN + 4,
        tidy(left + wide),
        MARGIN + 4 + HIGH,
        (layers[0] - edge, layers[-1] + edge),
        (low, high),
    )


def _grid(panel: Panel) -> list[Mark]:
    """Return the scale upwards, and the corner of the panel without marks across."""
    marks = panel.frame((False, True))
    rules = [mark for mark in marks if mark.role == "rule"]
    return [mark for mark in marks if mark not in rules[1:]]


def _chances(panel: Panel, curves: Sequence[Curve]) -> list[Mark]:
    """Return a thin line across the panel for each chance, named behind its right end where it has room."""
    marks: list[Mark] = []
    taken: list[float] = []
    for curve, (colour, _, dash) in zip(curves, LOOKS, strict=False):
        if curve.chance is None:
            continue
        y = panel.y(curve.chance)
        marks += panel.line([(panel.across[0], curve.chance), (panel.across[1], curve.chance)], (colour, 0.7, dash))
        if all(abs(y - other) > LABEL_SIZE + 1 for other in taken):
            place = tidy(panel.right + 4), tidy(y + 0.36 * LABEL_SIZE)
            marks.append(Text(panel.part, "chance", *place, _said(curve.chance), LABEL_SIZE, colour=QUIET))
            taken.append(y)
    return marks


def _said(chance: float) -> str:
    return f"chance {number(chance)}"


def _across(panel: Panel, layers: Sequence[int]) -> list[Mark]:
    """Return a mark for each layer, their numbers as far as they have room, and what the scale counts."""
    marks: list[Mark] = []
    free = -math.inf
    for layer in layers:
        x = panel.x(layer)
        foot = polygon([(x, panel.bottom), (x, panel.bottom + 2)], closed=False)
        marks.append(Shape("axis", "rule", foot, stroke=FAINT, stroke_width=0.6))
        if x >= free:
            y = tidy(panel.bottom + 10)
            marks.append(Text("axis", "tick", x, y, str(layer), LABEL_SIZE, "middle", colour=QUIET))
            free = x + 14.0
    middle = tidy((panel.left + panel.right) / 2)
    y = tidy(panel.bottom + 21)
    marks.append(Text("axis", "axis-title", middle, y, "layer", LABEL_SIZE, "middle", colour=QUIET))
    return marks


def _points(layers: Sequence[int], values: Sequence[float]) -> list[Point]:
    return [(float(layer), value) for layer, value in zip(layers, values, strict=True)]


def _curve(panel: Panel, layers: Sequence[int], curve: Curve, place: int) -> list[Mark]:
    points = _points(layers, curve.values)
    marks: list[Mark] = [*panel.line(points, LOOKS[place])]
    for a, b in points:
        if math.isfinite(b):
            marks.append(_dot(f"curve-{place}", panel.x(a), panel.y(b), place))
    return marks


def _dot(part: str, x: float, y: float, place: int) -> Shape:
    colour = LOOKS[place][0]
    fill = colour if place % 2 == 0 else PAPER
    return Shape(part, "dot", disc(tidy(x), tidy(y), 2.0), fill=fill, stroke=colour, stroke_width=0.9)


def _legend(curves: Sequence[Curve]) -> list[Item]:
    items: list[Item] = []
    for k, curve in enumerate(curves):
        colour, wide, dash = LOOKS[k]
        line = Shape(
            "legend", "line", polygon([(0, 0), (20, 0)], closed=False), stroke=colour, stroke_width=wide, dash=dash
        )
        band = (Shape("legend", "band", rectangle(0, -4, 20, 8), fill=blend(colour, 0.16)),) if curve.lower else ()
        items.append((20.0, curve.name, (*band, line, _dot("legend", 10.0, 0.0, k))))
    return items


def _caption(curves: Sequence[Curve]) -> str:
    said = "; ".join(
        curve.name + (f" (chance {number(curve.chance)})" if curve.chance is not None else "") for curve in curves
    )
    bands = " Bands are 95% intervals." if any(curve.lower for curve in curves) else ""
    return f"{TITLE}: {said}.{bands}"


def _alt(layers: Sequence[int], curves: Sequence[Curve]) -> str:
    said = []
    for curve in curves:
        known = [k for k in range(len(layers)) if math.isfinite(curve.values[k])]
        if known:
            best = max(known, key=lambda k: curve.values[k])
            ends = (curve.lower[best], curve.upper[best]) if curve.lower else (None, None)
            said.append(f"{curve.name} highest at layer {layers[best]}: {estimate(curve.values[best], *ends)}")
    return f"Curves over {len(layers)} layers, {layers[0]} to {layers[-1]}. {'; '.join(said)}."
