"""Files of other programs are read as what they say; what a graph cannot hold is noted."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import networkx as nx
import pytest

from causalvalues.errors import DataError, ModelError
from causalvalues.formats.graph_file import GraphFile
from causalvalues.formats.reading import graph_from_text, read_graph


def said(graph: GraphFile) -> set[tuple[str, str, str]]:
    return {(edge.cause, edge.ends, edge.effect) for edge in graph.edges}


def kinds(graph: GraphFile) -> dict[str, str]:
    return {node.name: node.kind for node in graph.nodes}


DOT_ENDS = {
    "": "-->",
    "dir=forward": "-->",
    "dir=none": "---",
    "dir=both": "<->",
    "dir=both, arrowtail=odot": "o->",
    "dir=both, arrowtail=odot, arrowhead=odot": "o-o",
    "arrowhead=none": "---",
    "dir=both, arrowtail=none": "-->",
    'dir=both, arrowtail="none", arrowhead="vee"': "-->",
}


@pytest.mark.parametrize("about", DOT_ENDS)
def test_ends_of_a_foreign_dot_file_follow_from_what_is_drawn(about: str) -> None:
    assert said(graph_from_text(f"digraph {{ a -> b [{about}] }}", ".dot")) == {("a", DOT_ENDS[about], "b")}


def test_dot_reads_backward_arrows_chains_groups_and_comments() -> None:
    text = "/* x */ strict digraph G { // y\n a -> {b c} -> d; subgraph cluster_1 { e } a -> e [dir=back] }"
    found = graph_from_text(text, ".gv")
    assert found.names == ("a", "b", "c", "d", "e")
    assert said(found) == {(*pair,) for pair in [
        ("a", "-->", "b"), ("a", "-->", "c"), ("b", "-->", "d"), ("c", "-->", "d"), ("e", "-->", "a"),
    ]}  # fmt: skip


def test_an_undirected_dot_file_has_edges_without_marks() -> None:
    assert said(graph_from_text("graph { a -- b }", ".dot")) == {("a", "---", "b")}


def test_attributes_that_are_not_known_are_noted_and_looks_are_passed_over() -> None:
    found = graph_from_text('digraph { a [color=red, mood="good"]; a -> b [penwidth=3, risk="9"] }', ".dot")
    assert found.notes == (
        "Attributes of nodes that were left aside: 'mood'.",
        "Attributes of edges that were left aside: 'risk'.",
    )


def test_graphml_of_networkx_is_read_by_its_identifiers() -> None:
    graph = nx.DiGraph([("care", "help"), ("help", "give")])
    graph.nodes["care"]["kind"] = "lever"
    graph.edges["care", "help"]["mean"] = 0.25
    held = BytesIO()
    nx.write_graphml(graph, held)
    found = graph_from_text(held.getvalue().decode(), ".graphml")
    assert found.dag().order == ("care", "help", "give")
    assert kinds(found)["care"] == "lever"
    assert found.edges[0].mean == 0.25
    assert found.edges[0].kind == "lever"


def test_graphml_knows_defaults_names_and_directions_of_single_edges() -> None:
    text = """<?xml version="1.0"?><g:graphml xmlns:g="http://graphml.graphdrawing.org/xmlns">
    <g:key id="d0" for="node" attr.name="name" attr.type="string"/>
    <g:key id="d1" for="edge" attr.name="mean" attr.type="double"><g:default>0.5</g:default></g:key>
    <g:graph edgedefault="undirected"><g:node id="n1"><g:data key="d0">one</g:data></g:node>
    <g:node id="n2"><g:data key="d0">two</g:data></g:node><g:node id="n3"><g:data key="d0">three</g:data></g:node>
    <g:edge source="n1" target="n2"/>
    <g:edge source="n2" target="n3" directed="true"><g:data key="d1">1</g:data></g:edge>
    </g:graph></g:graphml>"""
    found = graph_from_text(text, ".graphml")
    assert said(found) == {("one", "---", "two"), ("two", "-->", "three")}
    assert [edge.mean for edge in found.edges] == [0.5, 1.0]


def test_gml_of_networkx_is_read_by_its_labels() -> None:
    graph = nx.DiGraph([("care & co", 'say "x"')])
    text = "\n".join(nx.generate_gml(graph))
    assert said(graph_from_text(text, ".gml")) == {("care & co", "-->", 'say "x"')}
    loose = "\n".join(nx.generate_gml(nx.Graph([("a", "b")])))
    assert said(graph_from_text(loose, ".gml")) == {("a", "---", "b")}


def test_gml_reads_comments_numbers_without_quotes_and_nodes_without_labels() -> None:
    nodes = "node [ id 7 ] node [ id 8 ]"
    text = f'Creator "me"\n  # a comment\ngraph [ directed 1 {nodes}\nedge [ source 7 target 8 mean -1 ] ]'
    found = graph_from_text(text, ".gml")
    assert said(found) == {("7", "-->", "8")}
    assert found.edges[0].mean == -1.0


def test_cytoscape_json_of_networkx_and_of_the_browser_is_read() -> None:
    held = nx.cytoscape_data(nx.DiGraph([("a", "b")]))
    assert said(graph_from_text(json.dumps(held), ".cyjs")) == {("a", "-->", "b")}
    undirected = nx.cytoscape_data(nx.Graph([("a", "b")]))
    assert said(graph_from_text(json.dumps(undirected), ".cyjs")) == {("a", "---", "b")}
    flat = {"elements": [{"data": {"id": 1}}, {"data": {"id": 2}}, {"data": {"id": 3, "source": 1, "target": 2}}]}
    assert said(graph_from_text(json.dumps(flat), ".cyjs")) == {("1", "-->", "2")}


DAGITTY = r"""dag MyModel {
bb="-3,-4,3,4"
"care for others" [exposure,pos="-1.5,0.25"]
Y [outcome] U [latent, label="Unseen"]; A [adjusted]
"care for others" -> M -> Y [beta=".3"]
U -> { M Y } U <-> Z
Z <- "care for others"
"split" + "name" @-@ Z }
"""


def test_dagitty_reads_chains_groups_kinds_places_and_coefficients() -> None:
    found = graph_from_text(DAGITTY, ".dagitty")
    assert kinds(found) == {
        "care for others": "lever", "Y": "outcome", "U": "latent", "A": "value", "M": "value", "Z": "value",
        "splitname": "value",
    }  # fmt: skip
    assert said(found) == {
        ("care for others", "-->", "M"), ("M", "-->", "Y"), ("U", "-->", "M"), ("U", "-->", "Y"), ("U", "<->", "Z"),
        ("care for others", "-->", "Z"), ("splitname", "o-o", "Z"),
    }  # fmt: skip
    assert {edge.mean for edge in found.edges if edge.effect == "Y" and edge.cause == "M"} == {0.3}
    assert found.notes == ("Attributes of nodes that were left aside: 'adjusted'.",)
    assert {node.label for node in found.nodes if node.name == "U"} == {"Unseen"}


@pytest.mark.parametrize(
    ("written", "read"),
    [("->", "a --> b"), ("<-", "b --> a"), ("--", "a --- b"), ("<->", "a <-> b"), ("@->", "a o-> b"),
     ("<-@", "b o-> a"), ("@-@", "a o-o b")],
)  # fmt: skip
def test_every_edge_of_dagitty_is_understood_without_spaces(written: str, read: str) -> None:
    (edge,) = graph_from_text(f"pag{{a{written}b}}", ".dagitty").edges
    assert f"{edge.cause} {edge.ends} {edge.effect}" == read


def test_dagitty_places_are_kept() -> None:
    found = graph_from_text('dag { a [pos="-1.5,0.25"] b [pos="2,3"] a -> b }', ".dagitty")
    assert [(node.x, node.y) for node in found.nodes] == [(-1.5, 0.25), (2.0, 3.0)]


LAVAAN = """
# measurement
 visual =~ x1 + 0.8*x2 +
           start(0.5)*x3     ! third
 y ~ b1*visual + 0.3*x4 + x5:x6; z ~ 1
 y + z ~ x7
 x4 ~~ x7 + 0*x8
 y ~~ 2*y
 x4 | t1
 ind := b1*b2
 b1 > 0
"""


def test_lavaan_reads_regressions_covariances_and_latent_nodes_and_notes_the_rest() -> None:
    found = graph_from_text(LAVAAN, ".lavaan")
    assert kinds(found)["visual"] == "latent"
    assert said(found) == {
        ("visual", "-->", "x1"), ("visual", "-->", "x2"), ("visual", "-->", "x3"), ("visual", "-->", "y"),
        ("x4", "-->", "y"), ("x7", "-->", "y"), ("x7", "-->", "z"), ("x4", "<->", "x7"),
    }  # fmt: skip
    means = {(edge.cause, edge.effect): edge.mean for edge in found.edges}
    assert (means["visual", "x2"], means["visual", "x3"], means["x4", "y"]) == (0.8, 0.5, 0.3)
    assert "x8" in found.names
    assert found.notes == (
        "Line 5: products of nodes (x5:x6) were left aside.",
        "Line 5: labels were left aside ('b1').",
        "Line 5: intercepts (~ 1) were left aside.",
        "Line 7: terms that are fixed to 0 are no edges.",
        "Line 8: fixed variances were left aside.",
        "Line 9: thresholds (|) were left aside.",
        "Line 10: defined parameters (:=) were left aside.",
        "Line 11: constraints (>) were left aside.",
    )


@pytest.mark.parametrize(
    ("formula", "means", "noted"),
    [
        ("y ~ start(0.8)*x", [0.8], ""),
        ("y ~ b1*x", [None], "labels were left aside ('b1')"),
        ("y ~ b1*x + start(0.8)*x", [0.8], "labels were left aside ('b1')"),
        ("y ~ b1*start(.3)*x", [0.3], "labels were left aside ('b1')"),
        ("y ~ NA*x", [None], ""),
        ("y ~ 0*x + z", [None], "fixed to 0 are no edges"),
        ("y ~ c(0, 0.0)*x + z", [None], "fixed to 0 are no edges"),
        ("y ~ c(0.2, 0.2)*x", [0.2], ""),
        ("y ~ start(c(0.2, .2))*x", [0.2], ""),
        ("y ~ c(0.5, 0.3)*x", [None], "values that differ between groups were left aside ('c(0.5,0.3)')"),
        ("y ~ c(0, NA)*x", [None], "values that differ between groups"),
        ("y ~ c(a, b)*x", [None], "labels were left aside ('c(a,b)')"),
        ("y ~ c(NA, NA)*x", [None], ""),
        ("y ~ lower(0)*x", [None], "modifiers were left aside ('lower(0)')"),
        ("y ~ a*1 + x", [None], "intercepts"),
        ('efa("b")*f =~ x1', [None], "modifiers on the left were left aside"),
    ],
)
def test_what_stands_before_a_term_of_lavaan_is_read_or_noted(
    formula: str, means: list[float | None], noted: str
) -> None:
    found = graph_from_text(formula, ".lavaan")
    assert [edge.mean for edge in found.edges] == means
    assert (noted in " ".join(found.notes)) if noted else found.notes == ()


def test_a_number_behind_a_term_of_lavaan_is_refused_with_the_right_order() -> None:
    with pytest.raises(DataError, match=r"Line 2: 'x\*0\.5' on the right is no term.*number or label first"):
        graph_from_text("z ~ x\ny ~ x*0.5", ".lavaan")


def test_numbers_of_lavaan_may_have_exponents_and_signs() -> None:
    found = graph_from_text("y ~ -1e+2*a + .5*b + start(-3)*c + 0.1?*d", ".lavaan")
    assert [edge.mean for edge in found.edges] == [-100.0, 0.5, -3.0, 0.1]


BIF = """network asia { }
variable smoke { type discrete [ 2 ] { yes, no }; }
variable lung { type discrete [ 2 ] { yes, no }; }
variable tub { type discrete [ 2 ] { yes, no }; }
probability ( smoke ) { table 0.5, 0.5; }
probability ( tub ) { table 0.01, 0.99; }
probability ( lung | smoke, tub ) {
  (yes, yes) 0.1, 0.9; (no, yes) 0.01, 0.99; (yes, no) 0.1, 0.9; (no, no) 0.01, 0.99;
}
"""


def test_the_structure_of_a_bif_file_is_read() -> None:
    found = graph_from_text(BIF, ".bif")
    assert found.names == ("smoke", "lung", "tub")
    assert said(found) == {("smoke", "-->", "lung"), ("tub", "-->", "lung")}
    assert found.notes == ("Tables of probabilities were left aside: only the structure is read.",)


def test_a_bif_file_that_pgmpy_writes_is_read() -> None:
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork
    from pgmpy.readwrite import BIFWriter

    model = DiscreteBayesianNetwork([("a", "b")])
    model.add_cpds(TabularCPD("a", 2, [[0.2], [0.8]]), TabularCPD("b", 2, [[0.1, 0.2], [0.9, 0.8]], ["a"], [2]))
    assert said(graph_from_text(str(BIFWriter(model)), ".bif")) == {("a", "-->", "b")}


def test_a_model_string_of_bnlearn_is_read_over_several_lines() -> None:
    found = graph_from_text("[F][C]\n[A][B|A]\n[D|A:C][E|B:F]\n", ".bnlearn")
    assert set(found.dag().edges) == {("A", "B"), ("A", "D"), ("C", "D"), ("B", "E"), ("F", "E")}


TETRAD = """Graph Nodes:
X1;(L1);X2,X3

Graph Edges:
1. X1 --> X2 dd nl
2. X3 <-o X1 [X1 o-> X3]:0.8;[X1 --> X3]:0.1;[no edge]:0.1;
3. X2 o-o X3 pd
4. L1 <-- X3

Graph Attributes:
BIC: -12.3
"""


def test_tetrad_text_with_properties_and_bootstraps_is_read() -> None:
    found = graph_from_text(TETRAD, ".tetrad")
    assert kinds(found) == {"X1": "value", "L1": "latent", "X2": "value", "X3": "value"}
    assert said(found) == {("X1", "-->", "X2"), ("X1", "o->", "X3"), ("X2", "o-o", "X3"), ("X3", "-->", "L1")}
    assert [edge.adjacent for edge in found.edges] == [None, 0.9, None, None]
    shares = "Shares of kinds of edges after the edges were left aside, but for that of no edge."
    assert found.notes == (
        "The flags dd of edges (definitely direct) were left aside.",
        "The flags nl of edges (no latent common cause) were left aside.",
        shares,
        "The flags pd of edges (possibly direct) were left aside.",
    )


def test_the_same_edge_twice_is_kept_once_and_noted() -> None:
    found = graph_from_text("dag { a -> b a -> b b <-> c c <-> b }", ".dagitty")
    assert said(found) == {("a", "-->", "b"), ("b", "<->", "c")}
    assert len(found.notes) == 2


def test_nodes_without_places_stand_on_a_circle() -> None:
    found = graph_from_text("[a][b|a][c][d]", ".bnlearn")
    assert len({(node.x, node.y) for node in found.nodes}) == 4
    assert (found.nodes[0].x, found.nodes[0].y) == (136.0, 36.0)


def test_a_dag_names_the_open_edge_or_the_cycle() -> None:
    with pytest.raises(ModelError, match="'b' --- 'c' is no arrow"):
        graph_from_text("pdag { a -> b -- c }", ".dagitty").dag()
    with pytest.raises(ModelError, match="a -> b -> a"):
        graph_from_text("dag { a -> b -> a }", ".dagitty").dag()


def test_a_mixed_graph_keeps_the_marks() -> None:
    hidden = graph_from_text("pag { a @-> b <-> c @-@ d  a -> d }", ".dagitty").mixed()
    assert hidden.hidden_causes
    assert set(hidden.edges) == {("a", "o->", "b"), ("b", "<->", "c"), ("c", "o-o", "d"), ("a", "->", "d")}
    open_ended = graph_from_text("pdag { a -- b -> c }", ".dagitty").mixed()
    assert not open_ended.hidden_causes
    assert set(open_ended.edges) == {("a", "--", "b"), ("b", "->", "c")}
    with pytest.raises(ModelError, match="Write it as o-o"):
        graph_from_text("pag { a -- b @-> c }", ".dagitty").mixed()
    with pytest.raises(ModelError, match="joined by two edges"):
        graph_from_text("dag { a -> b a <-> b }", ".dagitty").mixed()


def test_a_file_is_read_by_its_suffix_and_a_mark_of_its_encoding_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "graph.DAGITTY"
    path.write_bytes(b"\xef\xbb\xbfdag {\r\n a -> b }")
    assert read_graph(path).dag().edges == (("a", "b"),)
    with pytest.raises(DataError, match=r"Did you mean '\.dagitty'"):
        read_graph(tmp_path / "graph.dagity")
    with pytest.raises(DataError, match="Mermaid is written and not read"):
        read_graph(tmp_path / "graph.mmd")
