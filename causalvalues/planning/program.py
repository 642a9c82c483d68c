"""The planning problem as a mixed-integer linear program: its columns, and cuts that bring in all draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.planning.choices import admissible
from causalvalues.planning.problem import Choice, Problem, strength_of
from causalvalues.planning.scoring import by_value, tangent

Row = tuple[FloatArray, float, float]
"""Coefficients over all columns, least and greatest value of their sum."""


@dataclass(frozen=True)
class Option:
    """A part of a choice: one lever at one dose or in an interval of doses of one sign, or a tried set of lever nodes.

    Parameters
    ----------
    parts : Choice
        For an interval: the lever at its end with the largest absolute dose.
    interval : (low, high) or None
    """

    parts: Choice
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Program:
    """Columns of the program for choices of one strength, in this order, and the rows that define it.

    Parameters
    ----------
    problem : Problem
        In units of its scale.
    strength : float
    options : tuple of Option
        Binary: this part of a choice is taken.
    products : tuple of (int, tuple of int)
        In [0, 1]: the term (a combination) is on because these options are all taken.
    continuous : tuple of int
        Options with an interval; one column each for the dose.
    used : tuple of int
        Values whose error counts; one column each for the absolute mean error.
    parts : int
        One column each for a part of the objective: one for each of `used`, or one in all.
    rows : tuple of Row
    """

    problem: Problem
    strength: float
    options: tuple[Option, ...]
    products: tuple[tuple[int, tuple[int, ...]], ...]
    continuous: tuple[int, ...]
    used: tuple[int, ...]
    parts: int
    rows: tuple[Row, ...] = ()

    @property
    def first_dose(self) -> int:
        """Place of the first continuous dose."""
        return len(self.options) + len(self.products)

    @property
    def first_mean(self) -> int:
        """Place of the first absolute mean error."""
        return self.first_dose + len(self.continuous)

    @property
    def first_part(self) -> int:
        """Place of the first part of the objective."""
        return self.first_mean + len(self.used)

    @property
    def first_relax(self) -> int:
        """Place of the first violation."""
        return self.first_part + self.parts

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.first_relax + len(self.problem.constraints.right)

    def terms(self) -> FloatArray:
        """Return the dose of each term as a linear function of the columns, (K, n)."""
        k = len(self.problem.levers)
        found = np.zeros((k + len(self.problem.combinations), self.width))
        for column, option in enumerate(self.options):
            if option.interval is not None:
                continue
            doses = dict(option.parts)
            for lever, dose in option.parts:
                found[lever, column] = dose
            for term, levers in enumerate(self.problem.combinations, start=k):
                if set(levers) <= set(doses):
                    found[term, column] = math.prod(doses[lever] for lever in levers)
        for place, column in enumerate(self.continuous, start=self.first_dose):
            found[self.options[column].parts[0][0], place] = 1.0
        for column, (term, places) in enumerate(self.products, start=len(self.options)):
            found[term, column] = math.prod(self.options[place].parts[0][1] for place in places)
        return found

    def choice(self, solution: FloatArray) -> Choice:
        """Return the choice that a solution stands for."""
        taken: list[tuple[int, float]] = []
        for column, option in enumerate(self.options):
            if solution[column] <= 0.5:
                continue
            if option.interval is None:
                taken += option.parts
                continue
            low, high = option.interval
            dose = solution[self.first_dose + self.continuous.index(column)]
            near = float(f"{np.clip(dose, low, high):.9g}")
            taken += [(option.parts[0][0], near)] if abs(near) > 1e-9 * max(-low, high) else []
        return tuple(sorted(taken))


def cuts_at(program: Program, terms: FloatArray, choice: Choice) -> list[Row]:
    """Return one row for each part of the objective: it is at least the tangent at a choice."""
    constant, slopes = tangent(program.problem, choice)
    parts = program.used if by_value(program.problem) else (0,)
    rows: list[Row] = []
    for place, part in enumerate(parts, start=program.first_part):
        row = slopes[:, part] @ terms
        row[place] = 1.0
        rows.append((row, float(constant[part]), math.inf))
    return rows


def not_again(program: Program, choice: Choice) -> Row:
    """Return the row that forbids one choice (whatever the continuous doses): at least one option must differ."""
    row = np.ones(program.width)
    row[len(program.options) :] = 0.0
    taken = [column for column, option in enumerate(program.options) if _is_part(program, option, choice)]
    row[taken] = -1.0
    return row, 1.0 - len(taken), math.inf


def _is_part(program: Program, option: Option, choice: Choice) -> bool:
    """Say whether an option is taken in a choice; a set of lever nodes only when the choice uses no other node."""
    if option.interval is not None:
        dose = dict(choice).get(option.parts[0][0], 0.0)
        return dose * option.parts[0][1] > 0
    if not set(option.parts) <= set(choice):
        return False
    return not any(set(option.parts) < set(other.parts) <= set(choice) for other in program.options)


def fits(program: Program, choice: Choice) -> bool:
    """Say whether a choice is one of the program's: admissible, and of its strength."""
    levers = tuple(lever for lever, _ in choice)
    return admissible(program.problem, levers) and strength_of(program.problem, choice) == program.strength
