"""Estimates with intervals that keep together what belongs to one persona or one value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.numerals import estimate
from causalvalues.randomness import stream

LEVEL = 0.95
RESAMPLES = 4000


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% interval; NaN where it is not known.

    Parameters
    ----------
    value : float
    lower, upper : float, default NaN
    """

    value: float
    lower: float = math.nan
    upper: float = math.nan

    @property
    def known(self) -> bool:
        """Whether there is a number at all."""
        return math.isfinite(self.value)

    def above(self, limit: float) -> bool:
        """Say whether the whole interval lies above a limit; False where it is not known."""
        return self.lower > limit

    def below(self, limit: float) -> bool:
        """Say whether the whole interval lies below a limit; False where it is not known."""
        return self.upper < limit

    def __str__(self) -> str:
        """Return ``".82 [.75, .88]"``."""
        return estimate(self.value, self.lower, self.upper)


UNKNOWN = Estimate(math.nan)


def t_quantile(freedom: int) -> float:
    """Return the .975 quantile of Student's t, by the expansion in 1/df.

    Parameters
    ----------
    freedom : int
        Degrees of freedom. Within .003 of the truth from 4 on; 1 to 3 are tabled.

    References
    ----------
    Abramowitz and Stegun (1964), Handbook of Mathematical Functions, equation 26.7.5.
    """
    if freedom <= 3:
        return (math.inf, 12.7062, 4.3027, 3.1824)[max(freedom, 0)]
    z, n = NormalDist().inv_cdf(0.5 + LEVEL / 2), float(freedom)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )


def tail(clusters: int) -> float:
    """Return the share of bootstrap resamples that is cut off at each end, so that few clusters are not overrated.

    The percentile interval of g clusters is too narrow by the factor sqrt((g - 1) / g) and ignores that the spread is
    estimated; its level is moved out so that it has the length of Student's interval where the mean is normal.

    References
    ----------
    Hesterberg (2015), The American Statistician 69, 371-386, section 3.2 (expanded percentile interval).
    """
    if clusters < 2:
        return 0.0
    return NormalDist().cdf(-math.sqrt(clusters / (clusters - 1)) * t_quantile(clusters - 1))


def places(clusters: Sequence[str]) -> tuple[IntArray, int]:
    """Return the number of the cluster of each row, in sorted order, and how many clusters there are."""
    known = {name: place for place, name in enumerate(sorted(set(clusters)))}
    return np.array([known[name] for name in clusters], dtype=np.int64), len(known)


def resampled_counts(clusters: int, seed: int, what: str, resamples: int = RESAMPLES) -> FloatArray:
    """Return how often each cluster is drawn in each bootstrap resample, (resamples, clusters)."""
    drawn = stream(seed, "bootstrap", what).multinomial(clusters, np.full(clusters, 1 / clusters), size=resamples)
    return drawn.astype(np.float64)


def interval_of(value: float, resampled: FloatArray, clusters: int) -> Estimate:
    """Return an estimate with the expanded percentile interval of its resamples; none with fewer than two clusters."""
    finite = resampled[np.isfinite(resampled)]
    if clusters < 2 or len(finite) < 0.9 * len(resampled) or not math.isfinite(value):
        return Estimate(value)
    cut = tail(clusters)
    lower, upper = np.quantile(finite, [cut, 1 - cut])
    return Estimate(value, float(lower), float(upper))


def mean_interval(numbers: FloatArray, clusters: Sequence[str], seed: int, what: str) -> Estimate:
    """Return a mean with a bootstrap interval that draws whole clusters.

    Parameters
    ----------
    numbers : (n,) float64
        NaN is left out.
    clusters : sequence of n
        Rows of one cluster are drawn together.
    seed : int
    what : str
        Names the random stream.

    Returns
    -------
    Estimate
        Unknown where no number is finite; without interval where there is one cluster only.
    """
    keep = np.isfinite(numbers)
    kept = [cluster for cluster, good in zip(clusters, keep, strict=True) if good]
    return mean_intervals({what: numbers[keep]}, kept, seed, what)[what]


def mean_intervals(
    named: Mapping[str, FloatArray], clusters: Sequence[str], seed: int, what: str
) -> dict[str, Estimate]:
    """Return means of several numbers of the same rows, all from the same resamples; otherwise as `mean_interval`."""
    row, count = places(clusters)
    drawn = resampled_counts(count, seed, what) if count else np.zeros((1, 0))
    found = {}
    for name, numbers in named.items():
        keep = np.isfinite(numbers)
        sums = np.bincount(row, np.where(keep, numbers, 0.0), count)
        sizes = np.bincount(row, keep, count)
        bottom = drawn @ sizes
        value = float(sums.sum() / sizes.sum()) if keep.any() else math.nan
        resampled = (drawn @ sums) / np.where(bottom > 0, bottom, math.nan)
        found[name] = interval_of(value, resampled, int((sizes > 0).sum()))
    return found


def share_interval(hits: int, tries: int) -> Estimate:
    """Return a share with Wilson's interval.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    if tries == 0:
        return UNKNOWN
    z, p = NormalDist().inv_cdf(0.5 + LEVEL / 2), hits / tries
    middle = (p + z**2 / (2 * tries)) / (1 + z**2 / tries)
    half = z * math.sqrt(p * (1 - p) / tries + z**2 / (4 * tries**2)) / (1 + z**2 / tries)
    return Estimate(p, max(middle - half, 0.0), min(middle + half, 1.0))
