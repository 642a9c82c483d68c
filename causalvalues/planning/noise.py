"""What sets one answer of one unit apart from the prediction of a draw: residual, differing effects, answer noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from causalvalues.frozen import FloatArray
from causalvalues.planning.heterogeneity import Heterogeneity
from causalvalues.prediction.normal_law import square_root
from causalvalues.randomness import stream

_LEAST_SAMPLES = 4000

Carry = Callable[[Mapping[str, float]], FloatArray]
"""From doses (lever node -> dose) to how a unit's deviation at the start is carried on, (s, p, p), [from, to]."""
Answer = Callable[[Mapping[str, float]], FloatArray]
"""From doses to the covariance (p, p) of one answer."""


@dataclass(frozen=True, eq=False)
class Noise:
    """Predictive noise for any choice: r samples a draw, the same random numbers for every choice.

    Parameters
    ----------
    values : tuple of str, length p
    residual : array (s, r, p)
        What sets a new unit apart at the start; zero for a given unit, which keeps its own.
    normal : array (s, r, p)
        Independent standard normals, shaped by the covariance of a choice.
    uniform : array (s, r)
        Independent uniform numbers that widen the normals to Student's t when a spread comes from few units.
    heterogeneity : Heterogeneity
        How units differ in what levers do to them.
    answer : callable or None
        Covariance of one answer under some doses, where the model holds it; it then replaces the heterogeneity.
    carry : callable or None
        How a choice carries the residual on; None: as it is.
    """

    values: tuple[str, ...]
    residual: FloatArray
    normal: FloatArray
    uniform: FloatArray
    heterogeneity: Heterogeneity
    answer: Answer | None = None
    carry: Carry | None = None

    def at(self, doses: Mapping[str, float]) -> FloatArray:
        """Return samples (s, r, p) of what is added to the prediction of each draw under some doses."""
        return np.asarray(self.spread(doses) + self.carried(doses))

    def carried(self, doses: Mapping[str, float]) -> FloatArray:
        """Return the residual (s, r, p) of the unit under some doses."""
        if self.carry is None or not doses:
            return self.residual
        return np.asarray(np.einsum("srp,spq->srq", self.residual, self.carry(doses)))

    def spread(self, doses: Mapping[str, float]) -> FloatArray:
        """Return samples (s, r, p) of how a unit's answer differs from what its draw predicts of it."""
        if self.answer is not None and doses:
            return np.asarray(np.einsum("srp,pq->srq", self.normal, square_root(self.answer(doses))))
        if self.answer is not None:
            return np.zeros_like(self.normal)
        root = square_root(self.heterogeneity.of(self.values, doses))
        if not root.any():
            return np.broadcast_to(0.0, self.normal.shape)
        spread = np.einsum("srp,pq->srq", self.normal, root)
        freedom = self.heterogeneity.degrees_of_freedom(doses)
        if math.isfinite(freedom):
            spread = spread * np.sqrt(0.5 * freedom / gammaincinv(0.5 * freedom, self.uniform))[..., None]
        return np.asarray(spread)


def samples_a_draw(draws: int) -> int:
    """Return how many samples each draw gets."""
    return math.ceil(_LEAST_SAMPLES / draws)


def normals(seed: int, what: str, values: tuple[str, ...], draws: int) -> FloatArray:
    """Return standard normals (s, r, p), one stream a value, so that column order changes nothing."""
    shape = (draws, samples_a_draw(draws))
    return np.stack([stream(seed, "planning", what, name).standard_normal(shape) for name in values], axis=-1)


def uniforms(seed: int, draws: int) -> FloatArray:
    """Return uniform numbers (s, r) above zero."""
    return np.asarray(1.0 - stream(seed, "planning", "spread").random((draws, samples_a_draw(draws))))
