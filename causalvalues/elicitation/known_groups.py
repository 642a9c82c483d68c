"""Personas that hold a known value: their answers as tables, and how well the answers tell who they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.sheets import Answer, Sheet
from causalvalues.elicitation.wordings import affirmed, negated
from causalvalues.errors import ElicitationError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray

Answered = Sequence[tuple[Sheet, Sequence[Answer]]]

STEPS = 200
"""Most steps of the alternating least squares; a tenth of them is enough where nothing is missing."""


@dataclass(frozen=True)
class KnownGroups:
    """Scores of known-group sheets on items that are keyed alike.

    Parameters
    ----------
    personas, holds : tuple of str, one a sheet
        Who answers, and the value that they hold.
    values : tuple of str, one an item
        The value that the item speaks for.
    score, affirmed, negated : (sheets, items) float64
        The method's score, and that of both wordings by themselves; NaN where there is none.
    """

    personas: tuple[str, ...]
    holds: tuple[str, ...]
    values: tuple[str, ...]
    score: FloatArray
    affirmed: FloatArray
    negated: FloatArray


def known_groups(answered: Answered, items: ItemSet, reverse: bool = False) -> KnownGroups:
    """Arrange the answers of the known-group sheets: to the positively keyed items, or to the reverse-keyed ones.

    Raises
    ------
    ElicitationError
        If a persona holds a value that no item speaks for, or an answer is to an unknown item.
    """
    sheets = [(sheet, answers) for sheet, answers in answered if sheet.kind == "known_group"]
    values = {item.id: item.value for item in items.items if item.reverse == reverse}
    known = {item.id for item in items.items}
    for sheet, answers in sheets:
        if sheet.persona.holds not in items.values:
            raise ElicitationError(
                f"Persona {sheet.persona.id!r} of the known groups holds {sheet.persona.holds!r}, which no item of "
                f"{items.id!r} speaks for.{did_you_mean(sheet.persona.holds, items.values)}"
            )
        for answer in answers:
            if answer.item not in known:
                items.item(answer.item)
    asked = {answer.item for _, answers in sheets for answer in answers}
    columns = {name: place for place, name in enumerate(name for name in values if name in asked)}

    def table(read: Callable[[Answer], float]) -> FloatArray:
        cells = np.full((len(sheets), len(columns)), math.nan)
        for row, (_, answers) in enumerate(sheets):
            for answer in answers:
                if answer.item in columns:
                    cells[row, columns[answer.item]] = read(answer)
        return cells

    return KnownGroups(
        personas=tuple(sheet.persona.id for sheet, _ in sheets),
        holds=tuple(sheet.persona.holds for sheet, _ in sheets),
        values=tuple(values[name] for name in columns),
        score=table(lambda answer: answer.score if answer.status == "ok" else math.nan),
        affirmed=table(affirmed),
        negated=table(negated),
    )


def own_items(groups: KnownGroups) -> BoolArray:
    """Return for each sheet and item whether the item speaks for the value that the persona holds."""
    return np.asarray(np.array(groups.holds)[:, None] == np.array(groups.values)[None, :], dtype=np.bool_)


def about_others(groups: KnownGroups, scores: FloatArray) -> FloatArray:
    """Return scores less the levels of their item and of their sheet, both taken where the persona holds another value.

    The levels are those of an additive model, score = item + sheet, fitted by least squares to the answers of personas
    to items of values that they do not hold. An item that everybody likes then counts for nobody, a sheet that agrees
    with everything does not move the level of an item, and a value that many personas hold is not judged more harshly
    than one that few hold.
    """
    others = ~own_items(groups) & np.isfinite(scores)
    filled = np.where(others, scores, 0.0)
    of_item, of_sheet = np.zeros(scores.shape[1]), np.zeros(scores.shape[0])
    items, sheets = (np.where(others.any(axis=k), others.sum(axis=k), math.nan) for k in (0, 1))
    scale = float(np.abs(filled).max(initial=0.0)) or 1.0
    for _ in range(STEPS):
        before = of_item
        of_sheet = np.nan_to_num((filled - others * of_item).sum(axis=1) / sheets)
        of_item = np.nan_to_num((filled - others * of_sheet[:, None]).sum(axis=0) / items)
        if np.abs(of_item - before).max(initial=0.0) <= 1e-13 * scale:
            break
    level = np.where(np.isfinite(items), of_item, math.nan)
    return np.asarray(scores - level - of_sheet[:, None])


def area(own: FloatArray, other: FloatArray) -> float:
    """Return the area under the ROC curve: P(own > other) + P(own = other) / 2; NaN where one side is empty.

    References
    ----------
    Mann and Whitney (1947), Annals of Mathematical Statistics 18, 50-60: U / (n m), ties half.

    Examples
    --------
    >>> area(np.array([3.0, 1.0]), np.array([1.0, 2.0]))
    0.625
    """
    own, other = own[np.isfinite(own)], np.sort(other[np.isfinite(other)])
    if not len(own) or not len(other):
        return math.nan
    below = np.searchsorted(other, own, "left") + np.searchsorted(other, own, "right")
    return float(below.sum() / (2 * len(own) * len(other)))


def areas(groups: KnownGroups, scores: FloatArray) -> FloatArray:
    """Return for each sheet the area of own-value items against the others, (sheets,)."""
    own = own_items(groups)
    return np.array([area(row[mine], row[~mine]) for row, mine in zip(scores, own, strict=True)])
