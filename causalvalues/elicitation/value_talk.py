"""Interventions on single values: the assistant has said what we chose; and questionnaires in a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

from causalvalues.elicitation.decks import Deck
from causalvalues.elicitation.frames import frames
from causalvalues.elicitation.items import Item, ItemSet
from causalvalues.elicitation.sheets import ForcedAnswer, Kind, Persona, Sheet
from causalvalues.elicitation.variation import check_personas
from causalvalues.errors import ElicitationError
from causalvalues.randomness import require_whole, stream


@dataclass(frozen=True)
class ForcedPlan:
    """What each persona is made to have said.

    Parameters
    ----------
    statements : int, default 3
        Rows for each value.
    doses : tuple of int, default (1,)
        How many statements of the value are said in a row: 1, 2 or both.
    signs : tuple of int, default (1,)
        1 agreeing (the statement), -1 rejecting (its negated wording).
    pairs : int, default 0
        Rows in which one statement each of two values is said, in random order.
    neutral : int, default 2
        Rows with neutral sentences instead: the control, as many sentences as in the other rows.
    frames : int, default 1
        How many wordings of the question are used.

    Raises
    ------
    ElicitationError
        If a number, dose or sign is not one of these, or there is no control.
    """

    statements: int = 3
    doses: tuple[int, ...] = (1,)
    signs: tuple[int, ...] = (1,)
    pairs: int = 0
    neutral: int = 2
    frames: int = 1

    def __post_init__(self) -> None:
        for name, least in (("statements", 1), ("pairs", 0), ("neutral", 1), ("frames", 1)):
            require_whole(name, getattr(self, name), least)
        for name, allowed in (("doses", (1, 2)), ("signs", (1, -1))):
            given = tuple(getattr(self, name))
            if not given or len(set(given)) < len(given) or not set(given) <= set(allowed):
                raise ElicitationError(f"`{name}` is {given}. Give {allowed[0]}, {allowed[1]} or both.")
            object.__setattr__(self, name, given)


def forced_design(
    personas: Sequence[Persona],
    items: ItemSet,
    plan: ForcedPlan | None = None,
    neutral: Sequence[str] = (),
    seed: int = 0,
) -> list[Sheet]:
    """Ask personas after statements of values that were chosen at random.

    Statements, doses, signs, pairs and frames are dealt from shuffled cards, so that each occurs about equally often
    for each value.

    Parameters
    ----------
    personas : sequence of Persona
    items : ItemSet
        Its positively keyed statements are said; the score of an item that was said is left out of its row.
    plan : ForcedPlan, optional
    neutral : sequence of str, optional
        Sentences that speak for no value; by default those of the language of the first persona.
    seed : int, default 0

    Returns
    -------
    list of Sheet
        Of the kinds ``"forced"`` and ``"control"``, persona by persona. Those of the first k personas are the same
        however many follow.

    Raises
    ------
    ElicitationError
        If there are too few statements, values or neutral sentences, or one that is rejected has no negated wording.
    """
    plan = plan or ForcedPlan()
    check_personas(personas)
    sentences = tuple(neutral) or frames(personas[0].language).neutral
    parts = (
        _values(personas, items, plan, seed),
        _pairs(personas, items, plan, seed),
        _controls(personas, sentences, plan, seed),
    )
    return [sheet for rows in zip(*parts, strict=True) for part in rows for sheet in part]


def sequential_design(personas: Sequence[Persona], runs: int = 1, frames: int = 1, seed: int = 0) -> list[Sheet]:
    """Ask whole questionnaires in which each answer stays in the conversation, in a random order of the items.

    Parameters
    ----------
    personas : sequence of Persona
    runs : int, default 1
        Orders for each persona.
    frames : int, default 1
        How many wordings of the question are used, in turn.
    seed : int, default 0

    Returns
    -------
    list of Sheet
        Of the kind ``"sequential"``; those of a persona do not depend on who else is asked.
    """
    check_personas(personas)
    require_whole("runs", runs)
    require_whole("frames", frames)
    sheets = []
    for persona in personas:
        random = stream(seed, "sequential", persona.id)
        first = int(random.integers(frames))
        for run, order in enumerate(random.integers(1, 2**31, size=runs).tolist()):
            frame = (first + run) % frames
            name = f"{persona.id}||w0|f{frame}|r{run}|sequential"
            sheets.append(Sheet(name, "sequential", persona, frame=frame, repeat=run, order_seed=order))
    return sheets


def _values(personas: Sequence[Persona], items: ItemSet, plan: ForcedPlan, seed: int) -> list[list[Sheet]]:
    """Return for each persona the rows with one or two statements of one value."""
    said = {value: _sayable(items, value, plan) for value in items.values}
    ways = {v: Deck(list(product(plan.doses, plan.signs)), seed, "forced way", v) for v in said}
    hands = {(v, n): Deck(list(combinations(said[v], n)), seed, "forced hand", v, n) for v in said for n in plan.doses}
    asking = {v: Deck(range(plan.frames), seed, "forced frame", v) for v in said}
    rows = []
    for persona in personas:
        mine: list[Sheet] = []
        for value in said:
            before: set[tuple[Item, ...]] = set()
            for number in range(plan.statements):
                dose, sign = ways[value].one()
                hand = hands[value, dose].deal(1, before)[0]
                before.add(hand)
                order = stream(seed, "forced order", persona.id, value, number).permutation(dose)
                answers = tuple(_answer(hand[k], sign) for k in order)
                mine.append(_sheet(persona, answers, asking[value].one(), "forced"))
        rows.append(mine)
    return rows


def _pairs(personas: Sequence[Persona], items: ItemSet, plan: ForcedPlan, seed: int) -> list[list[Sheet]]:
    """Return for each persona the rows with one statement each of two values."""
    if not plan.pairs:
        return [[] for _ in personas]
    pairs = list(combinations(items.values, 2))
    if plan.pairs > len(pairs):
        raise ElicitationError(f"`pairs` is {plan.pairs}, and there are {len(pairs)} pairs of values. Ask for fewer.")
    values = Deck(pairs, seed, "forced pairs")
    said = {v: Deck(_sayable(items, v, plan), seed, "forced statement", v) for v in items.values}
    signs = {pair: Deck(list(product(plan.signs, repeat=2)), seed, "forced signs", *pair) for pair in pairs}
    asking = Deck(range(plan.frames), seed, "forced frame of pairs")
    rows = []
    for persona in personas:
        mine = []
        for pair in values.deal(plan.pairs):
            hand = [_answer(said[v].one(), sign) for v, sign in zip(pair, signs[pair].one(), strict=True)]
            order = stream(seed, "forced order", persona.id, *pair).permutation(2)
            mine.append(_sheet(persona, tuple(hand[k] for k in order), asking.one(), "forced"))
        rows.append(mine)
    return rows


def _controls(personas: Sequence[Persona], neutral: Sequence[str], plan: ForcedPlan, seed: int) -> list[list[Sheet]]:
    """Return for each persona the rows with as many neutral sentences as the others have statements."""
    lengths = sorted({*plan.doses, 2} if plan.pairs else {*plan.doses})
    if len(set(neutral)) < len(neutral) or len(neutral) < max(lengths):
        raise ElicitationError(
            f"There are {len(neutral)} neutral sentences. Give {max(lengths)} or more, no two alike."
        )
    spoken = [ForcedAnswer("neutral", text, 0, f"neutral_{k}") for k, text in enumerate(neutral, 1)]
    length = Deck(lengths, seed, "control length")
    hands = {n: Deck(list(combinations(spoken, n)), seed, "control hand", n) for n in lengths}
    asking = Deck(range(plan.frames), seed, "control frame")
    rows = []
    for persona in personas:
        mine: list[Sheet] = []
        before: set[tuple[ForcedAnswer, ...]] = set()
        for number in range(plan.neutral):
            count = length.one()
            hand = hands[count].deal(1, before)[0]
            before.add(hand)
            order = stream(seed, "control order", persona.id, number).permutation(count)
            mine.append(_sheet(persona, tuple(hand[k] for k in order), asking.one(), "control"))
        rows.append(mine)
    return rows


def _sayable(items: ItemSet, value: str, plan: ForcedPlan) -> list[Item]:
    found = [item for item in items.of(value) if not item.reverse]
    for item in found:
        if -1 in plan.signs and not item.negated:
            raise ElicitationError(f"The item {item.id!r} has no negated wording to reject the value with. Add it.")
    for dose in plan.doses:
        if comb(len(found), dose) < plan.statements:
            raise ElicitationError(
                f"{plan.statements} rows with {dose} statements of {value!r} are asked for, and {len(found)} positive "
                f"items of it make {comb(len(found), dose)} different ones. Ask for fewer `statements`, or add items."
            )
    if not found:
        raise ElicitationError(f"{items.id} has no positively keyed item of {value!r} to say. Add one.")
    return found


def _answer(item: Item, sign: int) -> ForcedAnswer:
    return ForcedAnswer(item.value, item.statement if sign > 0 else item.negated, sign, item.id)


def _sheet(persona: Persona, said: tuple[ForcedAnswer, ...], frame: int, kind: Kind) -> Sheet:
    marks = {1: "+", -1: "-", 0: ""}
    cell = ",".join(marks[each.sign] + each.item for each in said)
    forced = tuple(ForcedAnswer(each.value, each.text, each.sign, each.item if each.sign else "") for each in said)
    return Sheet(f"{persona.id}|{cell}|w0|f{frame}|r0|{kind}", kind, persona, frame=frame, forced=forced)
