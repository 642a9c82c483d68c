"""What a graph figure says in words: caption, alternative text, and its edges as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from causalvalues.figures.graph_data import GraphData
from causalvalues.figures.graph_labels import EdgeLabels
from causalvalues.graph.posterior import PAIR_COLUMNS
from causalvalues.numerals import number, percent
from causalvalues.scene.edge_style import NEARLY_ALL, hollow
from causalvalues.scene.nouns import Cell, Change, Edge, Ends

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


HOLLOW = f"Hollow head: compelled in fewer than {percent(NEARLY_ALL)} of the graphs that have the edge."
FILE_NAMES = ("the first", "the second")
"""What the two graphs of a difference are called whose file does not name them."""


def as_labelled(edges: Sequence[Edge], intervals: bool) -> tuple[Edge, ...]:
    """Return edges as their labels tell them: without intervals where the labels have none."""
    return tuple(edges) if intervals else tuple(replace(edge, lower=None, upper=None) for edge in edges)


def interval_words(level: float | None) -> str:
    """Return what the brackets hold, for example ``90% interval``."""
    return "interval" if level is None else f"{percent(level)} interval"


def change_words(names: tuple[str, str], sized: bool, short: bool = False) -> dict[Change, str]:
    """Return where an edge of two graphs stands; `sized` says whether sizes of effects are compared."""
    if short:
        return {
            "removed": f"{names[0]} only",
            "added": f"{names[1]} only",
            "turned": "turned round",
            "changed": "both, other size",
            "same": "both, no clear difference" if sized else "both alike",
        }
    return {
        "removed": f"in {names[0]} only",
        "added": f"in {names[1]} only",
        "turned": f"turned round (as in {names[1]})",
        "changed": "in both, effect of another size",
        "same": "in both, no clear difference" if sized else "in both alike",
    }


def averaged(data: GraphData, edges: Sequence[Edge]) -> bool:
    """Say whether heads tell how settled directions are: in a posterior, and in a file that keeps their verdicts."""
    if data.reading != "file":
        return data.reading == "posterior"
    judged = [edge for edge in edges if edge.kind == "value"]
    return bool(judged) and all(edge.verdict and edge.ends in ("-->", "---") for edge in judged)


def _effect(edges: Sequence[Edge], effect: str) -> str:
    """Return what the numbers are: in a difference of two graphs from a file, differences."""
    return "difference of the two effects" if any(edge.change for edge in edges) else effect


def label_meaning(edges: Sequence[Edge], effect: str, printed: EdgeLabels) -> str:
    """Return what the legend says of the numbers at the edges; "" where there are none."""
    if not printed.spots:
        return ""
    what = _effect(edges, effect) if any(edge.mean is not None for edge in edges) else "P(adjacent)"
    return f"label: {what}" + (f", {printed.rule}" if printed.rule else "")


def label_sentences(printed: EdgeLabels, intervals: bool) -> list[str]:
    """Say which numbers are not printed; `intervals` says whether the edges have any interval."""
    said = []
    if printed.wanted and not printed.spots:
        said.append(f"no number is printed, as too few of {printed.wanted} find room")
    if printed.least is not None:
        count = len(printed.spots) + printed.missing
        said.append(f"only numbers of {printed.rule} are printed, at {count} of {printed.wanted} edges")
    if printed.missing:
        said.append(f"labels left out for lack of room: {printed.missing}")
    if intervals and not printed.intervals:
        said.append("the table of edges has every number with its interval")
    elif said:
        said.append("the table of edges has every number")
    return [f"{'; '.join(said).capitalize()}."] if said else []


def graph_caption(
    data: GraphData, edges: Sequence[Edge], labels: Mapping[str, str], effect: str, printed: EdgeLabels
) -> str:
    """Return the caption of a graph figure: what is drawn, what is not, and what the numbers rest on."""
    said = [_what(data, edges), *_changes(edges)]
    intervals = any(edge.lower is not None for edge in edges)
    if any(edge.mean is not None for edge in edges):
        if any(edge.mean and not edge.change for edge in edges):
            said.append("Blue, solid: positive effect; vermillion, dashed: negative.")
        bracket = f" with {interval_words(data.level)}" if intervals and printed.intervals else ""
        given = ", over the graphs that have the edge in the direction of the effect" if _given_edge(data) else ""
        said += [f"Numbers: {_effect(edges, effect)}{bracket}{given}."] if printed.spots else []
    elif printed.spots:
        said.append("Numbers: P(adjacent).")
    said += label_sentences(printed, intervals)
    said += _directions(edges, labels, bool(printed.spots)) if averaged(data, edges) else _end_words(data, edges)
    if data.hidden and any(edge.kind == "lever" for edge in edges):
        said.append(f"{data.hidden} weaker lever effects are not drawn.")
    said += _factors(data, edges)
    givens = data.provenance.get("givens", "")
    method = data.provenance.get("method", "")
    tail = [method[:1].upper() + method[1:], data.provenance.get("draws", "")]
    if data.reading in ("posterior", "given"):
        said.append("; ".join(text for text in tail if text) + (f". Given: {givens}." if givens else "."))
    return " ".join(said)


def _changes(edges: Sequence[Edge]) -> list[str]:
    """Say how the lines of a difference of two graphs look that comes from a file."""
    looks: dict[Change, str] = {
        "removed": "Vermillion, dashed",
        "added": "Blue, solid",
        "turned": "Green, long and short dashes",
        "changed": "Black, dotted",
        "same": "Grey, thin",
    }
    found = {edge.change for edge in edges}
    words = change_words(FILE_NAMES, any(edge.mean is not None for edge in edges))
    return [f"{look}: {words[change]}." for change, look in looks.items() if change in found]


def _given_edge(data: GraphData) -> bool:
    """Say whether an interval lies above zero that could not over all draws: then it is of the draws with the edge."""
    if data.level is None:
        return False
    least = (1 + data.level) / 2 - 0.01
    return any((edge.lower or 0.0) > 0 and edge.positive is not None and edge.positive < least for edge in data.edges)


def _directions(edges: Sequence[Edge], labels: Mapping[str, str], printed: bool) -> list[str]:
    said = []
    sources = head_sources(edges)
    if sources:
        said.append(f"Arrow head: direction {sources}.")
    if any(hollow(edge) for edge in edges):
        said.append(HOLLOW)
    open_edges = [edge for edge in edges if not edge.directed]
    if printed and any(edge.mean is not None for edge in open_edges):
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
    said = [f"{marks[ends]}: {text.removeprefix('no head: ')}." for ends, text in words.items() if ends in found]
    return said + ([HOLLOW] if any(hollow(edge) for edge in edges) else [])


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
