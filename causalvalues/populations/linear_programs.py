"""Linear programs in equality form, solved by HiGHS."""

from __future__ import annotations

from typing import Any

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray, IntArray

_SMALL = 3000
"""Above this many unknowns the interior point method (with its crossover to a vertex) is the quicker one."""


def table_of(rows: list[IntArray], columns: list[IntArray], entries: list[FloatArray], shape: tuple[int, int]) -> Any:
    """Return a sparse matrix from the places and sizes of its entries, given in pieces."""
    from scipy.sparse import coo_array

    places = (np.concatenate(rows), np.concatenate(columns))
    return coo_array((np.concatenate(entries), places), shape=shape).tocsr()


def least_cost(costs: FloatArray, table: Any, right: FloatArray) -> tuple[float, FloatArray]:
    """Return the least costs @ x over x >= 0 with table @ x = right, and an x that has it.

    Raises
    ------
    PlanError
        If no optimum was found.
    """
    from scipy.optimize import linprog

    method = "highs-ds" if len(costs) <= _SMALL else "highs-ipm"
    found: Any = linprog(costs, A_eq=table, b_eq=right, method=method)  # type: ignore[call-overload]
    if found.status != 0:
        raise PlanError(f"A linear program of {len(costs):,} unknowns was not solved: {found.message}")
    return float(found.fun), np.maximum(np.asarray(found.x, dtype=float), 0.0)
