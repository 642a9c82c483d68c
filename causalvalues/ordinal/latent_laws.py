"""What the Gibbs sampler needs of the latent model: draws, levels, conditional laws, and how many sweeps to make."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.model.propagation import after_cutting, design_columns, new_doses
from causalvalues.ordinal.answers import Answers
from causalvalues.ordinal.gibbs_kernels import Boxes, Change, Laws
from causalvalues.ordinal.interventions import OrdinalAction
from causalvalues.ordinal.ordinal_model import OrdinalModel, latent_spreads
from causalvalues.randomness import require_whole, stream

MOST_SWEEPS = 1000


@dataclass(frozen=True)
class Gibbs:
    """How latent scores are sampled.

    Parameters
    ----------
    draws : int, default 100
        At most so many draws of the model are used, drawn by their weights.
    sweeps : int, default 10
        Sweeps kept for each draw of the model; with fewer draws in the model each gets more, the same in all.
    level : float, default 0.9
        Of the intervals over the draws of the model.

    Notes
    -----
    Each sweep draws every latent score given all others, inside the category of its answer. Sweeps are thrown away
    until the untruncated chain would have forgotten all but 1% of its start, at its worst rate over the draws (Roberts
    and Sahu 1997, Journal of the Royal Statistical Society B 59, 291-317), at most 1,000; the start itself is a draw of
    one value after the other inside the box.
    """

    draws: int = 100
    sweeps: int = 10
    level: float = 0.9

    def __post_init__(self) -> None:
        require_whole("draws", self.draws)
        require_whole("sweeps", self.sweeps)
        if not 0 < self.level < 1:
            raise ModelError(f"The level of an interval is {self.level}. Give a number between 0 and 1.")


@dataclass(frozen=True, eq=False)
class Chosen:
    """Draws of the model that are used: their places (m,) and weights (m,), which sum to 1."""

    places: IntArray
    weights: FloatArray


def chosen_draws(model: OrdinalModel, draws: int, seed: int) -> Chosen:
    """Return all draws where the model has no more than `draws`, else so many by systematic resampling."""
    weights = model.latent.weights
    if len(weights) <= draws:
        return Chosen(np.arange(len(weights)), weights)
    points = (np.arange(draws) + stream(seed, "ordinal", "draws").random()) / draws
    places = np.minimum(np.searchsorted(np.cumsum(weights), points, side="right"), len(weights) - 1)
    return Chosen(np.asarray(places, dtype=np.int64), np.full(draws, 1 / draws))


def name_order(model: OrdinalModel) -> IntArray:
    """Return the places (p,) of the values in name order, in which all work is done."""
    return np.array(sorted(range(len(model.values)), key=lambda j: model.values[j]), dtype=np.int64)


def boxes_of(model: OrdinalModel, answers: Answers, seeds: np.typing.NDArray[np.uint64]) -> tuple[Boxes, FloatArray]:
    """Return the boxes of units in name order, and the distinct rows of doses (C, k) that their cells count."""
    codes = np.ascontiguousarray(answers.codes[:, name_order(model)])
    doses, cells = np.unique(answers.doses, axis=0, return_inverse=True)
    return Boxes(seeds, codes, np.asarray(cells.ravel(), dtype=np.int64)), doses


def steps_of(model: OrdinalModel, chosen: Chosen) -> FloatArray:
    """Return the thresholds (m, p, A - 1) in name order, infinite beyond the last of a value."""
    most = max(len(steps) for steps in model.thresholds.values())
    table = np.full((len(chosen.places), len(model.values), most), math.inf)
    for j, place in enumerate(name_order(model)):
        name = model.values[place]
        table[:, j, : len(model.thresholds[name])] = model.threshold_draws[name][chosen.places]
    return table


def laws_of(model: OrdinalModel, chosen: Chosen, doses: FloatArray) -> Laws:
    """Return the laws of the latent scores at each row of doses (C, k), in name order."""
    latent, order = model.latent, name_order(model)
    p = len(order)
    total = np.ascontiguousarray(latent.total[chosen.places][:, order][:, :, order])
    inverse = np.eye(p) - latent.coefficients[chosen.places][:, order][:, :, order]  # of `total`
    scales = latent.residual_scales[chosen.places][:, order]
    design = design_columns(latent, doses)
    effects = latent.coefficients[chosen.places, p:][:, :, order]
    own = latent.intercepts[chosen.places][:, order][:, None] + np.einsum("cq,sqp->scp", design, effects)
    precision = np.einsum("sij,sj,skj->sik", inverse, scales**-2.0, inverse)
    diagonal = np.einsum("sii->si", precision)
    weight = -precision / diagonal[:, :, None]
    weight[:, np.arange(p), np.arange(p)] = 0.0
    covariance = np.einsum("sji,sj,sjk->sik", total, scales**2, total)
    level = np.einsum("sci,sij->scj", own, total)
    return Laws(
        steps_of(model, chosen), level, np.ascontiguousarray(weight), diagonal**-0.5, np.linalg.cholesky(covariance)
    )


def change_of(model: OrdinalModel, chosen: Chosen, action: OrdinalAction, doses: FloatArray) -> Change:
    """Return what an action does to units at each row of doses (C, k), in name order."""
    latent, order = model.latent, name_order(model)
    total, design_effects = after_cutting(latent, action.action)
    total, design_effects = total[chosen.places][:, :, order], design_effects[chosen.places]
    place = {int(value): j for j, value in enumerate(order)}
    held = sorted(action.action.held, key=lambda value: place[value])
    moved = design_columns(latent, new_doses(action.action, doses)) - design_columns(latent, doses)
    added = np.einsum("cq,sqi,sij->scj", moved, design_effects, total)
    for value, amount in sorted(action.action.pushed.items(), key=lambda each: place[each[0]]):
        added += amount * total[:, None, value]
    return Change(
        held=np.array([place[value] for value in held], dtype=np.int64),
        within=np.array([value in action.within for value in held], dtype=np.bool_),
        value=np.array([action.action.held[value] for value in held], dtype=np.float64),
        codes=np.array([action.codes[value] for value in held], dtype=np.int64),
        reach=np.ascontiguousarray(total[:, held]),
        added=np.ascontiguousarray(added),
        deviation=np.ascontiguousarray(latent_spreads(latent)[chosen.places][:, held]),
    )


def sweeps_to_forget(laws: Laws, share: float) -> int:
    """Return after how many sweeps the slowest untruncated chain has forgotten all but a share of its start.

    One sweep multiplies the mean of the chain by (I - L)^-1 U, with L and U the lower and upper triangles of the
    regression weights; its spectral radius is the rate.
    """
    p = laws.weight.shape[1]
    below, above = np.tril(laws.weight), np.triu(laws.weight)
    rates = np.abs(np.linalg.eigvals(np.linalg.solve(np.eye(p) - below, above)))
    rate = round(float(rates.max()), 6)
    if rate <= share:
        return 2
    return MOST_SWEEPS if rate >= 1 else min(max(2, math.ceil(math.log(share) / math.log(rate))), MOST_SWEEPS)
