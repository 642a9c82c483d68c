"""One latent correlation: its two-step estimate and the influence of each row on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.evidence.ordinal_thresholds import Cells, Continuous, Margin, Ordinal
from causalvalues.frozen import FloatArray

BOUND = 0.999
"""Largest size of an estimated polychoric or polyserial correlation."""

PENALTY = 1.0
"""Exponent k of the prior density (1 - rho^2)^k of correlations whose likelihood rises up to the bound."""


@dataclass(frozen=True, eq=False)
class Pair:
    """An estimated correlation.

    Parameters
    ----------
    correlation : float
    influence : array (n,)
        n times the influence function at each row; adds up to about zero.
    at_bound : bool
        True when the likelihood rose to the bound, so that the estimate is the mode under a weak prior.
    """

    correlation: float
    influence: FloatArray
    at_bound: bool = False


def latent_pair(first: Margin, second: Margin, weights: FloatArray, cells: Cells) -> Pair:
    """Estimate the correlation of the residuals of two columns; ordinal or continuous each.

    Parameters
    ----------
    first, second : Ordinal or Continuous
        With at least one row that answered both.
    weights : array (n,)
        With mean 1.
    cells : Cells

    Returns
    -------
    Pair
        Influence of a row: that of its score s = d log P / d rho where both are answered, and through the thresholds
        and regressions of the two margins, divided by the information I of rho: (s + B_1 d_1 + B_2 d_2) / I with
        B = -(information shared by rho and the parameters of a margin) and d the influence on these parameters.

    References
    ----------
    Olsson (1979), Psychometrika 44, 443-460 (two steps); Olsson, Drasgow and Dorans (1982), Psychometrika 47, 337-347
    (polyserial); Muthen (1984), Psychometrika 49, 115-132, and Joreskog (1994), Psychometrika 59, 381-389 (variances).
    """
    if isinstance(first, Ordinal) and isinstance(second, Ordinal):
        return _polychoric(first, second, weights, cells)
    if isinstance(first, Continuous) and isinstance(second, Continuous):
        return product_pair(first.z, second.z, weights)
    if isinstance(first, Continuous) and isinstance(second, Ordinal):
        return _polyserial(first, second, weights, cells)
    assert isinstance(first, Ordinal)  # noqa: S101 (for the type checker: the last of four cases)
    assert isinstance(second, Continuous)  # noqa: S101
    return _polyserial(second, first, weights, cells)


def product_pair(first: FloatArray, second: FloatArray, weights: FloatArray) -> Pair:
    """Return the product-moment correlation of the rows that hold both numbers (NaN: none)."""
    both = ~(np.isnan(first) | np.isnan(second))
    w = weights[both]
    total = float(w.sum())
    x, y = first[both], second[both]
    x, y = x - float(w @ x) / total, y - float(w @ y) / total
    size = float(w @ x**2), float(w @ y**2)
    influence = np.zeros(len(weights))
    if min(size) <= 0:
        return Pair(0.0, influence)
    x, y = x / np.sqrt(size[0] / total), y / np.sqrt(size[1] / total)
    r = float(np.clip(float(w @ (x * y)) / total, -1.0, 1.0))
    influence[both] = len(weights) / total * w * (x * y - r / 2 * (x**2 + y**2))
    return Pair(r, influence)


def _polychoric(first: Ordinal, second: Ordinal, weights: FloatArray, cells: Cells) -> Pair:
    from causalvalues.evidence.polychoric_kernels import count_tables, fit_table, table_influence, table_rows

    t, s = first.shifted, second.shifted
    shape = (len(t), t.shape[1] + 1, s.shape[1] + 1)
    counts = count_tables(first.codes, second.codes, cells.codes, weights, shape)
    rho = fit_table(counts, t, s, BOUND, 0.0)
    at_bound = abs(rho) >= BOUND - 1e-6
    if at_bound:
        rho = fit_table(counts, t, s, BOUND, PENALTY)
    score, shared_first, shared_second, information = table_influence(counts, t, s, rho)
    moved = [_through_thresholds(margin, shared, cells)
             for margin, shared in ((first, shared_first), (second, shared_second))]  # fmt: skip
    rows = table_rows((first.codes, second.codes, cells.codes), score, moved[0], moved[1], weights)
    return Pair(rho, rows * (len(weights) / _curvature(information, rho, at_bound)), at_bound)


def _polyserial(line: Continuous, steps: Ordinal, weights: FloatArray, cells: Cells) -> Pair:
    from causalvalues.evidence.polychoric_kernels import fit_serial, serial_influence

    rows = (line.z, steps.codes, cells.codes, weights)
    rho = fit_serial(rows, steps.shifted, BOUND, 0.0)
    at_bound = abs(rho) >= BOUND - 1e-6
    if at_bound:
        rho = fit_serial(rows, steps.shifted, BOUND, PENALTY)
    score, shared, slope, information = serial_influence(rows, steps.shifted, rho)
    there = steps.answered
    total = weights * score
    moved = _through_thresholds(steps, shared, cells)
    total[there] += weights[there] * moved[cells.codes[there], steps.codes[there]]
    total += _through_regression(line, weights * slope, weights, cells)
    return Pair(rho, total * (len(weights) / _curvature(information, rho, at_bound)), at_bound)


def _curvature(information: float, rho: float, at_bound: bool) -> float:
    if not at_bound:
        return max(information, 1e-12)
    return information + 2 * PENALTY * (1 + rho**2) / (1 - rho**2) ** 2


def _through_thresholds(margin: Ordinal, shared: FloatArray, cells: Cells) -> FloatArray:
    """Return what each answer (C, A) adds to the score of rho by moving the thresholds and effects of its column."""
    on_thresholds = -shared.sum(axis=0)
    on_effects = shared.sum(axis=1) @ cells.columns
    return np.asarray(margin.influence @ np.concatenate([on_thresholds, on_effects]))


def _through_regression(line: Continuous, slope: FloatArray, weights: FloatArray, cells: Cells) -> FloatArray:
    """Return what each row (n,) adds to the score of rho by moving the mean, effects and scale of its column.

    z = (y - x b) / s, so z moves by -x db / s - z ds / s; `slope` is the information shared by rho and z.
    """
    there = line.answered
    x = np.hstack([np.ones((len(weights), 1)), cells.columns[cells.codes]])
    z = np.where(there, line.z, 0.0)
    w = np.where(there, weights, 0.0)
    on_level = x @ (line.inverse @ (slope @ x))
    on_scale = float(slope @ z) / float(w.sum())
    return np.asarray(w * (on_level * z + on_scale * (z**2 - 1) / 2))
