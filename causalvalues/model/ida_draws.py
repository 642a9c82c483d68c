"""Ranges of effects over weighted graphs: how sure it is that all directions the data leave open agree on a sign."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.evidence import Evidence, require_learnable
from causalvalues.evidence.resampling import bootstrap_evidence
from causalvalues.frozen import FloatArray
from causalvalues.graph import GraphPosterior
from causalvalues.model.adjusting import Adjustment, Sets, adjustments, standardised
from causalvalues.model.ida import total_effects_of
from causalvalues.model.quantiles import interval_shares, weighted_quantiles

DRAW_COLUMNS = ("cause", "effect", "lower", "upper", "positive", "negative", "zero", "open")


def ida_over_draws(
    posterior: GraphPosterior,
    evidence: Evidence,
    level: float = 0.9,
    method: Adjustment = "optimal",
    seed: int = 0,
) -> pd.DataFrame:
    """Return, for each pair, an interval that holds the range of effects of most draws, and the chances of a sign.

    Each draw stands for its equivalence class (within what knowledge, and levers in the sparse mode, settle), so no
    direction inside an open class is taken from the prior; its range comes from `ida`. Moments are drawn anew for each
    graph by the bootstrap of rows or clusters, so the intervals carry sampling error; evidence without cluster sums is
    used as it is. Within a class nothing is averaged: only draws of graphs have weights.

    Parameters
    ----------
    posterior : GraphPosterior
    evidence : Evidence
    level : float, default 0.9
    method : {"optimal", "local"}
        See `ida`. With "local", an effect without a directed path is not exactly 0.
    seed : int, default 0

    Returns
    -------
    DataFrame
        One row a pair, sorted by cause and effect: ``lower``, the (1 - level) / 2 quantile of the lower ends of the
        ranges; ``upper``, the (1 + level) / 2 quantile of the upper ends; ``positive``, ``negative``, ``zero``, the
        weight of the draws whose whole range lies above, below or on 0; ``open``, the weight of the rest.

    Raises
    ------
    ModelError
        If the values differ, or as in `ida`.
    """
    if method not in ("optimal", "local"):
        raise ModelError(f"`method` is {method!r}. Use 'optimal' or 'local'.")
    low, high = _ranges(posterior, evidence, method, seed)
    below, above = interval_shares(level)
    lower = weighted_quantiles(low, posterior.weights, (below,))[0]
    upper = weighted_quantiles(high, posterior.weights, (above,))[0]
    shares = [np.tensordot(posterior.weights, kind, axes=1) for kind in (low > 0, high < 0, (low == 0) & (high == 0))]
    names = sorted(posterior.names)
    rows = []
    for i, cause in enumerate(names):
        for j, effect in enumerate(names):
            if i != j:
                positive, negative, zero = (float(share[i, j]) for share in shares)
                rest = max(1.0 - positive - negative - zero, 0.0)
                ends = (float(lower[i, j]), float(upper[i, j]))
                rows.append((cause, effect, *ends, positive, negative, zero, rest))
    return pd.DataFrame(rows, columns=list(DRAW_COLUMNS))


def _ranges(
    posterior: GraphPosterior, evidence: Evidence, method: Adjustment, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the smallest and largest possible effect (s, p, p) in each draw, in sorted order of the names."""
    if set(posterior.names) != set(evidence.names):
        raise ModelError(f"The graphs are over {posterior.names}, the evidence over {evidence.names}.")
    require_learnable(evidence)
    p, order = len(posterior.names), sorted(range(len(posterior.names)), key=lambda i: posterior.names[i])
    box = np.ix_(order, order)
    fixed = standardised(evidence) if evidence.clusters is None else None
    plans: dict[bytes, list[list[Sets]]] = {}
    low, high = np.zeros((2, len(posterior.draws), p, p))
    for number, (graph, compelled) in enumerate(zip(posterior.draws, posterior.compelled_draws, strict=True)):
        directed = compelled[box]
        undirected = (graph | graph.T)[box] & ~(directed | directed.T)
        key = directed.tobytes() + undirected.tobytes()
        if key not in plans:
            plans[key] = [[way[0] for way in adjustments(directed, undirected, [i], method)] for i in range(p)]
        try:
            moments = standardised(bootstrap_evidence(evidence, seed, number)) if fixed is None else fixed
            for i in range(p):
                effects = total_effects_of(moments, i, plans[key][i])
                low[number, i], high[number, i] = effects.min(axis=0), effects.max(axis=0)
        except (np.linalg.LinAlgError, ModelError):
            raise ModelError(
                f"Bootstrap draw {number} of the {evidence.n} rows leaves linearly dependent values: there are too few "
                f"clusters or rows for {p} values. Add some, drop values, or use `ida`, which draws none."
            ) from None
    return low, high
