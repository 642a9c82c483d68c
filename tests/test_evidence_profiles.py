"""Mean scores of groups with cluster-robust intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from causalvalues.errors import DataError
from causalvalues.evidence.profiles import Profiles, group_profiles
from causalvalues.responses.matrix import ResponseMatrix


def answers(seed: int = 0) -> ResponseMatrix:
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(30), 4)
    scores = random.normal(size=(30, 2))[person] + 0.3 * random.normal(size=(120, 2))
    scores[5, 0] = np.nan
    labels = {"who": [f"p{i}" for i in person], "group": ["x" if i % 2 else "y" for i in person]}
    return ResponseMatrix(
        ("a", "b"), scores, [str(i) for i in range(120)], labels=labels, cluster_by="who", group_by="group"
    )


def test_without_clusters_the_interval_is_the_t_interval_of_the_mean() -> None:
    x = np.random.default_rng(1).normal(size=(25, 1))
    found = group_profiles(ResponseMatrix(("a",), x, [str(i) for i in range(25)]), level=0.95)
    low, high = t.interval(0.95, 24, x.mean(), x.std(ddof=1) / 5)
    assert found.mean.loc["all", "a"] == pytest.approx(x.mean())
    assert found.lower is not None
    assert found.upper is not None
    assert (found.lower.loc["all", "a"], found.upper.loc["all", "a"]) == pytest.approx((low, high))


def test_the_error_is_that_of_statsmodels_with_clusters() -> None:
    import statsmodels.api as sm

    matrix = answers()
    found = group_profiles(matrix)
    assert list(found.mean.index) == ["y", "x"]
    rows = np.array(matrix.labels["group"]) == "x"
    who = pd.factorize(np.array(matrix.labels["who"])[rows])[0]
    fit = sm.OLS(matrix.scores[rows, 1], np.ones(rows.sum())).fit(
        cov_type="cluster", cov_kwds={"groups": who, "use_correction": False}
    )
    se = fit.bse[0] * np.sqrt(15 / 14)
    assert found.upper is not None
    half = found.upper.loc["x", "b"] - found.mean.loc["x", "b"]
    assert half == pytest.approx(se * t.ppf(0.95, 14))
    assert found.clusters is not None
    assert found.clusters.loc["x", "b"] == 15


def test_repeating_every_row_within_its_cluster_changes_nothing() -> None:
    matrix = answers()
    twice = ResponseMatrix(
        matrix.names,
        np.repeat(matrix.scores, 2, axis=0),
        [str(i) for i in range(240)],
        labels={name: np.repeat(column, 2).tolist() for name, column in matrix.labels.items()},
        cluster_by="who",
        group_by="group",
    )
    one, two = group_profiles(matrix), group_profiles(twice)
    pd.testing.assert_frame_equal(one.mean, two.mean)
    assert one.lower is not None
    assert two.lower is not None
    pd.testing.assert_frame_equal(one.lower, two.lower)


def test_the_correction_for_clusters_of_other_sizes_is_that_of_whole_matrices() -> None:
    random = np.random.default_rng(4)
    sizes, weights = [1, 2, 5, 20], random.uniform(0.2, 2.0, 28)
    who, x = np.repeat(np.arange(4), sizes), random.normal(size=28)
    labels = {"who": [str(each) for each in who]}
    matrix = ResponseMatrix(
        ("a",), x[:, None], [str(i) for i in range(28)], labels=labels, cluster_by="who", weights=weights
    )
    share = weights / weights.sum()
    about_mean = np.eye(28) - np.outer(np.ones(28), share)
    sums = np.array([(who == g) * weights for g in range(4)]) @ about_mean
    covariance = sums @ sums.T
    plain = np.array([np.square(weights[who == g]).sum() for g in range(4)])
    a = plain / np.diag(covariance)
    form = np.diag(a) @ covariance
    freedom = np.trace(form) ** 2 / np.trace(form @ form)
    error = np.sqrt((a * np.square(sums @ x)).sum()) / weights.sum()
    found = group_profiles(matrix)
    assert found.upper is not None
    half = found.upper.loc["all", "a"] - found.mean.loc["all", "a"]
    assert half == pytest.approx(error * t.ppf(0.95, freedom))


def test_intervals_hold_when_one_cluster_has_most_of_the_rows() -> None:
    random = np.random.default_rng(2)
    who = np.repeat(np.arange(5), [1, 2, 4, 8, 60])
    labels = {"who": [str(each) for each in who]}
    columns = tuple(f"v{k}" for k in range(1000))
    scores = np.sqrt(0.2) * random.normal(size=(5, 1000))[who] + np.sqrt(0.8) * random.normal(size=(75, 1000))
    found = group_profiles(
        ResponseMatrix(columns, scores, [str(i) for i in range(75)], labels=labels, cluster_by="who")
    )
    assert found.lower is not None
    assert found.upper is not None
    held = (found.lower.to_numpy() <= 0) & (found.upper.to_numpy() >= 0)
    assert 0.83 < held.mean() < 0.93  # G - 1 degrees of freedom hold .46


def test_rows_without_a_group_are_left_out_and_one_cluster_has_no_interval() -> None:
    matrix = answers()
    found = group_profiles(matrix, ["first" if i < 4 else "" for i in range(120)])
    assert found.mean.loc["first", "b"] == pytest.approx(matrix.scores[:4, 1].mean())
    assert found.lower is not None
    assert np.isnan(found.lower.loc["first", "b"])


def test_profiles_that_do_not_fit_together_are_refused() -> None:
    mean = pd.DataFrame([[1.0, 2.0]], ["m"], ["a", "b"])
    with pytest.raises(DataError, match="one end"):
        Profiles(mean, lower=mean)
    with pytest.raises(DataError, match="other groups or values"):
        Profiles(mean, mean[["a"]], mean[["a"]])
    with pytest.raises(DataError, match="'m' stands"):
        Profiles(pd.concat([mean, mean]))
    with pytest.raises(DataError, match="entries for 120 rows"):
        group_profiles(answers(), ["x"])
    with pytest.raises(DataError, match="No row"):
        group_profiles(answers(), [""] * 120)
    with pytest.raises(DataError, match="level"):
        group_profiles(answers(), level=1.0)
