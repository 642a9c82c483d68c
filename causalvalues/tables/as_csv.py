"""A table as CSV (RFC 4180): all digits, one number a cell."""

from __future__ import annotations

import math
import re
from numbers import Integral

from causalvalues.tables.arguments import a_table
from causalvalues.tables.nouns import Cell, Column, Table, csv_names

_SPECIAL = re.compile('[",\r\n]')


def csv_text(table: Table) -> str:
    """Return the cells of a table as CSV, for programs: nothing is rounded, title and note are left out.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str
        A header with the names of the columns, Unix line ends. An interval is two columns, ``NAME_lower`` and
        ``NAME_upper``; what is not known is empty; a percent is the share from 0 to 1. Text stands as it is, so a name
        that starts with ``=`` is for a spreadsheet a formula: import such a file as text.

    Examples
    --------
    >>> columns = (Column("a", "A"), Column("b", "B", "interval"))
    >>> print(csv_text(Table("", columns, (("x,y", (0.125, 1.0)), ("z", None)))))
    a,b_lower,b_upper
    "x,y",0.125,1.0
    z,,
    <BLANKLINE>
    """
    table = a_table(table)
    lines = [[name for column in table.columns for name in csv_names(column)]]
    for row in table.rows:
        lines.append([text for column, cell in zip(table.columns, row, strict=True) for text in _cells(column, cell)])
    return "".join(",".join(map(_quoted, line)) + "\n" if line != [""] else '""\n' for line in lines)


def _quoted(text: str) -> str:
    """Return a field, in quotes where it has a comma, a quote or a line break of any kind."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def _cells(column: Column, cell: Cell) -> list[str]:
    if cell is None:
        return [""] * len(csv_names(column))
    if isinstance(cell, str):
        return [cell]
    return [_number(each) for each in (cell if isinstance(cell, tuple) else (cell,))]


def _number(number: float) -> str:
    """Return the shortest text that reads back as the same number, empty for NaN."""
    if math.isnan(number):
        return ""
    return str(int(number)) if isinstance(number, Integral) else repr(float(number))
