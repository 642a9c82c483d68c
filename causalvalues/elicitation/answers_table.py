"""The answers as tables: a wide one that the rest of the package reads, and long ones with every part."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.sheets import Answer, Sheet

Answered = tuple[Sheet, Sequence[Answer]]
DESIGN = ("model", "persona_id", "levers", "wording", "frame", "repeat")
FORCED = ("forced", "stances", "forced_items")
LONG = ("unit_id", "kind", *DESIGN, *FORCED, "position", "item", "dimension", "response", "status")
DECIMALS = 4


def wide_text(answered: Iterable[Answered], items: ItemSet, model: str) -> str:
    """Return one row a sheet as CSV: the design, then a column for each item.

    Sheets after forced answers have three more columns: the values (``"security+power"``, or ``"neutral"``), the
    stances (``"agrees rejects"``) and the items that were said; an item that was said is left empty.

    Parameters
    ----------
    answered : iterable of (Sheet, sequence of Answer)
    items : ItemSet
        Order of the columns.
    model : str
        Name of the model, for its column.

    Returns
    -------
    str
        Numbers in the units of the method with four decimals; empty where there is no number.
    """
    held = list(answered)
    forced = any(sheet.forced for sheet, _ in held)
    names = [item.id for item in items.items]
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
    that the model said, if any; an apostrophe stands before one that a spreadsheet would take for a formula. Parameters
    as `wide_text`.
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
            rows.append([*front, *cells, *numbers, *([_harmless(answer.text)] if spoken else [])])
    return _csv(rows)


def choices_text(answered: Iterable[Answered], items: ItemSet) -> str:
    """Return the pairwise choices as CSV for ``causalvalues choices``: the chosen value wins against the other.

    Parameters
    ----------
    answered : iterable of (Sheet, sequence of Answer)
        Of a forced choice.
    items : ItemSet
    """
    values = {item.id: item.value for item in items.items}
    rows: list[list[object]] = [["persona_id", "first", "second", "winner"]]
    for sheet, answers in answered:
        for answer in answers:
            for name, odds in answer.parts:
                other = name.removeprefix("against ")
                if other != name and answer.item < other:
                    a, b = values[answer.item], values[other]
                    rows.append([sheet.persona.id, a, b, a if odds > 0 else b if odds < 0 else "tie"])
    return _csv(rows)


def _design(sheet: Sheet, model: str) -> list[object]:
    wording = f"w{sheet.wording}" if sheet.levers else "w0"
    return [model, sheet.persona.id, sheet.lever_cell, wording, f"f{sheet.frame}", sheet.repeat]


def _forced(sheet: Sheet) -> list[object]:
    signs = " ".join({1: "agrees", -1: "rejects", 0: "neutral"}[each.sign] for each in sheet.forced)
    return ["+".join(each.value for each in sheet.forced), signs, " ".join(each.item for each in sheet.forced)]


def _number(number: float) -> str:
    return f"{number:.{DECIMALS}f}" if math.isfinite(number) else ""


def _harmless(text: str) -> str:
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _csv(rows: list[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
