"""Queries: effects, paths, interventions and counterfactuals against slow computations that share no code."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import ModelError
from causalvalues.interventions import Set, Shift
from causalvalues.model import (
    StructuralModel,
    abduct,
    counterfactual,
    counterfactual_summary,
    effect_paths,
    intervene,
    total_effects,
    weighted_quantiles,
)
from causalvalues.model import counterfactuals as counterfactuals_module

VALUES = ("d", "b", "e", "a", "c")
LEVERS = ("talk", "calm")


def random_model(seed: int, s: int = 7, density: float = 0.6) -> StructuralModel:
    """Five values in a scrambled causal order, two levers and their combination, unequal weights."""
    rng = np.random.default_rng(seed)
    coefficients = np.zeros((s, 8, 8))
    for draw in range(s):
        order = rng.permutation(5)
        among = np.triu(rng.normal(size=(5, 5)) * (rng.random((5, 5)) < density), 1)
        coefficients[draw][np.ix_(order, order)] = among
        coefficients[draw, 5:, :5] = rng.normal(size=(3, 5)) * (rng.random((3, 5)) < density)
    return StructuralModel(
        values=VALUES,
        levers=LEVERS,
        combinations=(LEVERS,),
        coefficients=coefficients,
        intercepts=np.column_stack([rng.normal(size=(s, 5)), np.zeros((s, 3))]),
        residual_scales=np.column_stack([rng.random((s, 5)) + 0.2, np.zeros((s, 3))]),
        weights=rng.random(s) + 0.1,
        kind="posterior",
    )


def random_rows(seed: int, n: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng([seed, 1])
    table = np.column_stack([rng.normal(size=(n, 5)), rng.choice([0.0, 1.0, 0.5], size=(n, 2))])
    return pd.DataFrame(table, columns=[*VALUES, *LEVERS], index=[f"unit {i}" for i in range(n)])


def solve_by_recursion(
    model: StructuralModel, draw: int, noise: dict[str, float], action: dict[str, object], doses: dict[str, float]
) -> dict[str, float]:
    """Solve the equations of one draw for one unit, node by node, with plain numbers."""
    known: dict[str, float] = dict(doses)
    known["talk+calm"] = doses["talk"] * doses["calm"]

    def value(node: str) -> float:
        if node in known:
            return known[node]
        change = action.get(node)
        if isinstance(change, Set):
            known[node] = change.value
            return change.value
        j = model.nodes.index(node)
        total = float(model.intercepts[draw, j]) + noise[node]
        for i, parent in enumerate(model.nodes):
            coefficient = float(model.coefficients[draw, i, j])
            if coefficient:
                total += coefficient * value(parent)
        known[node] = total + (change.amount if isinstance(change, Shift) else 0.0)
        return known[node]

    return {node: value(node) for node in model.values}


def doses_after(row: dict[str, float], action: dict[str, object]) -> dict[str, float]:
    doses = {lever: row.get(lever, 0.0) for lever in LEVERS}
    for lever in LEVERS:
        change = action.get(lever)
        if isinstance(change, Set):
            doses[lever] = change.value
        elif isinstance(change, Shift):
            doses[lever] += change.amount
    return doses


def slow_counterfactual(
    model: StructuralModel, draw: int, row: dict[str, float], interventions: list[Set | Shift]
) -> dict[str, float]:
    action = {change.node: change for change in interventions}
    before = dict(row)
    before["talk+calm"] = row["talk"] * row["calm"]
    noise = {}
    for j, node in enumerate(model.values):
        causes = sum(float(model.coefficients[draw, i, j]) * before[name] for i, name in enumerate(model.nodes))
        noise[node] = row[node] - float(model.intercepts[draw, j]) - causes
    return solve_by_recursion(model, draw, noise, action, doses_after(row, action))


@st.composite
def changes(draw: st.DrawFn) -> list[Set | Shift]:
    nodes = draw(st.lists(st.sampled_from([*VALUES, *LEVERS]), unique=True, max_size=4))
    amounts = st.floats(-3, 3, allow_nan=False)
    return [draw(st.sampled_from([Set, Shift]))(node, draw(amounts)) for node in nodes]


# laws


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_an_intervention_that_changes_nothing_returns_the_facts_bit_by_bit(seed: int) -> None:
    model, rows = random_model(seed), random_rows(seed, n=1)
    facts = rows.iloc[0]
    same = [Set("b", facts["b"]), Set("talk", facts["talk"]), Shift("calm", 0.0), Shift("a", 0.0)]
    for interventions in ([], same):
        answer = counterfactual(model, rows, interventions)
        assert (answer.values == rows[list(VALUES)].to_numpy()).all()
        assert (answer.mean().to_numpy() == rows[list(VALUES)].to_numpy()).all()
        assert all((end.to_numpy() == rows[list(VALUES)].to_numpy()).all() for end in answer.interval(0.9))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), changes())
def test_counterfactuals_equal_abduction_action_prediction_done_by_hand(
    seed: int, interventions: list[Set | Shift]
) -> None:
    model, rows = random_model(seed, s=3), random_rows(seed, n=2)
    answer = counterfactual(model, rows, interventions)
    for draw in range(3):
        for unit in range(2):
            expected = slow_counterfactual(model, draw, rows.iloc[unit].to_dict(), interventions)
            np.testing.assert_allclose(answer.values[draw, unit], [expected[name] for name in VALUES], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), changes())
def test_means_under_interventions_equal_the_noise_free_solution(seed: int, interventions: list[Set | Shift]) -> None:
    model = random_model(seed, s=3)
    answer = intervene(model, interventions)
    action = {change.node: change for change in interventions}
    doses = doses_after({}, action)
    for draw in range(3):
        expected = solve_by_recursion(model, draw, dict.fromkeys(VALUES, 0.0), action, doses)
        np.testing.assert_allclose(answer.means[draw, :5], [expected[name] for name in VALUES], atol=1e-9)
        np.testing.assert_allclose(answer.means[draw, 5:], [*doses.values(), doses["talk"] * doses["calm"]])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), changes())
def test_covariances_under_interventions_equal_those_of_unit_noises_carried_through(
    seed: int, interventions: list[Set | Shift]
) -> None:
    model = random_model(seed, s=2)
    answer = intervene(model, interventions)
    action = {change.node: change for change in interventions}
    doses = doses_after({}, action)
    for draw in range(2):
        still = solve_by_recursion(model, draw, dict.fromkeys(VALUES, 0.0), action, doses)
        columns = []
        for node in VALUES:
            noise = dict.fromkeys(VALUES, 0.0)
            noise[node] = float(model.residual_scales[draw, VALUES.index(node)])
            moved = solve_by_recursion(model, draw, noise, action, doses)
            columns.append([moved[name] - still[name] for name in VALUES])
        np.testing.assert_allclose(
            answer.covariances[draw, :5, :5], np.transpose(columns) @ np.array(columns), atol=1e-9
        )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_total_effects_equal_the_inverse_and_are_exactly_zero_without_a_path(seed: int) -> None:
    model = random_model(seed, density=0.4)
    for draw in range(len(model.weights)):
        np.testing.assert_allclose(model.total[draw], np.linalg.inv(np.eye(8) - model.coefficients[draw]), atol=1e-10)
        reach = np.linalg.matrix_power(np.eye(8) + (model.coefficients[draw] != 0), 8) > 0
        assert (model.total[draw][~reach] == 0).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([*VALUES, *LEVERS, "talk+calm"]), st.sampled_from(VALUES))
def test_the_paths_of_an_effect_add_up_to_the_total(seed: int, cause: str, effect: str) -> None:
    if cause == effect:
        return
    model = random_model(seed)
    total = total_effects(model).mean.loc[cause, effect]
    for most in (3, 1000):
        np.testing.assert_allclose(effect_paths(model, cause, effect, most)["mean"].sum(), total, atol=1e-10)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.floats(0.01, 0.99), st.booleans())
def test_weighted_quantiles_equal_numpys_inverted_distribution(seed: int, s: int, share: float, equal: bool) -> None:
    rng = np.random.default_rng(seed)
    draws = rng.normal(size=(s, 3)).round(1)
    weights = np.full(s, 1 / s) if equal else rng.dirichlet(np.ones(s))
    given = None if equal else weights
    expected = [np.quantile(draws[:, j], share, weights=given, method="inverted_cdf") for j in range(3)]
    np.testing.assert_array_equal(weighted_quantiles(draws, weights, (share,))[0], expected)


def test_a_share_that_is_reached_exactly_takes_the_draw_that_reaches_it() -> None:
    draws = np.array([4.0, 1.0, 3.0, 2.0])
    assert weighted_quantiles(draws, np.array([0.4, 0.1, 0.3, 0.2]), (0.1, 0.3, 0.6)).tolist() == [1.0, 2.0, 3.0]
    assert weighted_quantiles(draws, np.full(4, 0.25), (0.25, 0.5, 0.75)).tolist() == [1.0, 2.0, 3.0]


# what must differ


def test_doing_is_not_seeing() -> None:
    names = ["cause", "left", "right"]
    model = StructuralModel.from_coefficients(names, [[0, 1, 1], [0, 0, 0], [0, 0, 0]])
    seen = intervene(model).covariances[0]
    assert seen[1, 2] / seen[1, 1] == pytest.approx(0.5)
    done = intervene(model, [Set("left", 2.0)])
    assert done.means[0, 2] == 0
    assert done.covariances[0, 2, 2] == pytest.approx(2.0)
    assert done.covariances[0, 1, 1] == 0


def test_a_set_cuts_causes_and_a_shift_keeps_them() -> None:
    model = StructuralModel.from_coefficients(["a", "b", "c"], [[0, 2, 0], [0, 0, 3], [0, 0, 0]])
    cut = intervene(model, [Set("a", 1.0), Set("b", 5.0)]).means[0]
    kept = intervene(model, [Set("a", 1.0), Shift("b", 5.0)]).means[0]
    assert cut.tolist() == [1, 5, 15]
    assert kept.tolist() == [1, 7, 21]
    row = pd.Series({"a": 1.0, "b": 1.0, "c": 1.0})
    assert counterfactual(model, row, [Set("a", 2.0), Set("b", 5.0)]).values[0, 0].tolist() == [2, 5, 13]
    assert counterfactual(model, row, [Set("a", 2.0), Shift("b", 5.0)]).values[0, 0].tolist() == [2, 8, 22]


def test_levers_set_their_combinations_and_are_at_zero_when_not_mentioned() -> None:
    coefficients = np.zeros((4, 4))
    coefficients[1:, 0] = [1.0, 2.0, -0.5]
    model = StructuralModel(
        values=("a",),
        levers=LEVERS,
        combinations=(LEVERS,),
        coefficients=coefficients[None],
        intercepts=np.array([[10.0, 0, 0, 0]]),
        residual_scales=np.array([[1.0, 0, 0, 0]]),
        weights=np.ones(1),
    )
    both = [Set("talk", 1.0), Set("calm", 2.0)]
    assert intervene(model, both).means[0].tolist() == [14.0, 1.0, 2.0, 2.0]
    assert intervene(model, [Shift("talk", 1.0)]).means[0, 0] == 11.0
    assert total_effects(model).mean["a"].to_dict() == {"a": 1.0, "talk": 1.0, "calm": 2.0, "talk+calm": 2.5}
    steered = pd.Series({"a": 20.0, "talk": 1.0})
    assert counterfactual(model, steered, [Set("calm", 1.0)]).values[0, 0, 0] == 21.5
    assert counterfactual(model, steered, [Set("talk", 0.0)]).values[0, 0, 0] == 19.0


def test_signs_count_only_draws_that_have_a_path() -> None:
    coefficients = np.zeros((4, 2, 2))
    coefficients[:2, 0, 1] = [1.0, -1.0]
    model = StructuralModel(("a", "b"), coefficients, np.zeros((4, 2)), np.ones((4, 2)), np.array([3.0, 1.0, 2.0, 2.0]))
    effects = total_effects(model)
    assert effects.positive.loc["a", "b"] == pytest.approx(3 / 8)
    assert effects.negative.loc["a", "b"] == pytest.approx(1 / 8)
    assert effects.mean.loc["a", "b"] == pytest.approx(2 / 8)
    assert (effects.lower.loc["a", "b"], effects.upper.loc["a", "b"]) == (-1.0, 1.0)
    assert effects.mean.loc["b", "a"] == effects.positive.loc["b", "a"] == 0


def test_paths_name_direct_and_indirect_ways_and_the_draws_that_have_them() -> None:
    coefficients = np.zeros((2, 3, 3))
    coefficients[:, 0, 2] = 1.0
    coefficients[0, 0, 1], coefficients[0, 1, 2] = 2.0, -1.0
    coefficients[1, 1, 0] = 4.0
    model = StructuralModel(("a", "b", "c"), coefficients, np.zeros((2, 3)), np.ones((2, 3)), np.ones(2))
    table = effect_paths(model, "a", "c").set_index("path")
    assert table["through"].to_dict() == {"a -> b -> c": "b", "a -> c": ""}
    assert table["mean"].to_dict() == {"a -> b -> c": -1.0, "a -> c": 1.0}
    assert table["probability"].to_dict() == {"a -> b -> c": 0.5, "a -> c": 1.0}


# large jobs


def test_a_summary_in_blocks_equals_the_summary_of_all_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = random_model(3, s=40), random_rows(3, n=50)
    interventions = [Set("b", 1.0), Shift("e", 0.5), Set("talk", 1.0)]
    whole = counterfactual(model, rows, interventions)
    for size in (1, 8 * 5 * 40 * 7, 16_000_000):
        monkeypatch.setattr(counterfactuals_module, "BLOCK_BYTES", size)
        parts = counterfactual_summary(model, rows, interventions, level=0.8)
        lower, upper = whole.interval(0.8)
        np.testing.assert_allclose(parts.mean, whole.mean(), atol=1e-12)
        np.testing.assert_allclose(parts.lower, lower, atol=1e-12)
        np.testing.assert_allclose(parts.upper, upper, atol=1e-12)
        assert list(parts.mean.index) == list(rows.index)


def test_residuals_and_equations_give_the_facts_back() -> None:
    model, rows = random_model(5), random_rows(5)
    residuals = abduct(model, rows)
    facts = rows[list(VALUES)].to_numpy()
    design = np.column_stack([rows[list(LEVERS)], rows["talk"] * rows["calm"]])
    for draw in range(len(model.weights)):
        constants = residuals[draw] + model.intercepts[draw, :5] + design @ model.coefficients[draw, 5:, :5]
        np.testing.assert_allclose(
            constants @ np.linalg.inv(np.eye(5) - model.coefficients[draw, :5, :5]), facts, atol=1e-9
        )


def test_the_order_of_the_row_columns_does_not_matter_and_rows_stay_as_they_are() -> None:
    model, rows = random_model(6), random_rows(6)
    before = rows.copy()
    here = counterfactual(model, rows, [Set("a", 0.0)])
    there = counterfactual(model, rows[rows.columns[::-1]], [Set("a", 0.0)])
    assert (here.values == there.values).all()
    pd.testing.assert_frame_equal(rows, before)


# refusals


@pytest.mark.parametrize("ask", [intervene, lambda m, i: counterfactual(m, random_rows(0), i)])
def test_badly_formed_interventions_are_refused_by_name(ask: object) -> None:
    model = random_model(0)
    with pytest.raises(ModelError, match="'a' has two interventions"):
        ask(model, [Set("a", 1.0), Shift("a", 1.0)])  # type: ignore[operator]
    with pytest.raises(ModelError, match=r"no node 'tlak'.*Did you mean 'talk'"):
        ask(model, [Set("tlak", 1.0)])  # type: ignore[operator]
    with pytest.raises(ModelError, match=r"combination of levers. Set 'talk' and 'calm'"):
        ask(model, [Set("talk+calm", 1.0)])  # type: ignore[operator]


def test_rows_that_do_not_fit_the_model_are_refused_by_name() -> None:
    model, rows = random_model(0), random_rows(0)
    with pytest.raises(ModelError, match=r"Column 'clam' is no value.*Did you mean 'calm'"):
        counterfactual(model, rows.rename(columns={"calm": "clam"}), [])
    with pytest.raises(ModelError, match="lack the values e, c"):
        counterfactual(model, rows.drop(columns=["c", "e"]), [])
    with pytest.raises(ModelError, match=r"'talk\+calm' is a combination"):
        counterfactual(model, rows.assign(**{"talk+calm": 1.0}), [])
    with pytest.raises(ModelError, match="'b' holds text"):
        counterfactual(model, rows.astype(object).assign(b="high"), [])
    gap = rows.copy()
    gap.loc["unit 2", "d"] = np.nan
    for ask in (counterfactual, counterfactual_summary):
        with pytest.raises(ModelError, match="'d' has no finite number in row unit 2"):
            ask(model, gap, [])


def test_a_path_needs_two_different_ends_and_a_value_at_the_end() -> None:
    model = random_model(0)
    for cause, effect in (("a", "a"), ("a", "talk")):
        with pytest.raises(ModelError, match="Choose two nodes"):
            effect_paths(model, cause, effect)
