"""Order search beside flopsearch on random networks: distance to the truth, score and time. Run by hand.

    python benchmarks/order_search.py [networks]

Networks are Erdos-Renyi graphs with linear Gaussian mechanisms (coefficients of size .25 to 1, unit noise), columns
permuted and standardised, so that neither the order of the columns nor the variances give the order away;
varsortability (Reisach, Seiler and Weichwald 2021) is printed before and after. The distance is the structural Hamming
distance between completed partially directed graphs: one for each pair of nodes whose edge differs in any way.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import flopsearch
import numpy as np
import pandas as pd

from causalvalues.discovery.order_climb import OrderClimber, OrderProblem
from causalvalues.discovery.order_search import OrderSearch, best_graph, order_search
from causalvalues.evidence import summarise
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph import Dag, EquivalenceClass, ancestors, compelled_edges


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
    begin = time.perf_counter()
    result = what()
    return result, time.perf_counter() - begin


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


def report(p: int, degree: float, n: int, networks: int) -> None:
    table = pd.DataFrame([one_network(p, degree, n, number) for number in range(networks)])
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
        half = 1.96 * change.std(ddof=1) / np.sqrt(networks)
        gain = table[f"score {name}"] - table[f"score {base}"]
        better = f"{(gain > 1e-4).sum()}/{(gain.abs() <= 1e-4).sum()}/{(gain < -1e-4).sum()}"
        paired = f"{change.mean():+.2f} [{change.mean() - half:+.2f}, {change.mean() + half:+.2f}]"
        seconds = table[f"seconds {name}"].median()
        print(f"{name:34}{shd.mean():7.2f}{(shd == 0).mean():7.0%}{seconds:10.3f}{paired:>40}{better:>27}")


def speed() -> None:
    print("\nTime of one search (median of 5)")
    for p, degree, n, restarts in ((19, 4, 10_000, 5), (50, 4, 1_000, 20), (200, 6, 1_000, 20)):
        generator = np.random.default_rng(p)
        rows = simulate(random_dag(p, degree, generator), n, generator)
        R = np.corrcoef(rows.T)
        free, none = ~np.eye(p, dtype=bool), np.zeros((p, p), dtype=bool)
        problem = OrderProblem(free, none, n, float(np.log(n)), p - 1)
        seconds = []
        for number in range(5):
            begin, stream = time.perf_counter(), np.random.default_rng(number)
            climber = OrderClimber(R, problem)
            state = climber.start(stream.permutation(p))
            climber.climb(state, stream)
            climber.iterate(state, restarts, stream)
            seconds.append(time.perf_counter() - begin)
        print(f"{p:4} nodes, degree {degree}, n = {n:6}, {restarts:2} restarts: {1e3 * np.median(seconds):9.1f} ms")
        if p == 19:
            frame = pd.DataFrame(rows, columns=[f"{i:03}" for i in range(p)])
            evidence, begin = summarise(frame), time.perf_counter()
            order_search(evidence, OrderSearch(penalty=2.0, ebic=0.0, restarts=0))
            each = (time.perf_counter() - begin) / 100
            print(
                f"{p:4} nodes, one of 100 bootstrap graphs, resampling of {n} rows' sums included: {1e3 * each:.1f} ms"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="?", type=int, default=20)
    arguments = parser.parse_args()
    chain = Dag.from_edges(["a", "b"], [("a", "b")])
    assert marks(chain.adjacency)[0, 1] == 2
    print("Penalty: 2 x the standard BIC in every row but 'default penalty'.")
    for degree in (4, 8):
        report(50, degree, 1_000, arguments.networks)
    speed()


if __name__ == "__main__":
    main()
