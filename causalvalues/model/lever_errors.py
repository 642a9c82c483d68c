"""Effects of single levers with the joint error of all of them, from sums over clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.model.levers import cell_rows, clusters_of, paired_differences
from causalvalues.responses.matrix import ResponseMatrix


@dataclass(frozen=True, eq=False)
class LeverErrors:
    """Effects of c cells that use one lever each, and the influence of every cluster on them.

    Parameters
    ----------
    cells : tuple of str, length c
    levers : tuple of str, length c
        The lever of each cell.
    names : tuple of str, length p
    mean : array (c, p)
        As in `lever_effects`; NaN where fewer than two clusters were seen.
    influence : array (g, c, p)
        The sum over clusters of products of influences is the covariance; its diagonal is the square of the standard
        errors of `lever_effects`.
    clusters : array (c, p)
        Clusters behind each number.
    """

    cells: tuple[str, ...]
    levers: tuple[str, ...]
    names: tuple[str, ...]
    mean: FloatArray
    influence: FloatArray
    clusters: FloatArray

    def covariance(self, first: int, second: int, cells: IntArray) -> FloatArray:
        """Return the covariance (2 c', 2 c') of the effects of some cells on two values, first value first."""
        both = np.concatenate([self.influence[:, cells, first], self.influence[:, cells, second]], axis=1)
        return np.asarray(both.T @ both)


def lever_errors(matrix: ResponseMatrix) -> LeverErrors:
    """Estimate the effects of single levers with their joint error.

    The estimates are those of `lever_effects`: mean differences within clusters, or differences of means. Levers share
    the rows without lever and the clusters, so their errors are correlated; the influence of a cluster carries that
    (Liang and Zeger 1986, with the factor G / (G - 1) of each estimate).

    Parameters
    ----------
    matrix : ResponseMatrix

    Returns
    -------
    LeverErrors

    Raises
    ------
    ModelError
        If there are no levers, no rows without lever, or no lever was used alone.
    """
    rows, doses = cell_rows(matrix)
    single = [cell for cell in rows if (doses.loc[cell] != 0).sum() == 1]
    if not single:
        raise ModelError("No lever was used alone, so no ratio of its effects is known. Add rows with single levers.")
    clusters = np.array(clusters_of(matrix), dtype=object)
    every, codes = np.unique(clusters.astype(str), return_inverse=True)
    place = {name: i for i, name in enumerate(every)}
    p, c = len(matrix.names), len(single)
    mean, counts, influence = np.full((c, p), np.nan), np.zeros((c, p)), np.zeros((len(every), c, p))
    for number, cell in enumerate(single):
        paired = paired_differences(matrix, rows[cell])
        where = np.array([place[str(name)] for name in paired.clusters], dtype=int)
        alone = len(where) > 1 or len(where) == len(np.unique(codes[rows[cell]]))
        for column in range(p):
            if alone:
                found = _paired(paired.differences[:, column], paired.weights[:, column])
                influence[where, number, column] = found[1]
            else:
                found = _unpaired(matrix, rows[cell], column, codes, len(every))
                influence[:, number, column] = found[1]
            mean[number, column], counts[number, column] = found[0], found[2]
    levers = tuple(str(doses.columns[int(np.flatnonzero(doses.loc[cell] != 0)[0])]) for cell in single)
    return LeverErrors(tuple(single), levers, matrix.names, mean, influence, counts)


def _paired(differences: FloatArray, weights: FloatArray) -> tuple[float, FloatArray, int]:
    seen = ~np.isnan(differences) & (weights > 0)
    g, influence = int(seen.sum()), np.zeros(len(differences))
    if g < 2:
        return np.nan, influence, g
    mean = float(weights[seen] @ differences[seen] / weights[seen].sum())
    influence[seen] = weights[seen] * (differences[seen] - mean) / weights[seen].sum()
    return mean, influence * np.sqrt(g / (g - 1)), g


def _unpaired(
    matrix: ResponseMatrix, rows: BoolArray, column: int, codes: IntArray, size: int
) -> tuple[float, FloatArray, int]:
    without = ~(matrix.doses != 0).any(axis=1)
    influence, means, sizes = np.zeros(size), [], []
    for sign, side in ((1.0, rows), (-1.0, without)):
        seen = side & ~np.isnan(matrix.scores[:, column]) & (matrix.weights > 0)
        if not seen.any():
            return np.nan, np.zeros(size), 0
        x, w = matrix.scores[seen, column], matrix.weights[seen]
        means.append(float(w @ x / w.sum()))
        sizes.append(len(np.unique(codes[seen])))
        influence += np.bincount(codes[seen], sign * w * (x - means[-1]) / w.sum(), minlength=size)
    g = min(sizes)
    if g < 2:
        return np.nan, np.zeros(size), g
    return means[0] - means[1], influence * np.sqrt(g / (g - 1)), g
