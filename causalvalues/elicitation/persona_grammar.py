"""The grammar that personas are drawn from: an age, a job, a place, two habits of different ways of life, a family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from causalvalues.elicitation.data_files import HERE, read_fields, shipped, texts
from causalvalues.errors import ElicitationError, did_you_mean
from causalvalues.theories.files import check_fields

FORMAT = "causalvalues-persona-grammar 1"
_GRAMMAR: dict[str, type] = {
    "language": str, "licence": str, "source": str, "template": str, "ages": list, "jobs": list, "places": list,
    "habits": list, "families": list,
}  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """A part of a description, for those who are between two ages, both included."""

    text: str
    youngest: int
    oldest: int


@dataclass(frozen=True)
class Grammar:
    """What there is to choose from.

    Parameters
    ----------
    template : str
        With places for ``{age}``, ``{job}``, ``{place}``, ``{habit}``, ``{other_habit}`` and ``{family}``.
    youngest, oldest : int
        Ages, both included.
    jobs, places, families : tuple of Clause
    ways : tuple of tuple of str
        Ways of life, each a list of habits.
    """

    template: str
    youngest: int
    oldest: int
    jobs: tuple[Clause, ...]
    places: tuple[Clause, ...]
    ways: tuple[tuple[str, ...], ...]
    families: tuple[Clause, ...]


def describe(grammar: Grammar, rng: np.random.Generator) -> str:
    """Draw a description; ages, places and ways of life are equally likely, and so are the jobs of an age."""
    age = int(rng.integers(grammar.youngest, grammar.oldest + 1))
    first, second = rng.choice(len(grammar.ways), size=2, replace=False)
    return grammar.template.format(
        age=age,
        job=_pick(grammar.jobs, age, rng),
        place=_pick(grammar.places, age, rng),
        habit=grammar.ways[first][int(rng.integers(len(grammar.ways[first])))],
        other_habit=grammar.ways[second][int(rng.integers(len(grammar.ways[second])))],
        family=_pick(grammar.families, age, rng),
    )


def _pick(clauses: Sequence[Clause], age: int, rng: np.random.Generator) -> str:
    fitting = [clause.text for clause in clauses if clause.youngest <= age <= clause.oldest]
    return fitting[int(rng.integers(len(fitting)))]


def persona_grammar(language: str) -> Grammar:
    """Return the grammar of a language.

    Raises
    ------
    ElicitationError
        If there is none.
    """
    known = shipped("personas-")
    if language not in known:
        raise ElicitationError(f"There are no personas in the language {language!r}.{did_you_mean(language, known)}")
    path = HERE / f"personas-{language}.toml"
    fields = read_fields(path, FORMAT, _GRAMMAR, set(_GRAMMAR) - {"licence", "source"})
    youngest, oldest = fields["ages"]
    parts = {
        name: tuple(_clause(path, entry, youngest, oldest) for entry in fields[name])
        for name in ("jobs", "places", "families")
    }
    ways = tuple(texts(path, "habits", way) for way in fields["habits"])
    return Grammar(fields["template"], youngest, oldest, parts["jobs"], parts["places"], ways, parts["families"])


def _clause(path: Path, entry: Any, youngest: int, oldest: int) -> Clause:
    if isinstance(entry, str):
        return Clause(entry, youngest, oldest)
    check_fields(path, entry, {"text": str, "from": int, "to": int}, ("text", "from", "to"))
    return Clause(entry["text"], entry["from"], entry["to"])
