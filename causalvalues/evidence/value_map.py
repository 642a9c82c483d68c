"""A map of values: close together what goes together, held against the circle of a theory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.evidence.moments import Evidence, partial_out
from causalvalues.evidence.resampling import bootstrap_scatters
from causalvalues.evidence.scaling import Ordinal, Scale, best_points, scaled_points
from causalvalues.frozen import FloatArray
from causalvalues.randomness import require_whole, stream
from causalvalues.theories.theory import ValueTheory

RELABELLINGS = 9999


@dataclass(frozen=True, eq=False)
class MapSettings:
    """How a map is made.

    Parameters
    ----------
    scale : Ordinal, Interval or Ratio, default Ordinal()
    starts : int, default 20
        Random starts beside the classical one; the map with the smallest stress is kept.
    draws : int, default 200
        Bootstrap draws of the clusters.
    """

    scale: Scale = field(default_factory=Ordinal)
    starts: int = 20
    draws: int = 200


@dataclass(frozen=True, eq=False)
class ValueMap:
    """Values as points in the plane, turned and mirrored towards the theory's circle of radius 1.

    Parameters
    ----------
    points : DataFrame (n, 2)
        ``x, y`` by value, mean square distance from the origin 1; y runs upwards.
    theory_points : DataFrame (n, 2)
        Places on the theory's circle, clockwise from the top in its order; NaN without a circular theory.
    stress : float
        Stress-1 of the map.
    fit : float
        Share of the points' spread that the circle explains after the best turn, mirroring and size (1 less the
        Procrustes statistic; Gower 1975); NaN without a circular theory.
    p : float
        Share of relabellings of the values that fit at least as well (9,999 random ones and the one at hand).
    order : tuple of str
        Values clockwise about the centre, the theory's first one first.
    neighbours : int
        Pairs of neighbours in `order` that are neighbours in the theory's order of these values.
    covariances : array (n, 2, 2) or None
        Of each point over bootstrap draws, each turned, mirrored and sized to fit the map.
    stability : float
        1 less the share of the draws' spread that lies within values (Jacoby and Armstrong 2014); NaN without draws.
    draws : int
        Bootstrap draws behind the covariances.
    scale : str
        "ordinal", "interval" or "ratio".
    """

    points: pd.DataFrame
    theory_points: pd.DataFrame
    stress: float
    fit: float
    p: float
    order: tuple[str, ...]
    neighbours: int
    covariances: FloatArray | None
    stability: float
    draws: int
    scale: str

    def __repr__(self) -> str:
        theory = "" if np.isnan(self.fit) else f", fit to the circle {self.fit:.2f} (p {self.p:.3g})"
        return f"ValueMap({len(self.points)} values, {self.scale}, stress-1 {self.stress:.3f}{theory})"


def value_map(
    correlations: Evidence | pd.DataFrame,
    theory: ValueTheory | None = None,
    seed: int = 0,
    settings: MapSettings | None = None,
) -> ValueMap:
    """Scale correlations of values into a plane, and hold the map against the circle of a theory.

    Parameters
    ----------
    correlations : Evidence or DataFrame (n, n)
        Evidence with cluster sums gives bootstrap regions, too; its levers are partialled out.
    theory : ValueTheory, optional
        A circular one is fitted (any spelling of its dimensions); the map is only turned towards it, never bent.
    seed : int, default 0
    settings : MapSettings, optional

    Returns
    -------
    ValueMap
        Of dissimilarities sqrt(1 - r), in the order of the names given.

    Raises
    ------
    DataError
        If there are fewer than 4 values, the table is no correlation matrix, or the theory does not know a value.

    Notes
    -----
    The map has two free directions and one mirroring, so even shuffled labels fit somewhat: `p` says how often as well
    as the theory's. It is small when the rough layout is right; single neighbours may still be swapped (`order`).
    Regions start each draw from the map of all rows, so they show sampling error around this map, not other local
    minima.

    References
    ----------
    Borg and Groenen (2005), Modern Multidimensional Scaling; Borg, Bardi and Schwartz (2017), Journal of Personality
    85, 151-162 (values on a circle); Gower (1975), Psychometrika 40, 33-51; Jacoby and Armstrong (2014), American
    Journal of Political Science 58, 264-278 (bootstrap regions).

    Examples
    --------
    >>> turn = np.cos(np.subtract.outer(np.arange(6), np.arange(6)) * np.pi / 3)
    >>> found = value_map(pd.DataFrame(turn, list("abcdef"), list("abcdef")))
    >>> found.order, round(found.stress, 3)
    (('a', 'b', 'c', 'd', 'e', 'f'), 0.0)
    """
    settings = settings or MapSettings()
    require_whole("draws", settings.draws, 0)
    require_whole("starts", settings.starts, 0)
    given, matrix = _correlations(correlations)
    names = sorted(given)
    places = [given.index(name) for name in names]
    apart = _dissimilarities(matrix[np.ix_(places, places)])
    found = best_points(apart, settings.scale, seed, settings.starts)
    circle = _circle(names, theory)
    points, fit, p = unit_size(found.points), np.nan, np.nan
    if circle is None:
        points = _principal(points)
    else:
        points = points @ rotation(points, circle)
        fit, p = circle_fit(points, circle, seed)
    clouds = _clouds(correlations, points, settings, seed)
    order = _clockwise(points, names, theory if circle is not None else None)
    back = [names.index(name) for name in given]
    whole = circle if circle is not None else np.full(points.shape, np.nan)
    spread = None if clouds is None else _covariances(clouds)[back]
    return ValueMap(
        points=pd.DataFrame(points[back], list(given), ["x", "y"]),
        theory_points=pd.DataFrame(whole[back], list(given), ["x", "y"]),
        stress=found.stress,
        fit=fit,
        p=p,
        order=order,
        neighbours=_neighbours(order, names, theory) if circle is not None and theory is not None else 0,
        covariances=spread,
        stability=np.nan if clouds is None else _stability(clouds),
        draws=0 if clouds is None else len(clouds),
        scale=settings.scale.name,
    )


def _correlations(given: Evidence | pd.DataFrame) -> tuple[tuple[str, ...], FloatArray]:
    table = given.correlation if isinstance(given, Evidence) else given
    names = tuple(str(name) for name in table.columns)
    if len(set(names)) < len(names) or tuple(str(name) for name in table.index) != names:
        raise DataError("The rows and columns of a correlation table need the same names, each of them once.")
    matrix = table.to_numpy(dtype=float)
    good = np.isfinite(matrix).all() and np.allclose(matrix, matrix.T, atol=1e-8)
    if not good or not np.allclose(np.diag(matrix), 1.0, atol=1e-6) or np.abs(matrix).max() > 1 + 1e-6:
        raise DataError("This is no correlation matrix: it must be symmetric, within -1 and 1, with 1 on the diagonal.")
    return names, matrix


def _dissimilarities(correlation: FloatArray) -> FloatArray:
    """Return sqrt(1 - r), rounded so that numbers which differ in their last bits alone are ties."""
    return np.asarray(np.sqrt(np.round(np.clip(1 - (correlation + correlation.T) / 2, 0.0, 2.0), 12)))


def unit_size(points: FloatArray) -> FloatArray:
    """Return points about their centre with a mean square distance of 1 from it."""
    centred = points - points.mean(axis=0)
    return np.asarray(centred / np.sqrt(np.square(centred).sum() / len(points)))


def rotation(points: FloatArray, target: FloatArray) -> FloatArray:
    """Return the turn or mirroring (2, 2) that brings `points` @ it nearest to `target` (Schoenemann 1966)."""
    left, _, right = np.linalg.svd(np.einsum("ni,nj->ij", points, target - target.mean(axis=0)))
    return np.asarray(left @ right)


def circle_fit(points: FloatArray, circle: FloatArray, seed: int) -> tuple[float, float]:
    """Return the Procrustes fit of points (n, 2) to places (n, 2), and the share of relabellings that fit as well.

    The fit is (s1 + s2)^2 of the singular values of X'Y for both centred and of norm 1: the share of the sum of squares
    that the best turn, mirroring and size explain.
    """
    x = points - points.mean(axis=0)
    y = circle - circle.mean(axis=0)
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    random = stream(seed, "relabellings of a map")
    labels = np.array([random.permutation(len(x)) for _ in range(RELABELLINGS)])
    found = _fits(x[labels], y)
    observed = float(_fits(x[None], y)[0])
    return observed, float((found >= observed - 1e-12).sum() + 1) / (RELABELLINGS + 1)


def _fits(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return (s1 + s2)^2 = |M|^2 + 2 |det M| of M = X'Y for stacked X (k, n, 2)."""
    m = np.einsum("kni,nj->kij", x, y)
    determinant = m[:, 0, 0] * m[:, 1, 1] - m[:, 0, 1] * m[:, 1, 0]
    return np.asarray(np.square(m).sum(axis=(1, 2)) + 2 * np.abs(determinant))


def _circle(names: list[str], theory: ValueTheory | None) -> FloatArray | None:
    """Return the places (n, 2) of the values on the circle: clockwise from the top, y upwards."""
    if theory is None or not theory.circular:
        return None
    unknown = [name for name in names if not theory.knows(name)]
    if unknown:
        raise DataError(f"The theory {theory.id!r} does not know {unknown[0]!r}. Rename it, or give no theory.")
    at = np.array([theory.dimensions.index(theory.canonical(name)) for name in names])
    angle = np.pi / 2 - 2 * np.pi * (at + 0.5) / len(theory.dimensions)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _principal(points: FloatArray) -> FloatArray:
    """Turn points to their principal axes; the first one lies to the right of and above the centre."""
    axes = np.linalg.svd(points, full_matrices=False)[2].T
    turned = points @ axes
    signs = np.where(turned[0] < 0, -1.0, 1.0)
    return np.asarray(turned * signs)


def _clouds(given: Evidence | pd.DataFrame, points: FloatArray, settings: MapSettings, seed: int) -> FloatArray | None:
    """Return the maps (B, n, 2) of bootstrap draws in name order, each fitted to the map of all rows."""
    if not isinstance(given, Evidence) or given.clusters is None or not settings.draws:
        return None
    order, p = given.sorted_order, len(given.names)
    found = []
    for scatter in bootstrap_scatters(given, seed, settings.draws):
        inside = partial_out(scatter[np.ix_(order, order)], p)
        size = np.sqrt(np.diag(inside))
        if not (size > 0).all():
            continue
        drawn = scaled_points(_dissimilarities(inside / np.outer(size, size)), settings.scale, points).points
        turned = drawn @ rotation(drawn, points)
        found.append(turned * float((turned * points).sum() / np.square(turned).sum()))
    return np.array(found) if len(found) > 2 else None


def _covariances(clouds: FloatArray) -> FloatArray:
    off = clouds - clouds.mean(axis=0)
    return np.asarray(np.einsum("bni,bnj->nij", off, off) / (len(clouds) - 1))


def _stability(clouds: FloatArray) -> float:
    within = np.square(clouds - clouds.mean(axis=0)).sum()
    return float(1 - within / np.square(clouds).sum())


def _clockwise(points: FloatArray, names: list[str], theory: ValueTheory | None) -> tuple[str, ...]:
    """Return names clockwise about the centre; without a theory from the first name on, the shorter way to the next."""
    angle = np.arctan2(points[:, 1], points[:, 0])
    around = [names[i] for i in np.lexsort((np.arange(len(names)), -np.round(angle, 9)))]
    if theory is None:
        first = around.index(min(names))
        turned = around[first:] + around[:first]
        back = [turned[0], *turned[:0:-1]]
        return tuple(min(turned, back))
    first = min(range(len(around)), key=lambda k: theory.dimensions.index(theory.canonical(around[k])))
    return tuple(around[first:] + around[:first])


def _neighbours(order: tuple[str, ...], names: list[str], theory: ValueTheory) -> int:
    wanted = sorted(names, key=lambda name: theory.dimensions.index(theory.canonical(name)))
    pairs = {frozenset(pair) for pair in zip(wanted, wanted[1:] + wanted[:1], strict=True)}
    return sum(frozenset(pair) in pairs for pair in zip(order, order[1:] + order[:1], strict=True))
