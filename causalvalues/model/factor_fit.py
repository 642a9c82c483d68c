"""Maximum-likelihood confirmatory factor analysis of several groups, one factor for each item, by Fisher scoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.model.factor_layout import GroupMoments, Layout
from causalvalues.model.factor_scaling import Block, unexplained

STEPS = 200
TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class FactorFit:
    """A fitted model: chi-square, degrees of freedom, scaling factor, parameters, and whether it can be trusted.

    `scaling` is the mean of chi2 / df under the model for the clusters (or rows) at hand (Satorra and Bentler 1994).
    `admissible` is False where a residual variance is negative or factors are correlated beyond 1.
    """

    chi2: float
    df: int
    scaling: float
    parameters: FloatArray
    converged: bool
    admissible: bool
    loadings: FloatArray
    srmr: float


def fit_factors(moments: GroupMoments, layout: Layout, start: tuple[Layout, FactorFit] | None = None) -> FactorFit:
    """Fit by Fisher scoring with step halving; `start` is the fit of a model with fewer equalities.

    The discrepancy is F = sum_g n_g / N [ln det Sigma + tr(S Sigma^-1) - ln det S - p + d' Sigma^-1 d] with d = mean -
    mu, Sigma = Lambda Phi Lambda' + Theta, mu = nu + Lambda kappa, and chi2 = N F (Joreskog 1971).
    """
    places, size = layout.places()
    theta = _start(moments, layout, places, size) if start is None else _carried(start, layout, places, size)
    share = moments.n / moments.n.sum()
    value, converged = _discrepancy(moments, layout, theta, places), False
    if not np.isfinite(value):  # means over groups of variances that fit may not fit
        theta = _start(moments, layout, places, size)
        value = _discrepancy(moments, layout, theta, places)
    for _ in range(STEPS):
        gradient, information = np.zeros(size), np.zeros((size, size))
        for g, place in enumerate(places):
            jacobian, residual = _whitened(moments, layout, theta[place], g)
            gradient[place] += share[g] * (jacobian @ residual)
            information[np.ix_(place, place)] += share[g] * (jacobian @ jacobian.T)
        ridge = 1e-10 * np.diag(information).max() * np.eye(size)
        step = np.linalg.solve(information + ridge, gradient)
        if gradient @ step < TOLERANCE:
            converged = True
            break
        length = 1.0
        while length > 1e-6:
            new = _discrepancy(moments, layout, theta + length * step, places)
            if new < value:
                break
            length /= 2
        else:
            break
        theta, value = theta + length * step, new
    return _finished(moments, layout, theta, places, converged)


def _matrices(layout: Layout, values: FloatArray, g: int) -> tuple[FloatArray, ...]:
    m, p = layout.factors, len(layout.factor)
    loading, phi = np.zeros((p, m)), np.zeros((m, m))
    residual, nu, kappa = np.zeros(p), np.zeros(p), np.zeros(m)
    for i in layout.markers():
        loading[i, layout.factor[i]] = 1.0
    for (what, a, b), value in zip(layout.local(g), values, strict=True):
        if what == "loading":
            loading[a, b] = value
        elif what == "covariance":
            phi[a, b] = phi[b, a] = value
        elif what == "residual":
            residual[a] = value
        elif what == "intercept":
            nu[a] = value
        else:
            kappa[a] = value
    return loading, phi, residual, nu, kappa


def _discrepancy(moments: GroupMoments, layout: Layout, theta: FloatArray, places: list[IntArray]) -> float:
    total = 0.0
    for g, place in enumerate(places):
        loading, phi, residual, nu, kappa = _matrices(layout, theta[place], g)
        sigma = loading @ phi @ loading.T + np.diag(residual)
        try:
            root = np.linalg.cholesky(sigma)
        except np.linalg.LinAlgError:
            return np.inf
        inverse = np.linalg.inv(root)
        s = moments.covariance[g]
        d = inverse @ (moments.mean[g] - nu - loading @ kappa)
        f = 2 * np.log(np.diag(root)).sum() - np.linalg.slogdet(s)[1]
        total += moments.n[g] * float(f + np.trace(inverse @ s @ inverse.T) - len(s) + d @ d)
    return total / float(moments.n.sum())


def _whitened(moments: GroupMoments, layout: Layout, values: FloatArray, g: int) -> tuple[FloatArray, FloatArray]:
    """Return derivatives (q, p^2 + p) and residuals of covariances and means (times root 2), whitened by Sigma."""
    loading, phi, residual, nu, kappa = _matrices(layout, values, g)
    p = len(residual)
    white = np.linalg.inv(np.linalg.cholesky(loading @ phi @ loading.T + np.diag(residual)))
    lines, bent = white @ loading, white @ loading @ phi
    jacobian = np.zeros((len(values), p * p + p))
    for row, (what, a, b) in zip(jacobian, layout.local(g), strict=True):
        square, line = row[: p * p].reshape(p, p), row[p * p :]
        if what == "loading":
            square += np.outer(white[:, a], bent[:, b])
            square += square.T.copy()
            line += white[:, a] * kappa[b]
        elif what == "covariance":
            square += np.outer(lines[:, a], lines[:, b])
            if a != b:
                square += square.T.copy()
        elif what == "residual":
            square += np.outer(white[:, a], white[:, a])
        else:
            line += white[:, a] if what == "intercept" else lines[:, a]
    jacobian[:, p * p :] *= np.sqrt(2)
    d = white @ (moments.mean[g] - nu - loading @ kappa)
    left = white @ moments.covariance[g] @ white.T + np.outer(d, d) - np.eye(p)
    return jacobian, np.concatenate([left.ravel(), np.sqrt(2) * d])


def _start(moments: GroupMoments, layout: Layout, places: list[IntArray], size: int) -> FloatArray:
    """Loadings 1, factors as means of items with half of their variance taken as error."""
    theta = np.zeros(size)
    m = layout.factors
    for g, place in enumerate(places):
        s = moments.covariance[g]
        mean_of = np.array([(layout.factor == f) / (layout.factor == f).sum() for f in range(m)])
        joint = mean_of @ s @ mean_of.T
        first = {"residual": np.diag(s) / 2, "intercept": moments.mean[g]}
        for at, (what, a, b) in zip(place, layout.local(g), strict=True):
            if what == "loading":
                theta[at] = 1.0
            elif what == "covariance":
                theta[at] = joint[a, b] * (1.0 if a == b else 0.8)
            elif what in first:
                theta[at] = first[what][a]
    return theta


def _carried(start: tuple[Layout, FactorFit], layout: Layout, places: list[IntArray], size: int) -> FloatArray:
    """Carry the parameters of another layout over; what becomes equal starts at its mean over the groups."""
    before, fit = start
    theta, count = np.zeros(size), np.zeros(size)
    for g, place in enumerate(before.places()[0]):
        known = dict(zip(before.local(g), fit.parameters[place], strict=True))
        for at, key in zip(places[g], layout.local(g), strict=True):
            theta[at] += known.get(key, 0.0)
            count[at] += 1
    return theta / np.maximum(count, 1)


def _finished(
    moments: GroupMoments, layout: Layout, theta: FloatArray, places: list[IntArray], converged: bool
) -> FactorFit:
    k, p = moments.mean.shape
    df = k * (p * (p + 1) // 2 + p) - len(theta)
    admissible, loadings, misfit = True, [], 0.0
    for g, place in enumerate(places):
        loading, phi, residual, _, _ = _matrices(layout, theta[place], g)
        sigma = loading @ phi @ loading.T + np.diag(residual)
        admissible &= bool((residual > 0).all() and np.linalg.eigvalsh(phi)[0] > 0)
        loadings.append(loading.sum(axis=1))
        scale = np.sqrt(np.diag(moments.covariance[g]))
        gap = ((moments.covariance[g] - sigma) / np.outer(scale, scale))[np.tril_indices(p)]
        misfit += float(moments.n[g] / moments.n.sum() * np.sqrt(np.square(gap).mean()))
    chi2 = float(moments.n.sum()) * max(_discrepancy(moments, layout, theta, places), 0.0)
    scaling = unexplained(moments, _blocks(moments, layout, theta), len(theta)) / df if df else 1.0
    return FactorFit(chi2, df, scaling, theta, converged, admissible, np.array(loadings), misfit)


def reliabilities(layout: Layout, fit: FactorFit, weights: FloatArray) -> FloatArray:
    """Return the reliability (K, m) of the weighted sum of the items of each factor, in each group.

    The share of its variance under the model that the factor makes: (w' lambda)^2 phi over that plus sum w_i^2 theta_i
    (McDonald's omega; Raykov 2004, Behavior Therapy 35, 299-331).

    Parameters
    ----------
    layout : Layout
    fit : FactorFit
    weights : array (p,)
        Of the items, in the units of the moments that were fitted.
    """
    found = np.zeros((layout.groups, layout.factors))
    own = layout.factor == np.arange(layout.factors)[:, None]
    for g, place in enumerate(layout.places()[0]):
        loading, phi, residual, _, _ = _matrices(layout, fit.parameters[place], g)
        true = np.square(weights @ loading) * np.diag(phi)
        found[g] = true / (true + own @ (weights**2 * residual))
    return found


def difference_scaling(moments: GroupMoments, free: Layout, equal: tuple[Layout, FactorFit]) -> float:
    """Return what inflates the difference of chi-squares of two nested models, never negative.

    Both models are held at the parameters of the one with more equalities, so that both see the same moments (Satorra
    and Bentler 2010, Psychometrika 75, 243-248). The difference of the two models' own scaling factors is unsteady
    when it is spread over few degrees of freedom.

    Parameters
    ----------
    moments : GroupMoments
    free : Layout
        Of the model with fewer equalities.
    equal : tuple of Layout and FactorFit
        The other one.
    """
    layout, fit = equal
    places, size = free.places()
    theta = np.zeros(size)
    for g, place in enumerate(layout.places()[0]):
        loading, phi, residual, nu, kappa = _matrices(layout, fit.parameters[place], g)
        kept = np.array([kappa[f] if f in free.intercepts else 0.0 for f in range(free.factors)])
        level = nu + loading @ (kappa - kept)
        for at, (what, a, b) in zip(places[g], free.local(g), strict=True):
            two = {"loading": loading, "covariance": phi}
            one = {"residual": residual, "intercept": level, "mean": kept}
            theta[at] = two[what][a, b] if what in two else one[what][a]
    tight = unexplained(moments, _blocks(moments, layout, fit.parameters), len(fit.parameters))
    loose = unexplained(moments, _blocks(moments, free, theta), size)
    return max(tight - loose, 0.0) / (size - len(fit.parameters))


def _blocks(moments: GroupMoments, layout: Layout, theta: FloatArray) -> list[Block]:
    found = []
    for g, place in enumerate(layout.places()[0]):
        loading, phi, residual, _, _ = _matrices(layout, theta[place], g)
        white = np.linalg.inv(np.linalg.cholesky(loading @ phi @ loading.T + np.diag(residual)))
        found.append((white, _whitened(moments, layout, theta[place], g)[0], place))
    return found
