"""Design columns: one dose column for each lever and one product for each combination that was tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import DataError
from causalvalues.frozen import BoolArray, FloatArray, IntArray

TOLERANCE = 1e-10

MOST_DOSES = 50
"""Most distinct doses of one lever that are kept one by one."""


@dataclass(frozen=True, eq=False)
class Design:
    """Design columns that can be told apart, in sorted order of the names.

    Parameters
    ----------
    levers : tuple of str
    combinations : tuple of tuple of str
        Each in sorted order; sorted by length and names.
    columns : array (n, q)
        Doses, then products of doses.
    notes : tuple of str
        What was left out and why.
    """

    levers: tuple[str, ...]
    combinations: tuple[tuple[str, ...], ...]
    columns: FloatArray
    notes: tuple[str, ...]


def design_columns(levers: tuple[str, ...], doses: FloatArray, groups: IntArray | None) -> Design:
    """Build the saturated design of the cells that were tried.

    With doses of 0 and 1 the columns span the indicators of all tried cells, because the product for a cell is
    nonzero exactly in the cells that contain it (a triangular system). With several doses a lever is taken as linear.

    Parameters
    ----------
    levers : tuple of str, length k
        In any order.
    doses : array (n, k)
    groups : array (n,) of int, or None
        Groups whose means will be removed; a lever must vary within them.

    Returns
    -------
    Design

    Raises
    ------
    DataError
        If the doses of a lever are a linear function of those of other levers.
    """
    order = sorted(range(len(levers)), key=lambda j: levers[j])
    names = tuple(levers[j] for j in order)
    doses = doses[:, order]
    varies = [_centred_share(doses[:, j], groups) > TOLERANCE for j in range(len(names))]
    notes = [_constant_note(name, doses[:, j], groups) for j, name in enumerate(names) if not varies[j]]
    kept = tuple(name for name, moves in zip(names, varies, strict=True) if moves)
    doses = doses[:, varies]
    separate = independent_columns(doses, groups)
    if not separate.all():
        raise DataError(_collinear_levers(kept, doses, separate, groups))
    tried = _tried_combinations(kept, doses)
    products = np.column_stack([doses, *(_product(kept, doses, cell) for cell in tried)])
    separate = independent_columns(products, groups)
    k = len(kept)
    for cell, new in zip(tried, separate[k:], strict=True):
        if not new:
            notes.append(
                f"Combination {'+'.join(cell)!r} has no column of its own: its rows cannot be told apart from the "
                "other lever columns (a lever was never tried without another, or the cells of its parts are missing)."
            )
    notes += _dose_notes(kept, doses)
    combinations = tuple(cell for cell, new in zip(tried, separate[k:], strict=True) if new)
    return Design(kept, combinations, products[:, separate], tuple(notes))


def tried_doses(levers: tuple[str, ...], doses: FloatArray) -> tuple[dict[str, tuple[float, ...]], tuple[str, ...]]:
    """Return for each lever the distinct doses other than 0, in rising order, and notes.

    Parameters
    ----------
    levers : tuple of str, length k
    doses : array (n, k)

    Returns
    -------
    tried : dict of str to tuple of float
        Of a lever with more than 50 distinct doses the smallest and the largest only.
    notes : tuple of str
        Which levers those are.
    """
    tried, many = {}, []
    for name, column in zip(levers, doses.T, strict=True):
        distinct = np.unique(column[column != 0])
        if len(distinct) > MOST_DOSES:
            many.append(
                f"Lever {name!r} was given {len(distinct)} different doses; only the ends of their range are kept."
            )
            distinct = distinct[[0, -1]]
        tried[name] = tuple(distinct.tolist())
    return tried, tuple(many)


def independent_columns(columns: FloatArray, groups: IntArray | None) -> BoolArray:
    """Return which columns (q,) add something to the (group) means and the columns before them."""
    keep = np.zeros(columns.shape[1], dtype=bool)
    basis: list[FloatArray] = []
    for j in range(columns.shape[1]):
        centred = remove_means(columns[:, j], groups)
        length = float(np.sqrt((centred**2).sum()))
        raw = float(np.sqrt((columns[:, j] ** 2).sum()))
        if length <= np.sqrt(TOLERANCE) * raw:
            continue
        rest = centred / length
        for _ in range(2):
            for direction in basis:
                rest = rest - direction * float((direction * rest).sum())
        size = float(np.sqrt((rest**2).sum()))
        if size > np.sqrt(TOLERANCE):
            keep[j] = True
            basis.append(rest / size)
    return keep


def remove_means(column: FloatArray, groups: IntArray | None) -> FloatArray:
    """Return a column (n,) minus its mean, or minus the mean of each group."""
    if groups is None:
        return np.asarray(column - column.mean())
    counts = np.bincount(groups)
    return np.asarray(column - (np.bincount(groups, column) / counts)[groups])


def _centred_share(column: FloatArray, groups: IntArray | None) -> float:
    total = float((column**2).sum())
    return float((remove_means(column, groups) ** 2).sum()) / total if total else 0.0


def _tried_combinations(levers: tuple[str, ...], doses: FloatArray) -> list[tuple[str, ...]]:
    patterns = np.unique(doses != 0, axis=0)
    cells = {tuple(np.array(levers, dtype=object)[pattern]) for pattern in patterns if pattern.sum() >= 2}
    return sorted(cells, key=lambda cell: (len(cell), cell))


def _product(levers: tuple[str, ...], doses: FloatArray, cell: tuple[str, ...]) -> FloatArray:
    return np.asarray(np.prod(doses[:, [levers.index(lever) for lever in cell]], axis=1))


def _constant_note(name: str, column: FloatArray, groups: IntArray | None) -> str:
    if not column.any():
        return f"Lever {name!r} was never used in these rows and has no column."
    if np.ptp(column) == 0:
        return (
            f"Lever {name!r} has the dose {column[0]:g} in every row, so its effect cannot be seen; it has no column."
        )
    where = "within the groups" if groups is not None else "in these rows"
    return f"Lever {name!r} does not vary {where}, so its effect cannot be seen; it has no column."


def _collinear_levers(levers: tuple[str, ...], doses: FloatArray, separate: BoolArray, groups: IntArray | None) -> str:
    bad = int(np.flatnonzero(~separate)[0])
    before = [j for j in range(bad) if separate[j]]
    centred = np.column_stack([remove_means(doses[:, j], groups) for j in [*before, bad]])
    share = np.linalg.lstsq(centred[:, :-1], centred[:, -1], rcond=None)[0]
    partners = [levers[j] for j, slope in zip(before, share, strict=True) if abs(slope) > 1e-8]
    shown = ", ".join(repr(name) for name in partners)
    return (
        f"The doses of lever {levers[bad]!r} follow exactly from those of {shown}: their effects cannot be told apart. "
        "Merge them into one lever, or leave out the one that is the baseline."
    )


def _dose_notes(levers: tuple[str, ...], doses: FloatArray) -> list[str]:
    graded = [name for j, name in enumerate(levers) if len(np.unique(doses[:, j][doses[:, j] != 0])) > 1]
    if not graded:
        return []
    return [f"Taken as linear in the dose: {', '.join(repr(name) for name in graded)}."]
