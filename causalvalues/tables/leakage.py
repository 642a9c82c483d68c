"""Tables of leakage and of dose response."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from causalvalues.leakage.dose_curves import DoseResponse
from causalvalues.leakage.leakage_matrix import LeakageMatrix
from causalvalues.numerals import number, percent
from causalvalues.tables.arguments import needed
from causalvalues.tables.naming import Naming, cell
from causalvalues.tables.nouns import Cell, Column, Table
from causalvalues.theories.theory import ValueTheory

LEAKAGE = "Give what `measure_leakage` returns."
DOSES = "Give what `dose_response` or `dose_responses` returns."
BEYOND = (
    "A dash for the dose where it breaks, or an upper limit of \u221e: not within the doses tried. A dash for its "
    "interval alone: fewer than 5 units at some dose."
)


def leakage_table(
    found: LeakageMatrix, theory: ValueTheory | None = None, labels: Mapping[str, str] | None = None
) -> Table:
    """Return effect on the aim, gain and leakage of every lever, and its effects on guardrails.

    Parameters
    ----------
    found : LeakageMatrix
    theory : ValueTheory, optional
        Names; levers stand in the order of their aims.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.

    Returns
    -------
    Table
        Columns ``lever, aim, effect, gain, gain_interval, leakage, leakage_interval, size`` and one for each guardrail;
        controls, which have no aim, below.

    Raises
    ------
    FigureError
        If something else is given.
    """
    found = needed(found, LeakageMatrix, "A table of leakage", LEAKAGE)
    naming = Naming(theory, labels or {})
    place = {value: k for k, value in enumerate(naming.ordered(found.values))}
    levers = [*sorted(found.aims, key=lambda lever: (place[found.aims[lever]], lever)), *sorted(found.controls)]
    level = percent(found.options.level)
    noise = (
        "Leakage is the root mean square effect on the other values over the effect on the aim, both less their noise."
    )
    size = "Size is the root mean square effect on all values, less its noise."
    guards = _guard_names(found.guardrails)
    columns = (
        Column("lever", "Lever"),
        Column("aim", "Aim"),
        Column("effect", "On aim", "number", leading_zero=False),
        Column("gain", "Gain", "number", leading_zero=False),
        Column("gain_interval", f"{level} interval", "interval", leading_zero=False, rank=2),
        Column("leakage", "Leakage", "number", leading_zero=False, note=noise),
        Column("leakage_interval", f"{level} interval", "interval", leading_zero=False, rank=1),
        Column("size", "Size", "number", leading_zero=False, rank=3, note=size),
        *(Column(guards[name], naming.shown(name), "number", leading_zero=False) for name in found.guardrails),
    )
    units = found.levers["units"]
    count = number(float(units.min()), 0) if units.min() == units.max() else f"{units.min():.0f} to {units.max():.0f}"
    note = (
        f"Mean changes from the start of the same unit when the lever acts alone at a dose of "
        f"{number(found.options.dose)}, in score units ({count} units). Gain is the effect on the aim less the mean "
        f"effect on the other values. {noise} {size}"
    )
    return Table("Leakage of levers", columns, tuple(_lever(found, naming, lever) for lever in levers), note, "leakage")


def _lever(found: LeakageMatrix, naming: Naming, lever: str) -> tuple[Cell, ...]:
    row, aim = found.levers.loc[lever], found.aims.get(lever, "")
    effect = cell(found.effect.loc[lever, aim]) if aim else None
    return (
        naming.shown(lever),
        naming.shown(aim) if aim else "(control)",
        effect,
        cell(row["gain"]),
        _ends(row["gain_lower"], row["gain_upper"]),
        cell(row["leakage"]),
        _ends(row["leakage_lower"], row["leakage_upper"]),
        cell(row["size"]),
        *(cell(found.effect.loc[lever, name]) for name in found.guardrails),
    )


def _guard_names(guardrails: Sequence[str]) -> dict[str, str]:
    """Return names of columns that no other column of the table has."""
    return {name: f"guardrail_{name}" for name in guardrails}


def _ends(lower: object, upper: object) -> tuple[float, float] | None:
    low, high = float(lower), float(upper)  # type: ignore[arg-type]
    return None if math.isnan(low) or math.isnan(high) else (low, high)


def dose_response_table(
    found: DoseResponse | Sequence[DoseResponse],
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
) -> Table:
    """Return for every lever its effect on the aim at each dose, and the dose where it breaks.

    Parameters
    ----------
    found : DoseResponse or sequence of DoseResponse
    theory : ValueTheory, optional
        Names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.

    Returns
    -------
    Table
        One row for each lever and dose: ``lever, dose, effect, interval``, the guardrails, and in the first row of a
        lever ``breaks, breaks_interval, cause``.

    Raises
    ------
    FigureError
        If something else is given.
    """
    each = [found] if isinstance(found, DoseResponse) else list(found) if isinstance(found, Sequence) else [found]
    each = [needed(one, DoseResponse, "A table of dose response", DOSES) for one in each]
    naming = Naming(theory, labels or {})
    guards = list(dict.fromkeys(name for one in each for name in one.guardrails))
    names = _guard_names(guards)
    level = percent(each[0].level) if each else ""
    columns = (
        Column("lever", "Lever"),
        Column("dose", "Dose", "number"),
        Column("effect", "On aim", "number", leading_zero=False),
        Column("interval", f"{level} interval", "interval", leading_zero=False, rank=2),
        *(Column(names[name], naming.shown(name), "number", leading_zero=False) for name in guards),
        Column("breaks", "Breaks at", "number"),
        Column("breaks_interval", f"{level} interval", "interval", rank=1),
        Column("cause", "Cause", rank=3),
    )
    rows = [row for one in each for row in _doses(one, naming, guards)]
    note = (
        "Mean changes from the start of the same unit when the lever acts alone, in score units. A lever breaks where "
        f"a guardrail loses more than is allowed, or its aim falls although the dose rises. {BEYOND}"
    )
    return Table("Dose response", columns, tuple(rows), note, "dose-response")


def _doses(one: DoseResponse, naming: Naming, guards: Sequence[str]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for k, dose in enumerate(one.doses):
        tables = [float(table[one.aim].loc[dose]) for table in (one.effect, one.lower, one.upper)]
        costs = [cell(one.effect[name].loc[dose]) if name in one.guardrails else None for name in guards]
        breaks = one.breaks
        cause = "aim falls" if breaks.cause == one.aim else naming.shown(breaks.cause) if breaks.cause else None
        at = breaks.dose if math.isfinite(breaks.dose) else None
        told: tuple[Cell, ...] = (at, _ends(breaks.lower, breaks.upper), cause) if k == 0 else (None, None, None)
        head = naming.shown(one.lever) if k == 0 else ""
        rows.append((head, dose, cell(tables[0]), _ends(tables[1], tables[2]), *costs, *told))
    return rows
