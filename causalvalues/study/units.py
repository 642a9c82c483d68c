"""Which unit a question or a plan starts from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.responses import ResponseMatrix


def without_levers(matrix: ResponseMatrix) -> ResponseMatrix:
    """Return the rows where no lever was in use."""
    return matrix.rows(~(matrix.doses != 0).any(axis=1))


def typical(matrix: ResponseMatrix) -> pd.Series:
    """Return the mean score (p,) of the complete rows without lever."""
    frame = without_levers(matrix).frame()[list(matrix.names)].dropna()
    if frame.empty:
        raise StudyError("No complete row is without lever, so there is no typical unit. Start from a unit id.")
    return frame.mean()


def one_unit(matrix: ResponseMatrix, unit: str, where: str = "") -> pd.Series:
    """Return the scores (p,) of one unit without levers: the mean of its rows when there are several.

    Parameters
    ----------
    matrix : ResponseMatrix
    unit : str
        Unit id, or the text that the label `where` has.
    where : str, default ""

    Raises
    ------
    StudyError
        If no complete row without lever belongs to the unit.
    """
    plain = without_levers(matrix)
    known = plain.labels[where] if where else plain.unit_ids
    if unit not in known:
        what = f"the label {where!r} is {unit!r}" if where else f"the unit id is {unit!r}"
        raise StudyError(f"There is no row without lever where {what}." + did_you_mean(unit, set(known)))
    rows = plain.rows(np.array([name == unit for name in known]))
    frame = rows.frame()[list(matrix.names)].dropna()
    if frame.empty:
        raise StudyError(f"Unit {unit!r} has no complete row without lever. Choose another unit.")
    return frame.mean()


def observed_under(matrix: ResponseMatrix, unit: str, where: str, doses: dict[str, float]) -> pd.Series | None:
    """Return the scores (p,) that the unit really gave under these doses; None when it was not asked."""
    known = matrix.labels[where] if where else matrix.unit_ids
    wanted = np.array([doses.get(lever, 0.0) for lever in matrix.levers])
    same = np.array([name == unit for name in known]) & (matrix.doses == wanted).all(axis=1)
    frame = matrix.rows(same).frame()[list(matrix.names)].dropna()
    return None if frame.empty else frame.mean()
