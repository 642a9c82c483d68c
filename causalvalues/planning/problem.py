"""The planning problem as arrays: what each lever adds to the profile in every draw, and what is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Protocol

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.interventions import Lever
from causalvalues.planning.constraints import Rows
from causalvalues.planning.noise import Noise
from causalvalues.planning.objectives import Objective, RankCorrelation, Risk

Choice = tuple[tuple[int, float], ...]
"""Levers that are used, as (index into `Problem.levers`, dose), in index order; () is to do nothing."""


@dataclass(frozen=True, eq=False)
class State:
    """How profiles depend on the doses: base + sum over terms of dose * effect.

    Parameters
    ----------
    base : array (s, p)
        Score units.
    effects : array (s, k + c, p)
        Score units for each unit of dose; the first k terms are the levers, the others combinations.
    """

    base: FloatArray
    effects: FloatArray


class Mechanism(Protocol):
    """What levers do; base and effects may depend on the strength of a choice, its sum of absolute doses."""

    @property
    def by_strength(self) -> bool:
        """Whether `state` depends on the strength."""
        ...

    def state(self, strength: float) -> State:
        """Return base and effects for choices of this strength; strength 0 gives the start itself."""
        ...


@dataclass(frozen=True)
class Aim:
    """What a plan minimises.

    Parameters
    ----------
    objective : Objective
    risk : Risk
    units : str
        Units of the error.
    """

    objective: Objective
    risk: Risk
    units: str = "score units"

    @property
    def words(self) -> str:
        """What is minimised, such as ``expected error``."""
        return self.risk.named(self.objective.words)


@dataclass(frozen=True, eq=False)
class Problem:
    """A choice among levers, with every array in name order.

    Parameters
    ----------
    values : tuple of str, length p
        In name order.
    levers : tuple of Lever, length k
        In name order of their nodes.
    is_node : tuple of bool, length k
        True for a lever node (its dose is set), False for a push on a value.
    combinations : tuple of tuple of int
        Combinations of offered levers that have an effect of their own, as indices into `levers`; the dose of such a
        term is the product of the doses of its levers.
    tried : frozenset of tuple of int
        Sets of two or more offered lever nodes that were seen together in the data.
    cells : frozenset of tuple of int, or None
        Sets of two or more lever nodes that may be used together; None when any may.
    mechanism : Mechanism
    wanted : array (s, p)
        Wanted profile; the start itself where nothing is wanted.
    weights : array (s,)
        Of the draws, sum 1.
    error_weights : array (p,)
        Weight of each value in the loss.
    named : tuple of int
        Values of the profile; all when there is no profile.
    constraints : Rows
        On the expected reached profile.
    low, high : array (p,)
        Scores between which a value hits; infinite where nothing is wanted.
    excluded, required : frozenset of (int, int)
        Pairs of levers that may not be used together (smaller index first); pairs of which the first needs the second.
    max_levers : int
    budget : float
    aim : Aim
    noise : Noise
    """

    values: tuple[str, ...]
    levers: tuple[Lever, ...]
    is_node: tuple[bool, ...]
    combinations: tuple[tuple[int, ...], ...]
    tried: frozenset[tuple[int, ...]]
    cells: frozenset[tuple[int, ...]] | None
    mechanism: Mechanism
    wanted: FloatArray
    weights: FloatArray
    error_weights: FloatArray
    named: tuple[int, ...]
    constraints: Rows
    low: FloatArray
    high: FloatArray
    excluded: frozenset[tuple[int, int]]
    required: frozenset[tuple[int, int]]
    max_levers: int
    budget: float
    aim: Aim
    noise: Noise
    _states: dict[float, State] = field(default_factory=dict, init=False, repr=False)

    def state(self, strength: float) -> State:
        """Return base and effects for choices of one strength."""
        if strength not in self._states:
            self._states[strength] = self.mechanism.state(strength)
        return self._states[strength]

    @property
    def start(self) -> FloatArray:
        """Profile (s, p) without any lever; rows are equal for a given unit."""
        return self.state(0.0).base

    @cached_property
    def strengths(self) -> tuple[float, ...]:
        """Every strength that some choice of at most `max_levers` listed doses can have; 0 alone when none matters."""
        if not self.mechanism.by_strength:
            return (0.0,)
        doses = [{abs(dose) for dose in lever.doses} for lever in self.levers]
        reached: list[set[float]] = [{0.0}] + [set() for _ in range(self.max_levers)]
        for of_one in doses:
            for size in range(self.max_levers, 0, -1):
                reached[size] |= {rounded(a + b) for a, b in product(reached[size - 1], of_one)}
        return tuple(sorted(set().union(*reached)))

    @cached_property
    def scale(self) -> float:
        """Size of the numbers (score units), against which rounding errors are judged."""
        largest = [max(abs(dose) for dose in lever.doses) for lever in self.levers]
        doses = np.array([*largest, *(math.prod(largest[i] for i in levers) for levers in self.combinations)])
        size = np.abs(self.wanted - self.start).max(initial=0.0)
        for strength in (self.strengths[0], self.strengths[-1]):
            state = self.state(strength)
            size = max(size, (np.abs(state.effects) * doses[:, None]).max(initial=0.0))
        return float(size) or 1.0

    @cached_property
    def slack(self) -> float:
        """Differences up to this size (score units) count as rounding errors."""
        return max(1e-9 * self.scale, 1e-13 * float(np.abs(self.start).max(initial=0.0)))

    @cached_property
    def fine(self) -> float:
        """Differences of the objective up to this size count as rounding errors."""
        heaviest = max(float(self.error_weights.max(initial=0.0)), 1e-300)
        if not self.aim.objective.convex:
            return 1e-9
        return self.slack * heaviest * (self.scale if self.aim.objective.code == 1 else 1.0)


@dataclass(frozen=True)
class Scored:
    """One choice with its objective, its total violation of constraints and its cost."""

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
        Proven lower bound of the objective over all admissible choices; NaN when none meets the constraints.
    proven : bool
        False when time ran out before the first of `best` was proven to be the optimum.
    feasible : bool
        False when no choice meets the constraints; `best` then has the least violation.
    """

    best: tuple[Scored, ...]
    lower_bound: float
    proven: bool
    feasible: bool


def rounded(strength: float) -> float:
    """Return a strength without rounding errors of sums of doses."""
    return round(strength, 9) + 0.0


def strength_of(problem: Problem, choice: Choice) -> float:
    """Return the sum of absolute doses of a choice; 0 when the mechanism does not depend on it."""
    if not problem.mechanism.by_strength:
        return 0.0
    return rounded(math.fsum(abs(dose) for _, dose in choice))


def added_by(problem: Problem, choice: Choice) -> FloatArray:
    """Return sum over terms of dose * effect in each draw, (s, p)."""
    doses, effects = dict(choice), problem.state(strength_of(problem, choice)).effects
    added = np.zeros_like(problem.wanted)
    for lever, dose in choice:
        added += dose * effects[:, lever]
    for term, levers in enumerate(problem.combinations, start=len(problem.levers)):
        if all(lever in doses for lever in levers):
            added += math.prod(doses[lever] for lever in levers) * effects[:, term]
    return added


def reached_by(problem: Problem, choice: Choice) -> FloatArray:
    """Return the profile that a choice leads to in each draw, (s, p); the start itself for no lever."""
    return np.asarray(problem.state(strength_of(problem, choice)).base + added_by(problem, choice))


def effect_of(problem: Problem, choice: Choice) -> FloatArray:
    """Return what a choice changes in each draw, (s, p)."""
    if problem.mechanism.by_strength:
        return np.asarray(reached_by(problem, choice) - problem.start)
    return added_by(problem, choice)


def errors_of(problem: Problem, choice: Choice) -> FloatArray:
    """Return wanted minus reached in each draw, (s, p)."""
    state = problem.state(strength_of(problem, choice))
    return np.asarray((problem.wanted - state.base) - added_by(problem, choice))


def mean_over_draws(problem: Problem, array: FloatArray) -> FloatArray:
    """Return the weighted mean over the first axis, summed in a fixed order."""
    return np.asarray(np.einsum("s,s...->...", problem.weights, array))


def excess(problem: Problem, reached: FloatArray) -> FloatArray:
    """Return by how much a mean profile (..., p) breaks each constraint, (..., q); rounding errors count as zero."""
    over = np.einsum("qp,...p->...q", problem.constraints.matrix, reached) - problem.constraints.right
    return np.where(over > problem.slack, over, 0.0)


def is_ranked(problem: Problem) -> bool:
    """Say whether the objective is the rank correlation."""
    return isinstance(problem.aim.objective, RankCorrelation)


def cost_of(problem: Problem, choice: Choice) -> float:
    """Return the sum of cost per unit * |dose|."""
    return math.fsum(problem.levers[lever].cost * abs(dose) for lever, dose in choice)


def ranked(problem: Problem, scored: list[Scored]) -> list[Scored]:
    """Sort by objective; ties (within rounding) by fewer levers, then lower cost, then names and doses."""
    unit = problem.fine

    def key(item: Scored) -> tuple[int, int, float, Choice]:
        return (round(item.objective / unit), len(item.choice), round(item.cost, 9), item.choice)

    return sorted(scored, key=key)
