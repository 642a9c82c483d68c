"""The picture of a value graph: edge width is probability, colour and dash are sign, heads are settled directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from causalvalues.figures.circle import circle_layout
from causalvalues.figures.given_graphs import Graph, graph_data
from causalvalues.figures.graph_data import GraphData
from causalvalues.figures.graph_labels import EdgeLabels
from causalvalues.figures.graph_marks import node_marks, paint_edges, scene_nodes, sectors_of, shown_names
from causalvalues.figures.graph_options import Circle, GraphOptions, Placed
from causalvalues.figures.graph_words import (
    EDGE_COLUMNS,
    as_labelled,
    edge_rows,
    graph_alt,
    graph_caption,
    label_meaning,
)
from causalvalues.figures.layered import layered_layout
from causalvalues.figures.layout import Layout
from causalvalues.figures.legend import graph_items, kind_items, legend_rows, note_lines, with_stop
from causalvalues.figures.placed_layout import placed_of
from causalvalues.figures.value_order import value_order
from causalvalues.formats.graph_file import GraphFile
from causalvalues.model.effects import Effects
from causalvalues.scene.nouns import Edge, Mark, Scene
from causalvalues.theories.theory import ValueTheory


def value_graph(
    graph: Graph,
    effects: Effects | pd.DataFrame | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    options: GraphOptions | None = None,
) -> Scene:
    """Draw the averaged graph of a posterior, or any other graph with the marks at the ends of its edges.

    An edge is as wide as its P(adjacent). It is blue and solid for a positive effect and vermillion and dashed for a
    negative one. It has a head only when most graphs have the edge and compel its direction (and at least
    ``options.head`` of those with the edge do), or when knowledge gives it: an open or contested edge is no arrow. The
    head is solid when .9 or more of the graphs with the edge compel it, hollow when fewer do.

    Parameters
    ----------
    graph : GraphPosterior, Dag, EquivalenceClass, MixedGraph, StructuralModel or GraphFile
        Tails, heads and circles are drawn as they stand; the legend says what those that occur mean. A model is drawn
        with its own direct effects. Hidden factors (ellipses) and levers (rounded) of a model are drawn in layers only.
    effects : Effects or DataFrame, optional
        Effect of cause on effect, [cause, effect] (`direct_effects` of a model); a DataFrame has no intervals. Without
        it the labels are P(adjacent).
    theory : ValueTheory, optional
        Order on the circle, names and groups.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    options : GraphOptions, optional
        Without a note, that of a `GraphFile` is its warning.

    Returns
    -------
    Scene
        Either all labels have their interval or, where one of them finds no room and on pages below 300 points, none
        has. Where the numbers alone find no room, those of weak edges are left out: legend and caption say from which
        size on they are printed, and the scene's table has all of them.

    Examples
    --------
    >>> from causalvalues import Dag
    >>> scene = value_graph(Dag.from_edges(["a", "b"], [("a", "b")]))
    >>> [(edge.cause, edge.effect, edge.directed) for edge in scene.edges]
    [('a', 'b', True)]
    """
    options = options or GraphOptions()
    if isinstance(graph, GraphFile) and not options.note:
        options = replace(options, note=graph.warning)
    data = graph_data(graph, effects, options.head)
    shown = shown_names(data, theory, labels or {})
    circle = isinstance(options.layout, Circle)
    away = {*data.levers, *data.factors} if circle else set()
    edges = tuple(edge for edge in data.edges if not {edge.cause, edge.effect} & away)
    layout = _laid_out(data, edges, theory, shown, options)
    painted = paint_edges(edges, layout, options.intervals)
    legend, height = _legend(data, edges, layout, (options, painted.labels))
    return Scene(
        kind="graph",
        width=options.width,
        height=round(height, 3),
        marks=(*layout.ground, *painted.marks, *node_marks(layout), *layout.notes, *legend),
        title=options.title,
        caption=_caption(data, edges, shown, (options, painted.labels)),
        alt=graph_alt(data, edges, shown),
        nodes=scene_nodes(layout, data, shown, {} if theory is None else theory.groups),
        edges=edges,
        columns=EDGE_COLUMNS,
        rows=edge_rows(edges),
        provenance=data.provenance,
    )


def _legend(
    data: GraphData, edges: Sequence[Edge], layout: Layout, look: tuple[GraphOptions, EdgeLabels]
) -> tuple[tuple[Mark, ...], float]:
    """Return the marks below the graph, and the height of the page."""
    options, printed = look
    told = as_labelled(edges, printed.intervals)
    items = graph_items(data, told, label_meaning(told, options.effect, printed), options.width)
    if not isinstance(options.layout, Circle):
        items += kind_items(data.kind(name) for name in layout.places)
    items += [(0.0, words, ()) for words in layout.words]
    marks, below = legend_rows(items, options.width, layout.height)
    note, more = note_lines(options.note, options.width, layout.height + below)
    return (*marks, *note), layout.height + below + more


def _caption(
    data: GraphData, edges: Sequence[Edge], shown: Mapping[str, str], look: tuple[GraphOptions, EdgeLabels]
) -> str:
    options, printed = look
    said = graph_caption(data, as_labelled(edges, options.intervals), shown, options.effect, printed)
    return f"{said} {with_stop(options.note)}" if options.note else said


def _laid_out(
    data: GraphData, edges: Sequence[Edge], theory: ValueTheory | None, shown: Mapping[str, str], options: GraphOptions
) -> Layout:
    order = value_order(data.values, theory)
    kinds = {name: data.kind(name) for name in (*data.values, *data.levers, *data.factors)}
    if isinstance(options.layout, Circle):
        groups = sectors_of(theory, shown) if theory is not None and theory.circular else {}
        pairs = {edge.part: (edge.cause, edge.effect) for edge in edges}
        return circle_layout(order, shown, groups, pairs, options.width, kinds=kinds)
    if isinstance(options.layout, Placed):
        return placed_of(options.layout, kinds, shown, edges, options.width)
    acting = {edge.cause for edge in edges}
    first = [name for name in (*data.factors, *data.levers) if name in acting]
    return layered_layout((first, order), shown, edges, options.layout, options.width, kinds=kinds)
