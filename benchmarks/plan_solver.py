"""Plans among 200 levers: time to the proven optimum, beside HiGHS. Run by hand, on one core.

    OMP_NUM_THREADS=1 python benchmarks/plan_solver.py [--limit SECONDS]

Each world has 200 levers (dose 1, any three may be combined: 1,333,501 choices), 20 values and 500 draws. Effects are
normal with standard deviation .3; draws differ about them by `spread`. The target is the profile that three levers
would reach on average ("three levers") or a random one ("random"). The objective is the expectation, over the draws, of
the sum of absolute errors. Times are processor seconds of one thread, which a busy machine changes little: `posing` is
from the model to arrays, `search` from there to the proof; `scored` choices were looked at over all draws, all others
ruled out by bounds. Beside it, in the same run and on the same problem: the mixed-integer programs of the package
(HiGHS with tangent cuts), and the extensive form of all levers on the first five draws alone, written out for
`scipy.optimize.milp`, whose optimum is compared with that of the enumeration on the same five draws. Both get the same
time limit (seconds on the clock). A small world (30 levers) is compared with a brute force over all choices.
"""

from __future__ import annotations

import argparse
import itertools
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning import (
    AbsoluteError,
    CVaR,
    Enumerate,
    MixedInteger,
    SquaredError,
    Target,
    WorstDimension,
    enumeration,
)
from causalvalues.planning.pose import pose
from causalvalues.planning.problem import Problem

RESULT = Path(__file__).parent / "results" / "plan_solver.md"
LEVERS, VALUES, DRAWS = 200, 20, 500


def world(seed: int, spread: float, goal: str, levers: int = LEVERS) -> tuple[StructuralModel, Target]:
    rng = np.random.default_rng([17, seed])
    p = VALUES
    b = np.zeros((DRAWS, p + levers, p + levers))
    centre = rng.normal(size=(levers, p)) * 0.3
    arrows = np.triu(rng.normal(size=(p, p)) * 0.3 * (rng.random((p, p)) < 0.2), 1)
    b[:, p:, :p] = centre + rng.normal(size=(DRAWS, levers, p)) * spread
    b[:, :p, :p] = arrows + rng.normal(size=(DRAWS, p, p)) * 0.05 * (arrows != 0)
    scales = np.hstack([np.full((DRAWS, p), 0.3), np.zeros((DRAWS, levers))])
    values, names = tuple(f"v{i:02d}" for i in range(p)), tuple(f"do_{i:03d}" for i in range(levers))
    model = StructuralModel(values, b, np.zeros((DRAWS, p + levers)), scales, np.ones(DRAWS), names, kind="posterior")
    if goal == "three levers":
        wanted = model.total[:, p + rng.choice(levers, 3, replace=False), :p].mean(axis=0).sum(axis=0)
    else:
        wanted = rng.normal(size=p) * 0.5
    return model, Target(dict(zip(values, wanted.tolist(), strict=True)))


def posed(model: StructuralModel, target: Target, method: Enumerate | MixedInteger) -> tuple[Problem, float]:
    before = time.process_time()
    problem = pose(model, dict.fromkeys(model.values, 0.0), target, [Lever(node) for node in model.levers], method)
    return problem, time.process_time() - before


def counted(problem: Problem, method: Enumerate) -> tuple[float, int, float, bool]:
    """Objective, number of choices scored over all draws, processor seconds, proof."""
    boards: list[enumeration.Board] = []
    made = enumeration.Board

    class Counting(made):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            boards.append(self)

    enumeration.Board = Counting  # type: ignore[misc]
    before = time.process_time()
    found = method.search(problem, 1 + method.alternatives)
    seconds = time.process_time() - before
    enumeration.Board = made  # type: ignore[misc]
    return found.best[0].objective, len(boards[0].scored), seconds, found.proven


def extensive(problem: Problem, draws: int, limit: float) -> tuple[float, float, float]:
    """Objective, bound and seconds on the clock of the program with one error column for each draw and value."""
    state, k, p = problem.state(0.0), len(problem.levers), len(problem.values)
    n = k + draws * p
    rows = []
    for d, i, sign in itertools.product(range(draws), range(p), (1.0, -1.0)):
        row = np.zeros(n)
        row[:k], row[k + d * p + i] = sign * state.effects[d, :, i], 1.0
        rows.append((row, sign * (problem.wanted[d, i] - state.base[d, i])))
    matrix = csr_array(np.vstack([np.stack([row for row, _ in rows]), np.append(np.ones(k), np.zeros(n - k))[None]]))
    low, high = [right for _, right in rows] + [0.0], [np.inf] * len(rows) + [3.0]
    before = time.perf_counter()
    found = milp(
        np.append(np.zeros(k), np.full(n - k, 1 / draws)),
        integrality=np.append(np.ones(k), np.zeros(n - k)),
        bounds=Bounds(np.zeros(n), np.append(np.ones(k), np.full(n - k, np.inf))),
        constraints=LinearConstraint(matrix, low, high),
        options={"time_limit": limit, "mip_rel_gap": 0.0},
    )
    return float(found.fun), float(found.mip_dual_bound), time.perf_counter() - before


def brute_force(problem: Problem) -> float:
    """Least objective of all choices of at most three levers, scored one by one."""
    state, best = problem.state(0.0), np.inf
    gap = problem.wanted - state.base
    for size in range(4):
        for chosen in itertools.combinations(range(len(problem.levers)), size):
            errors = gap - state.effects[:, list(chosen)].sum(axis=1)
            best = min(best, float(problem.weights @ np.abs(errors).sum(axis=1)))
    return best


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=float, default=60.0, help="seconds on the clock for HiGHS")
    asked = parser.parse_args()
    method = Enumerate(untried=True)
    compiling = time.process_time()
    small, _ = posed(*world(0, 0.1, "random", 30), method)
    ours = method.search(small, 6).best[0].objective
    compiling = time.process_time() - compiling
    difference = abs(ours - brute_force(small))
    rows, peers = [], []
    cases = [(1, 0.05, "three levers"), (2, 0.05, "random"), (3, 0.1, "three levers"), (4, 0.1, "random"),
             (5, 0.3, "three levers"), (6, 0.3, "random")]  # fmt: skip
    for seed, spread, goal in cases:
        model, target = world(seed, spread, goal)
        problem, posing = posed(model, target, method)
        objective, scored, seconds, proven = counted(problem, method)
        rows.append((goal, spread, "expected absolute error", posing, seconds, scored, objective, proven))
        print(rows[-1], flush=True)
        if seed in {3, 4}:
            other = MixedInteger(untried=True, alternatives=0, time_limit=asked.limit)
            before = time.perf_counter()
            found = other.search(problem, 1)
            spent = time.perf_counter() - before
            peers.append((goal, "cuts, 500 draws", spent, found.best[0].objective, found.lower_bound, objective))
            few = replace(model, coefficients=model.coefficients[:5], intercepts=model.intercepts[:5],
                          residual_scales=model.residual_scales[:5], weights=np.ones(5))  # fmt: skip
            tiny, _ = posed(few, target, method)
            value, bound, spent = extensive(tiny, 5, asked.limit)
            exact = method.search(tiny, 1).best[0].objective
            peers.append((goal, "extensive form, 5 draws", spent, value, bound, exact))
            print(*peers[-2:], sep="\n", flush=True)
    model, target = world(3, 0.1, "three levers")
    for objective_, risk in ((AbsoluteError(), CVaR(0.9)), (SquaredError(), None), (WorstDimension(), None)):
        way = Enumerate(untried=True, objective=objective_, **({"risk": risk} if risk else {}))
        problem, posing = posed(model, target, way)
        objective, scored, seconds, proven = counted(problem, way)
        rows.append(("three levers", 0.1, problem.aim.words, posing, seconds, scored, objective, proven))
        print(rows[-1], flush=True)
    write(rows, peers, compiling, difference, asked.limit)


def write(rows: list, peers: list, compiling: float, difference: float, limit: float) -> None:
    ours = pd.DataFrame(
        rows, columns=["target", "spread", "objective", "posing, s", "search, s", "scored", "optimum", "proven"]
    )
    beside = pd.DataFrame(peers, columns=["target", "HiGHS", "clock, s", "best found", "bound", "optimum"])
    text = f"""# Time to the proven best plan among 200 levers

`python benchmarks/plan_solver.py --limit {limit:g}`: {LEVERS} levers, at most 3 chosen (1,333,501 choices), {VALUES}
values, {DRAWS} draws, the six best plans each. Processor seconds of one thread. In a small world of 30 levers the
optimum differs from a brute force by {difference:.1e} ({compiling:.1f} s, the loading of the kernels included).

{_table(ours)}

HiGHS in the same run, {limit:g} s on the clock each. `optimum` is that of the enumeration on the same draws.

{_table(beside)}
"""
    RESULT.write_text(text, encoding="utf-8")
    print(text)


def _table(frame: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * frame.shape[1]]
    for row in frame.itertuples(index=False):
        lines.append("| " + " | ".join(_cell(cell) for cell in row) + " |")
    return "\n".join(lines)


def _cell(cell: object) -> str:
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:.3f}" if isinstance(cell, float) else str(cell)


if __name__ == "__main__":
    main()
