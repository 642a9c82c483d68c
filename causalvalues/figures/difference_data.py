"""What a difference of two graphs says, before it is laid out: each edge with its change and its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.errors import FigureError
from causalvalues.figures.given_graphs import Graph, graph_data
from causalvalues.figures.graph_data import GraphData, numbered
from causalvalues.frozen import FloatArray
from causalvalues.model.comparison import Comparison
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel
from causalvalues.scene.nouns import Cell, Change, Edge, Ends

POINTS = 300
"""Quantiles of each side that stand for its draws in a difference."""
SHARES = tuple((np.arange(POINTS) + 0.5) / POINTS)


@dataclass(frozen=True)
class DifferenceData:
    """Edges of the two graphs together.

    Parameters
    ----------
    first, second : GraphData
    edges : tuple of Edge
        With `change`; mean, lower and upper are the difference of the effects, second less first.
    columns, rows : tuple
        The numbers of both sides as a table.
    level : float
        Level of the intervals.
    """

    first: GraphData
    second: GraphData
    edges: tuple[Edge, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    level: float


def difference_data(
    graphs: tuple[Graph, Graph],
    names: tuple[str, str],
    models: tuple[StructuralModel, StructuralModel] | None,
    comparison: Comparison | None,
    level: float = 0.9,
) -> DifferenceData:
    """Put the edges of two graphs side by side.

    Parameters
    ----------
    graphs : (first, second)
    names : (str, str)
    models : (StructuralModel, StructuralModel), optional
        Whose draws of direct effects are subtracted; the draws of the two count as independent.
    comparison : Comparison, optional
        Result of `causalvalues.model.compare`; adds P(in one graph only) to the table.
    level : float, default 0.9

    Raises
    ------
    FigureError
        If the graphs have different values, or a model lacks one.
    """
    first, second = (replace(data, edges=_between(data)) for data in (graph_data(graph, None, 0.5) for graph in graphs))
    odd = sorted(set(first.values) ^ set(second.values))
    if odd:
        raise FigureError(f"The graphs differ in the values {', '.join(odd)}. Draw two graphs over the same values.")
    for model in models or ():
        lacking = sorted(set(first.values) - set(model.values))
        if lacking:
            raise FigureError(f"A model has no value {lacking[0]!r}. Give the models of the two graphs.")
    edges, rows = [], []
    for one, two in _pairs(first, second):
        edge = _joined(one, two)
        numbers: list[Cell] = []
        if models is not None:
            draws = [direct_draws(model, edge.cause, edge.effect) for model in models]
            sides = [summary(values, weights, level) for values, weights in draws]
            apart = difference(draws[0], draws[1], level)
            edge = _with_difference(edge, apart)
            numbers = [number for side in (*sides, apart) for number in side]
        share = [] if comparison is None else [_differs(comparison, edge)]
        cells: list[Cell] = [edge.cause, edge.effect, edge.change]
        for side in (one, two):
            cells += ["" if side is None else _ends(side, edge), None if side is None else side.adjacent]
        edges.append(edge)
        rows.append((*cells, *numbers, *share))
    order = {"removed": 0, "added": 1, "turned": 2, "changed": 3, "same": 4}
    placed = sorted(range(len(edges)), key=lambda i: (order[edges[i].change], edges[i].cause, edges[i].effect))
    columns = ("cause", "effect", "change", *(f"{what} {name}" for name in names for what in ("ends", "adjacent")))
    if models is not None:
        what = [*(f"effect {name}" for name in names), "difference"]
        columns += tuple(f"{one}{end}" for one in what for end in ("", " lower", " upper"))
    columns += () if comparison is None else ("P(in one only)",)
    return DifferenceData(
        first, second, numbered(edges[i] for i in placed), columns, tuple(rows[i] for i in placed), level
    )


def _between(data: GraphData) -> tuple[Edge, ...]:
    inside = set(data.values)
    return tuple(edge for edge in data.edges if {edge.cause, edge.effect} <= inside)


def _pairs(first: GraphData, second: GraphData) -> Iterator[tuple[Edge | None, Edge | None]]:
    """Yield the edge of each pair of values in both graphs, in name order."""
    ones, twos = ({frozenset((edge.cause, edge.effect)): edge for edge in data.edges} for data in (first, second))
    for pair in sorted({*ones, *twos}, key=sorted):
        yield ones.get(pair), twos.get(pair)


def _ends(edge: Edge, shown: Edge) -> str:
    """Return the marks of an edge, read in the direction in which it is shown."""
    return edge.ends if edge.cause == shown.cause else {"-->": "<--", "o->": "<-o"}.get(edge.ends, edge.ends)


def _joined(one: Edge | None, two: Edge | None) -> Edge:
    """Return the edge as it is drawn: in the direction of the side that settles it, the second before the first."""
    side = two or one
    if side is None:
        raise FigureError("An edge that is in neither graph has no difference.")
    change: Change = "added" if one is None else "removed" if two is None else "same"
    ends: Ends = side.ends
    if one is not None and two is not None:
        side = two if two.directed or not one.directed else one
        if one.directed and two.directed and one.cause != two.cause:
            change = "turned"
        elif one.ends != two.ends or (not one.directed and one.cause != two.cause and one.ends == "o->"):
            ends = "---"
        side = replace(side, adjacent=None)
    return Edge("", side.cause, side.effect, "value", ends, adjacent=side.adjacent, change=change)


def direct_draws(model: StructuralModel, cause: str, effect: str) -> tuple[FloatArray, FloatArray]:
    """Return draws of a direct effect and their weights; draws in which the edge is turned round are left out.

    A draw without the edge counts zero. Where every draw is turned round, one draw of zero is left.
    """
    i, j = model.values.index(cause), model.values.index(effect)
    kept = model.coefficients[:, j, i] == 0
    if not kept.any() or model.weights[kept].sum() <= 0:
        return np.zeros(1), np.ones(1)
    return model.coefficients[kept, i, j], model.weights[kept] / model.weights[kept].sum()


def difference(
    first: tuple[FloatArray, FloatArray], second: tuple[FloatArray, FloatArray], level: float
) -> tuple[float, float, float]:
    """Return mean and interval of second less first when their draws are independent.

    The interval is over all pairs of `POINTS` quantiles of either side.
    """
    means = [float(np.sum(values * weights)) for values, weights in (first, second)]
    one, two = (weighted_quantiles(*side, SHARES) for side in (first, second))
    apart = np.sort((two[:, None] - one[None, :]).ravel())
    ends = [float(apart[min(int(share * len(apart)), len(apart) - 1)]) for share in interval_shares(level)]
    return means[1] - means[0], ends[0], ends[1]


def summary(values: FloatArray, weights: FloatArray, level: float) -> tuple[float, float, float]:
    """Return mean and central interval of weighted draws."""
    low, high = weighted_quantiles(values, weights, interval_shares(level))
    return float(np.sum(values * weights)), float(low), float(high)


def _with_difference(edge: Edge, apart: tuple[float, float, float]) -> Edge:
    mean, lower, upper = (round(number, 9) + 0.0 for number in apart)
    sized = edge.change == "same" and (lower > 0 or upper < 0)
    return replace(edge, mean=mean, lower=lower, upper=upper, change="changed" if sized else edge.change)


def _differs(comparison: Comparison, edge: Edge) -> Cell:
    pairs = comparison.pairs
    here = pairs[
        ((pairs["first"] == edge.cause) & (pairs["second"] == edge.effect))
        | ((pairs["first"] == edge.effect) & (pairs["second"] == edge.cause))
    ]
    return round(float(here["differs"].iloc[0]), 9) if len(here) else None
