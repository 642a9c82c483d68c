"""The exact posterior over all directed acyclic graphs on up to 20 value dimensions."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from causalvalues.discovery.exact_problem import ExactProblem, exact_problem, row_givens
from causalvalues.discovery.lattice import (
    DrawGoal,
    Lattice,
    edges_by_orders,
    layer_posterior,
    lever_parents,
    order_lattice,
    reweighted_draws,
)
from causalvalues.discovery.moment_draws import (
    FEWEST_DRAWS,
    Summed,
    average,
    draws_wanted,
    equal_draws,
    moment_matrices,
)
from causalvalues.discovery.priors import GraphPrior, UniformDags, prior_edge_probability
from causalvalues.discovery.scores import BIC, BGe
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Environments, Evidence
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.randomness import stream

MOST_VALUES = 20
MOST_COLUMNS = 24
LAYERS_UP_TO = 14
AVERAGED_LAYERS_UP_TO = 10
WEIGHTED_SECONDS = 30.0
"""Time limit of weighted draws above 14 values, where none is named."""
MOST_WEIGHT = 0.02
PROPOSALS = 400


@dataclass(frozen=True)
class ExactPosterior:
    """Sum over all directed acyclic graphs; tables and draws come from one prior that is uniform over graphs.

    Up to 14 values the sums are exact (root layers) and the draws independent; from 15 to 20 values the draws come from
    an exact order-based proposal and carry weights, and tables are weighted frequencies of these draws.

    Where rows are clustered, or the moments are estimates (missing answers, ordinal or corrected correlations), one
    number of rows cannot say how well each correlation is known. There the posterior is averaged over moment matrices
    of the cluster bootstrap, each of which counts the same: tables are averages of exact sums (above 10 values, of
    weighted frequencies of 400 to 1,600 draws a matrix), and the graphs are dealt out evenly over the matrices.

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
    time_limit : float or None, default None
        Seconds for reaching it (None: 30), or for scoring the moment matrices (None: as long as it takes, so that a
        slow machine gives the same result); the result says when it was not reached. At least 10 matrices are scored.
    moment_draws : int or None, default None
        Bootstrap matrices to average over; 0 scores the one matrix of the evidence. None: 100 (40 for more than 16
        scored columns: values and sparse levers) where rows are clustered or the moments are estimates, else 0.

    Notes
    -----
    Every bootstrap matrix is scored with the effective rows of the whole evidence. In simulations with 6 values, 400
    rows, 10 to 50 clusters and intraclass correlations of .1 to .5 (150 data sets a cell), pairs without an edge got
    P(adjacent) > .5 in .001 to .015 of cases, as often as without averaging, and true edges were found as often or up
    to .03 more often; with 1.5 times these rows false edges were about twice as frequent, with the mean effective n of
    the pairs (instead of their 10% quantile) up to .074, and with rows taken as independent .01 to .36. The average is
    the bagged posterior (Buhlmann 2014; Huggins and Miller 2020): it holds sampling error twice, once in the spread of
    the matrices, so it says P > .95 less often than one matrix does; in these cells all such edges were true.
    """

    score: BGe | BIC = field(default_factory=BGe)
    prior: GraphPrior = field(default_factory=UniformDags)
    draws: int = 1000
    levers: Literal["saturated", "sparse"] = "saturated"
    min_effective: float = 400.0
    time_limit: float | None = None
    moment_draws: int | None = None

    def learn(self, evidence: Evidence, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return the posterior; see `causalvalues.discover`."""
        return exact_posterior(evidence, self, knowledge, seed)

    def learn_environments(self, environments: Environments, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return the posterior given conditions in which some values were forced; see `causalvalues.discover`."""
        return exact_posterior(environments, self, knowledge, seed)


def exact_posterior(
    evidence: Evidence | Environments, method: ExactPosterior, knowledge: Knowledge, seed: int
) -> GraphPosterior:
    """Compute the posterior over graphs of the value dimensions.

    Parameters
    ----------
    evidence : Evidence or Environments
        Moments of 2 to 20 values, and of levers. With environments each value is scored with the moments of the rows
        in which it was free (Cooper and Yoo 1999).
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
    problem = _problem(evidence, method, knowledge)
    wanted = draws_wanted(evidence, method.moment_draws, len(problem.columns.scored))
    found = _averaged_sums(problem, method, wanted, seed) if wanted else _single_sums(problem, method, seed)
    names = problem.names
    back = [names.index(name) for name in evidence.names]
    both = np.ix_(back, back)
    return GraphPosterior(
        names=evidence.names,
        draws=found.draws[:, back][:, :, back],
        weights=found.weights,
        kind="posterior",
        edge=found.edge[both],
        prior_edge=_prior_edges(method, problem.allowed, problem.must)[both],
        exact=p <= LAYERS_UP_TO and not wanted,
        method=f"exact posterior, {method.score}, {type(method.prior).__name__}",
        givens=(*_givens(evidence, method), *found.notes),
        settings={**_settings(method), "moment_draws": wanted},
        seed=seed,
        order_modular=found.modular[both],
        levers=evidence.levers,
        lever_mode=method.levers if evidence.levers else "none",
        lever_draws=found.levers[:, :, back],
        targets=evidence.targets if isinstance(evidence, Environments) else (),
    )


def _problem(evidence: Evidence | Environments, method: ExactPosterior, knowledge: Knowledge) -> ExactProblem:
    _check_size(evidence, method)
    return exact_problem(evidence, knowledge, method.score, method.prior, method.levers == "sparse")


def scored_lattice(
    evidence: Evidence | Environments, method: ExactPosterior, knowledge: Knowledge
) -> tuple[Lattice, tuple[str, ...]]:
    """Check the evidence and score every parent set, in name order; return the lattice and the names in that order."""
    problem = _problem(evidence, method, knowledge)
    return problem.whole(), problem.names


def _check_size(evidence: Evidence | Environments, method: ExactPosterior) -> None:
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


def _single_sums(problem: ExactProblem, method: ExactPosterior, seed: int) -> Summed:
    """Sum over all graphs with the moments of the evidence itself, and draw graphs."""
    lattice = problem.whole()
    sums = order_lattice(lattice)
    modular = edges_by_orders(lattice, sums)
    notes: tuple[str, ...] = ()
    if lattice.p <= LAYERS_UP_TO:
        edge, draws = layer_posterior(lattice, sums, stream(seed, "graphs").random((method.draws, 2 * lattice.p)))
        weights = np.full(len(draws), 1.0 / len(draws))
    else:
        deadline = time.monotonic() + _seconds(method)
        goal = DrawGoal(method.draws, method.min_effective, MOST_WEIGHT, deadline)
        draws, weights = reweighted_draws(lattice, sums, float(modular.sum()), goal, (seed,))
        edge = np.tensordot(weights, draws.astype(float), axes=1)
        notes = (_weights_note(lattice.p, weights, method),)
    levers = lever_parents(lattice, draws, problem.levers, stream(seed, "levers"))
    return Summed(draws, weights, edge, modular, levers, notes)


def _weights_note(p: int, weights: FloatArray, method: ExactPosterior) -> str:
    effective = 1.0 / np.square(weights).sum()
    note = f"{p} values: {len(weights)} weighted draws, {effective:.0f} effective, largest weight {weights.max():.2%}"
    if effective < method.min_effective or weights.max() > MOST_WEIGHT:
        note += f" (fewer than asked for: the time limit of {_seconds(method):g} s was reached)"
    return note


def _seconds(method: ExactPosterior) -> float:
    """Return the time limit of weighted draws."""
    return WEIGHTED_SECONDS if method.time_limit is None else method.time_limit


def _averaged_sums(problem: ExactProblem, method: ExactPosterior, wanted: int, seed: int) -> Summed:
    """Average the sums and draws over the moment matrices of the cluster bootstrap.

    Every matrix is scored with the effective rows of the whole evidence: the number of one resample is uncertain.
    Within the time limit as many matrices are scored as are wanted, and at least 10. Each gives up to four times its
    share of the graphs, so that there are enough when the time limit leaves a quarter of the matrices.
    """
    deadline = np.inf if method.time_limit is None else time.monotonic() + method.time_limit
    least = min(wanted, FEWEST_DRAWS)
    graphs = min(4 * -(-method.draws // wanted), -(-method.draws // least))
    parts: list[Summed] = []
    for number, matrices in enumerate(moment_matrices(problem.parts, problem.columns, wanted, seed)):
        parts.append(_part(problem.lattice(matrices), graphs, problem.levers, (seed, number)))
        if len(parts) >= least and time.monotonic() > deadline:
            break
    if not parts:
        raise DiscoveryError(
            "No bootstrap sample of the clusters can be scored: some value does not vary in it, or values depend on "
            "each other. There are too few clusters; collect more, or score the data alone with moment_draws=0."
        )
    return average(parts, method.draws, (_average_note(problem, len(parts), wanted, method),))


def _average_note(problem: ExactProblem, made: int, wanted: int, method: ExactPosterior) -> str:
    sums = problem.parts[0].clusters
    independent = sums is not None and sums.independent
    note = f"averaged over {made} {'' if independent else 'cluster-'}bootstrap moment matrices"
    if made < wanted:
        late = "" if method.time_limit is None else f", or the time limit of {method.time_limit:g} s was reached"
        note += f" ({wanted} were asked for; the rest could not be scored{late})"
    return note


def _part(lattice: Lattice, graphs: int, levers: tuple[str, ...], key: tuple[int, int]) -> Summed:
    """Sum over all graphs for one bootstrap matrix, and draw `graphs` equally weighted ones."""
    seed, number = key
    sums = order_lattice(lattice)
    modular = edges_by_orders(lattice, sums)
    random = stream(seed, "moment draw graphs", number)
    if lattice.p <= AVERAGED_LAYERS_UP_TO:
        edge, draws = layer_posterior(lattice, sums, random.random((graphs, 2 * lattice.p)))
    else:
        goal = DrawGoal(PROPOSALS, PROPOSALS / 8, 8 / PROPOSALS, most=4 * PROPOSALS, batch=PROPOSALS)
        many, weights = reweighted_draws(lattice, sums, float(modular.sum()), goal, (seed, number))
        edge = np.tensordot(weights, many.astype(float), axes=1)
        draws = equal_draws(many, weights, graphs, float(random.random()))
        draws = draws[random.permutation(graphs)]
    acting = lever_parents(lattice, draws, levers, stream(seed, "moment draw levers", number))
    return Summed(draws, np.full(graphs, 1.0 / graphs), edge, modular, acting)


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


def _givens(evidence: Evidence | Environments, method: ExactPosterior) -> tuple[str, ...]:
    levers = {
        "saturated": "every lever and tried combination may act on every value (saturated)",
        "sparse": "levers act on few values (sparse, prior one half); tried combinations are saturated",
    }
    return (
        "linear-Gaussian mechanisms",
        "no hidden common cause",
        *row_givens(evidence),
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
