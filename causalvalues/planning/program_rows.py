"""The rows that define the mixed-integer linear program of a planning problem."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray
from causalvalues.planning.choices import node_sets
from causalvalues.planning.objectives import SquaredError, WorstDimension
from causalvalues.planning.problem import Problem, mean_over_draws
from causalvalues.planning.program import Option, Program, Row
from causalvalues.planning.scoring import by_value

MARGIN = 2e-7
"""Room inside the constraints, in units of the problem's scale, for HiGHS's tolerances on continuous doses."""

_LINES = 8
"""Lines below the square of each mean error."""


def write_program(problem: Problem, strength: float) -> Program:
    """Write the first program, whose optimum is a lower bound: the loss of the mean error.

    Columns x (options), z (products), t (continuous doses), u (absolute mean errors), theta (parts of the objective),
    v (violations):

    minimise sum theta   subject to   u_i >= +-(mean gap_i - sum_t dose_t mean effect_ti),  dose_t linear in x, z and t,
    theta at least the loss of u,  z <= x of each of its options, z >= sum of these x - (their number - 1),
    low x <= t <= high x, one dose a lever, `max_levers`, budget, exclusions, prerequisites, sum of absolute doses =
    strength, constraints on the mean profile <= v.

    Parameters
    ----------
    problem : Problem
        In units of its scale.
    strength : float

    Raises
    ------
    PlanError
        If a lever with a continuous dose is part of a combination with an effect of its own.
    """
    _check_linear(problem)
    options = _options(problem)
    products = () if problem.cells is not None else _products(problem, options)
    continuous = tuple(i for i, option in enumerate(options) if option.interval is not None)
    used = tuple(int(i) for i in np.flatnonzero(problem.error_weights > 0))
    shape = Program(problem, strength, options, products, continuous, used, len(used) if by_value(problem) else 1)
    terms = shape.terms()
    rows = (
        *_choice_rows(shape),
        *_product_rows(shape),
        *_mean_rows(shape, terms),
        *_loss_rows(shape),
        *_constraint_rows(shape, terms),
    )
    return replace(shape, rows=rows)


def _check_linear(problem: Problem) -> None:
    for levers in problem.combinations:
        for place in levers:
            if problem.levers[place].interval is not None:
                others = " and ".join(repr(problem.levers[other].node) for other in levers if other != place)
                raise PlanError(
                    f"Lever {problem.levers[place].node!r} has a continuous dose and an effect of its own together "
                    f"with {others}, which is a product of doses and not linear. List its doses, or leave {others} out."
                )


def _options(problem: Problem) -> tuple[Option, ...]:
    doses = [[(i, dose) for dose in lever.doses] for i, lever in enumerate(problem.levers) if lever.interval is None]
    by_lever = {parts[0][0]: parts for parts in doses}
    alone = [Option((part,)) for parts in doses for part in parts]
    ranges = [option for i in range(len(problem.levers)) for option in _ranges(problem, i)]
    if problem.cells is None:
        return (*alone, *ranges)
    pushes = [Option((part,)) for parts in doses for part in parts if not problem.is_node[part[0]]]
    sets = [levers for levers in node_sets(problem) if levers and set(levers) <= set(by_lever)]
    kept = [levers for levers in sets if len(levers) == 1 or _together(problem, levers)]
    return (
        *(Option(chosen) for levers in kept for chosen in product(*(by_lever[i] for i in levers))),
        *pushes,
        *ranges,
    )


def _together(problem: Problem, levers: tuple[int, ...]) -> bool:
    """Say whether a set of lever nodes keeps the exclusions; prerequisites may be met by pushes and are rows."""
    return not any(i in levers and j in levers for i, j in problem.excluded)


def _ranges(problem: Problem, lever: int) -> list[Option]:
    interval = problem.levers[lever].interval
    if interval is None:
        return []
    low, high = interval
    found = [Option(((lever, high),), (max(low, 0.0), high))] if high > 0 else []
    return found + ([Option(((lever, low),), (low, min(high, 0.0)))] if low < 0 else [])


def _products(problem: Problem, options: tuple[Option, ...]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    places = [
        [place for place, option in enumerate(options) if option.parts[0][0] == i] for i in range(len(problem.levers))
    ]
    return tuple(
        (term, on)
        for term, levers in enumerate(problem.combinations, start=len(problem.levers))
        if len(levers) <= problem.max_levers
        for on in product(*(places[i] for i in levers))
    )


def _choice_rows(shape: Program) -> list[Row]:
    problem = shape.problem
    on = np.zeros((len(problem.levers), shape.width))
    cost, nodes, strength = np.zeros(shape.width), np.zeros(shape.width), np.zeros(shape.width)
    rows: list[Row] = []
    for column, option in enumerate(shape.options):
        for lever, dose in option.parts:
            on[lever, column] = 1.0
            nodes[column] = max(nodes[column], float(problem.is_node[lever]))
            if option.interval is None:
                strength[column] += abs(dose)
                cost[column] += problem.levers[lever].cost * abs(dose)
    for place, column in enumerate(shape.continuous, start=shape.first_dose):
        option = shape.options[column]
        low, high = option.interval or (0.0, 0.0)
        cost[place] = problem.levers[option.parts[0][0]].cost * (1.0 if high > 0 else -1.0)
        for end, sign in ((low, 1.0), (high, -1.0)):
            row = np.zeros(shape.width)
            row[place], row[column] = sign, -sign * end
            rows.append((row, 0.0, math.inf))
    rows += [(row, 0.0, 1.0) for row in on]
    rows.append((on.sum(axis=0), 0.0, float(problem.max_levers)))
    rows += [(np.maximum(on[i], on[j]), 0.0, 1.0) for i, j in sorted(problem.excluded)]
    rows += [(on[i] - on[j], -math.inf, 0.0) for i, j in sorted(problem.required)]
    if math.isfinite(problem.budget):
        rows.append((cost, 0.0, problem.budget * (1 - MARGIN * bool(shape.continuous))))
    if problem.mechanism.by_strength:
        rows.append((strength, shape.strength, shape.strength))
    return rows if problem.cells is None else [*rows, (nodes, 0.0, 1.0)]


def _product_rows(shape: Program) -> list[Row]:
    rows: list[Row] = []
    for column, (_, places) in enumerate(shape.products, start=len(shape.options)):
        together = np.zeros(shape.width)
        together[column] = 1.0
        for place in places:
            below = np.zeros(shape.width)
            below[column], below[place] = 1.0, -1.0
            rows.append((below, -math.inf, 0.0))
            together[place] = -1.0
        rows.append((together, 1.0 - len(places), math.inf))
    return rows


def _mean_rows(shape: Program, terms: FloatArray) -> list[Row]:
    problem, state = shape.problem, shape.problem.state(shape.strength)
    gap, effects = mean_over_draws(problem, problem.wanted - state.base), mean_over_draws(problem, state.effects)
    rows: list[Row] = []
    for place, value in enumerate(shape.used, start=shape.first_mean):
        for sign in (1.0, -1.0):
            row = sign * (effects[:, value] @ terms)
            row[place] = 1.0
            rows.append((row, sign * float(gap[value]), math.inf))
    return rows


def _loss_rows(shape: Program) -> list[Row]:
    """Return rows that put the parts of the objective above the loss of the absolute mean errors."""
    problem, rows = shape.problem, []
    weights = problem.error_weights[list(shape.used)]
    together = np.zeros(shape.width)
    for place, weight in enumerate(weights):
        row = np.zeros(shape.width)
        own = shape.first_part + (place if shape.parts > 1 else 0)
        row[own] = 1.0
        if isinstance(problem.aim.objective, SquaredError):
            if not by_value(problem):
                continue
            for at in np.linspace(0.0, 2.0, _LINES):
                row = row.copy()
                row[shape.first_mean + place] = -2.0 * weight * at
                rows.append((row, -weight * at * at, math.inf))
            continue
        row[shape.first_mean + place] = together[shape.first_mean + place] = -weight
        rows.append((row, 0.0, math.inf))
    if shape.parts == 1 and not isinstance(problem.aim.objective, SquaredError | WorstDimension):
        together[shape.first_part] = 1.0
        rows.append((together, 0.0, math.inf))
    return rows


def _constraint_rows(shape: Program, terms: FloatArray) -> list[Row]:
    problem, state = shape.problem, shape.problem.state(shape.strength)
    base, effects = mean_over_draws(problem, state.base), mean_over_draws(problem, state.effects)
    room = MARGIN * bool(shape.continuous)
    rows: list[Row] = []
    for i, (constraint, right) in enumerate(zip(problem.constraints.matrix, problem.constraints.right, strict=True)):
        row = (effects @ constraint) @ terms
        row[shape.first_relax + i] = -1.0
        rows.append((row, -math.inf, float(right - constraint @ base) - room))
    return rows
