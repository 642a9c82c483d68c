"""Predictions of rows made without them: by left-out pair of levers, lever or persona; and how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.prediction.predictors import Predictor
from causalvalues.randomness import require_whole, stream

By = Literal["pair", "lever", "persona"]
FOLDS = 10


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Predictions of rows, each from a fit that saw nothing of its group.

    Parameters
    ----------
    name : str
        The predictor.
    by : str
        What a group is: ``"pair"``, ``"lever"`` or ``"persona"``.
    rows : PairedRows
        The rows that were predicted.
    groups : tuple of str, length r
        Group of each row; rows of one group hang together, so bootstraps draw groups.
    mean, lower, upper : array (r, p)
        Predicted profiles and ends of 90% intervals, score units.
    """

    name: str
    by: str
    rows: PairedRows
    groups: tuple[str, ...]
    mean: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __post_init__(self) -> None:
        for name in ("mean", "lower", "upper"):
            object.__setattr__(self, name, frozen_floats(getattr(self, name), self.rows.start.shape, name))

    def __repr__(self) -> str:
        return f"LeftOut({self.name!r}: {len(self.rows)} rows of {len(set(self.groups))} groups by {self.by})"


def base_lever(lever: str) -> str:
    """Return the name of a lever without its wording.

    Examples
    --------
    >>> base_lever("do_power~w1")
    'do_power'
    """
    return lever.rsplit("~", 1)[0]


def left_out(predictor: Predictor, rows: PairedRows, by: By, seed: int, folds: int = FOLDS) -> LeftOut:
    """Predict every row from fits that saw nothing of its pair of levers, of its lever, or of its persona.

    By pair, each set of two or more levers is left out once, in all its wordings and doses; only rows with two or more
    levers are predicted. By lever, all rows that use a lever are left out; a row with several is predicted without one
    of them, drawn by the seed. By persona, units are dealt into folds.

    Parameters
    ----------
    predictor : Predictor
    rows : PairedRows
    by : {"pair", "lever", "persona"}
    seed : int
        For the folds and the fits.
    folds : int, default 10
        By persona only; at most the number of units.

    Raises
    ------
    ModelError
        If `by` is unknown, or there are fewer than two groups.
    """
    require_whole("seed", seed, 0)
    require_whole("folds", folds, 2)
    groups, fold = _groups(rows, by, seed, folds)
    names = sorted(set(fold) - {""})
    if len(names) < 2:
        raise ModelError(f"There are fewer than two groups by {by}, so none can be left out. Give rows of more.")
    used = _used(rows)
    found = {name: np.full(rows.start.shape, np.nan) for name in ("mean", "lower", "upper")}
    for name in names:
        out = np.array([group == name for group in fold])
        hidden = out | np.array([name in levers for levers in used]) if by == "lever" else out
        if hidden.all():
            raise ModelError(f"Without {name!r} no row is left to learn from, so it cannot be left out.")
        fitted = predictor.fit(rows.on(~hidden), seed)
        told = fitted.predict(rows.start[out], rows.doses[out])
        for part, whole in found.items():
            whole[out] = getattr(told, part)
    scored = np.array([group != "" for group in fold])
    kept = tuple(group for group, keep in zip(groups, scored.tolist(), strict=True) if keep)
    return LeftOut(predictor.name, by, rows.on(scored), kept, *(found[part][scored] for part in found))


def _used(rows: PairedRows) -> list[list[str]]:
    """Levers of each row, without wordings, in name order."""
    bases = [base_lever(lever) for lever in rows.levers]
    return [sorted({bases[i] for i in np.flatnonzero(row)}) for row in rows.doses]


def _groups(rows: PairedRows, by: str, seed: int, folds: int) -> tuple[list[str], list[str]]:
    """Return for each row its group, and what is left out together; "" where a row is not predicted."""
    if by == "pair":
        together = ["+".join(levers) if len(levers) > 1 else "" for levers in _used(rows)]
        return together, together
    if by == "lever":
        chance = stream(seed, "left-out lever").random(len(rows))
        one = [levers[int(u * len(levers))] for levers, u in zip(_used(rows), chance.tolist(), strict=True)]
        return one, one
    if by != "persona":
        raise ModelError(f"Nothing is known as {by!r} to leave out." + did_you_mean(by, ("pair", "lever", "persona")))
    names = sorted(set(rows.units))
    order = stream(seed, "left-out personas").permutation(len(names)).tolist()
    dealt = {names[i]: f"fold {place % min(folds, len(names))}" for place, i in enumerate(order)}
    return list(rows.units), [dealt[unit] for unit in rows.units]


def micro_r2(change: FloatArray, predicted: FloatArray) -> float:
    """Return R2 of changes with all cells pooled.

    1 - sum_rj (y_rj - f_rj)^2 / sum_rj (y_rj - mean_r y_rj)^2: y is the change of value j in row r, taken about the
    mean change of its value; a value that moves more counts more.

    Parameters
    ----------
    change, predicted : array (r, p)
        Reached minus start, and predicted minus start. Cells with NaN in either are left out.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[0.0, 0.0], [2.0, 4.0]])
    >>> micro_r2(y, y), micro_r2(y, np.full((2, 2), [1.0, 2.0]))
    (1.0, 0.0)
    """
    errors, spread = _squares(change, predicted)
    return float(1 - errors.sum() / spread.sum()) if spread.sum() > 0 else float("nan")


def macro_r2(change: FloatArray, predicted: FloatArray) -> float:
    """Return the mean over values of each value's R2 of changes.

    mean_j [1 - sum_r (y_rj - f_rj)^2 / sum_r (y_rj - mean_r y_rj)^2]: every value counts alike. Values that never
    change are left out.

    Parameters
    ----------
    change, predicted : array (r, p)
        As in `micro_r2`.
    """
    errors, spread = _squares(change, predicted)
    moved = spread > 0
    return float((1 - errors[moved] / spread[moved]).mean()) if moved.any() else float("nan")


def _squares(change: FloatArray, predicted: FloatArray) -> tuple[FloatArray, FloatArray]:
    seen = np.isfinite(change) & np.isfinite(predicted)
    y = np.where(seen, change, 0.0)
    count = np.maximum(seen.sum(axis=0), 1)
    away = np.where(seen, change - y.sum(axis=0) / count, 0.0)
    errors = np.where(seen, np.where(seen, change, 0.0) - np.where(seen, predicted, 0.0), 0.0)
    return (errors**2).sum(axis=0), (away**2).sum(axis=0)
