"""Ratings of statements on a scale: by the probabilities of the options, or sampled and parsed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from causalvalues.elicitation.conversations import before
from causalvalues.elicitation.items import Item
from causalvalues.elicitation.method import Form, Measures, Turn, ask_items, check_sampling, unanswered
from causalvalues.elicitation.options import expected
from causalvalues.elicitation.questions import (
    Asked,
    Capability,
    Conversation,
    Message,
    OptionsQuestion,
    Reply,
    TextQuestion,
)
from causalvalues.elicitation.rating_parser import parse_rating
from causalvalues.elicitation.refusals import is_refusal
from causalvalues.elicitation.sheets import Answer, Interview, Sheet
from causalvalues.errors import ElicitationError


@dataclass(frozen=True)
class Rating:
    """Expected rating from the probabilities of the options, with the scale's direction reversed and averaged.

    The question is put twice: with 1 as the low end and with 1 as the high end. Each time the expectation is taken over
    the probabilities of the options, normalised over the options; the reversed one is turned back, and the score is the
    mean of both. What the two differ by is the option-order bias, which the report prints.

    Parameters
    ----------
    points : int, default 6
        Options of the scale, 2 to 9.

    Attributes
    ----------
    units : str
        Points of the scale.
    """

    points: int = 6
    name: ClassVar[str] = "rating"
    measures: ClassVar[Measures] = "endorsement"
    needs: ClassVar[tuple[Capability, ...]] = ("options",)
    units: ClassVar[str] = "points of the scale"
    draws: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_points(self.points)

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask every item in both directions of the scale."""
        return ask_items(self, sheet, form, before(sheet, form.frames))

    def ask(self, talk: Conversation, item: Item, sheet: Sheet, form: Form) -> list[Asked]:
        """Return the question in both directions, for the negated wording too where it is a control."""
        options = tuple(str(k) for k in range(1, self.points + 1))
        return [
            Asked(
                OptionsQuestion((*talk, _question(text, self.points, turned, form, sheet.frame)), options), sheet.repeat
            )
            for text in form.wordings(item)
            for turned in (False, True)
        ]

    def score(self, item: Item, replies: list[Reply], sheet: Sheet) -> Answer:
        """Return the mean of the expected ratings of both directions."""
        gone = unanswered(item, replies)
        if gone is not None:
            return gone
        scale = range(1, self.points + 1)
        means = [expected(reply.numbers, scale) for reply in replies]
        turned = [mean if k % 2 == 0 else self.points + 1 - mean for k, mean in enumerate(means)]
        parts: tuple[tuple[str, float], ...] = (("forward", turned[0]), ("reversed", turned[1]))
        if len(turned) == 4:
            parts += (("negated", (turned[2] + turned[3]) / 2),)
        return Answer(item.id, (turned[0] + turned[1]) / 2, parts=parts)

    def said(self, talk: Conversation, item: Item, answer: Answer, turn: Turn) -> Conversation:
        """Add the question, low end first (on odd repeats high end first), and the whole rating next to the score."""
        low = math.floor(answer.score)
        rating = low + (turn.chance < answer.score - low)
        number = self.points + 1 - rating if turn.sheet.turned else rating
        return (*talk, _asked(item, self.points, turn), Message("assistant", str(number)))


@dataclass(frozen=True)
class SampledRating:
    """A rating that the model says, read by a strict parser: an answer that is no rating is a status, never a number.

    Half of the repeats (the odd ones) have the direction of the scale reversed.

    Parameters
    ----------
    points : int, default 6
    temperature : float, default 1.0
    max_tokens : int, default 16
    seed : int, default 0
        Of the sampling; repeats differ without it.
    """

    points: int = 6
    temperature: float = 1.0
    max_tokens: int = 16
    seed: int = 0
    name: ClassVar[str] = "sampled_rating"
    measures: ClassVar[Measures] = "endorsement"
    needs: ClassVar[tuple[Capability, ...]] = ("text",)
    units: ClassVar[str] = "points of the scale"
    draws: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_points(self.points)
        check_sampling(self.temperature, self.seed)

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask every item once."""
        return ask_items(self, sheet, form, before(sheet, form.frames))

    def ask(self, talk: Conversation, item: Item, sheet: Sheet, form: Form) -> list[Asked]:
        """Return the question; where the negated wording is a control, in both wordings."""
        return [
            Asked(
                TextQuestion(
                    (*talk, _question(text, self.points, sheet.turned, form, sheet.frame)),
                    self.max_tokens,
                    self.temperature,
                    self.seed,
                ),
                sheet.repeat,
            )
            for text in form.wordings(item)
        ]

    def score(self, item: Item, replies: list[Reply], sheet: Sheet) -> Answer:
        """Return the rating that was said, turned back where the scale was reversed."""
        gone = unanswered(item, replies)
        if gone is not None:
            return gone
        ratings = [parse_rating(reply.text, 1, self.points) for reply in replies]
        if any(rating is None for rating in ratings):
            text = next(reply.text for reply, rating in zip(replies, ratings, strict=True) if rating is None)
            return Answer(item.id, math.nan, "refusal" if is_refusal(text) else "parse_error", text=text)
        scores = [float(self.points + 1 - said if sheet.turned else said) for said in ratings if said is not None]
        parts = (
            ("reversed" if sheet.turned else "forward", scores[0]),
            *((("negated", scores[1]),) if scores[1:] else ()),
        )
        return Answer(item.id, scores[0], parts=parts, text=replies[0].text)

    def said(self, talk: Conversation, item: Item, answer: Answer, turn: Turn) -> Conversation:
        """Add the question as it was asked and what the model said."""
        return (*talk, _asked(item, self.points, turn), Message("assistant", answer.text.strip()))


def _asked(item: Item, points: int, turn: Turn) -> Message:
    return _question(item.statement, points, turn.sheet.turned, turn.form, turn.sheet.frame)


def _question(statement: str, points: int, turned: bool, form: Form, wording: int) -> Message:
    return Message("user", form.frames.rating_question(statement, points, turned, wording))


def _check_points(points: int) -> None:
    if isinstance(points, bool) or not isinstance(points, int) or not 2 <= points <= 9:
        raise ElicitationError(f"A scale of {points!r} points cannot be asked. Give 2 to 9.")
