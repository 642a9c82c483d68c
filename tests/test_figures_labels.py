"""Which edges carry their number on wide and on narrow pages, and what picture and lint say of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from learned_graphs import learned

from causalvalues.errors import FigureError
from causalvalues.figures import GraphOptions, Layered, effects_heatmap, graph_difference, value_graph
from causalvalues.figures.drawing import draw
from causalvalues.figures.graph_labels import edge_labels
from causalvalues.figures.labelling import Wish, place_labels
from causalvalues.figures.labelling_rooms import Spot, box_rows, settled
from causalvalues.formats.graph_file import GraphFile
from causalvalues.formats.reading import read_graph
from causalvalues.graph.dag import Dag
from causalvalues.model import direct_effects
from causalvalues.model.effects import Effects
from causalvalues.randomness import stream
from causalvalues.scene import Scene, Shape, Text, lint, overlaps
from causalvalues.scene.edge_style import edge_width, head_length, page_scale, sign_dash
from causalvalues.scene.geometry import Box, boxes_meet, outline, polygon, text_box
from causalvalues.scene.nouns import Edge, Node
from causalvalues.scene.overlap import hidden_length
from causalvalues.theories.theory import theory

NARROW, WIDE = 219.0, 468.0


def picture(theory_id: str, edges: float, width: float, seed: int = 1) -> Scene:
    values = theory(theory_id)
    posterior, model = learned(values.dimensions, edges, seed)
    return value_graph(posterior, direct_effects(model), values, options=GraphOptions(width=width))


def labels(scene: Scene) -> dict[str, str]:
    """Return edge -> text of its label."""
    return {
        mark.part.removesuffix("-label"): mark.text
        for mark in scene.marks
        if isinstance(mark, Text) and mark.role == "label"
    }


def legend(scene: Scene) -> list[str]:
    return [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.part == "legend"]


def file_of(*edges: Edge) -> GraphFile:
    """Return a graph from a file with the nodes a, b, c."""
    nodes = tuple(Node(f"node-{i}", name, name, "value", "", 0.0, 0.0) for i, name in enumerate("abc"))
    return GraphFile(("a", "b", "c"), nodes, tuple(replace(e, part=f"edge-{i}") for i, e in enumerate(edges)), "dot")


def shapes(scene: Scene, role: str, part: str = "edge") -> list[Shape]:
    return [m for m in scene.marks if isinstance(m, Shape) and m.role == role and m.part.startswith(part)]


@pytest.mark.parametrize("edges", [1.5, 2.3])
def test_a_column_of_a_conference_has_all_numbers_of_a_graph_of_ten_values_and_no_interval(edges: float) -> None:
    scene = picture("schwartz-10", edges, NARROW)
    assert overlaps(scene) == []
    found = labels(scene)
    assert len(found) >= len(scene.edges) - 1
    assert not any("[" in text for text in found.values())
    assert not any("interval]" in text for text in legend(scene))
    assert "with its interval" in scene.caption
    assert [flaw for flaw in lint(scene) if flaw.severity != "note"] == []


@given(st.sampled_from(["schwartz-10", "schwartz-19"]), st.floats(0.8, 2.5), st.sampled_from([219, 268, 300, 397, 540]))
@settings(max_examples=8, deadline=None)
def test_all_labels_of_a_picture_have_their_interval_or_none_has(theory_id: str, edges: float, width: float) -> None:
    scene = picture(theory_id, edges, float(width), 3)
    brackets = {"[" in text for text in labels(scene).values()}
    assert len(brackets) <= 1
    assert width >= 300 or brackets <= {False}
    said = any(text.startswith("label") and text.endswith("interval]") for text in legend(scene))
    assert said == (True in brackets)


@pytest.mark.parametrize(("theory_id", "edges", "width"), [("schwartz-19", 1.6, 268.0), ("schwartz-19", 1.6, 300.0)])
def test_numbers_are_left_out_from_the_weakest_on_and_the_picture_says_from_where(
    theory_id: str, edges: float, width: float
) -> None:
    scene = picture(theory_id, edges, width)
    line = next(text for text in legend(scene) if text.startswith("label: "))
    assert line.endswith(" or more")
    least = float(line.split("±")[1].removesuffix(" or more"))
    printed = labels(scene)
    strong = {edge.part for edge in scene.edges if round(abs(edge.mean or 0.0), 2) >= least}
    assert set(printed) <= strong
    assert f"at {len(strong)} of {len(scene.edges)} edges" in scene.caption
    missing = len(strong) - len(printed)
    assert (f"labels left out for lack of room: {missing};" in scene.caption) == (missing > 0)


def test_where_few_numbers_find_room_none_is_printed_and_the_lint_warns() -> None:
    scene = picture("schwartz-19", 1.6, NARROW)
    assert labels(scene) == {}
    assert not any(text.startswith(("label", "italic")) for text in legend(scene))
    assert "No number is printed" in scene.caption
    assert "italic" not in scene.caption
    flaw = next(flaw for flaw in lint(scene) if flaw.code == "FIG206")
    assert flaw.severity == "warning"
    assert str(len(scene.edges)) in flaw.message


def test_lines_and_heads_shrink_with_the_page() -> None:
    edge = Edge("edge-0", "a", "b", "value", "-->", adjacent=1.0, mean=-0.4)
    assert (page_scale(468.0), page_scale(900.0), page_scale(234.0), page_scale(100.0)) == (1.0, 1.0, 0.5, 0.5)
    assert edge_width(edge, 0.5) == pytest.approx(edge_width(edge) / 2)
    assert head_length(1.0, 0.5) < head_length(1.0)
    assert sum(sign_dash(edge, 0.5)) < sum(sign_dash(edge))
    widths = {
        width: max(line.stroke_width for line in shapes(picture("schwartz-10", 1.5, width), "line"))
        for width in (NARROW, WIDE)
    }
    assert widths[NARROW] == pytest.approx(widths[WIDE] / 2, rel=0.02)
    samples = shapes(picture("schwartz-10", 1.5, NARROW), "line", "legend")
    assert max(sample.stroke_width for sample in samples) <= widths[NARROW] + 1e-9


def test_the_legend_of_a_narrow_page_is_short() -> None:
    for edges in (1.5, 2.3):
        scene = picture("schwartz-10", edges, NARROW)
        top = max(node.y for node in scene.nodes)
        rows = {round(mark.y, 1) for mark in scene.marks if isinstance(mark, Text) and mark.part == "legend"}
        assert len(rows) <= 4
        assert scene.height - min(rows) < 0.2 * scene.height
        assert min(rows) > top


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_no_two_labels_that_were_settled_meet_and_none_is_left_out_that_had_a_free_place(seed: int) -> None:
    rng = stream(seed, "places")
    places = {}
    for i in range(8):
        boxes = [Box(*rng.uniform(0, 60, 2), 9.0, 4.0, float(rng.uniform(-90, 90))) for _ in range(5)]
        spots = [Spot(f"edge-{i}", ".10", box.x, box.y, box.angle, box) for box in boxes]
        places[f"edge-{i}"] = spots, box_rows(boxes)
    found = settled(places)
    assert not any(boxes_meet(a.box, b.box) for a, b in combinations(found.values(), 2))
    for part in set(places) - set(found):
        assert all(any(boxes_meet(spot.box, held.box) for held in found.values()) for spot in places[part][0])
    assert set(settled(places, ["edge-2"])) == {"edge-2"}


def test_a_label_that_holds_the_only_place_of_another_moves_to_its_second_place() -> None:
    here, there = Box(0, 0, 9, 4), Box(50, 0, 9, 4)

    def spots(part: str, boxes: list[Box]) -> tuple[list[Spot], np.ndarray]:
        return [Spot(part, ".10", box.x, box.y, 0.0, box) for box in boxes], box_rows(boxes)

    found = settled({"edge-0": spots("edge-0", [here, there]), "edge-1": spots("edge-1", [here])})
    assert (found["edge-0"].x, found["edge-1"].x) == (50, 0)


def test_a_label_does_not_lie_along_the_line_of_another_edge() -> None:
    def straight(y: float, x: tuple[float, float]) -> np.ndarray:
        return np.array([[x[0] + (x[1] - x[0]) * t / 3, y] for t in range(4)])

    wish = Wish("edge-0", (".42 [.30, .51]",), 7.0)
    alone = place_labels([wish], {"edge-0": [straight(50.0, (20, 180))]}, [], 200.0, 100.0)
    assert alone["edge-0"].y == pytest.approx(50, abs=3)
    routes = {"edge-0": [straight(50.0, (20, 180))], "edge-1": [straight(51.5, (20, 180))]}
    for spot in place_labels([wish], routes, [], 200.0, 100.0).values():
        assert abs(spot.box.y - 51.5) > spot.box.half_height


def test_edges_without_effect_have_no_number_beside_edges_with_one() -> None:
    edges = [
        Edge("edge-0", "a", "b", "value", "-->", adjacent=0.9, mean=0.3),
        Edge("edge-1", "a", "c", "value", "-->", adjacent=0.8),
    ]
    routes = {f"edge-{i}": [np.array([[20.0, y], [70, y], [120, y], [170, y]])] for i, y in enumerate((30.0, 60.0))}
    assert set(edge_labels(edges, routes, [], (200.0, 100.0)).spots) == {"edge-0"}


@pytest.mark.parametrize("angle", [0, 30, 60, 90])
def test_the_hidden_length_of_a_straight_line_is_that_of_geometry(angle: float) -> None:
    way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    line = np.linspace(-40, 40, 4001)[:, None] * way
    half = min(10 / max(abs(way[0]), 1e-9), 4 / max(abs(way[1]), 1e-9))
    assert hidden_length(line, Box(0, 0, 10, 4)) == pytest.approx(2 * half, abs=0.1)
    assert hidden_length(line, Box(0, 60, 10, 4)) == 0


def crossing(angles: list[float], size: float = 7.0) -> Scene:
    """Return a picture in which the first edge has its label, and others cross that label at these angles."""
    marks: list[Shape | Text] = []
    for i, angle in enumerate([0.0, *angles]):
        dx, dy = 80 * np.cos(np.radians(angle)), 80 * np.sin(np.radians(angle))
        ends = polygon([(100 - dx, 100 - dy), (100 + dx, 100 + dy)], closed=False)
        marks.append(Shape(f"edge-{i}", "line", ends, stroke="#222222", stroke_width=1.0))
    label = Text("edge-0-label", "label", 100, 100 + 0.26 * size, ".42 [.30, .51]", size, "middle")
    nodes = tuple(Node(f"node-{n}", n, n, "value", "", 0.0, 0.0) for n in "ab")
    edges = tuple(
        Edge(f"edge-{i}", "a", "b", "value", "---", mean=0.42 if i == 0 else None) for i in range(len(angles) + 1)
    )
    return Scene("graph", 219.0, 219.0, (*marks, label), "T", "C.", "A.", nodes, edges, ("x",), ((1.0,),))


@pytest.mark.parametrize(("angle", "found"), [(90.0, False), (45.0, False), (20.0, True), (3.0, True)])
def test_the_lint_warns_of_a_label_that_hides_much_of_another_line(angle: float, found: bool) -> None:
    flaws = [flaw for flaw in lint(crossing([angle])) if flaw.code == "FIG204"]
    assert bool(flaws) == found
    assert all((flaw.severity, flaw.where) == ("warning", "edge-0-label") for flaw in flaws)


def test_the_lint_counts_labels_that_interrupt_lines_and_numbers_without_label() -> None:
    assert "FIG205" in {flaw.code for flaw in lint(crossing([90.0]))}
    assert "FIG205" not in {flaw.code for flaw in lint(crossing([]))}
    whole = picture("schwartz-10", 2.0, WIDE)
    assert "FIG206" not in {flaw.code for flaw in lint(whole)}
    for count, severity in ((len(whole.edges) // 3, "note"), (2 * len(whole.edges) // 3, "warning")):
        gone = {f"edge-{i}-label" for i in range(count)}
        bare = replace(whole, marks=tuple(mark for mark in whole.marks if mark.part not in gone))
        flaw = next(flaw for flaw in lint(bare) if flaw.code == "FIG206")
        assert flaw.severity == severity
        assert flaw.message.startswith(f"{count} of {len(whole.edges)} edges")


def test_flaws_come_errors_first_and_notes_last() -> None:
    whole = picture("schwartz-10", 2.0, WIDE)
    gone = {f"edge-{i}-label" for i in range(6)}
    bare = replace(whole, alt="", rows=(), marks=tuple(mark for mark in whole.marks if mark.part not in gone))
    assert [flaw.severity for flaw in lint(bare)] == ["error", "warning", "note"]


def test_a_graph_from_a_file_has_a_legend_of_the_heads_that_are_drawn(tmp_path: Path) -> None:
    hollow = Edge("", "a", "b", "value", "-->", compelled=0.7, verdict="compelled")
    solid = replace(hollow, effect="c", compelled=1.0)
    for edges, expected in (([hollow], {"hollow"}), ([solid], {"solid"}), ([hollow, solid], {"hollow", "solid"})):
        draw(value_graph(file_of(*edges)), tmp_path / "graph.dot")
        scene = value_graph(read_graph(tmp_path / "graph.dot"))
        for part in ("edge", "legend"):
            looks = {"hollow" if head.fill == "#FFFFFF" else "solid" for head in shapes(scene, "head", part)}
            assert looks == expected


def test_a_difference_from_a_file_is_explained_as_one_and_its_intervals_have_no_made_up_level(tmp_path: Path) -> None:
    names = theory("schwartz-10").dimensions
    (one, first), (two, second) = learned(names, 1.5, 1), learned(names, 1.5, 4)
    drawn = graph_difference(one, two, ("A", "B"), models=(first, second))
    assert any(edge.change == "changed" for edge in drawn.edges)
    assert "Many edges are looked at" in drawn.caption
    draw(drawn, tmp_path / "graph.dot")
    scene = value_graph(read_graph(tmp_path / "graph.dot"))
    told = legend(scene)
    assert "in the first only" in told
    assert not {"positive effect", "negative effect"} & set(told)
    assert "90%" not in scene.caption + " ".join(told)
    assert any(text.startswith("label: difference of the two effects") for text in told)


def inverted() -> Effects:
    mean = pd.DataFrame([[0.0, 0.4], [0.0, 0.0]], index=["a", "b"], columns=["a", "b"])
    return Effects(mean, mean + 0.1, mean - 0.1, mean, mean, 0.9)


@pytest.mark.parametrize(
    "drawn",
    [
        lambda: value_graph(Dag.from_edges("ab", [("a", "b")]), inverted()),
        lambda: effects_heatmap(inverted()),
        lambda: value_graph(file_of(Edge("", "a", "b", "value", "-->", mean=0.1, lower=0.5, upper=0.3))),
    ],
    ids=["effects", "heat map", "file"],
)
def test_an_interval_that_ends_below_its_beginning_is_refused_in_words(drawn: object) -> None:
    with pytest.raises(FigureError, match=r"The interval of a on .* down to .* lower end first"):
        drawn()  # type: ignore[operator]


@pytest.mark.parametrize("layered", [False, True])
def test_names_of_three_hundred_characters_stay_inside_a_narrow_page(layered: bool) -> None:
    names = [f"{i} " + "a name of many words " * 14 for i in range(6)] + ["x" * 300]
    edges = [(names[i], names[j]) for i, j in combinations(range(6), 2) if (i + j) % 2]
    options = GraphOptions(width=NARROW, layout=Layered()) if layered else GraphOptions(width=NARROW)
    scene = value_graph(Dag.from_edges(names, edges), options=options)
    assert overlaps(scene) == []
    ends = [text_box(mark) for mark in scene.marks if isinstance(mark, Text)]
    assert min(box.x - box.half_width for box in ends) >= 0
    assert max(box.x + box.half_width for box in ends) <= NARROW
    assert max(float(outline(line)[:, 0].max()) for line in shapes(scene, "line")) <= NARROW
    assert {flaw.code for flaw in lint(scene)} == {"FIG203"}
