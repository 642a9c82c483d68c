"""Learned ordinal models: probabilities come true, intervals hold the sampling error, and people's answers fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.evidence import PolychoricMoments, summarise
from causalvalues.graph import Dag
from causalvalues.interventions import Set, Shift
from causalvalues.model import PosteriorDraws, StructuralModel, counterfactual, fit
from causalvalues.ordinal import (
    Gibbs,
    OrdinalModel,
    SetCategory,
    abduct_ordinal,
    counterfactual_categories,
    ordinal_model,
    predict_categories,
)
from causalvalues.responses import ResponseMatrix

NAMES = ("care", "fun", "order", "power")
EDGES = [("care", "order"), ("care", "power"), ("order", "power"), ("fun", "power")]
LABELS = np.arange(1, 6)


def true_model() -> OrdinalModel:
    """Variances 1; answers crowded at the upper end, as those to value items are."""
    b = np.zeros((4, 4))
    b[0, 2], b[0, 3], b[2, 3], b[1, 3] = 0.6, -0.4, 0.5, 0.3
    total = np.linalg.inv(np.eye(4) - b)
    spread = np.sqrt(np.square(total).sum(axis=0))
    latent = StructuralModel.from_coefficients(NAMES, b * spread[:, None] / spread, residual_scales=1 / spread)
    steps = dict.fromkeys(NAMES, tuple(norm.ppf([0.03, 0.1, 0.3, 0.65])))
    return OrdinalModel(latent, steps, dict.fromkeys(NAMES, tuple(LABELS)))


TRUTH = true_model()


def simulated(n: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((n, 4)) * TRUTH.latent.residual_scales[0]
    return np.asarray(noise @ TRUTH.latent.total[0])


def answers_of(latent: np.ndarray) -> pd.DataFrame:
    columns = {v: LABELS[np.searchsorted(TRUTH.thresholds[v], latent[:, j])] for j, v in enumerate(NAMES)}
    return pd.DataFrame(columns).astype(float)


@pytest.fixture(scope="module")
def learned() -> tuple[OrdinalModel, pd.DataFrame]:
    rows = answers_of(simulated(2000, 0))
    evidence = summarise(rows, moments=PolychoricMoments())
    return ordinal_model(fit(Dag.from_edges(NAMES, EDGES), evidence, PosteriorDraws(draws=1000)), rows), rows


def test_probabilities_come_true_where_the_linear_model_leaves_the_scale(
    learned: tuple[OrdinalModel, pd.DataFrame],
) -> None:
    model, rows = learned
    latent = simulated(1500, 1)
    facts = answers_of(latent)
    after = answers_of(latent + 1.2 * TRUTH.latent.total[0, 0])
    found = counterfactual_categories(model, facts, [Shift("care", 1.2)], sampling=Gibbs(40, 8))
    linear = fit(Dag.from_edges(NAMES, EDGES), summarise(rows), PosteriorDraws(draws=50))
    guess = counterfactual(linear, facts, [Shift("care", 1.2 * float(rows["care"].std()))]).mean()
    reached = [0, 2, 3]
    outside = ((guess < 1) | (guess > 5)).to_numpy()[:, reached]
    assert outside.mean() > 0.15
    assert ((found.expected >= 1) & (found.expected <= 5)).all()
    predicted = found.mean[:, reached]
    hit = np.stack([after[NAMES[j]].to_numpy()[:, None] == LABELS for j in reached], axis=1)
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.001)):
        inside = (predicted >= low) & (predicted < high)
        gap = np.where(inside, hit - predicted, 0).sum(axis=(1, 2))  # by unit: its cells are not independent
        error = np.sqrt(np.square(gap).sum())
        assert abs(gap.sum()) < 3.5 * error + 0.02 * inside.sum(), (low, high)
        assert inside.sum() > 100
    mean_error = np.abs(found.expected - after.to_numpy())[:, reached].mean()
    assert mean_error < np.abs(guess.to_numpy() - after.to_numpy())[:, reached].mean()


def test_intervals_of_the_population_are_the_sampling_error_of_shares(
    learned: tuple[OrdinalModel, pd.DataFrame],
) -> None:
    model, rows = learned
    found = predict_categories(model)
    n = summarise(rows, moments=PolychoricMoments()).n_score  # what the fit charges: fewer than the rows
    assert n < len(rows)
    for j, name in enumerate(NAMES):
        shares = np.array([(rows[name] == label).mean() for label in LABELS])
        np.testing.assert_allclose(found.mean[0, j], shares, atol=0.004)
        width = 2 * 1.645 * np.sqrt(shares * (1 - shares) / n)
        np.testing.assert_allclose(found.upper[0, j] - found.lower[0, j], width, rtol=0.15)


def test_a_model_without_parameter_error_has_intervals_of_no_width() -> None:
    found = predict_categories(TRUTH, [Shift("care", 1.0)])
    assert (found.upper == found.lower).all()
    found = counterfactual_categories(TRUTH, answers_of(simulated(3, 2)), [Shift("care", 1.0)])
    assert (found.upper == found.lower).all()


def test_levers_move_answers_as_often_as_they_did() -> None:
    rng = np.random.default_rng(3)
    n = 3000
    dose = rng.integers(0, 2, n).astype(float)
    a = rng.standard_normal(n) + 0.8 * dose
    b = 0.6 * a + 0.8 * rng.standard_normal(n)
    scores = np.column_stack([np.digitize(a, [-1, 0, 1]) + 1.0, np.digitize(b, [-0.5, 0.5]) + 1.0])
    units = tuple(str(i) for i in range(n))
    matrix = ResponseMatrix(("a", "b"), scores, units, levers=("say",), doses=dose[:, None])
    evidence = summarise(matrix, moments=PolychoricMoments())
    model = ordinal_model(fit(Dag.from_edges("ab", [("a", "b")]), evidence, PosteriorDraws(draws=100)), matrix)
    for given, actions in ((0.0, []), (1.0, [Set("say", 1.0)])):
        found = predict_categories(model, actions)
        for j in range(2):
            shares = [np.mean(scores[dose == given, j] == c) for c in range(1, 5)]
            np.testing.assert_allclose(found.mean[0, j], shares, atol=0.025)
    row = pd.DataFrame({"a": [2.0], "b": [1.0], "say": [1.0]})
    less = counterfactual_categories(model, row, [Set("say", 0.0)])
    assert float(less.scores()["a"].iloc[0]) < 2
    assert float(less.scores()["b"].iloc[0]) == 1


@pytest.mark.shared
def test_answers_of_people_to_a_value_survey(shared_data: Path) -> None:
    data = pd.read_csv(shared_data / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz")
    items = ["impenv", "iphlppl", "ipudrst", "ipcrtiv", "impfree", "ipsuces", "ipshabt", "iprspot"]
    rows = 7 - data[items].astype(float).where(data[items] <= 6)  # 6: very much like me
    rows = rows[data["cntry"] == "NO"].dropna(how="all")
    evidence = summarise(rows, moments=PolychoricMoments())
    model = ordinal_model(fit(discover(evidence, ExactPosterior(draws=100)), evidence), rows)
    before = predict_categories(model)
    assert model.categories["iphlppl"] == (2, 3, 4, 5, 6)  # nobody says 1
    for name in model.values:
        shares = [np.mean(rows[name].dropna() == label) for label in model.categories[name]]
        np.testing.assert_allclose(before.of(name).to_numpy()[0], shares, atol=0.01)
    lost = rows[rows.isna().any(axis=1)][:20]
    some = pd.concat([rows.dropna()[:60], lost])
    after = counterfactual_categories(model, some, [SetCategory("impenv", 6)], sampling=Gibbs(30, 6))
    assert (after.of("impenv")[6] == 1).all()
    assert after.expected.min() >= 1
    assert after.expected.max() <= 6
    already = (some["impenv"] == 6).to_numpy()
    answered = some.notna().to_numpy() & already[:, None]
    columns = [model.values.index(v) for v in items]
    assert (after.expected[:, columns][answered] == some.to_numpy()[answered]).all()
    latent = abduct_ordinal(model, some, draws=30).mean()
    ranks = [latent[v].corr(some[v], method="spearman") for v in items]
    assert min(ranks) > 0.85
