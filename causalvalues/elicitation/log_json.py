"""Reading JSON that somebody else wrote: bounded, and every failure names the file and the remedy."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from pathlib import Path
from typing import Any

from causalvalues.errors import DataError

MOST_BYTES = 2**30
"""A log file, or all of one log together, may hold this much when unpacked (1 GiB)."""

MOST_PIECE = 2**27
"""One sample of a zipped log, or one line, may hold this much (128 MiB)."""


def read_log_bytes(path: Path) -> bytes:
    """Return the bytes of a log file, unpacked if it is gzipped.

    Raises
    ------
    DataError
        If it is missing, no file, empty, damaged, or too large.
    """
    try:
        if not path.is_file():
            raise DataError(f"There is no file {path}. Check the path." if not path.exists() else f"{path} is no file.")
        if path.stat().st_size > MOST_BYTES:
            raise too_large(str(path), MOST_BYTES)
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            unpack = zlib.decompressobj(31)
            data = unpack.decompress(data, MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise too_large(str(path), MOST_BYTES)
            if not unpack.eof:
                raise DataError(f"{path} is cut off: its gzip data do not end. Copy the file again.")
    except (OSError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} cannot be read: {error}. Copy the file again.") from None
    if not data.strip():
        raise DataError(f"{path} is empty. Copy it again, or run the evaluation again.")
    return data


def too_large(where: str, most: int) -> DataError:
    """Return the error for something that unpacks to more than a log can be."""
    return DataError(
        f"{where} holds more than {most // 2**20} MiB, which no log of ratings does. Check that it is the right file; "
        "split a log of many samples into several."
    )


def parse_json(data: bytes, where: str) -> Any:
    """Parse JSON; NaN and infinities, which some tools write, become None.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without a byte order mark.
    where : str
        File and line or member, for messages.

    Raises
    ------
    DataError
        If it is not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=lambda _: None, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where} is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}. Save it as UTF-8, or copy "
            "the log again without changing its encoding."
        ) from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{where} is no valid JSON: {error.msg} (line {error.lineno}, column {error.colno}). If the file was cut "
            "off, copy it again; if one line was damaged, take it out."
        ) from None
    except RecursionError:
        raise DataError(f"{where} is nested too deeply to be a log. Check that it is the right file.") from None


def _integer(digits: str) -> int | float | None:
    """Return an integer; one of more than 300 digits is no answer and no id."""
    return int(digits) if len(digits) <= 300 else None


def number(held: object) -> float | None:
    """Return a finite number (also one in a text such as "-0.5"), or None."""
    if isinstance(held, str) and len(held) <= 40:
        try:
            held = float(held)
        except ValueError:
            return None
    if not isinstance(held, bool | int | float):
        return None
    try:
        value = float(held)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def part(held: object, name: str) -> dict[str, Any]:
    """Return the object that stands under a name, or an empty one where there is none."""
    found = held.get(name) if isinstance(held, dict) else None
    return found if isinstance(found, dict) else {}
