"""Reading DAGitty's language: a graph type, and statements about nodes and edges in braces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from causalvalues.errors import DataError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled, exact_name
from causalvalues.formats.dagitty import MARKS
from causalvalues.formats.graph_file import MOST_EDGES, GraphFile, shown, with_warning

_TOKENS = re.compile(
    r"""(?P<space>[\s;]+)|(?P<edge>@->|<-@|->|--@|--|<->|<-|@-@|@--)|(?P<word>-?[0-9A-Za-z_.]+)"""
    r"""|(?P<string>"(?:[^"\\]|\\"|\\(?!"))*")|(?P<sign>[{}\[\]=,+])"""
)
_ENDS = {mark: ends for ends, mark in MARKS.items()} | {"<-": "<--", "<-@": "<-o", "@--": "o--", "--@": "--o"}
_KINDS = {"latent": "latent", "l": "latent", "unobserved": "latent", "u": "latent"}
_KINDS |= {"exposure": "lever", "e": "lever", "source": "lever", "outcome": "outcome", "o": "outcome"}
_KINDS |= {"target": "outcome"}
_TYPES = ("dag", "pdag", "mag", "pag", "graph", "digraph")
_DEEPEST = 50


@dataclass
class _Parts:
    """Tokens with their lines, and what was found in them so far."""

    tokens: list[tuple[str, str, int]]
    place: int = 0
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: list[FoundEdge] = field(default_factory=list)
    warning: str = ""

    def peek(self) -> tuple[str, str, int]:
        return self.tokens[min(self.place, len(self.tokens) - 1)]

    def take(self, *wanted: str) -> str:
        """Return the next token, which must be one of the signs or of the sorts (``word``, ``string``) wanted."""
        sort, text, line = self.peek()
        if not {sort, text} & set(wanted):
            raise DataError(f"Line {line}: {shown(text or 'the end')} stands where {' or '.join(wanted)} should be.")
        self.place += 1
        return text


def dagitty_graph(text: str) -> GraphFile:
    """Read a graph in DAGitty's language.

    Parameters
    ----------
    text : str
        ``dag``, ``pdag``, ``mag`` or ``pag`` and statements in braces, chains (``a -> b <- c``) and groups
        (``a -> { b c }``) included.

    Raises
    ------
    DataError
        If it is malformed; the message names the line.
    """
    parts = _Parts(list(_tokens(text)))
    kind = parts.take("word").lower()
    kind = parts.take("word").lower() if kind == "strict" else kind
    if kind not in _TYPES:
        raise DataError(f"Line 1: {shown(kind)} is no type of graph. Begin with dag, pdag, mag or pag and {{.")
    if parts.peek()[0] in ("word", "string"):
        parts.place += 1
    parts.take("{")
    _statements(parts, 0)
    parts.take("}")
    parts.take("end")
    exact = {written: exact_name(said, written) for written, said in parts.nodes.items()}
    nodes = [FoundNode(exact[written], _said(written, said)) for written, said in parts.nodes.items()]
    edges = [FoundEdge(exact[e.first], e.ends, exact[e.second], e.said, e.where) for e in parts.edges]
    return with_warning(assembled(nodes, edges, "DAGitty", looks=("name_json",)), parts.warning)


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    place, line = 0, 1
    while place < len(text):
        match = _TOKENS.match(text, place)
        if match is None:
            raise DataError(f"Line {line}: {shown(text[place : place + 20])} is not understood. Put names in quotes.")
        sort, held = str(match.lastgroup), match[0]
        if sort != "space":
            yield sort, held, line
        line += held.count("\n")
        place = match.end()
    yield "end", "", line


def _statements(parts: _Parts, depth: int) -> list[str]:
    """Read statements up to a closing brace; return the nodes that they name."""
    if depth > _DEEPEST:
        raise DataError(f"Line {parts.peek()[2]}: more than {_DEEPEST} braces are open. Write the edges one by one.")
    named: dict[str, None] = {}
    while parts.peek()[1] != "}" or parts.peek()[0] == "string":
        sort, key, line = parts.peek()
        if sort == "end":
            raise DataError(f"Line {line}: a brace is not closed. Add }}.")
        if sort in ("word", "string") and parts.tokens[parts.place + 1][:2] == ("sign", "="):
            parts.place += 2
            option = _text(parts)
            parts.warning = option if key == "note" and depth == 0 else parts.warning
            continue
        _edges_or_node(parts, _member(parts, depth), depth, named)
    return list(named)


def _edges_or_node(parts: _Parts, first: list[str], depth: int, named: dict[str, None]) -> None:
    """Read what follows the first node of a statement: a chain of edges, or attributes."""
    named.update(dict.fromkeys(first))
    found: list[FoundEdge] = []
    while parts.peek()[0] == "edge":
        line, ends = parts.peek()[2], _ENDS[parts.take("edge")]
        second = _member(parts, depth)
        if len(parts.edges) + len(found) + len(first) * len(second) > MOST_EDGES:
            raise DataError(f"Line {line}: the graph has more than {MOST_EDGES} edges. Keep the part that you need.")
        found += [FoundEdge(a, ends, b, {}, f"line {line}") for a in first for b in second]
        named.update(dict.fromkeys(second))
        first = second
    said = _attributes(parts)
    if found:
        numbers = {("mean" if key == "beta" else key): value for key, value in said.items() if key not in _EDGE_LOOKS}
        parts.edges += [FoundEdge(e.first, e.ends, e.second, numbers, e.where) for e in found]
    elif len(first) == 1:
        parts.nodes[first[0]].update(said)


_EDGE_LOOKS = ("pos", "label")


def _member(parts: _Parts, depth: int) -> list[str]:
    """Return the node, or the nodes of a group in braces, at one end of an edge."""
    sort, text, line = parts.peek()
    if (sort, text) == ("sign", "{"):
        parts.place += 1
        named = _statements(parts, depth + 1)
        parts.take("}")
        return named
    if sort not in ("word", "string"):
        raise DataError(f"Line {line}: {shown(text or 'the end')} stands where a node should be.")
    name = _text(parts)
    if sort == "word" and name in ("graph", "node", "edge") and parts.peek()[:2] == ("sign", "["):
        _attributes(parts)
        return []
    parts.nodes.setdefault(name, {})
    return [name]


def _text(parts: _Parts) -> str:
    """Return a word, or strings joined by +."""
    sort = parts.peek()[0]
    text = parts.take("word", "string")
    if sort == "word":
        return text
    held = _unquoted(text)
    while parts.peek()[:2] == ("sign", "+"):
        parts.place += 1
        held += _unquoted(parts.take("string"))
    return held


def _unquoted(text: str) -> str:
    return re.sub(r"\\[\r\n]+", "", text[1:-1].replace('\\"', '"'))


def _attributes(parts: _Parts) -> dict[str, str]:
    said: dict[str, str] = {}
    if parts.peek()[:2] != ("sign", "["):
        return said
    parts.place += 1
    while parts.peek()[:2] != ("sign", "]"):
        key = _text(parts)
        said[key] = "yes"
        if parts.peek()[:2] == ("sign", "="):
            parts.place += 1
            said[key] = _text(parts)
        if parts.peek()[:2] == ("sign", ","):
            parts.place += 1
    parts.place += 1
    return said


def _said(written: str, said: dict[str, str]) -> dict[str, str]:
    """Return the attributes of a node by our names."""
    held = {key: value for key, value in said.items() if key not in _KINDS and key != "pos"}
    meant = [_KINDS[key] for key in said if key in _KINDS]
    held |= {"kind": meant[0]} if meant and "kind" not in held else {}
    if "pos" in said:
        numbers = re.fullmatch(r"\s*(-?[0-9.]+)\s*,\s*(-?[0-9.]+)\s*", said["pos"])
        if numbers is None:
            raise DataError(f'The place of {shown(written)} is {shown(said["pos"])}. Write it as pos="1.0,2.0".')
        held |= {"x": numbers[1], "y": numbers[2]}
    return held
