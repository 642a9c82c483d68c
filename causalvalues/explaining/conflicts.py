"""Which of several wishes cannot be met together: irreducible and smallest sets of them."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from causalvalues.frozen import BoolArray

_MOST_SETS = 500_000


def smallest_conflict(holds: BoolArray) -> tuple[int, ...]:
    """Return a smallest set of wishes that no choice meets together; () when some choice meets them all.

    A set cannot be met when it shares a member with the failures of every choice, so a smallest one is a smallest
    hitting set of the failures. The deletion filter (Chinneck and Dravnieks 1991, "Locating minimal infeasible
    constraint sets in linear programs") gives an irreducible set; all smaller sets are then looked at.

    Parameters
    ----------
    holds : array (n, r) of bool
        Whether choice c meets wish i, for every choice that there is.

    Returns
    -------
    tuple of int
        Ascending; of equal size the first in the order of the wishes. Among very many sets (more than 500,000 of a
        size) the irreducible one is returned as it is.

    Examples
    --------
    >>> smallest_conflict(np.array([[True, False, True], [False, True, True]]))
    (0, 1)
    """
    failures = _minimal(~holds)
    if not failures.all(axis=1).any() and not failures.any(axis=1).all():
        return ()
    found = deletion_filter(holds)
    for size in range(1, len(found) + 1):
        if math.comb(holds.shape[1], size) > _MOST_SETS:
            return found
        for members in combinations(range(holds.shape[1]), size):
            if failures[:, list(members)].any(axis=1).all():
                return members
    return found


def deletion_filter(holds: BoolArray) -> tuple[int, ...]:
    """Return an irreducible set of wishes that no choice meets together: without any one of them, some choice does.

    Wishes are dropped in turn from the last to the first whenever the rest still cannot be met.

    Parameters
    ----------
    holds : array (n, r) of bool

    Examples
    --------
    >>> deletion_filter(np.array([[True, False, True], [False, True, True]]))
    (0, 1)
    """
    kept = list(range(holds.shape[1]))
    if holds.all(axis=1).any():
        return ()
    for wish in reversed(range(holds.shape[1])):
        rest = [other for other in kept if other != wish]
        if not holds[:, rest].all(axis=1).any():
            kept = rest
    return tuple(kept)


def _minimal(failures: BoolArray) -> BoolArray:
    """Return the distinct rows that hold no other row."""
    rows = np.unique(failures, axis=0)
    rows = rows[np.argsort(rows.sum(axis=1), kind="stable")]
    kept: list[np.ndarray] = []
    for row in rows:
        if not any((other <= row).all() for other in kept):
            kept.append(row)
    return np.array(kept).reshape(len(kept), failures.shape[1])
