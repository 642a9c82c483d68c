"""One column of answers of a long table, as numbers that have a variance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.evidence.relations import CONSTANT, LARGEST
from causalvalues.frozen import FloatArray


def numbers_of(table: pd.DataFrame, answer: str, names: Sequence[str]) -> tuple[pd.DataFrame, FloatArray]:
    """Return the rows that hold an answer, and the answers (n,).

    Parameters
    ----------
    table : DataFrame
        Long: one row an answer.
    answer : str
        Column of numbers.
    names : sequence of str
        The other columns that are used.

    Raises
    ------
    DataError
        If a column occurs twice, an answer is no finite number, there are fewer than two, they are all the same, or
        they are too large or small for sums of squares.
    """
    twice = [name for name in (answer, *names) if list(table.columns).count(name) > 1]
    if twice:
        raise DataError(f"The column {twice[0]!r} occurs more than once. Rename or drop one of them.")
    kept = table[table[answer].notna()]
    try:
        values = kept[answer].to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"Column {answer!r} holds something that is no number. Give the answers as numbers.") from None
    if len(values) < 2 or not np.isfinite(values).all():
        raise DataError(f"Column {answer!r} needs at least two answers, all of them finite.")
    largest = float(np.abs(values).max())
    most = LARGEST**0.5  # fourth powers are needed for standard errors
    spread = float(np.ptp(values)) if largest < most else np.inf
    if not CONSTANT * largest < spread:
        raise DataError(f"All answers in column {answer!r} are the same, so they have no variance. Give other answers.")
    if not 1 / most < spread < most:
        raise DataError(f"The answers in column {answer!r} are too large or small in number. Use another unit.")
    return kept, values
