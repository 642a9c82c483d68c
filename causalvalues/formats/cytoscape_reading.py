"""Reading Cytoscape JSON: our files with all they say, others with names, places and attributes of the same names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from causalvalues.errors import DataError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled
from causalvalues.formats.graph_file import GraphFile, shown, with_warning

_OWN = ("id", "value", "name", "key", "interaction", "shared_name", "shared_interaction", "SUID", "selected", "weight")
_OWN_SPACED = ("shared name", "shared interaction")


def cytoscape_graph(text: str) -> GraphFile:
    """Read a graph in Cytoscape JSON.

    Parameters
    ----------
    text : str
        ``elements`` as lists of ``nodes`` and ``edges``, or as one list. The name of a node is ``name``, or its ``id``
        where it has none. Edges are arrows unless the file says ``directed: false``.

    Raises
    ------
    DataError
        If it is no JSON, or no graph.
    """
    try:
        held = json.loads(text, parse_constant=_refused)
    except RecursionError:
        raise DataError("This is no Cytoscape JSON: it is nested too deeply.") from None
    except ValueError as error:
        raise DataError(f"This is no JSON ({error}).") from None
    nodes, edges = _elements(held)
    names: dict[str, str] = {}
    found: list[FoundNode] = []
    for place, node in enumerate(nodes):
        data = _data(node, f"node {place}")
        key = data.get("id")
        if not isinstance(key, str | int) or str(key) in names:
            raise DataError(f"Node {place}: the id is {shown(key)}. Give each node an id of its own.")
        name = data.get("name")
        names[str(key)] = name if isinstance(name, str) else str(key)
        position = node.get("position")
        places = {side: position.get(side) for side in ("x", "y")} if isinstance(position, Mapping) else {}
        said = {word: value for word, value in data.items() if word not in ("x", "y")} | places
        found.append(FoundNode(names[str(key)], said, f"node {place}"))
    directed = held.get("directed") is not False
    lines = [_edge(edge, place, names, directed) for place, edge in enumerate(edges)]
    about = held.get("data")
    warning = about.get("note") if isinstance(about, Mapping) else ""
    return with_warning(assembled(found, lines, "Cytoscape JSON", looks=(*_OWN, *_OWN_SPACED)), warning)


def _refused(number: str) -> float:
    raise ValueError(f"the number {number} is not finite")


def _elements(held: Any) -> tuple[list[Any], list[Any]]:
    elements = held.get("elements") if isinstance(held, Mapping) else None
    if isinstance(elements, list):
        edges = [each for each in elements if "source" in _data(each, "an element")]
        return [each for each in elements if "source" not in each["data"]], edges
    if isinstance(elements, Mapping):
        nodes, edges = elements.get("nodes", []), elements.get("edges", [])
        if isinstance(nodes, list) and isinstance(edges, list):
            return nodes, edges
    raise DataError("This is no Cytoscape JSON: it has no `elements` with `nodes` and `edges`.")


def _data(element: Any, where: str) -> dict[str, Any]:
    data = element.get("data") if isinstance(element, Mapping) else None
    if not isinstance(data, dict):
        raise DataError(f'{where[:1].upper()}{where[1:]} has no `data`. Write it as {{"data": {{"id": ...}}}}.')
    return {key: value for key, value in data.items() if not isinstance(value, list | dict)}


def _edge(element: Any, place: int, names: dict[str, str], directed: bool) -> FoundEdge:
    data = _data(element, f"edge {place}")
    for side in ("source", "target"):
        if str(data.get(side)) not in names:
            raise DataError(f"Edge {place}: the {side} is {shown(data.get(side))}, which is no node's id.")
    said = {key: value for key, value in data.items() if key not in ("source", "target", "ends", "label")}
    ends = str(data.get("ends", "-->" if directed else "---"))
    return FoundEdge(names[str(data["source"])], ends, names[str(data["target"])], said, f"edge {place}")
