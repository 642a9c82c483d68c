"""JSON of scenes, versioned, with the way back; and the table of a scene as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from causalvalues.errors import FigureError
from causalvalues.scene.nouns import Mark, Scene, Shape, Text

FORMAT = "causalvalues-scene"
VERSION = 2
PROBABILITIES = ("adjacent", "direction", "compelled", "compelled_reverse", "open", "prior_direction", "positive")
LARGEST = 1e9
"""Of a coordinate: no drawing overflows at this size."""
LARGEST_PAGE = 14400
"""Side of a page in points, as PDF allows."""


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
        held = json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise FigureError("This is not a scene: it is nested too deeply.") from None
    except ValueError as error:
        raise FigureError(f"This is not JSON ({error}). Give a file that `draw` wrote with the suffix .json.") from None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise FigureError(f"This is not a scene: the key `format` should be {FORMAT!r}.")
    if type(held.get("version")) is not int or held["version"] != VERSION:
        raise FigureError(
            f"This scene has the format version {held.get('version')}; this release reads version {VERSION}. "
            "Draw it again, or use the release that wrote it."
        )
    entries = {key: value for key, value in held.items() if key not in ("format", "version")}
    try:
        scene: Scene = _checked(entries, Scene, "")
        _check_drawable(scene)
    except ValueError as error:
        raise FigureError(f"This scene is incomplete or damaged: {error}. Draw it again.") from None
    return scene


def _checked(value: Any, kind: Any, place: str) -> Any:
    """Return a value of JSON as the annotated type `kind`; raise `ValueError` that names the first wrong field."""
    origin, inside = get_origin(kind), get_args(kind)
    if kind == Mark:
        kind, value = _kind_of_mark(value, place)
    elif origin in (Union, UnionType):
        fitting = [each for each in inside if _is_plain(value, each)]
        kind = fitting[0] if fitting else inside[0]
    if is_dataclass(kind) and isinstance(kind, type):
        return _checked_fields(value, kind, place)
    if origin is tuple and isinstance(value, list):
        if len(inside) == 2 and inside[1] is Ellipsis:
            return tuple(_checked(each, inside[0], f"{place}[{i}]") for i, each in enumerate(value))
        if len(inside) == len(value):
            return tuple(_checked(each, inside[i], f"{place}[{i}]") for i, each in enumerate(value))
    if origin is Mapping and isinstance(value, dict):
        return {_checked(key, str, place): _checked(each, inside[1], f"{place}.{key}") for key, each in value.items()}
    if not _is_plain(value, kind):
        raise ValueError(f"field {place} should be {_said(kind)}, and is {repr(value)[:40]}")
    return value


def _is_plain(value: Any, kind: Any) -> bool:
    """Whether a value is of a type without parts; numbers are finite, booleans are no numbers, text can be written."""
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if kind is float:
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    if kind is str:
        return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return kind in (bool, NoneType) and type(value) is kind


def _checked_fields(value: Any, kind: type, place: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"field {place} should be a table, and is {repr(value)[:40]}")
    types = get_type_hints(kind)
    dot = f"{place}." if place else ""
    known = {each.name for each in fields(kind)}
    if set(value) - known:
        raise ValueError(f"field {dot}{min(set(value) - known)} is not known")
    for each in fields(kind):
        if each.name not in value and each.default is MISSING and each.default_factory is MISSING:
            raise ValueError(f"field {dot}{each.name} is missing")
    return kind(**{key: _checked(held, types[key], dot + key) for key, held in value.items()})


def _kind_of_mark(value: Any, place: str) -> tuple[type, Any]:
    kinds: dict[Any, type] = {"shape": Shape, "text": Text}
    name = value.get("mark") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in kinds:
        raise ValueError(f"field {place}.mark should be shape or text")
    return kinds[name], {key: held for key, held in value.items() if key != "mark"}


def _check_drawable(scene: Scene) -> None:
    """Raise `ValueError` where the types are right and nothing can be drawn all the same."""
    for name in ("width", "height"):
        if not 0 < getattr(scene, name) <= LARGEST_PAGE:
            raise ValueError(f"field {name} should be more than 0 and at most {LARGEST_PAGE} points")
    known = {node.name for node in scene.nodes}
    for i, edge in enumerate(scene.edges):
        if not {edge.cause, edge.effect} <= known:
            raise ValueError(f"field edges[{i}] joins nodes that are not in `nodes`")
        for name in PROBABILITIES:
            if not -1e-6 < (getattr(edge, name) or 0.0) < 1 + 1e-6:
                raise ValueError(f"field edges[{i}].{name} should be a probability")
    for i, row in enumerate(scene.rows):
        if len(row) != len(scene.columns):
            raise ValueError(f"field rows[{i}] has {len(row)} entries for {len(scene.columns)} columns")
    for i, mark in enumerate(scene.marks):
        _check_mark(mark, f"marks[{i}]")


def _check_mark(mark: Mark, place: str) -> None:
    colours = (mark.fill, mark.stroke) if isinstance(mark, Shape) else (mark.colour,)
    if not all(re.fullmatch(r"#[0-9A-Fa-f]{6}|none", colour) for colour in colours):
        raise ValueError(f"field {place} has a colour that is neither #RRGGBB nor none")
    if isinstance(mark, Text):
        if not 0 < mark.size <= LARGEST_PAGE or max(abs(mark.x), abs(mark.y), abs(mark.angle)) > LARGEST:
            raise ValueError(f"field {place} has a size of 0 or less, or stands too far away")
        return
    lengths_used = [mark.stroke_width, *mark.dash, *(number for _, numbers in mark.path for number in numbers)]
    if max(map(abs, lengths_used)) > LARGEST:
        raise ValueError(f"field {place} has a length above {LARGEST:g}")
    lengths = {"M": 2, "L": 2, "C": 6, "Z": 0}
    if not mark.path or mark.path[0][0] != "M":
        raise ValueError(f"field {place}.path should begin with M")
    if any(lengths.get(command) != len(numbers) for command, numbers in mark.path):
        raise ValueError(f"field {place}.path should have M, L, C and Z with 2, 2, 6 and 0 numbers")
    if not (0 <= mark.opacity <= 1 and mark.stroke_width >= 0 and all(length > 0 for length in mark.dash)):
        raise ValueError(f"field {place} has an opacity outside 0 to 1, or a negative length")


def _said(kind: Any) -> str:
    """Return a type in words."""
    words: dict[Any, str] = {str: "text", float: "a finite number", bool: "true or false", NoneType: "null"}
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(repr(each) for each in inside)
    if origin in (Union, UnionType):
        return " or ".join(_said(each) for each in inside)
    return words.get(kind, "a list" if origin is tuple else "a table")


def csv_text(scene: Scene) -> str:
    """Return the numbers of a scene as a CSV table (RFC 4180); a number that is not known is an empty cell."""
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow(scene.columns)
    for row in scene.rows:
        writer.writerow(["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row])
    return held.getvalue()
