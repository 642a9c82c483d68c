"""Mean scores of groups of answers, with intervals that know which rows belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from causalvalues.errors import DataError
from causalvalues.evidence.cluster_corrections import cluster_corrections
from causalvalues.frozen import BoolArray
from causalvalues.responses.matrix import ResponseMatrix


@dataclass(frozen=True, eq=False)
class Profiles:
    """Mean scores of groups; every table is [group, value].

    Parameters
    ----------
    mean : DataFrame (g, p)
        In score units; NaN where a group has no answer.
    lower, upper : DataFrame (g, p) or None
        Interval of the mean; NaN where a group has fewer than two clusters.
    level : float
        Level of the interval.
    clusters : DataFrame (g, p) of int, or None
        Clusters behind each mean.
    freedom : DataFrame (g, p), or None
        Degrees of freedom of each interval's t quantile.

    Raises
    ------
    DataError
        If a name repeats, a mean is infinite, only one end is given or a lower one lies above its upper one, the level
        is not inside (0, 1), or the tables have other rows and columns than `mean`.
    """

    mean: pd.DataFrame
    lower: pd.DataFrame | None = None
    upper: pd.DataFrame | None = None
    level: float = 0.9
    clusters: pd.DataFrame | None = None
    freedom: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        for what, names in (("group", self.mean.index), ("value", self.mean.columns)):
            if not names.is_unique:
                raise DataError(f"The {what} {names[names.duplicated()][0]!r} stands in the profiles more than once.")
        check_level(self.level)
        check_finite(self.mean, "mean")
        if (self.lower is None) != (self.upper is None):
            raise DataError("Profiles have one end of the intervals only. Give `lower` and `upper`, or neither.")
        for name in ("lower", "upper", "clusters", "freedom"):
            table = getattr(self, name)
            if table is None:
                continue
            if set(table.index) != set(self.mean.index) or set(table.columns) != set(self.mean.columns):
                raise DataError(f"`{name}` has other groups or values than `mean`. Give it for the same ones.")
            object.__setattr__(self, name, table.loc[self.mean.index, self.mean.columns])
        check_ends(self.lower, self.upper)

    def __repr__(self) -> str:
        g, p = self.mean.shape
        return f"Profiles({g} groups x {p} values; tables are [group, value])"


def group_profiles(matrix: ResponseMatrix, groups: Sequence[str] = (), level: float = 0.9) -> Profiles:
    """Return the mean score of every group with a cluster-robust interval.

    Parameters
    ----------
    matrix : ResponseMatrix
        Scored; rows are clustered by `cluster_by`, else by `unit_ids`.
    groups : sequence of str, one for each row, optional
        "" leaves a row out. Default: the label that `group_by` names; without it all rows are one group ``all``.
    level : float, default .9

    Returns
    -------
    Profiles
        Groups in the order in which they first occur.

    Raises
    ------
    DataError
        If `groups` has another length than the matrix, names no row, or the level is not inside (0, 1).

    Notes
    -----
    The standard error of a weighted mean m is the sandwich of the clusters' sums e_g = sum_{i in g} w_i (x_i - m),
    each corrected for its own weight in the mean: sqrt(sum_g a_g e_g^2) / sum w, where a_g makes a_g e_g^2 unbiased for
    independent rows, with t quantiles of Satterthwaite's degrees of freedom under the same assumption (CR2; Bell and
    McCaffrey 2002). With G clusters of one size this is G / (G - 1) sum_g e_g^2 at G - 1 degrees of freedom; where a
    few clusters hold most of the rows, the degrees of freedom tell of those few.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28, 169-181; Pustejovsky and Tipton (2018), Journal of Business and
    Economic Statistics 36, 672-683 (the correction for weighted estimates).
    """
    check_level(level)
    of, names = named_groups(matrix, groups)
    clusters = clusters_of(matrix)
    shape = (len(names), len(matrix.names))
    mean, half, freedom = (np.full(shape, np.nan) for _ in range(3))
    counts = np.zeros(shape, dtype=int)
    for row, name in enumerate(names):
        for column in range(shape[1]):
            found = _mean_with_error(matrix, column, np.asarray(of == name), clusters)
            mean[row, column], error, counts[row, column] = found.mean, found.error, found.clusters
            freedom[row, column] = found.freedom
            half[row, column] = error * float(stdtrit(found.freedom, (1 + level) / 2))
    tables = [
        pd.DataFrame(table, list(names), list(matrix.names))
        for table in (mean, mean - half, mean + half, counts, freedom)
    ]
    return Profiles(tables[0], tables[1], tables[2], level, tables[3], tables[4])


def check_level(level: float) -> None:
    """Refuse a level that is not inside (0, 1)."""
    if not 0 < level < 1:
        raise DataError(f"The level of an interval is {level}. Give a number between 0 and 1, for example .9.")


def check_finite(table: pd.DataFrame, what: str) -> None:
    """Refuse infinite numbers, of which none is above the other."""
    infinite = np.isinf(table.to_numpy(dtype=float))
    if infinite.any():
        row, column = (int(place[0]) for place in np.nonzero(infinite))
        raise DataError(
            f"The {what} of {str(table.columns[column])!r} in {str(table.index[row])!r} is infinite. Give a finite "
            "number, or NaN where it is not known."
        )


def check_ends(lower: pd.DataFrame | None, upper: pd.DataFrame | None) -> None:
    """Refuse intervals, of one shape and order, whose lower end lies above the upper one."""
    if lower is None or upper is None:
        return
    turned = lower.to_numpy(dtype=float) > upper.to_numpy(dtype=float)
    if turned.any():
        row, column = (int(place[0]) for place in np.nonzero(turned))
        raise DataError(
            f"The interval of {str(lower.columns[column])!r} in {str(lower.index[row])!r} has its lower end above its "
            "upper one. Exchange them."
        )


def named_groups(matrix: ResponseMatrix, groups: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the group of every row, "" for none, and the groups in the order in which they first occur.

    Raises
    ------
    DataError
        If `groups` has another length than the matrix, or names no row.
    """
    own = matrix.labels[matrix.group_by] if matrix.group_by else ("all",) * len(matrix)
    labels = tuple(str(group) for group in groups) or own
    if len(labels) != len(matrix):
        raise DataError(f"`groups` has {len(labels)} entries for {len(matrix)} rows. Give one for each row.")
    names = tuple(name for name in dict.fromkeys(labels) if name)
    if not names:
        raise DataError("No row belongs to a group. Give at least one row a name.")
    return np.array(labels, dtype=object), names


def clusters_of(matrix: ResponseMatrix) -> np.ndarray:
    """Return the cluster of every row: what `cluster_by` names, else the row itself."""
    return np.array(matrix.labels[matrix.cluster_by] if matrix.cluster_by else matrix.unit_ids, dtype=object)


@dataclass(frozen=True)
class _Mean:
    """A weighted mean, its standard error with degrees of freedom (NaN below two clusters), and its clusters."""

    mean: float
    error: float
    freedom: float
    clusters: int


def _mean_with_error(matrix: ResponseMatrix, column: int, rows: BoolArray, clusters: np.ndarray) -> _Mean:
    seen = rows & ~np.isnan(matrix.scores[:, column]) & (matrix.weights > 0)
    x, w = matrix.scores[seen, column], matrix.weights[seen]
    if not len(x):
        return _Mean(np.nan, np.nan, np.nan, 0)
    mean = float(np.einsum("i,i->", w, x) / w.sum())
    _, code = np.unique(clusters[seen].astype(str), return_inverse=True)
    sums = np.bincount(code, weights=np.asarray(w * (x - mean)))
    if len(sums) < 2:
        return _Mean(mean, np.nan, np.nan, len(sums))
    share, plain = np.bincount(code, weights=w) / w.sum(), np.bincount(code, weights=np.square(w))
    corrections, freedom = cluster_corrections(np.asarray(share), np.asarray(plain, dtype=float))
    return _Mean(mean, float(np.sqrt((corrections * np.square(sums)).sum()) / w.sum()), freedom, len(sums))
