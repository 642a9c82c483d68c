"""What each lever does to each value: wanted on its aim, leaked on the others, and what it costs the guardrails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd

from causalvalues.errors import DataError, did_you_mean
from causalvalues.evidence.holm import holm_adjusted
from causalvalues.frozen import FloatArray
from causalvalues.leakage.lever_scores import FEWEST_UNITS, LEVER_COLUMNS, lever_scores, overall_leakage
from causalvalues.leakage.ratios import Ratio
from causalvalues.leakage.unit_changes import (
    doses_alone,
    flip_p_values,
    known_aims,
    known_dimension,
    mean_change,
    unit_changes,
)
from causalvalues.numerals import number
from causalvalues.prediction.paired_rows import PairedRows

Correction = Literal["bh", "holm"]


@dataclass(frozen=True)
class LeakageOptions:
    """At which dose leakage is measured, and how sure it must be.

    Parameters
    ----------
    dose : float, default 1.0
        Rows in which one lever acts alone at this dose count.
    level : float, default .9
        Of the intervals; an effect differs from zero when its corrected p is at most 1 - level.
    correction : {"bh", "holm"}, default "bh"
        Over many effects: Benjamini and Hochberg (1995; the share of false claims) or Holm (1979; any false claim).
        With few units Holm cannot claim anything: n units give no p below 2 / 2^n.

    Raises
    ------
    DataError
        If the dose is zero or not finite, the level not inside (0, 1), or the correction unknown.
    """

    dose: float = 1.0
    level: float = 0.9
    correction: Correction = "bh"

    def __post_init__(self) -> None:
        if not np.isfinite(self.dose) or self.dose == 0:
            raise DataError(f"The dose is {self.dose}. Give a finite number that is not zero.")
        check_level(self.level)
        if self.correction not in get_args(Correction):
            hint = did_you_mean(str(self.correction), get_args(Correction))
            raise DataError(f"There is no correction {self.correction!r}.{hint} Use 'bh' or 'holm'.")


@dataclass(frozen=True, eq=False)
class LeakageMatrix:
    """Effects of levers on values and guardrails; every table is [lever, value or guardrail].

    Parameters
    ----------
    effect, lower, upper : DataFrame
        Mean change from the unit's own start with its interval, in score units. Levers with an aim come first, in the
        order of their names, then controls; values come first, then guardrails.
    p, adjusted : DataFrame
        Of sign flips of units; and corrected within each of four families: effects on the aim, on other values, of
        controls on values, on guardrails.
    units : DataFrame of float
        Units behind each effect.
    levers : DataFrame
        One row a lever: ``aim`` ("" for controls), ``units``; ``gain`` (effect on the aim minus the mean effect on the
        other values) with ``gain_lower, gain_upper, gain_p``; ``leakage`` (root mean square effect on the other values
        over the effect on the aim, both less their noise) with ``leakage_lower, leakage_upper``; ``uncorrected`` (the
        same, noise included); ``size`` (root mean square effect on all values, less noise); ``any_gain`` (root mean
        square, less noise, of the gains that the lever would have if it aimed at each of the values: what a direction
        without an aim "gains").
    overall : Ratio
        The leakage of all levers with an aim: root of the mean square of all effects off aim over the mean square of
        the effects on aim, both less their noise. Over the levers with 3 units or more; `notes` name the others.
    aims : mapping of str to str
    values, guardrails : tuple of str
    options : LeakageOptions
    notes : tuple of str
        What was left out, as sentences.
    """

    effect: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    p: pd.DataFrame
    adjusted: pd.DataFrame
    units: pd.DataFrame
    levers: pd.DataFrame
    overall: Ratio
    aims: Mapping[str, str]
    values: tuple[str, ...]
    guardrails: tuple[str, ...]
    options: LeakageOptions = field(default_factory=LeakageOptions)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        mean = number(float(self.levers["gain"].mean()))
        return (
            f"LeakageMatrix({len(self.aims)} levers with an aim, {len(self.controls)} controls; {len(self.values)} "
            f"values, {len(self.guardrails)} guardrails; mean gain {mean}, leakage {number(self.overall.value)})"
        )

    @property
    def controls(self) -> tuple[str, ...]:
        """Levers without an aim."""
        return tuple(str(lever) for lever in self.effect.index if lever not in self.aims)

    @property
    def differs(self) -> pd.DataFrame:
        """Whether each effect differs from zero after the correction."""
        return self.adjusted <= 1 - self.options.level + 1e-12


def measure_leakage(
    rows: PairedRows,
    aims: Mapping[str, str],
    guardrails: Sequence[str] = (),
    options: LeakageOptions | None = None,
    seed: int = 0,
) -> LeakageMatrix:
    """Measure what each lever alone does to every value.

    Parameters
    ----------
    rows : PairedRows
        Rows under levers beside the start of the same unit.
    aims : mapping of str to str
        Lever -> the value that it is meant to raise. Levers without an aim, such as random directions, are controls.
    guardrails : sequence of str, default ()
        Columns that are no values, for example ``"fluency"``: they have effects, and count in no gain or leakage.
    options : LeakageOptions, optional
    seed : int, default 0
        Of the sign flips above 12 units.

    Returns
    -------
    LeakageMatrix

    Raises
    ------
    DataError
        If a name is unknown, a lever aims at a guardrail, there are fewer than two values, or a lever with an aim has
        no row in which it acts alone at the dose.

    Notes
    -----
    The rows of a unit are averaged first and each unit counts once; intervals are Student's t over units, so that
    neither unequal rows nor errors of the shared start matter. A mean of squared effects holds the squares of their
    errors as well: levers that leak nothing would seem to leak, and more so with fewer units. So the square of each
    standard error is subtracted from the square of its effect, above and below (unbiased; a sum below zero counts as
    zero). The interval of the leakage is Fieller's over the jackknife of units: without an upper end where the aim is
    not surely moved. In simulations of ten levers, ten values and 6, 10 and 20 units with unequal rows, 90% intervals
    held 90% for effects and gains, and 93 to 99% for leakage, which is on the safe side.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70; Benjamini and Hochberg (1995), Journal of the Royal
    Statistical Society B 57, 289-300; Fieller (1954), Journal of the Royal Statistical Society B 16, 175-185.
    """
    options = options or LeakageOptions()
    guards = tuple(dict.fromkeys(known_dimension(rows, name, "guardrail") for name in guardrails))
    aimed = known_aims(rows, aims, guards)
    values = tuple(name for name in rows.values if name not in guards)
    if len(values) < 2:
        raise DataError("There is one value, so nothing can leak. Give rows of two values or more.")
    levers, notes = _levers(rows, aimed, options.dose)
    units = sorted(set(rows.units))
    columns = [rows.values.index(name) for name in sorted((*values, *guards))]
    changes = unit_changes(rows, [(lever, options.dose) for lever in levers], units)[:, :, columns]
    order = sorted((*values, *guards))
    found = mean_change(changes, options.level)
    p = np.array([flip_p_values(_seen(changes[:, i]), seed) for i in range(len(levers))])

    def frame(array: FloatArray) -> pd.DataFrame:
        return pd.DataFrame(array, list(levers), order)[[*values, *guards]]

    of_values = changes[:, :, [order.index(name) for name in sorted(values)]]
    aim_at = [sorted(values).index(aimed[lever]) if lever in aimed else -1 for lever in levers]
    scores = [lever_scores(of_values[:, i], at, options.level, seed) for i, at in enumerate(aim_at)]
    table = pd.DataFrame([list(each) for each in scores], list(levers), list(LEVER_COLUMNS))
    table.insert(0, "aim", [aimed.get(lever, "") for lever in levers])
    overall, thin = _overall(of_values, aim_at[: len(aimed)], options.level)
    if thin:
        told = ", ".join(levers[k] for k in thin)
        notes += (f"Left out of the overall leakage, with fewer than {FEWEST_UNITS} units: {told}.",)
    return LeakageMatrix(
        frame(found.mean),
        frame(found.lower),
        frame(found.upper),
        frame(p),
        _adjusted(frame(p), aimed, guards, options.correction),
        frame(found.units),
        table,
        overall,
        aimed,
        values,
        guards,
        options,
        notes,
    )


def _levers(rows: PairedRows, aims: Mapping[str, str], dose: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the levers with an aim and then the controls that have rows, and notes on those that have none."""
    for lever in aims:
        doses = doses_alone(rows, lever)
        if dose not in doses:
            told = f"It acts alone at {', '.join(f'{each:g}' for each in doses)}." if doses else "It never acts alone."
            raise DataError(f"The lever {lever!r} has no row in which it acts alone at the dose {dose:g}. {told}")
    others = sorted(set(rows.levers) - set(aims))
    controls = tuple(lever for lever in others if dose in doses_alone(rows, lever))
    lost = [lever for lever in others if lever not in controls]
    notes = (f"Left out, without a row alone at the dose {dose:g}: {', '.join(lost)}.",) if lost else ()
    return (*aims, *controls), notes


def _overall(changes: FloatArray, aims: Sequence[int], level: float) -> tuple[Ratio, list[int]]:
    """Return the leakage of the levers with enough units behind every effect, and the places of the others."""
    fewest = [int((~np.isnan(changes[:, k])).sum(axis=0).min()) for k in range(len(aims))]
    kept = [k for k, units in enumerate(fewest) if units >= FEWEST_UNITS]
    found = overall_leakage(changes[:, kept], [aims[k] for k in kept], level)
    return found, [k for k in range(len(aims)) if k not in kept]


def _seen(changes: FloatArray) -> FloatArray:
    """Return the rows of units that are known in some column, so that flips are over these alone."""
    return changes[~np.isnan(changes).all(axis=1)]


def _adjusted(
    p: pd.DataFrame, aims: Mapping[str, str], guards: tuple[str, ...], correction: Correction
) -> pd.DataFrame:
    """Return the p-values corrected within effects on aims, on other values, of controls, and on guardrails."""
    family = pd.DataFrame("off", p.index, p.columns)
    family.loc[[lever for lever in p.index if lever not in aims]] = "control"
    for lever, value in aims.items():
        family.loc[lever, value] = "aim"
    family[list(guards)] = "guardrail"
    kinds, known = family.to_numpy(), p.to_numpy(dtype=float)
    corrected = np.full(known.shape, np.nan)
    method = holm_adjusted if correction == "holm" else bh_adjusted
    for kind in ("aim", "off", "control", "guardrail"):
        corrected[kinds == kind] = method(known[kinds == kind])
    return pd.DataFrame(corrected, p.index, p.columns)


def bh_adjusted(p_values: FloatArray) -> FloatArray:
    """Return the least false discovery rate at which each p-value is claimed (Benjamini and Hochberg 1995); NaN stays.

    Examples
    --------
    >>> bh_adjusted(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    found = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * len(order) / np.arange(1, len(order) + 1)
    found[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return found


def check_level(level: float) -> None:
    """Raise `DataError` when a level is not inside (0, 1)."""
    if not 0 < level < 1:
        raise DataError(f"The level is {level}. Give a number between 0 and 1, for example .9.")
