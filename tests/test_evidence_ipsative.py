"""Ipsative scores: they are recognised, refused, and each remedy that is offered keeps its promise on noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import CheckError, DataError
from causalvalues.evidence import (
    Evidence,
    average_covariance_sweep,
    bootstrap_evidence,
    check,
    correlation_tests,
    remove_intercept,
    require_learnable,
    summarise,
    uncentre,
)
from causalvalues.evidence.centring import solve_variations, subtract_average_covariance
from causalvalues.responses.matrix import ResponseMatrix

UNEQUAL = np.geomspace(0.25, 4.0, 10)
SVS_ITEMS = (4, 5, 5, 8, 5, 3, 3, 4, 4, 5)
"""Scored items of each of the ten values in SVS-57; 11 more items are answered and not scored."""


def noise(n: int = 300, variances: np.ndarray | None = None, intercept: float = 0.0, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    variances = np.ones(10) if variances is None else variances
    return random.normal(size=(n, len(variances))) * np.sqrt(variances) + np.sqrt(intercept) * random.normal(
        size=(n, 1)
    )


def centred(rows: np.ndarray) -> np.ndarray:
    return rows - rows.mean(axis=1, keepdims=True)


def frame(rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[f"v{j}" for j in range(rows.shape[1])])


def evidence_of(rows: np.ndarray) -> Evidence:
    return summarise(frame(rows))


def svs(n: int = 300, reliability: float = 0.3, seed: int = 0) -> np.ndarray:
    """Return ten dimension scores less the person's mean over all 57 items."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, 10)) * np.sqrt(reliability)
    items = [values[:, [d]] + np.sqrt(1 - reliability) * random.normal(size=(n, k)) for d, k in enumerate(SVS_ITEMS)]
    level = random.normal(size=(n, 1))
    every = np.hstack([*items, random.normal(size=(n, 11))]) + level
    return np.column_stack([item.mean(axis=1) for item in items]) + level - every.mean(axis=1, keepdims=True)


def ipsative_code(rows: pd.DataFrame | ResponseMatrix) -> set[str]:
    return {finding.code for finding in check(rows)} & {"CV401", "CV402"}


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 20), st.booleans(), st.integers(0, 1000))
def test_person_centred_scores_are_found_and_refused(p, unequal, seed):
    variances = np.geomspace(0.25, 4.0, p) if unequal else np.ones(p)
    rows = frame(centred(noise(100, variances, 0.5, seed)))
    assert ipsative_code(rows) == {"CV401"}
    with pytest.raises(CheckError, match=r"are ipsative.*remove_intercept.*uncentre.*partial\s+correlation -1/2"):
        require_learnable(summarise(rows))


def test_centred_scores_that_were_rounded_are_found():
    assert ipsative_code(frame(centred(noise()).round(2))) == {"CV401"}
    assert ipsative_code(frame(centred(noise(variances=np.full(4, 0.2))).round(2))) == {"CV401"}


def test_only_the_centred_columns_are_named():
    rows = frame(centred(noise())).assign(age=noise(seed=1)[:, 0], income=noise(seed=2)[:, 0])
    finding = next(finding for finding in check(rows) if finding.code == "CV401")
    assert "'v9'" in finding.where
    assert "'age'" not in finding.where


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([0.1, 0.3, 0.5]), st.sampled_from([150, 1000]), st.integers(0, 1000))
def test_scores_centred_on_a_mean_with_unscored_items_are_found(reliability, n, seed):
    rows = frame(svs(n, reliability, seed))
    assert ipsative_code(rows) == {"CV402"}
    with pytest.raises(CheckError, match="nearly ipsative"):
        require_learnable(summarise(rows))


def test_declared_centring_blocks_even_when_the_numbers_do_not_show_it():
    matrix = ResponseMatrix([f"v{j}" for j in range(10)], noise(), range(300), centring="person_mean")
    assert ipsative_code(matrix) == {"CV402"}


def test_shares_of_a_whole_are_ipsative_too():
    shares = np.random.default_rng(0).dirichlet(np.arange(1.0, 6.0), size=200)
    assert ipsative_code(frame(shares)) == {"CV401"}


def test_centring_is_seen_behind_levers():
    rows = noise()
    lever = (np.arange(300) % 2).astype(float)
    rows[:, 0] += 2 * lever
    matrix = ResponseMatrix(
        [f"v{j}" for j in range(10)], centred(rows), range(300), levers=("do",), doses=lever[:, None]
    )
    with pytest.raises(CheckError, match="ipsative"):
        require_learnable(summarise(matrix))
    require_learnable(uncentre(summarise(matrix)))


def test_random_structural_models_are_not_mistaken_for_ipsative_scores():
    random = np.random.default_rng(0)
    for _ in range(300):
        p = int(random.integers(6, 12))
        slopes = np.triu(random.uniform(0.3, 1.0, (p, p)) * random.choice([-1, 1], (p, p)), 1)
        slopes *= random.random((p, p)) < 3 / p
        rows = random.normal(size=(200, p)) @ np.linalg.inv(np.eye(p) - slopes)
        assert not ipsative_code(frame(rows))


def test_the_variances_are_recovered_when_the_assumption_holds():
    """Covariances with rows of zero average, centred in two ways, solve to the same covariances."""
    random = np.random.default_rng(1)
    raw = random.normal(size=(6, 6))
    raw = (raw + raw.T) / 4
    np.fill_diagonal(raw, 0.0)
    truth = solve_variations(raw + np.diag([2.0, 3.0, 4.0, 5.0, 6.0, 7.0]))
    off = truth.sum(axis=1) - np.diag(truth)
    assert np.allclose(off, 0, atol=1e-12)
    for weights in (np.full(6, 1 / 6), np.array([0.3, 0.1, 0.1, 0.2, 0.1, 0.1])):
        centre = np.eye(6) - np.outer(np.ones(6), weights)
        assert np.allclose(solve_variations(centre @ truth @ centre.T), truth, atol=1e-12)


def test_an_independent_diagonal_matrix_survives_centring_and_solving():
    truth = np.diag(UNEQUAL)
    centre = np.eye(10) - 0.1
    assert np.allclose(solve_variations(centre @ truth @ centre), truth, atol=1e-12)


def test_a_person_intercept_of_any_size_changes_nothing_after_centring():
    small, large = (uncentre(evidence_of(centred(noise(intercept=size)))) for size in (0.0, 50.0))
    assert np.allclose(small.residual_scatter, large.residual_scatter, atol=1e-9)
    assert np.allclose(small.pairwise_n, large.pairwise_n, rtol=1e-6)


def test_uncentring_gives_the_same_for_scores_centred_on_any_mean():
    rows = noise()
    partly = rows - (rows[:, :7].mean(axis=1) + noise(seed=3)[:, 0])[:, None]
    one, other = uncentre(evidence_of(centred(rows))), uncentre(evidence_of(partly))
    assert np.allclose(one.residual_scatter, other.residual_scatter, atol=1e-9)


def test_an_assumed_average_is_the_average_and_adds_to_every_entry():
    evidence = evidence_of(centred(noise()))
    covariance = {c: uncentre(evidence, c).residual_scatter / 299 for c in (0.0, 0.3)}
    assert np.allclose(covariance[0.3] - covariance[0.0], 0.3)
    for c, matrix in covariance.items():
        assert np.allclose((matrix.sum(axis=1) - np.diag(matrix)) / 9, c)
    raw = evidence_of(noise(intercept=0.5))
    removed = remove_intercept(raw, 0.1).residual_scatter / 299
    assert (removed.sum() - np.trace(removed)) / 90 == pytest.approx(0.1)
    assert np.ptp(raw.residual_scatter / 299 - removed) < 1e-12


def test_uncentring_does_not_depend_on_the_order_of_the_columns():
    rows = frame(centred(noise(variances=UNEQUAL)))
    order = list(np.random.default_rng(0).permutation(10))
    one, other = uncentre(summarise(rows)), uncentre(summarise(rows.iloc[:, order]))
    assert np.array_equal(other.residual_scatter, one.residual_scatter[np.ix_(order, order)])
    assert np.array_equal(other.pairwise_n, one.pairwise_n[np.ix_(order, order)])


def test_the_standard_errors_are_those_of_a_numerical_delta_method():
    rows = centred(noise(n=200, variances=UNEQUAL[:6]))
    rows = rows - rows.mean(axis=0)
    moments = rows[:, :, None] * rows[:, None, :]
    upper = np.triu_indices(6, 1)

    def both(matrix: np.ndarray) -> np.ndarray:
        solved = solve_variations(matrix)
        inverse = np.linalg.inv(solved)
        return np.concatenate([
            (solved / np.sqrt(np.outer(np.diag(solved), np.diag(solved))))[upper],
            (-inverse / np.sqrt(np.outer(np.diag(inverse), np.diag(inverse))))[upper],
        ])  # fmt: skip

    mean = moments.mean(axis=0)
    step = 1e-5
    influence = np.array(
        [(both(mean + step * (m - mean)) - both(mean - step * (m - mean))) / (2 * step) for m in moments]
    )
    expected = np.sqrt((influence**2).sum(axis=0) / 200 / 199)
    table = correlation_tests(uncentre(evidence_of(rows)))
    assert np.allclose(table[["correlation", "partial"]].to_numpy().T.ravel(), both(mean), atol=1e-9)
    assert np.allclose(table[["correlation_se", "partial_se"]].to_numpy().T.ravel(), expected, rtol=1e-3)


def test_effective_n_of_a_solution_is_that_of_its_sampling_error():
    evidence = uncentre(evidence_of(centred(noise(n=5000, variances=UNEQUAL))))
    rs = []
    for seed in range(150):
        solved = solve_variations(np.cov(centred(noise(n=500, variances=UNEQUAL, seed=seed)), rowvar=False))
        rs.append(solved / np.sqrt(np.outer(np.diag(solved), np.diag(solved))))
    effective = 1 / np.var([r[0, 1] for r in rs])
    assert effective / 500 == pytest.approx(evidence.pairwise_n[0, 1] / 5000, rel=0.3)
    assert effective < 250
    assert evidence.n_score < 0.75 * 5000


def rates(make: object, variances: np.ndarray, intercept: float, repeats: int = 25) -> np.ndarray:
    """Return the share of rejected marginal and partial tests on noise of 500 rows."""
    found = []
    for seed in range(repeats):
        table = correlation_tests(make(noise(500, variances, intercept, seed)))  # type: ignore[operator]
        found.append([(table[f"{kind}_p"] < 0.05).mean() for kind in ("correlation", "partial")])
    return np.mean(found, axis=0)


@pytest.mark.parametrize("intercept", [0.0, 0.5])
@pytest.mark.parametrize("variances", [np.ones(10), UNEQUAL], ids=["equal", "unequal"])
def test_offered_remedies_keep_false_edges_at_seven_percent_on_noise(variances, intercept):
    """`benchmarks/ipsative_remedies.py` has the full table, with 5,000 rows and more data sets."""
    assert (rates(lambda rows: uncentre(evidence_of(centred(rows))), variances, intercept) <= 0.07).all()
    kept = [seed for seed in range(25) if _solvable(noise(500, variances, intercept, seed))]
    assert len(kept) >= 18
    found = []
    for seed in kept:
        table = correlation_tests(remove_intercept(evidence_of(noise(500, variances, intercept, seed))))
        found.append([(table[f"{kind}_p"] < 0.05).mean() for kind in ("correlation", "partial")])
    assert (np.mean(found, axis=0) <= 0.07).all()


def _solvable(rows: np.ndarray) -> bool:
    try:
        remove_intercept(evidence_of(rows))
    except DataError:
        return False
    return True


def test_what_is_not_offered_fails_on_noise():
    """Dropping a column: partial correlation -1/2 everywhere. Plain uncentred scores: the persons' level shows."""
    dropped = evidence_of(centred(noise(20000))[:, :-1])
    assert np.allclose(correlation_tests(dropped)["partial"], -0.5, atol=0.03)
    assert rates(evidence_of, np.ones(10), 0.5, repeats=3)[0] > 0.9


def test_a_solution_that_is_no_covariance_matrix_is_refused():
    loadings = np.array([3.0] * 8 + [0.1, 0.1])
    factor = np.random.default_rng(0).normal(size=(400, 1)) * loadings
    with pytest.raises(DataError, match="With an average covariance of 0 the solution is not a covariance matrix"):
        remove_intercept(evidence_of(noise(400, np.full(10, 0.2)) + factor))


def test_a_solution_within_its_error_of_being_no_covariance_matrix_is_refused():
    rows = noise(500, UNEQUAL, 0.5, seed=0)
    covariance = subtract_average_covariance(np.cov(rows, rowvar=False))
    assert np.linalg.eigvalsh(covariance)[0] > 0
    with pytest.raises(DataError, match="cannot be told from one that is not"):
        remove_intercept(evidence_of(rows))


def test_too_few_values_are_refused():
    with pytest.raises(DataError, match="3 centred values leave no covariance free"):
        uncentre(evidence_of(centred(noise(variances=np.ones(3)))))
    with pytest.raises(DataError, match="fewer than 4 values"):
        remove_intercept(evidence_of(noise(variances=np.ones(3))))


def test_resampling_the_solution_nearly_equals_solving_the_resample():
    rows = centred(noise(n=400, variances=UNEQUAL))
    drawn = bootstrap_evidence(uncentre(evidence_of(rows)), 0, 3)
    direct = solve_variations(bootstrap_evidence(evidence_of(rows), 0, 3).residual_scatter / 399)
    assert np.allclose(drawn.residual_scatter / 399, direct, atol=0.03)
    ratio = (drawn.pairwise_n / uncentre(evidence_of(rows)).pairwise_n)[np.triu_indices(10, 1)]
    assert 0.5 < ratio.min() < 0.95
    assert 1.05 < ratio.max() < 2


def test_the_sweep_shows_each_average_and_marks_impossible_ones():
    table = average_covariance_sweep(evidence_of(centred(noise())), averages=(-5.0, 0.0, 0.5))
    assert list(table["average_covariance"].unique()) == [-5.0, 0.0, 0.5]
    assert table[table["average_covariance"] == -5.0]["partial"].isna().all()
    mean = table.groupby("average_covariance")["correlation"].mean()
    assert abs(mean[0.0]) < 0.01
    assert mean[0.5] == pytest.approx(1 / 3, abs=0.05)
    default = average_covariance_sweep(evidence_of(noise(intercept=0.5)), remedy=remove_intercept)
    assert default["average_covariance"].nunique() == 6


def test_tests_on_ordinary_evidence_agree_with_those_of_scipy():
    from scipy.stats import pearsonr

    random = np.random.default_rng(5)
    rows = frame(random.normal(size=(800, 3)) @ np.array([[1, 0.1, 0], [0, 1, 0.3], [0, 0, 1.0]]))
    table = correlation_tests(summarise(rows)).set_index(["first", "second"])
    inverse = np.linalg.inv(np.corrcoef(rows, rowvar=False))
    for (i, j), row in zip([(0, 1), (0, 2), (1, 2)], table.itertuples(), strict=True):
        r, p = pearsonr(rows.iloc[:, i], rows.iloc[:, j])
        assert row.correlation == pytest.approx(r)
        assert row.correlation_se == pytest.approx((1 - r**2) / np.sqrt(800), rel=0.1)
        assert row.correlation_p == pytest.approx(p, abs=0.05)
        assert row.partial == pytest.approx(-inverse[i, j] / np.sqrt(inverse[i, i] * inverse[j, j]))


def test_tests_need_sums_and_a_matrix_of_full_rank():
    with pytest.raises(DataError, match="singular"):
        correlation_tests(evidence_of(centred(noise())))
    with pytest.raises(DataError, match="no cluster sums"):
        correlation_tests(replace(evidence_of(noise()), clusters=None))


@pytest.mark.shared
def test_published_centred_value_surveys_are_recognised(shared_data):
    """`indvalues`: ten Schwartz values of 327 persons, row-centred (R package smacof)."""
    rows = pd.read_csv(shared_data / "smacof_values" / "indvalues.csv").select_dtypes("number")
    assert ipsative_code(rows) == {"CV401"}
    portrait = pd.read_csv(shared_data / "smacof_values" / "PVQ40agg.csv").select_dtypes("number")
    assert not ipsative_code(portrait)
    assert ipsative_code(portrait.sub(portrait.mean(axis=1), axis=0)) == {"CV401"}
    require_learnable(uncentre(summarise(rows), 0.5))
