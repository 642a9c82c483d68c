"""Asking a server again: how often, after which pauses, and when to stop asking at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from causalvalues.elicitation.http_client import HttpClient
from causalvalues.elicitation.rate_limits import RateLimiter
from causalvalues.elicitation.trouble import Trouble
from causalvalues.errors import ElicitationError
from causalvalues.randomness import require_whole, stream

Found = TypeVar("Found")
WORTH_SAYING = 1.0
BUSY = (429, 503, 529)


@dataclass(frozen=True)
class Retries:
    """How stubbornly a question is asked.

    Parameters
    ----------
    attempts : int, default 6
        Times that one question is asked at most.
    first_wait : float, default 1
        Seconds before the second attempt, up to; doubled for each one after it.
    longest_wait : float, default 60
        Seconds between two attempts at most.
    patience : float, default 120
        A server that wants to be left alone for longer (Retry-After, seconds) is not waited for.
    give_up_after : int, default 30
        Questions lost in a row, with all their attempts, after which the run stops.
    seed : int, default 0
        Of the jitter.
    """

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0
    patience: float = 120.0
    give_up_after: int = 30
    seed: int = 0

    def __post_init__(self) -> None:
        require_whole("attempts", self.attempts)
        require_whole("give_up_after", self.give_up_after)
        require_whole("seed", self.seed, 0)
        for name in ("first_wait", "longest_wait", "patience"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ElicitationError(f"`{name}` is {getattr(self, name)!r}. Give seconds, 0 or more.")

    def pause(self, ticket: int, attempt: int) -> float:
        """Return the pause after an attempt: doubled each time, times a number between a half and one from the seed.

        Parameters
        ----------
        ticket : int
            Number of the question.
        attempt : int
            0 for the first.

        Returns
        -------
        float
            Seconds.
        """
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(attempt, 60))
        return longest * float(stream(self.seed, "jitter", ticket, attempt).uniform(0.5, 1.0))


@dataclass(frozen=True)
class Request:
    """One question on its way.

    Parameters
    ----------
    path : str
    content : dict
    tokens : int
        Estimated, prompt and completion together.
    ticket : int, default 0
        Number of the question, for the jitter.
    """

    path: str
    content: dict[str, Any]
    tokens: int
    ticket: int = 0


@dataclass(frozen=True)
class Asker:
    """A client with manners: waits for the rate limits, and asks again.

    Parameters
    ----------
    client : HttpClient
    limiter : RateLimiter
    retries : Retries
    notice : callable
        Is told in a short sentence when a question has to wait or is asked again.
    """

    client: HttpClient
    limiter: RateLimiter
    retries: Retries
    notice: Callable[[str], None]

    async def persist(self, request: Request, read: Callable[[dict[str, Any]], Found | Trouble]) -> Found | Trouble:
        """Ask until there is an answer that can be read, or the attempts are used up.

        Parameters
        ----------
        request : Request
        read : callable
            Reads the JSON object of an answer.

        Returns
        -------
        whatever `read` returns, or the Trouble of the last attempt
        """
        trouble = Trouble("server_error", "not asked")
        for attempt in range(self.retries.attempts):
            too_long = await self._wait(request.tokens)
            if too_long:
                return Trouble("server_error", f"the server asks to wait {too_long:.0f} s; {trouble.detail}"[:200])
            asked_at = _now()
            answer = await self.client.ask(request.path, request.content)
            found = answer if isinstance(answer, Trouble) else read(answer)
            if not isinstance(found, Trouble):
                self.limiter.pace.went_well()
                return found
            trouble = found
            if trouble.code in BUSY or trouble.wait:
                self.limiter.pace.too_many(asked_at, _now(), trouble.wait)
            if trouble.mending != "retry" or attempt + 1 == self.retries.attempts:
                break
            pause = self.retries.pause(request.ticket, attempt)
            self.notice(
                f"{trouble.status}: {trouble.detail}; attempt {attempt + 2} in {max(pause, trouble.wait):.1f} s"
            )
            await asyncio.sleep(pause)
        return trouble

    async def _wait(self, tokens: int) -> float:
        """Wait until asking is allowed; return instead how long the server wants, when that is too long."""
        wanted = self.limiter.pace.closed_until - _now()
        if wanted > self.retries.patience:
            return wanted
        pause = self.limiter.take(tokens, _now())
        if pause > WORTH_SAYING:
            self.notice(f"waiting {pause:.1f} s for the rate limit")
        if pause > 0:
            await asyncio.sleep(pause)
        return 0.0


def _now() -> float:
    return asyncio.get_running_loop().time()
