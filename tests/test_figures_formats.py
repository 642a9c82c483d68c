"""Files of every format: names survive, bytes repeat, and nothing is needed but Python packages."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zlib
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree  # our own output, no foreign data

import networkx as nx
import numpy as np
import pygraphviz
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causalvalues.errors import FigureError
from causalvalues.figures import Layered, draw, effects_heatmap, value_graph
from causalvalues.figures.graph_options import GraphOptions
from causalvalues.formats.dot import dot_text, graphviz_source
from causalvalues.formats.graphml import graphml_text
from causalvalues.formats.paint import pdf_bytes, png_bytes
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.effects import total_effects
from causalvalues.model.structural import StructuralModel
from causalvalues.scene import Scene, Text, scene_from_json
from causalvalues.scene.scene_json import csv_text, scene_to_json
from causalvalues.scene.svg import svg_text

SVG = "{http://www.w3.org/2000/svg}"
SUFFIXES = (".svg", ".pdf", ".png", ".dot", ".gv", ".graphml", ".json", ".csv")
HARD_NAMES = (
    "node",
    "graph",
    "digraph",
    "strict",
    "self direction",
    "Self-direction",
    'say "power"',
    "it's",
    "50% off_$x^2$",
    "100%",
    "%",
    "%1",
    "_%1",
    "_private",
    "<script>alert(1)</script>",
    "<b>bold</b>",
    "R&D &amp; &#60;",
    "line\nbreak",
    "tab\tstop",
    "carriage\rreturn",
    "back\\slash\\",
    "\\N \\G \\n",
    "trailing\\\nnewline",
    "自主",
    "Überzeugung",
    "naïve ☃ 🙂",
    "1984",
    "-3.5",
    "None",
    "NA",
    "",
    " ",
    " padded ",
    "=cmd|' /C calc'!A0",
    "a,b;c",
    "nul\x00char",
    "bell\x07",
    "bell\u2407",
    "\x7f",
    "\ufffe",
    "x" * 300,
)


def chain(names: tuple[str, ...]) -> Scene:
    """Return a figure of the chain through all names in sorted order."""
    ordered = sorted(names)
    dag = Dag.from_edges(ordered, list(pairwise(ordered)))
    return value_graph(dag, options=GraphOptions(layout=Layered()))


@pytest.fixture(scope="module")
def hard() -> Scene:
    return chain(HARD_NAMES)


def pairs_of(scene: Scene) -> set[tuple[str, str]]:
    return {(edge.cause, edge.effect) for edge in scene.edges}


def svg_pairs(text: str) -> tuple[set[str], set[tuple[str, str]]]:
    root = ElementTree.fromstring(text)  # noqa: S314

    def held(group: ElementTree.Element, key: str) -> str:
        return str(json.loads(group.attrib[f"{key}-json"])) if f"{key}-json" in group.attrib else group.attrib[key]

    groups = list(root.iter(f"{SVG}g"))
    nodes = {held(group, "data-name") for group in groups if "data-name" in group.attrib}
    edges = {(held(g, "data-cause"), held(g, "data-effect")) for g in groups if "data-cause" in g.attrib}
    return nodes, edges


def graphml_pairs(text: str) -> tuple[set[str], set[tuple[str, str]]]:
    graph = nx.parse_graphml(text)
    names = {
        node: str(json.loads(data["name_json"])) if "name_json" in data else str(data.get("name") or "")
        for node, data in graph.nodes(data=True)
    }
    return set(names.values()), {(names[a], names[b]) for a, b in graph.edges}


def dot_pairs(text: str) -> tuple[set[str], set[tuple[str, str]]]:
    graph = pygraphviz.AGraph(string=text)
    names = {}
    for node in graph.nodes():
        exact = node.attr["name_json"]
        plain = str(node).replace("\\\\", "\\")
        names[str(node)] = str(json.loads(exact.replace("\\\\", "\\"))) if exact else plain
    return set(names.values()), {(names[str(a)], names[str(b)]) for a, b in graph.edges()}


def csv_pairs(text: str) -> set[tuple[str, str]]:
    return {(row["cause"], row["effect"]) for row in csv.DictReader(io.StringIO(text, newline=""))}


def test_hard_names_survive_svg(hard: Scene) -> None:
    assert svg_pairs(svg_text(hard)) == (set(HARD_NAMES), pairs_of(hard))


def test_hard_names_survive_graphml(hard: Scene) -> None:
    assert graphml_pairs(graphml_text(hard)) == (set(HARD_NAMES), pairs_of(hard))


def test_hard_names_survive_dot(hard: Scene) -> None:
    assert dot_pairs(dot_text(hard)) == (set(HARD_NAMES), pairs_of(hard))


def test_hard_names_survive_csv(hard: Scene) -> None:
    assert csv_pairs(csv_text(hard)) == pairs_of(hard)


def test_hard_names_survive_json(hard: Scene) -> None:
    assert scene_from_json(scene_to_json(hard)) == hard
    assert {node["name"] for node in json.loads(scene_to_json(hard))["nodes"]} == set(HARD_NAMES)


def test_hard_names_can_be_painted(hard: Scene) -> None:
    assert pdf_bytes(hard).startswith(b"%PDF")
    assert png_bytes(hard).startswith(b"\x89PNG")


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=12), min_size=2, max_size=5, unique=True))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_names_survive_every_text_format(names: list[str]) -> None:
    scene = chain(tuple(names))
    expected = (set(names), pairs_of(scene))
    assert svg_pairs(svg_text(scene)) == expected
    assert graphml_pairs(graphml_text(scene)) == expected
    assert dot_pairs(dot_text(scene)) == expected
    assert csv_pairs(csv_text(scene)) == expected[1]
    assert scene_from_json(scene_to_json(scene)) == scene


def small_posterior() -> GraphPosterior:
    draws = np.zeros((4, 3, 3), dtype=bool)
    draws[:, 0, 2] = draws[:, 1, 2] = True
    draws[0, 0, 1] = True
    return GraphPosterior(
        ("a", "b", "c"),
        draws,
        np.ones(4),
        "posterior",
        draws.mean(axis=0),
        np.zeros((3, 3)),
        False,
        "by hand",
        seed=7,
        independent_draws=400.0,
    )


def small_model() -> StructuralModel:
    return StructuralModel.from_coefficients("abc", np.array([[0, 0, 0.42], [0, 0, -0.3], [0, 0, 0]]))


@pytest.fixture
def scene() -> Scene:
    return value_graph(small_posterior(), total_effects(small_model()))


def test_svg_is_an_image_with_title_description_and_real_text(scene: Scene) -> None:
    root = ElementTree.fromstring(svg_text(scene))  # noqa: S314
    assert root.attrib["role"] == "img"
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert set(root.attrib["aria-labelledby"].split()) <= set(ids)
    assert {child.tag for child in list(root)[:2]} == {f"{SVG}title", f"{SVG}desc"}
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert texts == [mark.text for mark in scene.marks if isinstance(mark, Text)]
    assert ".42 [.42, .42]" in texts


def test_svg_holds_no_script_whatever_the_names_say(hard: Scene) -> None:
    root = ElementTree.fromstring(svg_text(hard))  # noqa: S314
    assert not any(element.tag.lower().endswith("script") for element in root.iter())
    assert "<script" not in svg_text(hard)


def test_a_notebook_shows_the_same_svg(scene: Scene) -> None:
    assert scene._repr_svg_() == svg_text(scene)


def test_dot_and_graphml_carry_the_numbers_and_the_open_directions(scene: Scene) -> None:
    graph = pygraphviz.AGraph(string=dot_text(scene))
    edge = graph.get_edge("a", "c")
    assert float(edge.attr["mean"]) == 0.42
    assert edge.attr["dir"] == "forward"
    assert graph.get_edge("b", "c").attr["style"] == "dashed"
    open_edge = value_graph(
        GraphPosterior(
            ("a", "b"), [[[0, 1], [0, 0]]], [1.0], "posterior", [[0, 1], [0, 0]], np.zeros((2, 2)), False, "by hand"
        )
    )
    assert 'dir="none"' in dot_text(open_edge).replace("dir=none", 'dir="none"')
    read = nx.parse_graphml(graphml_text(open_edge))
    assert read.edges["n0", "n1"]["arrow"] is False
    assert read.edges["n0", "n1"]["adjacent"] == 1.0


def test_every_format_says_how_the_direction_stands(scene: Scene) -> None:
    """One of four draws joins a and b as well, which opens the edge from a to c."""
    expected = {"compelled": 0.75, "compelled_reverse": 0.0, "open": 0.25, "verdict": "compelled"}
    graph = pygraphviz.AGraph(string=dot_text(scene))
    dot = graph.get_edge("a", "c").attr
    graphml = next(
        data for *_, data in nx.parse_graphml(graphml_text(scene)).edges(data=True) if data["compelled"] == 0.75
    )
    table = next(row for row in csv.DictReader(io.StringIO(csv_text(scene), newline="")) if row["cause"] == "a")
    held = next(edge for edge in json.loads(scene_to_json(scene))["edges"] if edge["cause"] == "a")
    for found in (dot, graphml, table, held):
        assert found["verdict"] == "compelled"
        for what in ("compelled", "compelled_reverse", "open"):
            assert float(found[what]) == expected[what]
    assert "P(compelled | adjacent) .75" in svg_text(scene)


def test_graphviz_itself_can_lay_out_the_dot_file(scene: Scene) -> None:
    graph = pygraphviz.AGraph(string=dot_text(scene))
    graph.layout(prog="neato", args="-n2")
    assert b"<svg" in graph.draw(format="svg", prog="nop2")


def test_the_csv_table_has_every_number(scene: Scene) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(scene), newline="")))
    row = next(row for row in rows if row["cause"] == "a")
    assert (float(row["mean"]), float(row["adjacent"]), row["directed"]) == (0.42, 1.0, "yes")


def pdf_streams(content: bytes) -> bytes:
    held = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, flags=re.DOTALL)
    out = []
    for stream in held:
        try:
            out.append(zlib.decompress(stream))
        except zlib.error:
            out.append(stream)
    return b"\n".join(out)


def test_pdf_fonts_are_embedded_truetype_and_there_is_no_date(scene: Scene) -> None:
    content = pdf_bytes(scene)
    assert b"/Type3" not in content
    assert b"/CIDFontType2" in content or b"/TrueType" in content
    assert b"/FontFile2" in content
    assert b"CreationDate" not in content
    assert re.search(rb"/MediaBox \[ ?0 0 468", content)


def test_a_dollar_sign_is_not_read_as_mathematics() -> None:
    scene = chain(("a $ b $", "c"))
    with_dollars = {mark.text for mark in scene.marks if isinstance(mark, Text)}
    assert "a $ b $" in with_dollars
    shown = pdf_streams(pdf_bytes(scene))
    assert shown.count(b"(\x00$)") == 2


def test_png_and_pdf_do_not_depend_on_the_users_matplotlib_settings(scene: Scene) -> None:
    import matplotlib as mpl

    plain = (png_bytes(scene), pdf_bytes(scene))
    loud = {
        "savefig.bbox": "tight",
        "figure.constrained_layout.use": True,
        "pdf.fonttype": 3,
        "path.simplify": True,
        "font.size": 30,
    }
    with mpl.rc_context(loud):
        assert (png_bytes(scene), pdf_bytes(scene)) == plain


def test_painting_leaves_pyplot_and_the_settings_alone(scene: Scene) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    pdf_bytes(scene)
    assert dict(mpl.rcParams) == before


def test_png_has_the_size_of_the_page_at_300_dots_per_inch(scene: Scene) -> None:
    content = png_bytes(scene)
    width = int.from_bytes(content[16:20], "big")
    height = int.from_bytes(content[20:24], "big")
    assert (width, height) == (1950, pytest.approx(scene.height / 72 * 300, abs=1))


def test_the_painted_picture_is_where_the_scene_says(scene: Scene) -> None:
    from matplotlib import image

    pixels = image.imread(io.BytesIO(png_bytes(scene)))[:, :, :3]
    node = scene.nodes[0]
    rim = pixels[round(node.y / 72 * 300), round((node.x + 5.0) / 72 * 300)]
    assert rim.max() < 0.6
    assert pixels[2, 2].min() == 1.0


PROGRAM = """
import hashlib, os, shutil, sys
import numpy as np
from causalvalues.figures import draw, value_graph
from causalvalues.graph.posterior import GraphPosterior
assert shutil.which("dot") is None
names = ("b", "c", "a", "d e")
draws = np.zeros((2, 4, 4), dtype=bool); draws[:, 0, 1] = draws[:, 2, 1] = draws[0, 1, 3] = True
zeros = np.zeros((4, 4))
posterior = GraphPosterior(names, draws, np.ones(2), "posterior", draws.mean(axis=0), zeros, False, "by hand")
scene = value_graph(posterior)
for suffix in sys.argv[2:]:
    path = draw(scene, os.path.join(sys.argv[1], "graph" + suffix))
    print(suffix, hashlib.sha256(path.read_bytes()).hexdigest())
assert "matplotlib.pyplot" not in sys.modules
"""


def test_every_format_is_written_without_programs_and_with_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    printed = []
    for seed in ("1", "2"):
        environment = {key: value for key, value in os.environ.items() if key != "PATH"}
        environment |= {"PATH": "", "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        folder = tmp_path / seed
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(folder), *SUFFIXES],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) == len(SUFFIXES)


def test_the_same_scene_gives_the_same_bytes_twice(tmp_path: Path, scene: Scene) -> None:
    for suffix in SUFFIXES:
        one, two = (draw(scene, tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "two"))
        assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()


def test_draw_takes_the_nouns_themselves(tmp_path: Path) -> None:
    for thing in (small_posterior(), Dag.from_edges("ab", [("a", "b")]), total_effects(small_model())):
        assert draw(thing, tmp_path / "picture.SVG").read_text(encoding="utf-8").startswith("<svg")


def test_an_unknown_suffix_names_the_known_ones(tmp_path: Path, scene: Scene) -> None:
    with pytest.raises(FigureError, match=r"\.bnlearn, \.csv, .*\.dot, .*\.pdf, \.png, \.svg"):
        draw(scene, tmp_path / "picture.gif")
    with pytest.raises(FigureError, match=r"Did you mean '\.svg'"):
        draw(scene, tmp_path / "picture.svgz")
    with pytest.raises(FigureError, match="names no format"):
        draw(scene, tmp_path / "picture")


def test_a_missing_folder_and_a_wrong_thing_are_named(tmp_path: Path, scene: Scene) -> None:
    with pytest.raises(FigureError, match="no folder"):
        draw(scene, tmp_path / "nowhere" / "picture.svg")
    with pytest.raises(FigureError, match="direct_effects"):
        draw(small_model(), tmp_path / "picture.svg")  # type: ignore[arg-type]


def test_what_is_no_graph_is_not_written_as_one(tmp_path: Path) -> None:
    heat = effects_heatmap(total_effects(small_model()))
    for suffix in (".dot", ".graphml"):
        with pytest.raises(FigureError, match="holds graphs"):
            draw(heat, tmp_path / f"heat{suffix}")
    assert len(csv_text(heat).splitlines()) == 10


def test_an_interrupted_call_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture.svg"
    path.write_text("old", encoding="utf-8")

    def interrupted(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        draw(scene, path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["picture.svg"]


def test_half_a_character_is_refused_by_name(tmp_path: Path) -> None:
    scene = value_graph(Dag.from_edges(["a\ud800", "b"], [("a\ud800", "b")]))
    with pytest.raises(FigureError, match="half a character"):
        draw(scene, tmp_path / "picture.csv")


def test_the_graphviz_package_gets_the_same_text_and_runs_nothing(hard: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert graphviz_source(hard).source == dot_text(hard)
