"""From the settings of a loop to what it needs: what is known, whom to ask, and what may be said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

import numpy as np

from causalvalues.elicitation.cost import Limits
from causalvalues.elicitation.elicit import Elicitation
from causalvalues.elicitation.guardrails import CAPABILITY, FLUENCY, Guardrails
from causalvalues.elicitation.prompt_levers import choose_levers, lever_text
from causalvalues.elicitation.sheets import DesignLever, Persona
from causalvalues.elicitation.store import Store
from causalvalues.errors import StudyError, did_you_mean
from causalvalues.loop.asking import Asker, Said
from causalvalues.loop.kinds import KINDS
from causalvalues.loop.settings import LoopSettings
from causalvalues.prediction import PairedRows, paired_rows
from causalvalues.responses import ResponseMatrix
from causalvalues.steering import read_levers
from causalvalues.study.answers import Answers, read_answers
from causalvalues.study.elicitation_design import elicitation_of, inner_levers_of, levers_of
from causalvalues.study.elicitation_settings import (
    CheckingSettings,
    DesignSettings,
    ElicitationSettings,
    GuardrailSettings,
    SteeringLeverSettings,
)
from causalvalues.study.model_opening import open_model
from causalvalues.theories import ScoringKey

MOST_CHOICES = 20_000


@dataclass(frozen=True, eq=False)
class Known:
    """What is known before anything is asked.

    Parameters
    ----------
    answers : Answers
        Values in name order.
    key : ScoringKey
        Of the answers; the loop is scored with it.
    rows : PairedRows
        The levers of the loop only.
    choices : tuple of lever sets
        Everything that may be said, as (column of `rows.levers`, dose).
    inside : frozenset of str
        The levers that act inside the model; the others are prompts.
    """

    answers: Answers
    key: ScoringKey
    rows: PairedRows
    choices: tuple[Said, ...]
    inside: frozenset[str] = frozenset()

    def choices_of(self, kind: str) -> tuple[Said, ...]:
        """Return the lever sets of one kind: ``"prompts"``, ``"inside"``, or ``""`` for all."""
        if not kind:
            return self.choices
        wanted = kind == "inside"
        return tuple(said for said in self.choices if all((name in self.inside) == wanted for name, _ in said))


def known(settings: LoopSettings, folder: Path) -> Known:
    """Read the answers that predictions are learned from.

    Raises
    ------
    StudyError
        If a lever of the loop has no rows in the answers, or there are too many lever sets.
    """
    answers = read_answers(settings.data, folder, guardrails=settings.guardrails is not None)
    key = answers.key
    if key is None:
        raise StudyError("[data] needs a scoring key, with which the loop is scored, too. Give `key`, or demo = true.")
    answers = replace(answers, matrix=_sorted(answers.matrix))
    inside = inside_of(settings, folder)
    rows = paired_rows(answers.matrix, settings.data.wordings, inside)
    _check_wording(settings, answers.matrix, inside)
    columns = _columns(settings, rows.levers)
    kept = [rows.levers.index(name) for name in columns]
    mine = ~(np.delete(rows.doses, kept, axis=1) != 0).any(axis=1)
    rows = rows.on(mine)
    rows = PairedRows(rows.values, columns, rows.units, rows.start, rows.doses[:, kept], rows.reached, rows.weights)
    for name, used in zip(columns, (rows.doses != 0).any(axis=0), strict=True):
        if not used:
            raise StudyError(
                f"The answers of [data] have the lever {name!r} only together with levers that [levers] `names` leaves "
                "out, so nothing is known about it. Name those too, or leave it out."
            )
    found = Known(answers, key, rows, _choices(settings, rows, inside), inside)
    for kind in ("prompts", "inside") if settings.levers.compare else ():
        if not found.choices_of(kind):
            raise StudyError(
                f"[levers] compare = true steers with {KINDS[kind]}, and there is no such lever set. "
                + ("Name prompts in `names`." if kind == "prompts" else "Give `inside`, and name some of its levers.")
            )
    return found


def asker(
    settings: LoopSettings, held: Known, folder: Path, store: Store, limits: Limits
) -> tuple[Asker, tuple[Persona, ...]]:
    """Open the model and return how it is asked, and the personas that it is asked to be.

    Raises
    ------
    StudyError
        If an item is not in the scoring key of the answers, or no answer speaks of a lever.
    """
    design = DesignSettings(kind="full", levers=settings.levers.source)
    limits_of = settings.guardrails
    asked = ElicitationSettings(
        seed=settings.seed,
        model=settings.model,
        items=settings.items,
        method=settings.method,
        personas=settings.personas,
        guardrails=None
        if limits_of is None
        else GuardrailSettings(texts=limits_of.texts, questions=limits_of.questions),
        checks=CheckingSettings(known_groups=False, paraphrases=0),
    )
    found = elicitation_of(asked, folder)
    unknown = [item.id for item in found.items.items if item.id not in held.key.all_items]
    if unknown:
        raise StudyError(
            f"The item {unknown[0]!r} is not in the scoring key of [data]. Ask the items that the answers were asked."
        )
    _check_guardrails(held.key, found.guardrails)
    asked_items = {item.id for item in found.items.items}
    lacking = [item for item in held.key.items if item not in asked_items]
    if lacking:
        raise StudyError(
            f"The scoring key of [data] has {len(held.key.items)} items and the loop asks {len(asked_items)}; "
            f"{lacking[0]!r} is one that it leaves out. Ask all of them: take `per_value` out of [items]."
        )
    names = [spoken(column, settings.levers.wording) for column in held.rows.levers]
    inside = SteeringLeverSettings(levers=settings.levers.inside) if settings.levers.inside else None
    inner = inner_levers_of(inside, folder)
    within = () if inner is None else tuple(one for one in inner.for_design() if one.name in names)
    prompts = [name for name in names if name not in {one.name for one in within}]
    levers: tuple[DesignLever, ...] = (*choose_levers(levers_of(design, found.items, folder), prompts), *within)
    for lever in levers:
        for dose in settings.levers.doses:
            lever_text(lever, dose, settings.levers.wording)
    _check_frame(settings, found)
    personas = tuple({sheet.persona.id: sheet.persona for sheet in found.sheets}.values())
    return (
        Asker(
            values=held.rows.values,
            items=found.items,
            method=found.method,
            frames=found.frames,
            key=held.key,
            levers=levers,
            wording=settings.levers.wording,
            backend=open_model(settings.model, folder, levers=inner),
            store=store,
            limits=limits,
            guardrails=found.guardrails,
        ),
        personas,
    )


def _check_guardrails(key: ScoringKey, asked: Guardrails | None) -> None:
    """Refuse guardrails that are other texts or questions than those that the answers hold."""
    if asked is None or dict(asked.dimensions) == dict(key.guardrails):
        return
    numbers = {name: len(ids) for name, ids in key.guardrails.items()}
    same = {name: len(ids) for name, ids in asked.dimensions.items()} == numbers
    if not numbers:
        raise StudyError(
            "[guardrails] needs answers with guardrails, and the key of [data] names none. Elicit the answers with "
            "[guardrails], or take it out of the loop."
        )
    if same:
        known = [name for ids in key.guardrails.values() for name in ids]
        other = next(name for name in asked.names if name not in known)
        raise StudyError(
            f"The loop asks the guardrail {other!r}, and the answers of [data] have other texts or questions, so that "
            "the two cannot be compared. Elicit the answers again with this version."
        )
    raise StudyError(
        "The loop asks other guardrails than the answers of [data] have. Set [guardrails] "
        f"texts = {numbers.get(FLUENCY, 0)}, questions = {numbers.get(CAPABILITY, 0)}, as in the elicitation."
    )


def _check_frame(settings: LoopSettings, found: Elicitation) -> None:
    """Refuse a wording of the sealed rows that there is not, before anything is asked."""
    most = found.frames.wordings(settings.method.kind) - 1
    if settings.sealed is not None and settings.sealed.frame > most:
        raise StudyError(f"[sealed] frame = {settings.sealed.frame}: wordings of the question go up to {most}.")


def spoken(column: str, wording: int) -> str:
    """Return the name of the prompt behind a column: wordings that are levers of their own end in ``~w1``.

    Examples
    --------
    >>> spoken("do_power~w1", 1), spoken("do_power", 0)
    ('do_power', 'do_power')
    """
    return column.removesuffix(f"~w{wording}")


def _columns(settings: LoopSettings, known_levers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of the answers that the loop may use, in name order."""
    mine = f"~w{settings.levers.wording}"
    here = {
        spoken(name, settings.levers.wording): name for name in known_levers if "~w" not in name or name.endswith(mine)
    }
    wanted = settings.levers.names or sorted(here)
    for name in wanted:
        if name not in here:
            raise StudyError(
                f"The answers of [data] have no row under the lever {name!r} in this wording."
                + did_you_mean(name, here)
            )
    return tuple(sorted(here[name] for name in set(wanted)))


def _check_wording(settings: LoopSettings, matrix: ResponseMatrix, inside: frozenset[str]) -> None:
    """Refuse a wording that the answers say nothing about."""
    if not settings.data.wordings:
        return
    prompts = [i for i, name in enumerate(matrix.levers) if name not in inside]
    told = zip(matrix.labels[settings.data.wordings], (matrix.doses[:, prompts] != 0).any(axis=1), strict=True)
    known_wordings = sorted({wording for wording, on in told if on})
    if known_wordings and f"w{settings.levers.wording}" not in known_wordings:
        raise StudyError(
            f"[levers] wording = {settings.levers.wording}: the answers have only {', '.join(known_wordings)} of "
            f"{settings.data.wordings!r}. Choose one of these."
        )


def inside_of(settings: LoopSettings, folder: Path) -> frozenset[str]:
    """Return the names of the levers inside the model."""
    named = settings.levers.inside
    return frozenset(lever.name for lever in read_levers(folder / named)) if named else frozenset()


def _choices(settings: LoopSettings, rows: PairedRows, inside: frozenset[str]) -> tuple[Said, ...]:
    """Return every lever set that may be tried, the smaller ones first."""
    doses_of = {
        name: sorted(set(settings.levers.inner_doses if name in inside else settings.levers.doses))
        for name in rows.levers
    }
    tried = {tuple(np.flatnonzero(row).tolist()) for row in rows.doses}
    found: list[Said] = []
    for size in range(1, min(settings.levers.most, len(rows.levers)) + 1):
        for places in combinations(range(len(rows.levers)), size):
            if size > 1 and not settings.levers.untried and places not in tried:
                continue
            names = [rows.levers[place] for place in places]
            for doses in product(*(doses_of[name] for name in names)):
                found.append(tuple(zip(names, doses, strict=True)))
        if len(found) > MOST_CHOICES:
            raise StudyError(
                f"[levers] allow more than {MOST_CHOICES:,} lever sets. Lower `most`, or name fewer levers or doses."
            )
    return tuple(found)


def _sorted(matrix: ResponseMatrix) -> ResponseMatrix:
    """Return the matrix with values and levers in name order."""
    names, levers = sorted(matrix.names), sorted(matrix.levers)
    columns = [matrix.names.index(name) for name in names]
    doses = [matrix.levers.index(name) for name in levers]
    return replace(
        matrix,
        names=tuple(names),
        scores=matrix.scores[:, columns],
        status=matrix.status[:, columns],
        levers=tuple(levers),
        doses=matrix.doses[:, doses],
    )
