"""A model that answers by arithmetic, interviews of it, and a program that runs them into a store."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from causalvalues.elicitation.questions import (
    Asked,
    Capability,
    Message,
    OptionsQuestion,
    Question,
    Reply,
    StatementQuestion,
    TextQuestion,
    canonical,
)
from causalvalues.elicitation.sheets import Answer, Interview, Persona, Sheet

LONG_SLEEP = 60.0


class PretendModel:
    """Answers in lists of `together`; notes every batch and question; `log` gets a byte for each question."""

    identity = "pretend|1"
    model = "pretend"
    whole_sheets = False
    capabilities: frozenset[Capability] = frozenset({"options", "statements", "text"})

    def __init__(self, at_once: int = 1, together: int = 4, salt: str = "", log: Path | None = None) -> None:
        self.at_once = at_once
        self.together = together
        self.salt = salt
        self.log = log
        self.batches: list[int] = []
        self.heard: list[str] = []
        self.pause = 0.0
        self.rest_after = 10**9

    def answer(self, asked: Sequence[Asked]) -> Iterator[list[tuple[int, Reply]]]:
        self.batches.append(len(asked))
        for start in range(0, len(asked), self.together):
            places = range(start, min(start + self.together, len(asked)))
            self._note([canonical(self.identity, asked[place]) for place in places])
            yield [(place, self.reply(asked[place])) for place in reversed(places)]

    def reply(self, asked: Asked) -> Reply:
        digest = hashlib.sha256((self.salt + canonical("", asked)).encode()).digest()
        number = -int.from_bytes(digest[:7], "little") / 2**53
        if isinstance(asked.question, OptionsQuestion):
            return Reply("ok", tuple(number * (i + 1) for i in range(len(asked.question.options))), prompt_tokens=9)
        if isinstance(asked.question, StatementQuestion):
            return Reply("ok", (number,), tokens=digest[0] + 1, prompt_tokens=11, completion_tokens=1)
        return Reply("ok", text=str(digest[1] % 6 + 1), prompt_tokens=7, completion_tokens=2)

    def tokens(self, question: Question) -> tuple[int, int]:
        if isinstance(question, OptionsQuestion):
            return 9, 0
        return (11, 1) if isinstance(question, StatementQuestion) else (7, 2)

    def close(self) -> None:
        pass

    def _note(self, questions: list[str]) -> None:
        self.heard += questions
        if self.log is not None:
            with self.log.open("ab") as file:
                file.write(b"." * len(questions))
        time.sleep(self.pause if len(self.heard) < self.rest_after else LONG_SLEEP)


def sheets_of(number: int) -> list[Sheet]:
    return [Sheet(f"s{i:03}", "plain", Persona(f"p{i:03}", f"You are number {i}.")) for i in range(number)]


def said(sheet: Sheet, words: str) -> tuple[Message, ...]:
    return Message("system", sheet.persona.text), Message("user", words)


def plain(sheet: Sheet) -> Interview:
    """One step: four items with and without persona (without is the same on all sheets), the first one twice."""
    with_persona = [Asked(StatementQuestion(said(sheet, "Speak."), f"I like {j}."), sheet.repeat) for j in range(4)]
    without = [Asked(StatementQuestion((Message("user", "Speak."),), f"I like {j}.")) for j in range(4)]
    replies = yield [*with_persona, *without, with_persona[0]]
    assert replies[0] == replies[-1]
    return [
        Answer(f"i{j}", replies[j].numbers[0] - replies[4 + j].numbers[0])
        if not (replies[j].lost or replies[4 + j].lost)
        else Answer(f"i{j}", float("inf"), "api_error")
        for j in range(4)
    ]


def in_turn(sheet: Sheet) -> Interview:
    """Three steps: each question holds the reply before; the last step asks for options; one list is empty."""
    before, answers = "nothing", []
    for j in range(3):
        first, second = yield [
            Asked(TextQuestion(said(sheet, f"You said {before}. Item {j}?")), sheet.repeat),
            Asked(OptionsQuestion(said(sheet, f"You said {before}. Choose {j}."), ("1", "2")), sheet.repeat),
        ]
        assert (yield []) == []
        before = first.text
        answers.append(Answer(f"i{j}", sum(second.numbers), text=first.text, position=j))
    return answers


def mixed(sheet: Sheet) -> Interview:
    """Sheets with odd numbers in several steps, the others in one."""
    return in_turn(sheet) if int(sheet.id[1:]) % 2 else plain(sheet)


def main(store: str, log: str, sheets: int, rest_after: int, salt: str) -> None:
    """Interview into a store and print the digest of the answers; rests when many questions were heard."""
    from causalvalues.elicitation.running import run_interviews
    from causalvalues.elicitation.store import Store

    model = PretendModel(at_once=3, salt=salt, log=Path(log))
    model.pause, model.rest_after = 0.001, rest_after
    with Store(store) as kept:
        answers = run_interviews(sheets_of(sheets), mixed, model, kept)
    content = json.dumps([[vars(answer) for answer in each] for each in answers])
    sys.stdout.write(hashlib.sha256(content.encode()).hexdigest())


def command(store: Path, log: Path, sheets: int, rest_after: int = 10**9, salt: str = "") -> list[str]:
    """What runs `main` in a process of its own."""
    words = f"import pretend_model as m; m.main({str(store)!r}, {str(log)!r}, {sheets}, {rest_after}, {salt!r})"
    return [sys.executable, "-c", words]


def surroundings() -> dict[str, str]:
    """Environment in which a process finds this module."""
    here = Path(__file__).resolve().parent
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
