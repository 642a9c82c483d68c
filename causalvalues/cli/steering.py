"""``causalvalues steer-loop``: plan, ask, compare, update, again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import say, say_json


def steer_loop(
    file: Annotated[Path, typer.Argument(help="File (TOML) with what is known, whom to steer, and where to.")],
    out: Annotated[Path, typer.Option(help="Folder for ledger, tables and report.")],
    store: Annotated[Path | None, typer.Option(help="SQLite file that keeps every answer.")] = None,
    max_calls: Annotated[int | None, typer.Option(min=0, help="Never ask more questions than this in one run.")] = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Steer a model towards targets, asking it; the same command goes on where it was interrupted."""
    from causalvalues.elicitation.cost import Limits
    from causalvalues.loop import run_steer_loop

    run = run_steer_loop(file, out, store, Limits(max_calls), tell=lambda line: typer.echo(line, err=True))
    if as_json:
        say_json({"folder": str(run.folder), "report": str(run.report), "targets": run.targets()})
    else:
        say(f"{run.summary()}\n\nOpen {run.report}")
