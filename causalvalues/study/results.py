"""What a study found: every noun of the way from answers to plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from causalvalues.evidence import Evidence, Finding
from causalvalues.explaining import Explanation
from causalvalues.graph import GraphPosterior
from causalvalues.model import Effects, LeverEffects, PredictorComparison, StructuralModel
from causalvalues.planning import Plan, Target
from causalvalues.study.answers import Answers
from causalvalues.study.checks import Checks
from causalvalues.study.conditions import Conditions
from causalvalues.study.paired_check import PairedCheck
from causalvalues.study.plan_settings import PlanSettings
from causalvalues.study.settings import QuerySettings, StudySettings


@dataclass(frozen=True, eq=False)
class Answered:
    """The answer to one question of the study file.

    Parameters
    ----------
    question : QuerySettings
    title : str
    table : DataFrame
        Counterfactual: one row a value, columns ``fact, mean, lower, upper`` and ``observed`` where the unit was
        really asked with these doses. Intervene: columns ``before, mean, lower, upper, sd``. Paths: as `effect_paths`.
    """

    question: QuerySettings
    title: str
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Planned:
    """One plan of the study file, with the target in scores; `note` is that of `PlanModels`.

    `units` is how many units the mechanism was fitted on that made the plan; 0 when the graph made it. `explanation`
    says what each of its levers does; None for a plan without levers, or with too many for a picture.
    """

    asked: PlanSettings
    title: str
    target: Target
    plan: Plan
    labels: Mapping[str, str]
    note: str = ""
    units: int = 0
    explanation: Explanation | None = None


@dataclass(frozen=True, eq=False)
class LeverFindings:
    """What the levers did: by design, foreseen by the graph and by simple predictors, and under the other lever model.

    Parameters
    ----------
    design : LeverEffects
    comparison : PredictorComparison or None
        None when fewer than three levers aim at values of their own.
    other : GraphPosterior or None
        Learned under the other lever model.
    """

    design: LeverEffects
    comparison: PredictorComparison | None
    other: GraphPosterior | None


@dataclass(frozen=True, eq=False)
class StudyResults:
    """Everything that a study found.

    Parameters
    ----------
    settings : StudySettings
    answers : Answers
    findings : tuple of Finding
    evidence : Evidence
        Moments of all rows, forced or not.
    posterior : GraphPosterior
    model : StructuralModel
    effects : Effects
        Total effects.
    ledger : DataFrame
        See `effect_ledger`; ``blocked`` says what forbids a claim ("" for nothing).
    checks : Checks
    levers : LeverFindings or None
        None without levers.
    pooled : GraphPosterior or None
        What an analysis would have learned that ignores levers and clusters; None when there are neither.
    sensitivity : DataFrame or None
        P(adjacent) under several priors.
    queries : tuple of Answered
    plans : tuple of Planned
    paired : PairedCheck or None
        Counterfactual beside real answers; None without queries, or where no unit answered with and without a lever.
    conditions : Conditions or None, default None
        Conditions in which known values were forced, which the graphs and equations were learned from.
    """

    settings: StudySettings
    answers: Answers
    findings: tuple[Finding, ...]
    evidence: Evidence
    posterior: GraphPosterior
    model: StructuralModel
    effects: Effects
    ledger: pd.DataFrame
    checks: Checks
    levers: LeverFindings | None
    pooled: GraphPosterior | None
    sensitivity: pd.DataFrame | None
    queries: tuple[Answered, ...]
    plans: tuple[Planned, ...]
    paired: PairedCheck | None
    conditions: Conditions | None = None

    def label(self, name: str) -> str:
        """Return a value's name as its theory writes it."""
        theory = self.answers.theory
        return name if theory is None else theory.labels.get(name, name)


def edge_set(posterior: GraphPosterior) -> frozenset[frozenset[str]]:
    """Return the adjacencies of the averaged graph, each as a set of two names."""
    table = posterior.averaged_graph()
    return frozenset(frozenset((str(a), str(b))) for a, b in zip(table["cause"], table["effect"], strict=True))
