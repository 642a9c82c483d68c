"""Many claims at once: p-values of effects, and the share of false claims among those that are made."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray


def t_p_values(mean: FloatArray, se: FloatArray, clusters: FloatArray) -> FloatArray:
    """Return two-sided p-values of mean / se by Student's t with clusters - 1 degrees of freedom; NaN without se.

    An effect that is the same in all clusters (se 0) has p 0, or 1 when it is zero.
    """
    from scipy.special import stdtr

    known = np.isfinite(mean) & np.isfinite(se)
    t = np.abs(np.divide(mean, se, out=np.full(np.shape(mean), np.inf), where=known & (se > 0)))
    t = np.where(known & (se == 0) & (mean == 0), 0.0, t)
    return np.where(known, 2 * stdtr(np.maximum(clusters - 1, 1), -t), np.nan)


def q_values(p: FloatArray) -> FloatArray:
    """Return the least false discovery rate at which each p-value is called (Benjamini and Hochberg 1995).

    q_(i) = min over k >= i of m p_(k) / k, with m the number of p-values that are known; NaN stays NaN.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    flat = np.asarray(p, dtype=np.float64).ravel()
    found = np.full(len(flat), np.nan)
    places = np.flatnonzero(~np.isnan(flat))
    m = len(places)
    order = places[np.argsort(flat[places], kind="stable")]
    raised = flat[order] * m / np.arange(1, m + 1)
    found[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0) if m else raised
    return found.reshape(np.shape(p))


def wilson(count: int, size: int, level: float) -> tuple[float, float]:
    """Return the interval of a share (Wilson 1927); (NaN, NaN) when there is nothing to count.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(5, 10, 0.95)]
    [0.237, 0.763]
    """
    from scipy.special import ndtri

    if size == 0:
        return float("nan"), float("nan")
    z = float(ndtri((1 + level) / 2))
    share, scale = count / size, 1 + z * z / size
    middle = (share + z * z / (2 * size)) / scale
    half = z / scale * float(np.sqrt(share * (1 - share) / size + z * z / (4 * size * size)))
    return max(middle - half, 0.0), min(middle + half, 1.0)
