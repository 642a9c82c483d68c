"""Is the plan the true optimum, is its bound a bound, and does nothing but the question change the answer?"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from causalvalues.interventions import Lever, Set, Shift
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import Enumerate, MixedInteger, PlanMethod, Status, Target, plan


def random_model(seed: int, draws: int = 6, values: int = 4, levers: int = 3) -> StructuralModel:
    """Draws of random graphs with saturated levers and some tried pairs and triples; orders of names are shuffled."""
    rng = np.random.default_rng(seed)
    value_names = tuple(rng.permutation([f"v{i}" for i in range(values)]))
    lever_names = tuple(rng.permutation([f"do_{i}" for i in range(levers)]))
    sets = [c for size in (2, 3) for c in itertools.combinations(lever_names, size)]
    tried = tuple(tuple(rng.permutation(c)) for c in sets if rng.random() < 0.5)
    m = values + levers + len(tried)
    b = np.zeros((draws, m, m))
    centre = rng.normal(size=(levers + len(tried), values))
    for draw in b:
        order = rng.permutation(values)
        for i, j in itertools.combinations(range(values), 2):
            if rng.random() < 0.5:
                draw[order[i], order[j]] = rng.normal() * 0.6
        draw[values:, :values] = centre + rng.normal(size=centre.shape) * 0.3
    return StructuralModel(
        values=value_names,
        levers=lever_names,
        combinations=tried,
        coefficients=b,
        intercepts=np.hstack([rng.normal(size=(draws, values)), np.zeros((draws, m - values))]),
        residual_scales=np.hstack([np.ones((draws, values)), np.zeros((draws, m - values))]),
        weights=rng.random(draws) + 0.1,
        kind="posterior",
    )


def random_question(model: StructuralModel, seed: int) -> tuple[dict[str, float] | None, Target, list[Lever], dict]:
    rng = np.random.default_rng([seed, 1])
    start = None if rng.random() < 0.3 else {name: float(rng.normal()) for name in model.values}
    named = list(rng.choice(model.values, size=rng.integers(1, len(model.values) + 1), replace=False))
    profile = {name: float(rng.normal() * 1.5) for name in named} if rng.random() < 0.85 else {}
    weights = {name: float(rng.random()) for name in profile if rng.random() < 0.5}
    ranking = tuple(rng.choice(model.values, size=2, replace=False)) if rng.random() < 0.4 or not profile else ()
    low = float(rng.normal() - 1.5)
    bounds = {str(rng.choice(model.values)): (low, low + 2.5)} if rng.random() < 0.3 else {}
    levers = [lever_on(rng, node, model) for node in model.levers]
    levers += [lever_on(rng, node, model) for node in model.values if rng.random() < 0.4]
    levers = [levers[i] for i in rng.permutation(len(levers))]
    target = Target(profile, float(rng.uniform(0.1, 0.6)), weights, ranking, float(rng.random()), bounds)
    rules = {
        "max_levers": int(rng.integers(1, 4)),
        "budget": math.inf if rng.random() < 0.5 else float(rng.uniform(0.5, 4)),
        "untried": bool(rng.random() < 0.4),
        "side_effect_weight": 0.0 if rng.random() < 0.5 else float(rng.random()),
    }
    return start, target, levers, rules


def lever_on(rng: np.random.Generator, node: str, model: StructuralModel) -> Lever:
    doses = (1.0,) if rng.random() < 0.5 else (1.0, float(rng.uniform(0.2, 0.9)), float(-rng.random() - 0.1))
    others = [name for name in model.levers if name != node]
    excludes = frozenset({str(rng.choice(others))}) if rng.random() < 0.2 else frozenset()
    return Lever(node, doses, cost=float(rng.uniform(0.5, 2)), excludes=excludes)


def brute_force(model: StructuralModel, start, target: Target, levers: list[Lever], rules: dict) -> list[dict]:
    """Every choice by itself, each draw solved equation by equation: residuals out, levers in, equations forward."""
    found = []
    for doses in itertools.product(*[(0.0, *lever.doses) for lever in levers]):
        on = {lever.node: dose for lever, dose in zip(levers, doses, strict=True) if dose}
        if not allowed(model, levers, on, rules):
            continue
        ends, begins = zip(*(forward(model, d, start, on) for d in range(len(model.weights))), strict=True)
        goal = [{**begin, **target.profile} for begin in begins]
        error = 0.0
        for weight, end, wanted in zip(model.weights, ends, goal, strict=True):
            for name in model.values:
                heavy = weight_of(name, target, rules)
                error += weight * heavy * abs(end[name] - wanted[name])
        mean = {v: sum(w * e[v] for w, e in zip(model.weights, ends, strict=True)) for v in model.values}
        violation = sum(max(0.0, mean[b] + target.margin - mean[a]) for a, b in itertools.pairwise(target.ranking))
        for name, (low, high) in target.bounds.items():
            violation += max(0.0, low - mean[name]) + max(0.0, mean[name] - high)
        cost = sum(lever.cost * abs(on.get(lever.node, 0.0)) for lever in levers)
        found.append({"on": on, "error": error, "violation": violation, "mean": mean, "cost": cost})
    return sorted(found, key=lambda item: item["error"])


def weight_of(name: str, target: Target, rules: dict) -> float:
    if not target.profile:
        return 1.0
    if name in target.profile:
        return target.weights.get(name, 1.0)
    return 0.0 if name in target.ranking or name in target.bounds else rules["side_effect_weight"]


def allowed(model: StructuralModel, levers: list[Lever], on: dict[str, float], rules: dict) -> bool:
    used = [lever for lever in levers if lever.node in on]
    nodes = {lever.node for lever in used if lever.node in model.levers}
    tried = len(nodes) < 2 or rules["untried"] or any(nodes == set(cell) for cell in model.combinations)
    together = not any(other in on for lever in used for other in lever.excludes)
    cheap = sum(lever.cost * abs(on[lever.node]) for lever in used) <= rules["budget"] * (1 + 1e-12)
    return tried and together and cheap and len(used) <= rules["max_levers"]


def forward(model: StructuralModel, draw: int, start, on: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Profile after and before the levers, by solving the equations of one draw in the order of the graph."""
    b, a = model.coefficients[draw], model.intercepts[draw]
    p = len(model.values)
    exogenous = [on.get(lever, 0.0) for lever in model.levers]
    exogenous += [math.prod(on.get(lever, 0.0) for lever in cell) for cell in model.combinations]

    def solve(residual: np.ndarray, lever_part: bool) -> dict[str, float]:
        x: dict[int, float] = {}
        while len(x) < p:
            for j in range(p):
                parents = [i for i in range(p) if b[i, j] != 0]
                if j in x or any(i not in x for i in parents):
                    continue
                x[j] = a[j] + residual[j] + sum(b[i, j] * x[i] for i in parents)
                if lever_part:
                    x[j] += sum(b[p + t, j] * dose for t, dose in enumerate(exogenous)) + on.get(model.values[j], 0.0)
        return {name: float(x[j]) for j, name in enumerate(model.values)}

    residual = np.zeros(p)
    if start is not None:
        facts = np.array([start[name] for name in model.values])
        residual = np.array([facts[j] - a[j] - sum(b[i, j] * facts[i] for i in range(p)) for j in range(p)])
    return solve(residual, lever_part=True), solve(residual, lever_part=False)


def assert_agrees(model: StructuralModel, seed: int, method: PlanMethod) -> Status:
    start, target, levers, rules = random_question(model, seed)
    found = plan(model, start, target, levers, replace(method, **rules))
    every = brute_force(model, start, target, levers, rules)
    feasible = [item for item in every if item["violation"] <= 1e-9]
    chosen = next(item for item in every if item["on"] == dict(found.doses))
    assert found.objective == pytest.approx(chosen["error"], abs=1e-9)
    assert found.cost == pytest.approx(chosen["cost"])
    assert [found.predicted.loc[v, "mean"] for v in model.values] == pytest.approx(list(chosen["mean"].values()))
    if not feasible:
        assert found.status is Status.INFEASIBLE
        assert chosen["violation"] == pytest.approx(min(item["violation"] for item in every), abs=1e-5)
        assert math.isnan(found.lower_bound)
        assert found.limits
        return found.status
    best = feasible[0]
    assert found.objective == pytest.approx(best["error"], abs=1e-9)
    assert found.lower_bound <= best["error"] + 1e-9
    assert found.lower_bound >= best["error"] - 1e-4
    assert chosen["violation"] <= 1e-9
    inside = all(abs(chosen["mean"][v] - wanted) <= target.tolerance for v, wanted in target.profile.items())
    assert found.status is (Status.OPTIMAL if inside else Status.UNREACHABLE)
    following = [item["error"] for item in feasible[1 : 1 + method.alternatives]]
    assert list(found.alternatives["objective"]) == pytest.approx(following, abs=1e-9)
    assert all(dict(other) != dict(found.doses) for other in found.alternatives["doses"])
    return found.status


def test_enumeration_equals_a_brute_force_that_solves_every_equation_by_itself() -> None:
    reached = {assert_agrees(random_model(seed), seed, Enumerate(alternatives=5)) for seed in range(200)}
    assert reached == {Status.OPTIMAL, Status.UNREACHABLE, Status.INFEASIBLE}


def test_mixed_integer_programs_equal_the_brute_force_with_fewer_groups_than_draws() -> None:
    method = MixedInteger(alternatives=2)
    reached = {assert_agrees(random_model(seed), seed, method) for seed in range(300, 340)}
    assert reached == {Status.OPTIMAL, Status.UNREACHABLE, Status.INFEASIBLE}
