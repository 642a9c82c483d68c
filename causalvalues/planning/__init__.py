"""Choose levers that bring a profile of values to a target, exactly, and say how sure that is."""

from causalvalues.planning.halves import half_models
from causalvalues.planning.heterogeneity import Heterogeneity
from causalvalues.planning.methods import Enumerate, MixedInteger, PlanMethod
from causalvalues.planning.nouns import Plan, Status
from causalvalues.planning.objectives import (
    AbsoluteError,
    CVaR,
    Expectation,
    HitChance,
    Objective,
    RankCorrelation,
    Risk,
    SquaredError,
    WorstDimension,
    WorstDraw,
)
from causalvalues.planning.pareto import ParetoFront, pareto
from causalvalues.planning.plans import plan
from causalvalues.planning.priorities import ByQuantiles, BySpread, PriorityScale, priority_scale
from causalvalues.planning.targets import Target

__all__ = [
    "AbsoluteError",
    "ByQuantiles",
    "BySpread",
    "CVaR",
    "Enumerate",
    "Expectation",
    "Heterogeneity",
    "HitChance",
    "MixedInteger",
    "Objective",
    "ParetoFront",
    "Plan",
    "PlanMethod",
    "PriorityScale",
    "RankCorrelation",
    "Risk",
    "SquaredError",
    "Status",
    "Target",
    "WorstDimension",
    "WorstDraw",
    "half_models",
    "pareto",
    "plan",
    "priority_scale",
]
