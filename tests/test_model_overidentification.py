"""Over-identification: ratios of lever effects against each other and against the graph."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from causalvalues.errors import ModelError
from causalvalues.evidence import summarise
from causalvalues.graph import Dag
from causalvalues.model import MaximumLikelihood, PosteriorDraws, fit, lever_effects
from causalvalues.model.lever_errors import lever_errors
from causalvalues.model.lever_ratios import RatioData, ratio_of_effects
from causalvalues.model.overidentification import (
    AGREES,
    DISAGREE,
    FEW,
    NONE,
    ONE,
    OTHER,
    OveridentificationSettings,
    lever_overidentification,
)
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

LEVERS = ("l1", "l2", "l3", "l4")
SLOPE = 0.6


def answers(seed: int, side: float = 0.0, people: int = 60, confounded: float = 0.0) -> ResponseMatrix:
    """Each person without lever and under each of four levers that act on a; a acts on b; `side` is l1's own on b."""
    rng = stream(seed, "answers")
    person = rng.normal(size=(people, 3))
    doses = np.vstack([np.zeros(4), np.eye(4)])
    rows, names, given = [], [], []
    for i in range(people):
        for dose in doses:
            hidden = confounded * rng.normal()
            a = person[i, 0] + dose @ [1.0, 0.8, -0.9, 1.2] + hidden + 0.5 * rng.normal()
            b = person[i, 1] + SLOPE * a + side * dose[0] + hidden + 0.5 * rng.normal()
            rows.append([a, b, person[i, 2] + rng.normal()])
            names.append(f"p{i}")
            given.append(dose)
    labels = {"persona_id": tuple(names)}
    units = tuple(str(i) for i in range(len(rows)))
    return ResponseMatrix(
        ("a", "b", "c"),
        np.array(rows),
        units,
        labels=labels,
        cluster_by="persona_id",
        levers=LEVERS,
        doses=np.array(given),
    )


def model_of(matrix: ResponseMatrix):
    return fit(Dag.from_edges(matrix.names, [("a", "b")]), summarise(matrix), PosteriorDraws(draws=200))


def row(table: pd.DataFrame, cause: str, effect: str) -> pd.Series:
    return table[(table["cause"] == cause) & (table["effect"] == effect)].iloc[0]


def test_with_exact_effects_on_the_cause_it_is_inverse_variance_weighting_and_cochrans_q():
    rng = np.random.default_rng(0)
    a, v = rng.uniform(0.5, 2, 6), rng.uniform(0.01, 0.05, 6)
    b = 0.4 * a + np.sqrt(v) * rng.normal(size=6)
    found = ratio_of_effects(RatioData(a, b, np.diag(np.r_[np.zeros(6), v])))
    ratio = (a * b / v).sum() / (a**2 / v).sum()
    q = ((b - ratio * a) ** 2 / v).sum()
    assert found.ratio == pytest.approx(ratio, abs=1e-7)
    assert found.heterogeneity == pytest.approx(q, abs=1e-9)
    assert found.p == pytest.approx(stats.chi2.sf(q, 5), abs=1e-9)
    assert found.se == pytest.approx(1 / np.sqrt((a**2 / v).sum()), rel=1e-6)
    assert found.spread == 0


def test_one_lever_gives_fiellers_interval():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    found = ratio_of_effects(RatioData(np.array([1.0]), np.array([0.7]), covariance, 30.0), 0.95)
    t2 = stats.t.ppf(0.975, 30) ** 2
    parabola = [1 - t2 * 0.04, -2 * (0.7 - t2 * 0.01), 0.49 - t2 * 0.09]
    assert [found.robust_lower, found.robust_upper] == pytest.approx(sorted(np.roots(parabola)), abs=1e-8)
    assert np.isnan(found.p)


def test_a_lever_that_does_not_move_the_cause_leaves_the_ratio_unbounded():
    found = ratio_of_effects(RatioData(np.array([0.1]), np.array([0.7]), 0.04 * np.eye(2), 30.0))
    assert (found.robust_lower, found.robust_upper) == (-np.inf, np.inf)


def test_valid_levers_give_uniform_p_values_and_intervals_that_cover():
    rng = np.random.default_rng(1)
    a, g = np.array([1.0, 0.6, -0.8, 0.9]), 40
    mix = rng.normal(size=(8, 8)) / 2
    ps, inside, robust = [], 0, 0
    for _ in range(250):
        rows = rng.normal(size=(g, 8)) @ mix + np.r_[a, 0.5 * a]
        mean, centred = rows.mean(axis=0), rows - rows.mean(axis=0)
        data = RatioData(mean[:4], mean[4:], centred.T @ centred / g / (g - 1), g - 1.0)
        found = ratio_of_effects(data, 0.9)
        ps.append(found.p)
        inside += found.lower <= 0.5 <= found.upper
        robust += found.robust_lower <= 0.5 <= found.robust_upper
    assert stats.kstest(ps, "uniform").pvalue > 0.001
    assert np.mean(np.array(ps) < 0.05) < 0.09
    assert 0.84 < inside / 250 < 0.96
    assert 0.84 < robust / 250 < 0.96


def test_a_whole_answer_matrix_with_valid_levers_covers_and_seldom_rejects():
    inside = rejected = 0
    for seed in range(60):
        errors = lever_errors(answers(1000 + seed, people=30))
        cells = np.arange(4)
        covariance = errors.covariance(0, 1, cells)
        found = ratio_of_effects(RatioData(errors.mean[:, 0], errors.mean[:, 1], covariance, 29.0), 0.9)
        inside += found.lower < SLOPE < found.upper
        rejected += found.p < 0.05
    assert inside >= 46  # 2% quantile of binomial(60, .9) is 49; weights are estimated from 30 clusters
    assert rejected <= 8


def test_levers_with_side_effects_are_caught_and_widen_the_interval():
    a = np.array([1.0, 1.0, 1.0, 1.0])
    b = np.array([0.2, 0.9, 0.5, 0.4])
    found = ratio_of_effects(RatioData(a, b, 1e-6 * np.eye(8)))
    assert found.p < 1e-10
    assert np.isnan(found.robust_lower)
    assert found.ratio == pytest.approx(b.mean(), abs=1e-3)
    assert found.spread == pytest.approx(b.std(ddof=1), rel=1e-2)
    half = stats.t.ppf(0.95, 3) * b.std(ddof=1) / 2
    assert found.upper - found.ratio == pytest.approx(half, rel=1e-2)


def test_the_order_of_the_levers_and_the_units_change_nothing():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=4) + 2, rng.normal(size=4)
    root = rng.normal(size=(8, 12)) / 10
    covariance, order = root @ root.T, np.array([2, 0, 3, 1])
    both = np.r_[order, 4 + order]
    first = ratio_of_effects(RatioData(a, b, covariance, 20.0))
    turned = ratio_of_effects(RatioData(a[order], b[order], covariance[np.ix_(both, both)], 20.0))
    assert (turned.ratio, turned.p, turned.lower) == pytest.approx((first.ratio, first.p, first.lower), rel=1e-6)
    scale = np.r_[np.full(4, 1e4), np.full(4, 1e-3)]
    other = ratio_of_effects(RatioData(a * 1e4, b * 1e-3, covariance * np.outer(scale, scale), 20.0))
    assert (other.ratio * 1e7, other.p) == pytest.approx((first.ratio, first.p), rel=1e-6)


def test_the_diagonal_of_the_joint_error_is_the_error_of_lever_effects():
    matrix = answers(0)
    paired = lever_errors(matrix)
    halves = np.array(matrix.labels["persona_id"]) < "p3"
    used = (matrix.doses != 0).any(axis=1)
    unpaired = matrix.rows(halves == used)
    for found, rows in ((paired, matrix), (lever_errors(unpaired), unpaired)):
        effects = lever_effects(rows)
        assert np.sqrt(np.square(found.influence).sum(axis=0)) == pytest.approx(effects.se.to_numpy(), rel=1e-10)
        assert found.mean == pytest.approx(effects.mean.to_numpy(), rel=1e-12)
    assert set(lever_effects(unpaired).pairing) == {"difference of means"}


def test_the_joint_error_is_the_covariance_of_paired_differences():
    matrix = answers(1)
    by = matrix.scores.reshape(60, 5, 3)
    differences = (by[:, 1:] - by[:, :1])[:, :, :2].transpose(0, 2, 1).reshape(60, 8)
    expected = np.cov(differences.T) / 60
    assert lever_errors(matrix).covariance(0, 1, np.arange(4)) == pytest.approx(expected, rel=1e-9)


def test_valid_levers_agree_with_a_true_graph():
    matrix = answers(12)
    found = row(lever_overidentification(matrix, model_of(matrix)), "a", "b")
    assert (found["verdict"], found["levers"], found["freedom"]) == (AGREES, 4, 3)
    assert found["lower"] < SLOPE < found["upper"]


def test_a_lever_with_a_side_effect_is_not_explained_by_the_cause_alone():
    matrix = answers(3, side=1.0)
    assert row(lever_overidentification(matrix, model_of(matrix)), "a", "b")["verdict"] == DISAGREE


def test_a_hidden_cause_makes_the_levers_contradict_the_graph():
    matrix = answers(4, people=200, confounded=1.5)
    found = row(lever_overidentification(matrix, model_of(matrix)), "a", "b")
    assert found["verdict"] == OTHER
    assert found["lower"] < SLOPE < found["upper"] < found["graph_lower"]


def test_values_that_no_lever_moves_and_single_levers_are_named():
    matrix = answers(5)
    table = lever_overidentification(matrix, model_of(matrix))
    assert row(table, "c", "a")["verdict"] == NONE
    strict = OveridentificationSettings(least_t=float(lever_t(matrix).max() - 1e-9))
    assert row(lever_overidentification(matrix, model_of(matrix), strict), "a", "b")["verdict"] == ONE


def lever_t(matrix: ResponseMatrix) -> np.ndarray:
    effects = lever_effects(matrix)
    return np.abs(effects.mean["a"] / effects.se["a"]).to_numpy()


def test_the_lever_aimed_at_the_cause_is_shown_alone():
    matrix = answers(6)
    how = OveridentificationSettings(aims={"l2": "a"})
    found = row(lever_overidentification(matrix, model_of(matrix), how), "a", "b")
    effects = lever_effects(matrix).mean
    assert found["own_lever"] == "l2"
    assert found["own_ratio"] == pytest.approx(effects.loc["l2", "b"] / effects.loc["l2", "a"], rel=1e-6)
    assert found["own_lower"] < found["own_ratio"] < found["own_upper"]


def test_as_few_clusters_as_levers_are_said_to_be_too_few():
    matrix = answers(7, people=4)
    model = fit(Dag.from_edges(matrix.names, [("a", "b")]), summarise(matrix), MaximumLikelihood())
    table = lever_overidentification(matrix, model, OveridentificationSettings(least_t=0.0))
    assert row(table, "a", "b")["verdict"] == FEW


def test_an_unknown_aim_or_other_values_are_refused():
    matrix = answers(8)
    with pytest.raises(ModelError, match="l9"):
        lever_overidentification(matrix, model_of(matrix), OveridentificationSettings(aims={"l9": "a"}))
    with pytest.raises(ModelError, match="'d'"):
        lever_overidentification(matrix, model_of(matrix), OveridentificationSettings(aims={"l1": "d"}))
    with pytest.raises(ModelError, match="c"):
        lever_overidentification(matrix.drop(["c"]), model_of(matrix))
    with pytest.raises(ModelError, match="each of its levers"):
        ratio_of_effects(RatioData(np.ones(2), np.ones(3), np.eye(4)))
