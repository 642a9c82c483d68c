"""Which items tell most: about what a respondent values, or about which group (model, population) answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.experiments.candidates import Item
from causalvalues.experiments.divergence import jensen_shannon, jensen_shannon_bounds
from causalvalues.experiments.linear_bayes import information
from causalvalues.frozen import FloatArray, frozen_floats
from causalvalues.randomness import require_whole


@dataclass(frozen=True, eq=False)
class Groups:
    """Normal laws of the values in g groups of respondents, such as personas of several language models.

    Parameters
    ----------
    names : tuple of str, length g
    values : tuple of str, length p
    means : array (g, p)
    covariances : array (g, p, p)
        Of single respondents.
    weights : array (g,), optional
        Shares of the groups, normalised when made; equal by default.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    means: FloatArray
    covariances: FloatArray
    weights: FloatArray = field(default=None)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "names", tuple(self.names))
        put(self, "values", tuple(self.values))
        g, p = len(self.names), len(self.values)
        weights = np.ones(g) if self.weights is None else np.asarray(self.weights, dtype=float)
        if not g or not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
            raise PlanError("Groups need weights that are finite, not negative, and more than 0 in all.")
        try:
            put(self, "means", frozen_floats(self.means, (g, p), "means"))
            put(self, "covariances", frozen_floats(self.covariances, (g, p, p), "covariances"))
            put(self, "weights", frozen_floats(weights / weights.sum(), (g,), "weights"))
        except ValueError as error:
            raise PlanError(f"{error}; the groups are {', '.join(self.names)}.") from None
        if not (np.isfinite(self.means).all() and np.isfinite(self.covariances).all()):
            raise PlanError("A mean or covariance of a group is not finite.")


@dataclass(frozen=True, eq=False)
class InformativeItems:
    """Items in the order in which they tell most.

    Parameters
    ----------
    chosen : tuple of str
    table : DataFrame
        Indexed by item, the chosen ones first, then by what they tell alone: ``rank`` (NaN where not chosen),
        ``information`` (about the values of a respondent of known group, alone, nats), ``divergence`` (about which
        group answers, alone, nats), ``least, most`` (bounds of what it and all items of smaller rank tell together;
        equal about respondents).
    aim : {"groups", "respondents"}
    ceiling : float
        Most that any items could tell about the group: entropy of the shares, nats.
    """

    chosen: tuple[str, ...]
    table: pd.DataFrame
    aim: str
    ceiling: float

    def __repr__(self) -> str:
        return f"InformativeItems({', '.join(self.chosen)}; about {self.aim})"


def most_informative_items(
    items: Sequence[Item], groups: Groups, count: int = 10, aim: Literal["groups", "respondents"] = "groups"
) -> InformativeItems:
    """Choose items one by one, each telling most beside those before it.

    Parameters
    ----------
    items : sequence of Item
        Their answers are weighted sums of values plus noise.
    groups : Groups
        One group will do for ``aim="respondents"``.
    count : int, default 10
        How many to choose (fewer when there are fewer items).
    aim : {"groups", "respondents"}, default "groups"
        Tell groups apart: generalised Jensen-Shannon divergence of the answers, for several items by its closed lower
        bound. Or learn what a respondent of known group values: mutual information of values and answers.

    Returns
    -------
    InformativeItems

    Raises
    ------
    PlanError
        If there are no items, two have one name, one loads on an unknown value or has no noise, or there is one group
        to tell apart.

    Examples
    --------
    >>> groups = Groups(("x", "y"), ("care", "power"), [[0, 0], [2, 0]], [np.eye(2), np.eye(2)])
    >>> items = [Item("helping", {"care": 1.0}, 0.5), Item("leading", {"power": 1.0}, 0.5)]
    >>> most_informative_items(items, groups, 1).chosen
    ('helping',)
    """
    ordered = sorted(items, key=lambda item: item.name)
    loadings, noise = _checked(ordered, groups, aim)
    require_whole("count", count)
    means = groups.means @ loadings.T
    spread = np.einsum("ip,gpq,jq->gij", loadings, groups.covariances, loadings)
    alone_respondents = [_told_of_values(spread, noise, groups, [i]) for i in range(len(ordered))]
    variances = np.diagonal(spread, axis1=1, axis2=2) + noise
    alone_groups = [jensen_shannon(means[:, i], np.sqrt(variances[:, i]), groups.weights) for i in range(len(ordered))]
    places: list[int] = []
    bounds: list[tuple[float, float]] = []
    while len(places) < min(count, len(ordered)):
        left = [i for i in range(len(ordered)) if i not in places]
        told = {i: _told(aim, (means, spread, noise), groups, [*places, i]) for i in left}
        most = max(low for low, _ in told.values())
        best = min(i for i in left if told[i][0] >= most - 1e-9 * max(most, 1e-300))
        places.append(best)
        bounds.append(told[best])
    alone = alone_groups if aim == "groups" else alone_respondents
    rest = sorted((i for i in range(len(ordered)) if i not in places), key=lambda i: (-alone[i], i))
    shown = [*places, *rest]
    blank = [np.nan] * len(rest)
    table = pd.DataFrame(
        {
            "rank": [*range(1, len(places) + 1), *blank],
            "information": [alone_respondents[i] for i in shown],
            "divergence": [alone_groups[i] for i in shown],
            "least": [*(low for low, _ in bounds), *blank],
            "most": [*(high for _, high in bounds), *blank],
        },
        index=pd.Index([ordered[i].name for i in shown], name="item"),
    )
    shares = groups.weights[groups.weights > 0]
    return InformativeItems(tuple(ordered[i].name for i in places), table, aim, float(-(shares * np.log(shares)).sum()))


def _told(
    aim: str, answers: tuple[FloatArray, FloatArray, FloatArray], groups: Groups, places: list[int]
) -> tuple[float, float]:
    means, spread, noise = answers
    if aim == "respondents":
        told = _told_of_values(spread, noise, groups, places)
        return told, told
    covariances = spread[:, places][:, :, places] + np.diag(noise[places])
    low, high = jensen_shannon_bounds(means[:, places], covariances, groups.weights)
    ceiling = float(-(groups.weights * np.log(np.maximum(groups.weights, 1e-300))).sum())
    return low, min(high, ceiling)


def _told_of_values(spread: FloatArray, noise: FloatArray, groups: Groups, places: list[int]) -> float:
    """Return the mean over groups of what the answers tell about a respondent's values, in nats."""
    errors = np.diag(noise[places])
    told = [information(each[np.ix_(places, places)], errors) for each in spread]
    return float((groups.weights * np.array(told)).sum())


def _checked(items: Sequence[Item], groups: Groups, aim: str) -> tuple[FloatArray, FloatArray]:
    """Return loadings (i, p) and noise variances (i,)."""
    if not items:
        raise PlanError("There is no item to choose from. Give at least one `Item`.")
    if aim not in {"groups", "respondents"}:
        raise PlanError(f"The aim is {aim!r}." + did_you_mean(aim, ("groups", "respondents")))
    if aim == "groups" and len(groups.names) < 2:
        raise PlanError('There is one group, so none to tell it from. Give two or more, or ask aim="respondents".')
    names = [item.name for item in items]
    for item in items:
        if names.count(item.name) > 1:
            raise PlanError(f"Two items have the name {item.name!r}. Give each its own.")
        for value in sorted(set(item.loadings) - set(groups.values)):
            raise PlanError(
                f"Item {item.name!r} loads on the unknown value {value!r}." + did_you_mean(value, groups.values)
            )
        if item.noise <= 0:
            raise PlanError(f"Item {item.name!r} has no noise. Give the standard deviation of its answers' error.")
    loadings = np.array([[item.loadings.get(value, 0.0) for value in groups.values] for item in items])
    return loadings, np.square([item.noise for item in items])
