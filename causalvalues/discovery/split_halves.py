"""Replication: whether edges that one half of the clusters is sure of are found again in the other half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.discovery.discover import Learner, discover
from causalvalues.errors import DiscoveryError
from causalvalues.evidence import Evidence, summarise
from causalvalues.frozen import BoolArray
from causalvalues.graph import Knowledge
from causalvalues.randomness import stream
from causalvalues.responses.matrix import ResponseMatrix


@dataclass(frozen=True)
class Halves:
    """How rows are split and what counts as found.

    Parameters
    ----------
    splits : int, default 5
        Random splits of the clusters into two halves; each is used both ways.
    sure : float, default 0.95
        P(adjacent) above which a half is sure of an edge.
    again : float, default 0.5
        P(adjacent) above which the other half has it again.
    within : str, default ""
        As in `summarise`.

    Raises
    ------
    DiscoveryError
        If there is no split, or the two levels are not 0 <= again <= sure < 1.
    """

    splits: int = 5
    sure: float = 0.95
    again: float = 0.5
    within: str = ""

    def __post_init__(self) -> None:
        if self.splits < 1:
            raise DiscoveryError(f"`splits` is {self.splits}. Give at least 1.")
        if not 0 <= self.again <= self.sure < 1:
            raise DiscoveryError(f"`again` is {self.again} and `sure` {self.sure}; 0 <= again <= sure < 1 is needed.")


def replication(
    matrix: ResponseMatrix,
    method: Learner | None = None,
    knowledge: Knowledge | None = None,
    seed: int = 0,
    halves: Halves | None = None,
) -> pd.DataFrame:
    """Split the clusters into halves, learn on each, and count the edges of one half that the other has again.

    Parameters
    ----------
    matrix : ResponseMatrix
        Whole clusters go into one half; without clusters, rows do.
    method : Learner, optional
        As in `discover`.
    knowledge : Knowledge, optional
        Pairs whose edge it requires are not counted.
    seed : int, default 0
    halves : Halves, optional

    Returns
    -------
    DataFrame
        One row for each split and direction: ``split``, ``learned_on`` (0 or 1, the half), ``clusters`` (in that
        half), ``sure`` (pairs above `Halves.sure` there), ``again`` (those of them above `Halves.again` in the other
        half), ``share`` (again / sure, NaN when there are none) and ``expected`` (the share of all pairs above
        `Halves.again` in the other half: what pairs picked blindly would reach).

    Raises
    ------
    DiscoveryError
        If there are fewer than four clusters.
    DataError, CheckError, KnowledgeError
        As in `summarise` and `discover`, for a half.
    """
    halves = Halves() if halves is None else halves
    codes = _cluster_codes(matrix)
    names = matrix.names
    must = (Knowledge() if knowledge is None else knowledge).must(names)
    free = np.triu(~(must | must.T), 1)
    rows = []
    for split in range(halves.splits):
        first = _half(codes, stream(seed, "replication", split).permutation(int(codes.max()) + 1))
        parts = [matrix.rows(first), matrix.rows(~first)]
        found = [_adjacent(summarise(part, within=halves.within), method, knowledge, seed) for part in parts]
        for half in (0, 1):
            sure, again = free & (found[half] > halves.sure), free & (found[1 - half] > halves.again)
            clusters = len(np.unique(codes[first if half == 0 else ~first]))
            expected = again.sum() / free.sum() if free.any() else np.nan
            rows.append((split, half, clusters, int(sure.sum()), int((sure & again).sum()), expected))
    table = pd.DataFrame(rows, columns=["split", "learned_on", "clusters", "sure", "again", "expected"])
    table.insert(5, "share", table["again"] / table["sure"].where(table["sure"] > 0))
    return table


def _cluster_codes(matrix: ResponseMatrix) -> np.ndarray:
    labels = np.arange(len(matrix)) if matrix.clusters is None else np.array(matrix.clusters)
    codes = np.unique(labels, return_inverse=True)[1]
    if len(codes) == 0 or codes.max() < 3:
        raise DiscoveryError(
            f"{0 if len(codes) == 0 else codes.max() + 1} clusters cannot be split into two halves of at least two. "
            "Collect more clusters, or set `cluster_by` to a finer label."
        )
    return np.asarray(codes)


def _half(codes: np.ndarray, shuffled: np.ndarray) -> BoolArray:
    """Return which rows belong to the first half of the shuffled clusters."""
    return np.asarray(np.isin(codes, shuffled[: len(shuffled) // 2]))


def _adjacent(evidence: Evidence, method: Learner | None, knowledge: Knowledge | None, seed: int) -> np.ndarray:
    return discover(evidence, method, knowledge, seed).adjacent_probabilities.to_numpy()
