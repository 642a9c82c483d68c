"""Speed of the engine beside its peers, on the same data in the same run: `make bench` or `python benchmarks/speed.py`.

Each line is the median of at least five calls after the first, on one core. A peer's figure is for the nearest thing
that it can do, which is named; "-" means that it has nothing of the kind.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.discovery.exact import scored_lattice
from causalvalues.discovery.lattice import edges_by_orders, layer_posterior, order_lattice
from causalvalues.evidence import summarise
from causalvalues.graph import Knowledge
from causalvalues.interventions import Set
from causalvalues.model import StructuralModel, abduct, counterfactual
from causalvalues.randomness import stream

ROWS: list[tuple[str, str, str, str]] = []


def median_time(call: Callable[[], object], repeats: int = 5) -> float:
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def report(what: str, ours: float, goal: str, peer: str) -> None:
    ROWS.append((what, f"{ours:.4f} s" if ours < 1 else f"{ours:.2f} s", goal, peer))
    print(f"{what:<62} {ROWS[-1][1]:>10}   goal {goal:<10} {peer}", flush=True)


def linear_data(n: int, p: int, degree: float, seed: int = 0) -> pd.DataFrame:
    """Standardised data of a random graph, columns permuted."""
    rng = stream(seed, "benchmark", p)
    x = rng.normal(size=(n, p))
    for j in range(1, p):
        for i in range(j):
            if rng.random() < degree / (p - 1):
                x[:, j] += rng.uniform(0.25, 0.8) * rng.choice([-1, 1]) * x[:, i]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return pd.DataFrame(x[:, rng.permutation(p)], columns=[f"v{j:02d}" for j in range(p)])


def discovery() -> None:
    from causallearn.search.ScoreBased.ExactSearch import bic_exact_search

    for p, goal in ((10, "0.005 s"), (19, "2 s"), (20, "4 s")):
        evidence = summarise(linear_data(1000, p, 3))

        def order_modular(evidence=evidence) -> None:
            lattice, _ = scored_lattice(evidence, ExactPosterior(), Knowledge())
            edges_by_orders(lattice, order_lattice(lattice))

        peer = "-"
        if p == 10:
            data = linear_data(1000, p, 3).to_numpy()
            start = time.perf_counter()
            bic_exact_search(data, search_method="dp", verbose=False)
            peer = f"causal-learn, only the best graph: {time.perf_counter() - start:.2f} s"
        report(f"order-modular edge sums, p = {p}", median_time(order_modular), goal, peer)
    for p, goal in ((10, "0.1 s"), (12, "2 s")):
        lattice, _ = scored_lattice(summarise(linear_data(1000, p, 3)), ExactPosterior(), Knowledge())
        sums = order_lattice(lattice)
        none = np.zeros((0, 2 * p))
        report(
            f"exact edges, uniform prior over graphs, p = {p}",
            median_time(lambda: layer_posterior(lattice, order_lattice(lattice), none)),
            goal,
            "-",
        )
        uniforms = stream(1, "draws").random((1000, 2 * p))
        report(
            f"1,000 independent graphs with these sums, p = {p}",
            median_time(lambda: layer_posterior(lattice, sums, uniforms)),
            "2 s",
            "-",
        )
    for degree in (0.0, 1.0, 3.0):
        evidence = summarise(linear_data(1000, 19, degree))
        found = discover(evidence, seed=1)
        text = f"{found.effective_draws:.0f} effective of {len(found.draws)}, largest weight {found.weights.max():.2%}"
        report(
            f"weighted graphs, p = 19, degree {degree:g}", median_time(lambda: discover(evidence, seed=1)), "30 s", text
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"peak memory so far {peak:.2f} GB (goal 1 GB, libraries included)")


def counterfactuals() -> None:
    from dowhy import gcm

    p, n = 20, 100_000
    rng = stream(0, "counterfactual")
    b = np.triu(rng.normal(size=(p, p)) * (rng.random((p, p)) < 0.3), 1)
    names = [f"v{j:02d}" for j in range(p)]
    model = StructuralModel.from_coefficients(names, b)
    rows = rng.normal(size=(n, p)) @ np.linalg.inv(np.eye(p) - b)
    frame = pd.DataFrame(rows, columns=names)
    change = [Set("v05", 1.0)]
    ours = median_time(lambda: (abduct(model, frame), counterfactual(model, frame, change)), 15)

    def bare() -> np.ndarray:
        residuals = rows - rows @ b
        cut = b.copy()
        cut[:, 5] = 0.0
        residuals[:, 5] = 1.0
        return np.linalg.solve((np.eye(p) - cut).T, residuals.T).T

    plain = median_time(bare, 15)
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from((names[i], names[j]) for i, j in zip(*np.nonzero(b), strict=True))
    peer = gcm.InvertibleStructuralCausalModel(graph)
    gcm.config.disable_progress_bars()
    for node in names:
        parents = list(graph.predecessors(node))
        peer.set_causal_mechanism(
            node,
            gcm.AdditiveNoiseModel(gcm.ml.create_linear_regressor()) if parents else gcm.EmpiricalDistribution(),
        )
    gcm.fit(peer, frame)
    theirs = median_time(lambda: gcm.counterfactual_samples(peer, {"v05": lambda x: 1.0}, observed_data=frame))
    report(
        "counterfactuals of 100,000 units x 20 values, one draw",
        ours,
        f"{2 * plain:.4f} s",
        f"bare numpy {plain:.4f} s (ratio {ours / plain:.2f}); dowhy.gcm {theirs:.3f} s (ratio {ours / theirs:.2f})",
    )


SUMMARY = """
import resource, time
import numpy as np, pandas as pd
from causalvalues.interventions import Set
from causalvalues.model import StructuralModel, counterfactual_summary
rng = np.random.default_rng(0)
s, n, p = 500, 100_000, 20
b = np.triu(rng.normal(size=(s, p, p)) * (rng.random((s, p, p)) < 0.3), 1)
model = StructuralModel(tuple(f"v{j}" for j in range(p)), b, np.zeros((s, p)), np.ones((s, p)), np.ones(s))
rows = pd.DataFrame(rng.normal(size=(n, p)), columns=list(model.values))
start = time.perf_counter()
counterfactual_summary(model, rows, [Set("v5", 1.0)])
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)
"""


def summaries() -> None:
    done = subprocess.run([sys.executable, "-c", SUMMARY], check=True, capture_output=True, text=True)
    seconds, peak = map(float, done.stdout.split())
    report(
        "counterfactual means and intervals, 500 draws x 100,000 x 20", seconds, "1 GB", f"peak {peak:.2f} GB, all in"
    )


def programs() -> None:
    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "causalvalues", *arguments], check=True, capture_output=True)

    report("causalvalues --help", median_time(lambda: run("--help")), "0.6 s", "import pandas alone takes about this")
    out = Path(__file__).resolve().parent.parent / ".demo" / "bench"
    report("causalvalues demo", median_time(lambda: run("demo", "--out", str(out)), 5), "60 s", "-")


if __name__ == "__main__":
    discovery()
    counterfactuals()
    summaries()
    programs()
