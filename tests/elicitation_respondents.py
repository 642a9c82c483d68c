"""Simulated respondents with a known truth, for the tests of the gate."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.elicitation.items import Item, ItemSet
from causalvalues.elicitation.sheets import Answer, Persona, Sheet

VALUES = (
    "achievement",
    "benevolence",
    "conformity",
    "hedonism",
    "power",
    "security",
    "self_direction",
    "stimulation",
    "tradition",
    "universalism",
)
Answers = list[tuple[Sheet, list[Answer]]]


def item_set(values: tuple[str, ...] = VALUES, each: int = 6, reverse: int = 0) -> ItemSet:
    """`each` items a value, the last `reverse` of them reverse-keyed."""
    return ItemSet(
        "ours",
        "",
        tuple(
            Item(f"{value}_{k}", value, f"I speak for {value}, {k}.", f"I deny {value}, {k}.", k >= each - reverse)
            for value in values
            for k in range(each)
        ),
    )


ITEMS = item_set()


@dataclass(frozen=True)
class Respondent:
    """What moves the score of a statement of the value that a persona holds.

    The affirmed wording has topic + endorsement, the negated one dilution * topic - endorsement. `shared` is the sd of
    what both wordings of an item have in common beside (diluted alike), `artefact` that of a bias for one of the
    wordings that all statements of one value share, `error` that of the error of the negated wording.
    """

    topic: float = 0.0
    endorsement: float = 0.0
    dilution: float = 1.0
    shared: float = 0.0
    artefact: float = 0.0
    error: float = 1.0


def known_sheets(who: Respondent, personas: int, seed: int, items: ItemSet = ITEMS, gain: bool = True) -> Answers:
    """One known-group sheet a persona; values are held in turn."""
    rng = np.random.default_rng([seed, personas])
    values, every = items.values, items.items
    liked = rng.normal(size=(2, len(every)))
    artefact = dict(zip(values, rng.normal(0, who.artefact, len(values)), strict=True))
    found: Answers = []
    for k in range(personas):
        held = values[k % len(values)]
        own = np.array([item.value == held for item in every])
        common = who.shared * rng.normal(size=len(every))
        level = 0.5 * rng.normal()
        up = own * (who.topic + who.endorsement + artefact[held] / 2) + common
        down = own * (who.dilution * who.topic - who.endorsement - artefact[held] / 2) + who.dilution * common
        yes = liked[0] + level + up + rng.normal(size=len(every))
        no = liked[1] + level + down + who.error * rng.normal(size=len(every))
        answers = [answer(item.id, a, b, gain) for item, a, b in zip(every, yes, no, strict=True)]
        persona = Persona(f"k{k:02}", f"You care about {held}.", holds=held)
        found.append((Sheet(f"k{k:02}", "known_group", persona), answers))
    return found


def answer(item: str, affirmed: float, negated: float = math.nan, gain: bool = True) -> Answer:
    """An answer as the gain (or the rating) writes it; no part for a negated wording that is NaN."""
    yes, no = float(affirmed), float(negated)
    if gain:
        parts = (("with", yes - 3.0), ("without", -3.0), ("negated_with", no - 4.0), ("negated_without", -4.0))
        return Answer(item, yes, parts=parts if math.isfinite(no) else parts[:2])
    return Answer(item, yes, parts=(("negated", no),) if math.isfinite(no) else ())


def plain_sheets(table: np.ndarray, items: ItemSet = ITEMS, prefix: str = "p") -> Answers:
    """One plain sheet a row of a (personas, items) table."""
    return [
        (
            Sheet(f"{prefix}{row:03}", "plain", Persona(f"{prefix}{row:03}", "somebody")),
            [answer(item.id, score) for item, score in zip(items.items, scores, strict=True)],
        )
        for row, scores in enumerate(table)
    ]


def refuse(answered: Answers, items: set[str], persona: str = "") -> Answers:
    """Let answers to some items be refusals, of one persona or of all."""
    return [
        (
            sheet,
            [
                replace(each, score=math.nan, status="refusal", parts=(), text="I would rather not say.")
                if each.item in items and persona in ("", sheet.persona.id)
                else each
                for each in answers
            ],
        )
        for sheet, answers in answered
    ]
