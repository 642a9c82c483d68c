"""Predictive samples of what one unit answers under several lever sets."""

from __future__ import annotations

import math

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.prediction.lever_response import LeverResponse
from causalvalues.prediction.mechanism_terms import saturation, step
from causalvalues.prediction.normal_law import NORMAL_90, square_root
from causalvalues.randomness import stream


def sampled_profiles(response: LeverResponse, start: FloatArray, doses: FloatArray, size: int, seed: int) -> FloatArray:
    """Return profiles of one unit under m lever sets, drawn together, (n, m, p) with n at least `size`.

    A sample has one draw of the coefficients, one deviation of the unit, one for each lever, and one for each answer
    (see `VarianceComponents`), so that what is the unit's own is shared by all lever sets.

    Parameters
    ----------
    response : LeverResponse
    start : array (p,)
        Profile without levers.
    doses : array (m, k)
    size : int
    seed : int
        Values and levers have streams of their own: their order changes nothing.
    """
    s, p, k = len(response.weights), len(start), doses.shape[1]
    each = math.ceil(size / s)
    totals = np.abs(doses).sum(axis=1)
    pulls, acting = step(totals), saturation(totals, response.shape[0])[:, None] * doses
    parts = response.components
    widen = parts.reach / NORMAL_90
    larger = parts.factor(doses)[:, None]

    def noise(what: str, covariance: FloatArray, shape: tuple[int, ...]) -> FloatArray:
        columns = [stream(seed, "loop", what, name).standard_normal(shape) for name in response.values]
        return np.asarray(np.stack(columns, axis=-1) @ square_root(covariance) * widen)

    own = noise("unit", parts.unit, (s * each,))[:, None, :] * pulls[:, None]
    for place in range(k):
        lever = noise(f"lever {response.levers[place]}", parts.lever, (s * each,))
        own = own + lever[:, None, :] * acting[:, place, None]
    answer = noise("answer", parts.cell, (s * each, len(doses)))
    profiles = response.profiles(np.tile(start, (len(doses), 1)), doses)
    return np.asarray(np.repeat(profiles, each, axis=0).reshape(s * each, len(doses), p) + (own + answer) * larger)
