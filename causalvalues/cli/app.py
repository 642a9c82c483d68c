"""The commands."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from causalvalues.cli import (
    caching,
    checking,
    comparing,
    converting,
    drawing,
    eliciting,
    exploring,
    reading_logs,
    reporting,
    steering,
    tabling,
    vectoring,
)
from causalvalues.cli import options as of
from causalvalues.cli.group import Commands
from causalvalues.cli.output import amounts, answers, keep, say, say_json, scored, show, summarised, write_table

app = typer.Typer(
    cls=Commands,
    epilog="Exit codes: 0 ok, 1 a check failed, 2 wrong usage, 3 bad data, 4 a model or a limit, 130 interrupted. "
    "Nothing is sent anywhere but the questions of `elicit` to the server that you name.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; a character that the terminal cannot show is escaped, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


def _version(asked: bool) -> None:
    if asked:
        from causalvalues import __version__

        say(f"causalvalues {__version__}")
        raise typer.Exit


@app.callback()
def causalvalues(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Causal-graph analysis of values: from a model or its answers to a counterfactual plan."""


@app.command()
def check(
    path: of.AnswersFile,
    key: of.Key = "",
    theory: of.Theory = "",
    levers: of.Levers = [],
    cluster_by: of.ClusterBy = "",
    group_by: of.GroupBy = "",
    strata_by: of.StrataBy = "",
    centring: of.Centring = "none",
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Ask the data doctor; exit code 1 when a finding blocks learning."""
    from causalvalues.evidence import check as look

    about = {"key": key, "theory": theory, "levers": levers, "cluster_by": cluster_by, "group_by": group_by}
    found = look(answers(path, about | {"centring": centring, "strata_by": strata_by}))
    if as_json:
        say_json([vars(finding) for finding in found])
    else:
        say("\n".join(str(finding) for finding in found) or "Nothing found.")
    raise typer.Exit(int(any(finding.severity == "blocking" for finding in found)))


@app.command()
def score(
    path: of.AnswersFile,
    key: of.Key,
    out: Annotated[Path, typer.Option(help="File of scores: .csv, .tsv (also .gz) or .parquet.")],
    centring: of.Centring = "none",
    debug: of.Debug = False,
) -> None:
    """Turn items into dimensions with a scoring key."""
    from causalvalues.responses import write_responses

    keep([path], out)
    matrix = answers(path, {"key": key, "centring": centring})
    write_responses(matrix, out)
    say("\n".join([*matrix.notes[1:], f"Wrote {out}."]))


@app.command()
def learn(
    path: of.AnswersFile,
    out: Annotated[Path | None, typer.Option(help="Save the graph posterior as JSON.")] = None,
    model: Annotated[Path | None, typer.Option(help="Fit and save the structural model as JSON.")] = None,
    key: of.Key = "",
    theory: of.Theory = "",
    levers: of.Levers = [],
    cluster_by: of.ClusterBy = "",
    group_by: of.GroupBy = "",
    drop: of.Drop = [],
    strata_by: of.StrataBy = "",
    within: of.Within = "",
    missing: of.Missing = "em",
    moments: of.MomentsBy = "product",
    seed: of.Seed = 0,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Learn how the values depend on each other, and print the edges of the averaged graph."""
    from causalvalues.discovery import discover
    from causalvalues.evidence import check as look
    from causalvalues.evidence import refuse
    from causalvalues.model import fit
    from causalvalues.study import save
    from causalvalues.study.learning import thinned
    from causalvalues.study.progress import progress_bar

    keep([path], out, model)
    about = {"key": key, "theory": theory, "levers": levers, "cluster_by": cluster_by, "group_by": group_by}
    found = scored(path, about | {"drop": drop, "strata_by": strata_by})
    refuse(look(found.matrix))
    evidence = summarised(found, {"within": within, "missing": missing, "moments": moments})
    with progress_bar(1) as begin:
        begin("learn the graphs")
        posterior = discover(evidence, seed=seed)
    if out is not None:
        save(posterior, out)
    if model is not None:
        save(fit(thinned(posterior, 1000, seed), evidence, seed=seed), model)
    show(posterior.averaged_graph(), as_json)


app.command()(tabling.effects)


@app.command()
def counterfactual(
    path: of.ModelFile,
    rows: Annotated[Path, typer.Argument(help="Answers of the units that are asked about.")],
    held: of.Held = [],
    pushed: of.Pushed = [],
    key: of.Key = "",
    levers: of.Levers = [],
    out: Annotated[Path | None, typer.Option(help="Write every unit as CSV.")] = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Say what units with these answers would have answered under interventions."""
    from causalvalues.study import load_model
    from causalvalues.study.questions import counterfactual_table, interventions_of

    keep([path, rows], out)
    matrix = answers(rows, {"key": key, "levers": levers})
    wanted = interventions_of(amounts(held, "--set"), amounts(pushed, "--shift"))
    table = counterfactual_table(load_model(path), matrix, wanted)
    write_table(table, out)
    show(table, as_json)


@app.command()
def plan(
    path: of.ModelFile,
    target: Annotated[list[str], typer.Option("--target", help="VALUE=SCORE; may be repeated.")],
    lever: Annotated[list[str], typer.Option("--lever", help="NODE or NODE=DOSE; default all levers at dose 1.")] = [],
    start: Annotated[list[str], typer.Option("--start", help="VALUE=SCORE of one unit; default the population.")] = [],
    tolerance: Annotated[float, typer.Option(help="A value hits within this distance.")] = 0.25,
    max_levers: Annotated[int, typer.Option(min=1, help="At most this many levers together.")] = 3,
    untried: Annotated[bool, typer.Option("--untried", help="Allow combinations that were never tried.")] = False,
    rows: Annotated[
        Path | None,
        typer.Option("--answers", help="Answers with and without levers: how units differ in what levers do."),
    ] = None,
    key: of.Key = "",
    levers: of.Levers = [],
    cluster_by: of.ClusterBy = "",
    out: Annotated[Path | None, typer.Option(help="Draw the plan: .svg, .pdf, .png.")] = None,
    seed: of.Seed = 0,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Choose levers and doses that come nearest to a target, with a proof and a chance."""
    from causalvalues.figures import draw as draw_file
    from causalvalues.figures import plan_figure
    from causalvalues.planning import Enumerate, Target
    from causalvalues.planning import plan as find
    from causalvalues.study import load_model
    from causalvalues.study.questions import heterogeneity, levers_named, plan_json, plan_words

    keep([path] if rows is None else [path, rows], out)
    model, wanted = load_model(path), Target(amounts(target, "--target"), tolerance=tolerance)
    spread = None
    if rows is not None:
        spread = heterogeneity(answers(rows, {"key": key, "levers": levers, "cluster_by": cluster_by}))
    method = Enumerate(max_levers=max_levers, untried=untried, heterogeneity=spread, seed=seed)
    found = find(model, amounts(start, "--start") or None, wanted, levers_named(lever, model), method)
    if out is not None:
        draw_file(plan_figure(found, wanted), out)
    if as_json:
        say_json(plan_json(found))
    else:
        hint = "With --answers FILE (answers with and without levers) it is the chance of one unit.\n"
        say((hint if rows is None and found.chance_of == "the average effect" else "") + plan_words(found))


@app.command()
def theories(
    name: Annotated[str, typer.Argument(help="Show this one: a theory or a scoring key (id or file).")] = "",
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """List the value theories and scoring keys that ship with the package."""
    from causalvalues.cli.listing import listing_lines, listing_of

    held = listing_of(name)
    if as_json:
        say_json(held)
    else:
        say("\n".join(listing_lines(held)))


@app.command()
def study(
    path: Annotated[Path, typer.Argument(help="Study file (TOML).")],
    out: Annotated[Path, typer.Option(help="Run folder; an earlier run is replaced.")] = Path("runs/study"),
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the study's own.")] = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Run a study: check, evidence, graphs, model, questions, plans, figures, report."""
    from causalvalues.study.running import run_study
    from causalvalues.study.summary import summary_json, summary_words

    run = run_study(path, out, seed)
    if as_json:
        say_json(summary_json(run))
    else:
        say(summary_words(run))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Run folder; an earlier run is replaced.")] = Path("runs/demo"),
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the study's own.")] = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Run the study of the answers that ship with the package."""
    from causalvalues.study import DEMO

    study(DEMO, out, seed, as_json, debug)


for command in (
    converting.convert,
    drawing.draw,
    drawing.lint,
    tabling.table,
    comparing.compare,
    checking.falsify,
    checking.reliability,
    checking.choices,
    eliciting.elicit,
    exploring.explore,
    reading_logs.logs,
    reporting.report,
    steering.steer_loop,
    vectoring.steer_vectors,
):
    app.command()(command)
app.add_typer(caching.app, name="cache")
