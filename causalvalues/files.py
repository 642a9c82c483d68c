"""Writing files so that an interrupt or a failure leaves what was there before: write beside, then rename."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from causalvalues.errors import DataError


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file in UTF-8 with Unix line ends, whole or not at all.

    Parameters
    ----------
    path : str or Path
    text : str

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the place cannot be written to.
    """
    return write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file, whole or not at all; parameters and errors as in `write_text`."""
    path = Path(path)
    part = _sibling(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        part.unlink(missing_ok=True) if part.parent.is_dir() else None
    return path


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to fill; it takes the place of `path` only when the block ends well.

    Parameters
    ----------
    path : str or Path
        May exist; whether it may be replaced is for the caller to check.

    Yields
    ------
    Path
        The folder to fill. It is removed when the block fails or is interrupted, and `path` is as it was.

    Raises
    ------
    DataError
        If the place cannot be written to.
    """
    path = Path(path)
    part, old = _sibling(path), _sibling(path)
    try:
        part.mkdir(parents=True)
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        yield part
        _swap(part, path, old)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _swap(part: Path, path: Path, old: Path) -> None:
    try:
        if path.exists():
            path.rename(old)
        part.rename(path)
    except BaseException as error:
        if old.exists() and not path.exists():
            old.rename(path)
        if isinstance(error, OSError):
            raise _cannot_write(path, error) from None
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sibling(path: Path) -> Path:
    """Return a name in the same folder that is not in use."""
    return path.parent / f".{path.name}.{secrets.token_hex(4)}.part"


def _cannot_write(path: Path, error: OSError) -> DataError:
    return DataError(f"{path} cannot be written: {error.strerror or error}. Choose another place.")
