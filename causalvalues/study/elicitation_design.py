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
from causalvalues.elicitation.frames import frames
from causalvalues.elicitation.guardrails import Guardrails, guardrails
from causalvalues.elicitation.items import ItemSet, item_set
from causalvalues.elicitation.method import Method
from causalvalues.elicitation.personas import draw_personas, known_group_personas, read_personas
from causalvalues.elicitation.prompt_levers import choose_levers, prompt_levers
from causalvalues.elicitation.rating import Rating, SampledRating
from causalvalues.elicitation.rubric import Rubric
from causalvalues.elicitation.sheets import DesignLever, Persona, PromptLever, Sheet
from causalvalues.elicitation.statement_gain import NegationContrast, StatementGain
from causalvalues.elicitation.value_talk import ForcedPlan, forced_design, sequential_design
from causalvalues.elicitation.variation import Variation
from causalvalues.elicitation.yes_no import YesNo
from causalvalues.errors import StudyError
from causalvalues.randomness import stream
from causalvalues.steering import SteeringLevers, read_levers
from causalvalues.study.elicitation_settings import (
    DesignSettings,
    ElicitationSettings,
    GuardrailSettings,
    ItemSettings,
    MethodSettings,
    SteeringLeverSettings,
)

PERSONAS = 20
"""Drawn when nobody says how many."""

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
    method = method_of(settings.method, settings.seed)
    items = _items(settings.items, method, folder)
    said = frames(items.items[0].language)
    personas = _personas(settings, folder, items.items[0].language)
    levers: tuple[DesignLever, ...] = levers_of(settings.design, items, folder)
    inner = inner_levers_of(settings.steering, folder)
    if settings.steering is not None and inner is not None:
        if settings.design.kind == "personas":
            raise StudyError('[steering] needs a design that tries levers. Set [design] kind = "full", for example.')
        levers = (*(levers if settings.steering.prompts else ()), *inner.for_design())
    _refuse_copies(settings, method)
    wordings = said.wordings(method.name)
    if settings.design.frames > wordings:
        raise StudyError(
            f"[design] frames = {settings.design.frames}, and {method.name!r} has {wordings} wordings of its question. "
            "Ask for fewer."
        )
    sheets = _rows(settings, personas, levers)
    sheets += _conversations(settings, personas, items)
    sheets += _checks(settings, personas, items, wordings)
    first = [
        item.id for value in items.values for item in [i for i in items.items if i.value == value][: _asked(settings)]
    ]
    rails = guardrails_of(settings.guardrails)
    return Elicitation(items, method, tuple(sheets), said, tuple(first) if settings.sequential else (), rails)


def guardrails_of(settings: GuardrailSettings | None) -> Guardrails | None:
    """Return what a ``[guardrails]`` table names; None when nothing is to be measured."""
    if settings is None or not (settings.texts or settings.questions):
        return None
    return guardrails(settings.texts, settings.questions)


def inner_levers_of(settings: SteeringLeverSettings | None, folder: Path) -> SteeringLevers | None:
    """Return the levers inside the model that a ``[steering]`` table names; None when there is none."""
    if settings is None:
        return None
    files = [settings.levers] if isinstance(settings.levers, str) else settings.levers
    held = SteeringLevers(lever for file in files for lever in read_levers(folder / file))
    return SteeringLevers(held[name] for name in settings.names) if settings.names else held


def method_of(settings: MethodSettings, seed: int) -> Method:
    """Return the way of measuring that a ``[method]`` table names; the seed is that of sampling."""
    methods: dict[str, Method] = {
        "statement_gain": StatementGain(),
        "negation_contrast": NegationContrast(),
        "rating": Rating(settings.points),
        "sampled_rating": SampledRating(settings.points, settings.temperature, seed=seed),
        "yes_no": YesNo(),
        "forced_choice": ForcedChoice(settings.opponents),
        "rubric": Rubric(settings.points, settings.temperature, seed=seed),
    }
    return methods[settings.kind]


def levers_of(settings: DesignSettings, items: ItemSet, folder: Path) -> tuple[PromptLever, ...]:
    """Return the levers of a ``[design]`` table, by default those of the items' theory; none without levers.

    Raises
    ------
    StudyError
        If no levers ship for the theory or the language of the items.
    """
    if settings.kind == "personas":
        return ()
    named = settings.levers or items.theory
    path = folder / named
    own = bool(path.suffix) and path.is_file()
    language = items.items[0].language
    if not own and language != "en":
        raise StudyError(f"No levers ship in the language {language!r} of the items. Give a file: [design] levers.")
    if not named:
        raise StudyError(f"The items {items.id!r} belong to no theory, so no levers are known. Give [design] levers.")
    levers = prompt_levers(path if own else named)
    return choose_levers(levers, settings.names) if settings.names else levers


def _refuse_copies(settings: ElicitationSettings, method: Method) -> None:
    """Refuse repeats that could only be copies."""
    if settings.design.repeats > 1 and not method.draws and settings.model.backend == "local":
        raise StudyError(
            f"[design] repeats = {settings.design.repeats}: a local model gives the same probabilities each time, so "
            f"repeats of {method.name!r} would be copies. Set repeats = 1, or choose a method that samples."
        )


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
    asked = settings.personas
    if asked.file:
        found = read_personas(folder / asked.file)
        other = next((persona for persona in found if persona.language != language), None)
        if other is not None:
            raise StudyError(
                f"The persona {other.id!r} is in the language {other.language!r} and the items are in {language!r}. "
                "Give personas and items of one language (a column `language`)."
            )
        return found[asked.first :][: asked.number]
    if asked.number == 0:
        return (Persona("none", "", language),)
    return draw_personas(PERSONAS if asked.number is None else asked.number, settings.seed, language, asked.first)


def _rows(settings: ElicitationSettings, personas: Sequence[Persona], levers: Sequence[DesignLever]) -> list[Sheet]:
    design, held_out = settings.design, settings.held_out
    inner = None if settings.steering is None else tuple(settings.steering.doses)
    variation = Variation(tuple(design.doses), design.wordings, design.frames, design.repeats, inner)
    out = split_pairs(levers, held_out.pairs_share, settings.seed)[1] if held_out and levers else ()
    if design.kind == "random":
        plan = RandomPlan(_range(design.singles, "singles"), _range(design.pairs, "pairs"), out)
        sheets = random_design(personas, levers, plan, variation, settings.seed)
    elif design.kind == "covering":
        from causalvalues.elicitation.covering import covering_design

        sheets = covering_design(personas, levers, design.order or 2, variation, settings.seed)
    else:
        sheets = full_design(personas, levers, (design.order or 1) if levers else 0, variation)
    if held_out is None:
        return sheets
    kept_out = set(out)
    sheets = [sheet for sheet in sheets if tuple(name for name, _ in sheet.levers) not in kept_out]
    others = _others(held_out.personas, settings.seed, personas)
    test = RandomPlan(_range(held_out.singles, "singles"), _range(held_out.pairs, "pairs"), out)
    test = test if levers else RandomPlan((0, 0), (0, 0))
    return sheets + held_out_design(others, levers, test, variation, settings.seed)


def _others(number: int, seed: int, known: Sequence[Persona]) -> tuple[Persona, ...]:
    """Draw personas for the test set, none with the text of one that is known."""
    own = int(stream(seed, "held-out personas").integers(2**31))
    texts = {persona.text for persona in known}
    drawn = draw_personas(number + len(known), own, known[0].language, prefix=HELD_OUT)
    kept = tuple(persona for persona in drawn if persona.text not in texts)[:number]
    ids = {persona.id for persona in known}
    for persona in kept:
        if persona.id in ids:
            raise StudyError(f"A persona has the id {persona.id!r}, which the test set uses. Give it another one.")
    return kept


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


def _checks(settings: ElicitationSettings, personas: Sequence[Persona], items: ItemSet, wordings: int) -> list[Sheet]:
    sheets: list[Sheet] = []
    if settings.checks.known_groups:
        held = [persona for persona in personas if persona.holds]
        known = items.theory in ("schwartz-10", "mft-5") and items.items[0].language == "en"
        shipped = known_group_personas(items.theory) if known else ()
        groups = tuple(held) or tuple(persona for persona in shipped if persona.holds in items.values)
        sheets += known_group_design(groups) if groups else []
    if settings.checks.paraphrases:
        some = full_design(personas[: settings.checks.paraphrases])
        sheets += paraphrase_design(some, wordings)
    return sheets


def _asked(settings: ElicitationSettings) -> int:
    return settings.sequential.per_value if settings.sequential else 0


def _range(ends: Sequence[int], name: str) -> tuple[int, int]:
    if len(ends) != 2:
        raise StudyError(f"`{name}` is {list(ends)}. Give the least and the most: {name} = [3, 4].")
    return ends[0], ends[1]
