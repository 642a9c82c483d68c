"""Bounds and losses of many choices, compiled.

Shapes: n choices with at most t acting terms each, K terms, p values, s draws. Sums run in the order of the values and
terms, without reordering, so that the same numbers come out everywhere.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from causalvalues.frozen import FloatArray, IntArray

ABSOLUTE, SQUARED, WORST, RANK = 0, 1, 2, 3


@njit(cache=True)
def added(terms: IntArray, doses: FloatArray, effects: FloatArray) -> FloatArray:
    """Return sum over terms of dose * effects (K, m) of each choice, (n, m)."""
    n, m = len(terms), effects.shape[1]
    found = np.zeros((n, m))
    for row in range(n):
        for j in range(terms.shape[1]):
            dose = doses[row, j]
            if dose != 0.0:
                for i in range(m):
                    found[row, i] += dose * effects[terms[row, j], i]
    return found


@njit(cache=True)
def mean_losses(
    terms: IntArray, doses: FloatArray, gap: FloatArray, effects: FloatArray, weights: FloatArray, code: int
) -> FloatArray:
    """Return the loss (n,) of the mean error of each choice, which bounds the risk of its loss (Jensen, 1906)."""
    n, p = len(terms), len(gap)
    found, error = np.empty(n), np.empty(p)
    for row in range(n):
        error[:] = gap
        for j in range(terms.shape[1]):
            dose = doses[row, j]
            if dose != 0.0:
                for i in range(p):
                    error[i] -= dose * effects[terms[row, j], i]
        total = 0.0
        for i in range(p):
            part = weights[i] * (error[i] * error[i] if code == SQUARED else abs(error[i]))
            total = max(total, part) if code == WORST else total + part
        found[row] = total
    return found


@njit(cache=True)
def raise_bounds(
    bounds: FloatArray, terms: IntArray, doses: FloatArray, constant: FloatArray, slopes: FloatArray
) -> FloatArray:
    """Raise bounds (n, m) of the parts to tangents, constant (m,) - doses @ slopes (K, m); return the sums (n,)."""
    n, m = bounds.shape
    totals, line = np.empty(n), np.empty(m)
    for row in range(n):
        line[:] = constant
        for j in range(terms.shape[1]):
            dose = doses[row, j]
            if dose != 0.0:
                for i in range(m):
                    line[i] -= dose * slopes[terms[row, j], i]
        total = 0.0
        for i in range(m):
            bounds[row, i] = max(bounds[row, i], line[i])
            total += bounds[row, i]
        totals[row] = total
    return totals


@njit(cache=True)
def draw_losses(
    terms: IntArray, doses: FloatArray, gap: FloatArray, effects: FloatArray, weights: FloatArray, code: int
) -> FloatArray:
    """Return the loss (n, s) of each choice in each draw, from gap (p, s) and effects (K, p, s)."""
    n, (p, s) = len(terms), gap.shape
    found, error = np.zeros((n, s)), np.empty(s)
    for row in range(n):
        for i in range(p):
            if weights[i] == 0.0:
                continue
            error[:] = gap[i]
            for j in range(terms.shape[1]):
                dose = doses[row, j]
                if dose != 0.0:
                    effect = effects[terms[row, j], i]
                    for d in range(s):
                        error[d] -= dose * effect[d]
            weight = weights[i]
            if code == SQUARED:
                for d in range(s):
                    found[row, d] += weight * error[d] * error[d]
            elif code == WORST:
                for d in range(s):
                    found[row, d] = max(found[row, d], weight * abs(error[d]))
            else:
                for d in range(s):
                    found[row, d] += weight * abs(error[d])
    return found


@njit(cache=True)
def rank_losses(
    terms: IntArray, doses: FloatArray, base: FloatArray, effects: FloatArray, wanted: FloatArray
) -> FloatArray:
    """Return 1 - Spearman's correlation (n, s), from base (p, s), effects (K, p, s) and wanted scores (p,)."""
    n, (p, s) = len(terms), base.shape
    found, reached, rank = np.empty((n, s)), np.empty((p, s)), np.empty(p)
    goal = np.empty(p)
    _mean_ranks(wanted, goal)
    size = math.sqrt((goal * goal).sum())
    for row in range(n):
        reached[:] = base
        for j in range(terms.shape[1]):
            dose = doses[row, j]
            if dose != 0.0:
                effect = effects[terms[row, j]]
                for i in range(p):
                    for d in range(s):
                        reached[i, d] += dose * effect[i, d]
        for d in range(s):
            _mean_ranks(reached[:, d], rank)
            own = math.sqrt((rank * rank).sum())
            found[row, d] = 1.0 - ((rank * goal).sum() / (own * size) if own > 0.0 and size > 0.0 else 0.0)
    return found


@njit(cache=True)
def _mean_ranks(scores: FloatArray, rank: FloatArray) -> None:
    """Write mean ranks, centred, into `rank`."""
    p = len(scores)
    for i in range(p):
        place = 0.5
        for j in range(p):
            if scores[j] < scores[i]:
                place += 1.0
            elif scores[j] == scores[i]:
                place += 0.5
        rank[i] = place - 0.5 * (p + 1)
