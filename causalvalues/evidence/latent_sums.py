"""Cluster sums of an estimated latent covariance: correlations, scales and design effects, each with its influence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.evidence.design import Design
from causalvalues.evidence.moments import ClusterSums
from causalvalues.evidence.rows import UsedRows
from causalvalues.evidence.sums import centre_rows, cluster_codes, strata_of
from causalvalues.frozen import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Latent:
    """Estimates of p latent values and what each cluster adds to them (n times the influence function, summed).

    Parameters
    ----------
    correlation : array (p, p)
        Of the residuals within design cells.
    scale : array (p,)
        Standard deviation of the residuals.
    effects : array (q, p)
        Of the design columns, in units of `scale`.
    on_correlation : array (G, p, p)
    on_variance : array (G, p)
        Relative to the variance; zero for ordinal columns, whose latent variance is 1 by definition.
    on_effects : array (G, q, p)
        In units of `scale`.
    """

    correlation: FloatArray
    scale: FloatArray
    effects: FloatArray
    on_correlation: FloatArray
    on_variance: FloatArray
    on_effects: FloatArray


@dataclass(frozen=True, eq=False)
class Frame:
    """What all pairs share: cluster or block of each row, weights, and the design.

    Parameters
    ----------
    codes : array (n,) of int
    weights : array (n,)
    size : int
        Number G of clusters.
    design : array (n, q)
        Design columns less their (group) means.
    columns : array (n, q + K - 1)
        Design columns, then indicators of all groups but the first.
    mean : array (q,)
        Means of the design columns.
    strata : array (G,) of int, or None
        The stratum of each cluster.
    """

    codes: IntArray
    weights: FloatArray
    size: int
    design: FloatArray
    columns: FloatArray
    mean: FloatArray
    strata: IntArray | None

    def sums(self, rows: FloatArray) -> FloatArray:
        """Add up numbers (n,) by cluster."""
        return np.bincount(self.codes, rows, minlength=self.size).astype(np.float64)


def frame_of(rows: UsedRows, design: Design) -> Frame:
    """Number the clusters and centre the design."""
    codes = cluster_codes(len(rows.scores), rows.scores.shape[1] + design.columns.shape[1], rows.clusters, rows.strata)
    centred, mean, _ = centre_rows(design.columns, rows.weights, rows.groups)
    columns = design.columns
    if rows.groups is not None:
        indicators = (rows.groups[:, None] == np.arange(1, rows.groups.max() + 1)).astype(np.float64)
        columns = np.hstack([columns, indicators])
    return Frame(codes, rows.weights, int(codes.max()) + 1, centred, columns, mean, strata_of(codes, rows.strata))


def latent_sums(latent: Latent, frame: Frame, independent: bool) -> ClusterSums:
    """Put the parts together: second moments (G, m, m) of values and design columns, weight C plus influence.

    With C_dd the covariance of the design, B the effects in units of the values and C_r the residual covariance:
    C_vd = B' C_dd and C_vv = C_r + B' C_dd B; influences follow by the product rule.
    """
    s = latent.scale
    weight = frame.sums(frame.weights)
    n = float(weight.sum())
    residual = latent.correlation * np.outer(s, s)
    effects = latent.effects * s
    q, p = effects.shape
    products = np.empty((frame.size, q, q))
    for a in range(q):
        for b in range(q):
            products[:, a, b] = frame.sums(frame.weights * frame.design[:, a] * frame.design[:, b])
    spread = products.sum(axis=0) / n
    whole = np.empty((p + q, p + q))
    whole[:p, :p] = residual + effects.T @ spread @ effects
    whole[:p, p:] = effects.T @ spread
    whole[p:, :p], whole[p:, p:] = whole[:p, p:].T, spread
    relative = (latent.on_variance[:, :, None] + latent.on_variance[:, None, :]) / 2
    on_residual = (latent.on_correlation + latent.correlation * relative) * np.outer(s, s)
    on_spread = products - weight[:, None, None] * spread
    on_effects = latent.on_effects * s
    on_cross = effects.T @ on_spread + on_effects.transpose(0, 2, 1) @ spread
    half = on_effects.transpose(0, 2, 1) @ (spread @ effects)
    psi = np.empty((frame.size, p + q, p + q))
    psi[:, :p, :p] = on_residual + half + half.transpose(0, 2, 1) + effects.T @ on_spread @ effects
    psi[:, :p, p:], psi[:, p:, :p] = on_cross, on_cross.transpose(0, 2, 1)
    psi[:, p:, p:] = on_spread
    psi -= weight[:, None, None] / n * psi.sum(axis=0)
    second = weight[:, None, None] * whole + psi
    none = np.zeros((frame.size, p + q))
    return ClusterSums(weight, none, second, independent=independent, estimated=True, strata=frame.strata)


def spanning_groups(rows: UsedRows, independent: bool) -> int:
    """Return how many group means (1 without groups) the sums over clusters do not account for."""
    if rows.groups is None:
        return 1
    k = int(rows.groups.max()) + 1
    if independent or rows.clusters is None:
        return k
    pairs = np.unique(np.column_stack([rows.groups, rows.clusters]), axis=0)
    return max(int((np.bincount(pairs[:, 0], minlength=k) > 1).sum()), 1)
