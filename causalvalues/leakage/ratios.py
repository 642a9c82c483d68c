"""The interval of a ratio of two estimates that are known with error: Fieller's, over units left out in turn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from causalvalues.frozen import FloatArray


@dataclass(frozen=True)
class Ratio:
    """The root of a ratio of squares, with its interval.

    Parameters
    ----------
    value : float
        NaN where the square below is not above zero.
    lower, upper : float
        The upper end is infinite where what is below is not surely above zero.
    """

    value: float
    lower: float
    upper: float


UNKNOWN = Ratio(math.nan, math.nan, math.nan)


def jackknife_covariance(left_out: FloatArray) -> FloatArray:
    """Return the covariance (m, m) of estimates from their values without each unit, (G, m) (Efron 1982, ch. 3)."""
    apart = left_out - left_out.mean(axis=0)
    return np.asarray((len(left_out) - 1) / len(left_out) * np.einsum("gi,gj->ij", apart, apart))


def root_ratio(
    squares: FloatArray, left_out: FloatArray, level: float, below: tuple[float, float] | None = None
) -> Ratio:
    """Return sqrt(N / D) with the interval of all t for which N - t^2 D does not differ from zero.

    Parameters
    ----------
    squares : array (2,)
        N and D, unbiased estimates of squares; N below zero counts as zero.
    left_out : array (G, 2)
        Both without each unit.
    level : float
    below : (float, float), optional
        Size of the number whose square D is, and its standard error, for a finite upper end where D is not sure.

    Returns
    -------
    Ratio

    Notes
    -----
    t^2 is in the set when (N - t^2 D)^2 <= q^2 Var(N - t^2 D), q Student's t with G - 1 degrees of freedom (Fieller
    1954, Journal of the Royal Statistical Society B 16, 175-185). Where D is not surely above zero the set has no upper
    end: an aim that is not surely moved says nothing about how much more it moves than the rest. The square of a number
    is sure of its sign only from twice the t of the number itself. So, where `below` is given and the set has no upper
    end, the upper end is that of the root above over the lower end of the number below, each at half the error
    (Bonferroni), if that lower end is above zero.
    """
    n, d = (float(each) for each in squares)
    known = np.isfinite(left_out).all(axis=1)
    if not (math.isfinite(n) and d > 0 and known.sum() >= 3 and known.all()):
        return UNKNOWN
    spread = jackknife_covariance(left_out)
    q2 = float(stdtrit(len(left_out) - 1, (1 + level) / 2)) ** 2
    a, c = d**2 - q2 * spread[1, 1], n**2 - q2 * spread[0, 0]
    half = n * d - q2 * float(spread[0, 1])
    root = math.sqrt(max(half**2 - a * c, 0.0))
    value = math.sqrt(max(n, 0.0) / d)
    if a > 0:
        ends = (half - root) / a, (half + root) / a
        low, high = (math.sqrt(max(each, 0.0)) for each in ends)
        return Ratio(value, min(low, value), max(high, value))
    low = 0.0 if c <= 0 or a == 0 else math.sqrt(max((half - root) / a, 0.0))
    if below is None:
        return Ratio(value, min(low, value), math.inf)
    wide = float(stdtrit(len(left_out) - 1, (3 + level) / 4))
    most, least = n + wide * math.sqrt(spread[0, 0]), below[0] - wide * below[1]
    high = math.sqrt(max(most, 0.0)) / least if least > 0 else math.inf
    return Ratio(value, min(low, value), max(high, value))
