"""False edges when an assumption does not hold: hidden cause, measurement error, clusters, ordinal answers.

    python benchmarks/false_edges.py [data sets per cell, default 100]

Each cell prints the share of pairs that are not adjacent in the true graph and yet are claimed (P(adjacent) > .5), the
share of true pairs found, and the same for causal-learn's PC (Fisher z, alpha .05) on the same data. Data are
standardised and columns permuted; varsortability before standardising is printed (.5: variances tell nothing).
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys

import numpy as np
import pandas as pd
from causallearn.search.ConstraintBased.PC import pc

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.evidence import summarise
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

P, N = 8, 500


def random_graph(rng: np.random.Generator) -> np.ndarray:
    graph = np.triu(rng.random((P, P)) < 2.0 / (P - 1), 1)
    return graph * rng.uniform(0.3, 0.7, (P, P)) * rng.choice([-1, 1], (P, P))


def solve(b: np.ndarray, noise: np.ndarray) -> np.ndarray:
    return noise @ np.linalg.inv(np.eye(P) - b)


def clean(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    b = random_graph(rng)
    return solve(b, rng.normal(size=(N, P))), b, None


def hidden_cause(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    b = random_graph(rng)
    loadings = rng.uniform(0.3, 0.7, P) * (rng.random(P) < 0.5)
    return solve(b, rng.normal(size=(N, P))) + rng.normal(size=(N, 1)) * loadings, b, None


def measurement_error(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    b = random_graph(rng)
    x = solve(b, rng.normal(size=(N, P)))
    return x + rng.normal(size=x.shape) * x.std(axis=0) * np.sqrt(1 / 0.6 - 1), b, None


def clusters(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    b = random_graph(rng)
    label = np.repeat(np.arange(50), N // 50)
    noise = np.sqrt(0.5) * rng.normal(size=(N, P)) + np.sqrt(0.5) * rng.normal(size=(50, P))[label]
    return solve(b, noise), b, label


def ordinal(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    b = random_graph(rng)
    x = solve(b, rng.normal(size=(N, P)))
    x = x / x.std(axis=0)
    cuts = np.sort(rng.normal(0.5, 0.8, (3, P)), axis=0)
    return (x[None] > cuts[:, None]).sum(axis=0).astype(float), b, None


def varsortability(x: np.ndarray, b: np.ndarray) -> float:
    causes, effects = np.nonzero(b)
    variance = x.var(axis=0)
    return float(np.mean(variance[causes] < variance[effects])) if len(causes) else np.nan


def rates(claimed: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    pairs = np.triu_indices(P, 1)
    true = ((b != 0) | (b.T != 0))[pairs]
    found = claimed[pairs]
    return float(found[~true].mean()), float(found[true].mean()) if true.any() else np.nan


def main(repeats: int) -> None:
    print(f"{repeats} data sets a cell, {P} values, {N} rows, average degree 2; standardised, columns permuted")
    print(
        f"{'cell':<20} {'ours: false':>12} {'true':>6} {'naive n':>9} {'PC: false':>11} {'true':>6} {'sortability':>12}"
    )
    for cell in (clean, hidden_cause, measurement_error, clusters, ordinal):
        rows = []
        for number in range(repeats):
            rng = stream(0, cell.__name__, number)
            x, b, label = cell(rng)
            order = rng.permutation(P)
            sortable = varsortability(x, b)
            x, b = x[:, order], b[np.ix_(order, order)]
            keep = x.std(axis=0) > 0
            if not keep.all():
                continue
            x = (x - x.mean(axis=0)) / x.std(axis=0)
            names = tuple(f"v{j}" for j in range(P))
            plain = summarise(pd.DataFrame(x, columns=list(names)))
            evidence = plain
            if label is not None:
                units = tuple(str(i) for i in range(N))
                evidence = summarise(
                    ResponseMatrix(names, x, units, labels={"persona_id": label.astype(str)}, cluster_by="persona_id")
                )
            method = ExactPosterior(draws=1)
            ours = rates(discover(evidence, method).adjacent_probabilities.to_numpy() > 0.5, b)
            naive = rates(discover(plain, method).adjacent_probabilities.to_numpy() > 0.5, b)
            peer = pc(x, alpha=0.05, show_progress=False).G.graph != 0
            rows.append([*ours, naive[0], *rates(peer, b), sortable])
        mean = np.nanmean(np.array(rows), axis=0)
        print(
            f"{cell.__name__:<20} {mean[0]:>12.3f} {mean[1]:>6.2f} {mean[2]:>9.3f} {mean[3]:>11.3f} {mean[4]:>6.2f} "
            f"{mean[5]:>12.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
