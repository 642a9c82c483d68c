"""The loop for one target: plan, ask, compare, update, again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.loop.asking import Said
from causalvalues.loop.sampling import sampled_profiles
from causalvalues.prediction.lever_response import LeverResponse

SAMPLES = 2000
CLOSELY = 200
"""Lever sets that are looked at closely."""
FAIR = 0.05
"""A chance below this is none."""


@dataclass(frozen=True, eq=False)
class Aim:
    """Whom to steer and where to.

    Parameters
    ----------
    start : array (p,)
        Profile without levers, in score units, values in name order.
    wanted : array (p,)
        NaN where nothing is wanted.
    least : array (p,), optional
        What must be kept: no lever set is asked whose expected profile falls below it, and none is chosen whose
        measured profile does. ``-inf`` where nothing must.
    others : tuple of int, default ()
        Values whose mean absolute change from the start is a side effect.
    budget : float, default inf
        The largest side effect; kept like `least`.
    """

    start: FloatArray
    wanted: FloatArray
    least: FloatArray | None = None
    others: tuple[int, ...] = ()
    budget: float = math.inf

    def kept(self, profile: FloatArray) -> BoolArray:
        """Return whether profiles (..., p) keep what must be kept."""
        floor = -np.inf if self.least is None else self.least
        return np.asarray((profile >= floor).all(axis=-1) & (self.side_effect(profile) <= self.budget))

    def side_effect(self, profile: FloatArray) -> FloatArray:
        """Return the mean absolute change of the other values from the start, for profiles (..., p); 0 without any."""
        if not self.others:
            return np.zeros(profile.shape[:-1])
        places = list(self.others)
        return np.asarray(np.abs(profile[..., places] - self.start[places]).mean(axis=-1))

    def error(self, profile: FloatArray) -> FloatArray:
        """Return the mean absolute error of profiles (..., p) over the values that are wanted."""
        return np.asarray(np.nanmean(np.abs(profile - self.wanted), axis=-1))


@dataclass(frozen=True, eq=False)
class Planned:
    """What is asked next, and what is foretold.

    Parameters
    ----------
    number : int
        From 1.
    levers : tuple of (str, float)
    predicted, lower, upper : array (p,)
        Profile foretold before asking, with its 90% interval.
    predicted_error : float
        Expected mean absolute error.
    gain : float
        By how much the error is expected to fall below the best so far.
    """

    number: int
    levers: Said
    predicted: FloatArray
    lower: FloatArray
    upper: FloatArray
    predicted_error: float
    gain: float


@dataclass(frozen=True, eq=False)
class Step:
    """One turn of the loop.

    Parameters
    ----------
    planned : Planned
    achieved : array (p,)
        What the model then answered.
    error : float
        Its mean absolute error.
    """

    planned: Planned
    achieved: FloatArray
    error: float


Hear = Callable[[Planned], FloatArray]
"""Asks the model what was planned and returns the profile (p,)."""


@dataclass(frozen=True)
class Rules:
    """When to stop; see `SteeringSettings`."""

    asks: int
    tolerance: float
    least_gain: float
    reach: float
    seed: int


@dataclass(frozen=True, eq=False)
class Steered:
    """How a loop ended.

    Parameters
    ----------
    aim : Aim
    steps : tuple of Step
        Empty when nothing was worth asking.
    why : str
        Why it stopped.
    chances : (float, float)
        Before the first ask and at the end: predictive probability that some lever set (at the end: one that was not
        asked yet) brings the mean absolute error to `Rules.reach`.
    reach : float
    """

    aim: Aim
    steps: tuple[Step, ...]
    why: str
    chances: tuple[float, float]
    reach: float

    @property
    def best(self) -> Step | None:
        """The step with the smallest achieved error that keeps what must be kept; None when doing nothing is as good.

        Of equals the first one.
        """
        keeping = [step for step in self.steps if self.aim.kept(step.achieved)]
        steps = sorted(keeping, key=lambda step: (step.error, step.planned.number))
        return steps[0] if steps and steps[0].error < float(self.aim.error(self.aim.start)) else None

    @property
    def error(self) -> float:
        """The smallest achieved mean absolute error, that of doing nothing included."""
        return float(self.aim.error(self.aim.start)) if self.best is None else self.best.error

    @property
    def unreachable(self) -> bool:
        """Whether nothing that was asked came within `reach`, and nothing that is left has a fair chance to."""
        return self.reach > 0 and self.error > self.reach and self.chances[1] < FAIR


def steer(response: LeverResponse, aim: Aim, choices: Sequence[Said], hear: Hear, rules: Rules) -> Steered:
    """Ask the lever sets that promise most, one after the other, and learn from each answer.

    The first one is the plan: the set with the least expected mean absolute error, over the draws of the mechanism and
    the noise of an answer. Every later one has the largest expected improvement on the best error so far (Mockus 1975;
    Jones, Schonlau and Welch 1998, Journal of Global Optimization 13), foretold with the answers of this unit so far.

    Parameters
    ----------
    response : LeverResponse
    aim : Aim
    choices : sequence of lever sets
        Those that may be asked.
    hear : callable
    rules : Rules

    Returns
    -------
    Steered
    """
    best = float(aim.error(aim.start))
    steps: list[Step] = []
    left = list(choices)
    outlook = foresee(response, aim, left, rules.seed)
    before = outlook.chance(rules.reach)
    while True:
        gains = np.maximum(best - outlook.errors, 0.0).mean(axis=1)
        open_ = np.isfinite(outlook.expected).any() if left else False
        place = int(np.argmax(gains) if steps else np.argmin(outlook.expected)) if open_ else -1
        why = _why_stop(best, steps, gains, place, rules)
        if why:
            return Steered(aim, tuple(steps), why, (before, outlook.chance(rules.reach)), rules.reach)
        planned = Planned(
            len(steps) + 1,
            left.pop(place),
            outlook.mean[place],
            outlook.lower[place],
            outlook.upper[place],
            float(outlook.expected[place]),
            float(gains[place]),
        )
        achieved = hear(planned)
        steps.append(Step(planned, achieved, float(aim.error(achieved))))
        best = min(best, steps[-1].error) if aim.kept(achieved) else best
        outlook = foresee(learned(response, aim, steps), aim, left, rules.seed)


def _why_stop(best: float, steps: Sequence[Step], gains: FloatArray, place: int, rules: Rules) -> str:
    if best <= rules.tolerance:
        return "within the tolerance"
    if place < 0:
        return "no other lever set keeps the guardrails" if len(gains) else "every lever set was asked"
    if len(steps) >= rules.asks:
        return "the asks are used up"
    if steps and gains[place] < rules.least_gain * best:
        return "no lever set promises to come nearer"
    return ""


def learned(response: LeverResponse, aim: Aim, steps: Sequence[Step]) -> LeverResponse:
    """Return the mechanism conditioned on what this unit answered so far."""
    doses = doses_of(response.levers, [step.planned.levers for step in steps])
    return response.updated(aim.start, doses, np.array([step.achieved for step in steps]))


@dataclass(frozen=True, eq=False)
class Foreseen:
    """What m lever sets are expected to do to one unit.

    Parameters
    ----------
    mean, lower, upper : array (m, p)
        Profiles with 90% intervals.
    expected : array (m,)
        Expected mean absolute error; inf where the expected profile does not keep what must be kept.
    errors : array (m, n)
        Predictive samples of it; inf for lever sets that promise too little to be looked at closely.
    """

    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    expected: FloatArray
    errors: FloatArray

    def chance(self, reach: float) -> float:
        """Return the probability that some lever set comes within `reach` of the target."""
        return float((self.errors.min(axis=0) <= reach).mean()) if len(self.errors) else 0.0


def foresee(response: LeverResponse, aim: Aim, choices: Sequence[Said], seed: int) -> Foreseen:
    """Foretell profiles and errors of lever sets for one unit.

    Expected errors are means of folded normal distributions (Leone, Nelson and Nottingham 1961, Technometrics 3).
    Samples are drawn for the lever sets that promise most; what is the unit's own, and what is its own under one
    lever, is the same in all of them.

    Parameters
    ----------
    response : LeverResponse
    aim : Aim
    choices : sequence of lever sets
    seed : int
    """
    if not choices:
        none = np.empty((0, len(aim.start)))
        return Foreseen(none, none, none, np.empty(0), np.empty((0, SAMPLES)))
    doses = doses_of(response.levers, choices)
    start = np.tile(aim.start, (len(choices), 1))
    told = response.predict(start, doses)
    spread = (told.upper - told.lower) / (2 * response.components.reach)
    away = told.mean - aim.wanted
    ratio = np.divide(away, spread, out=np.zeros_like(away), where=spread > 0)
    folded = spread * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + away * (1 - 2 * ndtr(-ratio))
    expected = np.nanmean(np.where(spread > 0, folded, np.abs(away)), axis=1)
    expected = np.where(aim.kept(told.mean), expected, np.inf)
    errors = np.full((len(choices), SAMPLES), np.inf)
    near = np.argsort(expected, kind="stable")[: min(CLOSELY, int(np.isfinite(expected).sum()))]
    if len(near):
        samples = sampled_profiles(response, aim.start, doses[near], SAMPLES, seed)
        errors[near] = aim.error(samples[:SAMPLES]).T
    return Foreseen(told.mean, told.lower, told.upper, expected, errors)


def doses_of(levers: Sequence[str], choices: Sequence[Said]) -> FloatArray:
    """Return the doses (m, k) of lever sets."""
    place = {name: i for i, name in enumerate(levers)}
    doses = np.zeros((len(choices), len(levers)))
    for row, said in enumerate(choices):
        for name, dose in said:
            doses[row, place[name]] = dose
    return doses
