"""The picture of a plan for a population: the spread of each value before and after, and the mixture of levers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.number_columns import NO_ROOM
from causalvalues.figures.row_frame import TEXT_LINE, checked_width, heading_lines, name_lines, row_frame, shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import number, percent
from causalvalues.populations.population_nouns import PopulationPlan
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, PAPER, POSITIVE, QUIET, blend
from causalvalues.theories.theory import ValueTheory

ROW = 25.0
BAR = 14.0
NARROW = 330.0
AXIS = "score: mean, and one standard deviation to each side"
SHARES = "Share of the population's answers"
MOST_SETS = 8
SIDES = ("before", "after", "wanted")
COLOURS = {"before": QUIET, "after": POSITIVE, "wanted": INK}
WORDS = {"before": "without levers", "after": "with the mixture", "wanted": "wanted"}


def population_figure(
    plan: PopulationPlan,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw mean and standard deviation of each value before, after and wanted, and the shares of the lever sets.

    Parameters
    ----------
    plan : PopulationPlan
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown of values; they win over the theory's.
    width : float, default 468
        Points; where there is no room for the numbers, the caption says so.

    Returns
    -------
    Scene
        Each line runs one standard deviation to both sides of its mean; the Wasserstein distances from the wanted
        distribution stand beside it.

    Raises
    ------
    FigureError
        If the width leaves no room.
    """
    names = value_order([str(name) for name in plan.values.index], theory)
    shown = shown_names(names, theory, labels)
    table = {
        str(column): {str(name): float(score) for name, score in plan.values[column].items()}
        for column in plan.values.columns
    }
    heading, high = heading_lines(_heading(plan), checked_width(width))
    distances = [[number(table[f"distance_{side}"][name], 3) for name in names] for side in ("before", "after")]
    beside = list(zip(("Distance before", "after"), distances, strict=True))
    frame = row_frame([shown[name] for name in names], [beside, []], (width, MARGIN, high), ROW)
    axis = Axis.around(_ends(table, names), frame.left, frame.right)
    marks: list[Mark] = [*heading, *frame.marks(axis, AXIS)]
    for place, name in enumerate(names):
        for k, side in enumerate(SIDES):
            at = (table[f"mean_{side}"][name], table[f"sd_{side}"][name], frame.middles[place] + 6.0 * (k - 1))
            marks += _spread(f"row-{place}", side, axis, at)
    legend, below = legend_rows(_legend(), width, frame.below(AXIS))
    bars, low = _bars(plan, frame.below(AXIS) + below, width)
    return Scene(
        kind="plan",
        width=width,
        height=tidy(low + MARGIN),
        marks=(*marks, *legend, *bars),
        title="A plan for the population",
        caption=_caption(plan, frame.shorter == 1),
        alt=_alt(plan, names, shown, table),
        columns=("value", *table),
        rows=tuple((name, *_cells([table[column][name] for column in table])) for name in names),
        provenance={"distance": number(plan.distance, 3), "lever sets": str(len(plan.mixture))},
    )


def _ends(table: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> list[float]:
    return [
        table[f"mean_{side}"][name] + sign * table[f"sd_{side}"][name]
        for side in SIDES
        for name in names
        for sign in (-1, 1)
    ]


def _heading(plan: PopulationPlan) -> str:
    return (
        f"Distance from the wanted distribution: {number(plan.distance_before, 3)} without levers, "
        f"{number(plan.distance_single, 3)} with one lever set for all, {number(plan.distance, 3)} with the mixture"
    )


def _spread(part: str, side: str, axis: Axis, at: tuple[float, float, float]) -> list[Mark]:
    mean, deviation, y = at
    line = polygon([(axis.x(mean - deviation), y), (axis.x(mean + deviation), y)], closed=False)
    colour = COLOURS[side]
    width = 2.2 if side == "after" else 1.1
    marks: list[Mark] = [Shape(part, "interval", line, stroke=colour, stroke_width=width)]
    if side == "wanted":
        tick = polygon([(axis.x(mean), y - 3), (axis.x(mean), y + 3)], closed=False)
        marks.append(Shape(part, "target", tick, stroke=colour, stroke_width=1.6))
    else:
        fill = PAPER if side == "before" else colour
        spot = disc(axis.x(mean), tidy(y), 2.4)
        marks.append(Shape(part, side, spot, fill=fill, stroke=colour, stroke_width=0.9))
    return marks


def _legend() -> list[Item]:
    sample = Axis(0.0, 1.0, 0.0, 24.0)
    signs = {side: _spread("legend", side, sample, (0.5, 0.5, 0.0)) for side in SIDES}
    return [(24.0, WORDS[side], tuple(mark for mark in signs[side] if isinstance(mark, Shape))) for side in SIDES]


def _bars(plan: PopulationPlan, top: float, width: float) -> tuple[list[Mark], float]:
    """Return the shares of the lever sets as bars, and where they end; on a narrow page names stand above the bars."""
    first = plan.mixture.head(MOST_SETS)
    shares = [float(share) for share in first["share"]]
    narrow = width < NARROW
    measure = width - 2 * MARGIN if narrow else 0.5 * width
    names = [wrap(str(name), measure, NAME_SIZE, 2) for name in first["levers"]]
    wide = max(text_width(line, NAME_SIZE) for lines in names for line in lines)
    left = MARGIN if narrow else tidy(MARGIN + wide + 6)
    room = width - MARGIN - 34 - left
    marks: list[Mark] = [
        Text("mixture", "heading", MARGIN, tidy(top + 8), wrap(SHARES, width, NAME_SIZE, 1)[0], NAME_SIZE, bold=True)
    ]
    y = top + 16.0
    for place, (lines, share) in enumerate(zip(names, shares, strict=True)):
        part, high = f"set-{place}", TEXT_LINE * len(lines)
        if narrow:
            marks += [
                Text(part, "name", MARGIN, tidy(y + TEXT_LINE * k + 7), line, NAME_SIZE) for k, line in enumerate(lines)
            ]
            y += high + BAR / 2
        else:
            y += max(high + 3, BAR) / 2
            marks += name_lines(part, lines, left - 6, y)
        long = tidy(room * share / max(shares))
        marks.append(Shape(part, "bar", rectangle(left, tidy(y - 4.5), max(long, 0.5), 9), fill=blend(POSITIVE, 0.45)))
        base = tidy(y + 0.36 * LABEL_SIZE)
        text = percent(round(100 * share) / 100)
        marks.append(Text(part, "number", tidy(left + long + 4), base, text, LABEL_SIZE))
        y += BAR / 2 + 2 if narrow else max(high + 3, BAR) / 2
    rest = plan.mixture["share"].iloc[MOST_SETS:]
    if len(rest):
        said = f"and {len(rest)} more lever sets with {percent(round(100 * float(rest.sum())) / 100)} together"
        line = wrap(said, width - 2 * MARGIN, LABEL_SIZE, 1)[0]
        marks.append(Text("mixture", "number", left, tidy(y + 8), line, LABEL_SIZE, colour=QUIET))
        y += BAR
    return marks, y


def _caption(plan: PopulationPlan, narrow: bool) -> str:
    said = (
        "Mean and standard deviation of each value over the population without levers, with the best mixture of lever "
        "sets, and as wanted. Bars: the lever sets of the mixture."
    )
    beside = NO_ROOM if narrow else "Beside: the Wasserstein-1 distances from the wanted distribution of that value."
    return f"{said} {beside} {plan.text}"


def _alt(
    plan: PopulationPlan, names: Sequence[str], shown: Mapping[str, str], table: Mapping[str, Mapping[str, float]]
) -> str:
    phrases = [
        f"{shown[name]} {number(table['mean_before'][name])} to {number(table['mean_after'][name])}, "
        f"wanted {number(table['mean_wanted'][name])}"
        for name in names
    ]
    return f"Means of {len(names)} values over a population: {'; '.join(phrases)}. {len(plan.mixture)} lever sets."


def _cells(numbers: Sequence[float]) -> tuple[Cell, ...]:
    return tuple(map(number_cell, numbers))
