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
    """The key of a server, which must not be shown.

    Parameters
    ----------
    key : str, default ""
        Sent as a bearer token; never part of `repr`.
    """

    key: str = field(default="", repr=False)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        encoded = base64.b64encode(self.key.encode()).decode().rstrip("=")
        # a server might put spaces, control characters or backslashes between the letters
        spelled = [r"[^\w]{0,6}".join(re.escape(letter) for letter in word) for word in (self.key, encoded)]
        return re.compile("|".join(spelled), re.IGNORECASE)

    def scrub(self, text: str, shortest: int = SHORTEST_SECRET) -> str:
        """Return a text in which the key, if it has at least `shortest` letters, is replaced by ``[key]``."""
        return self._pattern.sub(HIDDEN, text) if len(self.key) >= shortest else text

    def answer(self, text: str) -> str:
        """Return what a model said, without keys (of eight letters or more) and as valid Unicode."""
        return self.scrub(text.encode("utf-8", "replace").decode("utf-8"), SHORTEST_IN_TEXT)

    def readable(self, text: str) -> str:
        """Return a text for an error message: no key, one line, nothing unprintable, at most 200 characters."""
        line = " ".join(self.scrub(text).split())
        shown = "".join(letter if letter.isprintable() else _escaped(letter) for letter in line)
        shown = self.scrub(shown)
        return shown if len(shown) <= LONGEST_DETAIL else shown[: LONGEST_DETAIL - 3] + "..."


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
