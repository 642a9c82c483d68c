"""The planning problem as arrays: what each lever adds to the profile in every draw, and what is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.interventions import Lever

Choice = tuple[tuple[int, float], ...]
"""Levers that are used, as (index into `Problem.levers`, dose), in index order; () is to do nothing."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A choice among levers, with every array in name order.

    The reached profile of draw d is start[d] + sum over terms of dose[t] * effects[d, t], where the first terms are the
    levers and the others are tried combinations, whose dose is the product of the doses of their levers.

    Parameters
    ----------
    values : tuple of str, length p
        In name order.
    levers : tuple of Lever, length k
        In name order of their nodes.
    is_node : tuple of bool, length k
        True for a lever node (its dose is set), False for a push on a value.
    combinations : tuple of tuple of int
        Tried combinations of offered levers, as indices into `levers`.
    cells : frozenset of tuple of int, or None
        Sets of two or more lever nodes that may be used together; None when any may.
    start : array (s, p)
        Profile without any lever, in score units; rows are equal for a given unit.
    gap : array (s, p)
        Wanted profile minus start; zero where nothing is wanted.
    effects : array (s, k + c, p)
        Score units for each unit of dose.
    weights : array (s,)
        Of the draws, sum 1.
    error_weights : array (p,)
        Weight of each value in the sum of absolute errors.
    rows : array (q, p)
        Constraints: rows @ (expected reached profile) <= right.
    right : array (q,)
    row_names : tuple of str, length q
        What each constraint asks, in words.
    excluded : frozenset of (int, int)
        Pairs of levers that may not be used together, smaller index first.
    max_levers : int
    budget : float
    """

    values: tuple[str, ...]
    levers: tuple[Lever, ...]
    is_node: tuple[bool, ...]
    combinations: tuple[tuple[int, ...], ...]
    cells: frozenset[tuple[int, ...]] | None
    start: FloatArray
    gap: FloatArray
    effects: FloatArray
    weights: FloatArray
    error_weights: FloatArray
    rows: FloatArray
    right: FloatArray
    row_names: tuple[str, ...]
    excluded: frozenset[tuple[int, int]]
    max_levers: int
    budget: float

    @cached_property
    def scale(self) -> float:
        """Size of the numbers (score units), against which rounding errors are judged."""
        largest = [max(abs(dose) for dose in lever.doses) for lever in self.levers]
        doses = np.array([*largest, *(math.prod(largest[i] for i in levers) for levers in self.combinations)])
        parts = [np.abs(self.gap).max(initial=0.0), (np.abs(self.effects) * doses[:, None]).max(initial=0.0)]
        return float(max(parts)) or 1.0

    @cached_property
    def slack(self) -> float:
        """Differences up to this size (score units) count as rounding errors."""
        return max(1e-9 * self.scale, 1e-13 * float(np.abs(self.start).max(initial=0.0)))

    def on(self, draws: IntArray) -> Problem:
        """Return the same problem on some of the draws, their weights normalised again."""
        weights = self.weights[draws]
        return replace(
            self,
            start=self.start[draws],
            gap=self.gap[draws],
            effects=self.effects[draws],
            weights=weights / weights.sum(),
        )


@dataclass(frozen=True)
class Scored:
    """One choice with its expected error, its total violation of constraints and its cost."""

    choice: Choice
    objective: float
    violation: float
    cost: float


@dataclass(frozen=True)
class Search:
    """What a method found.

    Parameters
    ----------
    best : tuple of Scored
        The best choices, best first; never empty.
    lower_bound : float
        Proven lower bound of the expected error over all admissible choices.
    proven : bool
        False when time ran out before the first of `best` was proven to be the optimum.
    feasible : bool
        False when no choice meets the constraints; `best` then has the least violation.
    """

    best: tuple[Scored, ...]
    lower_bound: float
    proven: bool
    feasible: bool


def effect_of(problem: Problem, choice: Choice) -> FloatArray:
    """Return what a choice adds to the profile in each draw, (s, p): sum over terms of dose * effect."""
    doses = dict(choice)
    added = np.zeros_like(problem.gap)
    for lever, dose in choice:
        added += dose * problem.effects[:, lever]
    for term, levers in enumerate(problem.combinations, start=len(problem.levers)):
        if all(lever in doses for lever in levers):
            added += math.prod(doses[lever] for lever in levers) * problem.effects[:, term]
    return added


def term_doses(problem: Problem, choices: list[Choice]) -> FloatArray:
    """Return the dose of every term of some choices, (n, k + c): lever doses, then their products."""
    k = len(problem.levers)
    doses = np.zeros((len(choices), k + len(problem.combinations)))
    for row, choice in enumerate(choices):
        for lever, dose in choice:
            doses[row, lever] = dose
    for term, levers in enumerate(problem.combinations, start=k):
        doses[:, term] = np.prod(doses[:, list(levers)], axis=1)
    return doses


def mean_over_draws(problem: Problem, array: FloatArray) -> FloatArray:
    """Return the weighted mean over the first axis, summed in a fixed order."""
    return np.asarray(np.einsum("s,s...->...", problem.weights, array))


def score(problem: Problem, choice: Choice) -> Scored:
    """Return a choice with its objective: sum over values of weight * E|gap - effect|, E over the weighted draws."""
    effect = effect_of(problem, choice)
    errors = mean_over_draws(problem, np.abs(problem.gap - effect))
    over = excess(problem, mean_over_draws(problem, problem.start + effect))
    return Scored(choice, float((problem.error_weights * errors).sum()), float(over.sum()), cost_of(problem, choice))


def excess(problem: Problem, reached: FloatArray) -> FloatArray:
    """Return by how much a mean profile (..., p) breaks each constraint, (..., q); rounding errors count as zero."""
    over = np.einsum("qp,...p->...q", problem.rows, reached) - problem.right
    return np.where(over > problem.slack, over, 0.0)


def cost_of(problem: Problem, choice: Choice) -> float:
    """Return the sum of cost per unit * |dose|."""
    return math.fsum(problem.levers[lever].cost * abs(dose) for lever, dose in choice)


def ranked(problem: Problem, scored: list[Scored]) -> list[Scored]:
    """Sort by objective; ties (within rounding) by fewer levers, then lower cost, then names and doses."""
    unit = problem.slack

    def key(item: Scored) -> tuple[int, int, float, Choice]:
        return (round(item.objective / unit), len(item.choice), round(item.cost, 9), item.choice)

    return sorted(scored, key=key)


def tangent(problem: Problem, choice: Choice) -> tuple[FloatArray, FloatArray]:
    """Return a linear lower bound of the expected error of each value, exact at one choice.

    The expected error is convex in the doses of the terms: with sign_d = sign(gap_d - effect_d) at the choice,
    E|gap - sum_t dose_t effect_t| >= sum_d w_d sign_d (gap_d - sum_t dose_t effect_dt) for all doses.

    Parameters
    ----------
    problem : Problem
    choice : Choice

    Returns
    -------
    constant : array (p,)
    slopes : array (k + c, p)
        The bound is constant - doses of the terms @ slopes.
    """
    sign = np.sign(problem.gap - effect_of(problem, choice))
    constant = mean_over_draws(problem, sign * problem.gap)
    return constant, mean_over_draws(problem, sign[:, None, :] * problem.effects)
