"""The ledger of a loop: one line of JSON for every step, written before the next step begins."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from causalvalues.errors import LoopError

FORMAT = "causalvalues-loop-ledger 1"
COUNTS = ("asked", "stored")
"""What a line tells of the run that wrote it; a run that goes on finds other numbers."""

Line = dict[str, Any]


class Ledger:
    """An append-only file; a run that goes on must write the same lines again, and gets the old ones back.

    Parameters
    ----------
    path : Path
        Made when it does not exist. A last line without an end (from a kill while it was written) is taken off.
    head : mapping
        What the run is about: settings, digests. A ledger with another head is refused.

    Raises
    ------
    LoopError
        If the file is no ledger, was written with another head, or another run is writing it.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self.path = path
        self._place = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        try:
            _lock(self._file, path)
            self._old = _lines(path)
            self.write({"format": FORMAT, **head})
        except BaseException:
            self._file.close()
            raise

    def write(self, line: Mapping[str, Any]) -> Line:
        """Write a line, or find it where an earlier run wrote it; return the line that stands in the file.

        Raises
        ------
        LoopError
            If an earlier run wrote something else here.
        """
        fresh: Line = json.loads(json.dumps(_plain(dict(line)), allow_nan=False))
        if self._place < len(self._old):
            old = self._old[self._place]
            if _compared(old) != _compared(fresh):
                raise LoopError(
                    f"{self.path}, line {self._place + 1}: an earlier run with other settings, answers or versions "
                    "wrote this ledger. Give another --out, or remove it."
                )
            self._place += 1
            return old
        self._file.write((json.dumps(fresh, ensure_ascii=False) + "\n").encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._old.append(fresh)
        self._place += 1
        return fresh

    @property
    def lines(self) -> Sequence[Line]:
        """Every line so far, the head first."""
        return tuple(self._old[: self._place])

    def end(self) -> None:
        """Check that this run wrote the whole ledger.

        Raises
        ------
        LoopError
            If an earlier run wrote lines that this one did not come to.
        """
        if self._place < len(self._old):
            raise LoopError(
                f"{self.path}, line {self._place + 1}: the run has ended, and the ledger goes on. An earlier run had "
                "other settings, or somebody wrote into it. Give another --out, or remove it."
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def begins_with(path: Path, head: Mapping[str, Any]) -> bool:
    """Return whether a ledger is about a run with this head."""
    lines = _lines(path)
    return bool(lines) and lines[0] == json.loads(json.dumps(_plain({"format": FORMAT, **head})))


def questions_asked(lines: Sequence[Line]) -> int:
    """Return how many questions the model was asked, by the runs that wrote these lines."""
    return sum(int(line.get("asked", 0)) for line in lines)


def live_targets(lines: Sequence[Line]) -> int:
    """Return for how many targets the model was asked something while their loop ran."""
    live, current = set(), ""
    for line in lines:
        if line.get("kind") == "plan":
            current = str(line["target"])
        elif line.get("kind") == "answer" and current and str(line["for"]).startswith(f"{current} step"):
            live |= {current} if int(line.get("asked", 0)) else set()
    return len(live)


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep other runs from this ledger until the file is closed; where the system has no locks, go on."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LoopError(f"Another run is writing {path}. Wait until it has ended, or give another --out.") from None


def _lines(path: Path) -> list[Line]:
    """Return the whole lines of a ledger, and cut an unfinished one off."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    try:
        lines = [json.loads(line) for line in whole.decode("utf-8").split("\n")[:-1]]
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise LoopError(f"{path} is not a ledger of a loop ({error}). Give another --out, or remove it.") from None
    if lines and not (isinstance(lines[0], dict) and str(lines[0].get("format", "")) == FORMAT):
        raise LoopError(f"{path} is not a ledger of a loop. Give another --out, or remove it.")
    for number, line in enumerate(lines[1:], start=2):
        if not isinstance(line, dict) or any(not _is_count(line[name]) for name in COUNTS if name in line):
            raise LoopError(f"{path}, line {number}, is no line of a ledger. Give another --out, or remove the file.")
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return lines


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def _compared(line: Line) -> Line:
    return {name: COUNTS.index(name) if name in COUNTS else value for name, value in line.items()}


def _plain(held: Any) -> Any:
    """Return what JSON can hold: NaN as null, floats rounded to nine digits, tuples as lists."""
    if isinstance(held, Mapping):
        return {str(name): _plain(value) for name, value in held.items()}
    if isinstance(held, list | tuple):
        return [_plain(value) for value in held]
    if isinstance(held, bool) or held is None or isinstance(held, int | str):
        return held
    number = float(held)
    return float(f"{number:.9g}") if math.isfinite(number) else None
