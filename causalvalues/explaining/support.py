"""Whether a choice of levers, its doses and its start lie inside what was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import PlanError
from causalvalues.evidence.finding import Finding
from causalvalues.explaining.outlying import outlying
from causalvalues.model.basis import Basis
from causalvalues.numerals import number, percent
from causalvalues.planning.mechanisms import Start, given_start
from causalvalues.planning.nouns import Plan
from causalvalues.planning.profiles import checked_doses
from causalvalues.prediction.paired_rows import PairedRows, paired_rows
from causalvalues.responses.matrix import ResponseMatrix

FEW_UNITS = 5
OUTSIDE_DOSE, BETWEEN_DOSES = "dose outside", "dose between"
PUSH = "push"
NEVER_TRIED, FEW_TRIED = "never tried together", "tried by few units"
OUTSIDE_VALUE, OUTSIDE_START, FEW_STARTS = "value outside", "start outside", "few starts"
EXTRAPOLATING = frozenset({OUTSIDE_DOSE, NEVER_TRIED, OUTSIDE_VALUE, OUTSIDE_START})


@dataclass(frozen=True, eq=False)
class Support:
    """What the data say about where a choice and a start lie.

    Parameters
    ----------
    doses : mapping of str to float
    findings : tuple of Finding
        Codes ``dose outside, dose between, push, never tried together, tried by few units, value outside, start
        outside, few starts``; a warning is an extrapolation, a note is not.
    tried_by : int
        Units that were asked under exactly these levers (whatever the doses).
    nearest : tuple of str
        The tried set of levers that is nearest to the chosen one (fewest levers to add or drop, then most units).
    nearest_by : int
        Units that were asked under it.
    distance : float
        Mahalanobis distance of the start from the mean of the units' starts; NaN without a start, or with too few
        units.
    rarity : float
        Share of units, this one included, that lie at least as far out: below `level` the start is flagged. NaN as
        above.
    level : float
    """

    doses: Mapping[str, float]
    findings: tuple[Finding, ...]
    tried_by: int
    nearest: tuple[str, ...]
    nearest_by: int
    distance: float
    rarity: float
    level: float

    def __repr__(self) -> str:
        return f"Support({self.basis.value}; {len(self.findings)} findings, tried by {self.tried_by} units)"

    @property
    def extrapolated(self) -> bool:
        """Whether a dose, the combination or the start lies outside the data."""
        return any(finding.code in EXTRAPOLATING for finding in self.findings)

    @property
    def basis(self) -> Basis:
        """For the ledger: ``EXTRAPOLATED``, or ``DESIGN`` where everything was tried."""
        return Basis.EXTRAPOLATED if self.extrapolated else Basis.DESIGN

    @property
    def table(self) -> pd.DataFrame:
        """One row a finding: ``code, severity, where, message, remedy``."""
        columns = ["code", "severity", "where", "message", "remedy"]
        return pd.DataFrame([[getattr(each, name) for name in columns] for each in self.findings], columns=columns)


def support(
    rows: PairedRows | ResponseMatrix,
    chosen: Plan | Mapping[str, float],
    start: Start = None,
    level: float = 0.05,
) -> Support:
    """Flag doses outside the tried range, combinations never tried and starting levels outside the data.

    Parameters
    ----------
    rows : PairedRows or ResponseMatrix
        What was tried, and by which units; of a matrix, the units that answered both with and without levers.
    chosen : Plan, or mapping of str to float
        Lever -> dose; a dose on a value is a push.
    start : mapping of str to float or Series, optional
        Profile without levers of the unit to be steered; None: it is not looked at.
    level : float, default .05
        The start is flagged when fewer than this share of units lie as far out. Where the unit is exchangeable with
        those of the data, at most this share of units is flagged by the distance (a conformal p-value).

    Returns
    -------
    Support

    Raises
    ------
    PlanError
        If a lever or value is unknown, or the level is no share.

    Examples
    --------
    >>> rows = PairedRows(("a",), ("x", "y"), ("u1", "u2"), [[0], [1]], [[1, 0], [0, 1]], [[1], [1]])
    >>> found = support(rows, {"x": 1, "y": 2})
    >>> [finding.code for finding in found.findings]
    ['dose outside', 'never tried together']
    """
    if not 0 < level < 1:
        raise PlanError(f"The level is {level}. Give a share between 0 and 1.")
    rows = paired_rows(rows) if isinstance(rows, ResponseMatrix) else rows
    if not len(rows):
        raise PlanError("There are no rows under levers, so nothing was tried. Give the rows that the model is from.")
    doses = checked_doses(chosen.doses if isinstance(chosen, Plan) else chosen, (*rows.levers, *rows.values))
    levers = {name: dose for name, dose in doses.items() if name in rows.levers}
    findings = [finding for name, dose in levers.items() for finding in _dose(rows, name, dose)]
    findings += [_push(name) for name in doses if name not in levers]
    tried = _tried(rows)
    cell = frozenset(levers)
    nearest = min(tried, key=lambda other: (len(other ^ cell), -tried[other], tuple(sorted(other))))
    findings += _combination(cell, tried.get(cell, 0), (nearest, tried[nearest]))
    distance, rarity = np.nan, np.nan
    if start is not None:
        profile = given_start(start, rows.values)
        units = np.array([rows.start[i] for i in _first_rows(rows)])
        findings += _values(rows.values, profile, units)
        distance, rarity = outlying(units, profile)
        findings += _start(distance, rarity, level, len(units))
    said = (tried.get(cell, 0), tuple(sorted(nearest)), tried[nearest])
    return Support(doses, tuple(findings), *said, float(distance), float(rarity), level)


def _dose(rows: PairedRows, name: str, dose: float) -> list[Finding]:
    column = rows.doses[:, rows.levers.index(name)]
    tried = sorted(set(column[column != 0].tolist()))
    where = f"lever {name!r}"
    if not tried:
        return [
            Finding(OUTSIDE_DOSE, "warning", where, "No unit was asked under this lever.", "Ask some, or leave it out.")
        ]
    if dose in tried:
        return []
    low, high = min(0.0, tried[0]), max(0.0, tried[-1])
    span = f"{tried[0]:g}" if len(tried) == 1 else f"{tried[0]:g} to {tried[-1]:g}"
    if low <= dose <= high:
        message = f"Dose {dose:g} was not tried; it lies between doses that were (0 and {span})."
        return [Finding(BETWEEN_DOSES, "note", where, message, "Ask a few units at this dose to be sure.")]
    message = f"Dose {dose:g} lies outside the doses that were tried ({span}): its effect is carried on in a line."
    return [Finding(OUTSIDE_DOSE, "warning", where, message, f"Stay within {low:g} and {high:g}, or ask some units.")]


def _push(name: str) -> Finding:
    message = "A push on a value was not tried as such: what it does rests on the graph."
    return Finding(PUSH, "note", f"value {name!r}", message, "Look at the ledger of effects before much rests on it.")


def _tried(rows: PairedRows) -> dict[frozenset[str], int]:
    """Return the number of units asked under each set of levers."""
    units: dict[frozenset[str], set[str]] = {}
    for unit, row in zip(rows.units, rows.doses != 0, strict=True):
        cell = frozenset(rows.levers[i] for i in np.flatnonzero(row).tolist())
        units.setdefault(cell, set()).add(unit)
    return {cell: len(found) for cell, found in units.items()}


def _combination(cell: frozenset[str], count: int, nearest: tuple[frozenset[str], int]) -> list[Finding]:
    if len(cell) < 2 or count >= FEW_UNITS:
        return []
    where = " + ".join(sorted(cell))
    if count:
        message = f"These levers were tried together by {_units(count)} only."
        return [Finding(FEW_TRIED, "note", where, message, "Ask more units under them before much rests on it.")]
    other, by = nearest
    add, drop = sorted(cell - other), sorted(other - cell)
    step = " and ".join([*([f"add {', '.join(add)}"] if add else []), *([f"drop {', '.join(drop)}"] if drop else [])])
    message = (
        f"No unit was asked under these levers together. The nearest tried set is {' + '.join(sorted(other))} "
        f"({_units(by)}): from there, {step}."
    )
    remedy = "Take a combination that was tried, or ask some units under this one."
    return [Finding(NEVER_TRIED, "warning", where, message, remedy)]


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"


def _first_rows(rows: PairedRows) -> list[int]:
    """Return one row for each unit, in name order."""
    first = {unit: i for i, unit in reversed(list(enumerate(rows.units)))}
    return [first[unit] for unit in sorted(first)]


def _values(names: tuple[str, ...], profile: np.ndarray, units: np.ndarray) -> list[Finding]:
    found = []
    for i in sorted(range(len(names)), key=lambda i: names[i]):
        low, high = float(units[:, i].min()), float(units[:, i].max())
        beyond = max(low - profile[i], profile[i] - high)
        if beyond > 1e-9 * max(abs(low), abs(high), 1e-300):
            side = "below" if profile[i] < low else "above"
            message = (
                f"The start, {number(profile[i])}, is {number(beyond)} {side} that of every unit in the data "
                f"({number(low)} to {number(high)})."
            )
            remedy = "Take predictions for this value as carried on in a line, or ask units that start there."
            found.append(Finding(OUTSIDE_VALUE, "warning", f"value {names[i]!r}", message, remedy))
    return found


def _start(distance: float, rarity: float, level: float, units: int) -> list[Finding]:
    if np.isnan(rarity) or 1 / (units + 1) >= level:
        message = f"{_units(units)} are too few to say whether this starting profile is like theirs."
        return [Finding(FEW_STARTS, "note", "start", message, "Ask more units without levers.")]
    if rarity >= level:
        return []
    message = (
        f"As a whole this starting profile is unlike those of the data: Mahalanobis distance {number(distance)}, and "
        f"only {percent(round(rarity, 3))} of units lie as far out."
    )
    remedy = "Ask this unit, or units like it, under some levers first."
    return [Finding(OUTSIDE_START, "warning", "start", message, remedy)]
