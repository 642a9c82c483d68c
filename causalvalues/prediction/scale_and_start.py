"""The simple predictor to beat: scaled sum of single effects, and the unit's own start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.prediction.normal_law import NORMAL_90
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.prediction.predictors import Prediction
from causalvalues.randomness import require_whole


@dataclass(frozen=True)
class ScaleAndStart:
    """Predict each value from its single effects and its start, by least squares, value by value.

    Rows of several levers: change = intercept + scale * sum of d_l times the mean change under lever l alone + slope *
    start. Rows of one lever: change = effect of the lever + slope * start, both fitted on rows of one lever. Without
    rows of several levers the scale is 1.

    Parameters
    ----------
    name : str, default "scale + start"
    """

    name: str = "scale + start"

    def fit(self, rows: PairedRows, seed: int) -> FittedScaleAndStart:
        """Learn from rows; nothing is drawn, the seed is not used.

        Raises
        ------
        ModelError
            If no row uses one lever alone.
        """
        alone = rows.used == 1
        if not alone.any():
            raise ModelError("No row uses one lever alone, so there are no single effects to add. Ask single levers.")
        require_whole("seed", seed, 0)
        p = len(rows.values)
        effects = np.zeros((len(rows.levers), p))
        single, several = np.zeros((len(rows.levers) + 1, p)), np.zeros((3, p))
        errors = np.zeros((2, p))
        for j in range(p):
            here = np.isfinite(rows.reached[:, j])
            ones, more = here & alone, here & ~alone
            y, x = rows.change[:, j], rows.start[:, j]
            root = np.sqrt(rows.weights)
            effects[:, j] = _least(rows.doses[ones], y[ones], root[ones])[0]
            design = np.column_stack([rows.doses, x])
            single[:, j], errors[0, j] = _least(design[ones], y[ones], root[ones])
            several[:, j], errors[1, j] = (0.0, 1.0, 0.0), errors[0, j]
            if more.sum() >= 4:
                design = np.column_stack([np.ones(len(rows)), rows.doses @ effects[:, j], x])
                several[:, j], errors[1, j] = _least(design[more], y[more], root[more])
        return FittedScaleAndStart(effects, single, several, errors)


@dataclass(frozen=True, eq=False)
class FittedScaleAndStart:
    """Coefficients of `ScaleAndStart`.

    Parameters
    ----------
    effects : array (k, p)
        Mean change under each lever alone.
    single : array (k + 1, p)
        Rows of one lever: effect of each, then the slope on the start.
    several : array (3, p)
        Rows of several: intercept, scale, slope on the start.
    errors : array (2, p)
        Residual standard deviations of the two.
    """

    effects: FloatArray
    single: FloatArray
    several: FloatArray
    errors: FloatArray

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        """Return profiles, with intervals of one width for each value and kind of row."""
        more = ((doses != 0).sum(axis=1) > 1)[:, None]
        single = doses @ self.single[:-1] + start * self.single[-1]
        several = self.several[0] + self.several[1] * (doses @ self.effects) + self.several[2] * start
        mean = start + np.where(more, several, single)
        half = NORMAL_90 * np.where(more, self.errors[1], self.errors[0])
        return Prediction(mean, mean - half, mean + half)


def _least(design: FloatArray, y: FloatArray, root: FloatArray) -> tuple[FloatArray, float]:
    """Weighted least squares of least norm, and the residual standard deviation."""
    if not len(y):
        return np.zeros(design.shape[1]), 0.0
    found, _, rank, _ = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)
    error = y - design @ found
    total = float((root**2).sum())
    left = max(len(y) - int(rank), 1) / len(y)
    return np.asarray(found), float(np.sqrt(((root * error) ** 2).sum() / max(total * left, 1e-300)))
