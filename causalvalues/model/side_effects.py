"""What else moves when one node is acted on: the change of every value, and the part of it that comes directly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.interventions import Intervention, Set, Shift
from causalvalues.model.effects import Effects
from causalvalues.model.intervening import intervene
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel

LEVELS = (0.5, 0.9)


@dataclass(frozen=True, eq=False)
class SideEffects:
    """The change of the mean of every value under one intervention, in score units.

    Parameters
    ----------
    intervention : Set or Shift
    table : DataFrame
        Indexed by value, the node itself left out: ``mean``, ``positive`` and ``negative`` (probability that the change
        is above, or below, zero; the rest is no change at all), ``direct`` (mean of the part that takes no detour
        through other values) and ``direct_probability`` (weight of the draws with a direct edge). The last two are NaN
        where only total effects are known.
    bands : tuple of (level, DataFrame)
        ``lower, upper`` of a central interval of each level, the narrowest first.
    own : float
        Mean change of the node itself (of the dose, for a lever).
    """

    intervention: Intervention
    table: pd.DataFrame
    bands: tuple[tuple[float, pd.DataFrame], ...]
    own: float

    def __repr__(self) -> str:
        moved = int(((self.table["positive"] > 0.95) | (self.table["negative"] > 0.95)).sum())
        return f"SideEffects({self.intervention}: {moved} of {len(self.table)} values surely moved)"


def side_effects(
    model: StructuralModel | Effects, intervention: Intervention, levels: tuple[float, ...] = LEVELS
) -> SideEffects:
    """Return what one intervention does to every other value.

    Parameters
    ----------
    model : StructuralModel or Effects
        Total effects hold one interval (their own level), and answer only shifts of values and doses of levers.
    intervention : Set or Shift
        A value is held or moved; the dose of a lever is set (moved from 0).
    levels : tuple of float, default (.5, .9)
        Of the intervals.

    Returns
    -------
    SideEffects
        Change of the population mean, E[x | do] - E[x], with all levers that are not named at dose 0.

    Raises
    ------
    ModelError
        If the node is unknown, no other value is left, or effects are asked about a value that is set.

    Examples
    --------
    >>> model = StructuralModel.from_coefficients(["a", "b", "c"], [[0, 2, 1], [0, 0, 3], [0, 0, 0]])
    >>> side_effects(model, Shift("a", 1.0)).table[["mean", "direct"]].to_numpy().tolist()
    [[2.0, 2.0], [7.0, 1.0]]
    """
    if isinstance(model, Effects):
        return _from_effects(model, intervention)
    p = len(model.values)
    after, before = intervene(model, [intervention]), intervene(model)
    place = model.place(intervention.node)
    own = after.means[:, place] - before.means[:, place]
    changes = after.means[:, :p] - before.means[:, :p]
    changes = np.where(np.abs(changes) > 1e-12 * (1 + np.abs(before.means[:, :p])), changes, 0.0)
    direct = own[:, None] * model.coefficients[:, place, :p]
    edges = model.coefficients[:, place, :p] != 0
    weights = model.weights
    table = pd.DataFrame(
        {
            "mean": np.einsum("s,sp->p", weights, changes),
            "positive": np.einsum("s,sp->p", weights, (changes > 0).astype(float)),
            "negative": np.einsum("s,sp->p", weights, (changes < 0).astype(float)),
            "direct": np.einsum("s,sp->p", weights, direct),
            "direct_probability": np.einsum("s,sp->p", weights, edges.astype(float)),
        },
        index=list(model.values),
    )
    bands = tuple((level, _band(changes, weights, level, model.values)) for level in sorted(set(levels)))
    return _without(SideEffects(intervention, table, bands, float(weights @ own)))


def _band(changes: FloatArray, weights: FloatArray, level: float, names: tuple[str, ...]) -> pd.DataFrame:
    lower, upper = weighted_quantiles(changes, weights, interval_shares(level))
    return pd.DataFrame({"lower": lower, "upper": upper}, index=list(names))


def _from_effects(effects: Effects, intervention: Intervention) -> SideEffects:
    """Multiply a row of total effects: a linear model carries every dose on in proportion."""
    node = intervention.node
    if node not in effects.mean.index:
        raise ModelError(f"There is no node {node!r} in these effects." + did_you_mean(node, effects.mean.index))
    if isinstance(intervention, Set) and node in effects.mean.columns:
        raise ModelError(f"What it takes to set {node!r} depends on where it stands. Give the model, or a Shift.")
    amount = intervention.amount if isinstance(intervention, Shift) else intervention.value
    lower, upper = amount * effects.lower.loc[node], amount * effects.upper.loc[node]
    above, under = (float(amount != 0) * shares.loc[node] for shares in (effects.positive, effects.negative))
    table = pd.DataFrame(
        {
            "mean": amount * effects.mean.loc[node],
            "positive": above if amount > 0 else under,
            "negative": under if amount > 0 else above,
            "direct": np.nan,
            "direct_probability": np.nan,
        }
    )
    band = pd.DataFrame({"lower": np.minimum(lower, upper), "upper": np.maximum(lower, upper)})
    return _without(SideEffects(intervention, table, ((effects.level, band),), float(amount)))


def _without(found: SideEffects) -> SideEffects:
    """Leave out the node itself."""
    others = [name for name in found.table.index if name != found.intervention.node]
    if not others:
        raise ModelError(f"There is no value but {found.intervention.node!r}, so nothing else can move.")
    bands = tuple((level, band.loc[others]) for level, band in found.bands)
    return SideEffects(found.intervention, found.table.loc[others], bands, found.own)
