"""What a lever does at each dose, and the dose where it breaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import DataError
from causalvalues.frozen import FloatArray
from causalvalues.given import as_named
from causalvalues.leakage.breaking import Break, Curves, breaking
from causalvalues.leakage.leakage_matrix import check_level
from causalvalues.leakage.unit_changes import (
    doses_alone,
    known_aims,
    known_dimension,
    mean_change,
    unit_changes,
)
from causalvalues.numerals import number
from causalvalues.prediction.paired_rows import PairedRows


@dataclass(frozen=True, eq=False)
class DoseResponse:
    """Effects of one lever by dose; every table is [dose, value or guardrail].

    Parameters
    ----------
    lever, aim : str
    effect, lower, upper : DataFrame
        Mean change from the unit's own start with its t interval over units, in score units; doses ascending, values
        first, then guardrails.
    units : DataFrame of float
        Units behind each effect.
    guardrails : mapping of str to float
        Largest loss allowed.
    breaks : Break
        Where it breaks among the doses above zero (below zero where there is none above).
    level : float
    """

    lever: str
    aim: str
    effect: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    units: pd.DataFrame
    guardrails: Mapping[str, float]
    breaks: Break
    level: float = 0.9

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{dose:g}: {number(float(mean))}" for dose, mean in zip(self.doses, self.effect[self.aim], strict=True)
        )
        return f"DoseResponse({self.lever!r} on {self.aim!r} at {shown}; {self.breaks})"

    @property
    def doses(self) -> tuple[float, ...]:
        """The doses tried, ascending, zero not among them."""
        return tuple(float(dose) for dose in self.effect.index)

    @property
    def values(self) -> tuple[str, ...]:
        """Columns that are no guardrails."""
        return tuple(str(name) for name in self.effect.columns if name not in self.guardrails)


def dose_response(
    rows: PairedRows,
    lever: str,
    aim: str,
    guardrails: Mapping[str, float] | None = None,
    *,
    level: float = 0.9,
    seed: int = 0,
) -> DoseResponse:
    """Measure what a lever alone does to every value and guardrail at each dose.

    Parameters
    ----------
    rows : PairedRows
    lever : str
    aim : str
        The value that it is meant to raise.
    guardrails : mapping of str to float, optional
        Guardrail -> largest loss allowed, above zero, in its unit. A guardrail is better the higher it is: give minus
        the neutral loss, not the loss.
    level : float, default .9
    seed : int, default 0

    Returns
    -------
    DoseResponse

    Raises
    ------
    DataError
        If a name is unknown, an allowance is not above zero, or the lever never acts alone.

    Notes
    -----
    Rows of a unit at one dose are averaged first and each unit counts once. For the dose where it breaks see
    `causalvalues.leakage.breaking.breaking`.
    """
    check_level(level)
    allowed = {} if guardrails is None else as_named(guardrails, "The guardrails", DataError)
    for name, loss in allowed.items():
        known_dimension(rows, name, "guardrail")
        if not 0 < loss < np.inf:
            raise DataError(f"The largest loss allowed of {name!r} is {loss:g}. Give a finite number above zero.")
    known_aims(rows, {lever: aim}, tuple(allowed))
    doses = doses_alone(rows, lever)
    if not doses:
        raise DataError(f"The lever {lever!r} never acts alone in these rows. Give rows of single levers.")
    guards = tuple(name for name in rows.values if name in allowed)
    columns = [*(name for name in rows.values if name not in allowed), *guards]
    units = sorted(set(rows.units))
    changes = unit_changes(rows, [(lever, dose) for dose in doses], units)
    changes = changes[~np.isnan(changes).all(axis=(1, 2))]
    found = mean_change(changes, level)

    def frame(array: FloatArray) -> pd.DataFrame:
        return pd.DataFrame(array, pd.Index(doses, name="dose"), list(rows.values))[columns]

    tables = frame(found.mean), frame(found.lower), frame(found.upper), frame(found.units)
    given = {name: allowed[name] for name in guards}
    curves = _curves(changes, (rows.values, doses), aim, given)
    return DoseResponse(lever, aim, *tables, given, breaking(curves, level, seed), level)


def dose_responses(
    rows: PairedRows,
    aims: Mapping[str, str],
    guardrails: Mapping[str, float] | None = None,
    *,
    level: float = 0.9,
    seed: int = 0,
) -> tuple[DoseResponse, ...]:
    """Return `dose_response` of several levers, in the order of `aims`.

    Parameters
    ----------
    rows : PairedRows
    aims : mapping of str to str
        Lever -> the value that it is meant to raise.
    guardrails : mapping of str to float, optional
        Guardrail -> largest loss allowed.
    level : float, default .9
    seed : int, default 0
    """
    if not isinstance(aims, Mapping) or not aims:
        raise DataError("No lever has an aim. Give a mapping of levers to values, such as {'vec_power': 'power'}.")
    return tuple(dose_response(rows, lever, aim, guardrails, level=level, seed=seed) for lever, aim in aims.items())


def _curves(
    changes: FloatArray, names: tuple[tuple[str, ...], tuple[float, ...]], aim: str, allowed: Mapping[str, float]
) -> Curves:
    """Return the doses on one side of zero, as distances from it; below zero, where no dose is above, the aim turns."""
    values, doses = names
    side = 1.0 if doses[-1] > 0 else -1.0
    used = sorted((k for k, dose in enumerate(doses) if side * dose > 0), key=lambda k: abs(doses[k]))
    at = [values.index(name) for name in allowed]
    return Curves(
        np.abs(np.array(doses)[used]),
        side * changes[:, used, values.index(aim)],
        changes[:, used][:, :, at],
        np.array([allowed[name] for name in allowed], dtype=float),
        (*allowed, aim),
    )
