"""Resampled sums of an estimate may be indefinite: shrink their correlations, and charge n for it."""

from __future__ import annotations

import numpy as np

from causalvalues.evidence.definite import made_definite
from causalvalues.evidence.moments import Evidence, partial_out
from causalvalues.frozen import FloatArray

KEPT = 0.1
"""A resampled estimate is shrunk when its smallest eigenvalue is below this share of that of the evidence."""


def definite_scatter(scatter: FloatArray, evidence: Evidence) -> tuple[FloatArray, float]:
    """Return a resampled scatter whose residual correlations are positive definite, and the share of n that it costs.

    Resampled sums of an estimate may be indefinite. Where the smallest eigenvalue of the values' residual correlations
    falls below a tenth of its size in the evidence, `causalvalues.evidence.definite.made_definite` shrinks them and
    reduces n; the values' part of the scatter follows.

    Parameters
    ----------
    scatter : array (m', m')
        Values, then the design columns that are left, in sorted order.
    evidence : Evidence
        Whose sums were resampled.
    """
    p = len(evidence.names)
    residual = partial_out(scatter, p)
    variance = np.diag(residual)
    if not (variance > 0).all():
        return scatter, 1.0
    scale = np.sqrt(variance)
    correlation = residual / np.outer(scale, scale)
    if np.linalg.eigvalsh(correlation)[0] > max(KEPT * _smallest(evidence), 1e-10):
        return scatter, 1.0
    np.fill_diagonal(correlation, 1.0)
    n = max(evidence.n_score, p + 1.0)
    better, left = made_definite(correlation, n)
    changed = np.array(scatter)
    changed[:p, :p] += better * np.outer(scale, scale) - residual
    return changed, left / n


def _smallest(evidence: Evidence) -> float:
    residual = evidence.residual_scatter
    variance = np.diag(residual)
    if not (variance > 0).all():
        return 0.0
    return float(np.linalg.eigvalsh(residual / np.sqrt(np.outer(variance, variance)))[0])
