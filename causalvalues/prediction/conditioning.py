"""A unit's own deviations from the common mechanism, given what it answered."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.prediction.lever_response import LeverResponse
from causalvalues.prediction.mechanism_terms import saturation, step
from causalvalues.prediction.normal_law import square_root
from causalvalues.randomness import stream


def unit_deviations(
    response: LeverResponse, start: FloatArray, doses: FloatArray, reached: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Draw a unit's deviation u (s, p) and u_l by lever (s, k, p), given answers (q, p) under doses (q, k).

    Chance is dealt to values and levers in name order, so the order of columns changes nothing.
    """
    if reached.shape != start.shape:
        raise ModelError(f"Answers have the shape {reached.shape}. Give one for each asked row, {start.shape}.")
    parts, (s, k, p) = response.components, response.effects.shape
    chance = stream(response.seed, "unit")
    factor = parts.factor(doses)
    roots = [square_root(parts.unit), square_root(parts.lever), square_root(parts.cell)]
    values, levers = name_places(response.values), name_places(response.levers)
    unit = chance.standard_normal((s, p))[:, values] @ roots[0]
    lever = chance.standard_normal((s, k, p))[:, levers][:, :, values] @ roots[1]
    cell = chance.standard_normal((s, len(doses), p))[:, :, values] @ roots[2] * factor[:, None]
    totals = np.abs(doses).sum(axis=1)
    acting = saturation(totals, response.shape[0])[:, None] * doses
    steps = step(totals)
    simulated = steps[:, None] * unit[:, None] + np.einsum("qk,skp->sqp", acting, lever) + cell
    gap = (reached - response.profiles(start, doses) - simulated).reshape(s, -1)
    seen = np.isfinite(reached).ravel()
    shared, own = parts.covariance(doses, response.shape[0])
    whole = shared + own
    solved = np.zeros_like(gap)
    if seen.any():
        solved[:, seen] = np.linalg.solve(whole[np.ix_(seen, seen)], gap[:, seen].T).T
    weights = solved.reshape(s, len(doses), p)
    unit = unit + np.einsum("q,sqp->sp", steps, weights) @ parts.unit
    lever = lever + np.einsum("qk,sqp->skp", acting, weights) @ parts.lever
    return unit, lever


def name_places(names: tuple[str, ...]) -> IntArray:
    """Return the place of each name among the sorted names."""
    return np.argsort(np.argsort(np.array(names)))
