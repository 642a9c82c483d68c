"""``causalvalues table``: a table for a paper; ``causalvalues effects``: the total effects of a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say, show, write_table
from causalvalues.errors import FigureError


def table(
    path: Annotated[Path, typer.Argument(help="A run folder; for edges or effects also a saved posterior or model.")],
    out: Annotated[Path, typer.Option(help="File: .tex (booktabs, siunitx), .md, .html or .csv (all digits).")],
    kind: Annotated[
        Literal["edges", "effects", "matrix", "fit", "plan", "levers"],
        typer.Option(help="Edges, effects in rows or as a matrix, fit indices, a plan's profile, or its levers."),
    ] = "edges",
    theory: Annotated[
        str, typer.Option(help="Value theory (id or file) for names and order; default: that of the run.")
    ] = "",
    names: Annotated[
        str,
        typer.Option(
            help="shown (Self-direction, Prompt: Security) or raw (self_direction, do_security, as in the data). "
            "Default: raw in .csv, which is data; shown in the others."
        ),
    ] = "",
    venue: Annotated[
        str,
        typer.Option(help="acl, neurips, nature or apa (.tex): type and columns of the table that fit its pages."),
    ] = "",
    columns: Annotated[
        int, typer.Option(min=1, max=2, help="With --venue: 1 column of the page, or 2 for its width (table*).")
    ] = 1,
    direct: Annotated[bool, typer.Option("--direct", help="Direct instead of total effects.")] = False,
    number: Annotated[int, typer.Option(min=1, help="Which plan of the run.")] = 1,
    title: Annotated[str, typer.Option(help="Caption in place of the usual one.")] = "",
    standalone: Annotated[bool, typer.Option("--standalone", help="LaTeX that compiles alone.")] = False,
    debug: of.Debug = False,
) -> None:
    """Write a table for a paper, in the format that the suffix names."""
    from causalvalues.files import write_text
    from causalvalues.study.run_tables import RunTable, manifest_gap, table_of_run
    from causalvalues.tables import FittedTable, LatexStyle, fitted, latex_text
    from causalvalues.tables import write_table as write_as
    from causalvalues.tables.writing import check_suffix

    keep([path], out)
    suffix = check_suffix(out)
    if venue and suffix != ".tex":
        raise FigureError(f"--venue fits LaTeX to a page, and {out.name!r} is none. Write .tex, or leave --venue out.")
    called = names or ("raw" if suffix == ".csv" else "shown")
    made = table_of_run(path, RunTable(kind, theory, direct, number, called))  # type: ignore[arg-type]
    made = replace(made, title=title or made.title)
    found = FittedTable(made, LatexStyle())
    if venue:
        from causalvalues.scene.venues import venue as venue_of

        found = fitted(made, venue_of(venue), columns)
    if suffix == ".tex":
        write_text(out, latex_text(found.table, replace(found.style, standalone=standalone)))
    else:
        write_as(made, out)
    for note in (*filter(None, [manifest_gap(path)]), *found.notes):
        typer.echo(note, err=True)
    say(f"Wrote {out}: {len(made.rows)} rows.")


def effects(
    path: of.ModelFile,
    cause: Annotated[str, typer.Option(help="Only effects of this node.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write all effects as CSV.")] = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Print the total effects of a model: what moves when one node is raised by one unit."""
    from causalvalues.model import total_effects
    from causalvalues.study import load_model
    from causalvalues.study.blocking import NOTE, blocked_beside
    from causalvalues.study.tables import long_effects

    keep([path], out)
    model = load_model(path)
    table = long_effects(total_effects(model))
    if blocked_beside(path):
        typer.echo(f"{NOTE}.", err=True)
    write_table(table, out)
    show(table if not cause else table[table["cause"] == model.nodes[model.place(cause)]], as_json)
