"""Small models for the tests of what a plan means."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from causalvalues.model.structural import StructuralModel

VALUES = ("security", "benevolence", "power")


def structural_model(seed: int, draws: int = 6, joint: bool = True) -> StructuralModel:
    """Random draws over three values, three levers and, with `joint`, one combination; the causal order differs."""
    rng = np.random.default_rng(seed)
    p, levers = len(VALUES), ("x", "y", "z")
    cells = (("x", "y"),) if joint else ()
    m = p + len(levers) + len(cells)
    coefficients = np.zeros((draws, m, m))
    for draw in range(draws):
        order = rng.permutation(p)
        for i, j in combinations(range(p), 2):
            if rng.random() < 0.7:
                coefficients[draw, order[i], order[j]] = rng.normal()
        coefficients[draw, p:, :p] = rng.normal(size=(m - p, p)) * (rng.random((m - p, p)) < 0.8)
    scales = np.zeros((draws, m))
    scales[:, :p] = rng.uniform(0.5, 1.5, (draws, p))
    intercepts = np.zeros((draws, m))
    intercepts[:, :p] = rng.normal(size=(draws, p))
    return StructuralModel(
        values=VALUES,
        levers=levers,
        combinations=cells,
        coefficients=coefficients,
        intercepts=intercepts,
        residual_scales=scales,
        weights=rng.uniform(0.5, 1.0, draws),
    )


@dataclass(frozen=True, eq=False)
class Responding:
    """A mechanism that saturates: start + pull * n * (centre - start) + sum of doses * effects / (1 + n / 2)."""

    values: tuple[str, ...]
    levers: tuple[str, ...]
    effects: np.ndarray
    pull: float = 0.2
    deviation: float = 0.0
    tried: frozenset[frozenset[str]] = frozenset()

    @property
    def weights(self) -> np.ndarray:
        return np.full(len(self.effects), 1 / len(self.effects))

    @property
    def noise(self) -> np.ndarray:
        return np.eye(len(self.values)) * self.deviation**2

    def profiles(self, start: np.ndarray, doses: np.ndarray) -> np.ndarray:
        n = np.abs(doses).sum(axis=1)
        pulled = start + np.minimum(self.pull * n, 1.0)[:, None] * (0.5 - start)
        return pulled[None] + np.einsum("mk,skp->smp", doses, self.effects) / (1 + n / 2)[None, :, None]


def responding(seed: int, draws: int = 5, spread: float = 0.05, deviation: float = 0.0) -> Responding:
    """Three values (not in name order), three levers, effects that differ a little between draws."""
    rng = np.random.default_rng(seed)
    effects = rng.normal(0, 0.3, (3, 3)) + rng.normal(0, spread, (draws, 3, 3))
    tried = frozenset({frozenset({"x", "y"}), frozenset({"x", "z"}), frozenset({"y", "z"})})
    return Responding(("security", "benevolence", "power"), ("y", "x", "z"), effects, deviation=deviation, tried=tried)


START = {"power": 0.4, "security": 0.6, "benevolence": 0.3}
