"""What each lever did, from the design alone: differences within clusters, no graph, no equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.model.quantiles import interval_shares
from causalvalues.responses.matrix import ResponseMatrix

PAIRED = "paired within cluster"
UNPAIRED = "difference of means"


@dataclass(frozen=True, eq=False)
class LeverEffects:
    """Effects of lever cells on values, every table [cell, value], in score units.

    A cell is a lever or a set of levers used together (``a+b``); a dose other than 1 is part of its name (``a=0.5``).

    Parameters
    ----------
    mean, se, lower, upper : DataFrame (cells, p)
        Mean difference to the rows without lever, cluster-robust standard error, central t interval. NaN where fewer
        than two clusters were seen.
    clusters : DataFrame (cells, p) of int
        Clusters behind each number.
    pairing : Series (cells,)
        How each cell was compared: within clusters, or as a difference of means.
    doses : DataFrame (cells, k)
        The dose of each lever in each cell.
    level : float
    """

    mean: pd.DataFrame
    se: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    clusters: pd.DataFrame
    pairing: pd.Series
    doses: pd.DataFrame
    level: float

    def __repr__(self) -> str:
        cells, p = self.mean.shape
        paired = int((self.pairing == PAIRED).sum())
        return f"LeverEffects({cells} cells x {p} values, {paired} cells paired within clusters; [cell, value])"


def lever_effects(matrix: ResponseMatrix, level: float = 0.9) -> LeverEffects:
    """Estimate what each lever cell does to each value, from the design alone.

    In a cell that shares at least two clusters (or all that it has) with the rows without lever, each cluster's mean
    under the cell is compared with the same cluster's mean without lever; the standard error comes from the spread of
    these differences. Other cells are compared as a difference of means, with the sandwich of cluster sums (Liang and
    Zeger 1986). Both use the factor G / (G - 1) and t quantiles with G - 1 degrees of freedom, G the smaller number of
    clusters. Row weights count within and across clusters.

    Parameters
    ----------
    matrix : ResponseMatrix
        With levers and some rows without any. Rows are clustered by `cluster_by`, else by `unit_ids`.
    level : float, default 0.9

    Returns
    -------
    LeverEffects
        Cells in the order of `matrix.levers`, combinations after single levers.

    Raises
    ------
    ModelError
        If there are no levers, or no rows without lever to compare with.
    """
    cells, doses = cell_rows(matrix)
    p = len(matrix.names)
    tables = {what: np.full((len(cells), p), np.nan) for what in ("mean", "se", "lower", "upper")}
    counts = np.zeros((len(cells), p), dtype=int)
    pairing = []
    clusters = clusters_of(matrix)
    for row, rows in enumerate(cells.values()):
        paired = paired_differences(matrix, rows)
        every = len(paired.clusters) == len({cluster for cluster, on in zip(clusters, rows, strict=True) if on})
        pairing.append(PAIRED if len(paired.clusters) > 1 or every else UNPAIRED)
        for column in range(p):
            if pairing[-1] == PAIRED:
                found = _mean_of_differences(paired.differences[:, column], paired.weights[:, column])
            else:
                found = _difference_of_means(matrix, rows, column)
            mean, se, counts[row, column] = found
            half = se * float(stdtrit(max(found[2] - 1, 1), interval_shares(level)[1]))
            for what, number in zip(tables, (mean, se, mean - half, mean + half), strict=True):
                tables[what][row, column] = number
    index = list(cells)
    frames = {what: pd.DataFrame(table, index=index, columns=list(matrix.names)) for what, table in tables.items()}
    return LeverEffects(
        mean=frames["mean"],
        se=frames["se"],
        lower=frames["lower"],
        upper=frames["upper"],
        clusters=pd.DataFrame(counts, index=index, columns=list(matrix.names)),
        pairing=pd.Series(pairing, index=index, dtype="object"),
        doses=doses,
        level=level,
    )


def cell_name(doses: Mapping[str, float]) -> str:
    """Return the name of a design cell: levers in the order given, a dose other than 1 written out.

    Examples
    --------
    >>> cell_name({"calm": 1.0, "bold": 0.5})
    'calm+bold=0.5'
    """
    used = {lever: dose for lever, dose in doses.items() if dose != 0}
    return "+".join(lever if dose == 1 else f"{lever}={dose:g}" for lever, dose in used.items())


def cell_rows(matrix: ResponseMatrix) -> tuple[dict[str, BoolArray], pd.DataFrame]:
    """Return the rows (n,) of each cell that uses a lever, and the doses [cell, lever]; single levers first."""
    if not matrix.levers:
        raise ModelError(
            "These answers have no levers, so there is nothing to compare. Name the lever columns when reading."
        )
    if (matrix.doses != 0).any(axis=1).all():
        raise ModelError("No row is without lever, so there is nothing to compare the levers with. Add such rows.")
    distinct, back = np.unique(matrix.doses, axis=0, return_inverse=True)
    back = back.reshape(-1)
    used = distinct != 0
    order = sorted(
        (i for i in range(len(distinct)) if used[i].any()),
        key=lambda i: (int(used[i].sum()), tuple(np.flatnonzero(used[i])), tuple(distinct[i])),
    )
    names = [cell_name(dict(zip(matrix.levers, distinct[i].tolist(), strict=True))) for i in order]
    rows = {name: np.asarray(back == i) for name, i in zip(names, order, strict=True)}
    return rows, pd.DataFrame(distinct[order], index=names, columns=list(matrix.levers))


@dataclass(frozen=True, eq=False)
class PairedDifferences:
    """Difference of each cluster's mean in a cell to its own mean without lever.

    Parameters
    ----------
    clusters : tuple of str, length g
        Clusters that have rows of both kinds, sorted.
    differences : array (g, p)
        NaN where a value has no answer on one of the two sides.
    weights : array (g, p)
        Weight of the cluster's answers in the cell.
    """

    clusters: tuple[str, ...]
    differences: FloatArray
    weights: FloatArray


def clusters_of(matrix: ResponseMatrix) -> tuple[str, ...]:
    """Return the cluster of each row: `cluster_by` where it is set, else the unit."""
    return matrix.unit_ids if matrix.clusters is None else matrix.clusters


def paired_differences(matrix: ResponseMatrix, rows: BoolArray) -> PairedDifferences:
    """Return within-cluster differences between the given rows and the rows without lever."""
    clusters = np.array(clusters_of(matrix), dtype=object)
    without = ~(matrix.doses != 0).any(axis=1)
    shared = sorted(set(clusters[rows]) & set(clusters[without]))
    place = {cluster: i for i, cluster in enumerate(shared)}
    number = np.array([place.get(cluster, -1) for cluster in clusters])
    sides = [_cluster_means(matrix, number, side & (number >= 0), len(shared)) for side in (rows, without)]
    (under, weights), (plain, _) = sides
    return PairedDifferences(tuple(shared), under - plain, weights)


def _cluster_means(
    matrix: ResponseMatrix, number: np.ndarray, rows: BoolArray, size: int
) -> tuple[FloatArray, FloatArray]:
    answered = ~np.isnan(matrix.scores[rows])
    weights = np.where(answered, matrix.weights[rows, None], 0.0)
    sums, totals = np.zeros((size, len(matrix.names))), np.zeros((size, len(matrix.names)))
    np.add.at(sums, number[rows], np.where(answered, matrix.scores[rows], 0.0) * weights)
    np.add.at(totals, number[rows], weights)
    return np.where(totals > 0, sums / np.where(totals > 0, totals, 1.0), np.nan), totals


def _mean_of_differences(differences: FloatArray, weights: FloatArray) -> tuple[float, float, int]:
    seen = ~np.isnan(differences) & (weights > 0)
    d, w = differences[seen], weights[seen]
    g = len(d)
    if g < 2:
        return float(d.mean()) if g else np.nan, np.nan, g
    mean = float(w @ d / w.sum())
    se = float(np.sqrt(g / (g - 1) * np.square(w * (d - mean)).sum()) / w.sum())
    return mean, se, g


def _difference_of_means(matrix: ResponseMatrix, rows: BoolArray, column: int) -> tuple[float, float, int]:
    clusters = np.array(clusters_of(matrix), dtype=object)
    without = ~(matrix.doses != 0).any(axis=1)
    influence: dict[str, float] = {}
    means, sizes = [], []
    for sign, side in ((1.0, rows), (-1.0, without)):
        seen = side & ~np.isnan(matrix.scores[:, column]) & (matrix.weights > 0)
        x, w = matrix.scores[seen, column], matrix.weights[seen]
        if len(x) == 0:
            return np.nan, np.nan, 0
        mean = float(w @ x / w.sum())
        means.append(mean)
        sizes.append(len(set(clusters[seen])))
        for cluster, part in zip(clusters[seen], sign * w * (x - mean) / w.sum(), strict=True):
            influence[cluster] = influence.get(cluster, 0.0) + float(part)
    g = min(sizes)
    if g < 2:
        return means[0] - means[1], np.nan, g
    total = sum(value * value for _, value in sorted(influence.items()))
    return means[0] - means[1], float(np.sqrt(g / (g - 1) * total)), g
