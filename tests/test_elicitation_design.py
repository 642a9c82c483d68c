"""Do designs keep their laws: rows without lever are there, a seed makes the same sheets, all occur equally often?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.covering import covering_design
from causalvalues.elicitation.decks import Deck
from causalvalues.elicitation.design import (
    RandomPlan,
    full_design,
    full_size,
    held_out_design,
    known_group_design,
    paraphrase_design,
    random_design,
    split_pairs,
)
from causalvalues.elicitation.personas import draw_personas, known_group_personas
from causalvalues.elicitation.prompt_levers import lever_text, prompt_levers
from causalvalues.elicitation.sheets import Persona, PromptLever, Sheet
from causalvalues.elicitation.variation import Variation
from causalvalues.errors import CausalValuesError, ElicitationError

LEVERS = prompt_levers("schwartz-10")
FIVE = prompt_levers("mft-5")
MANY = draw_personas(300, seed=11)
SMALL = RandomPlan((1, 2), (1, 3))

Making = Callable[[Sequence[Persona], int], list[Sheet]]
VARIED = Variation((0.5, 2.0), wordings=2, frames=2, repeats=2)
DESIGNS: dict[str, Making] = {
    "full": lambda personas, _: full_design(personas, FIVE, 2, VARIED),
    "random": lambda personas, seed: random_design(personas, FIVE, SMALL, VARIED, seed),
    "held out": lambda personas, seed: held_out_design(personas, FIVE, SMALL, VARIED, seed),
    "covering": lambda personas, seed: covering_design(personas, FIVE, 2, VARIED, seed),
    "no levers": lambda personas, _: full_design(personas, variation=VARIED),
}
every_design = pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)


def names(sheet: Sheet) -> tuple[str, ...]:
    return tuple(name for name, _ in sheet.levers)


@every_design
@settings(max_examples=8, deadline=None)
@given(number=st.integers(1, 12), seed=st.integers(0, 2**30))
def test_every_persona_is_asked_without_lever_and_ids_are_different(design: Making, number: int, seed: int) -> None:
    sheets = design(MANY[:number], seed)
    assert {sheet.persona for sheet in sheets if not sheet.levers} == set(MANY[:number])
    assert len({sheet.id for sheet in sheets}) == len(sheets)
    assert sheets == design(MANY[:number], seed)


@every_design
def test_every_row_says_what_its_levers_say_in_its_wording(design: Making) -> None:
    by_name = {lever.name: lever for lever in FIVE}
    for sheet in design(MANY[:6], 3):
        assert list(sheet.levers) == sorted(sheet.levers)
        said = tuple(lever_text(by_name[name], dose, sheet.wording) for name, dose in sheet.levers)
        assert sheet.lever_texts == said
        assert sheet.levers or sheet.wording == 0
        assert sheet.id == "|".join(
            (sheet.persona.id, sheet.lever_cell, f"w{sheet.wording}", f"f{sheet.frame}", f"r{sheet.repeat}", sheet.kind)
        )


@pytest.mark.parametrize("name", ["full", "random", "held out", "no levers"])
@settings(max_examples=8, deadline=None)
@given(number=st.integers(1, 10), more=st.integers(1, 10), seed=st.integers(0, 2**30))
def test_rows_of_a_persona_stay_when_personas_are_added(name: str, number: int, more: int, seed: int) -> None:
    design = DESIGNS[name]
    few, all_of_them = design(MANY[:number], seed), design(MANY[: number + more], seed)
    assert all_of_them[: len(few)] == few


@settings(max_examples=25, deadline=None)
@given(
    number=st.integers(1, 4), levers=st.integers(0, 5), order=st.integers(0, 3), doses=st.integers(1, 2),
    wordings=st.integers(1, 2), frames=st.integers(1, 2), repeats=st.integers(1, 2),
)  # fmt: skip
def test_the_size_of_a_full_design_is_told_before_it_is_made(
    *, number: int, levers: int, order: int, doses: int, wordings: int, frames: int, repeats: int
) -> None:
    variation = Variation((0.5, 2.0)[:doses], wordings, frames, repeats)
    sheets = full_design(MANY[:number], FIVE[:levers], order, variation)
    assert len(sheets) == full_size(number, levers, order, variation)
    assert len({sheet.id for sheet in sheets}) == len(sheets)
    assert max(len(sheet.levers) for sheet in sheets) == min(order, levers)


def test_the_large_random_design_deals_everything_about_equally_often() -> None:
    sheets = random_design(MANY, LEVERS, variation=Variation(wordings=2), seed=7)
    assert 3200 <= len(sheets) <= 3700
    for persona in MANY:
        sizes = Counter(len(sheet.levers) for sheet in sheets if sheet.persona is persona)
        assert sizes[0] == 1
        assert 3 <= sizes[1] <= 4
        assert 6 <= sizes[2] <= 8
        assert set(sizes) <= {0, 1, 2}
    for size, sets in ((1, 10), (2, 45)):
        counts = Counter(names(sheet) for sheet in sheets if len(sheet.levers) == size)
        assert len(counts) == sets
        assert max(counts.values()) - min(counts.values()) <= 2
    wordings = Counter((names(sheet), sheet.wording) for sheet in sheets if sheet.levers)
    assert all(abs(wordings[name, 0] - wordings[name, 1]) <= 1 for name, _ in wordings)


def test_doses_and_frames_of_a_random_design_are_dealt_equally_often_too() -> None:
    sheets = random_design(MANY[:120], FIVE, SMALL, Variation((0.5, 1.0, 2.0), 2, 3), seed=7)
    ways = Counter((sheet.levers, sheet.wording, sheet.frame) for sheet in sheets if len(sheet.levers) == 1)
    assert len(ways) == 5 * 3 * 2 * 3
    by_lever: dict[str, list[int]] = {}
    for (levers, _, _), count in ways.items():
        by_lever.setdefault(levers[0][0], []).append(count)
    assert all(max(counts) - min(counts) <= 1 for counts in by_lever.values())


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0.05, 0.9), seed=st.integers(0, 2**30), levers=st.integers(3, 10))
def test_left_out_pairs_are_spread_over_the_levers(share: float, seed: int, levers: int) -> None:
    kept, out = split_pairs(LEVERS[:levers], share, seed)
    assert {*kept, *out} == {tuple(sorted((a.name, b.name))) for a, b in combinations(LEVERS[:levers], 2)}
    assert not set(kept) & set(out)
    assert kept
    assert out
    assert abs(len(out) - share * (len(kept) + len(out))) <= 1
    used = Counter(name for pair in out for name in pair)
    assert max(used.values()) - min(used[lever.name] for lever in LEVERS[:levers]) <= 2


def test_left_out_pairs_are_asked_of_the_test_set_alone() -> None:
    kept, out = split_pairs(LEVERS, 0.2, 5)
    plan = RandomPlan(pairs=(4, 4), leave_out=out)
    learned = {names(sheet) for sheet in random_design(MANY, LEVERS, plan, seed=5) if len(sheet.levers) == 2}
    assert learned == set(kept)
    tested = held_out_design(draw_personas(30, 6, prefix="h"), LEVERS, plan, seed=5)
    assert {sheet.kind for sheet in tested} == {"held_out"}
    pairs = Counter(names(sheet) in out for sheet in tested if len(sheet.levers) == 2)
    assert pairs == {True: 60, False: 60}


def test_the_order_of_the_names_of_a_left_out_pair_does_not_matter() -> None:
    assert RandomPlan(leave_out=(("do_power", "do_care"),)).leave_out == (("do_care", "do_power"),)


GROUPS = {"young": [MANY[0], MANY[3]], "old": [MANY[1], Persona("d1", "Du bist alt.", "de")]}


def settings_of(sheet: Sheet, group_of: dict[str, str], levers: Sequence[PromptLever]) -> set[tuple[str, object]]:
    """Every factor of a sheet with its level; a wording counts only where a lever is said."""
    said = dict(sheet.levers)
    found: set[tuple[str, object]] = {(lever.name, said.get(lever.name, 0.0)) for lever in levers}
    found |= {("group", group_of[sheet.persona.id]), ("language", sheet.persona.language)}
    found |= {("frame", sheet.frame), ("repeat", sheet.repeat)}
    return found | {("wording", sheet.wording)} if said else found


@settings(max_examples=25, deadline=None)
@given(
    levers=st.integers(0, 5), order=st.integers(1, 3), doses=st.integers(1, 3), wordings=st.integers(1, 2),
    frames=st.integers(1, 3), repeats=st.integers(1, 2), seed=st.integers(0, 2**30), number=st.integers(0, 4),
)  # fmt: skip
def test_a_covering_design_covers_every_pair_of_settings_that_the_full_design_has(
    *, levers: int, order: int, doses: int, wordings: int, frames: int, repeats: int, seed: int, number: int
) -> None:
    variation = Variation((0.5, 1.0, 2.0)[:doses], wordings, frames, repeats)
    """With `number` 0 the two groups are asked, else so many personas on their own."""
    everybody = [persona for group in GROUPS.values() for persona in group]
    personas = everybody[:number] if number else everybody
    asked = covering_design(personas if number else GROUPS, FIVE[:levers], order, variation, seed)
    everything = full_design(personas, FIVE[:levers], order, variation)
    group_of = {p.id: p.id if number else name for name, group in GROUPS.items() for p in group}

    def pairs(sheets: Sequence[Sheet]) -> set[frozenset[tuple[str, object]]]:
        cells = [settings_of(sheet, group_of, FIVE[:levers]) for sheet in sheets]
        return {frozenset(pair) for cell in cells for pair in combinations(cell, 2)}

    assert pairs(asked) == pairs(everything)
    assert {sheet.id for sheet in asked} <= {sheet.id for sheet in everything}
    assert len({sheet.id for sheet in asked}) == len(asked)


def test_a_wording_counts_as_covered_only_where_a_lever_says_it() -> None:
    for seed in range(20):
        asked = covering_design(MANY[:1], FIVE[:1], 2, Variation(wordings=2, frames=3, repeats=2), seed)
        said = {(sheet.wording, sheet.frame) for sheet in asked if sheet.levers}
        assert len(said) == 6


def test_a_covering_design_is_a_small_part_of_the_full_one() -> None:
    variation = Variation((0.5, 1.0, 2.0), wordings=2)
    asked = covering_design(MANY[:20], LEVERS, 2, variation, seed=1)
    assert len(asked) < 0.03 * full_size(20, 10, 2, variation)
    assert len(asked) >= 9 * 45


def test_groups_take_their_members_in_turn() -> None:
    groups = {"a": MANY[:5], "b": MANY[5:10]}
    asked = covering_design(groups, LEVERS, seed=2)
    counts = Counter(sheet.persona.id for sheet in asked)
    for members in groups.values():
        of_group = [counts[persona.id] for persona in members]
        assert max(of_group) - min(of_group) <= 1


def test_known_groups_are_asked_once_in_each_frame() -> None:
    sheets = known_group_design(known_group_personas("mft-5"), frames=2)
    assert len(sheets) == 30
    assert {sheet.kind for sheet in sheets} == {"known_group"}
    with pytest.raises(ElicitationError, match="holds no value"):
        known_group_design(MANY[:1])


def test_paraphrases_differ_from_their_row_by_the_frame_alone() -> None:
    rows = random_design(MANY[:4], FIVE, SMALL, VARIED, 1)
    again = paraphrase_design(rows, 3)
    first = [row for row in rows if row.repeat == 0]
    assert len({sheet.id for sheet in (*rows, *again)}) == len(rows) + len(first) == len(rows) + len(again)
    for row, other in zip(first, again, strict=True):
        assert other.frame == (row.frame + 1) % 3
        assert (other.persona, other.levers, other.lever_texts) == (row.persona, row.levers, row.lever_texts)


@settings(max_examples=40, deadline=None)
@given(cards=st.integers(1, 8), hands=st.lists(st.integers(0, 8), max_size=12), seed=st.integers(0, 2**30))
def test_a_hand_has_no_card_twice_and_cards_come_equally_often(cards: int, hands: list[int], seed: int) -> None:
    deck = Deck(range(cards), seed, "test")
    dealt: Counter[int] = Counter()
    for size in hands:
        hand = deck.deal(min(size, cards))
        assert len(set(hand)) == len(hand) == min(size, cards)
        dealt.update(hand)
    counts = [dealt[card] for card in range(cards)]
    assert max(counts) - min(counts) <= 2


def test_a_deck_deals_no_more_than_it_has() -> None:
    deck = Deck("abc", 1, "test")
    assert sorted(deck.deal(2, without="a")) == ["b", "c"]
    with pytest.raises(ElicitationError, match="there are 3"):
        deck.deal(3, without="a")


def broken(**wrong: object) -> list[Sheet]:
    parts: dict[str, object] = {"personas": MANY[:2], "levers": FIVE, "plan": SMALL, "variation": Variation()}
    return random_design(**(parts | wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"personas": ()}, "no personas"),
        ({"personas": (MANY[0], MANY[0])}, "Two personas have the id 'p000'"),
        ({"personas": (Persona("a|b", "x"),)}, "without '|'"),
        ({"levers": (*FIVE, FIVE[0])}, "Two levers have the name 'do_care'"),
        ({"variation": Variation(wordings=3)}, "has 2 wordings of the dose 1, not 3"),
        ({"variation": Variation((4.0,))}, "no dose 4"),
        ({"plan": RandomPlan((6, 6), (1, 1))}, "6 of 5 levers"),
        ({"plan": RandomPlan((1, 1), (11, 11))}, "11 of 10 pairs"),
        ({"plan": RandomPlan((1, 1), (1, 1), (("do_care", "do_powr"),))}, "is no pair of the levers"),
        ({"plan": RandomPlan((1, 1), (1, 1), (("do_care", "do_care"),))}, "two different levers"),
    ],
)
def test_a_design_that_cannot_be_made_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ElicitationError, match=re.escape(message)):
        broken(**wrong)


def test_settings_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(CausalValuesError, match="`wordings` is 0"):
        Variation(wordings=0)
    with pytest.raises(ElicitationError, match="doses"):
        Variation(())
    with pytest.raises(ElicitationError, match="doses"):
        Variation((1.0, 1.0))
    with pytest.raises(ElicitationError, match="`singles`"):
        RandomPlan((4, 3))
    with pytest.raises(ElicitationError, match="`pairs`"):
        RandomPlan(pairs=(1, 2, 3))  # type: ignore[arg-type]
    with pytest.raises(ElicitationError, match="between 0 and 1"):
        split_pairs(LEVERS, 1.0)
    with pytest.raises(ElicitationError, match="Give 3 or more"):
        split_pairs(LEVERS[:2], 0.5)
