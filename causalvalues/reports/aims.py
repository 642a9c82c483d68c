"""Which value each lever steers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from causalvalues.errors import StudyError
from causalvalues.model import LeverEffects, own_values
from causalvalues.responses import ResponseMatrix


def named_values(matrix: ResponseMatrix, own: Mapping[str, str]) -> dict[str, str]:
    """Return the value that each lever steers: as given, else by the name ``do_<value>``; levers of neither kind lack.

    Raises
    ------
    ModelError
        If `own` names an unknown lever or value.
    """
    return own_values(matrix.levers, matrix.names) | own_values(matrix.levers, matrix.names, own or {})


def steered_values(matrix: ResponseMatrix, own: Mapping[str, str], effects: LeverEffects) -> dict[str, tuple[str, str]]:
    """Return lever -> (value, how that is known): given or by name, else the value that it moved most.

    "Most" is the largest absolute effect at the lever's smallest dose, in standard deviations of the rows without
    lever.
    """
    named = named_values(matrix, own)
    plain = ~(matrix.doses != 0).any(axis=1)
    spread = np.nanstd(matrix.scores[plain], axis=0)
    found: dict[str, tuple[str, str]] = {}
    for lever in matrix.levers:
        if lever in named:
            found[lever] = (named[lever], "given" if lever in own else "by name")
            continue
        cell = single_cell(effects, lever)
        if cell is None:
            continue
        sizes = np.abs(effects.mean.loc[cell].to_numpy(dtype=float)) / np.where(spread > 0, spread, np.inf)
        if np.isfinite(sizes).any():
            found[lever] = (matrix.names[int(np.nanargmax(sizes))], "moved most")
    return found


def single_cell(effects: LeverEffects, lever: str) -> str | None:
    """Return the cell in which a lever was used alone at its smallest dose; None when it never was."""
    alone = effects.doses[(effects.doses != 0).sum(axis=1) == 1]
    used = alone.loc[alone[lever] != 0, lever].abs()
    return None if used.empty else str(used.sort_values(kind="stable").index[0])


def refuse_without_levers(matrix: ResponseMatrix, report: str) -> None:
    """Refuse answers without levers.

    Raises
    ------
    StudyError
        With the remedy.
    """
    if not matrix.levers:
        raise StudyError(
            f"The report {report!r} needs answers under levers, and these have none. Name the lever columns "
            "([data] levers), or make conditions levers ([environments] unknown = true)."
        )
