"""Predictions of rows by predictors that have not seen them, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import CausalValuesError
from causalvalues.frozen import FloatArray
from causalvalues.prediction import FittedPredictor, PairedRows, Prediction, Predictor
from causalvalues.skill.contenders import Contender
from causalvalues.skill.fitted_effects import FittedEffects
from causalvalues.skill.rescaled import Rescaled, rescale
from causalvalues.skill.splits import Fold


@dataclass(frozen=True, eq=False)
class Foreseen:
    """Observed and predicted changes of the rows of one split, score units.

    Parameters
    ----------
    split : str
    values : tuple of str, length p
    groups, cells : tuple of str, length m
        What was left out with the row, and its lever set.
    observed : array (m, p)
        Change; NaN where it does not count or is not known.
    predicted : mapping of str to Prediction
        Predicted changes with 90% intervals (m, p), by predictor.
    skipped : mapping of str to str
        Predictors that gave none, and why.
    levers : tuple of tuple of str, length m
        The levers that act in each row, in name order.
    """

    split: str
    values: tuple[str, ...]
    groups: tuple[str, ...]
    cells: tuple[str, ...]
    observed: FloatArray
    predicted: Mapping[str, Prediction]
    skipped: Mapping[str, str]
    levers: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        count = int(np.isfinite(self.observed).sum())
        return f"Foreseen({self.split}: {len(self.groups)} rows, {count} changes, {len(self.predicted)} predictors)"


def foresee(split: str, folds: Sequence[Fold], contenders: Sequence[Contender], seed: int) -> Foreseen:
    """Let every contender learn from the rows of each fold and predict the others.

    A contender that cannot learn from a fold is left out of the whole split, with its reason.
    """
    parts: dict[str, list[Prediction]] = {each.predictor.name: [] for each in contenders}
    skipped: dict[str, str] = {}
    for fold in folds:
        done: dict[str, FittedPredictor] = {}
        for contender in contenders:
            name = contender.predictor.name
            if name in skipped:
                continue
            try:
                done[name] = _fitted(contender.predictor, fold, seed, done)
                parts[name].append(_changes(done[name], fold))
            except CausalValuesError as error:
                skipped[name] = str(error)
    kept = {name: _joined(found) for name, found in parts.items() if name not in skipped}
    return Foreseen(
        split,
        folds[0].test.values,
        tuple(group for fold in folds for group in fold.groups),
        tuple(cell for fold in folds for cell in fold.test.cells),
        np.concatenate([np.where(fold.scored, fold.test.change, np.nan) for fold in folds]),
        kept,
        skipped,
        tuple(levers for fold in folds for levers in _acting(fold.test)),
    )


def _acting(rows: PairedRows) -> list[tuple[str, ...]]:
    return [tuple(sorted(rows.levers[i] for i in np.flatnonzero(row))) for row in rows.doses]


def _fitted(predictor: Predictor, fold: Fold, seed: int, done: Mapping[str, FittedPredictor]) -> FittedPredictor:
    """Fit, on top of a predictor that has been fitted to this fold before where there is one."""
    if isinstance(predictor, Rescaled):
        base = done.get(predictor.base.name)
        if isinstance(base, FittedEffects):
            return rescale(base, fold.train)
    return predictor.fit(fold.train, seed)


def _changes(fitted: FittedPredictor, fold: Fold) -> Prediction:
    start = fold.test.start
    found = fitted.predict(start, fold.test.doses)
    return Prediction(found.mean - start, found.lower - start, found.upper - start)


def _joined(parts: Sequence[Prediction]) -> Prediction:
    return Prediction(
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.lower for part in parts]),
        np.concatenate([part.upper for part in parts]),
    )
