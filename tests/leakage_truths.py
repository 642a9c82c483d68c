"""Made-up levers with known effects: ten aimed at Schwartz's values, three random ones, two guardrails."""

from __future__ import annotations

import numpy as np

from causalvalues.model.circle_order import circle_distances
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.theories import theory

VALUES = theory("schwartz-10").dimensions
GUARDS = ("fluency", "capability")
AIMS = {f"vec_{value}": value for value in VALUES}
CONTROLS = ("random_1", "random_2", "random_3")
ALLOWED = {"fluency": 0.10, "capability": 0.05}


def true_effects(dose: float = 1.0) -> np.ndarray:
    """Return the effect (13 levers, 12 dimensions) at a dose: neighbours gain, opposites lose, the aim saturates."""
    apart = circle_distances(list(VALUES), theory("schwartz-10"))
    strength = np.linspace(0.2, 0.6, len(VALUES))[:, None] * dose / (1 + dose / 2)
    of_values = strength * np.where(apart == 0, 1.0, 0.18 - 0.12 * apart / 2)
    chance = 0.05 * dose * np.random.default_rng(3).normal(size=(3, len(VALUES)))
    costs = np.tile([-0.05 * dose**2, -0.02 * dose], (13, 1))
    return np.hstack([np.vstack([of_values, chance]), costs])


def simulate(
    units: int = 20, doses: tuple[float, ...] = (1.0,), seed: int = 0, noise: float = 0.1, unequal: bool = True
) -> PairedRows:
    """Return rows of every lever alone, with an own effect of each unit and unequal numbers of rows."""
    random = np.random.default_rng(seed)
    levers = (*AIMS, *CONTROLS)
    p = len(VALUES) + len(GUARDS)
    noises = noise * np.array([1.0] * len(VALUES) + [0.3] * len(GUARDS))
    names: list[str] = []
    start, given, reached = [], [], []
    for unit in range(units):
        own, lean = random.normal(size=p), 1 + 0.3 * random.normal(size=(len(levers), p))
        error = 0.5 * noises * random.normal(size=p)
        for dose in doses:
            effects = true_effects(dose) * lean
            for k in range(len(levers)):
                for _ in range(random.integers(1, 4) if unequal else 1):
                    names.append(f"unit {unit:03d}")
                    start.append(own + error)
                    given.append(np.eye(len(levers))[k] * dose)
                    reached.append(own + effects[k] + noises * random.normal(size=p))
    return PairedRows((*VALUES, *GUARDS), levers, tuple(names), np.array(start), np.array(given), np.array(reached))
