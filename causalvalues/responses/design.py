"""The design that comes with answers: units, labels, weights and levers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError
from causalvalues.frozen import FloatArray
from causalvalues.responses.codes import listed
from causalvalues.responses.matrix import ID_COLUMNS, AnswerStatus
from causalvalues.responses.numbers import as_numbers, decimal_comma, is_number
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.table import RawColumn, RawTable

LEVER_PREFIX, LABEL_PREFIX, ANSWER_PREFIX = "lever:", "label:", "answer:"
DESIGN_FACTORS = ("model", "persona_id", "prompt_id", "repeat")
RESERVED = ("unit_id", "weight", "levers", "lever", "dose")


@dataclass(frozen=True)
class Roles:
    """Which column plays which part in the design; "" for none.

    Parameters
    ----------
    unit, weight : str
        Columns of unit ids and row weights.
    labels : tuple of str
        Columns that are labels for sure (columns of text may become labels later).
    lever_column, dose_column : str
        ``levers`` or ``lever``, and ``dose``.
    dose_columns : tuple of str
        Columns that hold the dose of one lever each.
    """

    unit: str
    weight: str
    labels: tuple[str, ...]
    lever_column: str
    dose_column: str
    dose_columns: tuple[str, ...]

    @property
    def all(self) -> set[str]:
        """All columns that have a part."""
        single = {self.unit, self.weight, self.lever_column, self.dose_column} - {""}
        return single | set(self.labels) | set(self.dose_columns)


def assign_roles(table: RawTable, options: ReadOptions) -> Roles:
    """Return the parts of the columns, by their names and by what the user said.

    Raises
    ------
    DataError
        If a column that the user named is not there, or levers are given twice.
    """
    columns = table.columns
    for what in ("unit", "weight"):
        if getattr(options, what):
            table.find(getattr(options, what), what)
    if "levers" in columns and "lever" in columns:
        raise DataError(
            f"{table.path} can be read in two ways: 'levers' holds the levers of a row (\"a+b\"), or 'lever' and "
            "'dose' do. "
            'Choose: ReadOptions(drop=["levers"]) or ReadOptions(drop=["lever"]).'
        )
    lever = next((name for name in ("levers", "lever") if name in columns), "")
    if "dose" in columns and lever != "lever" and "dose" not in options.columns:
        raise DataError(
            f"{table.path} has a column 'dose' and no column 'lever' that says of what. Add it, or leave the doses "
            "out: "
            'ReadOptions(drop=["dose"]).'
        )
    named = {table.find(name, "a label").name for name in options.labels}
    named |= {
        table.find(name, "cluster_by, group_by or strata_by").name
        for name in _wanted_labels(options) - _prefixed(table)
    }
    named |= {name for name in ID_COLUMNS if name in columns} | {n for n in columns if n.startswith(LABEL_PREFIX)}
    doses = {table.find(name, "a lever").name for name in options.levers}
    doses |= {name for name in columns if name.startswith(LEVER_PREFIX)}
    _refuse_nameless(table)
    return Roles(
        unit=options.unit or ("unit_id" if "unit_id" in columns else ""),
        weight=options.weight or ("weight" if "weight" in columns else ""),
        labels=tuple(name for name in columns if name in named),
        lever_column=lever,
        dose_column="dose" if lever == "lever" and "dose" in columns else "",
        dose_columns=tuple(name for name in columns if name in doses),
    )


def _refuse_nameless(table: RawTable) -> None:
    for name in table.columns:
        if name in (LEVER_PREFIX, LABEL_PREFIX, ANSWER_PREFIX):
            raise DataError(
                f"{table.path}: the column {name!r} says no name after the colon. Write for example '{name}a', or "
                f"leave it out: ReadOptions(drop=[{name!r}])."
            )


def _refuse_numbers_as_levers(table: RawTable, column: RawColumn) -> None:
    """Raise `DataError` when the cells that should name levers are numbers."""
    cells = [cell.strip() for cell in column.values if cell.strip()]
    wrong = [cell for cell in cells if is_number(cell)]
    if wrong and 2 * len(wrong) >= len(cells):
        raise DataError(
            f"{table.path}: the column {column.name!r} should name the lever of each row, and holds numbers "
            f"({listed(wrong, 3)}). If they are doses of one lever, rename the column to '{LEVER_PREFIX}NAME'; if they "
            f"are answers, rename it; if neither, leave it out: ReadOptions(drop=[{column.name!r}])."
        )


def _wanted_labels(options: ReadOptions) -> set[str]:
    return {options.cluster_by, options.group_by, options.strata_by} - {""}


def _prefixed(table: RawTable) -> set[str]:
    return {name.removeprefix(LABEL_PREFIX) for name in table.columns if name.startswith(LABEL_PREFIX)}


def label_columns(table: RawTable, names: Sequence[str], rows: NDArray[np.int64]) -> dict[str, tuple[str, ...]]:
    """Return {label: one text a unit}; `rows` (n,) is the row of the table that stands for each unit."""
    labels: dict[str, tuple[str, ...]] = {}
    for name in names:
        column = table.columns[name]
        labels[name.removeprefix(LABEL_PREFIX)] = tuple(column.values[code] for code in column.codes[rows])
    return labels


def row_weights(table: RawTable, roles: Roles, options: ReadOptions) -> FloatArray | None:
    """Return one weight a row of the table, or None where there is no such column."""
    if not roles.weight:
        return None
    numbers = as_numbers(table.columns[roles.weight], decimal_comma(table, options))
    bad = np.flatnonzero((numbers.status != AnswerStatus.OK) | ~(numbers.values >= 0))
    if len(bad):
        raise DataError(
            f"{table.path}: the weight column {roles.weight!r} has no weight of zero or more in rows "
            f"{table.file_rows(bad)}. Correct these, or leave it out: ReadOptions(drop=[{roles.weight!r}])."
        )
    return numbers.values


def lever_doses(table: RawTable, roles: Roles, options: ReadOptions) -> tuple[tuple[str, ...], FloatArray]:
    """Return the names of the levers, sorted, and the dose (rows, k) of each in each row of the table."""
    comma = decimal_comma(table, options)
    doses: dict[str, FloatArray] = {}
    for name in roles.dose_columns:
        doses[name.removeprefix(LEVER_PREFIX)] = _doses(table, name, comma)
    if roles.lever_column:
        column = table.columns[roles.lever_column]
        _refuse_numbers_as_levers(table, column)
        amount = _doses(table, roles.dose_column, comma, 1.0) if roles.dose_column else np.ones(table.length)
        for code, cell in enumerate(column.values):
            rows = column.codes == code
            for lever, said in _levers_in(table, column, cell, comma):
                if lever in doses and lever in {name.removeprefix(LEVER_PREFIX) for name in roles.dose_columns}:
                    raise DataError(
                        f"{table.path}: the lever {lever!r} has a dose column and stands in {column.name!r}."
                    )
                doses.setdefault(lever, np.zeros(table.length))[rows] = said * amount[rows]
    names = tuple(sorted(doses))
    return names, np.column_stack([doses[name] for name in names]) if names else np.zeros((table.length, 0))


def _levers_in(table: RawTable, column: RawColumn, cell: str, comma: bool) -> list[tuple[str, float]]:
    """Return the levers of one cell with their doses: "a+b=0.5" in a column `levers`, one name in a column `lever`."""
    if not cell.strip():
        return []
    listed_here = column.name == "levers"
    found = [_dosed(part.strip(), comma) for part in cell.split("+")] if listed_here else [(cell.strip(), 1.0)]
    levers = [name for name, _ in found]
    rows = np.flatnonzero(column.codes == column.values.index(cell))
    if any(math.isnan(dose) for _, dose in found):
        raise DataError(
            f"{table.path}: {cell!r} in the column {column.name!r} (rows {table.file_rows(rows)}) has something behind "
            "'=' that is neither a finite number nor a word. Write doses like \"a=0.5\", or 'a=0,5' with "
            'ReadOptions(decimal=","); words belong to the name ("mode=fast").'
        )
    if "" in levers or len(set(levers)) < len(levers):
        raise DataError(
            f"{table.path}: {cell!r} in the column {column.name!r} (rows {table.file_rows(rows)}) is no list of "
            "different "
            'levers. Write "a+b" for two levers, "a=0.5" for another dose than 1, an empty cell for none.'
        )
    return found


def _dosed(part: str, comma: bool) -> tuple[str, float]:
    """Return name and dose of ``"a=0.5"``; a word behind the sign belongs to the name, NaN if it is neither.

    Examples
    --------
    >>> _dosed("calm=0.5", False), _dosed("calm", False), _dosed("mode=fast", False), _dosed("calm=1_0", False)
    (('calm', 0.5), ('calm', 1.0), ('mode=fast', 1.0), ('calm', nan))
    """
    name, sign, text = part.rpartition("=")
    if not sign:
        return part, 1.0
    text = text.strip()
    numbers = as_numbers(RawColumn(name, [text], np.zeros(1, dtype=np.int64)), comma)
    return (part, 1.0) if _is_word(text) else (name.strip(), float(numbers.values[0]))


def _is_word(text: str) -> bool:
    """Whether a text has a letter and is nothing that some program would take for a number."""
    try:
        float(text)
    except ValueError:
        return any(sign.isalpha() for sign in text) and not is_number(text)
    return False


def _doses(table: RawTable, name: str, comma: bool, empty: float = 0.0) -> FloatArray:
    numbers = as_numbers(table.columns[name], comma)
    bad = np.concatenate([numbers.strange, numbers.infinite])
    if len(bad):
        raise DataError(
            f"{table.path}: the doses in {name!r} must be finite numbers; rows {table.file_rows(np.sort(bad))} hold "
            "others. Write 0 or leave the cell empty where the lever was not used."
        )
    return np.where(np.isnan(numbers.values), empty, numbers.values)


def identity(table: RawTable, roles: Roles) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Number the units of a table by the columns that can tell them apart.

    Returns
    -------
    (array (rows,) of int64, list of str, list of str)
        The unit of each row, numbered by first appearance; the id of each unit; the columns that were used.
    """
    factors = [name for name in DESIGN_FACTORS if name in table.columns]
    factors += [name for name in (roles.lever_column, roles.dose_column, *roles.dose_columns) if name]
    used = [roles.unit] if roles.unit else []
    codes = table.columns[roles.unit].codes if roles.unit else np.zeros(table.length, dtype=np.int64)
    codes = _by_first(codes)
    for name in factors:
        finer = _by_first(codes * (len(table.columns[name].values) + 1) + table.columns[name].codes)
        if not roles.unit or finer.max(initial=0) > codes.max(initial=0):
            used.append(name)
        codes = finer
    first = np.unique(codes, return_index=True)[1] if table.length else np.zeros(0, dtype=np.int64)
    ids = [_unit_name(table, used, int(row)) for row in first]
    return codes, ids, used


def _unit_name(table: RawTable, used: Sequence[str], row: int) -> str:
    parts = []
    for name in used:
        column = table.columns[name]
        cell = column.values[column.codes[row]]
        parts += (
            [f"{name.removeprefix(LEVER_PREFIX)}={cell}" if name.startswith(LEVER_PREFIX) else cell] if cell else []
        )
    return " | ".join(parts)


def _by_first(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber codes by their first appearance."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    return order[inverse]


def describe_design(levers: Sequence[str], labels: Sequence[str], used: Sequence[str]) -> str:
    """Return the part of the note that says what tells units apart, and what came with them."""
    parts = ["units by " + " + ".join(used) if used else "units by row number"]
    parts += [f"{len(levers)} levers ({listed(levers, 3)})"] if levers else []
    parts += [f"labels {listed(labels, 6)}"] if labels else []
    return "; ".join(parts)
