"""The side-effect fan of one intervention: what else moves, by how much, how surely, and how directly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from causalvalues.errors import FigureError, did_you_mean
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import RowFrame, checked_width, heading_lines, row_frame, shown_names
from causalvalues.figures.side_effects_words import (
    Fan,
    action_words,
    fan_alt,
    fan_caption,
    fan_cells,
    fan_columns,
)
from causalvalues.figures.value_order import value_order
from causalvalues.interventions import Intervention
from causalvalues.model.effects import Effects
from causalvalues.model.side_effects import SideEffects, side_effects
from causalvalues.model.structural import StructuralModel
from causalvalues.numerals import estimate, number, percent
from causalvalues.scene.axis import Axis
from causalvalues.scene.edge_style import arrow_head
from causalvalues.scene.geometry import Box, disc, path_of, polygon, rectangle, rounded, tidy
from causalvalues.scene.metrics import LEADING, text_width, wrap
from causalvalues.scene.nouns import Mark, Scene, Shape, Text
from causalvalues.scene.palette import (
    DASH,
    FAINT,
    INK,
    MARGIN,
    NAME_SIZE,
    NEGATIVE,
    PAPER,
    POSITIVE,
    QUIET,
    blend,
)
from causalvalues.theories.theory import ValueTheory

SIZE, THEORY = "size", "theory"
TINTS = (0.5, 0.2, 0.12)
BAND = 9.0
BOXED = 330.0
WIDEST_BOX = 72.0
AXIS = "change of the mean, score units"


def side_effects_figure(
    model: StructuralModel | Effects | SideEffects,
    intervention: Intervention | None = None,
    order: str = SIZE,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw what one intervention does to all other values.

    Parameters
    ----------
    model : StructuralModel, Effects or SideEffects
        What `side_effects` takes, or what it returned.
    intervention : Set or Shift
        Not needed for `SideEffects`.
    order : {"size", "theory"}, default "size"
        From the largest rise to the largest fall, or in the theory's order (without a theory by name).
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown of values and levers; they win over the theory's.
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        A row a value: a dot at the mean change, bands for the intervals (the narrower the darker), a tick at the part
        that comes directly, without a detour through other values; the probability of a rise beside it.

    Raises
    ------
    FigureError
        If the order is unknown, the intervention is missing, or the width leaves no room.
    ModelError
        As in `side_effects`.
    """
    found = _found(model, intervention)
    if order not in (SIZE, THEORY):
        raise FigureError(f"There is no order {order!r}.{did_you_mean(order, (SIZE, THEORY))}")
    _refuse_unknown(found)
    table = found.table
    names = value_order([str(name) for name in table.index], theory)
    if order == SIZE:
        names = sorted(names, key=lambda name: -float(table["mean"][name]))
    fan = Fan(found, tuple(names), shown_names([found.intervention.node, *names], theory, labels), checked_width(width))
    boxed = width >= BOXED
    heading, high = ([], 0.0) if boxed else heading_lines(" ".join(action_words(fan)), width, 3)
    box = _node_width(fan) if boxed else 8.0
    start = MARGIN + box + (40.0 if boxed else 22.0)
    frame = row_frame([fan.shown[name] for name in names], _beside(fan), (width, start, high))
    axis = Axis.around([0.0, *_ends(fan)], frame.left, frame.right)
    marks: list[Mark] = [*heading, *frame.marks(axis, AXIS), *_fan_marks(fan, frame, box, boxed)]
    for row, name in enumerate(names):
        marks += _row_marks(fan, f"row-{row}", name, axis, frame.middles[row])
    legend, below = legend_rows(_legend(fan), width, frame.below(AXIS))
    return Scene(
        kind="side_effects",
        width=width,
        height=tidy(frame.below(AXIS) + below),
        marks=(*marks, *legend),
        title=f"What else moves: {' '.join(action_words(fan))}",
        caption=fan_caption(fan, frame.shorter, _order_words(order, theory)),
        alt=fan_alt(fan),
        columns=fan_columns(found),
        rows=tuple(fan_cells(fan, name) for name in names),
        provenance={"node": found.intervention.node, "own change": number(found.own)},
    )


def _found(model: StructuralModel | Effects | SideEffects, intervention: Intervention | None) -> SideEffects:
    if isinstance(model, SideEffects):
        return model
    if intervention is None:
        raise FigureError("There is no intervention to draw. Give a Set or a Shift, or what `side_effects` returned.")
    return side_effects(model, intervention)


def _refuse_unknown(found: SideEffects) -> None:
    for name, mean in found.table["mean"].items():
        if not math.isfinite(mean):
            raise FigureError(f"The change of {name!r} is {mean}. Give effects that are finite numbers.")
    for level, band in found.bands:
        for name, ends in band.iterrows():
            if not all(map(math.isfinite, ends)):
                raise FigureError(f"The {percent(level)} interval of {name!r} has an end that is no finite number.")


def _order_words(order: str, theory: ValueTheory | None) -> str:
    return "by size" if order == SIZE else "by name" if theory is None else "in the order of the theory"


def _ends(fan: Fan) -> list[float]:
    ends = [end for pair in fan.widest[1].values() for end in pair]
    inside = [fan.of(name, column) for name in fan.order for column in ("mean", "direct")]
    return [end for end in (*ends, *inside) if math.isfinite(end)]


def _beside(fan: Fan) -> list[list[tuple[str, list[str]]]]:
    """Return the numbers beside the rows, the fullest first."""
    level, band = fan.widest
    full = [estimate(fan.of(name, "mean"), *band[name]) for name in fan.order]
    short = [number(fan.of(name, "mean")) for name in fan.order]
    chance = ("P(> 0)", [number(fan.of(name, "positive")) for name in fan.order])
    return [[(f"Change [{percent(level)}]", full), chance], [("Change", short), chance], [chance]]


def _node_width(fan: Fan) -> float:
    name, said = action_words(fan)
    lines = (*wrap(name, WIDEST_BOX, NAME_SIZE, 4), said)
    return 12.0 + max(text_width(line, NAME_SIZE) for line in lines)


def _fan_marks(fan: Fan, frame: RowFrame, box: float, boxed: bool) -> list[Mark]:
    """Return the node and a line from it to each value that it can move."""
    y = tidy((frame.top + frame.edges[-1]) / 2)
    marks: list[Mark] = []
    out = MARGIN + box
    for row, name in enumerate(fan.order):
        if not fan.of(name, "positive") + fan.of(name, "negative"):
            continue
        end = frame.left - 6 - max(text_width(line, NAME_SIZE) for line in frame.names[row]) - 4
        places = ((out, y), (frame.start - 12, frame.middles[row]), (end, frame.middles[row]))
        marks += _route(fan, f"row-{row}", name, places)
    if not boxed:
        return [*marks, Shape("node-0", "disc", disc(MARGIN + 4, y, 4.0), fill=INK)]
    name, said = action_words(fan)
    lines = (*wrap(name, WIDEST_BOX, NAME_SIZE, 4), said)
    step = NAME_SIZE * LEADING
    half = (step * len(lines) + 8) / 2
    outline = rounded(Box(MARGIN + box / 2, y, box / 2, half), 4.0)
    marks.append(Shape("node-0", "box", outline, fill=PAPER, stroke=INK, stroke_width=1.1))
    first = y - step * (len(lines) - 1) / 2 + 0.36 * NAME_SIZE
    for k, line in enumerate(lines):
        at = (tidy(MARGIN + box / 2), tidy(first + step * k))
        marks.append(Text("node-0-name", "name", *at, line, NAME_SIZE, "middle", bold=k == len(lines) - 1))
    return marks


def _route(fan: Fan, part: str, name: str, places: Sequence[tuple[float, float]]) -> list[Mark]:
    """Return the line from the node to a value: thick where a direct edge is probable, dashed for a fall."""
    (x, y), (turn, level), (right, _) = places
    mean, sure = fan.of(name, "mean"), fan.of(name, "direct_probability")
    direct = math.isfinite(sure) and sure > 0.5
    thick, colour = (1.4, _colour(mean)) if direct else (0.6, _colour(mean))
    bend = 0.55 * (turn - x)
    curve = np.array([[x, y], [x + bend, y], [turn - bend, level], [turn, level]])
    path = (*path_of([curve]), ("L", (tidy(right - 4), level)))
    dash = DASH if mean < 0 else ()
    return [
        Shape(part, "route", path, stroke=colour, stroke_width=thick, dash=dash),
        _head(part, right, level, mean),
    ]


def _head(part: str, x: float, y: float, mean: float) -> Shape:
    """Return the head of a route: filled for a rise, hollow for a fall."""
    path = arrow_head((x, y), (x - 5, y), 0.5)
    if mean < 0:
        return Shape(part, "route-head", path, fill=PAPER, stroke=NEGATIVE, stroke_width=0.8)
    return Shape(part, "route-head", path, fill=_colour(mean))


def _colour(mean: float) -> str:
    return POSITIVE if mean > 0 else NEGATIVE if mean < 0 else FAINT


def _row_marks(fan: Fan, part: str, name: str, axis: Axis, y: float) -> list[Mark]:
    """Return bands from the widest to the narrowest, the direct part and the mean."""
    mean, direct = fan.of(name, "mean"), fan.of(name, "direct")
    marks: list[Mark] = []
    bands = fan.found.bands
    for place in range(len(bands) - 1, -1, -1):
        low, high = (axis.x(float(bands[place][1][end][name])) for end in ("lower", "upper"))
        fill = blend(_colour(mean), TINTS[min(place + (len(bands) == 1), len(TINTS) - 1)])
        marks.append(Shape(part, "band", rectangle(low, y - BAND / 2, max(high - low, 0.6), BAND), fill=fill))
    if math.isfinite(direct) and direct:
        marks.append(_tick(part, axis.x(direct), y))
    return [*marks, _dot(part, axis.x(mean), y, mean)]


def _dot(part: str, x: float, y: float, mean: float) -> Shape:
    return Shape(part, "mean", disc(x, y, 2.5), fill=PAPER if mean < 0 else INK, stroke=INK, stroke_width=1.1)


def _tick(part: str, x: float, y: float) -> Shape:
    ends = polygon([(x, y - BAND / 2 - 1.5), (x, y + BAND / 2 + 1.5)], closed=False)
    return Shape(part, "direct", ends, stroke=INK, stroke_width=1.1)


def _legend(fan: Fan) -> list[Item]:
    """Return the signs that occur."""
    levels = [level for level, _ in fan.found.bands]
    signs = {fan.of(name, "mean") > 0 for name in fan.order if fan.of(name, "mean")}
    colour = NEGATIVE if signs == {False} else POSITIVE
    samples = tuple(
        Shape(
            "legend",
            "band",
            rectangle(4.0 * k, -BAND / 2, 26.0 - 8.0 * k, BAND),
            fill=blend(colour, TINTS[min(len(levels) - 1 - k + (len(levels) == 1), len(TINTS) - 1)]),
        )
        for k in range(len(levels))
    )
    said = " and ".join(percent(level) for level in levels)
    items: list[Item] = [
        (
            26.0,
            f"mean with {said} interval{'s' if len(levels) > 1 else ''}",
            (*samples, _dot("legend", 13, 0, 1.0 if colour == POSITIVE else -1.0)),
        )
    ]
    if True in signs and False in signs:
        down = polygon([(0, 0), (20, 0)], closed=False)
        line = Shape("legend", "route", down, stroke=NEGATIVE, stroke_width=1.2, dash=DASH)
        items.append((20.0, "falls", (line, _dot("legend", 10, 0, -1.0))))
    if fan.found.table["direct"].notna().any():
        items.append((4.0, "direct part", (_tick("legend", 2, 0),)))
        rule = polygon([(0, -2), (16, -2)], closed=False)
        thin = polygon([(0, 3), (16, 3)], closed=False)
        lines = (
            Shape("legend", "route", rule, stroke=QUIET, stroke_width=1.4),
            Shape("legend", "route", thin, stroke=QUIET, stroke_width=0.6),
        )
        items.append((16.0, "P(direct edge) above / below .50", lines))
    return items
