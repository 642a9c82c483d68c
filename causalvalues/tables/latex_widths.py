"""How wide a table will be in LaTeX, before LaTeX is asked: widths of letters, and what each column needs."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence

from causalvalues.numerals import MINUS, MISSING
from causalvalues.scene.metrics import printable
from causalvalues.tables.apa import INFINITE, cell_text, number_text
from causalvalues.tables.latex_columns import WRAPPED, heading_words, shares, table_format
from causalvalues.tables.nouns import Cell, Column, Table, known

_LETTERS = {
    0.28: ",.:;il|",
    0.34: "!'-[]`fj",
    0.4: "()rstI",
    0.46: "cez",
    0.5: '"$*/0123456789\\ago{}? ',
    0.56: "kqvxySbdhnpuJ",
    0.66: "ZFL^~",
    0.72: "BEP",
    0.76: "AHNUVXYCRTw",
    0.8: "&+<=>DKOQ_G" + MINUS,
    0.94: "#%mM@",
    1.04: "W",
}
_EMS: Mapping[str, float] = {letter: width for width, letters in _LETTERS.items() for letter in letters}
"""Width of a letter in its size: the larger of Computer Modern (cmr10) and Times (ptmr8t)."""
_SMALL = ((9.5, 1.0), (8.5, 1.03), (7.5, 1.065), (0.0, 1.14))
"""Sizes from which letters of Computer Modern are so much wider than at 10 points (cmr9, cmr8, cmr7)."""
_OTHER, _DIGIT, _POINT, _SIGN, _COMPARATOR = 1.0, 0.5, 0.28, 0.8, 1.4


def words_width(text: str, size: float) -> float:
    """Return the width of a text in points, at most a few points too large.

    Examples
    --------
    >>> round(words_width("Self-direction", 10))
    59
    """
    plain = (unicodedata.normalize("NFD", letter)[0] for letter in printable(text))
    ems = sum(_EMS.get(letter, _OTHER) for letter in plain)
    return ems * size * next(factor for least, factor in _SMALL if size >= least)


def table_width(table: Table, size: float, gap: float, line: tuple[float, float], stacked: bool = False) -> float:
    r"""Return the width of a table in LaTeX, in points.

    Parameters
    ----------
    table : Table
    size : float
        Of its type, in points.
    gap : float
        ``\tabcolsep`` in points: half of what stands between two columns.
    line : (width, characters)
        Width of a line in points, of which columns of long text take their shares, and how many characters fill it.
    stacked : bool, default False
        Whether the words of headings stand above each other.
    """
    widths = [
        _broken([row[place] for row in table.rows], share * line[0], size)
        if share
        else _column(column, [row[place] for row in table.rows], (size, stacked))
        for place, (column, share) in enumerate(
            zip(table.columns, shares(table.columns, table.rows, line[1]), strict=True)
        )
    ]
    return sum(widths) + 2 * gap * (len(widths) - 1)


def _broken(cells: Sequence[Cell], width: float, size: float) -> float:
    """Return the width of a column whose text breaks in lines; infinite where a word is wider than it."""
    words = {word for cell in cells for word in str(cell or "").split() if len(word) <= WRAPPED}
    return width if all(words_width(word, size) <= width for word in words) else math.inf


def _column(column: Column, cells: Sequence[Cell], look: tuple[float, bool]) -> float:
    size, stacked = look
    first, *rest = heading_words(column, stacked)
    heading = max(words_width(line, size) for line in (column.symbol + first, *rest))
    return max([heading, *(_cell(column, cell, size) for cell in cells), _numbers(column, cells, size)])


def _cell(column: Column, cell: Cell, size: float) -> float:
    text = cell_text(column, cell)
    if column.kind == "text" or text == MISSING or INFINITE in text:
        return words_width(text, size)
    if isinstance(cell, tuple):
        lower, upper = (number_text(column, float(limit)) for limit in cell)
        return words_width(f"[{lower},{upper}]", size) + 0.2 * size
    return 0.0


def _numbers(column: Column, cells: Sequence[Cell], size: float) -> float:
    """Return the width that a siunitx column reserves for its numbers."""
    if column.kind in ("text", "interval"):
        return 0.0
    form = table_format([cell_text(column, cell) for cell in cells if known(cell)])
    whole, _, behind = form.lstrip("<>-").partition(".")
    digits = int(whole) + int(behind)
    ems = digits * _DIGIT + (_POINT if int(behind) else 0.0) + max(int(whole) - 1, 0) // 3 * _POINT
    ems += _SIGN if "-" in form else 0.0
    ems += _COMPARATOR if form[0] in "<>" else 0.0
    return ems * size * next(factor for least, factor in _SMALL if size >= least)
