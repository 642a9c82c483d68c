"""Penalties, saturation and coefficients of a mechanism by restricted likelihood, in closed form given the sums."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize_scalar

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.prediction.mechanism_sums import RowSums, Sums
from causalvalues.prediction.mechanism_terms import KEPT, OWN, Terms

FIRST = np.array([0.3, 0.3, 0.3, 30.0, 30.0, 30.0, 30.0, 3.0])
"""Penalties to begin with, by kind."""

LEAST, MOST = 1e-4, 1e7
ROUNDS, STEPS = 3, 6


@dataclass(frozen=True, eq=False)
class Settings:
    """Everything that the coefficients are conditional on.

    Parameters
    ----------
    shape : (w, w')
        Saturation of the effects and of the pull.
    penalties : array (8,)
        Noise variance over prior variance, by kind.
    common : float
        What the own coefficients are shrunk to.
    """

    shape: tuple[float, float]
    penalties: FloatArray
    common: float


@dataclass(frozen=True, eq=False)
class Solution:
    """Coefficients given settings.

    Parameters
    ----------
    coefficients : array (q, p)
    factors : array (v, q, q)
        Lower Cholesky factors of gram plus penalty, before the own coefficient of a value has its own penalty.
    noise : array (p,)
        Residual variance, standard units.
    likelihood : float
        Log marginal likelihood, up to a constant.
    """

    coefficients: FloatArray
    factors: FloatArray
    noise: FloatArray
    likelihood: float

    @property
    def inverse(self) -> FloatArray:
        """Inverse of gram plus penalty, (v, q, q)."""
        found = []
        for lower in self.factors:
            half = dpotri(lower, lower=1)[0]
            found.append(np.tril(half) + np.tril(half, -1).T)
        return np.stack(found)


def own_columns(terms: Terms) -> IntArray:
    """Return for each value the column of its own start; empty if starts do not enter."""
    return np.flatnonzero(terms.kinds == KEPT)


def solve(sums: Sums, terms: Terms, settings: Settings) -> Solution:
    """Return the posterior mean of the coefficients and the log marginal likelihood.

    Prior: each coefficient is normal around 0 (an own one around `common`) with variance noise / penalty. The noise
    variance of each value maximises the marginal likelihood given the penalties (Rasmussen and Williams 2006, eq. 5.8,
    in the form of its weight space). The own penalty is a change of one diagonal element (Sherman and Morrison).
    """
    base, p = settings.penalties[terms.kinds], sums.cross.shape[1]
    own, penalty, m = own_columns(terms), float(settings.penalties[OWN]), settings.common
    lowers, betas, columns = [], np.empty_like(sums.cross), np.empty((p, len(base)))
    log_det = np.empty(p)
    for v, gram in enumerate(sums.gram):
        lower = np.linalg.cholesky(gram + np.diag(base))
        values = np.arange(p) if len(sums.gram) == 1 else np.array([v])
        unit = np.zeros((len(base), len(values)))
        if len(own):
            unit[own[values], np.arange(len(values))] = 1.0
        both = cho_solve((lower, True), np.concatenate([sums.cross[:, values], unit], axis=1), check_finite=False)
        betas[:, values], columns[values] = both[:, : len(values)], both[:, len(values) :].T
        log_det[values] = 2 * np.log(np.diag(lower)).sum()
        lowers.append(lower)
    quadratic, right, log_penalty = sums.squares.copy(), np.zeros(p), np.full(p, np.log(base).sum())
    if len(own):
        at, extra = np.arange(p), penalty - settings.penalties[KEPT]
        divisor = 1 + extra * columns[at, own]
        betas = betas + columns.T * ((penalty * m - extra * betas[own, at]) / divisor)
        quadratic += penalty * m**2
        right = penalty * m * betas[own, at]
        log_det += np.log(divisor)
        log_penalty += np.log(penalty) - np.log(settings.penalties[KEPT])
    right += (sums.cross * betas).sum(axis=0)
    quadratic = np.maximum(quadratic - right, 1e-12 * np.maximum(sums.squares, 1e-300))
    counts = np.maximum(sums.counts, 1.0)
    noise = quadratic / counts
    likelihood = -0.5 * float((counts * np.log(noise) + log_det - log_penalty).sum())
    return Solution(betas, np.stack(lowers), noise, likelihood)


def own_update(inverse: FloatArray, own: int, settings: Settings) -> tuple[FloatArray, float]:
    """Return c and t with which a value's inverse is `inverse` - t c c', its own penalty being another."""
    extra = float(settings.penalties[OWN] - settings.penalties[KEPT])
    column = inverse[:, own]
    return column, extra / (1 + extra * float(column[own]))


def penalty_step(sums: Sums, terms: Terms, settings: Settings) -> Settings:
    """Take one fixed-point step on the penalties (MacKay 1992, eq. 2.10: effective number over summed squares)."""
    found = solve(sums, terms, settings)
    inverse = found.inverse
    own, kinds, p = own_columns(terms), terms.kinds, sums.cross.shape[1]
    diagonal = np.broadcast_to(np.diagonal(inverse, axis1=1, axis2=2), (p, len(kinds))).copy()
    for j, column in enumerate(own):
        c, t = own_update(inverse[j % len(inverse)], int(column), settings)
        diagonal[j] -= t * c**2
    known = 1 - settings.penalties[kinds] * diagonal
    squared = found.coefficients.T**2 / found.noise[:, None]
    common, penalties = settings.common, settings.penalties.copy()
    if len(own):
        at = (np.arange(p), own)
        sure = 1 - penalties[OWN] * diagonal[at]
        plain = found.coefficients.T[at] - common * penalties[OWN] * diagonal[at]
        common = float((plain / found.noise).sum() / max(float((sure / found.noise).sum()), 1e-12))
        away = ((found.coefficients.T[at] - common) ** 2 / found.noise).sum()
        penalties[OWN] = _penalty(float(sure.sum()), float(away), float(penalties[OWN]))
        known[at], squared[at] = 0.0, 0.0
    for kind in sorted(set(kinds.tolist())):
        here = kinds == kind
        old = float(penalties[kind])
        penalties[kind] = _penalty(float(known[:, here].sum()), float(squared[:, here].sum()), old)
    return replace(settings, penalties=penalties, common=common)


def _penalty(effective: float, squared: float, old: float) -> float:
    """Return the next penalty; the old one where the data say nothing about it."""
    return float(np.clip(effective / max(squared, 1e-300), LEAST, MOST)) if effective > 1e-9 else old


def choose(rows: RowSums, saturated: bool) -> Settings:
    """Return the settings of highest marginal likelihood, by turns over penalties, w and w'."""
    terms = rows.terms
    settings = Settings((1.0 if saturated else 0.0, 1.0), FIRST, -0.3)
    varied = len(np.unique(np.round(rows.totals, 12))) > 1
    if not varied:
        settings = replace(settings, shape=(0.0, 0.0))
    for turn in range(ROUNDS):
        sums = rows.at(settings.shape)
        for _ in range(STEPS):
            settings = penalty_step(sums, terms, settings)
        if varied and turn < ROUNDS - 1:
            for which in (0, 1) if saturated else (1,):
                settings = replace(settings, shape=_best_shape(rows, settings, which))
    return settings


def _best_shape(rows: RowSums, settings: Settings, which: int) -> tuple[float, float]:
    """Return (w, w') with one of the two at its best in u = w / (1 + w)."""

    def shape(u: float) -> tuple[float, float]:
        w = max(u, 0.0) / (1 - max(u, 0.0))
        return (w, settings.shape[1]) if which == 0 else (settings.shape[0], w)

    def loss(u: float) -> float:
        there = replace(settings, shape=shape(u))
        return -solve(rows.at(there.shape), rows.terms, there).likelihood

    found = minimize_scalar(loss, bounds=(0.0, 0.95), method="bounded", options={"xatol": 0.01, "maxiter": 12})
    at = float(found.x)
    return shape(0.0) if at < 0.05 and loss(0.0) <= float(found.fun) else shape(at)
