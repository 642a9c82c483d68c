"""Do levers keep their rules: prerequisites, exclusions, costs, continuous doses, stated effects?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from planning_oracle import every_choice, lever_model
from scipy.optimize import minimize

from causalvalues.errors import PlanError
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import (
    AbsoluteError,
    Enumerate,
    MixedInteger,
    SquaredError,
    Status,
    Target,
    WorstDimension,
    pareto,
    pareto_search,
    plan,
)
from causalvalues.planning.choice_table import all_choices
from causalvalues.planning.pose import pose

START = {"v0": 0.0, "v1": 0.0, "v2": 0.0}
WANTED = Target({"v0": 0.9, "v1": -0.6, "v2": 0.4})


def ruled(seed: int) -> tuple[StructuralModel, list[Lever]]:
    rng, model = np.random.default_rng([95, seed]), lever_model(seed)
    levers = []
    for i, node in enumerate(model.levers):
        others = [other for other in model.levers if other != node]
        required = {str(rng.choice(others))} if rng.random() < 0.5 else set()
        excluded = {str(rng.choice(others))} - required if rng.random() < 0.3 else set()
        doses = (1.0, 0.4) if i % 2 else (1.0,)
        levers.append(Lever(node, doses, float(rng.random()), frozenset(excluded), requires=frozenset(required)))
    return model, levers


@pytest.mark.parametrize("method", [Enumerate(), MixedInteger()])
def test_prerequisites_and_exclusions_are_kept_and_the_rest_is_searched(method: Enumerate | MixedInteger) -> None:
    used = 0
    for seed in range(6 if isinstance(method, MixedInteger) else 40):
        model, levers = ruled(seed)
        found = plan(model, START, WANTED, levers, replace(method, untried=True, budget=1.2, alternatives=2))
        every = sorted(
            (float(model.weights @ np.abs(c.reached - [0.9, -0.6, 0.4]).sum(axis=1)), sorted(c.doses.items()))
            for c in every_choice(model, START, levers, 3)
            if c.cost <= 1.2
        )
        assert found.objective == pytest.approx(every[0][0], abs=1e-9)
        assert sorted(found.doses.items()) == every[0][1]
        used += any(levers[model.levers.index(node)].requires for node in found.doses)
    assert used


def test_the_table_of_choices_is_that_of_the_brute_force() -> None:
    for seed in range(20):
        model, levers = ruled(seed)
        problem = pose(model, START, WANTED, levers, Enumerate(untried=True, budget=1.0, max_levers=4))
        listed = {tuple((problem.levers[i].node, dose) for i, dose in choice) for choice in all_choices(problem)}
        counted = [tuple(sorted(c.doses.items())) for c in every_choice(model, START, levers, 4) if c.cost <= 1.0]
        assert listed == set(counted)
        assert len(all_choices(problem)) == len(counted)


def test_the_k_best_are_the_k_best_of_the_brute_force() -> None:
    for seed in range(10):
        model, levers = lever_model(seed), [Lever(node, (1.0, 0.5)) for node in lever_model(seed).levers]
        found = plan(model, START, Target(WANTED.profile, 50.0), levers, Enumerate(untried=True, alternatives=11))
        every = sorted(
            float(model.weights @ np.abs(c.reached - [0.9, -0.6, 0.4]).sum(axis=1))
            for c in every_choice(model, START, levers, 3)
        )
        assert [found.objective, *found.alternatives["objective"]] == pytest.approx(every[:12], abs=1e-12)
        said = [sorted(doses.items()) for doses in found.alternatives["doses"]]
        assert len({tuple(each) for each in said}) == 11


def test_dropping_a_prerequisite_is_named_when_it_would_help() -> None:
    effects = np.zeros((4, 4))
    effects[2, 0], effects[3, 0] = 1.0, -0.7
    model = StructuralModel.from_coefficients(["a", "b", "x", "y"], effects, levers=["x", "y"])
    levers = [Lever("x", requires=frozenset({"y"})), Lever("y")]
    found = plan(model, {"a": 0, "b": 0}, Target({"a": 1.0}), levers, Enumerate(untried=True))
    assert found.doses == {"x": 1.0, "y": 1.0}
    assert any(s.startswith("Using 'x' without 'y'") and "reaches the target" in s for s in found.limits)


def test_a_budget_of_zero_leaves_free_levers_or_nothing_and_says_so() -> None:
    model = lever_model(0)
    free = [Lever(node, cost=0.0 if node == "x1" else 1.0) for node in model.levers]
    for method in (Enumerate(budget=0.0, untried=True), MixedInteger(budget=0.0, untried=True)):
        found = plan(model, START, WANTED, free, method)
        assert set(found.doses) <= {"x1"}
        assert "The budget is zero, only levers without cost may be used: 'x1'." in found.notes
        nothing = plan(model, START, WANTED, [Lever(node) for node in model.levers], method)
        assert nothing.doses == {}
        assert "The budget is zero, so no lever can be used." in nothing.notes


def test_a_lever_never_seen_needs_a_stated_effect_and_is_marked() -> None:
    model = lever_model(1)
    levers = [Lever(node) for node in model.levers]
    with pytest.raises(PlanError, match=r"no node 'new'.*never seen in the data needs a stated effect: Lever\('new'"):
        plan(model, START, WANTED, [*levers, Lever("new")])
    with pytest.raises(PlanError, match=r"'x0' has a stated prior, but the model knows it"):
        plan(model, START, WANTED, [replace(levers[0], prior={"v0": (1, 0)})])
    with pytest.raises(PlanError, match=r"prior of lever 'new' names 'w'.*Known|Did you mean"):
        plan(model, START, WANTED, [Lever("new", prior={"w": (1, 0)})])
    stated = Lever("new", prior={"v0": (0.9, 0.1), "v1": (-0.6, 0.3), "v2": (0.4, 0.0)})
    found = plan(model, START, WANTED, [*levers, stated])
    assert found.doses == {"new": 1.0}
    assert found.predicted["mean"].tolist() == pytest.approx([0.9, -0.6, 0.4])
    width = (found.predicted["upper"] - found.predicted["lower"]).tolist()
    assert width == pytest.approx([2 * 1.645 * 0.1, 2 * 1.645 * 0.3, 0.0], rel=0.15)
    assert found.objective == pytest.approx(math.sqrt(2 / math.pi) * 0.4, rel=0.1)
    assert found.ledger["basis"].tolist() == ["by prior only"]
    assert "stated by the user, never seen in the data" in found.ledger["rests_on"][0]
    again = plan(model, START, WANTED, [stated, *levers[::-1]])
    assert again.objective == found.objective
    with pytest.raises(PlanError, match=r"prior of lever 'n' on 'a' is 1\.0 with sd -1\.0"):
        Lever("n", prior={"a": (1, -1)})


def loss_of(model: StructuralModel, objective: AbsoluteError, doses: np.ndarray, on: float) -> float:
    effects = [model.total[:, model.place(node), :3] for node in ("v0", "v1", "x0")]
    reached = doses[0] * effects[0] + doses[1] * effects[1] + on * effects[2]
    parts = objective.parts(np.array([0.9, -0.6, 0.4]) - reached, np.ones(3))
    return float(model.weights @ parts.sum(axis=1))


@pytest.mark.parametrize("objective", [AbsoluteError(), SquaredError(), WorstDimension()])
def test_a_continuous_push_is_the_optimum_that_a_direct_search_finds(objective: AbsoluteError) -> None:
    for seed in range(4):
        model = lever_model(seed)
        levers = [Lever("v0", interval=(-1.5, 1.5)), Lever("v1", interval=(0.2, 2.0)), Lever("x0")]
        found = plan(model, START, WANTED, levers, MixedInteger(objective=objective, alternatives=0))
        best = math.inf
        for on in (0.0, 1.0):
            for low, high in ((0.2, 2.0), (0.0, 0.0)):
                for begin in ((0.1, max(low, 0.0)), (-0.8, high), (0.9, (low + high) / 2)):
                    solved = minimize(
                        lambda doses, model=model, on=on: loss_of(model, objective, doses, on),
                        begin,
                        method="Nelder-Mead",
                        bounds=[(-1.5, 1.5), (low, high)],
                        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000},
                    )
                    best = min(best, float(solved.fun))
        assert found.status is not Status.TIME_LIMIT
        assert found.objective <= best + 1e-5
        assert found.lower_bound <= best + 1e-9
        doses = np.array([found.doses.get("v0", 0.0), found.doses.get("v1", 0.0)])
        assert found.objective == pytest.approx(loss_of(model, objective, doses, found.doses.get("x0", 0.0)), abs=1e-9)
        assert doses[1] == 0.0 or 0.2 <= doses[1] <= 2.0


def test_continuous_doses_keep_budget_and_constraints() -> None:
    b = np.zeros((3, 3))
    b[2, 0] = 1.0
    model = StructuralModel.from_coefficients(["a", "b", "x"], b, levers=["x"])
    start = {"a": 0.0, "b": 0.0}
    levers = [Lever("a", interval=(-2, 2), cost=2.0), Lever("b", interval=(-2, 2), cost=1.0)]
    found = plan(model, start, Target({"a": 1.0, "b": -1.0}), levers, MixedInteger(budget=2.0, alternatives=0))
    assert found.cost <= 2.0
    assert found.cost == pytest.approx(2.0, abs=1e-5)
    assert found.objective == pytest.approx(0.5, abs=1e-5)
    assert found.doses["b"] == pytest.approx(-1.0, abs=1e-5)
    bound = Target({"a": 1.5}, bounds={"a": (-9, 0.7)})
    held = plan(model, start, bound, levers, MixedInteger(alternatives=0))
    assert held.status is Status.UNREACHABLE
    assert held.predicted.loc["a", "mean"] == pytest.approx(0.7, abs=1e-5)
    assert held.predicted.loc["a", "mean"] <= 0.7 + 1e-9


def test_continuous_doses_that_cannot_be_listed_or_multiplied_are_refused() -> None:
    model = lever_model(0)
    with pytest.raises(PlanError, match=r"'x0' has a continuous dose, which cannot be listed.*MixedInteger"):
        plan(model, START, WANTED, [Lever("x0", interval=(0, 1))])
    with pytest.raises(PlanError, match="cannot be listed"):
        pareto(model, START, WANTED, [Lever("x0", interval=(0, 1))])
    b = np.zeros((5, 5))
    b[2:, 0] = 1.0
    joint = StructuralModel(
        ("a", "b"), b[None], np.zeros((1, 5)), np.zeros((1, 5)), np.ones(1), ("x", "y"), (("x", "y"),)
    )
    levers = [Lever("x", interval=(0.1, 1)), Lever("y")]
    with pytest.raises(PlanError, match=r"product of doses and not linear\. List its doses, or leave 'y' out"):
        plan(joint, {"a": 0, "b": 0}, Target({"a": 1}), levers, MixedInteger())
    alone = plan(joint, {"a": 0, "b": 0}, Target({"a": 0.63}), levers[:1], MixedInteger())
    assert alone.doses["x"] == pytest.approx(0.63, abs=1e-5)


BAD = {
    "interval": (lambda: Lever("x", interval=(1, 1)), r"interval \[1\.0, 1\.0\].*low < high"),
    "both": (lambda: Lever("x", (0.5,), interval=(0, 1)), r"both doses \(0\.5,\) and an interval"),
    "cost": (lambda: Lever("x", cost=-1), r"'x' has the cost -1"),
    "requires itself": (lambda: Lever("x", requires=frozenset({"x"})), r"'x' requires itself"),
    "requires what it excludes": (
        lambda: Lever("x", requires=frozenset({"y"}), excludes=frozenset({"y"})),
        r"requires 'y', which it also excludes",
    ),
    "requires what is not offered": (
        lambda: plan(lever_model(0), START, WANTED, [Lever("x0", requires=frozenset({"x1"}))]),
        r"'x0' requires 'x1', which is not offered",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_lever_is_refused_by_name(case: str) -> None:
    make, message = BAD[case]
    with pytest.raises(PlanError, match=message):
        make()


@pytest.mark.parametrize("block", [3, 512])
def test_the_front_holds_every_choice_that_nothing_beats_and_nothing_else(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pareto_search, "_BLOCK", block)
    for seed in range(8):
        model, levers = ruled(seed)
        target = Target({"v0": 0.9, "v1": -0.6})
        front = pareto(model, START, target, levers, Enumerate(untried=True)).table
        points = []
        for choice in every_choice(model, START, levers, 3):
            error = model.weights @ np.abs(choice.reached[:, :2] - [0.9, -0.6]).sum(axis=1)
            points.append((float(error), choice.cost, float(model.weights @ np.abs(choice.reached[:, 2]))))
        kept = [p for p in points if not any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in points)]
        found = front[["objective", "cost", "side_effects"]].to_numpy()
        np.testing.assert_allclose(found, np.array(sorted(kept)), atol=1e-9)
        best = plan(model, START, target, levers, Enumerate(untried=True))
        assert front["objective"].min() == pytest.approx(best.objective, abs=1e-12)
