"""Category counterfactuals against closed forms, brute-force integration and the linear model."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm, truncnorm

from causalvalues.interventions import Set, Shift
from causalvalues.model import StructuralModel, counterfactual
from causalvalues.ordinal import (
    Gibbs,
    OrdinalModel,
    SetCategory,
    SetLatent,
    abduct_ordinal,
    counterfactual_categories,
    predict_categories,
)

LONG = Gibbs(draws=1, sweeps=40_000)
B = np.array([[0, 0.6, 0.2], [0, 0, 0.5], [0, 0, 0]])
SCALES = np.array([1.3, 0.8, 0.7])
STEPS = {"a": (-1.0, 0.0, 1.0), "b": (-0.5, 0.5), "c": (-1.2, 0.1, 0.9, 1.5)}
MODEL = OrdinalModel(
    StructuralModel.from_coefficients(["a", "b", "c"], B, residual_scales=SCALES),
    STEPS,
    {name: tuple(range(1, len(steps) + 2)) for name, steps in STEPS.items()},
)
TOTAL = np.linalg.inv(np.eye(3) - B)
COVARIANCE = TOTAL.T @ np.diag(SCALES**2) @ TOTAL


def edges(name: str) -> np.ndarray:
    return np.r_[-9.0, STEPS[name], 9.0]  # beyond 9 deviations nothing is left


def rectangle(lower: list[float], upper: list[float]) -> float:
    if any(low >= high for low, high in zip(lower, upper, strict=True)):
        return 0.0
    return float(multivariate_normal(np.zeros(3), COVARIANCE).cdf(upper, lower_limit=lower))


def box(row: dict[str, float]) -> tuple[list[float], list[float]]:
    lower, upper = [], []
    for name in "abc":
        ends, answer = edges(name), row[name]
        lower.append(-9.0 if np.isnan(answer) else ends[int(answer) - 1])
        upper.append(9.0 if np.isnan(answer) else ends[int(answer)])
    return lower, upper


@pytest.mark.parametrize(("category", "ends"), [(1, (-np.inf, -1)), (2, (-1, 0)), (4, (1, np.inf))])
def test_latent_scores_of_one_value_have_the_moments_of_a_truncated_normal(
    category: int, ends: tuple[float, float]
) -> None:
    one = StructuralModel.from_coefficients(["a"], [[0.0]], intercepts=[0.3], residual_scales=[1.4])
    model = OrdinalModel(one, {"a": STEPS["a"]}, {"a": (1, 2, 3, 4)})
    scores = abduct_ordinal(model, pd.DataFrame({"a": [category]}), draws=40_000).scores[:, 0, 0]
    law = truncnorm((ends[0] - 0.3) / 1.4, (ends[1] - 0.3) / 1.4, 0.3, 1.4)
    assert scores.mean() == pytest.approx(law.mean(), abs=4 * law.std() / 200)
    assert scores.std() == pytest.approx(law.std(), rel=0.03)
    for share in (0.1, 0.5, 0.9):
        assert np.mean(scores <= law.ppf(share)) == pytest.approx(share, abs=0.01)


def test_latent_scores_agree_with_brute_force_integration() -> None:
    rows = pd.DataFrame({"a": [4, 1.0], "b": [1, np.nan], "c": [3, 5.0]})
    found = abduct_ordinal(MODEL, rows, draws=30_000)
    for i in range(2):
        lower, upper = box(rows.iloc[i].to_dict())
        axes = [low + (high - low) * (np.arange(80) + 0.5) / 80 for low, high in zip(lower, upper, strict=True)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        density = multivariate_normal(np.zeros(3), COVARIANCE).pdf(grid)
        density /= density.sum()
        mean = np.tensordot(density, grid, axes=3)
        second = np.einsum("abc,abci,abcj->ij", density, grid, grid) - np.outer(mean, mean)
        np.testing.assert_allclose(found.scores[:, i].mean(axis=0), mean, atol=0.02)
        np.testing.assert_allclose(np.cov(found.scores[:, i].T), second, atol=0.02)


def test_latent_scores_that_hang_closely_together_are_sampled_long_enough() -> None:
    slope, noise = 0.99, np.sqrt(1 - 0.99**2)
    latent = StructuralModel.from_coefficients(["a", "b"], [[0, slope], [0, 0]], residual_scales=[1, noise])
    model = OrdinalModel(latent, {"a": (-0.5,), "b": (1.0,)}, {"a": (1, 2), "b": (1, 2)})
    scores = abduct_ordinal(model, pd.DataFrame({"a": [2.0], "b": [np.nan]}), draws=3000).scores[:, 0]
    mean = truncnorm(-0.5, np.inf).mean()
    assert scores.mean(axis=0) == pytest.approx([mean, slope * mean], abs=0.06)
    assert abs(np.corrcoef(scores[1:, 1], scores[:-1, 1])[0, 1]) < 0.08  # one draw forgets the one before
    found = counterfactual_categories(model, pd.DataFrame({"a": [2.0], "b": [np.nan]}), [], sampling=LONG)
    both = multivariate_normal(np.zeros(2), [[1, slope], [slope, 1]]).cdf([9, 9], lower_limit=[-0.5, 1.0])
    assert float(found.of("b")[2].iloc[0]) == pytest.approx(both / norm.sf(-0.5), abs=0.03)


def test_a_shift_agrees_with_rectangle_probabilities() -> None:
    rows = pd.DataFrame({"a": [2, 4.0, np.nan], "b": [3, np.nan, 2], "c": [2, 4.0, np.nan]})
    amount = 0.7
    found = counterfactual_categories(MODEL, rows, [Shift("a", amount)], sampling=LONG)
    for i in range(len(rows)):
        lower, upper = box(rows.iloc[i].to_dict())
        whole = rectangle(lower, upper)
        for j, name in enumerate("abc"):
            move, ends = amount * TOTAL[0, j], edges(name)
            for c in range(len(ends) - 1):
                low, high = list(lower), list(upper)
                left = -20.0 if c == 0 else ends[c] - move
                right = 20.0 if c == len(ends) - 2 else ends[c + 1] - move
                low[j], high[j] = max(low[j], left), min(high[j], right)
                assert found.mean[i, j, c] == pytest.approx(rectangle(low, high) / whole, abs=0.004)


def pair_model() -> tuple[OrdinalModel, np.ndarray, np.ndarray]:
    """Two values, b = .6 a + e, and midpoints and weights of a fine grid over both latent scores."""
    latent = StructuralModel.from_coefficients(["a", "b"], [[0, 0.6], [0, 0]], residual_scales=[1, 0.8])
    steps = {"a": STEPS["a"], "b": STEPS["b"]}
    model = OrdinalModel(latent, steps, {"a": (1, 2, 3, 4), "b": (1, 2, 3)})
    axis = -6 + 12 * (np.arange(600) + 0.5) / 600
    a, b = np.meshgrid(axis, axis, indexing="ij")
    return model, np.stack([a, b]), norm.pdf(a) * norm.pdf((b - 0.6 * a) / 0.8)


@pytest.mark.parametrize(("first", "second"), list(itertools.product((1, 3, None), (1, 2))))
def test_holding_a_latent_score_or_an_answer_agrees_with_a_grid(first: int | None, second: int) -> None:
    model, (a, b), density = pair_model()
    inside = np.digitize(b, STEPS["b"], right=True) == second - 1
    if first is not None:
        inside &= np.digitize(a, STEPS["a"], right=True) == first - 1
    weight = np.where(inside, density, 0)
    weight /= weight.sum()
    row = pd.DataFrame({"a": [np.nan if first is None else first], "b": [second]})
    held = counterfactual_categories(model, row, [SetLatent("a", 0.8)], sampling=LONG).of("b").to_numpy()[0]
    moved = np.digitize(b + 0.6 * (0.8 - a), STEPS["b"], right=True)
    np.testing.assert_allclose(held, [weight[moved == c].sum() for c in range(3)], atol=0.006)
    wanted = counterfactual_categories(model, row, [SetCategory("a", 3)], sampling=LONG).of("b").to_numpy()[0]
    already = (a > 0) & (a <= 1)
    expected = np.array([weight[already & (np.digitize(b, STEPS["b"], right=True) == c)].sum() for c in range(3)])
    for share in (np.arange(20) + 0.5) / 20:  # latent scores in the category of the answer 3
        to = truncnorm(0, 1).ppf(share)
        moved = np.digitize(b + 0.6 * (to - a), STEPS["b"], right=True)
        expected += np.array([weight[~already & (moved == c)].sum() for c in range(3)]) / 20
    np.testing.assert_allclose(wanted, expected, atol=0.006)


def with_lever() -> OrdinalModel:
    b = np.zeros((4, 4))
    b[:3, :3], b[3, :3] = B, (0.5, 0.0, -0.4)
    latent = StructuralModel.from_coefficients(
        ["a", "b", "c", "say"], b, intercepts=[0.1, -0.2, 0.3, 0], residual_scales=[*SCALES, 0], levers=["say"]
    )
    return OrdinalModel(latent, STEPS, MODEL.categories)


@pytest.mark.parametrize(
    "actions",
    [
        [Set("say", 1.0)],
        [Shift("b", -0.6), Set("say", 0.5)],
        [SetLatent("b", 0.7)],
        [SetCategory("b", 3)],
        [SetCategory("a", 4), Shift("c", 0.3), Set("say", 1.0)],
    ],
)
def test_a_population_is_simulated_units_and_a_unit_that_answered_nothing(actions: list[Set | Shift]) -> None:
    model = with_lever()
    rng = np.random.default_rng(0)
    total = model.latent.total[0]
    n = 200_000
    a = np.array([0.1, -0.2, 0.3])
    noise = a + SCALES * rng.standard_normal((n, 3))
    facts = noise @ TOTAL
    cut, coefficients = noise.copy(), np.array(model.latent.coefficients[0])
    held: dict[int, np.ndarray] = {}
    for each in actions:
        node = model.latent.place(each.node)
        if isinstance(each, Shift):
            cut[:, node] += each.amount
        elif isinstance(each, SetLatent):
            held[node] = np.full(n, each.value)
        elif isinstance(each, SetCategory):
            ends = np.r_[-np.inf, STEPS[each.node], np.inf]
            low, high = ends[int(each.category) - 1], ends[int(each.category)]
            mean, sd = (a @ TOTAL)[node], np.sqrt(COVARIANCE[node, node])
            drawn = truncnorm((low - mean) / sd, (high - mean) / sd, mean, sd).rvs(n, random_state=rng)
            stay = (facts[:, node] > low) & (facts[:, node] <= high)
            held[node] = np.where(stay, facts[:, node], drawn)
    doses = {each.node: each.value for each in actions if isinstance(each, Set)}
    reached = np.empty((n, 3))
    for j in range(3):  # the order of causes
        reached[:, j] = cut[:, j] + reached[:, :j] @ coefficients[:j, j] + doses.get("say", 0.0) * coefficients[3, j]
        if j in held:
            reached[:, j] = held[j]
    assert total.shape == (4, 4)
    simulated = [np.bincount(np.digitize(reached[:, j], STEPS[v], right=True)) / n for j, v in enumerate("abc")]
    whole = predict_categories(model, actions)
    nobody = pd.DataFrame({"a": [np.nan], "b": [np.nan], "c": [np.nan]})
    unit = counterfactual_categories(model, nobody, actions, sampling=LONG)
    for j, name in enumerate("abc"):
        size = len(STEPS[name]) + 1
        np.testing.assert_allclose(whole.mean[0, j, : len(simulated[j])], simulated[j], atol=0.006)
        np.testing.assert_allclose(unit.mean[0, j, :size], whole.mean[0, j, :size], atol=0.006)


def test_without_interventions_lost_answers_are_filled_in_from_the_others() -> None:
    row = {"a": 4.0, "b": np.nan, "c": 1.0}
    found = counterfactual_categories(MODEL, pd.DataFrame([row]), [], sampling=LONG).of("b").to_numpy()[0]
    chances = np.array([rectangle(*box({**row, "b": c})) for c in (1, 2, 3)])
    np.testing.assert_allclose(found, chances / chances.sum(), atol=0.004)


def test_with_many_categories_the_expected_answer_is_the_linear_counterfactual() -> None:
    steps = tuple(np.arange(-6, 6.01, 0.1))
    centres = (steps[0] - 0.05, *(np.array(steps) + 0.05))
    model = OrdinalModel(MODEL.latent, dict.fromkeys("abc", steps), dict.fromkeys("abc", centres))
    rng = np.random.default_rng(1)
    latent = pd.DataFrame(rng.standard_normal((40, 3)) * SCALES @ TOTAL, columns=list("abc"))
    written = pd.DataFrame({name: np.array(centres)[np.searchsorted(steps, latent[name])] for name in "abc"})
    for actions in ([Shift("a", 0.83)], [SetLatent("b", 1.2), Shift("a", -0.4)]):
        found = counterfactual_categories(model, written, actions).scores()
        plain = [Set(each.node, each.value) if isinstance(each, SetLatent) else each for each in actions]
        linear = counterfactual(MODEL.latent, written, plain).mean()
        assert np.abs(found - linear).to_numpy().max() < 0.1
        assert np.abs(found - linear).to_numpy().mean() < 0.02


def test_draws_of_the_model_count_by_their_weights_and_their_spread_is_the_interval() -> None:
    slopes = np.zeros((2, 2, 2))
    slopes[:, 0, 1] = (0.2, 0.7)
    scales = np.c_[np.ones(2), np.sqrt(1 - slopes[:, 0, 1] ** 2)]
    two = StructuralModel(("a", "b"), slopes, np.zeros((2, 2)), scales, np.array([0.8, 0.2]))
    steps, labels = {"a": (-1.0, 1.0), "b": (-1.0, 1.0)}, {"a": (1, 2, 3), "b": (1, 2, 3)}
    row = pd.DataFrame({"a": [1], "b": [2]})
    action, long = [Shift("a", 1.5)], Gibbs(draws=100, sweeps=400)
    both = counterfactual_categories(OrdinalModel(two, steps, labels), row, action, sampling=long)
    alone = []
    for k in range(2):
        one = StructuralModel.from_coefficients(["a", "b"], slopes[k], residual_scales=scales[k])
        alone.append(counterfactual_categories(OrdinalModel(one, steps, labels), row, action, sampling=long).mean[0, 1])
    np.testing.assert_allclose(both.mean[0, 1], 0.8 * alone[0] + 0.2 * alone[1], atol=0.005)
    np.testing.assert_allclose(both.lower[0, 1], np.minimum(*alone), atol=0.01)
    np.testing.assert_allclose(both.upper[0, 1], np.maximum(*alone), atol=0.01)


def test_intervals_do_not_grow_when_fewer_sweeps_are_made() -> None:
    rng = np.random.default_rng(0)
    s = 100
    slopes = np.zeros((s, 2, 2))
    slopes[:, 0, 1] = 0.6 + 0.02 * rng.standard_normal(s)
    model = OrdinalModel(
        StructuralModel(("a", "b"), slopes, np.zeros((s, 2)), np.tile([1, 0.8], (s, 1)), np.ones(s)),
        {"a": (0.0,), "b": (-0.5, 0.5)},
        {"a": (1, 2), "b": (1, 2, 3)},
    )
    rows = pd.DataFrame({"a": [1] * 40, "b": [2] * 40})
    width = {}
    for sweeps in (4, 400):
        found = counterfactual_categories(model, rows, [SetLatent("a", 1.0)], sampling=Gibbs(s, sweeps))
        width[sweeps] = (found.upper - found.lower)[:, 1].mean()
    assert 0.5 * width[400] < width[4] < 2 * width[400]
