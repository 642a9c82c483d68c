"""Ranks of values by their mean scores, with intervals that hold all ranks of a group at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit

from causalvalues.errors import DataError
from causalvalues.evidence.profiles import Profiles, cluster_corrections, clusters_of, group_profiles, named_groups
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.responses.matrix import ResponseMatrix

ROUNDING = 1e-11
"""Share of the largest score below which a difference of means is an error of rounding."""


@dataclass(frozen=True, eq=False)
class Ranks:
    """Ranks of values in groups, 1 for the highest mean; every table is [group, value].

    Parameters
    ----------
    rank : DataFrame (g, p)
        1 + the number of values with a higher mean: values that tie share the better rank. NaN without a mean.
    lower, upper : DataFrame (g, p) or None
        Best and worst rank that the answers allow. In each group they hold the true ranks of all values at once with
        the probability `level`.
    level : float
    basis : {"pairs", "intervals", ""}
        What the ends come from: differences of means pair by pair, intervals of the single means, or nothing.

    Raises
    ------
    DataError
        If only one end is given, or the ends have other groups or values than `rank`.
    """

    rank: pd.DataFrame
    lower: pd.DataFrame | None = None
    upper: pd.DataFrame | None = None
    level: float = 0.9
    basis: Literal["pairs", "intervals", ""] = ""

    def __post_init__(self) -> None:
        if (self.lower is None) != (self.upper is None):
            raise DataError("Ranks have one end of the intervals only. Give `lower` and `upper`, or neither.")
        for table in (self.lower, self.upper):
            if table is not None and not (
                table.index.equals(self.rank.index) and table.columns.equals(self.rank.columns)
            ):
                raise DataError("The rank intervals have other groups or values than the ranks. Give the same ones.")

    def __repr__(self) -> str:
        g, p = self.rank.shape
        return f"Ranks({g} groups x {p} values; tables are [group, value])"


def group_ranks(matrix: ResponseMatrix, groups: Sequence[str] = (), level: float = 0.9) -> Ranks:
    """Rank the values of every group by mean score, with simultaneous rank intervals.

    Parameters
    ----------
    matrix : ResponseMatrix
        Scored; rows are clustered by `cluster_by`, else by `unit_ids`.
    groups : sequence of str, one for each row, optional
        As in `group_profiles`.
    level : float, default .9

    Returns
    -------
    Ranks
        Of basis ``"pairs"``.

    Raises
    ------
    DataError
        As `group_profiles` does.

    Notes
    -----
    A value j stands above k where the hypothesis mean_j <= mean_k is rejected; N+ values stand above j and N- below it,
    and the interval of its rank is [1 + N+, p - N-]. It holds the ranks of all values at once with the probability that
    no hypothesis is rejected wrongly (Mogstad et al. 2024). That is kept over all p (p - 1) hypotheses of a
    group by the step-down method of Holm (1979), under any dependence of the means; no resampling is needed. The test
    of a pair is one-sided: the difference of both means by its cluster-robust error, with the corrections and
    degrees of freedom of `group_profiles`. They are exact for complete rows; where answers are missing, they are
    taken from the rows that have either value. A group of one cluster tells no values apart.

    References
    ----------
    Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for Ranks with Applications to Mobility across Neighbourhoods
    and Academic Achievement across Countries, Review of Economic Studies 91, 476-518. Holm (1979), A Simple
    Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 65-70.
    """
    mean = group_profiles(matrix, groups, level).mean
    of, names = named_groups(matrix, groups)
    clusters = clusters_of(matrix)
    above = []
    for name in names:
        rows = np.asarray(of == name)
        _, code = np.unique(clusters[rows].astype(str), return_inverse=True)
        tested = _pair_tests(matrix.scores[rows], matrix.weights[rows], np.asarray(code))
        above.append(holm_rejected(tested, 1 - level))
    return _ranks(mean, above, level, "pairs")


def ranks_of_means(profiles: Profiles) -> Ranks:
    """Rank the values of every group by means that are given, with intervals where the means have some.

    Parameters
    ----------
    profiles : Profiles
        Without `lower` and `upper` there are ranks alone.

    Returns
    -------
    Ranks
        Of basis ``"intervals"``, or ``""`` without any.

    Notes
    -----
    Value j stands above k where the lower end of j lies above the upper end of k, after both intervals were widened to
    the level 1 - (1 - level) / p, which holds all p means of a group at once (Klein, Wright and Wieczorek 2020, with
    Bonferroni's inequality, so under any dependence). Ends are stretched by the ratio of the t quantiles at `freedom`,
    by that of the normal law where it is not given. `group_ranks` has the answers themselves, sees that values of one
    cluster move together, and tells more values apart.

    References
    ----------
    Klein, Wright and Wieczorek (2020), A joint confidence region for an overall ranking of populations, Journal of the
    Royal Statistical Society C 69, 589-606.
    """
    mean = profiles.mean
    if profiles.lower is None or profiles.upper is None:
        return _ranks(mean, None, profiles.level, "")
    above = []
    for group in mean.index:
        m, low, high = (table.loc[group].to_numpy(dtype=float) for table in (mean, profiles.lower, profiles.upper))
        freedom = None if profiles.freedom is None else profiles.freedom.loc[group].to_numpy(dtype=float)
        by = _stretch(profiles.level, int(np.isfinite(m).sum()), freedom)
        above.append((m - by * (m - low))[:, None] > (m + by * (high - m))[None, :])
    return _ranks(mean, above, profiles.level, "intervals")


def holm_rejected(p_values: FloatArray, alpha: float) -> BoolArray:
    """Return which hypotheses Holm's step-down method rejects.

    Parameters
    ----------
    p_values : array of any shape
        NaN where there is no hypothesis.
    alpha : float
        Bound on the probability of one wrong rejection or more.

    Returns
    -------
    array of bool, of the same shape
    """
    flat = np.asarray(p_values, dtype=float).ravel()
    order = [i for i in np.argsort(flat, kind="stable") if np.isfinite(flat[i])]
    rejected = np.zeros(len(flat), dtype=bool)
    for done, i in enumerate(order):
        if flat[i] * (len(order) - done) > alpha:
            break
        rejected[i] = True
    return rejected.reshape(np.shape(p_values))


def _pair_tests(scores: FloatArray, weights: FloatArray, code: np.ndarray) -> FloatArray:
    """Return p[j, k] (p, p) of the hypothesis mean_j <= mean_k; NaN where a mean is not known, and on the diagonal."""
    seen = ~np.isnan(scores) & (weights > 0)[:, None]
    found = np.full((scores.shape[1], scores.shape[1]), np.nan)
    known = [j for j in range(scores.shape[1]) if seen[:, j].any()]
    for j, k in combinations(known, 2):
        found[j, k], found[k, j] = _pair_test(scores[:, [j, k]], weights, seen[:, [j, k]], code)
    return found


def _pair_test(scores: FloatArray, weights: FloatArray, seen: BoolArray, code: np.ndarray) -> tuple[float, float]:
    """Return the two one-sided p values of a pair (n, 2): of mean_0 <= mean_1, and of mean_1 <= mean_0."""
    w = weights[:, None] * seen
    share = w / w.sum(axis=0)
    x = np.where(seen, scores, 0.0)
    means = np.einsum("ij,ij->j", share, x)
    difference = float(means[0] - means[1])
    pull = share * (x - means)
    either = seen.any(axis=1)
    _, cluster = np.unique(code[either], return_inverse=True)
    if cluster.max() < 1:
        return 1.0, 1.0
    sums = np.bincount(cluster, weights=(pull[:, 0] - pull[:, 1])[either])
    plain = weights[either]
    held = np.bincount(cluster, weights=plain) / plain.sum()
    corrections, freedom = cluster_corrections(
        held, np.asarray(np.bincount(cluster, weights=np.square(plain)), dtype=float)
    )
    error = float(np.sqrt((corrections * np.square(sums)).sum()))
    noise = ROUNDING * float(np.abs(x).max())
    if abs(difference) <= noise:
        return 1.0, 1.0
    if error <= noise:
        return float(difference <= 0), float(difference >= 0)
    return float(stdtr(freedom, -difference / error)), float(stdtr(freedom, difference / error))


def _stretch(level: float, p: int, freedom: FloatArray | None) -> FloatArray | float:
    """Return by how much wider an interval at 1 - (1 - level) / p is than at `level`."""
    one, all_of_them = (1 + level) / 2, 1 - (1 - level) / (2 * max(p, 1))
    if freedom is None:
        return float(ndtri(all_of_them) / ndtri(one))
    return np.asarray(stdtrit(freedom, all_of_them) / stdtrit(freedom, one))


def _rounded(mean: pd.DataFrame) -> pd.DataFrame:
    """Return means in steps far above the errors of rounding, so that equal ones tie."""
    step = ROUNDING * float(np.nanmax(np.abs(mean.to_numpy(dtype=float)), initial=0.0))
    return mean if step == 0 else (mean / step).round()


def _ranks(
    mean: pd.DataFrame, above: list[BoolArray] | None, level: float, basis: Literal["pairs", "intervals", ""]
) -> Ranks:
    """Return ranks from means and, for each group, from which value j stands above which k, [j, k]."""
    rank = _rounded(mean).rank(axis=1, method="min", ascending=False)
    if above is None:
        return Ranks(rank, None, None, level, basis)
    known = mean.notna().to_numpy()
    beaten = np.array([table.sum(axis=0) for table in above], dtype=float)
    beats = np.array([table.sum(axis=1) for table in above], dtype=float)
    lower = np.where(known, 1 + beaten, np.nan)
    upper = np.where(known, known.sum(axis=1)[:, None] - beats, np.nan)
    ends = [pd.DataFrame(table, mean.index, mean.columns) for table in (lower, upper)]
    return Ranks(rank, ends[0], ends[1], level, basis)
