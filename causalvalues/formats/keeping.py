"""What each text format keeps of a graph, beside names and edges: one table, and the words for what is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from causalvalues.formats.attributes import numbers_of, warning_of
from causalvalues.formats.graph_file import GraphFile
from causalvalues.scene.nouns import Scene


@dataclass(frozen=True)
class Keeps:
    """What a format keeps.

    Parameters
    ----------
    numbers : {"all", "effects", "none"}
        Numbers of edges; ``"effects"`` are those of arrows (`Edge.mean`).
    kinds : {"all", "latent", "none"}
        Whether a node is a value, lever, outcome or latent.
    words : bool
        `Edge.verdict` and `Edge.change`.
    looks : bool
        Labels, groups and places of nodes.
    warning : bool
        The warning below a picture, for example that measurement error blocks claims about edges.
    """

    numbers: Literal["all", "effects", "none"] = "all"
    kinds: Literal["all", "latent", "none"] = "all"
    words: bool = True
    looks: bool = True
    warning: bool = True


KEEPS: Mapping[str, Keeps] = {
    ".bnlearn": Keeps("none", "none", words=False, looks=False, warning=False),
    ".cyjs": Keeps(),
    ".dagitty": Keeps(),
    ".dot": Keeps(),
    ".gml": Keeps(),
    ".graphml": Keeps(),
    ".gv": Keeps(),
    ".json": Keeps(),
    ".lavaan": Keeps("effects", "latent", words=False, looks=False),
    ".tetrad": Keeps("none", "latent", words=False, looks=False),
}
"""Suffix -> what is written and read back. Names and the five ends of edges are kept by all, but that a model string of
bnlearn is refused where an edge is no arrow or a name has one of its signs. Places are rounded to .001 points in DOT
and DAGitty; control characters in labels (not in names) are kept by GML and both kinds of JSON only."""


def lost_in(graph: GraphFile | Scene, suffix: str) -> tuple[str, ...]:
    """Return a sentence for each thing of a graph that a format does not keep; for pictures nothing.

    The warning of a graph is no part of ``.csv`` and ``.bnlearn``, which have no comments.

    Parameters
    ----------
    graph : GraphFile or Scene
    suffix : str
        For example ``".tetrad"``.
    """
    keeps = KEEPS.get(suffix)
    warning = graph.warning if isinstance(graph, GraphFile) else warning_of(graph)
    if keeps is None:
        return (_unsaid(suffix, warning),) if warning and suffix == ".csv" else ()
    numbers = {"all": 0, "effects": 0, "none": 0}
    for edge in graph.edges:
        there = {key for key, _ in numbers_of(edge)}
        numbers["none"] += bool(there)
        numbers["effects"] += bool(there - ({"mean"} if edge.directed else set()))
    kept = {"all": ("value", "lever", "outcome", "latent"), "latent": ("value", "latent"), "none": ("value",)}
    kinds = sorted({node.kind for node in graph.nodes} - set(kept[keeps.kinds]))
    lines = []
    if numbers[keeps.numbers]:
        what = "only effects of arrows" if keeps.numbers == "effects" else "no numbers"
        lines.append(f"{suffix} keeps {what}: {numbers[keeps.numbers]} of {len(graph.edges)} edges lose some.")
    if kinds:
        lines.append(f"{suffix} does not keep which nodes are {' or '.join(kinds)}.")
    if not keeps.words and any(edge.verdict or edge.change for edge in graph.edges):
        lines.append(f"{suffix} keeps neither verdicts nor changes of edges.")
    if warning and not keeps.warning:
        lines.append(_unsaid(suffix, warning))
    return tuple(lines)


def _unsaid(suffix: str, warning: str) -> str:
    return f"{suffix} cannot hold the warning of this graph. Say it wherever you use the file: {warning}"
