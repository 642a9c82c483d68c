"""How much one node moves another: total effects with intervals, and the paths that carry them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.graph.equivalence import ancestors
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel

OTHER_PATHS = "all other paths"


@dataclass(frozen=True, eq=False)
class Effects:
    """Total effects of m nodes on p values; every table is [cause, effect], in effect units per cause unit.

    The effect of a combination row ``a+b`` is that of using all its levers together at dose 1, not the interaction
    alone.

    Parameters
    ----------
    mean, lower, upper : DataFrame (m, p)
        Weighted mean over draws, and a central interval.
    positive, negative : DataFrame (m, p)
        Probability that the effect is above or below zero; the rest is the probability of no effect at all.
    level : float
        Level of the interval.
    """

    mean: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    positive: pd.DataFrame
    negative: pd.DataFrame
    level: float

    def __repr__(self) -> str:
        m, p = self.mean.shape
        return f"Effects({m} causes x {p} values, {self.level:.0%} intervals; tables are [cause, effect])"


def total_effects(model: StructuralModel, level: float = 0.9) -> Effects:
    """Return the change of each value when one node is raised by one unit and everything else follows.

    Parameters
    ----------
    model : StructuralModel
    level : float, default 0.9

    Returns
    -------
    Effects

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b", "c"], [[0, 2, 1], [0, 0, 3], [0, 0, 0]])
    >>> float(total_effects(model).mean.loc["a", "c"])
    7.0
    """
    draws = effect_draws(model)
    lower, upper = weighted_quantiles(draws, model.weights, interval_shares(level))
    return Effects(
        mean=_frame(model, np.tensordot(model.weights, draws, axes=1)),
        lower=_frame(model, lower),
        upper=_frame(model, upper),
        positive=_frame(model, np.tensordot(model.weights, (draws > 0).astype(float), axes=1)),
        negative=_frame(model, np.tensordot(model.weights, (draws < 0).astype(float), axes=1)),
        level=level,
    )


def effect_draws(model: StructuralModel) -> FloatArray:
    """Return total effects (s, m, p) on every value; a combination stands for its levers together at dose 1."""
    p = len(model.values)
    draws = np.array(model.total[:, :, :p])
    for number, levers in enumerate(model.combinations):
        starts = _starts(model, "+".join(levers))
        draws[:, p + len(model.levers) + number] = model.total[:, starts, :p].sum(axis=1)
    return draws


def effect_paths(model: StructuralModel, cause: str, effect: str, most: int = 20) -> pd.DataFrame:
    """Split a total effect into the directed paths that carry it.

    The contribution of a path is the product of the coefficients along it (Wright 1934), zero in a draw that lacks the
    path; the contributions of all paths add up to the total effect in every draw.

    Parameters
    ----------
    model : StructuralModel
    cause, effect : str
        Two different nodes; the effect is a value.
    most : int, default 20
        Paths shown, the largest first; the rest is one row ``all other paths``.

    Returns
    -------
    DataFrame
        One row a path: ``path, through, mean, lower, upper, probability``; ``through`` is empty for the direct effect,
        ``probability`` the weight of the draws that have the path. The means add up to the mean total effect.

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b", "c"], [[0, 2, 1], [0, 0, 3], [0, 0, 0]])
    >>> effect_paths(model, "a", "c")[["path", "mean"]].to_numpy().tolist()
    [['a -> b -> c', 6.0], ['a -> c', 1.0]]
    """
    goal = model.place(effect)
    if model.place(cause) == goal or goal >= len(model.values):
        raise ModelError(
            f"A path leads from a node to another value; {cause!r} and {effect!r} do not. Choose two nodes."
        )
    found = _paths(model, _starts(model, cause), goal)
    total = effect_draws(model)[:, model.place(cause), goal]
    ranked = sorted(found, key=lambda path: (-abs(float(model.weights @ found[path])), path))[:most]
    rows = [_path_row(model, " -> ".join(path), ", ".join(path[1:-1]), found[path]) for path in ranked]
    if len(ranked) < len(found):
        rest = total - sum((found[path] for path in ranked), np.zeros(len(total)))
        rows.append(_path_row(model, OTHER_PATHS, "", rest))
    return pd.DataFrame(rows, columns=["path", "through", "mean", "lower", "upper", "probability"])


def _starts(model: StructuralModel, cause: str) -> list[int]:
    """Return the nodes that are moved by one unit when a cause is: itself, or all levers and parts of a combination."""
    place = model.place(cause)
    first = len(model.values) + len(model.levers)
    if place < first:
        return [place]
    levers = set(model.combinations[place - first])
    starts = [model.place(lever) for lever in model.levers if lever in levers]
    return starts + [first + i for i, other in enumerate(model.combinations) if set(other) <= levers]


def _paths(model: StructuralModel, starts: list[int], goal: int) -> dict[tuple[str, ...], FloatArray]:
    """Return the product of coefficients (s,) along each directed path that some draw has; at most 200,000 steps."""
    reach = ancestors(model.coefficients != 0)[:, :, goal]
    edges = (model.coefficients != 0).any(axis=0)
    ones = np.ones(len(model.weights))
    found: dict[tuple[str, ...], FloatArray] = {}
    waiting: list[tuple[tuple[int, ...], FloatArray]] = [((start,), ones) for start in starts]
    steps = 0
    while waiting:
        path, product = waiting.pop()
        for child in np.flatnonzero(edges[path[-1]]):
            if child in path:
                continue
            steps += 1
            if steps > 200_000:
                raise ModelError(
                    "There are more than 200,000 paths between these nodes. Ask for total effects instead."
                )
            longer = product * model.coefficients[:, path[-1], child]
            if child == goal:
                if longer.any():
                    found[tuple(model.nodes[node] for node in (*path, goal))] = longer
            elif longer[reach[:, child]].any():
                waiting.append(((*path, int(child)), longer))
    return found


def _path_row(model: StructuralModel, path: str, through: str, product: FloatArray) -> dict[str, object]:
    lower, upper = weighted_quantiles(product, model.weights, interval_shares(0.9))
    return {
        "path": path,
        "through": through,
        "mean": float(model.weights @ product),
        "lower": float(lower),
        "upper": float(upper),
        "probability": float(model.weights @ (product != 0)),
    }


def _frame(model: StructuralModel, table: FloatArray) -> pd.DataFrame:
    return pd.DataFrame(table, index=list(model.nodes), columns=list(model.values))
