"""What the same answers say under other assumptions than the study's: priors, levers, pooling, measurement error."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from causalvalues.discovery import ExactPosterior, Learner
from causalvalues.discovery.exact_sums import LAYERS_UP_TO
from causalvalues.discovery.sensitivity import prior_sensitivity
from causalvalues.evidence import Environments, Evidence
from causalvalues.graph import GraphPosterior
from causalvalues.study.answers import Answers
from causalvalues.study.attempts import tried
from causalvalues.study.checks import Checks
from causalvalues.study.learning import knowledge_of, other_lever_model, pooled_posterior
from causalvalues.study.measurement import measurement_of
from causalvalues.study.settings import StudySettings


@dataclass(frozen=True, eq=False)
class Otherwise:
    """The same answers under other assumptions, each None where it was not asked for or cannot be done.

    Parameters
    ----------
    pooled : GraphPosterior or None
        Levers, clusters and forced values ignored.
    priors : DataFrame or None
        See `prior_sensitivity`.
    levers : GraphPosterior or None
        Under the other lever model.
    checks : Checks
        That of measurement error.
    """

    pooled: GraphPosterior | None = None
    priors: pd.DataFrame | None = None
    levers: GraphPosterior | None = None
    checks: Checks = field(default_factory=Checks)


def assumed_otherwise(
    settings: StudySettings, answers: Answers, evidence: Evidence | Environments, method: Learner
) -> Otherwise:
    """Learn under other assumptions; nothing here depends on what the study itself learns.

    Parameters
    ----------
    settings : StudySettings
    answers : Answers
    evidence : Evidence or Environments
    method : Learner
        Of the study.
    """
    asked, matrix, knowledge = settings.discovery, answers.matrix, knowledge_of(settings.knowledge)
    skipped: list[str] = []
    priors, levers, measurement = None, None, None
    pooled = pooled_posterior(settings, matrix, evidence, method) if asked.pooled else None
    if asked.sensitivity and isinstance(method, ExactPosterior) and len(evidence.names) <= LAYERS_UP_TO:
        priors = prior_sensitivity(evidence, knowledge, settings.seed)
    if asked.compare_levers and matrix.levers and evidence.levers:
        levers = other_lever_model(settings, evidence, knowledge)
    if settings.checks.measurement_error and answers.items is not None:
        forced = evidence if isinstance(evidence, Environments) and any(evidence.targets) else None
        measurement = tried("measurement error", skipped, lambda: measurement_of(settings, answers, knowledge, forced))
    if measurement is not None:
        skipped += measurement.skipped
    return Otherwise(pooled, priors, levers, Checks(measurement=measurement, skipped=tuple(skipped)))
