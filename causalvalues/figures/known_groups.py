"""The picture of a known-groups check: whether the own value stands out, and whether its negation does as well."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.elicitation.validity import KnownGroup, Validity
from causalvalues.errors import FigureError
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import estimate, number
from causalvalues.scene.axis import Axis
from causalvalues.scene.geometry import disc, polygon, tidy
from causalvalues.scene.metrics import printable, text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import INK, LABEL_SIZE, MARGIN, NAME_SIZE, NEGATIVE, PAPER, POSITIVE, QUIET, RULE
from causalvalues.theories.theory import ValueTheory

WIDTH = 468.0
ROW = 20.0
APART = 3.6
"""Half the distance of the two wordings in a row."""
NAMES = 130.0
AFFIRMED, NEGATED = "affirmed", "negated"
WORDS = {AFFIRMED: "affirmed statements, 95% interval", NEGATED: "the same statements negated"}
VERDICTS = {
    "endorsement": "the negation control is passed",
    "salience": "salience, not endorsement",
    "neither": "not shown to tell who holds which value",
    "not checked": "not checked",
}


@dataclass(frozen=True)
class _Columns:
    """Where the picture begins and ends, and the right ends of the numbers beside it."""

    left: float
    right: float
    personas: float
    affirmed: float
    negated: float


def known_groups_figure(
    found: Validity, units: str = "points", theory: ValueTheory | None = None, labels: Mapping[str, str] | None = None
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

    Returns
    -------
    Scene
        A row a value: the mean score of the personas that hold it minus that of the others, on the value's own
        statements, filled for the affirmed and hollow for the negated wording; the areas under the ROC curve beside it.

    Raises
    ------
    FigureError
        If there are no known groups.
    """
    if not found.groups:
        raise FigureError("There is nothing to draw: no persona of a known group was asked. Add known-group personas.")
    by_value = {group.value: group for group in found.groups}
    groups = [by_value[name] for name in value_order(list(by_value), theory)]
    known = {} if theory is None else theory.labels
    shown = {group.value: (labels or {}).get(group.value, known.get(group.value, group.value)) for group in groups}
    wordings = (AFFIRMED, NEGATED) if any(group.negated.known for group in groups) else (AFFIRMED,)
    columns = _columns(shown, wordings)
    axis = Axis.around([0.0, *_ends(groups, wordings)], columns.left, columns.right)
    head = _heading(found)
    top = MARGIN + 12 * len(head) + 26
    bottom = top + ROW * len(groups) + 2
    title = f"score of holders minus that of the others ({printable(units)})"
    marks: list[Mark] = [
        Text("heading", "heading", MARGIN, tidy(MARGIN + 8 + 12 * k), line, NAME_SIZE, bold=k == 0)
        for k, line in enumerate(head)
    ]
    marks += axis.marks(top - 2, bottom, wrap(title, columns.right - columns.left + 60, LABEL_SIZE, 1)[0])
    marks += _column_heads(columns, wordings, top - 8)
    for place, group in enumerate(groups):
        y = top + ROW * (place + 0.5)
        marks += _row(f"row-{place}", group, axis, (wordings, y))
        marks += _numbers(f"row-{place}", (group, shown[group.value]), (columns, wordings), y)
    marks += _legend(wordings, bottom + 34)
    return Scene(
        kind="known_groups",
        width=WIDTH,
        height=tidy(bottom + 34 + 6 + 2 * MARGIN),
        marks=tuple(marks),
        title="Do personas stand out in the value that they hold?",
        caption=_caption(found, units),
        alt=_alt(found, groups, shown, units),
        columns=(
            "value",
            "personas",
            *(f"{w}{e}" for w in (AFFIRMED, NEGATED) for e in ("", "_lower", "_upper", "_auc")),
        ),
        rows=tuple(_cells(group) for group in groups),
        provenance={"verdict": found.verdict, "personas": str(found.personas), "sheets": str(found.sheets)},
    )


def _columns(shown: Mapping[str, str], wordings: Sequence[str]) -> _Columns:
    left = MARGIN + 8 + max(text_width(wrap(name, NAMES, NAME_SIZE, 1)[0], NAME_SIZE) for name in shown.values())
    end = WIDTH - MARGIN
    negated = end
    affirmed = end - 46 if NEGATED in wordings else end
    personas = affirmed - 50
    return _Columns(tidy(left), tidy(personas - 48), personas, affirmed, negated)


def _ends(groups: Sequence[KnownGroup], wordings: Sequence[str]) -> list[float]:
    found = [getattr(group, wording) for group in groups for wording in wordings]
    ends = [end for each in found for end in (each.value, each.lower, each.upper)]
    return [end for end in ends if math.isfinite(end)]


def _heading(found: Validity) -> tuple[str, ...]:
    said = f"AUC {_auc(found.affirmed)} affirmed"
    if found.controlled:
        said += f"; {_auc(found.negated)} negated; {_auc(found.contrast)} affirmed minus negated"
    verdict = VERDICTS[found.verdict]
    measure = WIDTH - 2 * MARGIN
    return (*wrap(verdict[:1].upper() + verdict[1:], measure, NAME_SIZE, 1), *wrap(said, measure, NAME_SIZE, 2))


def _auc(each: object) -> str:
    value, lower, upper = (getattr(each, name) for name in ("value", "lower", "upper"))
    return estimate(value, lower, upper)


def _column_heads(columns: _Columns, wordings: Sequence[str], y: float) -> list[Mark]:
    heads = [(columns.personas, "Personas"), (columns.affirmed, "AUC")]
    if NEGATED in wordings:
        heads = [(columns.personas, "Personas"), (columns.affirmed, "AUC aff."), (columns.negated, "AUC neg.")]
    return [Text("heads", "head-text", x, tidy(y), text, LABEL_SIZE, "end", colour=QUIET) for x, text in heads]


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


def _numbers(part: str, who: tuple[KnownGroup, str], where: tuple[_Columns, Sequence[str]], y: float) -> list[Mark]:
    group, label = who
    columns, wordings = where
    base = tidy(y + 0.36 * NAME_SIZE)
    name = wrap(label, NAMES, NAME_SIZE, 1)[0]
    marks: list[Mark] = [
        Text(part, "name", tidy(columns.left - 8), base, name, NAME_SIZE, "end"),
        Text(part, "number", columns.personas, base, str(group.personas), LABEL_SIZE, "end", colour=QUIET),
        Text(part, "number", columns.affirmed, base, number(group.auc_affirmed), LABEL_SIZE, "end", colour=INK),
    ]
    if NEGATED in wordings:
        marks.append(
            Text(part, "number", columns.negated, base, number(group.auc_negated), LABEL_SIZE, "end", colour=INK)
        )
    high = tidy(y - ROW / 2)
    rule = polygon([(MARGIN, high), (WIDTH - MARGIN, high)], closed=False)
    return [Shape(part, "rule", rule, stroke=RULE, stroke_width=0.25), *marks]


def _legend(wordings: Sequence[str], y: float) -> list[Mark]:
    lengths = [24 + text_width(WORDS[wording], LABEL_SIZE) for wording in wordings]
    x = (WIDTH - sum(lengths) - 22 * (len(wordings) - 1)) / 2
    marks: list[Mark] = []
    for wording, length in zip(wordings, lengths, strict=True):
        marks.append(_line("legend", [(x, y), (x + 20, y)], wording))
        marks.append(_dot("legend", x + 10, y, wording))
        at = (tidy(x + 24), tidy(y + 0.36 * LABEL_SIZE))
        marks.append(Text("legend", "legend", *at, WORDS[wording], LABEL_SIZE, colour=QUIET))
        x += length + 22
    return marks


def _caption(found: Validity, units: str) -> str:
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
    return said


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
        cells += [round(each, 9) + 0.0 if math.isfinite(each) else None for each in numbers]
    return tuple(cells)
