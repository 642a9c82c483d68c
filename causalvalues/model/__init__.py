"""Structural causal models: fitted to graphs and evidence, asked for effects, interventions and counterfactuals."""

from causalvalues.model.assumption_tests import AssumptionTests, assumption_tests
from causalvalues.model.circle_order import CircleOrder, circle_order, compare_patterns
from causalvalues.model.comparison import Comparison, at_equal_n, compare
from causalvalues.model.condition_checks import condition_checks
from causalvalues.model.counterfactuals import (
    Counterfactual,
    CounterfactualSummary,
    abduct,
    counterfactual,
    counterfactual_summary,
)
from causalvalues.model.direct_effects import direct_effects
from causalvalues.model.effects import Effects, effect_paths, total_effects
from causalvalues.model.exchange import gcm_model, pgmpy_network
from causalvalues.model.falsify import Falsification, HeldOut, falsify
from causalvalues.model.fit_indices import FitIndices, fit_indices
from causalvalues.model.fitting import MaximumLikelihood, PosteriorDraws, fit
from causalvalues.model.graph_nulls import GraphNulls, GraphTest, graph_test
from causalvalues.model.held_out_prediction import held_out_prediction
from causalvalues.model.ida import ida, joint_ida
from causalvalues.model.ida_draws import ida_over_draws
from causalvalues.model.implied_independences import ImpliedIndependences, implied_independences
from causalvalues.model.intervening import Intervened, intervene
from causalvalues.model.invariance import Invariance, measurement_invariance
from causalvalues.model.label_permutation import (
    LabelPermutations,
    MovementTest,
    descendants_move_more,
)
from causalvalues.model.ledger import Basis, effect_ledger, plan_ledger, start_ledger, tried_dose
from causalvalues.model.lever_ratios import LeverRatio, RatioData, ratio_of_effects
from causalvalues.model.levers import LeverEffects, lever_effects
from causalvalues.model.moment_equality import MomentEquality, equal_moments
from causalvalues.model.overidentification import OveridentificationSettings, lever_overidentification
from causalvalues.model.quantiles import weighted_quantiles
from causalvalues.model.reference import PredictorComparison, compare_predictors, own_values
from causalvalues.model.sensitivity_value import SensitivitySettings, robustness_value, sensitivity_values
from causalvalues.model.side_effects import SideEffects, side_effects
from causalvalues.model.steered_changes import SteeredChanges
from causalvalues.model.structural import StructuralModel
from causalvalues.model.structure_exchange import Exchange, ExchangeTest, same_structure

__all__ = [
    "AssumptionTests",
    "Basis",
    "CircleOrder",
    "Comparison",
    "Counterfactual",
    "CounterfactualSummary",
    "Effects",
    "Exchange",
    "ExchangeTest",
    "Falsification",
    "FitIndices",
    "GraphNulls",
    "GraphTest",
    "HeldOut",
    "ImpliedIndependences",
    "Intervened",
    "Invariance",
    "LabelPermutations",
    "LeverEffects",
    "LeverRatio",
    "MaximumLikelihood",
    "MomentEquality",
    "MovementTest",
    "OveridentificationSettings",
    "PosteriorDraws",
    "PredictorComparison",
    "RatioData",
    "SensitivitySettings",
    "SideEffects",
    "SteeredChanges",
    "StructuralModel",
    "abduct",
    "assumption_tests",
    "at_equal_n",
    "circle_order",
    "compare",
    "compare_patterns",
    "compare_predictors",
    "condition_checks",
    "counterfactual",
    "counterfactual_summary",
    "descendants_move_more",
    "direct_effects",
    "effect_ledger",
    "effect_paths",
    "equal_moments",
    "falsify",
    "fit",
    "fit_indices",
    "gcm_model",
    "graph_test",
    "held_out_prediction",
    "ida",
    "ida_over_draws",
    "implied_independences",
    "intervene",
    "joint_ida",
    "lever_effects",
    "lever_overidentification",
    "measurement_invariance",
    "own_values",
    "pgmpy_network",
    "plan_ledger",
    "ratio_of_effects",
    "robustness_value",
    "same_structure",
    "sensitivity_values",
    "side_effects",
    "start_ledger",
    "total_effects",
    "tried_dose",
    "weighted_quantiles",
]
