"""Many units tested at once: Student's and Welch's t, and what false discoveries or any false claim may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from causalvalues.errors import SteeringError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.randomness import require_whole, stream

Control = Literal["bh", "by", "max_t"]


@dataclass(frozen=True)
class PairedTest:
    """How units are tested, all of them at once.

    Parameters
    ----------
    control : {"bh", "by", "max_t"}, default "bh"
        What the q of a unit is. ``"bh"``: the least false discovery rate at which it is found (Benjamini and Hochberg
        1995), for tests that are independent or positively dependent. ``"by"``: the same under any dependence
        (Benjamini and Yekutieli 2001), about 11 times as strict for 46,080 units. ``"max_t"``: the chance that any
        unit at all has so large a t when the signs of whole pairs are flipped at random (Westfall and Young 1993):
        no claim is false, rather than few; it keeps the dependence and asks for symmetric differences only.
    level : float, default 0.05
        A unit is found when q is at most that.
    flips : int, default 2000
        Random flips of ``"max_t"``.
    seed : int, default 0
        Of the flips, and of which pairs are in which half.

    Raises
    ------
    SteeringError
        If a setting is not as said.
    """

    control: Control = "bh"
    level: float = 0.05
    flips: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.control not in get_args(Control):
            raise SteeringError(
                f"The control {self.control!r} does not exist.{did_you_mean(str(self.control), get_args(Control))}"
            )
        if not 0 < self.level < 1:
            raise SteeringError(f"The level is {self.level!r}. Give a share between 0 and 1, such as .05.")
        require_whole("flips", self.flips)
        require_whole("seed", self.seed, 0)


def q_values(p: FloatArray, any_dependence: bool = False) -> FloatArray:
    """Return the least false discovery rate at which each p-value is called.

    q_(i) = min over k >= i of c m p_(k) / k with m the number of p-values, and c = 1 (Benjamini and Hochberg 1995) or,
    under any dependence, c = 1 + 1/2 + ... + 1/m (Benjamini and Yekutieli 2001).

    Examples
    --------
    >>> q_values(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    flat = np.asarray(p, dtype=np.float64).ravel()
    ranks = np.arange(1, len(flat) + 1)
    order = np.argsort(flat, kind="stable")
    raised = flat[order] * len(flat) / ranks * (float((1 / ranks).sum()) if any_dependence else 1.0)
    found = np.empty(len(flat))
    found[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return found.reshape(np.shape(p))


def compared(rows: FloatArray, rest: FloatArray | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean difference, standardised effect and two-sided p of each unit.

    Parameters
    ----------
    rows : array (contexts, units)
        Differences.
    rest : array (contexts, units), optional
        Differences to compare with (Welch 1947). Default: zero (Student).
    """
    from scipy.special import stdtr

    mean, spread, n = rows.mean(0), _variance(rows), len(rows)
    if rest is None:
        se2, freedom, sd = spread / n, np.full(mean.shape, n - 1.0), np.sqrt(spread)
    else:
        other, m = _variance(rest), len(rest)
        mean = mean - rest.mean(0)
        se2, sd = spread / n + other / m, np.sqrt((spread + other) / 2)
        parts = (spread / n) ** 2 / (n - 1) + (other / m) ** 2 / (m - 1)
        freedom = np.divide(se2**2, parts, out=np.full(mean.shape, n + m - 2.0), where=parts > 0)
    t = _ratio(mean, np.sqrt(se2))
    return mean, _ratio(mean, sd), np.minimum(2 * stdtr(freedom, -np.abs(t)), 1.0)


def _variance(rows: FloatArray) -> FloatArray:
    """Return the variance of each unit; what is nothing but rounding of equal numbers is zero."""
    found = rows.var(0, ddof=1)
    return np.where(found > (1e-12 * np.abs(rows).max(0)) ** 2, found, 0.0)


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    endless = np.where(top == 0, 0.0, np.copysign(np.inf, top))
    return np.divide(top, bottom, out=endless, where=bottom > 0)


def controlled(p: FloatArray, rows: FloatArray, rest: FloatArray | None, test: PairedTest) -> FloatArray:
    """Return the q of each unit, see `PairedTest.control`; parameters as in `compared`."""
    if test.control != "max_t":
        return q_values(p, test.control == "by")
    if rest is not None:
        raise SteeringError("control='max_t' flips pairs of one value. Against other values use 'bh' or 'by'.")
    return _max_t(rows, test)


def _max_t(rows: FloatArray, test: PairedTest) -> FloatArray:
    """Return adjusted p: t grows with |sum| / root of the sum of squares, and flips leave the squares as they are."""
    size = np.sqrt((rows**2).sum(0))
    units: FloatArray = np.divide(rows, size, out=np.zeros_like(rows), where=size > 0)
    seen = np.abs(units.sum(0))
    draws, largest = stream(test.seed, "flips", len(rows)), np.empty(test.flips)
    for start in range(0, test.flips, 100):
        some = min(100, test.flips - start)
        signs = 1.0 - 2.0 * draws.integers(0, 2, (some, len(rows)))
        largest[start : start + some] = np.abs(signs @ units).max(1)
    above = test.flips - np.searchsorted(np.sort(largest), seen * (1 - 1e-12), side="left")
    return np.asarray((1 + above) / (1 + test.flips))
