"""The way of the data: answers, check, evidence, graphs, model, questions, plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from causalvalues.discovery import (
    BIC,
    BGe,
    ExactPosterior,
    FairParents,
    Learner,
    OrderSearch,
    SparseDags,
    UniformDags,
    discover,
)
from causalvalues.discovery.exact import LAYERS_UP_TO, MOST_COLUMNS, MOST_VALUES
from causalvalues.discovery.sensitivity import prior_sensitivity
from causalvalues.errors import ModelError
from causalvalues.evidence import Evidence, check, refuse, summarise
from causalvalues.graph import GraphPosterior, Knowledge
from causalvalues.model import (
    MaximumLikelihood,
    PosteriorDraws,
    StructuralModel,
    compare_predictors,
    effect_ledger,
    fit,
    lever_effects,
    own_values,
    total_effects,
)
from causalvalues.randomness import stream
from causalvalues.responses import ResponseMatrix
from causalvalues.study.answers import read_answers
from causalvalues.study.halving import PlanModels, plan_models
from causalvalues.study.names import check_names
from causalvalues.study.paired_check import paired_check
from causalvalues.study.progress import Say, silent
from causalvalues.study.questions import ask, make_plan
from causalvalues.study.results import LeverFindings, StudyResults
from causalvalues.study.settings import DiscoverySettings, KnowledgeSettings, StudySettings

STEPS = 7


def study_results(settings: StudySettings, folder: Path, say: Say = silent) -> StudyResults:
    """Run a study without writing anything.

    Parameters
    ----------
    settings : StudySettings
    folder : Path
        Where relative paths of the settings start.
    say : callable, optional
        Told the name of each step as it begins.

    Returns
    -------
    StudyResults

    Raises
    ------
    CheckError
        If a finding blocks learning.
    CausalValuesError
        As the verbs that are called.
    """
    say("read the answers")
    answers = read_answers(settings.data, folder)
    matrix = answers.matrix
    check_names(settings, matrix)
    say("check the answers")
    findings = check(matrix)
    refuse(findings)
    evidence = summarise(matrix, settings.evidence.within)
    say("learn the graphs")
    knowledge, method = knowledge_of(settings.knowledge), learner(settings.discovery, evidence)
    posterior = discover(evidence, method, knowledge, settings.seed)
    say("learn under other assumptions")
    pooled = _pooled(settings, matrix, evidence) if settings.discovery.pooled else None
    sensitivity = None
    if settings.discovery.sensitivity and isinstance(method, ExactPosterior) and len(evidence.names) <= LAYERS_UP_TO:
        sensitivity = prior_sensitivity(evidence, knowledge, settings.seed)
    say("fit the model")
    graphs = thinned(posterior, settings.discovery.draws, settings.seed)
    method_of_fit, said = estimator(settings, method, evidence)
    graphs = replace(graphs, givens=(*graphs.givens, *said))
    model = fit(graphs, evidence, method_of_fit, settings.seed)
    levers = None
    if matrix.levers and evidence.levers:
        other = _other_lever_model(settings, evidence, knowledge) if settings.discovery.compare_levers else None
        levers = _lever_findings(settings, matrix, model, other)
    say("ask and plan")
    level = settings.model.level
    models = PlanModels(model, None)
    if settings.plan:
        models = plan_models(matrix, graphs, (model, evidence), method_of_fit, settings.seed)
    counterfactuals = any(query.kind == "counterfactual" for query in settings.query)
    return StudyResults(
        settings=settings,
        answers=answers,
        findings=tuple(findings),
        evidence=evidence,
        posterior=posterior,
        model=model,
        effects=total_effects(model, level),
        ledger=effect_ledger(model, posterior, evidence),
        levers=levers,
        pooled=pooled,
        sensitivity=sensitivity,
        queries=tuple(ask(query, model, matrix, level) for query in settings.query),
        plans=tuple(make_plan(asked, models, answers, settings.seed) for asked in settings.plan),
        paired=paired_check(matrix, model, level) if counterfactuals else None,
    )


def learner(settings: DiscoverySettings, evidence: Evidence) -> Learner:
    """Return the method object that the settings stand for."""
    exact = settings.method == "exact" or (settings.method == "auto" and len(evidence.names) <= MOST_VALUES)
    if not exact:
        return OrderSearch(penalty=settings.penalty, resamples=settings.resamples, time_limit=settings.time_limit)
    priors: dict[str, UniformDags | SparseDags | FairParents] = {
        "uniform": UniformDags(),
        "sparse": SparseDags(settings.odds),
        "fair_parents": FairParents(),
    }
    return ExactPosterior(
        score=BGe(alpha_w=settings.alpha_w) if settings.score == "BGe" else BIC(),
        prior=priors[settings.prior],
        draws=settings.draws,
        levers=settings.levers,
        time_limit=30.0 if settings.time_limit is None else settings.time_limit,
    )


def estimator(
    settings: StudySettings, method: Learner, evidence: Evidence
) -> tuple[PosteriorDraws | MaximumLikelihood, tuple[str, ...]]:
    """Return how equations are fitted, with the prior of the score that learned the graphs, and what to say about it.

    Parameters
    ----------
    settings : StudySettings
    method : Learner
    evidence : Evidence

    Returns
    -------
    PosteriorDraws or MaximumLikelihood
    tuple of str
        What is given beyond the graphs: a score without a prior on parameters leaves them to the default prior.
    """
    if settings.model.estimator != "posterior":
        return MaximumLikelihood(), ()
    if not isinstance(method, ExactPosterior) or not isinstance(method.score, BGe):
        return PosteriorDraws(), (
            "the score of the graphs has no prior on parameters; they are fitted with the default one",
        )
    sparse = len(evidence.levers) if method.levers == "sparse" else 0
    scored = len(evidence.names) + sparse
    extra = method.score.freedom(scored) - scored
    return PosteriorDraws(alpha_mu=method.score.alpha_mu, extra_degrees=extra), ()


def thinned(posterior: GraphPosterior, most: int, seed: int) -> GraphPosterior:
    """Return `most` equally weighted draws, by systematic resampling of weighted ones, when there are many more.

    Parameters
    ----------
    posterior : GraphPosterior
    most : int
        Up to twice as many draws are left as they are.
    seed : int
    """
    if len(posterior.draws) <= 2 * most:
        return posterior
    places = (np.arange(most) + stream(seed, "thin").random()) / most
    chosen = np.minimum(np.searchsorted(np.cumsum(posterior.weights), places), len(posterior.draws) - 1)
    note = f"the model rests on {most} draws, resampled by weight from {len(posterior.draws)}"
    return replace(
        posterior,
        draws=posterior.draws[chosen],
        weights=np.ones(most),
        lever_draws=posterior.lever_draws[chosen],
        givens=(*posterior.givens, note),
    )


def knowledge_of(settings: KnowledgeSettings) -> Knowledge:
    """Return the knowledge that the settings stand for."""
    return Knowledge(
        tiers=tuple(tuple(tier) for tier in settings.tiers),
        required=frozenset((cause, effect) for cause, effect in settings.required),
        forbidden=frozenset((cause, effect) for cause, effect in settings.forbidden),
    )


def _pooled(settings: StudySettings, matrix: ResponseMatrix, evidence: Evidence) -> GraphPosterior | None:
    """Learn as if there were neither levers nor clusters; None when there are neither."""
    if not matrix.levers and not matrix.cluster_by and not settings.evidence.within:
        return None
    naive = summarise(matrix.frame()[list(matrix.names)].dropna())
    less = len(evidence.levers) if settings.discovery.levers == "sparse" else 0
    discovery = settings.discovery.model_copy(update={"alpha_w": _moved(settings.discovery.alpha_w, -less)})
    return discover(naive, learner(discovery, evidence), knowledge_of(settings.knowledge), settings.seed)


def _moved(alpha_w: float | None, columns: int) -> float | None:
    """Return the prior that is as strong when more columns (or fewer) are scored: alpha_w less their number is kept."""
    return None if alpha_w is None else alpha_w + columns


def _other_lever_model(settings: StudySettings, evidence: Evidence, knowledge: Knowledge) -> GraphPosterior | None:
    """Learn with sparse levers where they were saturated, and the reverse; None where that cannot be done."""
    wanted = "sparse" if settings.discovery.levers == "saturated" else "saturated"
    more = len(evidence.levers) * (1 if wanted == "sparse" else -1)
    changed = {"levers": wanted, "alpha_w": _moved(settings.discovery.alpha_w, more)}
    method = learner(settings.discovery.model_copy(update=changed), evidence)
    if not isinstance(method, ExactPosterior) or len(evidence.names) + len(evidence.levers) > MOST_COLUMNS:
        return None
    return discover(evidence, method, knowledge, settings.seed)


def _lever_findings(
    settings: StudySettings, matrix: ResponseMatrix, model: StructuralModel, other: GraphPosterior | None
) -> LeverFindings | None:
    try:
        design = lever_effects(matrix, settings.model.level)
    except ModelError:
        return None
    aims = own_values(matrix.levers, matrix.names)
    enough = len(aims) >= 3 and len(set(aims.values())) == len(aims)
    comparison = compare_predictors(matrix, model, seed=settings.seed) if enough else None
    return LeverFindings(design, comparison, other)
