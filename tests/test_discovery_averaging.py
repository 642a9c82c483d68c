"""Consensus graphs, distances between graphs, and replication in halves: laws, oracles, then refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery import OrderSearch
from causalvalues.discovery.averaging import (
    _good_order,
    consensus_dag,
    structural_hamming_distance,
    structural_intervention_distance,
)
from causalvalues.discovery.order_search import order_search
from causalvalues.discovery.split_halves import Halves, replication
from causalvalues.errors import DiscoveryError, KnowledgeError, ModelError
from causalvalues.evidence import summarise
from causalvalues.frozen import BoolArray
from causalvalues.graph import Dag, EquivalenceClass, GraphPosterior, Knowledge
from causalvalues.responses import ResponseMatrix

FEW = OrderSearch(resamples=30, restarts=3, draw_restarts=1, workers=1)


def random_graph(p: int, share: float, generator: np.random.Generator) -> BoolArray:
    graph = np.triu(generator.random((p, p)) < share, 1)
    places = generator.permutation(p)
    return graph[np.ix_(places, places)]


def names_of(p: int) -> tuple[str, ...]:
    return tuple(f"v{i:02}" for i in range(p))


def posterior_of(draws: BoolArray, prior: np.ndarray | None = None) -> GraphPosterior:
    p = draws.shape[1]
    return GraphPosterior(
        names=names_of(p),
        draws=draws,
        weights=np.ones(len(draws)),
        kind="bootstrap",
        edge=draws.mean(axis=0),
        prior_edge=np.full((p, p), np.nan) if prior is None else prior,
        exact=False,
        method="test",
    )


def some_draws(seed: int, p: int = 6, count: int = 9) -> BoolArray:
    generator = np.random.default_rng(seed)
    return np.array([random_graph(p, 0.5, generator) for _ in range(count)])


def cpdag_by_enumeration(graph: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Directed and undirected edges of the class, from all graphs with the same skeleton and colliders."""
    p = len(graph)
    pairs = [tuple(pair) for pair in np.argwhere(np.triu(graph | graph.T))]

    def colliders(g: BoolArray) -> set[tuple[int, int, int]]:
        return {
            (i, k, j)
            for k in range(p)
            for i, j in itertools.combinations(np.flatnonzero(g[:, k]), 2)
            if not (g[i, j] or g[j, i])
        }

    members = []
    for turns in itertools.product((False, True), repeat=len(pairs)):
        g = np.zeros((p, p), dtype=bool)
        for (i, j), turn in zip(pairs, turns, strict=True):
            g[(j, i) if turn else (i, j)] = True
        acyclic = not np.linalg.matrix_power(g.astype(int) + np.eye(p, dtype=int), p).trace() > p
        if acyclic and colliders(g) == colliders(graph):
            members.append(g)
    always = np.all(members, axis=0)
    return always, (graph | graph.T) & ~(always | always.T)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_the_consensus_joins_the_pairs_above_the_threshold_in_the_best_acyclic_directions(seed: int) -> None:
    posterior = posterior_of(some_draws(seed, p=5))
    graph = consensus_dag(posterior).adjacency
    joined = posterior.edge + posterior.edge.T > posterior.threshold
    assert ((graph | graph.T) == joined & ~np.eye(5, dtype=bool)).all()
    best = max(
        sum(posterior.edge[a, b] for a, b in itertools.combinations(order, 2) if joined[a, b])
        for order in itertools.permutations(range(5))
    )
    assert posterior.edge[graph].sum() == pytest.approx(best)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_the_consensus_does_not_hang_on_the_order_of_the_names(seed: int) -> None:
    posterior = posterior_of(some_draws(seed))
    places = np.random.default_rng(seed).permutation(6)
    turned = GraphPosterior(
        names=tuple(posterior.names[i] for i in places),
        draws=posterior.draws[:, places][:, :, places],
        weights=posterior.weights,
        kind="bootstrap",
        edge=posterior.edge[np.ix_(places, places)],
        prior_edge=posterior.prior_edge,
        exact=False,
        method="test",
    )
    assert sorted(consensus_dag(turned).edges) == sorted(consensus_dag(posterior).edges)


def test_the_consensus_of_equal_draws_is_that_graph() -> None:
    for p in (2, 6, 20):
        graph = random_graph(p, 0.4, np.random.default_rng(p))
        assert (consensus_dag(posterior_of(np.repeat(graph[None], 4, axis=0)), threshold=0.5).adjacency == graph).all()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_the_consensus_obeys_knowledge_beyond_the_draws(seed: int) -> None:
    names = names_of(6)
    knowledge = Knowledge(
        tiers=(names[3:], names[:1]), required={("v05", "v04"), ("v01", "v02")}, forbidden={("v02", "v03")}
    )
    for posterior in (posterior_of(some_draws(seed)), posterior_of(some_draws(seed, p=17))):
        known = names_of(len(posterior.names))
        graph = consensus_dag(posterior, knowledge).adjacency
        assert graph[knowledge.must(known)].all()
        assert not (graph & ~knowledge.allowed(known)).any()


def test_what_the_prior_of_the_posterior_says_is_impossible_or_certain_is_obeyed() -> None:
    draws = np.zeros((1, 3, 3), dtype=bool)
    draws[0, 0, 1] = True
    prior = np.full((3, 3), np.nan)
    prior[0, 1], prior[2, 1], prior[1, 2] = 0.0, 1.0, 0.0
    found = consensus_dag(posterior_of(draws, prior), threshold=0.1)
    assert found.edges == (("v01", "v00"), ("v02", "v01"))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_the_greedy_order_comes_close_to_the_best(seed: int) -> None:
    weights = np.random.default_rng(seed).random((6, 6))
    np.fill_diagonal(weights, 0.0)

    def value(order: tuple[int, ...]) -> float:
        return sum(weights[a, b] for a, b in itertools.combinations(order, 2))

    best = max(value(order) for order in itertools.permutations(range(6)))
    found = _good_order(weights)
    assert sorted(found) == list(range(6))
    assert 0.93 * best <= value(tuple(found)) <= best + 1e-9


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_hamming_distance_counts_pairs_whose_marks_differ_in_enumerated_classes(seed: int) -> None:
    generator = np.random.default_rng(seed)
    one, two = random_graph(5, 0.5, generator), random_graph(5, 0.5, generator)
    marks = []
    for graph in (one, two):
        directed, undirected = cpdag_by_enumeration(graph)
        marks.append(1 * directed + 2 * undirected)
    expected = sum(
        (marks[0][i, j], marks[0][j, i]) != (marks[1][i, j], marks[1][j, i])
        for i, j in itertools.combinations(range(5), 2)
    )
    a, b = Dag(names_of(5), one), Dag(names_of(5), two)
    assert structural_hamming_distance(a, b) == structural_hamming_distance(b, a) == expected
    assert structural_hamming_distance(EquivalenceClass.from_dag(a), b) == expected
    assert structural_hamming_distance(a, a) == 0


def test_the_hamming_distance_matches_nodes_by_name() -> None:
    one = Dag.from_edges("abc", [("a", "c"), ("b", "c")])
    assert structural_hamming_distance(one, Dag.from_edges("cab", [("b", "c"), ("a", "c")])) == 0
    chain = Dag.from_edges("abcd", [("a", "b"), ("b", "c")])
    assert structural_hamming_distance(chain, Dag.from_edges("dcba", [("c", "b"), ("b", "a")])) == 0


def test_the_hamming_distance_agrees_with_that_of_causal_learn() -> None:
    """causal-learn compares the same four marks of a pair on classes."""
    shd = pytest.importorskip("causallearn.graph.SHD").SHD
    to_class = pytest.importorskip("causallearn.utils.DAG2CPDAG").dag2cpdag
    general = pytest.importorskip("causallearn.graph.Dag").Dag
    node = pytest.importorskip("causallearn.graph.GraphNode").GraphNode
    generator = np.random.default_rng(0)
    for _ in range(6):
        graphs = [random_graph(7, 0.35, generator) for _ in range(2)]
        theirs = []
        for graph in graphs:
            nodes = [node(name) for name in names_of(7)]
            other = general(nodes)
            for i, j in np.argwhere(graph):
                other.add_directed_edge(nodes[i], nodes[j])
            theirs.append(to_class(other))
        ours = structural_hamming_distance(*(Dag(names_of(7), graph) for graph in graphs))
        assert ours == shd(*theirs).get_shd()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_intervention_distance_counts_effects_that_adjustment_gets_wrong(seed: int) -> None:
    """Effects in a linear model of the truth with random coefficients, from its exact covariance."""
    generator = np.random.default_rng(seed)
    p = 5
    truth, guess = random_graph(p, 0.5, generator), random_graph(p, 0.5, generator)
    size = truth * generator.uniform(0.3, 1.5, (p, p)) * generator.choice([-1, 1], (p, p))
    total = np.linalg.inv(np.eye(p) - size)
    covariance = total.T @ np.diag(generator.uniform(0.5, 2, p)) @ total
    wrong = 0
    for i, j in itertools.permutations(range(p), 2):
        parents = np.flatnonzero(guess[:, i]).tolist()
        effect = 0.0
        if j not in parents:
            use = [i, *parents]
            effect = np.linalg.solve(covariance[np.ix_(use, use)], covariance[use, j])[0]
        wrong += abs(effect - total[i, j]) > 1e-8
    assert structural_intervention_distance(Dag(names_of(p), truth), Dag(names_of(p), guess)) == wrong


def test_the_intervention_distance_of_known_graphs() -> None:
    """A superset of the true edges gives right effects; the empty graph is wrong about each that confounding biases."""
    truth = Dag.from_edges("abc", [("a", "b"), ("b", "c")])
    more = Dag.from_edges("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    assert structural_intervention_distance(truth, more) == 0
    assert structural_intervention_distance(more, truth) == 1  # b -> c, which a confounds
    assert structural_intervention_distance(truth, Dag.from_edges("cba", [])) == 3


def test_the_intervention_distance_agrees_with_gadjid() -> None:
    gadjid = pytest.importorskip("gadjid")
    generator = np.random.default_rng(1)
    for p in (4, 8, 12):
        truth, guess = random_graph(p, 0.4, generator), random_graph(p, 0.4, generator)
        theirs = gadjid.parent_aid(truth.astype(np.int8), guess.astype(np.int8), edge_direction="from row to column")
        assert structural_intervention_distance(Dag(names_of(p), truth), Dag(names_of(p), guess)) == theirs[1]


def test_graphs_over_other_names_are_refused() -> None:
    one, other = Dag.from_edges("ab", []), Dag.from_edges("ax", [])
    for distance in (structural_hamming_distance, structural_intervention_distance):
        with pytest.raises(ModelError, match="'b' is a node of one graph only"):
            distance(one, other)


def test_a_threshold_out_of_range_and_unknown_names_are_refused() -> None:
    posterior = posterior_of(some_draws(0))
    with pytest.raises(DiscoveryError, match="`threshold` is 2"):
        consensus_dag(posterior, threshold=2)
    with pytest.raises(KnowledgeError, match="'power'"):
        consensus_dag(posterior, Knowledge(forbidden={("power", "v01")}))


def chain_matrix(clusters: int, rows_each: int, strength: float, seed: int = 0) -> ResponseMatrix:
    """Values a -> b -> c and an unrelated d; a cluster-wide tendency ties d to a within each cluster differently."""
    generator = np.random.default_rng(seed)
    n = clusters * rows_each
    cluster = np.repeat(np.arange(clusters), rows_each)
    a, d = generator.standard_normal(n), generator.standard_normal(n)
    b = strength * a + generator.standard_normal(n)
    c = strength * b + generator.standard_normal(n)
    return ResponseMatrix(
        names=("a", "b", "c", "d"),
        scores=np.column_stack([a, b, c, d]),
        unit_ids=tuple(map(str, range(n))),
        labels={"persona": tuple(f"p{i}" for i in cluster)},
        cluster_by="persona",
    )


def test_strong_edges_replicate_and_nothing_is_found_in_noise() -> None:
    table = replication(chain_matrix(40, 10, 0.9), FEW, halves=Halves(splits=2))
    assert len(table) == 4
    assert (table["clusters"] == 20).all()
    assert (table["sure"] == 2).all()
    assert (table["share"] == 1.0).all()
    assert np.allclose(table["expected"], 2 / 6)
    noise = replication(chain_matrix(40, 10, 0.0), FEW, halves=Halves(splits=2))
    assert (noise["sure"] == 0).all()
    assert noise["share"].isna().all()


def test_what_one_half_is_sure_of_is_looked_up_in_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = np.zeros((4, 4)), np.zeros((4, 4))
    one[0, 1] = one[1, 0] = one[0, 2] = one[2, 0] = 0.99
    other[0, 1] = other[1, 0] = 0.6
    answers = iter((one, other))
    monkeypatch.setattr("causalvalues.discovery.split_halves._adjacent", lambda *_: next(answers))
    table = replication(chain_matrix(10, 10, 0.5), FEW, halves=Halves(splits=1))
    assert table["sure"].tolist() == [2, 0]
    assert table["again"].tolist() == [1, 0]
    assert table["share"][0] == 0.5
    assert np.allclose(table["expected"], [1 / 6, 2 / 6])


def test_clusters_are_never_torn_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def noted(part: ResponseMatrix, within: str = "") -> object:
        seen.append(set(part.clusters or ()))
        return summarise(part, within)

    monkeypatch.setattr("causalvalues.discovery.split_halves.summarise", noted)
    replication(chain_matrix(11, 20, 0.5), FEW, halves=Halves(splits=3))
    for one, other in zip(seen[::2], seen[1::2], strict=True):
        assert not one & other
        assert len(one) == 5
        assert len(one | other) == 11
    assert len({frozenset(half) for half in seen[::2]}) > 1


def test_replication_hangs_on_the_seed_alone_and_knowledge_is_not_counted() -> None:
    matrix = chain_matrix(20, 20, 0.9)
    one = replication(matrix, FEW, seed=3, halves=Halves(splits=1))
    pd.testing.assert_frame_equal(one, replication(matrix, FEW, seed=3, halves=Halves(splits=1)))
    known = replication(matrix, FEW, Knowledge(required={("a", "b")}), seed=3, halves=Halves(splits=1))
    assert (known["sure"] == one["sure"] - 1).all()


def test_too_few_clusters_and_settings_out_of_range_are_refused() -> None:
    with pytest.raises(DiscoveryError, match="3 clusters cannot be split"):
        replication(chain_matrix(3, 50, 0.5), FEW)
    with pytest.raises(DiscoveryError, match="`splits` is 0"):
        Halves(splits=0)
    with pytest.raises(DiscoveryError, match=r"`again` is 0\.9"):
        Halves(sure=0.5, again=0.9)


def test_the_consensus_of_a_bootstrap_finds_the_chain() -> None:
    posterior = order_search(summarise(chain_matrix(40, 10, 0.9)), FEW)
    found = consensus_dag(posterior, Knowledge(tiers=(("a",), ("b",), ("c",))))
    assert sorted(found.edges) == [("a", "b"), ("b", "c")]
