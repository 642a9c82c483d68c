"""The least shift of a state after which a probe says that a value is affirmed, in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from causalvalues.errors import SteeringError
from causalvalues.frozen import FloatArray
from causalvalues.steering.acts import Act, SteeringLever, checked_direction
from causalvalues.steering.probes import ValueProbes


def least_shift(states: ArrayLike, weights: ArrayLike, intercept: float, probability: float) -> FloatArray:
    """Return how far each state must go along the weights until the probe says at least a probability.

    eps = max(0, (logit(P0) - w.e - b) / |w|); the new state is e + eps w / |w|. No shift in any direction that does the
    same is shorter, as w is at right angles to the states between which the probe cannot tell.

    Parameters
    ----------
    states : array (m, d)
        e.
    weights : array (d,)
        w.
    intercept : float
        b.
    probability : float
        P0, between 0 and 1.

    Returns
    -------
    array (m,)
        In the units of the states; zero where the probe says as much already.

    Raises
    ------
    SteeringError
        If shapes do not fit, numbers are not finite, the weights are zero, or the probability is not between 0 and 1.

    References
    ----------
    Jin et al. 2025, ACL (ConVA), closed form of the minimal shift.

    Examples
    --------
    >>> least_shift([[0.0, 0.0], [3.0, 0.0]], [2.0, 0.0], -1.0, 0.5)
    array([0.5, 0. ])
    """
    found = np.asarray(states, dtype=np.float64)
    checked_direction(weights, "The probe")
    w = np.asarray(weights, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != w.size:
        raise SteeringError(f"The states have the shape {found.shape}. The probe reads (m, {w.size}).")
    if not (np.isfinite(found).all() and math.isfinite(intercept)):
        raise SteeringError("Some states, or the intercept of the probe, are not finite.")
    missing = logit(probability) - found @ w - intercept
    return np.asarray(np.maximum(0.0, missing / np.linalg.norm(w)))


def least_shift_lever(
    name: str, probes: ValueProbes, value: str, layers: Sequence[int], probability: float = 0.9
) -> SteeringLever:
    """Make a lever that shifts states as little as lets the probe of a value say at least a probability.

    It acts layer after layer: what a layer must add is what the layers before it left missing.

    Parameters
    ----------
    name : str
    probes : ValueProbes
    value : str
    layers : sequence of int
    probability : float, default 0.9
        P0, above one half. A dose s asks for sigmoid(s logit(P0)) instead.

    Returns
    -------
    SteeringLever

    Raises
    ------
    SteeringError
        If there is no such probe, no layer, or the probability is not above one half (a larger dose would ask for less)
        and below one.

    Examples
    --------
    >>> least_shift_lever("to_power", probes, "power", (8, 10, 12), 0.95)  # doctest: +SKIP
    """
    coefficient = logit(probability)
    if coefficient <= 0:
        raise SteeringError(
            f"The probability is {probability:g}. Ask for more than one half, so that larger doses ask for more."
        )
    acts = []
    for layer in sorted(set(layers)):
        weights, intercept = probes.probe(value, layer)
        acts.append(Act(layer, weights, coefficient, "least_shift", intercept))
    where = ", ".join(str(act.layer) for act in acts)
    said = f"shifts just so far that {value} has a probability of {probability:g} behind layers {where}"
    return SteeringLever(name, tuple(acts), value, "least_shift", description=said)


def logit(probability: float) -> float:
    """Return log(P / (1 - P)); raise `SteeringError` unless P is between 0 and 1.

    Examples
    --------
    >>> logit(0.5)
    0.0
    """
    if not 0 < probability < 1:
        raise SteeringError(f"The probability is {probability}. Give a number between 0 and 1.")
    return math.log(probability) - math.log1p(-probability)
