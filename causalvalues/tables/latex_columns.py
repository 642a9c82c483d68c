"""Columns of a LaTeX table: siunitx columns for numbers, with a format that is computed from the cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

from causalvalues.formats.tikz_words import tex_words
from causalvalues.numerals import MINUS, MISSING
from causalvalues.scene.metrics import printable
from causalvalues.tables.apa import INFINITE, cell_text, number_text
from causalvalues.tables.nouns import Cell, Column, known

GROUPS = "group-digits=integer, group-separator={,}, group-minimum-digits=4"
"""Options of siunitx for a comma between groups of three digits."""
WRAPPED = 34
"""Characters beyond which a column of text breaks its lines."""
PIECE = 8
"""Characters after which a longer word may break."""
LEAST_SHARE, LINE_SHARE, LINE_CHARACTERS = 0.18, 0.92, 92.0
"""Least width of such a column and the most that all columns take, in lines; characters of one line."""


WORD_SHARE = 1.2
"""Room for the longest word, in mean letters for each of its own."""


def column_type(column: Column, cells: Sequence[Cell], share: float) -> str:
    r"""Return the column of a ``tabular`` preamble.

    Parameters
    ----------
    column : Column
    cells : sequence of Cell
    share : float
        Width of a column whose text breaks, in ``\linewidth``; 0 for one that does not.
    """
    if column.kind == "text":
        return rf">{{\raggedright\arraybackslash}}p{{{share:.2f}\linewidth}}" if share else "l"
    if column.kind == "interval":
        return "r"
    texts = [cell_text(column, cell) for cell in cells if known(cell)]
    options = [f"table-format={table_format(texts)}"]
    if not column.zero:
        options.append("print-zero-integer=false")
    if not column.thousands:
        options.append("group-digits=false")
    return f"S[{', '.join(options)}]"


def table_format(texts: Sequence[str]) -> str:
    """Return the ``table-format`` that holds every number: comparator, sign, integer digits, decimals.

    Examples
    --------
    >>> table_format(["< .001", ".024"]), table_format(["−11,076.88", "7.20"]), table_format([])
    ('<0.3', '-5.2', '1.0')
    """
    numbers = [re.sub(r"[<>,\s]", "", text) for text in texts if INFINITE not in text]
    comparators = sorted({text[0] for text in texts if text[0] in "<>"})
    parts = [number.lstrip(MINUS).partition(".") for number in numbers]
    whole = max((len(part[0]) for part in parts), default=1)
    behind = max((len(part[2]) for part in parts), default=0)
    sign = "-" if any(MINUS in text for text in texts) else ""
    return f"{comparators[0] if comparators else ''}{sign}{whole}.{behind}"


def cell_tex(column: Column, cell: Cell) -> str:
    """Return a cell as LaTeX; in a column of numbers text stands in braces."""
    text = cell_text(column, cell)
    if column.kind == "text":
        return breakable(text)
    if text == MISSING:
        return "--" if column.kind == "interval" else "{--}"
    if isinstance(cell, tuple):
        lower, upper = (_mathematics(number_text(column, float(limit))) for limit in cell)
        return f"$[{lower}, {upper}]$"
    return f"{{${_mathematics(text)}$}}" if INFINITE in text else text.replace(MINUS, "-").replace(",", "")


def breakable(text: str) -> str:
    """Return text as LaTeX in which a word that is wider than a column may break."""
    words = []
    for word in text.split():
        parts = [word[start : start + PIECE] for start in range(0, len(word), PIECE)] if len(word) > WRAPPED else [word]
        words.append(r"\allowbreak{}".join(tex_words(part) for part in parts))
    return " ".join(words)


def _mathematics(text: str) -> str:
    return text.replace(MINUS, "-").replace(INFINITE, r"\infty").replace(",", "{,}")


def heading_words(column: Column, stacked: bool = False) -> list[str]:
    """Return the lines of a heading, without its symbol: one, or, for a column of numbers, one a word."""
    words = column.tail.split()
    return words if stacked and len(words) > 1 and column.kind != "text" else [column.tail]


def heading_tex(column: Column, stacked: bool = False) -> str:
    r"""Return a heading; that of a number column stands in braces, that of text is set to the left.

    Examples
    --------
    >>> print(heading_tex(Column("b", "Direct effect", "number"), True))
    {\begin{tabular}[b]{@{}c@{}}Direct\\effect\end{tabular}}
    """
    symbol = rf"\textit{{{tex_words(column.symbol)}}}" if column.symbol else ""
    lines = [tex_words(line) if line.strip() else "" for line in heading_words(column, stacked)]
    said = symbol + r"\\".join(lines)
    return f"{{{said}}}" if len(lines) == 1 else rf"{{\begin{{tabular}}[b]{{@{{}}c@{{}}}}{said}\end{{tabular}}}}"


def shares(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], line: float = LINE_CHARACTERS) -> list[float]:
    """Return the width of each column whose text breaks in lines, in shares of the line; 0 for the others.

    `line` is how many characters fill a line.
    """
    longest = [
        max((len(printable(cell_text(column, row[place]))) for row in rows), default=0)
        for place, column in enumerate(columns)
    ]
    most = WRAPPED * min(line / LINE_CHARACTERS, 1.0)
    breaks = [column.kind == "text" and length > most for column, length in zip(columns, longest, strict=True)]
    if not any(breaks):
        return [0.0] * len(columns)
    heads = [len(column.symbol + column.tail) for column in columns]
    taken = sum(
        max(length, head) + 2 for length, head, broken in zip(longest, heads, breaks, strict=True) if not broken
    )
    total = sum(length for length, broken in zip(longest, breaks, strict=True) if broken)
    left = max(LINE_SHARE - taken / line, LEAST_SHARE * sum(breaks))
    least = [max(LEAST_SHARE, WORD_SHARE * _longest_word(rows, place) / line) for place in range(len(columns))]
    return [
        max(left * length / total, at_least) if broken else 0.0
        for length, at_least, broken in zip(longest, least, breaks, strict=True)
    ]


def _longest_word(rows: Sequence[Sequence[Cell]], place: int) -> int:
    """Return the characters of the longest word of a column that does not break."""
    words = (word for row in rows for word in str(row[place] or "").split())
    return max((len(word) for word in words if len(word) <= WRAPPED), default=0)
