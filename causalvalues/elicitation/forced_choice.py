"""Forced choice between two statements of different values, in both orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from causalvalues.elicitation.conversations import asking
from causalvalues.elicitation.items import Item, ItemSet
from causalvalues.elicitation.method import Form, Measures, lost
from causalvalues.elicitation.questions import Asked, Capability, OptionsQuestion, Reply
from causalvalues.elicitation.sheets import Answer, Interview, Sheet
from causalvalues.errors import ElicitationError


@dataclass(frozen=True)
class ForcedChoice:
    """Log-odds of rather saying a statement than one of another value, with both orders averaged.

    Every item meets the same number of opponents, and the pairs are the same on every sheet. The score of an item is
    its mean log-odds over its pairs; scores of one sheet add up to zero over the items (choices are ipsative), which
    the data doctor finds when learning begins. The choices themselves can be scaled by ``causalvalues choices``. An
    item of which a reply was lost has no score, but keeps the pairs that were answered as its parts.

    Parameters
    ----------
    opponents : int, default 4
        How many statements each one is held against; a multiple of two.

    Attributes
    ----------
    units : str
        Log-odds of being chosen (nats).
    """

    opponents: int = 4
    name: ClassVar[str] = "forced_choice"
    measures: ClassVar[Measures] = "endorsement"
    needs: ClassVar[tuple[Capability, ...]] = ("options",)
    units: ClassVar[str] = "log-odds of being chosen"
    draws: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if isinstance(self.opponents, bool) or self.opponents < 2 or self.opponents % 2:
            raise ElicitationError(f"`opponents` is {self.opponents!r}. Give an even number of 2 or more.")

    def interview(self, sheet: Sheet, form: Form) -> Interview:
        """Ask every pair in both orders; as a control the negated wordings, too, where every item has one."""
        if sheet.kind == "sequential":
            raise ElicitationError("A forced choice has no sequential form. Choose another way of measuring.")
        pairs = choice_pairs(form.items, self.opponents)
        texts = [{item.id: item.statement for item in form.items.items}]
        control = form.control and all(item.negated for item in form.items.items)
        if control:
            texts.append({item.id: item.negated for item in form.items.items})
        asked = [
            Asked(
                OptionsQuestion(
                    asking(sheet, form.frames, form.frames.choice_question(*both, sheet.frame)), ("A", "B")
                ),
                sheet.repeat,
            )
            for wording in texts
            for a, b in pairs
            for both in ((wording[a], wording[b]), (wording[b], wording[a]))
        ]
        replies = yield asked
        affirmed = _by_item(pairs, replies[: 2 * len(pairs)])
        negated: dict[str, list[_Met]] = _by_item(pairs, replies[2 * len(pairs) :]) if control else {}
        return [_answer(item, affirmed[item.id], negated.get(item.id, [])) for item in form.items.items]


def choice_pairs(items: ItemSet, opponents: int) -> list[tuple[str, str]]:
    """Return the pairs that are asked: every item against the same number of items of other values.

    The items are laid on a ring, value after value in turn (first items, then second items, ...); each item meets its
    neighbours at distances that lead to other values.

    Raises
    ------
    ElicitationError
        If there are too few values or items for so many opponents.

    Examples
    --------
    >>> from causalvalues.elicitation.items import Item
    >>> items = ItemSet("x", "", tuple(Item(f"{v}{k}", v, f"{v}{k}.") for v in "abc" for k in (1, 2)))
    >>> choice_pairs(items, 2)
    [('a1', 'b1'), ('b1', 'c1'), ('c1', 'a2'), ('a2', 'b2'), ('b2', 'c2'), ('c2', 'a1')]
    """
    values: dict[str, list[Item]] = {value: [] for value in items.values}
    for item in items.items:
        values[item.value].append(item)
    longest = max(len(members) for members in values.values())
    ring = [members[k] for k in range(longest) for members in values.values() if k < len(members)]
    count, steps = len(ring), []
    for distance in range(1, (count + 1) // 2):
        if all(ring[i].value != ring[(i + distance) % count].value for i in range(count)):
            steps.append(distance)
    if len(steps) < opponents // 2:
        raise ElicitationError(
            f"Each statement cannot meet {opponents} statements of other values; {2 * len(steps)} are possible with "
            "these items. Give fewer `opponents`, or the same number of items for each value."
        )
    return [(ring[i].id, ring[(i + step) % count].id) for step in steps[: opponents // 2] for i in range(count)]


@dataclass(frozen=True)
class _Met:
    """A pair as one of its items sees it: the other item, the reply with the item first, and with it second."""

    other: str
    first: Reply
    second: Reply

    @property
    def answered(self) -> bool:
        """Whether both orders have an answer."""
        return self.first.status == self.second.status == "ok"

    @property
    def odds(self) -> tuple[float, float]:
        """The log-odds of the item when it stands first (A), and when it stands second (B)."""
        return self.first.numbers[0] - self.first.numbers[1], self.second.numbers[1] - self.second.numbers[0]


def _by_item(pairs: Sequence[tuple[str, str]], replies: Sequence[Reply]) -> dict[str, list[_Met]]:
    found: dict[str, list[_Met]] = {}
    for k, (a, b) in enumerate(pairs):
        forward, backward = replies[2 * k], replies[2 * k + 1]
        found.setdefault(a, []).append(_Met(b, forward, backward))
        found.setdefault(b, []).append(_Met(a, backward, forward))
    return found


def _answer(item: Item, met: list[_Met], negated: list[_Met]) -> Answer:
    replies = [reply for pair in (*met, *negated) for reply in (pair.first, pair.second)]
    against = [(f"against {pair.other}", _mean(list(pair.odds))) for pair in met if pair.answered]
    if any(reply.status != "ok" for reply in replies):
        status, text = lost(replies)
        return Answer(item.id, math.nan, status, tuple(against), text)
    first, second = _mean([pair.odds[0] for pair in met]), _mean([pair.odds[1] for pair in met])
    parts = [("forward", first), ("reversed", second)]
    if negated:
        parts.append(("negated", _mean([odds for pair in negated for odds in pair.odds])))
    return Answer(item.id, (first + second) / 2, parts=(*parts, *against))


def _mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)
