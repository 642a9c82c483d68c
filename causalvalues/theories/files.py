"""Reading the TOML files of theories and scoring keys, with errors that name the file and the field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from causalvalues.errors import KeyFileError, did_you_mean

HERE = Path(__file__).parent


def shipped(folder: str) -> tuple[str, ...]:
    """Return the ids of the files in one folder of this package, sorted."""
    return tuple(sorted(path.stem for path in (HERE / folder).glob("*.toml")))


def find(id_or_path: str | Path, folder: str, what: str) -> Path:
    """Return the file of a shipped id, or the path itself when it is one.

    Raises
    ------
    KeyFileError
        If there is neither such an id nor such a file.
    """
    text = str(id_or_path)
    if text in shipped(folder):
        return HERE / folder / f"{text}.toml"
    path = Path(id_or_path)
    try:
        there = path.is_file()
    except OSError as error:
        raise KeyFileError(f"{text[:300]} cannot be opened: {error.strerror}. Check the path and its rights.") from None
    if path.suffix == ".toml" or there:
        if there:
            return path
        raise KeyFileError(f"There is no file {path} to read a {what} from. Check the path.")
    raise KeyFileError(
        f"There is no {what} {text!r}." + did_you_mean(text, shipped(folder)) + " A path to a .toml file works too."
    )


def read_toml(path: Path, kind: str) -> dict[str, Any]:
    """Return the fields of a TOML file whose ``format`` line is `kind`.

    Raises
    ------
    KeyFileError
        If the file is no TOML, or declares another format.
    """
    try:
        fields = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}. Check its rights, or copy it.") from None
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise KeyFileError(f"{path} is not valid TOML: {error}.") from None
    stated = fields.pop("format", None)
    if stated != kind:
        raise KeyFileError(f'{path} has the format {stated!r}; this version reads {kind!r}. Write `format = "{kind}"`.')
    return fields


def strings(path: Path, where: str, entries: Any) -> list[str]:
    """Return a list of texts.

    Raises
    ------
    KeyFileError
        If it is no list, or an entry is no text; `where` says what it belongs to.
    """
    if not isinstance(entries, list):
        raise KeyFileError(f'{path}: {where} must be a list such as ["a", "b"]; it is {entries!r}.')
    for entry in entries:
        if not isinstance(entry, str):
            raise KeyFileError(f"{path}: {where} must be a list of texts, and holds {entry!r}. Write it in quotes.")
    return entries


def check_fields(path: Path, fields: Mapping[str, Any], types: Mapping[str, type], required: Iterable[str]) -> None:
    """Raise `KeyFileError` for an unknown field, one that is missing, or one of another type."""
    for name, value in fields.items():
        if name not in types:
            raise KeyFileError(f"{path} has the unknown field {name!r}." + did_you_mean(name, types))
        wanted = (int, float) if types[name] is float else types[name]
        if not isinstance(value, wanted) or (isinstance(value, bool) and types[name] is not bool):
            raise KeyFileError(f"{path}: the field {name!r} must be of type {types[name].__name__}; it is {value!r}.")
    for name in required:
        if name not in fields:
            raise KeyFileError(f"{path} lacks the field {name!r}.")
