"""Conditions of a study: in which rows which values were forced, and what may be said from the rows without forcing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.errors import CheckError, DataError, StudyError
from causalvalues.evidence import Environments, Evidence, Finding, as_levers, environments
from causalvalues.evidence.environments import value_parts
from causalvalues.graph import GraphPosterior
from causalvalues.model import SensitivitySettings, sensitivity_values
from causalvalues.study.answers import Answers
from causalvalues.study.moments import evidence_of, moments_of
from causalvalues.study.settings import EnvironmentSettings, StudySettings

UNDECLARED = "CV304"
"""The finding that a label looks like a condition, and nothing says what it did."""
FEWEST = 5
"""Effective rows for each value, below which rows without forced values are too few for checks of their own."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """Conditions with known targets.

    Parameters
    ----------
    environments : Environments
        What graphs and equations are learned from.
    answers : Answers or None
        The rows in which nothing was forced; None where there are none.
    evidence : Evidence or None
        Their moments; None where they are too few for checks.
    note : str, default ""
        Why there is none.
    """

    environments: Environments
    answers: Answers | None
    evidence: Evidence | None
    note: str = ""

    @property
    def forced(self) -> bool:
        """Whether some condition forces a value."""
        return any(self.environments.targets)


def conditions_of(settings: StudySettings, answers: Answers) -> Conditions | None:
    """Return the conditions of a study; None without any, and where they are levers.

    Parameters
    ----------
    settings : StudySettings
    answers : Answers

    Raises
    ------
    DataError
        As `environments`.
    """
    asked = settings.environments
    if asked is None or asked.unknown:
        return None
    matrix = answers.matrix
    forced = forced_values(asked, matrix.names, matrix.labels[asked.by])
    found = environments(matrix, asked.by, forced, settings.evidence.within, moments_of(settings.evidence, answers.key))
    free = np.array([not forced[condition] for condition in matrix.labels[asked.by]])
    if not free.any():
        return Conditions(found, None, None, "there is no row in which nothing was forced")
    plain = answers if free.all() else answers.rows(free)
    fewest = FEWEST * len(matrix.names)
    said = f"in only {int(free.sum())} rows nothing was forced"
    try:
        evidence = evidence_of(plain, settings.evidence)
    except (DataError, CheckError) as error:
        return Conditions(found, plain, None, f"{said} ({str(error).rstrip('.')})")
    if free.all() or (evidence.n_score >= fewest and evidence.columns == found.columns):
        return Conditions(found, plain, evidence)
    if evidence.n_score < fewest:
        return Conditions(found, plain, None, f"{said} (effective n {evidence.n_score:.0f}; {fewest} would do)")
    return Conditions(found, plain, None, "some lever was used only in rows in which values were forced")


def forced_values(
    asked: EnvironmentSettings, names: tuple[str, ...], label: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Return the values that each condition forces, whichever way the study file says it.

    Examples
    --------
    >>> forced_values(EnvironmentSettings(by="told", baseline="none"), ("power", "care"), ("none", "care"))
    {'care': ('care',), 'none': ()}
    """
    given = {condition: tuple(values) for condition, values in asked.forced.items()}
    own = given or {name: (name,) for name in names}
    return {condition: () if condition == asked.baseline else own[condition] for condition in sorted(set(label))}


def with_unknown_targets(settings: StudySettings, answers: Answers) -> tuple[StudySettings, Answers]:
    """Turn conditions with unknown targets into levers that act on few values, unless the lever model is chosen.

    Parameters
    ----------
    settings : StudySettings
    answers : Answers

    Raises
    ------
    StudyError
        If there is no such label or baseline, or no other condition.
    """
    asked = settings.environments
    if asked is None or not asked.unknown:
        return settings, answers
    try:
        matrix = as_levers(answers.matrix, asked.by, asked.baseline)
        items = None if answers.items is None else as_levers(answers.items, asked.by, asked.baseline)
    except DataError as error:
        raise StudyError(f"[environments] {error}") from None
    if "levers" not in settings.discovery.model_fields_set:
        settings = settings.model_copy(update={"discovery": settings.discovery.model_copy(update={"levers": "sparse"})})
    return settings, replace(answers, matrix=matrix, items=items)


def is_told(settings: StudySettings, finding: Finding) -> bool:
    """Return whether a finding warns of undeclared conditions which the settings declare."""
    asked = settings.environments
    return asked is not None and finding.code == UNDECLARED and finding.where == f"label {asked.by!r}"


def answers_to_ask(settings: StudySettings, answers: Answers, conditions: Conditions | None) -> Answers:
    """Return the rows that questions and plans start from: those in which nothing was forced.

    Raises
    ------
    StudyError
        If there are none, and a question or plan starts from answers.
    """
    if conditions is None:
        return answers
    if conditions.answers is not None:
        return conditions.answers
    said = "starts from answers in which nothing was forced, and there are none. Take it out."
    for number, query in enumerate(settings.query, start=1):
        if query.kind == "counterfactual":
            raise StudyError(f"[[query]] number {number}: a counterfactual {said}")
    if settings.plan:
        raise StudyError(f"[[plan]] number 1: a plan {said}")
    return answers


def equation_strengths(
    posterior: GraphPosterior, evidence: Evidence | Environments, how: SensitivitySettings
) -> pd.DataFrame:
    """Return `sensitivity_values`, each arrow judged by the rows that the equation of its effect rests on."""
    parts, which = value_parts(evidence)
    tables = []
    for place, part in enumerate(parts):
        mine = [name for name, own in zip(evidence.names, which, strict=True) if own == place]
        table = sensitivity_values(posterior, part, how)
        tables.append(table[table["effect"].isin(mine)])
    whole = pd.concat(tables)
    order = ["probability", "robustness", "cause", "effect"]
    return whole.sort_values(order, ascending=[False, True, True, True], ignore_index=True)
