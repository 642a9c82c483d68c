"""Sampling error of the effects of values on values, from sums over clusters.

A posterior for independent rows knows one number of rows. With clusters each coefficient has an error of its own: the
answers of a persona may tell little about one slope and much about another, and few clusters tell little about the
error itself. Here the error of every regression is the jackknife's over clusters, with a t distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import gammaincinv

from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.sums import sorted_sums, varying
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.model.regressions import SortedMoments

MOST_PARTS = 60
"""Clusters beyond this number are put together, the large ones apart: 59 degrees of freedom are enough."""

FEWEST = 3.0
"""Fewest degrees of freedom, so that the draws have a variance."""

ALONE = 1e-6
"""What is added to the information outside a cluster, for a cluster that alone determines a coefficient."""

MOST_SHARE = 0.5
"""Share of a coefficient's information in one cluster, above which the jackknife alone is not believed."""

AT_ONCE = 2e6
"""Most numbers that the regressions solved together may take."""


Joined: TypeAlias = tuple[FloatArray, IntArray | None, FloatArray]


@dataclass(frozen=True, eq=False)
class SlopeError:
    """Errors of regressions of values on values, for s draws.

    Parameters
    ----------
    second : array (g, 1 + r, 1 + r)
        Sums over g independent parts of products of 1 and the scored columns, with the design partialled out, over
        their spreads and the number of rows: they add up to a correlation matrix bordered by 1 and zeros.
    leverage : bool
        Whether the sums are of rows, so that a part has leverage; sums of an estimate have none.
    rows : float
        Effective degrees of freedom after the design.
    normal : array (s, g)
        Standard normal numbers.
    uniform : array (s,)
        Uniform numbers, one for the common scale of a draw.
    strata : array (g,) of int, optional
        The stratum of each part; parts vary within strata.
    joined : array (g,), optional
        How many clusters each part holds.
    """

    second: FloatArray
    leverage: bool
    rows: float
    normal: FloatArray
    uniform: FloatArray
    strata: IntArray | None = None
    joined: FloatArray | None = None

    def draws(self, node: int, parents: BoolArray) -> FloatArray:
        """Return the errors (s, r) of the coefficients of one node, on the scale of standardised columns.

        All nodes use the same normal numbers, so errors of different equations are correlated as the clusters say.

        Parameters
        ----------
        node : int
        parents : array (s, r) of bool
        """
        errors = np.zeros(parents.shape)
        size = parents.sum(axis=1)
        for count in np.unique(size[size > 0]):
            draws = np.flatnonzero(size == count)
            index = np.nonzero(parents[draws])[1].reshape(len(draws), count)
            columns, back = np.unique(index, axis=0, return_inverse=True)
            back = back.reshape(-1)
            step = max(int(AT_ONCE / (len(self.second) * (count + 1) ** 2)), 1)
            for start in range(0, len(columns), step):
                influence, freedom = self._regressions(node, columns[start : start + step])
                mine = np.flatnonzero((back >= start) & (back < start + step))
                which, rows = back[mine] - start, draws[mine]
                error = np.einsum("dg,dgk->dk", self.normal[rows], influence[which])
                half = freedom[which] / 2
                spread = np.sqrt(half / gammaincinv(half, self.uniform[rows][:, None]))
                errors[rows[:, None], index[mine]] = error * spread
        return errors

    def _regressions(self, node: int, columns: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return influences (u, g, k) and degrees of freedom (u, k) of regressions on u sets of k columns."""
        g = len(self.second)
        index = np.concatenate([np.zeros((len(columns), 1), dtype=np.int64), columns + 1], axis=1)
        total = self.second.sum(axis=0)
        white = np.linalg.inv(np.linalg.cholesky(total[index[:, :, None], index[:, None, :]]))
        part = self.second[:, index[:, :, None], index[:, None, :]].transpose(1, 0, 2, 3)
        side = self.second[:, index, node + 1].transpose(1, 0, 2)
        slopes = (white.transpose(0, 2, 1) @ (white @ total[index, node + 1][:, :, None]))[:, None]
        scores = white[:, None] @ (side[:, :, :, None] - part @ slopes)
        share = white[:, None] @ part @ white[:, None].transpose(0, 1, 3, 2)
        if self.leverage:
            rest = (1.0 + ALONE) * np.eye(index.shape[1]) - share
            scores = np.linalg.solve(rest, scores)
        influence = (white.transpose(0, 2, 1)[:, None] @ scores)[:, :, 1:, 0] * ((g - 1) / g)
        influence = varying(influence.transpose(1, 0, 2), self.strata, self.joined).transpose(1, 0, 2)
        lost = 1 if self.strata is None else len(np.unique(self.strata))
        directions = white / np.sqrt(np.square(white).sum(axis=1, keepdims=True))
        own = np.einsum("uaj,ugab,ubj->ugj", directions, share, directions)[:, :, 1:]
        left = total[node + 1, node + 1] - (slopes[:, 0, :, 0] * total[index, node + 1]).sum(axis=1)
        least = np.maximum(left, 0.0)[:, None] * np.square(white).sum(axis=1)[:, 1:] / self.rows
        return _not_alone(influence, own, least), np.maximum(1.0 / np.square(own).sum(axis=1) - lost, FEWEST)


def _not_alone(influence: FloatArray, own: FloatArray, least: FloatArray) -> FloatArray:
    """Give coefficients that rest on one cluster for more than half the error of the effective rows, at least.

    Leaving that cluster out hardly tells how another one would differ.
    """
    bad = (own.max(axis=1) > MOST_SHARE) & (np.square(influence).sum(axis=1) < least)
    for regression, place in np.argwhere(bad):
        influence[regression, :, place] = 0.0
        influence[regression, own[regression, :, place].argmax(), place] = np.sqrt(least[regression, place])
    return influence


def slope_error(evidence: Evidence, moments: SortedMoments, s: int, random: np.random.Generator) -> SlopeError | None:
    """Return the errors of coefficients, or None when rows are independent or no cluster sums are held.

    Let S_g be the sums of products over the rows of cluster g of the parents P (with a column of ones) and S their
    total, u_g the residuals of the cluster. The influence of the cluster on the coefficients is
    S^-1 (I - S_g S^-1)^-1 X_g'u_g, minus their change when it is left out, and (G - 1) / G times the sum of its squares
    is their variance. A draw adds up the influences with standard normal weights, one for each cluster and the same in
    all equations, and stretches them to a t distribution whose degrees of freedom are the effective number of clusters
    in the direction of the coefficient, 1 / sum(h_g^2), less one (less one for each stratum, where clusters vary about
    the mean of theirs), where h_g is the cluster's share of the information.
    Where one cluster has more than half of it, the variance is at least that of as many independent rows as the score
    uses.

    Parameters
    ----------
    evidence : Evidence
    moments : SortedMoments
        Of the same evidence.
    s : int
        Number of draws.
    random : numpy.random.Generator

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28, 169-181; MacKinnon, Nielsen and Webb (2023), Journal of Applied
    Econometrics 38, 671-694 (cluster jackknife from sums of products).
    """
    sums = evidence.clusters
    if sums is None or (sums.independent and not sums.estimated):
        return None
    sums, _ = sorted_sums(evidence)
    r, weight = len(moments.scored), sums.weight
    maker = np.hstack([np.eye(r), -moments.design_effects.T]) / moments.scale[:, None]
    n = max(moments.n - 1 - moments.design_effects.shape[0], 1.0)
    second = np.empty((len(weight), 1 + r, 1 + r))
    second[:, 0, 0] = weight / weight.sum()
    second[:, 0, 1:] = second[:, 1:, 0] = sums.first @ maker.T / np.sqrt(n * weight.sum())
    second[:, 1:, 1:] = maker @ sums.second @ maker.T / n
    if sums.estimated:
        second[:, 0, 1:] = second[:, 1:, 0] = 0.0
    second, strata, joined = _joined(second, weight, sums.strata)
    normal, uniform = random.standard_normal((s, len(second))), random.random(s)
    return SlopeError(second, not sums.estimated, moments.freedom, normal, uniform, strata, joined)


def _joined(second: FloatArray, weight: FloatArray, strata: IntArray | None) -> Joined:
    """Join clusters into about `MOST_PARTS` parts of nearly equal weight, dealt out by falling weight, and strata.

    Parts lie within strata. With strata too many for two parts each, the strata are left out, which makes errors
    larger, not smaller.
    """
    g = len(weight)
    if g <= MOST_PARTS:
        return second, strata, np.ones(g)
    held = np.zeros(g, dtype=np.int64) if strata is None else strata
    present = np.unique(held)
    if 2 * len(present) > MOST_PARTS:
        held, present, strata = np.zeros(g, dtype=np.int64), np.zeros(1, dtype=np.int64), None
    part, owner = np.empty(g, dtype=np.int64), list[int]()
    for stratum in present:
        mine = np.flatnonzero(held == stratum)
        parts = min(len(mine), max(round(MOST_PARTS * len(mine) / g), 2))
        turn = np.arange(len(mine)) % (2 * parts)
        part[mine[np.argsort(-weight[mine], kind="stable")]] = len(owner) + np.minimum(turn, 2 * parts - 1 - turn)
        owner += [int(stratum)] * parts
    joined = np.zeros((len(owner), *second.shape[1:]))
    np.add.at(joined, part, second)
    return joined, None if strata is None else np.array(owner), np.bincount(part).astype(np.float64)
