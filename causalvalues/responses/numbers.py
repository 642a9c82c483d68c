"""Cells as numbers: what is a number, what is a lost answer, and what is neither."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalvalues.errors import DataError
from causalvalues.frozen import FloatArray
from causalvalues.responses.codes import listed, status_of
from causalvalues.responses.matrix import AnswerStatus
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.table import RawColumn, RawTable

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_LOOKS_LIKE_A_NUMBER = re.compile(
    r"[+\-\u2212]?(\d+([.,]\d*)?|[.,]\d+|\d{1,3}(,\d{3})+)([eE][+-]?\d+)?\s*%?|true|false", re.IGNORECASE
)
_INFINITE = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column as numbers.

    Parameters
    ----------
    name : str
        As in the header.
    values : array (n,)
        NaN where there is no number.
    status : array (n,) of int8
        OK or why there is none.
    strange : array (k,) of int64
        Rows whose cell is neither a number nor a lost answer.
    infinite : array (m,) of int64
        Rows whose cell says infinity.
    """

    name: str
    values: FloatArray
    status: NDArray[np.int8]
    strange: NDArray[np.int64]
    infinite: NDArray[np.int64]

    @property
    def mostly_numbers(self) -> bool:
        """Whether at least half of the cells that say something say a number."""
        numbers = int((self.status == AnswerStatus.OK).sum()) + len(self.infinite)
        return numbers > 0 and len(self.strange) <= numbers


def is_number(cell: str) -> bool:
    """Whether a cell is a finite or infinite number, written with a decimal point or comma."""
    cell = cell.strip()
    return bool(_NUMBER.fullmatch(cell) or _COMMA_NUMBER.fullmatch(cell) or cell.casefold() in _INFINITE)


def decimal_comma(table: RawTable, options: ReadOptions) -> bool:
    """Whether the numbers of a text file are written with a decimal comma.

    Raises
    ------
    DataError
        If all commas could as well separate thousands.
    """
    if options.decimal:
        return options.decimal == ","
    if table.kind in ("parquet", "','-separated text"):
        return False
    cells = [
        part.strip()
        for column in table.columns.values()
        for value in column.values
        if "," in value
        for part in (re.split("[+=]", value) if column.name == "levers" else [value])
    ]
    with_comma = [cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)]
    if not with_comma:
        return False
    if all(_THOUSANDS.fullmatch(cell) for cell in with_comma):
        number = with_comma[0]
        raise DataError(
            f'{table.path}: {number!r} can be read as {number.replace(",", ".")} (ReadOptions(decimal=",")) and as '
            f'{number.replace(",", "")}. Take separators of thousands out of the file, or say decimal=",".'
        )
    return True


def as_numbers(column: RawColumn, comma: bool, missing_text: tuple[str, ...] = ()) -> Numbers:
    """Read a column as numbers; each distinct cell is looked at once."""
    count = len(column.values)
    values, status = np.full(count, np.nan), np.full(count, AnswerStatus.OK, dtype=np.int8)
    strange, infinite = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    no_answer = {"", *missing_text}
    for i, value in enumerate(column.values):
        cell = value.strip()
        if comma and _COMMA_NUMBER.fullmatch(cell):
            cell = cell.replace(",", ".")
        if _NUMBER.fullmatch(cell):
            values[i] = float(cell)
            infinite[i] = np.isinf(values[i])
        elif cell in no_answer:
            status[i] = AnswerStatus.MISSING
        elif cell.casefold() in _INFINITE:
            infinite[i] = True
        else:
            word = status_of(cell)
            strange[i] = word is None or word == AnswerStatus.OK
            status[i] = AnswerStatus.PARSE_ERROR if strange[i] or word is None else word
    status[infinite] = AnswerStatus.MISSING
    values[infinite] = np.nan
    codes = column.codes
    return Numbers(
        column.name, values[codes], status[codes], np.flatnonzero(strange[codes]), np.flatnonzero(infinite[codes])
    )


def refuse_half_numbers(table: RawTable, numbers: Numbers) -> None:
    """Raise `DataError` for a column that nobody declared and that is neither answers nor a label of words.

    Raises
    ------
    DataError
        If a cell is a number, or looks like one (``"1,5"``, ``"12%"``, ``True``), or if all cells are empty.
    """
    column, name = table.columns[numbers.name], numbers.name
    drop = f"ReadOptions(drop=[{name!r}])"
    if column.empty:
        raise DataError(
            f"{table.path}: column {name!r} is empty in all {table.length} rows. Fill it in, delete it, or leave it "
            f"out: {drop}."
        )
    texts = [value.strip() for value in column.values]
    like = np.array([_LOOKS_LIKE_A_NUMBER.fullmatch(text) is not None for text in texts], dtype=bool)[column.codes]
    if not like.any():
        return
    texts_of = [texts[code] for code in column.codes]
    others = np.flatnonzero(~like & (numbers.status != AnswerStatus.MISSING))
    plain = numbers.status == AnswerStatus.OK
    odd = np.flatnonzero(like & ~plain)
    rows = odd if len(odd) else others
    shown = listed(list(dict.fromkeys(repr(texts_of[row]) for row in rows)), 3)
    raise DataError(
        f"{table.path}: column {name!r} is partly numbers: {int(like.sum())} of {table.length} cells are numbers or "
        f"look like them, and rows {table.file_rows(rows)} hold {shown}. If these are answers, write them as plain "
        f"numbers (1.5, not '1,5' or '12%'; 1 and 0, not True and False), or say which text means no answer: "
        f'ReadOptions(missing_text=["..."]), in a study file `[data] missing_text = ["..."]`. If it is a label: '
        f"ReadOptions(labels=[{name!r}]), in a study file `[data] labels = [{name!r}]`. If neither, leave it out: "
        f"{drop}."
    )


def refuse_strange(table: RawTable, numbers: Numbers) -> None:
    """Raise `DataError` when a column of answers holds text or infinities; name the rows."""
    column = table.columns[numbers.name]
    if len(numbers.infinite):
        raise DataError(
            f"{table.path}: column {numbers.name!r} is infinite in {len(numbers.infinite)} of {table.length} rows "
            f"(rows {table.file_rows(numbers.infinite)}). Replace these cells by numbers, empty them, or drop the "
            f"column: ReadOptions(drop=[{numbers.name!r}])."
        )
    if len(numbers.strange):
        cells = listed(list(dict.fromkeys(repr(column.values[column.codes[row]]) for row in numbers.strange)), 3)
        raise DataError(
            f"{table.path}: column {numbers.name!r} should hold numbers, but {len(numbers.strange)} of {table.length} "
            f"rows hold the text {cells} (rows {table.file_rows(numbers.strange)}). Correct them; if the text means "
            f"no answer, say ReadOptions(missing_text=[...]); if the column is no answer, "
            f"ReadOptions(drop=[{numbers.name!r}])."
        )
