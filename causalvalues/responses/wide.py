"""Wide files: one row a unit, one column an item or a dimension."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase

import numpy as np

from causalvalues.errors import DataError
from causalvalues.responses.codes import listed
from causalvalues.responses.design import (
    ANSWER_PREFIX,
    Roles,
    assign_roles,
    describe_design,
    identity,
    label_columns,
    lever_doses,
    row_weights,
)
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.responses.naming import chosen, likely_key, recognise, refuse_mixed_scales, refuse_same, translate
from causalvalues.responses.numbers import Numbers, as_numbers, decimal_comma, refuse_half_numbers, refuse_strange
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.table import RawTable


def read_wide(table: RawTable, options: ReadOptions) -> ResponseMatrix:
    """Return the matrix of a wide file; the columns keep the order of the file."""
    roles = assign_roles(table, options)
    comma = decimal_comma(table, options)
    numbers = {
        name: as_numbers(column, comma, options.missing_text)
        for name, column in table.columns.items()
        if name not in roles.all or name in options.columns
    }
    renamed, what = _answers(table, numbers, options)
    for name in renamed:
        refuse_strange(table, numbers[name])
    words = [name for name, column in numbers.items() if name not in renamed and not column.mostly_numbers]
    for name in words:
        if _undeclared(name, options):
            refuse_half_numbers(table, numbers[name])
    labels = [*roles.labels, *(name for name in words if not table.columns[name].empty)]
    unit_ids, used = _unit_ids(table, roles, options)
    if roles.unit and (used != [roles.unit] or "unit_id" in (options.cluster_by, options.group_by)):
        labels = [roles.unit, *labels]
    levers, doses = lever_doses(table, roles, options)
    every_row = np.arange(table.length)
    left_out = [name for name in numbers if name not in renamed and name not in labels]
    note = (
        f"Read {table.path.name}: wide, {table.kind}, {table.length} rows x {len(renamed)} columns ({what}); "
        + describe_design(levers, labels, used)
        + (f"; left out {listed(left_out, 6)}" if left_out else "")
        + "."
    )
    return ResponseMatrix(
        names=tuple(renamed.values()),
        scores=np.column_stack([numbers[name].values for name in renamed]),
        status=np.column_stack([numbers[name].status for name in renamed]),
        unit_ids=unit_ids,
        labels=label_columns(table, labels, every_row),
        cluster_by=options.cluster_by,
        group_by=options.group_by,
        strata_by=options.strata_by,
        weights=row_weights(table, roles, options),  # type: ignore[arg-type]
        levers=levers,
        doses=doses,
        measures=options.measures,
        notes=(note, *table.notes),
    )


def _undeclared(name: str, options: ReadOptions) -> bool:
    """Whether nothing says that a column is no answer: no key, theory or list of columns, and no name of an id."""
    plain = name.removeprefix(ANSWER_PREFIX)
    if options.key is not None or options.theory is not None or plain.casefold().endswith("_id"):
        return False
    return plain.casefold() != "id" and (
        not options.columns or any(fnmatchcase(plain, pattern) for pattern in options.columns)
    )


def _answers(table: RawTable, numbers: dict[str, Numbers], options: ReadOptions) -> tuple[dict[str, str], str]:
    """Return {column: canonical name} of the answers, and how they were found."""
    path, vocabulary = table.path, options.vocabulary
    plain = {name.removeprefix(ANSWER_PREFIX): name for name in numbers}
    columns = [name for name, column in plain.items() if numbers[column].mostly_numbers]
    if options.columns:
        patterned = set(chosen(path, list(plain), options.columns)) - set(options.columns)
        columns = [name for name in plain if name in options.columns or (name in patterned and name in columns)]
    if vocabulary is not None:
        known = [name for name in plain if vocabulary.knows(name) and (name in columns or not options.columns)]
        renamed, what = translate(path, dict.fromkeys([*known, *columns]), vocabulary), f"known to {vocabulary.id}"
    elif options.columns:
        renamed, what = {name: name for name in columns}, "as asked"
    elif columns:
        renamed, theory_id = recognise(path, columns)
        what = f"dimensions of {theory_id}" if theory_id else f"all columns of numbers: {listed(columns)}"
        if not theory_id:
            likely = likely_key(columns)
            if likely is not None:
                what += (
                    f', which look like items of {likely.id}: read them with key="{likely.id}" for its missing codes'
                )
            refuse_mixed_scales(path, [numbers[plain[name]] for name in columns])
    else:
        raise DataError(
            f"{path}: no column holds numbers that could be answers; the columns are {listed(list(table.columns), 8)}. "
            "Name them with ReadOptions(columns=[...]), or for one answer a row give `unit`, `item` and `answer`."
        )
    refuse_same(path, renamed)
    return {plain[name]: canonical for name, canonical in renamed.items()}, what


def _unit_ids(table: RawTable, roles: Roles, options: ReadOptions) -> tuple[tuple[str, ...], list[str]]:
    """Return one id a row, and the columns it is made of; row numbers where no columns tell rows apart."""
    codes, ids, used = identity(table, roles)
    if not used:
        return tuple(str(row + 1) for row in range(table.length)), []
    first = np.unique(codes, return_index=True)[1]
    times = Counter(ids)
    again = np.ones(table.length, dtype=bool)
    again[first] = False
    again |= np.isin(codes, np.flatnonzero([times[name] > 1 for name in ids]))
    if roles.unit and again.any() and not options.cluster_by:
        unit = int(codes[again][0])
        rows = np.flatnonzero(codes == unit)
        raise DataError(
            f"{table.path}: the unit {ids[unit]!r} ({roles.unit}) stands in {len(rows)} rows "
            f"({table.file_rows(rows)}). If "
            f'it answered several times, say so: ReadOptions(cluster_by="{roles.unit}"); if not, correct the ids.'
        )
    names = [f"{ids[code]} | row {row + 1}" if again[row] else ids[code] for row, code in enumerate(codes)]
    return tuple(names), [*used, f"row number ({int(again.sum())} rows repeat)"] if again.any() else used
