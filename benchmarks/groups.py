"""Groups: size and power of the exchange test, gain of learning jointly, the noise floor of distances, the circle.

    python benchmarks/groups.py [--full] [folder of the shared data]

1. Exchange of labels: share of runs with p <= .05 (95% Wilson interval) when two models have the same correlations
   (size), also where they differ in other ways, and when one correlation differs by .2 or .4 (power).
2. `measurement_invariance`: share of scaled differences with p <= .05 when items measure alike, and of dimensions that
   reach the level scalar; and when one loading differs, the share of runs that name its dimension and no other.
3. `learn_jointly`: two groups of 6 values that share 100%, 80% or 0% of their edges (with their signs): Brier score of
   P(adjacent), and F1 (at .5) and Brier score of "joined in one group only"; learned alone, from pooled rows, as one
   graph, and jointly; calibration, also where graphs come from the prior. Standardised rows, random orders.
4. Expected Hamming distance of two groups with one graph, over the larger of the two floors and over their sum.
5. The circle order of the demo answers, and of people and of Gemma where the folder is given.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.discovery.joint import GroupPrior, learn_jointly
from causalvalues.discovery.joint_sums import GroupScores, JointSums
from causalvalues.discovery.lattice import Lattice
from causalvalues.errors import CheckError
from causalvalues.evidence import Evidence, summarise
from causalvalues.model.circle_order import circle_order, compare_patterns
from causalvalues.model.comparison import compare
from causalvalues.model.invariance import measurement_invariance
from causalvalues.model.structure_exchange import Exchange, same_structure
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix, demo_responses, score
from causalvalues.theories import ItemKey, ScoringKey, scoring_key, theory

LEARNER = ExactPosterior(draws=300, moment_draws=0)


def wilson(hits: int, runs: int) -> str:
    share, z = hits / runs, 1.96
    middle = (share + z**2 / (2 * runs)) / (1 + z**2 / runs)
    half = z / (1 + z**2 / runs) * np.sqrt(share * (1 - share) / runs + z**2 / (4 * runs**2))
    return f"{share:.3f} ({max(middle - half, 0.0):.3f} to {middle + half:.3f})"


@dataclass(frozen=True)
class Design:
    """Units in each model, rows of a unit, share of variance that rows of a unit have in common, tails of answers."""

    units: tuple[int, int] = (40, 40)
    rows: tuple[int, int] = (3, 3)
    share: tuple[float, float] = (0.4, 0.4)
    freedom: tuple[int, int] = (0, 0)
    paired: bool = False


DESIGNS = {
    "40 personas in both models": Design(paired=True),
    "15 personas in both models": Design((15, 15), paired=True),
    "persona shares .1 and .8": Design(share=(0.1, 0.8), paired=True),
    "40 clusters each": Design(),
    "12 rows each": Design((12, 12), (1, 1)),
    "30 and 120 clusters": Design((30, 120)),
    "30 of t5, 120 normal": Design((30, 120), freedom=(5, 0)),
    "30 of share .8, 120 of .1": Design((30, 120), share=(0.8, 0.1)),
}


def answers(design: Design, difference: float, rng: np.random.Generator) -> ResponseMatrix:
    """Six values with correlations .25; that of the first two is `difference` higher in the second model."""
    scores, labels = [], []
    common = rng.normal(size=(max(design.units), 6))
    for g, (units, rows_, share, freedom) in enumerate(
        zip(design.units, design.rows, design.share, design.freedom, strict=True)
    ):
        r = np.full((6, 6), 0.25) + 0.75 * np.eye(6)
        r[0, 1] = r[1, 0] = 0.25 + g * difference
        for unit in range(units):
            own = rng.normal(size=(rows_ + 1, 6))
            if freedom:
                own *= np.sqrt((freedom - 2) / rng.chisquare(freedom, rows_ + 1))[:, None]
            person = common[unit] if design.paired else own[-1]
            scores.append((np.sqrt(share) * person + np.sqrt(1 - share) * own[:-1]) @ np.linalg.cholesky(r).T)
            labels += [(f"{unit}" if design.paired else f"{g} {unit}", "ab"[g])] * rows_
    columns = {"persona_id": [a for a, _ in labels], "model": [b for _, b in labels]}
    ids = [str(k) for k in range(len(labels))]
    return ResponseMatrix(tuple("uvwxyz"), np.vstack(scores), ids, labels=columns, cluster_by="persona_id")


def exchange_table(runs: int) -> None:
    print(f"\n1. Exchange of labels: share of {runs} runs with p <= .05 (99 exchanges)")
    for name, design in DESIGNS.items():
        how = Exchange("persona_id" if design.paired else "", permutations=99)
        for statistic in ("correlation", "covariance", "edges"):
            shown = []
            for difference in (0.0, 0.2, 0.4) if name == "40 personas in both models" else (0.0,):
                hits = 0
                for run in range(runs):
                    matrix = answers(design, difference, stream(run, "exchange", str(difference)))
                    hits += same_structure(matrix, "model", statistic, how, run).p <= 0.05
                shown.append(f"difference {difference:.1f}: {wilson(hits, runs)}")
            print(f"   {name:27} {statistic:12} {'; '.join(shown)}", flush=True)


ITEMS = ScoringKey(
    "k", "k", "t", {f"{d}{i}": ItemKey(name) for d, name in zip("abc", ("power", "security", "care"), strict=True)
                    for i in range(3)}
)  # fmt: skip


def item_answers(units: int, repeats: int, loading: float, rng: np.random.Generator) -> ResponseMatrix:
    """Three dimensions with three items in two groups of other means and spreads; one loading of power differs."""
    root, own = np.linalg.cholesky(np.full((3, 3), 0.3) + 0.7 * np.eye(3)), np.repeat(np.arange(3), 3)
    scores, groups, persons = [], [], []
    for g in range(2):
        lines = np.tile([1, 0.8, 0.9], 3)
        lines[1] += g * loading
        for unit in range(units):
            factors = np.sqrt(0.5) * (rng.normal(size=(repeats, 3)) + rng.normal(size=3)) @ root.T
            noise = np.sqrt(0.5) * (rng.normal(size=(repeats, 9)) + rng.normal(size=9))
            scores.append((0.3 * g + (1 + 0.3 * g) * factors)[:, own] * lines + 0.8 * noise)
            groups += ["xy"[g]] * repeats
            persons += [f"{g} {unit}"] * repeats
    labels = {"g": groups, "person": persons}
    ids = [str(k) for k in range(len(groups))]
    return ResponseMatrix(tuple(ITEMS.items), np.vstack(scores), ids, labels=labels, cluster_by="person")


def invariance_table(runs: int) -> None:
    print(f"\n2. measurement_invariance, 3 dimensions of 3 items, {runs} runs")
    for units, repeats in ((150, 1), (60, 5)):
        found = []
        for loading in (0.0, -0.5):
            rng = [stream(run, "items", str(loading)) for run in range(runs)]
            matrices = [item_answers(units, repeats, loading, one) for one in rng]
            found.append([measurement_invariance(matrix, ITEMS, "g").dimensions for matrix in matrices])
        table = pd.concat(found[0])
        named = [list(d["level"] == "configural") == [True, False, False] for d in found[1]]
        shares = [wilson(int((table[f"{what}_p"] <= 0.05).sum()), len(table)) for what in ("metric", "scalar")]
        print(
            f"   {units} clusters of {repeats} in each group: metric {shares[0]}, scalar {shares[1]}; level scalar "
            f"{(table['level'] == 'scalar').mean():.2f}; other loading named {np.mean(named):.2f}",
            flush=True,
        )


def graph_pair(p: int, shared: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two graphs with a common order; each edge of the first is kept with probability `shared`, else moved."""
    places = rng.permutation(p)
    order = np.triu(np.ones((p, p), dtype=bool), 1)[np.ix_(places, places)]
    one = (rng.random((p, p)) < 2.5 / (p - 1)) & order
    two = one.copy()
    for i, j in np.argwhere(one):
        free = np.argwhere(order & ~one & ~two)
        if rng.random() > shared and len(free):
            two[i, j] = False
            two[tuple(free[rng.integers(len(free))])] = True
    return one, two


def rows(graph: np.ndarray, n: int, rng: np.random.Generator, signs: np.ndarray | None = None) -> pd.DataFrame:
    p = len(graph)
    signs = rng.choice([-1, 1], (p, p)) if signs is None else signs
    b = graph * rng.uniform(0.2, 0.6, (p, p)) * signs
    x = rng.normal(size=(n, p)) @ np.linalg.inv(np.eye(p) - b)
    return pd.DataFrame((x - x.mean(axis=0)) / x.std(axis=0), columns=[f"v{j}" for j in range(p)])


def learned_jointly(evidences: dict[str, Evidence], prior: GroupPrior) -> tuple[np.ndarray, np.ndarray]:
    groups = learn_jointly(evidences, prior, LEARNER).groups.values()
    draws = [group.draws | group.draws.transpose(0, 2, 1) for group in groups]
    return np.array([g.adjacent_probabilities.to_numpy() for g in groups]), (draws[0] != draws[1]).mean(axis=0)


def estimates(data: dict[str, pd.DataFrame]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """P(adjacent) in each group, and P(joined in one group only), by each way of learning."""
    evidences = {label: summarise(frame) for label, frame in data.items()}
    alone = np.array([discover(e, LEARNER).adjacent_probabilities.to_numpy() for e in evidences.values()])
    pooled = discover(summarise(pd.concat(data.values())), LEARNER).adjacent_probabilities.to_numpy()
    return {
        "alone": (alone, alone[0] * (1 - alone[1]) + alone[1] * (1 - alone[0])),
        "pooled": (np.array([pooled, pooled]), np.zeros_like(pooled)),
        "one graph": learned_jointly(evidences, GroupPrior(0.5, 1, 0, 0)),
        "joint": learned_jointly(evidences, GroupPrior()),
    }


def joint_table(runs: int) -> None:
    print(
        f"\n3. learn_jointly, 6 values, 2 groups, {runs} runs: Brier score of P(adjacent) (standard error of its "
        "difference to alone); of P(joined in one group only), and its F1"
    )
    high, said = np.triu_indices(6, 1), []
    for shared in (1.0, 0.8, 0.0):
        for n in (100, 400, 2000):
            found: dict[str, list[list[float]]] = {}
            for run in range(runs):
                rng = stream(run, "joint", n, str(shared))
                graphs = np.array(graph_pair(6, shared, rng))
                joined = (graphs | graphs.transpose(0, 2, 1))[:, high[0], high[1]]
                differs = joined[0] != joined[1]
                signs = rng.choice([-1, 1], (6, 6))
                try:
                    learned = estimates({f"g{k}": rows(graph, n, rng, signs) for k, graph in enumerate(graphs)})
                except CheckError:  # nearly collinear by chance
                    continue
                for name, (adjacent, unlike) in learned.items():
                    inside, other = adjacent[:, high[0], high[1]], unlike[high]
                    brier = np.mean((inside - joined) ** 2), np.mean((other - differs) ** 2)
                    hits = [float(x.sum()) for x in (differs & (other > 0.5), other > 0.5, differs)]
                    found.setdefault(name, []).append([*brier, *hits])
                    if name == "joint":
                        said += [*zip(inside.ravel(), joined.ravel(), strict=True), *zip(other, differs, strict=True)]
            shown, alone = [], np.array(found["alone"])
            for name, table in found.items():
                x = np.array(table)
                error = (x[:, 0] - alone[:, 0]).std(ddof=1) / np.sqrt(len(x))
                f1 = 2 * x[:, 2].sum() / (x[:, 3].sum() + x[:, 4].sum()) if x[:, 4].any() else np.nan
                shown.append(f"{name} {x[:, 0].mean():.4f} ({error:.4f}); {x[:, 1].mean():.4f}, F1 {f1:.2f}")
            print(f"   shared {shared:4.0%} n {n:4}: {' | '.join(shown)}", flush=True)
    calibration("the structured graphs above", np.array(said, dtype=float))


def speed_table(sizes: tuple[int, ...]) -> None:
    for p in sizes:
        rng = stream(0, "speed", p)
        evidences = {label: summarise(rows(graph_pair(p, 0.8, rng)[0], 500, rng)) for label in "ab"}
        start = time.perf_counter()
        learn_jointly(evidences, None, LEARNER)
        print(f"   {p} values, 2 groups: {time.perf_counter() - start:.2f} s", flush=True)


def calibration(label: str, said: np.ndarray) -> None:
    p, true = said.T
    middle = (p > 0.05) & (p < 0.95)
    bins = np.digitize(p[middle], np.linspace(0, 1, 11))
    error = sum(abs((p[middle] - true[middle])[bins == b].sum()) for b in np.unique(bins)) / max(middle.sum(), 1)
    print(
        f"   {label}: of {middle.sum()} between .05 and .95 the calibration error is {error:.3f} (mean "
        f"{p[middle].mean():.3f}, true {true[middle].mean():.3f}); P > .95 is true in {true[p > 0.95].mean():.3f} of "
        f"{(p > 0.95).sum()}, P < .05 in {true[p < 0.05].mean():.3f} of {(p < 0.05).sum()}",
        flush=True,
    )


def prior_table(runs: int) -> None:
    """Calibration where the graphs of both groups are drawn from the prior of learning jointly, 5 values."""
    p, high, prior = 5, np.triu_indices(5, 1), GroupPrior()
    empty = Lattice.empty(p, LEARNER.prior).masked(~np.eye(p, dtype=bool), np.zeros((p, p), dtype=bool))
    sums = JointSums(GroupScores.of([empty, empty], empty), prior.share)
    said: dict[str, list[tuple[float, float]]] = {}
    right = []
    for run in range(runs):
        rng = stream(run, "graphs from the prior")
        hypothesis, n = int(rng.integers(3)), int(rng.choice([60, 200, 600]))
        graphs = sums.draw(hypothesis, 1, rng)[:, 0]
        signs = rng.choice([-1, 1], (p, p))
        try:
            evidences = {f"g{k}": summarise(rows(graph, n, rng, signs)) for k, graph in enumerate(graphs)}
            joint = learn_jointly(evidences, prior, LEARNER)
            alone = [discover(evidence, LEARNER) for evidence in evidences.values()]
        except CheckError:  # nearly collinear by chance
            continue
        right.append(float(joint.hypotheses["posterior"].iloc[hypothesis]))
        joined = (graphs | graphs.transpose(0, 2, 1))[:, high[0], high[1]]
        for way, posteriors in (("joint", list(joint.groups.values())), ("alone", alone)):
            draws = [g.draws | g.draws.transpose(0, 2, 1) for g in posteriors]
            unlike = (draws[0] != draws[1]).mean(axis=0)
            for posterior, there in zip(posteriors, joined, strict=True):
                found = posterior.adjacent_probabilities.to_numpy()[high]
                said.setdefault(f"{way}, joined", []).extend(zip(found, there, strict=True))
            differ = zip(unlike[high], joined[0] != joined[1], strict=True)
            said.setdefault(f"{way}, joined in one group only", []).extend(differ)
    print(f"   graphs from the prior ({len(right)} runs): mean posterior of the true hypothesis {np.mean(right):.2f}")
    for label, pairs in said.items():
        calibration(f"graphs from the prior, {label}", np.array(pairs, dtype=float))


def floor_table(runs: int) -> None:
    print(
        "\n4. Expected Hamming distance of two groups (6 values) over the larger floor, and over the sum of the floors"
    )
    for shared in (1.0, 0.5):
        for n in (200, 1000):
            ratios = []
            for run in range(runs):
                rng = stream(run, "floor", n)
                pair = graph_pair(6, shared, rng)
                learned = {
                    label: discover(summarise(rows(g, n, rng)), LEARNER) for label, g in zip("ab", pair, strict=True)
                }
                table = compare(learned, draws=300).distances["hamming"].to_numpy()
                ratios.append((table[2] / max(table[:2].max(), 0.1), table[2] / max(table[:2].sum(), 0.1)))
            values = np.array(ratios)
            middle, above = np.median(values, axis=0), (values > 1).mean(axis=0)
            print(
                f"   shared {shared:.0%} n {n:4}: median {middle[0]:.2f} and {middle[1]:.2f}; above the larger floor "
                f"{above[0]:.2f}, above the sum {above[1]:.2f} of runs"
            )


def circle_table(folder: Path | None) -> None:
    print("\n5. Circle order (agreement: rank correlation of closeness and correlation)")
    schwartz = theory("schwartz-10")
    evidences = {"SmolLM2": summarise(score(demo_responses(), scoring_key("smollm2-demo")))}
    if folder is not None:
        data = pd.read_csv(folder / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz")
        for country in ("DE", "FI", "HU"):
            part = data[data["cntry"] == country]
            names = list(part.columns[2:23])
            items = ResponseMatrix(names, part[names].to_numpy(float), [str(k) for k in range(len(part))])
            evidences[f"people {country}"] = summarise(score(items, scoring_key("pvq-21")))
        gemma = pd.read_csv(folder / "value_causal_graph_llm" / "gemma2b_alldims_400personas_obs.csv.gz")
        evidences["Gemma-2B"] = summarise(
            gemma[[name.replace("_", "-").title() for name in schwartz.dimensions]].set_axis(
                schwartz.dimensions, axis=1
            )
        )
    for label, evidence in evidences.items():
        found = circle_order(evidence, schwartz, discover(evidence, LEARNER), draws=300)
        print(f"   {label}: {evidence}\n{found.table.round(3).to_string()}\n{found.by_distance.round(2).to_string()}")
    print(compare_patterns(evidences, schwartz).round(3).to_string())


def main() -> None:
    full = "--full" in sys.argv
    folders = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    exchange_table(400 if full else 20)
    invariance_table(150 if full else 12)
    joint_table(150 if full else 10)
    prior_table(2000 if full else 150)
    speed_table((6, 8, 10, 12) if full else (6, 8, 10))
    floor_table(100 if full else 10)
    circle_table(folders[0] if folders else None)


if __name__ == "__main__":
    main()
