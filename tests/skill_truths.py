"""Simulated answers of which everything is known, and predictors that know it or break rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.prediction import PairedRows, Prediction
from causalvalues.skill.contenders import Contender
from causalvalues.skill.scale_start import ScaleStart
from causalvalues.skill.simple import MeanOfOthers, NoChange, SumOfSingles

QUICK = tuple(Contender(each) for each in (NoChange(), SumOfSingles(), ScaleStart(), MeanOfOthers()))


@dataclass(frozen=True, eq=False)
class Truth:
    """A chain v0 -> v1 -> v2 -> v3 and v0 -> v3; each lever pushes its own value, two reach `scale` of their sum."""

    rows: PairedRows
    total: FloatArray
    noise: float
    scale: float
    keep: float

    def reached(self, start: FloatArray, doses: FloatArray) -> FloatArray:
        strength = np.where((doses != 0).sum(axis=1, keepdims=True) > 1, self.scale, 1.0)
        return np.asarray(self.keep * start + strength * (doses * np.linspace(0.5, 1, 4)) @ self.total)


def simulate(seed: int = 0, units: int = 40, noise: float = 0.05, scale: float = 0.7, keep: float = 0.8) -> Truth:
    random = np.random.default_rng(seed)
    direct = np.zeros((4, 4))
    direct[0, 1], direct[1, 2], direct[0, 3], direct[2, 3] = 0.6, 0.5, -0.5, 0.4
    total = np.linalg.inv(np.eye(4) - direct)
    sets = [(i,) for i in range(4)] + [(i, j) for i in range(4) for j in range(i)]
    doses = np.array([[float(i in some) for i in range(4)] for some in sets])
    start = np.repeat(random.normal(size=(units, 4)) @ total * 0.4, len(sets), axis=0)
    names = tuple(f"u{u:03d}" for u in range(units) for _ in sets)
    values = tuple(f"v{i}" for i in range(4))
    rows = PairedRows(values, tuple(f"do_{v}" for v in values), names, start, np.tile(doses, (units, 1)), start)
    truth = Truth(rows, total, noise, scale, keep)
    reached = truth.reached(rows.start, rows.doses) + noise * random.normal(size=start.shape)
    return replace(truth, rows=replace(rows, reached=reached))


@dataclass(frozen=True, eq=False)
class Knows:
    """The truth as a predictor; values and levers in name order."""

    truth: Truth
    name: str = "truth"

    def fit(self, rows: PairedRows, seed: int) -> Knows:
        return self

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        mean = self.truth.reached(start, doses)
        half = 1.6448536269514722 * self.truth.noise
        return Prediction(mean, mean - half, mean + half)


@dataclass(frozen=True, eq=False)
class Remembers:
    """Remembers every answer that it has seen, by start and lever set; knows nothing else."""

    name: str = "memory"
    seen: dict[bytes, FloatArray] = field(default_factory=dict)

    def fit(self, rows: PairedRows, seed: int) -> Remembers:
        keys = [start.tobytes() + dose.tobytes() for start, dose in zip(rows.start, rows.doses, strict=True)]
        return Remembers(self.name, dict(zip(keys, rows.reached, strict=True)))

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        mean = np.array(start)
        for i, (one, dose) in enumerate(zip(start, doses, strict=True)):
            known = self.seen.get(one.tobytes() + dose.tobytes())
            if known is not None:
                mean[i] = np.where(np.isfinite(known), known, one)
        return Prediction(mean, mean, mean)
