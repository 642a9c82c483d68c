"""The picture of a known-groups check: whether the own value stands out, and whether its negation does as well."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from causalvalues.elicitation.validity import KnownGroup, Validity
from causalvalues.errors import FigureError
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.number_columns import NO_ROOM
from causalvalues.figures.row_frame import Beside, checked_width, heading_lines, row_frame, shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import estimate, number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, tidy
from causalvalues.scene.metrics import printable
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text, number_cell
from causalvalues.scene.palette import MARGIN, NEGATIVE, PAPER, POSITIVE
from causalvalues.theories.theory import ValueTheory

ROW = 20.0
APART = 3.6
"""Half the distance of the two wordings in a row."""
AFFIRMED, NEGATED = "affirmed", "negated"
WORDS = {AFFIRMED: "affirmed statements, 95% interval", NEGATED: "the same statements negated"}
VERDICTS = {
    "endorsement": "the negation control is passed",
    "salience": "salience, not endorsement",
    "neither": "not shown to tell who holds which value",
    "not checked": "not checked",
}


def known_groups_figure(
    found: Validity,
    units: str = "points",
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw what sets the holders of each value apart, in the affirmed and in the negated wording.

    Parameters
    ----------
    found : Validity
        Of `causalvalues.elicitation.validity.validity`.
    units : str, default "points"
        Of the scores, for the axis.
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    width : float, default 468
        Points; where there is no room for the numbers, the caption says so.

    Returns
    -------
    Scene
        A row a value: the mean score of the personas that hold it minus that of the others, on the value's own
        statements, filled for the affirmed and hollow for the negated wording; the areas under the ROC curve beside it.

    Raises
    ------
    FigureError
        If there are no known groups, or the width leaves no room.
    """
    if not found.groups:
        raise FigureError("There is nothing to draw: no persona of a known group was asked. Add known-group personas.")
    by_value = {group.value: group for group in found.groups}
    groups = [by_value[name] for name in value_order(list(by_value), theory)]
    shown = shown_names(list(by_value), theory, labels)
    wordings = (AFFIRMED, NEGATED) if any(group.negated.known for group in groups) else (AFFIRMED,)
    heading, high = _heading(found, checked_width(width))
    frame = row_frame([shown[group.value] for group in groups], _beside(groups, wordings), (width, MARGIN, high), ROW)
    axis = Axis.around([0.0, *_ends(groups, wordings)], frame.left, frame.right)
    title = f"score of holders minus that of the others ({printable(units)})"
    marks: list[Mark] = [*heading, *frame.marks(axis, title)]
    for place, group in enumerate(groups):
        marks += _row(f"row-{place}", group, axis, (wordings, frame.middles[place]))
    legend, below = legend_rows(_legend(wordings), width, frame.below(title))
    return Scene(
        kind="known_groups",
        width=width,
        height=tidy(frame.below(title) + below),
        marks=(*marks, *legend),
        title="Do personas stand out in the value that they hold?",
        caption=_caption(found, units, frame.shorter == 2),
        alt=_alt(found, groups, shown, units),
        columns=(
            "value",
            "personas",
            *(f"{w}{e}" for w in (AFFIRMED, NEGATED) for e in ("", "_lower", "_upper", "_auc")),
        ),
        rows=tuple(_cells(group) for group in groups),
        provenance={"verdict": found.verdict, "personas": str(found.personas), "sheets": str(found.sheets)},
    )


def _beside(groups: Sequence[KnownGroup], wordings: Sequence[str]) -> list[Beside]:
    """Return the numbers beside the rows: personas and areas under the curve, the areas only, or none."""
    personas = ("Personas", [str(group.personas) for group in groups])
    areas = [("AUC" if len(wordings) == 1 else "AUC aff.", [number(group.auc_affirmed) for group in groups])]
    if NEGATED in wordings:
        areas.append(("AUC neg.", [number(group.auc_negated) for group in groups]))
    return [[personas, *areas], areas, []]


def _ends(groups: Sequence[KnownGroup], wordings: Sequence[str]) -> list[float]:
    found = [getattr(group, wording) for group in groups for wording in wordings]
    ends = [end for each in found for end in (each.value, each.lower, each.upper)]
    return [end for end in ends if math.isfinite(end)]


def _heading(found: Validity, width: float) -> tuple[list[Mark], float]:
    """Return the verdict in bold, the pooled areas below it, and the height of both."""
    said = f"AUC {_auc(found.affirmed)} affirmed"
    if found.controlled:
        said += f"; {_auc(found.negated)} negated; {_auc(found.contrast)} affirmed minus negated"
    verdict = VERDICTS[found.verdict]
    first, high = heading_lines(verdict[:1].upper() + verdict[1:], width, 2)
    second, more = heading_lines(said, width, 4)
    strong = [replace(mark, bold=True) for mark in first if isinstance(mark, Text)]
    lower = [replace(mark, y=tidy(mark.y + high - 5)) for mark in second if isinstance(mark, Text)]
    return [*strong, *lower], high - 5 + more


def _auc(each: object) -> str:
    value, lower, upper = (getattr(each, name) for name in ("value", "lower", "upper"))
    return estimate(value, lower, upper)


def _row(part: str, group: KnownGroup, axis: Axis, where: tuple[Sequence[str], float]) -> list[Mark]:
    wordings, y = where
    marks: list[Mark] = []
    for wording in wordings:
        found = getattr(group, wording)
        height = y if len(wordings) == 1 else y - APART if wording == AFFIRMED else y + APART
        if not math.isfinite(found.value):
            continue
        if math.isfinite(found.lower) and math.isfinite(found.upper):
            ends = [(axis.x(found.lower), height), (axis.x(found.upper), height)]
            marks.append(_line(part, ends, wording))
        marks.append(_dot(part, axis.x(found.value), height, wording))
    return marks


def _line(part: str, ends: Sequence[tuple[float, float]], wording: str) -> Shape:
    colour, width = (POSITIVE, 1.3) if wording == AFFIRMED else (NEGATIVE, 0.9)
    return Shape(part, "interval", polygon(ends, closed=False), stroke=colour, stroke_width=width)


def _dot(part: str, x: float, y: float, wording: str) -> Shape:
    if wording == AFFIRMED:
        return Shape(part, "mean", disc(x, y, 2.9), fill=POSITIVE)
    return Shape(part, "negated", disc(x, y, 2.6), fill=PAPER, stroke=NEGATIVE, stroke_width=1.1)


def _legend(wordings: Sequence[str]) -> list[Item]:
    return [
        (20.0, WORDS[wording], (_line("legend", [(0, 0), (20, 0)], wording), _dot("legend", 10, 0, wording)))
        for wording in wordings
    ]


def _caption(found: Validity, units: str, narrow: bool) -> str:
    said = (
        f"Mean score on a value's own statements of the personas that hold it minus that of the other personas "
        f"({printable(units)}), with 95% t intervals over personas. "
    )
    if found.controlled:
        said += (
            "Filled: the statements; hollow: the same statements negated. Who endorses a value raises the filled dots "
            "and not the hollow ones; who only talks about it raises both. "
        )
    else:
        said += "The negated statements were not asked, so the picture cannot tell endorsing from talking about. "
    said += (
        "AUC: how likely a statement of the own value scores higher than one of another value, .50 by chance; the "
        f"pooled ones with 95% bootstrap intervals. {found.personas} personas, {found.sheets} sheets."
    )
    return f"{said} {NO_ROOM}" if narrow else said


def _alt(found: Validity, groups: Sequence[KnownGroup], shown: Mapping[str, str], units: str) -> str:
    phrases = []
    for group in groups:
        said = f"{printable(shown[group.value])} {number(group.affirmed.value)}"
        phrases.append(said + (f" (negated {number(group.negated.value)})" if group.negated.known else ""))
    verdict = VERDICTS[found.verdict]
    return (
        f"Dot plot of {len(groups)} values, holders minus others in {printable(units)}: {'; '.join(phrases)}. "
        f"Pooled AUC {_auc(found.affirmed)}; {verdict}."
    )


def _cells(group: KnownGroup) -> tuple[Cell, ...]:
    cells: list[Cell] = [group.value, float(group.personas)]
    for found, auc in ((group.affirmed, group.auc_affirmed), (group.negated, group.auc_negated)):
        numbers = (found.value, found.lower, found.upper, auc)
        cells += map(number_cell, numbers)
    return tuple(cells)
