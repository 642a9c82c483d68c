"""Exact planning by enumeration: bounds rule out most choices; the others are scored over all draws."""

from __future__ import annotations

import math
from bisect import insort

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.planning.choices import all_choices
from causalvalues.planning.problem import (
    Choice,
    Problem,
    Scored,
    Search,
    excess,
    mean_over_draws,
    ranked,
    score,
    tangent,
    term_doses,
)

_BLOCK = 8192
_ROUNDS = 12
_FEW = 256


def search_all(problem: Problem, keep: int) -> Search:
    """Return the `keep` best choices of all, with proof.

    The first bound of a choice is the absolute error of its mean profile, weight * |E error| <= weight * E|error|
    (Jensen). Tangents of the expected error (see `tangent`) at the most promising choices raise it. Choices are then
    scored over all draws in the order of their bounds until the next bound is above the worst of the `keep` best.

    Parameters
    ----------
    problem : Problem
    keep : int
        How many of the best choices to return.

    Returns
    -------
    Search
        `proven` is always true.
    """
    choices = all_choices(problem)
    errors, violations = screen(problem, choices)
    least = float(violations.min())
    feasible = least <= 0
    alive = np.flatnonzero(violations <= (0.0 if feasible else least + problem.slack))
    board = _Board(problem, keep)
    totals = _totals(problem, errors[alive])
    for _ in range(_ROUNDS if len(alive) > _FEW else 0):
        promising = choices[alive[int(totals.argmin())]]
        if promising in board:
            break
        board.add(promising)
        errors[alive] = np.maximum(errors[alive], _tangent_errors(problem, choices, alive, promising))
        totals = _totals(problem, errors[alive])
        alive, totals = alive[totals <= board.limit], totals[totals <= board.limit]
    unscored = math.inf
    for place in np.argsort(totals, kind="stable"):
        if totals[place] > board.limit:
            unscored = float(totals[place])
            break
        board.add(choices[alive[place]])
    best = ranked(problem, list(board.scored.values()))[:keep]
    lower = min(best[0].objective, unscored) if feasible else math.nan
    return Search(tuple(best), lower, proven=True, feasible=feasible)


class _Board:
    """Scored choices, and the limit above which a bound rules a choice out of the `keep` best."""

    def __init__(self, problem: Problem, keep: int) -> None:
        self.problem = problem
        self.keep = keep
        self.scored: dict[Choice, Scored] = {}
        self._objectives: list[float] = []

    def __contains__(self, choice: Choice) -> bool:
        return choice in self.scored

    def add(self, choice: Choice) -> None:
        """Score a choice, once."""
        if choice not in self.scored:
            self.scored[choice] = score(self.problem, choice)
            insort(self._objectives, self.scored[choice].objective)

    @property
    def limit(self) -> float:
        """Objective of the worst of the `keep` best so far, plus rounding; inf when there are fewer."""
        if len(self._objectives) < self.keep:
            return math.inf
        return self._objectives[self.keep - 1] + 2 * self.problem.slack


def screen(problem: Problem, choices: list[Choice]) -> tuple[FloatArray, FloatArray]:
    """Return |mean error| of each value (n, p) and the total violation of constraints (n,) of each choice."""
    start, gap = mean_over_draws(problem, problem.start), mean_over_draws(problem, problem.gap)
    effects = mean_over_draws(problem, problem.effects)
    errors, violations = np.empty((len(choices), len(gap))), np.empty(len(choices))
    for first in range(0, len(choices), _BLOCK):
        block = slice(first, first + _BLOCK)
        added = _added(term_doses(problem, choices[block]), effects)
        errors[block] = np.abs(gap - added)
        violations[block] = excess(problem, start + added).sum(axis=1)
    return errors, violations


def _tangent_errors(problem: Problem, choices: list[Choice], places: IntArray, at: Choice) -> FloatArray:
    """Return the tangent at one choice as a bound for the errors of the choices at `places`, (n, p)."""
    constant, slopes = tangent(problem, at)
    bounds = np.empty((len(places), len(constant)))
    for first in range(0, len(places), _BLOCK):
        block = slice(first, first + _BLOCK)
        bounds[block] = constant - _added(term_doses(problem, [choices[i] for i in places[block]]), slopes)
    return bounds


def _totals(problem: Problem, errors: FloatArray) -> FloatArray:
    return np.asarray((problem.error_weights * errors).sum(axis=1))


def _added(terms: FloatArray, effects: FloatArray) -> FloatArray:
    """Return terms @ effects, (n, p), summed term by term in a fixed order."""
    added = np.zeros((len(terms), effects.shape[1]))
    for term in np.flatnonzero(terms.any(axis=0)):
        on = np.flatnonzero(terms[:, term])
        added[on] += terms[on, term, None] * effects[term]
    return added
