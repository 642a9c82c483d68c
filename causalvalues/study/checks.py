"""What stands beside the graph of a study: measurement error, hidden causes, held-out rows, and ratios of levers."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import partial

import pandas as pd

from causalvalues.discovery import (
    ExactPosterior,
    FactorGraph,
    HiddenCauseModels,
    HiddenCauseSettings,
    LatentCheck,
    Learner,
    OrderSearch,
    consensus_dag,
    hidden_cause_models,
    latent_check,
)
from causalvalues.errors import StudyError
from causalvalues.evidence import Environments, Evidence, ProductMoments, summarise
from causalvalues.graph import Dag, GraphPosterior, Knowledge
from causalvalues.model import (
    AssumptionTests,
    Falsification,
    FitIndices,
    HeldOut,
    OveridentificationSettings,
    SensitivitySettings,
    StructuralModel,
    assumption_tests,
    condition_checks,
    falsify,
    fit_indices,
    lever_overidentification,
    own_values,
)
from causalvalues.responses import ResponseMatrix
from causalvalues.study.answers import Answers
from causalvalues.study.attempts import tried
from causalvalues.study.conditions import Conditions, equation_strengths
from causalvalues.study.learning import SIDE_DRAWS, beside
from causalvalues.study.measurement import Measurement
from causalvalues.study.moments import LATENT
from causalvalues.study.settings import StudySettings

FEW_VALUES = 8
"""Up to so many values the held-out test learns exactly as the study does; above, from one moment matrix."""
MOST_RESAMPLES = 20
"""Resamples of an order search that is held against rows it did not see."""
FACTOR_STARTS, FACTOR_DRAWS = 12, 120
"""Chains that begin, and draws that are kept, for each graph with hidden factors."""
STRENGTHS = SensitivitySettings(least=0.25)
"""Arrows of smaller probability get no sensitivity value."""
MOST_HIDDEN = 17
"""Values up to which graphs with hidden factors are learned."""


@dataclass(frozen=True, eq=False)
class Checks:
    """What was checked, each None where it was not.

    Parameters
    ----------
    measurement : Measurement or None
    falsification : Falsification or None
        Of the learner, on clusters that it did not see.
    held_out_method : str or None
        What the graph of that test was learned from, where it is less than in the study.
    consensus : Dag or None
        The graph that `fit` and `assumptions` speak of.
    fit : FitIndices or None
        On the rows that it was learned from.
    assumptions : AssumptionTests or None
    hidden : HiddenCauseModels or None
    sensitivity : DataFrame or None
        See `sensitivity_values`.
    latent : LatentCheck or None
    lever_ratios : DataFrame or None
        See `lever_overidentification`.
    conditions : DataFrame or None
        See `condition_checks`.
    skipped : tuple of str
        What could not be done, and why.
    """

    measurement: Measurement | None = None
    falsification: Falsification | None = None
    held_out_method: str | None = None
    consensus: Dag | None = None
    fit: FitIndices | None = None
    assumptions: AssumptionTests | None = None
    hidden: HiddenCauseModels | None = None
    sensitivity: pd.DataFrame | None = None
    latent: LatentCheck | None = None
    lever_ratios: pd.DataFrame | None = None
    conditions: pd.DataFrame | None = None
    skipped: tuple[str, ...] = ()

    @property
    def expected_false_edges(self) -> float | None:
        """Expected share of false edges among the pairs without one; None when it is not known."""
        share = math.nan if self.measurement is None else self.measurement.share
        return None if math.isnan(share) else share

    @property
    def blocked(self) -> bool:
        """Whether measurement error blocks claims about direct effects and paths."""
        return self.measurement is not None and self.measurement.blocked

    def joined(self, other: Checks) -> Checks:
        """Return these checks and others, which made different ones."""
        made = {field.name: getattr(other, field.name) for field in fields(other) if field.name != "skipped"}
        found = {name: value for name, value in made.items() if value is not None}
        return replace(self, **found, skipped=(*self.skipped, *other.skipped))


@dataclass(frozen=True, eq=False)
class Learned:
    """What a study has learned, and from what."""

    evidence: Evidence | Environments
    posterior: GraphPosterior
    model: StructuralModel
    method: Learner
    knowledge: Knowledge


@dataclass(frozen=True, eq=False)
class Standing:
    """The rows that checks are made on: all of them, or those in which nothing was forced.

    Parameters
    ----------
    answers : Answers
    evidence : Evidence or None
        None where these rows are too few.
    conditions : Conditions or None, default None
    """

    answers: Answers
    evidence: Evidence | None
    conditions: Conditions | None = None


def run_checks(settings: StudySettings, standing: Standing, learned: Learned) -> Checks:
    """Make the checks that the settings ask for and the answers allow, save measurement error and hidden factors.

    Parameters
    ----------
    settings : StudySettings
    standing : Standing
    learned : Learned

    Returns
    -------
    Checks
    """
    skipped: list[str] = []
    consensus = consensus_dag(learned.posterior, learned.knowledge)
    checks = Checks(consensus=consensus)
    if settings.checks.hidden_causes:
        strengths = partial(equation_strengths, learned.posterior, learned.evidence, STRENGTHS)
        checks = replace(checks, sensitivity=tried("sensitivity values", skipped, strengths))
    if isinstance(learned.evidence, Environments):
        found = tried("what conditions did", skipped, partial(_condition_checks, settings, consensus, learned.evidence))
        checks = replace(checks, conditions=found)
    checks = replace(checks, skipped=tuple(skipped))
    if standing.evidence is None:
        why = "" if standing.conditions is None else standing.conditions.note
        return replace(checks, skipped=(*skipped, f"{', '.join(_plain_checks(settings))}: {why}."))
    return checks.joined(_checks_of_plain_rows(settings, standing, learned, consensus))


def _plain_checks(settings: StudySettings) -> list[str]:
    """Return the names of the checks that need rows in which nothing was forced."""
    said = ["the test on held-out rows"] if settings.falsify.run else []
    said += ["fit indices", *(["tests of the equations"] * settings.checks.assumptions)]
    return said + (["graphs with hidden factors", "the search with hidden causes"] * settings.checks.hidden_causes)


def _condition_checks(settings: StudySettings, consensus: Dag, environments: Environments) -> pd.DataFrame:
    if settings.evidence.moments in LATENT:
        raise StudyError(f"moments = {settings.evidence.moments!r} puts each condition on a scale of its own")
    return condition_checks(consensus, environments)


def _checks_of_plain_rows(settings: StudySettings, standing: Standing, learned: Learned, consensus: Dag) -> Checks:
    """Make the checks that hold for rows in which nothing was forced."""
    skipped: list[str] = []
    asked, within, evidence = settings.checks, settings.evidence.within, standing.evidence
    if evidence is None:
        return Checks()
    matrix, posterior, held_out = standing.answers.matrix, learned.posterior, None
    if settings.falsify.run:
        held_out = tried("the test on held-out rows", skipped, partial(held_out_test, settings, matrix, learned))
    checks = Checks(
        falsification=held_out,
        held_out_method=None if held_out is None else _quick_words(learned),
        fit=tried("fit indices", skipped, lambda: fit_indices(consensus, evidence, learned_here=True)),
    )
    if asked.assumptions:
        tests = tried("tests of the equations", skipped, lambda: assumption_tests(matrix, consensus, within))
        checks = replace(checks, assumptions=tests)
    if asked.hidden_causes:
        latent = tried("the search with hidden causes", skipped, lambda: latent_check(posterior, evidence))
        checks = replace(checks, latent=latent)
    if asked.lever_ratios and evidence.levers and settings.evidence.moments not in LATENT:
        aims = OveridentificationSettings(settings.model.level, aims=own_values(matrix.levers, matrix.names))
        ratios = tried("ratios of levers", skipped, lambda: lever_overidentification(matrix, learned.model, aims))
        checks = replace(checks, lever_ratios=ratios)
    return replace(checks, skipped=tuple(skipped))


def held_out_test(settings: StudySettings, matrix: ResponseMatrix, learned: Learned) -> Falsification:
    """Learn from one part of the clusters with a quick form of the study's learner, and test on the other part."""
    method = quick(learned)
    how = HeldOut(settings.falsify.share, settings.falsify.splits, settings.evidence.within)
    return falsify(matrix, method, how, learned.knowledge, settings.seed)


def quick(learned: Learned) -> Learner:
    """Return the learner of a study, with one moment matrix or fewer resamples where its own would take long."""
    method = learned.method
    if isinstance(method, ExactPosterior) and len(learned.evidence.names) > FEW_VALUES:
        return replace(method, moment_draws=0)
    if isinstance(method, OrderSearch):
        return replace(method, resamples=min(method.resamples, MOST_RESAMPLES), folder=None)
    return method


def _quick_words(learned: Learned) -> str | None:
    method = quick(learned)
    if isinstance(method, ExactPosterior) and method.moment_draws == 0:
        return "one moment matrix, without averaging over resamples"
    return f"{method.resamples} resamples" if isinstance(method, OrderSearch) else None


def hidden_checks(settings: StudySettings, standing: Standing, method: Learner) -> Checks:
    """Learn graphs given hidden factors and within clusters, where that is asked for and can be done.

    Parameters
    ----------
    settings : StudySettings
    standing : Standing
    method : Learner
        Of the study.
    """
    if not settings.checks.hidden_causes or standing.evidence is None:
        return Checks()
    skipped: list[str] = []
    verb = partial(hidden_models, settings, standing.answers, standing.evidence, method)
    return Checks(hidden=tried("graphs with hidden factors", skipped, verb), skipped=tuple(skipped))


def hidden_models(
    settings: StudySettings, answers: Answers, evidence: Evidence, method: Learner
) -> HiddenCauseModels | None:
    """Learn graphs given hidden factors and within clusters; None with too few or too many values."""
    matrix = answers.matrix
    if not 3 <= len(evidence.names) <= MOST_HIDDEN:
        return None
    label = settings.checks.partial_by or matrix.cluster_by
    partialled = None
    if label and settings.evidence.moments == "product" and not settings.evidence.within:
        groups = matrix.labels[label]
        if len(set(groups)) < len(groups):
            partialled = summarise(matrix, label, ProductMoments(missing=settings.evidence.missing))
    how = HiddenCauseSettings(
        plain=beside(method, evidence, SIDE_DRAWS), factor=FactorGraph(starts=FACTOR_STARTS, draws=FACTOR_DRAWS)
    )
    return hidden_cause_models(evidence, answers.theory, partialled, how, settings.seed)
