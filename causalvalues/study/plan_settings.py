"""What a study file may say about plans."""

from __future__ import annotations

from typing import Literal

from causalvalues.study.sections import Name, Section


class LeverSettings(Section):
    """One entry of ``levers`` in a plan; a plain name stands for its defaults.

    Parameters
    ----------
    node, doses, cost, excludes, label, requires
        As in `Lever`.
    interval : [low, high]
        Of a continuous dose, instead of `doses`.
    prior : table of value = [mean, sd]
        For a lever that was never seen in the data.
    """

    node: Name
    doses: list[float] = [1.0]
    cost: float = 1.0
    excludes: list[Name] = []
    label: str = ""
    requires: list[Name] = []
    interval: list[float] = []
    prior: dict[Name, list[float]] = {}


class PlanSettings(Section):
    """``[[plan]]``: a target and the levers that may be used.

    Parameters
    ----------
    by : "auto", "mechanism" or "graph", default "auto"
        What foretells: the mechanism of the levers, fitted on units that answered with and without them, or the
        equations of the graph. "auto" takes the mechanism where 20 units or more answered both ways, the plan starts
        from a unit and pushes no value directly.
    start : "typical", "population" or a unit id, default "typical"
        "typical": a unit at the mean of the rows without lever; "population": a new unit.
    where : str
        Label by which a unit is looked up.
    profile, change : table of value = number
        Wanted scores, or wanted changes from the start.
    priorities : table of value = number from 1 to 5
        Instead of `profile`.
    scale : "spread" or "quantiles", default "spread"
        What priorities mean, from the rows without lever: mean and standard deviation, or quantiles.
    ranking, margin, tie, bounds, tolerance, weights, raise_by, keep_within, limits
        As in `Target`.
    levers : list of names or tables, default every lever of the data (without levers: a push of each value by one
        standard deviation)
    max_levers, budget, untried, side_effect_weight
        As in `PlanMethod`.
    objective : "absolute", "squared", "worst", "rank" or "chance", default "absolute"
    risk : "expectation", "cvar" or "worst", default "expectation"
        Over the draws; `alpha` (default 0.9) is that of "cvar".
    """

    title: str = ""
    by: Literal["auto", "mechanism", "graph"] = "auto"
    start: str = "typical"
    where: str = ""
    profile: dict[Name, float] = {}
    change: dict[Name, float] = {}
    priorities: dict[Name, float] = {}
    scale: Literal["spread", "quantiles"] = "spread"
    ranking: list[Name | list[Name]] = []
    margin: float | list[float] = 0.0
    tie: float = float("inf")
    bounds: dict[Name, list[float]] = {}
    raise_by: dict[Name, float] = {}
    keep_within: float = float("inf")
    limits: list[float] = []
    tolerance: float = 0.25
    weights: dict[Name, float] = {}
    levers: list[Name | LeverSettings] = []
    max_levers: int = 3
    budget: float = float("inf")
    untried: bool = False
    side_effect_weight: float = 0.0
    objective: Literal["absolute", "squared", "worst", "rank", "chance"] = "absolute"
    risk: Literal["expectation", "cvar", "worst"] = "expectation"
    alpha: float = 0.9
    method: Literal["enumerate", "mixed_integer"] = "enumerate"
    time_limit: float = 60.0
