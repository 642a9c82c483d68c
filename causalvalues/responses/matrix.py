"""The response matrix: rows that answered, columns that were answered, and what became of every lost answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalvalues.errors import DataError, did_you_mean
from causalvalues.frozen import FloatArray, frozen_floats

ID_COLUMNS = ("model", "persona_id", "prompt_id", "repeat", "country", "wave", "source")


class AnswerStatus(IntEnum):
    """What became of one answer. Only `OK` has a number; a lost answer is never a zero."""

    OK = 0
    MISSING = 1
    REFUSAL = 2
    PARSE_ERROR = 3
    API_ERROR = 4


@dataclass(frozen=True, eq=False)
class ResponseMatrix:
    """Answers of n rows on p columns (items or value dimensions), read-only.

    Parameters
    ----------
    names : sequence of str, length p
        Column names, unique.
    scores : array (n, p) of float64
        Answers in their own units; NaN exactly where `status` is not OK.
    unit_ids : sequence of str, length n
        One label a row; the same unit may stand in many rows only when `cluster` says so.
    status : array (n, p) of int8, optional
        `AnswerStatus` codes; default: MISSING where `scores` is NaN, else OK.
    labels : mapping of str to sequence of str (length n), optional
        Design factors that came with the rows (``model``, ``persona_id``, ``country``, ...).
    cluster_by, group_by : str, default ""
        Which label says that rows are not independent, and which one splits them into groups. Empty: none.
    weights : array (n,), optional
        Non-negative row weights; default all 1.
    levers : sequence of str, length k, default ()
        Names of the levers that were set by the experimenter.
    doses : array (n, k), optional
        Dose of each lever in each row; zero where it was not used.
    centring : {"none", "person_mean"}, default "none"
        What `score` was asked to do.
    measures : {"unknown", "salience", "endorsement"}, default "unknown"
        What the numbers stand for.
    notes : sequence of str
        One line for each step that made this matrix (what was detected, how it was scored).
    strata_by : str, default ""
        The label of the strata that clusters (or rows) were sampled within. Empty: not stratified.

    Raises
    ------
    DataError
        If names repeat, shapes differ, or a label has another length.
    """

    names: tuple[str, ...]
    scores: FloatArray
    unit_ids: tuple[str, ...]
    status: NDArray[np.int8] = field(default=None)  # type: ignore[arg-type]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cluster_by: str = ""
    group_by: str = ""
    weights: FloatArray = field(default=None)  # type: ignore[arg-type]
    levers: tuple[str, ...] = ()
    doses: FloatArray = field(default=None)  # type: ignore[arg-type]
    centring: str = "none"
    measures: str = "unknown"
    notes: tuple[str, ...] = ()
    strata_by: str = ""

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "names", tuple(self.names))
        put(self, "levers", tuple(self.levers))
        put(self, "notes", tuple(self.notes))
        scores = frozen_floats(self.scores)
        if scores.ndim != 2 or scores.shape[1] != len(self.names):
            raise DataError(f"The scores have the shape {scores.shape}; there are {len(self.names)} column names.")
        n = len(scores)
        put(self, "unit_ids", tuple(str(unit) for unit in self.unit_ids))
        status = (
            np.where(np.isnan(scores), AnswerStatus.MISSING, AnswerStatus.OK) if self.status is None else self.status
        )
        status = np.array(status, dtype=np.int8)
        if status.shape != scores.shape:
            raise DataError(f"`status` has the shape {status.shape}, the scores have {scores.shape}.")
        lost = status != AnswerStatus.OK
        if np.isnan(scores[~lost]).any():
            raise DataError("An answer has the status OK and no number. Give it a status that says why it was lost.")
        if lost.any() and not np.isnan(scores[lost]).all():
            blanked = scores.copy()
            blanked[lost] = np.nan
            scores = frozen_floats(blanked)
        status.setflags(write=False)
        put(self, "scores", scores)
        put(self, "status", status)
        put(self, "weights", frozen_floats(np.ones(n) if self.weights is None else self.weights))
        put(self, "doses", frozen_floats(np.zeros((n, len(self.levers))) if self.doses is None else self.doses))
        put(self, "labels", {name: tuple(str(x) for x in column) for name, column in self.labels.items()})
        self._validate(n)

    def _validate(self, n: int) -> None:
        for kind, names in (("column", self.names), ("lever", self.levers)):
            repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
            if repeated:
                raise DataError(f"The {kind} {repeated[0]!r} occurs more than once. Rename or drop one of them.")
        both = sorted(set(self.names) & set(self.levers))
        if both:
            raise DataError(f"{both[0]!r} is the name of a column and of a lever. Rename one of them.")
        lengths = {"unit_ids": len(self.unit_ids), "weights": len(self.weights), "doses": len(self.doses)}
        lengths |= {f"label {name!r}": len(column) for name, column in self.labels.items()}
        for what, length in lengths.items():
            if length != n:
                raise DataError(f"{what} has {length} entries for {n} rows.")
        if self.doses.shape != (n, len(self.levers)):
            raise DataError(
                f"`doses` has the shape {self.doses.shape}; {n} rows and {len(self.levers)} levers are needed."
            )
        if not (np.isfinite(self.weights) & (self.weights >= 0)).all():
            raise DataError("Row weights must be finite and not negative.")
        if not np.isfinite(self.doses).all():
            raise DataError("Lever doses must be finite numbers; write 0 where a lever was not used.")
        for label in (self.cluster_by, self.group_by, self.strata_by):
            if label and label not in self.labels:
                raise DataError(f"There is no label {label!r}." + did_you_mean(label, self.labels))

    def __repr__(self) -> str:
        levers = f", {len(self.levers)} levers" if self.levers else ""
        return f"ResponseMatrix({len(self)} rows x {len(self.names)} columns{levers}, {self.lost} answers lost)"

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def lost(self) -> int:
        """Number of answers that have no number."""
        return int((self.status != AnswerStatus.OK).sum())

    @property
    def clusters(self) -> tuple[str, ...] | None:
        """The cluster of each row, or None when rows are independent."""
        return self.labels[self.cluster_by] if self.cluster_by else None

    @property
    def groups(self) -> tuple[str, ...] | None:
        """The group of each row, or None when there is one group."""
        return self.labels[self.group_by] if self.group_by else None

    @property
    def strata(self) -> tuple[str, ...] | None:
        """The stratum of each row, or None when rows were not sampled within strata."""
        return self.labels[self.strata_by] if self.strata_by else None

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """The design cell of each row: the levers that were on, in the order of `levers`; () for none."""
        names = np.array(self.levers, dtype=object)
        return tuple(tuple(names[row]) for row in self.doses != 0)

    def column(self, name: str) -> FloatArray:
        """Return one column (n,)."""
        if name not in self.names:
            raise DataError(f"There is no column {name!r}." + did_you_mean(name, self.names))
        return self.scores[:, self.names.index(name)]

    def frame(self) -> pd.DataFrame:
        """Return labels, doses and scores as a DataFrame with one row a unit."""
        parts: dict[str, Any] = {"unit_id": pd.Series(self.unit_ids, dtype="object")}
        parts |= {name: pd.Series(column, dtype="object") for name, column in self.labels.items()}
        parts |= {lever: pd.Series(self.doses[:, j]) for j, lever in enumerate(self.levers)}
        parts |= {name: pd.Series(self.scores[:, j]) for j, name in enumerate(self.names)}
        return pd.DataFrame(parts)

    def rows(self, keep: Sequence[bool] | NDArray[np.bool_]) -> ResponseMatrix:
        """Return the matrix of the rows where `keep` (n,) is true."""
        index = np.flatnonzero(np.asarray(keep, dtype=bool))
        return replace(
            self,
            scores=self.scores[index],
            status=self.status[index],
            unit_ids=tuple(self.unit_ids[i] for i in index),
            labels={name: tuple(column[i] for i in index) for name, column in self.labels.items()},
            weights=self.weights[index],
            doses=self.doses[index],
        )

    def drop(self, names: Sequence[str]) -> ResponseMatrix:
        """Return the matrix without some columns."""
        for name in names:
            self.column(name)
        keep = [j for j, name in enumerate(self.names) if name not in set(names)]
        return replace(
            self, names=tuple(self.names[j] for j in keep), scores=self.scores[:, keep], status=self.status[:, keep]
        )
