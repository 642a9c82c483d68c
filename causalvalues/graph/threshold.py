"""The threshold for edge frequencies of bootstrap graphs."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import DiscoveryError
from causalvalues.frozen import FloatArray

_ROUNDING = 1e-9  # sums of two frequencies that should be equal differ in their last digits


def inclusion_threshold(strengths: FloatArray) -> float:
    """Return the frequency above which a bootstrapped edge counts as present (Scutari and Nagarajan 2013).

    The ideal strengths are all 0 or 1, so their distribution function is a constant t on (0, 1). The estimate of t
    minimises the L1 distance to the empirical distribution function, and the threshold is the t-quantile of the
    strengths. As `inclusion.threshold` of the R package bnlearn, with the exact minimum (a weighted median of the
    steps) in place of a numerical one. It is meant for frequencies over resamples, not for posterior probabilities.

    Parameters
    ----------
    strengths : array of float
        One value a pair of nodes, in [0, 1].

    Returns
    -------
    float
        Pairs with a strength above it are kept. Below 1, so that a strength of 1 always counts as present; 0 when there
        are no pairs.

    References
    ----------
    Scutari, M. and Nagarajan, R. (2013). Identifying significant edges in graphical models of molecular networks.
    Artificial Intelligence in Medicine 57, 207-217.
    """
    values = np.sort(np.asarray(strengths, dtype=float).ravel())
    if not len(values):
        return 0.0
    if not (np.isfinite(values).all() and values[0] >= 0 and values[-1] <= 1 + 1e-9):
        raise DiscoveryError("Edge strengths must be frequencies between 0 and 1.")
    values = np.minimum(values, 1.0)
    knots = np.unique(np.concatenate([[0.0], values, [1.0]]))
    widths = np.diff(knots)
    level = np.searchsorted(values, knots[:-1], side="right") / len(values)
    share = _weighted_median(level, widths)
    place = int(np.ceil(share * len(values) - 1e-9)) - 1
    return min(float(values[max(place, 0)]) + _ROUNDING, 1.0 - _ROUNDING)


def _weighted_median(values: FloatArray, weights: FloatArray) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2 * (1 - 1e-12))])
