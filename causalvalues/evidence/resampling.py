"""Bootstrap of the evidence from sums of clusters (or blocks of independent rows); no row is needed.

`bootstrap_evidence` makes one draw with its effective n; `bootstrap_scatters` makes the scatters of many draws with one
matrix product. Both take their counts from `bootstrap_counts`, so draw i is the same in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from causalvalues.errors import DataError
from causalvalues.evidence.definite_resamples import definite_scatter
from causalvalues.evidence.effective import pairwise_effective_n, score_n
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.sums import charged_groups, recentred, sorted_sums, totals
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.randomness import require_whole, stream

Thing = TypeVar("Thing")

REDRAWS = 200
"""How often a draw in which a design column has no rows is drawn again."""


AT_ONCE = 4e6
"""Most numbers (32 MB) that a batch of draws takes for its counts, or for its scatters."""


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
    scatter, worth = whole.scatter[np.ix_(inside, inside)], 1.0
    if sums.estimated:
        scatter, worth = definite_scatter(scatter, evidence)
    part = sums if sums.independent else sums.permuted(inside)
    pairwise = _pairwise_n(evidence, part, scatter, taken, whole.weight) * worth
    back = np.argsort(order)
    there = kept[back]
    columns = back[there]
    columns_inside = np.searchsorted(inside, columns)
    return Evidence(
        names=evidence.names,
        mean=whole.mean[columns],
        scatter=scatter[np.ix_(columns_inside, columns_inside)],
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
    return resample(evidence, _Draws(evidence).counts(seed, number))


def bootstrap_counts(evidence: Evidence, seed: int, draws: int) -> FloatArray:
    """Return how often each cluster (or block) is taken in draws 0, 1, ... of `bootstrap_evidence`.

    Parameters
    ----------
    evidence : Evidence
        Made by `summarise`.
    seed : int
    draws : int

    Returns
    -------
    array (draws, G)
        Clusters are drawn within strata, as many as the stratum has. A stratum of one cluster takes it twice or not
        at all, with even chances, which gives the variance of a cluster that is centred at the overall mean.
    """
    require_whole("draws", draws, 0)
    from_sums = _Draws(evidence)
    return np.array([from_sums.counts(seed, number) for number in range(draws)]).reshape(
        draws, len(from_sums.sums.weight)
    )


def bootstrap_scatters(evidence: Evidence, seed: int, draws: int, first: int = 0) -> FloatArray:
    """Return the scatter of draws `first`, `first` + 1, ... of the cluster bootstrap, many at a time.

    Draw i is the scatter of `bootstrap_evidence(evidence, seed, i)` up to rounding; its weight (number of rows) is
    `bootstrap_counts(evidence, seed, draws)[i] @ evidence.clusters.weight`.

    Parameters
    ----------
    evidence : Evidence
        Made by `summarise`.
    seed : int
        As in `bootstrap_evidence`.
    draws : int
        How many.
    first : int, default 0
        Number of the first one.

    Returns
    -------
    array (draws, m, m)
        In the order of `evidence.columns`. A design column that a draw lost for good has its variance in `evidence`
        and no covariance, so that partialling it out changes nothing.

    Raises
    ------
    DataError
        If the evidence holds no cluster sums, or a draw holds fewer than p + 2 rows.
    """
    return joint_bootstrap_scatters((evidence,), seed, draws, first)[0]


def joint_bootstrap_scatters(
    parts: Sequence[Evidence], seed: int, draws: int, first: int = 0
) -> tuple[FloatArray, ...]:
    """Return the scatters of several parts of the rows when the same clusters are taken in each.

    Parameters
    ----------
    parts : sequence of Evidence
        Their cluster sums hold the same clusters in the same order, as those of `Environments.free`.
    seed, draws, first : int
        As in `bootstrap_scatters`.

    Returns
    -------
    tuple of array (draws, m, m)
        One for each part.

    Raises
    ------
    DataError
        If a part holds no cluster sums, or a draw holds fewer than p + 2 rows of it.
    """
    require_whole("draws", draws, 0)
    drawers = [_Draws(part) for part in parts]
    lead, others = drawers[0], drawers[1:]
    found = tuple(np.empty((draws, len(each.order), len(each.order))) for each in drawers)
    step = max(int(AT_ONCE / max(len(lead.sums.weight), len(lead.order) ** 2)), 1)
    for start in range(0, draws, step):
        numbers = range(start, min(start + step, draws))
        counts = np.array([lead.counts(seed, first + number, others) for number in numbers])
        for drawer, scatters in zip(drawers, found, strict=True):
            back = np.argsort(drawer.order)
            scatters[start : start + len(counts)] = drawer.scatters(counts)[:, back[:, None], back]
    return found


class _Draws:
    """Draws counts of clusters and adds them up, in sorted order of the columns."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.sums, self.order = sorted_sums(evidence)
        self.p = len(evidence.names)
        design = self.order[self.p :]
        self.design = self.sums.permuted(np.arange(self.p, len(self.order))) if len(design) else None
        self.mean = evidence.mean[design]
        self.reference = evidence.scatter[np.ix_(self.order, self.order)]
        self.doses = _squared_doses(self.design, self.mean)

    def counts(self, seed: int, number: int, others: Sequence[_Draws] = ()) -> FloatArray:
        """Return one draw of counts (G,), drawn again while it has no rows for a design column, here or in `others`."""
        random = stream(seed, "cluster bootstrap", number)
        for _ in range(REDRAWS):
            taken = _draw(random, len(self.sums.weight), self.sums.strata)
            if all(each._tells_apart(taken) for each in (self, *others)):
                break
        return taken

    def _tells_apart(self, taken: FloatArray) -> bool:
        if self.design is None:
            return True
        if self.doses is not None and (taken @ self.doses <= 0).any():
            return False
        reference = self.reference[self.p :, self.p :]
        return bool(_identified(totals(self.design, taken, self.mean).scatter, reference, 0).all())

    def scatters(self, counts: FloatArray) -> FloatArray:
        """Return the scatters (B, m, m) of some draws (B, G)."""
        sums, m = self.sums, len(self.order)
        weight = counts @ sums.weight
        if (weight < self.p + 2).any():
            raise DataError(f"A draw holds {weight.min():g} rows; {self.p} columns need at least {self.p + 2}.")
        if sums.groups is not None and not sums.estimated:
            mean = self.evidence.mean[self.order]
            found = np.array([totals(sums, taken, mean).scatter for taken in counts])
        else:
            found = (counts @ sums.second.reshape(len(sums.weight), m * m)).reshape(-1, m, m)
            if not sums.estimated:
                first = counts @ sums.first
                found -= first[:, :, None] * (first / weight[:, None])[:, None, :]
        if self.design is not None:
            for scatter in found:
                lost = ~_identified(scatter, self.reference, self.p)
                if lost.any():
                    scatter[lost] = scatter[:, lost] = 0.0
                    scatter[lost, lost] = np.diag(self.reference)[lost]
        if sums.estimated:
            found = np.array([definite_scatter(scatter, self.evidence)[0] for scatter in found])
        return np.asarray(found)


def _squared_doses(design: ClusterSums | None, mean: FloatArray) -> FloatArray | None:
    """Return the sum of squared doses (G, q) of each cluster, exactly 0 where there are none; None within groups."""
    if design is None or design.groups is not None:
        return None
    squares = np.einsum("gjj->gj", design.second) + 2 * mean * design.first + design.weight[:, None] * mean**2
    return np.where(squares > 1e-9 * squares.max(axis=0), squares, 0.0)


def _draw(random: np.random.Generator, g: int, strata: IntArray | None) -> FloatArray:
    if strata is None:
        return random.multinomial(g, np.full(g, 1.0 / g)).astype(np.float64)
    counts = np.empty(g)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        size = len(members)
        if size == 1:
            counts[members] = 2.0 * random.integers(2)
        else:
            counts[members] = random.multinomial(size, np.full(size, 1.0 / size))
    return counts


def _those(things: tuple[Thing, ...], there: BoolArray) -> tuple[Thing, ...]:
    return tuple(thing for thing, kept in zip(things, there, strict=False) if kept)


def _lost_note(columns: tuple[str, ...], there: BoolArray) -> tuple[str, ...]:
    lost = [repr(name) for name, kept in zip(columns, there, strict=True) if not kept]
    return (f"Without a column, because no resampled row tells it apart: {', '.join(lost)}.",) if lost else ()


def _identified(scatter: FloatArray, reference: FloatArray, p: int) -> BoolArray:
    """Return which columns (m,) to keep: all p values, and each design column that the ones before do not explain."""
    kept = np.ones(len(scatter), dtype=bool)
    size = np.diag(reference)[p:]
    with suppress(np.linalg.LinAlgError):
        if (np.diag(np.linalg.cholesky(scatter[p:, p:])) ** 2 > 1e-9 * size).all():
            return kept
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
    second = recentred(sums, counts)
    return pairwise_effective_n(scatter, second, counts, len(evidence.names), n, strata=sums.strata)
