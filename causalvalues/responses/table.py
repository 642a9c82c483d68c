"""A file as named columns, before anything is decided about them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError, did_you_mean
from causalvalues.responses.codes import listed
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.text_files import read_bytes, read_text


@dataclass(frozen=True, eq=False)
class RawColumn:
    """One column: its distinct cells as text ("" for none) and which of them stands in each row.

    Parameters
    ----------
    name : str
        As in the header.
    values : list of str
        Distinct cells.
    codes : array (n,) of int64
        Index into `values` of each row.
    """

    name: str
    values: list[str]
    codes: NDArray[np.int64]

    def text(self) -> tuple[str, ...]:
        """Return the cell of each row."""
        return tuple(self.values[code] for code in self.codes)

    @property
    def empty(self) -> bool:
        """Whether no row has anything in it."""
        return not any(value.strip() for value in self.values)


@dataclass(frozen=True, eq=False)
class RawTable:
    """Columns of equal length n, and where they are from.

    Parameters
    ----------
    path : Path
        The file.
    columns : mapping of str to RawColumn
        In file order.
    length : int
        Number of rows n.
    kind : str
        What was detected about the file, for the note.
    notes : list of str
        What was left out.
    """

    path: Path
    columns: dict[str, RawColumn]
    length: int
    kind: str
    notes: tuple[str, ...] = ()

    def file_rows(self, index: NDArray[np.int64]) -> str:
        """Return row numbers for people: in a text file the header is row 1."""
        first = 1 if self.kind == "parquet" else 2
        return listed([int(i) + first for i in index])

    def find(self, name: str, what: str) -> RawColumn:
        """Return a column that the user named."""
        if name not in self.columns:
            raise DataError(f"{self.path} has no column {name!r} ({what})." + did_you_mean(name, self.columns))
        return self.columns[name]


def read_table(path: Path, options: ReadOptions) -> RawTable:
    """Return a CSV, TSV, gzipped text or Parquet file as a table.

    Raises
    ------
    DataError
        If the file cannot be read, or its header is not fit to name columns.
    """
    data = read_bytes(path)
    if data[:4] == b"PAR1":
        names, cells = _read_parquet(path, data)
        kind = "parquet"
    else:
        names, cells, separator = read_text(path, data, options)
        kind = {"\t": "tab", " ": "space"}.get(separator, f"'{separator}'") + "-separated text"
    names, cells, notes = _named(path, names, cells)
    _refuse_repeated(path, names)
    for name in options.drop:
        if name not in names:
            raise DataError(f"{path} has no column {name!r} to drop." + did_you_mean(name, names))
    kept = [(name, array) for name, array in zip(names, cells, strict=True) if name not in options.drop]
    _refuse_nested(path, kept)
    columns = {name: _encoded(name, array) for name, array in kept}
    return RawTable(path, columns, len(cells[0]) if cells else 0, kind, tuple(notes))


def _read_parquet(path: Path, data: bytes) -> tuple[list[str], list[Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is damaged: {error}. Export the file again.") from None
    if not table.num_rows:
        raise DataError(f"{path} has {table.num_columns} columns and no rows. Export the answers as well.")
    names = ["" if name.startswith("__index_level_") else name.strip() for name in table.column_names]
    return names, list(table.columns)


def _named(path: Path, names: list[str], cells: list[Any]) -> tuple[list[str], list[Any], list[str]]:
    """Return the columns without a running row number and without unnamed empty columns."""
    kept_names: list[str] = []
    kept: list[Any] = []
    notes: list[str] = []
    for position, (name, array) in enumerate(zip(names, cells, strict=True)):
        if name and name != "Unnamed: 0":
            kept_names.append(name)
            kept.append(array)
            continue
        _refuse_nested(path, [(name, array)])
        column = _encoded(name, array)
        if column.empty:
            notes.append(f"Column {position + 1} has no name and no cells and was left out.")
        elif _counts_rows(column):
            notes.append(f"Column {position + 1} ({name or 'no name'}) is a running row number and was left out.")
        elif position == 0 and "unit_id" not in names and len(column.values) == len(column.codes):
            kept_names.append("unit_id")
            kept.append(array)
            notes.append(f"Column 1 ({name or 'no name'}) has a different cell in each row and was read as unit_id.")
        else:
            raise DataError(f"{path}: column {position + 1} has no name. Name it in the header, or delete it.")
    return kept_names, kept, notes


def _refuse_nested(path: Path, columns: list[tuple[str, Any]]) -> None:
    """Raise `DataError` for a column whose cells are lists, structures or maps."""
    import pyarrow as pa

    for name, array in columns:
        if pa.types.is_nested(array.type):
            raise DataError(
                f"{path}: the cells of column {name!r} are nested ({array.type}), so none is one answer. Give each "
                f"part a column of its own, or leave it out: ReadOptions(drop=[{name!r}])."
            )


def _counts_rows(column: RawColumn) -> bool:
    cells = column.text()
    return any(all(cell == str(i + start) for i, cell in enumerate(cells)) for start in (0, 1))


def _refuse_repeated(path: Path, names: list[str]) -> None:
    where: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        where.setdefault(name, []).append(position + 1)
    for name, positions in where.items():
        if len(positions) > 1:
            raise DataError(
                f"{path}: the column name {name!r} stands {len(positions)} times in the header (columns "
                f"{listed(positions)}). Rename or delete all but one of them."
            )


def _encoded(name: str, array: Any) -> RawColumn:
    """Return an arrow column by its distinct cells."""
    array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    coded = array if hasattr(array, "dictionary") else array.dictionary_encode()
    values = [_as_text(value) for value in coded.dictionary.to_pylist()]
    codes = coded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False).astype(np.int64)
    return RawColumn(name, [*values, ""] if coded.null_count else values, codes)


def _as_text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
