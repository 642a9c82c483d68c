"""Rank correlations of matrices over the same values, and what they are when the values are relabelled at random."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.randomness import stream

ALL_UP_TO = 7
"""Values up to which all relabellings are taken: 5,040."""
RELABELLINGS = 20_000


def relabellings(p: int, seed: int) -> tuple[IntArray, bool]:
    """Return relabellings (R, p) of values, the first one none at all, and whether these are all."""
    if p <= ALL_UP_TO:
        return np.array(list(permutations(range(p)))).reshape(math.factorial(p), p), True
    random = stream(seed, "relabellings of values")
    drawn = [random.permutation(p) for _ in range(RELABELLINGS)]
    return np.array([np.arange(p), *drawn]), False


def centred_ranks(numbers: FloatArray) -> FloatArray:
    """Return mid-ranks less their mean; numbers that differ by rounding alone are ties."""
    _, code, counts = np.unique(np.round(numbers, 12), return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(middle[code] - (len(numbers) + 1) / 2)


def pair_ranks(matrix: FloatArray) -> FloatArray:
    """Return the ranks of the pairs of a symmetric matrix less their mean, with length one, as a matrix (p, p)."""
    high = np.triu_indices(len(matrix), 1)
    found = centred_ranks(matrix[high])
    ranks = np.zeros(matrix.shape)
    ranks[high] = found / max(float(np.linalg.norm(found)), 1e-300)
    return np.asarray(ranks + ranks.T)


def rank_correlations(fixed: FloatArray, relabelled: FloatArray, labels: IntArray) -> FloatArray:
    """Return Spearman's correlation over pairs under each relabelling of the second matrix, (R,).

    Parameters
    ----------
    fixed, relabelled : array (p, p)
        Of `pair_ranks`.
    labels : array (R, p)
    """
    rows, columns = np.triu_indices(len(fixed), 1)
    found = np.zeros(len(labels))
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        found += fixed[i, j] * relabelled[labels[:, i], labels[:, j]]
    return found


def two_sided_p(null: FloatArray) -> float:
    """Return the share of relabellings, the one at hand (the first) among them, that are as far from zero."""
    return float((np.abs(null) >= abs(null[0]) - 1e-12).mean())
