"""What levers do to one unit, fitted for the plans of a study: of all paired rows, and of two halves of the units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.prediction import LeverResponse, Mechanism, PairedRows, paired_rows
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix

LEAST_UNITS = 20
"""Units that answered both with and without levers, below which plans are made with the graph."""


@dataclass(frozen=True, eq=False)
class MechanismModels:
    """A fitted mechanism for plans.

    Parameters
    ----------
    whole : LeverResponse
    halves : tuple of two LeverResponse, or None
        Of disjoint halves of the units; None where a lever set is in one of them only.
    units : int
        That answered both with and without levers.
    """

    whole: LeverResponse
    halves: tuple[LeverResponse, LeverResponse] | None
    units: int


def mechanism_models(matrix: ResponseMatrix, seed: int) -> MechanismModels | None:
    """Fit the mechanism; None without levers, with too few units that answered both ways, or a value that never moved.

    Parameters
    ----------
    matrix : ResponseMatrix
    seed : int
        For the draws, and for dealing the units into halves.
    """
    try:
        rows = paired_rows(matrix)
    except ModelError:
        return None
    units = sorted(set(rows.units))
    if len(units) < LEAST_UNITS or np.isnan(rows.reached).all(axis=0).any():
        return None
    method = Mechanism()
    halves = [rows.on(half) for half in _halves(rows, units, seed)]
    same = set(halves[0].cells) == set(halves[1].cells) == set(rows.cells)
    try:
        fitted = tuple(method.fit(half, seed) for half in halves) if same else ()
        return MechanismModels(method.fit(rows, seed), (fitted[0], fitted[1]) if fitted else None, len(units))
    except ModelError:  # a value that no lever moved
        return None


def _halves(rows: PairedRows, units: list[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Deal the units into two halves at random."""
    dealt = stream(seed, "study", "mechanism halves").permutation(len(units))
    first = {units[i] for i in dealt[: len(units) // 2].tolist()}
    mine = np.array([unit in first for unit in rows.units])
    return mine, ~mine
