"""What a target asks for, wish by wish, as linear rows on a profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import PlanError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.planning.constraints import box_rows, constraint_rows
from causalvalues.planning.targets import Target

MEASURES = ("worst", "mean")


@dataclass(frozen=True, eq=False)
class Wishes:
    """Wishes as rows: a profile y meets row q when rows[q] @ y <= right[q]; a wish is met with all of its rows.

    Parameters
    ----------
    names : tuple of str, length w
        Each wish in words.
    rows : array (q, p)
    right : array (q,)
    owner : tuple of int, length q
        The wish that a row belongs to.
    hard : array (q,) of bool
        Whether a row is a constraint (rank, bound, change from the start) rather than the tolerance about a score.
    wanted : array (p,)
        Wanted profile; 0 where nothing is wanted.
    weights : array (p,)
        What one score unit of error counts; 0 where nothing is wanted.
    whole : float
        Sum of the weights of the values, by which `mean` divides.
    tolerance : float
    """

    names: tuple[str, ...]
    rows: FloatArray
    right: FloatArray
    owner: tuple[int, ...]
    hard: BoolArray
    wanted: FloatArray
    weights: FloatArray
    whole: float
    tolerance: float

    def beyond(self, profiles: FloatArray) -> FloatArray:
        """Return by how much profiles (..., p) break each row, (..., q); rounding errors count as zero."""
        over = np.einsum("qp,...p->...q", self.rows, profiles) - self.right
        scale = max(float(np.abs(self.right).max(initial=0.0)), float(np.abs(self.wanted).max(initial=0.0)), 1e-300)
        return np.where(over > 1e-9 * scale, over, 0.0)

    def met(self, profiles: FloatArray) -> BoolArray:
        """Return whether profiles (..., p) meet each wish, (..., w)."""
        over = self.beyond(profiles) > 0
        held = np.ones((*over.shape[:-1], len(self.names)), dtype=bool)
        for row, owner in enumerate(self.owner):
            held[..., owner] &= ~over[..., row]
        return held

    def error(self, profiles: FloatArray) -> FloatArray:
        """Return the weighted sum of absolute errors of profiles (..., p) plus what breaks constraints."""
        missed = np.einsum("p,...p->...", self.weights, np.abs(profiles - self.wanted))
        return np.asarray(missed + self.beyond(profiles)[..., self.hard].sum(axis=-1))

    def distance(self, profiles: FloatArray, measure: str) -> FloatArray:
        """Return how far profiles (..., p) lie outside the target, zero inside.

        ``worst``: the largest excess over a tolerance or constraint (score units); ``mean``: the excess of the weighted
        mean absolute error over the tolerance, or the largest excess over a constraint.
        """
        over = self.beyond(profiles)
        if measure == "worst":
            return np.asarray(over.max(axis=-1, initial=0.0))
        hard = over[..., self.hard].max(axis=-1, initial=0.0)
        if not self.weights.any():
            return np.asarray(hard)
        mean = np.einsum("p,...p->...", self.weights, np.abs(profiles - self.wanted)) / self.whole
        over_mean = np.where(mean > self.tolerance * (1 + 1e-9), mean - self.tolerance, 0.0)
        return np.asarray(np.maximum(over_mean, hard))


def wishes_of(target: Target, values: tuple[str, ...], start: FloatArray) -> Wishes:
    """Return the wishes of a target: values with a wanted score first, then its constraints.

    Parameters
    ----------
    target : Target
    values : tuple of str, length p
    start : array (p,)
        Mean profile without levers.

    Raises
    ------
    PlanError
        If the target names an unknown value, or its constraints contradict each other.
    """
    for name in target.named:
        if name not in values:
            raise PlanError(f"The target names {name!r}, which is not a value here." + did_you_mean(name, values))
    soft, hard = box_rows(target, values), constraint_rows(target, values, start)
    names = tuple(dict.fromkeys((*soft.names, *hard.names)))
    weights = target.error_weights
    return Wishes(
        names=names,
        rows=np.concatenate([soft.matrix, hard.matrix]),
        right=np.concatenate([soft.right, hard.right]),
        owner=tuple(names.index(name) for name in (*soft.names, *hard.names)),
        hard=np.array([False] * len(soft.names) + [True] * len(hard.names), dtype=bool),
        wanted=np.array([target.profile.get(name, 0.0) for name in values]),
        weights=np.array([weights.get(name, 0.0) for name in values]),
        whole=float(sum(target.weights.get(name, 1.0) for name in target.profile)) or 1.0,
        tolerance=target.tolerance,
    )
