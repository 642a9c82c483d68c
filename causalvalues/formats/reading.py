"""Reading a graph from a file: the suffix says which format it is, never the content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from causalvalues.errors import DataError, did_you_mean
from causalvalues.formats.attributes import warning_of
from causalvalues.formats.bif import bif_graph
from causalvalues.formats.bnlearn import bnlearn_graph
from causalvalues.formats.cytoscape_reading import cytoscape_graph
from causalvalues.formats.dagitty_reading import dagitty_graph
from causalvalues.formats.dot_reading import dot_graph
from causalvalues.formats.gml_reading import gml_graph
from causalvalues.formats.graph_file import GraphFile, with_warning
from causalvalues.formats.graphml_reading import graphml_graph
from causalvalues.formats.lavaan_reading import lavaan_graph
from causalvalues.formats.tetrad import tetrad_graph
from causalvalues.scene.scene_json import scene_from_json

LARGEST_FILE = 20_000_000
"""Characters that are read at most."""


def _scene_graph(text: str) -> GraphFile:
    """Read the nodes and edges of a scene in JSON, as `scene_to_json` writes it."""
    scene = scene_from_json(text)
    if not scene.nodes:
        raise DataError(f"This scene is a figure of {scene.kind} and holds no graph. Give the scene of a graph.")
    graph = GraphFile(tuple(node.name for node in scene.nodes), scene.nodes, scene.edges, "scene", placed=True)
    return with_warning(graph, warning_of(scene))


READERS: Mapping[str, Callable[[str], GraphFile]] = {
    ".bif": bif_graph,
    ".bnlearn": bnlearn_graph,
    ".cyjs": cytoscape_graph,
    ".dagitty": dagitty_graph,
    ".dot": dot_graph,
    ".gml": gml_graph,
    ".graphml": graphml_graph,
    ".gv": dot_graph,
    ".json": _scene_graph,
    ".lavaan": lavaan_graph,
    ".tetrad": tetrad_graph,
}
"""Suffix -> reader of a text."""


def read_graph(path: str | Path) -> GraphFile:
    """Read a graph from a file.

    Parameters
    ----------
    path : str or Path
        UTF-8. The suffix names the format: ``.dot`` or ``.gv``, ``.graphml``, ``.gml``, ``.cyjs`` (Cytoscape JSON),
        ``.json`` (a scene of ours), ``.dagitty``, ``.lavaan``, ``.bif`` (structure only), ``.bnlearn`` (a model
        string), ``.tetrad``.

    Returns
    -------
    GraphFile
        With ``.dag()`` and ``.mixed()``; ``notes`` says what was left aside, ``warning`` what its picture warned of.

    Raises
    ------
    DataError
        If the suffix is unknown, the file cannot be read, or is no graph in that format; a message names the line.
    """
    path = Path(path)
    suffix = _known(path.suffix.lower(), repr(path.name))
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= 4 * LARGEST_FILE else b""
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}. Check the path.") from None
    if size > 4 * LARGEST_FILE:
        raise DataError(f"{path} has {size} bytes, which is no graph that can be read. Keep the part that you need.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: this is no UTF-8. Save the file in UTF-8.") from None
    try:
        return graph_from_text(text, suffix)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def graph_from_text(text: str, suffix: str) -> GraphFile:
    """Read a graph from a text.

    Parameters
    ----------
    text : str
        At most 20 million characters.
    suffix : str
        Names the format, as in `read_graph`; for example ``".dagitty"``, or without the dot.

    Raises
    ------
    DataError
        As `read_graph`.

    Examples
    --------
    >>> graph_from_text("[a][b|a]", ".bnlearn").dag().edges
    (('a', 'b'),)
    """
    suffix = suffix.lower()
    reader = READERS[_known(f".{suffix}" if f".{suffix}" in READERS else suffix, "this text")]
    if len(text) > LARGEST_FILE:
        raise DataError(f"The text has {len(text)} characters; at most {LARGEST_FILE} are read. Keep what you need.")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    broken = next((place for place, c in enumerate(text) if c == "\0" or "\ud800" <= c <= "\udfff"), None)
    if broken is not None:
        line = text.count("\n", 0, broken) + 1
        raise DataError(f"Line {line}: the character {text[broken]!r} stands in no text. Give a text file in UTF-8.")
    return reader(text)


def _known(suffix: str, what: str) -> str:
    if suffix in READERS:
        return suffix
    if suffix == ".mmd":
        raise DataError(f"Mermaid is written and not read, so {what} cannot be. Keep .json beside it.")
    hint = did_you_mean(suffix or "no suffix", READERS)
    raise DataError(
        f"The suffix {suffix!r} of {what} names no graph format that is read.{hint} All: {', '.join(sorted(READERS))}."
    )
