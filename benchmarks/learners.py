"""Learners of several libraries behind one call, each run in a process of its own: for `peers_table.py`.

    python benchmarks/learners.py METHOD ROWS.npz BUDGET

runs one method on every data set of a file, and writes one line of JSON for the start and one for each call.
"""

from __future__ import annotations

import sys
import time

BEGIN = time.perf_counter()

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BOOTSTRAPS = 100

Found = dict[str, Any]
"""A graph: `dag` (p, p) of bool, or `marks` (1 arrow, 2 at both ends of an open edge); `adjacent` probabilities."""


# --- the methods: each imports its library inside, and runs in a process of its own -----------------------------------


def labelled(rows: np.ndarray) -> Any:
    import pandas as pd

    return pd.DataFrame(rows, columns=[f"v{i:02}" for i in range(rows.shape[1])])


def averaged(posterior: Any) -> Found:
    """Marks of the averaged graph of a posterior of ours, and its probabilities of adjacency."""
    place = {name: i for i, name in enumerate(posterior.names)}
    marks = np.zeros((len(place), len(place)), dtype=int)
    for row in posterior.averaged_graph().itertuples():
        i, j = place[row.cause], place[row.effect]
        if row.verdict == "compelled":
            marks[i, j] = 1
        else:
            marks[i, j] = marks[j, i] = 2
    return {"marks": marks, "adjacent": posterior.edge + posterior.edge.T}


def ours_exact(rows: np.ndarray) -> Found:
    from causalvalues.discovery import ExactPosterior, discover
    from causalvalues.evidence import summarise

    return averaged(discover(summarise(labelled(rows)), ExactPosterior()))


def ours_order(penalty: float) -> Callable[[np.ndarray], Found]:
    def run(rows: np.ndarray) -> Found:
        from causalvalues.discovery.order_search import OrderSearch, best_graph
        from causalvalues.evidence import summarise

        method = OrderSearch(penalty=penalty, ebic=0.5 if penalty == 1 else 0.0, workers=1)
        return {"dag": best_graph(summarise(labelled(rows)), method).adjacency}

    return run


def ours_bootstrap(rows: np.ndarray) -> Found:
    from causalvalues.discovery import OrderSearch, discover
    from causalvalues.evidence import summarise

    return averaged(discover(summarise(labelled(rows)), OrderSearch(resamples=BOOTSTRAPS, workers=1)))


def flop(penalty: float) -> Callable[[np.ndarray], Found]:
    def run(rows: np.ndarray) -> Found:
        import flopsearch

        return {"marks": flopsearch.flop(rows, penalty, restarts=20)}

    return run


def flop_bootstrap(rows: np.ndarray) -> Found:
    """The loop is ours, flopsearch has none; shown is the graph of the data."""
    import flopsearch

    rng, joined = np.random.default_rng(0), np.zeros((rows.shape[1],) * 2)
    for _ in range(BOOTSTRAPS):
        marks = flopsearch.flop(rows[rng.integers(len(rows), size=len(rows))], 2.0, restarts=5)
        joined += (marks + marks.T) > 0
    return {"marks": flopsearch.flop(rows, 2.0, restarts=20), "adjacent": joined / BOOTSTRAPS}


def ends(graph: Any) -> Found:
    """Marks of a graph of causal-learn; an edge with two heads counts as open."""
    tail, head = graph.graph == -1, graph.graph == 1  # [i, j] is the mark at i
    return {"marks": 1 * (tail & head.T) + 2 * ((tail & tail.T) | (head & head.T))}


def causal_learn_ges(rows: np.ndarray) -> Found:
    from causallearn.search.ScoreBased.GES import ges

    return ends(ges(rows, "local_score_BIC_from_cov", parameters={"lambda_value": 0.5})["G"])


def causal_learn_pc(rows: np.ndarray) -> Found:
    from causallearn.search.ConstraintBased.PC import pc

    return ends(pc(rows, alpha=0.05, show_progress=False).G)


def causal_learn_boss(strength: float) -> Callable[[np.ndarray], Found]:
    def run(rows: np.ndarray) -> Found:
        import random

        from causallearn.search.PermutationBased.BOSS import boss

        random.seed(0)
        return ends(boss(rows, "local_score_BIC_from_cov", parameters={"lambda_value": strength}, verbose=False))

    return run


def pgmpy_climb(rows: np.ndarray) -> Found:
    from pgmpy.causal_discovery import HillClimbSearch

    search = HillClimbSearch(scoring_method="bic-g", return_type="dag", show_progress=False).fit(labelled(rows))
    dag = np.zeros((rows.shape[1],) * 2, dtype=bool)
    for cause, effect in search.causal_graph_.edges():
        dag[int(cause[1:]), int(effect[1:])] = True
    return {"dag": dag}


def pgmpy_ges(rows: np.ndarray) -> Found:
    from pgmpy.causal_discovery import GES

    found = GES(scoring_method="bic-g", return_type="pdag").fit(labelled(rows)).causal_graph_
    marks = np.zeros((rows.shape[1],) * 2, dtype=int)
    for cause, effect in found.directed_edges:
        marks[int(cause[1:]), int(effect[1:])] = 1
    for one, other in found.undirected_edges:
        marks[int(one[1:]), int(other[1:])] = marks[int(other[1:]), int(one[1:])] = 2
    return {"marks": marks}


def gies_ges(rows: np.ndarray) -> Found:
    import gies

    found = gies.fit_bic([rows], [[]])[0] != 0
    return {"marks": 1 * (found & ~found.T) + 2 * (found & found.T)}


METHODS: dict[str, tuple[str, str, Callable[[np.ndarray], Found]]] = {
    "causalvalues exact posterior": ("-", "causalvalues", ours_exact),
    "causalvalues order search": ("default", "causalvalues", ours_order(1.0)),
    "causalvalues order search, penalty 2": ("2", "causalvalues", ours_order(2.0)),
    "causalvalues order search, 100 bootstrap graphs": ("default", "causalvalues", ours_bootstrap),
    "flopsearch": ("2 (theirs)", "flopsearch", flop(2.0)),
    "flopsearch, penalty 1": ("1", "flopsearch", flop(1.0)),
    "flopsearch, 100 bootstrap graphs": ("2", "flopsearch", flop_bootstrap),
    "causal-learn PC": ("alpha .05", "causal-learn", causal_learn_pc),
    "causal-learn GES": ("1", "causal-learn", causal_learn_ges),
    "causal-learn BOSS": ("4 (theirs)", "causal-learn", causal_learn_boss(2.0)),
    "causal-learn BOSS, penalty 1": ("1", "causal-learn", causal_learn_boss(0.5)),
    "gies GES": ("1", "gies", gies_ges),
    "pgmpy hill climb": ("1", "pgmpy", pgmpy_climb),
    "pgmpy GES": ("1", "pgmpy", pgmpy_ges),
}
"""Penalty, distribution and function of each method, in the order of the table."""


# --- the process of one method ----------------------------------------------------------------------------------------


def resident() -> tuple[float, float]:
    """Resident memory of this process in MB, now and at most. (ru_maxrss would count the process that started it.)"""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    sizes = {line.split(":")[0]: line.split()[1] for line in text.splitlines() if line.startswith("Vm")}
    return float(sizes["VmRSS"]) / 1024, float(sizes["VmHWM"]) / 1024


def child(name: str, path: str, budget: float) -> None:
    """Run one method on every data set of a file; write one line of JSON for the start and one for each call."""
    import warnings

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    warnings.simplefilter("ignore")
    data, run = np.load(path), METHODS[name][2]
    small = np.random.default_rng(0).normal(size=(200, 5))
    with contextlib.redirect_stdout(sys.stderr):
        run(small + small[:, [0]])
        print(json.dumps({"start": time.perf_counter() - BEGIN, "memory": resident()[1]}), file=answers, flush=True)
        begin = time.process_time()
        for number in range(len(data["rows"])):
            rows = np.ascontiguousarray(data["rows"][number])
            wall, cpu = time.perf_counter(), time.process_time()
            found = run(rows)
            seconds = {"seconds": time.process_time() - cpu, "wall": time.perf_counter() - wall}
            found = {key: np.asarray(value, dtype=float).tolist() for key, value in found.items()}
            print(json.dumps({**seconds, **found, "peak": resident()[1]}), file=answers, flush=True)
            if time.process_time() - begin > budget:
                break


if __name__ == "__main__":
    child(sys.argv[1], sys.argv[2], float(sys.argv[3]))
