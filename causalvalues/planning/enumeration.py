"""Exact planning by enumeration: bounds rule out most choices; the others are scored over all draws."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.planning.choice_table import ChoiceTable, choice_table
from causalvalues.planning.objectives import HitChance
from causalvalues.planning.outlook import chance
from causalvalues.planning.problem import Problem, Search, excess, is_ranked, mean_over_draws, ranked
from causalvalues.planning.scoring import score, tangent
from causalvalues.planning.search_kernels import added, draw_losses, mean_losses, raise_bounds, rank_losses

_BLOCK = 8192
_PART = 400_000
_BATCH = 256
_ROUNDS = 40
_FEW = 256
_FIRST = 64
_SHRINK = 0.9


@dataclass(frozen=True, eq=False)
class Stage:
    """The choices of one strength, with the arrays of that strength.

    Parameters
    ----------
    problem : Problem
    table : ChoiceTable
    strength : float
    rows : array (n,)
        Of the table.
    gap : array (p, s)
        Wanted minus base.
    base : array (p, s)
    effects : array (K, p, s)
    mean_gap : array (p,)
    mean_effects : array (K, p)
    mean_base : array (p,)
    """

    problem: Problem
    table: ChoiceTable
    strength: float
    rows: IntArray
    gap: FloatArray
    base: FloatArray
    effects: FloatArray
    mean_gap: FloatArray
    mean_effects: FloatArray
    mean_base: FloatArray

    def bounds(self) -> FloatArray:
        """Return a lower bound (n,) of the objective of every choice: the loss of its mean error; else zero."""
        if not self.problem.aim.objective.convex:
            return np.zeros(len(self.rows))
        code = self.problem.aim.objective.code
        at = self.table.terms[self.rows], self.table.doses[self.rows]
        return mean_losses(*at, self.mean_gap, self.mean_effects, self.problem.error_weights, code)

    def violations(self) -> FloatArray:
        """Return the total violation (n,) of the constraints of every choice."""
        found = np.zeros(len(self.rows))
        if not len(self.problem.constraints.right):
            return found
        for first in range(0, len(self.rows), _BLOCK):
            rows = self.rows[first : first + _BLOCK]
            moved = added(self.table.terms[rows], self.table.doses[rows], self.mean_effects)
            found[first : first + _BLOCK] = excess(self.problem, self.mean_base + moved).sum(axis=1)
        return found

    def parts(self, rows: IntArray) -> FloatArray:
        """Return bounds (n, m) for tangents to raise: the parts of the loss of the mean error, or their sum."""
        moved = added(self.table.terms[rows], self.table.doses[rows], self.mean_effects)
        parts = self.problem.aim.objective.parts(self.mean_gap - moved, self.problem.error_weights)
        constant = tangent(self.problem, self.table.choice(int(rows[0])))[0]
        return np.ascontiguousarray(parts if len(constant) == parts.shape[1] else parts.sum(axis=1, keepdims=True))

    def objectives(self, rows: IntArray) -> FloatArray:
        """Return the objective (n,) of choices."""
        problem, objective = self.problem, self.problem.aim.objective
        if isinstance(objective, HitChance):
            return np.array([1.0 - chance(problem, self.table.choice(int(row))) for row in rows])
        at = self.table.terms[rows], self.table.doses[rows]
        if is_ranked(problem):
            named = list(problem.named)
            effects = np.ascontiguousarray(self.effects[:, named])
            losses = rank_losses(*at, self.base[named], effects, problem.wanted[0, named])
        else:
            losses = draw_losses(*at, self.gap, self.effects, problem.error_weights, objective.code)
        return problem.aim.risk.of(losses, problem.weights)


class Board:
    """Scored choices (row, objective), and the limit above which a bound rules a choice out of the `keep` best."""

    def __init__(self, problem: Problem, keep: int) -> None:
        self.problem = problem
        self.keep = keep
        self.scored: dict[int, float] = {}
        self._best = np.full(keep, math.inf)

    def add(self, stage: Stage, rows: IntArray) -> None:
        """Score choices, each once."""
        new = np.array([row for row in rows.tolist() if row not in self.scored], dtype=np.int64)
        if not len(new):
            return
        objectives = stage.objectives(new)
        self.scored.update(zip(new.tolist(), objectives.tolist(), strict=True))
        self._best = np.sort(np.concatenate([self._best, objectives]))[: self.keep]

    @property
    def limit(self) -> float:
        """Objective of the worst of the `keep` best so far, plus rounding; inf when there are fewer."""
        return float(self._best[-1]) + 2 * self.problem.fine

    def kept(self) -> list[int]:
        """Return the rows within the limit."""
        return [row for row, objective in self.scored.items() if objective <= self.limit]


def search_all(problem: Problem, keep: int, seconds: float = math.inf) -> Search:
    """Return the `keep` best choices of all, with proof.

    The first bound of a choice is the loss of its mean error (Jensen). Tangents of the objective (see `tangent`) at the
    most promising choices raise it. Choices are then scored over all draws in the order of their bounds until the next
    bound is above the worst of the `keep` best. Choices of each strength have tangents of their own.

    Parameters
    ----------
    problem : Problem
    keep : int
        How many of the best choices to return.
    seconds : float, default inf
        Time limit; a few choices are scored in any case.

    Returns
    -------
    Search
    """
    deadline = time.monotonic() + seconds
    table = choice_table(problem)
    stages = [stage_of(problem, table, float(strength)) for strength in np.unique(table.strengths)]
    violations = [stage.violations() for stage in stages]
    least = min(float(each.min()) for each in violations)
    feasible = least <= 0
    most = 0.0 if feasible else least + problem.slack
    board = Board(problem, keep)
    queues = []
    for stage, violation in zip(stages, violations, strict=True):
        queue = _queue(stage, violation <= most)
        board.add(stage, queue.rows[:_FIRST])
        queues.append(queue)
    unscored, proven = math.inf, True
    for stage, queue in zip(stages, queues, strict=True):
        rest, done = _search_queue(stage, queue, board, deadline)
        unscored, proven = min(unscored, rest), proven and done
    best = ranked(problem, [score(problem, table.choice(row)) for row in board.kept()])[:keep]
    lower = min(best[0].objective, unscored) if feasible else math.nan
    return Search(tuple(best), lower, proven=proven, feasible=feasible)


@dataclass(frozen=True, eq=False)
class Queue:
    """Choices by rising bound.

    Parameters
    ----------
    rows : array (n,)
        Of the table.
    totals : array (n,)
        Their bounds.
    """

    rows: IntArray
    totals: FloatArray


def stage_of(problem: Problem, table: ChoiceTable, strength: float) -> Stage:
    """Return the choices of one strength with the arrays that they need."""
    state = problem.state(strength)
    gap = problem.wanted - state.base
    return Stage(
        problem=problem,
        table=table,
        strength=strength,
        rows=np.flatnonzero(table.strengths == strength),
        gap=np.ascontiguousarray(gap.T),
        base=np.ascontiguousarray(state.base.T),
        effects=np.ascontiguousarray(state.effects.transpose(1, 2, 0)),
        mean_gap=mean_over_draws(problem, gap),
        mean_effects=mean_over_draws(problem, state.effects),
        mean_base=mean_over_draws(problem, state.base),
    )


def _queue(stage: Stage, allowed: BoolArray) -> Queue:
    rows, totals = stage.rows[allowed], stage.bounds()[allowed]
    order = np.argsort(totals, kind="stable")
    return Queue(rows[order], totals[order])


def _search_queue(stage: Stage, queue: Queue, board: Board, deadline: float) -> tuple[float, bool]:
    """Score what bounds do not rule out; return the least bound of what was not scored, and whether all was done."""
    rest = math.inf
    for first in range(0, len(queue.rows), _PART):
        if queue.totals[first] > board.limit:
            return min(rest, float(queue.totals[first])), True
        part = Queue(queue.rows[first : first + _PART], queue.totals[first : first + _PART])
        if stage.problem.aim.objective.convex and len(part.rows) > _FEW:
            part, below = _tightened(stage, part, board, deadline)
            rest = min(rest, below)
        for batch in range(0, len(part.rows), _BATCH):
            least = float(part.totals[batch])
            if least > board.limit:
                rest = min(rest, least)
                break
            if time.monotonic() > deadline:
                return min(rest, least, float(queue.totals[min(first + _PART, len(queue.rows) - 1)])), False
            board.add(stage, part.rows[batch : batch + _BATCH])
    return rest, True


def _tightened(stage: Stage, part: Queue, board: Board, deadline: float) -> tuple[Queue, float]:
    """Raise bounds by tangents at the most promising choices; return what is left, and the least bound of the rest."""
    alive = part.totals <= board.limit
    rest = float(part.totals[~alive].min(initial=math.inf))
    rows, totals = part.rows[alive], part.totals[alive]
    bounds, touched = stage.parts(rows), np.zeros(len(rows), dtype=bool)
    for _ in range(_ROUNDS):
        if len(rows) <= _FEW or touched.all() or time.monotonic() > deadline:
            break
        at = int(np.where(touched, math.inf, totals).argmin())
        touched[at] = True
        board.add(stage, rows[at : at + 1])
        at_choice = stage.table.choice(int(rows[at]))
        lines = tangent(stage.problem, at_choice)
        totals = raise_bounds(bounds, stage.table.terms[rows], stage.table.doses[rows], *lines)
        alive = totals <= board.limit
        if alive.mean() < _SHRINK:
            rest = min(rest, float(totals[~alive].min()))
            rows, totals, bounds, touched = rows[alive], totals[alive], bounds[alive], touched[alive]
    order = np.argsort(totals, kind="stable")
    return Queue(rows[order], totals[order]), rest
