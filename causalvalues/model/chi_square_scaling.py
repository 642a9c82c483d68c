"""By how much clusters and non-normal rows inflate the chi-square of a graph."""

from __future__ import annotations

import numpy as np

from causalvalues.evidence.sums import varying
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.model.held_out_prediction import equations
from causalvalues.model.partial_correlations import ValueMoments


def scaling_factor(graph: BoolArray, moments: ValueMoments, parts: FloatArray) -> float:
    """Return c = tr(U Gamma) / df, the mean of chi2 / df under the graph; the scaled chi-square is chi2 / c.

    Gamma is the covariance of the moments from the sums of clusters, and U takes away what the parameters can fit. With
    the implied correlations L L' and the parts A of a cluster whitened as L^-1 A L^-T, tr(U Gamma) is the sum over
    clusters of the squared length of what the whitened derivatives of the parameters leave of A, over 2 n. For the edge
    i -> j the derivative is Sigma e_i (T' e_j)' + transpose, for the variance of j it is T' e_j (T' e_j)', where
    T = (I - B)^-1.

    Parameters
    ----------
    graph : array (p, p) of bool
        In the order of `moments.names`.
    moments : ValueMoments
    parts : array (G, p, p)
        For each cluster the sum of z z' less its rows times the correlations.

    Returns
    -------
    float
        1 for a graph without degrees of freedom, and for fewer than two clusters.

    References
    ----------
    Satorra and Bentler (1994), in von Eye and Clogg (eds), Latent Variables Analysis, 399-419.
    """
    p, g = len(graph), len(parts)
    df = p * (p - 1) // 2 - int(graph.sum())
    if df == 0 or g < 2:
        return 1.0
    slopes, variance = equations(graph, moments.correlation)
    total = np.linalg.inv(np.eye(p) - slopes)
    root = np.linalg.cholesky(total.T @ (variance[:, None] * total))
    white = np.linalg.solve(root, total.T)
    space = [np.outer(column, column) for column in white.T]
    for i, j in np.argwhere(graph):
        turn = np.outer(root[i], white[:, j])
        space.append(turn + turn.T)
    basis = np.linalg.qr(np.array(space).reshape(len(space), -1).T)[0]
    inverse = np.linalg.inv(root)
    flat = (inverse @ varying(parts, moments.strata) @ inverse.T).reshape(g, -1)
    left = float(np.square(flat).sum() - np.square(flat @ basis).sum())
    return left / 2 / moments.n / df
