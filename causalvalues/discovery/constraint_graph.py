"""What a constraint-based search returns: a mixed graph beside the tests that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalvalues.discovery.separation import IndependenceTest, Limits, Skeleton
from causalvalues.errors import DiscoveryError
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.graph.mixed import MixedGraph

PAIR_COLUMNS = ("first", "edge", "second", "largest_p", "separator")


@dataclass(frozen=True, eq=False)
class ConstraintGraph:
    """A graph that was read off independence tests; no posterior, so nothing in it is a probability.

    Parameters
    ----------
    graph : MixedGraph
    separators : mapping
        (first, second), sorted by name -> the names of the set that separates the two.
    largest_p : array (p, p)
        Largest p-value of the tests of a pair; NaN where none was made. An edge whose value lies just below `alpha` is
        weak, a missing edge whose value lies just above it, too.
    alpha : float
    n : float
        Effective rows of a test; NaN for an oracle.
    ambiguous : tuple of (first, middle, second)
        Pairs of edges for which the tests do not say whether they collide; neither way is used.
    method : str
    notes : tuple of str
        Conflicts between tests, and between tests and knowledge.
    """

    graph: MixedGraph
    separators: Mapping[tuple[str, str], tuple[str, ...]]
    largest_p: FloatArray
    alpha: float
    n: float
    ambiguous: tuple[tuple[str, str, str], ...] = ()
    method: str = ""
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        p = len(self.graph.names)
        object.__setattr__(self, "largest_p", frozen_floats(self.largest_p, (p, p), "largest_p"))

    def __repr__(self) -> str:
        edges = int((self.graph.marks != 0).sum() // 2)
        return f"ConstraintGraph({len(self.graph.names)} values, {edges} edges, {self.method}, alpha {self.alpha:g})"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the values."""
        return self.graph.names

    def separator(self, first: str, second: str) -> tuple[str, ...] | None:
        """Return the set that separates two values; None when they are joined, or knowledge keeps them apart."""
        return self.separators.get((min(first, second), max(first, second)))

    def pairs(self) -> pd.DataFrame:
        """Return one row a pair of values: ``first, edge, second, largest_p, separator``; edges first, by p-value."""
        rows = []
        for i, a in enumerate(self.names):
            for j in range(i + 1, len(self.names)):
                b, p_value = self.names[j], float(self.largest_p[i, j])
                first, second = (b, a) if self.graph.edge(b, a) in ("->", "o->") else (a, b)
                rows.append((first, self.graph.edge(first, second), second, p_value, self.separator(a, b)))
        table = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
        table["absent"] = table["edge"] == ""
        return (
            table.sort_values(["absent", "largest_p", "first", "second"], ignore_index=True)
            .drop(columns="absent")
            .astype({"separator": object})
        )


def limits_of(alpha: float, most_given: int | None, p: int) -> Limits:
    """Check the settings that all constraint-based searches share."""
    if not 0 < alpha < 1:
        raise DiscoveryError(f"`alpha` is {alpha}. Choose a level between 0 and 1, for example 0.05.")
    if most_given is not None and most_given < 0:
        raise DiscoveryError(f"`most_given` is {most_given}. It is a number of values, 0 or more (None: no bound).")
    return Limits(alpha, p if most_given is None else most_given)


def constraint_graph(
    test: IndependenceTest, names: tuple[str, ...], found: MixedGraph, skeleton: Skeleton, limits: Limits
) -> ConstraintGraph:
    """Put the graph of a search, made in sorted order, back into the order of `names`; no method or notes yet."""
    back = np.ix_(*[[test.names.index(name) for name in names]] * 2)
    separators = {
        (test.names[i], test.names[j]): tuple(test.names[k] for k in separator)
        for (i, j), separator in sorted(skeleton.separators.items())
    }
    return ConstraintGraph(
        graph=MixedGraph(names, found.marks[back], found.hidden_causes),
        separators=separators,
        largest_p=skeleton.largest[back],
        alpha=limits.alpha,
        n=float(getattr(test, "n", np.nan)),
    )
