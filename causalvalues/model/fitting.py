"""From graphs and moments to structural models: one linear equation system for each draw of the graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.evidence.environments import Environments, value_parts
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.cluster_slopes import SlopeError, slope_error
from causalvalues.model.reduced_form import reduced_form_error
from causalvalues.model.regressions import SortedMoments, regress, sorted_moments
from causalvalues.model.structural import StructuralModel
from causalvalues.randomness import stream

LINEAR = "every value is a linear function of its causes plus independent Gaussian noise"
NO_HIDDEN = "no hidden common cause of two values"


@dataclass(frozen=True)
class PosteriorDraws:
    """Draw the parameters of each graph from their posterior given the moments.

    Parameters
    ----------
    draws : int, default 1000
        Draws for one known `Dag`; a `GraphPosterior` gives one draw of the parameters for each of its graphs.
    alpha_mu : float, default 1.0
        Prior rows behind the mean (Geiger and Heckerman 2002).
    extra_degrees : float, default 2.0
        alpha_w - p, prior rows behind the covariance beyond the number of values; more than 1.
    """

    draws: int = 1000
    alpha_mu: float = 1.0
    extra_degrees: float = 2.0

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise ModelError(f"`draws` is {self.draws}. Give one or more.")
        if not self.alpha_mu > 0 or not self.extra_degrees > 1:
            raise ModelError("`alpha_mu` must be above 0 and `extra_degrees` above 1 for the prior to be proper.")


@dataclass(frozen=True)
class MaximumLikelihood:
    """Take the least-squares equations of each graph, with residual variances divided by the number of rows."""


Estimator = PosteriorDraws | MaximumLikelihood


@dataclass(frozen=True, eq=False)
class _Graphs:
    """Draws of graphs in sorted-name order: `parents` (s, r, p) holds for each value its scored parents."""

    parents: BoolArray
    weights: FloatArray
    kind: str
    givens: tuple[str, ...]


def fit(
    graphs: GraphPosterior | Dag,
    evidence: Evidence | Environments,
    estimator: Estimator | None = None,
    seed: int = 0,
) -> StructuralModel:
    """Fit linear structural equations x_j = a_j + sum_i B[i, j] x_i + e_j for every draw of the graph.

    Parameters
    ----------
    graphs : GraphPosterior or Dag
        Graphs over the values of `evidence`. Every lever and tried combination is a cause of every value, except in
        the sparse lever mode, where each draw names the levers that are direct causes of each value (tried combinations
        still act on every value).
    evidence : Evidence or Environments
        With environments the equation of each value is fitted to the rows in which it was free; its coefficients and
        its intercept are the same in all of them.
    estimator : PosteriorDraws or MaximumLikelihood, default ``PosteriorDraws()``
    seed : int, default 0

    Returns
    -------
    StructuralModel
        One draw for each graph (`PosteriorDraws.draws` of them for a `Dag`); nodes in the order of `evidence.columns`.

    Raises
    ------
    ModelError
        If graph and evidence speak of different values or levers, or an equation is not determined by the moments.

    Notes
    -----
    With R = t I + N C, where C is the correlation of the r scored columns (the values, and the levers in the sparse
    mode) with the other design columns partialled out, N the effective degrees of freedom left after that
    (`Evidence.degrees_of_freedom_after`), alpha_w = r + 2 and t = alpha_mu (alpha_w - r - 1) / (alpha_mu + 1), the
    posterior of the precision matrix is Wishart with N + alpha_w degrees of freedom and scale R^-1. The equation of a
    node v with l parents P then has 1 / sigma^2 ~ Gamma((N + alpha_w - r + l + 1) / 2, rate R_(v|P) / 2) and
    coefficients Normal(R_PP^-1 R_Pv, sigma^2 R_PP^-1) (Geiger and Heckerman 2002; Kuipers, Moffa and Heckerman 2014):
    the same prior and likelihood as the BGe score of the graphs. Coefficients of the other design columns D follow by
    the theorem of Frisch, Waugh and Lovell: effect of the column on v, less what passes through P. With independent
    rows (or no cluster sums) their variance is sigma^2 (D'D)^-1 n / n_score under a flat prior.

    With clusters (or estimated moments), coefficients of parents have the same posterior mean, and errors from the
    jackknife over clusters with a t distribution, drawn jointly for all equations
    (`causalvalues.model.cluster_slopes`), so the effective n enters through the mean and sigma only. All coefficients
    are fitted to the moments of the whole evidence, also where the graphs were learned from its bootstrap draws: a
    bootstrap draw of the coefficients would have a variance too small by (G - 1) / G and no heavier tails for few
    clusters. The errors of the means and of the effects of D are drawn once for all values, from the jackknife over
    clusters (`causalvalues.model.reduced_form`), and each equation gets its share: a lever tried within every cluster
    gains by the pairing, one that differs between clusters loses. In the sparse mode this holds for combinations;
    effects of single levers are scored coefficients, whose error is that of parents.

    Effects of levers are least-squares contrasts of all rows, which use unpaired clusters too; where each cluster has
    rows with and without a lever they differ from its mean paired difference (`lever_effects`) by sampling error, or
    when clusters that were asked without it differ from those asked with it.
    """
    estimator = PosteriorDraws() if estimator is None else estimator
    sparse = isinstance(graphs, GraphPosterior) and graphs.lever_mode == "sparse"
    parts, which = value_parts(evidence)
    split = [sorted_moments(part, sparse) for part in parts]
    moments = split[0]
    drawn = _graphs(graphs, evidence, moments, estimator)
    errors = [_Errors(None, None)] * len(parts)
    if isinstance(estimator, PosteriorDraws):
        errors = [_errors(*part, len(drawn.weights), seed) for part in zip(parts, split, strict=True)]
    m, s = len(moments.order), len(drawn.weights)
    coefficients, intercepts, scales = np.zeros((s, m, m)), np.zeros((s, m)), np.zeros((s, m))
    for node, name in enumerate(moments.scored[: moments.values]):
        rng, own = stream(seed, "fit", name), which[moments.order[node]]
        try:
            equation = _equation(node, split[own], drawn.parents[:, :, node], (estimator, errors[own]), rng)
        except np.linalg.LinAlgError:
            raise ModelError(
                f"The equation of {name!r} cannot be fitted: its causes are linearly dependent in this evidence. "
                "Use more rows, drop a value, or fit with PosteriorDraws()."
            ) from None
        coefficients[:, :, node], intercepts[:, node], scales[:, node] = equation
    back = np.argsort(moments.order)
    return StructuralModel(
        values=evidence.names,
        levers=evidence.levers,
        combinations=parts[0].combinations,
        coefficients=coefficients[:, back][:, :, back],
        intercepts=intercepts[:, back],
        residual_scales=scales[:, back],
        weights=drawn.weights,
        kind=drawn.kind,
        givens=drawn.givens,
        measures=evidence.measures,
    )


def _graphs(
    graphs: GraphPosterior | Dag, evidence: Evidence | Environments, moments: SortedMoments, estimator: Estimator
) -> _Graphs:
    if set(graphs.names) != set(evidence.names):
        odd = sorted(set(graphs.names) ^ set(evidence.names))
        raise ModelError(
            f"The graph and the evidence differ in the values {', '.join(odd)}. Learn and fit on the same."
        )
    place = [graphs.names.index(name) for name in moments.scored[: moments.values]]
    if isinstance(graphs, Dag):
        s = estimator.draws if isinstance(estimator, PosteriorDraws) else 1
        parents = np.repeat(graphs.adjacency[np.ix_(place, place)][None], s, axis=0)
        kind = "point" if isinstance(estimator, MaximumLikelihood) else "posterior"
        return _Graphs(parents, np.ones(s), kind, ("the graph is taken as known", LINEAR, NO_HIDDEN))
    if graphs.lever_mode != "none" and set(graphs.levers) != set(evidence.levers):
        odd = sorted(set(graphs.levers) ^ set(evidence.levers))
        raise ModelError(
            f"The graph and the evidence differ in the levers {', '.join(odd)}. Learn and fit on the same."
        )
    parents = graphs.draws[:, place][:, :, place]
    if graphs.lever_mode == "sparse":
        if graphs.lever_draws is None:
            raise ModelError("The graphs are in sparse lever mode but hold no levers. Learn them again.")
        rows = [graphs.levers.index(name) for name in moments.scored[moments.values :]]
        parents = np.concatenate([parents, graphs.lever_draws[:, rows][:, :, place]], axis=1)
    givens = graphs.givens + tuple(given for given in (LINEAR, NO_HIDDEN) if given not in graphs.givens)
    return _Graphs(parents, graphs.weights, graphs.kind, givens)


@dataclass(frozen=True, eq=False)
class _Errors:
    """Errors that clusters make: of means and design effects (s, 1 + d, r), and of effects of values on values."""

    levels: FloatArray | None
    slopes: SlopeError | None


def _errors(evidence: Evidence, moments: SortedMoments, s: int, seed: int) -> _Errors:
    levels = reduced_form_error(evidence, moments)
    return _Errors(
        None if levels is None else levels.draws(s, stream(seed, "fit", "clusters", "error")),
        slope_error(evidence, moments, s, stream(seed, "fit", "clusters", "slopes")),
    )


def _equation(
    node: int,
    moments: SortedMoments,
    parents: BoolArray,
    how: tuple[Estimator, _Errors],
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return coefficients (s, m), intercepts (s,) and residual scales (s,) of one node, in raw units."""
    estimator, errors = how
    r, m, freedom = len(moments.scored), len(moments.order), moments.freedom
    if isinstance(estimator, PosteriorDraws):
        z = rng.standard_normal((len(parents), m + 1))
        prior = estimator.alpha_mu * (estimator.extra_degrees - 1) / (estimator.alpha_mu + 1)
        found = regress(prior * np.eye(r) + freedom * moments.scatter, node, parents, z[:, :r])
        shape = (freedom + estimator.extra_degrees + found.size + 1) / 2
        variance = found.conditional / 2 / rng.standard_gamma(shape)
    else:
        z = np.zeros((len(parents), m + 1))
        found = regress(moments.scatter, node, parents, z[:, :r])
        variance = found.conditional * (moments.n - 1 - (m - r)) / moments.n
        if (found.conditional <= 1e-10).any():
            raise np.linalg.LinAlgError
    sigma = np.sqrt(variance)
    noise = sigma[:, None] * found.noise if errors.slopes is None else errors.slopes.draws(node, parents)
    slopes = (found.coefficients + noise) * moments.scale[node] / moments.scale
    sigma = sigma * moments.scale[node]
    if errors.levels is None:
        error = sigma[:, None] * _independent_error(moments, z[:, r:])
    else:
        error = errors.levels[:, :, node] - (slopes[:, None, :] * errors.levels).sum(axis=2)
    through = (slopes[:, None, :] * moments.design_effects[None]).sum(axis=2)
    design_slopes = moments.design_effects[:, node] - through + error[:, 1:]
    coefficients = np.concatenate([slopes, design_slopes], axis=1)
    at_mean = moments.mean[node] + error[:, 0]
    return coefficients, at_mean - (coefficients * moments.mean).sum(axis=1), sigma


def _independent_error(moments: SortedMoments, z: FloatArray) -> FloatArray:
    """Return errors (s, 1 + d) of a mean and of design slopes over the residual scale, given normal (s, d + 1)."""
    slopes = np.linalg.solve(moments.design_root.T, z[:, :-1].T).T * np.sqrt(moments.n / moments.n_score)
    return np.concatenate([z[:, -1:] / np.sqrt(moments.n_score), slopes], axis=1)
