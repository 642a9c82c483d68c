"""What can go wrong on the way to a server and back, and whether asking again can mend it."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from causalvalues.elicitation.questions import ReplyStatus

Mending = Literal["retry", "lasting", "fatal"]
TRANSIENT = frozenset({408, 409, 421, 423, 425, 429})
FATAL = frozenset({401, 402, 403, 404, 407})
FILTERED = ("content_filter", "content_policy", "moderation", "flagged")
OUT_OF_MONEY = ("insufficient_quota", "insufficient_credit", "billing_hard_limit")


@dataclass(frozen=True)
class Trouble:
    """Why one attempt brought no answer.

    Parameters
    ----------
    status : str
        As in `Reply`.
    detail : str
        In a few words, without any key.
    mending : {"retry", "lasting", "fatal"}
        Whether asking again may help, cannot help for this question, or cannot help for any question.
    code : int, default 0
        HTTP status, where one came.
    wait : float, default 0
        Seconds that the server asks to be left alone.
    unreachable : bool, default False
        Whether there was no connection at all.
    """

    status: ReplyStatus
    detail: str
    mending: Mending = "retry"
    code: int = 0
    wait: float = 0.0
    unreachable: bool = False


def trouble_of_code(code: int, said: str, headers: Mapping[str, str]) -> Trouble:
    """Judge an answer with an HTTP status that is no success.

    Parameters
    ----------
    code : int
    said : str
        The words of its body, already without any key.
    headers : mapping
        Read: ``retry-after``, ``location``.

    Returns
    -------
    Trouble
    """
    words = f"HTTP {code}: {said}"[:200]
    wait = seconds_to_wait(headers.get("retry-after", ""), time.time())
    if 300 <= code < 400:
        return Trouble("server_error", f"HTTP {code}: redirected to another address, not followed", "lasting", code)
    if code in (400, 403) and any(word in said.lower() for word in FILTERED):
        return Trouble("refusal", words, "lasting", code)
    if code in FATAL or (code == 429 and any(word in said.lower() for word in OUT_OF_MONEY)):
        return Trouble("server_error", words, "fatal", code)
    if code in (408, 504):
        return Trouble("timed_out", words, "retry", code, wait)
    if code in TRANSIENT or code >= 500:
        return Trouble("server_error", words, "retry", code, wait)
    return Trouble("server_error" if code >= 400 else "malformed", words, "lasting", code)


def seconds_to_wait(header: str, now: float) -> float:
    """Read a Retry-After header: a number of seconds, or a date (RFC 9110, 10.2.3).

    Parameters
    ----------
    header : str
        "" or anything else that is neither counts as 0.
    now : float
        Seconds since 1970.

    Returns
    -------
    float
        0 or more, at most a day.

    Examples
    --------
    >>> seconds_to_wait("2.5", 0.0)
    2.5
    >>> seconds_to_wait("Thu, 01 Jan 1970 00:01:00 GMT", 20.0)
    40.0
    >>> seconds_to_wait("soon", 0.0)
    0.0
    """
    try:
        wait = float(header)
    except ValueError:
        try:
            wait = email.utils.parsedate_to_datetime(header).timestamp() - now
        except (ValueError, TypeError, OverflowError, OSError):
            return 0.0
    return min(86_400.0, wait) if wait > 0 else 0.0
