"""Are forced answers chosen at random and in balance, and whole questionnaires put in a random order?"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.frames import frames
from causalvalues.elicitation.items import Item, ItemSet, item_set
from causalvalues.elicitation.personas import draw_personas
from causalvalues.elicitation.sheets import Sheet
from causalvalues.elicitation.value_talk import ForcedPlan, forced_design, sequential_design
from causalvalues.errors import CausalValuesError, ElicitationError

ITEMS = item_set("schwartz-10")
MANY = draw_personas(40, seed=5)
RICH = ForcedPlan(doses=(1, 2), signs=(1, -1), pairs=5, neutral=3, frames=2)

plans = st.builds(
    ForcedPlan,
    statements=st.integers(1, 4),
    doses=st.sampled_from([(1,), (2,), (1, 2)]),
    signs=st.sampled_from([(1,), (-1,), (1, -1)]),
    pairs=st.integers(0, 6),
    neutral=st.integers(1, 4),
    frames=st.integers(1, 3),
)


def values_of(sheet: Sheet) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.value for each in sheet.forced))


@settings(max_examples=30, deadline=None)
@given(plan=plans, number=st.integers(1, 3), seed=st.integers(0, 2**30))
def test_each_persona_gets_the_rows_of_the_plan_and_nothing_but_known_sentences(
    plan: ForcedPlan, number: int, seed: int
) -> None:
    items = item_set("mft-5")
    sheets = forced_design(MANY[:number], items, plan, seed=seed)
    assert len({sheet.id for sheet in sheets}) == len(sheets)
    for persona in MANY[:number]:
        mine = [sheet for sheet in sheets if sheet.persona is persona]
        single = Counter(values_of(s)[0] for s in mine if s.kind == "forced" and len(values_of(s)) == 1)
        assert single == dict.fromkeys(items.values, plan.statements)
        assert sum(len(values_of(s)) == 2 for s in mine) == plan.pairs
        assert sum(s.kind == "control" for s in mine) == plan.neutral
    for sheet in sheets:
        assert sheet.levers == ()
        assert sheet.frame < plan.frames
        for each in sheet.forced:
            if sheet.kind == "control":
                assert (each.value, each.sign, each.item) == ("neutral", 0, "")
                assert each.text in frames("en").neutral
            else:
                item = items.item(each.item)
                assert not item.reverse
                assert each.value == item.value
                assert each.text == (item.statement if each.sign == 1 else item.negated)
                assert each.sign in plan.signs


@settings(max_examples=15, deadline=None)
@given(plan=plans, number=st.integers(1, 4), more=st.integers(1, 4), seed=st.integers(0, 2**30))
def test_rows_of_a_persona_stay_when_personas_are_added(plan: ForcedPlan, number: int, more: int, seed: int) -> None:
    few = forced_design(MANY[:number], ITEMS, plan, seed=seed)
    assert forced_design(MANY[: number + more], ITEMS, plan, seed=seed)[: len(few)] == few
    in_order = sequential_design(MANY[:number], 2, 3, seed)
    assert sequential_design(MANY[: number + more], 2, 3, seed)[: len(in_order)] == in_order
    assert sequential_design(MANY[:number][::-1], 2, 3, seed)[::-1][1::2] == in_order[::2]


def test_forty_personas_ten_values_and_three_statements_make_twelve_hundred_rows_in_balance() -> None:
    sheets = forced_design(MANY, ITEMS, ForcedPlan(doses=(1, 2), signs=(1, -1), neutral=2), seed=5)
    forced = [sheet for sheet in sheets if sheet.kind == "forced"]
    assert len(forced) == 1200
    assert len(sheets) - len(forced) == 80
    ways = Counter((sheet.forced[0].value, len(sheet.forced), sheet.forced[0].sign) for sheet in forced)
    assert set(ways.values()) == {30}
    said = Counter((sheet.forced[0].item) for sheet in forced if len(sheet.forced) == 1)
    assert set(said) == {item.id for item in ITEMS.items if not item.reverse}
    assert max(said.values()) - min(said.values()) <= 2


def test_two_statements_of_a_value_have_one_sign_and_pairs_of_values_come_in_both_orders() -> None:
    sheets = forced_design(MANY, ITEMS, RICH, seed=5)
    for sheet in sheets:
        if len(sheet.forced) == 2 and len(values_of(sheet)) == 1:
            assert len({each.sign for each in sheet.forced}) == 1
            assert len({each.text for each in sheet.forced}) == 2
    two = [values_of(sheet) for sheet in sheets if len(values_of(sheet)) == 2]
    counts = Counter(tuple(sorted(pair)) for pair in two)
    assert len(counts) == 45
    assert max(counts.values()) - min(counts.values()) <= 2
    place = ITEMS.values.index
    assert 0.4 < sum(place(a) < place(b) for a, b in two) / len(two) < 0.6


def test_controls_are_as_long_as_the_rows_that_they_stand_beside() -> None:
    def lengths(plan: ForcedPlan) -> set[int]:
        return {len(sheet.forced) for sheet in forced_design(MANY, ITEMS, plan) if sheet.kind == "control"}

    assert lengths(ForcedPlan()) == {1}
    assert lengths(ForcedPlan(pairs=2)) == {1, 2}
    assert lengths(ForcedPlan(doses=(2,))) == {2}


def test_another_seed_makes_other_sheets() -> None:
    assert forced_design(MANY[:2], ITEMS, seed=1) == forced_design(MANY[:2], ITEMS, seed=1)
    assert forced_design(MANY[:2], ITEMS, seed=1) != forced_design(MANY[:2], ITEMS, seed=2)


def test_a_forced_value_does_not_depend_on_who_is_asked() -> None:
    """The value, sign and dose are assigned by the design: every persona has the same ones, up to chance."""
    sheets = [sheet for sheet in forced_design(MANY, ITEMS, RICH, seed=5) if len(values_of(sheet)) == 1]
    per_persona = [Counter(values_of(s)[0] for s in sheets if s.persona is persona) for persona in MANY]
    assert all(counts == per_persona[0] for counts in per_persona)


def test_sequential_runs_have_different_orders_and_all_frames() -> None:
    sheets = sequential_design(MANY, runs=3, frames=2, seed=9)
    assert len({sheet.order_seed for sheet in sheets}) == len(sheets) == 120
    assert len({sheet.id for sheet in sheets}) == 120
    assert {sheet.kind for sheet in sheets} == {"sequential"}
    assert Counter(sheet.frame for sheet in sheets)[0] in range(50, 71)
    assert [sheet.repeat for sheet in sheets[:3]] == [0, 1, 2]


TWO = ItemSet("two", "", (Item("a1", "a", "I like tea."), Item("b1", "b", "I like milk."), Item("b2", "b", "Milk!")))


@pytest.mark.parametrize(
    ("items", "plan", "message"),
    [
        (TWO, ForcedPlan(2), "2 rows with 1 statements of 'a'"),
        (TWO, ForcedPlan(1, signs=(-1,)), "'a1' has no negated wording"),
        (TWO, ForcedPlan(1, pairs=2), "`pairs` is 2, and there are 1 pairs"),
        (ItemSet("r", "", (Item("a1", "a", "I hate tea.", reverse=True),)), ForcedPlan(1), "1 rows with 1 statements"),
    ],
)
def test_what_cannot_be_said_is_refused(items: ItemSet, plan: ForcedPlan, message: str) -> None:
    with pytest.raises(ElicitationError, match=re.escape(message)):
        forced_design(MANY[:1], items, plan)


def test_too_few_neutral_sentences_are_refused() -> None:
    with pytest.raises(ElicitationError, match="1 neutral sentences"):
        forced_design(MANY[:1], ITEMS, ForcedPlan(doses=(2,)), neutral=["It rains."])
    with pytest.raises(ElicitationError, match="no two alike"):
        forced_design(MANY[:1], ITEMS, neutral=["It rains.", "It rains."])
    with pytest.raises(ElicitationError, match="different draws"):
        forced_design(MANY[:1], ITEMS, ForcedPlan(neutral=3), neutral=["It rains.", "It snows."])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"statements": 0}, "`statements` is 0"),
        ({"doses": (3,)}, "`doses` is (3,)"),
        ({"doses": (1, 1)}, "`doses`"),
        ({"signs": ()}, "`signs` is ()"),
        ({"signs": (0,)}, "`signs` is (0,)"),
        ({"neutral": 0}, "`neutral` is 0"),
    ],
)
def test_a_plan_without_sense_or_without_control_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(CausalValuesError, match=re.escape(message)):
        ForcedPlan(**wrong)  # type: ignore[arg-type]
