"""The planning problem as a mixed-integer linear program: columns, rows, and cuts that bring in all draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.planning.choices import node_sets
from causalvalues.planning.problem import Choice, Problem, mean_over_draws, tangent

Row = tuple[FloatArray, float, float]
"""Coefficients over all columns, least and greatest value of their sum."""


@dataclass(frozen=True, eq=False)
class Program:
    """Columns of the program, in this order, and the rows that define it.

    Parameters
    ----------
    options : tuple of (int, float)
        Binary: the lever (index) is used at the dose.
    cells : tuple of tuple of int
        Binary: exactly these lever nodes are used; empty when any set may be.
    products : tuple of (int, Choice)
        In [0, 1]: the term (a tried combination) is on at these doses.
    used : tuple of int
        Values whose error counts; one column each for the expected error (at least zero).
    relax : int
        One column each constraint for its violation.
    terms : array (k + c, n)
        Dose of each term as a linear function of the columns.
    rows : tuple of Row
    """

    options: tuple[tuple[int, float], ...]
    cells: tuple[tuple[int, ...], ...]
    products: tuple[tuple[int, Choice], ...]
    used: tuple[int, ...]
    relax: int
    terms: FloatArray
    rows: tuple[Row, ...]

    @property
    def binaries(self) -> int:
        """Number of binary columns, which come first."""
        return len(self.options) + len(self.cells)

    @property
    def first_error(self) -> int:
        """Place of the first expected error."""
        return self.binaries + len(self.products)

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
        return tuple(option for option, on in zip(self.options, solution, strict=False) if on > 0.5)


def write_program(problem: Problem) -> Program:
    """Write the first program, whose optimum is a lower bound: the error of the expected profile.

    Columns x (options), u (cells), z (products), theta (expected errors), v (violations):

    minimise sum_i w_i theta_i   subject to
    theta_i >= +-(mean gap_i - sum_t dose_t mean effect_ti),  dose_t linear in x and z,
    z <= x of each of its options, z >= sum of these x - (their number - 1),
    one dose a lever, at most `max_levers`, budget, exclusions, one tried cell, constraints on the mean profile <= v.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Program
    """
    options = tuple((i, dose) for i, lever in enumerate(problem.levers) for dose in lever.doses)
    cells = () if problem.cells is None else tuple(cell for cell in node_sets(problem) if cell)
    products = tuple(
        (term, on)
        for term, levers in enumerate(problem.combinations, start=len(problem.levers))
        for on in product(*([(i, dose) for dose in problem.levers[i].doses] for i in levers))
    )
    used = tuple(int(i) for i in np.flatnonzero(problem.error_weights > 0))
    shape = Program(options, cells, products, used, len(problem.right), np.zeros((0, 0)), ())
    terms = np.zeros((len(problem.levers) + len(problem.combinations), shape.width))
    for column, (lever, dose) in enumerate(options):
        terms[lever, column] = dose
    for column, (term, on) in enumerate(products, start=shape.binaries):
        terms[term, column] = math.prod(dose for _, dose in on)
    rows = (
        *_choice_rows(problem, shape),
        *_product_rows(shape),
        *_error_rows(problem, shape, terms),
        *_constraint_rows(problem, shape, terms),
    )
    return Program(options, cells, products, used, shape.relax, terms, rows)


def _choice_rows(problem: Problem, shape: Program) -> list[Row]:
    on = np.zeros((len(problem.levers), shape.width))
    cost = np.zeros(shape.width)
    for column, (lever, dose) in enumerate(shape.options):
        on[lever, column] = 1.0
        cost[column] = problem.levers[lever].cost * abs(dose)
    rows: list[Row] = [(row, 0.0, 1.0) for row in on]
    rows.append((on.sum(axis=0), 0.0, float(problem.max_levers)))
    rows += [(on[i] + on[j], 0.0, 1.0) for i, j in sorted(problem.excluded)]
    if math.isfinite(problem.budget):
        rows.append((cost, 0.0, problem.budget))
    if problem.cells is None:
        return rows
    in_cell = np.zeros_like(on)
    for column, cell in enumerate(shape.cells, start=len(shape.options)):
        in_cell[list(cell), column] = 1.0
    rows += [(on[i] - in_cell[i], 0.0, 0.0) for i, is_node in enumerate(problem.is_node) if is_node]
    one_cell = np.zeros(shape.width)
    one_cell[len(shape.options) : shape.binaries] = 1.0
    return [*rows, (one_cell, 0.0, 1.0)]


def _product_rows(shape: Program) -> list[Row]:
    rows: list[Row] = []
    place = {option: column for column, option in enumerate(shape.options)}
    for column, (_, on) in enumerate(shape.products, start=shape.binaries):
        together = np.zeros(shape.width)
        together[column] = 1.0
        for option in on:
            below = np.zeros(shape.width)
            below[column], below[place[option]] = 1.0, -1.0
            rows.append((below, -math.inf, 0.0))
            together[place[option]] = -1.0
        rows.append((together, 1.0 - len(on), math.inf))
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
    row = np.zeros(program.width)
    on = set(choice)
    for column, option in enumerate(program.options):
        row[column] = -1.0 if option in on else 1.0
    return row, 1.0 - len(on), math.inf
