"""A sheet: one row of the design, and how it is asked."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

from causalvalues.elicitation.items import Item
from causalvalues.elicitation.questions import Asked, Conversation, Doses, Reply

Kind = Literal["plain", "held_out", "forced", "sequential", "known_group", "control", "paraphrase"]
AnswerStatusName = Literal["ok", "refusal", "parse_error", "api_error", "missing"]


@dataclass(frozen=True)
class Persona:
    """Somebody whom the model is asked to be.

    Parameters
    ----------
    id : str
        Short and unique: ``"p017"``.
    text : str
        Who they are, in the second person; "" is the model without persona.
    language : str, default "en"
    holds : str, default ""
        The value that this persona holds by construction (known groups), or "".
    """

    id: str
    text: str
    language: str = "en"
    holds: str = ""


@dataclass(frozen=True)
class PromptLever:
    """A prompt that is meant to move a value.

    Parameters
    ----------
    name : str
        ``"do_power"``.
    wordings : tuple of (float, tuple of str)
        For each dose that may be tried, ascending, the paraphrases that say it: ``((1.0, ("Above all, ...", ...)),)``.
        A sheet uses one of them. Every dose has the same number of paraphrases.
    value : str, default ""
        The value that it aims at.
    """

    name: str
    wordings: tuple[tuple[float, tuple[str, ...]], ...]
    value: str = ""

    @property
    def doses(self) -> tuple[float, ...]:
        """The doses that may be tried."""
        return tuple(dose for dose, _ in self.wordings)


@dataclass(frozen=True)
class ActivationLever:
    """A lever inside the model, for designs: a name for what `causalvalues.steering` knows in full.

    Parameters
    ----------
    name : str
        ``"vec_power"``.
    fingerprint : str
        Of everything that it does; by it the backend finds it and the store keeps its answers apart.
    value : str, default ""
        The value that it aims at.
    description : str, default ""
        What it does, in words.
    """

    name: str
    fingerprint: str
    value: str = ""
    description: str = ""


DesignLever = PromptLever | ActivationLever
"""What a design can try."""


@dataclass(frozen=True)
class ForcedAnswer:
    """Something that the assistant is made to have said before the items are asked.

    Parameters
    ----------
    value : str
        The value that the sentence speaks for; "neutral" for the control.
    text : str
        The sentence.
    sign : int
        1 agreeing, -1 rejecting the value, 0 neutral.
    item : str, default ""
        Id of the item whose wording was forced: its own score is left out of the row.
    """

    value: str
    text: str
    sign: int = 1
    item: str = ""


@dataclass(frozen=True)
class Sheet:
    """One row of the design: who is asked, under which levers, after which forced answers, which time.

    Parameters
    ----------
    id : str
        Unique in the design and the same whenever the design is made again.
    kind : {"plain", "held_out", "forced", "sequential", "known_group", "control", "paraphrase"}
        Held-out sheets are a test set. Known groups, controls and paraphrases serve the checks and are no rows of the
        answers.
    persona : Persona
    levers : tuple of (str, float)
        Names and doses, sorted by name; empty for observational rows.
    lever_texts : tuple of str
        The wordings, in the order of `levers`; "" for a lever inside the model.
    wording : int, default 0
        Which paraphrase of the levers.
    frame : int, default 0
        Which paraphrase of the question that precedes the items.
    repeat : int, default 0
    forced : tuple of ForcedAnswer, default ()
        In the order in which they are said.
    order_seed : int, default 0
        Seed of the order in which items are asked (sequential sheets).
    steering : tuple of (str, float), default ()
        Fingerprints and doses of the levers inside the model.
    """

    id: str
    kind: Kind
    persona: Persona
    levers: tuple[tuple[str, float], ...] = ()
    lever_texts: tuple[str, ...] = ()
    wording: int = 0
    frame: int = 0
    repeat: int = 0
    forced: tuple[ForcedAnswer, ...] = ()
    order_seed: int = 0
    steering: Doses = ()

    @property
    def turned(self) -> bool:
        """Whether options stand in their reversed order: on every odd repeat."""
        return self.repeat % 2 == 1

    @property
    def lever_cell(self) -> str:
        """The levers as a table writes them: ``"do_power+do_security"``, ``""`` for none."""
        return "+".join(name if dose == 1.0 else f"{name}={dose:g}" for name, dose in self.levers)


@dataclass(frozen=True)
class Answer:
    """The score of one item on one sheet.

    Parameters
    ----------
    item : str
        Id of the item.
    score : float
        In the units of the method; NaN when `status` is not "ok".
    status : {"ok", "refusal", "parse_error", "api_error", "missing"}
    parts : tuple of (str, float)
        Named numbers that the score was made of (``("reversed", 3.4)``), for the bias and reliability checks.
    text : str, default ""
        What the model said, for text methods.
    position : int, default 0
        Place of the item in the questionnaire, for sequential sheets.
    """

    item: str
    score: float
    status: AnswerStatusName = "ok"
    parts: tuple[tuple[str, float], ...] = ()
    text: str = ""
    position: int = 0


Interview = Generator[list[Asked], list[Reply], list[Answer]]
"""Yields questions, is sent their replies in the same order, and returns the answers of the sheet."""

__all__ = [
    "ActivationLever",
    "Answer",
    "Conversation",
    "DesignLever",
    "ForcedAnswer",
    "Interview",
    "Item",
    "Kind",
    "Persona",
    "PromptLever",
    "Sheet",
]
