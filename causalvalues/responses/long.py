"""Long files: one row an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError, did_you_mean
from causalvalues.responses.codes import listed, status_of
from causalvalues.responses.design import (
    LABEL_PREFIX,
    Roles,
    assign_roles,
    describe_design,
    identity,
    label_columns,
    lever_doses,
    row_weights,
)
from causalvalues.responses.matrix import AnswerStatus, ResponseMatrix
from causalvalues.responses.naming import chosen, known_names, recognise, translate
from causalvalues.responses.numbers import Numbers, as_numbers, decimal_comma, refuse_strange
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.table import RawTable

ITEM_COLUMNS, ANSWER_COLUMNS = ("item", "dimension"), ("response", "score")


@dataclass(frozen=True)
class LongColumns:
    """The columns of a long file that hold the item (or dimension), the answer and its status."""

    item: str
    answer: str
    status: str


@dataclass(frozen=True, eq=False)
class _Units:
    """The unit of each row of the table, the first row of each unit, and its id."""

    of: NDArray[np.int64]
    first: NDArray[np.int64]
    ids: list[str]


def looks_long(table: RawTable, options: ReadOptions) -> bool:
    """Whether a table names an item and an answer in each row."""
    item = bool(options.item) or any(name in table.columns for name in ITEM_COLUMNS)
    answer = bool(options.answer) or any(name in table.columns for name in ANSWER_COLUMNS)
    return item and answer


def read_long(table: RawTable, options: ReadOptions) -> ResponseMatrix:
    """Return the matrix of a long file: units by first appearance, columns in the order of the key or theory."""
    roles = assign_roles(table, options)
    columns = _columns(table, options)
    answers, status = _answers(table, columns, options)
    units, used = _units(table, roles)
    if not used:
        raise DataError(
            f"{table.path}: nothing says which unit gave an answer. Add a column unit_id, or name it: "
            'ReadOptions(unit="...").'
        )
    column_of, names, what = _column_names(table, columns, options)
    kept = column_of >= 0
    _refuse_duplicates(table, units, column_of, columns)
    n, p = len(units.ids), len(names)
    scores, statuses = np.full((n, p), np.nan), np.full((n, p), AnswerStatus.MISSING, dtype=np.int8)
    scores[units.of[kept], column_of[kept]] = answers.values[kept]
    statuses[units.of[kept], column_of[kept]] = status[kept]
    labels, left_out = _labels(table, roles, columns, units, options)
    levers, doses = lever_doses(table, roles, options)
    weights = row_weights(table, roles, options)
    if weights is not None:
        _refuse_varying(table, roles.weight, units)
        weights = weights[units.first]
    note = (
        f"Read {table.path.name}: long, {table.kind}, {table.length} answers ({columns.item}, {columns.answer}) of "
        f"{n} rows x {p} columns ({what}); "
        + describe_design(levers, labels, used)
        + (f"; left out {listed(left_out, 6)}" if left_out else "")
        + "."
    )
    return ResponseMatrix(
        names=names,
        scores=scores,
        status=statuses,
        unit_ids=_unique_ids(units.ids),
        labels=label_columns(table, labels, units.first),
        cluster_by=options.cluster_by,
        group_by=options.group_by,
        strata_by=options.strata_by,
        weights=weights,  # type: ignore[arg-type]
        levers=levers,
        doses=doses[units.first],
        measures=options.measures,
        notes=(note, *table.notes),
    )


def _units(table: RawTable, roles: Roles) -> tuple[_Units, list[str]]:
    of, ids, used = identity(table, roles)
    return _Units(of, np.unique(of, return_index=True)[1], ids), used


def _columns(table: RawTable, options: ReadOptions) -> LongColumns:
    """Return the columns of item, answer and status; two that fit are an error unless they say the same."""
    for what in ("item", "answer"):
        if getattr(options, what):
            table.find(getattr(options, what), what)
    items = [name for name in ITEM_COLUMNS if name in table.columns]
    item = options.item or (items[0] if items else "")
    found = [name for name in ANSWER_COLUMNS if name in table.columns]
    if not item or not (options.answer or found):
        raise DataError(
            f"{table.path} is to be read as long, and has no column "
            f"{'item or dimension' if not item else 'response or score'}"
            f' among {listed(list(table.columns), 8)}. Name it: ReadOptions(item="...", answer="...").'
        )
    status = "status" if "status" in table.columns else ""
    if options.answer or len(found) == 1:
        return LongColumns(item, options.answer or found[0], status)
    comma = decimal_comma(table, options)
    read = {name: as_numbers(table.columns[name], comma, options.missing_text) for name in found}
    fit = [name for name in found if read[name].mostly_numbers] or found
    if len(fit) > 1:
        one, two = (read[name].values for name in fit)
        differ = np.flatnonzero((one != two) & ~(np.isnan(one) & np.isnan(two)))
        if len(differ):
            raise DataError(
                f"{table.path} can be read in two ways, and they differ in {len(differ)} rows "
                f"({table.file_rows(differ)}): "
                '(1) `response`, the answer as it was given, to be scored with a key: ReadOptions(answer="response"); '
                '(2) `score`, turned round already where an item is reversed: ReadOptions(answer="score"). Choose one.'
            )
    return LongColumns(item, fit[0], status)


def _answers(table: RawTable, columns: LongColumns, options: ReadOptions) -> tuple[Numbers, NDArray[np.int8]]:
    """Return the answers of all rows, and what became of each."""
    numbers = as_numbers(table.columns[columns.answer], decimal_comma(table, options), options.missing_text)
    if not columns.status:
        refuse_strange(table, numbers)
        return numbers, numbers.status
    column = table.columns[columns.status]
    stated = np.zeros(len(column.values), dtype=np.int8)
    for i, cell in enumerate(column.values):
        word = status_of(cell) if cell.strip() else AnswerStatus.OK
        if word is None:
            rows = table.file_rows(np.flatnonzero(column.codes == i))
            known = ("ok", "missing", "refusal", "parse_error", "api_error")
            raise DataError(f"{table.path}: {cell!r} in rows {rows} is no status." + did_you_mean(cell, known))
        stated[i] = word
    status = stated[column.codes]
    said_ok = np.flatnonzero(status == AnswerStatus.OK)
    still_strange = Numbers(
        numbers.name,
        numbers.values,
        numbers.status,
        np.intersect1d(numbers.strange, said_ok),
        np.intersect1d(numbers.infinite, said_ok),
    )
    refuse_strange(table, still_strange)
    return numbers, np.where(status == AnswerStatus.OK, numbers.status, status).astype(np.int8)


def _column_names(
    table: RawTable, columns: LongColumns, options: ReadOptions
) -> tuple[NDArray[np.int64], tuple[str, ...], str]:
    """Return the matrix column (rows,) of each answer, -1 for none; the names; and how they were found."""
    column = table.columns[columns.item]
    present = np.unique(column.codes, return_index=True)
    entries = [column.values[code].strip() for code in present[0][np.argsort(present[1])]]
    if "" in entries:
        rows = np.flatnonzero([value.strip() == "" for value in column.values])
        where = table.file_rows(np.flatnonzero(np.isin(column.codes, rows)))
        raise DataError(f"{table.path}: the column {columns.item!r} is empty in rows {where}. Fill it in.")
    entries = list(dict.fromkeys(entries))
    what = "all entries"
    if options.columns:
        entries = chosen(table.path, entries, options.columns)
    vocabulary = options.vocabulary
    if vocabulary is not None:
        renamed, what = translate(table.path, entries, vocabulary), f"known to {vocabulary.id}"
        unknown = [entry for entry in entries if entry not in renamed]
        what += f", others left out: {listed(unknown)}" if unknown else ""
        order = {name: i for i, name in enumerate(known_names(vocabulary))}
        names = tuple(sorted(set(renamed.values()), key=order.__getitem__))
    else:
        renamed, found = ({name: name for name in entries}, "") if options.columns else recognise(table.path, entries)
        names, what = tuple(dict.fromkeys(renamed.values())), f"dimensions of {found}" if found else what
    position = {name: i for i, name in enumerate(names)}
    by_value = [position.get(renamed.get(value.strip(), ""), -1) for value in column.values]
    return np.array(by_value, dtype=np.int64)[column.codes], names, what


def _refuse_duplicates(table: RawTable, units: _Units, column_of: NDArray[np.int64], columns: LongColumns) -> None:
    rows = np.flatnonzero(column_of >= 0)
    cells = units.of[rows] * (int(column_of.max(initial=0)) + 1) + column_of[rows]
    order = np.argsort(cells, kind="stable")
    same = np.flatnonzero(np.diff(cells[order]) == 0)
    if not len(same):
        return
    one, two = int(rows[order[same[0]]]), int(rows[order[same[0] + 1]])
    item = table.columns[columns.item]
    raise DataError(
        f"{table.path}: {len(same)} answers are there twice; the first is {item.values[item.codes[one]]!r} of one "
        f"unit in rows {table.file_rows(np.array([one, two]))}. If these are repeats, number them in a column "
        "`repeat`; if the units differ, name the column that tells them apart: ReadOptions(unit=...); if not, delete "
        "one."
    )


def _labels(
    table: RawTable, roles: Roles, columns: LongColumns, units: _Units, options: ReadOptions
) -> tuple[list[str], list[str]]:
    """Return the columns that say the same in all rows of a unit (labels), and those that do not."""
    asked = {*options.labels, options.cluster_by, options.group_by, options.strata_by}
    taken = {columns.item, columns.answer, columns.status, roles.weight, roles.lever_column, roles.dose_column}
    labels: list[str] = []
    left_out: list[str] = []
    for name, column in table.columns.items():
        if name in taken or name in roles.dose_columns or (name == roles.unit and name not in asked):
            continue
        changes = np.flatnonzero(column.codes != column.codes[units.first][units.of])
        if len(changes) and name.removeprefix(LABEL_PREFIX) in asked:
            raise DataError(
                f"{table.path}: the label {name!r} changes within a unit (rows {table.file_rows(changes)}). A label "
                "belongs to a whole unit; name the column that tells units apart with ReadOptions(unit=...)."
            )
        (left_out if len(changes) else labels).append(name)
    return labels, left_out


def _refuse_varying(table: RawTable, name: str, units: _Units) -> None:
    codes = table.columns[name].codes
    varies = np.flatnonzero(codes != codes[units.first][units.of])
    if len(varies):
        raise DataError(
            f"{table.path}: the weight of unit {units.ids[units.of[varies[0]]]!r} changes between its rows "
            f"({table.file_rows(varies)}). Give each unit one weight, or ReadOptions(drop=[{name!r}])."
        )


def _unique_ids(ids: list[str]) -> tuple[str, ...]:
    """Return the ids, numbered where different units would be called the same."""
    return tuple(ids) if len(set(ids)) == len(ids) else tuple(f"{name} | unit {i + 1}" for i, name in enumerate(ids))
