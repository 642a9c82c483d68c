"""Every choice that no other choice beats in closeness, cost and side effects."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.planning.choice_table import ChoiceTable
from causalvalues.planning.enumeration import Stage, stage_of
from causalvalues.planning.problem import Problem
from causalvalues.planning.search_kernels import ABSOLUTE, draw_losses, mean_losses

_BLOCK = 512


class Front(NamedTuple):
    """Rows of the table (n,) and their objective, cost and side effects (n, 3), the nearest first."""

    rows: IntArray
    scores: FloatArray


def front_of(problem: Problem, table: ChoiceTable, free: FloatArray) -> Front:
    """Return the choices that nothing beats; `free` (p,) is one for values whose change is a side effect, else zero."""
    front = Front(np.zeros(0, dtype=np.int64), np.zeros((0, 3)))
    for strength in np.unique(table.strengths):
        front = _with_stage(stage_of(problem, table, float(strength)), free, front)
    return front


def _with_stage(stage: Stage, free: FloatArray, front: Front) -> Front:
    """Return the front after the choices of one strength were looked at, best bounds first."""
    problem, table = stage.problem, stage.table
    gap = np.ascontiguousarray((problem.start - problem.state(stage.strength).base).T)
    allowed = stage.violations() <= 0
    mine = stage.rows[allowed]
    mean_gap = np.einsum("s,ps->p", problem.weights, gap)
    moved = mean_losses(table.terms[mine], table.doses[mine], mean_gap, stage.mean_effects, free, ABSOLUTE)
    bounds = np.column_stack([stage.bounds()[allowed], table.costs[mine], moved])
    order = np.lexsort((table.costs[mine], bounds[:, 0]))
    for first in range(0, len(order), _BLOCK):
        block = order[first : first + _BLOCK]
        block = block[~_beaten(bounds[block], front.scores, problem)]
        if len(block):
            rows = mine[block]
            losses = draw_losses(table.terms[rows], table.doses[rows], gap, stage.effects, free, ABSOLUTE)
            side = np.einsum("ns,s->n", losses, problem.weights)
            new = np.column_stack([stage.objectives(rows), table.costs[rows], side])
            front = _best(stage, Front(np.append(front.rows, rows), np.vstack([front.scores, new])))
    return front


def _grid(scores: FloatArray, problem: Problem) -> FloatArray:
    """Return scores in whole units of rounding error, so that equal ones are equal."""
    return np.asarray(np.round(scores / np.array([problem.fine, 1e-9, problem.slack])))


def _beaten(bounds: FloatArray, scores: FloatArray, problem: Problem) -> BoolArray:
    """Say which choices lose against the front even if they reached their bounds, rounding set aside."""
    mine, front = _grid(bounds, problem) - np.array([1.0, 0.0, 1.0]), _grid(scores, problem)
    return np.asarray((front[None] <= mine[:, None]).all(axis=2).any(axis=1))


def _best(stage: Stage, front: Front) -> Front:
    """Return the rows that no other row beats, one of equal ones: that with the fewest levers, then by name."""
    grid, choices = _grid(front.scores, stage.problem), [stage.table.choice(row) for row in front.rows.tolist()]
    kept: list[int] = []
    for i in sorted(range(len(grid)), key=lambda i: (*grid[i], len(choices[i]), choices[i])):
        if not kept or not (grid[kept] <= grid[i]).all(axis=1).any():
            kept.append(i)
    return Front(front.rows[kept], front.scores[kept])
