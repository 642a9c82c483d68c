"""Graphs over the values given latent factors: a hidden common cause stands in the model, not outside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from causalvalues.discovery.factor_chain import FactorChain, FactorProblem, one_factor_loadings
from causalvalues.discovery.priors import SparseDags
from causalvalues.errors import DiscoveryError, did_you_mean
from causalvalues.evidence import Evidence, bootstrap_evidence, require_learnable
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.randomness import stream

MOST_COLUMNS = 18
SETTLE = 4
GENERAL = "general"


@dataclass(frozen=True)
class FactorGraph:
    """Learn graph and latent factors together; the graphs are over the values given the factors.

    A sparse graph and few factors share the correlations between them: an edge is kept where a common cause does not
    do as well. Chains start from many different sets of loadings, the best ones go on (see `FactorChain`), and are
    weighted by their mean penalised log likelihood; this is a search over modes, not an exact sum.

    Parameters
    ----------
    groups : mapping of str to sequence of str, default {}
        One latent factor for each group of values (for example `ValueTheory.groups`), correlated with each other.
        Empty: one general factor that may act on every value. Groups with fewer than two values here are left out.
    prior : SparseDags, default SparseDags(odds=0.25)
        Low rank plus *sparse*: without a price on edges, a dense graph explains any factor.
    starts : int, default 24
        Sets of loadings to start from.
    draws : int, default 240
        Draws, from the best four chains.
    edges : bool, default True
        False: factors alone, no edge that knowledge does not require.
    moment_draws : int or None, default None
        Cluster-bootstrap moments to average over: None takes 20 where rows are clustered, else none.

    Raises
    ------
    DiscoveryError
        If a setting is out of range.
    """

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    prior: SparseDags = field(default_factory=SparseDags)
    starts: int = 24
    draws: int = 240
    edges: bool = True
    moment_draws: int | None = None

    def __post_init__(self) -> None:
        if self.starts < 1 or self.draws < 4:
            raise DiscoveryError("`starts` must be at least 1 and `draws` at least 4.")
        if self.moment_draws is not None and self.moment_draws < 0:
            raise DiscoveryError(f"`moment_draws` is {self.moment_draws}. Give 0 or more, or None.")

    def learn(self, evidence: Evidence, knowledge: Knowledge, seed: int) -> GraphPosterior:
        """Return the graphs given the factors; loadings, fit and identification stand in `settings`.

        Parameters
        ----------
        evidence : Evidence
            Moments of 3 or more values; levers are partialled out.
        knowledge : Knowledge
        seed : int

        Returns
        -------
        GraphPosterior
            `settings` holds ``loadings`` (factor -> value -> mean, lower, upper, active: standardised effect of the
            factor with a 90% interval, and the share of draws in which it acts), ``bic`` (mean over draws of
            -2 log likelihood + parameters (log n - 1), all of the data's own moments: resampled ones would favour
            models with many parameters), ``identified`` and ``why``.

        Raises
        ------
        DiscoveryError
            If there are too many values and factors, too few rows, or a group names an unknown value.
        CheckError
            If the moments cannot carry a graph.
        """
        require_learnable(evidence)
        names = tuple(sorted(evidence.names))
        factors, may_load = _factors(self.groups, names)
        problem = self._problem(evidence, knowledge, names, may_load)
        found = _sample(self, _correlations(self, evidence, names, seed), problem, seed)
        back = [names.index(name) for name in evidence.names]
        edge = np.tensordot(found.weights, found.graphs.astype(float), axes=1)
        identified, why = _identified(found, factors)
        return GraphPosterior(
            names=evidence.names,
            draws=found.graphs[:, back][:, :, back],
            weights=found.weights,
            kind="posterior",
            edge=edge[np.ix_(back, back)],
            prior_edge=np.where(problem.must, 1.0, np.where(problem.allowed, np.nan, 0.0))[np.ix_(back, back)],
            exact=False,
            method=f"graph given {len(factors)} latent factor{'s' * (len(factors) != 1)} ({', '.join(factors)})",
            givens=(
                "linear-Gaussian mechanisms",
                f"hidden common causes are the latent factors {', '.join(factors)}, and no others",
                f"one effective sample size for all pairs: {evidence.n_score:.0f} of {evidence.n} rows",
                *(() if identified else (f"factors not identified: {why}",)),
            ),
            settings=self._settings()
            | {
                "loadings": _loading_table(found, factors, names),
                "bic": found.bic(problem.freedom),
                "identified": identified,
                "why": why,
            },
            seed=seed,
            levers=evidence.levers,
            lever_mode="saturated" if evidence.levers else "none",
        )

    def _problem(
        self, evidence: Evidence, knowledge: Knowledge, names: tuple[str, ...], may_load: BoolArray
    ) -> FactorProblem:
        p, k = may_load.shape
        if p < 3 or p + k > MOST_COLUMNS:
            raise DiscoveryError(
                f"There are {p} values and {k} factors; a factor graph takes 3 values or more, and {MOST_COLUMNS} "
                "values and factors together at most. Drop values, or use fewer groups."
            )
        freedom = evidence.degrees_of_freedom
        if freedom < 2 * (p + k) + 4:
            raise DiscoveryError(
                f"{freedom:.0f} effective rows are too few for {p} values and {k} factors; at least "
                f"{2 * (p + k) + 4} are needed. Collect more rows, or learn on fewer values."
            )
        allowed, must = knowledge.allowed(names), knowledge.must(names)
        return FactorProblem(may_load, allowed if self.edges else must, must, self.prior, freedom)

    def _settings(self) -> dict[str, object]:
        return {
            "groups": {name: list(members) for name, members in self.groups.items()},
            "prior": {"name": "SparseDags", "odds": self.prior.odds},
            "starts": self.starts,
            "draws": self.draws,
            "edges": self.edges,
            "moment_draws": self.moment_draws,
        }


@dataclass(frozen=True, eq=False)
class _Draws:
    """Draws in sorted-name order: graphs (s, p, p), loadings and active (s, p, k), chain (s,), weights (s,).

    Fit and parameters (s,) are those of as many draws given the data's own moments, whichever the others rest on.
    """

    graphs: BoolArray
    loadings: FloatArray
    active: BoolArray
    fit: FloatArray
    parameters: FloatArray
    chain: IntArray
    weights: FloatArray

    def bic(self, n: float) -> float:
        return float(self.weights @ (-2 * self.fit + self.parameters * (np.log(n) - 1)))


def _factors(groups: Mapping[str, Sequence[str]], names: tuple[str, ...]) -> tuple[tuple[str, ...], BoolArray]:
    if not groups:
        return (GENERAL,), np.ones((len(names), 1), dtype=bool)
    for group, members in groups.items():
        if not set(members) & set(names):
            raise DiscoveryError(
                f"No value of the group {group!r} ({', '.join(members)}) is in the evidence."
                + did_you_mean(next(iter(members), ""), names)
            )
    kept = [group for group in sorted(groups) if len(set(groups[group]) & set(names)) > 1]
    if not kept:
        raise DiscoveryError("No group has two or more values here. Use FactorGraph() for one general factor.")
    return tuple(kept), np.array([[name in groups[group] for group in kept] for name in names])


def _correlations(method: FactorGraph, evidence: Evidence, names: tuple[str, ...], seed: int) -> list[FloatArray]:
    """Return the correlations of the data, then those of the bootstrap draws, in sorted-name order."""
    sums = evidence.clusters
    clustered = sums is not None and not sums.independent
    number = (20 if clustered else 0) if method.moment_draws is None else method.moment_draws
    samples = [evidence, *(bootstrap_evidence(evidence, seed, i) for i in range(number))]
    place = [evidence.names.index(name) for name in names]
    return [np.ascontiguousarray(sample.correlation.to_numpy()[np.ix_(place, place)]) for sample in samples]


def _sample(method: FactorGraph, correlations: list[FloatArray], problem: FactorProblem, seed: int) -> _Draws:
    data = correlations[0]
    p, k = problem.may_load.shape
    least = min(max(0.5, 2 * (p + k + 2) / problem.freedom), 1.0)
    chains = []
    for number in range(method.starts):
        random = stream(seed, "factor graph", number)
        chain = FactorChain(problem, random)
        chain.start(_start(data, problem.may_load, number, random))
        for share in np.geomspace(least, 1.0, 30):
            chain.step(data, float(share))
        chains.append((_merit(chain, data, 10), number, chain))
    chains = sorted(chains, key=lambda item: (-item[0], item[1]))[:8]
    chains = sorted(((_merit(c, data, 30), number, c) for _, number, c in chains), key=lambda i: (-i[0], i[1]))[:4]
    sizes = np.diff(np.linspace(0, method.draws, len(chains) + 1).astype(int))
    owns = [_record(c, [data], int(size)) for (_, _, c), size in zip(chains, sizes, strict=True)]
    kept = owns
    if len(correlations) > 1:
        kept = [_record(c, correlations, int(size)) for (_, _, c), size in zip(chains, sizes, strict=True)]
    merits = np.array([merit for merit, _, _ in chains])
    share = np.exp(merits - merits.max())
    columns = [np.concatenate(parts) for parts in zip(*kept, strict=True)]
    fit, parameters = (np.concatenate([own[place] for own in owns]) for place in (3, 4))
    chain_of = np.repeat(np.arange(len(kept)), sizes)
    weights = (share / sizes)[chain_of]
    loadings = _aligned(columns[1])
    return _Draws(columns[0], loadings, columns[2], fit, parameters, chain_of, weights / weights.sum())


def _start(data: FloatArray, may_load: BoolArray, number: int, random: np.random.Generator) -> FloatArray:
    """Return loadings (p, k): of all columns for the first two starts, of random subsets after that."""
    loadings = np.zeros(may_load.shape)
    for factor in range(may_load.shape[1]):
        columns = np.flatnonzero(may_load[:, factor])
        if number > 1 and len(columns) > 3:
            size = int(random.integers(3, len(columns)))
            columns = np.sort(random.choice(columns, size, replace=False))
        loadings[:, factor] = one_factor_loadings(data, columns)
    return np.asarray(loadings * np.sqrt(0.9 / np.maximum(np.square(loadings).sum(axis=1), 0.9))[:, None])


def _merit(chain: FactorChain, data: FloatArray, steps: int) -> float:
    """Return the mean over some steps of the log likelihood, less the BIC penalty, plus the log prior of the graph."""
    total = 0.0
    for _ in range(steps):
        chain.step(data)
        size = int(chain.graph.sum())
        penalty = (chain.parameters - chain.p) / 2 * np.log(chain.problem.freedom)
        total += chain.log_likelihood(data) - penalty + float(np.log(chain.problem.prior.odds)) * size
    return total / steps


def _record(chain: FactorChain, correlations: list[FloatArray], draws: int) -> tuple[FloatArray, ...]:
    """Return graphs, loadings, active, fit and parameters of the draws; bootstrap moments share them evenly."""
    samples = correlations[1:] or correlations
    rows = []
    for number, some in enumerate(np.array_split(np.arange(draws), len(samples))):
        for _ in range(SETTLE if len(correlations) > 1 and len(some) else 0):
            chain.step(samples[number])
        for _ in some:
            chain.step(samples[number])
            fit = chain.log_likelihood(samples[number])
            rows.append((chain.graph, chain.loadings, chain.active, fit, float(chain.parameters)))
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def _aligned(loadings: FloatArray) -> FloatArray:
    """Turn the sign of each factor in each draw towards the mean of the draws before, then make the sum positive."""
    turned = np.array(loadings)
    for factor in range(turned.shape[2]):
        total = np.zeros(turned.shape[1])
        for draw in turned[:, :, factor]:
            draw *= -1 if draw @ total < 0 else 1  # noqa: PLW2901  (turned in place)
            total += draw
        if total.sum() < 0:
            turned[:, :, factor] *= -1
    return turned


def _identified(found: _Draws, factors: tuple[str, ...]) -> tuple[bool, str]:
    """Say whether each factor has three values or more, spare moments, and the same loadings in every chain."""
    p = found.graphs.shape[1]
    acting = np.tensordot(found.weights, found.active.sum(axis=1).astype(float), axes=1)
    spare = p * (p + 1) / 2 - float(found.weights @ found.parameters)
    if spare < 1:
        return False, f"edges and loadings use up the moments ({spare:.1f} left over)"
    for factor, name in enumerate(factors):
        if acting[factor] < 2.5:
            return False, f"{name!r} acts on {acting[factor]:.1f} values; two values and a factor are one edge"
        means = [np.average(found.loadings[found.chain == c, :, factor], axis=0) for c in np.unique(found.chain)]
        first = means[0]
        for other in means[1:]:
            size = np.sqrt((first @ first) * (other @ other))
            if size == 0 or abs(first @ other) / size < 0.85:
                return False, f"chains find different loadings of {name!r} that fit about equally well"
    return True, "three or more values a factor, spare moments, and the same loadings from every start"


def _loading_table(
    found: _Draws, factors: tuple[str, ...], names: tuple[str, ...]
) -> dict[str, dict[str, dict[str, float]]]:
    order = np.argsort(found.loadings, axis=0, kind="stable")
    table: dict[str, dict[str, dict[str, float]]] = {}
    for f, factor in enumerate(factors):
        table[factor] = {}
        for v, name in enumerate(names):
            draws, reached = found.loadings[order[:, v, f], v, f], np.cumsum(found.weights[order[:, v, f]])
            low, high = (draws[min(int(np.searchsorted(reached, q)), len(draws) - 1)] for q in (0.05, 0.95))
            mean = float(found.weights @ found.loadings[:, v, f])
            acts = float(found.weights @ found.active[:, v, f])
            table[factor][name] = {"mean": mean, "lower": float(low), "upper": float(high), "active": acts}
    return table


def graph_only_bic(evidence: Evidence, method: FactorGraph, seed: int) -> float:
    """Return the BIC of the same sampler without any factor, for comparison with ``settings["bic"]``."""
    names = tuple(sorted(evidence.names))
    allowed = Knowledge().allowed(names)
    nobody = np.zeros((len(names), 0), dtype=bool)
    problem = FactorProblem(nobody, allowed, np.zeros_like(allowed), method.prior, evidence.degrees_of_freedom)
    correlations = _correlations(method, evidence, names, seed)
    return _sample(replace(method, starts=4), correlations, problem, seed).bic(problem.freedom)
