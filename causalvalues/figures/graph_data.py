"""What a graph figure says, before it is laid out: edges with their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast

import pandas as pd

from causalvalues.graph.posterior import GraphPosterior, Verdict
from causalvalues.model.effects import Effects
from causalvalues.scene.nouns import Edge, NodeKind, number_cell

Reading = Literal["posterior", "given", "class", "tests", "hidden", "file"]
"""What the marks at the ends of edges mean: shares of draws, a graph that is given, an equivalence class, a partially
directed graph of tests, a graph that allows for hidden causes, a graph from a file."""
MOST_LEVERS = 1.5
"""Most edges a lever, on average, that a graph figure shows."""


@dataclass(frozen=True)
class GraphData:
    """Nodes and edges of a figure.

    Parameters
    ----------
    values, levers : tuple of str
        `values` holds every node that is no lever and no hidden factor of a model.
    edges : tuple of Edge
        Sorted by P(adjacent), the largest first.
    threshold : float
        P(adjacent) above which an edge is drawn.
    hidden : int
        Lever edges that are left out.
    level : float or None
        Level of the intervals of the effects; None where it is not known.
    provenance : mapping of str to str
    factors : tuple of str, default ()
        Hidden factors of a model of factors and graph; drawn in layers only.
    kinds : mapping of str to str, default {}
        Node -> kind, where it is neither value nor lever.
    reading : str, default "posterior"
        What the marks at the ends mean.
    labels, groups : mapping of str to str, default {}
        Names as shown and groups that come with the graph.
    """

    values: tuple[str, ...]
    levers: tuple[str, ...]
    edges: tuple[Edge, ...]
    threshold: float
    hidden: int
    level: float | None
    provenance: Mapping[str, str]
    factors: tuple[str, ...] = ()
    kinds: Mapping[str, NodeKind] = field(default_factory=dict)
    reading: Reading = "posterior"
    labels: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    def kind(self, name: str) -> NodeKind:
        """Return what a node is."""
        if name in self.factors:
            return "latent"
        return "lever" if name in self.levers else self.kinds.get(name, "value")


def posterior_data(
    posterior: GraphPosterior, effects: Effects | pd.DataFrame | None, head: float, most: float = MOST_LEVERS
) -> GraphData:
    """Collect nodes and edges of a posterior: its averaged graph, its lever edges, its hidden factors.

    Parameters
    ----------
    posterior : GraphPosterior
    effects : Effects, DataFrame or None
        Effects of causes on values, with intervals or without.
    head : float
        Least P(compelled | adjacent) for which a compelled edge gets a head.
    most : float, default 1.5
        Most edges a lever, on average, that are drawn.
    """
    between = [with_effect(edge, effects) for edge in _posterior_edges(posterior, head)]
    acting, hidden = _lever_edges(posterior, effects, most)
    loads = _loading_edges(posterior, effects is not None)
    return GraphData(
        values=tuple(sorted(posterior.names)),
        levers=tuple(sorted(posterior.levers)),
        edges=numbered([*between, *acting, *loads]),
        threshold=posterior.threshold,
        hidden=hidden,
        level=effects.level if isinstance(effects, Effects) else 0.9,
        provenance=_provenance(posterior),
        factors=tuple(sorted({edge.cause for edge in loads})),
    )


def numbered(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return edges with a part each, in their order."""
    return tuple(replace(edge, part=f"edge-{number}") for number, edge in enumerate(edges))


def _loading_edges(posterior: GraphPosterior, sizes: bool) -> list[Edge]:
    """Return the edges from the hidden factors of the model to the values on which most draws let them act."""
    table = posterior.settings.get("loadings")
    if not isinstance(table, Mapping):
        return []
    edges = []
    for factor in sorted(table):
        for value, found in sorted(table[factor].items()):
            mean, lower, upper = (round(float(found[key]), 9) + 0.0 for key in ("mean", "lower", "upper"))
            edge = Edge("", factor, value, "value", "-->", adjacent=_share(float(found["active"])))
            if (edge.adjacent or 0.0) > 0.5:
                edges.append(replace(edge, mean=mean, lower=lower, upper=upper) if sizes else edge)
    return edges


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
    posterior: GraphPosterior, effects: Effects | pd.DataFrame | None, most: float
) -> tuple[list[Edge], int]:
    """Choose lever edges: interval off zero (when there is one), P > .5, and at most `most` per lever on average."""
    chance, assumed = posterior.lever_probabilities, posterior.lever_mode == "saturated"
    edges = []
    for lever in sorted(posterior.levers):
        for value in sorted(posterior.names):
            p = None if assumed else _share(_number(chance.loc[lever, value]))
            edge = with_effect(Edge("", lever, value, "lever", "-->", adjacent=p), effects)
            if (p is None or p > 0.5) and (effects is None or _off_zero(edge)):
                edges.append(edge)
    ranked = sorted(edges, key=lambda edge: (-abs(edge.mean or 0.0), -(edge.adjacent or 0.0), edge.cause, edge.effect))
    kept = ranked if math.isinf(most) else ranked[: int(most * len(posterior.levers))]
    total = len(posterior.levers) * len(posterior.names)
    return sorted(kept, key=lambda edge: (edge.cause, edge.effect)), total - len(kept)


def _off_zero(edge: Edge) -> bool:
    if edge.mean is None:
        return False
    return edge.lower is None or edge.upper is None or edge.lower > 0 or edge.upper < 0


def with_effect(edge: Edge, effects: Effects | pd.DataFrame | None) -> Edge:
    """Return an edge with the effect of its cause on its effect, where there is one."""
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
    return number_cell(_number(table.loc[edge.cause, edge.effect]))


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
