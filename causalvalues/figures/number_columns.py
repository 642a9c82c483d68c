"""Columns of short texts beside the rows of a plot, flush right, each below its heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causalvalues.scene.geometry import tidy
from causalvalues.scene.metrics import text_width, wrap
from causalvalues.scene.nouns import Mark, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, QUIET

GAP = 12.0
LEAST_HEAD = 60.0
LINE = 9.0
NO_ROOM = "There is no room for all numbers beside the rows; the table of the figure has them."


@dataclass(frozen=True)
class Column:
    """Texts that end at `end` points, below a heading of up to two lines."""

    head: tuple[str, ...]
    texts: tuple[str, ...]
    end: float

    @property
    def width(self) -> float:
        """Width of the widest text or line of the heading, in points."""
        return max(text_width(text, LABEL_SIZE) for text in (*self.head, *self.texts))


def number_columns(given: Sequence[tuple[str, Sequence[str]]], end: float, widest: float) -> tuple[Column, ...]:
    """Set columns side by side.

    Parameters
    ----------
    given : sequence of (heading, texts)
        From left to right, each with as many texts as there are rows.
    end : float
        Where the last one ends, in points.
    widest : float
        What is wider ends in an ellipsis.

    Returns
    -------
    tuple of Column
    """
    found: list[Column] = []
    for head, texts in reversed(given):
        short = tuple(wrap(text, widest, LABEL_SIZE, 1)[0] if text else "" for text in texts)
        room = min(max(LEAST_HEAD, *(text_width(text, LABEL_SIZE) for text in short)), widest)
        column = Column(wrap(head, room, LABEL_SIZE, 2) if head else (), short, tidy(end))
        found.insert(0, column)
        end -= column.width + GAP
    return tuple(found)


def column_heads(columns: Sequence[Column], base: float) -> list[Mark]:
    """Return the headings, their last lines on the baseline `base`."""
    return [
        Text("heads", "head-text", column.end, tidy(base - LINE * above), text, LABEL_SIZE, "end", colour=QUIET)
        for column in columns
        for above, text in enumerate(reversed(column.head))
    ]


def column_row(part: str, columns: Sequence[Column], place: int, y: float) -> list[Mark]:
    """Return the texts of a row about the height `y`."""
    base = tidy(y + 0.36 * LABEL_SIZE)
    return [
        Text(part, "number", column.end, base, column.texts[place], LABEL_SIZE, "end", colour=INK)
        for column in columns
        if column.texts[place]
    ]
