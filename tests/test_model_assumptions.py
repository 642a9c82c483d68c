"""Tests of linearity, equal variance and symmetry, value by value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.diagnostic import het_breuschpagan, linear_reset
from statsmodels.stats.multitest import multipletests

from causalvalues.errors import ModelError
from causalvalues.evidence.holm import holm_adjusted
from causalvalues.graph import Dag
from causalvalues.model.assumption_tests import (
    CURVATURE,
    PRODUCTS,
    SKEWNESS,
    VARIANCE,
    AssumptionTests,
    assumption_tests,
    hotelling,
)
from causalvalues.responses import ResponseMatrix

DAG = Dag.from_edges("abcd", [("a", "c"), ("b", "c"), ("c", "d")])


def answers(seed: int, clusters: int, size: int, icc: float = 0.4) -> ResponseMatrix:
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(clusters), size)
    noise = np.sqrt(icc) * rng.normal(size=(clusters, 4))[code] + np.sqrt(1 - icc) * rng.normal(size=(len(code), 4))
    a, b = noise[:, 0], noise[:, 1]
    c = 0.6 * a - 0.4 * b + noise[:, 2]
    scores = np.column_stack([a, b, c, 0.7 * c + noise[:, 3]])
    labels = {"persona": [f"p{i:03d}" for i in code]}
    return ResponseMatrix(
        list("abcd"),
        scores,
        [str(i) for i in range(len(code))],
        labels=labels,
        cluster_by="persona" if size > 1 else "",
    )


def row(found: AssumptionTests, value: str, test: str) -> pd.Series:
    table = found.table
    return table[(table["value"] == value) & (table["test"] == test)].iloc[0]


def frame(n: int, seed: int, curve: float = 0.0, fan: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    spread = np.exp(fan * a)
    c = 0.5 * a + 0.3 * b + curve * a * b + spread * rng.normal(size=n)
    return pd.DataFrame({"a": a, "b": b, "c": c, "d": 0.7 * c + rng.normal(size=n)})


def leaning(n: int, seed: int) -> pd.DataFrame:
    """Residuals of c follow an exponential distribution."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    c = 0.5 * a + 0.3 * b + rng.exponential(size=n)
    return pd.DataFrame({"a": a, "b": b, "c": c, "d": 0.7 * c + rng.normal(size=n)})


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), g=st.integers(8, 40), q=st.integers(1, 4))
def test_hotellings_statistic_is_the_f_test_of_a_regression_of_ones(seed: int, g: int, q: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(g, q)) + 0.3
    theirs = sm.OLS(np.ones(g), scores).fit().f_test(np.eye(q))
    statistic, terms, freedom, p = hotelling(scores)
    assert (terms, freedom) == (q, g - q)
    assert statistic == pytest.approx(float(theirs.fvalue))
    assert p == pytest.approx(float(theirs.pvalue))


def test_each_test_is_the_robust_score_test_of_wooldridge_made_with_statsmodels() -> None:
    data = frame(120, 1, curve=0.1, fan=0.1)
    found = assumption_tests(data, DAG)
    x = sm.add_constant(data[["a", "b"]].to_numpy())
    fit = sm.OLS(data["c"].to_numpy(), x).fit()
    constant = np.ones((len(data), 1))

    def p_of(added: np.ndarray, on: np.ndarray, residual: np.ndarray) -> float:
        left = np.column_stack([sm.OLS(column, on).fit().resid for column in added.T]) * residual[:, None]
        return float(sm.OLS(np.ones(len(left)), left).fit().f_test(np.eye(left.shape[1])).pvalue)

    fitted = fit.fittedvalues - fit.fittedvalues.mean()
    a, b = (data[name].to_numpy() - data[name].mean() for name in "ab")
    u = fit.resid / np.sqrt(np.mean(fit.resid**2))
    wanted = {
        CURVATURE: p_of(np.column_stack([fitted**2, fitted**3]), x, fit.resid),
        PRODUCTS: p_of(np.column_stack([a * a, a * b, b * b]), x, fit.resid),
        VARIANCE: p_of(np.column_stack([a, b]), constant, fit.resid**2 - np.mean(fit.resid**2)),
        SKEWNESS: float(sm.OLS(np.ones(len(u)), u**3 - 3 * u).fit().f_test(np.eye(1)).pvalue),
    }
    for test, p in wanted.items():
        assert row(found, "c", test)["p"] == pytest.approx(p, abs=1e-9)


def test_with_many_independent_rows_they_say_what_reset_and_breusch_pagan_say() -> None:
    differences = {CURVATURE: [], VARIANCE: []}
    for seed in range(12):
        data = frame(4000, seed, fan=0.0)
        found = assumption_tests(data, DAG)
        fit = sm.OLS(data["c"].to_numpy(), sm.add_constant(data[["a", "b"]].to_numpy())).fit()
        theirs = {
            CURVATURE: float(linear_reset(fit, power=3, test_type="fitted", use_f=True).pvalue),
            VARIANCE: float(het_breuschpagan(fit.resid, fit.model.exog)[1]),
        }
        for test, p in theirs.items():
            differences[test].append(row(found, "c", test)["p"] - p)
    assert np.abs(differences[CURVATURE]).mean() < 0.05
    assert np.abs(differences[VARIANCE]).mean() < 0.03


def test_with_many_clusters_reset_agrees_with_the_clustered_one_of_statsmodels() -> None:
    differences = []
    for seed in range(8):
        matrix = answers(seed, 400, 5)
        codes = np.unique(matrix.clusters, return_inverse=True)[1]
        fit = sm.OLS(matrix.column("d"), sm.add_constant(matrix.column("c"))).fit()
        theirs = linear_reset(
            fit, power=3, test_type="fitted", use_f=False, cov_type="cluster", cov_kwds={"groups": codes}
        )
        differences.append(row(assumption_tests(matrix, DAG), "d", CURVATURE)["p"] - float(theirs.pvalue))
    assert np.abs(differences).mean() < 0.06


def test_the_tests_keep_their_level_in_clustered_rows_and_ignoring_clusters_does_not() -> None:
    clustered, naive = [], []
    for seed in range(100):
        matrix = answers(seed, 30, 8, icc=0.6)
        clustered.append(assumption_tests(matrix, DAG).table)
        loose = ResponseMatrix(matrix.names, matrix.scores, matrix.unit_ids)
        naive.append(assumption_tests(loose, DAG).table)
    sizes = pd.concat(clustered).groupby("test")["p"].apply(lambda p: (p <= 0.05).mean())
    assert sizes.max() <= 0.10, sizes
    assert sizes.min() >= 0.005, sizes
    loose_sizes = pd.concat(naive).groupby("test")["p"].apply(lambda p: (p <= 0.05).mean())
    assert loose_sizes.max() >= 0.15, loose_sizes
    assert np.mean([table["violated"].any() for table in clustered]) <= 0.10


@pytest.mark.parametrize(
    ("data", "test"),
    [
        (frame(600, 2, curve=0.4), PRODUCTS),
        (frame(600, 2, fan=0.4), VARIANCE),
        (leaning(600, 2), SKEWNESS),
        (frame(600, 2).assign(d=lambda t: t["d"] + 0.4 * t["c"] ** 2), CURVATURE),
    ],
)
def test_what_is_broken_is_found_and_named_with_a_remedy(data: pd.DataFrame, test: str) -> None:
    found = assumption_tests(data, DAG).violations
    assert test in set(found["test"])
    assert (found["meaning"] != "").all()
    assert (found["remedy"] != "").all()
    assert found["adjusted"].is_monotonic_increasing


def test_unequal_variance_alone_is_not_taken_for_a_curve() -> None:
    p_values = [row(assumption_tests(frame(300, s, fan=0.5), DAG), "c", CURVATURE)["p"] for s in range(100)]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.11


@pytest.mark.parametrize("seed", range(10))
def test_holms_adjustment_is_that_of_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p_values = np.round(rng.random(rng.integers(1, 12)) ** 3, 2)  # with ties
    np.testing.assert_allclose(holm_adjusted(p_values), multipletests(p_values, method="holm")[1])


def test_units_signs_and_the_order_of_columns_change_nothing() -> None:
    data = frame(200, 3, curve=0.1)
    one = assumption_tests(data, DAG).table
    moved = assumption_tests(data[["d", "c", "b", "a"]] * [1e6, -1e-6, 10, 1] + [1, 0, 5, -2], DAG).table
    both = one.merge(moved, on=["value", "test"])
    assert len(both) == len(one)
    np.testing.assert_allclose(both["p_x"], both["p_y"], rtol=1e-6)


def test_lever_cells_are_part_of_the_equations() -> None:
    rng = np.random.default_rng(0)
    n = 400
    dose = (rng.random((n, 1)) < 0.5).astype(float)
    a = rng.normal(size=n)
    b = 0.5 * a + 4 * dose[:, 0] + rng.normal(size=n) * (1 + 2 * dose[:, 0])
    matrix = ResponseMatrix(
        ["a", "b"], np.column_stack([a, b]), [str(i) for i in range(n)], levers=["push"], doses=dose
    )
    found = assumption_tests(matrix, Dag.from_edges("ab", [("a", "b")]))
    assert row(found, "b", VARIANCE)["violated"]
    assert not row(found, "b", CURVATURE)["violated"]
    assert any("too few levels" in why for why in found.skipped)


def test_group_means_can_be_removed_first() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat([0, 1, 2], 100)
    a = rng.normal(size=300) + 4 * group
    b = 0.5 * (a - 4 * group) + 3 * (group - 1) ** 2 + rng.normal(size=300)
    labels = {"model": [str(g) for g in group]}
    matrix = ResponseMatrix(["a", "b"], np.column_stack([a, b]), [str(i) for i in range(300)], labels=labels)
    dag = Dag.from_edges("ab", [("a", "b")])
    assert row(assumption_tests(matrix, dag), "b", CURVATURE)["violated"]
    assert not row(assumption_tests(matrix, dag, within="model"), "b", CURVATURE)["violated"]


def test_too_many_terms_for_the_clusters_are_skipped_and_listed() -> None:
    matrix = answers(0, 12, 20)
    found = assumption_tests(matrix, DAG)
    assert any(PRODUCTS in why and "12 clusters" in why for why in found.skipped)
    assert found.clusters == 12


def test_different_values_are_refused_by_name() -> None:
    with pytest.raises(ModelError, match="nonsense"):
        assumption_tests(frame(50, 0), Dag.from_edges(["a", "b", "c", "nonsense"], []))
