"""Which pairs of values are independent given others: the tests, and the search for separating sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np

from causalvalues.evidence import Evidence
from causalvalues.evidence.learnable import require_learnable
from causalvalues.frozen import BoolArray, FloatArray, IntArray, frozen_floats

BATCH = 4096
"""Conditioning sets tested at once."""


class IndependenceTest(Protocol):
    """Anything that tests conditional independence: Gaussian moments, or an oracle that knows the graph."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the p values, sorted."""

    def p_values(self, first: int, second: int, given: IntArray) -> FloatArray:
        """Return the p-value (k,) of "first and second are independent given the set" for each row of (k, size)."""


@dataclass(frozen=True, eq=False)
class PartialCorrelations:
    """Fisher's z test of zero partial correlation on any correlation matrix and effective number of rows.

    z = sqrt(n - k - 3) |atanh(r)| with k values given; the p-value is two-sided (Fisher 1924).

    Parameters
    ----------
    names : tuple of str, length p
        Sorted.
    correlation : array (p, p)
        In the same order.
    n : float
        Effective number of rows, less one for each column that was partialled out of the correlations.
    """

    names: tuple[str, ...]
    correlation: FloatArray
    n: float

    def __post_init__(self) -> None:
        p = len(self.names)
        object.__setattr__(self, "correlation", frozen_floats(self.correlation, (p, p), "correlation"))

    def p_values(self, first: int, second: int, given: IntArray) -> FloatArray:
        """Return the p-value (k,) for each conditioning set in `given` (k, size).

        Where no degree of freedom is left nothing can be tested, so the set separates nothing: its p-value is 0.
        """
        from scipy.special import log_ndtr

        k, size = given.shape
        freedom = self.n - size - 3
        if freedom <= 0:
            return np.zeros(k)
        inside = np.hstack([np.full((k, 1), first), np.full((k, 1), second), given]).astype(np.int64)
        inverse = np.linalg.inv(self.correlation[inside[:, :, None], inside[:, None, :]])
        partial = inverse[:, 0, 1] / np.sqrt(inverse[:, 0, 0] * inverse[:, 1, 1])
        z = np.sqrt(freedom) * np.arctanh(np.minimum(np.abs(partial), 1 - 1e-15))
        return np.asarray(np.minimum(2 * np.exp(log_ndtr(-z)), 1.0))


def partial_correlations(evidence: Evidence) -> PartialCorrelations:
    """Return the test on the moments of the values, design columns partialled out.

    Every test uses the one effective n of a score (`Evidence.n_score`), not that of its own pair. On values in 10 to 40
    clusters of equal and unequal size (intraclass correlation .5, or .5 and .05 mixed), tests of true independences at
    the 5% level then reject in 1% to 5% of the cases, whatever the size of the conditioning set. The n of the pair
    itself rejects in 4% to 18%, because an effective n from few clusters is uncertain; a sandwich for each partial
    correlation, with Student's t for the number of clusters, in 4% to 15%; counting the rows in 14% to 56%
    (`benchmarks/independence_tests.py`). The price is power for pairs that clusters hardly touch.

    Raises
    ------
    CheckError
        If the values are constant, collinear or ipsative.
    """
    require_learnable(evidence)
    order = sorted(range(len(evidence.names)), key=lambda j: evidence.names[j])
    scatter = evidence.residual_scatter[np.ix_(order, order)]
    scale = np.sqrt(np.diag(scatter))
    correlation = scatter / np.outer(scale, scale)
    names = tuple(evidence.names[j] for j in order)
    return PartialCorrelations(names, (correlation + correlation.T) / 2, evidence.degrees_of_freedom + 1)


def as_test(evidence: Evidence | IndependenceTest) -> IndependenceTest:
    """Return the independence test that belongs to evidence, or the test itself."""
    return partial_correlations(evidence) if isinstance(evidence, Evidence) else evidence


@dataclass(frozen=True)
class Limits:
    """When two values count as separated, and how many values may be given.

    Parameters
    ----------
    alpha : float
        Above this p-value the two are taken as independent.
    most_given : int
        Largest conditioning set.
    """

    alpha: float
    most_given: int


@dataclass(eq=False)
class Skeleton:
    """Adjacencies and what separated the others; filled by the searches of this room.

    Parameters
    ----------
    adjacent : array (p, p) of bool
    separators : dict
        (i, j) with i < j -> the separating set, or nothing for pairs that knowledge keeps apart.
    largest : array (p, p)
        Largest p-value of the tests of each pair; NaN where none was made.
    """

    adjacent: BoolArray
    separators: dict[tuple[int, int], tuple[int, ...]]
    largest: FloatArray

    def separator(self, i: int, j: int) -> tuple[int, ...] | None:
        """Return what separates two values; None when nothing is known to."""
        return self.separators.get((min(i, j), max(i, j)))

    def separate(self, test: IndependenceTest, limits: Limits, pair: tuple[int, int], sets: list[IntArray]) -> bool:
        """Test a pair on some conditioning sets; when one separates, drop the edge and keep the set with the largest p.

        The set with the largest p-value depends neither on the order of the columns nor on which set is tried first.
        """
        best: tuple[int, ...] = ()
        best_p = -1.0
        for given in sets:
            p_values = test.p_values(*pair, given)
            top = int(np.argmax(p_values))
            if p_values[top] > best_p:
                best_p, best = float(p_values[top]), tuple(int(place) for place in given[top])
        i, j = pair
        if best_p >= 0:
            self.largest[i, j] = self.largest[j, i] = np.nanmax([self.largest[i, j], best_p])
        if best_p <= limits.alpha:
            return False
        self.adjacent[i, j] = self.adjacent[j, i] = False
        self.separators[i, j] = best
        return True


def find_skeleton(
    test: IndependenceTest, start: BoolArray, kept: BoolArray, may_separate: BoolArray, limits: Limits
) -> Skeleton:
    """Drop every edge that some set of neighbours explains: the order-free search of Colombo and Maathuis (2014).

    Neighbours are those at the start of each level (size of the conditioning set), so no result depends on the order of
    the tests. All sets of the level are tried and the one with the largest p-value is kept.

    Parameters
    ----------
    test : IndependenceTest
    start : array (p, p) of bool, symmetric
        Adjacencies to begin with.
    kept : array (p, p) of bool, symmetric
        Adjacencies that are never tested, because knowledge requires the edge.
    may_separate : array (p, p) of bool
        True at [v, i] when v may stand in a set of neighbours of i.
    limits : Limits
    """
    p = len(start)
    skeleton = Skeleton(start.copy(), {}, np.full((p, p), np.nan))
    for size in range(min(limits.most_given, p - 2) + 1):
        near = [np.flatnonzero(skeleton.adjacent[:, i] & may_separate[:, i]) for i in range(p)]
        pairs = [(int(i), int(j)) for i, j in np.argwhere(np.triu(skeleton.adjacent & ~kept))]
        if not any(len(near[i]) >= size or len(near[j]) >= size for i, j in pairs):
            break
        for i, j in pairs:
            sets = subsets_of([near[i][near[i] != j], near[j][near[j] != i]], size)
            skeleton.separate(test, limits, (i, j), list(sets))
    return skeleton


def subsets_of(groups: list[IntArray], size: int) -> Iterator[IntArray]:
    """Yield the subsets of one size of any of the groups, each once, in batches (k, size)."""
    seen: list[frozenset[int]] = []
    rows: list[tuple[int, ...]] = []
    for group in groups:
        for chosen in combinations(sorted(int(place) for place in group), size):
            if any(earlier.issuperset(chosen) for earlier in seen):
                continue
            rows.append(chosen)
            if len(rows) == BATCH:
                yield np.array(rows, dtype=np.int64).reshape(len(rows), size)
                rows = []
        seen.append(frozenset(int(place) for place in group))
    if rows:
        yield np.array(rows, dtype=np.int64).reshape(len(rows), size)
