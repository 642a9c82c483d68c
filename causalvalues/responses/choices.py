"""Pairwise choices: which of two values won a dilemma, ties and refusals included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalvalues.errors import DataError, did_you_mean
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.responses.codes import listed, status_of
from causalvalues.responses.matrix import AnswerStatus
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.table import RawColumn, RawTable, read_table

FIRST = ("first", "choice_a", "option_a", "left", "a")
SECOND = ("second", "choice_b", "option_b", "right", "b")
CHOSEN = ("chosen", "choice", "winner", "answer")
_WORDS = {"first": 1, "left": 1, "a": 1, "second": -1, "right": -1, "b": -1, "tie": 0, "both": 0, "draw": 0}


@dataclass(frozen=True, eq=False)
class Choices:
    """c choices between two of k options, read-only.

    Parameters
    ----------
    names : tuple of str, length k
        The options, usually value dimensions.
    first, second : array (c,) of int
        Which two options were offered.
    outcome : array (c,) of float
        1 the first was chosen, -1 the second, 0 a tie, NaN where the answer was lost.
    dilemmas : tuple of str, length c
        The dilemma that a choice belongs to: the unit that is resampled.
    units : tuple of str, length c, optional
        Who chose (a model, a persona); default: one chooser.
    status : array (c,) of int8, optional
        `AnswerStatus`; default OK where there is an outcome, else REFUSAL.
    weights : array (c,), optional
        Not negative; default 1.
    notes : tuple of str

    Raises
    ------
    DataError
        If names repeat, lengths differ, an option meets itself, or there is no choice.
    """

    names: tuple[str, ...]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    outcome: FloatArray
    dilemmas: tuple[str, ...]
    units: tuple[str, ...] = ()
    status: NDArray[np.int8] = field(default=None)  # type: ignore[arg-type]
    weights: FloatArray = field(default=None)  # type: ignore[arg-type]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        c = len(self.outcome)
        if len(set(self.names)) < len(self.names) or len(self.names) < 2:
            raise DataError(f"Choices need two or more options with different names: {self.names}.")
        for name in ("first", "second"):
            codes = np.array(getattr(self, name), dtype=np.int64)
            codes.setflags(write=False)
            put(self, name, codes)
        put(self, "outcome", frozen_floats(self.outcome))
        put(self, "units", tuple(self.units) if self.units else ("",) * c)
        put(self, "weights", frozen_floats(np.ones(c) if self.weights is None else self.weights))
        lost = np.isnan(self.outcome)
        status = np.where(lost, AnswerStatus.REFUSAL, AnswerStatus.OK) if self.status is None else self.status
        put(self, "status", np.array(status, dtype=np.int8))
        self.status.setflags(write=False)
        self._validate(c)

    def _validate(self, c: int) -> None:
        for name in ("first", "second", "dilemmas", "units", "status", "weights"):
            if len(getattr(self, name)) != c:
                raise DataError(f"`{name}` has {len(getattr(self, name))} entries for {c} choices.")
        if not c:
            raise DataError("There is no choice.")
        if not (np.isfinite(self.weights) & (self.weights >= 0)).all():
            raise DataError("Weights of choices must be finite and not negative.")
        used = self.weights[self.weights > 0]
        if len(used) and not 1e-100 < used.min() <= used.max() < min(1e10 * used.min(), 1e100):
            raise DataError(
                f"Weights of choices run from {used.min():g} to {used.max():g}: too large, too small or too uneven for "
                "sums. Divide them by their mean; write 0 for choices that must not count."
            )
        codes = np.concatenate([self.first, self.second])
        if codes.min() < 0 or codes.max() >= len(self.names):
            raise DataError(f"An option has the number {codes.max()}; there are {len(self.names)} names.")
        same = np.flatnonzero(self.first == self.second)
        if len(same):
            raise DataError(
                f"In {len(same)} choices an option meets itself ({self.names[self.first[same[0]]]!r}, choice "
                f"{same[0]}, counted from 0). Leave them out: they say nothing."
            )
        if not np.isin(self.outcome[~np.isnan(self.outcome)], (-1.0, 0.0, 1.0)).all():
            raise DataError("An outcome must be 1 (first), -1 (second), 0 (tie) or NaN (lost).")
        if (np.isnan(self.outcome) != (self.status != AnswerStatus.OK)).any():
            raise DataError("A choice has an outcome exactly when its status is OK.")

    def __repr__(self) -> str:
        return (
            f"Choices({len(self)} choices between {len(self.names)} options, {self.ties} ties, {self.lost} lost, "
            f"{len(set(self.dilemmas))} dilemmas, {len(set(self.units))} units)"
        )

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def ties(self) -> int:
        """Number of ties."""
        return int((self.outcome == 0).sum())

    @property
    def lost(self) -> int:
        """Number of choices without an outcome."""
        return int(np.isnan(self.outcome).sum())

    @property
    def wins(self) -> pd.DataFrame:
        """Weighted wins (k, k), [winner, loser]; a tie counts one half on both sides."""
        return pd.DataFrame(self.win_sums(np.zeros(len(self), dtype=np.int64), 1)[0], self.names, self.names)

    def win_sums(self, codes: NDArray[np.int64], size: int) -> FloatArray:
        """Return wins (size, k, k), [group, winner, loser], of the choices of each group.

        Parameters
        ----------
        codes : array (c,) of int
            The group of each choice.
        size : int
            Number of groups.
        """
        k = len(self.names)
        sums = np.zeros((size, k, k))
        there = ~np.isnan(self.outcome)
        a, b, group, weight = self.first[there], self.second[there], codes[there], self.weights[there]
        share = (1.0 + self.outcome[there]) / 2
        np.add.at(sums, (group, a, b), weight * share)
        np.add.at(sums, (group, b, a), weight * (1.0 - share))
        return sums

    def of(self, unit: str) -> Choices:
        """Return the choices of one unit."""
        if unit not in self.units:
            raise DataError(f"There is no unit {unit!r}." + did_you_mean(unit, set(self.units)))
        keep = np.flatnonzero(np.array([one == unit for one in self.units]))
        return replace(
            self,
            first=self.first[keep],
            second=self.second[keep],
            outcome=self.outcome[keep],
            dilemmas=tuple(self.dilemmas[i] for i in keep),
            units=(unit,) * len(keep),
            status=self.status[keep],
            weights=self.weights[keep],
        )


def read_choices(path: str | Path, unit: str = "", dilemma: str = "") -> Choices:
    """Read choices from a CSV, TSV (also gzipped) or Parquet file, one choice a row.

    Columns: ``first`` and ``second`` (also ``choice_a`` and ``choice_b``, ``left`` and ``right``, ``a`` and ``b``): the
    two options; ``chosen`` (also ``choice``, ``winner``, ``answer``): the name of the option, or ``first``, ``second``,
    ``tie``, or a word for a lost answer (``refusal``, ``parse_error``, ``api_error``; an empty cell is missing);
    ``weight``, where there is one.

    Parameters
    ----------
    path : str or Path
    unit : str, default ""
        The column that says who chose; empty: ``unit_id`` or ``model`` where there is one, else one chooser.
    dilemma : str, default ""
        The column that names the dilemma; empty: ``dilemma`` or ``item`` where there is one, else every row its own.

    Returns
    -------
    Choices
        With options in sorted order.

    Raises
    ------
    DataError
        If a column is absent, or a cell names no option; with file, column, rows and remedy.
    """
    path = Path(path)
    table = read_table(path, ReadOptions())
    first, second, chosen = (_find(table, names).text() for names in (FIRST, SECOND, CHOSEN))
    names = tuple(sorted({*first, *second} - {""}))
    if any(not a.strip() or not b.strip() for a, b in zip(first, second, strict=True)):
        rows = np.flatnonzero([not a.strip() or not b.strip() for a, b in zip(first, second, strict=True)])
        raise DataError(f"{path}: in row {table.file_rows(rows)} an option is empty. Give both, or leave the row out.")
    outcome, status = _outcomes(table, (first, second), chosen)
    units = _optional(table, unit, ("unit_id", "model"), "unit")
    dilemmas = _optional(table, dilemma, ("dilemma", "item"), "dilemma") or tuple(str(i) for i in range(table.length))
    weights = None
    if "weight" in table.columns:
        weights = pd.to_numeric(pd.Series(table.columns["weight"].text()), errors="coerce").to_numpy(dtype=np.float64)
    place = {name: j for j, name in enumerate(names)}
    return Choices(
        names=names,
        first=np.array([place[a] for a in first]),
        second=np.array([place[b] for b in second]),
        outcome=outcome,
        dilemmas=dilemmas,
        units=units,
        status=status,
        weights=weights,  # type: ignore[arg-type]
        notes=(f"{path.name}: {table.length} choices between {len(names)} options.",),
    )


def _find(table: RawTable, names: Sequence[str]) -> RawColumn:
    for name in names:
        if name in table.columns:
            return table.columns[name]
    raise DataError(
        f"{table.path} has no column {names[0]!r} (nor {listed(names[1:])}). A file of choices needs the columns "
        "'first', 'second' and 'chosen'." + did_you_mean(names[0], table.columns)
    )


def _optional(table: RawTable, named: str, usual: Sequence[str], what: str) -> tuple[str, ...]:
    if named:
        return table.find(named, what).text()
    return next((table.columns[name].text() for name in usual if name in table.columns), ())


def _outcomes(
    table: RawTable, options: tuple[tuple[str, ...], tuple[str, ...]], chosen: tuple[str, ...]
) -> tuple[FloatArray, NDArray[np.int8]]:
    outcome = np.full(table.length, np.nan)
    status = np.zeros(table.length, dtype=np.int8)
    unknown: list[int] = []
    for i, (a, b, cell) in enumerate(zip(*options, chosen, strict=True)):
        word = cell.strip()
        if word in (a, b):
            outcome[i] = 1.0 if word == a else -1.0
        elif word.casefold() in _WORDS:
            outcome[i] = _WORDS[word.casefold()]
        elif not word or status_of(word) is not None:
            status[i] = status_of(word) or AnswerStatus.MISSING
        else:
            unknown.append(i)
    if unknown:
        i = unknown[0]
        raise DataError(
            f"{table.path}: {len(unknown)} cells of the chosen option name neither of the two (row "
            f"{table.file_rows(np.array(unknown))}; the first is {chosen[i]!r}, offered were {options[0][i]!r} and "
            f"{options[1][i]!r}). Write the option, 'tie', or 'refusal'."
        )
    return outcome, status
