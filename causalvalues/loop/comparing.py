"""How near the loop came, beside simpler ways of choosing levers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.randomness import stream

LOOP, ALL_PAIRS = "closed loop", "all pairs tried"
RESAMPLES = 4000


@dataclass(frozen=True, eq=False)
class Comparison:
    """Errors of several ways of choosing, and how they differ.

    Parameters
    ----------
    table : DataFrame
        Indexed by way; ``error`` (mean absolute error over targets, score units), ``lower, upper`` (90% interval),
        ``ratio`` (error of the loop over that of the way), ``ratio_lower, ratio_upper``.
    errors : DataFrame
        One row a target, one column a way.
    """

    table: pd.DataFrame
    errors: pd.DataFrame


def compare_ways(errors: Mapping[str, FloatArray], clusters: Sequence[int] | IntArray, seed: int) -> Comparison:
    """Compare ways of choosing on the same targets.

    Parameters
    ----------
    errors : mapping of way to array (t,)
        Mean absolute error of each target, in score units; the loop is named ``"closed loop"``.
    clusters : sequence of int (t,)
        Targets of one steered persona are not independent: personas are resampled whole.
    seed : int

    Returns
    -------
    Comparison
        Percentile intervals of 4,000 bootstrap samples of the steered personas.
    """
    ways = list(errors)
    held = np.column_stack([errors[way] for way in ways])
    numbers, place = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.zeros((len(numbers), len(ways)))
    np.add.at(sums, place, held)
    counts = np.bincount(place, minlength=len(numbers)).astype(float)
    random = stream(seed, "loop", "bootstrap")
    drawn = random.integers(0, len(numbers), (RESAMPLES, len(numbers)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)[:, None]
    loop = ways.index(LOOP)
    ratios = means[:, [loop]] / means
    whole = held.mean(axis=0)
    low, high = np.quantile(means, [0.05, 0.95], axis=0)
    ratio_low, ratio_high = np.quantile(ratios, [0.05, 0.95], axis=0)
    table = pd.DataFrame(
        {
            "error": whole,
            "lower": low,
            "upper": high,
            "ratio": whole[loop] / whole,
            "ratio_lower": ratio_low,
            "ratio_upper": ratio_high,
        },
        index=ways,
    )
    return Comparison(table, pd.DataFrame(held, columns=ways))


def ratio_of(
    numerator: FloatArray, denominator: FloatArray, clusters: IntArray, seed: int
) -> tuple[float, float, float]:
    """Return the ratio of two means over targets, with its 90% interval from a bootstrap of personas; NaN of none."""
    if not len(clusters):
        return float("nan"), float("nan"), float("nan")
    numbers, place = np.unique(clusters, return_inverse=True)
    sums = np.zeros((len(numbers), 2))
    np.add.at(sums, place, np.column_stack([numerator, denominator]))
    drawn = stream(seed, "loop", "ratio").integers(0, len(numbers), (RESAMPLES, len(numbers)))
    ratios = sums[drawn, 0].sum(axis=1) / sums[drawn, 1].sum(axis=1)
    low, high = np.quantile(ratios, [0.05, 0.95])
    return float(sums[:, 0].sum() / sums[:, 1].sum()), float(low), float(high)
