"""Whether what a graph calls downstream moves more than the rest, against the same graph with permuted labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph.dag import Dag
from causalvalues.model.graph_nulls import node_permutations
from causalvalues.model.steered_changes import SteeredChanges


@dataclass(frozen=True)
class LabelPermutations:
    """How changes of descendants are compared with those of other values.

    Parameters
    ----------
    number : int, default 2000
        Permutations of the labels; all p! of them when that is not more.
    magnitude : {"absolute", "signed"}, default "absolute"
        Compare |change|, or the change as it is given (multiply by the expected sign beforehand, if there is one).
    average : {"cells", "rows", "values"}, default "cells"
        What counts equally. ``"cells"``: the mean over all cells (row, value) of descendants less that over all others.
        ``"rows"``: the mean over rows of each row's own difference (rows without a descendant, or without another
        value, do not count). ``"values"``: each steered value c has a mean over its descendants, E(c), and one over the
        others, U(c), and the statistic is the mean of E(c) over the steered values that have descendants less the mean
        of U(c) over those that have others (as published by Kang et al. 2025, table 2).
    reach : {"descendants", "children"}, default "descendants"
        Whom the graph expects to move: all values downstream, or direct effects alone.
    """

    number: int = 2000
    magnitude: Literal["absolute", "signed"] = "absolute"
    average: Literal["cells", "rows", "values"] = "cells"
    reach: Literal["descendants", "children"] = "descendants"

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ModelError(f"The number of permutations is {self.number}. Ask for at least one.")
        for what, known in (
            ("magnitude", ("absolute", "signed")),
            ("average", ("cells", "rows", "values")),
            ("reach", ("descendants", "children")),
        ):
            if getattr(self, what) not in known:
                raise ModelError(f"`{what}` is {getattr(self, what)!r}." + did_you_mean(getattr(self, what), known))


@dataclass(frozen=True, eq=False)
class MovementTest:
    """Whether descendants of the steered value moved more than other values.

    Parameters
    ----------
    difference : float
        The statistic: mean of the descendants less mean of the others, in units of the changes.
    p : float
        Share of permuted graphs whose difference is at least as large; the graph counts as one of them.
    permuted : array (b,)
        Differences of the permuted graphs in which the steered values have descendants and others.
    exact : bool
        Whether all permutations were taken.
    undefined : int
        Permutations left out because no steered value had a descendant (or all values were descendants).
    table : DataFrame
        Indexed by steered value: ``rows, descendants`` (how many), ``expected, unexpected`` (mean change of the
        descendants and of the others).
    """

    difference: float
    p: float
    permuted: FloatArray
    exact: bool
    undefined: int
    table: pd.DataFrame

    @property
    def standard_error(self) -> float:
        """Monte Carlo standard error of `p`, sqrt(p (1 - p) / b); 0 when all permutations were taken."""
        return 0.0 if self.exact else math.sqrt(self.p * (1 - self.p) / len(self.permuted))

    def __repr__(self) -> str:
        kind = "all" if self.exact else "random"
        return f"MovementTest(difference {self.difference:.3g}, p {self.p:.3g} over {len(self.permuted)} {kind} labels)"


def descendants_move_more(
    graph: Dag | pd.DataFrame, changes: SteeredChanges, method: LabelPermutations | None = None, seed: int = 0
) -> MovementTest:
    """Test the claim that pushing a value moves its descendants in a graph more than the other values.

    The labels of the graph are permuted, so each null graph has the same shape; which value was pushed and what moved
    stay as they are. The steered value itself never counts.

    Parameters
    ----------
    graph : Dag or DataFrame
        Over the values of `changes`. A DataFrame holds 1 (or True) at [cause, effect] and may have cycles, as graphs do
        in which an undirected edge was written as two arrows.
    changes : SteeredChanges
    method : LabelPermutations, default ``LabelPermutations()``
    seed : int, default 0

    Returns
    -------
    MovementTest

    Notes
    -----
    The null is that the graph's labels say nothing about what moved. It is rejected, too, when values at the end of the
    graph move more whatever is pushed, so a small p is no proof of single arrows; and all values moving together is
    part of the null, not evidence. Rows need not be independent: only labels are permuted, never rows.

    Raises
    ------
    ModelError
        If graph and changes have different values, or no cell (or every cell) belongs to a descendant.

    References
    ----------
    Kang et al. (2025), Findings of ACL, "Are the Values of LLMs Structurally Aligned with Humans? A Causal
    Perspective", table 2 (the claim).

    Examples
    --------
    >>> dag = Dag.from_edges("abcde", [("a", "b"), ("b", "c")])
    >>> moved = pd.DataFrame([[1, 0.8, 0.6, 0.1, 0.0]], columns=list("abcde"), index=["push a"])
    >>> test = descendants_move_more(dag, SteeredChanges.from_frame(moved, {"push a": "a"}))
    >>> round(test.difference, 2), test.exact, round(test.p, 3)
    (0.65, True, 0.083)
    """
    method = LabelPermutations() if method is None else method
    names = sorted(changes.names)
    below = _expected(graph, names, method.reach)
    order = [changes.names.index(name) for name in names]
    moves, weights = np.array(changes.changes[:, order]), np.array(changes.weights[:, order])
    weights[np.isnan(moves)] = 0.0
    moves = np.nan_to_num(np.abs(moves) if method.magnitude == "absolute" else moves)
    rows = np.array([names.index(name) for name in changes.steered], dtype=np.int64)
    weights[np.arange(len(rows)), rows] = 0.0
    observed = float(_differences(below[None], moves, weights, (rows, method.average))[0])
    if np.isnan(observed):
        raise ModelError(
            "No steered value has both descendants and other values in this graph, so there is nothing to compare."
        )
    labels = node_permutations(len(names), method.number, seed)
    permuted = below[labels[:, :, None], labels[:, None, :]]
    found = _differences(permuted, moves, weights, (rows, method.average))
    defined = found[~np.isnan(found)]
    exact = math.factorial(len(names)) <= method.number
    slack = 1e-12 * max(float(np.abs(moves).max()), 1e-300)
    as_large = int((defined >= observed - slack).sum())
    extra = 0 if exact else 1
    return MovementTest(
        difference=observed,
        p=(as_large + extra) / (len(defined) + extra),
        permuted=defined,
        exact=exact,
        undefined=len(found) - len(defined),
        table=_table(names, below, moves, weights, rows),
    )


def _expected(graph: Dag | pd.DataFrame, names: list[str], reach: str) -> BoolArray:
    """Return (p, p): True at [i, j] when j is downstream of i, in the order of `names`; never of itself."""
    own = [str(name) for name in (graph.names if isinstance(graph, Dag) else graph.columns)]
    rows = own if isinstance(graph, Dag) else [str(name) for name in graph.index]
    if sorted(own) != names or sorted(rows) != names:
        odd = sorted(set(own) ^ set(names) | set(rows) ^ set(names))
        raise ModelError(f"The graph and the changes differ in the values {', '.join(odd)}. Use the same values.")
    edges = graph.adjacency if isinstance(graph, Dag) else graph.to_numpy() != 0
    edges = edges[np.ix_([rows.index(name) for name in names], [own.index(name) for name in names])]
    below = np.array(edges, dtype=bool)
    while reach == "descendants":
        further = below | (below.astype(float) @ edges.astype(float) > 0)
        if (further == below).all():
            break
        below = further
    return below & ~np.eye(len(names), dtype=bool)


def _differences(below: BoolArray, moves: FloatArray, weights: FloatArray, how: tuple[np.ndarray, str]) -> FloatArray:
    """Return the statistic (b,) of each matrix of descendants (b, p, p); NaN where it is not defined."""
    rows, average = how
    size = len(below)
    weighted = weights * moves
    if average != "rows":
        p = below.shape[1]
        total, mass = np.zeros((p, p)), np.zeros((p, p))
        np.add.at(total, rows, weighted)
        np.add.at(mass, rows, weights)
        if average == "values":
            return _mean_of_values(below, total, mass) - _mean_of_values(~below, total, mass)
        flat = below.reshape(size, -1).astype(float)
        inside, inside_mass = flat @ total.ravel(), flat @ mass.ravel()
        return _ratio(inside, inside_mass) - _ratio(total.sum() - inside, mass.sum() - inside_mass)
    sums, counts = np.zeros(size), np.zeros(size)
    for node in np.unique(rows):
        mine = rows == node
        flat = below[:, node, :].astype(float)
        inside, inside_mass = flat @ weighted[mine].T, flat @ weights[mine].T
        whole, whole_mass = weighted[mine].sum(axis=1), weights[mine].sum(axis=1)
        each = _ratio(inside, inside_mass) - _ratio(whole - inside, whole_mass - inside_mass)
        there = ~np.isnan(each)
        share = np.where(there, whole_mass, 0.0)
        sums += np.where(there, each * share, 0.0).sum(axis=1)
        counts += share.sum(axis=1)
    return _ratio(sums, counts)


def _mean_of_values(chosen: BoolArray, total: FloatArray, mass: FloatArray) -> FloatArray:
    """Return (b,): mean over steered values of each one's mean change over its chosen values (b, p, p)."""
    means = _ratio((chosen * total).sum(axis=2), (chosen * mass).sum(axis=2))
    there = ~np.isnan(means)
    return _ratio(np.where(there, means, 0.0).sum(axis=1), there.sum(axis=1).astype(float))


def _ratio(total: FloatArray, mass: FloatArray) -> FloatArray:
    there = mass > 1e-12
    return np.where(there, total / np.where(there, mass, 1.0), np.nan)


def _table(
    names: list[str], below: BoolArray, moves: FloatArray, weights: FloatArray, rows: np.ndarray
) -> pd.DataFrame:
    found = []
    for node in np.unique(rows):
        mine = rows == node
        total, mass = (weights * moves)[mine].sum(axis=0), weights[mine].sum(axis=0)
        down = below[node]
        means = [float(_ratio(total[side].sum(), mass[side].sum())) for side in (down, ~down)]
        found.append((int(mine.sum()), int(down.sum()), *means))
    columns = ["rows", "descendants", "expected", "unexpected"]
    return pd.DataFrame(found, index=[names[node] for node in np.unique(rows)], columns=columns)
