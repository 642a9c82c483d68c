"""Predictors that need no graph and no correlation: no change, sums of effects, what other levers did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.prediction import PairedRows, Prediction
from causalvalues.prediction.left_out import base_lever
from causalvalues.skill.fitted_effects import EffectTable, FittedEffects
from causalvalues.skill.single_effects import aims, known_aims, only_own, single_effects
from causalvalues.skill.spread import Spread


@dataclass(frozen=True)
class NoChange:
    """Every unit stays at its start.

    Parameters
    ----------
    own : mapping of lever to value, optional
        By default levers named ``<prefix>_<value>``, such as ``do_power``; matters for the intervals under
        levers that are left out.
    """

    own: Mapping[str, str] | None = None
    name: str = "no change"

    def fit(self, rows: PairedRows, seed: int) -> FittedEffects:  # noqa: ARG002
        """Take the intervals from the changes of these rows."""
        nothing = np.zeros((len(rows.levers), len(rows.values)))
        return FittedEffects.on(EffectTable(nothing, nothing, single_effects(rows), known_aims(rows, self.own)), rows)


@dataclass(frozen=True)
class SumOfSingles:
    """Start plus the sum of what each lever did alone; an effect that was never seen counts as none.

    Parameters
    ----------
    own : mapping of lever to value, optional
        As in `NoChange`.
    """

    own: Mapping[str, str] | None = None
    name: str = "sum of single effects"

    def fit(self, rows: PairedRows, seed: int) -> FittedEffects:  # noqa: ARG002
        """Estimate the effect of each lever from the rows in which it acts alone."""
        observed = single_effects(rows)
        effects, own = np.nan_to_num(observed, nan=0.0), known_aims(rows, self.own)
        return FittedEffects.on(EffectTable(effects, only_own(effects, own), observed, own), rows)


@dataclass(frozen=True)
class MeanOfOthers:
    """Start plus the mean change under the other levers: lever sets of the same size that share no lever with this one.

    Lever sets that aim at a value are left out where that value is foreseen. Where no set of the same size is left,
    sets of any size are used, then also sets that share a lever.

    Parameters
    ----------
    own : mapping of lever to value, optional
        By default levers named ``<prefix>_<value>``, such as ``do_power``.
    """

    own: Mapping[str, str] | None = None
    name: str = "mean of the other levers"

    def fit(self, rows: PairedRows, seed: int) -> FittedOthers:  # noqa: ARG002
        """Take the mean change of each lever set."""
        bases = sorted({base_lever(lever) for lever in rows.levers})
        groups = np.array([[base_lever(lever) == base for base in bases] for lever in rows.levers], dtype=bool)
        distinct, back = np.unique(rows.doses, axis=0, return_inverse=True)
        back = back.reshape(-1)
        seen = np.isfinite(rows.change) * rows.weights[:, None]
        top, bottom = np.zeros((len(distinct), len(rows.values))), np.zeros((len(distinct), len(rows.values)))
        np.add.at(top, back, np.where(np.isfinite(rows.change), rows.change, 0.0) * rows.weights[:, None])
        np.add.at(bottom, back, seen)
        means = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
        aimed = np.zeros((len(rows.levers), len(rows.values)), dtype=bool)
        for lever, value in aims(rows.levers, rows.values, self.own).items():
            aimed[rows.levers.index(lever), rows.values.index(value)] = True
        fitted = FittedOthers(groups, distinct, means, ((distinct != 0) @ aimed.astype(int)) > 0, None)
        errors = rows.reached - fitted.mean(rows.start, rows.doses)
        return FittedOthers(groups, distinct, means, fitted.aimed, Spread.of(errors, rows.used))


@dataclass(frozen=True, eq=False)
class FittedOthers:
    """Mean changes (c, p) of lever sets with these doses (c, k); `aimed` (c, p) says which values a set aims at."""

    groups: BoolArray
    doses: FloatArray
    means: FloatArray
    aimed: BoolArray
    spread: Spread | None

    def mean(self, start: FloatArray, doses: FloatArray) -> FloatArray:
        """Return the mean profiles (m, p)."""
        distinct, back = np.unique(doses, axis=0, return_inverse=True)
        change = np.array([self._others(row) for row in distinct]).reshape(len(distinct), start.shape[1])
        return np.asarray(start + change[back.reshape(-1)])

    def _others(self, dose: FloatArray) -> FloatArray:
        """Return the mean change (p,) over the other lever sets."""
        acting = self.groups[dose != 0].any(axis=0)
        apart = ~((self.doses != 0) @ self.groups.astype(int) > 0)[:, acting].any(axis=1)
        same = (self.doses != 0).sum(axis=1) == (dose != 0).sum()
        free = np.isfinite(self.means) & ~self.aimed
        found = np.zeros(self.means.shape[1])
        for j in range(len(found)):
            for rows in (apart & same, apart, np.ones(len(apart), dtype=bool)):
                if (rows & free[:, j]).any():
                    found[j] = self.means[rows & free[:, j], j].mean()
                    break
        return found

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        """Return profiles for units with these profiles without levers (m, p) under doses (m, k)."""
        mean = self.mean(start, doses)
        if self.spread is None:
            return Prediction(mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan))
        return Prediction(mean, *self.spread.about(mean, np.asarray((doses != 0).sum(axis=1))))
