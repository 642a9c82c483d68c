"""Rows of a store: a reply as columns, and as a line of an export; both ways without losing a bit."""

from __future__ import annotations

import json
import math
from functools import partial
from typing import Any, cast

from causalvalues.elicitation.questions import Reply, ReplyStatus
from causalvalues.errors import DataError

COLUMNS = "status, numbers, tokens, text, prompt_tokens, completion_tokens, detail"
"""The columns that make a `Reply`, in the order of `row_of` and `reply_of`."""

Row = tuple[Any, ...]


def held(text: str) -> str | bytes:
    """Return what SQLite can hold of any string: itself, or its bytes where it has a NUL or half a character."""
    if "\0" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return text.encode("utf-8", "surrogatepass")


def given(held: str | bytes) -> str:
    """Return the string that `held` was made of."""
    return held if isinstance(held, str) else held.decode("utf-8", "surrogatepass")


def row_of(reply: Reply) -> Row:
    """Return the columns of a reply; numbers as JSON, whose shortest form of a float reads back as the same float."""
    numbers = json.dumps([float(number) for number in reply.numbers])
    counts = int(reply.prompt_tokens), int(reply.completion_tokens)
    return reply.status, numbers, int(reply.tokens), held(reply.text), *counts, held(reply.detail)


def reply_of(row: Row) -> Reply:
    """Return the reply that `row_of` was given.

    Raises
    ------
    DataError
        If the columns are damaged.
    """
    status, numbers, tokens, text, prompt_tokens, completion_tokens, detail = row
    try:
        found = tuple(map(float, json.loads(numbers)))
        return Reply(
            cast(ReplyStatus, status),
            found,
            int(tokens),
            given(text),
            int(prompt_tokens),
            int(completion_tokens),
            given(detail),
        )
    except (ValueError, TypeError) as error:
        raise DataError(f"A stored answer is damaged ({error}). Remove it: `causalvalues cache prune`.") from None


def line_of(key: str, model: str, request: str | bytes, row: Row) -> bytes:
    """Return one answer as a line of JSON; a number that JSON has no word for is written as a string.

    The request stands there as it was, so that its SHA-256 is the key.
    """
    reply = reply_of(row)
    numbers = [number if math.isfinite(number) else str(number) for number in reply.numbers]
    replied = _compact({**vars(reply), "numbers": numbers}, ensure_ascii=False)
    line = (
        f'{{"key":"{key}","model":{_compact(model, ensure_ascii=False)},"asked":{given(request)},"reply":{replied}}}\n'
    )
    try:
        return line.encode()
    except UnicodeEncodeError:
        return _compact(json.loads(line), ensure_ascii=True).encode() + b"\n"


_compact = partial(json.dumps, separators=(",", ":"))
