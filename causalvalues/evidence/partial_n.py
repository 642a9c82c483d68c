"""Effective sample size of each partial correlation: small where corrected correlations are nearly singular."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.effective import residual_maker
from causalvalues.evidence.moments import Evidence
from causalvalues.evidence.sums import sorted_sums
from causalvalues.frozen import FloatArray


def partial_effective_n(evidence: Evidence) -> FloatArray:
    """Return the number of independent rows that each partial correlation given all other values is worth.

    For Gaussian rows it is the number of rows, whatever the correlations. Where the error of a reliability moves a
    whole column, an error that is small for a correlation can be large for a partial one. The influence of a cluster on
    the inverse M of the residual correlations is -M e M, with e that on the correlations; effective n follow from it as
    in `causalvalues.evidence.effective.pairwise_effective_n`.

    Parameters
    ----------
    evidence : Evidence
        With cluster sums, and positive definite residual correlations.

    Returns
    -------
    array (p, p)
        In the order of the names; at most n, and n on the diagonal.
    """
    sums, order = sorted_sums(evidence)
    p, n = len(evidence.names), float(evidence.n)
    scatter = evidence.scatter[np.ix_(order, order)]
    projection = residual_maker(scatter, p)
    residual = projection @ scatter @ projection.T
    scale = np.sqrt(np.diag(residual))
    correlation = residual / np.outer(scale, scale)
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        raise DataError(
            f"The values {sorted(evidence.names)} follow from each other within rounding, so they have no partial "
            "correlations. Drop one of them."
        )
    inverse = np.linalg.inv(correlation)
    projection = projection / scale[:, None]
    moves = inverse @ projection @ sums.second @ projection.T @ inverse
    size = np.sqrt(np.diag(inverse))
    r = inverse / np.outer(size, size)
    moves = moves / np.outer(size, size)
    squares = np.einsum("gaa->ga", moves)
    psi = moves - r / 2 * (squares[:, :, None] + squares[:, None, :])
    g = len(psi)
    robust = (psi**2).sum(axis=0) * g / max(g - 1, 1)
    known = robust > 1e-20
    effective = np.where(known, (1 - r**2) ** 2 / np.where(known, robust, 1.0), n)
    effective = (effective + effective.T) / 2  # rounding leaves the two halves apart, and callers read one of them
    np.fill_diagonal(effective, n)
    back = np.argsort(order[:p])
    return np.asarray(np.minimum(effective, n)[np.ix_(back, back)])
