"""Sums over all 2^p subsets, in numbers with a wide exponent.

A wide number is a pair (m, e) that stands for m * B^e with B = 2^256. Scores of real data span thousands of nats, which
overflows doubles; adding logarithms would cost an exp and a log for each of p 2^p additions. Adding wide numbers costs
a comparison. A mantissa starts within [2^-128, 2^128], so 2^20 additions need no normalisation in between.

Sets are bit masks. A parent set of node v is stored without the bit of v (see `squeeze`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from causalvalues.frozen import BoolArray, FloatArray

BASE = 2.0**256
INVERSE = 2.0**-256
HIGH = 2.0**128
LOW = 2.0**-128
LOG_BASE = 256.0 * np.log(2.0)
FAINT = 45.0  # a term e^-45 times the largest adds nothing to a sum of at most 2^22
ZERO = -(2**24)  # exponent of a wide zero: below every other


@njit(cache=True)
def squeeze(mask: int, v: int) -> int:
    """Drop the place of bit v (which is 0 in the mask): the index of a parent set of v."""
    low = mask & ((1 << v) - 1)
    return low | ((mask >> (v + 1)) << v)


@njit(cache=True)
def unsqueeze(index: int, v: int) -> int:
    """Insert a zero bit at place v: the inverse of `squeeze`."""
    low = index & ((1 << v) - 1)
    return low | ((index >> v) << (v + 1))


@njit(cache=True)
def normal(m: float, e: int) -> tuple[float, int]:
    """Bring the mantissa of a wide number back into [2^-128, 2^128]."""
    if m <= 0.0:
        return 0.0, ZERO
    while m > HIGH:
        m *= INVERSE
        e += 1
    while m < LOW:
        m *= BASE
        e -= 1
    return m, e


@njit(cache=True)
def add(m1: float, e1: int, m2: float, e2: int) -> tuple[float, int]:
    """Add two wide numbers; what is more than B smaller is nothing."""
    d = e1 - e2
    if d == 0:
        return m1 + m2, e1
    if d > 0:
        return (m1 + m2 * INVERSE if d == 1 else m1), e1
    return (m2 + m1 * INVERSE if d == -1 else m2), e2


@njit(cache=True)
def ratio(m1: float, e1: int, m2: float, e2: int) -> float:
    """Divide two wide numbers; the result is a double (a probability, so at most about 1)."""
    if m1 <= 0.0:
        return 0.0
    e = e1 - e2
    x = m1 / m2
    while e < 0 and x > 0.0:
        x *= INVERSE
        e += 1
    while e > 0:
        x *= BASE
        e -= 1
    return x


@njit(cache=True)
def from_logs(logs: FloatArray) -> tuple[FloatArray, np.ndarray]:
    """Turn natural logarithms into wide numbers; -inf gives a wide zero."""
    m = np.empty(logs.size)
    e = np.empty(logs.size, dtype=np.int32)
    for i in range(logs.size):
        if logs[i] == -np.inf:
            m[i], e[i] = 0.0, ZERO
        else:
            k = np.floor(logs[i] / LOG_BASE + 0.5)
            m[i], e[i] = np.exp(logs[i] - k * LOG_BASE), np.int32(k)
    return m, e


@njit(cache=True)
def _combine(m: FloatArray, e: np.ndarray, into: int, other: int, size: int) -> None:
    for i in range(size):
        a, b = m[into + i], m[other + i]
        ea, eb = e[into + i], e[other + i]
        d = ea - eb
        wa = 1.0 if d >= 0 else (INVERSE if d == -1 else 0.0)
        wb = 1.0 if d <= 0 else (INVERSE if d == 1 else 0.0)
        m[into + i] = a * wa + b * wb
        e[into + i] = max(ea, eb)


@njit(cache=True)
def subset_sums(m: FloatArray, e: np.ndarray, bits: int) -> None:
    """Replace x[S] by the sum of x[T] over T subset of S, in place (fast zeta transform)."""
    for j in range(bits):
        step = 1 << j
        for start in range(0, 1 << bits, 2 * step):
            _combine(m, e, start + step, start, step)


@njit(cache=True)
def superset_sums(m: FloatArray, e: np.ndarray, bits: int) -> None:
    """Replace x[S] by the sum of x[T] over T superset of S, in place."""
    for j in range(bits):
        step = 1 << j
        for start in range(0, 1 << bits, 2 * step):
            _combine(m, e, start, start + step, step)


@njit(cache=True)
def log_determinants(matrix: FloatArray) -> FloatArray:
    """Logarithms of the determinants of all 2^m principal sub-matrices (index = bit mask, empty set 0).

    Depth-first elimination: a node is put in by one Schur complement of the nodes after it, or left out. The sizes
    halve while the sets double, so the whole costs a few times 2^m. NaN where a sub-matrix is not positive definite.
    """
    m = matrix.shape[0]
    out = np.zeros(1 << m)
    work = np.empty((m + 1, m, m))
    work[0] = matrix
    chosen = np.zeros(m + 1, dtype=np.int64)  # 0: not visited, 1: left out, 2: put in
    masks = np.zeros(m + 1, dtype=np.int64)
    logs = np.zeros(m + 1)
    depth = 0
    while depth >= 0:
        if depth == m:
            out[masks[depth]] = logs[depth]
            depth -= 1
            continue
        state = chosen[depth]
        size = m - depth
        if state == 0:
            for i in range(1, size):
                for j in range(i, size):
                    work[depth + 1, i - 1, j - 1] = work[depth, i, j]
            masks[depth + 1], logs[depth + 1] = masks[depth], logs[depth]
        elif state == 1:
            pivot = work[depth, 0, 0]
            for i in range(1, size):
                factor = work[depth, 0, i] / pivot
                for j in range(i, size):
                    work[depth + 1, i - 1, j - 1] = work[depth, i, j] - factor * work[depth, 0, j]
            masks[depth + 1] = masks[depth] | (1 << depth)
            logs[depth + 1] = logs[depth] + np.log(pivot) if pivot > 0.0 else np.nan
        else:
            chosen[depth] = 0
            depth -= 1
            continue
        chosen[depth] += 1
        depth += 1
    return out


@njit(cache=True)
def order_sums(
    score_m: FloatArray, score_e: np.ndarray, p: int
) -> tuple[FloatArray, np.ndarray, FloatArray, np.ndarray]:
    """Sums over all orders: alpha[v, U] = sum of scores over P subset of U, and forward[S] over orders of S.

    Koivisto and Sood (2004), equations 6 to 9, without the bound on the number of parents.
    """
    half = 1 << (p - 1)
    alpha_m, alpha_e = score_m.copy(), score_e.copy()
    for v in range(p):
        subset_sums(alpha_m[v], alpha_e[v], p - 1)
        for i in range(half):
            alpha_m[v, i], alpha_e[v, i] = normal(alpha_m[v, i], alpha_e[v, i])
    full = 1 << p
    forward_m, forward_e = np.zeros(full), np.full(full, ZERO, dtype=np.int32)
    forward_m[0], forward_e[0] = 1.0, 0
    for s in range(1, full):
        m, e = 0.0, ZERO
        for v in range(p):
            if s >> v & 1:
                rest = s & ~(1 << v)
                i = squeeze(rest, v)
                m, e = add(m, e, forward_m[rest] * alpha_m[v, i], forward_e[rest] + alpha_e[v, i])
        forward_m[s], forward_e[s] = normal(m, e)
    return alpha_m, alpha_e, forward_m, forward_e


@njit(cache=True)
def order_edges(
    score: tuple[FloatArray, np.ndarray],
    alpha: tuple[FloatArray, np.ndarray],
    forward: tuple[FloatArray, np.ndarray],
    p: int,
) -> FloatArray:
    """Edge probabilities [cause, effect] under the order-modular prior (Koivisto 2006, forward and backward sums)."""
    full, half = 1 << p, 1 << (p - 1)
    back_m, back_e = np.zeros(full), np.full(full, ZERO, dtype=np.int32)
    back_m[full - 1], back_e[full - 1] = 1.0, 0
    for s in range(full - 2, -1, -1):
        m, e = 0.0, ZERO
        for v in range(p):
            if not s >> v & 1:
                i, t = squeeze(s, v), s | (1 << v)
                m, e = add(m, e, alpha[0][v, i] * back_m[t], alpha[1][v, i] + back_e[t])
        back_m[s], back_e[s] = normal(m, e)
    total_m, total_e = forward[0][full - 1], forward[1][full - 1]
    edges = np.zeros((p, p))
    gamma_m, gamma_e = np.empty(half), np.empty(half, dtype=np.int32)
    mass = np.empty(half)
    for v in range(p):
        for i in range(half):
            u = unsqueeze(i, v)
            gamma_m[i], gamma_e[i] = normal(forward[0][u] * back_m[u | (1 << v)], forward[1][u] + back_e[u | (1 << v)])
        superset_sums(gamma_m, gamma_e, p - 1)
        for i in range(half):
            m, e = normal(gamma_m[i], gamma_e[i])
            mass[i] = ratio(score[0][v, i] * m, score[1][v, i] + e, total_m, total_e)
        member_mass(mass, v, p, edges)
    return edges


@njit(cache=True)
def member_mass(mass: FloatArray, v: int, p: int, edges: FloatArray) -> None:
    """Add to edges[u, v] the mass of all parent sets of v that contain u; `mass` is used up."""
    size = mass.size
    for bit in range(p - 2, -1, -1):
        size >>= 1
        total = 0.0
        for i in range(size):
            total += mass[size + i]
            mass[i] += mass[size + i]
        edges[bit if bit < v else bit + 1, v] += total


@njit(cache=True)
def family_scores(dets: FloatArray, p: int, constants: FloatArray, outer: FloatArray, inner: FloatArray) -> FloatArray:
    """Local scores [v, parent set] from log-determinants; all three arrays are indexed by the number of parents l.

    score(v, P) = constants[l] - outer[l] ld[P + v] + inner[l] ld[P].
    """
    out = np.empty((p, 1 << (p - 1)))
    for v in range(p):
        for i in range(out.shape[1]):
            u = unsqueeze(i, v)
            size = members(u)
            out[v, i] = constants[size] - outer[size] * dets[u | (1 << v)] + inner[size] * dets[u]
    return out


@njit(cache=True, nogil=True)
def lever_scores(
    dets: FloatArray, p: int, k: int, terms: tuple[FloatArray, FloatArray, FloatArray], logprior: FloatArray
) -> FloatArray:
    """Local scores of p values with k levers as possible further parents, summed over the 2^k lever sets.

    Bits p, ..., p + k - 1 of a mask are levers; each lever set has prior weight 2^-k. The result is a logarithm.
    """
    out = np.empty((p, 1 << (p - 1)))
    logs, sizes = np.empty(1 << k), set_sizes(k)
    for v in range(p):
        for i in range(out.shape[1]):
            u = unsqueeze(i, v)
            best = lever_logs(dets, p, sizes, v, u, terms, logs)
            total = 0.0
            for levers in range(1 << k):
                if logs[levers] > best - FAINT:
                    total += np.exp(logs[levers] - best)
            out[v, i] = best + np.log(total) - k * np.log(2.0) + logprior[members(u)]
    return out


@njit(cache=True)
def lever_logs(
    dets: FloatArray,
    p: int,
    sizes: np.ndarray,
    v: int,
    u: int,
    terms: tuple[FloatArray, FloatArray, FloatArray],
    logs: FloatArray,
) -> float:
    """Fill the scores of v with value parents u and every lever set, without structure prior; return the largest.

    `sizes` (2^k,) holds the number of levers in each set.
    """
    constants, outer, inner = terms
    parents, best = members(u), -np.inf
    for levers in range(sizes.size):
        w = u | (levers << p)
        size = parents + sizes[levers]
        logs[levers] = constants[size] - outer[size] * dets[w | (1 << v)] + inner[size] * dets[w]
        best = max(best, logs[levers])
    return best


@njit(cache=True)
def set_sizes(k: int) -> np.ndarray:
    """Return the number of members of each of 2^k sets."""
    sizes = np.zeros(1 << k, dtype=np.int64)
    for s in range(1, 1 << k):
        sizes[s] = sizes[s >> 1] + (s & 1)
    return sizes


@njit(cache=True)
def draw_levers(
    dets: FloatArray, draws: BoolArray, k: int, terms: tuple[FloatArray, FloatArray, FloatArray], uniforms: FloatArray
) -> BoolArray:
    """Draw the lever parents (s, k, p) of every value given its value parents in each graph; uniforms (s, p)."""
    s, p = draws.shape[0], draws.shape[1]
    out = np.zeros((s, k, p), dtype=np.bool_)
    logs, sizes = np.empty(1 << k), set_sizes(k)
    for draw in range(s):
        for v in range(p):
            u = 0
            for w in range(p):
                if draws[draw, w, v]:
                    u |= 1 << w
            best = lever_logs(dets, p, sizes, v, u, terms, logs)
            weights = np.exp(logs - best)
            left = uniforms[draw, v] * weights.sum()
            levers = 0
            while levers < (1 << k) - 1 and left >= weights[levers]:
                left -= weights[levers]
                levers += 1
            for j in range(k):
                out[draw, j, v] = levers >> j & 1
    return out


@njit(cache=True)
def members(mask: int) -> int:
    """Count the bits of a mask."""
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@njit(cache=True)
def mask_scores(scores: FloatArray, allowed: BoolArray, must: BoolArray) -> None:
    """Set to -inf, in place, the parent sets with a forbidden member or without a required one."""
    p = scores.shape[0]
    for v in range(p):
        forbidden, required = 0, 0
        for u in range(p):
            if u != v and not allowed[u, v]:
                forbidden |= 1 << u
            if must[u, v]:
                required |= 1 << u
        for i in range(scores.shape[1]):
            u = unsqueeze(i, v)
            if u & forbidden or (u & required) != required:
                scores[v, i] = -np.inf


@njit(cache=True)
def best_graph(logs: FloatArray) -> tuple[BoolArray, float]:
    """Return the graph [cause, effect] with the highest total score, and that score (Silander and Myllymaki 2006)."""
    p, half = logs.shape
    best = logs.copy()
    which = np.empty((p, half), dtype=np.int32)
    for v in range(p):
        for i in range(half):
            which[v, i] = i
            for j in range(p - 1):
                if i >> j & 1 and best[v, i & ~(1 << j)] >= best[v, i]:
                    best[v, i], which[v, i] = best[v, i & ~(1 << j)], which[v, i & ~(1 << j)]
    total = np.full(1 << p, -np.inf)
    sink = np.zeros(1 << p, dtype=np.int8)
    total[0] = 0.0
    for s in range(1, 1 << p):
        for v in range(p):
            if s >> v & 1:
                rest = s & ~(1 << v)
                here = total[rest] + best[v, squeeze(rest, v)]
                if here > total[s]:
                    total[s], sink[s] = here, v
    graph = np.zeros((p, p), dtype=np.bool_)
    s = (1 << p) - 1
    while s:
        v = int(sink[s])
        s &= ~(1 << v)
        parents = unsqueeze(which[v, squeeze(s, v)], v)
        for u in range(p):
            graph[u, v] = parents >> u & 1 == 1
    return graph, total[(1 << p) - 1]
