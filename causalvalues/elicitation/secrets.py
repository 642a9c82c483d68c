"""Keeping a key out of everything that is shown or stored, also when a server sends it back."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cached_property

LONGEST_DETAIL = 200
SHORTEST_SECRET = 4
SHORTEST_IN_TEXT = 8
HIDDEN = "[key]"


@dataclass(frozen=True)
class Secrets:
    """The key of a server, and other parts of its address that must not be shown.

    Parameters
    ----------
    key : str, default ""
        Sent as a bearer token; never part of `repr`.
    others : tuple of str, default ()
        Values of the query of the address.
    """

    key: str = field(default="", repr=False)
    others: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def _patterns(self) -> tuple[tuple[int, re.Pattern[str]], ...]:
        found = []
        for secret in (self.key, *self.others):
            if len(secret) < SHORTEST_SECRET:
                continue
            encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
            # a server might put spaces, control characters or backslashes between the letters
            spelled = [r"[^\w]{0,6}".join(re.escape(letter) for letter in word) for word in (secret, encoded)]
            found.append((len(secret), re.compile("|".join(spelled), re.IGNORECASE)))
        return tuple(found)

    def scrub(self, text: str, shortest: int = SHORTEST_SECRET) -> str:
        """Return a text in which each secret of at least `shortest` letters is replaced by ``[key]``."""
        for length, pattern in self._patterns:
            if length >= shortest:
                text = pattern.sub(HIDDEN, text)
        return text

    def answer(self, text: str) -> str:
        """Return what a model said, without keys (of eight letters or more) and as valid Unicode."""
        return self.scrub(text.encode("utf-8", "replace").decode("utf-8"), SHORTEST_IN_TEXT)

    def readable(self, text: str) -> str:
        """Return a text for an error message: no secret, one line, nothing unprintable, at most 200 characters."""
        line = " ".join(self.scrub(text[:20_000]).split())
        shown = "".join(letter if letter.isprintable() else _escaped(letter) for letter in line)
        shown = self.scrub(shown)
        return shown if len(shown) <= LONGEST_DETAIL else shown[: LONGEST_DETAIL - 3] + "..."


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
