"""The command `convert`: one graph, every program; what is lost is said, what is wrong is refused."""

from __future__ import annotations

import json
import math
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from formats_helpers import chain, joined
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.errors import FigureError
from causalvalues.figures import Circle, GraphOptions, Layered, Placed, value_graph
from causalvalues.figures.drawing import draw
from causalvalues.formats.reading import READERS, read_graph
from causalvalues.formats.writing import WRITERS
from causalvalues.frozen import FloatArray
from causalvalues.graph.dag import Dag
from causalvalues.scene.geometry import shape_box
from causalvalues.scene.nouns import Shape
from causalvalues.scene.overlap import overlaps
from causalvalues.scene.scene_json import scene_from_json
from causalvalues.study import StudyRun

SCATTERED = {
    name: (97.0 * (3 * k % 7), 61.0 * (2 * k % 9) + 20.0 * k) for k, name in enumerate([*"abcdefgh", "self_direction"])
}
SMALL = 'dag { self_direction -> "care for others" [beta="-0.4"]  "care for others" -> power [beta=".3"] }'


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.dagitty"
    path.write_text(SMALL)
    return path


@pytest.mark.parametrize("suffix", sorted(set(READERS) - {".bif"}))
def test_a_graph_goes_into_every_format_and_back(small: Path, tmp_path: Path, suffix: str) -> None:
    there = tmp_path / f"there{suffix}"
    done = run("convert", small, there)
    assert done.exit_code == 0, done.output
    assert "3 nodes, 2 edges" in done.output
    graph = read_graph(there)
    assert {(edge.cause, edge.effect) for edge in graph.edges} == {
        ("self_direction", "care for others"),
        ("care for others", "power"),
    }
    again = tmp_path / "again.gml"
    assert run("convert", there, again).exit_code == 0
    assert read_graph(again).dag().order == ("self_direction", "care for others", "power")


def centres(path: Path, names: list[str]) -> FloatArray:
    """Places of nodes as an SVG paints them: the middle of the box or disc of each."""
    scene = scene_from_json(path.with_suffix(".json").read_text())
    parts = {node.name: node.part for node in scene.nodes}
    painted = path.read_text(encoding="utf-8")
    assert all(f'id="{part}"' in painted for part in parts.values())
    boxes = {mark.part: shape_box(mark) for mark in reversed(scene.marks) if isinstance(mark, Shape)}
    return np.array([(boxes[parts[name]].x, boxes[parts[name]].y) for name in names])


@pytest.mark.parametrize("suffix", [".gml", ".cyjs", ".graphml", ".dot", ".dagitty", ".json"])
@pytest.mark.parametrize("layout", ["circle", "layered", "anywhere"])
def test_places_that_a_file_has_are_kept_in_the_picture(suffix: str, layout: str, tmp_path: Path) -> None:
    names = [*"abcdefgh", "self_direction"]
    dag = Dag.from_edges(names, [*pairwise(names), ("a", "d"), ("c", "h")])
    options = {"circle": Circle(), "layered": Layered(), "anywhere": Placed(SCATTERED)}[layout]
    drawn = value_graph(dag, options=GraphOptions(layout=options))
    at = {node.name: (node.x, node.y) for node in drawn.nodes}
    draw(drawn, tmp_path / "drawn.json")
    between = tmp_path / f"between{suffix}"
    assert run("convert", tmp_path / "drawn.json", between).exit_code == 0
    for picture in ("again.svg", "again.json"):
        done = run("convert", between, tmp_path / picture)
        assert done.exit_code == 0
        assert "not used" not in done.output
    found, wanted = centres(tmp_path / "again.svg", names), np.array([at[name] for name in names])
    found, wanted = found - found.mean(axis=0), wanted - wanted.mean(axis=0)
    scale = float((found * wanted).sum() / (wanted * wanted).sum())
    assert 0.3 < scale < 3
    np.testing.assert_allclose(found, scale * wanted, atol=0.02)
    assert not overlaps(scene_from_json((tmp_path / "again.json").read_text()))


def test_a_picture_of_places_keeps_all_lines_on_the_page(tmp_path: Path) -> None:
    source = tmp_path / "hand.dagitty"
    source.write_text(
        'dag { a [pos="0,0"] b [pos="1,0"] c [pos="2,0"] d [pos="1,1", outcome] L [pos="0,1", exposure] '
        "a -> b b -> c a -> c L -> d b -> d c -> d a <-> b }"
    )
    assert run("convert", source, tmp_path / "hand.json").exit_code == 0
    scene = scene_from_json((tmp_path / "hand.json").read_text())
    lines = [shape_box(mark) for mark in scene.marks if isinstance(mark, Shape) and mark.role == "line"]
    assert len(lines) >= 7
    assert all(box.x - box.half_width > 0 and box.x + box.half_width < scene.width for box in lines)
    assert all(box.y - box.half_height > 0 and box.y + box.half_height < scene.height for box in lines)
    assert {node.kind for node in scene.nodes} == {"value", "outcome", "lever"}


def test_places_without_room_for_names_are_left_and_this_is_said(tmp_path: Path) -> None:
    source = tmp_path / "close.dagitty"
    source.write_text(
        'dag { "a long name" [pos="0,0"] "another name" [pos=".001,0"] c [pos="2,1"] "a long name" -> c }'
    )
    done = run("convert", source, tmp_path / "close.svg")
    assert done.exit_code == 0
    assert "The places of the file are not used: 'a long name' and 'another name' stand too close" in done.output
    done = run("convert", source, tmp_path / "close.svg", "--layout", "file")
    assert (done.exit_code, "stand too close" in done.output) == (2, True)
    for pos in ('a [pos="1,1"] b [pos="1,1"]', 'a [pos="1,1"]', "a"):
        source.write_text(f"dag {{ {pos} a -> b }}")
        assert run("convert", source, tmp_path / "x.svg").exit_code == 0
    assert "does not place all nodes" in run("convert", source, tmp_path / "x.svg", "--layout", "file").output


def test_a_layout_that_is_asked_for_wins_over_places(tmp_path: Path) -> None:
    source = tmp_path / "line.dagitty"
    source.write_text('dag { a [pos="0,0"] b [pos="1,0"] c [pos="2,0"] a -> b -> c }')
    assert run("convert", source, tmp_path / "line.json").exit_code == 0
    assert run("convert", source, tmp_path / "ring.json", "--layout", "circle").exit_code == 0
    heights = [
        len({node.y for node in scene_from_json((tmp_path / name).read_text()).nodes})
        for name in ("line.json", "ring.json")
    ]
    assert heights[0] == 1 < heights[1]


def test_a_graph_without_a_place_for_each_node_is_refused_by_name() -> None:
    dag = Dag.from_edges("ab", [("a", "b")])
    with pytest.raises(FigureError, match="The node 'b' has no place"):
        value_graph(dag, options=GraphOptions(layout=Placed({"a": (0, 0)})))
    with pytest.raises(FigureError, match="two finite numbers"):
        value_graph(dag, options=GraphOptions(layout=Placed({"a": (0, 0), "b": (math.nan, 1)})))


def test_any_places_give_a_picture_without_overlap_or_a_refusal() -> None:
    rng = np.random.default_rng(2)
    drawn = 0
    for trial in range(12):
        count = int(rng.integers(2, 12))
        names = [f"value number {k}" for k in range(count)]
        dag = Dag.from_edges(names, [(a, b) for a, b in combinations(names, 2) if rng.random() < 0.25])
        places = {name: (float(x), float(y)) for name, (x, y) in zip(names, rng.random((count, 2)), strict=True)}
        try:
            scene = value_graph(dag, options=GraphOptions(layout=Placed(places)))
        except FigureError:
            continue
        drawn += 1
        assert not overlaps(scene), trial
    assert drawn > 6


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png", ".csv"])
def test_a_graph_is_drawn(small: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"picture{suffix}"
    done = run("convert", small, out)
    assert done.exit_code == 0, done.output
    assert out.stat().st_size > 100


def test_a_theory_gives_labels_and_groups(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "graph.gml"
    assert run("convert", small, out, "--theory", "schwartz-10").exit_code == 0
    nodes = {node.name: node for node in read_graph(out).nodes}
    assert (nodes["self_direction"].label, nodes["self_direction"].group) == ("Self-direction", "openness_to_change")
    assert nodes["care for others"].label == "care for others"


def test_levers_are_in_the_picture_unless_a_circle_is_asked_for(tmp_path: Path) -> None:
    source = tmp_path / "graph.dagitty"
    source.write_text("dag { L [exposure] y [outcome] L -> a -> y }")
    for extra, kinds in (((), {"lever", "value", "outcome"}), (("--layout", "circle"), {"value", "outcome"})):
        assert run("convert", source, tmp_path / "graph.json", *extra).exit_code == 0
        scene = scene_from_json((tmp_path / "graph.json").read_text())
        assert {node.kind for node in scene.nodes} >= kinds - {"outcome"}
        assert any(mark.part == scene.nodes[0].part for mark in scene.marks)


def test_what_is_lost_or_left_aside_is_said(tmp_path: Path) -> None:
    source = tmp_path / "model.lavaan"
    source.write_text("y ~ 0.3*x + b*z\ny ~ 1\n")
    done = run("convert", source, tmp_path / "model.tetrad")
    assert done.exit_code == 0
    assert "intercepts (~ 1) were left aside" in done.output
    assert ".tetrad keeps no numbers: 1 of 2 edges lose some." in done.output


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        (("small.dagitty", "small.bif"), 2, "no linear Gaussian nodes"),
        (("small.dagitty", "small.gif"), 2, "names no format"),
        (("small.dagitty", "small.dagitty"), 2, "so it is not overwritten"),
        (("none.dot", "small.gml"), 3, "cannot be read"),
        (("graph.txt", "small.gml"), 3, "names no graph format"),
    ],
)
def test_a_wrong_file_is_one_message_and_the_right_exit_code(
    small: Path, tmp_path: Path, files: tuple[str, str], code: int, words: str
) -> None:
    done = run("convert", *(tmp_path / file for file in files))
    assert (done.exit_code, words in done.output) == (code, True), done.output
    assert "Traceback" not in done.output
    assert small.read_text() == SMALL


def test_an_open_edge_stops_a_model_string_and_nothing_is_written(tmp_path: Path) -> None:
    source = tmp_path / "open.dagitty"
    source.write_text("pdag { a -- b }")
    done = run("convert", source, tmp_path / "open.bnlearn")
    assert done.exit_code == 2
    assert "'a' --- 'b' is none" in done.output
    assert not (tmp_path / "open.bnlearn").exists()


def test_a_layout_that_is_not_known_is_refused(small: Path, tmp_path: Path) -> None:
    assert "Choose circle or layered" in run("convert", small, tmp_path / "x.svg", "--layout", "star").output


def test_draw_writes_every_text_format_of_a_figure(tmp_path: Path) -> None:
    dag = Dag.from_edges(["a", "b c"], [("a", "b c")])
    for suffix in sorted(set(READERS) - {".bif"}):
        graph = read_graph(draw(dag, tmp_path / f"graph{suffix}"))
        assert {(edge.cause, edge.ends, edge.effect) for edge in graph.edges} == {("a", "-->", "b c")}


def test_a_scene_of_a_graph_is_read_with_all_it_holds(tmp_path: Path) -> None:
    scene = chain(("a", "b"), "o-o")
    path = tmp_path / "scene.json"
    path.write_bytes(WRITERS[".json"](scene))
    graph = read_graph(path)
    assert (graph.nodes, graph.edges) == (scene.nodes, scene.edges)
    assert {(edge.cause, edge.ends, edge.effect) for edge in graph.edges} == joined(scene)
    held = json.loads(path.read_text())
    held["edges"][0]["ends"] = "o--"
    path.write_text(json.dumps(held))
    done = run("convert", path, tmp_path / "out.gml")
    assert done.exit_code == 2
    assert "edges[0].ends" in done.output


def test_a_posterior_is_converted_and_what_its_run_blocks_is_said(demo_run: StudyRun, tmp_path: Path) -> None:
    posterior = demo_run.folder / "graph" / "posterior.json"
    for name in ("model.lavaan", "graph.dagitty", "figure.svg"):
        done = CliRunner().invoke(app, ["convert", str(posterior), str(tmp_path / name)])
        assert done.exit_code == 0, done.output
    assert "locked by measurement error" in (tmp_path / "figure.svg").read_text(encoding="utf-8")
    done = CliRunner().invoke(app, ["table", str(demo_run.folder), "--kind", "edges", "--out", str(tmp_path / "e.md")])
    assert done.exit_code == 0, done.output
    assert "locked by measurement error" in (tmp_path / "e.md").read_text(encoding="utf-8")


def test_a_scene_is_converted_as_it_was_drawn(demo_run: StudyRun, tmp_path: Path) -> None:
    held = demo_run.folder / "graph" / "averaged.json"
    assert CliRunner().invoke(app, ["convert", str(held), str(tmp_path / "same.svg")]).exit_code == 0
    draw(scene_from_json(held.read_text(encoding="utf-8")), tmp_path / "drawn.svg")
    assert (tmp_path / "same.svg").read_bytes() == (tmp_path / "drawn.svg").read_bytes()
