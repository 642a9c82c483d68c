"""What the report ``steering`` says of statements, of the rows behind its graph, and of what to bear in mind."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from causalvalues.numerals import estimate, number
from causalvalues.reports.steering import Steering


def over_statements(found: Steering, aimed: pd.DataFrame) -> str:
    """Return how many gains stay above zero when the statements are a sample as well."""
    if found.statements is None:
        return (
            "The columns are values already, without the statements behind them: intervals are over units alone, and "
            "hold only for the statements that were asked."
        )
    told = found.statements.levers.loc[list(aimed.index)]
    if not np.isfinite(told["gain_lower"]).any():
        return "Each value has one statement: intervals are over units alone, and hold for these statements only."
    low, high = int(told["statements"].min()), int(told["statements"].max())
    both = int(((told["gain_lower"] > 0) & (aimed["gain_lower"] > 0)).sum())
    return (
        f"Taken as a sample of statements, too ({low if low == high else f'{low} to {high}'} for a value), {both} of "
        f"{len(aimed)} gains stay above zero: the other intervals are over units, and hold for these statements only."
    )


def sampled(found: Steering, lever: str) -> str:
    """Return the effect of a lever on its aim with its interval over statements."""
    if found.statements is None:
        return ""
    table = found.statements.levers
    row = list(table.index).index(lever)
    mean, low, high = (float(table[f"effect{end}"].to_numpy(dtype=float)[row]) for end in ("", "_lower", "_upper"))
    return number(mean) if math.isnan(low) else estimate(mean, low, high)


def partly(found: Steering) -> str:
    """Return what makes the likeness partly circular, if anything does."""
    if found.behaviour is None or not found.behaviour.why_all:
        return ""
    return "; partly circular, since the graph has seen rows under these levers"


def learned_from(found: Steering) -> str:
    """Return which rows the graph of the answers has seen."""
    assert found.behaviour is not None  # noqa: S101
    if not found.behaviour.why_all:
        blind = "" if found.inside else " (without a file of levers, all that are not named do_... count as such)"
        return f"The graph is learned from the {found.behaviour.rows:,} rows without a lever inside the model{blind}."
    return (
        f"The graph is learned from all {found.behaviour.rows:,} rows, also those under levers inside the model, since "
        f"{found.behaviour.why_all.rstrip('.')}. Vectors make those rows alike to themselves: the likeness of "
        "behaviour and inside is partly circular."
    )


def caveats(found: Steering) -> list[str]:
    """Return what to bear in mind."""
    said = [
        "A lever that moves what the model talks about need not move what it affirms: look at the negation control of "
        "the trial that steer-vectors writes."
    ]
    said.append(
        "Intervals over units hold for these statements only; other statements of the same values can give other "
        "effects."
    )
    if found.behaviour is not None and found.behaviour.why_all:
        said.append(
            "The graph that is held against the value vectors has seen rows under levers inside the model: their "
            "likeness is partly circular."
        )
    fewest = float(found.leaks.units.to_numpy()[np.isfinite(found.leaks.units.to_numpy())].min())
    if fewest < 6:
        least = number(2 / 2**fewest, 3)
        said.append(f"Some effects rest on {fewest:.0f} units: no sign flip gives a p below {least}.")
    return said
