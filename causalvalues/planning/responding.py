"""What a fitted response to levers says about the offered ones: effects that depend on the total dose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray
from causalvalues.interventions import Lever
from causalvalues.planning.mechanisms import Known, Start, given_start, prior_draws, repeats
from causalvalues.planning.problem import State, rounded
from causalvalues.prediction.lever_response import Affine, LeverResponse


@dataclass(frozen=True, eq=False)
class Responding:
    """Base and effects of a response for one unit, at any strength.

    Parameters
    ----------
    model : LeverResponse
    start : array (p,)
        In the order of the model.
    order : list of int
        Places of the values, in name order.
    places : tuple of int or None
        For each offered lever its place in the model; None for one that was never seen.
    pairs : tuple of (int, int)
        Places, in the model, of pairs of offered levers with an effect of their own, smaller one first.
    stated : mapping of int to array (s, p)
        For each lever that was never seen, draws of what dose 1 alone is believed to add to the mean unit.
    again : int
        How often each draw is repeated.
    """

    model: LeverResponse
    start: FloatArray
    order: list[int]
    places: tuple[int | None, ...]
    pairs: tuple[tuple[int, int], ...]
    stated: Mapping[int, FloatArray]
    again: int
    by_strength: bool = True

    def state(self, strength: float) -> State:
        """Return base (s, p) and effects (s, k + c, p); at strength 0 the start itself."""
        if strength == 0:
            base = np.tile(self.start[self.order], (len(self.model.weights) * self.again, 1))
            return State(base, np.zeros((len(base), len(self.places) + len(self.pairs), len(self.order))))
        found = self.model.affine(self.start, strength)
        where = {(min(pair), max(pair)): term for term, pair in enumerate(found.pairs)}
        zero = np.zeros_like(found.base)
        parts = [zero if place is None else found.effects[:, place] for place in self.places]
        for i, j in self.pairs:
            term = where.get((i, j))
            parts.append(zero if term is None else found.pair_effects[:, term])
        effects = self._again(np.stack(parts, axis=1))
        for i, draws in self.stated.items():
            effects[:, i] = self._strength_left(found, strength) * (draws - self._pull())
        return State(self._again(found.base), effects)

    def _again(self, draws: FloatArray) -> FloatArray:
        """Repeat draws and put the values into name order."""
        return np.repeat(np.ascontiguousarray(draws[..., self.order]), self.again, axis=0)

    def _pull(self) -> FloatArray:
        """Return what any single lever does to the mean unit beside its own effect, (s, p)."""
        mean = np.asarray(self.model.mean)
        return self._again(self.model.affine(mean, 1.0).base - mean)

    def _strength_left(self, found: Affine, strength: float) -> float:
        """Return s(n), the share of each effect that is left at this strength."""
        alone = self.model.affine(self.start, 1.0) if strength != 1 else found
        size = float(np.abs(alone.effects).sum())
        return float(np.abs(found.effects).sum()) / size if size > 0 else 1.0


def responding(model: LeverResponse, start: Start, levers: Sequence[Lever], seed: int) -> Known:
    """Return what a response says about levers that are offered.

    A new unit (start None) starts at the mean of the units that the response was fitted on; what sets it apart is drawn
    with their spread, value by value, and carried on as the response says of any start.
    """
    values = tuple(sorted(model.values))
    order = [model.values.index(name) for name in values]
    back = [values.index(name) for name in model.values]
    begin = np.array(model.mean) if start is None else given_start(start, values)[back]
    s, again = len(model.weights), repeats(levers, len(model.weights))
    places = tuple(model.levers.index(lever.node) if lever.node in model.levers else None for lever in levers)
    offered = {place: i for i, place in enumerate(places) if place is not None}
    found = model.affine(begin, 2.0)
    there = [(min(pair), max(pair)) for pair in found.pairs if set(pair) <= set(offered)]
    here = {(min(offered[i], offered[j]), max(offered[i], offered[j])): (i, j) for i, j in there}
    pairs = tuple(here[pair] for pair in sorted(here))
    names = {lever.node: i for i, lever in enumerate(levers)}
    cells = [cell for cell in model.tried if len(cell) > 1 and cell <= set(names)]
    weights = np.repeat(np.asarray(model.weights) / (again * float(np.sum(model.weights))), again)
    stated = {i: prior_draws(lever, values, weights, seed) for i, lever in enumerate(levers) if lever.prior}
    mechanism = Responding(model, begin, order, places, pairs, stated, again)
    spread = np.zeros(len(values)) if start is not None else np.asarray(model.spread)[order]

    def carry(doses: Mapping[str, float]) -> FloatArray:
        return np.repeat(_carried(model, begin, doses)[:, order][:, :, order], again, axis=0)

    def answer(doses: Mapping[str, float]) -> FloatArray:
        given = np.array([doses.get(name, 0.0) for name in model.levers])
        return np.ascontiguousarray(model.answer_covariance(given)[order][:, order])

    return Known(
        mechanism=mechanism,
        weights=weights,
        combinations=tuple(sorted(here)),
        tried=frozenset(tuple(sorted(names[node] for node in cell)) for cell in cells),
        scales=np.tile(spread, (s * again, 1)),
        answer=answer,
        carry=carry if start is None else None,
    )


def _carried(model: LeverResponse, start: FloatArray, doses: Mapping[str, float]) -> FloatArray:
    """Return how a small difference at the start is carried on under some doses, (s, p, p), [from, to]."""
    strength = rounded(sum(abs(dose) for dose in doses.values()))
    on = [(model.levers.index(node), dose) for node, dose in doses.items() if node in model.levers]

    def profile(at: FloatArray) -> FloatArray:
        found = model.affine(at, strength)
        return np.asarray(found.base + sum((dose * found.effects[:, lever] for lever, dose in on), 0.0))

    here = profile(start)
    return np.stack([profile(start + unit) - here for unit in np.eye(len(start))], axis=1)
