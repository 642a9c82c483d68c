"""Keeping the limits of a run while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.cost import Limits, money_words
from causalvalues.elicitation.questions import Asked, Reply
from causalvalues.errors import ProviderError


class Meter:
    """Counts calls and cost of a run, and says how much of a batch its limits allow.

    Parameters
    ----------
    limits : Limits
    backend : Backend
        Whose estimate of tokens is used where a reply does not bring their number.
    """

    def __init__(self, limits: Limits, backend: Backend) -> None:
        self.calls = 0
        self.money = 0.0
        self._limits = limits
        self._backend = backend

    def allowed(self, batch: Sequence[Asked]) -> int:
        """Return how many questions, from the first, may be asked within the limits."""
        most = len(batch)
        if self._limits.max_calls is not None:
            most = min(most, self._limits.max_calls - self.calls)
        if self._limits.max_cost is None or self._limits.prices is None:
            return most
        money = self.money
        for place, asked in enumerate(batch[:most]):
            money += self._limits.prices.of(*self._backend.tokens(asked.question))
            if money > self._limits.max_cost:
                return place
        return most

    def count(self, asked: Asked, reply: Reply) -> None:
        """Take note of one call."""
        self.calls += 1
        if self._limits.prices is not None:
            tokens = reply.prompt_tokens, reply.completion_tokens
            self.money += self._limits.prices.of(*(tokens if any(tokens) else self._backend.tokens(asked.question)))

    def hit(self, done: int, sheets: int) -> ProviderError:
        """Return the error of a limit that was hit."""
        limit = f"of {self._limits.max_calls} calls"
        if self._limits.max_calls is None or (
            self.calls < self._limits.max_calls and self._limits.max_cost is not None
        ):
            limit = f"of {self._limits.max_cost:g} on cost"
        return ProviderError(
            f"The limit {limit} is reached. {self.stored_words(done, sheets)} Raise the limit to go on."
        )

    def stored_words(self, done: int, sheets: int) -> str:
        """Say what a run that stops here has, and how it goes on."""
        cost = "" if self._limits.prices is None else f", about {money_words(self.money)}"
        return (
            f"{done} of {sheets} sheets are done; this run asked {self.calls} questions{cost}. "
            "Their answers are stored: the same command asks only for the rest."
        )
