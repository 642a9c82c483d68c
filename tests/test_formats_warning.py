"""A warning below a picture goes with the graph into every format, and comes back into pictures."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import networkx as nx
import pygraphviz
import pytest
from formats_helpers import HARD_WARNING as HARD
from formats_helpers import chain
from formats_helpers import warned as with_text
from typer.testing import CliRunner

from causalvalues.cli.app import app
from causalvalues.figures import GraphOptions, draw, value_graph
from causalvalues.formats.attributes import warning_of
from causalvalues.formats.graph_file import LONGEST_WARNING, graph_scene
from causalvalues.formats.reading import READERS, graph_from_text, read_graph
from causalvalues.formats.writing import WRITERS
from causalvalues.graph.dag import Dag
from causalvalues.scene.nouns import Scene
from causalvalues.scene.scene_json import scene_from_json
from causalvalues.study.blocking import NOTE

KEPT = tuple(sorted(set(READERS) - {".bif", ".bnlearn"}))


def warned(text: str) -> Scene:
    return with_text(chain(("a", "b c", "d")), text)


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    dag = Dag.from_edges(["a", "b", "c d"], [("a", "b"), ("b", "c d")])
    return draw(value_graph(dag, options=GraphOptions(note=NOTE, width=234.0)), tmp_path / "blocked.json")


def painted_words(path: Path) -> str:
    """All texts of an SVG in their order."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub("<[^>]*>", "", text)).strip() for text in found)


@pytest.mark.parametrize("suffix", KEPT)
def test_a_converted_graph_keeps_the_warning_and_its_picture_shows_it(
    blocked: Path, tmp_path: Path, suffix: str
) -> None:
    there, picture, again = (tmp_path / name for name in (f"there{suffix}", "again.svg", "again.json"))
    for pair in ((blocked, there), (there, picture), (there, again)):
        done = CliRunner().invoke(app, ["convert", *map(str, pair)])
        assert done.exit_code == 0, done.output
        assert "cannot hold the warning" not in done.output
    assert there.read_text(encoding="utf-8").count("Blocked by measurement error") >= 1 or suffix == ".json"
    assert read_graph(there).warning == NOTE
    assert NOTE in painted_words(picture)
    assert warning_of(scene_from_json(again.read_text(encoding="utf-8"))) == NOTE


@pytest.mark.parametrize("suffix", KEPT)
@pytest.mark.parametrize("text", [HARD, NOTE, "自主 🙂", '"', "\\"])
def test_a_warning_of_any_signs_comes_back_and_changes_nothing_else(suffix: str, text: str) -> None:
    plain = graph_from_text(WRITERS[suffix](warned("")).decode("utf-8"), suffix)
    graph = graph_from_text(WRITERS[suffix](warned(text)).decode("utf-8"), suffix)
    assert (plain.warning, graph.warning) == ("", text)
    assert replace(graph, warning="") == plain
    twice = graph_from_text(WRITERS[suffix](graph_scene(graph)).decode("utf-8"), suffix)
    assert (twice.warning, twice.notes) == (text, ())


@pytest.mark.parametrize("suffix", sorted(set(WRITERS) - {".bif", ".pdf", ".png", ".svg", ".json"}))
def test_a_graph_without_a_warning_is_written_without_a_note(suffix: str) -> None:
    assert b"note" not in WRITERS[suffix](chain(("a", "b"))).lower()


def test_other_programs_read_the_warning_as_a_note_of_the_graph() -> None:
    scene = warned(HARD)
    held = json.loads(WRITERS[".cyjs"](scene))
    assert nx.cytoscape_graph(held).graph["note"] == HARD
    assert nx.parse_gml(WRITERS[".gml"](scene).decode()).graph["note"] == HARD
    assert nx.parse_graphml(WRITERS[".graphml"](scene).decode()).graph["note"] == HARD
    graph = pygraphviz.AGraph(string=WRITERS[".dot"](scene).decode())
    assert graph.graph_attr["note"].replace("\\\\", "\\") == HARD
    assert html.escape("of <it>", quote=False) in html.unescape(graph.draw(format="svg", prog="nop2").decode()).replace(
        "<it>", "&lt;it&gt;"
    )
    graph.close()


def test_dagitty_has_the_warning_as_an_option_of_the_graph_because_it_has_no_comments() -> None:
    lines = WRITERS[".dagitty"](warned(HARD)).decode().split("\n")
    assert re.fullmatch(r'note="(?:[^"\\\x00-\x1f\x7f]|\\"|\\(?!"))*"', lines[1])


def test_lavaan_has_the_warning_in_a_line_of_comment() -> None:
    plain, noted = (WRITERS[".lavaan"](warned(text)).decode().split("\n") for text in ("", HARD))
    (added,) = [line for line in noted if line not in plain]
    assert added.startswith('# note "')


def test_tetrad_text_has_the_warning_in_a_section_after_the_graph() -> None:
    plain, noted = (WRITERS[".tetrad"](warned(text)).decode() for text in ("", NOTE))
    assert noted == f'{plain}\nNote:\nnote "{NOTE}"\n'


def test_mermaid_has_the_warning_in_a_comment_and_in_what_screen_readers_say() -> None:
    lines = WRITERS[".mmd"](warned(NOTE)).decode().split("\n")
    assert lines[2:4] == [f"  %% {NOTE}", f"  accDescr: {NOTE}"]
    (comment,) = [line for line in WRITERS[".mmd"](warned("%%{init: 1}%% <b>")).decode().split("\n") if "%%" in line]
    assert comment == "  %% init: 1 b"


@pytest.mark.parametrize("suffix", [".bnlearn", ".csv"])
def test_a_format_without_room_for_a_warning_makes_the_command_say_so(
    blocked: Path, tmp_path: Path, suffix: str
) -> None:
    between = tmp_path / "between.gml"
    assert CliRunner().invoke(app, ["convert", str(blocked), str(between)]).exit_code == 0
    for source in (blocked, between):
        done = CliRunner().invoke(app, ["convert", str(source), str(tmp_path / f"out{suffix}")])
        assert done.exit_code == 0, done.output
        assert f"{suffix} cannot hold the warning of this graph" in done.stderr
        assert NOTE in done.stderr


def test_a_note_that_is_asked_for_wins_over_the_warning_of_a_file() -> None:
    graph = graph_from_text('dag { note="From the file" a -> b }', ".dagitty")
    assert warning_of(value_graph(graph)) == "From the file"
    assert warning_of(value_graph(graph, options=GraphOptions(note="Asked for"))) == "Asked for"


def test_a_warning_of_any_length_is_one_line_of_at_most_a_thousand_characters() -> None:
    graph = graph_from_text(f'graph [ note "{"word&#10;" * 9000}" node [ id 0 ] ]', ".gml")
    assert 900 < len(graph.warning) <= LONGEST_WARNING
    assert "\n" not in graph.warning
    assert graph_from_text("graph [ note [ x 1 ] node [ id 0 ] ]", ".gml").warning == ""
