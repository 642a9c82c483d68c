"""The words and the table of the leakage matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from causalvalues.leakage.leakage_matrix import LeakageMatrix
from causalvalues.numerals import number, percent
from causalvalues.scene.nouns import Cell, number_cell


def leakage_caption(found: LeakageMatrix, marked: str, beside: Sequence[str]) -> str:
    """Return what the cells, the marks and the columns beside them mean."""
    options = found.options
    n = found.units.loc[list(found.aims), list(found.values)].to_numpy(dtype=float)
    units = f"{n.min():.0f}" if n.min() == n.max() else f"{n.min():.0f} to {n.max():.0f}"
    said = [
        "mean change of each column when only the lever of the row acts, "
        f"at a dose of {number(options.dose)}, from the start of the same unit, in score units ({units} units).",
        "Framed: the value at which the lever aims.",
    ]
    claim = (
        f"at an expected share of {percent(1 - options.level)} false claims (Benjamini and Hochberg)"
        if options.correction == "bh"
        else f"with a chance of at most {percent(1 - options.level)} of any false claim (Holm)"
    )
    how = f"by sign flips of units, corrected within aims, other values, controls and guardrails {claim}"
    if marked:
        said.append(f"{marked[:1].upper()}{marked[1:]}: differs from zero {how}.")
    else:
        said.append(f"No effect differs from zero {how}.")
    if found.guardrails:
        said.append("Guardrails stand behind a gap, without colour and in their own units; they are no values.")
    if found.controls:
        chance = float(np.sqrt(np.square(found.levers.loc[list(found.controls), "any_gain"]).mean()))
        said.append(
            "Below the gap: levers without an aim, as controls; the gain of one of them on any value has a root mean "
            f"square of {number(chance)}, less noise."
        )
    if "Gain" in beside:
        said.append("Gain: effect on the aim less the mean effect on the other values.")
    if "Leakage" in beside:
        said.append(
            "Leakage: root mean square effect on the other values over the effect on the aim, both less their noise; "
            "\u221e: the aim is not moved surely enough for an upper end."
        )
    if beside:
        said.append(f"Brackets: {percent(options.level)} intervals over units.")
    overall = found.overall
    if math.isfinite(overall.value):
        upper = number(overall.upper) if math.isfinite(overall.upper) else "\u221e"
        said.append(f"Leakage of all levers: {number(overall.value)} [{number(overall.lower)}, {upper}].")
    return " ".join([*said, *found.notes])


def leakage_alt(found: LeakageMatrix, rows: Sequence[str], shown: Mapping[str, str]) -> str:
    """Return what can be seen: the effects on aims, and the largest ones off aim."""
    aims = "; ".join(
        f"{shown[lever]} {number(float(found.effect.loc[lever, found.aims[lever]]))}"  # type: ignore[arg-type]
        for lever in rows
        if lever in found.aims
    )
    off = [
        (abs(effect), lever, value, effect)
        for lever in found.aims
        for value in found.values
        if value != found.aims[lever] and math.isfinite(effect := float(found.effect.loc[lever, value]))  # type: ignore[arg-type]
    ]
    ranked = sorted(off, key=lambda each: (-each[0], each[1], each[2]))[:3]
    told = "; ".join(f"{shown[lever]} on {shown[value]} {number(effect)}" for _, lever, value, effect in ranked)
    return (
        f"Matrix of the effects of {len(rows)} levers on {len(found.values)} values and {len(found.guardrails)} "
        f"guardrails. On their aims: {aims}. The largest leaks: {told}."
    )


def leakage_rows(found: LeakageMatrix, levers: Sequence[str], columns: Sequence[str]) -> tuple[tuple[Cell, ...], ...]:
    """Return every cell with its interval and p, and the gain and leakage of each lever."""
    rows: list[tuple[Cell, ...]] = []
    for lever in levers:
        for column in columns:
            tables = (found.effect, found.lower, found.upper, found.p, found.adjusted)
            numbers = [number_cell(float(table.loc[lever, column])) for table in tables]  # type: ignore[arg-type]
            rows.append((lever, column, _role(found, lever, column), *numbers))
        for name in ("gain", "leakage"):
            ends = [number_cell(float(found.levers.loc[lever, f"{name}{end}"])) for end in ("", "_lower", "_upper")]  # type: ignore[arg-type]
            p = number_cell(float(found.levers.loc[lever, "gain_p"])) if name == "gain" else None  # type: ignore[arg-type]
            if lever in found.aims:
                rows.append((lever, "", name, *ends, p, None))
    return tuple(rows)


def _role(found: LeakageMatrix, lever: str, column: str) -> str:
    if column in found.guardrails:
        return "guardrail"
    if lever not in found.aims:
        return "control"
    return "aim" if found.aims[lever] == column else "other value"
