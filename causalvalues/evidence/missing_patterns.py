"""Rows sorted by which answers are missing, and the normal log-likelihood of what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray, IntArray

AT_ONCE = 4e6
"""Most numbers (32 MB) in a stack of matrices that is worked on at once."""


@dataclass(frozen=True, eq=False)
class Patterns:
    """Sums over the rows of each of K patterns of missing answers.

    Parameters
    ----------
    seen : array (K, m) of bool
        Which columns a pattern answered; patterns in sorted order.
    code : array (n,) of int
        Pattern of each row.
    weight : array (K,)
    first : array (K, m)
        Sum of the rows, zero where there is no answer.
    second : array (K, m, m)
        Sum of their products.
    """

    seen: BoolArray
    code: IntArray
    weight: FloatArray
    first: FloatArray
    second: FloatArray

    def slices(self) -> Iterator[slice]:
        """Yield runs of patterns whose matrices fit in memory together."""
        k, m = self.seen.shape
        step = max(int(AT_ONCE / m**2), 1)
        for start in range(0, k, step):
            yield slice(start, min(start + step, k))


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Log-likelihood at a mean (m,) and covariance (m, m), with its gradient (g, H)."""

    mean: FloatArray
    covariance: FloatArray
    value: float
    g: FloatArray
    H: FloatArray


def patterns_of(columns: FloatArray, weights: FloatArray) -> Patterns:
    """Sort rows (n, m), NaN where there is no answer, into patterns and add them up."""
    seen, code = np.unique(~np.isnan(columns), axis=0, return_inverse=True)
    code = code.reshape(-1).astype(np.int64)
    k, m = seen.shape
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(k + 1))
    filled = np.where(np.isnan(columns), 0.0, columns)[order]
    w = weights[order]
    scaled = np.sqrt(w)[:, None] * filled
    second = np.empty((k, m, m))
    for i in range(k):
        part = scaled[starts[i] : starts[i + 1]]
        np.einsum("ni,nj->ij", part, part, out=second[i])
    first = np.add.reduceat(w[:, None] * filled, starts[:-1], axis=0)
    return Patterns(seen, code, np.add.reduceat(w, starts[:-1]), first, second)


def precisions(covariance: FloatArray, seen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the inverse (k, m, m) of the answered part of a covariance, zero elsewhere, and its log-determinant (k,).

    Raises
    ------
    numpy.linalg.LinAlgError
        If a part is not positive definite.
    """
    both = seen[:, :, None] & seen[:, None, :]
    eye = np.eye(len(covariance))
    padded = np.where(both, covariance, eye)
    roots = np.linalg.cholesky(padded)
    logs = 2 * np.log(np.einsum("kii->ki", roots)).sum(axis=1)
    inverse = np.where(both, np.linalg.inv(padded), 0.0)
    return (inverse + inverse.transpose(0, 2, 1)) / 2, logs


def likelihood(patterns: Patterns, mean: FloatArray, covariance: FloatArray) -> Likelihood:
    """Return the observed-data log-likelihood and its gradient."""
    m = len(mean)
    value, g, gradient = 0.0, np.zeros(m), np.zeros((m, m))
    for part in patterns.slices():
        inverse, logs = precisions(covariance, patterns.seen[part])
        weight = patterns.weight[part]
        step, second = about(patterns, part, mean)
        g += np.einsum("kij,kj->i", inverse, step)
        gradient += (inverse @ second @ inverse).sum(axis=0) - np.einsum("k,kij->ij", weight, inverse)
        size = patterns.seen[part].sum(axis=1)
        value -= 0.5 * float((weight * (logs + size * np.log(2 * np.pi))).sum())
        value -= 0.5 * float((inverse * second).sum())
    return Likelihood(mean, covariance, value, g, gradient)


def about(patterns: Patterns, part: slice, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return sums (k, m) and sums of products (k, m, m) of the rows less a mean, zero where there is no answer."""
    weight, first = patterns.weight[part], patterns.first[part]
    level = np.where(patterns.seen[part], mean, 0.0)
    cross = (first - weight[:, None] * level / 2)[:, :, None] * level[:, None, :]
    return first - weight[:, None] * level, patterns.second[part] - cross - cross.transpose(0, 2, 1)
