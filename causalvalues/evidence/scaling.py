"""Multidimensional scaling: points in the plane whose distances match dissimilarities (SMACOF)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from causalvalues.errors import DataError
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.randomness import stream

STEPS = 3000
SMALL = 1e-12
"""Fall of the squared stress in one step at which the search ends."""


class Scale(Protocol):
    """What may be done to dissimilarities before they are compared with distances."""

    @property
    def name(self) -> str:
        """Name for captions."""
        ...

    def disparities(self, dissimilarity: FloatArray, distance: FloatArray) -> FloatArray:
        """Return the allowed transform (k,) of `dissimilarity` (k,) that is nearest to `distance` (k,)."""
        ...


@dataclass(frozen=True)
class Ordinal:
    """Only the order of the dissimilarities counts; tied ones may be untied (primary approach, Kruskal 1964)."""

    name: str = "ordinal"

    def disparities(self, dissimilarity: FloatArray, distance: FloatArray) -> FloatArray:
        """Return the monotone regression of the distances on the dissimilarities."""
        from scipy.optimize import isotonic_regression

        order = np.lexsort((distance, dissimilarity))
        found = np.empty_like(distance)
        found[order] = isotonic_regression(distance[order]).x
        return found


@dataclass(frozen=True)
class Interval:
    """Equal differences count equally: a + b x with b at least 0 and no disparity below 0."""

    name: str = "interval"

    def disparities(self, dissimilarity: FloatArray, distance: FloatArray) -> FloatArray:
        """Return the nearest c + b (x - min x) with b and c not negative (least squares on a cone of two rays)."""
        x = dissimilarity - dissimilarity.min()
        spread = float(np.square(x - x.mean()).sum())
        slope = float((x - x.mean()) @ distance / spread) if spread > 0 else 0.0
        level = float(distance.mean() - slope * x.mean())
        if slope >= 0 and level >= 0:
            return np.asarray(level + slope * x)
        if slope < 0:
            return np.full_like(x, distance.mean())
        return np.asarray(x * float(x @ distance) / float(x @ x))


@dataclass(frozen=True)
class Ratio:
    """Dissimilarities are distances up to a factor (metric scaling)."""

    name: str = "ratio"

    def disparities(self, dissimilarity: FloatArray, distance: FloatArray) -> FloatArray:
        """Return the dissimilarities themselves, whatever the distances; `scaled_points` sets their size."""
        return np.array(dissimilarity) if len(distance) else distance


@dataclass(frozen=True, eq=False)
class Scaling:
    """Points (n, 2) about the origin, in the units of normalised disparities, and their stress-1."""

    points: FloatArray
    stress: float


def scaled_points(dissimilarity: FloatArray, scale: Scale, start: FloatArray) -> Scaling:
    """Move points until no step of majorisation lowers the stress any more.

    Parameters
    ----------
    dissimilarity : array (n, n)
        Symmetric, not negative.
    scale : Ordinal, Interval or Ratio
    start : array (n, 2)

    Returns
    -------
    Scaling
        Stress-1 = sqrt(sum (disparity - distance)^2 / sum disparity^2) over pairs, which at the end equals Kruskal's
        with the distances in the denominator. It is a local minimum: try several starts (`best_points`).

    Notes
    -----
    SMACOF (de Leeuw 1977; Borg and Groenen 2005, chapters 8 and 9): X <- B(X) X / n with b_ij = -disparity_ij / d_ij
    and rows that sum to 0; before each step the disparities are fitted anew and normalised to a mean square of 1.
    """
    n = len(start)
    pairs = np.triu_indices(n, 1)
    x = dissimilarity[pairs]
    points = start - start.mean(axis=0)
    before = np.inf
    for _ in range(STEPS):
        distance = pair_distances(points, pairs)
        fitted = scale.disparities(x, distance)
        fitted = fitted / max(float(np.sqrt(np.mean(np.square(fitted)))), 1e-300)
        size = max(float(np.square(distance).sum()), 1e-300)
        factor = float((fitted * distance).sum()) / size
        points, distance = factor * points, factor * distance
        squared = float(np.square(fitted - distance).sum()) / len(x)
        if before - squared < SMALL:
            break
        before = squared
        points = _guttman(points, fitted / np.maximum(distance, 1e-12), pairs)
    return Scaling(points - points.mean(axis=0), float(np.sqrt(max(squared, 0.0))))


def best_points(dissimilarity: FloatArray, scale: Scale, seed: int, starts: int = 20) -> Scaling:
    """Return the best of several searches: from the classical solution (Torgerson 1958) and from random points.

    Parameters
    ----------
    dissimilarity : array (n, n)
    scale : Ordinal, Interval or Ratio
    seed : int
    starts : int, default 20
        Random starts.

    Raises
    ------
    DataError
        If there are fewer than 4 points, a number is not finite or negative, or all dissimilarities are zero.
    """
    n = len(dissimilarity)
    off = dissimilarity[np.triu_indices(n, 1)] if n > 1 else np.zeros(0)
    if n < 4:
        raise DataError(f"A map of {n} points says nothing: any three fit in the plane. Give at least 4.")
    if not np.isfinite(off).all() or (off < 0).any() or not off.any():
        raise DataError("Dissimilarities must be finite, not negative, and not all zero.")
    best = scaled_points(dissimilarity, scale, classical_points(dissimilarity))
    for number in range(starts):
        found = scaled_points(dissimilarity, scale, stream(seed, "start of a map", number).normal(size=(n, 2)))
        if found.stress < best.stress - 1e-9:
            best = found
    return best


def classical_points(dissimilarity: FloatArray) -> FloatArray:
    """Return the first two principal coordinates (n, 2) of squared, doubly centred dissimilarities."""
    squared = np.square(dissimilarity)
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    lengths = np.sqrt(np.maximum(values[-2:][::-1], 1e-12))
    return np.asarray(vectors[:, -2:][:, ::-1] * lengths)


def pair_distances(points: FloatArray, pairs: tuple[IntArray, ...]) -> FloatArray:
    """Return the distances (k,) of pairs of points."""
    apart = points[pairs[0]] - points[pairs[1]]
    return np.asarray(np.sqrt(np.square(apart).sum(axis=1)))


def _guttman(points: FloatArray, ratios: FloatArray, pairs: tuple[IntArray, ...]) -> FloatArray:
    """Return B(X) X / n (Borg and Groenen 2005, equation 8.28)."""
    n = len(points)
    b = np.zeros((n, n))
    b[pairs] = -ratios
    b += b.T
    b[np.diag_indices(n)] = -b.sum(axis=1)
    return np.asarray(np.einsum("ij,jk->ik", b, points) / n)
