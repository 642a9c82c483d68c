"""The value circle: a map of values by their correlations, laid over the circle of their theory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.value_map import ValueMap, value_map
from causalvalues.figures.graph_marks import group_label
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.map_words import filled_lines, fit_words, map_alt, map_caption, order_warning
from causalvalues.figures.name_key import name_key
from causalvalues.figures.point_names import point_names
from causalvalues.figures.ring import Ring, Sizes
from causalvalues.figures.row_frame import checked_width, shown_names
from causalvalues.figures.sectors import group_names, group_runs
from causalvalues.figures.value_order import value_order
from causalvalues.frozen import FloatArray
from causalvalues.numerals import number
from causalvalues.scene.geometry import Box, arc, disc, path_of, polygon, text_box, tidy
from causalvalues.scene.metrics import LEADING, wrap
from causalvalues.scene.nouns import Cell, Mark, Node, Scene, Segment, Shape, Text, number_cell
from causalvalues.scene.palette import INK, MARGIN, NAME_SIZE, PAPER, POSITIVE, QUIET, RULE, SECTOR
from causalvalues.theories.theory import ValueTheory

LARGEST_RIM = 158.0
LEVEL = 0.9
DOT = 2.6
SIZES = Sizes(gap=3.0)


@dataclass(frozen=True)
class _Page:
    """Where the map stands: its centre, points a unit, the outer radius, and the names of groups about (0, 0)."""

    x: float
    y: float
    unit: float
    rim: float
    notes: tuple[Text, ...]
    runs: tuple[tuple[str, float, float], ...]
    bottom: float

    def at(self, point: FloatArray) -> tuple[float, float]:
        return tidy(self.x + self.unit * point[0]), tidy(self.y - self.unit * point[1])


def value_circle(
    found: ValueMap | Evidence | pd.DataFrame,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    seed: int = 0,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw values as a map of their correlations over the circle of their theory.

    Parameters
    ----------
    found : ValueMap, Evidence or DataFrame
        What `value_map` returned, or what it takes (then it is called with its defaults).
    theory : ValueTheory, optional
        Names, order and higher-order groups; the sectors are drawn when it is circular and the map was made with it.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    seed : int, default 0
        For `value_map`.
    width : float, default 468
        Points.

    Returns
    -------
    Scene
        Points with 90% bootstrap regions (from evidence with cluster sums), the theory's sectors behind, and the stress
        and the fit to the circle below. Where names do not fit beside the points, numbers stand there and the names
        below.

    Raises
    ------
    FigureError
        If the width leaves no room.
    DataError
        As in `value_map`.
    """
    checked_width(width)
    mapped = found if isinstance(found, ValueMap) else value_map(found, theory, seed)
    names = value_order([str(name) for name in mapped.points.index], theory)
    shown = shown_names(names, theory, labels)
    round_one = theory is not None and theory.circular and not math.isnan(mapped.fit)
    page = _page(mapped, theory if round_one else None, labels or {}, width)
    marks: list[Mark] = [*_sectors(page, theory), *page.notes, *_ring(page, mapped), *_regions(mapped, names, page)]
    dots, named, key, bottom = _named_points(mapped, names, shown, (page, width))
    said, below = _said(mapped, width, bottom)
    legend, foot = legend_rows(_legend(mapped), width, below)
    return Scene(
        kind="value_circle",
        width=width,
        height=tidy(below + foot),
        marks=(*marks, *dots, *named, *key, *said, *legend),
        title="Map of values",
        caption=map_caption(mapped, theory),
        alt=map_alt(mapped, shown),
        nodes=_nodes(mapped, names, shown, (page, theory)),
        columns=("value", "x", "y", "theory x", "theory y", "sd x", "sd y"),
        rows=tuple(_cells(mapped, name) for name in names),
        provenance={"scale": mapped.scale, "stress-1": number(mapped.stress, 3), "draws": str(mapped.draws)},
    )


def _page(mapped: ValueMap, theory: ValueTheory | None, labels: Mapping[str, str], width: float) -> _Page:
    """Return the largest map that leaves room for the names of the groups."""
    reach = _extent(mapped)
    groups = {} if theory is None else {labels.get(g, group_label(g)): m for g, m in theory.groups.items()}
    order = () if theory is None else theory.dimensions
    runs = tuple(group_runs(order, groups)) if groups else ()
    widest = min(width / 2 - MARGIN - 2, LARGEST_RIM)
    rim, notes = _group_notes(runs, len(order), widest, width) if runs else (widest, ())
    boxes = [text_box(text) for text in notes]
    top = min([box.y - box.half_height for box in boxes] + [-rim])
    low = max([box.y + box.half_height for box in boxes] + [rim])
    x, y = width / 2, MARGIN + 2 - top
    moved = tuple(replace(text, x=tidy(text.x + x), y=tidy(text.y + y)) for text in notes)
    return _Page(x, y, (rim - 8) / reach, rim, moved, runs, tidy(y + low))


def _group_notes(
    runs: Sequence[tuple[str, float, float]], n: int, widest: float, width: float
) -> tuple[float, tuple[Text, ...]]:
    """Return the largest rim for which every group's name stands before the middle of its sector, and the names."""
    found = None
    rim = widest
    while rim > 0.3 * width:
        notes = group_names(runs, Ring(0.0, 0.0, rim, rim, n), SIZES, (width / 2 - 4, _rim_boxes(rim)))
        found = (rim, notes) if notes is not None and found is None else found
        if notes is not None and _before_their_sectors(notes, runs, n):
            return rim, notes
        rim -= 3
    return found if found is not None else (widest, ())


def _rim_boxes(rim: float) -> list[Box]:
    """Return boxes that cover the outer 12 points of the sectors, which no name of a group may touch."""
    half, turns = rim * math.tan(math.radians(3)), [(turn, math.radians(turn)) for turn in range(0, 360, 6)]
    return [Box((rim - 6) * math.cos(r), (rim - 6) * math.sin(r), 6.0, half, float(turn)) for turn, r in turns]


def _before_their_sectors(notes: Sequence[Text], runs: Sequence[tuple[str, float, float]], n: int) -> bool:
    for note in notes:
        _, first, last = runs[int(note.part.removeprefix("sector-").removesuffix("-name"))]
        box = text_box(note)
        slot = math.atan2(box.x, -box.y) / (2 * math.pi) * n
        off = (slot - (first + last) / 2 + n / 2) % n - n / 2
        if abs(off) > 0.28 * (last - first):
            return False
    return True


def _extent(mapped: ValueMap) -> float:
    """Return the distance from the centre that holds all points, regions and the circle."""
    points = mapped.points.to_numpy()
    far = float(np.hypot(*points.T).max())
    if mapped.covariances is not None:
        radii = np.sqrt(-2 * math.log(1 - LEVEL) * np.linalg.eigvalsh(mapped.covariances)[:, 1])
        far = float((np.hypot(*points.T) + radii).max())
    return max(far, 1.05)


def _sectors(page: _Page, theory: ValueTheory | None) -> list[Mark]:
    """Return a wedge for each run of neighbours of one group."""
    marks: list[Mark] = []
    n = len(theory.dimensions) if theory is not None else 1
    for place, (_, first, last) in enumerate(page.runs):
        gap = 0.8
        start, stop = -90 + first * 360 / n + gap, -90 + last * 360 / n - gap
        path: list[Segment] = [("M", (tidy(page.x), tidy(page.y)))]
        curves = arc(page.x, page.y, page.rim, start, stop)
        path.append(("L", (tidy(curves[0][0, 0]), tidy(curves[0][0, 1]))))
        path += path_of(curves)[1:]
        marks.append(Shape(f"sector-{place}", "sector", (*path, ("Z", ())), fill=SECTOR))
    return marks


def _ring(page: _Page, mapped: ValueMap) -> list[Mark]:
    """Return the theory's circle, and a line from each point to its place on it."""
    if math.isnan(mapped.fit):
        return []
    ring = Shape("circle", "ring", disc(page.x, page.y, page.unit), stroke=QUIET, stroke_width=0.7, dash=(3, 2))
    marks: list[Mark] = [ring]
    for name in sorted(map(str, mapped.points.index)):
        ends = (page.at(mapped.points.loc[name].to_numpy()), page.at(mapped.theory_points.loc[name].to_numpy()))
        marks.append(Shape("circle", "rule", polygon(ends, closed=False), stroke=RULE, stroke_width=0.6))
        marks.append(Shape("circle", "place", disc(*ends[1], 1.5), fill=PAPER, stroke=QUIET, stroke_width=0.6))
    return marks


def _regions(mapped: ValueMap, names: Sequence[str], page: _Page) -> list[Mark]:
    if mapped.covariances is None:
        return []
    at = {str(name): place for place, name in enumerate(mapped.points.index)}
    return [
        _ellipse(f"node-{k}", page.at(mapped.points.loc[name].to_numpy()), mapped.covariances[at[name]], page.unit)
        for k, name in enumerate(names)
    ]


def _ellipse(part: str, centre: tuple[float, float], covariance: FloatArray, unit: float) -> Shape:
    """Return the region of a normal distribution that holds 90%: radius sqrt(-2 ln .1) in standard deviations."""
    values, axes = np.linalg.eigh(covariance)
    lengths = unit * np.sqrt(-2 * math.log(1 - LEVEL) * np.maximum(values, 0.0))
    turn = axes * lengths * np.array([[1.0], [-1.0]])
    curves = [np.array(centre) + curve @ turn.T for curve in arc(0.0, 0.0, 1.0, 0, 360)]
    path = (*path_of(curves), ("Z", ()))
    return Shape(part, "band", path, fill=POSITIVE, stroke=POSITIVE, stroke_width=0.5, opacity=0.22)


def _named_points(
    mapped: ValueMap, names: Sequence[str], shown: Mapping[str, str], where: tuple[_Page, float]
) -> tuple[list[Mark], list[Mark], list[Mark], float]:
    """Return points, their names or numbers, the key of the numbers, and where all of it ends."""
    page, width = where
    places = {f"node-{k}": page.at(mapped.points.loc[name].to_numpy()) for k, name in enumerate(names)}
    dots: list[Mark] = [Shape(part, "disc", disc(*at, DOT), fill=INK) for part, at in places.items()]
    taken = [Box(*at, DOT + 0.8, DOT + 0.8) for at in places.values()]
    taken += [text_box(text).grown(1.5) for text in page.notes]
    frame = (2.0, 2.0, width - 2.0, page.bottom + 4.0)
    named = point_names(places, {f"node-{k}": shown[name] for k, name in enumerate(names)}, taken, frame)
    if named is not None:
        ends = [text_box(mark) for mark in named if isinstance(mark, Text)]
        return dots, named, [], max([page.bottom, *(box.y + box.half_height for box in ends)])
    numbered = point_names(places, {f"node-{k}": str(k + 1) for k in range(len(names))}, taken, frame)
    if numbered is None:
        raise FigureError(f"{len(names)} points lie too close for numbers {width:g} points wide. Give more width.")
    key, bottom = name_key([shown[name] for name in names], width, page.bottom + 6)
    return dots, numbered, key, bottom


def _said(mapped: ValueMap, width: float, top: float) -> tuple[list[Mark], float]:
    """Return the fit in words, and where they end."""
    marks: list[Mark] = []
    y = top + 14
    for line in filled_lines(fit_words(mapped), width - 2 * MARGIN):
        marks.append(Text("fit", "note", tidy(width / 2), tidy(y), line, NAME_SIZE, "middle"))
        y += NAME_SIZE * LEADING + 1.5
    for line in wrap(order_warning(mapped), 0.86 * (width - 2 * MARGIN), NAME_SIZE, 3) if order_warning(mapped) else ():
        marks.append(Text("fit", "note", tidy(width / 2), tidy(y), line, NAME_SIZE, "middle", bold=True))
        y += NAME_SIZE * LEADING + 1.5
    return marks, y - 8


def _legend(mapped: ValueMap) -> list[Item]:
    items: list[Item] = []
    if mapped.covariances is not None:
        path = _ellipse("legend", (8.0, 0.0), np.diag([1.0, 0.3]) * 3.0, 2.2)
        items.append((16.0, "90% bootstrap region", (path, Shape("legend", "point", disc(8, 0, DOT), fill=INK))))
    if not math.isnan(mapped.fit):
        line = polygon([(0, 0), (14, 0)], closed=False)
        shapes = (
            Shape("legend", "rule", line, stroke=RULE, stroke_width=0.6),
            Shape("legend", "place", disc(14, 0, 1.5), fill=PAPER, stroke=QUIET, stroke_width=0.6),
        )
        items.append((16.0, "to its place on the theory's circle", shapes))
    return items


def _nodes(
    mapped: ValueMap, names: Sequence[str], shown: Mapping[str, str], where: tuple[_Page, ValueTheory | None]
) -> tuple[Node, ...]:
    page, theory = where
    groups = {} if theory is None else theory.groups
    found = []
    for k, name in enumerate(names):
        x, y = page.at(mapped.points.loc[name].to_numpy())
        of = "; ".join(group for group, members in groups.items() if name in members)
        found.append(Node(f"node-{k}", name, shown[name], "value", of, x, y))
    return tuple(found)


def _cells(mapped: ValueMap, name: str) -> tuple[Cell, ...]:
    numbers = [*mapped.points.loc[name], *mapped.theory_points.loc[name]]
    if mapped.covariances is None:
        numbers += [math.nan, math.nan]
    else:
        place = list(mapped.points.index).index(name)
        numbers += list(np.sqrt(np.diagonal(mapped.covariances[place])))
    return (name, *map(number_cell, numbers))
