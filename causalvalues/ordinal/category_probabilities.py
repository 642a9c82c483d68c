"""Probabilities of answers, with intervals over the draws of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.model.quantiles import interval_shares, weighted_quantiles


@dataclass(frozen=True, eq=False)
class CategoryProbabilities:
    """How likely each answer of each unit is.

    Parameters
    ----------
    values : tuple of str, length p
    units : tuple, length n
        Index of the rows, or ``("population",)``.
    categories : mapping of str to tuple of float
        Answers of each value as written.
    mean, lower, upper : array (n, p, A)
        Probability of each category and its interval over the draws of the model; A is the largest number of
        categories, and a value with fewer has zeros beyond. `mean` sums to 1 over categories.
    expected, expected_lower, expected_upper : array (n, p)
        Expected answer, in the units of the scale: never outside it.
    level : float
        Of the intervals.

    Notes
    -----
    The probabilities already hold what is unknown of a unit (its latent scores); the intervals speak of what is unknown
    of the model (graph and parameters).
    """

    values: tuple[str, ...]
    units: tuple[object, ...]
    categories: Mapping[str, tuple[float, ...]]
    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    expected: FloatArray
    expected_lower: FloatArray
    expected_upper: FloatArray
    level: float

    def __post_init__(self) -> None:
        shape = (len(self.units), len(self.values), max(len(self.categories[name]) for name in self.values))
        for name in ("mean", "lower", "upper"):
            object.__setattr__(self, name, frozen_floats(np.clip(getattr(self, name), 0, 1), shape, name))
        for name in ("expected", "expected_lower", "expected_upper"):
            object.__setattr__(self, name, frozen_floats(getattr(self, name), shape[:2], name))

    def __repr__(self) -> str:
        n, p, a = self.mean.shape
        return f"CategoryProbabilities({n} units x {p} values x up to {a} categories, {self.level:.0%} intervals)"

    def of(self, value: str) -> pd.DataFrame:
        """Return the probabilities of one value, [unit, category]."""
        if value not in self.values:
            raise ModelError(f"There is no value {value!r} here." + did_you_mean(value, self.values))
        labels = self.categories[value]
        table = np.array(self.mean[:, self.values.index(value), : len(labels)])
        return pd.DataFrame(table, index=list(self.units), columns=list(labels))

    def scores(self) -> pd.DataFrame:
        """Return the expected answers, [unit, value]."""
        return pd.DataFrame(np.array(self.expected), index=list(self.units), columns=list(self.values))

    def table(self) -> pd.DataFrame:
        """Return one row for each unit, value and category: ``unit, value, category, mean, lower, upper``."""
        rows = []
        for i, unit in enumerate(self.units):
            for j, name in enumerate(self.values):
                for c, label in enumerate(self.categories[name]):
                    found = (self.mean[i, j, c], self.lower[i, j, c], self.upper[i, j, c])
                    rows.append((unit, name, label, *found))
        return pd.DataFrame(rows, columns=["unit", "value", "category", "mean", "lower", "upper"])


@dataclass(frozen=True, eq=False)
class Summary:
    """Mean (n, p, A), ends (2, n, p, A), expected answers (n, p) and their ends (2, n, p)."""

    mean: FloatArray
    ends: FloatArray
    expected: FloatArray
    expected_ends: FloatArray


def summary_of(halves: FloatArray, labels: FloatArray, weights: FloatArray, level: float) -> Summary:
    """Sum probabilities up over draws, with the noise of the sampling taken out of the intervals.

    The probability that a draw of the model gives a unit is itself an average over sweeps. The variance of this average
    is a quarter of the mean squared difference of its two halves; draws are pulled towards their mean until
    that share of their variance is gone, so that the interval does not grow with fewer sweeps.

    Parameters
    ----------
    halves : array (n, 2, m, p, A)
        Averages over each half of the sweeps; both the same when they are exact.
    labels : array (p, A)
        Answers as written; 0 beyond the last.
    weights : array (m,)
    level : float
    """
    scores = np.einsum("nhmpa,pa->nhmp", halves, labels)
    mean, ends = _mean_and_ends(np.moveaxis(halves, 2, 0), weights, level)
    expected, expected_ends = _mean_and_ends(np.moveaxis(scores, 2, 0), weights, level)
    return Summary(mean, ends, expected, expected_ends)


def _mean_and_ends(halves: FloatArray, weights: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the mean (n, ...) and the ends (2, n, ...) of draws that come as halves (m, n, 2, ...)."""
    draws = halves.mean(axis=2)
    mean = draws[0] + np.einsum("m...,m->...", draws - draws[0], weights)  # exact where all draws agree
    apart = np.einsum("m...,m->...", np.square(halves[:, :, 0] - halves[:, :, 1]), weights) / 4
    spread = np.einsum("m...,m->...", np.square(draws - mean), weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(spread > 0, np.sqrt(np.maximum(1 - apart / spread, 0.0)), 0.0)
    pulled = mean + kept * (draws - mean)
    return mean, weighted_quantiles(pulled, weights, interval_shares(level))


def label_table(values: tuple[str, ...], categories: Mapping[str, tuple[float, ...]]) -> FloatArray:
    """Return the answers of each value (p, A), 0 beyond the last."""
    table = np.zeros((len(values), max(len(categories[name]) for name in values)))
    for j, name in enumerate(values):
        table[j, : len(categories[name])] = categories[name]
    return table
