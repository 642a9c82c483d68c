"""What a skill report says in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalvalues.numerals import estimate, number
from causalvalues.skill.splits import BY_LEVER, NEW
from causalvalues.skill.tables import Rows, best_of, named_rows, numbers_of, of_split, splits_of

NOTHING = "the graph adds nothing"
SAME = 0.0005
"""Differences of R2 that print as zero are none, however sure they are."""


def verdict(table: pd.DataFrame, differences: pd.DataFrame, ceiling: pd.DataFrame) -> tuple[str, ...]:
    """Return sentences on each split: the best simple predictor, the best with a graph, the mechanism, the ceiling.

    Parameters
    ----------
    table, differences, ceiling : DataFrame
        As in `SkillReport`.
    """
    said: list[str] = []
    for split in splits_of(table):
        here, apart = of_split(table, split), of_split(differences, split)
        said += _on_rows(split, here, apart)
        said += _on_effects(split, here, apart)
        said += _on_ceiling(split, here, numbers_of(named_rows(ceiling), split))
    return tuple(said)


def judged(lower: float, upper: float) -> str:
    """Return ``"better"``, ``"worse"``, ``"equal"`` (as far as can be told), or ``"unknown"`` without an interval."""
    if not (np.isfinite(lower) and np.isfinite(upper)):
        return "unknown"
    return "better" if lower > 0 else "worse" if upper < 0 else "equal"


def _on_rows(split: str, here: Rows, apart: Rows) -> list[str]:
    best = best_of(here, "micro_r2", "simple")
    if best is None or not apart:
        return []
    said = f"{split.capitalize()}: of the simple predictors {quoted(best)} foresees changes best (micro R2 "
    found = [f"{said}{with_interval(here, best)})."]
    for kind, who in (("graph", "models with a graph"), ("mechanism", "fitted mechanisms")):
        name = best_of(here, "micro_r2", kind)
        if name is not None:
            lead = f"Of the {who} {quoted(name)} is best (micro R2 {with_interval(here, name)}), "
            found.append(lead + told_apart(numbers_of(apart, name), "micro_r2", kind))
    return found


def _on_effects(split: str, here: Rows, apart: Rows) -> list[str]:
    """Say the same of the mean changes of lever sets, where levers or questions are new."""
    best, name = best_of(here, "effects_r2", "simple"), best_of(here, "effects_r2", "graph")
    if best is None or name is None or not apart or split not in (BY_LEVER, NEW):
        return []
    reached = {each: number(numbers_of(here, each)["effects_r2"]) for each in (best, name)}
    lead = f"Of the mean changes of lever sets, {quoted(best)} reaches R2 {reached[best]} and {quoted(name)} "
    return [lead + f"{reached[name]}, " + told_apart(numbers_of(apart, name), "effects_r2", "graph")]


def told_apart(row: Mapping[str, float], column: str, kind: str) -> str:
    """Say whether a predictor is better than the best simple one; a row holds `column` and both ends of it."""
    difference, ends = row[column], (row[f"{column}_lower"], row[f"{column}_upper"])
    sign = {"better": "better than", "worse": "worse than", "equal": "not told apart from", "unknown": "beside"}
    how = "equal" if abs(difference) < SAME else judged(*ends)
    said = f"{sign[how]} the best simple one (difference {estimate(difference, *ends, decimals=3)})"
    if kind == "graph" and (how in ("worse", "equal") or (how == "unknown" and difference <= 0)):
        said += f": {NOTHING}"
    return said + "."


def _on_ceiling(split: str, here: Rows, ceiling: Mapping[str, float]) -> list[str]:
    found = []
    ways = (("micro_r2", "micro", "changes"), ("effects_r2", "effects", "mean changes of lever sets"))
    for column, top, what in ways:
        best = best_of(here, column)
        if best is not None and np.isfinite(ceiling[top]):
            found.append(
                f"{split.capitalize()}: by an estimate, the error of the answers lets no predictor of {what} reach "
                f"more than R2 {number(ceiling[top])}; the best here, {quoted(best)}, reaches "
                f"{number(numbers_of(here, best)[column])}."
            )
    return found


def with_interval(here: Rows, name: str) -> str:
    """Return micro R2 of a predictor with its interval."""
    row = numbers_of(here, name)
    return estimate(row["micro_r2"], row["lower"], row["upper"])


def quoted(name: str) -> str:
    """Return a name in quotation marks."""
    return f'"{name}"'
