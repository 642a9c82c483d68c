"""Yes or no: the log-odds of agreeing with a statement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from causalvalues.elicitation.conversations import before
from causalvalues.elicitation.items import Item
from causalvalues.elicitation.method import Form, Measures, Turn, ask_items, unanswered
from causalvalues.elicitation.questions import Asked, Capability, Conversation, Message, OptionsQuestion, Reply
from causalvalues.elicitation.sheets import Answer, Interview, Sheet


@dataclass(frozen=True)
class YesNo:
    """Log-odds of "yes" against "no", with the order in which the question names them reversed and averaged.

    Attributes
    ----------
    units : str
        Log-odds (nats).
    """

    name: ClassVar[str] = "yes_no"
    measures: ClassVar[Measures] = "endorsement"
    needs: ClassVar[tuple[Capability, ...]] = ("options",)
    units: ClassVar[str] = "log-odds of yes"
    draws: ClassVar[bool] = False

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask every item with both orders of the two words."""
        return ask_items(self, sheet, form, before(sheet, form.frames))

    def ask(self, talk: Conversation, item: Item, sheet: Sheet, form: Form) -> list[Asked]:
        """Return the question with both orders, for the negated wording too where it is a control."""
        return [
            Asked(
                OptionsQuestion((*talk, _question(text, turned, form, sheet.frame)), form.frames.yes_and_no),
                sheet.repeat,
            )
            for text in form.wordings(item)
            for turned in (False, True)
        ]

    def score(self, item: Item, replies: list[Reply], sheet: Sheet) -> Answer:
        """Return the mean log-odds of both orders."""
        gone = unanswered(item, replies)
        if gone is not None:
            return gone
        odds = [reply.numbers[0] - reply.numbers[1] for reply in replies]
        parts: tuple[tuple[str, float], ...] = (("forward", odds[0]), ("reversed", odds[1]))
        if len(odds) == 4:
            parts += (("negated", (odds[2] + odds[3]) / 2),)
        return Answer(item.id, (odds[0] + odds[1]) / 2, parts=parts)

    def said(self, talk: Conversation, item: Item, answer: Answer, turn: Turn) -> Conversation:
        """Add the question and a word drawn with its probability; odd repeats name the words the other way round."""
        odds = min(max(answer.score, -500.0), 500.0)
        word = turn.form.frames.yes_and_no[0 if turn.chance < 1 / (1 + math.exp(-odds)) else 1]
        question = _question(item.statement, turn.sheet.turned, turn.form, turn.sheet.frame)
        return (*talk, question, Message("assistant", word))


def _question(statement: str, turned: bool, form: Form, wording: int) -> Message:
    return Message("user", form.frames.yes_no_question(statement, turned, wording))
