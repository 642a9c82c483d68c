"""The lattice of parent sets: every local score, and the sums and draws that need all of them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from causalvalues.discovery.priors import GraphPrior
from causalvalues.discovery.scores import BIC, BGe, Terms
from causalvalues.errors import DiscoveryError
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.graph.effective_number import effective_number
from causalvalues.randomness import stream

Wide = tuple[FloatArray, FloatArray]
BATCH = 1000


@dataclass(frozen=True, eq=False)
class Lattice:
    """Log scores (p, 2^(p-1)) of every node and parent set, structure prior included, and what lever draws need.

    Where the nodes are scored with different moments, `parts` holds a lattice for each, and `which` (p,) the part that
    the scores of each node come from.
    """

    p: int
    logs: FloatArray
    determinants: FloatArray
    levers: int = 0
    terms: Terms = field(default_factory=lambda: (np.zeros(0), np.zeros(0), np.zeros(0)))
    parts: tuple[Lattice, ...] = ()
    which: IntArray | None = None

    @classmethod
    def score(cls, correlation: FloatArray, p: int, n: float, score: BGe | BIC, prior: GraphPrior) -> Lattice:
        """Score p values; further rows of `correlation` are levers that may be parents (sparse)."""
        from causalvalues.discovery import subset_kernels as kernels

        m = len(correlation)
        constants, outer, inner = score.terms(m, n)
        dets = kernels.log_determinants(score.matrix(correlation, n))
        if not np.isfinite(dets).all():
            raise DiscoveryError(
                "The correlation matrix is not positive definite. Run `check` on the data to find the columns that "
                "depend on each other, or use BGe()."
            )
        weights = prior.log_weights(p)
        if m == p:
            logs = kernels.family_scores(dets, p, constants + weights, outer, inner)
        else:
            logs = kernels.lever_scores(dets, p, m - p, (constants, outer, inner), weights)
        return cls(p, logs, dets, m - p, (constants, outer, inner))

    @classmethod
    def empty(cls, p: int, prior: GraphPrior) -> Lattice:
        """Score by the prior alone."""
        from causalvalues.discovery import subset_kernels as kernels

        zeros = np.zeros(p)
        dets = np.zeros(1 << p)
        return cls(p, kernels.family_scores(dets, p, prior.log_weights(p), zeros, zeros), dets)

    @classmethod
    def gathered(cls, parts: Sequence[Lattice], which: IntArray) -> Lattice:
        """Take the scores of node v from parts[which[v]]; all parts are over the same nodes and levers."""
        if len(parts) == 1:
            return parts[0]
        logs = np.array([parts[own].logs[v] for v, own in enumerate(which)])
        return replace(parts[0], logs=logs, parts=tuple(parts), which=which)

    def masked(self, allowed: BoolArray, must: BoolArray) -> Lattice:
        """Take out the parent sets that knowledge rules out."""
        from causalvalues.discovery import subset_kernels as kernels

        logs = self.logs.copy()
        kernels.mask_scores(logs, np.ascontiguousarray(allowed), np.ascontiguousarray(must))
        return replace(self, logs=logs)

    def wide(self) -> Wide:
        """Return the scores as wide numbers; a constant factor for each node is taken out, it cancels everywhere."""
        from causalvalues.discovery import subset_kernels as kernels

        m, e = kernels.from_logs((self.logs - self.logs.max(axis=1, keepdims=True)).ravel())
        return m.reshape(self.logs.shape), e.reshape(self.logs.shape)

    def lever_parents(self, draws: BoolArray, uniforms: FloatArray) -> BoolArray:
        """Draw which levers act directly on which value, (s, k, p), given the value graphs."""
        from causalvalues.discovery import subset_kernels as kernels

        if self.which is not None:
            drawn = np.array([part.lever_parents(draws, uniforms) for part in self.parts])
            return np.ascontiguousarray(drawn[self.which, :, :, np.arange(self.p)].transpose(1, 2, 0))
        return np.asarray(kernels.draw_levers(self.determinants, draws, self.levers, self.terms, uniforms))


@dataclass(frozen=True, eq=False)
class OrderSums:
    """Scores, their subset sums, and the forward sums over orders, as wide numbers."""

    scores: Wide
    alpha: Wide
    forward: Wide


def order_lattice(lattice: Lattice) -> OrderSums:
    """Sum over all orders (Koivisto and Sood 2004)."""
    from causalvalues.discovery import subset_kernels as kernels

    scores = lattice.wide()
    alpha_m, alpha_e, forward_m, forward_e = kernels.order_sums(*scores, lattice.p)
    return OrderSums(scores, (alpha_m, alpha_e), (forward_m, forward_e))


def edges_by_orders(lattice: Lattice, sums: OrderSums) -> FloatArray:
    """Return P(i -> j) under the order-modular prior: a diagnostic."""
    from causalvalues.discovery import subset_kernels as kernels

    return np.asarray(kernels.order_edges(sums.scores, sums.alpha, sums.forward, lattice.p))


def layer_posterior(lattice: Lattice, sums: OrderSums, uniforms: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return P(i -> j) under the uniform prior over graphs, and independent draws (Kuipers and Moffa 2017)."""
    from causalvalues.discovery import layer_kernels as kernels

    forward = kernels.layer_forward(sums.alpha, lattice.p)
    edge = kernels.layer_edges(sums.alpha, forward, lattice.p)
    return edge, kernels.layer_draws(sums.scores, sums.alpha, forward, uniforms)


def lever_parents(
    lattice: Lattice, draws: BoolArray, levers: tuple[str, ...], random: np.random.Generator
) -> BoolArray:
    """Return which levers (in the order given) act directly on which value (s, k, p): all, unless they were scored."""
    if not lattice.levers:
        return np.ones((len(draws), len(levers), lattice.p), dtype=bool)
    acting = lattice.lever_parents(draws, random.random((len(draws), lattice.p)))
    order = sorted(range(len(levers)), key=lambda i: levers[i])
    return acting[:, np.argsort(order)]


@dataclass(frozen=True)
class DrawGoal:
    """When weighted draws are enough: a count, an effective count, a largest weight; or clock or `most` say stop."""

    draws: int
    min_effective: float
    most_weight: float
    deadline: float = math.inf
    most: float = math.inf
    batch: int = BATCH

    def reached(self, weights: FloatArray) -> bool:
        """Judge normalised weights."""
        enough = effective_number(weights) >= self.min_effective and weights.max() <= self.most_weight
        late = time.monotonic() > self.deadline or len(weights) >= self.most
        return (bool(enough) and len(weights) >= self.draws) or late


def reweighted_draws(
    lattice: Lattice, sums: OrderSums, expected_edges: float, goal: DrawGoal, key: tuple[int, ...]
) -> tuple[BoolArray, FloatArray]:
    """Draw graphs through orders and weight them to the uniform prior until enough of them count.

    Sparse posteriors use all topological orders (their small parts are counted fast), others the admitted orders of
    `canonical_kernels`.
    """
    from causalvalues.discovery import canonical_kernels, order_draw_kernels

    p = lattice.p
    ranked = np.argsort(-lattice.logs, axis=1, kind="stable").astype(np.int32)
    sparse = expected_edges < p
    forward = sums.forward if sparse else canonical_kernels.canonical_forward(sums.alpha, p)
    sample = order_draw_kernels.order_draws if sparse else canonical_kernels.canonical_draws
    count = order_draw_kernels.log_linear_extensions if sparse else canonical_kernels.log_admitted_orders
    batches: list[BoolArray] = []
    logs: list[FloatArray] = []
    while True:
        uniforms = stream(key[0], "graphs", *key[1:], len(batches)).random((goal.batch, 2 * p))
        batches.append(sample(sums.scores, sums.alpha, forward, ranked, uniforms))
        logs.append(count(batches[-1]))
        all_logs = np.concatenate(logs)
        weights = np.exp(all_logs.min() - all_logs)
        weights /= weights.sum()
        if goal.reached(weights):
            return np.concatenate(batches), weights
