"""Which answers are no number, whose they are, and whether some values are refused more than others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from causalvalues.elicitation.items import ItemSet
from causalvalues.elicitation.known_groups import Answered
from causalvalues.elicitation.sheets import Answer, Sheet
from causalvalues.frozen import FloatArray
from causalvalues.randomness import stream

PERMUTATIONS = 1999
EXAMPLES = 5


@dataclass(frozen=True)
class Lost:
    """How many answers of something are no number.

    Parameters
    ----------
    name : str
        An item, a persona or a value.
    asked, lost : int
    """

    name: str
    asked: int
    lost: int

    @property
    def share(self) -> float:
        """Lost among asked."""
        return self.lost / self.asked


@dataclass(frozen=True)
class Nonresponse:
    """Answers that are no number.

    Parameters
    ----------
    asked : int
        All answers.
    by_status : tuple of (str, int)
        How many have each status, "ok" first, then the most frequent.
    by_value, by_item, by_persona : tuple of Lost
        Values in the order of the items; items and personas with the largest share lost first.
    p_value : float
        Chance of shares that differ at least as much between values when items are exchanged between values at random
        (variance of the values' shares; ``(1 + hits) / (1 + permutations)``). 1 where nothing is lost.
    examples : tuple of (str, str, str, str)
        Persona, item, status and text of a few lost answers, for the eye. What a model said is data: escape it.
    """

    asked: int
    by_status: tuple[tuple[str, int], ...]
    by_value: tuple[Lost, ...]
    by_item: tuple[Lost, ...]
    by_persona: tuple[Lost, ...]
    p_value: float
    examples: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def lost(self) -> int:
        """How many are no number."""
        return self.asked - dict(self.by_status).get("ok", 0)


def nonresponse(answered: Answered, items: ItemSet, seed: int = 0) -> Nonresponse:
    """Count what was not answered by a number.

    Parameters
    ----------
    answered : sequence of (Sheet, sequence of Answer)
    items : ItemSet
    seed : int, default 0
        Of the permutations.

    Raises
    ------
    ElicitationError
        If an answer is to an unknown item.
    """
    rows = [(sheet, answer) for sheet, answers in answered for answer in answers]
    values = {item.id: item.value for item in items.items}
    for _, answer in rows:
        if answer.item not in values:
            items.item(answer.item)
    counts = Counter(answer.status for _, answer in rows)
    order = sorted(counts, key=lambda status: (status != "ok", -counts[status], status))
    by_item = _counted(rows, lambda _, answer: answer.item)
    by_value = {each.name: each for each in _counted(rows, lambda _, answer: values[answer.item])}
    return Nonresponse(
        asked=len(rows),
        by_status=tuple((status, counts[status]) for status in order),
        by_value=tuple(by_value[value] for value in items.values if value in by_value),
        by_item=_worst_first(by_item),
        by_persona=_worst_first(_counted(rows, lambda sheet, _: sheet.persona.id)),
        p_value=_exchanged(by_item, values, seed),
        examples=_examples(rows),
    )


def _counted(rows: Sequence[tuple[Sheet, Answer]], key: Callable[[Sheet, Answer], str]) -> list[Lost]:
    asked = Counter(key(sheet, answer) for sheet, answer in rows)
    lost = Counter(key(sheet, answer) for sheet, answer in rows if answer.status != "ok")
    return [Lost(name, asked[name], lost[name]) for name in asked]


def _worst_first(counted: Sequence[Lost]) -> tuple[Lost, ...]:
    return tuple(sorted(counted, key=lambda each: (-each.share, each.name)))


def _examples(rows: Sequence[tuple[Sheet, Answer]]) -> tuple[tuple[str, str, str, str], ...]:
    spoken = [(sheet, answer) for sheet, answer in rows if answer.status != "ok" and answer.text.strip()]
    different = {answer.text: (sheet, answer) for sheet, answer in reversed(spoken)}
    shown = list(reversed(different.values()))[:EXAMPLES]
    return tuple((sheet.persona.id, answer.item, answer.status, answer.text[:200]) for sheet, answer in shown)


def _exchanged(by_item: Sequence[Lost], values: dict[str, str], seed: int) -> float:
    """Return the p-value of the permutation test that exchanges items between values."""
    names = list(dict.fromkeys(values[each.name] for each in by_item))
    asked, lost = (np.array([getattr(each, name) for each in by_item], dtype=np.float64) for name in ("asked", "lost"))
    if len(names) < 2 or len(by_item) <= len(names) or not lost.any():
        return 1.0
    member = np.array([[values[each.name] == name for name in names] for each in by_item], dtype=np.float64)
    random = stream(seed, "nonresponse")
    orders = random.permuted(np.tile(np.arange(len(by_item)), (PERMUTATIONS, 1)), axis=1)
    observed = _variance(asked, lost, member)
    drawn = _variance(asked[orders], lost[orders], member)
    return float((1 + (drawn >= observed - 1e-12).sum()) / (1 + PERMUTATIONS))


def _variance(asked: FloatArray, lost: FloatArray, member: FloatArray) -> FloatArray:
    """Return the variance between values of the share lost, over the last axis."""
    return np.asarray(((lost @ member) / (asked @ member)).var(axis=-1))
