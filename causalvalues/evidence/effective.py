"""Effective sample size of each correlation, from the sandwich of cluster sums."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray, IntArray


def pairwise_effective_n(
    scatter: FloatArray,
    second: FloatArray,
    counts: FloatArray,
    p: int,
    n: float,
    *,
    strata: IntArray | None = None,
) -> FloatArray:
    """Return the number of independent rows that each correlation is worth.

    The influence of a row on a correlation r of standardised z_i and z_j is psi = z_i z_j - r/2 (z_i^2 + z_j^2).
    Its sum over a cluster needs the cluster's second moments only. With V = G/(G-1) sum over clusters of (sum of
    psi)^2 / n^2 and the variance (1 - r^2)^2 / n of independent Gaussian rows, the effective number is
    n (1 - r^2)^2 / (n V), at most n.

    Parameters
    ----------
    scatter : array (m, m)
        Scatter of p values, then the design columns, which are partialled out.
    second : array (G, m, m)
        Second moments of each cluster about the common centre.
    counts : array (G,)
        How often each cluster was taken.
    p : int
        Number of values.
    n : float
        Number of rows.
    strata : array (G,) of int, optional
        The stratum of each cluster. The variance is then the sum over strata h of G_h / (G_h - 1) times the squares
        about the mean of the stratum; a stratum of one cluster is centred at the overall mean (zero), with factor 1.

    Returns
    -------
    array (p, p)
        Symmetric; n on the diagonal and where a column does not vary or two columns are the same.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73, 13-22 (sums over clusters); Devlin, Gnanadesikan and Kettenring (1975),
    Biometrika 62, 531-545 (influence function of r); Lumley (2010), Complex Surveys, section 2.2 and appendix A
    (strata, and the option "adjust" for a stratum of one cluster).
    """
    robust, r, moves = correlation_variance(scatter, second, counts, p, n, strata=strata)
    naive = (1 - r**2) ** 2 / n
    known = (robust > 1e-20) & (1 - r**2 > 1e-10) & moves
    effective = np.where(known, n * naive / np.where(known, robust, 1.0), n)
    np.fill_diagonal(effective, n)
    return np.asarray(np.minimum(effective, n))


def correlation_variance(
    scatter: FloatArray,
    second: FloatArray,
    counts: FloatArray,
    p: int,
    n: float,
    *,
    strata: IntArray | None = None,
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return sandwich variances (p, p) of correlations, the correlations, and which of them exist.

    Parameters are those of `pairwise_effective_n`.
    """
    taken = float(counts.sum())
    projection = residual_maker(scatter, p)
    products = np.einsum("ai,gij,bj->gab", projection, second, projection, optimize=["einsum_path", (0, 1), (0, 1)])
    residual = np.einsum("g,gab->ab", counts, products)
    variance = np.diag(residual)
    moves = variance > 1e-12 * np.diag(scatter)[:p]
    scale = np.sqrt(np.where(moves, variance, 1.0) / n)
    products = products / np.outer(scale, scale)
    r = residual / np.outer(scale, scale) / n
    squares = np.einsum("gaa->ga", products)
    influence = products - r / 2 * (squares[:, :, None] + squares[:, None, :])
    if strata is None:
        robust = np.einsum("g,gab->ab", counts, influence**2) / n**2 * taken / max(taken - 1, 1)
    else:
        robust = _within_strata(influence, counts, strata) / n**2
    return robust, r, np.outer(moves, moves)


def _within_strata(influence: FloatArray, counts: FloatArray, strata: IntArray) -> FloatArray:
    total = np.zeros(influence.shape[1:])
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        times, own = counts[members], influence[members]
        taken = float(times.sum())
        if len(members) > 1 and taken > 1:
            own = own - np.einsum("g,gab->ab", times, own) / taken
            times = times * (taken / (taken - 1))
        total += np.einsum("g,gab->ab", times, own**2)
    return total


def score_n(pairwise: FloatArray, groups: int, n: float) -> float:
    """Return the one effective n of a score: 10% quantile of the pairs times 1 - (groups - 1) / n, at least p + 1.

    Parameters
    ----------
    pairwise : array (p, p)
    groups : int
        Group means whose cost the sums over clusters do not show (`causalvalues.evidence.sums.charged_groups`). Each
        but one uses up one of n rows, and so the same share of the effective rows.
    n : float
        Number of rows.
    """
    p = len(pairwise)
    pairs = pairwise[np.triu_indices(p, 1)] if p > 1 else pairwise.ravel()
    worth = float(np.quantile(pairs, 0.1))
    return max(worth - (groups - 1) * (worth / n), p + 1.0)


def residual_maker(scatter: FloatArray, p: int) -> FloatArray:
    """Return R (p, m) with R z the residual of the values on the design columns."""
    eye = np.eye(p)
    if scatter.shape[0] == p:
        return eye
    slopes = np.linalg.solve(scatter[p:, p:], scatter[p:, :p])
    return np.hstack([eye, -slopes.T])
