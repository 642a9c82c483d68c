"""The command that draws: it refuses what it cannot do, in words that name the remedy, and prints the caption."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from study_helpers import write_answers
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.scene import scene_from_json
from causalvalues.scene.nouns import Scene
from causalvalues.study.blocking import NOTE
from causalvalues.study.saving import load, save


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a manifest, a posterior whose lever aims at a value, and a finished picture of it."""
    folder = tmp_path_factory.mktemp("made")
    graph = folder / "graph"
    graph.mkdir()
    answers = write_answers(folder)
    answers.write_text(answers.read_text().replace("bold", "do_power"))
    found = run("learn", answers, "--cluster-by", "persona_id", "--out", graph / "posterior.json", "--model",
                graph / "model.json", "--seed", 2)  # fmt: skip
    assert found.exit_code == 0, found.output
    assert run("draw", graph / "posterior.json", graph / "averaged.json").exit_code == 0
    settings = {"data": {"path": "answers.csv", "theory": "schwartz-10"}}
    (folder / "manifest.json").write_text(json.dumps({"title": "A small study", "settings": settings}))
    return folder


def drawn(made: Path, tmp_path: Path, *options: object) -> Scene:
    out = tmp_path / "drawn.json"
    found = run("draw", made / "graph" / "posterior.json", out, *options)
    assert found.exit_code == 0, found.output
    return scene_from_json(out.read_text())


def refused(out: Path, path: Path, *options: object) -> str:
    """Return what is said where nothing may be written."""
    found = run("draw", path, out, *options)
    assert found.exit_code == 2, found.output
    assert not out.exists()
    return " ".join(found.stderr.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--width", 219), "--width cannot change it: "),
        (("--width", 468, "--theory", "schwartz-10"), "--width and --theory cannot change it: "),
        (("--layout", "layered"), "--layout cannot change it: "),
        (("--venue", "acl"), ""),
    ],
)
def test_a_finished_picture_is_not_laid_out_anew(
    made: Path, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    words = refused(tmp_path / "a.svg", made / "graph" / "averaged.json", *options)
    remedy = "averaged.json is a finished picture of 468 pt. Draw posterior.json, which lies beside it, to lay it out"
    assert f"{said}{remedy}" in words
    assert "width=" not in words


def test_a_finished_picture_that_lies_alone_names_no_file_beside_it(made: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.json"
    alone.write_text((made / "graph" / "averaged.json").read_text())
    assert "Draw the graph or model that it was made from" in refused(tmp_path / "a.svg", alone, "--width", 219)
    assert run("draw", alone, tmp_path / "a.svg").exit_code == 0


def test_widths_that_would_be_ignored_are_refused(made: Path, tmp_path: Path) -> None:
    path = made / "graph" / "posterior.json"
    assert "Give --venue too" in refused(tmp_path / "a.svg", path, "--columns", 2)
    assert "Keep one" in refused(tmp_path / "a.svg", path, "--width", 219, "--venue", "acl")
    assert run("lint", path, "--columns", 2).exit_code == 2
    one, two = (drawn(made, tmp_path, "--venue", "nature", *more).width for more in ((), ("--columns", 2)))
    assert one < two
    assert drawn(made, tmp_path, "--width", 300).width == 300
    assert drawn(made, tmp_path).width == 468


def test_a_theory_that_lacks_values_is_refused_with_those_that_have_them(made: Path, tmp_path: Path) -> None:
    path = made / "graph" / "posterior.json"
    some = refused(tmp_path / "a.svg", path, "--theory", "schwartz-19")
    assert "schwartz-19 lacks 2 of the 3 values: power, security." in some
    assert "(schwartz-10)" in some
    assert "mft-5 lacks 3 of the 3 values" in refused(tmp_path / "a.svg", path, "--theory", "mft-5")
    other = tmp_path / "other.json"
    posterior = load(path)
    save(replace(posterior, names=("power", "security", "thrift")), other)
    assert "No theory of the package has all of them" in refused(tmp_path / "a.svg", other, "--theory", "schwartz-10")
    assert drawn(made, tmp_path, "--theory", "schwartz-10").edges


def test_a_folder_is_told_which_file_in_it_to_draw(made: Path, tmp_path: Path) -> None:
    inside = made / "graph" / "posterior.json"
    for folder in (made, made / "graph"):
        assert f"{folder} is a folder. Draw {inside}." in refused(tmp_path / "a.svg", folder)
    assert "Give a file in it" in refused(tmp_path / "a.svg", tmp_path)


def test_a_run_folder_names_values_and_levers(made: Path, tmp_path: Path) -> None:
    shown = {node.name: node.label for node in drawn(made, tmp_path, "--layout", "layered").nodes}
    assert (shown["power"], shown["do_power"], shown["calm"]) == ("Power", "Lever: Power", "calm")
    alone = tmp_path / "alone.json"
    alone.write_text((made / "graph" / "posterior.json").read_text())
    (tmp_path / "model.json").write_text((made / "graph" / "model.json").read_text())
    assert run("draw", alone, tmp_path / "a.json", "--layout", "layered").exit_code == 0
    shown = {node.name: node.label for node in scene_from_json((tmp_path / "a.json").read_text()).nodes}
    assert (shown["power"], shown["do_power"]) == ("power", "do_power")


def test_the_caption_is_printed_in_one_line(made: Path, tmp_path: Path) -> None:
    found = run("draw", made / "graph" / "posterior.json", tmp_path / "a.json")
    caption = scene_from_json((tmp_path / "a.json").read_text()).caption
    assert found.stdout.splitlines() == [f"Wrote {tmp_path / 'a.json'}.", f"Caption: {caption}"]


def test_the_short_legend_is_true_of_open_and_of_contested_edges(made: Path, tmp_path: Path) -> None:
    scene = drawn(made, tmp_path, "--width", 219)
    assert any(not edge.directed for edge in scene.edges)
    legend = [mark.text for mark in scene.marks if getattr(mark, "role", "") == "legend" and hasattr(mark, "text")]
    words = [text for text in legend if text.startswith("no head")]
    assert words
    assert all(text.endswith(": not settled") for text in words)


def test_the_note_of_a_blocked_run_forbids_edges_between_values_only(made: Path, tmp_path: Path) -> None:
    assert NOTE == "Blocked by measurement error: no edge between values may be claimed from this"
    tables = made / "tables"
    tables.mkdir()
    (tables / "ledger.csv").write_text("kind,cause,effect,blocked\narrow,power,security,measurement error\n")
    assert f"{NOTE}." in drawn(made, tmp_path, "--layout", "layered").caption
