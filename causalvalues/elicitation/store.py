"""The store of answers: every answer is kept before it counts, so that nothing is asked, or paid for, twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from causalvalues import __version__
from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.questions import Asked, Reply, canonical, digest_of
from causalvalues.elicitation.store_file import connect, default_store_path, shrink, telling, writing
from causalvalues.elicitation.store_rows import COLUMNS, held, line_of, reply_of, row_of
from causalvalues.errors import ElicitationError
from causalvalues.files import write_bytes

CHUNK = 500
"""Keys in one query."""


@dataclass(frozen=True)
class Holding:
    """What a store has of one backend and model.

    Parameters
    ----------
    backend, model : str
    answers : int
    lost : int
        Questions whose answer was lost on the way and that have none yet; they are asked again.
    bytes : int
        Of questions and answers, without what SQLite adds.
    first, last : str
        When the oldest and the newest answer was stored (UTC, ISO 8601); "" where there is none.
    """

    backend: str
    model: str
    answers: int
    lost: int
    bytes: int
    first: str
    last: str


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Store:
    """Answers of language models in one SQLite file, by the question that was asked.

    Several processes may use one store at the same time. A process that is killed loses no answer that `put` returned.

    Parameters
    ----------
    path : str or Path
        Made where there is none; ``":memory:"`` keeps the answers for the life of the object only.
    create : bool, default True
        False refuses a path where there is no store yet.
    clock : callable, default UTC now
        What time it is, noted beside each answer.

    Raises
    ------
    DataError
        If the file is no store, was written by a newer version, is damaged, locked or cannot be written to. Every
        method raises it, too, when the file fails later.
    """

    def __init__(self, path: str | Path, create: bool = True, clock: Callable[[], datetime] = utc_now) -> None:
        self.path = Path(path)
        self._clock = clock
        self._connection = connect(self.path, create)
        self._sources: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._connection.close()

    def __len__(self) -> int:
        """How many answers it has."""
        with telling(self.path):
            return int(self._connection.execute("SELECT count(*) FROM answers").fetchone()[0])

    def get(self, keys: Iterable[str]) -> dict[str, Reply]:
        """Return the stored answers among some keys.

        Parameters
        ----------
        keys : iterable of str
            From `causalvalues.elicitation.questions.key_of`.

        Returns
        -------
        dict of str to Reply
            Keys without an answer are left out; replies that were lost on the way are no answers.
        """
        wanted, found = [bytes.fromhex(key) for key in dict.fromkeys(keys)], {}
        with telling(self.path):
            for start in range(0, len(wanted), CHUNK):
                chunk = wanted[start : start + CHUNK]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT key, {COLUMNS} FROM answers WHERE key IN ({marks})"  # noqa: S608
                for key, *row in self._connection.execute(query, chunk):
                    found[key.hex()] = reply_of(tuple(row))
        return found

    def put(self, backend: Backend, answered: Sequence[tuple[Asked, Reply]]) -> dict[str, Reply]:
        """Store answers in one transaction.

        Parameters
        ----------
        backend : Backend
            Who answered.
        answered : sequence of (Asked, Reply)

        Returns
        -------
        dict of str to Reply
            What counts from now on, by key: the first answer that was stored, which is another one when another process
            was quicker; and for a reply that was lost on the way the reply itself, which is noted and asked again.
        """
        identity, now = backend.identity, _stamp(self._clock())
        counts, rows, lost = {}, [], []
        for asked, reply in answered:
            request = canonical(identity, asked)
            key = digest_of(request)
            row = row_of(reply)
            counts[key] = reply_of(row)
            if reply.lost:
                lost.append((bytes.fromhex(key), reply.status, held(reply.detail), now))
            else:
                rows.append((bytes.fromhex(key), held(request), asked.repeat, *row, now, __version__))
        with telling(self.path):
            with writing(self._connection):
                source = self._source_of(identity, backend.model)
                self._connection.executemany(_NOTE_LOST, [(*row, source) for row in lost])
                stored = self._connection.executemany(_INSERT, [(*row, source) for row in rows]).rowcount
            self._sources[identity, backend.model] = source
        return counts if stored == len(answered) else counts | self.get(counts)

    def _source_of(self, backend: str, model: str) -> int:
        """Return the number of a backend and model. It stays when its answers are pruned, so it may be remembered."""
        if (backend, model) in self._sources:
            return self._sources[backend, model]
        self._connection.execute("INSERT OR IGNORE INTO sources (backend, model) VALUES (?, ?)", (backend, model))
        query = "SELECT id FROM sources WHERE backend = ? AND model = ?"
        return int(self._connection.execute(query, (backend, model)).fetchone()[0])

    def summary(self) -> list[Holding]:
        """Return what is held of each backend and model, by model and backend."""
        with telling(self.path):
            return self._holdings(_EVERYTHING)

    def prune(
        self, before: datetime | None = None, backend: str = "", model: str = "", *, dry_run: bool = False
    ) -> list[Holding]:
        """Remove answers, and notes of lost ones, that meet all criteria that are given.

        Parameters
        ----------
        before : datetime, optional
            With a time zone: only what was stored earlier.
        backend, model : str, default ""
            Only of this backend (a part of its identity) and of this model (its whole name).
        dry_run : bool, default False
            Only say what would be removed.

        Returns
        -------
        list of Holding
            What was removed. The space is given back to the disk unless another process uses the store.
        """
        if before is None and not backend and not model:
            raise ElicitationError("Say what to remove: by age, backend or model. To remove all, delete the file.")
        which = {
            "before": _EVERYTHING["before"] if before is None else _stamp(before),
            "backend": backend,
            "model": model,
        }
        with telling(self.path):
            if dry_run:
                return self._holdings(which)
            with writing(self._connection):
                found = self._holdings(which)
                for table in ("answers", "lost"):
                    self._connection.execute(f"DELETE FROM {table} WHERE {_MEETS}", which)  # noqa: S608
            shrink(self._connection)
        return found

    def _holdings(self, which: dict[str, str]) -> list[Holding]:
        return [Holding(*row) for row in self._connection.execute(_SUMMARY, which)]

    def lines(self) -> Iterator[bytes]:
        """Yield every answer as a line of JSON, by key."""
        query = (
            f"SELECT key, model, request, {COLUMNS} FROM answers "  # noqa: S608
            "JOIN sources ON sources.id = answers.source ORDER BY key"
        )
        with telling(self.path):
            for key, model, request, *row in self._connection.execute(query):
                yield line_of(key.hex(), model, request, tuple(row))

    def export(self, path: str | Path) -> Path:
        """Write all answers as JSON lines, by key and without times: the same answers give the same bytes.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        DataError
            If the place cannot be written to.
        """
        return write_bytes(path, self.lines())


_INSERT = (
    f"INSERT OR IGNORE INTO answers (key, request, repeat, {COLUMNS}, asked_at, tool, source) "  # noqa: S608
    f"VALUES ({','.join('?' * 13)})"
)
_NOTE_LOST = (
    "INSERT INTO lost (key, status, detail, asked_at, source, times) VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (key) "
    "DO UPDATE SET status = excluded.status, detail = excluded.detail, times = times + 1, asked_at = excluded.asked_at"
)
_EVERYTHING = {"before": "a", "backend": "", "model": ""}
"""Criteria that all rows meet: times begin with a digit."""

_MEETS = (
    "asked_at < :before AND source IN (SELECT id FROM sources WHERE instr(backend, :backend) AND :model IN ('', model))"
)
_SUMMARY = f"""
SELECT backend, model, coalesce(n, 0), coalesce(gone, 0), coalesce(size, 0), coalesce(first, ''), coalesce(last, '')
FROM sources
LEFT JOIN (
    SELECT source, count(*) AS n, min(asked_at) AS first, max(asked_at) AS last,
        sum(length(CAST(request AS BLOB)) + length(CAST(text AS BLOB)) + length(numbers)) AS size
    FROM answers WHERE {_MEETS} GROUP BY source
) AS kept ON kept.source = sources.id
LEFT JOIN (
    SELECT source, count(*) AS gone FROM lost
    WHERE {_MEETS} AND NOT EXISTS (SELECT 1 FROM answers WHERE answers.key = lost.key) GROUP BY source
) AS missing ON missing.source = sources.id
WHERE n > 0 OR gone > 0 ORDER BY model, backend
"""  # noqa: S608


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


__all__ = ["Holding", "Store", "default_store_path"]
