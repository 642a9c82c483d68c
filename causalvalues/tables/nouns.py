"""A table as data: typed columns and plain cells, which every writer prints by the same rules."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Literal, get_args

from causalvalues.errors import FigureError, did_you_mean

Kind = Literal["text", "number", "probability", "correlation", "p", "count", "interval", "percent"]
Cell = str | float | tuple[float, float] | None
"""Text, a number, the two limits of an interval, or None for what is not known (NaN says the same of a number)."""

DECIMALS = {"number": 2, "probability": 2, "correlation": 2, "p": 3, "count": 0, "interval": 2, "percent": 0, "text": 0}
LIMITS = {"probability": (0.0, 1.0), "p": (0.0, 1.0), "correlation": (-1.0, 1.0), "count": (0.0, math.inf)}
_SLACK = 1e-6


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Name of the column in a CSV file; unique in its table.
    heading : str
        As printed.
    kind : {"text", "number", "probability", "correlation", "p", "count", "interval", "percent"}, default "text"
        What the cells are. A probability lies in [0, 1], a correlation (or another statistic that one bounds, such as
        R2 or alpha) in [-1, 1], p is a significance level, a count is not negative and printed without decimals, an
        interval is two limits, a percent is a share that is printed times 100.
    decimals : int, optional
        Default 2; 3 for p; 0 for counts and percents.
    unit : str, default ""
        Printed behind the heading in parentheses; a percent has ``%``.
    symbol : str, default ""
        Printed in italics before the heading: ``symbol="P", heading="(adjacent)"``.
    leading_zero : bool, default True
        Whether a number or interval has a zero before the decimal marker. Probabilities, correlations and p never have.
    thousands : bool, default True
        Whether a count or number has a comma between groups of three digits; degrees of freedom have none (APA 7,
        section 6.38).
    rank : int, default 0
        How soon the column is left out where there is no room for all: the highest first, 0 never.
    note : str, default ""
        The sentences of the table's note that explain the column, word for word; they are left out with it.

    Raises
    ------
    FigureError
        If the name is empty, the kind unknown, or the decimals are not between 0 and 12.
    """

    name: str
    heading: str
    kind: Kind = "text"
    decimals: int | None = None
    unit: str = ""
    symbol: str = ""
    leading_zero: bool = True
    thousands: bool = True
    rank: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise FigureError(f"The column {self.heading!r} has an empty name. Give it one.")
        if self.kind not in get_args(Kind):
            hint = did_you_mean(str(self.kind), get_args(Kind))
            raise FigureError(f"Column {self.name!r} has the unknown kind {self.kind!r}.{hint}")
        if not 0 <= self.places <= 12:
            raise FigureError(f"Column {self.name!r} has {self.decimals} decimals. Give a number from 0 to 12.")

    @property
    def places(self) -> int:
        """Decimals that are printed."""
        return DECIMALS[self.kind] if self.decimals is None else self.decimals

    @property
    def zero(self) -> bool:
        """Whether a zero is printed before the decimal marker."""
        return self.leading_zero and self.kind not in ("probability", "correlation", "p")

    @property
    def tail(self) -> str:
        """What is printed behind the symbol: the heading with its unit."""
        unit = self.unit or ("%" if self.kind == "percent" else "")
        return f"{self.heading} ({unit})".lstrip() if unit else self.heading


@dataclass(frozen=True)
class Table:
    """A table for a paper.

    Parameters
    ----------
    title : str
        The caption, printed above.
    columns : tuple of Column
    rows : tuple of tuple of Cell
        One cell a column.
    note : str, default ""
        Printed below, after *Note.*
    label : str, default ""
        For references in LaTeX, without ``tab:``.

    Raises
    ------
    FigureError
        If there is no column, a name stands twice, a row has another length, or a cell does not fit its column.

    Examples
    --------
    >>> table = Table("Ages", (Column("who", "Who"), Column("age", "Age", "count")), (("Ann", 31), ("Bo", 1204)))
    >>> len(table.rows)
    2
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "rows", tuple(tuple(row) for row in self.rows))
        if not self.columns:
            raise FigureError(f"The table {self.title!r} has no column. Give it at least one.")
        names = [name for column in self.columns for name in csv_names(column)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise FigureError(f"Two columns of the table {self.title!r} are called {twice[0]!r}. Rename one.")
        for place, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise FigureError(
                    f"Row {place} of the table {self.title!r} has {len(row)} cells for {len(self.columns)} columns. "
                    "Give one cell a column, None where nothing is known."
                )
            for column, cell in zip(self.columns, row, strict=True):
                trouble = misfit(column, cell)
                if trouble:
                    raise FigureError(f"Row {place}, column {column.name!r} of the table {self.title!r}: {trouble}.")

    def without(self, names: Iterable[str]) -> Table:
        """Return the table without some columns, and without what its note says of them.

        Parameters
        ----------
        names : iterable of str
            Names of columns.

        Raises
        ------
        FigureError
            If there is no such column, or none would be left.
        """
        gone, known = set(names), [column.name for column in self.columns]
        for name in sorted(gone - set(known)):
            raise FigureError(f"The table {self.title!r} has no column {name!r}.{did_you_mean(name, known)}")
        kept = [place for place, name in enumerate(known) if name not in gone]
        note = self.note
        for column in self.columns:
            if column.name in gone and column.note:
                note = " ".join(note.replace(column.note, "", 1).split())
        return replace(
            self,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(tuple(row[place] for place in kept) for row in self.rows),
            note=note,
        )


def csv_names(column: Column) -> tuple[str, ...]:
    """Return the names of the CSV columns that hold a column: an interval has two."""
    return (f"{column.name}_lower", f"{column.name}_upper") if column.kind == "interval" else (column.name,)


def is_number(cell: object) -> bool:
    """Whether a cell is a real number, NaN included; truth values are none."""
    return isinstance(cell, Real) and not isinstance(cell, bool)


def known(cell: Cell) -> bool:
    """Whether a cell holds something: no None, no NaN, no interval without a limit."""
    if cell is None or isinstance(cell, str):
        return isinstance(cell, str)
    numbers = cell if isinstance(cell, tuple) else (cell,)
    return not any(math.isnan(number) for number in numbers)


def misfit(column: Column, cell: object) -> str:
    """Return why a cell does not fit its column, "" when it does."""
    if cell is None:
        return ""
    if column.kind == "text":
        return "" if isinstance(cell, str) else f"{cell!r} is no text"
    if column.kind == "interval":
        if not (isinstance(cell, tuple) and len(cell) == 2 and all(is_number(limit) for limit in cell)):
            return f"{cell!r} is no interval; give two numbers"
        return f"the lower limit {cell[0]:g} is above the upper one {cell[1]:g}" if cell[0] > cell[1] else ""
    if not isinstance(cell, Real) or isinstance(cell, bool):
        return f"{cell!r} is no number"
    low, high = LIMITS.get(column.kind, (-math.inf, math.inf))
    inside = math.isnan(cell) or low - _SLACK <= float(cell) <= high + _SLACK
    return "" if inside else f"{float(cell):g} is no {column.kind}; it should lie between {low:g} and {high:g}"
