"""Simulated truths that several benchmarks share: graphs, equations and rows. Nothing to run by hand.

All rows are standardised and their columns permuted, so that neither variances nor the order of the columns give the
causal order away; `varsortability` (Reisach, Seiler and Weichwald 2021) measures what the variances still tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

T = 0.5
"""Diagonal of the prior scale matrix of the default BGe score: alpha_mu 1 and alpha_w = p + 2."""

STEPS = 2500
WEIGHTS = (0.1, 0.6)
"""Least and largest size of a coefficient of a structured truth; noise variance 1."""

_log_gamma = np.vectorize(math.lgamma)


@dataclass(frozen=True, eq=False)
class Truth:
    """A graph [cause, effect] and standardised rows (n, p) of it, columns permuted; `sortability` is that before.

    `cluster` (n,) numbers the cluster of each row, where there are any.
    """

    graph: np.ndarray
    rows: np.ndarray
    sortability: float
    cluster: np.ndarray | None = None


def varsortability(graph: np.ndarray, variances: np.ndarray) -> float:
    """Share of ancestor pairs whose variance grows from cause to effect; ties count one half, NaN without pairs."""
    reach = np.linalg.inv(np.eye(len(graph)) - graph) > 0.5
    causes, effects = np.nonzero(reach & ~np.eye(len(graph), dtype=bool))
    change = np.round(variances[effects] - variances[causes], 9)
    return float(np.mean((change > 0) + 0.5 * (change == 0))) if len(causes) else math.nan


def finished(graph: np.ndarray, raw: np.ndarray, rng: np.random.Generator, cluster: np.ndarray | None = None) -> Truth:
    """Permute the columns and standardise the rows."""
    order = rng.permutation(len(graph))
    graph, raw = graph[np.ix_(order, order)], raw[:, order]
    rows = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    return Truth(graph, rows, varsortability(graph, raw.var(axis=0)), cluster)


# --- graphs -----------------------------------------------------------------------------------------------------------


def ordered(joined: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Direct each joined pair along a random order of the nodes."""
    place = rng.permutation(len(joined))
    return joined & (place[:, None] < place[None, :])


def erdos_renyi(p: int, degree: float, rng: np.random.Generator) -> np.ndarray:
    """Every pair is joined with the same probability; `degree` is the expected number of neighbours."""
    upper = np.triu(rng.random((p, p)) < degree / (p - 1), 1)
    return ordered(upper | upper.T, rng)


def scale_free(p: int, links: int, rng: np.random.Generator) -> np.ndarray:
    """Preferential attachment (Barabasi and Albert 1999): every new node joins `links` older ones."""
    joined = np.zeros((p, p), dtype=bool)
    for new in range(1, p):
        weight = joined[:new, :new].sum(axis=0) + 1.0
        old = rng.choice(new, size=min(links, new), replace=False, p=weight / weight.sum())
        joined[new, old] = joined[old, new] = True
    return ordered(joined, rng)


def value_circle(p: int, rng: np.random.Generator) -> np.ndarray:
    """Neighbours on a circle are joined, next neighbours in .3 of cases, opposites in .3 of cases."""
    apart = np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    apart = np.minimum(apart, p - apart)
    chance = np.select([apart == 1, apart == 2, apart == p // 2], [1.0, 0.3, 0.3], 0.0)
    upper = np.triu(rng.random((p, p)) < chance, 1)
    return ordered(upper | upper.T, rng)


def coefficients(graph: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Coefficients of random sign, and of a size between the two `WEIGHTS`."""
    return graph * rng.uniform(*WEIGHTS, graph.shape) * rng.choice([-1.0, 1.0], graph.shape)


def linear_rows(b: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Rows (n, p) of x = x B + noise."""
    return noise @ np.linalg.inv(np.eye(len(b)) - b)


# --- truths from the prior of the score -------------------------------------------------------------------------------


def prior_truths(p: int, n: int, count: int, rng: np.random.Generator, steps: int = STEPS) -> list[Truth]:
    """Draw truths and data from the prior of `ExactPosterior()`, given that every column of the data has variance 1.

    The prior is uniform over graphs; given the graph, node j with l parents has 1 / v_j ~ Gamma((l + 3) / 2, T / 2)
    and coefficients N(0, v_j / T): the law that the BGe score assumes for alpha_w = p + 2. It speaks of units in which
    the data happen to have variance 1, because the score is taken of the correlation matrix; only under this condition
    is calibration promised. For graph G and parameters in these units, the prior makes the inverse squared units
    independent Gamma(a_i, T k_i / 2), a_i = (parents + children + 3) / 2, k = diagonal of the precision matrix, so the
    condition weights a draw by the density at 1. Weighted draws come from `count` independent Metropolis chains of
    `steps` steps, which draw the family of one node (or the noise moments) anew from the prior.
    """
    chains = _Chains(p, n, count, rng)
    for step in range(steps):
        chains.step(step % (p + 1))
    return [chains.truth(i) for i in range(count)]


class _Chains:
    """Independent chains over graphs (c, p, p), coefficients, residual variances (c, p) and noise moments (c, p, p)."""

    def __init__(self, p: int, n: int, count: int, rng: np.random.Generator) -> None:
        self.p, self.n, self.count, self.rng = p, n, count, rng
        self.graph = np.zeros((count, p, p), dtype=bool)
        self.b = np.zeros((count, p, p))
        self.v = np.ones((count, p))
        self.noise = self._noise_moments()
        for node in np.tile(np.arange(p), 20):
            self.graph, self.b, self.v = self._with_new_family(int(node))
        self.log_weight = self._log_weight(self.graph, self.b, self.v, self.noise)
        self.accepted = 0.0

    def step(self, what: int) -> None:
        graph, b, v, noise = self.graph, self.b, self.v, self.noise
        if what == self.p:
            noise = self._noise_moments()
        else:
            graph, b, v = self._with_new_family(what)
        weight = self._log_weight(graph, b, v, noise)
        taken = np.log(self.rng.random(self.count)) < weight - self.log_weight
        for name, new in (("graph", graph), ("b", b), ("v", v), ("noise", noise), ("log_weight", weight)):
            setattr(self, name, np.where(taken.reshape(-1, *[1] * (new.ndim - 1)), new, getattr(self, name)))
        self.accepted += taken.mean()

    def _with_new_family(self, node: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw parents uniformly from the subsets of the node's non-descendants, then variance and coefficients."""
        below = np.linalg.inv(np.eye(self.p) - self.graph)[:, node, :] > 0.5
        parents = ~below & (self.rng.random((self.count, self.p)) < 0.5)
        graph, b, v = self.graph.copy(), self.b.copy(), self.v.copy()
        graph[:, :, node] = parents
        v[:, node] = T / 2 / self.rng.standard_gamma((parents.sum(axis=1) + 3) / 2)
        b[:, :, node] = parents * self.rng.normal(size=parents.shape) * np.sqrt(v[:, node, None] / T)
        return graph, b, v

    def _noise_moments(self) -> np.ndarray:
        """Covariances (c, p, p) of n independent rows of standard normal noise (Bartlett 1933)."""
        lower = np.tril(self.rng.normal(size=(self.count, self.p, self.p)), -1)
        degrees = self.n - 1.0 - np.arange(self.p)
        lower[:, np.arange(self.p), np.arange(self.p)] = np.sqrt(self.rng.chisquare(degrees, (self.count, self.p)))
        return lower @ lower.transpose(0, 2, 1) / (self.n - 1)

    def _log_weight(self, graph: np.ndarray, b: np.ndarray, v: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Log density, at units that give the data variance 1, of the units given all else."""
        total = np.linalg.inv(np.eye(self.p) - b) * np.sqrt(v)[:, :, None]
        variance = np.einsum("cij,cik,ckj->cj", total, noise, total, optimize=True)
        k = variance * (1 / v + (b**2 / v[:, None, :]).sum(axis=2))
        shape = (graph.sum(axis=1) + graph.sum(axis=2) + 3) / 2
        table = _log_gamma((np.arange(2 * self.p) + 3) / 2)
        logs = shape * np.log(T * k / 2) - T * k / 2 - table[(2 * shape - 3).astype(int)]
        return np.asarray(logs.sum(axis=1))

    def truth(self, i: int) -> Truth:
        z = self.rng.normal(size=(self.n, self.p))
        z -= z.mean(axis=0)
        z = np.linalg.solve(np.linalg.cholesky(z.T @ z / (self.n - 1)), z.T).T @ np.linalg.cholesky(self.noise[i]).T
        return finished(self.graph[i], linear_rows(self.b[i], z * np.sqrt(self.v[i])), self.rng)


# --- truths that break an assumption ----------------------------------------------------------------------------------


def structured(graph: np.ndarray, n: int, rng: np.random.Generator) -> Truth:
    """Linear, Gaussian, no hidden cause, independent rows."""
    return finished(graph, linear_rows(coefficients(graph, rng), rng.normal(size=(n, len(graph)))), rng)


def hidden_cause(graph: np.ndarray, n: int, rng: np.random.Generator) -> Truth:
    """Two hidden variables, each acting on four of the values with +-.5."""
    p = len(graph)
    noise = rng.normal(size=(n, p))
    for _ in range(2):
        touched = rng.choice(p, 4, replace=False)
        noise[:, touched] += rng.normal(size=(n, 1)) * 0.5 * rng.choice([-1.0, 1.0], 4)
    return finished(graph, linear_rows(coefficients(graph, rng), noise), rng)


def measurement_error(graph: np.ndarray, n: int, rng: np.random.Generator, reliability: float = 0.7) -> Truth:
    """Every value is seen with independent error; `reliability` is the share of true variance."""
    true = linear_rows(coefficients(graph, rng), rng.normal(size=(n, len(graph))))
    error = np.sqrt(true.var(axis=0) * (1 / reliability - 1))
    return finished(graph, true + error * rng.normal(size=true.shape), rng)


def clustered(graph: np.ndarray, n: int, rng: np.random.Generator, clusters: int = 20, icc: float = 0.3) -> Truth:
    """Rows of a cluster share the fraction `icc` of the noise of every value."""
    cluster = np.arange(n) % clusters
    own = rng.normal(size=(clusters, len(graph)))[cluster]
    noise = np.sqrt(icc) * own + np.sqrt(1 - icc) * rng.normal(size=own.shape)
    return finished(graph, linear_rows(coefficients(graph, rng), noise), rng, cluster)


def ordinal(graph: np.ndarray, n: int, rng: np.random.Generator) -> Truth:
    """Answers on five steps, some skewed: each value has its own thresholds. The rows are the steps 1 to 5."""
    continuous = structured(graph, n, rng)
    cuts = np.array([-1.2, -0.4, 0.4, 1.2]) + rng.uniform(-0.8, 0.8, (len(graph), 1))
    steps = 1.0 + (continuous.rows[:, :, None] > cuts).sum(axis=2)
    return Truth(continuous.graph, steps, continuous.sortability)


def nonlinear(graph: np.ndarray, n: int, rng: np.random.Generator) -> Truth:
    """Every arrow carries x, tanh(2 x), |x| or x + x^2 / 2 of its standardised cause, with coefficients of .2 to .8."""
    shapes = (lambda x: x, lambda x: np.tanh(2 * x), np.abs, lambda x: x + x**2 / 2)
    p = len(graph)
    x = rng.normal(size=(n, p))
    count = (np.linalg.inv(np.eye(p) - graph) > 0.5).sum(axis=0)  # ancestors: an order that causes come first in
    for j in np.argsort(count, kind="stable"):
        for i in np.flatnonzero(graph[:, j]):
            x[:, j] += rng.uniform(0.2, 0.8) * rng.choice([-1.0, 1.0]) * shapes[rng.integers(4)](x[:, i])
        x[:, j] = (x[:, j] - x[:, j].mean()) / x[:, j].std()
    return finished(graph, x, rng)
