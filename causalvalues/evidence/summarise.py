"""From rows to moments: after this step learning touches no row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.evidence.design import Design, design_columns, tried_doses
from causalvalues.evidence.effective import pairwise_effective_n, score_n
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.rows import UsedRows, as_matrix, used_rows
from causalvalues.evidence.sums import block_codes, centre_rows, charged_groups, cluster_sums, group_sums, totals
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix


def summarise(data: ResponseMatrix | pd.DataFrame, within: str = "") -> Evidence:
    """Reduce complete rows to means, scatter, effective sample sizes and sums for each cluster.

    Parameters
    ----------
    data : ResponseMatrix or pandas.DataFrame
        A plain numeric data frame counts as independent rows; every column is a value.
    within : str, default ""
        A label (for example ``"model"``) whose group means are removed, so that differences between groups do not
        enter the correlations. Each group but one costs the share 1 / n of the effective n, unless it lies within one
        cluster, where the sums over clusters show the cost.

    Returns
    -------
    Evidence
        With one column for each value, lever and tried combination of levers. Rows of one cluster
        (`ResponseMatrix.cluster_by`) are not taken as independent; see
        `causalvalues.evidence.effective.pairwise_effective_n`.

    Raises
    ------
    DataError
        If fewer than p + 2 rows are complete, an answer is infinite, all rows are one cluster, the label is unknown,
        or levers cannot be told apart.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rows = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["power", "security"])
    >>> summarise(rows)
    Evidence(2 values, 0 levers, n 200, effective n 200)
    """
    matrix = as_matrix(data)
    used = used_rows(matrix, within)
    design = design_columns(matrix.levers, used.doses, used.groups)
    order = sorted(range(len(matrix.names)), key=lambda j: matrix.names[j])
    columns = np.ascontiguousarray(np.hstack([used.scores[:, order], design.columns]))
    sums, mean = _sums(columns, used)
    n, p = len(columns), len(order)
    whole = totals(sums, np.ones(len(sums.weight)), mean)
    pairwise = _pairwise_n(whole.scatter, sums, used, p)
    charged = charged_groups(sums, np.ones(len(sums.weight)))
    tried, dose_notes = tried_doses(design.levers, used.doses[:, [matrix.levers.index(name) for name in design.levers]])
    back = _back(matrix, order, design)
    notes = (*used.notes, *design.notes, *dose_notes, *_n_notes(pairwise, sums, charged, within))
    return Evidence(
        names=matrix.names,
        mean=whole.mean[back],
        scatter=whole.scatter[np.ix_(back, back)],
        n=n,
        n_score=score_n(pairwise, charged, n),
        pairwise_n=pairwise[np.ix_(back[:p], back[:p])],
        levers=tuple(lever for lever in matrix.levers if lever in design.levers),
        combinations=tuple(_in_order(cell, matrix.levers) for cell in design.combinations),
        clusters=sums.permuted(back),
        within=within,
        notes=(*matrix.notes, *notes),
        measures=matrix.measures,
        doses=tuple(tried[lever] for lever in matrix.levers if lever in tried),
    )


def _sums(columns: FloatArray, used: UsedRows) -> tuple[ClusterSums, FloatArray]:
    codes = block_codes(*columns.shape) if used.clusters is None else used.clusters
    if int(codes.max()) == 0:
        raise DataError(
            "All complete rows belong to one cluster, so nothing says how much another one would differ. "
            "Add clusters, or set `cluster_by` to a finer label."
        )
    centred, mean, means = centre_rows(columns, used.weights, used.groups)
    groups = None if used.groups is None else group_sums(centred, used.weights, codes, used.groups, means)
    weight, first, second = cluster_sums(centred, used.weights, codes)
    return ClusterSums(weight, first, second, groups, used.clusters is None), mean


def _pairwise_n(scatter: FloatArray, sums: ClusterSums, used: UsedRows, p: int) -> FloatArray:
    n = float(len(used.weights))
    if sums.independent:
        return np.full((p, p), n**2 / float((used.weights**2).sum()))
    return pairwise_effective_n(scatter, sums.second, np.ones(len(sums.weight)), p, n)


def _back(matrix: ResponseMatrix, order: list[int], design: Design) -> IntArray:
    """Return the positions, in the sorted columns, of the columns in the order of the matrix."""
    p, k = len(order), len(design.levers)
    levers = [p + design.levers.index(lever) for lever in matrix.levers if lever in design.levers]
    combinations = range(p + k, p + k + len(design.combinations))
    return np.array([*np.argsort(order), *levers, *combinations], dtype=np.int64)


def _in_order(cell: tuple[str, ...], levers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(cell, key=levers.index))


def _n_notes(pairwise: FloatArray, sums: ClusterSums, charged: int, within: str) -> list[str]:
    p = len(pairwise)
    pairs = pairwise[np.triu_indices(p, 1)] if p > 1 else pairwise.ravel()
    notes = []
    if sums.independent:
        notes.append(f"Rows are taken as independent (no cluster label); effective n {pairs.min():.0f}.")
    else:
        notes.append(
            f"{len(sums.weight)} clusters; effective n of single correlations from {pairs.min():.0f} to "
            f"{pairs.max():.0f} (design effect by the sandwich of cluster sums)."
        )
        if len(sums.weight) < 20:
            notes.append(f"Only {len(sums.weight)} clusters: the effective n is itself uncertain.")
    n = float(sums.weight.sum())
    if sums.groups is not None:
        cost = f"a score's effective n falls by {charged - 1} of {n:.0f}"
        if charged < len(sums.groups.means):
            cost += ", as groups within one cluster cost nothing more"
        notes.append(f"Means of {len(sums.groups.means)} groups of {within!r} removed; {cost}.")
    notes.append(f"A score uses n = {score_n(pairwise, charged, n):.0f} (10% quantile of the pairs, at least p + 1).")
    return notes
