"""One unit on its way to a target: abduction, intervention, prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.interventions import Lever, Set
from causalvalues.model import StructuralModel, counterfactual
from causalvalues.model.counterfactuals import abduct
from causalvalues.planning import Heterogeneity, Plan, PriorityScale, Target, plan
from causalvalues.planning.methods import Enumerate
from causalvalues.planning.profiles import profile_of
from causalvalues.reports.couple_priorities import PriorityError, priorities_of, priority_error
from causalvalues.reports.lever_models import Model
from causalvalues.reports.settings import CoupleSettings
from causalvalues.responses import ResponseMatrix
from causalvalues.study.units import observed_under

RAW, BY_NAME, PLANNED, SET = "as it is", "each wanted value by name", "the plan", "do(V = v)"


@dataclass(frozen=True, eq=False)
class Journey:
    """How one unit gets to the target.

    Parameters
    ----------
    unit : str
    scores : Series (p,)
        Observed without lever.
    observed : dict
        The same as priorities.
    apart : float
        Sum over the named values of |observed - target| priorities.
    residuals : DataFrame (p,)
        ``mean, lower, upper``: what the model does not explain about the unit, kept through the intervention.
    held : DataFrame (p,)
        ``mean, lower, upper`` under do(V = v): named values are set, the others follow through the graph.
    plan : Plan or None
        None where the unit is near enough already.
    doses : dict of str to dict
        Way -> doses.
    errors : dict of str to PriorityError
        Way -> predicted error.
    answered : dict of str to PriorityError
        Way -> error of what the unit really answered in this way, where it was asked.
    """

    unit: str
    scores: pd.Series
    observed: Mapping[str, float]
    apart: float
    residuals: pd.DataFrame
    held: pd.DataFrame
    plan: Plan | None
    doses: Mapping[str, Mapping[str, float]]
    errors: Mapping[str, PriorityError]
    answered: Mapping[str, PriorityError]


@dataclass(frozen=True, eq=False)
class Way:
    """What all units share.

    Parameters
    ----------
    model : StructuralModel
        The graph with its equations: residuals, and what follows when values are set.
    response : StructuralModel or LeverResponse
        What levers do.
    scale : PriorityScale
    asked : CoupleSettings
    own : mapping of lever to value
        What each lever is named after.
    levers : tuple of Lever
    spread : Heterogeneity or None
    seed : int
    level : float
    """

    model: StructuralModel
    response: Model
    scale: PriorityScale
    asked: CoupleSettings
    own: Mapping[str, str]
    levers: tuple[Lever, ...]
    spread: Heterogeneity | None
    seed: int
    level: float

    @property
    def target(self) -> Target:
        """The target in priorities."""
        return Target(priorities=self.asked.target, tolerance=self.asked.tolerance, scale=self.scale)


def journey(way: Way, unit: str, scores: pd.Series, matrix: ResponseMatrix, where: str) -> Journey:
    """Return how one unit gets to the target.

    Parameters
    ----------
    way : Way
    unit : str
    scores : Series (p,)
        Without lever.
    matrix : ResponseMatrix
        Answers, for what the unit was really asked.
    where : str
        Label that names units; "" for unit ids.
    """
    model, scale, asked = way.model, way.scale, way.asked
    observed = priorities_of(scale, scores)
    apart = priority_error(asked.target, observed).total
    held = counterfactual(
        model, scores.to_frame().T, [Set(name, at) for name, at in sorted(way.target.profile.items())]
    )
    lower, upper = held.interval(way.level)
    found = None if apart <= asked.theta else _plan(way, scores)
    doses = {RAW: {}, BY_NAME: _by_name(way, observed), PLANNED: {} if found is None else dict(found.doses)}
    errors, answered = {}, {}
    for name, chosen in doses.items():
        reached = mean_profile(way.response, scores, chosen)
        errors[name] = priority_error(asked.target, priorities_of(scale, reached))
        seen = observed_under(matrix, unit, where, chosen) if chosen else None
        if seen is not None:
            answered[name] = priority_error(asked.target, priorities_of(scale, seen))
    return Journey(
        unit=unit,
        scores=scores,
        observed=observed,
        apart=apart,
        residuals=_residuals(model, scores, way.level),
        held=pd.DataFrame({"mean": held.mean().iloc[0], "lower": lower.iloc[0], "upper": upper.iloc[0]}),
        plan=found,
        doses=doses,
        errors=errors,
        answered=answered,
    )


def _plan(way: Way, scores: pd.Series) -> Plan:
    asked = way.asked
    method = Enumerate(
        max_levers=asked.max_levers, untried=asked.untried, heterogeneity=way.spread, seed=way.seed, alternatives=3
    )
    return plan(way.response, scores, way.target, list(way.levers), method)


def _by_name(way: Way, observed: Mapping[str, float]) -> dict[str, float]:
    """Return the levers that are named after the values that the target raises most, as many as a plan may use."""
    gaps = {name: wanted - observed[name] for name, wanted in way.asked.target.items()}
    offered = {lever.node for lever in way.levers}
    named = {value: lever for lever, value in sorted(way.own.items()) if lever in offered}
    raised = sorted((name for name in gaps if gaps[name] > 0 and name in named), key=lambda name: (-gaps[name], name))
    return {named[name]: 1.0 for name in raised[: way.asked.max_levers]}


def mean_profile(model: Model, scores: pd.Series, doses: Mapping[str, float]) -> pd.Series:
    """Return the mean predicted profile (p,) of a unit under doses, in name order."""
    if not doses:
        return scores.sort_index()
    draws = profile_of(model, scores, doses)
    shares = model.weights / model.weights.sum()
    return pd.Series(np.einsum("s,sp->p", shares, draws), index=sorted(model.values))


def _residuals(model: StructuralModel, scores: pd.Series, level: float) -> pd.DataFrame:
    from causalvalues.model.quantiles import interval_shares, weighted_quantiles

    draws = abduct(model, scores.to_frame().T)[:, 0]
    lower, upper = weighted_quantiles(draws, model.weights, interval_shares(level))
    columns = {"mean": np.einsum("s,sp->p", model.weights, draws), "lower": lower, "upper": upper}
    return pd.DataFrame(columns, index=list(model.values))
