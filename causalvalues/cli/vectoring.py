"""``causalvalues steer-vectors``: levers inside a model from pairs of sentences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import say, say_json

if TYPE_CHECKING:
    from causalvalues.study.vector_run import VectorRun


def steer_vectors(
    out: Annotated[Path, typer.Option(help="Folder for levers, tables and report.")],
    model: Annotated[str, typer.Option(help="Folder or .gguf file of a local model; default: the embedded one.")] = "",
    theory: Annotated[str, typer.Option(help="Value theory (id or file).")] = "schwartz-10",
    pairs: Annotated[str, typer.Option(help="Contrast pairs (id or file); default: those of the theory.")] = "",
    items: Annotated[str, typer.Option(help="Statements to try levers on (id or file); default: the theory's.")] = "",
    words: Annotated[str, typer.Option(help="Words to try levers on (id or file); default: the theory's.")] = "",
    layers: Annotated[str, typer.Option(help="2,4,6; default: every second one from 2 to 80% of the depth.")] = "",
    loss: Annotated[float, typer.Option(help="What a dose of 1 costs on plain texts, nats per token.")] = 0.08,
    kind: Annotated[str, typer.Option(help="cleaned, mean_difference or discriminant.")] = "cleaned",
    positions: Annotated[str, typer.Option(help="Tokens that levers act on: all, prompt or answer.")] = "all",
    random: Annotated[int, typer.Option(help="Twins of each lever with random directions of the same length.")] = 3,
    seed: of.Seed = 0,
    no_trial: Annotated[
        bool, typer.Option("--no-trial", help="Only make the levers; what they do is unknown.")
    ] = False,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Make a lever of each value inside a model, set its dose by what it costs, and try it on unseen texts."""
    from causalvalues.study.study_file import validated
    from causalvalues.study.vector_run import run_vectors
    from causalvalues.study.vector_settings import VectorSettings, layers_given

    given = {
        "model": model,
        "theory": theory,
        "pairs": pairs,
        "items": items,
        "words": words,
        "layers": layers_given(layers),
        "loss": loss,
        "kind": kind,
        "positions": positions,
        "random": random,
        "trial": not no_trial,
        "seed": seed,
    }
    run = run_vectors(validated(VectorSettings, given, "the command"), out)
    if as_json:
        say_json(_json(run))
    else:
        say(run.summary())


def _json(run: VectorRun) -> dict[str, Any]:
    from causalvalues.study.vector_words import first_lines

    results = run.results
    return {
        "folder": str(run.folder),
        "report": str(run.report),
        "model": results.model,
        "layers": list(results.learned.vectors.layers),
        "levers": {lever.name: lever.fingerprint for lever in results.levers},
        "losses": {each.lever.name: each.loss for each in results.made},
        "first_lines": [list(line) for line in first_lines(results)],
    }
