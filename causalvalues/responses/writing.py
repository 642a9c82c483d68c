"""Writing response matrices to files that `read_responses` reads back."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

from causalvalues.errors import DataError
from causalvalues.files import write_bytes
from causalvalues.responses.design import ANSWER_PREFIX, LABEL_PREFIX, LEVER_PREFIX, RESERVED
from causalvalues.responses.long import ANSWER_COLUMNS, ITEM_COLUMNS
from causalvalues.responses.matrix import ID_COLUMNS, AnswerStatus, ResponseMatrix

_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
_RESERVED = {*RESERVED, *ID_COLUMNS, *ITEM_COLUMNS, *ANSWER_COLUMNS, "status"}


def write_responses(matrix: ResponseMatrix, path: str | Path, layout: str = "wide") -> Path:
    """Write a matrix as CSV, TSV (also gzipped) or Parquet, by the ending of the path.

    Answers are written with all their digits, lost ones as their status, doses as one column ``lever:NAME`` a lever,
    and labels as ``label:NAME`` where readers do not know the name. What says how the matrix was made (notes, centring,
    `measures`, `cluster_by`, `group_by`) is not in the file. The file appears whole or not at all.

    Parameters
    ----------
    matrix : ResponseMatrix
        Items or dimensions.
    path : str or Path
        Ends in .csv, .csv.gz, .tsv, .tsv.gz or .parquet.
    layout : {"wide", "long"}, default "wide"
        One row a unit, or one row an answer.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    DataError
        If the ending or the layout is another one, or units of a long file cannot be told apart.
    """
    path = Path(path)
    suffix = next((end for end in sorted(_SUFFIXES, key=len, reverse=True) if path.name.endswith(end)), "")
    if not suffix:
        raise DataError(f"{path} has an ending that is not written here. Use one of {', '.join(_SUFFIXES)}.")
    if layout not in ("wide", "long"):
        raise DataError(f"There is no layout {layout!r} to write. Choose wide or long.")
    if len(set(matrix.unit_ids)) < len(matrix):
        raise DataError(
            "Some units stand in several rows, so they could not be read back. Give each row its own unit id."
        )
    rows = _wide(matrix) if layout == "wide" else _long(matrix)
    data = _parquet(rows) if suffix == ".parquet" else _text(rows, "\t" if ".tsv" in suffix else ",")
    return write_bytes(path, gzip.compress(data, mtime=0) if suffix.endswith(".gz") else data)


def _design_header(matrix: ResponseMatrix) -> list[str]:
    labels = [name if name in ID_COLUMNS else f"{LABEL_PREFIX}{name}" for name in matrix.labels if name != "unit_id"]
    return ["unit_id", *labels, "weight", *(f"{LEVER_PREFIX}{name}" for name in matrix.levers)]


def _design(matrix: ResponseMatrix) -> list[list[str]]:
    """Return the design cells of each row."""
    labels = [column for name, column in matrix.labels.items() if name != "unit_id"]
    return [
        [unit, *(column[i] for column in labels), _number(matrix.weights[i]), *map(_number, matrix.doses[i])]
        for i, unit in enumerate(matrix.unit_ids)
    ]


def _wide(matrix: ResponseMatrix) -> Iterator[list[str]]:
    yield [*_design_header(matrix), *(_answer_name(name) for name in matrix.names)]
    for i, design in enumerate(_design(matrix)):
        cells = zip(matrix.scores[i], matrix.status[i], strict=True)
        yield [*design, *(_number(x) if status == 0 else _lost(status) for x, status in cells)]


def _long(matrix: ResponseMatrix) -> Iterator[list[str]]:
    yield [*_design_header(matrix), "item", "response", "status"]
    for i, design in enumerate(_design(matrix)):
        for j, name in enumerate(matrix.names):
            status = AnswerStatus(int(matrix.status[i, j]))
            yield [*design, name, _number(matrix.scores[i, j]) if status == 0 else "", status.name.lower()]


def _answer_name(name: str) -> str:
    prefixed = name.startswith((LABEL_PREFIX, LEVER_PREFIX, ANSWER_PREFIX))
    return f"{ANSWER_PREFIX}{name}" if prefixed or name in _RESERVED else name


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _lost(status: int) -> str:
    return "" if status == AnswerStatus.MISSING else AnswerStatus(int(status)).name.lower()


def _text(rows: Iterator[list[str]], separator: str) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def _parquet(rows: Iterator[list[str]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    header = next(rows)
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    buffer = io.BytesIO()
    parquet.write_table(pa.table([pa.array(column, pa.string()) for column in columns], names=header), buffer)
    return buffer.getvalue()
