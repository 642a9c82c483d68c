"""Prior distributions over directed acyclic graphs: modular weights, one factor for each node's number of parents."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, lgamma, log

import numpy as np

from causalvalues.errors import DiscoveryError
from causalvalues.frozen import FloatArray


@dataclass(frozen=True)
class UniformDags:
    """Every directed acyclic graph has the same probability."""

    def log_weights(self, p: int) -> FloatArray:
        """Return the log weight of 0, ..., p - 1 parents."""
        return np.zeros(p)


@dataclass(frozen=True)
class SparseDags:
    """A graph's probability is proportional to odds^(number of edges).

    Parameters
    ----------
    odds : float, default 0.25
        Below 1 for sparse graphs.
    """

    odds: float = 0.25

    def log_weights(self, p: int) -> FloatArray:
        """Return the log weight of 0, ..., p - 1 parents."""
        if not self.odds > 0:
            raise DiscoveryError(f"The odds of an edge must be above 0; they are {self.odds}.")
        return log(self.odds) * np.arange(p, dtype=np.float64)


@dataclass(frozen=True)
class FairParents:
    """Every number of parents has the same weight: 1 / C(p - 1, l) for each set of l (Friedman and Koller 2003)."""

    def log_weights(self, p: int) -> FloatArray:
        """Return the log weight of 0, ..., p - 1 parents."""
        return np.array([lgamma(size + 1) + lgamma(p - size) - lgamma(p) for size in range(p)])


GraphPrior = UniformDags | SparseDags | FairParents


def prior_edge_probability(prior: GraphPrior, p: int) -> float:
    """Return the prior's P(i -> j) for p exchangeable nodes without knowledge.

    By root layers over set sizes alone: state (s, j) = nodes so far and size of the last layer. The expected number of
    edges is d log Z / dz for weights w_l z^l, taken by a complex step.

    Examples
    --------
    >>> round(prior_edge_probability(UniformDags(), 2), 6)  # 3 graphs on two nodes
    0.333333
    """
    step = 1e-30
    weights = np.exp(prior.log_weights(p)) * (1 + 1j * step) ** np.arange(p)
    inside = [sum(comb(size, k) * weights[k] for k in range(size + 1)) for size in range(p)]
    reach = {(k, k): comb(p, k) * inside[0] ** k for k in range(1, p + 1)}
    total = reach.get((p, p), 0.0)
    for size in range(1, p):
        for last in range(1, size + 1):
            start = reach.get((size, last))
            if start is None:
                continue
            gain = inside[size] - inside[size - last]
            for k in range(1, p - size + 1):
                amount = start * comb(p - size, k) * gain**k
                if size + k == p:
                    total += amount
                else:
                    reach[(size + k, k)] = reach.get((size + k, k), 0.0) + amount
    expected = np.imag(np.log(total)) / step
    return float(expected / (p * (p - 1))) if p > 1 else 0.0
