"""Small-sample corrections of cluster-robust errors: of a weighted mean, and of the difference of two (CR2)."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray


def cluster_corrections(share: FloatArray, variance: FloatArray) -> tuple[FloatArray, float]:
    """Return what makes squared cluster sums unbiased, a_g (G,), and their degrees of freedom.

    With `share` h (G,) of the weight and variance v (G,) of the plain sums, the covariance of the sums about the mean
    is C = (I - h 1') diag(v) (I - 1 h'). So a_g = v_g / C_gg, and the freedom is (sum_g a_g C_gg)^2 / sum_gk a_g a_k
    C_gk^2, whose sum over pairs is multiplied out here.
    """
    total = variance.sum()
    off = np.square(share) * total - 2 * share * variance
    a = variance / (variance + off)
    hh, hv, vv = (float((a * each).sum()) for each in (share**2, share * variance, variance**2))
    pairs = 2 * hh * vv + (total * hh) ** 2 + 2 * hv**2 - 4 * total * hh * hv
    pairs += float((np.square(a) * variance * (2 * off + variance)).sum())
    return a, float(total**2 / pairs)


def difference_corrections(
    shares: FloatArray, variances: FloatArray, joint: FloatArray, relation: float
) -> tuple[FloatArray, float]:
    """Return the corrections a_g (G,) and the degrees of freedom of a difference of two means.

    Parameters
    ----------
    shares : array (2, G)
        Share h of each mean's weight in the clusters; zero where a cluster has no answer to it.
    variances : array (2, G)
        Sum of the squared shares of the rows, v_0 and v_1.
    joint : array (G,)
        Sum of the products of both shares of a row, v_01.
    relation : float
        Correlation r of both answers of a row, in (-1, 1); of no weight where all rows have both.

    Returns
    -------
    array (G,), float

    Notes
    -----
    The working model has independent rows and one variance. The sums of the difference then have the covariance
    C = sum_jl w_jl (I - h_j 1') diag(v_jl) (I - 1 h_l'), w = 1 for j = l and -r else; a_g = v_g / C_gg with
    v = v_0 + v_1 - 2 r v_01, and the freedom is (sum_g v_g)^2 / sum_gk a_g a_k C_gk^2. C differs from diag(v) by
    U K U' with four columns in U, so that the sum over pairs is a trace of 4 x 4 matrices. With h_0 = h_1 and
    v_0 = v_1 = v_01 this is `cluster_corrections`.
    """
    crossed = -relation * joint
    pulls = variances + crossed
    variance = pulls.sum(axis=0)
    sides = np.vstack([shares, pulls])
    middle = np.zeros((4, 4))
    middle[:2, :2] = np.diag(variances.sum(axis=1))
    middle[0, 1] = middle[1, 0] = crossed.sum()
    for own in (0, 1):
        middle[own, own + 2] = middle[own + 2, own] = -1.0
    off = np.einsum("ig,ij,jg->g", sides, middle, sides)
    a = variance / (variance + off)
    turned = middle @ np.einsum("ig,g,jg->ij", sides, a, sides)
    pairs = float(np.einsum("ij,ji->", turned, turned))
    pairs += float((np.square(a) * variance * (2 * off + variance)).sum())
    return a, float(variance.sum() ** 2 / pairs)
