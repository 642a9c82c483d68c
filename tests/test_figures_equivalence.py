"""Marks at the ends of edges: classes, mixed graphs, models and graphs from files, drawn as they stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causalvalues.errors import FigureError
from causalvalues.figures import Circle, GraphOptions, Layered, value_graph
from causalvalues.formats.graph_file import GraphFile
from causalvalues.graph import Dag, EquivalenceClass, GraphPosterior, MixedGraph
from causalvalues.model.structural import StructuralModel
from causalvalues.scene import Scene, Shape, Text, overlaps
from causalvalues.scene.nouns import Edge, Node
from causalvalues.scene.palette import PAPER

ALL = [("a", "->", "b"), ("b", "o->", "c"), ("c", "o-o", "d"), ("d", "<->", "e")]


def shapes(scene: Scene, part: str, role: str) -> list[Shape]:
    return [mark for mark in scene.marks if isinstance(mark, Shape) and (mark.part, mark.role) == (part, role)]


def legend(scene: Scene) -> str:
    return " | ".join(mark.text for mark in scene.marks if isinstance(mark, Text) and mark.part in ("legend", "note"))


def edge(scene: Scene, cause: str, effect: str) -> Edge:
    return next(one for one in scene.edges if (one.cause, one.effect) == (cause, effect))


@pytest.mark.parametrize("layout", [Circle(), Layered()])
def test_every_mark_of_a_mixed_graph_is_drawn_at_its_own_end(layout: Circle | Layered) -> None:
    scene = value_graph(MixedGraph.from_edges("abcde", ALL, hidden_causes=True), options=GraphOptions(layout=layout))
    wanted = {("a", "b"): (1, 0), ("b", "c"): (1, 1), ("c", "d"): (0, 2), ("d", "e"): (2, 0)}
    for pair, (heads, circles) in wanted.items():
        part = edge(scene, *pair).part
        assert (len(shapes(scene, part, "head")), len(shapes(scene, part, "circle"))) == (heads, circles)
    at = {node.name: (node.x, node.y) for node in scene.nodes}
    (circle,) = shapes(scene, edge(scene, "b", "c").part, "circle")
    near = np.array(circle.path[0][1])
    assert np.hypot(*(near - at["b"])) < np.hypot(*(near - at["c"]))
    assert overlaps(scene) == []


def test_an_edge_that_points_backwards_is_turned_with_its_marks() -> None:
    scene = value_graph(MixedGraph.from_edges("ab", [("a", "<-o", "b")], hidden_causes=True))
    assert [(one.cause, one.ends, one.effect) for one in scene.edges] == [("b", "o->", "a")]


def test_the_legend_explains_the_marks_that_occur_and_no_others() -> None:
    said = legend(value_graph(MixedGraph.from_edges("abc", [("a", "o->", "b")], hidden_causes=True)))
    assert "does not cause the other" in said
    assert "hidden cause" not in said
    conflict = legend(value_graph(MixedGraph.from_edges("ab", [("a", "<->", "b")])))
    assert "conflict" in conflict
    assert "hidden" not in conflict


def test_an_open_edge_of_a_class_has_no_head_and_nobody_calls_it_even_odds() -> None:
    found = EquivalenceClass.from_dag(Dag.from_edges("abcd", [("a", "c"), ("b", "c"), ("c", "d")]))
    scene = value_graph(found)
    assert all(one.directed for one in scene.edges)
    chain = value_graph(EquivalenceClass.from_dag(Dag.from_edges("abc", [("a", "b"), ("b", "c")])))
    assert {one.ends for one in chain.edges} == {"---"}
    text = chain.caption + chain.alt + legend(chain)
    assert "open" in text
    assert not any(word in text for word in ("50", ".5", "even", "probab"))


def a_posterior(share: int) -> GraphPosterior:
    """Return 20 draws: a -> c <- b in `share` of them, a chain a -> c -> b in the rest."""
    collider = Dag.from_edges("abc", [("a", "c"), ("b", "c")]).adjacency
    chain = Dag.from_edges("abc", [("a", "c"), ("c", "b")]).adjacency
    draws = np.array([collider] * share + [chain] * (20 - share))
    edge, prior = draws.mean(axis=0), np.full((3, 3), 0.3)
    posterior = GraphPosterior(tuple("abc"), draws, np.ones(20), "posterior", edge, prior, False, "by hand")
    return replace(posterior, independent_draws=1e9)  # the shares are what they are, not counts


@pytest.mark.parametrize(
    ("share", "look"), [(20, "solid"), (19, "solid"), (18, "solid"), (17, "hollow"), (12, "hollow"), (9, "none")]
)
def test_a_head_is_solid_hollow_or_absent_by_the_share_that_compels_it(share: int, look: str) -> None:
    scene = value_graph(a_posterior(share))
    heads = shapes(scene, edge(scene, "a", "c").part, "head")
    found = "none" if not heads else "hollow" if heads[0].fill == PAPER else "solid"
    assert found == look
    assert ("compelled in most graphs" in legend(scene)) == (look == "hollow")
    assert ("Hollow head" in scene.caption) == (look == "hollow")


def test_a_model_of_one_graph_is_drawn_with_its_coefficients() -> None:
    model = StructuralModel.from_coefficients(["a", "b", "c"], [[0, 0.5, 0], [0, 0, -0.4], [0, 0, 0]])
    scene = value_graph(model)
    assert [(one.cause, one.effect, one.ends, one.mean, one.lower) for one in scene.edges] == [
        ("a", "b", "-->", 0.5, None),
        ("b", "c", "-->", -0.4, None),
    ]
    assert ".50" in {mark.text for mark in scene.marks if isinstance(mark, Text)}


def test_a_model_of_several_graphs_is_drawn_as_the_posterior_of_its_draws() -> None:
    coefficients = np.zeros((4, 2, 2))
    coefficients[:3, 0, 1] = [0.4, 0.5, 0.6]
    ones = np.ones((4, 2))
    model = StructuralModel(("a", "b"), coefficients, 0 * ones, ones, np.ones(4), kind="posterior")
    (found,) = value_graph(model).edges
    assert (found.adjacent, found.ends, found.mean) == (0.75, "---", 0.5)


def a_file() -> GraphFile:
    kinds = {"push": "lever", "x": "value", "y": "outcome", "f": "latent"}
    nodes = tuple(Node("", name, f"the {name}", kind, "", 0, 0) for name, kind in kinds.items())  # type: ignore[arg-type]
    edges = (
        Edge("", "push", "x", "lever", "-->"),
        Edge("", "x", "y", "value", "-->"),
        Edge("", "f", "x", "value", "-->"),
    )
    return GraphFile(tuple(kinds), nodes, edges, "test")


def test_a_graph_from_a_file_keeps_kinds_and_labels() -> None:
    scene = value_graph(a_file(), options=GraphOptions(layout=Layered()))
    assert {node.name: node.kind for node in scene.nodes} == {
        "push": "lever",
        "x": "value",
        "y": "outcome",
        "f": "latent",
    }
    assert {node.label for node in scene.nodes} == {"the push", "the x", "the y", "the f"}
    place = {node.name: node.x for node in scene.nodes}
    assert place["push"] < place["x"] < place["y"]
    part = {node.name: node.part for node in scene.nodes}
    assert len(shapes(scene, part["y"], "side")) == 2
    assert not any(command == "L" for command, _ in shapes(scene, part["f"], "box")[0].path)
    said = legend(scene)
    assert all(word in said for word in ("lever", "outcome", "hidden factor"))


def test_levers_of_a_file_are_left_out_of_a_circle() -> None:
    scene = value_graph(a_file())
    assert {node.name for node in scene.nodes} == {"x", "y", "f"}
    assert {one.cause for one in scene.edges} == {"x", "f"}


def test_hidden_factors_of_a_posterior_are_ellipses_in_layers_and_named_beside_a_circle() -> None:
    loads = {"general": {name: {"mean": 0.6, "lower": 0.4, "upper": 0.7, "active": 0.9} for name in "abc"}}
    posterior = a_posterior(20)
    given = GraphPosterior(
        **{**{k: getattr(posterior, k) for k in posterior.__dataclass_fields__}, "settings": {"loadings": loads}}
    )
    layered = value_graph(given, options=GraphOptions(layout=Layered()))
    assert [node.kind for node in layered.nodes if node.name == "general"] == ["latent"]
    assert sum(one.cause == "general" for one in layered.edges) == 3
    circle = value_graph(given)
    assert "general" not in {node.name for node in circle.nodes}
    assert "given the hidden factors of the model (general)" in circle.caption


@pytest.mark.parametrize("width", [219.0, 468.0])
def test_a_note_stands_in_the_picture_itself(width: float) -> None:
    note = "exploratory: the answers are too unreliable for any claim about a single edge of this graph"
    scene = value_graph(a_posterior(20), options=GraphOptions(note=note, width=width))
    lines = [mark for mark in scene.marks if isinstance(mark, Text) and mark.part == "note"]
    assert " ".join(mark.text for mark in lines) == note
    assert "Exploratory:" in scene.caption
    assert overlaps(scene) == []
    plain = value_graph(a_posterior(20), options=GraphOptions(width=width))
    assert scene.height > plain.height


def test_what_is_no_graph_is_refused_by_name() -> None:
    with pytest.raises(FigureError, match="not int"):
        value_graph(3)  # type: ignore[arg-type]
