"""What a unit answers under levers: rows beside their starts, mechanisms fitted on them, and predictions."""

from causalvalues.prediction.paired_rows import PairedRows, paired_rows
from causalvalues.prediction.predictors import FittedPredictor, Prediction, Predictor

__all__ = ["FittedPredictor", "PairedRows", "Prediction", "Predictor", "paired_rows"]
