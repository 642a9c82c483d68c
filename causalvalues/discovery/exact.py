"""The exact posterior over all directed acyclic graphs on up to 20 value dimensions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from causalvalues.discovery.exact_problem import ExactProblem, exact_problem, row_givens
from causalvalues.discovery.exact_sums import Wanted, averaged_sums, prior_edges, single_sums
from causalvalues.discovery.lattice import Lattice
from causalvalues.discovery.moment_draws import draws_wanted
from causalvalues.discovery.priors import GraphPrior, UniformDags
from causalvalues.discovery.scores import BIC, BGe
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Environments, Evidence
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.graph.posterior import directions_by_knowledge
from causalvalues.graph.targets import separated_pairs

MOST_VALUES = 20
MOST_COLUMNS = 24


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
    problem = _problem(evidence, method, knowledge)
    names = problem.names
    targets = evidence.targets if isinstance(evidence, Environments) else ()
    prior = prior_edges(method.prior, problem.allowed, problem.must)
    settled = directions_by_knowledge(prior) | separated_pairs(names, targets)
    wanted = Wanted(method.draws, method.min_effective, method.time_limit, settled)
    matrices = draws_wanted(evidence, method.moment_draws, len(problem.columns.scored))
    found = averaged_sums(problem, wanted, matrices, seed) if matrices else single_sums(problem, wanted, seed)
    back = [names.index(name) for name in evidence.names]
    both = np.ix_(back, back)
    return GraphPosterior(
        names=evidence.names,
        draws=found.draws[:, back][:, :, back],
        weights=found.weights,
        kind="posterior",
        edge=found.edge[both],
        prior_edge=prior[both],
        exact=found.exact,
        method=f"exact posterior, {method.score}, {type(method.prior).__name__}",
        givens=(*_givens(evidence, method), *found.notes),
        settings={**_settings(method), "moment_draws": matrices},
        seed=seed,
        order_modular=found.modular[both],
        levers=evidence.levers,
        lever_mode=method.levers if evidence.levers else "none",
        lever_draws=found.levers[:, :, back],
        targets=targets,
        compelled=found.compelled[both],
        independent_draws=found.independent,
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
