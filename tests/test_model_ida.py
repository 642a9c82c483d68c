"""Effects within a class: all classes on four nodes by listing members, then published definitions, then traps."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from brute_force import all_dags
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import ModelError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import Dag, EquivalenceClass, Knowledge
from causalvalues.graph.equivalence import compelled_given
from causalvalues.graph.orienting import orientations_around
from causalvalues.model.adjusting import adjustments
from causalvalues.model.ida import ida, joint_ida
from causalvalues.model.ida_draws import ida_over_draws

METHODS = ("local", "optimal")


def population(dag: np.ndarray, generator: np.random.Generator, names: tuple[str, ...]) -> tuple[Evidence, np.ndarray]:
    """Exact moments of a linear model, and its total effects [cause, effect]."""
    p = len(dag)
    weights = dag * generator.uniform(0.3, 1.2, (p, p)) * generator.choice([-1.0, 1.0], (p, p))
    total = np.linalg.inv(np.eye(p) - weights)
    covariance = (total.T * generator.uniform(0.5, 2.0, p)) @ total
    n = 1000
    return Evidence(names, np.zeros(p), n * covariance, n, float(n), np.full((p, p), float(n))), total


def fitted(member: Dag, evidence: Evidence, cut: tuple[str, ...] = ()) -> np.ndarray:
    """Total effects in one member by least squares on parents; the equations of nodes in `cut` are removed."""
    scatter, p = evidence.residual_scatter, len(member.names)
    weights = np.zeros((p, p))
    for j in range(p):
        parents = np.flatnonzero(member.adjacency[:, j])
        if len(parents) and member.names[j] not in cut:
            weights[parents, j] = np.linalg.solve(scatter[np.ix_(parents, parents)], scatter[parents, j])
    return np.linalg.inv(np.eye(p) - weights)


def random_dag(p: int, density: float, generator: np.random.Generator) -> np.ndarray:
    graph = np.triu(generator.random((p, p)) < density, 1)
    places = generator.permutation(p)
    return graph[np.ix_(places, places)]


def same_sets(found: tuple[float, ...], expected: list[float]) -> bool:
    return all(min(abs(np.array(expected) - value)) < 1e-8 for value in found) and all(
        min(abs(np.array(found) - value)) < 1e-8 for value in expected
    )


def classes_on(p: int) -> dict[EquivalenceClass, list[Dag]]:
    names, groups = tuple("abcd"[:p]), dict[EquivalenceClass, list[Dag]]()
    for adjacency in all_dags(p):
        dag = Dag(names, adjacency == 1)
        groups.setdefault(EquivalenceClass.from_dag(dag), []).append(dag)
    return groups


@pytest.mark.parametrize("method", METHODS)
def test_on_every_class_of_four_nodes_the_values_are_those_of_its_members(method: str) -> None:
    """With exact moments of one member, each other member has its own effects, which the class must list."""
    generator = np.random.default_rng(0)
    classes = classes_on(4)
    assert len(classes) == 185
    for graph, members in classes.items():
        evidence, _ = population(members[0].adjacency, generator, graph.names)
        effects = np.array([fitted(member, evidence) for member in members])
        for row in ida(evidence, graph, method=method).itertuples():  # type: ignore[arg-type]
            i, j = graph.names.index(row.cause), graph.names.index(row.effect)
            assert same_sets(row.values, effects[:, i, j].tolist())
            assert row.lower == pytest.approx(effects[:, i, j].min(), abs=1e-8)
            assert row.upper == pytest.approx(effects[:, i, j].max(), abs=1e-8)
            if method == "optimal":
                assert row.zero_possible == bool((abs(effects[:, i, j]) < 1e-9).any())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(METHODS))
def test_with_knowledge_only_members_that_obey_it_count(seed: int, method: str) -> None:
    generator = np.random.default_rng(seed)
    names = tuple("abcde")
    dag = Dag(names, random_dag(5, 0.6, generator))
    known = dag.adjacency & (generator.random((5, 5)) < 0.25)
    directed = compelled_given(dag.adjacency[None], known)[0]
    graph = EquivalenceClass(names, directed, (dag.adjacency | dag.adjacency.T) & ~(directed | directed.T))
    evidence, _ = population(dag.adjacency, generator, names)
    effects = np.array([fitted(member, evidence) for member in graph.members()])
    for row in ida(evidence, graph, method=method).itertuples():  # type: ignore[arg-type]
        i, j = names.index(row.cause), names.index(row.effect)
        assert same_sets(row.values, effects[:, i, j].tolist())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_joint_effects_are_those_of_the_members_with_all_causes_cut(method: str, number: int) -> None:
    generator = np.random.default_rng(number)
    for _ in range(30):
        names = tuple("abcde")
        dag = random_dag(5, 0.6, generator)
        evidence, _ = population(dag, generator, names)
        graph = EquivalenceClass.from_dag(Dag(names, dag))
        causes = tuple(generator.permutation(list("abcd"))[:number])
        table = joint_ida(evidence, graph, causes, "e", method)  # type: ignore[arg-type]
        found = table[list(causes)].to_numpy()
        places = [names.index(cause) for cause in causes]
        expected = np.array([fitted(member, evidence, causes)[places, 4] for member in graph.members()])
        for rows, others in ((found, expected), (expected, found)):
            assert all(np.abs(others - row).max(axis=1).min() < 1e-7 for row in rows)


def test_ways_around_some_nodes_split_the_members_without_rest() -> None:
    generator = np.random.default_rng(7)
    for _ in range(60):
        graph = EquivalenceClass.from_dag(Dag(tuple("abcde"), random_dag(5, 0.7, generator)))
        members = {member.edges for member in graph.members()}
        for nodes in (("a",), ("b", "d"), ("a", "c", "e")):
            split = [{member.edges for member in way.members()} for way in orientations_around(graph, nodes)]
            assert all(split)
            assert sum(map(len, split)) == len(members)
            assert set().union(*split) == members
            inside = [graph.names.index(node) for node in nodes]
            assert not any(way.undirected[inside].any() for way in orientations_around(graph, nodes))


def test_counts_are_those_of_locally_valid_parent_sets() -> None:
    """Star a - b, a - c, a - d: at most one of the three is a parent of a (Maathuis and others 2009, section 3)."""
    star = EquivalenceClass.from_dag(Dag.from_edges("abcd", [("a", "b"), ("a", "c"), ("a", "d")]))
    evidence, _ = population(Dag.from_edges("abcd", star_edges()).adjacency, np.random.default_rng(1), tuple("abcd"))
    table = ida(evidence, star, causes=["a"], method="local").set_index("effect")
    assert sorted(table.loc["b", "counts_not_probabilities"]) == [1, 3]
    assert table.loc["b", "zero_possible"]
    assert "probability" not in table.columns
    assert sum(joint_ida(evidence, star, ("a", "b"), "c")["counts_not_probabilities"]) == 4


def star_edges() -> list[tuple[str, str]]:
    return [("a", "b"), ("a", "c"), ("a", "d")]


def test_the_optimal_set_is_the_published_one_and_the_same_in_all_members() -> None:
    """Henckel, Perkovic and Maathuis (2022): parents of the nodes between, less what they move."""
    dag = Dag.from_edges("abcdef", [("a", "b"), ("b", "c"), ("d", "b"), ("e", "c"), ("e", "a"), ("f", "a"), ("f", "e")])
    sets = adjustments(dag.adjacency, np.zeros((6, 6), dtype=bool), [0], "optimal")[0][0]
    assert sets[2] == (3, 4)
    assert sets[1] == (3,)
    assert sets[5] is None
    generator = np.random.default_rng(2)
    for _ in range(60):
        graph = EquivalenceClass.from_dag(Dag(tuple("abcde"), random_dag(5, 0.6, generator)))
        for way in orientations_around(graph, ("b",)):
            found = {
                adjustments(member.adjacency, np.zeros((5, 5), dtype=bool), [1], "optimal")[0]
                for member in way.members()
            }
            assert len(found) == 1


def test_in_finite_samples_optimal_sets_err_less_than_parents() -> None:
    """Cause a with a strong own cause f: holding f constant wastes variation (Witte and others 2020)."""
    dag = Dag.from_edges("abcf", [("f", "a"), ("a", "c"), ("b", "c")])
    errors: dict[str, list[float]] = {method: [] for method in METHODS}
    generator = np.random.default_rng(3)
    for _ in range(60):
        f, b = generator.normal(size=(2, 100))
        a = 2 * f + 0.5 * generator.normal(size=100)
        rows = pd.DataFrame({"a": a, "b": b, "f": f, "c": a + 2 * b + 0.5 * generator.normal(size=100)})
        for method in METHODS:
            found = ida(summarise(rows), dag, causes=["a"], method=method)  # type: ignore[arg-type]
            errors[method].append(float(found.set_index("effect").loc["c", "lower"]) - 1.0)
    assert np.std(errors["optimal"]) < 0.5 * np.std(errors["local"])


def test_a_single_graph_gives_points_and_local_effects_are_regressions_on_parents() -> None:
    generator = np.random.default_rng(5)
    rows = pd.DataFrame(generator.normal(size=(200, 3)) @ generator.normal(size=(3, 3)), columns=list("abc"))
    dag = Dag.from_edges("abc", [("a", "b"), ("a", "c"), ("b", "c")])
    table = ida(summarise(rows), dag, method="local").set_index(["cause", "effect"])
    x = rows.to_numpy() - rows.to_numpy().mean(axis=0)
    slope = np.linalg.lstsq(x[:, [1, 0]], x[:, 2], rcond=None)[0][0]
    assert table.loc[("b", "c"), "lower"] == table.loc[("b", "c"), "upper"] == pytest.approx(slope)
    assert table.loc[("b", "a"), "values"] == (0.0,)
    assert table.loc[("b", "a"), "sign"] == "zero"
    assert (table["lower"] == table["upper"]).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(METHODS))
def test_the_order_of_columns_changes_nothing_and_units_only_scale(seed: int, method: str) -> None:
    generator = np.random.default_rng(seed)
    mixed = 2 * np.eye(5) + 0.2 * generator.normal(size=(5, 5))  # far from values that add up to a constant
    rows = pd.DataFrame(generator.normal(size=(80, 5)) @ mixed, columns=list("abcde"))
    dag = Dag(tuple("abcde"), random_dag(5, 0.6, generator))
    graph = EquivalenceClass.from_dag(dag)
    order = [int(k) for k in generator.permutation(5)]
    names = tuple("abcde"[k] for k in order)
    turned = EquivalenceClass(names, graph.directed[np.ix_(order, order)], graph.undirected[np.ix_(order, order)])
    plain = ida(summarise(rows), graph, method=method)  # type: ignore[arg-type]
    other = ida(summarise(rows[list(names)]), turned, method=method)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(plain, other, check_exact=True)
    scales = pd.Series(1e6 ** generator.uniform(-1, 1, 5), index=list("abcde"))
    scaled = ida(summarise(rows * scales), graph, method=method)  # type: ignore[arg-type]
    factor = scales[plain["effect"]].to_numpy() / scales[plain["cause"]].to_numpy()
    np.testing.assert_allclose(scaled["lower"] / factor, plain["lower"], rtol=1e-6, atol=1e-9)
    assert scaled["sign"].tolist() == plain["sign"].tolist()
    assert scaled["counts_not_probabilities"].tolist() == plain["counts_not_probabilities"].tolist()


def test_a_class_with_millions_of_members_is_no_difficulty() -> None:
    names = tuple(f"v{k:02d}" for k in range(24))
    chain = Dag.from_edges(names, list(itertools.pairwise(names)))
    evidence, _ = population(chain.adjacency, np.random.default_rng(0), names)
    table = ida(evidence, EquivalenceClass.from_dag(chain), causes=["v12"])
    assert len(table) == 23
    assert (table["sign"] == "open").all()


def test_over_draws_the_shares_are_those_of_listing_the_members_of_each_draw() -> None:
    """Moments held, so that each draw can be worked out by hand."""
    generator = np.random.default_rng(4)
    a, b = generator.normal(size=(2, 300))
    c = a + b + generator.normal(size=300)
    evidence = summarise(pd.DataFrame({"a": a, "b": b, "c": c, "d": 0.5 * c + generator.normal(size=300)}))
    posterior = discover(evidence, ExactPosterior(draws=60))
    held = replace(evidence, clusters=None)
    table = ida_over_draws(posterior, held).set_index(["cause", "effect"])
    ends = np.zeros((2, len(posterior.draws), 4, 4))
    for s in range(len(posterior.draws)):
        members = EquivalenceClass.from_dag(posterior.dag(s)).members()
        effects = np.array([fitted(member, held) * (np.abs(fitted(member, held)) > 1e-12) for member in members])
        ends[0, s], ends[1, s] = effects.min(axis=0), effects.max(axis=0)
    for cause, effect in itertools.permutations("abcd", 2):
        low, high = ends[:, :, "abcd".index(cause), "abcd".index(effect)]
        signs = {"positive": low > 0, "negative": high < 0, "zero": (low == 0) & (high == 0)}
        signs["open"] = ~(signs["positive"] | signs["negative"] | signs["zero"])
        for sign, held_in in signs.items():
            expected = posterior.weights[held_in].sum()
            assert table.loc[(cause, effect), sign] == pytest.approx(expected, abs=1e-9), (cause, effect, sign)
    assert table.loc[("a", "c"), "positive"] > 0.5
    assert table.loc[("d", "a"), "zero"] > 0.5


def test_over_draws_the_same_seed_gives_the_same_numbers() -> None:
    rows = np.random.default_rng(4).normal(size=(100, 3)) @ np.array([[1.0, 1, 0], [0, 1, 1], [0, 0, 1]])
    evidence = summarise(pd.DataFrame(rows, columns=list("abc")))
    posterior = discover(evidence, ExactPosterior(draws=20))
    first, same, other = (ida_over_draws(posterior, evidence, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, same, check_exact=True)
    assert (first["lower"] != other["lower"]).any()


def test_over_draws_an_open_direction_is_open_whatever_the_prior_says() -> None:
    generator = np.random.default_rng(4)
    a = generator.normal(size=2000)
    evidence = summarise(pd.DataFrame({"a": a, "b": a + generator.normal(size=2000)}))
    for knowledge, share in ((None, 1.0), (Knowledge(tiers=(("a",), ("b",))), 0.0)):
        posterior = discover(evidence, ExactPosterior(draws=40), knowledge)
        table = ida_over_draws(posterior, evidence).set_index(["cause", "effect"])
        assert table.loc[("a", "b"), "open"] == pytest.approx(share)
        assert table.loc[("a", "b"), "positive"] == pytest.approx(1 - share)


def test_over_draws_the_interval_has_the_sampling_error_of_the_moments() -> None:
    """One graph only, so the interval is that of a regression slope: 90% is +- 1.645 standard errors."""
    generator = np.random.default_rng(8)
    a = generator.normal(size=500)
    evidence = summarise(pd.DataFrame({"a": a, "b": a + generator.normal(size=500)}))
    posterior = discover(evidence, ExactPosterior(draws=400), Knowledge(required=frozenset({("a", "b")})))
    row = ida_over_draws(posterior, evidence).set_index(["cause", "effect"]).loc[("a", "b")]
    assert row["upper"] - row["lower"] == pytest.approx(2 * 1.645 / np.sqrt(500), rel=0.2)


def test_wrong_questions_are_refused_by_name() -> None:
    evidence, _ = population(np.zeros((3, 3), dtype=bool), np.random.default_rng(0), tuple("abc"))
    graph = EquivalenceClass.from_dag(Dag.from_edges("abc", [("a", "b")]))
    with pytest.raises(ModelError, match="no value 'z'"):
        ida(evidence, graph, causes=["z"])
    with pytest.raises(ModelError, match="'global'"):
        ida(evidence, graph, method="global")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="cause and the effect"):
        joint_ida(evidence, graph, ("a", "b"), "b")
    with pytest.raises(ModelError, match="evidence over"):
        ida(evidence, Dag.from_edges("ab", [("a", "b")]))
    cycle = EquivalenceClass(
        tuple("abcd"), np.zeros((4, 4)), np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
    )
    wide, _ = population(np.zeros((4, 4), dtype=bool), np.random.default_rng(0), tuple("abcd"))
    with pytest.raises(ModelError, match="without a new collider"):
        ida(wide, cycle)


@pytest.mark.shared
def test_on_gmg8_of_pcalg_every_true_effect_lies_in_its_range(shared_data: Path) -> None:
    """5,000 rows; the truth is the least-squares fit of the true graph, a member of the class."""
    folder = shared_data / "pcalg"
    rows = pd.read_csv(folder / "gmG8.csv.gz")
    truth = pd.read_csv(folder / "gmG8.adjmat.csv", index_col=0)
    dag = Dag(tuple(truth.columns), truth.to_numpy() == 1)
    evidence = summarise(rows[list(truth.columns)])
    effects = fitted(dag, evidence)
    for row in ida(evidence, EquivalenceClass.from_dag(dag)).itertuples():
        true = effects[dag.names.index(row.cause), dag.names.index(row.effect)]
        assert min(abs(np.array(row.values) - true)) < 0.06
