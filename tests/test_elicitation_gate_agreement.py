"""How reliable are the scores of values, and what do response styles do to them?"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from elicitation_respondents import Answers, answer, item_set, plain_sheets, refuse
from hypothesis import given, settings
from hypothesis import strategies as st

from causalvalues.elicitation.agreement import Reliability, agreement
from causalvalues.elicitation.biases import biases
from causalvalues.elicitation.coefficients import Coefficient, alpha_of, halves, pair_coefficient, split_half_of
from causalvalues.elicitation.gate import gate
from causalvalues.elicitation.instrument import Instrument
from causalvalues.elicitation.nonresponse import nonresponse
from causalvalues.elicitation.sheets import Answer
from causalvalues.errors import ElicitationError
from causalvalues.evidence.coefficients import alpha
from causalvalues.evidence.reliability import reliability
from causalvalues.responses import ResponseMatrix
from causalvalues.theories import ItemKey, ScoringKey

SEEDS = st.integers(0, 10_000)
SMALL = item_set(("duty", "power", "security"), 4)
SCALE = Instrument("a model", "rating", "points of the scale", 3.5, False)
GAIN = Instrument("a model", "statement_gain", "nats per token", 0.0, False)


def covariance(seed: int, k: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.cov((rng.normal(size=(40, 1)) * rng.uniform(0.5, 1.2, k) + rng.normal(size=(40, k))).T)


def scores(personas: int, seed: int, noise: float = 1.0) -> np.ndarray:
    """True scores with variance 1 and item errors with variance noise^2; (personas, 3 values x 4 items)."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.normal(size=(personas, 3)), 4, axis=1) + noise * rng.normal(size=(personas, 12))


def again(answered: Answers, seed: int, noise: float, repeat: int = 0, wording: int = 0) -> Answers:
    """The same sheets once more, with another error of each answer."""
    rng = np.random.default_rng(seed)
    return [
        (
            replace(sheet, id=f"{sheet.id}-{repeat}{wording}", repeat=repeat, wording=wording),
            [answer(each.item, each.score + noise * rng.normal()) for each in answers],
        )
        for sheet, answers in answered
    ]


def first(answered: Answers, seed: int = 0) -> Reliability:
    return agreement(answered, SMALL, seed).by_value[0]


def with_parts(answered: Answers, made: dict[str, float], noise: float = 0.0, seed: int = 1) -> Answers:
    """Ratings with named parts: the score plus a number, and an error of each."""
    rng = np.random.default_rng(seed)
    return [
        (
            sheet,
            [
                Answer(e.item, e.score, parts=tuple((n, e.score + by + noise * rng.normal()) for n, by in made.items()))
                for e in answers
            ],
        )
        for sheet, answers in answered
    ]


# Coefficients: laws and oracles


@given(seed=SEEDS, k=st.integers(2, 9))
@settings(max_examples=40, deadline=None)
def test_alpha_is_that_of_the_evidence_room(seed: int, k: int) -> None:
    s = covariance(seed, k)
    assert float(alpha_of(s)) == pytest.approx(alpha(s, np.full(k, 1 / k)).value)


@given(k=st.integers(2, 9), r=st.floats(0.05, 0.9))
@settings(max_examples=40, deadline=None)
def test_of_parallel_items_alpha_and_split_halves_are_the_formula_of_spearman_and_brown(k: int, r: float) -> None:
    s = (1 - r) * np.eye(k) + r
    expected = k * r / (1 + (k - 1) * r)
    assert float(alpha_of(s)) == pytest.approx(expected)
    assert float(split_half_of(s, halves(k))) == pytest.approx(expected, abs=1e-6)


@given(seed=SEEDS, k=st.sampled_from([2, 4, 6, 8]))
@settings(max_examples=30, deadline=None)
def test_the_splits_are_all_halves_once_so_that_flanagans_coefficient_averages_to_alpha(seed: int, k: int) -> None:
    s = covariance(seed, k)
    split = halves(k)
    assert {tuple(row) for row in split} | {tuple(1 - row) for row in split} == {
        tuple(float(i in half) for i in range(k)) for half in combinations(range(k), k // 2)
    }
    flanagan = [4 * (one @ s @ (1 - one)) / s.sum() for one in split]
    assert np.mean(flanagan) == pytest.approx(float(alpha_of(s)))


def test_many_items_are_split_at_random_by_the_seed() -> None:
    assert halves(14, 1).shape == (200, 14)
    assert (halves(14, 1).sum(axis=1) == 7).all()
    assert (halves(14, 1) == halves(14, 1)).all()
    assert (halves(14, 1) != halves(14, 2)).any()


@given(seed=SEEDS, n=st.integers(5, 20))
@settings(max_examples=30, deadline=None)
def test_a_pair_coefficient_is_the_intraclass_correlation_of_the_analysis_of_variance(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, 1)) + rng.normal(size=(n, 2)) + np.array([0.0, 3.0])
    grand, rows, columns = table.mean(), table.mean(axis=1), table.mean(axis=0)
    between = 2 * ((rows - grand) ** 2).sum() / (n - 1)
    error = ((table - rows[:, None] - columns + grand) ** 2).sum() / (n - 1)
    a, b = (table - columns).T
    found = pair_coefficient(a, b, [str(k) for k in range(n)], 0, "law")
    assert found.estimate.value == pytest.approx((between - error) / (between + error))


def test_intervals_of_reliability_hold_the_truth() -> None:
    found = [each for k in range(30) for each in agreement(plain_sheets(scores(40, k), SMALL), SMALL, k).by_value]
    inside = [each.alpha.estimate.lower <= 0.8 <= each.alpha.estimate.upper for each in found]
    assert np.mean(inside) >= 0.88


# The table of reliabilities


def test_alpha_of_the_answers_is_that_of_the_reliability_command() -> None:
    table = scores(60, 1)
    names = tuple(item.id for item in SMALL.items)
    key = ScoringKey("test", "Test", "none", {item.id: ItemKey(item.value) for item in SMALL.items})
    expected = reliability(ResponseMatrix(names, table, tuple(map(str, range(60)))), key)
    for each in agreement(plain_sheets(table, SMALL), SMALL).by_value:
        assert each.alpha.estimate.value == pytest.approx(float(expected.loc[each.value, "alpha"]))
        assert each.items == 4


def test_reverse_keyed_items_are_turned_round() -> None:
    mixed = item_set(("duty", "power", "security"), 4, reverse=2)
    table = scores(50, 2)
    signs = np.array([-1.0 if item.reverse else 1.0 for item in mixed.items])
    keyed = agreement(plain_sheets(table * signs, mixed), mixed)
    assert keyed.by_value[0].alpha == first(plain_sheets(table, SMALL)).alpha


def test_for_salience_reverse_keyed_items_are_taken_as_they_are() -> None:
    mixed = item_set(("duty", "power", "security"), 4, reverse=2)
    answered = plain_sheets(scores(50, 2), mixed)
    assert agreement(answered, mixed, keyed=False).by_value[0].alpha == first(plain_sheets(scores(50, 2), SMALL)).alpha
    assert gate(answered, mixed, "salience").agreement == agreement(answered, mixed, keyed=False)
    assert gate(answered, mixed, "endorsement").agreement == agreement(answered, mixed, keyed=True)


def test_what_a_lever_does_to_everybody_changes_no_reliability() -> None:
    one, two = plain_sheets(scores(30, 3), SMALL), plain_sheets(scores(30, 4), SMALL, "q")
    lever = (("do_power", 1.0),)
    pushed = [
        (replace(sheet, levers=lever), [answer(e.item, e.score + 9.0 * (e.item < "p")) for e in answers])
        for sheet, answers in two
    ]
    still = [(replace(sheet, levers=lever), answers) for sheet, answers in two]
    np.testing.assert_allclose(
        [each.alpha.estimate.value for each in agreement([*one, *pushed], SMALL).by_value],
        [each.alpha.estimate.value for each in agreement([*one, *still], SMALL).by_value],
    )


def test_what_was_not_asked_has_no_number() -> None:
    found = first(plain_sheets(scores(30, 5), SMALL))
    assert [str(each) for each in (found.paraphrase, found.repeat, found.order)] == ["not asked"] * 3
    assert not found.repeat.estimate.known
    single = item_set(("duty", "power", "security"), 1)
    alone = agreement(plain_sheets(scores(30, 5)[:, ::4], single), single).by_value[0]
    assert str(alone.alpha) == str(alone.split_half) == "not asked"


def test_identical_repeats_are_named_deterministic_and_never_a_perfect_correlation() -> None:
    once = plain_sheets(scores(30, 6), SMALL)
    found = first([*once, *again(once, 0, 0.0, repeat=1)])
    assert str(found.repeat) == "deterministic"
    assert str(first([*once, *again(once, 0, 0.0, wording=1)]).paraphrase) == "identical"


def test_rows_that_are_asked_again_in_other_words_are_compared_with_the_first() -> None:
    true = plain_sheets(np.repeat(np.random.default_rng(7).normal(size=(200, 3)), 4, axis=1), SMALL)
    once = again(true, 1, 2.0)
    more = [(replace(sheet, id=sheet.id + "f", kind="paraphrase", frame=1), e) for sheet, e in again(true, 2, 2.0)]
    found, alone = first([*once, *more[:150]]), first(once)
    assert found.paraphrase.count == 150
    assert found.paraphrase.estimate.value == pytest.approx(0.5, abs=0.15)
    assert (found.alpha, str(alone.paraphrase)) == (alone.alpha, "not asked")


@pytest.mark.parametrize("facet", ["repeat", "paraphrase"])
def test_repeats_and_wordings_with_errors_of_their_own_have_the_reliability_of_the_truth(facet: str) -> None:
    true = plain_sheets(np.repeat(np.random.default_rng(7).normal(size=(300, 3)), 4, axis=1), SMALL)
    level = {"repeat": "repeat", "paraphrase": "wording"}[facet]
    both = [*again(true, 1, 2.0, **{level: 0}), *again(true, 2, 2.0, **{level: 1})]
    found: Coefficient = getattr(first(both), facet)
    assert found.count == 300
    assert found.estimate.value == pytest.approx(1 / (1 + 4 / 4), abs=0.08)
    assert found.estimate.lower < 0.5 < found.estimate.upper


def test_the_orders_of_the_options_are_compared() -> None:
    answered = plain_sheets(np.repeat(np.random.default_rng(8).normal(size=(300, 3)), 4, axis=1), SMALL)
    found = first(with_parts(answered, {"forward": 0.4, "reversed": -0.4}, noise=2.0)).order
    assert found.estimate.value == pytest.approx(0.5, abs=0.08)


def test_orders_that_are_spread_over_repeats_are_put_together() -> None:
    answered = plain_sheets(scores(30, 9), SMALL)
    odd = [(replace(sheet, id=sheet.id + "r", repeat=1), answers) for sheet, answers in answered]
    both = [*with_parts(answered, {"forward": 0.5}, 0.1), *with_parts(odd, {"reversed": -0.5}, 0.1, 2)]
    assert first(both).order.status == "measured"
    order = biases(both, SMALL, SCALE).order
    assert order is not None
    assert order.pairs == 30 * 12
    assert order.difference.value == pytest.approx(1.0, abs=0.05)


def test_few_rows_and_constant_answers_have_no_coefficient() -> None:
    assert str(first(plain_sheets(scores(4, 1), SMALL)).alpha) == "too few"
    assert str(first(plain_sheets(np.ones((20, 12)), SMALL)).alpha) == "no variance"
    once = plain_sheets(np.ones((20, 12)), SMALL)
    assert str(first([*once, *again(once, 0, 0.0, repeat=1)]).repeat) == "no variance"


def test_sheets_with_forced_answers_do_not_count_and_known_groups_only_without_others() -> None:
    plain = plain_sheets(scores(20, 1), SMALL)
    forced = [(replace(sheet, id="f" + sheet.id, kind="forced"), answers) for sheet, answers in plain]
    known = [(replace(sheet, id="k" + sheet.id, kind="known_group"), answers) for sheet, answers in plain]
    assert agreement([*plain, *forced, *known], SMALL) == agreement(plain, SMALL)
    assert agreement(known, SMALL).rows_from == "known_group"
    assert agreement(forced, SMALL).by_value == ()


def test_the_order_of_sheets_changes_nothing() -> None:
    answered = plain_sheets(scores(25, 2), SMALL)
    one, two = first(answered).alpha.estimate, first(answered[::-1]).alpha.estimate
    np.testing.assert_allclose([one.value, one.lower, one.upper], [two.value, two.lower, two.upper])


# Response styles


@given(shift=st.floats(-2, 2), seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_order_bias_is_the_difference_that_was_planted(shift: float, seed: int) -> None:
    answered = plain_sheets(scores(8, seed), SMALL)
    found = biases(with_parts(answered, {"forward": shift / 2, "reversed": -shift / 2}), SMALL, SCALE).order
    assert found is not None
    variance = float(np.var(scores(8, seed)))
    assert found.difference.value == pytest.approx(shift, abs=1e-9)
    assert found.share == pytest.approx((shift / 2) ** 2 / ((shift / 2) ** 2 + variance), abs=1e-9)


def test_the_share_of_the_order_is_that_of_the_variance_of_all_scores_of_one_order() -> None:
    answered = with_parts(plain_sheets(scores(20, 1), SMALL), {"forward": 0.3, "reversed": -0.3}, noise=0.5)
    both = np.array([[dict(e.parts)["forward"], dict(e.parts)["reversed"]] for _, answers in answered for e in answers])
    found = biases(answered, SMALL, SCALE).order
    assert found is not None
    assert found.share == pytest.approx(1 - both.mean(axis=1).var() / both.var())


def test_without_two_orders_there_is_no_order_bias() -> None:
    assert biases(plain_sheets(scores(8, 1), SMALL), SMALL, GAIN).order is None


def test_who_prefers_the_first_place_is_found_for_choices_only() -> None:
    answered = with_parts(plain_sheets(np.zeros((10, 12)), SMALL), {"forward": 1.0, "reversed": -1.0})
    choice = replace(GAIN, method="forced_choice")
    order, other = biases(answered, SMALL, choice).order, biases(answered, SMALL, GAIN).order
    assert order is not None
    assert other is not None
    assert order.first_chosen.value == 1.0
    assert not other.first_chosen.known
    fair = with_parts(plain_sheets(scores(10, 1), SMALL), {"forward": 0.0, "reversed": 0.0})
    found = biases(fair, SMALL, choice).order
    assert found is not None
    assert found.first_chosen.value == 0.5


def test_saying_yes_to_both_wordings_is_found_and_endorsing_is_not_taken_for_it() -> None:
    rng = np.random.default_rng(3)
    held = scores(40, 3)

    def rated(yes: float) -> Answers:
        return [
            (
                sheet,
                [answer(e.item, 3.5 + e.score + yes, 3.5 - e.score + yes + 0.1 * rng.normal(), False) for e in rows],
            )
            for sheet, rows in plain_sheets(held, SMALL)
        ]

    [agreeing], [fair] = biases(rated(0.7), SMALL, SCALE).acquiescence, biases(rated(0.0), SMALL, SCALE).acquiescence
    assert agreeing.level.value == pytest.approx(0.7, abs=0.02)
    assert agreeing.biased
    assert not fair.biased
    assert agreeing.deviations == pytest.approx(0.7 / np.std(held, ddof=1), abs=0.03)


def test_saying_yes_shows_in_items_that_are_keyed_both_ways() -> None:
    mixed = item_set(("duty", "power", "security"), 4, reverse=2)
    signs = np.array([-1.0 if item.reverse else 1.0 for item in mixed.items])
    answered = plain_sheets(3.5 + 0.6 + scores(50, 4, 0.3) * signs, mixed)
    [found] = biases(answered, mixed, SCALE).acquiescence
    assert found.source == "positive and reverse-keyed items"
    assert found.count == 150
    assert found.level.value == pytest.approx(0.6, abs=0.05)
    assert biases(answered, mixed, Instrument()).acquiescence == (), "without a middle of the scale there is no level"


# Lost answers


def test_refusals_are_counted_and_the_worst_are_named() -> None:
    answered = refuse(plain_sheets(scores(30, 1), SMALL), {f"power_{k}" for k in range(4)}, "p007")
    answered = refuse(answered, {"power_2"})
    found = nonresponse(answered, SMALL, 1)
    assert found.by_status == (("ok", 327), ("refusal", 33))
    assert (found.asked, found.lost) == (360, 33)
    assert (found.by_item[0].name, found.by_item[0].share) == ("power_2", 1.0)
    assert (found.by_persona[0].name, found.by_persona[0].lost) == ("p007", 4)
    assert [each.lost for each in found.by_value] == [0, 33, 0]
    assert found.examples == (("p000", "power_2", "refusal", "I would rather not say."),)


def test_a_value_that_is_refused_more_than_others_is_found_and_nothing_lost_is_no_finding() -> None:
    answered = plain_sheets(scores(30, 1), SMALL)
    assert nonresponse(refuse(answered, {f"power_{k}" for k in range(4)}), SMALL, 1).p_value < 0.02
    assert nonresponse(answered, SMALL, 1).p_value == 1.0


def test_refusals_that_have_nothing_to_do_with_values_are_rarely_taken_for_it() -> None:
    answered = plain_sheets(scores(10, 1), SMALL)
    names = [item.id for item in SMALL.items]
    found = [
        nonresponse(refuse(answered, set(np.random.default_rng(k).permutation(names)[:4])), SMALL, k).p_value
        for k in range(60)
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.12


def test_an_answer_to_an_unknown_item_is_an_error() -> None:
    sheet, _ = plain_sheets(scores(1, 1), SMALL)[0]
    with pytest.raises(ElicitationError, match="no item 'powr_1'"):
        nonresponse([(sheet, [Answer("powr_1", math.nan, "missing")])], SMALL)
