"""Moments from rows, their effective sample size, and the data doctor."""

from causalvalues.evidence.association import correlation_tests
from causalvalues.evidence.centring import average_covariance_sweep, remove_intercept, uncentre
from causalvalues.evidence.doctor import check
from causalvalues.evidence.finding import Finding, Severity, refuse
from causalvalues.evidence.learnable import require_learnable
from causalvalues.evidence.moments import ClusterSums, Evidence, GroupSums
from causalvalues.evidence.resampling import bootstrap_evidence, resample
from causalvalues.evidence.summarise import summarise

__all__ = [
    "ClusterSums",
    "Evidence",
    "Finding",
    "GroupSums",
    "Severity",
    "average_covariance_sweep",
    "bootstrap_evidence",
    "check",
    "correlation_tests",
    "refuse",
    "remove_intercept",
    "require_learnable",
    "resample",
    "summarise",
    "uncentre",
]
