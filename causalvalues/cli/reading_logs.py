"""The command that turns logs of evaluation tools into a table of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import keep, say, say_json


def logs(
    path: Annotated[Path, typer.Argument(help="Log or folder of logs: inspect, lm-evaluation-harness, EDSL.")],
    out: Annotated[Path, typer.Option(help="Table of answers to write: .csv, .tsv (also .gz).")],
    item: Annotated[str, typer.Option(help="Field that holds the item.")] = "",
    persona: Annotated[str, typer.Option(help="Field that holds the persona; - for none.")] = "",
    prompt: Annotated[str, typer.Option(help="Field that holds the paraphrase of the prompt; - for none.")] = "",
    levers: Annotated[str, typer.Option(help="Field that holds the levers; - for none.")] = "",
    answer: Annotated[str, typer.Option(help="Which answer to take: text, choice, expected, score.NAME.")] = "",
    low: Annotated[int | None, typer.Option(help="Lowest rating, to read numbers out of text.")] = None,
    high: Annotated[int | None, typer.Option(help="Highest rating.")] = None,
    key: Annotated[str, typer.Option(help="Scoring key (id or file) whose scale is taken for --low and --high.")] = "",
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Turn the logs of an evaluation tool into a table of answers that the other commands read."""
    from causalvalues.elicitation.log_records import LogFields
    from causalvalues.elicitation.reading_logs import read_log, write_log_table

    keep([path], out)
    if key and low is None and high is None:
        low, high = _scale(key)
    log = read_log(path, LogFields(item, persona, prompt, levers, answer, low, high))
    write_log_table(log, out)
    if as_json:
        say_json({"answers": len(log.rows), "status": log.counts, "out": str(out), "notes": list(log.notes)})
    else:
        say("\n".join([*log.notes, f"Wrote {out}."]))


def _scale(name: str) -> tuple[int, int]:
    from causalvalues.errors import KeyFileError
    from causalvalues.theories import scoring_key

    key = scoring_key(name)
    if not (float(key.low).is_integer() and float(key.high).is_integer()):
        raise KeyFileError(f"The scale of {key.id} goes from {key.low:g} to {key.high:g}; give --low and --high.")
    return int(key.low), int(key.high)
