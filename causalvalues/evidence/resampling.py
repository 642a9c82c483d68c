"""Bootstrap of the evidence from sums of clusters (or blocks of independent rows); no row is needed."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from causalvalues.errors import DataError
from causalvalues.evidence.effective import pairwise_effective_n, score_n
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.sums import charged_groups, recentred, sorted_sums, totals
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.randomness import stream

Thing = TypeVar("Thing")

REDRAWS = 200
"""How often a draw in which a design column has no rows is drawn again."""


def resample(evidence: Evidence, counts: ArrayLike) -> Evidence:
    """Return the evidence of a resample of clusters.

    Parameters
    ----------
    evidence : Evidence
        Made by `summarise`, so that it holds cluster sums.
    counts : array (G,)
        How often each cluster is taken: bootstrap counts, or any non-negative weights.

    Returns
    -------
    Evidence
        Equal to `summarise` of the rows of those clusters, where a cluster taken twice counts as two clusters (and a
        group of `Evidence.within` that lies in that cluster alone as two groups). Design columns that the resample
        does not contain are left out (see `notes`). It holds no cluster sums itself.

    Raises
    ------
    DataError
        If the evidence holds no cluster sums, the counts do not fit, or fewer than p + 2 rows are left.
    """
    sums, order = sorted_sums(evidence)
    taken = np.asarray(counts, dtype=np.float64)
    if taken.shape != sums.weight.shape or not (np.isfinite(taken) & (taken >= 0)).all():
        raise DataError(f"`counts` must hold {len(sums.weight)} finite numbers, zero or more, one for each cluster.")
    p = len(evidence.names)
    whole = totals(sums, taken, evidence.mean[order])
    if whole.weight < p + 2:
        raise DataError(f"The resample holds {whole.weight:g} rows; {p} columns need at least {p + 2}.")
    kept = _identified(whole.scatter, evidence.scatter[np.ix_(order, order)], p)
    inside = np.flatnonzero(kept)
    scatter = whole.scatter[np.ix_(inside, inside)]
    pairwise = _pairwise_n(evidence, sums if sums.independent else sums.permuted(inside), scatter, taken, whole.weight)
    back = np.argsort(order)
    there = kept[back]
    columns = back[there]
    return Evidence(
        names=evidence.names,
        mean=whole.mean[columns],
        scatter=whole.scatter[np.ix_(columns, columns)],
        n=round(whole.weight),
        n_score=score_n(pairwise, charged_groups(sums, taken), whole.weight),
        pairwise_n=pairwise[np.ix_(back[:p], back[:p])],
        levers=_those(evidence.levers, there[p:]),
        combinations=_those(evidence.combinations, there[p + len(evidence.levers) :]),
        within=evidence.within,
        notes=(*evidence.notes, "Resampled from cluster sums.", *_lost_note(evidence.columns, there)),
        measures=evidence.measures,
        doses=_those(evidence.doses, there[p:]),
    )


def bootstrap_evidence(evidence: Evidence, seed: int, number: int) -> Evidence:
    """Return one draw of the cluster bootstrap (multinomial counts).

    Draws in which some design column has no rows are drawn again, at most 200 times; such a cell has few rows, and
    leaves no residual, so the values' moments hardly feel it. After that the missing columns are left out.

    Parameters
    ----------
    evidence : Evidence
        Made by `summarise`.
    seed : int
        The same seed and number give the same draw.
    number : int
        Which draw, counted from 0.

    Returns
    -------
    Evidence

    Raises
    ------
    DataError
        As in `resample`.
    """
    sums, order = sorted_sums(evidence)
    g, p = len(sums.weight), len(evidence.names)
    design = order[p:]
    part = sums.permuted(np.arange(p, len(order))) if len(design) else None
    reference = evidence.scatter[np.ix_(design, design)]
    random = stream(seed, "cluster bootstrap", number)
    for _ in range(REDRAWS):
        counts = random.multinomial(g, np.full(g, 1.0 / g)).astype(np.float64)
        if part is None or _identified(totals(part, counts, evidence.mean[design]).scatter, reference, 0).all():
            break
    return resample(evidence, counts)


def _those(things: tuple[Thing, ...], there: BoolArray) -> tuple[Thing, ...]:
    return tuple(thing for thing, kept in zip(things, there, strict=False) if kept)


def _lost_note(columns: tuple[str, ...], there: BoolArray) -> tuple[str, ...]:
    lost = [repr(name) for name, kept in zip(columns, there, strict=True) if not kept]
    return (f"Without a column, because no resampled row tells it apart: {', '.join(lost)}.",) if lost else ()


def _identified(scatter: FloatArray, reference: FloatArray, p: int) -> BoolArray:
    """Return which columns (m,) to keep: all p values, and each design column that the ones before do not explain."""
    kept = np.zeros(len(scatter), dtype=bool)
    kept[:p] = True
    for j in range(p, len(scatter)):
        before = p + np.flatnonzero(kept[p:j])
        left = scatter[j, j]
        if len(before):
            left -= scatter[j, before] @ np.linalg.solve(scatter[np.ix_(before, before)], scatter[before, j])
        kept[j] = left > 1e-9 * reference[j, j]
    return kept


def _pairwise_n(evidence: Evidence, sums: ClusterSums, scatter: FloatArray, counts: FloatArray, n: float) -> FloatArray:
    """Return the effective n (p, p) of a resample, in sorted order of the names."""
    if sums.independent:
        inside = sorted(range(len(evidence.names)), key=lambda j: evidence.names[j])
        return np.asarray(evidence.pairwise_n[np.ix_(inside, inside)] * (n / evidence.n))
    return pairwise_effective_n(scatter, recentred(sums, counts), counts, len(evidence.names), n)
