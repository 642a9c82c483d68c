"""What a graph figure says, before it is laid out: edges with their numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior, Verdict
from causalvalues.model.effects import Effects
from causalvalues.model.structural import StructuralModel
from causalvalues.scene.nouns import Edge


@dataclass(frozen=True)
class GraphData:
    """Nodes and edges of a figure.

    Parameters
    ----------
    values, levers : tuple of str
    edges : tuple of Edge
        Sorted by P(adjacent), the largest first.
    threshold : float
        P(adjacent) above which an edge is drawn.
    hidden : int
        Lever edges that are left out.
    level : float
        Level of the intervals of the effects.
    provenance : mapping of str to str
    """

    values: tuple[str, ...]
    levers: tuple[str, ...]
    edges: tuple[Edge, ...]
    threshold: float
    hidden: int
    level: float
    provenance: Mapping[str, str]


def direct_effects(model: StructuralModel, level: float = 0.9) -> Effects:
    """Return the direct effect of each node on each value, given that the edge is there.

    Parameters
    ----------
    model : StructuralModel
    level : float, default 0.9
        Level of the central interval over the draws that have the edge.

    Returns
    -------
    Effects
        Tables (m, p), [cause, effect]: mean and interval of B[cause, effect] over the draws that have the edge, zero
        where none has it; ``positive`` and ``negative`` are probabilities over all draws.

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b"], [[0, 2], [0, 0]])
    >>> float(direct_effects(model).mean.loc["a", "b"])
    2.0
    """
    p = len(model.values)
    draws = model.coefficients[:, :, :p]
    shape = draws.shape[1:]
    mean, lower, upper = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, j in zip(*np.nonzero((draws != 0).any(axis=0)), strict=True):
        there = draws[:, i, j] != 0
        numbers, weights = draws[there, i, j], model.weights[there]
        order = np.argsort(numbers, kind="stable")
        below = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
        mean[i, j] = np.average(numbers, weights=weights)
        lower[i, j], upper[i, j] = np.interp([(1 - level) / 2, (1 + level) / 2], below, numbers[order])
    above = np.tensordot(model.weights, (draws > 0).astype(float), axes=1)
    under = np.tensordot(model.weights, (draws < 0).astype(float), axes=1)
    tables = [
        pd.DataFrame(table, list(model.nodes), list(model.values)) for table in (mean, lower, upper, above, under)
    ]
    return Effects(
        mean=tables[0], lower=tables[1], upper=tables[2], positive=tables[3], negative=tables[4], level=level
    )


def graph_data(graph: GraphPosterior | Dag, effects: Effects | pd.DataFrame | None, head: float) -> GraphData:
    """Collect nodes and edges of a figure.

    Parameters
    ----------
    graph : GraphPosterior or Dag
        The edges of a posterior are those of its averaged graph; a graph that is given draws all its edges with heads.
    effects : Effects, DataFrame or None
        Effects of causes on values, with intervals or without.
    head : float
        Least P(compelled | adjacent) for which a compelled edge gets a head.
    """
    if isinstance(graph, Dag):
        level = effects.level if isinstance(effects, Effects) else 0.9
        given = [_with_effect(Edge("", *pair, "value", "-->"), effects) for pair in sorted(graph.edges)]
        return GraphData(tuple(sorted(graph.names)), (), _numbered(given), 0.0, 0, level, {"method": "given graph"})
    if isinstance(graph, GraphPosterior):
        return _posterior_data(graph, effects, head)
    raise FigureError(f"A graph figure needs a GraphPosterior or a Dag, not {type(graph).__name__}.")


def _posterior_data(posterior: GraphPosterior, effects: Effects | pd.DataFrame | None, head: float) -> GraphData:
    between = [_with_effect(edge, effects) for edge in _posterior_edges(posterior, head)]
    acting, hidden = _lever_edges(posterior, effects)
    return GraphData(
        values=tuple(sorted(posterior.names)),
        levers=tuple(sorted(posterior.levers)),
        edges=_numbered([*between, *acting]),
        threshold=posterior.threshold,
        hidden=hidden,
        level=effects.level if isinstance(effects, Effects) else 0.9,
        provenance=_provenance(posterior),
    )


def _numbered(edges: list[Edge]) -> tuple[Edge, ...]:
    return tuple(replace(edge, part=f"edge-{number}") for number, edge in enumerate(edges))


def _posterior_edges(posterior: GraphPosterior, head: float) -> list[Edge]:
    edges = []
    for row in posterior.averaged_graph().itertuples(index=False):
        compelled, verdict = _share(row.compelled), cast(Verdict, row.verdict)
        settled = verdict == "given" or (verdict == "compelled" and (compelled or 0.0) >= head)
        edges.append(
            Edge(
                part="",
                cause=str(row.cause),
                effect=str(row.effect),
                kind="value",
                ends="-->" if settled else "---",
                adjacent=_share(row.adjacent),
                direction=_share(row.direction),
                compelled=compelled,
                compelled_reverse=_share(row.compelled_reverse),
                open=_share(row.open),
                verdict=verdict,
                prior_direction=_share(row.prior_direction),
            )
        )
    return sorted(edges, key=lambda edge: (-(edge.adjacent or 0.0), edge.cause, edge.effect))


def _lever_edges(
    posterior: GraphPosterior, effects: Effects | pd.DataFrame | None, most: float = 1.5
) -> tuple[list[Edge], int]:
    """Choose lever edges: interval off zero (when there is one), P > .5, and at most `most` per lever on average."""
    chance, assumed = posterior.lever_probabilities, posterior.lever_mode == "saturated"
    edges = []
    for lever in sorted(posterior.levers):
        for value in sorted(posterior.names):
            p = None if assumed else _share(_number(chance.loc[lever, value]))
            edge = _with_effect(Edge("", lever, value, "lever", "-->", adjacent=p), effects)
            if (p is None or p > 0.5) and (effects is None or _off_zero(edge)):
                edges.append(edge)
    ranked = sorted(edges, key=lambda edge: (-abs(edge.mean or 0.0), -(edge.adjacent or 0.0), edge.cause, edge.effect))
    kept = ranked[: int(most * len(posterior.levers))]
    total = len(posterior.levers) * len(posterior.names)
    return sorted(kept, key=lambda edge: (edge.cause, edge.effect)), total - len(kept)


def _off_zero(edge: Edge) -> bool:
    if edge.mean is None:
        return False
    return edge.lower is None or edge.upper is None or edge.lower > 0 or edge.upper < 0


def _with_effect(edge: Edge, effects: Effects | pd.DataFrame | None) -> Edge:
    if effects is None:
        return edge
    if isinstance(effects, pd.DataFrame):
        return replace(edge, mean=_cell(effects, edge))
    return replace(
        edge,
        mean=_cell(effects.mean, edge),
        lower=_cell(effects.lower, edge),
        upper=_cell(effects.upper, edge),
        positive=_cell(effects.positive, edge),
    )


def _cell(table: pd.DataFrame, edge: Edge) -> float | None:
    if edge.cause not in table.index or edge.effect not in table.columns:
        return None
    number = _number(table.loc[edge.cause, edge.effect])
    return round(number, 9) + 0.0 if math.isfinite(number) else None


def _number(cell: object) -> float:
    return float(cell)  # type: ignore[arg-type]


def _share(number: object) -> float | None:
    """Round a probability so that the last bits of a sum do not show up in files."""
    share = _number(number)
    return min(max(round(share, 9), 0.0), 1.0) + 0.0 if math.isfinite(share) else None


def _provenance(posterior: GraphPosterior) -> dict[str, str]:
    return {
        "method": posterior.method,
        "draws": f"{len(posterior.draws)} {posterior.kind} draws",
        "edge probabilities": "exact sums" if posterior.exact else f"{posterior.kind} frequencies",
        "levers": posterior.lever_mode,
        "seed": str(posterior.seed),
        "givens": "; ".join(posterior.givens),
    }
