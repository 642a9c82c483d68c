"""Random streams: every function that draws takes one integer seed and asks here for independent, named children.

A stream depends on the seed and the names alone, so neither the order of the calls nor the number of threads changes
a result.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator that belongs to a seed and a path of names.

    Parameters
    ----------
    seed : int
        The user's seed, zero or more.
    *names : str or int
        What the stream is for, for example ``"bootstrap", 17``.

    Returns
    -------
    numpy.random.Generator
        The same generator for the same arguments, whatever else was drawn before.

    Examples
    --------
    >>> float(stream(1, "a").random()) == float(stream(1, "a").random())
    True
    >>> float(stream(1, "a").random()) == float(stream(1, "b").random())
    False
    """
    words: list[int] = []
    for name in names:
        digest = hashlib.sha256(f"{type(name).__name__}:{name}".encode()).digest()
        words.append(int.from_bytes(digest[:8], "little"))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(words)))
