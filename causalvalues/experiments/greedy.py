"""Batches by greedy choice, and how much better any other batch could be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.experiments.candidates import Candidate
from causalvalues.experiments.methods import DesignMethod, Scorer

TIE = 1e-9
"""Worths that differ by less than this share of the largest are ties."""
FREE = 1e-12
"""Least cost in a ratio, so that candidates without cost come first."""


@dataclass(frozen=True)
class Run:
    """A batch: places of the candidates, what each added, and what every candidate adds alone and would add now.

    `left` is empty where gains need not diminish.
    """

    places: tuple[int, ...]
    added: tuple[float, ...]
    alone: tuple[float, ...]
    left: tuple[float, ...]

    @property
    def gain(self) -> float:
        """Gain of the whole batch."""
        return math.fsum(self.added)


def greedy(scorer: Scorer, candidates: Sequence[Candidate], method: DesignMethod, by_cost: bool) -> Run:
    """Add the candidate that adds most, or most for its cost, until the batch is full or nothing more helps.

    Parameters
    ----------
    scorer : Scorer
        Fresh; it holds the batch.
    candidates : sequence of Candidate
        Ties go to the first one.
    method : DesignMethod
    by_cost : bool
        Divide what is added by the cost.
    """
    places: list[int] = []
    added: list[float] = []
    gains = alone = _gains(scorer, places, len(candidates))
    while len(places) < method.batch:
        allowed = [place for place in range(len(candidates)) if _may_join(place, places, candidates, method.budget)]
        worth = {p: gains[p] / max(candidates[p].cost, FREE) if by_cost else gains[p] for p in allowed}
        most = max(worth.values(), default=0.0)
        if most <= 0:
            break
        place = min(p for p in allowed if worth[p] >= most * (1 - TIE))
        scorer.choose(place, places.count(place))
        places.append(place)
        added.append(gains[place])
        if len(places) < method.batch or scorer.diminishing:
            gains = _gains(scorer, places, len(candidates))
    return Run(tuple(places), tuple(added), alone, gains if scorer.diminishing else ())


def bound_of(run: Run, candidates: Sequence[Candidate], method: DesignMethod) -> float:
    """Return what no batch gains more than: this batch and the best of what others add to it (Leskovec et al. 2007).

    Gains that diminish give, for every batch B, gain(B) <= gain(A) + sum over B of what each adds to A. NaN where gains
    need not diminish. The second and further copies of a candidate count as much as the first.
    """
    if not run.left:
        return math.nan
    copies = [(gain, each.cost) for gain, each in zip(run.left, candidates, strict=True) for _ in range(each.most)]
    by_count = math.fsum(sorted((gain for gain, _ in copies), reverse=True)[: method.batch])
    if not math.isfinite(method.budget):
        return run.gain + by_count
    left, by_budget = method.budget, 0.0
    for gain, cost in sorted(copies, key=lambda copy: -copy[0] / max(copy[1], FREE)):
        share = min(1.0, left / max(cost, FREE))
        by_budget += share * gain
        left = max(left - cost, 0.0)
    return run.gain + min(by_count, by_budget)


def _gains(scorer: Scorer, places: Sequence[int], count: int) -> tuple[float, ...]:
    return tuple(scorer.added(place, places.count(place)) for place in range(count))


def _may_join(place: int, places: Sequence[int], candidates: Sequence[Candidate], budget: float) -> bool:
    each, batch = candidates[place], [candidates[p] for p in places]
    if places.count(place) >= each.most:
        return False
    if math.fsum([each.cost, *(other.cost for other in batch)]) > budget * (1 + FREE):
        return False
    return not any(other.name in each.excludes or each.name in other.excludes for other in batch)
