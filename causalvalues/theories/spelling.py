"""One rule for reading names: case, spaces, hyphens and leading zeros do not matter, anything else does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from causalvalues.errors import KeyFileError


def fold(name: str) -> str:
    """Return the folded spelling of a name, or the name itself when nothing but punctuation is in it.

    Examples
    --------
    >>> fold("Self-direction: thought"), fold("PVQ 07"), fold("self_direction_thought")
    ('self_direction_thought', 'pvq_7', 'self_direction_thought')
    """
    words = re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
    return re.sub(r"(?<!\d)0+(?=\d)", "", words) or name


def spellings(owner: str, names: Iterable[str], aliases: Mapping[str, str]) -> dict[str, str]:
    """Return {folded spelling: canonical name}.

    Parameters
    ----------
    owner : str
        Whose names they are, for the error.
    names : iterable of str
        Canonical names.
    aliases : mapping of str to str
        Other spelling -> canonical name.

    Raises
    ------
    KeyFileError
        If an alias points nowhere, or one spelling means two names.
    """
    index: dict[str, str] = {}
    known = set(names)
    for spelling, name in [*((name, name) for name in names), *aliases.items()]:
        if name not in known:
            raise KeyFileError(f"{owner}: the alias {spelling!r} stands for {name!r}, which is not one of its names.")
        if index.setdefault(fold(spelling), name) != name:
            raise KeyFileError(
                f"{owner}: {spelling!r} can be read as {index[fold(spelling)]!r} and as {name!r} (case, spaces, "
                "hyphens and leading zeros do not count). Rename one of them."
            )
    return index
