"""Balanced sets of bootstrap draws: every cluster equally often, otherwise like the ordinary bootstrap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.evidence import Evidence, resample, summarise
from causalvalues.evidence.cluster_draws import balanced_counts
from causalvalues.evidence.moments import ClusterSums
from causalvalues.evidence.resampling import balanced_bootstrap_scatters, bootstrap_scatters
from causalvalues.randomness import stream
from causalvalues.responses import ReadOptions, ResponseMatrix, read_responses


def clustered(clusters: int, seed: int, levers: bool = False) -> Evidence:
    rng = np.random.default_rng(seed)
    n = 4 * clusters
    persona = np.repeat(np.arange(clusters), 4)
    x = rng.normal(size=(n, 3)) + rng.normal(size=(clusters, 3))[persona]
    x[:, 1] += 0.5 * x[:, 0]
    doses = (rng.random((n, 1)) < 0.5).astype(float) if levers else None
    matrix = ResponseMatrix(
        ("a", "b", "c"),
        x,
        tuple(str(i) for i in range(n)),
        labels={"persona_id": tuple(f"p{g:03d}" for g in persona)},
        cluster_by="persona_id",
        levers=("push",) if levers else (),
        doses=doses,
    )
    return summarise(matrix)


def sums_of(evidence: Evidence) -> ClusterSums:
    assert evidence.clusters is not None
    return evidence.clusters


@given(st.integers(2, 30), st.integers(1, 25), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_over_a_set_every_cluster_is_taken_equally_often_and_every_draw_is_full(
    clusters: int, draws: int, seed: int
) -> None:
    counts = balanced_counts(stream(seed, "x"), sums_of(clustered(clusters, 0)), draws)
    assert counts.shape == (draws, clusters)
    assert (counts.sum(axis=0) == draws).all()
    assert (counts.sum(axis=1) == clusters).all()
    assert (counts >= 0).all()


def test_within_a_set_of_b_draws_counts_vary_by_a_bth_less_than_in_multinomial_draws() -> None:
    """A draw takes G of B G tickets without return: hypergeometric, variance (1 - 1/G) (1 - 1/B) B G / (B G - 1)."""
    clusters, draws = 6, 5
    sums = sums_of(clustered(clusters, 0))
    counts = np.concatenate([balanced_counts(stream(3, number), sums, draws) for number in range(4000)])
    tickets = clusters * draws
    wanted = (1 - 1 / clusters) * (tickets - clusters) / (tickets - 1)
    assert counts.var(axis=0) == pytest.approx(np.full(clusters, wanted), rel=0.05)
    off = np.cov(counts.T)[~np.eye(clusters, dtype=bool)]
    assert off == pytest.approx(np.full(len(off), -wanted / (clusters - 1)), abs=0.03)


def test_strata_keep_their_sizes_and_a_stratum_of_one_comes_twice_in_half_of_the_draws(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    region = ["north"] * 5 + ["south"] * 3 + ["island"]
    frame = pd.DataFrame(rng.normal(size=(27, 2)), columns=["a", "b"])
    frame["persona_id"] = [f"p{i % 9}" for i in range(27)]
    frame["region"] = [region[i % 9] for i in range(27)]
    frame.to_csv(tmp_path / "rows.csv", index=False)
    matrix = read_responses(tmp_path / "rows.csv", ReadOptions(cluster_by="persona_id", strata_by="region"))
    sums = sums_of(summarise(matrix))
    assert sums.strata is not None
    counts = balanced_counts(stream(1, "strata"), sums, 8)
    assert (counts.sum(axis=0) == 8).all()
    alone = [j for j in range(9) if (sums.strata == sums.strata[j]).sum() == 1]
    assert len(alone) == 1
    assert sorted(counts[:, alone[0]]) == [0, 0, 0, 0, 2, 2, 2, 2]
    for stratum in set(sums.strata.tolist()):
        members = np.flatnonzero(sums.strata == stratum)
        if len(members) > 1:
            assert (counts[:, members].sum(axis=1) == len(members)).all()


@pytest.mark.parametrize("levers", [False, True])
def test_the_scatters_are_those_of_resampled_rows(levers: bool) -> None:
    evidence = clustered(12, 1, levers)
    (found,) = balanced_bootstrap_scatters((evidence,), 5, 6)
    counts = balanced_counts(stream(5, "balanced bootstrap"), sums_of(evidence), 6)
    for scatter, taken in zip(found, counts, strict=True):
        np.testing.assert_allclose(scatter, resample(evidence, taken).scatter, atol=1e-9)


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    evidence = clustered(10, 2)
    (one,), (again,), (other,) = (balanced_bootstrap_scatters((evidence,), seed, 6) for seed in (5, 5, 6))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_mean_of_a_set_is_nearer_to_the_truth_than_that_of_independent_draws() -> None:
    """What is averaged is a smooth function of the moments: a correlation."""
    evidence = clustered(60, 3)

    def mean_correlation(scatters: np.ndarray) -> float:
        return float(np.mean(scatters[:, 0, 1] / np.sqrt(scatters[:, 0, 0] * scatters[:, 1, 1])))

    plain = [mean_correlation(bootstrap_scatters(evidence, seed, 50)) for seed in range(40)]
    balanced = [mean_correlation(balanced_bootstrap_scatters((evidence,), seed, 50)[0]) for seed in range(40)]
    assert np.var(balanced) < 0.3 * np.var(plain)
    assert np.mean(balanced) == pytest.approx(np.mean(plain), abs=4 * np.std(plain) / np.sqrt(40))


def test_draws_with_too_few_rows_are_left_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.normal(size=(16, 3)), columns=list("abc"))
    frame["persona_id"] = ["big"] * 13 + ["x", "y", "z"]  # draws without the big one have at most four rows
    frame.to_csv(tmp_path / "rows.csv", index=False)
    evidence = summarise(read_responses(tmp_path / "rows.csv", ReadOptions(cluster_by="persona_id")))
    (found,) = balanced_bootstrap_scatters((evidence,), 1, 40)
    assert 0 < len(found) < 40
