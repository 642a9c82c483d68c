"""The error of observed profiles, from repeated rows or from halves of the items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.evidence.parts import item_parts
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.prediction import PairedRows, paired_rows
from causalvalues.prediction.left_out import base_lever
from causalvalues.randomness import require_whole, stream
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.measures import cell_means
from causalvalues.skill.noise import Noise, known_per_cell, places_of
from causalvalues.theories import ScoringKey

FEWEST = 10
"""Degrees of freedom that an error variance needs."""


def retest_noise(rows: PairedRows) -> Noise:
    """Take as error what differs between rows of one unit under one lever set: wordings, frames, repeats.

    v_j = sum_g sum_i (y_gij - mean_gj)^2 / sum_g (n_gj - 1) over sets g of rows that should agree. Wordings of a lever
    count as repeats of it, so what a wording does to everybody is error here, too.

    Raises
    ------
    ModelError
        If fewer than ten rows repeat another one.
    """
    levers = [base_lever(lever) for lever in rows.levers]
    marks = [
        (unit, tuple((levers[i], float(row[i])) for i in np.flatnonzero(row)))
        for unit, row in zip(rows.units, rows.doses, strict=True)
    ]
    place = {mark: i for i, mark in enumerate(sorted(set(marks)))}
    names = tuple(f"{place[mark]:09d}" for mark in marks)
    means = cell_means(rows.reached, names)[[place[mark] for mark in marks]]
    freedom = np.maximum(known_per_cell(rows.reached, names) - 1, 0).sum(axis=0)
    if (freedom < FEWEST).any():
        raise ModelError(
            f"{int(freedom.min())} rows repeat another one of the same unit and levers; {FEWEST} are needed for a "
            "retest error. Ask some units again, or take the error from items (`item_noise`)."
        )
    variance = np.nansum(np.square(rows.reached - means), axis=0) / freedom
    return Noise(
        dict(zip(rows.values, np.asarray(variance).tolist(), strict=True)),
        how="Error: what differs between repeats of one unit and lever set.",
    )


def item_noise(items: ResponseMatrix, key: ScoringKey, seed: int = 0, splits: int = 20) -> Noise:
    """Take as error what differs between random halves of the items of a value, and the start does not tell.

    With half scores of m1 and m2 items, d = h1 - h2 under levers and d0 = h1 - h2 of the same unit without levers, the
    error variance is v = m1 m2 / (m1 + m2)^2 var(d - mean of the lever set - b d0): what the Spearman-Brown formula
    gives for the whole score, less what a predictor could know. What a lever does to one item in everybody (the mean of
    the lever set) can be foreseen as long as the items stay the same, and an item that one unit rates high without
    levers it rates high under levers (b, one for each number of levers). Averaged over random halves.

    Parameters
    ----------
    items : ResponseMatrix
        Answers to items, with levers and rows without any of the same units.
    key : ScoringKey
    seed : int, default 0
    splits : int, default 20

    Raises
    ------
    ModelError
        If a value has one item only, or there are too few rows.

    References
    ----------
    Spearman (1910) and Brown (1910), British Journal of Psychology 3, 271-322.
    """
    require_whole("splits", splits)
    parts = item_parts(items, key)
    rows = paired_rows(parts.matrix)
    freedom = len(rows) - len(set(rows.cells)) - len(set(rows.used.tolist()))
    if freedom < FEWEST:
        raise ModelError(
            f"{len(rows)} rows under levers are too few for the error of {len(set(rows.cells))} lever sets."
        )
    cells, variance = _Cells.of(rows), {}
    for value in sorted(parts.weights):
        columns = [rows.values.index(item) for item in sorted(parts.weights[value])]
        if len(columns) < 2:
            raise ModelError(f"{value!r} has one item, which has no halves. Take the error from repeats.")
        found = []
        for number in range(splits):
            order = stream(seed, "item halves", value, number).permutation(len(columns))
            halves = [[columns[i] for i in part] for part in np.array_split(order, 2)]
            found.append(_half_error(rows, halves, cells))
        variance[value] = float(np.mean(found))
    how = "Error: what differs between random halves of the items and neither the lever set nor the start tells."
    return Noise(variance, how=how)


@dataclass(frozen=True, eq=False)
class _Cells:
    """Lever set (r,) of each row as a number, and how many levers act in it."""

    place: IntArray
    used: IntArray

    @classmethod
    def of(cls, rows: PairedRows) -> _Cells:
        return cls(np.array(places_of(rows.cells), dtype=np.int64), rows.used)

    def centred(self, array: FloatArray, known: BoolArray) -> FloatArray:
        """Return an array (r,) less the mean of its lever set over the known rows."""
        top = np.bincount(self.place, np.where(known, array, 0.0))
        bottom = np.bincount(self.place, known.astype(float))
        return np.where(known, array - (top / np.maximum(bottom, 1))[self.place], 0.0)


def _half_error(rows: PairedRows, halves: list[list[int]], cells: _Cells) -> float:
    """Return the error variance of a whole score from the difference of its halves."""
    first, second = halves
    under, start = (side[:, first].mean(axis=1) - side[:, second].mean(axis=1) for side in (rows.reached, rows.start))
    known = np.isfinite(under)
    under, start = cells.centred(under, known), cells.centred(start, known)
    freedom, total = float(known.sum() - len(set(cells.place[known].tolist()))), 0.0
    for number in sorted(set(cells.used.tolist())):
        some = cells.used == number
        size = float((start[some] ** 2).sum())
        slope = float((start[some] * under[some]).sum()) / size if size > 1e-12 else 0.0
        total += float(((under - slope * start)[some] ** 2).sum())
        freedom -= 1
    sizes = len(first), len(second)
    return sizes[0] * sizes[1] / (sizes[0] + sizes[1]) ** 2 * total / max(freedom, 1.0)
