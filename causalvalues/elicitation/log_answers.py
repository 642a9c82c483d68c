"""Which of the answers in a log is taken, and what becomes of it: a number, or the reason why there is none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.elicitation.log_records import Given, LogFields, Record, Source
from causalvalues.elicitation.rating_parser import parse_rating
from causalvalues.elicitation.refusals import is_refusal
from causalvalues.elicitation.sheets import AnswerStatusName
from causalvalues.errors import DataError, did_you_mean

_NAMES: tuple[AnswerStatusName, ...] = ("refusal", "api_error", "missing")


@dataclass(frozen=True)
class Taken:
    """The answers that are taken from the records of all files.

    Parameters
    ----------
    name : tuple of str
        The name of the answer taken, one a source.
    values : tuple of float
        One a record; NaN where there is none.
    status : tuple of str
        One a record.
    notes : tuple of str
    """

    name: tuple[str, ...]
    values: tuple[float, ...]
    status: tuple[AnswerStatusName, ...]
    notes: tuple[str, ...]


def take(sources: Sequence[Source], fields: LogFields) -> Taken:
    """Return the number or the status of each record of all sources, in order.

    Parameters
    ----------
    sources : sequence of Source
    fields : LogFields
        `answer`, `low` and `high` are looked at.

    Raises
    ------
    DataError
        If the answer that was asked for is not there, or all answers are text and no scale is given.
    """
    names: list[str] = []
    values: list[float] = []
    status: list[AnswerStatusName] = []
    unread: Counter[str] = Counter()
    texts = 0
    for source in sources:
        name = _name(source, fields)
        names.append(name)
        for record in source.records:
            given = record.answers.get(name)
            value, word = _read(record, given, fields)
            texts += isinstance(given, str) and not record.lost
            values.append(value)
            status.append(word)
            if word == "parse_error":
                unread[" ".join((record.text or str(given)).split())[:60]] += 1
    if texts and "ok" not in status and not fields.answer and (fields.low is None or _others(sources[0])):
        raise _no_scale(sources[0]) if fields.low is None else _unreadable(sources[0], unread)
    return Taken(tuple(names), tuple(values), tuple(status), _notes(unread, texts, len(values), fields))


def _name(source: Source, fields: LogFields) -> str:
    """Return the name of the answer to take from a file: what was asked for, else what it can only be."""
    known = known_answers(source)
    if fields.answer:
        if fields.answer not in known:
            raise DataError(f"{source.path} has no answer {fields.answer!r}." + did_you_mean(fields.answer, known))
        return fields.answer
    if "answer" in known or not known:
        return "answer"
    if "text" in known and fields.low is not None:
        return "text"
    fit = [name for name in source.default_answers if name in known]
    if fit and not any(name.startswith("score.") for name in known):
        return fit[0]
    raise _no_scale(source)


def known_answers(source: Source) -> list[str]:
    """Return the names of all answers in a file."""
    return list(dict.fromkeys(name for record in source.records for name in record.answers))


def _no_scale(source: Source) -> DataError:
    said = next((record.text for record in source.records if record.text.strip()), "")
    return DataError(
        f"{source.path}: it is not clear what the answers are. What the model said is text, for example "
        f"{' '.join(said.split())[:60]!r}: give the ends of the rating scale to read numbers from it, "
        f"LogFields(low=1, high=6) or --low 1 --high 6.{_others(source)}"
    )


def _unreadable(source: Source, unread: Counter[str]) -> DataError:
    said = next(iter(unread), "")
    return DataError(
        f"{source.path}: not one of the texts is a rating of the scale, for example {said!r}.{_others(source)} Or give "
        "the right ends of the scale."
    )


def _others(source: Source) -> str:
    """Return a sentence that names the other answers that a log holds, or nothing."""
    others = [name for name in known_answers(source) if name not in ("text", "answer")]
    if not others:
        return ""
    how = f"LogFields(answer={others[0]!r}) or --answer {others[0]}"
    return f" The log also holds {', '.join(others[:8])}: take one with {how}."


def _read(record: Record, given: Given, fields: LogFields) -> tuple[float, AnswerStatusName]:
    """Return the number of an answer, or NaN and why there is none."""
    if record.lost:
        return math.nan, next(name for name in _NAMES if name == record.lost)
    value: float | None
    if isinstance(given, str):
        rating = None if fields.low is None or fields.high is None else parse_rating(given, fields.low, fields.high)
        value = None if rating is None else float(rating)
    else:
        value = given if given is not None and math.isfinite(given) else None
        if value is not None and fields.low is not None and fields.high is not None:
            value = value if fields.low <= value <= fields.high else None
    if value is not None:
        return value, "ok"
    said = given if isinstance(given, str) else record.text
    if is_refusal(said):
        return math.nan, "refusal"
    return math.nan, "parse_error" if said.strip() or isinstance(given, float) else "missing"


def _notes(unread: Counter[str], texts: int, count: int, fields: LogFields) -> tuple[str, ...]:
    """Return a note on the answers that did not parse, if there are any."""
    if not unread:
        return ()
    shown = ", ".join(repr(said) + (f" ({times} times)" if times > 1 else "") for said, times in unread.most_common(3))
    note = f"{unread.total()} of {count} answers are no single number of the scale (parse_error), for example {shown}."
    if texts and fields.low is None:
        note += " Answers that are text are read only with a scale: LogFields(low=1, high=6)."
    return (note,)
