"""Groups side by side: distances against brute force, exchange tests, invariance against lavaan, the circle order."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.discovery.averaging import structural_hamming_distance, structural_intervention_distance
from causalvalues.discovery.intervention_distance_kernels import intervention_distances
from causalvalues.errors import DataError, ModelError
from causalvalues.evidence import summarise
from causalvalues.graph import Dag, GraphPosterior
from causalvalues.model.circle_order import circle_distances, circle_order, compare_patterns, pattern_agreement
from causalvalues.model.comparison import at_equal_n, compare
from causalvalues.model.exchange_cells import equal_groups, exchange_cells, exchanged
from causalvalues.model.invariance import measurement_invariance
from causalvalues.model.moment_differences import _errors
from causalvalues.model.moment_equality import box, equal_moments, jennrich
from causalvalues.model.structure_exchange import Exchange, same_structure
from causalvalues.responses import ResponseMatrix, demo_responses, score
from causalvalues.theories import ItemKey, ScoringKey, scoring_key, theory

PLAIN = ExactPosterior(draws=300, moment_draws=0)


def random_graphs(s: int, p: int, share: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    graphs = np.triu(rng.random((s, p, p)) < share, 1)
    return np.array([g[np.ix_(order, order)] for g in graphs for order in [rng.permutation(p)]])


def posterior(draws: np.ndarray, names: tuple[str, ...]) -> GraphPosterior:
    p = len(names)
    nan = np.full((p, p), np.nan)
    return GraphPosterior(names, draws, np.ones(len(draws)), "posterior", draws.mean(axis=0), nan, False, "test")


# Distances


def test_the_intervention_distances_of_many_pairs_agree_with_gadjid() -> None:
    gadjid = pytest.importorskip("gadjid")
    a, b = random_graphs(40, 7, 0.4, 5), random_graphs(40, 7, 0.4, 6)
    expected = [
        gadjid.sid(x.astype(np.int8), y.astype(np.int8), edge_direction="from row to column")[1]
        for x, y in zip(a, b, strict=True)
    ]
    assert intervention_distances(a, b).tolist() == expected


def test_expected_distances_are_means_over_all_pairs_of_draws() -> None:
    names = tuple("abcd")
    a, b = random_graphs(5, 4, 0.5, 7), random_graphs(6, 4, 0.5, 8)
    pairs = [(Dag(names, x), Dag(names, y)) for x in a for y in b]
    hamming = np.mean([structural_hamming_distance(x, y) for x, y in pairs])
    both = [(structural_intervention_distance(x, y) + structural_intervention_distance(y, x)) / 2 for x, y in pairs]
    found = compare({"a": posterior(a, names), "b": posterior(b, names)}, draws=20000).distances.iloc[-1]
    assert found["hamming"] == pytest.approx(hamming, abs=0.05)
    assert found["intervention"] == pytest.approx(np.mean(both), abs=0.1)


def test_pairs_hold_the_probabilities_of_independent_groups() -> None:
    names = tuple("abc")
    groups = {g: posterior(random_graphs(30, 3, 0.5, seed), names) for seed, g in enumerate("xyz")}
    row = compare(groups).pairs.set_index(["first", "second"]).loc[("a", "b")]
    each = []
    for posterior_ in groups.values():
        compelled = posterior_.compelled_draws
        each.append(
            list(
                zip(
                    posterior_.draws[:, 0, 1] | posterior_.draws[:, 1, 0],
                    compelled[:, 0, 1],
                    compelled[:, 1, 0],
                    strict=True,
                )
            )
        )
    combined = list(itertools.product(*each))
    assert row["in_all"] == pytest.approx(np.mean([all(d[0] for d in c) for c in combined]))
    assert row["differs"] == pytest.approx(np.mean([0 < sum(d[0] for d in c) < 3 for c in combined]))
    assert row["turned"] == pytest.approx(np.mean([any(d[1] for d in c) and any(d[2] for d in c) for c in combined]))


def rows(b: np.ndarray, n: int, seed: int) -> pd.DataFrame:
    p = len(b)
    data = np.random.default_rng(seed).normal(size=(n, p)) @ np.linalg.inv(np.eye(p) - b)
    return pd.DataFrame(data, columns=[f"v{j}" for j in range(p)])


CHAIN = np.diag([0.6] * 4, 1)
FORK = np.zeros((5, 5))
FORK[0, 2:] = [0.6, -0.6, 0.6]


def test_the_same_graph_lies_near_the_noise_floor_and_another_above_it() -> None:
    evidences = {"a": summarise(rows(CHAIN, 800, 1)), "b": summarise(rows(CHAIN, 800, 2))}
    evidences["c"] = summarise(rows(FORK, 800, 3))
    found = compare({label: discover(e, PLAIN) for label, e in evidences.items()}, evidences)
    table = found.distances.set_index(["group", "other"])["hamming"]
    assert table["a", "b"] <= table["a", "a"] + table["b", "b"] + 1
    assert table["a", "c"] > 2 * (table["a", "a"] + table["c", "c"])
    assert "more than noise" in found.summary


def test_unequal_groups_are_named_and_can_be_brought_to_equal_n() -> None:
    evidences = {"large": summarise(rows(CHAIN, 3000, 1)), "small": summarise(rows(CHAIN, 300, 2))}
    learned = {label: discover(e, PLAIN) for label, e in evidences.items()}
    assert "large 3000, small 300" in compare(learned, evidences).summary
    equal = at_equal_n(evidences, seed=1)
    assert [e.n for e in equal.values()] == [300, 300]
    assert "at_equal_n" not in compare({k: discover(e, PLAIN) for k, e in equal.items()}, equal).summary


def test_the_order_of_columns_changes_no_comparison() -> None:
    a, b = rows(CHAIN, 200, 1), rows(FORK, 200, 2)
    one = compare({"a": discover(summarise(a), PLAIN), "b": discover(summarise(b), PLAIN)})
    two = compare({"a": discover(summarise(a[list(a)[::-1]]), PLAIN), "b": discover(summarise(b), PLAIN)})
    pd.testing.assert_frame_equal(one.distances, two.distances)


def test_groups_over_other_values_are_refused() -> None:
    with pytest.raises(ModelError, match="c, d"):
        compare(
            {
                "x": posterior(random_graphs(2, 3, 0.5, 1), tuple("abc")),
                "y": posterior(random_graphs(2, 3, 0.5, 1), tuple("abd")),
            }
        )


# Exchange of labels


def two_models(personas: int, repeats: int, difference: float, seed: int) -> ResponseMatrix:
    """Personas that answer in both models; persona effects are shared, so rows of a persona are alike."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(personas, 1, 1, 4))
    scores = common + rng.normal(size=(personas, 2, repeats, 4)) * [1.0, 1.0, 1.0, 2.0]
    scores[:, 1, :, 1] += difference * scores[:, 1, :, 0]
    scores[:, 1] = 3 + 2 * scores[:, 1]
    cells = [(str(i), "ab"[g]) for i in range(personas) for g in range(2) for _ in range(repeats)]
    labels = {"persona_id": [c[0] for c in cells], "model": [c[1] for c in cells]}
    return ResponseMatrix(
        tuple("wxyz"),
        scores.reshape(-1, 4),
        [str(k) for k in range(len(cells))],
        labels=labels,
        cluster_by="persona_id",
    )


WITHIN = Exchange(within="persona_id", permutations=99)


@pytest.mark.parametrize(("statistic", "power"), [("correlation", 0.8), ("edges", 0.4)])
def test_equal_structures_are_rejected_as_often_as_the_level_says_and_other_structures_more_often(
    statistic: str, power: float
) -> None:
    runs = 60 if statistic == "correlation" else 25
    null = [same_structure(two_models(40, 3, 0.0, s), "model", statistic, WITHIN, s).p for s in range(runs)]  # type: ignore[arg-type]
    other = [same_structure(two_models(40, 3, 0.8, s), "model", statistic, WITHIN, s).p for s in range(10)]  # type: ignore[arg-type]
    assert np.mean(np.array(null) <= 0.05) <= 0.15
    assert 0.35 <= np.mean(null) <= 0.68
    assert np.mean(np.array(other) <= 0.05) >= power


def test_exchanges_keep_the_groups_of_each_persona_and_the_sizes_of_groups() -> None:
    cells = exchange_cells(two_models(12, 2, 0.0, 1), "model", "persona_id", scaled=True)
    seen = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = exchanged(cells, cells.group, rng)
        assert all(sorted(labels[cells.unit == unit]) == [0, 1] for unit in np.unique(cells.unit))
        seen.add(labels.tobytes())
    assert len(seen) == 20
    apart = ResponseMatrix(
        ("x", "y"), np.random.default_rng(1).normal(size=(30, 2)), [str(k) for k in range(30)],
        labels={"g": ["a"] * 10 + ["b"] * 20},
    )  # fmt: skip
    cells = exchange_cells(apart, "g", "", scaled=True)
    rng = np.random.default_rng(2)
    some = equal_groups(cells, rng)
    again = exchanged(cells, some, rng)
    for labels in (some, again):
        assert np.bincount(labels + 1).tolist() == [10, 10, 10]
    assert ((some < 0) == (again < 0)).all()
    assert (some != again).any()


def test_rows_taken_as_independent_reject_equal_moments_of_clusters_and_exchange_does_not() -> None:
    """Clusters of ten identical answers, each in one group."""
    independent, exchanged = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        scores = np.repeat(rng.normal(size=(60, 3)), 10, axis=0) + 0.1 * rng.normal(size=(600, 3))
        labels = {"person": np.repeat(np.arange(60), 10).astype(str), "model": np.repeat(["a", "b"], 300)}
        matrix = ResponseMatrix(tuple("xyz"), scores, [str(k) for k in range(600)], labels=labels, cluster_by="person")
        found = equal_moments(matrix, "model", "correlation", Exchange(permutations=99), seed)
        independent.append(found.p_independent)
        exchanged.append(found.p)
    assert np.mean(np.array(independent) < 0.05) > 0.5
    assert np.mean(np.array(exchanged) <= 0.05) <= 0.17


@pytest.mark.parametrize("moment", ["covariance", "correlation"])
def test_likelihood_ratio_p_values_of_independent_normal_rows_are_uniform(moment: str) -> None:
    p_values = []
    for seed in range(200):
        scores = np.random.default_rng(seed).normal(size=(240, 4)) @ (np.eye(4) + 0.5)
        matrix = ResponseMatrix(
            tuple("wxyz"), scores, [str(k) for k in range(240)], labels={"g": ["a"] * 80 + ["b"] * 160}
        )
        p_values.append(equal_moments(matrix, "g", moment, Exchange(permutations=1, subsamples=1)).p_independent)  # type: ignore[arg-type]
    assert 0.01 <= np.mean(np.array(p_values) < 0.05) <= 0.10
    assert 0.42 <= np.mean(p_values) <= 0.58


@pytest.mark.parametrize("moment", ["covariance", "correlation"])
def test_design_columns_that_were_taken_out_count_as_rows_that_are_not_there(moment: str) -> None:
    """Two groups of 60 rows with 15 levers each are held as 45 rows each; as 60 they reject in 15% of the runs."""
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(120, 4))
    which = np.concatenate([rng.permutation(np.arange(60) % 16) for _ in range(2)])
    doses = (which[:, None] == np.arange(15)).astype(float)
    labels = {"g": ["x"] * 60 + ["y"] * 60}
    names = [f"l{j}" for j in range(15)]
    matrix = ResponseMatrix(
        tuple("abcd"), scores, [str(i) for i in range(120)], labels=labels, levers=names, doses=doses
    )
    scatter = []
    for g in (slice(0, 60), slice(60, 120)):
        design = np.column_stack([np.ones(60), doses[g]])
        residual = scores[g] - design @ np.linalg.lstsq(design, scores[g], rcond=None)[0]
        scatter.append(residual.T @ residual)
    expected = (box if moment == "covariance" else jennrich)(np.array(scatter), np.array([45.0, 45.0]))
    found = equal_moments(matrix, "g", moment, Exchange(permutations=1))  # type: ignore[arg-type]
    assert (found.chi2, found.df) == (pytest.approx(expected[0]), expected[1])
    kept = [g + i for g in (0, 60) for i in np.unique(which[g : g + 60], return_index=True)[1]]
    kept += [i for g in (0, 60) for i in range(g, g + 60) if i not in kept][:3] + [
        i for i in range(60, 120) if i not in kept
    ][:3]
    few = matrix.rows([i in kept for i in range(120)])
    with pytest.raises(ModelError, match=r"less its \d+ design columns than values"):
        equal_moments(few, "g", moment, Exchange(permutations=1))  # type: ignore[arg-type]


def alike(units: tuple[int, int], rows_: tuple[int, int], seed: int) -> ResponseMatrix:
    """Two models with equal correlations; the rows of a unit are all but equal in the first model only."""
    rng = np.random.default_rng(seed)
    scores, unit, group = [], [], []
    for g in range(2):
        for u in range(units[g]):
            common = rng.normal(size=3)
            for _ in range(rows_[g]):
                scores.append((common if g == 0 else 0) + rng.normal(size=3) * (0.1 if g == 0 else 1.0))
                unit.append(f"{g} {u}")
                group.append("ab"[g])
    labels = {"unit": unit, "g": group}
    ids = [str(k) for k in range(len(unit))]
    return ResponseMatrix(tuple("xyz"), np.array(scores), ids, labels=labels, cluster_by="unit")


def test_a_small_group_whose_units_are_more_alike_is_not_taken_for_another_structure() -> None:
    """Without standard errors most of these runs have p <= .05."""
    how = Exchange(permutations=39)
    p = [same_structure(alike((30, 150), (4, 4), s), "g", "correlation", how, s).p for s in range(40)]
    assert np.mean(np.array(p) <= 0.05) <= 0.175
    assert np.mean(p) > 0.38


def test_the_standard_errors_are_those_of_normal_rows_and_grow_with_repeats() -> None:
    """Var z = 1 / n and var log s^2 = 2 / n; rows given four times as one unit count once."""
    scores = np.random.default_rng(1).normal(size=(4000, 3)) @ (np.eye(3) + 0.4)
    labels = {"g": ["a", "b"] * 2000}
    once = ResponseMatrix(tuple("xyz"), scores, [str(k) for k in range(4000)], labels=labels)
    person = [str(k) for k in range(4000)] * 4
    four = ResponseMatrix(
        tuple("xyz"), np.tile(scores, (4, 1)), [str(k) for k in range(16000)],
        labels={"g": labels["g"] * 4, "u": person}, cluster_by="u",
    )  # fmt: skip
    for matrix in (once, four):
        cells = exchange_cells(matrix, "g", "", scaled=False)
        found = _errors(cells, cells.group == 0, variances=True)
        np.testing.assert_allclose(found[:3], 1 / 2000, rtol=0.12)
        np.testing.assert_allclose(found[3:], 2 / 2000, rtol=0.12)


def test_a_group_of_one_row_is_refused_by_name() -> None:
    matrix = two_models(20, 2, 0.0, 1)
    lone = ResponseMatrix(
        matrix.names, matrix.scores, matrix.unit_ids, labels={"model": ["lone"] + ["many"] * (len(matrix) - 1)}
    )
    for test in (same_structure, equal_moments):
        with pytest.raises(ModelError, match=r"'lone' has 1 complete row of 1 unit; 6 rows of 3 units"):
            test(lone, "model")
    one = items("none", 60)
    one = ResponseMatrix(one.names, one.scores, one.unit_ids, labels={"g": ["lone"] + ["many"] * (len(one) - 1)})
    with pytest.raises(ModelError, match="'lone' has 1 complete row"):
        measurement_invariance(one, KEY, "g")
    with pytest.raises(DataError, match="1"):
        summarise(lone.rows([g == "lone" for g in lone.labels["model"]]))


def test_what_the_doses_of_a_group_explain_is_taken_out() -> None:
    """A graded lever that moves two values together, in one group only, makes no difference between structures."""
    rng = np.random.default_rng(3)
    doses = np.r_[rng.uniform(0, 3, 100), np.zeros(100)]
    scores = rng.normal(size=(200, 3))
    scores[:, :2] += 2 * doses[:, None]
    matrix = ResponseMatrix(
        tuple("xyz"), scores, [str(k) for k in range(200)], labels={"g": ["a"] * 100 + ["b"] * 100}, levers=["push"],
        doses=doses[:, None],
    )  # fmt: skip
    cells = exchange_cells(matrix, "g", "", scaled=True)
    scatter, weight = cells.totals(cells.group)
    assert abs(scatter[0, 0, 1] / weight[0]) < 0.25
    still = np.array(scores)
    still[:100, 2] = 4 + 3 * doses[:100]
    constant = ResponseMatrix(
        matrix.names, still, matrix.unit_ids, labels=matrix.labels, levers=["push"], doses=matrix.doses
    )
    with pytest.raises(ModelError, match="'z' does not vary in the group 'a'"):
        same_structure(constant, "g")


def test_several_subsamples_give_twice_the_median_p() -> None:
    matrix = alike((20, 60), (1, 1), 3)
    one = [same_structure(matrix, "g", "edges", Exchange(permutations=19, subsamples=1), s).p for s in range(2)]
    many = same_structure(matrix, "g", "edges", Exchange(permutations=19, subsamples=3))
    assert one[0] != one[1]
    assert len(many.exchanged) == 3 * 19
    assert many.p <= 1
    assert round(many.p * 10, 9) == round(many.p * 10)


def test_the_pair_that_differs_is_named() -> None:
    found = same_structure(two_models(60, 3, 0.8, 1), "model", "correlation", WITHIN)
    first = found.pairs.iloc[0]
    assert (first["first"], first["second"]) == ("w", "x")
    assert first["p_adjusted"] <= 0.05


def test_unequal_groups_are_compared_at_equal_n() -> None:
    rng = np.random.default_rng(1)
    p_values = []
    for seed in range(25):
        scores = rng.normal(size=(330, 3))
        scores[:, 1] += 0.3 * scores[:, 0]
        matrix = ResponseMatrix(
            tuple("xyz"), scores, [str(k) for k in range(330)], labels={"g": ["few"] * 80 + ["many"] * 250}
        )
        p_values.append(same_structure(matrix, "g", "edges", Exchange(permutations=49, subsamples=2), seed).p)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.2
    assert np.mean(p_values) > 0.35


def test_units_and_column_order_change_no_exchange_test() -> None:
    matrix = two_models(30, 2, 0.3, 4)
    moved = ResponseMatrix(
        tuple("zxwy"),
        matrix.scores[:, [3, 1, 0, 2]] * 1e6,
        matrix.unit_ids,
        labels=matrix.labels,
        cluster_by="persona_id",
    )
    for statistic in ("correlation", "edges"):
        one, two = (same_structure(m, "model", statistic, WITHIN) for m in (matrix, moved))
        assert one.statistic == pytest.approx(two.statistic, rel=1e-8)
        assert one.p == two.p


def test_units_that_do_not_fit_the_exchange_are_refused() -> None:
    matrix = two_models(20, 2, 0.0, 1)
    with pytest.raises(ModelError, match="within='persona_id'"):
        same_structure(matrix, "model")
    apart = matrix.rows([(i % 4 < 2) == (i < 40) for i in range(len(matrix))])
    with pytest.raises(ModelError, match="answered in every group"):
        same_structure(apart, "model", exchange=WITHIN)
    with pytest.raises(ModelError, match="persona_id"):
        same_structure(matrix, "model", exchange=Exchange(within="persona"))


# Invariance

KEY = ScoringKey(
    "k", "k", "t", {f"{d}{i}": ItemKey(dimension, sign=-1 if (d, i) == ("a", 2) else 1) for d, dimension in
                    (("a", "power"), ("b", "security"), ("c", "care")) for i in range(4 if d == "a" else 3)}
)  # fmt: skip


def items(difference: str, n: int = 500, seed: int = 1) -> ResponseMatrix:
    """Two groups; in the second, one item of power has another loading, or one of care another intercept."""
    rng = np.random.default_rng(seed)
    parts, groups = [], []
    for g, rows_ in enumerate((n, n + 150)):
        factors = rng.normal(size=(rows_, 3)) @ (np.eye(3) + 0.3) * (1 + 0.3 * g) + 0.4 * g
        loadings = np.array([1, 0.8, -0.9, 0.7, 1, 0.9, 1.1, 1, 0.7, 0.9])
        if g and difference == "loading":
            loadings[1] = 0.2
        x = factors[:, [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]] * loadings + rng.normal(size=(rows_, 10)) * 0.8
        if g and difference == "intercept":
            x[:, 8] += 0.8
        parts.append(x)
        groups += ["xy"[g]] * rows_
    scores = np.vstack(parts)
    return ResponseMatrix(tuple(KEY.items), scores, [str(k) for k in range(len(scores))], labels={"g": groups})


@pytest.mark.parametrize(
    ("difference", "levels"),
    [
        ("none", ["scalar", "scalar", "scalar"]),
        ("loading", ["configural", "scalar", "scalar"]),
        ("intercept", ["scalar", "scalar", "metric"]),
    ],
)
def test_the_dimension_that_is_measured_differently_is_named(difference: str, levels: list[str]) -> None:
    found = measurement_invariance(items(difference), KEY, "g")
    assert found.dimensions["level"].tolist() == levels
    assert found.models["converged"].all()
    if difference == "loading":
        assert found.dimensions.loc["power", "advice"] == "metric fails for power: do not compare its edges or means"


def test_chi_square_differences_of_invariant_items_have_uniform_p_values() -> None:
    p_values = [measurement_invariance(items("none", 200, s), KEY, "g").dimensions["metric_p"] for s in range(25)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.14
    assert 0.38 <= np.mean(p_values) <= 0.62


def test_repeated_rows_are_not_new_rows_for_the_scaled_chi_square() -> None:
    one = items("none", 150, 3)
    times = 4
    labels = {"g": list(one.labels["g"]) * times, "person": list(one.unit_ids) * times}
    many = ResponseMatrix(
        one.names, np.tile(one.scores, (times, 1)), [str(k) for k in range(times * len(one))], labels=labels,
        cluster_by="person",
    )  # fmt: skip
    a, b = (measurement_invariance(m, KEY, "g").models.loc["metric"] for m in (one, many))
    assert b["chi2"] == pytest.approx(times * a["chi2"], rel=1e-6)
    for what in ("chi2_scaled", "p_scaled", "cfi_scaled", "rmsea_scaled", "d_cfi", "d_rmsea"):
        assert b[what] == pytest.approx(a[what], rel=1e-5, abs=1e-8), what


def test_a_level_fails_for_what_is_wrong_and_not_for_how_alike_rows_are() -> None:
    """One loading differs; each row is given once, or eight times as one cluster."""
    one = items("loading", 150, 3)
    labels = {"g": list(one.labels["g"]) * 8, "person": list(one.unit_ids) * 8}
    many = ResponseMatrix(
        one.names, np.tile(one.scores, (8, 1)), [str(k) for k in range(8 * len(one))], labels=labels,
        cluster_by="person",
    )  # fmt: skip
    a, b = (measurement_invariance(m, KEY, "g").dimensions for m in (one, many))
    assert a.loc["power", "metric_rmsea"] > 0.08
    np.testing.assert_allclose(a["metric_rmsea"], b["metric_rmsea"], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(a["metric_d_rmsea"], b["metric_d_rmsea"], rtol=1e-4, atol=1e-8)
    assert a["level"].tolist() == b["level"].tolist() == ["configural", "scalar", "scalar"]


def test_equal_loadings_do_not_license_edges_of_scores_where_reliabilities_differ() -> None:
    """Error variances .25 and 4: the structure of scores differs, that of what they measure does not."""
    rng = np.random.default_rng(4)
    factors = rng.normal(size=(1600, 3)) @ (np.eye(3) + 0.5)
    noise = np.repeat([0.5, 2.0], 800)[:, None] * rng.normal(size=(1600, 10))
    signs = np.array([-1 if name == "a2" else 1 for name in KEY.items])
    x = (factors[:, [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]] + noise) * signs * 10
    labels = {"g": ["x"] * 800 + ["y"] * 800}
    matrix = ResponseMatrix(tuple(KEY.items), x, [str(k) for k in range(1600)], labels=labels)
    found = measurement_invariance(matrix, KEY, "g")
    true = np.diag((np.eye(3) + 0.5).T @ (np.eye(3) + 0.5))
    expected = [[t / (t + e / k) for e in (0.25, 4.0)] for t, k in zip(true, (4, 3, 3), strict=True)]
    np.testing.assert_allclose(found.reliability.to_numpy(), expected, atol=0.05)
    assert list(found.reliability.columns) == ["x", "y"]
    assert found.dimensions["level"].tolist() == ["scalar"] * 3
    for name, advice in found.dimensions["advice"].items():
        assert "no difference found (n = 800, 800)" in advice
        assert "edges of scores only where reliabilities are equal" in advice
        assert f"y {found.reliability.loc[name, 'y']:.2f}" in advice
    assert any("edges of scores are weakened by error" in note for note in found.notes)
    weighted = ScoringKey(
        "k", "k", "t", {n: replace(i, weight=9.0 if n == "a0" else 1.0) for n, i in KEY.items.items()}
    )
    alone = measurement_invariance(matrix, weighted, "g").reliability.loc["power"]
    share = true[0] / (true[0] + np.array([0.25, 4.0]) * (81 + 3) / 12**2)
    np.testing.assert_allclose(alone, share, atol=0.06)
    units = np.array([9.0] + [1.0] * 9)  # a wider unit weighs as much as a larger weight
    wide = ResponseMatrix(matrix.names, x * units, matrix.unit_ids, labels=labels)
    np.testing.assert_allclose(measurement_invariance(wide, KEY, "g").reliability.loc["power"], alone, rtol=1e-4)


def test_items_without_anything_in_common_are_said_to_stop_before_the_best_fit() -> None:
    """Pure noise: no fit settles, and chi-square is smaller with equal loadings than without."""
    scores = np.random.default_rng(2).normal(size=(120, 10))
    labels = {"g": ["x", "y"] * 60}
    noise = ResponseMatrix(tuple(KEY.items), scores, [str(k) for k in range(120)], labels=labels)
    found = measurement_invariance(noise, KEY, "g", ["security", "care"])
    assert found.models.loc["metric", "chi2"] < found.models.loc["configural", "chi2"]
    (said,) = (note for note in found.notes if "stopped before their best" in note)
    assert "configural" in said
    assert "chi-square falls" in said
    assert not any("stopped" in note for note in measurement_invariance(items("none", 300), KEY, "g").notes)


def test_the_unit_and_direction_of_answers_do_not_matter() -> None:
    one = items("loading", 150, 2)
    other = ResponseMatrix(one.names[::-1], -50 * one.scores[:, ::-1] + 7, one.unit_ids, labels=one.labels)
    a, b = (measurement_invariance(m, KEY, "g") for m in (one, other))
    np.testing.assert_allclose(a.models["chi2"], b.models["chi2"], rtol=1e-5)
    np.testing.assert_allclose(a.dimensions["metric_p"], b.dimensions["metric_p"], rtol=1e-3, atol=1e-9)


def test_too_few_items_or_groups_are_refused() -> None:
    matrix = items("none", 60)
    with pytest.raises(ModelError, match="3 are needed"):
        measurement_invariance(matrix.drop(["c0"]), KEY, "g", ["care"])
    with pytest.raises(ModelError, match="two groups"):
        measurement_invariance(matrix.rows([g == "x" for g in matrix.labels["g"]]), KEY, "g")
    with pytest.raises(ModelError, match="Did you mean 'power'"):
        measurement_invariance(matrix, KEY, "g", ["powr"])


def lavaan(data: pd.DataFrame, model: str, folder: Path) -> dict[str, dict[str, float]]:
    data.to_csv(folder / "rows.csv", index=False)
    (folder / "model.txt").write_text(model)
    script = """
    suppressMessages(library(lavaan)); data <- read.csv("rows.csv"); model <- readLines("model.txt")
    equal <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"))
    for (name in names(equal)) for (how in c("ML", "MLM")) {
      fit <- cfa(model, data, group = "g", group.equal = equal[[name]], estimator = how, meanstructure = TRUE)
      write.csv(data.frame(value = unclass(fitMeasures(fit))), paste0(name, how, ".csv"))
    }"""
    done = subprocess.run(["Rscript", "-e", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {
        f"{name}{how}": pd.read_csv(folder / f"{name}{how}.csv", index_col=0)["value"].to_dict()
        for name in ("configural", "metric", "scalar")
        for how in ("ML", "MLM")
    }


def assert_agrees_with_lavaan(matrix: ResponseMatrix, key: ScoringKey, dimensions: list[str], folder: Path) -> None:
    names = [i for d in dimensions for i in key.items_of(d)]
    columns = [next(n for n in matrix.names if key.canonical(n) == item) for item in names]
    found = measurement_invariance(matrix, key, matrix.group_by, dimensions).models
    frame = matrix.frame()[columns]
    frame = frame.assign(g=matrix.labels[matrix.group_by])[
        (frame >= key.low).all(axis=1) & (frame <= key.high).all(axis=1)
    ]
    model = "\n".join(f"{d} =~ " + " + ".join(columns[names.index(i)] for i in key.items_of(d)) for d in dimensions)
    theirs = lavaan(frame, model, folder)
    for level in ("configural", "metric", "scalar"):
        ours = found.loc[level]
        for here, there in (
            ("chi2", "chisq"),
            ("df", "df"),
            ("cfi", "cfi"),
            ("rmsea", "rmsea"),
            ("srmr", "srmr_bentler_nomean"),
        ):
            assert ours[here] == pytest.approx(theirs[f"{level}ML"][there], abs=1e-3), (level, here)
        for here, there in (("cfi_scaled", "cfi.robust"), ("rmsea_scaled", "rmsea.robust")):
            assert ours[here] == pytest.approx(theirs[f"{level}MLM"][there], abs=2e-3), (level, there)
        n = len(frame)
        assert ours["chi2_scaled"] * n / (n - 1) == pytest.approx(theirs[f"{level}MLM"]["chisq.scaled"], rel=2e-3)


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")
def test_invariance_agrees_with_lavaan(tmp_path: Path) -> None:
    matrix = items("loading", 300)
    matrix = ResponseMatrix(matrix.names, matrix.scores, matrix.unit_ids, labels=matrix.labels, group_by="g")
    assert_agrees_with_lavaan(matrix, KEY, ["power", "security", "care"], tmp_path)


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")
def test_the_scaled_difference_of_one_dimension_agrees_with_lavaan(tmp_path: Path) -> None:
    """Loadings of power equal and those of the others free (Satorra and Bentler 2010)."""
    matrix = items("loading", 300)
    ours = measurement_invariance(matrix, KEY, "g").dimensions.loc["power"]
    matrix.frame()[list(KEY.items)].assign(g=matrix.labels["g"]).to_csv(tmp_path / "rows.csv", index=False)
    script = """
    suppressMessages(library(lavaan)); data <- read.csv("rows.csv")
    model <- "power =~ a0 + a1 + a2 + a3\nsecurity =~ b0 + b1 + b2\ncare =~ c0 + c1 + c2"
    free <- cfa(model, data, group = "g", estimator = "MLM", meanstructure = TRUE)
    same <- cfa(model, data, group = "g", estimator = "MLM", meanstructure = TRUE, group.equal = "loadings",
                group.partial = c("security=~b1", "security=~b2", "care=~c1", "care=~c2"))
    test <- lavTestLRT(free, same, method = "satorra.bentler.2010")
    cat(test[2, "Chisq diff"], test[2, "Df diff"])"""
    done = subprocess.run(["Rscript", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    chi2, df = (float(word) for word in done.stdout.split())
    assert ours["metric_df"] == df
    assert ours["metric_chi2"] == pytest.approx(chi2, rel=1e-2)


def human_values(folder: Path, countries: tuple[str, ...]) -> ResponseMatrix:
    data = pd.read_csv(folder / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz")
    data = data[data["cntry"].isin(countries)]
    names = list(data.columns[2:23])
    units = [f"{c}{i}" for c, i in zip(data["cntry"], data["idno"], strict=True)]
    labels = {"country": list(data["cntry"])}
    return ResponseMatrix(names, data[names].to_numpy(float), units, labels=labels, group_by="country")


@pytest.mark.shared
@pytest.mark.tools
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")
def test_invariance_of_human_values_agrees_with_lavaan(shared_data: Path, tmp_path: Path) -> None:
    matrix = human_values(shared_data, ("DE", "FI", "HU"))
    assert_agrees_with_lavaan(
        matrix, scoring_key("pvq-21"), ["universalism", "benevolence", "self_direction"], tmp_path
    )


@pytest.mark.shared
def test_universalism_has_other_intercepts_in_another_country_and_no_other_loadings_are_found(
    shared_data: Path,
) -> None:
    found = measurement_invariance(
        human_values(shared_data, ("DE", "FI")), scoring_key("pvq-21"), "country", ["universalism", "benevolence"]
    )
    assert found.dimensions.loc["universalism", "level"] == "metric"
    assert found.models.loc["configural", "cfi"] > 0.95


# The circle


def test_the_distance_on_the_circle_takes_the_shorter_way() -> None:
    schwartz = theory("schwartz-10")
    d = circle_distances(list(schwartz.dimensions), schwartz)
    assert d.max() == 5
    assert (d[0] == [0, 1, 2, 3, 4, 5, 4, 3, 2, 1]).all()
    with pytest.raises(ModelError, match="no circle"):
        circle_distances(["care", "fairness", "loyalty"], theory("mft-5"))


def test_agreement_is_spearmans_and_its_p_value_that_of_all_relabellings() -> None:
    rng = np.random.default_rng(1)
    x, y = (m + m.T for m in rng.normal(size=(2, 5, 5)))
    y = y + 0.7 * x
    high = np.triu_indices(5, 1)
    observed, p = pattern_agreement(x, y)
    assert observed == pytest.approx(spearmanr(x[high], y[high])[0])
    all_of_them = [spearmanr(x[np.ix_(o, o)][high], y[high])[0] for o in map(list, itertools.permutations(range(5)))]
    assert p == pytest.approx(np.mean(np.array(all_of_them) >= observed - 1e-9))


def test_answers_made_on_a_circle_agree_with_it_and_noise_does_not() -> None:
    schwartz = theory("schwartz-10")
    angle = 2 * np.pi * np.arange(10) / 10
    rng = np.random.default_rng(2)
    plane = rng.normal(size=(300, 2))
    x = plane @ np.array([np.cos(angle), np.sin(angle)]) + rng.normal(size=(300, 10)) + rng.normal(size=(300, 1))
    evidence = summarise(pd.DataFrame(x, columns=list(schwartz.dimensions)))
    found = circle_order(evidence, schwartz, discover(evidence, PLAIN), draws=100)
    assert found.table.loc["correlation", "agreement"] > 0.9
    assert found.table.loc["correlation", "p"] == pytest.approx(1e-4)
    assert found.table.loc["signed adjacency", "agreement"] > 0.5
    assert found.by_distance["correlation"].is_monotonic_decreasing
    noise = summarise(pd.DataFrame(rng.normal(size=(300, 10)), columns=list(schwartz.dimensions)))
    found = circle_order(noise, schwartz, draws=100)
    assert found.table.loc["correlation", "p"] > 0.02
    assert found.table.loc["correlation", "lower"] < 0 < found.table.loc["correlation", "upper"]


def test_the_interval_of_an_agreement_holds_the_corrected_one_and_may_miss_the_observed_one() -> None:
    rng = np.random.default_rng(7)
    angle = 2 * np.pi * np.arange(10) / 10
    mixing = np.array([np.cos(angle), np.sin(angle)])
    tables = []
    for _ in range(12):
        groups = {
            label: summarise(pd.DataFrame(rng.normal(size=(150, 2)) @ mixing + rng.normal(size=(150, 10))))
            for label in ("x", "y")
        }
        tables.append(compare_patterns(groups, draws=200))
    table = pd.concat(tables)
    assert ((table["lower"] <= table["corrected"]) & (table["corrected"] <= table["upper"])).all()
    assert (table["corrected"] > table["agreement"]).mean() > 0.8
    assert (table["agreement"] < table["lower"]).any()


def gemma_values(folder: Path) -> pd.DataFrame:
    """400 persons that Gemma-2B played, on ten values of ValueBench."""
    data = pd.read_csv(folder / "value_causal_graph_llm" / "gemma2b_alldims_400personas_obs.csv.gz")
    names = theory("schwartz-10").dimensions
    return data[[name.replace("_", "-").title() for name in names]].set_axis(names, axis=1)


@pytest.mark.shared
def test_people_follow_the_circle_and_the_models_are_held_against_people_and_theory(shared_data: Path) -> None:
    """People of three countries agree with the circle; no such agreement is seen in either model beyond chance."""
    schwartz = theory("schwartz-10")
    groups = {c: summarise(score(human_values(shared_data, (c,)), scoring_key("pvq-21"))) for c in ("DE", "FI")}
    groups["SmolLM2"] = summarise(score(demo_responses(), scoring_key("smollm2-demo")))
    groups["Gemma"] = summarise(gemma_values(shared_data))
    table = compare_patterns(groups, schwartz, draws=200).set_index(["group", "other"])
    assert set(table.index) == set(itertools.combinations([*groups, "theory"], 2))
    for country in ("DE", "FI"):
        assert table.loc[(country, "theory"), "lower"] > 0.6
        assert table.loc[(country, "theory"), "p"] < 0.001
        assert table.loc[(country, "SmolLM2"), "p"] < 0.05
    assert table.loc[("DE", "FI"), "agreement"] > 0.9
    for model in ("SmolLM2", "Gemma"):
        assert table.loc[(model, "theory"), "p"] > 0.05
        assert table.loc[(model, "theory"), "upper"] < table.loc[("FI", "theory"), "lower"]
    assert table.loc[("Gemma", "theory"), "lower"] < 0 < table.loc[("Gemma", "theory"), "upper"]


def test_one_pattern_and_a_group_called_theory_are_refused() -> None:
    evidence = summarise(rows(CHAIN, 60, 1))
    with pytest.raises(ModelError, match="one pattern"):
        compare_patterns({"a": evidence})
    with pytest.raises(ModelError, match="Rename"):
        compare_patterns({"theory": evidence, "a": evidence}, theory("schwartz-10"))
