"""Names that a format cannot hold: a safe name for each, the same for the same graph, and none of them twice."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable

from causalvalues.errors import DataError


def stand_ins(names: Iterable[str], holds: Callable[[str], bool]) -> dict[str, str]:
    """Return what to write for each name: the name where the format holds it, else a stand-in.

    Parameters
    ----------
    names : iterable of str
        In the order of the file; it decides which of two alike stand-ins has the number.
    holds : callable
        Whether the format can hold a name. It must hold ASCII letters, digits and ``_`` after a first ``v_``.

    Examples
    --------
    >>> stand_ins(["power", "self direction", "self-direction"], str.isidentifier)
    {'power': 'power', 'self direction': 'self_direction', 'self-direction': 'self_direction_2'}
    """
    names = list(names)
    taken = {name for name in names if holds(name)}
    found: dict[str, str] = {}
    for name in names:
        if holds(name):
            found[name] = name
            continue
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
        stem = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:40] or "unnamed"
        stem = stem if holds(stem) else f"v_{stem}"
        made, number = stem, 2
        while made in taken:
            made, number = f"{stem}_{number}", number + 1
        taken.add(made)
        found[name] = made
    return found


def name_lines(written: dict[str, str]) -> list[str]:
    """Return a line ``name <stand-in> <exact name as JSON>`` for each name that has a stand-in."""
    return [f"name {made} {json.dumps(name)}" for name, made in written.items() if made != name]


def note_lines(warning: str) -> list[str]:
    """Return the line ``note <warning as JSON>``; none where there is no warning."""
    return [f"note {json.dumps(warning)}"] if warning else []


def read_note_line(line: str) -> str:
    """Return the warning of a line of `note_lines`; "" where it is another line."""
    if not line.strip().startswith('note "'):
        return ""
    try:
        return str(json.loads(line.strip()[5:]))
    except ValueError:
        return ""


_NAME_LINE = re.compile(r"name (\S+) (\".*\")")


def read_name_line(line: str) -> tuple[str, str] | None:
    """Return stand-in and exact name of a line of `name_lines`; None where it is another line.

    Raises
    ------
    DataError
        If the exact name is spelled wrongly.
    """
    match = _NAME_LINE.fullmatch(line.strip())
    if match is None:
        return None
    try:
        name = json.loads(match[2])
    except ValueError:
        raise DataError(f"The exact name of {match[1]!r} is spelled {match[2][:60]}, which is no JSON text.") from None
    return match[1], str(name)
