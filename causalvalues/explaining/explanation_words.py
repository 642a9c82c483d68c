"""An explanation in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from causalvalues.model.effects import OTHER_PATHS
from causalvalues.numerals import estimate, number, percent
from causalvalues.planning.profiles import doses_in_words

_MOST_VALUES = 3


def sentences_of(
    doses: Mapping[str, float],
    change: pd.DataFrame,
    shares: pd.DataFrame,
    missed: tuple[pd.DataFrame, tuple[float, float]],
    paths: tuple[pd.DataFrame, str],
) -> tuple[str, ...]:
    """Return what an explanation says: the whole, then one sentence or two a lever, then the word on paths.

    Parameters
    ----------
    doses : mapping of str to float
    change, shares : DataFrame
        As in `Explanation`.
    missed : (DataFrame, (float, float))
        ``error`` and ``errors`` of `Explanation`.
    paths : (DataFrame, str)
        ``paths`` and ``withheld`` of `Explanation`.
    """
    if not doses:
        return ("No lever is used, so nothing is changed.",)
    error, errors = missed
    said = [_whole(doses, error, errors)]
    for lever in doses:
        said.append(_lever(lever, shares[shares["lever"] == lever], error))
        said += _paths(lever, paths[0])
    if paths[1]:
        said.append(f"Paths of values are not shown: {paths[1]}.")
    free = change.index[change["target"].isna()]
    if len(error) and len(free):
        widest = change.loc[free, "mean"].abs().sort_values(ascending=False, kind="stable").index[0]
        said.append(f"Largest change of a value without a target: {widest} by {_row(change.loc[widest])}.")
    return tuple(said)


def _whole(doses: Mapping[str, float], error: pd.DataFrame, errors: tuple[float, float]) -> str:
    used = doses_in_words(doses)
    if not len(error):
        return f"Levers used: {used}."
    how = "lower" if error["mean"].loc["together"] >= 0 else "raise"
    amount = _size(error, "together")
    verb = f"{how}s" if len(doses) == 1 else f"together {how}"
    return f"{used} {verb} the sum of absolute errors by {amount}, from {number(errors[0])} to {number(errors[1])}."


def _size(error: pd.DataFrame, row: str) -> str:
    """Return a reduction, or an increase, of the error as a positive number with its interval."""
    mean, lower, upper = (float(error[column].loc[row]) for column in ("mean", "lower", "upper"))
    return estimate(mean, lower, upper) if mean >= 0 else estimate(-mean, -upper, -lower)


def _lever(lever: str, shares: pd.DataFrame, error: pd.DataFrame) -> str:
    largest = shares.reindex(shares["mean"].abs().sort_values(ascending=False, kind="stable").index)
    moved = [row for _, row in largest.iterrows() if abs(row["mean"]) > 1e-9][:_MOST_VALUES]
    does = "; ".join(f"{row['value']} {_row(row)}" for row in moved) or "nothing"
    tail = "" if len(moved) < _MOST_VALUES else " (its largest shares)"
    if not len(error):
        return f"Of the changes, {lever} carries {does}{tail}."
    own, whole = error["mean"].loc[lever], error["mean"].loc["together"]
    amount = _size(error, lever)
    if own < 0:
        return f"{lever} adds {amount} to the error; of the changes it carries {does}{tail}."
    part = f" ({percent(round(100 * own / whole) / 100)} of the whole)" if 1e-9 < own <= whole else ""
    return f"{lever} takes {amount} off the error{part}; of the changes it carries {does}{tail}."


def _paths(lever: str, paths: pd.DataFrame) -> list[str]:
    """Return the indirect paths of a lever worth a sentence: the largest one to each of its most moved values."""
    own = paths[(paths["lever"] == lever) & (paths["through"] != "") & (paths["path"] != OTHER_PATHS)]
    if not len(own):
        return []
    largest = own.reindex(own["mean"].abs().sort_values(ascending=False, kind="stable").index)
    said = [
        f"{number(row['mean'])} of its share in {row['value']} runs through {row['through']} "
        f"(this path exists with probability {number(row['probability'])})"
        for _, row in largest.drop_duplicates("value").head(_MOST_VALUES).iterrows()
        if abs(row["mean"]) >= 0.005
    ]
    return [f"Paths of {lever}: {'; '.join(said)}."] if said else []


def _row(row: pd.Series) -> str:
    return estimate(float(row["mean"]), float(row["lower"]), float(row["upper"]))
