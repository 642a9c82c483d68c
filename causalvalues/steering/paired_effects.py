"""Many units (neurons, features) compared in pairs of sentences: effect, p-value, false discoveries, held-out half."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import SteeringError
from causalvalues.frozen import BoolArray, FloatArray, frozen_floats
from causalvalues.randomness import stream
from causalvalues.steering.many_tests import PairedTest, compared, controlled

LEAST = 3
"""Pairs below which nothing is tested."""


@dataclass(frozen=True, eq=False)
class PairedEffects:
    """What pairs of sentences say about each unit; every array has the shape of the units.

    Parameters
    ----------
    difference : array
        Mean difference within pairs, in units of the activation; against other values, less theirs.
    effect : array
        The same in standard deviations of the differences (d_z; against others their root mean square). Infinite where
        all differences are the same and not zero.
    p, q : array
        Of all pairs: two-sided p by Student's t, and what `PairedTest.control` makes of it.
    half_q : array
        q of the first half of the contexts alone; NaN with fewer than six contexts.
    halves : array (2, ...)
        The effect in the first and in the other half; NaN likewise.
    contexts : int
        Contexts compared; pairs of one context count once, by their mean.
    test : PairedTest
    """

    difference: FloatArray
    effect: FloatArray
    p: FloatArray
    q: FloatArray
    half_q: FloatArray
    halves: FloatArray
    contexts: int
    test: PairedTest

    def __repr__(self) -> str:
        return f"PairedEffects({self.effect.size} effects of {self.contexts} contexts)"

    @property
    def found(self) -> BoolArray:
        """Units with q at most the level, by all pairs."""
        return self.q <= self.test.level

    @property
    def agrees(self) -> BoolArray:
        """Whether the effect has the same sign in both halves."""
        return np.asarray(self.halves[0] * self.halves[1] > 0)


@dataclass(frozen=True)
class HeldOutCheck:
    """What becomes, on the other half, of the units that were found on the first half.

    Parameters
    ----------
    found : int
        Units found on the first half.
    agreeing : float
        Share of them whose effect has the same sign in the other half; NaN when none was found. By chance .5.
    effect, held_effect : float
        Mean absolute effect where they were found, and mean effect in that direction in the other half; how much less
        the second is says how much of the first was luck.
    all_agreeing : float
        Share of all units with the same sign in both halves.
    """

    found: int
    agreeing: float
    effect: float
    held_effect: float
    all_agreeing: float


def paired_effects(
    differences: Any,
    contexts: Sequence[Hashable] | None = None,
    test: PairedTest | None = None,
    others: tuple[Any, Sequence[Hashable]] | None = None,
) -> PairedEffects:
    """Compare units in pairs.

    Parameters
    ----------
    differences : array (pairs, ...)
        Of each pair, what a unit does at one end less what it does at the other.
    contexts : sequence, optional
        The context of each pair: pairs that share one are averaged and stay in one half. Default: each pair its own.
    test : PairedTest, optional
    others : (array (pairs, ...), sequence), optional
        Differences of pairs for other values and their contexts: then it is tested whether the difference is larger or
        smaller than theirs (Welch 1947), which leaves out what all values have in common.

    Returns
    -------
    PairedEffects

    Raises
    ------
    SteeringError
        If there are fewer than three contexts, shapes do not fit, or numbers are not finite.
    """
    test = test or PairedTest()
    rows, names = _by_context(differences, contexts)
    half = _halves(names, test.seed, {})
    shape = np.shape(differences)[1:]
    rest: FloatArray | None = None
    rest_half = np.zeros(0, dtype=bool)
    if others is not None:
        rest, rest_names = _by_context(others[0], others[1])
        rest_half = _halves(rest_names, test.seed, dict(zip(names, half.tolist(), strict=True)))
        if rest.shape[1] != rows.shape[1]:
            raise SteeringError(f"Other values have {rest.shape[1]} units, this one {rows.shape[1]}. Use one model.")
    difference, effect, p = compared(rows, rest)
    q = controlled(p, rows, rest, test)
    halves, half_q = np.full((2, rows.shape[1]), np.nan), np.full(rows.shape[1], np.nan)
    if len(names) >= 2 * LEAST and (rest is None or len(rest) >= 2 * LEAST):
        for place, chosen in enumerate((True, False)):
            part = rows[half == chosen]
            rest_part = None if rest is None else rest[rest_half == chosen]
            _, halves[place], half_p = compared(part, rest_part)
            if chosen:
                half_q = controlled(half_p, part, rest_part, test)
    arrays = [frozen_floats(array.reshape(shape)) for array in (difference, effect, p, q, half_q)]
    ends = frozen_floats(halves.reshape(2, *shape))
    return PairedEffects(arrays[0], arrays[1], arrays[2], arrays[3], arrays[4], ends, len(names), test)


def held_out_check(effects: PairedEffects) -> HeldOutCheck:
    """Return how the units found on the first half of the contexts fare on the other half."""
    found = np.asarray(effects.half_q <= effects.test.level)
    first, second = effects.halves[0][found], effects.halves[1][found]
    known = np.isfinite(effects.halves).all(0)
    return HeldOutCheck(
        int(found.sum()),
        _mean(first * second > 0),
        _mean(np.abs(first)),
        _mean(np.sign(first) * second),
        _mean(effects.agrees[known]),
    )


def _by_context(differences: Any, contexts: Sequence[Hashable] | None) -> tuple[FloatArray, list[Hashable]]:
    """Return the mean difference of each context, in the order of their names."""
    try:
        found = np.asarray(differences, dtype=np.float64)
    except (TypeError, ValueError):
        raise SteeringError("The activations are no array of numbers (pairs, ...).") from None
    if found.ndim < 2 or not found.size:
        raise SteeringError(f"The activations have the shape {found.shape}. Give an array (pairs, ...) with units.")
    lost = int((~np.isfinite(found)).any(axis=tuple(range(1, found.ndim))).sum())
    if lost:
        raise SteeringError(f"{lost} of {len(found)} pairs have activations that are not finite. Leave them out.")
    labels: list[Hashable] = list(range(len(found))) if contexts is None else list(contexts)
    if len(labels) != len(found):
        raise SteeringError(f"There are {len(found)} pairs and {len(labels)} contexts. Give one context for each pair.")
    names = sorted(set(labels), key=lambda name: (str(type(name)), name if isinstance(name, int) else 0, str(name)))
    if len(names) < LEAST:
        raise SteeringError(
            f"There are {len(names)} contexts, too few for a test. Give pairs of {LEAST} contexts or more; 20 are good."
        )
    place = {name: i for i, name in enumerate(names)}
    which = np.array([place[label] for label in labels])
    flat = found.reshape(len(found), -1)
    if len(names) < len(labels):
        sums = np.zeros((len(names), flat.shape[1]))
        np.add.at(sums, which, flat)
        flat = sums / np.bincount(which)[:, None]
    else:
        flat = flat[np.argsort(which)]
    return flat, names


def _halves(names: Sequence[Hashable], seed: int, given: dict[Hashable, bool]) -> BoolArray:
    """Return which contexts are in the first half; those that another value has too are where it has them."""
    free = [name for name in names if name not in given]
    order = stream(seed, "halves", len(free)).permutation(len(free))
    chosen = given | {free[place]: rank % 2 == 0 for rank, place in enumerate(order.tolist())}
    return np.array([chosen[name] for name in names], dtype=bool)


def _mean(array: NDArray[Any]) -> float:
    return float(array.mean()) if array.size else float("nan")
