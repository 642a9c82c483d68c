"""Discovery: from moments and knowledge to a posterior over graphs."""

from causalvalues.discovery.averaging import (
    consensus_dag,
    structural_hamming_distance,
    structural_intervention_distance,
)
from causalvalues.discovery.constraint_graph import ConstraintGraph
from causalvalues.discovery.discover import EnvironmentLearner, Learner, discover
from causalvalues.discovery.exact import ExactPosterior
from causalvalues.discovery.factor_graph import FactorGraph
from causalvalues.discovery.fci import fci
from causalvalues.discovery.hidden_causes import HiddenCauseModels, HiddenCauseSettings, hidden_cause_models
from causalvalues.discovery.item_stability import ItemStability, item_stability
from causalvalues.discovery.joint import GroupPrior, JointPosterior, learn_jointly
from causalvalues.discovery.latent_check import LatentCheck, latent_check
from causalvalues.discovery.measurement_error import FalseEdges, expected_false_edges
from causalvalues.discovery.optimum import best_dag
from causalvalues.discovery.order_search import OrderSearch
from causalvalues.discovery.pc import pc
from causalvalues.discovery.pooled_pc import PooledPC, arrow_stability, pooled_pc, without_shortcuts
from causalvalues.discovery.priors import FairParents, SparseDags, UniformDags
from causalvalues.discovery.scores import BIC, BGe
from causalvalues.discovery.sensitivity import prior_sensitivity
from causalvalues.discovery.split_halves import Halves, replication

__all__ = [
    "BIC",
    "BGe",
    "ConstraintGraph",
    "EnvironmentLearner",
    "ExactPosterior",
    "FactorGraph",
    "FairParents",
    "FalseEdges",
    "GroupPrior",
    "Halves",
    "HiddenCauseModels",
    "HiddenCauseSettings",
    "ItemStability",
    "JointPosterior",
    "LatentCheck",
    "Learner",
    "OrderSearch",
    "PooledPC",
    "SparseDags",
    "UniformDags",
    "arrow_stability",
    "best_dag",
    "consensus_dag",
    "discover",
    "expected_false_edges",
    "fci",
    "hidden_cause_models",
    "item_stability",
    "latent_check",
    "learn_jointly",
    "pc",
    "pooled_pc",
    "prior_sensitivity",
    "replication",
    "structural_hamming_distance",
    "structural_intervention_distance",
    "without_shortcuts",
]
