"""Commands that question answers and graphs: falsification, reliability, pairwise choices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import answers, keep, say, say_json, scored, show, write_table
from causalvalues.errors import StudyError

if TYPE_CHECKING:
    from causalvalues.responses.ratings import Rating


def falsify(
    path: of.AnswersFile,
    key: of.Key = "",
    theory: of.Theory = "",
    levers: of.Levers = [],
    cluster_by: of.ClusterBy = "",
    drop: of.Drop = [],
    within: of.Within = "",
    share: Annotated[float, typer.Option(min=0.1, max=0.9, help="Of the clusters, kept from learning.")] = 0.5,
    splits: Annotated[int, typer.Option(min=1, help="How often the clusters are split anew.")] = 11,
    seed: of.Seed = 0,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Learn a graph from one part of the clusters and test it on the other; exit code 1 when it is rejected."""
    from causalvalues.discovery import ExactPosterior, OrderSearch
    from causalvalues.discovery.exact import MOST_VALUES
    from causalvalues.evidence import check as look
    from causalvalues.evidence import refuse
    from causalvalues.model import HeldOut
    from causalvalues.model import falsify as test
    from causalvalues.study.report_tests import small_p

    about = {"key": key, "theory": theory, "levers": levers, "cluster_by": cluster_by, "drop": drop}
    matrix = answers(path, about)
    refuse(look(matrix))
    learner = ExactPosterior(moment_draws=0) if len(matrix.names) <= MOST_VALUES else OrderSearch(resamples=20)
    found = test(matrix, learner, HeldOut(share, splits, within), seed=seed)
    if as_json:
        table = json.loads(found.table.to_json(orient="records", double_precision=15))
        say_json({"verdict": found.verdict, "rejected": found.rejected, "splits": table})
    else:
        say(f"The graph is {small_p(found.verdict)}.\n")
        show(found.table, False, decimals=3)
        say("\nForeseeing the new rows (differences in nats a row, above zero: the graph is better)")
        show(found.prediction.rename_axis("model").reset_index(), False, decimals=3)
    raise typer.Exit(int(found.rejected))


def reliability(
    path: of.AnswersFile,
    key: of.Key,
    levers: of.Levers = [],
    cluster_by: of.ClusterBy = "",
    within: of.Within = "",
    over: Annotated[str, typer.Option(help="Label of repeats or paraphrases, for split-half.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the reliabilities as CSV.")] = None,
    seed: of.Seed = 0,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Say how reliably each value is measured, and how many false edges that makes; exit code 1 when it blocks."""
    from causalvalues.study.measurement import measurement_of
    from causalvalues.study.settings import CheckSettings, DataSettings, EvidenceSettings, StudySettings

    keep([path], out)
    found = scored(path, {"key": key, "levers": levers, "cluster_by": cluster_by})
    asked, checks = EvidenceSettings(within=within, over=over), CheckSettings(item_stability=False)
    settings = StudySettings(data=DataSettings(path=str(path)), evidence=asked, checks=checks, seed=seed)
    measured = measurement_of(settings, found)
    if measured is None:
        raise StudyError("Reliability is estimated from items. Give a scoring `--key`.")
    table = measured.table.rename_axis("value").reset_index()
    write_table(table, out)
    edges = measured.false_edges
    if as_json:
        rows = json.loads(table.to_json(orient="records", double_precision=15))
        say_json(
            {"reliability": rows, "false_edges": None if edges is None else measured.share, "blocked": measured.blocked}
        )
    else:
        show(table, False)
        said = [str(finding) for finding in edges.findings()] if edges is not None else list(measured.skipped)
        say("\n".join(["", *said]))
    raise typer.Exit(int(measured.blocked))


def choices(
    path: Annotated[Path, typer.Argument(help="Choices between two options, one a row: first, second, chosen.")],
    rating: Annotated[
        Literal["bradley-terry", "davidson", "thurstone", "elo"], typer.Option(help="How options are rated.")
    ] = "bradley-terry",
    unit: Annotated[str, typer.Option(help="Column that says who chose.")] = "",
    dilemma: Annotated[str, typer.Option(help="Column that names the dilemma.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the strengths as CSV.")] = None,
    seed: of.Seed = 0,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Turn pairwise choices into strengths with intervals, and say whether they form one order."""
    from causalvalues.responses import BradleyTerry, Davidson, Elo, Thurstone, read_choices, strengths, transitivity

    keep([path], out)
    ratings: dict[str, Rating] = {
        "bradley-terry": BradleyTerry(),
        "davidson": Davidson(),
        "thurstone": Thurstone(),
        "elo": Elo(),
    }
    found = read_choices(path, unit, dilemma)
    table, order = strengths(found, ratings[rating], seed=seed), transitivity(found, seed=seed)
    write_table(table, out)
    if as_json:
        rows = json.loads(table.to_json(orient="records", double_precision=15))
        say_json({"strengths": rows, "transitivity": order.violations, "cycles": [list(each) for each in order.cycles]})
    else:
        show(table, False)
        say("\n".join(["", order.summary(), *found.notes]))
