"""How much one node moves another directly, given that the arrow is there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.model.effects import Effects
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel


def direct_effects(model: StructuralModel, level: float = 0.9) -> Effects:
    """Return the direct effect of each node on each value, given that the edge is there.

    Parameters
    ----------
    model : StructuralModel
    level : float, default 0.9
        Level of the central interval over the draws that have the edge.

    Returns
    -------
    Effects
        Tables (m, p), [cause, effect]: mean and interval of B[cause, effect] over the draws that have the edge, zero
        where none has it; ``positive`` and ``negative`` are probabilities over all draws. Ends are draws
        (`weighted_quantiles`).

    Raises
    ------
    ModelError
        If the level is not inside (0, 1).

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b"], [[0, 2], [0, 0]])
    >>> float(direct_effects(model).mean.loc["a", "b"])
    2.0
    """
    shares = interval_shares(level)
    p = len(model.values)
    draws = model.coefficients[:, :, :p]
    shape = draws.shape[1:]
    mean, lower, upper = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, j in zip(*np.nonzero((draws != 0).any(axis=0)), strict=True):
        there = draws[:, i, j] != 0
        numbers, weights = draws[there, i, j], model.weights[there] / model.weights[there].sum()
        mean[i, j] = np.average(numbers, weights=weights)
        lower[i, j], upper[i, j] = weighted_quantiles(numbers, weights, shares)
    above = np.tensordot(model.weights, (draws > 0).astype(float), axes=1)
    under = np.tensordot(model.weights, (draws < 0).astype(float), axes=1)
    tables = [
        pd.DataFrame(table, list(model.nodes), list(model.values)) for table in (mean, lower, upper, above, under)
    ]
    return Effects(
        mean=tables[0], lower=tables[1], upper=tables[2], positive=tables[3], negative=tables[4], level=level
    )
