"""FCI: every class of ancestral graphs on four nodes, random hidden causes, knowledge, traps, other programs."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ancestral_oracle import (
    adjacent_in,
    ancestral_graphs,
    canonical_dag,
    common_marks,
    dependences,
    equivalent_graphs,
    facing_up,
    marks_of,
    oracle,
    population_correlation,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.discovery.ancestral_rules import close_ancestral
from causalvalues.discovery.fci import fci
from causalvalues.discovery.latent_check import latent_check, visible
from causalvalues.discovery.pc import pc
from causalvalues.discovery.separation import Skeleton
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import summarise
from causalvalues.graph import Dag, EquivalenceClass, GraphPosterior, Knowledge
from causalvalues.graph.mixed import ARROW, CIRCLE, TAIL, MixedGraph

Graphs = list[tuple[np.ndarray, np.ndarray]]


def random_hidden(p: int, density: float, generator: np.random.Generator) -> np.ndarray:
    """A graph over p observed nodes, which come first, and one to three hidden ones, in random causal order."""
    q = p + int(generator.integers(1, 4))
    graph = np.triu(generator.random((q, q)) < density, 1)
    places = generator.permutation(q)
    return graph[np.ix_(places, places)]


def reach(graph: np.ndarray) -> np.ndarray:
    out = graph.copy()
    for _ in graph:
        out = out | (out @ graph)
    return out


@pytest.fixture(scope="module")
def classes_on_four_nodes() -> list[Graphs]:
    """All maximal ancestral graphs on four nodes, grouped by their independences."""
    generator = np.random.default_rng(0)
    groups: dict[tuple[bool, ...], Graphs] = defaultdict(list)
    for bits in itertools.product((False, True), repeat=6):
        adjacent = np.zeros((4, 4), dtype=bool)
        adjacent[np.triu_indices(4, 1)] = bits
        adjacent |= adjacent.T
        for graph in ancestral_graphs(adjacent):
            signature = dependences(population_correlation(canonical_dag(*graph), [0, 1, 2, 3], generator))
            if (adjacent_in(signature, 4) == adjacent).all():
                groups[signature].append(graph)
    return list(groups.values())


def oracle_of(graph: tuple[np.ndarray, np.ndarray], seed: int = 1):  # type: ignore[no-untyped-def]
    p = len(graph[0])
    correlation = population_correlation(canonical_dag(*graph), list(range(p)), np.random.default_rng(seed))
    return oracle(correlation, tuple("abcdefgh"[:p]))


def test_every_class_on_four_nodes_gives_exactly_the_marks_that_its_members_share(
    classes_on_four_nodes: list[Graphs],
) -> None:
    assert len(classes_on_four_nodes) == 248
    assert sum(map(len, classes_on_four_nodes)) == 2492
    for group in classes_on_four_nodes:
        assert (fci(oracle_of(group[0])).graph.marks == common_marks(group)).all()


def test_with_five_observed_and_hidden_nodes_the_marks_are_those_that_all_members_share() -> None:
    generator = np.random.default_rng(3)
    checked = 0
    while checked < 12:
        dag = random_hidden(5, 0.35, generator)
        correlation = population_correlation(dag, [0, 1, 2, 3, 4], generator)
        signature = dependences(correlation)
        if not 4 <= adjacent_in(signature, 5).sum() / 2 <= 6:
            continue
        group = equivalent_graphs(signature, 5, generator)
        assert (fci(oracle(correlation, tuple("abcde"))).graph.marks == common_marks(group)).all()
        checked += 1


def test_with_seven_observed_nodes_adjacency_is_exact_and_no_mark_is_wrong() -> None:
    generator = np.random.default_rng(4)
    for _ in range(40):
        dag = random_hidden(7, 0.3, generator)
        correlation = population_correlation(dag, list(range(7)), generator)
        marks = fci(oracle(correlation, tuple("abcdefg"))).graph.marks
        assert ((marks != 0) == adjacent_in(dependences(correlation), 7)).all()
        causes = reach(dag)[:7, :7]
        assert not ((marks == ARROW) & causes.T).any()
        assert not ((marks == TAIL) & ~causes.T).any()


def discriminating_example(collides: bool) -> tuple[np.ndarray, np.ndarray]:
    """d -> a <-> b with a -> c: the path (d, a, b, c) tells b -> c from b <-> c."""
    directed, bidirected = np.zeros((2, 4, 4), dtype=bool)
    directed[3, 0] = directed[0, 2] = True
    bidirected[0, 1] = bidirected[1, 0] = True
    if collides:
        bidirected[1, 2] = bidirected[2, 1] = True
    else:
        directed[1, 2] = True
    return directed, bidirected


def test_two_values_that_no_neighbours_separate_are_told_apart_by_possible_d_separation() -> None:
    """a <-> b <- c -> d <-> e with b -> e and d -> a: only {b, c, d} separates a and e, and c touches neither.

    After Spirtes, Glymour and Scheines (2000), section 6.3.
    """
    directed, bidirected = np.zeros((2, 5, 5), dtype=bool)
    directed[[2, 2, 1, 3], [1, 3, 4, 0]] = True
    bidirected[[0, 1, 3, 4], [1, 0, 4, 3]] = True
    found = fci(oracle_of((directed, bidirected)))
    assert found.separator("a", "e") == ("b", "c", "d")
    signature = dependences(
        population_correlation(canonical_dag(directed, bidirected), [0, 1, 2, 3, 4], np.random.default_rng(2))
    )
    assert (found.graph.marks == common_marks(equivalent_graphs(signature, 5, np.random.default_rng(3)))).all()


@pytest.mark.parametrize(("collides", "edge"), [(False, "->"), (True, "<->")])
def test_a_discriminating_path_settles_its_last_node(collides: bool, edge: str) -> None:
    assert fci(oracle_of(discriminating_example(collides))).graph.edge("b", "c") == edge


def test_the_classic_case_of_two_confounded_effects_is_told_from_a_cause() -> None:
    """x -> y <- h -> z <- w: y <-> z; without the two outer causes nothing is known."""
    dag = Dag.from_edges("hwxyz", [("x", "y"), ("h", "y"), ("h", "z"), ("w", "z")])
    correlation = population_correlation(dag.adjacency, [1, 2, 3, 4], np.random.default_rng(0))
    assert fci(oracle(correlation, tuple("wxyz"))).graph.edges == (
        ("w", "o->", "z"),
        ("x", "o->", "y"),
        ("y", "<->", "z"),
    )
    pair = oracle(correlation[2:, 2:], ("y", "z"))
    assert fci(pair).graph.edges == (("y", "o-o", "z"),)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_with_knowledge_every_mark_holds_in_all_members_that_obey_it(seed: int) -> None:
    """Tiers, required and forbidden edges of the true graph; all marks without knowledge stay."""
    generator = np.random.default_rng(seed)
    p = 6
    dag = random_hidden(p, 0.35, generator)
    names, causes = tuple("abcdef"), reach(dag)[:p, :p]
    correlation = population_correlation(dag, list(range(p)), generator)
    edges = [(names[i], names[j]) for i, j in np.argwhere(dag[:p, :p])]
    absent = [(names[j], names[i]) for i, j in np.argwhere(causes) if generator.random() < 0.3]
    required = frozenset(edge for edge in edges if generator.random() < 0.3)
    known = Knowledge(required=required, forbidden=frozenset(absent))
    plain, told = (fci(oracle(correlation, names), knowledge).graph.marks for knowledge in (None, known))
    assert ((plain != 0) == (told != 0)).all()
    assert (told[plain != CIRCLE] == plain[plain != CIRCLE]).all()
    assert not ((told == ARROW) & causes.T).any()
    assert not ((told == TAIL) & ~causes.T).any()
    for a, b in required:
        assert told[names.index(a), names.index(b)] == ARROW
        assert told[names.index(b), names.index(a)] == TAIL


def test_tiers_put_arrows_where_nothing_earlier_is_caused_and_keep_the_mediator() -> None:
    generator = np.random.default_rng(2)
    a = generator.normal(size=5000)
    b = a + generator.normal(size=5000)
    rows = summarise(pd.DataFrame({"a": a, "b": b, "c": b + generator.normal(size=5000)}))
    found = fci(rows, Knowledge(tiers=(("a",), ("b",), ("c",))))
    assert found.graph.edges == (("a", "o->", "b"), ("b", "->", "c"))
    assert found.separator("a", "c") == ("b",)


def test_nothing_later_than_both_ends_separates_them() -> None:
    generator = np.random.default_rng(6)
    known = Knowledge(tiers=(("a", "b", "c"), ("d", "e", "f")))
    early = 0
    for _ in range(30):
        root = np.linalg.cholesky(population_correlation(random_hidden(6, 0.5, generator), list(range(6)), generator))
        rows = pd.DataFrame(generator.normal(size=(60, 6)) @ root.T, columns=list("abcdef"))
        for (first, second), separator in fci(summarise(rows), known).separators.items():
            if first in "abc" and second in "abc":
                early += 1
                assert not set(separator) & set("def")
    assert early > 30


def test_a_pair_forbidden_both_ways_may_still_share_a_hidden_cause() -> None:
    generator = np.random.default_rng(2)
    hidden = generator.normal(size=3000)
    rows = pd.DataFrame({"a": hidden + generator.normal(size=3000), "b": hidden + generator.normal(size=3000)})
    apart = Knowledge(forbidden=frozenset({("a", "b"), ("b", "a")}))
    assert fci(summarise(rows), apart).graph.edges == (("a", "<->", "b"),)
    assert pc(summarise(rows), apart).graph.edges == ()


def test_knowledge_on_noisy_rows_is_obeyed() -> None:
    generator = np.random.default_rng(6)
    for _ in range(15):
        dag = random_hidden(6, 0.4, generator)
        root = np.linalg.cholesky(population_correlation(dag, list(range(6)), generator))
        rows = pd.DataFrame(generator.normal(size=(80, 6)) @ root.T, columns=list("abcdef"))
        known = Knowledge(tiers=(("a", "b"), ("c", "d"), ("e", "f")), required=frozenset({("a", "c")}))
        found = fci(summarise(rows), known).graph
        assert found.edge("a", "c") == "->"
        for early, late in itertools.product("ab", "cdef"):
            if found.edge(early, late):
                assert found.marks[found.names.index(early), found.names.index(late)] == ARROW


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_columns_and_their_units_change_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    dag = random_hidden(6, 0.4, generator)
    root = np.linalg.cholesky(population_correlation(dag, list(range(6)), generator))
    rows = facing_up(pd.DataFrame(generator.normal(size=(120, 6)) @ root.T, columns=list("abcdef")))
    plain = fci(summarise(rows))
    turned = fci(summarise(rows[list(generator.permutation(rows.columns))]))
    scaled = fci(summarise(rows * (1e8 ** generator.uniform(-1, 1, 6))))
    assert plain.graph == turned.graph == scaled.graph
    assert plain.separators == turned.separators == scaled.separators


def test_causal_learn_with_the_same_oracle_agrees_or_is_wrong() -> None:
    """Ours holds in the truth; where causal-learn 0.1.4 says something else it is wrong or says less."""
    from causallearn.search.ConstraintBased.FCI import fci as peer
    from causallearn.utils import cit

    held: dict[str, object] = {}

    class Oracle(cit.CIT_Base):  # type: ignore[misc]
        def __init__(self, data: np.ndarray, **settings: object) -> None:
            super().__init__(data, **settings)
            self.check_cache_method_consistent("population", "none")

        def __call__(self, x: int, y: int, given: object = None) -> float:
            row = sorted(int(k) for k in (given or ()))  # type: ignore[attr-defined]
            return float(held["test"].p_values(int(x), int(y), np.array([row], dtype=np.int64))[0])  # type: ignore[attr-defined]

    cit.register_ci_test("population", Oracle)
    generator = np.random.default_rng(1)
    rows, same = generator.normal(size=(20, 6)), 0
    for _ in range(25):
        dag = random_hidden(6, 0.35, generator)
        held["test"] = oracle(population_correlation(dag, list(range(6)), generator), tuple("abcdef"))
        ours = fci(held["test"]).graph.marks  # type: ignore[arg-type]
        theirs = peer(rows, "population", 0.05, show_progress=False)[0].graph
        marks = np.select([theirs.T == 1, theirs.T == 2, theirs.T == -1], [ARROW, CIRCLE, TAIL], 0)
        causes = reach(dag)[:6, :6]
        assert not ((ours == ARROW) & causes.T).any()
        wrong = ((marks == ARROW) & causes.T).any() or ((marks == TAIL) & ~causes.T).any()
        assert wrong or (marks == np.where(marks == CIRCLE, CIRCLE, ours)).all()
        same += bool((marks == ours).all())
    assert same >= 22


def test_a_visible_arrow_is_one_that_no_member_can_confound() -> None:
    """Zhang (2008): with v o-> x -> y and v apart from y, x -> y is visible; in a full triangle it is not."""
    directed, none = np.zeros((2, 4, 4), dtype=bool)
    directed[[0, 3, 1], [1, 1, 2]] = True  # a -> b <- d, b -> c
    marks = marks_of(directed, none)
    assert visible(marks, 1, 2)
    assert not visible(marks, 0, 1)


def test_an_arrow_is_visible_through_a_path_of_colliders_that_act_on_the_effect() -> None:
    """v o-> w <-> x with w -> y and x -> y: v shows that nothing hidden moves x and y."""
    edges = [("v", "o->", "w"), ("w", "<->", "x"), ("w", "->", "y"), ("x", "->", "y")]
    marks = MixedGraph.from_edges("vwxy", edges, hidden_causes=True).marks
    assert visible(marks, 2, 3)
    assert not visible(MixedGraph.from_edges("vwxy", edges[1:], hidden_causes=True).marks, 2, 3)


def test_a_forbidden_direct_edge_leaves_the_way_through_others_open() -> None:
    """a -> b -> c with a hidden cause of b and c: nothing separates a and c, and a does cause c."""
    dag = Dag.from_edges("abch", [("a", "b"), ("b", "c"), ("h", "b"), ("h", "c")])
    correlation = population_correlation(dag.adjacency, [0, 1, 2], np.random.default_rng(0))
    known = Knowledge(tiers=(("a",), ("b",), ("c",)), forbidden=frozenset({("a", "c")}))
    found = fci(oracle(correlation, tuple("abc")), known).graph
    assert found.edge("a", "c") == "o->"


def closed(edges: list[tuple[str, str, str]], unclear: str = "") -> MixedGraph:
    graph = MixedGraph.from_edges("abc", edges, hidden_causes=True)
    marks, open_triples = np.array(graph.marks), np.zeros((3, 3, 3), dtype=bool)
    if unclear:
        i, k, j = ("abc".index(name) for name in unclear)
        open_triples[i, k, j] = open_triples[j, k, i] = True
    close_ancestral(marks, Skeleton(marks != 0, {}, np.zeros((3, 3))), open_triples)
    return MixedGraph(graph.names, marks, True)


def test_what_causes_a_cause_is_a_cause() -> None:
    """Rule R8: a -> b -> c and a o-> c."""
    assert closed([("a", "->", "b"), ("b", "->", "c"), ("a", "o->", "c")]).edge("a", "c") == "->"


def test_a_triple_that_may_collide_starts_no_rule() -> None:
    """Rule R1: a o-> b o-o c, with a and c apart, gives b -> c unless b may be a collider."""
    edges = [("a", "o->", "b"), ("b", "o-o", "c")]
    assert closed(edges).edge("b", "c") == "->"
    assert closed(edges, unclear="abc").edge("b", "c") == "o-o"


def test_separators_that_disagree_leave_a_triple_open_and_nothing_behind_it_turns() -> None:
    """a and d collide at c; whether b joins them there is not known (a and b, b and d: with and without c)."""

    class Table:
        names = tuple("abcd")
        apart = frozenset({"ad", "ab", "abc", "bd", "bdc"})

        def p_values(self, first: int, second: int, given: np.ndarray) -> np.ndarray:
            asked = ["".join(self.names[k] for k in (first, second, *row)) for row in given]
            return np.array([float(question in self.apart) for question in asked])

    found = fci(Table())
    assert found.ambiguous == (("a", "c", "b"), ("b", "c", "d"))
    assert found.graph.edges == (("a", "o->", "c"), ("b", "o-o", "c"), ("d", "o->", "c"))


def test_two_ways_that_part_at_once_and_meet_again_show_a_cause() -> None:
    """Rule R10: the truth has one edge more than the other rules would leave open."""
    pairs = [(0, 2), (0, 4), (1, 0), (1, 2), (1, 3), (1, 4), (2, 3), (3, 4)]
    directed, none = np.zeros((2, 5, 5), dtype=bool)
    directed[tuple(np.array(pairs).T)] = True
    generator = np.random.default_rng(0)
    signature = dependences(population_correlation(directed, [0, 1, 2, 3, 4], generator))
    expected = common_marks(equivalent_graphs(signature, 5, generator))
    assert (fci(oracle_of((directed, none))).graph.marks == expected).all()


def test_the_check_names_edges_that_a_hidden_cause_could_make() -> None:
    generator = np.random.default_rng(9)
    x, w, hidden = generator.normal(size=(3, 4000))
    y = x + hidden + generator.normal(size=4000)
    z = w + hidden + generator.normal(size=4000)
    u = z + generator.normal(size=4000)
    evidence = summarise(pd.DataFrame({"x": x, "w": w, "y": y, "z": z, "u": u}))
    graph = Dag.from_edges("uwxyz", [("x", "y"), ("y", "z"), ("w", "z"), ("z", "u"), ("x", "z")])
    check = latent_check(graph, evidence, alpha=0.001)
    table = check.table.set_index(["cause", "effect"])
    assert table["pag"].to_dict() == {
        ("w", "z"): "o->",
        ("x", "y"): "o->",
        ("x", "z"): "",
        ("y", "z"): "<->",
        ("z", "u"): "->",
    }
    assert table["could_be_hidden"].tolist() == [True, True, False, True, False]
    assert table["could_be_confounded"].tolist() == [True, True, False, True, False]
    assert table.loc[("x", "z"), "why"] == "no edge: independent given nothing, at this level"
    assert repr(check).startswith("LatentCheck(3 of 5 edges")


def test_the_check_reads_classes_and_posteriors_and_refuses_other_values() -> None:
    generator = np.random.default_rng(9)
    a, b = generator.normal(size=(2, 800))
    evidence = summarise(pd.DataFrame({"a": a, "b": b, "c": a + b + generator.normal(size=800)}))
    draws = np.zeros((2, 3, 3), dtype=bool)
    draws[:, [0, 1], 2] = True
    draws[1, 0, 1] = True
    edge = np.tensordot([0.9, 0.1], draws, axes=1)
    posterior = GraphPosterior(
        tuple("abc"), draws, np.array([0.9, 0.1]), "posterior", edge, edge * np.nan, True, "test"
    )
    assert latent_check(posterior, evidence).table["pag"].tolist() == ["o->", "o->"]
    open_pair = EquivalenceClass.from_dag(Dag.from_edges("abc", [("c", "a")]))
    assert latent_check(open_pair, evidence).table[["cause", "effect", "pag"]].to_numpy().tolist() == [
        ["a", "c", "o->"]
    ]
    with pytest.raises(DiscoveryError, match="same values"):
        latent_check(Dag(("a", "z"), np.zeros((2, 2))), evidence)


@pytest.mark.shared
def test_on_gml_of_pcalg_the_hidden_node_leaves_the_edges_of_its_children_open(shared_data: Path) -> None:
    """10,000 rows on nodes 2 to 5 of a known graph whose node 1 is hidden; truth by listing all ancestral graphs."""
    folder = shared_data / "pcalg"
    rows = pd.read_csv(folder / "gmL.csv.gz")
    truth = pd.read_csv(folder / "gmL.adjmat.csv", index_col=0).to_numpy() == 1
    generator = np.random.default_rng(0)
    signature = dependences(population_correlation(truth, [1, 2, 3, 4], generator))
    expected = common_marks(equivalent_graphs(signature, 4, generator))
    found = fci(summarise(rows), alpha=0.01)
    assert found.graph == MixedGraph(("2", "3", "4", "5"), expected, True)
    assert found.graph.edges
