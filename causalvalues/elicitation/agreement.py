"""How reliable each value is measured: over items, wordings, repeats and orders of the options."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from causalvalues.elicitation.coefficients import Coefficient, item_coefficients, pair_coefficient
from causalvalues.elicitation.item_scores import ItemScores, item_scores
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.known_groups import Answered
from causalvalues.elicitation.sheets import Answer, Kind, Sheet
from causalvalues.frozen import FloatArray

USED: tuple[Kind, ...] = ("plain", "known_group")
"""Kinds of sheets, the first that there are."""
Key = tuple[object, ...]
Pairs = tuple[list[int], list[int]]


@dataclass(frozen=True)
class Reliability:
    """How reliable the score of one value is.

    Parameters
    ----------
    value : str
    items : int
    alpha : Coefficient
        Cronbach's alpha of the mean over items.
    split_half : Coefficient
        Of halves of the items, stepped up to all items, mean over the splits.
    paraphrase, repeat : Coefficient
        Of a score from one wording, or one repeat: its intraclass correlation with that from another.
    order : Coefficient
        Of a score from one order of the options with that from the reversed one.
    """

    value: str
    items: int
    alpha: Coefficient
    split_half: Coefficient
    paraphrase: Coefficient
    repeat: Coefficient
    order: Coefficient


@dataclass(frozen=True)
class Agreement:
    """Reliabilities of all values.

    Parameters
    ----------
    rows_from : str
        The kind of sheets that they rest on; "" when there are none.
    sheets, personas : int
    keyed : bool
        Whether reverse-keyed items were turned round.
    by_value : tuple of Reliability
        In the order of the items.
    """

    rows_from: str
    sheets: int
    personas: int
    keyed: bool
    by_value: tuple[Reliability, ...]


def agreement(answered: Answered, items: ItemSet, seed: int = 0, keyed: bool = True) -> Agreement:
    """Estimate the reliability of every value.

    Parameters
    ----------
    answered : sequence of (Sheet, sequence of Answer)
        Plain sheets are used; without any, those of known groups. Wordings (of levers, and of the question before the
        items) are compared with sheets of the kind ``"paraphrase"``, too.
    items : ItemSet
    seed : int, default 0
        Of the bootstrap over personas.
    keyed : bool, default True
        Whether reverse-keyed items are turned round. For salience they must not be: who talks about safety makes "I
        rarely think about danger" more likely, too.

    Returns
    -------
    Agreement
        All of it about the means of sheets with the same levers and wording: what levers and wordings do to everybody
        is no sign of reliability, and none of its absence. What the design does not compare says "not asked".
    """
    kind = next((each for each in USED if any(sheet.kind == each for sheet, _ in answered)), None)
    used = [(sheet, answers) for sheet, answers in answered if sheet.kind == kind]
    asked_again = [(sheet, answers) for sheet, answers in answered if sheet.kind == "paraphrase"]
    scores = item_scores(used, items, _score, keyed)
    both = item_scores([*used, *asked_again], items, _score, keyed)
    orders = tuple(item_scores(used, items, _part(name), keyed) for name in ("forward", "reversed"))
    wordings = _pairs(both.sheets, lambda sheet: (sheet.persona.id, sheet.levers, sheet.repeat), _words)
    repeats = _pairs(scores.sheets, lambda sheet: (sheet.persona.id, sheet.levers, _words(sheet)), _repeat)
    personas = [sheet.persona.id for sheet in scores.sheets]
    everybody = [sheet.persona.id for sheet in both.sheets]
    made = []
    for value in dict.fromkeys(scores.values):
        alpha, half = item_coefficients(scores.of(value), personas, seed, f"items of {value}")
        mean = scores.mean(value)
        made.append(
            Reliability(
                value=value,
                items=sum(name == value for name in scores.values),
                alpha=alpha,
                split_half=half,
                paraphrase=_compared(both.mean(value), wordings, everybody, (seed, f"wordings of {value}")),
                repeat=_named(_compared(mean, repeats, personas, (seed, f"repeats of {value}"))),
                order=_orders(orders, value, seed),
            )
        )
    return Agreement(kind if used and kind else "", len(used), len(set(personas)), keyed, tuple(made))


def _score(answer: Answer) -> float:
    return answer.score if answer.status == "ok" else math.nan


def _part(name: str) -> Callable[[Answer], float]:
    return lambda answer: dict(answer.parts).get(name, math.nan) if answer.status == "ok" else math.nan


def _words(sheet: Sheet) -> tuple[int, int]:
    return sheet.wording, sheet.frame


def _repeat(sheet: Sheet) -> tuple[int, int]:
    return sheet.repeat, 0


def _pairs(sheets: Sequence[Sheet], same: Callable[[Sheet], Key], level: Callable[[Sheet], tuple[int, int]]) -> Pairs:
    """Return rows to compare: the same but for the level, every two levels once."""
    alike: dict[Key, list[int]] = {}
    for row, sheet in enumerate(sheets):
        alike.setdefault(same(sheet), []).append(row)
    both = [
        (a, b)
        for rows in alike.values()
        for a, b in combinations(sorted(rows, key=lambda row: level(sheets[row])), 2)
        if level(sheets[a]) != level(sheets[b])
    ]
    return [a for a, _ in both], [b for _, b in both]


def _compared(mean: FloatArray, pairs: Pairs, personas: Sequence[str], random: tuple[int, str]) -> Coefficient:
    first, second = pairs
    return pair_coefficient(mean[first], mean[second], [personas[row] for row in first], *random)


def _named(found: Coefficient) -> Coefficient:
    """Name identical repeats for what they are."""
    return Coefficient("deterministic", count=found.count) if found.status == "identical" else found


def _orders(orders: tuple[ItemScores, ...], value: str, seed: int) -> Coefficient:
    """Compare the orders of the options; where each repeat has one order, over the repeats of a sheet."""
    rows: dict[Key, tuple[list[float], list[float]]] = {}
    for side, scores in enumerate(orders):
        if value not in scores.values:
            return Coefficient("not asked")
        for sheet, mean in zip(scores.sheets, scores.mean(value), strict=True):
            if math.isfinite(mean):
                key = (sheet.persona.id, sheet.levers, _words(sheet))
                rows.setdefault(key, ([], []))[side].append(float(mean))
    both = {key: sides for key, sides in rows.items() if sides[0] and sides[1]}
    first, second = (np.array([math.fsum(sides[k]) / len(sides[k]) for sides in both.values()]) for k in (0, 1))
    return pair_coefficient(first, second, [str(key[0]) for key in both], seed, f"orders of {value}")
