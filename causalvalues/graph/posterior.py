"""What discovery returns: weighted draws of graphs with exact sums where they are to be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from causalvalues.errors import DiscoveryError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray, frozen_bools, frozen_floats
from causalvalues.graph.dag import Dag
from causalvalues.graph.effective_number import effective_number
from causalvalues.graph.equivalence import EquivalenceClass, ancestors, compelled_given
from causalvalues.graph.targets import separated_pairs
from causalvalues.graph.threshold import inclusion_threshold

DrawKind = Literal["posterior", "bootstrap"]
Verdict = Literal["given", "compelled", "contested", "open", ""]

PAIR_COLUMNS = (
    "cause",
    "effect",
    "adjacent",
    "direction",
    "compelled",
    "compelled_reverse",
    "open",
    "verdict",
    "prior_direction",
)


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
    targets : tuple of tuple of str, default ()
        Sets of values that were forced together in some condition; () where the graphs come from one condition.
    compelled : array (p, p) or None, default None
        P(i -> j is there and compelled) where more graphs were counted than are kept; None: counted in the draws.
    independent_draws : float or None, default None
        Number of independent graphs whose shares are at most as sure as the tables: the Monte Carlo error of a share s
        is at most sqrt(s (1 - s) / independent_draws), on average over pairs. None: `effective_draws`.
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
    targets: tuple[tuple[str, ...], ...] = ()
    compelled: FloatArray | None = None
    independent_draws: float | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        s, p, k = len(self.draws), len(self.names), len(self.levers)
        if s == 0:
            raise DiscoveryError("A graph posterior needs at least one draw.")
        for name in sorted({name for name in self.names if self.names.count(name) > 1}):
            raise DiscoveryError(f"The value {name!r} is named twice. Give every value a name of its own.")
        put(self, "draws", frozen_bools(self.draws, (s, p, p), "draws"))
        weights = np.asarray(self.weights, dtype=float)
        put(self, "weights", frozen_floats(weights / weights.sum(), (s,), "weights"))
        put(self, "edge", frozen_floats(self.edge, (p, p), "edge"))
        put(self, "prior_edge", frozen_floats(self.prior_edge, (p, p), "prior_edge"))
        for name in ("order_modular", "compelled"):
            if getattr(self, name) is not None:
                put(self, name, frozen_floats(getattr(self, name), (p, p), name))
        if self.independent_draws is not None and not 0 < self.independent_draws < np.inf:
            raise DiscoveryError(f"`independent_draws` is {self.independent_draws}. Give a positive number, or None.")
        levers = np.ones((s, k, p), dtype=bool) if self.lever_draws is None else self.lever_draws
        put(self, "lever_draws", frozen_bools(levers, (s, k, p), "lever_draws"))
        put(self, "targets", tuple(tuple(target) for target in self.targets))
        for name in sorted({name for target in self.targets for name in target} - set(self.names)):
            raise DiscoveryError(f"A target names the unknown value {name!r}." + did_you_mean(name, self.names))

    def __repr__(self) -> str:
        return (
            f"GraphPosterior({len(self.names)} values, {len(self.draws)} {self.kind} draws "
            f"({self.effective_draws:.0f} effective), {self.method}; matrices are [cause, effect])"
        )

    @property
    def effective_draws(self) -> float:
        """Kish's effective number of draws, 1 / sum of squared weights."""
        return effective_number(self.weights)

    @property
    def edge_probabilities(self) -> pd.DataFrame:
        """P(i -> j), [cause, effect]."""
        return self._frame(self.edge)

    @property
    def adjacent_probabilities(self) -> pd.DataFrame:
        """P(i and j are adjacent), symmetric."""
        return self._frame(self.edge + self.edge.T)

    def monte_carlo_error(self, share: float, kept: bool = False) -> float:
        """Return the standard error of a share that comes from counting graphs and bootstrap samples.

        Parameters
        ----------
        share : float
            From 0 to 1.
        kept : bool, default False
            Whether the share was counted in `draws` alone: where the tables rest on more, that adds to its error.
        """
        draws = self.effective_draws if self.independent_draws is None else self.independent_draws
        more = 1 / self.effective_draws if kept and self.effective_draws < 0.999 * draws else 0.0
        return float(np.sqrt(max(share * (1 - share), 0.0) * (1 / draws + more)))

    def more_probable_than_not(self, share: float, kept: bool = False) -> bool:
        """Say whether a share exceeds one half by more than twice its `monte_carlo_error`: seldom by luck of a seed."""
        return bool(share - 2 * self.monte_carlo_error(share, kept) > 0.5)

    @cached_property
    def compelled_probabilities(self) -> pd.DataFrame:
        """P(i -> j is there and compelled), [cause, effect]: joint with adjacency, see `compelled_draws`."""
        if self.compelled is not None:
            return self._frame(self.compelled)
        return self._frame(compelled_share(self.edge, self.draws, self.compelled_draws, self.weights))

    @cached_property
    def compelled_draws(self) -> BoolArray:
        """Edges (s, p, p) of each draw that no equivalent graph turns: the only evidence of direction.

        Equivalent graphs have the same adjacencies and colliders and obey the same knowledge. In the sparse lever mode
        they have the same lever edges too, so a lever that acts on one end of an edge can settle its direction; levers
        that may act on everything (saturated) settle nothing. Where values were forced, they are equivalent under
        these interventions: an edge of which some condition forced one end keeps its direction. See `compelled_given`.
        """
        sparse = self.lever_mode == "sparse"
        fixed = self.given_directions | separated_pairs(self.names, self.targets)
        return compelled_given(self.draws, fixed, self.lever_draws if sparse else None)

    @cached_property
    def given_directions(self) -> BoolArray:
        """True at [i, j] when knowledge leaves no other direction than i -> j: the prior's P(j -> i) is 0, (p, p)."""
        return directions_by_knowledge(self.prior_edge)

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
        """Return the edges whose P(adjacent) exceeds `threshold`, in their best supported direction.

        Returns
        -------
        DataFrame
            One row a pair, sorted by ``adjacent``. Cause and effect stand in the direction that is given or compelled
            where the verdict says so, else in the more probable one.

            - ``adjacent``: P(the two are joined).
            - ``direction``: P(cause -> effect | adjacent). Inside an open class this is the prior's doing.
            - ``compelled``: P(cause -> effect is compelled | adjacent), see `compelled_draws`; this and the next two
              are shares of the draws that have the edge (NaN where none has).
            - ``compelled_reverse``: P(effect -> cause is compelled | adjacent).
            - ``open``: 1 - compelled - compelled_reverse, the share in which the direction is left open.
            - ``verdict``: "given" when knowledge allows one direction only; "compelled" when P(joined, and compelled
              this way) = ``adjacent`` x ``compelled`` exceeds .5 by more than twice its Monte Carlo error, see
              `more_probable_than_not`: an arrow that is more probable than not; "open" when ``open`` > .5; else
              "contested": graphs that fit about equally well lack the edge, compel it in different directions or leave
              it open. "" where no draw has the edge.
            - ``prior_direction``: P(cause -> effect | adjacent) under the prior; NaN where it is not known.
        """
        table = self.pairs()
        return table[table["adjacent"] > self.threshold].reset_index(drop=True)

    def pairs(self) -> pd.DataFrame:
        """Return the table of `averaged_graph` for every pair of values."""
        joined, compelled = self.edge + self.edge.T, self.compelled_probabilities.to_numpy()
        drawn = self.draws.any(axis=0)
        seen = drawn | drawn.T | (compelled + compelled.T > 0)
        settled = compelled / np.where(seen & (joined > 0), joined, np.nan)
        p = len(self.names)
        rows = [self._pair(i, j, settled) for i in range(p) for j in range(i + 1, p)]
        table = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
        return table.sort_values(["adjacent", "cause", "effect"], ascending=[False, True, True], ignore_index=True)

    def _pair(self, i: int, j: int, settled: FloatArray) -> tuple[object, ...]:
        """Return a row of `pairs`; `settled` is P(compelled | adjacent), [cause, effect]."""
        given, joined = self.given_directions, self.edge[i, j] + self.edge[j, i]

        def compelled(a: int, b: int) -> bool:
            return self.more_probable_than_not(float(joined * settled[a, b]))

        def support(a: int, b: int) -> tuple[bool, bool, float, str]:
            return bool(given[a, b]), compelled(a, b), float(self.edge[a, b]), self.names[b]

        a, b = (i, j) if support(i, j) >= support(j, i) else (j, i)
        prior = self.prior_edge[a, b] + self.prior_edge[b, a]
        direction = self.edge[a, b] / joined if joined > 0 else np.nan
        before = 1.0 if given[a, b] else self.prior_edge[a, b] / prior if prior > 0 else np.nan
        left = float(np.clip(1 - settled[a, b] - settled[b, a], 0, 1))
        verdict: Verdict = "contested"
        if given[a, b]:
            verdict = "given"
        elif np.isnan(left):
            verdict = ""
        elif compelled(a, b):
            verdict = "compelled"
        elif left > 0.5:
            verdict = "open"
        ends = (self.names[a], self.names[b])
        return (*ends, joined, direction, settled[a, b], settled[b, a], left, verdict, before)

    def most_probable_class(self) -> tuple[EquivalenceClass, float]:
        """Return the equivalence class with the largest total weight of draws, and that weight.

        Directed in it are the edges of `compelled_draws`: what levers and knowledge settle counts.
        """
        classes: dict[bytes, tuple[EquivalenceClass, float]] = {}
        for graph, directed, weight in zip(self.draws, self.compelled_draws, self.weights, strict=True):
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


def directions_by_knowledge(prior_edge: FloatArray) -> BoolArray:
    """Return True at [i, j] when the prior leaves no other direction than i -> j: its P(j -> i) is 0, and not NaN."""
    impossible = np.nan_to_num(prior_edge, nan=1.0) <= 1e-12
    return np.asarray(impossible.T & ~impossible)


def compelled_share(edge: FloatArray, draws: BoolArray, compelled: BoolArray, weights: FloatArray) -> FloatArray:
    """Return P(i -> j is there and compelled): P(adjacent) times the share of the draws with the edge that compel it.

    Parameters
    ----------
    edge : array (p, p)
        P(i -> j), exact or counted.
    draws, compelled : array (s, p, p) of bool
        Graphs, and their compelled edges.
    weights : array (s,)
        Normalised.

    Returns
    -------
    array (p, p)
        [cause, effect]; 0 where no draw has the edge.
    """
    joined = np.tensordot(weights, (draws | draws.transpose(0, 2, 1)).astype(float), axes=1)
    shares = np.tensordot(weights, compelled.astype(float), axes=1)
    return np.asarray((edge + edge.T) * shares / np.where(joined > 0, joined, 1.0))
