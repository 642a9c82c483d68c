"""Reading GML: our files with all they say, others with labels, directions and attributes of the same names."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from causalvalues.errors import DataError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled, exact_name
from causalvalues.formats.graph_file import GraphFile, shown, with_warning

_TOKENS = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<key>[A-Za-z_][A-Za-z0-9_]*)|(?P<string>"[^"]*")|(?P<sign>[\[\]])"""
    r"""|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+](?:INF|NAN))""",
    re.MULTILINE,
)
_REFERENCE = re.compile(r"&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z0-9]+);")
_DEEPEST = 50
_OWN = ("name_json", "name", "multigraph", "key", "weight", "id", "graphics", "LabelGraphics")

Table = list[tuple[str, Any, int]]


def gml_graph(text: str) -> GraphFile:
    """Read a graph in GML.

    Parameters
    ----------
    text : str
        Of a file of ours, or of networkx, igraph or Gephi: the name of a node is its label, or its id where it has
        none. Without ``directed 1`` edges have no marks.

    Raises
    ------
    DataError
        If it is malformed, or holds no graph; the message names the line.
    """
    tokens = list(_tokens(text))
    table, place = _table(tokens, 0, 0)
    if place < len(tokens) - 1:
        raise DataError(f"Line {tokens[place][2]}: a bracket ] closes nothing. Take it out.")
    graphs = [held for key, held, _ in table if key == "graph" and isinstance(held, list)]
    if len(graphs) != 1:
        raise DataError(f"This GML holds {len(graphs)} graphs. Give a file with one, as in graph [ node [ id 0 ] ].")
    return _graph(graphs[0])


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    place, line = 0, 1
    while place < len(text):
        match = _TOKENS.match(text, place)
        if match is None:
            raise DataError(f"Line {line}: {shown(text[place : place + 20])} is not understood. Put texts in quotes.")
        if match.lastgroup != "space":
            yield str(match.lastgroup), match[0], line
        line += match[0].count("\n")
        place = match.end()
    yield "end", "", line


def _table(tokens: list[tuple[str, str, int]], place: int, depth: int) -> tuple[Table, int]:
    """Return the keys and values from a place to the bracket that closes them, and the place of the bracket."""
    found: Table = []
    if depth > _DEEPEST:
        raise DataError(f"Line {tokens[place][2]}: more than {_DEEPEST} brackets are open. Write the graph flat.")
    while tokens[place][0] == "key":
        _, key, line = tokens[place]
        sort, value, _ = tokens[place + 1]
        if (sort, value) == ("sign", "["):
            held, place = _table(tokens, place + 2, depth + 1)
            if tokens[place][1] != "]":
                raise DataError(f"Line {line}: the bracket of {shown(key)} is not closed. Add ].")
            found.append((key, held, line))
            place += 1
        elif sort in ("string", "number", "key"):
            found.append((key, _plain(value) if sort == "string" else value, line))
            place += 2
        else:
            raise DataError(f'Line {line}: {shown(key)} has no value. Write `{key} 1` or `{key} "text"`.')
    if tokens[place][0] not in ("sign", "end") or tokens[place][1] == "[":
        raise DataError(f"Line {tokens[place][2]}: {shown(tokens[place][1])} stands where a key should be.")
    return found, place


def _plain(string: str) -> str:
    return _REFERENCE.sub(lambda match: _character(match[0]), string[1:-1])


def _character(reference: str) -> str:
    """Return the character of a reference; numbers stand for themselves, also where HTML knows better."""
    if not reference.startswith("&#"):
        return html.unescape(reference)
    digits = reference[2:-1]
    code = int(digits[1:], 16) if digits.startswith("x") else int(digits[:9])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else reference


def _graph(table: Table) -> GraphFile:
    directed = any(key == "directed" and value == "1" for key, value, _ in table)
    names: dict[str, str] = {}
    nodes: list[FoundNode] = []
    for key, held, line in table:
        if key == "node":
            said = _said(held, line, "node")
            if "id" not in said or said["id"] in names:
                what = "the id of another" if "id" in said else "no id"
                raise DataError(f"Line {line}: a node has {what}. Give it one of its own.")
            name = exact_name(said, str(said.get("label", said["id"])))
            names[str(said["id"])] = name
            about = {key: value for key, value in said.items() if key not in ("label", "caption")}
            about |= {"label": said["caption"]} if "caption" in said else {}
            nodes.append(FoundNode(name, about, f"line {line}"))
    edges = [_edge(held, line, names, directed) for key, held, line in table if key == "edge"]
    warning = next((held for key, held, _ in table if key == "note"), "")
    return with_warning(assembled(nodes, edges, "GML", looks=_OWN), warning)


def _said(held: Any, line: int, what: str) -> dict[str, Any]:
    if not isinstance(held, list):
        raise DataError(f"Line {line}: `{what}` is {shown(held)}. Write it as {what} [ ... ].")
    said = {key: value for key, value, _ in held if not isinstance(value, list)}
    graphics = next((value for key, value, _ in held if key == "graphics" and isinstance(value, list)), [])
    return said | {key: value for key, value, _ in graphics if key in ("x", "y")}


def _edge(held: Any, line: int, names: dict[str, str], directed: bool) -> FoundEdge:
    said = _said(held, line, "edge")
    for side in ("source", "target"):
        if str(said.get(side)) not in names:
            raise DataError(f"Line {line}: the {side} of an edge is {shown(said.get(side))}, which is no node's id.")
    about = {key: value for key, value in said.items() if key not in ("source", "target", "ends", "label")}
    ends = str(said.get("ends", "-->" if directed else "---"))
    return FoundEdge(names[str(said["source"])], ends, names[str(said["target"])], about, f"line {line}")
