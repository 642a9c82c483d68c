"""What a way of measuring is: an object that turns items into questions and replies into scores."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from causalvalues.elicitation.frames import Frames
from causalvalues.elicitation.items import Item, ItemSet
from causalvalues.elicitation.questions import Asked, Capability, Conversation, Reply
from causalvalues.elicitation.sheets import Answer, AnswerStatusName, Interview, Sheet
from causalvalues.errors import ElicitationError
from causalvalues.randomness import require_whole, stream

Measures = Literal["salience", "endorsement"]


@dataclass(frozen=True)
class Form:
    """What a method needs to know beside the sheet.

    Parameters
    ----------
    items : ItemSet
    frames : Frames
        The sentences around the items.
    control : bool, default False
        Whether the negated wording of every item is asked, too (the negation control).
    """

    items: ItemSet
    frames: Frames
    control: bool = False

    def wordings(self, item: Item) -> list[str]:
        """Return the texts of an item that are asked: its statement, and as a control the negated wording it has."""
        return [item.statement, *([item.negated] if self.control and item.negated else [])]


@dataclass(frozen=True)
class Turn:
    """When an answer is said: on which sheet of which form, and with which luck.

    Parameters
    ----------
    sheet : Sheet
        Its frame and repeat say how the question was put, and so how it stands in the conversation.
    form : Form
    chance : float
        From 0 to 1; answers that are known by their probabilities are drawn with it.
    """

    sheet: Sheet
    form: Form
    chance: float


class Method(Protocol):
    """A way of measuring.

    Attributes
    ----------
    name : str
        As study files and tables write it.
    measures : {"salience", "endorsement"}
        What it claims to measure; the negation control says whether the claim holds.
    needs : tuple of capabilities
        What a backend must be able to do.
    units : str
        Of the scores.
    draws : bool
        Whether repeats of a question can differ.
    """

    @property
    def name(self) -> str:
        """As tables write it."""
        ...

    @property
    def measures(self) -> Measures:
        """What it claims to measure."""
        ...

    @property
    def needs(self) -> tuple[Capability, ...]:
        """What a backend must be able to do."""
        ...

    @property
    def units(self) -> str:
        """Of the scores."""
        ...

    @property
    def draws(self) -> bool:
        """Whether repeats of a question can differ."""
        ...

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask the items of a form on a sheet."""
        ...


class ItemMethod(Method, Protocol):
    """A method whose items can be asked one after another, with each answer left in the conversation."""

    def ask(self, talk: Conversation, item: Item, sheet: Sheet, form: Form) -> list[Asked]:
        """Return the questions about one item in a conversation."""
        ...

    def score(self, item: Item, replies: list[Reply], sheet: Sheet) -> Answer:
        """Return the answer that the replies to `ask` make."""
        ...

    def said(self, talk: Conversation, item: Item, answer: Answer, turn: Turn) -> Conversation:
        """Return the conversation with an answer in it, whose status is "ok"."""
        ...


def lost(replies: list[Reply]) -> tuple[AnswerStatusName, str]:
    """Return the status and text of an answer for which not every reply is a number.

    A reply that was lost on the way, and will be asked for again, goes before a refusal.
    """
    failed = sorted((reply for reply in replies if reply.status != "ok"), key=lambda reply: not reply.lost)
    bad = failed[0] if failed else Reply("malformed")
    names: dict[str, AnswerStatusName] = {"refusal": "refusal", "unparsed": "parse_error", "not_offered": "parse_error"}
    return names.get(bad.status, "api_error"), bad.text or bad.detail


def unanswered(item: Item, replies: list[Reply]) -> Answer | None:
    """Return the answer without a number that follows from replies of which one is none; None when all are there."""
    if all(reply.status == "ok" for reply in replies):
        return None
    status, text = lost(replies)
    return Answer(item.id, math.nan, status, text=text)


def ask_items(method: ItemMethod, sheet: Sheet, form: Form, talk: Conversation) -> Interview:
    """Ask the items as the sheet wants it: in turn, or each by itself."""
    way = one_after_another if sheet.kind == "sequential" else all_at_once
    return way(method, sheet, form, talk)


def all_at_once(method: ItemMethod, sheet: Sheet, form: Form, talk: Conversation) -> Interview:
    """Ask every item in the same conversation; no item knows of another."""
    questions = [method.ask(talk, item, sheet, form) for item in form.items.items]
    replies = yield [asked for each in questions for asked in each]
    answers, begin = [], 0
    for item, asked in zip(form.items.items, questions, strict=True):
        answers.append(method.score(item, replies[begin : begin + len(asked)], sheet))
        begin += len(asked)
    return answers


def one_after_another(method: ItemMethod, sheet: Sheet, form: Form, talk: Conversation) -> Interview:
    """Ask the items in a random order and leave each answer in the conversation.

    The order and the answers that are said come from the seed of the sheet. Nothing is said that was not answered: an
    item that the model refused, or answered with no number, is left out of the conversation. When a reply is lost on
    the way the sheet ends, because what comes later depends on it: the items that were not asked are "missing".
    """
    random = stream(sheet.order_seed, "order of items", sheet.id)
    items = [form.items.items[i] for i in random.permutation(len(form.items.items))]
    answers: list[Answer] = []
    for position, item in enumerate(items):
        replies = yield method.ask(talk, item, sheet, form)
        answer = method.score(item, replies, sheet)
        answers.append(replace(answer, position=position))
        turn = Turn(sheet, form, float(random.random()))
        if answer.status == "api_error":
            break
        if answer.status == "ok":
            talk = method.said(talk, item, answer, turn)
    left = range(len(answers), len(items))
    return answers + [Answer(items[k].id, math.nan, "missing", position=k) for k in left]


def check_sampling(temperature: float, seed: int) -> None:
    """Refuse a temperature or a seed with which no text can be drawn.

    Raises
    ------
    ElicitationError
        If the temperature is no number of zero or more.
    CausalValuesError
        If the seed is no whole number of zero or more.
    """
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not number or not 0 <= temperature < math.inf:
        raise ElicitationError(f"Texts cannot be drawn at the temperature {temperature!r}. Give a number from 0 on.")
    require_whole("seed", seed, 0)
