"""Independence by population correlations, and partial ancestral graphs by listing all ancestral graphs.

Nothing here knows a graph algorithm: a graph with random coefficients has zero partial correlation exactly where it has
(m-)separation, but for coefficients of measure zero.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pandas as pd

from causalvalues.discovery.separation import PartialCorrelations

NEVER = 1e-9


def population_correlation(dag: np.ndarray, observed: list[int], generator: np.random.Generator) -> np.ndarray:
    """Correlation of the observed nodes of a linear model on `dag` with random coefficients."""
    p = len(dag)
    size = generator.uniform(0.4, 1.0, (p, p)) * generator.choice([-1.0, 1.0], (p, p))
    total = np.linalg.inv(np.eye(p) - dag * size)
    covariance = (total.T * generator.uniform(0.5, 1.5, p)) @ total
    covariance = covariance[np.ix_(observed, observed)]
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)


def facing_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn columns round where it takes that for scores which never look centred within rows.

    Each column gets the sign with which its correlations with the columns before it add up to zero or more. So all
    entries of the correlation matrix add up to the number of columns at least, and of nearly ipsative scores, which
    are refused, to .35 of it at most. No independence depends on the signs.
    """
    correlation = np.corrcoef(rows.to_numpy().T)
    signs = np.ones(len(correlation))
    for j in range(1, len(signs)):
        signs[j] = 1.0 if correlation[j, :j] @ signs[:j] >= 0 else -1.0
    return rows * signs


def oracle(correlation: np.ndarray, names: tuple[str, ...]) -> PartialCorrelations:
    """The package's own test at a sample size without sampling error; `names` are sorted."""
    return PartialCorrelations(names, correlation, 1e14)


@cache
def questions(p: int) -> list[tuple[int, int, tuple[int, ...]]]:
    return [
        (i, j, given)
        for i, j in itertools.combinations(range(p), 2)
        for size in range(p - 1)
        for given in itertools.combinations([k for k in range(p) if k not in (i, j)], size)
    ]


def dependences(correlation: np.ndarray) -> tuple[bool, ...]:
    """For each of `questions` whether the two are dependent."""
    asked = questions(len(correlation))
    found = np.zeros(len(asked), dtype=bool)
    for size in range(len(correlation) - 1):
        rows = [number for number, (_, _, given) in enumerate(asked) if len(given) == size]
        inside = np.array([(i, j, *given) for i, j, given in (asked[row] for row in rows)])
        inverse = np.linalg.inv(correlation[inside[:, :, None], inside[:, None, :]])
        found[rows] = np.abs(inverse[:, 0, 1]) > NEVER * np.sqrt(inverse[:, 0, 0] * inverse[:, 1, 1])
    return tuple(found.tolist())


def canonical_dag(directed: np.ndarray, bidirected: np.ndarray) -> np.ndarray:
    """The observed nodes first, then one hidden cause for each bidirected edge."""
    p = len(directed)
    pairs = np.argwhere(np.triu(bidirected))
    dag = np.zeros((p + len(pairs),) * 2, dtype=bool)
    dag[:p, :p] = directed
    for number, (i, j) in enumerate(pairs):
        dag[p + number, i] = dag[p + number, j] = True
    return dag


def is_ancestral(directed: np.ndarray, bidirected: np.ndarray) -> bool:
    """No directed cycle, and no bidirected edge between a node and its ancestor."""
    reach = directed.copy()
    for _ in range(len(directed)):
        reach = reach | (reach @ directed)
    return not (reach.diagonal().any() or (reach & bidirected).any())


def ancestral_graphs(adjacent: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """All ancestral graphs (directed, bidirected) with these adjacencies."""
    pairs = np.argwhere(np.triu(adjacent)).tolist()
    found = []
    for state in itertools.product((0, 1, 2), repeat=len(pairs)):
        directed = np.zeros(adjacent.shape, dtype=bool)
        bidirected = np.zeros(adjacent.shape, dtype=bool)
        for (i, j), kind in zip(pairs, state, strict=True):
            if kind == 2:
                bidirected[i, j] = bidirected[j, i] = True
            else:
                directed[(i, j) if kind == 0 else (j, i)] = True
        if is_ancestral(directed, bidirected):
            found.append((directed, bidirected))
    return found


def marks_of(directed: np.ndarray, bidirected: np.ndarray) -> np.ndarray:
    """0 none, 2 arrow, 3 tail; [i, j] is the mark at j."""
    return 2 * (directed | bidirected) + 3 * directed.T


def common_marks(graphs: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The marks that all graphs share, and circles (1) where they differ."""
    stack = np.array([marks_of(*graph) for graph in graphs])
    return np.where((stack == stack[0]).all(axis=0), stack[0], 1)


def adjacent_in(signature: tuple[bool, ...], p: int) -> np.ndarray:
    """Nodes that nothing separates."""
    adjacent = np.ones((p, p), dtype=bool) & ~np.eye(p, dtype=bool)
    for (i, j, _), dependent in zip(questions(p), signature, strict=True):
        if not dependent:
            adjacent[i, j] = adjacent[j, i] = False
    return adjacent


def equivalent_graphs(
    signature: tuple[bool, ...], p: int, generator: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """All maximal ancestral graphs with these independences."""
    return [
        graph
        for graph in ancestral_graphs(adjacent_in(signature, p))
        if dependences(population_correlation(canonical_dag(*graph), list(range(p)), generator)) == signature
    ]
