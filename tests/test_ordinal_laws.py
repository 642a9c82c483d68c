"""Laws that category counterfactuals obey whatever the model and the answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.interventions import Set, Shift
from causalvalues.model import StructuralModel
from causalvalues.ordinal import (
    CategoryProbabilities,
    Gibbs,
    OrdinalModel,
    SetCategory,
    SetLatent,
    abduct_ordinal,
    counterfactual_categories,
    predict_categories,
)

QUICK = Gibbs(draws=3, sweeps=4)
NAMES = ("care", "power", "fun", "order")


def random_model(seed: int, draws: int = 3) -> OrdinalModel:
    """Four values in a random order of causes, one lever, three draws, two to six categories."""
    rng = np.random.default_rng(seed)
    p, order = len(NAMES), rng.permutation(len(NAMES))
    b = np.zeros((draws, p + 1, p + 1))
    for i in range(p):
        for j in range(i + 1, p):
            if rng.random() < 0.6:
                b[:, order[i], order[j]] = rng.normal(0, 0.5) + 0.1 * rng.normal(size=draws)
    b[:, p, :p] = rng.normal(0, 0.4, p)
    scales = np.c_[rng.uniform(0.5, 1.2, (draws, p)), np.zeros(draws)]
    intercepts = np.c_[rng.normal(0, 0.3, (draws, p)), np.zeros(draws)]
    latent = StructuralModel(NAMES, b, intercepts, scales, rng.uniform(0.5, 1, draws), levers=("prompt",))
    sizes = rng.integers(2, 7, p)
    steps = {name: tuple(np.cumsum(rng.uniform(0.3, 1, k - 1)) - 1) for name, k in zip(NAMES, sizes, strict=True)}
    return OrdinalModel(latent, steps, {name: tuple(range(int(k))) for name, k in zip(NAMES, sizes, strict=True)})


def random_rows(model: OrdinalModel, seed: int, n: int = 4, lost: float = 0.2) -> pd.DataFrame:
    rng = np.random.default_rng(seed + 1000)
    columns = {name: rng.integers(0, len(labels), n).astype(float) for name, labels in model.categories.items()}
    rows = pd.DataFrame(columns, index=[f"unit {i}" for i in range(n)])
    rows = rows.mask(rng.random(rows.shape) < lost)
    rows["prompt"] = rng.integers(0, 2, n)
    return rows


def same(first: CategoryProbabilities, second: CategoryProbabilities) -> None:
    for name in ("mean", "lower", "upper", "expected", "expected_lower", "expected_upper"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def observed(model: OrdinalModel, rows: pd.DataFrame, found: CategoryProbabilities) -> list[float]:
    """Probabilities of the answers that were given."""
    shares = []
    for i in range(len(rows)):
        for j, name in enumerate(model.values):
            if not np.isnan(rows[name].iloc[i]):
                code = model.categories[name].index(rows[name].iloc[i])
                shares += [table[i, j, code] for table in (found.mean, found.lower, found.upper)]
    return shares


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_what_changes_nothing_leaves_every_answer_certain(seed: int) -> None:
    model = random_model(seed)
    rows = random_rows(model, seed)
    for nothing in ([], [Shift("care", 0.0), Shift("prompt", 0.0)]):
        found = counterfactual_categories(model, rows, nothing, seed, QUICK)
        assert set(observed(model, rows, found)) == {1.0}
    one = random_rows(model, seed, 1, lost=0.0)
    same_dose = Set("prompt", float(one["prompt"].iloc[0]))
    as_it_is = [SetCategory(name, one[name].iloc[0]) for name in NAMES[:2]]
    found = counterfactual_categories(model, one, [same_dose, *as_it_is], seed, QUICK)
    assert set(observed(model, one, found)) == {1.0}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(-30, 30))
def test_predictions_never_leave_the_scale(seed: int, amount: float) -> None:
    model = random_model(seed)
    rows = random_rows(model, seed)
    actions = [Shift("care", amount), SetLatent("power", -amount), SetCategory("fun", 1), Set("prompt", 1.0)]
    for found in (
        counterfactual_categories(model, rows, actions, seed, QUICK),
        counterfactual_categories(model, rows, actions[:1], seed, QUICK),
        predict_categories(model, [*actions[:2], actions[3]]),
    ):
        np.testing.assert_allclose(found.mean.sum(axis=2), 1, atol=1e-12)
        for table in (found.mean, found.lower, found.upper):
            assert (table >= 0).all()
            assert (table <= 1).all()
        assert (found.lower <= found.upper).all()
        top = np.array([max(model.categories[name]) for name in model.values])
        for scores in (found.expected, found.expected_lower, found.expected_upper):
            assert (scores >= -1e-12).all()
            assert (scores <= top + 1e-12).all()


def test_a_held_value_answers_what_it_is_held_at() -> None:
    model = random_model(5)
    rows = random_rows(model, 5)
    top = len(model.categories["fun"]) - 1
    cut = model.thresholds["power"][0]
    found = counterfactual_categories(model, rows, [SetCategory("fun", top), SetLatent("power", cut)], 0, QUICK)
    assert (found.of("fun")[top] == 1).all()
    assert (found.of("power")[0] == 1).all()  # a threshold belongs to the category below it
    assert (found.scores()["fun"] == top).all()
    whole = predict_categories(model, [SetCategory("fun", top), SetLatent("power", cut)])
    assert float(whole.of("fun")[top].iloc[0]) == 1
    assert float(whole.of("power")[0].iloc[0]) == 1


def test_values_that_are_not_reached_keep_their_answers() -> None:
    latent = StructuralModel.from_coefficients(
        ["cause", "middle", "end", "other"], [[0, 0.7, 0, 0], [0, 0, 0.7, 0], [0, 0, 0, 0], [0, 0.5, 0, 0]]
    )
    model = OrdinalModel(latent, dict.fromkeys(latent.values, (-1.0, 0, 1)), dict.fromkeys(latent.values, (1, 2, 3, 4)))
    rows = pd.DataFrame([[1, 2, 3, 4]], columns=list(latent.values))
    found = counterfactual_categories(model, rows, [SetLatent("middle", 2.0)])
    assert float(found.of("cause")[1].iloc[0]) == 1
    assert float(found.of("other")[4].iloc[0]) == 1
    assert float(found.of("end")[3].iloc[0]) < 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_columns_and_of_values_changes_nothing(seed: int) -> None:
    model = random_model(seed)
    rows = random_rows(model, seed)
    order = np.random.default_rng(seed).permutation(len(NAMES))
    latent, nodes = model.latent, np.r_[order, len(NAMES)]
    turned = OrdinalModel(
        StructuralModel(
            tuple(NAMES[i] for i in order),
            latent.coefficients[:, nodes][:, :, nodes],
            latent.intercepts[:, nodes],
            latent.residual_scales[:, nodes],
            latent.weights,
            levers=latent.levers,
        ),
        model.thresholds,
        model.categories,
    )
    actions = [Shift("care", 0.7), SetCategory("fun", 1), Set("prompt", 1.0)]
    first = counterfactual_categories(model, rows, actions, 3, QUICK)
    second = counterfactual_categories(turned, rows[rows.columns[::-1]], actions, 3, QUICK)
    np.testing.assert_allclose(first.mean[:, order], second.mean, atol=1e-9)
    np.testing.assert_allclose(first.expected_upper[:, order], second.expected_upper, atol=1e-9)
    np.testing.assert_allclose(
        abduct_ordinal(model, rows, 3, 5).scores[:, :, order], abduct_ordinal(turned, rows, 3, 5).scores, atol=1e-9
    )


def test_a_unit_gets_the_same_answer_whoever_stands_beside_it() -> None:
    model = random_model(8)
    rows = random_rows(model, 8, 6)
    actions = [Shift("care", 0.7), SetCategory("fun", 1)]
    together = counterfactual_categories(model, rows, actions, 1, QUICK)
    alone = counterfactual_categories(model, rows.iloc[[4]], actions, 1, QUICK)
    np.testing.assert_allclose(together.mean[4], alone.mean[0], atol=1e-12)
    np.testing.assert_allclose(
        abduct_ordinal(model, rows, 1, 7).scores[:, 4], abduct_ordinal(model, rows.iloc[4], 1, 7).scores[:, 0]
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    model = random_model(4)
    rows = random_rows(model, 4)
    first, again, other = (counterfactual_categories(model, rows, [Shift("care", 0.5)], s, QUICK) for s in (1, 1, 2))
    same(first, again)
    assert (first.mean != other.mean).any()


def test_a_lost_answer_is_filled_in_alike_whatever_else_is_done() -> None:
    latent = StructuralModel.from_coefficients(["a", "b", "c"], [[0, 0.6, 0], [0, 0, 0.6], [0, 0, 0]])
    model = OrdinalModel(latent, dict.fromkeys("abc", (-1.0, 1)), dict.fromkeys("abc", (1, 2, 3)))
    row = pd.DataFrame({"a": [np.nan], "b": [1], "c": [2]})
    before = counterfactual_categories(model, row, [], sampling=QUICK)
    after = counterfactual_categories(model, row, [SetCategory("b", 3)], sampling=QUICK)
    np.testing.assert_array_equal(before.mean[:, 0], after.mean[:, 0])
    assert after.mean[0, 2, 2] > 0


def test_rows_with_one_label_are_drawn_apart() -> None:
    model = random_model(9)
    rows = random_rows(model, 9, 1)
    twice = pd.concat([rows, rows])
    scores = abduct_ordinal(model, twice, 1, 5).scores
    assert (scores[:, 0] != scores[:, 1]).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_latent_scores_lie_in_the_category_of_their_answer(seed: int) -> None:
    model = random_model(seed)
    rows = random_rows(model, seed)
    scores = abduct_ordinal(model, rows, seed, 20).scores
    assert np.isfinite(scores).all()
    for j, name in enumerate(model.values):
        there = rows[name].notna().to_numpy()
        fallen = np.searchsorted(model.thresholds[name], scores[:, there, j])
        assert (fallen == rows[name].to_numpy()[there]).all()


def test_answers_that_the_model_finds_hardly_possible_are_still_traced_back() -> None:
    latent = StructuralModel.from_coefficients(["a", "b"], [[0, 0.95], [0, 0]], residual_scales=[1, 0.05])
    model = OrdinalModel(latent, {"a": (-4, 4), "b": (-4, 4)}, {"a": (1, 2, 3), "b": (1, 2, 3)})
    rows = pd.DataFrame({"a": [1, 3], "b": [3, 1]})  # some 160 deviations apart
    scores = abduct_ordinal(model, rows, draws=20).scores
    assert (scores[:, 0, 0] <= -4).all()
    assert (scores[:, 0, 1] >= 4).all()
    found = counterfactual_categories(model, rows, [Shift("a", 0.1)])
    np.testing.assert_allclose(found.mean.sum(axis=2), 1, atol=1e-12)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_rows_give_an_empty_result(rows: int) -> None:
    model = random_model(3)
    table = random_rows(model, 3).iloc[:rows]
    assert counterfactual_categories(model, table, [Shift("care", 1.0)], 0, QUICK).mean.shape[0] == rows
    assert abduct_ordinal(model, table).scores.shape[1] == rows


def test_a_table_has_a_row_for_each_unit_value_and_category() -> None:
    model = random_model(3)
    found = counterfactual_categories(model, random_rows(model, 3), [Shift("care", 1.0)], 0, QUICK)
    table = found.table()
    assert len(table) == 4 * sum(len(labels) for labels in model.categories.values())
    assert (table["lower"] <= table["upper"]).all()
    assert table.groupby(["unit", "value"])["mean"].sum().to_numpy() == pytest.approx(1)
