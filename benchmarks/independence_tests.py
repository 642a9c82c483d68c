"""Which number of rows should a test of zero partial correlation use when rows come in clusters?

    python benchmarks/independence_tests.py [--replicates 60]

Eight values in 10, 20 or 40 clusters, of 20 rows each or of very unequal size; intraclass correlation .5 in all values,
or .5 in half of them and .05 in the others. "noise": all values independent; "chain": each value acts on the next (.6),
and the sets that are given separate the pair. Printed is how often a true independence is rejected at the 5% level,
by the size of the conditioning set (0, 1, 2; a chain has none of size 0), when the test uses

- rows:      the number of rows
- score:     the one effective n of a score, 10% quantile of the pairs (what `pc` and `fci` use)
- pair:      the effective n of the pair itself
- least:     the least effective n of all pairs among the pair and what is given
- own:       the sandwich of this very partial correlation
- own, t:    the same, with Student's t for the number of clusters
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
from scipy.special import ndtr, stdtr

from causalvalues.evidence.effective import pairwise_effective_n, score_n
from causalvalues.randomness import stream

CHOICES = ("rows", "score", "pair", "least", "own", "own, t")
VALUES = 8


def second_moments(
    clusters: int, equal: bool, icc: np.ndarray, chain: bool, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.full(clusters, 20) if equal else np.maximum(2, random.lognormal(2.7, 0.9, clusters)).astype(int)
    code = np.repeat(np.arange(clusters), sizes)
    rows = random.normal(size=(clusters, VALUES))[code] * np.sqrt(icc)
    rows += random.normal(size=rows.shape) * np.sqrt(1 - icc)
    for j in range(1, VALUES if chain else 0):
        rows[:, j] = 0.6 * rows[:, j - 1] + 0.8 * rows[:, j]
    rows -= rows.mean(axis=0)
    return sizes, np.array([rows[code == g].T @ rows[code == g] for g in range(clusters)])


def true_independences(chain: bool) -> list[tuple[int, int, tuple[int, ...]]]:
    found = []
    for i, j in itertools.combinations(range(VALUES), 2):
        others = [k for k in range(VALUES) if k not in (i, j)]
        if not chain:
            found += [(i, j, tuple(others[:size])) for size in range(3)]
        elif j > i + 1:
            rest = [k for k in others if k != i + 1]
            found += [(i, j, (i + 1,)), (i, j, (i + 1, rest[0]))]
    return found


def rejected(second: np.ndarray, sizes: np.ndarray, chain: bool) -> dict[tuple[str, int], list[bool]]:
    n, ones, scatter = float(sizes.sum()), np.ones(len(sizes)), second.sum(axis=0)
    pairs = pairwise_effective_n(scatter, second, ones, VALUES, n)
    out: dict[tuple[str, int], list[bool]] = {(choice, size): [] for choice in CHOICES for size in range(3)}
    for i, j, given in true_independences(chain):
        inside = [i, j, *given]
        box = np.ix_(inside, inside)
        inverse = np.linalg.inv(scatter[box])
        z = abs(np.arctanh(inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])))
        own = pairwise_effective_n(scatter[box], second[(slice(None), *box)], ones, 2, n)[0, 1]
        least = min(pairs[a, b] for a, b in itertools.combinations(inside, 2))
        for choice, rows in zip(CHOICES, (n, score_n(pairs, 1, n), pairs[i, j], least, own, own), strict=True):
            t = z * np.sqrt(max(rows - len(given) - 3, 0.5))
            p_value = 2 * (stdtr(len(sizes) - 1, -t) if choice == "own, t" else ndtr(-t))
            out[choice, len(given)].append(bool(p_value < 0.05))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=60)
    replicates = parser.parse_args().replicates
    print("clusters  sizes    icc    truth " + "".join(f"{choice:>18}" for choice in CHOICES))
    mixed = np.repeat([0.5, 0.05], VALUES // 2)
    for clusters, equal, icc, chain in itertools.product(
        (10, 20, 40), (True, False), (np.full(VALUES, 0.5), mixed), (False, True)
    ):
        total: dict[tuple[str, int], list[bool]] = {}
        for number in range(replicates):
            random = stream(number, "independence tests", clusters, int(equal), int(chain))
            sizes, second = second_moments(clusters, equal, icc, chain, random)
            for key, values in rejected(second, sizes, chain).items():
                total.setdefault(key, []).extend(values)
        shares = [
            " ".join(f"{np.mean(total[choice, size]):.3f}" if total[choice, size] else "    -" for size in range(3))
            for choice in CHOICES
        ]
        kind = ("equal" if equal else "unequal", "mixed" if icc is mixed else ".5", "chain" if chain else "noise")
        print(
            f"{clusters:8}  {kind[0]:8} {kind[1]:6} {kind[2]:6}" + "".join(f"{share:>18}" for share in shares),
            flush=True,
        )


if __name__ == "__main__":
    main()
