"""Rows under levers, each beside the profile of the same unit without any lever."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray, IntArray, frozen_floats
from causalvalues.model.levers import cell_name, clusters_of
from causalvalues.responses.matrix import ResponseMatrix


@dataclass(frozen=True, eq=False)
class PairedRows:
    """What r rows answered under levers, and what their units answer without.

    Parameters
    ----------
    values : tuple of str, length p
    levers : tuple of str, length k
    units : tuple of str, length r
        Who answered; rows of one unit are not independent.
    start : array (r, p)
        Profile of the unit without levers, in score units: the mean of its rows without lever. Complete.
    doses : array (r, k)
        At least one is not zero in each row.
    reached : array (r, p)
        Profile under the levers, in score units; NaN where an answer was lost.
    weights : array (r,), optional
        Default 1.

    Raises
    ------
    ModelError
        If shapes differ, a name stands twice, a start, dose or weight is not finite, or a row uses no lever.
    """

    values: tuple[str, ...]
    levers: tuple[str, ...]
    units: tuple[str, ...]
    start: FloatArray
    doses: FloatArray
    reached: FloatArray
    weights: FloatArray = field(default=None)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "values", tuple(self.values))
        put(self, "levers", tuple(self.levers))
        put(self, "units", tuple(str(unit) for unit in self.units))
        r, p, k = len(self.units), len(self.values), len(self.levers)
        weights = np.ones(r) if self.weights is None else self.weights
        try:
            put(self, "start", frozen_floats(self.start, (r, p), "start"))
            put(self, "doses", frozen_floats(self.doses, (r, k), "doses"))
            put(self, "reached", frozen_floats(self.reached, (r, p), "reached"))
            put(self, "weights", frozen_floats(weights, (r,), "weights"))
        except ValueError as error:
            raise ModelError(f"{error}: one row for each answer sheet under levers.") from None
        if not np.isfinite(self.start).all() or not np.isfinite(self.doses).all():
            raise ModelError("A start or a dose is not finite. Leave rows without a complete start out.")
        if np.isinf(self.reached).any():
            raise ModelError("A reached score is infinite. Give a number, or NaN for a lost answer.")
        if not (np.isfinite(self.weights) & (self.weights >= 0)).all():
            raise ModelError("A weight is negative or not finite. Give zero or a positive number.")
        for names in (self.values, self.levers):
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise ModelError(f"There are two columns named {twice[0]!r}. Rename one of them.")
        if r and not (self.doses != 0).any(axis=1).all():
            raise ModelError("A row uses no lever. Rows without levers belong into the starts.")

    def __len__(self) -> int:
        return len(self.units)

    def __repr__(self) -> str:
        units, cells = len(set(self.units)), len(set(self.cells))
        return f"PairedRows({len(self)} rows of {units} units under {cells} lever sets; {len(self.values)} values)"

    @property
    def change(self) -> FloatArray:
        """Reached minus start, (r, p)."""
        return np.asarray(self.reached - self.start)

    @property
    def cells(self) -> tuple[str, ...]:
        """Name of each row's lever set, such as ``a+b`` or ``a=0.5``, levers in name order."""
        named = sorted(range(len(self.levers)), key=lambda i: self.levers[i])
        return tuple(cell_name({self.levers[i]: float(row[i]) for i in named}) for row in self.doses)

    @property
    def used(self) -> IntArray:
        """How many levers act in each row, (r,)."""
        return np.asarray((self.doses != 0).sum(axis=1))

    def on(self, rows: BoolArray | IntArray) -> PairedRows:
        """Return some of the rows."""
        places = np.arange(len(self))[rows].tolist()
        units = tuple(self.units[i] for i in places)
        kept = (self.start[places], self.doses[places], self.reached[places], self.weights[places])
        return PairedRows(self.values, self.levers, units, *kept)


def paired_rows(matrix: ResponseMatrix, wordings: str = "", unworded: Collection[str] = ()) -> PairedRows:
    """Put each row under levers beside the mean of its unit's rows without lever.

    Parameters
    ----------
    matrix : ResponseMatrix
        Scores of values, with levers and rows without any. A unit is a cluster (`cluster_by`), else a `unit_id`.
    wordings : str, default ""
        A label, such as ``"wording"``: each lever is then one lever for each of its wordings, named ``lever~w1``; the
        names of the levers stay where all rows with a lever have one wording.
    unworded : collection of str, default none
        Levers that have no wording, such as those inside the model: each stays one lever, and rows with no other lever
        do not count among the wordings.

    Returns
    -------
    PairedRows
        Rows in the order of the matrix. Rows of units without a complete profile without levers are left out.

    Raises
    ------
    ModelError
        If there are no levers, an unknown label, or no unit that answered both with and without levers.
    """
    levers, doses = _levers(matrix, wordings, unworded)
    units = clusters_of(matrix)
    plain = ~(doses != 0).any(axis=1)
    starts = _starts(matrix, units, plain)
    keep = [i for i in np.flatnonzero(~plain).tolist() if units[i] in starts]
    if not keep:
        raise ModelError(
            "No unit answered both with and without levers, so no change can be paired. Ask the same units both ways."
        )
    return PairedRows(
        matrix.names,
        levers,
        tuple(units[i] for i in keep),
        np.array([starts[units[i]] for i in keep]),
        doses[keep],
        matrix.scores[keep],
        matrix.weights[keep],
    )


def _levers(matrix: ResponseMatrix, wordings: str, unworded: Collection[str]) -> tuple[tuple[str, ...], FloatArray]:
    if not matrix.levers:
        raise ModelError("These answers have no levers. Name the lever columns when reading.")
    if not wordings:
        return matrix.levers, np.array(matrix.doses)
    if wordings not in matrix.labels:
        raise ModelError(f"There is no label {wordings!r}." + did_you_mean(wordings, matrix.labels))
    said = np.array(matrix.labels[wordings])
    worded = [i for i, lever in enumerate(matrix.levers) if lever not in unworded]
    kinds: Sequence[str] = sorted(set(said[(matrix.doses[:, worded] != 0).any(axis=1)].tolist()))
    if len(kinds) < 2:
        return matrix.levers, np.array(matrix.doses)
    parts: list[tuple[str, FloatArray]] = []
    for i, lever in enumerate(matrix.levers):
        column = matrix.doses[:, i]
        split = [(f"{lever}~{kind}", np.where(said == kind, column, 0.0)) for kind in kinds]
        parts += split if i in worded else [(lever, column)]
    used = [(name, part) for name, part in parts if part.any()]
    return tuple(name for name, _ in used), np.column_stack([part for _, part in used])


def _starts(matrix: ResponseMatrix, units: tuple[str, ...], plain: BoolArray) -> dict[str, FloatArray]:
    """Return the weighted mean profile without levers of each unit that has a complete one."""
    found: dict[str, FloatArray] = {}
    rows: dict[str, list[int]] = {}
    for i in np.flatnonzero(plain).tolist():
        rows.setdefault(units[i], []).append(i)
    for unit, places in rows.items():
        scores = matrix.scores[places]
        weights = np.where(np.isnan(scores), 0.0, matrix.weights[places][:, None])
        total = weights.sum(axis=0)
        if (total > 0).all():
            found[unit] = np.asarray((np.where(np.isnan(scores), 0.0, scores) * weights).sum(axis=0) / total)
    return found
