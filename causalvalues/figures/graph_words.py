"""What a graph figure says in words: caption, alternative text, and its edges as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from causalvalues.figures.graph_data import GraphData
from causalvalues.graph.posterior import PAIR_COLUMNS
from causalvalues.numerals import number, percent
from causalvalues.scene.edge_style import NEARLY_ALL, hollow
from causalvalues.scene.nouns import Cell, Edge, Ends

EDGE_COLUMNS = (
    "cause",
    "effect",
    "kind",
    "directed",
    *PAIR_COLUMNS[2:],
    "mean",
    "lower",
    "upper",
    "positive",
)


def edge_rows(edges: Sequence[Edge]) -> tuple[tuple[Cell, ...], ...]:
    """Return one row an edge with the columns `EDGE_COLUMNS`; ``directed`` is yes or no."""
    rows = []
    for edge in edges:
        cells = [getattr(edge, column) for column in EDGE_COLUMNS]
        rows.append(tuple(("yes" if cell else "no") if isinstance(cell, bool) else cell for cell in cells))
    return tuple(rows)


END_WORDS: Mapping[str, Mapping[Ends, str]] = {
    "given": {"-->": "direction given"},
    "class": {"-->": "same direction in every graph of the class", "---": "no head: direction open in the class"},
    "tests": {
        "-->": "direction settled by the tests",
        "---": "no head: direction left open",
        "o->": "circle: end left open",
        "o-o": "circles: both ends left open",
        "<->": "conflict: the tests ask for both directions",
    },
    "hidden": {
        "-->": "causes, perhaps through others",
        "---": "no head: no direction",
        "o->": "the end with the head does not cause the other",
        "o-o": "either may cause the other, or a hidden cause both",
        "<->": "a hidden cause moves both; neither causes the other",
    },
    "file": {
        "-->": "from cause to effect",
        "---": "no head: no direction given",
        "o->": "circle: end left open",
        "o-o": "circles: both ends left open",
        "<->": "joined by something outside the graph",
    },
}
"""What the marks at the ends say, left end first, by `GraphData.reading`."""


def as_labelled(edges: Sequence[Edge], intervals: bool) -> tuple[Edge, ...]:
    """Return edges as their labels tell them: without intervals where the labels have none."""
    return tuple(edges) if intervals else tuple(replace(edge, lower=None, upper=None) for edge in edges)


def graph_caption(
    data: GraphData, edges: Sequence[Edge], labels: Mapping[str, str], effect: str, unlabelled: int
) -> str:
    """Return the caption of a graph figure: what is drawn, what is not, and what the numbers rest on."""
    said = [_what(data, edges)]
    if any(edge.mean is not None for edge in edges):
        said.append("Blue, solid: positive effect; vermillion, dashed: negative.")
        bracket = f" with {percent(data.level)} interval" if any(edge.lower is not None for edge in edges) else ""
        given = ", over the graphs that have the edge in the direction of the effect" if _given_edge(data) else ""
        said.append(f"Numbers: {effect}{bracket}{given}.")
    elif any(edge.adjacent is not None for edge in edges):
        said.append("Numbers: P(adjacent).")
    said += _directions(edges, labels) if data.reading == "posterior" else _end_words(data, edges)
    if data.hidden and any(edge.kind == "lever" for edge in edges):
        said.append(f"{data.hidden} weaker lever effects are not drawn.")
    said += _factors(data, edges)
    if unlabelled:
        said.append(f"Labels shortened or left out for lack of room: {unlabelled}; the edge table has every number.")
    givens = data.provenance.get("givens", "")
    method = data.provenance.get("method", "")
    tail = [method[:1].upper() + method[1:], data.provenance.get("draws", "")]
    if data.reading in ("posterior", "given"):
        said.append("; ".join(text for text in tail if text) + (f". Given: {givens}." if givens else "."))
    return " ".join(said)


def _given_edge(data: GraphData) -> bool:
    """Say whether an interval lies above zero that could not over all draws: then it is of the draws with the edge."""
    least = (1 + data.level) / 2 - 0.01
    return any((edge.lower or 0.0) > 0 and edge.positive is not None and edge.positive < least for edge in data.edges)


def _directions(edges: Sequence[Edge], labels: Mapping[str, str]) -> list[str]:
    said = []
    sources = head_sources(edges)
    if sources:
        said.append(f"Arrow head: direction {sources}.")
    if any(hollow(edge) for edge in edges):
        said.append(f"Hollow head: compelled in fewer than {percent(NEARLY_ALL)} of the graphs that have the edge.")
    open_edges = [edge for edge in edges if not edge.directed]
    if any(edge.mean is not None for edge in open_edges):
        pairs = "; ".join(f"{labels[edge.cause]} on {labels[edge.effect]}" for edge in open_edges)
        said.append(f"No head: direction open or contested; the number (italic) is the effect of {pairs}.")
    elif open_edges:
        said.append("No head: direction open or contested.")
    return said


def _end_words(data: GraphData, edges: Sequence[Edge]) -> list[str]:
    """Say what the marks at the ends mean, where that is not the plain direction of a given graph."""
    found = {edge.ends for edge in edges}
    words = END_WORDS[data.reading]
    marks = {"-->": "Arrow", "---": "Line", "o->": "Circle and head", "o-o": "Two circles", "<->": "Two heads"}
    if data.reading == "given":
        return []
    return [f"{marks[ends]}: {text.removeprefix('no head: ')}." for ends, text in words.items() if ends in found]


def _factors(data: GraphData, edges: Sequence[Edge]) -> list[str]:
    if not data.factors:
        return []
    named = ", ".join(data.factors)
    if any(edge.cause in data.factors for edge in edges):
        return [f"Ellipses: hidden factors of the model ({named}); numbers at their arrows: standardised loadings."]
    return [f"The graph is given the hidden factors of the model ({named}), which are not drawn."]


def head_sources(edges: Sequence[Edge]) -> str:
    """Return what settled the directions of the edges with a head, or "" where nothing is known of it."""
    found = {edge.verdict for edge in edges if edge.directed and edge.kind == "value"}
    said = {"compelled": "compelled by the data", "given": "given by knowledge"}
    return " or ".join(text for verdict, text in said.items() if verdict in found)


def _what(data: GraphData, edges: Sequence[Edge]) -> str:
    if data.reading != "posterior" or not any(edge.adjacent is not None for edge in edges):
        what = {"class": "Equivalence class", "tests": "Graph of tests", "hidden": "Partial ancestral graph"}
        return f"{what.get(data.reading, 'Graph')} over {len(data.values)} values."
    return (
        f"Averaged graph over {len(data.values)} values: edges with P(adjacent) > {number(data.threshold)}, "
        "the wider the more probable."
    )


def graph_alt(data: GraphData, edges: Sequence[Edge], labels: Mapping[str, str]) -> str:
    """Return the alternative text: every edge as a phrase."""
    phrases = []
    joints: Mapping[Ends, str] = {"-->": "to", "---": "with"}
    for edge in edges:
        sign = "" if not edge.mean else ", positive" if edge.mean > 0 else ", negative"
        size = "" if edge.mean is None else f" {number(edge.mean)}"
        settled = f", direction {edge.verdict}" if edge.verdict in ("open", "contested", "given") else ""
        phrases.append(
            f"{labels[edge.cause]} {joints.get(edge.ends, edge.ends)} {labels[edge.effect]}{sign}{size}{settled}"
        )
    listed = "; ".join(phrases) if phrases else "none"
    levers = f" and {len(data.levers)} levers" if any(edge.kind == "lever" for edge in edges) else ""
    return f"Graph of {len(data.values)} values{levers} with {len(edges)} edges: {listed}."
