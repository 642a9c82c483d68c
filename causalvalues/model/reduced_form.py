"""Sampling error of lever effects and base levels, from sums over clusters.

The reduced form v = mean + E'(d - mean of d) + u regresses all scored columns v on the design columns d alone. Its
coefficients are contrasts of means, so what clusters do to their error depends on the design: levers compared within
clusters gain by it, levers that differ between clusters lose. The sums of products of each cluster tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.sums import groups_inside, sorted_sums, varying
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.model.regressions import SortedMoments

ALONE = 1e-8
"""Share of a coefficient's information outside one cluster, below which that cluster determines it alone."""

FEWEST = 3.0
"""Fewest degrees of freedom, so that the draws have a variance."""


@dataclass(frozen=True, eq=False)
class ReducedFormError:
    """How the means and design effects would move from sample to sample.

    Parameters
    ----------
    influence : array (g, 1 + d, r)
        Change of the means (first row) and of the design effects, in raw units, when one of g independent parts of
        the sample is left out, scaled so that the sum of their squares is the variance.
    freedom : array (1 + d,)
        Degrees of freedom of the variance of the means and of each effect.
    """

    influence: FloatArray
    freedom: FloatArray

    def draws(self, s: int, random: np.random.Generator) -> FloatArray:
        """Return errors (s, 1 + d, r): t for each row, with the scales of all rows large or small together."""
        g, rows, columns = self.influence.shape
        error = np.einsum("sg,gk->sk", random.standard_normal((s, g)), self.influence.reshape(g, rows * columns))
        half = self.freedom / 2
        spread = np.sqrt(half / gammaincinv(half, random.random(s)[:, None]))
        return np.asarray(error.reshape(s, rows, columns) * spread[:, :, None])


def reduced_form_error(evidence: Evidence, moments: SortedMoments) -> ReducedFormError | None:
    """Return the error of means and design effects, or None when rows are independent or no cluster sums are held.

    With X_g the rows of the design in cluster g (a column of ones first) and u_g its residuals, both known to the sums
    of products only, the influence of the cluster is (X'X)^-1 (I - X_g'X_g (X'X)^-1)^-1 X_g'u_g: minus the change of
    the coefficients when the cluster is left out. The variance is the jackknife's, (G - 1) / G times the sum of
    squares. Its degrees of freedom are an effective number of clusters less one; see `_freedom`.

    Where a cluster alone determines a coefficient (a combination of levers that one cluster tried), its residuals
    are zero and nothing in the design tells the error. There the error of independent rows is taken, times the ratio
    of the two variances in the other directions of the design (at least 1). The same is done for means whose influence
    is not known (sums of an estimate), with a ratio of at least n / n_score.

    Parameters
    ----------
    evidence : Evidence
    moments : SortedMoments
        Of the same evidence.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73, 13-22; Bell and McCaffrey (2002), Survey Methodology 28, 169-181 (jackknife
    form); MacKinnon, Nielsen and Webb (2023), Journal of Applied Econometrics 38, 671-694 (from sums of products).
    """
    if evidence.clusters is None or evidence.clusters.independent:
        return None
    sums, _ = sorted_sums(evidence)
    g, r = len(sums.weight), len(moments.scored)
    scores, information = _scores(sums, moments.design_effects, r), _information(sums, r)
    if sums.estimated:  # no rows, so no leverage: every cluster has the information of its weight
        whole = information.sum(axis=0)
        whole[0, 1:] = whole[1:, 0] = 0.0
        information = (sums.weight / sums.weight.sum())[:, None, None] * whole
    root = np.linalg.cholesky(information.sum(axis=0))
    white = np.linalg.inv(root)
    share = white @ information @ white.T
    rest = np.eye(len(root)) - (share + share.transpose(0, 2, 1)) / 2
    scores = white @ scores
    influence, alone = _left_out(rest, scores)
    influence = varying(influence * ((g - 1) / g), sums.strata)
    if len(alone):
        influence = np.concatenate([influence, _alone(alone, influence, moments)])
    if sums.estimated and not sums.first.any():
        mean = np.eye(1, len(root))
        influence = np.concatenate([influence, _alone(mean, influence, moments, moments.n / moments.n_score)])
    return ReducedFormError(white.T @ influence, _freedom(share, white, sums.strata))


def _freedom(share: FloatArray, white: FloatArray, strata: IntArray | None) -> FloatArray:
    """Return degrees of freedom (1 + d,), at least 3.

    In a direction u of the design, cluster g holds the share h_g = u'H_g u of the information, and 1 / sum(h_g^2) is
    the effective number of clusters. Each coefficient has that of its own direction, but not more than the one of the
    mean sum over all directions, so that a level seen in few clusters does not count as seen in all.
    """
    size = len(white)
    directions = white / np.sqrt(np.square(white).sum(axis=0))
    own = np.square((directions * (share @ directions)).sum(axis=1)).sum(axis=0)
    traces, squares = np.einsum("gii->g", share), np.square(share).sum(axis=(1, 2))
    mean = float((traces**2 + 2 * squares).sum()) / (size * (size + 2))
    lost = 1 if strata is None else len(np.unique(strata))
    return np.asarray(np.maximum(1 / np.maximum(own, mean) - lost, FEWEST))


def _scores(sums: ClusterSums, effects: FloatArray, r: int) -> FloatArray:
    """Return X_g'u_g (g, 1 + d, r). A group of `within` that lies in one cluster is drawn with it, level and all."""
    first = np.array(sums.first)
    if sums.groups is not None:
        parts = sums.groups
        _, inside = groups_inside(parts, np.ones(len(first)))
        mine = inside[parts.group]
        if mine.any():
            level = parts.means[parts.group] - np.average(parts.means[parts.group[mine]], 0, parts.weight[mine])
            np.add.at(first, parts.cluster[mine], parts.weight[mine, None] * level[mine])
    products = np.concatenate([first[:, None, :], sums.second[:, r:, :]], axis=1)
    return np.asarray(products[:, :, :r] - products[:, :, r:] @ effects)


def _information(sums: ClusterSums, r: int) -> FloatArray:
    """Return X_g'X_g (g, 1 + d, 1 + d)."""
    g, d = len(sums.weight), sums.first.shape[1] - r
    information = np.empty((g, 1 + d, 1 + d))
    information[:, 0, 0] = sums.weight
    information[:, 0, 1:] = information[:, 1:, 0] = sums.first[:, r:]
    information[:, 1:, 1:] = sums.second[:, r:, r:]
    return information


def _left_out(rest: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return whitened influences (g, 1 + d, r) and the directions (a, 1 + d) that single clusters determine."""
    inverse = np.linalg.inv(rest + ALONE / 100 * np.eye(rest.shape[1]))
    influence = inverse @ scores
    alone = []
    for cluster in np.flatnonzero(np.abs(inverse).max(axis=(1, 2)) > 1 / ALONE / rest.shape[1]):
        left, directions = np.linalg.eigh(rest[cluster])
        seen = left > ALONE
        known = directions[:, seen]
        influence[cluster] = known @ ((known.T @ scores[cluster]) / left[seen, None])
        alone.append(directions[:, ~seen].T)
    return influence, np.concatenate(alone) if alone else np.zeros((0, rest.shape[1]))


def _alone(directions: FloatArray, influence: FloatArray, moments: SortedMoments, least: float = 1.0) -> FloatArray:
    """Return whitened influences (a r, 1 + d, r) for directions without a residual: residual covariance times them."""
    r = len(moments.scored)
    left = max(influence.shape[1] - len(directions), 1)
    ratio = np.maximum(np.square(influence).sum(axis=(0, 1)) / left / moments.scale**2, least)
    values, vectors = np.linalg.eigh(moments.scatter)
    half = vectors * np.sqrt(np.maximum(values, 0.0)) * (moments.scale * np.sqrt(ratio))[:, None]
    return np.asarray(np.einsum("ai,jk->akij", directions, half).reshape(-1, directions.shape[1], r))
