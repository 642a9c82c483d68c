"""What levers do to the profile of a unit, fitted: saturation, interactions and what the unit keeps of itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.prediction.mechanism_terms import (
    COMPANY,
    EFFECT,
    KEPT,
    MODERATED,
    OFFSET,
    PAIR,
    STEP,
    Terms,
    pull,
    saturation,
    step,
)
from causalvalues.prediction.predictors import Prediction
from causalvalues.prediction.variance_components import VarianceComponents
from causalvalues.randomness import stream

BLOCK = 2_000_000
"""Numbers held at a time when profiles are only summed up."""

MOST_PAIRS = 1000
"""With more pairs of levers than this `affine` lists the tried ones only."""


@dataclass(frozen=True, eq=False)
class Affine:
    """Profiles of one unit at one total dose: base + sum_l d_l effects_l + sum_(l, m) d_l d_m pair_effects_lm.

    Parameters
    ----------
    base : array (s, p)
    effects : array (s, k, p)
    pairs : tuple of (int, int), length c
        Places of the two levers.
    pair_effects : array (s, c, p)
    """

    base: FloatArray
    effects: FloatArray
    pairs: tuple[tuple[int, int], ...]
    pair_effects: FloatArray


@dataclass(frozen=True, eq=False)
class LeverResponse:
    """A fitted mechanism: the profile of a unit under levers, with draws.

    With n = sum_l |d_l| and x the unit's profile without levers,

        profile = x + phi(n) (b - (x - mean)(I - K)) + min(n, 1) c + s(n) sum_l d_l (a_l + (x - mean) M_l)
                  + sum_(l, m) d_l d_m (h_l + h_m + r_lm),

    s(n) = (1 + w) / (1 + w n) and phi(n) = n (1 + w') / (1 + w' n). Matrices are [from, to]. K is what a unit keeps of
    itself under one lever, the identity at no dose; M_l is zero unless the mechanism lets each lever move different
    starts differently; h_l is what a lever does in any company, r_lm the rest of a pair's interaction. With K = k I and
    all but a, b and K zero this is the averaging of Anderson (1981, eq. 2.1): each lever draws the profile towards its
    own level, with one weight.

    Parameters
    ----------
    terms : Terms
    shape : (w, w')
    draws : array (s, q, p)
        Coefficients in standard units, columns as in `terms`.
    weights : array (s,)
    components : VarianceComponents
        Covariances of what is left, in score units.
    untried : array (p,)
        Prior standard deviation of the interaction of two levers that were never tried together, score units.
    tried : frozenset of frozenset of str
        Lever sets seen in the data.
    seed : int
        Of the draws for untried pairs.
    """

    terms: Terms
    shape: tuple[float, float]
    draws: FloatArray
    weights: FloatArray
    components: VarianceComponents
    untried: FloatArray
    tried: frozenset[frozenset[str]]
    seed: int

    def __post_init__(self) -> None:
        p, q = len(self.terms.values), len(self.terms.kinds)
        s = len(self.weights)
        try:
            object.__setattr__(self, "draws", frozen_floats(self.draws, (s, q, p), "draws"))
            object.__setattr__(self, "weights", frozen_floats(self.weights, (s,), "weights"))
            object.__setattr__(self, "untried", frozen_floats(self.untried, (p,), "untried"))
        except ValueError as error:
            raise ModelError(str(error)) from None

    def __repr__(self) -> str:
        w, kept = self.shape
        return (
            f"LeverResponse({len(self.levers)} levers, {len(self.values)} values, {len(self.weights)} draws; "
            f"w = {w:.2f}, w' = {kept:.2f}, {len(self.terms.pairs)} interactions)"
        )

    @property
    def values(self) -> tuple[str, ...]:
        """Names of the values, in the order of every profile."""
        return self.terms.values

    @property
    def levers(self) -> tuple[str, ...]:
        """Names of the levers, in the order of the doses."""
        return self.terms.levers

    @property
    def noise(self) -> FloatArray:
        """Covariance (p, p) of one answer under one full lever, the unit's own deviation included, score units."""
        parts = self.components
        return np.asarray(parts.unit + parts.lever + parts.cell)

    def answer_covariance(self, doses: FloatArray) -> FloatArray:
        """Return the covariance (p, p) of what one unit answers under doses (k,) about its predicted profile."""
        return self.components.of_answer(np.asarray(doses, dtype=float), self.shape[0])

    @property
    def mean(self) -> FloatArray:
        """Mean profile without levers of the units it was fitted on, (p,)."""
        return self.terms.centre

    @property
    def spread(self) -> FloatArray:
        """Standard deviation of the starts of the units that it was fitted on, (p,)."""
        return self.terms.spread

    @property
    def effects(self) -> FloatArray:
        """Effect of each lever alone on the mean unit, pull included, (s, k, p), score units."""
        return np.asarray(self._of(EFFECT) + self._of(OFFSET) + self._of(STEP))

    @property
    def kept(self) -> FloatArray:
        """K (s, p, p), [from, to]: what a unit keeps of its start under one full lever."""
        p = len(self.values)
        if not self.terms.kept:
            return np.broadcast_to(np.eye(p), (len(self.weights), p, p))
        return np.asarray(np.eye(p) + self._of(KEPT) / self.terms.spread[:, None])

    def affine(self, start: FloatArray, strength: float) -> Affine:
        """Return how profiles depend on the doses when these sum to `strength`.

        Parameters
        ----------
        start : array (p,)
            Profile without levers, score units.
        strength : float
            n, the sum of absolute doses; 0 or more.

        Raises
        ------
        ModelError
            If the start has another shape or is not finite, or the strength is negative.
        """
        x = self._checked(np.asarray(start, dtype=float)[None], np.zeros((1, len(self.levers))))[0][0]
        if not (np.isfinite(strength) and strength >= 0):
            raise ModelError(f"The total dose is {strength!r}. Give zero or a positive number.")
        s, phi = float(saturation(strength, self.shape[0])), float(pull(strength, self.shape[1]))
        z = (x - self.terms.centre) / self.terms.spread
        base = self._of(OFFSET)[:, 0] * phi + self._of(STEP)[:, 0] * float(step(strength))
        if self.terms.kept:
            base = base + phi * np.einsum("i,sij->sj", z, self._of(KEPT))
        effects = self._of(EFFECT)
        if self.terms.moderated:
            shape = (len(self.weights), len(self.levers), len(z), len(z))
            effects = effects + np.einsum("i,slij->slj", z, self._of(MODERATED).reshape(shape))
        pairs, k = self.terms.pairs, len(self.levers)
        if k * (k - 1) // 2 <= MOST_PAIRS:
            new = tuple((i, j) for i in range(k) for j in range(i + 1, k) if (i, j) not in set(pairs))
            pairs = pairs + new
        return Affine(x + base, s * effects, pairs, self._pair_effects(pairs))

    def profiles(self, start: FloatArray, doses: FloatArray) -> FloatArray:
        """Return profiles (s, m, p), without the noise of an answer, of units (m, p) under doses (m, k)."""
        x, d = self._checked(start, doses)
        design = self.terms.design(x, d, self.shape)
        out = x + np.einsum("mq,sqp->smp", design, self.draws * self.terms.spread, optimize=True)
        new = self._untried_pairs(d)
        for i, j in new:
            out += (d[:, i] * d[:, j])[None, :, None] * self._untried_draws(i, j)[:, None, :]
        return np.asarray(out)

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        """Return the mean and the 90% interval of what units (m, p) answer under doses (m, k)."""
        x, d = self._checked(start, doses)
        mean, spread = self._summed(x, d)
        half = self.components.reach * np.sqrt(spread + self.components.variance(d, self.shape[0]))
        return Prediction(mean, mean - half, mean + half)

    def mean_profiles(self, start: FloatArray, doses: FloatArray) -> FloatArray:
        """Return the mean (m, p) of the profiles over the draws."""
        return self._mean(*self._checked(start, doses))

    def spread_of(self, start: FloatArray, doses: FloatArray) -> FloatArray:
        """Return the variance (m, p) of predicted profiles over the draws, without the noise of an answer."""
        return self._summed(*self._checked(start, doses))[1]

    @cached_property
    def _centre(self) -> FloatArray:
        """Mean of the coefficients over the draws, (q, p)."""
        return np.asarray(np.einsum("s,sqp->qp", self.weights / self.weights.sum(), self.draws))

    @cached_property
    def _away(self) -> FloatArray:
        """Draws about their mean, weighted, value by value, (p, q, s)."""
        share = self.weights / self.weights.sum()
        return np.ascontiguousarray(((self.draws - self._centre) * np.sqrt(share)[:, None, None]).transpose(2, 1, 0))

    def _mean(self, start: FloatArray, doses: FloatArray) -> FloatArray:
        return np.asarray(start + self.terms.design(start, doses, self.shape) @ self._centre * self.terms.spread)

    def _summed(self, start: FloatArray, doses: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of profiles over the draws, (m, p) each."""
        design = self.terms.design(start, doses, self.shape)
        mean = self._mean(start, doses)
        variance = np.empty_like(mean)
        step = max(1, BLOCK // (len(self.weights) + 1))
        for first in range(0, len(start), step):
            part = design[first : first + step]
            for j in range(len(self.values)):
                variance[first : first + step, j] = ((part @ self._away[j]) ** 2).sum(axis=1) * self.terms.spread[
                    j
                ] ** 2
        for i, j in self._untried_pairs(doses):
            variance += ((doses[:, i] * doses[:, j]) ** 2)[:, None] * self.untried**2
        return mean, variance

    def _of(self, kind: int) -> FloatArray:
        """Draws of the coefficients of one kind, (s, columns, p), in score units for each standard unit of start."""
        return np.asarray(self.draws[:, self.terms.kinds == kind] * self.terms.spread)

    def _pair_effects(self, pairs: tuple[tuple[int, int], ...]) -> FloatArray:
        """Return the interaction of each pair, its prior's draw where it was not tried, (s, c, p)."""
        place = {pair: c for c, pair in enumerate(self.terms.pairs)}
        company, own = self._of(COMPANY), self._of(PAIR)
        out = np.zeros((len(self.weights), len(pairs), len(self.values)))
        for c, (i, j) in enumerate(pairs):
            out[:, c] = own[:, place[i, j]] if (i, j) in place else self._untried_draws(i, j)
            if place:
                out[:, c] += company[:, i] + company[:, j]
        return out

    def _untried_pairs(self, doses: FloatArray) -> list[tuple[int, int]]:
        on = (doses != 0).astype(float)
        first, second = np.nonzero(np.triu(on.T @ on, 1))
        known = set(self.terms.pairs)
        return [pair for pair in zip(first.tolist(), second.tolist(), strict=True) if pair not in known]

    def _untried_draws(self, i: int, j: int) -> FloatArray:
        """Interaction (s, p) of two levers never tried together, from its prior, dealt to values in name order."""
        names = sorted((self.levers[i], self.levers[j]))
        chance = stream(self.seed, "untried pair", *names).standard_normal((len(self.weights), len(self.values)))
        return np.asarray(chance[:, np.argsort(np.argsort(self.values))] * self.untried)

    def _checked(self, start: FloatArray, doses: FloatArray) -> tuple[FloatArray, FloatArray]:
        x, d = np.asarray(start, dtype=float), np.asarray(doses, dtype=float)
        p, k = len(self.values), len(self.levers)
        if x.ndim != 2 or x.shape[1] != p or d.shape != (len(x), k):
            raise ModelError(f"Starts have the shape {x.shape} and doses {d.shape}. Give (m, {p}) and (m, {k}).")
        if not (np.isfinite(x).all() and np.isfinite(d).all()):
            raise ModelError("A start or a dose is not finite. Give a complete profile and a number for each lever.")
        return x, d

    def updated(self, start: FloatArray, doses: FloatArray, reached: FloatArray) -> LeverResponse:
        """Return the response of one unit, given what it already answered under levers.

        The unit's own deviations u and u_l (see `VarianceComponents`) are drawn given its answers: normal conditioning
        for each draw (Rasmussen and Williams 2006, eq. A.6), by Matheron's rule.

        Parameters
        ----------
        start : array (p,)
        doses : array (q, k)
        reached : array (q, p)
            What it answered; NaN where lost.
        """
        from causalvalues.prediction.conditioning import unit_deviations

        asked, answers = np.atleast_2d(np.asarray(doses, dtype=float)), np.atleast_2d(np.asarray(reached, dtype=float))
        starts = np.repeat(np.asarray(start, dtype=float)[None], len(asked), axis=0)
        whole, by_lever = unit_deviations(self, starts, asked, answers)
        draws = np.array(self.draws)
        draws[:, self.terms.kinds == STEP] += whole[:, None] / self.terms.spread
        draws[:, self.terms.kinds == EFFECT] += by_lever / self.terms.spread
        none = np.zeros_like(self.components.unit)
        parts = self.components
        known = replace(parts, unit=none, lever=none, reach=parts.reach * parts.told, told=1.0)
        return replace(self, draws=draws, components=known)
