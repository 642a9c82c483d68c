"""What every predictor of a profile under levers offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.prediction.paired_rows import PairedRows

LEVEL = 0.9


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted profiles of m units under levers, in score units.

    Parameters
    ----------
    mean : array (m, p)
    lower, upper : array (m, p)
        Ends of the 90% interval for what one unit answers; NaN where a predictor gives none.
    """

    mean: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __post_init__(self) -> None:
        shape = np.shape(self.mean)
        for name in ("mean", "lower", "upper"):
            try:
                object.__setattr__(self, name, frozen_floats(getattr(self, name), shape, name))
            except ValueError as error:
                raise ModelError(str(error)) from None


class FittedPredictor(Protocol):
    """A predictor that has seen rows."""

    def predict(self, start: FloatArray, doses: FloatArray) -> Prediction:
        """Return profiles for units with these profiles without levers (m, p) under doses (m, k)."""
        ...


class Predictor(Protocol):
    """A way of predicting; settings only, no data."""

    @property
    def name(self) -> str:
        """Return what tables call it."""
        ...

    def fit(self, rows: PairedRows, seed: int) -> FittedPredictor:
        """Learn from rows; the same seed gives the same bytes."""
        ...
