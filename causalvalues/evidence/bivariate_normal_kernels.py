"""The bivariate normal distribution function, compiled, and rectangles of a grid of thresholds.

P(X < h, Y < k) = Phi(h) Phi(k) + integral from 0 to rho of the bivariate density over the correlation. The integral
is taken over the arc sine of the correlation by Gauss-Legendre quadrature; near |rho| = 1 the leading terms of an
expansion are taken out first. Error about 1e-15.

References
----------
Drezner and Wesolowsky (1990), Journal of Statistical Computation and Simulation 35, 101-107; Genz (2004), Statistics
and Computing 14, 251-260 (function BVND).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from causalvalues.frozen import FloatArray

NODES_12, WEIGHTS_12 = np.polynomial.legendre.leggauss(12)
NODES_20, WEIGHTS_20 = np.polynomial.legendre.leggauss(20)
ROOT_2 = math.sqrt(2.0)
ROOT_2_PI = math.sqrt(2.0 * math.pi)
TWO_PI = 2.0 * math.pi


@njit(cache=True)
def normal_below(x: float) -> float:
    """Return P(X < x)."""
    return 0.5 * math.erfc(-x / ROOT_2)


@njit(cache=True)
def normal_density(x: float) -> float:
    """Return the standard normal density."""
    return math.exp(-0.5 * x * x) / ROOT_2_PI


@njit(cache=True)
def binormal_density(h: float, k: float, rho: float) -> float:
    """Return the density of two standard normal variables with correlation rho, |rho| < 1."""
    rest = 1.0 - rho * rho
    return math.exp(-0.5 * (h * h - 2.0 * rho * h * k + k * k) / rest) / (TWO_PI * math.sqrt(rest))


@njit(cache=True)
def binormal_below(h: float, k: float, rho: float) -> float:
    """Return P(X < h, Y < k) for finite h and k and |rho| <= 1."""
    return _moderate(h, k, rho) if abs(rho) < 0.925 else _strong(-h, -k, rho)


@njit(cache=True)
def _moderate(h: float, k: float, rho: float) -> float:
    product, squares = h * k, (h * h + k * k) / 2.0
    half = math.asin(rho) / 2.0
    total = 0.0
    if abs(rho) < 0.5:
        for node, weight in zip(NODES_12, WEIGHTS_12):  # noqa: B905 (numba knows no strict)
            sine = math.sin(half * (1.0 + node))
            total += weight * math.exp((sine * product - squares) / (1.0 - sine * sine))
    else:
        for node, weight in zip(NODES_20, WEIGHTS_20):  # noqa: B905
            sine = math.sin(half * (1.0 + node))
            total += weight * math.exp((sine * product - squares) / (1.0 - sine * sine))
    return total * half / TWO_PI + normal_below(h) * normal_below(k)


@njit(cache=True)
def _strong(h: float, k: float, rho: float) -> float:
    """Return P(X > h, Y > k) for a correlation near 1 or -1."""
    if rho < 0:
        k = -k
    product = h * k
    total = 0.0
    if abs(rho) < 1.0:
        rest = (1.0 - rho) * (1.0 + rho)
        a = math.sqrt(rest)
        square = (h - k) ** 2
        c, d = (4.0 - product) / 8.0, (12.0 - product) / 80.0
        power = -(square / rest + product) / 2.0
        if power > -100.0:
            lead = 1.0 - c * (square - rest) * (1.0 - d * square) / 3.0 + c * d * rest * rest
            total = a * math.exp(power) * lead
        if product > -100.0:
            b = math.sqrt(square)
            tail = ROOT_2_PI * normal_below(-b / a)
            total -= math.exp(-product / 2.0) * tail * b * (1.0 - c * square * (1.0 - d * square) / 3.0)
        total = (a / 2.0 * _remainder(a / 2.0, square, product, c, d) - total) / TWO_PI
    if rho > 0:
        return total + normal_below(-max(h, k))
    if h >= k:
        return max(-total, 0.0)
    gap = normal_below(k) - normal_below(h) if h < 0 else normal_below(-h) - normal_below(-k)
    return max(gap - total, 0.0)


@njit(cache=True)
def _remainder(a: float, square: float, product: float, c: float, d: float) -> float:
    """Return what the leading terms leave, as a quadrature without its factor."""
    total = 0.0
    for node, weight in zip(NODES_20, WEIGHTS_20):  # noqa: B905
        x = (a * (1.0 + node)) ** 2
        power = -(square / x + product) / 2.0
        if power > -100.0:
            root = math.sqrt(1.0 - x)
            exact = math.exp(-product / 2.0 * x / (1.0 + root) ** 2) / root
            total += weight * math.exp(power) * (1.0 + c * x * (1.0 + 5.0 * d * x) - exact)
    return total


@njit(cache=True)
def corners(rows: FloatArray, columns: FloatArray, rho: float, below: FloatArray, density: FloatArray) -> None:
    """Fill P(X < t_a, Y < s_b) and its derivative by rho (the density) on the grid of thresholds, borders included.

    Parameters
    ----------
    rows, columns : array (A - 1,), (B - 1,)
        Rising thresholds.
    rho : float
    below, density : array (A + 1, B + 1)
        Filled. Index 0 stands for minus infinity, the last for infinity.
    """
    a, b = len(rows) + 1, len(columns) + 1
    below[:] = 0.0
    density[:] = 0.0
    for i in range(1, a):
        below[i, b] = normal_below(rows[i - 1])
        for j in range(1, b):
            below[i, j] = binormal_below(rows[i - 1], columns[j - 1], rho)
            density[i, j] = binormal_density(rows[i - 1], columns[j - 1], rho)
    for j in range(1, b):
        below[a, j] = normal_below(columns[j - 1])
    below[a, b] = 1.0
