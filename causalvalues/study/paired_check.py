"""The residual assumption of counterfactuals, put to the test by units that answered with a lever and without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.interventions import Set
from causalvalues.model import StructuralModel, counterfactual_summary
from causalvalues.model.levers import cell_rows, clusters_of, paired_differences
from causalvalues.responses import ResponseMatrix
from causalvalues.study.units import without_levers

LEAST_UNITS = 5
"""Paired units below which no slope is estimated."""


@dataclass(frozen=True, eq=False)
class PairedCheck:
    """Counterfactual answers beside real ones, over all levers, paired units and values.

    Parameters
    ----------
    table : DataFrame
        One row a lever and value: ``lever, value, units, coverage, slope``. Coverage: share of units whose real answer
        lies in the interval of the counterfactual. Slope: of the real change on the score without the lever, by least
        squares; the counterfactual of a linear model changes all units alike (slope 0).
    level : float
        Of the intervals.
    """

    table: pd.DataFrame
    level: float

    @property
    def coverage(self) -> float:
        """Share of all real answers that lie in their interval."""
        return float(np.average(self.table["coverage"], weights=self.table["units"]))

    @property
    def slope(self) -> float:
        """Mean slope over levers and values."""
        return float(self.table["slope"].mean())

    @property
    def falling(self) -> tuple[int, int]:
        """How many slopes are negative, and how many there are."""
        known = self.table["slope"].dropna()
        return int((known < 0).sum()), len(known)

    def sentence(self) -> str:
        """Return how the assumption did, for the caption of a counterfactual."""
        tested = f"{int(self.table['units'].sum())} real answers of units asked with and without one lever"
        ends = (
            f"The unit keeps what the model does not explain about it. {tested[:1].upper()}{tested[1:]} test this: "
            f"the {self.level:.0%} interval holds {self.coverage:.0%} of them"
        )
        if np.isnan(self.slope):
            return ends + "."
        down, count = self.falling
        return (
            f"{ends}, and the change depends on the start (mean slope {self.slope:.2f}, negative in {down} of {count} "
            "pairs of lever and value) where the model has it the same for all; the noise of the answer without the "
            "lever makes a part of that slope."
        )


def paired_check(matrix: ResponseMatrix, model: StructuralModel, level: float) -> PairedCheck | None:
    """Compare counterfactual and real answers wherever a unit answered both with one lever and without any.

    Parameters
    ----------
    matrix : ResponseMatrix
        The answers that the model was fitted to.
    model : StructuralModel
    level : float
        Of the intervals.

    Returns
    -------
    PairedCheck or None
        None when no unit (or cluster) answered both ways.
    """
    if not matrix.levers or not len(without_levers(matrix)):
        return None
    cells, doses = cell_rows(matrix)
    plain = _means(without_levers(matrix))
    rows: list[dict[str, object]] = []
    for cell, on in cells.items():
        used = {lever: float(dose) for lever, dose in zip(matrix.levers, doses.loc[cell], strict=True) if dose != 0}
        pairs = paired_differences(matrix, on)
        if len(used) != 1 or not pairs.clusters:
            continue
        start = plain.loc[list(pairs.clusters), list(matrix.names)]
        whole = np.asarray(start.notna().all(axis=1)) & ~np.isnan(pairs.differences).any(axis=1)
        if whole.any():
            change = pairs.differences[whole]
            rows += _cell_check(model, start[whole], change, Set(*next(iter(used.items()))), level)
    return PairedCheck(pd.DataFrame(rows), level) if rows else None


def _means(matrix: ResponseMatrix) -> pd.DataFrame:
    """Return the mean scores of each cluster, weighted as `paired_differences` does."""
    clusters, names = pd.Series(clusters_of(matrix), dtype="object"), list(matrix.names)
    frame = pd.DataFrame(matrix.scores, columns=names)
    weights = frame.notna().mul(matrix.weights, axis=0).groupby(clusters.to_numpy()).sum()
    sums = frame.mul(matrix.weights, axis=0).groupby(clusters.to_numpy()).sum()
    return sums / weights.where(weights > 0)


def _cell_check(
    model: StructuralModel, start: pd.DataFrame, change: FloatArray, lever: Set, level: float
) -> list[dict[str, object]]:
    found = counterfactual_summary(model, start, [lever], level)
    real = start + change
    rows: list[dict[str, object]] = []
    for column, value in enumerate(start.columns):
        inside = (found.lower[value].to_numpy() <= real[value].to_numpy()) & (
            real[value].to_numpy() <= found.upper[value].to_numpy()
        )
        centred = start[value].to_numpy() - start[value].mean()
        spread = float(centred @ centred)
        slope = float(centred @ change[:, column]) / spread if len(start) >= LEAST_UNITS and spread > 0 else np.nan
        rows.append(
            {
                "lever": lever.node if lever.value == 1 else f"{lever.node}={lever.value:g}",
                "value": str(value),
                "units": len(start),
                "coverage": float(inside.mean()),
                "slope": slope,
            }
        )
    return rows
