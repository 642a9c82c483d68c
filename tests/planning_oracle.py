"""Small planning questions, and every choice of them scored in plain Python."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import Target


def lever_model(seed: int, levers: int = 5, values: int = 3, draws: int = 12) -> StructuralModel:
    """Draws of levers with direct effects on values that also act on each other; weights differ."""
    rng = np.random.default_rng([91, seed])
    b = np.zeros((draws, values + levers, values + levers))
    b[:, values:, :values] = rng.normal(size=(levers, values)) * 0.6 + rng.normal(size=(draws, levers, values)) * 0.3
    for i, j in itertools.combinations(range(values), 2):
        b[:, i, j] = rng.normal() * 0.3
    return StructuralModel(
        values=tuple(f"v{i}" for i in range(values)),
        levers=tuple(f"x{i}" for i in range(levers)),
        coefficients=b,
        intercepts=np.zeros((draws, values + levers)),
        residual_scales=np.hstack([np.full((draws, values), 0.2), np.zeros((draws, levers))]),
        weights=rng.random(draws) + 0.1,
        kind="posterior",
    )


@dataclass(frozen=True)
class Chosen:
    """One choice of the brute force."""

    doses: dict[str, float]
    reached: np.ndarray
    cost: float = 0.0
    losses: np.ndarray = field(default_factory=lambda: np.zeros(0))


def every_choice(model: StructuralModel, start: dict[str, float], levers: list[Lever], most: int) -> Iterator[Chosen]:
    """Every choice of at most `most` levers that keeps exclusions and prerequisites, with its profiles (s, p)."""
    begin = np.array([start[name] for name in model.values])
    p = len(model.values)
    total = model.total
    for doses in itertools.product(*[(0.0, *lever.doses) for lever in levers]):
        on = {lever.node: dose for lever, dose in zip(levers, doses, strict=True) if dose}
        used = [lever for lever in levers if lever.node in on]
        if len(on) > most or any(other in on for lever in used for other in lever.excludes):
            continue
        if any(other not in on for lever in used for other in lever.requires):
            continue
        moved = sum((dose * total[:, model.place(node), :p] for node, dose in on.items()), np.zeros((len(total), p)))
        cost = math.fsum(lever.cost * abs(on[lever.node]) for lever in used)
        yield Chosen(on, begin + moved, cost)


def losses_of(kind: str, reached: np.ndarray, target: Target, names: tuple[str, ...]) -> np.ndarray:
    """The loss of each draw, value by value."""
    found = []
    for profile in reached:
        errors = {name: profile[names.index(name)] - wanted for name, wanted in target.profile.items()}
        weighed = {name: target.weights.get(name, 1.0) for name in errors}
        if kind == "absolute":
            found.append(math.fsum(weighed[name] * abs(error) for name, error in errors.items()))
        elif kind == "squared":
            found.append(math.fsum(weighed[name] * error**2 for name, error in errors.items()))
        elif kind == "worst":
            found.append(max(weighed[name] * abs(error) for name, error in errors.items()))
        elif kind == "rank":
            from scipy.stats import spearmanr

            ends = [profile[names.index(name)] for name in target.profile]
            found.append(1.0 - spearmanr(ends, list(target.profile.values())).statistic)
        else:
            found.append(float(any(abs(error) > target.tolerance for error in errors.values())))
    return np.array(found)


def risk_of(kind: str, losses: np.ndarray, weights: np.ndarray, alpha: float = 0.8) -> float:
    """Mean, worst, or min over eta of eta + E(L - eta)+ / (1 - alpha), which is the CVaR."""
    if kind == "mean":
        return float(weights @ losses)
    if kind == "worst":
        return float(losses.max())
    return min(float(eta + weights @ np.maximum(losses - eta, 0.0) / (1 - alpha)) for eta in losses)
