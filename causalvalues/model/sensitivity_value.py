"""How strong a hidden common cause would have to be to bring the effect of an arrow to zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from causalvalues.errors import ModelError
from causalvalues.evidence.learnable import require_learnable
from causalvalues.evidence.moments import Evidence
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.graph.dag import Dag
from causalvalues.graph.posterior import GraphPosterior
from causalvalues.model.quantiles import weighted_quantiles
from causalvalues.model.regressions import SortedMoments, sorted_moments

FAR = 20.0
"""Multiples of a benchmark above which the sentence names none."""

COLUMNS = (
    "cause",
    "effect",
    "probability",
    "estimate",
    "partial_r2",
    "robustness",
    "lower",
    "upper",
    "robustness_significant",
    "benchmark",
    "times_benchmark",
    "meaning",
)


@dataclass(frozen=True)
class SensitivitySettings:
    """What counts as removing an arrow.

    Parameters
    ----------
    share : float, default 1.0
        Share q of the estimate that the hidden cause has to explain away; 1 brings it to zero.
    alpha : float, default 0.05
        Level of the two-sided test that ``robustness_significant`` speaks of.
    least : float, default 0.1
        Arrows of smaller probability are left out.
    """

    share: float = 1.0
    alpha: float = 0.05
    least: float = 0.1

    def __post_init__(self) -> None:
        if not self.share > 0 or not 0 < self.alpha < 1 or not 0 <= self.least <= 1:
            raise ModelError("`share` must be above 0, `alpha` between 0 and 1, and `least` from 0 to 1.")


def sensitivity_values(
    graphs: GraphPosterior | Dag, evidence: Evidence, settings: SensitivitySettings | None = None
) -> pd.DataFrame:
    """Return for each arrow how strong a hidden common cause would bring its effect to zero.

    Parameters
    ----------
    graphs : GraphPosterior or Dag
    evidence : Evidence
        Of the same values; design columns are partialled out.
    settings : SensitivitySettings, optional

    Returns
    -------
    DataFrame
        One row an arrow, the most fragile first among those of equal probability (sorted by ``probability`` falling):

        - ``probability``: weight of the graphs that have the arrow; the rest of the row averages over these.
        - ``estimate``: direct effect given the other causes of the effect, in effect units per cause unit.
        - ``partial_r2``: share of the effect's variance left by its other causes that the cause explains; a hidden
          cause that explains *all* that is left of the effect needs this share of the cause to remove the arrow.
        - ``robustness``: RV_q; a hidden cause that explains less than this share of what is left of the cause *and* of
          the effect cannot bring the estimate to zero, if the arrow is there (that it points this way, and that the
          other causes are right, is taken from the graph). ``lower, upper``: 5% and 95% quantiles over the graphs.
        - ``robustness_significant``: RV_(q, alpha), the same for leaving it no longer different from zero.
        - ``benchmark``: the observed other cause that comes closest; ``times_benchmark``: how many times as strong as
          it (in its relation to cause and effect) a hidden cause would have to be. NaN where there is no other cause.
        - ``meaning``: a sentence.

    Raises
    ------
    ModelError
        If graph and evidence speak of different values, or too few effective rows are left for an equation.
    CheckError
        If values are constant, collinear or ipsative.

    References
    ----------
    Cinelli and Hazlett (2020), Journal of the Royal Statistical Society B 82, 39-67: section 4.
    """
    how = SensitivitySettings() if settings is None else settings
    if set(graphs.names) != set(evidence.names):
        odd = sorted(set(graphs.names) ^ set(evidence.names))
        raise ModelError(f"The graph and the evidence differ in the values {', '.join(odd)}. Use the same evidence.")
    require_learnable(evidence)
    moments = sorted_moments(evidence, False)
    place = [graphs.names.index(name) for name in moments.scored]
    if isinstance(graphs, Dag):
        draws, weights = graphs.adjacency[None], np.ones(1)
    else:
        draws, weights = graphs.draws, graphs.weights
    draws = draws[:, place][:, :, place]
    rows = []
    for effect in range(len(moments.scored)):
        families, back = np.unique(draws[:, :, effect], axis=0, return_inverse=True)
        shares = np.bincount(back.reshape(-1), weights, minlength=len(families)).astype(np.float64)
        for cause in np.flatnonzero(shares @ families >= max(how.least, 1e-12)):
            has = families[:, cause]
            found = [_arrow(moments, int(cause), effect, np.flatnonzero(family), how) for family in families[has]]
            rows.append(_row(moments, (int(cause), effect), found, shares[has], how.share))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = ["probability", "robustness", "cause", "effect"]
    return table.sort_values(order, ascending=[False, True, True, True], ignore_index=True)


def robustness_value(t: float, freedom: float, share: float = 1.0, alpha: float | None = None) -> float:
    """Return the robustness value of a regression coefficient.

    With f = share |t| / sqrt(freedom) (less f* = t_(alpha/2, freedom - 1) / sqrt(freedom - 1) when `alpha` is given),
    RV = (sqrt(f^4 + 4 f^2) - f^2) / 2, and 0 when f is not above 0. Where share |t| / sqrt(freedom) > 1 / f*, the
    effect itself bounds the confounder, and RV = (f^2 - f*^2) / (1 + f^2) with the first f.

    Parameters
    ----------
    t : float
        Estimate over its standard error.
    freedom : float
        Residual degrees of freedom, more than 1.
    share : float, default 1.0
    alpha : float or None, default None
        None: to bring the estimate itself down.

    Examples
    --------
    >>> round(robustness_value(4.18, 783), 3), round(robustness_value(4.18, 783, alpha=0.05), 3)
    (0.139, 0.076)
    """
    f = share * abs(t) / np.sqrt(freedom)
    critical = 0.0
    if alpha is not None:
        critical = abs(float(stdtrit(freedom - 1, alpha / 2))) / np.sqrt(freedom - 1)
    left = f - critical
    if left <= 0:
        return 0.0
    if critical > 0 and f > 1 / critical:
        return float((f**2 - critical**2) / (1 + f**2))
    return float((np.sqrt(left**4 + 4 * left**2) - left**2) / 2)


@dataclass(frozen=True)
class _Arrow:
    estimate: float
    partial_r2: float
    robustness: float
    significant: float
    times: tuple[tuple[int, float], ...]


def _arrow(moments: SortedMoments, cause: int, effect: int, parents: IntArray, how: SensitivitySettings) -> _Arrow:
    freedom = moments.freedom - len(parents)
    if freedom <= 2:
        raise ModelError(
            f"{moments.freedom:.0f} effective rows are too few for the equation of {moments.scored[effect]!r} with "
            f"{len(parents)} causes. Use more rows."
        )
    others = [int(parent) for parent in parents if parent != cause]
    r = _partial_correlation(moments.scatter, cause, effect, others)
    t = r * np.sqrt(freedom / (1 - r**2))
    block = moments.scatter[np.ix_(parents, parents)]
    slope = np.linalg.solve(block, moments.scatter[parents, effect])[list(parents).index(cause)]
    times = tuple((other, _times(moments.scatter, (cause, effect), other, others, how.share)) for other in others)
    return _Arrow(
        estimate=float(slope * moments.scale[effect] / moments.scale[cause]),
        partial_r2=float(r**2),
        robustness=robustness_value(t, freedom, how.share),
        significant=robustness_value(t, freedom, how.share, how.alpha),
        times=times,
    )


def _partial_correlation(matrix: FloatArray, i: int, j: int, given: list[int]) -> float:
    block = np.linalg.inv(matrix[np.ix_([i, j, *given], [i, j, *given])])
    return float(-block[0, 1] / np.sqrt(block[0, 0] * block[1, 1]))


def _times(matrix: FloatArray, ends: tuple[int, int], benchmark: int, others: list[int], share: float) -> float:
    """Return the smallest k for which a hidden cause k times as strong as the benchmark may remove the arrow."""
    cause, effect = ends
    rest = [other for other in others if other != benchmark]
    on_cause = _partial_correlation(matrix, cause, benchmark, rest) ** 2
    on_effect = _partial_correlation(matrix, effect, benchmark, [*rest, cause]) ** 2
    r = _partial_correlation(matrix, cause, effect, others)
    goal = share * abs(r) / np.sqrt(1 - r**2)
    if on_cause < 1e-14 or on_effect < 1e-14:
        return np.inf
    low, high = 0.0, (1 - on_cause) / on_cause
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if _bias(middle, on_cause, on_effect) >= goal else (middle, high)
    return high


def _bias(k: float, on_cause: float, on_effect: float) -> float:
    """Return the largest bias, in units of f, of a confounder k times as strong as a benchmark (section 4.4)."""
    strength = k * on_cause / (1 - on_cause)
    if strength >= 1:
        return np.inf
    shared = k * on_cause**2 / ((1 - k * on_cause) * (1 - on_cause))
    if shared >= 1:
        return np.inf
    eta = (np.sqrt(k) + np.sqrt(shared)) / np.sqrt(1 - shared)
    explained = min(eta**2 * on_effect / (1 - on_effect), 1.0)
    return float(np.sqrt(explained * strength / (1 - strength)))


def _row(
    moments: SortedMoments, ends: tuple[int, int], found: list[_Arrow], shares: FloatArray, share: float
) -> tuple[object, ...]:
    weights = shares / shares.sum()
    values = np.array([arrow.robustness for arrow in found])
    lower, upper = weighted_quantiles(values, weights, (0.05, 0.95))
    mean = float(weights @ values)
    sums: dict[int, list[float]] = {}
    for arrow, weight in zip(found, weights, strict=True):
        for other, times in arrow.times:
            total = sums.setdefault(other, [0.0, 0.0])
            total[0] += weight * (1 / times if times > 0 else np.inf)
            total[1] += weight
    strengths = {other: total[0] / total[1] for other, total in sums.items() if total[1] >= 0.1}
    best = min(strengths, key=lambda other: (-strengths[other], other), default=None)
    times = np.nan if best is None else (1 / strengths[best] if strengths[best] > 0 else np.inf)
    cause, effect = (moments.scored[end] for end in ends)
    bring = "bring the estimate to zero" if share == 1 else f"change the estimate by {share:.0%}"
    words = (
        f"A hidden cause that explains less than {mean:.1%} of what is left of {cause} and of {effect} cannot {bring}, "
        "if the arrow is there"
    )
    if best is not None and times <= FAR:
        words += f"; one {times:.1f} times as strong as {moments.scored[best]} could"
    elif best is not None:
        words += "; no other observed cause comes near that"
    return (
        cause,
        effect,
        float(shares.sum()),
        float(weights @ np.array([arrow.estimate for arrow in found])),
        float(weights @ np.array([arrow.partial_r2 for arrow in found])),
        mean,
        float(lower),
        float(upper),
        float(weights @ np.array([arrow.significant for arrow in found])),
        "" if best is None else moments.scored[best],
        float(times),
        words + ".",
    )
