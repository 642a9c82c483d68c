"""Effects of levers, scaled to what sets of levers did, with the unit's start: what a graph adds to that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.prediction import PairedRows, Prediction, Predictor
from causalvalues.skill.fitted_effects import PUSHED, EffectTable, FittedEffects, foreseen_rows
from causalvalues.skill.spread import Spread

FEWEST = 4
"""Rows that an equation of its own needs."""


@dataclass(frozen=True)
class Rescaled:
    """Regress changes on the effects that another predictor foresees and on the start.

    For each value j, change_j = a_j + b_j D_j + c_j x_j, where D is the sum of the other predictor's effects of
    single levers and x the start; one equation for rows of one lever, another for rows of several. For levers that
    were left out but for the effect on their own value, D is what is foreseen from that effect, and the equation is
    fitted to the other levers, each foreseen in the same way; b is then one number for all values. An equation with
    b = 0 is the mean of the other levers with the start, so that the difference to it is what the foreseen effects
    add.

    Parameters
    ----------
    base : Predictor
        One whose fit is a `FittedEffects`.
    """

    base: Predictor
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"{self.base.name}, scaled + start")

    def fit(self, rows: PairedRows, seed: int) -> FittedRescaled:
        """Fit the other predictor and the regression.

        Raises
        ------
        ModelError
            If the other predictor does not add up effects.
        """
        fitted = self.base.fit(rows, seed)
        if not isinstance(fitted, FittedEffects):
            raise ModelError(f"{self.base.name!r} has no effects of single levers that could be scaled.")
        return rescale(fitted, rows)


def rescale(fitted: FittedEffects, rows: PairedRows) -> FittedRescaled:
    """Fit both regressions on top of a predictor that has seen the same rows."""
    table = fitted.table
    full = ~np.isin(table.kinds(rows.doses), PUSHED)
    some = rows.on(full)
    known = _by_number(table.added(some.doses), some)
    again, foreseen = foreseen_rows(table, rows)
    pushed = _pooled(foreseen, again) if len(again) else known[0]
    model = FittedRescaled(table, known, pushed, None)
    errors = [some.reached - model.mean(some.start, some.doses)]
    kinds = [table.kinds(some.doses)]
    if len(again):
        errors.append(again.change - _applied(pushed, foreseen, again.start))
        kinds.append(np.full(len(again), PUSHED))
    return FittedRescaled(table, known, pushed, Spread.of(np.concatenate(errors), np.concatenate(kinds)))


@dataclass(frozen=True, eq=False)
class FittedRescaled:
    """Coefficients of intercept, effects and start.

    Parameters
    ----------
    table : EffectTable
    known : array (2, 3, p)
        For rows of one known lever, and of several.
    pushed : array (3, p)
        For levers that were left out but for the effect on their own value.
    spread : Spread, optional
    """

    table: EffectTable
    known: FloatArray
    pushed: FloatArray
    spread: Spread | None

    def mean(self, start: FloatArray, doses: FloatArray) -> FloatArray:
        """Return the mean profiles (m, p)."""
        effects = self.table.added(doses)
        left_out = self.table.kinds(doses)[:, None] == PUSHED
        several = (doses != 0).sum(axis=1, keepdims=True) > 1
        one, more = (_applied(coefficients, effects, start) for coefficients in self.known)
        change = np.where(left_out, _applied(self.pushed, effects, start), np.where(several, more, one))
        return np.asarray(start + change)

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        """Return profiles for units with these profiles without levers (m, p) under doses (m, k)."""
        mean = self.mean(start, doses)
        if self.spread is None:
            return Prediction(mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan))
        return Prediction(mean, *self.spread.about(mean, self.table.kinds(doses)))


def _applied(coefficients: FloatArray, effects: FloatArray, start: FloatArray) -> FloatArray:
    a, b, c = coefficients
    return np.asarray(a + b * effects + c * start)


def _by_number(effects: FloatArray, rows: PairedRows) -> FloatArray:
    """Return coefficients (2, 3, p) for rows of one lever and of several; those of all rows where either is rare."""
    whole = _by_value(effects, rows)
    found = [whole, whole]
    for place, some in enumerate((rows.used == 1, rows.used > 1)):
        if some.sum() >= FEWEST:
            found[place] = _by_value(effects[some], rows.on(some))
    return np.array(found)


def _by_value(effects: FloatArray, rows: PairedRows) -> FloatArray:
    found = np.zeros((3, len(rows.values)))
    for j in range(len(rows.values)):
        seen = np.isfinite(rows.change[:, j])
        design = np.column_stack([np.ones(len(rows)), effects[:, j], rows.start[:, j]])
        root = np.sqrt(rows.weights[seen])
        found[:, j] = _least_squares(design[seen] * root[:, None], rows.change[seen, j] * root)
    return found


def _pooled(effects: FloatArray, rows: PairedRows) -> FloatArray:
    """Return coefficients with one slope of the effects: each value's own intercept and start are taken out first."""
    p = len(rows.values)
    parts: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray]] = []
    top = bottom = 0.0
    for j in range(p):
        seen = np.isfinite(rows.change[:, j]) & np.isfinite(effects[:, j])
        root = np.sqrt(rows.weights[seen])
        design = np.column_stack([np.ones(int(seen.sum())), rows.start[seen, j]]) * root[:, None]
        x, y = effects[seen, j] * root, rows.change[seen, j] * root
        rest = x - design @ _least_squares(design, x)
        top, bottom = top + float(rest @ y), bottom + float(rest @ x)
        parts.append((design, x, y, root))
    slope = top / bottom if bottom > 1e-12 else 0.0
    found = np.zeros((3, p))
    for j, (design, x, y, _) in enumerate(parts):
        intercept, start = _least_squares(design, y - slope * x)
        found[:, j] = intercept, slope, start
    return found


def _least_squares(design: FloatArray, outcome: FloatArray) -> FloatArray:
    """Return least-squares coefficients, the smallest ones where several fit."""
    if len(design) == 0:
        return np.zeros(design.shape[1])
    return np.asarray(np.linalg.lstsq(design, outcome, rcond=None)[0])
