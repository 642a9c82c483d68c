"""Differences of two graphs: where each edge stands, and by how much effects differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.errors import FigureError
from causalvalues.figures import Layered
from causalvalues.figures.difference_data import difference, direct_draws
from causalvalues.figures.graph_difference import graph_difference
from causalvalues.graph import Dag, GraphPosterior
from causalvalues.model.comparison import compare
from causalvalues.model.structural import StructuralModel
from causalvalues.randomness import stream
from causalvalues.scene import Scene, Shape, Text, overlaps

ONE = Dag.from_edges("abcd", [("a", "b"), ("b", "c"), ("c", "d")])
TWO = Dag.from_edges("abcd", [("a", "b"), ("c", "b"), ("a", "d")])


def model_of(sizes: dict[tuple[str, str], float], draws: int = 40, seed: int = 1) -> StructuralModel:
    names = tuple("abcd")
    coefficients = np.zeros((draws, 4, 4))
    for (a, b), size in sizes.items():
        noise = stream(seed, a, b).normal(0, 0.05, draws)
        coefficients[:, names.index(a), names.index(b)] = size + noise
    ones = np.ones((draws, 4))
    return StructuralModel(names, coefficients, 0 * ones, ones, np.ones(draws), kind="posterior")


def changes(scene: Scene) -> dict[frozenset[str], str]:
    return {frozenset((edge.cause, edge.effect)): edge.change for edge in scene.edges}


def test_each_edge_is_told_by_where_it_stands() -> None:
    scene = graph_difference(ONE, TWO, ("A", "B"))
    assert changes(scene) == {
        frozenset("ab"): "same",
        frozenset("bc"): "turned",
        frozenset("cd"): "removed",
        frozenset("ad"): "added",
    }
    assert scene.kind == "difference"
    assert next(edge for edge in scene.edges if edge.change == "turned").cause == "c"


def test_changing_sides_exchanges_what_is_in_one_only() -> None:
    forth, back = changes(graph_difference(ONE, TWO)), changes(graph_difference(TWO, ONE))
    swap = {"added": "removed", "removed": "added"}
    assert back == {pair: swap.get(change, change) for pair, change in forth.items()}


def test_colour_and_dash_each_tell_the_change() -> None:
    scene = graph_difference(ONE, TWO)
    looks = {}
    for edge in scene.edges:
        line = next(m for m in scene.marks if isinstance(m, Shape) and (m.part, m.role) == (edge.part, "line"))
        looks[edge.change] = line.stroke, (line.dash, line.stroke_width)
    assert len({colour for colour, _ in looks.values()}) == len(looks) == 4
    assert len({dash for _, dash in looks.values()}) == 4
    legend = [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.part == "legend"]
    assert "in first only" in legend
    assert "in both, effect of another size" not in legend


def test_two_equal_graphs_do_not_differ() -> None:
    scene = graph_difference(ONE, ONE)
    assert set(changes(scene).values()) == {"same"}
    assert not any(isinstance(mark, Text) and mark.role == "label" for mark in scene.marks)


def test_an_edge_of_both_is_changed_when_the_interval_of_the_difference_leaves_out_zero() -> None:
    one = model_of({("a", "b"): 0.5, ("b", "c"): 0.3})
    two = model_of({("a", "b"): 0.9, ("b", "c"): 0.3}, seed=2)
    scene = graph_difference(one, two, ("A", "B"), models=(one, two))
    assert changes(scene) == {frozenset("ab"): "changed", frozenset("bc"): "same"}
    edge = next(edge for edge in scene.edges if edge.change == "changed")
    assert edge.mean == pytest.approx(0.4, abs=0.05)
    row = dict(zip(scene.columns, scene.rows[0], strict=True))
    assert row["effect B"] - row["effect A"] == pytest.approx(row["difference"])  # type: ignore[operator]
    assert row["difference lower"] < row["difference"] < row["difference upper"]  # type: ignore[operator]


@given(st.integers(0, 1000), st.floats(-1, 1), st.floats(0.05, 1))
@settings(max_examples=25, deadline=None)
def test_the_interval_of_a_difference_is_that_of_independent_normals(seed: int, mean: float, sd: float) -> None:
    rng = stream(seed, "draws")
    n = 4000
    one, two = rng.normal(0, 1, n), rng.normal(mean, sd, n)
    weights = np.full(n, 1 / n)
    centre, low, high = difference((one, weights), (two, weights), 0.9)
    half = 1.6449 * np.hypot(1, sd)
    assert centre == pytest.approx(mean, abs=0.1)
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.17)


def test_draws_in_which_the_edge_is_turned_round_are_left_out_and_draws_without_it_are_zero() -> None:
    coefficients = np.zeros((3, 2, 2))
    coefficients[0, 0, 1], coefficients[1, 1, 0] = 0.6, 0.9
    ones = np.ones((3, 2))
    model = StructuralModel(("a", "b"), coefficients, 0 * ones, ones, np.array([1.0, 5.0, 3.0]), kind="posterior")
    values, weights = direct_draws(model, "a", "b")
    assert values.tolist() == [0.6, 0.0]
    assert weights.tolist() == [0.25, 0.75]


def test_the_caption_says_that_a_difference_of_edges_is_no_test() -> None:
    caption = graph_difference(ONE, TWO, ("A", "B")).caption
    assert "in A only: 1; in B only: 1; turned round (as in B): 1; in both alike: 1" in caption
    assert "no test of a difference" in caption


def test_a_comparison_adds_its_summary_and_its_probabilities() -> None:
    def posterior(dag: Dag) -> GraphPosterior:
        draws = np.array([dag.adjacency] * 3)
        return GraphPosterior(dag.names, draws, np.ones(3), "posterior", draws[0], np.full((4, 4), 0.3), False, "hand")

    one, two = posterior(ONE), posterior(TWO)
    found = compare({"A": one, "B": two}, draws=10)
    scene = graph_difference(one, two, ("A", "B"), comparison=found)
    assert found.summary in scene.caption
    place = scene.columns.index("P(in one only)")
    assert {row[2]: row[place] for row in scene.rows}["removed"] == 1.0


def test_graphs_over_different_values_are_refused() -> None:
    with pytest.raises(FigureError, match="differ in the values e"):
        graph_difference(ONE, Dag.from_edges("abcde", []))


@pytest.mark.parametrize("width", [219.0, 252.0, 397.0, 468.0, 540.0])
def test_nothing_collides_at_any_width(width: float) -> None:
    names = [f"a rather long name {i}" for i in range(12)]
    rng = stream(3, "edges")
    graphs = []
    for _ in range(2):
        there = np.triu(rng.random((12, 12)) < 0.2, 1)
        graphs.append(Dag(tuple(names), there))
    for layout in (None, Layered()):
        scene = graph_difference(*graphs, layout=layout, width=width)
        assert overlaps(scene) == []
        assert scene.width == width
