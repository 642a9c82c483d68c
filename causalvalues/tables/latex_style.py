r"""How a table is set in LaTeX: float or document, width, type."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from causalvalues.errors import FigureError, did_you_mean
from causalvalues.tables.latex_columns import LINE_CHARACTERS

Size = Literal["normalsize", "small", "footnotesize", "scriptsize"]
_POINTS: Mapping[int, tuple[float, ...]] = {
    10: (10.0, 9.0, 8.0, 7.0),
    11: (10.95, 10.0, 9.0, 8.0),
    12: (12.0, 10.95, 10.0, 8.0),
}
_BASELINES: Mapping[int, tuple[float, ...]] = {
    10: (12.0, 11.0, 9.5, 8.0),
    11: (13.6, 12.0, 11.0, 9.5),
    12: (14.5, 13.6, 12.0, 9.5),
}


@dataclass(frozen=True)
class LatexStyle:
    r"""How a table is set in LaTeX.

    Parameters
    ----------
    standalone : bool, default False
        A document that compiles alone, in place of a float for ``\input``.
    wide : bool, default False
        Across both columns (``table*``).
    size : {"normalsize", "small", "footnotesize", "scriptsize"}, default "small"
    place : str, default "tb"
        Where the float may go: letters of ``htbp!H``.
    gap : float, optional
        ``\tabcolsep`` in points, half of what stands between two columns; default: LaTeX's 6, and 4 where there are
        more than eight columns.
    line : float, default 92
        Characters of a line; columns of longer text break their lines by it.
    body : {10, 11, 12}, default 10
        Size of the running text, in points.
    width : float, optional
        Of the line that the table is made for, in points of TeX; goes into the comment at the top, and is the width of
        a document that compiles alone.
    stacked : bool, default False
        Set the words of a heading above each other where that makes a column of numbers narrower.

    Raises
    ------
    FigureError
        If one of them is out of its range.
    """

    standalone: bool = False
    wide: bool = False
    size: Size = "small"
    place: str = "tb"
    gap: float | None = None
    line: float = LINE_CHARACTERS
    body: int = 10
    width: float | None = None
    stacked: bool = False

    def __post_init__(self) -> None:
        if self.size not in get_args(Size):
            raise FigureError(f"The size {self.size!r} is unknown.{did_you_mean(str(self.size), get_args(Size))}")
        if not re.fullmatch("[htbpH!]*", self.place):
            raise FigureError(f"The place {self.place!r} of a float is not understood. Use letters of htbp!H.")
        if self.body not in _POINTS:
            raise FigureError(f"The running text has {self.body} points. Classes of LaTeX have 10, 11 or 12.")
        for name, number in (("gap", self.gap), ("line", self.line), ("width", self.width)):
            if number is not None and not (0 <= number < math.inf):
                raise FigureError(f"`{name}` is {number}. Give a number of 0 or more.")


def points(size: Size, body: int) -> float:
    """Return a size in points, in a document whose running text has 10, 11 or 12.

    Examples
    --------
    >>> points("footnotesize", 11)
    9.0
    """
    return _POINTS[body][get_args(Size).index(size)]


def baseline(size: Size, body: int) -> float:
    """Return how far apart the lines of a size are, in points.

    Examples
    --------
    >>> baseline("footnotesize", 11)
    11.0
    """
    return _BASELINES[body][get_args(Size).index(size)]
