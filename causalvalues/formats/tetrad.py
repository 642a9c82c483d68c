"""Tetrad's text of graphs: a list of nodes, and numbered edges with a mark at either end."""

from __future__ import annotations

import re

from causalvalues.errors import DataError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled
from causalvalues.formats.attributes import need_graph, warning_of
from causalvalues.formats.graph_file import GraphFile, shown, with_warning
from causalvalues.formats.stand_ins import name_lines, note_lines, read_name_line, read_note_line, stand_ins
from causalvalues.scene.nouns import Scene

_EDGE = re.compile(r"(?:\d+\.\s*)?(\S+)\s+([-<o]-[->o])\s+(\S+)(?:\s+(.*))?")
_NO_EDGE = re.compile(r"\[no edge\]:\s*([0-9.eE+-]+)")
_PROPERTIES = {
    "dd": "definitely direct",
    "nl": "no latent common cause",
    "pd": "possibly direct",
    "pl": "possibly a latent common cause",
}
_NAMES = "Exact Names:"
_NOTE = "Note:"


def tetrad_text(scene: Scene) -> str:
    """Return a graph scene as the text that Tetrad loads and saves.

    Parameters
    ----------
    scene : Scene
        With nodes.

    Returns
    -------
    str
        Names and all five ends; a hidden node stands in parentheses. Not kept: numbers, places, labels, groups, and
        which node is a lever or an outcome. Tetrad splits edges at white space and nodes at ``,`` and ``;`` and has no
        escapes, so that other names have a stand-in; their exact form is in a section ``Exact Names:`` at the end,
        which Tetrad passes over, as it does a section ``Note:`` with a warning. (Form:
        `GraphSaveLoadUtils.readerToGraphTxt` of tetrad-lib.)

    Raises
    ------
    FigureError
        If the scene is no graph.
    """
    need_graph(scene, "Tetrad text")
    written = stand_ins([node.name for node in scene.nodes], _holds)
    nodes = [f"({written[node.name]})" if node.kind == "latent" else written[node.name] for node in scene.nodes]
    edges = [
        f"{number}. {written[edge.cause]} {edge.ends} {written[edge.effect]}"
        for number, edge in enumerate(scene.edges, start=1)
    ]
    exact = name_lines(written)
    lines = ["Graph Nodes:", ";".join(nodes), "", "Graph Edges:", *edges, ""]
    noted = note_lines(warning_of(scene))
    more = [*([_NAMES, *exact, ""] if exact else []), *([_NOTE, *noted, ""] if noted else [])]
    return "\n".join(lines + more)


def _holds(name: str) -> bool:
    return bool(name) and name.isprintable() and not re.search(r"[\s,;()\[\]]", name)


def tetrad_graph(text: str) -> GraphFile:
    """Read Tetrad's text of a graph.

    Parameters
    ----------
    text : str
        Of the shares of a bootstrap after an edge, ``[no edge]`` gives P(adjacent). The flags ``dd`` (definitely
        direct), ``nl`` (no latent common cause), ``pd`` and ``pl`` (possibly so) are left aside with a note.

    Raises
    ------
    DataError
        If a section is missing or a line is no edge.
    """
    sections = _sections(text)
    exact = dict(pair for _, line in sections.get(_NAMES, []) if (pair := read_name_line(line)))
    nodes: list[FoundNode] = []
    for number, line in sections["Graph Nodes:"]:
        for token in filter(None, (part.strip() for part in re.split("[,;]", line))):
            latent = token.startswith("(") and token.endswith(")")
            name = token.strip("()") if latent else token.strip("[]")
            said = {"kind": "latent"} if latent else {}
            nodes.append(FoundNode(exact.get(name, name), said, f"line {number}"))
    notes: list[str] = []
    edges = [_edge(line, number, exact, notes) for number, line in sections.get("Graph Edges:", [])]
    known = {node.name for node in nodes}
    for edge in edges:
        for name in (edge.first, edge.second):
            if name not in known:
                raise DataError(f"Line {edge.where[5:]}: the node {shown(name)} is not among the graph nodes. Add it.")
    warnings = [read_note_line(line) for _, line in sections.get(_NOTE, [])]
    return with_warning(assembled(nodes, edges, "Tetrad", notes), " ".join(warnings))


def _sections(text: str) -> dict[str, list[tuple[int, str]]]:
    """Return the lines of each section with their numbers; a section ends at an empty line."""
    found: dict[str, list[tuple[int, str]]] = {}
    here: list[tuple[int, str]] | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()  # noqa: PLW2901
        if line in ("Graph Nodes:", "Graph Edges:", _NAMES, _NOTE):
            here = found.setdefault(line, [])
        elif not line:
            here = None
        elif here is not None:
            here.append((number, line))
    if "Graph Nodes:" not in found:
        raise DataError("This is no text of Tetrad: it has no line `Graph Nodes:`. Save the graph as text in Tetrad.")
    return found


def _edge(line: str, number: int, exact: dict[str, str], notes: list[str]) -> FoundEdge:
    match = _EDGE.fullmatch(line)
    if match is None:
        raise DataError(f"Line {number}: {shown(line)} is no edge. Write it as in `1. a --> b`.")
    rest = match[4] or ""
    missing = _NO_EDGE.search(rest)
    said = {}
    if missing:
        try:
            said["adjacent"] = round(1.0 - float(missing[1]), 9)
        except ValueError:
            raise DataError(f"Line {number}: {shown(missing[0])} has no number. Write [no edge]:0.1") from None
    words = rest.split()
    flags = [word for word in words if word in _PROPERTIES]
    notes += [f"The flags {flag} of edges ({_PROPERTIES[flag]}) were left aside." for flag in flags]
    if len(flags) < len(words):
        notes.append("Shares of kinds of edges after the edges were left aside, but for that of no edge.")
    first, second = (exact.get(name, name) for name in (match[1], match[3]))
    return FoundEdge(first, match[2], second, said, f"line {number}")
