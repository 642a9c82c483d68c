"""Measures of calibration, and the picture of reliability: for `calibration.py`. Nothing to run by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from causalvalues.randomness import stream

ROWS = (100, 300, 1000, 5000)
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True, eq=False)
class Judged:
    """All pairs of many networks for one question: (networks, pairs) arrays."""

    truth: np.ndarray
    claimed: np.ndarray
    rival: np.ndarray

    def __add__(self, other: Judged) -> Judged:
        pairs = ((self.truth, other.truth), (self.claimed, other.claimed), (self.rival, other.rival))
        return Judged(*(np.concatenate(pair) for pair in pairs))


def partial_z(rows: np.ndarray) -> np.ndarray:
    """Fisher transform (p, p) of |partial correlation given all other columns|, in standard errors."""
    inverse = np.linalg.inv(np.corrcoef(rows.T))
    scale = np.sqrt(np.diag(inverse))
    r = np.clip(np.abs(inverse / np.outer(scale, scale)), 0, 1 - 1e-9)
    np.fill_diagonal(r, 0.0)
    return np.asarray(np.arctanh(r) * math.sqrt(len(rows) - len(r) - 1))


def logistic(design: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Coefficients of a logistic regression with intercept, by Newton steps (ridge 1e-6 against separation)."""
    x = np.column_stack([np.ones(len(design)), design])
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        mean = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        hessian = (x * (mean * (1 - mean))[:, None]).T @ x + 1e-6 * np.eye(len(beta))
        step = np.linalg.solve(hessian, x.T @ (truth - mean) - 1e-6 * beta)
        beta += step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:
            break
    return beta


def recalibrated(z: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Probabilities of a logistic regression on z and log z, each half of the networks judged by the other half."""
    half = np.arange(len(z)) % 2 == 0
    found = np.empty(z.shape)
    for fitted, judged in ((half, ~half), (~half, half)):
        features = [np.column_stack([part.ravel(), np.log(part.ravel() + 0.1)]) for part in (z[fitted], z[judged])]
        beta = logistic(features[0], truth[fitted].ravel().astype(float))
        found[judged] = (1 / (1 + np.exp(-beta[0] - features[1] @ beta[1:]))).reshape(z[judged].shape)
    return found


def figures(cell: Judged) -> dict[str, float]:
    """Return the columns of the table for one question in one cell."""
    truth, claimed = cell.truth.ravel().astype(float), cell.claimed.ravel()
    brier = np.mean((truth - claimed) ** 2)
    base = truth.mean() * (1 - truth.mean())
    inside = (claimed >= LOW) & (claimed <= HIGH)
    true, said = truth[inside], claimed[inside]
    error = slope = math.nan
    if inside.sum() >= 50 and 0 < true.mean() < 1:
        bins = np.minimum(((said - LOW) / 0.1).astype(int), 8)
        gaps = [abs(true[bins == k].sum() - said[bins == k].sum()) for k in range(9)]
        error = float(sum(gaps) / len(true))
        slope = float(logistic(np.log(said / (1 - said))[:, None], true)[1])
    sure = claimed > HIGH
    return {
        "base rate": float(truth.mean()),
        "mean P": float(claimed.mean()),
        "skill over base rate": float(1 - brier / base),
        "skill over |partial r|": float(1 - brier / np.mean((truth - cell.rival.ravel()) ** 2)),
        "pairs": int(inside.sum()),
        "calibration error": error,
        "slope": slope,
        "sure pairs": int(sure.sum()),
        "true when sure": float(truth[sure].mean()) if sure.any() else math.nan,
    }


def with_intervals(cell: Judged, rng: np.random.Generator, resamples: int = 300) -> dict[str, float]:
    """Add the ends of 95% bootstrap intervals over networks."""
    found, count = figures(cell), len(cell.truth)
    picks = [rng.integers(count, size=count) for _ in range(resamples)]
    drawn = pd.DataFrame([figures(Judged(cell.truth[k], cell.claimed[k], cell.rival[k])) for k in picks])
    for name in ("skill over base rate", "skill over |partial r|", "calibration error", "slope", "true when sure"):
        found[f"{name} low"], found[f"{name} high"] = drawn[name].quantile([0.025, 0.975])
    return found


def reliability(one: Judged, rng: np.random.Generator, least: int = 20) -> tuple[np.ndarray, ...]:
    """Mean P, share true and its 95% interval over networks in ten bins of width .1 that hold enough pairs."""
    bins = np.minimum((one.claimed * 10).astype(int), 9)
    points = []
    for k in range(10):
        chosen = bins == k
        if chosen.sum() < least:
            points.append((math.nan,) * 4)  # the line is broken there
            continue
        hits, sizes = (one.truth & chosen).sum(axis=1), chosen.sum(axis=1)
        picks = rng.integers(len(hits), size=(300, len(hits)))
        with np.errstate(invalid="ignore"):
            shares = hits[picks].sum(axis=1) / sizes[picks].sum(axis=1)
        share = hits.sum() / sizes.sum()
        low, high = np.nanquantile(shares, [0.025, 0.975])
        points.append((one.claimed[chosen].mean(), share, min(low, share), max(high, share)))
    return tuple(np.array(points).T)


def reliability_figure(cells: dict[str, list[Judged]], path: Path) -> None:
    """Draw the share of true edges against the claimed probability, with 95% intervals over networks."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "calibration"
    import matplotlib.pyplot as plt

    panels, axes = plt.subplots(1, len(cells), figsize=(3.1 * len(cells), 3.4), sharey=True, squeeze=False)
    for axis, (title, per_rows) in zip(axes[0], cells.items(), strict=True):
        axis.plot([0, 1], [0, 1], color="0.7", lw=1, zorder=0)
        for k, (one, n) in enumerate(zip(per_rows, ROWS, strict=True)):
            x, y, low, high = reliability(one, stream(0, "reliability", n))
            colour = plt.get_cmap("viridis")(0.85 * k / (len(ROWS) - 1))
            axis.errorbar(x, y, [y - low, high - y], fmt="o-", ms=3.5, lw=1, color=colour, label=f"n = {n}")
        axis.set(title=title, xlabel="probability claimed", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes[0][0].set_ylabel("share true")
    axes[0][0].legend(fontsize=8, frameon=False)
    panels.tight_layout()
    panels.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    panels.savefig(path.with_suffix(".png"), dpi=150)
    plt.close(panels)
