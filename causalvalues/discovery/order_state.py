"""What the order search works on: tuples of arrays, which compiled code can read by name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray, IntArray


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


class Memo(NamedTuple):
    """Parents found before, so that the same question about a node is worked out once.

    A question is a node, the parents it starts from, and the nodes before it. Each maps to one slot; a later question
    takes the slot of an earlier one.

    Parameters
    ----------
    codes : array (p, 3) of int
        Random 63-bit numbers for each node as one before, as the one asked about, and as a first parent. The code of a
        question is the exclusive or of its parts (Zobrist hashing); two questions share one in 2^63 cases.
    keys : array (slots,) of int
        Code of the question in each slot, -1 for none. The number of slots is a power of two.
    parents : array (slots, most) of int
    counts : array (slots,) of int
    scores : array (slots,)
    """

    codes: IntArray
    keys: IntArray
    parents: IntArray
    counts: IntArray
    scores: FloatArray


class OrderTask(NamedTuple):
    """Correlations, what is allowed, and scratch memory; nodes in the order of their sorted names.

    Parameters
    ----------
    R : array (f, p, p)
        Correlations; one matrix for all nodes, or one for each part of the rows.
    which : array (p,) of int
        The matrix that each node is scored with.
    allowed : array (p, p) of bool
        Which edges may exist, [cause, effect].
    must : array (p, p) of bool
        Which edges must exist.
    fixed : array (p,) of int
        How many required causes each node has.
    rule : array (p, 4)
        For each node half the number of rows n, and the price of an edge: its local score is
        -n/2 log(residual variance) - price * k. Then the same price as shares of the residual variance: the least that
        a new parent must explain of it, and the least growth of it, when a parent is dropped, that keeps the parent.
    before, candidate : array (p,) of bool
        Scratch: the nodes that stand before the place looked at, and those of them that may be added.
    basis : ParentBasis
        Scratch for the parents of one node.
    own, other : array (limit,) of int
        Scratch: parents of the node that is carried, and of the one that it passes.
    shares : array (p,)
        Scratch: a row of `OrderState.shares` for the node that is carried.
    memo : Memo
    """

    R: FloatArray
    which: IntArray
    allowed: BoolArray
    must: BoolArray
    fixed: IntArray
    rule: FloatArray
    before: BoolArray
    candidate: BoolArray
    basis: ParentBasis
    own: IntArray
    other: IntArray
    shares: FloatArray
    memo: Memo


class OrderState(NamedTuple):
    """An order and the parents that fit it; the search changes the arrays in place.

    Parameters
    ----------
    order : array (p,) of int
        Nodes, causes first.
    parents : array (p, limit) of int
        Parents of each node; required ones first.
    counts : array (p,) of int
        How many parents each node has.
    scores : array (p,)
        Local scores.
    shares : array (p, p)
        [v, u]: share of the residual variance of v, given its parents, that u would explain. It answers at once
        whether u is worth adding.
    """

    order: IntArray
    parents: IntArray
    counts: IntArray
    scores: FloatArray
    shares: FloatArray

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
        return OrderState(
            self.order.copy(), self.parents.copy(), self.counts.copy(), self.scores.copy(), self.shares.copy()
        )
