"""From what a reader found in a file to a `GraphFile`: one check for all formats."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args, get_type_hints

from causalvalues.errors import DataError
from causalvalues.formats.attributes import NUMBERS
from causalvalues.formats.graph_file import MOST_EDGES, MOST_NODES, GraphFile, edge_words, shown
from causalvalues.scene.nouns import Edge, Ends, Node
from causalvalues.scene.scene_json import PROBABILITIES

EDGE_WORDS = ("kind", "verdict", "change")
NODE_WORDS = ("label", "kind", "group")
TURNED = {"<--": "-->", "<-o": "o->"}
_ALLOWED = {
    "node kind": get_args(get_type_hints(Node)["kind"]),
    **{f"edge {word}": get_args(get_type_hints(Edge)[word]) for word in EDGE_WORDS},
}
_TOO_FAR = 1e9


@dataclass(frozen=True)
class FoundNode:
    """A node as a reader found it: exact name, attributes by our names, and where it stands in the file."""

    name: str
    said: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True)
class FoundEdge:
    """An edge as a reader found it: ``ends`` read from the first to the second node, also ``<--`` and ``<-o``."""

    first: str
    ends: str
    second: str
    said: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""


def assembled(
    nodes: Sequence[FoundNode],
    edges: Sequence[FoundEdge],
    format: str,
    notes: Sequence[str] = (),
    looks: Iterable[str] = (),
) -> GraphFile:
    """Check what was found and make the graph of it.

    Parameters
    ----------
    nodes : sequence of FoundNode
        Nodes that only edges name are added after them.
    edges : sequence of FoundEdge
    format : str
        Name of the format.
    notes : sequence of str, default ()
        What the reader left aside.
    looks : iterable of str, default ()
        Attributes that say only how something looks; others that are not known are noted.

    Raises
    ------
    DataError
        If a node is there twice, an edge joins a node to itself, or a number is not finite or no probability.
    """
    if len(nodes) > MOST_NODES or len(edges) > MOST_EDGES:
        raise DataError(
            f"This file has {len(nodes)} nodes and {len(edges)} edges; at most {MOST_NODES} and {MOST_EDGES} are read. "
            "Keep the part that you need."
        )
    said, aside = list(notes), _Aside(set(looks))
    known: dict[str, FoundNode] = {}
    for node in nodes:
        if node.name in known:
            raise DataError(f"{_at(node)}the node {shown(node.name)} is there twice. Rename or remove one of them.")
        known[node.name] = node
    kept = _distinct([_edge(found, known, aside) for found in edges], said)
    there = all(one.said.get("x") is not None and one.said.get("y") is not None for one in known.values())
    made = [_node(node, aside) for node in known.values()]
    made = made if there else _on_a_circle(made)
    return GraphFile(
        names=tuple(known),
        nodes=tuple(replace(node, part=f"node-{number}") for number, node in enumerate(made)),
        edges=tuple(_numbered(kept, {node.name for node in made if node.kind == "lever"})),
        format=format,
        notes=(*dict.fromkeys(said), *aside.notes()),
        placed=there and bool(made),
    )


def _distinct(edges: Iterable[Edge], said: list[str]) -> list[Edge]:
    """Return edges without those that are there twice, which are noted."""
    kept: dict[tuple[str, str, str], Edge] = {}
    for edge in edges:
        key, back = (edge.cause, edge.ends, edge.effect), (edge.effect, edge.ends, edge.cause)
        if key in kept or (back in kept and edge.ends in ("---", "o-o", "<->")):
            said.append(f"The edge {edge_words(edge)} is there twice; one is kept.")
        else:
            kept[key] = edge
    return list(kept.values())


class _Aside:
    """Names of attributes that were left aside."""

    def __init__(self, looks: set[str]) -> None:
        self.looks = looks
        self.names: dict[str, set[str]] = {"nodes": set(), "edges": set()}

    def check(self, owner: str, said: Mapping[str, Any], known: Iterable[str]) -> None:
        self.names[owner] |= {key for key, value in said.items() if value not in (None, "")} - set(known) - self.looks

    def notes(self) -> list[str]:
        lines = []
        for owner, names in self.names.items():
            if names:
                listed = ", ".join(shown(name) for name in sorted(names)[:12]) + (", ..." if len(names) > 12 else "")
                lines.append(f"Attributes of {owner} that were left aside: {listed}.")
        return lines


def _node(found: FoundNode, aside: _Aside) -> Node:
    aside.check("nodes", found.said, (*NODE_WORDS, "x", "y"))
    kind = _word(found, "node", "kind", "value", aside)
    x, y = (_number(found, key, aside) for key in ("x", "y"))
    label, group = (found.said.get(key) for key in ("label", "group"))
    return Node(
        part="",
        name=found.name,
        label=found.name if label is None else str(label),
        kind=kind,  # type: ignore[arg-type]
        group="" if group is None else str(group),
        x=0.0 if x is None else x,
        y=0.0 if y is None else y,
    )


def _edge(found: FoundEdge, known: dict[str, FoundNode], aside: _Aside) -> Edge:
    first, second, ends = found.first, found.second, found.ends
    if ends in TURNED:
        first, second, ends = second, first, TURNED[ends]
    words = f"{shown(first)} {ends} {shown(second)}"
    if ends not in get_args(Ends):
        raise DataError(
            f"{_at(found)}the edge {words} has ends that are not kept here (a circle or a head that faces a tail). "
            "Use one of --- --> o-> o-o <->."
        )
    if first == second:
        raise DataError(f"{_at(found)}the edge {words} joins a node to itself. Take it out.")
    for name in (first, second):
        known.setdefault(name, FoundNode(name))
    aside.check("edges", found.said, (*EDGE_WORDS, *NUMBERS))
    numbers = {key: _number(found, key, aside) for key in NUMBERS if key in found.said}
    for key in PROBABILITIES:
        number = numbers.get(key)
        if number is not None and not -1e-6 < number < 1 + 1e-6:
            raise DataError(f"{_at(found)}`{key}` of the edge {words} is {number:g}, which is no probability.")
    kind, verdict, change = (
        _word(found, "edge", word, default, aside)
        for word, default in (("kind", "value"), ("verdict", ""), ("change", ""))
    )
    return Edge("", first, second, kind, ends, verdict=verdict, change=change, **numbers)  # type: ignore[arg-type]


def _word(found: FoundNode | FoundEdge, owner: str, key: str, default: str, aside: _Aside) -> str:
    """Return an attribute that has a few possible words; another word is left aside."""
    word = found.said.get(key)
    if word is None or word in _ALLOWED[f"{owner} {key}"]:
        return default if word is None else str(word)
    aside.names[f"{owner}s"].add(f"{key}={str(word)[:20]}")
    return default


def _number(found: FoundNode | FoundEdge, key: str, aside: _Aside) -> float | None:
    """Return an attribute as a number; what is no number is left aside, what is not finite is refused."""
    given = found.said.get(key)
    if given is None or given == "":
        return None
    try:
        if isinstance(given, bool):
            raise TypeError
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        aside.names["nodes" if isinstance(found, FoundNode) else "edges"].add(f"{key}={str(given)[:20]}")
        return None
    if not math.isfinite(number) or abs(number) > _TOO_FAR:
        owner = shown(found.name) if isinstance(found, FoundNode) else f"{shown(found.first)} - {shown(found.second)}"
        raise DataError(f"{_at(found)}`{key}` of {owner} is {given}. Give a finite number below 1e9, or leave it out.")
    return number


def _on_a_circle(nodes: list[Node]) -> list[Node]:
    """Put the nodes on a circle: the file does not place all of them."""
    radius = max(100.0, 12.0 * len(nodes))
    turns = [math.tau * place / len(nodes) for place in range(len(nodes))]
    centre = radius + 36.0
    return [
        replace(node, x=round(centre + radius * math.sin(turn), 3), y=round(centre - radius * math.cos(turn), 3))
        for node, turn in zip(nodes, turns, strict=True)
    ]


def _numbered(edges: Iterable[Edge], levers: set[str]) -> Iterable[Edge]:
    for number, edge in enumerate(edges):
        kind = "lever" if edge.cause in levers else edge.kind
        yield replace(edge, part=f"edge-{number}", kind=kind)


def _at(found: FoundNode | FoundEdge) -> str:
    return f"{found.where[:1].upper()}{found.where[1:]}: " if found.where else ""


def exact_name(said: Mapping[str, Any], plain: str) -> str:
    """Return the name that ``name_json`` spells, else `plain`."""
    spelled = said.get("name_json")
    if spelled is None or spelled == "":
        return plain
    try:
        name = json.loads(spelled)
    except (ValueError, TypeError, RecursionError):
        name = None
    if not isinstance(name, str):
        raise DataError(f"The attribute name_json of the node {shown(plain)} is {shown(spelled)}, which is no text.")
    return name
