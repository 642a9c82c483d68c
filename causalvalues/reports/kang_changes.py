"""What levers changed in each unit: up, down or the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.model import LeverEffects
from causalvalues.model.levers import cell_rows, paired_differences
from causalvalues.reports.aims import single_cell
from causalvalues.reports.false_discovery import q_values, t_p_values, wilson
from causalvalues.responses import ResponseMatrix

EXACT_TIES = 0.05
"""Share of changes that are exactly zero, from which scores are taken to move in steps."""
SMALL = 0.2
"""A small effect, in standard deviations (Cohen 1988)."""


@dataclass(frozen=True, eq=False)
class UnitChanges:
    """Changes of r pairs of a unit and a single lever.

    Parameters
    ----------
    values : tuple of str, length p
        In name order.
    levers : tuple of str, length r
    units : tuple of str, length r
    changes : array (r, p)
        Score under the lever minus score without, of the same unit, in score units; NaN where one is lost.
    same : array (p,)
        Changes of at most this size count as none.
    scale : array (p,)
        Standard deviation of the rows without lever.
    """

    values: tuple[str, ...]
    levers: tuple[str, ...]
    units: tuple[str, ...]
    changes: FloatArray
    same: FloatArray
    scale: FloatArray

    @property
    def moved(self) -> FloatArray:
        """1 where a value changed by more than `same`, 0 where not, NaN where unknown; (r, p)."""
        return np.where(np.isnan(self.changes), np.nan, (np.abs(self.changes) > self.same).astype(float))

    @property
    def standardised(self) -> FloatArray:
        """Changes in standard deviations, (r, p)."""
        return np.asarray(self.changes / np.where(self.scale > 0, self.scale, np.nan))


def unit_changes(matrix: ResponseMatrix, effects: LeverEffects, same: float | None) -> UnitChanges:
    """Return the changes of every unit under every single lever, each at its smallest dose.

    Parameters
    ----------
    matrix : ResponseMatrix
    effects : LeverEffects
        Of the same matrix, for the names of its cells.
    same : float or None
        See `KangSettings`.
    """
    rows, _ = cell_rows(matrix)
    values = tuple(sorted(matrix.names))
    places = [matrix.names.index(name) for name in values]
    levers: list[str] = []
    units: list[str] = []
    parts: list[FloatArray] = [np.zeros((0, len(values)))]
    for lever in sorted(matrix.levers):
        cell = single_cell(effects, lever)
        if cell is None:
            continue
        found = paired_differences(matrix, rows[cell])
        levers += [lever] * len(found.clusters)
        units += found.clusters
        parts.append(found.differences[:, places])
    changes = np.concatenate(parts)
    plain = matrix.scores[~(matrix.doses != 0).any(axis=1)][:, places]
    scale = np.nanstd(plain, axis=0, ddof=1)
    known = changes[~np.isnan(changes)]
    if same is not None:
        limits = np.full(len(values), same)
    elif len(known) and (known == 0).mean() >= EXACT_TIES:
        limits = np.zeros(len(values))
    else:
        limits = SMALL * scale
    return UnitChanges(values, tuple(levers), tuple(units), changes, limits, scale)


def change_table(
    found: UnitChanges, effects: LeverEffects, own: Mapping[str, tuple[str, str]], level: float
) -> pd.DataFrame:
    """Return one row a lever and value: who went up, down or stayed, and the mean effect by design.

    Returns
    -------
    DataFrame
        ``lever, value, own`` (whether the lever steers it), ``units, up, down, same`` (counts), ``share_up,
        up_lower, up_upper, share_down, down_lower, down_upper`` (Wilson intervals), ``mean, se, lower, upper`` (score
        units), ``p`` and ``q``: of the mean, and by Benjamini and Hochberg over all rows of the table.
    """
    rows = []
    steered = np.array(found.levers, dtype=object)
    for lever in sorted(set(found.levers)):
        cell = str(single_cell(effects, lever))
        mine = found.changes[steered == lever]
        for j, value in enumerate(found.values):
            known = mine[~np.isnan(mine[:, j]), j]
            up, down = int((known > found.same[j]).sum()), int((known < -found.same[j]).sum())
            size = len(known)
            ups, downs = wilson(up, size, level), wilson(down, size, level)
            held = {"lever": lever, "value": value, "own": own.get(lever, ("", ""))[0] == value}
            held |= {"units": size, "up": up, "down": down, "same": size - up - down}
            held |= {"share_up": up / size if size else np.nan, "up_lower": ups[0], "up_upper": ups[1]}
            held |= {"share_down": down / size if size else np.nan, "down_lower": downs[0], "down_upper": downs[1]}
            held |= {what: float(getattr(effects, what).loc[cell, value]) for what in ("mean", "se", "lower", "upper")}
            rows.append(held | {"clusters": int(effects.clusters.loc[cell, value])})  # type: ignore[arg-type]
    table = pd.DataFrame(rows)
    p = t_p_values(*(table[what].to_numpy(dtype=float) for what in ("mean", "se", "clusters")))
    return table.drop(columns="clusters").assign(p=p, q=q_values(p))


def verdicts(table: pd.DataFrame, fdr: float) -> pd.Series:
    """Return "up", "down" or "not shown" for each row of a change table."""
    called = table["q"] <= fdr
    return pd.Series(
        np.where(called & (table["mean"] > 0), "up", np.where(called & (table["mean"] < 0), "down", "not shown")),
        index=table.index,
    )
