"""Clusters drawn within strata: errors of levels and of direct effects are those of repeated stratified samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causalvalues.evidence import correlation_tests, summarise
from causalvalues.evidence.sums import free_clusters, varying
from causalvalues.graph import Dag
from causalvalues.model import PosteriorDraws, fit, fit_indices
from causalvalues.model.held_out_prediction import held_out_prediction
from causalvalues.responses import ResponseMatrix

NAMES = ("power", "security")
GRAPH = Dag(NAMES, np.array([[False, True], [False, False]]))
SLOPES = np.array([-2.0, 0.0, 2.0, 4.0])


def sample(seed: int, schools: int = 6, rows: int = 16) -> ResponseMatrix:
    """Four regions that differ much in level and slope; schools of a region differ little."""
    random = np.random.default_rng(seed)
    region = np.repeat(np.arange(4), schools * rows)
    school = np.repeat(np.arange(4 * schools), rows)
    power = random.normal(size=len(region)) + 0.1 * random.normal(size=4 * schools)[school]
    security = SLOPES[region] * power + 1.5 * region + 0.5 * random.normal(size=len(region))
    labels = {"school": [f"s{i}" for i in school], "region": [f"r{i}" for i in region]}
    scores = np.column_stack([power, security])
    return ResponseMatrix(NAMES, scores, range(len(region)), labels=labels, cluster_by="school", strata_by="region")


def estimates(matrix: ResponseMatrix) -> np.ndarray:
    power, security = matrix.scores.T
    return np.array([np.polyfit(power, security, 1)[0], security.mean()])


def errors(matrix: ResponseMatrix) -> np.ndarray:
    model = fit(GRAPH, summarise(matrix), PosteriorDraws(draws=3000), seed=1)
    levels = np.einsum("si,sij->sj", model.intercepts, model.total)
    return np.array([model.coefficients[:, 0, 1].std(), levels[:, 1].std()])


def test_varying_parts_without_strata_have_the_sandwich_factor_and_one_stratum_takes_their_mean_away():
    parts = np.random.default_rng(0).normal(size=(12, 3))
    free = np.square(varying(parts)).sum(axis=0)
    np.testing.assert_allclose(free, 12 / 11 * np.square(parts).sum(axis=0), rtol=1e-13)
    one = np.square(varying(parts, np.zeros(12, dtype=np.int64))).sum(axis=0)
    np.testing.assert_allclose(one, 12 * parts.var(axis=0, ddof=1), rtol=1e-13)


def test_a_stratum_of_one_cluster_varies_about_the_overall_mean():
    parts = np.random.default_rng(1).normal(size=(5, 2))
    strata = np.array([0, 0, 0, 0, 1])
    np.testing.assert_array_equal(varying(parts, strata)[4], parts[4])
    assert free_clusters(5, strata) == 3.0
    assert free_clusters(5) == 4.0


def test_errors_of_levels_and_direct_effects_are_those_of_repeated_stratified_samples():
    found = np.array([estimates(sample(seed)) for seed in range(300)])
    truth = found.std(axis=0, ddof=1)
    within = np.mean([errors(sample(seed)) for seed in range(8)], axis=0)
    ignored = np.mean([errors(replace(sample(seed), strata_by="")) for seed in range(8)], axis=0)
    np.testing.assert_allclose(within / truth, 1.0, atol=0.15)
    assert (ignored / truth > 1.3).all()


def test_many_clusters_are_joined_within_their_strata():
    many, few = (np.mean([errors(sample(s, schools)) for s in range(6)], axis=0) for schools in (20, 14))
    np.testing.assert_allclose(many / few, np.sqrt(14 / 20), atol=0.12)


def test_correlations_scaled_chi_squares_and_held_out_differences_use_the_strata():
    within, ignored = summarise(sample(5)), summarise(replace(sample(5), strata_by=""))
    tested = [correlation_tests(evidence)["correlation_se"][0] for evidence in (within, ignored)]
    n = within.pairwise_n[0, 1]
    r = within.correlation.iloc[0, 1]
    assert tested[0] == pytest.approx((1 - r**2) / np.sqrt(n), rel=1e-6)
    assert tested[0] < tested[1] / 1.3
    empty = Dag(NAMES, np.zeros((2, 2), dtype=bool))
    scaled = [fit_indices(empty, evidence).table["scaled by clusters"]["chi2"] for evidence in (within, ignored)]
    assert scaled[0] > 1.5 * scaled[1]
    told = [held_out_prediction(empty, within, evidence) for evidence in (within, ignored)]
    assert told[0].loc["all edges", "se"] < told[1].loc["all edges", "se"]
    assert told[0].loc["all edges", "difference"] == told[1].loc["all edges", "difference"]
