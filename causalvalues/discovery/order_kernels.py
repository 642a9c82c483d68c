"""Compiled loops of the order search: the parents of one node, by grow-shrink from one correlation matrix.

Adding a parent adds a row to the basis and updates every candidate at once (a rank-1 Schur step); dropping one rotates
the later rows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.discovery.order_state import OrderTask, ParentBasis
from causalvalues.frozen import FloatArray, IntArray

EPS = 1e-7  # smallest gain in log score that counts, so that rounding decides nothing
COLLINEAR = 1e-9  # smallest share of a candidate's variance that the parents must leave unexplained


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def strongest(k: int, parents: IntArray, task: OrderTask, basis: ParentBasis) -> tuple[int, float]:
    """Return the candidate that explains most residual variance (-1: none), and how much."""
    best, most = -1, 0.0
    candidate, left, shared = task.candidate, basis.left, basis.shared
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


@njit(cache=True)
def grow_shrink(v: int, k: int, parents: IntArray, task: OrderTask) -> tuple[int, float]:
    """Improve the k parents of `v` in place: add the best of `task.candidate`, drop the weakest, while that helps.

    Returns
    -------
    k : int
        How many parents there are now.
    score : float
        -n/2 log(residual variance) - price * k.
    """
    limit = parents.shape[0]
    fixed, half_n, price = task.fixed[v], task.rule[0], task.rule[1]
    basis = ParentBasis(task.work[:limit], task.work[limit], task.work[limit + 1], task.work[limit + 2])
    for j in range(task.R.shape[0]):
        basis.left[j] = 1.0
        basis.shared[j] = task.R[v, j]
    given, k = k, int(np.int64(0))
    for place in range(given):
        u = parents[place]
        if basis.left[u] > COLLINEAR:
            add_row(k, u, v, task.R, basis)
            parents[k] = u
            k += 1
        elif place < fixed:  # a required parent that the others explain: it stays, and carries nothing
            for j in range(task.R.shape[0]):
                basis.rows[k, j] = 1.0 if j == u else 0.0
            parents[k] = u
            k += 1
    changed = True
    while changed:
        changed = False
        while k < limit:
            u, explained = strongest(k, parents, task, basis)
            left = basis.left[v]
            if u < 0 or explained >= left or -half_n * np.log1p(-explained / left) <= price + EPS:
                break
            add_row(k, u, v, task.R, basis)
            parents[k] = u
            k += 1
        while k > fixed:
            place, lost = weakest(v, k, fixed, parents, basis)
            if half_n * np.log1p(lost / basis.left[v]) >= price - EPS:
                break
            drop_row(place, k, v, parents, basis)
            k -= 1
            changed = True
    return k, -half_n * np.log(max(basis.left[v], 1e-12)) - price * k


@njit(cache=True)
def gain_of(u: int, v: int, k: int, parents: IntArray, task: OrderTask) -> float:
    """Return the gain in log score when `u` joins the k parents of `v` (row-wise Cholesky, two columns appended)."""
    R, work = task.R, task.work
    left_u, left_v, shared = 1.0, 1.0, R[u, v]
    for i in range(k):
        a = parents[i]
        row = work[i]
        diagonal, with_u, with_v = 1.0, R[a, u], R[a, v]
        for j in range(i):
            entry = R[a, parents[j]]
            for m in range(j):
                entry -= row[m] * work[j, m]
            entry /= work[j, j]
            row[j] = entry
            diagonal -= entry * entry
            with_u -= entry * work[j, k]
            with_v -= entry * work[j, k + 1]
        root = np.sqrt(max(diagonal, COLLINEAR))
        with_u, with_v = with_u / root, with_v / root
        row[i], row[k], row[k + 1] = root, with_u, with_v
        left_u -= with_u * with_u
        left_v -= with_v * with_v
        shared -= with_u * with_v
    if left_u <= COLLINEAR or left_v <= 1e-12 or shared * shared >= left_u * left_v:
        return -np.inf
    gain: float = -task.rule[0] * np.log1p(-shared * shared / (left_u * left_v)) - task.rule[1]
    return gain
