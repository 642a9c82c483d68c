"""How fast a server may be asked: requests and tokens a minute, and slowing down when it says that it is too much.

Nothing here sleeps or looks at a clock of its own: time comes in as a number of seconds, and what goes out is how long
to wait. So the rules can be tested with any clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from causalvalues.errors import ElicitationError

FIRST_GAP = 0.25
LONGEST_GAP = 30.0
SMALLEST_GAP = 0.01


@dataclass(frozen=True)
class RateLimits:
    """What a provider allows.

    Parameters
    ----------
    requests_per_minute : float or None, default None
        None is no limit.
    tokens_per_minute : float or None, default None
        Prompt and completion together, as estimated before asking (`OpenAIServer.tokens`).
    """

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    def __post_init__(self) -> None:
        for name in ("requests_per_minute", "tokens_per_minute"):
            limit = getattr(self, name)
            if limit is not None and not 0 < limit < float("inf"):
                raise ElicitationError(f"`{name}` is {limit!r}. Give a number above 0, or None for no limit.")


@dataclass
class TokenBucket:
    """A bucket that fills at a steady rate and is taken from in the order of asking.

    Who takes more than there is leaves a debt and waits until it is filled up again. So over any stretch of t seconds
    at most ``capacity + rate * t`` is let through (a single amount larger than `capacity` waits until it has come in).

    Parameters
    ----------
    rate : float
        Units a second.
    capacity : float
        How much may be taken at once after a pause.
    level : float, optional
        How much is in it now; full by default. Negative is a debt.
    seen : float, default 0
        Time of the last call, in seconds.
    """

    rate: float
    capacity: float
    level: float = field(default=float("nan"))
    seen: float = 0.0

    def __post_init__(self) -> None:
        if self.level != self.level:
            self.level = self.capacity

    def take(self, amount: float, now: float) -> float:
        """Take an amount.

        Parameters
        ----------
        amount : float
            In the units of the bucket.
        now : float
            The time, in seconds; never earlier than at the last call.

        Returns
        -------
        float
            Seconds to wait before going on, 0 or more.
        """
        self.level = min(self.capacity, self.level + self.rate * max(0.0, now - self.seen))
        self.seen = max(self.seen, now)
        self.level -= amount
        return max(0.0, -self.level / self.rate)


@dataclass
class Pace:
    """The gap between two requests: doubled when the server says "too many", shrunk by a tenth with each success.

    Requests that were already on their way when the server complained do not slow it down again.

    Parameters
    ----------
    gap : float, default 0
        Seconds from the start of one request to the start of the next.
    next_start : float, default 0
        Earliest time at which the next request may start.
    closed_until : float
        Until when the server wants to be left alone; in the past when it does not.
    slowed_at : float
        When the gap was last doubled.
    """

    gap: float = 0.0
    next_start: float = 0.0
    closed_until: float = float("-inf")
    slowed_at: float = float("-inf")

    def take(self, now: float) -> float:
        """Return how long the next request has to wait (seconds), and count it as started then."""
        start = max(now, self.next_start)
        self.next_start = start + self.gap
        return start - now

    def too_many(self, asked_at: float, now: float, wait: float) -> None:
        """Slow down after a complaint (HTTP 429) about a request.

        Parameters
        ----------
        asked_at : float
            When that request was started.
        now : float
        wait : float
            How long the server wants to be left alone, in seconds; 0 when it does not say.
        """
        if wait > 0:
            self.closed_until = max(self.closed_until, now + wait)
        self.next_start = max(self.next_start, now + wait)
        if asked_at >= self.slowed_at:
            self.gap = min(LONGEST_GAP, max(FIRST_GAP, 2 * self.gap))
            self.slowed_at = now

    def went_well(self) -> None:
        """Speed up a little after a success."""
        self.gap = self.gap * 0.9 if self.gap > SMALLEST_GAP else 0.0


class RateLimiter:
    """All limits of one server together. Not for several threads at once.

    Parameters
    ----------
    limits : RateLimits
    """

    def __init__(self, limits: RateLimits) -> None:
        self.pace = Pace()
        self.buckets: list[tuple[bool, TokenBucket]] = []
        for by_tokens, limit in ((False, limits.requests_per_minute), (True, limits.tokens_per_minute)):
            if limit is not None:
                # a sixth of a minute at once: a burst stays well inside a provider's window of one minute
                self.buckets.append((by_tokens, TokenBucket(limit / 60.0, max(limit / 6.0, 1.0))))

    def take(self, tokens: int, now: float) -> float:
        """Return how many seconds a request of so many tokens has to wait."""
        waits = [bucket.take(tokens if by_tokens else 1, now) for by_tokens, bucket in self.buckets]
        return max([self.pace.take(now), *waits])
