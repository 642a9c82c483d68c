"""Why a plan does what it does: Shapley shares, paths and what arrives at each value."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planmeaning_models import START, VALUES, Responding, responding, structural_model

from causalvalues.errors import PlanError
from causalvalues.explaining.explanation import explain
from causalvalues.explaining.path_shares import arrivals, path_shares
from causalvalues.explaining.shapley import shapley
from causalvalues.interventions import Set, Shift
from causalvalues.model.effects import OTHER_PATHS, effect_paths
from causalvalues.model.intervening import intervene
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import Target
from causalvalues.planning.profiles import profile_function, profile_of

SEEDS = st.integers(0, 10_000)
DOSES = {"x": 1.0, "y": 0.5, "z": -1.0}


# profiles


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_a_profile_without_levers_is_the_start_itself(seed: int) -> None:
    for model in (structural_model(seed), responding(seed)):
        found = profile_of(model, START, {"x": 0.0})
        assert np.array_equal(found, np.tile([START[name] for name in sorted(VALUES)], (len(model.weights), 1)))


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_profiles_agree_with_interventions_on_the_model(seed: int) -> None:
    model = structural_model(seed)
    found = profile_of(model, None, {"x": 1.5, "y": -2.0, "power": 0.7})
    other = intervene(model, [Set("x", 1.5), Set("y", -2.0), Shift("power", 0.7)])
    places = [model.values.index(name) for name in sorted(VALUES)]
    assert found == pytest.approx(other.means[:, places], abs=1e-9)


def test_values_of_a_mechanism_come_out_in_name_order() -> None:
    model = responding(1)
    found = profile_of(model, START, {"x": 1, "z": 2})
    row = np.array([[0.0, 1.0, 2.0]])
    own = model.profiles(np.array([[START[name] for name in model.values]]), row)[:, 0]
    assert np.array_equal(found, own[:, [model.values.index(name) for name in sorted(VALUES)]])


def test_many_choices_at_once_equal_one_at_a_time() -> None:
    for model in (structural_model(3), responding(3)):
        function = profile_function(model)
        choices = [{}, {"x": 1.0}, {"x": 1.0, "y": 2.0}]
        every = function.each(START, choices)
        assert all(np.allclose(every[i], function.of(START, doses), atol=1e-15) for i, doses in enumerate(choices))


@pytest.mark.parametrize(
    ("start", "doses", "words"),
    [
        (START, {"xx": 1.0}, "Did you mean 'x'"),
        (START, {"x": np.nan}, "The dose of 'x' is nan"),
        ({**START, "powr": 1.0}, {}, "Did you mean 'power'"),
        ({"power": 1.0}, {}, "no score for 'benevolence', 'security'"),
        ({**START, "power": np.inf}, {}, "'power' is inf"),
    ],
)
def test_a_wrong_start_or_dose_is_named(start: dict[str, float], doses: dict[str, float], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        profile_of(structural_model(0), start, doses)


def test_a_mechanism_needs_a_unit() -> None:
    with pytest.raises(PlanError, match="give its scores without any lever"):
        profile_of(responding(0), None, {"x": 1.0})


# Shapley shares


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_shares_add_up_to_the_whole_in_every_draw(seed: int) -> None:
    for model in (structural_model(seed), responding(seed)):
        function = profile_function(model)
        shares = shapley(lambda cell, f=function: f.of(START, {name: DOSES[name] for name in cell}), tuple(DOSES))
        whole = function.of(START, DOSES) - function.of(START, {})
        assert sum(shares.values()) == pytest.approx(whole, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_shares_are_the_mean_over_all_orders_of_joining(seed: int) -> None:
    rng = np.random.default_rng(seed)
    worths: dict[frozenset[str], np.ndarray] = {}

    def worth(cell: frozenset[str]) -> np.ndarray:
        return worths.setdefault(cell, rng.normal(size=2))

    players = ("a", "b", "c", "d")
    shares = shapley(worth, players)
    for player in players:
        added = []
        for order in permutations(players):
            before = frozenset(order[: order.index(player)])
            added.append(worth(before | {player}) - worth(before))
        assert shares[player] == pytest.approx(np.mean(added, axis=0), abs=1e-12)


def test_levers_that_do_the_same_get_the_same_and_a_null_lever_nothing() -> None:
    effects = np.array([[[0.2, 0.1, 0.0], [0.2, 0.1, 0.0], [0.0, 0.0, 0.0]]])
    additive = Responding(("a", "b", "c"), ("x", "y", "z"), effects, pull=0.0)
    plain = replace_saturation(additive)
    start = {"a": 0.0, "b": 0.0, "c": 0.0}
    shares = explain(plain, start, {"x": 1, "y": 1, "z": 1}).table
    assert shares["x"].to_numpy() == pytest.approx(shares["y"].to_numpy())
    assert shares["z"].to_numpy() == pytest.approx(0.0, abs=1e-15)


def replace_saturation(model: Responding) -> Responding:
    """Return a mechanism whose levers only add up."""

    class Additive(Responding):
        def profiles(self, start: np.ndarray, doses: np.ndarray) -> np.ndarray:
            return start[None] + np.einsum("mk,skp->smp", doses, self.effects)

    return Additive(model.values, model.levers, model.effects)


def test_too_many_levers_for_exact_shares_are_refused() -> None:
    with pytest.raises(PlanError, match="at most 12"):
        shapley(lambda _: np.zeros(1), [f"l{i}" for i in range(13)])


# paths


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 4))
def test_paths_of_a_lever_add_up_to_its_shapley_share_in_every_draw(seed: int, most: int) -> None:
    model = structural_model(seed)
    function = profile_function(model)
    doses = {**DOSES, "power": 0.3}
    shares = shapley(lambda cell: function.of(START, {name: doses[name] for name in cell}), tuple(doses))
    paths = path_shares(model, doses, most)
    for lever, share in shares.items():
        for place, value in enumerate(function.values):
            found = paths.draws.get((lever, value), {})
            summed = sum(found.values(), np.zeros(len(share)))
            assert summed == pytest.approx(share[:, place], abs=1e-9)
            assert sum(path != (OTHER_PATHS,) for path in found) <= most


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_with_room_for_all_paths_they_are_those_of_wrights_rules(seed: int) -> None:
    model = structural_model(seed, joint=False)
    shown = path_shares(model, {"x": 2.0}, most=50).table()
    for value in VALUES:
        other = effect_paths(model, "x", value, most=50).set_index("path")["mean"]
        own = shown[shown["value"] == value].set_index("path")["mean"]
        other = other[other.index != OTHER_PATHS]
        kept = own[own.index != OTHER_PATHS]
        assert kept.to_dict() == pytest.approx({path: 2 * mean for path, mean in other.items()}, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_no_path_that_is_left_out_is_larger_than_one_that_is_shown(seed: int) -> None:
    model = structural_model(seed)
    few, many = path_shares(model, DOSES, 2), path_shares(model, DOSES, 100)
    for key, every in many.draws.items():
        size = {path: float(model.weights @ np.abs(share)) for path, share in every.items() if path != (OTHER_PATHS,)}
        shown = [path for path in few.draws[key] if path != (OTHER_PATHS,)]
        largest = sorted(size.values(), reverse=True)[: len(shown)]
        assert sorted((size[path] for path in shown), reverse=True) == pytest.approx(largest, rel=1e-9)


def test_the_probability_of_a_path_is_the_weight_of_the_draws_that_have_it() -> None:
    coefficients = np.zeros((4, 3, 3))
    coefficients[:, 2, 0] = 1.0
    coefficients[:3, 0, 1] = 0.5
    model = StructuralModel(
        ("a", "b"), coefficients, np.zeros((4, 3)), np.r_["1,2", np.ones((4, 2)), np.zeros((4, 1))],
        np.array([0.1, 0.2, 0.3, 0.4]), ("x",),
    )  # fmt: skip
    table = path_shares(model, {"x": 1.0}).table().set_index("path")
    assert table.loc["x -> a -> b", "probability"] == pytest.approx(0.6)
    assert table.loc["x -> a -> b", "mean"] == pytest.approx(0.3)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_all_that_arrives_at_a_value_adds_up_to_its_change(seed: int) -> None:
    model = structural_model(seed)
    doses = {**DOSES, "security": -0.4}
    found = arrivals(model, doses).groupby("effect")["mean"].sum()
    function = profile_function(model)
    change = function.mean(function.of(START, doses) - function.of(START, {}))
    expected = dict(zip(function.values, change, strict=True))
    assert found.reindex(function.values, fill_value=0.0).to_dict() == pytest.approx(expected, abs=1e-9)


# explanations


def test_an_explanation_adds_up_and_says_so_in_words() -> None:
    model = structural_model(7)
    target = Target({"power": 1.0, "security": 0.5}, weights={"power": 2.0})
    found = explain(model, START, DOSES, target, false_edges=0.02)
    assert found.table.loc[list(VALUES), list(DOSES)].sum(axis=1).to_dict() == pytest.approx(
        found.change["mean"].loc[list(VALUES)].to_dict()
    )
    assert found.error["mean"].drop("together").sum() == pytest.approx(found.errors[0] - found.errors[1])
    assert found.error["mean"].loc["together"] == pytest.approx(found.errors[0] - found.errors[1])
    by_path = found.paths.groupby(["lever", "value"])["mean"].sum()
    shares = found.shares.set_index(["lever", "value"])["mean"]
    assert by_path.to_dict() == pytest.approx(shares.reindex(by_path.index).to_dict())
    assert "the sum of absolute errors" in found.text
    assert not found.withheld


def test_the_order_of_the_columns_changes_not_one_bit() -> None:
    model = structural_model(11)
    order = [2, 0, 1, 5, 3, 4, 6]
    turned = replace(
        model,
        values=tuple(model.values[i] for i in order[:3]),
        levers=tuple(model.levers[i - 3] for i in order[3:6]),
        coefficients=model.coefficients[:, order][:, :, order],
        intercepts=model.intercepts[:, order],
        residual_scales=model.residual_scales[:, order],
    )
    target = Target({"power": 1.0})
    one, other = (explain(each, START, DOSES, target, 0.0) for each in (model, turned))
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    pd.testing.assert_frame_equal(one.paths, other.paths, check_exact=True)
    assert one.text == other.text


@pytest.mark.parametrize(("share", "words"), [(None, "not known"), (0.2, "20% of the pairs"), (0.11, "forbids")])
def test_paths_are_withheld_where_measurement_forbids_them(share: float | None, words: str) -> None:
    found = explain(structural_model(2), START, DOSES, None, share)
    assert words in found.withheld
    assert found.paths.empty
    assert found.arrivals.empty
    assert found.withheld in found.text


def test_a_mechanism_without_a_graph_has_shares_and_no_paths() -> None:
    found = explain(responding(2), START, DOSES, Target({"power": 0.5}), 0.0)
    assert "no graph" in found.withheld
    assert found.table.drop("error")[list(DOSES)].sum(axis=1).to_numpy() == pytest.approx(
        found.table.drop("error")["together"].to_numpy()
    )


def test_no_lever_changes_nothing() -> None:
    found = explain(structural_model(2), START, {}, Target({"power": 0.5}))
    assert found.sentences == ("No lever is used, so nothing is changed.",)
    assert not found.change["mean"].any()


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(PlanError, match="Give a share between 0 and 1"):
        explain(structural_model(0), START, DOSES, None, 10.0)
    with pytest.raises(PlanError, match="Did you mean 'power'"):
        explain(structural_model(0), START, DOSES, Target({"powr": 1.0}))
