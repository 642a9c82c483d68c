"""Choose levers that bring a profile of values to a target, exactly, and say how sure that is."""

from causalvalues.planning.halves import half_models
from causalvalues.planning.heterogeneity import Heterogeneity
from causalvalues.planning.methods import Enumerate, MixedInteger, PlanMethod
from causalvalues.planning.nouns import Plan, Status, Target
from causalvalues.planning.plans import plan

__all__ = [
    "Enumerate",
    "Heterogeneity",
    "MixedInteger",
    "Plan",
    "PlanMethod",
    "Status",
    "Target",
    "half_models",
    "plan",
]
