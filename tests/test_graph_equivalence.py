"""Equivalence classes: laws on all graphs of five nodes, then independent implementations, then numbers."""

from __future__ import annotations

import itertools
from collections import defaultdict

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import DiscoveryError, ModelError
from causalvalues.frozen import BoolArray
from causalvalues.graph import Dag, EquivalenceClass, ancestors, compelled_edges
from causalvalues.graph.equivalence import compelled_given, random_member
from causalvalues.graph.threshold import inclusion_threshold

NAMES = tuple("abcde")


@pytest.fixture(scope="module")
def every_dag() -> BoolArray:
    """All directed acyclic graphs on five nodes, by trying each of three states for each of the ten pairs."""
    states = np.array(list(itertools.product((0, 1, 2), repeat=10)), dtype=np.int8)
    graphs = np.zeros((len(states), 5, 5), dtype=bool)
    for k, (i, j) in enumerate(itertools.combinations(range(5), 2)):
        graphs[:, i, j], graphs[:, j, i] = states[:, k] == 1, states[:, k] == 2
    power, walks = np.eye(5, dtype=int) + np.zeros((len(graphs), 1, 1), dtype=int), np.zeros(len(graphs))
    for _ in range(5):
        power = np.minimum(power @ graphs, 1)
        walks += np.trace(power, axis1=1, axis2=2)
    return graphs[walks == 0]


@pytest.fixture(scope="module")
def classes(every_dag: BoolArray) -> list[BoolArray]:
    """The graphs grouped by skeleton and colliders (Verma and Pearl 1990)."""
    groups: dict[bytes, list[BoolArray]] = defaultdict(list)
    for graph in every_dag:
        either = graph | graph.T
        colliders = [
            (i, k, j)
            for k in range(5)
            for i, j in itertools.combinations(np.flatnonzero(graph[:, k]).tolist(), 2)
            if not either[i, j]
        ]
        groups[either.tobytes() + repr(colliders).encode()].append(graph)
    return [np.array(group) for group in groups.values()]


def random_dag(p: int, edges: int, generator: np.random.Generator) -> BoolArray:
    graph = np.zeros((p, p), dtype=bool)
    graph[tuple(np.array(np.triu_indices(p, 1))[:, generator.permutation(p * (p - 1) // 2)[:edges]])] = True
    places = generator.permutation(p)
    return graph[np.ix_(places, places)]


def test_there_are_29281_graphs_in_8782_classes_on_five_nodes(every_dag: BoolArray, classes: list[BoolArray]) -> None:
    """Numbers of Robinson (1977) and of Gillispie and Perlman (2002)."""
    assert len(every_dag) == 29_281
    assert len(classes) == 8_782
    compelled = compelled_edges(every_dag)
    open_edges = (every_dag | every_dag.transpose(0, 2, 1)) & ~(compelled | compelled.transpose(0, 2, 1))
    assert len({c.tobytes() + o.tobytes() for c, o in zip(compelled, open_edges, strict=True)}) == 8_782


def test_an_edge_is_compelled_exactly_when_all_graphs_of_the_class_agree_on_it(classes: list[BoolArray]) -> None:
    for group in classes:
        expected = group.all(axis=0)
        assert (compelled_edges(group) == expected).all()


@pytest.mark.parametrize("levers", [1, 2])
def test_with_levers_an_edge_is_compelled_when_all_graphs_with_the_same_lever_edges_agree(
    classes: list[BoolArray], levers: int
) -> None:
    """The last nodes play the levers: nothing acts on them."""
    p, settled = 5 - levers, 0
    for group in classes:
        mine = group[~group[:, :, p:].any(axis=(1, 2))]
        if len(mine):
            found = compelled_given(mine[:, :p, :p], np.zeros((p, p), dtype=bool), mine[:, p:, :p])
            assert (found == mine.all(axis=0)[:p, :p]).all()
            settled += int((found & ~compelled_edges(mine[:, :p, :p])).any())
    assert settled > 20


def test_with_knowledge_an_edge_is_compelled_when_all_graphs_that_obey_it_agree(classes: list[BoolArray]) -> None:
    generator = np.random.default_rng(3)
    settled = 0
    for group in classes[::3]:
        some = np.triu(generator.random((5, 5)) < 0.25, 1)
        fixed = np.where(generator.random((5, 5)) < 0.5, some, False)
        fixed |= (some & ~fixed).T
        mine = group[~(group & fixed.T).any(axis=(1, 2))]
        if len(mine):
            assert (compelled_given(mine, fixed) == mine.all(axis=0)).all()
            settled += int((mine.all(axis=0) & ~fixed & ~group.all(axis=0)).any())
    assert settled > 20


def test_a_lever_settles_the_chain_below_it_and_one_on_both_ends_settles_nothing() -> None:
    chain = Dag.from_edges("abc", [("a", "b"), ("b", "c")]).adjacency[None]
    free = np.zeros((3, 3), dtype=bool)
    assert not compelled_given(chain, free).any()
    assert (compelled_given(chain, free, np.array([[[1, 0, 0]]], dtype=bool)) == chain).all()
    assert not compelled_given(chain, free, np.array([[[1, 1, 1]]], dtype=bool)).any()


def test_the_members_of_a_class_are_its_graphs_each_once(classes: list[BoolArray]) -> None:
    for group in classes[::7]:
        found = EquivalenceClass.from_dag(Dag(NAMES, group[-1])).members()
        assert len(found) == len(group)
        assert {dag.adjacency.tobytes() for dag in found} == {graph.tobytes() for graph in group}


def test_all_graphs_of_a_class_give_equal_classes_with_equal_hashes_and_one_member(classes: list[BoolArray]) -> None:
    for group in classes[::29]:
        found = [EquivalenceClass.from_dag(Dag(NAMES, graph)) for graph in group]
        assert len(set(found)) == 1
        assert len({one.member().adjacency.tobytes() for one in found}) == 1
        assert found[0].member().adjacency.tobytes() in {graph.tobytes() for graph in group}


def test_classes_differ_when_a_collider_appears() -> None:
    chain = EquivalenceClass.from_dag(Dag.from_edges("abc", [("a", "b"), ("b", "c")]))
    collider = EquivalenceClass.from_dag(Dag.from_edges("abc", [("a", "b"), ("c", "b")]))
    assert chain != collider
    assert chain != "a--b--c"
    assert chain.edges == (("a", "--", "b"), ("b", "--", "c"))
    assert collider.edges == (("a", "->", "b"), ("c", "->", "b"))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_names_changes_neither_the_class_nor_its_member(seed: int) -> None:
    generator = np.random.default_rng(seed)
    graph, places = random_dag(7, 9, generator), generator.permutation(7)
    names = tuple("gfedcba")
    one = EquivalenceClass.from_dag(Dag(names, graph))
    other = EquivalenceClass.from_dag(Dag(tuple(names[i] for i in places), graph[np.ix_(places, places)]))
    assert one == other
    assert hash(one) == hash(other)
    assert set(one.member().edges) == set(other.member().edges)


def test_members_stop_at_the_limit() -> None:
    clique = EquivalenceClass.from_dag(Dag("abcde", np.triu(np.ones((5, 5), dtype=bool), 1)))
    assert len(clique.members(limit=200)) == 120
    assert len(clique.members(limit=7)) == 7
    with pytest.raises(ModelError, match="limit"):
        clique.members(limit=0)


def test_a_collider_alone_orients_the_edge_that_would_close_a_cycle() -> None:
    """Meek's third rule: a - c -> b <- d - a makes a -> b."""
    place = {name: i for i, name in enumerate("abcd")}
    directed, undirected = np.zeros((4, 4), dtype=bool), np.zeros((4, 4), dtype=bool)
    directed[place["c"], place["b"]] = directed[place["d"], place["b"]] = True
    for end in "bcd":
        undirected[place["a"], place[end]] = undirected[place[end], place["a"]] = True
    unfinished = EquivalenceClass("abcd", directed, undirected)
    assert len(unfinished.members()) == 3
    assert all(("a", "b") in dag.edges for dag in unfinished.members())


def test_a_class_without_a_member_is_refused() -> None:
    ring = np.zeros((4, 4), dtype=bool)
    for i in range(4):
        ring[i, (i + 1) % 4] = ring[(i + 1) % 4, i] = True
    impossible = EquivalenceClass("abcd", np.zeros((4, 4), dtype=bool), ring)
    with pytest.raises(ModelError, match="No directed acyclic graph"):
        impossible.member()
    with pytest.raises(ModelError, match="No directed acyclic graph"):
        impossible.members()


def test_an_edge_that_is_given_twice_or_one_sided_is_refused() -> None:
    both = np.array([[0, 1], [1, 0]], dtype=bool)
    one = np.array([[0, 1], [0, 0]], dtype=bool)
    with pytest.raises(ModelError, match="'a' and 'b' is given twice"):
        EquivalenceClass(("a", "b"), one, both)
    with pytest.raises(ModelError, match="symmetric"):
        EquivalenceClass(("a", "b"), np.zeros((2, 2), dtype=bool), one)


def test_a_cyclic_draw_is_named() -> None:
    draws = np.zeros((3, 3, 3), dtype=bool)
    draws[2, 0, 1] = draws[2, 1, 2] = draws[2, 2, 0] = True
    for question in (compelled_edges, ancestors):
        with pytest.raises(ModelError, match="Draw 2 has a cycle"):
            question(draws)
        with pytest.raises(ModelError, match="shape"):
            question(draws[0])


def test_compelled_edges_of_large_graphs_equal_those_of_causal_learn() -> None:
    dag2cpdag = pytest.importorskip("causallearn.utils.DAG2CPDAG").dag2cpdag
    causal_dag = pytest.importorskip("causallearn.graph.Dag").Dag
    node = pytest.importorskip("causallearn.graph.GraphNode").GraphNode
    generator = np.random.default_rng(5)
    for p, edges in ((12, 18), (20, 50)):
        graph = random_dag(p, edges, generator)
        nodes = [node(str(i)) for i in range(p)]
        theirs = causal_dag(nodes)
        for i, j in np.argwhere(graph):
            theirs.add_directed_edge(nodes[i], nodes[j])
        marks = dag2cpdag(theirs).graph  # [i, j] = -1 and [j, i] = 1 for i -> j
        assert (((marks == -1) & (marks.T == 1)) == compelled_edges(graph[None])[0]).all()


def test_two_hundred_nodes_work() -> None:
    graph = random_dag(200, 600, np.random.default_rng(1))
    one = EquivalenceClass.from_dag(Dag([f"v{i}" for i in range(200)], graph))
    assert EquivalenceClass.from_dag(one.member()) == one


@given(seed=st.integers(0, 10**6), edges=st.integers(0, 28))
@settings(max_examples=40, deadline=None)
def test_ancestors_are_the_transitive_closure(seed: int, edges: int) -> None:
    graph = random_dag(8, edges, np.random.default_rng(seed))
    closure = nx.to_numpy_array(nx.transitive_closure_dag(nx.from_numpy_array(graph, create_using=nx.DiGraph)))
    assert (ancestors(graph[None])[0] == closure.astype(bool)).all()


def test_inputs_are_left_alone() -> None:
    graph = random_dag(6, 8, np.random.default_rng(0))
    before = graph.copy()
    compelled_edges(graph[None])
    ancestors(graph[None])
    compelled_given(graph[None], graph, graph[None, :2])
    random_member(graph, graph, np.random.default_rng(0))
    found = EquivalenceClass.from_dag(Dag("abcdef", graph))
    directed, undirected = found.directed.copy(), found.undirected.copy()
    found.members()
    assert (graph == before).all()
    assert (found.directed == directed).all()
    assert (found.undirected == undirected).all()


@pytest.mark.parametrize(
    ("edges", "members"),
    [
        ([("a", "b"), ("b", "c"), ("c", "d")], 4),
        ([("a", "b"), ("a", "c"), ("b", "c")], 6),
        ([("b", "a"), ("b", "c")], 3),
    ],
)
def test_random_members_of_trees_and_cliques_are_uniform(edges: list[tuple[str, str]], members: int) -> None:
    dag = Dag.from_edges(sorted({name for edge in edges for name in edge}), edges)
    generator = np.random.default_rng(11)
    free = np.zeros_like(dag.adjacency)
    counts: dict[bytes, int] = defaultdict(int)
    draws = 3000
    for _ in range(draws):
        counts[random_member(dag.adjacency, free, generator).tobytes()] += 1
    share = 1 / members
    assert len(counts) == members
    assert max(abs(count / draws - share) for count in counts.values()) < 4 * (share * (1 - share) / draws) ** 0.5


def test_a_random_member_keeps_its_class_and_what_is_fixed(classes: list[BoolArray]) -> None:
    generator = np.random.default_rng(2)
    for group in classes[::5]:
        graph = group[generator.integers(len(group))]
        fixed = generator.random((5, 5)) < 0.4
        member = random_member(graph, fixed, generator)
        assert member.tobytes() in {one.tobytes() for one in group}
        assert member[graph & fixed].all()


def _threshold_on_a_grid(strengths: list[float]) -> float:
    """The definition of Scutari and Nagarajan (2013), minimised on a fine grid of step heights."""
    values = np.sort(strengths)
    points = np.linspace(0, 1, 20001)[:-1]
    distribution = np.searchsorted(values, points, side="right") / len(values)
    heights = np.arange(0, len(values) + 1) / len(values)
    height = min(heights, key=lambda t: (round(float(np.abs(distribution - t).sum()), 6), t))
    return float(values[max(round(height * len(values)) - 1, 0)])


@given(st.lists(st.integers(0, 100), min_size=2, max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_threshold_minimises_the_distance_to_an_ideal_step(percent: list[int]) -> None:
    strengths = [x / 100 for x in percent]
    assert inclusion_threshold(strengths) == pytest.approx(_threshold_on_a_grid(strengths), abs=2e-9)


def test_the_threshold_separates_clear_edges_from_clear_gaps() -> None:
    assert 0.1 <= inclusion_threshold(np.array([0.02, 0.05, 0.1, 0.9, 0.95, 1.0])) < 0.9
    assert inclusion_threshold(np.array([0.0, 0.0, 1.0])) < 1
    assert inclusion_threshold(np.array([1.0, 1.0])) < 1
    assert inclusion_threshold(np.array([])) == 0
    with pytest.raises(DiscoveryError, match="between 0 and 1"):
        inclusion_threshold(np.array([0.5, 1.5]))
