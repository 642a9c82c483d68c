"""From a response matrix or a data frame to the complete rows that the moments are summed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import DataError, did_you_mean
from causalvalues.evidence.relations import LARGEST
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix

WIDEST_WEIGHTS = 1e10
"""Largest ratio of two row weights; beyond it the light rows are lost in the rounding of sums."""


@dataclass(frozen=True, eq=False)
class UsedRows:
    """The rows that enter the moments, with columns in the order of the matrix.

    Parameters
    ----------
    scores : array (n, p)
        Rows of values; complete, unless incomplete rows were asked for (NaN where there is no answer).
    doses : array (n, k)
        Lever doses.
    weights : array (n,)
        Positive, with mean 1.
    clusters, groups : array (n,) of int, or None
        Codes 0, 1, ... in sorted order of the labels; None when there is no such label.
    notes : tuple of str
        How many rows were used and dropped, and why.
    within : str, default ""
        The label that `groups` comes from.
    strata : array (n,) of int, or None, default None
        Codes of the strata, as for clusters.
    """

    scores: FloatArray
    doses: FloatArray
    weights: FloatArray
    clusters: IntArray | None
    groups: IntArray | None
    notes: tuple[str, ...]
    within: str = ""
    strata: IntArray | None = None


def as_matrix(data: ResponseMatrix | pd.DataFrame) -> ResponseMatrix:
    """Return the matrix itself, or the matrix of a numeric data frame whose rows are independent.

    Parameters
    ----------
    data : ResponseMatrix or pandas.DataFrame
        In a data frame every column is a value.

    Returns
    -------
    ResponseMatrix

    Raises
    ------
    DataError
        If a column of the data frame is not numeric, or is named twice.
    """
    if isinstance(data, ResponseMatrix):
        return data
    for name, kind in zip(data.columns, data.dtypes, strict=True):
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_complex_dtype(kind):
            raise DataError(
                f"Column {str(name)!r} of the data frame is not numeric ({kind}). Drop it, or read the file with "
                "`read_responses`, which keeps labels apart from answers."
            )
    scores = np.empty(data.shape)
    for j in range(data.shape[1]):
        scores[:, j] = data.iloc[:, j].to_numpy(dtype=np.float64, na_value=np.nan)
    names = tuple(str(name) for name in data.columns)
    return ResponseMatrix(names, scores, tuple(str(unit) for unit in data.index))


def used_rows(matrix: ResponseMatrix, within: str, complete: bool = True) -> UsedRows:
    """Keep the rows with a positive weight that are complete, or that hold at least one answer.

    Parameters
    ----------
    matrix : ResponseMatrix
    within : str
        Label whose groups are numbered; empty for none.
    complete : bool, default True
        False keeps every row with an answer; `UsedRows.scores` then holds NaN where there is none.

    Returns
    -------
    UsedRows

    Raises
    ------
    DataError
        If there is no column, an answer is infinite or too large for sums of squares, the label is unknown, weights
        are of too different sizes, or fewer than p + 2 rows can be used.
    """
    if not matrix.names:
        raise DataError("The matrix has no column. Give at least one value dimension.")
    if within and within not in matrix.labels:
        raise DataError(f"There is no label {within!r} to work within." + did_you_mean(within, matrix.labels))
    _refuse_infinities(matrix)
    lost = np.isnan(matrix.scores)
    usable = np.asarray(~lost.any(axis=1) if complete else ~lost.all(axis=1))
    keep = usable & (matrix.weights > 0)
    if usable.any() and not keep.any():
        raise DataError("The weights of all rows with answers are 0, so no row counts. Give positive weights.")
    if keep.sum() < len(matrix.names) + 2:
        raise DataError(_too_few_rows(matrix, int(keep.sum()), complete))
    weights = unit_weights(matrix.weights[keep])
    return UsedRows(
        scores=matrix.scores[keep],
        doses=matrix.doses[keep],
        weights=weights,
        clusters=_codes(matrix.clusters, keep),
        groups=_codes(matrix.labels[within], keep) if within else None,
        notes=_row_notes(matrix, usable, keep) if complete else _answer_notes(matrix, usable, keep),
        within=within,
        strata=_codes(matrix.strata, keep),
    )


def unit_weights(weights: FloatArray) -> FloatArray:
    """Return positive row weights (n,) scaled to mean 1.

    Raises
    ------
    DataError
        If the largest is more than 1e10 times the smallest.
    """
    largest = float(weights.max())
    refuse_uneven(float(weights.min()), largest)
    shares = weights / largest
    return np.asarray(shares / shares.mean())


def refuse_uneven(smallest: float, largest: float) -> None:
    """Refuse row weights of too different sizes.

    Raises
    ------
    DataError
        If the largest is more than 1e10 times the smallest.
    """
    if largest * (1 / WIDEST_WEIGHTS) > smallest:
        raise DataError(
            f"Row weights run from {smallest:g} to {largest:g}: beside the largest the others vanish from all sums. "
            "Write 0 for rows that must not count, and trim the largest weights."
        )


def _codes(labels: tuple[str, ...] | None, keep: BoolArray) -> IntArray | None:
    if labels is None:
        return None
    kept = np.array(labels, dtype=object)[keep]
    return np.unique(kept, return_inverse=True)[1].astype(np.int64)


def _refuse_infinities(matrix: ResponseMatrix) -> None:
    infinite = np.isinf(matrix.scores)
    if infinite.any():
        j = int(np.flatnonzero(infinite.any(axis=0))[0])
        rows = np.flatnonzero(infinite[:, j])
        shown = ", ".join(str(i) for i in rows[:5]) + (", ..." if len(rows) > 5 else "")
        raise DataError(
            f"Column {matrix.names[j]!r} holds infinity in {len(rows)} rows (row {shown}, counted from 0). "
            "Mark these answers as missing or drop the column."
        )
    for kind, names, numbers in (("Column", matrix.names, matrix.scores), ("Lever", matrix.levers, matrix.doses)):
        refuse_huge(kind, names, numbers)


def refuse_huge(kind: str, names: Sequence[str], numbers: FloatArray) -> None:
    """Refuse columns (n, k) of numbers whose sums of squares cannot be held.

    Raises
    ------
    DataError
        Naming the first of them.
    """
    for name, column in zip(names, numbers.T, strict=True):
        if len(column) and (np.fmax.reduce(column) > LARGEST or np.fmin.reduce(column) < -LARGEST):
            raise DataError(
                f"{kind} {name!r} holds numbers above {LARGEST:g} in size, whose squares cannot be held. Give it in "
                "another unit, so that its spread is near 1, or mark these answers as missing."
            )


def _too_few_rows(matrix: ResponseMatrix, rows: int, complete: bool) -> str:
    p = len(matrix.names)
    lost = np.isnan(matrix.scores).sum(axis=0)
    worst = sorted(range(p), key=lambda j: (-int(lost[j]), matrix.names[j]))[:5]
    gaps = ", ".join(f"{matrix.names[j]!r} ({lost[j]} of {len(matrix)} missing)" for j in worst if lost[j])
    return (
        f"Only {rows} of {len(matrix)} rows {'are complete' if complete else 'hold an answer'} with a positive weight; "
        f"{p} columns need at least {p + 2}. "
        + (f"Columns with the most gaps: {gaps}. Drop them (`matrix.drop([...])`)" if gaps else "Drop columns")
        + " or add rows."
    )


def _answer_notes(matrix: ResponseMatrix, answered: BoolArray, keep: BoolArray) -> tuple[str, ...]:
    n, used = len(matrix), int(keep.sum())
    notes = [f"{used} of {n} rows used (at least one answer)."]
    if n - int(answered.sum()):
        notes.append(f"{n - int(answered.sum())} rows without any answer were left out.")
    if int(answered.sum()) - used:
        notes.append(_weightless(matrix, answered & ~keep, "rows"))
    if np.ptp(matrix.weights[keep]) > 0:
        notes.append("Row weights are used, scaled to mean 1.")
    return tuple(notes)


def _weightless(matrix: ResponseMatrix, rows: BoolArray, what: str) -> str:
    which = np.flatnonzero(rows)
    shown = ", ".join(repr(matrix.unit_ids[i]) for i in which[:5]) + (", ..." if len(which) > 5 else "")
    return f"{len(which)} {what} with weight 0 were left out: {shown}."


def _row_notes(matrix: ResponseMatrix, complete: BoolArray, keep: BoolArray) -> tuple[str, ...]:
    n, used = len(matrix), int(keep.sum())
    notes = [f"{used} of {n} rows used (complete answers on all {len(matrix.names)} columns)."]
    if n - int(complete.sum()):
        lost = np.isnan(matrix.scores).sum(axis=0)
        gaps = ", ".join(f"{name!r} {int(k)}" for name, k in sorted(zip(matrix.names, lost, strict=True)) if k)
        notes.append(f"{n - int(complete.sum())} rows with a missing answer were left out; missing by column: {gaps}.")
    if int(complete.sum()) - used:
        notes.append(_weightless(matrix, complete & ~keep, "complete rows"))
    if np.ptp(matrix.weights[keep]) > 0:
        notes.append("Row weights are used, scaled to mean 1.")
    return tuple(notes)
