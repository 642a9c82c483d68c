"""Guardrails: what a row does to plain texts and to a small probe of ability, measured beside its values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from causalvalues.elicitation.conversations import bare, telling
from causalvalues.elicitation.data_files import HERE, read_fields, tables, texts
from causalvalues.elicitation.frames import Frames
from causalvalues.elicitation.items import Item
from causalvalues.elicitation.method import unanswered
from causalvalues.elicitation.questions import Asked, StatementQuestion
from causalvalues.elicitation.sheets import Answer, Interview, Sheet
from causalvalues.errors import DataError
from causalvalues.randomness import require_whole

FLUENCY, CAPABILITY = "fluency", "capability"
GUARDED = frozenset(("plain", "held_out"))
"""Kinds of sheets on which guardrails are measured."""
NEUTRAL, PROBE = "neutral-texts", "capability-probe"
_HEAD: dict[str, type] = {"id": str, "language": str, "licence": str, "source": str}
_QUESTION: dict[str, type] = {"prompt": str, "right": str, "wrong": str}


@dataclass(frozen=True)
class ProbeQuestion:
    """An unfinished sentence with a right and a wrong next word.

    Parameters
    ----------
    prompt, right, wrong : str
    """

    prompt: str
    right: str
    wrong: str


@dataclass(frozen=True)
class Guardrails:
    """What is measured in every row to see what its levers cost.

    Two dimensions, which no value theory knows:

    - ``"fluency"``, nats per token: mean log-probability per token of matter-of-fact texts as the model's own words in
      the conversation of the row, minus the same without persona and levers. A lever that lowers it by .1 makes plain
      text .1 nats per token less likely;
    - ``"capability"``, nats: mean log-odds of the right over the wrong next word of unfinished sentences (number
      agreement, facts, small sums) in the conversation of the row.

    Parameters
    ----------
    texts : tuple of str
    questions : tuple of ProbeQuestion
    text_places, question_places : tuple of int, optional
        Number of each among all those that it was chosen from, from 1, so that the same text has the same id in every
        choice; default 1, 2, 3, ...

    Raises
    ------
    DataError
        If there is not one place for each text or question, or one stands twice.
    """

    texts: tuple[str, ...]
    questions: tuple[ProbeQuestion, ...]
    text_places: tuple[int, ...] = ()
    question_places: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, asked in (("text_places", self.texts), ("question_places", self.questions)):
            places = tuple(getattr(self, name)) or tuple(range(1, len(asked) + 1))
            if len(set(places)) != len(places) or len(places) != len(asked):
                raise DataError(
                    f"`{name}` are {len(places)} for {len(asked)} texts. Give each its own, or none at all."
                )
            object.__setattr__(self, name, places)

    @property
    def dimensions(self) -> dict[str, tuple[str, ...]]:
        """Dimension -> ids of what is asked for it: ``fluency_37`` is the 37th of all texts."""
        asked = {FLUENCY: self.text_places, CAPABILITY: self.question_places}
        return {name: tuple(f"{name}_{k}" for k in places) for name, places in asked.items() if places}

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of all that is asked, in the order of the answers."""
        return tuple(name for names in self.dimensions.values() for name in names)


def guardrails(texts: int = 12, questions: int = 20) -> Guardrails:
    """Return the shipped guardrails, written for this package.

    Parameters
    ----------
    texts : int, default 12
        How many neutral texts, spread over all of them; up to 60.
    questions : int, default 20
        How many probe questions, in pairs whose right answers are each other's wrong ones; up to 80.

    Returns
    -------
    Guardrails
        With ids that are places among all that ship.

    Examples
    --------
    >>> guardrails(2, 4).dimensions["fluency"]
    ('fluency_1', 'fluency_31')
    """
    known, asked = neutral_texts(), capability_probe()
    require_whole("texts", texts, 0)
    require_whole("questions", questions, 0)
    pairs = _spread(len(asked) // 2, math.ceil(questions / 2))
    kept = [2 * pair + side for pair in pairs for side in (0, 1)][:questions]
    spread = _spread(len(known), texts)
    places = [tuple(k + 1 for k in chosen) for chosen in (spread, kept)]
    return Guardrails(tuple(known[k] for k in spread), tuple(asked[k] for k in kept), *places)


def neutral_texts(path: str | Path = "") -> tuple[str, ...]:
    """Return matter-of-fact texts, which speak of no value.

    Parameters
    ----------
    path : str or Path, default those that ship
        TOML file of the format ``causalvalues-neutral-texts 1`` with a list ``texts``.

    Raises
    ------
    DataError
        If the file is malformed.
    """
    file = Path(path) if path else HERE / f"{NEUTRAL}.toml"
    fields = read_fields(file, "causalvalues-neutral-texts 1", {**_HEAD, "texts": list}, ("texts",))
    return texts(file, "texts", fields["texts"])


def capability_probe(path: str | Path = "") -> tuple[ProbeQuestion, ...]:
    """Return unfinished sentences with a right and a wrong next word.

    Of those that ship every two have the same two words, each right once, so that neither length nor frequency helps.

    Parameters
    ----------
    path : str or Path, default those that ship
        TOML file of the format ``causalvalues-capability-probe 1`` with ``[[questions]]`` tables of ``prompt``,
        ``right`` and ``wrong``.

    Raises
    ------
    DataError
        If the file is malformed, or the right word is the wrong one.
    """
    file = Path(path) if path else HERE / f"{PROBE}.toml"
    fields = read_fields(file, "causalvalues-capability-probe 1", {**_HEAD, "questions": list}, ("questions",))
    found = tables(file, "questions", fields["questions"], _QUESTION, tuple(_QUESTION))
    for number, entry in enumerate(found, 1):
        if not all(text.strip() for text in entry.values()) or entry["right"] == entry["wrong"]:
            raise DataError(f"{file}: question {number} needs a prompt and two different words. Complete it.")
    return tuple(ProbeQuestion(**entry) for entry in found)


def guarded(interview: Interview, sheet: Sheet, frames: Frames, rails: Guardrails) -> Interview:
    """Hold an interview, then measure the guardrails in the same conversation; their answers come last."""
    answers = yield from interview
    return answers + (yield from _measured(sheet, frames, rails))


def _measured(sheet: Sheet, frames: Frames, rails: Guardrails) -> Interview:
    talk, without = telling(sheet, frames), bare(sheet, frames)
    plain = [Asked(StatementQuestion(where, text), sheet.repeat) for text in rails.texts for where in (talk, without)]
    ends = [f"{one.prompt} {word}" for one in rails.questions for word in (one.right, one.wrong)]
    replies = yield [*plain, *(Asked(StatementQuestion(talk, text), sheet.repeat) for text in ends)]
    found = []
    for place, name in enumerate(rails.names):
        pair = replies[2 * place : 2 * place + 2]
        lost = unanswered(Item(name, name, name), pair)
        per_token = place < len(rails.texts)
        if lost:
            found.append(lost)
            continue
        first, second = (reply.numbers[0] / (reply.tokens if per_token else 1) for reply in pair)
        named = ("with", "without") if per_token else ("right", "wrong")
        found.append(Answer(name, first - second, parts=tuple(zip(named, (first, second), strict=True))))
    return found


def _spread(known: int, wanted: int) -> list[int]:
    """Return places spread evenly over all."""
    wanted = min(wanted, known)
    return [k * known // wanted for k in range(wanted)]
