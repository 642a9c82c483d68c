"""Covariances without the persons' levels, under a stated assumption about the average covariance.

Subtracting each person's mean (of whatever items) keeps differences of scores, so the variation matrix
T[i, j] = var(x_i - x_j) survives and nothing else does: S and S + a 1' + 1 a' give the same T for every vector a. Some
assumption has to choose a. In the same way a level that a person adds to all answers (a random intercept of variance
t) turns S into S + t 1 1', and only an assumption tells t from a common covariance of the values.

Both remedies keep false edges at their nominal rate on unrelated values. Where values truly go together the assumption
is wrong, and edges between values that are not neighbours appear (`benchmarks/ipsative_remedies.py`: at 5,000 rows
most of them, on a chain of positive slopes). Read `average_covariance_sweep` beside every result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.evidence.association import TEST_COLUMNS, correlation_tests
from causalvalues.evidence.effective import pairwise_effective_n, residual_maker, score_n
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.sums import charged_groups, sorted_sums
from causalvalues.frozen import FloatArray

FEWEST = 4
"""p values leave p (p - 3) / 2 free covariances when the average of each row is fixed: none for three values."""


def uncentre(evidence: Evidence, average_covariance: float = 0.0) -> Evidence:
    """Solve for the variances of the uncentred values from the variation matrix of centred scores.

    The assumption: each value's covariance with the other values is on average `average_covariance`. It fixes the p
    variances, and with them all covariances. Whatever was subtracted from all scores of a person (the mean of all
    items, or of some) makes no difference. Use it when uncentred scores cannot be had; else prefer `remove_intercept`,
    which assumes less.

    Parameters
    ----------
    evidence : Evidence
        Of centred (or nearly centred) scores, with cluster sums.
    average_covariance : float, default 0.0
        In squared units of the scores. Another number adds it to every variance and covariance, exactly as a person
        intercept of that variance does; see `average_covariance_sweep`.

    Returns
    -------
    Evidence
        Of the uncentred values. Its effective n carry the sampling error of the solution (delta method from the
        cluster sums); means and lever effects stay relative to the person's mean. It may be resampled; a resample
        differs from the solution of the resampled rows by terms of the order 1/n.

    Raises
    ------
    DataError
        If there are fewer than 4 values, no cluster sums, or the solution is not positive definite.

    References
    ----------
    The variation matrix: Aitchison (1986), The Statistical Analysis of Compositional Data, section 4.3. The closing
    assumption: Friedman and Alm (2012), PLoS Computational Biology 8, e1002687, equations 9-11.
    """
    if len(evidence.names) < FEWEST:
        raise DataError(
            f"{len(evidence.names)} centred values leave no covariance free under this assumption; it needs at least "
            f'{FEWEST}. Score again without centring (`centring="none"`) and use `remove_intercept`.'
        )
    note = (
        "Variances solved from the variation matrix of centred scores, on the assumption that each value's covariance "
        f"with the others is {average_covariance:g} on average; nothing in the data can test it."
    )
    return _solved(evidence, solve_variations, average_covariance, note)


def remove_intercept(evidence: Evidence, average_covariance: float = 0.0) -> Evidence:
    """Take out of uncentred scores a level that each person adds to all answers.

    The assumption: over all pairs of values the covariance is on average `average_covariance`; what the scores show
    above it is the variance of the level, and is subtracted from every variance and covariance.

    Parameters
    ----------
    evidence : Evidence
        Of uncentred scores, with cluster sums.
    average_covariance : float, default 0.0
        In squared units of the scores.

    Returns
    -------
    Evidence
        Its effective n carry the sampling error of the subtracted variance.

    Raises
    ------
    DataError
        If there are fewer than 4 values, no cluster sums, or the solution is not positive definite (as it is when the
        scores were centred already).
    """
    if len(evidence.names) < FEWEST:
        raise DataError(f"A person's level cannot be told apart with fewer than {FEWEST} values.")
    note = (
        "A level that a person adds to all answers was taken out, on the assumption that the covariance of two values "
        f"is {average_covariance:g} on average; nothing in the data can test it."
    )
    return _solved(evidence, subtract_average_covariance, average_covariance, note)


def average_covariance_sweep(
    evidence: Evidence,
    averages: Sequence[float] = (),
    remedy: Callable[[Evidence, float], Evidence] = uncentre,
) -> pd.DataFrame:
    """Show how marginal and partial correlations depend on the assumed average covariance.

    Parameters
    ----------
    evidence : Evidence
        As for the remedy.
    averages : sequence of float, default ()
        Assumed averages in squared score units. Default: -.05, 0, .1, .25, .5 and 1 times the mean variance of the
        scores in `evidence`.
    remedy : callable, default `uncentre`
        `uncentre` or `remove_intercept`.

    Returns
    -------
    pandas.DataFrame
        `correlation_tests` for each average, with the column ``average_covariance`` in front; NaN where an average
        is impossible (no positive definite solution).
    """
    if not averages:
        size = float(np.diag(evidence.residual_scatter).mean()) / _freedom(evidence)
        averages = (-0.05 * size, 0.0, 0.1 * size, 0.25 * size, 0.5 * size, size)
    parts = []
    for average in averages:
        try:
            table = correlation_tests(remedy(evidence, float(average)))
        except _IndefiniteError:
            pairs = [(a, b) for i, a in enumerate(evidence.names) for b in evidence.names[i + 1 :]]
            table = pd.DataFrame(pairs, columns=["first", "second"]).reindex(columns=list(TEST_COLUMNS))
        table.insert(0, "average_covariance", float(average))
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def solve_variations(covariance: FloatArray) -> FloatArray:
    """Return the covariances (..., p, p) that have the same variations and rows of zero average covariance.

    With t_i the sum over j of T[i, j]: the variances are v_i = (t_i - sum(t) / (2 p - 2)) / (p - 2), and the
    covariances (v_i + v_j - T[i, j]) / 2. The map is linear, so it may be applied to the sums of single clusters.
    """
    p = covariance.shape[-1]
    own = np.einsum("...ii->...i", covariance)
    variations = own[..., :, None] + own[..., None, :] - 2 * covariance
    rows = variations.sum(axis=-1)
    variances = (rows - rows.sum(axis=-1, keepdims=True) / (2 * p - 2)) / (p - 2)
    return np.asarray((variances[..., :, None] + variances[..., None, :] - variations) / 2)


def subtract_average_covariance(covariance: FloatArray) -> FloatArray:
    """Return covariances (..., p, p) less the average of their off-diagonal entries; linear."""
    p = covariance.shape[-1]
    off = covariance.sum(axis=(-2, -1)) - np.einsum("...ii->...", covariance)
    return np.asarray(covariance - (off / (p * (p - 1)))[..., None, None])


def _solved(evidence: Evidence, solve: Callable[[FloatArray], FloatArray], average: float, note: str) -> Evidence:
    """Apply a linear map to the residual moments of every cluster, and so to their sum."""
    sums, order = sorted_sums(evidence)
    p, weight = len(evidence.names), float(sums.weight.sum())
    scatter = np.array(evidence.scatter[np.ix_(order, order)])
    projection = residual_maker(scatter, p)
    residual = projection @ scatter @ projection.T
    parts = projection @ sums.second @ projection.T
    added = average * _freedom(evidence) / weight
    change = solve(residual) - residual + added * weight
    changes = solve(parts) - parts + added * sums.weight[:, None, None]
    _must_be_definite(residual + change, parts + changes, sums.weight / weight, average)
    scatter[:p, :p] += change
    second = np.array(sums.second)
    second[:, :p, :p] += changes
    pairwise = pairwise_effective_n(scatter, second, np.ones(len(second)), p, float(evidence.n))
    back = np.argsort(order)
    clusters = replace(sums.permuted(back), second=second[:, back][:, :, back], independent=False)
    return replace(
        evidence,
        scatter=scatter[np.ix_(back, back)],
        pairwise_n=pairwise[np.ix_(back[:p], back[:p])],
        n_score=score_n(pairwise, charged_groups(sums, np.ones(len(second))), float(evidence.n)),
        clusters=clusters,
        notes=(*evidence.notes, note),
    )


def _freedom(evidence: Evidence) -> float:
    return float(max(evidence.n - 1 - (len(evidence.columns) - len(evidence.names)), 1))


def _must_be_definite(scatter: FloatArray, parts: FloatArray, share: FloatArray, average: float) -> None:
    """Refuse a solution whose smallest eigenvalue is not two standard errors above zero."""
    scale = np.sqrt(np.abs(np.diag(scatter)))
    if (np.diag(scatter) > 0).all():
        values, vectors = np.linalg.eigh(scatter / np.outer(scale, scale))
        direction = vectors[:, 0] / scale
        influence = np.einsum("i,gij,j->g", direction, parts, direction) - share * values[0]
        if values[0] > 2 * float(np.sqrt((influence**2).sum())):
            return
    raise _IndefiniteError(
        f"With an average covariance of {average:g} the solution is not a covariance matrix, or cannot be told from "
        "one that is not. Assume a larger average, add rows, or use the other of `remove_intercept` (uncentred scores) "
        "and `uncentre` (any scores)."
    )


class _IndefiniteError(DataError):
    """The assumed average covariance is impossible with these moments."""
