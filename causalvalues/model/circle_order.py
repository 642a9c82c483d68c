"""Whether values hang together as a circular theory says: neighbours on the circle go together, opposites apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.evidence.moments import Evidence, partial_out
from causalvalues.evidence.resampling import bootstrap_scatters
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.graph import GraphPosterior
from causalvalues.randomness import stream
from causalvalues.theories import ValueTheory

ALL_UP_TO = 8
RELABELLINGS = 9999
THEORY = "theory"
INTERVAL = ("corrected", "lower", "upper")


@dataclass(frozen=True, eq=False)
class CircleOrder:
    """Agreement of a pattern over pairs of values with the circle of a theory.

    Parameters
    ----------
    table : DataFrame
        Indexed by ``correlation``, ``partial correlation`` (given all other values) and, with a posterior, ``signed
        adjacency`` (P(adjacent) with the sign of the partial correlation): ``agreement`` (Spearman's rank correlation
        between closeness on the circle and the number), ``corrected`` (agreement less its bias in the bootstrap, which
        lies in the interval), ``lower, upper`` (95% bootstrap interval; these three are NaN for adjacencies), ``p``
        (share of relabellings of the values that agree at least as well).
    by_distance : DataFrame
        Indexed by steps on the circle: ``pairs``, and the mean of each row of `table`.
    exact : bool
        Whether all relabellings were taken (up to 8 values), or 9,999 random ones.
    notes : tuple of str
    """

    table: pd.DataFrame
    by_distance: pd.DataFrame
    exact: bool
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        row = self.table.loc["correlation"]
        return (
            f"CircleOrder(agreement of correlations {row['agreement']:.2f} ({row['lower']:.2f} to {row['upper']:.2f}), "
            f"p {row['p']:.3g})"
        )


def circle_order(
    evidence: Evidence,
    theory: ValueTheory,
    posterior: GraphPosterior | None = None,
    draws: int = 500,
    seed: int = 0,
) -> CircleOrder:
    """Hold the correlations of values against the circle order of their theory.

    Parameters
    ----------
    evidence : Evidence
        Levers are partialled out.
    theory : ValueTheory
        Circular; the values of the evidence are some of its dimensions (any spelling).
    posterior : GraphPosterior, optional
        Over the same values.
    draws : int, default 500
        Bootstrap draws of the clusters (or blocks of rows).
    seed : int, default 0

    Returns
    -------
    CircleOrder

    Raises
    ------
    ModelError
        If the theory is not circular, or fewer than 4 values are on its circle.

    Notes
    -----
    Ranks do not change when the same number is added to all correlations, so a response style that lifts all of them
    alike does not matter. Agreement says nothing about single pairs. Noise in the correlations makes agreement smaller,
    in each bootstrap draw once more than in the data; so the interval is the basic one (Davison and Hinkley 1997, 5.2).
    It is about the agreement without this loss and can lie above `agreement`; it always holds ``corrected``, twice the
    agreement less the median of the draws.
    In simulations of 10 values and 100 to 400 rows it covered the agreement of the true correlations in 85% to 94% of
    runs (the percentile interval in 72% to 95%): read its ends as somewhat too narrow.

    References
    ----------
    Schwartz (1992), Advances in Experimental Social Psychology 25, 1-65 (the circle); Mantel (1967), Cancer Research
    27, 209-220 (relabelling); Davison and Hinkley (1997), Bootstrap Methods and their Application.
    """
    names = sorted(evidence.names)
    distance = circle_distances(names, theory)
    high = np.triu_indices(len(names), 1)
    order = [evidence.names.index(name) for name in names]
    partial = _partial(evidence.correlation.to_numpy()[np.ix_(order, order)])
    patterns = {"correlation": evidence.correlation.to_numpy()[np.ix_(order, order)], "partial correlation": partial}
    if posterior is not None:
        if sorted(posterior.names) != names:
            raise ModelError("The posterior and the evidence are over different values. Learn it from this evidence.")
        adjacent = posterior.adjacent_probabilities.loc[names, names].to_numpy()
        patterns["signed adjacency"] = adjacent * np.sign(partial)
    resampled = _resampled(evidence, draws, seed)
    rows = {}
    for name, pattern in patterns.items():
        agreement, p = pattern_agreement(-distance, pattern, seed)
        ends = [np.nan, np.nan, np.nan]
        if name != "signed adjacency" and len(resampled):
            each = resampled if name == "correlation" else np.array([_partial(r) for r in resampled])
            ends = _interval(agreement, [_spearman(-distance[high], one[high]) for one in each])
        rows[name] = (agreement, *ends, p)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["agreement", *INTERVAL, "p"])
    steps = pd.DataFrame({name: pattern[high] for name, pattern in patterns.items()}).groupby(distance[high])
    by_distance = steps.mean()
    by_distance.insert(0, "pairs", steps.size())
    by_distance.index = by_distance.index.astype(int).rename("steps")
    notes = () if len(resampled) else ("no bootstrap interval: the evidence holds no cluster sums",)
    return CircleOrder(table, by_distance, len(names) <= ALL_UP_TO, notes)


def compare_patterns(
    evidences: Mapping[str, Evidence], theory: ValueTheory | None = None, seed: int = 0, draws: int = 500
) -> pd.DataFrame:
    """Hold the correlation patterns of groups against each other and against the circle of a theory.

    Parameters
    ----------
    evidences : mapping of str to Evidence
        For example ``{"human": ..., "model": ...}``, over the same values.
    theory : ValueTheory, optional
        Stands in the table as ``theory``.
    seed : int, default 0
    draws : int, default 500
        Bootstrap draws of the clusters (or blocks of rows) of each group.

    Returns
    -------
    DataFrame
        One row for each two: ``group, other, agreement`` (Spearman's rank correlation over pairs of values),
        ``corrected, lower, upper`` (agreement less its bias, and its 95% bootstrap interval, as in `circle_order`;
        groups are resampled on their own; NaN without cluster sums), ``p`` (share of relabellings of one of them that
        agree at least as well; Mantel 1967).

    Raises
    ------
    ModelError
        If there is nothing to compare, the values differ, or the theory does not fit.

    Notes
    -----
    The interval says how well these rows know the agreement of these values; p asks whether it matters which value is
    which, so it counts values, not rows. With ten values an interval can lie above 0 where p is .1: then the agreement
    of the ten is real and small, and no sign of a circle. Noise weakens the agreement of two groups twice, so that the
    interval can lie above `agreement` (.948, interval .960 to 1): it is the interval of ``corrected``.
    """
    if len(evidences) + (theory is not None) < 2 or not evidences:
        raise ModelError("There is one pattern. Give the evidence of two groups, or of one and a theory.")
    if theory is not None and THEORY in evidences:
        raise ModelError(f"A group has the name {THEORY!r}, which stands for the theory in the table. Rename it.")
    (label, first), *rest = evidences.items()
    names = sorted(first.names)
    for other, evidence in rest:
        if sorted(evidence.names) != names:
            odd = ", ".join(sorted(set(names) ^ set(evidence.names)))
            raise ModelError(f"The groups {label!r} and {other!r} differ in the values {odd}. Use the same in both.")
    patterns = {group: evidence.correlation.loc[names, names].to_numpy() for group, evidence in evidences.items()}
    if theory is not None:
        patterns[THEORY] = -circle_distances(names, theory)
    high = np.triu_indices(len(names), 1)
    resampled = {group: _resampled(evidence, draws, seed, group) for group, evidence in evidences.items()}
    resampled |= {THEORY: np.repeat(patterns[THEORY][None], draws, axis=0)} if theory is not None else {}
    rows = []
    for a, b in combinations(patterns, 2):
        agreement, p = pattern_agreement(patterns[b], patterns[a], seed)
        both = zip(resampled[a], resampled[b], strict=False)
        rows.append((a, b, agreement, *_interval(agreement, [_spearman(x[high], y[high]) for x, y in both]), p))
    return pd.DataFrame(rows, columns=["group", "other", "agreement", *INTERVAL, "p"])


def circle_distances(names: list[str], theory: ValueTheory) -> FloatArray:
    """Return the steps (p, p) between values on the circle of a theory, along the shorter way.

    Examples
    --------
    >>> from causalvalues.theories import theory
    >>> circle_distances(["self_direction", "stimulation", "universalism"], theory("schwartz-10"))[0].tolist()
    [0.0, 1.0, 1.0]
    """
    if not theory.circular:
        raise ModelError(f"The theory {theory.id!r} has no circle order. Use a circular one such as 'schwartz-10'.")
    if len(names) < 3:
        raise ModelError(f"A circle order of {len(names)} values says nothing. Give at least three.")
    at = np.array([theory.dimensions.index(theory.canonical(name)) for name in names])
    apart = np.abs(at[:, None] - at)
    return np.asarray(np.minimum(apart, len(theory.dimensions) - apart), dtype=np.float64)


def pattern_agreement(pattern: FloatArray, other: FloatArray, seed: int = 0) -> tuple[float, float]:
    """Return Spearman's rank correlation of two symmetric matrices over pairs, and its one-sided p.

    The p-value is the share of relabellings of the values in one matrix that agree at least as well: all of them up to
    8 values, else 9,999 random ones and the one at hand.

    Parameters
    ----------
    pattern, other : array (p, p)
    seed : int, default 0
    """
    p = len(pattern)
    high = np.triu_indices(p, 1)
    ranks, against = np.zeros((p, p)), _ranks(other[high])
    ranks[high] = _ranks(pattern[high])
    ranks += ranks.T
    against = against / max(float(np.linalg.norm(against)), 1e-300)
    size = max(float(np.linalg.norm(ranks[high])), 1e-300)
    observed = float(ranks[high] @ against / size)
    labels = _relabellings(p, seed)
    found = np.concatenate(
        [ranks[part[:, high[0]], part[:, high[1]]] @ against / size for part in np.array_split(labels, 20)]
    )
    as_large = int((found >= observed - 1e-12).sum())
    exact = p <= ALL_UP_TO
    return observed, (as_large if exact else as_large + 1) / (len(found) if exact else len(found) + 1)


def _relabellings(p: int, seed: int) -> IntArray:
    if p <= ALL_UP_TO:
        return np.array(list(permutations(range(p)))).reshape(math.factorial(p), p)
    random = stream(seed, "relabellings")
    return np.array([random.permutation(p) for _ in range(RELABELLINGS)])


def _ranks(values: FloatArray) -> FloatArray:
    """Return centred mid-ranks; numbers that differ by rounding alone are ties."""
    _, code, counts = np.unique(np.round(values, 12), return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    ranks = middle[code]
    return np.asarray(ranks - ranks.mean())


def _spearman(x: FloatArray, y: FloatArray) -> float:
    a, b = _ranks(x), _ranks(y)
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-300))


def _interval(observed: float, resampled: list[float]) -> list[float]:
    """Return an agreement less its bias, and its basic bootstrap interval, within [-1, 1]; NaN without draws."""
    if not resampled:
        return [np.nan, np.nan, np.nan]
    low, middle, high = np.quantile(resampled, [0.025, 0.5, 0.975])
    return [float(np.clip(2 * observed - end, -1.0, 1.0)) for end in (middle, high, low)]


def _partial(correlation: FloatArray) -> FloatArray:
    inverse = np.linalg.pinv(correlation, hermitian=True)
    scale = np.sqrt(np.maximum(np.diag(inverse), 1e-300))
    return np.asarray(-inverse / np.outer(scale, scale))


def _resampled(evidence: Evidence, draws: int, seed: int, label: str = "") -> FloatArray:
    """Return correlations (B, p, p) of bootstrap draws in name order; none without cluster sums."""
    if evidence.clusters is None:
        return np.zeros((0, 0, 0))
    order = evidence.sorted_order
    p = len(evidence.names)
    found = []
    own = int(stream(seed, "bootstrap of a group", label).integers(2**31)) if label else seed
    for scatter in bootstrap_scatters(evidence, own, draws):
        inside = partial_out(scatter[np.ix_(order, order)], p)
        scale = np.sqrt(np.diag(inside))
        if (scale > 0).all():
            found.append(inside / np.outer(scale, scale))
    return np.array(found)
