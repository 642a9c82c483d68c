"""Means and covariances of available cases: each pair of columns from the rows that answered both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.sums import cluster_sums
from causalvalues.frozen import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class AvailableCases:
    """Estimates from available cases, and the sums over clusters of their influence functions.

    Parameters
    ----------
    mean : array (m,)
    covariance : array (m, m)
        About the means of the rows that answered both columns; may be indefinite.
    count : array (m, m)
        Weight of the rows that answered both columns.
    first : array (G, m)
        Influence on the mean; adds up to zero.
    second : array (G, m, m)
        Influence on the covariance; adds up to zero.
    """

    mean: FloatArray
    covariance: FloatArray
    count: FloatArray
    first: FloatArray
    second: FloatArray


def available_cases(columns: FloatArray, weights: FloatArray, codes: IntArray) -> AvailableCases:
    """Make moments from pairs of columns (n, m), NaN where there is no answer; `codes` (n,) number the clusters.

    Each pair of columns needs rows that answered both.
    """
    m, n = columns.shape[1], float(weights.sum())
    centre = np.nansum(columns * weights[:, None], axis=0) / ((~np.isnan(columns)) * weights[:, None]).sum(axis=0)
    filled = np.where(np.isnan(columns), 0.0, columns - centre)
    seen = (~np.isnan(columns)).astype(np.float64)
    _, _, parts = cluster_sums(np.hstack([filled, seen]), weights, codes)
    products, sums, counts = parts[:, :m, :m], parts[:, :m, m:], parts[:, m:, m:]
    count = counts.sum(axis=0)
    level = sums.sum(axis=0) / count
    covariance = products.sum(axis=0) / count - level * level.T
    second = products - level * sums.transpose(0, 2, 1) - level.T * sums + (level * level.T - covariance) * counts
    own = np.arange(m)
    first = sums[:, own, own] - counts[:, own, own] * level[own, own]
    return AvailableCases(
        centre + level[own, own], covariance, count, first * (n / count[own, own]), second * (n / count)
    )


def available_n(covariance: FloatArray, count: FloatArray, p: int, n: float) -> FloatArray:
    """Return the number of complete independent rows (p, p) that each available-case correlation is worth.

    For normal values whose answers are lost at random, with n_i, n_j and n_ij the rows behind the two variances and
    the covariance, the variance of r is (1 + r^2) / n_ij + r^4 n_ij / (n_i n_j) - 3/2 r^2 (1 / n_i + 1 / n_j); with
    complete rows this is (1 - r^2)^2 / n. Correlations are those given the design columns.
    """
    projection = residual_maker(covariance, p)
    residual = projection @ covariance @ projection.T
    scale = np.sqrt(np.maximum(np.diag(residual), 1e-300))
    r = np.clip(residual / np.outer(scale, scale), -1, 1)
    own = np.diag(count)[:p]
    both = count[:p, :p]
    inverse = 1 / own[:, None] + 1 / own
    variance = (1 + r**2) / both + r**4 * both / np.outer(own, own) - 1.5 * r**2 * inverse
    known = (1 - r**2 > 1e-10) & (variance > 1e-20)
    found = np.minimum(np.where(known, (1 - r**2) ** 2 / np.where(known, variance, 1.0), n), n)
    np.fill_diagonal(found, n)
    return np.asarray(found)
