"""Where things stand on the page: nothing collides, nothing is clipped, nothing is too small to read."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from learned_graphs import learned

from causalvalues.errors import FigureError
from causalvalues.figures import Circle, GraphOptions, Layered, effects_heatmap, value_graph
from causalvalues.figures.ordering import crossings, heights, ordered_columns
from causalvalues.figures.ranking import acyclic, columns_of
from causalvalues.figures.sectors import group_runs
from causalvalues.graph.dag import Dag
from causalvalues.model import direct_effects
from causalvalues.model.effects import total_effects
from causalvalues.randomness import stream
from causalvalues.scene import Overlap, Scene, Shape, Text, overlaps
from causalvalues.scene.geometry import Box, boxes_meet, cut_end, cut_start, outline, text_box
from causalvalues.scene.metrics import font_file, longest_word, text_width, wrap
from causalvalues.scene.palette import SMALLEST
from causalvalues.theories.theory import theory

CASES = [
    ("schwartz-10", 1.5, Circle(), 0),
    ("schwartz-10", 3.0, Circle(), 0),
    ("schwartz-19", 1.6, Circle(), 0),
    ("valueeval-20", 1.3, Circle(), 0),
    ("mft-6", 1.5, Circle(), 0),
    ("schwartz-10", 1.5, Layered(), 10),
    ("schwartz-10", 2.2, Layered(3), 0),
    ("schwartz-19", 1.3, Layered(), 0),
]


@pytest.mark.parametrize(("theory_id", "edges", "layout", "levers"), CASES)
def test_nothing_collides_on_graphs_with_long_names(
    theory_id: str, edges: float, layout: Circle | Layered, levers: int
) -> None:
    values = theory(theory_id)
    posterior, model = learned(values.dimensions, edges, 1, levers)
    labels = {f"do_{name}": f"Prompt: {values.labels[name]}" for name in values.dimensions}
    scene = value_graph(posterior, direct_effects(model), values, labels, GraphOptions(layout=layout))
    assert overlaps(scene) == []
    labelled = {mark.part for mark in scene.marks if isinstance(mark, Text) and mark.role == "label"}
    assert len(labelled) >= 0.9 * len(scene.edges)
    assert all(mark.size >= SMALLEST for mark in scene.marks if isinstance(mark, Text))
    assert scene.width == 468


@pytest.mark.parametrize("theory_id", ["schwartz-10", "schwartz-19"])
def test_heat_maps_have_no_collisions_and_no_small_print(theory_id: str) -> None:
    values = theory(theory_id)
    scene = effects_heatmap(total_effects(learned(values.dimensions, 1.5, 3)[1]), values)
    assert overlaps(scene) == []
    assert all(mark.size >= SMALLEST for mark in scene.marks if isinstance(mark, Text))
    assert scene.width == 468


def test_overlaps_finds_what_was_pushed_together() -> None:
    posterior, model = learned(theory("schwartz-10").dimensions, 1.5, 1)
    scene = value_graph(posterior, direct_effects(model), theory("schwartz-10"))
    label = next(mark for mark in scene.marks if isinstance(mark, Text) and mark.role == "label")
    name = next(mark for mark in scene.marks if isinstance(mark, Text) and mark.role == "name")
    node = scene.nodes[4]
    on_name = dataclasses.replace(label, x=name.x, y=name.y, anchor=name.anchor, angle=0.0)
    on_node = dataclasses.replace(label, x=node.x, y=node.y, angle=0.0)
    outside = dataclasses.replace(label, x=scene.width)
    assert any(found.kind == "text on text" for found in overlaps(_with(scene, label, on_name)))
    assert Overlap("text on node", label.part, node.part) in overlaps(_with(scene, label, on_node))
    assert Overlap("off the page", label.part, "") in overlaps(_with(scene, label, outside))


def test_overlaps_finds_a_line_through_a_node_or_a_name() -> None:
    scene = value_graph(Dag.from_edges("abcd", [("a", "b")]))
    line = next(
        mark for mark in scene.marks if isinstance(mark, Shape) and mark.role == "line" and mark.part == "edge-0"
    )
    c = next(node for node in scene.nodes if node.name == "c")
    name = next(mark for mark in scene.marks if isinstance(mark, Text) and mark.part == f"{c.part}-name")
    through = (("M", (c.x - 60, c.y)), ("L", (c.x + 60, c.y)))
    box = text_box(name)
    across = (("M", (box.x, box.y - 30)), ("L", (box.x, box.y + 30)))
    assert Overlap("line through node", "edge-0", c.part) in overlaps(
        _with(scene, line, dataclasses.replace(line, path=through))
    )
    assert Overlap("line through name", "edge-0", name.part) in overlaps(
        _with(scene, line, dataclasses.replace(line, path=across))
    )


def _with(scene: Scene, old: Shape | Text, new: Shape | Text) -> Scene:
    return dataclasses.replace(scene, marks=tuple(new if mark is old else mark for mark in scene.marks))


def test_values_stand_clockwise_in_the_order_of_the_theory() -> None:
    values = theory("schwartz-10")
    scene = value_graph(learned(values.dimensions, 1.0, 1)[0], theory=values)
    x = (min(node.x for node in scene.nodes) + max(node.x for node in scene.nodes)) / 2
    y = (min(node.y for node in scene.nodes) + max(node.y for node in scene.nodes)) / 2
    turns = [np.degrees(np.arctan2(node.y - y, node.x - x)) for node in scene.nodes]
    assert [(b - a) % 360 for a, b in pairwise(turns)] == pytest.approx([36.0] * 9, abs=0.1)
    assert turns[0] == pytest.approx(-72, abs=0.1)


def test_sectors_cover_runs_and_share_a_value_of_two_groups() -> None:
    runs = group_runs(list("abcd"), {"one": "ab", "two": "bc"})
    assert runs == [("one", 0.0, 1.5), ("two", 1.5, 3.0)]
    assert group_runs(list("abcd"), {}) == []
    split = group_runs(list("abcd"), {"one": "ac"})
    assert [run[0] for run in split] == ["one", "one"]


@pytest.mark.parametrize("layout", [Circle(), Layered()])
@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_small_and_large_graphs_have_a_place_on_the_page(layout: Circle | Layered, count: int) -> None:
    names = tuple(f"value {i}" for i in range(count))
    scene = value_graph(Dag.from_edges(names, list(pairwise(names))[:3]), options=GraphOptions(layout=layout))
    assert overlaps(scene) == []
    assert len(scene.nodes) == count


def test_names_that_cannot_fit_are_refused_with_a_remedy() -> None:
    names = [f"a rather long name of a value, number {i}" for i in range(90)]
    with pytest.raises(FigureError, match="shorter labels or more width"):
        value_graph(Dag.from_edges(names, []))


def test_arrows_lead_to_the_right_when_there_are_columns_enough() -> None:
    names = tuple("abcdef")
    edges = [("f", "a"), ("f", "c"), ("a", "b"), ("c", "b"), ("b", "d"), ("f", "d"), ("e", "d")]
    scene = value_graph(Dag.from_edges(names, edges), options=GraphOptions(layout=Layered(columns=4)))
    x = {node.name: node.x for node in scene.nodes}
    assert all(x[cause] < x[effect] for cause, effect in edges)


def test_levers_stand_in_the_first_column() -> None:
    values = theory("schwartz-10")
    posterior, model = learned(values.dimensions, 0.5, 4, levers=10)
    scene = value_graph(posterior, direct_effects(model), values, options=GraphOptions(layout=Layered()))
    first = min(node.x for node in scene.nodes)
    assert all((node.x == first) == (node.kind == "lever") for node in scene.nodes)


def test_heads_touch_the_node_they_point_at_and_lines_leave_from_the_other() -> None:
    for layout in (Circle(), Layered()):
        scene = value_graph(Dag.from_edges("abc", [("a", "b"), ("c", "b")]), options=GraphOptions(layout=layout))
        place = {node.name: np.array([node.x, node.y]) for node in scene.nodes}
        bodies = {
            mark.part: outline(mark) for mark in scene.marks if isinstance(mark, Shape) and mark.role in ("disc", "box")
        }
        parts = {node.name: node.part for node in scene.nodes}
        for edge in scene.edges:
            shapes = {mark.role: mark for mark in scene.marks if isinstance(mark, Shape) and mark.part == edge.part}
            tip = np.array(shapes["head"].path[0][1])
            start = np.array(shapes["line"].path[0][1])
            for point, name in ((tip, edge.effect), (start, edge.cause)):
                gap = np.hypot(*(bodies[parts[name]] - point).T).min()
                assert gap < 2.5
            assert np.hypot(*(tip - place[edge.effect])) < np.hypot(*(tip - place[edge.cause]))


def test_lines_that_meet_at_a_disc_stay_apart_so_that_each_head_belongs_to_one() -> None:
    names = tuple("abcdefghij")
    scene = value_graph(Dag.from_edges(names, [(name, "a") for name in "bcdfgij"]))
    hub = next(node for node in scene.nodes if node.name == "a")
    tips = [
        mark.path[0][1]
        for mark in scene.marks
        if isinstance(mark, Shape) and mark.role == "head" and mark.part[:4] == "edge"
    ]
    inward = 180 + np.degrees(np.arctan2(hub.y - 165, hub.x - 234))
    turns = sorted((np.degrees(np.arctan2(y - hub.y, x - hub.x)) - inward + 180) % 360 for x, y in tips)
    assert len(turns) == 7
    assert min(b - a for a, b in pairwise(turns)) > 19.5


@given(st.integers(2, 7), st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_turning_edges_leaves_no_cycle_and_keeps_what_was_acyclic(p: int, seed: int) -> None:
    rng = stream(seed, "pairs")
    nodes = [str(i) for i in range(p)]
    pairs = [(a, b) for a in nodes for b in nodes if a != b and rng.random() < 0.4]
    pairs = [pair for i, pair in enumerate(pairs) if pair[::-1] not in pairs[:i]]
    turned = acyclic(nodes, pairs)
    assert nx.is_directed_acyclic_graph(nx.DiGraph(turned))
    assert [set(pair) for pair in turned] == [set(pair) for pair in pairs]
    if nx.is_directed_acyclic_graph(nx.DiGraph(pairs)):
        assert turned == pairs
        column = columns_of([], nodes, turned, most=p)
        assert all(column[a] < column[b] for a, b in turned)
    assert max(columns_of([], nodes, turned, most=3).values()) < 3


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_heights_keep_the_order_and_the_distance(seed: int) -> None:
    rng = stream(seed, "heights")
    columns = [[0, 1, 2], [3, 4], [5, 6, 7]]
    links = [(a, b) for left, right in pairwise(columns) for a in left for b in right if rng.random() < 0.5]
    half = {node: float(rng.uniform(3, 12)) for node in range(8)}
    y = heights(columns, links, half, 10.0, 20.0)
    for column in columns:
        for a, b in pairwise(column):
            assert y[b] - y[a] >= half[a] + half[b] + 10.0 - 1e-6
    assert min(y[node] - half[node] for node in y) == pytest.approx(0)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_ordering_never_adds_crossings(seed: int) -> None:
    rng = stream(seed, "links")
    columns = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    links = [(a, b) for left, right in pairwise(columns) for a in left for b in right if rng.random() < 0.4]
    found = ordered_columns(columns, links)
    assert [sorted(column) for column in found] == columns
    assert crossings(found, links) <= crossings(columns, links)


def test_crossings_are_counted_as_by_hand() -> None:
    assert crossings([[0, 1], [2, 3]], [(0, 3), (1, 2)]) == 1
    assert crossings([[0, 1], [2, 3]], [(0, 2), (1, 3)]) == 0
    assert crossings([[0, 1, 2]], [(0, 2)]) == 1


@given(st.floats(0, 360), st.floats(0, 360), st.floats(0, 30), st.floats(0, 30))
@settings(max_examples=150, deadline=None)
def test_two_boxes_meet_exactly_when_a_fine_grid_of_points_says_so(a: float, b: float, dx: float, dy: float) -> None:
    one, two = Box(0, 0, 12, 4, a), Box(dx, dy, 9, 5, b)
    grid = np.stack(np.meshgrid(np.linspace(-45, 45, 181), np.linspace(-45, 45, 181)), axis=-1).reshape(-1, 2)
    if (one.grown(-0.01).holds(grid) & two.grown(-0.01).holds(grid)).any():
        assert boxes_meet(one, two)
    if not (one.grown(0.6).holds(grid) & two.grown(0.6).holds(grid)).any():
        assert not boxes_meet(one, two)


def test_curves_are_cut_at_the_distance_asked_for() -> None:
    curve = np.array([[0.0, 0], [10, 30], [60, 30], [80, 0]])
    assert np.hypot(*(cut_start(curve, 7.0)[0] - curve[0])) == pytest.approx(7.0)
    assert np.hypot(*(cut_end(curve, 9.0)[3] - curve[3])) == pytest.approx(9.0)
    assert np.allclose(cut_start(curve, 7.0)[3], curve[3])


@pytest.mark.parametrize("text", ["Self-direction", "−.42 [−.51, −.30]", "Überzeugung", "AVATAR"])
@pytest.mark.parametrize("style", [(False, False), (True, False), (False, True)])
def test_widths_agree_with_the_font_that_paints(text: str, style: tuple[bool, bool]) -> None:
    from matplotlib.ft2font import FT2Font

    face = FT2Font(str(font_file(*style)))
    face.set_size(100, 72)
    advance = sum(face.load_char(ord(character)).linearHoriAdvance / 65536 for character in text)
    assert text_width(text, 100, *style) == pytest.approx(advance, rel=0.01)


@given(st.text(min_size=1, max_size=60), st.floats(30, 120))
@settings(max_examples=80, deadline=None)
def test_wrapped_lines_fit_the_measure(text: str, width: float) -> None:
    lines = wrap(text, width, 8.0)
    assert 1 <= len(lines) <= 3
    assert all(text_width(line, 8.0) <= width + 1e-6 for line in lines if len(line) > 1)
    assert longest_word(text, width, 8.0) <= width + 8.0


def test_names_break_at_spaces_and_joining_signs_and_nowhere_else_when_they_can() -> None:
    assert wrap("Universalism: concern", 70, 8.0) == ("Universalism:", "concern")
    assert wrap("self_direction", 40, 8.0) == ("self_", "direction")
    assert wrap("Power", 70, 8.0) == ("Power",)
    assert wrap("x" * 400, 60, 8.0)[-1].endswith("…")
