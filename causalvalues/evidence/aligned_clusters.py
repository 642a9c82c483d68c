"""The same clusters in every part of the rows, so that one draw of clusters holds in all parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError
from causalvalues.evidence.moments import ClusterSums, Evidence, Moments
from causalvalues.evidence.summarise import summarise
from causalvalues.evidence.sums import cluster_codes
from causalvalues.frozen import BoolArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix

BLOCK = "block of independent rows"


@dataclass(frozen=True, eq=False)
class ClusterTable:
    """The clusters of all rows of a matrix.

    Parameters
    ----------
    labels : tuple of str, length n
        The cluster of each row; of a block, where rows are independent.
    names : tuple of str, length G
        In sorted order.
    strata : array (G,) of int, or None
        The stratum that each cluster is drawn in. Blocks are drawn within conditions, whose sizes the design fixes.
    independent : bool
        Whether these are blocks.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    strata: IntArray | None
    independent: bool

    def aligned(
        self, evidence: Evidence, part: ResponseMatrix, rows: BoolArray, how: tuple[str, Moments | None]
    ) -> Evidence:
        """Return the evidence of some rows with sums for all clusters, zero where a cluster has none of these rows.

        Parameters
        ----------
        evidence : Evidence
            Of these rows.
        part : ResponseMatrix
            These rows.
        rows : array (n,) of bool
            Which rows of the whole matrix they are.
        how : tuple of str and Moments
            Arguments of `summarise`.
        """
        mine = tuple(label for label, here in zip(self.labels, rows, strict=True) if here)
        sums = evidence.clusters
        if self.independent:
            labels = {**part.labels, BLOCK: mine}
            sums = summarise(replace(part, labels=labels, cluster_by=BLOCK, strata_by=""), *how).clusters
        if sums is None:
            return evidence
        place = {name: number for number, name in enumerate(self.names)}
        there = [place[name] for name in _used(part, mine, len(sums.weight))]
        return replace(evidence, clusters=self._spread(sums, np.array(there)))

    def _spread(self, sums: ClusterSums, place: IntArray) -> ClusterSums:
        g, m = len(self.names), sums.first.shape[1]
        weight, first, second = np.zeros(g), np.zeros((g, m)), np.zeros((g, m, m))
        weight[place], first[place], second[place] = sums.weight, sums.first, sums.second
        groups = None if sums.groups is None else replace(sums.groups, cluster=place[sums.groups.cluster])
        return ClusterSums(weight, first, second, groups, self.independent, sums.estimated, self.strata)


def cluster_table(matrix: ResponseMatrix, conditions: NDArray[np.object_]) -> ClusterTable:
    """Return the clusters of a matrix, or blocks of its rows within conditions where rows are independent.

    Parameters
    ----------
    matrix : ResponseMatrix
    conditions : array (n,) of str

    Raises
    ------
    DataError
        If all rows are one cluster.
    """
    labels, strata = matrix.clusters, matrix.strata
    independent = labels is None
    if labels is None:
        cell = np.array([str(condition) for condition in conditions], dtype=object)
        if strata is not None:
            cell = np.array([f"{a} / {b}" for a, b in zip(cell, strata, strict=True)], dtype=object)
        _, within = np.unique(cell, return_inverse=True)
        codes = cluster_codes(len(cell), len(matrix.names) + len(matrix.levers), None, within.astype(np.int64))
        width = len(str(int(codes.max())))
        labels, strata = tuple(f"{code:0{width}d}" for code in codes), tuple(cell)
    names = tuple(sorted(set(labels)))
    if strata is None:
        return ClusterTable(labels, names, None, independent)
    of_cluster = dict(zip(labels, strata, strict=True))
    _, coded = np.unique(np.array([of_cluster[name] for name in names], dtype=object), return_inverse=True)
    return ClusterTable(labels, names, coded.astype(np.int64), independent)


def _used(part: ResponseMatrix, labels: tuple[str, ...], clusters: int) -> list[str]:
    """Return the clusters of the rows that sums were made of: of rows with any answer, or of the complete ones."""
    lost = np.isnan(part.scores)
    for usable in (~lost.all(axis=1), ~lost.any(axis=1)):
        there = {label for label, here in zip(labels, usable & (part.weights > 0), strict=True) if here}
        if len(there) == clusters:
            return sorted(there)
    raise DataError(
        f"The moments hold sums for {clusters} clusters, and the rows have {len(there)}: this way of making moments "
        "cannot be used for environments."
    )
