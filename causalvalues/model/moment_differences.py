"""Differences of correlations and variances between groups, in standard errors from the sums of their units."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.model.exchange_cells import Cells

LARGEST = 1 - 1e-6


@dataclass(frozen=True, eq=False)
class Differences:
    """What groups differ in, over E entries: pairs of values, then (where asked for) variances of values.

    Parameters
    ----------
    statistic : float
        Mean over pairs of groups and entries of the compared number.
    largest : array (E,)
        Largest over pairs of groups of the number by which entries are compared.
    gap : array (E,)
        Largest difference between two groups, in units of the entry.
    each : array (K, E)
        The entry in each group.
    """

    statistic: float
    largest: FloatArray
    gap: FloatArray
    each: FloatArray


@dataclass(frozen=True, eq=False)
class MomentDifferences:
    """Compares the correlations of groups of cells, and their variances.

    A correlation is compared as Fisher's z, a variance as its logarithm; each squared difference is divided by the sum
    of the squared standard errors in the two groups, which come from the influence of each unit: with A the second
    moments of a unit about the mean of the group, s the standard deviations and r the correlation in the group,
    psi = A_ij / (s_i s_j) - r / 2 (A_ii / s_i^2 + A_jj / s_j^2). Without them a small group with long tails, or with
    units that are more alike, would look different (Chung and Romano 2013, Annals of Statistics 41, 484-507). Where
    labels are exchanged within units, differences of units change their sign and keep their size whatever the groups
    are like, so the standard errors are those of the groups as they are, in every exchange.

    Parameters
    ----------
    cells : Cells
    variances : bool
        Whether variances are compared, too.
    spread : array (E,) or None
        Squared standard errors of all cells together, which hold in every exchange; None: those of each group.
    """

    cells: Cells
    variances: bool
    spread: FloatArray | None = None

    @classmethod
    def of(cls, cells: Cells, variances: bool) -> MomentDifferences:
        """Prepare the comparison of groups of cells."""
        everyone = np.ones(len(cells.group), dtype=bool)
        return cls(cells, variances, _errors(cells, everyone, variances) if cells.paired else None)

    def of_groups(self, groups: IntArray) -> Differences:
        """Compare groups (C,) of the cells; -1 is in none."""
        scatter, weight = self.cells.totals(groups)
        numbers, each = _numbers(scatter / weight[:, None, None], self.variances)
        if self.spread is None:
            errors = np.array([_errors(self.cells, groups == g, self.variances) for g in range(len(weight))])
        else:
            errors = np.tile(self.spread * len(weight), (len(weight), 1))
        pairs = list(combinations(range(len(weight)), 2))
        gaps = np.array([numbers[a] - numbers[b] for a, b in pairs])
        spread = np.array([errors[a] + errors[b] for a, b in pairs])
        studentised = np.square(gaps) / np.maximum(spread, 1e-300)
        return Differences(float(studentised.mean()), studentised.max(axis=0), np.abs(gaps).max(axis=0), each)


def _numbers(covariance: FloatArray, variances: bool) -> tuple[FloatArray, FloatArray]:
    """Return Fisher's z and log variances (K, E), and the correlations and variances themselves."""
    i, j = np.triu_indices(covariance.shape[1], 1)
    square = np.einsum("kii->ki", covariance)
    if not (square > 0).all():
        raise ModelError(
            "A value does not vary in one of the groups, so it has no correlations there. Run `check` on the rows of "
            "each group, and drop the value or leave the group out."
        )
    r = (covariance[:, i, j] / np.sqrt(square[:, i] * square[:, j])).clip(-LARGEST, LARGEST)
    if not variances:
        return np.arctanh(r), r
    return np.hstack([np.arctanh(r), np.log(square)]), np.hstack([r, square])


def _errors(cells: Cells, mine: BoolArray, variances: bool) -> FloatArray:
    """Return the squared standard errors (E,) of the numbers of one group, from its units."""
    i, j = np.triu_indices(len(cells.names), 1)
    first, second, weight = cells.first[mine], cells.second[mine], cells.weight[mine]
    total, mean = weight.sum(), first.sum(axis=0) / weight.sum()
    crossed = second[:, i, j] - first[:, i] * mean[j] - first[:, j] * mean[i] + weight[:, None] * (mean[i] * mean[j])
    own = np.einsum("cii->ci", second) - 2 * first * mean + weight[:, None] * mean**2
    square = own.sum(axis=0) / total
    own /= square
    crossed /= np.sqrt(square[i] * square[j])
    r = (crossed.sum(axis=0) / total).clip(-LARGEST, LARGEST)
    influence = (crossed - r / 2 * (own[:, i] + own[:, j])) / (1 - r**2)
    if variances:
        influence = np.hstack([influence, own - weight[:, None]])
    return np.asarray(np.square(influence).sum(axis=0) / (total**2 * (1 - 1 / len(weight))))
