"""The picture of a plan: where each value starts, where it should go, and where it is predicted to end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from causalvalues.errors import FigureError
from causalvalues.figures.number_columns import NO_ROOM
from causalvalues.figures.profile_rows import COLUMNS, ProfileRow, profile_dots, profile_rows, wanted_first
from causalvalues.figures.row_frame import checked_width
from causalvalues.numerals import estimate, number
from causalvalues.planning.nouns import Plan
from causalvalues.planning.targets import Target
from causalvalues.scene.nouns import Scene
from causalvalues.theories.theory import ValueTheory


def plan_figure(
    plan: Plan,
    target: Target | None = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw a plan as a dot plot with its numbers beside it.

    Parameters
    ----------
    plan : Plan
        ``plan.predicted`` is drawn: start, target, mean and 90% interval of every value.
    target : Target, optional
        Gives the tolerance about wanted scores and the bounds, which are drawn as grey bands.
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown of values and levers; they win over the theory's.
    width : float, default 468
        Points; where there is no room for the numbers, the caption says so.

    Returns
    -------
    Scene
        Values with a target first, free values below them.

    Raises
    ------
    FigureError
        If the plan predicts nothing, or the width leaves no room.
    """
    if plan.predicted.empty:
        raise FigureError("There is nothing to draw: the plan predicts no value.")
    rows = profile_rows(plan.predicted, target, theory, labels)
    rows = wanted_first(rows)
    drawn = profile_dots(rows, _heading(plan, labels or {}), checked_width(width))
    return Scene(
        kind="plan",
        width=width,
        height=drawn.height,
        marks=drawn.marks,
        title="Plan",
        caption=_caption(plan, target, drawn.shorter),
        alt=_alt(plan, rows),
        columns=("value", *COLUMNS),
        rows=tuple((row.name, *row.cells()) for row in rows),
        provenance={"status": plan.status.name, "chance of hitting": number(plan.chance)},
    )


def _heading(plan: Plan, labels: Mapping[str, str]) -> str:
    chosen = ", ".join(f"{labels.get(node, node)} \u00d7 {number(dose)}" for node, dose in sorted(plan.doses.items()))
    said = f"Levers: {chosen or 'none'}"
    return said + (f"; chance that all targets are met: {number(plan.chance)}" if math.isfinite(plan.chance) else "")


def _caption(plan: Plan, target: Target | None, shorter: int) -> str:
    said = [
        "Start, target and predicted score of every value with 90% predictive interval. Values without target stand "
        "below the others."
    ]
    if target is not None and target.profile:
        said.append(
            f"Grey: within {number(target.tolerance)}{_points(target)} of the target"
            + ("; a predicted mean outside it is printed bold." if shorter < 2 else ".")
        )
    if shorter == 2:
        said.append(NO_ROOM)
    said.append(f"Status: {plan.status.value}.")
    if math.isfinite(plan.chance):
        said.append(f"Predictive chance that all targets are met: {number(plan.chance)}.")
    if math.isfinite(plan.chance_cross_fitted):
        said.append(f"Cross-fitted: {number(plan.chance_cross_fitted)}.")
    return " ".join(said)


def _points(target: Target) -> str:
    return " points of priority" if target.priorities else ""


def _alt(plan: Plan, rows: Sequence[ProfileRow]) -> str:
    phrases = []
    for row in rows:
        goal = "" if row.target is None else f" (target {number(row.target)})"
        phrases.append(f"{row.label} from {number(row.start)} to {estimate(row.mean, row.lower, row.upper)}{goal}")
    return f"Dot plot of a plan with {len(plan.doses)} levers: " + "; ".join(phrases) + "."
