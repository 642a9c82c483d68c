"""Commands on the store of answers: what it has, removing some of it, writing it as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say, say_json
from causalvalues.errors import ElicitationError

if TYPE_CHECKING:
    from causalvalues.elicitation.store import Holding, Store

app = typer.Typer(
    help="Answers of models that are kept, so that nothing is asked twice: list, prune, export.", no_args_is_help=True
)

StorePath = Annotated[
    Path | None,
    typer.Option("--store", help="Store of answers; default $CAUSALVALUES_STORE, or in the data folder of the user."),
]
DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0}


@app.command("list")
def list_(store: StorePath = None, as_json: of.Json = False, debug: of.Debug = False) -> None:
    """Say how many answers are kept of each backend and model."""
    with _opened(store) as kept:
        _show(kept.path, kept.summary(), as_json, "holds")


@app.command()
def prune(
    store: StorePath = None,
    older_than: Annotated[str, typer.Option(help="Age, such as 12h, 30d or 8w, or a date, such as 2026-01-31.")] = "",
    backend: Annotated[str, typer.Option(help="Part of the identity that `cache list` shows.")] = "",
    model: Annotated[str, typer.Option(help="Whole name of the model.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Remove answers that meet all criteria given; what is removed is asked again when it is needed."""
    if not (older_than or backend or model):
        raise ElicitationError(
            "There is no criterion. Give --older-than, --backend or --model (all that are given must be met)."
        )
    before = _before(older_than) if older_than else None
    with _opened(store) as kept:
        found = kept.prune(before, backend, model, dry_run=dry_run)
        _show(kept.path, found, as_json, "would lose" if dry_run else "lost")


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="File of JSON lines; the same answers give the same bytes.")],
    store: StorePath = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Write all answers with their questions as JSON lines, sorted by key and without times."""
    with _opened(store) as kept:
        keep([kept.path], out)
        kept.export(out)
        if as_json:
            say_json({"store": str(kept.path), "answers": len(kept), "out": str(out)})
        else:
            say(f"Wrote {out}: {len(kept)} answers.")


def _opened(path: Path | None) -> Store:
    from causalvalues.elicitation.store import Store, default_store_path

    return Store(path or default_store_path(), create=False)


def _before(age: str) -> datetime:
    """Return the moment that an age or a date stands for.

    Raises
    ------
    ElicitationError
        If it is neither.
    """
    parts = re.fullmatch(r"(\d{1,6})([hdw])", age.strip())
    try:
        if parts:
            return datetime.now(UTC) - timedelta(days=int(parts[1]) * DAYS[parts[2]])
        return datetime.fromisoformat(age.strip()).astimezone()
    except (ValueError, OverflowError):
        raise ElicitationError(
            f"--older-than {age!r} is not understood. Give hours, days or weeks (12h, 30d, 8w) or a date (2026-01-31)."
        ) from None


def _show(path: Path, found: list[Holding], as_json: bool, verb: str) -> None:
    if as_json:
        say_json({"store": str(path), "holdings": [vars(each) for each in found]})
        return
    say(f"{path} {verb} {sum(each.answers for each in found)} answers.")
    for each in found:
        times = f", {each.first} to {each.last}" if each.answers else ""
        lost = f"; {each.lost} lost on the way, to be asked again" if each.lost else ""
        say(f"\n{each.model}\n  {each.answers} answers, {_size(each.bytes)}{times}{lost}\n  {each.backend}")


def _size(count: int) -> str:
    """Return a number of bytes for people.

    Examples
    --------
    >>> _size(950), _size(2_340_000)
    ('950 bytes', '2.3 MB')
    """
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"
