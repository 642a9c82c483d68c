"""Do the probabilities of edges mean what they say? Of the edges that get 70%, are 70% true?

    python benchmarks/calibration.py [--networks 10] [--full] [--write] [--alternatives]

Ten values, `discover` with its defaults (exact sums over all graphs; only the number of drawn graphs is 1, because
the tables do not use them). Two questions a pair: are i and j joined (45 a network), and is there an arrow i -> j (90).
Rows are standardised and columns permuted; varsortability is printed (of the equations before standardising, and of
the rows used, which is .5: equal variances tell nothing).

Truths
- ``prior``: graph and parameters from the prior of the score, see `truths.prior_truths`. Here calibration is a theorem,
  and a miss is an error in the program. ``prior, raw units``: the same prior without the condition that the data have
  variance 1, so that standardising changes the law of the coefficients and the theorem is lost. (Scoring the covariance
  matrix in place of the correlations gives these truths a slope of 1.05 and an error of .02: the units are the cause.)
- ``sparse random``, ``dense random``: Erdos-Renyi graphs with 2 and 4 neighbours expected; ``scale-free``: two links a
  new node; ``value circle``: neighbours on a circle joined. Coefficients +-.1 to .6, unit noise. Nothing is promised.
- misspecified, on sparse random graphs, n = 1,000: two hidden causes; reliability .7; 20 clusters with intraclass
  correlation .3 (declared: the averaged posterior, the default; and not declared); answers on five steps (product and
  polychoric moments); nonlinear arrows.

Columns
- skill over the base rate: 1 - Brier score / Brier score of the cell's own share of true pairs.
- skill over |partial r|: 1 - Brier score / that of a logistic regression of the truth on z and log z, z = the Fisher
  transform of |partial correlation given all others|, fitted on half of the cell's networks and judged on the other
  half, both ways. So the rival is recalibrated to the very cell, and we are not.
- for pairs with .05 <= P <= .95: their number; calibration error, the mean of |share true - mean P| over nine bins of
  width .1, weighted by pairs; slope of the logistic regression of the truth on logit P (1 is right, below 1: too sure).
- the share true of pairs with P > .95, and their number.
Intervals are 95% bootstrap intervals over networks.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
import truths as simulated
from calibration_measures import ROWS, Judged, figures, partial_z, recalibrated, reliability_figure, with_intervals
from truths import Truth, erdos_renyi, scale_free, structured, value_circle, varsortability

from causalvalues.discovery import BIC, BGe, ExactPosterior, FairParents, SparseDags, discover
from causalvalues.evidence import PolychoricMoments, ProductMoments, summarise
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

P = 10
RESULTS = Path(__file__).parent / "results"
QUESTIONS = ("adjacent", "arrow")

Make = Callable[[int, np.random.Generator], Truth]

STRUCTURED: dict[str, Make] = {
    "sparse random": lambda n, rng: structured(erdos_renyi(P, 2, rng), n, rng),
    "dense random": lambda n, rng: structured(erdos_renyi(P, 4, rng), n, rng),
    "scale-free": lambda n, rng: structured(scale_free(P, 2, rng), n, rng),
    "value circle": lambda n, rng: structured(value_circle(P, rng), n, rng),
}

MISSPECIFIED: dict[str, tuple[Make, str]] = {
    "none (sparse random)": (STRUCTURED["sparse random"], "product"),
    "hidden causes": (lambda n, rng: simulated.hidden_cause(erdos_renyi(P, 2, rng), n, rng), "product"),
    "reliability .7": (lambda n, rng: simulated.measurement_error(erdos_renyi(P, 2, rng), n, rng), "product"),
    "nonlinear": (lambda n, rng: simulated.nonlinear(erdos_renyi(P, 2, rng), n, rng), "product"),
    "ordinal, product": (lambda n, rng: simulated.ordinal(erdos_renyi(P, 2, rng), n, rng), "product"),
    "clusters, not declared": (lambda n, rng: simulated.clustered(erdos_renyi(P, 2, rng), n, rng), "product"),
    "clusters, declared": (lambda n, rng: simulated.clustered(erdos_renyi(P, 2, rng), n, rng), "clusters"),
    "ordinal, polychoric": (lambda n, rng: simulated.ordinal(erdos_renyi(P, 2, rng), n, rng), "polychoric"),
}

ALTERNATIVES: dict[str, ExactPosterior] = {
    "default": ExactPosterior(draws=1),
    "alpha_w p + 6": ExactPosterior(score=BGe(alpha_w=P + 6.0), draws=1),
    "alpha_w p + 12": ExactPosterior(score=BGe(alpha_w=P + 12.0), draws=1),
    "alpha_mu 0.1": ExactPosterior(score=BGe(alpha_mu=0.1), draws=1),
    "BIC": ExactPosterior(score=BIC(), draws=1),
    "SparseDags(.25)": ExactPosterior(prior=SparseDags(0.25), draws=1),
    "SparseDags(.5)": ExactPosterior(prior=SparseDags(0.5), draws=1),
    "FairParents": ExactPosterior(prior=FairParents(), draws=1),
    "alpha_w p + 6, SparseDags(.5)": ExactPosterior(score=BGe(alpha_w=P + 6.0), prior=SparseDags(0.5), draws=1),
    "alpha_w p + 12, FairParents": ExactPosterior(score=BGe(alpha_w=P + 12.0), prior=FairParents(), draws=1),
}


def learn(truth: Truth, moments: str, method: ExactPosterior, number: int) -> np.ndarray:
    """P(i -> j) of one data set, (p, p)."""
    names = [f"v{i}" for i in range(P)]
    if moments == "clusters":
        assert truth.cluster is not None
        units = [str(i) for i in range(len(truth.rows))]
        data = ResponseMatrix(
            names, truth.rows, units, labels={"persona": truth.cluster.astype(str)}, cluster_by="persona"
        )
        return discover(summarise(data), method, seed=number).edge
    how = PolychoricMoments() if moments == "polychoric" else ProductMoments()
    return discover(summarise(pd.DataFrame(truth.rows, columns=names), moments=how), method, seed=number).edge


def judged(data: list[Truth], edges: list[np.ndarray], question: str) -> Judged:
    """Collect the pairs of one question over the networks."""
    places = np.triu_indices(P, 1) if question == "adjacent" else np.nonzero(~np.eye(P, dtype=bool))
    both = question == "adjacent"
    truth = np.array([(t.graph | t.graph.T if both else t.graph)[places] for t in data])
    claimed = np.array([(edge + edge.T if both else edge)[places] for edge in edges])
    z = np.array([partial_z(t.rows)[places] for t in data])
    return Judged(truth, np.clip(claimed, 0, 1), recalibrated(z, truth))


def raw_units(n: int, rng: np.random.Generator) -> Truth:
    """A truth from the prior in raw units: a uniform graph by Gibbs steps over families, then its parameters."""
    chain = simulated._Chains(P, n, 1, rng)
    return chain.truth(0)


def data_of(name: str, make: Make | None, n: int, networks: int) -> list[Truth]:
    if make is None:
        return simulated.prior_truths(P, n, networks, stream(0, "calibration", name, n))
    return [make(n, stream(0, "calibration", name, n, number)) for number in range(networks)]


def cell(name: str, n: int, data: list[Truth], moments: str = "product", method: ExactPosterior | None = None) -> Cell:
    begin = time.perf_counter()
    edges = [learn(truth, moments, method or ALTERNATIVES["default"], number) for number, truth in enumerate(data)]
    return Cell(name, n, data, edges, time.perf_counter() - begin)


@dataclass(frozen=True, eq=False)
class Cell:
    """Data sets of one kind, and the edge probabilities learned from each."""

    name: str
    n: int
    data: list[Truth]
    edges: list[np.ndarray]
    seconds: float

    def table(self) -> list[dict[str, object]]:
        sortable = {
            "varsortability raw": float(np.nanmean([truth.sortability for truth in self.data])),
            "varsortability used": float(np.nanmean([varsortability(t.graph, t.rows.var(axis=0)) for t in self.data])),
        }
        return [row_of(self.name, str(self.n), question, self.judged(question), sortable) for question in QUESTIONS]

    def judged(self, question: str) -> Judged:
        return judged(self.data, self.edges, question)


def row_of(truth: str, n: str, question: str, one: Judged, sortable: dict[str, float]) -> dict[str, object]:
    """Return one line of the table as a record."""
    head = {"truth": truth, "n": n, "networks": len(one.truth), "question": question}
    return {**head, **with_intervals(one, stream(0, "bootstrap")), **sortable}


def pooled(cells: list[Cell]) -> list[dict[str, object]]:
    """Return the lines over all numbers of rows of one kind of truth; rivals stay those of each cell."""
    sortable = pd.DataFrame([row for one in cells for row in one.table()]).filter(like="varsortability").mean()
    return [
        row_of(cells[0].name, "all", question, reduce(add, [one.judged(question) for one in cells]), dict(sortable))
        for question in QUESTIONS
    ]


def printed(row: dict[str, object]) -> str:
    """One line of a Markdown table."""

    def ranged(name: str) -> str:
        value, low, high = (float(str(row[key])) for key in (name, f"{name} low", f"{name} high"))
        return "-" if math.isnan(value) else f"{value:.3f} [{low:.3f}, {high:.3f}]"

    cells = (
        str(row["truth"]), str(row["n"]), str(row["networks"]), str(row["question"]),
        f"{row['base rate']:.2f} / {row['mean P']:.2f}",
        ranged("skill over base rate"), ranged("skill over |partial r|"),
        str(row["pairs"]), ranged("calibration error"), ranged("slope"),
        f"{ranged('true when sure')} of {row['sure pairs']}",
        f"{row['varsortability raw']:.2f} / {row['varsortability used']:.2f}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


HEAD = (
    "| truth | n | networks | question | share true / mean P | Brier skill over base rate | over \\|partial r\\| | "
    "pairs in .05-.95 | calibration error | slope | share true of P > .95 | varsortability raw / used |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=10)
    parser.add_argument("--full", action="store_true", help="200 networks a cell (60 where moments are averaged)")
    parser.add_argument("--write", action="store_true", help="write table and picture into benchmarks/results")
    parser.add_argument("--alternatives", action="store_true", help="other scores and priors on the same data")
    arguments = parser.parse_args()
    networks = 200 if arguments.full else arguments.networks
    if arguments.alternatives:
        alternatives(networks)
        return
    rows: list[dict[str, object]] = []
    pictures: dict[str, list[Judged]] = {}
    print(HEAD, flush=True)

    def show(lines: list[dict[str, object]]) -> None:
        for row in lines:
            rows.append(row)
            print(printed(row), flush=True)
        if arguments.write:
            written(rows)

    makes: dict[str, Make | None] = {"prior": None, "prior, raw units": raw_units, **STRUCTURED}
    for name, make in makes.items():
        cells: list[Cell] = []
        for n in ROWS:
            cells.append(cell(name, n, data_of(name, make, n, networks)))
            show(cells[-1].table())
        show(pooled(cells))
        pictures[name] = [one.judged("adjacent") for one in cells]
    if arguments.write:
        del pictures["prior, raw units"]
        reliability_figure(pictures, RESULTS / "calibration")
    for name, (make, moments) in MISSPECIFIED.items():
        few = networks if moments == "product" else -(-networks * 3 // 10)
        key = name.split(",")[0]  # the same data for both ways to treat them
        show(cell(name, 1000, data_of(key, make, 1000, few), moments).table())


def written(rows: list[dict[str, object]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(RESULTS / "calibration.csv", index=False, float_format="%.4f")
    text = "\n".join([HEAD, *(printed(row) for row in rows)])
    (RESULTS / "calibration.md").write_text(text + "\n", encoding="utf-8")


def alternatives(networks: int) -> None:
    """Print the figures of other scores and priors on the same structured truths."""
    print(
        "| method | truth | n | adjacency: skill | over \\|partial r\\| | error | slope | true if sure | arrow skill |"
    )
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for n in (100, 1000):
        for truth, make in STRUCTURED.items():
            data = data_of(truth, make, n, networks)
            for name, method in ALTERNATIVES.items():
                found = cell(truth, n, data, method=method)
                a, b = figures(found.judged("adjacent")), figures(found.judged("arrow"))
                print(
                    f"| {name} | {truth} | {n} | {a['skill over base rate']:.3f} | {a['skill over |partial r|']:.3f} | "
                    f"{a['calibration error']:.3f} | {a['slope']:.2f} | {a['true when sure']:.3f} | "
                    f"{b['skill over base rate']:.3f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
