"""Why a plan does what it does: the share of each lever, and the paths of values through which it acts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.explaining.explanation_words import sentences_of
from causalvalues.explaining.path_shares import ARRIVAL_COLUMNS, PATH_COLUMNS, arrivals, path_shares
from causalvalues.explaining.shapley import shapley
from causalvalues.frozen import FloatArray
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel
from causalvalues.numerals import percent
from causalvalues.planning.mechanisms import Model, Start
from causalvalues.planning.nouns import Plan
from causalvalues.planning.profiles import ProfileFunction, checked_doses, profile_function
from causalvalues.planning.targets import Target

LEVEL = 0.9
MOST_FALSE_EDGES = 0.10
"""Claims about paths are withheld above this expected share of false edges."""
TOGETHER = "together"


@dataclass(frozen=True, eq=False)
class Explanation:
    """What the chosen levers do, lever by lever. Intervals are 90% intervals over the draws of the model.

    Parameters
    ----------
    doses : mapping of str to float
        Chosen levers, in name order.
    change : DataFrame
        Indexed by value: ``start, reached, target`` (mean scores; target NaN when free), ``mean, lower, upper,
        positive`` of the change.
    shares : DataFrame
        One row a value and lever, ``value, lever, mean, lower, upper, positive``: the lever's Shapley share of the
        change; the means of one value add up to its change.
    error : DataFrame
        Indexed by lever and ``together``: ``mean, lower, upper, positive`` of its share in the reduction of the
        weighted sum of absolute errors; empty without a target profile.
    errors : (float, float)
        Expected weighted sum of absolute errors (units of the target) at the start and at the end; NaN without a
        target profile.
    paths : DataFrame
        ``lever, value, path, through, mean, lower, upper, probability``: shares of each lever split into directed
        paths; empty where paths are withheld.
    arrivals : DataFrame
        ``cause, effect, mean, lower, upper, probability``: from where the change of each value arrives, arrow by arrow;
        empty where paths are withheld.
    withheld : str
        Why no paths are shown; empty when they are.
    sentences : tuple of str
    """

    doses: Mapping[str, float]
    change: pd.DataFrame
    shares: pd.DataFrame
    error: pd.DataFrame
    errors: tuple[float, float]
    paths: pd.DataFrame
    arrivals: pd.DataFrame
    withheld: str
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        kind = "paths withheld" if self.withheld else f"{len(self.paths)} paths"
        return f"Explanation({', '.join(self.doses) or 'no lever'}: {len(self.change)} values, {kind})"

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(self.sentences)

    @property
    def table(self) -> pd.DataFrame:
        """Mean shares, one row a value (largest change first) and one column a lever, then ``together``.

        With a target profile, the last row ``error`` holds the reduction of the error.
        """
        wide = self.shares.pivot_table(index="value", columns="lever", values="mean", sort=False)
        wide = wide.reindex(columns=list(self.doses)).reindex(self.change.index)
        wide[TOGETHER] = self.change["mean"]
        order = wide[TOGETHER].abs().sort_values(ascending=False, kind="stable").index
        wide = wide.loc[order]
        if len(self.error):
            wide.loc["error"] = [float(self.error["mean"].loc[column]) for column in wide.columns]
        return wide.rename_axis(index="value", columns=None)


def explain(
    model: Model,
    start: Start,
    chosen: Plan | Mapping[str, float],
    target: Target | None = None,
    false_edges: float | None = None,
) -> Explanation:
    """Say what each chosen lever contributes, and through which values it acts.

    The share of a lever is its Shapley value over all subsets of the chosen levers, draw by draw: of the change of each
    value, and of the reduction of the weighted sum of absolute errors.

    Parameters
    ----------
    model : StructuralModel or LeverResponse
    start : mapping of str to float, Series or None
        As in `plan`.
    chosen : Plan, or mapping of str to float
        Lever -> dose.
    target : Target, optional
        Its profile and weights give the error.
    false_edges : float, optional
        Expected share of false edges among the pairs without one, given how reliably the values are measured
        (`expected_false_edges`; 0 to take the edges as they are). Paths are shown only when it is at most .10; None: it
        is not known, and they are withheld.

    Returns
    -------
    Explanation

    Raises
    ------
    PlanError
        If a lever or value is unknown, more than 12 levers are used, or `false_edges` is no share.
    """
    function = profile_function(model)
    doses = checked_doses(chosen.doses if isinstance(chosen, Plan) else chosen, function.levers)
    _check(function, target, false_edges)
    begin, end = function.of(start, {}), function.of(start, doses)
    by_lever = shapley(lambda cell: function.of(start, {name: doses[name] for name in cell}), tuple(doses))
    change = _change(function, (begin, end), target)
    shares = _shares(function, by_lever)
    error, errors = _error(function, start, doses, target)
    withheld = _withheld(model, false_edges)
    paths, arriving = pd.DataFrame(columns=PATH_COLUMNS), pd.DataFrame(columns=ARRIVAL_COLUMNS)
    if not withheld and isinstance(model, StructuralModel):
        paths, arriving = path_shares(model, doses).table(LEVEL), arrivals(model, doses)
    said = sentences_of(doses, change, shares, (error, errors), (paths, withheld))
    return Explanation(doses, change, shares, error, errors, paths, arriving, withheld, said)


def _check(function: ProfileFunction, target: Target | None, false_edges: float | None) -> None:
    for name in target.profile if target is not None else ():
        if name not in function.values:
            raise PlanError(
                f"The target names {name!r}, which is not a value here." + did_you_mean(name, function.values)
            )
    if false_edges is not None and not 0 <= false_edges <= 1:
        raise PlanError(f"`false_edges` is {false_edges}. Give a share between 0 and 1, or None when it is not known.")


def _withheld(model: Model, false_edges: float | None) -> str:
    """Return why no path may be claimed; "" when paths may be."""
    if not isinstance(model, StructuralModel):
        return "this model holds no graph between values: each lever acts on all values at once"
    if false_edges is None:
        return (
            "it is not known whether measurement error allows claims about paths; "
            "estimate the expected share of false edges and give it as `false_edges`"
        )
    if false_edges > MOST_FALSE_EDGES:
        return (
            f"measurement error forbids claims about paths: at these reliabilities {percent(round(false_edges, 3))} of "
            f"the pairs without an edge are expected to get one, more than {percent(MOST_FALSE_EDGES)}"
        )
    return ""


def summary(function: ProfileFunction, draws: FloatArray) -> dict[str, FloatArray]:
    """Return ``mean, lower, upper, positive`` over the draws (s, ...)."""
    lower, upper = weighted_quantiles(draws, function.weights, interval_shares(LEVEL))
    positive = np.minimum(function.mean((draws > 0).astype(float)), 1.0)
    return {"mean": function.mean(draws), "lower": lower, "upper": upper, "positive": positive}


def _change(function: ProfileFunction, ends: tuple[FloatArray, FloatArray], target: Target | None) -> pd.DataFrame:
    begin, end = ends
    wanted = {} if target is None else target.profile
    columns = {
        "start": function.mean(begin),
        "reached": function.mean(end),
        "target": [wanted.get(name, math.nan) for name in function.values],
        **summary(function, end - begin),
    }
    return pd.DataFrame(columns, index=list(function.values))


def _shares(function: ProfileFunction, by_lever: Mapping[str, FloatArray]) -> pd.DataFrame:
    parts = []
    for lever, draws in by_lever.items():
        columns = {"value": list(function.values), "lever": lever, **summary(function, draws)}
        parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame(columns=["value", "lever", "mean", "lower", "upper", "positive"])
    return pd.concat(parts, ignore_index=True).sort_values(["value", "lever"], kind="stable", ignore_index=True)


def _error(
    function: ProfileFunction, start: Start, doses: Mapping[str, float], target: Target | None
) -> tuple[pd.DataFrame, tuple[float, float]]:
    if target is None or not target.profile:
        return pd.DataFrame(columns=["mean", "lower", "upper", "positive"]), (math.nan, math.nan)
    places = [function.values.index(name) for name in sorted(target.profile)]
    wanted = np.array([target.profile[name] for name in sorted(target.profile)])
    weights = np.array([target.error_weights[name] for name in sorted(target.profile)])

    def missed(cell: frozenset[str]) -> FloatArray:
        reached = function.of(start, {name: doses[name] for name in cell})[:, places]
        return np.asarray((weights * np.abs(reached - wanted)).sum(axis=1))

    first, last = missed(frozenset()), missed(frozenset(doses))
    draws = {**{lever: -share for lever, share in shapley(missed, tuple(doses)).items()}, TOGETHER: first - last}
    table = pd.DataFrame({lever: summary(function, share) for lever, share in draws.items()}).T.astype(float)
    return table, (float(function.mean(first)), float(function.mean(last)))
