"""Gated policies and least pushes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planmeaning_models import START, VALUES, responding, structural_model

from causalvalues.errors import PlanError
from causalvalues.explaining.pushes import Threshold, least_push, logit_push
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import Target
from causalvalues.populations.policies import INDIVIDUAL, NO_LEVER, ONE_PLAN, POLICY, PolicyTree, best_policy
from causalvalues.populations.policy_rules import Condition, Policy, Rule
from causalvalues.populations.policy_trees import Field, best_tree, chosen_by

SEEDS = st.integers(0, 10_000)
LEVERS = [Lever("x"), Lever("y"), Lever("z")]


def loss_of(field: Field, choices: list[int]) -> float:
    return float(field.losses[np.arange(len(choices)), choices].sum())


def brute_force(field: Field, depth: int) -> float:
    """Least loss over all trees: every threshold, every choice at every leaf, by recursion over subsets."""

    def best(part: np.ndarray, left: int) -> float:
        least = float(field.losses[part].sum(axis=0).min())
        if left == 0:
            return least
        for value in range(field.profiles.shape[1]):
            for cut in np.unique(field.profiles[:, value])[1:]:
                above = part & (field.profiles[:, value] >= cut)
                below = part & ~above
                if min(above.sum(), below.sum()) >= field.least:
                    least = min(least, best(above, left - 1) + best(below, left - 1))
        return least

    return best(np.ones(len(field.profiles), dtype=bool), depth)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(0, 2), st.integers(1, 3))
def test_the_best_tree_is_the_best_of_all_trees(seed: int, depth: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    field = Field(np.round(rng.normal(size=(10, 2)), 1), rng.uniform(size=(10, 3)), 100, least)
    found = loss_of(field, chosen_by(best_tree(field, depth), field.profiles))
    assert found == pytest.approx(brute_force(field, depth), abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(1, 5))
def test_a_deeper_tree_is_never_worse_in_sample(seed: int, cuts: int) -> None:
    rng = np.random.default_rng(seed)
    field = Field(rng.normal(size=(40, 3)), rng.uniform(size=(40, 4)), cuts, 3)
    losses = [loss_of(field, chosen_by(best_tree(field, depth), field.profiles)) for depth in (0, 1, 2)]
    assert losses[0] >= losses[1] - 1e-9
    assert losses[1] >= losses[2] - 1e-9
    assert losses[0] == pytest.approx(field.losses.sum(axis=0).min())


def starts(seed: int, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(0.5, 0.3, (n, 3)), index=[f"u{i:02d}" for i in range(n)], columns=list(VALUES))


def test_a_policy_stands_between_one_plan_and_a_plan_for_each_unit() -> None:
    model = responding(4)
    target = Target({"power": 0.5, "security": 0.6, "benevolence": 0.4})
    found = best_policy(model, starts(1), target, LEVERS)
    table = found.table["in_sample"]
    assert table.loc[INDIVIDUAL] <= table.loc[POLICY] <= table.loc[ONE_PLAN] <= table.loc[NO_LEVER]
    assert found.table.loc[ONE_PLAN, "gain"] == 0.0
    assert found.table.loc[POLICY, "gain"] == pytest.approx(
        found.table.loc[ONE_PLAN, "held_out"] - found.table.loc[POLICY, "held_out"]
    )
    assert found.losses.mean().to_dict() == pytest.approx(found.table["held_out"].to_dict())


def test_the_rules_of_a_policy_choose_what_its_tree_chooses() -> None:
    model, units = responding(4), starts(1)
    target = Target({"power": 0.5, "security": 0.6, "benevolence": 0.4})
    found = best_policy(model, units, target, LEVERS)
    assert len(found.policy.rules) >= 1
    from causalvalues.planning.profiles import profile_function

    function = profile_function(model)
    errors = []
    for _, start in units.iterrows():
        doses = found.policy.doses(start.to_dict())
        reached = function.of(start, doses)
        wanted = np.array([target.profile[name] for name in function.values])
        errors.append(float(function.weights @ np.abs(reached - wanted).sum(axis=1)))
    assert np.mean(errors) == pytest.approx(found.table.loc[POLICY, "in_sample"])


def test_a_policy_finds_the_gate_that_was_put_in() -> None:
    """Lever x raises power by one; units start at 0 or 1 and all should end at 1."""
    model = StructuralModel.from_coefficients(["care", "power", "x"], [[0] * 3, [0] * 3, [0, 1, 0]], levers=["x"])
    rng = np.random.default_rng(0)
    units = pd.DataFrame(
        {"care": rng.normal(size=30), "power": np.arange(30) % 2.0}, index=[f"u{i}" for i in range(30)]
    )
    found = best_policy(model, units, Target({"power": 1.0}), [Lever("x")], PolicyTree(depth=1))
    assert found.policy == Policy((Rule((Condition("power", 0.5, above=False),), {"x": 1.0}),), {})
    assert str(found.policy) == "when power below .50: x; otherwise: no lever"
    assert found.table.loc[POLICY, "held_out"] == 0.0
    assert found.table.loc[ONE_PLAN, "in_sample"] == pytest.approx(0.5)


def test_a_policy_from_noise_loses_its_gain_on_other_units() -> None:
    """Levers differ by unit at random, so no condition on the profile can help."""
    rng = np.random.default_rng(5)
    field = Field(rng.normal(size=(60, 4)), rng.uniform(size=(60, 6)), 20, 3)
    tree = best_tree(field, 2)
    fresh = rng.uniform(size=(60, 6))
    chosen = chosen_by(tree, field.profiles)
    assert loss_of(field, chosen) / 60 < 0.45
    assert fresh[np.arange(60), chosen].mean() == pytest.approx(0.5, abs=0.12)


def test_another_model_may_judge_and_the_order_of_units_changes_nothing() -> None:
    target, units = Target({"power": 0.5, "security": 0.6}), starts(2, 20)
    judged = best_policy(responding(4), units, target, LEVERS, PolicyTree(judge=responding(4, spread=0.2)))
    plain = best_policy(responding(4), units, target, LEVERS)
    assert judged.policy == plain.policy
    assert judged.table.loc[POLICY, "in_sample"] == plain.table.loc[POLICY, "in_sample"]
    assert judged.table.loc[POLICY, "held_out"] != plain.table.loc[POLICY, "held_out"]
    turned = best_policy(responding(4), units.iloc[::-1][sorted(VALUES)], target, LEVERS[::-1])
    pd.testing.assert_frame_equal(turned.table, plain.table)


def test_the_first_rule_that_holds_applies() -> None:
    first = Rule((Condition("power", 0.2), Condition("care", 0.5, above=False)), {"x": 1.0})
    second = Rule((Condition("power", 0.1),), {"y": 2.0})
    policy = Policy((first, second), {"z": 1.0})
    for power, care, lever in ((0.3, 0.4, "x"), (0.3, 0.5, "y"), (0.15, 0.0, "y"), (0.0, 0.0, "z")):
        assert list(policy.doses({"power": power, "care": care})) == [lever]
    with pytest.raises(PlanError, match="no score for 'power'"):
        policy.doses({"powr": 1.0})


def test_bad_policies_are_named() -> None:
    target = Target({"power": 0.5})
    with pytest.raises(PlanError, match="Choose 1 or 2"):
        PolicyTree(depth=3)
    with pytest.raises(PlanError, match="`folds` is 1"):
        PolicyTree(folds=1)
    with pytest.raises(PlanError, match="fewer `folds`"):
        best_policy(responding(0), starts(0, 3), target, LEVERS)
    with pytest.raises(PlanError, match="finite score"):
        Condition("power", np.nan)


# pushes


def normal_chance(model: StructuralModel, doses: dict[str, float], wanted: Threshold, n: int = 40_000) -> float:
    """P(value > threshold) in the population by simulation."""
    rng = np.random.default_rng(0)
    place, chance = model.values.index(wanted.value), 0.0
    p = len(model.values)
    for draw, weight in enumerate(model.weights):
        pushed = np.array([doses.get(name, 0.0) for name in model.values])
        noise = rng.normal(size=(n, p)) * model.residual_scales[draw, :p]
        outcome = (model.intercepts[draw, :p] + pushed + noise) @ np.linalg.inv(
            np.eye(p) - model.coefficients[draw, :p, :p]
        )
        chance += weight * float((outcome[:, place] > wanted.above).mean())
    return chance


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.sampled_from([0.6, 0.9]))
def test_a_push_reaches_its_chance_in_simulated_populations(seed: int, chance: float) -> None:
    model = structural_model(seed, draws=4, joint=False)
    wanted = Threshold(value="power", above=1.0, chance=chance)
    found = least_push(model, None, wanted)
    assert found.reached
    simulated = normal_chance(model, found.amounts, wanted)
    assert simulated == pytest.approx(found.chance, abs=0.012)
    assert found.chance >= chance - 1e-9
    assert (found.size == 0.0) == (found.chance_before >= chance)


def test_one_draw_has_the_closed_form() -> None:
    model = StructuralModel.from_coefficients(
        ["a", "b"], [[0, 0.5], [0, 0]], intercepts=np.array([0.2, 0.1]), residual_scales=np.array([0.4, 0.3])
    )
    from scipy.special import ndtri

    spread = np.hypot(0.5 * 0.4, 0.3)
    expected = (1.0 + ndtri(0.9) * spread - (0.1 + 0.5 * 0.2)) / 0.5
    found = least_push(model, None, Threshold(value="b", above=1.0), through=["a"])
    assert found.amounts["a"] == pytest.approx(expected, rel=1e-9)
    assert found.by_draw == pytest.approx((expected, expected))
    assert found.side_effects["mean"].to_dict() == pytest.approx({"a": expected, "b": expected / 2})


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_of_all_pushes_on_two_values_the_one_found_is_the_shortest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    effects = np.zeros((3, 3))
    effects[0, 2], effects[1, 2], effects[0, 1] = rng.uniform(0.3, 1.0, 3)
    model = StructuralModel.from_coefficients(["a", "b", "c"], effects, residual_scales=np.full(3, 0.2))
    wanted = Threshold(value="c", above=1.0, chance=0.8)
    found = least_push(model, None, wanted, through=["a", "b"])
    assert found.size == pytest.approx(np.hypot(found.amounts["a"], found.amounts["b"]))
    total = np.array([effects[0, 2] + effects[0, 1] * effects[1, 2], effects[1, 2]])
    gain = total @ [found.amounts["a"], found.amounts["b"]]
    for angle in np.linspace(0, np.pi / 2, 50):
        way = np.array([np.cos(angle), np.sin(angle)])
        assert gain / (total @ way) >= found.size - 1e-9


def test_a_given_unit_keeps_its_residuals_and_its_answers_vary() -> None:
    model = structural_model(3, draws=5)
    sure = least_push(model, START, Threshold(value="power", above=1.0))
    assert sure.amounts == pytest.approx({"power": 0.6})
    assert sure.chance == pytest.approx(1.0)
    from scipy.special import ndtri

    loud = least_push(model, START, Threshold(value="power", above=1.0, noise=0.1))
    assert loud.size == pytest.approx(0.6 + ndtri(0.9) * 0.1)
    assert least_push(model, START, Threshold(value="power", above=0.1)).size == 0.0


def test_where_no_push_gets_there_it_says_so() -> None:
    coefficients = np.zeros((2, 2, 2))
    coefficients[0, 0, 1] = 1.0
    model = StructuralModel(("a", "b"), coefficients, np.zeros((2, 2)), np.full((2, 2), 0.1), np.array([0.7, 0.3]))
    found = least_push(model, None, Threshold(value="b", above=1.0, chance=0.9), through=["a"])
    assert not found.reached
    assert found.amounts == {}
    assert np.isinf(found.size)
    assert found.chance == pytest.approx(0.7)
    assert "no push gets there" in repr(found)
    assert least_push(model, None, Threshold(value="b", above=1.0, chance=0.6), through=["a"]).reached


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.floats(0.05, 0.95))
def test_the_shift_of_an_activation_is_just_enough_and_along_the_probe(seed: int, chance: float) -> None:
    rng = np.random.default_rng(seed)
    activation, weights, bias = rng.normal(size=5), rng.normal(size=5), float(rng.normal())
    found = logit_push(activation, (weights, bias), chance)
    after = 1 / (1 + np.exp(-(weights @ (activation + found.shift) + bias)))
    assert after == pytest.approx(found.after)
    assert found.after == pytest.approx(max(chance, found.before))
    assert found.size >= 0
    if found.size:
        shorter = 1 / (1 + np.exp(-(weights @ (activation + 0.999 * found.shift) + bias)))
        assert shorter < chance


def test_a_shut_gate_makes_no_push() -> None:
    for score, opened in product((0.1, 0.2, 0.3), (0.2,)):
        found = logit_push(np.zeros(2), (np.array([1.0, 0.0]), -2.0), 0.9, gate=(score, opened))
        assert found.gated == (score > opened)
        assert (found.size > 0) == (score > opened)


def test_bad_pushes_are_named() -> None:
    model = structural_model(0)
    with pytest.raises(PlanError, match="Did you mean 'power'"):
        least_push(model, None, Threshold(value="powr", above=1.0))
    with pytest.raises(PlanError, match="between 0 and 1"):
        Threshold(value="power", above=1.0, chance=1.0)
    with pytest.raises(PlanError, match="standard deviation"):
        Threshold(value="power", above=1.0, noise=-1.0)
    with pytest.raises(PlanError, match="weights of the probe are zero"):
        logit_push(np.zeros(2), (np.zeros(2), 0.0), 0.9)
    with pytest.raises(PlanError, match="equal lengths"):
        logit_push(np.zeros(2), (np.zeros(3), 0.0), 0.9)
