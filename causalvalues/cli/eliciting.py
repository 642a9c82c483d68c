"""The command that asks a language model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalvalues.cli import options as of
from causalvalues.cli.output import say, say_json
from causalvalues.errors import StudyError

if TYPE_CHECKING:
    from causalvalues.elicitation.cost import Estimate, Limits
    from causalvalues.elicitation.elicit import Elicitation
    from causalvalues.study.elicitation_settings import ElicitationSettings
    from causalvalues.study.eliciting import ElicitationRun


def elicit(
    file: Annotated[Path | None, typer.Argument(help="File (TOML) that says what to ask; options win over it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for answers and report.")] = None,
    model: Annotated[str, typer.Option(help="Folder or .gguf file of a local model; default: the embedded one.")] = "",
    server: Annotated[str, typer.Option(help="Address of an OpenAI-compatible server, up to /v1; with --name.")] = "",
    name: Annotated[str, typer.Option(help="Name of the model at the server.")] = "",
    personas: Annotated[int | None, typer.Option(min=0, help="How many personas.")] = None,
    items: Annotated[str, typer.Option(help="schwartz-10, mft-5, or a file of items.")] = "",
    per_value: Annotated[
        int | None,
        typer.Option(min=1, help="Items of each value (and as many reverse-keyed ones, where those are asked)."),
    ] = None,
    method: Annotated[str, typer.Option(help="statement_gain, rating, yes_no, forced_choice, ...")] = "",
    design: Annotated[str, typer.Option(help="personas (no levers), full, covering or random.")] = "",
    no_checks: Annotated[
        bool,
        typer.Option("--no-checks", help="Ask no known groups and paraphrases; nothing is known of validity then."),
    ] = False,
    store: Annotated[Path | None, typer.Option(help="SQLite file that keeps every answer.")] = None,
    max_calls: Annotated[
        int | None, typer.Option(min=0, help="Begin only if so many questions are enough, and never ask more.")
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option(min=0, help="Begin only if so much is enough, and never spend more; needs prices.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what it would cost, and ask nothing.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="For personas, designs, sampling and bootstraps.")] = None,
    as_json: of.Json = False,
    debug: of.Debug = False,
) -> None:
    """Measure the values of a language model; the same command again asks only for what is missing."""
    from causalvalues.elicitation.cost import Limits
    from causalvalues.study.eliciting import run_elicitation

    about = {
        "model": _model(model, server, name),
        "personas": {"number": personas},
        "items": {"set": items, "per_value": per_value},
        "method": {"kind": method},
        "design": {"kind": design},
        "checks": {"known_groups": False, "paraphrases": 0} if no_checks else {},
        "seed": seed,
    }
    settings, folder = _settings(file, about)
    prices = _prices(settings) if max_cost is not None else None
    limits = Limits(max_calls, max_cost, prices)
    if dry_run:
        _dry_run(settings, folder, store, limits, as_json)
        return
    if out is None:
        raise StudyError("Say where the answers go: --out runs/mine. Or see what it would cost: --dry-run.")
    found = run_elicitation(settings, out, store, limits, tell=_tell, folder=folder)
    if as_json:
        say_json(_json(found))
    else:
        say(found.summary())


def _tell(found: Estimate) -> None:
    typer.echo(words(found), err=True)


def words(found: Estimate) -> str:
    """Return the cost of a run in words."""
    from causalvalues.elicitation.cost import money_words

    lines = [
        f"{found.sheets} sheets: {found.calls} questions to ask, {found.stored} in the store; "
        f"about {found.prompt_tokens} prompt and {found.completion_tokens} completion tokens; "
        f"cost {money_words(found.money)}.",
        *found.notes,
    ]
    return "\n".join(lines)


def _kinds(asked: Elicitation) -> str:
    from causalvalues.study.elicitation_facts import design_counts

    said = "; ".join(f"{number} {kind}" for kind, number in design_counts(asked.sheets).by_kind)
    return f"Sheets: {said}. --no-checks leaves known groups and paraphrases out."


def _dry_run(settings: ElicitationSettings, folder: Path, store: Path | None, limits: Limits, as_json: bool) -> None:
    from causalvalues.elicitation.cost import refuse
    from causalvalues.study.eliciting import prepare

    ready = prepare(settings, folder, store, limits, keep=False)
    ready.close()
    if as_json:
        say_json(asdict(ready.estimate))
    else:
        say(f"{words(ready.estimate)}\n{_kinds(ready.elicitation)}")
    refuse(ready.estimate, ready.limits)


def _model(model: str, server: str, name: str) -> dict[str, Any]:
    if model and (server or name):
        raise StudyError("--model is a local model, and --server with --name is a server. Give one of them.")
    if bool(server) != bool(name):
        raise StudyError("A server needs both --server (its address up to /v1) and --name (the model).")
    if server:
        return {"backend": "server", "url": server, "name": name, "path": ""}
    return {"backend": "local", "path": str(Path(model).resolve()), "url": "", "name": ""} if model else {}


def _settings(file: Path | None, about: dict[str, Any]) -> tuple[ElicitationSettings, Path]:
    """Lay the options of the command over the settings of the file."""
    from causalvalues.study.elicitation_settings import ElicitationSettings
    from causalvalues.study.eliciting import read_elicitation
    from causalvalues.study.study_file import validated

    settings = ElicitationSettings() if file is None else read_elicitation(file)
    held = settings.model_dump()
    for name, given in about.items():
        if isinstance(given, dict):
            held[name] |= {key: value for key, value in given.items() if name == "model" or value not in ("", None)}
        elif given is not None:
            held[name] = given
    return validated(ElicitationSettings, held, "the command"), Path() if file is None else file.parent


def _prices(settings: ElicitationSettings) -> Any:
    from causalvalues.study.model_opening import prices_of

    prices = prices_of(settings)
    if prices is None:
        raise StudyError(
            "--max-cost needs prices, the same for model and judge. Write price_prompt and price_completion into "
            "[model] (and [judge]) of the file."
        )
    return prices


def _json(found: ElicitationRun) -> dict[str, Any]:
    return {
        "folder": str(found.folder),
        "report": str(found.report),
        "model": found.elicited.model,
        "sheets": len(found.elicited.answered),
        "tally": asdict(found.elicited.tally),
        "verdict": found.gate.validity.verdict,
        "first_lines": list(found.gate.first_lines()),
    }
