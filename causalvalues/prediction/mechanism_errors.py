"""Residuals of left-out units in closed form, and draws of the coefficients that allow for dependent rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causalvalues.frozen import FloatArray, IntArray
from causalvalues.prediction.mechanism_penalties import Settings, Solution, own_columns, own_update
from causalvalues.prediction.mechanism_sums import RowSums
from causalvalues.prediction.mechanism_terms import OWN
from causalvalues.randomness import stream


def unit_blocks(units: tuple[str, ...]) -> Iterator[IntArray]:
    """Yield the rows of units with equally many rows, (units, rows of each), units in name order."""
    places: dict[str, list[int]] = {}
    for i, unit in enumerate(units):
        places.setdefault(unit, []).append(i)
    sizes = sorted({len(rows) for rows in places.values()})
    for size in sizes:
        yield np.array([places[unit] for unit in sorted(places) if len(places[unit]) == size])


def left_out_residuals(rows: RowSums, units: tuple[str, ...], settings: Settings, found: Solution) -> FloatArray:
    """Return each row's residual from the fit without its unit, (r, p), given the settings; NaN where lost.

    With H the hat matrix of the unit's own rows, (I - H)^-1 e, e the residuals of the fit to all rows
    (Cook and Weisberg 1982, eq. 3.2.2 for a set of rows, here with a penalty).
    """
    terms = rows.terms
    design = rows.columns * terms.factors(rows.totals, settings.shape)
    residual = rows.change - design @ found.coefficients
    out = np.full(residual.shape, np.nan)
    own = own_columns(terms)
    blocks = list(unit_blocks(units))
    mask = rows.mask
    inverses = found.inverse
    for v, inverse in enumerate(inverses):
        here_design = design if mask is None else design * mask[v]
        half = here_design @ inverse
        values = range(residual.shape[1]) if len(inverses) == 1 else [v]
        for block in blocks:
            hat = np.einsum("uaq,ubq->uab", half[block], here_design[block], optimize=True)
            for j in values:
                here = hat
                if len(own):
                    c, t = own_update(inverse, int(own[j]), settings)
                    column = here_design[block] @ c
                    here = hat - t * column[:, :, None] * column[:, None, :]
                weights = rows.weights[block, j]
                system = np.eye(block.shape[1]) - here * weights[:, None, :]
                out[block, j] = np.linalg.solve(system, residual[block, j][:, :, None])[:, :, 0]
    return np.where(rows.weights > 0, out, np.nan)


def coefficient_draws(
    rows: RowSums, units: tuple[str, ...], settings: Settings, found: Solution, given: tuple[FloatArray, int, int]
) -> FloatArray:
    """Draw coefficients around their estimates, (s, q, p), in standard units.

    The covariance of the penalised estimate is A^-1 (S + noise * penalty) A^-1: S is the sum over units of the products
    of their score sums, with residuals of left-out units (the sandwich of Liang and Zeger 1986, with the jackknife
    residuals of Bell and McCaffrey 2002), the other part is the prior's. Scores are drawn with one normal number for
    each unit, so draws keep how errors of values hang together.

    Parameters
    ----------
    rows, units, settings, found
        The fit.
    given : (array (r, p), int, int)
        Residuals of left-out units, number of draws, seed.
    """
    residuals, draws, seed = given
    terms = rows.terms
    design = rows.columns * terms.factors(rows.totals, settings.shape)
    errors = np.where(rows.weights > 0, residuals, 0.0) * rows.weights
    scores = np.concatenate(
        [np.einsum("uaq,uap->uqp", design[block], errors[block], optimize=True) for block in unit_blocks(units)]
    )
    chance = stream(seed, "coefficients").standard_normal((draws, len(scores)))
    drawn = np.tensordot(chance, scores, axes=1)
    mask = rows.mask
    penalty = np.repeat(settings.penalties[terms.kinds][:, None], errors.shape[1], axis=1)
    own = own_columns(terms)
    if len(own):
        penalty[own, np.arange(len(own))] = settings.penalties[OWN]
    prior = stream(seed, "prior").standard_normal(drawn.shape) @ _root(residuals)
    drawn += prior * np.sqrt(penalty * found.noise)
    drawn = drawn if mask is None else drawn * mask.T
    return np.asarray(found.coefficients + _through_inverse(drawn, found, own, settings))


def _through_inverse(right: FloatArray, found: Solution, own: IntArray, settings: Settings) -> FloatArray:
    """Return A^-1 times each draw of a right-hand side (s, q, p)."""
    inverse = found.inverse
    if len(inverse) == 1:
        out = np.einsum("ab,sbj->saj", inverse[0], right, optimize=True)
    else:
        out = np.einsum("jab,sbj->saj", inverse, right, optimize=True)
    for j, column in enumerate(own):
        c, t = own_update(inverse[j % len(inverse)], int(column), settings)
        out[:, :, j] -= (right[:, :, j] @ c)[:, None] * c * t
    return np.asarray(out)


def _root(residuals: FloatArray) -> FloatArray:
    """Return a root L' of the correlation of residuals across values, so that z @ L' has that correlation."""
    whole = residuals[np.isfinite(residuals).all(axis=1)]
    if len(whole) < residuals.shape[1] + 2:
        return np.eye(residuals.shape[1])
    scale = whole.std(axis=0)
    if not (scale > 0).all():
        return np.eye(residuals.shape[1])
    correlation = (whole / scale).T @ (whole / scale) / len(whole)
    diagonal = np.sqrt(np.diag(correlation))
    roots, vectors = np.linalg.eigh(correlation / np.outer(diagonal, diagonal))
    return np.asarray((vectors * np.sqrt(np.maximum(roots, 0.0))) @ vectors.T)
