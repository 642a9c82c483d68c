"""What a choice is predicted to do to one unit: parameters, graph, unit residual and heterogeneity, draw by draw."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.model.structural import StructuralModel
from causalvalues.planning.heterogeneity import Heterogeneity
from causalvalues.planning.nouns import Target
from causalvalues.planning.problem import Choice, Problem, effect_of, excess, mean_over_draws
from causalvalues.randomness import stream

_LEAST_SAMPLES = 4000
_LEVEL = 0.90


@dataclass(frozen=True, eq=False)
class Outlook:
    """Predictive samples for any choice: r samples a draw, the same noise for every choice.

    Parameters
    ----------
    problem : Problem
    target : Target
    residual : array (s, r, p)
        Unit residuals carried through the graph of each draw; zero for a given unit, which keeps its own.
    noise : array (s, r, p)
        Independent standard normals, shaped by the heterogeneity of a choice.
    uniform : array (s, r)
        Independent uniform numbers that widen the normals to Student's t when a spread comes from few units.
    heterogeneity : Heterogeneity
    """

    problem: Problem
    target: Target
    residual: FloatArray
    noise: FloatArray
    uniform: FloatArray
    heterogeneity: Heterogeneity

    def on(self, draws: IntArray) -> Outlook:
        """Return the outlook by some of the draws."""
        return replace(
            self,
            problem=self.problem.on(draws),
            residual=self.residual[draws],
            noise=self.noise[draws],
            uniform=self.uniform[draws],
        )

    @property
    def sample_weights(self) -> FloatArray:
        """Weights (s * r,) of the samples."""
        r = self.residual.shape[1]
        return np.repeat(self.problem.weights / r, r)

    def change(self, choice: Choice) -> FloatArray:
        """Return samples (s, r, p) of what the choice does to a unit: effect of the draw plus heterogeneity."""
        effect = effect_of(self.problem, choice)[:, None, :]
        root = _square_root(self.heterogeneity.of(self.problem, choice))
        if not root.any():
            return np.broadcast_to(effect, self.noise.shape)
        spread = np.einsum("srp,pq->srq", self.noise, root)
        freedom = self.heterogeneity.degrees_of_freedom(self.problem, choice)
        if math.isfinite(freedom):
            spread = spread * np.sqrt(0.5 * freedom / gammaincinv(0.5 * freedom, self.uniform))[..., None]
        return np.asarray(effect + spread)

    def reached(self, choice: Choice) -> FloatArray:
        """Return samples (s, r, p) of the profile that a unit ends with."""
        return np.asarray(self.problem.start[:, None, :] + self.residual + self.change(choice))

    def chance(self, choice: Choice) -> float:
        """Return the predictive probability that a unit ends where the target wants it."""
        hit = self.hits(self.reached(choice))
        return float(share(self, hit.reshape(-1, 1))[0])

    def hits(self, reached: FloatArray) -> BoolArray:
        """Say for profiles (..., p) whether all that the target asks for holds: tolerance, ranking and bounds."""
        hit = np.all(excess(self.problem, reached) <= 0, axis=-1)
        for name, wanted in self.target.profile.items():
            distance = np.abs(reached[..., self.problem.values.index(name)] - wanted)
            hit = hit & (distance <= self.target.tolerance + self.problem.slack)
        return np.asarray(hit)


def look_ahead(
    model: StructuralModel, problem: Problem, target: Target, new_unit: bool, settings: tuple[Heterogeneity | None, int]
) -> Outlook:
    """Draw the noise of the predictive samples, one stream a value, so that column order changes nothing.

    Parameters
    ----------
    model : StructuralModel
    problem : Problem
    target : Target
    new_unit : bool
        True when the start is the population mean: the unit's residuals are then unknown and drawn. They hold what
        sets one answer of one unit apart from the mean of all, how units differ in the effect of a lever and the noise
        of an answer included, so that no heterogeneity is added to them.
    settings : (Heterogeneity or None, int)
        How units differ, and the seed.

    Returns
    -------
    Outlook
    """
    heterogeneity, seed = settings[0] or Heterogeneity(), settings[1]
    heterogeneity.check(problem.values)
    s = len(problem.weights)
    r = math.ceil(_LEAST_SAMPLES / s)

    def normals(what: str) -> FloatArray:
        columns = [stream(seed, "planning", what, name).standard_normal((s, r)) for name in problem.values]
        return np.stack(columns, axis=-1)

    residual = np.zeros((s, r, len(problem.values)))
    if new_unit:
        heterogeneity = Heterogeneity()
        places = [model.values.index(name) for name in problem.values]
        coefficients = np.ascontiguousarray(model.coefficients[:, places][:, :, places])
        total = np.linalg.inv(np.eye(len(places)) - coefficients)
        scales = np.ascontiguousarray(model.residual_scales[:, places])
        own = normals("unit residual") * scales[:, None]
        residual = np.einsum("src,sce->sre", own, total)
    uniform = 1.0 - stream(seed, "planning", "spread").random((s, r))
    return Outlook(problem, target, residual, normals("heterogeneity"), uniform, heterogeneity)


def predicted_table(outlook: Outlook, choice: Choice, names: tuple[str, ...]) -> pd.DataFrame:
    """Return ``start, target, mean, lower, upper`` for every value, rows in the order of `names`."""
    problem = outlook.problem
    lower, upper = interval(outlook, outlook.reached(choice))
    table = pd.DataFrame(
        {
            "start": mean_over_draws(problem, problem.start),
            "target": [outlook.target.profile.get(name, math.nan) for name in problem.values],
            "mean": mean_over_draws(problem, problem.start + effect_of(problem, choice)),
            "lower": lower,
            "upper": upper,
        },
        index=list(problem.values),
    )
    return table.loc[list(names)]


def side_effect_table(outlook: Outlook, choice: Choice, names: tuple[str, ...]) -> pd.DataFrame:
    """Return ``mean, lower, upper, positive`` of the change of every value that the target does not name."""
    problem = outlook.problem
    change = outlook.change(choice)
    lower, upper = interval(outlook, change)
    table = pd.DataFrame(
        {
            "mean": mean_over_draws(problem, effect_of(problem, choice)),
            "lower": lower,
            "upper": upper,
            "positive": share(outlook, (change > 0).reshape(-1, change.shape[-1])),
        },
        index=list(problem.values),
    )
    return table.loc[[name for name in names if name not in outlook.target.named]]


def share(outlook: Outlook, holds: BoolArray) -> FloatArray:
    """Return the weighted share of samples (n, q) in which something holds, (q,); exactly 1 when it always does."""
    weights = outlook.sample_weights
    sums = np.einsum("n,nq->q", weights, holds.astype(float))
    return np.asarray(sums / np.einsum("n,nq->q", weights, np.ones(holds.shape)))


def interval(outlook: Outlook, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted 5% and 95% quantiles (p,) of samples (s, r, p)."""
    return central(samples.reshape(-1, samples.shape[-1]), outlook.sample_weights)


def central(samples: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted 5% and 95% quantiles (p,) of samples (n, p)."""
    tails = [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]
    low, high = np.quantile(samples, tails, axis=0, weights=weights, method="inverted_cdf")
    return np.asarray(low), np.asarray(high)


def _square_root(covariance: FloatArray) -> FloatArray:
    """Return the symmetric square root of a covariance matrix, negative eigenvalues set to zero."""
    if not covariance.any():
        return covariance
    if not (covariance - np.diag(np.diag(covariance))).any():
        return np.diag(np.sqrt(np.diag(covariance)))
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return np.asarray(np.einsum("ij,j,kj->ik", vectors, np.sqrt(np.maximum(eigenvalues, 0.0)), vectors))
