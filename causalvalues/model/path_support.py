"""How much of the graphs' weight has a path, is sure of it, or rules it out."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph.equivalence import ancestors
from causalvalues.graph.posterior import GraphPosterior

Support = tuple[FloatArray, FloatArray, FloatArray]


def path_support(posterior: GraphPosterior) -> Support:
    """Return P(path i -> j), P(path of settled edges) and P(path of settled or reversible edges), each (p, p).

    Settled edges are those of `GraphPosterior.compelled_draws`. A path of settled edges is in every equivalent graph;
    no path even of reversible edges means that none of them has a path. The second number never exceeds the first, nor
    the first the third.
    """
    path, sure, may = _reach(posterior)
    return _mean(posterior, path), _mean(posterior, sure), _mean(posterior, may)


def lever_support(posterior: GraphPosterior) -> Support:
    """Return the numbers of `path_support` for paths that start at a lever, each (k, p)."""
    found = []
    for reach in _reach(posterior):
        onward = reach | np.eye(reach.shape[1], dtype=bool)
        found.append(_mean(posterior, (posterior.lever_draws.astype(float) @ onward.astype(float)) > 0))
    return found[0], found[1], found[2]


def _reach(posterior: GraphPosterior) -> tuple[BoolArray, BoolArray, BoolArray]:
    settled = posterior.compelled_draws
    reversible = posterior.draws & ~settled
    possible = _closure(settled | reversible | reversible.transpose(0, 2, 1))
    return ancestors(posterior.draws), ancestors(settled), possible


def _closure(edges: BoolArray) -> BoolArray:
    """Return which nodes a walk of one or more edges reaches (s, p, p); cycles are allowed."""
    reached = edges.astype(float)
    for _ in range(int(np.ceil(np.log2(max(edges.shape[1], 2))))):
        reached = ((reached + reached @ reached) > 0).astype(float)
    return reached > 0


def _mean(posterior: GraphPosterior, stack: BoolArray) -> FloatArray:
    return np.clip(np.tensordot(posterior.weights, stack.astype(float), axes=1), 0.0, 1.0)
