"""Whether all levers that move A move B in the same proportion, and in that which the graph says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import stdtr

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import IntArray
from causalvalues.model.lever_errors import LeverErrors, lever_errors
from causalvalues.model.lever_ratios import LeverRatio, RatioData, ratio_of_effects
from causalvalues.model.quantiles import interval_shares, weighted_quantiles
from causalvalues.model.structural import StructuralModel
from causalvalues.responses.matrix import ResponseMatrix

AGREES = "levers agree with each other and with the graph"
OTHER = "levers agree with each other, not with the graph"
DISAGREE = "not explained by the cause alone: levers disagree"
WEAK = "levers too weak to say"
ONE = "one lever only: nothing to compare it with"
ONE_OTHER = "one lever only, and it does not agree with the graph"
NONE = "no lever moves the cause"
FEW = "too few clusters for so many levers"

COLUMNS = (
    "cause",
    "effect",
    "levers",
    "ratio",
    "lower",
    "upper",
    "robust_lower",
    "robust_upper",
    "graph",
    "graph_lower",
    "graph_upper",
    "spread",
    "difference_p",
    "heterogeneity",
    "freedom",
    "heterogeneity_p",
    "own_lever",
    "own_ratio",
    "own_lower",
    "own_upper",
    "verdict",
)


@dataclass(frozen=True)
class OveridentificationSettings:
    """How levers are chosen and judged.

    Parameters
    ----------
    level : float, default 0.9
        Of the intervals.
    alpha : float, default 0.05
        Below it a p-value counts as disagreement (each pair by itself; with many pairs some fall below by chance).
    least_t : float, default 3.0
        A lever moves the cause when its effect is this many standard errors from 0 (F = 9, about the usual 10 of
        Staiger and Stock 1997).
    aims : mapping of str to str, default {}
        Lever -> the value it was aimed at; its ratio alone stands in ``own_ratio``.
    """

    level: float = 0.9
    alpha: float = 0.05
    least_t: float = 3.0
    aims: Mapping[str, str] = field(default_factory=dict)


def lever_overidentification(
    matrix: ResponseMatrix, model: StructuralModel, settings: OveridentificationSettings | None = None
) -> pd.DataFrame:
    """Compare, for every pair A -> B, what levers do to B over what they do to A with the graph's total effect.

    A lever that acts on B only through A moves B by its effect on A times the total effect of A on B. Every lever that
    moves A gives one such ratio. Levers are fat-handed as a rule (they act on many values directly), so ratios that
    differ are to be expected: then B's response is not explained by A alone. Ratios that agree may still share a
    common side effect.

    Parameters
    ----------
    matrix : ResponseMatrix
        With single levers and rows without any.
    model : StructuralModel
        Of the same values.
    settings : OveridentificationSettings, optional

    Returns
    -------
    DataFrame
        One row an ordered pair, in the order of the values:

        - ``levers``: how many single-lever cells move A.
        - ``ratio, lower, upper``: the one ratio that fits best (generalised least squares with the joint cluster-robust
          error of all effects; random effects where levers disagree, with ``spread``, the standard deviation of
          side effects on B); ``robust_lower, robust_upper``: Anderson-Rubin set
          (Fieller's for one lever), NaN when it is empty.
        - ``graph, graph_lower, graph_upper``: total effect of A on B in the model.
        - ``difference_p``: of the difference of the two (t test, errors taken as independent; l - 1
          degrees of freedom where levers disagree).
        - ``heterogeneity, freedom, heterogeneity_p``: Cochran's Q with the joint error, and its p (Hotelling's F).
        - ``own_lever, own_ratio, own_lower, own_upper``: the lever aimed at A alone, with Fieller's interval.
        - ``verdict``: in words.

    Raises
    ------
    ModelError
        If model and answers speak of different values, an aim is unknown, or there are no single levers.
    """
    how = OveridentificationSettings() if settings is None else settings
    if set(model.values) != set(matrix.names):
        odd = ", ".join(sorted(set(model.values) ^ set(matrix.names)))
        raise ModelError(f"The model and the answers differ in the values {odd}. Use the answers it was fitted to.")
    for lever, value in how.aims.items():
        if lever not in matrix.levers:
            raise ModelError(f"There is no lever {lever!r} to be aimed." + did_you_mean(lever, matrix.levers))
        if value not in matrix.names:
            raise ModelError(f"The lever {lever!r} is aimed at {value!r}." + did_you_mean(value, matrix.names))
    errors = lever_errors(matrix)
    rows = [_row(errors, model, (a, b), how) for a in matrix.names for b in matrix.names if a != b]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    errors: LeverErrors, model: StructuralModel, pair: tuple[str, str], how: OveridentificationSettings
) -> dict[str, object]:
    cause, effect = (errors.names.index(name) for name in pair)
    draws = model.total[:, model.place(pair[0]), model.place(pair[1])]
    graph = float(model.weights @ draws)
    spread = float(model.weights @ np.square(draws - graph))
    lower, upper = weighted_quantiles(draws, model.weights, interval_shares(how.level))
    row: dict[str, object] = dict.fromkeys(COLUMNS, np.nan) | {"cause": pair[0], "effect": pair[1], "own_lever": ""}
    row |= {"graph": graph, "graph_lower": float(lower), "graph_upper": float(upper)}
    known = ~np.isnan(errors.mean[:, [cause, effect]]).any(axis=1)
    se = np.sqrt(np.square(errors.influence[:, :, cause]).sum(axis=0))
    moving = np.flatnonzero(known & (np.abs(errors.mean[:, cause]) > how.least_t * se) & (se > 0))
    row |= {"levers": len(moving), "freedom": max(len(moving) - 1, 0)}
    own = [c for c in np.flatnonzero(known) if how.aims.get(errors.levers[c]) == pair[0]]
    if own and se[own[0]] > 0:
        alone = ratio_of_effects(_data(errors, (cause, effect), np.array(own[:1])), how.level)
        row |= {"own_lever": errors.cells[own[0]], "own_ratio": alone.ratio}
        row |= {"own_lower": alone.robust_lower, "own_upper": alone.robust_upper}
    if not len(moving):
        return row | {"verdict": NONE}
    data = _data(errors, (cause, effect), moving)
    if data.freedom < len(moving):
        return row | {"verdict": FEW}
    found = ratio_of_effects(data, how.level)
    error = np.sqrt(found.se**2 + spread)
    freedom = data.freedom if found.spread == 0 else len(moving) - 1.0
    difference = 2 * float(stdtr(freedom, -abs(found.ratio - graph) / error))
    for name in ("ratio", "lower", "upper", "robust_lower", "robust_upper", "spread", "heterogeneity"):
        row[name] = getattr(found, name)
    row |= {"difference_p": difference, "heterogeneity_p": found.p}
    return row | {"verdict": _verdict(found, difference, how.alpha)}


def _data(errors: LeverErrors, ends: tuple[int, int], cells: IntArray) -> RatioData:
    return RatioData(
        errors.mean[cells, ends[0]],
        errors.mean[cells, ends[1]],
        errors.covariance(*ends, cells),
        float(errors.clusters[cells][:, list(ends)].min()) - 1,
    )


def _verdict(found: LeverRatio, difference: float, alpha: float) -> str:
    if np.isnan(found.p):
        return ONE if difference >= alpha else ONE_OTHER
    if found.p < alpha:
        return DISAGREE
    if not (np.isfinite(found.lower) and np.isfinite(found.upper)):
        return WEAK
    return AGREES if difference >= alpha else OTHER
