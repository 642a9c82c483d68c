"""Test a graph on rows that learning never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.discovery import discover
from causalvalues.discovery.discover import Learner
from causalvalues.errors import CausalValuesError, ModelError
from causalvalues.evidence import summarise
from causalvalues.evidence.rows import as_matrix
from causalvalues.frozen import BoolArray
from causalvalues.graph.dag import Dag
from causalvalues.graph.knowledge import Knowledge
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.graph_nulls import GraphNulls, GraphTest, graph_test
from causalvalues.model.held_out_prediction import CORRELATION, FULL, SAME, held_out_prediction
from causalvalues.randomness import stream
from causalvalues.responses.matrix import ResponseMatrix


@dataclass(frozen=True)
class HeldOut:
    """How rows are split, and what the graph is held against.

    Parameters
    ----------
    share : float, default 0.5
        Share of the clusters (of the rows, where there are none) that are kept from learning.
    splits : int, default 11
        How often the data are split anew; p-values of several splits are joined as twice their median. The p-value of
        a single split depends on who happened to be in which part, so one split decides nothing.
    within : str, default ""
        As in `causalvalues.summarise`.
    nulls : GraphNulls, default ``GraphNulls(200, 200)``
        For each split; its p-values are 1/201 at least, joined ones 2/201.
    """

    share: float = 0.5
    splits: int = 11
    within: str = ""
    nulls: GraphNulls = GraphNulls(permutations=200, random_graphs=200)  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ModelError(f"The share of held-out clusters is {self.share}; it lies between 0 and 1.")
        if self.splits < 1:
            raise ModelError(f"The number of splits is {self.splits}. Ask for at least one.")


@dataclass(frozen=True, eq=False)
class Falsification:
    """What became of a graph on held-out rows, one entry for each split.

    Parameters
    ----------
    graphs : tuple of Dag
        The graph that was tested: the known one, or the one that was learned from the other rows.
    tests : tuple of GraphTest
    predictions : tuple of DataFrame
        See `causalvalues.model.held_out_prediction`.
    rows : tuple of (int, int)
        Rows learned from and rows tested on.
    level : float
    """

    graphs: tuple[Dag, ...]
    tests: tuple[GraphTest, ...]
    predictions: tuple[pd.DataFrame, ...]
    rows: tuple[tuple[int, int], ...]
    level: float

    def __repr__(self) -> str:
        return f"Falsification({len(self.tests)} split{'s' if len(self.tests) > 1 else ''}: {self.verdict})"

    @property
    def permutation_p(self) -> float:
        """P-value against permuted node labels; twice the median over several splits."""
        return joined_p([test.permutation_p for test in self.tests])

    @property
    def random_p(self) -> float:
        """P-value against random graphs with as many edges; twice the median over several splits."""
        return joined_p([test.random_p for test in self.tests])

    @property
    def correlation_p(self) -> float:
        """P-value for "the graph foresees held-out rows no better than its strongest correlations, undirected"."""
        return joined_p([_against_correlation(table)[1] for table in self.predictions])

    @property
    def all_edges_p(self) -> float:
        """P-value for "a graph with every edge foresees held-out rows no better than this graph"."""
        return joined_p([_for_all_edges(table) for table in self.predictions])

    @property
    def prediction(self) -> pd.DataFrame:
        """`predictions` as one table: means over the splits, and p-values as twice their median."""
        joined = sum(self.predictions[1:], self.predictions[0]) / len(self.predictions)
        p_values = [joined_p([float(table["p"].iloc[i]) for table in self.predictions]) for i in range(len(joined))]
        return joined.assign(p=p_values)

    @property
    def informative(self) -> bool:
        """Whether the graph says enough for the permutation test: if all of it held, the p-value would be at the level.

        As joining doubles the median, this takes more of a graph over several splits than over one.
        """
        return joined_p([_least_p(test) for test in self.tests]) <= self.level

    @property
    def rejected(self) -> bool:
        """Whether the graph is no better than chance on held-out rows although it could be."""
        return self.informative and self.permutation_p > self.level

    @property
    def table(self) -> pd.DataFrame:
        """One row a split: rows, edges, violations, p-values, and the gain over the correlations alone."""
        columns = [
            "rows_learned", "rows_tested", "edges", "implied", "violated", "permutation_p", "equivalent", "random_p",
            "gain_over_correlation", "correlation_p",
        ]  # fmt: skip
        found = [
            (
                *rows,
                int(graph.adjacency.sum()),
                len(test.independences.table),
                test.independences.violations,
                test.permutation_p,
                test.equivalent,
                test.random_p,
                *_against_correlation(prediction),
            )
            for rows, graph, test, prediction in zip(self.rows, self.graphs, self.tests, self.predictions, strict=True)
        ]
        return pd.DataFrame(found, columns=columns)

    @property
    def verdict(self) -> str:
        """One sentence; behind a p-value of several splits, the least and the most of them."""
        if not self.informative:
            return "undecided on held-out rows: the graph implies too little that permuted graphs do not imply, too"
        better = "better" if self.correlation_p <= self.level else "no better"
        chance = "no better than chance: rejected" if self.rejected else "better than chance"
        table, splits = self.table, len(self.tests)
        labels, random, correlation = (_p_words(table[what]) for what in ("permutation_p", "random_p", "correlation_p"))
        return (
            f"{chance} on held-out rows (node permutation {labels}, random graphs {random}); {better} than its "
            f"strongest correlations in prediction ({correlation})"
            + (f"; each p is twice the median of {splits} splits [least to most]" if splits > 1 else "")
        )


def falsify(
    data: ResponseMatrix | pd.DataFrame,
    graph: Dag | Learner,
    method: HeldOut | None = None,
    knowledge: Knowledge | None = None,
    seed: int = 0,
) -> Falsification:
    """Learn from one part of the clusters and test the graph on the other part.

    Parameters
    ----------
    data : ResponseMatrix or pandas.DataFrame
        Split by whole clusters (`ResponseMatrix.cluster_by`), else by rows; clusters with the same lever cells are
        dealt out evenly.
    graph : Dag or Learner
        A known graph, or a method such as ``ExactPosterior()`` that learns one from the learning rows. Of its posterior
        the draw that is nearest to the probabilities of adjacencies and compelled edges is tested (`central_graph`).
        A known graph must not come from these data, or nothing here is held out.
    method : HeldOut, default ``HeldOut()``
    knowledge : Knowledge, optional
        For the learner.
    seed : int, default 0

    Returns
    -------
    Falsification

    Raises
    ------
    ModelError
        If there are fewer than four clusters or a part is too small to learn from or to test on.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> a, e = rng.normal(size=1000), rng.normal(size=(1000, 5))
    >>> b = a + e[:, 0]
    >>> c, d = b + e[:, 1], rng.normal(size=1000)
    >>> data = pd.DataFrame({"a": a, "b": b, "c": c, "d": d + e[:, 2], "e": d + e[:, 3], "f": e[:, 4]})
    >>> chain = Dag.from_edges("abcdef", [("a", "b"), ("b", "c"), ("d", "e")])
    >>> found = falsify(data, chain)
    >>> found.informative, found.rejected
    (True, False)
    """
    method = HeldOut() if method is None else method
    matrix = as_matrix(data)
    graphs, tests, predictions, rows = [], [], [], []
    for number in range(method.splits):
        learn, test = split_rows(matrix, method.share, seed, number)
        try:
            known, new = (summarise(matrix.rows(part), method.within) for part in (learn, test))
            own = int(stream(seed, "falsify", "learn", number).integers(2**31))
            dag = graph if isinstance(graph, Dag) else central_graph(discover(known, graph, knowledge, own))
            tests.append(graph_test(dag, new, method.nulls, own))
            predictions.append(held_out_prediction(dag, known, new, method.nulls.level))
        except CausalValuesError as error:
            raise ModelError(f"A part of the data cannot be used by itself: {error}") from None
        graphs.append(dag)
        rows.append((known.n, new.n))
    return Falsification(tuple(graphs), tuple(tests), tuple(predictions), tuple(rows), method.nulls.level)


def split_rows(matrix: ResponseMatrix, share: float, seed: int, number: int = 0) -> tuple[BoolArray, BoolArray]:
    """Return which rows (n,) to learn from and which to test on: whole clusters, dealt out by their lever cells.

    Parameters
    ----------
    matrix : ResponseMatrix
    share : float
        Of the clusters, for the test.
    seed : int
    number : int, default 0
        Which split.
    """
    n = len(matrix)
    labels = np.array(matrix.clusters, dtype=object) if matrix.clusters is not None else np.arange(n)
    clusters, code = np.unique(labels, return_inverse=True)
    if len(clusters) < 4:
        raise ModelError(f"There are {len(clusters)} clusters; a split needs at least four. Add clusters.")
    kinds: dict[frozenset[tuple[str, ...]], list[int]] = {}
    cells: list[set[tuple[str, ...]]] = [set() for _ in clusters]
    for cluster, cell in zip(code.tolist(), matrix.cells, strict=True):
        cells[cluster].add(tuple(sorted(cell)))
    for cluster, held in enumerate(cells):
        kinds.setdefault(frozenset(held), []).append(cluster)
    random = stream(seed, "falsify", "split", number)
    order = [
        member
        for kind in sorted(kinds, key=lambda kind: (len(kind), sorted(kind)))
        for member in random.permutation(kinds[kind]).tolist()
    ]
    # even steps along the list give every kind of cluster its share
    steps = np.floor(np.arange(-1, len(order)) * share + random.random())
    tested = np.zeros(len(clusters), dtype=bool)
    tested[np.array(order)[np.diff(steps) > 0]] = True
    test = tested[code]
    return ~test, test


def central_graph(posterior: GraphPosterior) -> Dag:
    """Return the draw nearest to the posterior: least summed distance in adjacency and compelled edges.

    The distance is that of Hamming between the graph's adjacencies and their probabilities, plus the same for compelled
    edges. A draw is always acyclic and obeys the knowledge.

    Parameters
    ----------
    posterior : GraphPosterior
    """
    joined = posterior.draws | posterior.draws.transpose(0, 2, 1)
    adjacent = posterior.adjacent_probabilities.to_numpy()
    compelled = posterior.compelled_probabilities.to_numpy()
    distance = np.abs(joined - adjacent).sum(axis=(1, 2)) / 2
    distance += np.abs(posterior.compelled_draws - compelled).sum(axis=(1, 2))
    return posterior.dag(int(np.argmin(np.round(distance, 9))))


def _against_correlation(prediction: pd.DataFrame) -> tuple[float, float]:
    """Return the graph's gain in log density over the correlations alone, and its p-value."""
    row = prediction[["difference", "p"]].to_numpy(dtype=float)[list(prediction.index).index(CORRELATION)]
    return float(row[0]), float(row[1])


def _least_p(test: GraphTest) -> float:
    """Return the p-value that permutations would give a graph whose independences all hold."""
    if not len(test.independences.table):
        return 1.0
    return max(test.equivalent, 0.0 if test.exact else 1 / (len(test.permuted) + 1))


def _for_all_edges(prediction: pd.DataFrame) -> float:
    """Return the p-value for "all edges foresee the rows no better"; 1 where the graph has all of them."""
    row = prediction[["se", "p"]].to_numpy(dtype=float)[list(prediction.index).index(FULL)]
    return float(1 - row[1]) if row[0] > SAME else 1.0


def _p_words(p_values: pd.Series) -> str:
    said = f"p = {joined_p(p_values.tolist()):.3g}"
    return f"{said} [{p_values.min():.3g} to {p_values.max():.3g}]" if len(p_values) > 1 else said


def joined_p(p_values: list[float]) -> float:
    """Return one p-value for several splits of the same rows: twice the median, at most 1 (one split: itself).

    References
    ----------
    Meinshausen, Meier and Bühlmann (2009), Journal of the American Statistical Association 104, 1671-1681.

    Examples
    --------
    >>> joined_p([0.02]), joined_p([0.01, 0.02, 0.9])
    (0.02, 0.04)
    """
    if len(p_values) == 1:
        return float(p_values[0])
    return float(min(2 * np.median(p_values), 1.0))
