"""The picture of a plan for a population: the spread of each value before and after, and the mixture of levers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from causalvalues.figures.value_order import value_order
from causalvalues.numerals import number, percent
from causalvalues.populations.population_nouns import PopulationPlan
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, rectangle, tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, PAPER, POSITIVE, QUIET, RULE, blend
from causalvalues.theories.theory import ValueTheory

WIDTH = 468.0
ROW = 25.0
BAR = 14.0
MOST_SETS = 8
SIDES = ("before", "after", "wanted")
COLOURS = {"before": QUIET, "after": POSITIVE, "wanted": INK}
WORDS = {"before": "without levers", "after": "with the mixture", "wanted": "wanted"}


def population_figure(
    plan: PopulationPlan, theory: ValueTheory | None = None, labels: Mapping[str, str] | None = None
) -> Scene:
    """Draw mean and standard deviation of each value before, after and wanted, and the shares of the lever sets.

    Parameters
    ----------
    plan : PopulationPlan
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown of values; they win over the theory's.

    Returns
    -------
    Scene
        Each line runs one standard deviation to both sides of its mean; the Wasserstein distances from the wanted
        distribution stand beside it.
    """
    known = {} if theory is None else theory.labels
    names = value_order([str(name) for name in plan.values.index], theory)
    shown = {name: (labels or {}).get(name, known.get(name, name)) for name in names}
    table = {
        str(column): {str(name): float(score) for name, score in plan.values[column].items()}
        for column in plan.values.columns
    }
    left = MARGIN + 8 + max(text_width(wrap(shown[name], 130, NAME_SIZE, 1)[0], NAME_SIZE) for name in names)
    right = WIDTH - MARGIN - 92
    ends = [
        table[f"mean_{side}"][name] + sign * table[f"sd_{side}"][name]
        for side in SIDES
        for name in names
        for sign in (-1, 1)
    ]
    axis = Axis.around(ends, left, right)
    top = MARGIN + 30
    bottom = top + ROW * len(names) + 2
    marks: list[Mark] = list(_heading(plan, top))
    marks += axis.marks(top - 2, bottom, "score: mean, and one standard deviation to each side")
    for place, name in enumerate(names):
        numbers = {column: table[column][name] for column in table}
        marks += _row(f"row-{place}", shown[name], (axis, numbers), top + ROW * (place + 0.5))
    marks += _legend(bottom + 34)
    bars, low = _bars(plan, bottom + 52)
    return Scene(
        kind="plan",
        width=WIDTH,
        height=tidy(low + MARGIN),
        marks=(*marks, *bars),
        title="A plan for the population",
        caption=_caption(plan),
        alt=_alt(plan, names, shown, table),
        columns=("value", *table),
        rows=tuple((name, *_cells([table[column][name] for column in table])) for name in names),
        provenance={"distance": number(plan.distance, 3), "lever sets": str(len(plan.mixture))},
    )


def _heading(plan: PopulationPlan, top: float) -> list[Mark]:
    said = (
        f"Distance from the wanted distribution: {number(plan.distance_before, 3)} without levers, "
        f"{number(plan.distance_single, 3)} with one lever set for all, {number(plan.distance, 3)} with the mixture"
    )
    text = wrap(said, WIDTH - 2 * MARGIN, NAME_SIZE, 1)[0]
    heads = [(WIDTH - MARGIN - 44, "Distance before"), (WIDTH - MARGIN, "after")]
    marks: list[Mark] = [Text("heading", "heading", MARGIN, tidy(MARGIN + 8), text, NAME_SIZE)]
    for x, head in heads:
        marks.append(Text("heads", "head-text", tidy(x), tidy(top - 8), head, LABEL_SIZE, "end", colour=QUIET))
    return marks


def _row(part: str, label: str, drawn: tuple[Axis, Mapping[str, float]], y: float) -> list[Mark]:
    axis, numbers = drawn
    base = tidy(y + 0.36 * NAME_SIZE)
    high = tidy(y - ROW / 2)
    rule = polygon([(MARGIN, high), (WIDTH - MARGIN, high)], closed=False)
    name = wrap(label, 130, NAME_SIZE, 1)[0]
    marks: list[Mark] = [
        Shape(part, "rule", rule, stroke=RULE, stroke_width=0.25),
        Text(part, "name", tidy(axis.left - 8), base, name, NAME_SIZE, "end"),
    ]
    for place, side in enumerate(SIDES):
        marks += _spread(part, side, axis, (numbers[f"mean_{side}"], numbers[f"sd_{side}"], y + 6.0 * (place - 1)))
    for x, side in ((WIDTH - MARGIN - 44, "before"), (WIDTH - MARGIN, "after")):
        text = number(numbers[f"distance_{side}"], 3)
        marks.append(Text(part, "number", tidy(x), base, text, LABEL_SIZE, "end", bold=side == "after"))
    return marks


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


def _legend(y: float) -> list[Mark]:
    lengths = [28 + text_width(WORDS[side], LABEL_SIZE) for side in SIDES]
    x = (WIDTH - sum(lengths) - 20 * (len(SIDES) - 1)) / 2
    marks: list[Mark] = []
    for side, length in zip(SIDES, lengths, strict=True):
        sample = Axis(0.0, 1.0, x, x + 24)
        marks += _spread("legend", side, sample, (0.5, 0.5, y))
        base = tidy(y + 0.36 * LABEL_SIZE)
        marks.append(Text("legend", "legend", tidy(x + 28), base, WORDS[side], LABEL_SIZE, colour=QUIET))
        x += length + 20
    return marks


def _bars(plan: PopulationPlan, top: float) -> tuple[list[Mark], float]:
    """Return the shares of the lever sets as bars, and where they end."""
    first = plan.mixture.head(MOST_SETS)
    items = [(str(name), float(share)) for name, share in zip(first["levers"], first["share"], strict=True)]
    rest = len(plan.mixture) - len(items)
    marks: list[Mark] = [
        Text("mixture", "heading", MARGIN, tidy(top + 8), "Share of the population's answers", NAME_SIZE, bold=True)
    ]
    left = MARGIN + 8 + max(text_width(wrap(name, 220, NAME_SIZE, 1)[0], NAME_SIZE) for name, _ in items)
    room, largest = WIDTH - MARGIN - 40 - left, max(share for _, share in items)
    for place, (name, share) in enumerate(items):
        y = top + 16 + BAR * (place + 0.5)
        base = tidy(y + 0.36 * NAME_SIZE)
        wide = tidy(room * share / largest)
        fill = blend(POSITIVE, 0.45)
        marks.append(Text("mixture", "name", tidy(left - 8), base, wrap(name, 220, NAME_SIZE, 1)[0], NAME_SIZE, "end"))
        marks.append(Shape("mixture", "bar", rectangle(tidy(left), tidy(y - 4.5), max(wide, 0.5), 9), fill=fill))
        text = percent(round(100 * share) / 100)
        marks.append(Text("mixture", "number", tidy(left + wide + 5), base, text, LABEL_SIZE))
    low = top + 16 + BAR * len(items)
    if rest > 0:
        others = percent(round(100 * float(plan.mixture["share"].iloc[MOST_SETS:].sum())) / 100)
        text = f"and {rest} more lever sets with {others} together"
        marks.append(Text("mixture", "number", tidy(left), tidy(low + 8), text, LABEL_SIZE, colour=QUIET))
        low += BAR
    return marks, low


def _caption(plan: PopulationPlan) -> str:
    said = (
        "Mean and standard deviation of each value over the population without levers, with the best mixture of lever "
        "sets, and as wanted; beside it, the Wasserstein-1 distances from the wanted distribution of that value. Bars: "
        "the lever sets of the mixture."
    )
    return f"{said} {plan.text}"


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
    return tuple(round(each, 9) + 0.0 if math.isfinite(each) else None for each in numbers)
