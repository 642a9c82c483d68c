"""The command that makes a ready report on a study."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import say, say_json
from causalvalues.errors import StudyError

WIDTH = 100


def report(
    name: Annotated[str, typer.Argument(help="Which report; --list shows all.")] = "",
    path: Annotated[str, typer.Argument(help="Study file (TOML), a run folder, or demo.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder; default runs/NAME. An earlier run of this report is replaced.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the reports.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the study's own.")] = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Make a ready report on a study, in the words of a published system."""
    from causalvalues.reports import report_kinds, run_report

    if listing:
        known = {kind.name: kind.about for kind in report_kinds()}
        if as_json:
            say_json(known)
        else:
            say("\n".join(f"{each:<12} {about}" for each, about in known.items()))
        return
    if not name or not path:
        lacking = "a study file, or demo" if name else "the name of a report and a study file"
        raise StudyError(f"Give {lacking}: causalvalues report NAME STUDY.toml (--list shows the names).")
    run = run_report(name, path, Path("runs") / name if out is None else out, seed)
    if as_json:
        lines = [" ".join(line) for line in run.first_lines]
        say_json({"folder": str(run.folder), "report": str(run.report), "files": run.files, "first_lines": lines})
        return
    said = [run.made.title, ""]
    for head, text in run.first_lines:
        said.append(textwrap.fill(f"{head} {text}".strip(), WIDTH, initial_indent="- ", subsequent_indent="  "))
    say("\n".join([*said, "", f"Report: {run.report}", f"Tables and figures: {run.folder}"]))
