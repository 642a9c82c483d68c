"""Polychoric and polyserial correlations: laws, brute force, R, and standard errors by simulation."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from causalvalues.errors import DataError
from causalvalues.evidence import Evidence, PolychoricMoments, resample, summarise
from causalvalues.evidence.bivariate_normal_kernels import binormal_below
from causalvalues.responses import ResponseMatrix

CUTS = {"a": [-1.0, 0.0, 0.5, 1.3], "b": [0.4], "c": [-1.5, 1.0]}


def latent(seed: int, n: int, p: int = 5) -> np.ndarray:
    random = np.random.default_rng(seed)
    loadings = np.array([0.7, 0.6, -0.5, 0.4, 0.0])[:p]
    return random.normal(size=(n, 1)) * loadings + random.normal(size=(n, p)) * np.sqrt(1 - loadings**2)


def answers(seed: int, n: int = 600) -> pd.DataFrame:
    x = latent(seed, n)
    frame = pd.DataFrame({name: np.digitize(x[:, j], CUTS[name]) for j, name in enumerate("abc")}).astype(float)
    return frame.assign(d=3.0 + 2.0 * x[:, 3], e=x[:, 4])


def by_ordinal(data: pd.DataFrame | ResponseMatrix, within: str = "") -> Evidence:
    return summarise(data, within, PolychoricMoments())


def standard_error(evidence: Evidence) -> np.ndarray:
    return (1 - evidence.correlation.to_numpy() ** 2) / np.sqrt(evidence.pairwise_n)


def rectangle(h: float, k: float, rho: float) -> float:
    """P(X < h, Y < k) by one-dimensional quadrature over X."""
    rest = np.sqrt(1 - rho**2)
    inside = [x for x in (k / rho - 8 * rest, k / rho, k / rho + 8 * rest) if -10 < x < h] if abs(rho) > 0.01 else []
    return quad(lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * ndtr((k - rho * x) / rest), -10, h,
                points=inside or None, epsabs=1e-14, epsrel=1e-13, limit=400)[0]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(-0.9999, 0.9999))
def test_the_bivariate_normal_distribution_equals_quadrature_to_1e_10(h: float, k: float, rho: float) -> None:
    assert binormal_below(h, k, rho) == pytest.approx(rectangle(h, k, rho), abs=1e-10)


def test_thresholds_are_normal_quantiles_of_the_cumulative_shares() -> None:
    data = answers(1)
    found = by_ordinal(data).thresholds
    assert sorted(found) == ["a", "b", "c"]
    shares = np.cumsum(data["a"].value_counts(normalize=True).sort_index())[:-1]
    np.testing.assert_allclose(found["a"], ndtri(shares), atol=1e-12)


def brute_polychoric(first: pd.Series, second: pd.Series) -> float:
    """Maximise the two-step likelihood of a table with rectangles by quadrature."""
    counts = pd.crosstab(first, second).to_numpy()
    edges = [
        np.concatenate([[-9], ndtri(np.cumsum(counts.sum(axis=axis))[:-1] / counts.sum()), [9]]) for axis in (1, 0)
    ]

    def loss(rho: float) -> float:
        below = np.array([[rectangle(h, k, rho) for k in edges[1]] for h in edges[0]])
        chances = np.diff(np.diff(below, axis=0), axis=1)
        return -float((counts * np.log(np.maximum(chances, 1e-12))).sum())

    return minimize_scalar(loss, bounds=(-0.99, 0.99), method="bounded", options={"xatol": 1e-7}).x


def test_a_polychoric_correlation_maximises_the_likelihood_of_the_table() -> None:
    data = answers(2, 300)
    found = by_ordinal(data).correlation
    for first, second in (("a", "b"), ("b", "c")):
        assert found.loc[first, second] == pytest.approx(brute_polychoric(data[first], data[second]), abs=2e-6)


def test_a_polyserial_correlation_maximises_the_likelihood_given_the_continuous_column() -> None:
    data = answers(3, 300)
    z = ((data["d"] - data["d"].mean()) / data["d"].std(ddof=0)).to_numpy()
    codes = data["a"].to_numpy(dtype=int)
    edges = np.concatenate([[-40], ndtri(np.cumsum(np.bincount(codes))[:-1] / len(codes)), [40]])

    def loss(rho: float) -> float:
        rest = np.sqrt(1 - rho**2)
        return -np.log(ndtr((edges[codes + 1] - rho * z) / rest) - ndtr((edges[codes] - rho * z) / rest)).sum()

    best = minimize_scalar(loss, bounds=(-0.99, 0.99), method="bounded", options={"xatol": 1e-8}).x
    assert by_ordinal(data).correlation.loc["a", "d"] == pytest.approx(best, abs=2e-6)


def test_two_continuous_columns_have_their_product_moment_correlation_and_keep_their_units() -> None:
    data = answers(4)
    found = by_ordinal(data)
    assert found.correlation.loc["d", "e"] == pytest.approx(np.corrcoef(data["d"], data["e"])[0, 1], abs=1e-12)
    assert found.mean[3] == pytest.approx(data["d"].mean())
    assert np.sqrt(found.scatter[3, 3] / found.n) == pytest.approx(data["d"].std(ddof=0))
    np.testing.assert_allclose(np.diag(found.scatter)[:3], found.n)


def test_the_order_of_columns_changes_no_bit_and_labels_of_categories_do_not_matter() -> None:
    data = answers(5)
    found = by_ordinal(data)
    turned = by_ordinal(data[list("edcba")])
    assert (turned.correlation.loc[list("abcde"), list("abcde")].to_numpy() == found.correlation.to_numpy()).all()
    other = by_ordinal(data.assign(a=data["a"] * 10 + 7, c=-data["c"])).correlation
    np.testing.assert_allclose(other.loc["a", "b"], found.correlation.loc["a", "b"], atol=1e-8)
    np.testing.assert_allclose(other.loc["c", ["a", "b", "d"]], -found.correlation.loc["c", ["a", "b", "d"]], atol=1e-7)


def test_missing_answers_are_left_out_pair_by_pair() -> None:
    data = answers(6)
    holes = np.random.default_rng(0).random(data.shape) < 0.2
    holed = data.mask(holes)
    found = by_ordinal(holed)
    both = holed[["a", "b"]].dropna()
    thresholds = [np.concatenate([[-9], found.thresholds[name], [9]]) for name in "ab"]
    counts = pd.crosstab(both["a"], both["b"]).to_numpy()

    def loss(rho: float) -> float:
        below = np.array([[binormal_below(h, k, rho) for k in thresholds[1]] for h in thresholds[0]])
        return -float((counts * np.log(np.maximum(np.diff(np.diff(below, axis=0), axis=1), 1e-12))).sum())

    best = minimize_scalar(loss, bounds=(-0.99, 0.99), method="bounded", options={"xatol": 1e-8}).x
    assert found.correlation.loc["a", "b"] == pytest.approx(best, abs=2e-6)
    assert any("rows that answered both" in note and f"'a' {int(holes[:, 0].sum())}" in note for note in found.notes)
    assert (found.pairwise_n <= by_ordinal(data).n + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(2, 4))
def test_sparse_tables_never_fail(seed: int, first: int, second: int) -> None:
    random = np.random.default_rng(seed)
    codes = np.column_stack([random.integers(0, first, 14), random.integers(0, second, 14)])
    codes[:2] = [[0, 0], [1, 1]]
    found = by_ordinal(pd.DataFrame(codes.astype(float), columns=["x", "y"]))
    assert np.isfinite(found.scatter).all()
    assert abs(found.correlation.loc["x", "y"]) <= 0.999
    assert (found.pairwise_n > 0).all()


def test_an_empty_cell_of_a_two_by_two_table_is_held_by_a_prior_and_named() -> None:
    x, y = np.zeros(60), np.zeros(60)
    x[:6] = y[6:12] = 1
    found = by_ordinal(pd.DataFrame({"x": x, "y": y}))
    assert -0.8 < found.correlation.loc["x", "y"] < -0.1
    assert any("'x' and 'y'" in note and "prior" in note for note in found.notes)


def test_perfectly_related_columns_stop_at_the_bound() -> None:
    x = latent(7, 500)[:, 0]
    data = pd.DataFrame({"x": np.digitize(x, [-1, 0, 1]), "y": np.digitize(x, [0.2]), "z": x})
    found = by_ordinal(data.astype(float)).correlation
    assert 0.97 < found.loc["x", "y"] <= 0.999
    assert 0.97 < found.loc["x", "z"] <= 0.999


def test_standard_errors_equal_the_spread_over_samples() -> None:
    found = [by_ordinal(answers(100 + repeat, 300)) for repeat in range(400)]
    pairs = np.triu_indices(5, 1)
    spread = np.std([evidence.correlation.to_numpy()[pairs] for evidence in found], axis=0, ddof=1)
    told = np.mean([standard_error(evidence)[pairs] for evidence in found], axis=0)
    np.testing.assert_allclose(told / spread, 1.0, atol=0.13)  # 400 repeats: the spread has a standard error of 3.5%
    assert np.mean(told / spread) == pytest.approx(1.0, abs=0.05)
    truth = np.outer([0.7, 0.6, -0.5, 0.4, 0.0], [0.7, 0.6, -0.5, 0.4, 0.0])[pairs]
    mean = np.mean([evidence.correlation.to_numpy()[pairs] for evidence in found], axis=0)
    np.testing.assert_allclose(mean, truth, atol=0.015)


@pytest.mark.parametrize("pair", [("u", "v"), ("u", "w"), ("v", "w")])
def test_the_influence_of_a_row_is_what_leaving_it_out_does(pair: tuple[str, str]) -> None:
    random = np.random.default_rng(18)
    common = random.normal(size=500)
    x = 0.9 * common[:, None] + np.sqrt(1 - 0.81) * random.normal(size=(500, 3))
    data = pd.DataFrame({"u": np.digitize(x[:, 0], [-0.5, 0.8]), "v": np.digitize(x[:, 1], [1.0]), "w": 3 * x[:, 2]})
    data = data[list(pair)].astype(float)
    evidence = by_ordinal(data)
    covariance = evidence.scatter / evidence.n
    scale = np.sqrt(np.diag(covariance))
    psi = (evidence.clusters.second - covariance) / np.outer(scale, scale)
    r = evidence.correlation.iloc[0, 1]
    told = psi[:, 0, 1] - r / 2 * (psi[:, 0, 0] + psi[:, 1, 1])
    rows = range(0, 500, 3)
    left = np.array([by_ordinal(data.drop(index=row)).correlation.iloc[0, 1] for row in rows])
    slope = (499 * (r - left)) @ told[rows] / (told[rows] @ told[rows])
    assert slope == pytest.approx(1.0, abs=0.12)  # expected information stands for the observed one: about 1 / sqrt(n)
    assert np.corrcoef(499 * (r - left), told[rows])[0, 1] > 0.99


def test_two_answers_split_in_the_middle_are_worth_forty_percent_of_the_rows() -> None:
    x = np.random.default_rng(8).normal(size=(20_000, 2)) > 0
    found = by_ordinal(pd.DataFrame(x.astype(float), columns=["x", "y"]))
    assert found.pairwise_n[0, 1] / found.n == pytest.approx(4 / np.pi**2, abs=0.03)  # .405 for unrelated columns


def test_bootstrap_draws_spread_as_the_standard_errors_say() -> None:
    evidence = by_ordinal(answers(9, 500))
    random = np.random.default_rng(0)
    g = len(evidence.clusters.weight)
    draws = [resample(evidence, random.multinomial(g, np.full(g, 1 / g))).correlation.to_numpy() for _ in range(300)]
    pairs = np.triu_indices(5, 1)
    ratio = np.std([draw[pairs] for draw in draws], axis=0) / standard_error(evidence)[pairs]
    np.testing.assert_allclose(ratio, 1.0, atol=0.15)


def matrix_of(data: pd.DataFrame, **more: object) -> ResponseMatrix:
    return ResponseMatrix(tuple(data.columns), data.to_numpy(), tuple(str(i) for i in range(len(data))), **more)  # type: ignore[arg-type]


def test_clusters_of_copies_are_worth_one_row_each_and_weights_count_as_repeats() -> None:
    data = answers(10, 300)
    single = by_ordinal(data)
    twice = pd.concat([data, data], ignore_index=True)
    owners = tuple(f"p{i % 300}" for i in range(600))
    doubled = by_ordinal(matrix_of(twice, labels={"person": owners}, cluster_by="person"))
    np.testing.assert_allclose(doubled.correlation, single.correlation, atol=1e-6)
    off = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(doubled.pairwise_n[off], single.pairwise_n[off], rtol=1e-3)
    weights = np.where(np.arange(300) < 100, 2.0, 1.0)
    weighted = by_ordinal(matrix_of(data, weights=weights))
    repeated = by_ordinal(pd.concat([data, data.iloc[:100]], ignore_index=True))
    np.testing.assert_allclose(weighted.correlation, repeated.correlation, atol=1e-6)


def steered(seed: int, n: int = 3000) -> ResponseMatrix:
    """Three values with residual correlations .5, 0, 0, all moved by two levers; one continuous."""
    random = np.random.default_rng(seed)
    doses = (random.random((n, 2)) < 0.4).astype(float)
    x = random.normal(size=(n, 3))
    x[:, 1] = 0.5 * x[:, 0] + np.sqrt(0.75) * x[:, 1]
    x += doses @ np.array([[1.0, 1.0, 0.8], [-0.6, 0.0, 0.5]])
    scores = np.column_stack([np.digitize(x[:, 0], [-1, 0, 1]), np.digitize(x[:, 1], [0.3]), 2 * x[:, 2]])
    units = tuple(str(i) for i in range(n))
    return ResponseMatrix(("u", "v", "w"), scores, units, levers=("l1", "l2"), doses=doses)


def test_levers_shift_the_latent_variable_and_leave_its_residual_correlation() -> None:
    found = by_ordinal(steered(11))
    expected = np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(found.correlation.to_numpy(), expected, atol=0.07)
    effects = found.design_effects.loc[["l1", "l2"]].to_numpy()
    np.testing.assert_allclose(effects, [[1.0, 1.0, 1.6], [-0.6, 0.0, 1.0]], atol=0.17)
    np.testing.assert_allclose(np.diag(found.residual_scatter)[:2], found.n)
    pooled = by_ordinal(ResponseMatrix(("u", "v", "w"), steered(11).scores, steered(11).unit_ids))
    assert abs(pooled.correlation.loc["v", "w"]) > 0.12
    draws = [resample(found, np.random.default_rng(k).multinomial(1000, np.full(1000, 0.001))) for k in range(40)]
    spread = np.std([draw.design_effects.loc["l1", "u"] for draw in draws])
    assert 0.03 < spread < 0.09  # an ordered probit of 3,000 rows, 40% steered, has a standard error of about .05


def test_the_units_of_doses_and_of_continuous_columns_change_nothing_else() -> None:
    matrix = steered(17, 500)
    found = by_ordinal(matrix)
    scores = matrix.scores * [1, 1, 1e8]
    other = by_ordinal(ResponseMatrix(matrix.names, scores, matrix.unit_ids, levers=matrix.levers,
                                      doses=matrix.doses * [1e-8, 1.0]))  # fmt: skip
    np.testing.assert_allclose(other.correlation, found.correlation, atol=1e-7)
    np.testing.assert_allclose(other.pairwise_n, found.pairwise_n, rtol=1e-5)
    np.testing.assert_allclose(other.design_effects.iloc[0] / [1e8, 1e8, 1e16], found.design_effects.iloc[0], rtol=1e-6)


def test_a_cell_in_which_all_give_the_highest_answer_has_a_finite_effect() -> None:
    matrix = steered(12, 400)
    scores = np.array(matrix.scores)
    scores[matrix.doses[:, 0] == 1, 0] = 3
    found = by_ordinal(ResponseMatrix(matrix.names, scores, matrix.unit_ids, levers=matrix.levers, doses=matrix.doses))
    assert 1 < found.design_effects.loc["l1", "u"] < 12
    assert np.isfinite(found.scatter).all()


def test_groups_are_levels_of_the_latent_variable_and_small_groups_are_refused() -> None:
    matrix = steered(13)
    labels = {"model": tuple("xyz"[i % 3] for i in range(3000)), "tiny": tuple(str(i // 3) for i in range(3000))}
    shift = np.array([0.0, 2.0, 4.0])[np.arange(3000) % 3]
    scores = np.column_stack([matrix.scores[:, :2], matrix.scores[:, 2] + shift])
    grouped = ResponseMatrix(matrix.names, scores, matrix.unit_ids, labels=labels)
    plain = by_ordinal(grouped).correlation.loc["u", "w"]
    inside = by_ordinal(grouped, "model").correlation.loc["u", "w"]
    without = by_ordinal(ResponseMatrix(matrix.names, matrix.scores, matrix.unit_ids)).correlation.loc["u", "w"]
    assert inside == pytest.approx(without, abs=0.02)
    assert abs(plain - without) > abs(inside - without)
    with pytest.raises(DataError, match=r"3\.0 rows on average"):
        by_ordinal(grouped, "tiny")


def test_columns_are_declared_ordinal_or_found_by_rule_and_named() -> None:
    data = answers(14)
    notes = by_ordinal(data).notes
    assert "Taken as ordinal (number of categories): 'a' (5), 'b' (2), 'c' (3)." in notes
    declared = summarise(data, moments=PolychoricMoments(ordinal=("b",)))
    assert list(declared.thresholds) == ["b"]
    assert declared.correlation.loc["a", "c"] == pytest.approx(np.corrcoef(data["a"], data["c"])[0, 1])
    uneven = data.assign(a=data["a"].map({0: 0.0, 1: 0.3, 2: 0.35, 3: 2.5, 4: 2.6}))
    assert "a" not in by_ordinal(uneven).thresholds
    assert "a" not in summarise(data, moments=PolychoricMoments(max_categories=4)).thresholds


def test_what_cannot_be_estimated_is_refused_by_name() -> None:
    data = answers(15, 100)
    with pytest.raises(DataError, match=r"'f'.*one value"):
        by_ordinal(data.assign(f=1.0))
    with pytest.raises(DataError, match="Did you mean 'a'"):
        summarise(data, moments=PolychoricMoments(ordinal=("A",)))
    half = np.arange(100) < 50
    with pytest.raises(DataError, match="Only 0 rows answer both 'a' and 'b'"):
        by_ordinal(data.assign(a=data["a"].where(half), b=data["b"].where(~half)))


@pytest.mark.tools
def test_correlations_and_standard_errors_agree_with_lavaan_and_polycor(tmp_path: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed (Debian: r-base-core r-cran-lavaan r-cran-polycor)")
    data = answers(16, 2000)
    data["d"] = (data["d"] - data["d"].mean()) / data["d"].std(ddof=0)
    data["e"] = (data["e"] - data["e"].mean()) / data["e"].std(ddof=0)
    data.to_csv(tmp_path / "data.csv", index=False)
    script = Path(__file__).parent / "r" / "polychoric.R"
    arguments = [str(tmp_path / "data.csv"), "a,b,c", str(tmp_path / "out.csv")]
    ran = subprocess.run(["Rscript", str(script), *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    theirs = pd.read_csv(tmp_path / "out.csv")
    evidence = by_ordinal(data)
    ours = [evidence.correlation.loc[a, b] for a, b in zip(theirs["first"], theirs["second"], strict=True)]
    np.testing.assert_allclose(ours, theirs["lavaan"], atol=1e-4)
    two = theirs["kind"] == 2
    np.testing.assert_allclose(np.array(ours)[two], theirs["polycor"][two], atol=1e-3)
    np.testing.assert_allclose(np.array(ours)[~two], theirs["polycor"][~two], atol=3e-3)  # polycor's is not two-step
    error = pd.DataFrame(standard_error(evidence), evidence.names, evidence.names)
    told = [error.loc[a, b] for a, b in zip(theirs["first"], theirs["second"], strict=True)]
    # lavaan's se of a polyserial parameter is that of a covariance; those of two ordinal columns are comparable
    np.testing.assert_allclose(np.array(told)[two], theirs["lavaan_se"][two], rtol=0.06)


@pytest.mark.shared
def test_survey_answers_of_22_190_persons_agree_with_lavaan(shared_data: Path) -> None:
    data = pd.read_csv(shared_data / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz")
    items = ["ipcrtiv", "imprich", "ipeqopt", "ipshabt", "impsafe", "impdiff"]
    answered = data[items].astype(float).where(data[items] <= 6)
    found = by_ordinal(answered).correlation
    assert found.loc["ipcrtiv", "imprich"] == pytest.approx(LAVAAN["ipcrtiv-imprich"], abs=1e-4)
    assert found.loc["ipshabt", "impsafe"] == pytest.approx(LAVAAN["ipshabt-impsafe"], abs=1e-4)


LAVAAN = {
    "ipcrtiv-imprich": 0.191645,
    "ipshabt-impsafe": 0.240338,
}  # lavCor(ordered=, missing="pairwise"), lavaan 0.6-14
