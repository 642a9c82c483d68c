"""How far the effects of levers on some questions are found again on others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.prediction import PairedRows
from causalvalues.skill.noise import Noise
from causalvalues.skill.single_effects import single_effects


@dataclass(frozen=True)
class Agreement:
    """How far mean effects of levers agree between two sets of questions.

    Parameters
    ----------
    correlation : float
        Over all levers and values.
    within : float
        The same about each value's mean effect.
    signal : float
        Covariance over the variance on the second questions, about each value's mean effect: the share of what is seen
        there that other questions find again.
    effects : int
        How many effects.
    """

    correlation: float
    within: float
    signal: float
    effects: int

    @property
    def noise(self) -> Noise:
        """As the noise of the effects on the second questions."""
        return Noise(
            signal=self.signal, how="Error: what mean effects on these questions do not share with the others."
        )


def question_agreement(first: PairedRows, second: PairedRows) -> Agreement:
    """Compare the single effects of the same levers on two sets of questions.

    Raises
    ------
    ModelError
        If values or levers differ, or fewer than three effects are known on both sides.
    """
    if set(first.values) != set(second.values) or set(first.levers) != set(second.levers):
        raise ModelError("The two sets of rows differ in values or levers. Give the same for both.")
    one, two = (_sorted_effects(rows) for rows in (first, second))
    known = np.isfinite(one) & np.isfinite(two)
    if known.sum() < 3:
        raise ModelError(f"{int(known.sum())} effects are known on both sides; three are needed.")
    raw = float(np.corrcoef(one[known], two[known])[0, 1])
    count = np.maximum(known.sum(axis=0), 1)
    one, two = (np.where(known, side - np.where(known, side, 0).sum(axis=0) / count, 0.0) for side in (one, two))
    cross, sizes = float((one * two).sum()), (float((one**2).sum()), float((two**2).sum()))
    within = cross / np.sqrt(sizes[0] * sizes[1]) if min(sizes) > 0 else np.nan
    return Agreement(raw, float(within), cross / sizes[1] if sizes[1] > 0 else np.nan, int(known.sum()))


def _sorted_effects(rows: PairedRows) -> FloatArray:
    levers = sorted(range(len(rows.levers)), key=lambda i: rows.levers[i])
    values = sorted(range(len(rows.values)), key=lambda j: rows.values[j])
    return single_effects(rows)[np.ix_(levers, values)]
