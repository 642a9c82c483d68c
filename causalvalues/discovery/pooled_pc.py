"""The published recipe for causal value graphs, kept for comparison: PC on pooled rows, shortcuts cut."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd

from causalvalues.errors import DataError, DiscoveryError
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

Arrow = tuple[str, str]


@dataclass(frozen=True)
class PooledPC:
    """What the recipe returns: not a posterior, and no directed acyclic graph (arrows both ways are cycles).

    Parameters
    ----------
    names : tuple of str
        Values in column order; the recipe depends on it.
    arrows : tuple of (str, str)
        Every arrow of PC; an undirected or bidirected edge is two arrows.
    reduced : tuple of (str, str)
        Arrows left after the shortcuts are cut, sorted.
    undirected : int
        How many edges were turned into two arrows.
    n : int
        Rows, all taken as independent.
    """

    names: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    reduced: tuple[Arrow, ...]
    undirected: int
    n: int

    def __repr__(self) -> str:
        return (
            f"PooledPC({len(self.names)} values, n {self.n} pooled rows: {len(self.arrows)} arrows, of which "
            f"{2 * self.undirected} stand for {self.undirected} edges without direction; {len(self.reduced)} after "
            "shortcuts are cut)"
        )

    def graph(self) -> nx.DiGraph[str]:
        """Return the reduced arrows as a graph."""
        return _graph(self.names, self.reduced)


def pooled_pc(rows: ResponseMatrix, alpha: float = 0.05) -> PooledPC:
    """Learn a value graph as published for language models: for comparison, not for use.

    PC (causal-learn, Fisher's z, its defaults) runs on all rows as if they were independent and as if steered and
    unsteered rows were draws from one population; levers and clusters are ignored. Undirected and bidirected edges
    become two arrows, and arrows are visited in (cause, effect) column order and dropped when another path remains.

    Parameters
    ----------
    rows : ResponseMatrix
        Complete rows, columns in the order of the file: the result depends on it.
    alpha : float, default 0.05
        Level of each test.

    Returns
    -------
    PooledPC

    Raises
    ------
    DataError
        If an answer is missing.
    DiscoveryError
        If the correlation matrix is singular.

    References
    ----------
    Kang et al. (2025), Findings of ACL, "Are the Values of LLMs Structurally Aligned with Humans? A Causal
    Perspective" (the recipe, read from its code).
    """
    if rows.lost:
        raise DataError(f"{rows.lost} answers are missing; the published recipe takes complete rows only. Drop them.")
    arrows, undirected = _pc_arrows(rows.scores, rows.names, alpha)
    return PooledPC(rows.names, tuple(arrows), without_shortcuts(arrows, rows.names), undirected, len(rows))


def without_shortcuts(arrows: list[Arrow] | tuple[Arrow, ...], names: tuple[str, ...]) -> tuple[Arrow, ...]:
    """Visit arrows in (cause, effect) order of the names and drop each that another path makes redundant.

    Parameters
    ----------
    arrows : sequence of (cause, effect)
        They may contain cycles; then the result depends on the order of the names.
    names : tuple of str

    Returns
    -------
    tuple of (cause, effect)
        Sorted; every value reaches the same values as before.

    Examples
    --------
    >>> without_shortcuts([("a", "b"), ("b", "c"), ("a", "c")], ("a", "b", "c"))
    (('a', 'b'), ('b', 'c'))
    """
    graph = _graph(names, arrows)
    place = {name: j for j, name in enumerate(names)}
    for arrow in sorted(set(arrows), key=lambda pair: (place[pair[0]], place[pair[1]])):
        graph.remove_edge(*arrow)
        if not nx.has_path(graph, *arrow):
            graph.add_edge(*arrow)
    return tuple(sorted(graph.edges))


def arrow_stability(
    rows: ResponseMatrix, arrows: tuple[Arrow, ...], alpha: float = 0.05, resamples: int = 500, seed: int = 0
) -> pd.DataFrame:
    """Return how often PC finds each arrow again when whole clusters are resampled.

    Parameters
    ----------
    rows : ResponseMatrix
        With `cluster_by` (the personas); independent rows are resampled one by one.
    arrows : tuple of (cause, effect)
        For example the published ones.
    alpha : float, default 0.05
        Level of each test of PC.
    resamples : int, default 500
        Resamples in which a column is constant are left out.
    seed : int, default 0

    Returns
    -------
    pandas.DataFrame
        ``cause, effect`` and the shares of resamples with an edge of any kind between the two (``adjacent``), with this
        arrow in what PC returns (``found``) and with it after shortcuts are cut (``kept``); ``attrs["resamples"]`` is
        the number that could be used. An edge without direction is found both ways.
    """
    labels = rows.clusters if rows.clusters is not None else tuple(map(str, range(len(rows))))
    codes = np.unique(np.array(labels, dtype=object), return_inverse=True)[1].astype(np.int64)
    order = np.argsort(codes, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    counts = np.zeros((3, len(arrows)))
    used = 0
    for number in range(resamples):
        again = _pc_again(rows, _drawn(members, seed, number), alpha)
        if again is not None:
            used += 1
            kept = set(without_shortcuts(tuple(again), rows.names))
            either = again | {(b, a) for a, b in again}
            counts += [[arrow in graph for arrow in arrows] for graph in (either, again, kept)]
    shares = dict(zip(("adjacent", "found", "kept"), counts / max(used, 1), strict=True))
    table = pd.DataFrame({"cause": [a for a, _ in arrows], "effect": [b for _, b in arrows], **shares})
    table.attrs["resamples"] = used
    return table


def _drawn(members: list[IntArray], seed: int, number: int) -> IntArray:
    taken = stream(seed, "pooled pc", number).integers(0, len(members), len(members))
    return np.concatenate([members[i] for i in taken])


def _pc_again(rows: ResponseMatrix, index: IntArray, alpha: float) -> set[Arrow] | None:
    try:
        return set(_pc_arrows(rows.scores[index], rows.names, alpha)[0])
    except DiscoveryError:
        return None


def _pc_arrows(scores: FloatArray, names: tuple[str, ...], alpha: float) -> tuple[list[Arrow], int]:
    from causallearn.search.ConstraintBased.PC import pc

    if (np.ptp(scores, axis=0) == 0).any():
        constant = names[int(np.flatnonzero(np.ptp(scores, axis=0) == 0)[0])]
        raise DiscoveryError(f"Column {constant!r} is constant. Drop it.")
    try:
        ends = pc(np.array(scores), alpha, show_progress=False).G.graph
    except (ValueError, np.linalg.LinAlgError) as error:
        raise DiscoveryError(f"PC stopped: {error}. Run `check` on the rows.") from None
    arrows: list[Arrow] = []
    undirected = 0
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            if not ends[i, j] and not ends[j, i]:
                continue
            directed = ends[i, j] != ends[j, i]
            undirected += not directed
            # causal-learn: [i, j] is the mark at i (-1 a tail, 1 an arrow head)
            if not directed or ends[j, i] == 1:
                arrows.append((names[i], names[j]))
            if not directed or ends[i, j] == 1:
                arrows.append((names[j], names[i]))
    return arrows, undirected


def _graph(names: tuple[str, ...], arrows: list[Arrow] | tuple[Arrow, ...]) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(arrows)
    return graph
