"""Counting, fitting and influence of one polychoric or polyserial correlation, compiled.

Shapes: n rows; C design cells (1 without levers); A and B categories. Thresholds t (C, A - 1) rise along a row and have
the design's shift taken off, so that residuals are standard normal. A code of -1 and a NaN stand for no answer.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from causalvalues.evidence.bivariate_normal_kernels import corners, normal_below, normal_density
from causalvalues.frozen import FloatArray, IntArray

LEAST = 1e-15
"""Smallest probability of a rectangle: below it, differences of distribution functions are rounding."""

CLOSE = 1e-9
FLAT = 1e-6
"""A likelihood that loses no more than this on the way to the bound does not say where the correlation lies."""

STEPS = 100


@njit(cache=True)
def count_tables(
    first: IntArray, second: IntArray, cells: IntArray, weights: FloatArray, shape: tuple[int, int, int]
) -> FloatArray:
    """Return the weight (C, A, B) of the rows with each pair of answers in each design cell."""
    counts = np.zeros(shape)
    for row in range(len(first)):
        if first[row] >= 0 and second[row] >= 0:
            counts[cells[row], first[row], second[row]] += weights[row]
    return counts


@njit(cache=True)
def _table_likelihood(
    counts: FloatArray, t: FloatArray, s: FloatArray, rho: float, penalty: float
) -> tuple[float, float, float]:
    """Return the (penalised) log-likelihood, its derivative by rho, and the expected information."""
    a, b = counts.shape[1], counts.shape[2]
    below, density = np.empty((a + 1, b + 1)), np.empty((a + 1, b + 1))
    value = slope = information = 0.0
    for c in range(len(counts)):
        total = counts[c].sum()
        if total <= 0.0:
            continue
        corners(t[c], s[c], rho, below, density)
        for i in range(a):
            for j in range(b):
                chance = below[i + 1, j + 1] - below[i, j + 1] - below[i + 1, j] + below[i, j]
                change = density[i + 1, j + 1] - density[i, j + 1] - density[i + 1, j] + density[i, j]
                chance = max(chance, LEAST)
                value += counts[c, i, j] * math.log(chance)
                slope += counts[c, i, j] * change / chance
                information += total * change * change / chance
    return _penalised(value, slope, information, rho, penalty)


@njit(cache=True)
def _penalised(
    value: float, slope: float, information: float, rho: float, penalty: float
) -> tuple[float, float, float]:
    """Add the log of a prior density (1 - rho^2)^penalty, its derivative and its curvature."""
    rest = 1.0 - rho * rho
    value += penalty * math.log(rest)
    slope -= 2.0 * penalty * rho / rest
    return value, slope, information + 2.0 * penalty * (1.0 + rho * rho) / rest**2


@njit(cache=True)
def _proposal(rho: float, slope: float, information: float, bound: float) -> float:
    """Return a scoring step that goes at most half of the way to the end of the range."""
    step = slope / max(information, 1e-300)
    most = 0.5 * (1.0 - rho) if step > 0 else -0.5 * (1.0 + rho)
    if abs(step) > abs(most):
        step = most
    return min(max(rho + step, -bound), bound)


@njit(cache=True)
def fit_table(counts: FloatArray, t: FloatArray, s: FloatArray, bound: float, penalty: float) -> float:
    """Maximise the likelihood of the tables over one correlation, by scoring steps that never lose likelihood."""
    rho = 0.0
    value, slope, information = _table_likelihood(counts, t, s, rho, penalty)
    for _ in range(STEPS):
        new = _proposal(rho, slope, information, bound)
        while abs(new - rho) > CLOSE:
            trial = _table_likelihood(counts, t, s, new, penalty)
            if trial[0] >= value:
                value, slope, information = trial
                break
            new = 0.5 * (rho + new)
        if abs(new - rho) <= CLOSE:
            break
        rho = new
    end = math.copysign(bound, rho)
    return end if _table_likelihood(counts, t, s, end, penalty)[0] >= value - FLAT else rho


@njit(cache=True)
def table_influence(
    counts: FloatArray, t: FloatArray, s: FloatArray, rho: float
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Return what the influence function of a polychoric correlation is made of.

    Returns
    -------
    score : array (C, A, B)
        Derivative by rho of the log probability of each pair of answers.
    first, second : array (C, A - 1), (C, B - 1)
        Expected information shared by rho and each threshold, summed over rows.
    information : float
        Expected information of rho.
    """
    a, b = counts.shape[1], counts.shape[2]
    score = np.zeros(counts.shape)
    first, second = np.zeros((len(counts), a - 1)), np.zeros((len(counts), b - 1))
    below, density = np.empty((a + 1, b + 1)), np.empty((a + 1, b + 1))
    rest, information = math.sqrt(1.0 - rho * rho), 0.0
    for c in range(len(counts)):
        total = counts[c].sum()
        if total <= 0.0:
            continue
        corners(t[c], s[c], rho, below, density)
        for i in range(a):
            for j in range(b):
                chance = below[i + 1, j + 1] - below[i, j + 1] - below[i + 1, j] + below[i, j]
                change = density[i + 1, j + 1] - density[i, j + 1] - density[i + 1, j] + density[i, j]
                score[c, i, j] = change / max(chance, LEAST)
                information += total * change * score[c, i, j]
        for i in range(a - 1):
            for j in range(b):
                side = normal_density(t[c, i]) * _between(s[c], j, rho * t[c, i], rest)
                first[c, i] += total * side * (score[c, i, j] - score[c, i + 1, j])
        for j in range(b - 1):
            for i in range(a):
                side = normal_density(s[c, j]) * _between(t[c], i, rho * s[c, j], rest)
                second[c, j] += total * side * (score[c, i, j] - score[c, i, j + 1])
    return score, first, second, information


@njit(cache=True)
def _between(t: FloatArray, category: int, mean: float, scale: float) -> float:
    """Return P(t_(category - 1) < X < t_category) for X normal with this mean and scale."""
    high = normal_below((t[category] - mean) / scale) if category < len(t) else 1.0
    low = normal_below((t[category - 1] - mean) / scale) if category > 0 else 0.0
    return high - low


@njit(cache=True)
def table_rows(
    codes: tuple[IntArray, IntArray, IntArray],
    score: FloatArray,
    first: FloatArray,
    second: FloatArray,
    weights: FloatArray,
) -> FloatArray:
    """Return each row's influence (n,): its score where both answers are there, and its part in each margin.

    Parameters
    ----------
    codes : arrays (n,) of int
        First answer, second answer, design cell.
    score : array (C, A, B)
    first, second : array (C, A), (C, B)
        What an answer adds through the thresholds of its column.
    weights : array (n,)
    """
    out = np.zeros(len(weights))
    for row in range(len(weights)):
        i, j, c = codes[0][row], codes[1][row], codes[2][row]
        if i >= 0:
            out[row] += first[c, i]
        if j >= 0:
            out[row] += second[c, j]
            if i >= 0:
                out[row] += score[c, i, j]
        out[row] *= weights[row]
    return out


@njit(cache=True)
def _serial_row(t: FloatArray, z: float, rho: float, chance: FloatArray, change: FloatArray) -> None:
    """Fill the probability of each category given z, and its derivative by rho."""
    rest = math.sqrt(1.0 - rho * rho)
    below = side = 0.0
    for k in range(len(chance)):
        above, other = 1.0, 0.0
        if k < len(t):
            u = (t[k] - rho * z) / rest
            above = normal_below(u)
            other = normal_density(u) * (rho * t[k] - z) / rest**3
        chance[k] = max(above - below, LEAST)
        change[k] = other - side
        below, side = above, other


@njit(cache=True)
def _serial_likelihood(
    rows: tuple[FloatArray, IntArray, IntArray, FloatArray], t: FloatArray, rho: float, penalty: float
) -> tuple[float, float, float]:
    z, codes, cells, weights = rows
    categories = t.shape[1] + 1
    chance, change = np.empty(categories), np.empty(categories)
    value = slope = information = 0.0
    for row in range(len(z)):
        if codes[row] < 0 or np.isnan(z[row]):
            continue
        _serial_row(t[cells[row]], z[row], rho, chance, change)
        value += weights[row] * math.log(chance[codes[row]])
        slope += weights[row] * change[codes[row]] / chance[codes[row]]
        for k in range(categories):
            information += weights[row] * change[k] * change[k] / chance[k]
    return _penalised(value, slope, information, rho, penalty)


@njit(cache=True)
def fit_serial(
    rows: tuple[FloatArray, IntArray, IntArray, FloatArray], t: FloatArray, bound: float, penalty: float
) -> float:
    """Maximise the likelihood of the categories given the continuous column over one correlation.

    Parameters
    ----------
    rows : arrays (n,)
        Standardised continuous column, category, design cell, weight.
    t : array (C, A - 1)
    bound, penalty : float
    """
    rho = 0.0
    value, slope, information = _serial_likelihood(rows, t, rho, penalty)
    for _ in range(STEPS):
        new = _proposal(rho, slope, information, bound)
        while abs(new - rho) > CLOSE:
            trial = _serial_likelihood(rows, t, new, penalty)
            if trial[0] >= value:
                value, slope, information = trial
                break
            new = 0.5 * (rho + new)
        if abs(new - rho) <= CLOSE:
            break
        rho = new
    end = math.copysign(bound, rho)
    return end if _serial_likelihood(rows, t, end, penalty)[0] >= value - FLAT else rho


@njit(cache=True)
def serial_influence(
    rows: tuple[FloatArray, IntArray, IntArray, FloatArray], t: FloatArray, rho: float
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Return what the influence function of a polyserial correlation is made of.

    Returns
    -------
    score : array (n,)
        Derivative by rho of the log probability of the category; zero where an answer is missing.
    shared : array (C, A - 1)
        Information (given z) shared by rho and each threshold, summed over rows.
    slope : array (n,)
        Information shared by rho and the standardised value z of each row.
    information : float
    """
    z, codes, cells, weights = rows
    categories = t.shape[1] + 1
    chance, change = np.empty(categories), np.empty(categories)
    score, slope, shared, information = np.zeros(len(z)), np.zeros(len(z)), np.zeros(t.shape), 0.0
    rest = math.sqrt(1.0 - rho * rho)
    for row in range(len(z)):
        if codes[row] < 0 or np.isnan(z[row]):
            continue
        c = cells[row]
        _serial_row(t[c], z[row], rho, chance, change)
        score[row] = change[codes[row]] / chance[codes[row]]
        for k in range(categories):
            information += weights[row] * change[k] * change[k] / chance[k]
        for k in range(categories - 1):
            side = normal_density((t[c, k] - rho * z[row]) / rest) / rest
            gap = side * (change[k] / chance[k] - change[k + 1] / chance[k + 1])
            shared[c, k] += weights[row] * gap
            slope[row] -= rho * gap
    return score, shared, slope, information
