"""The exact posterior over all directed acyclic graphs on up to 20 value dimensions."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from causalvalues.discovery.lattice import (
    DrawGoal,
    Lattice,
    edges_by_orders,
    layer_posterior,
    order_lattice,
    reweighted_draws,
)
from causalvalues.discovery.priors import GraphPrior, UniformDags, prior_edge_probability
from causalvalues.discovery.scores import BIC, BGe
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence, require_learnable
from causalvalues.evidence.moments import partial_out
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.randomness import stream

MOST_VALUES = 20
MOST_COLUMNS = 24
LAYERS_UP_TO = 14
MOST_WEIGHT = 0.02


@dataclass(frozen=True)
class ExactPosterior:
    """Sum over all directed acyclic graphs; tables and draws come from one prior that is uniform over graphs.

    Up to 14 values the sums are exact (root layers) and the draws independent; from 15 to 20 values the draws come from
    an exact order-based proposal and carry weights, and tables are weighted frequencies of these draws.

    Parameters
    ----------
    score : BGe or BIC, default BGe()
        Local score of the moments.
    prior : UniformDags, SparseDags or FairParents, default UniformDags()
        Prior over graphs.
    draws : int, default 1000
        Graphs to draw (at least; more when weights are uneven).
    levers : {"saturated", "sparse"}, default "saturated"
        Saturated: levers and tried combinations are partialled out, so they may act on every value. Sparse: each lever
        may or may not act on each value (prior one half), summed inside each local score; combinations stay saturated.
    min_effective : float, default 400
        Effective number of weighted draws to reach above 14 values, with no weight above 2%.
    time_limit : float, default 30
        Seconds for reaching it; the result says when it was not reached.
    """

    score: BGe | BIC = field(default_factory=BGe)
    prior: GraphPrior = field(default_factory=UniformDags)
    draws: int = 1000
    levers: Literal["saturated", "sparse"] = "saturated"
    min_effective: float = 400.0
    time_limit: float = 30.0

    def learn(self, evidence: Evidence, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return the posterior; see `causalvalues.discover`."""
        return exact_posterior(evidence, self, knowledge, seed)


def exact_posterior(evidence: Evidence, method: ExactPosterior, knowledge: Knowledge, seed: int) -> GraphPosterior:
    """Compute the posterior over graphs of the value dimensions.

    Parameters
    ----------
    evidence : Evidence
        Moments of 2 to 20 values, and of levers.
    method : ExactPosterior
    knowledge : Knowledge
        Tiers, required and forbidden edges between values: masks on parent sets, so the sums stay exact.
    seed : int

    Returns
    -------
    GraphPosterior

    Raises
    ------
    DiscoveryError
        If there are too many values or levers, or too few rows.
    CheckError
        If the moments cannot carry a graph (constant, duplicate or ipsative columns).
    """
    p = len(evidence.names)
    lattice, names = scored_lattice(evidence, method, knowledge)
    draws, weights, edge, modular, note = _sum_and_draw(lattice, method, seed)
    lever_draws = np.ones((len(draws), len(evidence.levers), p), dtype=bool)
    if method.levers == "sparse" and evidence.levers:
        lever_draws = lattice.lever_parents(draws, stream(seed, "levers").random((len(draws), p)))
        lever_order = sorted(range(len(evidence.levers)), key=lambda i: evidence.levers[i])
        lever_draws = lever_draws[:, np.argsort(lever_order)]
    back = [names.index(name) for name in evidence.names]
    both = np.ix_(back, back)
    return GraphPosterior(
        names=evidence.names,
        draws=draws[:, back][:, :, back],
        weights=weights,
        kind="posterior",
        edge=edge[both],
        prior_edge=_prior_edges(method, knowledge.allowed(names), knowledge.must(names))[both],
        exact=p <= LAYERS_UP_TO,
        method=f"exact posterior, {method.score}, {type(method.prior).__name__}",
        givens=(*_givens(evidence, method), *note),
        settings=_settings(method),
        seed=seed,
        order_modular=modular[both],
        levers=evidence.levers,
        lever_mode=method.levers if evidence.levers else "none",
        lever_draws=lever_draws[:, :, back],
    )


def scored_lattice(evidence: Evidence, method: ExactPosterior, knowledge: Knowledge) -> tuple[Lattice, tuple[str, ...]]:
    """Check the evidence and score every parent set, in name order; return the lattice and the names in that order."""
    _check_size(evidence, method)
    require_learnable(evidence)
    order = sorted(range(len(evidence.names)), key=lambda i: evidence.names[i])
    names = tuple(evidence.names[i] for i in order)
    return _lattice(evidence, method, order).masked(knowledge.allowed(names), knowledge.must(names)), names


def _check_size(evidence: Evidence, method: ExactPosterior) -> None:
    p, k = len(evidence.names), len(evidence.levers)
    if p < 2:
        raise DiscoveryError(f"A graph needs at least two values; there are {p}.")
    if p > MOST_VALUES:
        raise DiscoveryError(
            f"There are {p} values; the exact posterior takes {MOST_VALUES} at most. Use OrderSearch(), or drop values."
        )
    if method.levers == "sparse" and p + k > MOST_COLUMNS:
        raise DiscoveryError(
            f"{p} values and {k} levers are too many for sparse levers ({MOST_COLUMNS} together at most). "
            'Use levers="saturated".'
        )
    if method.draws < 1:
        raise DiscoveryError(f"The number of draws is {method.draws}. Ask for at least 1.")


def _lattice(evidence: Evidence, method: ExactPosterior, order: list[int]) -> Lattice:
    """Score every parent set from the moments, in name order, so that the order of the columns changes nothing."""
    p, k = len(evidence.names), len(evidence.levers)
    columns = evidence.columns
    levers = sorted(range(p, p + k), key=lambda i: columns[i])
    rest = sorted(range(p + k, len(columns)), key=lambda i: columns[i])
    sparse = method.levers == "sparse" and k > 0
    scored = order + levers if sparse else order
    place = scored + ([] if sparse else levers) + rest
    scatter = partial_out(np.asarray(evidence.scatter)[np.ix_(place, place)], len(scored))
    scale = np.sqrt(np.diag(scatter))
    correlation = scatter / np.outer(scale, scale)
    n = evidence.degrees_of_freedom_after(len(columns) - len(scored))
    if n < 1:
        raise DiscoveryError(
            f"After the mean and {len(columns) - len(scored)} design columns, {n:.1f} effective rows are left of "
            f"{evidence.n_score:.1f}. Collect more rows, or measure fewer lever combinations."
        )
    return Lattice.score(correlation, p, n, method.score, method.prior)


def _sum_and_draw(
    lattice: Lattice, method: ExactPosterior, seed: int
) -> tuple[BoolArray, FloatArray, FloatArray, FloatArray, tuple[str, ...]]:
    sums = order_lattice(lattice)
    modular = edges_by_orders(lattice, sums)
    if lattice.p <= LAYERS_UP_TO:
        edge, draws = layer_posterior(lattice, sums, stream(seed, "graphs").random((method.draws, 2 * lattice.p)))
        return draws, np.full(len(draws), 1.0 / len(draws)), edge, modular, ()
    deadline = time.monotonic() + method.time_limit
    goal = DrawGoal(method.draws, method.min_effective, MOST_WEIGHT, deadline)
    draws, weights = reweighted_draws(lattice, sums, float(modular.sum()), goal, seed)
    edge = np.tensordot(weights, draws.astype(float), axes=1)
    effective = 1.0 / np.square(weights).sum()
    heaviest = f"largest weight {weights.max():.2%}"
    note = f"{lattice.p} values: {len(draws)} weighted draws, {effective:.0f} effective, {heaviest}"
    if effective < method.min_effective or weights.max() > MOST_WEIGHT:
        note += f" (fewer than asked for: the time limit of {method.time_limit:g} s was reached)"
    return draws, weights, edge, modular, (note,)


def _prior_edges(method: ExactPosterior, allowed: BoolArray, must: BoolArray) -> FloatArray:
    """P(i -> j) before the data: in closed form without knowledge, else by the same sums with an empty score."""
    p = len(allowed)
    if (allowed | np.eye(p, dtype=bool)).all() and not must.any():
        return np.where(np.eye(p, dtype=bool), 0.0, prior_edge_probability(method.prior, p))
    if p > LAYERS_UP_TO:
        return np.full((p, p), np.nan)
    empty = Lattice.empty(p, method.prior).masked(allowed, must)
    edge, _ = layer_posterior(empty, order_lattice(empty), np.zeros((0, 2 * p)))
    return edge


def _givens(evidence: Evidence, method: ExactPosterior) -> tuple[str, ...]:
    levers = {
        "saturated": "every lever and tried combination may act on every value (saturated)",
        "sparse": "levers act on few values (sparse, prior one half); tried combinations are saturated",
    }
    return (
        "linear-Gaussian mechanisms",
        "no hidden common cause",
        f"one effective sample size for all pairs: {evidence.n_score:.0f} of {evidence.n} rows",
        *((levers[method.levers],) if evidence.levers else ()),
    )


def _settings(method: ExactPosterior) -> dict[str, object]:
    return {
        "score": {"name": type(method.score).__name__, **asdict(method.score)},
        "prior": {"name": type(method.prior).__name__, **asdict(method.prior)},
        "draws": method.draws,
        "levers": method.levers,
        "min_effective": method.min_effective,
        "time_limit": method.time_limit,
    }
