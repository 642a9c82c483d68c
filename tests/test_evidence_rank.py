"""Normal scores of ranks: laws, other rank correlations, and standard errors by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from causalvalues.errors import DataError
from causalvalues.evidence import Evidence, RankMoments, resample, summarise
from causalvalues.responses import ResponseMatrix

TRUTH = np.array([[1, 0.5, -0.3], [0.5, 1, 0], [-0.3, 0, 1]])


def skewed(seed: int, n: int = 400) -> pd.DataFrame:
    z = np.random.default_rng(seed).multivariate_normal(np.zeros(3), TRUTH, size=n)
    return pd.DataFrame({"x": np.exp(2 * z[:, 0]), "y": z[:, 1] ** 3, "z": z[:, 2]})


def by_ranks(data: pd.DataFrame | ResponseMatrix, within: str = "") -> Evidence:
    return summarise(data, within, RankMoments())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([np.exp, np.arctan, lambda x: x**3, lambda x: 5 * x - 100]))
def test_no_increasing_transformation_of_a_column_changes_anything(seed: int, change: object) -> None:
    data = pd.DataFrame(np.random.default_rng(seed).normal(size=(40, 3)), columns=list("xyz"))
    found, other = by_ranks(data), by_ranks(data.assign(y=change(data["y"])))  # type: ignore[operator]
    assert (found.scatter == other.scatter).all()
    assert (found.clusters.second == other.clusters.second).all()
    turned = by_ranks(data.assign(y=-data["y"])).correlation
    assert turned.loc["x", "y"] == pytest.approx(-found.correlation.loc["x", "y"], abs=1e-12)


def test_the_correlation_is_that_of_normal_quantiles_of_the_ranks() -> None:
    data = skewed(1).assign(z=lambda frame: frame["z"].round(1))
    scores = stats.norm.ppf((stats.rankdata(data, axis=0) - 0.5) / len(data))
    np.testing.assert_allclose(by_ranks(data).correlation, np.corrcoef(scores.T), atol=1e-12)


def test_it_agrees_with_spearmans_and_kendalls_estimates_of_the_latent_correlation() -> None:
    data = skewed(2, 20_000)
    found = by_ranks(data).correlation.to_numpy()
    spearman = 2 * np.sin(np.pi / 6 * stats.spearmanr(data).statistic)
    np.testing.assert_allclose(found, spearman, atol=0.012)
    np.testing.assert_allclose(found, TRUTH, atol=0.02)
    tau = stats.kendalltau(data["x"], data["y"]).statistic
    assert found[0, 1] == pytest.approx(np.sin(np.pi / 2 * tau), abs=0.012)
    assert abs(data.corr().to_numpy()[0, 1] - 0.5) > 0.05  # the product moments of skewed scores are far off


def test_standard_errors_equal_the_spread_over_samples_and_over_bootstrap_draws() -> None:
    pairs = np.triu_indices(3, 1)
    found = [by_ranks(skewed(100 + repeat, 250)) for repeat in range(400)]
    r = np.array([evidence.correlation.to_numpy()[pairs] for evidence in found])
    told = np.mean([(1 - evidence.correlation.to_numpy() ** 2)[pairs] / np.sqrt(evidence.pairwise_n[pairs])
                    for evidence in found], axis=0)  # fmt: skip
    np.testing.assert_allclose(told / r.std(axis=0), 1.0, atol=0.1)
    random, counts = np.random.default_rng(0), np.full(250, 1 / 250)
    draws = [resample(found[0], random.multinomial(250, counts)).correlation.to_numpy()[pairs] for _ in range(300)]
    np.testing.assert_allclose(np.std(draws, axis=0) / r.std(axis=0), 1.0, atol=0.2)


def test_missing_answers_are_left_out_pair_by_pair_and_lower_the_effective_n() -> None:
    data = skewed(3, 4000)
    holes = np.random.default_rng(0).random(data.shape) < 0.3
    found = by_ranks(data.mask(holes))
    np.testing.assert_allclose(found.correlation, TRUTH, atol=0.05)
    assert found.pairwise_n[1, 2] == pytest.approx(0.49 * found.n, rel=0.12)
    assert any("missing by column" in note for note in found.notes)
    one = data.iloc[:100].assign(x=lambda frame: frame["x"].where(frame.index < 50))
    with pytest.raises(DataError, match="'x' and 'y'"):
        by_ranks(one.assign(y=one["y"].where(one.index >= 50)))


def test_tied_answers_share_a_score_and_the_notes_advise_polychoric_correlations() -> None:
    data = skewed(4).assign(y=lambda frame: (frame["y"] > 0).astype(float))
    found = by_ranks(data)
    assert 0.2 < found.correlation.loc["x", "y"] < 0.5
    assert any("PolychoricMoments" in note and "'y'" in note for note in found.notes)


def test_levers_are_taken_out_before_ranking() -> None:
    random = np.random.default_rng(5)
    dose = (random.random(3000) < 0.5).astype(float)
    z = random.multivariate_normal(np.zeros(3), TRUTH, size=3000)
    scores = np.exp(z) + dose[:, None] * [2.0, 2.0, 0.0]
    matrix = ResponseMatrix(("x", "y", "z"), scores, tuple(map(str, range(3000))), levers=("l",), doses=dose[:, None])
    found = by_ranks(matrix)
    np.testing.assert_allclose(found.correlation, TRUTH, atol=0.06)
    spread = np.sqrt(np.exp(1) * (np.exp(1) - 1))
    assert found.design_effects.loc["l", "x"] == pytest.approx(2 / spread, abs=0.12)
    assert any("residuals on the levers" in note for note in found.notes)
