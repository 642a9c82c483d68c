"""Every file is valid for its own tool: read by the tool where it installs here, else by its published grammar."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import get_args

import networkx as nx
import numpy as np
import pandas as pd
import pygraphviz
import pytest
from formats_helpers import HARD_NAMES, HARD_WARNING, chain, graphs, joined, warned
from hypothesis import HealthCheck, given, settings

from causalvalues.formats.attributes import warning_of
from causalvalues.formats.cytoscape import cytoscape_text
from causalvalues.formats.dagitty import dagitty_text
from causalvalues.formats.dot import dot_text
from causalvalues.formats.gml import gml_text
from causalvalues.formats.graph_file import graph_scene
from causalvalues.formats.graphml import graphml_text
from causalvalues.formats.lavaan import holds, lavaan_text
from causalvalues.formats.mermaid import mermaid_text
from causalvalues.formats.reading import graph_from_text
from causalvalues.formats.stand_ins import stand_ins
from causalvalues.formats.tetrad import tetrad_text
from causalvalues.scene.nouns import Ends, NodeKind, Scene

KINDS: tuple[NodeKind, ...] = ("value", "lever", "outcome", "latent")
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def names_of(scene: Scene) -> set[str]:
    return {node.name for node in scene.nodes}


@pytest.mark.parametrize("ends", get_args(Ends))
def test_networkx_reads_gml_with_all_names_and_marks(ends: Ends) -> None:
    scene = chain(HARD_NAMES, ends, KINDS)
    graph = nx.parse_gml(gml_text(scene))
    exact = {node: json.loads(data["name_json"]) if "name_json" in data else node for node, data in graph.nodes.items()}
    assert set(exact.values()) == set(HARD_NAMES)
    assert {(exact[a], data["ends"], exact[b]) for a, b, data in graph.edges(data=True)} == joined(scene)


@given(scene=graphs())
@QUICK
def test_networkx_reads_any_graph_in_three_formats(scene: Scene) -> None:
    for graph in (
        nx.parse_gml(gml_text(scene), label="id"),
        nx.parse_graphml(graphml_text(scene)),
        nx.cytoscape_graph(json.loads(cytoscape_text(scene))),
    ):
        assert graph.is_directed()
        assert graph.number_of_nodes() == len(scene.nodes)
        numbers = sorted(data["mean"] for _, _, data in graph.edges(data=True) if "mean" in data)
        assert numbers == sorted(edge.mean for edge in scene.edges if edge.mean is not None)
        assert sorted(data["ends"] for _, _, data in graph.edges(data=True)) == sorted(e.ends for e in scene.edges)


def test_networkx_reads_cytoscape_json_by_name() -> None:
    scene = chain(tuple(name for name in HARD_NAMES if name), "o-o")
    graph = nx.cytoscape_graph(json.loads(cytoscape_text(scene)))
    assert set(graph.nodes) == names_of(scene)
    assert {(a, data["ends"], b) for a, b, data in graph.edges(data=True)} == joined(scene)


DRAWN = {
    "-->": ("forward", None, None),
    "---": ("none", None, None),
    "o->": ("both", "odot", None),
    "o-o": ("both", "odot", "odot"),
    "<->": ("both", None, None),
}


@pytest.mark.parametrize("ends", get_args(Ends))
def test_graphviz_lays_out_dot_with_every_mark(ends: Ends) -> None:
    graph = pygraphviz.AGraph(string=dot_text(chain(("a", "b c", "d"), ends, KINDS)))
    (first, *_) = graph.edges()
    held = dict(first.attr)
    assert (held["dir"], held.get("arrowtail") or None, held.get("arrowhead") or None) == DRAWN[ends]
    assert held["ends"] == ends
    drawn = graph.draw(format="svg", prog="nop2")
    assert drawn.count(b"<title>") == 6
    graph.close()


# DAGitty: jslib/parser/GraphDotParser.pegjs (rules STRING, BAREWORD, EDGE, a_list, node_stmt, edge_stmt, graph)
STRING = r'"(?:[^"\\\x00-\x1f\x7f]|\\"|\\(?!"))*"'
IDENTIFIER = rf"(?:{STRING}|-?[0-9a-zA-Z_.]+)"
LIST = rf"\[(?:{IDENTIFIER}(?:={IDENTIFIER})?[;,]?)*\]"
DAGITTY_EDGE = r"(?:@->|<-@|->|--@|--|<->|<-|@-@|@--)"
DAGITTY_LINE = re.compile(rf"{IDENTIFIER}(?: {DAGITTY_EDGE} {IDENTIFIER})?(?: {LIST})?")


@given(scene=graphs())
@QUICK
def test_dagitty_text_follows_the_published_grammar(scene: Scene) -> None:
    first, *lines, last = dagitty_text(scene).rstrip("\n").split("\n")
    assert re.fullmatch(r"(dag|pdag|pag) \{", first)
    assert last == "}"
    if warning_of(scene):
        assert re.fullmatch(f"note={STRING}", lines.pop(0)), "a globaloption"
    assert len(lines) == len(scene.nodes) + len(scene.edges)
    for line in lines:
        assert DAGITTY_LINE.fullmatch(line), line


def test_dagitty_text_of_hard_names_follows_the_grammar_and_names_no_node_graph_or_node() -> None:
    lines = dagitty_text(chain(HARD_NAMES, "o->", KINDS)).split("\n")[1:-2]
    for line in lines:
        assert DAGITTY_LINE.fullmatch(line), line
        assert not line.startswith(('"graph"', '"node"'))


@pytest.mark.parametrize(
    ("ends", "header"), [("-->", "dag"), ("<->", "dag"), ("---", "pdag"), ("o->", "pag"), ("o-o", "pag")]
)
def test_the_type_of_a_dagitty_graph_follows_from_its_marks(ends: Ends, header: str) -> None:
    assert dagitty_text(chain(("a", "b"), ends)).startswith(f"{header} {{\n")


def test_levers_are_exposures_only_where_an_outcome_is_asked_about() -> None:
    assert "exposure" not in dagitty_text(chain(("a", "b"), kinds=("lever", "value")))
    asked = dagitty_text(chain(("a", "b"), kinds=("lever", "outcome")))
    assert '"a" [exposure,' in asked
    assert '"b" [outcome,' in asked


# Tetrad: GraphSaveLoadUtils.readerToGraphTxt (extractGraphNodes, extractGraphEdges)
def tetrad_reads(text: str) -> tuple[set[str], set[tuple[str, str, str]]]:
    """Read as Tetrad's own code does: sections end at an empty line, edges are split at white space."""
    nodes: set[str] = set()
    edges = set()
    lines = iter(line.strip() for line in text.split("\n"))
    for line in lines:
        if line == "Graph Nodes:":
            while held := next(lines, ""):
                nodes |= {re.sub("[()]", "", token) for token in re.split("[,;]", held)}
        if line == "Graph Edges:":
            while held := next(lines, ""):
                first, mark, second = re.split(r"\s+", re.sub(r"^\d+.\s?", "", held), maxsplit=3)[:3]
                assert mark[0] in "-<o"
                assert mark[-1] in "->o"
                assert {first, second} <= nodes
                edges.add((first, mark, second))
    return nodes, edges


@given(scene=graphs())
@QUICK
def test_tetrad_text_is_read_by_the_rules_of_tetrad(scene: Scene) -> None:
    nodes, edges = tetrad_reads(tetrad_text(scene))
    assert len(nodes) == len(scene.nodes)
    assert sorted(mark for _, mark, _ in edges) == sorted(edge.ends for edge in scene.edges)


@pytest.mark.parametrize("ends", get_args(Ends))
def test_causal_learn_reads_tetrad_text(ends: Ends, tmp_path: Path) -> None:
    from causallearn.utils.TXT2GeneralGraph import txt2generalgraph

    scene = chain(("a", "b", "c"), ends)
    path = tmp_path / "graph.txt"
    path.write_text(tetrad_text(warned(scene, "Blocked: claim nothing.")))
    graph = txt2generalgraph(str(path))
    assert [node.get_name() for node in graph.get_nodes()] == ["a", "b", "c"]
    found = {str(edge) for edge in graph.get_graph_edges()}
    assert found == {f"{edge.cause} {edge.ends} {edge.effect}" for edge in scene.edges}


# Mermaid: packages/mermaid/src/diagrams/flowchart/parser/flow.jison (shapes, LINK, PIPE, STR, LINKSTYLE)
LABEL = r'"(?:[^"#;%<>`&\\\[\]{}|\n]|#[0-9]+;)+"'
EDGE_LABEL = r'"[^"#;%<>`&\\{}|\n]+"'
MERMAID_LINES = (
    rf"  n\d+(?:\({LABEL}\)|\[{LABEL}\]|\[\[{LABEL}\]\]|\(\[{LABEL}\]\))",
    rf"  n\d+ (?:---|-->|-\.->|o--o|<-->)(?:\|{EDGE_LABEL}\|)? n\d+",
    r"  linkStyle \d+ stroke:#[0-9A-Fa-f]{6},stroke-width:[\d.]+px(?:,stroke-dasharray:4 3)?",
    r"  acc(?:Title|Descr): [^\n#;{}%]+",
    r"  %% [^\n{}%]+",
)


@given(scene=graphs())
@QUICK
def test_mermaid_text_follows_the_published_grammar(scene: Scene) -> None:
    first, *lines = mermaid_text(scene).rstrip("\n").split("\n")
    assert first == "flowchart LR"
    for line in lines:
        assert any(re.fullmatch(rule, line) for rule in MERMAID_LINES), line
    assert len(lines) == 1 + len(scene.nodes) + 2 * len(scene.edges) + 2 * bool(warning_of(scene))


def test_mermaid_shows_what_it_cannot_draw_and_escapes_what_it_would_read() -> None:
    text = mermaid_text(chain(HARD_NAMES, "o->"))
    assert text.count('-.->|"o→"|') == len(HARD_NAMES) - 1
    assert 'n0("graph")' in text
    assert "<b>" not in text
    assert all(any(re.fullmatch(rule, line) for rule in MERMAID_LINES) for line in text.rstrip("\n").split("\n")[1:])


FIT = """
suppressMessages(library(lavaan))
syntax <- paste(readLines("model.lavaan", encoding = "UTF-8"), collapse = "\\n")
rows <- read.csv("rows.csv")
table <- lavaanify(syntax, fixed.x = FALSE)
write.csv(table[table$user == 1, c("lhs", "op", "rhs", "ustart", "free")], "table.csv", row.names = FALSE)
fitted <- sem(syntax, rows)
cat(lavInspect(fitted, "converged"), fitMeasures(fitted, "df"), "\\n")
write.csv(parameterEstimates(fitted), "estimates.csv", row.names = FALSE)
"""


def fitted_by_lavaan(folder: Path, syntax: str, rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    (folder / "model.lavaan").write_text(syntax, encoding="utf-8")
    rows.to_csv(folder / "rows.csv", index=False)
    done = subprocess.run(["Rscript", "-e", FIT], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return pd.read_csv(folder / "table.csv", keep_default_na=False), done.stdout


needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")


@pytest.mark.tools
@needs_r
def test_lavaan_fits_effects_covariances_and_latent_nodes(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    hidden, a = rng.normal(size=(2, 400))
    rows = pd.DataFrame({"a": a, "b_c": 0.5 * a + rng.normal(size=400)})
    rows = rows.assign(**{f"x{i}": hidden + rng.normal(size=400) for i in (1, 2, 3)})
    rows["y"] = 0.4 * rows["b_c"] + 0.3 * hidden + rng.normal(size=400)
    graph = graph_from_text(
        'dag { hidden [latent] hidden -> {x1 x2 x3} a -> "b c" [beta="0.5"] "b c" -> y [beta="1e-7"] '
        "y <-> x1 hidden <-> a }",
        ".dagitty",
    )
    table, said = fitted_by_lavaan(tmp_path, lavaan_text(warned(graph_scene(graph), "Blocked: claim nothing.")), rows)
    assert said.startswith("TRUE")
    found = {(row.lhs, row.op, row.rhs) for row in table.itertuples()}  # lavaan puts the names of a pair in its order
    assert found == {
        ("hidden", "=~", "x1"), ("hidden", "=~", "x2"), ("hidden", "=~", "x3"), ("b_c", "~", "a"), ("y", "~", "b_c"),
        ("x1", "~~", "y"), ("hidden", "~~", "a"),
    }  # fmt: skip
    starts = {(row.lhs, row.rhs): row.ustart for row in table.itertuples() if row.op == "~"}
    assert {key: float(start) for key, start in starts.items()} == {("b_c", "a"): 0.5, ("y", "b_c"): 1e-7}
    assert all(int(row.free) > 0 for row in table.itertuples() if row.op == "~"), "starting values fix nothing"
    estimates = pd.read_csv(tmp_path / "estimates.csv").set_index(["lhs", "op", "rhs"])["est"]
    slope = np.cov(rows["a"], rows["b_c"])[0, 1] / rows["a"].var()
    assert estimates["b_c", "~", "a"] == pytest.approx(slope, abs=1e-4)


@pytest.mark.tools
@needs_r
def test_lavaan_takes_the_stand_ins_of_all_hard_names_and_open_edges_last(tmp_path: Path) -> None:
    for number, ends in enumerate(("-->", "o->")):
        folder = tmp_path / str(number)
        folder.mkdir()
        written = stand_ins(HARD_NAMES, holds)
        rng = np.random.default_rng(5)
        rows = pd.DataFrame(rng.normal(size=(600, len(HARD_NAMES))), columns=list(written.values()))
        for one, two in pairwise(written.values()):
            rows[two] += 0.3 * rows[one]
        table, said = fitted_by_lavaan(folder, lavaan_text(warned(chain(HARD_NAMES, ends), HARD_WARNING)), rows)
        assert len(table) == len(HARD_NAMES) - 1
        assert said.split()[0] == "TRUE"
        sign = "~" if ends == "-->" else "~~"
        pairs = {(row.rhs, row.lhs) if sign == "~" else (row.lhs, row.rhs) for row in table.itertuples()}
        assert pairs == set(pairwise(written.values()))
        assert set(table["op"]) == {sign}


@pytest.mark.tools
@needs_r
def test_r_agrees_which_names_need_a_stand_in(tmp_path: Path) -> None:
    plain = [
        name for name in (*HARD_NAMES, "a.b", "F", "T", "x1", "repeat", "Inf", "next") if name.isprintable() and name
    ]
    (tmp_path / "names.txt").write_text("\n".join(plain) + "\n", encoding="utf-8")
    script = 'n <- readLines("names.txt", encoding = "UTF-8"); cat(as.integer(make.names(n) == n))'
    done = subprocess.run(["Rscript", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    valid = [flag == "1" for flag in done.stdout.split()]
    for name, valid_in_r in zip(plain, valid, strict=True):
        assert valid_in_r or not holds(name), name


SHOWN = {"self_direction": "Self-direction", "do_security": "Prompt: Security", "power": "Power & <more>"}


@pytest.fixture
def shown_scene() -> Scene:
    """A graph whose nodes are shown under other names than those of the data."""
    scene = chain(tuple(SHOWN))
    return replace(scene, nodes=tuple(replace(node, label=SHOWN[node.name]) for node in scene.nodes))


def test_networkx_sees_the_shown_name_of_every_node_as_its_label(shown_scene: Scene) -> None:
    gml = nx.parse_gml(gml_text(shown_scene).splitlines())
    assert set(gml.nodes) == set(SHOWN.values())
    exact = nx.parse_gml(gml_text(shown_scene).splitlines(), label="id")
    assert {data["label"]: data["name"] for _, data in exact.nodes(data=True)} == {v: k for k, v in SHOWN.items()}
    graphml = nx.parse_graphml(graphml_text(shown_scene))
    assert {data["name"]: data["label"] for _, data in graphml.nodes(data=True)} == SHOWN
    held = json.loads(cytoscape_text(shown_scene))
    assert {each["data"]["id"]: each["data"]["label"] for each in held["elements"]["nodes"]} == SHOWN
    assert {data["label"] for _, data in nx.cytoscape_graph(held).nodes(data=True)} == set(SHOWN.values())


def test_pygraphviz_sees_the_shown_name_of_every_node_as_its_label(shown_scene: Scene) -> None:
    graph = pygraphviz.AGraph(string=dot_text(shown_scene))
    labels = {str(node): (node.attr["xlabel"] or node.attr["label"]).replace("&amp;", "&") for node in graph.nodes()}
    graph.close()
    assert labels == SHOWN


def test_two_nodes_that_are_shown_alike_keep_their_exact_names_as_labels_of_gml(shown_scene: Scene) -> None:
    nodes = tuple(replace(node, label="Same") for node in shown_scene.nodes)
    scene = replace(shown_scene, nodes=(*nodes[:2], replace(nodes[2], label="self_direction")))
    assert set(nx.parse_gml(gml_text(scene).splitlines()).nodes) == set(SHOWN)
    found = graph_from_text(gml_text(scene), ".gml")
    assert [(node.name, node.label) for node in found.nodes] == [(node.name, node.label) for node in scene.nodes]
