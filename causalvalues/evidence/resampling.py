"""Bootstrap of the evidence from sums of clusters (or blocks of independent rows); no row is needed.

`bootstrap_evidence` makes one draw with its effective n; `bootstrap_scatters` makes the scatters of many draws with one
matrix product. Both take their counts from `bootstrap_counts`, so draw i is the same in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from causalvalues.errors import DataError
from causalvalues.evidence.cluster_draws import ClusterDraws, added_up, balanced_counts, identified
from causalvalues.evidence.definite_resamples import definite_scatter
from causalvalues.evidence.effective import pairwise_effective_n, score_n
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.sums import charged_groups, recentred, sorted_sums, totals
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.randomness import require_whole, stream

Thing = TypeVar("Thing")


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
    kept = identified(whole.scatter, evidence.scatter[np.ix_(order, order)], p)
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
    return resample(evidence, ClusterDraws(evidence).counts(seed, number))


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
    from_sums = ClusterDraws(evidence)
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
    drawers = [ClusterDraws(part) for part in parts]
    counts = (drawers[0].counts(seed, first + number, drawers[1:]) for number in range(draws))
    return added_up(drawers, counts, draws)


def balanced_bootstrap_scatters(parts: Sequence[Evidence], seed: int, draws: int) -> tuple[FloatArray, ...]:
    """Return the scatters of balanced draws: over all of them together, every cluster is taken equally often.

    What their averages know of the clusters to first order is then exact, not drawn: on clustered answers the Monte
    Carlo variance of averaged edge probabilities is about a quarter of that of independent draws. In each draw the
    counts vary by the factor 1 - 1 / `draws` less.

    Parameters
    ----------
    parts : sequence of Evidence
        As in `joint_bootstrap_scatters`.
    seed : int
    draws : int

    Returns
    -------
    tuple of array (draws, m, m)
        One for each part. Draws with fewer than p + 2 rows of some part are left out. A draw that has no rows for a
        design column is replaced by one of the ordinary bootstrap that has; where a lever was given in one or two
        clusters only, that is a third of the draws, and these clusters are taken more often than the others.

    Raises
    ------
    DataError
        If a part holds no cluster sums.

    References
    ----------
    Davison, A. C., Hinkley, D. V. and Schechtman, E. (1986). Efficient bootstrap simulation. Biometrika 73, 555-566.
    """
    require_whole("draws", draws, 1)
    drawers = [ClusterDraws(part) for part in parts]
    lead, others = drawers[0], drawers[1:]
    counts = [
        taken if lead.tell_apart(taken, others) else lead.counts(seed, place, others, ("balanced",))
        for place, taken in enumerate(balanced_counts(stream(seed, "balanced bootstrap"), lead.sums, draws))
    ]
    enough = [taken for taken in counts if all(taken @ each.sums.weight >= each.p + 2 for each in drawers)]
    return added_up(drawers, iter(enough), len(enough))


def _those(things: tuple[Thing, ...], there: BoolArray) -> tuple[Thing, ...]:
    return tuple(thing for thing, kept in zip(things, there, strict=False) if kept)


def _lost_note(columns: tuple[str, ...], there: BoolArray) -> tuple[str, ...]:
    lost = [repr(name) for name, kept in zip(columns, there, strict=True) if not kept]
    return (f"Without a column, because no resampled row tells it apart: {', '.join(lost)}.",) if lost else ()


def _pairwise_n(evidence: Evidence, sums: ClusterSums, scatter: FloatArray, counts: FloatArray, n: float) -> FloatArray:
    """Return the effective n (p, p) of a resample, in sorted order of the names."""
    if sums.independent:
        inside = sorted(range(len(evidence.names)), key=lambda j: evidence.names[j])
        return np.asarray(evidence.pairwise_n[np.ix_(inside, inside)] * (n / evidence.n))
    second = recentred(sums, counts)
    return pairwise_effective_n(scatter, second, counts, len(evidence.names), n, strata=sums.strata)
