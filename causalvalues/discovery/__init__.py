"""Discovery: from moments and knowledge to a posterior over graphs."""

from causalvalues.discovery.discover import Learner, discover
from causalvalues.discovery.exact import ExactPosterior
from causalvalues.discovery.optimum import best_dag
from causalvalues.discovery.order_search import OrderSearch
from causalvalues.discovery.priors import FairParents, SparseDags, UniformDags
from causalvalues.discovery.scores import BIC, BGe
from causalvalues.discovery.sensitivity import prior_sensitivity

__all__ = [
    "BIC",
    "BGe",
    "ExactPosterior",
    "FairParents",
    "Learner",
    "OrderSearch",
    "SparseDags",
    "UniformDags",
    "best_dag",
    "discover",
    "prior_sensitivity",
]
