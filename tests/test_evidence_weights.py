"""Survey weights and strata in means, scatter, effective n and resampling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causalvalues.errors import DataError
from causalvalues.evidence import ProductMoments, bootstrap_counts, bootstrap_scatters, summarise
from causalvalues.responses import ReadOptions, read_responses
from causalvalues.responses.matrix import ResponseMatrix

NAMES = ("power", "security")


def stratified(seed: int = 0, sizes: tuple[int, ...] = (12,) * 10, rows: int = 5) -> ResponseMatrix:
    """Clusters within strata; the strata differ in how values go together, clusters within a stratum hardly."""
    random = np.random.default_rng(seed)
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    cluster = np.repeat(np.arange(len(stratum)), rows)
    slope = np.linspace(-1, 1, len(sizes))[stratum[cluster]]
    x = random.normal(size=len(cluster))
    scores = np.column_stack([x, 3 * slope * x + 0.5 * random.normal(size=len(cluster))])
    labels = {"school": [f"{i:03d}" for i in cluster], "region": [f"r{i:02d}" for i in stratum[cluster]]}
    return ResponseMatrix(NAMES, scores, range(len(cluster)), labels=labels, cluster_by="school", strata_by="region")


def correlations(scatters: np.ndarray) -> np.ndarray:
    return scatters[:, 0, 1] / np.sqrt(scatters[:, 0, 0] * scatters[:, 1, 1])


def influence_of_clusters(matrix: ResponseMatrix) -> tuple[float, np.ndarray]:
    """The correlation, and the sum of its influence function over each cluster, from the rows."""
    z = (matrix.scores - matrix.scores.mean(axis=0)) / matrix.scores.std(axis=0)
    r = float((z[:, 0] * z[:, 1]).mean())
    psi = z[:, 0] * z[:, 1] - r / 2 * (z**2).sum(axis=1)
    return r, np.bincount(np.unique(matrix.clusters, return_inverse=True)[1], psi)


def test_whole_number_weights_count_rows_with_missing_answers_too():
    random = np.random.default_rng(0)
    scores = random.normal(size=(90, 3)) @ (np.eye(3) + 0.4)
    scores[random.random((90, 3)) < 0.2] = np.nan
    scores[np.isnan(scores).all(axis=1), 0] = 0.1
    weights = 1 + np.arange(90) % 3
    again = np.repeat(np.arange(90), weights)
    for missing in ("em", "pairwise"):
        weighted = summarise(ResponseMatrix("abc", scores, range(90), weights=weights), "", ProductMoments(missing))
        repeated = summarise(ResponseMatrix("abc", scores[again], range(180)), "", ProductMoments(missing))
        assert np.allclose(weighted.correlation, repeated.correlation, atol=1e-6)
        assert np.allclose(weighted.mean, repeated.mean, atol=1e-6)
        kish = weights.sum() ** 2 / (weights**2).sum()
        assert np.allclose(weighted.pairwise_n / kish, repeated.pairwise_n / 180, rtol=1e-5)


def test_rows_of_weight_zero_are_left_out_and_named():
    matrix = stratified()
    weights = np.ones(len(matrix))
    weights[[3, 8]] = 0
    evidence = summarise(replace(matrix, weights=weights))
    assert np.array_equal(evidence.scatter, summarise(matrix.rows(weights > 0)).scatter)
    assert any("2 complete rows with weight 0 were left out: '3', '8'." in note for note in evidence.notes)
    scores = np.array(matrix.scores)
    scores[20, 1] = np.nan
    evidence = summarise(replace(matrix, scores=scores, status=None, weights=weights))
    assert any("2 rows with weight 0 were left out: '3', '8'." in note for note in evidence.notes)


@pytest.mark.parametrize("missing", ["em", "listwise"])
def test_weights_that_are_all_zero_are_refused(missing):
    matrix = stratified()
    with pytest.raises(DataError, match="weights of all rows with answers are 0"):
        summarise(replace(matrix, weights=np.zeros(len(matrix))), "", ProductMoments(missing))


def test_effective_n_within_strata_is_the_stratified_sandwich_computed_from_rows():
    matrix = stratified(sizes=(4, 6, 9, 2, 1, 1))
    r, psi = influence_of_clusters(matrix)
    stratum = np.repeat(np.arange(6), (4, 6, 9, 2, 1, 1))
    variance = 0.0
    for h in range(6):
        own = psi[stratum == h]
        variance += own[0] ** 2 if len(own) == 1 else len(own) / (len(own) - 1) * ((own - own.mean()) ** 2).sum()
    n = len(matrix)
    evidence = summarise(matrix)
    assert evidence.pairwise_n[0, 1] == pytest.approx(min((1 - r**2) ** 2 / (variance / n**2), n), rel=1e-9)
    assert any("2 strata hold one cluster, which is centred at the overall mean" in note for note in evidence.notes)


def test_effective_n_within_strata_is_that_of_repeated_samples_and_without_strata_is_not():
    found = [summarise(stratified(seed)) for seed in range(300)]
    r = np.array([evidence.correlation.iloc[0, 1] for evidence in found])
    n = np.array([evidence.pairwise_n[0, 1] for evidence in found])
    assert ((1 - r**2) ** 2 / n).mean() == pytest.approx(r.var(), rel=0.2)
    ignored = [summarise(replace(stratified(seed), strata_by="")).pairwise_n[0, 1] for seed in range(20)]
    assert np.mean(ignored) < 0.4 * n.mean()


def test_clusters_are_drawn_within_strata_and_the_draws_have_the_stratified_error():
    sizes = (4, 6, 9, 2, 1, 1)
    matrix = stratified(sizes=sizes)
    evidence = summarise(matrix)
    counts = bootstrap_counts(evidence, 0, 400)
    stratum = np.repeat(np.arange(6), sizes)
    for h in range(4):
        assert (counts[:, stratum == h].sum(axis=1) == sizes[h]).all()
    assert set(np.unique(counts[:, -2:])) == {0.0, 2.0}
    assert counts[:, -2:].mean() == pytest.approx(1, abs=0.1)
    large = summarise(stratified(sizes=(12,) * 10))
    draws = correlations(bootstrap_scatters(large, 1, 600))
    free = correlations(bootstrap_scatters(summarise(replace(stratified(), strata_by="")), 1, 600))
    _, psi = influence_of_clusters(stratified())
    within = psi.reshape(10, 12)
    error = np.sqrt(((within - within.mean(axis=1, keepdims=True)) ** 2).sum()) / 600
    assert draws.std() == pytest.approx(error, rel=0.12)
    assert free.std() > 1.4 * error


def test_independent_rows_are_blocked_and_worth_more_within_strata():
    matrix = replace(stratified(sizes=(40,) * 10, rows=5), cluster_by="")
    evidence = summarise(matrix)
    strata = evidence.clusters.strata
    assert strata is not None
    assert len(np.unique(strata)) == 10
    assert evidence.clusters.independent
    assert evidence.pairwise_n[0, 1] == len(matrix)
    sizes = np.array([evidence.clusters.weight[strata == h].sum() for h in range(10)])
    assert (sizes == 200).all()


def test_missing_answers_keep_the_strata():
    matrix = stratified()
    scores = np.array(matrix.scores)
    scores[::7, 1] = np.nan
    holed = replace(matrix, scores=scores, status=None)
    within, without = summarise(holed), summarise(replace(holed, strata_by=""))
    assert within.clusters.strata is not None
    assert without.pairwise_n[0, 1] < 0.6 * within.pairwise_n[0, 1]


def test_a_cluster_in_two_strata_is_refused():
    matrix = stratified()
    labels = dict(matrix.labels) | {"region": [f"r{i % 2}" for i in range(len(matrix))]}
    with pytest.raises(DataError, match="120 of 120 clusters have rows in several strata"):
        summarise(replace(matrix, labels=labels))


def test_an_unknown_stratum_label_proposes_the_nearest():
    with pytest.raises(DataError, match="Did you mean 'region'"):
        replace(stratified(), strata_by="regoin")


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_strata_are_read_from_a_file(tmp_path, layout):
    lines = ["unit_id,region,power,security", "a,1,2,3", "b,1,4,5", "c,2,1,1"]
    if layout == "long":
        lines = ["unit_id,region,item,response", "a,1,power,2", "a,1,security,3", "b,2,power,4", "b,2,security,5"]
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(lines) + "\n")
    matrix = read_responses(path, ReadOptions(strata_by="region", columns=("power", "security")))
    assert matrix.strata == (("1", "1", "2") if layout == "wide" else ("1", "2"))
    assert matrix.rows([True] * len(matrix)).strata_by == "region"
