"""What is written and read back is the same graph, but for what a format is known not to keep."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest
from formats_helpers import HARD_NAMES, chain, graphs, joined
from hypothesis import HealthCheck, assume, given, settings

from causalvalues.errors import FigureError
from causalvalues.formats.attributes import numbers_of, warning_of
from causalvalues.formats.graph_file import GraphFile, graph_scene
from causalvalues.formats.keeping import KEEPS, lost_in
from causalvalues.formats.reading import READERS, graph_from_text
from causalvalues.formats.writing import WRITERS
from causalvalues.scene.metrics import printable
from causalvalues.scene.nouns import Edge, Ends, Node, Scene

BOTH_WAYS = tuple(sorted(set(READERS) - {".bif"}))
ORDERED = tuple(suffix for suffix in BOTH_WAYS if suffix not in (".lavaan", ".bnlearn"))
"""Formats that keep the order of nodes and edges."""

LOSES = {
    ".bnlearn": "ends other than arrows and names with [ ] | : (both refused); numbers, kinds, words, looks; order",
    ".cyjs": "nothing",
    ".dagitty": "control characters in labels; places beyond .001",
    ".dot": "control characters in labels; places beyond .001",
    ".gml": "nothing",
    ".graphml": "control characters in labels that XML does not know",
    ".gv": "as .dot",
    ".json": "nothing",
    ".lavaan": "numbers other than the effect of an arrow; levers and outcomes; words; looks; order",
    ".tetrad": "numbers; levers and outcomes; words; looks",
}
"""What does not come back, format by format; the tests below check each."""


def back(scene: Scene, suffix: str) -> GraphFile:
    return graph_from_text(WRITERS[suffix](scene).decode("utf-8"), suffix)


def kept_nodes(nodes: tuple[Node, ...], suffix: str) -> set[tuple[object, ...]]:
    keeps = KEEPS[suffix]
    kinds = {"all": ("value", "lever", "outcome", "latent"), "latent": ("latent",), "none": ()}[keeps.kinds]
    kept = set()
    for node in nodes:
        kind = node.kind if node.kind in kinds else "value"
        kept.add(
            (node.name, kind, node.group, round(node.x, 3), round(node.y, 3)) if keeps.looks else (node.name, kind)
        )
    return kept


def kept_edges(edges: tuple[Edge, ...], suffix: str) -> set[tuple[object, ...]]:
    keeps = KEEPS[suffix]
    kept = set()
    for edge in edges:
        numbers = tuple(numbers_of(edge))
        if keeps.numbers == "none":
            numbers = ()
        elif keeps.numbers == "effects":
            numbers = tuple(pair for pair in numbers if pair[0] == "mean" and edge.directed)
        words = (edge.kind, edge.verdict, edge.change) if keeps.words else ()
        kept.add((edge.cause, edge.ends, edge.effect, numbers, words))
    return kept


def writable(scene: Scene, suffix: str) -> bool:
    """Whether a format takes the graph: lavaan wants something observed below each latent node."""
    latent = {node.name for node in scene.nodes if node.kind == "latent"}
    measured = {edge.cause for edge in scene.edges if edge.directed and edge.effect not in latent}
    return suffix != ".lavaan" or latent <= measured


def test_the_table_of_losses_names_every_format() -> None:
    assert set(LOSES) == set(BOTH_WAYS) == set(KEEPS)


@pytest.mark.parametrize("suffix", [suffix for suffix in BOTH_WAYS if suffix != ".bnlearn"])
@given(scene=graphs())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_graph_comes_back(suffix: str, scene: Scene) -> None:
    assume(writable(scene, suffix))
    found = back(scene, suffix)
    assert set(found.names) == {node.name for node in scene.nodes}
    assert {(edge.cause, edge.ends, edge.effect) for edge in found.edges} == joined(scene)
    assert kept_nodes(found.nodes, suffix) == kept_nodes(scene.nodes, suffix)
    assert kept_edges(found.edges, suffix) == kept_edges(scene.edges, suffix)
    assert (found.notes, found.warning) == ((), warning_of(scene))
    if suffix in ORDERED:
        assert found.names == tuple(node.name for node in scene.nodes)
        assert [edge.part for edge in found.edges] == [edge.part for edge in scene.edges]


@pytest.mark.parametrize("suffix", [".cyjs", ".gml", ".json"])
@given(scene=graphs())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_formats_that_lose_nothing_give_equal_nodes_and_edges(suffix: str, scene: Scene) -> None:
    found = back(scene, suffix)
    assert (found.nodes, found.edges) == (scene.nodes, scene.edges)


@pytest.mark.parametrize("suffix", [suffix for suffix in BOTH_WAYS if suffix != ".bnlearn"])
@pytest.mark.parametrize("ends", get_args(Ends))
def test_every_hard_name_comes_back_with_every_kind_of_edge(suffix: str, ends: Ends) -> None:
    scene = chain(HARD_NAMES, ends)
    found = back(scene, suffix)
    assert set(found.names) == set(HARD_NAMES)
    assert {(edge.cause, edge.ends, edge.effect) for edge in found.edges} == joined(scene)


@pytest.mark.parametrize("suffix", [".dot", ".graphml", ".gml", ".cyjs", ".json", ".dagitty"])
def test_labels_come_back_as_they_can_be_printed(suffix: str) -> None:
    scene = chain(HARD_NAMES)
    scene = replace(scene, nodes=tuple(replace(node, label=f"{node.name}, shown") for node in scene.nodes))
    for node in back(scene, suffix).nodes:
        assert printable(" ".join(node.label.split())) == printable(" ".join(f"{node.name}, shown".split())) or any(
            not letter.isprintable() for letter in node.name
        ), node.name


def test_a_model_string_comes_back_whatever_the_names() -> None:
    names = tuple(sorted(name for name in HARD_NAMES if name == name.strip() and name.isprintable() and name))
    names = tuple(name for name in names if not set(name) & set("[]|:"))
    found = back(chain(names), ".bnlearn")
    assert found.dag().order == names
    assert {(edge.cause, edge.effect) for edge in found.edges} == set(pairwise(names))


@pytest.mark.parametrize("name", ["a:b", "[a]", "a|b", "", " padded ", "line\nbreak"])
def test_a_model_string_refuses_a_name_with_its_signs(name: str) -> None:
    with pytest.raises(FigureError, match="cannot hold the name"):
        WRITERS[".bnlearn"](chain(("power", name)))


@pytest.mark.parametrize("ends", ["---", "o->", "o-o", "<->"])
def test_a_model_string_refuses_an_edge_that_is_no_arrow_and_says_what_to_do(ends: Ends) -> None:
    with pytest.raises(FigureError, match=rf"'a' {ends} 'b' is none. Decide its direction"):
        WRITERS[".bnlearn"](chain(("a", "b"), ends))


def test_bif_is_not_written_and_the_reason_is_said() -> None:
    with pytest.raises(FigureError, match="no linear Gaussian nodes"):
        WRITERS[".bif"](chain(("a", "b")))


@pytest.mark.parametrize("suffix", sorted(set(WRITERS) & (set(KEEPS) | {".mmd"})))
def test_a_picture_that_is_no_graph_is_refused(suffix: str) -> None:
    if suffix == ".json":
        return
    with pytest.raises(FigureError, match="holds graphs, and this picture is a figure of effects"):
        WRITERS[suffix](Scene("effects", 100.0, 100.0, ()))


@pytest.mark.parametrize("suffix", sorted(set(KEEPS) | {".mmd"}))
def test_the_same_scene_gives_the_same_bytes(suffix: str) -> None:
    names = ("b", "a c", "d")
    assert WRITERS[suffix](chain(names)) == WRITERS[suffix](chain(names))


@pytest.mark.parametrize("suffix", [suffix for suffix in BOTH_WAYS if suffix not in (".bnlearn", ".json")])
def test_a_second_trip_gives_the_bytes_of_the_first(suffix: str) -> None:
    first = graph_scene(back(chain(HARD_NAMES, "o->"), suffix))
    assert WRITERS[suffix](graph_scene(back(first, suffix))) == WRITERS[suffix](first)


def test_what_a_format_loses_is_said_in_words() -> None:
    scene = chain(("lever", "power"), kinds=("lever", "value"))
    scene = replace(scene, edges=(replace(scene.edges[0], mean=0.3, adjacent=0.9, verdict="given"),))
    assert lost_in(scene, ".gml") == ()
    assert lost_in(scene, ".lavaan") == (
        ".lavaan keeps only effects of arrows: 1 of 1 edges lose some.",
        ".lavaan does not keep which nodes are lever.",
        ".lavaan keeps neither verdicts nor changes of edges.",
    )
    assert "no numbers" in lost_in(scene, ".tetrad")[0]
    assert lost_in(replace(scene, edges=(replace(scene.edges[0], adjacent=None, verdict=""),)), ".lavaan") == (
        ".lavaan does not keep which nodes are lever.",
    )


def test_a_common_cause_beside_an_arrow_comes_back() -> None:
    scene = chain(("a", "b"))
    both = replace(scene, edges=(*scene.edges, replace(scene.edges[0], part="edge-1", ends="<->")))
    for suffix in BOTH_WAYS:
        if suffix != ".bnlearn":
            assert {(edge.cause, edge.ends, edge.effect) for edge in back(both, suffix).edges} == joined(both), suffix
