"""Graphs that are no posterior, as data of a figure: given graphs, classes, mixed graphs, models, graphs from files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.arguments import known_interval
from causalvalues.figures.graph_data import (
    MOST_LEVERS,
    GraphData,
    Reading,
    numbered,
    posterior_data,
    with_effect,
)
from causalvalues.formats.graph_file import MIXED_MARKS, GraphFile
from causalvalues.graph.dag import Dag
from causalvalues.graph.equivalence import EquivalenceClass
from causalvalues.graph.mixed import MixedGraph
from causalvalues.graph.posterior import DrawKind, GraphPosterior
from causalvalues.model.direct_effects import direct_effects
from causalvalues.model.effects import Effects
from causalvalues.model.structural import StructuralModel
from causalvalues.scene.nouns import Edge

Graph = GraphPosterior | Dag | EquivalenceClass | MixedGraph | StructuralModel | GraphFile
_ENDS = {mark: ends for ends, mark in MIXED_MARKS.items()}


def graph_data(
    graph: Graph, effects: Effects | pd.DataFrame | None, head: float, most: float = MOST_LEVERS
) -> GraphData:
    """Collect nodes and edges of a figure.

    Parameters
    ----------
    graph : GraphPosterior, Dag, EquivalenceClass, MixedGraph, StructuralModel or GraphFile
        The edges of a posterior are those of its averaged graph; a model is drawn as the posterior of its draws, or as
        a given graph when all draws have the same one, and brings its direct effects; the others draw all edges.
    effects : Effects, DataFrame or None
        Effects of causes on values, with intervals or without.
    head : float
        Least P(compelled | adjacent) for which a compelled edge gets a head.
    most : float, default 1.5
        Most edges a lever, on average, that are drawn of a posterior.

    Raises
    ------
    FigureError
        If the thing is no graph, or an interval ends below its beginning.
    """
    data = _graph_data(graph, effects, head, most)
    for edge in data.edges:
        known_interval(edge.lower, edge.upper, f"{edge.cause} on {edge.effect}")
    return data


def _graph_data(graph: Graph, effects: Effects | pd.DataFrame | None, head: float, most: float) -> GraphData:
    if isinstance(graph, GraphPosterior):
        return posterior_data(graph, effects, head, most)
    if isinstance(graph, StructuralModel):
        return _model_data(graph, direct_effects(graph) if effects is None else effects, head, most)
    if isinstance(graph, Dag):
        edges = [Edge("", *pair, "value", "-->") for pair in sorted(graph.edges)]
        return _given(graph.names, edges, effects, "given", "given graph")
    if isinstance(graph, EquivalenceClass):
        return _given(graph.names, _mixed(MixedGraph.from_class(graph)), effects, "class", "equivalence class")
    if isinstance(graph, MixedGraph):
        about = "mixed graph, hidden common causes allowed" if graph.hidden_causes else "partially directed graph"
        return _given(graph.names, _mixed(graph), effects, "hidden" if graph.hidden_causes else "tests", about)
    if isinstance(graph, GraphFile):
        return _file_data(graph, effects)
    raise FigureError(
        "A graph figure needs a GraphPosterior, Dag, EquivalenceClass, MixedGraph, StructuralModel or GraphFile, "
        f"not {type(graph).__name__}."
    )


def _given(
    names: Iterable[str], edges: Iterable[Edge], effects: Effects | pd.DataFrame | None, reading: Reading, method: str
) -> GraphData:
    level = effects.level if isinstance(effects, Effects) else None
    found = numbered(with_effect(edge, effects) for edge in edges)
    return GraphData(tuple(sorted(names)), (), found, 0.0, 0, level, {"method": method}, reading=reading)


def _mixed(graph: MixedGraph) -> list[Edge]:
    edges = []
    for first, edge, second in graph.edges:
        symmetric = edge in ("--", "o-o", "<->")
        a, b, ends = (first, second, edge) if edge in _ENDS else (second, first, edge[::-1].replace("<", ">"))
        a, b = sorted((a, b)) if symmetric else (a, b)
        edges.append(Edge("", a, b, "value", _ENDS[ends]))
    return sorted(edges, key=lambda edge: (edge.cause, edge.effect))


def _file_data(graph: GraphFile, effects: Effects | pd.DataFrame | None) -> GraphData:
    kinds = {node.name: node.kind for node in graph.nodes}
    edges = list(graph.edges) if effects is None else [with_effect(edge, effects) for edge in graph.edges]
    data = _given(
        [name for name in graph.names if kinds.get(name) != "lever"], edges, None, "file", "graph from a file"
    )
    return replace(
        data,
        level=effects.level if isinstance(effects, Effects) else None,
        levers=tuple(sorted(name for name, kind in kinds.items() if kind == "lever")),
        kinds={name: kind for name, kind in kinds.items() if kind in ("outcome", "latent")},
        labels={node.name: node.label for node in graph.nodes if node.label},
        groups={node.name: node.group for node in graph.nodes if node.group},
    )


def _model_data(model: StructuralModel, effects: Effects | pd.DataFrame, head: float, most: float) -> GraphData:
    """Return the data of a model, without its combinations of levers."""
    p, acting = len(model.values), model.levers
    there = model.coefficients[:, : p + len(acting), :p] != 0
    if (there == there[:1]).all():
        pairs = [(model.nodes[i], model.values[j]) for i, j in np.argwhere(there[0])]
        edges = [Edge("", a, b, "lever" if a in acting else "value", "-->") for a, b in sorted(pairs)]
        data = _given(
            model.values, edges, effects, "given", f"structural model, {len(model.weights)} {model.kind} draws"
        )
        bare = [replace(edge, lower=None, upper=None, positive=None) for edge in data.edges]
        givens = {"givens": "; ".join(model.givens)}
        return replace(
            data,
            levers=tuple(sorted(acting)),
            edges=data.edges if len(model.weights) > 1 else tuple(bare),
            provenance={**data.provenance, **givens},
        )
    posterior = GraphPosterior(
        names=model.values,
        draws=there[:, :p],
        weights=model.weights,
        kind=cast(DrawKind, model.kind),
        edge=np.einsum("s,sij->ij", model.weights, there[:, :p].astype(float)),
        prior_edge=np.full((p, p), np.nan),
        exact=False,
        method="structural model",
        givens=model.givens,
        levers=acting,
        lever_mode="saturated" if acting else "none",
    )
    return posterior_data(posterior, effects, head, most)
