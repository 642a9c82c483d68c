"""Personas: drawn from a seeded grammar, read from a file, or made to hold one value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causalvalues.elicitation.data_files import find, read_fields, read_rows, shipped, tables
from causalvalues.elicitation.persona_grammar import describe, persona_grammar
from causalvalues.elicitation.sheets import Persona
from causalvalues.errors import DataError, ElicitationError, did_you_mean
from causalvalues.randomness import require_whole, stream

FORMAT = "causalvalues-personas 1"
_FILE: dict[str, type] = {"licence": str, "source": str, "language": str, "personas": list}
_PERSONA: dict[str, type] = {"id": str, "text": str, "language": str, "holds": str}
_ATTEMPTS = 1000


def draw_personas(
    number: int, seed: int = 0, language: str = "en", start: int = 0, prefix: str = "p"
) -> tuple[Persona, ...]:
    """Draw personas: age, job, place, two habits from two ways of life, family.

    Parameters
    ----------
    number : int
        How many; 1 or more.
    seed : int, default 0
    language : str, default "en"
    start : int, default 0
        Number of the first one. Persona k of a seed is the same whatever `number` and `start` are.
    prefix : str, default "p"
        Begins the ids: ``"p000"``. Give a second set, drawn with another seed, another prefix.

    Returns
    -------
    tuple of Persona
        All texts of a seed are different.

    Raises
    ------
    ElicitationError
        If there is no grammar for the language.

    Examples
    --------
    >>> draw_personas(2, seed=1) == draw_personas(5, seed=1)[:2]
    True
    """
    require_whole("number", number)
    require_whole("start", start, 0)
    grammar = persona_grammar(language)
    drawn: dict[str, None] = {}
    for k in range(start + number):
        for attempt in range(_ATTEMPTS):
            text = describe(grammar, stream(seed, "persona", language, k, attempt))
            if text not in drawn:
                drawn[text] = None
                break
        else:
            raise ElicitationError(f"The grammar has no more than {k} different personas. Ask for fewer.")
    return tuple(
        Persona(f"{prefix}{k:03d}", text, language) for k, text in enumerate(drawn) if start <= k < start + number
    )


def known_group_personas(theory: str, language: str = "en") -> tuple[Persona, ...]:
    """Return personas that hold one value each by construction, three a value.

    Parameters
    ----------
    theory : str
        ``"schwartz-10"`` or ``"mft-5"``.
    language : str, default "en"

    Returns
    -------
    tuple of Persona
        Ids such as ``"holds_power_1"``; they share no content word with the shipped items of their value.

    Raises
    ------
    ElicitationError
        If there are none for this theory in this language.

    Examples
    --------
    >>> known_group_personas("mft-5")[0].holds
    'care'
    """
    known = shipped("known-groups-")
    name = theory if language == "en" else f"{theory}-{language}"
    if name not in known:
        raise ElicitationError(
            f"There are no personas known to hold the values of {name!r}.{did_you_mean(name, known)} "
            "A file of your own, with the field `holds`, is read by read_personas."
        )
    return read_personas(find(name, "known-groups-", "personas"))


def read_personas(path: str | Path) -> tuple[Persona, ...]:
    """Read personas from a file.

    Parameters
    ----------
    path : str or Path
        A table (CSV, also with semicolons or tabs) with the columns ``id,text`` and, where wanted,
        ``language,holds``; or TOML::

            format = "causalvalues-personas 1"

            [[personas]]
            id = "baker"
            text = "You are a 40-year-old baker."
            language = "en"
            holds = ""              # for known groups: the value that the persona holds

        An empty text is the model without a persona.

    Returns
    -------
    tuple of Persona

    Raises
    ------
    ElicitationError
        If there is no such file.
    DataError
        If it is malformed, or an id is empty, repeated or has a ``|`` or a line break.
    """
    path = Path(path)
    if not path.is_file():
        raise ElicitationError(f"There is no file {path} to read personas from. Check the path.")
    entries = _from_toml(path) if path.suffix.casefold() == ".toml" else _from_table(path)
    personas: dict[str, Persona] = {}
    for entry in entries:
        persona = Persona(entry["id"], entry["text"], entry.get("language") or "en", entry.get("holds", ""))
        if not persona.id.strip() or any(mark in persona.id for mark in "|\n\r\t"):
            raise DataError(f"{path} has a persona with the id {persona.id!r}. Give a short name without '|'.")
        if persona.id in personas:
            raise DataError(f"{path} has two personas with the id {persona.id!r}. Rename one of them.")
        personas[persona.id] = persona
    return tuple(personas.values())


def _from_toml(path: Path) -> list[dict[str, Any]]:
    fields = read_fields(path, FORMAT, _FILE, ("personas",))
    plain = {"language": fields.get("language", "en")}
    return [plain | entry for entry in tables(path, "personas", fields["personas"], _PERSONA, ("id", "text"))]


def _from_table(path: Path) -> list[dict[str, str]]:
    rows = read_rows(path)
    if not rows:
        raise DataError(f"{path} has a header and no rows. Write one persona on each line.")
    for column in ("id", "text"):
        if column not in rows[0]:
            raise DataError(f"{path} lacks the column {column!r}; it has {', '.join(rows[0])}.")
    for column in rows[0]:
        if column not in _PERSONA:
            raise DataError(f"{path} has the unknown column {column!r}.{did_you_mean(column, _PERSONA)}")
    return rows
