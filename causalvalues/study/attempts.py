"""Checks that the answers may not allow are tried; what stood in the way is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from causalvalues.errors import CausalValuesError

Found = TypeVar("Found")


def tried(what: str, skipped: list[str], verb: Callable[[], Found]) -> Found | None:
    """Return what a check finds; where the answers do not allow it, None, and note why.

    Parameters
    ----------
    what : str
        Name of the check.
    skipped : list of str
        Takes the note.
    verb : callable
    """
    try:
        return verb()
    except CausalValuesError as error:
        skipped.append(f"{what}: {error}")
        return None
