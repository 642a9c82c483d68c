"""The least push after which a value exceeds a threshold with a given chance: on values, or in activations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtr, ndtri

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.model.structural import StructuralModel, path_sums
from causalvalues.planning.mechanisms import Start
from causalvalues.planning.outlook import central
from causalvalues.planning.profiles import profile_function


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What a push must bring about.

    Parameters
    ----------
    value : str
    above : float
        Score that the value must exceed.
    chance : float, default 0.9
        How probable that must be.
    noise : float, default 0.0
        Standard deviation of an answer of a given unit about its expectation; a new unit's residual counts by itself.
    """

    value: str
    above: float
    chance: float = 0.9
    noise: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.chance < 1:
            raise PlanError(f"The chance is {self.chance}. Give a probability between 0 and 1.")
        if not math.isfinite(self.above):
            raise PlanError(f"The threshold of {self.value!r} is {self.above}. Give a finite score.")
        if not (math.isfinite(self.noise) and self.noise >= 0):
            raise PlanError(f"The noise is {self.noise}. Give a standard deviation of zero or more.")


@dataclass(frozen=True, eq=False)
class Push:
    """The least push and what it does.

    Parameters
    ----------
    amounts : mapping of str to float
        Added to each pushed value (a `Shift`), score units; empty when no push gets there.
    size : float
        Euclidean length of the amounts; zero when the threshold is exceeded as often without a push, infinite when no
        push gets there.
    chance : float
        Probability that the value then exceeds the threshold, over the draws; when no push gets there, the limit that
        ever larger pushes come near.
    chance_before : float
    reached : bool
        False when no push on these values gets there: in too many draws no path leads from them to the value.
    by_draw : (float, float)
        90% interval of the size that each draw by itself would need; infinite where a draw has no path.
    side_effects : DataFrame
        Indexed by value: ``mean, lower, upper`` of its change under the push (90% interval over the draws).
    """

    amounts: dict[str, float]
    size: float
    chance: float
    chance_before: float
    reached: bool
    by_draw: tuple[float, float]
    side_effects: pd.DataFrame

    def __repr__(self) -> str:
        said = ", ".join(f"{name} + {amount:.3g}" for name, amount in self.amounts.items() if amount) or "no push"
        said = said if self.reached else "no push gets there"
        return f"Push({said}; chance {self.chance_before:.2f} -> {self.chance:.2f})"


def least_push(model: StructuralModel, start: Start, wanted: Threshold, through: Sequence[str] = ()) -> Push:
    """Return the least push on some values after which a value exceeds its threshold with the wanted chance.

    In one draw, with mean m and standard deviation s of the value and total effects t of the pushed values on it, a
    push of size e along t / |t| adds e |t|, so that P(value > c) >= P0 needs

        e = max(0, c + z(P0) s - m) / |t|,

    z the standard normal quantile: closed form, and the least Euclidean length (the direction is that of the largest
    gain). Over many draws the direction is that of the mean effects, and e solves mean_d P_d(value > c) = P0.

    Parameters
    ----------
    model : StructuralModel
    start : mapping of str to float, Series or None
        A unit, whose residuals are known (its answer varies by ``wanted.noise``); None: a new unit, whose residuals are
        drawn from the model.
    wanted : Threshold
    through : sequence of str, default ()
        Values to push; default: the value itself.

    Returns
    -------
    Push

    Raises
    ------
    PlanError
        If a value is unknown.

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b"], [[0, 0.5], [0, 0]])
    >>> push = least_push(model, None, Threshold(value="b", above=1.0, chance=0.5), through=["a"])
    >>> round(push.amounts["a"], 6)
    2.0
    """
    function = profile_function(model)
    pushed = tuple(sorted(through)) or (wanted.value,)
    for name in (wanted.value, *pushed):
        if name not in function.values:
            raise PlanError(f"There is no value {name!r} in this model." + did_you_mean(name, function.values))
    goal = function.values.index(wanted.value)
    total = np.stack(
        [function.under(np.zeros((1, len(function.values))), {name: 1.0})[:, 0] for name in pushed], axis=1
    )
    means = np.broadcast_to(function.start(start), (len(function.weights), len(function.values)))[:, goal]
    spread = np.full(len(means), wanted.noise) if start is not None else _spread(model, wanted.value)
    direction = _direction(function.weights, total[:, :, goal])
    slopes = np.asarray(np.einsum("k,sk->s", direction, total[:, :, goal]))

    def chance(size: float) -> float:
        return min(float(function.weights @ _exceeds(means + size * slopes, spread, wanted.above)), 1.0)

    size = _least(chance, wanted.chance, _needed(means, spread, slopes, wanted))
    reached = math.isfinite(size)
    each = _needed(means, spread, np.linalg.norm(total[:, :, goal], axis=1), wanted)
    low, high = central(each[:, None], function.weights)
    change = (size if reached else 0.0) * np.einsum("k,skp->sp", direction, total)
    lower, upper = central(change, function.weights)
    columns = {"mean": function.mean(change), "lower": lower, "upper": upper}
    limit = np.where(slopes > 0, 1.0, np.where(slopes < 0, 0.0, _exceeds(means, spread, wanted.above)))
    return Push(
        amounts={name: float(size * part) for name, part in zip(pushed, direction, strict=True)} if reached else {},
        size=size,
        chance=chance(size) if reached else min(float(function.weights @ limit), 1.0),
        chance_before=chance(0.0),
        reached=reached,
        by_draw=(float(low[0]), float(high[0])),
        side_effects=pd.DataFrame(columns, index=list(function.values)),
    )


def _spread(model: StructuralModel, value: str) -> FloatArray:
    """Return the standard deviation (s,) of a value in the population of each draw, levers at zero."""
    p = len(model.values)
    order = sorted(range(p), key=lambda i: model.values[i])
    among = path_sums(np.ascontiguousarray(model.coefficients[:, order][:, :, order]))
    scales = np.ascontiguousarray(model.residual_scales[:, order])
    ways = among[:, :, sorted(model.values).index(value)]
    return np.asarray(np.sqrt(np.einsum("sp,sp->s", scales**2, ways**2)))


def _direction(weights: FloatArray, effects: FloatArray) -> FloatArray:
    """Return the unit vector (k,) of the mean effects; equal parts when they are all zero."""
    mean = np.einsum("s,sk->k", weights, effects)
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length) if length > 0 else np.full(len(mean), 1 / np.sqrt(len(mean)))


def _exceeds(means: FloatArray, spread: FloatArray, threshold: float) -> FloatArray:
    """Return P(value > threshold) in each draw; with no spread, whether the mean is at least the threshold."""
    scale = max(abs(threshold), float(np.abs(means).max(initial=0.0)), 1e-300)
    certain = (means >= threshold - 1e-12 * scale).astype(float)
    return np.where(spread > 0, ndtr((means - threshold) / np.where(spread > 0, spread, 1.0)), certain)


def _needed(means: FloatArray, spread: FloatArray, slopes: FloatArray, wanted: Threshold) -> FloatArray:
    """Return the size (s,) that each draw by itself needs; infinite where the push does not raise the value."""
    lacking = np.maximum(wanted.above + ndtri(wanted.chance) * spread - means, 0.0)
    usable = slopes > 0
    return np.where(lacking <= 0, 0.0, np.where(usable, lacking / np.where(usable, slopes, 1.0), np.inf))


def _least(chance: Callable[[float], float], wanted: float, needed: FloatArray) -> float:
    """Return the least size with the wanted chance; infinite when there is none."""
    enough = wanted * (1 - 1e-12)
    if chance(0.0) >= enough:
        return 0.0
    finite = needed[np.isfinite(needed)]
    high = float(finite.max()) if len(finite) else 0.0
    for _ in range(20):
        if chance(high) >= enough:
            break
        high = 2 * high or 1.0
    else:
        return math.inf
    low = 0.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if chance(middle) >= enough else (middle, high)
    return high


@dataclass(frozen=True, eq=False)
class LogitPush:
    """The least shift of an activation that brings a logistic probe to a wanted probability.

    Parameters
    ----------
    size : float
        Length of the shift along `direction`; zero when the probe says so already, or the gate is shut.
    direction : array (d,)
        w / |w|.
    before, after : float
        Probability by the probe.
    gated : bool
        Whether the gate was open.
    """

    size: float
    direction: FloatArray
    before: float
    after: float
    gated: bool

    @property
    def shift(self) -> FloatArray:
        """What is added to the activation, (d,)."""
        return np.asarray(self.size * self.direction)


def logit_push(
    activation: FloatArray, probe: tuple[FloatArray, float], chance: float, gate: tuple[float, float] | None = None
) -> LogitPush:
    """Return the least Euclidean shift e v of an activation with sigmoid(w.(a + e v) + b) >= P0, v = w / |w|.

    e = max(0, logit(P0) - w.a - b) / |w|, and zero when the gate is shut (Jin et al. 2025, "Internal value alignment in
    large language models through controlled value vector activation", ConVA).

    Parameters
    ----------
    activation : array (d,)
    probe : (array (d,), float)
        Weights w and intercept b of a logistic classifier of the value.
    chance : float
        P0, between 0 and 1.
    gate : (float, float), optional
        A gate's score for this prompt and its threshold; the push is made only when the score is above it.

    Examples
    --------
    >>> push = logit_push(np.array([0.0, 0.0]), (np.array([0.0, 2.0]), -1.0), 0.5)
    >>> push.size, push.shift.tolist()
    (0.5, [0.0, 0.5])
    """
    weights, bias = np.asarray(probe[0], dtype=float), float(probe[1])
    start = np.asarray(activation, dtype=float)
    if weights.shape != start.shape or weights.ndim != 1:
        raise PlanError(
            f"The activation has the shape {start.shape} and the probe {weights.shape}. Give equal lengths."
        )
    if not (np.isfinite(weights).all() and np.isfinite(start).all() and math.isfinite(bias)):
        raise PlanError("The activation or the probe is not finite. Give finite numbers.")
    length = float(np.linalg.norm(weights))
    if not length > 0:
        raise PlanError("All weights of the probe are zero, so no push changes it. Fit the probe again.")
    if not 0 < chance < 1:
        raise PlanError(f"The chance is {chance}. Give a probability between 0 and 1.")
    said = float(weights @ start) + bias
    opened = gate is None or gate[0] > gate[1]
    size = max(float(logit(chance)) - said, 0.0) / length if opened else 0.0
    return LogitPush(size, weights / length, float(expit(said)), float(expit(said + size * length)), opened)
