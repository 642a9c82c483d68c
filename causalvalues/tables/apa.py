"""Numbers in a table as the American Psychological Association wants them (Publication Manual, 7th ed., 6.32-6.46).

- Two decimals, p three, counts none.
- No zero before the decimal marker of a statistic that cannot exceed one (probability, correlation, p); a zero before
  that of any other.
- p is exact, below .001 it is ``< .001``; where it rounds to one it is ``> .999``.
- Intervals stand in square brackets: ``[.12, .34]``.
- A comma between groups of three digits in numbers of 1,000 and more, degrees of freedom excepted.
- The minus is a minus sign, not a hyphen; a number that rounds to zero has none; what is not known is an en dash.
"""

from __future__ import annotations

import math
import re

from causalvalues.numerals import MINUS, MISSING
from causalvalues.scene.metrics import printable
from causalvalues.tables.nouns import Cell, Column, known

INFINITE = "\u221e"
_SYMBOL = re.compile(r"(?<!\w)(?:[PR](?=[(\u00b2])|(?:[nNprMtFzk]|SD|df)(?= [=<>\u2265\u2264]))")


def cell_text(column: Column, cell: Cell) -> str:
    """Return a cell as it is printed, in plain Unicode.

    Parameters
    ----------
    column : Column
    cell : Cell

    Examples
    --------
    >>> cell_text(Column("p", "p", "p"), 0.0004), cell_text(Column("b", "b", "interval"), (-0.5, 0.25))
    ('< .001', '[−0.50, 0.25]')
    >>> cell_text(Column("n", "n", "count"), 1234.4), cell_text(Column("r", "r", "correlation"), -0.5)
    ('1,234', '−.50')
    """
    if cell is None or not known(cell):
        return MISSING
    if isinstance(cell, str):
        return printable(cell) if cell.strip() else ""
    if isinstance(cell, tuple):
        lower, upper = (number_text(column, float(limit)) for limit in cell)
        return f"[{lower}, {upper}]"
    return number_text(column, float(cell))


def number_text(column: Column, number: float) -> str:
    """Return one number by the rules of its column."""
    places = column.places
    if column.kind == "p":
        least = 10.0**-places
        if number < least:
            return f"< {_digits(column, least)}"
        return f"> {_digits(column, 1 - least)}" if round(number, places) >= 1 else _digits(column, number)
    if column.kind == "percent":
        number *= 100
    return _digits(column, number)


def _digits(column: Column, number: float) -> str:
    if math.isinf(number):
        return (MINUS if number < 0 else "") + INFINITE
    grouped = column.thousands and column.kind in ("count", "number", "interval", "percent")
    text = f"{abs(number):{',' if grouped else ''}.{column.places}f}"
    minus = MINUS if number < 0 and any(digit in "123456789" for digit in text) else ""
    if not column.zero and text.startswith("0."):
        text = text[1:]
    return minus + text


def symbol_runs(text: str) -> list[tuple[str, bool]]:
    """Split a note into runs of (text, italic): statistic symbols before a comparison or as in ``P(...)`` are italic.

    Examples
    --------
    >>> symbol_runs("P(up), n = 3")
    [('P', True), ('(up), ', False), ('n', True), (' = 3', False)]
    """
    runs, end = [], 0
    for found in _SYMBOL.finditer(text):
        runs += [(text[end : found.start()], False), (found.group(), True)]
        end = found.end()
    return [run for run in (*runs, (text[end:], False)) if run[0]]
