"""What a confirmatory factor analysis of several groups is fitted to, and which of its parameters groups share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class GroupMoments:
    """Moments of K groups: rows (K,), means (K, p), covariances (K, p, p) with divisor n, and rows of each group.

    `rows` holds for each group the centred rows (n, p) and the codes (n,) of their clusters; codes are common to all
    groups, so that a cluster may have rows in several.
    """

    n: FloatArray
    mean: FloatArray
    covariance: FloatArray
    rows: tuple[tuple[FloatArray, IntArray], ...]


@dataclass(frozen=True, eq=False)
class Layout:
    """Which parameters groups share.

    Parameters
    ----------
    factor : array (p,) of int
        The factor of each item; the first item of a factor has the loading 1.
    groups : int
    loadings, intercepts : frozenset of int
        Factors whose loadings (intercepts) are equal in all groups. Where intercepts are equal, the factor's mean is 0
        in the first group and free in the others.
    """

    factor: IntArray
    groups: int
    loadings: frozenset[int] = frozenset()
    intercepts: frozenset[int] = frozenset()

    @property
    def factors(self) -> int:
        """Number of factors m."""
        return int(self.factor.max()) + 1

    def markers(self) -> set[int]:
        """Return the first item of each factor."""
        return {int(np.flatnonzero(self.factor == f)[0]) for f in range(self.factors)}

    def local(self, g: int) -> list[tuple[str, int, int]]:
        """Return the parameters of one group: what, item or factor, factor."""
        m, p, markers = self.factors, len(self.factor), self.markers()
        found = [("loading", i, int(self.factor[i])) for i in range(p) if i not in markers]
        found += [("covariance", a, b) for a in range(m) for b in range(a, m)]
        found += [("residual", i, i) for i in range(p)]
        found += [("intercept", i, i) for i in range(p)]
        if g:
            found += [("mean", f, f) for f in sorted(self.intercepts)]
        return found

    def places(self) -> tuple[list[IntArray], int]:
        """Return for each group where its parameters stand in the vector of all, and the length of that."""
        known: dict[tuple[str, int, int, int], int] = {}
        found = []
        for g in range(self.groups):
            place = []
            for what, a, b in self.local(g):
                equal = (what == "loading" and b in self.loadings) or (
                    what == "intercept" and int(self.factor[a]) in self.intercepts
                )
                place.append(known.setdefault((what, a, b, -1 if equal else g), len(known)))
            found.append(np.array(place))
        return found, len(known)
