"""Interventions on ordinal values: hold the latent score, or hold the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.given import require_kind
from causalvalues.interventions import Intervention, Set, Shift, check_interventions
from causalvalues.model.propagation import Action, read_action
from causalvalues.ordinal.ordinal_model import OrdinalModel


@dataclass(frozen=True)
class SetLatent:
    """Hold the latent score of a value at a number: do(x_j = value); its causes are cut.

    Parameters
    ----------
    node : str
        A value.
    value : float
        In latent units (standard deviations, the scale of the thresholds).
    """

    node: str
    value: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ModelError(f"The latent score of {self.node!r} is set to {self.value}. Give a finite number.")


@dataclass(frozen=True)
class SetCategory:
    """Hold the answer to a value at a category; its causes are cut.

    A category is a range of latent scores. Who gives this answer already keeps the latent score (consistency: setting
    what is already so changes nothing). Everyone else gets one drawn from the population's latent scores in that
    category at the unit's own lever doses, a truncated normal: how firmly the answer would be held is not known.

    Parameters
    ----------
    node : str
        A value.
    category : float
        An answer as it is written, such as 5.
    """

    node: str
    category: float


OrdinalIntervention = SetLatent | SetCategory | Set | Shift
"""`Set` is for levers (a dose); `Shift` for levers or latent scores (standard deviations)."""


@dataclass(frozen=True, eq=False)
class OrdinalAction:
    """What interventions touch, with values by their place in the model.

    Parameters
    ----------
    action : Action
        As the linear model reads it; a value held at a category counts as held (the number has no meaning).
    codes : dict of int to int
        Category that held values answer, by place.
    within : frozenset of int
        Values that are held somewhere in their category, and not at a latent score.
    """

    action: Action
    codes: dict[int, int]
    within: frozenset[int]


def read_ordinal_action(model: OrdinalModel, interventions: Sequence[OrdinalIntervention]) -> OrdinalAction:
    """Sort interventions by what they touch.

    Raises
    ------
    ModelError
        On unknown nodes or categories, a node named twice, or a `Set` of a value.
    """
    plain: list[Intervention] = []
    codes: dict[int, int] = {}
    within: set[int] = set()
    for each in interventions:
        require_kind(
            each, OrdinalIntervention, "An intervention: give `SetCategory(...)` or `SetLatent(...)`", ModelError
        )
        if isinstance(each, SetLatent | SetCategory) and each.node not in model.values:
            raise ModelError(f"There is no value {each.node!r} in this model." + did_you_mean(each.node, model.values))
        if isinstance(each, Set) and each.node in model.values:
            raise ModelError(
                f"Set({each.node!r}, {each.value:g}) could mean an answer or a latent score. Say "
                f"SetCategory({each.node!r}, ...) or SetLatent({each.node!r}, ...)."
            )
        if isinstance(each, SetLatent):
            place = model.values.index(each.node)
            codes[place] = int(np.searchsorted(model.thresholds[each.node], each.value, side="left"))
            plain.append(Set(each.node, each.value))
        elif isinstance(each, SetCategory):
            place = model.values.index(each.node)
            codes[place] = category_code(model, each.node, each.category)
            within.add(place)
            plain.append(Set(each.node, 0.0))
        else:
            plain.append(each)
    check_interventions(plain)
    return OrdinalAction(read_action(model.latent, plain), codes, frozenset(within))


def category_code(model: OrdinalModel, node: str, category: float) -> int:
    """Return the place of an answer among the categories of a value; raise `ModelError` when it is none."""
    labels = model.categories[node]
    if category not in labels:
        listed = ", ".join(f"{label:g}" for label in labels)
        raise ModelError(f"{category!r} is no category of {node!r}. Its categories are {listed}.")
    return labels.index(float(category))
