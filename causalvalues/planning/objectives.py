"""What a plan minimises: how far a profile is from the target, and what counts of it over the draws."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray


@dataclass(frozen=True)
class Objective(ABC):
    """How far one reached profile is from the wanted one.

    A convex objective is bounded from below by its tangents, so that most choices are ruled out unseen; one that also
    is a sum over values (`separable`) is bounded value by value when the mean over the draws is asked for.
    """

    code: ClassVar[int]
    words: ClassVar[str]
    convex: ClassVar[bool] = True
    separable: ClassVar[bool] = False

    @abstractmethod
    def parts(self, errors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the parts (..., m) whose sum is the loss, of errors (..., p) = wanted - reached; m is p or 1."""

    @abstractmethod
    def slopes(self, errors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return a subgradient (..., p) of the loss by the errors; NaN where the objective is not convex."""


@dataclass(frozen=True)
class AbsoluteError(Objective):
    """Sum over values of weight * |reached - wanted|, the measure of COUPLE (Guo et al., 2025)."""

    code: ClassVar[int] = 0
    words: ClassVar[str] = "error"
    separable: ClassVar[bool] = True

    def parts(self, errors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return weight * |error| of each value."""
        return np.asarray(weights * np.abs(errors))

    def slopes(self, errors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return weight * sign(error)."""
        return np.asarray(weights * np.sign(errors))


@dataclass(frozen=True)
class SquaredError(Objective):
    """Sum over values of weight * (reached - wanted)^2."""

    code: ClassVar[int] = 1
    words: ClassVar[str] = "squared error"
    separable: ClassVar[bool] = True

    def parts(self, errors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return weight * error^2 of each value."""
        return np.asarray(weights * errors**2)

    def slopes(self, errors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return 2 * weight * error."""
        return np.asarray(2.0 * weights * errors)


@dataclass(frozen=True)
class WorstDimension(Objective):
    """Largest weight * |reached - wanted| of all values."""

    code: ClassVar[int] = 2
    words: ClassVar[str] = "error of the worst value"

    def parts(self, errors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the largest weight * |error|, as one part."""
        return np.asarray((weights * np.abs(errors)).max(axis=-1, keepdims=True))

    def slopes(self, errors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return weight * sign(error) of the first value that is the worst, else zero."""
        worst = (weights * np.abs(errors)).argmax(axis=-1)
        found = np.zeros(errors.shape)
        signed = weights * np.sign(errors)
        np.put_along_axis(found, worst[..., None], np.take_along_axis(signed, worst[..., None], -1), -1)
        return found


@dataclass(frozen=True)
class RankCorrelation(Objective):
    """One minus Spearman's rank correlation of reached and wanted scores over the values of the profile.

    Ties get their mean rank. A reached profile without any differences has the correlation 0. Error weights do not
    enter. Every choice is scored, since no bound is known.
    """

    code: ClassVar[int] = 3
    words: ClassVar[str] = "loss of rank correlation"
    convex: ClassVar[bool] = False

    def parts(self, errors: FloatArray, weights: FloatArray) -> FloatArray:  # noqa: ARG002
        """Raise: errors alone do not give ranks; see `problem.losses`."""
        raise PlanError("Ranks come from scores, not from errors.")

    def slopes(self, errors: FloatArray, weights: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return NaN."""
        return np.full(errors.shape, math.nan)


@dataclass(frozen=True)
class HitChance(Objective):
    """Predictive chance that something that the target asks for fails: one minus `Plan.chance_in_sample`.

    The chance is over draws, heterogeneity and noise together, so its risk is the expectation. Every choice is scored.
    """

    code: ClassVar[int] = 4
    words: ClassVar[str] = "chance of missing"
    convex: ClassVar[bool] = False

    def parts(self, errors: FloatArray, weights: FloatArray) -> FloatArray:  # noqa: ARG002
        """Raise: the chance needs predictive samples; see `outlook.chance`."""
        raise PlanError("A chance comes from predictive samples, not from errors.")

    def slopes(self, errors: FloatArray, weights: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return NaN."""
        return np.full(errors.shape, math.nan)


@dataclass(frozen=True)
class Risk(ABC):
    """What counts of losses that differ between draws: the largest weighted mean over a set of weights.

    Every risk here is convex, does not fall when a loss rises, and is at least the expectation.
    """

    @abstractmethod
    def weights(self, losses: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the weights (n, s), sum 1, under which the mean of the losses (n, s) is the risk."""

    @abstractmethod
    def named(self, words: str) -> str:
        """Return the risk of something in words."""

    def of(self, losses: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the risk (n,) of losses (n, s) in draws with these weights (s,)."""
        return np.asarray(np.einsum("ns,ns->n", self.weights(losses, weights), losses))


@dataclass(frozen=True)
class Expectation(Risk):
    """Weighted mean over the draws."""

    def weights(self, losses: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the weights of the draws."""
        return np.broadcast_to(weights, losses.shape)

    def named(self, words: str) -> str:
        """Return ``expected error`` and the like."""
        return f"expected {words}"


@dataclass(frozen=True)
class CVaR(Risk):
    """Conditional value at risk: mean of the worst share 1 - alpha of the draws (Rockafellar and Uryasev, 2000).

    Parameters
    ----------
    alpha : float, default 0.9
        In [0, 1); 0 is the expectation.
    """

    alpha: float = 0.9

    def __post_init__(self) -> None:
        if not 0 <= self.alpha < 1:
            raise PlanError(f"`alpha` of the CVaR is {self.alpha}. Give a share from 0 to below 1.")

    def weights(self, losses: FloatArray, weights: FloatArray) -> FloatArray:
        """Return weight / (1 - alpha) for the worst draws, up to the share 1 - alpha of all weight."""
        order = np.argsort(-losses, axis=1, kind="stable")
        before = np.cumsum(weights[order], axis=1) - weights[order]
        left = np.clip((1 - self.alpha) - before, 0.0, weights[order]) / (1 - self.alpha)
        found = np.empty(losses.shape)
        np.put_along_axis(found, order, left, axis=1)
        return found

    def named(self, words: str) -> str:
        """Return the risk in words."""
        return f"{words} in the worst {100 * (1 - self.alpha):.3g}% of draws"


@dataclass(frozen=True)
class WorstDraw(Risk):
    """The largest loss of all draws that have weight."""

    def weights(self, losses: FloatArray, weights: FloatArray) -> FloatArray:
        """Return one for the first of the worst draws, else zero."""
        worst = np.where(weights > 0, losses, -math.inf).argmax(axis=1)
        return np.asarray(np.eye(losses.shape[1])[worst])

    def named(self, words: str) -> str:
        """Return the risk in words."""
        return f"{words} in the worst draw"
