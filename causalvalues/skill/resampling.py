"""Intervals of R2 and of its differences: left-out groups are drawn again, the same for every predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.randomness import stream
from causalvalues.skill.foreseen import Foreseen
from causalvalues.skill.measures import cell_means

LEAST = 0.05
"""Samples in which changes have less than this share of their variation say nothing of R2: one lever, drawn again."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """R2 and mean absolute error of each predictor in each bootstrap sample.

    Parameters
    ----------
    names : tuple of str
        Predictors.
    r2, error, effects : array (resamples, predictors)
        Micro R2 of changes, mean absolute error of changes, and R2 of the mean changes of lever sets.
    """

    names: tuple[str, ...]
    r2: FloatArray
    error: FloatArray
    effects: FloatArray


def resampled(found: Foreseen, resamples: int, seed: int) -> Resampled:
    """Draw the left-out groups with replacement (for mean effects: the lever sets); R2 is taken anew each time."""
    names = tuple(found.predicted)
    predicted = [found.predicted[name].mean for name in names]
    sums = _Sums.of(found.observed, predicted, found.groups)
    r2, error = sums.drawn(resamples, seed, (found.split, "groups"))
    means = cell_means(found.observed, found.cells)
    known = np.isfinite(found.observed)
    seen = [cell_means(np.where(known, each, np.nan), found.cells) for each in predicted]
    cells = sorted(set(found.cells))
    effects = _Sums.of(means, seen, cells).drawn(resamples, seed, (found.split, "cells"))[0]
    return Resampled(names, r2, error, effects)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over the rows of each group: count, change, its square (g, p); squared and absolute errors (g, f)."""

    count: FloatArray
    first: FloatArray
    second: FloatArray
    squared: FloatArray
    absolute: FloatArray

    @classmethod
    def of(cls, observed: FloatArray, predicted: Sequence[FloatArray], groups: Sequence[str]) -> _Sums:
        names, place = np.unique(np.array(groups, dtype=object), return_inverse=True)
        known = np.isfinite(observed)
        y = np.where(known, observed, 0.0)
        errors = [np.where(known, y - np.where(known, each, 0.0), 0.0) for each in predicted]

        def by_group(array: FloatArray) -> FloatArray:
            total = np.zeros((len(names), array.shape[1]))
            np.add.at(total, place, array)
            return total

        squared = [by_group(np.square(each)).sum(axis=1) for each in errors]
        absolute = [by_group(np.abs(each)).sum(axis=1) for each in errors]
        shape = (len(names), len(errors))
        return cls(
            by_group(known.astype(float)),
            by_group(y),
            by_group(y**2),
            np.array(squared).T.reshape(shape),
            np.array(absolute).T.reshape(shape),
        )

    def drawn(self, resamples: int, seed: int, what: tuple[str, str]) -> tuple[FloatArray, FloatArray]:
        """Return R2 and mean absolute error (resamples, f); NaN where what was drawn hardly varies."""
        size = len(self.count)
        times = stream(seed, "skill bootstrap", *what).multinomial(size, np.full(size, 1 / size), resamples)
        counts = times.astype(float)
        n, first, second = (np.einsum("bg,gp->bp", counts, part) for part in (self.count, self.first, self.second))
        spread = (second - first**2 / np.maximum(n, 1)).sum(axis=1)[:, None]
        squared, absolute = (np.einsum("bg,gf->bf", counts, part) for part in (self.squared, self.absolute))
        total = self.count.sum(axis=0)
        whole = float((self.second.sum(axis=0) - self.first.sum(axis=0) ** 2 / np.maximum(total, 1)).sum())
        varies = spread > LEAST * max(whole, 1e-300)
        r2 = np.where(varies, 1 - squared / np.where(varies, spread, 1.0), np.nan)
        return r2, absolute / np.maximum(n.sum(axis=1), 1)[:, None]


def ends(draws: FloatArray, level: float = 0.9) -> tuple[float, float]:
    """Return the central interval of draws (b,), those that are NaN left out; NaN where fewer than two are left."""
    kept = draws[np.isfinite(draws)]
    if len(kept) < 2:
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
