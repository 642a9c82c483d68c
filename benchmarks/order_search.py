"""Order search beside flopsearch on random networks: distance to the truth, score and time. Run by hand.

    python benchmarks/order_search.py [networks]        the networks that settings were chosen on
    python benchmarks/order_search.py 30 --holdout      networks that were never used to choose a setting
    python benchmarks/order_search.py --large           200 and 400 nodes
    python benchmarks/order_search.py 3 --peers         small cells beside causal-learn and pgmpy (slow)
    python benchmarks/order_search.py --speed           time of 1,000 bootstrap graphs, and of single searches

Networks are Erdos-Renyi graphs with linear Gaussian mechanisms (coefficients of size .25 to 1, unit noise), columns
permuted and standardised, so that neither the order of the columns nor the variances give the order away;
varsortability (Reisach, Seiler and Weichwald 2021) is printed before and after. The distance is the structural Hamming
distance between completed partially directed graphs: one for each pair of nodes whose edge differs. Times are
processor seconds of all threads, which a busy machine changes little.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import time
import warnings
from collections.abc import Callable

import flopsearch
import numpy as np
import pandas as pd
from scipy.stats import t as student

from causalvalues.discovery.order_search import OrderSearch, best_graph, order_search
from causalvalues.evidence import summarise
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import Dag, EquivalenceClass, ancestors, compelled_edges

HELD_OUT = 10_000
"""Number of the first network that no setting was chosen on."""


def random_dag(p: int, degree: float, generator: np.random.Generator) -> BoolArray:
    pairs = np.array(np.triu_indices(p, 1)).T
    chosen = pairs[generator.choice(len(pairs), round(p * degree / 2), replace=False)]
    graph = np.zeros((p, p), dtype=bool)
    graph[chosen[:, 0], chosen[:, 1]] = True
    places = generator.permutation(p)
    return graph[np.ix_(places, places)]


def simulate(graph: BoolArray, n: int, generator: np.random.Generator) -> FloatArray:
    p = len(graph)
    size = generator.uniform(0.25, 1.0, (p, p)) * generator.choice([-1.0, 1.0], (p, p))
    noise = generator.standard_normal((n, p))
    return noise @ np.linalg.inv(np.eye(p) - graph * size)


def sortability(graph: BoolArray, measure: FloatArray) -> float:
    """Share of ancestor pairs in which the measure grows from cause to effect; ties count one half."""
    causes, effects = np.nonzero(ancestors(graph[None])[0])
    change = np.round(measure[effects] - measure[causes], 9)
    return float(np.mean((change > 0) + 0.5 * (change == 0)))


def explained(rows: FloatArray) -> FloatArray:
    """R2 of each column given all the others."""
    return 1 - 1 / np.diag(np.linalg.inv(np.corrcoef(rows.T)))


def marks(graph: BoolArray) -> FloatArray:
    """CPDAG as flopsearch codes it: 1 for a directed edge, 2 at both ends of an open one."""
    directed = compelled_edges(graph[None])[0]
    either = graph & ~directed
    return 1 * directed + 2 * (either | either.T)


def distance(one: FloatArray, two: FloatArray) -> int:
    differs = (one != two) | (one.T != two.T)
    return int(np.triu(differs, 1).sum())


def score_of(cpdag: FloatArray, R: FloatArray, n: int, penalty: float) -> float:
    names = tuple(f"{i:03}" for i in range(len(R)))
    graph = EquivalenceClass(names, cpdag == 1, cpdag == 2).member().adjacency
    total = 0.0
    for v in range(len(R)):
        parents = np.flatnonzero(graph[:, v])
        left = 1 - R[v, parents] @ np.linalg.solve(R[np.ix_(parents, parents)], R[parents, v])
        total += -n / 2 * np.log(left) - penalty / 2 * len(parents) * np.log(n)
    return float(total)


def timed(what: Callable[[], FloatArray]) -> tuple[FloatArray, float]:
    begin = time.process_time()
    result = what()
    return result, time.process_time() - begin


def one_network(p: int, degree: float, n: int, number: int) -> dict[str, float]:
    generator = np.random.default_rng([p, round(10 * degree), number])
    graph = random_dag(p, degree, generator)
    raw = simulate(graph, n, generator)
    rows = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    names = [f"{i:03}" for i in range(p)]
    evidence = summarise(pd.DataFrame(rows, columns=names))
    truth, R = marks(graph), np.corrcoef(rows.T)

    def ours(method: OrderSearch) -> Callable[[], FloatArray]:
        return lambda: marks(best_graph(evidence, method, seed=number).adjacency)

    matched = OrderSearch(penalty=2.0, ebic=0.0, restarts=20)
    runs = {
        "order search, 20 restarts": ours(matched),
        "order search, 0 restarts": ours(OrderSearch(penalty=2.0, ebic=0.0, restarts=0)),
        "order search, default penalty": ours(OrderSearch()),
        "flopsearch, 20 restarts": lambda: flopsearch.flop(rows, 2.0, restarts=20),
        "flopsearch, 20 restarts, again": lambda: flopsearch.flop(rows, 2.0, restarts=20),
        "flopsearch, 0 restarts": lambda: flopsearch.flop(rows, 2.0, restarts=0),
    }
    row = {
        "varsortability raw": sortability(graph, raw.var(axis=0)),
        "varsortability used": sortability(graph, rows.var(axis=0)),
        "R2-sortability used": sortability(graph, explained(rows)),
    }
    for name, run in runs.items():
        found, seconds = timed(run)
        row |= {f"shd {name}": distance(found, truth), f"seconds {name}": seconds}
        row |= {f"score {name}": score_of(found, R, n, 2.0)}
    return row


def report(p: int, degree: float, n: int, numbers: range) -> None:
    networks = len(numbers)
    table = pd.DataFrame([one_network(p, degree, n, number) for number in numbers])
    sort = ", ".join(f"{name} {table[name].mean():.2f}" for name in table.columns if "sortability" in name)
    print(
        f"\n{p} nodes, average degree {degree:g}, n = {n}, {networks} networks (standardised, columns permuted; {sort})"
    )
    print(
        f"{'':34}{'SHD':>7}{'exact':>7}{'seconds':>10}{'SHD less flopsearch, 95% interval':>40}"
        f"{'score higher/equal/lower':>27}"
    )
    base = "flopsearch, 20 restarts"
    for name in [column.removeprefix("shd ") for column in table.columns if column.startswith("shd ")]:
        shd, reference = table[f"shd {name}"], table[f"shd {base}"]
        change = shd - reference
        half = student.ppf(0.975, networks - 1) * change.std(ddof=1) / np.sqrt(networks)
        gain = table[f"score {name}"] - table[f"score {base}"]
        better = f"{(gain > 1e-4).sum()}/{(gain.abs() <= 1e-4).sum()}/{(gain < -1e-4).sum()}"
        paired = f"{change.mean():+.2f} [{change.mean() - half:+.2f}, {change.mean() + half:+.2f}]"
        seconds = table[f"seconds {name}"].median()
        print(f"{name:34}{shd.mean():7.2f}{(shd == 0).mean():7.0%}{seconds:10.3f}{paired:>40}{better:>27}")


def large() -> None:
    """One network each: what the search costs when there are many nodes."""
    print("\nOne network each, 20 restarts (standardised, columns permuted)")
    for p, degree, n in ((200, 6, 1_000), (400, 4, 1_000), (400, 6, 1_000)):
        generator = np.random.default_rng([p, round(10 * degree), HELD_OUT])
        graph = random_dag(p, degree, generator)
        rows = simulate(graph, n, generator)
        rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
        evidence, truth = summarise(pd.DataFrame(rows, columns=[f"{i:03}" for i in range(p)])), marks(graph)
        runs: dict[str, Callable[[], FloatArray]] = {
            "order search, 20 restarts": lambda: marks(
                best_graph(evidence, OrderSearch(penalty=2.0, ebic=0.0, restarts=20)).adjacency
            ),
            "order search, 0 restarts": lambda: marks(
                best_graph(evidence, OrderSearch(penalty=2.0, ebic=0.0, restarts=0)).adjacency
            ),
            "flopsearch, 20 restarts": lambda: flopsearch.flop(rows, 2.0, restarts=20),
            "flopsearch, 0 restarts": lambda: flopsearch.flop(rows, 2.0, restarts=0),
        }
        for name, run in runs.items():
            found, seconds = timed(run)
            print(
                f"{p:4} nodes, degree {degree}, n = {n}: {name:26} {seconds:8.2f} s, SHD {distance(found, truth)} "
                f"(true edges {int(graph.sum())}), score {score_of(found, np.corrcoef(rows.T), n, 2.0):.1f}",
                flush=True,
            )


def f1(found: BoolArray, truth: BoolArray) -> float:
    return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))


def causal_learn(rows: FloatArray, which: str) -> FloatArray:
    """Marks of causal-learn's graph; its penalties are set to the standard BIC (lambda .5 in both)."""
    from causallearn.search.PermutationBased.BOSS import boss
    from causallearn.search.ScoreBased.GES import ges

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if which == "BOSS":
            random.seed(0)
            ends = boss(rows, "local_score_BIC_from_cov", parameters={"lambda_value": 0.5}, verbose=False).graph
        else:
            ends = ges(rows, "local_score_BIC", parameters={"lambda_value": 0.5})["G"].graph
    tail, head = ends == -1, ends == 1
    return 1 * (tail & head.T) + 2 * (tail & tail.T)  # [i, j] is the mark at i


def pgmpy_climb(rows: FloatArray, names: list[str]) -> FloatArray:
    from pgmpy.causal_discovery import HillClimbSearch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = HillClimbSearch(scoring_method="bic-g", return_type="dag", show_progress=False)
        graph = search.fit(pd.DataFrame(rows, columns=names)).causal_graph_
    found = Dag.from_edges(names, graph.edges())
    return marks(found.adjacency)


def peers(networks: int) -> None:
    print("\nSmall cells, standard BIC in all (means over networks; F1 of adjacencies, and of arrows of the CPDAG)")
    for p in (10, 19):
        rows_of: dict[str, list[tuple[float, float, float, float]]] = {}
        for number in range(networks):
            generator = np.random.default_rng([p, 30, HELD_OUT + number])
            graph = random_dag(p, 3, generator)
            rows = simulate(graph, 1_000, generator)
            rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
            names, truth = [f"v{i:02}" for i in range(p)], marks(graph)
            evidence = summarise(pd.DataFrame(rows, columns=names))
            runs: dict[str, Callable[[], FloatArray]] = {
                "order search": lambda: marks(best_graph(evidence, OrderSearch(ebic=0.0, restarts=20)).adjacency),
                "flopsearch": lambda: flopsearch.flop(rows, 1.0, restarts=20),
                "causal-learn BOSS": lambda: causal_learn(rows, "BOSS"),
                "causal-learn GES": lambda: causal_learn(rows, "GES"),
                "pgmpy hill climb": lambda: pgmpy_climb(rows, names),
            }
            for name, run in runs.items():
                found, seconds = timed(run)
                joined, true = (found + found.T) > 0, (truth + truth.T) > 0
                scores = (f1(joined, true), f1(found == 1, truth == 1), float(distance(found, truth)), seconds)
                rows_of.setdefault(name, []).append(scores)
        print(f"{p} nodes, average degree 3, n = 1000, {networks} networks")
        print(f"{'':24}{'adjacency F1':>14}{'arrow F1':>10}{'SHD':>8}{'seconds':>10}")
        for name, scores_of in rows_of.items():
            a, b, c, d = np.mean(scores_of, axis=0)
            print(f"{name:24}{a:14.3f}{b:10.3f}{c:8.1f}{d:10.3f}", flush=True)


def speed() -> None:
    print("\nTime of one search (median of 5)")
    for p, degree, n, restarts in ((19, 4, 10_000, 5), (50, 4, 1_000, 20), (200, 6, 1_000, 20)):
        generator = np.random.default_rng(p)
        rows = simulate(random_dag(p, degree, generator), n, generator)
        evidence = summarise(pd.DataFrame(rows, columns=[f"{i:03}" for i in range(p)]))
        method = OrderSearch(penalty=2.0, ebic=0.0, restarts=restarts)
        seconds = []
        for number in range(5):
            begin = time.process_time()
            best_graph(evidence, method, seed=number)
            seconds.append(time.process_time() - begin)
        print(f"{p:4} nodes, degree {degree}, n = {n:6}, {restarts:2} restarts: {1e3 * np.median(seconds):9.1f} ms")
        if p == 19:
            frame = pd.DataFrame(rows, columns=[f"{i:03}" for i in range(p)])
            for workers in (1, 2):
                wall, cpu = time.perf_counter(), time.process_time()
                order_search(summarise(frame), OrderSearch(resamples=1_000, workers=workers))
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                print(
                    f"{p:4} nodes, 1,000 bootstrap graphs from {n} rows, summarise included, {workers} threads: "
                    f"{wall:.2f} s, processor {cpu:.2f} s"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="?", type=int, default=20)
    parser.add_argument("--holdout", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--speed", action="store_true")
    arguments = parser.parse_args()
    chain = Dag.from_edges(["a", "b"], [("a", "b")])
    assert marks(chain.adjacency)[0, 1] == 2
    if arguments.large:
        large()
    if arguments.peers:
        peers(arguments.networks)
    if arguments.speed:
        speed()
    if not (arguments.large or arguments.peers or arguments.speed):
        print("Penalty: 2 x the standard BIC in every row but 'default penalty'.")
        first = HELD_OUT if arguments.holdout else 0
        for degree in (4, 8):
            report(50, degree, 1_000, range(first, first + arguments.networks))


if __name__ == "__main__":
    main()
