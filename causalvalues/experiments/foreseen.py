"""What each draw of a model says that a candidate would answer: a normal law for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.experiments.candidates import Arm, Candidate
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.interventions import Set
from causalvalues.model import StructuralModel, counterfactual, intervene
from causalvalues.planning.mechanisms import Model
from causalvalues.prediction.lever_response import LeverResponse


@dataclass(frozen=True, eq=False)
class ArmAnswers:
    """Independent rows of one arm: y ~ N(means[d], covariances[d]) in draw d.

    Parameters
    ----------
    means : array (s, q)
    covariances : array (s, q, q), or (1, q, q) where all draws share one
        Positive definite.
    rows : int
    """

    means: FloatArray
    covariances: FloatArray
    rows: int


def foreseen(model: Model, candidates: Sequence[Candidate]) -> list[tuple[ArmAnswers, ...]]:
    """Return the law of the answers of each candidate, arm by arm; values in name order.

    Raises
    ------
    PlanError
        If a name is unknown, a persona's start is not complete, nothing is measured, or answers have no noise.
    """
    values = sorted(model.values)
    means, spreads = (
        _structural_laws(ordered(model), candidates)
        if isinstance(model, StructuralModel)
        else (_response_laws(model, candidates))
    )
    found, place = [], 0
    for candidate in candidates:
        arms = []
        for arm in candidate.arms:
            arms.append(_asked(candidate, arm, values, (means[place], spreads[place])))
            place += 1
        found.append(tuple(arms))
    return found


def expected_profiles(model: Model, start: Mapping[str, float] | None, arms: Sequence[Arm]) -> FloatArray:
    """Return what each draw expects under each arm, (s, arms, p), values in name order, for a start or on average."""
    if isinstance(model, StructuralModel):
        model = ordered(model)
        found = np.stack([_structural(model, start, arm)[0] for arm in arms], axis=1)
        return np.ascontiguousarray(found)
    return _response(model, [("The goal", start, arm) for arm in arms])


def ordered(model: StructuralModel) -> StructuralModel:
    """Return the model with its values, levers and combinations in name order."""
    cells = sorted(range(len(model.combinations)), key=lambda i: tuple(sorted(model.combinations[i])))
    p, k = len(model.values), len(model.levers)
    values = sorted(range(p), key=lambda i: model.values[i])
    levers = sorted(range(k), key=lambda i: model.levers[i])
    places = [*values, *(p + i for i in levers), *(p + k + i for i in cells)]
    return replace(
        model,
        values=tuple(model.values[i] for i in values),
        levers=tuple(model.levers[i] for i in levers),
        combinations=tuple(tuple(sorted(model.combinations[i])) for i in cells),
        coefficients=model.coefficients[:, places][:, :, places],
        intercepts=model.intercepts[:, places],
        residual_scales=model.residual_scales[:, places],
    )


def profile_array(start: Mapping[str, float], values: Sequence[str], whose: str) -> FloatArray:
    """Return a start as an array in the order of the values; raise `PlanError` when names do not match."""
    for name in sorted(set(start) - set(values)):
        raise PlanError(f"The start {whose} names {name!r}, which is no value here." + did_you_mean(name, values))
    lacking = sorted(set(values) - set(start))
    if lacking:
        raise PlanError(f"The start {whose} has no score for {', '.join(lacking)}. A start needs every value.")
    scores = np.array([float(start[name]) for name in values])
    if not np.isfinite(scores).all():
        raise PlanError(f"The start {whose} is not finite. Give a score for every value.")
    return scores


def _structural_laws(
    model: StructuralModel, candidates: Sequence[Candidate]
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Return means (s, p) and covariances (s or 1, p, p) of the values for every arm in turn."""
    laws = []
    for candidate in candidates:
        for arm in candidate.arms:
            for intervention in arm:
                if intervention.node not in model.nodes:
                    known = (*model.values, *model.levers)
                    raise PlanError(
                        f"Candidate {candidate.name!r} acts on the unknown node {intervention.node!r}."
                        + did_you_mean(intervention.node, known)
                    )
            laws.append(_structural(model, candidate.start, arm))
    return [means for means, _ in laws], [spread for _, spread in laws]


def _response_laws(model: LeverResponse, candidates: Sequence[Candidate]) -> tuple[list[FloatArray], list[FloatArray]]:
    """Return the same for a response to levers, all arms in one call."""
    asked = [(f"Candidate {each.name!r}", each.start, arm) for each in candidates for arm in each.arms]
    means = _response(model, asked)
    place = [model.values.index(name) for name in sorted(model.values)]
    noise = np.array(model.noise[np.ix_(place, place)])[None]
    return [means[:, i] for i in range(len(asked))], [noise] * len(asked)


def _asked(candidate: Candidate, arm: Arm, values: Sequence[str], law: tuple[FloatArray, FloatArray]) -> ArmAnswers:
    """Return the law of what is measured."""
    means, covariances = law
    covariances = covariances + candidate.noise**2 * np.eye(len(values))
    measured = _measured(candidate, arm, values)
    means, covariances = means @ measured.T, measured @ covariances @ measured.T
    covariances = covariances + np.diag([item.noise**2 for item in candidate.items] or [0.0] * len(measured))
    _check_spread(candidate, covariances)
    return ArmAnswers(means, covariances, candidate.rows)


def _structural(model: StructuralModel, start: Mapping[str, float] | None, arm: Arm) -> tuple[FloatArray, FloatArray]:
    """Return means (s, p) and covariances (s, p, p): of a new unit, or of a given one, which keeps its residuals."""
    p = len(model.values)
    if start is None:
        found = intervene(model, arm)
        return found.means[:, :p], found.covariances[:, :p, :p]
    facts = pd.Series(profile_array(start, model.values, "of a persona"), index=list(model.values))
    means = counterfactual(model, facts, arm).values[:, 0]
    return means, np.zeros((1, p, p))


def _response(model: LeverResponse, asked: Sequence[tuple[str, Mapping[str, float] | None, Arm]]) -> FloatArray:
    """Return expected profiles (s, m, p), values in name order, for m of (who asks, start, what is done)."""
    starts, doses = np.zeros((len(asked), len(model.values))), np.zeros((len(asked), len(model.levers)))
    for row, (who, start, arm) in enumerate(asked):
        if start is None:
            raise PlanError(f"{who} has no start. This model speaks of units with a profile: name the persona's start.")
        starts[row] = profile_array(start, model.values, f"of {who[:1].lower()}{who[1:]}")
        for intervention in arm:
            if intervention.node not in model.levers:
                raise PlanError(
                    f"{who} acts on the unknown lever {intervention.node!r}."
                    + did_you_mean(intervention.node, model.levers)
                )
            dose = intervention.value if isinstance(intervention, Set) else intervention.amount
            doses[row, model.levers.index(intervention.node)] = dose
    place = [model.values.index(value) for value in sorted(model.values)]
    return np.ascontiguousarray(model.profiles(starts, doses)[:, :, place])


def _measured(candidate: Candidate, arm: Arm, values: Sequence[str]) -> FloatArray:
    """Return what is asked as a matrix (q, p) over the values: their own scores, or items in name order."""
    held = {intervention.node for intervention in arm if isinstance(intervention, Set)}
    if not candidate.items:
        free = [i for i, name in enumerate(values) if name not in held]
        if not free:
            raise PlanError(f"Candidate {candidate.name!r} sets every value, so nothing is left to measure.")
        return np.asarray(np.eye(len(values))[free])
    rows = []
    for item in candidate.items:
        for name in sorted(set(item.loadings) - set(values)):
            raise PlanError(f"Item {item.name!r} loads on the unknown value {name!r}." + did_you_mean(name, values))
        rows.append([item.loadings.get(name, 0.0) for name in values])
    return np.array(rows)


def _check_spread(candidate: Candidate, covariances: FloatArray) -> None:
    """Refuse answers without noise: they would tell everything at once."""
    try:
        roots = np.linalg.cholesky(covariances)
        least = np.square(np.diagonal(roots, axis1=1, axis2=2)).min(axis=1)
        known = (least > 1e-10 * np.diagonal(covariances, axis1=1, axis2=2).max(axis=1)).all()
    except np.linalg.LinAlgError:
        known = False
    if not known:
        raise PlanError(
            f"The answers of candidate {candidate.name!r} have no noise in some direction, so they would tell "
            "everything at once. Give its `noise` (retest error) or that of its items."
        )


def thinned(weights: FloatArray, draws: int, offset: float) -> IntArray:
    """Return the places of at most `draws` draws that stand for all with equal weight (systematic resampling)."""
    if len(weights) <= draws and np.ptp(weights) <= 1e-12 * weights.max():
        return np.arange(len(weights))
    points = (np.arange(draws) + offset) / draws
    return np.asarray(np.minimum(np.searchsorted(np.cumsum(weights), points), len(weights) - 1))
