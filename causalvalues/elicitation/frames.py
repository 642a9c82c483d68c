"""Frames: what the user says around a statement, in several wordings and as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from causalvalues.elicitation.data_files import HERE, read_fields, shipped, texts
from causalvalues.errors import DataError, ElicitationError, did_you_mean

FORMAT = "causalvalues-frames 1"


@dataclass(frozen=True)
class Frames:
    """The questions of one language.

    Every question exists in several wordings; an index beyond the last one is refused. `wordings` says how many there
    are for a way of measuring.

    Parameters
    ----------
    language : str
    questions, follow_ups : tuple of str
        The user's turn before a statement, and after the assistant has already said something.
    scale, rubric_scale : tuple of str
        What the numbers 1 to 6 mean, for the one who answers and for the judge.
    rating, yes_no, choice, free_text : tuple of str
        Questions with places for ``{statement}``, ``{scale}``, ``{first}`` and ``{second}``.
    judge_statement, judge_value : str
        For a judge, with places for ``{answer}``, ``{scale}`` and ``{statement}`` or ``{value}``.
    yes, no : str
    neutral : tuple of str
        First-person and other sentences that speak for no value.
    about : mapping of str to str
        Value -> what it is about, for a judge.
    """

    language: str
    questions: tuple[str, ...]
    follow_ups: tuple[str, ...]
    scale: tuple[str, ...]
    rubric_scale: tuple[str, ...]
    rating: tuple[str, ...]
    yes_no: tuple[str, ...]
    choice: tuple[str, ...]
    free_text: tuple[str, ...]
    judge_statement: str
    judge_value: str
    yes: str
    no: str
    neutral: tuple[str, ...]
    about: Mapping[str, str]

    @property
    def yes_and_no(self) -> tuple[str, str]:
        """The words for yes and no."""
        return self.yes, self.no

    def wordings(self, method: str) -> int:
        """Return in how many wordings a way of measuring can ask.

        What is said before an item (forced answers and runs of items one after another) has as many or more.

        Parameters
        ----------
        method : str
            ``"statement_gain"``, ``"negation_contrast"``, ``"rating"``, ``"sampled_rating"``, ``"yes_no"``,
            ``"forced_choice"`` or ``"rubric"``.

        Raises
        ------
        ElicitationError
            If there is no such way of measuring.

        Examples
        --------
        >>> frames("en").wordings("rating"), frames("en").wordings("statement_gain")
        (3, 4)
        """
        questions = {
            "statement_gain": self.questions,
            "negation_contrast": self.questions,
            "rating": self.rating,
            "sampled_rating": self.rating,
            "yes_no": self.yes_no,
            "forced_choice": self.choice,
            "rubric": self.free_text,
        }
        if method not in questions:
            raise ElicitationError(f"Nothing is asked by {method!r}.{did_you_mean(method, list(questions))}")
        return min(len(questions[method]), len(self.questions), len(self.follow_ups))

    def statement_request(self, wording: int = 0) -> str:
        """Return the user's turn before a statement."""
        return _of(self.questions, wording)

    def follow_up(self, wording: int = 0) -> str:
        """Return the user's turn after the assistant has already said something."""
        return _of(self.follow_ups, wording)

    def rating_question(self, statement: str, points: int = 6, turned: bool = False, wording: int = 0) -> str:
        """Return the question for a number from 1 to `points`; where it is turned, 1 stands for agreeing most."""
        scale = _scale(self.scale, points, turned)
        return _fill(_of(self.rating, wording), statement=statement, scale=scale)

    def yes_no_question(self, statement: str, turned: bool = False, wording: int = 0) -> str:
        """Return the question for yes or no; where it is turned, no is named first."""
        first, second = (self.no, self.yes) if turned else (self.yes, self.no)
        return _fill(_of(self.yes_no, wording), statement=statement, first=first, second=second)

    def choice_question(self, first: str, second: str, wording: int = 0) -> str:
        """Return the question for one of two statements; ask it again with the two exchanged."""
        return _fill(_of(self.choice, wording), first=first, second=second)

    def free_question(self, statement: str, wording: int = 0) -> str:
        """Return the question for a few sentences about a statement."""
        return _fill(_of(self.free_text, wording), statement=statement)

    def rubric(self, statement: str, answer: str, points: int = 6, turned: bool = False) -> str:
        """Return what a judge is asked about a free answer: how strongly it speaks for a statement.

        The answer stands between tags that it cannot close. Where it is turned, 1 stands for speaking for it most.
        """
        scale = _scale(self.rubric_scale, points, turned)
        return _fill(self.judge_statement, statement=statement, answer=_inert(answer), scale=scale)

    def rubric_of_value(self, value: str, answer: str, points: int = 6, turned: bool = False) -> str:
        """Return what a judge is asked about a free answer: how strongly it speaks for a value.

        As `rubric`; a value that `about` does not describe is named as it is.
        """
        scale = _scale(self.rubric_scale, points, turned)
        meaning = self.about.get(value, value.replace("_", " "))
        return _fill(self.judge_value, value=meaning, answer=_inert(answer), scale=scale)


_TEXTS = ("questions", "follow_ups", "scale", "rubric_scale", "rating", "yes_no", "choice", "free_text", "neutral")
_WORDS = ("language", "yes", "no", "judge_statement", "judge_value")
PLACES: dict[str, frozenset[str]] = {
    "rating": frozenset({"statement", "scale"}),
    "yes_no": frozenset({"statement", "first", "second"}),
    "choice": frozenset({"first", "second"}),
    "free_text": frozenset({"statement"}),
    "judge_statement": frozenset({"statement", "answer", "scale"}),
    "judge_value": frozenset({"value", "answer", "scale"}),
}
"""Question -> the places that each of its wordings must have."""


def frames(language: str = "en") -> Frames:
    """Return the questions of a language.

    Raises
    ------
    ElicitationError
        If there are none in this language.

    Examples
    --------
    >>> frames("en").statement_request()
    'Describe in one sentence what matters to you.'
    """
    known = shipped("frames-")
    if language not in known:
        raise ElicitationError(f"There are no questions in the language {language!r}.{did_you_mean(language, known)}")
    path = HERE / f"frames-{language}.toml"
    types = {"licence": str, "source": str, "about": dict} | dict.fromkeys(_WORDS, str) | dict.fromkeys(_TEXTS, list)
    fields: dict[str, Any] = read_fields(path, FORMAT, types, set(types) - {"licence", "source"})
    said: dict[str, Any] = {name: texts(path, name, fields[name]) for name in _TEXTS}
    plain: dict[str, Any] = {name: fields[name] for name in _WORDS}
    for name, places in PLACES.items():
        for wording in said.get(name, (plain.get(name, ""),)):
            if set(re.findall(r"\{(\w+)\}", wording)) != places:
                raise DataError(f"{path}: `{name}` needs the places {sorted(places)}; {wording!r} differs.")
    return Frames(**plain, **said, about=dict(fields["about"]))


def _of(wordings: tuple[str, ...], index: int) -> str:
    if not 0 <= index < len(wordings):
        raise ElicitationError(
            f"The wording {index} of a question is asked for, and there are {len(wordings)}, counted from 0. "
            f"Use at most {len(wordings)} frames."
        )
    return wordings[index]


def _scale(words: tuple[str, ...], points: int, turned: bool) -> str:
    """Say what the numbers mean: each of them where there is a word for each, else the two ends."""
    shown = words[::-1] if turned else words
    if points == len(words):
        return ", ".join(f"{number} = {word}" for number, word in enumerate(shown, 1))
    return f"from 1 = {shown[0]} to {points} = {shown[-1]}"


def _fill(template: str, **parts: str) -> str:
    """Put texts into their places in one pass, so that braces inside a text stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda match: parts[match.group(1)], template)


def _inert(answer: str) -> str:
    """Return an answer in which no tag closes the frame that a judge reads it in."""
    return re.sub(r"<\s*(/?)\s*answer\s*>", r"(\1answer)", answer, flags=re.IGNORECASE)
