"""From a model, a start, a target and levers to a planning problem; every mismatch of names is an error here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.constraints import constraint_rows
from causalvalues.planning.heterogeneity import Heterogeneity
from causalvalues.planning.mechanisms import Known, Model, Start, known_of
from causalvalues.planning.methods import PlanMethod
from causalvalues.planning.noise import Noise, normals, uniforms
from causalvalues.planning.objectives import RankCorrelation
from causalvalues.planning.problem import Aim, Problem
from causalvalues.planning.targets import Target

MOST_TIMES_SCALE = 1e4


def pose(model: Model, start: Start, target: Target, levers: Sequence[Lever], method: PlanMethod) -> Problem:
    """Check the names and return the problem as arrays in name order.

    Raises
    ------
    PlanError
        As for `plan`.
    """
    _check_kinds(model, target, method)
    levers = checked_levers(model, levers)
    _check_target(model, target, method)
    values = tuple(sorted(model.values))
    known = known_of(model, start, levers, method.seed)
    begin = known.mechanism.state(0.0).base
    wanted = begin.copy()
    low, high = np.full(len(values), -np.inf), np.full(len(values), np.inf)
    for name, score in target.profile.items():
        wanted[:, values.index(name)] = score
        low[values.index(name)], high[values.index(name)] = target.box[name]
    offered = {lever.node: i for i, lever in enumerate(levers)}
    aimed = sorted(values.index(name) for name in target.profile)
    problem = Problem(
        values=values,
        levers=levers,
        is_node=tuple(lever.node not in model.values for lever in levers),
        combinations=known.combinations,
        tried=known.tried,
        cells=None if method.untried else known.tried,
        mechanism=known.mechanism,
        wanted=wanted,
        weights=known.weights,
        error_weights=_error_weights(target, values, method.side_effect_weight),
        named=tuple(aimed) or tuple(range(len(values))),
        constraints=constraint_rows(target, values, np.einsum("s,sp->p", known.weights, begin)),
        low=low,
        high=high,
        excluded=_excluded(levers, offered),
        required=_required(levers, offered),
        max_levers=min(method.max_levers, len(levers)),
        budget=method.budget,
        aim=Aim(method.objective, method.risk, target.units),
        noise=_noise(known, values, method, start is None),
    )
    _check_every_lever_acts(problem)
    _check_doses(problem, float(known.scales.max(initial=0.0)))
    return problem


def _check_kinds(model: Model, target: Target, method: PlanMethod) -> None:
    """Refuse arguments of another kind: a common slip is to give the rows in place of what was fitted to them."""
    if not isinstance(model, StructuralModel) and not hasattr(model, "affine"):
        raise PlanError(f"The model is a {type(model).__name__}. Give a `StructuralModel`, or `Mechanism().fit(rows)`.")
    if not isinstance(target, Target):
        raise PlanError(f"The target is a {type(target).__name__}. Give `Target(...)`.")
    if not isinstance(method, PlanMethod):
        raise PlanError(f"The method is {method!r}. Give an object, such as `Enumerate(max_levers=2)`.")
    for half in method.halves or ():
        if not isinstance(half, StructuralModel) and not hasattr(half, "affine"):
            raise PlanError(f"`halves` holds a {type(half).__name__}. Give two models, or make them: `half_models`.")


def checked_levers(model: Model, levers: Sequence[Lever]) -> tuple[Lever, ...]:
    """Return the levers in name order; raise `PlanError` when one acts on nothing that is known, or twice."""
    if isinstance(levers, Lever | str) or not isinstance(levers, Iterable):
        raise PlanError(f"`levers` is {levers!r}. Give a list: [Lever(...)].")
    if not levers:
        raise PlanError("There is no lever to plan with. Give at least one `Lever`.")
    seen: set[str] = set()
    for lever in levers:
        if not isinstance(lever, Lever):
            raise PlanError(f"{lever!r} is no `Lever`. Give Lever(name).")
        _check_node(model, lever)
        if lever.node in seen:
            raise PlanError(f"Two levers act on {lever.node!r}. Offer one with all the doses.")
        seen.add(lever.node)
    known = (*model.values, *model.levers, *sorted(seen - {*model.values, *model.levers}))
    for lever in levers:
        for other in sorted(lever.excludes - set(known)):
            raise PlanError(
                f"Lever {lever.node!r} excludes {other!r}, which is no lever or value here."
                + did_you_mean(other, known)
            )
        for other in sorted(lever.requires - seen):
            raise PlanError(
                f"Lever {lever.node!r} requires {other!r}, which is not offered, so it could never be used."
                + did_you_mean(other, seen)
            )
    return tuple(sorted(levers, key=lambda lever: lever.node))


def _check_node(model: Model, lever: Lever) -> None:
    structural = isinstance(model, StructuralModel)
    known = (*model.values, *model.levers) if structural else tuple(model.levers)
    products = {"+".join(cell): cell for cell in model.combinations} if isinstance(model, StructuralModel) else {}
    if lever.node in products:
        parts = " and ".join(repr(node) for node in products[lever.node])
        raise PlanError(
            f"{lever.node!r} is a combination, which is set through its levers. Offer {parts} as levers instead."
        )
    if lever.node in known and lever.prior:
        raise PlanError(
            f"Lever {lever.node!r} has a stated prior, but the model knows it. Leave the prior out: the data speak."
        )
    if lever.node in model.values and not structural:
        raise PlanError(
            f"{lever.node!r} is a value. A response to levers holds no arrows between values, so what a push on one "
            "does is not known. Offer levers, or plan with a `StructuralModel`."
        )
    if lever.node not in known and not lever.prior:
        raise PlanError(
            f"There is no node {lever.node!r} for a lever to act on."
            + did_you_mean(lever.node, known)
            + " A lever that was never seen in the data needs a stated effect: "
            f"Lever({lever.node!r}, prior={{value: (mean, sd)}})."
        )
    for name in sorted(set(lever.prior) - set(model.values)):
        raise PlanError(
            f"The prior of lever {lever.node!r} names {name!r}, which is not a value here."
            + did_you_mean(name, model.values)
        )
    if lever.interval is not None and not structural:
        raise PlanError(
            f"Lever {lever.node!r} has a continuous dose, and effects of this model depend on the total dose, so "
            "profiles are not linear in it. List doses instead."
        )


def _check_target(model: Model, target: Target, method: PlanMethod) -> None:
    for name in target.named:
        if name in model.levers:
            raise PlanError(
                f"The target names {name!r}, which is a lever. A target is about values; offer it as a `Lever`."
            )
        if name not in model.values:
            raise PlanError(f"The target names {name!r}, which is not a value here." + did_you_mean(name, model.values))
    if isinstance(method.objective, RankCorrelation) and len(set(target.profile.values())) < 2:
        raise PlanError(
            "A rank correlation needs a profile with at least two different scores. Name more values, or use another "
            "objective."
        )


def _error_weights(target: Target, values: tuple[str, ...], side_effect_weight: float) -> FloatArray:
    if not target.profile:
        return np.ones(len(values))
    free = {name: 0.0 if name in target.named else side_effect_weight for name in values}
    wanted = target.error_weights
    return np.array([wanted.get(name, free[name]) for name in values])


def _excluded(levers: tuple[Lever, ...], offered: dict[str, int]) -> frozenset[tuple[int, int]]:
    pairs = {(i, offered[other]) for i, lever in enumerate(levers) for other in lever.excludes if other in offered}
    return frozenset((min(pair), max(pair)) for pair in pairs)


def _required(levers: tuple[Lever, ...], offered: dict[str, int]) -> frozenset[tuple[int, int]]:
    return frozenset((i, offered[other]) for i, lever in enumerate(levers) for other in lever.requires)


def _noise(known: Known, values: tuple[str, ...], method: PlanMethod, new_unit: bool) -> Noise:
    """Draw the noise of the predictive samples.

    A new unit's residuals hold what sets one answer of one unit apart from the mean of all, how units differ in the
    effect of a lever and the noise of an answer included, so that no heterogeneity is added to them.
    """
    heterogeneity = method.heterogeneity or Heterogeneity()
    heterogeneity.check(values)
    s, seed = len(known.weights), method.seed
    normal = normals(seed, "heterogeneity", values, s)
    residual = np.zeros_like(normal)
    if new_unit:
        heterogeneity = heterogeneity if known.total is None else Heterogeneity()
        residual = normals(seed, "unit residual", values, s) * known.scales[:, None]
        if known.total is not None:
            residual = np.einsum("src,sce->sre", residual, known.total)
    return Noise(values, residual, normal, uniforms(seed, s), heterogeneity, known.answer, known.carry)


def _check_every_lever_acts(problem: Problem) -> None:
    for i, lever in enumerate(problem.levers):
        terms = [i, *(t for t, c in enumerate(problem.combinations, start=len(problem.levers)) if i in c)]
        strengths = {0.0} if not problem.mechanism.by_strength else {problem.strengths[-1]}
        if not any(problem.state(strength).effects[:, terms].any() for strength in strengths):
            raise PlanError(
                f"Lever {lever.node!r} has no effect on any value in any draw of this model, so it cannot help. "
                "Drop it, or fit the model on data in which it was used."
            )


def _check_doses(problem: Problem, residual_scale: float) -> None:
    """Refuse doses whose effects dwarf the scores: nothing could be told apart from rounding beside them."""
    sizes = (np.abs(problem.wanted - problem.start).max(), np.abs(problem.start).max(), residual_scale)
    most = MOST_TIMES_SCALE * (max(float(size) for size in sizes) or 1.0)
    effects = problem.state(problem.strengths[-1]).effects
    for i, lever in enumerate(problem.levers):
        largest = max(abs(dose) for dose in lever.doses)
        moved = largest * float(np.abs(effects[:, i]).max())
        if moved > most:
            raise PlanError(
                f"The dose {largest:g} of lever {lever.node!r} would move a value by {moved:.3g} score units, more "
                f"than {MOST_TIMES_SCALE:g} times the size of the scores here. Give doses that were tried."
            )
