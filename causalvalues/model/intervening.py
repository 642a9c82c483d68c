"""What a population looks like under interventions: means and covariances in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.interventions import Intervention
from causalvalues.model.propagation import after_cutting, design_columns, new_doses, read_action
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel


@dataclass(frozen=True, eq=False)
class Intervened:
    """Mean and covariance of all nodes under interventions, for each draw.

    Parameters
    ----------
    nodes : tuple of str, length m
    means : array (s, m)
    covariances : array (s, m, m)
        Of single units about the mean; zero for levers and for values that are set.
    weights : array (s,)
    """

    nodes: tuple[str, ...]
    means: FloatArray
    covariances: FloatArray
    weights: FloatArray

    def __post_init__(self) -> None:
        s, m = len(self.weights), len(self.nodes)
        object.__setattr__(self, "means", frozen_floats(self.means, (s, m), "means"))
        object.__setattr__(self, "covariances", frozen_floats(self.covariances, (s, m, m), "covariances"))
        object.__setattr__(self, "weights", frozen_floats(self.weights, (s,), "weights"))

    def __repr__(self) -> str:
        return f"Intervened({len(self.nodes)} nodes, {len(self.weights)} draws)"

    def summary(self, level: float = 0.9) -> pd.DataFrame:
        """Return one row a node: ``mean, lower, upper`` of the population mean and ``sd`` of a single unit.

        The interval speaks of the mean of the population; ``sd`` joins the spread of units and of the draws of the
        mean.
        """
        mean = self.weights @ self.means
        lower, upper = weighted_quantiles(self.means, self.weights, interval_shares(level))
        inside = self.weights @ np.diagonal(self.covariances, axis1=1, axis2=2)
        between = self.weights @ np.square(self.means - mean)
        columns = {"mean": mean, "lower": lower, "upper": upper, "sd": np.sqrt(inside + between)}
        return pd.DataFrame(columns, index=list(self.nodes))


def intervene(model: StructuralModel, interventions: Sequence[Intervention] = ()) -> Intervened:
    """Return the distribution of all nodes when some are set or shifted (Pearl's do-operator).

    A set value loses its causes and its noise; a shifted value keeps both. Levers that are not mentioned are at dose 0,
    and combinations take the product of the doses of their levers.

    Parameters
    ----------
    model : StructuralModel
    interventions : sequence of Set or Shift, default none

    Returns
    -------
    Intervened
        mean = (a' + d G') T', covariance = T'^T diag(sigma'^2) T', where T' = (I - B')^-1 and the prime marks the
        equations after the change.

    Raises
    ------
    ModelError
        On unknown nodes, two interventions on one node, or an intervention on a combination.

    Examples
    --------
    >>> from causalvalues.interventions import Set, Shift
    >>> model = StructuralModel.from_coefficients(["a", "b"], [[0, 2], [0, 0]])
    >>> intervene(model, [Set("a", 3.0)]).summary()["mean"].to_dict()
    {'a': 3.0, 'b': 6.0}
    """
    action = read_action(model, interventions)
    s, m, p, k = len(model.weights), len(model.nodes), len(model.values), len(model.levers)
    total, design_effects = after_cutting(model, action)
    design = design_columns(model, new_doses(action, np.zeros((1, k))))[0]
    constants = model.intercepts[:, :p] + (design[None, :, None] * design_effects).sum(axis=1)
    variances = np.square(model.residual_scales[:, :p])
    for node, amount in action.pushed.items():
        constants[:, node] += amount
    for node, value in action.held.items():
        constants[:, node] = value
        variances[:, node] = 0.0
    means, covariances = np.zeros((s, m)), np.zeros((s, m, m))
    means[:, :p] = (constants[:, :, None] * total).sum(axis=1)
    means[:, p:] = design
    covariances[:, :p, :p] = np.matmul(total.transpose(0, 2, 1) * variances[:, None, :], total)
    return Intervened(model.nodes, means, covariances, model.weights)
