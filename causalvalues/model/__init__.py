"""Structural causal models: fitted to graphs and evidence, asked for effects, interventions and counterfactuals."""

from causalvalues.model.counterfactuals import (
    Counterfactual,
    CounterfactualSummary,
    abduct,
    counterfactual,
    counterfactual_summary,
)
from causalvalues.model.effects import Effects, effect_paths, total_effects
from causalvalues.model.exchange import gcm_model, pgmpy_network
from causalvalues.model.fitting import MaximumLikelihood, PosteriorDraws, fit
from causalvalues.model.intervening import Intervened, intervene
from causalvalues.model.ledger import Basis, effect_ledger, plan_ledger, start_ledger, tried_dose
from causalvalues.model.levers import LeverEffects, lever_effects
from causalvalues.model.quantiles import weighted_quantiles
from causalvalues.model.reference import PredictorComparison, compare_predictors, own_values
from causalvalues.model.structural import StructuralModel

__all__ = [
    "Basis",
    "Counterfactual",
    "CounterfactualSummary",
    "Effects",
    "Intervened",
    "LeverEffects",
    "MaximumLikelihood",
    "PosteriorDraws",
    "PredictorComparison",
    "StructuralModel",
    "abduct",
    "compare_predictors",
    "counterfactual",
    "counterfactual_summary",
    "effect_ledger",
    "effect_paths",
    "fit",
    "gcm_model",
    "intervene",
    "lever_effects",
    "own_values",
    "pgmpy_network",
    "plan_ledger",
    "start_ledger",
    "total_effects",
    "tried_dose",
    "weighted_quantiles",
]
