"""Which edges hang on a single item: learning again with each item left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.discovery.discover import Learner, discover
from causalvalues.discovery.exact import MOST_VALUES, ExactPosterior
from causalvalues.errors import DataError
from causalvalues.evidence import Evidence, summarise
from causalvalues.evidence.coefficients import FEWEST
from causalvalues.evidence.corrected_moments import CorrectedMoments
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.responses import ResponseMatrix, score
from causalvalues.theories import ScoringKey


@dataclass(frozen=True, eq=False)
class ItemStability:
    """How each edge fares when single items are left out.

    Parameters
    ----------
    pairs : DataFrame
        One row a pair, by falling ``adjacent``: ``cause, effect`` (in the more probable direction with all items),
        ``adjacent`` (probability with all items), ``lowest`` and ``highest`` over the items left out with
        ``lowest_item`` and ``highest_item``, ``direction`` (P(cause -> effect | adjacent) with all items),
        ``direction_lowest`` with ``direction_item`` (over the items without which the pair stays adjacent), and
        ``stable``: adjacency lies on the same side of .5 whichever item is left out.
    items : DataFrame
        Long form: ``item, cause, effect, adjacent, direction``.
    kept : tuple of str
        Items that could not be left out, because their dimension would have too few.
    """

    pairs: pd.DataFrame
    items: pd.DataFrame
    kept: tuple[str, ...]


def item_stability(
    matrix: ResponseMatrix,
    scoring: ScoringKey | CorrectedMoments,
    method: Learner | None = None,
    knowledge: Knowledge | None = None,
    seed: int = 0,
) -> ItemStability:
    """Learn with each item left out in turn, and compare every edge with what all items say.

    Parameters
    ----------
    matrix : ResponseMatrix
        Answers to items.
    scoring : ScoringKey or CorrectedMoments
        A key: learn from the scores as they are. Corrected moments: from the moments of true scores.
    method : Learner, optional
        Default: a quick exact posterior of the one moment matrix, up to 20 values.
    knowledge : Knowledge, optional
    seed : int, default 0

    Returns
    -------
    ItemStability

    Raises
    ------
    DataError
        If no item can be left out, or there are more than 20 values and no method is given.
    """
    key = scoring.key if isinstance(scoring, CorrectedMoments) else scoring
    present = [key.canonical(name) for name in matrix.names if key.knows(name)]
    dimensions = sorted({key.items[item].dimension for item in present if item in key.items})
    if method is None:
        if len(dimensions) > MOST_VALUES:
            raise DataError(f"There are {len(dimensions)} values; give a method, for example OrderSearch().")
        method = ExactPosterior(draws=1, moment_draws=0)
    whole = discover(_evidence(matrix, scoring, ()), method, knowledge, seed)
    records: list[tuple[str, str, str, float, float]] = []
    order = sorted(whole.names)
    pairs = [_directed(whole, a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    droppable, kept = _droppable(sorted(present), scoring, key)
    if not droppable:
        raise DataError(f"No item of {key.id} can be left out: every dimension would have too few.")
    for item in droppable:
        left = discover(_evidence(matrix, scoring, (item,)), method, knowledge, seed)
        records += [(item, cause, effect, *_numbers(left, cause, effect)) for cause, effect in pairs]
    items = pd.DataFrame(records, columns=["item", "cause", "effect", "adjacent", "direction"])
    rows = list(_compared(whole, items))
    table = pd.DataFrame(rows).sort_values(["adjacent", "cause", "effect"], ascending=[False, True, True])
    return ItemStability(table.reset_index(drop=True), items, kept)


def _droppable(
    present: list[str], scoring: ScoringKey | CorrectedMoments, key: ScoringKey
) -> tuple[list[str], tuple[str, ...]]:
    """Split the items into those that can be left out and those whose dimension would have too few."""
    fewest = 1
    if isinstance(scoring, CorrectedMoments) and not scoring.over:
        fewest = FEWEST[scoring.reliability]
    sizes: dict[str, int] = {}
    scored = [item for item in present if item in key.items]
    for item in scored:
        sizes[key.items[item].dimension] = sizes.get(key.items[item].dimension, 0) + 1
    can = [item for item in scored if sizes[key.items[item].dimension] > fewest]
    return can, tuple(item for item in scored if item not in can)


def _evidence(matrix: ResponseMatrix, scoring: ScoringKey | CorrectedMoments, without: tuple[str, ...]) -> Evidence:
    key = scoring.key if isinstance(scoring, CorrectedMoments) else scoring
    columns = [name for name in matrix.names if key.knows(name) and key.canonical(name) in without]
    if without:
        left = [name for name in key.all_items if name not in without]
        key, matrix = key.subset(left), matrix.drop(columns)
    if isinstance(scoring, CorrectedMoments):
        return summarise(matrix, moments=replace(scoring, key=key))
    return summarise(score(matrix, key))


def _directed(posterior: GraphPosterior, a: str, b: str) -> tuple[str, str]:
    edge = posterior.edge_probabilities
    forward, backward = float(edge.loc[a, b]), float(edge.loc[b, a])  # type: ignore[arg-type]
    return (a, b) if forward >= backward else (b, a)


def _numbers(posterior: GraphPosterior, cause: str, effect: str) -> tuple[float, float]:
    """Return P(adjacent) and P(cause -> effect | adjacent)."""
    i, j = posterior.names.index(cause), posterior.names.index(effect)
    forward, backward = float(posterior.edge[i, j]), float(posterior.edge[j, i])
    both = forward + backward
    return both, forward / both if both > 0 else np.nan


def _compared(whole: GraphPosterior, items: pd.DataFrame) -> Iterator[dict[str, object]]:
    for (cause, effect), part in items.groupby(["cause", "effect"], sort=True):
        adjacent, direction = _numbers(whole, str(cause), str(effect))
        shares, names = part["adjacent"].to_numpy(), part["item"].tolist()
        low, high = int(shares.argmin()), int(shares.argmax())
        turned = np.where(shares > 0.5, part["direction"].to_numpy(), np.inf)
        least = int(turned.argmin())
        there = bool(np.isfinite(turned[least]))
        yield {
            "cause": cause,
            "effect": effect,
            "adjacent": adjacent,
            "lowest": float(shares[low]),
            "lowest_item": names[low],
            "highest": float(shares[high]),
            "highest_item": names[high],
            "direction": direction,
            "direction_lowest": float(turned[least]) if there else np.nan,
            "direction_item": names[least] if there else "",
            "stable": bool(((shares > 0.5) == (adjacent > 0.5)).all()),
        }
