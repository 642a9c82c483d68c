"""The picture of a value graph: edge width is probability, colour and dash are sign, heads are settled directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from causalvalues.figures.circle import circle_layout
from causalvalues.figures.edge_marks import DrawnEdge, drawn_edge, label_marks
from causalvalues.figures.graph_data import GraphData, graph_data
from causalvalues.figures.graph_options import Circle, GraphOptions
from causalvalues.figures.labelling import Spot, Wish, place_labels
from causalvalues.figures.layered import layered_layout
from causalvalues.figures.layout import Layout
from causalvalues.figures.legend import graph_legend
from causalvalues.figures.value_order import value_order
from causalvalues.figures.words import EDGE_COLUMNS, edge_rows, graph_alt, graph_caption
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.effects import Effects
from causalvalues.scene.edge_style import label_texts
from causalvalues.scene.geometry import Box, shape_box, text_box
from causalvalues.scene.nouns import Edge, Mark, Node, Scene
from causalvalues.scene.palette import LABEL_SIZE
from causalvalues.theories.theory import ValueTheory


def value_graph(
    graph: GraphPosterior | Dag,
    effects: Effects | pd.DataFrame | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    options: GraphOptions | None = None,
) -> Scene:
    """Draw the averaged graph of a posterior, or a given graph.

    An edge is as wide as its P(adjacent). It is blue and solid for a positive effect and vermillion and dashed for a
    negative one. It has a head only when most graphs have the edge and compel its direction (and at least
    ``options.head`` of those with the edge do), or when knowledge gives it: an open or contested edge is no arrow.

    Parameters
    ----------
    graph : GraphPosterior or Dag
    effects : Effects or DataFrame, optional
        Effect of cause on effect, [cause, effect] (`direct_effects` of a model); a DataFrame has no intervals. Without
        it the labels are P(adjacent).
    theory : ValueTheory, optional
        Order on the circle, names and groups.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    options : GraphOptions, optional

    Returns
    -------
    Scene
        A label that finds no room loses its interval first and is then left out; the caption says how many did, and the
        scene's table has all numbers.

    Examples
    --------
    >>> scene = value_graph(Dag.from_edges(["a", "b"], [("a", "b")]))
    >>> [(edge.cause, edge.effect, edge.directed) for edge in scene.edges]
    [('a', 'b', True)]
    """
    options = options or GraphOptions()
    data = graph_data(graph, effects, options.head)
    shown = _shown(data, theory, labels or {})
    groups = {} if theory is None else theory.groups
    circle = isinstance(options.layout, Circle)
    edges = tuple(edge for edge in data.edges if edge.kind == "value" or not circle)
    layout = _laid_out(data, edges, theory, shown, options)
    drawn = {edge.part: drawn_edge(edge, layout.routes[edge.part]) for edge in edges}
    wishes = [Wish(edge.part, label_texts(edge, options.intervals), LABEL_SIZE) for edge in edges]
    wishes = [wish for wish in wishes if wish.texts]
    spots = _spots(wishes, layout, drawn)
    short = sum(wish.part not in spots or spots[wish.part].text != wish.texts[0] for wish in wishes)
    legend, below = graph_legend(edges, _meaning(edges, options), data.level, options.width, layout.height)
    lines: list[Mark] = [mark for edge in drawn.values() for mark in edge.marks]
    return Scene(
        kind="graph",
        width=options.width,
        height=round(layout.height + below, 3),
        marks=(*layout.ground, *lines, *label_marks(edges, spots), *_node_marks(layout), *layout.notes, *legend),
        title=options.title,
        caption=graph_caption(data, edges, shown, options.effect, short),
        alt=graph_alt(data, edges, shown),
        nodes=_nodes(layout, data, shown, groups),
        edges=edges,
        columns=EDGE_COLUMNS,
        rows=edge_rows(edges),
        provenance=data.provenance,
    )


def _shown(data: GraphData, theory: ValueTheory | None, labels: Mapping[str, str]) -> dict[str, str]:
    known = {} if theory is None else theory.labels
    shown = {name: labels.get(name, known.get(name, name)) for name in (*data.values, *data.levers)}
    groups = () if theory is None else theory.groups
    return {group: labels.get(group, _group_label(group)) for group in groups} | shown


def _group_label(group: str) -> str:
    """Return the name of a group for people: ``self_transcendence`` is Self-transcendence."""
    words = group.replace("self_", "self-").replace("_", " ")
    return words[:1].upper() + words[1:]


def _sectors(theory: ValueTheory, shown: Mapping[str, str]) -> dict[str, Sequence[str]]:
    return {shown.get(group, group): members for group, members in theory.groups.items()}


def _laid_out(
    data: GraphData, edges: Sequence[Edge], theory: ValueTheory | None, shown: Mapping[str, str], options: GraphOptions
) -> Layout:
    order = value_order(data.values, theory)
    if isinstance(options.layout, Circle):
        groups = _sectors(theory, shown) if theory is not None and theory.circular else {}
        return circle_layout(
            order, shown, groups, {edge.part: (edge.cause, edge.effect) for edge in edges}, options.width
        )
    acting = {edge.cause for edge in edges if edge.kind == "lever"}
    levers = [name for name in data.levers if name in acting]
    return layered_layout((levers, order), shown, edges, options.layout, options.width)


def _spots(wishes: Sequence[Wish], layout: Layout, drawn: Mapping[str, DrawnEdge]) -> dict[str, Spot]:
    taken: list[Box] = []
    for place in layout.places.values():
        taken.append(shape_box(place.body).grown(1.5))
        taken += [text_box(text).grown(1.0) for text in place.names]
    taken += [text_box(text).grown(1.0) for text in layout.notes]
    taken += layout.rim
    taken += [edge.head for edge in drawn.values() if edge.head is not None]
    routes = {part: edge.curves for part, edge in drawn.items()}
    return place_labels(wishes, routes, taken, layout.width, layout.height)


def _meaning(edges: Sequence[Edge], options: GraphOptions) -> str:
    if any(edge.mean is not None for edge in edges):
        return f"label: {options.effect}"
    return "label: P(adjacent)" if any(edge.adjacent is not None for edge in edges) else ""


def _node_marks(layout: Layout) -> list[Mark]:
    marks: list[Mark] = []
    for place in layout.places.values():
        marks += [place.body, *place.names]
    return marks


def _nodes(
    layout: Layout, data: GraphData, shown: Mapping[str, str], groups: Mapping[str, Sequence[str]]
) -> tuple[Node, ...]:
    return tuple(
        Node(
            part=place.body.part,
            name=name,
            label=shown[name],
            kind="lever" if name in data.levers else "value",
            group="; ".join(group for group, members in groups.items() if name in members),
            x=place.x,
            y=place.y,
        )
        for name, place in layout.places.items()
    )
