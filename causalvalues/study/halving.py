"""The models that plans are made with: of all rows, and of two halves of the clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from causalvalues.errors import CausalValuesError, PlanError
from causalvalues.evidence import Evidence
from causalvalues.graph import GraphPosterior
from causalvalues.model import MaximumLikelihood, PosteriorDraws, StructuralModel, fit
from causalvalues.model.levers import clusters_of
from causalvalues.planning import half_models
from causalvalues.responses import ResponseMatrix
from causalvalues.study.answers import Answers
from causalvalues.study.mechanism_models import MechanismModels, mechanism_models
from causalvalues.study.moments import evidence_of
from causalvalues.study.settings import StudySettings


@dataclass(frozen=True, eq=False)
class PlanModels:
    """What plans are made with.

    Parameters
    ----------
    whole : StructuralModel
    halves : tuple of two StructuralModel, or None
        Of disjoint halves of the clusters.
    note : str, default ""
        What was left out to make halves, or why there are none.
    mechanism : MechanismModels, optional
        What the levers do to one unit, where enough units answered both with and without them.
    false_edges : float, optional
        Expected share of false edges, where it is known: paths of a plan are shown only when it is small.
    """

    whole: StructuralModel
    halves: tuple[StructuralModel, StructuralModel] | None
    note: str = ""
    mechanism: MechanismModels | None = None
    false_edges: float | None = None


def plan_models(
    answers: Answers,
    settings: StudySettings,
    graphs: GraphPosterior,
    fitted: tuple[StructuralModel, Evidence],
    estimator: PosteriorDraws | MaximumLikelihood,
) -> PlanModels:
    """Return models of all rows and of two halves, and the mechanism of the levers where it can be fitted.

    Combinations that one cluster alone tried are left out of the models when that is needed to make halves.

    Parameters
    ----------
    answers : Answers
    settings : StudySettings
    graphs : GraphPosterior
    fitted : tuple of StructuralModel and Evidence
        The model of the study and what it was fitted to; plans are made with it when the halves can be had as they are,
        or cannot be had at all.
    estimator : PosteriorDraws or MaximumLikelihood
    """
    found = _graph_models(answers, settings, graphs, fitted, estimator)
    return replace(found, mechanism=mechanism_models(answers.matrix, settings.seed))


def _graph_models(
    answers: Answers,
    settings: StudySettings,
    graphs: GraphPosterior,
    fitted: tuple[StructuralModel, Evidence],
    estimator: PosteriorDraws | MaximumLikelihood,
) -> PlanModels:
    (model, evidence), matrix, seed = fitted, answers.matrix, settings.seed
    try:
        return PlanModels(model, half_models(graphs, evidence, seed))
    except PlanError as error:
        why = f"{str(error).split('. ', maxsplit=1)[0].rstrip('.')}."
    lone = lone_combinations(matrix)
    if lone:
        names = [frozenset(cell) for cell in lone]
        rows = np.array([frozenset(cell) not in names for cell in matrix.cells])
        try:
            rest = evidence_of(answers.rows(rows), settings.evidence)
            halves = half_models(graphs, rest, seed)
            note = f"Left out of plans, because one cluster alone tried them: {', '.join('+'.join(c) for c in lone)}."
            return PlanModels(fit(graphs, rest, estimator, seed), halves, note)
        except CausalValuesError:
            pass
    return PlanModels(model, None, why)


def lone_combinations(matrix: ResponseMatrix) -> list[tuple[str, ...]]:
    """Return the combinations of levers that rows of one cluster alone have, sorted."""
    seen: dict[tuple[str, ...], set[str]] = {}
    for cell, cluster in zip(matrix.cells, clusters_of(matrix), strict=True):
        if len(cell) > 1:
            seen.setdefault(tuple(cell), set()).add(cluster)
    return sorted(cell for cell, clusters in seen.items() if len(clusters) == 1)
