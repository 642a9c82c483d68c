"""How uncertain a goal is: concave functions of the weights of the draws, and the quantities that they speak of.

An experiment is worth the expected drop of the uncertainty (DeGroot 1962). As the uncertainty is concave and the
expected weights after the answers are the weights before them, the drop is never negative (Jensen).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.experiments.candidates import Arm
from causalvalues.experiments.foreseen import expected_profiles, ordered
from causalvalues.experiments.goals import AboutEdges, AboutEffect, AboutModel, AboutTarget, Goal
from causalvalues.frozen import FloatArray
from causalvalues.interventions import Lever, Set, Shift
from causalvalues.model import StructuralModel
from causalvalues.planning import Target
from causalvalues.planning.constraints import constraint_rows
from causalvalues.planning.mechanisms import Model


class Uncertainty(Protocol):
    """What is not known about a goal, given weights of the draws."""

    @property
    def unit(self) -> str:
        """Return the unit of the numbers."""
        ...

    def of(self, weights: FloatArray) -> FloatArray:
        """Return the uncertainty (m,) for each of m sets of weights (m, s) that sum to 1."""
        ...

    def quantities(self, weights: FloatArray) -> FloatArray | None:
        """Return numbers (s, g) whose summed variance speaks of the same; None: everything that the draws differ in."""
        ...


@dataclass(frozen=True, eq=False)
class DrawEntropy:
    """Entropy of which draw is true, in nats."""

    unit: str = "nats"

    def of(self, weights: FloatArray) -> FloatArray:
        """Return - sum w log w."""
        return entropy(weights)

    def quantities(self, weights: FloatArray) -> None:  # noqa: ARG002
        """Return nothing: all differences between draws count."""
        return


@dataclass(frozen=True, eq=False)
class PairEntropy:
    """Entropy of each pair's edge (forward, backward, none), in nats, summed over r pairs.

    Parameters
    ----------
    forward, backward : array (s, r)
        1 where the draw has the edge.
    """

    forward: FloatArray
    backward: FloatArray
    unit: str = "nats of edges"

    def of(self, weights: FloatArray) -> FloatArray:
        """Return the sum over pairs of - sum over states P log P."""
        there, back = weights @ self.forward, weights @ self.backward
        states = np.stack([there, back, np.maximum(1.0 - there - back, 0.0)], axis=-1)
        return np.asarray(entropy(states).sum(axis=1))

    def quantities(self, weights: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return the indicators of all edges; their summed variance is the expected Brier score."""
        return np.concatenate([self.forward, self.backward], axis=1)


@dataclass(frozen=True, eq=False)
class SummedVariance:
    """Sum of the variances of some numbers (s, g) over the draws."""

    numbers: FloatArray
    unit: str = "variance"

    def of(self, weights: FloatArray) -> FloatArray:
        """Return sum over g of E n^2 - (E n)^2, about the plain mean for the sake of rounding."""
        centred = self.numbers - self.numbers.mean(axis=0)
        return np.asarray((weights @ np.square(centred) - np.square(weights @ centred)).sum(axis=1))

    def quantities(self, weights: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return the numbers."""
        return self.numbers


@dataclass(frozen=True, eq=False)
class LeastLoss:
    """Expected loss of the best of c plans, min over plans of E loss: what the answers are worth to the planner.

    Parameters
    ----------
    losses : array (s, c)
        Loss of each plan in each draw, in score units.
    """

    losses: FloatArray
    unit: str = "score units of expected error"

    def of(self, weights: FloatArray) -> FloatArray:
        """Return the least expected loss."""
        return np.asarray((weights @ self.losses).min(axis=1))

    def quantities(self, weights: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return which plan is the best (s, .): the summed variance is the expected Brier score of naming it."""
        found = np.zeros_like(self.losses)
        found[np.arange(len(found)), self.losses.argmin(axis=1)] = 1.0
        return found[:, found.any(axis=0)]


def entropy(shares: FloatArray) -> FloatArray:
    """Return - sum P log P over the last axis; 0 log 0 = 0.

    Examples
    --------
    >>> round(float(entropy(np.array([0.5, 0.5, 0.0]))), 4)
    0.6931
    """
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return np.asarray(-(shares * logs).sum(axis=-1))


def uncertainty(model: Model, goal: Goal) -> Uncertainty:
    """Return the uncertainty function of a goal over the draws of a model.

    Raises
    ------
    PlanError
        If the goal names an unknown value or lever, or asks for edges of a model without any.
    """
    if isinstance(goal, AboutModel):
        return DrawEntropy()
    if isinstance(goal, AboutEdges):
        return _edges(model, goal)
    if isinstance(goal, AboutEffect):
        return _effect(model, goal)
    if isinstance(goal, AboutTarget):
        return _target(model, goal)
    parts = [expected_profiles(model, each.start, each.arms) for each in goal.settings]
    return SummedVariance(np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1))


def _edges(model: Model, goal: AboutEdges) -> PairEntropy:
    if not isinstance(model, StructuralModel):
        raise PlanError(
            "This model of responses has no edges between values. Ask `AboutEffect(lever, value)` or `AboutAnswers`, "
            "or give a `StructuralModel`."
        )
    for name in sorted(set(goal.among) - set(model.values)):
        raise PlanError(f"The goal names {name!r}, which is no value here." + did_you_mean(name, model.values))
    model = ordered(model)
    if len(model.values) < 2:
        raise PlanError("There is one value, so there is no edge to learn about.")
    places = [model.values.index(name) for name in sorted(goal.among or model.values)]
    pairs = list(itertools.combinations(places, 2))
    edges = (model.coefficients != 0).astype(np.float64)
    first, second = [i for i, _ in pairs], [j for _, j in pairs]
    return PairEntropy(edges[:, first, second], edges[:, second, first])


def _effect(model: Model, goal: AboutEffect) -> SummedVariance:
    if goal.effect not in model.values:
        raise PlanError(f"The effect on {goal.effect!r} is unknown." + did_you_mean(goal.effect, model.values))
    causes = (*model.values, *model.levers) if isinstance(model, StructuralModel) else model.levers
    if goal.cause not in causes:
        raise PlanError(f"The goal names the unknown cause {goal.cause!r}." + did_you_mean(goal.cause, causes))
    if isinstance(model, StructuralModel):
        cause, effect = model.place(goal.cause), model.place(goal.effect)
        return SummedVariance(np.array(model.total[:, cause, effect])[:, None])
    start = dict(zip(model.values, model.mean.tolist(), strict=True))
    profiles = expected_profiles(model, start, [(Set(goal.cause, 1.0),), (Set(goal.cause, 0.0),)])
    place = sorted(model.values).index(goal.effect)
    return SummedVariance((profiles[:, 0] - profiles[:, 1])[:, [place]])


def _target(model: Model, goal: AboutTarget) -> LeastLoss:
    values = sorted(model.values)
    for name in goal.target.named:
        if name not in values:
            raise PlanError(f"The target names {name!r}, which is not a value here." + did_you_mean(name, values))
    reached = expected_profiles(model, goal.start, choices(model, goal.levers, goal.max_levers))
    start = np.einsum("s,sp->p", model.weights, reached[:, 0])
    return LeastLoss(losses(goal.target, reached, start, tuple(values)))


def choices(model: Model, levers: tuple[Lever, ...], most: int) -> list[Arm]:
    """Return every admissible choice of up to `most` levers and their doses as interventions; first: do nothing."""
    known = (*model.values, *model.levers) if isinstance(model, StructuralModel) else model.levers
    for lever in levers:
        if lever.node not in known:
            raise PlanError(f"There is no node {lever.node!r} for a lever to act on." + did_you_mean(lever.node, known))
    ordered_levers = sorted(levers, key=lambda lever: lever.node)
    found: list[Arm] = [()]
    for size in range(1, min(most, len(levers)) + 1):
        for chosen in itertools.combinations(ordered_levers, size):
            if any(one.node in other.excludes for one, other in itertools.permutations(chosen, 2)):
                continue
            for doses in itertools.product(*(lever.doses for lever in chosen)):
                used = zip(chosen, doses, strict=True)
                found.append(tuple((Set if lever.node in model.levers else Shift)(lever.node, d) for lever, d in used))
    return found


def losses(target: Target, reached: FloatArray, start: FloatArray, values: tuple[str, ...]) -> FloatArray:
    """Return what profiles miss of a target: sum of weight * |wanted - reached|, and what breaks its constraints.

    Parameters
    ----------
    target : Target
    reached : array (..., p)
    start : array (p,)
        Mean profile without levers, from which changes count.
    values : tuple of str, length p

    Returns
    -------
    array (...)
    """
    total = np.zeros(reached.shape[:-1])
    for name, weight in sorted(target.error_weights.items()):
        total += weight * np.abs(target.profile[name] - reached[..., values.index(name)])
    rows = constraint_rows(target, values, start)
    return np.asarray(total + np.maximum(np.einsum("qp,...p->...q", rows.matrix, reached) - rows.right, 0.0).sum(-1))
