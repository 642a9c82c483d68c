"""What is needed of the normal distribution: half the width of its 90% interval, and roots of covariances."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray

NORMAL_90 = 1.6448536269514722
"""Half the width of a 90% interval, in standard deviations."""


def square_root(covariance: FloatArray) -> FloatArray:
    """Return the symmetric square root of a covariance matrix, negative eigenvalues set to zero.

    Unlike the eigenvectors it has no free signs, and it follows the order of the columns.
    """
    if not covariance.any():
        return covariance
    if not (covariance - np.diag(np.diag(covariance))).any():
        return np.diag(np.sqrt(np.diag(covariance)))
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return np.asarray(np.einsum("ij,j,kj->ik", vectors, np.sqrt(np.maximum(eigenvalues, 0.0)), vectors))
