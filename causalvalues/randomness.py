"""Random streams: every function that draws takes one integer seed and asks here for independent, named children.

A stream depends on the seed and the names alone, so neither the order of the calls nor the number of threads changes
a result.
"""

from __future__ import annotations

import hashlib

import numpy as np

from causalvalues.errors import CausalValuesError


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator that belongs to a seed and a path of names.

    Parameters
    ----------
    seed : int
        The user's seed, a whole number of zero or more.
    *names : str or int
        What the stream is for, for example ``"bootstrap", 17``.

    Returns
    -------
    numpy.random.Generator
        The same generator for the same arguments, whatever else was drawn before.

    Raises
    ------
    CausalValuesError
        If the seed is negative or no whole number.

    Examples
    --------
    >>> float(stream(1, "a").random()) == float(stream(1, "a").random())
    True
    >>> float(stream(1, "a").random()) == float(stream(1, "b").random())
    False
    """
    require_whole("seed", seed, 0)
    words: list[int] = []
    for name in names:
        digest = hashlib.sha256(f"{type(name).__name__}:{name}".encode()).digest()
        words.append(int.from_bytes(digest[:8], "little"))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(words)))


def require_whole(what: str, number: object, least: int = 1) -> None:
    """Refuse a setting that is no whole number, or is too small.

    Parameters
    ----------
    what : str
        Name of the setting, for the message.
    number : object
        Its value.
    least : int, default 1

    Raises
    ------
    CausalValuesError
        Naming the setting and what it may be.

    Examples
    --------
    >>> require_whole("draws", 0)
    Traceback (most recent call last):
    causalvalues.errors.CausalValuesError: `draws` is 0. Give a whole number of 1 or more.
    """
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise CausalValuesError(f"`{what}` is {number!r}. Give a whole number of {least} or more.")
