"""Abduction from ordinal answers: latent scores given the categories that they fell in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.ordinal.answers import Rows, read_answers, unit_seeds
from causalvalues.ordinal.gibbs_kernels import latent_draws
from causalvalues.ordinal.latent_laws import Chosen, boxes_of, chosen_draws, laws_of, name_order, sweeps_to_forget
from causalvalues.ordinal.ordinal_model import OrdinalModel
from causalvalues.randomness import require_whole


@dataclass(frozen=True, eq=False)
class LatentScores:
    """Latent scores of n units given their answers.

    Parameters
    ----------
    values : tuple of str, length p
    units : tuple, length n
    scores : array (d, n, p)
        In latent standard deviations; every draw lies in the category of its answer.
    """

    values: tuple[str, ...]
    units: tuple[object, ...]
    scores: FloatArray

    def __post_init__(self) -> None:
        if self.scores.shape[1:] != (len(self.units), len(self.values)):
            raise ModelError(f"Latent scores have the shape {self.scores.shape}; expected draws x units x values.")
        self.scores.setflags(write=False)

    def __repr__(self) -> str:
        d, n, p = self.scores.shape
        return f"LatentScores({d} draws x {n} units x {p} values)"

    def mean(self) -> pd.DataFrame:
        """Return the mean over draws, one row a unit."""
        return pd.DataFrame(self.scores.mean(axis=0), index=list(self.units), columns=list(self.values))

    def interval(self, level: float = 0.9) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the ends of a central interval over draws, one row a unit."""
        equal = np.full(len(self.scores), 1 / len(self.scores))
        ends = weighted_quantiles(self.scores, equal, interval_shares(level))
        lower, upper = (pd.DataFrame(end, index=list(self.units), columns=list(self.values)) for end in ends)
        return lower, upper


def abduct_ordinal(model: OrdinalModel, rows: Rows, seed: int = 0, draws: int = 100) -> LatentScores:
    """Draw the latent scores of units from a normal distribution truncated to the categories of their answers.

    Parameters
    ----------
    model : OrdinalModel
    rows : DataFrame or Series
        Answers as written, NaN where there is none (the latent score is then bounded by the other answers only, which
        is right when answers are missing at random), and doses of levers that were in use.
    seed : int, default 0
        The draws of a unit depend on the seed, its label and its answers, not on the other rows.
    draws : int, default 100
        Each comes from its own draw of the model, drawn by weight.

    Returns
    -------
    LatentScores

    Raises
    ------
    ModelError
        As in `counterfactual_categories`.

    Notes
    -----
    Gibbs sampling (Geweke 1991): each latent score given the others is a univariate normal truncated to its category.
    The chain of a unit moves on by the sweeps that forget all but 1% between draws; see `Gibbs`.
    """
    require_whole("draws", draws)
    answers = read_answers(model, rows)
    chosen = chosen_draws(model, draws, seed)
    if len(chosen.places) < draws:  # fewer draws in the model than asked: by weight, as often as needed
        points = (np.arange(draws) + 0.5) / draws
        again = np.minimum(np.searchsorted(np.cumsum(chosen.weights), points, side="right"), len(chosen.places) - 1)
        chosen = Chosen(chosen.places[again], np.full(draws, 1 / draws))
    boxes, doses = boxes_of(model, answers, unit_seeds(seed, answers.units))
    laws = laws_of(model, chosen, doses)
    burn = sweeps_to_forget(laws, 0.01)
    order = name_order(model)
    scores = np.empty((draws, len(answers.units), len(order)))
    scores[:, :, order] = latent_draws(boxes, laws, burn, burn)
    return LatentScores(model.values, answers.units, scores)
