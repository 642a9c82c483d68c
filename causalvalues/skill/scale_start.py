"""Scale and start, also for a lever that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.prediction import FittedPredictor, PairedRows, Prediction
from causalvalues.prediction.scale_and_start import ScaleAndStart
from causalvalues.skill.fitted_effects import PUSHED
from causalvalues.skill.rescaled import FittedRescaled, rescale
from causalvalues.skill.simple import SumOfSingles


@dataclass(frozen=True)
class ScaleStart:
    """`ScaleAndStart` for known levers; for a lever that was left out, the mean change of the others and the start.

    `ScaleAndStart` takes a lever that it has never seen to do nothing, with no intercept; foreseeing such a lever from
    the other levers' mean change at the same start is the fair form of it.

    Parameters
    ----------
    own : mapping of lever to value, optional
        By default levers named ``<prefix>_<value>``, such as ``do_power``.
    """

    own: Mapping[str, str] | None = None
    name: str = "scale + start"

    def fit(self, rows: PairedRows, seed: int) -> FittedScaleStart:
        """Fit both.

        Raises
        ------
        ModelError
            If no row uses one lever alone.
        """
        other = rescale(SumOfSingles(self.own).fit(rows, seed), rows)
        return FittedScaleStart(ScaleAndStart().fit(rows, seed), other)


@dataclass(frozen=True, eq=False)
class FittedScaleStart:
    """Both fits."""

    known: FittedPredictor
    left_out: FittedRescaled

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        """Return profiles for units with these profiles without levers (m, p) under doses (m, k)."""
        pushed = (self.left_out.table.kinds(doses) == PUSHED)[:, None]
        one, two = self.known.predict(start, doses), self.left_out.predict(start, doses)
        parts = ((getattr(two, part), getattr(one, part)) for part in ("mean", "lower", "upper"))
        return Prediction(*(np.where(pushed, new, old) for new, old in parts))
