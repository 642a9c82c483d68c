"""False edges and power with hidden common causes: the plain graph, factor graphs, and PC, on the same data.

    python benchmarks/hidden_causes.py [data sets per cell, default 10; --full for 60] [cell ...]

A cell draws a sparse graph over 8 values (average degree 2, coefficients .3 to .7 of random sign), 500 rows, and

- general: a factor with loadings .3 to .7 on every value;
- strong: the same with loadings .6 to 1;
- half: the same on a random half of the values, .3 to .7 (the cell `hidden_cause` of false_edges.py);
- groups: two correlated factors (.4) of four values each, loadings .4 to .8, and the factor graph knows the groups;
- none: no factor, what the method costs where it is not needed;
- factor only: loadings .3 to .7 and no edge.

Printed are the share of non-adjacent pairs claimed (P(adjacent) > .5) and the share of true pairs found by the plain
graph, the factor graph, pairs that survive in both, pairs that are supported (models that the BIC does not rule out),
and causal-learn's PC (Fisher z, alpha .05); then how often the BIC prefers a factor, and in how many of these the
factor is said to be identified. Data are standardised and columns permuted.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import time

import numpy as np
import pandas as pd

from causalvalues.discovery.hidden_causes import GENERAL, GROUPS, PLAIN, hidden_cause_models
from causalvalues.evidence import summarise
from causalvalues.randomness import stream
from causalvalues.theories.theory import ValueTheory

P, N = 8, 500
NAMES = tuple(f"v{j}" for j in range(P))
CELLS = ("general", "strong", "half", "groups", "none", "factor only")
HALVES = {"first": NAMES[: P // 2], "second": NAMES[P // 2 :]}


def random_graph(rng: np.random.Generator) -> np.ndarray:
    graph = np.triu(rng.random((P, P)) < 2.0 / (P - 1), 1)
    b = graph * rng.uniform(0.3, 0.7, (P, P)) * rng.choice([-1, 1], (P, P))
    order = rng.permutation(P)
    return b[np.ix_(order, order)]


def data(cell: str, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Return standardised rows and the true coefficients [cause, effect]."""
    b = np.zeros((P, P)) if cell == "factor only" else random_graph(rng)
    low, high = {"strong": (0.6, 1.0), "groups": (0.4, 0.8)}.get(cell, (0.3, 0.7))
    loadings = np.zeros((P, 2))
    if cell == "groups":
        loadings[: P // 2, 0] = rng.uniform(low, high, P // 2)
        loadings[P // 2 :, 1] = rng.uniform(low, high, P - P // 2)
    elif cell != "none":
        loadings[:, 0] = rng.uniform(low, high, P) * (rng.random(P) < (0.5 if cell == "half" else 1.0))
    factors = rng.normal(size=(N, 2)) @ np.linalg.cholesky([[1.0, 0.4], [0.4, 1.0]]).T
    x = rng.normal(size=(N, P)) @ np.linalg.inv(np.eye(P) - b) + factors @ loadings.T
    return pd.DataFrame((x - x.mean(axis=0)) / x.std(axis=0), columns=list(NAMES)), b


def rates(claimed: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Return the share of non-adjacent pairs claimed, and of true pairs found (NaN where there is none)."""
    pairs = np.triu_indices(P, 1)
    true, found = ((b != 0) | (b.T != 0))[pairs], claimed[pairs]
    return float(found[~true].mean()), float(found[true].mean()) if true.any() else np.nan


def pc_adjacent(rows: pd.DataFrame) -> np.ndarray:
    from causallearn.search.ConstraintBased.PC import pc

    return np.asarray(pc(rows.to_numpy(), alpha=0.05, show_progress=False).G.graph != 0)


def one(cell: str, number: int) -> list[float]:
    rows, b = data(cell, stream(0, cell, number))
    theory = ValueTheory("halves", "halves", NAMES, groups=HALVES) if cell == "groups" else None
    found = hidden_cause_models(summarise(rows), theory, seed=number)
    model = GROUPS if cell == "groups" else GENERAL
    tables = {name: np.zeros((P, P), dtype=bool) for name in ("survives", "supported")}
    for pair in found.pairs.itertuples():
        i, j = NAMES.index(pair.first), NAMES.index(pair.second)
        for name, table in tables.items():
            table[i, j] = table[j, i] = getattr(pair, name)
    plain, factor = (found.posteriors[name].adjacent_probabilities.to_numpy() > 0.5 for name in (PLAIN, model))
    result: list[float] = []
    for claimed in (plain, factor, tables["survives"], tables["supported"], pc_adjacent(rows)):
        result += rates(claimed, b)
    preferred = found.comparison["bic"].idxmin() != "graph only"
    identified = bool(found.comparison.loc[model, "identified"])
    return [*result, float(preferred), float(identified) if preferred else np.nan]


def main(repeats: int, cells: tuple[str, ...]) -> None:
    print(f"{repeats} data sets a cell, {P} values, {N} rows; false-edge share, share of true edges found")
    heads = "".join(f"{name:>15}" for name in ("plain", "factor graph", "survives", "supported", "PC"))
    print(f"{'cell':<12}{heads}{'factor wins':>13}{'identified':>12}{'seconds':>9}")
    for cell in cells:
        start = time.perf_counter()
        table = np.array([one(cell, number) for number in range(repeats)])
        means = [float(np.mean(c[~np.isnan(c)])) if (~np.isnan(c)).any() else np.nan for c in table.T]
        body = "".join(f"{means[2 * i]:>9.3f}{means[2 * i + 1]:>6.2f}" for i in range(5))
        seconds = (time.perf_counter() - start) / repeats
        print(f"{cell:<12}{body}{means[10]:>13.2f}{means[11]:>12.2f}{seconds:>9.1f}", flush=True)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--full"]
    number = int(words.pop(0)) if words and words[0].isdigit() else 10
    main(60 if "--full" in sys.argv else number, tuple(words) or CELLS)
