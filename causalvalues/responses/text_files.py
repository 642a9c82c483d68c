"""Text files: encoding, header, separator, ragged rows; every cell comes out as text."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import stat
import zlib
from pathlib import Path
from typing import Any

from causalvalues.errors import DataError
from causalvalues.responses.codes import listed
from causalvalues.responses.options import ReadOptions

SEPARATORS = (",", ";", "\t", "|")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked if it is gzipped.

    Raises
    ------
    DataError
        If it is missing, a folder, empty, or damaged.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"There is no file {path}. Check the path.{_beside(path)}") from None
    except (OSError, ValueError) as error:
        raise DataError(_unreadable(path, error)) from None
    if stat.S_ISDIR(mode):
        raise DataError(f"{path} is a folder. Give the path of one file in it.")
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise DataError(f"{path} is a device or a socket, no file. Give the path of a file of answers.")
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except PermissionError as error:
        raise DataError(_unreadable(path, error)) from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}. Copy or export the file again.") from None
    if not data.strip():
        raise DataError(f"{path} is empty. Export it again with a header and one row for each unit or answer.")
    return data


def _unreadable(path: Path, error: Exception) -> str:
    name = str(path) if len(str(path)) <= 300 else f"{str(path)[:100]}...{str(path)[-100:]}"
    if isinstance(error, PermissionError):
        return f"{name} may not be read (no permission). Change its rights with chmod, or copy it to a place of yours."
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{name} cannot be opened: {reason}. Check the path."


def _beside(path: Path) -> str:
    """Return a sentence that names files in the same folder, or nothing."""
    try:
        near = sorted(other.name for other in path.parent.glob("*.*")) if path.parent.is_dir() else []
    except OSError:
        near = []
    return f" Files beside it: {listed(near)}." if near else ""


def read_text(path: Path, data: bytes, options: ReadOptions) -> tuple[list[str], list[Any], str]:
    """Return the header, one arrow array of texts a column, and the separator.

    Raises
    ------
    DataError
        If the encoding is another one, the separator is unclear, rows are ragged, or there is only a header.
    """
    text = _decoded(path, data, options.encoding)
    header, separator = _header(path, text, options.separator)
    whole = text if text.endswith(("\n", "\r")) else text + "\n"
    return header, _cells(path, whole.encode(), header, separator), separator


def _decoded(path: Path, data: bytes, encoding: str) -> str:
    utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    if utf8 and data.startswith(_UTF16):
        raise DataError(f'{path} is UTF-16 text. Save it as UTF-8, or read it with ReadOptions(encoding="utf-16").')
    if data[:4] == b"PK\x03\x04":
        raise DataError(f"{path} is a zip archive or an Excel workbook. Export the sheet as CSV (UTF-8) first.")
    try:
        text = data.decode("utf-8-sig" if utf8 else encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path} is not {encoding} text: row {row} holds the byte 0x{data[error.start]:02x}. Save it as UTF-8, or "
            "say "
            'how it was saved: ReadOptions(encoding="cp1252") for most files from Windows, "latin-1", "utf-16".'
        ) from None
    except (LookupError, ValueError):
        raise DataError(
            f"There is no encoding {encoding!r}. Write for example utf-8, cp1252, latin-1, utf-16."
        ) from None
    if "\x00" in text:
        row = text.count("\n", 0, text.index("\x00")) + 1
        raise DataError(
            f"{path} holds a NUL character in row {row}, so it is a binary file or another encoding. Save it as UTF-8 "
            'text, or try ReadOptions(encoding="utf-16-le").'
        )
    return text


def _header(path: Path, text: str, separator: str) -> tuple[list[str], str]:
    """Return the column names and the separator; the first rows decide where the header leaves it open."""
    sample = {mark: _rows(text, mark) for mark in ([separator] if separator else SEPARATORS)}
    several = {mark: rows for mark, rows in sample.items() if len(rows[0]) > 1}
    if len(several) > 1 and "\t" in several and path.name.endswith((".tsv", ".tsv.gz")):
        several = {"\t": several["\t"]}
    if len(several) > 1:
        even = {mark: rows for mark, rows in several.items() if len({len(row) for row in rows}) == 1}
        several = even if len(even) == 1 else several
    if len(several) > 1:
        readings = "; ".join(
            f"separator {mark!r}: {len(rows[0])} columns {listed(rows[0], 3)}" for mark, rows in several.items()
        )
        raise DataError(f'{path} can be read in {len(several)} ways. {readings}. Choose: ReadOptions(separator=";").')
    mark, rows = next(iter((several or sample).items()))
    return [name.strip() for name in rows[0]], mark


def _rows(text: str, separator: str) -> list[list[str]]:
    """Return the header and up to 20 further rows that are not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return list(itertools.islice((row for row in reader if row), 21))
    except csv.Error:  # a field beyond the size limit: no table with this separator
        return [[""]]


def _cells(path: Path, data: bytes, header: list[str], separator: str) -> list[Any]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [f"c{i}" for i in range(len(header))]
    ragged: list[Any] = []

    def skip(row: Any) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=names, skip_rows_after_names=1, block_size=min(len(data) + 1, 1 << 30)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} is no table: {error}. Look for an unclosed quotation mark.") from None
    if ragged:
        rows = listed([f"row {number} ({count} cells)" for number, count in ragged])
        raise DataError(
            f"{path} is ragged: the header has {len(header)} cells, but {rows}. The header is row 1; blank rows do not "
            f"count. Put cells that contain {separator!r} in quotation marks, or fill up short rows."
        )
    if not table.num_rows:
        raise DataError(f"{path} has a header ({len(header)} columns) and no rows. Export the answers as well.")
    return list(table.columns)
