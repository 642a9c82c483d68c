"""Choose a plan with a model of one half of the data and judge it by a model of the other half."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.choices import count_choices
from causalvalues.planning.mechanisms import Model, Start
from causalvalues.planning.methods import PlanMethod
from causalvalues.planning.outlook import chance
from causalvalues.planning.pose import pose
from causalvalues.planning.problem import Problem
from causalvalues.planning.scoring import score
from causalvalues.planning.targets import Target


class CrossFit(NamedTuple):
    """Error and chance by the model that chose (predicted, promised) and by the other (achieved, chance)."""

    chance: float
    predicted: float
    achieved: float
    promised: float


NO_CROSS_FIT = CrossFit(np.nan, np.nan, np.nan, np.nan)


def cross_fit(model: Model, start: Start, target: Target, levers: Sequence[Lever], method: PlanMethod) -> CrossFit:
    """Return errors and chances averaged over both ways round; NaN when the method has no halves.

    Raises
    ------
    PlanError
        If the halves do not have the nodes of the model.
    """
    if method.halves is None:
        return NO_CROSS_FIT
    for half in method.halves:
        _check_nodes(model, half)
    posed = [pose(half, start, target, levers, method) for half in method.halves]
    found = []
    for chooser, judge in (posed, posed[::-1]):
        best = method.search(chooser, 1, 0.5).best[0]
        achieved = score(judge, best.choice).objective
        found.append((chance(judge, best.choice), best.objective, achieved, chance(chooser, best.choice)))
    return CrossFit(*(float(number) for number in np.mean(found, axis=0)))


def _check_nodes(model: Model, half: Model) -> None:
    mine, other = ({*each.values, *each.levers, *_combinations(each)} for each in (model, half))
    if mine != other:
        odd = sorted(name if isinstance(name, str) else "+".join(sorted(name)) for name in mine ^ other)
        named = ", ".join(map(repr, odd))
        raise PlanError(f"`halves` and the model differ in {named}. Fit both on the same values, levers and rows.")


def _combinations(model: Model) -> set[frozenset[str]]:
    if isinstance(model, StructuralModel):
        return {frozenset(cell) for cell in model.combinations}
    return {cell for cell in model.tried if len(cell) > 1}


def choice_note(problem: Problem, crossed: CrossFit) -> str:
    """Return one sentence on whether the chance is corrected for the choice among candidates."""
    if np.isnan(crossed.chance):
        how, fitted = "half_models(posterior, evidence, seed)", ""
        if problem.mechanism.by_strength:
            how, fitted = "(one, other)", ", fitted on two halves of the units,"
        return (
            f"The chance is in sample, not corrected for the choice among {count_choices(problem):,} candidates, so it "
            f"is optimistic; give `halves={how}`{fitted} to choose on one half of the data and judge by the other."
        )
    return (
        f"Chosen on one half of the data and judged by the other: predicted error {crossed.predicted:.3f}, achieved "
        f"{crossed.achieved:.3f}; chance {crossed.chance:.0%} ({crossed.promised:.0%} by the half that chose). Half of "
        "the data makes all four noisier and less certain than the plan from all of it."
    )
