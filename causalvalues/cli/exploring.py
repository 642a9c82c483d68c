"""The command that writes a run as one page to explore, or serves it with the engine behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say
from causalvalues.errors import StudyError


def explore(
    run: Annotated[Path, typer.Argument(help="Run folder of a study, or a folder with posterior.json and model.json.")],
    other: Annotated[Path | None, typer.Argument(help="A second run to compare with.")] = None,
    out: Annotated[Path | None, typer.Option(help="HTML file; default RUN-explorer.html, beside the folder.")] = None,
    live: Annotated[
        bool, typer.Option("--serve", help="Serve the page on this machine, with the engine behind it, until Ctrl-C.")
    ] = False,
    port: Annotated[int | None, typer.Option(help="With --serve; default: a free one.")] = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Show a run as one HTML page that opens from disk, or from a small server: graph, what-if, plans, comparison."""
    if live and out is not None:
        raise StudyError("--serve writes no file, so it does not go with --out. Leave one of them out.")
    if port is not None and not live:
        raise StudyError("--port is the port of --serve. Add --serve, or leave --port out.")
    if live:
        _tell_gaps(run, other)
        _serve(run, other, port or 0, as_json)
        return
    from causalvalues.explorer import explore as write

    folder = run.resolve()
    out = folder.with_name(f"{folder.name}-explorer.html") if out is None else out
    keep([run] if other is None else [run, other], out)
    written = str(write(run, out, other))
    _tell_gaps(run, other)
    say(json.dumps({"page": written}, ensure_ascii=False) if as_json else f"Wrote {written}.")


def _tell_gaps(*runs: Path | None) -> None:
    """Say what of a run is damaged and what the page leaves out for it."""
    from causalvalues.explorer.manifest import manifest_gaps
    from causalvalues.study.manifest_reading import read_manifest

    for run in runs:
        for gap in () if run is None else manifest_gaps(read_manifest(run)):
            typer.echo(f"{run}: {gap}", err=True)


def _serve(run: Path, other: Path | None, port: int, as_json: bool) -> None:
    """Serve until Ctrl-C; the address is the first line, and the only one, on standard output."""
    from causalvalues.explorer.serving import serve

    def tell(address: str) -> None:
        say(json.dumps({"address": address}) if as_json else address)
        typer.echo("The explorer is there until Ctrl-C. Only this machine can reach it.", err=True)

    serve(run, other, port, tell)
    typer.echo("Stopped.", err=True)
