"""What is read from the log of an evaluation tool: records as the tool wrote them, and the rows made of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from causalvalues.elicitation.sheets import AnswerStatusName
from causalvalues.errors import DataError, ElicitationError

NONE = "-"
"""In `LogFields`: there is no such field, look for none."""


@dataclass(frozen=True)
class LogFields:
    """What a user may say about a log; "" is found among the usual names and reported.

    Parameters
    ----------
    item, persona, prompt, levers : str, default ""
        The field that holds the item, the persona, the paraphrase of the prompt, and the levers of an answer, by its
        whole name (``"metadata.item"``) or the end of it (``"item"``); ``"-"`` for none.
    answer : str, default ""
        Which of the answers in the log to take: ``"text"`` (what the model said, read by a strict parser),
        ``"choice"``, ``"expected"``, ``"score.NAME"`` and others, by tool.
    low, high : int, optional
        Ends of the rating scale: needed to read numbers out of text; other answers outside it are lost. Both or none.

    Raises
    ------
    ElicitationError
        If one end of the scale is given without the other, or they are not in order.
    """

    item: str = ""
    persona: str = ""
    prompt: str = ""
    levers: str = ""
    answer: str = ""
    low: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ElicitationError("Give both ends of the rating scale, low and high, or none of them.")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ElicitationError(f"The rating scale goes from {self.low} to {self.high}. Give low < high.")


Given = str | float | None
"""An answer as a log holds it: text to be read, a number, or nothing."""


@dataclass(frozen=True)
class Record:
    """One answer of a model in a log, before anything is decided about it.

    Parameters
    ----------
    where : str
        File and line or sample, for messages.
    fields : mapping of str to str
        Everything that may say which item, persona, prompt or levers it belongs to, by dotted name.
    model : str
    repeat : int
        As the tool counts (inspect from 1, the others from 0).
    answers : mapping of str to (str or float or None)
        What may be taken as the answer, by name.
    text : str, default ""
        What the model said.
    lost : str, default ""
        Why there can be no answer: ``"refusal"``, ``"api_error"``, ``"missing"``; "" where there can be one.
    """

    where: str
    fields: Mapping[str, str]
    model: str
    repeat: int
    answers: Mapping[str, Given]
    text: str = ""
    lost: AnswerStatusName | str = ""


@dataclass(frozen=True)
class Source:
    """The records of one file.

    Parameters
    ----------
    path : Path
    what : str
        The format, for the note: ``"inspect log"``.
    records : tuple of Record
    default_item : str
        The field that is the item when none of the usual names is there.
    default_answers : tuple of str
        Names of answers in the order in which they are taken.
    notes : tuple of str, default ()
    run : str, default ""
        Which run it is a try of; of several tries the last one is read.
    made : str, default ""
        When it was begun (ISO 8601), to tell the last try.
    """

    path: Path
    what: str
    records: tuple[Record, ...]
    default_item: str
    default_answers: tuple[str, ...]
    notes: tuple[str, ...] = ()
    run: str = ""
    made: str = ""


@dataclass(frozen=True)
class LogRow:
    """One answer: a row of the long table.

    Parameters
    ----------
    model, persona_id, prompt_id, item : str
        "" where the log does not say.
    repeat : int
    levers : tuple of (str, float)
        Names and doses, sorted; empty for none.
    response : float
        NaN when `status` is not "ok".
    status : {"ok", "refusal", "parse_error", "api_error", "missing"}
    text : str
        What the model said.
    """

    model: str
    persona_id: str
    prompt_id: str
    repeat: int
    levers: tuple[tuple[str, float], ...]
    item: str
    response: float
    status: AnswerStatusName
    text: str = ""


@dataclass(frozen=True)
class Log:
    """The answers of one log or of a folder of logs.

    Parameters
    ----------
    rows : tuple of LogRow
        In the order of the files and their samples.
    notes : tuple of str
        The first says what was found and how to say otherwise.
    """

    rows: tuple[LogRow, ...]
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for row in self.rows:
            if (row.status == "ok") == math.isnan(row.response):
                raise DataError(f"The answer to {row.item!r} is {row.response} with the status {row.status!r}.")

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each status, "ok" first."""
        found = Counter(row.status for row in self.rows)
        return {name: found[name] for name in ("ok", "refusal", "parse_error", "api_error", "missing") if found[name]}


def flat(held: object, prefix: str, depth: int = 3) -> dict[str, str]:
    """Return the plain values within nested objects by dotted name; lists of plain values are joined by "+".

    Parameters
    ----------
    held : object
        From JSON.
    prefix : str
        Name of `held` itself.
    depth : int, default 3
        Deeper ones are left out, as are lists of objects and more than 200 fields.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> flat({"persona": "p1", "levers": ["a", "b"], "more": {"wave": 2}}, "metadata")
    {'metadata.persona': 'p1', 'metadata.levers': 'a+b', 'metadata.more.wave': '2'}
    """
    if isinstance(held, dict):
        found: dict[str, str] = {}
        for name, value in list(held.items())[:200] if depth else []:
            found |= flat(value, f"{prefix}.{name}" if prefix else str(name), depth - 1)
        return dict(list(found.items())[:200])
    if isinstance(held, list):
        cells = [cell(each) for each in held[:100]]
        return {prefix: "+".join(each for each in cells if each)} if all(each is not None for each in cells) else {}
    text = cell(held)
    return {} if text is None or held is None else {prefix: text}


def cell(held: object) -> str | None:
    """Return a plain value as one line of text (3.0 as "3", nothing as ""), or None for lists and objects."""
    if held is None:
        return ""
    if isinstance(held, float) and held.is_integer() and abs(held) < 1e15:
        held = int(held)
    if not isinstance(held, str | int | float):
        return None
    text = str(held).encode("utf-8", "backslashreplace").decode()
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())
