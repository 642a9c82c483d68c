"""JSON of scenes, versioned, with the way back; and the table of a scene as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from causalvalues.errors import FigureError
from causalvalues.figures.scene import Edge, Mark, Node, Scene, Segment, Shape, Text

FORMAT = "causalvalues-scene"
VERSION = 1


def scene_to_json(scene: Scene) -> str:
    """Return a scene as JSON text: what is painted, and the nodes, edges and table that it stands for.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    str
        Keys in a fixed order, two spaces of indentation, ASCII only; every name survives.
    """
    held: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    held |= {field.name: getattr(scene, field.name) for field in fields(Scene) if field.name != "marks"}
    held["nodes"] = [asdict(node) for node in scene.nodes]
    held["edges"] = [asdict(edge) for edge in scene.edges]
    held["provenance"] = dict(sorted(scene.provenance.items()))
    held["marks"] = [{"mark": type(mark).__name__.lower(), **asdict(mark)} for mark in scene.marks]
    return json.dumps(held, indent=2, allow_nan=False) + "\n"


def scene_from_json(text: str) -> Scene:
    """Read a scene back.

    Parameters
    ----------
    text : str
        As `scene_to_json` writes it.

    Raises
    ------
    FigureError
        If the text is no scene, or one of a later version.
    """
    try:
        held = json.loads(text)
    except json.JSONDecodeError as error:
        raise FigureError(f"This is not JSON ({error}). Give a file that `draw` wrote with the suffix .json.") from None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise FigureError(f"This is not a scene: the key `format` should be {FORMAT!r}.")
    if held.get("version") != VERSION:
        raise FigureError(
            f"This scene has the format version {held.get('version')}; this release reads version {VERSION}. "
            "Draw it again, or use the release that wrote it."
        )
    try:
        return _scene(held)
    except (KeyError, TypeError, ValueError) as error:
        raise FigureError(f"This scene is incomplete or has a wrong entry: {error}. Draw it again.") from None


def _scene(held: Mapping[str, Any]) -> Scene:
    return Scene(
        kind=held["kind"],
        width=held["width"],
        height=held["height"],
        marks=tuple(_mark(mark) for mark in held["marks"]),
        title=held["title"],
        caption=held["caption"],
        alt=held["alt"],
        nodes=tuple(Node(**node) for node in held["nodes"]),
        edges=tuple(Edge(**edge) for edge in held["edges"]),
        columns=tuple(held["columns"]),
        rows=tuple(tuple(row) for row in held["rows"]),
        provenance=dict(held["provenance"]),
    )


def _mark(held: Mapping[str, Any]) -> Mark:
    given = {key: value for key, value in held.items() if key != "mark"}
    if held["mark"] == "text":
        return Text(**given)
    path: tuple[Segment, ...] = tuple((command, tuple(numbers)) for command, numbers in held["path"])
    return Shape(**{**given, "path": path, "dash": tuple(held["dash"])})


def csv_text(scene: Scene) -> str:
    """Return the numbers of a scene as a CSV table (RFC 4180); a number that is not known is an empty cell."""
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow(scene.columns)
    for row in scene.rows:
        writer.writerow(["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row])
    return held.getvalue()
