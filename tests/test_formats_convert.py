"""The command `convert`: one graph, every program; what is lost is said, what is wrong is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from formats_helpers import chain, joined
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.figures.drawing import draw
from causalvalues.formats.reading import READERS, read_graph
from causalvalues.formats.writing import WRITERS
from causalvalues.graph.dag import Dag
from causalvalues.scene.scene_json import scene_from_json
from causalvalues.study import StudyRun

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
