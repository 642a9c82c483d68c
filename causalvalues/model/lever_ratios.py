"""One ratio of two sets of correlated effects: estimate, intervals, and whether one ratio fits them all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtrc, chdtri, fdtrc, fdtri, stdtrit

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray

ANGLES = 181
TINY = 1e-15

DISAGREEMENT = 0.05
"""p-value of Q below which the ratios of levers are taken to differ, and their spread enters the weights."""


@dataclass(frozen=True, eq=False)
class RatioData:
    """Effects of l levers on a cause and on an effect, with their joint error.

    Parameters
    ----------
    on_cause, on_effect : array (l,)
    covariance : array (2 l, 2 l)
        Of (on_cause, on_effect).
    freedom : float
        Degrees of freedom of the covariance (clusters less one); infinity when it is known.
    """

    on_cause: FloatArray
    on_effect: FloatArray
    covariance: FloatArray
    freedom: float = np.inf


@dataclass(frozen=True)
class LeverRatio:
    """The ratio that fits all levers best.

    Parameters
    ----------
    ratio, se : float
        Least Q, and the standard error from its curvature. Where levers disagree (p < .05), a spread of side effects
        tau^2 I is added to the errors, so that Q falls to l - 1 (random effects; Paule and Mandel 1982).
    lower, upper : float
        Profile interval of that Q (t quantiles; l - 1 degrees of freedom where levers disagree); infinite where the
        levers are too weak to bound it.
    robust_lower, robust_upper : float
        Anderson-Rubin set around the best ratio, right however weak the levers are; NaN when it is empty (no ratio
        fits), infinite where it has no end.
    spread : float
        tau, in units of the effect; 0 where levers do not disagree.
    heterogeneity : float
        Q without spread, the least weighted sum of squares of effect - ratio x cause.
    p : float
        Of Q at l - 1 degrees of freedom: small when no single ratio fits. NaN for one lever, or too few clusters.
    """

    ratio: float
    se: float
    lower: float
    upper: float
    robust_lower: float
    robust_upper: float
    spread: float
    heterogeneity: float
    p: float


def ratio_of_effects(data: RatioData, level: float = 0.9) -> LeverRatio:
    """Fit on_effect = ratio x on_cause by generalised least squares with errors in both.

    Q(r) = (b - r a)' (V_bb - r (V_ab + V_ba) + r^2 V_aa)^-1 (b - r a) is minimised over r. With exact effects on the
    cause this is inverse-variance weighting, r = sum(a b / v) / sum(a^2 / v), and Q is Cochran's; with one lever it is
    b / a, and the Anderson-Rubin set is Fieller's. Weights that hold the error of `on_cause` make Q right under weak
    levers as well. Tests are chi-square, or Hotelling's F when the covariance rests on few clusters.

    Parameters
    ----------
    data : RatioData
    level : float, default 0.9

    Raises
    ------
    ModelError
        If shapes differ, there is no lever, or the covariance rests on as few clusters as levers.

    References
    ----------
    Anderson and Rubin (1949), Annals of Mathematical Statistics 20, 46-63; Fieller (1954), JRSS B 16, 175-185; Hansen,
    Heaton and Yaron (1996), JBES 14, 262-280; Rao (1967), Fifth Berkeley Symposium 1, 355-372; Bowden et al. (2019),
    International Journal of Epidemiology 48, 728-742.

    Examples
    --------
    >>> found = ratio_of_effects(RatioData(np.array([1.0, 2.0]), np.array([0.5, 1.0]), 0.01 * np.eye(4)))
    >>> round(found.ratio, 6), round(found.heterogeneity, 6)
    (0.5, 0.0)
    """
    a, b = np.asarray(data.on_cause, dtype=float), np.asarray(data.on_effect, dtype=float)
    levers = len(a)
    if levers == 0 or len(b) != levers or np.shape(data.covariance) != (2 * levers, 2 * levers):
        raise ModelError("A ratio needs one effect on the cause and one on the effect for each of its levers.")
    if data.freedom < levers:
        raise ModelError(f"{levers} levers and {data.freedom + 1:g} clusters: their joint error is singular.")
    fixed = _Misfit(a, b, np.asarray(data.covariance, dtype=float), 0.0)
    best = fixed.least()
    q = float(fixed(best))
    p = _tail(q, levers - 1, data.freedom) if levers > 1 else np.nan
    robust = _interval(fixed, best, _joint(level, levers, data.freedom))
    used, reach = fixed, _single(level, levers, data.freedom, q)
    if levers > 1 and p < DISAGREEMENT:
        used = replace(fixed, spread=_spread(fixed, levers - 1))
        best, reach = used.least(), float(stdtrit(levers - 1, (1 + level) / 2)) ** 2
    bounds = _interval(used, best, float(used(best)) + reach)
    ratio = used.ratio(best)
    ends = [used.ratio(angle) for angle in (*bounds, *robust)]
    se = float(1 / np.sqrt(a @ np.linalg.solve(used.errors(np.array([ratio]))[0], a)))
    return LeverRatio(ratio, se, ends[0], ends[1], ends[2], ends[3], float(np.sqrt(used.spread)), q, p)


@dataclass(frozen=True, eq=False)
class _Misfit:
    """Q as a function of the angle whose tangent is the ratio, in units of the typical one; `spread` is tau^2."""

    a: FloatArray
    b: FloatArray
    covariance: FloatArray
    spread: float

    @property
    def unit(self) -> float:
        size = float(np.sqrt(self.b @ self.b)) / max(float(np.sqrt(self.a @ self.a)), 1e-300)
        return size if size > 0 else 1.0

    def ratio(self, angle: float) -> float:
        if np.isnan(angle):
            return np.nan
        return float(np.copysign(np.inf, angle)) if abs(angle) >= np.pi / 2 else float(np.tan(angle)) * self.unit

    def errors(self, ratios: FloatArray) -> FloatArray:
        """Return the covariance (s, l, l) of b - r a for each ratio, with the spread of the ratios' side effects."""
        n = len(self.a)
        cross = self.covariance[:n, n:]
        r = ratios[:, None, None]
        own = self.covariance[n:, n:] + self.spread * np.eye(n)
        return np.asarray(own - r * (cross + cross.T) + r**2 * self.covariance[:n, :n])

    def __call__(self, angles: FloatArray | float) -> FloatArray:
        """Return Q at each angle; with c = cos and s = sin it is that of c b - s u a, finite at +-pi/2 as well."""
        angle = np.atleast_1d(np.asarray(angles, dtype=float))
        c, s = np.cos(angle), np.sin(angle) * self.unit
        n = len(self.a)
        cross = self.covariance[:n, n:]
        own = self.covariance[n:, n:] + self.spread * np.eye(n)
        c3, s3 = c[:, None, None], s[:, None, None]
        error = c3**2 * own - c3 * s3 * (cross + cross.T) + s3**2 * self.covariance[:n, :n]
        rest = c[:, None] * self.b - s[:, None] * self.a
        floor = TINY * np.trace(error, axis1=1, axis2=2)[:, None, None] * np.eye(n)
        solved = np.linalg.solve(error + floor, rest[:, :, None])
        found = np.einsum("si,si->s", rest, solved[:, :, 0])
        return np.asarray(found if np.ndim(angles) else found[0])

    def least(self) -> float:
        angles = np.linspace(-np.pi / 2, np.pi / 2, ANGLES)
        place = int(np.argmin(self(angles)))
        low, high = angles[max(place - 1, 0)], angles[min(place + 1, ANGLES - 1)]
        for _ in range(9):
            inside = np.linspace(low, high, 21)
            place = int(np.argmin(self(inside)))
            low, high = inside[max(place - 1, 0)], inside[min(place + 1, 20)]
        return float((low + high) / 2)


def _spread(fixed: _Misfit, contrasts: int) -> float:
    """Return tau^2 with which Q at its least is the number of contrasts (Paule and Mandel 1982)."""
    low, high = 0.0, float(fixed.b @ fixed.b) / contrasts
    for _ in range(30):
        middle = (low + high) / 2
        trial = replace(fixed, spread=middle)
        low, high = (middle, high) if float(trial(trial.least())) > contrasts else (low, middle)
    return (low + high) / 2


def _interval(misfit: _Misfit, best: float, limit: float) -> tuple[float, float]:
    """Return the ends, as angles, of the set around the best one; beyond +-pi/2 where it has no end, NaN when empty."""
    if misfit(best) > limit:
        return np.nan, np.nan
    if misfit(np.pi / 2) <= limit:
        return -np.pi / 2, np.pi / 2
    return _end(misfit, best, -np.pi / 2, limit), _end(misfit, best, np.pi / 2, limit)


def _end(misfit: _Misfit, inside: float, last: float, limit: float) -> float:
    """Return the angle nearest to the best one, on the way to the last, where Q passes the limit."""
    low, high = inside, last
    for points in (ANGLES, *[21] * 9):
        steps = np.linspace(low, high, points)
        above = int(np.argmax(np.r_[misfit(steps[1:-1]) > limit, True])) + 1
        low, high = steps[above - 1], steps[above]
    return float((low + high) / 2)


def _single(level: float, levers: int, freedom: float, q: float) -> float:
    """Return how far Q may rise: squared t quantile, with Rao's (1967) allowance for weights that are estimated."""
    if np.isinf(freedom):
        return float(chdtri(1, 1 - level))
    rest = freedom - levers + 1
    return float(stdtrit(rest, (1 + level) / 2) ** 2 * (1 + q / freedom) * freedom / rest)


def _joint(level: float, levers: int, freedom: float) -> float:
    if np.isinf(freedom):
        return float(chdtri(levers, 1 - level))
    rest = freedom - levers + 1
    return float(fdtri(levers, rest, level)) * freedom * levers / rest


def _tail(q: float, contrasts: int, freedom: float) -> float:
    if np.isinf(freedom):
        return float(chdtrc(contrasts, q))
    rest = freedom - contrasts + 1
    return float(fdtrc(contrasts, rest, q * rest / (freedom * contrasts)))
