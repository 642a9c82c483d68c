"""Coefficients of reliability from sums over clusters: alpha, split halves, intraclass correlation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from causalvalues.elicitation.intervals import UNKNOWN, Estimate, interval_of, places, resampled_counts
from causalvalues.frozen import FloatArray
from causalvalues.randomness import stream

Status = Literal["measured", "not asked", "deterministic", "identical", "too few", "no variance"]

FEWEST = 5
"""Rows, and personas, from which on a coefficient is computed."""
RESAMPLES = 1000
SPLITS = 200
"""Most splits into halves; where there are fewer, all are taken."""


@dataclass(frozen=True)
class Coefficient:
    """A reliability, or why there is none.

    Parameters
    ----------
    status : {"measured", "not asked", "deterministic", "identical", "too few", "no variance"}
        ``"not asked"``: the design has no such comparison. ``"deterministic"``: all repeats are identical, as they must
        be when probabilities are computed; that is no evidence of reliability. ``"identical"``: so are wordings or
        orders.
    estimate : Estimate
        With a 95% interval over personas; unknown unless measured.
    count : int
        Rows, or pairs of rows, that it rests on.
    """

    status: Status
    estimate: Estimate = UNKNOWN
    count: int = 0

    def __str__(self) -> str:
        """Return the number with its interval, or the status in words."""
        return str(self.estimate) if self.status == "measured" else self.status


def alpha_of(covariance: FloatArray) -> FloatArray:
    """Return Cronbach's alpha of covariance matrices (..., k, k): k / (k - 1) (1 - trace / sum).

    References
    ----------
    Cronbach (1951), Psychometrika 16, 297-334, equation 2.
    """
    k = covariance.shape[-1]
    total = covariance.sum(axis=(-1, -2))
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    return np.asarray(k / (k - 1) * (1 - trace / np.where(total > 0, total, math.nan)))


def halves(k: int, seed: int = 0, what: str = "") -> FloatArray:
    """Return splits of k items into halves as equal as can be, (splits, k) of 0 and 1: all, or `SPLITS` drawn."""
    if math.comb(k, k // 2) // (2 if k % 2 == 0 else 1) <= SPLITS:
        chosen = list(combinations(range(k), k // 2))
        if k % 2 == 0:
            chosen = [half for half in chosen if 0 in half]
        return np.array([[float(item in half) for item in range(k)] for half in chosen])
    random = stream(seed, "halves", what)
    first = np.repeat([[1.0] * (k // 2) + [0.0] * (k - k // 2)], SPLITS, axis=0)
    return np.asarray(random.permuted(first, axis=1))


def split_half_of(covariance: FloatArray, split: FloatArray) -> FloatArray:
    """Return the mean split-half reliability of covariance matrices (..., k, k), stepped up to all items.

    With halves of one size the step is Spearman and Brown's, 2 r / (1 + r); with halves of the shares p and q of the
    items it is Horst's, ``(r sqrt(r^2 + 4 p q (1 - r^2)) - r^2) / (2 p q (1 - r^2))``. A reliability below -1 counts
    as -1.

    References
    ----------
    Spearman (1910) and Brown (1910), British Journal of Psychology 3, 271-295 and 296-322; Horst (1951), Educational
    and Psychological Measurement 11, 368-371.
    """
    other = 1 - split
    one = np.einsum("si,...ij,sj->...s", split, covariance, split)
    two = np.einsum("si,...ij,sj->...s", other, covariance, other)
    between = np.einsum("si,...ij,sj->...s", split, covariance, other)
    product = np.where((one > 0) & (two > 0), one * two, math.nan)
    r = np.clip(between / np.sqrt(product), -1 + 1e-9, 1 - 1e-9)
    pq = split.mean(axis=1) * other.mean(axis=1)
    stepped = (r * np.sqrt(r**2 + 4 * pq * (1 - r**2)) - r**2) / (2 * pq * (1 - r**2))
    return np.asarray(np.maximum(stepped, -1.0).mean(axis=-1))


def item_coefficients(
    columns: FloatArray, personas: Sequence[str], seed: int, what: str
) -> tuple[Coefficient, Coefficient]:
    """Return alpha and split-half reliability of the sum over items.

    Parameters
    ----------
    columns : (n, k) float64
        Scores about their means; rows with NaN are left out.
    personas : sequence of n
        Drawn as wholes by the bootstrap.
    seed : int
    what : str
        Names the random streams.
    """
    k = columns.shape[1]
    if k < 2:
        return Coefficient("not asked"), Coefficient("not asked")
    keep = np.asarray(np.isfinite(columns).all(axis=1))
    rows = columns[keep]
    row, count = places([persona for persona, good in zip(personas, keep, strict=True) if good])
    if len(rows) < FEWEST or count < FEWEST:
        few = Coefficient("too few", count=len(rows))
        return few, few
    sums = np.zeros((count, k, k))
    np.add.at(sums, row, rows[:, :, None] * rows[:, None, :])
    whole = sums.sum(axis=0)
    if not (np.diag(whole) > 1e-12 * max(float(np.diag(whole).max()), 1e-300)).all():
        none = Coefficient("no variance", count=len(rows))
        return none, none
    drawn = np.tensordot(resampled_counts(count, seed, what, RESAMPLES), sums, axes=1)
    split = halves(k, seed, what)
    made = [
        interval_of(float(alpha_of(whole)), alpha_of(drawn), count),
        interval_of(float(split_half_of(whole, split)), split_half_of(drawn, split), count),
    ]
    alpha, half = (Coefficient("measured" if each.known else "no variance", each, len(rows)) for each in made)
    return alpha, half


def pair_coefficient(
    first: FloatArray, second: FloatArray, personas: Sequence[str], seed: int, what: str
) -> Coefficient:
    """Return the intraclass correlation of two measurements of the same thing.

    ``2 sum(a b) / sum(a^2 + b^2)`` of scores about their own means: the reliability of one measurement, where a shift
    between the two does not count against it (ICC(3,1)).

    Parameters
    ----------
    first, second : (n,) float64
        Scores about their means; pairs with NaN are left out.
    personas : sequence of n
        Drawn as wholes by the bootstrap.
    seed : int
    what : str
        Names the random stream.

    References
    ----------
    Shrout and Fleiss (1979), Psychological Bulletin 86, 420-428.
    """
    keep = np.isfinite(first) & np.isfinite(second)
    if not keep.any():
        return Coefficient("not asked")
    a, b = first[keep], second[keep]
    row, count = places([persona for persona, good in zip(personas, keep, strict=True) if good])
    if np.allclose(a, b, rtol=0, atol=1e-9):
        flat = np.allclose(a, 0.0, rtol=0, atol=1e-9)
        return Coefficient("no variance" if flat else "identical", count=len(a))
    if len(a) < FEWEST or count < FEWEST:
        return Coefficient("too few", count=len(a))
    products = np.bincount(row, a * b, count)
    squares = np.bincount(row, (a**2 + b**2) / 2, count)
    drawn = resampled_counts(count, seed, what, RESAMPLES)
    bottom = drawn @ squares
    resampled = (drawn @ products) / np.where(bottom > 0, bottom, math.nan)
    return Coefficient("measured", interval_of(float(products.sum() / squares.sum()), resampled, count), len(a))
