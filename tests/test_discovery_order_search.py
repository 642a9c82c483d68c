"""Order search: laws of the result, then exhaustive search and other libraries, then what is refused."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery import OrderSearch, discover
from causalvalues.discovery.order_climb import OrderClimber, OrderProblem
from causalvalues.discovery.order_kernels import grow_shrink
from causalvalues.discovery.order_move_kernels import respect
from causalvalues.discovery.order_search import best_graph, order_search
from causalvalues.errors import CheckError, DataError, DiscoveryError, KnowledgeError
from causalvalues.evidence import Evidence, summarise
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import Dag, EquivalenceClass, GraphPosterior, Knowledge, ancestors
from causalvalues.responses import ResponseMatrix

FEW = OrderSearch(resamples=12, restarts=5, draw_restarts=1)


def random_dag(p: int, edges: int, generator: np.random.Generator) -> BoolArray:
    graph = np.zeros((p, p), dtype=bool)
    graph[tuple(np.array(np.triu_indices(p, 1))[:, generator.permutation(p * (p - 1) // 2)[:edges]])] = True
    places = generator.permutation(p)
    return graph[np.ix_(places, places)]


def simulate(graph: BoolArray, n: int, generator: np.random.Generator) -> FloatArray:
    """Standardised rows of a linear Gaussian network with coefficients of size .3 to 1."""
    p = len(graph)
    size = generator.uniform(0.3, 1.0, (p, p)) * generator.choice([-1.0, 1.0], (p, p))
    rows = generator.standard_normal((n, p)) @ np.linalg.inv(np.eye(p) - graph * size)
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def table(p: int = 8, n: int = 300, edges: int = 10, seed: int = 0) -> tuple[pd.DataFrame, BoolArray]:
    generator = np.random.default_rng(seed)
    graph = random_dag(p, edges, generator)
    return pd.DataFrame(simulate(graph, n, generator), columns=[f"value {i}" for i in range(p)]), graph


def moments(correlation: FloatArray, n: int) -> Evidence:
    """Evidence from a published correlation matrix and its number of rows."""
    p = len(correlation)
    return Evidence(
        names=tuple(f"v{i:02}" for i in range(p)),
        mean=np.zeros(p),
        scatter=correlation * (n - 1),
        n=n,
        n_score=n,
        pairwise_n=np.full((p, p), float(n)),
    )


def local_score(R: FloatArray, v: int, parents: list[int], n: float, price: float) -> float:
    left = 1.0 - (R[v, parents] @ np.linalg.solve(R[np.ix_(parents, parents)], R[parents, v]) if parents else 0.0)
    return float(-n / 2 * np.log(left) - price * len(parents))


def graph_score(R: FloatArray, graph: BoolArray, n: float, price: float) -> float:
    return sum(local_score(R, v, np.flatnonzero(graph[:, v]).tolist(), n, price) for v in range(len(R)))


def best_score(R: FloatArray, problem: OrderProblem) -> float:
    """Best score of any graph, by trying all orders, and for each node all sets of earlier parents."""
    p = len(R)
    best: dict[tuple[int, frozenset[int]], float] = {}
    for v in range(p):
        required = set(np.flatnonzero(problem.must[:, v]).tolist())
        free = set(np.flatnonzero(problem.allowed[:, v]).tolist())
        scores = {
            frozenset(parents): local_score(R, v, list(parents), problem.n, problem.price)
            for k in range(p)
            for parents in itertools.combinations(sorted(free), k)
            if required <= set(parents)
        }
        for k in range(p):
            for earlier in map(frozenset, itertools.combinations([u for u in range(p) if u != v], k)):
                best[v, earlier] = max((score for s, score in scores.items() if s <= earlier), default=-np.inf)
    return max(
        sum(best[v, frozenset(order[:place])] for place, v in enumerate(order))
        for order in itertools.permutations(range(p))
    )


def found(R: FloatArray, problem: OrderProblem, restarts: int = 50) -> tuple[BoolArray, float]:
    climber, generator = OrderClimber(R, problem), np.random.default_rng(0)
    state = climber.pivoted()
    climber.climb(state, generator)
    state, _ = climber.iterate(state, restarts, generator)
    return state.graph, state.score


def case(number: int, p: int) -> tuple[FloatArray, OrderProblem]:
    """One of many small problems; every second one has forbidden and required edges."""
    generator = np.random.default_rng([p, number])
    n = (30, 200, 2000)[number % 3]
    R = np.corrcoef(simulate(random_dag(p, p + number % 3, generator), n, generator).T)
    allowed, must = ~np.eye(p, dtype=bool), np.zeros((p, p), dtype=bool)
    if number % 2:
        allowed &= generator.random((p, p)) < 0.8
        must[0, 1] = must[1, 2] = True
        allowed = (allowed | must) & ~must.T
    return R, OrderProblem(allowed, must, n, 0.5 * np.log(n), p - 1)


@pytest.fixture(scope="module")
def posterior() -> GraphPosterior:
    return order_search(summarise(table()[0]), FEW)


def test_the_score_of_the_search_is_the_score_of_its_graph_from_scratch() -> None:
    for number in range(30):
        R, problem = case(number, 8)
        graph, score = found(R, problem, restarts=3)
        assert score == pytest.approx(graph_score(R, graph, problem.n, problem.price), rel=1e-9)


def test_the_search_never_beats_the_exact_optimum_and_nearly_always_reaches_it() -> None:
    short = []
    for number in range(36):
        R, problem = case(number, 5 if number % 4 else 6)
        graph, score = found(R, problem)
        optimum = best_score(R, problem)
        assert score <= optimum + 1e-6
        assert not (graph & ~problem.allowed).any()
        assert graph[problem.must].all()
        short.append(optimum - score > 1e-6)
    assert np.mean(short) <= 0.03


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_grow_shrink_ends_where_no_single_parent_helps(seed: int) -> None:
    """Neither adding nor dropping one parent improves the score, and required parents are there."""
    generator = np.random.default_rng(seed)
    p, n = 9, 150
    R = np.corrcoef(simulate(random_dag(p, 18, generator), n, generator).T)
    must = np.zeros((p, p), dtype=bool)
    must[3, 0] = must[4, 0] = seed % 2 == 0
    problem = OrderProblem(~np.eye(p, dtype=bool), must, n, 0.5 * np.log(n), p - 1)
    task = OrderClimber(R, problem).task
    start = [u for u in generator.permutation(np.arange(1, p)).tolist() if not must[u, 0]][: int(generator.integers(4))]
    fixed = np.flatnonzero(must[:, 0]).tolist()
    parents = np.zeros(p - 1, dtype=np.int64)
    parents[: len(fixed) + len(start)] = fixed + start
    task.candidate[:] = generator.random(p) < 0.7
    task.candidate[0] = False
    k, score = grow_shrink(0, len(fixed) + len(start), parents, task)
    chosen = parents[:k].tolist()
    assert len(set(chosen)) == k
    assert set(fixed) <= set(chosen)
    assert score == pytest.approx(local_score(R, 0, chosen, n, problem.price), rel=1e-9)
    for u in set(range(1, p)) - set(chosen):
        assert not task.candidate[u] or local_score(R, 0, [*chosen, u], n, problem.price) <= score + 1e-6
    for u in set(chosen) - set(fixed):
        assert local_score(R, 0, [w for w in chosen if w != u], n, problem.price) <= score + 1e-6


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_an_order_that_respects_required_edges_is_left_alone_and_others_are_repaired(seed: int) -> None:
    generator = np.random.default_rng(seed)
    must = random_dag(7, 5, generator)
    order = respect(generator.permutation(7), must)
    place = np.argsort(order)
    assert sorted(order.tolist()) == list(range(7))
    assert all(place[i] < place[j] for i, j in np.argwhere(must))
    assert (respect(order, must) == order).all()


@pytest.mark.parametrize(("penalty", "ebic"), [(1.0, 0.0), (2.0, 0.0), (1.0, 0.5)])
def test_the_penalty_is_the_stated_multiple_of_the_standard_bic(penalty: float, ebic: float) -> None:
    """Two values are adjacent exactly when -n log(1 - r^2) exceeds penalty log n + 4 ebic log p, n the freedom."""
    n, method = 200, OrderSearch(penalty=penalty, ebic=ebic, resamples=1, restarts=0)
    price = (penalty * np.log(n - 1) + 4 * ebic * np.log(2)) / (n - 1)
    edge_at = np.sqrt(1 - np.exp(-price))
    for factor, edges in ((0.999, 0), (1.001, 1)):
        r = factor * edge_at
        assert len(best_graph(moments(np.array([[1, r], [r, 1]]), n), method).edges) == edges


def test_the_extended_penalty_is_the_default_and_is_named() -> None:
    few = OrderSearch(resamples=1, restarts=0)
    assert few.ebic == 0.5
    assert "gamma 0.5" in order_search(moments(np.eye(10), 200), few).method
    assert (
        "extended" not in order_search(moments(np.eye(10), 200), OrderSearch(ebic=0.0, resamples=1, restarts=0)).method
    )


def test_draws_are_acyclic_equally_weighted_and_counted_by_the_edge_table(posterior: GraphPosterior) -> None:
    assert posterior.kind == "bootstrap"
    assert not posterior.exact
    assert len(posterior.draws) == FEW.resamples
    assert (posterior.weights == posterior.weights[0]).all()
    ancestors(posterior.draws)  # raises on a cycle
    assert np.allclose(posterior.edge, posterior.draws.mean(axis=0))
    assert (posterior.compelled_probabilities.to_numpy() <= posterior.edge + 1e-12).all()
    assert np.isnan(posterior.prior_edge[~np.eye(8, dtype=bool)]).all()


def test_settings_are_json_ready_and_hold_the_graph_of_the_data(posterior: GraphPosterior) -> None:
    kept = json.loads(json.dumps(dict(posterior.settings)))
    graph = best_graph(summarise(table()[0]), FEW)
    assert sorted(map(tuple, kept["graph"])) == sorted(graph.edges)
    R = np.corrcoef(table()[0].to_numpy().T)
    price = kept["penalty"] / 2 * np.log(kept["n"]) + 2 * kept["ebic"] * np.log(8)
    assert kept["score"] == pytest.approx(graph_score(R, graph.adjacency, kept["n"], price), rel=1e-9)


def test_discover_calls_the_search(posterior: GraphPosterior) -> None:
    assert (discover(summarise(table()[0]), FEW).draws == posterior.draws).all()


def test_the_order_and_the_scale_of_the_columns_change_nothing(posterior: GraphPosterior) -> None:
    rows, _ = table()
    names = list(rows.columns)
    for factor, places in ((1e8, [5, 3, 0, 7, 1, 2, 6, 4]), (1e-8, [7, 6, 5, 4, 3, 2, 1, 0])):
        other = order_search(summarise(factor * rows.iloc[:, places]), FEW)
        assert other.edge_probabilities.loc[names, names].equals(posterior.edge_probabilities)
        assert other.settings["graph"] == posterior.settings["graph"]


def test_the_hash_seed_changes_nothing(posterior: GraphPosterior) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_discovery_order_search as t;"
        "print(t.order_search(t.summarise(t.table()[0]), t.FEW).draws.astype(int).ravel().tolist())"
    )
    folder = os.path.dirname(__file__)  # noqa: PTH120
    run = subprocess.run(
        [sys.executable, "-c", code, folder],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == posterior.draws.astype(int).ravel().tolist()


def test_what_the_search_remembers_changes_nothing_but_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one slot nearly every question is worked out again."""
    for number in range(4):
        rows, _ = table(p=40, n=200, edges=120, seed=number)
        free, none = ~np.eye(40, dtype=bool), np.zeros((40, 40), dtype=bool)
        R, problem = np.corrcoef(rows.to_numpy().T), OrderProblem(free, none, 200, 0.5 * np.log(200), 39)
        states = []
        for slots in (2**13, 1):
            monkeypatch.setattr("causalvalues.discovery.order_climb.SLOTS", slots)
            climber, generator = OrderClimber(R, problem), np.random.default_rng(number)
            state = climber.start(generator.permutation(40))
            climber.climb(state, generator)
            state, _ = climber.iterate(state, 5, generator)
            states.append(state)
        assert (states[0].order == states[1].order).all()
        assert (states[0].graph == states[1].graph).all()


def test_the_seed_is_all_that_randomness_hangs_on(posterior: GraphPosterior) -> None:
    evidence = summarise(table()[0])
    assert (order_search(evidence, FEW, seed=0).draws == posterior.draws).all()
    assert not np.array_equal(order_search(evidence, FEW, seed=1).draws, posterior.draws)
    more = order_search(evidence, OrderSearch(resamples=15, restarts=5, draw_restarts=1))
    assert (more.draws[:12] == posterior.draws).all()


def test_knowledge_holds_in_the_graph_and_in_every_draw() -> None:
    rows, _ = table()
    v = list(rows.columns)
    knowledge = Knowledge(
        tiers=((v[5], v[1], v[0]), (v[2], v[6]), (v[7],)),
        required={(v[0], v[7]), (v[7], v[3]), (v[5], v[2]), (v[3], v[4])},
        forbidden={(v[4], v[1]), (v[1], v[4]), (v[0], v[1])},
    )
    evidence = summarise(rows)
    draws = order_search(evidence, FEW, knowledge).draws
    prior = order_search(evidence, FEW, knowledge).prior_edge
    for graph in (*draws, best_graph(evidence, FEW, knowledge).adjacency):
        assert not (graph & ~knowledge.allowed(v)).any()
        assert graph[knowledge.must(v)].all()
    assert (prior[knowledge.must(v)] == 1).all()
    assert (prior[~knowledge.allowed(v)] == 0).all()


def test_a_required_edge_between_independent_values_survives_everything() -> None:
    rows = pd.DataFrame(np.random.default_rng(1).standard_normal((200, 22)), columns=[f"v{i:02}" for i in range(22)])
    required = {("v21", "v00"), ("v00", "v20"), ("v20", "v05")}
    draws = discover(summarise(rows), OrderSearch(penalty=2, resamples=8), Knowledge(required=required))
    for cause, effect in required:
        assert draws.edge_probabilities.loc[cause, effect] == 1.0
        assert draws.edge_probabilities.loc[effect, cause] == 0.0


def test_a_mediator_between_tiers_is_found() -> None:
    generator = np.random.default_rng(4)
    a = generator.standard_normal(5000)
    b = a + generator.standard_normal(5000)
    c = b + generator.standard_normal(5000)
    rows = pd.DataFrame({"c": c, "a": a, "b": b})
    graph = best_graph(summarise(rows), FEW, Knowledge(tiers=(("a",), ("b",), ("c",))))
    assert sorted(graph.edges) == [("a", "b"), ("b", "c")]


def test_directions_that_the_data_leave_open_are_shared_out_and_not_compelled() -> None:
    """A chain of five has five members, one for each first node, so the k-th link points forward in k of the five."""
    generator = np.random.default_rng(0)
    rows = np.cumsum(generator.standard_normal((20_000, 5)), axis=1)
    draws = 300
    method = OrderSearch(resamples=draws, ebic=1.0, draw_restarts=0)
    chain = order_search(summarise(pd.DataFrame(rows, columns=list("abcde"))), method)
    graph = chain.averaged_graph()
    assert {frozenset(pair) for pair in zip(graph["cause"], graph["effect"], strict=True)} == {
        frozenset(pair) for pair in ("ab", "bc", "cd", "de")
    }
    assert graph["compelled"].max() < 0.05
    for k, (one, two) in enumerate(("ab", "bc", "cd", "de"), start=1):
        share = k / 5
        assert abs(chain.edge_probabilities.loc[one, two] - share) < 4 * np.sqrt(share * (1 - share) / draws) + 0.02


def test_each_draw_is_a_random_member_of_the_class_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the member at which the search happened to stop."""

    def marked(draw: BoolArray, fixed: BoolArray, generator: np.random.Generator) -> BoolArray:
        if len(draw) > 2:  # smaller ones only load the compiled code
            assert fixed[0, 1]
            assert fixed.sum() == 8 + 1
        return np.zeros_like(draw)

    monkeypatch.setattr("causalvalues.discovery.order_run.random_member", marked)
    rows, _ = table()
    knowledge = Knowledge(required={("value 0", "value 1")})
    assert not order_search(summarise(rows), FEW, knowledge).draws.any()


def test_levers_are_partialled_out() -> None:
    generator = np.random.default_rng(2)
    dose = np.repeat([0.0, 1.0], 400)
    scores = generator.standard_normal((800, 4)) + 3 * dose[:, None]
    matrix = ResponseMatrix(
        names=tuple("abcd"),
        scores=scores,
        unit_ids=tuple(map(str, range(800))),
        levers=("prompt",),
        doses=dose[:, None],
    )
    found_ = order_search(summarise(matrix), FEW)
    assert found_.levers == ("prompt",)
    assert found_.lever_mode == "saturated"
    assert best_graph(summarise(matrix), FEW).edges == ()
    pooled = summarise(pd.DataFrame(scores, columns=list("abcd")))
    assert len(best_graph(pooled, FEW).edges) >= 3


def test_moments_without_rows_are_enough() -> None:
    rows, _ = table()
    evidence = summarise(rows)
    bare = Evidence(
        names=evidence.names,
        mean=evidence.mean,
        scatter=evidence.scatter,
        n=evidence.n,
        n_score=evidence.n_score,
        pairwise_n=evidence.pairwise_n,
    )
    drawn, rowwise = order_search(bare, OrderSearch(resamples=40)), order_search(evidence, OrderSearch(resamples=40))
    assert any("Wishart" in line for line in drawn.givens)
    assert not any("Wishart" in line for line in rowwise.givens)
    change = (drawn.adjacent_probabilities - rowwise.adjacent_probabilities).abs()
    assert change.to_numpy().max() < 0.5
    assert change.to_numpy().mean() < 0.06


def test_an_easy_network_of_thirty_nodes_is_recovered() -> None:
    rows, graph = table(p=30, n=20_000, edges=40, seed=3)
    truth = EquivalenceClass.from_dag(Dag(tuple(rows.columns), graph))
    learned = best_graph(summarise(rows), OrderSearch(penalty=2.0, restarts=20))
    assert EquivalenceClass.from_dag(learned) == truth


def test_the_search_scores_at_least_as_well_as_flopsearch() -> None:
    flopsearch = pytest.importorskip("flopsearch")
    for seed in range(4):
        rows, _ = table(p=20, n=400, edges=40, seed=seed)
        n, R = 400, np.corrcoef(rows.to_numpy().T)
        free, none = ~np.eye(20, dtype=bool), np.zeros((20, 20), dtype=bool)
        _, score = found(R, OrderProblem(free, none, n, np.log(n), 19), restarts=40)
        cpdag = flopsearch.flop(rows.to_numpy(), 2.0, restarts=20)
        theirs = EquivalenceClass(tuple(rows.columns), cpdag == 1, cpdag == 2).member().adjacency
        assert score >= graph_score(R, theirs, n, np.log(n)) - 0.5


def test_a_time_limit_stops_the_search_with_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that runs one second at every look: the limit bounds how often it is looked at."""
    looks = [0.0]

    def tick() -> float:
        looks[0] += 1.0
        return looks[0]

    for module in ("order_climb", "order_run"):
        monkeypatch.setattr(f"causalvalues.discovery.{module}.time", SimpleNamespace(monotonic=tick))
    rows, _ = table(p=21, edges=30)
    required = {("value 3", "value 4")}
    cut = order_search(summarise(rows), OrderSearch(time_limit=60, workers=1), Knowledge(required=required))
    assert looks[0] < 60 + 10
    assert 1 <= len(cut.draws) < 100
    assert cut.edge_probabilities.loc["value 3", "value 4"] == 1.0
    assert f"60 s was reached: {len(cut.draws)} of 100" in cut.givens[-1]
    looks[0] = 0.0
    least = order_search(summarise(rows), OrderSearch(time_limit=1, workers=1), Knowledge(required=required))
    assert len(least.draws) == 1
    assert least.draws[0][rows.columns.get_loc("value 3"), rows.columns.get_loc("value 4")]
    assert "was not complete" in least.givens[-1]


@pytest.mark.parametrize("r", [0.0, 0.6])
def test_two_values_are_enough(r: float) -> None:
    generator = np.random.default_rng(3)
    a = generator.standard_normal(300)
    rows = pd.DataFrame({"a": a, "b": r * a + np.sqrt(1 - r**2) * generator.standard_normal(300)})
    found_ = order_search(summarise(rows), FEW, Knowledge(required={("b", "a")}) if r else None)
    assert (found_.edge_probabilities.loc["b", "a"] == 1.0) == (r > 0)
    assert found_.adjacent_probabilities.loc["a", "b"] == pytest.approx(1.0 if r else 0.0, abs=0.3)


def test_few_clusters_leave_out_samples_in_which_a_value_does_not_vary() -> None:
    """One of the five values varies in a single cluster of six, which a third of the samples do not hold."""
    generator = np.random.default_rng(0)
    cluster = np.repeat(np.arange(6), 15)
    scores = generator.standard_normal((90, 5))
    scores[cluster != 2, 4] = 1.0
    scores[cluster == 2, 4] = 1.0 + generator.standard_normal(15)
    matrix = ResponseMatrix(
        names=tuple("abcde"),
        scores=scores,
        unit_ids=tuple(map(str, range(90))),
        labels={"persona": tuple(map(str, cluster))},
        cluster_by="persona",
    )
    method = OrderSearch(resamples=60, restarts=2, draw_restarts=1)
    found_ = order_search(summarise(matrix), method)
    left = 60 - len(found_.draws)
    assert 8 <= left <= 32
    assert f"{left} bootstrap samples in which a value does not vary were left out" in found_.givens
    assert not any("time limit" in line for line in found_.givens)


def test_a_large_network_is_searched_within_its_limit_of_parents() -> None:
    rows, graph = table(p=120, n=400, edges=180, seed=9)
    learned = best_graph(summarise(rows), OrderSearch(penalty=2.0, restarts=2))
    joined, true = learned.adjacency | learned.adjacency.T, graph | graph.T
    assert 2 * (joined & true).sum() / (joined.sum() + true.sum()) > 0.9


def test_fewer_rows_than_columns_are_refused_with_the_number_needed() -> None:
    with pytest.raises(DiscoveryError, match=r"20 rows are too few for 30 values.*at least 32"):
        order_search(moments(np.eye(30), 20), FEW)
    rows, _ = table(p=30, n=20, edges=30)
    with pytest.raises(DataError, match=r"20 of 20 rows.*at least 32"):
        order_search(summarise(rows), FEW)


def test_hardly_more_rows_than_columns_still_work() -> None:
    rows, _ = table(p=30, n=36, edges=20)
    few = order_search(summarise(rows), FEW)
    assert len(few.draws) == FEW.resamples
    assert few.draws.sum(axis=1).max() <= 8
    assert any("at most 8 direct causes" in line for line in few.givens)


def test_required_causes_that_are_the_same_in_a_sample_stay() -> None:
    """Perfectly correlated parents, as a resample of few clusters may have them."""
    R = np.array([[1, 1, 0.5, 0.1], [1, 1, 0.5, 0.1], [0.5, 0.5, 1, 0.3], [0.1, 0.1, 0.3, 1]])
    must = np.zeros((4, 4), dtype=bool)
    must[0, 2] = must[1, 2] = True
    graph, score = found(R, OrderProblem(~np.eye(4, dtype=bool) & ~must.T, must, 100.0, 2.0, 3))
    assert graph[must].all()
    assert np.isfinite(score)


def test_columns_that_carry_nothing_are_named() -> None:
    rows, _ = table()
    for bad, name in ((rows.assign(flat=3.0), "flat"), (rows.assign(twin=rows["value 2"]), "twin")):
        with pytest.raises(CheckError, match=name):
            order_search(summarise(bad), FEW)
    with pytest.raises(DiscoveryError, match="at least two values"):
        order_search(moments(np.eye(1), 50), FEW)


def test_unknown_names_in_knowledge_are_refused() -> None:
    with pytest.raises(KnowledgeError, match="'valu 3'"):
        order_search(summarise(table()[0]), FEW, Knowledge(required={("value 1", "valu 3")}))


@pytest.mark.parametrize(
    "wrong",
    [{"penalty": 0.0}, {"penalty": np.nan}, {"ebic": 2.0}, {"resamples": 0}, {"restarts": -1}, {"time_limit": 0.0}],
)
def test_settings_out_of_range_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(DiscoveryError, match=f"`{next(iter(wrong))}`"):
        OrderSearch(**wrong)
