"""A table in Markdown (pipe table of GitHub and Pandoc)."""

from __future__ import annotations

import re
import unicodedata

from causalvalues.tables.apa import cell_text, symbol_runs
from causalvalues.tables.arguments import a_table
from causalvalues.tables.nouns import Cell, Column, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~#&$^!@]|:(?=\S))")
"""Signs that begin markup in CommonMark, GitHub's and Pandoc's Markdown: code, emphasis, links, HTML, tables, headings,
entities, formulas, superscripts, pictures, mentions, and a colon that may open an emoji or an address."""


def markdown_text(table: Table) -> str:
    r"""Return a table as Markdown: bold title, pipe table, note.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str
        The pipes of all rows stand below each other, numbers are set to the right; a name cannot turn into markup.

    Examples
    --------
    >>> print(markdown_text(Table("", (Column("who", "Who"), Column("n", "", "count", symbol="n")), (("a|b", 1204),))))
    | Who  |   *n* |
    | :--- | ----: |
    | a\|b | 1,204 |
    <BLANKLINE>
    """
    table = a_table(table)
    grid = [[_heading(column) for column in table.columns]]
    grid += [[_cell(column, cell) for column, cell in zip(table.columns, row, strict=True)] for row in table.rows]
    widths = [max(4, *(_width(line[place]) for line in grid)) for place in range(len(table.columns))]
    right = [column.kind != "text" for column in table.columns]
    lines = [_line(grid[0], widths, right)]
    rules = [
        "-" * (width - 1) + ":" if to else ":" + "-" * (width - 1) for width, to in zip(widths, right, strict=True)
    ]
    lines.append("| " + " | ".join(rules) + " |")
    lines += [_line(cells, widths, right) for cells in grid[1:]]
    parts = ["\n".join(lines)]
    if table.title.strip():
        parts.insert(0, f"**{markdown_escaped(table.title)}**")
    if table.note.strip():
        parts.append(f"*Note.* {_note(table.note)}")
    return "\n\n".join(parts) + "\n"


def markdown_escaped(text: str) -> str:
    r"""Return text on one line that Markdown shows as it is.

    Examples
    --------
    >>> print(markdown_escaped("self_direction <b>"))
    self\_direction \<b\>
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _cell(column: Column, cell: Cell) -> str:
    said = cell_text(column, cell)
    return markdown_escaped(said) if column.kind == "text" else said


def _heading(column: Column) -> str:
    symbol = f"*{markdown_escaped(column.symbol)}*" if column.symbol else ""
    return (symbol + markdown_escaped(column.tail)).strip()


def _note(text: str) -> str:
    held = ""
    for run, italic in symbol_runs(text):
        words = markdown_escaped(run)
        before, after = (" " if run[:1].isspace() else ""), (" " if run[-1:].isspace() else "")
        held += f"*{words}*" if italic else f"{before}{words}{after}"
    return held.strip()


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = []
    for cell, width, to in zip(cells, widths, right, strict=True):
        space = " " * (width - _width(cell))
        padded.append(space + cell if to else cell + space)
    return "| " + " | ".join(padded) + " |"


def _width(text: str) -> int:
    """Return how many places a text takes in a font of equal widths: East Asian wide characters take two."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
