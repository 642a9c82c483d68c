"""Sums over graphs of several groups under three hypotheses: one graph, a common causal order, separate graphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.discovery.lattice import Lattice, Wide
from causalvalues.frozen import BoolArray, FloatArray

HYPOTHESES = ("one graph", "common order", "separate graphs")
NEGLIGIBLE = 1e-12
"""Posterior probability below which a hypothesis adds nothing to tables and draws."""


@dataclass(frozen=True, eq=False)
class GroupScores:
    """Log scores of families: of each group (K, p, 2^(p-1)), and of the same parents in all groups (p, 2^(p-1)).

    Each holds the prior weight of parent sets, normalised to sum 1 over the sets of a node that knowledge allows. The
    largest score of each group and node is taken out of both; it cancels between hypotheses.
    """

    apart: FloatArray
    shared: FloatArray

    @classmethod
    def of(cls, lattices: list[Lattice], empty: Lattice) -> GroupScores:
        """Combine the scored lattices of K groups; `empty` holds the prior weights under the same knowledge."""
        total = np.logaddexp.reduce(empty.logs, axis=1, keepdims=True)
        prior = empty.logs - total
        possible = np.isfinite(empty.logs)
        base = np.where(possible, empty.logs, 0.0)
        apart = np.array([np.where(possible, lattice.logs - base, -np.inf) for lattice in lattices])
        apart -= apart.max(axis=2, keepdims=True)
        return cls(apart + prior, apart.sum(axis=0) + prior)


@dataclass(frozen=True, eq=False)
class JointTables:
    """Probabilities of edges [cause, effect] over K groups, averaged over the hypotheses.

    Parameters
    ----------
    log_evidence : array (3,)
        Log marginal likelihood of each of `HYPOTHESES`, up to one constant; each prior is normalised.
    weights : array (3,)
        Posterior probability of each hypothesis.
    group : array (K, p, p)
        P(the edge is in group g).
    only : array (K, p, p)
        P(the edge is in group g and in no other).
    everywhere : array (p, p)
        P(the edge is in every group).
    shared : array (p,)
        P(the parents of a node were taken as shared): 1 under one graph, 0 under separate graphs.
    """

    log_evidence: FloatArray
    weights: FloatArray
    group: FloatArray
    only: FloatArray
    everywhere: FloatArray
    shared: FloatArray


class JointSums:
    """Sums of one set of scores; `share` is the prior weight of a shared family under a common order."""

    def __init__(self, scores: GroupScores, share: float) -> None:
        from causalvalues.discovery import joint_kernels, layer_kernels

        self.groups, self.p, _ = scores.apart.shape
        self.scores, self.sums_apart = _summed(scores.apart)
        self.shared, self.sums_shared = _summed(scores.shared)
        self.rates = _wide(np.log([share])) if share > 0 else _wide(np.array([-np.inf])), _wide(np.log1p([-share]))
        anyhow = np.zeros(self.groups, dtype=np.int64)
        self.common = joint_kernels.family_sums(self.sums_shared, self.sums_apart, self.rates, anyhow, 0)
        self.forward_one = layer_kernels.layer_forward(self.sums_shared, self.p)
        self.forward_common = layer_kernels.layer_forward(self.common, self.p)
        self.forward_apart = [layer_kernels.layer_forward(self._apart(g), self.p) for g in range(self.groups)]

    def _apart(self, g: int) -> Wide:
        return self.sums_apart[0][g], self.sums_apart[1][g]

    def log_totals(self) -> FloatArray:
        """Return the log of the sum of all weights under each hypothesis (3,)."""
        from causalvalues.discovery.layer_kernels import layer_total
        from causalvalues.discovery.subset_kernels import LOG_BASE

        def log_total(forward: Wide) -> float:
            m, e = layer_total(forward, self.p)
            return float(np.log(m) + e * LOG_BASE)

        separate = sum(log_total(forward) for forward in self.forward_apart)
        return np.array([log_total(self.forward_one), log_total(self.forward_common), separate])

    def tables(self, log_evidence: FloatArray, prior: FloatArray) -> JointTables:
        """Average over the hypotheses with the given prior probabilities (3,)."""
        from causalvalues.discovery import layer_kernels

        with np.errstate(divide="ignore"):
            logs = log_evidence + np.log(prior)
        weights = np.exp(logs - np.logaddexp.reduce(logs))
        k, p = self.groups, self.p
        group, only, everywhere = np.zeros((k, p, p)), np.zeros((k, p, p)), np.zeros((p, p))
        shared = np.full(p, weights[0])
        if weights[0] > NEGLIGIBLE:
            edge = layer_kernels.layer_edges(self.sums_shared, self.forward_one, p)
            group += weights[0] * edge
            everywhere += weights[0] * edge
        if weights[2] > NEGLIGIBLE:
            edges = np.array([layer_kernels.layer_edges(self._apart(g), self.forward_apart[g], p) for g in range(k)])
            group += weights[2] * edges
            everywhere += weights[2] * edges.prod(axis=0)
            for g in range(k):
                only[g] += weights[2] * edges[g] * (1 - np.delete(edges, g, axis=0)).prod(axis=0)
        if weights[1] > NEGLIGIBLE:
            self._add_common((group, only, everywhere, shared), weights[1])
        return JointTables(log_evidence, weights, group, only, everywhere, np.minimum(shared, 1.0))

    def _add_common(self, into: tuple[FloatArray, FloatArray, FloatArray, FloatArray], weight: float) -> None:
        from causalvalues.discovery import joint_kernels as kernels

        group, only, everywhere, shared = into
        masses = kernels.state_masses(self.common, self.forward_common, self.p)

        def share(codes: np.ndarray, u: int) -> FloatArray:
            event = kernels.family_sums(self.sums_shared, self.sums_apart, self.rates, codes, u)
            return weight * np.asarray(kernels.family_shares(masses, self.common, event, self.p))

        eye = np.eye(self.groups, dtype=np.int64)
        for u in range(self.p):
            everywhere[u] += share(np.ones(self.groups, dtype=np.int64), u)
            for g in range(self.groups):
                group[g, u] += share(eye[g], u)
                only[g, u] += share(2 * eye[g] - 1, u)
        nothing = _wide(np.array([-np.inf]))
        event = kernels.family_sums(self.sums_shared, self.sums_apart, (self.rates[0], nothing), 0 * eye[0], 0)
        shared += weight * np.asarray(kernels.family_shares(masses, self.common, event, self.p))

    def draw(self, hypothesis: int, number: int, random: np.random.Generator) -> BoolArray:
        """Draw the graphs of all groups (K, number, p, p) under one hypothesis."""
        from causalvalues.discovery import joint_kernels, layer_kernels

        k, p = self.groups, self.p
        if hypothesis == 0:
            uniforms = random.random((number, 2 * p))
            graphs = layer_kernels.layer_draws(self.shared, self.sums_shared, self.forward_one, uniforms)
            return np.repeat(graphs[None], k, axis=0)
        if hypothesis == 2:
            parts = []
            for g in range(k):
                scores = self.scores[0][g], self.scores[1][g]
                uniforms = random.random((number, 2 * p))
                parts.append(layer_kernels.layer_draws(scores, self._apart(g), self.forward_apart[g], uniforms))
            return np.array(parts)
        ones = np.ones(self.shared[0].shape), np.zeros(self.shared[0].shape, dtype=np.int32)
        layered = layer_kernels.layer_draws(ones, self.common, self.forward_common, random.random((number, 2 * p)))
        sums = self.sums_shared, self.sums_apart
        pair = layered, random.random((number, p, k + 1))
        return np.asarray(joint_kernels.draw_families(self.scores, self.shared, sums, self.rates, pair)[0])


def _wide(logs: FloatArray) -> Wide:
    from causalvalues.discovery import subset_kernels as kernels

    m, e = kernels.from_logs(np.ascontiguousarray(logs).ravel())
    return m.reshape(logs.shape), e.reshape(logs.shape)


def _summed(logs: FloatArray) -> tuple[Wide, Wide]:
    """Return scores as wide numbers, and their sums over subsets (last axis)."""
    from causalvalues.discovery import subset_kernels as kernels

    m, e = _wide(logs)
    sums_m, sums_e = m.copy(), e.copy()
    bits = int(logs.shape[-1]).bit_length() - 1
    for place in np.ndindex(logs.shape[:-1]):
        kernels.subset_sums(sums_m[place], sums_e[place], bits)
    return (m, e), _normalised(sums_m, sums_e)


def _normalised(m: FloatArray, e: np.ndarray) -> Wide:
    """Bring mantissas back near 1; a sum of at most 2^20 terms that lie within [2^-128, 2^128] needs one step."""
    from causalvalues.discovery.subset_kernels import HIGH, INVERSE

    large = m > HIGH
    return np.where(large, m * INVERSE, m), (e + large).astype(np.int32)
