"""How high a table will be in LaTeX, before LaTeX is asked: lines of its rows, its caption and its note."""

from __future__ import annotations

import math

from causalvalues.tables.apa import cell_text
from causalvalues.tables.latex_columns import heading_words, shares
from causalvalues.tables.latex_style import LatexStyle, baseline, points
from causalvalues.tables.latex_widths import words_width
from causalvalues.tables.nouns import Table

RULES = 1.1
"""Three rules of booktabs with the room around them, in sizes of the type."""
SKIPS = 20.0
"""Above the caption (10 points), below it (3), and above the note (6)."""
CAPTION = "Table 10: "


def table_height(table: Table, style: LatexStyle, width: float) -> float:
    """Return the height of a table in LaTeX with caption and note, in points, at most a few lines too large.

    Parameters
    ----------
    table : Table
    style : LatexStyle
    width : float
        Of the line, in points.
    """
    size, line = points(style.size, style.body), baseline(style.size, style.body)
    heads = max(len(heading_words(column, style.stacked)) for column in table.columns)
    high = (heads + sum(_row_lines(table, style, width))) * line + RULES * size
    note, body = points("footnotesize", style.body), points("normalsize", style.body)
    high += _lines(CAPTION + table.title, width, body) * baseline("normalsize", style.body) + SKIPS
    return high + (
        _lines(table.note, width, note) * baseline("footnotesize", style.body) if table.note.strip() else 0.0
    )


def _row_lines(table: Table, style: LatexStyle, width: float) -> list[int]:
    size = points(style.size, style.body)
    broken = [
        (place, column, share * width)
        for place, (column, share) in enumerate(
            zip(table.columns, shares(table.columns, table.rows, style.line), strict=True)
        )
        if share
    ]
    return [
        max((_lines(cell_text(column, row[place]), room, size) for place, column, room in broken), default=1)
        for row in table.rows
    ]


def _lines(text: str, room: float, size: float) -> int:
    return max(1, math.ceil(words_width(text, size) / room))
