"""The exact posterior equals enumeration, keeps its laws, and says what the data leave open."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from brute_force import all_dags, bge_local, bic_local, posterior, topological_orders

import causalvalues.discovery.exact_sums as exact_module
from causalvalues.discovery import (
    BIC,
    BGe,
    ExactPosterior,
    FairParents,
    OrderSearch,
    SparseDags,
    UniformDags,
    best_dag,
    discover,
    prior_sensitivity,
)
from causalvalues.discovery import subset_kernels as kernels
from causalvalues.discovery.priors import prior_edge_probability
from causalvalues.errors import CheckError, DiscoveryError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import Dag, Knowledge

PATIENCE = 600.0  # seconds: a busy machine draws as much as an idle one
NAMES = ("alpha", "beta", "delta", "eps", "gamma")  # in name order, so that matrices compare directly


def linear_data(n: int, p: int, seed: int, strength: float = 0.5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    for j in range(1, p):
        for i in range(j):
            if rng.random() < 0.5:
                x[:, j] += strength * rng.choice([-1, 1]) * x[:, i]
    return pd.DataFrame(x, columns=list(NAMES[:p]) if p <= 5 else [f"v{j:02d}" for j in range(p)])


@cache
def graphs(p: int) -> list[np.ndarray]:
    return all_dags(p)


@cache
def order_counts(p: int) -> np.ndarray:
    return np.array([topological_orders(graph) for graph in graphs(p)], dtype=float)


def total_scores(evidence: Evidence, local: str) -> np.ndarray:
    r, m = evidence.correlation.to_numpy(), len(evidence.names)
    n = evidence.degrees_of_freedom
    table = {}
    for v in range(m):
        for mask in range(1 << m):
            if not mask >> v & 1:
                parents = [u for u in range(m) if mask >> u & 1]
                table[v, mask] = bge_local(r, n, v, parents, m) if local == "bge" else bic_local(r, n, v, parents)
    masks = (np.array(graphs(m)) * (1 << np.arange(m))[None, :, None]).sum(axis=1)
    return np.array([sum(table[v, int(row[v])] for v in range(m)) for row in masks])


def test_there_are_29281_graphs_on_five_nodes() -> None:
    assert len(graphs(5)) == 29281


@pytest.mark.parametrize("score", [BGe(), BIC()], ids=["bge", "bic"])
@pytest.mark.parametrize(("n", "seed"), [(30, 1), (400, 2)])
def test_sums_over_all_graphs_on_five_nodes_equal_enumeration(score: BGe | BIC, n: int, seed: int) -> None:
    evidence = summarise(linear_data(n, 5, seed))
    found = discover(evidence, ExactPosterior(score=score, draws=4000), seed=3)
    logs = total_scores(evidence, "bge" if isinstance(score, BGe) else "bic")
    _, uniform = posterior(graphs(5), logs)
    _, modular = posterior(graphs(5), logs + np.log(order_counts(5)))
    assert np.abs(found.edge - uniform).max() < 1e-9
    assert np.abs(np.asarray(found.order_modular) - modular).max() < 1e-9
    error = np.sqrt(np.maximum(uniform * (1 - uniform), 1e-4) / 4000)
    assert (np.abs(found.draws.mean(axis=0) - uniform) < 4 * error).all()


@pytest.mark.parametrize("prior", [SparseDags(0.1), FairParents()], ids=["sparse", "fair"])
def test_other_priors_over_graphs_equal_enumeration(prior: SparseDags | FairParents) -> None:
    evidence = summarise(linear_data(60, 4, 5))
    found = discover(evidence, ExactPosterior(prior=prior))
    weights = prior.log_weights(4)
    extra = np.array([sum(weights[int(k)] for k in graph.sum(axis=0)) for graph in graphs(4)])
    _, expected = posterior(graphs(4), total_scores(evidence, "bge") + extra)
    _, before = posterior(graphs(4), extra)
    assert np.abs(found.edge - expected).max() < 1e-9
    assert np.abs(found.prior_edge - before).max() < 1e-9


def test_knowledge_keeps_the_sums_exact() -> None:
    evidence = summarise(linear_data(60, 5, 6))
    knowledge = Knowledge(
        tiers=(("alpha", "beta"), ("gamma",)),
        required=frozenset({("delta", "eps")}),
        forbidden=frozenset({("beta", "eps")}),
    )
    found = discover(evidence, ExactPosterior(draws=500), knowledge, seed=1)
    place = {name: i for i, name in enumerate(NAMES)}
    banned = [("gamma", "alpha"), ("gamma", "beta"), ("beta", "eps")]
    keep = np.array(
        [g[place["delta"], place["eps"]] == 1 and not any(g[place[a], place[b]] for a, b in banned) for g in graphs(5)]
    )
    logs = np.where(keep, total_scores(evidence, "bge"), -np.inf)
    _, expected = posterior(graphs(5), logs)
    _, before = posterior(graphs(5), np.where(keep, 0.0, -np.inf))
    assert np.abs(found.edge - expected).max() < 1e-9
    assert np.abs(found.prior_edge - before).max() < 1e-9
    assert found.draws[:, place["delta"], place["eps"]].all()
    assert not any(found.draws[:, place[a], place[b]].any() for a, b in banned)


def test_a_mediator_between_tiers_is_found() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=5000)
    b = 0.8 * a + rng.normal(size=5000)
    c = 0.8 * b + rng.normal(size=5000)
    evidence = summarise(pd.DataFrame({"a": a, "b": b, "c": c}))
    found = discover(evidence, knowledge=Knowledge(tiers=(("a",), ("b",), ("c",))))
    assert found.edge_probabilities.loc["a", "b"] > 0.999
    assert found.edge_probabilities.loc["b", "c"] > 0.999
    assert found.edge_probabilities.loc["a", "c"] < 0.1


def test_sparse_levers_equal_enumeration_over_graphs_and_lever_sets() -> None:
    rng = np.random.default_rng(4)
    n = 50
    levers = np.eye(3)[rng.integers(0, 3, n)][:, :2]
    x = rng.normal(size=(n, 3))
    x[:, 0] += levers[:, 0]
    x[:, 1] += 0.5 * x[:, 0] + 0.6 * levers[:, 1]
    frame = pd.DataFrame(np.c_[x, levers], columns=["a", "b", "c", "l1", "l2"])
    joint = summarise(frame)
    evidence = Evidence(
        names=("a", "b", "c"),
        levers=("l1", "l2"),
        mean=joint.mean,
        scatter=joint.scatter,
        n=n,
        n_score=float(n),
        pairwise_n=np.full((3, 3), float(n)),
    )
    found = discover(evidence, ExactPosterior(levers="sparse", draws=4000), seed=2)
    scale = np.sqrt(np.diag(joint.scatter))
    r = joint.scatter / np.outer(scale, scale)
    logs, edges, lever_edges = [], [], []
    choices = [list(range(4)) for _ in range(3)]
    for graph in graphs(3):
        for chosen in np.array(np.meshgrid(*choices)).reshape(3, -1).T:
            value_parents = [[u for u in range(3) if graph[u, v]] for v in range(3)]
            full = [value_parents[v] + [3 + j for j in range(2) if chosen[v] >> j & 1] for v in range(3)]
            logs.append(sum(bge_local(r, n - 1.0, v, full[v], 5) for v in range(3)))
            edges.append(graph)
            lever_edges.append([[chosen[v] >> j & 1 for v in range(3)] for j in range(2)])
    weights, expected = posterior(edges, np.array(logs))
    assert np.abs(found.edge - expected).max() < 1e-9
    expected_levers = np.tensordot(weights, np.array(lever_edges, dtype=float), axes=1)
    assert np.abs(found.lever_probabilities.to_numpy() - expected_levers).max() < 4 * np.sqrt(0.25 / 4000)


@pytest.mark.parametrize("strength", [0.0, 0.6], ids=["sparse-proposal", "dense-proposal"])
def test_weighted_draws_above_the_layer_limit_agree_with_the_exact_sums(
    strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = summarise(linear_data(80, 7, 8, strength))
    exact = discover(evidence, seed=1)
    monkeypatch.setattr(exact_module, "LAYERS_UP_TO", 2)
    weighted = discover(evidence, ExactPosterior(draws=3000, min_effective=1500, time_limit=PATIENCE), seed=1)
    assert exact.exact
    assert not weighted.exact
    assert weighted.effective_draws >= 1500
    assert weighted.weights.max() <= 0.02
    assert np.abs(weighted.edge - exact.edge).max() < 4 * np.sqrt(0.25 / weighted.effective_draws)


def test_the_time_limit_is_kept_and_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_module, "LAYERS_UP_TO", 2)
    evidence = summarise(linear_data(80, 7, 8))
    found = discover(evidence, ExactPosterior(min_effective=1e6, time_limit=0.01), seed=1)
    assert "the time limit of 0.01 s was reached" in " ".join(found.givens)
    assert len(found.draws) == 1000


def test_nineteen_values_give_enough_effective_draws_and_no_heavy_one() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 19))
    for j in range(1, 19):
        x[:, j] += 0.5 * x[:, j - 1] - (0.4 * x[:, j - 3] if j > 2 else 0)
    evidence = summarise(pd.DataFrame(x, columns=[f"v{j:02d}" for j in range(19)]))
    posterior19 = discover(evidence, ExactPosterior(time_limit=PATIENCE), seed=1)
    assert posterior19.effective_draws >= 400
    assert posterior19.weights.max() <= 0.02


def test_the_order_of_the_columns_changes_no_bit() -> None:
    data = linear_data(120, 6, 9)
    straight = discover(summarise(data), seed=4)
    for seed in range(3):
        columns = list(np.random.default_rng(seed).permutation(data.columns))
        other = discover(summarise(data[columns]), seed=4)
        pd.testing.assert_frame_equal(
            other.edge_probabilities.loc[data.columns, data.columns], straight.edge_probabilities, check_exact=True
        )
        assert other.draws.sum() == straight.draws.sum()
        compelled = other.compelled_probabilities.loc[data.columns, data.columns]
        pd.testing.assert_frame_equal(compelled, straight.compelled_probabilities, check_exact=True)


@pytest.mark.parametrize("factor", [1e-8, 1e8])
def test_rescaling_changes_no_probability(factor: float) -> None:
    data = linear_data(120, 5, 10)
    scaled = data * np.array([factor, 1, 1 / factor, 1, factor])
    assert np.abs(discover(summarise(data)).edge - discover(summarise(scaled)).edge).max() < 1e-9


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    evidence = summarise(linear_data(40, 5, 11))
    first, again, other = (discover(evidence, seed=seed).draws for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_large_samples_do_not_overflow() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20000, 10)).cumsum(axis=1)
    found = discover(summarise(pd.DataFrame(x, columns=[f"v{j}" for j in range(10)])))
    adjacent = found.adjacent_probabilities.to_numpy()
    assert np.isfinite(found.edge).all()
    assert np.diag(adjacent, 1).min() > 0.999
    assert adjacent[np.triu_indices(10, 2)].max() < 0.2


def test_a_chain_shows_no_arrow_however_many_rows_there_are() -> None:
    r = np.fromfunction(lambda i, j: 0.6 ** abs(i - j), (5, 5))
    n = 20000
    evidence = Evidence(NAMES, np.zeros(5), r * (n - 1), n, float(n), np.full((5, 5), float(n)))
    found = discover(evidence, ExactPosterior(draws=4000), seed=1)
    assert found.edge[0, 1] == pytest.approx(0.2, abs=0.02)
    assert found.edge[1, 0] == pytest.approx(0.8, abs=0.02)
    assert np.asarray(found.order_modular)[0, 1] == pytest.approx(0.06, abs=0.02)
    assert found.compelled_probabilities.to_numpy().max() < 0.05
    assert (found.averaged_graph()["prior_direction"] - 0.5).abs().max() < 1e-9


def test_a_collider_is_evidence_of_direction() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 3000))
    data = pd.DataFrame({"a": a, "b": b, "c": a + b + rng.normal(size=3000)})
    found = discover(summarise(data))
    assert found.compelled_probabilities.loc["a", "c"] > 0.9
    assert found.compelled_probabilities.loc["c", "a"] < 0.05


def test_pure_noise_gains_few_edges() -> None:
    rate = []
    for seed in range(20):
        data = pd.DataFrame(np.random.default_rng(seed).normal(size=(300, 8)), columns=[f"v{j}" for j in range(8)])
        found = discover(summarise(data), ExactPosterior(draws=10))
        rate.append(len(found.averaged_graph()) / 28)
    assert np.mean(rate) < 0.07


def test_the_log_determinants_equal_numpy() -> None:
    x = np.random.default_rng(0).normal(size=(6, 20))
    matrix = x @ x.T
    found = kernels.log_determinants(matrix)
    for mask in range(1, 64):
        nodes = [i for i in range(6) if mask >> i & 1]
        assert found[mask] == pytest.approx(np.linalg.slogdet(matrix[np.ix_(nodes, nodes)])[1], abs=1e-10)


@pytest.mark.parametrize("p", [2, 3, 4])
@pytest.mark.parametrize("prior", [UniformDags(), SparseDags(0.2), FairParents()])
def test_the_prior_of_an_edge_equals_enumeration(p: int, prior: UniformDags | SparseDags | FairParents) -> None:
    weights = prior.log_weights(p)
    logs = np.array([sum(weights[int(k)] for k in graph.sum(axis=0)) for graph in graphs(p)])
    _, expected = posterior(graphs(p), logs)
    assert prior_edge_probability(prior, p) == pytest.approx(expected[0, 1], abs=1e-12)


def test_the_best_graph_has_the_highest_score_of_all() -> None:
    evidence = summarise(linear_data(100, 5, 12))
    graph, score = best_dag(evidence, ExactPosterior(score=BIC()))
    logs = total_scores(evidence, "bic")
    assert score == pytest.approx(logs.max(), abs=1e-8)
    same = [g for g, log in zip(graphs(5), logs, strict=True) if log > logs.max() - 1e-8]
    assert any(np.array_equal(graph.adjacency, g) for g in same)


def test_the_best_graph_scores_as_the_exact_search_of_causal_learn() -> None:
    from causallearn.search.ScoreBased.ExactSearch import bic_exact_search

    data = linear_data(300, 7, 13)
    evidence = summarise(data)
    theirs, _ = bic_exact_search(data.to_numpy() - data.to_numpy().mean(axis=0), search_method="dp", verbose=False)
    graph, score = best_dag(evidence, ExactPosterior(score=BIC()))
    r, n = evidence.correlation.to_numpy(), evidence.degrees_of_freedom

    def total(adjacency: np.ndarray) -> float:
        return sum(bic_local(r, n, v, [int(u) for u in np.flatnonzero(adjacency[:, v])]) for v in range(7))

    assert total(np.asarray(graph.adjacency)) == pytest.approx(score, abs=1e-8)
    assert score >= total(theirs) - 1e-8
    assert score - total(theirs) < 0.2  # they score n rows, we score n - 1 degrees of freedom


def test_order_search_never_beats_the_exact_optimum_and_mostly_reaches_it() -> None:
    reached = []
    for seed in range(10):
        evidence = summarise(linear_data(200, 8, seed))
        _, best = best_dag(evidence, ExactPosterior(score=BIC()))
        r, n = evidence.correlation.to_numpy(), evidence.degrees_of_freedom
        draws = discover(evidence, OrderSearch(resamples=2), seed=seed)
        for graph in draws.draws:
            own = sum(bic_local(r, n, v, [int(u) for u in np.flatnonzero(graph[:, v])]) for v in range(8))
            assert own <= best + 1e-8
        reached.append(best)
    assert np.isfinite(reached).all()


def test_prior_sensitivity_lists_every_pair_with_its_range() -> None:
    table = prior_sensitivity(summarise(linear_data(60, 4, 14)))
    assert len(table) == 6
    assert (table["least"] <= table["default"]).all()
    assert (table["default"] <= table["most"]).all()


def test_the_penalty_is_a_multiple_of_the_standard_criterion() -> None:
    evidence = summarise(linear_data(150, 4, 21))
    n = evidence.degrees_of_freedom
    extra = np.array([graph.sum() for graph in graphs(4)])
    logs = total_scores(evidence, "bic") - (2.5 - 1) / 2 * np.log(n) * extra
    _, expected = posterior(graphs(4), logs)
    assert np.abs(discover(evidence, ExactPosterior(score=BIC(penalty=2.5))).edge - expected).max() < 1e-9


def test_required_edges_survive_every_weighted_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_module, "LAYERS_UP_TO", 2)
    knowledge = Knowledge(required=frozenset({("v05", "v00")}), forbidden=frozenset({("v01", "v02")}))
    for strength in (0.0, 0.6):
        found = discover(summarise(linear_data(80, 7, 8, strength)), ExactPosterior(), knowledge, seed=1)
        assert found.draws[:, 5, 0].all()
        assert not found.draws[:, 1, 2].any()


def test_an_indefinite_matrix_is_refused_and_gains_no_edge() -> None:
    r = np.full((4, 4), -0.5)
    np.fill_diagonal(r, 1.0)
    assert np.linalg.eigvalsh(r).min() < 0
    evidence = Evidence(NAMES[:4], np.zeros(4), r * 99, 100, 100.0, np.full((4, 4), 100.0))
    for score in (BGe(), BIC()):
        with pytest.raises((CheckError, DiscoveryError)):
            discover(evidence, ExactPosterior(score=score))


def test_too_many_values_are_refused_with_the_remedy() -> None:
    data = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 21)), columns=[f"v{j}" for j in range(21)])
    with pytest.raises(DiscoveryError, match="OrderSearch"):
        discover(summarise(data), ExactPosterior())


def test_fewer_rows_than_columns_work_with_bge_and_are_refused_with_bic() -> None:
    n, p = 6, 9
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, p))
    scatter = (x - x.mean(0)).T @ (x - x.mean(0)) + 1e-3 * np.eye(p)
    names = tuple(f"v{j}" for j in range(p))
    evidence = Evidence(names, np.zeros(p), scatter, n, float(n), np.full((p, p), float(n)))
    assert np.isfinite(discover(evidence).edge).all()
    with pytest.raises(DiscoveryError, match="Use BGe"):
        discover(evidence, ExactPosterior(score=BIC()))


def test_duplicate_and_centred_columns_are_refused_by_name() -> None:
    data = linear_data(200, 4, 15)
    data["copy"] = data["beta"]
    with pytest.raises(CheckError, match="copy"):
        discover(summarise(data))
    centred = linear_data(200, 4, 15)
    centred = centred.sub(centred.mean(axis=1), axis=0)
    with pytest.raises(CheckError):
        discover(summarise(centred))


def test_evidence_is_not_changed_by_learning() -> None:
    evidence = summarise(linear_data(50, 4, 16))
    before = evidence.scatter.copy()
    discover(evidence)
    assert np.array_equal(before, evidence.scatter)
    assert isinstance(discover(evidence).dag(0), Dag)
