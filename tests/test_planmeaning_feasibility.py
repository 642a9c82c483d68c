"""Whether a target can be reached, what is in the way, and how often the flag is right."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planmeaning_models import START, Responding, responding, structural_model

from causalvalues.errors import PlanError
from causalvalues.explaining.conflicts import deletion_filter, smallest_conflict
from causalvalues.explaining.feasibility import Reachability, feasibility, unreachable
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import Enumerate, PriorityScale, Status, Target, plan
from causalvalues.planning.menus import menu
from causalvalues.planning.profiles import profile_function
from causalvalues.planning.wishes import wishes_of
from causalvalues.prediction import Mechanism, PairedRows

SEEDS = st.integers(0, 10_000)
LEVERS = [Lever("x", (1.0, 2.0)), Lever("y"), Lever("z", (-1.0, 1.0))]
ANY = Enumerate(untried=True)


def brute_choices(levers: list[Lever], most: int) -> list[dict[str, float]]:
    """All choices of at most `most` levers, by hand."""
    found = []
    for doses in product(*((0.0, *lever.doses) for lever in levers)):
        chosen = {lever.node: dose for lever, dose in zip(levers, doses, strict=True) if dose}
        if len(chosen) <= most:
            found.append(chosen)
    return found


# menus


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_menu_holds_every_choice_once(most: int) -> None:
    found = menu(profile_function(structural_model(0)), LEVERS, Enumerate(max_levers=most, untried=True))
    expected = brute_choices(LEVERS, most)
    assert len(found) == len(expected)
    assert {tuple(sorted(each.items())) for each in found} == {tuple(sorted(each.items())) for each in expected}
    assert found[0] == {}


def test_a_menu_keeps_budget_exclusions_prerequisites_and_what_was_tried() -> None:
    function = profile_function(structural_model(0))
    cheap = menu(function, LEVERS, Enumerate(budget=1.0, untried=True))
    assert max(sum(abs(dose) for dose in each.values()) for each in cheap) == 1.0
    apart = menu(function, [Lever("x", excludes=frozenset({"y"})), Lever("y")], ANY)
    assert {frozenset(each) for each in apart} == {frozenset(), frozenset({"x"}), frozenset({"y"})}
    needy = menu(function, [Lever("x", requires=frozenset({"y"})), Lever("y")], ANY)
    assert {frozenset(each) for each in needy} == {frozenset(), frozenset({"y"}), frozenset({"x", "y"})}
    tried = menu(function, [*LEVERS, Lever("power", (0.1,))], Enumerate())
    assert {frozenset(each) - {"power"} for each in tried if len(each) > 1} >= {frozenset({"x", "y"})}
    assert not any({"x", "z"} <= set(each) or {"y", "z"} <= set(each) for each in tried)


def test_too_long_menus_and_wrong_levers_are_refused() -> None:
    function = profile_function(structural_model(0))
    with pytest.raises(PlanError, match="more than 5 choices"):
        menu(function, LEVERS, ANY, most=5)
    with pytest.raises(PlanError, match="no lever to choose from"):
        menu(function, [], ANY)
    with pytest.raises(PlanError, match="no node 'w'"):
        menu(function, [Lever("w")], ANY)
    with pytest.raises(PlanError, match="'new' was never seen in the data"):
        menu(function, [Lever("new", prior={"power": (0.1, 0.1)})], ANY)
    with pytest.raises(PlanError, match="Two levers act on 'x'"):
        menu(function, [Lever("x"), Lever("x", (2.0,))], ANY)


# conflicts


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 7), st.integers(1, 12), st.floats(0.2, 0.9))
def test_a_smallest_conflict_is_one_and_none_is_smaller(seed: int, wishes: int, choices: int, share: float) -> None:
    holds = np.random.default_rng(seed).random((choices, wishes)) < share
    found = smallest_conflict(holds)

    def can(members: tuple[int, ...]) -> bool:
        return bool(holds[:, list(members)].all(axis=1).any())

    every = [m for size in range(1, wishes + 1) for m in combinations(range(wishes), size) if not can(m)]
    if not every:
        assert found == ()
        return
    assert found == every[0]
    filtered = deletion_filter(holds)
    assert not can(filtered)
    assert all(can(tuple(set(filtered) - {wish})) for wish in filtered)


# feasibility


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_a_profile_that_some_choice_reaches_is_inside(seed: int) -> None:
    model = structural_model(seed, draws=1)
    function = profile_function(model)
    wanted = function.mean(function.of(START, {"x": 2.0, "z": -1.0}))
    target = Target(dict(zip(function.values, wanted.tolist(), strict=True)), tolerance=0.01)
    found = feasibility(model, START, target, LEVERS, ANY)
    assert found.inside
    assert found.conflict == ()
    assert found.unreachable == 0.0
    assert not found.flagged
    assert found.chance == 1.0
    assert found.error == pytest.approx(0.0, abs=1e-9)
    assert found.helps.empty


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from(["worst", "mean"]))
def test_the_probability_is_the_weight_of_the_draws_without_any_choice_inside(seed: int, measure: str) -> None:
    model = structural_model(seed, draws=8)
    function = profile_function(model)
    target = Target({"power": 1.0, "security": -0.5}, tolerance=0.6, weights={"power": 3.0})
    expected = 0.0
    for draw, weight in enumerate(model.weights):
        distances = []
        for doses in brute_choices(LEVERS, 3):
            reached = dict(zip(function.values, function.of(START, doses)[draw], strict=True))
            errors = np.array([abs(reached["power"] - 1.0), abs(reached["security"] + 0.5)])
            distances.append(errors.max() if measure == "worst" else (errors * [3, 1]).sum() / 4)
        expected += weight * (min(distances) > 0.6)
    rule = Reachability(plan=ANY, measure=measure)
    assert unreachable(model, START, target, LEVERS, rule) == pytest.approx(expected, abs=1e-9)
    assert feasibility(model, START, target, LEVERS, rule).unreachable == pytest.approx(expected, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_the_nearest_choice_has_the_least_error_of_all(seed: int) -> None:
    model = responding(seed)
    function = profile_function(model)
    target = Target({"power": 2.0, "security": -1.0, "benevolence": 0.3}, weights={"power": 0.5})
    found = feasibility(model, START, target, LEVERS, ANY)
    errors = []
    for doses in brute_choices(LEVERS, 3):
        reached = dict(zip(function.values, function.mean(function.of(START, doses)), strict=True))
        errors.append(sum(target.weights.get(n, 1.0) * abs(reached[n] - t) for n, t in target.profile.items()))
    assert found.error == pytest.approx(min(errors))
    assert found.choices == len(errors)


def test_two_values_that_move_together_are_the_conflict_and_a_push_would_help() -> None:
    effects = np.zeros((4, 4))
    effects[3, :2] = 1.0
    model = StructuralModel.from_coefficients(["a", "b", "c", "x"], effects, levers=["x"])
    start = {"a": 0.0, "b": 0.0, "c": 0.0}
    target = Target({"a": 1.0, "b": 0.0, "c": 0.1}, tolerance=0.2)
    found = feasibility(model, start, target, [Lever("x")])
    assert found.conflict == ("'a' within 0.2 of 1", "'b' within 0.2 of 0")
    assert found.flagged
    best = found.helps.iloc[0]
    assert (best["kind"], best["gain"], bool(best["inside"])) == ("a push on one value", pytest.approx(1.0), True)
    assert set(found.helps["what"].iloc[:1]) <= {"a", "b"}
    assert "cannot be met together" in found.text


def test_a_higher_dose_and_a_lever_that_was_not_offered_are_found_to_help() -> None:
    effects = np.zeros((4, 4))
    effects[2, 0], effects[3, 1] = 1.0, 1.0
    model = StructuralModel.from_coefficients(["a", "b", "x", "y"], effects, levers=["x", "y"])
    found = feasibility(model, {"a": 0.0, "b": 0.0}, Target({"a": 2.0, "b": 1.0}, tolerance=0.1), [Lever("x")])
    helps = found.helps.set_index(["kind", "what"])
    assert helps.loc[("higher dose", "x"), "amount"] == 2.0
    assert helps.loc[("higher dose", "x"), "gain"] == pytest.approx(1.0)
    assert helps.loc[("a lever that was not offered", "y"), "gain"] == pytest.approx(1.0)
    assert list(found.helps["gain"]) == sorted(found.helps["gain"], reverse=True)


def test_ranks_bounds_and_changes_are_wishes_too() -> None:
    model = structural_model(4, draws=1)
    function = profile_function(model)
    start = function.mean(function.of(START, {}))
    target = Target(
        ranking=("power", "security"), margin=0.2, bounds={"benevolence": (0.0, 0.2)}, raise_by={"power": 9}
    )
    wishes = wishes_of(target, function.values, start)
    assert len(wishes.names) == 4
    met = wishes.met(np.array([0.1, 9.5, 1.0]))
    assert met.all()
    found = feasibility(model, START, target, LEVERS, ANY)
    assert not found.inside
    assert any("above its start" in wish for wish in found.conflict)


def test_a_continuous_dose_is_looked_at_at_its_ends_and_between() -> None:
    model = StructuralModel.from_coefficients(["a", "x"], [[0, 0], [1, 0]], levers=["x"])
    offered = [Lever("x", interval=(-1.0, 1.0))]
    found = menu(profile_function(model), offered, Enumerate())
    assert [each.get("x", 0.0) for each in found] == [0.0, -1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0]
    assert feasibility(model, {"a": 0.0}, Target({"a": 0.5}, tolerance=0.01), offered).inside


def test_priorities_are_judged_in_points() -> None:
    scale = PriorityScale({"a": (0.0, 0.1, 0.2, 0.3, 0.4), "b": (0.0, 1.0, 2.0, 3.0, 4.0)})
    wishes = wishes_of(Target(priorities={"a": 3, "b": 3}, scale=scale, tolerance=0.5), ("a", "b"), np.zeros(2))
    assert wishes.error(np.array([0.3, 2.0])) == pytest.approx(1.0)
    assert wishes.error(np.array([0.2, 3.0])) == pytest.approx(1.0)
    assert wishes.met(np.array([[0.24, 2.4], [0.26, 2.4]])).tolist() == [[True, True], [False, True]]
    assert wishes.distance(np.array([0.3, 2.0]), "mean") == 0.0


def test_a_fitted_mechanism_and_its_plan_are_judged_alike() -> None:
    rng = np.random.default_rng(0)
    starts = np.repeat(rng.normal(0.5, 0.1, (30, 2)), 3, axis=0)
    doses = np.tile([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], (30, 1))
    reached = starts + 0.7 ** (doses.sum(axis=1) - 1)[:, None] * doses @ np.array([[0.2, 0.0], [0.05, 0.3]])
    rows = PairedRows(
        ("power", "care"), ("y", "x"), [f"u{i // 3}" for i in range(90)], starts, doses,
        reached + rng.normal(0, 0.01, (90, 2)),
    )  # fmt: skip
    model = Mechanism().fit(rows, 0)
    start, target = {"power": 0.4, "care": 0.5}, Target({"power": 0.62, "care": 0.7}, tolerance=0.1)
    planned = plan(model, start, target, [Lever("x"), Lever("y")], Enumerate())
    found = feasibility(model, start, target, [Lever("x"), Lever("y")], Enumerate())
    assert found.nearest == planned.doses
    mean = planned.predicted["mean"].sort_index()
    assert found.profile["mean"].to_dict() == pytest.approx(mean.to_dict(), abs=1e-9)
    assert found.inside == (planned.status is Status.OPTIMAL)


def test_noise_of_answers_lowers_the_chance() -> None:
    quiet, loud = responding(5, draws=50, spread=0.0), responding(5, draws=50, spread=0.0, deviation=0.2)
    function = profile_function(quiet)
    wanted = function.mean(function.of(START, {"x": 1.0, "y": 1.0}))
    target = Target(dict(zip(function.values, wanted.tolist(), strict=True)), tolerance=0.1)
    assert feasibility(quiet, START, target, LEVERS, ANY).chance == 1.0
    one = feasibility(loud, START, target, LEVERS, ANY)
    inside = (2 * 0.6914624612740131 - 1) ** 3
    assert one.chance == pytest.approx(inside, abs=0.03)
    assert one.unreachable == 0.0


def test_the_flag_is_right_about_simulated_targets() -> None:
    """30% of the targets lie beyond what the truth reaches; the model knows the truth with an error."""
    rng = np.random.default_rng(8)
    names, levers = tuple(f"v{i}" for i in range(6)), tuple(f"l{i}" for i in range(6))
    flagged, missed = [], []
    for trial in range(60):
        truth = rng.normal(0, 0.15, (6, 6))
        belief = truth + rng.normal(0, 0.012, (6, 6))
        draws = belief + rng.normal(0, 0.012, (100, 6, 6))
        model, real = (Responding(names, levers, effects) for effects in (draws, truth[None]))
        start = dict(zip(names, rng.normal(0.5, 0.1, 6).tolist(), strict=True))
        offered = [Lever(name) for name in levers]
        rule = Reachability(plan=Enumerate(max_levers=2, untried=True), measure="mean")
        function = profile_function(real)
        reached = function.each(start, menu(function, offered, rule.plan))[:, 0]
        wanted = reached[rng.integers(len(reached))] + rng.normal(0, 0.015, 6)
        beyond = trial % 10 < 3
        away = rng.normal(size=6)
        while beyond and np.abs(reached - wanted).mean(axis=1).min() < 0.06:
            wanted = wanted + 0.01 * away
        target = Target(dict(zip(names, wanted.tolist(), strict=True)), tolerance=0.03)
        found = unreachable(model, start, target, offered, rule) >= rule.level
        (missed if beyond else flagged).append(found)
    assert np.mean(missed) >= 0.9
    assert np.mean(flagged) <= 0.05


def test_wrong_settings_are_named() -> None:
    with pytest.raises(PlanError, match="Choose 'worst' or 'mean'"):
        Reachability(measure="most")
    with pytest.raises(PlanError, match="probability between 0 and 1"):
        Reachability(level=1.0)
    with pytest.raises(PlanError, match="Did you mean 'power'"):
        feasibility(structural_model(0), START, Target({"powr": 1.0}), LEVERS)
