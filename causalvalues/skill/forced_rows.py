"""Forced answers as levers: rows for mechanisms and plans, alone or beside the rows under prompts."""

from __future__ import annotations

from typing import Literal

import numpy as np

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.prediction import PairedRows
from causalvalues.skill.forced_answers import REJECTS, ForcedAnswers

Rejects = Literal["apart", "same", "negative"]
SAY = "say_"


def forced_rows(answers: ForcedAnswers, rejects: Rejects = "apart", by_statement: bool = False) -> PairedRows:
    """Turn forced statements into levers ``say_<value>``; the dose is the number of statements.

    The start of a row is the profile of its unit after as many neutral sentences, and what it reached is that start
    plus the change over the items that were not forced. `stance_test` says which coding of rejection the data ask for.

    Parameters
    ----------
    answers : ForcedAnswers
    rejects : {"apart", "same", "negative"}, default "apart"
        A rejected statement is another wording of the lever (``say_power~rejects``), the same lever, or a negative
        dose of it.
    by_statement : bool, default False
        Each statement is a wording of its own: ``say_power~power_3``, and ``say_power~rejects power_3`` apart.

    Returns
    -------
    PairedRows
        Rows in the order of the answers, without those whose control is not complete, or whose doses cancel.

    Raises
    ------
    ModelError
        If no row is left, or the coding is unknown.
    """
    if rejects not in ("apart", "same", "negative"):
        raise ModelError(f"Rejections cannot be coded {rejects!r}. Choose 'apart', 'same' or 'negative'.")
    names, doses = _levers(answers, rejects, by_statement)
    keep = np.isfinite(answers.control).all(axis=1) & (doses != 0).any(axis=1)
    if not keep.any():
        raise ModelError("No row has both a forced statement and a complete control. Score with fewer items missing.")
    used = np.flatnonzero((doses[keep] != 0).any(axis=0)).tolist()
    units = tuple(unit for unit, kept in zip(answers.units, keep.tolist(), strict=True) if kept)
    start = answers.control[keep]
    return PairedRows(
        answers.values,
        tuple(names[i] for i in used),
        units,
        start,
        doses[keep][:, used],
        start + answers.change[keep],
        answers.weights[keep],
    )


def _levers(answers: ForcedAnswers, rejects: Rejects, by_statement: bool) -> tuple[list[str], FloatArray]:
    """Return the names of the levers, in name order, and their doses (r, k)."""
    rows: list[list[tuple[str, float]]] = []
    for said, stances, named in zip(answers.said, answers.stances, answers.statements, strict=True):
        row = []
        for value, stance, name in zip(said, stances, named, strict=True):
            if by_statement and not name:
                raise ModelError("The statements that were forced are not named. Give the label that names them.")
            wording = [REJECTS] * (stance == REJECTS and rejects == "apart") + [name] * by_statement
            lever = f"{SAY}{value}" + (f"~{' '.join(wording)}" if wording else "")
            row.append((lever, -1.0 if stance == REJECTS and rejects == "negative" else 1.0))
        rows.append(row)
    names = sorted({lever for row in rows for lever, _ in row})
    place = {name: i for i, name in enumerate(names)}
    doses = np.zeros((len(rows), len(names)))
    for at, row in enumerate(rows):
        for lever, dose in row:
            doses[at, place[lever]] += dose
    return names, doses


def joined(prompts: PairedRows, forced: PairedRows) -> PairedRows:
    """Put rows under prompts and rows after forced answers side by side, each in the levers of both.

    What a unit answers after a neutral sentence is not what it answers at the beginning of a conversation, so starts
    are read as deviations from the control of their own design: the forced rows are moved, value by value, by the
    difference of the two mean starts over the units that both designs share (over all units where they share none).
    Changes stay as they are. Levers of the two kinds were not tried together, which `LeverResponse.tried` remembers:
    a plan that mixes them is extrapolated.

    Parameters
    ----------
    prompts, forced : PairedRows
        Of the same values (in any order), with different levers.

    Returns
    -------
    PairedRows
        Values in the order of `prompts`; levers of `prompts` first; rows of `prompts` first.

    Raises
    ------
    ModelError
        If values differ or a lever is in both.
    """
    if set(prompts.values) != set(forced.values):
        odd = sorted(set(prompts.values) ^ set(forced.values))[0]
        raise ModelError(f"The two designs differ in the value {odd!r}. Score both with the same key.")
    both = sorted(set(prompts.levers) & set(forced.levers))
    if both:
        raise ModelError(f"The lever {both[0]!r} is in both designs. Rename one of them.")
    order = [forced.values.index(value) for value in prompts.values]
    start, reached = forced.start[:, order], forced.reached[:, order]
    shared = set(prompts.units) & set(forced.units)
    shift = _mean_start(prompts.units, prompts.start, shared) - _mean_start(forced.units, start, shared)
    left = np.hstack([prompts.doses, np.zeros((len(prompts), len(forced.levers)))])
    right = np.hstack([np.zeros((len(forced), len(prompts.levers))), forced.doses])
    return PairedRows(
        prompts.values,
        (*prompts.levers, *forced.levers),
        (*prompts.units, *forced.units),
        np.vstack([prompts.start, start + shift]),
        np.vstack([left, right]),
        np.vstack([prompts.reached, reached + shift]),
        np.concatenate([prompts.weights, forced.weights]),
    )


def _mean_start(units: tuple[str, ...], start: FloatArray, shared: set[str]) -> FloatArray:
    """Return the mean over units of their mean starts, (p,)."""
    wanted = sorted(shared or set(units))
    rows: dict[str, list[int]] = {}
    for row, unit in enumerate(units):
        rows.setdefault(unit, []).append(row)
    return np.asarray(np.array([start[rows[unit]].mean(axis=0) for unit in wanted]).mean(axis=0))
