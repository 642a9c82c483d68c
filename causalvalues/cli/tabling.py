"""``causalvalues table``: a table for a paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say


def table(
    path: Annotated[Path, typer.Argument(help="A run folder; for edges or effects also a saved posterior or model.")],
    out: Annotated[Path, typer.Option(help="File: .tex (booktabs, siunitx), .md, .html or .csv (all digits).")],
    kind: Annotated[
        Literal["edges", "effects", "matrix", "fit", "plan", "levers"],
        typer.Option(help="Edges, effects in rows or as a matrix, fit indices, a plan's profile, or its levers."),
    ] = "edges",
    theory: of.Theory = "",
    direct: Annotated[bool, typer.Option("--direct", help="Direct instead of total effects.")] = False,
    number: Annotated[int, typer.Option(min=1, help="Which plan of the run.")] = 1,
    title: Annotated[str, typer.Option(help="Caption in place of the usual one.")] = "",
    standalone: Annotated[bool, typer.Option("--standalone", help="LaTeX that compiles alone.")] = False,
    debug: of.Debug = False,
) -> None:
    """Write a table for a paper, in the format that the suffix names."""
    from causalvalues.files import write_text
    from causalvalues.study.run_tables import RunTable, table_of_run
    from causalvalues.tables import LatexStyle, latex_text, write_table
    from causalvalues.tables.writing import check_suffix

    keep([path], out)
    alone = check_suffix(out) == ".tex" and standalone
    made = table_of_run(path, RunTable(kind, theory, direct, number))
    made = replace(made, title=title or made.title)
    if alone:
        write_text(out, latex_text(made, LatexStyle(standalone=True)))
    else:
        write_table(made, out)
    say(f"Wrote {out}: {len(made.rows)} rows.")
