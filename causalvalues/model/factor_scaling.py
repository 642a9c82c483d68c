"""How much clusters and non-normal answers inflate the chi-square of a factor model (Satorra and Bentler 1994)."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.model.factor_layout import GroupMoments

Block = tuple[FloatArray, FloatArray, IntArray]
"""Of one group: what whitens its items, derivatives of its whitened moments, and places of its parameters."""


def baseline(moments: GroupMoments) -> tuple[float, int, float]:
    """Return chi-square, degrees of freedom and scaling of the model in which no items are correlated."""
    k, p = moments.mean.shape
    chi2, blocks = 0.0, []
    for g in range(k):
        s = moments.covariance[g]
        chi2 += moments.n[g] * float(np.log(np.diag(s)).sum() - np.linalg.slogdet(s)[1])
        jacobian = np.zeros((2 * p, p * p + p))
        for i in range(p):
            jacobian[i, i * p + i] = jacobian[p + i, p * p + i] = 1.0
        blocks.append((np.diag(1 / np.sqrt(np.diag(s))), jacobian, np.arange(2 * p) + 2 * p * g))
    df = k * p * (p - 1) // 2
    return chi2, df, unexplained(moments, blocks, 2 * p * k) / df


def unexplained(moments: GroupMoments, blocks: list[Block], size: int) -> float:
    """Return tr(U Gamma) with Gamma from the sums of clusters; `blocks` hold whitener, derivatives and places.

    Moments of different groups stand in different coordinates, so the squared length of a cluster's sums adds up over
    groups, and so do their products with the derivatives of the parameters, which say what the parameters can fit.
    """
    clusters = np.unique(np.concatenate([codes for _, codes in moments.rows]))
    spans = len(clusters) < sum(len(np.unique(codes)) for _, codes in moments.rows)
    together = np.zeros((len(clusters) if spans else 0, size))
    information, fitted, length = np.zeros((size, size)), np.zeros((size, size)), 0.0
    for g, (white, jacobian, place) in enumerate(blocks):
        own, sums = _cluster_sums(moments, white, g)
        slopes = jacobian * np.sqrt(moments.n[g] / 2)
        projected = sums @ slopes.T
        both = np.ix_(place, place)
        information[both] += slopes @ slopes.T
        length += float(np.square(sums).sum())
        if spans:
            together[np.ix_(np.searchsorted(clusters, own), place)] += projected
        else:
            fitted[both] += projected.T @ projected
    if spans:
        fitted = together.T @ together
    left = length - float(np.trace(np.linalg.pinv(information, rcond=1e-12, hermitian=True) @ fitted))
    return left * len(clusters) / (len(clusters) - 1)


def _cluster_sums(moments: GroupMoments, white: FloatArray, g: int) -> tuple[IntArray, FloatArray]:
    """Return the clusters of a group, and their sums (c, p^2 + p) of what rows add to whitened moments."""
    rows, codes = moments.rows[g]
    own, place = np.unique(codes, return_inverse=True)
    z, centre = rows @ white.T, white @ moments.covariance[g] @ white.T
    p, n = z.shape[1], moments.n[g]
    found = np.empty((len(own), p * p + p))
    for a in range(p):
        for b in range(a, p):
            column = np.bincount(place, z[:, a] * z[:, b] - centre[a, b], len(own)) / np.sqrt(2 * n)
            found[:, a * p + b] = found[:, b * p + a] = column
        found[:, p * p + a] = np.bincount(place, z[:, a], len(own)) / np.sqrt(n)
    return own, found
