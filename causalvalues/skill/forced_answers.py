"""Rows after forced answers, each beside what the same unit answers after neutral sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from causalvalues.errors import DataError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray, IntArray, frozen_floats
from causalvalues.model.levers import clusters_of
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.theories.key import ScoringKey

AGREES, REJECTS = "agrees", "rejects"


@dataclass(frozen=True)
class ForcedLabels:
    """Which labels say what was put into the mouth of the respondent.

    Parameters
    ----------
    forced : str, default "forced"
        Values of the statements, joined by ``+`` (``"power+power"``: two statements of one value).
    stances : str, default "stances"
        ``"agrees"`` or ``"rejects"`` for each statement, parted by blanks. Without such a label all agree.
    items : str, default "forced_items"
        Names of the statements, parted by blanks. Without such a label every statement of a value counts as the same.
    neutral : str, default "neutral"
        Name of the control in `forced`.
    """

    forced: str = "forced"
    stances: str = "stances"
    items: str = "forced_items"
    neutral: str = "neutral"


@dataclass(frozen=True, eq=False)
class ForcedAnswers:
    """What r rows answered after forced statements, against the controls of their units.

    Parameters
    ----------
    values : tuple of str, length p
        In name order.
    units : tuple of str, length r
        Rows of one unit are not independent.
    said : tuple of tuple of str, length r
        The value of each statement that was forced, in the order of the conversation.
    stances : tuple of tuple of str, length r
        ``"agrees"`` or ``"rejects"``, one for each statement.
    statements : tuple of tuple of str, length r
        Names of the statements; empty texts where they are not known.
    control : array (r, p)
        Mean profile of the unit's own neutral rows with as many sentences (all its neutral rows where it has none
        with as many), in score units.
    change : array (r, p)
        Score less control over the same items: a statement that was forced is left out on both sides.
    weights : array (r,)
    notes : tuple of str
        What was left out.
    """

    values: tuple[str, ...]
    units: tuple[str, ...]
    said: tuple[tuple[str, ...], ...]
    stances: tuple[tuple[str, ...], ...]
    statements: tuple[tuple[str, ...], ...]
    control: FloatArray
    change: FloatArray
    weights: FloatArray = field(default=None)  # type: ignore[arg-type]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        r, p = len(self.units), len(self.values)
        put(self, "control", frozen_floats(self.control, (r, p), "control"))
        put(self, "change", frozen_floats(self.change, (r, p), "change"))
        put(self, "weights", frozen_floats(np.ones(r) if self.weights is None else self.weights, (r,), "weights"))

    def __len__(self) -> int:
        return len(self.units)

    def __repr__(self) -> str:
        return f"ForcedAnswers({len(self)} rows of {len(set(self.units))} units; {len(self.values)} values)"

    def doses(self, stance: str) -> FloatArray:
        """Return how many statements of each value were forced with a stance, (r, p)."""
        found = np.zeros((len(self), len(self.values)))
        place = {name: i for i, name in enumerate(self.values)}
        for row, (said, stances) in enumerate(zip(self.said, self.stances, strict=True)):
            for value, how in zip(said, stances, strict=True):
                found[row, place[value]] += how == stance
        return found

    def on(self, rows: BoolArray | IntArray) -> ForcedAnswers:
        """Return some of the rows."""
        places = np.arange(len(self))[rows].tolist()
        return replace(
            self,
            units=tuple(self.units[i] for i in places),
            said=tuple(self.said[i] for i in places),
            stances=tuple(self.stances[i] for i in places),
            statements=tuple(self.statements[i] for i in places),
            control=self.control[places],
            change=self.change[places],
            weights=self.weights[places],
        )


def forced_answers(
    matrix: ResponseMatrix, key: ScoringKey | None = None, labels: ForcedLabels | None = None
) -> ForcedAnswers:
    """Put each row after forced answers beside the neutral rows of its unit.

    Parameters
    ----------
    matrix : ResponseMatrix
        Items (with `key`) or scores of values. A unit is a cluster (`cluster_by`), else a `unit_id`.
    key : ScoringKey, optional
        Which item belongs to which value. Without it columns are values, and the effect of a value on itself is left
        out wherever statements of it were said: the score then rests on other items than its control.
    labels : ForcedLabels, optional

    Returns
    -------
    ForcedAnswers
        Rows in the order of the matrix. Rows of units without a neutral row are left out, with a note.

    Raises
    ------
    DataError
        If a label is missing, a value is unknown, there are no neutral rows, or fewer than two units have both.
    """
    labels = labels or ForcedLabels()
    if labels.forced not in matrix.labels:
        raise DataError(f"There is no label {labels.forced!r}." + did_you_mean(labels.forced, matrix.labels))
    columns = _columns(matrix, key)
    said, stances, statements = _said(matrix, labels, tuple(columns))
    units = clusters_of(matrix)
    control = _Controls(matrix, units, said, labels)
    steered = [i for i in range(len(matrix)) if said[i] and any(value != labels.neutral for value in said[i])]
    keep = [i for i in steered if units[i] in control.units]
    paired = {units[i] for i in keep}
    if len(paired) < 2:
        raise DataError(
            f"{len(paired)} units answered both after forced and after neutral sentences; intervals need two or more. "
            f"Ask the same units with and without (the label {labels.forced!r} is {labels.neutral!r} for controls)."
        )
    profile, change = _against_controls(matrix, control, (keep, columns, [len(said[i]) for i in keep]))
    if key is None:
        _blank_own(change, [said[i] for i in keep], [statements[i] for i in keep], tuple(columns))
    notes = [f"{len(steered) - len(keep)} rows of units without a neutral row are left out."] * (
        len(keep) < len(steered)
    )
    return ForcedAnswers(
        tuple(columns),
        tuple(units[i] for i in keep),
        tuple(said[i] for i in keep),
        tuple(stances[i] for i in keep),
        tuple(statements[i] for i in keep),
        profile,
        change,
        matrix.weights[keep],
        tuple(notes),
    )


def restricted(answers: ForcedAnswers, units: Sequence[str]) -> ForcedAnswers:
    """Return the rows of some units."""
    wanted = set(units)
    return answers.on(np.array([unit in wanted for unit in answers.units], dtype=bool))


Columns = Mapping[str, tuple[tuple[int, float], ...]]
"""Value -> its columns with their signed weights."""


def _columns(matrix: ResponseMatrix, key: ScoringKey | None) -> Columns:
    if key is None:
        return {name: ((matrix.names.index(name), 1.0),) for name in sorted(matrix.names)}
    found: dict[str, list[tuple[str, int, float]]] = {}
    for place, name in enumerate(matrix.names):
        if key.knows(name) and key.canonical(name) in key.items:
            item = key.items[key.canonical(name)]
            weight = item.weight * (item.sign if key.most == "high" else -item.sign)
            found.setdefault(item.dimension, []).append((key.canonical(name), place, weight))
    if not found:
        raise DataError(f"None of the {len(matrix.names)} columns is an item of {key.id}. Read the items, not scores.")
    return {value: tuple((place, weight) for _, place, weight in sorted(found[value])) for value in sorted(found)}


def _said(
    matrix: ResponseMatrix, labels: ForcedLabels, values: tuple[str, ...]
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return what was forced in each row: values, stances, statements."""
    n = len(matrix)
    said = [tuple(part for part in cell.split("+") if part) for cell in matrix.labels[labels.forced]]
    for row, parts in enumerate(said):
        for value in parts:
            if value != labels.neutral and value not in values:
                raise DataError(f"Row {row} forces the unknown value {value!r}." + did_you_mean(value, values))
    told = matrix.labels.get(labels.stances, ("",) * n)
    stances = [tuple(cell.split()) or (AGREES,) * len(parts) for cell, parts in zip(told, said, strict=True)]
    named = matrix.labels.get(labels.items, ("",) * n)
    statements = [tuple(cell.split()) or ("",) * len(parts) for cell, parts in zip(named, said, strict=True)]
    for row, parts in enumerate(said):
        if labels.neutral in parts:
            if set(parts) != {labels.neutral}:
                raise DataError(f"Row {row} mixes forced and neutral sentences ({'+'.join(parts)}). Leave it out.")
            continue
        for what, found in ((labels.stances, stances[row]), (labels.items, statements[row])):
            if len(found) != len(parts):
                raise DataError(
                    f"Row {row} forces {len(parts)} statements, and its {what!r} names {len(found)}. Name one for each."
                )
        odd = sorted(set(stances[row]) - {AGREES, REJECTS})
        if odd:
            raise DataError(f"Row {row} has the unknown stance {odd[0]!r}." + did_you_mean(odd[0], (AGREES, REJECTS)))
    return said, stances, statements


class _Controls:
    """Mean neutral row of each unit, by the number of neutral sentences."""

    def __init__(
        self, matrix: ResponseMatrix, units: tuple[str, ...], said: list[tuple[str, ...]], labels: ForcedLabels
    ) -> None:
        rows: dict[tuple[str, int], list[int]] = {}
        for i, parts in enumerate(said):
            if parts and set(parts) == {labels.neutral}:
                rows.setdefault((units[i], len(parts)), []).append(i)
                rows.setdefault((units[i], 0), []).append(i)
        if not rows:
            raise DataError(
                f"No row has {labels.forced!r} = {labels.neutral!r}, so there is nothing to compare forced answers "
                "with. Ask the same units after neutral sentences, or name the control (`ForcedLabels(neutral=...)`)."
            )
        self.units = {unit for unit, _ in rows}
        self._means = {
            cell: _weighted_mean(matrix.scores[places], matrix.weights[places]) for cell, places in rows.items()
        }
        self._unit_of = units

    def of(self, row: int, count: int) -> FloatArray:
        """Return the control (q,) of a row with `count` statements."""
        unit = self._unit_of[row]
        return self._means.get((unit, count), self._means[unit, 0])


def _weighted_mean(scores: FloatArray, weights: FloatArray) -> FloatArray:
    seen = ~np.isnan(scores)
    w = np.where(seen, weights[:, None], 0.0)
    total = w.sum(axis=0)
    return np.where(total > 0, (np.where(seen, scores, 0.0) * w).sum(axis=0) / np.where(total > 0, total, 1.0), np.nan)


def _against_controls(
    matrix: ResponseMatrix, controls: _Controls, what: tuple[list[int], Columns, list[int]]
) -> tuple[FloatArray, FloatArray]:
    """Return control profiles and changes (r, p)."""
    rows, columns, counts = what
    control = np.array([controls.of(i, count) for i, count in zip(rows, counts, strict=True)])
    moved = matrix.scores[rows] - control
    return _scored(control, columns), _scored(moved, columns)


def _scored(items: FloatArray, columns: Columns) -> FloatArray:
    found = []
    for parts in columns.values():
        places, weights = [place for place, _ in parts], np.array([weight for _, weight in parts])
        seen = ~np.isnan(items[:, places])
        total = (seen * np.abs(weights)).sum(axis=1)
        sums = (np.where(seen, items[:, places], 0.0) * weights).sum(axis=1)
        found.append(np.where(total > 0, sums / np.where(total > 0, total, 1.0), np.nan))
    return np.column_stack(found)


def _blank_own(
    change: FloatArray, said: Sequence[tuple[str, ...]], named: Sequence[tuple[str, ...]], values: tuple[str, ...]
) -> None:
    """Leave own effects out where scores rest on other items than their controls."""
    for row, (parts, statements) in enumerate(zip(said, named, strict=True)):
        if any(statements):
            change[row, [values.index(value) for value in parts]] = np.nan
