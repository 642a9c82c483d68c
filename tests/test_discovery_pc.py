"""PC: laws first, then every class on four nodes through an oracle, then other libraries, traps and published data."""

from __future__ import annotations

import itertools
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from ancestral_oracle import facing_up, oracle, population_correlation
from brute_force import all_dags
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery.pc import close_with_conflicts, pc
from causalvalues.discovery.separation import PartialCorrelations, partial_correlations
from causalvalues.errors import CheckError, DiscoveryError, KnowledgeError, ModelError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import Dag, EquivalenceClass, Knowledge
from causalvalues.graph.equivalence import compelled_given
from causalvalues.graph.mixed import MixedGraph
from causalvalues.responses import ResponseMatrix

RULES = ("majority", "separator")


class Separation:
    """An oracle that asks networkx for d-separation."""

    def __init__(self, dag: Dag) -> None:
        self.graph, self.names = dag.networkx(), tuple(sorted(dag.names))

    def p_values(self, first: int, second: int, given: np.ndarray) -> np.ndarray:
        ends = ({self.names[first]}, {self.names[second]})
        return np.array([float(nx.is_d_separator(self.graph, *ends, {self.names[k] for k in row})) for row in given])


def random_dag(p: int, density: float, generator: np.random.Generator) -> np.ndarray:
    graph = np.triu(generator.random((p, p)) < density, 1)
    places = generator.permutation(p)
    return graph[np.ix_(places, places)]


def gaussian_rows(dag: np.ndarray, n: int, generator: np.random.Generator) -> pd.DataFrame:
    p = len(dag)
    correlation = population_correlation(dag, list(range(p)), generator)
    rows = generator.normal(size=(n, p)) @ np.linalg.cholesky(correlation).T
    return pd.DataFrame(rows, columns=[f"x{i}" for i in range(p)])


def subsets(nodes: list[int], size: int) -> np.ndarray:
    rows = list(itertools.combinations(nodes, size))
    return np.array(rows, dtype=np.int64).reshape(len(rows), size)


def chain_evidence(n: int = 20_000) -> Evidence:
    generator = np.random.default_rng(4)
    a = generator.normal(size=n)
    b = a + generator.normal(size=n)
    return summarise(pd.DataFrame({"a": a, "b": b, "c": b + generator.normal(size=n)}))


@pytest.mark.parametrize("rule", RULES)
def test_with_an_oracle_every_graph_on_four_nodes_gives_its_class(rule: str) -> None:
    graphs = [Dag(tuple("abcd"), adjacency) for adjacency in all_dags(4)]
    for dag in graphs if rule == "majority" else {EquivalenceClass.from_dag(dag): dag for dag in graphs}.values():
        found = pc(Separation(dag), colliders=rule)  # type: ignore[arg-type]
        assert found.graph.equivalence_class() == EquivalenceClass.from_dag(dag)
        assert not found.notes


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("p", [5, 6, 7, 8])
def test_with_an_oracle_random_graphs_give_their_class(p: int, rule: str) -> None:
    generator = np.random.default_rng(p)
    names = tuple("abcdefgh"[:p])
    for density in (0.2, 0.4, 0.6) * 5:
        dag = random_dag(p, density, generator)
        test = oracle(population_correlation(dag, list(range(p)), generator), names)
        found = pc(test, colliders=rule)  # type: ignore[arg-type]
        assert found.graph == MixedGraph.from_class(EquivalenceClass.from_dag(Dag(names, dag)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 7), st.booleans())
def test_with_an_oracle_knowledge_gives_what_all_members_that_obey_it_share(seed: int, p: int, ties: bool) -> None:
    generator = np.random.default_rng(seed)
    names = tuple("abcdefg"[:p])
    dag = Dag(names, random_dag(p, 0.5, generator))
    tiers = np.sort(generator.integers(0, 3, p)) if ties else np.full(p, -1)
    place = {name: int(tiers[k]) for k, name in enumerate(dag.order)}
    edges = [edge for edge in dag.edges if generator.random() < 0.2]
    reverse = [(b, a) for a, b in dag.edges if generator.random() < 0.2]
    groups = [[name for name in names if place[name] == tier] for tier in range(3)]
    knowledge = Knowledge(tiers=tuple(map(tuple, groups)), required=frozenset(edges), forbidden=frozenset(reverse))
    allowed = knowledge.allowed(names)
    fixed = allowed & ~allowed.T
    directed = compelled_given(dag.adjacency[None], fixed)[0]
    either = (dag.adjacency | dag.adjacency.T) & ~(directed | directed.T)
    test = oracle(population_correlation(dag.adjacency, list(range(p)), generator), names)
    assert pc(test, knowledge).graph == MixedGraph.from_class(EquivalenceClass(names, directed, either))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 7))
def test_the_order_of_columns_and_their_units_change_nothing(seed: int, p: int) -> None:
    generator = np.random.default_rng(seed)
    rows = facing_up(gaussian_rows(random_dag(p, 0.4, generator), 150, generator))
    knowledge = Knowledge(tiers=(("x0",), ("x1", "x2")))
    plain = pc(summarise(rows), knowledge)
    turned = pc(summarise(rows[list(generator.permutation(rows.columns))]), knowledge)
    scaled = pc(summarise(rows * (1e8 ** generator.uniform(-1, 1, p))), knowledge)
    assert plain.graph == turned.graph == scaled.graph
    assert plain.separators == turned.separators == scaled.separators
    assert (plain.notes, plain.ambiguous) == (turned.notes, turned.ambiguous)
    order = [turned.names.index(name) for name in plain.names]
    np.testing.assert_array_equal(plain.largest_p, turned.largest_p[np.ix_(order, order)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_knowledge_is_obeyed_on_noisy_rows_too(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = facing_up(gaussian_rows(random_dag(6, 0.5, generator), 60, generator))
    tiers = (("x0", "x1"), ("x2", "x3"), ("x4", "x5"))
    apart = frozenset({("x0", "x5"), ("x5", "x0")})
    knowledge = Knowledge(tiers=tiers, required=frozenset({("x1", "x4")}), forbidden=apart)
    found = pc(summarise(rows), knowledge)
    directed = [(first, second) for first, edge, second in found.graph.edges if edge == "->"]
    allowed = pd.DataFrame(knowledge.allowed(found.names), index=found.names, columns=found.names)
    assert ("x1", "x4") in directed
    assert found.graph.edge("x0", "x5") == ""
    assert all(allowed.loc[a, b] for a, b in directed)
    for a, b in itertools.combinations(found.names, 2):
        if found.graph.edge(a, b) in ("--", "<->"):
            assert allowed.loc[a, b]
            assert allowed.loc[b, a]


def test_a_mediator_between_tiers_is_found() -> None:
    found = pc(chain_evidence(), Knowledge(tiers=(("a",), ("b",), ("c",))))
    assert found.graph.edges == (("a", "->", "b"), ("b", "->", "c"))
    assert found.separator("c", "a") == ("b",)


def test_nothing_later_than_both_ends_separates_them() -> None:
    generator = np.random.default_rng(1)
    tiers, early = Knowledge(tiers=(("x0", "x1", "x2"), ("x3", "x4", "x5"))), 0
    for _ in range(30):
        rows = gaussian_rows(random_dag(6, 0.4, generator), 60, generator)
        for (first, second), separator in pc(summarise(rows), tiers).separators.items():
            if max(first, second) <= "x2":
                early += 1
                assert not set(separator) & {"x3", "x4", "x5"}
    assert early > 30


def test_a_chain_leaves_its_directions_open() -> None:
    assert pc(chain_evidence()).graph.edges == (("a", "--", "b"), ("b", "--", "c"))


def test_opposite_colliders_are_a_conflict_that_is_marked_and_named() -> None:
    """a -> b <- c and b -> c <- d cannot both hold without a hidden cause of b and c."""
    hidden = np.zeros((5, 5), dtype=bool)
    hidden[[0, 3, 4, 4], [1, 2, 1, 2]] = True  # a -> b, d -> c, and 4 moves b and c
    correlation = population_correlation(hidden, [0, 1, 2, 3], np.random.default_rng(0))
    found = pc(oracle(correlation, tuple("abcd")))
    assert found.graph.edges == (("a", "->", "b"), ("b", "<->", "c"), ("d", "->", "c"))
    assert found.graph.conflicts == (("b", "c"),)
    assert found.notes == ("Tests ask for both directions of 'b' and 'c'.",)
    with pytest.raises(ModelError, match="both directions"):
        found.graph.equivalence_class()


class Table:
    """A test that answers from a list of separations, to build cases that no faithful graph has."""

    def __init__(self, names: str, apart: set[tuple[str, str, str]]) -> None:
        self.names, self.apart = tuple(names), apart

    def p_values(self, first: int, second: int, given: np.ndarray) -> np.ndarray:
        ends = (self.names[first], self.names[second])
        return np.array([float((*ends, "".join(self.names[k] for k in row)) in self.apart) for row in given])


def test_separators_that_disagree_leave_a_triple_open_and_start_no_rule() -> None:
    """c is in one of the two sets that separate a and b; then c - d must not be turned either."""
    test = Table("abcd", {("a", "b", "c"), ("a", "b", "d"), ("a", "d", "c"), ("b", "d", "c")})
    found = pc(test)
    assert ("a", "c", "b") not in found.ambiguous  # d is no neighbour of a or b: one set, holding c
    test = Table("abc", {("a", "b", ""), ("a", "b", "c")})
    found = pc(test)
    assert found.ambiguous == (("a", "c", "b"),)
    assert found.graph.edges == (("a", "--", "c"), ("b", "--", "c"))
    assert pc(test, colliders="separator").graph.edges == (("a", "->", "c"), ("b", "->", "c"))


def test_an_ambiguous_triple_orients_nothing_behind_it() -> None:
    """a -> c <- d is clear; whether b is a third cause of c is not, so c - b stays open."""
    test = Table("abcd", {("a", "d", ""), ("a", "b", ""), ("a", "b", "c"), ("b", "d", ""), ("b", "d", "c")})
    found = pc(test)
    assert found.ambiguous == (("a", "c", "b"), ("b", "c", "d"))
    assert found.graph.edges == (("a", "->", "c"), ("b", "--", "c"), ("d", "->", "c"))


def test_values_later_than_both_ends_have_no_vote_on_colliders() -> None:
    """Without tiers the set {d, k} makes k ambiguous; d comes later, so only the empty set counts."""
    test = Table("abdk", {("a", "b", ""), ("a", "b", "dk")})
    assert ("a", "k", "b") in pc(test).ambiguous
    found = pc(test, Knowledge(tiers=(("a", "b", "k"), ("d",))))
    assert not found.ambiguous
    assert found.graph.edge("a", "k") == found.graph.edge("b", "k") == "->"


def test_neighbours_are_those_at_the_start_of_a_level() -> None:
    """c separates a and b, b separates a and c: neither test may depend on the other edge being dropped first."""
    test = Table("abc", {("b", "c", ""), ("a", "b", "c"), ("a", "c", "b")})
    assert pc(test).graph.edges == ()


def test_the_separating_set_with_the_largest_p_value_is_kept() -> None:
    class Graded(Table):
        def p_values(self, first: int, second: int, given: np.ndarray) -> np.ndarray:
            size = {("a", "b", "c"): 0.1, ("a", "b", "d"): 0.9}
            ends = (self.names[first], self.names[second])
            return np.array([size.get((*ends, "".join(self.names[k] for k in row)), 0.0) for row in given])

    assert pc(Graded("abcd", set())).separators == {("a", "b"): ("d",)}


def test_all_four_rules_of_meek_turn_what_the_compiled_ones_turn() -> None:
    from causalvalues.graph.equivalence import compelled_edges
    from causalvalues.graph.equivalence_kernels import close_under_meek

    generator, turned = np.random.default_rng(11), 0
    for _ in range(300):
        dag = random_dag(6, 0.7, generator)
        directed = compelled_edges(dag[None])[0] | (dag & (generator.random((6, 6)) < 0.2))
        adjacent = dag | dag.T
        ours, conflict = close_with_conflicts(directed, adjacent, np.zeros((6, 6, 6), dtype=bool))
        theirs, rest = directed.copy(), adjacent & ~(directed | directed.T)
        close_under_meek(theirs, rest)
        assert not conflict.any()
        assert (ours == theirs).all()
        turned += int((ours & ~directed).sum())
    assert turned > 100
    # rule 4 alone: a - d -> c -> b, a and c joined, d and b apart
    adjacent = ~np.eye(4, dtype=bool)
    adjacent[1, 3] = adjacent[3, 1] = False
    directed = np.zeros((4, 4), dtype=bool)
    directed[[3, 2], [2, 1]] = True
    assert close_with_conflicts(directed, adjacent, np.zeros((4, 4, 4), dtype=bool))[0][0, 1]


def test_an_ambiguous_triple_stops_meeks_first_rule() -> None:
    adjacent = np.zeros((3, 3), dtype=bool)
    adjacent[[0, 1, 1, 2], [1, 0, 2, 1]] = True
    directed = np.zeros((3, 3), dtype=bool)
    directed[0, 1] = True
    unclear = np.zeros((3, 3, 3), dtype=bool)
    assert close_with_conflicts(directed, adjacent, unclear)[0][1, 2]
    unclear[0, 1, 2] = unclear[2, 1, 0] = True
    assert not close_with_conflicts(directed, adjacent, unclear)[0][1, 2]


def test_every_separating_set_that_is_kept_separates_and_no_edge_has_one_among_its_neighbours() -> None:
    generator = np.random.default_rng(5)
    for _ in range(10):
        evidence = summarise(gaussian_rows(random_dag(7, 0.4, generator), 200, generator))
        found, test = pc(evidence), partial_correlations(evidence)
        place = {name: k for k, name in enumerate(test.names)}
        for (a, b), separator in found.separators.items():
            row = np.array([[place[name] for name in separator]], dtype=np.int64)
            assert test.p_values(place[a], place[b], row)[0] > found.alpha
        for i, j in np.argwhere(np.triu(found.graph.marks)):
            for end in (i, j):
                near = [k for k in np.flatnonzero(found.graph.marks[:, end]) if k not in (i, j)]
                for size in range(len(near) + 1):
                    sets = subsets(near, size)
                    assert (test.p_values(int(i), int(j), sets) <= found.alpha).all()


def test_p_values_equal_those_of_regression_residuals() -> None:
    from scipy.stats import norm

    generator = np.random.default_rng(6)
    rows = gaussian_rows(random_dag(5, 0.6, generator), 80, generator)
    test = partial_correlations(summarise(rows))
    x = rows.to_numpy() - rows.to_numpy().mean(axis=0)
    for held in ([], [2], [2, 4]):
        residual = x[:, [0, 1]] - (x[:, held] @ np.linalg.lstsq(x[:, held], x[:, [0, 1]], rcond=None)[0] if held else 0)
        z = np.arctanh(np.corrcoef(residual.T)[0, 1]) * np.sqrt(80 - len(held) - 3)
        got = test.p_values(0, 1, np.array([held], dtype=np.int64))[0]
        assert got == pytest.approx(2 * norm.sf(abs(z)), rel=1e-9)


def test_with_too_few_rows_for_a_set_it_separates_nothing() -> None:
    test = PartialCorrelations(tuple("abcd"), np.eye(4), 5.0)
    assert test.p_values(0, 1, np.array([[2, 3]]))[0] == 0.0
    assert test.p_values(0, 1, np.array([[2]]))[0] == 1.0


def test_causal_learn_agrees_on_gaussian_rows() -> None:
    """Its stable search keeps the union of all separating sets of a level; arrows can differ where ours keeps one."""
    from causallearn.search.ConstraintBased.PC import pc as peer

    generator = np.random.default_rng(7)
    compared = 0
    for _ in range(30):
        rows = gaussian_rows(random_dag(7, 0.35, generator), 2000, generator)
        found = pc(summarise(rows), alpha=0.001, colliders="separator")
        peers = peer(rows.to_numpy(), 0.001, "fisherz", stable=True, uc_rule=0, show_progress=False)
        theirs = peers.G.graph
        assert ((found.graph.marks != 0) == (theirs != 0)).all()
        place = {name: k for k, name in enumerate(found.names)}
        same = all(
            set(peers.sepset[place[a], place[b]][0]) == {place[name] for name in separator}
            for (a, b), separator in found.separators.items()
        )
        if same and not found.notes:
            marks = np.select([theirs.T == 1, (theirs.T == -1) & (theirs == 1)], [2, 3], 1) * (theirs != 0)
            assert (marks == found.graph.marks).all()
            compared += 1
    assert compared >= 5


def clustered_noise(seed: int) -> ResponseMatrix:
    """Six independent columns; 40 clusters of 20 rows, intraclass correlation .5 in four columns and .05 in two."""
    generator = np.random.default_rng(seed)
    share = np.array([0.5, 0.5, 0.5, 0.5, 0.05, 0.05])
    cluster = np.repeat(np.arange(40), 20)
    rows = generator.normal(size=(40, 6))[cluster] * np.sqrt(share) + generator.normal(size=(800, 6)) * np.sqrt(
        1 - share
    )
    labels = {"persona": tuple(f"p{k}" for k in cluster)}
    return ResponseMatrix(tuple("abcdef"), rows, tuple(map(str, range(800))), labels=labels, cluster_by="persona")


def test_clustered_noise_gives_no_more_false_edges_than_the_level() -> None:
    """900 pairs: at most .05 plus three standard errors (edges of one sample are nearly independent)."""
    samples = [clustered_noise(seed) for seed in range(60)]
    ours = np.mean([(pc(summarise(rows)).graph.marks != 0).sum() / 30 for rows in samples])
    naive = np.mean(
        [
            (pc(summarise(pd.DataFrame(rows.scores, columns=list("abcdef")))).graph.marks != 0).sum() / 30
            for rows in samples
        ]
    )
    assert ours <= 0.05
    assert naive > 0.15


def test_settings_and_moments_that_cannot_be_used_are_refused_by_name() -> None:
    evidence = chain_evidence(50)
    with pytest.raises(DiscoveryError, match="alpha"):
        pc(evidence, alpha=0.0)
    with pytest.raises(DiscoveryError, match="most_given"):
        pc(evidence, most_given=-1)
    with pytest.raises(DiscoveryError, match="majority"):
        pc(evidence, colliders="mpc")  # type: ignore[arg-type]
    with pytest.raises(KnowledgeError, match="unknown value 'z'"):
        pc(evidence, Knowledge(tiers=(("z",),)))
    same = np.random.default_rng(0).normal(size=60)
    with pytest.raises(CheckError, match="same numbers"):
        pc(summarise(pd.DataFrame({"a": same, "b": 2 * same, "c": np.arange(60.0) ** 2})))


def test_a_bound_on_the_conditioning_set_is_kept() -> None:
    generator = np.random.default_rng(8)
    rows = summarise(gaussian_rows(random_dag(7, 0.5, generator), 500, generator))
    assert max(map(len, pc(rows).separators.values())) > 1
    assert max(map(len, pc(rows, most_given=1).separators.values())) == 1


def test_the_table_of_pairs_names_edges_first_and_what_separates_the_rest() -> None:
    table = pc(chain_evidence(2000)).pairs()
    assert sorted(zip(table["first"][:2], table["edge"][:2], table["second"][:2], strict=True)) == [
        ("a", "--", "b"),
        ("b", "--", "c"),
    ]
    assert table.loc[2, ["first", "edge", "second"]].tolist() == ["a", "", "c"]
    assert table["separator"].tolist() == [None, None, ("b",)]


def test_a_mixed_graph_checks_its_marks_and_reads_both_ways() -> None:
    graph = MixedGraph.from_edges(
        "abcd", [("a", "o->", "b"), ("b", "->", "c"), ("d", "<-o", "c"), ("a", "o-o", "d")], hidden_causes=True
    )
    assert graph.edge("b", "a") == "<-o"
    assert graph.edges == (("a", "o->", "b"), ("a", "o-o", "d"), ("b", "->", "c"), ("c", "o->", "d"))
    assert graph.definite_causes("c") == ("b",)
    assert graph.possible_causes("c") == ("a", "b", "d") or graph.possible_causes("c") == ("a", "b")
    assert list(graph.frame().loc[0, ["first_mark", "second_mark"]]) == ["circle", "arrow"]
    with pytest.raises(ModelError, match="both ends"):
        MixedGraph(("a", "b"), np.array([[0, 1], [0, 0]]))
    with pytest.raises(ModelError, match="hidden common causes"):
        graph.equivalence_class()
    with pytest.raises(ModelError, match="is no edge"):
        MixedGraph.from_edges("ab", [("a", "=>", "b")])


@pytest.mark.shared
def test_on_gmg8_of_pcalg_the_true_class_is_found(shared_data: Path) -> None:
    """5,000 rows of a known graph on 8 values; R package pcalg."""
    folder = shared_data / "pcalg"
    rows = pd.read_csv(folder / "gmG8.csv.gz")
    truth = pd.read_csv(folder / "gmG8.adjmat.csv", index_col=0)
    dag = Dag(tuple(truth.columns), truth.to_numpy() == 1)
    found = pc(summarise(rows[list(truth.columns)]), alpha=0.01)
    assert found.graph == MixedGraph.from_class(EquivalenceClass.from_dag(dag))
