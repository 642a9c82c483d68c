"""Which graphs pass the tests of falsification: on the rows they were learned from, and on rows that they never saw.

    python benchmarks/falsification.py [runs per cell, default 20] [--full: 300 runs]

Truths: *one factor* (a common cause of all ten values with equal loadings, no edge between them: no graph over the
values is right, and no labelling is better than another), *unequal loadings* (the same with loadings .5 to .8, so that
a graph that joins the closest pairs does know something), *graph* (a random sparse graph), *noise*. Printed per cell:
the mean number of edges; the share of runs in which the test says anything, in which the learned graph beats permuted
node labels (p <= .05) on the same rows ("not a test") and on held-out rows (eleven splits, p-values joined as twice
their median), beats random graphs, and foresees held-out rows better than the undirected graph of the strongest
correlations. Data are standardised, columns permuted.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys

import numpy as np
import pandas as pd

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.evidence import summarise
from causalvalues.model.falsify import HeldOut, central_graph, falsify
from causalvalues.model.graph_nulls import GraphNulls, graph_test
from causalvalues.randomness import stream

P = 10
NAMES = [f"v{j}" for j in range(P)]


def one_factor(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, 1)) * 0.7 + rng.normal(size=(n, P)) * np.sqrt(1 - 0.7**2)


def unequal(rng: np.random.Generator, n: int) -> np.ndarray:
    loadings = rng.uniform(0.5, 0.8, P)
    return rng.normal(size=(n, 1)) * loadings + rng.normal(size=(n, P)) * np.sqrt(1 - loadings**2)


def graph(rng: np.random.Generator, n: int) -> np.ndarray:
    b = np.triu(rng.random((P, P)) < 2.0 / (P - 1), 1) * rng.uniform(0.3, 0.7, (P, P)) * rng.choice([-1, 1], (P, P))
    return rng.normal(size=(n, P)) @ np.linalg.inv(np.eye(P) - b)


def noise(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, P))


TRUTHS = {"one factor": one_factor, "unequal loadings": unequal, "graph": graph, "noise": noise}


def standardised(rows: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    rows = ((rows - rows.mean(axis=0)) / rows.std(axis=0))[:, rng.permutation(P)]
    return pd.DataFrame(rows, columns=NAMES)


def one_run(truth: str, n: int, number: int) -> dict[str, float]:
    rng = stream(1, truth, n, number)
    rows = standardised(TRUTHS[truth](rng, 2 * n), rng)
    nulls = GraphNulls(permutations=300, random_graphs=300)
    learner = ExactPosterior(draws=200)
    held_out = falsify(rows, learner, HeldOut(nulls=nulls), seed=number)
    evidence = summarise(rows[:n])
    learned = central_graph(discover(evidence, learner, seed=number))
    same = graph_test(learned, evidence, nulls, number, seen=True)
    return {
        "edges": float(learned.adjacency.sum()),
        "informative": held_out.informative,
        "same rows": same.permutation_p <= 0.05,
        "held out": held_out.permutation_p <= 0.05,
        "random graphs": held_out.random_p <= 0.05,
        "beats correlation": held_out.correlation_p <= 0.05,
    }


def main() -> None:
    runs = 300 if "--full" in sys.argv else int(next((a for a in sys.argv[1:] if a.isdigit()), "20"))
    rows = []
    for truth in TRUTHS:
        for n in (200, 1000):
            found = pd.DataFrame([one_run(truth, n, number) for number in range(runs)])
            rows.append({"truth": truth, "n": n, **found.mean().round(3)})
    print(f"{runs} runs a cell; share of runs\n")
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
