"""How far one distribution of profiles is from another: exact and sliced Wasserstein distances."""

from __future__ import annotations

import numpy as np

from causalvalues.errors import PlanError
from causalvalues.frozen import FloatArray
from causalvalues.populations.linear_programs import least_cost, table_of
from causalvalues.randomness import require_whole, stream

MOST_PAIRS = 250_000
"""Larger transport problems are refused; `sliced_wasserstein` takes them."""


def wasserstein_1d(
    first: FloatArray,
    second: FloatArray,
    first_weights: FloatArray | None = None,
    second_weights: FloatArray | None = None,
) -> float:
    """Return the Wasserstein-1 distance of two weighted samples of one value, exactly.

    W = integral of |F(z) - G(z)| dz over their distribution functions (Vallender 1974, "Calculation of the Wasserstein
    distance between probability distributions on the line").

    Parameters
    ----------
    first, second : array (n,), array (m,)
        Score units.
    first_weights, second_weights : array (n,), array (m,), optional
        Default equal; each normalised to sum 1.

    Returns
    -------
    float
        Score units.

    Examples
    --------
    >>> wasserstein_1d(np.array([0.0, 1.0]), np.array([0.5]))
    0.5
    """
    x, a = _sample(np.asarray(first, dtype=float)[:, None], first_weights)
    y, b = _sample(np.asarray(second, dtype=float)[:, None], second_weights)
    points = np.sort(np.concatenate([x[:, 0], y[:, 0]]))
    gaps = np.abs(_distribution(x[:, 0], a, points) - _distribution(y[:, 0], b, points))
    return float((gaps[:-1] * np.diff(points)).sum())


def _distribution(x: FloatArray, weights: FloatArray, points: FloatArray) -> FloatArray:
    """Return the share of the sample at or below each point."""
    order = np.argsort(x, kind="stable")
    summed = np.concatenate([[0.0], np.cumsum(weights[order])])
    return np.asarray(summed[np.searchsorted(x[order], points, side="right")])


def wasserstein(
    first: FloatArray,
    second: FloatArray,
    first_weights: FloatArray | None = None,
    second_weights: FloatArray | None = None,
) -> float:
    """Return the Wasserstein-1 distance of two weighted samples of profiles, exactly, by linear programming.

    The ground distance is the mean absolute difference over the values, so that the result is in the units of a mean
    absolute error. It is at least the mean over the values of the one-dimensional distances.

    Parameters
    ----------
    first, second : array (n, p), array (m, p)
    first_weights, second_weights : array (n,), array (m,), optional

    Raises
    ------
    PlanError
        If shapes or weights do not fit, or n * m is above 250,000.

    Examples
    --------
    >>> round(wasserstein(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 1.0]])), 9)
    0.5
    """
    x, a = _sample(first, first_weights)
    y, b = _sample(second, second_weights)
    if x.shape[1] != y.shape[1]:
        raise PlanError(f"The profiles have {x.shape[1]} and {y.shape[1]} values. Give the same values on both sides.")
    return transport(np.abs(x[:, None] - y[None]).mean(axis=2), a, b)[0]


def transport(costs: FloatArray, sources: FloatArray, sinks: FloatArray) -> tuple[float, FloatArray]:
    """Return the least cost of moving the sources to the sinks and the plan (n, m) that has it (Kantorovich 1942).

    Parameters
    ----------
    costs : array (n, m)
        Of one unit of mass.
    sources, sinks : array (n,), array (m,)
        Masses, each of sum 1.
    """
    n, m = costs.shape
    if n * m > MOST_PAIRS:
        raise PlanError(
            f"{n:,} by {m:,} profiles are too many for exact transport (at most {MOST_PAIRS:,} pairs). Take a sample, "
            "or use `sliced_wasserstein`."
        )
    places = np.arange(n * m)
    rows = np.concatenate([places // m, n + places % m])
    table = table_of([rows], [np.tile(places, 2)], [np.ones(2 * n * m)], (n + m, n * m))
    sinks = sinks * (sources.sum() / sinks.sum())
    least, plan = least_cost(costs.ravel(), table[:-1], np.concatenate([sources, sinks])[:-1])
    return max(least, 0.0), plan.reshape(n, m)


def sliced_wasserstein(first: FloatArray, second: FloatArray, directions: int = 200, seed: int = 0) -> float:
    """Return the mean one-dimensional distance along random directions (Rabin et al. 2011; Bonneel et al. 2015).

    For many profiles; each direction is a vector on the unit sphere, so the result is in score units along one
    direction and is not on the scale of `wasserstein`.

    Parameters
    ----------
    first, second : array (n, p), array (m, p)
    directions : int, default 200
    seed : int, default 0
    """
    require_whole("directions", directions)
    x, a = _sample(first, None)
    y, b = _sample(second, None)
    if x.shape[1] != y.shape[1]:
        raise PlanError(f"The profiles have {x.shape[1]} and {y.shape[1]} values. Give the same values on both sides.")
    ways = stream(seed, "sliced wasserstein").standard_normal((directions, x.shape[1]))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    along = [(np.einsum("np,p->n", x, way), np.einsum("mp,p->m", y, way)) for way in ways]
    return float(np.mean([wasserstein_1d(u, v, a, b) for u, v in along]))


def _sample(profiles: FloatArray, weights: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    x = np.asarray(profiles, dtype=float)
    if x.ndim != 2 or not len(x):
        raise PlanError(f"Profiles have the shape {x.shape}. Give a table with one row a profile and at least one row.")
    if not np.isfinite(x).all():
        raise PlanError("A profile is not finite. Leave profiles with lost scores out.")
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if w.shape != (len(x),) or not (np.isfinite(w).all() and (w >= 0).all() and w.sum() > 0):
        raise PlanError(f"Give one weight of zero or more for each of the {len(x)} profiles, not all zero.")
    return x, w / w.sum()
