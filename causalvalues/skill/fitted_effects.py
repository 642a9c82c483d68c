"""Predictions that add effects of levers to the start of a unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.prediction import PairedRows, Prediction
from causalvalues.skill.spread import Spread

PUSHED = 0
"""Kind of a row in which a lever acts of which only the effect on its own value is known."""


@dataclass(frozen=True, eq=False)
class EffectTable:
    """Effects of levers on values, per unit of dose.

    Parameters
    ----------
    effects : array (k, p)
        What each lever does to each value.
    foreseen : array (k, p)
        What each lever would be taken to do if only its effect on its own value were known.
    observed : array (k, p)
        As `single_effects`: what rows say.
    own : mapping of int to int
        Lever -> the value that it aims at, by index.
    combinations : tuple of tuple of int
        Levers that act together, by index.
    combination_effects : array (c, p)
        What is added, times the product of the doses.
    """

    effects: FloatArray
    foreseen: FloatArray
    observed: FloatArray
    own: Mapping[int, int]
    combinations: tuple[tuple[int, ...], ...] = ()
    combination_effects: FloatArray = None  # type: ignore[assignment]

    @property
    def pushed(self) -> IntArray:
        """Levers of which the rows know some effects and not others: left out but for the effect on the own value."""
        known = np.isfinite(self.observed)
        return np.flatnonzero(known.any(axis=1) & ~known.all(axis=1))

    def kinds(self, doses: FloatArray) -> IntArray:
        """Return for each row (m,) the number of levers that act, or `PUSHED`."""
        acting = doses != 0
        return np.where(acting[:, self.pushed].any(axis=1), PUSHED, acting.sum(axis=1))

    def added(self, doses: FloatArray) -> FloatArray:
        """Return the sum of the effects of single levers (m, p)."""
        return np.asarray(np.einsum("mk,kp->mp", doses, self.effects))

    def change(self, doses: FloatArray) -> FloatArray:
        """Return the change (m, p), combinations included."""
        total = self.added(doses)
        for levers, effect in zip(self.combinations, self._combination_rows(), strict=True):
            total += doses[:, list(levers)].prod(axis=1)[:, None] * effect
        return total

    def _combination_rows(self) -> list[FloatArray]:
        return [] if self.combination_effects is None else list(self.combination_effects)

    def errors(self, rows: PairedRows) -> tuple[FloatArray, IntArray]:
        """Return errors on rows that were learned from, and their kinds.

        Rows with one lever stand a second time, as if only its effect on its own value were known.
        """
        errors, kinds = [rows.change - self.change(rows.doses)], [self.kinds(rows.doses)]
        again, foreseen = foreseen_rows(self, rows)
        if len(again):
            errors.append(again.change - foreseen)
            kinds.append(np.full(len(again), PUSHED))
        return np.concatenate(errors), np.concatenate(kinds)


def foreseen_rows(table: EffectTable, rows: PairedRows) -> tuple[PairedRows, FloatArray]:
    """Return rows with one fully known lever that aims at a value, and its foreseen effects (m, p).

    The foreseen effect on the own value is NaN, since it is given and not foreseen.
    """
    known = np.array(np.isfinite(table.observed).all(axis=1), dtype=bool)
    known[[lever for lever in range(len(known)) if lever not in table.own]] = False
    some = rows.on((rows.used == 1) & (rows.doses[:, known] != 0).any(axis=1))
    masked = np.array(table.foreseen)
    for lever, value in table.own.items():
        masked[lever, value] = np.nan
    return some, np.asarray(some.doses[np.arange(len(some)), lever_of(some), None] * masked[lever_of(some)])


def lever_of(rows: PairedRows) -> IntArray:
    """Return the lever (r,) of rows with one lever."""
    return np.asarray((rows.doses != 0).argmax(axis=1))


def with_combinations(table: EffectTable, rows: PairedRows) -> EffectTable:
    """Return the table with what each tried lever set did beyond the effects of its levers and of smaller sets."""
    whole = rows.on(np.asarray(np.isfinite(rows.reached).all(axis=1)))
    acting = whole.doses != 0
    sets = {tuple(np.flatnonzero(row).tolist()) for row in acting}
    for levers in sorted((some for some in sets if len(some) > 1), key=lambda some: (len(some), some)):
        here = whole.on((acting == np.isin(np.arange(acting.shape[1]), levers)).all(axis=1))
        product = here.doses[:, list(levers)].prod(axis=1)
        rest = here.change - table.change(here.doses)
        effect = np.einsum("r,rp->p", here.weights * product, rest) / (here.weights * product**2).sum()
        before = np.zeros((0, len(rows.values))) if table.combination_effects is None else table.combination_effects
        table = replace(
            table, combinations=(*table.combinations, levers), combination_effects=np.vstack([before, effect])
        )
    return table


@dataclass(frozen=True, eq=False)
class FittedEffects:
    """Start plus the effects of the levers; the unit keeps all that is its own."""

    table: EffectTable
    spread: Spread

    @classmethod
    def on(cls, table: EffectTable, rows: PairedRows) -> FittedEffects:
        """Take the intervals from the errors on these rows."""
        return cls(table, Spread.of(*table.errors(rows)))

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        """Return profiles for units with these profiles without levers (m, p) under doses (m, k)."""
        mean = start + self.table.change(doses)
        return Prediction(mean, *self.spread.about(mean, self.table.kinds(doses)))
