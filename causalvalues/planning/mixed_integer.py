"""Exact planning by mixed-integer linear programs: solve for the mean profile, cut at what was found, solve again."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.planning.choices import admissible, affordable
from causalvalues.planning.problem import Choice, Problem, Scored, Search, ranked, score
from causalvalues.planning.program import Program, Row, cuts_at, not_again, write_program

_TOLERANCE = 1e-6
_FIRST_GAP = 0.03


class _Progress:
    """Rows added so far, every choice that was scored, and the choices that may not come again."""

    def __init__(self, problem: Problem, program: Program) -> None:
        self.problem = problem
        self.program = program
        self.rows = list(program.rows)
        self.scored: dict[Choice, Scored] = {}
        self.touched: set[Choice] = set()
        self.banned: set[Choice] = set()

    def score(self, choice: Choice) -> Scored:
        """Score a choice over all draws, once."""
        if choice not in self.scored:
            self.scored[choice] = score(self.problem, choice)
        return self.scored[choice]

    def cut(self, choice: Choice) -> None:
        """Add the tangents at a choice, where the program then knows the true objective."""
        self.touched.add(choice)
        self.rows.extend(cuts_at(self.problem, self.program, choice))

    def ban(self, choice: Choice) -> None:
        """Forbid a choice from now on."""
        self.banned.add(choice)
        self.rows.append(not_again(self.program, choice))

    @property
    def best(self) -> Scored | None:
        """The best choice that meets the constraints and is not banned, among those that were scored."""
        left = [s for choice, s in self.scored.items() if choice not in self.banned and s.violation <= 0]
        return min(left, key=lambda item: (item.objective, item.choice), default=None)


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
    progress = _Progress(unit := _rescaled(problem, scale, heaviest), write_program(unit))
    _climb(progress, deadline)
    first, bound, proven = _next_best(progress, deadline)
    if first is None and proven:
        least = _least_violation(unit, progress.program, deadline)
        return Search((score(problem, least),), math.nan, proven=True, feasible=False)
    if first is None:
        fallback = score(problem, ())
        return Search((fallback,), bound * scale * heaviest, proven=False, feasible=fallback.violation <= 0)
    found = [first]
    while proven and len(found) < keep:
        progress.ban(found[-1].choice)
        following, _, settled = _next_best(progress, deadline)
        if following is None or not settled:
            break
        found.append(following)
    best = ranked(problem, _with_equal_parts(problem, [score(problem, item.choice) for item in found]))[:keep]
    return Search(tuple(best), min(bound * scale * heaviest, best[0].objective), proven=proven, feasible=True)


def _climb(progress: _Progress, deadline: float) -> None:
    """Find a good choice to start from: from nothing, add, drop or exchange one option while that helps."""
    problem, options = progress.problem, progress.program.options
    here = progress.score(())
    progress.cut(())
    while time.monotonic() < deadline:
        near = [
            progress.score(choice)
            for choice in _neighbours(options, here.choice)
            if admissible(problem, tuple(lever for lever, _ in choice)) and affordable(problem, choice)
        ]
        best = min(near, key=lambda item: (item.violation, item.objective, item.choice), default=here)
        if (best.violation, best.objective) >= (here.violation, here.objective):
            return
        here = best
        progress.cut(here.choice)


def _neighbours(options: tuple[Choice, ...], choice: Choice) -> set[Choice]:
    """Return the choices that come from taking one option in, putting one lever out, or both."""
    bases = [choice, *(tuple(part for part in choice if part != out) for out in choice)]
    near = set(bases[1:])
    for base in bases:
        for option in options:
            levers = {lever for lever, _ in option}
            near.add(tuple(sorted([part for part in base if part[0] not in levers] + list(option))))
    return near - {choice}


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


def _next_best(progress: _Progress, deadline: float) -> tuple[Scored | None, float, bool]:
    """Return the best choice that is not banned (None: no such choice was found), a bound, and whether proven."""
    problem, program = progress.problem, progress.program
    objective = np.zeros(program.width)
    objective[program.first_error : program.first_relax] = problem.error_weights[list(program.used)]
    bound, gap = 0.0, _FIRST_GAP
    while True:
        best = progress.best
        if best is not None and best.objective <= bound + _TOLERANCE:
            return best, bound, True
        cutoff: list[Row] = [] if best is None else [(objective, 0.0, best.objective)]
        answer = _solve(program, progress.rows + cutoff, objective, (deadline, gap), relaxed=False)
        if answer.infeasible:
            return best, math.inf if best is None else best.objective - _TOLERANCE, True
        bound = max(bound, answer.bound - 0.1 * _TOLERANCE)
        if answer.choice is None:
            return best, bound, False
        proposed = progress.score(answer.choice)
        if not answer.finished:
            return progress.best, bound, False
        if answer.choice in progress.touched:
            if gap == 0.0:
                return best, bound, best is not None and best.objective <= bound + 100 * _TOLERANCE
            gap = 0.0
        if proposed.violation > 0 or not affordable(problem, proposed.choice):
            progress.ban(proposed.choice)
        else:
            progress.cut(proposed.choice)


@dataclass(frozen=True)
class _Answer:
    """What HiGHS said: a choice or None, a lower bound, whether it finished, whether there is no solution."""

    choice: Choice | None
    bound: float
    finished: bool
    infeasible: bool
    value: float


def _solve(
    program: Program, rows: list[Row], objective: FloatArray, limits: tuple[float, float], relaxed: bool
) -> _Answer:
    """Solve the program with these rows; `limits` are the deadline and the relative gap at which to stop."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    seconds = limits[0] - time.monotonic()
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
        options={"time_limit": seconds, "mip_rel_gap": limits[1]},
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
    answer = _solve(program, list(program.rows), violation, (deadline, 0.0), relaxed=True)
    if answer.choice is None:
        return ()
    error = np.zeros(program.width)
    error[program.first_error : program.first_error + len(program.used)] = problem.error_weights[list(program.used)]
    least = score(problem, answer.choice).violation
    rows = [*program.rows, (violation, 0.0, least + _TOLERANCE)]
    nearest = _solve(program, rows, error, (deadline, 0.0), relaxed=True)
    return answer.choice if nearest.choice is None else nearest.choice
