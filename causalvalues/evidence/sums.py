"""Sums of products over clusters or blocks: all that resampling and the sandwich need to know about the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.moments import ClusterSums, Evidence, GroupSums
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.randomness import stream

LARGEST = 2e7
"""Most numbers that the second moments of blocks may take (160 MB); clusters of the design are always kept."""


@dataclass(frozen=True, eq=False)
class Totals:
    """Moments over all rows: total weight, column means (m,), and scatter (m, m) about them (about group means)."""

    weight: float
    mean: FloatArray
    scatter: FloatArray


def cluster_codes(n: int, m: int, clusters: IntArray | None, strata: IntArray | None = None) -> IntArray:
    """Return the cluster (n,) of each row, or its block where rows are independent; blocks lie within strata.

    Raises
    ------
    DataError
        If all rows are one cluster.
    """
    codes = clusters
    if codes is None:
        codes = block_codes(n, m) if strata is None else _blocks_within(strata, m)
    if int(codes.max()) == 0:
        raise DataError(
            "All complete rows belong to one cluster, so nothing says how much another one would differ. "
            "Add clusters, or set `cluster_by` to a finer label."
        )
    return codes


def block_codes(n: int, m: int) -> IntArray:
    """Deal n independent rows at random into at most 1,000 blocks of nearly equal size; always the same deal."""
    blocks = min(n, 1000, max(int(LARGEST / m**2), 50))
    codes = np.arange(n, dtype=np.int64) % blocks
    return np.asarray(stream(0, "blocks").permutation(codes)) if blocks < n else codes


def strata_of(codes: IntArray, strata: IntArray | None) -> IntArray | None:
    """Return the stratum (G,) of each cluster, or None without strata.

    Raises
    ------
    DataError
        If a cluster has rows in several strata.
    """
    if strata is None:
        return None
    found = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    found[codes] = strata
    torn = len(np.unique(codes[found[codes] != strata]))
    if torn:
        raise DataError(
            f"{torn} of {len(found)} clusters have rows in several strata, so they cannot have been drawn within "
            "strata. Set `strata_by` to a label that is the same in all rows of a cluster, or leave it empty."
        )
    return found


def varying(parts: FloatArray, strata: IntArray | None = None, joined: FloatArray | None = None) -> FloatArray:
    """Return parts (G, ...) of a total, scaled so that the sum of their squares is its sandwich variance.

    Parameters
    ----------
    parts : array (G, ...)
        What each cluster adds to the total (about its expectation).
    strata : array (G,) of int, optional
        Clusters then vary about the mean of their stratum only; a stratum of one cluster is left as it is, which is
        as if it varied about the overall mean.
    joined : array (G,), default ones
        How many clusters a part stands for: it is expected to add so many times what one adds.

    Returns
    -------
    array (G, ...)
        Times the root of G / (G - 1), or less the mean of the stratum and times the root of G_h / (G_h - 1).

    References
    ----------
    Lumley (2004), Journal of Statistical Software 9(8), 1-19 (strata; the option "adjust" for single clusters).
    """
    if strata is None:
        g = len(parts)
        return np.asarray(parts * np.sqrt(g / max(g - 1, 1)))
    scaled = np.array(parts)
    for stratum in np.unique(strata):
        mine = strata == stratum
        size = int(mine.sum())
        if size > 1:
            share = np.full(size, 1.0 / size) if joined is None else joined[mine] / joined[mine].sum()
            expected = np.multiply.outer(share, parts[mine].sum(axis=0))
            scaled[mine] = (parts[mine] - expected) * np.sqrt(size / (size - 1))
    return scaled


def free_clusters(count: int, strata: IntArray | None = None) -> float:
    """Return the degrees of freedom of a variance over `count` clusters: less one, or less one for each stratum."""
    return float(max(count - (1 if strata is None else len(np.unique(strata))), 1))


def _blocks_within(strata: IntArray, m: int) -> IntArray:
    codes = np.empty(len(strata), dtype=np.int64)
    most = int(block_codes(len(strata), m).max()) + 1
    start = 0
    for stratum in range(int(strata.max()) + 1):
        members = np.flatnonzero(strata == stratum)
        blocks = min(len(members), max(round(most * len(members) / len(strata)), 2))
        dealt = np.arange(len(members), dtype=np.int64) % blocks
        codes[members] = start + stream(0, "blocks", stratum).permutation(dealt)
        start += blocks
    return codes


def centre_rows(
    columns: FloatArray, weights: FloatArray, groups: IntArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Subtract weighted means in two passes, so that a large common level costs no precision.

    Parameters
    ----------
    columns : array (n, m)
    weights : array (n,)
    groups : array (n,) of int, or None

    Returns
    -------
    centred : array (n, m)
        Constant columns are exactly zero.
    mean : array (m,)
        Weighted means over all rows.
    group_means : array (K, m)
        Weighted group means; K = 1 without groups.
    """
    codes = np.zeros(len(columns), dtype=np.int64) if groups is None else groups
    total = np.bincount(codes, weights)
    group_means = np.zeros((len(total), columns.shape[1]))
    centred = np.array(columns)
    for _ in range(2):
        for j in range(columns.shape[1]):
            step = np.bincount(codes, weights * centred[:, j]) / total
            group_means[:, j] += step
            centred[:, j] -= step[codes]
    for j in range(columns.shape[1]):
        if (columns[:, j] == columns[0, j]).all():
            centred[:, j] = 0.0
            group_means[:, j] = columns[0, j]
    mean = np.array([float((total * group_means[:, j]).sum() / total.sum()) for j in range(columns.shape[1])])
    return centred, mean, group_means


def cluster_sums(
    centred: FloatArray, weights: FloatArray, codes: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the weight (G,), first (G, m) and second (G, m, m) sums of each cluster, added in a fixed order."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(codes.max() + 2))
    scaled = np.sqrt(weights[order])[:, None] * centred[order]
    g, m = len(starts) - 1, centred.shape[1]
    second = np.empty((g, m, m))
    for i in range(g):
        part = scaled[starts[i] : starts[i + 1]]
        np.einsum("ni,nj->ij", part, part, out=second[i])
    return np.bincount(codes, weights).astype(np.float64), _sum_by(codes, weights, centred, g), second


def group_sums(
    centred: FloatArray, weights: FloatArray, clusters: IntArray, groups: IntArray, means: FloatArray
) -> GroupSums:
    """Return sums for each pair of cluster and group that occurs."""
    k = int(groups.max()) + 1
    pairs, codes = np.unique(clusters * k + groups, return_inverse=True)
    return GroupSums(
        cluster=pairs // k,
        group=pairs % k,
        weight=np.bincount(codes, weights).astype(np.float64),
        first=_sum_by(codes, weights, centred, len(pairs)),
        means=means,
    )


def totals(sums: ClusterSums, counts: FloatArray, mean: FloatArray) -> Totals:
    """Add up cluster sums with a count (or weight) for each cluster.

    Parameters
    ----------
    sums : ClusterSums
    counts : array (G,)
        How often each cluster is taken.
    mean : array (m,)
        The mean that `sums` were centred at (ignored when they hold groups).

    Returns
    -------
    Totals
        With groups, the scatter is about the group means of the resample: S - sum over k of F_k F_k' / W_k. Sums of
        an estimate are added up as they are.
    """
    second = np.einsum("g,gij->ij", counts, sums.second)
    weight = float((counts * sums.weight).sum())
    if sums.groups is None or sums.estimated:
        first = np.einsum("g,gi->i", counts, sums.first)
        if sums.estimated:
            return Totals(weight, mean + first / weight, second)
        return Totals(weight, mean + first / weight, second - np.outer(first, first) / weight)
    parts = sums.groups
    k = len(parts.means)
    times = counts[parts.cluster]
    group_weight = np.bincount(parts.group, times * parts.weight, minlength=k)
    group_first = _sum_by(parts.group, times, parts.first, k)
    present = group_weight > 0
    scaled = group_first[present] / np.sqrt(group_weight[present])[:, None]
    level = np.einsum("k,ki->i", group_weight, parts.means) + group_first.sum(axis=0)
    return Totals(weight, level / weight, second - np.einsum("ki,kj->ij", scaled, scaled))


def recentred(sums: ClusterSums, counts: FloatArray) -> FloatArray:
    """Return the second moments (G, m, m) of each cluster about the (group) means of a resample.

    With d the mean of the resample less the centre of the sums: S - f d' - d f' + w d d', for each group. Sums of an
    estimate have no centre and are returned as they are.
    """
    if sums.estimated:
        return sums.second
    g = len(sums.weight)
    if sums.groups is None:
        cluster, weight, first = np.arange(g), sums.weight, sums.first
        group, k = np.zeros(g, dtype=np.int64), 1
    else:
        parts = sums.groups
        cluster, weight, first, group, k = parts.cluster, parts.weight, parts.first, parts.group, len(parts.means)
    times = counts[cluster]
    total = np.bincount(group, times * weight, minlength=k)
    step = _sum_by(group, times, first, k) / np.where(total > 0, total, 1.0)[:, None]
    shift = step[group]
    cross = (first - weight[:, None] * shift / 2)[:, :, None] * shift[:, None, :]
    second = np.array(sums.second)
    np.subtract.at(second, cluster, cross + cross.transpose(0, 2, 1))
    return second


def sorted_sums(evidence: Evidence) -> tuple[ClusterSums, IntArray]:
    """Return the cluster sums in sorted order of values, levers and combinations, and that order (m,).

    Raises
    ------
    DataError
        If the evidence holds no cluster sums.
    """
    return evidence.sorted_clusters, evidence.sorted_order


def groups_inside(groups: GroupSums, counts: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Return which of the K groups occur in a resample, and which of these lie within one cluster each.

    A group within one cluster is drawn with it: whatever its mean costs shows in the sums over clusters.

    Parameters
    ----------
    groups : GroupSums
    counts : array (G,)
        How often each cluster is taken.

    Returns
    -------
    occurs, inside : array (K,) of bool
    """
    clusters = np.bincount(groups.group, counts[groups.cluster] > 0, minlength=len(groups.means))
    return clusters > 0, clusters == 1


def charged_groups(sums: ClusterSums, counts: FloatArray) -> int:
    """Return the number of group means (1 without groups) that the sums over clusters do not account for.

    These are the groups with rows in several clusters, and every group when rows are independent.
    """
    if sums.groups is None:
        return 1
    occurs, inside = groups_inside(sums.groups, counts)
    return max(int(occurs.sum() if sums.independent else (occurs & ~inside).sum()), 1)


def _sum_by(codes: IntArray, weights: FloatArray, columns: FloatArray, size: int) -> FloatArray:
    m = columns.shape[1]
    return np.column_stack([np.bincount(codes, weights * columns[:, j], minlength=size) for j in range(m)])
