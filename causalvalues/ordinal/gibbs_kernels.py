"""Gibbs sampling of latent normal scores inside the boxes of their answers, and what a change makes of them; compiled.

Shapes: n units, m draws of the model, p values (in name order), C cells of lever doses, h held values, A categories.
Every unit has its own stream of random numbers, so a result depends neither on the other units nor on their order.

References
----------
Geweke (1991), Computing Science and Statistics 23, 571-578 (Gibbs sampling of the truncated normal); Hajivassiliou,
McFadden and Ruud (1996), Journal of Econometrics 72, 85-134 (start, one value after the other); Steele, Lea and Flood
(2014), OOPSLA, 453-472 (SplitMix64); Wichura (1988), Applied Statistics 37, 477-484 (normal quantiles, AS 241).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from causalvalues.frozen import BoolArray, FloatArray, IntArray

ROOT_2 = math.sqrt(2.0)
GAMMA, FIRST_MIX, SECOND_MIX = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
FAR = 36.0
"""Beyond this many deviations the normal distribution function underflows; its tail is then exponential to 1e-3."""
NOTHING = 1e-290
CENTRE_TOP = np.array([3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
                       4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4,
                       2.5090809287301226727e3])  # fmt: skip
CENTRE_BOTTOM = np.array([1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                          2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
                          5.2264952788528545610e3])  # fmt: skip
NEAR_TOP = np.array([1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
                     1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2,
                     7.74545014278341407640e-4])  # fmt: skip
NEAR_BOTTOM = np.array([1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1,
                        1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                        1.05075007164441684324e-9])  # fmt: skip
FAR_TOP = np.array([6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
                    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
                    2.01033439929228813265e-7])  # fmt: skip
FAR_BOTTOM = np.array([1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                       7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                       2.04426310338993978564e-15])  # fmt: skip


class Boxes(NamedTuple):
    """The units: seeds (n,), categories of their answers (n, p; -1: none), cells of lever doses (n,)."""

    seeds: NDArray[np.uint64]
    codes: IntArray
    cells: IntArray


class Laws(NamedTuple):
    """The draws of the model.

    Thresholds (m, p, A - 1), infinite beyond the last of a value; levels (m, C, p); regression of each value on all
    others (m, p, p; row: value, diagonal 0) with its residual deviation (m, p); lower Cholesky root (m, p, p) of the
    covariance.
    """

    steps: FloatArray
    level: FloatArray
    weight: FloatArray
    spread: FloatArray
    root: FloatArray


class Change(NamedTuple):
    """What an intervention does.

    Held values (h,), what they are held at: the latent value (h,), or, where `within` (h,) is true, a random place in
    the category `codes` (h,); reach (m, h, p) of one unit of each held value, everything else that is added
    (m, C, p), and the deviation (m, h) of each held value in the population.
    """

    held: IntArray
    within: BoolArray
    value: FloatArray
    codes: IntArray
    reach: FloatArray
    added: FloatArray
    deviation: FloatArray


@njit(cache=True)
def uniform(state: NDArray[np.uint64]) -> float:
    """Return a number inside (0, 1) and move the stream on."""
    state[0] += GAMMA
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * FIRST_MIX
    z = (z ^ (z >> np.uint64(27))) * SECOND_MIX
    z = z ^ (z >> np.uint64(31))
    return (float(z >> np.uint64(11)) + 0.5) / 9007199254740992.0


@njit(cache=True)
def _ratio(top: FloatArray, bottom: FloatArray, x: float) -> float:
    above, below = 0.0, 0.0
    for k in range(7, -1, -1):
        above = above * x + top[k]
        below = below * x + bottom[k]
    return above / below


@njit(cache=True)
def quantile(share: float) -> float:
    """Return the standard normal quantile of a share in (0, 1), to about 1e-15 relative."""
    q = share - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(CENTRE_TOP, CENTRE_BOTTOM, 0.180625 - q * q)
    r = math.sqrt(-math.log(share if q < 0 else 1.0 - share))
    x = _ratio(NEAR_TOP, NEAR_BOTTOM, r - 1.6) if r <= 5.0 else _ratio(FAR_TOP, FAR_BOTTOM, r - 5.0)
    return -x if q < 0 else x


@njit(cache=True)
def below(x: float) -> float:
    """Return P(Z < x)."""
    return 0.5 * math.erfc(-x / ROOT_2)


@njit(cache=True)
def truncated(a: float, b: float, u: float) -> float:
    """Return the u-quantile of the standard normal inside [a, b]."""
    if a > 0:
        return -truncated_left(-b, -a, 1.0 - u)
    return truncated_left(a, b, u)


@njit(cache=True)
def truncated_left(a: float, b: float, u: float) -> float:
    """As `truncated`, for a <= 0."""
    if b < -FAR:
        rate = -b
        span = 1.0 if a == -math.inf else -math.expm1(-rate * (b - a))
        return max(a, b + math.log1p(-(1.0 - u) * span) / rate)
    low = below(a)
    share = low + u * (below(b) - low)
    if share <= 0.0:
        return min(max(a, -FAR), b)
    if share >= 1.0:
        return max(min(b, FAR), a)
    return min(max(quantile(share), a), b)


@njit(cache=True)
def _edge(steps: FloatArray, code: int) -> float:
    """Return the upper end of a category, given the thresholds (A - 1,) of its value."""
    if code < 0:
        return -math.inf
    return steps[code] if code < len(steps) else math.inf


@njit(cache=True)
def _fill_box(ends: FloatArray, codes: IntArray, steps: FloatArray) -> None:
    """Fill ends (2, p) with the box of a unit's answers."""
    for j in range(len(codes)):
        ends[0, j], ends[1, j] = -math.inf, math.inf
        if codes[j] >= 0:
            ends[0, j], ends[1, j] = _edge(steps[j], codes[j] - 1), _edge(steps[j], codes[j])


@njit(cache=True)
def _start(x: FloatArray, level: FloatArray, root: FloatArray, ends: FloatArray, state: NDArray[np.uint64]) -> None:
    """Fill x (p,) with a first point in the box `ends` (2, p): each value given those before it."""
    p = len(x)
    z = np.empty(p)
    for j in range(p):
        given = level[j]
        for i in range(j):
            given += root[j, i] * z[i]
        z[j] = truncated((ends[0, j] - given) / root[j, j], (ends[1, j] - given) / root[j, j], uniform(state))
        x[j] = min(max(given + root[j, j] * z[j], ends[0, j]), ends[1, j])


@njit(cache=True, fastmath={"reassoc", "nsz", "contract"})
def _given(off: FloatArray, weight: FloatArray, j: int) -> float:
    """Return by how much the mean of value j given all others is off its level, from what those are off theirs (p,)."""
    mean = 0.0
    for i in range(len(off)):
        mean += weight[j, i] * off[i]
    return mean


@njit(cache=True)
def _sweep(
    point: tuple[FloatArray, FloatArray],
    law: tuple[FloatArray, FloatArray, FloatArray],
    ends: FloatArray,
    state: NDArray[np.uint64],
) -> None:
    """Draw every value once given all others, inside its box; `point` holds x (p,) and x less its level."""
    (x, off), (level, weight, spread) = point, law
    for j in range(len(x)):
        mean, sd = level[j] + _given(off, weight, j), spread[j]
        z = truncated((ends[0, j] - mean) / sd, (ends[1, j] - mean) / sd, uniform(state))
        x[j] = min(max(mean + sd * z, ends[0, j]), ends[1, j])
        off[j] = x[j] - level[j]


@njit(cache=True)
def latent_draws(boxes: Boxes, laws: Laws, burn: int, between: int) -> FloatArray:
    """Return one point of each unit's box for each draw of the model, (m, n, p).

    The chain of a unit goes on from one draw of the model to the next: `burn` sweeps before the first, `between`
    before each other one.
    """
    (m, _, p), n = laws.level.shape, len(boxes.cells)
    out = np.empty((m, n, p))
    state, x, ends = np.empty(1, dtype=np.uint64), np.empty(p), np.empty((2, p))
    for unit in range(n):
        state[0] = boxes.seeds[unit]
        cell = boxes.cells[unit]
        _fill_box(ends, boxes.codes[unit], laws.steps[0])
        _start(x, laws.level[0, cell], laws.root[0], ends, state)
        for draw in range(m):
            law = (laws.level[draw, cell], laws.weight[draw], laws.spread[draw])
            _fill_box(ends, boxes.codes[unit], laws.steps[draw])
            off = x - law[0]
            for _ in range(burn if draw == 0 else between):
                _sweep((x, off), law, ends, state)
            out[draw, unit] = x
    return out


@njit(cache=True)
def _gaps(
    gaps: FloatArray,
    unit: tuple[FloatArray, FloatArray, IntArray],
    steps: FloatArray,
    change: Change,
    where: tuple[int, NDArray[np.uint64]],
) -> None:
    """Fill gaps (h,): how far each held value is moved. Who is in the wanted category already stays there."""
    (x, level, codes), (draw, state) = unit, where
    for k in range(len(change.held)):
        i = change.held[k]
        if not change.within[k]:
            gaps[k] = change.value[k] - x[i]
            continue
        u = uniform(state)
        low, high = _edge(steps[i], change.codes[k] - 1), _edge(steps[i], change.codes[k])
        if codes[i] == change.codes[k] or (codes[i] < 0 and low < x[i] <= high):
            gaps[k] = 0.0
            continue
        mean, sd = level[i], change.deviation[draw, k]
        z = truncated((low - mean) / sd, (high - mean) / sd, u)
        gaps[k] = mean + sd * z - x[i]


@njit(cache=True)
def _add_shares(
    out: FloatArray, move: float, law: tuple[float, float, float], box: FloatArray, steps: FloatArray
) -> None:
    """Add to out (A,) how likely value + move is in each category, for a normal value (mean, sd) inside its box.

    `law` holds mean, deviation and the value as it was drawn, which decides where the shares underflow.
    """
    mean, sd, drawn = law
    low, high, last = (box[0] - mean) / sd, (box[1] - mean) / sd, len(steps)
    side = -1.0 if low > 0 else 1.0  # differences of small numbers, not of numbers near 1
    start = below(side * low)
    total = abs(below(side * high) - start)
    if total <= NOTHING:
        c = 0
        while c < last and drawn + move > steps[c]:
            c += 1
        out[c] += 1.0
        return
    for c in range(last + 1):
        right = (steps[c] - move - mean) / sd if c < last else math.inf
        if right <= low:
            continue
        end = below(side * min(right, high))
        out[c] += abs(end - start) / total
        if right >= high:
            return
        start = end


@njit(cache=True)
def category_shares(boxes: Boxes, laws: Laws, change: Change, sweeps: tuple[int, int, int]) -> FloatArray:
    """Return the probability of each category after the change, (n, 2, m, p, A): means of two halves of the sweeps.

    In each kept sweep the category of a value is integrated over the value given the others (Rao-Blackwell), not
    drawn. A value that is not moved and was answered keeps its category with probability 1 exactly. Held values are
    left at 0: their categories are known without.

    Parameters
    ----------
    sweeps : tuple of int
        Burnt before the first draw of the model, burnt before each other draw, kept for each half.
    """
    (m, _, p), n = laws.level.shape, len(boxes.cells)
    burn, between, kept = sweeps
    out = np.zeros((n, 2, m, p, laws.steps.shape[2] + 1))
    state, apart, x, ends = np.empty(1, dtype=np.uint64), np.empty(1, dtype=np.uint64), np.empty(p), np.empty((2, p))
    gaps, free = np.empty(len(change.held)), np.ones(p, dtype=np.bool_)
    for k in range(len(change.held)):
        free[change.held[k]] = False
    for unit in range(n):
        state[0], apart[0] = boxes.seeds[unit], boxes.seeds[unit] ^ FIRST_MIX  # one chain for every intervention
        cell = boxes.cells[unit]
        _fill_box(ends, boxes.codes[unit], laws.steps[0])
        _start(x, laws.level[0, cell], laws.root[0], ends, state)
        for draw in range(m):
            level, weight, spread = laws.level[draw, cell], laws.weight[draw], laws.spread[draw]
            _fill_box(ends, boxes.codes[unit], laws.steps[draw])
            off = x - level
            for _ in range(burn if draw == 0 else between):
                _sweep((x, off), (level, weight, spread), ends, state)
            for turn in range(2 * kept):
                _sweep((x, off), (level, weight, spread), ends, state)
                _gaps(gaps, (x, level, boxes.codes[unit]), laws.steps[draw], change, (draw, apart))
                for j in range(p):
                    if not free[j]:
                        continue
                    move = change.added[draw, cell, j]
                    for k in range(len(gaps)):
                        move += gaps[k] * change.reach[draw, k, j]
                    target, code = out[unit, turn // kept, draw, j], boxes.codes[unit, j]
                    if move == 0.0 and code >= 0:
                        target[code] += 1.0
                    else:
                        law = (level[j] + _given(off, weight, j), spread[j], x[j])
                        _add_shares(target, move, law, ends[:, j], laws.steps[draw, j])
    return out / kept
