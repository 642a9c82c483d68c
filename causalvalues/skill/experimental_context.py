"""A respondent that infers from what has been said who is speaking: the hidden-context model of forced answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, FloatArray


@dataclass(frozen=True)
class HiddenContext:
    """A structural model without arrows between values: context -> every answer, and what is said tells of the context.

    Contexts are the rows that were asked (personas, with and without levers). With x_ca the score of statement a in
    context c, in log-likelihood units, and prior weights w_c, having said a makes context c likely in proportion to
    w_c exp(strength x_ca), and the effect of saying statements of value i on value j is

        E[i, j] = mean over a of i of (sum_c v_ca x_cj / sum_c v_ca) - sum_c w_c x_cj,   v_ca = w_c exp(strength x_ca).

    For a small `strength` this is strength times the covariance over contexts: the linear-Gaussian case, a factor model
    with every factor that the contexts span.

    Parameters
    ----------
    strength : float, default 6.0
        How much of a statement's mean log-likelihood per token counts as evidence; about the number of tokens for a
        respondent that infers perfectly. The default was chosen on other answers than those of the demo; between 1 and
        10 it hardly matters.

    References
    ----------
    Xie, Raghunathan, Liang and Ma (2022), "An explanation of in-context learning as implicit Bayesian inference", ICLR.
    """

    strength: float = 6.0

    def __post_init__(self) -> None:
        if not 0 < self.strength < np.inf:
            raise ModelError(f"`strength` is {self.strength}. Give a positive number.")

    def effects(self, statements: FloatArray, values: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the effect of saying each statement on each value, (q, p).

        Parameters
        ----------
        statements : array (c, q)
            Score of each statement in each context.
        values : array (c, p)
        weights : array (c,)
            Prior weights of the contexts.
        """
        w = weights / weights.sum()
        power = self.strength * (statements - statements.max(axis=0))
        likely = w[:, None] * np.exp(power)
        likely = likely / likely.sum(axis=0)
        return np.asarray(np.einsum("cq,cp->qp", likely, values) - np.einsum("c,cp->p", w, values))

    def between_values(
        self, statements: pd.DataFrame, owners: Mapping[str, str], values: pd.DataFrame, weights: FloatArray
    ) -> pd.DataFrame:
        """Return effects of values on values [forced value, value]: means over the statements of each value.

        Parameters
        ----------
        statements : DataFrame (c, q)
        owners : mapping of str to str
            Statement -> its value.
        values : DataFrame (c, p)
        weights : array (c,)
        """
        names, items = sorted(values.columns), sorted(statements.columns)
        each = self.effects(statements[items].to_numpy(), values[names].to_numpy(), weights)
        mean = {
            value: each[[i for i, item in enumerate(items) if owners[item] == value]].mean(axis=0) for value in names
        }
        return pd.DataFrame(mean, index=names).T


def balanced(levers_used: Sequence[int] | BoolArray) -> FloatArray:
    """Return weights of contexts (c,) so that those with and those without levers count the same in all.

    Examples
    --------
    >>> balanced([0, 0, 1, 2]).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    used = np.asarray(levers_used) > 0
    if used.all() or not used.any():
        return np.full(len(used), 1 / len(used))
    return np.asarray(np.where(used, 0.5 / used.sum(), 0.5 / (~used).sum()))
