"""False edges of the remedies for ipsative (person-centred) scores, on noise and under a true chain.

Run: ``python benchmarks/ipsative_remedies.py`` (about a minute and a half on one core).

Noise: ten independent Gaussian values, plus a person intercept of variance 0 or .5. An edge is false when a two-sided
5% test of a correlation rejects. "own se": `correlation_tests`, with the delta-method standard error of each pair;
"one n": Fisher's z at the one effective n that graph scores use (`Evidence.n_score`), as learners see it.
A remedy may be offered when all its cells are at most 7%. "refused": share of data sets for which the remedy raised an
error because its solution could not be told from one that is no covariance matrix; the other shares leave them out.

What the null is. With an intercept the uncentred scores of unrelated values are truly correlated (.33 for variances of
1), so plain uncentred scores cannot pass: their edges are real correlations with a hidden common cause, the person's
level. `remove_intercept` and `uncentre` test the correlations without that level. Centred scores never contain it,
so `uncentre` sees exactly the same numbers whatever the intercept is.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from causalvalues.errors import CausalValuesError
from causalvalues.evidence import Evidence, correlation_tests, remove_intercept, summarise, uncentre
from causalvalues.randomness import stream

P = 10
NAMES = [f"v{j}" for j in range(P)]
VARIANCES = {"equal": np.ones(P), "unequal": np.geomspace(0.25, 4.0, P)}
LIMIT = 0.07


def centred(rows: np.ndarray) -> np.ndarray:
    return rows - rows.mean(axis=1, keepdims=True)


def as_evidence(rows: np.ndarray) -> Evidence:
    return summarise(pd.DataFrame(rows, columns=NAMES[: rows.shape[1]]))


METHODS: dict[str, Callable[[np.ndarray], Evidence]] = {
    "uncentred, remove_intercept": lambda rows: remove_intercept(as_evidence(rows)),
    "centred, uncentre": lambda rows: uncentre(as_evidence(centred(rows))),
    "uncentred, as they are": as_evidence,
    "centred, one column dropped": lambda rows: as_evidence(centred(rows)[:, :-1]),
}
OFFERED = ("uncentred, remove_intercept", "centred, uncentre")


def simulate(case: tuple[int, str, float], repeat: int, slope: float = 0.0) -> np.ndarray:
    """Return rows (n, p) of noise, or of a chain v0 -> v1 -> ... with one slope."""
    n, variances, intercept = case
    random = stream(2026, "ipsative", n, variances, str(intercept), repeat)
    rows = random.normal(size=(n, P)) * np.sqrt(VARIANCES[variances])
    for j in range(1, P):
        rows[:, j] += slope * rows[:, j - 1]
    return rows + math.sqrt(intercept) * random.normal(size=(n, 1))


def rejections(evidence: Evidence) -> dict[str, np.ndarray]:
    """Return, for each kind of test, which pairs are rejected at the 5% level."""
    table = correlation_tests(evidence)
    found = {}
    for kind in ("correlation", "partial"):
        r = table[kind].to_numpy().clip(-0.999999, 0.999999)
        given = len(evidence.names) - 2 if kind == "partial" else 0
        z = np.abs(np.arctanh(r)) * math.sqrt(max(evidence.n_score - 3 - given, 1))
        found[f"{kind}, own se"] = table[f"{kind}_p"].to_numpy() < 0.05
        found[f"{kind}, one n"] = z > 1.959964
    return found


def cases() -> Iterator[tuple[int, str, float]]:
    for n in (500, 5000):
        for variances in VARIANCES:
            for intercept in (0.0, 0.5):
                yield n, variances, intercept


def noise_table(repeats: dict[int, int]) -> pd.DataFrame:
    """Return the share of false edges for each case and method."""
    records = []
    for case in cases():
        shares: dict[str, list[dict[str, float]]] = {name: [] for name in METHODS}
        for repeat in range(repeats[case[0]]):
            rows = simulate(case, repeat)
            for name, method in METHODS.items():
                try:
                    hits = rejections(method(rows))
                except CausalValuesError:
                    continue
                shares[name].append({test: float(hit.mean()) for test, hit in hits.items()})
        for name, found in shares.items():
            means = pd.DataFrame(found).mean().to_dict() | {"refused": 1 - len(found) / repeats[case[0]]}
            records.append(dict(zip(("n", "variances", "intercept"), case, strict=True)) | {"scores": name} | means)
    return pd.DataFrame(records)


def chain_table(repeats: int, slope: float = 0.4) -> pd.DataFrame:
    """Return false edges (partial correlations of values that are not neighbours) and found edges of a chain."""
    neighbours = np.array([j - i == 1 for i in range(P) for j in range(i + 1, P)])
    records = []
    for n in (500, 5000):
        for intercept in (0.0, 0.5):
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in METHODS}
            for repeat in range(repeats):
                rows = simulate((n, "equal", intercept), repeat, slope)
                for name, method in METHODS.items():
                    try:
                        hit = rejections(method(rows))["partial, own se"]
                    except CausalValuesError:
                        continue
                    true = neighbours if len(hit) == len(neighbours) else _neighbours(P - 1)
                    found[name].append((float(hit[~true].mean()), float(hit[true].mean())))
            for name, shares in found.items():
                false, right = np.mean(shares, axis=0) if shares else (math.nan, math.nan)
                records.append({"n": n, "intercept": intercept, "scores": name, "false": false, "found": right,
                                "refused": 1 - len(shares) / repeats})  # fmt: skip
    return pd.DataFrame(records)


def _neighbours(p: int) -> np.ndarray:
    return np.array([j - i == 1 for i in range(p) for j in range(i + 1, p)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=120, help="data sets of 500 rows; half as many of 5,000")
    repeats = parser.parse_args().repeats
    start = time.perf_counter()
    noise = noise_table({500: repeats, 5000: max(repeats // 2, 1)})
    print("Share of false edges on noise (5% tests)\n")
    print(noise.round(3).to_string(index=False))
    worst = noise.drop(columns=["n", "variances", "intercept"]).groupby("scores").max()
    print("\nLargest share of each method\n")
    print(worst.round(3).to_string())
    for name in OFFERED:
        print(
            f"{name}: {'offered' if worst.loc[name].drop('refused').max() <= LIMIT else 'FAILS, must not be offered'}"
        )
    print("\nTrue positive chain, slope .4: partial tests with their own se\n")
    print(chain_table(max(repeats // 6, 1)).round(3).to_string(index=False))
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
