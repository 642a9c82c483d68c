"""Gibbs sampling of a graph over values together with latent factors that act on them, from one correlation matrix.

The factors are root causes of the values. Given the parameters, the sums of products of factors and values have a known
distribution, so the factor scores of single rows are never needed:

    X'F = S b + U,  U = X'E,  F'F = b'S b + b'U + U'b + U'S^-1 U + W,

with S the scatter of the values, b and V the regression of factors on values, rows of E ~ N(0, V), and W Wishart with
scale V and n - p degrees of freedom (data augmentation, Tanner and Wong 1987, on sufficient statistics).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.discovery.lattice import Lattice, order_lattice
from causalvalues.discovery.priors import SparseDags
from causalvalues.discovery.scores import BGe, Terms
from causalvalues.frozen import BoolArray, FloatArray, IntArray

TRIES = 5
"""Graphs proposed in one step."""

FLOOR = 1e-9


@dataclass(frozen=True, eq=False)
class FactorProblem:
    """What the sampler may draw, in sorted-name order.

    Parameters
    ----------
    may_load : array (p, k) of bool
        Which of k factors may act on which value.
    allowed, must : array (p, p) of bool
        Edges between values that may and must exist, [cause, effect].
    prior : SparseDags
    freedom : float
        Effective degrees of freedom n.
    """

    may_load: BoolArray
    allowed: BoolArray
    must: BoolArray
    prior: SparseDags
    freedom: float


class FactorChain:
    """One chain; `step` draws the factors' sums of products, then the graph, the loadings and the other parameters.

    All draws come from the conjugate prior of the BGe score over values and factors together (t I + sums of products),
    with a graph prior over the values and probability one half for each loading that may exist. The graph is moved by
    Metropolis-Hastings steps whose proposals are exact draws over orders; the ratio of the numbers of topological
    orders makes the target uniform in orders (Kuipers and Moffa 2017; Niinimaki, Parviainen and Koivisto 2016).
    """

    def __init__(self, problem: FactorProblem, random: np.random.Generator) -> None:
        p, k = problem.may_load.shape
        self.problem, self.random, self.p, self.k = problem, random, p, k
        self.score = BGe()
        self.graph = problem.must.copy()
        self.slopes: FloatArray = np.zeros((p, k))
        self.left: FloatArray = np.eye(k)
        self.loadings, self.active = np.zeros((p, k)), np.zeros((p, k), dtype=bool)
        self.covariance = np.eye(p)
        self.coefficients, self.variances = np.zeros((p + k, p + k)), np.ones(p + k)
        self._terms: dict[float, Terms] = {}
        places = np.arange(1 << (p - 1))
        self._parents = [(places & ((1 << v) - 1)) | ((places >> v) << (v + 1)) for v in range(p)]
        self._sizes = np.array([int(place).bit_count() for place in places])
        self._choices = [
            [c for c in range(1 << k) if all(may[f] or not c >> f & 1 for f in range(k))] for may in problem.may_load
        ]

    def start(self, loadings: FloatArray) -> None:
        """Begin at these standardised loadings (p, k), with independent factors and no edges."""
        unique = np.maximum(1 - np.square(loadings).sum(axis=1), 0.1)
        self.slopes = np.asarray(np.linalg.solve(loadings @ loadings.T + np.diag(unique), loadings), dtype=np.float64)
        self.left = np.eye(self.k) - loadings.T @ self.slopes

    def step(self, correlation: FloatArray, share: float = 1.0) -> None:
        """Draw once, given the share of the rows: less than 1 flattens the target."""
        n = self.problem.freedom * share
        matrix = self._augmented(correlation * n, n) + self.score.scale(self.p + self.k) * np.eye(self.p + self.k)
        dets = self._determinants(matrix)
        self._move_graph(dets, n)
        self._draw_parameters(matrix, dets, n)

    def log_likelihood(self, correlation: FloatArray) -> float:
        """Return the Gaussian log likelihood of the values at the current parameters, factors integrated out."""
        fit = np.linalg.slogdet(self.covariance)[1] + np.trace(np.linalg.solve(self.covariance, correlation))
        return float(-self.problem.freedom / 2 * (fit + self.p * np.log(2 * np.pi)))

    @property
    def parameters(self) -> int:
        """Number of edges, loadings, residual variances and correlations between factors."""
        used = int(self.active.any(axis=0).sum())
        return int(int(self.graph.sum() + self.active.sum()) + self.p + used * (used - 1) // 2)

    def _augmented(self, scatter: FloatArray, n: float) -> FloatArray:
        p, k, random = self.p, self.k, self.random
        root, spread = np.linalg.cholesky(scatter), np.linalg.cholesky(self.left)
        noise = random.standard_normal((p, k)) @ spread.T
        cross = scatter @ self.slopes + root @ noise
        lower = np.zeros((k, k))
        for i in range(k):
            lower[i, i] = np.sqrt(random.chisquare(n - p - i))
            lower[i, :i] = random.standard_normal(i)
        rest = spread @ lower
        mixed = self.slopes.T @ (root @ noise)
        inside = self.slopes.T @ scatter @ self.slopes + mixed + mixed.T + noise.T @ noise + rest @ rest.T
        return np.block([[scatter, cross], [cross.T, inside]])

    def _determinants(self, matrix: FloatArray) -> FloatArray:
        from causalvalues.discovery import subset_kernels

        return np.asarray(subset_kernels.log_determinants(matrix))

    def _local(self, dets: FloatArray, n: float, node: int, parents: IntArray, sizes: IntArray) -> FloatArray:
        """Return log scores (choices of loadings, parent sets) of a node."""
        if n not in self._terms:
            self._terms[n] = self.score.terms(self.p + self.k, n)
        constants, outer, inner = self._terms[n]
        rows = []
        for choice in self._choices[node]:
            mask, size = parents | (choice << self.p), sizes + choice.bit_count()
            rows.append(constants[size] - outer[size] * dets[mask | (1 << node)] + inner[size] * dets[mask])
        return np.asarray(np.array(rows) - np.log(len(rows)), dtype=np.float64)

    def _move_graph(self, dets: FloatArray, n: float) -> None:
        from causalvalues.discovery import order_draw_kernels

        if not self.problem.allowed.any():
            return
        logs = np.empty((self.p, 1 << (self.p - 1)))
        for node in range(self.p):
            logs[node] = np.logaddexp.reduce(self._local(dets, n, node, self._parents[node], self._sizes), axis=0)
        logs += self.problem.prior.log_weights(self.p)[self._sizes]
        lattice = Lattice(self.p, logs, np.zeros(0)).masked(self.problem.allowed, self.problem.must)
        sums = order_lattice(lattice)
        ranked = np.argsort(-lattice.logs, axis=1, kind="stable").astype(np.int32)
        uniforms = self.random.random((TRIES, 2 * self.p))
        graphs = order_draw_kernels.order_draws(sums.scores, sums.alpha, sums.forward, ranked, uniforms)
        orders = order_draw_kernels.log_linear_extensions(np.concatenate([self.graph[None], graphs]))
        now = orders[0]
        for graph, count, uniform in zip(graphs, orders[1:], self.random.random(TRIES), strict=True):
            if np.log(uniform) < now - count:
                self.graph, now = graph, count

    def _draw_parameters(self, matrix: FloatArray, dets: FloatArray, n: float) -> None:
        p, k = self.p, self.k
        coefficients, variances = np.zeros((p + k, p + k)), np.zeros(p + k)
        self.active = np.zeros((p, k), dtype=bool)
        for node in range(p + k):
            if node < p:
                values = np.flatnonzero(self.graph[:, node])
                mask = np.array([int((1 << values).sum())])
                logs = self._local(dets, n, node, mask, np.array([len(values)]))[:, 0]
                reached = np.cumsum(np.exp(logs - logs.max()))
                place = int(np.searchsorted(reached, self.random.random() * reached[-1]))
                choice = self._choices[node][min(place, len(logs) - 1)]
                self.active[node] = [bool(choice >> f & 1) for f in range(k)]
                parents = np.r_[values, p + np.flatnonzero(self.active[node])].astype(int)
            else:
                parents = np.arange(p, node)
            slopes, variances[node] = self._equation(matrix, node, parents, n)
            coefficients[parents, node] = slopes
        self._set(coefficients, variances)

    def _equation(self, matrix: FloatArray, node: int, parents: IntArray, n: float) -> tuple[FloatArray, float]:
        inner = matrix[np.ix_(parents, parents)]
        mean = np.linalg.solve(inner, matrix[parents, node])
        rest = float(matrix[node, node] - matrix[parents, node] @ mean)
        variance = rest / 2 / self.random.standard_gamma((n + 3 + len(parents)) / 2)
        noise = np.linalg.solve(np.linalg.cholesky(inner).T, self.random.standard_normal(len(parents)))
        return mean + np.sqrt(variance) * noise, variance

    def _set(self, coefficients: FloatArray, variances: FloatArray) -> None:
        p = self.p
        self.coefficients, self.variances = coefficients, variances
        total = np.linalg.inv(np.eye(len(variances)) - coefficients)
        joint = total.T @ (variances[:, None] * total)
        self.covariance = (joint[:p, :p] + joint[:p, :p].T) / 2
        self.slopes = np.linalg.solve(self.covariance, joint[:p, p:])
        left = joint[p:, p:] - joint[p:, :p] @ self.slopes
        self.left = (left + left.T) / 2 + FLOOR * np.diag(np.diag(joint)[p:])
        spread = np.sqrt(np.diag(joint)[p:])
        self.loadings = coefficients[p:, :p].T * spread


def one_factor_loadings(correlation: FloatArray, columns: IntArray) -> FloatArray:
    """Return loadings (p,) of one factor on some columns, zero elsewhere, by iterated principal axes."""
    part = correlation[np.ix_(columns, columns)]
    shared = np.full(len(columns), 0.3)
    for _ in range(100):
        values, vectors = np.linalg.eigh(part - np.diag(1 - shared))
        axis = vectors[:, -1] * np.sqrt(max(values[-1], 1e-6))
        axis = axis if axis[np.argmax(np.abs(axis))] > 0 else -axis
        shared = np.minimum(axis**2, 0.9)
    loadings = np.zeros(len(correlation))
    loadings[columns] = axis
    return loadings
