"""From a model to what its levers do, draw by draw, in name order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.given import as_named
from causalvalues.interventions import Lever
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.noise import Answer, Carry
from causalvalues.planning.problem import Mechanism, State
from causalvalues.prediction.lever_response import LeverResponse
from causalvalues.randomness import stream

Start = Mapping[str, float] | pd.Series | None

_LEAST_DRAWS = 200
"""A stated prior needs this many draws to be spread over; those of the model are repeated."""


Model = StructuralModel | LeverResponse


@dataclass(frozen=True, eq=False)
class Known:
    """What a model says about the offered levers, in name order.

    Parameters
    ----------
    mechanism : Mechanism
    weights : array (s,)
        Sum 1.
    combinations : tuple of tuple of int
        With an effect of their own, as indices into the offered levers.
    tried : frozenset of tuple of int
        Sets of two or more offered levers that were seen together.
    scales : array (s, p)
        Standard deviation of what sets one unit apart.
    answer, carry : callable or None
        As in `Noise`.
    total : array (s, p, p) or None
        How a structural residual of a value reaches the values, [from, to].
    """

    mechanism: Mechanism
    weights: FloatArray
    combinations: tuple[tuple[int, ...], ...]
    tried: frozenset[tuple[int, ...]]
    scales: FloatArray
    answer: Answer | None = None
    carry: Carry | None = None
    total: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Additive:
    """A mechanism whose effects do not depend on the strength."""

    fixed: State
    by_strength: bool = False

    def state(self, strength: float) -> State:  # noqa: ARG002
        """Return the same for all choices."""
        return self.fixed


def known_of(model: Model, start: Start, levers: Sequence[Lever], seed: int) -> Known:
    """Return what a model says about levers that are offered.

    Parameters
    ----------
    model : StructuralModel or LeverResponse
    start : mapping of str to float, Series or None
    levers : sequence of Lever
        Checked, in name order.
    seed : int
        For the draws of stated priors.
    """
    from causalvalues.planning.responding import responding

    if isinstance(model, StructuralModel):
        return structural(model, start, levers, seed)
    return responding(model, start, levers, seed)


def structural(model: StructuralModel, start: Start, levers: Sequence[Lever], seed: int) -> Known:
    """Return total effects of the levers and of their tried combinations.

    The matrices are put into name order before they are inverted, so that the order of the model's columns changes not
    one bit; a lever's total effect is its row of coefficients times (I - B)^-1 over the values. Start None: the
    population mean without levers of each draw, a (I - B)^-1.
    """
    values = tuple(sorted(model.values))
    p = len(values)
    places = [model.values.index(name) for name in values]
    coefficients, intercepts, scales = (
        np.ascontiguousarray(each[..., places])
        for each in (model.coefficients, model.intercepts, model.residual_scales)
    )
    through = np.linalg.inv(np.eye(p) - np.ascontiguousarray(coefficients[:, places]))
    total: dict[tuple[str, ...], FloatArray]
    total = {(name,): np.ascontiguousarray(through[:, i]) for i, name in enumerate(values)}
    for place, node in enumerate([*((lever,) for lever in model.levers), *model.combinations], start=p):
        total[tuple(sorted(node))] = np.einsum("sc,sce->se", coefficients[:, place], through)
    s = len(model.weights)
    if start is None:
        profile = np.ascontiguousarray(np.einsum("sc,sce->se", intercepts, through))
    else:
        profile = np.tile(given_start(start, values), (s, 1))
    offered = {lever.node: i for i, lever in enumerate(levers)}
    tried = sorted(tuple(sorted(offered[n] for n in cell)) for cell in model.combinations if set(cell) <= set(offered))
    again = repeats(levers, s)
    weights = np.repeat(model.weights / again, again)
    effects = np.zeros((s * again, len(levers) + len(tried), p))
    for i, lever in enumerate(levers):
        stated = prior_draws(lever, values, weights, seed) if lever.prior else None
        effects[:, i] = np.repeat(total[(lever.node,)], again, axis=0) if stated is None else stated
    for term, cell in enumerate(tried, start=len(levers)):
        effects[:, term] = np.repeat(total[tuple(levers[i].node for i in cell)], again, axis=0)
    return Known(
        mechanism=Additive(State(np.repeat(profile, again, axis=0), effects)),
        weights=weights,
        combinations=tuple(tried),
        tried=frozenset(tried),
        scales=np.repeat(scales, again, axis=0),
        total=np.repeat(through, again, axis=0),
    )


def repeats(levers: Sequence[Lever], draws: int) -> int:
    """Return how often each draw of the model is repeated, so that stated priors have enough draws."""
    unsure = any(sd > 0 for lever in levers for _, sd in lever.prior.values())
    return math.ceil(_LEAST_DRAWS / draws) if unsure else 1


def prior_draws(lever: Lever, values: Sequence[str], weights: FloatArray, seed: int) -> FloatArray:
    """Return draws (s, p) of the stated effect of dose 1, whose weighted mean and spread are those stated."""
    found = np.zeros((len(weights), len(values)))
    for place, name in enumerate(values):
        mean, sd = lever.prior.get(name, (0.0, 0.0))
        found[:, place] = mean
        if sd > 0:
            normal = stream(seed, "planning", "prior", lever.node, name).standard_normal(len(weights))
            normal = normal - np.einsum("s,s->", weights, normal)
            found[:, place] += sd * normal / np.sqrt(np.einsum("s,s->", weights, normal**2))
    return found


def given_start(start: Mapping[str, float] | pd.Series, values: Sequence[str]) -> FloatArray:
    """Return the scores (p,) of a unit in the order of `values`; raise `PlanError` when one is unknown or missing."""
    given = as_named(start, "The start")
    for name in sorted(set(given) - set(values)):
        raise PlanError(f"The start names {name!r}, which is not a value here." + did_you_mean(name, values))
    lacking = sorted(set(values) - set(given))
    if lacking:
        raise PlanError(f"The start has no score for {', '.join(map(repr, lacking))}. A start needs every value.")
    for name, score in given.items():
        if not math.isfinite(score):
            raise PlanError(f"The start of {name!r} is {score}. Give a finite score, or plan for another unit.")
    return np.array([given[name] for name in values])
