"""Whether answers depend on the order of the options, on saying yes to everything, or on the first place."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from causalvalues.elicitation.instrument import Instrument
from causalvalues.elicitation.intervals import UNKNOWN, Estimate, mean_interval
from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.known_groups import Answered
from causalvalues.elicitation.nonresponse import Nonresponse, nonresponse
from causalvalues.elicitation.sheets import Sheet
from causalvalues.elicitation.wordings import affirmed, negated
from causalvalues.frozen import FloatArray

Contrast = Literal["affirmed and negated wording", "positive and reverse-keyed items"]
Cell = tuple[object, ...]


@dataclass(frozen=True)
class OrderBias:
    """What the order of the options does to a score.

    Parameters
    ----------
    pairs : int
        Answers with both orders.
    difference : Estimate
        Mean of forward minus reversed, in score units; interval over personas. Forward is the order in which the scale
        is written, and for choices the statement in the first place.
    deviations : float
        The difference in standard deviations of the two orders' mean.
    share : float
        Share of the variance of single-order scores that their order makes: with h half the difference of a pair and s
        its mean, ``mean(h^2) / (mean(h^2) + var(s))``. Of sampled answers their chance is part of it.
    first_chosen : Estimate
        For choices: how often the statement in the first place is preferred (statements over all their opponents, ties
        half); .5 without bias. Unknown for other methods.
    """

    pairs: int
    difference: Estimate
    deviations: float
    share: float
    first_chosen: Estimate = UNKNOWN

    @property
    def biased(self) -> bool:
        """Whether the interval of the difference leaves zero out."""
        return self.difference.above(0) or self.difference.below(0)


@dataclass(frozen=True)
class Acquiescence:
    """Saying yes to a statement and to its opposite.

    Parameters
    ----------
    source : {"affirmed and negated wording", "positive and reverse-keyed items"}
        What was held against each other.
    count : int
        Pairs of wordings, or sheets by values with items keyed both ways.
    level : Estimate
        Mean of both about the middle of the scale, in score units (for gains: the gain that both wordings have in
        common); 0 without bias. Interval over personas.
    deviations : float
        The level in standard deviations of the affirmed scores.
    """

    source: Contrast
    count: int
    level: Estimate
    deviations: float

    @property
    def biased(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.level.above(0) or self.level.below(0)


@dataclass(frozen=True)
class Biases:
    """All that the answers show of response styles and lost answers.

    Parameters
    ----------
    order : OrderBias or None
        None where there is only one order.
    acquiescence : tuple of Acquiescence
        Empty where nothing was asked both ways, or the scale has no middle.
    nonresponse : Nonresponse
    """

    order: OrderBias | None
    acquiescence: tuple[Acquiescence, ...]
    nonresponse: Nonresponse


def biases(answered: Answered, items: ItemSet, about: Instrument, seed: int = 0) -> Biases:
    """Measure the order of options, acquiescence, and lost answers.

    Parameters
    ----------
    answered : sequence of (Sheet, sequence of Answer)
    items : ItemSet
    about : Instrument
    seed : int, default 0
        Of bootstrap and permutations.

    Returns
    -------
    Biases
        From all sheets, but for the order and acquiescence those with forced answers, which press towards one side.
    """
    free = [(sheet, answers) for sheet, answers in answered if not sheet.forced]
    found = (_wordings(free, about, seed), _keys(free, items, about, seed))
    return Biases(
        order=order_bias(free, about, seed),
        acquiescence=tuple(each for each in found if each is not None),
        nonresponse=nonresponse(answered, items, seed),
    )


def cell(sheet: Sheet) -> Cell:
    """Return what two sheets have in common that differ by their repeat alone."""
    return (
        sheet.kind,
        sheet.persona.id,
        sheet.levers,
        sheet.wording,
        sheet.frame,
        tuple(each.text for each in sheet.forced),
    )


def order_bias(answered: Answered, about: Instrument, seed: int = 0) -> OrderBias | None:
    """Compare forward and reversed scores of the same item, persona, levers and wording.

    Returns
    -------
    OrderBias or None
        None without any pair. Where each repeat has one order only, the repeats of a sheet are put together.
    """
    sides: dict[tuple[str, Cell, str], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for sheet, answers in answered:
        for answer in answers:
            for name, number in answer.parts if answer.status == "ok" else ():
                if name in ("forward", "reversed"):
                    sides[sheet.persona.id, cell(sheet), answer.item][name == "reversed"].append(number)
    pairs = [(key[0], _mean(one), _mean(two)) for key, (one, two) in sides.items() if one and two]
    if not pairs:
        return None
    personas = [persona for persona, _, _ in pairs]
    forward, turned = (np.array([pair[k] for pair in pairs]) for k in (1, 2))
    middle, half = (forward + turned) / 2, (forward - turned) / 2
    by_order = float((half**2).mean())
    total = by_order + float(middle.var())
    difference = mean_interval(forward - turned, personas, seed, "order")
    return OrderBias(
        pairs=len(pairs),
        difference=difference,
        deviations=_ratio(difference.value, float(middle.std(ddof=1)) if len(pairs) > 1 else 0.0),
        share=_ratio(by_order, total),
        first_chosen=_first_chosen(forward, turned, personas, seed) if about.choices else UNKNOWN,
    )


def _first_chosen(first: FloatArray, second: FloatArray, personas: Sequence[str], seed: int) -> Estimate:
    chosen = ((1 + np.sign(first)) / 2 + (1 - np.sign(second)) / 2) / 2
    return mean_interval(chosen, personas, seed, "first chosen")


def _wordings(answered: Answered, about: Instrument, seed: int) -> Acquiescence | None:
    """Return the mean of affirmed and negated wording of the same item."""
    rows = [
        (sheet.persona.id, affirmed(answer), negated(answer))
        for sheet, answers in answered
        for answer in answers
        if math.isfinite(negated(answer))
    ]
    if not rows or not math.isfinite(about.middle):
        return None
    yes, no = (np.array([row[k] for row in rows], dtype=np.float64) for k in (1, 2))
    level = mean_interval((yes + no) / 2 - about.middle, [row[0] for row in rows], seed, "wordings")
    return Acquiescence("affirmed and negated wording", len(rows), level, _ratio(level.value, _spread(yes)))


def _keys(answered: Answered, items: ItemSet, about: Instrument, seed: int) -> Acquiescence | None:
    """Return the mean of a value's positive and reverse-keyed items, each side's mean counting the same."""
    keyed = {item.id: (item.value, item.reverse) for item in items.items}
    levels, personas, every = [], [], []
    for sheet, answers in answered:
        sides: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
        for answer in answers:
            number = affirmed(answer)
            if answer.item in keyed and math.isfinite(number):
                value, reverse = keyed[answer.item]
                sides[value][reverse].append(number)
                every.append(number)
        both = [(one, two) for one, two in sides.values() if one and two]
        levels += [(_mean(one) + _mean(two)) / 2 - about.middle for one, two in both]
        personas += [sheet.persona.id] * len(both)
    if not levels or not math.isfinite(about.middle):
        return None
    level = mean_interval(np.array(levels), personas, seed, "keys")
    deviations = _ratio(level.value, _spread(np.array(every)))
    return Acquiescence("positive and reverse-keyed items", len(levels), level, deviations)


def _mean(numbers: Iterable[float]) -> float:
    held = list(numbers)
    return math.fsum(held) / len(held)


def _spread(numbers: FloatArray) -> float:
    return float(numbers.std(ddof=1)) if len(numbers) > 1 else 0.0


def _ratio(number: float, by: float) -> float:
    return number / by if by > 0 else math.nan
