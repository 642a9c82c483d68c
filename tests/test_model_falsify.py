"""Falsification: implied independences, nulls, held-out rows, and labels of moved values."""

from __future__ import annotations

import itertools
import math
import warnings
from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, stdtr

from causalvalues.discovery import ExactPosterior, OrderSearch, discover
from causalvalues.errors import ModelError
from causalvalues.evidence import summarise
from causalvalues.graph import Dag, EquivalenceClass
from causalvalues.model import lever_effects
from causalvalues.model.falsify import HeldOut, central_graph, falsify, joined_p, split_rows
from causalvalues.model.graph_nulls import GraphNulls, graph_test, node_permutations, random_graphs
from causalvalues.model.held_out_prediction import CORRELATION, FULL, covariance_selection, held_out_prediction
from causalvalues.model.implied_independences import implied_independences
from causalvalues.model.label_permutation import LabelPermutations, descendants_move_more
from causalvalues.model.partial_correlations import value_moments
from causalvalues.model.steered_changes import SteeredChanges
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

FEW = GraphNulls(permutations=200, random_graphs=200)


def simulated(p: int, n: int, seed: int, share: float = 0.5) -> tuple[Dag, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    adjacency = np.triu(rng.random((p, p)) < share, 1)
    b = adjacency * rng.uniform(0.2, 0.7, (p, p))
    order = rng.permutation(p)
    names = [f"v {j}" for j in order]
    data = rng.normal(size=(n, p)) @ np.linalg.inv(np.eye(p) - b)
    return Dag(tuple(names), adjacency), pd.DataFrame(data, columns=names)


def fisher_z(x: np.ndarray, y: np.ndarray, z: np.ndarray | None = None) -> float:
    """P-value of zero partial correlation from least squares on the rows."""
    x, y, n = np.ravel(x), np.ravel(y), len(x)
    given = np.ones((n, 1)) if z is None else np.column_stack([np.ones(n), z])
    ex, ey = (v - given @ np.linalg.lstsq(given, v, rcond=None)[0] for v in (x, y))
    r = ex @ ey / np.sqrt((ex @ ex) * (ey @ ey))
    return float(2 * ndtr(-abs(np.arctanh(r)) * np.sqrt(n - (given.shape[1] - 1) - 3)))


def clustered(data: np.ndarray, names: tuple[str, ...], size: int) -> ResponseMatrix:
    n = len(data)
    persona = [f"p{i // size:04d}" for i in range(n)]
    return ResponseMatrix(names, data, [str(i) for i in range(n)], labels={"persona": persona}, cluster_by="persona")


# ---------------------------------------------------------------- implied independences


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), p=st.integers(2, 6))
def test_every_local_markov_condition_is_tested_with_fishers_z(seed: int, p: int) -> None:
    dag, data = simulated(p, 60, seed)
    found = implied_independences(dag, summarise(data)).table
    graph = dag.networkx()
    wanted = {
        (v, w)
        for v in graph
        for w in graph
        if w != v and w not in nx.descendants(graph, v) and not graph.has_edge(w, v)
    }
    assert set(zip(found["value"], found["other"], strict=True)) == wanted
    for row in found.itertuples():
        z = data[list(row.given)].to_numpy() if row.given else None
        assert row.p == pytest.approx(fisher_z(data[row.value].to_numpy(), data[row.other].to_numpy(), z), abs=1e-9)
        assert row.violated == (row.p <= 0.05)


def test_levers_are_partialled_out_and_charged() -> None:
    rng = np.random.default_rng(0)
    dose = (rng.random((300, 2)) < 0.4).astype(float)
    scores = rng.normal(size=(300, 3)) + 3 * dose[:, :1]
    matrix = ResponseMatrix(list("abc"), scores, [str(i) for i in range(300)], levers=["x", "y"], doses=dose)
    evidence = summarise(matrix)
    found = implied_independences(Dag.from_edges("abc", []), evidence).table
    design = np.column_stack([dose, dose.prod(axis=1)])
    assert evidence.columns[3:] == ("x", "y", "x+y")
    for row in found.itertuples():
        p_value = fisher_z(matrix.column(row.value), matrix.column(row.other), design)
        assert row.p == pytest.approx(p_value, abs=1e-9)
        assert row.p > 0.001


def test_tests_keep_their_level_when_rows_are_clustered() -> None:
    dag = Dag.from_edges("abc", [("a", "b"), ("a", "c")])
    wrong, naive = [], []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        code = np.repeat(np.arange(40), 10)
        noise = np.sqrt(0.6) * rng.normal(size=(40, 3))[code] + np.sqrt(0.4) * rng.normal(size=(400, 3))
        noise[:, 1:] += 0.6 * noise[:, :1]
        clusters = implied_independences(dag, summarise(clustered(noise, ("a", "b", "c"), 10)))
        wrong.append(clusters.violations > 0)
        rows = implied_independences(dag, summarise(pd.DataFrame(noise, columns=list("abc"))))
        naive.append(rows.violations > 0)
    assert np.mean(wrong) <= 0.10
    assert np.mean(naive) >= 0.25


def test_the_effective_n_of_a_partial_correlation_comes_from_the_residuals_of_its_own_clusters() -> None:
    rng = np.random.default_rng(8)
    code = np.repeat(np.arange(25), 8)
    shared = rng.normal(size=(25, 3))[code]
    rows = np.column_stack(
        [shared[:, 0], 2 * shared[:, 0] + rng.normal(size=200), shared[:, 1:] + rng.normal(size=(200, 2))]
    )
    rows[:, 3] += rows[:, 0] + rows[:, 1]
    names = ("a", "b", "c", "d")
    found = implied_independences(Dag.from_edges(names, [("a", "d"), ("b", "d")]), summarise(clustered(rows, names, 8)))
    line = found.table[(found.table["value"] == "d") & (found.table["other"] == "c")].iloc[0]
    x = np.column_stack([np.ones(200), rows[:, :2]])
    e, f = (rows[:, j] - x @ np.linalg.lstsq(x, rows[:, j], rcond=None)[0] for j in (3, 2))
    e, f = e / np.sqrt(np.mean(e**2)), f / np.sqrt(np.mean(f**2))
    r = np.mean(e * f)
    sums = np.bincount(code, e * f - r / 2 * (e**2 + f**2))
    variance = 25 / 24 * np.sum(sums**2) / 200**2
    effective = min((1 - r**2) ** 2 / variance, 200)
    assert effective < 190
    assert line["r"] == pytest.approx(r)
    assert line["freedom"] == pytest.approx(effective * (1 - 2 / 200) - 3)
    wanted = 2 * stdtr(24, -abs(np.arctanh(r)) * np.sqrt(line["freedom"]))
    assert line["p"] == pytest.approx(wanted)


def test_clusters_vary_within_strata() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(24, 3))[np.repeat(np.arange(24), 6)] + rng.normal(size=(144, 3))
    moments = value_moments(summarise(clustered(rows, ("a", "b", "c"), 6)))
    sets = np.array([[False, False, True]])
    plain = moments.given(sets)
    one = replace(moments, strata=np.zeros(24, dtype=np.int64)).given(sets)
    np.testing.assert_allclose(one.freedom[0, 0, 1], plain.freedom[0, 0, 1])
    sides = replace(moments, strata=(np.arange(24) >= 12).astype(np.int64)).given(sets)
    maker = moments.residual_makers(sets)[0]
    scale = np.sqrt(np.diag(maker @ moments.correlation @ maker.T)[:2])
    products = (maker @ moments.products @ maker.T)[:, :2, :2] / np.outer(scale, scale)
    r = products[:, 0, 1].sum() / 144
    influence = products[:, 0, 1] - r / 2 * (products[:, 0, 0] + products[:, 1, 1])
    variance = sum(12 * np.var(part, ddof=1) for part in (influence[:12], influence[12:])) / 144**2
    wanted = min((1 - r**2) ** 2 / variance, 144) * (1 - 1 / 144) - 3
    assert sides.freedom[0, 0, 1] == pytest.approx(wanted)
    assert sides.freedom[0, 0, 1] != pytest.approx(plain.freedom[0, 0, 1])


def test_the_order_of_columns_changes_nothing() -> None:
    dag, data = simulated(5, 80, 4)
    evidence, moved = summarise(data), summarise(data[sorted(data.columns)])
    one, other = graph_test(dag, evidence, FEW, 1), graph_test(dag, moved, FEW, 1)
    assert one.permutation_p == other.permutation_p
    assert one.random_p == other.random_p
    np.testing.assert_array_equal(one.permuted, other.permuted)


def test_different_values_are_refused_by_name() -> None:
    with pytest.raises(ModelError, match="nonsense"):
        implied_independences(Dag.from_edges(["v 0", "nonsense"], []), summarise(simulated(2, 50, 0)[1]))


# ---------------------------------------------------------------- node permutation, agreeing with dowhy


@pytest.mark.parametrize(("seed", "p"), [(0, 3), (1, 4), (2, 4), (3, 4), (4, 4), (5, 5), (6, 5)])
def test_violations_and_p_values_agree_with_dowhy_over_all_permutations(seed: int, p: int) -> None:
    dag, data = simulated(p, 100, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dowhy.gcm.falsify import FalsifyConst, falsify_graph

        theirs = falsify_graph(
            dag.networkx(), data, independence_test=fisher_z, conditional_independence_test=fisher_z,
            n_permutations=-1, n_jobs=1, show_progress_bar=False,
        )  # fmt: skip
    markov, parental = (theirs.summary[what] for what in (FalsifyConst.VALIDATE_LMC, FalsifyConst.VALIDATE_TPA))
    ours = graph_test(dag, summarise(data), GraphNulls(permutations=math.factorial(p), random_graphs=10))
    assert ours.exact
    assert ours.independences.violations == markov[FalsifyConst.GIVEN_VIOLATIONS]
    assert len(ours.independences.table) == markov[FalsifyConst.N_TESTS]
    assert sorted(ours.permuted) == sorted(markov[FalsifyConst.PERM_VIOLATIONS])
    assert ours.permutation_p == pytest.approx(markov[FalsifyConst.P_VALUE])
    assert ours.equivalent == pytest.approx(parental[FalsifyConst.P_VALUE])
    theirs_p = {pair: found[0] for pair, found in markov[FalsifyConst.LOCAL_VIOLATION_INSIGHT].items()}
    for row in ours.independences.table.itertuples():
        assert row.p == pytest.approx(theirs_p[row.value, row.other], abs=1e-9)


def test_the_share_of_equivalent_permutations_equals_a_count_of_equivalence_classes() -> None:
    dag, data = simulated(5, 100, 11)
    wanted = EquivalenceClass.from_dag(dag)
    same = [
        EquivalenceClass.from_dag(Dag(tuple(labels), dag.adjacency)) == wanted
        for labels in itertools.permutations(dag.names)
    ]
    found = graph_test(dag, summarise(data), GraphNulls(permutations=120, random_graphs=1))
    assert found.equivalent == pytest.approx(np.mean(same))


def test_the_true_graph_beats_permutations_and_an_unrelated_one_does_not() -> None:
    names = tuple("abcdefg")
    truth = Dag.from_edges(names, [("a", "b"), ("b", "c"), ("d", "c"), ("d", "e"), ("f", "g")])
    b = truth.adjacency * 0.7
    data = np.random.default_rng(0).normal(size=(500, 7)) @ np.linalg.inv(np.eye(7) - b)
    evidence = summarise(pd.DataFrame(data, columns=list(names)))
    right = graph_test(truth, evidence, FEW)
    assert right.informative
    assert not right.rejected
    assert right.permutation_p <= 0.01
    assert right.random_p <= 0.01
    wrong = graph_test(
        Dag.from_edges(names, [("a", "e"), ("b", "f"), ("g", "c"), ("a", "g"), ("d", "b")]), evidence, FEW
    )
    assert wrong.rejected
    assert wrong.permutation_p > 0.05


def test_a_complete_or_an_empty_graph_decides_nothing() -> None:
    _, data = simulated(4, 100, 1)
    names = tuple(data.columns)
    for adjacency in (np.triu(np.ones((4, 4), dtype=bool), 1), np.zeros((4, 4), dtype=bool)):
        found = graph_test(Dag(names, adjacency), summarise(data), FEW)
        assert not found.informative
        assert not found.rejected
        assert found.equivalent == 1.0


def test_p_values_of_unrelated_graphs_are_not_too_small() -> None:
    p_values = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        dag, _ = simulated(6, 20, seed, 0.3)
        data = pd.DataFrame(rng.normal(size=(100, 6)) + 0.7 * rng.normal(size=(100, 1)), columns=list(dag.names))
        p_values.append(graph_test(dag, summarise(data), FEW, seed).permutation_p)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.10


def test_random_graphs_are_acyclic_with_the_edges_asked_for() -> None:
    graphs = random_graphs(6, 7, 50, seed=1)
    assert (graphs.sum(axis=(1, 2)) == 7).all()
    for graph in graphs:
        Dag(tuple("abcdef"), graph)
    assert len({graph.tobytes() for graph in graphs}) > 40


def test_permutations_are_complete_when_few_and_distinct_draws_when_many() -> None:
    assert {tuple(row) for row in node_permutations(4, 24, 0)} == set(itertools.permutations(range(4)))
    many = node_permutations(9, 100, 0)
    assert many.shape == (100, 9)
    assert (np.sort(many, axis=1) == np.arange(9)).all()
    np.testing.assert_array_equal(many, node_permutations(9, 100, 0))
    assert (many != node_permutations(9, 100, 1)).any()


def test_rows_that_learning_saw_are_marked_as_no_test() -> None:
    dag, data = simulated(5, 100, 2)
    found = graph_test(dag, summarise(data), FEW, seen=True)
    assert "not a test" in found.verdict
    assert not found.rejected


# ---------------------------------------------------------------- held-out rows


def one_factor(seed: int, n: int = 400, p: int = 8) -> pd.DataFrame:
    rng = stream(seed, "one factor")
    rows = 0.7 * rng.normal(size=(n, 1)) + np.sqrt(1 - 0.7**2) * rng.normal(size=(n, p))
    return pd.DataFrame(rows, columns=[f"v{j}" for j in range(p)])


def test_a_common_cause_passes_on_the_rows_it_was_learned_from_and_not_on_others() -> None:
    same, held_out = [], []
    for seed in range(20):
        rows = one_factor(seed)
        evidence = summarise(rows[:200])
        learner = ExactPosterior(draws=100)
        learned = central_graph(discover(evidence, learner, seed=seed))
        same.append(graph_test(learned, evidence, FEW, seed).permutation_p <= 0.05)
        found = falsify(rows, learner, HeldOut(splits=1, nulls=FEW), seed=seed)
        held_out.append(found.permutation_p <= 0.05)
    assert np.mean(same) >= 0.85
    assert np.mean(held_out) <= 0.2


def test_a_graph_that_is_there_is_found_again_in_held_out_clusters() -> None:
    names = tuple("abcdef")
    b = Dag.from_edges(names, [("a", "b"), ("b", "c"), ("d", "c"), ("d", "e")]).adjacency * 0.7
    rows = np.random.default_rng(0).normal(size=(600, 6)) @ np.linalg.inv(np.eye(6) - b)
    matrix = clustered(rows, names, 4)
    found = falsify(matrix, OrderSearch(resamples=20), HeldOut(splits=3, nulls=FEW), seed=2)
    assert found.informative
    assert not found.rejected
    assert found.permutation_p <= 0.05
    assert len(found.table) == 3
    assert (found.table["rows_learned"] + found.table["rows_tested"] == 600).all()
    again = falsify(matrix, OrderSearch(resamples=20), HeldOut(splits=3, nulls=FEW), seed=2)
    pd.testing.assert_frame_equal(found.table, again.table)


def test_clusters_are_never_torn_and_lever_cells_are_in_both_parts() -> None:
    rng = np.random.default_rng(0)
    n = 120
    dose = np.zeros((n, 2))
    dose[:20, 0] = 1
    dose[20:40, 1] = 1
    labels = {"persona": [str(i // 5) for i in range(n)]}
    matrix = ResponseMatrix(
        list("ab"), rng.normal(size=(n, 2)), [str(i) for i in range(n)], labels=labels, cluster_by="persona",
        levers=["x", "y"], doses=dose,
    )  # fmt: skip
    for seed in range(20):
        learn, test = split_rows(matrix, 0.5, seed)
        assert (learn ^ test).all()
        personas = np.array(labels["persona"])
        assert not set(personas[learn]) & set(personas[test])
        for part in (learn, test):
            assert (matrix.doses[part] != 0).any(axis=0).all()
        assert len(set(personas[test])) == 12
    assert split_rows(matrix, 0.25, 0)[1].sum() == pytest.approx(n / 4, abs=5)
    assert (split_rows(matrix, 0.5, 0)[1] != split_rows(matrix, 0.5, 0, 1)[1]).any()


def test_the_central_graph_is_a_draw_near_the_probabilities() -> None:
    _, data = simulated(4, 400, 3)
    posterior = discover(summarise(data), ExactPosterior(draws=200), seed=0)
    dag = central_graph(posterior)
    joined = dag.adjacency | dag.adjacency.T
    sure = np.abs(posterior.adjacent_probabilities.to_numpy() - 0.5) > 0.45
    np.testing.assert_array_equal(joined[sure], posterior.adjacent_probabilities.to_numpy()[sure] > 0.5)


def test_several_splits_are_joined_as_twice_the_median() -> None:
    assert joined_p([0.3]) == 0.3
    assert joined_p([0.01, 0.04, 0.5]) == pytest.approx(0.08)
    assert joined_p([0.9, 0.8]) == 1.0


def test_one_lucky_split_does_not_speak_for_the_others() -> None:
    dag, data = simulated(6, 240, 1)
    found = falsify(data, dag, HeldOut(nulls=GraphNulls(20, 20)))
    assert len(found.tests) == len(found.table) == 11
    against = np.array([0.01, *np.linspace(0.1, 0.9, 10)])  # the first split says better, the others do not
    denser = np.array([0.5, *np.full(10, 0.99)])  # all but the first say that edges are missing
    lucky = []
    for table, p, full in zip(found.predictions, against, denser, strict=True):
        new = table.copy()
        new.loc[CORRELATION, "p"], new.loc[FULL, "p"], new.loc[FULL, "se"] = p, full, 0.1
        lucky.append(new)
    tests = tuple(replace(test, permutation_p=0.001, random_p=0.001, equivalent=0.0) for test in found.tests)
    tests = tuple(replace(test, permuted=np.ones(999, dtype=int)) for test in tests)
    found = replace(found, predictions=tuple(lucky), tests=tests)
    assert "no better than its strongest correlations" in found.verdict
    assert f"p = {2 * np.median(against):.3g} [0.01 to 0.9]" in found.verdict
    assert "twice the median of 11 splits" in found.verdict
    assert found.all_edges_p == pytest.approx(0.02)
    joined = found.prediction
    assert joined.loc[CORRELATION, "p"] == pytest.approx(2 * np.median(against))
    differences = [table.loc[CORRELATION, "difference"] for table in lucky]
    assert joined.loc[CORRELATION, "difference"] == pytest.approx(np.mean(differences))
    one = replace(found, predictions=tuple(lucky[:1]), tests=tests[:1], graphs=(dag,), rows=found.rows[:1])
    assert "; better than its strongest correlations in prediction (p = 0.01)" in one.verdict
    assert one.all_edges_p == pytest.approx(0.5)


def test_a_graph_with_every_edge_is_not_said_to_lack_edges() -> None:
    _, data = simulated(4, 200, 2)
    full = Dag(tuple(data.columns), np.triu(np.ones((4, 4), dtype=bool), 1))
    assert falsify(data, full, HeldOut(splits=1, nulls=FEW)).all_edges_p == 1.0


def test_a_true_graph_that_doubling_puts_out_of_reach_is_undecided_and_not_rejected() -> None:
    names = tuple("abcde")
    chain = Dag.from_edges(names, [("a", "b"), ("b", "c"), ("d", "e")])  # 4 of 120 labellings say the same: p >= .033
    rows = np.random.default_rng(0).normal(size=(2000, 5)) @ np.linalg.inv(np.eye(5) - chain.adjacency * 0.8)
    data = pd.DataFrame(rows, columns=list(names))
    one, several = (falsify(data, chain, HeldOut(splits=splits, nulls=FEW)) for splits in (1, 3))
    assert one.informative
    assert several.permutation_p > 0.05
    assert not several.informative
    assert not several.rejected
    assert several.verdict.startswith("undecided")


def test_too_few_clusters_are_refused() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(ModelError, match="at least four"):
        falsify(clustered(rows, ("a", "b"), 10), Dag.from_edges("ab", [("a", "b")]))


def test_directions_beat_the_strongest_correlations_where_there_is_a_collider_and_not_where_there_is_none() -> None:
    names = tuple("abcd")
    collider = Dag.from_edges(names, [("a", "d"), ("b", "d"), ("c", "d")])
    chain = Dag.from_edges(names, [("a", "b"), ("b", "c"), ("c", "d")])
    gains = {}
    for what, dag in (("collider", collider), ("chain", chain)):
        rows = np.random.default_rng(1).normal(size=(4000, 4)) @ np.linalg.inv(np.eye(4) - dag.adjacency * 0.8)
        frame = pd.DataFrame(rows, columns=list(names))
        table = held_out_prediction(dag, summarise(frame[:2000]), summarise(frame[2000:]))
        gains[what] = table.loc[CORRELATION]
    assert gains["collider"]["p"] < 1e-6
    assert gains["collider"]["violated"] > 0.4
    assert gains["chain"]["p"] == 1.0
    assert gains["chain"]["difference"] == pytest.approx(0, abs=1e-7)


def test_covariance_selection_keeps_the_edges_and_empties_the_rest_of_the_inverse() -> None:
    rng = np.random.default_rng(0)
    correlation = np.corrcoef(rng.normal(size=(50, 6)) + rng.normal(size=(50, 1)), rowvar=False)
    graph = np.triu(rng.random((6, 6)) < 0.5, 1)
    graph |= graph.T
    fitted = covariance_selection(graph, correlation)
    np.testing.assert_allclose(fitted[graph], correlation[graph], atol=1e-8)
    apart = ~(graph | np.eye(6, dtype=bool))
    np.testing.assert_allclose(np.linalg.inv(fitted)[apart], 0, atol=1e-7)


def test_log_densities_of_the_parts_are_those_of_the_rows() -> None:
    from scipy.stats import multivariate_normal

    _, data = simulated(3, 60, 5)
    learn, test = data[:30], data[30:]
    table = held_out_prediction(
        Dag(tuple(data.columns), np.zeros((3, 3), dtype=bool)), summarise(learn), summarise(test)
    )
    scale = learn.std(ddof=0).to_numpy()
    z = (test - test.mean()).to_numpy() / scale
    sigma = np.corrcoef(learn.to_numpy(), rowvar=False)
    assert table.loc["all edges", "log_density"] == pytest.approx(
        multivariate_normal(np.zeros(3), sigma).logpdf(z).mean()
    )
    assert table.loc["no edges", "log_density"] == pytest.approx(
        multivariate_normal(np.zeros(3), np.eye(3)).logpdf(z).mean()
    )


# ---------------------------------------------------------------- "descendants move more"

CHAIN = Dag.from_edges("abcd", [("a", "b"), ("b", "c")])


def brute_force(dag: Dag, changes: pd.DataFrame, steered: list[str]) -> tuple[float, float]:
    """Difference and exact p by relabelling with networkx."""

    def difference(graph: nx.DiGraph) -> float:
        inside, outside = [], []
        for row, node in zip(changes.to_numpy(), steered, strict=True):
            for value, change in zip(changes.columns, row, strict=True):
                if value != node:
                    (inside if value in nx.descendants(graph, node) else outside).append(abs(change))
        return float(np.mean(inside) - np.mean(outside)) if inside and outside else np.nan

    graph = dag.networkx()
    observed = difference(graph)
    all_of_them = np.array(
        [
            difference(nx.relabel_nodes(graph, dict(zip(dag.names, labels, strict=True))))
            for labels in itertools.permutations(dag.names)
        ]
    )
    defined = all_of_them[~np.isnan(all_of_them)]
    return observed, float(np.mean(defined >= observed - 1e-12))


@pytest.mark.parametrize("seed", range(4))
def test_the_exact_label_permutation_equals_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    changes = pd.DataFrame(rng.normal(size=(3, 4)), columns=list("cabd"))
    steered = ["a", "b", "a"]
    found = descendants_move_more(CHAIN, SteeredChanges.from_frame(changes, steered))
    difference, p = brute_force(CHAIN, changes, steered)
    assert found.exact
    assert found.difference == pytest.approx(difference)
    assert found.p == pytest.approx(p)
    assert found.undefined + len(found.permuted) == 24


def test_the_mean_over_rows_gives_each_row_its_own_difference() -> None:
    changes = pd.DataFrame([[0.0, 4.0, 2.0, 1.0], [1.0, 0.0, 5.0, 3.0]], columns=list("abcd"))
    steered = SteeredChanges.from_frame(changes, ["a", "b"])
    rows = descendants_move_more(CHAIN, steered, LabelPermutations(average="rows"))
    assert rows.difference == pytest.approx(((4 + 2) / 2 - 1 + 5 - (1 + 3) / 2) / 2)
    cells = descendants_move_more(CHAIN, steered)
    assert cells.difference == pytest.approx((4 + 2 + 5) / 3 - (1 + 1 + 3) / 3)
    assert cells.table.loc["a"].tolist() == [1, 2, 3.0, 1.0]


def test_signed_changes_weights_and_gaps_are_respected() -> None:
    changes = pd.DataFrame([[0.0, -4.0, np.nan, 1.0], [0.0, 2.0, 2.0, 7.0]], columns=list("abcd"))
    steered = SteeredChanges.from_frame(changes, ["a", "a"], weights=[3.0, 0.0])
    assert descendants_move_more(CHAIN, steered).difference == pytest.approx(4 - 1)
    signed = LabelPermutations(magnitude="signed")
    assert descendants_move_more(CHAIN, steered, signed).difference == pytest.approx(-4 - 1)


def test_labels_that_know_nothing_give_uniform_p_values_and_true_ones_small() -> None:
    names = tuple(f"v{j}" for j in range(8))
    blind, right = [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        dag = Dag(names, np.triu(rng.random((8, 8)) < 0.25, 1) | np.eye(8, k=1, dtype=bool))
        dag = Dag(names, dag.adjacency & (rng.random((8, 8)) < 0.5) | (np.eye(8, k=1) * [1, 0, 0, 0, 1, 0, 0, 0] > 0))
        moves = rng.normal(size=(8, 8))
        few = LabelPermutations(number=200)
        blind.append(descendants_move_more(dag, SteeredChanges(names, names, moves), few, seed).p)
        below = np.array([[w in nx.descendants(dag.networkx(), v) for w in names] for v in names])
        right.append(descendants_move_more(dag, SteeredChanges(names, names, moves + 3 * below), few, seed).p)
    assert np.mean(np.array(blind) <= 0.05) <= 0.11
    assert 0.4 <= np.mean(blind) <= 0.6
    assert np.mean(np.array(right) <= 0.05) >= 0.9


def test_the_order_of_columns_and_rows_changes_no_p_value() -> None:
    rng = np.random.default_rng(3)
    names = [f"v{j}" for j in range(9)]
    dag = Dag.from_edges(names, [(names[i], names[i + 1]) for i in range(5)])
    changes = pd.DataFrame(rng.normal(size=(9, 9)), columns=names, index=names)
    one = descendants_move_more(dag, SteeredChanges.from_frame(changes, dict(zip(names, names, strict=True))), seed=4)
    moved = changes[names[::-1]].iloc[::-1]
    other = descendants_move_more(dag, SteeredChanges.from_frame(moved, dict(zip(names, names, strict=True))), seed=4)
    assert not one.exact
    assert one.p == other.p
    assert one.difference == pytest.approx(other.difference)


def test_measured_lever_effects_can_be_held_against_a_graph() -> None:
    rng = np.random.default_rng(0)
    n = 400
    dose = np.zeros((n, 2))
    dose[: n // 4, 0] = 1
    dose[n // 4 : n // 2, 1] = 1
    scores = rng.normal(size=(n, 4)) * 0.1
    scores[:, :3] += dose[:, :1] * [1, 0.8, 0.6]
    scores[:, 3:] += dose[:, 1:]
    matrix = ResponseMatrix(list("abcd"), scores, [str(i) for i in range(n)], levers=["do_a", "do_d"], doses=dose)
    changes = SteeredChanges.from_lever_effects(lever_effects(matrix))
    assert changes.steered == ("a", "d")
    found = descendants_move_more(CHAIN, changes)
    assert found.difference == pytest.approx(0.7, abs=0.1)
    assert found.p < 0.2


def test_graphs_with_cycles_and_direct_effects_alone_can_be_tested() -> None:
    names = list("abcd")
    rng = np.random.default_rng(5)
    changes = pd.DataFrame(rng.normal(size=(4, 4)), columns=names, index=names)
    steered = SteeredChanges.from_frame(changes, names)
    as_frame = pd.DataFrame(CHAIN.adjacency, index=names, columns=names)
    assert descendants_move_more(as_frame.loc[names[::-1]], steered).p == descendants_move_more(CHAIN, steered).p
    as_frame.loc["b", "a"] = True  # a and b lead to each other, and to c
    below = {"a": "bc", "b": "ac", "c": "", "d": ""}
    moved = changes.abs().to_numpy()
    inside = [moved[names.index(v), names.index(w)] for v in names for w in below[v]]
    outside = [moved[names.index(v), names.index(w)] for v in names for w in names if w not in below[v] + v]
    assert descendants_move_more(as_frame, steered).difference == pytest.approx(np.mean(inside) - np.mean(outside))
    children = descendants_move_more(CHAIN, steered, LabelPermutations(reach="children")).difference
    inside = [moved[0, 1], moved[1, 2]]
    rest = (moved.sum() - np.trace(moved) - sum(inside)) / 10
    assert children == pytest.approx(np.mean(inside) - rest)


def test_bad_changes_are_refused_by_name() -> None:
    with pytest.raises(ModelError, match="nonsense"):
        SteeredChanges(("a", "b"), ("nonsense",), np.zeros((1, 2)))
    with pytest.raises(ModelError, match="one column for each value"):
        SteeredChanges(("a", "b"), ("a",), np.zeros((2, 2)))
    with pytest.raises(ModelError, match="finite"):
        SteeredChanges(("a", "b"), ("a",), np.array([[0.0, np.inf]]))
    with pytest.raises(ModelError, match="nothing to compare"):
        descendants_move_more(CHAIN, SteeredChanges(tuple("abcd"), ("d",), np.zeros((1, 4))))
    with pytest.raises(ModelError, match="push"):
        SteeredChanges.from_frame(pd.DataFrame([[0.0]], columns=["a"], index=["push a"]), {"pusha": "a"})
