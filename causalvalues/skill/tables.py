"""Parts of tables whose rows are [split, predictor]."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

Row = dict[str, float | str]
Rows = Mapping[str, Row]
"""Rows of a table by name."""


def splits_of(table: pd.DataFrame) -> list[str]:
    """Return the splits in their order."""
    return list(dict.fromkeys(str(split) for split, *_ in table.index)) if len(table) else []


def of_split(table: pd.DataFrame, split: str) -> Rows:
    """Return the rows of one split by predictor; none where there is no such split."""
    if not len(table):
        return {}
    rows = named_rows(table.set_axis(range(len(table)), axis=0))
    return {str(name): rows[str(i)] for i, (where, name) in enumerate(table.index) if where == split}


def named_rows(table: pd.DataFrame) -> Rows:
    """Return the rows of a table by their label."""
    columns = {str(name): table[name].tolist() for name in table.columns}
    return {str(name): {c: cells[i] for c, cells in columns.items()} for i, name in enumerate(table.index)}


def numbers_of(here: Rows, name: str) -> dict[str, float]:
    """Return the numbers of one row."""
    return {column: float(cell) for column, cell in here[name].items() if not isinstance(cell, str)}


def column_of(here: Rows, column: str, kind: str = "") -> dict[str, float]:
    """Return the known numbers of a column by predictor, of one kind of predictors if it is named."""
    found = {name: float(row[column]) for name, row in here.items() if not kind or row["kind"] == kind}
    return {name: x for name, x in found.items() if math.isfinite(x)}


def best_of(here: Rows, column: str, kind: str = "") -> str | None:
    """Return the predictor with the largest number in a column, the first of equal ones; None where none is known."""
    found = column_of(here, column, kind)
    return max(found, key=lambda name: found[name]) if found else None
