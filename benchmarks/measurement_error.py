"""False edges from measurement error: raw scores, naive disattenuation, and corrected moments.

    python benchmarks/measurement_error.py [--full]

Ten values, four items each, alphas from .27 to .63 (those of the packaged demo answers); random graphs of average
degree 2, coefficients .4 to .9, standardised, columns permuted. An edge is claimed when P(adjacent) > .5.

- raw: mean of the items as if it were the value.
- naive: correlations divided by the square roots of the estimated alphas, at the nominal number of rows; matrices
  that are not positive definite get an eigenvalue floor of .01.
- corrected: `CorrectedMoments(key)`, whose effective n and draws know how uncertain the alphas are; "one" scores the
  one matrix at its effective n, "averaged" averages over draws of the moments (the default of `ExactPosterior`).
- known: `correct_for_error` with the true reliabilities.

"false" is the share of pairs without an edge that are claimed, "found" that of pairs with one. The second table is a
lever that acts on A alone, where A causes B: the probability that it seems to act directly on B.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import CausalValuesError
from causalvalues.evidence import Evidence, summarise
from causalvalues.evidence.corrected_moments import CorrectedMoments, correct_for_error
from causalvalues.evidence.reliability import reliability
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix, score
from causalvalues.theories import ItemKey, ScoringKey

P, ITEMS = 10, 4
ALPHAS = np.linspace(0.27, 0.63, P)
NAMES = tuple(f"v{j}" for j in range(P))
KEY = ScoringKey("items", "Items", "none", {f"{name}_{i}": ItemKey(name) for name in NAMES for i in range(ITEMS)})
ONE = ExactPosterior(draws=1, moment_draws=0)
AVERAGED = ExactPosterior(draws=1, moment_draws=30)


def random_truth(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return adjacency (P, P) and the correlation matrix of the true scores."""
    graph = np.triu(rng.random((P, P)) < 2.0 / (P - 1), 1)
    b = graph * rng.uniform(0.4, 0.9, (P, P))
    order = rng.permutation(P)
    b = b[np.ix_(order, order)]
    inverse = np.linalg.inv(np.eye(P) - b)
    covariance = inverse.T @ inverse
    scale = np.sqrt(np.diag(covariance))
    return (b != 0) | (b.T != 0), covariance / np.outer(scale, scale)


def answers(correlation: np.ndarray, n: int, rng: np.random.Generator) -> ResponseMatrix:
    """Return parallel items of each value with the alphas of the demo answers."""
    true = rng.normal(size=(n, P)) @ np.linalg.cholesky(correlation).T
    single = ALPHAS / (ITEMS - (ITEMS - 1) * ALPHAS)
    noise = np.sqrt(1 / single - 1)
    columns = [true[:, j] + noise[j] * rng.normal(size=n) for j in range(P) for _ in range(ITEMS)]
    names = tuple(f"{name}_{i}" for name in NAMES for i in range(ITEMS))
    return ResponseMatrix(names, np.column_stack(columns), tuple(str(i) for i in range(n)))


def naive(items: ResponseMatrix) -> Evidence:
    raw = summarise(score(items, KEY))
    alphas = np.clip(reliability(items, KEY)["alpha"].to_numpy(), 0.05, 1.0)
    r = raw.correlation.to_numpy() / np.sqrt(np.outer(alphas, alphas))
    np.fill_diagonal(r, 1.0)
    values, vectors = np.linalg.eigh(r)
    return replace(raw, scatter=(vectors * np.maximum(values, 0.01)) @ vectors.T * raw.n, clusters=None)


METHODS: dict[str, tuple[Callable[[ResponseMatrix], Evidence], ExactPosterior]] = {
    "raw": (lambda items: summarise(score(items, KEY)), ONE),
    "naive": (naive, ONE),
    "corrected, one": (lambda items: summarise(items, moments=CorrectedMoments(KEY)), ONE),
    "corrected, averaged": (lambda items: summarise(items, moments=CorrectedMoments(KEY)), AVERAGED),
    "known, one": (
        lambda items: correct_for_error(summarise(score(items, KEY)), dict(zip(NAMES, ALPHAS, strict=True))),
        ONE,
    ),
}


def cell(n: int, repeats: int, methods: tuple[str, ...] = tuple(METHODS), seed: int = 0) -> dict[str, dict[str, float]]:
    """Return, for each method, shares of false and found edges, their standard errors, and the share refused."""
    rates: dict[str, list[tuple[float, float, float]]] = {name: [] for name in methods}
    for number in range(repeats):
        rng = stream(seed, "measurement error", n, number)
        joined, correlation = random_truth(rng)
        items = answers(correlation, n, rng)
        pairs = np.triu_indices(P, 1)
        true = joined[pairs]
        for name in methods:
            moments, learner = METHODS[name]
            try:
                evidence = moments(items)
                claimed = discover(evidence, learner).adjacent_probabilities.to_numpy()[pairs] > 0.5
            except CausalValuesError:
                continue
            rates[name].append(
                (claimed[~true].mean(), claimed[true].mean() if true.any() else np.nan, evidence.n_score)
            )
    table = {}
    for name, found in rates.items():
        shares = np.array(found) if found else np.full((1, 3), np.nan)
        false, power, worth = np.nanmean(shares, axis=0)
        table[name] = {"false": false, "se": float(np.std(shares[:, 0]) / np.sqrt(len(shares))), "found": power,
                       "effective n": worth, "refused": 1 - len(found) / repeats}  # fmt: skip
    return table


def lever_table(n: int, repeats: int) -> dict[float, float]:
    """Return reliability -> mean probability that a lever of A seems to act on B directly, in lever -> A -> B."""
    shares = {}
    for rel in (1.0, 0.65, 0.45):
        found = []
        for number in range(repeats):
            rng = stream(1, "lever", str(rel), number)
            dose = np.repeat([0.0, 1.0], n // 2)
            a = 1.25 * dose + rng.normal(size=n)
            b = 0.6 * a + 0.8 * rng.normal(size=n)
            scores = [x + np.sqrt((1 / rel - 1) * v) * rng.normal(size=n) for x, v in ((a, 1.0), (b, 1.0))]
            matrix = ResponseMatrix(("A", "B"), np.column_stack(scores), tuple(map(str, range(n))), levers=("L",),
                                    doses=dose[:, None])  # fmt: skip
            posterior = discover(summarise(matrix), ExactPosterior(draws=1000, levers="sparse", moment_draws=0))
            found.append(float(posterior.lever_probabilities.loc["L", "B"]))
        shares[rel] = float(np.mean(found))
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="100 data sets a cell instead of 20")
    parser.add_argument("--without", default="", help="methods to leave out, separated by semicolons")
    options = parser.parse_args()
    repeats = 100 if options.full else 20
    methods = tuple(name for name in METHODS if name not in options.without.split(";"))
    start = time.perf_counter()
    print(f"{'n':>6} {'method':<22} {'false':>7} {'se':>6} {'found':>6} {'effective n':>12} {'refused':>8}")
    for n in (240, 1000, 10_000):
        for name, row in cell(n, repeats, methods).items():
            print(f"{n:>6} {name:<22} {row['false']:>7.3f} {row['se']:>6.3f} {row['found']:>6.2f} "
                  f"{row['effective n']:>12.0f} {row['refused']:>8.2f}", flush=True)  # fmt: skip
    print("\nlever (1.25 standard deviations) -> A -> B (.6), 736 rows: P(lever acts directly on B)")
    for rel, share in lever_table(736, 5 * repeats).items():
        print(f"reliability {rel:.2f}: {share:.2f}")
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
