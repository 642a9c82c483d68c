"""Partial correlations of all pairs of values given many sets of values at once, with their tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtr

from causalvalues.errors import ModelError
from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.sums import charged_groups, free_clusters, sorted_sums, varying
from causalvalues.frozen import BoolArray, FloatArray, IntArray

CHUNK = 2000


@dataclass(frozen=True, eq=False)
class PairTests:
    """Tests of zero partial correlation for u sets of given values; columns in the order of `ValueMoments.names`.

    Parameters
    ----------
    r : array (u, p, p)
        Partial correlation of two values given the set; 0 where a value belongs to the set.
    freedom : array (u, p, p)
        1 / variance of atanh(r): n - k - 3 for n independent rows and k given values.
    p_value : array (u, p, p)
        Two-sided; 1 where a value belongs to the set and on the diagonal.
    """

    r: FloatArray
    freedom: FloatArray
    p_value: FloatArray


@dataclass(frozen=True, eq=False)
class ValueMoments:
    """Correlations of the values with the design columns partialled out, in name order, and what their errors need.

    Parameters
    ----------
    names : tuple of str, length p
        Sorted.
    correlation : array (p, p)
    scale : array (p,)
        Root of the diagonal of the residual scatter over n.
    pairwise_n : array (p, p)
        Effective n of each correlation; used where there are no `products`.
    n : float
        Rows.
    charged : int
        Design columns and group means (but one) that were removed.
    products : array (G, p, p) or None
        Second moments of each cluster, standardised (they add up to n times the correlations); None for independent
        rows.
    weight : array (G,) or None
        Rows in each cluster.
    strata : array (G,) of int or None
        The stratum of each cluster; clusters vary within strata.
    """

    names: tuple[str, ...]
    correlation: FloatArray
    scale: FloatArray
    pairwise_n: FloatArray
    n: float
    charged: int
    products: FloatArray | None
    weight: FloatArray | None
    strata: IntArray | None = None

    def given(self, sets: BoolArray) -> PairTests:
        """Test every pair of values given each set.

        With clusters the error of a partial correlation r of residuals a and b comes from the sums over clusters of
        its influence a b - r/2 (a^2 + b^2), and the statistic is held against t with G - 1 degrees of freedom
        (G less the strata, where there are any).

        Parameters
        ----------
        sets : array (u, p) of bool

        Returns
        -------
        PairTests

        References
        ----------
        Fisher (1924), Metron 3, 329-332 (z of a partial correlation); Liang and Zeger (1986), Biometrika 73, 13-22.
        """
        parts = [self._given(sets[start : start + CHUNK]) for start in range(0, len(sets), CHUNK)]
        if len(parts) == 1:
            return parts[0]
        r, freedom, p = (
            np.concatenate([getattr(part, what) for part in parts]) if parts else np.zeros((0, *self.correlation.shape))
            for what in ("r", "freedom", "p_value")
        )
        return PairTests(r, freedom, p)

    def _given(self, sets: BoolArray) -> PairTests:
        p = len(self.names)
        maker = self.residual_makers(sets)
        residual = maker @ self.correlation @ maker.transpose(0, 2, 1)
        variance = np.einsum("uii->ui", residual)
        free = ~sets & (variance > 1e-10)
        tested = free[:, :, None] & free[:, None, :] & ~np.eye(p, dtype=bool)
        scale = np.sqrt(np.where(free, variance, 1.0))
        r = np.where(tested, residual / (scale[:, :, None] * scale[:, None, :]), 0.0)
        r = np.clip((r + r.transpose(0, 2, 1)) / 2, -1 + 1e-12, 1 - 1e-12)
        effective = np.broadcast_to(self.pairwise_n, r.shape)
        if self.products is not None:
            parts = zip(maker, scale, r, strict=True)
            effective = np.stack([self._sandwich_n(self.products, m / s[:, None], c) for m, s, c in parts])
        cost = (self.charged + sets.sum(axis=1))[:, None, None] / self.n
        freedom = np.maximum(effective * (1 - cost) - 3.0, 1e-9)
        tail = -np.abs(np.arctanh(r)) * np.sqrt(freedom)
        lower = ndtr(tail) if self.weight is None else stdtr(free_clusters(len(self.weight), self.strata), tail)
        return PairTests(r, freedom, np.where(tested, np.minimum(2 * lower, 1.0), 1.0))

    def _sandwich_n(self, products: FloatArray, row: FloatArray, r: FloatArray) -> FloatArray:
        """Return the effective n (p, p) of correlations r of the residuals row z from the sums over clusters."""
        inside = row @ products @ row.T
        squares = np.einsum("gaa->ga", inside)
        influence = inside - r / 2 * (squares[:, :, None] + squares[:, None, :])
        robust = np.square(varying(influence, self.strata)).sum(axis=0) / self.n**2
        known = robust > 1e-20
        return np.where(known, np.minimum((1 - r**2) ** 2 / np.where(known, robust, 1.0), self.n), self.n)

    def residual_makers(self, sets: BoolArray) -> FloatArray:
        """Return M (u, p, p) with M z the residuals of standardised values z on each set (nothing for its members)."""
        p = len(self.names)
        makers = np.tile(np.eye(p), (len(sets), 1, 1))
        size = sets.sum(axis=1)
        for count in np.unique(size[size > 0]):
            rows = np.flatnonzero(size == count)
            index = np.nonzero(sets[rows])[1].reshape(len(rows), count)
            block = self.correlation[index[:, :, None], index[:, None, :]]
            try:
                slopes = np.linalg.solve(block, self.correlation[index])
            except np.linalg.LinAlgError:
                raise ModelError(
                    "Some values are linearly dependent in this evidence, so nothing can be held fixed. Drop one of "
                    f"{', '.join(self.names)}."
                ) from None
            makers[rows[:, None, None], np.arange(p)[None, :, None], index[:, None, :]] -= slopes.transpose(0, 2, 1)
        return makers


def value_moments(evidence: Evidence) -> ValueMoments:
    """Take from the evidence what tests of independence need, in sorted-name order.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    ValueMoments

    Raises
    ------
    ModelError
        That names a value without spread.
    """
    p = len(evidence.names)
    order = evidence.sorted_order
    scatter = np.ascontiguousarray(evidence.scatter[np.ix_(order, order)])
    names = tuple(evidence.names[j] for j in order[:p])
    maker = residual_maker(scatter, p)
    residual = maker @ scatter @ maker.T
    spread = np.diag(residual)
    for j in np.flatnonzero(~(spread > 1e-10 * np.diag(scatter)[:p])):
        raise ModelError(f"The value {names[j]!r} does not vary within the cells of the design. Drop it.")
    scale = np.sqrt(spread / evidence.n)
    products, weight, strata, groups = None, None, None, 1
    if evidence.clusters is not None:
        sums = sorted_sums(evidence)[0]
        groups = charged_groups(sums, np.ones(len(sums.weight)))
        if not sums.independent or sums.estimated:
            row = maker / scale[:, None]
            products, weight, strata = row @ sums.second @ row.T, np.asarray(sums.weight), sums.strata
    correlation = residual / np.outer(scale, scale) / evidence.n
    return ValueMoments(
        names=names,
        correlation=(correlation + correlation.T) / 2,
        scale=scale,
        pairwise_n=np.ascontiguousarray(evidence.pairwise_n[np.ix_(order[:p], order[:p])]),
        n=float(evidence.n),
        charged=len(order) - p + groups - 1,
        products=products,
        weight=weight,
        strata=strata,
    )
