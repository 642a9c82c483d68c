"""A report as data: blocks that `markdown` and `page` write in their own ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from causalvalues.scene.nouns import Scene

Cell = str | float | None


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 1 is the title."""

    text: str
    level: Literal[1, 2, 3] = 2


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list; each item is a short bold beginning ("" for none) and the text.

    Parameters
    ----------
    items : tuple of (str, str)
    lead : bool, default False
        Whether these are the first lines of the report, set apart from the rest.
    """

    items: tuple[tuple[str, str], ...]
    lead: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption.

    Parameters
    ----------
    columns : tuple of str
    rows : tuple of tuple of str, float or None
        Numbers are shown with two decimals; None as a dash.
    caption : str
        What the numbers mean.
    shaded : tuple of str, default ()
        Columns of probabilities that are tinted by their size.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str
    shaded: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers (or numbers with intervals) only, and are set flush right."""
        return tuple(all(_is_number(row[j]) for row in self.rows) for j in range(len(self.columns)))

    @property
    def short(self) -> tuple[bool, ...]:
        """Which columns hold short texts only, and are kept on one line."""
        return tuple(all(len(str(row[j])) <= SHORT for row in self.rows) for j in range(len(self.columns)))


SHORT = 30
_NUMBER = re.compile(r"[\d.,%+\[\]\u2212\u2013 ]*")


def _is_number(cell: Cell) -> bool:
    return not isinstance(cell, str) or _NUMBER.fullmatch(cell) is not None


@dataclass(frozen=True)
class Picture:
    """A figure: its file name without suffix, and the scene that carries caption and alternative text."""

    stem: str
    scene: Scene


@dataclass(frozen=True)
class Code:
    """Lines to be typed."""

    text: str


Block = Heading | Paragraph | Bullets | Table | Picture | Code
