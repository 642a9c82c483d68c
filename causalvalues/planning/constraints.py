"""Hard constraints on the mean reached profile, and the smallest set of them that cannot hold together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray
from causalvalues.planning.targets import Target


class Asked(NamedTuple):
    """One constraint: above - below >= least, where one of the two may be no value (zero)."""

    above: str | None
    below: str | None
    least: float
    words: str


class Rows(NamedTuple):
    """Constraints matrix @ (mean profile) <= right, (q, p) and (q,), with words for each."""

    matrix: FloatArray
    right: FloatArray
    names: tuple[str, ...]


def constraint_rows(target: Target, values: tuple[str, ...], start: FloatArray) -> Rows:
    """Return the constraints of a target as rows.

    Parameters
    ----------
    target : Target
    values : tuple of str, length p
    start : array (p,)
        Mean profile without levers.

    Raises
    ------
    PlanError
        If they contradict each other, whatever the levers do; the smallest contradiction is named.
    """
    asked = [*_of_ranking(target), *_of_bounds(target), *_of_changes(target, dict(zip(values, start, strict=True)))]
    found = as_rows(asked, values)
    clash = contradiction(found)
    if clash:
        raise PlanError(
            f"The target contradicts itself: {'; '.join(clash)} cannot hold together, whatever the levers do. "
            "Drop or relax one of them."
        )
    return found


def as_rows(asked: list[Asked], values: tuple[str, ...]) -> Rows:
    """Return constraints as rows over the values."""
    matrix, right = np.zeros((len(asked), len(values))), np.zeros(len(asked))
    for row, one in enumerate(asked):
        right[row] = -one.least
        if one.above is not None:
            matrix[row, values.index(one.above)] = -1.0
        if one.below is not None:
            matrix[row, values.index(one.below)] = 1.0
    return Rows(matrix, right, tuple(one.words for one in asked))


def box_rows(target: Target, values: tuple[str, ...]) -> Rows:
    """Return the tolerance of each value of the profile as two rows."""
    asked = []
    for name, (low, high) in sorted(target.box.items()):
        words = f"{name!r} within {target.tolerance:g} of {target.asked[name]:g}"
        asked += [Asked(name, None, low, words), Asked(None, name, -high, words)]
    return as_rows(asked, values)


def contradiction(rows: Rows) -> tuple[str, ...]:
    """Return the words of the fewest rows that no profile can meet together; () when some profile meets all.

    Each row bounds a difference x_i - x_j <= c, with x_0 = 0 for bounds on one value: an arc from j to i of length c.
    The rows contradict each other exactly when some cycle has a negative length (Bellman, 1958); walks of 1, 2, ...
    arcs find one with the fewest arcs.
    """
    p = rows.matrix.shape[1]
    length, by = np.full((p + 1, p + 1), math.inf), np.full((p + 1, p + 1), -1)
    for row, (coefficients, right) in enumerate(zip(rows.matrix, rows.right, strict=True)):
        i, j = (1 + int(np.argmax(sign * coefficients)) if (sign * coefficients > 0).any() else 0 for sign in (1, -1))
        if right < length[j, i]:
            length[j, i], by[j, i] = right, row
    slack = 1e-9 * max(float(np.abs(rows.right).max(initial=0.0)), 1e-300)
    walks, came = length.copy(), [np.tile(np.arange(p + 1)[:, None], (1, p + 1))]
    for _ in range(p + 1):
        ends = np.flatnonzero(np.diag(walks) < -slack)
        if len(ends):
            return _cycle(rows, by, came, int(ends[0]))
        longer = walks[:, :, None] + length[None]
        came.append(longer.argmin(axis=1))
        walks = longer.min(axis=1)
    return ()


def _cycle(rows: Rows, by: FloatArray, came: list[FloatArray], end: int) -> tuple[str, ...]:
    found, here = [], end
    for step in reversed(came):
        before = int(step[end, here])
        found.append(rows.names[int(by[before, here])])
        here = before
    return tuple(dict.fromkeys(reversed(found)))


def _of_ranking(target: Target) -> Iterator[Asked]:
    for (upper, lower), margin in zip(pairwise(target.places), target.margins, strict=True):
        for above in upper:
            for below in lower:
                yield Asked(above, below, margin, f"{above!r} at least {margin:g} above {below!r}")
    if math.isfinite(target.tie):
        for place in target.places:
            for one, other in combinations(place, 2):
                words = f"{one!r} within {target.tie:g} of {other!r}"
                yield Asked(one, other, -target.tie, words)
                yield Asked(other, one, -target.tie, words)


def _of_bounds(target: Target) -> Iterator[Asked]:
    for name, (low, high) in sorted(target.bounds.items()):
        if math.isfinite(low):
            yield Asked(name, None, low, f"{name!r} at least {low:g}")
        if math.isfinite(high):
            yield Asked(None, name, -high, f"{name!r} at most {high:g}")


def _of_changes(target: Target, start: dict[str, float]) -> Iterator[Asked]:
    for name, amount in sorted(target.raise_by.items()):
        if amount >= 0:
            yield Asked(name, None, start[name] + amount, f"{name!r} at least {amount:g} above its start")
        else:
            yield Asked(None, name, -(start[name] + amount), f"{name!r} at least {-amount:g} below its start")
    if not math.isfinite(target.keep_within):
        return
    for name in sorted(set(start) - set(target.named)):
        words = f"{name!r} within {target.keep_within:g} of its start"
        yield Asked(name, None, start[name] - target.keep_within, words)
        yield Asked(None, name, -(start[name] + target.keep_within), words)
