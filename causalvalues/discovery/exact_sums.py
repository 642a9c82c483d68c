"""The sums behind the exact posterior: of one matrix of moments, and averaged over those of the cluster bootstrap."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from causalvalues.discovery.exact_problem import ExactProblem
from causalvalues.discovery.lattice import (
    DrawGoal,
    Lattice,
    edges_by_orders,
    layer_posterior,
    lever_parents,
    order_lattice,
    reweighted_draws,
)
from causalvalues.discovery.moment_draws import FEWEST_DRAWS, Summed, average, equal_draws, moment_matrices
from causalvalues.discovery.priors import GraphPrior, prior_edge_probability
from causalvalues.errors import DiscoveryError
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph.effective_number import effective_number
from causalvalues.graph.equivalence import compelled_given
from causalvalues.graph.posterior import compelled_share
from causalvalues.randomness import stream

LAYERS_UP_TO = 14
AVERAGED_LAYERS_UP_TO = 10
WEIGHTED_SECONDS = 30.0
"""Time limit of weighted draws above 14 values, where none is named."""
MOST_WEIGHT = 0.02
PROPOSALS = 400
COUNTED = 10_000
"""Graphs in which compelled edges are counted, at least; `Wanted.draws` of them are kept."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is asked for: graphs to keep, as in `ExactPosterior`, and pairs whose direction is settled (p, p)."""

    draws: int
    min_effective: float
    time_limit: float | None
    settled: BoolArray


def single_sums(problem: ExactProblem, wanted: Wanted, seed: int) -> Summed:
    """Sum over all graphs with the moments of the evidence itself, and draw graphs; more are counted than are kept."""
    lattice = problem.whole()
    sums = order_lattice(lattice)
    modular = edges_by_orders(lattice, sums)
    notes: tuple[str, ...] = ()
    exact = lattice.p <= LAYERS_UP_TO
    if exact:
        many = max(wanted.draws, COUNTED)
        edge, draws = layer_posterior(lattice, sums, stream(seed, "graphs").random((many, 2 * lattice.p)))
        weights = np.full(len(draws), 1.0 / len(draws))
        kept = wanted.draws
    else:
        deadline = time.monotonic() + _seconds(wanted)
        goal = DrawGoal(wanted.draws, wanted.min_effective, MOST_WEIGHT, deadline)
        draws, weights = reweighted_draws(lattice, sums, float(modular.sum()), goal, (seed,))
        edge = np.tensordot(weights, draws.astype(float), axes=1)
        kept, notes = len(draws), (_weights_note(lattice.p, weights, wanted),)
    levers = lever_parents(lattice, draws, problem.levers, stream(seed, "levers"))
    compelled = compelled_share(edge, draws, _compelled(lattice, draws, levers, wanted.settled), weights)
    return Summed(
        draws=draws[:kept],
        weights=weights[:kept] / weights[:kept].sum(),
        edge=edge,
        modular=modular,
        levers=levers[:kept],
        compelled=compelled,
        independent=effective_number(weights),
        exact=exact,
        notes=notes,
    )


def _compelled(lattice: Lattice, draws: BoolArray, levers: BoolArray, settled: BoolArray) -> BoolArray:
    """Return the compelled edges of each draw; levers settle directions where they were scored."""
    return compelled_given(draws, settled, levers if lattice.levers else None)


def _weights_note(p: int, weights: FloatArray, wanted: Wanted) -> str:
    effective = effective_number(weights)
    note = f"{p} values: {len(weights)} weighted draws, {effective:.0f} effective, largest weight {weights.max():.2%}"
    if effective < wanted.min_effective or weights.max() > MOST_WEIGHT:
        note += f" (fewer than asked for: the time limit of {_seconds(wanted):g} s was reached)"
    return note


def _seconds(wanted: Wanted) -> float:
    """Return the time limit of weighted draws."""
    return WEIGHTED_SECONDS if wanted.time_limit is None else wanted.time_limit


def averaged_sums(problem: ExactProblem, wanted: Wanted, most: int, seed: int) -> Summed:
    """Average the sums and draws over the moment matrices of the cluster bootstrap.

    Every matrix is scored with the effective rows of the whole evidence: the number of one resample is uncertain.
    Within the time limit as many matrices are scored as are wanted, and at least 10. Each gives up to four times its
    share of the graphs, so that there are enough when the time limit leaves a quarter of the matrices.
    """
    deadline = np.inf if wanted.time_limit is None else time.monotonic() + wanted.time_limit
    least = min(most, FEWEST_DRAWS)
    parts: list[Summed] = []
    for number, matrices in enumerate(moment_matrices(problem.parts, problem.columns, most, seed)):
        parts.append(_part(problem, wanted, most, matrices, (seed, number)))
        if len(parts) >= least and time.monotonic() > deadline:
            break
    if not parts:
        raise DiscoveryError(
            "No bootstrap sample of the clusters can be scored: some value does not vary in it, or values depend on "
            "each other. There are too few clusters; collect more, or score the data alone with moment_draws=0."
        )
    return average(parts, wanted.draws, (_average_note(problem, len(parts), most, wanted),))


def _average_note(problem: ExactProblem, made: int, most: int, wanted: Wanted) -> str:
    sums = problem.parts[0].clusters
    independent = sums is not None and sums.independent
    note = f"averaged over {made} {'' if independent else 'cluster-'}bootstrap moment matrices"
    if made < most:
        late = "" if wanted.time_limit is None else f", or the time limit of {wanted.time_limit:g} s was reached"
        note += f" ({most} were asked for; the rest could not be scored{late})"
    return note


def _part(
    problem: ExactProblem, wanted: Wanted, most: int, matrices: tuple[FloatArray, ...], key: tuple[int, int]
) -> Summed:
    """Sum over all graphs for one of `most` draws of the bootstrap; count compelled edges in many, keep equal ones.

    `key` is the seed and the number of the draw.
    """
    seed, number = key
    keep = min(4 * -(-wanted.draws // most), -(-wanted.draws // min(most, FEWEST_DRAWS)))
    lattice = problem.lattice(matrices)
    sums = order_lattice(lattice)
    modular = edges_by_orders(lattice, sums)
    random = stream(seed, "moment draw graphs", number)
    if lattice.p <= AVERAGED_LAYERS_UP_TO:
        many = max(keep, -(-COUNTED // most))
        edge, draws = layer_posterior(lattice, sums, random.random((many, 2 * lattice.p)))
        weights, kept = np.full(many, 1.0 / many), np.arange(keep)
    else:
        goal = DrawGoal(PROPOSALS, PROPOSALS / 8, 8 / PROPOSALS, most=4 * PROPOSALS, batch=PROPOSALS)
        draws, weights = reweighted_draws(lattice, sums, float(modular.sum()), goal, (seed, number))
        edge = np.tensordot(weights, draws.astype(float), axes=1)
        kept = random.permutation(equal_draws(weights, keep, float(random.random())))
    acting = lever_parents(lattice, draws, problem.levers, stream(seed, "moment draw levers", number))
    compelled = compelled_share(edge, draws, _compelled(lattice, draws, acting, wanted.settled), weights)
    return Summed(
        draws=draws[kept],
        weights=np.full(keep, 1.0 / keep),
        edge=edge,
        modular=modular,
        levers=acting[kept],
        compelled=compelled,
        independent=effective_number(weights),
    )


def prior_edges(prior: GraphPrior, allowed: BoolArray, must: BoolArray) -> FloatArray:
    """P(i -> j) before the data: in closed form without knowledge, else by the same sums with an empty score.

    With knowledge above 14 values only what knowledge settles is known: 0 and 1; the rest is NaN.
    """
    p = len(allowed)
    if (allowed | np.eye(p, dtype=bool)).all() and not must.any():
        return np.where(np.eye(p, dtype=bool), 0.0, prior_edge_probability(prior, p))
    if p > LAYERS_UP_TO:
        return np.where(must, 1.0, np.where(allowed & ~np.eye(p, dtype=bool), np.nan, 0.0))
    empty = Lattice.empty(p, prior).masked(allowed, must)
    edge, _ = layer_posterior(empty, order_lattice(empty), np.zeros((0, 2 * p)))
    return edge
