"""Writing the folder of an elicitation: answers, key, study file, report, figure and manifest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from causalvalues.elicitation.cost import Estimate
from causalvalues.elicitation.elicit import Elicited
from causalvalues.elicitation.gate import Gate, gate
from causalvalues.elicitation.instrument import instrument
from causalvalues.errors import CausalValuesError
from causalvalues.figures import draw
from causalvalues.files import write_text
from causalvalues.study.document import Picture
from causalvalues.study.elicitation_facts import ElicitationFacts, Spending, design_counts, known_personas
from causalvalues.study.elicitation_files import (
    ANSWERS,
    KEY,
    STUDY,
    THEORY,
    answer_files,
    key_text,
    study_text,
    theory_text,
)
from causalvalues.study.elicitation_report import elicitation_report
from causalvalues.study.elicitation_settings import ElicitationSettings
from causalvalues.study.manifest import files_in, json_ready, run_head
from causalvalues.study.manifest_reading import NAME
from causalvalues.study.markdown import markdown_text
from causalvalues.study.page import page_text
from causalvalues.theories import ValueTheory, theory

FORMATS = ("svg", "pdf", "png")


@dataclass(frozen=True)
class Record:
    """What the manifest says beside settings and files.

    Parameters
    ----------
    backend : str
        Identity of the model that answered.
    estimate : Estimate
        Before the run.
    questions : int
        Different ones, whoever answered them.
    started, ended : str
    """

    backend: str
    estimate: Estimate
    questions: int
    started: str
    ended: str


def gate_of(found: Elicited, settings: ElicitationSettings) -> Gate:
    """Check validity, biases and reliability of what came back."""
    method = found.elicitation.method
    embedded = settings.model.backend == "local" and not settings.model.path
    about = instrument(method, found.model, embedded)
    return gate(found.answered, found.elicitation.items, method.measures, settings.seed, about)


def write_folder(folder: Path, settings: ElicitationSettings, found: Elicited, checks: Gate, record: Record) -> None:
    """Write everything of a run into an empty folder; only the manifest holds times and what this run asked.

    Parameters
    ----------
    folder : Path
    settings : ElicitationSettings
    found : Elicited
    checks : Gate
    record : Record
    """
    for name, text in answer_files(found).items():
        write_text(folder / name, text)
    points = settings.method.points if found.elicitation.method.units.startswith("points") else None
    turned = found.elicitation.method.measures == "endorsement"
    asked = found.elicitation
    write_text(folder / KEY, key_text(asked.items, checks.measures, points, turned, asked.guardrails))
    if not found.elicitation.items.theory:
        write_text(folder / THEORY, theory_text(found.elicitation.items))
    write_text(folder / STUDY, study_text(settings.title, settings.seed, _aims(found)))
    write_text(folder / "design.json", design_text(found))
    blocks = elicitation_report(_facts(settings, found, checks, record.questions))
    for block in blocks:
        if isinstance(block, Picture):
            (folder / "figures").mkdir(exist_ok=True)
            for suffix in FORMATS:
                draw(block.scene, folder / "figures" / f"{block.stem}.{suffix}")
    write_text(folder / "report.html", page_text(blocks, settings.title))
    write_text(folder / "report.md", markdown_text(blocks, "svg"))
    write_text(folder / NAME, _manifest_text(settings, found, record, folder))


def design_text(found: Elicited) -> str:
    """Return every word that was said to the model as JSON.

    Statements; levers by dose and wording; personas; the sentences around the items; and for each control row which
    neutral sentences the assistant had said (rows after forced answers name the items).
    """
    sheets = [sheet for sheet, _ in found.answered]
    levers: dict[str, dict[tuple[float, int], str]] = {}
    for sheet in sheets:
        for (name, dose), text in zip(sheet.levers, sheet.lever_texts, strict=True):
            levers.setdefault(name, {})[dose, sheet.wording] = text
    held = {
        "format": "causalvalues-design 1",
        "items": {
            item.id: {"value": item.value, "statement": item.statement, "negated": item.negated}
            for item in found.elicitation.items.items
        },
        "levers": {
            name: [{"dose": dose, "wording": f"w{k}", "text": text} for (dose, k), text in sorted(texts.items())]
            for name, texts in sorted(levers.items())
        },
        "personas": dict(sorted((sheet.persona.id, sheet.persona.text) for sheet in sheets)),
        "frames": {name: said for name, said in vars(found.elicitation.frames).items() if name != "about"},
        "neutral_before": {
            sheet.id: [each.text for each in sheet.forced]
            for sheet in sheets
            if any(not each.item for each in sheet.forced)
        },
    }
    return json.dumps(held, indent=1, ensure_ascii=False) + "\n"


def _facts(settings: ElicitationSettings, found: Elicited, checks: Gate, questions: int) -> ElicitationFacts:
    sheets = [sheet for sheet, _ in found.answered]
    return ElicitationFacts(
        title=settings.title,
        gate=checks,
        items=found.elicitation.items,
        design=design_counts(sheets),
        known=known_personas(sheets),
        spending=Spending(questions),
        learn=(f"causalvalues study {STUDY} --out learned",),
        theory=_theory(found.elicitation.items.theory),
        profile=_profile(found),
        notes=(f"{ANSWERS} has one row a sheet; {KEY} scores it; design.json has every word that was said.",),
    )


def _profile(found: Elicited) -> tuple[tuple[str, float, float, float], ...]:
    """Return mean and 95% t interval of each value over personas without lever; reverse-keyed items are left out."""
    from scipy.special import stdtrit

    keyed = {item.id: item.value for item in found.elicitation.items.items if not item.reverse}
    scores: dict[str, dict[str, list[float]]] = {value: {} for value in found.elicitation.items.values}
    for sheet, answers in found.of({"plain"}):
        for answer in answers if not sheet.levers else ():
            if answer.item in keyed and answer.status == "ok":
                scores[keyed[answer.item]].setdefault(sheet.persona.id, []).append(answer.score)
    made = []
    for value, by_persona in scores.items():
        means = np.array([np.mean(each) for each in by_persona.values()])
        if len(means) > 1:
            half = float(stdtrit(len(means) - 1, 0.975) * means.std(ddof=1) / np.sqrt(len(means)))
            made.append((value, float(means.mean()), float(means.mean()) - half, float(means.mean()) + half))
    return tuple(made)


def _theory(name: str) -> ValueTheory | None:
    try:
        return theory(name) if name else None
    except CausalValuesError:
        return None


def _aims(found: Elicited) -> dict[str, str]:
    """Return lever -> the value that it aims at, as its name says; "" when it says none."""
    values = set(found.elicitation.items.values)
    names = sorted({name for sheet, _ in found.of({"plain"}) for name, _ in sheet.levers})
    said = {name: name.partition("_")[2] for name in names}
    return {name: value if value in values else "" for name, value in said.items()}


def _manifest_text(settings: ElicitationSettings, found: Elicited, record: Record, folder: Path) -> str:
    held = {
        **run_head(settings, record.started, record.ended),
        "model": found.model,
        "backend": record.backend,
        "settings": json_ready(settings.model_dump(mode="python")),
        "estimate": asdict(record.estimate),
        "run": asdict(found.tally),
        "files": files_in(folder),
    }
    return json.dumps(held, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
