"""Matrices of moments to average a posterior over: that of the evidence, and those of its cluster bootstrap.

One matrix scored with one effective number of rows treats every correlation as equally well known. Clusters, corrected
and ordinal moments break this: some correlations rest on many more independent answers than others. An average over
bootstrap matrices lets each pair move as much as it does from sample to sample (Huggins and Miller 2020: bagging
protects a posterior against a likelihood that is too sure).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError, DiscoveryError
from causalvalues.evidence import ClusterSums, Environments, Evidence
from causalvalues.evidence.environments import value_parts
from causalvalues.evidence.moments import partial_out
from causalvalues.evidence.resampling import balanced_bootstrap_scatters
from causalvalues.frozen import BoolArray, FloatArray, IntArray

DEFAULT_DRAWS = 100
DEFAULT_DRAWS_LARGE = 40
SMALL = 16
"""Scored columns (values, and levers in the sparse mode) up to which 100 matrices are the default, and 40 above."""

FEWEST_DRAWS = 10
"""Matrices that are scored even when the time is up."""

SMALLEST_EIGENVALUE = 1e-10


@dataclass(frozen=True)
class ScoredColumns:
    """Which columns of the evidence are scored, and which are partialled out, both in name order.

    Parameters
    ----------
    values : int
        Number of values p, which come first.
    scored, others : tuple of str
        Columns: values, and with sparse levers the levers; and the rest of the design.
    """

    values: int
    scored: tuple[str, ...]
    others: tuple[str, ...]

    def correlation(self, scatter: FloatArray, names: tuple[str, ...]) -> FloatArray:
        """Return the correlation (r, r) of the scored columns of a scatter with the others partialled out."""
        place = [names.index(name) for name in (*self.scored, *self.others)]
        inside = partial_out(np.asarray(scatter)[np.ix_(place, place)], len(self.scored))
        scale = np.sqrt(np.diag(inside))
        return np.asarray(inside / np.outer(scale, scale))


def scored_columns(evidence: Evidence, sparse: bool) -> ScoredColumns:
    """Sort the columns, so that their order changes nothing; levers are scored in the sparse mode."""
    p, k = len(evidence.names), len(evidence.levers)
    columns = evidence.columns
    values, levers, rest = sorted(columns[:p]), sorted(columns[p : p + k]), sorted(columns[p + k :])
    if sparse:
        return ScoredColumns(p, (*values, *levers), tuple(rest))
    return ScoredColumns(p, tuple(values), (*levers, *rest))


def draws_wanted(evidence: Evidence | Environments, asked: int | None, scored: int) -> int:
    """Return how many moment matrices to average over; 0 means that the one of the evidence is scored.

    Parameters
    ----------
    evidence : Evidence or Environments
    asked : int or None
        None: 100 (40 for more than 16 scored columns) where rows are clustered or the moments are estimates, else 0.
    scored : int
        Number of scored columns: values, and levers in the sparse mode.
    """
    if asked is None:
        if all(_plain(part.clusters) for part in value_parts(evidence)[0]):
            return 0
        return DEFAULT_DRAWS if scored <= SMALL else DEFAULT_DRAWS_LARGE
    if asked < 0:
        raise DiscoveryError(f"The number of moment draws is {asked}. Give 0 (score one matrix) or more.")
    return asked


def _plain(sums: ClusterSums | None) -> bool:
    return sums is None or (sums.independent and not sums.estimated)


def moment_matrices(
    parts: Sequence[Evidence], columns: ScoredColumns, most: int, seed: int
) -> Iterator[tuple[FloatArray, ...]]:
    """Yield correlation matrices (r, r), one for each part of the rows, of at most `most` cluster-bootstrap draws.

    Over all draws every cluster is taken equally often. Draws that cannot be scored are passed over: too few rows, a
    value that does not vary, or a singular matrix.

    Parameters
    ----------
    parts : sequence of Evidence
        One, or those of `Environments.free`; each draw takes the same clusters in all of them.
    columns : ScoredColumns
    most : int
    seed : int

    Raises
    ------
    DataError
        If a part holds no cluster sums.
    """
    if any(part.clusters is None for part in parts):
        raise DataError(
            "This evidence holds no cluster sums to resample. Use moment_draws=0, or evidence of `summarise`."
        )
    for scatters in zip(*balanced_bootstrap_scatters(parts, seed, most), strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            matrices = tuple(
                columns.correlation(scatter, part.columns) for scatter, part in zip(scatters, parts, strict=True)
            )
        if all(_scorable(matrix) for matrix in matrices):
            yield matrices


def _scorable(matrix: FloatArray) -> bool:
    return bool(np.isfinite(matrix).all() and np.linalg.eigvalsh(matrix)[0] > SMALLEST_EIGENVALUE)


@dataclass(frozen=True, eq=False)
class Summed:
    """What the sums over graphs give for one matrix, or on average over many; all in name order.

    Parameters
    ----------
    draws : array (s, p, p) of bool
    weights : array (s,)
        Normalised.
    edge, modular : array (p, p)
        P(i -> j) under the prior of the method and under the order-modular one.
    levers : array (s, k, p) of bool
        Direct causes among the levers.
    compelled : array (p, p)
        P(i -> j is there and compelled), counted in all graphs that were drawn.
    independent : float
        Number of independent graphs whose shares would be as sure as the tables are.
    exact : bool, default False
        Whether `edge` is an exact sum, and no average over drawn matrices or graphs.
    notes : tuple of str
    """

    draws: BoolArray
    weights: FloatArray
    edge: FloatArray
    modular: FloatArray
    levers: BoolArray
    compelled: FloatArray
    independent: float
    exact: bool = False
    notes: tuple[str, ...] = ()


def average(parts: list[Summed], draws: int, notes: tuple[str, ...]) -> Summed:
    """Give every matrix the same weight: average its tables, and take about equally many of its equally weighted draws.

    Parameters
    ----------
    parts : list of Summed
        Each with the same number of draws.
    draws : int
        Graphs wanted in all; there are fewer when the parts together have fewer.
    notes : tuple of str
    """
    draws = min(draws, len(parts) * len(parts[0].draws))
    share, more = divmod(draws, len(parts))
    counts = [share + (number < more) for number in range(len(parts))]
    return Summed(
        draws=np.concatenate([part.draws[:count] for part, count in zip(parts, counts, strict=True)]),
        weights=np.full(draws, 1.0 / draws),
        edge=np.asarray(np.mean([part.edge for part in parts], axis=0)),
        modular=np.asarray(np.mean([part.modular for part in parts], axis=0)),
        levers=np.concatenate([part.levers[:count] for part, count in zip(parts, counts, strict=True)]),
        compelled=np.asarray(np.mean([part.compelled for part in parts], axis=0)),
        independent=_independent(parts),
        notes=notes,
    )


def _independent(parts: list[Summed]) -> float:
    """Return how many independent graphs are at most as sure as the averages of P(adjacent) and P(compelled).

    The variance between matrices, divided by their number, is that of an average over independent draws; of balanced
    ones the average varies less, so the number is a lower bound. It is pooled over all pairs as a multiple of
    share x (1 - share), and the table with the larger multiple counts.
    """
    if len(parts) < 2:
        return 1.0
    found = sum(part.independent for part in parts)
    for table in (np.array([part.edge + part.edge.T for part in parts]), np.array([part.compelled for part in parts])):
        share = table.mean(axis=0)
        between = float(table.var(axis=0, ddof=1).sum() / len(table))
        if between > 0:
            found = min(found, float((share * (1 - share)).sum()) / between)
    return max(found, 1.0)


def equal_draws(weights: FloatArray, number: int, uniform: float) -> IntArray:
    """Return the places of `number` equally weighted draws by systematic resampling (Kitagawa 1996)."""
    places = (np.arange(number) + uniform) / number
    return np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)
