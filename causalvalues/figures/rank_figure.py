"""Ranks of values in several models or groups: a bump chart with intervals of the ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import pandas as pd

from causalvalues.evidence.profiles import Profiles
from causalvalues.evidence.rank_intervals import Ranks, ranks_of_means
from causalvalues.figures.group_tables import GroupTables, Refusals, group_tables
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.name_key import name_key
from causalvalues.figures.rank_layout import GAP, HEAD_LINE, SIGN, RankLayout, rank_layout
from causalvalues.figures.rank_looks import Look, alike, look_items, looks_of
from causalvalues.figures.rank_words import (
    interval_text,
    rank_alt,
    rank_caption,
    rank_columns,
    ranked_values,
    tied_values,
)
from causalvalues.figures.row_frame import checked_width, name_lines
from causalvalues.numerals import percent
from causalvalues.scene.geometry import polygon, tidy
from causalvalues.scene.metrics import text_width
from causalvalues.scene.nouns import Mark, Scene, Segment, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, QUIET
from causalvalues.theories.theory import ValueTheory

BASE = 0.36
REFUSALS = Refusals(8, "do not fit into one figure", "rank")


def rank_figure(
    ranks: Ranks | Profiles | pd.DataFrame,
    units: str = "mean score",
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw how several models or groups rank the values.

    Parameters
    ----------
    ranks : Ranks, Profiles or DataFrame
        `group_ranks` of answers, which tells most values apart; or `group_profiles`, or means with a row a model and a
        column a value, which `ranks_of_means` ranks. One to eight rows.
    units : str, default "mean score"
        What the values are ranked by.
    theory : ValueTheory, optional
        Names, order among ties, and higher-order groups of the values.
    labels : mapping of str to str, optional
        Names as shown of values and groups; they win over the theory's.
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        A column a model; a line a value, with colour and sign of its higher-order group, and with dashes that tell it
        apart in its group (from the seventh value on together with the fill of the sign, or in no group with its form).
        Where lines look alike nevertheless, from the 13th value of a group or the 37th of none on, the caption says so.
        The interval of a rank stands beside its sign; where the page is narrow, columns go on in further panels below,
        and where these would be too high, intervals are in the scene's table only and the caption says so.

    Raises
    ------
    FigureError
        If there are no or more than eight groups, no rank is known, or the width leaves no room.
    """
    if not isinstance(ranks, Ranks):
        ranks = ranks_of_means(ranks if isinstance(ranks, Profiles) else Profiles(ranks))
    drawn = group_tables((ranks.rank, ranks.lower, ranks.upper), theory, labels, REFUSALS)
    layout = _layout(drawn, checked_width(width))
    looks = looks_of(drawn.values, theory)
    marks: list[Mark] = []
    top = MARGIN
    for panel in layout.panels:
        marks += _panel(drawn, looks, layout, panel, top)
        top += layout.panel(len(drawn.values))
    if layout.numbered:
        key, top = name_key([drawn.groups_shown[group] for group in drawn.groups], width, top)
        marks += key
    legend, below = legend_rows(_legend(drawn, looks, layout, ranks.level), width, top)
    return Scene(
        kind="ranks",
        width=width,
        height=tidy(top + below),
        marks=(*marks, *legend),
        title="Ranks of values",
        caption=rank_caption(drawn, ranks, units, layout.texts, alike(looks)),
        alt=rank_alt(drawn, units),
        columns=rank_columns(drawn),
        rows=tuple(drawn.cells(value) for value in drawn.values),
    )


def _layout(drawn: GroupTables, width: float) -> RankLayout:
    intervals = [interval_text(drawn, group, value) for group in drawn.groups for value in drawn.values]
    return rank_layout(
        [drawn.shown[value] for value in drawn.values],
        [drawn.groups_shown[group] for group in drawn.groups],
        [text for text in intervals if text],
        width,
    )


def _panel(
    drawn: GroupTables, looks: Mapping[str, Look], layout: RankLayout, panel: tuple[int, ...], top: float
) -> list[Mark]:
    """Return heads, names, lines, signs and intervals of the groups of a panel."""
    start = top + layout.head
    heights = [
        {
            value: start + layout.slot * (place + 0.5)
            for place, value in enumerate(ranked_values(drawn, drawn.groups[k]))
        }
        for k in panel
    ]
    marks = _heads(layout, panel, top) + _names(drawn, layout, heights, panel)
    for place, (one, two) in enumerate(pairwise(panel)):
        for value in drawn.values:
            groups = drawn.groups[one], drawn.groups[two]
            if all(math.isfinite(drawn.at(group, value)[0]) for group in groups):
                away = _room_beside(drawn, layout, groups[0], value)
                path = _line(layout, place, away, (heights[place][value], heights[place + 1][value]))
                look, part = looks[value], f"row-{drawn.values.index(value)}"
                marks.append(Shape(part, "line", path, stroke=look.colour, stroke_width=look.width, dash=look.dash))
    for place, k in enumerate(panel):
        marks += _column(drawn, looks, layout, drawn.groups[k], (layout.x(place), heights[place]))
    return marks


def _heads(layout: RankLayout, panel: tuple[int, ...], top: float) -> list[Mark]:
    """Return the names above the columns, their last lines level."""
    marks: list[Mark] = []
    most = max(len(lines) for lines in layout.heads)
    for place, k in enumerate(panel):
        wide = max(text_width(line, LABEL_SIZE) for line in layout.heads[k])
        x = min(layout.x(place) - SIGN, layout.width - MARGIN - wide) if layout.flush else layout.x(place)
        for n, line in enumerate(layout.heads[k]):
            y = top + HEAD_LINE * (n + 1 + most - len(layout.heads[k])) - 1
            marks.append(
                Text("head", "head", tidy(x), tidy(y), line, LABEL_SIZE, "start" if layout.flush else "middle")
            )
    return marks


def _names(
    drawn: GroupTables, layout: RankLayout, heights: list[dict[str, float]], panel: tuple[int, ...]
) -> list[Mark]:
    """Return the numbers of the ranks, and the names beside the first column and perhaps beside the last."""
    marks: list[Mark] = []
    known = max(sum(math.isfinite(drawn.at(drawn.groups[k], value)[0]) for value in drawn.values) for k in panel)
    for place, y in enumerate(sorted(heights[0].values())):
        if place < known:
            said = str(place + 1)
            at = MARGIN + text_width(str(len(drawn.values)), LABEL_SIZE)
            marks.append(
                Text("scale", "tick", tidy(at), tidy(y + BASE * LABEL_SIZE), said, LABEL_SIZE, "end", colour=QUIET)
            )
    for n, value in enumerate(drawn.values):
        lines = layout.names[n]
        marks += name_lines(f"row-{n}", lines, layout.left - SIGN - GAP, heights[0][value])
        if layout.ends:
            x = layout.x(len(panel) - 1) + SIGN + layout.beside + 2 * GAP
            first = name_lines(f"row-{n}", lines, x, heights[-1][value])
            marks += [
                Text(mark.part, "name", mark.x, mark.y, mark.text, NAME_SIZE)
                for mark in first
                if isinstance(mark, Text)
            ]
    return marks


def _column(
    drawn: GroupTables,
    looks: Mapping[str, Look],
    layout: RankLayout,
    group: str,
    at: tuple[float, Mapping[str, float]],
) -> list[Mark]:
    """Return signs and intervals of a group, with a stroke that joins the signs of values that tie."""
    x, heights = at
    marks: list[Mark] = []
    for members in tied_values(drawn, group):
        ends = [(x, heights[members[0]]), (x, heights[members[-1]])]
        marks.append(Shape("tie", "tie", polygon(ends, closed=False), stroke=INK, stroke_width=1.0))
    for n, value in enumerate(drawn.values):
        y, part, said = heights[value], f"row-{n}", interval_text(drawn, group, value)
        if math.isfinite(drawn.at(group, value)[0]):
            marks.append(looks[value].sign(part, tidy(x), tidy(y)))
            if layout.texts and said:
                base = tidy(y + BASE * LABEL_SIZE)
                marks.append(Text(part, "interval", tidy(x + SIGN + GAP), base, said, LABEL_SIZE))
        else:
            marks.append(Text(part, "unknown", tidy(x), tidy(y + BASE * LABEL_SIZE), said, LABEL_SIZE, "middle"))
    return marks


def _room_beside(drawn: GroupTables, layout: RankLayout, group: str, value: str) -> float:
    """Return how far right of a sign its line may begin."""
    said = interval_text(drawn, group, value) if layout.texts else ""
    return SIGN + (GAP + text_width(said, LABEL_SIZE) + 2.0 if said else 0.0)


def _line(layout: RankLayout, place: int, away: float, heights: tuple[float, float]) -> tuple[Segment, ...]:
    """Return the line of a value from one column to the next: level beside the texts, then a bend."""
    start, bend = layout.x(place) + away, layout.x(place) + SIGN + layout.beside + (2.0 if layout.texts else 0.0)
    end = layout.x(place + 1) - SIGN
    middle = (bend + end) / 2
    one, two = heights
    curve = tuple(tidy(each) for each in (middle, one, middle, two, end, two))
    return (("M", (tidy(start), tidy(one))), ("L", (tidy(max(bend, start)), tidy(one))), ("C", curve))


def _legend(drawn: GroupTables, looks: Mapping[str, Look], layout: RankLayout, level: float) -> list[Item]:
    items = look_items(looks)
    if any(tied_values(drawn, group) for group in drawn.groups):
        bar = Shape("legend", "tie", polygon([(3, -5), (3, 5)], closed=False), stroke=INK, stroke_width=1.0)
        items.append((6.0, "joined: tied", (bar,)))
    if layout.texts and drawn.lower is not None:
        items.append((0.0, f"number beside a sign: {percent(level)} interval of the rank", ()))
    return items
