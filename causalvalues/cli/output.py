"""What commands print and how they read small things; everything heavy is imported here only when needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from causalvalues.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from causalvalues.evidence import Evidence
    from causalvalues.responses import ResponseMatrix
    from causalvalues.study.answers import Answers


def say(text: str) -> None:
    """Print a line for people."""
    typer.echo(text)


def say_json(held: Any) -> None:
    """Print JSON."""
    typer.echo(json.dumps(held, indent=2, ensure_ascii=False))


def show(table: pd.DataFrame, as_json: bool, decimals: int = 2) -> None:
    """Print a table for people, or as JSON with one object a row."""
    if as_json:
        say_json(json.loads(table.to_json(orient="records", double_precision=15, force_ascii=False)))
    else:
        say(table.to_string(index=False, float_format=lambda number: f"{number:.{decimals}f}"))


def write_table(table: pd.DataFrame, out: Path | None) -> None:
    """Write a table as CSV when a place was given."""
    from causalvalues.files import write_text

    if out is not None:
        write_text(out, str(table.to_csv(index=False, lineterminator="\n")))


def amounts(pairs: Sequence[str], option: str) -> dict[str, float]:
    """Read ``NAME=NUMBER`` pairs.

    Examples
    --------
    >>> amounts(["power=0.5", "a=b=1"], "--set")
    {'power': 0.5, 'a=b': 1.0}
    """
    found: dict[str, float] = {}
    for pair in pairs:
        name, _, number = pair.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            name = ""
        if not name:
            raise StudyError(f"{option} {pair!r} is not understood. Write NAME=NUMBER, for example {option} power=0.5.")
        if [each.rpartition("=")[0] for each in pairs].count(name) > 1:
            raise StudyError(f"{option} names {name!r} twice. Keep one of them.")
    return found


def answers(path: Path, about: dict[str, Any]) -> ResponseMatrix:
    """Read and score answers with the options of a command (keys as in the ``[data]`` section of a study file)."""
    return scored(path, about).matrix


def scored(path: Path, about: dict[str, Any]) -> Answers:
    """Read answers as `answers` does, and keep the items and the key beside the scores."""
    from causalvalues.study.answers import read_answers
    from causalvalues.study.settings import DataSettings

    found = read_answers(DataSettings(path=str(path), **about), Path())
    typer.echo("\n".join(found.matrix.notes[:1]), err=True)
    return found


def summarised(found: Answers, how: dict[str, Any]) -> Evidence:
    """Summarise answers (keys as in the ``[evidence]`` section of a study file), and say what was used."""
    from causalvalues.study.moments import evidence_of
    from causalvalues.study.settings import EvidenceSettings

    evidence = evidence_of(found, EvidenceSettings(**how))
    typer.echo("\n".join(note for note in evidence.notes if note not in found.matrix.notes), err=True)
    return evidence


def keep(inputs: Sequence[Path], *outputs: Path | None) -> None:
    """Refuse, before anything is computed, to write over a file that is read or to write two results into one file."""
    taken = {path.resolve(): "read by this command" for path in inputs}
    for path in outputs:
        if path is not None:
            if path.resolve() in taken:
                raise StudyError(f"{path} is {taken[path.resolve()]}, so it is not overwritten. Give another name.")
            taken[path.resolve()] = "written by this command already"
