"""How far apart normal laws are: the generalised Jensen-Shannon divergence, exact for one answer, else bounds."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray

NODES = 96
"""Of the Gauss-Hermite rule."""


def jensen_shannon(means: FloatArray, deviations: FloatArray, weights: FloatArray) -> float:
    """Return the generalised Jensen-Shannon divergence of g normal laws of one answer, in nats.

    sum_i w_i KL(p_i || sum_j w_j p_j), at most the entropy of the weights (Lin 1991, equation 4.1): what one answer
    tells about which group gave it. By Gauss-Hermite quadrature about each law.

    Parameters
    ----------
    means, deviations, weights : array (g,)
        Deviations are positive; weights sum to 1.

    Examples
    --------
    >>> far = jensen_shannon(np.array([0.0, 100.0]), np.ones(2), np.full(2, 0.5))
    >>> round(far, 4), round(jensen_shannon(np.zeros(2), np.ones(2), np.full(2, 0.5)), 4)
    (0.6931, 0.0)
    """
    nodes, shares = np.polynomial.hermite_e.hermegauss(NODES)
    points = means[:, None] + deviations[:, None] * nodes  # (i, node)
    z = (points[:, :, None] - means) / deviations
    logs = -0.5 * np.square(z) - np.log(deviations)  # (i, node, j)
    most = logs.max(axis=2)
    mixed = most + np.log((weights * np.exp(logs - most[:, :, None])).sum(axis=2))
    own = -0.5 * np.square(nodes) - np.log(deviations)[:, None]
    divergence = ((own - mixed) * shares).sum(axis=1) / shares.sum()
    return max(float((weights * divergence).sum()), 0.0)


def jensen_shannon_bounds(means: FloatArray, covariances: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Return a lower and an upper bound of the generalised Jensen-Shannon divergence of g normal laws, in nats.

    - sum_i w_i log sum_j w_j exp(- D_ij), with D the Bhattacharyya distance (lower) or the Kullback-Leibler divergence
      (upper): Kolchinsky and Tracey (2017), Entropy 19, 361, equations 10, 13 and 14.

    Parameters
    ----------
    means : array (g, q)
    covariances : array (g, q, q)
    weights : array (g,)
    """
    apart, diverging = _distances(means, covariances)
    bounds = [-float((weights * np.log(np.exp(-each) @ weights)).sum()) for each in (apart, diverging)]
    return max(bounds[0], 0.0), max(bounds[1], 0.0)


def _distances(means: FloatArray, covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Bhattacharyya distances (g, g) and KL(i || j)."""
    logs = np.linalg.slogdet(covariances)[1]
    between = means[None, :] - means[:, None]
    middle = (covariances[:, None] + covariances[None, :]) / 2
    bent = np.einsum("ijk,ijk->ij", between, np.linalg.solve(middle, between[..., None])[..., 0])
    apart = bent / 8 + (np.linalg.slogdet(middle)[1] - (logs[:, None] + logs[None, :]) / 2) / 2
    inverse = np.linalg.inv(covariances)
    bent = np.einsum("ijk,jkl,ijl->ij", between, inverse, between)
    trace = np.einsum("ikl,jlk->ij", covariances, inverse)
    diverging = (trace + bent - means.shape[1] + logs[None, :] - logs[:, None]) / 2
    return np.maximum(apart, 0.0), np.maximum(diverging, 0.0)
