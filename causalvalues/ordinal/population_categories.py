"""What a population would answer under interventions, as probabilities of categories."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.interventions import Intervention, Set
from causalvalues.model.intervening import intervene
from causalvalues.ordinal.answers import Answers, unit_seeds
from causalvalues.ordinal.category_counterfactuals import answered, sampled_halves
from causalvalues.ordinal.category_probabilities import CategoryProbabilities, label_table, summary_of
from causalvalues.ordinal.interventions import OrdinalIntervention, SetCategory, SetLatent, read_ordinal_action
from causalvalues.ordinal.latent_laws import Gibbs, boxes_of, change_of, chosen_draws, laws_of, name_order
from causalvalues.ordinal.ordinal_model import OrdinalModel

UNITS = 300
"""Units that stand for the population where a held category leaves no closed form."""


def predict_categories(
    model: OrdinalModel,
    interventions: Sequence[OrdinalIntervention] = (),
    seed: int = 0,
    level: float = 0.9,
) -> CategoryProbabilities:
    """Return how likely each answer is in the population under interventions.

    Parameters
    ----------
    model : OrdinalModel
    interventions : sequence of SetCategory, SetLatent, Shift or Set, default none
        Levers that are not mentioned are at dose 0.
    seed : int, default 0
        Only used with `SetCategory`.
    level : float, default 0.9
        Of the intervals over the draws of the model.

    Returns
    -------
    CategoryProbabilities
        Of one unit, ``"population"``.

    Raises
    ------
    ModelError
        On unknown nodes or categories, or two interventions on one node.

    Notes
    -----
    P(category c of j) = Phi((t_c - mu_j) / s_j) - Phi((t_(c-1) - mu_j) / s_j), with the latent mean and deviation under
    the interventions (`intervene`), in each draw of the model. With `SetCategory` this is no longer normal: 300 units
    without any answer are drawn for each of at most 100 draws of the model, changed as `counterfactual_categories`
    does, and their probabilities averaged.
    """
    sampling = Gibbs(level=level)
    if any(isinstance(each, SetCategory) for each in interventions):
        return _sampled(model, interventions, seed, sampling)
    action = read_ordinal_action(model, interventions)
    plain: list[Intervention] = []
    for each in interventions:
        plain.append(Set(each.node, each.value) if isinstance(each, SetLatent) else each)  # type: ignore[arg-type]
    found = intervene(model.latent, plain)
    p = len(model.values)
    means, variances = found.means[:, :p], np.diagonal(found.covariances, axis1=1, axis2=2)[:, :p]
    halves = np.repeat(_normal_shares(model, means, variances)[None, None], 2, axis=1)
    labels = label_table(model.values, model.categories)
    summary = summary_of(halves, labels, model.latent.weights, level)
    return answered(model, ("population",), summary, action.codes, level)


def _normal_shares(model: OrdinalModel, means: FloatArray, variances: FloatArray) -> FloatArray:
    """Return the probabilities (s, p, A) of categories of normal latent scores."""
    from scipy.special import ndtr

    labels = label_table(model.values, model.categories)
    shares = np.zeros((*means.shape, labels.shape[1]))
    for j, name in enumerate(model.values):
        steps = model.threshold_draws[name]
        ends = np.pad(steps, ((0, 0), (1, 1)), constant_values=(-math.inf, math.inf))
        z = (ends - means[:, j, None]) / np.sqrt(np.maximum(variances[:, j, None], 1e-300))
        upper_tail = z[:, :-1] > 0  # differences of small numbers, not of numbers near 1
        shares[:, j, : ends.shape[1] - 1] = np.where(
            upper_tail, ndtr(-z[:, :-1]) - ndtr(-z[:, 1:]), ndtr(z[:, 1:]) - ndtr(z[:, :-1])
        )
    return shares


def _sampled(
    model: OrdinalModel, interventions: Sequence[OrdinalIntervention], seed: int, sampling: Gibbs
) -> CategoryProbabilities:
    p, k = len(model.values), len(model.levers)
    action, chosen = read_ordinal_action(model, interventions), chosen_draws(model, sampling.draws, seed)
    units = tuple(f"population {i}" for i in range(UNITS))
    nobody = Answers(units, np.full((UNITS, p), -1, dtype=np.int64), np.zeros((UNITS, k)))
    boxes, doses = boxes_of(model, nobody, unit_seeds(seed, units))
    laws, change = laws_of(model, chosen, doses), change_of(model, chosen, action, doses)
    halves = sampled_halves((boxes, laws, change), sampling).mean(axis=0, keepdims=True)
    labels = label_table(model.values, model.categories)
    back = np.argsort(name_order(model))
    summary = summary_of(halves[:, :, :, back], labels, chosen.weights, sampling.level)
    return answered(model, ("population",), summary, action.codes, sampling.level)
