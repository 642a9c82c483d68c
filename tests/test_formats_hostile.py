"""Broken and hostile files are refused in words that name the place and the remedy, quickly and without a crash."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from formats_helpers import chain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causalvalues.errors import CausalValuesError, DataError, FigureError
from causalvalues.formats import graph_file, reading
from causalvalues.formats.graph_file import GraphFile
from causalvalues.formats.reading import READERS, graph_from_text, read_graph
from causalvalues.formats.writing import WRITERS
from causalvalues.scene.nouns import Edge, Node

NODES = '<node id="a"/><node id="b"/>'


def graphml(inside: str, before: str = "") -> str:
    return f'<?xml version="1.0"?>{before}<graphml><graph edgedefault="directed">{inside}</graph></graphml>'


def cyjs(**edge: object) -> str:
    nodes = [{"data": {"id": "a"}}, {"data": {"id": "b"}}]
    return json.dumps({"elements": {"nodes": nodes, "edges": [{"data": {"source": "a", "target": "b", **edge}}]}})


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10)) + "]>"
)

REFUSED = {
    "billion laughs": (".graphml", graphml("&l9;", LAUGHS), "Line 1: a document type or an entity"),
    "external entity": (
        ".graphml",
        graphml("&x;", '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "Take out <!DOCTYPE",
    ),
    "external document type": (".graphml", graphml(NODES, '<!DOCTYPE x SYSTEM "http://localhost/x">'), "Take out"),
    "unknown entity": (".graphml", graphml("&nbsp;"), "this is no XML"),
    "deep xml": (".graphml", graphml("<d>" * 60 + "</d>" * 60), "more than 50 elements are open"),
    "broken xml": (".graphml", "<graphml>\n<graph>", "Line 2: this is no XML"),
    "other xml": (".graphml", "<svg/>", "begins with <svg>"),
    "no graph in xml": (".graphml", "<graphml/>", "has no <graph>"),
    "two graphs in xml": (".graphml", graphml("<graph/>"), "a second graph"),
    "hyperedge": (".graphml", graphml("<hyperedge/>"), "joins more than two nodes"),
    "node twice in xml": (".graphml", graphml(NODES + '\n<node id="a"/>'), "Line 2: a node has the id of another"),
    "node without id in xml": (".graphml", graphml("<node/>"), "a node has no id"),
    "unknown end in xml": (".graphml", graphml(NODES + '<edge source="a" target="z"/>'), "target of an edge is 'z'"),
    "self loop in xml": (".graphml", graphml(NODES + '<edge source="a" target="a"/>'), "joins a node to itself"),
    "nan in xml": (
        ".graphml",
        graphml(NODES + '\n<edge source="a" target="b"><data key="mean">NaN</data></edge>'),
        "Line 2: `mean` of 'a' - 'b' is NaN. Give a finite number",
    ),
    "unknown ends": (
        ".graphml",
        graphml(NODES + '<edge source="a" target="b"><data key="ends">o--</data></edge>'),
        "Use one of --- --> o-> o-o <->",
    ),
    "broken exact name": (".graphml", graphml('<node id="a"><data key="name_json">{</data></node>'), "is no text"),
    "broken gml": (".gml", "graph [\n node [ id 0 ]", "Line 1: the bracket of 'graph' is not closed"),
    "gml without value": (".gml", "graph [ node [ id ] ]", "'id' has no value"),
    "gml with a stray bracket": (".gml", "graph [ ] ]", "closes nothing"),
    "gml with stray signs": (".gml", "graph [\n ?? ]", "Line 2: '[?][?] ]' is not understood"),
    "gml without graph": (".gml", "x 1", "holds 0 graphs"),
    "gml with two graphs": (".gml", "graph [ ] graph [ ]", "holds 2 graphs"),
    "deep gml": (".gml", "a [ " * 60 + "] " * 60, "more than 50 brackets"),
    "node twice in gml": (".gml", "graph [ node [ id 0 ]\nnode [ id 0 ] ]", "Line 2: a node has the id of another"),
    "label twice in gml": (
        ".gml",
        'graph [ node [ id 0 label "a" ]\nnode [ id 1 label "a" ] ]',
        "Line 2: the node 'a' is there twice",
    ),
    "unknown end in gml": (".gml", "graph [ node [ id 0 ] edge [ source 0 target 1 ] ]", "no node's id"),
    "infinity in gml": (".gml", "graph [ node [ id 0 graphics [ x +INF y 0 ] ] ]", "`x` of '0' is"),
    "probability in gml": (
        ".gml",
        "graph [ node [ id 0 ] node [ id 1 ] edge [ source 0 target 1 adjacent 1.5 ] ]",
        "`adjacent` of the edge '0' --- '1' is 1.5, which is no probability",
    ),
    "no json": (".cyjs", "{", "This is no JSON"),
    "deep json": (".cyjs", "[" * 100_000, "nested too deeply|no JSON"),
    "nan in json": (".cyjs", '{"elements": NaN}', "the number NaN is not finite"),
    "infinite number in json": (".cyjs", cyjs(mean=1e400).replace("Infinity", "1e400"), "`mean` of 'a' - 'b' is inf"),
    "json without elements": (".cyjs", "[]", "has no `elements`"),
    "json node without data": (".cyjs", '{"elements": {"nodes": [1], "edges": []}}', "Node 0 has no `data`"),
    "json node without id": (".cyjs", '{"elements": {"nodes": [{"data": {}}]}}', "Node 0: the id is None"),
    "unknown end in json": (".cyjs", cyjs(target="z"), "Edge 0: the target is 'z'"),
    "no scene": (".json", "{}", "This is not a scene"),
    "dagitty without type": (".dagitty", "{ a -> b }", "Line 1: '{' stands where word"),
    "dagitty of an unknown type": (".dagitty", "tree { a -> b }", "Begin with dag, pdag, mag or pag"),
    "dagitty that ends early": (".dagitty", "dag {\na -> b", "Line 2: a brace is not closed"),
    "dagitty with more behind": (".dagitty", "dag { a } b", "'b' stands where end"),
    "dagitty without second node": (".dagitty", "dag { a -> }", "stands where a node should be"),
    "dagitty with an open string": (".dagitty", r'dag { "a\" -> b }', "Put names in quotes"),
    "dagitty with a half circle": (".dagitty", "pag {\na @-- b }", "Line 2: the edge 'a' o-- 'b' has ends"),
    "dagitty with a stray sign": (".dagitty", "dag { a ~ b }", "'~ b }' is not understood"),
    "dagitty with a broken place": (".dagitty", 'dag { a [pos="here"] }', "The place of 'a' is 'here'"),
    "dagitty with endless numbers": (".dagitty", 'dag { a -> b [beta="1e999"] }', "Line 1: `beta`|`mean` of 'a'"),
    "deep dagitty": (".dagitty", "dag " + "{" * 200, "more than 50 braces"),
    "self loop in dagitty": (".dagitty", "dag { a -> a }", "Line 1: the edge 'a' --> 'a' joins a node to itself"),
    "group that multiplies": (
        ".dagitty",
        f"dag {{ {{{' '.join(f'a{i}' for i in range(400))}}} -> {{{' '.join(f'b{i}' for i in range(400))}}} }}",
        "more than 100000 edges",
    ),
    "lavaan without formula": (".lavaan", "# nothing\n", "has no regression"),
    "lavaan without sign": (".lavaan", "\ny a + b", "Line 2: 'ya[+]b' has no ~"),
    "lavaan with a bad name": (".lavaan", "y ~ 3a", "Line 1: '3a' on the right is no term"),
    "lavaan with a bad left side": (".lavaan", "2y ~ a", "'2y' on the left is no name"),
    "lavaan that acts on itself": (".lavaan", "y ~ y", "Line 1: 'y' acts on itself"),
    "lavaan that ends in +": (".lavaan", "y ~ a +", "is no term"),
    "bnlearn that is none": (".bnlearn", "[a]\nb", "Line 2: 'b' is no block"),
    "bnlearn that is empty": (".bnlearn", " \n", "This file is empty"),
    "bnlearn with an unknown parent": (".bnlearn", "[a|b]", "The parent 'b' of 'a' has no block. Add"),
    "bnlearn with a node twice": (".bnlearn", "[a]\n[a]", "Line 2: the node 'a' is there twice"),
    "bnlearn with an empty parent": (".bnlearn", "[a][b|a:]", "names an empty parent"),
    "bif that is none": (".bif", "hello", "This is no BIF"),
    "bif that is broken": (".bif", "network x { }\nvariable a { type discrete [2] { y, n }; }\n"
                           "probability ( a ) { table 0.1; }\n", "pgmpy cannot read this BIF"),
    "bif with an unknown parent": (".bif", "network x { }\nvariable a { type discrete [1] { y }; }\n"
                                   "probability ( a | b ) { table 1.0; }\n", "BIF"),
    "tetrad without nodes": (".tetrad", "1. a --> b", "no line `Graph Nodes:`"),
    "tetrad with a broken edge": (".tetrad", "Graph Nodes:\na;b\n\nGraph Edges:\n1. a b", "Line 5: '1. a b' is no"),
    "tetrad with an unknown node": (".tetrad", "Graph Nodes:\na\n\nGraph Edges:\n1. a --> b", "Line 5: the node 'b'"),
    "tetrad with a node twice": (".tetrad", "Graph Nodes:\na;a", "Line 2: the node 'a' is there twice"),
    "tetrad with a self loop": (".tetrad", "Graph Nodes:\na\n\nGraph Edges:\n1. a --> a", "joins a node to itself"),
    "tetrad with half a circle": (".tetrad", "Graph Nodes:\na;b\n\nGraph Edges:\n1. a --o b", "is no edge|has ends"),
    "broken dot": (".dot", "digraph { a -> ", "Graphviz cannot read this DOT"),
    "no dot": (".dot", "hello", "Graphviz cannot read this DOT"),
    "empty dot": (".dot", "", "Graphviz cannot read this DOT"),
    "deep dot": (".dot", "digraph " + "{" * 100_000 + "}" * 100_000, "more than 100 open"),
    "self loop in dot": (".dot", "digraph { a -> a }", "joins a node to itself"),
    "nan in dot": (".dot", "digraph { a -> b [mean=nan] }", "`mean` of 'a' - 'b' is nan"),
    "place in dot": (".dot", 'digraph { a [pos="1e400,2"] }', "`x` of 'a' is inf"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_broken_file_is_refused_by_place_and_remedy(case: str) -> None:
    suffix, text, words = REFUSED[case]
    with pytest.raises((DataError, FigureError), match=words):
        graph_from_text(text, suffix)


@pytest.mark.parametrize("suffix", sorted(READERS))
@given(text=st.one_of(st.text(max_size=40), st.text('dag{}[]()|:;,->@<~="\\ab1.#&\n ', max_size=60)))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_gives_a_graph_or_an_error_of_ours(suffix: str, text: str) -> None:
    with suppress(CausalValuesError):
        assert isinstance(graph_from_text(text, suffix), GraphFile)


@pytest.mark.parametrize("suffix", sorted(set(READERS) - {".bif", ".bnlearn"}))
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_file_of_ours_gives_a_graph_or_an_error_of_ours(suffix: str, data: st.DataObject) -> None:
    text = WRITERS[suffix](chain(("power", "self direction", 'a "b"'), "o->")).decode("utf-8")
    place = data.draw(st.integers(0, len(text) - 1))
    damage = data.draw(st.sampled_from(["", '"', "{", "}", "[", "]", "\\", "9", "nan", "<", ">", "\n", "--", "=", "&"]))
    length = data.draw(st.integers(0, 5))
    with suppress(CausalValuesError):
        graph_from_text(text[:place] + damage + text[place + length :], suffix)


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_a_character_that_stands_in_no_text_is_named_with_its_line(suffix: str) -> None:
    with pytest.raises(DataError, match=r"Line 2: the character '\\x00' stands in no text"):
        graph_from_text("dag {\n\0}", suffix)
    with pytest.raises(DataError, match=r"'\\ud800' stands in no text"):
        graph_from_text("dag {\ud800}", suffix)


def test_a_file_that_is_missing_a_folder_too_large_or_in_another_encoding_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_graph(tmp_path / "none.dot")
    (tmp_path / "folder.dot").mkdir()
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_graph(tmp_path / "folder.dot")
    path = tmp_path / "latin.dagitty"
    path.write_bytes('dag {\n "Überzeugung" }'.encode("latin-1"))
    with pytest.raises(DataError, match=r"line 2: this is no UTF-8\. Save the file in UTF-8"):
        read_graph(path)
    monkeypatch.setattr(reading, "LARGEST_FILE", 4)
    with pytest.raises(DataError, match="has 22 bytes"):
        read_graph(path)
    with pytest.raises(DataError, match="The text has 5 characters; at most 4"):
        graph_from_text("dag{}", ".dagitty")


def test_too_many_nodes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = ";".join(f"x{i}" for i in range(graph_file.MOST_NODES + 1))
    with pytest.raises(DataError, match="at most 5000 and 100000 are read"):
        graph_from_text(f"Graph Nodes:\n{nodes}\n", ".tetrad")


def test_a_graph_made_by_hand_is_checked_too() -> None:
    a, b = (Node("", name, name, "value", "", 0.0, 0.0) for name in "ab")
    with pytest.raises(DataError, match="Two nodes are named 'a'"):
        GraphFile(("a", "a"), (a, a), (), "by hand")
    with pytest.raises(DataError, match="the same order"):
        GraphFile(("b", "a"), (a, b), (), "by hand")
    with pytest.raises(DataError, match="'a' --> 'z' joins a node that is not in the file"):
        GraphFile(("a", "b"), (a, b), (Edge("", "a", "z", "value", "-->"),), "by hand")
    with pytest.raises(DataError, match="joins a node to itself"):
        GraphFile(("a", "b"), (a, b), (Edge("", "a", "a", "value", "-->"),), "by hand")


def test_names_in_messages_are_shortened() -> None:
    with pytest.raises(DataError) as caught:
        graph_from_text(f"dag {{ {'x' * 5000} -> {'x' * 5000} }}", ".dagitty")
    assert len(str(caught.value)) < 250


def test_dot_says_how_to_get_pygraphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(DataError, match="pip install pygraphviz"):
        graph_from_text("digraph { a }", ".dot")


def test_lavaan_refuses_a_latent_node_without_indicators() -> None:
    scene = chain(("hidden", "a"), kinds=("latent", "value"))
    with pytest.raises(FigureError, match="'hidden' acts on nothing observed"):
        WRITERS[".lavaan"](replace(scene, edges=()))


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".dot", 'digraph { "' + '\\"' * 300_000),
        (".lavaan", "y ~ f(" + "+" * 300_000),
        (".bnlearn", "[a]" * 100_000),
        (".dagitty", 'dag { "' + '\\"' * 300_000),
        (".gml", 'graph [ "' + "[ " * 300_000),
        (".tetrad", "Graph Nodes:\na;b\n\nGraph Edges:\n1. a" + " " * 300_000 + "b"),
    ],
    ids=lambda held: held if len(held) < 10 else "",
)
def test_long_texts_that_lure_a_search_back_and_forth_are_refused(suffix: str, text: str) -> None:
    with pytest.raises(DataError):
        graph_from_text(text, suffix)
