"""What units with these answers would have answered under interventions, as probabilities of categories."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.given import require_kind
from causalvalues.ordinal.answers import Rows, read_answers, unit_seeds
from causalvalues.ordinal.category_probabilities import CategoryProbabilities, Summary, label_table, summary_of
from causalvalues.ordinal.gibbs_kernels import Boxes, Change, Laws, category_shares
from causalvalues.ordinal.interventions import OrdinalIntervention, read_ordinal_action
from causalvalues.ordinal.latent_laws import (
    Chosen,
    Gibbs,
    boxes_of,
    change_of,
    chosen_draws,
    laws_of,
    name_order,
    sweeps_to_forget,
)
from causalvalues.ordinal.ordinal_model import OrdinalModel

BLOCK_BYTES = 64_000_000


def counterfactual_categories(
    model: OrdinalModel,
    rows: Rows,
    interventions: Sequence[OrdinalIntervention],
    seed: int = 0,
    sampling: Gibbs | None = None,
) -> CategoryProbabilities:
    """Return how likely each answer of each unit would have been under interventions.

    Abduction: the latent scores given the answers, a truncated normal (`abduct_ordinal`). Action: held latent scores
    lose their causes, shifts and doses are added. Prediction: the latent scores plus what the change sets off through
    the structural equations, with the unit's own residuals kept, fall in categories again. The last step is integrated
    over each latent score given the others, so a few sweeps suffice.

    Parameters
    ----------
    model : OrdinalModel
    rows : DataFrame or Series
        One row a unit: all values as columns, answers as written (NaN: no answer), doses of levers in use.
    interventions : sequence of SetCategory, SetLatent, Shift or Set
        `Set` for doses of levers only. Empty: nothing changes, and lost answers are filled in with probabilities.
    seed : int, default 0
        The result of a unit depends on the seed, its label and its answers, not on the other rows.
    sampling : Gibbs, default ``Gibbs()``
        How many draws of the model and sweeps.

    Returns
    -------
    CategoryProbabilities
        An answer that nothing reaches keeps its category with probability 1 exactly.

    Raises
    ------
    ModelError
        On unknown or missing columns, answers that are no category, or interventions that are not well formed.

    Notes
    -----
    Carrying residuals over unchanged is an assumption of the model that the same rows cannot test.
    """
    sampling = Gibbs() if sampling is None else sampling
    require_kind(model, OrdinalModel, "The model: give an `ordinal_model(...)`", ModelError)
    require_kind(sampling, Gibbs, "`sampling`: give `Gibbs(...)`", ModelError)
    action, answers = read_ordinal_action(model, interventions), read_answers(model, rows)
    chosen = chosen_draws(model, sampling.draws, seed)
    boxes, doses = boxes_of(model, answers, unit_seeds(seed, answers.units))
    laws, change = laws_of(model, chosen, doses), change_of(model, chosen, action, doses)
    given = (boxes, laws, change)
    blocks = [_block(model, given, chosen, sampling, part) for part in _parts(len(boxes.cells), laws)]
    whole = Summary(
        np.concatenate([block.mean for block in blocks]),
        np.concatenate([block.ends for block in blocks], axis=1),
        np.concatenate([block.expected for block in blocks]),
        np.concatenate([block.expected_ends for block in blocks], axis=1),
    )
    return answered(model, answers.units, whole, action.codes, sampling.level)


def _parts(n: int, laws: Laws) -> list[slice]:
    m, _, p = laws.level.shape
    size = max(1, BLOCK_BYTES // (16 * m * p * (laws.steps.shape[2] + 1)))
    return [slice(start, start + size) for start in range(0, n, size)] or [slice(0, 0)]


def _block(
    model: OrdinalModel, given: tuple[Boxes, Laws, Change], chosen: Chosen, sampling: Gibbs, part: slice
) -> Summary:
    boxes, laws, change = given
    some = Boxes(boxes.seeds[part], boxes.codes[part], boxes.cells[part])
    halves = sampled_halves((some, laws, change), sampling)
    order = name_order(model)
    back = np.argsort(order)
    labels = label_table(model.values, model.categories)
    return summary_of(halves[:, :, :, back], labels, chosen.weights, sampling.level)


def sampled_halves(given: tuple[Boxes, Laws, Change], sampling: Gibbs) -> FloatArray:
    """Return probabilities (n, 2, m, p, A) for each draw of the model, values in name order."""
    boxes, laws, change = given
    m = len(laws.weight)
    kept = max(1, math.ceil(sampling.draws * sampling.sweeps / m / 2))
    sweeps = (sweeps_to_forget(laws, 0.01), sweeps_to_forget(laws, 0.1), kept)
    return np.asarray(category_shares(boxes, laws, change, sweeps))


def answered(
    model: OrdinalModel, units: tuple[object, ...], found: Summary, codes: dict[int, int], level: float
) -> CategoryProbabilities:
    """Return the result, with the categories of held values filled in."""
    labels = label_table(model.values, model.categories)
    for place, code in codes.items():
        for table in (found.mean, *found.ends):
            table[:, place] = 0.0
            table[:, place, code] = 1.0
        for scores in (found.expected, *found.expected_ends):
            scores[:, place] = labels[place, code]
    return CategoryProbabilities(
        model.values,
        units,
        model.categories,
        found.mean,
        found.ends[0],
        found.ends[1],
        found.expected,
        found.expected_ends[0],
        found.expected_ends[1],
        level,
    )
