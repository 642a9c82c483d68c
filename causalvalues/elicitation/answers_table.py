"""The answers as tables: a wide one that the rest of the package reads, and long ones with every part."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.sheets import Answer, Sheet

Answered = tuple[Sheet, Sequence[Answer]]
DESIGN = ("model", "persona_id", "levers", "wording", "frame", "repeat")
FORCED = ("forced", "stances", "forced_items")
LONG = ("unit_id", "kind", *DESIGN, *FORCED, "position", "item", "dimension", "response", "status")
DECIMALS = 4


def wide_text(answered: Iterable[Answered], columns: Sequence[str], model: str) -> str:
    """Return one row a sheet as CSV: the design, then a column for each item.

    Sheets after forced answers have three more columns: the values (``"security+power"``, or ``"neutral"``), the
    stances (``"agrees rejects"``) and the items that were said; an item that was said is left empty.

    Parameters
    ----------
    answered : iterable of (Sheet, sequence of Answer)
    columns : sequence of str
        Ids of items, and of what guardrails measure.
    model : str
        Name of the model, for its column.

    Returns
    -------
    str
        Numbers in the units of the method with four decimals; empty where there is no number. An apostrophe stands
        before every text that a spreadsheet would take for a formula (`harmless`).
    """
    held = list(answered)
    forced = any(sheet.forced for sheet, _ in held)
    names = list(columns)
    rows: list[list[object]] = [["unit_id", *DESIGN, *(FORCED if forced else ()), *names]]
    for sheet, answers in held:
        said = {each.item for each in sheet.forced}
        scores = {answer.item: answer for answer in answers if answer.item not in said}
        cells = [_number(scores[name].score) if name in scores else "" for name in names]
        rows.append([sheet.id, *_design(sheet, model), *(_forced(sheet) if forced else ()), *cells])
    return _csv(rows)


def long_text(answered: Iterable[Answered], items: ItemSet, model: str) -> str:
    """Return one row an answer as CSV, with its status and every number that it was made of.

    Columns as `LONG`, then one for each part (``with``, ``without``, ``forward``, ``reversed``, ...), then the text
    that the model said, if any. Parameters and apostrophes as `wide_text`.
    """
    held = list(answered)
    values = {item.id: item.value for item in items.items}
    parts = list(dict.fromkeys(name for _, answers in held for answer in answers for name, _ in answer.parts))
    spoken = any(answer.text for _, answers in held for answer in answers)
    rows: list[list[object]] = [[*LONG, *parts, *(["text"] if spoken else [])]]
    for sheet, answers in held:
        front = [sheet.id, sheet.kind, *_design(sheet, model), *_forced(sheet)]
        for answer in answers:
            found = dict(answer.parts)
            cells = [answer.position, answer.item, values[answer.item], _number(answer.score), answer.status]
            numbers = [_number(found[name]) if name in found else "" for name in parts]
            rows.append([*front, *cells, *numbers, *([answer.text] if spoken else [])])
    return _csv(rows)


def choices_text(answered: Iterable[Answered], items: ItemSet) -> str:
    """Return the pairwise choices as CSV for ``causalvalues choices``: the chosen value wins against the other.

    Pairs with a reverse-keyed statement are left out: who chooses it does not choose its value.

    Parameters
    ----------
    answered : iterable of (Sheet, sequence of Answer)
        Of a forced choice.
    items : ItemSet
    """
    values = {item.id: item.value for item in items.items if not item.reverse}
    rows: list[list[object]] = [["persona_id", "first", "second", "winner"]]
    for sheet, answers in answered:
        for answer in answers:
            for name, odds in answer.parts:
                other = name.removeprefix("against ")
                if other != name and answer.item < other and {answer.item, other} <= values.keys():
                    a, b = values[answer.item], values[other]
                    rows.append([sheet.persona.id, a, b, a if odds > 0 else b if odds < 0 else "tie"])
    return _csv(rows)


def _design(sheet: Sheet, model: str) -> list[object]:
    wording = f"w{sheet.wording}" if sheet.levers else "w0"
    return [model, sheet.persona.id, sheet.lever_cell, wording, f"f{sheet.frame}", sheet.repeat]


def _forced(sheet: Sheet) -> list[object]:
    signs = " ".join({1: "agrees", -1: "rejects", 0: "neutral"}[each.sign] for each in sheet.forced)
    return ["+".join(each.value for each in sheet.forced), signs, " ".join(each.item for each in sheet.forced)]


def _number(number: float) -> Decimal | str:
    return Decimal(f"{number:.{DECIMALS}f}") if math.isfinite(number) else ""


def harmless(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would take it for a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("do_power=2")
    ("'=1+1", 'do_power=2')
    """
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _csv(rows: list[list[object]]) -> str:
    """Write rows that end with a line feed; a carriage return in a cell is quoted, so that it ends no row."""
    lines = []
    for row in rows:
        text = io.StringIO()
        cells = [harmless(cell) if isinstance(cell, str) else cell for cell in row]
        csv.writer(text, lineterminator="\r\n").writerow(cells)
        lines.append(text.getvalue().removesuffix("\r\n") + "\n")
    return "".join(lines)
