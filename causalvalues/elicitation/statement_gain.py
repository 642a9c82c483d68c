"""Statement log-likelihood gain: how much more likely a persona makes a statement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from causalvalues.elicitation.conversations import bare, telling
from causalvalues.elicitation.items import Item
from causalvalues.elicitation.method import Form, Measures, Turn, all_at_once, lost, one_after_another
from causalvalues.elicitation.questions import Asked, Capability, Conversation, Message, Reply, StatementQuestion
from causalvalues.elicitation.sheets import Answer, Interview, Sheet
from causalvalues.errors import ElicitationError


@dataclass(frozen=True)
class StatementGain:
    """Mean log-probability per token of a statement as the model's own words, minus the same without persona.

    The statement is scored as the assistant's turn after "<persona> <levers>" as system message and a request to say
    what matters; the subtracted part has the request alone (domain-conditional pointwise mutual information: Holtzman
    et al. 2021, EMNLP, here per token). It finds what a model talks about in a role. Talking about a value is not
    holding it: the negation control tells the two apart.

    Attributes
    ----------
    units : str
        Nats per token.
    """

    name: ClassVar[str] = "statement_gain"
    measures: ClassVar[Measures] = "salience"
    needs: ClassVar[tuple[Capability, ...]] = ("statements",)
    units: ClassVar[str] = "nats per token"
    draws: ClassVar[bool] = False

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask every item; sequential sheets leave each answer in the conversation."""
        return _gains(self, sheet, form, form.control)

    def ask(self, talk: Conversation, item: Item, sheet: Sheet, form: Form) -> list[Asked]:
        """Return the statement in the conversation and without it, and the negated wording where it is a control."""
        return _questions(talk, item, sheet, form, form.control or sheet.kind == "sequential")

    def score(self, item: Item, replies: list[Reply], sheet: Sheet) -> Answer:
        """Return the gain in nats per token."""
        return _scored(item, replies, contrast=False)

    def said(self, talk: Conversation, item: Item, answer: Answer, turn: Turn) -> Conversation:
        """Add the statement or its negation, whichever the likelihood ratio draws."""
        return (*talk, *_told(item, answer, turn))


@dataclass(frozen=True)
class NegationContrast:
    """Gain of a statement minus gain of its negated wording, which a topic raises as much.

    Attributes
    ----------
    units : str
        Nats per token.
    """

    name: ClassVar[str] = "negation_contrast"
    measures: ClassVar[Measures] = "endorsement"
    needs: ClassVar[tuple[Capability, ...]] = ("statements",)
    units: ClassVar[str] = "nats per token"
    draws: ClassVar[bool] = False

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask every item in both wordings; sequential sheets leave each answer in the conversation."""
        return _gains(self, sheet, form, True)

    def ask(self, talk: Conversation, item: Item, sheet: Sheet, form: Form) -> list[Asked]:
        """Return both wordings, each in the conversation and without it."""
        return _questions(talk, item, sheet, form, True)

    def score(self, item: Item, replies: list[Reply], sheet: Sheet) -> Answer:
        """Return the difference of the gains in nats per token."""
        return _scored(item, replies, contrast=True)

    def said(self, talk: Conversation, item: Item, answer: Answer, turn: Turn) -> Conversation:
        """Add the statement or its negation, whichever the likelihood ratio draws."""
        return (*talk, *_told(item, answer, turn))


GainMethod = StatementGain | NegationContrast


def _gains(method: GainMethod, sheet: Sheet, form: Form, negated: bool) -> Interview:
    """Ask the part without persona first and by itself: it is the same for all sheets of a frame."""
    without = bare(sheet, form.frames)
    wordings = [text for item in form.items.items for text in _wordings(item, negated or sheet.kind == "sequential")]
    yield [Asked(StatementQuestion(without, text), sheet.repeat) for text in wordings]
    talk = telling(sheet, form.frames)
    way = one_after_another if sheet.kind == "sequential" else all_at_once
    return (yield from way(method, sheet, form, talk))


def _wordings(item: Item, negated: bool) -> tuple[str, ...]:
    if negated and not item.negated:
        raise ElicitationError(f"The item {item.id!r} has no negated wording, which this measurement needs. Add it.")
    return (item.statement, item.negated) if negated else (item.statement,)


def _questions(talk: Conversation, item: Item, sheet: Sheet, form: Form, negated: bool) -> list[Asked]:
    places = (talk, bare(sheet, form.frames))
    texts = _wordings(item, negated)
    return [Asked(StatementQuestion(where, text), sheet.repeat) for text in texts for where in places]


PARTS = ("with", "without", "negated_with", "negated_without")


def _scored(item: Item, replies: list[Reply], contrast: bool) -> Answer:
    if any(reply.status != "ok" or not reply.tokens for reply in replies):
        status, text = lost(replies)
        return Answer(item.id, math.nan, status, text=text)
    means = [reply.numbers[0] / reply.tokens for reply in replies]
    score = means[0] - means[1]
    parts = tuple(zip(PARTS, means, strict=False))
    if len(means) == 4:
        ratio = sum((-1) ** k * reply.numbers[0] for k, reply in enumerate(replies[:2]))
        ratio -= sum((-1) ** k * reply.numbers[0] for k, reply in enumerate(replies[2:]))
        parts += (("log_odds", ratio),)
        score -= (means[2] - means[3]) if contrast else 0.0
    return Answer(item.id, score, parts=parts)


def _told(item: Item, answer: Answer, turn: Turn) -> Conversation:
    more = turn.form.frames.follow_up(turn.sheet.frame)
    return Message("assistant", _drawn(item, answer, turn.chance)), Message("user", more)


def _drawn(item: Item, answer: Answer, chance: float) -> str:
    """Draw the statement with the probability that its gain over its negation gives it (even without persona)."""
    odds = dict(answer.parts).get("log_odds", 0.0)
    return item.statement if chance < 1 / (1 + math.exp(-min(max(odds, -500.0), 500.0))) else item.negated
