"""Whether descendants of what was steered moved more than the rest, against graphs with other labels or edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import Dag, GraphPosterior
from causalvalues.model import LabelPermutations, MovementTest, SteeredChanges, descendants_move_more
from causalvalues.model.graph_nulls import random_graphs
from causalvalues.reports.kang_changes import UnitChanges

MOVED, SIZE = "share that changed", "size of the change (SD)"
BY_OWN, AS_PUBLISHED = "what the lever steers", "whatever changed, as published"
RANDOM_GRAPHS = 200

Graph = Dag | pd.DataFrame


@dataclass(frozen=True, eq=False)
class Movement:
    """One test of one graph.

    Parameters
    ----------
    graph : str
        Which graph.
    pushed : str
        What counts as pushed: `BY_OWN` or `AS_PUBLISHED`.
    what : str
        `MOVED` or `SIZE`.
    expected, unexpected : float
        Mean over steered values of the mean over their descendants, and over their other values.
    test : MovementTest
    random_p : float
        Share of random graphs with as many edges whose difference is at least as large; NaN for a graph with cycles.
    """

    graph: str
    pushed: str
    what: str
    expected: float
    unexpected: float
    test: MovementTest
    random_p: float


def steered_rows(found: UnitChanges, own: Mapping[str, tuple[str, str]], what: str) -> SteeredChanges:
    """Return one row for each unit and lever, under the value that the lever steers."""
    keep = [i for i, lever in enumerate(found.levers) if lever in own]
    moves = found.moved if what == MOVED else np.abs(found.standardised)
    return SteeredChanges(found.values, tuple(own[found.levers[i]][0] for i in keep), moves[keep])


def published_rows(found: UnitChanges) -> SteeredChanges:
    """Return one row for each value that changed, as Kang et al. (2025) count."""
    still = np.isnan(found.changes) | (np.abs(found.changes) <= found.same)
    after = pd.DataFrame(np.where(still, 0.0, found.changes), columns=list(found.values))
    return SteeredChanges.from_changed_answers(after, pd.DataFrame(0.0, after.index, after.columns))


def movement(name: str, graph: Graph, rows: SteeredChanges, words: tuple[str, str], how: tuple[int, int]) -> Movement:
    """Test one graph.

    Parameters
    ----------
    name : str
        Of the graph.
    graph : Dag or DataFrame
    rows : SteeredChanges
    words : tuple of str
        What counts as pushed, and what was measured.
    how : tuple of int
        Permutations and seed.

    Raises
    ------
    ModelError
        As `descendants_move_more`.
    """
    method = LabelPermutations(number=how[0], magnitude="signed", average="values")
    test = descendants_move_more(graph, rows, method, how[1])
    table = test.table
    random_p = float("nan")
    if isinstance(graph, Dag):
        random_p = _against_random_graphs(graph, rows, test.difference, how[1])
    expected, unexpected = (float(table[side].mean()) for side in ("expected", "unexpected"))
    return Movement(name, *words, expected, unexpected, test, random_p)


def _against_random_graphs(graph: Dag, rows: SteeredChanges, observed: float, seed: int) -> float:
    edges = int(graph.adjacency.sum())
    names = tuple(sorted(rows.names))
    others = random_graphs(len(names), edges, RANDOM_GRAPHS, seed)
    found = [_difference(Dag(names, each), rows) for each in others]
    known = np.array([each for each in found if np.isfinite(each)])
    return float(((known >= observed - 1e-12).sum() + 1) / (len(known) + 1))


def _difference(graph: Graph, rows: SteeredChanges) -> float:
    try:
        return descendants_move_more(graph, rows, LabelPermutations(1, "signed", "values")).difference
    except ModelError:
        return float("nan")


def over_draws(posterior: GraphPosterior, rows: SteeredChanges, number: int) -> FloatArray:
    """Return the difference for evenly chosen draws of the posterior; draws in which it is not defined are left out."""
    places = np.unique(np.linspace(0, len(posterior.draws) - 1, number).round().astype(int))
    found = [_difference(posterior.dag(int(place)), rows) for place in places]
    return np.array([each for each in found if np.isfinite(each)])


def lever_table(
    found: UnitChanges, own: Mapping[str, tuple[str, str]], graph: Graph, how: tuple[int, int]
) -> pd.DataFrame:
    """Return one row a lever: ``lever, value, known, units, descendants, expected, unexpected, p``.

    The p-value permutes the labels of the graph, for the rows of this lever alone; NaN where its value has no
    descendant or no other value.
    """
    rows = []
    for lever in sorted(set(found.levers) & set(own)):
        mine = np.array([each == lever for each in found.levers])
        value, known = own[lever]
        held = {"lever": lever, "value": value, "known": known, "units": int(mine.sum())}
        part = SteeredChanges(found.values, (value,) * int(mine.sum()), found.moved[mine])
        try:
            test = descendants_move_more(graph, part, LabelPermutations(how[0], "signed", "cells"), how[1])
        except ModelError:
            held |= {"descendants": _descendants(graph, value), "expected": np.nan, "unexpected": np.nan, "p": np.nan}
        else:
            row = test.table.loc[value].to_dict()
            held |= {"descendants": int(row["descendants"])}
            held |= {"expected": float(row["expected"]), "unexpected": float(row["unexpected"]), "p": test.p}
        rows.append(held)
    return pd.DataFrame(
        rows, columns=["lever", "value", "known", "units", "descendants", "expected", "unexpected", "p"]
    )


def _descendants(graph: Graph, value: str) -> int:
    edges: BoolArray = graph.adjacency if isinstance(graph, Dag) else graph.to_numpy() != 0
    names = list(graph.names if isinstance(graph, Dag) else graph.columns)
    seen: set[int] = set()
    waiting = [names.index(value)]
    while waiting:
        new = set(np.flatnonzero(edges[waiting.pop()]).tolist()) - seen
        seen |= new
        waiting += sorted(new)
    return len(seen - {names.index(value)})
