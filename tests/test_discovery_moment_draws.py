"""With clustered rows the posterior is an average over bootstrap matrices, each with the same say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from brute_force import all_dags, bge_local, posterior

import causalvalues.discovery.exact_sums as exact_module
from causalvalues.discovery import BIC, ExactPosterior, discover, prior_sensitivity
from causalvalues.discovery.moment_draws import Summed, average, draws_wanted
from causalvalues.errors import DataError, DiscoveryError
from causalvalues.evidence import Evidence, summarise
from causalvalues.evidence.cluster_draws import balanced_counts
from causalvalues.evidence.resampling import resample
from causalvalues.graph import Knowledge
from causalvalues.model import fit, total_effects
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

AVERAGED = "bootstrap moment matrices"


def rows(p: int, clusters: int, seed: int, strength: float = 0.5, icc: float = 0.4) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    persona = np.repeat(np.arange(clusters), 8)
    x = np.sqrt(1 - icc) * rng.normal(size=(len(persona), p)) + np.sqrt(icc) * rng.normal(size=(clusters, p))[persona]
    for j in range(1, p):
        x[:, j] += strength * x[:, j - 1]
    return x, [f"p{g}" for g in persona]


def clustered(
    x: np.ndarray, persona: Sequence[str], names: Sequence[str] | None = None, doses: np.ndarray | None = None
) -> Evidence:
    names = tuple(f"v{j:02d}" for j in range(x.shape[1])) if names is None else tuple(names)
    levers = () if doses is None else tuple(f"lever {k}" for k in range(doses.shape[1]))
    matrix = ResponseMatrix(
        names,
        x,
        tuple(str(i) for i in range(len(x))),
        labels={"persona_id": tuple(persona)},
        cluster_by="persona_id",
        levers=levers,
        doses=doses,
    )
    return summarise(matrix)


def test_the_average_equals_enumeration_over_graphs_in_every_bootstrap_matrix() -> None:
    evidence = clustered(*rows(4, 15, 1))
    found = discover(evidence, ExactPosterior(moment_draws=7, draws=70), seed=5)
    n, graphs = evidence.degrees_of_freedom, all_dags(4)
    tables = []
    assert evidence.clusters is not None
    for taken in balanced_counts(stream(5, "balanced bootstrap"), evidence.clusters, 7):
        r = resample(evidence, taken).correlation.to_numpy()
        table = {
            (v, mask): bge_local(r, n, v, [u for u in range(4) if mask >> u & 1], 4)
            for v in range(4)
            for mask in range(16)
            if not mask >> v & 1
        }
        logs = [sum(table[v, int(graph[:, v] @ (1 << np.arange(4)))] for v in range(4)) for graph in graphs]
        tables.append(posterior(graphs, np.array(logs))[1])
    assert np.abs(found.edge - np.mean(tables, axis=0)).max() < 1e-9
    assert np.std(tables, axis=0).max() > 0.05  # the matrices do differ
    assert not found.exact
    assert f"averaged over 7 cluster-{AVERAGED}" in found.givens


def test_draws_are_shared_out_evenly_and_equal_the_tables() -> None:
    evidence = clustered(*rows(5, 20, 2))
    found = discover(evidence, ExactPosterior(moment_draws=20, draws=4000), seed=1)
    assert found.weights == pytest.approx(np.full(4000, 1 / 4000))
    assert (np.abs(found.draws.mean(axis=0) - found.edge) < 4 * np.sqrt(0.25 / 4000)).all()


def test_each_matrix_gives_its_share_of_the_draws() -> None:
    parts = []
    for number in range(3):
        draws = np.full((4, 2, 2), number, dtype=float) > 0
        draws[:, 0, 1] = number == 1
        table = np.full((2, 2), float(number))
        parts.append(Summed(draws, np.full(4, 0.25), table, table, np.ones((4, 0, 2), dtype=bool), table, 4.0))
    found = average(parts, 8, ("note",))
    assert found.draws[:, 0, 1].tolist() == [False] * 3 + [True] * 3 + [False] * 2
    assert found.edge.tolist() == [[1, 1], [1, 1]]
    assert len(average(parts, 100, ()).draws) == 12


def test_clustered_rows_and_estimated_moments_are_averaged_by_default_and_independent_rows_are_not() -> None:
    x, persona = rows(3, 12, 3)
    mine = clustered(x, persona)
    plain = summarise(pd.DataFrame(x, columns=list(mine.names)))
    assert plain.clusters is not None
    groups = plain.clusters
    estimated = replace(plain, clusters=replace(groups, first=np.zeros_like(groups.first), estimated=True))
    assert draws_wanted(mine, None, 3) == 100
    assert draws_wanted(mine, None, 20) == 40
    assert draws_wanted(estimated, None, 3) == 100
    assert draws_wanted(plain, None, 3) == 0
    assert draws_wanted(replace(mine, clusters=None), None, 3) == 0
    assert discover(mine).settings["moment_draws"] == 100
    assert AVERAGED in " ".join(discover(estimated).givens)
    assert AVERAGED not in " ".join(discover(plain).givens)
    assert discover(plain).exact
    assert discover(mine, ExactPosterior(moment_draws=0)).exact


def test_one_matrix_is_scored_when_no_draws_are_asked_for() -> None:
    evidence = clustered(*rows(4, 15, 4))
    alone = discover(replace(evidence, clusters=None), seed=2)
    found = discover(evidence, ExactPosterior(moment_draws=0), seed=2)
    assert np.array_equal(found.edge, alone.edge)
    assert np.array_equal(found.draws, alone.draws)


def test_knowledge_is_obeyed_by_every_draw() -> None:
    knowledge = Knowledge(
        tiers=(("v00", "v01"), ("v03",)), required=frozenset({("v04", "v00")}), forbidden=frozenset({("v01", "v02")})
    )
    found = discover(clustered(*rows(5, 12, 5)), ExactPosterior(moment_draws=20), knowledge, seed=3)
    assert found.draws[:, 4, 0].all()
    assert found.edge[4, 0] == pytest.approx(1.0)
    for banned in ((1, 2), (3, 0), (3, 1)):
        assert not found.draws[:, banned[0], banned[1]].any()
        assert found.edge[banned] == 0.0


@pytest.mark.parametrize("limit", [10, 2], ids=["exact sums", "weighted draws"])
def test_the_order_of_the_columns_changes_no_bit(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_module, "AVERAGED_LAYERS_UP_TO", limit)
    x, persona = rows(5, 12, 6)
    names, method = list("abcde"), ExactPosterior(moment_draws=10, draws=50)
    straight = discover(clustered(x, persona, names), method, seed=4)
    order = [3, 0, 4, 1, 2]
    other = discover(clustered(x[:, order], persona, [names[i] for i in order]), method, seed=4)
    pd.testing.assert_frame_equal(
        other.edge_probabilities.loc[names, names], straight.edge_probabilities, check_exact=True
    )
    assert np.array_equal(other.draws[:, np.argsort(order)][:, :, np.argsort(order)], straight.draws)


def test_the_same_seed_gives_the_same_posterior_and_another_seed_another() -> None:
    evidence, method = clustered(*rows(4, 12, 7)), ExactPosterior(moment_draws=10, draws=50)
    first, again, other = (discover(evidence, method, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.edge, again.edge)
    assert np.array_equal(first.draws, again.draws)
    assert not np.array_equal(first.edge, other.edge)


@pytest.mark.parametrize("strength", [0.0, 0.6], ids=["sparse-proposal", "dense-proposal"])
def test_weighted_draws_agree_with_exact_sums(strength: float, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = clustered(*rows(6, 20, 8, strength))
    method = ExactPosterior(moment_draws=20, draws=2000)
    exact = discover(evidence, method, seed=1)
    monkeypatch.setattr(exact_module, "AVERAGED_LAYERS_UP_TO", 2)
    weighted = discover(evidence, method, seed=1)
    assert np.abs(weighted.edge - exact.edge).max() < 0.04
    assert np.abs(weighted.draws.mean(axis=0) - weighted.edge).max() < 0.02  # resampled by weight, nearly without noise


def test_the_time_limit_leaves_ten_matrices_and_is_said() -> None:
    evidence = clustered(*rows(5, 12, 9))
    found = discover(evidence, ExactPosterior(time_limit=0.0), seed=1)
    assert any(f"averaged over 10 cluster-{AVERAGED} (100 were asked for" in given for given in found.givens)
    assert len(found.draws) == 400


def test_sparse_levers_are_drawn_with_each_matrix() -> None:
    x, persona = rows(3, 30, 10)
    doses = np.eye(3)[np.arange(len(x)) % 3][:, :2]
    x[:, 1] += 2.0 * doses[:, 0]
    x[:, 2] += 0.5 * 2.0 * doses[:, 0]
    evidence = clustered(x, persona, doses=doses)
    found = discover(evidence, ExactPosterior(levers="sparse", moment_draws=20, draws=400), seed=1)
    assert found.lever_draws.shape == (400, 2, 3)
    assert found.lever_probabilities.loc["lever 0", "v01"] > 0.99
    assert found.lever_probabilities.loc["lever 1", "v00"] < 0.5
    saturated = discover(evidence, ExactPosterior(moment_draws=20, draws=40), seed=1)
    assert saturated.lever_draws.all()


def test_clustered_noise_gains_few_edges_and_naive_scores_many() -> None:
    ours, naive = [], []
    for seed in range(12):
        x, persona = rows(6, 20, seed, strength=0.0, icc=0.6)
        evidence = clustered(x, persona)
        plain = summarise(pd.DataFrame(x, columns=list(evidence.names)))
        ours.append(len(discover(evidence, ExactPosterior(moment_draws=30, draws=30)).averaged_graph()) / 15)
        naive.append(len(discover(plain, ExactPosterior(draws=30)).averaged_graph()) / 15)
    assert np.mean(ours) < 0.07
    assert np.mean(naive) > 0.10


def test_true_edges_are_still_found() -> None:
    found = discover(clustered(*rows(5, 40, 11, strength=0.7)), ExactPosterior(moment_draws=30))
    assert np.diag(found.adjacent_probabilities.to_numpy(), 1).min() > 0.9


def test_matrices_that_cannot_be_scored_are_passed_over_and_counted() -> None:
    x, persona = rows(3, 6, 12)
    x[8:, 2] = 1.0  # varies in one of six clusters, which a third of the draws lack
    found = discover(clustered(x, persona), ExactPosterior(score=BIC(), moment_draws=40), seed=1)
    assert any("40 were asked for; the rest could not be scored" in given for given in found.givens)
    assert np.isfinite(found.edge).all()


def test_a_negative_number_of_draws_and_evidence_without_clusters_are_refused() -> None:
    evidence = clustered(*rows(3, 12, 13))
    with pytest.raises(DiscoveryError, match="moment draws is -1"):
        discover(evidence, ExactPosterior(moment_draws=-1))
    with pytest.raises(DataError, match="no cluster sums"):
        discover(replace(evidence, clusters=None), ExactPosterior(moment_draws=5))


def test_prior_sensitivity_and_fit_take_averaged_posteriors() -> None:
    evidence = clustered(*rows(4, 15, 14))
    table = prior_sensitivity(evidence)
    assert (table["least"] <= table["default"]).all()
    same = discover(evidence, ExactPosterior(moment_draws=20)).adjacent_probabilities
    first = table.iloc[0]
    assert first["default"] == pytest.approx(same.loc[first["first"], first["second"]])
    found = discover(evidence, ExactPosterior(moment_draws=10, draws=100))
    assert np.isfinite(total_effects(fit(found, evidence)).upper.to_numpy()).all()
