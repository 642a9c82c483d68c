"""Reliability coefficients as functions of one covariance matrix, with their gradients for the delta method.

Every coefficient speaks of the weighted sum X = sum of w_i x_i of k parts with covariance matrix S, and v = w'Sw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray

CoefficientName = Literal["alpha", "omega", "split_half"]


@dataclass(frozen=True, eq=False)
class Coefficient:
    """A reliability, and the gradient G (k, k) with which it moves: d value = sum of G_ij dS_ij."""

    value: float
    gradient: FloatArray


def alpha(covariance: FloatArray, weights: FloatArray) -> Coefficient:
    """Return Cronbach's alpha; with unequal weights the coefficient of Raju for parts of unequal length.

    (v - sum w_i^2 s_ii) / v / (1 - sum lambda_i^2), lambda_i = w_i / sum(w); for equal weights the first factor after
    the fraction is k / (k - 1). It is the reliability when the parts measure the same thing in the same unit with
    unrelated errors. When they do not measure it equally well, it is with equal weights at most the reliability; with
    unequal weights it can lie above (loadings 1/3 and 1, error variances 1/2, weights 3 and 1: .59 against .44), so
    take `omega` there.

    Parameters
    ----------
    covariance : array (k, k)
        Of two parts or more.
    weights : array (k,)
        Positive.

    References
    ----------
    Cronbach (1951), Psychometrika 16, 297-334; Raju (1977), Psychometrika 42, 549-565, equation 9.
    """
    outer = np.outer(weights, weights)
    total = float((outer * covariance).sum())
    own = float((weights**2 * np.diag(covariance)).sum())
    factor = 1.0 / (1.0 - float((weights**2).sum()) / float(weights.sum()) ** 2)
    gradient = factor * (outer * own / total**2 - np.diag(weights**2) / total)
    return Coefficient(factor * (1.0 - own / total), gradient)


def omega(covariance: FloatArray, weights: FloatArray) -> Coefficient:
    """Return McDonald's omega total of one factor: 1 - sum w_i^2 u_i / v, with u_i the unique variances.

    Loadings l on the correlation scale minimise the sum of squared residuals off the diagonal (minres); u_i =
    s_ii (1 - l_i^2), never below 0 (a Heywood case stops at 0). The gradient follows from the minimum's equation
    sum over j != i of (r_ij - l_i l_j) l_j = 0 by the implicit function theorem.

    Parameters
    ----------
    covariance : array (k, k)
        Of three parts or more.
    weights : array (k,)

    References
    ----------
    McDonald (1999), Test Theory, equation 6.20b; Harman and Jones (1966), Psychometrika 31, 351-368 (minres).
    """
    variance = np.diag(covariance)
    scale = np.sqrt(variance)
    r = covariance / np.outer(scale, scale)
    loadings, free = one_factor(r)
    unique = variance * (1.0 - loadings**2)
    outer = np.outer(weights, weights)
    total = float((outer * covariance).sum())
    lost = float((weights**2 * unique).sum())
    gradient = outer * lost / total**2 - np.diag(weights**2 * (1.0 - loadings**2)) / total
    pull = np.where(free, 2.0 * weights**2 * variance * loadings / total, 0.0)
    slope = np.zeros(len(r))
    inside = np.ix_(free, free)
    slope[free] = np.linalg.lstsq(_jacobian(r, loadings)[inside].T, pull[free], rcond=None)[0]
    on_r = -np.outer(slope, loadings)
    np.fill_diagonal(on_r, 0.0)
    on_r = (on_r + on_r.T) / 2
    gradient += on_r / np.outer(scale, scale) - np.diag((on_r * r).sum(axis=1) / variance)
    return Coefficient(1.0 - lost / total, gradient)


def split_half(covariance: FloatArray, weights: FloatArray) -> Coefficient:
    """Return the Spearman-Brown reliability of k parallel parts from their mean correlation: k r / (1 + (k - 1) r).

    With two parts it is the classical split-half 2 r / (1 + r).

    Parameters
    ----------
    covariance : array (k, k)
        Of two parts or more.
    weights : array (k,)
        Equal; parallel parts know no other.

    References
    ----------
    Spearman (1910) and Brown (1910), British Journal of Psychology 3, 271-295 and 296-322.
    """
    k = len(weights)
    variance = np.diag(covariance)
    scale = np.sqrt(variance)
    r = covariance / np.outer(scale, scale)
    pairs = k * (k - 1)
    mean = float(r.sum() - k) / pairs
    value = k * mean / (1.0 + (k - 1) * mean)
    slope = k / (1.0 + (k - 1) * mean) ** 2 / pairs
    on_r = slope * (np.ones((k, k)) - np.eye(k))
    return Coefficient(value, on_r / np.outer(scale, scale) - np.diag((on_r * r).sum(axis=1) / variance))


COEFFICIENTS: dict[CoefficientName, Callable[[FloatArray, FloatArray], Coefficient]] = {
    "alpha": alpha,
    "omega": omega,
    "split_half": split_half,
}
FEWEST: dict[CoefficientName, int] = {"alpha": 2, "omega": 3, "split_half": 2}
"""Fewest parts that each coefficient needs."""


def one_factor(correlation: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return minres loadings (k,) of one factor, within -1 and 1, and which of them are not at these ends.

    Sweeps over single loadings, each set to its best value, with Newton steps where they help.
    """
    values, vectors = np.linalg.eigh(correlation)
    loadings = np.clip(vectors[:, -1] * np.sqrt(max(values[-1] - 1.0, 0.05)), -0.99, 0.99)
    if loadings.sum() < 0:
        loadings = -loadings
    off = correlation - np.diag(np.diag(correlation))
    for _ in range(200):
        before = loadings.copy()
        for _ in range(5):
            for i in range(len(loadings)):
                others = float((loadings**2).sum() - loadings[i] ** 2)
                best = float(off[i] @ loadings) / others if others > 1e-300 else 0.0
                loadings[i] = min(max(best, -1.0), 1.0)
        loadings = _newton(off, loadings)
        if np.abs(loadings - before).max() < 1e-13:
            break
    return loadings, np.abs(loadings) < 1.0


def _newton(off: FloatArray, loadings: FloatArray) -> FloatArray:
    free = np.abs(loadings) < 1.0
    if not free.any():
        return loadings
    system = _jacobian(off, loadings)[np.ix_(free, free)]
    force = off @ loadings - loadings * ((loadings**2).sum() - loadings**2)
    step = np.zeros(len(loadings))
    step[free] = np.linalg.lstsq(system, force[free], rcond=None)[0]
    tried = loadings - step
    better = bool((np.abs(tried) <= 1.0).all()) and _misfit(off, tried) <= _misfit(off, loadings)
    return tried if better else loadings


def _jacobian(correlation: FloatArray, loadings: FloatArray) -> FloatArray:
    """Return the derivatives (k, k) of sum over j != i of (r_ij - l_i l_j) l_j by each loading."""
    system = correlation - 2.0 * np.outer(loadings, loadings)
    np.fill_diagonal(system, -((loadings**2).sum() - loadings**2))
    return np.asarray(system)


def _misfit(off: FloatArray, loadings: FloatArray) -> float:
    residual = off - np.outer(loadings, loadings)
    np.fill_diagonal(residual, 0.0)
    return float((residual**2).sum())
