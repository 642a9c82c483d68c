"""Writing files so that an interrupt or a failure leaves what was there before: write beside, then rename."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from causalvalues.errors import DataError


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file in UTF-8 with Unix line ends, whole or not at all.

    Parameters
    ----------
    path : str or Path
        A link is followed: what it leads to is written, and the link stays.
    text : str

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the place cannot be written to, is a folder or a device, or the text has half of a surrogate pair.
    """
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        broken = text[error.start]
        raise DataError(f"{path} cannot be written: {broken!r} in the text is half a character. Mend it.") from None
    return write_bytes(path, content)


def write_bytes(path: str | Path, content: bytes | Iterable[bytes]) -> Path:
    """Write a file, whole or not at all, at once or in parts; parameters and errors as in `write_text`."""
    path, part = Path(path), None
    try:
        target = _target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = _sibling(target)
        if isinstance(content, bytes):
            part.write_bytes(content)
        else:
            with part.open("wb") as file:
                file.writelines(content)
        part.replace(target)
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return path


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to fill; it takes the place of `path` only when the block ends well.

    Parameters
    ----------
    path : str or Path
        May exist; whether it may be replaced is for the caller to check. A link is followed.

    Yields
    ------
    Path
        The folder to fill. It is removed when the block fails or is interrupted, and `path` is as it was.

    Raises
    ------
    DataError
        If the place cannot be written to.
    """
    path = _resolved(path)
    part, old = _sibling(path), _sibling(path)
    try:
        try:
            part.mkdir(parents=True)
        except OSError as error:
            raise _cannot_write(path, error) from None
        yield part
        _swap(part, path, old)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if os.path.lexists(path):
            shutil.rmtree(old, ignore_errors=True)


def check_replaceable(path: str | Path) -> None:
    """Check, before long work, that `replacing_folder` can make this folder or put another in its place.

    Parameters
    ----------
    path : str or Path
        Nothing is left behind, whether it exists or not.

    Raises
    ------
    DataError
        If the folder is the working folder, holds it or is a mount, or nothing can be made beside it.
    """
    target = _resolved(path)
    if Path.cwd().resolve().is_relative_to(target):
        raise DataError(f"{path} is the working folder or holds it, so it cannot be replaced. Give a folder in it.")
    if os.path.ismount(target):
        raise DataError(f"{path} is a mount, so it cannot be replaced. Give a folder in it.")
    beside = target.parent
    while not os.path.lexists(beside) and beside != beside.parent:
        beside = beside.parent
    try:
        probe = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=beside))
        probe.rmdir()
    except OSError as error:
        raise _cannot_write(Path(path), error) from None


def _target(path: Path) -> Path:
    """Return the file that a path leads to; refuse what is there and is no regular file."""
    target = _resolved(path)
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a device or pipe, not a file"
        raise DataError(f"{path} cannot be written: it is {what}. Choose another place.")
    return target


def _resolved(path: str | Path) -> Path:
    try:
        return Path(path).resolve()
    except RuntimeError:
        raise DataError(f"{path} cannot be written: its links run in a circle. Choose another place.") from None
    except OSError as error:
        raise _cannot_write(Path(path), error) from None


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


def _sibling(path: Path) -> Path:
    """Return a name in the same folder that is not in use."""
    return path.parent / f".{path.name[:40]}.{secrets.token_hex(4)}.part"


def _cannot_write(path: Path, error: OSError) -> DataError:
    return DataError(f"{path} cannot be written: {error.strerror or error}. Choose another place.")
