"""Moments of units in groups, from which any exchange of group labels can be summed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.evidence.design import design_columns
from causalvalues.evidence.summarise import summarise
from causalvalues.frozen import FloatArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix

FEWEST_UNITS = 3
STILL = 1e-9
"""Share of its spread below which a value counts as constant."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Sums over the rows of each unit in each group in which it answered, C cells in all.

    Parameters
    ----------
    names, groups : tuple of str
        Values, and groups, in sorted order.
    unit, group : array (C,) of int
    weight : array (C,)
        Sum of row weights.
    first : array (C, p), second : array (C, p, p)
        Sums of z and z z', z about what group and design explain.
    paired : bool
        Whether labels are exchanged within units.
    n : float
        Effective rows of the smallest group (or subsample).
    design : array (K,) of int
        Design columns that were partialled out in each group.
    notes : tuple of str
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    unit: IntArray
    group: IntArray
    weight: FloatArray
    first: FloatArray
    second: FloatArray
    paired: bool
    n: float
    design: IntArray
    notes: tuple[str, ...]

    def members(self, groups: IntArray) -> FloatArray:
        """Return 1 where a cell belongs to a group (K, C); -1 in `groups` (C,) is in none."""
        return np.asarray(groups == np.arange(len(self.groups))[:, None], dtype=np.float64)

    def totals(self, groups: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the scatter (K, p, p) about the mean and the weight (K,) of groups (C,); -1 is in none."""
        member = self.members(groups)
        weight, first = member @ self.weight, member @ self.first
        second = (member @ self.second.reshape(len(self.weight), -1)).reshape(-1, *self.second.shape[1:])
        return second - first[:, :, None] * first[:, None, :] / weight[:, None, None], weight


def exchange_cells(matrix: ResponseMatrix, group_by: str, within: str, scaled: bool) -> Cells:
    """Sum the rows of each unit in each group.

    Parameters
    ----------
    matrix : ResponseMatrix
    group_by : str
        Label of the groups.
    within : str
        Label of the units that answered in several groups, or "".
    scaled : bool
        Whether values are taken in units of their standard deviation in the group.
    """
    for label in (group_by, within):
        if label not in matrix.labels and (label or not group_by):
            raise ModelError(f"There is no label {label!r}." + did_you_mean(label, matrix.labels))
    notes = []
    complete = ~np.isnan(matrix.scores).any(axis=1) & (matrix.weights > 0)
    if not complete.all():
        notes.append(f"{int((~complete).sum())} of {len(matrix)} rows without complete answers were left out")
        matrix = matrix.rows(complete)
    if not len(matrix):
        raise ModelError("No row has all its answers. Drop the values that lost most, or fill answers in first.")
    if within:
        matrix, left_out = _in_all_groups(matrix, group_by, within)
        notes += left_out
    groups, group = np.unique(np.array(matrix.labels[group_by], dtype=str), return_inverse=True)
    if len(groups) < 2:
        raise ModelError(f"All rows belong to the group {str(groups[0])!r} of {group_by!r}. Give rows of two groups.")
    units = matrix.labels[within] if within else matrix.clusters if matrix.clusters is not None else None
    unit = np.arange(len(matrix)) if units is None else np.unique(np.array(units, dtype=str), return_inverse=True)[1]
    _require_rows(matrix, groups, group, unit)
    z, design = _centred(matrix, [str(label) for label in groups], group, scaled)
    pairs, code = np.unique(np.column_stack([unit, group]), axis=0, return_inverse=True)
    if not within and len(np.unique(pairs[:, 0])) < len(pairs):
        raise ModelError(
            f"Some clusters of {matrix.cluster_by!r} have rows in several groups. Exchange labels within them: "
            f"Exchange(within={matrix.cluster_by!r})."
        )
    p, c = z.shape[1], len(pairs)
    weight, first, second = np.zeros(c), np.zeros((c, p)), np.zeros((c, p, p))
    w = matrix.weights / matrix.weights.mean()
    code = code.ravel()
    np.add.at(weight, code, w)
    np.add.at(first, code, z * w[:, None])
    np.add.at(second, code, w[:, None, None] * z[:, :, None] * z[:, None, :])
    smallest = min(_effective(matrix, group == g) for g in range(len(groups)))
    labels = tuple(str(label) for label in groups)
    names = tuple(sorted(matrix.names))
    how = f"exchanged within {within}" if within else f"exchanged between {matrix.cluster_by or 'rows'}"
    notes.append(f"{len(np.unique(unit))} units; labels {how}")
    sums = (pairs[:, 0], pairs[:, 1], weight, first, second)
    return Cells(names, labels, *sums, bool(within), smallest, design, tuple(notes))


def exchanged(cells: Cells, groups: IntArray, random: np.random.Generator) -> IntArray:
    """Return the groups of cells (C,) after an exchange of labels; cells in no group (-1) stay there.

    Within units, each unit's labels are permuted among its cells. Between units, all labels are permuted.
    """
    out = groups.copy()
    if cells.paired:
        order = np.lexsort((random.random(len(groups)), cells.unit))
        out[np.lexsort((groups, cells.unit))] = groups[order]
        return out
    there = np.flatnonzero(groups >= 0)
    out[there] = random.permutation(groups[there])
    return out


def equal_groups(cells: Cells, random: np.random.Generator) -> IntArray:
    """Return the groups of cells (C,) with as many units of each as the smallest has; the others are in none (-1)."""
    counts = np.bincount(cells.group, minlength=len(cells.groups))
    out = np.full(len(cells.group), -1, dtype=np.int64)
    for g in range(len(cells.groups)):
        out[random.permutation(np.flatnonzero(cells.group == g))[: counts.min()]] = g
    return out


def _require_rows(matrix: ResponseMatrix, groups: np.ndarray, group: IntArray, unit: IntArray) -> None:
    """Refuse a group that is too small to have correlations, or whose answers to one value are all the same."""
    least = len(matrix.names) + 2
    for g, label in enumerate(groups):
        mine = group == g
        rows, units = int(mine.sum()), len(np.unique(unit[mine]))
        if rows < least or units < FEWEST_UNITS:
            raise ModelError(
                f"The group {str(label)!r} has {rows} complete row{'s' if rows != 1 else ''} of {units} "
                f"unit{'s' if units != 1 else ''}; {least} rows of {FEWEST_UNITS} units are needed for "
                f"{len(matrix.names)} values. Leave it out, or drop values."
            )


def _in_all_groups(matrix: ResponseMatrix, group_by: str, within: str) -> tuple[ResponseMatrix, list[str]]:
    """Keep the units that answered in every group."""
    seen: dict[str, set[str]] = {}
    for unit, group in zip(matrix.labels[within], matrix.labels[group_by], strict=True):
        seen.setdefault(unit, set()).add(group)
    groups = set(matrix.labels[group_by])
    full = {unit for unit, have in seen.items() if have == groups}
    if len(full) < 2:
        raise ModelError(
            f"Only {len(full)} units of {within!r} answered in every group of {group_by!r}; at least 2 are needed. "
            "Exchange labels between clusters: Exchange(within='')."
        )
    keep = np.array([unit in full for unit in matrix.labels[within]])
    lost = len(seen) - len(full)
    notes = [f"{lost} of {len(seen)} units of {within} did not answer in every group and were left out"] if lost else []
    return matrix.rows(keep), notes


def _centred(matrix: ResponseMatrix, groups: list[str], group: IntArray, scaled: bool) -> tuple[FloatArray, IntArray]:
    """Return the scores (n, p), names sorted, less what the design of each group explains, scaled within groups.

    Also the design columns (K,) that each group used up.
    """
    order = [matrix.names.index(name) for name in sorted(matrix.names)]
    used = np.zeros(len(groups), dtype=np.int64)
    z = np.array(matrix.scores[:, order])
    for g in np.unique(group):
        mine = group == g
        w = matrix.weights[mine]
        raw = np.sqrt(w @ np.square(z[mine] - w @ z[mine] / w.sum()) / w.sum())
        design = design_columns(matrix.levers, matrix.doses[mine], None).columns
        columns = np.column_stack([np.ones(len(w)), design]) * np.sqrt(w)[:, None]
        slopes, _, rank, _ = np.linalg.lstsq(columns, z[mine] * np.sqrt(w)[:, None], rcond=None)
        used[g] = int(rank) - 1
        z[mine] -= columns @ slopes / np.sqrt(w)[:, None]
        spread = np.sqrt(w @ np.square(z[mine]) / w.sum())
        still = spread <= STILL * raw
        if still.any():
            name = sorted(matrix.names)[int(np.argmax(still))]
            raise ModelError(f"{name!r} does not vary in the group {groups[g]!r}. Drop it (`matrix.drop([{name!r}])`).")
        if scaled:
            z[mine] /= spread
    return z, used


def _effective(matrix: ResponseMatrix, mine: np.ndarray) -> float:
    """Return the effective rows of one group."""
    return float(max(summarise(matrix.rows(mine)).degrees_of_freedom, 1.0))
