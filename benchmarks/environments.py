"""Interventions with known targets: arrows found by ours, by GIES, and when all rows are pooled as if none was forced.

    python benchmarks/environments.py [--full]

Paired networks of 8 values (each pair joined with probability .3, coefficients .3 to .9 of random sign, random order of
the columns), one observational condition and four in which one or two values are forced, 100 rows each. Scores depend
on correlations only, so the scale of the columns tells nothing. Three kinds of forcing:

- random: a forced value is random about 1 (perfect interventions);
- fixed: a forced value is exactly 1 (perfect, without spread);
- shift: 1 is added to a "forced" value and its causes still act on it. This breaks what is assumed; the conditions as
  sparse levers are the remedy, and stand beside it.

Learners: `best_dag` (exact optimum of the BIC), `best_graph` (order search), the exact BGe posterior (pairs with
P(adjacent) > .5, arrows where they are compelled in most draws), GIES (its own BIC, an intercept for each condition),
and naive pooling. Printed: arrow F1 (directed edges against the true graph), adjacency F1, and structural Hamming
distance to the true interventional essential graph; means over networks, and differences to GIES with 95% intervals.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import time
from collections.abc import Callable, Mapping

import gies
import numpy as np

from causalvalues.discovery import BIC, ExactPosterior, OrderSearch, best_dag, discover
from causalvalues.discovery.order_search import best_graph
from causalvalues.evidence import as_levers, environments, summarise
from causalvalues.graph import Dag, EquivalenceClass, GraphPosterior
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

NAMES = tuple("abcdefgh")
ROWS = 100
EXACT = ExactPosterior(score=BIC())
POSTERIOR = ExactPosterior(moment_draws=0, draws=500)
SPARSE = ExactPosterior(moment_draws=0, draws=500, levers="sparse")
Targets = Mapping[str, tuple[str, ...]]


def network(rng: np.random.Generator) -> tuple[np.ndarray, Targets]:
    p = len(NAMES)
    order = np.argsort(rng.permutation(p))
    size = rng.uniform(0.3, 0.9, (p, p)) * rng.choice([-1, 1], (p, p))
    weights = (np.triu(rng.random((p, p)) < 0.3, 1) * size)[np.ix_(order, order)]
    places = list(rng.permutation(p))
    forced: dict[str, tuple[str, ...]] = {"seen": ()}
    for condition in range(4):
        forced[f"set {condition}"] = tuple(NAMES[places.pop()] for _ in range(1 + condition % 2))
    return weights, forced


def answers(weights: np.ndarray, forced: Targets, kind: str, rng: np.random.Generator) -> ResponseMatrix:
    p, blocks = len(NAMES), []
    for values in forced.values():
        mine = [NAMES.index(value) for value in values]
        cut, noise = weights.copy(), rng.normal(size=(ROWS, p))
        if kind != "shift":
            cut[:, mine] = 0.0
        if kind == "fixed":
            noise[:, mine] = 0.0
        noise[:, mine] += 1.0
        blocks.append(noise @ np.linalg.inv(np.eye(p) - cut))
    labels = {"condition": [condition for condition in forced for _ in range(ROWS)]}
    ids = [str(i) for i in range(ROWS * len(forced))]
    return ResponseMatrix(NAMES, np.concatenate(blocks), ids, labels=labels)


def majority(found: GraphPosterior) -> EquivalenceClass:
    adjacent = found.adjacent_probabilities.to_numpy() > 0.5
    compelled = found.compelled_probabilities.to_numpy()
    share = compelled / np.maximum(found.adjacent_probabilities.to_numpy(), 1e-12)
    directed = adjacent & (share > 0.5) & (compelled > compelled.T)
    return EquivalenceClass(NAMES, directed, adjacent & ~(directed | directed.T))


def by_gies(matrix: ResponseMatrix, forced: Targets) -> EquivalenceClass:
    label = np.array(matrix.labels["condition"])
    data = [matrix.scores[label == condition] for condition in forced]
    marks = gies.fit_bic(data, [[NAMES.index(value) for value in values] for values in forced.values()])[0] == 1
    return EquivalenceClass(NAMES, marks & ~marks.T, marks & marks.T)


def learners(kind: str) -> dict[str, Callable[[ResponseMatrix, Targets], EquivalenceClass]]:
    def split(matrix: ResponseMatrix, forced: Targets, within: str = "") -> object:
        return environments(matrix, "condition", forced, within=within)

    found: dict[str, Callable[[ResponseMatrix, Targets], EquivalenceClass]] = {
        "GIES": by_gies,
        "best_dag": lambda m, f: EquivalenceClass.from_dag(best_dag(split(m, f), EXACT)[0], f.values()),
        "best_dag, intercepts": lambda m, f: EquivalenceClass.from_dag(
            best_dag(split(m, f, "condition"), EXACT)[0], f.values()
        ),
        "best_graph": lambda m, f: EquivalenceClass.from_dag(
            best_graph(split(m, f), OrderSearch(ebic=0.0)), f.values()
        ),
        "posterior": lambda m, f: majority(discover(split(m, f), POSTERIOR)),
        "naive best_dag": lambda m, f: EquivalenceClass.from_dag(best_dag(summarise(m), EXACT)[0]),
        "naive posterior": lambda m, f: majority(discover(summarise(m), POSTERIOR)),
    }
    if kind == "shift":
        found["levers"] = lambda m, f: majority(discover(summarise(as_levers(m, "condition", "seen")), SPARSE))
    return found


def f1(found: np.ndarray, truth: np.ndarray) -> float:
    total = found.sum() + truth.sum()
    return 2 * float((found & truth).sum()) / total if total else 1.0


def measures(found: EquivalenceClass, weights: np.ndarray, forced: Targets) -> tuple[float, float, float]:
    """Arrow F1, adjacency F1, structural Hamming distance to the essential graph."""
    truth = EquivalenceClass.from_dag(Dag(NAMES, weights != 0), forced.values())
    joined = found.directed | found.directed.T | found.undirected
    true_joined = (weights != 0) | (weights != 0).T
    either = (found.directed != truth.directed) | (found.undirected != truth.undirected)
    distance = float(np.triu(either | either.T).sum())
    return f1(found.directed, weights != 0), f1(np.triu(joined), np.triu(true_joined)), distance


def interval(difference: np.ndarray) -> str:
    half = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    return f"{difference.mean():+.3f} ({difference.mean() - half:+.3f} to {difference.mean() + half:+.3f})"


def table(kind: str, networks: int) -> None:
    methods = learners(kind)
    values = {name: np.zeros((networks, 3)) for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    for number in range(-1, networks):  # the first run loads the compiled loops
        rng = stream(max(number, 0), "environments", kind)
        weights, forced = network(rng)
        matrix = answers(weights, forced, kind, rng)
        for name, learn in methods.items():
            start = time.perf_counter()
            found = learn(matrix, forced)
            if number >= 0:
                seconds[name] += time.perf_counter() - start
                values[name][number] = measures(found, weights, forced)
    print(f"\n{kind}: {networks} networks")
    print(f"   {'':21} arrow F1  adjacency F1   SHD   seconds   arrow F1 less that of GIES   SHD less that of GIES")
    for name, held in values.items():
        arrow, joined, distance = held.mean(axis=0)
        less = "" if name == "GIES" else interval(held[:, 0] - values["GIES"][:, 0])
        more = "" if name == "GIES" else interval(held[:, 2] - values["GIES"][:, 2])
        print(
            f"   {name:21} {arrow:8.3f}  {joined:12.3f}  {distance:5.2f}  {seconds[name] / networks:7.3f}   "
            f"{less:27}  {more}",
            flush=True,
        )


def main() -> None:
    networks = 200 if "--full" in sys.argv else 30
    for kind in ("random", "fixed", "shift"):
        table(kind, networks)


if __name__ == "__main__":
    main()
