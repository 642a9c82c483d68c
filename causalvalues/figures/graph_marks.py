"""What all graph figures share: names as shown, painted edges with their labels, nodes of the scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.edge_marks import DrawnEdge, drawn_edge, label_marks
from causalvalues.figures.graph_data import GraphData
from causalvalues.figures.graph_labels import EdgeLabels, edge_labels
from causalvalues.figures.layout import Layout
from causalvalues.scene.edge_style import page_scale
from causalvalues.scene.geometry import Box, shape_box, text_box
from causalvalues.scene.nouns import Edge, Mark, Node
from causalvalues.theories.names import as_shown, known_labels, known_theory
from causalvalues.theories.theory import ValueTheory


@dataclass(frozen=True)
class PaintedEdges:
    """Lines, heads and labels, and by which rule edges are labelled."""

    marks: tuple[Mark, ...]
    labels: EdgeLabels


def paint_edges(edges: Sequence[Edge], layout: Layout, intervals: bool = True) -> PaintedEdges:
    """Paint edges along their routes and find room for their labels."""
    scale = page_scale(layout.width)
    drawn = {edge.part: drawn_edge(edge, layout.routes[edge.part], scale) for edge in edges}
    routes = {part: edge.curves for part, edge in drawn.items()}
    labels = edge_labels(edges, routes, _taken(layout, drawn), (layout.width, layout.height), intervals)
    lines: list[Mark] = [mark for edge in drawn.values() for mark in edge.marks]
    return PaintedEdges((*lines, *label_marks(edges, labels.spots)), labels)


def _taken(layout: Layout, drawn: Mapping[str, DrawnEdge]) -> list[Box]:
    taken: list[Box] = []
    for place in layout.places.values():
        taken.append(shape_box(place.body).grown(1.5))
        taken += [text_box(text).grown(1.0) for text in place.names]
    taken += [text_box(text).grown(1.0) for text in layout.notes]
    taken += layout.rim
    taken += [box for edge in drawn.values() for box in edge.heads]
    return taken


def node_marks(layout: Layout) -> list[Mark]:
    """Return outlines and names."""
    marks: list[Mark] = []
    for place in layout.places.values():
        marks += [place.body, *place.over, *place.names]
    return marks


def shown_names(data: GraphData, theory: ValueTheory | None, labels: Mapping[str, str]) -> dict[str, str]:
    """Return nodes and groups with their names as shown; `labels` win over the theory's, these over the graph's."""
    if not (data.values or data.levers or data.factors):
        raise FigureError("There is nothing to draw: the graph has no node.")
    labels, theory = known_labels(labels), known_theory(theory)
    nodes = (*data.values, *data.levers, *data.factors)
    shown = {name: as_shown(name, theory, labels, data.labels.get(name)) for name in nodes}
    groups = () if theory is None else theory.groups
    return {group: labels.get(group, group_label(group)) for group in groups} | shown


def group_label(group: str) -> str:
    """Return the name of a group for people: ``self_transcendence`` is Self-transcendence."""
    words = group.replace("self_", "self-").replace("_", " ")
    return words[:1].upper() + words[1:]


def sectors_of(theory: ValueTheory, shown: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Return the groups of a theory by their names as shown."""
    return {shown.get(group, group): members for group, members in theory.groups.items()}


def scene_nodes(
    layout: Layout, data: GraphData, shown: Mapping[str, str], groups: Mapping[str, Sequence[str]]
) -> tuple[Node, ...]:
    """Return what the drawn nodes stand for."""
    return tuple(
        Node(
            part=place.body.part,
            name=name,
            label=shown[name],
            kind=data.kind(name),
            group="; ".join(group for group, members in groups.items() if name in members) or data.groups.get(name, ""),
            x=place.x,
            y=place.y,
        )
        for name, place in layout.places.items()
    )
