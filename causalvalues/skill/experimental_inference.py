"""Which of many effects differ from zero, and which are shown to be too small to matter."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, FloatArray


def false_discovery(p_values: FloatArray, share: float = 0.05) -> BoolArray:
    """Return which hypotheses are rejected so that at most `share` of the rejected ones are expected to be true.

    With p_(1) <= ... <= p_(m), all up to the largest k with p_(k) <= k share / m are rejected. Holds for independent
    and for positively dependent tests (Benjamini and Hochberg 1995, J. R. Statist. Soc. B 57, 289-300; Benjamini and
    Yekutieli 2001, Annals of Statistics 29, 1165-1188).

    Parameters
    ----------
    p_values : array of any shape
        NaN for tests that could not be made: not counted, not rejected.
    share : float, default 0.05

    Returns
    -------
    array of bool, the same shape

    Examples
    --------
    >>> false_discovery(np.array([0.001, 0.03, 0.04, 0.9])).tolist()
    [True, False, False, False]
    """
    if not 0 < share < 1:
        raise ModelError(f"A false-discovery share of {share} is not between 0 and 1. The usual one is .05.")
    made = np.isfinite(p_values)
    p = np.sort(p_values[made])
    if not len(p):
        return np.zeros(p_values.shape, dtype=bool)
    below = np.flatnonzero(p <= share * np.arange(1, len(p) + 1) / len(p))
    cut = p[below[-1]] if len(below) else -1.0
    return np.where(made, p_values, np.inf) <= cut


def differs_p(mean: FloatArray, se: FloatArray, freedom: FloatArray) -> FloatArray:
    """Return two-sided p values of "the effect is zero" by the t distribution."""
    t = _ratio(np.abs(mean), se)
    return np.asarray(2 * stdtr(np.maximum(freedom, 1), -t))


def equivalence_p(mean: FloatArray, se: FloatArray, freedom: FloatArray, smallest: FloatArray) -> FloatArray:
    """Return p values of "the effect is at least as large as `smallest`, in either direction".

    The larger p value of the two one-sided tests of mean >= smallest and mean <= -smallest (Schuirmann 1987, Journal of
    Pharmacokinetics and Biopharmaceutics 15, 657-680).
    """
    t = _ratio(smallest - np.abs(mean), se)
    return np.asarray(stdtr(np.maximum(freedom, 1), -t))


def _ratio(distance: FloatArray, se: FloatArray) -> FloatArray:
    sure = np.where(distance > 0, np.inf, np.where(distance < 0, -np.inf, 0.0))
    found = np.where(se > 0, distance / np.where(se > 0, se, 1.0), sure)
    return np.asarray(np.where(np.isfinite(se) & np.isfinite(distance), found, np.nan))
