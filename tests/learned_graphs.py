"""Posteriors and models with about as many edges as asked for, for figures."""

from __future__ import annotations

import numpy as np

from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.structural import StructuralModel
from causalvalues.randomness import stream


def learned(names: tuple[str, ...], edges: float, seed: int, levers: int = 0) -> tuple[GraphPosterior, StructuralModel]:
    """Return a posterior of 20 draws with about `edges` edges a node, and a model with the same draws."""
    rng, p, s = stream(seed, "figure"), len(names), 20
    order = rng.permutation(p)
    there = np.triu(rng.random((p, p)) < 2 * edges / (p - 1), 1) * rng.choice([1.0, 0.8, 0.6], size=(p, p))
    size = rng.choice([-1, 1], size=(p, p)) * rng.uniform(0.15, 0.9, size=(p, p))
    draws, coefficients = np.zeros((s, p, p), dtype=bool), np.zeros((s, p + levers, p + levers))
    for draw in range(s):
        for a, b in zip(*np.nonzero(rng.random((p, p)) < there), strict=True):
            draws[draw, order[a], order[b]] = True
            coefficients[draw, order[a], order[b]] = size[a, b] + rng.normal(0, 0.05)
        for lever in range(levers):
            coefficients[draw, p + lever, :p] = rng.normal(0, 0.05, p) + 0.8 * (np.arange(p) == lever)
            coefficients[draw, p + lever, (lever + 4) % p] -= 0.5
    acting = tuple(f"do_{name}" for name in names[:levers])
    posterior = GraphPosterior(
        names, draws, np.ones(s), "posterior", draws.mean(axis=0), np.zeros((p, p)), False, "by hand", levers=acting
    )
    ones = np.ones((s, p + levers))
    model = StructuralModel(names, coefficients, 0 * ones, ones, np.ones(s), levers=acting, kind="posterior")
    return posterior, model
