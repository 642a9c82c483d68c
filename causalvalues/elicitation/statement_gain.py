"""Statement log-likelihood gain: how much more likely a persona makes a statement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from causalvalues.elicitation.conversations import bare, telling
from causalvalues.elicitation.items import Item
from causalvalues.elicitation.method import Form, Measures, Turn, ask_items, lost
from causalvalues.elicitation.questions import Asked, Capability, Conversation, Message, Reply, StatementQuestion
from causalvalues.elicitation.sheets import Answer, Interview, Sheet
from causalvalues.errors import ElicitationError


@dataclass(frozen=True)
class _Gains:
    """What both measures share; `contrast` says whether the gain of the negated wording is taken away."""

    name: ClassVar[str]
    measures: ClassVar[Measures]
    contrast: ClassVar[bool]
    needs: ClassVar[tuple[Capability, ...]] = ("statements",)
    units: ClassVar[str] = "nats per token"
    draws: ClassVar[bool] = False

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask every item; sequential sheets leave each answer in the conversation.

        The part without persona is asked first and by itself: it is the same for all sheets of a frame.
        """
        without = bare(sheet, form.frames)
        wordings = [text for item in form.items.items for text in self.wordings(item, sheet, form)]
        yield [Asked(StatementQuestion(without, text), sheet.repeat) for text in wordings]
        return (yield from ask_items(self, sheet, form, telling(sheet, form.frames)))

    def ask(self, talk: Conversation, item: Item, sheet: Sheet, form: Form) -> list[Asked]:
        """Return the statement in the conversation and without it, and the negated wording where it is needed."""
        places = (talk, bare(sheet, form.frames))
        texts = self.wordings(item, sheet, form)
        return [Asked(StatementQuestion(where, text), sheet.repeat) for text in texts for where in places]

    def wordings(self, item: Item, sheet: Sheet, form: Form) -> tuple[str, ...]:
        """Return the texts that are asked: both wordings for a contrast, for a control, and where one is to be said."""
        if not (self.contrast or form.control or sheet.kind == "sequential"):
            return (item.statement,)
        if not item.negated:
            raise ElicitationError(
                f"The item {item.id!r} has no negated wording, which this measurement needs. Add it."
            )
        return item.statement, item.negated

    def score(self, item: Item, replies: list[Reply], sheet: Sheet) -> Answer:
        """Return the gain, or the difference of both gains, in nats per token."""
        return _scored(item, replies, self.contrast)

    def said(self, talk: Conversation, item: Item, answer: Answer, turn: Turn) -> Conversation:
        """Add the statement or its negation, whichever the likelihood ratio draws."""
        return (*talk, *_told(item, answer, turn))


class StatementGain(_Gains):
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
    contrast: ClassVar[bool] = False


class NegationContrast(_Gains):
    """Gain of a statement minus gain of its negated wording, which a topic raises as much.

    Attributes
    ----------
    units : str
        Nats per token.
    """

    name: ClassVar[str] = "negation_contrast"
    measures: ClassVar[Measures] = "endorsement"
    contrast: ClassVar[bool] = True


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
