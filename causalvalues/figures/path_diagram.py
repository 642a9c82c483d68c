"""A path diagram: levers on the left, values in the middle, outcomes on the right, coefficients on the paths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.errors import FigureError, did_you_mean
from causalvalues.figures.given_graphs import Graph, graph_data
from causalvalues.figures.graph_data import GraphData, numbered
from causalvalues.figures.graph_marks import node_marks, paint_edges, scene_nodes, shown_names
from causalvalues.figures.graph_options import Layered, graph_width
from causalvalues.figures.graph_words import (
    EDGE_COLUMNS,
    as_labelled,
    edge_rows,
    graph_alt,
    graph_caption,
    label_meaning,
)
from causalvalues.figures.layered import layered_layout
from causalvalues.figures.layout import Layout, lowered
from causalvalues.figures.legend import graph_items, kind_items, legend_rows, note_lines, with_stop
from causalvalues.figures.residuals import ROOM, residual_marks
from causalvalues.figures.value_order import value_order
from causalvalues.model.effects import Effects
from causalvalues.model.structural import StructuralModel
from causalvalues.numerals import number
from causalvalues.scene.nouns import Scene
from causalvalues.theories.theory import ValueTheory


@dataclass(frozen=True)
class Paths:
    """Which paths are drawn, and how.

    Parameters
    ----------
    least : float, default 0.1
        Paths whose coefficient is smaller in size are left out, and counted in the caption; 0 draws all.
    columns : int, default 4
        Most columns, levers and outcomes included; longer chains are folded.
    intervals : bool, default True
        Whether labels carry the interval.
    residuals : bool, default False
        Whether each value has a loop with its residual variance (models only).
    head : float, default 0.5
        Least P(compelled | adjacent) for a head, as in `GraphOptions`.
    note : str, default ""
        A warning that stands below the picture and in its caption, as in `GraphOptions`.
    """

    least: float = 0.1
    columns: int = 4
    intervals: bool = True
    residuals: bool = False
    head: float = 0.5
    note: str = ""

    def __post_init__(self) -> None:
        if not self.least >= 0:
            raise FigureError(f"`least` is {self.least}. Give 0 (draw all paths) or a positive size of coefficient.")
        if self.columns < 3:
            raise FigureError(f"A path diagram needs three columns or more, not {self.columns}.")


def path_diagram(
    graph: StructuralModel | Graph,
    outcomes: Sequence[str] = (),
    levers: Sequence[str] | None = None,
    *,
    effects: Effects | pd.DataFrame | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    paths: Paths | None = None,
    width: float = 468.0,
) -> Scene:
    """Draw the paths from levers over values to outcomes.

    Parameters
    ----------
    graph : StructuralModel, GraphPosterior or any other graph
        A model brings its direct effects with intervals; a head is drawn where the direction is compelled or given, as
        in `value_graph`.
    outcomes : sequence of str, default ()
        Values that stand on the right, as what is acted on.
    levers : sequence of str, optional
        Which levers are drawn; all when left out, none for ().
    effects : Effects or DataFrame, optional
        Coefficients [cause, effect] for a graph that has none.
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    paths : Paths, optional
    width : float, default 468
        Page width in points; below about 260 the columns become one, with arcs at its sides.

    Returns
    -------
    Scene
        Of kind "path_diagram".

    Raises
    ------
    FigureError
        If an outcome or lever is unknown, or residuals are asked of a graph without a model.

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b", "c"], [[0, 0.5, 0.02], [0, 0, 0.4], [0, 0, 0]])
    >>> scene = path_diagram(model, outcomes=["c"])
    >>> [(edge.cause, edge.effect, edge.mean) for edge in scene.edges]
    [('a', 'b', 0.5), ('b', 'c', 0.4)]
    """
    paths = paths or Paths()
    whole = _with_outcomes(graph_data(graph, effects, paths.head, math.inf), outcomes, levers)
    data, weak = _strong(whole, paths.least)
    shown = shown_names(data, theory, labels or {})
    layout = _laid_out(data, theory, shown, (paths, graph_width(width)))
    layout = lowered(layout, ROOM) if paths.residuals else layout
    loops, taken = residual_marks(_variances(graph, paths), layout)
    painted = paint_edges(data.edges, replace(layout, rim=taken), paths.intervals)
    told = as_labelled(data.edges, painted.labels.intervals)
    asked = as_labelled(data.edges, paths.intervals)
    items = graph_items(data, told, label_meaning(told, "path coefficient", painted.labels), width)
    items += kind_items(data.kind(name) for name in layout.places)
    legend, below = legend_rows(items, width, layout.height)
    note, more = note_lines(paths.note, width, layout.height + below)
    caption = graph_caption(data, asked, shown, "path coefficient", painted.labels)
    return Scene(
        kind="path_diagram",
        width=width,
        height=round(layout.height + below + more, 3),
        marks=(*loops, *painted.marks, *node_marks(layout), *legend, *note),
        title="Path diagram",
        caption=" ".join([caption, *_left_out(weak, paths)]),
        alt=graph_alt(data, data.edges, shown),
        nodes=scene_nodes(layout, data, shown, {} if theory is None else theory.groups),
        edges=data.edges,
        columns=EDGE_COLUMNS,
        rows=edge_rows(whole.edges),
        provenance=data.provenance,
    )


def _with_outcomes(data: GraphData, outcomes: Sequence[str], levers: Sequence[str] | None) -> GraphData:
    """Mark the outcomes, and keep the levers that are asked for."""
    for asked, known, what in ((outcomes, data.values, "value"), (levers or (), data.levers, "lever")):
        for name in asked:
            if name not in known:
                raise FigureError(f"There is no {what} {name!r} in the graph." + did_you_mean(name, known))
    kinds = {**data.kinds, **dict.fromkeys(outcomes, "outcome")}
    left_out = set() if levers is None else set(data.levers) - set(levers)
    edges = numbered(edge for edge in data.edges if edge.cause not in left_out)
    kept = tuple(name for name in data.levers if name not in left_out)
    acting = sum(edge.kind == "lever" for edge in edges)
    hidden = len(kept) * len(data.values) - acting if data.hidden else 0
    return replace(data, kinds=kinds, levers=kept, edges=edges, hidden=hidden)  # type: ignore[arg-type]


def _strong(data: GraphData, least: float) -> tuple[GraphData, int]:
    """Leave out weak paths, and levers of which none is left; return how many paths that are."""
    edges = [edge for edge in data.edges if edge.mean is None or abs(edge.mean) >= least]
    acting = {edge.cause for edge in edges}
    levers = tuple(name for name in data.levers if name in acting)
    factors = tuple(name for name in data.factors if name in acting)
    found = replace(data, edges=numbered(edges), levers=levers, factors=factors)
    return found, len(data.edges) - len(edges)


def _left_out(weak: int, paths: Paths) -> list[str]:
    said = [f"Paths weaker than {number(paths.least)} in size are not drawn: {weak}."] if weak else []
    said += ["Loops: residual variance."] if paths.residuals else []
    return said + ([with_stop(paths.note)] if paths.note else [])


def _laid_out(
    data: GraphData, theory: ValueTheory | None, shown: Mapping[str, str], page: tuple[Paths, float]
) -> Layout:
    paths, width = page
    order = value_order(data.values, theory)
    kinds = {name: data.kind(name) for name in (*data.values, *data.levers, *data.factors)}
    first = [*data.factors, *data.levers]
    return layered_layout((first, order), shown, data.edges, Layered(paths.columns), width, kinds=kinds)


def _variances(graph: Graph, paths: Paths) -> dict[str, float]:
    """Return the residual variance of each value, when it is asked for."""
    if not paths.residuals:
        return {}
    if not isinstance(graph, StructuralModel):
        raise FigureError("Residual variances need a StructuralModel. Give one, or leave `residuals` off.")
    p = len(graph.values)
    mean = np.einsum("s,sp->p", graph.weights, graph.residual_scales[:, :p] ** 2)
    return {name: float(variance) for name, variance in zip(graph.values, mean, strict=True)}
