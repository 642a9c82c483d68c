"""False edges of ordinal answers: noise with holes, and what coding a scale as numbers costs.

Run: ``python benchmarks/ordinal_answers.py`` (about two minutes on one core; ``--full`` about twenty minutes).

Noise: unrelated ordinal columns with answers missing at random. An edge is false when its exact posterior probability
(either direction, uniform prior over graphs) exceeds .5. Four treatments of the same polychoric correlations:
"floor 1e-8": eigenvalues are lifted to 1e-8 and the rows count as the rows that answered both columns of a pair;
"floor 1e-8, effective n": the same with the effective n of polychoric correlations; "shrunk, n reduced": what
`PolychoricMoments` gives, scored once; "default": that, averaged over bootstrap matrices
(7 values only, for its cost).
The goal is at most 7% for the last two.

Sparse truth: a random graph with 1.5 edges a node on 8 latent Gaussian values, cut into 5, 3 or 2 categories (equally
spaced, or skewed towards one end), scored from product moments of the codes and from polychoric correlations.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import CausalValuesError
from causalvalues.evidence import Evidence, PolychoricMoments, summarise
from causalvalues.evidence import polychoric as polychoric_room
from causalvalues.randomness import stream

CUTS = {5: [-1.2, -0.4, 0.4, 1.2], 3: [-0.6, 0.6], 2: [0.8]}
SKEWED = {5: [0.2, 0.7, 1.2, 1.8], 3: [0.5, 1.2], 2: [1.0]}


@dataclass(frozen=True)
class Case:
    """One cell of the noise table."""

    rows: int
    values: int
    categories: int
    missing: float


NOISE = (
    Case(60, 10, 5, 0.3),
    Case(60, 10, 2, 0.3),
    Case(30, 10, 3, 0.2),
    Case(50, 10, 5, 0.0),
    Case(100, 10, 5, 0.6),
    Case(150, 10, 2, 0.3),
    Case(400, 10, 5, 0.5),
    Case(60, 7, 5, 0.3),
    Case(60, 7, 2, 0.3),
)


def noise(case: Case, repeat: int) -> pd.DataFrame:
    """Return unrelated answers with holes."""
    random = stream(2026, "ordinal noise", str(case), repeat)
    codes = np.digitize(random.normal(size=(case.rows, case.values)), CUTS[case.categories]).astype(float)
    codes[random.random(codes.shape) < case.missing] = np.nan
    return pd.DataFrame(codes, columns=[f"v{j:02d}" for j in range(case.values)])


def adjacent(evidence: Evidence, moment_draws: int | None = 0) -> np.ndarray:
    """Return which pairs have P(adjacent) > .5."""
    edge = discover(evidence, ExactPosterior(draws=100, moment_draws=moment_draws)).edge
    matrix = np.asarray(edge)
    return (matrix + matrix.T)[np.triu_indices(len(matrix), 1)] > 0.5


def lifted(evidence: Evidence, n: float) -> Evidence:
    """Return the evidence with eigenvalues of at least 1e-8, after which 1e-5 I keeps the learner from refusing it."""
    values, vectors = np.linalg.eigh(evidence.correlation.to_numpy())
    matrix = (vectors * np.maximum(values, 1e-8)) @ vectors.T + 1.1e-5 * np.eye(len(values))
    scale = np.sqrt(np.diag(matrix))
    return replace(evidence, scatter=matrix / np.outer(scale, scale) * evidence.n, n_score=n, clusters=None)


def raw_evidence(data: pd.DataFrame) -> Evidence:
    """Return polychoric evidence that no one made definite."""
    guard = polychoric_room.definite_evidence
    polychoric_room.definite_evidence = lambda evidence: evidence
    try:
        return summarise(data, moments=PolychoricMoments())
    finally:
        polychoric_room.definite_evidence = guard


def share_or_nan(evidence: Evidence, moment_draws: int | None = 0) -> float:
    """Return the share of adjacent pairs; NaN when the learner refuses."""
    try:
        return float(adjacent(evidence, moment_draws).mean())
    except CausalValuesError:
        return float("nan")


def noise_shares(case: Case, repeat: int, default: bool = False) -> dict[str, float]:
    """Return the share of false edges by treatment; NaN where one refuses."""
    data = noise(case, repeat)
    try:
        raw = raw_evidence(data)
    except CausalValuesError:
        return {"refused": 1.0}
    there = data.notna().to_numpy(dtype=float)
    pairs = (there.T @ there)[np.triu_indices(case.values, 1)]
    shares = {
        "smallest eigenvalue": float(np.linalg.eigvalsh(raw.correlation)[0]),
        "floor 1e-8": share_or_nan(lifted(raw, float(np.quantile(pairs, 0.1)))),
        "floor 1e-8, effective n": share_or_nan(lifted(raw, raw.n_score)),
    }
    try:
        guarded = summarise(data, moments=PolychoricMoments())
    except CausalValuesError:
        return shares | {"refused": 1.0}
    shares |= {"refused": 0.0, "n of a score": guarded.n_score, "shrunk, n reduced": share_or_nan(guarded)}
    if default:
        shares["default"] = share_or_nan(guarded, None)
    return shares


def sparse_truth(n: int, repeat: int, p: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised rows (n, p) of a random linear graph, columns permuted, and its adjacencies (p, p)."""
    random = stream(2026, "ordinal truth", n, repeat)
    graph = np.triu(random.random((p, p)) < 1.5 * 2 / (p - 1), 1)
    slopes = np.where(graph, random.uniform(0.3, 0.7, (p, p)) * random.choice([-1, 1], (p, p)), 0.0)
    covariance, rows = np.zeros((p, p)), np.zeros((n, p))
    for j in range(p):
        part = slopes[:, j]
        explained = float(part @ covariance @ part)
        if explained > 0.7:
            part = slopes[:, j] = part * np.sqrt(0.7 / explained)
            explained = 0.7
        covariance[j, :] = covariance[:, j] = covariance @ part
        covariance[j, j] = 1.0
        rows[:, j] = rows @ part + np.sqrt(1 - explained) * random.normal(size=n)
    order = random.permutation(p)
    return rows[:, order], (graph | graph.T)[np.ix_(order, order)]


def coding_table(repeats: int) -> pd.DataFrame:
    """Return false and found adjacencies by coding, number of categories and rows."""
    records = []
    for n in (500, 5000):
        for shape, cuts in (("spread", CUTS), ("skewed", SKEWED)):
            for categories in (5, 3, 2):
                shares: dict[str, list[tuple[float, float]]] = {"latent": [], "product": [], "polychoric": []}
                for repeat in range(repeats):
                    rows, graph = sparse_truth(n, repeat)
                    true = graph[np.triu_indices(len(graph), 1)]
                    names = [f"v{j}" for j in range(rows.shape[1])]
                    codes = pd.DataFrame(np.digitize(rows, cuts[categories]).astype(float), columns=names)
                    for name, evidence in (
                        ("latent", summarise(pd.DataFrame(rows, columns=names))),
                        ("product", summarise(codes)),
                        ("polychoric", summarise(codes, moments=PolychoricMoments())),
                    ):
                        hit = adjacent(evidence)
                        shares[name].append((float(hit[~true].mean()), float(hit[true].mean())))
                record: dict[str, object] = {"n": n, "cuts": shape, "categories": categories}
                for name, found in shares.items():
                    record[f"{name} false"], record[f"{name} found"] = np.mean(found, axis=0)
                records.append(record)
    return pd.DataFrame(records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--full", action="store_true", help="200 data sets a cell, and the default average for 7 values"
    )
    full = parser.parse_args().full
    start = time.perf_counter()
    records = []
    for case in NOISE:
        found = pd.DataFrame(
            [noise_shares(case, repeat, full and case.values <= 7) for repeat in range(200 if full else 15)]
        )
        records.append({**vars(case), **found.mean().to_dict()})
        print(pd.DataFrame(records[-1:]).round(3).to_string(index=False), flush=True)
    table = pd.DataFrame(records)
    print("\nShare of false edges on noise (goal: at most .07)\n")
    print(table.round(3).to_string(index=False))
    print("\nSparse truth on 8 values: false and found adjacencies\n")
    print(coding_table(100 if full else 6).round(3).to_string(index=False))
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
