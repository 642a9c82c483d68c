"""The paths of values through which chosen levers act, as shares that add up to what each lever does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray
from causalvalues.model.effects import OTHER_PATHS
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel, path_sums
from causalvalues.planning.profiles import checked_doses

PATH_COLUMNS = ["lever", "value", "path", "through", "mean", "lower", "upper", "probability"]
ARRIVAL_COLUMNS = ["cause", "effect", "mean", "lower", "upper", "probability"]
_STEPS = 20_000
_NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class PathShares:
    """What each lever of a choice does to each value, split into directed paths, in every draw.

    Parameters
    ----------
    draws : mapping of (lever, value) to mapping of path to array (s,)
        A path is a tuple of node names, the lever (or a combination ``a+b`` of which it is a part) first; the path
        ``("all other paths",)`` holds the rest.
    weights : array (s,)
    """

    draws: Mapping[tuple[str, str], Mapping[tuple[str, ...], FloatArray]]
    weights: FloatArray

    def table(self, level: float = 0.9) -> pd.DataFrame:
        """Return one row a path, ``lever, value, path, through, mean, lower, upper, probability``.

        ``probability`` is the weight of the draws that have the path; means of one lever and value add up.
        """
        tails = interval_shares(level)
        rows = []
        for (lever, value), paths in self.draws.items():
            for path, share in paths.items():
                low, high = weighted_quantiles(share, self.weights, tails)
                there = float(np.einsum("s,s->", self.weights, (np.abs(share) > _NOTHING).astype(float)))
                mean = float(np.einsum("s,s->", self.weights, share))
                said = (" -> ".join(path), ", ".join(path[1:-1]))
                rows.append((lever, value, *said, mean, float(low), float(high), min(there, 1.0)))
        return pd.DataFrame(rows, columns=PATH_COLUMNS)


def path_shares(model: StructuralModel, doses: Mapping[str, float], most: int = 5) -> PathShares:
    """Split what each lever of a choice does to each value into the directed paths that carry it.

    The contribution of a path is the dose times the product of the coefficients along it (Wright 1934, "The method of
    path coefficients"), zero in a draw that lacks it. What a tried combination adds beyond its single levers is shared
    equally among its levers, so that the paths of a lever add up, in every draw, to its Shapley share.

    Parameters
    ----------
    model : StructuralModel
    doses : mapping of str to float
        Lever or value -> dose; a dose on a value is a push.
    most : int, default 5
        Paths shown for each lever and value: those with the largest mean absolute contribution, found best first, so
        that no path that is left out is larger. The rest is one row ``all other paths``.

    Returns
    -------
    PathShares

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b", "x"], [[0, 2, 0], [0, 0, 0], [3, 1, 0]], levers=["x"])
    >>> path_shares(model, {"x": 1}).table()[["value", "path", "mean"]].to_numpy().tolist()
    [['a', 'x -> a', 3.0], ['b', 'x -> a -> b', 6.0], ['b', 'x -> b', 1.0]]
    """
    if most < 1:
        raise PlanError(f"`most` is {most}. Show at least one path.")
    chosen = checked_doses(doses, (*model.levers, *model.values))
    graph = _graph(model)
    draws: dict[tuple[str, str], dict[tuple[str, ...], FloatArray]] = {}
    for lever in chosen:
        starts = _starts(model, chosen, lever)
        for value in sorted(model.values):
            found, whole = _best_first(graph, starts, value, most)
            if not whole.any():
                continue
            rest = whole - sum(found.values(), np.zeros_like(whole))
            scale = max(float(np.abs(whole).max()), *(float(np.abs(share).max()) for share in found.values()))
            if np.abs(rest).max() > 1e-9 * scale:
                found[OTHER_PATHS,] = rest
            draws[lever, value] = found
    return PathShares(draws, model.weights)


def arrivals(model: StructuralModel, doses: Mapping[str, float]) -> pd.DataFrame:
    """Return from where the change of each value arrives under some doses.

    What arrives at value v from a value u is the change of u times the coefficient of u on v; from a lever (or a tried
    combination) its dose times its coefficient; from a push, the push itself. All that arrives at a value adds up to
    its change, in every draw.

    Parameters
    ----------
    model : StructuralModel
    doses : mapping of str to float
        Lever or value -> dose.

    Returns
    -------
    DataFrame
        One row for each cause and effect that some draw joins: ``cause, effect, mean, lower, upper, probability``; the
        last is the weight of the draws in which something arrives.
    """
    chosen = checked_doses(doses, (*model.levers, *model.values))
    graph, p = _graph(model), len(model.values)
    moved = {name: dose for name, dose in chosen.items() if name in model.levers}
    for cell in model.combinations:
        if all(node in chosen for node in cell):
            moved["+".join(cell)] = math.prod(chosen[node] for node in cell)
    sent = np.array([moved.get(node, 0.0) for node in graph.nodes[p:]])
    pushed = np.array([chosen.get(node, 0.0) for node in graph.nodes[:p]])
    direct = pushed + np.einsum("c,scv->sv", sent, graph.coefficients[:, p:, :p])
    change = np.einsum("su,suv->sv", direct, graph.total[:, :p, :p])
    rows = []
    for place, cause in enumerate(graph.nodes):
        amount = change[:, place] if place < p else np.full(len(change), sent[place - p])
        for goal, effect in enumerate(graph.nodes[:p]):
            came = amount * graph.coefficients[:, place, goal]
            if place == goal:
                came = np.full(len(came), pushed[goal])
            if came.any():
                low, high = weighted_quantiles(came, graph.weights, interval_shares(0.9))
                mean = float(np.einsum("s,s->", graph.weights, came))
                there = float(np.einsum("s,s->", graph.weights, (came != 0).astype(float)))
                rows.append((cause, effect, mean, float(low), float(high), min(there, 1.0)))
    return pd.DataFrame(rows, columns=ARRIVAL_COLUMNS)


@dataclass(frozen=True, eq=False)
class _Graph:
    """Nodes in name order, values first, with coefficients and sums over paths of products and absolute products."""

    nodes: tuple[str, ...]
    coefficients: FloatArray
    total: FloatArray
    reach: FloatArray
    weights: FloatArray


def _graph(model: StructuralModel) -> _Graph:
    p = len(model.values)
    order = sorted(range(p), key=lambda i: model.nodes[i]) + sorted(
        range(p, len(model.nodes)), key=lambda i: model.nodes[i]
    )
    coefficients = np.ascontiguousarray(model.coefficients[:, order][:, :, order])
    nodes = tuple(model.nodes[i] for i in order)
    return _Graph(nodes, coefficients, path_sums(coefficients), path_sums(np.abs(coefficients)), model.weights)


def _starts(model: StructuralModel, doses: Mapping[str, float], lever: str) -> dict[str, float]:
    """Return the nodes at which a lever's paths begin, with what multiplies them."""
    starts = {lever: doses[lever]}
    for cell in model.combinations:
        if lever in cell and all(node in doses for node in cell):
            starts["+".join(cell)] = math.prod(doses[node] for node in cell) / len(cell)
    return starts


def _best_first(
    graph: _Graph, starts: Mapping[str, float], value: str, most: int
) -> tuple[dict[tuple[str, ...], FloatArray], FloatArray]:
    """Return the `most` paths with the largest mean |contribution|, and the sum (s,) over all paths.

    A path that is begun is kept with a bound: mean |product so far| times the sum of absolute products of all ways on.
    The whole of the waiting paths is looked at largest bound first, so paths come out in order.
    """
    goal = graph.nodes.index(value)
    whole = np.zeros(len(graph.weights))
    waiting: list[tuple[float, tuple[str, ...], FloatArray]] = []
    for node, dose in sorted(starts.items()):
        place = graph.nodes.index(node)
        whole = whole + dose * graph.total[:, place, goal]
        product = np.full(len(graph.weights), dose)
        _push(waiting, graph, (node,), (product, goal))
    found: dict[tuple[str, ...], FloatArray] = {}
    steps = 0
    while waiting and len(found) < most and steps < _STEPS:
        _, path, product = heappop(waiting)
        steps += 1
        here = graph.nodes.index(path[-1])
        if here == goal:
            found[path] = product
            continue
        for child in np.flatnonzero((graph.coefficients[:, here] != 0).any(axis=0)).tolist():
            if graph.nodes[child] not in path:
                longer = product * graph.coefficients[:, here, child]
                _push(waiting, graph, (*path, graph.nodes[child]), (longer, goal))
    return found, whole


def _push(
    waiting: list[tuple[float, tuple[str, ...], FloatArray]],
    graph: _Graph,
    path: tuple[str, ...],
    carried: tuple[FloatArray, int],
) -> None:
    product, goal = carried
    reach = graph.reach[:, graph.nodes.index(path[-1]), goal]
    bound = float(np.einsum("s,s,s->", graph.weights, np.abs(product), reach))
    if bound > 0:
        heappush(waiting, (-bound, path, product))
