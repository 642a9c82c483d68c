"""Exact planning by mixed-integer linear programs: solve for the mean profile, cut at what was found, solve again."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.planning.choices import admissible, affordable
from causalvalues.planning.objectives import SquaredError
from causalvalues.planning.problem import Choice, Mechanism, Problem, Scored, Search, State, ranked
from causalvalues.planning.program import Option, Program, Row, cuts_at, fits, not_again
from causalvalues.planning.program_rows import write_program
from causalvalues.planning.scoring import score

_TOLERANCE = 1e-6
_FIRST_GAP = 0.03


class _Progress:
    """Rows added so far, every choice that was scored, and the choices that may not come again."""

    def __init__(self, program: Program, cutoff: float) -> None:
        self.problem = program.problem
        self.program = program
        self.cutoff = cutoff
        self.terms = program.terms()
        self.rows = list(program.rows)
        self.scored: dict[Choice, Scored] = {}
        self.touched: set[Choice] = set()
        self.banned: set[tuple[tuple[int, float], ...]] = set()

    def score(self, choice: Choice) -> Scored:
        """Score a choice over all draws, once."""
        if choice not in self.scored:
            self.scored[choice] = score(self.problem, choice)
        return self.scored[choice]

    def cut(self, choice: Choice) -> None:
        """Add the tangents at a choice, where the program then knows the true objective."""
        self.touched.add(choice)
        self.rows.extend(cuts_at(self.program, self.terms, choice))

    def ban(self, choice: Choice) -> None:
        """Forbid a choice from now on."""
        self.banned.add(self.kind(choice))
        self.rows.append(not_again(self.program, choice))

    def kind(self, choice: Choice) -> Choice:
        """Return a choice with only the sign of continuous doses: what a ban forbids."""
        levers = self.problem.levers
        return tuple((i, dose if levers[i].interval is None else math.copysign(1.0, dose)) for i, dose in choice)

    @property
    def best(self) -> Scored | None:
        """The best choice that meets the constraints and is not banned, among those that were scored."""
        left = [s for choice, s in self.scored.items() if self.kind(choice) not in self.banned and s.violation <= 0]
        return min(left, key=lambda item: (item.objective, item.choice), default=None)


@dataclass(frozen=True)
class _Found:
    """The best choices of one strength, a bound for all of them, and whether the bound proves the first."""

    choices: tuple[Choice, ...]
    bound: float
    proven: bool


@dataclass(frozen=True, eq=False)
class _Scaled:
    """A mechanism in other units."""

    inner: Mechanism
    scale: float

    @property
    def by_strength(self) -> bool:
        return self.inner.by_strength

    def state(self, strength: float) -> State:
        found = self.inner.state(strength)
        return State(found.base / self.scale, found.effects / self.scale)


def branch_and_cut(problem: Problem, keep: int, seconds: float) -> Search:
    """Return the best choices, one after the other, each proven by the bound of a mixed-integer program.

    Each round solves the program, scores the choice that it proposes over all draws, and adds the tangents of the
    objective there. The program's bound rises and the best scored objective falls until they meet (to 1e-6 of the size
    of the numbers). A returned choice is then forbidden and the rounds go on for the next best; with continuous doses
    all doses of the same sign of these levers are forbidden with it. Choices of each strength have a program of their
    own, which only looks for what is better than the choices found before.

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
    scale, heaviest = problem.scale, float(problem.error_weights.max(initial=0.0)) or 1.0
    size = heaviest * (scale * scale if isinstance(problem.aim.objective, SquaredError) else scale)
    unit = _rescaled(problem, scale, heaviest)
    found: list[Scored] = []
    bounds, proven = [], True
    for strength in problem.strengths:
        best = sorted(item.objective for item in found)[:keep]
        cutoff = best[-1] / size if len(best) == keep else math.inf
        here = _search_strength(write_program(unit, strength), keep, cutoff, deadline)
        bounds.append(here.bound * size)
        proven = proven and here.proven
        found += [score(problem, choice) for choice in here.choices]
    if not found and proven:
        return Search((score(problem, _least_violation(unit, deadline)),), math.nan, proven=True, feasible=False)
    if not found:
        fallback = score(problem, ())
        return Search((fallback,), min(bounds), proven=False, feasible=fallback.violation <= 0)
    best_first = ranked(problem, _with_equal_parts(problem, ranked(problem, found)))[:keep]
    return Search(tuple(best_first), min(*bounds, best_first[0].objective), proven=proven, feasible=True)


def _search_strength(program: Program, keep: int, cutoff: float, deadline: float) -> _Found:
    """Return the best choices of one strength that are not worse than the cutoff."""
    if program.problem.mechanism.by_strength and program.strength == 0:
        only = score(program.problem, ())
        return _Found(((),) if only.violation <= 0 else (), only.objective if only.violation <= 0 else math.inf, True)
    progress = _Progress(program, cutoff)
    _climb(progress, deadline)
    first, bound, proven = _next_best(progress, deadline)
    if first is None:
        return _Found((), bound, proven)
    found = [first]
    while proven and len(found) < keep:
        progress.ban(found[-1].choice)
        following, _, settled = _next_best(progress, deadline)
        if following is None or not settled:
            break
        found.append(following)
    return _Found(tuple(item.choice for item in found), bound, proven)


def _climb(progress: _Progress, deadline: float) -> None:
    """Find a good choice to start from: from nothing, add, drop or exchange one option while that helps."""
    problem, program = progress.problem, progress.program
    if not fits(program, ()):
        return
    here = progress.score(())
    progress.cut(())
    while time.monotonic() < deadline:
        near = [
            progress.score(choice)
            for choice in _neighbours(program.options, here.choice)
            if fits(program, choice) and affordable(problem, choice)
        ]
        best = min(near, key=lambda item: (item.violation, item.objective, item.choice), default=here)
        if (best.violation, best.objective) >= (here.violation, here.objective):
            return
        here = best
        progress.cut(here.choice)


def _neighbours(options: tuple[Option, ...], choice: Choice) -> set[Choice]:
    """Return the choices that come from taking one option in, putting one lever out, or both."""
    bases = [choice, *(tuple(part for part in choice if part != out) for out in choice)]
    near = set(bases[1:])
    for base in bases:
        for option in options:
            levers = {lever for lever, _ in option.parts}
            near.add(tuple(sorted([part for part in base if part[0] not in levers] + list(option.parts))))
    return near - {choice}


def _with_equal_parts(problem: Problem, found: list[Scored]) -> list[Scored]:
    """Add what is left of the best choice when a lever that changes nothing is taken out."""
    best, known = found[0], {item.choice for item in found}
    for size in range(len(best.choice)):
        for part in combinations(best.choice, size):
            new = part not in known and admissible(problem, tuple(lever for lever, _ in part))
            smaller = score(problem, part) if new else best
            if new and smaller.violation <= 0 and smaller.objective <= best.objective + problem.fine:
                found = [*found, smaller]
    return found


def _rescaled(problem: Problem, scale: float, heaviest: float) -> Problem:
    """Return the problem in units of `scale` and of the heaviest error weight, to fit HiGHS's tolerances."""
    return replace(
        problem,
        mechanism=_Scaled(problem.mechanism, scale),
        wanted=problem.wanted / scale,
        constraints=problem.constraints._replace(right=problem.constraints.right / scale),
        error_weights=problem.error_weights / heaviest,
    )


def _next_best(progress: _Progress, deadline: float) -> tuple[Scored | None, float, bool]:
    """Return the best choice that is not banned (None: none below the cutoff), a bound, and whether it is proven."""
    problem, program = progress.problem, progress.program
    objective = np.zeros(program.width)
    objective[program.first_part : program.first_relax] = 1.0
    bound, gap = 0.0, _FIRST_GAP
    while True:
        best = progress.best
        if best is not None and best.objective <= bound + _TOLERANCE:
            return best, bound, True
        worst = min(progress.cutoff, math.inf if best is None else best.objective)
        cutoff: list[Row] = [(objective, 0.0, worst)] if math.isfinite(worst) else []
        answer = _solve(program, progress.rows + cutoff, objective, (deadline, gap), relaxed=False)
        if answer.infeasible:
            return best, max(bound, worst - _TOLERANCE), True
        bound = max(bound, answer.bound - 0.1 * _TOLERANCE)
        if answer.choice is None:
            return best, bound, False
        proposed = progress.score(answer.choice)
        if not answer.finished:
            return progress.best, bound, False
        known = answer.choice in progress.touched or proposed.objective <= answer.value + 0.5 * _TOLERANCE
        if known and proposed.violation <= 0:
            if gap == 0.0:
                best = progress.best
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
    lower, upper = np.zeros(program.width), np.full(program.width, np.inf)
    upper[: program.first_dose] = 1.0
    lower[program.first_dose : program.first_mean] = -np.inf
    upper[program.first_relax :] = np.inf if relaxed else 0.0
    integrality = np.zeros(program.width, dtype=np.int64)
    integrality[: len(program.options)] = 1
    matrix = csr_array(np.stack([row for row, _, _ in rows]))
    between = LinearConstraint(matrix, [low for _, low, _ in rows], [high for _, _, high in rows])
    result = milp(
        objective,
        integrality=integrality,
        bounds=Bounds(lower, upper),
        constraints=between,
        options={"time_limit": seconds, "mip_rel_gap": limits[1]},
    )
    if result.status == 2:
        return _Answer(None, math.inf, finished=True, infeasible=True, value=math.nan)
    dual = getattr(result, "mip_dual_bound", None)
    bound = 0.0 if dual is None or not math.isfinite(dual) else float(dual)
    choice = None if result.x is None else program.choice(result.x)
    return _Answer(choice, bound, result.status == 0, infeasible=False, value=float(result.fun or 0.0))


def _least_violation(problem: Problem, deadline: float) -> Choice:
    """Return the choice that breaks the constraints least in sum, the nearest of these; () when time runs out."""
    found: list[Scored] = []
    for strength in problem.strengths:
        program = write_program(problem, strength)
        violation, error = np.zeros(program.width), np.zeros(program.width)
        violation[program.first_relax :] = 1.0
        error[program.first_part : program.first_relax] = 1.0
        answer = _solve(program, list(program.rows), violation, (deadline, 0.0), relaxed=True)
        if answer.choice is None:
            continue
        found.append(score(problem, answer.choice))
        rows = [*program.rows, (violation, 0.0, found[-1].violation + _TOLERANCE)]
        nearest = _solve(program, rows, error, (deadline, 0.0), relaxed=True)
        found += [] if nearest.choice is None else [score(problem, nearest.choice)]
    key = min((item.violation for item in found), default=0.0) + 2 * _TOLERANCE
    near = [item for item in found if item.violation <= key]
    return min(near, key=lambda item: (item.objective, item.choice)).choice if near else ()
