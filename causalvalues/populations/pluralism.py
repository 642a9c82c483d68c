"""Three ways in which a population of answers can be plural: Overton, steerable, distributional."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.frozen import BoolArray, FloatArray


def overton_coverage(
    reached: FloatArray, wanted: FloatArray, tolerance: float, weights: FloatArray | None = None
) -> float:
    """Return the share of the wanted profiles that some reached profile comes near.

    After Overton pluralism (Sorensen et al. 2024, "A Roadmap to Pluralistic Alignment", section 3): the whole window of
    reasonable answers is given, not one of them.

    Parameters
    ----------
    reached : array (n, p)
    wanted : array (m, p)
    tolerance : float
        Largest mean absolute error that counts as near, score units.
    weights : array (m,), optional
        Of the wanted profiles; default equal.

    Examples
    --------
    >>> overton_coverage(np.array([[0.0], [1.0]]), np.array([[0.1], [5.0]]), 0.25)
    0.5
    """
    return _share(np.asarray(_near(reached, wanted, tolerance).any(axis=0)), weights)


def steerable_share(
    points: FloatArray, wanted: FloatArray, tolerance: float, weights: FloatArray | None = None
) -> float:
    """Return the share of pairs of a persona and a wanted profile for which some choice brings the one near the other.

    After steerable pluralism (Sorensen et al. 2024, section 3): the answers can be made to show a given attribute.

    Parameters
    ----------
    points : array (u, n, p)
        Profile of each persona under each choice.
    wanted : array (m, p)
    tolerance : float
    weights : array (m,), optional
    """
    return float(np.mean([overton_coverage(each, wanted, tolerance, weights) for each in points]))


def _near(reached: FloatArray, wanted: FloatArray, tolerance: float) -> BoolArray:
    if not tolerance > 0:
        raise PlanError(f"The tolerance is {tolerance}. Give a positive number in score units.")
    if reached.shape[1] != wanted.shape[1]:
        raise PlanError(f"The profiles have {reached.shape[1]} and {wanted.shape[1]} values. Give the same values.")
    errors = np.array([np.abs(reached - goal).mean(axis=1) for goal in wanted]).T
    return np.asarray(errors <= tolerance * (1 + 1e-9))


def _share(holds: BoolArray, weights: FloatArray | None) -> float:
    given = np.ones(len(holds)) if weights is None else np.asarray(weights, dtype=float)
    return float(min((given * holds).sum() / given.sum(), 1.0))
