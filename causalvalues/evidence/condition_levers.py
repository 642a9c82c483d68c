"""Conditions with unknown targets: each becomes a lever, and learning finds what it acts on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError, did_you_mean
from causalvalues.responses.matrix import ResponseMatrix


def as_levers(matrix: ResponseMatrix, by: str, baseline: str) -> ResponseMatrix:
    """Turn conditions with unknown targets into levers: one column of 0 and 1 for each condition but the baseline.

    With ``ExactPosterior(levers="sparse")`` each lever may act on any value, and the posterior of its edges says on
    which ones the condition acted directly. A lever shifts its values and leaves their causes in place. The direction
    of an edge shows where a lever acts on one of its ends.

    Parameters
    ----------
    matrix : ResponseMatrix
    by : str
        The label that names the condition of a row.
    baseline : str
        The condition that the others are compared with: no lever.

    Returns
    -------
    ResponseMatrix
        With the further levers ``by=condition``.

    Raises
    ------
    DataError
        If the label or the baseline is unknown, or there is no other condition.

    Examples
    --------
    >>> labels = {"condition": ["none", "praise", "none", "praise"]}
    >>> matrix = ResponseMatrix(("a",), np.zeros((4, 1)), list("wxyz"), labels=labels)
    >>> as_levers(matrix, "condition", "none").levers
    ('condition=praise',)
    """
    label = condition_labels(matrix, by)
    conditions = sorted(set(label.tolist()))
    if baseline not in conditions:
        raise DataError(f"No row has the {by!r} {baseline!r}." + did_you_mean(baseline, conditions))
    others = [condition for condition in conditions if condition != baseline]
    if not others:
        raise DataError(f"Every row has the {by!r} {baseline!r}: there is no condition to compare with it.")
    doses = np.column_stack([matrix.doses, *((label == condition).astype(np.float64) for condition in others)])
    return replace(
        matrix,
        levers=(*matrix.levers, *(f"{by}={condition}" for condition in others)),
        doses=doses,
        notes=(*matrix.notes, f"{len(others)} conditions of {by!r} are levers; the baseline is {baseline!r}."),
    )


def condition_labels(matrix: ResponseMatrix, by: str) -> NDArray[np.object_]:
    """Return the condition (n,) of each row; an unknown label raises `DataError`."""
    if by not in matrix.labels:
        raise DataError(f"There is no label {by!r}." + did_you_mean(by, matrix.labels))
    return np.array(matrix.labels[by], dtype=object)
