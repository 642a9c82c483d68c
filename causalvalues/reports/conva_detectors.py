"""Detectors: how probable it is that a value counts as present, and the least shift that makes it probable enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from causalvalues.errors import StudyError
from causalvalues.frozen import FloatArray, frozen_floats

RIDGE = 1e-3
"""Penalty on standardised weights, so that a judge who agrees with the scores everywhere has finite ones."""


class Detector(Protocol):
    """How a value is detected in profiles."""

    def probability(self, scores: FloatArray) -> FloatArray:
        """Return the probability (n,) that the value counts as present in each profile (n, p)."""
        ...

    def least_shift(self, scores: FloatArray, p0: float) -> FloatArray:
        """Return the least length (n,) of a shift after which the probability is at least p0; 0 where it is."""
        ...

    @property
    def direction(self) -> FloatArray:
        """Return the direction (p,) of that shift, of length 1."""
        ...


@dataclass(frozen=True, eq=False)
class LogisticDetector:
    """P(present) = 1 / (1 + exp(-(w.x + b))).

    Parameters
    ----------
    weights : array (p,)
        Not all zero.
    bias : float
    """

    weights: FloatArray
    bias: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", frozen_floats(self.weights))

    def probability(self, scores: FloatArray) -> FloatArray:
        """Return the probability (n,) that the value counts as present."""
        return np.asarray(1 / (1 + np.exp(-np.clip(self._margin(scores), -700, 700))))

    def least_shift(self, scores: FloatArray, p0: float) -> FloatArray:
        """Return eps = (logit(p0) - w.x - b) / |w|, cut off at zero (Jin et al. 2025, ACL, the minimum shift)."""
        wanted = float(np.log(p0 / (1 - p0)))
        return np.asarray(np.maximum(wanted - self._margin(scores), 0.0) / np.linalg.norm(self.weights))

    @property
    def direction(self) -> FloatArray:
        """The direction w / |w|."""
        return np.asarray(self.weights / np.linalg.norm(self.weights))

    def _margin(self, scores: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("np,p->n", scores, self.weights) + self.bias)


@dataclass(frozen=True, eq=False)
class ThresholdDetector:
    """P(present) = P(score + noise > threshold), with normal noise.

    Parameters
    ----------
    place : int
        Column of the value.
    size : int
        Number of columns p.
    threshold, noise : float
        In score units; the noise is positive.
    """

    place: int
    size: int
    threshold: float
    noise: float

    def probability(self, scores: FloatArray) -> FloatArray:
        """Return the probability (n,) that the value counts as present."""
        from scipy.special import ndtr

        return np.asarray(ndtr((scores[:, self.place] - self.threshold) / self.noise))

    def least_shift(self, scores: FloatArray, p0: float) -> FloatArray:
        """Return eps = threshold + noise * Phi^-1(p0) - score, cut off at zero."""
        from scipy.special import ndtri

        wanted = self.threshold + self.noise * float(ndtri(p0))
        return np.asarray(np.maximum(wanted - scores[:, self.place], 0.0))

    @property
    def direction(self) -> FloatArray:
        """The value's own axis."""
        return np.asarray(np.eye(self.size)[self.place])


def fit_logistic(scores: FloatArray, present: FloatArray, name: str) -> LogisticDetector:
    """Fit a logistic regression by Newton's method, with a small ridge on standardised weights.

    Parameters
    ----------
    scores : array (n, p)
    present : array (n,) of 0 and 1
    name : str
        Of the value, for errors.

    Raises
    ------
    StudyError
        If the judge says the same everywhere.
    """
    if not 0 < present.mean() < 1:
        always = "every" if present.mean() == 1 else "no"
        raise StudyError(f"The judge finds {name!r} in {always} row, so no detector can be fitted. Leave it out.")
    middle, spread = scores.mean(axis=0), scores.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(scores)), (scores - middle) / spread])
    penalty = RIDGE * len(scores) * np.diag(np.r_[0.0, np.ones(scores.shape[1])])
    beta = np.zeros(design.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -700, 700)))
        slope = design.T @ (present - p) - penalty @ beta
        curve = (design * (p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(curve + 1e-12 * np.eye(len(beta)), slope)
        beta = beta + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    weights = beta[1:] / spread
    return LogisticDetector(weights, float(beta[0] - weights @ middle))
