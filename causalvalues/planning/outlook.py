"""What a choice is predicted to do to one unit: parameters, graph, unit residual and answer noise, draw by draw."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.planning.problem import Choice, Problem, effect_of, excess, mean_over_draws, reached_by
from causalvalues.planning.targets import Target

_LEVEL = 0.90


def doses_of(problem: Problem, choice: Choice) -> dict[str, float]:
    """Return lever node -> dose."""
    return {problem.levers[lever].node: dose for lever, dose in choice}


def reached_samples(problem: Problem, choice: Choice) -> FloatArray:
    """Return samples (s, r, p) of the profile that a unit ends with."""
    return np.asarray(reached_by(problem, choice)[:, None, :] + problem.noise.at(doses_of(problem, choice)))


def change_samples(problem: Problem, choice: Choice) -> FloatArray:
    """Return samples (s, r, p) of what the choice does to a unit."""
    doses = doses_of(problem, choice)
    moved = problem.noise.spread(doses)
    if problem.noise.carry is not None:
        moved = moved + problem.noise.carried(doses) - problem.noise.residual
    return np.asarray(effect_of(problem, choice)[:, None, :] + moved)


def chance(problem: Problem, choice: Choice) -> float:
    """Return the predictive probability that a unit ends where the target wants it."""
    return float(share(problem, hits(problem, reached_samples(problem, choice)).reshape(-1, 1))[0])


def hits(problem: Problem, reached: FloatArray) -> BoolArray:
    """Say for profiles (..., p) whether all that the target asks for holds: tolerance, ranking, bounds and the rest."""
    inside = (reached >= problem.low - problem.slack) & (reached <= problem.high + problem.slack)
    return np.asarray(np.all(inside, axis=-1) & np.all(excess(problem, reached) <= 0, axis=-1))


def predicted_table(problem: Problem, target: Target, choice: Choice, names: tuple[str, ...]) -> pd.DataFrame:
    """Return ``start, target, mean, lower, upper`` for every value, rows in the order of `names`."""
    lower, upper = interval(problem, reached_samples(problem, choice))
    table = pd.DataFrame(
        {
            "start": mean_profile(problem, problem.start),
            "target": [target.profile.get(name, math.nan) for name in problem.values],
            "mean": mean_profile(problem, reached_by(problem, choice)),
            "lower": lower,
            "upper": upper,
        },
        index=list(problem.values),
    )
    return table.loc[list(names)]


def mean_profile(problem: Problem, profiles: FloatArray) -> FloatArray:
    """Return the weighted mean (p,) of profiles (s, p); exactly the profile when all draws have the same."""
    return np.asarray(profiles[0] + mean_over_draws(problem, profiles - profiles[0]))


def side_effect_table(problem: Problem, target: Target, choice: Choice, names: tuple[str, ...]) -> pd.DataFrame:
    """Return ``mean, lower, upper, positive`` of the change of every value that the target does not name."""
    change = change_samples(problem, choice)
    lower, upper = interval(problem, change)
    table = pd.DataFrame(
        {
            "mean": mean_over_draws(problem, effect_of(problem, choice)),
            "lower": lower,
            "upper": upper,
            "positive": share(problem, (change > 0).reshape(-1, change.shape[-1])),
        },
        index=list(problem.values),
    )
    return table.loc[[name for name in names if name not in target.named]]


def sample_weights(problem: Problem) -> FloatArray:
    """Return the weights (s * r,) of the samples."""
    r = problem.noise.normal.shape[1]
    return np.repeat(problem.weights / r, r)


def share(problem: Problem, holds: BoolArray) -> FloatArray:
    """Return the weighted share of samples (n, q) in which something holds, (q,); exactly 1 when it always does."""
    weights = sample_weights(problem)
    sums = np.einsum("n,nq->q", weights, holds.astype(float))
    return np.asarray(sums / np.einsum("n,nq->q", weights, np.ones(holds.shape)))


def interval(problem: Problem, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted 5% and 95% quantiles (p,) of samples (s, r, p)."""
    return central(samples.reshape(-1, samples.shape[-1]), sample_weights(problem))


def central(samples: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted 5% and 95% quantiles (p,) of samples (n, p)."""
    tails = [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]
    low, high = np.quantile(samples, tails, axis=0, weights=weights, method="inverted_cdf")
    return np.asarray(low), np.asarray(high)
