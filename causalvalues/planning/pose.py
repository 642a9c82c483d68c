"""From a model, a start, a target and levers to a planning problem; every mismatch of names is an error here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.methods import PlanMethod
from causalvalues.planning.nouns import Target
from causalvalues.planning.problem import Problem

MOST_TIMES_SCALE = 1e4

Start = Mapping[str, float] | pd.Series | None


def pose(model: StructuralModel, start: Start, target: Target, levers: Sequence[Lever], method: PlanMethod) -> Problem:
    """Check the names and return the problem as arrays in name order.

    Raises
    ------
    PlanError
        As for `plan`.
    """
    levers = _checked_levers(model, levers)
    _check_target(model, target)
    values = tuple(sorted(model.values))
    profile, total = _profile_and_total(model, start, values)
    tried = {frozenset(combination) for combination in model.combinations}
    offered = {lever.node: i for i, lever in enumerate(levers)}
    cells = sorted(tuple(sorted(offered[node] for node in cell)) for cell in tried if cell <= set(offered))
    effects = np.zeros((len(profile), len(levers) + len(cells), len(values)))
    for i, lever in enumerate(levers):
        effects[:, i] = total[(lever.node,)]
    for term, cell in enumerate(cells, start=len(levers)):
        effects[:, term] = total[tuple(levers[i].node for i in cell)]
    rows, right, row_names = _constraints(target, values)
    gap = np.zeros_like(profile)
    for name, wanted in target.profile.items():
        gap[:, values.index(name)] = wanted - profile[:, values.index(name)]
    problem = Problem(
        values=values,
        levers=levers,
        is_node=tuple(lever.node in model.levers for lever in levers),
        combinations=tuple(cells),
        cells=None if method.untried else frozenset(cells),
        start=profile,
        gap=gap,
        effects=effects,
        weights=model.weights,
        error_weights=_error_weights(target, values, method.side_effect_weight),
        rows=rows,
        right=right,
        row_names=row_names,
        excluded=_excluded(levers, offered),
        max_levers=min(method.max_levers, len(levers)),
        budget=method.budget,
    )
    _check_every_lever_acts(problem)
    _check_doses(problem, float(model.residual_scales.max()))
    return problem


def _checked_levers(model: StructuralModel, levers: Sequence[Lever]) -> tuple[Lever, ...]:
    if not levers:
        raise PlanError("There is no lever to plan with. Give at least one `Lever`.")
    known = model.values + model.levers
    products = {"+".join(cell): cell for cell in model.combinations}
    seen: set[str] = set()
    for lever in levers:
        if lever.node in products:
            parts = " and ".join(repr(node) for node in products[lever.node])
            raise PlanError(
                f"{lever.node!r} is a combination, which is set through its levers. Offer {parts} as levers instead."
            )
        if lever.node not in known:
            raise PlanError(f"There is no node {lever.node!r} for a lever to act on." + did_you_mean(lever.node, known))
        if lever.node in seen:
            raise PlanError(f"Two levers act on {lever.node!r}. Offer one with all the doses.")
        seen.add(lever.node)
        for other in sorted(lever.excludes - set(known)):
            raise PlanError(
                f"Lever {lever.node!r} excludes {other!r}, which is no lever or value here."
                + did_you_mean(other, known)
            )
    return tuple(sorted(levers, key=lambda lever: lever.node))


def _check_target(model: StructuralModel, target: Target) -> None:
    for name in target.named:
        if name in model.levers:
            raise PlanError(
                f"The target names {name!r}, which is a lever. A target is about values; offer it as a `Lever`."
            )
        if name not in model.values:
            raise PlanError(f"The target names {name!r}, which is not a value here." + did_you_mean(name, model.values))


def _profile_and_total(
    model: StructuralModel, start: Start, values: tuple[str, ...]
) -> tuple[FloatArray, dict[tuple[str, ...], FloatArray]]:
    """Return the start (s, p) and the total effects (s, p) of every node, by sorted node names.

    The matrices are put into name order before they are inverted, so that the order of the model's columns changes
    not one bit. Start None: the population mean without levers of each draw, a (I - B)^-1.
    """
    cells = [(node,) for node in model.levers] + [tuple(sorted(cell)) for cell in model.combinations]
    p, q = len(values), len(cells)
    places = [model.values.index(name) for name in values] + [p + i for i in sorted(range(q), key=lambda i: cells[i])]
    coefficients = np.ascontiguousarray(model.coefficients[:, places][:, :, places])
    inverse = np.linalg.inv(np.eye(p + q) - coefficients)
    total: dict[tuple[str, ...], FloatArray] = {}
    for i, node in enumerate([*((name,) for name in values), *sorted(cells)]):
        total[node] = np.asarray(total.get(node, 0.0) + inverse[:, i, :p])
    if start is None:
        intercepts = np.ascontiguousarray(model.intercepts[:, places[:p]])
        return np.ascontiguousarray(np.einsum("sc,sce->se", intercepts, inverse[:, :p, :p])), total
    return np.tile(_given_start(start, values), (len(model.weights), 1)), total


def _given_start(start: Mapping[str, float] | pd.Series, values: tuple[str, ...]) -> FloatArray:
    given = {str(name): float(score) for name, score in start.items()}
    for name in sorted(set(given) - set(values)):
        raise PlanError(f"The start names {name!r}, which is not a value here." + did_you_mean(name, values))
    lacking = sorted(set(values) - set(given))
    if lacking:
        raise PlanError(f"The start has no score for {', '.join(map(repr, lacking))}. A start needs every value.")
    for name, score in given.items():
        if not math.isfinite(score):
            raise PlanError(f"The start of {name!r} is {score}. Give a finite score, or plan for another unit.")
    return np.array([given[name] for name in values])


def _error_weights(target: Target, values: tuple[str, ...], side_effect_weight: float) -> FloatArray:
    if not target.profile:
        return np.ones(len(values))
    free = {name: 0.0 if name in target.named else side_effect_weight for name in values}
    wanted = {name: target.weights.get(name, 1.0) for name in target.profile}
    return np.array([wanted.get(name, free[name]) for name in values])


def _constraints(target: Target, values: tuple[str, ...]) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    rows: list[FloatArray] = []
    right: list[float] = []
    names: list[str] = []
    unit = dict(zip(values, np.eye(len(values)), strict=True))
    for above, below in zip(target.ranking, target.ranking[1:], strict=False):
        rows.append(unit[below] - unit[above])
        right.append(-target.margin)
        names.append(f"{above!r} at least {target.margin:g} above {below!r}")
    for name, (low, high) in sorted(target.bounds.items()):
        if math.isfinite(low):
            rows.append(-unit[name])
            right.append(-low)
            names.append(f"{name!r} at least {low:g}")
        if math.isfinite(high):
            rows.append(unit[name])
            right.append(high)
            names.append(f"{name!r} at most {high:g}")
    return np.array(rows).reshape(len(rows), len(values)), np.array(right), tuple(names)


def _excluded(levers: tuple[Lever, ...], offered: dict[str, int]) -> frozenset[tuple[int, int]]:
    pairs = {(i, offered[other]) for i, lever in enumerate(levers) for other in lever.excludes if other in offered}
    return frozenset((min(pair), max(pair)) for pair in pairs)


def _check_every_lever_acts(problem: Problem) -> None:
    for i, lever in enumerate(problem.levers):
        terms = [i, *(t for t, c in enumerate(problem.combinations, start=len(problem.levers)) if i in c)]
        if not problem.effects[:, terms].any():
            raise PlanError(
                f"Lever {lever.node!r} has no effect on any value in any draw of this model, so it cannot help. "
                "Drop it, or fit the model on data in which it was used."
            )


def _check_doses(problem: Problem, residual_scale: float) -> None:
    """Refuse doses whose effects dwarf the scores: nothing could be told apart from rounding beside them."""
    sizes = (np.abs(problem.gap).max(), np.abs(problem.start).max(), residual_scale)
    most = MOST_TIMES_SCALE * (max(float(size) for size in sizes) or 1.0)
    for i, lever in enumerate(problem.levers):
        largest = max(abs(dose) for dose in lever.doses)
        moved = largest * float(np.abs(problem.effects[:, i]).max())
        if moved > most:
            raise PlanError(
                f"The dose {largest:g} of lever {lever.node!r} would move a value by {moved:.3g} score units, more "
                f"than {MOST_TIMES_SCALE:g} times the size of the scores here. Give doses that were tried."
            )
