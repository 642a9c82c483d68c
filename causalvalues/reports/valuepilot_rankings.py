"""How far a ranking agrees with another one, beyond chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from causalvalues.errors import StudyError
from causalvalues.frozen import FloatArray
from causalvalues.randomness import stream

EXACT_UP_TO = 7
"""Actions up to which all rankings are tried for the p-value."""
RANDOM_RANKINGS = 20_000


@dataclass(frozen=True)
class Agreement:
    """How well one ranking agrees with a given one, over n actions.

    Parameters
    ----------
    n : int
    similarity, chance : float
        OS-Sim, and its expectation for a random ranking, (n + 1) / (2 n).
    first, first_chance : float
        Whether the best action is the same (1 or 0), and 1 / n.
    kendall : float
        Kendall's tau; 0 by chance.
    p : float
        Share of random rankings with at least this OS-Sim.
    """

    n: int
    similarity: float
    chance: float
    first: float
    first_chance: float
    kendall: float
    p: float

    @property
    def corrected(self) -> float:
        """OS-Sim beyond chance: 0 for a random ranking, 1 for the same one."""
        return beyond_chance(self.similarity, self.chance)

    @property
    def first_corrected(self) -> float:
        """First-Acc beyond chance."""
        return beyond_chance(self.first, self.first_chance)


def beyond_chance(found: float, chance: float) -> float:
    """Return (found - chance) / (1 - chance).

    Examples
    --------
    >>> round(beyond_chance(0.7316, 0.6056), 2)
    0.32
    """
    return (found - chance) / (1 - chance) if chance < 1 else float("nan")


def order_similarity(ranking: Sequence[str], given: Sequence[str]) -> float:
    """Return OS-Sim: the mean over depths d of the share of the best d that two rankings have in common.

    Parameters
    ----------
    ranking, given : sequence of str
        The same n names, best first.

    Examples
    --------
    >>> order_similarity("abc", "acb")
    0.8333333333333334
    """
    n = len(given)
    shared = [len(set(ranking[:d]) & set(given[:d])) / d for d in range(1, n + 1)]
    return math.fsum(shared) / n


def chance_similarity(n: int) -> float:
    """Return the expectation of OS-Sim over all rankings of n actions.

    Of the best d of one ranking, each is among the best d of a random one with probability d / n; so the share in
    common is d / n on average, and its mean over d = 1, ..., n is (n + 1) / (2 n).

    Examples
    --------
    >>> [round(chance_similarity(n), 4) for n in (4, 5, 6)]
    [0.625, 0.6, 0.5833]
    """
    return (n + 1) / (2 * n)


def kendall(ranking: Sequence[str], given: Sequence[str]) -> float:
    """Return Kendall's tau of two rankings without ties."""
    place = {name: i for i, name in enumerate(ranking)}
    at = np.array([place[name] for name in given])
    above = np.sign(at[None, :] - at[:, None])[np.triu_indices(len(at), 1)]
    return float(above.mean()) if len(above) else float("nan")


def agreement(ranking: Sequence[str], given: Sequence[str], seed: int) -> Agreement:
    """Compare a ranking of actions with a given ranking of some of them.

    Parameters
    ----------
    ranking : sequence of str
        Best first; actions that are not in `given` are left out.
    given : sequence of str
        Best first, at least two, each in `ranking`.
    seed : int
        For the p-value, above seven actions.

    Raises
    ------
    StudyError
        If the given ranking has fewer than two actions.
    """
    n = len(given)
    if n < 2:
        raise StudyError("A ranking needs at least two actions. Add some, or leave it out.")
    own = [name for name in ranking if name in set(given)]
    found = order_similarity(own, given)
    null = _null(n, seed)
    p = float((null >= found - 1e-12).sum() + (n > EXACT_UP_TO)) / (len(null) + (n > EXACT_UP_TO))
    first = float(own[0] == given[0])
    return Agreement(n, found, chance_similarity(n), first, 1 / n, kendall(own, given), p)


def _null(n: int, seed: int) -> FloatArray:
    """Return OS-Sim of all rankings of n actions with one of them, or of many random ones."""
    if n <= EXACT_UP_TO:
        orders = np.array(list(permutations(range(n))))
    else:
        orders = np.argsort(stream(seed, "random rankings", n).random((RANDOM_RANKINGS, n)), axis=1)
    total = np.zeros(len(orders))
    for d in range(1, n + 1):
        total += (orders[:, :d] < d).sum(axis=1) / d
    return total / n
