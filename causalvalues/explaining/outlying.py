"""How far a profile lies from those of the units in the data."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray


def outlying(units: FloatArray, profile: FloatArray) -> tuple[float, float]:
    """Return the Mahalanobis distance of a profile from the units, and how rare such a distance is.

    The distance uses mean and covariance of the units (divisor n - 1). The rarity ranks the profile among the n units
    with itself counted in: mean and covariance are those of all n + 1, and it is the share of the n + 1 whose distance
    is at least as large. When the profile is exchangeable with the units, it is at most a with probability at most a
    (a conformal p-value: Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world", chapter 2).

    Parameters
    ----------
    units : array (n, p)
    profile : array (p,)

    Returns
    -------
    (float, float)
        NaN where there are too few units (n < p + 2); directions in which no unit differs are left out.

    Examples
    --------
    >>> outlying(np.array([[-1.0], [0.0], [0.0], [1.0]]), np.array([9.0]))[1]
    0.2
    """
    n, p = units.shape
    if n < p + 2:
        return float("nan"), float("nan")
    scales = units.std(axis=0)
    kept = scales > 1e-12 * np.maximum(np.abs(units).max(axis=0), 1e-300)
    if not kept.any():
        return float("nan"), float("nan")
    unit, one = units[:, kept] / scales[kept], profile[kept] / scales[kept]
    every = np.vstack([unit, one])
    squared = _squared(every, every)
    rarity = float(np.mean(squared >= squared[-1] * (1 - 1e-9)))
    return float(np.sqrt(_squared(unit, one[None])[0])), rarity


def _squared(units: FloatArray, profiles: FloatArray) -> FloatArray:
    """Return squared Mahalanobis distances of profiles (m, p) from units (n, p)."""
    mean = units.mean(axis=0)
    centred = units - mean
    covariance = np.einsum("ni,nj->ij", centred, centred) / (len(units) - 1)
    inverse = np.linalg.pinv(covariance, rcond=1e-10, hermitian=True)
    return np.asarray(np.einsum("mi,ij,mj->m", profiles - mean, inverse, profiles - mean))
