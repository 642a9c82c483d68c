"""Ranks of values by their mean scores, with intervals that hold all ranks of a group at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from causalvalues.errors import DataError
from causalvalues.evidence.holm import holm_rejected
from causalvalues.evidence.pair_tests import ROUNDING, pair_tests
from causalvalues.evidence.profiles import (
    Profiles,
    check_ends,
    check_finite,
    check_level,
    clusters_of,
    group_profiles,
    named_groups,
)
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.responses.matrix import ResponseMatrix


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
    held_back : tuple of str
        Groups in which means without any spread over few clusters were not taken as certain.

    Raises
    ------
    DataError
        If the level is not inside (0, 1), a rank is infinite, only one end is given or a lower one lies above its upper
        one, or the ends have other groups or values than `rank`.
    """

    rank: pd.DataFrame
    lower: pd.DataFrame | None = None
    upper: pd.DataFrame | None = None
    level: float = 0.9
    basis: Literal["pairs", "intervals", ""] = ""
    held_back: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_level(self.level)
        check_finite(self.rank, "rank")
        if (self.lower is None) != (self.upper is None):
            raise DataError("Ranks have one end of the intervals only. Give `lower` and `upper`, or neither.")
        for table in (self.lower, self.upper):
            if table is not None and not (
                table.index.equals(self.rank.index) and table.columns.equals(self.rank.columns)
            ):
                raise DataError("The rank intervals have other groups or values than the ranks. Give the same ones.")
        check_ends(self.lower, self.upper)

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
    of a pair is one-sided: the difference of both means by its cluster-robust error, each cluster corrected for its own
    share in each of the two means (CR2, as `group_profiles`), with a t law. Its degrees of freedom are Satterthwaite's
    under a working model in which rows are independent and the two answers of a row correlate as the clusters show, and
    at most those of each of the two means: a value that three clusters answered is compared at about two degrees of
    freedom, however many answered the other. With complete rows the correlation cancels, and both are those of
    `group_profiles`. A value that fewer than two clusters answered is told apart from none.

    Where a difference has no spread at all over G clusters (of the value that fewer answered), as happens with few
    clusters of scores in whole steps, no t law holds. All that is known is that G clusters agree in its sign, which has
    the probability 2^-G where each sign is as likely; that is taken as its p. With few clusters it rejects nothing, and
    `Ranks.held_back` names the group.

    References
    ----------
    Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for Ranks with Applications to Mobility across Neighbourhoods
    and Academic Achievement across Countries, Review of Economic Studies 91, 476-518. Holm (1979), A Simple
    Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 65-70.
    """
    mean = group_profiles(matrix, groups, level).mean
    of, names = named_groups(matrix, groups)
    clusters = clusters_of(matrix)
    above, held_back = [], []
    for name in names:
        rows = np.asarray(of == name)
        _, code = np.unique(clusters[rows].astype(str), return_inverse=True)
        tested = pair_tests(matrix.scores[rows], matrix.weights[rows], np.asarray(code))
        apart = holm_rejected(tested.p, 1 - level)
        above.append(apart)
        if (tested.without_spread & ~(apart | apart.T)).any():
            held_back.append(name)
    return _ranks(mean, above, Ranks(mean, None, None, level, "pairs", tuple(held_back)))


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

    An interval of no width comes from clusters that agree exactly. G clusters agree in a sign by chance with the
    probability 2^(1 - G); where that is above (1 - level) / p, or neither `clusters` nor `freedom` tells G, the value
    is told apart from none, and `Ranks.held_back` names the group.

    References
    ----------
    Klein, Wright and Wieczorek (2020), A joint confidence region for an overall ranking of populations, Journal of the
    Royal Statistical Society C 69, 589-606.
    """
    mean = profiles.mean
    if profiles.lower is None or profiles.upper is None:
        return _ranks(mean, None, Ranks(mean, None, None, profiles.level))
    above, held_back = [], []
    for row, group in enumerate(mean.index):
        m, low, high = (table.loc[group].to_numpy(dtype=float) for table in (mean, profiles.lower, profiles.upper))
        freedom = None if profiles.freedom is None else profiles.freedom.loc[group].to_numpy(dtype=float)
        p = int(np.isfinite(m).sum())
        by = _stretch(profiles.level, p, freedom)
        flat = high - low <= ROUNDING * np.nanmax(np.abs(m), initial=0.0)
        unsure = flat & (_chance(profiles, row) > (1 - profiles.level) / max(p, 1))
        low, high = (np.where(unsure, end, each) for end, each in ((-np.inf, low), (np.inf, high)))
        above.append((m - by * (m - low))[:, None] > (m + by * (high - m))[None, :])
        if p > 1 and unsure.any():
            held_back.append(str(group))
    return _ranks(mean, above, Ranks(mean, None, None, profiles.level, "intervals", tuple(held_back)))


def _chance(profiles: Profiles, row: int) -> FloatArray:
    """Return the chance 2^(1 - G) (p,) that all G clusters of a mean agree in a sign; 1 where they are not counted."""
    if profiles.clusters is not None:
        counted = profiles.clusters.to_numpy(dtype=float)[row]
    elif profiles.freedom is not None:
        counted = np.floor(profiles.freedom.to_numpy(dtype=float)[row] + 1 + 1e-9)
    else:
        counted = np.ones(profiles.mean.shape[1])
    return np.asarray(0.5 ** (np.nan_to_num(counted, nan=1.0, posinf=np.inf) - 1))


def _stretch(level: float, p: int, freedom: FloatArray | None) -> FloatArray | float:
    """Return by how much wider an interval at 1 - (1 - level) / p is than at `level`."""
    one, all_of_them = (1 + level) / 2, 1 - (1 - level) / (2 * max(p, 1))
    if freedom is None:
        return float(ndtri(all_of_them) / ndtri(one))
    return np.asarray(stdtrit(freedom, all_of_them) / stdtrit(freedom, one))


def _rounded(mean: pd.DataFrame) -> pd.DataFrame:
    """Return means in steps far above the errors of rounding in their group, so that equal ones tie."""
    m = mean.to_numpy(dtype=float)
    step = ROUNDING * np.nanmax(np.abs(m), axis=1, initial=0.0, keepdims=True)
    return pd.DataFrame((m / np.where(step > 0, step, 1.0)).round(), mean.index, mean.columns)


def _ranks(mean: pd.DataFrame, above: list[BoolArray] | None, about: Ranks) -> Ranks:
    """Return ranks from means and, for each group, from which value j stands above which k, [j, k]."""
    rank = _rounded(mean).rank(axis=1, method="min", ascending=False)
    if above is None:
        return replace(about, rank=rank)
    known = mean.notna().to_numpy()
    beaten = np.array([table.sum(axis=0) for table in above], dtype=float)
    beats = np.array([table.sum(axis=1) for table in above], dtype=float)
    lower = np.where(known, 1 + beaten, np.nan)
    upper = np.where(known, known.sum(axis=1)[:, None] - beats, np.nan)
    ends = [pd.DataFrame(table, mean.index, mean.columns) for table in (lower, upper)]
    return replace(about, rank=rank, lower=ends[0], upper=ends[1])
