"""Compiled loops of the order search: the parents of one node, by grow-shrink from one correlation matrix.

Adding a parent adds a row to the basis and updates every candidate at once (a rank-1 Schur step); dropping one rotates
the later rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from causalvalues.discovery.order_state import OrderTask, ParentBasis
from causalvalues.frozen import FloatArray, IntArray

BORROWED: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
"""Options for loops that make no array and only work on those of their caller: without reference counts of each array
at each call they take half the time, and without the interpreter's lock threads run beside each other."""

COLLINEAR = 1e-9  # smallest share of a candidate's variance that the parents must leave unexplained
NOTHING = 1e-12  # a residual variance that counts as none


@njit(**BORROWED)
def add_row(k: int, u: int, v: int, R: FloatArray, basis: ParentBasis) -> None:
    """Make `u` the parent number `k` of `v`."""
    rows, left, shared = basis.rows, basis.left, basis.shared
    p = R.shape[0]
    row = rows[k]
    for j in range(p):
        row[j] = R[u, j]
    for i in range(k):
        factor = rows[i, u]
        for j in range(p):
            row[j] -= factor * rows[i, j]
    scale = 1.0 / np.sqrt(left[u])
    for j in range(p):
        row[j] *= scale
    with_v = row[v]
    for j in range(p):
        shared[j] -= with_v * row[j]
        left[j] -= row[j] * row[j]


@njit(**BORROWED)
def drop_row(place: int, k: int, v: int, parents: IntArray, basis: ParentBasis) -> None:
    """Take the parent at `place` out of k parents, by Givens rotations of the later rows."""
    rows, left, shared = basis.rows, basis.left, basis.shared
    p = rows.shape[1]
    for i in range(place, k - 1):
        parents[i] = parents[i + 1]
        a, b = rows[i, parents[i]], rows[i + 1, parents[i]]
        length = np.sqrt(a * a + b * b)
        cosine, sine = a / length, b / length
        for j in range(p):
            upper, lower = rows[i, j], rows[i + 1, j]
            rows[i, j] = cosine * upper + sine * lower
            rows[i + 1, j] = cosine * lower - sine * upper
    last = rows[k - 1]
    with_v = last[v]
    for j in range(p):
        shared[j] += with_v * last[j]
        left[j] += last[j] * last[j]


@njit(**BORROWED)
def weakest(v: int, k: int, fixed: int, parents: IntArray, basis: ParentBasis) -> tuple[int, float]:
    """Return the place of the parent that explains least given the others (the first `fixed` excepted), and how much.

    Without parent i the residual variance grows by b_i^2 / g_ii, with b the coefficients and g the inverse of the
    parents' correlations; both follow from column i of L^-1, where L[i, j] = rows[j, parents[i]].
    """
    best, least = -1, np.inf
    rows, column = basis.rows, basis.column
    for place in range(fixed, k):
        coefficient, norm = 0.0, 0.0
        for i in range(place, k):
            entry = 1.0 if i == place else 0.0
            for j in range(place, i):
                entry -= rows[j, parents[i]] * column[j]
            entry /= rows[i, parents[i]]
            column[i] = entry
            coefficient += entry * rows[i, v]
            norm += entry * entry
        lost = coefficient * coefficient / norm
        if lost < least * (1 - 1e-9):
            best, least = place, lost
    return best, least


@njit(**BORROWED)
def strongest(k: int, parents: IntArray, task: OrderTask) -> tuple[int, float]:
    """Return the candidate that explains most residual variance (-1: none), and how much."""
    best, most = -1, 0.0
    candidate, left, shared = task.candidate, task.basis.left, task.basis.shared
    for u in range(left.shape[0]):
        if candidate[u] and left[u] > COLLINEAR:
            explained = shared[u] * shared[u] / left[u]
            if explained > most * (1 + 1e-9):
                inside = False
                for place in range(k):
                    inside = inside or parents[place] == u
                if not inside:
                    best, most = u, explained
    return best, most


@njit(**BORROWED)
def grow_shrink(v: int, k: int, parents: IntArray, task: OrderTask) -> tuple[int, float]:
    """Improve the k parents of `v` in place: add the best of `task.candidate`, drop the weakest, while that helps.

    `task.basis` is left as seen from the parents found, for `note_shares`.

    Returns
    -------
    k : int
        How many parents there are now.
    score : float
        -n/2 log(residual variance) - price * k.
    """
    limit = parents.shape[0]
    fixed, basis, R = task.fixed[v], task.basis, task.R[task.which[v]]
    half_n, price, enough, dear = task.rule[v, 0], task.rule[v, 1], task.rule[v, 2], task.rule[v, 3]
    for j in range(R.shape[0]):
        basis.left[j] = 1.0
        basis.shared[j] = R[v, j]
    given, k = k, int(np.int64(0))
    for place in range(given):
        u = parents[place]
        if basis.left[u] > COLLINEAR:
            add_row(k, u, v, R, basis)
            parents[k] = u
            k += 1
        elif place < fixed:  # a required parent that the others explain: it stays, and carries nothing
            for j in range(R.shape[0]):
                basis.rows[k, j] = 1.0 if j == u else 0.0
            parents[k] = u
            k += 1
    changed = True
    while changed:
        changed = False
        while k < limit:
            u, explained = strongest(k, parents, task)
            left = basis.left[v]
            if u < 0 or explained >= left or explained <= enough * left:
                break
            add_row(k, u, v, R, basis)
            parents[k] = u
            k += 1
        while k > fixed:
            place, lost = weakest(v, k, fixed, parents, basis)
            if lost >= dear * basis.left[v]:
                break
            drop_row(place, k, v, parents, basis)
            k -= 1
            changed = True
    return k, -half_n * np.log(max(basis.left[v], NOTHING)) - price * k


@njit(**BORROWED)
def note_shares(v: int, basis: ParentBasis, shares: FloatArray) -> None:
    """Write to `shares` (p,) which share of the residual variance of `v` each node would explain as one more parent."""
    left, shared = basis.left, basis.shared
    unit = 1.0 / left[v] if left[v] > NOTHING else 0.0
    for u in range(left.shape[0]):
        shares[u] = shared[u] * shared[u] / left[u] * unit if left[u] > COLLINEAR else 0.0
