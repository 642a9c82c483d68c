"""Is the plan the true optimum, is its bound a bound, and does nothing but the question change the answer?"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from causalvalues.interventions import Lever, Set, Shift
from causalvalues.model.counterfactuals import counterfactual
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import (
    Enumerate,
    MixedInteger,
    Plan,
    PlanMethod,
    Status,
    Target,
    enumeration,
    mixed_integer,
    plan,
)
from causalvalues.planning.choice_table import all_choices
from causalvalues.planning.pose import pose
from causalvalues.planning.problem import errors_of
from causalvalues.planning.scoring import tangent


def random_model(seed: int, draws: int = 6, values: int = 4, levers: int = 3) -> StructuralModel:
    """Draws of random graphs with saturated levers and some tried pairs and triples; orders of names are shuffled."""
    rng = np.random.default_rng(seed)
    value_names = tuple(rng.permutation([f"v{i}" for i in range(values)]).tolist())
    lever_names = tuple(rng.permutation([f"do_{i}" for i in range(levers)]).tolist())
    sets = [c for size in (2, 3) for c in itertools.combinations(lever_names, size)]
    tried = tuple(tuple(rng.permutation(c).tolist()) for c in sets if rng.random() < 0.5)
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
    named = list(rng.choice(model.values, size=rng.integers(1, len(model.values) + 1), replace=False).tolist())
    profile = {name: float(rng.normal() * 1.5) for name in named} if rng.random() < 0.85 else {}
    weights = {name: float(rng.random()) for name in profile if rng.random() < 0.5}
    ranking = (
        tuple(rng.choice(model.values, size=2, replace=False).tolist()) if rng.random() < 0.4 or not profile else ()
    )
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


def ends_inside(item: dict, target: Target) -> bool:
    return all(abs(item["mean"][v] - wanted) <= target.tolerance for v, wanted in target.profile.items())


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


def forward(
    model: StructuralModel, draw: int, start, on: dict[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
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
    assert_reach(found, feasible, chosen, target)
    following = [item["error"] for item in feasible[1 : 1 + method.alternatives]]
    listed = list(found.alternatives["objective"])
    if found.status is Status.TRADE_OFF:
        first = listed.pop(0)
        listed = listed if len(listed) == len(following) else sorted([first, *listed])
    assert listed == pytest.approx(following, abs=1e-9)
    assert all(dict(other) != dict(found.doses) for other in found.alternatives["doses"])
    return found.status


def assert_reach(found: Plan, feasible: list[dict], chosen: dict, target: Target) -> None:
    """Status and alternatives say which choices end inside the tolerance, and which of these is the best."""
    inside = [item["error"] for item in feasible if ends_inside(item, target)]
    if ends_inside(chosen, target):
        assert found.status is Status.OPTIMAL
    else:
        assert found.status is (Status.TRADE_OFF if inside else Status.UNREACHABLE)
    if found.status is Status.TRADE_OFF:
        assert found.alternatives["inside"][0]
        assert found.alternatives["objective"][0] == pytest.approx(min(inside), abs=1e-9)
        assert found.limits[0].startswith("Another choice ends inside the tolerance")
    for doses, on in zip(found.alternatives["doses"], found.alternatives["inside"], strict=True):
        assert ends_inside(next(item for item in feasible if item["on"] == dict(doses)), target) == on
    assert not any("do not reach further" in limit for limit in found.limits if inside)


def test_enumeration_equals_a_brute_force_that_solves_every_equation_by_itself() -> None:
    reached = {assert_agrees(random_model(seed), seed, Enumerate(alternatives=5)) for seed in range(200)}
    assert reached == {Status.OPTIMAL, Status.TRADE_OFF, Status.UNREACHABLE, Status.INFEASIBLE}


def test_pruning_by_tangents_loses_no_optimum_and_no_alternative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enumeration, "_FEW", 0)
    monkeypatch.setattr(enumeration, "_BLOCK", 3)
    for seed in range(200, 300):
        assert_agrees(random_model(seed), seed, Enumerate(alternatives=2))


def test_mixed_integer_programs_equal_the_brute_force() -> None:
    reached = {assert_agrees(random_model(seed), seed, MixedInteger(alternatives=2)) for seed in range(300, 345)}
    assert reached == {Status.OPTIMAL, Status.TRADE_OFF, Status.UNREACHABLE, Status.INFEASIBLE}


def test_mixed_integer_programs_need_no_good_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixed_integer, "_climb", lambda *_: None)
    for seed in range(345, 375):
        assert_agrees(random_model(seed), seed, MixedInteger(alternatives=1))


def test_both_methods_agree_on_a_larger_problem() -> None:
    model = random_model(5, draws=40, values=6, levers=5)
    target = Target({name: float(i % 3 - 1) for i, name in enumerate(sorted(model.values))})
    levers = [Lever(node, (0.5, 1.0)) for node in model.nodes[:11]]
    one = plan(model, None, target, levers, Enumerate(alternatives=3))
    two = plan(model, None, target, levers, MixedInteger(alternatives=3, time_limit=300))
    assert one.doses == two.doses
    assert len(one.doses) > 1
    assert one.objective == two.objective == one.lower_bound
    assert two.objective - 1e-5 < two.lower_bound <= two.objective
    assert [dict(d) for d in one.alternatives["doses"]] == [dict(d) for d in two.alternatives["doses"]]


def test_every_tangent_lies_below_every_expected_error_and_touches_its_own() -> None:
    for seed in range(20):
        model = random_model(seed)
        start, target, levers, rules = random_question(model, seed)
        problem = pose(model, start, target, levers, Enumerate(**{**rules, "untried": True, "budget": math.inf}))
        choices = all_choices(problem)[::7]
        for at in choices:
            constant, slopes = tangent(problem, at)
            for choice in choices:
                expected = problem.weights @ np.abs(errors_of(problem, choice)) * problem.error_weights
                doses = dict(choice)
                terms = [doses.get(i, 0.0) for i in range(len(problem.levers))]
                terms += [math.prod(doses.get(i, 0.0) for i in cell) for cell in problem.combinations]
                bound = constant - np.array(terms) @ slopes
                assert (bound <= expected + 1e-12).all()
                if choice == at:
                    assert bound == pytest.approx(expected, abs=1e-12)


def test_the_bound_stays_a_bound_when_time_runs_out() -> None:
    model = random_model(7, draws=40, values=8, levers=7)
    target = Target({name: float(i % 3 - 1) for i, name in enumerate(sorted(model.values))})
    levers = [Lever(node, (0.5, 1.0)) for node in model.nodes[:15]]
    best = plan(model, None, target, levers, Enumerate(alternatives=0)).objective
    stopped = plan(model, None, target, levers, MixedInteger(alternatives=0, time_limit=1e-9))
    assert stopped.status is Status.TIME_LIMIT
    assert stopped.lower_bound <= best <= stopped.objective
    assert any("time" in sentence for sentence in stopped.limits)


def test_a_bound_between_rounds_is_below_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    model = random_model(8, draws=40, values=8, levers=7)
    target = Target({name: float(i % 3 - 1) for i, name in enumerate(sorted(model.values))})
    problem = pose(model, None, target, [Lever(node, (0.5, 1.0)) for node in model.nodes[:15]], MixedInteger())
    best = enumeration.search_all(problem, 1).best[0].objective
    answered = mixed_integer._solve
    rounds = []

    def stop_after_two(*arguments, **named):
        answer = answered(*arguments, **named)
        rounds.append(answer.bound)
        return replace(answer, finished=len(rounds) < 2)

    monkeypatch.setattr(mixed_integer, "_solve", stop_after_two)
    stopped = mixed_integer.branch_and_cut(problem, 1, 60.0)
    assert len(rounds) == 2
    assert not stopped.proven
    assert 0 < stopped.lower_bound <= best <= stopped.best[0].objective


def test_the_prediction_is_the_counterfactual_of_the_chosen_interventions() -> None:
    model = random_model(11, draws=1)
    start = pd.Series({name: 0.3 * i for i, name in enumerate(model.values)})
    levers = [Lever(model.levers[0], (0.5, 1.0)), Lever(model.levers[1]), Lever(model.values[2], (-0.4,))]
    wanted = (Set(model.levers[0], 0.5), Set(model.levers[1], 1.0), Shift(model.values[2], -0.4))
    goal = counterfactual(model, start, wanted).mean().iloc[0]
    found = plan(model, start, Target(goal.to_dict()), levers, Enumerate(untried=True))
    assert set(found.interventions) == set(wanted)
    assert found.objective == pytest.approx(0.0, abs=1e-12)
    assert found.predicted["mean"].to_dict() == pytest.approx(goal.to_dict())
    assert found.predicted["start"].to_dict() == pytest.approx(start.to_dict())


def test_a_lever_node_is_set_and_a_value_is_shifted() -> None:
    effects = [[0, 0.5, 0], [0, 0, 0], [1, 0, 0]]
    model = StructuralModel.from_coefficients(["a", "b", "do"], effects, levers=["do"])
    found = plan(model, {"a": 0, "b": 0}, Target({"a": 1.5, "b": 0.75}), [Lever("do"), Lever("a", (0.5,))])
    assert found.interventions == (Shift("a", 0.5), Set("do", 1.0))
    assert found.ledger["basis"].tolist() == ["by graph", "by graph"]


def test_the_order_of_columns_levers_and_combinations_changes_not_one_bit() -> None:
    counts = np.arange(1.0, 26.0)
    model = replace(random_model(13, draws=25, values=5, levers=4), weights=counts)
    rng = np.random.default_rng(3)
    _, target, levers, _ = random_question(model, 13)
    first = plan(model, None, target, levers)
    for _ in range(5):
        v, k, c = (rng.permutation(len(part)) for part in (model.values, model.levers, model.combinations))
        order = np.concatenate([v, 5 + k, 9 + c])
        other = StructuralModel(
            values=tuple(model.values[i] for i in v),
            levers=tuple(model.levers[i] for i in k),
            combinations=tuple(tuple(reversed(model.combinations[i])) for i in c),
            coefficients=model.coefficients[:, order][:, :, order],
            intercepts=model.intercepts[:, order],
            residual_scales=model.residual_scales[:, order],
            weights=counts,
        )
        again = plan(other, None, target, levers[::-1])
        assert dict(again.doses) == dict(first.doses)
        assert (again.objective, again.chance, again.lower_bound) == (first.objective, first.chance, first.lower_bound)
        pd.testing.assert_frame_equal(again.predicted.loc[list(model.values)], first.predicted, check_exact=True)
        pd.testing.assert_frame_equal(again.alternatives, first.alternatives, check_exact=True)


def test_scores_in_units_a_hundred_million_times_larger_or_smaller_give_the_same_plan() -> None:
    model = random_model(17, draws=8)
    start, target, levers, _ = random_question(model, 17)
    levers = [lever for lever in levers if lever.node in model.levers]
    for method in (Enumerate(untried=True), MixedInteger(untried=True)):
        plain = plan(model, start, target, levers, method)
        for unit in (1e-8, 1e8):
            b = model.coefficients.copy()
            b[:, len(model.values) :] *= unit
            scaled = replace(model, coefficients=b, intercepts=model.intercepts * unit)
            facts = None if start is None else {name: score * unit for name, score in start.items()}
            goal = replace(
                target,
                profile={name: score * unit for name, score in target.profile.items()},
                tolerance=target.tolerance * unit,
                margin=target.margin * unit,
                bounds={name: (low * unit, high * unit) for name, (low, high) in target.bounds.items()},
            )
            found = plan(scaled, facts, goal, levers, method)
            assert found.doses == plain.doses
            assert found.status is plain.status
            assert found.objective == pytest.approx(plain.objective * unit)


@pytest.mark.parametrize("method", [Enumerate(), MixedInteger()])
def test_ties_go_to_fewer_levers_then_lower_cost_then_names(method: PlanMethod) -> None:
    names = ["a", "b", "do_v", "do_w", "do_x", "do_y", "do_z"]
    effects = np.zeros((7, 7))
    effects[2:, 0] = (0.5, 0.5, 1.0, 1.0, 1.0)
    effects[2:, 1] = (0.5, 0.5, 0.0, 0.0, 0.0)
    model = StructuralModel.from_coefficients(names, effects, levers=names[2:])
    target, start = Target({"a": 1.0}), {"a": 0.0, "b": 0.0}
    costs = {"do_v": 0.01, "do_w": 0.1, "do_x": 2.0, "do_y": 1.0, "do_z": 1.0}
    levers = [Lever(node, (1.0, 2.0) if node == "do_w" else (1.0,), cost=costs[node]) for node in names[2:]]
    found = plan(model, start, target, levers, replace(method, untried=True))
    assert found.doses == {"do_w": 2.0}
    assert plan(model, start, target, levers[2:], replace(method, untried=True)).doses == {"do_y": 1.0}


def test_levers_never_tried_together_are_combined_only_when_asked_and_are_marked() -> None:
    names = ["a", "do_x", "do_y", "do_z"]
    effects = np.zeros((4, 4))
    effects[1:, 0] = 1.0
    alone = StructuralModel.from_coefficients(names, effects, levers=names[1:])
    effects = np.pad(effects, ((0, 1), (0, 1)))
    effects[4, 0] = -0.6
    model = StructuralModel(
        values=("a",),
        levers=tuple(names[1:]),
        combinations=(("do_y", "do_x"),),
        coefficients=effects[None],
        intercepts=np.zeros((1, 5)),
        residual_scales=np.array([[1.0, 0, 0, 0, 0]]),
        weights=np.ones(1),
    )
    start, levers = {"a": 0.0}, [Lever(node) for node in names[1:]]
    tried = plan(model, start, Target({"a": 1.5}), levers, Enumerate(max_levers=2))
    assert tried.doses == {"do_x": 1.0, "do_y": 1.0}
    assert tried.predicted.loc["a", "mean"] == pytest.approx(1.4)
    assert set(tried.ledger["basis"]) == {"by design"}
    untried = plan(model, start, Target({"a": 2.0}), levers, Enumerate(max_levers=2, untried=True))
    assert untried.doses == {"do_x": 1.0, "do_z": 1.0}
    assert set(untried.ledger["basis"]) == {"extrapolated"}
    one = plan(alone, start, Target({"a": 2.0}, tolerance=0.1), levers)
    assert len(one.doses) == 1
    assert any("untried=True" in sentence and "reaches the target" in sentence for sentence in one.limits)
    pushed = plan(alone, start, Target({"a": 1.5}, tolerance=0.1), [*levers, Lever("a", (0.5,))])
    assert pushed.doses == {"a": 0.5, "do_x": 1.0}
    assert pushed.status is Status.OPTIMAL


def test_an_unreachable_target_names_values_levers_and_the_rule_that_would_help() -> None:
    effects = np.zeros((5, 5))
    effects[2, 0] = effects[3, 1] = effects[4, 0] = 1.0
    model = StructuralModel.from_coefficients(["a", "b", "x", "y", "z"], effects, levers=["x", "y", "z"])
    start, target = {"a": 0.0, "b": 0.0}, Target({"a": 1.0, "b": 1.0}, tolerance=0.2)
    rules = Enumerate(untried=True)
    levers = [Lever("x", excludes=frozenset({"y"})), Lever("y", excludes=frozenset({"z"}))]
    for limited, offered, words in (
        (replace(rules, max_levers=1), [Lever("x"), Lever("y")], "One more lever (max_levers=2)"),
        (replace(rules, budget=1.5), [Lever("x"), Lever("y")], "No budget"),
        (rules, levers, "Allowing 'x' together with 'y'"),
    ):
        found = plan(model, start, target, offered, limited)
        assert found.status is Status.UNREACHABLE
        assert any("'b' ends at 0" in s and "0.8 outside" in s for s in found.limits)
        assert any(s.startswith(words) and "reaches the target: x x 1, y x 1" in s for s in found.limits)
    nothing = plan(model, start, target, [Lever("x")], rules)
    assert nothing.doses == {"x": 1.0}
    assert any("No single relaxation" in sentence for sentence in nothing.limits)


@pytest.mark.parametrize("method", [Enumerate(), MixedInteger(), Enumerate(alternatives=0)])
def test_a_target_within_reach_of_a_choice_with_a_larger_error_is_not_called_unreachable(method: PlanMethod) -> None:
    effects = np.zeros((4, 4))
    effects[2, :2], effects[3, :2] = (0.5, 0.3), (0.36, 0.36)
    model = StructuralModel.from_coefficients(["a", "b", "x", "y"], effects, levers=["x", "y"])
    target = Target({"a": 0.5, "b": 0.5}, tolerance=0.15)
    found = plan(model, {"a": 0.0, "b": 0.0}, target, [Lever("x"), Lever("y")], method)
    assert (found.status, found.doses) == (Status.TRADE_OFF, {"x": 1.0})
    assert dict(found.alternatives["doses"][0]) == {"y": 1.0}
    assert found.alternatives["inside"][0]
    assert "y x 1, with expected error 0.28 against 0.2" in found.limits[0]
    assert not any("do not reach further" in limit for limit in found.limits)
    if method.alternatives:
        assert [dict(doses) for doses in found.alternatives["doses"]] == [{"y": 1.0}, {}]


@pytest.mark.parametrize("method", [Enumerate(max_levers=1, untried=True), MixedInteger(max_levers=1, untried=True)])
def test_a_rule_that_brings_another_choice_inside_is_named_though_the_error_stays(method: PlanMethod) -> None:
    effects = np.zeros((5, 5))
    effects[2:, :2] = [(0.5, 0.3), (0.2, 0.16), (0.16, 0.2)]
    names = ["a", "b", "w", "x", "y"]
    model = StructuralModel.from_coefficients(names, effects, levers=names[2:])
    levers = [Lever("w", excludes=frozenset({"x", "y"})), Lever("x"), Lever("y")]
    found = plan(model, {"a": 0.0, "b": 0.0}, Target({"a": 0.5, "b": 0.5}, tolerance=0.15), levers, method)
    assert (found.status, found.doses) == (Status.UNREACHABLE, {"w": 1.0})
    assert (
        "One more lever (max_levers=2) brings a choice inside the tolerance: x x 1, y x 1 (expected error 0.28)."
        in found.limits
    )


def test_what_cannot_be_met_is_named_and_the_nearest_plan_given() -> None:
    effects = np.zeros((4, 4))
    effects[2, 0] = effects[3, 1] = 1.0
    model = StructuralModel.from_coefficients(["a", "b", "x", "y"], effects, levers=["x", "y"])
    start, levers = {"a": 0.0, "b": 0.5}, [Lever("x", (0.25, 1.0)), Lever("y")]
    met = plan(model, start, Target(ranking=("a", "b"), margin=0.4), levers)
    assert (met.status, met.doses, met.limits) == (Status.OPTIMAL, {"x": 1.0}, ())
    assert met.objective == met.lower_bound == 1.0
    for method in (Enumerate(), MixedInteger()):
        missed = plan(model, start, Target(ranking=("a", "b"), margin=0.75, bounds={"b": (0.0, 1.0)}), levers, method)
        assert (missed.status, missed.doses) == (Status.INFEASIBLE, {"x": 1.0})
        assert missed.limits[0] == "The constraint 'a' at least 0.75 above 'b' is missed by 0.25."
        assert any(s.startswith("Dropping the constraint 'a' at least 0.75") for s in missed.limits)
        assert not any(s.startswith("Dropping the constraint 'b'") for s in missed.limits)


def test_a_side_effect_weight_prefers_the_lever_that_moves_nothing_else() -> None:
    effects = np.zeros((4, 4))
    effects[2, :2] = (1.0, 0.8)
    effects[3, 0] = 0.7
    model = StructuralModel.from_coefficients(["a", "b", "x", "y"], effects, levers=["x", "y"])
    start, target, levers = {"a": 0.0, "b": 0.0}, Target({"a": 1.0}), [Lever("x"), Lever("y")]
    careless = plan(model, start, target, levers)
    careful = plan(model, start, target, levers, Enumerate(side_effect_weight=0.5))
    assert (careless.doses, careful.doses) == ({"x": 1.0}, {"y": 1.0})
    assert careless.side_effects.loc["b", ["mean", "positive"]].tolist() == [0.8, 1.0]
    assert careful.objective == pytest.approx(0.3)


def test_planning_leaves_its_inputs_as_they_were() -> None:
    model = random_model(19)
    _, target, levers, _ = random_question(model, 19)
    facts = pd.Series(dict.fromkeys(model.values, 0.1))
    before = facts.copy(), model.coefficients.copy(), [lever.node for lever in levers]
    plan(model, facts, target, levers)
    pd.testing.assert_series_equal(facts, before[0])
    assert (model.coefficients == before[1]).all()
    assert [lever.node for lever in levers] == before[2]
