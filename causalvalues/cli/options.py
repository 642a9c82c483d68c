"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from causalvalues.cli.group import remember_debug

AnswersFile = Annotated[Path, typer.Argument(help="Answers: CSV, TSV (also .gz) or Parquet, wide or long.")]
ModelFile = Annotated[Path, typer.Argument(help="A model that `learn --model` or a study saved.")]
Key = Annotated[str, typer.Option(help="Scoring key (id or file): the columns are items.")]
Theory = Annotated[str, typer.Option(help="Value theory (id or file): the columns are its dimensions.")]
Levers = Annotated[list[str], typer.Option("--levers", help="Column of doses of a lever; may be repeated.")]
ClusterBy = Annotated[str, typer.Option(help="Label whose rows are not independent, such as persona_id.")]
GroupBy = Annotated[str, typer.Option(help="Label that splits rows into groups, such as model.")]
StrataBy = Annotated[str, typer.Option(help="Label of the strata that clusters were sampled within.")]
Missing = Annotated[
    Literal["em", "pairwise", "listwise"],
    typer.Option(help="Rows with missing answers: maximum likelihood, each pair's own rows, or complete rows only."),
]
MomentsBy = Annotated[
    Literal["product", "polychoric", "rank", "corrected"],
    typer.Option("--moments", help="Of scores, ordinal answers, ranks, or corrected for measurement error (a key)."),
]
Within = Annotated[str, typer.Option(help="Label whose group means are removed.")]
Centring = Annotated[
    Literal["none", "person_mean"], typer.Option(help="What to subtract from a row: nothing, or its mean.")
]
Drop = Annotated[list[str], typer.Option("--drop", help="Dimension to leave out; may be repeated.")]
Held = Annotated[list[str], typer.Option("--set", help="NAME=NUMBER: hold a value or lever there; may be repeated.")]
Pushed = Annotated[list[str], typer.Option("--shift", help="NAME=NUMBER: add this to a value; may be repeated.")]
Seed = Annotated[int, typer.Option(min=0, help="For everything that draws; same seed, same result.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.", callback=remember_debug)]
