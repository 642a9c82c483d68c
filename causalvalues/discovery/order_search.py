"""Order search: the best graph for many variables, and its stability over (cluster) bootstrap samples."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from causalvalues.discovery.order_climb import OrderClimber, OrderProblem
from causalvalues.discovery.order_state import OrderState
from causalvalues.errors import DataError, DiscoveryError
from causalvalues.evidence import Evidence, bootstrap_evidence
from causalvalues.evidence.learnable import require_learnable
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import Dag, GraphPosterior, Knowledge
from causalvalues.graph.equivalence import random_member
from causalvalues.randomness import stream


@dataclass(frozen=True)
class OrderSearch:
    """Search over orders with the Gaussian BIC, on the data and on bootstrap samples; for more than 20 variables.

    A node's local score is ``-n/2 log(residual variance) - |parents| (penalty/2 log n + 2 ebic log p)``, n being the
    degrees of freedom of the evidence. Every variable is carried through every position of an order and left at the
    best one (Andrews et al. 2023, BOSS), its parents being adapted by grow-shrink from those it had (Wienöbst,
    Henckel and Weichwald 2026, FLOP), and all is repeated from perturbed orders (iterated local search).

    Parameters
    ----------
    penalty : float, default 1.0
        Multiple of the standard BIC penalty: 1 is the BIC (as bnlearn, pgmpy); flopsearch and Tetrad use 2.
    ebic : float or None, default None
        Gamma of the extended BIC (Foygel and Drton 2010). None: 0.5 when p squared exceeds n, else 0.
    resamples : int, default 100
        Bootstrap samples: of clusters when the rows are clustered, else of rows (in blocks when there are many).
    restarts : int, default 50
        Perturbed orders tried on the data.
    draw_restarts : int, default 5
        Perturbed orders tried on each bootstrap sample.
    time_limit : float or None, default None
        Seconds; half of them at most go into the data's own graph. The result says when the limit cut the search short.

    Raises
    ------
    DiscoveryError
        If a setting is out of range.
    """

    penalty: float = 1.0
    ebic: float | None = None
    resamples: int = 100
    restarts: int = 50
    draw_restarts: int = 5
    time_limit: float | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.penalty) and self.penalty > 0):
            raise DiscoveryError(
                f"`penalty` is {self.penalty}. Give a positive multiple of the standard BIC, such as 1."
            )
        if self.ebic is not None and not 0 <= self.ebic <= 1:
            raise DiscoveryError(f"`ebic` is {self.ebic}. Give a number from 0 (plain BIC) to 1, or None.")
        if self.resamples < 1 or self.restarts < 0 or self.draw_restarts < 0:
            raise DiscoveryError("`resamples` must be at least 1, and `restarts` and `draw_restarts` at least 0.")
        if self.time_limit is not None and not self.time_limit > 0:
            raise DiscoveryError(f"`time_limit` is {self.time_limit}. Give seconds above zero, or None.")

    def learn(self, evidence: Evidence, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return what `order_search` finds with these settings."""
        return order_search(evidence, self, knowledge, seed)


def order_search(
    evidence: Evidence, method: OrderSearch | None = None, knowledge: Knowledge | None = None, seed: int = 0
) -> GraphPosterior:
    """Search on bootstrap samples and return the graphs found, with equal weights.

    Each draw is a random member of the equivalence class that its sample leads to, within what knowledge allows, so
    that an open direction shows up as about one half, not as the accident of a search order. (The members are drawn
    by a maximum-cardinality search with random ties: uniform for trees and cliques, close to it otherwise.)

    Parameters
    ----------
    evidence : Evidence
        Without cluster sums, samples come from the Wishart distribution of its correlations.
    method : OrderSearch, optional
    knowledge : Knowledge, optional
        Obeyed by every draw.
    seed : int, default 0

    Returns
    -------
    GraphPosterior
        Of kind "bootstrap". `settings` holds the resolved settings, and the edges and score of the data's own graph.

    Raises
    ------
    DiscoveryError
        If there are too few rows, or fewer than two values.
    CheckError
        If the moments cannot carry a graph (constant, duplicate or ipsative columns).
    KnowledgeError
        If knowledge names unknown values.
    """
    search = _Search(evidence, method or OrderSearch(), knowledge or Knowledge(), seed)
    best, complete = search.on_the_data()
    draws = list(search.draws())
    if not draws:
        raise DiscoveryError(
            f"In every one of {search.method.resamples} bootstrap samples some value does not vary. There are too few "
            "clusters: collect answers of more personas, or drop the values that hardly vary."
        )
    back = np.argsort(search.places)
    stack = np.array(draws)[:, back][:, :, back]
    settings, givens = search.settings(), search.givens(len(draws), complete)
    edges = sorted(Dag(search.names, best.graph).edges)
    return GraphPosterior(
        names=evidence.names,
        draws=stack,
        weights=np.ones(len(draws)),
        kind="bootstrap",
        edge=stack.mean(axis=0),
        prior_edge=np.where(search.problem.must, 1.0, np.where(search.problem.allowed, np.nan, 0.0))[
            np.ix_(back, back)
        ],
        exact=False,
        method=f"order search, {search.score_name}, {len(draws)} bootstrap samples",
        givens=givens,
        settings={**settings, "graph": [list(edge) for edge in edges], "score": best.score},
        seed=seed,
        levers=evidence.levers,
        lever_mode="saturated" if evidence.levers else "none",
    )


def best_graph(
    evidence: Evidence, method: OrderSearch | None = None, knowledge: Knowledge | None = None, seed: int = 0
) -> Dag:
    """Return the graph with the best score that the search finds on the data: one member of its equivalence class.

    Parameters and errors are those of `order_search`; `resamples` and `draw_restarts` are not used.
    """
    search = _Search(evidence, method or OrderSearch(), knowledge or Knowledge(), seed)
    back = np.argsort(search.places)
    return Dag(evidence.names, search.on_the_data()[0].graph[np.ix_(back, back)])


class _Search:
    """One run: the problem in sorted-name order, and the clock."""

    def __init__(self, evidence: Evidence, method: OrderSearch, knowledge: Knowledge, seed: int) -> None:
        self.evidence, self.method, self.seed = evidence, method, seed
        self.names = tuple(sorted(evidence.names))
        self.places = [evidence.names.index(name) for name in self.names]
        p, q = len(self.names), len(evidence.columns) - len(self.names)
        if p < 2:
            raise DiscoveryError(f"A graph needs at least two values; there is {p}.")
        if evidence.n < p + q + 2:
            raise DiscoveryError(
                f"{evidence.n} rows are too few for {p} values and {q} design columns: the correlations are singular, "
                f"and any graph would fit. Collect at least {p + q + 2} rows, or learn on fewer values."
            )
        require_learnable(evidence)
        self.n = max(evidence.degrees_of_freedom, 2.0)
        self.R = self._correlation(evidence)
        self.ebic = (0.5 if p**2 > self.n else 0.0) if method.ebic is None else method.ebic
        must = knowledge.must(self.names)
        self.problem = OrderProblem(
            allowed=knowledge.allowed(self.names),
            must=must,
            n=self.n,
            price=method.penalty / 2 * float(np.log(self.n)) + 2 * self.ebic * float(np.log(p)),
            limit=max(1, int(must.sum(axis=0).max(initial=0)), min(p - 1, int(self.n / 4))),
        )
        self.drawn, self.unusable = 0, 0
        _compile()
        self._start = time.monotonic()

    @property
    def score_name(self) -> str:
        """The score in words."""
        extended = f", extended with gamma {self.ebic:g}" if self.ebic else ""
        return f"Gaussian BIC x {self.method.penalty:g}{extended}"

    def on_the_data(self) -> tuple[OrderState, bool]:
        """Return the best state on the data, and whether the search was complete."""
        climber = OrderClimber(self.R, self.problem, self._deadline(0.5))
        generator = stream(self.seed, "order search")
        state = climber.pivoted()
        if not climber.climb(state, generator):
            return state, False
        return climber.iterate(state, self.method.restarts, generator)

    def draws(self) -> Iterator[BoolArray]:
        """Yield one graph a bootstrap sample, in sorted-name order; at least one, and no more when time is used up."""
        deadline = self._deadline(1.0)
        for number in range(self.method.resamples):
            if self.drawn and time.monotonic() > deadline:
                return
            generator = stream(self.seed, "order search", "draw", number)
            R = self._sample(number, generator)
            if R is None:
                self.unusable += 1
                continue
            climber = OrderClimber(R, self.problem, deadline)
            state = climber.start(generator.permutation(len(self.names)))
            complete = climber.climb(state, generator)
            if complete:
                state, complete = climber.iterate(state, self.method.draw_restarts, generator)
            if complete or not self.drawn:
                self.drawn += 1
                yield random_member(state.graph, ~self.problem.allowed.T, generator)

    def settings(self) -> dict[str, object]:
        """The resolved settings, JSON-ready."""
        method = self.method
        return {
            "penalty": method.penalty,
            "ebic": self.ebic,
            "resamples": method.resamples,
            "restarts": method.restarts,
            "draw_restarts": method.draw_restarts,
            "time_limit": method.time_limit,
            "n": self.n,
            "most_parents": self.problem.limit,
        }

    def givens(self, drawn: int, complete: bool) -> tuple[str, ...]:
        """The assumptions, and what a time limit did."""
        lines = [
            "linear-Gaussian mechanisms",
            "no hidden common cause",
            f"one effective sample size for all pairs: {self.evidence.n_score:.0f} of {self.evidence.n} rows",
            "draws are graphs found on bootstrap samples: frequencies show stability, not posterior probability",
        ]
        if self.evidence.levers:
            lines.append("every lever and tried combination may act on every value (saturated)")
        if self.evidence.clusters is None:
            lines.append(
                "samples are Wishart draws of the correlations (no cluster sums were kept): rows are independent"
            )
        if self.problem.limit < len(self.names) - 1:
            lines.append(f"at most {self.problem.limit} direct causes a value (a quarter of the effective rows)")
        if self.unusable:
            lines.append(f"{self.unusable} bootstrap samples in which a value does not vary were left out")
        if not complete or drawn + self.unusable < self.method.resamples:
            done = "was" if complete else "was not"
            lines.append(
                f"the time limit of {self.method.time_limit:g} s was reached: {drawn} of {self.method.resamples} "
                f"bootstrap samples, and the search on the data {done} complete"
            )
        return tuple(lines)

    def _deadline(self, share: float) -> float:
        return np.inf if self.method.time_limit is None else self._start + share * self.method.time_limit

    def _sample(self, number: int, generator: np.random.Generator) -> FloatArray | None:
        """Correlations of one bootstrap sample; None when a value does not vary in it."""
        if self.evidence.clusters is None:
            return _wishart_correlation(self.R, self.n, generator)
        try:
            R = self._correlation(bootstrap_evidence(self.evidence, self.seed, number))
        except DataError:
            return None
        return R if np.isfinite(R).all() else None

    def _correlation(self, evidence: Evidence) -> FloatArray:
        residual = evidence.residual_scatter[np.ix_(self.places, self.places)]
        scale = np.sqrt(np.maximum(np.diag(residual), 0.0))
        R = residual / np.outer(scale, scale) if scale.all() else np.full_like(residual, np.nan)
        R = (R + R.T) / 2
        np.fill_diagonal(R, 1.0)
        return np.asarray(R)


def _wishart_correlation(R: FloatArray, n: float, generator: np.random.Generator) -> FloatArray:
    """Return the correlations of a Wishart draw with scale R and n degrees of freedom (Bartlett's decomposition)."""
    p = len(R)
    factor = np.tril(generator.standard_normal((p, p)), -1)
    factor[np.diag_indices(p)] = np.sqrt(generator.chisquare(np.maximum(n - np.arange(p), 1.0)))
    root = np.linalg.cholesky(R) @ factor
    scatter = root @ root.T
    scale = np.sqrt(np.diag(scatter))
    draw = scatter / np.outer(scale, scale)
    np.fill_diagonal(draw, 1.0)
    return np.asarray((draw + draw.T) / 2)


def _compile() -> None:
    """Load the compiled kernels on a problem of two nodes, so that no time limit pays for it."""
    problem = OrderProblem(~np.eye(2, dtype=bool), np.zeros((2, 2), dtype=bool), 10.0, 1.0, 1)
    climber = OrderClimber(np.eye(2), problem)
    generator = np.random.default_rng(0)
    state = climber.pivoted()
    climber.climb(state, generator)
    random_member(state.graph, problem.must, generator)
