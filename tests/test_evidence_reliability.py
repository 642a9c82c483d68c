"""How reliable are scores, and what are their moments without error?"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import DataError, KeyFileError
from causalvalues.evidence import Evidence, bootstrap_evidence, summarise
from causalvalues.evidence.coefficients import COEFFICIENTS, alpha, omega, one_factor, split_half
from causalvalues.evidence.corrected_moments import CorrectedMoments, correct_for_error
from causalvalues.evidence.partial_n import partial_effective_n
from causalvalues.evidence.reliability import low_reliabilities, reliability
from causalvalues.evidence.variance_components import generalisability, item_answers, variance_components
from causalvalues.responses import ResponseMatrix, demo_responses, score
from causalvalues.theories import ItemKey, ScoringKey, scoring_key

SEEDS = st.integers(0, 10_000)
THREE = ("care", "power", "duty")
KEY = ScoringKey("test", "Test", "none", {f"{name}_{i}": ItemKey(name) for name in THREE for i in range(4)})
TRUE = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.4], [0.2, 0.4, 1.0]])


def answers(
    n: int, rng: np.random.Generator, noise: tuple[float, ...] = (1.0, 1.2, 1.5), size: int = 1
) -> ResponseMatrix:
    """Four parallel items of three values with the correlations TRUE; `size` rows with one true score a cluster."""
    true = np.repeat(rng.normal(size=(n // size, 3)) @ np.linalg.cholesky(TRUE).T, size, axis=0)
    scores = [true[:, j] + noise[j] * rng.normal(size=n) for j in range(3) for _ in range(4)]
    labels = {"who": tuple(str(i // size) for i in range(n))}
    return ResponseMatrix(
        tuple(KEY.items), np.column_stack(scores), tuple(map(str, range(n))), labels=labels,
        cluster_by="who" if size > 1 else "",
    )  # fmt: skip


def covariance(seed: int, k: int) -> np.ndarray:
    """A covariance matrix of items that hang together."""
    rng = np.random.default_rng(seed)
    loadings = rng.uniform(0.5, 1.2, k)
    rows = rng.normal(size=(40, 1)) * loadings + rng.normal(size=(40, k))
    return np.cov(rows.T) + 0.3 * np.outer(loadings, loadings)


# Laws


@pytest.mark.parametrize("name", ["alpha", "omega", "split_half"])
@given(seed=SEEDS, k=st.integers(3, 6))
@settings(max_examples=25, deadline=None)
def test_gradient_of_a_coefficient_is_its_derivative(name: str, seed: int, k: int) -> None:
    s = covariance(seed, k)
    weights = np.full(k, 1 / k) if name == "split_half" else np.random.default_rng(seed).uniform(0.5, 1.5, k)
    change = np.random.default_rng(seed + 1).normal(size=(k, k))
    change = (change + change.T) / 2 * 1e-5
    coefficient = COEFFICIENTS[name](s, weights)  # type: ignore[index]
    if name == "omega" and not one_factor(s / np.sqrt(np.outer(np.diag(s), np.diag(s))))[1].all():
        return
    up, down = (COEFFICIENTS[name](s + sign * change, weights).value for sign in (1, -1))  # type: ignore[index]
    assert (coefficient.gradient * change).sum() == pytest.approx((up - down) / 2, rel=1e-4, abs=1e-9)
    np.testing.assert_allclose(coefficient.gradient, coefficient.gradient.T, atol=1e-12)


@given(seed=SEEDS, k=st.integers(3, 7))
@settings(max_examples=40, deadline=None)
def test_omega_of_one_factor_is_its_share_of_variance_and_alpha_is_at_most_that(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    loadings, unique, weights = rng.uniform(0.3, 1.5, k), rng.uniform(0.2, 2.0, k), np.full(k, 1 / k)
    s = np.outer(loadings, loadings) + np.diag(unique)
    exact = (weights @ loadings) ** 2 / (weights @ s @ weights)
    assert omega(s, weights).value == pytest.approx(exact, abs=1e-8)
    assert alpha(s, weights).value <= exact + 1e-12
    uneven = rng.uniform(0.5, 2.0, k)
    assert omega(s, uneven).value == pytest.approx((uneven @ loadings) ** 2 / (uneven @ s @ uneven), abs=1e-8)


def test_coefficients_of_parallel_parts_agree_and_unequal_weights_do_no_harm() -> None:
    s = np.full((5, 5), 0.4) + 0.6 * np.eye(5)
    equal, uneven = np.full(5, 0.2), np.array([1.0, 2.0, 3.0, 1.0, 1.0])
    truth = 5 * 0.4 / (1 + 4 * 0.4)
    for coefficient in (alpha, omega, split_half):
        assert coefficient(s, equal).value == pytest.approx(truth, abs=1e-10)
    exact = 0.4 * uneven.sum() ** 2 / (uneven @ s @ uneven)
    assert alpha(s, uneven).value == pytest.approx(exact)
    assert omega(s, uneven).value == pytest.approx(exact)


def test_alpha_of_unequal_weights_can_lie_above_the_reliability_and_corrected_moments_say_so() -> None:
    loadings, weights = np.array([1 / 3, 1.0]), np.array([3.0, 1.0])
    s = np.outer(loadings, loadings) + 0.5 * np.eye(2)
    assert (weights @ loadings) ** 2 / (weights @ s @ weights) == pytest.approx(0.444, abs=1e-3)
    assert alpha(s, weights).value == pytest.approx(0.593, abs=1e-3)
    items = {name: replace(item, weight=2.0) if name == "care_1" else item for name, item in KEY.items.items()}
    matrix = answers(200, np.random.default_rng(1))
    uneven = ScoringKey("test", "Test", "none", items)
    said = [any("care unequally" in note for note in summarise(matrix, moments=moments).notes) for moments in (
        CorrectedMoments(uneven), CorrectedMoments(KEY), CorrectedMoments(uneven, "omega"),
    )]  # fmt: skip
    assert said == [True, False, False]


def test_a_heywood_case_stops_at_no_unique_variance() -> None:
    r = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.6], [0.9, 0.6, 1.0]])
    loadings, free = one_factor(r)
    assert loadings[0] == 1.0
    assert free.tolist() == [False, True, True]
    assert 0 < omega(r, np.full(3, 1 / 3)).value < 1


def test_alpha_is_the_closed_formula_with_signs_and_weights_of_the_key() -> None:
    rng = np.random.default_rng(1)
    matrix = answers(300, rng)
    x = matrix.scores[:, :4]
    expected = 4 / 3 * (1 - x.var(axis=0, ddof=1).sum() / x.sum(axis=1).var(ddof=1))
    assert reliability(matrix, KEY).loc["care", "alpha"] == pytest.approx(expected, abs=1e-12)
    turned = matrix.scores.copy()
    turned[:, 1] *= -1
    key = replace(KEY, items=KEY.items | {"care_1": ItemKey("care", sign=-1)})
    reversed_item = reliability(replace(matrix, scores=turned), key)
    pd.testing.assert_frame_equal(reversed_item, reliability(matrix, KEY), atol=1e-12)
    assert reliability(replace(matrix, scores=turned), KEY).loc["care", "alpha"] < expected - 0.2
    heavy = replace(KEY, items=KEY.items | {"care_1": ItemKey("care", weight=3.0)})
    weights = np.array([1.0, 3.0, 1.0, 1.0])
    own, whole = (weights**2 * x.var(axis=0, ddof=1)).sum(), (x @ weights).var(ddof=1)
    raju = (1 - own / whole) / (1 - (weights**2).sum() / weights.sum() ** 2)
    assert reliability(matrix, heavy).loc["care", "alpha"] == pytest.approx(raju, abs=1e-12)


def test_corrected_moments_keep_covariances_and_take_alpha_of_the_variances() -> None:
    matrix = answers(400, np.random.default_rng(2))
    found = summarise(matrix, moments=CorrectedMoments(KEY))
    raw = summarise(score(matrix, KEY))
    shares = reliability(matrix, KEY)["alpha"].to_numpy()
    expected = raw.scatter.copy()
    np.fill_diagonal(expected, np.diag(raw.scatter) * shares)
    np.testing.assert_allclose(found.scatter, expected, rtol=1e-10)
    np.testing.assert_allclose(found.mean, raw.mean, rtol=1e-12)
    assert found.clusters is not None
    assert found.clusters.estimated
    np.testing.assert_allclose(found.clusters.second.sum(axis=0), found.scatter, rtol=1e-9)
    assert found.n == raw.n
    assert found.n_score < 0.6 * raw.n_score


@pytest.mark.parametrize("kind", ["alpha", "omega"])
def test_order_of_columns_and_of_the_key_changes_no_bit(kind: str) -> None:
    matrix = demo_responses().rows(np.arange(3435) < 240)
    key = scoring_key("smollm2-demo").subset([name for name in matrix.names if name[:4] in ("hedo", "achi", "stim")])
    order = np.random.default_rng(0).permutation(60)
    shuffled = replace(matrix, names=tuple(matrix.names[j] for j in order), scores=matrix.scores[:, order],
                       status=matrix.status[:, order])  # fmt: skip
    turned = replace(key, items=dict(reversed(list(key.items.items()))))
    first = summarise(matrix, moments=CorrectedMoments(key, kind))  # type: ignore[arg-type]
    second = summarise(shuffled, moments=CorrectedMoments(turned, kind))  # type: ignore[arg-type]
    back = [second.names.index(name) for name in first.names]
    assert (first.scatter[:3, :3] == second.scatter[np.ix_(back, back)]).all()
    assert (first.pairwise_n == second.pairwise_n[np.ix_(back, back)]).all()
    assert first.n_score == second.n_score


def test_reliability_is_that_within_design_cells() -> None:
    rng = np.random.default_rng(3)
    matrix = answers(400, rng)
    dose = (np.arange(400) % 2).astype(float)
    moved = replace(matrix, scores=matrix.scores + 3 * dose[:, None], levers=("push",), doses=dose[:, None])
    inside = np.vstack([matrix.scores[dose == d, :4] - matrix.scores[dose == d, :4].mean(axis=0) for d in (0, 1)])
    expected = 4 / 3 * (1 - inside.var(axis=0).sum() / inside.sum(axis=1).var())
    assert reliability(moved, KEY).loc["care", "alpha"] == pytest.approx(expected, abs=1e-10)
    assert reliability(replace(moved, levers=(), doses=None), KEY).loc["care", "alpha"] > expected + 0.1
    evidence = summarise(moved, moments=CorrectedMoments(KEY))
    effects = evidence.design_effects.to_numpy()
    np.testing.assert_allclose(effects, summarise(score(moved, KEY)).design_effects.to_numpy(), rtol=1e-9)
    own = inside.mean(axis=1).var()
    assert np.diag(evidence.residual_scatter)[0] / 400 == pytest.approx(expected * own, rel=1e-9)


# Sampling error


def test_standard_errors_and_effective_n_are_those_of_repeated_samples_with_and_without_clusters() -> None:
    for size in (1, 4):
        rng = np.random.default_rng(4)
        alphas, errors, r, worth = [], [], [], []
        for _ in range(60):
            matrix = answers(320, rng, size=size)
            table = reliability(matrix, KEY)
            alphas.append([table.loc["care", "alpha"], table.loc["care", "omega"]])
            errors.append([table.loc["care", "alpha_se"], table.loc["care", "omega_se"]])
            evidence = summarise(matrix, moments=CorrectedMoments(KEY))
            r.append(evidence.correlation.loc["care", "power"])
            worth.append(evidence.pairwise_n[0, 1])
        np.testing.assert_allclose(np.mean(errors, axis=0), np.std(alphas, axis=0), rtol=0.25)
        claimed = (1 - np.mean(r) ** 2) / np.sqrt(np.median(worth))
        assert claimed == pytest.approx(np.std(r), rel=0.25)
        assert abs(np.mean(r) - 0.5) < 4 * np.std(r) / np.sqrt(60) + 0.01


@pytest.mark.parametrize("kind", ["alpha", "omega", "known"])
def test_influence_of_a_row_is_the_derivative_of_the_corrected_covariance_by_its_weight(kind: str) -> None:
    matrix = answers(80, np.random.default_rng(13), noise=(1.0, 0.8, 0.9))
    dose = (np.arange(80) % 2).astype(float)
    matrix = replace(matrix, levers=("push",), doses=dose[:, None])

    def corrected(weights: np.ndarray) -> Evidence:
        weighted = replace(matrix, weights=weights)
        if kind == "known":
            share = {"care": 0.8, "power": 0.7, "duty": 0.9}
            return correct_for_error(summarise(score(weighted, KEY)), share)
        return summarise(weighted, moments=CorrectedMoments(KEY, kind))  # type: ignore[arg-type]

    sums = corrected(np.ones(80)).clusters
    assert sums is not None
    covariance = sums.second.sum(axis=0) / 80
    for row in (0, 33, 79):
        step = 1e-4 * (np.arange(80) == row)
        up, down = (corrected(1.0 + sign * step).scatter / 80 for sign in (1, -1))
        derivative = (up - down) / 2e-4 * 80
        np.testing.assert_allclose(sums.second[row] - covariance, derivative, rtol=1e-3, atol=2e-3)


def test_partial_correlations_of_plain_rows_are_worth_all_rows_and_corrected_ones_few() -> None:
    rng = np.random.default_rng(14)
    mixed = rng.normal(size=(4000, 4)) @ np.array([[1, 0.5, 0.2, 0], [0, 1, 0.5, 0.2], [0, 0, 1, 0.5], [0, 0, 0, 1]])
    plain = summarise(pd.DataFrame(mixed, columns=list("abcd")))
    pairs = np.triu_indices(4, 1)
    assert np.median(partial_effective_n(plain)[pairs]) == pytest.approx(4000, rel=0.1)
    corrected = correct_for_error(plain, dict.fromkeys("abcd", 0.75))
    assert np.median(partial_effective_n(corrected)[pairs]) < 2000
    assert corrected.n_score < np.quantile(corrected.pairwise_n[pairs], 0.1)


def test_draws_of_corrected_evidence_spread_as_its_effective_n_says() -> None:
    evidence = summarise(answers(600, np.random.default_rng(5)), moments=CorrectedMoments(KEY))
    draws = np.array([bootstrap_evidence(evidence, 0, i).correlation.to_numpy() for i in range(300)])
    r = evidence.correlation.to_numpy()
    pairs = np.triu_indices(3, 1)
    expected = (1 - r**2) / np.sqrt(evidence.pairwise_n)
    np.testing.assert_allclose(draws.std(axis=0)[pairs], expected[pairs], rtol=0.25)


def test_standard_errors_of_known_reliabilities_reach_effective_n_and_draws() -> None:
    rng = np.random.default_rng(6)
    evidence = summarise(pd.DataFrame(rng.normal(size=(1000, 2)) @ [[1.0, 0.3], [0.0, 0.95]], columns=["a", "b"]))
    share = {"a": 0.5, "b": 0.8}
    sure, unsure = correct_for_error(evidence, share), correct_for_error(evidence, share, {"a": 0.1})
    np.testing.assert_allclose(sure.scatter, unsure.scatter)
    r = sure.correlation.loc["a", "b"]
    assert r == pytest.approx(evidence.correlation.loc["a", "b"] / np.sqrt(0.4), rel=1e-12)
    variance = [(1 - r**2) ** 2 / one.pairwise_n[0, 1] for one in (sure, unsure)]
    assert variance[1] - variance[0] == pytest.approx((r * 0.1 / 0.5 / 2) ** 2, rel=0.02)
    draws = [bootstrap_evidence(unsure, 1, i).correlation.loc["a", "b"] for i in range(300)]
    assert np.std(draws) == pytest.approx(np.sqrt(variance[1]), rel=0.15)


def test_intervals_of_alpha_hold_the_truth_as_often_as_they_say() -> None:
    rng, truth = np.random.default_rng(7), 4 / (4 + 1.2**2)
    hits = []
    for _ in range(80):
        row = reliability(answers(120, rng), KEY).loc["power"]
        hits.append(row["alpha_lower"] < truth < row["alpha_upper"])
    assert 0.90 <= np.mean(hits) <= 0.99


# Repeats and paraphrases


def repeated(n: int, seed: int) -> ResponseMatrix:
    """Two repeats of each respondent, rows shuffled."""
    rng = np.random.default_rng(seed)
    one = answers(n, rng)
    first, second = ((one.scores + rng.normal(size=one.scores.shape)) for _ in range(2))
    labels = {"who": tuple(str(i) for i in range(n)) * 2, "repeat": ("1",) * n + ("2",) * n}
    matrix = ResponseMatrix(one.names, np.vstack([first, second]), tuple(map(str, range(2 * n))), labels=labels,
                            cluster_by="who")  # fmt: skip
    order = rng.permutation(2 * n)
    return replace(matrix, scores=matrix.scores[order], status=None,
                   labels={name: tuple(column[i] for i in order) for name, column in labels.items()})  # fmt: skip


def test_split_half_over_two_repeats_is_the_spearman_brown_formula() -> None:
    matrix = repeated(200, 8)
    frame = score(matrix, KEY).frame().pivot_table(index="who", columns="repeat", values="care")
    r = np.corrcoef(frame["1"], frame["2"])[0, 1]
    table = reliability(matrix, KEY, over="repeat")
    assert table.loc["care", "split_half"] == pytest.approx(2 * r / (1 + r), abs=1e-12)
    evidence = summarise(matrix, moments=CorrectedMoments(KEY, "split_half", over="repeat"))
    assert evidence.n == 200
    own = frame.mean(axis=1).var(ddof=0)
    assert evidence.scatter[0, 0] / 200 == pytest.approx(own * 2 * r / (1 + r), rel=1e-9)


def test_repeats_of_different_lever_settings_are_different_rows() -> None:
    matrix = repeated(100, 9)
    dose = np.array([float(int(who) % 2) for who in matrix.labels["who"]])
    both = replace(matrix, levers=("push",), doses=dose[:, None], labels=matrix.labels | {"who": tuple(
        str(int(who) // 2) for who in matrix.labels["who"])})  # fmt: skip
    assert summarise(both, moments=CorrectedMoments(KEY, "split_half", over="repeat")).n == 100


# Refusals


def test_what_cannot_be_corrected_is_refused_by_name() -> None:
    rng = np.random.default_rng(10)
    noisy = answers(400, rng, noise=(1.0, 9.0, 1.5))
    with pytest.raises(DataError, match=r"below 0.2\): 'power' \("):
        summarise(noisy, moments=CorrectedMoments(KEY))
    pairs = KEY.subset([name for name in KEY.items if not name.endswith(("_2", "_3"))])
    with pytest.raises(DataError, match=r"'care' has 2 part\(s\); omega needs at least 3. Use alpha"):
        summarise(noisy, moments=CorrectedMoments(pairs, "omega"))
    single = KEY.subset(["care_0", *list(KEY.items)[4:]])
    with pytest.raises(DataError, match=r"'care' has 1 part.*correct_for_error"):
        summarise(noisy, moments=CorrectedMoments(single))
    with pytest.raises(DataError, match=r"care_3. .*key\.subset"):
        reliability(noisy.drop(["care_3"]), KEY)
    with pytest.raises(KeyFileError, match="groups"):
        reliability(noisy, replace(KEY, level="group"))
    with pytest.raises(DataError, match="Did you mean"):
        CorrectedMoments(KEY, "alhpa")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="needs `over`"):
        CorrectedMoments(KEY, "split_half")
    with pytest.raises(DataError, match="no label 'repaet'"):
        reliability(repeated(50, 1), KEY, over="repaet")
    with pytest.raises(DataError, match="two levels of 'who'"):
        reliability(answers(50, rng), KEY, over="who")


def test_reliabilities_from_elsewhere_are_checked() -> None:
    evidence = summarise(score(answers(200, np.random.default_rng(11)), KEY))
    share = {"care": 0.8, "power": 0.7, "duty": 0.6}
    with pytest.raises(DataError, match="No reliability was given for 'duty'"):
        correct_for_error(evidence, {"care": 0.8, "power": 0.7})
    with pytest.raises(DataError, match="Did you mean"):
        correct_for_error(evidence, share | {"powr": 0.7})
    with pytest.raises(DataError, match=r"cannot exceed 1: 'care' \(1.10\)"):
        correct_for_error(evidence, share | {"care": 1.1})
    with pytest.raises(DataError, match=r"below 0.2.*'care' \(0.10\)"):
        correct_for_error(evidence, share | {"care": 0.1})
    with pytest.raises(DataError, match="zero or more"):
        correct_for_error(evidence, share, {"care": -0.1})


def test_dimensions_whose_items_do_not_tell_them_apart_are_refused_and_named() -> None:
    rng = np.random.default_rng(12)
    matrix = answers(2000, rng)
    scores = matrix.scores.copy()
    style = rng.normal(size=2000)
    for i in range(4):
        scores[:, i] += style * (i == 0) * 1.5
        scores[:, 4 + i] = matrix.scores[:, i] + rng.normal(size=2000) + style * (i == 0) * 1.5
    with pytest.raises(DataError, match=r"correlate above 1: 'care' and 'power'.*Merge them"):
        summarise(replace(matrix, scores=scores), moments=CorrectedMoments(KEY))


# Variance components


def grid(personas: int, statements: int, wordings: int, seed: int) -> pd.DataFrame:
    """A balanced table with random effects of everything."""
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([range(personas), range(statements), range(wordings)], names=["p", "s", "w"])
    table = index.to_frame(index=False)
    answer = rng.normal(scale=0.8, size=len(table))
    for effect, size in (
        (["p"], 1.0),
        (["s"], 0.7),
        (["w"], 0.3),
        (["p", "s"], 0.5),
        (["p", "w"], 0.4),
        (["s", "w"], 0.3),
    ):
        answer += rng.normal(scale=size, size=len(table))[table.groupby(effect).ngroup().to_numpy()]
    return table.assign(x=answer)


def test_balanced_components_are_the_expected_mean_squares() -> None:
    table = grid(12, 5, 4, 1)
    a = table["x"].to_numpy().reshape(12, 5, 4)
    p, s, w = a.shape
    effect = {}
    for some in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        part = a - a.mean()
        for axis in range(3):
            mean = part.mean(axis=axis, keepdims=True)
            part = part - mean if axis in some else mean + 0 * part
        freedom = np.prod([a.shape[axis] - 1 for axis in some])
        effect[some] = (part**2).sum() / freedom
    e, ps, pw, sw = (effect[key] for key in ((0, 1, 2), (0, 1), (0, 2), (1, 2)))
    expected = {
        ("p", "s", "w"): e,
        ("p", "s"): (ps - e) / w,
        ("p", "w"): (pw - e) / s,
        ("s", "w"): (sw - e) / p,
        ("p",): (effect[0,] - ps - pw + e) / (s * w),
        ("s",): (effect[1,] - ps - sw + e) / (p * w),
        ("w",): (effect[2,] - pw - sw + e) / (p * s),
    }
    found = variance_components(table, "x", "p", ["s", "w"])
    assert dict(found.variances) == pytest.approx(expected, abs=1e-10)
    assert found.levels == {"s": 5.0, "w": 4.0}


def test_jackknife_leaves_out_one_unit_at_a_time() -> None:
    table = grid(8, 4, 3, 2).sample(80, random_state=1)
    found = variance_components(table, "x", "p", ["s", "w"])
    for unit in (0, 5):
        left = variance_components(table[table["p"] != unit], "x", "p", ["s", "w"])
        np.testing.assert_allclose(found.jackknife[unit], list(left.variances.values()), atol=1e-10)


def test_unbalanced_components_are_unbiased() -> None:
    rng = np.random.default_rng(3)
    found = []
    for i in range(60):
        table = grid(25, 6, 3, 100 + i)
        table = table[rng.random(len(table)) < np.where(table["s"] < 2, 0.4, 0.9)]
        found.append(list(variance_components(table, "x", "p", ["s", "w"]).variances.values()))
    truth = np.array([1.0, 0.49, 0.09, 0.25, 0.16, 0.09, 0.64])
    error = np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - truth) < 3.5 * error).all()


def test_components_agree_with_restricted_maximum_likelihood_of_statsmodels() -> None:
    import statsmodels.formula.api as smf

    table = grid(15, 6, 1, 4).assign(one=1)
    formula = {"p": "0 + C(p)", "s": "0 + C(s)"}
    fit = smf.mixedlm("x ~ 1", table, groups="one", vc_formula=formula).fit(reml=True)
    found = variance_components(table, "x", "p", ["s"])
    expected = dict(zip(fit.model.exog_vc.names, fit.vcomp, strict=True))
    assert found.variances["p",] == pytest.approx(expected["p"], rel=2e-3)
    assert found.variances["s",] == pytest.approx(expected["s"], rel=2e-3)
    assert found.variances["p", "s"] == pytest.approx(fit.scale, rel=2e-3)


def test_generalisability_over_statements_is_alpha() -> None:
    matrix, key = demo_responses(), scoring_key("smollm2-demo")
    plain = matrix.rows((matrix.doses == 0).all(axis=1))
    table = item_answers(plain, key, "stimulation")
    found = variance_components(table, "answer", "persona_id", ["statement"])
    general = generalisability(found)
    expected = reliability(plain, key).loc["stimulation", ["alpha", "alpha_se"]]
    assert general.relative == pytest.approx(expected["alpha"], abs=1e-10)
    assert general.relative_se == pytest.approx(expected["alpha_se"], rel=0.1)
    assert general.absolute < general.relative


def test_more_wordings_help_as_far_as_the_formula_says_and_fixed_facets_do_not_count_as_error() -> None:
    found = variance_components(grid(40, 5, 4, 5), "x", "p", ["s", "w"])
    v = {effect: max(value, 0.0) for effect, value in found.variances.items()}
    noise = v["p", "s"] / 5 + v["p", "w"] / 10 + v["p", "s", "w"] / 50
    assert generalisability(found, {"w": 10}).relative == pytest.approx(v["p",] / (v["p",] + noise))
    true = v["p",] + v["p", "s"] / 5
    noise = v["p", "w"] / 4 + v["p", "s", "w"] / 20
    fixed = generalisability(found, fixed=["s"])
    assert fixed.relative == pytest.approx(true / (true + noise))
    assert fixed.absolute == pytest.approx(true / (true + noise + v["w",] / 4 + v["s", "w"] / 20))


def test_facets_that_cannot_be_told_apart_are_refused() -> None:
    table = grid(6, 4, 3, 6)
    with pytest.raises(DataError, match="No two answers share exactly"):
        variance_components(table.assign(w="same"), "x", "p", ["s", "w"])
    with pytest.raises(DataError, match="nested"):
        variance_components(table.assign(w=table["p"] * 10 + table["w"]), "x", "p", ["s", "w"])
    with pytest.raises(DataError, match="no column 'y'"):
        variance_components(table, "y", "p", ["s"])
    found = variance_components(table, "x", "p", ["s", "w"])
    with pytest.raises(DataError, match="All facets are fixed"):
        generalisability(found, fixed=["s", "w"])
    with pytest.raises(DataError, match="no facet 'q'"):
        generalisability(found, {"q": 2})


# Numbers with their source


def bfi(shared_data: Path, complete: bool = False) -> tuple[ResponseMatrix, ScoringKey]:
    table = pd.read_csv(shared_data / "psychtools" / "bfi.csv.gz")
    signs = (
        pd.read_csv(shared_data / "psychtools" / "bfi_dictionary.csv.gz", index_col=0)["Keying"].dropna().astype(int)
    )
    items = list(signs.index[:25])
    key = ScoringKey("bfi", "bfi", "none", {item: ItemKey(item[0], int(signs[item])) for item in items}, low=1, high=6)
    rows = table[items].dropna() if complete else table[items]
    return ResponseMatrix(tuple(items), rows.to_numpy(float), tuple(map(str, rows.index))), key


@pytest.mark.shared
def test_alphas_of_the_personality_items_are_the_published_ones(shared_data: Path) -> None:
    """Revelle, `psych` manual, example of `scoreItems` on bfi (there with gaps filled by medians), two digits."""
    published = {"A": 0.70, "C": 0.72, "E": 0.76, "N": 0.81, "O": 0.60}
    found = reliability(*bfi(shared_data))["alpha"]
    assert found.to_dict() == pytest.approx(published, abs=0.01)


@pytest.mark.tools
@pytest.mark.shared
def test_alpha_and_omega_agree_with_psych(shared_data: Path) -> None:
    if shutil.which("Rscript") is None or "yes" not in _r('cat(ifelse(requireNamespace("psych"), "yes", "no"))'):
        pytest.skip("R with the package psych is not installed")
    path = shared_data / "psychtools" / "bfi.csv.gz"
    matrix, signs = bfi(shared_data, complete=True)
    table = reliability(matrix, signs)
    for scale in "AO":
        items = signs.items_of(scale)
        flip = [item for item in items if signs.items[item].sign < 0]
        script = f"""
            d <- na.omit(read.csv("{path}")[, 1:25]); x <- d[, c({",".join(f"'{i}'" for i in items)})]
            for (i in c({",".join(f"'{i}'" for i in flip)})) x[[i]] <- 7 - x[[i]]
            f <- psych::fa(x, 1, fm = "minres"); s <- apply(x, 2, sd)
            cat(psych::alpha(x)$total$raw_alpha, 1 - sum(f$uniquenesses * s^2) / var(rowSums(x)), "\\n")"""
        expected = [float(number) for number in _r(script).split()[-2:]]
        np.testing.assert_allclose(table.loc[scale, ["alpha", "omega"]].astype(float), expected, atol=1e-4)


def _r(script: str) -> str:
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout


def test_demo_alphas_run_from_38_to_70_on_the_rows_without_lever() -> None:
    """SOURCE.txt of the demo answers."""
    matrix = demo_responses()
    found = reliability(matrix.rows((matrix.doses == 0).all(axis=1)), scoring_key("smollm2-demo"))["alpha"]
    assert (found.idxmin(), round(float(found.min()), 2)) == ("conformity", 0.38)
    assert (found.idxmax(), round(float(found.max()), 2)) == ("tradition", 0.70)


def test_unreliable_dimensions_of_the_demo_are_named_lowest_first() -> None:
    table = reliability(demo_responses(), scoring_key("smollm2-demo"))
    [finding] = low_reliabilities(table)
    assert finding.code == "CV601"
    assert finding.message.startswith(
        "Alpha is below 0.5: 'security' (0.39), 'conformity' (0.40), 'universalism' (0.48)"
    )
    assert low_reliabilities(table, limit=0.2) == []


@pytest.mark.shared
def test_survey_values_that_items_do_not_tell_apart_are_named(shared_data: Path) -> None:
    """Davidov, Schmidt and Schwartz (2008), Public Opinion Quarterly 72: these pairs had to be merged in the PVQ-21."""
    table = pd.read_csv(shared_data / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz").iloc[::4]
    key = scoring_key("pvq-21")
    columns = [name for name in table.columns if key.knows(name)]
    matrix = ResponseMatrix(tuple(columns), table[columns].to_numpy(float), tuple(map(str, table.index)))
    with pytest.raises(DataError, match=r"'achievement' and 'power' \(1.09\), 'conformity' and 'tradition' \(1.04\)"):
        summarise(matrix, moments=CorrectedMoments(key))


@pytest.mark.shared
def test_wordings_matter_less_than_statements_in_paraphrased_answers(shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "paraphrased_answers" / "Mistral-7B-Instruct-v0.2.csv.gz")
    words = table["completion"].str.lower().str.extract(r"(strongly disagree|strongly agree|disagree|agree)")[0]
    table["answer"] = words.map({"strongly disagree": 1, "disagree": 2, "agree": 3, "strongly agree": 4})
    found = variance_components(table, "answer", "pct_id", ["templ_id"])
    assert found.table["share"].to_dict() == pytest.approx(
        {"pct_id": 0.88, "templ_id": 0.01, "pct_id x templ_id": 0.11}, abs=0.01
    )
    assert generalisability(found, {"templ_id": 1}).relative == pytest.approx(0.89, abs=0.01)
