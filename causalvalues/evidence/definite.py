"""A correlation matrix that is nearly indefinite is shrunk to a floor that its sampling error sets, or refused.

Correlations that are estimated pair by pair have errors that no single set of rows could have. Their smallest
eigenvalue then falls towards zero, or below, although nothing in the answers depends on anything else, and partial
correlations, which divide by it, turn the errors into edges. A floor of 1e-8 makes the matrix usable and the edges
certain; so the floor is one standard error of the eigenvalue, and the number of rows falls with the shrinkage.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.moments import ClusterSums, Evidence
from causalvalues.evidence.sums import sorted_sums
from causalvalues.frozen import FloatArray, IntArray

BEYOND_CHANCE = 3.0
"""A matrix is refused this many standard errors below the smallest eigenvalue that errors of all pairs explain."""


def made_definite(correlation: FloatArray, n: float, error: float | None = None) -> tuple[FloatArray, float]:
    """Shrink a correlation matrix towards independence until its smallest eigenvalue reaches its sampling error.

    Parameters
    ----------
    correlation : array (p, p)
        Symmetric, with ones on the diagonal.
    n : float
        Its effective number of rows.
    error : float, optional
        Standard error of the smallest eigenvalue. Default: sqrt(2 / n), that of a quadratic form v' R v with
        independent errors of variance 1 / n in all pairs and a vector v spread over all columns.

    Returns
    -------
    correlation : array (p, p)
        (1 - a) R + a I; R itself when its smallest eigenvalue is not below the floor.
    n : float
        n (1 - a)^2, at least p + 1 (or n, where that is less): after shrinkage an error of the size 1 / sqrt(n) counts
        as the whole signal.

    Notes
    -----
    A linear shrinkage as that of Ledoit and Wolf (2004), Journal of Multivariate Analysis 88, 365-411, with another
    aim: not the smallest error of all entries, but no eigenvalue that is known to less than one standard error.
    ``benchmarks/ordinal_answers.py`` measures the false edges on noise.

    Examples
    --------
    >>> import numpy as np
    >>> indefinite = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    >>> better, n = made_definite(indefinite, 50.0)
    >>> bool(np.isclose(np.linalg.eigvalsh(better)[0], 0.2)), round(n, 1)
    (True, 9.9)
    """
    p = len(correlation)
    floor = min(math.sqrt(2.0 / n) if error is None else error, 0.5)
    smallest = float(np.linalg.eigvalsh(correlation)[0])
    if p < 2 or smallest >= floor:
        return correlation, n
    share = (floor - smallest) / (1.0 - smallest)
    better = (1.0 - share) * correlation
    np.fill_diagonal(better, 1.0)
    return better, max(n * (1.0 - share) ** 2, min(n, p + 1.0))


def definite_evidence(evidence: Evidence) -> Evidence:
    """Shrink the residual correlations of the values where needed, with their cluster sums and effective n.

    Parameters
    ----------
    evidence : Evidence
        Of estimated correlations; with cluster sums, from whose spread the error of the smallest eigenvalue is taken.

    Returns
    -------
    Evidence
        The same, when its smallest eigenvalue is at least one standard error above zero; else with all correlations
        shrunk (variances and lever effects stay), `n_score` and `pairwise_n` reduced, and a note that says so.

    Raises
    ------
    DataError
        If the matrix is farther from definite than sampling error explains: smallest eigenvalue below
        -(2 sqrt(p / n) + 3 standard errors), where 2 sqrt(p / n) is how far errors of the size 1 / sqrt(n) in all
        pairs move it. Names the columns.

    References
    ----------
    The reach of the errors: Wigner (1958), Annals of Mathematics 67, 325-327 (semicircle law).
    """
    p, n = len(evidence.names), evidence.n_score
    sums, order = sorted_sums(evidence)
    scatter = evidence.scatter[np.ix_(order, order)]
    projection = residual_maker(scatter, p)
    residual = projection @ scatter @ projection.T
    variance = np.diag(residual)
    if p < 2 or not (variance > 0).all() or not np.isfinite(residual).all():
        return evidence
    scale = np.sqrt(variance)
    correlation = residual / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(correlation)
    error = eigenvalue_error(sums, projection / scale[:, None], correlation, vectors[:, 0])
    if values[0] < -(2 * math.sqrt(p / n) + BEYOND_CHANCE * error):
        raise DataError(_too_far(evidence, order, float(values[0]), vectors[:, 0]))
    better, left = made_definite(correlation, n, error)
    if better is correlation:
        return evidence
    share = 1.0 - _kept(correlation, better)
    note = (
        f"The correlations were shrunk by {share:.1%} towards independence, because their smallest eigenvalue "
        f"({values[0]:.3f}) is less than one standard error ({error:.3f}) above zero; a score uses n = {left:.0f} in "
        f"place of {n:.0f}."
    )
    return replace(_shrunk(evidence, sums, order, share, left), notes=(*evidence.notes, note))


def eigenvalue_error(sums: ClusterSums, projection: FloatArray, correlation: FloatArray, vector: FloatArray) -> float:
    """Return the standard error of an eigenvalue v' R v of the residual correlations, from sums over clusters.

    Parameters
    ----------
    sums : ClusterSums
        In the order of `projection`.
    projection : array (p, m)
        Makes standardised residuals of the values.
    correlation : array (p, p)
    vector : array (p,)
        Its eigenvector, of length 1.
    """
    parts = np.einsum("ai,gij,bj->gab", projection, sums.second, projection, optimize=["einsum_path", (0, 1), (0, 1)])
    squares = np.einsum("gaa->ga", parts)
    psi = parts - correlation / 2 * (squares[:, :, None] + squares[:, None, :])
    each = np.einsum("a,gab,b->g", vector, psi, vector)
    g = len(each)
    return float(np.sqrt((each**2).sum() * g / max(g - 1, 1)))


def _kept(before: FloatArray, after: FloatArray) -> float:
    i, j = divmod(int(np.argmax(np.abs(before - np.diag(np.diag(before))))), len(before))
    return float(after[i, j] / before[i, j])


def _shrunk(evidence: Evidence, sums: ClusterSums, order: IntArray, share: float, left: float) -> Evidence:
    """Scale the residual parts off the diagonal by 1 - share, in the whole scatter and in every cluster."""
    p = len(evidence.names)
    scatter = np.array(evidence.scatter[np.ix_(order, order)])
    projection = residual_maker(scatter, p)
    off = 1.0 - np.eye(p)
    second = np.array(sums.second)
    parts = np.einsum("ai,gij,bj->gab", projection, second, projection, optimize=["einsum_path", (0, 1), (0, 1)])
    second[:, :p, :p] -= share * parts * off
    scatter[:p, :p] -= share * (projection @ scatter @ projection.T) * off
    back = np.argsort(order)
    return replace(
        evidence,
        scatter=scatter[np.ix_(back, back)],
        n_score=left,
        pairwise_n=evidence.pairwise_n * (left / evidence.n_score),
        clusters=replace(sums, second=second).permuted(back),
    )


def _too_far(evidence: Evidence, order: IntArray, smallest: float, vector: FloatArray) -> str:
    p = len(evidence.names)
    heavy = [i for i in np.argsort(-np.abs(vector), kind="stable") if abs(vector[i]) > 0.5 * np.abs(vector).max()]
    names = [evidence.names[order[i]] for i in sorted(heavy)]
    shown = ", ".join(repr(name) for name in names)
    return (
        f"The correlations of {shown} contradict each other: no {p} variables have them (smallest eigenvalue "
        f"{smallest:.2f}), and sampling error does not explain it. Different rows answered different pairs of these "
        f"columns, or groups of rows disagree. Drop one of them (`matrix.drop([{names[0]!r}])`), use the rows that "
        "answered all of them, or look at the groups apart."
    )
