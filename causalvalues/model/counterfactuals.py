"""What a given unit would have answered: abduction, action, prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.interventions import Intervention
from causalvalues.model.propagation import Action, after_cutting, design_columns, new_doses, read_action
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel

BLOCK_BYTES = 16_000_000


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """Counterfactual values of n units in each of s draws.

    Parameters
    ----------
    nodes : tuple of str, length p
        Values of the model, in its order.
    units : tuple, length n
        Index of the rows that were asked about.
    facts : array (n, p)
    values : array (s, n, p)
        In the units of the scores.
    weights : array (s,)
    """

    nodes: tuple[str, ...]
    units: tuple[object, ...]
    facts: FloatArray
    values: FloatArray
    weights: FloatArray

    def __post_init__(self) -> None:
        shape = (len(self.weights), len(self.units), len(self.nodes))
        if self.values.shape != shape:
            raise ModelError(f"Counterfactual values have the shape {self.values.shape}, expected {shape}.")
        self.values.setflags(write=False)
        object.__setattr__(self, "facts", frozen_floats(self.facts, shape[1:], "facts"))

    def __repr__(self) -> str:
        s, n, p = self.values.shape
        return f"Counterfactual({s} draws x {n} units x {p} values)"

    def mean(self) -> pd.DataFrame:
        """Return the weighted mean over draws, one row a unit."""
        return self._frame(self.facts + np.tensordot(self.weights, self.values - self.facts, axes=1))

    def interval(self, level: float = 0.9) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the lower and upper ends of a central interval over the draws, one row a unit."""
        lower, upper = weighted_quantiles(self.values, self.weights, interval_shares(level))
        return self._frame(lower), self._frame(upper)

    def _frame(self, table: FloatArray) -> pd.DataFrame:
        return pd.DataFrame(np.array(table), index=list(self.units), columns=list(self.nodes))


@dataclass(frozen=True, eq=False)
class CounterfactualSummary:
    """Mean and central interval of the counterfactual values of n units, each a DataFrame (n, p)."""

    mean: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    level: float

    def __repr__(self) -> str:
        n, p = self.mean.shape
        return f"CounterfactualSummary({n} units x {p} values, {self.level:.0%} intervals)"


Rows = pd.DataFrame | pd.Series


def counterfactual(model: StructuralModel, rows: Rows, interventions: Sequence[Intervention]) -> Counterfactual:
    """Return what units with these answers would have answered under interventions (Pearl 2009, theorem 7.1.7).

    Abduction fixes each unit's residuals, e = x - a - x B; action replaces the equations of what is set or shifted;
    prediction solves the new equations with the same residuals. As the residuals cancel from the difference between the
    two worlds, the answer is computed as the facts plus what the change sets off, x + (change) T', which leaves a value
    that nothing reaches exactly as it was. The residuals themselves are given by `abduct`.

    Carrying the residuals over unchanged is an assumption of the model: it cannot be tested on the same rows.

    Parameters
    ----------
    model : StructuralModel
    rows : DataFrame or Series
        One row a unit, with all values of the model as columns and, where levers were in use, their doses (0 where not
        given).
    interventions : sequence of Set or Shift
        A `Set` cuts the causes of the value, a `Shift` keeps them.

    Returns
    -------
    Counterfactual
        Draws x units x values; use `counterfactual_summary` when that is too large.

    Raises
    ------
    ModelError
        On unknown or missing columns, missing answers, or interventions that are not well formed.

    Examples
    --------
    >>> from causalvalues.interventions import Set
    >>> model = StructuralModel.from_coefficients(["a", "b"], [[0, 2], [0, 0]])
    >>> counterfactual(model, pd.Series({"a": 1.0, "b": 5.0}), [Set("a", 3.0)]).mean().to_numpy().tolist()
    [[3.0, 9.0]]
    """
    action = read_action(model, interventions)
    units, facts, doses = _read_rows(model, rows)
    change, reach = _change(model, action, facts, doses)
    values = np.matmul(change, reach)
    values += facts
    for node, value in action.held.items():
        values[:, :, node] = value
    return Counterfactual(model.values, units, facts, values, model.weights)


def counterfactual_summary(
    model: StructuralModel, rows: Rows, interventions: Sequence[Intervention], level: float = 0.9
) -> CounterfactualSummary:
    """Return the exact weighted mean and quantiles of `counterfactual` without holding all draws of all units.

    Parameters
    ----------
    model, rows, interventions
        As in `counterfactual`.
    level : float, default 0.9

    Returns
    -------
    CounterfactualSummary
        Worked out in blocks of units of about 16 MB.
    """
    action = read_action(model, interventions)
    shares = interval_shares(level)
    units, facts, doses = _read_rows(model, rows)
    change, reach = _change(model, action, facts, doses)
    mean, lower, upper = np.array(facts), np.array(facts), np.array(facts)
    moved = np.flatnonzero(reach.any(axis=(0, 1)))
    s, c, _ = reach.shape
    flat = np.ascontiguousarray(reach[:, :, moved].transpose(1, 2, 0)).reshape(c, len(moved) * s)
    size = max(1, BLOCK_BYTES // (8 * len(moved) * s)) if len(moved) else len(facts)
    for start in range(0, len(facts), size) if len(moved) else ():
        part = slice(start, start + size)
        differences = (change[part] @ flat).reshape(-1, len(moved), s)
        mean[part, moved] += differences @ model.weights
        ends = weighted_quantiles(np.moveaxis(differences, -1, 0), model.weights, shares)
        lower[part, moved] += ends[0]
        upper[part, moved] += ends[1]
    for table in (mean, lower, upper):
        for node, value in action.held.items():
            table[:, node] = value
    frames = [pd.DataFrame(table, index=list(units), columns=list(model.values)) for table in (mean, lower, upper)]
    return CounterfactualSummary(frames[0], frames[1], frames[2], level)


def abduct(model: StructuralModel, rows: Rows) -> FloatArray:
    """Return the residuals e = x - a - x B of each unit (s, n, p) in each draw, in the order of `model.values`.

    Parameters
    ----------
    model, rows
        As in `counterfactual`.
    """
    _, facts, doses = _read_rows(model, rows)
    p = len(model.values)
    everything = np.column_stack([facts, design_columns(model, doses)])
    residuals = np.empty((len(model.weights), *facts.shape))
    for draw in range(len(residuals)):
        np.matmul(everything, model.coefficients[draw, :, :p], out=residuals[draw])
        np.subtract(facts, residuals[draw], out=residuals[draw])
        residuals[draw] -= model.intercepts[draw, :p]
    return residuals


def _change(
    model: StructuralModel, action: Action, facts: FloatArray, doses: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return what is changed directly (n, c), and what one unit of each such change does to the values (s, c, p).

    The changes are the gaps between held values and their facts, one column for all shifts, and the moved levers and
    combinations.
    """
    total, design_effects = after_cutting(model, action)
    held = sorted(action.held)
    gaps = np.array([action.held[node] for node in held]) - facts[:, held]
    moved = design_columns(model, new_doses(action, doses)) - design_columns(model, doses)
    used = np.flatnonzero(moved.any(axis=0))
    changes, reaches = [gaps, moved[:, used]], [total[:, held], np.matmul(design_effects[:, used], total)]
    if action.pushed:
        amounts = np.array([action.pushed.get(node, 0.0) for node in range(len(model.values))])
        changes.append(np.ones((len(facts), 1)))
        reaches.append(np.matmul(amounts, total)[:, None])
    return np.concatenate(changes, axis=1), np.concatenate(reaches, axis=1)


def _read_rows(model: StructuralModel, rows: Rows) -> tuple[tuple[object, ...], FloatArray, FloatArray]:
    """Return the units, their values (n, p) and lever doses (n, k)."""
    frame = rows.to_frame().T if isinstance(rows, pd.Series) else rows
    known = model.values + model.levers
    for column in frame.columns:
        if column in known:
            continue
        if column in model.nodes:
            raise ModelError(
                f"Column {column!r} is a combination, which follows from the doses of its levers. Drop it."
            )
        raise ModelError(
            f"Column {column!r} is no value or lever of the model. Drop it." + did_you_mean(str(column), known)
        )
    missing = [name for name in model.values if name not in frame.columns]
    if missing:
        raise ModelError(f"The rows lack the values {', '.join(missing)}; a unit's residuals need all of them.")
    if frame.columns.has_duplicates:
        raise ModelError(f"Column {frame.columns[frame.columns.duplicated()][0]!r} occurs twice. Drop one.")
    facts = _numbers(frame, model.values)
    doses = np.zeros((len(frame), len(model.levers)))
    given = [lever for lever in model.levers if lever in frame.columns]
    if given:
        doses[:, [model.levers.index(lever) for lever in given]] = _numbers(frame, tuple(given))
    return tuple(frame.index), facts, doses


def _numbers(frame: pd.DataFrame, names: tuple[str, ...]) -> FloatArray:
    try:
        numbers = frame[list(names)].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        odd = next((name for name in names if not _is_numeric(frame[name])), names[0])
        raise ModelError(f"Column {odd!r} holds text that is no number. Score the answers first.") from None
    if not np.isfinite(numbers).all():
        rows, columns = np.nonzero(~np.isfinite(numbers))
        bad = rows[columns == columns[0]]
        where = ", ".join(str(frame.index[i]) for i in bad[:5]) + (", ..." if len(bad) > 5 else "")
        raise ModelError(
            f"Column {names[columns[0]]!r} has no finite number in row {where}; a counterfactual needs complete rows. "
            "Drop them."
        )
    return np.asarray(numbers)


def _is_numeric(column: pd.Series) -> bool:
    try:
        column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        return False
    return True
