"""What figures of several groups draw: a number with its interval for every group and value, and every name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import FigureError
from causalvalues.figures.arguments import single_names
from causalvalues.figures.row_frame import shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.scene.nouns import Cell, number_cell
from causalvalues.theories.theory import ValueTheory

Tables = tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None]


@dataclass(frozen=True, eq=False)
class GroupTables:
    """Tables [group, value] in the order in which they are drawn, and every name as shown.

    Parameters
    ----------
    middle : DataFrame (g, p)
        NaN where a number is not known.
    lower, upper : DataFrame (g, p) or None
        Ends of the intervals; NaN where they are not known.
    groups, values : tuple of str
        In the order of the tables and of the theory.
    shown, groups_shown : mapping of str to str
        Values and groups as shown; a group may have the name of a value.
    """

    middle: pd.DataFrame
    lower: pd.DataFrame | None
    upper: pd.DataFrame | None
    groups: tuple[str, ...]
    values: tuple[str, ...]
    shown: Mapping[str, str]
    groups_shown: Mapping[str, str]

    def at(self, group: str, value: str) -> tuple[float, float, float]:
        """Return the number, its lower and its upper end; NaN where they are not known."""
        tables = (self.middle, self.lower, self.upper)
        middle, lower, upper = (math.nan if table is None else float(table.loc[group, value]) for table in tables)  # type: ignore[arg-type]
        return middle, lower, upper

    def cells(self, value: str) -> tuple[Cell, ...]:
        """Return the row of a value in the table of the figure: its name, then number, lower and upper by group."""
        return (value, *(number_cell(each) for group in self.groups for each in self.at(group, value)))


@dataclass(frozen=True)
class Refusals:
    """How many groups a figure takes, and the words in which it refuses more, and tables without a number.

    Parameters
    ----------
    most : int
    crowded : str
        What too many groups cannot do: "do not fit into one figure".
    number : str
        What a table holds: "mean".
    """

    most: int
    crowded: str
    number: str


def group_tables(
    tables: Tables, theory: ValueTheory | None, labels: Mapping[str, str] | None, refusals: Refusals
) -> GroupTables:
    """Name the rows and columns of tables by text, order the values, and find every name as shown.

    Parameters
    ----------
    tables : tuple of DataFrame [group, value]
        Number, lower end and upper end; the ends may be None.
    theory : ValueTheory or None
        Order and names of the values.
    labels : mapping of str to str, or None
        Names as shown of values and groups; they win over the theory's.
    refusals : Refusals

    Raises
    ------
    FigureError
        If there are no groups or too many, a name is there twice, no number is known, `theory` is no theory, or
        `labels` are no mapping of text to text.
    """
    middle = _named_by_text(tables[0])
    lower, upper = (None if table is None else _named_by_text(table) for table in tables[1:])
    groups = tuple(middle.index)
    if not 1 <= len(groups) <= refusals.most:
        raise FigureError(
            f"{len(groups)} groups {refusals.crowded}. Give 1 to {refusals.most}, or draw several figures."
        )
    if not np.isfinite(middle.to_numpy(dtype=float)).any():
        raise FigureError(f"There is nothing to draw: no {refusals.number} is known.")
    single_names(groups, "group")
    values = tuple(value_order(list(middle.columns), theory))
    shown, groups_shown = shown_names(values, theory, labels), shown_names(groups, None, labels)
    return GroupTables(middle, lower, upper, groups, values, shown, groups_shown)


def _named_by_text(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(index=str, columns=str)
