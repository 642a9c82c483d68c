"""Evidence: the moments that learning reads. After this noun is made, no learner touches a row again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.evidence.relations import CONSTANT
from causalvalues.frozen import FloatArray, IntArray, frozen_floats
from causalvalues.responses.matrix import ResponseMatrix


@dataclass(frozen=True, eq=False)
class GroupSums:
    """Sums over the rows of each of C pairs of cluster and group that occur; needed to resample within groups.

    Parameters
    ----------
    cluster, group : array (C,) of int
        Which cluster and which of K groups.
    weight : array (C,)
        Sum of row weights.
    first : array (C, m)
        Sum of the rows minus the mean of their group.
    means : array (K, m)
        Group means that were removed.
    """

    cluster: IntArray
    group: IntArray
    weight: FloatArray
    first: FloatArray
    means: FloatArray

    def __post_init__(self) -> None:
        pairs, m = np.shape(self.first)
        for name in ("cluster", "group"):
            codes = np.array(getattr(self, name), dtype=np.int64)
            codes.setflags(write=False)
            object.__setattr__(self, name, codes)
        object.__setattr__(self, "weight", frozen_floats(self.weight, (pairs,), "weight"))
        object.__setattr__(self, "first", frozen_floats(self.first, (pairs, m), "first"))
        object.__setattr__(self, "means", frozen_floats(self.means, (len(self.means), m), "means"))


@dataclass(frozen=True, eq=False)
class ClusterSums:
    """Sums over the rows of each of G clusters (or blocks), about one common centre.

    There are two kinds. Sums of products are made from complete rows. Sums of an estimate (`estimated`) hold for each
    cluster its weight times the estimated covariance C, plus the sum over its rows of the influence function of C, so
    that the sums over clusters are the scatter n C, and their spread is the sampling error of C. Any estimate with an
    influence function (missing answers, polychoric or corrected correlations) can be resampled and tested this way.

    Parameters
    ----------
    weight : array (G,)
        Sum of row weights.
    first : array (G, m)
        Sum of z, where z is a row of [values, design columns] minus the mean of the evidence that these sums were
        made with (minus the mean of the row's group when `groups` is set). When `estimated`: the sum of the influence
        function of the mean, or zero where that is not known; it adds up to zero.
    second : array (G, m, m)
        Sum of z z'. When `estimated`: weight C plus the sum of the influence function of C.
    groups : GroupSums or None
        Sums for each pair of cluster and group, when group means are removed.
    independent : bool, default False
        True when these are blocks of independent rows, drawn at random, and not clusters of the design.
    estimated : bool, default False
        True when these are sums of an estimate; `groups` then only says which groups each cluster holds.
    strata : array (G,) of int, or None
        The stratum of each cluster: clusters are drawn, and vary, within strata. None: one stratum.
    """

    weight: FloatArray
    first: FloatArray
    second: FloatArray
    groups: GroupSums | None = None
    independent: bool = False
    estimated: bool = False
    strata: IntArray | None = None

    def __post_init__(self) -> None:
        g = len(self.weight)
        if self.strata is not None:
            codes = np.array(self.strata, dtype=np.int64)
            if codes.shape != (g,):
                raise ValueError(f"strata has the shape {codes.shape}, expected {(g,)}")
            codes.setflags(write=False)
            object.__setattr__(self, "strata", codes)
        m = np.shape(self.first)[1]
        object.__setattr__(self, "weight", frozen_floats(self.weight, (g,), "weight"))
        object.__setattr__(self, "first", frozen_floats(self.first, (g, m), "first"))
        object.__setattr__(self, "second", frozen_floats(self.second, (g, m, m), "second"))

    def permuted(self, order: IntArray) -> ClusterSums:
        """Return the sums of some of the columns, in the order given; itself when nothing changes."""
        if np.array_equal(order, np.arange(self.first.shape[1])):
            return self
        groups = self.groups
        if groups is not None:
            groups = replace(groups, first=groups.first[:, order], means=groups.means[:, order])
        second = self.second[:, order[:, None], order]
        return replace(self, first=self.first[:, order], second=second, groups=groups)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Moments of p values and q design columns (lever doses and tried combinations).

    The m = p + q columns stand in the order `names` + `levers` + `combinations`. A combination is the product of the
    doses of its levers; it has a column exactly when it was tried, so that the cells of the design are saturated.

    Parameters
    ----------
    names : tuple of str, length p
        Value dimensions.
    mean : array (m,)
        Column means, in the units of the scores and doses.
    scatter : array (m, m)
        Sum over rows of (z - mean)(z - mean)', with group means in place of `mean` when `within` is set.
    n : int
        Rows used.
    n_score : float
        The one effective number of rows that a score uses, before the design columns are charged (see
        `degrees_of_freedom_after`): the 10% quantile of `pairwise_n`, less the share that group means cost when
        `within` is set, never below p + 1; see `causalvalues.evidence.effective.score_n`.
    pairwise_n : array (p, p)
        Effective number of rows for each correlation of values.
    levers : tuple of str, length k
    combinations : tuple of tuple of str
        Tried combinations of two or more levers.
    clusters : ClusterSums or None
        Sums for each cluster, for resampling; None when they were not kept.
    within : str, default ""
        The label whose group means were removed.
    notes : tuple of str
        How each number was made; printed in reports.
    measures : str, default "unknown"
        As in `ResponseMatrix`.
    doses : tuple of tuple of float, default ()
        For each lever the distinct doses other than 0 that were given, in rising order; the smallest and the largest
        where there are more than 50 (see `notes`). Empty when they are not known.
    thresholds : mapping of str to tuple of float, default {}
        For each ordinal column, where its latent variable (variance 1 within design cells, mean 0) passes from one
        answer to the next, in rising order; made by `PolychoricMoments`.
    """

    names: tuple[str, ...]
    mean: FloatArray
    scatter: FloatArray
    n: int
    n_score: float
    pairwise_n: FloatArray
    levers: tuple[str, ...] = ()
    combinations: tuple[tuple[str, ...], ...] = ()
    clusters: ClusterSums | None = None
    within: str = ""
    notes: tuple[str, ...] = field(default=())
    measures: str = "unknown"
    doses: tuple[tuple[float, ...], ...] = ()
    thresholds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        p, m = len(self.names), len(self.columns)
        object.__setattr__(self, "doses", tuple(tuple(float(dose) for dose in doses) for doses in self.doses))
        object.__setattr__(self, "mean", frozen_floats(self.mean, (m,), "mean"))
        object.__setattr__(self, "scatter", frozen_floats(self.scatter, (m, m), "scatter"))
        object.__setattr__(self, "pairwise_n", frozen_floats(self.pairwise_n, (p, p), "pairwise_n"))
        if len(set(self.columns)) < m:
            raise DataError(f"Names of values, levers and combinations must differ: {self.columns}.")
        if self.doses and len(self.doses) != len(self.levers):
            raise DataError(
                f"`doses` speaks of {len(self.doses)} levers, and there are {len(self.levers)}: {self.levers}."
            )

    def __repr__(self) -> str:
        return (
            f"Evidence({len(self.names)} values, {len(self.levers)} levers, n {self.n}, effective n {self.n_score:.0f})"
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all m columns; a combination of a and b is called ``a+b``."""
        return self.names + self.levers + tuple("+".join(levers) for levers in self.combinations)

    @property
    def degrees_of_freedom(self) -> float:
        """Effective degrees of freedom left after all design columns (saturated levers)."""
        return self.degrees_of_freedom_after(len(self.columns) - len(self.names))

    def degrees_of_freedom_after(self, columns: int) -> float:
        """Return the effective degrees of freedom that are left after some design columns are partialled out.

        A column uses up one of n rows, and so the same share of the effective rows: n_score (1 - columns / n) - 1, the
        last one for the mean. With independent rows this is n - columns - 1.

        Parameters
        ----------
        columns : int
            How many design columns are partialled out: all of them where every lever acts on every value, the
            combinations alone where levers are chosen for each value.

        Returns
        -------
        float
        """
        return self.n_score - columns * (self.n_score / self.n) - 1.0

    @property
    def design_effects(self) -> pd.DataFrame:
        """Least-squares effect of each design column on each value, [design column, value], in raw units."""
        p = len(self.names)
        effects = np.linalg.solve(self.scatter[p:, p:], self.scatter[p:, :p])
        return pd.DataFrame(effects, index=list(self.columns[p:]), columns=list(self.names))

    @property
    def residual_scatter(self) -> FloatArray:
        """Scatter (p, p) of the values with the design columns partialled out."""
        p, order = len(self.names), self.sorted_order
        residual = partial_out(np.ascontiguousarray(self.scatter[np.ix_(order, order)]), p)
        back = np.argsort(order[:p])
        return np.ascontiguousarray(residual[np.ix_(back, back)])

    @cached_property
    def sorted_clusters(self) -> ClusterSums:
        """Cluster sums with their columns in `sorted_order`; put in order once and kept.

        Raises
        ------
        DataError
            If the evidence holds no cluster sums.
        """
        if self.clusters is None:
            raise DataError("This evidence holds no cluster sums. Use the evidence that `summarise` made.")
        return self.clusters.permuted(self.sorted_order)

    @property
    def sorted_order(self) -> IntArray:
        """Positions (m,) of the columns in sorted order: values, levers, combinations by length and sorted levers.

        Arithmetic is done in this order, so that the order of the columns changes no bit of a result.
        """
        p, k = len(self.names), len(self.levers)
        keys: list[tuple[int, int, tuple[str, ...]]] = [(0, 0, (name,)) for name in self.names]
        keys += [(1, 0, (lever,)) for lever in self.levers]
        keys += [(2, len(cell), tuple(sorted(cell))) for cell in self.combinations]
        return np.array(sorted(range(p + k + len(self.combinations)), key=lambda j: keys[j]), dtype=np.int64)

    @property
    def scale(self) -> FloatArray:
        """Standard deviation (p,) of each value within design cells, in its own units."""
        p, q = len(self.names), len(self.columns) - len(self.names)
        return np.asarray(np.sqrt(np.diag(self.residual_scatter) / max(self.n - 1 - q, 1))[:p])

    @property
    def correlation(self) -> pd.DataFrame:
        """Correlation (p, p) of the values with the design columns partialled out; a value must vary to have one."""
        residual = self.residual_scatter
        whole = np.diag(self.scatter)[: len(self.names)]
        varies = np.diag(residual) > np.maximum(1e-10 * whole, self.n * (CONSTANT * self.mean[: len(self.names)]) ** 2)
        if not varies.all():
            still = sorted(name for name, moves in zip(self.names, varies, strict=True) if not moves)
            raise DataError(
                f"{', '.join(map(repr, still))} {'does' if len(still) == 1 else 'do'} not vary within design cells, so "
                f"no correlation is defined. Drop {'it' if len(still) == 1 else 'them'}: matrix.drop({still!r})."
            )
        scale = np.sqrt(np.diag(residual))
        return pd.DataFrame(residual / np.outer(scale, scale), index=list(self.names), columns=list(self.names))


class Moments(Protocol):
    """A way of making evidence from answers, with its settings; given to `summarise`."""

    def summarise(self, matrix: ResponseMatrix, within: str) -> Evidence:
        """Return the evidence of a response matrix, with the group means of the label `within` removed (if any)."""
        ...


def partial_out(scatter: FloatArray, p: int) -> FloatArray:
    """Return the Schur complement (p, p) of the last columns: S_vv - S_vd S_dd^-1 S_dv."""
    if scatter.shape[0] == p:
        return scatter
    design = scatter[p:, p:]
    return scatter[:p, :p] - scatter[:p, p:] @ np.linalg.solve(design, scatter[p:, :p])
