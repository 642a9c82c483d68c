"""What a unit answers under levers: rows beside their starts, mechanisms fitted on them, and predictions."""

from causalvalues.prediction.bounds import CounterfactualBounds, counterfactual_bounds, share_bounds
from causalvalues.prediction.differences import Difference, r2_difference
from causalvalues.prediction.interval_scores import IntervalReport, interval_report, interval_score
from causalvalues.prediction.left_out import LeftOut, macro_r2, micro_r2
from causalvalues.prediction.lever_response import Affine, LeverResponse
from causalvalues.prediction.mechanism import Mechanism
from causalvalues.prediction.moderated import Counterfactuals, counterfactual_under
from causalvalues.prediction.needs import Needs, need_test
from causalvalues.prediction.paired_rows import PairedRows, paired_rows
from causalvalues.prediction.persistence import Persistence, retest_error
from causalvalues.prediction.predictors import FittedPredictor, Prediction, Predictor
from causalvalues.prediction.scale_and_start import ScaleAndStart
from causalvalues.prediction.variance_components import VarianceComponents

__all__ = [
    "Affine",
    "CounterfactualBounds",
    "Counterfactuals",
    "Difference",
    "FittedPredictor",
    "IntervalReport",
    "LeftOut",
    "LeverResponse",
    "Mechanism",
    "Needs",
    "PairedRows",
    "Persistence",
    "Prediction",
    "Predictor",
    "ScaleAndStart",
    "VarianceComponents",
    "counterfactual_bounds",
    "counterfactual_under",
    "interval_report",
    "interval_score",
    "macro_r2",
    "micro_r2",
    "need_test",
    "paired_rows",
    "r2_difference",
    "retest_error",
    "share_bounds",
]
