"""The three things that every query does: read interventions, cut the equations of what is set, carry changes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.interventions import Intervention, Set, check_interventions
from causalvalues.model.structural import StructuralModel, path_sums


@dataclass(frozen=True, eq=False)
class Action:
    """Interventions sorted by what they touch; positions count values, or levers, from zero.

    Parameters
    ----------
    held : dict of int to float
        Values that are set, and where.
    pushed : dict of int to float
        Values that are shifted, and by how much.
    levers : dict of int to Set or Shift
        Levers whose dose changes.
    """

    held: dict[int, float]
    pushed: dict[int, float]
    levers: dict[int, Intervention]


def read_action(model: StructuralModel, interventions: Sequence[Intervention]) -> Action:
    """Sort interventions by what they touch; raise `ModelError` on unknown, repeated or combination nodes."""
    check_interventions(interventions)
    p, k = len(model.values), len(model.levers)
    held: dict[int, float] = {}
    pushed: dict[int, float] = {}
    levers: dict[int, Intervention] = {}
    for intervention in interventions:
        place = model.place(intervention.node)
        if place >= p + k:
            parts = " and ".join(repr(lever) for lever in model.combinations[place - p - k])
            raise ModelError(f"{intervention.node!r} is a combination of levers. Set {parts} instead.")
        if place >= p:
            levers[place - p] = intervention
        elif isinstance(intervention, Set):
            held[place] = intervention.value
        else:
            pushed[place] = intervention.amount
    return Action(held, pushed, levers)


def new_doses(action: Action, doses: FloatArray) -> FloatArray:
    """Return the doses (n, k) after the interventions on levers."""
    after = np.array(doses, dtype=np.float64)
    for lever, intervention in action.levers.items():
        if isinstance(intervention, Set):
            after[:, lever] = intervention.value
        else:
            after[:, lever] += intervention.amount
    return after


def design_columns(model: StructuralModel, doses: FloatArray) -> FloatArray:
    """Return lever doses and their products (n, k + c), one column for each lever and combination of the model."""
    products = [doses[:, [model.levers.index(lever) for lever in levers]].prod(axis=1) for levers in model.combinations]
    return np.column_stack([doses, *products]) if products else doses


def after_cutting(model: StructuralModel, action: Action) -> tuple[FloatArray, FloatArray]:
    """Return the total effects among values (s, p, p) with set values cut from their causes, and the design
    coefficients (s, k + c, p) with the arrows into set values removed.
    """  # noqa: D205
    p = len(model.values)
    design = model.coefficients[:, p:, :p]
    if not action.held:
        return model.total[:, :p, :p], design
    among = np.array(model.coefficients[:, :p, :p])
    design = np.array(design)
    for node in action.held:
        among[:, :, node] = 0
        design[:, :, node] = 0
    return path_sums(among), design
