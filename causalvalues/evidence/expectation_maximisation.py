"""Mean and covariance of a multivariate normal from rows with holes, by maximum likelihood.

Rows with the same answers missing (a pattern) enter only through their sums, so the cost depends on the number of
patterns and not on the number of rows. Expectation-maximisation (EM) steps lead to the neighbourhood of the maximum;
Newton steps with the observed information finish, and that information gives every row its influence on the estimate.
Columns that are complete (levers) stand beside the values: the estimate is then that of the values given the levers.

With P the inverse of the covariance S of the answered columns of a pattern (zero elsewhere), r a row less the mean,
g = sum P r and H = sum (P r r' P - P) over rows, the EM step is

    mean + d,  S + S (H / n) S - d d',   d = S g / n,

and (g, H / 2) is the gradient of the log-likelihood in (mean, S).

References
----------
Dempster, Laird and Rubin (1977), JRSS B 39, 1-38; Little and Rubin (2002), Statistical Analysis with Missing Data,
section 11.2 (the normal model); Yuan and Bentler (2000), Sociological Methodology 30, 165-200 (observed information).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from causalvalues.evidence.missing_patterns import Likelihood, Patterns, about, likelihood
from causalvalues.evidence.observed_information import LARGEST, Information
from causalvalues.frozen import FloatArray

WARM = 3
"""EM steps before the first Newton step."""

CLOSE = 1e-10
"""Squared distance from the maximum, in standard errors, from which the next Newton step is the last."""

ROUNDING = 1e-13
"""Share of the log-likelihood that rounding may take back in one step."""

SINGULAR = 1e-9
"""Smallest eigenvalue (of a correlation matrix) at which the search stops."""


@dataclass(frozen=True, eq=False)
class NormalFit:
    """Maximum-likelihood estimate.

    Parameters
    ----------
    at : Likelihood
        At the estimate.
    path : tuple of float
        Log-likelihood after each step.
    converged : bool
        True when no parameter is farther than a millionth of its standard error from the maximum (in large problems:
        when EM steps change the log-likelihood by less than 1e-9).
    singular : bool
        True when the covariance became singular on the way.
    """

    at: Likelihood
    path: tuple[float, ...]
    converged: bool
    singular: bool = False


def fit_normal(patterns: Patterns, most: int = 500) -> NormalFit:
    """Find the mean and covariance of largest observed-data likelihood.

    Parameters
    ----------
    patterns : Patterns
        Of columns with mean near 0 and variance near 1.
    most : int, default 500
        Most steps.

    Returns
    -------
    NormalFit
    """
    m = patterns.seen.shape[1]
    at = likelihood(patterns, *_start(patterns))
    path = [at.value]
    while len(path) <= most:
        newton = m <= LARGEST and len(path) > WARM
        following, distance = _newton_step(patterns, at) if newton else (None, np.inf)
        if following is None:
            mean, covariance = _em_step(patterns, at)
            if np.linalg.eigvalsh(covariance)[0] < SINGULAR:
                return NormalFit(replace(at, mean=mean, covariance=covariance), tuple(path), False, singular=True)
            following = likelihood(patterns, mean, covariance)
        change, at = following.value - at.value, following
        path.append(at.value)
        if distance < CLOSE or (m > LARGEST and change < 1e-9):
            return NormalFit(at, tuple(path), converged=True)
    return NormalFit(at, tuple(path), converged=False)


def _em_step(patterns: Patterns, at: Likelihood) -> tuple[FloatArray, FloatArray]:
    n = float(patterns.weight.sum())
    step = at.covariance @ at.g / n
    covariance = at.covariance + at.covariance @ (at.H / n) @ at.covariance - np.outer(step, step)
    return at.mean + step, (covariance + covariance.T) / 2


def _newton_step(patterns: Patterns, at: Likelihood) -> tuple[Likelihood | None, float]:
    """Return the point of a Newton step, halved until it leads up, and the squared distance in standard errors.

    Where the observed information is not positive definite (far from the maximum), the expected one is taken.
    """
    for expected in (False, True):
        try:
            information = Information(patterns, at, expected)
        except np.linalg.LinAlgError:
            continue
        score = information.score(at.g, at.H)
        step = information.solve(score)
        distance = float(score @ step)
        for share in (1.0, 0.5, 0.25):
            mean, covariance = information.parameters(share * step)
            following = _try(patterns, at.mean + mean, at.covariance + covariance)
            if following is not None and following.value >= at.value - ROUNDING * abs(at.value):
                return following, np.inf if expected else distance
    return None, np.inf


def _start(patterns: Patterns) -> tuple[FloatArray, FloatArray]:
    """Return available-case means and covariances, drawn towards independence until they are positive definite."""
    seen = patterns.seen.astype(np.float64)
    count = patterns.weight @ seen
    mean = patterns.first.sum(axis=0) / count
    both = (seen * patterns.weight[:, None]).T @ seen
    second = sum((about(patterns, part, mean)[1].sum(axis=0) for part in patterns.slices()), np.zeros(both.shape))
    covariance = second / np.maximum(both, 1.0)
    spread = np.diag(np.diag(covariance))
    for share in (0.0, 0.1, 0.3):
        mixed = (1 - share) * covariance + share * spread
        if np.linalg.eigvalsh(mixed)[0] > 0.02:
            return mean, mixed
    return mean, spread


def _try(patterns: Patterns, mean: FloatArray, covariance: FloatArray) -> Likelihood | None:
    """Return the likelihood, or None where the covariance is singular or indefinite."""
    if np.linalg.eigvalsh(covariance)[0] < SINGULAR:
        return None
    return likelihood(patterns, mean, covariance)
