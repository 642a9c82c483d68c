"""How often each cluster is taken in draws of the bootstrap, and the sums that follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.definite_resamples import definite_scatter
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.sums import sorted_sums, totals
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.randomness import stream

REDRAWS = 200
"""How often a draw in which a design column has no rows is drawn again."""

AT_ONCE = 4e6
"""Most numbers (32 MB) that a batch of draws takes for its counts, or for its scatters."""


class ClusterDraws:
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

    def counts(
        self, seed: int, number: int, others: Sequence[ClusterDraws] = (), of: tuple[str | int, ...] = ()
    ) -> FloatArray:
        """Return one draw of counts (G,), drawn again while it has no rows for a design column, here or in `others`."""
        random = stream(seed, "cluster bootstrap", *of, number)
        for _ in range(REDRAWS):
            taken = _draw(random, len(self.sums.weight), self.sums.strata)
            if self.tell_apart(taken, others):
                break
        return taken

    def tell_apart(self, taken: FloatArray, others: Sequence[ClusterDraws] = ()) -> bool:
        """Say whether the design columns have rows in a draw, here and in `others`."""
        return all(each._tells_apart(taken) for each in (self, *others))

    def _tells_apart(self, taken: FloatArray) -> bool:
        if self.design is None:
            return True
        if self.doses is not None and (taken @ self.doses <= 0).any():
            return False
        reference = self.reference[self.p :, self.p :]
        return bool(identified(totals(self.design, taken, self.mean).scatter, reference, 0).all())

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
                lost = ~identified(scatter, self.reference, self.p)
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


def balanced_counts(random: np.random.Generator, sums: ClusterSums, draws: int) -> FloatArray:
    """Return counts (draws, G): each stratum's clusters, repeated `draws` times, are shuffled and dealt out."""
    strata = np.zeros(len(sums.weight), dtype=np.int64) if sums.strata is None else sums.strata
    counts = np.zeros((draws, len(sums.weight)))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        if len(members) == 1 and sums.strata is not None:  # twice or not at all, each in half of the draws
            counts[:, members[0]] = 2.0 * random.permutation(np.arange(draws) + random.integers(2) & 1)
            continue
        dealt = random.permutation(np.repeat(members, draws)).reshape(draws, len(members))
        np.add.at(counts, (np.arange(draws)[:, None], dealt), 1.0)
    return counts


def added_up(drawers: Sequence[ClusterDraws], counts: Iterator[FloatArray], draws: int) -> tuple[FloatArray, ...]:
    """Return the scatters (draws, m, m) of every part for the counts (G,) that come, as many at a time as fit."""
    lead = drawers[0]
    found = tuple(np.empty((draws, len(each.order), len(each.order))) for each in drawers)
    step = max(int(AT_ONCE / max(len(lead.sums.weight), len(lead.order) ** 2)), 1)
    for start in range(0, draws, step):
        batch = np.array(list(islice(counts, step)))
        for drawer, scatters in zip(drawers, found, strict=True):
            back = np.argsort(drawer.order)
            scatters[start : start + len(batch)] = drawer.scatters(batch)[:, back[:, None], back]
    return found


def identified(scatter: FloatArray, reference: FloatArray, p: int) -> BoolArray:
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
