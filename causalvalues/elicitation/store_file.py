"""The file of a store: where it lies, its tables, and what its failures mean."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from causalvalues.errors import DataError

APPLICATION = 0x43565331
"""Marks an SQLite file as a store of answers ("CVS1")."""

SCHEMA = 1
"""Version of the tables below."""

PATIENCE = 60.0
"""Seconds that one process waits for another one to finish writing."""

LOG_PAGES = 8000
"""Pages (of 4 KiB) that the log holds before they are moved into the file. Keys come in no order: more is faster."""

CACHE = 65536
"""KiB of the file that are held in memory."""

TABLES = (
    "CREATE TABLE sources (id INTEGER PRIMARY KEY, backend NOT NULL, model NOT NULL, UNIQUE (backend, model))",
    "CREATE TABLE answers (key BLOB PRIMARY KEY NOT NULL, source INTEGER NOT NULL REFERENCES sources (id), "
    "request NOT NULL, repeat INTEGER NOT NULL, status TEXT NOT NULL, numbers TEXT NOT NULL, tokens INTEGER NOT NULL, "
    "text NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, detail NOT NULL, "
    "asked_at TEXT NOT NULL, tool TEXT NOT NULL)",
    "CREATE TABLE lost (key BLOB PRIMARY KEY NOT NULL, source INTEGER NOT NULL REFERENCES sources (id), "
    "status TEXT NOT NULL, detail NOT NULL, times INTEGER NOT NULL, asked_at TEXT NOT NULL)",
)

_ADVICE = {
    sqlite3.SQLITE_NOTADB: "it is no store of answers. Give another path; this file is left as it is",
    sqlite3.SQLITE_CORRUPT: "it is damaged. Rescue what is left with `sqlite3 FILE .recover`, or move it away",
    sqlite3.SQLITE_FULL: "the disk is full. Make room and run the same command again; what was stored stays",
    sqlite3.SQLITE_READONLY: "it cannot be written to. Change its permissions, or give another path",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check that it is a file, its folder and the permissions",
    sqlite3.SQLITE_PERM: "access is not allowed. Change its permissions, or give another path",
    sqlite3.SQLITE_BUSY: "another process keeps it locked. Wait for that one to end and run the same command again",
    sqlite3.SQLITE_LOCKED: "another process keeps it locked. Wait for that one to end and run the same command again",
    sqlite3.SQLITE_IOERR: "the disk fails or is full. Check it and run the same command again; what was stored stays",
    sqlite3.SQLITE_TOOBIG: "one answer is larger than SQLite can hold. Ask for fewer tokens",
}


def default_store_path() -> Path:
    """Return where answers are kept when no place is given.

    Returns
    -------
    Path
        ``$CAUSALVALUES_STORE``, or ``causalvalues/answers.sqlite`` in ``$XDG_DATA_HOME`` (default ``~/.local/share``).
    """
    named = os.environ.get("CAUSALVALUES_STORE", "")
    if named:
        return Path(named)
    home = os.environ.get("XDG_DATA_HOME", "")
    try:
        base = Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share"
    except RuntimeError:
        raise DataError("There is no home folder to keep answers in. Say where with CAUSALVALUES_STORE.") from None
    return base / "causalvalues" / "answers.sqlite"


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn failures of SQLite into a `DataError` that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = _ADVICE.get(code, f"{error}. Give another path, or open the store anew")
        raise DataError(f"The store of answers {path} cannot be used: {advice}.") from None


def connect(path: Path, create: bool) -> sqlite3.Connection:
    """Open a store file; make it where there is none.

    Parameters
    ----------
    path : Path
    create : bool
        Whether a file may be made.

    Raises
    ------
    DataError
        If the file is missing, is no store, was written by a newer version, is damaged or cannot be written to.
    """
    if str(path) != ":memory:":
        _prepare(path, create)
    with telling(path):
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        try:
            _check(connection, path)
            _keep_a_log(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(path: Path, create: bool) -> None:
    if not create and not path.exists():
        raise DataError(
            f"There is no store of answers at {path}. Give its path with `--store`, or elicit answers first."
        )
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a device or pipe"
        raise DataError(f"{path} is {what}, so it cannot be a store of answers. Give another path.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path.parent} cannot be made: {error.strerror or error}. Give another path.") from None


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is no store, and make the tables of a new one; the lock keeps a second process out meanwhile."""
    if _number(connection, "application_id") != APPLICATION:
        with writing(connection):
            if _number(connection, "application_id") != APPLICATION:
                if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise DataError(
                        f"{path} is an SQLite file of something else, not a store of answers. Give another path."
                    )
                for table in TABLES:
                    connection.execute(table)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
    version = _number(connection, "user_version")
    if version != SCHEMA:
        raise DataError(
            f"The store of answers {path} has the format {version}; this version of causalvalues reads {SCHEMA}. "
            "Update causalvalues, or give another path."
        )


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Write ahead into a log: readers never wait, and a process that is killed loses no finished transaction.

    SQLite does not wait by itself when two processes switch a new file at the same moment. The synchronisation is
    "normal": what a *process* has stored is safe when it dies; a power cut may take the last seconds, never the file.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE}")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a block as one transaction: all of it is stored, or nothing."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def shrink(connection: sqlite3.Connection) -> None:
    """Give free space back to the disk, unless another process uses the file or there is no room for the copy."""
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA busy_timeout = 1000")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute(f"PRAGMA busy_timeout = {int(1000 * PATIENCE)}")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
