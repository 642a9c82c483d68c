"""Missing answers: correlations, effective n and learned graphs of each treatment, against the complete data and truth.

Run: ``python benchmarks/missing_answers.py FOLDER`` with the folder of causal-learn's test data that holds
``mar_full_10_5.parquet`` (10,000 x 20), ``mar_mv_10_5.parquet`` (the same with 21.5% of the answers missing at random)
and ``mar_dag_matrix.csv`` (the true graph), from https://github.com/cmu-phil/example-causal-datasets and causal-learn.
Without a folder: simulated rows of the same size, in which answers are missing depending on complete columns.

Printed for each treatment: rows used; largest error of a correlation against the complete data; mean effective n of
the pairs; the structural Hamming distance of equivalence classes, and precision, recall and F1 of adjacencies of the
best graph of order search.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from causalvalues.discovery import OrderSearch
from causalvalues.discovery.order_search import best_graph
from causalvalues.errors import CausalValuesError
from causalvalues.evidence import Evidence, ProductMoments, summarise
from causalvalues.graph import Dag, EquivalenceClass
from causalvalues.randomness import stream


def simulated(n: int, p: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return complete rows, rows with holes, and the true graph [cause, effect]."""
    random = stream(0, "missing answers")
    weights = np.triu(random.uniform(0.3, 0.8, (p, p)) * (random.random((p, p)) < 2 / p), 1)
    rows = np.linalg.solve((np.eye(p) - weights).T, random.normal(size=(p, n))).T
    rows /= rows.std(axis=0)
    columns = random.permutation(p)
    rows, weights = rows[:, columns], weights[np.ix_(columns, columns)]
    holed = rows.copy()
    for j in range(p // 2):
        holed[(rows[:, p // 2 + j] > 0) & (random.random(n) < 0.86), j] = np.nan
    names = [f"v{j:02d}" for j in range(p)]
    return pd.DataFrame(rows, columns=names), pd.DataFrame(holed, columns=names), weights != 0


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    full, holed = (pd.read_parquet(folder / f"mar_{kind}_10_5.parquet") for kind in ("full", "mv"))
    truth = pd.read_csv(folder / "mar_dag_matrix.csv", index_col=0).to_numpy() != 0
    return full, holed, truth


def distance(found: np.ndarray, truth: np.ndarray, names: tuple[str, ...]) -> int:
    """Pairs whose connection (none, line, arrow either way) differs between the two equivalence classes."""
    marks = []
    for graph in (found, truth):
        same = EquivalenceClass.from_dag(Dag(names, graph))
        marks.append(np.asarray(same.directed, dtype=int) + 2 * np.asarray(same.undirected, dtype=int))
    differs = (marks[0] != marks[1]) | (marks[0].T != marks[1].T)
    return int(np.triu(differs, 1).sum())


def report(name: str, evidence: Evidence, reference: Evidence, truth: np.ndarray) -> None:
    upper = np.triu_indices(len(truth), 1)
    error = np.abs(evidence.correlation.to_numpy() - reference.correlation.to_numpy())[upper].max()
    graph = best_graph(evidence, OrderSearch(restarts=10)).adjacency
    found, true = (graph | graph.T)[upper], (truth | truth.T)[upper]
    precision, recall = (found & true).sum() / max(found.sum(), 1), (found & true).sum() / true.sum()
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    print(
        f"{name:10s} {evidence.n:6d} {error:9.4f} {evidence.pairwise_n[upper].mean():9.0f} {evidence.n_score:9.0f} "
        f"{distance(graph, truth, evidence.names):5d} {precision:9.2f} {recall:6.2f} {f1:5.2f}",
        end="",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    full, holed, truth = read(folder) if folder else simulated(10_000, 20)
    print(f"{len(full)} rows, {full.shape[1]} columns, {holed.isna().to_numpy().mean():.1%} of the answers missing;")
    print(f"{int(holed.notna().all(axis=1).sum())} rows are complete; the true graph has {int(truth.sum())} arrows")
    print("             rows max error    mean n   score n   SHD precision recall    F1  seconds")
    reference = summarise(full)
    for name in ("complete", "em", "pairwise", "listwise"):
        start = time.perf_counter()
        try:
            evidence = reference if name == "complete" else summarise(holed, "", ProductMoments(name))
            seconds = time.perf_counter() - start
            report(name, evidence, reference, truth)
            print(f" {seconds:8.2f}")
        except CausalValuesError as error:
            print(f"{name:10s} refused: {error}")


if __name__ == "__main__":
    main()
