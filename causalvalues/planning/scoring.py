"""What one choice is worth: its objective over all draws, and lines below the objective that touch it there."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.planning.objectives import AbsoluteError, Expectation, HitChance
from causalvalues.planning.outlook import chance
from causalvalues.planning.problem import (
    Choice,
    Problem,
    Scored,
    cost_of,
    errors_of,
    excess,
    is_ranked,
    mean_over_draws,
    reached_by,
    strength_of,
)
from causalvalues.planning.ranks import spearman


def score(problem: Problem, choice: Choice) -> Scored:
    """Return a choice with its objective, its violation of the constraints and its cost."""
    over = excess(problem, mean_over_draws(problem, reached_by(problem, choice)))
    return Scored(choice, objective_of(problem, choice), float(over.sum()), cost_of(problem, choice))


def objective_of(problem: Problem, choice: Choice) -> float:
    """Return the risk, over the draws, of the loss of a choice."""
    objective, risk = problem.aim.objective, problem.aim.risk
    if isinstance(objective, HitChance):
        return 1.0 - chance(problem, choice)
    if is_ranked(problem):
        return float(risk.of(rank_losses(problem, reached_by(problem, choice))[None], problem.weights)[0])
    parts = objective.parts(errors_of(problem, choice), problem.error_weights)
    if by_value(problem):
        return float(mean_over_draws(problem, parts).sum())
    return float(risk.of(parts.sum(axis=1)[None], problem.weights)[0])


def rank_losses(problem: Problem, reached: FloatArray) -> FloatArray:
    """Return 1 - Spearman's correlation with the wanted scores, over the values of the profile, for profiles (n, p)."""
    named = list(problem.named)
    return 1.0 - spearman(reached[:, named], problem.wanted[0, named])


def by_value(problem: Problem) -> bool:
    """Say whether the objective is a sum over values of expectations, which tangents bound value by value."""
    return problem.aim.objective.separable and isinstance(problem.aim.risk, Expectation)


def expected_errors(problem: Problem, choice: Choice) -> FloatArray:
    """Return the expected absolute error (p,) of each value, in score units."""
    return mean_over_draws(problem, AbsoluteError().parts(errors_of(problem, choice), np.ones(len(problem.values))))


def tangent(problem: Problem, choice: Choice) -> tuple[FloatArray, FloatArray]:
    """Return lines below a convex objective, exact at one choice, for all choices of the same strength.

    With errors e_d = wanted_d - base_d - sum_t dose_t effect_dt, risk weights q_d and slopes g_d at the choice,
    objective >= sum_d q_d (loss(e0_d) + g_d . (e_d - e0_d)) for all doses: the loss is convex in the errors, and the
    risk is the largest weighted mean over a set of weights that holds q (Rockafellar, 1970, theorem 23.8).

    Parameters
    ----------
    problem : Problem
    choice : Choice

    Returns
    -------
    constant : array (m,)
        One for each value when the objective is a sum over values of expectations, else one.
    slopes : array (k + c, m)
        The bound is the sum of constant - doses of the terms @ slopes.
    """
    state = problem.state(strength_of(problem, choice))
    errors = errors_of(problem, choice)
    parts = problem.aim.objective.parts(errors, problem.error_weights)
    slopes = problem.aim.objective.slopes(errors, problem.error_weights)
    free = slopes * (problem.wanted - state.base)
    if by_value(problem):
        constant = mean_over_draws(problem, parts - slopes * errors + free)
        return constant, mean_over_draws(problem, slopes[:, None, :] * state.effects)
    losses = parts.sum(axis=1)
    weights = problem.aim.risk.weights(losses[None], problem.weights)[0]
    constant = np.einsum("s,s->", weights, losses + (free - slopes * errors).sum(axis=1))
    return np.asarray([constant]), np.einsum("s,sp,stp->t", weights, slopes, state.effects)[:, None]
