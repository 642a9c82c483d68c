"""What discovery returns: weighted draws of graphs with exact sums where they are to be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from causalvalues.errors import DiscoveryError
from causalvalues.frozen import BoolArray, FloatArray, frozen_bools, frozen_floats
from causalvalues.graph.dag import Dag
from causalvalues.graph.equivalence import EquivalenceClass, ancestors, compelled_edges
from causalvalues.graph.threshold import inclusion_threshold

DrawKind = Literal["posterior", "bootstrap"]


@dataclass(frozen=True, eq=False)
class GraphPosterior:
    """Weighted directed acyclic graphs over p value dimensions; every matrix is [cause, effect].

    Parameters
    ----------
    names : tuple of str, length p
    draws : array (s, p, p) of bool
        Graphs.
    weights : array (s,)
        Non-negative, normalised to sum 1 when made.
    kind : {"posterior", "bootstrap"}
        What a weight means: posterior probability, or share of resamples.
    edge : array (p, p)
        P(i -> j): exact sums when `exact`, else weighted frequencies of the draws.
    prior_edge : array (p, p)
        The prior's P(i -> j) under the same knowledge; NaN where it is not known.
    exact : bool
        Whether `edge` is an exact sum over all graphs.
    method : str
        One line: learner, score, prior.
    givens : tuple of str
        The assumptions that the numbers rest on; printed with every table.
    settings : mapping
        Resolved settings of the learner, JSON-ready.
    seed : int
    order_modular : array (p, p) or None
        Diagnostic: P(i -> j) under the order-modular prior, which favours graphs with many orderings.
    levers : tuple of str, length k
    lever_mode : {"none", "saturated", "sparse"}
    lever_draws : array (s, k, p) of bool
        Which levers are direct causes of which values in each draw (all of them when saturated).
    """

    names: tuple[str, ...]
    draws: BoolArray
    weights: FloatArray
    kind: DrawKind
    edge: FloatArray
    prior_edge: FloatArray
    exact: bool
    method: str
    givens: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    seed: int = 0
    order_modular: FloatArray | None = None
    levers: tuple[str, ...] = ()
    lever_mode: Literal["none", "saturated", "sparse"] = "none"
    lever_draws: BoolArray = field(default=None)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        put = object.__setattr__
        s, p, k = len(self.draws), len(self.names), len(self.levers)
        if s == 0:
            raise DiscoveryError("A graph posterior needs at least one draw.")
        put(self, "draws", frozen_bools(self.draws, (s, p, p), "draws"))
        weights = np.asarray(self.weights, dtype=float)
        put(self, "weights", frozen_floats(weights / weights.sum(), (s,), "weights"))
        put(self, "edge", frozen_floats(self.edge, (p, p), "edge"))
        put(self, "prior_edge", frozen_floats(self.prior_edge, (p, p), "prior_edge"))
        if self.order_modular is not None:
            put(self, "order_modular", frozen_floats(self.order_modular, (p, p), "order_modular"))
        levers = np.ones((s, k, p), dtype=bool) if self.lever_draws is None else self.lever_draws
        put(self, "lever_draws", frozen_bools(levers, (s, k, p), "lever_draws"))

    def __repr__(self) -> str:
        return (
            f"GraphPosterior({len(self.names)} values, {len(self.draws)} {self.kind} draws "
            f"({self.effective_draws:.0f} effective), {self.method}; matrices are [cause, effect])"
        )

    @property
    def effective_draws(self) -> float:
        """Kish's effective number of draws, 1 / sum of squared weights."""
        return float(1.0 / np.square(self.weights).sum())

    @property
    def edge_probabilities(self) -> pd.DataFrame:
        """P(i -> j), [cause, effect]."""
        return self._frame(self.edge)

    @property
    def adjacent_probabilities(self) -> pd.DataFrame:
        """P(i and j are adjacent), symmetric."""
        return self._frame(self.edge + self.edge.T)

    @cached_property
    def compelled_probabilities(self) -> pd.DataFrame:
        """P(i -> j is compelled in its equivalence class): the only evidence of direction, [cause, effect]."""
        return self._frame(self._average(compelled_edges(self.draws)))

    @property
    def prior_edge_probabilities(self) -> pd.DataFrame:
        """The prior's P(i -> j), [cause, effect]."""
        return self._frame(self.prior_edge)

    @cached_property
    def ancestor_probabilities(self) -> pd.DataFrame:
        """P(i is a cause of j through any directed path), [cause, effect]."""
        return self._frame(self._average(ancestors(self.draws)))

    @property
    def lever_probabilities(self) -> pd.DataFrame:
        """P(lever is a direct cause of a value), [lever, value]; 1 throughout when saturated."""
        return pd.DataFrame(self._average(self.lever_draws), index=list(self.levers), columns=list(self.names))

    @property
    def threshold(self) -> float:
        """P(adjacent) above which the averaged graph has an edge: .5; for bootstraps Scutari and Nagarajan's (2013)."""
        if self.kind == "posterior":
            return 0.5
        adjacent = self.edge + self.edge.T
        return inclusion_threshold(adjacent[np.triu_indices(len(self.names), 1)])

    def averaged_graph(self) -> pd.DataFrame:
        """Return the edges whose P(adjacent) exceeds `threshold`, the more probable direction first.

        Returns
        -------
        DataFrame
            One row a pair with columns ``cause, effect, adjacent, direction, compelled, prior_direction``, where
            ``direction`` is P(cause -> effect | adjacent) and ``prior_direction`` the same under the prior; sorted by
            ``adjacent``. Only ``compelled`` is evidence of direction.
        """
        table = self.pairs()
        return table[table["adjacent"] > self.threshold].reset_index(drop=True)

    def pairs(self) -> pd.DataFrame:
        """Return the table of `averaged_graph` for every pair of values."""
        compelled = self.compelled_probabilities.to_numpy()
        rows = []
        p = len(self.names)
        for i in range(p):
            for j in range(i + 1, p):
                a, b = (i, j) if (self.edge[i, j], self.names[j]) >= (self.edge[j, i], self.names[i]) else (j, i)
                both, prior = self.edge[a, b] + self.edge[b, a], self.prior_edge[a, b] + self.prior_edge[b, a]
                rows.append(
                    {
                        "cause": self.names[a],
                        "effect": self.names[b],
                        "adjacent": both,
                        "direction": self.edge[a, b] / both if both > 0 else np.nan,
                        "compelled": compelled[a, b],
                        "prior_direction": self.prior_edge[a, b] / prior if prior > 0 else np.nan,
                    }
                )
        columns = ["cause", "effect", "adjacent", "direction", "compelled", "prior_direction"]
        table = pd.DataFrame(rows, columns=columns)
        return table.sort_values(["adjacent", "cause", "effect"], ascending=[False, True, True], ignore_index=True)

    def most_probable_class(self) -> tuple[EquivalenceClass, float]:
        """Return the equivalence class with the largest total weight of draws, and that weight."""
        classes: dict[bytes, tuple[EquivalenceClass, float]] = {}
        compelled = compelled_edges(self.draws)
        for graph, directed, weight in zip(self.draws, compelled, self.weights, strict=True):
            found = EquivalenceClass(self.names, directed, (graph | graph.T) & ~(directed | directed.T))
            key = found.directed.tobytes() + found.undirected.tobytes()
            total = classes[key][1] if key in classes else 0.0
            classes[key] = (found, total + float(weight))
        return max(classes.items(), key=lambda item: (item[1][1], item[0]))[1]

    def dag(self, number: int) -> Dag:
        """Return one draw as a `Dag`."""
        return Dag(self.names, self.draws[number])

    def _average(self, stack: BoolArray) -> FloatArray:
        return np.asarray(np.tensordot(self.weights, stack.astype(float), axes=1))

    def _frame(self, matrix: FloatArray) -> pd.DataFrame:
        return pd.DataFrame(np.array(matrix), index=list(self.names), columns=list(self.names))
