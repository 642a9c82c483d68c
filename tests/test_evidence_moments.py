"""Moments, effective sample size and resampling."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import DataError
from causalvalues.evidence import ClusterSums, Evidence, ProductMoments, bootstrap_evidence, resample, summarise
from causalvalues.responses.matrix import ResponseMatrix

NAMES = ("power", "security", "hedonism", "self direction")


def steered(seed: int = 0, personas: int = 40, names: tuple[str, ...] = NAMES) -> ResponseMatrix:
    """Rows of personas under no lever, single levers and some pairs; persona effects make rows dependent."""
    random = np.random.default_rng(seed)
    cells = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1)]
    doses = np.array([cell for persona in range(personas) for cell in cells[: 4 + persona % 3]], dtype=float)
    persona = np.repeat(np.arange(personas), [4 + i % 3 for i in range(personas)])
    effects = random.normal(size=(3, len(names)))
    level = random.normal(size=(personas, len(names))) @ (np.eye(len(names)) + 0.3)
    scores = 3 + doses @ effects + level[persona] + random.normal(size=(len(persona), len(names)))
    scores += 0.4 * np.outer(doses[:, 0] * doses[:, 1], np.ones(len(names)))
    return ResponseMatrix(
        names=names,
        scores=scores,
        unit_ids=[str(i) for i in range(len(scores))],
        labels={"persona_id": [f"p{i}" for i in persona], "model": random.choice(["m1", "m2", "m3"], len(scores))},
        cluster_by="persona_id",
        levers=("do_b", "do_a", "do_c"),
        doses=doses,
    )


def frame(seed: int = 0, n: int = 60, p: int = 4) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(random.normal(size=(n, p)) @ random.normal(size=(p, p)), columns=[f"v{j}" for j in range(p)])


def permuted_columns(matrix: ResponseMatrix, order: list[int], levers: list[int]) -> ResponseMatrix:
    return replace(
        matrix,
        names=tuple(matrix.names[j] for j in order),
        scores=matrix.scores[:, order],
        status=matrix.status[:, order],
        levers=tuple(matrix.levers[j] for j in levers),
        doses=matrix.doses[:, levers],
    )


def rows_of(matrix: ResponseMatrix, counts: np.ndarray) -> ResponseMatrix:
    """Return the rows of a resample of clusters; a cluster taken twice counts as two clusters."""
    clusters = np.array(matrix.clusters)
    index: list[int] = []
    labels: list[str] = []
    for label, count in zip(sorted(set(matrix.clusters or ())), counts, strict=True):
        for copy in range(int(count)):
            rows = np.flatnonzero(clusters == label)
            index += rows.tolist()
            labels += [f"{label}#{copy}"] * len(rows)
    return replace(
        matrix,
        scores=matrix.scores[index],
        status=matrix.status[index],
        unit_ids=tuple(str(i) for i in range(len(index))),
        labels={"persona_id": tuple(labels), "model": tuple(matrix.labels["model"][i] for i in index)},
        weights=matrix.weights[index],
        doses=matrix.doses[index],
    )


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(11)), st.permutations(range(3)), st.sampled_from(["", "model"]))
def test_permuting_columns_permutes_the_evidence_to_the_last_bit(order, levers, within):
    names = tuple(f"v{(7 * j) % 11}" for j in range(11))
    matrix = steered(names=names)
    one = summarise(matrix, within)
    other = summarise(permuted_columns(matrix, list(order), list(levers)), within)
    to = [other.names.index(name) for name in one.names]
    assert np.array_equal(other.residual_scatter[np.ix_(to, to)], one.residual_scatter)
    assert np.array_equal(other.pairwise_n[np.ix_(to, to)], one.pairwise_n)
    assert np.array_equal(other.correlation.loc[list(names), list(names)], one.correlation)
    assert other.n_score == one.n_score
    columns = [frozenset(column.split("+")) for column in other.columns]
    place = [columns.index(frozenset(column.split("+"))) for column in one.columns]
    assert np.array_equal(other.scatter[np.ix_(place, place)], one.scatter)
    drawn, again = bootstrap_evidence(one, 3, 1), bootstrap_evidence(other, 3, 1)
    assert np.array_equal(again.residual_scatter[np.ix_(to, to)], drawn.residual_scatter)
    assert again.n_score == drawn.n_score


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([1e-8, 1e-3, 1.0, 7.0, 1e8]), min_size=4, max_size=4))
def test_rescaling_columns_changes_no_correlation_and_no_effective_n(scales):
    matrix = steered()
    one = summarise(matrix)
    other = summarise(replace(matrix, scores=matrix.scores * np.array(scales)))
    assert np.allclose(other.correlation, one.correlation, rtol=0, atol=1e-12)
    assert np.allclose(other.pairwise_n, one.pairwise_n, rtol=1e-9)


def test_a_large_common_level_costs_no_precision():
    rows = frame()
    one, other = summarise(rows), summarise(rows + 2.0**30)
    exact = ((rows + 2.0**30) - 2.0**30).to_numpy()
    assert np.allclose(other.scatter, np.cov(exact, rowvar=False) * (len(rows) - 1), rtol=1e-10)
    assert np.allclose(other.correlation, one.correlation, atol=1e-6)


def test_a_plain_data_frame_gives_the_covariance_of_numpy_and_the_full_n():
    rows = frame()
    evidence = summarise(rows)
    assert np.allclose(evidence.scatter / (len(rows) - 1), np.cov(rows, rowvar=False), rtol=1e-12)
    assert np.allclose(evidence.mean, rows.mean())
    assert evidence.n == len(rows)
    assert (evidence.pairwise_n == len(rows)).all()
    assert evidence.n_score == len(rows)


def graded(doses: np.ndarray) -> ResponseMatrix:
    scores = np.random.default_rng(0).normal(size=(len(doses), 2))
    levers = ("up", "down", "never")[: doses.shape[1]]
    return ResponseMatrix(("a", "b"), scores, range(len(doses)), levers=levers, doses=doses)


def test_the_doses_that_were_given_are_kept_lever_by_lever():
    pattern = np.array([[0, 0, 0], [0.5, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0]])
    evidence = summarise(graded(np.repeat(pattern, 8, axis=0)))
    assert evidence.levers == ("up", "down")
    assert evidence.doses == ((0.5, 1.0), (-1.0, 1.0))
    assert bootstrap_evidence(evidence, 0, 0).doses == evidence.doses
    assert summarise(frame()).doses == ()


def test_doses_follow_the_order_of_the_levers_and_skip_levers_without_a_column():
    pattern = np.array([[0, 0, 0], [0, 3, 0], [2, 0, 0]])
    matrix = graded(np.repeat(pattern, 8, axis=0)[:, [0, 2, 1]])
    assert (matrix.levers[2], summarise(matrix).doses) == ("never", ((2.0,), (3.0,)))
    clustered = replace(matrix, labels={"persona": [f"p{i % 12:02d}" for i in range(24)]}, cluster_by="persona")
    drawn = resample(summarise(clustered), np.ones(12))
    assert (drawn.levers, drawn.doses) == (("up", "never"), ((2.0,), (3.0,)))


def test_of_very_many_doses_the_ends_are_kept_and_said_so():
    doses = np.linspace(-2, 3, 101)[:, None]
    evidence = summarise(graded(doses))
    assert evidence.doses == ((-2.0, 3.0),)
    assert any("'up' was given 100 different doses; only the ends" in note for note in evidence.notes)
    assert len(summarise(graded(np.round(doses, 0))).doses[0]) == 5


def test_doses_of_other_levers_are_refused():
    evidence = summarise(graded(np.arange(20)[:, None] % 2))
    with pytest.raises(DataError, match="2 levers, and there are 1"):
        replace(evidence, doses=((1.0,), (1.0,)))


def test_inputs_are_not_changed():
    rows = frame()
    copy = rows.copy()
    summarise(rows)
    pd.testing.assert_frame_equal(rows, copy)


def test_residuals_equal_those_of_a_regression_on_indicators_of_all_tried_cells():
    matrix = steered()
    cells = pd.get_dummies(pd.Series(["+".join(cell) for cell in matrix.cells])).to_numpy(dtype=float)
    fitted = cells @ np.linalg.lstsq(cells, matrix.scores, rcond=None)[0]
    residual = matrix.scores - fitted
    evidence = summarise(matrix)
    assert np.allclose(evidence.residual_scatter, residual.T @ residual, rtol=1e-10)
    assert {frozenset(cell) for cell in evidence.combinations} == {
        frozenset({"do_a", "do_b"}),
        frozenset({"do_a", "do_c"}),
    }
    assert all(cell in matrix.cells for cell in evidence.combinations)


def test_lever_effects_are_differences_of_cell_means():
    matrix = steered()
    cells = np.array(["+".join(cell) for cell in matrix.cells])
    base = matrix.scores[cells == ""].mean(axis=0)
    effects = summarise(matrix).design_effects
    assert np.allclose(effects.loc["do_c"], matrix.scores[cells == "do_c"].mean(axis=0) - base)


def test_a_combination_that_cannot_be_told_apart_has_no_column_and_a_note():
    matrix = steered()
    alone = matrix.rows([set(cell) != {"do_b"} for cell in matrix.cells])
    evidence = summarise(alone)
    assert [set(cell) for cell in evidence.combinations] == [{"do_a", "do_c"}]
    assert any("'do_a+do_b' has no column of its own" in note for note in evidence.notes)


def test_a_lever_that_was_never_used_is_left_out_with_a_note():
    matrix = steered()
    evidence = summarise(matrix.rows(matrix.doses[:, 2] == 0))
    assert evidence.levers == ("do_b", "do_a")
    assert any("'do_c' was never used" in note for note in evidence.notes)


def test_levers_that_always_go_together_are_refused_by_name():
    matrix = steered()
    doses = matrix.doses.copy()
    doses[:, 2] = 2 * doses[:, 0]
    with pytest.raises(DataError, match="lever 'do_c' follow exactly from those of 'do_b'"):
        summarise(replace(matrix, doses=doses))


def test_levers_that_go_together_within_groups_are_refused():
    matrix = steered()
    model = np.array(matrix.labels["model"]) == "m2"
    doses = matrix.doses.copy()
    doses[:, 2] = doses[:, 0] + model
    summarise(replace(matrix, doses=doses))
    with pytest.raises(DataError, match="lever 'do_c' follow exactly from those of 'do_b'"):
        summarise(replace(matrix, doses=doses), within="model")


def test_a_lever_confounded_with_the_groups_is_left_out_with_a_note():
    matrix = steered()
    model = tuple("with" if dose else "without" for dose in matrix.doses[:, 2])
    evidence = summarise(replace(matrix, labels=dict(matrix.labels) | {"model": model}), within="model")
    assert "do_c" not in evidence.levers
    assert any("'do_c' does not vary within the groups" in note for note in evidence.notes)


def test_within_a_label_equals_the_covariance_of_rows_less_their_group_means():
    matrix = replace(steered(), levers=(), doses=None)
    rows = pd.DataFrame(matrix.scores)
    rows = (rows - rows.groupby(list(matrix.labels["model"])).transform("mean")).to_numpy()
    evidence = summarise(matrix, within="model")
    assert np.allclose(evidence.scatter, rows.T @ rows, rtol=1e-10)
    assert np.allclose(evidence.mean, matrix.scores.mean(axis=0))


def test_group_means_cost_one_effective_row_for_each_group_but_one():
    rows = frame(n=90)
    matrix = ResponseMatrix(tuple(rows), rows.to_numpy(), rows.index.astype(str), labels={"model": list("abc") * 30})
    assert summarise(matrix, within="model").n_score == 88


def repeated(personas: int, rows: int, p: int = 3, seed: int = 0) -> ResponseMatrix:
    """Rows of personas with levels of their own; the remainders are independent."""
    random = np.random.default_rng(seed)
    persona = np.repeat(np.arange(personas), rows)
    scores = random.normal(size=(personas, p))[persona] + random.normal(size=(len(persona), p))
    labels = {"persona": [f"p{i:04d}" for i in persona], "model": [f"m{i % rows}" for i in range(len(persona))]}
    return ResponseMatrix(tuple("abc"[:p]), scores, range(len(scores)), labels=labels, cluster_by="persona")


@pytest.mark.parametrize("rows", [2, 4])
def test_removing_the_means_of_the_clusters_themselves_costs_one_row_of_each_cluster_once(rows):
    matrix = repeated(1000, rows)
    evidence = summarise(matrix, within="persona")
    assert evidence.n_score == pytest.approx(1000 * (rows - 1), rel=0.1)
    again = resample(evidence, np.ones(1000))
    assert again.n_score == pytest.approx(evidence.n_score)
    assert bootstrap_evidence(evidence, 0, 0).n_score == pytest.approx(evidence.n_score, rel=0.15)
    free = summarise(replace(matrix, cluster_by=None), within="persona")
    assert free.n_score == 1000 * rows - 999


def test_groups_of_rows_from_several_clusters_cost_their_share_of_the_effective_rows():
    matrix = repeated(300, 4)
    evidence = summarise(matrix, within="model")
    assert evidence.n_score == pytest.approx(
        np.quantile(evidence.pairwise_n[np.triu_indices(3, 1)], 0.1) * (1 - 3 / 1200)
    )
    assert evidence.n_score < 700


def test_degrees_of_freedom_of_independent_rows_are_rows_less_columns_less_one():
    matrix = replace(steered(), cluster_by=None)
    evidence = summarise(matrix)
    assert evidence.degrees_of_freedom == pytest.approx(len(matrix) - 5 - 1)
    assert evidence.degrees_of_freedom_after(2) == pytest.approx(len(matrix) - 2 - 1)


def test_design_columns_cost_their_share_of_the_effective_rows_and_not_one_whole_each():
    random = np.random.default_rng(0)
    cluster, doses = np.repeat(np.arange(25), 80), np.eye(32)[np.arange(2000) % 32][:, 1:]
    scores = random.normal(size=(25, 4))[cluster] * 4 + random.normal(size=(2000, 4))
    matrix = ResponseMatrix(
        NAMES, scores, range(2000), labels={"persona": [f"p{i:02d}" for i in cluster]}, cluster_by="persona",
        levers=tuple(f"do_{i:02d}" for i in range(31)), doses=doses,
    )  # fmt: skip
    evidence = summarise(matrix)
    assert evidence.n_score < 32
    assert evidence.degrees_of_freedom == pytest.approx(evidence.n_score * (1 - 31 / 2000) - 1)


def test_a_difference_between_groups_does_not_enter_within():
    random = np.random.default_rng(1)
    model = np.repeat(["a", "b"], 200)
    scores = random.normal(size=(400, 2)) + np.where(model == "a", 5.0, -5.0)[:, None]
    matrix = ResponseMatrix(("power", "security"), scores, range(400), labels={"model": model})
    assert summarise(matrix).correlation.iloc[0, 1] > 0.9
    assert abs(summarise(matrix, within="model").correlation.iloc[0, 1]) < 0.15


def test_whole_number_weights_count_rows():
    rows = frame()
    weights = np.arange(60) % 3
    matrix = ResponseMatrix(tuple(rows), rows.to_numpy(), rows.index.astype(str), weights=weights)
    repeated = summarise(rows.loc[np.repeat(np.arange(60), weights)])
    weighted = summarise(matrix)
    assert np.allclose(weighted.correlation, repeated.correlation, rtol=0, atol=1e-12)
    assert np.allclose(weighted.mean, repeated.mean)
    assert weighted.n == 40
    assert weighted.n_score == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_effective_n_equals_the_sandwich_computed_from_rows():
    matrix = replace(steered(), levers=(), doses=None)
    z = (matrix.scores - matrix.scores.mean(axis=0)) / matrix.scores.std(axis=0)
    n = len(z)
    r = z.T @ z / n
    psi = z[:, :, None] * z[:, None, :] - r / 2 * (z[:, :, None] ** 2 + z[:, None, :] ** 2)
    clusters = np.array(matrix.clusters)
    labels = np.unique(clusters)
    sums = np.array([psi[clusters == label].sum(axis=0) for label in labels])
    robust = (sums**2).sum(axis=0) / n**2 * len(labels) / (len(labels) - 1)
    np.fill_diagonal(robust, 1.0)
    expected = np.minimum((1 - r**2) ** 2 / robust, n)
    np.fill_diagonal(expected, n)
    evidence = summarise(matrix)
    assert np.allclose(evidence.pairwise_n, expected, rtol=1e-9)
    pairs = expected[np.triu_indices(4, 1)]
    assert evidence.n_score == pytest.approx(np.quantile(pairs, 0.1))


def test_effective_n_follows_the_design_effect_of_an_exchangeable_cluster():
    """For columns with intraclass correlations a and b the design effect of r = 0 is 1 + (k - 1) a b."""
    random = np.random.default_rng(4)
    clusters, k = 3000, 4
    level = random.normal(size=(clusters, 1, 2)) * np.sqrt([0.8, 0.5])
    scores = (level + random.normal(size=(clusters, k, 2)) * np.sqrt([0.2, 0.5])).reshape(-1, 2)
    labels = {"persona_id": np.repeat(np.arange(clusters), k)}
    matrix = ResponseMatrix(("power", "security"), scores, range(len(scores)), labels=labels, cluster_by="persona_id")
    assert summarise(matrix).n_score == pytest.approx(clusters * k / (1 + (k - 1) * 0.8 * 0.5), rel=0.1)


def test_clusters_of_one_row_are_worth_that_row_and_never_more():
    rows = frame(n=300)
    matrix = ResponseMatrix(
        tuple(rows), rows.to_numpy(), range(300), labels={"persona_id": range(300)}, cluster_by="persona_id"
    )
    pairs = summarise(matrix).pairwise_n[np.triu_indices(4, 1)]
    assert pairs.max() == 300
    assert pairs.min() > 200


def test_rows_repeated_in_a_cluster_are_worth_one_row():
    rows = frame(n=400, p=2)
    twice = ResponseMatrix(
        tuple(rows), np.repeat(rows.to_numpy(), 2, axis=0), range(800),
        labels={"persona_id": np.repeat(np.arange(400), 2)}, cluster_by="persona_id",
    )  # fmt: skip
    assert summarise(twice).n_score == pytest.approx(400, rel=0.2)


def test_the_score_n_never_falls_below_p_plus_one():
    random = np.random.default_rng(0)
    scores = np.repeat(random.normal(size=(3, 6)), 10, axis=0) + 0.01 * random.normal(size=(30, 6))
    matrix = ResponseMatrix(
        tuple("abcdef"), scores, range(30), labels={"persona_id": np.repeat([0, 1, 2], 10)}, cluster_by="persona_id"
    )
    assert summarise(matrix).n_score == 7


@pytest.mark.parametrize("within", ["", "model"])
def test_resampling_from_sums_equals_recomputing_from_rows(within):
    matrix = steered()
    evidence = summarise(matrix, within)
    counts = np.random.default_rng(5).multinomial(40, np.full(40, 1 / 40))
    drawn, direct = resample(evidence, counts), summarise(rows_of(matrix, counts), within)
    assert drawn.columns == direct.columns
    assert drawn.n == direct.n
    for field in ("mean", "scatter", "pairwise_n"):
        assert np.allclose(getattr(drawn, field), getattr(direct, field), rtol=1e-9, atol=1e-9), field
    assert drawn.n_score == pytest.approx(direct.n_score)


def test_a_resample_without_a_design_cell_leaves_its_column_out():
    matrix = steered()
    evidence = summarise(matrix)
    labels = sorted(set(matrix.clusters or ()))
    with_pair = {
        c for c, cell in zip(matrix.clusters or (), matrix.cells, strict=True) if set(cell) == {"do_a", "do_c"}
    }
    counts = np.array([0 if label in with_pair else 2 for label in labels])
    drawn, direct = resample(evidence, counts), summarise(rows_of(matrix, counts))
    assert drawn.columns == direct.columns == (*NAMES, "do_b", "do_a", "do_c", "do_b+do_a")
    assert np.allclose(drawn.scatter, direct.scatter)
    assert any("'do_a+do_c'" in note for note in drawn.notes)


def test_taking_each_cluster_once_gives_the_evidence_back():
    evidence = summarise(steered())
    assert np.array_equal(resample(evidence, np.ones(40)).scatter, evidence.scatter)


def test_many_independent_rows_are_kept_as_at_most_a_thousand_blocks():
    rows = frame(n=4321)
    evidence = summarise(rows)
    assert evidence.clusters is not None
    assert len(evidence.clusters.weight) == 1000
    assert evidence.clusters.weight.sum() == 4321
    assert np.allclose(evidence.clusters.second.sum(axis=0), np.cov(rows, rowvar=False) * 4320)


def test_bootstrap_draws_keep_every_design_column_and_depend_on_seed_and_number_only():
    matrix = steered(personas=12)
    evidence = summarise(matrix)
    draws = [bootstrap_evidence(evidence, 1, i) for i in range(20)]
    assert all(draw.columns == evidence.columns for draw in draws)
    assert np.array_equal(bootstrap_evidence(evidence, 1, 7).scatter, draws[7].scatter)
    assert not np.array_equal(draws[0].scatter, draws[1].scatter)


def test_the_sums_of_all_columns_are_put_in_order_once_for_all_draws(monkeypatch):
    rows = frame(n=3000)
    evidence = summarise(rows[rows.columns[::-1]])
    asked = []
    permuted = ClusterSums.permuted
    monkeypatch.setattr(ClusterSums, "permuted", lambda sums, order: asked.append(len(order)) or permuted(sums, order))
    for i in range(5):
        bootstrap_evidence(evidence, 0, i)
    assert asked == [4]


def test_bootstrap_draws_keep_a_combination_that_one_cluster_tried():
    matrix = steered()
    pair = np.array([set(cell) == {"do_a", "do_c"} for cell in matrix.cells])
    keep = ~pair | (np.arange(len(matrix)) == np.flatnonzero(pair)[0])
    evidence = summarise(matrix.rows(keep))
    assert all(bootstrap_evidence(evidence, 0, i).columns == evidence.columns for i in range(20))


def test_counts_that_do_not_fit_and_evidence_without_sums_are_refused():
    evidence = summarise(steered())
    with pytest.raises(DataError, match="40 finite numbers"):
        resample(evidence, np.ones(39))
    with pytest.raises(DataError, match="no cluster sums"):
        resample(resample(evidence, np.ones(40)), np.ones(40))
    with pytest.raises(DataError, match="The resample holds 4 rows"):
        resample(evidence, np.eye(40)[0])


def slopes(evidence: Evidence) -> np.ndarray:
    return np.linalg.solve(evidence.scatter[:2, :2], evidence.scatter[:2, 2])


@pytest.mark.parametrize("n", [400, 3000])
def test_bootstrap_standard_errors_of_slopes_agree_with_the_analytic_ones(n):
    random = np.random.default_rng(2)
    x = random.normal(size=(n, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    y = x @ [0.7, -0.4] + random.normal(size=n)
    evidence = summarise(pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": y}))
    draws = np.array([slopes(bootstrap_evidence(evidence, 0, i)) for i in range(400)])
    design = np.column_stack([np.ones(n), x])
    coefficients, rss, *_ = np.linalg.lstsq(design, y, rcond=None)
    analytic = np.sqrt(np.diag(np.linalg.inv(design.T @ design))[1:] * rss[0] / (n - 3))
    assert np.allclose(slopes(evidence), coefficients[1:])
    assert np.allclose(draws.std(axis=0, ddof=1), analytic, rtol=0.15)


def test_cluster_bootstrap_standard_errors_agree_with_the_sandwich():
    random = np.random.default_rng(3)
    clusters, k = 150, 6
    level = np.repeat(random.normal(size=(clusters, 2)), k, axis=0)
    x = level[:, [0]] + 0.5 * random.normal(size=(clusters * k, 1))
    y = 0.5 * x[:, 0] + level[:, 1] + 0.5 * random.normal(size=clusters * k)
    codes = np.repeat(np.arange(clusters), k)
    matrix = ResponseMatrix(
        ("x", "y"), np.column_stack([x, y]), range(len(y)), labels={"persona_id": codes}, cluster_by="persona_id"
    )
    evidence = summarise(matrix)
    draws = [d.scatter[0, 1] / d.scatter[0, 0] for d in (bootstrap_evidence(evidence, 0, i) for i in range(400))]
    xc = x[:, 0] - x.mean()
    residual = y - y.mean() - xc * (xc @ y) / (xc @ xc)
    sandwich = np.sqrt(sum((xc * residual)[codes == c].sum() ** 2 for c in range(clusters))) / (xc @ xc)
    naive = np.sqrt(residual @ residual / (len(y) - 2) / (xc @ xc))
    assert np.std(draws, ddof=1) == pytest.approx(sandwich, rel=0.15)
    assert sandwich > 1.5 * naive


def test_rows_with_a_gap_are_left_out_and_said_so():
    rows = frame()
    rows.iloc[:7, 1] = np.nan
    evidence = summarise(rows, "", ProductMoments("listwise"))
    assert evidence.n == 53
    assert np.allclose(evidence.scatter, summarise(rows.iloc[7:]).scatter)
    assert any(
        "7 rows with a missing answer were left out; missing by column: 'v1' 7" in note for note in evidence.notes
    )


def test_too_few_complete_rows_name_the_columns_with_gaps():
    rows = frame()
    rows["all lost"] = np.nan
    with pytest.raises(DataError, match=r"Only 0 of 60 .*'all lost' \(60 of 60 missing\).*matrix.drop"):
        summarise(rows, "", ProductMoments("listwise"))


def test_an_infinity_names_its_column_and_row():
    rows = frame()
    rows.iloc[3, 2] = -np.inf
    with pytest.raises(DataError, match=r"Column 'v2' holds infinity in 1 rows \(row 3,"):
        summarise(rows)


def test_a_text_column_names_itself():
    with pytest.raises(DataError, match="Column 'country' of the data frame is not numeric"):
        summarise(frame().assign(country="None"))


def test_a_single_cluster_is_refused():
    matrix = steered()
    with pytest.raises(DataError, match="belong to one cluster"):
        summarise(replace(matrix, labels=dict(matrix.labels) | {"persona_id": ["p"] * len(matrix)}))


def test_an_unknown_group_label_proposes_the_nearest():
    with pytest.raises(DataError, match="Did you mean 'model'"):
        summarise(steered(), within="modle")


def test_evidence_does_not_depend_on_threads_or_hash_seed():
    code = (
        "import sys; sys.path.insert(0, 'tests'); import hashlib; from test_evidence_moments import steered;"
        "from causalvalues.evidence import bootstrap_evidence, summarise; e = summarise(steered(), 'model');"
        "b = bootstrap_evidence(e, 1, 2);"
        "print(hashlib.sha256(e.scatter.tobytes() + e.pairwise_n.tobytes() + b.scatter.tobytes()).hexdigest())"
    )
    outputs = set()
    for threads, hashing in (("1", "0"), ("2", "7")):
        environment = os.environ | {
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "PYTHONHASHSEED": hashing,
        }
        root = Path(__file__).parents[1]
        done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1


@pytest.mark.shared
def test_effective_n_of_the_small_language_model_answers(shared_data):
    """Pooled over levers: 147 to 734 of 736 rows were published; within design cells fewer, as personas repeat."""
    answers = pd.read_csv(shared_data / "smollm2_values" / "responses.csv.gz", keep_default_na=False)
    values = [column[:-2] for column in answers if column.endswith("_1")]
    scores = np.column_stack([answers[[f"{value}_{k}" for k in range(1, 5)]].mean(axis=1) for value in values])
    levers = sorted({lever for cell in answers["levers"] for lever in cell.split("+") if lever})
    doses = [[float(lever in cell.split("+")) for lever in levers] for cell in answers["levers"]]
    matrix = ResponseMatrix(
        tuple(values), scores, range(len(answers)), labels={"persona_id": answers["persona_id"]},
        cluster_by="persona_id", levers=tuple(levers), doses=doses,
    )  # fmt: skip
    upper = np.triu_indices(10, 1)
    pooled = np.sort(summarise(replace(matrix, levers=(), doses=None)).pairwise_n[upper])
    assert pooled[0] == pytest.approx(147, rel=0.03)
    assert pooled[-1] == pytest.approx(734, rel=0.03)
    evidence = summarise(matrix)
    assert len(evidence.combinations) == 23
    assert 75 < evidence.pairwise_n[upper].min() < evidence.pairwise_n[upper].max() < 240
