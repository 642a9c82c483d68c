"""Ordinal units: latent normal structural models, and counterfactuals as probabilities of answers."""

from causalvalues.ordinal.abduction import LatentScores, abduct_ordinal
from causalvalues.ordinal.category_counterfactuals import counterfactual_categories
from causalvalues.ordinal.category_probabilities import CategoryProbabilities
from causalvalues.ordinal.interventions import SetCategory, SetLatent
from causalvalues.ordinal.latent_laws import Gibbs
from causalvalues.ordinal.ordinal_model import OrdinalModel, ordinal_model
from causalvalues.ordinal.population_categories import predict_categories

__all__ = [
    "CategoryProbabilities",
    "Gibbs",
    "LatentScores",
    "OrdinalModel",
    "SetCategory",
    "SetLatent",
    "abduct_ordinal",
    "counterfactual_categories",
    "ordinal_model",
    "predict_categories",
]
