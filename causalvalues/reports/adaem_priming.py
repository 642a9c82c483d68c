"""The priming check: raise one value, and see whether its own side of the circle follows and the other side falls."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.model import LeverEffects
from causalvalues.model.circle_order import circle_distances
from causalvalues.model.levers import cell_rows, paired_differences
from causalvalues.model.quantiles import interval_shares
from causalvalues.reports.aims import single_cell
from causalvalues.responses import ResponseMatrix
from causalvalues.theories import ValueTheory

TARGET, SAME, OPPOSITE = "target", "same group", "opposite group"
SIDES = (TARGET, SAME, OPPOSITE)
RAW, CENTRED = "as it is", "beside the mean of all values"


def opposite_groups(theory: ValueTheory) -> dict[str, str]:
    """Return for each higher-order group the one that lies farthest from it on the circle, on average.

    Examples
    --------
    >>> from causalvalues.theories import theory
    >>> opposite_groups(theory("schwartz-10"))["self_enhancement"]
    'self_transcendence'
    """
    names = list(theory.dimensions)
    apart = circle_distances(names, theory)
    found = {}
    for group, members in theory.groups.items():
        mean = {
            other: float(apart[np.ix_([names.index(m) for m in members], [names.index(m) for m in others])].mean())
            for other, others in theory.groups.items()
            if other != group
        }
        found[group] = max(sorted(mean), key=lambda other: mean[other])
    return found


def sides(value: str, names: tuple[str, ...], theory: ValueTheory) -> dict[str, list[str]]:
    """Return the values on each side of a steered one: itself, the others of its group, the opposite group."""
    spelled = {theory.canonical(name): name for name in names if theory.knows(name)}
    own = theory.canonical(value)
    group = next((name for name, members in theory.groups.items() if own in members), "")
    if not group:
        return {TARGET: [value], SAME: [], OPPOSITE: []}
    far = theory.groups[opposite_groups(theory)[group]]
    same = [spelled[name] for name in theory.groups[group] if name != own and name in spelled]
    return {TARGET: [value], SAME: same, OPPOSITE: [spelled[name] for name in far if name in spelled]}


def priming_table(
    matrix: ResponseMatrix, effects: LeverEffects, own: Mapping[str, str], theory: ValueTheory, sd: pd.Series
) -> pd.DataFrame:
    """Return what each lever did to the three sides, in standard deviations.

    Parameters
    ----------
    matrix : ResponseMatrix
    effects : LeverEffects
    own : mapping of lever to value
    theory : ValueTheory
        Circular, with groups.
    sd : Series (p,)

    Returns
    -------
    DataFrame
        ``lever, value, scale, side, units, effect, lower, upper``; the lever "all levers" pools them, each unit's mean
        over the levers that it was asked with. Means over units of within-unit differences, with t intervals.
    """
    rows, _ = cell_rows(matrix)
    names = tuple(str(name) for name in sd.index)
    places = [matrix.names.index(name) for name in names]
    parts: list[pd.DataFrame] = []
    for lever, value in sorted(own.items()):
        cell = single_cell(effects, lever)
        if cell is None or not theory.knows(value):
            continue
        found = paired_differences(matrix, rows[cell])
        changes = found.differences[:, places] / sd.to_numpy(dtype=float)
        own_sides = sides(value, names, theory)
        for scale in (RAW, CENTRED):
            shown = changes if scale == RAW else changes - changes.mean(axis=1, keepdims=True)
            for side, members in own_sides.items():
                if members:
                    mean = shown[:, [names.index(name) for name in members]].mean(axis=1)
                    held = {"lever": lever, "value": value, "scale": scale, "side": side, "unit": found.clusters}
                    parts.append(pd.DataFrame(held | {"change": mean}))
    columns = ["lever", "value", "scale", "side", "units", "effect", "lower", "upper"]
    if not parts:
        return pd.DataFrame(columns=columns)
    long = pd.concat(parts, ignore_index=True).dropna(subset="change")
    pooled = long.groupby(["scale", "side", "unit"], sort=True)["change"].mean().reset_index()
    both = pd.concat([long, pooled.assign(lever="all levers", value="")], ignore_index=True)
    found_rows = [
        dict(zip(("lever", "value", "scale", "side"), which, strict=True)) | _interval(part.to_numpy(), effects.level)
        for which, part in both.groupby(["lever", "value", "scale", "side"], sort=True)["change"]
    ]
    return pd.DataFrame(found_rows, columns=columns)


def _interval(changes: FloatArray, level: float) -> dict[str, float]:
    from scipy.special import stdtrit

    size, mean = len(changes), float(changes.mean())
    if size < 2:
        return {"units": size, "effect": mean, "lower": np.nan, "upper": np.nan}
    half = float(changes.std(ddof=1) / np.sqrt(size)) * float(stdtrit(size - 1, interval_shares(level)[1]))
    return {"units": size, "effect": mean, "lower": mean - half, "upper": mean + half}


def holds(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each lever and scale whether the pattern holds: target up, opposite down (intervals without zero).

    Returns
    -------
    DataFrame
        ``lever, scale, target, opposite, holds``: the first two "up", "down" or "open".
    """
    rows = []
    for (lever, scale), part in table.groupby(["lever", "scale"], sort=True):
        by_side = part.set_index("side")
        found = {side: _sign(by_side, side) for side in (TARGET, OPPOSITE)}
        passed = found[TARGET] == "up" and found[OPPOSITE] == "down"
        rows.append(
            {"lever": lever, "scale": scale, "target": found[TARGET], "opposite": found[OPPOSITE], "holds": passed}
        )
    return pd.DataFrame(rows, columns=["lever", "scale", "target", "opposite", "holds"])


def _sign(by_side: pd.DataFrame, side: str) -> str:
    if side not in by_side.index:
        return "open"
    low, high = (float(by_side.loc[side, end]) for end in ("lower", "upper"))  # type: ignore[arg-type]
    return "up" if low > 0 else "down" if high < 0 else "open"
