"""Reading GraphML: our files with all they say, others with names, directions and attributes of the same names.

The parser knows no document types, so that no entity is declared, none is fetched and none grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from causalvalues.errors import DataError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled, exact_name
from causalvalues.formats.graph_file import MOST_EDGES, GraphFile, shown, with_warning

_DEEPEST = 50
_OWN = ("name", "name_json", "arrow")


@dataclass
class _Element:
    """A node or an edge while it is read."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    said: dict[str, str] = field(default_factory=dict)


@dataclass
class _Reader:
    """What the parser has met so far."""

    parser: expat.XMLParserType
    tags: list[str] = field(default_factory=list)
    keys: dict[str, tuple[str, str, str | None]] = field(default_factory=dict)
    directed: bool = True
    graphs: int = 0
    open: list[_Element] = field(default_factory=list)
    found: list[_Element] = field(default_factory=list)
    key: str = ""
    warning: str = ""
    text: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self.tags.append(tag)
        if len(self.tags) > _DEEPEST:
            raise DataError(f"{self.here()}: more than {_DEEPEST} elements are open. Write graphs side by side.")
        if len(self.tags) == 1 and tag != "graphml":
            raise DataError(f"This is no GraphML: it begins with <{tag[:40]}>, not <graphml>.")
        if tag == "key":
            self.keys[attributes.get("id", "")] = (
                attributes.get("for", "all"),
                attributes.get("attr.name", attributes.get("id", "")),
                None,
            )
        elif tag == "graph":
            self.graphs += 1
            if self.graphs > 1:
                raise DataError(f"{self.here()}: a second graph begins here. Keep one graph in the file.")
            self.directed = attributes.get("edgedefault", "directed") != "undirected"
        elif tag in ("node", "edge"):
            self.open.append(_Element(tag, attributes, self.parser.CurrentLineNumber))
            if len(self.found) > 2 * MOST_EDGES:
                raise DataError(f"{self.here()}: the file has too many nodes and edges. Keep the part that you need.")
        elif tag in ("data", "default"):
            self.key, self.text = attributes.get("key", ""), []
        elif tag == "hyperedge":
            raise DataError(f"{self.here()}: a hyperedge joins more than two nodes. Write it as edges.")

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        self.tags.pop()
        if tag == "data" and self.open and self.tags[-1] in ("node", "edge"):
            name = self.keys.get(self.key, ("all", self.key, None))[1]
            self.open[-1].said[name] = "".join(self.text)
        elif tag == "data" and self.tags[-1:] == ["graph"]:
            if self.keys.get(self.key, ("all", self.key, None))[1] == "note":
                self.warning = "".join(self.text)
        elif tag == "default" and self.keys and self.tags[-1:] == ["key"]:
            last = list(self.keys)[-1]
            self.keys[last] = (*self.keys[last][:2], "".join(self.text))
        elif tag in ("node", "edge"):
            self.found.append(self.open.pop())

    def characters(self, text: str) -> None:
        if self.tags[-1] in ("data", "default"):
            self.text.append(text)

    def refuse(self, *_: object) -> None:
        raise DataError(
            f"{self.here()}: a document type or an entity is declared, and none is read: it could fetch files or grow "
            "without end. Take out <!DOCTYPE ...>."
        )

    def here(self) -> str:
        return f"Line {self.parser.CurrentLineNumber}"


def graphml_graph(text: str) -> GraphFile:
    """Read a graph in GraphML.

    Parameters
    ----------
    text : str
        Of a file of ours, or of networkx, igraph, Gephi or yEd: the name of a node is its attribute ``name`` where all
        nodes have one and they differ, else its identifier. An edge is an arrow unless the file says otherwise.

    Raises
    ------
    DataError
        If it is no well-formed GraphML, declares a document type, or holds a second graph or a hyperedge.
    """
    parser = expat.ParserCreate(encoding="utf-8")
    reader = _Reader(parser)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = reader.refuse
    parser.buffer_text = True
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise DataError(f"Line {error.lineno}: this is no XML ({expat.ErrorString(error.code)}).") from None
    if not reader.graphs:
        raise DataError("This GraphML has no <graph>. Give a file with one.")
    return _graph(reader)


def _graph(reader: _Reader) -> GraphFile:
    elements = {tag: [one for one in reader.found if one.tag == tag] for tag in ("node", "edge")}
    for one in reader.found:
        defaults = {name: value for owner, name, value in reader.keys.values() if owner in (one.tag, "all")}
        one.said = {name: value for name, value in defaults.items() if value is not None} | one.said
    ids: dict[str, str] = {}
    for one in sorted(elements["node"], key=lambda one: one.line):
        key = one.attributes.get("id")
        if key is None or key in ids:
            raise DataError(f"Line {one.line}: a node has {'no id' if key is None else 'the id of another'}. Give one.")
        ids[key] = exact_name(one.said, one.said.get("name", key))
    named = all({"name", "name_json"} & one.said.keys() for one in elements["node"])
    if not named or len(set(ids.values())) < len(ids):
        ids = {key: key for key in ids}
    nodes = [
        FoundNode(ids[one.attributes["id"]], _known(one.said), f"line {one.line}")
        for one in sorted(elements["node"], key=lambda one: one.line)
    ]
    edges = [_edge(one, ids, reader.directed) for one in elements["edge"]]
    return with_warning(assembled(nodes, edges, "GraphML", looks=_OWN), reader.warning)


def _edge(one: _Element, ids: dict[str, str], directed: bool) -> FoundEdge:
    ends = []
    for side in ("source", "target"):
        key = one.attributes.get(side)
        if key not in ids:
            raise DataError(f"Line {one.line}: the {side} of an edge is {shown(key)}, which is no node. Add the node.")
        ends.append(ids[key])
    way = one.attributes.get("directed")
    arrow = directed if way is None else way == "true"
    said = {name: value for name, value in one.said.items() if name != "ends"}
    return FoundEdge(ends[0], one.said.get("ends", "-->" if arrow else "---"), ends[1], said, f"line {one.line}")


def _known(said: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in said.items() if key not in ("name", "name_json")}
