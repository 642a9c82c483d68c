"""Finding and reading the text files of items, levers, personas and frames, shipped ones and those of users."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from causalvalues.errors import DataError, ElicitationError, KeyFileError, did_you_mean
from causalvalues.theories import files

HERE = Path(__file__).parent / "data"


def shipped(prefix: str) -> tuple[str, ...]:
    """Return the ids of the shipped files whose name begins with a prefix, sorted.

    Examples
    --------
    >>> shipped("frames-")
    ('de', 'en')
    """
    return tuple(sorted(path.stem.removeprefix(prefix) for path in HERE.glob(f"{prefix}*.toml")))


def find(id_or_path: str | Path, prefix: str, what: str) -> Path:
    """Return the file of a shipped id, or the path itself when it leads to a file.

    Raises
    ------
    ElicitationError
        If there is no such id and no such file.
    """
    text = str(id_or_path)
    if text in shipped(prefix):
        return HERE / f"{prefix}{text}.toml"
    path = Path(id_or_path)
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if there:
        return path
    if path.suffix.casefold() in (".toml", ".csv", ".tsv"):
        raise ElicitationError(f"There is no file {text[:300]} to read {what} from. Check the path.")
    raise ElicitationError(
        f"There are no {what} {text[:300]!r}." + did_you_mean(text, shipped(prefix)) + " The path of a file works too."
    )


def read_fields(path: Path, kind: str, types: Mapping[str, type], required: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a TOML file whose ``format`` line is `kind`, each of the type asked for.

    Raises
    ------
    DataError
        If the file cannot be read, declares another format, or has a field that is unknown, missing or of another type.
    """
    try:
        fields = files.read_toml(path, kind)
        files.check_fields(path, fields, types, required)
    except KeyFileError as error:
        raise DataError(str(error)) from None
    return fields


Table = dict[str, Any]


def tables(path: Path, name: str, entries: Any, types: Mapping[str, type], required: Iterable[str]) -> list[Table]:
    """Return a list of TOML tables after checking the fields of each.

    Raises
    ------
    DataError
        Naming the file, the number of the entry and the field.
    """
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path}: {name!r} must be a list with one entry or more.")
    needed = tuple(required)
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise DataError(f"{path}: entry {number} of {name!r} must be a table with fields; it is {entry!r}.")
        try:
            files.check_fields(path, entry, types, needed)
        except KeyFileError as error:
            raise DataError(f"{error} It is entry {number} of {name!r}.") from None
    return entries


def texts(path: Path, name: str, entries: Any, least: int = 1) -> tuple[str, ...]:
    """Return a list of texts that are not empty, `least` of them or more.

    Raises
    ------
    DataError
        Naming the file and the field.
    """
    try:
        found = tuple(files.strings(path, f"`{name}`", entries))
    except KeyFileError as error:
        raise DataError(str(error)) from None
    if len(found) < least or not all(text.strip() for text in found):
        raise DataError(f"{path}: `{name}` must hold {least} or more texts, none of them empty.")
    return found


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a text table with a header line; commas, semicolons or tabs part the cells.

    Returns
    -------
    list of dict of str to str
        Column name (lower case, no blanks around it) -> cell without blanks around it; empty rows are left out.

    Raises
    ------
    DataError
        If the file cannot be read, is not UTF-8, has no header, or a row has more cells than the header.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check its rights, or copy it.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    header = text.split("\n", 1)[0]
    mark = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}. Check the quotation marks.") from None
    if not lines:
        raise DataError(f"{path} is empty. Its first line must name the columns.")
    names = [name.casefold() for name in lines[0][1]]
    if len(set(names)) < len(names):
        raise DataError(f"{path} names a column twice: {', '.join(names)}. Rename one.")
    rows = []
    for number, cells in lines[1:]:
        if len(cells) > len(names):
            raise DataError(f"{path}, line {number}: {len(cells)} cells, {len(names)} columns. Quote texts.")
        if any(cells):
            rows.append(dict.fromkeys(names, "") | dict(zip(names, cells, strict=False)))
    return rows
