"""From sums over clusters to evidence: the part that every way of making moments ends with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from causalvalues.evidence.design import Design, tried_doses
from causalvalues.evidence.effective import correlation_variance, pairwise_effective_n, score_n
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.rows import UsedRows
from causalvalues.evidence.sums import charged_groups, strata_of, totals
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix


def evidence_of(
    matrix: ResponseMatrix,
    rows: UsedRows,
    design: Design,
    sums: ClusterSums,
    mean: FloatArray,
    *,
    notes: tuple[str, ...] = (),
    pairwise: FloatArray | None = None,
) -> Evidence:
    """Put moments, effective n and notes together, with columns in the order of the matrix.

    Parameters
    ----------
    matrix : ResponseMatrix
        Whose answers these are.
    rows : UsedRows
        The rows that the sums were made of.
    design : Design
        Design columns of these rows.
    sums : ClusterSums
        With m columns in sorted order: values by name, then the columns of `design`.
    mean : array (m,)
        Means in the same order.
    notes : tuple of str, default ()
        How the moments were made; they follow the notes on rows.
    pairwise : array (p, p), optional
        Effective n of each correlation in sorted order, where the method knows it; default: the number of rows (of
        independent rows, less what unequal weights cost), else the sandwich of the cluster sums.

    Returns
    -------
    Evidence
    """
    order = sorted(range(len(matrix.names)), key=lambda j: matrix.names[j])
    n, p = len(rows.weights), len(order)
    if sums.strata is None and rows.clusters is not None and rows.strata is not None:
        sums = replace(sums, strata=strata_of(rows.clusters, rows.strata))
    whole = totals(sums, np.ones(len(sums.weight)), mean)
    if pairwise is None:
        pairwise = _pairwise_n(whole.scatter, sums, rows, p)
    if sums.independent and sums.strata is not None:
        pairwise = np.minimum(pairwise * _gain(whole.scatter, sums, p, n), n)
    charged = charged_groups(sums, np.ones(len(sums.weight)))
    tried, dose_notes = tried_doses(design.levers, rows.doses[:, [matrix.levers.index(name) for name in design.levers]])
    back = _back(matrix, order, design)
    said = (*rows.notes, *notes, *design.notes, *dose_notes, *_n_notes(pairwise, sums, charged, rows.within))
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
        within=rows.within,
        notes=(*matrix.notes, *said),
        measures=matrix.measures,
        doses=tuple(tried[lever] for lever in matrix.levers if lever in tried),
    )


def _pairwise_n(scatter: FloatArray, sums: ClusterSums, rows: UsedRows, p: int) -> FloatArray:
    n = float(len(rows.weights))
    if sums.independent and not sums.estimated:
        return np.full((p, p), n**2 / float((rows.weights**2).sum()))
    return pairwise_effective_n(scatter, sums.second, np.ones(len(sums.weight)), p, n, strata=sums.strata)


def _gain(scatter: FloatArray, sums: ClusterSums, p: int, n: float) -> FloatArray:
    """Return the variance (p, p) of correlations without strata over that with strata, from blocks of rows."""
    once = np.ones(len(sums.weight))
    without, _, moves = correlation_variance(scatter, sums.second, once, p, n)
    inside, _, _ = correlation_variance(scatter, sums.second, once, p, n, strata=sums.strata)
    known = moves & (inside > 1e-20)
    return np.where(known, without / np.where(known, inside, 1.0), 1.0)


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
    if sums.strata is not None:
        sizes = np.bincount(sums.strata)
        note = f"Sampled within {len(sizes)} strata; variances are about the means of the strata."
        if (sizes == 1).any():
            note += f" {int((sizes == 1).sum())} strata hold one cluster, which is centred at the overall mean."
        notes.append(note)
    n = float(sums.weight.sum())
    if sums.groups is not None:
        cost = f"a score's effective n falls by {charged - 1} of {n:.0f}"
        if charged < len(sums.groups.means):
            cost += ", as groups within one cluster cost nothing more"
        notes.append(f"Means of {len(sums.groups.means)} groups of {within!r} removed; {cost}.")
    notes.append(f"A score uses n = {score_n(pairwise, charged, n):.0f} (10% quantile of the pairs, at least p + 1).")
    return notes
