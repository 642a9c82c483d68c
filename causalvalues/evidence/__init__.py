"""Moments from rows, their effective sample size, and the data doctor."""

from causalvalues.evidence.association import correlation_tests
from causalvalues.evidence.centring import average_covariance_sweep, remove_intercept, uncentre
from causalvalues.evidence.chunks import ParquetRows
from causalvalues.evidence.definite import definite_evidence, made_definite
from causalvalues.evidence.doctor import check
from causalvalues.evidence.finding import Finding, Severity, refuse
from causalvalues.evidence.learnable import require_learnable
from causalvalues.evidence.moments import ClusterSums, Evidence, GroupSums, Moments
from causalvalues.evidence.polychoric import PolychoricMoments
from causalvalues.evidence.product_moments import ProductMoments
from causalvalues.evidence.rank_moments import RankMoments
from causalvalues.evidence.resampling import bootstrap_counts, bootstrap_evidence, bootstrap_scatters, resample
from causalvalues.evidence.summarise import summarise

__all__ = [
    "ClusterSums",
    "Evidence",
    "Finding",
    "GroupSums",
    "Moments",
    "ParquetRows",
    "PolychoricMoments",
    "ProductMoments",
    "RankMoments",
    "Severity",
    "average_covariance_sweep",
    "bootstrap_counts",
    "bootstrap_evidence",
    "bootstrap_scatters",
    "check",
    "correlation_tests",
    "definite_evidence",
    "made_definite",
    "refuse",
    "remove_intercept",
    "require_learnable",
    "resample",
    "summarise",
    "uncentre",
]
