"""Item scores as a table: keyed, and within the cells of the design."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.known_groups import Answered
from causalvalues.elicitation.sheets import Answer, Sheet
from causalvalues.frozen import FloatArray

Read = Callable[[Answer], float]


@dataclass(frozen=True)
class ItemScores:
    """Scores of sheets on items.

    Parameters
    ----------
    sheets : tuple of Sheet
    values : tuple of str, one an item
    scores : (sheets, items) float64
        Keyed, and less the item's mean over the sheets with the same levers
        and wordings; NaN where there is no number.
    """

    sheets: tuple[Sheet, ...]
    values: tuple[str, ...]
    scores: FloatArray

    def of(self, value: str) -> FloatArray:
        """Return the columns of one value."""
        return np.asarray(self.scores[:, [name == value for name in self.values]])

    def mean(self, value: str) -> FloatArray:
        """Return each sheet's mean over the items of a value; NaN where fewer than half have a number."""
        columns = self.of(value)
        count = np.isfinite(columns).sum(axis=1)
        enough = (count > 0) & (2 * count >= columns.shape[1])
        return np.asarray(np.where(enough, np.nansum(columns, axis=1) / np.maximum(count, 1), math.nan))


def item_scores(answered: Answered, items: ItemSet, read: Read, keyed: bool = True) -> ItemScores:
    """Arrange answers as a table.

    Parameters
    ----------
    answered : sequence of (Sheet, sequence of Answer)
    items : ItemSet
    read : function of an Answer
        The number to take; NaN for none.
    keyed : bool, default True
        Whether reverse-keyed items get the other sign.

    Returns
    -------
    ItemScores
        Items in their order, those that no sheet has an answer to left out. A sheet alone in its cell of the design
        says nothing of differences between personas, and has NaN.
    """
    asked = {answer.item for _, answers in answered for answer in answers}
    kept = [item for item in items.items if item.id in asked]
    columns = {item.id: place for place, item in enumerate(kept)}
    scores = np.full((len(answered), len(kept)), math.nan)
    for row, (_, answers) in enumerate(answered):
        for answer in answers:
            if answer.item in columns:
                scores[row, columns[answer.item]] = read(answer)
    signs = np.array([-1.0 if item.reverse and keyed else 1.0 for item in kept])
    sheets = tuple(sheet for sheet, _ in answered)
    return ItemScores(sheets, tuple(item.value for item in kept), _within_cells(scores * signs, sheets))


def _within_cells(scores: FloatArray, sheets: Sequence[Sheet]) -> FloatArray:
    rows: dict[tuple[object, ...], list[int]] = {}
    for row, sheet in enumerate(sheets):
        rows.setdefault((sheet.levers, sheet.wording, sheet.frame), []).append(row)
    within = np.full_like(scores, math.nan)
    for cell in rows.values():
        block = scores[cell]
        count = np.isfinite(block).sum(axis=0)
        mean = np.where(count > 1, np.nansum(block, axis=0) / np.maximum(count, 1), math.nan)
        within[cell] = block - mean
    return within
