"""How many fewer rows designed experiments need than random ones and than a balanced D-optimal design.

    python benchmarks/next_experiment.py [--quick] [--only edges|plans|replay]

*Edges*: 54 random sparse linear models of 6 to 10 values (mean degree 2, standardised, columns permuted) with 400 rows
without intervention. A candidate forces one value to +1 and to -1, a row each, or looks at two rows; two are asked at a
time, and the graph is learned anew. Error: Brier score of the edges, summed over ordered pairs. Forcing every value
equally often is D-optimal for the effects of forced values.

*Plans*: 60 such models of 8 values with 10 levers, each acting on one or two values and through the graph; the change
of a unit under a lever is seen with noise. The wanted profile is near that of a pair of levers; after each two rows the
plan of one or two levers with the least expected error is chosen. Error: the true mean absolute error of that plan less
that of the best. D-optimal: the lever that adds most to log |X'X|, ties at random, so all levers equally often.

*Replay*: rows of SmolLM2 are revealed, 12 at a time, from those of 40 personas; goal: the answers to held-out settings.
Error: root mean squared error of predicted profiles over the held-out rows of other personas. D-optimal: lever doses.

All designs of a truth see the same candidates, the same first rows and the same answer to the k-th asking of a
candidate. "Rows to a level" is read off the mean error over truths (running minimum, linear between rounds); intervals
are 95% bootstraps over truths, paired. Levels are shares of the error before the first choice; they and the settings
were set in pilot runs on other truths (a quick run had also shown 6 of the edge and plan truths, and 2 of the replays).
The gain on edges depends on the setting: see the end of the results.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from truths import erdos_renyi, varsortability

from causalvalues.discovery import ExactPosterior, SparseDags, discover
from causalvalues.evidence import Environments, summarise
from causalvalues.evidence.environments import Condition
from causalvalues.experiments import (
    AboutAnswers,
    AboutEdges,
    AboutTarget,
    Candidate,
    LinearBayes,
    design_next,
    forced_answers,
    lever_settings,
)
from causalvalues.experiments.uncertainty import choices
from causalvalues.graph import GraphPosterior
from causalvalues.interventions import Lever, Set
from causalvalues.model import PosteriorDraws, StructuralModel, fit
from causalvalues.planning import Target
from causalvalues.prediction import PairedRows, paired_rows
from causalvalues.randomness import stream
from causalvalues.responses import demo_responses, score
from causalvalues.theories import scoring_key

RESULTS = Path(__file__).parent / "results" / "next_experiment.md"
LEVELS = (0.75, 0.5, 0.4)
DESIGNS = ("random", "balanced D-optimal", "designed")
LEARNER = ExactPosterior(moment_draws=0, draws=800, prior=SparseDags())
BATCH = 2
FIRST_ROWS = 400
PAIRED_NOISE = 0.5
"""Variance of a change over that of a value."""
PRIOR_SD = 0.5
"""Of a lever's effect on a value."""


@dataclass(frozen=True, eq=False)
class Network:
    """Standardised linear model of p values: coefficients [cause, effect], residual scales, varsortability before."""

    graph: np.ndarray
    coefficients: np.ndarray
    scales: np.ndarray
    sortability: float

    @property
    def total(self) -> np.ndarray:
        return np.linalg.inv(np.eye(len(self.graph)) - self.coefficients)


def network(p: int, rng: np.random.Generator) -> Network:
    """Draw a sparse network in random column order and put every value in units of its own deviation."""
    graph = erdos_renyi(p, 2.0, rng)
    raw = graph * rng.uniform(0.3, 0.8, graph.shape) * rng.choice([-1.0, 1.0], graph.shape)
    variances = np.square(np.linalg.inv(np.eye(p) - raw)).sum(axis=0)
    sd = np.sqrt(variances)
    return Network(graph, raw * sd[:, None] / sd[None, :], 1 / sd, varsortability(graph, variances))


# --- edges ------------------------------------------------------------------------------------------------------------


def answers(truth: Network, held: int | None, amount: float, rows: int, rng: np.random.Generator) -> np.ndarray:
    p = len(truth.graph)
    cut, noise = truth.coefficients.copy(), rng.normal(size=(rows, p)) * truth.scales
    if held is not None:
        cut[:, held], noise[:, held] = 0.0, amount
    return noise @ np.linalg.inv(np.eye(p) - cut)


def learned(rows: np.ndarray, condition: np.ndarray, names: tuple[str, ...]) -> tuple[Environments, GraphPosterior]:
    """Learn from rows of which some values were forced (`environments`, without moments of single conditions)."""
    free: dict[str, object] = {}
    for name in names:
        key = name if (condition == name).any() else ""
        if key not in free:
            free[key] = summarise(pd.DataFrame(rows[condition != name], columns=list(names)))
    which = [list(free).index(name if name in free else "") for name in names]
    kinds = tuple(
        Condition(str(kind), () if kind == "" else (str(kind),), int((condition == kind).sum()), None)
        for kind in sorted(set(condition.tolist()))
    )
    evidence = Environments(names, "condition", kinds, tuple(free.values()), np.array(which))  # type: ignore[arg-type]
    return evidence, discover(evidence, LEARNER, seed=0)


def edge_run(number: int, design: str, rounds: int) -> np.ndarray:
    """Return rows asked and the Brier score of the edges, (rounds + 1, 2)."""
    p = (6, 8, 10)[number % 3]
    truth, names = network(p, stream(number, "edges truth")), tuple("abcdefghij"[:p])
    rows = answers(truth, None, 0.0, FIRST_ROWS, stream(number, "first rows"))
    condition = np.array([""] * FIRST_ROWS, dtype=object)
    offered = [replace(each, most=BATCH) for each in (Candidate("look", rows=2), *forced_answers(names))]
    rng, asked, found = stream(number, "edges", design), dict.fromkeys((each.name for each in offered), 0), []
    for turn in range(rounds + 1):
        evidence, posterior = learned(rows, condition, names)
        found.append((len(rows) - FIRST_ROWS, float(np.square(posterior.edge - truth.graph).sum())))
        if turn == rounds:
            return np.array(found)
        model = fit(posterior, evidence, PosteriorDraws(), seed=0) if design == "designed" else None
        for name in _next_edges(design, (model, offered, asked), rng, turn):
            answer_rng = stream(number, "answers", name, asked[name])
            asked[name] += 1
            held = None if name == "look" else names.index(name.removeprefix("set "))
            new = [answers(truth, held, amount, 1, answer_rng) for amount in (-1.0, 1.0)]
            rows = np.concatenate([rows, *new])
            condition = np.r_[condition, [name.removeprefix("set ") if held is not None else ""] * 2]
    raise AssertionError


def _next_edges(
    design: str,
    state: tuple[StructuralModel | None, list[Candidate], dict[str, int]],
    rng: np.random.Generator,
    turn: int,
) -> Sequence[str]:
    model, offered, asked = state
    names = [each.name for each in offered]
    if design == "random":
        return [str(name) for name in rng.choice(names, BATCH)]
    if design == "designed":
        assert model is not None
        method = LinearBayes(batch=BATCH)
        return design_next(model, offered, AboutEdges(), method, seed=turn).chosen
    return _least_asked(names[1:], asked, rng)


def _least_asked(names: Sequence[str], asked: dict[str, int], rng: np.random.Generator) -> list[str]:
    mixed = [str(name) for name in rng.permutation(names)]
    return sorted(mixed, key=lambda name: asked[name])[:BATCH]


# --- plans ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Response:
    """Draws of the additive effects of levers (s, k, p), from their normal posterior."""

    values: tuple[str, ...]
    levers: tuple[str, ...]
    coefficients: np.ndarray
    noise: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        return np.full(len(self.coefficients), 1 / len(self.coefficients))

    @property
    def mean(self) -> np.ndarray:
        return np.zeros(len(self.values))

    def profiles(self, start: np.ndarray, doses: np.ndarray) -> np.ndarray:
        s, k, p = self.coefficients.shape
        added = doses @ self.coefficients.transpose(1, 0, 2).reshape(k, s * p)
        return start[None] + added.reshape(len(doses), s, p).transpose(1, 0, 2)


def plan_truth(number: int, p: int, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return total effects of levers (k, p), the noise of a change (p, p), and the wanted profile (p,)."""
    rng = stream(number, "plans truth")
    truth = network(p, rng)
    direct = np.zeros((k, p))
    for lever in range(k):
        at = rng.choice(p, 1 + lever % 2, replace=False)
        direct[lever, at] = rng.uniform(0.4, 1.2, len(at)) * rng.choice([-1.0, 1.0], len(at))
    effects = direct @ truth.total
    noise = PAIRED_NOISE * truth.total.T @ np.diag(np.square(truth.scales)) @ truth.total
    pair = rng.choice(k, 2, replace=False)
    return effects, noise, effects[pair].sum(axis=0) + 0.3 * np.linalg.cholesky(noise) @ rng.normal(size=p)


def plan_run(number: int, design: str, rounds: int) -> np.ndarray:
    """Return rows asked and the regret of the plan, (rounds + 1, 2)."""
    p, k, draws = 8, 10, 600
    effects, noise, wanted = plan_truth(number, p, k)
    values, levers = tuple("abcdefgh"[:p]), tuple(f"lever {i}" for i in range(k))
    root, zero = np.linalg.cholesky(noise), dict.fromkeys(values, 0.0)
    goal = AboutTarget(Target(dict(zip(values, wanted.tolist(), strict=True))), zero, tuple(Lever(x) for x in levers))
    offered = [replace(each, most=BATCH) for each in lever_settings(goal.levers, {"unit": zero})]
    names = [each.name for each in offered]
    asked, rng, found = dict.fromkeys(names, 0), stream(number, "plans", design), []
    precision, moment = np.eye(k) / PRIOR_SD**2, np.zeros((k, p))
    table = np.zeros(0)
    for turn in range(rounds + 1):
        covariance = np.linalg.inv(precision)
        z = stream(number, "plans draws", turn).normal(size=(draws // 2, k, p))
        spread = np.linalg.cholesky(covariance) @ np.concatenate([z, -z]) @ root.T
        model = Response(values, levers, covariance @ moment + spread, noise)
        if not len(table):
            plans = choices(model, goal.levers, goal.max_levers)
            table = np.array([[float(any(step.node == x for step in plan)) for x in levers] for plan in plans])
            true = np.abs(table @ effects - wanted).mean(axis=1)
        expected = np.abs(model.profiles(np.zeros((len(table), p)), table) - wanted).mean(axis=(0, 2))
        found.append((turn * BATCH, true[expected.argmin()] - true.min()))
        if design == "random":
            chosen: Sequence[str] = [str(name) for name in rng.choice(names, BATCH)]
        elif design == "designed":
            chosen = design_next(model, offered, goal, LinearBayes(batch=BATCH), seed=turn).chosen
            chosen = [*chosen, *_least_asked(names, asked, rng)][:BATCH]
        else:
            chosen = _least_asked(names, asked, rng)
        for name in chosen:
            lever = levers.index(name.removesuffix(" @ unit"))
            answer = effects[lever] + root @ stream(number, "changes", name, asked[name]).normal(size=p)
            asked[name] += 1
            precision[lever, lever] += 1.0
            moment[lever] += answer
    return np.array(found)


# --- replay -----------------------------------------------------------------------------------------------------------


def replay_run(number: int, design: str, rounds: int, batch: int = 12, first: int = 24) -> np.ndarray:
    """Return rows revealed and the error on held-out rows, (rounds + 1, 2)."""
    from causalvalues.prediction.mechanism import Mechanism

    key = scoring_key("smollm2-demo")
    every = paired_rows(score(demo_responses("answers"), key))
    test = paired_rows(score(demo_responses("held_out"), key))
    rng = stream(number, "replay")
    units = rng.choice(sorted(set(every.units)), 40, replace=False)
    pool = every.on(np.isin(every.units, units))
    places = [int(i) for i in rng.permutation(len(pool))]
    later = test.on(rng.choice(len(test), 40, replace=False))
    goal = AboutAnswers(tuple(_setting(later, i) for i in range(len(later))))
    shown, hidden = places[:first], places[first:]
    rng, found = stream(number, "replay", design), []
    for turn in range(rounds + 1):
        model = Mechanism(draws=1000).fit(pool.on(np.array(shown)), 0)
        error = model.predict(test.start, test.doses).mean - test.reached
        found.append((len(shown) - first, float(np.sqrt(np.nanmean(np.square(error))))))
        if turn < rounds:
            offered = [int(i) for i in rng.choice(hidden, min(100, len(hidden)), replace=False)]
            new = _next_rows(design, (pool, shown, offered), (model, goal), batch)
            shown, hidden = [*shown, *new], [i for i in hidden if i not in set(new)]
    return np.array(found)


def _setting(rows: PairedRows, i: int) -> Candidate:
    arm = tuple(Set(x, float(d)) for x, d in zip(rows.levers, rows.doses[i], strict=True) if d)
    return Candidate(f"row {i:05d}", (arm,), 1, dict(zip(rows.values, rows.start[i].tolist(), strict=True)))


def _next_rows(design: str, rows: tuple[PairedRows, list[int], list[int]], aim: tuple, batch: int) -> list[int]:
    pool, shown, offered = rows
    if design == "random":
        return offered[:batch]
    if design == "designed":
        model, goal = aim
        found = design_next(model, [_setting(pool, i) for i in offered], goal, LinearBayes(batch=batch))
        return [int(name.removeprefix("row ")) for name in found.chosen]
    inverse = np.linalg.inv(pool.doses[shown].T @ pool.doses[shown] + 0.01 * np.eye(len(pool.levers)))
    new: list[int] = []
    for _ in range(batch):
        left = [i for i in offered if i not in new]
        best = left[int(np.round(np.einsum("ij,jk,ik->i", pool.doses[left], inverse, pool.doses[left]), 9).argmax())]
        new.append(best)
        x = inverse @ pool.doses[best]
        inverse -= np.outer(x, x) / (1 + pool.doses[best] @ x)
    return new


# --- rows to a level --------------------------------------------------------------------------------------------------


def rows_to(curve: np.ndarray, level: float) -> float:
    """Return where a curve (rounds, 2) of rows and error first falls to a level; NaN where it never does."""
    lowest = np.minimum.accumulate(curve[:, 1])
    if not (lowest <= level).any():
        return np.nan
    k = int((lowest <= level).argmax())
    if k == 0:
        return 0.0
    share = (lowest[k - 1] - level) / (lowest[k - 1] - lowest[k])
    return float(curve[k - 1, 0] + share * (curve[k, 0] - curve[k - 1, 0]))


def saved(curves: dict[str, np.ndarray], other: str, level: float) -> tuple[float, float, float, float]:
    """Return the share of rows saved on another design, its 95% interval, and the share of resamples that count.

    A design that never reaches the level counts with its last row, so that what is saved on it is understated.
    """
    rng = stream(0, "bootstrap", other)
    count, last = len(curves[other]), curves[other][0, -1, 0]
    draws, reached = [], []
    for number in range(1001):
        rows = np.arange(count) if number == 0 else rng.integers(count, size=count)
        ours, theirs = (rows_to(curves[name][rows].mean(axis=0), level) for name in ("designed", other))
        reached.append(np.isfinite(ours) and np.isfinite(theirs))
        draws.append(1 - np.nan_to_num(ours, nan=last) / max(np.nan_to_num(theirs, nan=last), 1e-9))
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    return draws[0], float(low), float(high), float(np.mean(reached))


def part(
    name: str, run: Callable[[int, str, int], np.ndarray], size: tuple[int, int], levels: Sequence[float]
) -> list[str]:
    """Run one part with (truths, rounds) and return its lines."""
    truths, rounds = size
    curves: dict[str, np.ndarray] = {}
    started = time.process_time()
    for design in DESIGNS:
        curves[design] = np.array([run(number, design, rounds) for number in range(truths)])
        print(name, design, f"{time.process_time() - started:.0f} s", flush=True)
    first = float(np.mean([curve[:, 0, 1].mean() for curve in curves.values()]))
    shown = list(range(0, rounds + 1, max(rounds // 6, 1)))
    lines = [
        f"\n## {name}: {truths} {'runs' if name == 'Replay' else 'truths'}, {time.process_time() - started:.0f} s\n"
    ]
    lines += [
        "Mean error after so many rows:\n",
        "| design | " + " | ".join(f"{curves['random'][0, i, 0]:.0f}" for i in shown) + " |",
    ]
    lines += ["|---|" + "---|" * len(shown)]
    for design in DESIGNS:
        lines.append(f"| {design} | " + " | ".join(f"{curves[design][:, i, 1].mean():.3f}" for i in shown) + " |")
    lines += [
        "\nRows to a level, and rows saved by the design (95% interval, paired over truths). Reached: share of",
        "bootstrap resamples in which both designs get there; one that does not counts with its last row, so what",
        "is saved on it is understated.\n",
    ]
    lines += [
        "| error, share of the first | random | balanced | designed | saved on random | saved on balanced | reached |"
    ]
    lines += ["|---|---|---|---|---|---|---|"]
    for level in levels:
        rows = [rows_to(curves[design].mean(axis=0), level * first) for design in DESIGNS]
        versus = [saved(curves, other, level * first) for other in DESIGNS[:2]]
        cells = [f"{100 * s:.0f}% [{100 * low:.0f}, {100 * high:.0f}]" for s, low, high, _ in versus]
        lines.append(
            f"| {level * first:.3f}, {level:.2f} | "
            + " | ".join(f"{x:.0f}" for x in rows)
            + f" | {cells[0]} | {cells[1]} | "
            f"{100 * min(each[3] for each in versus):.0f}% |"
        )
    return lines


def main() -> None:
    quick = "--quick" in sys.argv
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    truths = 6 if quick else 54
    sortability = [network((6, 8, 10)[i % 3], stream(i, "edges truth")).sortability for i in range(truths)]
    lines = [
        "# Rows that designed experiments need",
        "",
        "`python benchmarks/next_experiment.py`; seconds are of one core. "
        f"Mean varsortability of the networks before standardising {np.nanmean(sortability):.2f}, after it .50.",
    ]
    parts = {
        "plans": lambda: part("Plans", plan_run, (truths, 8) if quick else (60, 50), LEVELS),
        "edges": lambda: part("Edges", edge_run, (truths, 8) if quick else (54, 20), LEVELS),
        "replay": lambda: part("Replay", replay_run, (2, 3) if quick else (6, 6), (0.95, 0.9, 0.85)),
    }
    for name, run in parts.items():
        if only in ("", name):
            lines += run()
    print("\n".join(lines))
    if not quick and not only:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")  # the remarks at its end are added by hand


if __name__ == "__main__":
    main()
