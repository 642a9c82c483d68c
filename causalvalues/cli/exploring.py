"""The command that writes a run as one page to explore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say


def explore(
    run: Annotated[Path, typer.Argument(help="Run folder of a study, or a folder with posterior.json and model.json.")],
    other: Annotated[Path | None, typer.Argument(help="A second run to compare with.")] = None,
    out: Annotated[Path | None, typer.Option(help="HTML file; default RUN-explorer.html, beside the folder.")] = None,
    debug: of.Debug = False,
) -> None:
    """Write a run as one HTML page that opens from disk: graph, what-if sliders, plans, comparison."""
    from causalvalues.explorer import explore as write

    folder = run.resolve()
    out = folder.with_name(f"{folder.name}-explorer.html") if out is None else out
    keep([run] if other is None else [run, other], out)
    say(f"Wrote {write(run, out, other)}.")
