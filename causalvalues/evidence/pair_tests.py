"""Is the mean of one value above that of another? Cluster-robust tests of all pairs, also where answers are missing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import stdtr

from causalvalues.evidence.cluster_corrections import cluster_corrections, difference_corrections
from causalvalues.frozen import BoolArray, FloatArray, IntArray

ROUNDING = 1e-11
"""Share of the largest score below which a difference of means is an error of rounding."""
CLOSEST = 0.999
"""Largest correlation of two values that the working model of their difference takes."""


@dataclass(frozen=True, eq=False)
class PairTests:
    """One-sided tests of all pairs of values.

    Parameters
    ----------
    p : array (p, p)
        p[j, k] of the hypothesis mean_j <= mean_k; NaN where a mean is not known, and on the diagonal.
    without_spread : array of bool (p, p)
        Whether two means differ without any spread over the clusters.
    """

    p: FloatArray
    without_spread: BoolArray


def pair_tests(scores: FloatArray, weights: FloatArray, code: IntArray) -> PairTests:
    """Test all pairs of values.

    Parameters
    ----------
    scores : array (n, p)
        NaN where an answer is missing.
    weights : array (n,)
    code : array of int (n,)
        Cluster of each row.
    """
    seen = ~np.isnan(scores) & (weights > 0)[:, None]
    p = scores.shape[1]
    found, without = np.full((p, p), np.nan), np.zeros((p, p), dtype=bool)
    known = [j for j in range(p) if seen[:, j].any()]
    for j, k in combinations(known, 2):
        found[j, k], found[k, j], without[j, k] = _pair_test(scores[:, [j, k]], weights, seen[:, [j, k]], code)
    return PairTests(found, without | without.T)


def _pair_test(scores: FloatArray, weights: FloatArray, seen: BoolArray, code: IntArray) -> tuple[float, float, bool]:
    """Return the p values of mean_0 <= mean_1 and of mean_1 <= mean_0, and whether the means differ without spread."""
    w = weights[:, None] * seen
    share = w / w.sum(axis=0)
    x = np.where(seen, scores, 0.0)
    means = np.einsum("ij,ij->j", share, x)
    difference, noise = float(means[0] - means[1]), ROUNDING * float(np.abs(x).max())
    _, cluster = np.unique(code[seen.any(axis=1)], return_inverse=True)
    either = seen.any(axis=1)

    def sums(rows: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(cluster, weights=rows[either]), dtype=float)

    shares = np.array([sums(share[:, j]) for j in (0, 1)])
    fewest = int((shares > 0).sum(axis=1).min())
    if fewest < 2 or abs(difference) <= noise:
        return 1.0, 1.0, False
    variances = np.array([sums(np.square(share[:, j])) for j in (0, 1)])
    joint = sums(share[:, 0] * share[:, 1])
    pulls = np.array([sums(share[:, j] * (x[:, j] - means[j])) for j in (0, 1)])
    error, freedom = _error(shares, variances, joint, pulls)
    if error <= noise:
        p = 0.5**fewest
        return (p, 1.0, True) if difference > 0 else (1.0, p, True)
    return float(stdtr(freedom, -difference / error)), float(stdtr(freedom, difference / error)), False


def _error(shares: FloatArray, variances: FloatArray, joint: FloatArray, pulls: FloatArray) -> tuple[float, float]:
    """Return the standard error of a difference of means, and its degrees of freedom: at most those of each mean."""
    corrections, freedom = difference_corrections(shares, variances, joint, _relation(variances, joint, pulls))
    for j in (0, 1):
        own = shares[j] > 0
        freedom = min(freedom, cluster_corrections(shares[j][own], variances[j][own])[1])
    return float(np.sqrt((corrections * np.square(pulls[0] - pulls[1])).sum())), freedom


def _relation(variances: FloatArray, joint: FloatArray, pulls: FloatArray) -> float:
    """Return the correlation of both answers of a row as the sums of the clusters show it; 0 where they show none."""
    size = np.square(pulls).sum(axis=1) / variances.sum(axis=1)
    scale = float(np.sqrt(size[0] * size[1]) * joint.sum())
    if scale <= 0:
        return 0.0
    return float(np.clip((pulls[0] * pulls[1]).sum() / scale, -CLOSEST, CLOSEST))
