"""Spearman's rank correlation with ties."""

from __future__ import annotations

import numpy as np

from causalvalues.frozen import FloatArray


def ranks(scores: FloatArray) -> FloatArray:
    """Return mean ranks along the last axis, from (..., p); equal scores share the mean of their ranks.

    Examples
    --------
    >>> ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    below = (scores[..., None, :] < scores[..., :, None]).sum(axis=-1)
    equal = (scores[..., None, :] == scores[..., :, None]).sum(axis=-1)
    return np.asarray(below + (equal + 1) / 2)


def spearman(scores: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the rank correlation (...,) of scores (..., p) with wanted ones (p,); 0 where either has no differences.

    Examples
    --------
    >>> spearman(np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), np.array([0.0, 1.0, 5.0])).tolist()
    [1.0, 0.0]
    """
    one, other = ranks(scores), ranks(wanted)
    one, other = one - one.mean(axis=-1, keepdims=True), other - other.mean()
    size = np.sqrt((one**2).sum(axis=-1) * (other**2).sum())
    return np.asarray((one * other).sum(axis=-1) / np.where(size > 0, size, 1.0))
