"""Free text, scored by a second model (or the same one) with a rubric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.conversations import asking
from causalvalues.elicitation.method import Form, Measures, check_sampling, lost
from causalvalues.elicitation.options import expected
from causalvalues.elicitation.questions import (
    Asked,
    Capability,
    Message,
    OptionsQuestion,
    Question,
    Reply,
    TextQuestion,
)
from causalvalues.elicitation.refusals import is_refusal
from causalvalues.elicitation.sheets import Answer, Interview, Sheet


@dataclass(frozen=True)
class Rubric:
    """The model answers in its own words; a judge rates how far the answer agrees with the statement.

    The judge sees the statement and the answer, never the persona or the levers. It rates from 1 to `points` by the
    probabilities of the options, in both directions of the scale.

    Parameters
    ----------
    points : int, default 6
    temperature : float, default 1.0
    max_tokens : int, default 96
    seed : int, default 0
        Of the sampling; repeats differ without it.

    Attributes
    ----------
    units : str
        Points of the scale.
    """

    points: int = 6
    temperature: float = 1.0
    max_tokens: int = 96
    seed: int = 0
    name: ClassVar[str] = "rubric"
    measures: ClassVar[Measures] = "endorsement"
    needs: ClassVar[tuple[Capability, ...]] = ("text",)
    units: ClassVar[str] = "points of the scale"
    draws: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_sampling(self.temperature, self.seed)

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask for a free answer to every statement (as a control to the negated ones), then have the answers judged."""
        controls = [item for item in form.items.items if form.control and item.negated]
        statements = [item.statement for item in form.items.items] + [item.negated for item in controls]
        texts = yield [self._free(text, sheet, form) for text in statements]
        judged = [k for k, reply in enumerate(texts) if reply.status == "ok" and not is_refusal(reply.text)]
        asked = [
            self._judge(statement, texts[k].text, turned, form, sheet.repeat)
            for k, statement in enumerate(statements)
            if k in judged
            for turned in (False, True)
        ]
        ratings = iter((yield asked)) if asked else iter(())
        marks = {k: (next(ratings), next(ratings)) for k in judged}
        negated = {item.id: marks.get(k) for k, item in enumerate(controls, len(form.items.items))}
        return [
            self._answer(item.id, texts[k], marks.get(k), negated.get(item.id))
            for k, item in enumerate(form.items.items)
        ]

    def _free(self, statement: str, sheet: Sheet, form: Form) -> Asked:
        talk = asking(sheet, form.frames, form.frames.free_question(statement, sheet.frame))
        return Asked(TextQuestion(talk, self.max_tokens, self.temperature, self.seed), sheet.repeat)

    def _judge(self, statement: str, text: str, turned: bool, form: Form, repeat: int) -> Asked:
        prompt = form.frames.rubric(statement, text, self.points, turned)
        options = tuple(str(k) for k in range(1, self.points + 1))
        return Asked(OptionsQuestion((Message("user", prompt),), options), repeat, judge=True)

    def _answer(
        self, item: str, text: Reply, marks: tuple[Reply, Reply] | None, negated: tuple[Reply, Reply] | None
    ) -> Answer:
        if marks is None:
            status = "refusal" if text.status == "ok" else lost([text])[0]
            return Answer(item, math.nan, status, text=text.text or text.detail)
        if any(mark.status != "ok" for mark in marks):
            return Answer(item, math.nan, lost(list(marks))[0], text=text.text)
        forward, turned = self._rating(marks)
        parts = [("forward", forward), ("reversed", turned)]
        if negated is not None and all(mark.status == "ok" for mark in negated):
            parts.append(("negated", math.fsum(self._rating(negated)) / 2))
        return Answer(item, (forward + turned) / 2, parts=tuple(parts), text=text.text)

    def _rating(self, marks: tuple[Reply, Reply]) -> tuple[float, float]:
        scale = range(1, self.points + 1)
        return expected(marks[0].numbers, scale), self.points + 1 - expected(marks[1].numbers, scale)


@dataclass(frozen=True)
class Judged:
    """A backend whose free text is judged by another one.

    Parameters
    ----------
    backend : Backend
        Answers.
    judge : Backend
        Rates what was answered; needs "options". May be the same.
    """

    backend: Backend
    judge: Backend

    @property
    def identity(self) -> str:
        """Both identities."""
        return f"{self.backend.identity} judged by {self.judge.identity}"

    @property
    def model(self) -> str:
        """The model that answers."""
        return self.backend.model

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the answering model can do."""
        return self.backend.capabilities

    @property
    def at_once(self) -> int:
        """As the answering model likes it."""
        return self.backend.at_once

    @property
    def whole_sheets(self) -> bool:
        """As the answering model has it."""
        return self.backend.whole_sheets

    def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
        """Send each question to the model that it is for."""
        for backend, judge in ((self.backend, False), (self.judge, True)):
            places = [k for k, each in enumerate(asked) if each.judge is judge]
            if places:
                for done in backend.answer([asked[k] for k in places]):
                    yield [(places[k], reply) for k, reply in done]

    def tokens(self, question: Question) -> tuple[int, int]:
        """As the answering model counts."""
        return self.backend.tokens(question)

    def close(self) -> None:
        """Close both."""
        self.backend.close()
        self.judge.close()
