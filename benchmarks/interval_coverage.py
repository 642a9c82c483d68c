"""Do 90% intervals hold the truth in 90% of cases when the graph is not known?

Run: ``python benchmarks/interval_coverage.py --datasets 1000``.

Kinds of truth on five values, each on a graph drawn uniformly from the 29,281 graphs on five nodes:

- ``prior``: residual variances and coefficients from the prior of the score, given that every value has variance 1.
  Only here is 90% the right answer by construction, because a credible interval promises its level on average over its
  own prior, and the prior speaks of standardised values: the answers are standardised before they are scored.
- ``prior, raw units``: the same prior without that condition. Standardising then changes the prior, and the promise is
  lost.
- ``fixed``: every coefficient is +0.5 or -0.5 with unit noise. No promise is made here.
- ``faint``: the same with +0.15 or -0.15, effects that 200 rows barely show.

Posterior draws of an effect have mass at exactly zero (graphs without a path), so a plain interval holds more than 90%:
when 95% of the graphs have no path, the interval is [0, 0] and right 95% of the time. Three columns keep this apart:
``covered`` is the share of truths inside the plain interval; ``promised`` is the posterior mass inside that interval,
what `covered` should be; ``broken_ties`` is the share after ties with the truth are broken at random, which is 90%
exactly when the posterior is calibrated.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.evidence import summarise
from causalvalues.interventions import Set
from causalvalues.model import StructuralModel, counterfactual, fit, total_effects
from causalvalues.model.effects import effect_draws
from causalvalues.randomness import stream

T = 0.5
NAMES = ("a", "b", "c", "d", "e")
TRUTHS = ("prior", "prior, raw units", "fixed", "faint")


@dataclass(frozen=True)
class Case:
    """One number that an interval should hold: the truth, its interval, and the posterior mass below, at and inside."""

    question: str
    truth: float
    covered: bool
    promised: float
    broken_ties: bool


def all_dags(p: int) -> np.ndarray:
    """Return every directed acyclic graph on p nodes, (count, p, p) of bool."""
    pairs = [(i, j) for i in range(p) for j in range(p) if i != j]
    codes = np.arange(2 ** len(pairs))
    parents = np.zeros((p, len(codes)), dtype=np.uint8)
    for bit, (i, j) in enumerate(pairs):
        parents[j] |= (((codes >> bit) & 1) << i).astype(np.uint8)
    left = np.full(len(codes), 2**p - 1, dtype=np.uint8)
    for _ in range(p):
        for j in range(p):
            free = ((left >> j) & 1).astype(bool) & ((parents[j] & left) == 0)
            left[free] &= np.uint8(255 - (1 << j))
    kept = parents[:, left == 0]
    return np.stack([(kept >> i) & 1 for i in range(p)]).transpose(2, 0, 1).astype(bool)


def prior_equations(graphs: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw coefficients (s, p, p) and residual variances (s, p) from the prior: T = t I, t = 1/2, alpha_w = p + 2."""
    variance = T / 2 / rng.standard_gamma((graphs.sum(axis=1) + 3) / 2)
    coefficients = rng.normal(size=graphs.shape) * np.sqrt(variance / T)[:, None, :] * graphs
    return coefficients, variance


def standardised_truths(graphs: np.ndarray, count: int, rng: np.random.Generator) -> list[StructuralModel]:
    """Draw from the prior given that every value has variance 1, by importance resampling of standardised draws.

    Given graph and standardised coefficients, the prior makes the inverse variances 1 / s_i^2 of the values independent
    Gamma(a_i, t k_i / 2), where a_i = (parents + children of i + 3) / 2 and k is the diagonal of the inverse
    correlation matrix; the weight of a draw is their density at 1.
    """
    pool = graphs[rng.integers(len(graphs), size=60_000)]
    coefficients, variance = prior_equations(pool, rng)
    total = np.linalg.inv(np.eye(len(NAMES)) - coefficients)
    spread = np.sqrt((total**2 * variance[:, :, None]).sum(axis=1))
    coefficients *= spread[:, :, None] / spread[:, None, :]
    variance /= spread**2
    k = 1 / variance + (coefficients**2 / variance[:, None, :]).sum(axis=2)
    shape = (pool.sum(axis=1) + pool.sum(axis=2) + 3) / 2
    log_gamma = np.vectorize(math.lgamma)(shape)
    log_weight = (shape * np.log(T * k / 2) - T * k / 2 - log_gamma).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    chosen = rng.choice(len(pool), size=count, p=weight / weight.sum())
    return [
        StructuralModel.from_coefficients(NAMES, coefficients[i], np.zeros(len(NAMES)), np.sqrt(variance[i]))
        for i in chosen
    ]


def truths(kind: str, count: int, seed: int) -> list[StructuralModel]:
    """Draw structural models of one of the kinds of truth."""
    rng, graphs, p = stream(seed, "truths", kind), all_dags(len(NAMES)), len(NAMES)
    if kind == "prior":
        return standardised_truths(graphs, count, rng)
    picked = graphs[rng.integers(len(graphs), size=count)]
    if kind == "prior, raw units":
        coefficients, variance = prior_equations(picked, rng)
    else:
        size = {"fixed": 0.5, "faint": 0.15}[kind]
        coefficients, variance = rng.choice([-size, size], size=picked.shape) * picked, np.ones((count, p))
    return [
        StructuralModel.from_coefficients(NAMES, b, np.zeros(p), np.sqrt(v))
        for b, v in zip(coefficients, variance, strict=True)
    ]


def sample(truth: StructuralModel, n: int, rng: np.random.Generator) -> pd.DataFrame:
    noise = rng.normal(size=(n, len(NAMES))) * truth.residual_scales[0]
    return pd.DataFrame((noise + truth.intercepts[0]) @ truth.total[0], columns=list(NAMES))


def judge(question: str, truth: float, draws: np.ndarray, ends: tuple[float, float], u: float) -> Case:
    """Compare a truth with equally weighted posterior draws; draws within rounding of the truth are ties."""
    tie = np.abs(draws - truth) <= 1e-9 * (1 + abs(truth))
    below = float(((draws < truth) & ~tie).mean())
    lower, upper = ends
    inside = float(((draws >= lower) & (draws <= upper)).mean())
    rounding = 1e-9 * (1 + abs(truth))
    rank = below + u * float(tie.mean())
    return Case(question, truth, lower - rounding <= truth <= upper + rounding, inside, 0.05 < rank < 0.95)


def cases(kind: str, datasets: int, n: int = 200, draws: int = 1000, seed: int = 0) -> Iterator[Case]:
    """Yield every judged effect and counterfactual value of many simulated data sets."""
    for number, truth in enumerate(truths(kind, datasets, seed)):
        rng = stream(seed, "coverage", kind, number)
        facts = summarise(sample(truth, n, rng))
        graphs_found = discover(facts, ExactPosterior(draws=draws), seed=number)
        model = fit(graphs_found, facts, seed=number)
        if np.ptp(model.weights) > 1e-12:
            raise ValueError("The draws are expected to have equal weights.")
        yield from judge_effects(truth, model, rng)
        yield from judge_counterfactual(truth, model, facts.scale, rng)


def judge_effects(truth: StructuralModel, model: StructuralModel, rng: np.random.Generator) -> Iterator[Case]:
    effects, found = total_effects(model), effect_draws(model)
    for i, cause in enumerate(NAMES):
        for j, effect in enumerate(NAMES):
            if i != j:
                a, b = model.place(cause), model.place(effect)
                ends = float(effects.lower.loc[cause, effect]), float(effects.upper.loc[cause, effect])
                yield judge("total effects", float(truth.total[0, i, j]), found[:, a, b], ends, rng.random())


def judge_counterfactual(
    truth: StructuralModel, model: StructuralModel, scale: np.ndarray, rng: np.random.Generator
) -> Iterator[Case]:
    """Hold one value of a new unit one standard deviation higher and judge the other four values."""
    unit = sample(truth, 1, rng)
    node = NAMES[rng.integers(len(NAMES))]
    change = [Set(node, float(unit[node].iloc[0] + scale[NAMES.index(node)]))]
    expected = counterfactual(truth, unit, change).values[0, 0]
    answer = counterfactual(model, unit, change)
    lower, upper = answer.interval(0.9)
    for j, name in enumerate(NAMES):
        if name != node:
            place = answer.nodes.index(name)
            ends = float(lower[name].iloc[0]), float(upper[name].iloc[0])
            yield judge("counterfactuals", float(expected[j]), answer.values[:, 0, place], ends, rng.random())


def table(kind: str, found: list[Case]) -> pd.DataFrame:
    """Return shares in per cent for effects and counterfactuals, and for true effects other than zero."""
    frame = pd.DataFrame(found)
    rows = []
    for question, part in frame.groupby("question", sort=True):
        groups = {"all": part}
        if question == "total effects":
            groups |= {"truly zero": part[part["truth"] == 0], "not zero": part[part["truth"] != 0]}
        for which, cells in groups.items():
            shares = 100 * cells[["covered", "promised", "broken_ties"]].astype(float).mean()
            rows.append({"truth": kind, "question": question, "which": which, "number": len(cells), **shares.round(1)})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--truth", choices=TRUTHS, action="append")
    options = parser.parse_args()
    for kind in options.truth or TRUTHS:
        print(table(kind, list(cases(kind, options.datasets, options.rows, seed=options.seed))).to_string(index=False))


if __name__ == "__main__":
    main()
