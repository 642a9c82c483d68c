"""What a plan means: which lever does what and through which values, what the data carry, what is out of reach."""

from causalvalues.explaining.explanation import Explanation, explain
from causalvalues.explaining.feasibility import Feasibility, Reachability, unreachable
from causalvalues.explaining.pushes import Threshold, least_push, logit_push

__all__ = [
    "Explanation",
    "Feasibility",
    "Reachability",
    "Threshold",
    "explain",
    "least_push",
    "logit_push",
    "unreachable",
]
