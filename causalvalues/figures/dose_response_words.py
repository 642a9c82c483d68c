"""The words and the table of dose-response curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causalvalues.leakage.dose_curves import DoseResponse
from causalvalues.numerals import number, percent
from causalvalues.scene.nouns import Cell, number_cell


def dose_caption(each: Sequence[DoseResponse], shown: Mapping[str, str], unit: str) -> str:
    """Return what the curves mean, and where each lever breaks."""
    first = each[0]
    counts = [float(x) for one in each for x in one.units.to_numpy(dtype=float).ravel()]
    units = f"{min(counts):.0f}" if min(counts) == max(counts) else f"{min(counts):.0f} to {max(counts):.0f}"
    level = percent(first.level)
    said = [
        "Dose response: mean change of each value when only this lever acts, from the start of the same unit, in score "
        f"units ({units} units), against its dose. Strong line: the value at which it aims, with its {level} interval; "
        "thin lines: the other values.",
    ]
    if first.guardrails:
        allowed = ", ".join(f"{shown[name]} {number(loss)}" for name, loss in first.guardrails.items())
        scale = f"of {shown[unit]} in its unit" if unit else "of the guardrails as shares of what is allowed"
        said.append(f"Lower part: change {scale}; line: the largest loss allowed ({allowed}).")
    said.append(
        "A lever breaks where a guardrail loses more than is allowed, or where the aim falls although the dose rises, "
        f"by more than chance gives in any two doses (between doses by straight lines; {level} interval by bootstrap "
        "of units, none where a dose has fewer than 5)."
    )
    return " ".join([*said, *(f"{shown[one.lever]} {_break(one, shown)}." for one in each)])


def _break(one: DoseResponse, shown: Mapping[str, str]) -> str:
    if not one.breaks.cause:
        return str(one.breaks)
    if one.breaks.cause == one.aim:
        return f"{one.breaks} (the aim falls)"
    return f"{one.breaks} ({shown[one.breaks.cause]})"


def dose_alt(each: Sequence[DoseResponse], shown: Mapping[str, str]) -> str:
    """Return what can be seen: the aim's effect at each dose, and where the lever breaks."""
    told = []
    for one in each:
        steps = ", ".join(
            f"{number(float(effect))} at {number(dose)}"
            for dose, effect in zip(one.doses, one.effect[one.aim], strict=True)
        )
        told.append(f"{shown[one.lever]} on {shown[one.aim]}: {steps}; {_break(one, shown)}")
    return f"Curves of effects against doses of {len(each)} levers. {'. '.join(told)}."


def dose_rows(each: Sequence[DoseResponse]) -> tuple[tuple[Cell, ...], ...]:
    """Return every point with its interval, and the dose where each lever breaks (None: not within the doses)."""
    rows: list[tuple[Cell, ...]] = []
    for one in each:
        for dose in one.doses:
            for name in map(str, one.effect.columns):
                role = "guardrail" if name in one.guardrails else "aim" if name == one.aim else "other value"
                tables = (one.effect, one.lower, one.upper)
                numbers = [number_cell(float(table[name].loc[dose])) for table in tables]
                rows.append((one.lever, dose, name, role, *numbers))
        ends = (one.breaks.dose, one.breaks.lower, one.breaks.upper)
        rows.append((one.lever, None, one.breaks.cause, "breaks", *map(number_cell, ends)))
    return tuple(rows)
