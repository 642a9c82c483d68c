"""Sentences that directions inside a model are learned from and tested with, shipped ones and those of users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causalvalues.elicitation.data_files import read_fields, tables, texts
from causalvalues.errors import DataError, SteeringError, did_you_mean
from causalvalues.steering.pairs import ContrastPair, PolePair, Poles

__all__ = [
    "ContrastPair",
    "PolePair",
    "Poles",
    "contrast_pairs",
    "contrast_poles",
    "held_out_words",
]

HERE = Path(__file__).parent / "data"
_HEAD: dict[str, type] = {"id": str, "theory": str, "language": str, "licence": str, "source": str}


def contrast_pairs(id_or_path: str | Path) -> tuple[ContrastPair, ...]:
    """Return shipped contrast pairs by the id of a theory, or read them from a file.

    Parameters
    ----------
    id_or_path : str or Path
        ``"schwartz-10"`` (48 pairs a value), or the path of a TOML file such as::

            format = "causalvalues-contrast-pairs 1"

            [[pairs]]
            value = "security"
            context = "When I choose a flat, I look for"
            with = "solid locks and a watchful neighbour."
            without = "tall windows and a wooden floor."

    Returns
    -------
    tuple of ContrastPair
        In the order of the file.

    Raises
    ------
    SteeringError
        If there are no such pairs and no such file.
    DataError
        If the file is malformed, or two pairs of a value are the same.

    Examples
    --------
    >>> pair = contrast_pairs("schwartz-10")[0]
    >>> pair.value, pair.affirmed_sentence
    ('self_direction', 'What I want from my work is the room to decide for myself how to do it.')
    """
    path = _find(id_or_path, "pairs-", "contrast pairs")
    entries = _entries(path, "contrast-pairs", "pairs", ("value", "context", "with", "without"))
    pairs = tuple(ContrastPair(e["value"], e["context"], e["with"], e["without"]) for e in entries)
    for pair in pairs:
        if pair.affirmed == pair.plain:
            raise DataError(f"{path}: both ends of {pair.context!r} are {pair.plain!r}. Let them differ in the value.")
    _require_unlike(path, [(pair.value, pair.affirmed_sentence, pair.plain_sentence) for pair in pairs])
    return pairs


def contrast_poles(id_or_path: str | Path) -> tuple[Poles, ...]:
    """Return shipped pairs of opposing poles by the id of a theory, or read them from a file.

    Parameters
    ----------
    id_or_path : str or Path
        ``"schwartz-10"`` (two dimensions of higher-order values), or the path of a TOML file such as::

            format = "causalvalues-contrast-poles 1"

            [[dimensions]]
            name = "openness_to_change"
            high = "openness_to_change"
            low = "conservation"

            [[pairs]]
            dimension = "openness_to_change"
            context = "What our street needs is"
            high = "new faces and unusual ideas."
            low = "quiet nights and decent manners."

    Returns
    -------
    tuple of Poles

    Raises
    ------
    SteeringError
        If there are no such poles and no such file.
    DataError
        If the file is malformed, a pair is of an unknown dimension, or a dimension has no pair.
    """
    path = _find(id_or_path, "poles-", "contrast poles")
    types = _HEAD | {"dimensions": list, "pairs": list}
    fields = read_fields(path, "causalvalues-contrast-poles 1", types, ("dimensions", "pairs"))
    dimensions = _texts_of(path, "dimensions", fields["dimensions"], ("name", "high", "low"))
    entries = _texts_of(path, "pairs", fields["pairs"], ("dimension", "context", "high", "low"))
    names = [entry["name"] for entry in dimensions]
    if len(set(names)) < len(names):
        raise DataError(f"{path} names a dimension twice: {', '.join(names)}. Rename one.")
    pairs = [PolePair(e["dimension"], e["context"], e["high"], e["low"]) for e in entries]
    for pair in pairs:
        if pair.dimension not in names:
            raise DataError(f"{path}: there is no dimension {pair.dimension!r}.{did_you_mean(pair.dimension, names)}")
    _require_unlike(path, [(pair.dimension, pair.high_sentence, pair.low_sentence) for pair in pairs])
    found = []
    for entry in dimensions:
        own = tuple(pair for pair in pairs if pair.dimension == entry["name"])
        if not own:
            raise DataError(f"{path}: the dimension {entry['name']!r} has no pair. Add some, or leave it out.")
        found.append(Poles(entry["name"], entry["high"], entry["low"], own))
    return tuple(found)


def held_out_words(id_or_path: str | Path) -> dict[str, tuple[str, ...]]:
    """Return words that stand for values and occur in no contrast pair of theirs.

    Parameters
    ----------
    id_or_path : str or Path
        ``"schwartz-10"``, or the path of a TOML file of the format ``causalvalues-value-words 1`` with ``[[words]]``
        tables of ``value`` and ``words``.

    Returns
    -------
    dict of str to tuple of str
        Value -> its words; they fit behind "What matters most in life is".

    Raises
    ------
    SteeringError
        If there are no such words and no such file.
    DataError
        If the file is malformed, or a value occurs twice.
    """
    path = _find(id_or_path, "heldout-words-", "held-out words")
    fields = read_fields(path, "causalvalues-value-words 1", _HEAD | {"words": list}, ("words",))
    found: dict[str, tuple[str, ...]] = {}
    for entry in tables(path, "words", fields["words"], {"value": str, "words": list}, ("value", "words")):
        if entry["value"] in found:
            raise DataError(f"{path}: the value {entry['value']!r} has words twice. Put them into one table.")
        found[entry["value"]] = texts(path, f"words of {entry['value']}", entry["words"])
    return found


def _entries(path: Path, kind: str, name: str, needed: tuple[str, ...]) -> list[dict[str, Any]]:
    fields = read_fields(path, f"causalvalues-{kind} 1", _HEAD | {name: list}, (name,))
    return _texts_of(path, name, fields[name], needed)


def _texts_of(path: Path, name: str, entries: Any, needed: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return tables whose fields are all texts that are not empty."""
    found = tables(path, name, entries, dict.fromkeys(needed, str), needed)
    for number, entry in enumerate(found, 1):
        for field in needed:
            if not entry[field].strip():
                raise DataError(
                    f"{path}: `{field}` is empty in entry {number} of {name!r}. Write it, or drop the entry."
                )
    return found


def _require_unlike(path: Path, sentences: list[tuple[str, str, str]]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for pair in sentences:
        if pair in seen:
            raise DataError(f"{path}: the pair of {pair[0]!r} with {pair[1]!r} occurs twice. Drop one.")
        seen.add(pair)


def _find(id_or_path: str | Path, prefix: str, what: str) -> Path:
    """Return the file of a shipped id (with or without its prefix), or the path when it leads to a file."""
    text = str(id_or_path)
    known = {path.stem.removeprefix(prefix): path for path in sorted(HERE.glob(f"{prefix}*.toml"))}
    for name, shipped in known.items():
        if text in (name, prefix + name):
            return shipped
    path = Path(id_or_path)
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if there:
        return path
    if path.suffix.casefold() == ".toml":
        raise SteeringError(f"There is no file {text[:300]} to read {what} from. Check the path.")
    raise SteeringError(f"There are no {what} {text[:300]!r}.{did_you_mean(text, known)} The path of a file works too.")
