"""What the order search works on: tuples of arrays, which compiled code can read by name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray, IntArray


class OrderTask(NamedTuple):
    """One correlation matrix, what is allowed, and scratch memory; nodes in the order of their sorted names.

    Parameters
    ----------
    R : array (p, p)
        Correlations.
    allowed : array (p, p) of bool
        Which edges may exist, [cause, effect].
    must : array (p, p) of bool
        Which edges must exist.
    fixed : array (p,) of int
        How many required causes each node has.
    rule : array (2,)
        Half the number of rows n, and the price of an edge: a local score is -n/2 log(residual variance) - price * k.
    before, candidate : array (p,) of bool
        Scratch: the nodes that stand before the place looked at, and those of them that may be added.
    work : array (limit + 3, p)
        Scratch for the basis of a parent set.
    """

    R: FloatArray
    allowed: BoolArray
    must: BoolArray
    fixed: IntArray
    rule: FloatArray
    before: BoolArray
    candidate: BoolArray
    work: FloatArray


class OrderState(NamedTuple):
    """An order and the parents that fit it; the search changes the arrays in place.

    Parameters
    ----------
    order : array (p,) of int
    parents : array (p, limit) of int
        Parents of each node, required ones first.
    counts : array (p,) of int
        How many parents each node has.
    scores : array (p,)
        Local scores.
    """

    order: IntArray
    parents: IntArray
    counts: IntArray
    scores: FloatArray

    @property
    def score(self) -> float:
        """Score of the graph."""
        return float(self.scores.sum())

    @property
    def graph(self) -> BoolArray:
        """The graph (p, p), [cause, effect]."""
        p = len(self.order)
        graph = np.zeros((p, p), dtype=bool)
        for v in range(p):
            graph[self.parents[v, : self.counts[v]], v] = True
        return graph

    def copied(self) -> OrderState:
        """Return an independent copy."""
        return OrderState(self.order.copy(), self.parents.copy(), self.counts.copy(), self.scores.copy())


class ParentBasis(NamedTuple):
    """The variables seen from one node and its parents.

    Parameters
    ----------
    rows : array (limit, p)
        Row i: correlations of all variables with the i-th parent after the earlier parents are taken out, scaled to
        unit variance (L^-1 R, with L the Cholesky factor of the parents' correlations).
    left : array (p,)
        Residual variances given the parents.
    shared : array (p,)
        Residual covariances with the node.
    column : array (p,)
        Scratch.
    """

    rows: FloatArray
    left: FloatArray
    shared: FloatArray
    column: FloatArray
