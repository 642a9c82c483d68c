"""Exact planning by mixed-integer linear programs: solve for the mean profile, cut at what was found, solve again."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.planning.choices import admissible, affordable
from causalvalues.planning.problem import Choice, Problem, Scored, Search, ranked, score
from causalvalues.planning.program import Program, Row, cuts_at, not_again, write_program

_TOLERANCE = 1e-6


@dataclass
class _Progress:
    """Rows added so far, every choice that was scored, and the choices that are already returned."""

    rows: list[Row]
    scored: dict[Choice, Scored] = field(default_factory=dict)
    banned: set[Choice] = field(default_factory=set)

    def best(self, feasible: bool) -> list[Scored]:
        """Choices that were scored and not yet returned."""
        return [s for c, s in self.scored.items() if c not in self.banned and (s.violation <= 0 or not feasible)]


def branch_and_cut(problem: Problem, keep: int, seconds: float) -> Search:
    """Return the best choices, one after the other, each proven by the bound of a mixed-integer program.

    Each round solves the program, scores the choice that it proposes over all draws, and adds the tangents of the
    expected errors there. The program's bound rises and the best scored error falls until they meet (to 1e-6 of the
    size of the numbers). A returned choice is then forbidden and the rounds go on for the next best.

    Parameters
    ----------
    problem : Problem
    keep : int
        How many of the best choices to return; fewer when time runs out.
    seconds : float
        Time limit.

    Returns
    -------
    Search
    """
    deadline = time.monotonic() + seconds
    scale, heaviest = problem.scale, max(float(problem.error_weights.max()), 1.0)
    unit = _rescaled(problem, scale, heaviest)
    program = write_program(unit)
    progress = _Progress(list(program.rows))
    first, bound, proven = _next_best(unit, program, progress, deadline)
    if first is None and proven:
        least = _least_violation(unit, program, deadline)
        return Search((score(problem, least),), math.nan, proven=True, feasible=False)
    if first is None:
        fallback = score(problem, ())
        return Search((fallback,), bound * scale * heaviest, proven=False, feasible=fallback.violation <= 0)
    found = [first]
    while proven and len(found) < keep:
        progress.banned.add(found[-1].choice)
        progress.rows.append(not_again(program, found[-1].choice))
        following, _, settled = _next_best(unit, program, progress, deadline)
        if following is None or not settled:
            break
        found.append(following)
    best = ranked(problem, _with_equal_parts(problem, [score(problem, item.choice) for item in found]))[:keep]
    return Search(tuple(best), min(bound * scale * heaviest, best[0].objective), proven=proven, feasible=True)


def _with_equal_parts(problem: Problem, found: list[Scored]) -> list[Scored]:
    """Add what is left of the best choice when a lever that changes nothing is taken out."""
    best, known = found[0], {item.choice for item in found}
    for size in range(len(best.choice)):
        for part in combinations(best.choice, size):
            fits = part not in known and admissible(problem, tuple(lever for lever, _ in part))
            smaller = score(problem, part) if fits else best
            if fits and smaller.violation <= 0 and smaller.objective <= best.objective + problem.slack:
                found = [*found, smaller]
    return found


def _rescaled(problem: Problem, scale: float, heaviest: float) -> Problem:
    """Return the problem in units of `scale` and of the heaviest error weight, to fit HiGHS's tolerances."""
    return replace(
        problem,
        start=problem.start / scale,
        gap=problem.gap / scale,
        effects=problem.effects / scale,
        right=problem.right / scale,
        error_weights=problem.error_weights / heaviest,
    )


def _next_best(
    problem: Problem, program: Program, progress: _Progress, deadline: float
) -> tuple[Scored | None, float, bool]:
    """Return the best choice that is not banned (None: no such choice was found), a bound, and whether proven."""
    objective = np.zeros(program.width)
    objective[program.first_error : program.first_error + len(program.used)] = problem.error_weights[list(program.used)]
    bound = 0.0
    while True:
        answer = _solve(program, progress.rows, objective, deadline, relaxed=False)
        best = min(progress.best(feasible=True), key=lambda item: (item.objective, item.choice), default=None)
        if answer.infeasible:
            return best, math.inf if best is None else best.objective, True
        bound = max(bound, answer.bound - _TOLERANCE * 0.1)
        if answer.choice is None:
            return best, bound, False
        fresh = answer.choice not in progress.scored
        proposed = score(problem, answer.choice)
        progress.scored[answer.choice] = proposed
        if proposed.violation > 0 or not affordable(problem, proposed.choice):
            progress.banned.add(proposed.choice)
            progress.rows.append(not_again(program, proposed.choice))
            continue
        best = proposed if best is None or proposed.objective < best.objective else best
        if best.objective <= bound + _TOLERANCE or (answer.finished and not fresh):
            return best, bound, True
        if not answer.finished:
            return best, bound, False
        progress.rows.extend(cuts_at(problem, program, proposed.choice))


@dataclass(frozen=True)
class _Answer:
    """What HiGHS said: a choice or None, a lower bound, whether it finished, whether there is no solution."""

    choice: Choice | None
    bound: float
    finished: bool
    infeasible: bool
    value: float


def _solve(program: Program, rows: list[Row], objective: FloatArray, deadline: float, relaxed: bool) -> _Answer:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    seconds = deadline - time.monotonic()
    if seconds <= 0:
        return _Answer(None, 0.0, finished=False, infeasible=False, value=math.nan)
    upper = np.full(program.width, np.inf)
    upper[: program.first_error] = 1.0
    upper[program.first_relax :] = np.inf if relaxed else 0.0
    integrality = np.zeros(program.width, dtype=np.int64)
    integrality[: len(program.options)] = 1
    matrix = csr_array(np.stack([row for row, _, _ in rows]))
    between = LinearConstraint(matrix, [low for _, low, _ in rows], [high for _, _, high in rows])
    result = milp(
        objective,
        integrality=integrality,
        bounds=Bounds(np.zeros(program.width), upper),
        constraints=between,
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if result.status == 2:
        return _Answer(None, math.inf, finished=True, infeasible=True, value=math.nan)
    dual = getattr(result, "mip_dual_bound", None)
    bound = 0.0 if dual is None or not math.isfinite(dual) else float(dual)
    choice = None if result.x is None else program.choice(result.x)
    return _Answer(choice, bound, result.status == 0, infeasible=False, value=float(result.fun or 0.0))


def _least_violation(problem: Problem, program: Program, deadline: float) -> Choice:
    """Return the choice that breaks the constraints least in sum; () when time runs out."""
    violation = np.zeros(program.width)
    violation[program.first_relax :] = 1.0
    answer = _solve(program, list(program.rows), violation, deadline, relaxed=True)
    if answer.choice is None:
        return ()
    error = np.zeros(program.width)
    error[program.first_error : program.first_error + len(program.used)] = problem.error_weights[list(program.used)]
    least = score(problem, answer.choice).violation
    rows = [*program.rows, (violation, 0.0, least + _TOLERANCE)]
    nearest = _solve(program, rows, error, deadline, relaxed=True)
    return answer.choice if nearest.choice is None else nearest.choice
