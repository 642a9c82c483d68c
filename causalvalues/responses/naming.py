"""Which columns (or long-file entries) are answers, and what they are called."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from causalvalues.errors import DataError, did_you_mean
from causalvalues.responses.codes import listed
from causalvalues.responses.numbers import Numbers
from causalvalues.theories import ScoringKey, ValueTheory, scoring_key, scoring_keys, theories, theory

Vocabulary = ScoringKey | ValueTheory
_WIDER = 5.0


def chosen(path: Path, names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the names that a user asked for, by name or by pattern, in file order.

    Raises
    ------
    DataError
        If something that was asked for is not there.
    """
    wanted: set[str] = set()
    for pattern in patterns:
        found = {pattern} & set(names) or {name for name in names if fnmatchcase(name, pattern)}
        if not found:
            raise DataError(f"{path} has no answers called {pattern!r}." + did_you_mean(pattern, names))
        wanted |= found
    return [name for name in names if name in wanted]


def known_names(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the canonical names of a key (items) or a theory (dimensions)."""
    return vocabulary.all_items if isinstance(vocabulary, ScoringKey) else vocabulary.dimensions


def translate(path: Path, names: Iterable[str], vocabulary: Vocabulary) -> dict[str, str]:
    """Return {name in the file: canonical name} of the names that the key or theory knows.

    Raises
    ------
    DataError
        If none is known, or one is nearly a name that is wanting.
    """
    names = list(names)
    renamed = {name: vocabulary.canonical(name) for name in names if vocabulary.knows(name)}
    wanting = [name for name in known_names(vocabulary) if name not in renamed.values()]
    for name in names:
        near = [] if name in renamed else difflib.get_close_matches(name.casefold(), wanting, n=1, cutoff=0.8)
        if near:
            raise DataError(
                f"{path}: {name!r} is not known to {vocabulary.id}, and {near[0]!r} is not in the file. Did you mean "
                f"{near[0]!r}? Rename it, or leave it out: ReadOptions(drop=[{name!r}])."
            )
    if not renamed:
        first = names[0] if names else ""
        raise DataError(
            f"{path}: none of {listed([repr(name) for name in names], 4) or 'the columns'} is known to {vocabulary.id}."
            + did_you_mean(first, known_names(vocabulary))
            + " Rename them, add aliases to a key or theory file, or read the file without a key."
        )
    return renamed


def refuse_same(path: Path, renamed: Mapping[str, str]) -> None:
    """Raise `DataError` when two names of a file are one item or dimension."""
    seen: dict[str, str] = {}
    for name, canonical in renamed.items():
        if canonical in seen:
            raise DataError(
                f"{path}: {seen[canonical]!r} and {name!r} are both {canonical!r}. Leave one of them out: "
                f"ReadOptions(drop=[{name!r}])."
            )
        seen[canonical] = name


def recognise(path: Path, names: Sequence[str]) -> tuple[dict[str, str], str]:
    """Return canonical names and the theory they belong to, when all names belong to one that ships.

    Returns
    -------
    (dict of str to str, str)
        Name in the file -> canonical name, and the id of the theory; the names themselves and "" where there is none.

    Raises
    ------
    DataError
        If most names of a theory or key that ships are there, but also other names: both readings are printed.
    """
    shipped = sorted((theory(name) for name in theories()), key=lambda one: len(one.dimensions))
    for one in shipped:
        if len(names) > 1 and all(one.knows(name) for name in names):
            renamed = {name: one.canonical(name) for name in names}
            return renamed, one.id
    best = max(shipped, key=lambda one: sum(map(one.knows, names)))
    if sum(map(best.knows, names)) >= max(3, len(best.dimensions) / 2):
        _refuse_partly_known(path, names, best, f'theory="{best.id}"')
    likely = likely_key(names)
    if likely is not None and not all(map(likely.knows, names)):
        _refuse_partly_known(path, names, likely, f'key="{likely.id}"')
    return {name: name for name in names}, ""


def likely_key(names: Sequence[str]) -> ScoringKey | None:
    """Return the one key that ships whose items (at least four of five) are among the names, or None."""
    keys = [scoring_key(name) for name in scoring_keys()]
    likely: dict[tuple[str, ...], ScoringKey] = {}
    for key in keys:
        found = {key.canonical(name) for name in names if key.knows(name)}
        if len(found) >= 0.8 * len(key.all_items):
            likely.setdefault(key.all_items, key)
    return next(iter(likely.values())) if len(likely) == 1 else None


def _refuse_partly_known(path: Path, names: Sequence[str], vocabulary: Vocabulary, option: str) -> None:
    ours = [name for name in names if vocabulary.knows(name)]
    others = [name for name in names if not vocabulary.knows(name)]
    raise DataError(
        f"{path} can be read in two ways: (1) the {len(ours)} columns that belong to {vocabulary.id}, and the other "
        f"columns of numbers left out: ReadOptions({option}); (2) all {len(names)} columns of numbers are answers, "
        f'{listed(others, 4)} as well: ReadOptions(columns=["*"]). Choose one.'
    )


def refuse_mixed_scales(path: Path, columns: Sequence[Numbers]) -> None:
    """Raise `DataError` when some columns of numbers span a far wider range than the others (an age, a year, an id)."""
    spans = {column.name: _span(column) for column in columns}
    typical = float(np.sort(list(spans.values()))[(len(spans) - 1) // 2]) if spans else 0.0
    wide = [name for name, span in spans.items() if span > _WIDER * typical > 0]
    if wide:
        rest = [name for name in spans if name not in wide]
        raise DataError(
            f"{path} can be read in two ways: (1) {len(rest)} columns are answers ({listed(rest, 4)}), and "
            f"{listed(wide, 4)} are something else, for their range is more than {_WIDER:g} times as wide: "
            f"ReadOptions(drop={wide[:4]!r}), or name the key, theory or columns to read; (2) all {len(spans)} "
            "columns of "
            'numbers are answers: ReadOptions(columns=["*"]). Choose one. (One answer a row? Then say which columns '
            'hold the unit, the item and the answer: ReadOptions(unit="...", item="...", answer="...").)'
        )


def _span(column: Numbers) -> float:
    numbers = column.values[~np.isnan(column.values)]
    return float(numbers.max() - numbers.min()) if len(numbers) else 0.0
