"""Graphs and background knowledge: what is refused, and what the masks say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import KnowledgeError, ModelError
from causalvalues.graph import Dag, Knowledge

VALUES = ("achievement", "benevolence", "power", "security")


def test_a_cycle_is_named_edge_by_edge() -> None:
    with pytest.raises(ModelError, match="form a cycle") as caught:
        Dag.from_edges("abcd", [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")])
    message = str(caught.value)
    assert any(
        f"{x} -> {y} -> {z} -> {x}" in message for x, y, z in (("a", "b", "c"), ("b", "c", "a"), ("c", "a", "b"))
    )
    assert "d" not in message.split(":")[1].split(".", maxsplit=1)[0]


def test_an_unknown_node_in_an_edge_is_named_with_the_nearest_one() -> None:
    with pytest.raises(ModelError, match=r"'powr'.*Did you mean 'power'"):
        Dag.from_edges(VALUES, [("security", "powr")])


def test_names_that_repeat_are_refused() -> None:
    with pytest.raises(ModelError, match="must differ"):
        Dag(("a", "a"), np.zeros((2, 2), dtype=bool))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_order_puts_causes_first_and_does_not_depend_on_the_columns(seed: int) -> None:
    generator = np.random.default_rng(seed)
    graph = np.triu(generator.random((6, 6)) < 0.4, 1)
    mixed = generator.permutation(6)
    names = tuple("fbdace")
    dag = Dag(tuple(names[i] for i in mixed), graph[np.ix_(mixed, mixed)])
    place = {name: i for i, name in enumerate(dag.order)}
    assert all(place[cause] < place[effect] for cause, effect in dag.edges)
    assert dag.order == Dag(names, graph).order
    assert set(dag.networkx().edges) == set(dag.edges)
    assert all(set(dag.parents(name)) == {a for a, b in dag.edges if b == name} for name in names)


def test_a_graph_does_not_share_memory_with_its_input() -> None:
    adjacency = np.zeros((2, 2), dtype=bool)
    dag = Dag(("a", "b"), adjacency)
    adjacency[0, 1] = True
    assert dag.edges == ()
    with pytest.raises(ValueError, match="read-only"):
        dag.adjacency[0, 1] = True


def test_no_knowledge_allows_every_edge_but_loops() -> None:
    assert (Knowledge().allowed(VALUES) == ~np.eye(4, dtype=bool)).all()
    assert not Knowledge().must(VALUES).any()


def test_tiers_forbid_only_what_points_backwards() -> None:
    knowledge = Knowledge(tiers=(("a", "b"), ("c",), ("d",)))
    allowed = knowledge.allowed("abcde")
    tier = {"a": 0, "b": 0, "c": 1, "d": 2}
    for (i, cause), (j, effect) in itertools.product(enumerate("abcde"), repeat=2):
        backwards = cause in tier and effect in tier and tier[cause] > tier[effect]
        assert allowed[i, j] == (cause != effect and not backwards)


def test_required_edges_forbid_their_reverse_and_are_in_the_mask_of_musts() -> None:
    knowledge = Knowledge(required={("power", "security")}, forbidden={("benevolence", "power")})
    allowed, must = knowledge.allowed(VALUES), knowledge.must(VALUES)
    assert must[2, 3]
    assert must.sum() == 1
    assert not allowed[3, 2]
    assert not allowed[1, 2]
    assert allowed.sum() == 12 - 2


def test_the_masks_follow_the_names() -> None:
    knowledge = Knowledge(tiers=(("power",), ("security",)), required={("power", "achievement")})
    order = [3, 1, 0, 2]
    names = tuple(VALUES[i] for i in order)
    box = np.ix_(order, order)
    assert (knowledge.allowed(names) == knowledge.allowed(VALUES)[box]).all()
    assert (knowledge.must(names) == knowledge.must(VALUES)[box]).all()


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"required": {("a", "b"), ("b", "c"), ("c", "a")}}, "form a cycle"),
        ({"required": {("a", "b"), ("b", "a")}}, "form a cycle"),
        ({"required": {("a", "a")}}, "loop"),
        ({"required": {("a", "b")}, "forbidden": {("a", "b")}}, "'a' -> 'b' is required and forbidden"),
        ({"required": {("b", "a")}, "tiers": (("a",), ("b",))}, "tiers put 'a' before 'b'"),
        ({"tiers": (("a", "b"), ("b",))}, "'b' is in tier 1 and in tier 2"),
    ],
)
def test_contradictions_are_refused_and_name_the_offender(settings_: dict[str, object], message: str) -> None:
    with pytest.raises(KnowledgeError, match=message):
        Knowledge(**settings_)


@pytest.mark.parametrize(
    "knowledge",
    [
        Knowledge(tiers=(("securty",),)),
        Knowledge(required={("power", "securty")}),
        Knowledge(forbidden={("securty", "power")}),
    ],
)
def test_unknown_names_are_refused_with_the_nearest_known_one(knowledge: Knowledge) -> None:
    for question in (knowledge.allowed, knowledge.must):
        with pytest.raises(KnowledgeError, match=r"'securty'.*Did you mean 'security'"):
            question(VALUES)


def test_knowledge_is_not_changed_by_use() -> None:
    required = {("a", "b")}
    knowledge = Knowledge(required=required, tiers=(("a",), ("b", "c")))
    before = repr(sorted(knowledge.required)), knowledge.tiers, knowledge.forbidden
    knowledge.allowed("abc")
    knowledge.must("abc")
    required.add(("b", "c"))
    assert (repr(sorted(knowledge.required)), knowledge.tiers, knowledge.forbidden) == before
