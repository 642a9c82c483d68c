"""Leakage: what a lever of one value does to the others; and what more of a lever does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.model import LeverEffects
from causalvalues.model.circle_order import circle_distances
from causalvalues.model.levers import cell_rows, paired_differences
from causalvalues.randomness import stream
from causalvalues.reports.aims import single_cell
from causalvalues.responses import ResponseMatrix
from causalvalues.theories import ValueTheory

RESAMPLES = 500


def leakage_table(
    matrix: ResponseMatrix, effects: LeverEffects, own: Mapping[str, str], sd: pd.Series, seed: int
) -> pd.DataFrame:
    """Return how much of what a lever does falls on values that it does not steer.

    Parameters
    ----------
    matrix : ResponseMatrix
    effects : LeverEffects
    own : mapping of lever to value
    sd : Series (p,)
        Standard deviations of the values without lever.
    seed : int

    Returns
    -------
    DataFrame
        One row a lever: ``lever, value, units, own, own_lower, own_upper`` (effect on its own value, in standard
        deviations), ``leak, leak_lower, leak_upper`` (mean absolute effect on the others over the effect on its own;
        90% percentile interval over units drawn with replacement), ``most, most_effect`` (the other value that moved
        most).
    """
    rows, _ = cell_rows(matrix)
    places = [matrix.names.index(name) for name in sd.index]
    random = stream(seed, "leakage")
    table = []
    for lever, value in sorted(own.items()):
        cell = single_cell(effects, lever)
        if cell is None:
            continue
        found = paired_differences(matrix, rows[cell])
        differences = found.differences[:, places] / sd.to_numpy(dtype=float)
        differences = differences[np.isfinite(differences).all(axis=1)]
        at = list(sd.index).index(value)
        mean = (effects.mean.loc[cell, list(sd.index)] / sd).to_numpy(dtype=float)
        drawn = np.full(RESAMPLES, np.nan)
        if len(differences) > 1:
            places_drawn = random.integers(len(differences), size=(RESAMPLES, len(differences)))
            drawn = np.array([_leak(differences[each].mean(axis=0), at) for each in places_drawn])
        others = np.where(np.arange(len(mean)) == at, -1.0, np.abs(mean))
        most = int(others.argmax())
        ends = [float(getattr(effects, side).loc[cell, value] / sd[value]) for side in ("lower", "upper")]
        low, high = np.nanquantile(drawn, [0.05, 0.95]) if np.isfinite(drawn).any() else (np.nan, np.nan)
        held = {"lever": lever, "value": value, "units": len(found.clusters)}
        held |= {"own": float(mean[at]), "own_lower": ends[0], "own_upper": ends[1]}
        held |= {"leak": _leak(mean, at), "leak_lower": float(low), "leak_upper": float(high)}
        table.append(held | {"most": str(sd.index[most]), "most_effect": float(mean[most])})
    return pd.DataFrame(table)


def _leak(mean: FloatArray, at: int) -> float:
    others = np.delete(np.abs(mean), at)
    return float(others.mean() / abs(mean[at])) if mean[at] != 0 else np.nan


def leaks_per_unit(effects: LeverEffects, own: Mapping[str, str], sd: pd.Series) -> dict[str, FloatArray]:
    """Return value -> change of every value (p,), in standard deviations, for one score unit of its own by its lever.

    A lever that does not raise its own value is left out.
    """
    found: dict[str, FloatArray] = {}
    for lever, value in sorted(own.items()):
        cell = single_cell(effects, lever)
        if cell is None:
            continue
        gain = float(effects.mean.loc[cell, value])  # type: ignore[arg-type]
        if gain > 0:
            found[value] = (effects.mean.loc[cell, list(sd.index)] / sd).to_numpy(dtype=float) / gain
    return found


def by_distance(
    effects: LeverEffects, own: Mapping[str, str], sd: pd.Series, theory: ValueTheory | None
) -> pd.DataFrame:
    """Return the mean effect of levers on values so many steps away on the circle of the theory, in SD.

    Returns
    -------
    DataFrame
        ``steps, cells, effect, size`` (mean and mean absolute effect); empty without a circular theory.
    """
    columns = ["steps", "cells", "effect", "size"]
    names = list(sd.index)
    if theory is None or not theory.circular or len(names) < 3 or not all(theory.knows(name) for name in names):
        return pd.DataFrame(columns=columns)
    apart = circle_distances(names, theory)
    pairs = []
    for lever, value in sorted(own.items()):
        cell = single_cell(effects, lever)
        if cell is None:
            continue
        mean = (effects.mean.loc[cell, names] / sd).to_numpy(dtype=float)
        pairs += [(apart[names.index(value), j], mean[j]) for j in range(len(names))]
    table = pd.DataFrame(pairs, columns=["steps", "effect"])
    grouped = table.groupby("steps", sort=True)["effect"]
    found = grouped.agg(cells="size", effect="mean", size=lambda each: each.abs().mean()).reset_index()
    return found[columns]


def dose_table(effects: LeverEffects, own: Mapping[str, str], sd: pd.Series) -> pd.DataFrame:
    """Return the effect of each dose of each lever, used alone, on its own value.

    Returns
    -------
    DataFrame
        ``lever, value, dose, units, effect, lower, upper`` in standard deviations.
    """
    rows = []
    used = (effects.doses != 0).sum(axis=1)
    for lever, value in sorted(own.items()):
        alone = effects.doses.index[(used == 1) & (effects.doses[lever] != 0)]
        for cell in sorted(alone, key=lambda each: float(effects.doses.loc[each, lever])):  # type: ignore[arg-type]
            held = {"lever": lever, "value": value, "dose": float(effects.doses.loc[cell, lever])}
            held |= {"units": int(effects.clusters.loc[cell, value])}
            parts = {"effect": effects.mean, "lower": effects.lower, "upper": effects.upper}
            rows.append(held | {name: float(table.loc[cell, value] / sd[value]) for name, table in parts.items()})
    columns = ["lever", "value", "dose", "units", "effect", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns)
