"""The way of the data: answers, check, evidence, graphs, model, checks, questions, plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from causalvalues.discovery import ExactPosterior, discover
from causalvalues.errors import ModelError
from causalvalues.evidence import check, refuse
from causalvalues.graph import GraphPosterior
from causalvalues.model import (
    StructuralModel,
    compare_predictors,
    effect_ledger,
    fit,
    lever_effects,
    own_values,
    total_effects,
)
from causalvalues.responses import ResponseMatrix
from causalvalues.study.answers import read_answers
from causalvalues.study.aside import Aside
from causalvalues.study.blocking import blocked_ledger
from causalvalues.study.checks import Learned, hidden_checks, run_checks
from causalvalues.study.halving import PlanModels, plan_models
from causalvalues.study.learning import estimator, knowledge_of, learner, thinned
from causalvalues.study.moments import LATENT, evidence_of, refuse_other_units
from causalvalues.study.names import check_names
from causalvalues.study.otherwise import assumed_otherwise
from causalvalues.study.paired_check import paired_check
from causalvalues.study.progress import Say, silent
from causalvalues.study.questions import ask, make_plan
from causalvalues.study.results import LeverFindings, StudyResults
from causalvalues.study.settings import StudySettings

STEPS = 9


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
    matrix = answers.matrix
    check_names(settings, matrix)
    refuse_other_units(settings)
    say("check the answers")
    findings = check(matrix)
    refuse(findings)
    evidence = evidence_of(answers, settings.evidence)
    say("learn the graphs")
    knowledge, method = knowledge_of(settings.knowledge), learner(settings.discovery, evidence, unfinished)
    threaded = isinstance(method, ExactPosterior)  # an order search has threads of its own
    learning = Aside(lambda: discover(evidence, method, knowledge, settings.seed), threaded)
    aside = Aside(lambda: assumed_otherwise(settings, answers, evidence, method), threaded, after=learning)
    say("look for hidden causes")
    hidden = hidden_checks(settings, answers, evidence, method)
    posterior = learning.result()
    say("fit the model")
    graphs = thinned(posterior, settings.discovery.draws, settings.seed)
    method_of_fit, said = estimator(settings, method, evidence)
    graphs = replace(graphs, givens=(*graphs.givens, *said))
    model = fit(graphs, evidence, method_of_fit, settings.seed)
    say("check what stands behind the graph")
    checks = run_checks(settings, answers, Learned(evidence, graphs, model, method, knowledge)).joined(hidden)
    say("ask and plan")
    level = settings.model.level
    models = PlanModels(model, None)
    if settings.plan:
        models = plan_models(answers, settings, graphs, (model, evidence), method_of_fit)
    queries = tuple(ask(query, model, matrix, level) for query in settings.query)
    plans = tuple(make_plan(asked, models, answers, settings.seed) for asked in settings.plan)
    counterfactuals = any(query.kind == "counterfactual" for query in settings.query)
    say("learn under other assumptions")
    otherwise = aside.result()
    checks = checks.joined(otherwise.checks)
    levers = None
    if matrix.levers and evidence.levers:
        levers = _lever_findings(settings, matrix, model, otherwise.levers)
    return StudyResults(
        settings=settings,
        answers=answers,
        findings=tuple(findings),
        evidence=evidence,
        posterior=posterior,
        model=model,
        effects=total_effects(model, level),
        ledger=blocked_ledger(effect_ledger(model, posterior, evidence), checks.blocked),
        checks=checks,
        levers=levers,
        pooled=otherwise.pooled,
        sensitivity=otherwise.priors,
        queries=queries,
        plans=plans,
        paired=paired_check(matrix, model, level) if counterfactuals else None,
    )


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
