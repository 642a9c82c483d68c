"""Do 95% intervals hold the truth in 95% of samples when the rows of a cluster (a persona) are alike?

    python benchmarks/cluster_coverage.py [--replicates 1000] [--learned 400]

Whole pipeline: rows -> `summarise` -> (a given graph, or `discover`) -> `fit` -> `total_effects`, with clusters
declared (ours) and not (naive). In every replicate new clusters are drawn.

The estimand is the total effect of one value on another in the population of all rows of all personas: (I - B)^-1 for
the pooled regressions of each value on its causes, so the differences between personas are part of the covariance. The
population is built so that these are known exactly: x_j = sum_i (B[i, j] + d_g[i, j]) x_i + e_j, where the personas'
own deviations d_g are independent of everything else with mean zero, and e_j is independent noise of which the share
`icc` belongs to the persona (a random intercept of every value). Then B holds the pooled regressions, within personas
and between them.

- ``given graph``: five values, a random graph with coefficients of .2 to .6 in size, deviations of .15, icc .3; only
  pairs with a directed path count (the others are exactly zero in every draw).
- ``learned graph``: graph and coefficients from the prior of the score, d = 0 (`benchmarks/interval_coverage.py` says
  why truths must come from the prior here, and why ties at exactly zero are broken at random).

Sizes: equal, or proportional to 1, 2, ..., 8 in turn; 12 rows a persona on average.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from interval_coverage import NAMES, all_dags, standardised_truths

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import Dag
from causalvalues.model import PosteriorDraws, StructuralModel, fit, total_effects
from causalvalues.model.effects import effect_draws
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

LEVEL = 0.95
P = len(NAMES)


@dataclass(frozen=True)
class Cell:
    """One design: number of clusters, whether their sizes are equal, the persona's share of the noise, rows each."""

    clusters: int
    equal: bool
    icc: float = 0.3
    rows: int = 12
    deviation: float = 0.15

    @property
    def sizes(self) -> np.ndarray:
        """Rows of each cluster."""
        shape = np.ones(self.clusters) if self.equal else 1.0 + np.arange(self.clusters) % 8
        return np.maximum(np.round(shape * self.rows / shape.mean()), 1).astype(int)

    def __str__(self) -> str:
        return f"{self.clusters} clusters, {'equal' if self.equal else 'unequal'}"


CELLS = tuple(Cell(clusters, equal) for clusters in (10, 20, 40) for equal in (True, False))


def random_equations(rng: np.random.Generator) -> np.ndarray:
    """Draw coefficients [cause, effect] on a random graph with at least one edge."""
    while True:
        b = np.triu(rng.random((P, P)) < 0.5, 1) * rng.uniform(0.2, 0.6, (P, P)) * rng.choice([-1, 1], (P, P))
        if b.any():
            order = rng.permutation(P)
            return b[np.ix_(order, order)]


def sample(b: np.ndarray, scale: np.ndarray, cell: Cell, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the rows (n, p) of new personas, and the persona of each row."""
    persona = np.repeat(np.arange(cell.clusters), cell.sizes)
    own = rng.normal(size=(cell.clusters, P))[persona]
    noise = scale * (np.sqrt(cell.icc) * own + np.sqrt(1 - cell.icc) * rng.normal(size=own.shape))
    deviations = cell.deviation * rng.normal(size=(cell.clusters, P, P)) * (b != 0)
    total = np.linalg.inv(np.eye(P) - b - deviations)
    return np.einsum("ni,nij->nj", noise, total[persona]), persona


def clustered(rows: np.ndarray, persona: np.ndarray) -> Evidence:
    units = tuple(str(i) for i in range(len(rows)))
    labels = {"persona_id": np.array([f"p{g}" for g in persona])}
    return summarise(ResponseMatrix(NAMES, rows, units, labels=labels, cluster_by="persona_id"))


def independent(rows: np.ndarray) -> Evidence:
    return summarise(pd.DataFrame(rows, columns=list(NAMES)))


def given_graph(cell: Cell, replicates: int, seed: int, draws: int = 1000) -> pd.DataFrame:
    """Return one row a replicate and effect: whether ours and the naive interval hold the truth, and their widths."""
    found = []
    for number in range(replicates):
        rng = stream(seed, "given graph", str(cell), number)
        b = random_equations(rng)
        truth = np.linalg.inv(np.eye(P) - b)
        rows, persona = sample(b, np.ones(P), cell, rng)
        pairs = [(i, j) for i in range(P) for j in range(P) if i != j and truth[i, j] != 0]
        ends = {}
        for who, evidence in (("ours", clustered(rows, persona)), ("naive", independent(rows))):
            model = fit(Dag(NAMES, b != 0), evidence, PosteriorDraws(draws=draws), seed=number)
            effects = total_effects(model, LEVEL)
            ends[who] = effects.lower.to_numpy(), effects.upper.to_numpy()
        for i, j in pairs:
            row: dict[str, object] = {"replicate": number}
            for who, (lower, upper) in ends.items():
                row[who] = bool(lower[i, j] <= truth[i, j] <= upper[i, j])
                row[f"{who} width"] = upper[i, j] - lower[i, j]
            found.append(row)
    return pd.DataFrame(found)


def learned_graph(cell: Cell, replicates: int, seed: int, moment_draws: int | None = None) -> pd.DataFrame:
    """Return one row a replicate and pair of values: whether intervals hold the truth, ties broken and not."""
    truths = standardised_truths(all_dags(P), replicates, stream(seed, "learned truths"))
    found = []
    for number, truth in enumerate(truths):
        rng = stream(seed, "learned graph", str(cell), number)
        rows, persona = sample(truth.coefficients[0], truth.residual_scales[0], cell, rng)
        u = rng.random((P, P))
        models = {
            "ours": learned_model(clustered(rows, persona), ExactPosterior(moment_draws=moment_draws), number),
            "naive": learned_model(independent(rows), ExactPosterior(), number),
        }
        for i, j in zip(*np.nonzero(~np.eye(P, dtype=bool)), strict=True):
            row: dict[str, object] = {"replicate": number, "zero": truth.total[0, i, j] == 0}
            for who, model in models.items():
                row |= {f"{who} {what}": value for what, value in judge(model, truth, (i, j), u[i, j])}
            found.append(row)
    return pd.DataFrame(found)


def learned_model(evidence: Evidence, method: ExactPosterior, seed: int) -> StructuralModel:
    return fit(discover(evidence, method, seed=seed), evidence, seed=seed)


def judge(
    model: StructuralModel, truth: StructuralModel, pair: tuple[int, int], u: float
) -> Iterator[tuple[str, bool]]:
    i, j = pair
    draws = np.sort(effect_draws(model)[:, model.place(NAMES[i]), model.place(NAMES[j])])
    exact = truth.total[0, i, j]
    rounding = 1e-9 * (1 + abs(exact))
    below, upto = np.searchsorted(draws, [exact - rounding, exact + rounding]) / len(draws)
    tail = (1 - LEVEL) / 2
    yield "covered", bool(below <= 1 - tail and upto >= tail)
    yield "broken ties", bool(tail < below + u * (upto - below) < 1 - tail)


def shares(found: pd.DataFrame, columns: list[str]) -> list[str]:
    """Return percentages, with standard errors that take the replicates as the independent units."""
    out = []
    for column in columns:
        groups = found.groupby("replicate")[column].agg(["sum", "size"]).to_numpy(dtype=float)
        share = groups[:, 0].sum() / groups[:, 1].sum()
        spread = groups[:, 0] - share * groups[:, 1]
        out.append(f"{100 * share:5.1f} ({100 * np.sqrt((spread**2).sum()) / groups[:, 1].sum():.1f})")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--learned", type=int, default=0, help="replicates with a learned graph")
    parser.add_argument("--moment-draws", type=int, default=None)
    parser.add_argument("--icc", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("share of 95% intervals that hold the truth, in per cent (standard error)")
    for cell in (Cell(cell.clusters, cell.equal, options.icc) for cell in CELLS if options.replicates):
        start = time.monotonic()
        found = given_graph(cell, options.replicates, options.seed)
        ours, naive = shares(found, ["ours", "naive"])
        ratio = found["ours width"].median() / found["naive width"].median()
        print(
            f"given graph    {cell!s:<22} ours {ours}  naive {naive}  width {ratio:.2f} x naive  "
            f"({options.replicates} replicates, {time.monotonic() - start:.0f} s)",
            flush=True,
        )
    for cell in (Cell(cell.clusters, cell.equal, options.icc, deviation=0.0) for cell in CELLS if options.learned):
        start = time.monotonic()
        found = learned_graph(cell, options.learned, options.seed, options.moment_draws)
        for which, part in (("all", found), ("not zero", found[~found["zero"]])):
            text = [
                f"{c} {s}"
                for c in ("ours covered", "ours broken ties", "naive covered", "naive broken ties")
                for s in shares(part, [c])
            ]
            print(
                f"learned graph  {cell!s:<22} {which:<9} {'  '.join(text)}  ({time.monotonic() - start:.0f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
