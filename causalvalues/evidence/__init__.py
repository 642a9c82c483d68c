"""Moments from rows, their effective sample size, and the data doctor."""

from causalvalues.evidence.association import correlation_tests
from causalvalues.evidence.centring import average_covariance_sweep, remove_intercept, uncentre
from causalvalues.evidence.chunks import ParquetRows
from causalvalues.evidence.condition_levers import as_levers
from causalvalues.evidence.corrected_moments import CorrectedMoments, correct_for_error
from causalvalues.evidence.definite import definite_evidence, made_definite
from causalvalues.evidence.doctor import check
from causalvalues.evidence.environments import Condition, Environments, environments
from causalvalues.evidence.finding import Finding, Severity, refuse
from causalvalues.evidence.learnable import require_learnable
from causalvalues.evidence.moments import ClusterSums, Evidence, GroupSums, Moments
from causalvalues.evidence.polychoric import PolychoricMoments
from causalvalues.evidence.product_moments import ProductMoments
from causalvalues.evidence.profiles import Profiles, group_profiles
from causalvalues.evidence.rank_intervals import Ranks, group_ranks, ranks_of_means
from causalvalues.evidence.rank_moments import RankMoments
from causalvalues.evidence.reliability import low_reliabilities, reliability
from causalvalues.evidence.resampling import bootstrap_counts, bootstrap_evidence, bootstrap_scatters, resample
from causalvalues.evidence.summarise import summarise
from causalvalues.evidence.value_map import MapSettings, ValueMap, value_map
from causalvalues.evidence.variance_components import (
    Generalisability,
    VarianceComponents,
    generalisability,
    item_answers,
    variance_components,
)

__all__ = [
    "ClusterSums",
    "Condition",
    "CorrectedMoments",
    "Environments",
    "Evidence",
    "Finding",
    "Generalisability",
    "GroupSums",
    "MapSettings",
    "Moments",
    "ParquetRows",
    "PolychoricMoments",
    "ProductMoments",
    "Profiles",
    "RankMoments",
    "Ranks",
    "Severity",
    "ValueMap",
    "VarianceComponents",
    "as_levers",
    "average_covariance_sweep",
    "bootstrap_counts",
    "bootstrap_evidence",
    "bootstrap_scatters",
    "check",
    "correct_for_error",
    "correlation_tests",
    "definite_evidence",
    "environments",
    "generalisability",
    "group_profiles",
    "group_ranks",
    "item_answers",
    "low_reliabilities",
    "made_definite",
    "ranks_of_means",
    "refuse",
    "reliability",
    "remove_intercept",
    "require_learnable",
    "resample",
    "summarise",
    "uncentre",
    "value_map",
    "variance_components",
]
