"""Errors of effects of values on values when the rows of a cluster are alike."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import Dag
from causalvalues.model import PosteriorDraws, fit, total_effects
from causalvalues.model.cluster_slopes import MOST_PARTS, slope_error
from causalvalues.model.regressions import sorted_moments
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

NAMES = ("a", "b", "c")
SIZES = np.array([3, 9, 5, 14, 7, 4, 11, 6])


def answers(seed: int, sizes: np.ndarray = SIZES, icc: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    persona = np.repeat(np.arange(len(sizes)), sizes)
    noise = np.sqrt(1 - icc) * rng.normal(size=(len(persona), 3))
    noise += np.sqrt(icc) * rng.normal(size=(len(sizes), 3))[persona]
    noise[:, 1] += 0.8 * noise[:, 0]
    noise[:, 2] += 0.5 * noise[:, 0] - 0.6 * noise[:, 1]
    return noise * np.array([1.0, 10.0, 0.1]) + 5.0, persona


def clustered(x: np.ndarray, persona: np.ndarray, names: tuple[str, ...] = NAMES) -> Evidence:
    units = tuple(str(i) for i in range(len(x)))
    labels = {"persona_id": tuple(f"p{g:04d}" for g in persona)}
    return summarise(ResponseMatrix(names, x, units, labels=labels, cluster_by="persona_id"))


def test_the_influences_are_the_changes_when_a_cluster_is_left_out() -> None:
    x, persona = answers(1)
    evidence = clustered(x, persona)
    moments = sorted_moments(evidence, sparse=False)
    error = slope_error(evidence, moments, 10, stream(0, "test"))
    assert error is not None
    influence, _ = error._regressions(2, np.array([[0, 1]]))
    z = (x - x.mean(axis=0)) / moments.scale

    def slopes(keep: np.ndarray) -> np.ndarray:
        design = np.c_[np.ones(keep.sum()), z[keep][:, :2]]
        return np.asarray(np.linalg.lstsq(design, z[keep, 2], rcond=None)[0][1:])

    whole = slopes(np.ones(len(x), dtype=bool))
    g = len(SIZES)
    changes = np.array([whole - slopes(persona != k) for k in range(g)]) * np.sqrt((g - 1) / g)
    assert np.abs(influence[0] - changes).max() < 1e-5


def test_draws_spread_as_a_t_distribution_with_few_degrees_of_freedom() -> None:
    x, persona = answers(2)
    evidence = clustered(x, persona)
    error = slope_error(evidence, sorted_moments(evidence, sparse=False), 20_000, stream(0, "test"))
    assert error is not None
    parents = np.zeros((20_000, 3), dtype=bool)
    parents[:, 0] = True
    draws = error.draws(1, parents)
    influence, freedom = error._regressions(1, np.array([[0]]))
    assert 3 <= freedom[0, 0] < len(SIZES) - 1
    from scipy.stats import t

    scale = np.sqrt(np.square(influence).sum())
    for level in (0.025, 0.25, 0.75, 0.975):
        expected = t.ppf(level, freedom[0, 0]) * scale
        assert (draws[:, 0] < expected).mean() == pytest.approx(level, abs=0.006)
    assert not draws[:, 1:].any()


def test_independent_rows_keep_the_posterior_of_independent_rows() -> None:
    x, _ = answers(3)
    plain = summarise(pd.DataFrame(x, columns=list(NAMES)))
    assert slope_error(plain, sorted_moments(plain, sparse=False), 5, stream(0, "test")) is None
    graph = Dag(NAMES, np.triu(np.ones((3, 3)), 1) > 0)
    with_sums, without = (fit(graph, facts, seed=1) for facts in (plain, replace(plain, clusters=None)))
    assert np.array_equal(with_sums.coefficients, without.coefficients)


def test_one_cluster_for_each_row_gives_the_errors_of_independent_rows() -> None:
    rng = np.random.default_rng(4)
    a = rng.normal(size=2000)
    x = np.c_[a, 0.5 * a + rng.normal(size=2000)]
    graph = Dag(("a", "b"), np.array([[False, True], [False, False]]))
    mine = fit(graph, clustered(x, np.arange(2000), ("a", "b")), PosteriorDraws(4000), seed=1)
    plain = fit(graph, summarise(pd.DataFrame(x, columns=["a", "b"])), PosteriorDraws(4000), seed=1)
    ratio = mine.coefficients[:, 0, 1].std() / plain.coefficients[:, 0, 1].std()
    assert 0.75 < ratio < 1.3


def test_more_clusters_than_parts_are_joined_without_loss_of_moments() -> None:
    sizes = 1 + np.arange(200) % 7
    x, persona = answers(5, sizes)
    evidence = clustered(x, persona)
    moments = sorted_moments(evidence, sparse=False)
    error = slope_error(evidence, moments, 3, stream(0, "test"))
    assert error is not None
    assert len(error.second) == MOST_PARTS
    assert np.abs(error.second.sum(axis=0)[1:, 1:] - moments.scatter).max() < 1e-12
    weights = error.second[:, 0, 0]
    assert weights.max() < 1.5 * weights.min()


def test_the_order_of_the_columns_changes_no_bit() -> None:
    x, persona = answers(6)
    graph = Dag(NAMES, np.triu(np.ones((3, 3)), 1) > 0)
    straight = fit(graph, clustered(x, persona), PosteriorDraws(50), seed=2)
    order = [2, 0, 1]
    names = tuple(NAMES[i] for i in order)
    other = fit(graph, clustered(x[:, order], persona, names), PosteriorDraws(50), seed=2)
    assert np.array_equal(other.coefficients, straight.coefficients[:, order][:, :, order])


def test_estimated_moments_have_the_error_of_their_influence() -> None:
    x, persona = answers(7, np.full(80, 6))
    rows = clustered(x, persona)
    sums = rows.clusters
    assert sums is not None
    estimate = replace(rows, clusters=replace(sums, first=np.zeros_like(sums.first), estimated=True))
    graph = Dag(NAMES, np.triu(np.ones((3, 3)), 1) > 0)
    from_rows, from_estimate = (fit(graph, facts, PosteriorDraws(3000), seed=1) for facts in (rows, estimate))
    ratio = from_estimate.coefficients.std(axis=0) / np.maximum(from_rows.coefficients.std(axis=0), 1e-12)
    assert ((ratio > 0.8) & (ratio < 1.2))[np.triu_indices(3, 1)].all()
    unknown, known = from_estimate.intercepts[:, 0].std(), from_rows.intercepts[:, 0].std()
    assert unknown > 0.5 * known  # a mean without known influence keeps an error


def test_a_cause_that_varies_in_one_cluster_alone_is_not_known_better_than_from_independent_rows() -> None:
    x, persona = answers(8)
    x[persona != 3, 0] = 5.0
    graph = Dag(NAMES, np.triu(np.ones((3, 3)), 1) > 0)
    model = fit(graph, clustered(x, persona), PosteriorDraws(1000), seed=1)
    plain = fit(graph, summarise(pd.DataFrame(x, columns=list(NAMES))), PosteriorDraws(1000), seed=1)
    assert np.isfinite(total_effects(model).upper.to_numpy()).all()
    assert model.coefficients[:, 0, 1].std() > 0.95 * plain.coefficients[:, 0, 1].std()


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "cluster_coverage.py"
    spec = importlib.util.spec_from_file_location("cluster_coverage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cluster_coverage"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("equal", [True, False], ids=["equal", "unequal"])
def test_intervals_of_clustered_rows_hold_the_truth_and_naive_ones_do_not(coverage: ModuleType, equal: bool) -> None:
    """The benchmark has the 1,000 replicates of every cell; naive intervals hold 54 to 60% there."""
    found = coverage.given_graph(coverage.Cell(12, equal, icc=0.6), 40, seed=1, draws=400)
    assert found["ours"].mean() > 0.90
    assert found["naive"].mean() < 0.80
