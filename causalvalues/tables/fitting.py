"""A table at the width of a venue: smaller type and gaps first, then fewer columns, then both columns of the page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.scene.venues import Venue
from causalvalues.tables.arguments import a_table
from causalvalues.tables.latex_heights import table_height
from causalvalues.tables.latex_style import LatexStyle, Size, points
from causalvalues.tables.latex_widths import table_width
from causalvalues.tables.nouns import Table

LOOKS: tuple[tuple[Size, float], ...] = (("small", 6.0), ("small", 4.0), ("footnotesize", 4.0), ("footnotesize", 3.0))
"""Type and half of the room between columns (points) that are tried before a column is left out."""
TIGHT: tuple[tuple[Size, float], ...] = (("scriptsize", 3.0), ("scriptsize", 2.0))
"""What is tried when no column is left to leave out."""
TEX_POINTS = 72.27 / 72
LETTER = 0.5
"""Mean width of a letter, in its size."""
PAGES = {"nature": 247 / 25.4 * 72}
"""Height of a page, in points (1/72 inch), where a venue's limit for figures leaves room for a legend below them: a
table is measured with its caption and note. Nature, guide to authors: the full depth of a page is 247 mm."""


@dataclass(frozen=True)
class FittedTable:
    """A table that fits, the style that makes it fit, and what was done for it, a sentence each."""

    table: Table
    style: LatexStyle
    notes: tuple[str, ...] = ()


def fitted(table: Table, venue: Venue, columns: int = 1) -> FittedTable:
    """Make a table fit one column of a venue, or the whole width of its text.

    Parameters
    ----------
    table : Table
        Its columns say by their rank which may be left out.
    venue : Venue
        What `causalvalues.venue` returns.
    columns : int, default 1
        1, or 2 for the whole width of the text; the same where the text has one column.

    Returns
    -------
    FittedTable
        For `latex_text(found.table, found.style)`. A table that fits no single column, whatever is left out, is set
        across both.

    Raises
    ------
    FigureError
        If it does not fit the page either, in width or in height.

    Examples
    --------
    >>> from causalvalues.scene.venues import ACL
    >>> from causalvalues.tables.nouns import Column
    >>> columns = Column("a", "A"), Column("b", "A heading that is far too long for so narrow a column", rank=1)
    >>> [column.name for column in fitted(Table("T", columns, (("x", "y"),)), ACL).table.columns]
    ['a']
    """
    table = a_table(table)
    if not isinstance(venue, Venue):
        raise FigureError(f"{venue!r} is no venue. Give one, such as venue('acl').")
    two = venue.page > venue.column
    room, tall, least = venue.width(columns) * TEX_POINTS, _page(venue), math.inf
    for asked in (1, 2) if columns == 1 and two else (columns,):
        room = venue.width(asked) * TEX_POINTS
        for kept, style in _looks(table, venue, (room, two and asked == 2)):
            need = _width(kept, style, room)
            high = table_height(kept, style, room) if need <= room else math.inf
            if high <= tall:
                return FittedTable(kept, style, _notes(table, kept, (venue, columns, asked)))
            least = min(least, high)
    if least < math.inf:
        raise FigureError(_too_high(table, venue, least))
    raise FigureError(
        f"The table {table.title!r} needs about {need:.0f} points in the smallest type, and the page of {venue.title} "
        f"has {room:.0f}. Show fewer columns (effects in rows in place of a matrix), or write .csv."
    )


def _looks(table: Table, venue: Venue, line: tuple[float, bool]) -> Iterator[tuple[Table, LatexStyle]]:
    """Yield what is tried, in this order: smaller type and gaps, then fewer columns."""
    room, wide = line
    for kept in _fewer(table):
        last = not any(column.rank for column in kept.columns)
        for size, gap in (*LOOKS, *(TIGHT if last else ())):
            yield kept, _style(venue, room, (size, gap, wide))


def _width(table: Table, style: LatexStyle, room: float) -> float:
    gap = 6.0 if style.gap is None else style.gap
    return table_width(table, points(style.size, style.body), gap, (room, style.line), True)


def _page(venue: Venue) -> float:
    """Return how high a table with its caption and note may be, in points of TeX."""
    return max(PAGES.get(venue.name, 0.0), venue.tallest) * TEX_POINTS


def _too_high(table: Table, venue: Venue, least: float) -> str:
    return (
        f"The table {table.title!r} has {len(table.rows)} rows and needs about {least:.0f} points of height in the "
        f"smallest type, and a page of {venue.title} has {_page(venue):.0f}. Show fewer rows (effects as "
        "a matrix: --kind matrix; in Python EffectRows(causes=...) or EffectRows(least=.95)), or write .csv or .html."
    )


def _style(venue: Venue, room: float, look: tuple[Size, float, bool]) -> LatexStyle:
    size, gap, wide = look
    body = 12 if venue.body >= 12 else 11 if venue.body >= 11 else 10
    line = room / (LETTER * points(size, body))
    return LatexStyle(wide=wide, size=size, gap=gap, line=line, body=body, width=room, stacked=True)


def _fewer(table: Table) -> Iterator[Table]:
    """Yield the table, then with fewer and fewer columns: those of the highest rank go first."""
    yield table
    for column in sorted((each for each in table.columns if each.rank), key=lambda each: -each.rank):
        table = table.without([column.name])
        yield table


def _notes(table: Table, kept: Table, asked: tuple[Venue, int, int]) -> tuple[str, ...]:
    venue, wanted, got = asked
    notes = []
    if got > wanted:
        notes.append(f"No choice of columns fits one column of {venue.title}: the table is set across both (table*).")
    names = {column.name for column in kept.columns}
    gone = [f"{column.symbol}{column.tail}" for column in table.columns if column.name not in names]
    if gone:
        width = "one column" if got == 1 and venue.page > venue.column else "the page"
        more = " More fit with --columns 2 (table*)." if got == 1 and venue.page > venue.column else ""
        notes.append(f"Left out to fit {width} of {venue.title}: {', '.join(gone)}.{more}")
    return tuple(notes)
