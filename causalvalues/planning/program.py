"""The planning problem as a mixed-integer linear program: columns, rows, and cuts that bring in all draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.planning.choices import admissible, node_sets
from causalvalues.planning.problem import Choice, Problem, mean_over_draws, tangent, term_doses

Row = tuple[FloatArray, float, float]
"""Coefficients over all columns, least and greatest value of their sum."""


@dataclass(frozen=True, eq=False)
class Program:
    """Columns of the program, in this order, and the rows that define it.

    Parameters
    ----------
    options : tuple of Choice
        Binary: this part of a choice is taken. A part is one lever at one dose; when only tried combinations may be
        used, it is one whole set of lever nodes with its doses, of which at most one is taken.
    products : tuple of (int, tuple of int)
        In [0, 1]: the term (a tried combination) is on because these options are all taken.
    used : tuple of int
        Values whose error counts; one column each for the expected error (at least zero).
    relax : int
        One column each constraint for its violation.
    terms : array (k + c, n)
        Dose of each term as a linear function of the columns.
    rows : tuple of Row
    """

    options: tuple[Choice, ...]
    products: tuple[tuple[int, tuple[int, ...]], ...]
    used: tuple[int, ...]
    relax: int
    terms: FloatArray
    rows: tuple[Row, ...]

    @property
    def first_error(self) -> int:
        """Place of the first expected error."""
        return len(self.options) + len(self.products)

    @property
    def first_relax(self) -> int:
        """Place of the first violation."""
        return self.first_error + len(self.used)

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.first_relax + self.relax

    def choice(self, solution: FloatArray) -> Choice:
        """Return the choice that a solution stands for."""
        taken = [option for option, on in zip(self.options, solution, strict=False) if on > 0.5]
        return tuple(sorted(part for option in taken for part in option))


def write_program(problem: Problem) -> Program:
    """Write the first program, whose optimum is a lower bound: the error of the expected profile.

    Columns x (options), z (products), theta (expected errors), v (violations):

    minimise sum_i w_i theta_i   subject to
    theta_i >= +-(mean gap_i - sum_t dose_t mean effect_ti),  dose_t linear in x and z,
    z <= x of each of its options, z >= sum of these x - (their number - 1),
    one dose a lever, at most `max_levers`, budget, exclusions, constraints on the mean profile <= v.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Program
    """
    options = _options(problem)
    products = () if problem.cells is not None else _products(problem, options)
    used = tuple(int(i) for i in np.flatnonzero(problem.error_weights > 0))
    shape = Program(options, products, used, len(problem.right), np.zeros((0, 0)), ())
    terms = np.zeros((len(problem.levers) + len(problem.combinations), shape.width))
    terms[:, : len(options)] = term_doses(problem, list(options)).T
    for column, (term, places) in enumerate(products, start=len(options)):
        terms[term, column] = math.prod(options[place][0][1] for place in places)
    rows = (
        *_choice_rows(problem, shape),
        *_product_rows(shape),
        *_error_rows(problem, shape, terms),
        *_constraint_rows(problem, shape, terms),
    )
    return Program(options, products, used, shape.relax, terms, rows)


def _options(problem: Problem) -> tuple[Choice, ...]:
    doses = [[(i, dose) for dose in lever.doses] for i, lever in enumerate(problem.levers)]
    if problem.cells is None:
        return tuple((option,) for options in doses for option in options)
    pushes = [(i,) for i, is_node in enumerate(problem.is_node) if not is_node]
    parts = [levers for levers in node_sets(problem) if levers and admissible(problem, levers)]
    return tuple(choice for levers in parts + pushes for choice in product(*(doses[i] for i in levers)))


def _products(problem: Problem, options: tuple[Choice, ...]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    places = [[place for place, option in enumerate(options) if option[0][0] == i] for i in range(len(problem.levers))]
    return tuple(
        (term, on)
        for term, levers in enumerate(problem.combinations, start=len(problem.levers))
        for on in product(*(places[i] for i in levers))
    )


def _choice_rows(problem: Problem, shape: Program) -> list[Row]:
    on = np.zeros((len(problem.levers), shape.width))
    cost, nodes = np.zeros(shape.width), np.zeros(shape.width)
    for column, option in enumerate(shape.options):
        for lever, dose in option:
            on[lever, column] = 1.0
            cost[column] += problem.levers[lever].cost * abs(dose)
            nodes[column] = float(problem.is_node[lever])
    rows: list[Row] = [(row, 0.0, 1.0) for row in on]
    rows.append((on.sum(axis=0), 0.0, float(problem.max_levers)))
    rows += [(np.maximum(on[i], on[j]), 0.0, 1.0) for i, j in sorted(problem.excluded)]
    if math.isfinite(problem.budget):
        rows.append((cost, 0.0, problem.budget))
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


def _error_rows(problem: Problem, shape: Program, terms: FloatArray) -> list[Row]:
    rows: list[Row] = []
    gap, effects = mean_over_draws(problem, problem.gap), mean_over_draws(problem, problem.effects)
    for place, value in enumerate(shape.used):
        for sign in (1.0, -1.0):
            row = sign * (effects[:, value] @ terms)
            row[shape.first_error + place] = 1.0
            rows.append((row, sign * float(gap[value]), math.inf))
    return rows


def _constraint_rows(problem: Problem, shape: Program, terms: FloatArray) -> list[Row]:
    start, effects = mean_over_draws(problem, problem.start), mean_over_draws(problem, problem.effects)
    rows: list[Row] = []
    for i, (constraint, right) in enumerate(zip(problem.rows, problem.right, strict=True)):
        row = (effects @ constraint) @ terms
        row[shape.first_relax + i] = -1.0
        rows.append((row, -math.inf, float(right - constraint @ start)))
    return rows


def cuts_at(problem: Problem, program: Program, choice: Choice) -> list[Row]:
    """Return one row for each value whose error counts: its expected error is at least the tangent at a choice."""
    constant, slopes = tangent(problem, choice)
    rows: list[Row] = []
    for place, value in enumerate(program.used):
        row = slopes[:, value] @ program.terms
        row[program.first_error + place] = 1.0
        rows.append((row, float(constant[value]), math.inf))
    return rows


def not_again(program: Program, choice: Choice) -> Row:
    """Return the row that forbids one choice: at least one option must differ."""
    row = np.ones(program.width)
    row[len(program.options) :] = 0.0
    taken = [column for column, option in enumerate(program.options) if _is_part(program, option, choice)]
    row[taken] = -1.0
    return row, 1.0 - len(taken), math.inf


def _is_part(program: Program, option: Choice, choice: Choice) -> bool:
    """Say whether an option is taken in a choice; a set of lever nodes only when the choice uses no other node."""
    if not set(option) <= set(choice):
        return False
    larger = [other for other in program.options if set(option) < set(other) <= set(choice)]
    return not larger
