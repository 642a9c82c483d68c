"""The picture of how chosen levers act: from the levers, along the arrows between values, to each value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.explaining.explanation import Explanation
from causalvalues.figures.edge_marks import drawn_edge, label_marks
from causalvalues.figures.graph_options import Layered
from causalvalues.figures.graph_words import EDGE_COLUMNS, edge_rows
from causalvalues.figures.labelling import Wish, place_labels
from causalvalues.figures.layered import layered_layout
from causalvalues.figures.layout import Layout
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import checked_width
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import number
from causalvalues.scene.edge_style import label_texts, mark_scale, page_scale
from causalvalues.scene.geometry import Box, polygon, shape_box, text_box, tidy
from causalvalues.scene.nouns import Edge, Mark, Node, Scene, Shape
from causalvalues.scene.palette import DASH, LABEL_SIZE, NEGATIVE, POSITIVE
from causalvalues.theories.theory import ValueTheory

COLUMN, ARROWS = 72.0, 24.0
"""Width that a column of boxes needs, and an arrow with its number, in points."""


def influence_figure(
    explanation: Explanation,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    most: int = 15,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw from where the change of each value arrives: straight from a lever, or from another value.

    Parameters
    ----------
    explanation : Explanation
        With paths; it is not drawn where measurement error forbids claims about paths.
    theory : ValueTheory, optional
        Names.
    labels : mapping of str to str, optional
        Names as shown of values and levers; they win over the theory's.
    most : int, default 15
        Arrows drawn, those with the largest mean first; a third of them is kept for arrows between values.
    width : float, default 468
        Points; on a narrow page there are fewer columns and fewer arrows, one for 24 points.

    Returns
    -------
    Scene
        Levers to the left. An arrow is as wide as what arrives along it is large; the number is that amount, in score
        units of the value at its head. The change of each value stands below its name.

    Raises
    ------
    FigureError
        If paths are withheld, or no lever moves anything.
    """
    if explanation.withheld:
        raise FigureError(f"Paths are not drawn: {explanation.withheld}.")
    edges = _edges(explanation.arrivals, explanation, min(most, int(checked_width(width) / ARROWS)))
    if not edges:
        raise FigureError("There is nothing to draw: no lever moves any value.")
    known = {} if theory is None else theory.labels
    causes = {edge.cause for edge in edges if edge.kind == "lever"}
    levers = sorted(causes)
    touched = {edge.effect for edge in edges} | {edge.cause for edge in edges if edge.kind == "value"}
    values = [name for name in value_order([str(n) for n in explanation.change.index], theory) if name in touched]
    names = {name: (labels or {}).get(name, known.get(name, name)) for name in (*levers, *values)}
    joint = [lever for lever in levers if lever not in explanation.doses]
    alone = joint if len(joint) == 1 else []
    for lever in joint:
        if lever not in (labels or {}):
            names[lever] = "jointly" if lever in alone else f"{lever.replace('+', ' + ')} jointly"
    columns = (explanation.change[column].to_dict() for column in ("mean", "start", "target"))
    moved, begun, asked = columns
    ends = {name: (moved[name], asked[name] - begun[name]) for name in values}
    shown = names | {name: _with_change(names[name], *ends[name]) for name in values}
    layout = layered_layout(
        (levers, values), shown, edges, Layered(columns=max(2, min(4, int(width / COLUMN)))), checked_width(width)
    )
    largest = max(abs(edge.mean or 0.0) for edge in edges)
    widths = [replace(edge, adjacent=math.sqrt(abs(edge.mean or 0.0) / largest)) for edge in edges]
    marks, short = _marks(widths, layout)
    legend, below = legend_rows(_legend(edges, page_scale(width)), width, layout.height)
    left_out = int((explanation.arrivals["cause"] != explanation.arrivals["effect"]).sum()) - len(edges)
    return Scene(
        kind="graph",
        width=width,
        height=round(layout.height + below, 3),
        marks=(*layout.ground, *marks, *layout.notes, *legend),
        title="How the levers act",
        caption=_caption(left_out, short),
        alt=_alt(edges, names),
        nodes=_nodes(layout, names, set(levers)),
        edges=edges,
        columns=EDGE_COLUMNS,
        rows=edge_rows(edges),
        provenance={"levers": ", ".join(f"{node} x {dose:g}" for node, dose in explanation.doses.items())},
    )


def _edges(arrivals: pd.DataFrame, explanation: Explanation, most: int) -> tuple[Edge, ...]:
    values = set(map(str, explanation.change.index))
    size = arrivals["mean"].abs()
    kept = arrivals[(arrivals["cause"] != arrivals["effect"]) & (size > 1e-9 * size.max())]
    kept = kept.reindex(kept["mean"].abs().sort_values(ascending=False, kind="stable").index)
    between = kept["cause"].isin(values)
    room = max(most - int((~between).sum()), most // 3)
    chosen = pd.concat([kept[~between].head(most - min(room, int(between.sum()))), kept[between].head(room)])
    kept = chosen.reindex(chosen["mean"].abs().sort_values(ascending=False, kind="stable").index)
    return tuple(
        Edge(
            part=f"edge-{place}",
            cause=str(row["cause"]),
            effect=str(row["effect"]),
            kind="value" if row["cause"] in values else "lever",
            ends="-->",
            adjacent=float(row["probability"]),
            mean=float(row["mean"]),
            lower=float(row["lower"]),
            upper=float(row["upper"]),
        )
        for place, (_, row) in enumerate(kept.iterrows())
    )


def _with_change(name: str, change: float, wanted: float) -> str:
    """Return a name with the change of the value, and the wanted one where there is one."""
    said = f"{name} {_signed(change)}"
    return said + (f" (wanted {_signed(wanted)})" if math.isfinite(wanted) else "")


def _signed(change: float) -> str:
    """Return a change with its sign, zero without one."""
    text = number(change)
    return text if round(change, 2) <= 0 else f"+{text}"


def _marks(edges: list[Edge], layout: Layout) -> tuple[list[Mark], int]:
    """Return lines, labels and boxes, and how many labels were shortened or left out."""
    scale = page_scale(layout.width)
    drawn = {edge.part: drawn_edge(edge, layout.routes[edge.part], scale) for edge in edges}
    taken: list[Box] = []
    for place in layout.places.values():
        taken.append(shape_box(place.body).grown(1.5))
        taken += [text_box(text).grown(1.0) for text in place.names]
    taken += [edge.head for edge in drawn.values() if edge.head is not None]
    wishes = [Wish(edge.part, label_texts(edge, True), LABEL_SIZE) for edge in edges]
    routes = {part: edge.curves for part, edge in drawn.items()}
    spots = place_labels(wishes, routes, taken, layout.width, layout.height)
    short = sum(wish.part not in spots or spots[wish.part].text != wish.texts[0] for wish in wishes)
    marks: list[Mark] = [mark for edge in drawn.values() for mark in edge.marks]
    marks += label_marks(edges, spots)
    for place in layout.places.values():
        marks += [place.body, *place.names]
    return marks, short


def _legend(edges: tuple[Edge, ...], scale: float) -> list[Item]:
    """Return what the lines and the numbers mean, the lines as thick as on a page of this scale."""
    line = polygon([(0, 0), (22, 0)], closed=False)
    items: list[Item] = []
    if any((edge.mean or 0) > 0 for edge in edges):
        solid = Shape("legend", "line", line, stroke=POSITIVE, stroke_width=tidy(1.6 * scale))
        items.append((22.0, "raises the value", (solid,)))
    if any((edge.mean or 0) < 0 for edge in edges):
        dash = tuple(tidy(mark_scale(scale) * length) for length in DASH)
        dashed = Shape("legend", "line", line, stroke=NEGATIVE, stroke_width=tidy(1.6 * scale), dash=dash)
        items.append((22.0, "lowers it", (dashed,)))
    return [*items, (0.0, "number: how much arrives [90% interval]", ())]


def _nodes(layout: Layout, names: Mapping[str, str], levers: set[str]) -> tuple[Node, ...]:
    return tuple(
        Node(place.body.part, name, names[name], "lever" if name in levers else "value", "", place.x, place.y)
        for name, place in layout.places.items()
    )


def _caption(left_out: int, short: int) -> str:
    said = (
        "From where the change of each value arrives. The number at an arrow is the part of the change of the value at "
        "its head that comes along it, in score units, with a 90% interval over the draws (zero in draws without the "
        "arrow); the wider the arrow, the larger. All that arrives at a value adds up to its change, which stands with "
        "its name; jointly: what levers do together beyond each alone."
    )
    said += (
        f" {left_out} arrows, the smaller ones from levers and between values, are not drawn." if left_out > 0 else ""
    )
    return said + (f" Labels shortened or left out for lack of room: {short}." if short else "")


def _alt(edges: tuple[Edge, ...], names: Mapping[str, str]) -> str:
    phrases = [f"{names[edge.cause]} to {names[edge.effect]} {number(edge.mean)}" for edge in edges]
    return f"Graph of how levers act, {len(edges)} arrows: {'; '.join(phrases)}."
