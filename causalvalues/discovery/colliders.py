"""Which pairs of edges collide: a - k - b, a and b apart, is a -> k <- b when what separates a and b lacks k."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from causalvalues.discovery.separation import IndependenceTest, Limits, Skeleton, subsets_of
from causalvalues.frozen import BoolArray

Triple = tuple[int, int, int]


def find_colliders(
    test: IndependenceTest, skeleton: Skeleton, limits: Limits, may_separate: BoolArray, majority: bool
) -> tuple[list[Triple], list[Triple]]:
    """Return the pairs of edges i - k - j, with i and j apart, that collide at k, and those that are left ambiguous.

    Parameters
    ----------
    test : IndependenceTest
    skeleton : Skeleton
        Its separating sets are read; nothing is changed.
    limits : Limits
    may_separate : array (p, p) of bool
        True at [v, i] when v may stand in a set of neighbours of i.
    majority : bool
        Whether all separating sets of neighbours vote (Colombo and Maathuis 2014: fewer than half with k is a collider,
        exactly half is ambiguous), or the one that the skeleton keeps decides.

    Returns
    -------
    collide, ambiguous : list of (i, k, j), i < j
    """
    collide, ambiguous = list[Triple](), list[Triple]()
    for k in range(len(may_separate)):
        for i, j in combinations(np.flatnonzero(skeleton.adjacent[:, k]).tolist(), 2):
            if skeleton.adjacent[i, j]:
                continue
            kept = skeleton.separator(i, j)
            found = [] if kept is None else [kept]
            if majority or kept is None:
                found += [given for given in _separating(test, skeleton, limits, may_separate, (i, j)) if given != kept]
            share = np.mean([k in given for given in found]) if found else 0.5
            if share == 0.5:
                ambiguous.append((i, k, j))
            elif share < 0.5:
                collide.append((i, k, j))
    return collide, ambiguous


def _separating(
    test: IndependenceTest, skeleton: Skeleton, limits: Limits, may_separate: BoolArray, pair: tuple[int, int]
) -> list[tuple[int, ...]]:
    """Return every set of final neighbours of one of the two that separates them."""
    groups = [np.flatnonzero(skeleton.adjacent[:, end] & may_separate[:, end]) for end in pair]
    found = []
    for size in range(min(limits.most_given, max(len(group) for group in groups)) + 1):
        for given in subsets_of(groups, size):
            apart = test.p_values(*pair, given) > limits.alpha
            found += [tuple(int(place) for place in row) for row in given[apart]]
    return found


def unclear_triples(p: int, ambiguous: list[Triple]) -> BoolArray:
    """Return (p, p, p) of bool: True at [i, k, j] and [j, k, i] for each ambiguous triple."""
    unclear = np.zeros((p, p, p), dtype=bool)
    for i, k, j in ambiguous:
        unclear[i, k, j] = unclear[j, k, i] = True
    return unclear
