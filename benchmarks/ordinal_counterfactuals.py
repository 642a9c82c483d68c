"""Ordinal counterfactuals: calibration on simulated truths, against the linear model, speed, and people.

    python benchmarks/ordinal_counterfactuals.py [--full] [folder of the shared data]

1. Truths: random graphs over 6 values with 5 categories, answers crowded at one end as value answers are; latent scores
   are moved by 1 deviation, or an answer is set to 5. The model learns from 1,500 units; other units tell what happens.
   Printed over truths, for all values but the one intervened upon: reliability (predicted against observed share, by
   bins of the prediction, errors over truths), ranked probability score (lower is better) beside the linear model on
   raw scores (its prediction as a normal distribution cut into categories, and as one point) and "no change"; the share
   of the linear model's predictions that leave the scale (of those that it moves); coverage of the 90% intervals for
   the truth's own probabilities, within .01. With the graph known and with the graph learned.
2. Speed: 1,000 units, 21 values, 6 categories, 500 draws of the model of which 100 are used.
3. European Social Survey, 21 items, where the folder is given: population before and after, and one country's units.
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
from scipy.stats import norm

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.evidence import PolychoricMoments, summarise
from causalvalues.graph import Dag
from causalvalues.interventions import Shift
from causalvalues.model import PosteriorDraws, StructuralModel, counterfactual, fit
from causalvalues.ordinal import (
    CategoryProbabilities,
    Gibbs,
    OrdinalModel,
    SetCategory,
    counterfactual_categories,
    ordinal_model,
    predict_categories,
)
from causalvalues.randomness import stream

NAMES = tuple("abcdef")
LABELS = np.arange(1, 6)
BINS = np.array([0, 0.02, 0.1, 0.25, 0.4, 0.6, 0.75, 0.9, 0.98, 1.0001])


@dataclass(frozen=True)
class Truth:
    """A latent model with variances 1, its graph and its thresholds."""

    model: OrdinalModel
    graph: Dag


def truth(seed: int) -> Truth:
    rng = stream(seed, "benchmark", "truth")
    p, order = len(NAMES), stream(seed, "benchmark", "order").permutation(len(NAMES))
    b = np.zeros((p, p))
    for i in range(p):
        for j in range(i + 1, p):
            if rng.random() < 0.4:
                b[order[i], order[j]] = rng.uniform(0.25, 0.6) * rng.choice([-1, 1], p=[0.3, 0.7])
    total = np.linalg.inv(np.eye(p) - b)
    spread = np.sqrt(np.square(total).sum(axis=0))
    latent = StructuralModel.from_coefficients(NAMES, b * spread[:, None] / spread, residual_scales=1 / spread)
    steps = {}
    for name in NAMES:
        shares = rng.dirichlet([1.0, 2, 4, 8, 8])
        steps[name] = tuple(norm.ppf(np.clip(np.cumsum(shares)[:-1], 0.01, 0.985) + np.arange(4) * 1e-3))
    return Truth(OrdinalModel(latent, steps, dict.fromkeys(NAMES, tuple(LABELS))), Dag(NAMES, b != 0))


def answers_of(model: OrdinalModel, latent: np.ndarray) -> pd.DataFrame:
    columns = {v: LABELS[np.searchsorted(model.thresholds[v], latent[:, j])] for j, v in enumerate(NAMES)}
    return pd.DataFrame(columns).astype(float)


def simulated(model: OrdinalModel, n: int, rng: np.random.Generator) -> np.ndarray:
    noise = model.latent.residual_scales[0] * rng.standard_normal((n, len(NAMES)))
    return np.asarray(noise @ model.latent.total[0])


def changed(
    model: OrdinalModel, latent: np.ndarray, action: Shift | SetCategory, rng: np.random.Generator
) -> np.ndarray:
    """What the same units' latent scores become."""
    node = NAMES.index(action.node)
    if isinstance(action, Shift):
        return latent + action.amount * model.latent.total[0, node]
    low = model.thresholds[action.node][-1]
    drawn = norm.ppf(norm.cdf(low) + rng.random(len(latent)) * norm.sf(low))
    gap = np.where(latent[:, node] > low, 0.0, drawn - latent[:, node])
    cut = np.array(model.latent.coefficients[0])
    cut[:, node] = 0
    return np.asarray(latent + gap[:, None] * np.linalg.inv(np.eye(len(NAMES)) - cut)[node])


def ranked_score(shares: np.ndarray, answers: np.ndarray) -> float:
    """Mean ranked probability score: squared distance of the cumulative shares (n, A) from the step at the answer."""
    step = LABELS[None, :-1] >= answers[:, None]
    return float(np.square(np.cumsum(shares, axis=1)[:, :-1] - step).sum(axis=1).mean())


def linear_shares(mean: np.ndarray, spread: float) -> np.ndarray:
    """A normal prediction cut at the half-way points between answers."""
    ends = np.r_[-np.inf, LABELS[:-1] + 0.5, np.inf]
    return np.diff(norm.cdf((ends - mean[:, None]) / max(spread, 1e-9)), axis=1)


def one_truth(seed: int, units: int, learned: bool) -> dict[str, list[np.ndarray]]:
    """Predicted and observed of every other value of every unit under three interventions, and scores."""
    given, rng = truth(seed), stream(seed, "benchmark", "units")
    rows = answers_of(given.model, simulated(given.model, 1500, rng))
    evidence, raw = summarise(rows, moments=PolychoricMoments(ordinal=NAMES)), summarise(rows)
    graphs = discover(evidence, ExactPosterior(draws=200), seed=seed) if learned else given.graph
    raw_graphs = discover(raw, ExactPosterior(draws=200), seed=seed) if learned else given.graph
    model = ordinal_model(fit(graphs, evidence, PosteriorDraws(draws=200), seed), rows)
    linear = fit(raw_graphs, raw, PosteriorDraws(draws=200), seed)
    latent = simulated(given.model, units, rng)
    facts = answers_of(given.model, latent)
    causes = [v for v in NAMES if given.graph.adjacency[NAMES.index(v)].any()][:1]
    out: dict[str, list[np.ndarray]] = {k: [] for k in ("bins", "ours", "cut", "point", "same", "outside", "covered")}
    for node in causes:
        for action in (Shift(node, 1.0), Shift(node, -1.0), SetCategory(node, 5)):
            after = answers_of(given.model, changed(given.model, latent, action, rng))
            found = counterfactual_categories(model, facts, [action], seed, Gibbs(draws=50, sweeps=8))
            exact = counterfactual_categories(given.model, facts, [action], seed, Gibbs(draws=50, sweeps=10))
            guess = linear_change(linear, rows, facts, action)
            for j, name in enumerate(NAMES):
                if name == node:
                    continue
                happened = after[name].to_numpy()
                out["bins"].append(binned(found.mean[:, j], happened))
                out["ours"].append(np.array(ranked_score(found.mean[:, j], happened)))
                wide = float(np.std(happened - guess[name]))  # the best spread it could have
                out["cut"].append(np.array(ranked_score(linear_shares(guess[name].to_numpy(), wide), happened)))
                nearest = np.clip(np.round(guess[name].to_numpy()), 1, 5)
                out["point"].append(np.array(ranked_score(np.eye(5)[nearest.astype(int) - 1], happened)))
                still = np.eye(5)[facts[name].to_numpy().astype(int) - 1]
                out["same"].append(np.array(ranked_score(still, happened)))
                moved = (guess[name] - facts[name]).abs() > 1e-9
                if moved.any():
                    out["outside"].append(np.array(((guess[name] < 1) | (guess[name] > 5))[moved].mean()))
                shares = np.stack([exact.mean[:, j], found.mean[:, j]])
                moving = ((shares > 0.02) & (shares < 0.98)).any(axis=0)
                inside = (exact.mean[:, j] >= found.lower[:, j] - 0.01) & (exact.mean[:, j] <= found.upper[:, j] + 0.01)
                if moving.any():
                    out["covered"].append(np.array(inside[moving].mean()))
    return out


def linear_change(
    model: StructuralModel, rows: pd.DataFrame, facts: pd.DataFrame, action: Shift | SetCategory
) -> pd.DataFrame:
    """The linear model's counterfactual means: the same move in raw units (a deviation, or up to the answer)."""
    if isinstance(action, Shift):
        return counterfactual(model, facts, [Shift(action.node, action.amount * float(rows[action.node].std()))]).mean()
    moves = action.category - facts[action.node]
    unit = counterfactual(model, facts.iloc[:1], [Shift(action.node, 1.0)]).mean() - facts.iloc[:1]
    return facts + moves.to_numpy()[:, None] * unit.to_numpy()


def binned(shares: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Sums [bin, (number, predicted, observed)] over all categories and units."""
    hit = (LABELS[None] == answers[:, None]).ravel()
    place = np.digitize(shares.ravel(), BINS) - 1
    size = len(BINS) - 1
    return np.stack([np.bincount(place, w, minlength=size) for w in (np.ones(hit.size), shares.ravel(), hit)], axis=1)


def calibration(truths: int, units: int, learned: bool) -> None:
    print(f"\n1. {truths} truths, 1,500 rows learned from, {units} units, graph {'learned' if learned else 'known'}")
    found = [one_truth(seed, units, learned) for seed in range(truths)]
    found = [each for each in found if each["ours"]]
    print(f"{'bin':>12} {'cells':>8} {'predicted':>9} {'observed':>8} {'error over truths':>17}")
    sums = np.array([np.sum(each["bins"], axis=0) for each in found])
    for k in range(len(BINS) - 1):
        n, predicted, happened = sums[:, k].sum(axis=0)
        if n == 0:
            continue
        gaps = (sums[:, k, 2] - sums[:, k, 1])[sums[:, k, 0] > 0]
        error = np.sqrt(np.square(gaps - gaps.mean()).sum()) / n
        print(
            f"{BINS[k]:5.2f}-{min(BINS[k + 1], 1):5.2f} {n:9.0f} {predicted / n:9.3f} {happened / n:8.3f} {error:17.3f}"
        )
    for what, name in (("ours", "ordinal model"), ("cut", "linear, normal spread cut into categories"),
                       ("point", "linear, rounded and clipped"), ("same", "no change")):  # fmt: skip
        print(f"ranked probability score, {name}: {spread([np.mean(each[what]) for each in found])}")
    gain = [np.mean(each["cut"]) - np.mean(each["ours"]) for each in found]
    print(f"linear (cut) minus ordinal: {spread(gain)}")
    print(
        f"share of the linear model's predictions off the scale: {spread([np.mean(each['outside']) for each in found])}"
    )
    print(f"90% intervals hold the truth's probability: {spread([np.mean(each['covered']) for each in found])}")


def spread(found: list[float]) -> str:
    half = 1.96 * np.std(found, ddof=1) / np.sqrt(len(found))
    return f"{np.mean(found):.4f} [{np.mean(found) - half:.4f}, {np.mean(found) + half:.4f}]"


def speed() -> None:
    rng = stream(0, "benchmark", "speed")
    names = tuple(f"v{i:02d}" for i in range(21))
    b = np.triu(rng.random((21, 21)) < 0.2, 1) * rng.choice([-0.3, 0.3, 0.4], (21, 21))
    x = rng.standard_normal((1000, 21)) @ np.linalg.inv(np.eye(21) - b)
    rows = pd.DataFrame(np.digitize(x / x.std(axis=0), [-1.2, -0.6, 0, 0.6, 1.2]) + 1.0, columns=names)
    evidence = summarise(rows, moments=PolychoricMoments())
    model = ordinal_model(fit(Dag(names, b != 0), evidence, PosteriorDraws(draws=500)), rows)
    action = [SetCategory("v00", 6), Shift("v03", 0.5)]
    counterfactual_categories(model, rows[:5], action)
    print("\n2. 1,000 units x 21 values x 6 categories, 500 draws of the model")
    found = []
    for draws, sweeps in ((100, 10), (50, 6), (100, 50)):
        began, used = time.perf_counter(), time.process_time()
        found.append(counterfactual_categories(model, rows, action, 1, Gibbs(draws, sweeps)))
        took, cpu = time.perf_counter() - began, time.process_time() - used
        print(f"   {draws} draws x {sweeps} sweeps: {took:.1f} s ({cpu:.1f} s of one core)", end="; ")
        print(f"error of the sampling {sampling_error(model, rows, action, found[-1], Gibbs(draws, sweeps)):.4f}")


def sampling_error(
    model: OrdinalModel, rows: pd.DataFrame, action: list[Shift | SetCategory], found: CategoryProbabilities, how: Gibbs
) -> float:
    """Root mean squared error of the mean probabilities that are neither 0 nor 1, from another seed for 200 units."""
    other = counterfactual_categories(model, rows[:200], action, 2, how)
    first = found.mean[:200]
    inside = (first > 0.01) & (first < 0.99)
    return float(np.sqrt(np.square(first - other.mean)[inside].mean() / 2))


def people(folder: Path, units: int) -> None:
    data = pd.read_csv(folder / "ess11_pvq21" / "ess11_pvq21_13countries.csv.gz")
    items = [name for name in data.columns if name.startswith("ip") or name.startswith("imp")]
    rows = 7 - data[items].astype(float).where(data[items] <= 6)  # high: very much like me
    rows = rows[data["cntry"] == "NO"].dropna(how="all")
    evidence = summarise(rows, moments=PolychoricMoments())
    model = ordinal_model(fit(discover(evidence, seed=1), evidence, seed=1), rows)
    print(f"\n3. Norway: {len(rows)} people, {len(items)} items; {model}")
    before = predict_categories(model)
    gaps = [before.of(v).iloc[0] - rows[v].value_counts(normalize=True) for v in model.values]
    gap = max(float(each.abs().max()) for each in gaps)
    print(f"   largest gap of predicted and observed shares without intervention {gap:.4f}")
    for action in (SetCategory("impenv", 6), Shift("ipcrtiv", 1.0)):
        after = predict_categories(model, [action])
        gain = (after.expected - before.expected)[0]
        low, high = after.expected_lower[0] - before.expected[0], after.expected_upper[0] - before.expected[0]
        top = np.argsort(-np.abs(gain))[:5]
        told = ", ".join(f"{model.values[j]} {gain[j]:+.2f} [{low[j]:+.2f}, {high[j]:+.2f}]" for j in top)
        print(f"   {action}: {told}")
    began = time.perf_counter()
    found = counterfactual_categories(model, rows[:units], [SetCategory("impenv", 6)], 1)
    took = time.perf_counter() - began
    print(f"   {units} people with impenv at 6: {took:.1f} s; expected answers {found.expected.min():.2f} to "
          f"{found.expected.max():.2f}; lost answers among them {int(rows[:units].isna().sum().sum())}")  # fmt: skip


if __name__ == "__main__":
    full = "--full" in sys.argv
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("--")]
    for known in (False, True):
        calibration(60 if full else 12, 500, known)
    speed()
    if folders:
        people(folders[0], 1000 if full else 300)
