"""Plans for many units: mixtures that meet a wanted distribution, and policies that ask for the current profile."""

from causalvalues.populations.pluralism import overton_coverage, steerable_share
from causalvalues.populations.policies import PolicyTree, best_policy
from causalvalues.populations.policy_rules import Condition, Policy, Rule
from causalvalues.populations.population_nouns import Mixture, PopulationPlan, PopulationTarget
from causalvalues.populations.populations import population_plan

__all__ = [
    "Condition",
    "Mixture",
    "Policy",
    "PolicyTree",
    "PopulationPlan",
    "PopulationTarget",
    "Rule",
    "best_policy",
    "overton_coverage",
    "population_plan",
    "steerable_share",
]
