"""The way of the data: answers, check, evidence, graphs, model, checks, questions, plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import ModelError, PlanError
from causalvalues.evidence import Evidence, check, refuse
from causalvalues.graph import GraphPosterior
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
from causalvalues.responses import ResponseMatrix
from causalvalues.study.answers import Answers, read_answers
from causalvalues.study.aside import Aside
from causalvalues.study.blocking import blocked_ledger
from causalvalues.study.checks import Learned, Standing, hidden_checks, run_checks
from causalvalues.study.conditions import answers_to_ask, conditions_of, is_told, with_unknown_targets
from causalvalues.study.halving import PlanModels, plan_models
from causalvalues.study.learning import estimator, knowledge_of, learner, thinned
from causalvalues.study.moments import LATENT, evidence_of, refuse_other_units
from causalvalues.study.names import check_names
from causalvalues.study.otherwise import assumed_otherwise
from causalvalues.study.paired_check import paired_check
from causalvalues.study.progress import Say, silent
from causalvalues.study.questions import ask, make_plan
from causalvalues.study.results import LeverFindings, Planned, StudyResults
from causalvalues.study.settings import StudySettings

STEPS = 9
NO_HALVES = "Plans are not judged on halves of the clusters where values were forced, so their chances flatter them."


Fitted = tuple[GraphPosterior, tuple[StructuralModel, Evidence], PosteriorDraws | MaximumLikelihood]


def study_results(
    settings: StudySettings, folder: Path, say: Say = silent, unfinished: Path | None = None
) -> StudyResults:
    """Run a study without writing anything.

    Parameters
    ----------
    settings : StudySettings
    folder : Path
        Where relative paths of the settings start.
    say : callable, optional
        Told the name of each step as it begins.
    unfinished : Path, optional
        Folder in which an order search keeps the draws that are done, so that it can go on after an interrupt.

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
    settings, answers = with_unknown_targets(settings, answers)
    check_names(settings, answers.matrix)
    refuse_other_units(settings)
    say("check the answers")
    findings = tuple(found for found in check(answers.matrix) if not is_told(settings, found))
    refuse(findings)
    evidence = evidence_of(answers, settings.evidence)
    conditions = conditions_of(settings, answers)
    learned_from = evidence if conditions is None else conditions.environments
    asked = answers_to_ask(settings, answers, conditions)
    matrix = asked.matrix
    standing = Standing(asked, evidence if conditions is None else conditions.evidence, conditions)
    say("learn the graphs")
    knowledge, method = knowledge_of(settings.knowledge), learner(settings.discovery, evidence, unfinished)
    threaded = isinstance(method, ExactPosterior)  # an order search has threads of its own
    learning = Aside(lambda: discover(learned_from, method, knowledge, settings.seed), threaded)
    aside = Aside(lambda: assumed_otherwise(settings, answers, learned_from, method), threaded, after=learning)
    say("look for hidden causes")
    hidden = hidden_checks(settings, standing, method)
    posterior = learning.result()
    say("fit the model")
    graphs = thinned(posterior, settings.discovery.draws, settings.seed)
    method_of_fit, said = estimator(settings, method, evidence)
    graphs = replace(graphs, givens=(*graphs.givens, *said))
    model = fit(graphs, learned_from, method_of_fit, settings.seed)
    say("check what stands behind the graph")
    checks = run_checks(settings, standing, Learned(learned_from, graphs, model, method, knowledge)).joined(hidden)
    say("ask and plan")
    queries = tuple(ask(query, model, matrix, settings.model.level) for query in settings.query)
    models = _models_for_plans(settings, answers, (graphs, (model, evidence), method_of_fit), conditions is not None)
    models = replace(models, false_edges=checks.expected_false_edges)
    plans = _plans(settings, models, asked)
    say("learn under other assumptions")
    otherwise = aside.result()
    checks = checks.joined(otherwise.checks)
    steered = bool(matrix.levers and evidence.levers)
    levers = _lever_findings(settings, matrix, model, otherwise.levers) if steered else None
    return StudyResults(
        settings=settings,
        answers=answers,
        findings=findings,
        evidence=evidence,
        posterior=posterior,
        model=model,
        effects=total_effects(model, settings.model.level),
        ledger=blocked_ledger(effect_ledger(model, posterior, evidence), checks.blocked),
        checks=checks,
        levers=levers,
        pooled=otherwise.pooled,
        sensitivity=otherwise.priors,
        queries=queries,
        plans=plans,
        paired=paired_check(matrix, model, settings.model.level)
        if any(query.kind == "counterfactual" for query in settings.query)
        else None,
        conditions=conditions,
    )


def _plans(settings: StudySettings, models: PlanModels, answers: Answers) -> tuple[Planned, ...]:
    """Make the plans of the study file; an error says which one it is about."""
    found = []
    for place, each in enumerate(settings.plan, start=1):
        try:
            found.append(make_plan(each, models, answers, settings.seed))
        except PlanError as error:
            raise PlanError(f"[[plan]] number {place}: {error}") from None
    return tuple(found)


def _models_for_plans(settings: StudySettings, answers: Answers, fitted: Fitted, forced: bool) -> PlanModels:
    """Return what plans are made with; no halves where conditions forced values, no work where nothing is planned."""
    graphs, (model, evidence), method = fitted
    if settings.plan and not forced:
        return plan_models(answers, settings, graphs, (model, evidence), method)
    return PlanModels(model, None, NO_HALVES if forced else "")


def _lever_findings(
    settings: StudySettings, matrix: ResponseMatrix, model: StructuralModel, other: GraphPosterior | None
) -> LeverFindings | None:
    try:
        design = lever_effects(matrix, settings.model.level)
    except ModelError:
        return None
    aims = own_values(matrix.levers, matrix.names)
    enough = len(aims) >= 3 and len(set(aims.values())) == len(aims) and settings.evidence.moments not in LATENT
    comparison = compare_predictors(matrix, model, seed=settings.seed) if enough else None
    return LeverFindings(design, comparison, other)
