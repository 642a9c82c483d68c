"""Rows of answers as boxes of latent scores."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.given import require_kind
from causalvalues.ordinal.ordinal_model import OrdinalModel
from causalvalues.randomness import require_whole

Rows = pd.DataFrame | pd.Series


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of n units.

    Parameters
    ----------
    units : tuple, length n
        Index of the rows.
    codes : array (n, p) of int
        Place of each answer among the categories of its value, -1 where there is none; values in model order.
    doses : array (n, k)
    """

    units: tuple[object, ...]
    codes: IntArray
    doses: FloatArray


def read_answers(model: OrdinalModel, rows: Rows) -> Answers:
    """Read answers as they are written.

    Parameters
    ----------
    model : OrdinalModel
    rows : DataFrame or Series
        One row a unit, all values of the model as columns (NaN: no answer), and doses of levers (0 where not given).

    Raises
    ------
    ModelError
        On unknown or missing columns, an answer that is no category, or a dose that is no finite number.
    """
    require_kind(rows, pd.DataFrame | pd.Series, "The rows: give a DataFrame, one row a unit", ModelError)
    frame = rows.to_frame().T if isinstance(rows, pd.Series) else rows
    known = model.values + model.levers
    for column in frame.columns:
        if column not in known:
            raise ModelError(
                f"Column {column!r} is no value or lever of the model. Drop it." + did_you_mean(str(column), known)
            )
    if frame.columns.has_duplicates:
        raise ModelError(f"Column {frame.columns[frame.columns.duplicated()][0]!r} occurs twice. Drop one.")
    missing = [name for name in model.values if name not in frame.columns]
    if missing:
        raise ModelError(
            f"The rows lack the values {', '.join(missing)}. Add them as columns of NaN if they were not asked."
        )
    codes = np.column_stack([_codes(model, name, _numbers(frame, name), frame.index) for name in model.values])
    doses = np.zeros((len(frame), len(model.levers)))
    for k, lever in enumerate(model.levers):
        if lever in frame.columns:
            doses[:, k] = _numbers(frame, lever)
            if not np.isfinite(doses[:, k]).all():
                row = frame.index[int(np.flatnonzero(~np.isfinite(doses[:, k]))[0])]
                raise ModelError(f"The dose of {lever!r} is no finite number in row {row}. Give 0 if it was not used.")
    return Answers(tuple(frame.index), codes, doses)


def _numbers(frame: pd.DataFrame, name: str) -> FloatArray:
    try:
        return np.asarray(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise ModelError(f"Column {name!r} holds text that is no number. Give the answers as numbers.") from None


def _codes(model: OrdinalModel, name: str, column: FloatArray, index: pd.Index) -> IntArray:
    labels = np.array(model.categories[name])
    there = ~np.isnan(column)
    codes = np.full(len(column), -1, dtype=np.int64)
    codes[there] = np.minimum(np.searchsorted(labels, column[there]), len(labels) - 1)
    odd = there & (labels[codes] != column)
    if odd.any():
        i = int(np.flatnonzero(odd)[0])
        listed = ", ".join(f"{label:g}" for label in labels)
        raise ModelError(f"Row {index[i]} answers {column[i]:g} to {name!r}, whose categories are {listed}.")
    return codes


def unit_seeds(seed: int, units: Sequence[object]) -> NDArray[np.uint64]:
    """Return one seed for each unit (n,), which depends on its label, not on the other rows.

    A label that occurs again gets a seed of its own.
    """
    require_whole("seed", seed, 0)
    met: dict[object, int] = {}
    seeds = np.empty(len(units), dtype=np.uint64)
    for i, unit in enumerate(units):
        met[unit] = met.get(unit, -1) + 1
        digest = hashlib.sha256(f"{seed}|ordinal|{unit}|{met[unit]}".encode()).digest()
        seeds[i] = int.from_bytes(digest[:8], "little")
    return seeds
