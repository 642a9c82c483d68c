"""From the settings of a study file to the sheets that are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from causalvalues.elicitation.design import (
    RandomPlan,
    full_design,
    held_out_design,
    known_group_design,
    paraphrase_design,
    random_design,
    split_pairs,
)
from causalvalues.elicitation.elicit import Elicitation
from causalvalues.elicitation.forced_choice import ForcedChoice
from causalvalues.elicitation.frames import Frames, frames
from causalvalues.elicitation.items import ItemSet, item_set
from causalvalues.elicitation.method import Method
from causalvalues.elicitation.personas import draw_personas, known_group_personas, read_personas
from causalvalues.elicitation.prompt_levers import choose_levers, prompt_levers
from causalvalues.elicitation.rating import Rating, SampledRating
from causalvalues.elicitation.rubric import Rubric
from causalvalues.elicitation.sheets import Persona, PromptLever, Sheet
from causalvalues.elicitation.statement_gain import NegationContrast, StatementGain
from causalvalues.elicitation.value_talk import ForcedPlan, forced_design, sequential_design
from causalvalues.elicitation.variation import Variation
from causalvalues.elicitation.yes_no import YesNo
from causalvalues.errors import StudyError
from causalvalues.study.elicitation_settings import DesignSettings, ElicitationSettings, ItemSettings, MethodSettings

HELD_OUT = "h"
"""Begins the ids of personas of the test set."""


def elicitation_of(settings: ElicitationSettings, folder: Path) -> Elicitation:
    """Return items, method and sheets of a study file.

    Parameters
    ----------
    settings : ElicitationSettings
    folder : Path
        Where paths to files of items, personas and levers start.

    Raises
    ------
    StudyError, ElicitationError, DataError
        If settings contradict each other, or a file is not well formed.
    """
    method = method_of(settings.method)
    items = _items(settings.items, method, folder)
    said = frames(items.items[0].language)
    personas = _personas(settings, folder, items.items[0].language)
    levers = levers_of(settings.design, folder)
    sheets = _rows(settings, personas, levers)
    sheets += _conversations(settings, personas, items)
    sheets += _checks(settings, personas, items, said)
    first = [
        item.id for value in items.values for item in [i for i in items.items if i.value == value][: _asked(settings)]
    ]
    return Elicitation(items, method, tuple(sheets), said, tuple(first) if settings.sequential else ())


def method_of(settings: MethodSettings) -> Method:
    """Return the way of measuring that a ``[method]`` table names."""
    methods: dict[str, Method] = {
        "statement_gain": StatementGain(),
        "negation_contrast": NegationContrast(),
        "rating": Rating(settings.points),
        "sampled_rating": SampledRating(settings.points, settings.temperature),
        "yes_no": YesNo(),
        "forced_choice": ForcedChoice(settings.opponents),
        "rubric": Rubric(settings.points, settings.temperature),
    }
    return methods[settings.kind]


def levers_of(settings: DesignSettings, folder: Path) -> tuple[PromptLever, ...]:
    """Return the levers of a ``[design]`` table; none for a design without levers."""
    if settings.kind == "personas":
        return ()
    path = folder / settings.levers
    levers = prompt_levers(path if path.suffix and path.is_file() else settings.levers)
    return choose_levers(levers, settings.names) if settings.names else levers


def _items(settings: ItemSettings, method: Method, folder: Path) -> ItemSet:
    path = folder / settings.set
    found = item_set(path if path.suffix and path.is_file() else settings.set)
    reverse = method.measures == "endorsement" if settings.reverse is None else settings.reverse
    kept = [item for item in found.items if reverse or not item.reverse]
    if settings.per_value is not None:
        chosen = []
        for value in found.values:
            here = [item for item in kept if item.value == value]
            straight, turned = [i for i in here if not i.reverse], [i for i in here if i.reverse]
            chosen += [*straight[: settings.per_value], *turned[: settings.per_value]]
        kept = [item for item in kept if item in chosen]
    if not kept:
        raise StudyError(f"{found.id} has only reverse-keyed items, which this method leaves out. Set reverse = true.")
    return replace(found, items=tuple(kept))


def _personas(settings: ElicitationSettings, folder: Path, language: str) -> tuple[Persona, ...]:
    if settings.personas.file:
        return read_personas(folder / settings.personas.file)
    if not settings.personas.number:
        return (Persona("none", "", language),)
    return draw_personas(settings.personas.number, settings.seed, language, settings.personas.first)


def _rows(settings: ElicitationSettings, personas: Sequence[Persona], levers: Sequence[PromptLever]) -> list[Sheet]:
    design, held_out = settings.design, settings.held_out
    variation = Variation(tuple(design.doses), design.wordings, design.frames, design.repeats)
    out = split_pairs(levers, held_out.pairs_share, settings.seed)[1] if held_out and levers else ()
    if design.kind == "random":
        plan = RandomPlan(_range(design.singles, "singles"), _range(design.pairs, "pairs"), out)
        sheets = random_design(personas, levers, plan, variation, settings.seed)
    elif design.kind == "covering":
        from causalvalues.elicitation.covering import covering_design

        sheets = covering_design(personas, levers, design.order, variation, settings.seed)
    else:
        sheets = full_design(personas, levers, design.order if levers else 0, variation)
    if held_out is None:
        return sheets
    others = draw_personas(held_out.personas, settings.seed + 1, personas[0].language, prefix=HELD_OUT)
    test = RandomPlan(_range(held_out.singles, "singles"), _range(held_out.pairs, "pairs"), out)
    test = test if levers else RandomPlan((0, 0), (0, 0))
    return sheets + held_out_design(others, levers, test, variation, settings.seed)


def _conversations(settings: ElicitationSettings, personas: Sequence[Persona], items: ItemSet) -> list[Sheet]:
    sheets: list[Sheet] = []
    frame_count = settings.design.frames
    if settings.forced is not None:
        asked = settings.forced
        plan = ForcedPlan(
            asked.statements, tuple(asked.doses), tuple(asked.signs), asked.pairs, asked.neutral, frame_count
        )
        sheets += forced_design(personas[: asked.personas], items, plan, seed=settings.seed)
    if settings.sequential is not None:
        some = personas[: settings.sequential.personas]
        sheets += sequential_design(some, settings.sequential.runs, frame_count, settings.seed)
    return sheets


def _checks(settings: ElicitationSettings, personas: Sequence[Persona], items: ItemSet, said: Frames) -> list[Sheet]:
    sheets: list[Sheet] = []
    if settings.checks.known_groups:
        held = [persona for persona in personas if persona.holds]
        known = items.theory in ("schwartz-10", "mft-5") and items.items[0].language == "en"
        shipped = known_group_personas(items.theory) if known else ()
        groups = tuple(held) or tuple(persona for persona in shipped if persona.holds in items.values)
        sheets += known_group_design(groups) if groups else []
    if settings.checks.paraphrases:
        some = full_design(personas[: settings.checks.paraphrases])
        sheets += paraphrase_design(some, len(said.questions))
    return sheets


def _asked(settings: ElicitationSettings) -> int:
    return settings.sequential.per_value if settings.sequential else 0


def _range(ends: Sequence[int], name: str) -> tuple[int, int]:
    if len(ends) != 2:
        raise StudyError(f"`{name}` is {list(ends)}. Give the least and the most: {name} = [3, 4].")
    return ends[0], ends[1]
